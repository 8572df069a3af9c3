/* SPDX-License-Identifier: Apache-2.0 */
#include "watch/idle.h"

#include <assert.h>
#include <stdio.h>

#include "watch/stage.h"

static const int64_t SETTLING = 10 * KIND_MINUTE;
static const double SD = 4; /* so far beyond its error a flow has to be */
static const double CREEP =
    0.00025; /* m/h that a level may creep without a leak: 0.05 m3/h of 201 m2 */
static const double RESOLUTION = 0.0003; /* m, of a minute's mean */
enum { WINDOW = 30, LONGEST = 120 }; /* minutes */

static double smallest(const struct leak_rule *r)
{
    return kind_or(r->k, 0.2);
}

static void forget(struct idle *d)
{
    d->line = (struct kind_line){0};
    d->open = (struct idle_test){0};
    d->judged_n = 0;
    d->n = 0;
    d->sum = 0;
}

static void init(void *state, const struct leak_context *c, int64_t now_ms)
{
    (void)c;
    struct idle *d = state;
    *d = (struct idle){
        .now_ms = now_ms, .began_ms = now_ms, .flow = kind_unknown(), .score = KIND_NAN};
}

/* ---- one test ----------------------------------------------------------------------------------
 */

static bool leaks(const struct leak_rule *r, double flow, double variance)
{
    return flow > smallest(r) && flow > SD * sqrt(variance);
}

static void believe(struct idle *d, double flow, double variance)
{
    d->flow = kind_estimate(flow, sqrt(variance));
    d->score = flow / sqrt(variance);
}

/* The newest tests together, with the one that goes on. */
static void pool(const struct idle *d, double *flow, double *variance)
{
    double weight = 0, sum = 0;
    uint32_t n = d->test_n;
    bool open = d->open.variance > 0;
    for (uint32_t i = 0; i < n; i++) {
        if (open && n == IDLE_POOL && i == d->test_at)
            continue;
        weight += 1 / d->tests[i].variance;
        sum += d->tests[i].flow / d->tests[i].variance;
    }
    if (open) {
        weight += 1 / d->open.variance;
        sum += d->open.flow / d->open.variance;
    }
    *flow = weight > 0 ? sum / weight : 0;
    *variance = weight > 0 ? 1 / weight : 1;
}

static void decide(struct idle *d, const struct leak_context *c)
{
    double flow, variance;
    d->tested_ms = d->now_ms;
    pool(d, &flow, &variance);
    bool alone = leaks(c->rule, d->open.flow, d->open.variance);
    bool together = d->test_n >= 2 && leaks(c->rule, flow, variance);
    bool was = d->on;
    d->on = alone || together;
    if (!was)
        d->pooled = !alone && together;
    if (d->on && !was)
        d->fault_ms = d->open.from_ms;
    if (alone || !together)
        believe(d, d->open.flow, d->open.variance);
    else
        believe(d, flow, variance);
    if (!d->on && d->open.flow < smallest(c->rule) / 2) {
        d->sound_ms = d->now_ms;
        d->sound_known = true;
    }
}

static void test(struct idle *d, const struct leak_context *c)
{
    double slope, se;
    if (!kind_line_fit(&d->line, RESOLUTION, &slope, &se))
        return;
    double area = stage_area(c->rule->stage, c->rule->stage_count, d->level);
    double creep = area * CREEP;
    d->open.flow = -area * slope;
    d->open.variance = area * area * se * se + creep * creep;
    d->open.from_ms = d->window_ms;
    d->open.end_ms = d->now_ms;
    d->judged_n = d->line.n;
    decide(d, c);
}

static void keep(struct idle *d)
{
    if (d->open.variance > 0) {
        d->tests[d->test_at] = d->open;
        d->test_at = (d->test_at + 1) % IDLE_POOL;
        if (d->test_n < IDLE_POOL)
            d->test_n++;
    }
    forget(d);
}

/* ---- time --------------------------------------------------------------------------------------
 */

static void close_minute(struct idle *d, const struct leak_context *c)
{
    if (d->n == 0)
        return;
    if (d->line.n == 0)
        d->window_ms = d->minute * KIND_MINUTE;
    kind_line_add(&d->line, (double)(d->minute * KIND_MINUTE - d->window_ms) / KIND_HOUR,
                  d->sum / d->n);
    d->n = 0;
    d->sum = 0;
    int64_t length = ((d->minute + 1) * KIND_MINUTE - d->window_ms) / KIND_MINUTE;
    /* Looked at every half hour: each look is a chance of being wrong. */
    if (length % WINDOW == 0 && d->line.n > d->judged_n)
        test(d, c);
    if (length >= LONGEST)
        keep(d);
}

static void advance(struct idle *d, const struct leak_context *c, int64_t now_ms)
{
    if (now_ms < d->now_ms)
        return;
    d->now_ms = now_ms;
    if (now_ms / KIND_MINUTE != d->minute)
        close_minute(d, c);
    d->minute = now_ms / KIND_MINUTE;
    if (d->begun && d->level_known) {
        int64_t hold = c->rule->clear_hold_ms > 0 ? c->rule->clear_hold_ms : 6 * KIND_HOUR;
        /* Without a quiet half hour nothing was shown to be tight. */
        bool over = !d->on && d->sound_known && d->hold.firing && d->sound_ms > d->hold.fired_ms;
        kind_hold_feed(&d->hold, d->on, over, hold, now_ms);
    }
}

static void look_round(struct idle *d, const struct leak_context *c, int64_t t_ms)
{
    bool quiet = true;
    for (uint32_t i = 0; i < c->rule->input_count; i++) {
        uint8_t role = c->rule->inputs[i].role;
        if (role == ROLE_INLET || role == ROLE_OUTLET)
            quiet = quiet && d->known[i] && !d->flows[i];
    }
    if (quiet == d->quiet)
        return;
    /* The minute in which something began to flow isn't quiet. */
    d->n = 0;
    d->sum = 0;
    if (!quiet)
        keep(d);
    d->quiet = quiet;
    d->quiet_ms = t_ms;
}

static void sample(void *state, const struct leak_context *c, uint32_t input, double x,
                   int64_t t_ms)
{
    struct idle *d = state;
    assert(input < c->rule->input_count);
    if (c->rule->input_count > KIND_INPUT_MAX || !c->rule->stage)
        return;
    if (!d->begun) {
        d->begun = true;
        d->began_ms = t_ms;
        look_round(d, c, t_ms);
    }
    advance(d, c, t_ms);
    uint8_t role = c->rule->inputs[input].role;
    if (role == ROLE_INLET || role == ROLE_OUTLET) {
        d->known[input] = true;
        d->flows[input] = x > 0.5;
        look_round(d, c, t_ms);
    } else if (role == ROLE_LEVEL) {
        d->level = x;
        d->level_known = true;
        if (d->quiet && t_ms - d->quiet_ms >= SETTLING) {
            d->sum += x;
            d->n++;
        }
    }
}

static void step(void *state, const struct leak_context *c, uint32_t input, int64_t t_ms)
{
    struct idle *d = state;
    advance(d, c, t_ms);
    if (input < c->rule->input_count && c->rule->inputs[input].role == ROLE_LEVEL)
        forget(d);
}

static void bad(void *state, const struct leak_context *c, uint32_t input, int64_t t_ms)
{
    struct idle *d = state;
    if (c->rule->input_count > KIND_INPUT_MAX || input >= c->rule->input_count)
        return;
    advance(d, c, t_ms);
    uint8_t role = c->rule->inputs[input].role;
    forget(d);
    if (role == ROLE_LEVEL)
        d->level_known = false;
    if (role == ROLE_INLET || role == ROLE_OUTLET) {
        d->known[input] = false;
        look_round(d, c, t_ms);
    }
}

static int64_t tick(void *state, const struct leak_context *c, int64_t now_ms)
{
    advance(state, c, now_ms);
    return (now_ms / KIND_MINUTE + 1) * KIND_MINUTE;
}

static void words(const struct idle *d, const struct leak_rule *r, struct leak_view *v)
{
    size_t room = sizeof(v->text);
    if (d->hold.firing)
        snprintf(v->text, room,
                 "The tank loses %.3g m3/h (%.3g to %.3g) while nothing may flow, more than %.3g "
                 "m3/h, %s",
                 d->flow.value, d->flow.low, d->flow.high, smallest(r),
                 d->pooled ? "by several quiet times together" : "in one quiet time");
    else if (isnan(d->flow.value))
        snprintf(v->text, room, "No quiet half hour yet");
    else
        snprintf(v->text, room, "The tank holds: %+.2g m3/h (%.2g to %.2g) in the last quiet time",
                 -d->flow.value, -d->flow.high, -d->flow.low);
}

static void view(const void *state, const struct leak_context *c, struct leak_view *v)
{
    const struct idle *d = state;
    kind_view_clear(v);
    int64_t since = isnan(d->flow.value) ? d->began_ms : d->tested_ms;
    if (c->rule->input_count > KIND_INPUT_MAX || !c->rule->stage) {
        v->state = LEAK_BLIND;
        snprintf(v->why, sizeof(v->why), "its inputs can't be used");
        return;
    }
    v->state = LEAK_LIVE;
    if (isnan(d->flow.value))
        v->state = LEAK_LEARNING;
    if (d->now_ms - since > IDLE_DAYS_BLIND * KIND_DAY) {
        v->state = LEAK_BLIND;
        snprintf(v->why, sizeof(v->why), "no quiet half hour for %d days", IDLE_DAYS_BLIND);
    }
    v->firing = d->hold.firing;
    v->fired_ms = v->firing ? d->hold.fired_ms : 0;
    v->value = d->flow.value;
    v->rate = d->flow;
    v->score = d->flow.value;
    v->limit = smallest(c->rule);
    v->score_unit = "m3/h";
    v->sigma = (d->flow.high - d->flow.value) / 1.2816;
    if (v->firing) {
        v->state = v->state == LEAK_BLIND ? v->state : LEAK_SUSPECT;
        v->detector = d->pooled ? "idle, pooled" : "idle";
        v->class_ = d->flow.value > 10 * smallest(c->rule) ? LEAK_MAJOR : LEAK_MINOR;
        double low =
            (double)(d->sound_known && d->sound_ms < d->fault_ms ? d->sound_ms : d->began_ms);
        double high = (double)d->fault_ms, middle = (low + high) / 2;
        v->onset_ms = (struct estimate){middle, low, high};
        double hours = ((double)d->now_ms - middle) / KIND_HOUR;
        v->lost = (struct estimate){d->flow.value * hours,
                                    fmax(d->flow.low, 0) * ((double)d->now_ms - high) / KIND_HOUR,
                                    d->flow.high * ((double)d->now_ms - low) / KIND_HOUR};
    }
    words(d, c->rule, v);
}

static void reset(void *state, const struct leak_context *c, int64_t now_ms)
{
    struct idle *d = state;
    advance(d, c, now_ms);
    forget(d);
    d->test_n = d->test_at = 0;
    d->on = d->pooled = false;
    d->hold = (struct kind_hold){0};
}

/* In one window, from the error of the newest; the next quiet night is what it waits for. */
static uint32_t curve(const void *state, const struct leak_context *c, struct leak_sense *out)
{
    const struct idle *d = state;
    if (isnan(d->flow.value) || !(c->rule->nominal > 0))
        return 0;
    static const double shares[] = {0.01, 0.02, 0.05, 0.1};
    double sd = (d->flow.high - d->flow.value) / 1.2816;
    for (uint32_t i = 0; i < 4; i++) {
        double flow = shares[i] * c->rule->nominal;
        bool seen = flow > smallest(c->rule) && flow > SD * sd;
        out[i] =
            (struct leak_sense){shares[i], flow, seen ? 24 : (double)INFINITY, seen ? "idle" : ""};
    }
    return 4;
}

const struct leak_kind_ops leak_idle = {
    .name = "idle",
    .size = sizeof(struct idle),
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
