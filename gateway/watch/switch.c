/* SPDX-License-Identifier: Apache-2.0 */
/* Floats and conductivity switches that vote. One that isn't fit doesn't vote, and lowers the
 * number of votes that it takes: a flood often takes the first switch's cable with it, and one wet
 * switch beside a dead one is a flood until somebody has looked. At least one fit switch has to be
 * wet. Blind only when so many are unfit that they could hide a flood by themselves. */
#include <stdio.h>
#include <string.h>

#include "watch/kind.h"

static const int64_t debounce_preset_ms = 2000;

struct contact {
    int64_t since_ms; /* of raw */
    bool raw, wet, known;
    bool lost; /* unfit: what it said last is in wet */
};

struct switches {
    struct contact contacts[KIND_INPUT_MAX];
    int64_t fired_ms, test_since_ms;
    bool firing, testing;
};

struct count {
    uint32_t of, wet, bad, bad_wet, votes, needed;
};

static int64_t debounce_of(const struct leak_rule *r)
{
    return r->debounce_ms > 0 ? r->debounce_ms : debounce_preset_ms;
}

static uint32_t inputs_of(const struct leak_rule *r)
{
    return r->input_count < KIND_INPUT_MAX ? r->input_count : KIND_INPUT_MAX;
}

static struct count count(const struct switches *s, const struct leak_context *c)
{
    struct count n = {.votes = c->rule->vote ? c->rule->vote : 1};
    for (uint32_t i = 0; i < inputs_of(c->rule); i++) {
        if (c->rule->inputs[i].role != ROLE_SWITCH)
            continue;
        n.of++;
        const struct contact *k = &s->contacts[i];
        n.bad += k->lost;
        n.bad_wet += k->lost && k->wet;
        n.wet += !k->lost && k->wet;
    }
    n.needed = n.votes > n.bad ? n.votes - n.bad : 1;
    return n;
}

static void init(void *state, const struct leak_context *c, int64_t now_ms)
{
    (void)c, (void)now_ms;
    memset(state, 0, sizeof(struct switches));
}

static void settle(struct switches *s, const struct leak_context *c, int64_t t_ms)
{
    struct count n = count(s, c);
    if (s->testing)
        return;
    /* Going bad clears nothing: to end it, those that were wet have to say that they are dry. */
    bool firing = n.wet >= n.needed || (s->firing && n.wet + n.bad_wet >= n.votes);
    if (firing && !s->firing)
        s->fired_ms = t_ms;
    s->firing = firing;
}

static void debounce(struct switches *s, const struct leak_context *c, int64_t t_ms)
{
    for (uint32_t i = 0; i < inputs_of(c->rule); i++) {
        struct contact *k = &s->contacts[i];
        if (k->known && k->raw != k->wet && t_ms - k->since_ms >= debounce_of(c->rule))
            k->wet = k->raw;
    }
    settle(s, c, t_ms);
}

static void sample(void *state, const struct leak_context *c, uint32_t input, double x,
                   int64_t t_ms)
{
    struct switches *s = state;
    bool on = x > 0.5;
    if (c->rule->inputs[input].role == ROLE_TEST) {
        if (on && !s->testing)
            s->test_since_ms = t_ms;
        s->testing = on;
        settle(s, c, t_ms);
        return;
    }
    if (input >= KIND_INPUT_MAX || c->rule->inputs[input].role != ROLE_SWITCH)
        return;
    struct contact *k = &s->contacts[input];
    bool wet = on != c->rule->normally_closed;
    k->lost = false;
    if (!k->known || wet != k->raw) {
        k->raw = wet;
        k->since_ms = t_ms;
        k->known = true;
    }
    debounce(s, c, t_ms);
}

static void step(void *state, const struct leak_context *c, uint32_t input, int64_t t_ms)
{
    (void)state, (void)c, (void)input, (void)t_ms;
}

static void lose(struct contact *k)
{
    k->lost = true;
    k->raw = k->wet;
}

/* A test flag that nobody hears any more doesn't keep the switches silent. What a switch was about
 * to say it has to say again, for the whole debounce. */
static void bad(void *state, const struct leak_context *c, uint32_t input, int64_t t_ms)
{
    struct switches *s = state;
    if (c->rule->inputs[input].role == ROLE_TEST)
        s->testing = false;
    else if (input < KIND_INPUT_MAX)
        lose(&s->contacts[input]);
    settle(s, c, t_ms);
}

static int64_t tick(void *state, const struct leak_context *c, int64_t now_ms)
{
    struct switches *s = state;
    int64_t due = INT64_MAX;
    debounce(s, c, now_ms);
    for (uint32_t i = 0; i < inputs_of(c->rule); i++) {
        const struct contact *k = &s->contacts[i];
        int64_t end = k->since_ms + debounce_of(c->rule);
        if (k->known && k->raw != k->wet && end < due)
            due = end;
    }
    return due;
}

static void view(const void *state, const struct leak_context *c, struct leak_view *out)
{
    const struct switches *s = state;
    struct count n = count(s, c);
    out->state = s->firing ? LEAK_SUSPECT : LEAK_LIVE;
    out->value = out->score = n.wet;
    out->limit = n.needed;
    out->score_unit = "switches";
    if (s->testing) {
        out->state = LEAK_BLIND;
        snprintf(out->why, sizeof out->why, "being tested: the switches aren't believed");
        snprintf(out->text, sizeof out->text, "test: %u of %u switches wet", n.wet, n.of);
        return;
    }
    if (n.bad > 0) {
        for (uint32_t i = inputs_of(c->rule); i-- > 0;)
            if (c->rule->inputs[i].role == ROLE_SWITCH && s->contacts[i].lost)
                out->why_input = i;
        snprintf(out->why, sizeof out->why, "%u of %u switches can't be read; %s", n.bad, n.of,
                 n.bad >= n.votes ? "the others can't decide the vote"
                                  : "the others vote without them");
        if (n.bad >= n.votes && n.wet == 0)
            out->state = LEAK_BLIND;
    }
    if (!s->firing)
        return;
    out->firing = true;
    out->class_ = LEAK_MAJOR;
    out->detector = "switch";
    out->fired_ms = s->fired_ms;
    if (n.bad > 0)
        snprintf(out->text, sizeof out->text,
                 "%u of %u switches wet, %u can't be read (it takes %u of %u when all can)", n.wet,
                 n.of, n.bad, n.votes, n.of);
    else
        snprintf(out->text, sizeof out->text, "%u of %u switches wet (it takes %u)", n.wet, n.of,
                 n.votes);
}

/* Water that still stands at the switch is still water. */
static void reset(void *state, const struct leak_context *c, int64_t now_ms)
{
    (void)state, (void)c, (void)now_ms;
}

const struct leak_kind_ops leak_switch = {
    .name = "switch",
    .size = sizeof(struct switches),
    .version = 1,
    .init = init,
    .sample = sample,
    .step = step,
    .bad = bad,
    .tick = tick,
    .view = view,
    .reset = reset,
};
