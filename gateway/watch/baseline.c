/* SPDX-License-Identifier: Apache-2.0 */
#include "watch/baseline.h"

#include <math.h>
#include <string.h>

static const double day_h = 24;
static const double least_load = 0.1;
static const double mad_to_sigma = 1.4826;

static double median(const double *from, uint32_t count)
{
    double v[BASELINE_DAYS];
    memcpy(v, from, count * sizeof *v);
    for (uint32_t i = 1; i < count; i++)
        for (uint32_t k = i; k > 0 && v[k - 1] > v[k]; k--) {
            double other = v[k];
            v[k] = v[k - 1];
            v[k - 1] = other;
        }
    return count % 2 ? v[count / 2] : (v[count / 2 - 1] + v[count / 2]) / 2;
}

static void enter_day(struct baseline *b)
{
    double volume = b->day_volume, load = b->day_load;
    b->day_volume = b->day_load = b->day_h = 0;
    if (load < least_load * day_h)
        return; /* it stood still: the day says nothing */
    b->day[b->next] = volume / load;
    b->next = (b->next + 1) % BASELINE_DAYS;
    if (b->count < BASELINE_DAYS)
        b->count++;
    if (b->count < 2)
        return;
    b->value = median(b->day, b->count);
    if (b->count < 3)
        return;
    double off[BASELINE_DAYS];
    for (uint32_t i = 0; i < b->count; i++)
        off[i] = fabs(b->day[i] - b->value);
    b->sd = mad_to_sigma * median(off, b->count);
}

void baseline_learn(struct baseline *b, double volume, double hours, double load)
{
    b->day_volume += volume;
    b->day_load += load * hours;
    b->day_h += hours;
    if (b->count < 2) {
        b->all_volume += volume;
        b->all_load += load * hours;
        if (b->all_load > 0)
            b->value = b->all_volume / b->all_load;
    }
    /* Steps needn't divide a day: a half one more or less doesn't matter. */
    if (b->day_h > day_h - hours / 2)
        enter_day(b);
}
