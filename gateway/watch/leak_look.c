/* SPDX-License-Identifier: Apache-2.0 */
/* What a leak point believes, put together from what its kind says and what its signals are worth.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "watch/kind.h"
#include "watch/leak_parts.h"

/* Rain that isn't measured is water that isn't counted: a pond's balance is a guess then, so it is
 * blind. A run feedback only checks a meter, and a mask only keeps transients out. A sump goes on
 * looking without its float, and the float without the sump. */
enum leak_need leak_need_of(const struct leak *l, uint32_t input)
{
    switch ((enum input_role)l->rule->inputs[input].role) {
    case ROLE_LEVEL:
    case ROLE_IN:
    case ROLE_OUT:
    case ROLE_RAIN:
    case ROLE_EVAPORATION:
    case ROLE_PUMP:
    case ROLE_INLET:
    case ROLE_OUTLET:
    case ROLE_VALUE:
    case ROLE_HEAD:
        return NEED_SIGHT;
    case ROLE_FLOAT:
        return NEED_HELP;
    case ROLE_SWITCH:
    case ROLE_TEST:
        return NEED_KIND;
    case ROLE_RUN:
    case ROLE_MASK:
    case ROLE_COUNT:
        return NEED_NONE;
    }
    return NEED_NONE;
}

uint32_t leak_missing(const struct leak *l, bool *blind)
{
    uint32_t helper = l->rule->input_count;
    *blind = false;
    for (uint32_t i = 0; i < l->rule->input_count; i++) {
        if (l->faults[i] == SIGNAL_FINE)
            continue;
        enum leak_need need = leak_need_of(l, i);
        if (need == NEED_SIGHT) {
            *blind = true;
            return i;
        }
        if (need == NEED_HELP && helper == l->rule->input_count)
            helper = i;
    }
    return helper;
}

static const char *role_words(uint8_t role)
{
    static const char *const words[ROLE_COUNT] = {
        [ROLE_LEVEL] = "level",      [ROLE_IN] = "inflow",     [ROLE_OUT] = "outflow",
        [ROLE_RUN] = "run feedback", [ROLE_RAIN] = "rain",     [ROLE_EVAPORATION] = "evaporation",
        [ROLE_MASK] = "mask",        [ROLE_PUMP] = "pump",     [ROLE_FLOAT] = "float",
        [ROLE_INLET] = "inlet",      [ROLE_OUTLET] = "outlet", [ROLE_VALUE] = "value",
        [ROLE_HEAD] = "head",        [ROLE_SWITCH] = "switch", [ROLE_TEST] = "test flag"};
    return role < ROLE_COUNT ? words[role] : "input";
}

/* Only these have eyes that see apart from each other: what the sump's float says holds while the
 * level is lost, and the other way round. */
static bool sees_by_halves(const struct leak *l)
{
    return l->rule->kind == LEAK_SUMP;
}

static bool judge_sight(const struct leak *l, struct leak_view *v)
{
    bool blind;
    uint32_t missing = leak_missing(l, &blind);
    if (missing < l->rule->input_count) {
        v->why_input = missing;
        snprintf(v->why, sizeof v->why, "%s %s", role_words(l->rule->inputs[missing].role),
                 signal_words((enum signal_fault)l->faults[missing]));
    }
    bool found_anew = sees_by_halves(l) && v->firing && !l->common->held;
    if (blind && !found_anew)
        v->state = LEAK_BLIND;
    if (v->state == LEAK_BLIND && !v->why[0])
        snprintf(v->why, sizeof v->why, "too little that is good came in for too long");
    return !blind && v->state != LEAK_BLIND;
}

/* Nothing is wrong in the moments before the first readings, but nothing has been seen either. */
static bool heard_all(const struct leak *l)
{
    for (uint32_t i = 0; i < l->rule->input_count; i++)
        if (!l->signals[i].known && leak_need_of(l, i) != NEED_NONE)
            return false;
    return true;
}

/* The view, in own time. true: nothing that it needs to see is missing. covers: the kind counts its
 * own coverage. */
static bool look(const struct leak *l, struct leak_view *out, bool *covers)
{
    memset(out, 0, sizeof *out);
    kind_view_clear(out);
    out->state = LEAK_LIVE;
    out->why_input = RULE_NONE;
    out->detector = "";
    out->score_unit = "";
    out->coverage = KIND_NAN;
    l->ops->view(l->state, &l->context, out);
    if (!out->sigma_unit)
        out->sigma_unit = out->score_unit ? out->score_unit : "";
    bool sighted = judge_sight(l, out);
    if (out->state == LEAK_LIVE && !out->firing && !heard_all(l))
        out->state = LEAK_LEARNING;
    if (out->state == LEAK_BLIND) {
        /* Neither comes nor goes. */
        out->firing = out->frozen = l->common->held;
    } else if (out->firing && out->state == LEAK_LIVE) {
        out->state = LEAK_SUSPECT;
    }
    *covers = isfinite(out->coverage);
    return sighted;
}

void leak_settle(struct leak *l, int64_t now_ms)
{
    struct leak_common *c = l->common;
    struct leak_view *v = &l->seen;
    bool sighted = look(l, v, &l->seen_covers);
    l->dirty = false;
    if (!c->settled || v->state != c->state) {
        c->since_ms = now_ms;
        c->state = v->state;
        c->settled = true;
    }
    bool impaired = v->why[0] != '\0';
    if (impaired && !c->impaired)
        c->blind_since_ms = now_ms;
    c->impaired = impaired;
    if (v->firing && !c->firing)
        c->fired_ms = now_ms;
    c->firing = v->firing;
    if (sighted)
        c->held = v->firing;
}

void leak_figures(const struct leak *l, struct leak_view *out)
{
    const struct leak_common *c = l->common;
    bool covers = l->seen_covers;
    if (l->dirty)
        look(l, out, &covers);
    else
        *out = l->seen;
    if (!covers)
        out->coverage = leak_coverage(l);
    int64_t skew = l->skew_ms;
    out->since_ms = (out->state == c->state ? c->since_ms : c->last_ms) - skew;
    out->blind_since_ms = 0;
    if (out->why[0]) {
        out->blind_since_ms = (c->impaired ? c->blind_since_ms : c->last_ms) - skew;
        /* 0 is how the reader is told that it sees. */
        out->blind_since_ms = out->blind_since_ms ? out->blind_since_ms : 1;
    }
    if (out->fired_ms != 0)
        out->fired_ms -= skew;
    else if (out->firing)
        out->fired_ms = (c->firing ? c->fired_ms : c->last_ms) - skew;
    out->onset_ms.value -= (double)skew;
    out->onset_ms.low -= (double)skew;
    out->onset_ms.high -= (double)skew;
}

void leak_say(const struct leak *l, struct leak_view *v)
{
    if (l->ops->say)
        l->ops->say(v, v->text, sizeof v->text);
}

void leak_view(const struct leak *l, struct leak_view *out)
{
    leak_figures(l, out);
    leak_say(l, out);
}

/* ---- coverage ----------------------------------------------------------------------------------
 */

static bool all_good(const struct leak *l)
{
    for (uint32_t i = 0; i < l->rule->input_count; i++)
        if (!l->fine[i] && leak_need_of(l, i) != NEED_NONE)
            return false;
    return true;
}

void leak_cover(struct leak *l, int64_t now_ms)
{
    struct leak_common *c = l->common;
    if (now_ms <= c->covered_ms)
        return;
    bool good = all_good(l);
    if (now_ms - c->covered_ms > LEAK_HOURS * KIND_HOUR)
        c->covered_ms = now_ms - LEAK_HOURS * KIND_HOUR;
    while (c->covered_ms < now_ms) {
        int64_t hour = c->covered_ms / KIND_HOUR;
        int64_t end = (hour + 1) * KIND_HOUR < now_ms ? (hour + 1) * KIND_HOUR : now_ms;
        uint32_t at = (uint32_t)(hour % LEAK_HOURS);
        if (c->hour[at] != hour) {
            c->hour[at] = hour;
            c->counted_ms[at] = c->good_ms[at] = 0;
        }
        int32_t span = (int32_t)(end - c->covered_ms);
        c->counted_ms[at] += span;
        c->good_ms[at] += good ? span : 0;
        c->covered_ms = end;
    }
}

double leak_coverage(const struct leak *l)
{
    const struct leak_common *c = l->common;
    int64_t counted = 0, good = 0, newest = c->covered_ms / KIND_HOUR;
    for (uint32_t i = 0; i < LEAK_HOURS; i++)
        if (newest - c->hour[i] < LEAK_HOURS) {
            counted += c->counted_ms[i];
            good += c->good_ms[i];
        }
    return counted > 0 ? (double)good / (double)counted : 0;
}
