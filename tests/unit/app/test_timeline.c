/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "app/timeline.h"

static mono_t at(int64_t ms)
{
    return (mono_t){ms * NS_PER_MS};
}

static void it_is_the_wall_clock_that_never_goes_back(void **state)
{
    (void)state;
    static const struct {
        int64_t mono_ms, wall_ms, t_ms;
    } steps[] = {
        {1000, 5000, 5000},      {2000, 6000, 6000},
        {2010, 6005, 6005}, /* slewed a little: followed */
        {2011, 6003, 6005}, /* read in the wrong order: stands still */
        {3000, 7000, 7000},      {4000, 3608000, 3608000}, /* set forward: followed */
        {5000, 9000, 3609000}, /* set back: runs on */
        {65000, 69000, 3669000}, {66000, 3700000, 3700000}, /* and forward again */
    };
    struct timeline l;
    timeline_begin(&l, 0, (wall_t){4000}, at(0));
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        int64_t t = timeline_now(&l, (wall_t){steps[i].wall_ms}, at(steps[i].mono_ms));
        if (t != steps[i].t_ms)
            fail_msg("step %zu: %lld", i, (long long)t);
        assert_int_equal(l.ahead_ms, t - steps[i].wall_ms);
    }
}

static void a_restart_goes_on_behind_what_was_kept(void **state)
{
    (void)state;
    struct timeline l;
    timeline_begin(&l, 9000, (wall_t){4000}, at(0));
    assert_int_equal(timeline_now(&l, (wall_t){4000}, at(0)), 9000);
    assert_int_equal(timeline_now(&l, (wall_t){5000}, at(1000)), 10000);
    timeline_begin(&l, 3000, (wall_t){4000}, at(0));
    assert_int_equal(timeline_now(&l, (wall_t){4500}, at(500)), 4500);
}

static void nothing_is_lost_between_milliseconds(void **state)
{
    (void)state;
    struct timeline l;
    timeline_begin(&l, 100000, (wall_t){0}, (mono_t){0});
    int64_t t = 0;
    for (int64_t ns = 0; ns <= 1000 * NS_PER_MS; ns += 300000) /* three looks in a millisecond */
        t = timeline_now(&l, (wall_t){ns / NS_PER_MS}, (mono_t){ns});
    assert_in_range(t, 100998, 101000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_is_the_wall_clock_that_never_goes_back),
        cmocka_unit_test(a_restart_goes_on_behind_what_was_kept),
        cmocka_unit_test(nothing_is_lost_between_milliseconds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
