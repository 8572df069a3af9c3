/* SPDX-License-Identifier: Apache-2.0 */
#include "rivals.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { BASE_DAYS = 14, DAYS_MAX = 64 };

static double volume(const struct leak_rule *r, double level)
{
    const struct pair *p = r->stage;
    uint32_t i = 1;
    if (!p)
        return 0;
    while (i + 1 < r->stage_count && level > p[i].x)
        i++;
    return p[i - 1].y + (level - p[i - 1].x) * (p[i].y - p[i - 1].y) / (p[i].x - p[i - 1].x);
}

static double at(const struct series *s, enum column c, uint32_t i)
{
    return s->column[c] ? s->column[c][i] : 0;
}

/* Cubic metres missing since the beginning, at the end of each block. */
static double *missing(const struct leak_rule *r, const struct series *s, uint32_t per,
                       uint32_t blocks)
{
    double *out = calloc(blocks, sizeof *out), sum = 0, runoff = 0;
    double step_h = (double)s->step_ms / 3.6e6, catchment = isnan(r->catchment) ? 0 : r->catchment;
    assert(out);
    for (uint32_t b = 0; b < blocks; b++) {
        double q = 0, level = 0;
        for (uint32_t i = b * per; i < (b + 1) * per; i++) {
            double l = at(s, COL_LEVEL, i), rain = at(s, COL_RAIN, i);
            double surface = r->stage ? (volume(r, l + 0.05) - volume(r, l - 0.05)) * 10 : 0;
            double land = fmax(0, 0.001 * rain * 0.5 * (catchment - surface));
            runoff += (land - runoff) * (1 - exp(-step_h / 3));
            q += at(s, COL_IN, i) - at(s, COL_OUT, i) - at(s, COL_OUT2, i) + runoff +
                 0.001 * (rain - r->evaporation / 24) * surface;
            level += l / per;
        }
        sum += q * step_h;
        out[b] = sum - volume(r, level);
    }
    return out;
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* The balance of the last day over the median of the fortnight before it. */
static void balance(struct rival_trace *t, const double *c)
{
    uint32_t day = (uint32_t)(86400 / t->step_s);
    double means[DAYS_MAX], sorted[BASE_DAYS];
    for (uint32_t i = 0; i < t->count; i++) {
        t->x[i] = NOTHING;
        uint32_t whole = i / day;
        if (i >= day && i % day == 0 && whole <= DAYS_MAX)
            means[whole - 1] = (c[i] - c[i - day]) / 24;
        if (i < 3 * day || whole > DAYS_MAX)
            continue;
        uint32_t last = whole - 1, from = last > BASE_DAYS ? last - BASE_DAYS : 0, n = last - from;
        memcpy(sorted, means + from, n * sizeof *sorted);
        qsort(sorted, n, sizeof *sorted, ascending);
        t->x[i] = (c[i] - c[i - day]) / 24 - sorted[n / 2];
    }
}

void rival_trace(struct rival_trace *t, enum rival rival, enum bench_plant plant,
                 const struct series *s)
{
    struct bench_rule r;
    rule_make(&r, plant, s);
    double block_s = plant == BENCH_POND ? 600 : 60;
    uint32_t per = (uint32_t)(block_s * 1000 / (double)s->step_ms);
    *t = (struct rival_trace){.count = s->rows / per, .step_s = block_s};
    t->x = calloc(t->count, sizeof *t->x);
    assert(t->x);
    double *c = missing(&r.rule, s, per, t->count);
    if (rival == RIVAL_BALANCE)
        balance(t, c);
    double learn_s = plant == BENCH_PIPE ? 86400 : 3 * 86400;
    for (uint32_t i = 1; rival == RIVAL_LEVEL && i < t->count; i++) {
        double x = 0, sign = plant == BENCH_SUMP ? 1 : -1;
        for (uint32_t k = i * per; k < (i + 1) * per; k++)
            x += sign * at(s, COL_LEVEL, k) / per;
        t->x[i] = i * block_s < learn_s ? NOTHING
                  : plant == BENCH_PIPE ? (c[i] - c[i - 1]) * 60
                                        : x;
    }
    if (rival == RIVAL_LEVEL)
        t->x[0] = NOTHING;
    free(c);
}

void rival_free(struct rival_trace *t)
{
    free(t->x);
    t->x = NULL;
}

static double per_30_days(const struct rival_trace *traces, uint32_t count, double limit)
{
    double alarms = 0, armed_s = 0;
    for (uint32_t k = 0; k < count; k++) {
        double rest_s = 0;
        for (uint32_t i = 0; i < traces[k].count; i++) {
            armed_s += isnan(traces[k].x[i]) ? 0 : traces[k].step_s;
            rest_s -= traces[k].step_s;
            if (rest_s <= 0 && traces[k].x[i] > limit) {
                alarms++;
                rest_s = 86400;
            }
        }
    }
    return alarms / armed_s * 86400 * 30;
}

double rival_limit(const struct rival_trace *traces, uint32_t count, double per_month)
{
    double low = NEVER, high = -NEVER;
    for (uint32_t k = 0; k < count; k++)
        for (uint32_t i = 0; i < traces[k].count; i++) {
            low = fmin(low, traces[k].x[i]);
            high = fmax(high, traces[k].x[i]);
        }
    for (int i = 0; i < 30; i++) {
        double middle = (low + high) / 2;
        if (per_30_days(traces, count, middle) > per_month)
            low = middle;
        else
            high = middle;
    }
    return high;
}

double rival_delay(const struct rival_trace *t, double limit, double onset_s, double within_h)
{
    uint32_t i = (uint32_t)(onset_s / t->step_s);
    while (i < t->count && t->x[i] > limit) /* false already: that one doesn't count */
        i++;
    for (; i < t->count; i++) {
        double hours = ((i + 1) * t->step_s - onset_s) / 3600;
        if (hours > within_h)
            break;
        if (t->x[i] > limit)
            return hours;
    }
    return NEVER;
}
