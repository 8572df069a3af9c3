/* SPDX-License-Identifier: Apache-2.0 */
/* The leak point itself, seen through its simplest kinds. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>

#include "points.h"

enum { S = 1000, MIN = 60 * S, HOUR = 60 * MIN };

static void begin_limit(struct point_rig *rig)
{
    memset(rig, 0, sizeof *rig);
    rig->rule = point_rule(LEAK_LIMIT);
    rig->rule.high_high = 3;
    rig->rule.high = 2;
    rig->rule.low = -2;
    rig->rule.low_low = -3;
    rig->rule.deadband = 0.25;
    point_input(rig, ROLE_VALUE, S);
    rig->leak = leak_new(&rig->rule, 0, 0);
    assert_non_null(rig->leak);
}

static void a_limit_has_four_bounds_classes_and_a_deadband(void **state)
{
    (void)state;
    static const struct {
        double x;
        bool firing;
        uint8_t class_;
        const char *detector;
        double limit;
    } facts[] = {
        {0, false, LEAK_NO_CLASS, "", 2},        {1.99, false, LEAK_NO_CLASS, "", 2},
        {2, true, LEAK_MINOR, "high", 2},        {1.76, true, LEAK_MINOR, "high", 2},
        {1.75, false, LEAK_NO_CLASS, "", 2},     {1.9, false, LEAK_NO_CLASS, "", 2},
        {3.5, true, LEAK_MAJOR, "high-high", 3}, {2.8, true, LEAK_MAJOR, "high-high", 3},
        {2.7, true, LEAK_MINOR, "high", 2},      {-2.5, true, LEAK_MINOR, "low", -2},
        {-3.1, true, LEAK_MAJOR, "low-low", -3}, {0, false, LEAK_NO_CLASS, "", 2},
    };
    struct point_rig rig;
    begin_limit(&rig);
    for (size_t i = 0; i < sizeof facts / sizeof *facts; i++) {
        point_give(&rig, 0, facts[i].x, rig.now_ms + S);
        struct leak_view v = point_view(&rig);
        assert_int_equal(v.firing, facts[i].firing);
        assert_int_equal(v.class_, facts[i].class_);
        assert_string_equal(v.detector, facts[i].detector);
        assert_near(v.score, facts[i].x, 0);
        assert_near(fabs(v.limit), fabs(facts[i].limit), 0);
        assert_int_equal(v.state, facts[i].firing ? LEAK_SUSPECT : LEAK_LIVE);
        assert_int_equal(v.text[0] != '\0', facts[i].firing);
    }
    leak_free(rig.leak);
}

static void a_bound_that_was_not_given_is_never_crossed(void **state)
{
    (void)state;
    struct point_rig rig;
    begin_limit(&rig);
    rig.rule.high_high = rig.rule.low = rig.rule.low_low = (double)NAN;
    point_give(&rig, 0, -1e14, S);
    assert_false(point_view(&rig).firing);
    point_give(&rig, 0, 1e14, 2 * S);
    assert_string_equal(point_view(&rig).detector, "high");
    leak_free(rig.leak);
}

static void before_the_first_reading_it_learns_and_without_one_it_is_blind(void **state)
{
    (void)state;
    struct point_rig rig;
    begin_limit(&rig);
    assert_int_equal(point_view(&rig).state, LEAK_LEARNING);
    assert_int_equal(leak_tick(rig.leak, 2 * S), 3 * S);
    leak_tick(rig.leak, 3 * S);
    struct leak_view v = point_view(&rig);
    assert_int_equal(v.state, LEAK_BLIND);
    assert_string_equal(v.why, "value bad: no good value comes");
    assert_int_equal(v.why_input, 0);
    assert_int_equal(v.blind_since_ms, 3 * S);
    point_give(&rig, 0, 1, 4 * S);
    v = point_view(&rig);
    assert_int_equal(v.state, LEAK_LIVE);
    assert_int_equal(v.blind_since_ms, 0);
    assert_int_equal(v.since_ms, 4 * S);
    leak_free(rig.leak);
}

static void blindness_freezes_what_is_found_and_finds_nothing(void **state)
{
    (void)state;
    struct point_rig rig;
    begin_limit(&rig);
    point_give(&rig, 0, 5, S);
    assert_int_equal(point_view(&rig).fired_ms, S);
    for (int i = 2; i < 100; i++) {
        point_give(&rig, 0, (double)NAN, i * S);
        struct leak_view v = point_view(&rig);
        assert_true(v.firing);
        assert_int_equal(v.state, i < 4 ? LEAK_SUSPECT : LEAK_BLIND);
        assert_int_equal(v.frozen, i >= 4);
        assert_int_equal(v.fired_ms, S);
    }
    assert_int_equal(leak_input_fault(rig.leak, 0), SIGNAL_BAD);
    assert_int_equal(point_view(&rig).blind_since_ms, 4 * S);
    point_give(&rig, 0, 0, 100 * S);
    assert_false(point_view(&rig).firing);
    assert_false(point_view(&rig).frozen);
    leak_free(rig.leak);
}

static void what_the_last_good_reading_found_stays_found_though_nobody_looked(void **state)
{
    (void)state;
    struct point_rig rig;
    begin_limit(&rig);
    struct sample high = point_good(5);
    leak_sample(rig.leak, 0, &high, S);
    leak_tick(rig.leak, 1000 * S);
    struct leak_view v = point_view(&rig);
    assert_int_equal(v.state, LEAK_BLIND);
    assert_true(v.firing && v.frozen);
    assert_int_equal(leak_input_fault(rig.leak, 0), SIGNAL_STALE);
    leak_free(rig.leak);
}

static void a_missed_reading_or_two_are_nobodys_business(void **state)
{
    (void)state;
    struct point_rig rig;
    begin_limit(&rig);
    for (int i = 1; i < 300; i++) {
        point_give(&rig, 0, i % 3 ? (double)NAN : 0, i * S);
        if (i >= 3)
            assert_int_equal(point_view(&rig).state, LEAK_LIVE);
    }
    leak_free(rig.leak);
}

static void coverage_is_the_share_of_the_last_day(void **state)
{
    (void)state;
    struct point_rig rig;
    begin_limit(&rig);
    for (int64_t t = S; t <= 12 * HOUR; t += S)
        point_give(&rig, 0, 0, t);
    assert_near(point_view(&rig).coverage, 1, 1e-3);
    for (int64_t t = 12 * HOUR; t <= 24 * HOUR; t += MIN)
        leak_tick(rig.leak, t);
    assert_near(point_view(&rig).coverage, 0.5, 1e-2);
    leak_tick(rig.leak, 60 * HOUR);
    assert_near(point_view(&rig).coverage, 0, 0);
    leak_free(rig.leak);
}

static void numbers_come_in_every_kind_and_are_brought_to_the_roles_unit(void **state)
{
    (void)state;
    struct point_rig rig;
    begin_limit(&rig);
    rig.inputs[0].factor = 0.01;
    static const struct value values[] = {
        {.kind = VALUE_REAL, .real = 123},
        {.kind = VALUE_INT, .i = 12300, .places = 2},
        {.kind = VALUE_UINT, .u = 123},
    };
    for (size_t i = 0; i < 3; i++) {
        struct sample s = {.value = values[i], .quality = QUALITY_GOOD};
        leak_sample(rig.leak, 0, &s, (int64_t)(i + 1) * S);
        assert_near(point_view(&rig).value, 1.23, 1e-12);
    }
    struct sample old = point_good(99),
                  text = {.value = {.kind = VALUE_TEXT, .text = "wet", .length = 3},
                          .quality = QUALITY_GOOD},
                  unsure = point_good(500);
    unsure.quality = QUALITY_UNCERTAIN;
    leak_sample(rig.leak, 0, &old, 2 * S);
    leak_sample(rig.leak, 0, &text, 3 * S);
    leak_sample(rig.leak, 0, &unsure, 4 * S);
    assert_near(point_view(&rig).value, 1.23, 1e-12);
    leak_free(rig.leak);
}

static void *saved(const struct point_rig *rig, size_t *size)
{
    *size = leak_save_size(rig->leak);
    void *bytes = malloc(*size);
    assert_non_null(bytes);
    leak_save(rig->leak, bytes);
    return bytes;
}

static void what_is_restored_must_be_whole_and_of_the_same_rule(void **state)
{
    (void)state;
    struct point_rig a, b;
    size_t size;
    begin_limit(&a);
    begin_limit(&b);
    point_give(&a, 0, 5, S);
    unsigned char *bytes = saved(&a, &size);
    assert_false(leak_restore(b.leak, bytes, size - 1, S));
    for (size_t i = 0; i < size; i += 7) {
        bytes[i] ^= 0x40;
        assert_false(leak_restore(b.leak, bytes, size, S));
        bytes[i] ^= 0x40;
    }
    assert_false(point_view(&b).firing);
    b.rule.hash[0] = 'f';
    assert_false(leak_restore(b.leak, bytes, size, S));
    b.rule.hash[0] = a.rule.hash[0];
    assert_true(leak_restore(b.leak, bytes, size, S));
    assert_true(point_view(&b).firing);
    free(bytes);
    leak_free(a.leak);
    leak_free(b.leak);
}

static void a_restart_blinds_nobody_who_speaks_again_at_once(void **state)
{
    (void)state;
    struct point_rig a, b;
    size_t size;
    begin_limit(&a);
    begin_limit(&b);
    point_give(&a, 0, 5, S);
    void *bytes = saved(&a, &size);
    assert_true(leak_restore(b.leak, bytes, size, 600 * S));
    leak_tick(b.leak, 600 * S);
    struct leak_view v = point_view(&b);
    assert_int_equal(v.state, LEAK_SUSPECT);
    assert_int_equal(v.fired_ms, S);
    leak_tick(b.leak, 604 * S);
    assert_int_equal(point_view(&b).state, LEAK_BLIND);
    assert_true(point_view(&b).frozen);
    free(bytes);
    leak_free(a.leak);
    leak_free(b.leak);
}

static void a_clock_that_was_set_back_over_a_restart_does_not_blind(void **state)
{
    (void)state;
    struct point_rig a, b;
    size_t size;
    begin_limit(&a);
    begin_limit(&b);
    for (int i = 1; i < 100; i++)
        point_give(&a, 0, 0, i * HOUR);
    void *bytes = saved(&a, &size);
    assert_true(leak_restore(b.leak, bytes, size, 50 * S));
    point_give(&b, 0, 5, 51 * S);
    struct leak_view v = point_view(&b);
    assert_int_equal(v.state, LEAK_SUSPECT);
    assert_int_equal(v.since_ms, 51 * S);
    assert_int_equal(v.fired_ms, 51 * S);
    assert_true(leak_tick(b.leak, 52 * S) > 52 * S);
    free(bytes);
    leak_free(a.leak);
    leak_free(b.leak);
}

static void a_change_counts_over_the_window_and_not_beyond_it(void **state)
{
    (void)state;
    static const struct {
        bool rising, falling;
        double per_min;
        bool fires;
        const char *detector;
    } facts[] = {
        {true, true, 0.0101, true, "rise"},   {true, true, -0.0101, true, "fall"},
        {true, false, -0.0101, false, ""},    {false, true, 0.0101, false, ""},
        {false, true, -0.0101, true, "fall"}, {false, false, -0.0101, true, "fall"},
        {true, true, 0.0096, false, ""},
    };
    for (size_t i = 0; i < sizeof facts / sizeof *facts; i++) {
        struct point_rig rig = {.rule = point_rule(LEAK_ROC)};
        rig.rule.by = 0.1;
        rig.rule.within_ms = 10 * MIN;
        rig.rule.rising = facts[i].rising;
        rig.rule.falling = facts[i].falling;
        point_input(&rig, ROLE_VALUE, S);
        rig.leak = leak_new(&rig.rule, 0, 0);
        for (int64_t t = 0; t <= 2 * HOUR; t += S)
            point_give(&rig, 0, facts[i].per_min * (double)t / MIN, t);
        struct leak_view v = point_view(&rig);
        assert_int_equal(v.firing, facts[i].fires);
        assert_string_equal(v.detector, facts[i].detector);
        /* It stands still: over by the time that the window holds nothing else. */
        double x = facts[i].per_min * 120;
        for (int64_t t = 2 * HOUR; t <= 2 * HOUR + 10 * MIN + 20 * S; t += S)
            point_give(&rig, 0, x, t);
        assert_false(point_view(&rig).firing);
        leak_free(rig.leak);
    }
}

static void a_sudden_change_is_seen_in_the_very_reading(void **state)
{
    (void)state;
    struct point_rig rig = {.rule = point_rule(LEAK_ROC)};
    rig.rule.by = 0.1;
    rig.rule.within_ms = 10 * MIN;
    point_input(&rig, ROLE_VALUE, MIN);
    rig.leak = leak_new(&rig.rule, 0, 0);
    for (int64_t t = 0; t <= HOUR; t += MIN)
        point_give(&rig, 0, 1, t);
    point_give(&rig, 0, 2, HOUR + MIN);
    assert_true(point_view(&rig).firing);
    assert_near(point_view(&rig).rate.value, 1, 1e-12);
    leak_free(rig.leak);
}

/* W wet, d dry, x can't be read. */
static void switches_vote_and_the_unfit_do_not(void **state)
{
    (void)state;
    static const struct {
        uint32_t vote;
        const char *contacts;
        uint8_t state;
        bool firing, told;
    } facts[] = {
        {2, "ddd", LEAK_LIVE, false, false},   {2, "Wdd", LEAK_LIVE, false, false},
        {2, "WWd", LEAK_SUSPECT, true, false}, {2, "WWW", LEAK_SUSPECT, true, false},
        {2, "xdd", LEAK_LIVE, false, true},    {2, "xWd", LEAK_SUSPECT, true, true},
        {2, "xWW", LEAK_SUSPECT, true, true},  {2, "xxd", LEAK_BLIND, false, true},
        {2, "xxW", LEAK_SUSPECT, true, true},  {2, "xxx", LEAK_BLIND, false, true},
        {1, "xdd", LEAK_BLIND, false, true},   {1, "xWd", LEAK_SUSPECT, true, true},
        {1, "d", LEAK_LIVE, false, false},     {1, "W", LEAK_SUSPECT, true, false},
        {1, "x", LEAK_BLIND, false, true},     {3, "xWd", LEAK_LIVE, false, true},
        {3, "WWW", LEAK_SUSPECT, true, false}, {3, "xxd", LEAK_LIVE, false, true},
    };
    for (size_t i = 0; i < sizeof facts / sizeof *facts; i++)
        for (int closed = 0; closed < 2; closed++) {
            struct point_rig rig = {.rule = point_rule(LEAK_SWITCH)};
            uint32_t n = (uint32_t)strlen(facts[i].contacts);
            rig.rule.vote = facts[i].vote;
            rig.rule.normally_closed = closed;
            for (uint32_t k = 0; k < n; k++)
                point_input(&rig, ROLE_SWITCH, S);
            rig.leak = leak_new(&rig.rule, 0, 0);
            for (int64_t t = 0; t < 10 * S; t += S)
                for (uint32_t k = 0; k < n; k++) {
                    char c = facts[i].contacts[k];
                    bool wet = c == 'W';
                    point_give(&rig, k, c == 'x' && t > S ? (double)NAN : wet != (bool)closed, t);
                }
            struct leak_view v = point_view(&rig);
            assert_int_equal(v.state, facts[i].state);
            assert_int_equal(v.firing, facts[i].firing);
            assert_int_equal(v.why[0] != '\0', facts[i].told);
            assert_int_equal(v.blind_since_ms != 0, facts[i].told);
            leak_free(rig.leak);
        }
}

static void begin_float(struct point_rig *rig)
{
    *rig = (struct point_rig){.rule = point_rule(LEAK_SWITCH)};
    point_input(rig, ROLE_SWITCH, S);
    point_input(rig, ROLE_TEST, S);
    rig->leak = leak_new(&rig->rule, 0, 0);
    assert_non_null(rig->leak);
}

static void a_float_is_believed_after_two_seconds(void **state)
{
    (void)state;
    struct point_rig rig;
    begin_float(&rig);
    point_give(&rig, 1, 0, 0);
    for (int64_t t = 0; t < 60 * S; t += S) /* splashes */
        point_give(&rig, 0, t / S % 2 ? 1 : 0, t);
    assert_false(point_view(&rig).firing);
    point_give(&rig, 0, 0, 60 * S);
    point_give(&rig, 0, 1, 61 * S);
    assert_int_equal(leak_tick(rig.leak, 61 * S), 63 * S);
    point_give(&rig, 0, 1, 62 * S);
    assert_false(point_view(&rig).firing);
    leak_tick(rig.leak, 63 * S);
    assert_true(point_view(&rig).firing);
    assert_int_equal(point_view(&rig).fired_ms, 63 * S);
    leak_free(rig.leak);
}

static void a_wet_float_that_goes_bad_and_comes_back_wet_was_wet_all_the_time(void **state)
{
    (void)state;
    struct point_rig rig;
    begin_float(&rig);
    point_give(&rig, 1, 0, 0);
    int64_t t = 0;
    for (; t < 10 * S; t += S)
        point_give(&rig, 0, 1, t);
    for (; t < 40 * S; t += S) {
        point_give(&rig, 0, (double)NAN, t);
        point_give(&rig, 1, 0, t);
        assert_true(point_view(&rig).firing);
    }
    assert_true(point_view(&rig).frozen);
    for (; t < 50 * S; t += S) {
        point_give(&rig, 0, 1, t);
        assert_true(point_view(&rig).firing);
    }
    for (; t < 53 * S; t += S)
        point_give(&rig, 0, 0, t);
    assert_false(point_view(&rig).firing);
    leak_free(rig.leak);
}

static void while_somebody_tests_nothing_is_found_and_the_point_says_so(void **state)
{
    (void)state;
    struct point_rig rig;
    begin_float(&rig);
    int64_t t = 0;
    for (; t < 20 * S; t += S) {
        point_give(&rig, 1, 1, t);
        point_give(&rig, 0, t > 5 * S, t);
    }
    struct leak_view v = point_view(&rig);
    assert_false(v.firing);
    assert_int_equal(v.state, LEAK_BLIND);
    assert_non_null(strstr(v.why, "tested"));
    assert_string_equal(v.text, "test: 1 of 1 switches wet");
    /* The test ends, and it is still wet: that is water. */
    point_give(&rig, 1, 0, t);
    assert_true(point_view(&rig).firing);
    leak_free(rig.leak);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_limit_has_four_bounds_classes_and_a_deadband),
        cmocka_unit_test(a_bound_that_was_not_given_is_never_crossed),
        cmocka_unit_test(before_the_first_reading_it_learns_and_without_one_it_is_blind),
        cmocka_unit_test(blindness_freezes_what_is_found_and_finds_nothing),
        cmocka_unit_test(what_the_last_good_reading_found_stays_found_though_nobody_looked),
        cmocka_unit_test(a_missed_reading_or_two_are_nobodys_business),
        cmocka_unit_test(coverage_is_the_share_of_the_last_day),
        cmocka_unit_test(numbers_come_in_every_kind_and_are_brought_to_the_roles_unit),
        cmocka_unit_test(what_is_restored_must_be_whole_and_of_the_same_rule),
        cmocka_unit_test(a_restart_blinds_nobody_who_speaks_again_at_once),
        cmocka_unit_test(a_clock_that_was_set_back_over_a_restart_does_not_blind),
        cmocka_unit_test(a_change_counts_over_the_window_and_not_beyond_it),
        cmocka_unit_test(a_sudden_change_is_seen_in_the_very_reading),
        cmocka_unit_test(switches_vote_and_the_unfit_do_not),
        cmocka_unit_test(a_float_is_believed_after_two_seconds),
        cmocka_unit_test(a_wet_float_that_goes_bad_and_comes_back_wet_was_wet_all_the_time),
        cmocka_unit_test(while_somebody_tests_nothing_is_found_and_the_point_says_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
