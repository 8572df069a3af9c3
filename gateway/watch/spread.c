/* SPDX-License-Identifier: Apache-2.0 */
#include "watch/spread.h"

#include <math.h>

static const double memory_h = 240; /* what is learned fades over ten days */
static const double clip_from_h = 24; /* before that, nobody can say what is an outlier */
static const double clip_sigmas = 4;
static const double half_normal = 1.2533; /* sigma / mean |x| of a normal distribution */
static const double widen_by = 1.3, widen_to_h = 48;

void spread_learn(struct spread *s, double x, double hours)
{
    double size = fabs(x);
    if (s->hours > clip_from_h)
        size = fmin(size, clip_sigmas * half_normal * s->mean);
    s->hours = fmin(s->hours + hours, memory_h);
    s->mean += (size - s->mean) * fmin(1, hours / s->hours);
}

double spread_sigma(const struct spread *s)
{
    return half_normal * s->mean;
}

void spread_widen(struct spread *s)
{
    s->mean *= widen_by;
    s->hours = fmin(s->hours, widen_to_h);
}
