/* SPDX-License-Identifier: Apache-2.0 */
/* How good the time is at which a basin will be empty. The physics here is its own: a pit whose
 * volume goes with the 1.8th power of its level, four pumps that fail and are mended, water that
 * goes on coming in and dies away, a level with waves and steps. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "watch/dewater.h"

enum { SEEDS = 64, STEP_S = 60, PUMPS = 4, MOST = 200 * 6, SCORES = SEEDS * 120 };

static uint64_t dice;

static double uniform(void) /* splitmix64 */
{
    uint64_t z = (dice += UINT64_C(0x9E3779B97F4A7C15));
    z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
    return (double)((z ^ (z >> 31)) >> 11) / 9007199254740992.0;
}

static double between(double low, double high)
{
    return low + (high - low) * uniform();
}

static double normal(void)
{
    return sqrt(-2 * log(uniform() + 1e-300)) * cos(6.283185307179586 * uniform());
}

struct job {
    double t_h[MOST], v[MOST], pumped[MOST], start, target, done_h;
    uint32_t count;
    bool flows; /* pumps are metered */
};

static void work(struct job *j, uint64_t seed)
{
    dice = seed * 977 + 5;
    double a = between(3000, 12000), v = between(12000, 40000), start = v;
    double target_level = 0.05, target = a * pow(target_level, 1.8);
    double in0 = between(0.15, 0.45), tau = between(12, 48), up = between(24, 96),
           down = between(1, 5);
    /* pumps so strong that the job takes some 47 h */
    double q = (v - target) / between(38, 56) / (1 - in0 * 0.55) / PUMPS * (1 + down / up);
    double inflow = in0 * q * PUMPS, noise = between(0.002, 0.006), sum = 0, lifted = 0;
    bool on[PUMPS] = {true, true, true, true};
    uint32_t n = 0;
    memset(j, 0, sizeof *j);
    j->flows = uniform() < 0.5;
    j->start = start;
    j->target = target;
    for (uint32_t s = 0; j->count < MOST; s++) {
        double h = STEP_S / 3600.0, t = s * h, out = 0;
        for (int k = 0; k < PUMPS; k++) {
            if (uniform() < h / (on[k] ? up : down))
                on[k] = !on[k];
            out += on[k] ? q : 0;
        }
        v = fmax(0, v + (inflow * exp(-t / tau) - out) * h);
        double level = pow(v / a, 1 / 1.8) + noise * normal();
        level = fmax(0, round(level * 1000) / 1000);
        sum += level;
        lifted += out;
        n++;
        if (v <= target && j->done_h == 0) {
            j->done_h = t;
            return;
        }
        if (n == 10) {
            j->t_h[j->count] = t - 5 * h;
            j->v[j->count] = a * pow(sum / n, 1.8);
            j->pumped[j->count++] = j->flows ? lifted / n * 1.0 : (double)NAN;
            n = 0;
            sum = lifted = 0;
        }
    }
}

struct score {
    double error[SCORES];
    uint32_t count, inside, asked, none;
};

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void judge(const struct job *j, struct score *s)
{
    for (uint32_t now = 6 * 4; now < j->count; now += 6) {
        struct dewater_past p = {.target = j->target};
        double t = j->t_h[now] + 5.0 / 60, left = j->done_h - t;
        if (j->done_h == 0 || left < 2)
            break;
        uint32_t from = now + 1 > DEWATER_POINTS ? now + 1 - DEWATER_POINTS : 0;
        for (uint32_t k = from; k <= now; k++) {
            p.t_h[p.count] = j->t_h[k] - t;
            p.v[p.count] = j->v[k];
            p.pumped[p.count++] = j->pumped[k];
        }
        p.volume = j->v[now];
        struct dewater_out out;
        s->asked++;
        if (!dewater_estimate(&p, &out) || !isfinite(out.hours.high)) {
            s->none++;
            continue;
        }
        s->error[s->count++] = fabs(out.hours.value - left) / left;
        s->inside += out.hours.low <= left && left <= out.hours.high;
    }
}

static void the_time_of_being_empty_is_good_and_says_how_good(void **state)
{
    (void)state;
    static struct job j;
    static struct score s;
    memset(&s, 0, sizeof s);
    double hours = 0;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        work(&j, seed);
        hours += j.done_h / SEEDS;
        judge(&j, &s);
    }
    qsort(s.error, s.count, sizeof *s.error, by_size);
    double median = s.error[s.count / 2], p90 = s.error[s.count * 9 / 10];
    double inside = (double)s.inside / s.count, none = (double)s.none / s.asked;
    print_message("%d jobs of %.0f h: median error %.1f %%, p90 %.1f %%, 80 %% interval holds "
                  "%.1f %%, no answer %.1f %%\n",
                  SEEDS, hours, 100 * median, 100 * p90, 100 * inside, 100 * none);
    assert_true(median <= 0.10);
    assert_true(p90 <= 0.25);
    assert_true(inside >= 0.75 && inside <= 0.97);
    assert_true(none < 0.05);
}

static void nothing_is_promised_that_is_not_known(void **state)
{
    (void)state;
    struct dewater_out out;
    struct dewater_past p = {.volume = 1000, .target = 10};
    assert_false(dewater_estimate(&p, &out));
    for (p.count = 0; p.count < 30; p.count++) { /* rising */
        p.t_h[p.count] = -5 + (double)p.count / 6;
        p.v[p.count] = 1000 + 20 * p.t_h[p.count];
        p.pumped[p.count] = (double)NAN;
    }
    assert_false(dewater_estimate(&p, &out));
    for (uint32_t k = 0; k < p.count; k++) /* falling by 50 m3/h */
        p.v[k] = 1000 - 50 * p.t_h[k];
    assert_true(dewater_estimate(&p, &out));
    assert_true(fabs(out.net + 50) < 1e-6);
    assert_true(fabs(out.hours.value - 990 / 50.0) < 0.2);
    p.volume = 5; /* already there */
    assert_false(dewater_estimate(&p, &out));
    p.volume = 1000;
    for (uint32_t k = 0; k < p.count; k++) /* to and fro: some end, but none that can be promised */
        p.v[k] = 1000 - 2 * p.t_h[k] + (k / 6 % 2 ? 80 : -80);
    if (dewater_estimate(&p, &out))
        assert_true(isinf(out.hours.high));
}

static void a_hole_that_was_shut_is_no_trend(void **state)
{
    (void)state;
    struct dewater_past p = {.target = 0};
    struct dewater_out out;
    double v = 21000;
    /* Within three hours the inflow falls from 320 to 75 m3/h, and stays there; 320 are pumped. */
    for (int k = 0; k < 8 * 6; k++) {
        double inflow = k < 18 ? 320 - 245 * k / 18.0 : 75;
        v += (inflow - 320) / 6;
        p.t_h[k] = (k - 47) / 6.0;
        p.v[k] = v;
        p.pumped[k] = 320;
    }
    p.count = 8 * 6;
    p.volume = v;
    assert_true(dewater_estimate(&p, &out));
    print_message("%.1f h (%.1f to %.1f), in truth %.1f\n", out.hours.value, out.hours.low,
                  out.hours.high, v / 245);
    assert_true(out.hours.low <= v / 245 && v / 245 <= out.hours.high);
    assert_true(fabs(out.hours.value - v / 245) < 0.25 * v / 245);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_time_of_being_empty_is_good_and_says_how_good),
        cmocka_unit_test(nothing_is_promised_that_is_not_known),
        cmocka_unit_test(a_hole_that_was_shut_is_no_trend),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
