/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "watch/baseline.h"
#include "watch/cusum.h"
#include "watch/estimate.h"
#include "watch/hold.h"
#include "watch/ledger.h"
#include "watch/transient.h"
#include "watch/window.h"

static uint64_t seed = 88172645463325252;

static double noise(void)
{
    double sum = -6;
    for (int i = 0; i < 12; i++) {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        sum += (double)(seed >> 11) / 9007199254740992.0;
    }
    return sum;
}

static void near(double is, double should, double by)
{
    assert_true(fabs(is - should) <= by);
}

static void value_holds_until_the_next_one_but_not_for_ever(void **state)
{
    (void)state;
    struct hold h;
    double mean = 0;
    hold_init(&h, 0);
    hold_take(&h, 10, 0, 5000);
    hold_take(&h, 20, 3000, 5000);
    hold_pass(&h, 4000, 5000);
    assert_true(hold_close(&h, 4000, &mean));
    near(mean, 12.5, 1e-9);
    hold_pass(&h, 14000, 5000); /* 4 s of 10: the value is too old after 8000 */
    assert_false(hold_close(&h, 10000, &mean));
    hold_take(&h, 7, 14000, 5000);
    hold_drop(&h, 16000, 5000);
    hold_pass(&h, 18000, 5000);
    assert_true(hold_close(&h, 4000, &mean));
    near(mean, 7, 1e-9);
    hold_pass(&h, 20000, 5000);
    assert_false(hold_close(&h, 2000, &mean));
}

static void spread_learns_sigma_and_one_outlier_hardly_changes_it(void **state)
{
    (void)state;
    struct spread s = {0};
    for (int i = 0; i < 5000; i++)
        spread_learn(&s, 3 * noise(), 0.1);
    near(spread_sigma(&s), 3, 0.2);
    double before = spread_sigma(&s);
    spread_learn(&s, 1e9, 0.1);
    near(spread_sigma(&s), before, 0.02);
    spread_widen(&s);
    assert_true(spread_sigma(&s) > before && spread_sigma(&s) < 2 * before);
}

static void cusum_finds_a_leak_beyond_its_drift_and_rebasing_is_no_leak(void **state)
{
    (void)state;
    struct cusum_rule r = cusum_rule_of(1.0 / 6, 0.5, 50, 8);
    struct cusum s = {0};
    double c = 0;
    for (int i = 0; i < 2000; i++)
        cusum_run(&s, &r, 10 * noise(), 3, true);
    assert_false(cusum_fires(&s, &r));
    double sum = s.sum;
    cusum_rebase(&s, 5000); /* a footing higher isn't water */
    assert_true(s.sum <= sum + 1e-9);
    int steps = 0;
    while (!cusum_fires(&s, &r) && steps < 1000) {
        c += 50.0 / 6;
        steps++;
        cusum_run(&s, &r, 5000 + c + 10 * noise(), 3, true);
    }
    near(steps / 6.0, 0.5 + cusum_limit(&s, &r) / 47, 0.8);
    sum = s.sum;
    cusum_rebase(&s, 20000); /* nor is what was gathered forgotten */
    near(s.sum, sum, 1e-9);
    for (int i = 0; i < 1000; i++)
        cusum_run(&s, &r, 20000 + i * 50.0 / 6, 3, false);
    assert_true(s.sum <= 1.5 * cusum_limit(&s, &r) + 1e-9);
}

static void baseline_is_the_median_day_and_follows_the_load(void **state)
{
    (void)state;
    struct baseline b = {0};
    for (int day = 0; day < 9; day++)
        for (int hour = 0; hour < 24; hour++) {
            double load = hour % 2; /* it works every other hour */
            baseline_learn(&b, (day == 5 ? 100 : 4) * load, 1, load);
        }
    assert_int_equal(b.count, 9);
    near(b.value, 4, 1e-9);
    near(b.sd, 0, 1e-9);
    for (int hour = 0; hour < 24; hour++)
        baseline_learn(&b, 1, 1, 0); /* a day of rest says nothing */
    assert_int_equal(b.count, 9);
    struct baseline first = {0};
    for (int hour = 0; hour < 20; hour++)
        baseline_learn(&first, hour % 2 ? 1 : 3, 1, 1);
    near(first.value, 2, 1e-9); /* before there are days: the mean so far */
}

static void ledger_adds_up_a_day_as_people_do(void **state)
{
    (void)state;
    struct ledger l;
    ledger_init(&l, 600000);
    assert_true(isnan(ledger_unaccounted(&l)));
    for (int i = 0; i < 144 * 3; i++)
        ledger_add(&l, i < 144 * 2 ? 7 : 2, i, true);
    near(ledger_unaccounted(&l), 288, 1e-9);
    near(ledger_coverage(&l), 1, 1e-9);
    ledger_skip(&l, 36);
    near(ledger_unaccounted(&l), 216, 1e-9); /* six hours not seen: not scaled up */
    near(ledger_coverage(&l), 0.75, 0.01);
    ledger_skip(&l, 40);
    assert_true(isnan(ledger_unaccounted(&l)));
    ledger_skip(&l, UINT64_MAX / 2);
    near(ledger_coverage(&l), 0, 1e-9);
}

static void window_remembers_means_over_many_rounds_and_fires(void **state)
{
    (void)state;
    static struct window w;
    struct window_rule r = window_rule_of(1.0 / 6, 0.67, 21.4, 5, 5.5, 3.5, 48);
    assert_int_equal(r.first, 2);
    assert_int_equal(r.last, 7);
    uint64_t n = 0;
    int fired = -1;
    for (; n < 6000; n++)
        fired = window_run(&w, &r, 1e6 + 20 * noise(), n, true);
    assert_int_equal(fired, -1);
    near(window_mean(&w, 0, 1000), 1e6, 5);
    assert_int_equal(window_age(&w, 3, n), 4);
    assert_int_equal(window_since(&w, n - 5), 5);
    uint64_t began = n;
    for (double c = 1e6; fired < 0 && n < began + 50; n++) {
        c += 500.0 / 6;
        fired = window_run(&w, &r, c + 20 * noise(), n, false);
    }
    assert_in_range(n - began, 1, 5);
    window_drop(&w, (uint32_t)(n - began));
    near(window_mean(&w, 0, 100), 1e6, 10);
    window_run(&w, &r, 0, n + 70000, false); /* too long ago to be numbered: forgotten */
    assert_int_equal(w.count, 1);
}

static void pipe_is_masked_by_its_inlet_and_by_commands(void **state)
{
    (void)state;
    struct transient_rule r = transient_rule_of(300, 10000, 180000);
    struct transient s = {0};
    int64_t t = 0;
    for (; t < 600000; t += 10000)
        assert_false(transient_run(&s, &r, t / 10000 % 2 ? 291 : 290, true, t + 10000));
    assert_true(transient_run(&s, &r, 310, true, t += 10000));
    for (int64_t end = t + 180000 + 20000; t < end;)
        assert_true(transient_run(&s, &r, 310, true, t += 10000));
    assert_false(transient_run(&s, &r, 310, true, t += 10000));
    transient_command(&s, &r, t + 5000);
    assert_true(transient_run(&s, &r, 310, true, t += 10000));
    /* An inlet that wasn't seen for a while may come back as it likes. */
    transient_lost(&s);
    assert_false(transient_run(&s, &r, 100, true, t + 600000));
}

static void broken_line_finds_onset_rate_and_their_doubt(void **state)
{
    (void)state;
    struct points p = {.count = 200};
    int inside_rate = 0, inside_onset = 0, runs = 200;
    for (int run = 0; run < runs; run++) {
        for (uint32_t i = 0; i < p.count; i++) {
            p.hour[i] = (i - 199.5) / 10;
            p.total[i] = 1000 + fmax(0, p.hour[i] + 6) * 100 + 30 * noise();
        }
        struct line l;
        assert_true(estimate_line(&p, -HUGE_VAL, 0, 0, &l));
        near(l.rate, 100, 15);
        near(l.onset_h, -6, 1);
        near(l.flat, 1000, 20);
        inside_rate += fabs(l.rate - 100) <= l.rate_pm;
        inside_onset += l.onset_low_h <= -6 && l.onset_high_h >= -6;
    }
    assert_in_range(inside_rate, runs * 7 / 10, runs);
    assert_in_range(inside_onset, runs * 7 / 10, runs);
}

static void what_falls_is_no_leak(void **state)
{
    (void)state;
    struct points p = {.count = 50};
    struct line l;
    for (uint32_t i = 0; i < p.count; i++) {
        p.hour[i] = i - 49.5;
        p.total[i] = -10.0 * i;
    }
    assert_false(estimate_line(&p, -HUGE_VAL, 0, 0, &l));
    p.count = 3;
    assert_false(estimate_line(&p, -HUGE_VAL, 0, 0, &l));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(value_holds_until_the_next_one_but_not_for_ever),
        cmocka_unit_test(spread_learns_sigma_and_one_outlier_hardly_changes_it),
        cmocka_unit_test(cusum_finds_a_leak_beyond_its_drift_and_rebasing_is_no_leak),
        cmocka_unit_test(baseline_is_the_median_day_and_follows_the_load),
        cmocka_unit_test(ledger_adds_up_a_day_as_people_do),
        cmocka_unit_test(window_remembers_means_over_many_rounds_and_fires),
        cmocka_unit_test(pipe_is_masked_by_its_inlet_and_by_commands),
        cmocka_unit_test(broken_line_finds_onset_rate_and_their_doubt),
        cmocka_unit_test(what_falls_is_no_leak),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
