/* SPDX-License-Identifier: Apache-2.0 */
#include "watch/freeboard.h"

#include <assert.h>
#include <stdio.h>

#include "watch/stage.h"

static const int64_t BLOCK = 10 * KIND_MINUTE;
static const double FAR_MINUTES = 30 * 24 * 60; /* nobody plans further by a straight line */

static void forget(struct freeboard *f)
{
    for (uint32_t i = 0; i < FREEBOARD_BLOCKS; i++)
        f->kept[i] = KIND_NAN;
    f->trend = (struct freeboard_trend){KIND_NAN, KIND_NAN};
    f->n = 0;
    f->sum = 0;
}

static void init(void *state, const struct leak_context *c, int64_t now_ms)
{
    struct freeboard *f = state;
    (void)c;
    *f = (struct freeboard){.now_ms = now_ms};
    forget(f);
}

static double amount(const struct leak_rule *r, double level)
{
    bool doubt;
    return r->stage ? stage_volume(r->stage, r->stage_count, level, &doubt) : level;
}

static bool trend_over(const struct freeboard *f, uint32_t blocks, struct freeboard_trend *out)
{
    struct kind_line line = {0};
    for (uint32_t back = blocks; back-- > 0;) {
        double x = f->kept[(f->block - 1 - back + 2 * FREEBOARD_BLOCKS) % FREEBOARD_BLOCKS];
        if (!isnan(x))
            kind_line_add(&line, -(double)back / 6, x);
    }
    return line.n >= blocks / 2 && line.n >= 6 && kind_line_fit(&line, 0, &out->rate, &out->se);
}

/* Half a day, for it is steady; but when the last two hours clearly tell something else (a storm, a
 * pump that stopped), they are right. */
static void judge_trend(struct freeboard *f)
{
    struct freeboard_trend far_, near_;
    f->trend = (struct freeboard_trend){KIND_NAN, KIND_NAN};
    bool has_near = trend_over(f, FREEBOARD_SHORT, &near_);
    bool has_far = trend_over(f, FREEBOARD_BLOCKS, &far_);
    if (has_far)
        f->trend = far_;
    if (has_near && (!has_far || fabs(near_.rate - far_.rate) > 3 * hypot(near_.se, far_.se)))
        f->trend = near_;
}

static void advance(struct freeboard *f, const struct leak_context *c, int64_t now_ms)
{
    if (!f->begun || now_ms < f->now_ms)
        return;
    f->now_ms = now_ms;
    int64_t block = now_ms / BLOCK;
    if (block == f->block)
        return;
    double x = f->n > 0 ? amount(c->rule, f->sum / f->n) : KIND_NAN;
    if (block - f->block > FREEBOARD_BLOCKS) {
        forget(f);
        f->block = block;
        return;
    }
    while (f->block < block) {
        f->kept[f->block++ % FREEBOARD_BLOCKS] = x;
        x = KIND_NAN;
    }
    f->n = 0;
    f->sum = 0;
    judge_trend(f);
}

static void judge(struct freeboard *f, const struct leak_rule *r)
{
    double left = r->crest - f->level;
    double deadband = kind_or(r->deadband, 0.05 * r->freeboard_min);
    kind_hold_feed(&f->hold, left < r->freeboard_min, left >= r->freeboard_min + deadband,
                   r->clear_hold_ms, f->now_ms);
}

static void sample(void *state, const struct leak_context *c, uint32_t input, double x,
                   int64_t t_ms)
{
    struct freeboard *f = state;
    assert(input < c->rule->input_count);
    if (c->rule->inputs[input].role != ROLE_LEVEL)
        return;
    if (!f->begun) {
        f->begun = true;
        f->block = t_ms / BLOCK;
    }
    advance(f, c, t_ms);
    f->level = x;
    f->known = true;
    f->sum += x;
    f->n++;
    judge(f, c->rule);
}

static void step(void *state, const struct leak_context *c, uint32_t input, int64_t t_ms)
{
    struct freeboard *f = state;
    (void)input;
    advance(f, c, t_ms);
    forget(f);
}

static void bad(void *state, const struct leak_context *c, uint32_t input, int64_t t_ms)
{
    struct freeboard *f = state;
    (void)input;
    advance(f, c, t_ms);
    f->known = false;
    f->n = 0;
    f->sum = 0;
}

static int64_t tick(void *state, const struct leak_context *c, int64_t now_ms)
{
    struct freeboard *f = state;
    advance(f, c, now_ms);
    if (f->known)
        judge(f, c->rule);
    return now_ms + KIND_MINUTE;
}

/* Minutes until the freeboard is down to its minimum; NaN: not in sight. */
static double minutes_left(const struct freeboard *f, const struct leak_rule *r)
{
    double limit = r->crest - r->freeboard_min;
    if (!f->known)
        return KIND_NAN;
    if (f->level >= limit)
        return 0;
    if (!(f->trend.rate - 1.2816 * f->trend.se > 0))
        return KIND_NAN;
    double minutes = (amount(r, limit) - amount(r, f->level)) / f->trend.rate * 60;
    /* A table that ends below the limit knows nothing of what lies between. */
    return minutes > 0 && minutes <= FAR_MINUTES ? minutes : KIND_NAN;
}

static void words(const struct freeboard *f, const struct leak_rule *r, struct leak_view *v)
{
    char trend[96] = "";
    if (!f->known) {
        snprintf(v->text, sizeof(v->text), "No reading of the level yet");
        return;
    }
    if (!isnan(f->trend.rate) && r->stage)
        snprintf(trend, sizeof(trend), "; it changes by %+.3g m3/h", f->trend.rate);
    else if (!isnan(f->trend.rate))
        snprintf(trend, sizeof(trend), "; the level changes by %+.3g mm/h", 1000 * f->trend.rate);
    double left = r->crest - f->level;
    if (left <= 0)
        snprintf(v->text, sizeof(v->text), "The water stands %.2f m above the crest%s", -left,
                 trend);
    else if (v->minutes > 0)
        snprintf(v->text, sizeof(v->text),
                 "%.2f m of freeboard, at least %.2f m are wanted%s: %.3g h until then", left,
                 r->freeboard_min, trend, v->minutes / 60);
    else
        snprintf(v->text, sizeof(v->text), "%.2f m of freeboard, at least %.2f m are wanted%s",
                 left, r->freeboard_min, trend);
}

static void view(const void *state, const struct leak_context *c, struct leak_view *v)
{
    const struct freeboard *f = state;
    const struct leak_rule *r = c->rule;
    kind_view_clear(v);
    v->state = f->hold.firing ? LEAK_SUSPECT : f->known ? LEAK_LIVE : LEAK_LEARNING;
    v->firing = f->hold.firing;
    v->fired_ms = v->firing ? f->hold.fired_ms : 0;
    v->limit = r->freeboard_min;
    v->score_unit = "m";
    double left = r->crest - f->level;
    if (f->known)
        v->value = v->score = left;
    if (v->firing) {
        v->detector = "freeboard";
        v->class_ = LEAK_MINOR;
        if (left < r->freeboard_min / 2)
            v->class_ = left <= 0 ? LEAK_RUPTURE : LEAK_MAJOR;
    }
    /* Rates are m3/h; a level's own change is told in the text. */
    if (!isnan(f->trend.rate) && r->stage)
        v->rate = kind_estimate(f->trend.rate, f->trend.se);
    v->minutes = minutes_left(f, r);
    words(f, r, v);
}

static void reset(void *state, const struct leak_context *c, int64_t now_ms)
{
    struct freeboard *f = state;
    advance(f, c, now_ms);
    f->hold = (struct kind_hold){0};
    if (f->known)
        judge(f, c->rule);
}

const struct leak_kind_ops leak_freeboard = {
    .name = "freeboard",
    .size = sizeof(struct freeboard),
    .version = 1,
    .init = init,
    .sample = sample,
    .step = step,
    .bad = bad,
    .tick = tick,
    .view = view,
    .reset = reset,
    .curve = NULL,
};
