/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>

#include "sim/hydraulics.h"

static const struct pair pond[] = {{0, 0}, {1, 24000}, {2, 54000}, {3, 90000}};
static const struct pair sump[] = {{0, 0}, {3, 72}};

static void what_comes_in_stays_or_leaves_or_spills(void **state)
{
    (void)state;
    const struct water kinds[] = {{pond, 4, 30000}, {sump, 2, 1}, {sump, 2, 71}, {sump, 2, 36}};
    for (size_t k = 0; k < 4; k++) {
        struct water b = kinds[k];
        double before = b.volume, balance = 0;
        uint64_t seed = 7;
        for (int i = 0; i < 20000; i++) {
            double left, spilled;
            seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407;
            double in = (double)(seed >> 48) / 300, out = (double)(seed >> 32 & 0xFFFF) / 300;
            double dt = i % 3 == 0 ? 0.1 : 1.0;
            basin_step(&b, in, out, dt, &left, &spilled);
            balance += (in - left - spilled) * dt / 3600;
            assert_true(left <= out + 1e-9 && left >= 0 && spilled >= 0);
            assert_true(b.volume >= -1e-9 && b.volume <= b.stage[b.count - 1].y + 1e-9);
        }
        assert_true(fabs(b.volume - before - balance) < 1e-6);
    }
}

static void level_and_volume_are_inverse(void **state)
{
    (void)state;
    for (double level = 0; level <= 3; level += 0.125) {
        struct water b = {pond, 4, 0};
        b.volume = basin_volume_at(&b, level);
        assert_true(fabs(basin_level(&b) - level) < 1e-9);
    }
    struct water b = {pond, 4, 24000};
    assert_true(basin_level(&b) == 1);
    assert_true(basin_volume_at(&b, 9) == 90000);
}

static void a_pump_starts_high_and_stops_low(void **state)
{
    (void)state;
    static const struct {
        bool on;
        double level;
        bool then;
    } facts[] = {{false, 0.89, false}, {false, 0.9, true},  {true, 0.6, true},
                 {true, 0.36, true},   {true, 0.35, false}, {false, 0.36, false}};
    for (size_t i = 0; i < sizeof facts / sizeof *facts; i++)
        assert_int_equal(switch_step(facts[i].on, facts[i].level, 0.9, 0.35), facts[i].then);
    /* Filling is the other way round. */
    assert_true(switch_step(false, 1.0, 1.0, 2.0));
    assert_true(switch_step(true, 1.5, 1.0, 2.0));
    assert_false(switch_step(true, 2.0, 1.0, 2.0));
}

static void a_sump_with_a_pump_goes_up_and_down_between_its_switches(void **state)
{
    (void)state;
    struct water b = {sump, 2, 0};
    bool on = false;
    int starts = 0;
    double low = 9, high = 0, left, spilled;
    for (int i = 0; i < 40000; i++) {
        bool was = on;
        on = switch_step(on, basin_level(&b), 0.9, 0.35);
        starts += on && !was;
        basin_step(&b, 28, on ? 90 : 0, 1, &left, &spilled);
        if (starts > 0) {
            low = fmin(low, basin_level(&b));
            high = fmax(high, basin_level(&b));
        }
    }
    assert_in_range(starts, 10, 30);
    assert_true(low > 0.34 && low <= 0.35 && high >= 0.9 && high < 0.91);
}

static void flow_is_where_the_curves_meet(void **state)
{
    (void)state;
    double q = pump_flow(62, 0.00024, 11, 0.00038, 1);
    assert_true(fabs(62 - 0.00024 * q * q - (11 + 0.00038 * q * q)) < 1e-9);
    assert_true(pump_flow(62, 0.00024, 11, 0.00038, 0.9) < q);
    assert_true(pump_flow(62, 0.00024, 70, 0.00038, 1) == 0);
    assert_true(pump_flow(62, 0.00024, 11, 0.00038, 0) == 0);
}

static void a_lag_is_the_same_in_one_step_and_in_many(void **state)
{
    (void)state;
    double x = 20;
    for (int i = 0; i < 100; i++)
        x = lag_step(x, 80, 600, 6);
    assert_true(fabs(x - lag_step(20, 80, 600, 600)) < 1e-9);
    assert_true(fabs(x - (80 - 60 * exp(-1))) < 1e-9);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_comes_in_stays_or_leaves_or_spills),
        cmocka_unit_test(level_and_volume_are_inverse),
        cmocka_unit_test(a_pump_starts_high_and_stops_low),
        cmocka_unit_test(a_sump_with_a_pump_goes_up_and_down_between_its_switches),
        cmocka_unit_test(flow_is_where_the_curves_meet),
        cmocka_unit_test(a_lag_is_the_same_in_one_step_and_in_many),
    };
    return cmocka_run_group_tests_name("sim/hydraulics", tests, NULL, NULL);
}
