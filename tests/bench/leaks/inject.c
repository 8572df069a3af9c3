/* SPDX-License-Identifier: Apache-2.0 */
#include "inject.h"

#include <math.h>

#include "chance.h"

static uint32_t rows_of(const struct series *s, double hours)
{
    double rows = ceil(hours * 3.6e6 / (double)s->step_ms);
    return rows < 1 ? 1 : (uint32_t)rows;
}

/* Where the next of so many events a month begins; s->rows: none any more. */
static uint32_t next_event(const struct series *s, struct chance *c, uint32_t from,
                           double per_month)
{
    double row = from + chance_exponential(c, rows_of(s, 30 * 24 / per_month));
    return row >= s->rows ? s->rows : (uint32_t)row;
}

static void gaps(struct series *s, struct chance *c)
{
    for (uint32_t at = next_event(s, c, 0, 8); at < s->rows; at = next_event(s, c, at, 8)) {
        uint32_t end = at + rows_of(s, 0.1 + chance_exponential(c, 1));
        for (; at < end && at < s->rows; at++)
            for (int k = 0; k < COL_TRUE; k++)
                if (s->column[k])
                    s->column[k][at] = NOTHING;
    }
    for (uint32_t i = 0; i < s->rows; i++)
        for (int k = 0; k < COL_TRUE; k++)
            if (s->column[k] && chance_hits(c, 0.002))
                s->column[k][i] = NOTHING;
}

static void spikes(struct series *s, struct chance *c)
{
    double *x = s->column[s->column[COL_LEVEL] ? COL_LEVEL : COL_OUT];
    double size = s->column[COL_LEVEL] ? 1 : 200;
    for (uint32_t at = next_event(s, c, 0, 120); at < s->rows; at = next_event(s, c, at, 120)) {
        uint32_t end = at + 1 + (uint32_t)chance_uniform(c, 0, 3);
        double by = chance_uniform(c, 0.1, 1.5) * (chance_hits(c, 0.5) ? size : -size);
        for (; at < end && at < s->rows; at++)
            x[at] = fmax(0, x[at] + by);
    }
}

static void stuck(struct series *s, struct chance *c)
{
    double *x = s->column[COL_LEVEL];
    for (uint32_t at = next_event(s, c, 0, 3); x && at < s->rows; at = next_event(s, c, at, 3)) {
        uint32_t end = at + rows_of(s, chance_uniform(c, 1, 10));
        for (double held = x[at]; at < end && at < s->rows; at++)
            x[at] = held;
    }
}

static void dead(struct series *s, struct chance *c)
{
    double *run = s->column[COL_RUN];
    for (uint32_t at = next_event(s, c, 0, 3); run && at < s->rows; at = next_event(s, c, at, 3)) {
        bool second = s->column[COL_OUT2] && chance_hits(c, 0.5);
        double *x = s->column[second ? COL_OUT2 : COL_OUT];
        uint32_t end = at + rows_of(s, chance_uniform(c, 1, 10));
        for (; x && at < end && at < s->rows; at++)
            x[at] = 0;
    }
}

static void recalibrate(struct series *s, struct chance *c, double day)
{
    double *x = s->column[COL_LEVEL], by = chance_hits(c, 0.5) ? 0.05 : -0.05;
    uint32_t at = rows_of(s, day * 24);
    for (; x && at < s->rows; at++)
        x[at] = fmax(0, x[at] + by);
}

static void drift(struct series *s, double day)
{
    double *x = s->column[COL_LEVEL], step_h = (double)s->step_ms / 3.6e6;
    uint32_t from = rows_of(s, day * 24);
    for (uint32_t i = from; x && i < s->rows; i++)
        x[i] = fmax(0, round(1000 * (x[i] - 0.002 * step_h * (i - from))) / 1000);
}

void inject(struct series *s, unsigned faults, uint64_t seed)
{
    static void (*const kinds[])(struct series *,
                                 struct chance *) = {[1] = spikes, [2] = stuck, [3] = dead};
    double days = s->rows * (double)s->step_ms / 86.4e6;
    struct chance c;
    chance_init(&c, seed, 104);
    double day = days * chance_uniform(&c, 0.15, 0.95);
    if (faults & INJECT_DRIFT)
        drift(s, day);
    if (faults & INJECT_STEP)
        recalibrate(s, &c, day);
    for (unsigned k = 1; k < sizeof kinds / sizeof *kinds; k++) {
        chance_init(&c, seed, 100 + k);
        if (faults >> k & 1U)
            kinds[k](s, &c);
    }
    chance_init(&c, seed, 100);
    if (faults & INJECT_GAPS) /* last: what isn't answered can't be wrong */
        gaps(s, &c);
}
