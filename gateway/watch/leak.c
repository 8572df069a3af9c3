/* SPDX-License-Identifier: Apache-2.0 */
#include "watch/leak.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "watch/kind.h"
#include "watch/leak_parts.h"
#include "watch/stage.h"

static const int64_t every_unknown_ms = KIND_MINUTE;

static int64_t every_of(const struct leak_rule *rule, uint32_t input, int64_t sample_ms)
{
    if (sample_ms > 0)
        return sample_ms;
    return rule->inputs[input].every_ms > 0 ? rule->inputs[input].every_ms : every_unknown_ms;
}

static int64_t step_of(const struct leak_rule *rule, int64_t sample_ms)
{
    static const int64_t by_profile[] = {
        [PROFILE_POND] = 10 * KIND_MINUTE, [PROFILE_TANK] = KIND_MINUTE, [PROFILE_PIPE] = 10000};
    int64_t step = rule->step_ms, slowest = 1;
    if (step <= 0 && rule->kind == LEAK_BALANCE)
        step = by_profile[rule->profile <= PROFILE_PIPE ? rule->profile : PROFILE_POND];
    else if (step <= 0 && rule->kind == LEAK_DEMAND)
        step = 15 * KIND_MINUTE;
    for (uint32_t i = 0; i < rule->input_count; i++) {
        int64_t every = every_of(rule, i, sample_ms);
        slowest = every > slowest ? every : slowest;
    }
    return step > slowest ? step : slowest;
}

/* One block for all that is kept, so that keeping it is one copy. */
static bool lay_out(struct leak *l)
{
    size_t n = l->rule->input_count;
    size_t signals_at = (sizeof *l->common + 15) / 16 * 16;
    size_t state_at = (signals_at + n * sizeof *l->signals + 15) / 16 * 16;
    l->flat_size = state_at + l->ops->size;
    char *flat = calloc(1, l->flat_size);
    l->rules = calloc(n + 1, sizeof *l->rules);
    l->fine = calloc(n + 1, sizeof *l->fine);
    l->faults = calloc(n + 1, sizeof *l->faults);
    l->common = (void *)flat;
    if (!flat || !l->rules || !l->fine || !l->faults)
        return false;
    l->signals = (void *)(flat + signals_at);
    l->state = flat + state_at;
    return true;
}

struct leak *leak_new(const struct leak_rule *rule, int64_t sample_ms, int64_t now_ms)
{
    assert(rule->kind < LEAK_KIND_COUNT && leak_kinds[rule->kind]);
    struct leak *l = calloc(1, sizeof *l);
    if (!l)
        return NULL;
    l->rule = rule;
    l->ops = leak_kinds[rule->kind];
    if (!lay_out(l)) {
        leak_free(l);
        return NULL;
    }
    for (uint32_t i = 0; i < rule->input_count; i++) {
        l->rules[i] = signal_rule_of(rule, &rule->inputs[i], every_of(rule, i, sample_ms));
        signal_init(&l->signals[i], now_ms);
    }
    l->context =
        (struct leak_context){.rule = rule, .step_ms = step_of(rule, sample_ms), .fine = l->fine};
    l->common->last_ms = l->common->covered_ms = l->common->since_ms = now_ms;
    l->ops->init(l->state, &l->context, now_ms);
    l->common->kind_due_ms = now_ms;
    l->dirty = true;
    leak_settle(l, now_ms);
    return l;
}

void leak_free(struct leak *l)
{
    if (!l)
        return;
    free(l->common);
    free(l->rules);
    free(l->fine);
    free(l->faults);
    free(l);
}

static void tell_bad(struct leak *l, uint32_t input, int64_t now_ms)
{
    if (l->signals[input].told)
        return;
    l->signals[input].told = true;
    l->dirty = true;
    l->ops->bad(l->state, &l->context, input, now_ms);
}

/* The signal's fault may just have changed. What was believed before is settled first: a leak that
 * was found with the last good sample stays found. */
static void follow(struct leak *l, uint32_t input, int64_t now_ms)
{
    bool fit = signal_fit(&l->signals[input]);
    if (l->fine[input] != fit || l->faults[input] != l->signals[input].fault) {
        if (l->dirty)
            leak_settle(l, now_ms);
        l->fine[input] = fit;
        l->faults[input] = l->signals[input].fault;
        l->dirty = true;
    }
    if (l->signals[input].fault != SIGNAL_FINE)
        tell_bad(l, input, now_ms);
}

static void run_kind(struct leak *l, int64_t now_ms)
{
    if (now_ms < l->common->kind_due_ms)
        return;
    l->common->kind_due_ms = l->ops->tick(l->state, &l->context, now_ms);
    if (l->common->kind_due_ms <= now_ms)
        l->common->kind_due_ms = now_ms + 1;
    l->dirty = true;
}

/* A missed reading or two are nobody's business but a balance's: a level that is held while the
 * flows go on is water that seems to be missing. */
static bool counts_readings(const struct leak *l, uint32_t input)
{
    return l->rule->kind == LEAK_BALANCE && l->rules[input].level;
}

static int64_t lapse_due(const struct leak *l, uint32_t input)
{
    const struct signal *s = &l->signals[input];
    if (!counts_readings(l, input) || !s->known || s->told)
        return INT64_MAX;
    return s->good_ms + l->rules[input].every_ms + l->rules[input].every_ms / 2;
}

static int64_t signals_due(const struct leak *l)
{
    int64_t due = INT64_MAX;
    for (uint32_t i = 0; i < l->rule->input_count; i++) {
        int64_t next = signal_due(&l->signals[i], &l->rules[i]), lapse = lapse_due(l, i);
        due = next < due ? next : due;
        due = lapse < due ? lapse : due;
    }
    return due;
}

static void pass(struct leak *l, int64_t t_ms)
{
    leak_cover(l, t_ms);
    l->common->last_ms = t_ms;
    run_kind(l, t_ms);
}

/* Everything that time alone brings about, in its order: a detector that grows calm while nothing
 * comes in must have been told before that nothing comes in. */
static void advance(struct leak *l, int64_t now_ms)
{
    for (int64_t due = signals_due(l); due <= now_ms; due = signals_due(l)) {
        due = due > l->common->last_ms ? due : l->common->last_ms;
        if (due > l->common->last_ms)
            pass(l, due - 1);
        for (uint32_t i = 0; i < l->rule->input_count; i++) {
            if (lapse_due(l, i) <= due)
                tell_bad(l, i, due);
            if (signal_tick(&l->signals[i], &l->rules[i], due))
                follow(l, i, due);
        }
    }
    pass(l, now_ms);
}

static double number_of(const struct sample *s)
{
    static const double tens[] = {1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9};
    const struct value *v = &s->value;
    if (s->quality != QUALITY_GOOD)
        return KIND_NAN;
    switch ((enum value_kind)v->kind) {
    case VALUE_BOOL:
        return v->truth ? 1 : 0;
    case VALUE_INT:
        return v->places <= 9 ? (double)v->i / tens[v->places] : KIND_NAN;
    case VALUE_UINT:
        return v->places <= 9 ? (double)v->u / tens[v->places] : KIND_NAN;
    case VALUE_REAL:
        return v->real;
    case VALUE_NONE:
    case VALUE_TEXT:
        return KIND_NAN;
    }
    return KIND_NAN;
}

static int running(const struct leak *l, uint32_t input)
{
    int16_t partner = l->rule->inputs[input].partner;
    if (partner < 0 || (uint32_t)partner >= l->rule->input_count || !l->fine[partner])
        return -1;
    return l->signals[partner].last > 0.5;
}

/* What the flows say that the level should have done since its last reading. Only a balance has all
 * of them. */
static void expect(struct leak *l, uint32_t input, int64_t t_ms)
{
    static const double rest_share = 0.005; /* of nominal: what closed valves let through */
    struct signal *s = &l->signals[input];
    if (!l->rules[input].level || l->rule->kind != LEAK_BALANCE || l->rule->stage_count < 2 ||
        !s->known)
        return;
    double net = 0;
    bool rest = true;
    for (uint32_t i = 0; i < l->rule->input_count; i++) {
        const struct leak_input *in = &l->rule->inputs[i];
        if (in->role != ROLE_IN && in->role != ROLE_OUT)
            continue;
        if (!l->fine[i])
            return;
        double q = l->signals[i].last;
        net += in->role == ROLE_IN ? q : -q;
        rest = rest && fabs(q) <= rest_share * (in->nominal > 0 ? in->nominal : l->rule->nominal);
    }
    double area = stage_area(l->rule->stage, l->rule->stage_count, s->last);
    int64_t elapsed = t_ms - s->good_ms;
    double hours = (double)elapsed / (double)KIND_HOUR;
    if (elapsed > 0)
        signal_expect(s, area > 0 ? net * hours / area : 0, rest, elapsed);
}

void leak_sample(struct leak *l, uint32_t index, const struct sample *sample, int64_t t_ms)
{
    assert(index < l->rule->input_count);
    struct signal *s = &l->signals[index];
    int64_t t = t_ms + l->skew_ms;
    if (s->heard && t < s->heard_ms)
        return;
    /* Two devices may be told in another order than they spoke. */
    if (t < l->common->last_ms)
        t = l->common->last_ms;
    advance(l, t);
    double out = 0, x = number_of(sample) * l->rule->inputs[index].factor;
    expect(l, index, t);
    enum signal_verdict v = signal_offer(s, &l->rules[index], x, running(l, index), t, &out);
    follow(l, index, t);
    if (v != SIGNAL_TAKE && v != SIGNAL_STEP) {
        if (counts_readings(l, index) && s->known)
            tell_bad(l, index, t);
        return;
    }
    s->told = false;
    l->dirty = true;
    if (v == SIGNAL_STEP)
        l->ops->step(l->state, &l->context, index, t);
    l->ops->sample(l->state, &l->context, index, out, t);
    l->common->kind_due_ms = t; /* what it heard may have changed when it wants to be called */
}

int64_t leak_tick(struct leak *l, int64_t now_ms)
{
    int64_t now = now_ms + l->skew_ms;
    if (now < l->common->last_ms)
        now = l->common->last_ms;
    advance(l, now);
    if (l->dirty)
        leak_settle(l, now);
    int64_t due = signals_due(l);
    due = l->common->kind_due_ms < due ? l->common->kind_due_ms : due;
    return due - l->skew_ms > now_ms ? due - l->skew_ms : now_ms + 1;
}

uint8_t leak_input_fault(const struct leak *l, uint32_t index)
{
    assert(index < l->rule->input_count);
    return l->signals[index].fault;
}

void leak_reset(struct leak *l, int64_t now_ms)
{
    int64_t now = now_ms + l->skew_ms;
    if (now < l->common->last_ms)
        now = l->common->last_ms;
    advance(l, now);
    l->ops->reset(l->state, &l->context, now);
    /* A person who resets has seen for himself: what was held while blind needn't be held on. */
    l->common->held = false;
    l->dirty = true;
    leak_settle(l, now);
}

void leak_alarm_stands(struct leak *l, bool stands)
{
    l->context.stands = stands;
}

void leak_zone(struct leak *l, int64_t offset_ms)
{
    l->zone_ms = offset_ms;
    l->context.zone_ms = offset_ms - l->skew_ms;
}

uint32_t leak_curve(const struct leak *l, struct leak_sense out[LEAK_CURVE_MAX])
{
    return l->ops->curve ? l->ops->curve(l->state, &l->context, out) : 0;
}
