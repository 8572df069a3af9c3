/* SPDX-License-Identifier: Apache-2.0 */
/* A value that moves further within a window than it may. The window is a ring of parts, of which
 * each keeps its lowest and highest value; what they say together is worked out once a part. */
#include <stdio.h>
#include <string.h>

#include "watch/kind.h"

enum { PARTS = 32 };

struct roc {
    double value;
    double low[PARTS], high[PARTS];
    int64_t part[PARTS]; /* which part of the timeline it is; -1: empty */
    double old_low, old_high; /* of the parts before the newest, inside the window */
    int64_t newest; /* part */
    int64_t fired_ms;
    double rise, fall; /* over the window, both >= 0 */
    bool known, rises, falls;
};

/* A window that is shorter than the time between two readings would never hold two. */
static int64_t window_of(const struct leak_context *c)
{
    int64_t least = c->step_ms + c->step_ms / 2;
    return c->rule->within_ms > least ? c->rule->within_ms : least;
}

static void forget(struct roc *r)
{
    for (int i = 0; i < PARTS; i++)
        r->part[i] = -1;
    r->old_low = HUGE_VAL;
    r->old_high = -HUGE_VAL;
    r->newest = -1;
    r->rise = r->fall = 0;
}

static void init(void *state, const struct leak_context *c, int64_t now_ms)
{
    struct roc *r = state;
    (void)c, (void)now_ms;
    memset(r, 0, sizeof *r);
    r->value = KIND_NAN;
    forget(r);
}

/* Another part begins. The oldest one still counts while any of it is inside the window: a change
 * that took exactly as long as the window must not fall between two parts. */
static void begin_part(struct roc *r, int64_t part)
{
    r->newest = part;
    r->old_low = HUGE_VAL;
    r->old_high = -HUGE_VAL;
    for (int i = 0; i < PARTS; i++) {
        if (r->part[i] < 0 || r->part[i] < part - (PARTS - 1))
            continue;
        r->old_low = fmin(r->old_low, r->low[i]);
        r->old_high = fmax(r->old_high, r->high[i]);
    }
    int at = (int)(part % PARTS);
    r->part[at] = part;
    r->low[at] = HUGE_VAL;
    r->high[at] = -HUGE_VAL;
}

/* Once beyond, it has to come back by the deadband before it is over. */
static bool beyond(bool was, double change, const struct leak_rule *rule)
{
    double deadband = rule->deadband > 0 ? fmin(rule->deadband, rule->by) : 0;
    return was ? change > rule->by - deadband && change > 0 : change >= rule->by;
}

static void sample(void *state, const struct leak_context *c, uint32_t input, double x,
                   int64_t t_ms)
{
    struct roc *r = state;
    const struct leak_rule *rule = c->rule;
    (void)input;
    int64_t span = window_of(c) / (PARTS - 1);
    int64_t part = t_ms / (span > 0 ? span : 1);
    if (part != r->newest)
        begin_part(r, part);
    int at = (int)(part % PARTS);
    r->low[at] = fmin(r->low[at], x);
    r->high[at] = fmax(r->high[at], x);
    r->rise = x - fmin(r->old_low, r->low[at]);
    r->fall = fmax(r->old_high, r->high[at]) - x;
    bool both = !rule->rising && !rule->falling, fired = r->rises || r->falls;
    r->rises = (rule->rising || both) && beyond(r->rises, r->rise, rule);
    r->falls = (rule->falling || both) && beyond(r->falls, r->fall, rule);
    if ((r->rises || r->falls) && !fired)
        r->fired_ms = t_ms;
    r->value = x;
    r->known = true;
}

/* The instrument moved, not the water. */
static void step(void *state, const struct leak_context *c, uint32_t input, int64_t t_ms)
{
    (void)c, (void)input, (void)t_ms;
    forget(state);
}

/* What was measured before stays true; parts leave the window by themselves. */
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
    const struct roc *r = state;
    const struct leak_rule *rule = c->rule;
    out->state = LEAK_LIVE;
    out->score_unit = rule->unit ? rule->unit : "";
    if (!r->known)
        return;
    bool up = r->rises != r->falls ? r->rises : r->rise >= r->fall;
    if (!(r->rises || r->falls) && rule->rising != rule->falling)
        up = rule->rising;
    double change = up ? r->rise : r->fall;
    out->value = r->value;
    out->score = change;
    out->limit = rule->by;
    if (!r->rises && !r->falls)
        return;
    out->state = LEAK_SUSPECT;
    out->firing = true;
    out->class_ = LEAK_MAJOR;
    out->detector = up ? "rise" : "fall";
    out->fired_ms = r->fired_ms;
    out->rate = kind_estimate(up ? change : -change, 0);
    snprintf(out->text, sizeof out->text, "%s by %.6g within %.6g min to %.6g (limit %.6g)",
             up ? "rose" : "fell", change, (double)window_of(c) / (double)KIND_MINUTE, r->value,
             rule->by);
}

static void reset(void *state, const struct leak_context *c, int64_t now_ms)
{
    struct roc *r = state;
    (void)c, (void)now_ms;
    forget(r);
    r->rises = r->falls = false;
}

const struct leak_kind_ops leak_roc = {
    .name = "roc",
    .size = sizeof(struct roc),
    .version = 1,
    .init = init,
    .sample = sample,
    .step = step,
    .bad = bad,
    .tick = tick,
    .view = view,
    .reset = reset,
};
