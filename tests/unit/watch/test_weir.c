/* SPDX-License-Identifier: Apache-2.0 */
#include "kinds.h"
#include "watch/weir.h"

static const enum input_role head_only[] = {ROLE_HEAD};

static void a_head_is_a_flow(void **s)
{
    (void)s;
    static const struct {
        double head, angle, width, flow, by;
    } cases[] = {
        {0.150, 90, (double)NAN, 43.44, 0.01}, /* facts: 0.01207 m3/s */
        {0.300, 90, (double)NAN, 244.0, 0.2},
        {0.150, 60, (double)NAN, 25.14, 0.05},
        {0.150, 30, (double)NAN, 12.06, 0.05},
        {0.100, (double)NAN, 1.0, 205.1, 0.5}, /* 1.838 x 0.98 x 0.1^1.5 x 3600 */
        {0, 90, (double)NAN, 0, 0},
        {-0.02, 90, (double)NAN, 0, 0},
        {-0.02, (double)NAN, 1.0, 0, 0},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        assert_near(weir_flow(cases[i].head, cases[i].angle, cases[i].width), cases[i].flow,
                    cases[i].by);
}

static void the_curves_meet_what_is_known_at_90_degrees(void **s)
{
    (void)s;
    assert_near(weir_flow(0.15, 89.99, (double)NAN), weir_flow(0.15, 90, (double)NAN), 0.1);
    for (double angle = 25; angle < 100; angle += 0.5)
        assert_true(weir_flow(0.15, angle + 0.5, (double)NAN) >
                    weir_flow(0.15, angle, (double)NAN));
}

static void heads_out_of_range_are_uncertain(void **s)
{
    (void)s;
    assert_false(weir_certain(0.059, (double)NAN));
    assert_true(weir_certain(0.06, (double)NAN));
    assert_true(weir_certain(0.38, (double)NAN));
    assert_false(weir_certain(0.39, (double)NAN));
    assert_true(weir_certain(0.3, 0.95));
    assert_false(weir_certain(0.33, 0.95));
}

static void a_low_head_is_told_as_uncertain(void **s)
{
    (void)s;
    struct kind_rig k;
    kind_open(&k, &leak_weir, LEAK_WEIR, head_only, 1);
    k.rule.zero = 0.01;
    kind_begin(&k);
    kind_give(&k, 0, 0.05, 0);
    struct leak_view v = kind_view(&k);
    assert_true(v.preliminary);
    assert_non_null(strstr(v.text, "uncertain"));
    assert_near(v.value, weir_flow(0.04, 90, (double)NAN), 1e-9);
    kind_give(&k, 0, 0.16, 3600000);
    v = kind_view(&k);
    assert_false(v.preliminary);
    assert_near(v.value, 43.44, 0.01);
    assert_string_equal(v.text, "43.4 m3/h flow over the weir at a head of 150 mm");
    kind_close(&k);
}

static void a_limit_fires_and_ends_below_its_deadband(void **s)
{
    (void)s;
    struct kind_rig k;
    kind_open(&k, &leak_weir, LEAK_WEIR, head_only, 1);
    k.rule.high = 30;
    k.rule.deadband = 2;
    kind_begin(&k);
    int64_t t = 0;
    double head_29 = 0.15 * pow(29 / 43.44, 0.4), head_27 = 0.15 * pow(27 / 43.44, 0.4);
    for (int i = 0; i < 60; i++)
        kind_give(&k, 0, head_29, t += 60000);
    assert_int_equal(k.times, 0);
    for (int i = 0; i < 60; i++)
        kind_give(&k, 0, 0.15, t += 60000);
    struct leak_view v = kind_view(&k);
    assert_true(v.firing);
    assert_string_equal(v.detector, "limit");
    assert_near(v.score, 43.44, 0.1);
    assert_near(v.limit, 30, 0);
    for (int i = 0; i < 60; i++)
        kind_give(&k, 0, head_29, t += 60000);
    assert_true(kind_view(&k).firing);
    for (int i = 0; i < 60; i++)
        kind_give(&k, 0, head_27, t += 60000);
    assert_false(kind_view(&k).firing);
    kind_close(&k);
}

static void rising_seepage_is_found_without_a_limit(void **s)
{
    (void)s;
    struct kind_rig k;
    struct dice d = {12345};
    kind_open(&k, &leak_weir, LEAK_WEIR, head_only, 1);
    kind_begin(&k);
    int64_t t = 0, quarter = 15 * KIND_MINUTE, day = KIND_DAY;
    for (; t < 60 * day; t += quarter)
        kind_give(&k, 0, 0.100 + 0.001 * dice_noise(&d), t);
    assert_int_equal(k.times, 0);
    assert_int_equal(kind_view(&k).state, LEAK_LIVE);
    /* A fifth more water. */
    double head = 0.1 * pow(1.2, 0.4);
    for (; t < 63 * day; t += quarter)
        kind_give(&k, 0, head + 0.001 * dice_noise(&d), t);
    assert_int_equal(k.times, 1);
    assert_true(k.first_ms - 60 * day < 2 * day);
    struct leak_view v = kind_view(&k);
    assert_string_equal(v.detector, "shift");
    double usual = weir_flow(0.1, 90, (double)NAN);
    assert_near(v.baseline, usual, 0.05 * usual);
    assert_true(v.rate.low < 0.2 * usual && v.rate.high > 0.2 * usual);
    /* A person looked at it and accepts it: it is the usual flow now. */
    leak_weir.reset(k.state, &k.context, t);
    for (; t < 80 * day; t += quarter)
        kind_give(&k, 0, head + 0.001 * dice_noise(&d), t);
    assert_int_equal(k.times, 1);
    assert_near(kind_view(&k).baseline, 1.2 * usual, 0.05 * usual);
    kind_close(&k);
}

static void a_new_zero_or_a_gap_is_no_seepage(void **s)
{
    (void)s;
    struct kind_rig k;
    struct dice d = {99};
    kind_open(&k, &leak_weir, LEAK_WEIR, head_only, 1);
    kind_begin(&k);
    int64_t t = 0;
    for (; t < 20 * KIND_DAY; t += 15 * KIND_MINUTE)
        kind_give(&k, 0, 0.100 + 0.001 * dice_noise(&d), t);
    leak_weir.step(k.state, &k.context, 0, t);
    for (; t < 40 * KIND_DAY; t += 15 * KIND_MINUTE)
        kind_give(&k, 0, 0.120 + 0.001 * dice_noise(&d), t);
    leak_weir.bad(k.state, &k.context, 0, t);
    assert_true(isnan(kind_view(&k).value));
    for (t += 9 * KIND_DAY; t < 60 * KIND_DAY; t += 15 * KIND_MINUTE)
        kind_give(&k, 0, 0.120 + 0.001 * dice_noise(&d), t);
    assert_int_equal(k.times, 0);
    kind_close(&k);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_head_is_a_flow),
        cmocka_unit_test(the_curves_meet_what_is_known_at_90_degrees),
        cmocka_unit_test(heads_out_of_range_are_uncertain),
        cmocka_unit_test(a_low_head_is_told_as_uncertain),
        cmocka_unit_test(a_limit_fires_and_ends_below_its_deadband),
        cmocka_unit_test(rising_seepage_is_found_without_a_limit),
        cmocka_unit_test(a_new_zero_or_a_gap_is_no_seepage),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
