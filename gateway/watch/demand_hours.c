/* SPDX-License-Identifier: Apache-2.0 */
#include "watch/demand.h"

enum {
    SCALE_START = 72, /* hours that make the first scale */
    SCALE_MEMORY = 240, /* hours: ten days */
    OFFSET_MEMORY = 168, /* hours: a week */
};
static const double PROFILE_LEARNING = 0.5, PROFILE_FOLLOWING = 0.1;
/* One hour counts at most so many sd: a fire hydrant or a street party isn't a leak yet. */
static const double CLIP = 4;
/* Hours that follow each other no more than this are what the limit was made for. */
static const double RHO_FREE = 0.3;

double demand_hours_k(const struct leak_rule *r)
{
    return kind_or(r->k, 1);
}

double demand_hours_h(const struct leak_rule *r)
{
    return kind_or(r->h, 8);
}

bool demand_hours_learned(const struct demand_hours *w)
{
    return w->scaled >= SCALE_START;
}

double demand_hours_sd(const struct demand_hours *w, double usual)
{
    /* A flow that never varies is a simulation, or a meter that says little: not less than 0.25 %.
     */
    return fmax(fmax(w->scale * KIND_SD_OF_MEAN_DEVIATION, 0.0025 * fabs(usual)), 1e-6);
}

void demand_hours_restart(struct demand_hours *w)
{
    w->s = w->fallen = w->holiday = w->excess = w->excess2 = 0;
    w->run = 0;
}

void demand_hours_reset(struct demand_hours *w)
{
    demand_hours_restart(w);
    w->fired = false;
    /* Mended, the zone takes less again than was taken over after the alarm. */
    w->renew_up = false;
    w->renew_down = w->carried > 0;
    w->renew_n = 0;
}

/* Two days after an alarm the level reached becomes the offset, so that the next leak is seen;
 * after the leak was mended, it gives back what it had taken, and never more. */
static void renew(struct demand_hours *w, double over)
{
    w->renewing[w->renew_n++] = (float)over;
    if (w->renew_n < DEMAND_RENEW)
        return;
    double sorted[DEMAND_RENEW];
    for (uint32_t i = 0; i < DEMAND_RENEW; i++)
        sorted[i] = (double)w->renewing[i];
    double moved = kind_median(sorted, DEMAND_RENEW) - w->offset;
    if (w->renew_down)
        moved = fmin(fmax(moved, -w->carried), 0);
    w->offset += moved;
    w->carried = fmax(w->carried + moved, 0);
    w->renew_up = w->renew_down = w->fired = false;
    w->renew_n = 0;
    demand_hours_restart(w);
}

/* The same time on a Sunday; on Sundays, of Saturday. */
static double day_off(const struct demand_hours *w, uint32_t of_week)
{
    enum { DAY = 96, SATURDAY = 5 * DAY, SUNDAY = 6 * DAY };
    return (double)w->profile[(of_week >= SUNDAY ? SATURDAY : SUNDAY) + of_week % DAY];
}

struct demand_excess demand_hours_bin(struct demand_hours *w, const struct demand_bin *b,
                                      bool learning)
{
    struct demand_excess e = {KIND_NAN, KIND_NAN};
    float *p = &w->profile[b->of_week];
    double over = b->flow - w->offset;
    if (isnan(*p)) {
        *p = (float)over;
        return e;
    }
    double own = over - (double)*p;
    /* One odd day shall not make the same day of next week look odd. */
    double most = b->week > 8 ? 3 * KIND_SD_OF_MEAN_DEVIATION * w->scale : fabs(own);
    if (!learning)
        e = (struct demand_excess){own, over - day_off(w, b->of_week)};
    if (w->renew_up || w->renew_down)
        renew(w, over + w->offset - (double)*p);
    /* A mean of all weeks at first. Not held while something is missing: a quarter comes once a
     * week, and long before the next one the offset has taken the leak over. A shape that was
     * learned wrong, on the other hand, would stay wrong and alarm every week. */
    double gain = learning ? PROFILE_LEARNING : fmax(PROFILE_FOLLOWING, 1.0 / (double)b->week);
    *p += (float)(gain * fmin(fmax(own, -most), most));
    return e;
}

static void remember(struct demand_hours *w, double excess, int64_t end_ms)
{
    int64_t hour = end_ms / KIND_HOUR;
    if (hour - w->recent_hour > 24)
        w->recent_hour = hour - 24;
    while (w->recent_hour < hour)
        w->recent[++w->recent_hour % 24] = KIND_NAN;
    w->recent[hour % 24] = excess;
}

/* How much farther sums of hours wander because an hour resembles the one before, beyond what the
 * limit has room for. */
double demand_hours_wander(const struct demand_hours *w)
{
    double rho = w->power > 0 ? w->follow / w->power - RHO_FREE : 0;
    rho = fmin(fmax(rho, 0), 0.6);
    return (1 + rho) / (1 - rho);
}

static void scale(struct demand_hours *w, double excess, double before)
{
    double size = fabs(excess);
    if (w->scaled < SCALE_MEMORY)
        w->scaled++;
    if (w->scaled > SCALE_START)
        size = fmin(size, 4 * w->scale);
    w->scale += (size - w->scale) / w->scaled;
    double most = 16 * w->scale * w->scale;
    w->power += (fmin(excess * excess, most) - w->power) / w->scaled;
    w->follow += (fmin(fmax(excess * before, -most), most) - w->follow) / w->scaled;
}

double demand_hours_limit(const struct demand_hours *w, const struct leak_rule *r)
{
    return demand_hours_h(r) * demand_hours_wander(w);
}

/* On a public holiday people rise late: much more water than usual at ten, but none at three in the
 * morning. What such a day would explain doesn't count here, and without some of the rest there is
 * no alarm. */
static void feed_holiday(struct demand_hours *w, double z, double off, double k)
{
    double counts = z > 0 && !isnan(off) ? fmin(z, fmax(off, -1)) : z;
    w->holiday = fmin(fmax(w->holiday + counts - k, 0), 8);
}

void demand_hours_feed(struct demand_hours *w, const struct leak_rule *r, struct demand_excess e,
                       double usual, int64_t end_ms)
{
    double excess = e.own;
    double k = demand_hours_k(r), h = demand_hours_limit(w, r);
    remember(w, excess, end_ms);
    double before = w->before_hour == end_ms - KIND_HOUR ? w->before : 0;
    w->before = excess;
    w->before_hour = end_ms;
    if (!demand_hours_learned(w)) {
        scale(w, excess, before);
        return;
    }
    double sd = demand_hours_sd(w, usual), z = fmin(fmax(excess / sd, -CLIP), CLIP);
    if (w->s <= 0) {
        w->onset_ms = end_ms - KIND_HOUR;
        w->excess = w->excess2 = 0;
        w->run = 0;
    }
    w->s = fmin(fmax(w->s + z - k, 0), 2 * h);
    feed_holiday(w, z, e.off / sd, k);
    w->fallen = fmin(fmax(w->fallen - z - k, 0), 2 * h);
    w->excess += excess;
    w->excess2 += excess * excess;
    w->run++;
    if (w->s > h && w->holiday > h / 4 && !w->fired) {
        w->fired = w->renew_up = true;
        w->renew_down = false;
        w->renew_n = 0;
    } else if (w->fallen > h && w->carried > 0 && !w->renew_up && !w->renew_down) {
        w->renew_down = true;
        w->renew_n = 0;
    }
    if (w->fired || w->s >= h / 2)
        return;
    scale(w, excess, before);
    w->offset += fmin(fmax(excess, -3 * sd), 3 * sd) / OFFSET_MEMORY;
}

double demand_last_day(const struct demand_hours *w, int64_t now_ms)
{
    double sum = 0;
    uint32_t n = 0;
    for (uint32_t i = 0; i < 24; i++)
        if (!isnan(w->recent[i])) {
            sum += w->recent[i];
            n++;
        }
    return n >= 12 && now_ms / KIND_HOUR - w->recent_hour < 24 ? sum / n * 24 : KIND_NAN;
}
