/* SPDX-License-Identifier: Apache-2.0 */
/* Two plant files of one site: which of their topics would be told twice. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "cli/check_sites.h"

static const struct device pumps[] = {{.path = "mill/p1", .at = {"two.yaml", 7, 3}},
                                      {.path = "mill/p2", .at = {"two.yaml", 8, 3}}};
static const struct alarm_rule alarm = {.path = "mill/p1/high"};

static const struct plant usual = {.file = "two.yaml",
                                   .site = "site",
                                   .gateway = "gw2",
                                   .mqtt = {.root = "mine/v1", .host = "broker", .port = 1883}};

static void topics_of_two_gateways_are_told_apart_or_told_about(void **state)
{
    (void)state;
    enum { NOTHING, DEVICE, WATCH };
    static const struct {
        const char *site, *root, *host, *gateway; /* of the second one; NULL: as the first */
        uint16_t port;
        uint32_t first, devices, alarms;
        bool same_alarms;
        int told;
    } facts[] = {
        {NULL, NULL, NULL, "gw2", 1883, 0, 1, 0, false, NOTHING},
        {NULL, NULL, NULL, "gw2", 1883, 1, 1, 0, false, DEVICE},
        {NULL, NULL, NULL, NULL, 1883, 1, 1, 0, false, NOTHING}, /* another version of it */
        {"else", NULL, NULL, "gw2", 1883, 1, 1, 1, true, NOTHING},
        {NULL, "mine/v2", NULL, "gw2", 1883, 1, 1, 1, true, NOTHING},
        {NULL, NULL, "other", "gw2", 1883, 1, 1, 1, true, NOTHING},
        {NULL, NULL, NULL, "gw2", 1884, 1, 1, 1, true, NOTHING},
        {NULL, NULL, NULL, "gw2", 1883, 0, 1, 1, false, NOTHING},
        {NULL, NULL, NULL, "gw2", 1883, 0, 1, 1, true, WATCH},
    };
    for (size_t i = 0; i < sizeof facts / sizeof *facts; i++) {
        struct arena *a = arena_new(0);
        struct diags *ds = diags_new();
        struct check_site *sites = NULL;
        struct plant one = usual, two = usual;
        one.file = "one.yaml";
        one.gateway = "gw1";
        one.devices = pumps;
        one.device_count = 1;
        one.alarms = &alarm;
        one.alarm_count = facts[i].same_alarms;
        two.site = facts[i].site ? facts[i].site : one.site;
        two.mqtt.root = facts[i].root ? facts[i].root : one.mqtt.root;
        two.mqtt.host = facts[i].host ? facts[i].host : one.mqtt.host;
        two.mqtt.port = facts[i].port;
        two.gateway = facts[i].gateway ? facts[i].gateway : one.gateway;
        two.devices = pumps + (facts[i].first ? 0 : 1);
        two.device_count = facts[i].devices;
        two.alarms = &alarm;
        two.alarm_count = facts[i].alarms;
        check_sites(&sites, &one, a, ds);
        assert_int_equal(diags_count(ds), 0);
        check_sites(&sites, &two, a, ds);
        assert_int_equal(diags_warnings(ds), facts[i].told != NOTHING);
        assert_int_equal(diags_errors(ds), 0);
        if (facts[i].told != NOTHING) {
            const struct diag *d = diags_at(ds, 0);
            assert_string_equal(d->at.file, "two.yaml");
            assert_int_equal(d->at.line, facts[i].told == DEVICE ? 7 : 1);
            assert_non_null(strstr(d->text, "one.yaml"));
            assert_non_null(
                strstr(d->text, facts[i].told == DEVICE ? "`mill/p1`" : "incident/..."));
        }
        diags_free(ds);
        arena_free(a);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(topics_of_two_gateways_are_told_apart_or_told_about),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
