/* SPDX-License-Identifier: Apache-2.0 */
/* The net rate is what still comes in less what the pumps lift. The first dies away, the second
 * wavers as pumps fail and are mended. So hourly rates are fitted with a trend that flattens out,
 * drawn towards no trend at all while there is little to see; and the interval reckons with an hour
 * to come being as fickle as the hours that were. */
#include "watch/dewater.h"

#include <math.h>

static const double least_h = 1;
static const double fade_h = 24; /* in which a trend flattens out */
static const double recent_h = 6; /* in which an hour comes to count for a third */
static const double trend_prior_h = 7; /* so many hours of standing still are believed beforehand */
static const double pump_lasts_h = 2; /* how long a pump's failure tells of the next hours */
static const double least_fickle = 0.06; /* of the rate: no history is calm enough for less */
static const double prior_hours = 4; /* ... that weigh as much as so many hours */
static const double z80 = 1.28;

enum { HOURS = 24 };

struct hours { /* newest first */
    double t[HOURS], rate[HOURS], pumped[HOURS]; /* middle of it; m3/h; m3/h or NaN */
    uint32_t count;
    bool metered; /* all pumped are known */
};

struct model { /* net(t) = now + trend * fade(t), t hours from now */
    double now, trend;
    double drop, drop_h; /* and for a while pumps do this much less than usual */
    double rest; /* m3 to go */
    double noise; /* variance of an hour's rate */
    double known_h;
    double trend_se, middle; /* of the trend; fade() of the middle of what was seen */
};

static double fade(double t)
{
    return fade_h * (1 - exp(-t / fade_h));
}

/* m3 by which it has become emptier after t hours. */
static double gone(const struct model *m, double t)
{
    return -(m->now * t + m->trend * fade_h * (t - fade(t))) -
           m->drop * m->drop_h * (1 - exp(-t / m->drop_h));
}

static double spread(const struct model *m, double t)
{
    double level = m->noise * 2 * pump_lasts_h * (1 / m->known_h + 1 / (t + pump_lasts_h));
    double tilt = m->trend_se * (fade_h * (t - fade(t)) - t * m->middle);
    return sqrt(t * t * level + tilt * tilt);
}

/* When, at z of its spread, the rest is gone; INFINITY: not within 60 days. */
static double when(const struct model *m, double z)
{
    static const double most = 60.0 * 24;
    double low = 0, high = 1;
    while (gone(m, high) - z * spread(m, high) < m->rest) {
        low = high;
        high *= 1.5;
        if (high > most)
            return (double)INFINITY;
    }
    for (int k = 0; k < 40; k++) {
        double middle = (low + high) / 2;
        if (gone(m, middle) - z * spread(m, middle) < m->rest)
            low = middle;
        else
            high = middle;
    }
    return high;
}

static void hourly(const struct dewater_past *p, struct hours *out)
{
    uint32_t last = p->count - 1;
    double lifted = 0;
    out->count = 0;
    out->metered = true;
    for (uint32_t k = last; k-- > 0 && out->count < HOURS;) {
        double dt = p->t_h[last] - p->t_h[k];
        lifted += (p->pumped[k] + p->pumped[k + 1]) / 2 * (p->t_h[k + 1] - p->t_h[k]);
        if (dt < 0.99)
            continue;
        out->t[out->count] = (p->t_h[last] + p->t_h[k]) / 2;
        out->rate[out->count] = (p->v[last] - p->v[k]) / dt;
        out->pumped[out->count] = lifted / dt;
        out->metered = out->metered && isfinite(lifted);
        out->count++;
        last = k;
        lifted = 0;
    }
}

static double mean_of(const double *x, uint32_t n)
{
    double sum = 0;
    for (uint32_t k = 0; k < n; k++)
        sum += x[k];
    return sum / n;
}

/* With meters an hour's inflow is known well, and the latest say most: a hole that people shut this
 * morning says nothing of tonight. */
static double weight(const struct hours *h, uint32_t k)
{
    return h->metered ? exp(h->t[k] / recent_h) : 1;
}

static void fit(const struct hours *h, struct model *m)
{
    double n = 0, sx = 0, sy = 0, sxx = 0, sxy = 0, ss = 0, si = 0;
    double pumping = h->metered ? mean_of(h->pumped, h->count) : 0;
    for (uint32_t k = 0; k < h->count; k++) { /* metered: of what comes in alone */
        double x = fade(h->t[k]), y = h->rate[k] + (h->metered ? h->pumped[k] - pumping : 0);
        double w = weight(h, k);
        n += w;
        sx += w * x;
        sy += w * y;
        sxx += w * x * x;
        sxy += w * x * y;
    }
    double prior = h->metered ? 1 : trend_prior_h;
    double spread_x = sxx - sx * sx / n + prior * prior * prior / 3;
    m->trend = fmin(0, (sxy - sx * sy / n) / spread_x);
    if (h->metered) /* what comes in doesn't fall below nothing */
        m->trend = fmax(m->trend, -fmax(0, (sy / n + pumping)) / (fade_h - sx / n));
    m->now = (sy - m->trend * sx) / n;
    for (uint32_t k = 0; k < h->count; k++) {
        double e = h->rate[k] - m->now - m->trend * fade(h->t[k]);
        double w = weight(h, k);
        ss += w * e * e;
        e += h->metered ? h->pumped[k] - pumping : 0;
        si += w * e * e;
    }
    double floor = least_fickle * fmax(fabs(m->now), pumping);
    m->noise = (ss + prior_hours * floor * floor) / (n + prior_hours);
    m->known_h = n;
    m->middle = sx / n;
    /* With meters the trend is that of the inflow alone, which doesn't fail and get mended. */
    double tilt = (si + prior_hours * floor * floor) / (n + prior_hours);
    m->trend_se = sqrt(tilt * (h->metered ? 1 : 2 * pump_lasts_h) / spread_x);
    m->drop_h = pump_lasts_h;
    m->drop = h->metered ? pumping - h->pumped[0] : 0;
}

bool dewater_estimate(const struct dewater_past *p, struct dewater_out *out)
{
    struct hours h;
    struct model m = {.rest = p->volume - p->target};
    if (p->count < 2 || p->t_h[p->count - 1] - p->t_h[0] < least_h - 0.01)
        return false;
    hourly(p, &h);
    if (h.count == 0)
        return false;
    fit(&h, &m);
    out->net = mean_of(h.rate, h.count < 12 ? h.count : 12);
    if (!(out->net < 0) || !(m.rest > 0))
        return false;
    out->hours.value = when(&m, 0);
    out->hours.low = when(&m, -z80);
    out->hours.high = when(&m, z80);
    return isfinite(out->hours.value);
}
