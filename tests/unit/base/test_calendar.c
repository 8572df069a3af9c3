/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/calendar.h"

static const int64_t h = 3600000;

static void before_a_zone_is_set_all_is_utc(void **state)
{
    (void)state;
    char out[CALENDAR_MAX];
    assert_string_equal(calendar_stamp(out, 0), "1970-01-01 00:00 UTC");
    assert_string_equal(calendar_day(out, 0), "Thu 1 Jan 00:00");
    assert_int_equal(calendar_offset_ms(0), 0);
}

static void an_unknown_zone_is_refused_and_changes_nothing(void **state)
{
    (void)state;
    static const char *const bad[] = {"",        "Mars/Olympus", "../etc/passwd", "/etc/localtime",
                                      "America", ":UTC",         "EST+5,garbage"};
    char out[CALENDAR_MAX];
    assert_false(calendar_zone(NULL));
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_false(calendar_zone(bad[i]));
    assert_string_equal(calendar_stamp(out, 0), "1970-01-01 00:00 UTC");
}

static void times_are_said_in_the_plants_zone(void **state)
{
    (void)state;
    if (!calendar_zone("America/Toronto")) {
        print_message("SKIPPED: this machine has no time zones (tzdata)\n");
        skip();
    }
    static const struct {
        int64_t t_ms;
        const char *stamp, *day;
        int64_t offset_h;
    } cases[] = {
        {1139432400000, "2006-02-08 16:00 EST", "Wed 8 Feb 16:00", -5},
        {1139079000000, "2006-02-04 13:50 EST", "Sat 4 Feb 13:50", -5},
        {1139079059999, "2006-02-04 13:50 EST", "Sat 4 Feb 13:50", -5},
        /* the hour that comes twice, and the one that never comes */
        {1793509200000, "2026-11-01 01:00 EDT", "Sun 1 Nov 01:00", -4},
        {1793512800000, "2026-11-01 01:00 EST", "Sun 1 Nov 01:00", -5},
        {1772953199000, "2026-03-08 01:59 EST", "Sun 8 Mar 01:59", -5},
        {1772953200000, "2026-03-08 03:00 EDT", "Sun 8 Mar 03:00", -4},
        {-1, "1969-12-31 18:59 EST", "Wed 31 Dec 18:59", -5},
    };
    char out[CALENDAR_MAX];
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_string_equal(calendar_stamp(out, cases[i].t_ms), cases[i].stamp);
        assert_string_equal(calendar_day(out, cases[i].t_ms), cases[i].day);
        assert_int_equal(calendar_offset_ms(cases[i].t_ms), cases[i].offset_h * h);
    }
    assert_int_equal(calendar_year(1136091599000), 2005); /* not yet midnight there */
    assert_int_equal(calendar_year(1136091600000), 2006);
    assert_true(calendar_zone("Asia/Kolkata"));
    assert_int_equal(calendar_offset_ms(1139432400000), 5 * h + h / 2);
    assert_true(calendar_zone("UTC"));
    assert_string_equal(calendar_stamp(out, 1139432400000), "2006-02-08 21:00 UTC");
}

static void a_day_is_said_only_when_it_is_another_one(void **state)
{
    (void)state;
    char out[CALENDAR_MAX];
    assert_true(calendar_zone("UTC"));
    assert_string_equal(calendar_near(out, 20 * h, 10 * h), "20:00");
    assert_string_equal(calendar_near(out, 25 * h, 10 * h), "Fri 2 Jan 01:00");
    assert_false(calendar_same_day(10 * h, 10 * h + 365 * 24 * h));
}

static void no_time_is_too_far_away(void **state)
{
    (void)state;
    char out[CALENDAR_MAX];
    assert_string_equal(calendar_second(out, 1139432407999), "2006-02-08 21:00:07 UTC");
    assert_string_equal(calendar_stamp(out, INT64_MAX), "9999-12-31 00:00 UTC");
    assert_string_equal(calendar_stamp(out, INT64_MIN), "0001-01-01 00:00 UTC");
}

static void times_are_read_in_all_their_forms(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t ms; /* -1: refused */
    } cases[] = {
        {"1970-01-01T00:00:00Z", 0},
        {"2006-02-04T13:50:00Z", 1139061000000},
        {"2006-02-04 13:50:00", 1139061000000},
        {"2006-02-04T08:50:00-05:00", 1139061000000},
        {"2006-02-04T08:50-0500", 1139061000000},
        {"2006-02-04T13:50:00.123456Z", 1139061000123},
        {"2004-02-29T00:00:00Z", 1078012800000},
        {"1969-12-31T23:59:59Z", -1000},
        {"2006-02-04", -1},
        {"2006-13-04T13:50:00Z", -1},
        {"2006-02-29T13:50:00Z", -1},
        {"2006-04-31T13:50:00Z", -1},
        {"2005-12-31T00:00:00Z", 1135987200000},
        {"2006-02-04T13:50:00X", -1},
        {"yesterday", -1},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int64_t ms = -1;
        bool good = calendar_read(cases[i].text, &ms);
        if (good != (cases[i].ms != -1) || (good && ms != cases[i].ms))
            fail_msg("%s: %d, %lld", cases[i].text, good, (long long)ms);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(before_a_zone_is_set_all_is_utc),
        cmocka_unit_test(an_unknown_zone_is_refused_and_changes_nothing),
        cmocka_unit_test(times_are_said_in_the_plants_zone),
        cmocka_unit_test(a_day_is_said_only_when_it_is_another_one),
        cmocka_unit_test(no_time_is_too_far_away),
        cmocka_unit_test(times_are_read_in_all_their_forms),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
