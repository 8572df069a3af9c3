/* SPDX-License-Identifier: Apache-2.0 */
#include "watch/alarms.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "watch/alarms_parts.h"

const char *alarm_change_words(enum alarm_change c)
{
    static const char *const words[ALARM_DID_COUNT] = {
        [ALARM_DID_ON] = "on",
        [ALARM_DID_OFF] = "off",
        [ALARM_DID_ACK] = "ack",
        [ALARM_DID_RESET] = "reset",
        [ALARM_DID_REALARM] = "realarm",
        [ALARM_DID_RISE] = "rise",
        [ALARM_DID_SHELVE] = "shelve",
        [ALARM_DID_UNSHELVE] = "unshelve",
        [ALARM_DID_SUPPRESS] = "suppress",
        [ALARM_DID_UNSUPPRESS] = "unsuppress",
        [ALARM_DID_OOS] = "oos",
        [ALARM_DID_IN_SERVICE] = "in-service",
        [ALARM_DID_FREEZE] = "freeze",
        [ALARM_DID_THAW] = "thaw",
        [ALARM_DID_CHATTER] = "chatter",
        [ALARM_DID_CALM] = "calm",
    };
    return words[c];
}

/* ---- beginning and end -------------------------------------------------------------------------
 */

static void begin(struct alarms *a, uint32_t i)
{
    const struct alarm_rule *r = &a->rules[i];
    struct item *it = &a->items[i];
    it->s.bits.acked = true;
    it->s.priority = r->priority;
    it->s.on_ms = it->s.off_ms = it->s.ack_ms = it->s.changed_ms = ALARM_NEVER;
    it->s.told_ms = it->s.source_ms = it->s.raw_since_ms = ALARM_NEVER;
    it->s.realarm_ms = it->s.shelved_until_ms = INT64_MAX;
    it->s.off_delay_ms = r->off_delay_ms;
    for (int k = 0; k < 4; k++)
        it->s.ring[k] = ALARM_NEVER;
    it->s.evidence.value = it->s.evidence.limit = (double)NAN;
    it->due_ms = it->calm_ms = INT64_MAX;
    it->free_ms = it->hours_at = ALARM_NEVER;
    it->grace_ms = alarms_grace(a, i);
    it->heap = UINT32_MAX;
    it->first_child = it->next_sibling = RULE_NONE;
}

static void look_around(struct alarms *a)
{
    a->flood_index = RULE_NONE;
    for (uint32_t i = a->count; i-- > 0;) {
        const struct alarm_rule *r = &a->rules[i];
        begin(a, i);
        if (r->origin == ALARM_FLOOD)
            a->flood_index = i;
    }
    for (uint32_t i = a->count; i-- > 0;) {
        uint32_t parent = a->rules[i].parent;
        if (parent >= a->count || parent == i)
            continue;
        a->items[i].next_sibling = a->items[parent].first_child;
        a->items[parent].first_child = i;
    }
    for (uint32_t g = 0; g < a->group_count; g++)
        a->groups[g].first = RULE_NONE;
}

static uint32_t groups_of(const struct plant *p)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < p->alarm_count; i++)
        if (p->alarms[i].group != RULE_NONE && p->alarms[i].group >= count)
            count = p->alarms[i].group + 1;
    return count;
}

struct alarms *alarms_new(const struct plant *plant, const struct alarm_hooks *hooks)
{
    struct alarms *a = calloc(1, sizeof(*a));
    if (!a)
        return NULL;
    size_t n = plant->alarm_count ? plant->alarm_count : 1;
    a->plant = plant;
    a->rules = plant->alarms;
    a->hooks = *hooks;
    a->count = plant->alarm_count;
    a->group_count = groups_of(plant);
    a->items = calloc(n, sizeof(*a->items));
    a->groups = calloc(a->group_count ? a->group_count : 1, sizeof(*a->groups));
    a->heap = calloc(n, sizeof(*a->heap));
    a->queue = calloc(n, sizeof(*a->queue));
    a->work = calloc(n, sizeof(*a->work));
    a->loud = calloc(n, sizeof(*a->loud));
    if (!a->items || !a->groups || !a->heap || !a->queue || !a->work || !a->loud) {
        alarms_free(a);
        return NULL;
    }
    look_around(a);
    return a;
}

void alarms_free(struct alarms *a)
{
    if (!a)
        return;
    free(a->items);
    free(a->groups);
    free(a->heap);
    free(a->queue);
    free(a->work);
    free(a->loud);
    free(a);
}

/* ---- what is noted -----------------------------------------------------------------------------
 */

void alarms_wake(struct alarms *a, uint32_t i)
{
    struct item *it = &a->items[i];
    if (it->queued)
        return;
    it->queued = true;
    a->queue[(a->queue_head + a->queue_count++) % a->count] = i;
}

void alarms_wake_children(struct alarms *a, uint32_t i, int64_t freed_ms)
{
    for (uint32_t c = a->items[i].first_child; c != RULE_NONE; c = a->items[c].next_sibling) {
        if (freed_ms != ALARM_NEVER)
            a->items[c].free_ms = freed_ms;
        alarms_wake(a, c);
    }
}

/* The condition was true for all of its delay, on good data, and nobody has acted upon it yet. */
static bool ripe(const struct alarms *a, uint32_t i, int64_t now_ms)
{
    const struct item *it = &a->items[i];
    if (!it->s.raw || it->s.bits.active || it->want_frozen || it->s.frozen)
        return false;
    if (now_ms - it->s.raw_since_ms < alarms_on_delay(a, i))
        return false;
    return !alarms_echo(&a->rules[i]) || (!alarms_held(a, i) && now_ms >= alarms_grace_end(a, i));
}

void alarms_set(struct alarms *a, uint32_t i, bool on, const struct alarm_evidence *e,
                int64_t source_ms, int64_t now_ms)
{
    struct item *it = &a->items[i];
    if (on && e) {
        it->s.evidence = *e;
        it->owed = false;
    }
    if (it->s.raw == on)
        return;
    if (!on && ripe(a, i, now_ms))
        it->matured = true;
    it->s.raw = on;
    it->s.raw_since_ms = now_ms;
    if (it->s.chattering)
        it->calm_ms = now_ms + CHATTER_CALM_MS;
    if (on) {
        if (!it->s.bits.active && !it->matured)
            it->s.source_ms = source_ms;
        it->arrival = ++a->arrivals;
    } else if (!alarms_stands(&it->s.bits) && !it->matured) {
        it->rise_to = 0;
    }
    alarms_wake(a, i);
    if (!it->s.bits.active)
        alarms_wake_children(a, i, on ? ALARM_NEVER : now_ms);
}

void alarms_set_owing(struct alarms *a, uint32_t i, int64_t source_ms, int64_t now_ms)
{
    a->items[i].owed = true;
    alarms_set(a, i, true, NULL, source_ms, now_ms);
}

const struct alarm_evidence *alarms_evidence(const struct alarms *a, uint32_t i)
{
    struct item *it = &a->items[i];
    if (it->owed)
        a->hooks.evidence(a->hooks.me, i, &it->s.evidence);
    it->owed = false;
    return &it->s.evidence;
}

void alarms_freeze(struct alarms *a, uint32_t i, bool frozen, int64_t now_ms)
{
    struct item *it = &a->items[i];
    if (it->want_frozen == frozen)
        return;
    if (frozen && ripe(a, i, now_ms))
        it->matured = true;
    it->want_frozen = frozen;
    alarms_wake(a, i);
    alarms_wake_children(a, i, ALARM_NEVER);
}

void alarms_suppress(struct alarms *a, uint32_t i, bool suppressed, int64_t now_ms)
{
    (void)now_ms;
    if (a->items[i].want_suppressed == suppressed)
        return;
    a->items[i].want_suppressed = suppressed;
    alarms_wake(a, i);
}

void alarms_worse(struct alarms *a, uint32_t i, uint8_t priority, int64_t now_ms)
{
    (void)now_ms;
    struct item *it = &a->items[i];
    if (priority >= PRIORITY_COUNT || priority <= it->rise_to || priority <= it->s.priority)
        return;
    if (!it->s.raw && !alarms_stands(&it->s.bits))
        return;
    it->rise_to = priority;
    alarms_wake(a, i);
}

const struct alarm_state *alarms_state(const struct alarms *a, uint32_t i)
{
    return &a->items[i].s;
}

bool alarms_hidden_by_flood(const struct alarms *a, uint32_t i)
{
    return a->flood && i != a->flood_index && a->items[i].s.priority == PRIORITY_LOW;
}

/* ---- transitions -------------------------------------------------------------------------------
 */

bool alarms_stands(const struct alarm_bits *b)
{
    return b->active || b->latched || !b->acked;
}

bool alarms_seen(const struct alarm_bits *b)
{
    return b->mode == ALARM_NORMAL && alarms_stands(b);
}

static struct group *group_of(struct alarms *a, uint32_t i)
{
    uint32_t g = a->rules[i].group;
    return g < a->group_count ? &a->groups[g] : NULL;
}

void alarms_enlist(struct alarms *a, uint32_t i, bool in)
{
    struct group *g = group_of(a, i);
    if (!g || !alarms_seen(&a->items[i].s.bits))
        return;
    if (in)
        g->standing++;
    else
        g->standing--;
}

/* First-out: of those that come together the one with the earliest source time, which a run has
 * found out before it tells the most important ones first. */
static void regroup(struct alarms *a, uint32_t i, bool was_seen, bool annunciated)
{
    struct group *g = group_of(a, i);
    bool seen = alarms_seen(&a->items[i].s.bits);
    if (!g || seen == was_seen)
        return;
    if (seen && annunciated)
        a->items[i].s.first_out = g->first == RULE_NONE ? g->standing == 0 : g->first == i;
    else if (seen && g->standing)
        a->items[i].s.first_out = false;
    if (seen)
        g->standing++;
    else
        g->standing--;
}

static void came(struct alarms *a, uint32_t i, int64_t now_ms)
{
    struct item *it = &a->items[i];
    struct alarm_state *s = &it->s;
    s->on_ms = now_ms;
    if (it->rise_to > s->priority)
        s->priority = it->rise_to;
    memmove(s->ring + 1, s->ring, sizeof(s->ring) - sizeof(s->ring[0]));
    s->ring[0] = now_ms;
    int64_t oldest = s->ring[CHATTER_COUNT - 1];
    if (oldest == ALARM_NEVER || now_ms - oldest > CHATTER_MS)
        return;
    int64_t longer = 2 * s->off_delay_ms;
    if (longer < CHATTER_DELAY_MIN_MS)
        longer = CHATTER_DELAY_MIN_MS;
    if (longer > CHATTER_DELAY_MAX_MS)
        longer = CHATTER_DELAY_MAX_MS;
    if (longer > s->off_delay_ms)
        s->off_delay_ms = longer;
    it->calm_ms = now_ms + CHATTER_CALM_MS;
}

static void restless(struct alarms *a, uint32_t i, int64_t now_ms)
{
    struct item *it = &a->items[i];
    if (it->calm_ms == INT64_MAX || it->s.chattering)
        return;
    it->s.chattering = true;
    alarms_tell(a, i, ALARM_DID_CHATTER, now_ms);
}

static void settle(struct alarms *a, uint32_t i, const struct alarm_bits *before, int64_t now_ms)
{
    struct item *it = &a->items[i];
    const struct alarm_bits *b = &it->s.bits;
    int64_t every = a->rules[i].realarm_ms;
    bool waits = every > 0 && b->mode == ALARM_NORMAL && b->active && b->acked;
    if (!waits)
        it->s.realarm_ms = INT64_MAX;
    else if (it->s.realarm_ms == INT64_MAX)
        it->s.realarm_ms = now_ms + every;
    if (!b->shelved) {
        it->s.shelved_until_ms = INT64_MAX;
        it->s.one_shot = false;
    }
    if ((before->shelved || before->oos) && !b->shelved && !b->oos)
        it->s.reason[0] = '\0';
    if (!alarms_stands(b)) {
        it->s.first_out = false;
        it->s.priority = a->rules[i].priority;
        it->rise_to = 0;
    }
    if (before->active != b->active)
        alarms_wake_children(a, i, b->active ? ALARM_NEVER : now_ms);
}

const char *alarms_apply(struct alarms *a, uint32_t i, enum alarm_event e, enum alarm_change what,
                         int64_t now_ms)
{
    struct item *it = &a->items[i];
    struct alarm_bits before = it->s.bits;
    struct alarm_step step = alarm_step(&a->rules[i], before, e);
    if (step.refusal || !step.changed)
        return step.refusal;
    it->s.bits = step.next;
    if (e == ALARM_EVENT_ON)
        came(a, i, now_ms);
    if (e == ALARM_EVENT_OFF)
        it->s.off_ms = now_ms;
    if (!before.acked && step.next.acked && e == ALARM_EVENT_ACK)
        alarms_count_ack(a, it->s.told_ms, now_ms);
    if (step.new_seq) {
        it->s.seq++;
        it->s.told_ms = now_ms;
        alarms_count_told(a, i);
    }
    regroup(a, i, alarms_seen(&before), step.annunciate);
    settle(a, i, &before, now_ms);
    alarms_wake(a, i);
    alarms_tell(a, i, what, now_ms);
    if (e == ALARM_EVENT_ON)
        restless(a, i, now_ms);
    return NULL;
}

void alarms_tell(struct alarms *a, uint32_t i, enum alarm_change what, int64_t now_ms)
{
    a->items[i].s.changed_ms = now_ms;
    alarms_evidence(a, i);
    a->hooks.changed(a->hooks.me, i, what, now_ms);
}
