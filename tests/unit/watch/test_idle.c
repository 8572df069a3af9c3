/* SPDX-License-Identifier: Apache-2.0 */
#include "kinds.h"
#include "watch/idle.h"

static const enum input_role roles[] = {ROLE_LEVEL, ROLE_INLET, ROLE_OUTLET};
static const struct pair stage[] = {{0, 0}, {10, 2010}}; /* 201 m2 */

struct tank {
    struct kind_rig k;
    struct dice d;
    double level, leak, noise, resolution;
    int64_t t;
};

static void tank_open(struct tank *w)
{
    *w = (struct tank){.d = {4711}, .level = 6, .noise = 0.002, .resolution = 0.001};
    kind_open(&w->k, &leak_idle, LEAK_IDLE, roles, 3);
    w->k.rule.stage = stage;
    w->k.rule.stage_count = 2;
    kind_begin(&w->k);
}

/* Every ten seconds; net: m3/h into the tank while something runs. */
static void tank_run(struct tank *w, double minutes, bool inlet, bool outlet, double net)
{
    int64_t end = w->t + (int64_t)(minutes * KIND_MINUTE);
    for (; w->t < end; w->t += 10000) {
        w->level += (net - w->leak) / 201 / 360;
        double x = w->level + w->noise * dice_noise(&w->d);
        kind_give(&w->k, 0, round(x / w->resolution) * w->resolution, w->t);
        kind_give(&w->k, 1, inlet, w->t);
        kind_give(&w->k, 2, outlet, w->t);
    }
}

/* A day: work by day, a quiet night with some hours of rest. */
static void tank_day(struct tank *w)
{
    for (int i = 0; i < 8; i++) {
        tank_run(w, 60, true, true, 5);
        tank_run(w, 60, false, true, -5);
    }
    tank_run(w, 75, false, false, 0);
    tank_run(w, 180, true, true, 0);
    tank_run(w, 225, false, false, 0);
}

static void a_tight_tank_is_quiet_for_a_month(void **s)
{
    (void)s;
    struct tank w;
    tank_open(&w);
    for (int day = 0; day < 30; day++)
        tank_day(&w);
    assert_int_equal(w.k.times, 0);
    struct leak_view v = kind_view(&w.k);
    assert_int_equal(v.state, LEAK_LIVE);
    assert_near(v.rate.value, 0, 0.3);
    assert_non_null(strstr(v.text, "holds"));
    kind_close(&w.k);
}

static void a_leak_shows_in_the_next_quiet_night(void **s)
{
    (void)s;
    static const double leaks[] = {0.5, 1, 5, 20};
    for (size_t i = 0; i < 4; i++) {
        struct tank w;
        tank_open(&w);
        for (int day = 0; day < 3; day++)
            tank_day(&w);
        int64_t from = w.t;
        w.leak = leaks[i];
        w.level = 9;
        for (int day = 0; day < 2 && w.k.times == 0; day++)
            tank_day(&w);
        struct leak_view v = kind_view(&w.k);
        assert_true(v.firing);
        assert_true(w.k.first_ms - from <= (leaks[i] < 1 ? 48 : 24) * KIND_HOUR);
        assert_near(v.rate.value, leaks[i], 0.3 * leaks[i]);
        assert_true(v.onset_ms.low <= (double)from && (double)from <= v.onset_ms.high);
        assert_true(v.lost.low <= v.lost.value && v.lost.value <= v.lost.high);
        assert_near(v.limit, 0.2, 0);
        kind_close(&w.k);
    }
}

static void small_leaks_show_in_several_windows_together(void **s)
{
    (void)s;
    struct tank w;
    tank_open(&w);
    w.leak = 0.3;
    w.noise = 0.004;
    for (int day = 0; day < 4 && w.k.times == 0; day++)
        tank_day(&w);
    assert_int_equal(w.k.times, 1);
    kind_close(&w.k);
}

static void half_an_hour_after_settling_is_needed(void **s)
{
    (void)s;
    struct tank w;
    tank_open(&w);
    w.leak = 10;
    tank_run(&w, 30, true, true, 0);
    tank_run(&w, 35, false, false, 0);
    assert_int_equal(kind_view(&w.k).state, LEAK_LEARNING);
    tank_run(&w, 30, true, true, 0);
    tank_run(&w, 42, false, false, 0);
    assert_true(kind_view(&w.k).firing);
    kind_close(&w.k);
}

static void one_step_of_the_resolution_is_no_leak(void **s)
{
    (void)s;
    for (int minute = 1; minute < 60; minute++) {
        struct tank w;
        tank_open(&w);
        w.noise = 0;
        tank_run(&w, 10 + minute, false, false, 0);
        w.level -= 0.001;
        tank_run(&w, 70, false, false, 0);
        assert_int_equal(w.k.times, 0);
        kind_close(&w.k);
    }
}

static void what_turned_bad_ends_the_window_and_fires_nothing(void **s)
{
    (void)s;
    struct tank w;
    tank_open(&w);
    tank_run(&w, 38, false, false, 0);
    leak_idle.step(w.k.state, &w.k.context, 0, w.t);
    w.level -= 0.1;
    tank_run(&w, 29, false, false, 0);
    leak_idle.bad(w.k.state, &w.k.context, 0, w.t);
    w.level -= 0.1;
    tank_run(&w, 60, false, false, 0);
    leak_idle.bad(w.k.state, &w.k.context, 2, w.t);
    w.level -= 0.1;
    tank_run(&w, 60, false, false, 0);
    assert_int_equal(w.k.times, 0);
    kind_close(&w.k);
}

static void a_mended_tank_ends_it_and_a_busy_one_does_not(void **s)
{
    (void)s;
    struct tank w;
    tank_open(&w);
    w.leak = 2;
    tank_run(&w, 60, false, false, 0);
    assert_true(kind_view(&w.k).firing);
    w.leak = 0;
    tank_run(&w, 48 * 60, true, true, 0);
    assert_true(kind_view(&w.k).firing);
    for (int i = 0; i < 12; i++) {
        tank_run(&w, 60, true, true, 0);
        tank_run(&w, 135, false, false, 0);
    }
    assert_false(kind_view(&w.k).firing);
    kind_close(&w.k);
}

static void a_week_without_rest_is_blindness(void **s)
{
    (void)s;
    struct tank w;
    tank_open(&w);
    tank_run(&w, 60, false, false, 0);
    tank_run(&w, 6.5 * 1440, true, true, 0);
    assert_int_equal(kind_view(&w.k).state, LEAK_LIVE);
    tank_run(&w, 1440, true, true, 0);
    struct leak_view v = kind_view(&w.k);
    assert_int_equal(v.state, LEAK_BLIND);
    assert_non_null(strstr(v.why, "no quiet half hour"));
    kind_close(&w.k);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_tight_tank_is_quiet_for_a_month),
        cmocka_unit_test(a_leak_shows_in_the_next_quiet_night),
        cmocka_unit_test(small_leaks_show_in_several_windows_together),
        cmocka_unit_test(half_an_hour_after_settling_is_needed),
        cmocka_unit_test(one_step_of_the_resolution_is_no_leak),
        cmocka_unit_test(what_turned_bad_ends_the_window_and_fires_nothing),
        cmocka_unit_test(a_mended_tank_ends_it_and_a_busy_one_does_not),
        cmocka_unit_test(a_week_without_rest_is_blindness),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
