/* SPDX-License-Identifier: Apache-2.0 */
/* Small tools that several kinds of leak detector share: a condition with a quiet time before it
 * ends, a straight line through running sums, a CUSUM for slow series. All flat, all O(1). */
#ifndef WATCH_KIND_H
#define WATCH_KIND_H

#include <math.h>

#include "watch/leak.h"

enum { KIND_INPUT_MAX = 64 };      /* inputs of one leak point that a flat struct has room for */

#define KIND_NAN ((double)NAN)
#define KIND_MINUTE INT64_C(60000)
#define KIND_HOUR (60 * KIND_MINUTE)
#define KIND_DAY (24 * KIND_HOUR)
#define KIND_SD_OF_MEAN_DEVIATION 1.2533       /* normal noise: sd / mean |deviation| */

/* Begins at once, and ends only after it has been over for a while without a break. */
struct kind_hold {
    bool firing, quiet;
    int64_t fired_ms, quiet_ms;
};
void kind_hold_feed(struct kind_hold *h, bool on, bool over, int64_t hold_ms, int64_t now_ms);

/* A least-squares line through equally spaced points. */
struct kind_line {
    double t0, y0;                 /* the first point; sums are relative to it, for precision */
    double t, y, tt, ty, yy;       /* sums */
    double last_y, dd;             /* sum of squared differences of neighbours */
    uint32_t n;
};
void kind_line_add(struct kind_line *l, double t, double y);
/* Slope in y per t and its standard error, widened for noise that follows itself (first order).
 * resolution: an error of a point that is believed in any case. false: fewer than 4 points. */
bool kind_line_fit(const struct kind_line *l, double resolution, double *slope, double *se);

/* CUSUM of a series with some values a day, against a mean and a scale of its own that it learns. */
struct kind_slow_rule {
    double k, h;                   /* in sd */
    uint32_t learn, memory;        /* values before it is armed; that mean and scale go back to */
    uint32_t renew;                /* after an alarm: values that make the new mean, at most 3; 0: none */
    double clip;                   /* one value counts at most so many sd */
    double floor;                  /* share of the mean that the scale isn't believed to be under */
};
struct kind_slow {
    double mean, scale;            /* scale: mean absolute deviation */
    double s;
    double excess, excess2;        /* sums since s left zero */
    double renewed[3];
    int64_t onset_ms, last_ms;
    uint32_t n, run, renew_n;
    bool fired;                    /* until renewed, reset, or over */
    bool renewing;                 /* the next values make the new mean */
};
/* allowed: so much more than the mean is the season's, not a leak's. */
void kind_slow_feed(struct kind_slow *w, const struct kind_slow_rule *r, double x, double allowed,
                    int64_t t_ms);
void kind_slow_reset(struct kind_slow *w);
void kind_slow_renew(struct kind_slow *w);     /* reset, and the next three values are the new mean */
double kind_slow_sd(const struct kind_slow *w, const struct kind_slow_rule *r);
bool kind_slow_learned(const struct kind_slow *w, const struct kind_slow_rule *r);
/* How much more than its mean since it left zero. */
struct estimate kind_slow_excess(const struct kind_slow *w);

double kind_median(double *x, uint32_t n);     /* sorts x; NaN when n is 0 */

static inline double kind_or(double set, double preset)
{
    return isnan(set) ? preset : set;
}

static inline struct estimate kind_unknown(void)
{
    return (struct estimate){KIND_NAN, KIND_NAN, KIND_NAN};
}

/* With the 80 % interval of a normal error. */
static inline struct estimate kind_estimate(double x, double se)
{
    return (struct estimate){x, x - 1.2816 * se, x + 1.2816 * se};
}

/* Everything that a kind may leave unsaid. What is leak.c's (since, blindness, coverage) stays. */
void kind_view_clear(struct leak_view *v);

#endif
