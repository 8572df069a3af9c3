/* SPDX-License-Identifier: Apache-2.0 */
/* One value that leaves the place where it was while it was learned: a CUSUM to both sides, in
 * standard deviations. The learned place follows slowly while nothing is suspected. */
#include <stdio.h>
#include <string.h>

#include "watch/kind.h"

enum { KEPT = 512, LEARN_PRESET = 400, LEARN_LEAST = 30 };

static const double k_preset = 1, h_preset = 20;
/* No reading counts for more than this, so that it takes several to alarm: a lone spike isn't a
 * shift. */
static const double clip_sd = 5;
/* A sum that grew for hours would take hours to fall: it needs no more than to stay above its
 * limit. */
static const double most_of_h = 1.5, end_of_h = 0.5, calm_of_h = 0.25;
static const double outlier_sd = 4;
static const double sd_least_share =
    0.001; /* of the mean: a value that stood still while it was learned */
static const double follow_slower = 50; /* than it was learned */

struct shift {
    double kept[KEPT]; /* every stride-th reading while it learns */
    double value, mean, sd;
    double up, down; /* the two sums, in sd */
    double excess, excess2; /* of value - mean since the leading sum left zero */
    int64_t onset_ms, last_ms, fired_ms;
    uint32_t seen, kept_count, stride, run;
    bool learned, known, firing, rises;
};

static uint32_t learn_of(const struct leak_context *c)
{
    if (c->rule->learn_ms <= 0)
        return LEARN_PRESET;
    int64_t n = c->rule->learn_ms / c->step_ms;
    return n < LEARN_LEAST ? LEARN_LEAST : n > UINT32_MAX / 2 ? UINT32_MAX / 2 : (uint32_t)n;
}

static void begin(struct shift *s)
{
    s->seen = s->kept_count = 0;
    s->stride = 1;
    s->learned = false;
}

static void clear(struct shift *s)
{
    s->up = s->down = s->excess = s->excess2 = 0;
    s->run = 0;
    s->firing = false;
}

static void init(void *state, const struct leak_context *c, int64_t now_ms)
{
    struct shift *s = state;
    (void)c, (void)now_ms;
    memset(s, 0, sizeof *s);
    s->value = s->mean = s->sd = KIND_NAN;
    begin(s);
}

/* Mean and scatter of what was kept, with outliers drawn in: readings of a coarse instrument may
 * agree for more than half of the time, so the median deviation alone would call their scatter
 * nothing. */
static void conclude(struct shift *s)
{
    double sorted[KEPT], away[KEPT], mean = 0, square = 0;
    uint32_t n = s->kept_count;
    memcpy(sorted, s->kept, n * sizeof *sorted);
    double middle = kind_median(sorted, n);
    for (uint32_t i = 0; i < n; i++)
        away[i] = fabs(s->kept[i] - middle);
    double near = 1.4826 * kind_median(away, n);
    double wide = (sorted[(n - 1) * 19 / 20] - sorted[(n - 1) / 20]) / (2 * 1.645);
    double most = outlier_sd * fmax(near, wide);
    for (uint32_t i = 0; i < n; i++)
        mean += fmin(fmax(s->kept[i], middle - most), middle + most) / n;
    for (uint32_t i = 0; i < n; i++) {
        double d = fmin(fmax(s->kept[i], middle - most), middle + most) - mean;
        square += d * d / n;
    }
    s->mean = mean;
    s->sd = fmax(sqrt(square), fmax(sd_least_share * fabs(mean), 1e-12));
    s->learned = true;
}

/* So many readings as there is room for, spread over the whole time. */
static void learn(struct shift *s, const struct leak_context *c, double x)
{
    if (s->seen++ % s->stride == 0) {
        if (s->kept_count == KEPT) {
            for (uint32_t i = 0; i < KEPT / 2; i++)
                s->kept[i] = s->kept[2 * i];
            s->kept_count = KEPT / 2;
            s->stride *= 2;
        }
        s->kept[s->kept_count++] = x;
    }
    if (s->seen >= learn_of(c))
        conclude(s);
}

/* The two directions have one account: of the side that leads. */
static void account(struct shift *s, double d, bool rises)
{
    if (s->run == 0 || s->rises != rises) {
        s->onset_ms = s->last_ms;
        s->excess = s->excess2 = 0;
        s->run = 0;
    }
    s->rises = rises;
    s->excess += d;
    s->excess2 += d * d;
    s->run++;
}

static void judge(struct shift *s, const struct leak_context *c, double x, int64_t t_ms)
{
    const struct leak_rule *r = c->rule;
    double k = kind_or(r->k, k_preset), h = kind_or(r->h, h_preset);
    double z = fmin(fmax((x - s->mean) / s->sd, -clip_sd), clip_sd);
    bool both = !r->rising && !r->falling;
    s->up = r->rising || both ? fmin(fmax(s->up + z - k, 0), most_of_h * h) : 0;
    s->down = r->falling || both ? fmin(fmax(s->down - z - k, 0), most_of_h * h) : 0;
    double sum = fmax(s->up, s->down);
    if (sum > 0)
        account(s, x - s->mean, s->up >= s->down);
    else
        s->run = 0;
    if (!s->firing && sum > h)
        s->fired_ms = t_ms;
    s->firing = s->firing ? sum > end_of_h * h : sum > h;
    if (sum < calm_of_h * h && !c->stands)
        s->mean += z * s->sd / (follow_slower * learn_of(c));
}

static void sample(void *state, const struct leak_context *c, uint32_t input, double x,
                   int64_t t_ms)
{
    struct shift *s = state;
    (void)input;
    if (!s->learned)
        learn(s, c, x);
    else
        judge(s, c, x, t_ms);
    s->value = x;
    s->known = true;
    s->last_ms = t_ms;
}

static void step(void *state, const struct leak_context *c, uint32_t input, int64_t t_ms)
{
    struct shift *s = state;
    (void)c, (void)input, (void)t_ms;
    clear(s);
    begin(s);
}

/* The sums wait: silence is no evidence for either side. */
static void bad(void *state, const struct leak_context *c, uint32_t input, int64_t t_ms)
{
    (void)state, (void)c, (void)input, (void)t_ms;
}

static int64_t tick(void *state, const struct leak_context *c, int64_t now_ms)
{
    (void)state, (void)c, (void)now_ms;
    return INT64_MAX;
}

static void view(const void *state, const struct leak_context *c, struct leak_view *out)
{
    const struct shift *s = state;
    out->value = s->value;
    if (!s->learned) {
        uint32_t left = learn_of(c) - s->seen;
        out->state = LEAK_LEARNING;
        out->learning_left_h = (double)left * (double)c->step_ms / (double)KIND_HOUR;
        return;
    }
    out->state = s->firing ? LEAK_SUSPECT : LEAK_LIVE;
    out->score = fmax(s->up, s->down);
    out->limit = kind_or(c->rule->h, h_preset);
    out->score_unit = "sd";
    out->sigma = 1;
    out->baseline = s->mean;
    out->baseline_sd = s->sd;
    if (!s->firing)
        return;
    out->firing = true;
    out->class_ = LEAK_MINOR;
    out->detector = s->rises ? "rise" : "fall";
    out->fired_ms = s->fired_ms;
    out->preliminary = s->run < 10;
    double n = s->run ? s->run : 1, by = s->excess / n;
    double scatter = sqrt(fmax(s->excess2 / n - by * by, 0));
    out->rate = kind_estimate(by, fmax(scatter, s->sd) / sqrt(n));
    out->onset_ms = kind_estimate((double)s->onset_ms, (double)c->step_ms * 10);
    snprintf(out->text, sizeof out->text,
             "stands %.4g %s where it was learned to be (%.6g, scatter %.3g)", fabs(by),
             by > 0 ? "above" : "below", s->mean, s->sd);
}

static void reset(void *state, const struct leak_context *c, int64_t now_ms)
{
    (void)c, (void)now_ms;
    clear(state);
}

/* The value has no nominal flow: shares are of its own mean. */
static uint32_t curve(const void *state, const struct leak_context *c, struct leak_sense *out)
{
    static const double shares[] = {0.01, 0.02, 0.05, 0.10, 0.25};
    const struct shift *s = state;
    if (!s->learned)
        return 0;
    double k = kind_or(c->rule->k, k_preset), h = kind_or(c->rule->h, h_preset);
    for (uint32_t i = 0; i < sizeof shares / sizeof *shares; i++) {
        double flow = shares[i] * fabs(s->mean), z = fmin(flow / s->sd, clip_sd);
        out[i] = (struct leak_sense){.share = shares[i], .flow = flow, .by = "cusum"};
        out[i].hours = z > k ? h / (z - k) * (double)c->step_ms / (double)KIND_HOUR : HUGE_VAL;
    }
    return sizeof shares / sizeof *shares;
}

const struct leak_kind_ops leak_shift = {
    .name = "shift",
    .size = sizeof(struct shift),
    .version = 1,
    .init = init,
    .sample = sample,
    .step = step,
    .bad = bad,
    .tick = tick,
    .view = view,
    .reset = reset,
    .curve = curve,
};
