/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/calendar.h"
#include "base/zone.h"

static int64_t moment(const char *text)
{
    int64_t t_ms = 0;
    if (!calendar_read(text, &t_ms))
        fail_msg("%s", text);
    return t_ms / 1000;
}

static void a_clock_on_a_wall_is_told_in_utc(void **state)
{
    (void)state;
    static const struct {
        const char *zone, *wall, *utc;
        int summer;
    } facts[] = {
        {"America/Toronto", "2026-01-15T12:00:00", "2026-01-15T17:00:00", -1},
        {"America/Toronto", "2026-07-15T12:00:00", "2026-07-15T16:00:00", -1},
        /* 8 March 2026: 02:00 becomes 03:00 */
        {"America/Toronto", "2026-03-08T01:59:59", "2026-03-08T06:59:59", -1},
        {"America/Toronto", "2026-03-08T02:30:00", "2026-03-08T07:30:00", -1},
        {"America/Toronto", "2026-03-08T03:00:00", "2026-03-08T07:00:00", -1},
        /* 1 November 2026: 02:00 becomes 01:00 */
        {"America/Toronto", "2026-11-01T00:59:59", "2026-11-01T04:59:59", -1},
        {"America/Toronto", "2026-11-01T01:30:00", "2026-11-01T05:30:00", -1},
        {"America/Toronto", "2026-11-01T01:30:00", "2026-11-01T05:30:00", 1},
        {"America/Toronto", "2026-11-01T01:30:00", "2026-11-01T06:30:00", 0},
        {"America/Toronto", "2026-11-01T02:00:00", "2026-11-01T07:00:00", -1},
        /* beyond every table: by the rule in words */
        {"America/Toronto", "2055-07-15T12:00:00", "2055-07-15T16:00:00", -1},
        {"America/Toronto", "2055-12-15T12:00:00", "2055-12-15T17:00:00", -1},
        /* southern summers, halves of an hour, the far side of the date line */
        {"Australia/Sydney", "2026-01-15T12:00:00", "2026-01-15T01:00:00", -1},
        {"Australia/Sydney", "2060-01-15T12:00:00", "2060-01-15T01:00:00", -1},
        {"Australia/Sydney", "2060-07-15T12:00:00", "2060-07-15T02:00:00", -1},
        {"America/St_Johns", "2026-01-15T12:00:00", "2026-01-15T15:30:00", -1},
        {"Pacific/Kiritimati", "2026-01-15T12:00:00", "2026-01-14T22:00:00", -1},
        {"Asia/Kathmandu", "2026-01-15T12:00:00", "2026-01-15T06:15:00", -1},
        {"Europe/Berlin", "2070-06-01T00:00:00", "2070-05-31T22:00:00", -1},
        {"UTC", "2026-01-15T12:00:00", "2026-01-15T12:00:00", -1},
        {"Etc/GMT+5", "2026-07-15T12:00:00", "2026-07-15T17:00:00", -1},
    };
    for (size_t i = 0; i < sizeof facts / sizeof *facts; i++) {
        struct zone *z = zone_load(facts[i].zone);
        if (!z) {
            print_message("skipped: no zone %s on this machine\n", facts[i].zone);
            continue;
        }
        int64_t got = zone_utc(z, moment(facts[i].wall), facts[i].summer);
        if (got != moment(facts[i].utc))
            fail_msg("%s %s: %lld s off", facts[i].zone, facts[i].wall,
                     (long long)(got - moment(facts[i].utc)));
        zone_free(z);
    }
}

static void an_hour_can_come_twice_or_not_at_all(void **state)
{
    (void)state;
    static const struct {
        const char *zone, *wall;
        int summer;
        unsigned times;
    } facts[] = {
        {"America/Toronto", "2026-07-15T12:00:00", -1, 1},
        {"America/Toronto", "2026-07-15T12:00:00", 0, 1}, /* a word that can't be true counts not */
        {"America/Toronto", "2026-03-08T01:59:59", -1, 1},
        {"America/Toronto", "2026-03-08T02:00:00", -1, 0},
        {"America/Toronto", "2026-03-08T02:59:59", -1, 0},
        {"America/Toronto", "2026-03-08T03:00:00", -1, 1},
        {"America/Toronto", "2026-11-01T00:59:59", -1, 1},
        {"America/Toronto", "2026-11-01T01:00:00", -1, 2},
        {"America/Toronto", "2026-11-01T01:59:59", -1, 2},
        {"America/Toronto", "2026-11-01T01:30:00", 1, 1},
        {"America/Toronto", "2026-11-01T01:30:00", 0, 1},
        {"America/Toronto", "2026-11-01T02:00:00", -1, 1},
        {"Australia/Sydney", "2060-04-04T02:30:00", -1, 2},
        {"UTC", "2026-11-01T01:30:00", -1, 1},
    };
    for (size_t i = 0; i < sizeof facts / sizeof *facts; i++) {
        struct zone *z = zone_load(facts[i].zone);
        if (!z) {
            print_message("skipped: no zone %s on this machine\n", facts[i].zone);
            continue;
        }
        unsigned times = zone_times(z, moment(facts[i].wall), facts[i].summer);
        if (times != facts[i].times)
            fail_msg("%s %s: %u times", facts[i].zone, facts[i].wall, times);
        zone_free(z);
    }
}

static void what_is_no_zone_is_refused(void **state)
{
    (void)state;
    static const char *const names[] = {"", "/etc/passwd", "../../etc/passwd", "Mars/Olympus",
                                        "America"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        assert_null(zone_load(names[i]));
}

/* Bytes of a file that is cut or bent at every place: refused, or read without a step too far. */
static void a_broken_file_does_no_harm(void **state)
{
    (void)state;
    static const char head[] = "TZif2";
    uint8_t file[200] = {0};
    memcpy(file, head, 5);
    file[39] = 1; /* one type */
    file[43] = 4;
    memcpy(file + 44, "\0\0\0\0\0\0UTC", 10);
    memcpy(file + 54, head, 5);
    file[54 + 35] = 2; /* transitions */
    file[54 + 39] = 2;
    file[54 + 43] = 4;
    file[54 + 44 + 7] = 100;
    file[54 + 44 + 15] = 200;
    file[54 + 60] = 1;
    memcpy(file + 54 + 62 + 12 + 4, "\nEST5EDT,M3.2.0,M11.1.0\n", 24);
    size_t whole = 54 + 62 + 12 + 4 + 24;
    struct zone *z = zone_read(file, whole);
    assert_non_null(z);
    assert_int_equal(zone_utc(z, moment("2026-07-15T12:00:00"), -1), moment("2026-07-15T16:00:00"));
    zone_free(z);
    for (size_t n = 0; n <= whole; n++) {
        uint8_t *exact = malloc(n + 1);
        memcpy(exact, file, n);
        z = zone_read(exact, n);
        if (z)
            zone_utc(z, 0, -1);
        zone_free(z);
        for (size_t i = 0; i < n; i++) {
            uint8_t was = exact[i];
            exact[i] = 0xFF;
            z = n == whole ? zone_read(exact, n) : NULL;
            if (z)
                zone_utc(z, INT64_C(1) << 40, 1);
            zone_free(z);
            exact[i] = was;
        }
        free(exact);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_clock_on_a_wall_is_told_in_utc),
        cmocka_unit_test(an_hour_can_come_twice_or_not_at_all),
        cmocka_unit_test(what_is_no_zone_is_refused),
        cmocka_unit_test(a_broken_file_does_no_harm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
