/* SPDX-License-Identifier: Apache-2.0 */
/* Which commands are obeyed: those that are allowed, fresh, and heard for the first time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "base/permit.h"
#include "publish/guard.h"

#define NOW INT64_C(1764100000000) /* 2025-11-25 19:46:40 UTC */
#define FRESH 30000

static struct guard g;

static int begin(void **state)
{
    (void)state;
    memset(&g, 0, sizeof(g));
    g.since.ms = NOW - 3600000;
    return 0;
}

static struct guarded command(const char *verb, const char *id, int64_t sent_ms)
{
    return (struct guarded){.verb = verb,
                            .id = id,
                            .client = "desk",
                            .op = "",
                            .timed = true,
                            .sent_ms = sent_ms,
                            .payload = "{}",
                            .length = 2};
}

static void is_stopped(const struct guarded *c, const char *allow, const char *why)
{
    const char *said =
        guard_stops(&g, c, allow ? permit_parse(allow) : UINT32_MAX, FRESH, (wall_t){NOW});
    if (why ? !said || !strstr(said, why) : said != NULL)
        print_message("%s: %s\n", c->verb, said ? said : "passes");
    if (why)
        assert_non_null(said);
    assert_true(why ? strstr(said, why) != NULL : said == NULL);
}

static void what_the_plant_file_does_not_allow_is_refused_with_the_remedy(void **state)
{
    (void)state;
    static const struct {
        const char *verb, *op, *allow, *why;
    } cases[] = {
        {"ack", "", "replay",
         "`ack` is not allowed by the plant file: add `ack` or `alarms` to `commands: {allow: "
         "[...]}`"},
        {"drill", "", "alarms", "add `drill` or `incidents` to"},
        {"incident", "close", "bulletin", "add `incident` or `incidents` to"},
        {"incident", "bulletin", "replay", "add `bulletin` or `incidents` to"},
        {"replay", "", "alarms", "`replay` is not allowed by the plant file: add `replay` to"},
        {"explode", "", NULL, "no such command; there are ack"},
        {"Ack", "", NULL, "no such command"},
        {"", "", NULL, "no such command"},
        {"ack", "", "ack", NULL},
        {"ack", "", "alarms", NULL},
        {"proof", "", "alarms", NULL},
        {"incident", "bulletin", "bulletin", NULL},
        {"incident", "bulletin", "incident", NULL},
        {"incident", "close", "incidents", NULL},
        {"replay", "", "replay", NULL},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char id[8];
        snprintf(id, sizeof(id), "%zu", i);
        struct guarded c = command(cases[i].verb, id, NOW);
        c.op = cases[i].op;
        is_stopped(&c, cases[i].allow, cases[i].why);
    }
}

static void what_acts_says_when_it_was_sent(void **state)
{
    (void)state;
    static const struct {
        const char *verb, *op;
        bool timed;
        int64_t ahead_ms;
        const char *why;
    } cases[] = {
        {"ack", "", false, 0, "`ack` needs `sent`, the time in milliseconds since 1970 (now 1764"},
        {"replay", "", false, 0, NULL},
        {"incident", "bulletin", false, 0, NULL},
        {"incident", "close", false, 0, "`incident` needs `sent`"},
        {"ack", "", true, -30000, NULL},
        {"reset", "", true, 30000, NULL},
        {"ack", "", true, -30001,
         "sent 30 s ago (our clock shows 2025-11-25 19:46:40 UTC, it says 2025-11-25 19:46:09 "
         "UTC); at most 30 s is allowed: is a clock wrong?"},
        {"ack", "", true, 30001, "sent 30 s in the future"},
        {"replay", "", true, -31000, "sent 31 s ago"},
        {"ack", "", true, -7200000, "sent 2 h ago"},
        {"ack", "", true, 86400000, "sent 1 d in the future"},
        {"ack", "", true, NOW * 999, "no time in milliseconds"}, /* microseconds */
        {"ack", "", true, INT64_MAX - NOW, "no time in milliseconds"},
        {"ack", "", true, -NOW, "it says 1970-01-01 00:00:00 UTC"},
        {"ack", "", true, -NOW - 1, "`sent` is a time in milliseconds"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char id[8];
        snprintf(id, sizeof(id), "%zu", i);
        struct guarded c = command(cases[i].verb, id, NOW + cases[i].ahead_ms);
        c.op = cases[i].op;
        c.timed = cases[i].timed;
        is_stopped(&c, NULL, cases[i].why);
    }
}

static void the_same_command_is_obeyed_once(void **state)
{
    (void)state;
    struct guarded c = command("ack", "7", NOW - 1000);
    is_stopped(&c, NULL, NULL);
    is_stopped(&c, NULL, "duplicate");
    c.sent_ms = NOW; /* said again, with a new time on it */
    is_stopped(&c, NULL, "duplicate");
    c.client = "other desk";
    is_stopped(&c, NULL, NULL);
    c.client = "desk";
    c.verb = "reset";
    is_stopped(&c, NULL, NULL);
    /* Without an id it is known by all of its words. */
    c = command("ack", "", NOW);
    c.payload = "{\"a\":1}";
    c.length = 7;
    is_stopped(&c, NULL, NULL);
    is_stopped(&c, NULL, "duplicate");
    c.payload = "{\"a\":2}";
    is_stopped(&c, NULL, NULL);
    /* What only reads may be asked for as often as wanted. */
    c = command("replay", "7", NOW);
    is_stopped(&c, NULL, NULL);
    is_stopped(&c, NULL, NULL);
    /* A refused one is not used up. */
    c = command("shelve", "9", NOW);
    is_stopped(&c, "replay", "not allowed");
    is_stopped(&c, NULL, NULL);
}

static void a_packet_is_known_even_when_the_clock_was_set_back(void **state)
{
    (void)state;
    struct guarded c = command("ack", "7", NOW);
    is_stopped(&c, NULL, NULL);
    assert_null(guard_stops(&g,
                            &(struct guarded){.verb = "ack",
                                              .id = "8",
                                              .client = "",
                                              .op = "",
                                              .timed = true,
                                              .sent_ms = NOW + 7200000},
                            UINT32_MAX, FRESH, (wall_t){NOW + 7200000}));
    is_stopped(&c, NULL, "duplicate");
    /* The same id an hour later is another command. */
    c.sent_ms = NOW + 3600000;
    assert_null(guard_stops(&g, &c, UINT32_MAX, FRESH, (wall_t){NOW + 3600000}));
}

static void what_was_sent_to_an_earlier_run_may_have_been_done_by_it(void **state)
{
    (void)state;
    g.since.ms = NOW - 5000;
    struct guarded c = command("ack", "7", NOW - 5001);
    is_stopped(&c, NULL, "sent before this gateway began to listen");
    c.sent_ms = NOW - 5000;
    is_stopped(&c, NULL, NULL);
    c = command("replay", "7", NOW - 9000);
    is_stopped(&c, NULL, NULL);
}

static void a_retained_command_is_nobodys(void **state)
{
    (void)state;
    struct guarded c = command("replay", "7", NOW);
    c.retained = true;
    is_stopped(&c, NULL, "retained");
}

static void more_than_can_be_remembered_are_refused_not_forgotten(void **state)
{
    (void)state;
    char id[16];
    for (unsigned i = 0; i < GUARD_SEEN; i++) {
        snprintf(id, sizeof(id), "%u", i);
        struct guarded c = command("ack", id, NOW - 20000);
        is_stopped(&c, NULL, NULL);
    }
    struct guarded c = command("ack", "more", NOW);
    is_stopped(&c, NULL, "too many");
    struct guarded first = command("ack", "0", NOW - 20000);
    is_stopped(&first, NULL, "duplicate");
    /* Later there is room again. */
    c.sent_ms = NOW + 10001;
    assert_null(guard_stops(&g, &c, UINT32_MAX, FRESH, (wall_t){NOW + 10001}));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(what_the_plant_file_does_not_allow_is_refused_with_the_remedy,
                               begin),
        cmocka_unit_test_setup(what_acts_says_when_it_was_sent, begin),
        cmocka_unit_test_setup(the_same_command_is_obeyed_once, begin),
        cmocka_unit_test_setup(a_packet_is_known_even_when_the_clock_was_set_back, begin),
        cmocka_unit_test_setup(what_was_sent_to_an_earlier_run_may_have_been_done_by_it, begin),
        cmocka_unit_test_setup(a_retained_command_is_nobodys, begin),
        cmocka_unit_test_setup(more_than_can_be_remembered_are_refused_not_forgotten, begin),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
