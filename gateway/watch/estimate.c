/* SPDX-License-Identifier: Apache-2.0 */
#include "watch/estimate.h"

#include <math.h>

enum { POINTS_LEAST = 8, TAIL_LEAST = 3, HEAD_LEAST = 2 };
static const double z80 = 1.2816; /* 80 % of a normal distribution lie within +- this */
static const double chi80 = 1.6424; /* .. and of chi square with one degree below this */

/* Sums over the points from one on to the newest, hours counted from the newest. */
struct sums {
    double n, t, tt, y, ty;
};

static void add(struct sums *s, double t, double y)
{
    s->n += 1;
    s->t += t;
    s->tt += t * t;
    s->y += y;
    s->ty += t * y;
}

struct fit {
    double flat, slope, sse, sxx;
};

/* y = flat + slope (t - at)+ with `tail` the sums of the points after `at`, `all` those of all. yy:
 * sum of squares around the mean. */
static struct fit fit_at(const struct sums *all, const struct sums *tail, double yy, double at)
{
    double sz = tail->t - tail->n * at;
    double szz = tail->tt - 2 * at * tail->t + tail->n * at * at;
    double szy = tail->ty - at * tail->y;
    struct fit f = {.sxx = szz - sz * sz / all->n};
    double sxy = szy - sz * all->y / all->n;
    f.slope = f.sxx > 0 ? sxy / f.sxx : 0;
    f.flat = (all->y - f.slope * sz) / all->n;
    f.sse = yy - f.slope * sxy;
    return f;
}

/* How many independent points these are worth: neighbours hang together (waves, filters). */
static double worth(const struct points *p, const struct fit *f, double at)
{
    double before = 0, same = 0, next = 0;
    for (uint32_t i = 0; i < p->count; i++) {
        double r = p->total[i] - f->flat - f->slope * fmax(0, p->hour[i] - at);
        same += r * r;
        next += i ? r * before : 0;
        before = r;
    }
    double rho = same > 0 ? fmin(0.95, fmax(0, next / same)) : 0;
    return fmax(3, p->count * (1 - rho) / (1 + rho));
}

/* A line that breaks where the onset can't be isn't laid: its slope stays NaN. */
static void sweep(const struct points *p, double offset, double earliest_h, double latest_h,
                  struct fit fits[ESTIMATE_POINTS], uint32_t *best)
{
    struct sums all = {0}, tail = {0};
    double yy = 0;
    for (uint32_t i = 0; i < p->count; i++)
        add(&all, p->hour[i], p->total[i] - offset);
    for (uint32_t i = 0; i < p->count; i++) {
        double d = p->total[i] - offset - all.y / all.n;
        yy += d * d;
    }
    *best = UINT32_MAX;
    for (uint32_t i = p->count; i-- > HEAD_LEAST;) {
        add(&tail, p->hour[i], p->total[i] - offset);
        fits[i].slope = (double)NAN;
        if (tail.n < TAIL_LEAST || p->hour[i - 1] < earliest_h || p->hour[i - 1] > latest_h)
            continue;
        fits[i] = fit_at(&all, &tail, yy, p->hour[i - 1]);
        if (fits[i].slope > 0 && (*best == UINT32_MAX || fits[i].sse < fits[*best].sse))
            *best = i;
    }
}

bool estimate_line(const struct points *p, double earliest_h, double latest_h, double baseline_sd,
                   struct line *out)
{
    struct fit fits[ESTIMATE_POINTS];
    uint32_t best;

    if (p->count < POINTS_LEAST)
        return false;
    double offset = p->total[p->count / 2];
    sweep(p, offset, earliest_h, latest_h, fits, &best);
    if (best == UINT32_MAX)
        return false;
    const struct fit *f = &fits[best];
    double at = p->hour[best - 1];
    struct fit shifted = *f;
    shifted.flat += offset;
    double independent = worth(p, &shifted, at);
    double variance = fmax(0, f->sse) / fmax(1, p->count - 3.0);
    double dilute = p->count / independent;
    /* The onset's interval: wherever the line fits hardly worse. The rate's takes in what the rate
     * would be there. */
    double most = f->sse + variance * dilute * chi80;
    double slope_low = f->slope, slope_high = f->slope;
    uint32_t low = best, high = best;
    uint32_t last = p->count - TAIL_LEAST;
    for (uint32_t i = HEAD_LEAST; i <= last; i++) {
        if (!(fits[i].slope > 0) || fits[i].sse > most)
            continue;
        low = i < low ? i : low;
        high = i > high ? i : high;
        slope_low = fmin(slope_low, fits[i].slope);
        slope_high = fmax(slope_high, fits[i].slope);
    }
    double by_noise = z80 * sqrt(variance * dilute / f->sxx);
    double by_onset = fmax(slope_high - f->slope, f->slope - slope_low);
    double by_baseline = z80 * baseline_sd;
    *out = (struct line){
        .rate = f->slope,
        .rate_pm = sqrt(by_noise * by_noise + by_onset * by_onset + by_baseline * by_baseline),
        .onset_h = at,
        .onset_low_h = p->hour[low > HEAD_LEAST ? low - 2 : 0],
        .onset_high_h = p->hour[high < last ? high : last],
        .flat = shifted.flat,
        .flat_pm = z80 * sqrt(variance * dilute / fmax(1, best)),
        .scatter = sqrt(variance),
    };
    return true;
}
