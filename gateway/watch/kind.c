/* SPDX-License-Identifier: Apache-2.0 */
#include "watch/kind.h"

#include <stdlib.h>

void kind_hold_feed(struct kind_hold *h, bool on, bool over, int64_t hold_ms, int64_t now_ms)
{
    if (on && !h->firing) {
        h->firing = true;
        h->fired_ms = now_ms;
    }
    if (on || !over || !h->firing) {
        h->quiet = false;
        return;
    }
    if (!h->quiet) {
        h->quiet = true;
        h->quiet_ms = now_ms;
    }
    if (now_ms - h->quiet_ms >= hold_ms)
        *h = (struct kind_hold){0};
}

void kind_line_add(struct kind_line *l, double t, double y)
{
    if (l->n == 0) {
        l->t0 = t;
        l->y0 = y;
        l->last_y = 0;
    }
    t -= l->t0;
    y -= l->y0;
    l->t += t;
    l->y += y;
    l->tt += t * t;
    l->ty += t * y;
    l->yy += y * y;
    l->dd += (y - l->last_y) * (y - l->last_y);
    l->last_y = y;
    l->n++;
}

bool kind_line_fit(const struct kind_line *l, double resolution, double *slope, double *se)
{
    if (l->n < 4)
        return false;
    double n = (double)l->n;
    double tt = l->tt - l->t * l->t / n;
    if (!(tt > 0))
        return false;
    double ty = l->ty - l->t * l->y / n;
    double yy = l->yy - l->y * l->y / n;
    double b = ty / tt;
    double rest = fmax(yy - b * ty, 0); /* rounding may push a perfect line below zero */
    double variance = rest / (n - 2);
    /* (n - 1) steps of b x spacing belong to the line; what is left of dd tells how far the noise
     * follows itself. A level that creeps in steps of its resolution does, and would otherwise be
     * taken for a certain slope. */
    double spacing2 = 12 * tt / (n * (n * n - 1));
    double dd = fmax(l->dd - b * b * spacing2 * (n - 1), 0);
    double rho = rest > 0 ? 1 - dd / (2 * rest) * n / (n - 1) : 0;
    rho = fmin(fmax(rho, 0), 0.95);
    variance = fmax(variance, resolution * resolution);
    *slope = b;
    *se = sqrt(variance / tt * (1 + rho) / (1 - rho));
    return true;
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

double kind_median(double *x, uint32_t n)
{
    if (n == 0)
        return KIND_NAN;
    qsort(x, n, sizeof(x[0]), compare);
    return n % 2 ? x[n / 2] : (x[n / 2 - 1] + x[n / 2]) / 2;
}

bool kind_slow_learned(const struct kind_slow *w, const struct kind_slow_rule *r)
{
    return w->n >= r->learn;
}

double kind_slow_sd(const struct kind_slow *w, const struct kind_slow_rule *r)
{
    return fmax(fmax(w->scale * KIND_SD_OF_MEAN_DEVIATION, r->floor * fabs(w->mean)), 1e-9);
}

struct estimate kind_slow_excess(const struct kind_slow *w)
{
    if (w->run == 0)
        return kind_unknown();
    double n = w->run, mean = w->excess / n;
    double variance = n > 1 ? fmax(w->excess2 - n * mean * mean, 0) / (n - 1) : 0;
    double known = w->scale * KIND_SD_OF_MEAN_DEVIATION;
    return kind_estimate(mean, sqrt(fmax(variance, known * known) / n));
}

void kind_slow_reset(struct kind_slow *w)
{
    w->s = w->excess = w->excess2 = 0;
    w->run = w->renew_n = 0;
    w->fired = w->renewing = false;
}

void kind_slow_renew(struct kind_slow *w)
{
    kind_slow_reset(w);
    w->renewing = true;
}

/* After an alarm the level that was reached becomes the new mean, so that the next rise is seen. */
static void renew(struct kind_slow *w, const struct kind_slow_rule *r, double x)
{
    w->renewed[w->renew_n++] = x;
    if (w->renew_n < 3 && (r->renew == 0 || w->renew_n < r->renew))
        return;
    w->mean = kind_median(w->renewed, w->renew_n);
    kind_slow_reset(w);
}

void kind_slow_feed(struct kind_slow *w, const struct kind_slow_rule *r, double x, double allowed,
                    int64_t t_ms)
{
    double d = x - w->mean;
    if (w->n < r->learn) {
        w->n++;
        w->mean += d / w->n;
        if (w->n > 1)
            w->scale += (fabs(d) - w->scale) / (w->n - 1);
        w->last_ms = t_ms;
        return;
    }
    double sd = kind_slow_sd(w, r);
    if (w->s <= 0) {
        w->onset_ms = w->last_ms;
        w->excess = w->excess2 = 0;
        w->run = 0;
    }
    w->last_ms = t_ms;
    w->s = fmin(fmax(w->s + fmin((d - allowed) / sd, r->clip) - r->k, 0), 2 * r->h);
    w->excess += d;
    w->excess2 += d * d;
    w->run++;
    if (w->renewing) {
        renew(w, r, x);
    } else if (w->fired) {
        w->fired = w->s >= 0.2 * r->h;
    } else if (w->s > r->h) {
        w->fired = true;
        w->renewing = r->renew > 0;
        w->renew_n = 0;
    } else if (w->s <= r->h / 2) {
        double clipped = fmin(fmax(d, -r->clip * sd), r->clip * sd);
        w->n = w->n < r->memory ? w->n + 1 : r->memory;
        w->mean += clipped / w->n;
        w->scale += (fmin(fabs(d), 4 * w->scale) - w->scale) / w->n;
    }
}

void kind_view_clear(struct leak_view *v)
{
    v->state = LEAK_LEARNING;
    v->class_ = LEAK_NO_CLASS;
    v->firing = v->preliminary = v->bias = v->pump_worn = false;
    v->detector = "";
    v->fired_ms = 0;
    v->learning_left_h = 0;
    v->rate = v->onset_ms = v->lost = kind_unknown();
    v->unaccounted_24h = KIND_NAN;
    v->score = v->limit = v->drift = v->sigma = v->baseline = v->baseline_sd = KIND_NAN;
    v->value = v->minutes = KIND_NAN;
    v->score_unit = "";
    v->text[0] = 0;
}
