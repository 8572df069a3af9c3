/* SPDX-License-Identifier: Apache-2.0 */
#include "watch/window.h"

#include <math.h>

struct window_rule window_rule_of(double step_h, double shortest_h, double longest_h, double k,
                                  double c, double c_long, double history_h)
{
    struct window_rule r = {.step_h = step_h, .k = k, .history_h = history_h};
    /* A quarter is at least one evaluation. A window too long for the ring isn't watched. */
    double first = fmax(2, round(log2(shortest_h / step_h)));
    double last = fmin(WINDOW_LARGEST, round(log2(longest_h / step_h)));
    r.first = (uint32_t)fmin(first, WINDOW_LARGEST);
    r.last = (uint32_t)fmax(r.first, fmin(last, r.first + WINDOW_SCALES - 1));
    double steps = r.last > r.first ? r.last - r.first : 1;
    for (uint32_t i = 0; i < WINDOW_SCALES; i++) {
        double share = fmin(1, i / steps);
        r.c[i] = c + (c_long - c) * share * share * (3 - 2 * share);
    }
    return r;
}

static uint32_t span_of(uint32_t count)
{
    uint32_t most = count + count / 2;
    return most < WINDOW_RING - 1 ? most : WINDOW_RING - 1;
}

static uint32_t at(const struct window *w, uint32_t back)
{
    return (w->head + WINDOW_RING - back) % WINDOW_RING;
}

/* Sums grow without end, and a double has 53 bits: once per round all are taken relative to the
 * newest C. Differences of means stay what they were. */
static void tidy(struct window *w, double newest)
{
    double before = w->sum[at(w, w->count)], total = 0;
    w->sum[at(w, w->count)] = 0;
    for (uint32_t back = w->count; back > 0; back--) {
        uint32_t next = at(w, back - 1);
        double value = w->sum[next] - before - newest;
        before = w->sum[next];
        total += value;
        w->sum[next] = total;
    }
    w->origin += newest;
    w->since_tidy = 0;
}

double window_mean(const struct window *w, uint32_t back, uint32_t count)
{
    return w->origin + (w->sum[at(w, back)] - w->sum[at(w, back + count)]) / count;
}

uint32_t window_age(const struct window *w, uint32_t back, uint64_t block)
{
    return (uint16_t)((uint16_t)block - w->block[at(w, back + 1)]);
}

/* The newest quarter of a window of `count` against all that is older than three quarters, up to as
 * long again: the flat part before a leak is worth more the more of it is averaged. */
static double rise_rate(const struct window *w, double step_h, uint32_t count)
{
    uint32_t quarter = count / 4, all = span_of(count), old = all - 3 * quarter;
    double rise = (w->sum[at(w, 0)] - w->sum[at(w, quarter)]) / quarter -
                  (w->sum[at(w, all - old)] - w->sum[at(w, all)]) / old;
    return rise / ((all - old / 2.0 - quarter / 2.0) * step_h);
}

double window_slope(const struct window *w, double step_h, uint32_t count)
{
    if (count < 4 || w->count < count)
        return (double)NAN;
    uint32_t quarter = count / 4;
    double rise = (w->sum[at(w, 0)] - w->sum[at(w, quarter)] - w->sum[at(w, count - quarter)] +
                   w->sum[at(w, count)]) /
                  quarter;
    return rise / ((count - quarter) * step_h);
}

double window_slope_sigma(const struct window *w, const struct window_rule *r, uint32_t count)
{
    uint32_t scale = 0;
    while (r->first + scale < r->last && (2U << (r->first + scale)) <= count)
        scale++;
    return spread_sigma(&w->noise[scale]);
}

static void push(struct window *w, double total, uint64_t block)
{
    if (w->count == 0) {
        w->head = 0;
        w->sum[0] = 0;
        w->origin = total;
    }
    w->block[w->head] = (uint16_t)block;
    double sum = w->sum[w->head] + total - w->origin;
    w->head = (w->head + 1) % WINDOW_RING;
    w->sum[w->head] = sum;
    if (w->count < WINDOW_RING - 1)
        w->count++;
    if (++w->since_tidy >= WINDOW_RING - 1)
        tidy(w, total - w->origin);
}

int window_run(struct window *w, const struct window_rule *r, double total, uint64_t block,
               bool learn)
{
    /* Numbers are kept modulo 65536: older than that, they would lie. */
    if (w->count > 0 && block - w->newest > UINT16_MAX - 2 * WINDOW_RING)
        w->count = 0;
    w->newest = block;
    push(w, total, block);
    int fired = -1;
    for (uint32_t n = r->first; n <= r->last && w->count >= span_of(1U << n); n++) {
        struct spread *noise = &w->noise[n - r->first];
        double slope = rise_rate(w, r->step_h, 1U << n);
        if (fired < 0 && noise->hours >= r->history_h &&
            slope > fmax(r->k, r->c[n - r->first] * spread_sigma(noise)))
            fired = (int)n;
        if (learn)
            spread_learn(noise, slope, r->step_h);
    }
    return fired;
}

void window_drop(struct window *w, uint32_t count)
{
    if (count > w->count)
        count = w->count;
    w->head = at(w, count);
    w->count -= count;
}

uint32_t window_since(const struct window *w, uint64_t from)
{
    uint64_t most = w->newest >= from ? w->newest - from : 0;
    uint32_t count = 0;
    while (w->newest >= from && count < w->count && window_age(w, count, w->newest) <= most)
        count++;
    return count;
}

void window_clear(struct window *w)
{
    w->count = 0;
    w->since_tidy = 0;
}

void window_widen(struct window *w)
{
    for (uint32_t i = 0; i < WINDOW_SCALES; i++)
        spread_widen(&w->noise[i]);
}
