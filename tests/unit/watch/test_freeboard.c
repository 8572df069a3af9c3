/* SPDX-License-Identifier: Apache-2.0 */
#include "kinds.h"
#include "watch/freeboard.h"

static const enum input_role level_only[] = {ROLE_LEVEL};
/* A pond that widens: 10 000 m2 at the bottom, 20 000 m2 above 4 m. */
static const struct pair stage[] = {{0, 0}, {4, 40000}, {6, 80000}};

static void open_pond(struct kind_rig *k, bool volumes)
{
    kind_open(k, &leak_freeboard, LEAK_FREEBOARD, level_only, 1);
    k->rule.crest = 6;
    k->rule.freeboard_min = 1;
    if (volumes) {
        k->rule.stage = stage;
        k->rule.stage_count = 3;
    }
    kind_begin(k);
}

static void too_little_freeboard_fires_and_ends_beyond_the_deadband(void **s)
{
    (void)s;
    static const struct {
        double level;
        bool firing;
        uint8_t class_;
    } steps[] = {
        {4.90, false, LEAK_NO_CLASS}, {5.00, false, LEAK_NO_CLASS}, {5.01, true, LEAK_MINOR},
        {5.60, true, LEAK_MAJOR},     {6.00, true, LEAK_RUPTURE},   {4.97, true, LEAK_MINOR},
        {4.94, false, LEAK_NO_CLASS},
    };
    struct kind_rig k;
    open_pond(&k, true);
    for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
        kind_give(&k, 0, steps[i].level, (int64_t)i * 60000);
        struct leak_view v = kind_view(&k);
        assert_int_equal(v.firing, steps[i].firing);
        assert_int_equal(v.class_, steps[i].class_);
        assert_near(v.value, 6 - steps[i].level, 1e-9);
    }
    kind_close(&k);
}

/* 300 m3/h into the pond, 2 mm of noise. */
static double level_at(double volume)
{
    return volume < 40000 ? volume / 10000 : 4 + (volume - 40000) / 20000;
}

static void the_time_to_the_limit_follows_the_volume(void **s)
{
    (void)s;
    struct kind_rig k;
    struct dice d = {7};
    open_pond(&k, true);
    int64_t t = 0;
    for (; t <= 13 * KIND_HOUR; t += KIND_MINUTE)
        kind_give(&k, 0, level_at(30000 + 300.0 * (double)t / KIND_HOUR) + 0.002 * dice_noise(&d),
                  t);
    struct leak_view v = kind_view(&k);
    /* 60 000 m3 stand at 5 m. */
    double hours = (60000 - 30000 - 13 * 300) / 300.0;
    assert_near(v.minutes / 60, hours, 0.05 * hours);
    assert_near(v.rate.value, 300, 10);
    assert_true(v.rate.low < 300 && v.rate.high > 295);
    assert_non_null(strstr(v.text, "m3/h"));
    kind_close(&k);
}

static void a_pump_that_stopped_shows_within_two_hours(void **s)
{
    (void)s;
    struct kind_rig k;
    struct dice d = {8};
    open_pond(&k, true);
    int64_t t = 0;
    double volume = 30000;
    for (; t <= 26 * KIND_HOUR; t += KIND_MINUTE) {
        volume += t > 24 * KIND_HOUR ? 600.0 / 60 : 0;
        kind_give(&k, 0, level_at(volume) + 0.002 * dice_noise(&d), t);
    }
    struct leak_view v = kind_view(&k);
    assert_near(v.rate.value, 600, 90);
    assert_near(v.minutes / 60, (60000 - volume) / 600, 10);
    kind_close(&k);
}

static void a_level_that_stands_or_falls_has_no_time(void **s)
{
    (void)s;
    for (int falling = 0; falling < 2; falling++) {
        struct kind_rig k;
        struct dice d = {9};
        open_pond(&k, false);
        for (int64_t t = 0; t <= 30 * KIND_HOUR; t += KIND_MINUTE)
            kind_give(&k, 0, 4.5 - falling * 0.01 * (double)t / KIND_HOUR + 0.002 * dice_noise(&d),
                      t);
        struct leak_view v = kind_view(&k);
        /* Chance may see a slope for a while; never a near one. */
        assert_true(isnan(v.minutes) || v.minutes > 60 * 24);
        assert_true(isnan(v.rate.value)); /* no volumes, no m3/h */
        kind_close(&k);
    }
}

static void a_recalibrated_level_is_no_flood(void **s)
{
    (void)s;
    struct kind_rig k;
    open_pond(&k, true);
    int64_t t = 0;
    for (; t <= 6 * KIND_HOUR; t += KIND_MINUTE)
        kind_give(&k, 0, 4.0, t);
    leak_freeboard.step(k.state, &k.context, 0, t);
    for (; t <= 9 * KIND_HOUR; t += KIND_MINUTE)
        kind_give(&k, 0, 4.3, t);
    struct leak_view v = kind_view(&k);
    assert_true(isnan(v.minutes));
    assert_near(v.rate.value, 0, 1);
    kind_close(&k);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(too_little_freeboard_fires_and_ends_beyond_the_deadband),
        cmocka_unit_test(the_time_to_the_limit_follows_the_volume),
        cmocka_unit_test(a_pump_that_stopped_shows_within_two_hours),
        cmocka_unit_test(a_level_that_stands_or_falls_has_no_time),
        cmocka_unit_test(a_recalibrated_level_is_no_flood),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
