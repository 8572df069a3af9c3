/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "watch/align.h"

static const double minute_h = 1.0 / 60;

static struct align a;
static int block;

/* A pump of 1 m3 a block that starts and stops every 50 blocks; its meter is so far ahead, and a
 * wave goes over the level. */
static double truth(double at)
{
    double in = fmod(at, 100);
    return floor(at / 100) * 50 + fmin(in, 50);
}

static void live(double ahead, double wave, int blocks)
{
    for (int end = block + blocks; block < end; block++) {
        double t = 1000 + block, flow = truth(t + 1 + ahead) - truth(t + ahead);
        double rise = truth(t + 1) - truth(t) + (block % 2 ? wave : -wave);
        align_learn(&a, flow, flow - rise, minute_h);
    }
}

static int fresh(void **state)
{
    (void)state;
    a = (struct align){0};
    block = 0;
    return 0;
}

static void it_finds_how_far_the_clocks_are_apart(void **state)
{
    static const struct {
        double ahead, wave;
        int blocks;
        double found, by;
    } facts[] = {
        {0, 0, 1000, 0, 0.01},
        {0, 0.1, 1000, 0, 0.05},
        {0.5, 0, 1000, 0.5, 0.05},
        {0.5, 0.1, 5000, 0.5, 0.05},
        {-1, 0.1, 5000, -0.9, 0.1},
        {-0.3, 0, 5000, -0.3, 0.05},
        /* that is something else than a clock */
        {3, 0, 1000, 1.5, 0},
        {-3, 0, 1000, -1.5, 0},
        {0.5, 0, 40, 0, 0.01}, /* no pump has started as yet */
        {1, 0.1, 80, 0.5, 0.3}, /* one start could be chance */
    };
    for (size_t i = 0; i < sizeof facts / sizeof *facts; i++) {
        fresh(state);
        live(facts[i].ahead, facts[i].wave, facts[i].blocks);
        assert_true(fabs(align_shift(&a) - facts[i].found) <= facts[i].by + 1e-9);
    }
}

static void what_it_learned_fades_over_ten_days(void **state)
{
    (void)state;
    const int day = 24 * 60;
    live(0.5, 0, 60 * day);
    assert_true(align_shift(&a) > 0.45);
    live(0, 0, 40 * day);
    assert_true(fabs(align_shift(&a)) < 0.02);
}

/* What was missing while nobody looked isn't held against how much the flow changed meanwhile. */
static void what_does_not_follow_on_is_not_compared(void **state)
{
    (void)state;
    for (int i = 0; i < 1000; i++) {
        align_learn(&a, i / 8 % 2, i % 8 ? 0 : 5 * (i / 8 % 2), minute_h);
        if (i % 8 == 7)
            align_break(&a);
    }
    assert_true(fabs(align_shift(&a)) <= 0);
}

static void nothing_is_known_at_first(void **state)
{
    (void)state;
    assert_true(fabs(align_shift(&a)) <= 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(it_finds_how_far_the_clocks_are_apart, fresh),
        cmocka_unit_test_setup(what_it_learned_fades_over_ten_days, fresh),
        cmocka_unit_test_setup(what_does_not_follow_on_is_not_compared, fresh),
        cmocka_unit_test_setup(nothing_is_known_at_first, fresh),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
