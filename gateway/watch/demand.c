/* SPDX-License-Identifier: Apache-2.0 */
#include "watch/demand.h"

#include <assert.h>

#include "watch/stage.h"

static const int64_t QUARTER = 15 * KIND_MINUTE;
static const int64_t LEARN = 14 * KIND_DAY;
/* A fortnight's growth or season, as a share of the flow: nights and days may lag behind so much.
 */
static const double SEASON = 0.005;

const struct kind_slow_rule demand_night_rule = {
    .k = 0.5, .h = 4, .learn = 14, .memory = 14, .renew = 3, .clip = 3, .floor = 0.005};
const struct kind_slow_rule demand_day_rule = {
    .k = 0.5, .h = 8, .learn = 14, .memory = 28, .renew = 3, .clip = 4, .floor = 0.005};

bool demand_has_tank(const struct leak_rule *r)
{
    for (uint32_t i = 0; i < r->input_count; i++)
        if (r->inputs[i].role == ROLE_LEVEL)
            return r->stage != NULL;
    return false;
}

static int64_t floor_div(int64_t a, int64_t b)
{
    return a / b - (a % b < 0);
}

static double mean_of(const struct demand_mean *m)
{
    return m->sum / m->n;
}

static void init(void *state, const struct leak_context *c, int64_t now_ms)
{
    (void)c;
    struct demand *d = state;
    *d = (struct demand){.now_ms = now_ms};
    for (uint32_t i = 0; i < DEMAND_BINS; i++)
        d->hours.profile[i] = NAN;
    for (uint32_t i = 0; i < 24; i++)
        d->hours.recent[i] = KIND_NAN;
}

static int64_t learn_ms(const struct leak_rule *r)
{
    return r->learn_ms > 0 ? r->learn_ms : LEARN;
}

/* ---- one quarter ------------------------------------------------------------------------------
 */

/* What flowed, by the meters' means. An input that reports less often than four times an hour
 * stands for itself as long as it is fit. */
static bool metered(const struct demand *d, const struct leak_context *c, double *flow,
                    double *level)
{
    bool any = false;
    *flow = 0;
    *level = KIND_NAN;
    for (uint32_t i = 0; i < c->rule->input_count; i++) {
        uint8_t role = c->rule->inputs[i].role;
        if (role != ROLE_IN && role != ROLE_OUT && role != ROLE_VALUE && role != ROLE_LEVEL)
            continue;
        const struct demand_input *in = &d->in[i];
        if (in->n == 0 && (!in->known || !c->fine[i]))
            return false;
        double x = in->n > 0 ? in->sum / in->n : in->last;
        if (role == ROLE_LEVEL) {
            *level = x;
        } else {
            *flow += role == ROLE_OUT ? -x : x;
            any = true;
        }
    }
    return any;
}

/* Net flow of the quarter. A volume's change between two means belongs to the time between their
 * middles, so flows are taken over the same time. */
static bool net_flow(struct demand *d, const struct leak_context *c, double *net)
{
    double flow, level;
    bool good = metered(d, c, &flow, &level), doubt = false;
    if (!good) {
        d->flow_known = d->volume_known = false;
        return false;
    }
    *net = flow;
    if (demand_has_tank(c->rule)) {
        double volume = stage_volume(c->rule->stage, c->rule->stage_count, level, &doubt);
        good = d->flow_known && d->volume_known && !doubt;
        *net = (flow + d->flow) / 2 - (volume - d->volume) / ((double)QUARTER / KIND_HOUR);
        d->volume = volume;
        d->volume_known = !doubt;
    }
    d->flow = flow;
    d->flow_known = true;
    return good;
}

static void close_night(struct demand *d)
{
    if (d->night_of.n >= 4)
        kind_slow_feed(&d->night, &demand_night_rule, mean_of(&d->night_of), SEASON * d->usual,
                       d->now_ms);
    d->night_of.n = 0;
    d->night_of.sum = 0;
}

/* A Sunday isn't a Monday: each weekday is compared with what such a day takes more or less than
 * the mean day. */
static void close_day(struct demand *d)
{
    if (d->day_of.n >= 72) {
        uint32_t w = (uint32_t)((d->day_of.number + 3) % 7);
        double mean = mean_of(&d->day_of), over = mean - d->day.mean;
        if (d->day.n < demand_day_rule.learn)
            over = mean - d->usual;
        bool known = d->weekday_n[w] >= 1;
        double adjusted = mean - (known ? (double)d->weekday[w] : over);
        if (!known || d->day.s <= demand_day_rule.h / 2)
            d->weekday[w] += (float)((over - (double)d->weekday[w]) / (known ? 8 : 1));
        d->weekday_n[w] = 1;
        /* The first week only tells weekdays apart. */
        if (known)
            kind_slow_feed(&d->day, &demand_day_rule, adjusted, SEASON * d->usual, d->now_ms);
    }
    d->day_of.n = 0;
    d->day_of.sum = 0;
}

static void close_hour(struct demand *d, const struct leak_context *c)
{
    if (d->hour_of.n >= 2)
        demand_hours_feed(&d->hours, c->rule,
                          (struct demand_excess){mean_of(&d->hour_of), d->off_sum / d->hour_of.n},
                          d->usual, (d->hour_of.number + 1) * KIND_HOUR);
    d->hour_of.n = 0;
    d->hour_of.sum = d->off_sum = 0;
}

static void add(struct demand_mean *m, double x)
{
    m->sum += x;
    m->n++;
}

static void take(struct demand *d, const struct leak_context *c, double net, int64_t local_ms)
{
    enum { WEEK_OF_QUARTERS = 672 };
    d->value = net;
    d->value_known = true;
    if (d->usual_n < WEEK_OF_QUARTERS)
        d->usual_n++;
    d->usual += (net - d->usual) / d->usual_n;
    add(&d->day_of, net);
    int64_t of_day = local_ms - floor_div(local_ms, KIND_DAY) * KIND_DAY;
    if (of_day >= 2 * KIND_HOUR && of_day < 4 * KIND_HOUR)
        add(&d->night_of, net);
    /* 1970-01-01 was a Thursday. */
    int64_t of_week = floor_div(local_ms, QUARTER) + 3 * 96;
    struct demand_bin bin = {
        .flow = net,
        .of_week = (uint32_t)(of_week - floor_div(of_week, DEMAND_BINS) * DEMAND_BINS),
        .week = 1 + (d->quarter * QUARTER - d->began_ms) / (7 * KIND_DAY),
    };
    bool learning = (d->quarter + 1) * QUARTER - d->began_ms <= learn_ms(c->rule);
    struct demand_excess e = demand_hours_bin(&d->hours, &bin, learning);
    if (!isnan(e.own)) {
        add(&d->hour_of, e.own);
        d->off_sum += e.off;
    }
}

/* ---- what it amounts to -----------------------------------------------------------------------
 */

static void judge(struct demand *d, const struct leak_context *c)
{
    double h = demand_hours_limit(&d->hours, c->rule);
    bool tank = demand_has_tank(c->rule), was = d->hold.firing;
    bool fired[4] = {false, d->hours.fired, d->night.fired, tank && d->day.fired};
    bool on = fired[1] || fired[2] || fired[3];
    /* While it waits for its new offset the sum alone says whether the water is still missing. */
    bool over = d->hours.s < 0.2 * h && d->night.s < 0.2 * demand_night_rule.h &&
                (!tank || d->day.s < 0.2 * demand_day_rule.h);
    int64_t hold = c->rule->clear_hold_ms > 0 ? c->rule->clear_hold_ms : KIND_HOUR;
    kind_hold_feed(&d->hold, on && !over, over, hold, d->now_ms);
    if (d->hold.firing && !was)
        d->by = fired[1] ? 1 : fired[2] ? 2 : 3;
    if (was && !d->hold.firing && on) {
        d->hours.fired = d->hours.renew_up = false;
        d->hours.renew_n = 0;
        kind_slow_reset(&d->night);
        kind_slow_reset(&d->day);
    }
}

static void close_quarter(struct demand *d, const struct leak_context *c)
{
    int64_t local = d->quarter * QUARTER + c->zone_ms, day = floor_div(local, KIND_DAY);
    int64_t hour = d->quarter / 4;
    if (hour != d->hour_of.number)
        close_hour(d, c);
    if (day != d->day_of.number)
        close_day(d);
    if (day != d->night_of.number || local - day * KIND_DAY >= 4 * KIND_HOUR)
        close_night(d);
    d->hour_of.number = hour;
    d->day_of.number = d->night_of.number = day;
    double net;
    bool good = net_flow(d, c, &net);
    if (good)
        take(d, c, net, local);
    for (uint32_t i = 0; i < c->rule->input_count; i++) {
        d->in[i].n = 0;
        d->in[i].sum = 0;
    }
    d->quarter++;
    if (d->quarter % 4 == 0)
        close_hour(d, c);
    if (good) /* what isn't seen ends nothing */
        judge(d, c);
}

static void advance(struct demand *d, const struct leak_context *c, int64_t now_ms)
{
    if (!d->begun || now_ms < d->now_ms)
        return;
    int64_t quarter = now_ms / QUARTER;
    /* Nothing of use was heard for a day: there's no need to walk through it. */
    if (quarter - d->quarter > 96) {
        d->flow_known = d->volume_known = false;
        for (uint32_t i = 0; i < KIND_INPUT_MAX; i++)
            d->in[i] = (struct demand_input){0};
        d->quarter = quarter;
    }
    while (d->quarter < quarter) {
        d->now_ms = (d->quarter + 1) * QUARTER;
        close_quarter(d, c);
    }
    d->now_ms = now_ms;
}

static void sample(void *state, const struct leak_context *c, uint32_t input, double x,
                   int64_t t_ms)
{
    struct demand *d = state;
    assert(input < c->rule->input_count);
    if (c->rule->input_count > KIND_INPUT_MAX)
        return;
    if (!d->begun) {
        d->begun = true;
        d->began_ms = d->now_ms = t_ms;
        d->quarter = t_ms / QUARTER;
    }
    advance(d, c, t_ms);
    struct demand_input *in = &d->in[input];
    in->sum += x;
    in->n++;
    in->last = x;
    in->known = true;
}

/* Half a quarter of a signal that has changed its mind, or its scale, counts for nothing. */
static void drop(struct demand *d, const struct leak_context *c, uint32_t input, int64_t t_ms)
{
    if (c->rule->input_count > KIND_INPUT_MAX || input >= c->rule->input_count)
        return;
    advance(d, c, t_ms);
    d->in[input] = (struct demand_input){0};
    d->flow_known = d->volume_known = false;
    d->hour_of.n = 0;
    d->hour_of.sum = d->off_sum = 0;
}

static void step(void *state, const struct leak_context *c, uint32_t input, int64_t t_ms)
{
    struct demand *d = state;
    drop(d, c, input, t_ms);
    /* Sums begin anew but the offset stays: a burst looks like a meter's step, and shall be found.
     */
    if (!d->hours.fired)
        demand_hours_restart(&d->hours);
}

static void bad(void *state, const struct leak_context *c, uint32_t input, int64_t t_ms)
{
    drop(state, c, input, t_ms);
}

static int64_t tick(void *state, const struct leak_context *c, int64_t now_ms)
{
    struct demand *d = state;
    advance(d, c, now_ms);
    return (now_ms / QUARTER + 1) * QUARTER;
}

static void reset(void *state, const struct leak_context *c, int64_t now_ms)
{
    struct demand *d = state;
    advance(d, c, now_ms);
    demand_hours_reset(&d->hours);
    kind_slow_reset(&d->night);
    kind_slow_reset(&d->day);
    d->hold = (struct kind_hold){0};
}

const struct leak_kind_ops leak_demand = {
    .name = "demand",
    .size = sizeof(struct demand),
    .version = 1,
    .init = init,
    .sample = sample,
    .step = step,
    .bad = bad,
    .tick = tick,
    .view = demand_view,
    .reset = reset,
    .curve = demand_curve,
};
