/* SPDX-License-Identifier: Apache-2.0 */
/* Years of a zone of 217 m3/h, in rows of 15 min: weeks, seasons, growth, noise that follows
 * itself. */
#include <stdio.h>

#include "kinds.h"
#include "watch/demand.h"

static const enum input_role inflow_only[] = {ROLE_IN};
static const enum input_role with_tank[] = {ROLE_IN, ROLE_OUT, ROLE_LEVEL};
static const struct pair stage[] = {{0, 0}, {5, 2500}}; /* 500 m2 */
static const int64_t quarter = 15 * KIND_MINUTE;
static const double mean = 217;

struct zone {
    struct kind_rig k;
    struct dice d;
    double noise, correlated, season, growth;
    double leak; /* m3/h */
    double level;
    int64_t t, zone_change; /* the clocks go forward then; INT64_MAX: never */
    bool holiday;
};

static void zone_open(struct zone *z, uint64_t seed, const enum input_role *roles, uint32_t count)
{
    *z = (struct zone){
        .d = {seed * 2654435761u + 99}, .noise = 0.02, .season = 0.03, .growth = 0.01};
    for (int i = 0; i < 10; i++)
        dice_roll(&z->d);
    z->zone_change = INT64_MAX;
    kind_open(&z->k, &leak_demand, LEAK_DEMAND, roles, count);
    if (count == 3) {
        z->k.rule.stage = stage;
        z->k.rule.stage_count = 2;
        z->level = 3;
    }
    z->k.rule.clear_hold_ms = 6 * KIND_HOUR;
    kind_begin(&z->k);
    z->t = INT64_C(1546300800000); /* a Tuesday, as it happens */
}

static double bump(double hour, double at, double width)
{
    return exp(-pow((hour - at) / width, 2));
}

static double demand(struct zone *z)
{
    int64_t local = z->t + z->k.context.zone_ms;
    double hour = (double)(local % KIND_DAY) / KIND_HOUR;
    bool off = (local / KIND_DAY + 3) % 7 >= 5 || z->holiday;
    double shape = 0.45 + 0.5 * bump(hour, 13, 4) + 0.8 * bump(hour, 19, 2.5) +
                   (off ? 0.7 * bump(hour, 9.5, 1.8) : 0.9 * bump(hour, 7.5, 1.8));
    double year = (double)(z->t % (365 * KIND_DAY)) / (365.0 * KIND_DAY);
    z->correlated = 0.5 * z->correlated + z->noise * 0.87 * dice_noise(&z->d);
    double by = 1 + z->growth * year + z->season * sin(6.2832 * year) + z->correlated +
                0.01 * dice_noise(&z->d);
    return mean / 1.05 * shape * by + z->leak;
}

static void zone_run(struct zone *z, double days)
{
    int64_t end = z->t + (int64_t)(days * KIND_DAY);
    for (; z->t < end; z->t += quarter) {
        if (z->t >= z->zone_change)
            z->k.context.zone_ms = KIND_HOUR;
        double q = demand(z);
        if (z->k.rule.input_count == 3) {
            /* A pump follows the level of the tank; a neighbour is fed, too. */
            double in = fmax(247 + 400 * (3 - z->level), 0), out = 30;
            kind_give(&z->k, 0, in, z->t);
            kind_give(&z->k, 1, out, z->t);
            kind_give(&z->k, 2, z->level + 0.002 * dice_noise(&z->d), z->t);
            z->level += (in - out - q) / 4 / 500;
        } else {
            kind_give(&z->k, 0, q, z->t);
        }
    }
}

static void a_year_without_leaks_has_hardly_an_alarm(void **s)
{
    (void)s;
    uint32_t alarms = 0;
    for (uint64_t seed = 1; seed <= 20; seed++) {
        struct zone z;
        zone_open(&z, seed, inflow_only, 1);
        zone_run(&z, 365);
        alarms += z.k.times;
        assert_int_equal(kind_view(&z.k).learning_left_h, 0);
        kind_close(&z.k);
    }
    print_message("%.2f false alarms a year\n", alarms / 20.0);
    assert_true(alarms <= 20);
}

static void leaks_of_a_fortieth_are_found_within_a_day(void **s)
{
    (void)s;
    uint32_t found = 0, asked = 0, early = 0;
    for (uint64_t seed = 1; seed <= 20; seed++) {
        struct zone z;
        zone_open(&z, seed + 100, inflow_only, 1);
        zone_run(&z, 40 + 10 * dice_roll(&z.d));
        early += z.k.times;
        z.k.times = 0;
        z.k.first_ms = -1;
        int64_t from = z.t;
        z.leak = 0.025 * mean;
        zone_run(&z, 2);
        asked++;
        found += z.k.times > 0 && z.k.first_ms - from <= KIND_DAY;
        struct leak_view v = kind_view(&z.k);
        if (v.firing) {
            assert_true(v.rate.low < 2 * z.leak && v.rate.high > 0.5 * z.leak);
            assert_true(v.onset_ms.value <= (double)z.t);
            assert_int_equal(v.class_ == LEAK_RUPTURE, 0);
        }
        kind_close(&z.k);
    }
    print_message("%u of %u within a day, %u alarms before\n", found, asked, early);
    assert_true(found >= asked * 7 / 10);
    assert_true(early <= 2);
}

static void a_burst_is_found_in_hours(void **s)
{
    (void)s;
    uint32_t early = 0;
    for (uint64_t seed = 1; seed <= 10; seed++) {
        struct zone z;
        zone_open(&z, seed + 200, inflow_only, 1);
        zone_run(&z, 40 + dice_roll(&z.d));
        early += z.k.times;
        z.k.times = 0;
        z.k.first_ms = -1;
        int64_t from = z.t;
        z.leak = 0.35 * mean;
        zone_run(&z, 1);
        assert_int_equal(z.k.times, 1);
        assert_true(z.k.first_ms - from <= 5 * KIND_HOUR);
        struct leak_view v = kind_view(&z.k);
        assert_int_equal(v.class_, LEAK_RUPTURE);
        assert_near(v.rate.value, z.leak, 0.2 * z.leak);
        assert_string_equal(v.detector, "time of week");
        assert_true(v.unaccounted_24h > 12 * z.leak);
        kind_close(&z.k);
    }
    assert_true(early <= 1);
}

static void the_next_leak_is_seen_though_the_first_runs_on(void **s)
{
    (void)s;
    struct zone z;
    zone_open(&z, 301, inflow_only, 1);
    zone_run(&z, 40);
    z.leak = 0.05 * mean;
    zone_run(&z, 10);
    assert_int_equal(z.k.times, 1);
    struct leak_view v = kind_view(&z.k);
    assert_false(v.firing);
    assert_near(v.baseline, z.leak, 0.4 * z.leak);
    assert_non_null(strstr(v.text, "earlier leaks"));
    z.leak = 0.1 * mean;
    zone_run(&z, 2);
    assert_int_equal(z.k.times, 2);
    kind_close(&z.k);
}

static void a_mended_leak_gives_back_what_it_took(void **s)
{
    (void)s;
    for (int told = 0; told < 2; told++) {
        struct zone z;
        zone_open(&z, 302, inflow_only, 1);
        zone_run(&z, 40);
        z.leak = 0.08 * mean;
        zone_run(&z, 10);
        assert_int_equal(z.k.times, 1);
        double carried = kind_view(&z.k).baseline;
        z.leak = 0;
        if (told)
            leak_demand.reset(z.k.state, &z.k.context, z.t);
        zone_run(&z, 8);
        assert_true(kind_view(&z.k).baseline < carried - 0.05 * mean);
        assert_int_equal(z.k.times, 1);
        z.leak = 0.05 * mean;
        zone_run(&z, 2);
        assert_int_equal(z.k.times, 2);
        kind_close(&z.k);
    }
}

static void a_leak_from_the_learning_weeks_end_is_seen_by_night(void **s)
{
    (void)s;
    struct zone z;
    zone_open(&z, 303, inflow_only, 1);
    zone_run(&z, 15);
    z.leak = 0.12 * mean;
    int64_t from = z.t;
    zone_run(&z, 2);
    assert_int_equal(z.k.times, 1);
    assert_string_equal(kind_view(&z.k).detector, "night");
    assert_true(z.k.first_ms - from <= 30 * KIND_HOUR);
    kind_close(&z.k);
}

static void clocks_that_change_are_no_leak(void **s)
{
    (void)s;
    for (uint64_t seed = 1; seed <= 5; seed++) {
        struct zone z;
        zone_open(&z, seed + 400, inflow_only, 1);
        z.zone_change = z.t + 60 * KIND_DAY + 26 * KIND_HOUR;
        zone_run(&z, 59);
        uint32_t before = z.k.times;
        zone_run(&z, 6);
        assert_int_equal(z.k.times, before);
        kind_close(&z.k);
    }
}

static void holidays_are_mostly_no_leak(void **s)
{
    (void)s;
    uint32_t alarms = 0;
    for (uint64_t seed = 1; seed <= 20; seed++) {
        struct zone z;
        zone_open(&z, seed + 500, inflow_only, 1);
        zone_run(&z, 63 + (double)(seed % 4)); /* ends on Tuesday to Friday */
        uint32_t before = z.k.times;
        z.holiday = true;
        zone_run(&z, 1);
        z.holiday = false;
        zone_run(&z, 8);
        alarms += z.k.times - before;
        kind_close(&z.k);
    }
    print_message("%u alarms for 20 holidays\n", alarms);
    assert_true(alarms <= 6);
}

static void days_are_compared_where_a_tank_makes_hours_noisy(void **s)
{
    (void)s;
    uint32_t early = 0;
    for (uint64_t seed = 1; seed <= 4; seed++) {
        struct zone z;
        zone_open(&z, seed + 600, with_tank, 3);
        zone_run(&z, 60);
        early += z.k.times;
        z.k.times = 0;
        z.leak = 0.06 * mean;
        zone_run(&z, 5);
        assert_int_equal(z.k.times, 1);
        kind_close(&z.k);
    }
    assert_true(early <= 1);
}

static void gaps_and_steps_fire_nothing(void **s)
{
    (void)s;
    struct zone z;
    zone_open(&z, 701, inflow_only, 1);
    zone_run(&z, 40);
    for (int i = 0; i < 30; i++) {
        leak_demand.bad(z.k.state, &z.k.context, 0, z.t);
        z.k.fine[0] = false;
        z.t += (int64_t)(dice_roll(&z.d) * 60) * quarter;
        z.k.fine[0] = true;
        zone_run(&z, 0.7);
        leak_demand.step(z.k.state, &z.k.context, 0, z.t);
        zone_run(&z, 0.3);
    }
    assert_int_equal(z.k.times, 0);
    kind_close(&z.k);
}

static void seconds_are_averaged_first(void **s)
{
    (void)s;
    struct kind_rig k;
    kind_open(&k, &leak_demand, LEAK_DEMAND, inflow_only, 1);
    kind_begin(&k);
    for (int64_t t = 0; t <= quarter; t += 1000)
        kind_give(&k, 0, t % 2000 ? 90 : 110, t);
    assert_near(kind_view(&k).value, 100, 0.2);
    assert_int_equal(kind_view(&k).state, LEAK_LEARNING);
    kind_close(&k);
}

static void its_curve_tells_what_it_can_see(void **s)
{
    (void)s;
    struct zone z;
    struct leak_sense out[LEAK_CURVE_MAX];
    zone_open(&z, 801, inflow_only, 1);
    assert_int_equal(leak_demand.curve(z.k.state, &z.k.context, out), 0);
    zone_run(&z, 60);
    uint32_t n = leak_demand.curve(z.k.state, &z.k.context, out);
    assert_true(n > 3 && n <= LEAK_CURVE_MAX);
    for (uint32_t i = 1; i < n; i++)
        assert_true(out[i].hours <= out[i - 1].hours && out[i].flow > out[i - 1].flow);
    kind_close(&z.k);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_year_without_leaks_has_hardly_an_alarm),
        cmocka_unit_test(leaks_of_a_fortieth_are_found_within_a_day),
        cmocka_unit_test(a_burst_is_found_in_hours),
        cmocka_unit_test(the_next_leak_is_seen_though_the_first_runs_on),
        cmocka_unit_test(a_mended_leak_gives_back_what_it_took),
        cmocka_unit_test(a_leak_from_the_learning_weeks_end_is_seen_by_night),
        cmocka_unit_test(clocks_that_change_are_no_leak),
        cmocka_unit_test(holidays_are_mostly_no_leak),
        cmocka_unit_test(days_are_compared_where_a_tank_makes_hours_noisy),
        cmocka_unit_test(gaps_and_steps_fire_nothing),
        cmocka_unit_test(seconds_are_averaged_first),
        cmocka_unit_test(its_curve_tells_what_it_can_see),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
