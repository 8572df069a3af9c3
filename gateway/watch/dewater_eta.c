/* SPDX-License-Identifier: Apache-2.0 */
#include "watch/dewater.h"

#include <math.h>

static const double window_h = 12; /* so far back the pumping is taken as a sample of what comes */
static const double least_h = 1;

struct rates {
    double rate[24], hours[24]; /* of whole hours, newest first; m3/h, negative: falling */
    uint32_t count;
};

/* Least squares of volume over the window. */
static bool slope_of(const struct dewater_past *p, double span_h, double *slope)
{
    double n = 0, st = 0, sv = 0, stt = 0, stv = 0, first = 0;
    for (uint32_t k = 0; k < p->count; k++) {
        if (p->t_h[k] < -span_h)
            continue;
        double v = p->v[k] - p->volume;
        first = fmin(first, p->t_h[k]);
        n++;
        st += p->t_h[k];
        sv += v;
        stt += p->t_h[k] * p->t_h[k];
        stv += p->t_h[k] * v;
    }
    double sxx = stt - st * st / n;
    if (n < 4 || -first < least_h || !(sxx > 0))
        return false;
    *slope = (stv - st * sv / n) / sxx;
    return true;
}

static void hourly(const struct dewater_past *p, struct rates *out)
{
    out->count = 0;
    uint32_t last = p->count;
    for (uint32_t k = p->count; k-- > 0 && out->count < 24 && p->t_h[k] >= -window_h - 1;) {
        if (last == p->count) {
            last = k;
            continue;
        }
        double dt = p->t_h[last] - p->t_h[k];
        if (dt < 0.99)
            continue;
        out->hours[out->count] = dt;
        out->rate[out->count++] = (p->v[last] - p->v[k]) / dt;
        last = k;
    }
}

bool dewater_estimate(const struct dewater_past *p, struct dewater_out *out)
{
    struct rates r;
    double net;
    if (!slope_of(p, window_h, &net))
        return false;
    out->net = net;
    double rest = p->volume - p->target;
    if (!(net < 0) || !(rest > 0))
        return false;
    hourly(p, &r);
    double mean = 0, ss = 0;
    for (uint32_t k = 0; k < r.count; k++)
        mean += r.rate[k] / r.count;
    for (uint32_t k = 0; k < r.count; k++)
        ss += (r.rate[k] - mean) * (r.rate[k] - mean);
    double sd = r.count > 1 ? sqrt(ss / (r.count - 1)) : 0.3 * -net;
    double half = 1.28 * 1.5 * sd / sqrt(fmax(1, r.count));
    out->hours.value = rest / -net;
    out->hours.low = rest / (-net + half);
    out->hours.high = -net > half ? rest / (-net - half) : (double)INFINITY;
    return true;
}
