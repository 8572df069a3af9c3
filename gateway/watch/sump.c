/* SPDX-License-Identifier: Apache-2.0 */
#include "watch/sump.h"

#include <assert.h>

enum { FILLS_LEARNED = 10, RUNS_LEARNED = 10 };
static const int64_t LEARN = KIND_DAY;

static void init(void *state, const struct leak_context *c, int64_t now_ms)
{
    struct sump *s = state;
    *s = (struct sump){.now_ms = now_ms, .inflow = KIND_NAN, .last_inflow = KIND_NAN};
    s->base = s->spread = s->usual_run = KIND_NAN;
    for (uint32_t i = 0; i < c->rule->input_count; i++)
        s->count_pumps += c->rule->inputs[i].role == ROLE_PUMP;
    sump_forget(s);
}

static int64_t learn_ms(const struct leak_rule *r)
{
    return r->learn_ms > 0 ? r->learn_ms : LEARN;
}

bool sump_learned(const struct sump *s, const struct leak_rule *r)
{
    return s->fills.n >= FILLS_LEARNED && s->now_ms - s->began_ms >= learn_ms(r);
}

bool sump_learns(const struct sump *s, const struct leak_context *c)
{
    return !c->stands && !s->hold.firing;
}

/* ---- duty --------------------------------------------------------------------------------------
 */

double sump_duty(const struct sump *s)
{
    return (double)s->duty_ms / KIND_HOUR;
}

/* Whole hours of the clock, of which there is one or two less than of hours that have passed. */
static bool duty_learned(const struct sump *s, const struct leak_rule *r)
{
    return (s->duty_hours + 2) * KIND_HOUR >= (learn_ms(r) < LEARN ? learn_ms(r) : LEARN);
}

/* Half an hour in an hour, but a sump that is busy every day isn't flooded by that. */
double sump_duty_limit(const struct sump *s)
{
    return fmin(fmax(0.5, 1.5 * s->usual_duty + 0.1), 0.97);
}

static void next_minute(struct sump *s, const struct leak_context *c)
{
    s->minute++;
    int64_t *run = &s->run_ms[s->minute % SUMP_MINUTES];
    s->duty_ms -= *run;
    *run = 0;
    if (s->minutes_known < SUMP_MINUTES)
        s->minutes_known++;
    if (s->minute % SUMP_MINUTES == 0 && s->minutes_known == SUMP_MINUTES && sump_learns(s, c)) {
        s->duty_hours += s->duty_hours < 72;
        s->usual_duty += (sump_duty(s) - s->usual_duty) / s->duty_hours;
    }
}

/* Pumps that nobody heard for longer than a usual run may have stood and started again: no more
 * than that is believed of the time between. */
static int64_t believed_until(const struct sump *s, int64_t t_ms)
{
    int64_t heard = s->heard_ms > s->run_from_ms ? s->heard_ms : s->run_from_ms;
    if (isnan(s->usual_run))
        return t_ms;
    int64_t until = heard + (int64_t)(s->usual_run * 1000);
    return t_ms < until ? t_ms : until;
}

int64_t sump_run_ms(const struct sump *s)
{
    return believed_until(s, s->now_ms) - s->run_from_ms;
}

/* Time passed with the pumps as they are. Minutes of which nothing is known count as standing. */
static void advance(struct sump *s, const struct leak_context *c, int64_t now_ms)
{
    if (!s->begun || now_ms <= s->now_ms)
        return;
    if (now_ms - s->now_ms > 2 * KIND_HOUR) {
        for (uint32_t i = 0; i < SUMP_MINUTES; i++)
            s->run_ms[i] = 0;
        s->duty_ms = 0;
        s->minutes_known = 0;
        s->now_ms = now_ms;
        s->minute = now_ms / KIND_MINUTE;
        return;
    }
    while (s->now_ms < now_ms) {
        int64_t end = (s->minute + 1) * KIND_MINUTE;
        int64_t until = end < now_ms ? end : now_ms, ran = believed_until(s, until) - s->now_ms;
        if (s->count_on > 0 && s->all_known && ran > 0) {
            s->run_ms[s->minute % SUMP_MINUTES] += ran;
            s->duty_ms += ran;
        }
        s->now_ms = until;
        if (until == end)
            next_minute(s, c);
    }
}

/* ---- what it amounts to ------------------------------------------------------------------------
 */

static void judge(struct sump *s, const struct leak_context *c)
{
    struct sump_limits l = sump_limits(s, c->rule);
    double duty = sump_duty(s), duty_limit = sump_duty_limit(s);
    bool learned = sump_learned(s, c->rule), over[SUMP_CAUSES];
    double run_s = (double)sump_run_ms(s) / 1000;
    bool long_run = s->count_on > 0 && s->whole_run && s->runs.n >= RUNS_LEARNED && run_s > 120 &&
                    run_s > 3 * s->usual_run;
    s->on[SUMP_INFLOW] = learned && s->open_s > l.h;
    s->on[SUMP_DUTY] = learned && duty_learned(s, c->rule) && duty > duty_limit;
    s->on[SUMP_RUN] = long_run;
    s->on[SUMP_FLOAT] = s->float_on;
    over[SUMP_INFLOW] = s->open_s < 0.2 * l.h;
    over[SUMP_DUTY] = duty < 0.8 * duty_limit;
    over[SUMP_RUN] = !long_run;
    over[SUMP_RISE] = !s->on[SUMP_RISE];
    over[SUMP_FLOAT] = !s->float_on;
    bool any = false, all_over = true, was = s->hold.firing;
    uint8_t by = SUMP_INFLOW;
    for (uint8_t i = 0; i < SUMP_CAUSES; i++) {
        /* Of slow causes the first, which tells most; of floods the last, which is the surest. */
        if (s->on[i] && (!any || i >= SUMP_RISE))
            by = i;
        any = any || s->on[i];
        all_over = all_over && over[i];
    }
    int64_t hold = c->rule->clear_hold_ms > 0 ? c->rule->clear_hold_ms : 10 * KIND_MINUTE;
    kind_hold_feed(&s->hold, any, all_over, hold, s->now_ms);
    if (s->hold.firing && any && (!was || by >= SUMP_RISE))
        s->by = by;
}

/* ---- the table ---------------------------------------------------------------------------------
 */

static void count_pumps(struct sump *s, const struct leak_context *c)
{
    s->count_on = 0;
    s->all_known = true;
    for (uint32_t i = 0; i < c->rule->input_count; i++) {
        if (c->rule->inputs[i].role != ROLE_PUMP)
            continue;
        s->all_known = s->all_known && s->known[i];
        s->count_on += s->known[i] && s->running[i];
    }
}

static uint32_t pump_number(const struct leak_rule *r, uint32_t input)
{
    uint32_t number = 0;
    for (uint32_t i = 0; i < input; i++)
        number += r->inputs[i].role == ROLE_PUMP;
    return number;
}

static void pump(struct sump *s, const struct leak_context *c, uint32_t input, bool running,
                 int64_t t_ms)
{
    if (running || s->running[input]) {
        s->run_from_ms += t_ms - believed_until(s, t_ms);
        s->heard_ms = t_ms;
    }
    if (s->known[input] && s->running[input] == running)
        return;
    bool was_known = s->all_known;
    uint32_t before = s->count_on;
    s->known[input] = true;
    s->running[input] = running;
    count_pumps(s, c);
    s->settled_ms = t_ms;
    s->rise = (struct kind_line){0};
    s->on[SUMP_RISE] = false;
    if (s->count_on <= before)
        s->fast = 0; /* another one that starts is no sign of calm */
    if (!was_known) {
        sump_forget(s);
        s->whole_run = false;
        s->last_run_ms = 0;
        return;
    }
    if (before == 0) {
        sump_fill_end(s, c, t_ms);
        s->run_from_ms = t_ms;
        s->whole_run = true;
        s->drawn_by = pump_number(c->rule, input);
    } else if (s->count_on == 0) {
        sump_run_end(s, c, t_ms);
    } else {
        /* A second pump helps: what is drawn now is nobody's measure. */
        s->drawn_by = SUMP_PUMPS;
    }
}

static void sample(void *state, const struct leak_context *c, uint32_t input, double x,
                   int64_t t_ms)
{
    struct sump *s = state;
    assert(input < c->rule->input_count);
    if (c->rule->input_count > KIND_INPUT_MAX)
        return;
    if (!s->begun) {
        s->begun = true;
        s->began_ms = s->now_ms = t_ms;
        s->minute = t_ms / KIND_MINUTE;
    }
    advance(s, c, t_ms);
    uint8_t role = c->rule->inputs[input].role;
    if (role == ROLE_PUMP)
        pump(s, c, input, x > 0.5, t_ms);
    else if (role == ROLE_FLOAT)
        s->float_on = x > 0.5;
    else if (role == ROLE_LEVEL)
        sump_level(s, c, x, t_ms);
    judge(s, c);
}

static void step(void *state, const struct leak_context *c, uint32_t input, int64_t t_ms)
{
    struct sump *s = state;
    advance(s, c, t_ms);
    if (input < c->rule->input_count && c->rule->inputs[input].role == ROLE_LEVEL)
        sump_forget(s);
}

static void bad(void *state, const struct leak_context *c, uint32_t input, int64_t t_ms)
{
    struct sump *s = state;
    if (c->rule->input_count > KIND_INPUT_MAX || input >= c->rule->input_count)
        return;
    advance(s, c, t_ms);
    uint8_t role = c->rule->inputs[input].role;
    if (role == ROLE_PUMP) {
        s->known[input] = s->whole_run = false;
        s->last_run_ms = 0;
        count_pumps(s, c);
    }
    if (role == ROLE_PUMP || role == ROLE_LEVEL)
        sump_forget(s);
}

static int64_t tick(void *state, const struct leak_context *c, int64_t now_ms)
{
    struct sump *s = state;
    if (s->begun) {
        advance(s, c, now_ms);
        if (s->all_known)
            judge(s, c);
    }
    return (now_ms / KIND_MINUTE + 1) * KIND_MINUTE;
}

static void reset(void *state, const struct leak_context *c, int64_t now_ms)
{
    struct sump *s = state;
    advance(s, c, now_ms);
    s->s = s->open_s = s->excess = 0;
    s->hold = (struct kind_hold){0};
    s->by = SUMP_INFLOW;
    s->on[SUMP_RISE] = false;
    /* The hour that is over has been seen by a person. */
    for (uint32_t i = 0; i < SUMP_MINUTES; i++)
        s->run_ms[i] = 0;
    s->duty_ms = 0;
    s->run_from_ms = now_ms;
    sump_forget(s);
}

const struct leak_kind_ops leak_sump = {
    .name = "sump",
    .size = sizeof(struct sump),
    .version = 1,
    .init = init,
    .sample = sample,
    .step = step,
    .bad = bad,
    .tick = tick,
    .view = sump_view,
    .say = sump_say,
    .reset = reset,
    .curve = sump_curve,
};
