/* SPDX-License-Identifier: Apache-2.0 */
/* A value beyond its limits: high-high, high, low, low-low. */
#include <stdio.h>

#include "watch/kind.h"

enum { BOUND_HH, BOUND_H, BOUND_L, BOUND_LL, BOUND_COUNT };

static const struct {
    const char *name;
    bool above;
    uint8_t class_;
} bounds[BOUND_COUNT] = {
    [BOUND_HH] = {"high-high", true, LEAK_MAJOR},
    [BOUND_H] = {"high", true, LEAK_MINOR},
    [BOUND_L] = {"low", false, LEAK_MINOR},
    [BOUND_LL] = {"low-low", false, LEAK_MAJOR},
};

struct limit {
    double value;
    int64_t fired_ms;
    bool known;
    bool beyond[BOUND_COUNT];
};

static double bound_of(const struct leak_rule *r, int i)
{
    const double at[BOUND_COUNT] = {r->high_high, r->high, r->low, r->low_low};
    return at[i];
}

static void init(void *state, const struct leak_context *c, int64_t now_ms)
{
    (void)c, (void)now_ms;
    *(struct limit *)state = (struct limit){.value = KIND_NAN};
}

/* Which bound counts: the worst one. BOUND_COUNT: none. */
static int worst(const struct limit *l)
{
    static const int by_weight[] = {BOUND_HH, BOUND_LL, BOUND_H, BOUND_L};
    for (int i = 0; i < BOUND_COUNT; i++)
        if (l->beyond[by_weight[i]])
            return by_weight[i];
    return BOUND_COUNT;
}

static void sample(void *state, const struct leak_context *c, uint32_t input, double x,
                   int64_t t_ms)
{
    struct limit *l = state;
    double deadband = c->rule->deadband > 0 ? c->rule->deadband : 0;
    (void)input;
    int before = worst(l);
    for (int i = 0; i < BOUND_COUNT; i++) {
        double at = bound_of(c->rule, i), beyond = bounds[i].above ? x - at : at - x;
        /* NaN: there is no such bound, and nothing is beyond it. */
        l->beyond[i] = l->beyond[i] ? beyond > -deadband : beyond >= 0;
    }
    if (before == BOUND_COUNT && worst(l) != BOUND_COUNT)
        l->fired_ms = t_ms;
    l->value = x;
    l->known = true;
}

static void step(void *state, const struct leak_context *c, uint32_t input, int64_t t_ms)
{
    (void)state, (void)c, (void)input, (void)t_ms;
}

static void bad(void *state, const struct leak_context *c, uint32_t input, int64_t t_ms)
{
    (void)state, (void)c, (void)input, (void)t_ms;
}

static int64_t tick(void *state, const struct leak_context *c, int64_t now_ms)
{
    (void)state, (void)c, (void)now_ms;
    return INT64_MAX;
}

/* While nothing is beyond: the bound that is nearest. */
static int nearest(const struct limit *l, const struct leak_rule *r)
{
    int best = BOUND_COUNT;
    double distance = HUGE_VAL;
    for (int i = 0; i < BOUND_COUNT; i++) {
        double away = fabs(l->value - bound_of(r, i));
        if (away < distance) {
            distance = away;
            best = i;
        }
    }
    return best;
}

static void view(const void *state, const struct leak_context *c, struct leak_view *out)
{
    const struct limit *l = state;
    int i = worst(l);
    out->state = i == BOUND_COUNT ? LEAK_LIVE : LEAK_SUSPECT;
    out->score_unit = c->rule->unit ? c->rule->unit : "";
    if (!l->known)
        return;
    out->value = out->score = l->value;
    int shown = i == BOUND_COUNT ? nearest(l, c->rule) : i;
    double at = shown == BOUND_COUNT ? KIND_NAN : bound_of(c->rule, shown);
    out->limit = at;
    if (i == BOUND_COUNT)
        return;
    out->firing = true;
    out->class_ = bounds[i].class_;
    out->detector = bounds[i].name;
    out->fired_ms = l->fired_ms;
    double beyond = bounds[i].above ? l->value - at : at - l->value;
    out->rate = kind_estimate(beyond > 0 ? beyond : 0, 0);
    snprintf(out->text, sizeof out->text, "%.6g is %s the %s limit of %.6g", l->value,
             beyond < 0        ? "not yet clear of"
             : bounds[i].above ? "above"
                               : "below",
             bounds[i].name, at);
}

/* The condition is the value's, not a sum: it goes when the value goes. */
static void reset(void *state, const struct leak_context *c, int64_t now_ms)
{
    (void)state, (void)c, (void)now_ms;
}

const struct leak_kind_ops leak_limit = {
    .name = "limit",
    .size = sizeof(struct limit),
    .version = 1,
    .init = init,
    .sample = sample,
    .step = step,
    .bad = bad,
    .tick = tick,
    .view = view,
    .reset = reset,
};
