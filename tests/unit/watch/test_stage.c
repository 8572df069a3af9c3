/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "watch/stage.h"

static const struct pair pond[] = {{0, 0}, {1, 24000}, {2, 54000}, {3, 90000}, {4, 132000}};
static const struct pair tank[] = {{0.5, 0}, {6.5, 1206}};
/* A slope that grows tenfold at once: a parabola would dip. */
static const struct pair dam[] = {{0, 0}, {1, 100}, {2, 10000}, {3, 20000}};

static void near(double is, double should)
{
    assert_true(fabs(is - should) < 1e-6 * fmax(1, fabs(should)));
}

static void between_pairs_volume_is_straight_and_beyond_them_in_doubt(void **state)
{
    (void)state;
    static const struct {
        const struct pair *stage;
        uint32_t count;
        double level, volume, area;
        bool doubt;
    } cases[] = {
        {pond, 5, 0, 0, 24000, false},      {pond, 5, 0.5, 12000, 24000, false},
        {pond, 5, 2, 54000, 36000, false},  {pond, 5, 3.25, 100500, 42000, false},
        {pond, 5, 4, 132000, 42000, false}, {pond, 5, 4.1, 132000, 42000, true},
        {pond, 5, -0.1, 0, 24000, true},    {tank, 2, 3.5, 603, 201, false},
        {tank, 2, 0.4, 0, 201, true},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        bool doubt;
        near(stage_volume(cases[i].stage, cases[i].count, cases[i].level, &doubt), cases[i].volume);
        assert_int_equal(doubt, cases[i].doubt);
        near(stage_area(cases[i].stage, cases[i].count, cases[i].level), cases[i].area);
        if (cases[i].doubt)
            continue;
        near(stage_level(cases[i].stage, cases[i].count, cases[i].volume, &doubt), cases[i].level);
        assert_false(doubt);
    }
}

static void no_level_is_no_volume(void **state)
{
    (void)state;
    bool doubt;
    assert_true(isnan(stage_volume(pond, 5, (double)NAN, &doubt)));
    assert_true(doubt);
    assert_true(isnan(stage_level(pond, 5, (double)NAN, &doubt)));
    assert_true(isnan(stage_area(pond, 5, (double)NAN)));
}

static void smooth_curve_is_exact_for_a_parabola_and_for_a_straight_tank(void **state)
{
    (void)state;
    bool doubt;
    for (double x = 0; x <= 4; x += 0.01) {
        near(stage_smooth_volume(pond, 5, x, &doubt), 21000 * x + 3000 * x * x);
        near(stage_smooth_area(pond, 5, x), 21000 + 6000 * x);
        assert_false(doubt);
    }
    near(stage_smooth_volume(tank, 2, 3.5, &doubt), 603);
    near(stage_smooth_area(tank, 2, 3.5), 201);
    near(stage_smooth_volume(pond, 5, 9, &doubt), 132000);
    assert_true(doubt);
}

static void smooth_curve_never_falls(void **state)
{
    (void)state;
    bool doubt;
    double before = -1;
    for (double x = 0; x <= 3; x += 0.001) {
        double v = stage_smooth_volume(dam, 4, x, &doubt);
        assert_true(v > before);
        before = v;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(between_pairs_volume_is_straight_and_beyond_them_in_doubt),
        cmocka_unit_test(no_level_is_no_volume),
        cmocka_unit_test(smooth_curve_is_exact_for_a_parabola_and_for_a_straight_tank),
        cmocka_unit_test(smooth_curve_never_falls),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
