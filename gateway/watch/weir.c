/* SPDX-License-Identifier: Apache-2.0 */
#include "watch/weir.h"

#include <assert.h>
#include <stdio.h>

static const int64_t PERIOD = 6 * KIND_HOUR;
static const double SMOOTH_MS = 60000;
static const double HEAD_MIN = 0.06, V_HEAD_MAX = 0.38;

static const struct kind_slow_rule slow_rule = {
    .k = 0.75, .h = 6, .learn = 28, .memory = 56, .renew = 0, .clip = 4, .floor = 0.03};

static double coefficient(double degrees)
{
    if (degrees == 90)
        return 0.578;
    return 0.607165052 - 0.000874466963 * degrees + 6.10393334e-6 * degrees * degrees;
}

static double head_correction(double degrees) /* m */
{
    if (degrees == 90)
        return 0.00085;
    double feet = 0.0144902648 +
                  degrees * (-0.00033955535 + degrees * (3.29819003e-6 - degrees * 1.06215442e-8));
    return 0.3048 * feet;
}

double weir_flow(double head, double angle, double width)
{
    const double g = 9.80665, pi = 3.14159265358979323846;
    if (!(head > 0))
        return 0;
    if (isnan(width))
        return 3600 * 8 / 15.0 * coefficient(angle) * sqrt(2 * g) * tan(angle / 360 * pi) *
               pow(head + head_correction(angle), 2.5);
    /* Far beyond its range the contraction would eat the whole width. */
    return 3600 * 1.838 * fmax(width - 0.2 * head, 0.5 * width) * pow(head, 1.5);
}

bool weir_certain(double head, double width)
{
    return head >= HEAD_MIN && head <= (isnan(width) ? V_HEAD_MAX : width / 3);
}

static double angle_of(const struct leak_rule *r)
{
    return kind_or(r->angle, 90);
}

static void init(void *state, const struct leak_context *c, int64_t now_ms)
{
    (void)c;
    *(struct weir *)state = (struct weir){.now_ms = now_ms};
}

static void judge(struct weir *w, const struct leak_rule *r)
{
    bool on = w->slow.fired, over = !w->slow.fired;
    if (!isnan(r->high)) {
        double back = r->high - fmin(kind_or(r->deadband, 0.05 * r->high), r->high);
        on = w->known && w->flow > r->high;
        over = w->known && w->flow < back;
    }
    kind_hold_feed(&w->hold, on, over, r->clear_hold_ms, w->now_ms);
}

static void close_period(struct weir *w)
{
    if (w->n > 0)
        kind_slow_feed(&w->slow, &slow_rule, w->sum / w->n, 0, w->now_ms);
    w->n = 0;
    w->sum = 0;
}

static void advance(struct weir *w, int64_t now_ms)
{
    if (!w->begun || now_ms < w->now_ms)
        return;
    w->now_ms = now_ms;
    if (now_ms / PERIOD != w->period)
        close_period(w);
    w->period = now_ms / PERIOD;
}

static void sample(void *state, const struct leak_context *c, uint32_t input, double x,
                   int64_t t_ms)
{
    struct weir *w = state;
    assert(input < c->rule->input_count);
    if (c->rule->inputs[input].role != ROLE_HEAD)
        return;
    if (!w->begun) {
        w->begun = true;
        w->period = t_ms / PERIOD;
    }
    advance(w, t_ms);
    w->head = x - kind_or(c->rule->zero, 0);
    double flow = weir_flow(w->head, angle_of(c->rule), c->rule->crest_width);
    double share = w->known ? 1 - exp(-(double)(t_ms - w->last_ms) / SMOOTH_MS) : 1;
    w->flow += share * (flow - w->flow);
    w->known = true;
    w->last_ms = t_ms;
    w->sum += flow;
    w->n++;
    judge(w, c->rule);
}

static void bad(void *state, const struct leak_context *c, uint32_t input, int64_t t_ms)
{
    struct weir *w = state;
    (void)c;
    (void)input;
    advance(w, t_ms);
    w->known = false;
    w->n = 0;
    w->sum = 0;
}

/* A new zero or a cleaned notch: what it was before can't be compared. */
static void step(void *state, const struct leak_context *c, uint32_t input, int64_t t_ms)
{
    struct weir *w = state;
    bad(state, c, input, t_ms);
    if (kind_slow_learned(&w->slow, &slow_rule) && !w->slow.fired)
        kind_slow_renew(&w->slow);
}

static int64_t tick(void *state, const struct leak_context *c, int64_t now_ms)
{
    struct weir *w = state;
    advance(w, now_ms);
    if (w->known)
        judge(w, c->rule);
    return now_ms + KIND_MINUTE;
}

static void words(const struct weir *w, const struct leak_rule *r, struct leak_view *v)
{
    const char *doubt = w->known && !weir_certain(w->head, r->crest_width) && w->head > 0
                            ? " (uncertain: the head is out of the weir's range)"
                            : "";
    size_t room = sizeof(v->text);
    if (!w->known)
        snprintf(v->text, room, "No reading of the weir yet");
    else if (v->firing && !isnan(r->high))
        snprintf(v->text, room, "%.3g m3/h flow over the weir, more than %.3g m3/h%s", w->flow,
                 r->high, doubt);
    else if (v->firing)
        snprintf(v->text, room, "Seepage over the weir has risen to %.3g m3/h, usually %.3g m3/h%s",
                 w->flow, w->slow.mean, doubt);
    else
        snprintf(v->text, room, "%.3g m3/h flow over the weir at a head of %.0f mm%s", w->flow,
                 1000 * w->head, doubt);
}

static void view(const void *state, const struct leak_context *c, struct leak_view *v)
{
    const struct weir *w = state;
    const struct leak_rule *r = c->rule;
    bool limited = !isnan(r->high), learned = kind_slow_learned(&w->slow, &slow_rule);
    kind_view_clear(v);
    v->firing = w->hold.firing;
    v->fired_ms = v->firing ? w->hold.fired_ms : 0;
    if (w->known)
        v->value = w->flow;
    v->preliminary = w->known && w->head > 0 && !weir_certain(w->head, r->crest_width);
    if (learned) {
        v->baseline = w->slow.mean;
        v->sigma = v->baseline_sd = kind_slow_sd(&w->slow, &slow_rule);
        v->sigma_unit = "m3/h";
    }
    v->score = limited ? v->value : w->slow.s;
    v->limit = limited ? r->high : slow_rule.h;
    v->score_unit = limited ? "m3/h" : "sd";
    if (!limited && !learned)
        v->learning_left_h = 6.0 * (slow_rule.learn - w->slow.n);
    v->state = v->learning_left_h > 0 ? LEAK_LEARNING : LEAK_LIVE;
    if (v->firing) {
        double usual = learned ? w->slow.mean : KIND_NAN;
        v->state = LEAK_SUSPECT;
        v->detector = limited ? "limit" : "shift";
        if (w->known && learned) {
            /* 3 % of the formula, and a millimetre of head. */
            double se = hypot(0.03 * w->flow, 2.5 * w->flow * 0.001 / fmax(w->head, 0.001));
            v->rate = kind_estimate(w->flow - usual, hypot(se, v->sigma));
        }
        double against = limited ? r->high : usual;
        v->class_ = w->flow > 3 * against ? LEAK_MAJOR : LEAK_MINOR;
        if (!limited)
            v->onset_ms =
                (struct estimate){(double)w->slow.onset_ms, (double)(w->slow.onset_ms - PERIOD),
                                  (double)(w->slow.onset_ms + PERIOD)};
    } else if (!limited && w->slow.s > 0.8 * slow_rule.h) {
        v->state = LEAK_SUSPECT;
    }
    words(w, r, v);
}

static void reset(void *state, const struct leak_context *c, int64_t now_ms)
{
    struct weir *w = state;
    (void)c;
    advance(w, now_ms);
    w->hold = (struct kind_hold){0};
    /* A person has looked: what flows now is mended, or is accepted. */
    if (w->slow.fired)
        kind_slow_renew(&w->slow);
}

const struct leak_kind_ops leak_weir = {
    .name = "weir",
    .size = sizeof(struct weir),
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
