/* SPDX-License-Identifier: Apache-2.0 */
/* One run: what is quiet is done at once, what is loud is sorted first. */
#include "watch/alarms_parts.h"

enum deed {
    DEED_NONE,
    DEED_FREEZE,
    DEED_THAW,
    DEED_SUPPRESS,
    DEED_UNSUPPRESS,
    DEED_UNSHELVE,
    DEED_ON,
    DEED_OFF,
    DEED_RISE,
    DEED_REALARM,
    DEED_CALM,
    DEED_COUNT
};

/* Conditions that hooks set while a run goes on are acted upon in it, but not for ever. */
enum { PASSES_MAX = 16 };

static bool blind(const struct item *it)
{
    return it->s.frozen || it->want_frozen;
}

static int64_t later(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

static int64_t on_at(const struct alarms *a, uint32_t i)
{
    const struct item *it = &a->items[i];
    if (it->s.bits.active || !it->s.raw || blind(it) || alarms_held(a, i))
        return INT64_MAX;
    return later(it->s.raw_since_ms + alarms_on_delay(a, i), alarms_grace_end(a, i));
}

static int64_t off_at(const struct item *it)
{
    if (!it->s.bits.active || it->s.raw || blind(it))
        return INT64_MAX;
    return it->s.raw_since_ms + it->s.off_delay_ms;
}

/* One at a time, in the order in which they would have happened. */
static enum deed deed_of(const struct alarms *a, uint32_t i, int64_t now_ms)
{
    const struct item *it = &a->items[i];
    const struct alarm_bits *b = &it->s.bits;
    if (it->matured && !b->active)
        return DEED_ON;
    if (it->want_frozen != it->s.frozen)
        return it->want_frozen ? DEED_FREEZE : DEED_THAW;
    bool hide = alarms_want_suppressed(a, i, now_ms);
    if (hide && !b->suppressed)
        return DEED_SUPPRESS;
    if (off_at(it) <= now_ms)
        return DEED_OFF;
    if (on_at(a, i) <= now_ms)
        return DEED_ON;
    if (it->rise_to > it->s.priority && alarms_stands(b))
        return DEED_RISE;
    if (b->shelved && it->s.shelved_until_ms <= now_ms)
        return DEED_UNSHELVE;
    if (!hide && b->suppressed)
        return DEED_UNSUPPRESS;
    if (it->s.realarm_ms <= now_ms)
        return DEED_REALARM;
    return it->s.chattering && it->calm_ms <= now_ms ? DEED_CALM : DEED_NONE;
}

static const struct {
    uint8_t event, change;
} steps[DEED_COUNT] = {
    [DEED_SUPPRESS] = {ALARM_EVENT_SUPPRESS, ALARM_DID_SUPPRESS},
    [DEED_UNSUPPRESS] = {ALARM_EVENT_UNSUPPRESS, ALARM_DID_UNSUPPRESS},
    [DEED_UNSHELVE] = {ALARM_EVENT_UNSHELVE, ALARM_DID_UNSHELVE},
    [DEED_ON] = {ALARM_EVENT_ON, ALARM_DID_ON},
    [DEED_OFF] = {ALARM_EVENT_OFF, ALARM_DID_OFF},
    [DEED_RISE] = {ALARM_EVENT_WORSE, ALARM_DID_RISE},
    [DEED_REALARM] = {ALARM_EVENT_REALARM, ALARM_DID_REALARM},
};

/* What was shelved as less than critical doesn't stay shelved when it becomes critical. */
static bool outgrows_shelf(const struct alarms *a, uint32_t i)
{
    const struct item *it = &a->items[i];
    return it->s.bits.shelved && it->rise_to == PRIORITY_CRITICAL &&
           a->rules[i].priority < PRIORITY_CRITICAL;
}

static bool is_loud(const struct alarms *a, uint32_t i, enum deed d)
{
    const struct item *it = &a->items[i];
    switch (d) {
    case DEED_RISE:
        if (outgrows_shelf(a, i))
            return true;
        break;
    case DEED_ON:
    case DEED_REALARM:
    case DEED_UNSHELVE:
    case DEED_UNSUPPRESS:
        break;
    case DEED_NONE:
    case DEED_FREEZE:
    case DEED_THAW:
    case DEED_SUPPRESS:
    case DEED_OFF:
    case DEED_CALM:
    case DEED_COUNT:
        return false;
    }
    return alarm_step(&a->rules[i], it->s.bits, (enum alarm_event)steps[d].event).annunciate;
}

static void thaw(struct alarms *a, uint32_t i, int64_t now_ms)
{
    struct item *it = &a->items[i];
    it->s.frozen = false;
    it->s.raw_since_ms = now_ms; /* time without sight proves nothing: delays begin anew */
    if (it->s.chattering)
        it->calm_ms = now_ms + CHATTER_CALM_MS;
    alarms_tell(a, i, ALARM_DID_THAW, now_ms);
}

static void rise(struct alarms *a, uint32_t i, int64_t now_ms)
{
    struct item *it = &a->items[i];
    bool out = outgrows_shelf(a, i);
    it->s.priority = it->rise_to;
    if (alarm_step(&a->rules[i], it->s.bits, ALARM_EVENT_WORSE).changed)
        alarms_apply(a, i, ALARM_EVENT_WORSE, ALARM_DID_RISE, now_ms);
    else
        alarms_tell(a, i, ALARM_DID_RISE, now_ms);
    if (out)
        alarms_apply(a, i, ALARM_EVENT_UNSHELVE, ALARM_DID_UNSHELVE, now_ms);
}

static void do_it(struct alarms *a, uint32_t i, enum deed d, int64_t now_ms)
{
    struct item *it = &a->items[i];
    switch (d) {
    case DEED_FREEZE:
        it->s.frozen = true;
        alarms_tell(a, i, ALARM_DID_FREEZE, now_ms);
        return;
    case DEED_THAW:
        thaw(a, i, now_ms);
        return;
    case DEED_CALM:
        it->s.chattering = false;
        it->s.off_delay_ms = a->rules[i].off_delay_ms;
        it->calm_ms = INT64_MAX;
        alarms_tell(a, i, ALARM_DID_CALM, now_ms);
        return;
    case DEED_RISE:
        rise(a, i, now_ms);
        return;
    case DEED_ON:
        it->matured = false;
        break;
    case DEED_OFF:
        alarms_apply(a, i, ALARM_EVENT_OFF, ALARM_DID_OFF, now_ms);
        if (it->s.bits.shelved && it->s.one_shot)
            it->s.shelved_until_ms = now_ms;
        return;
    case DEED_NONE:
    case DEED_COUNT:
        return;
    case DEED_SUPPRESS:
    case DEED_UNSUPPRESS:
    case DEED_UNSHELVE:
    case DEED_REALARM:
        break;
    }
    alarms_apply(a, i, (enum alarm_event)steps[d].event, (enum alarm_change)steps[d].change,
                 now_ms);
}

/* When time alone will give it something to do. */
static int64_t next_of(const struct alarms *a, uint32_t i, int64_t now_ms)
{
    const struct item *it = &a->items[i];
    int64_t grace = alarms_grace_end(a, i);
    const int64_t moments[] = {
        on_at(a, i),
        off_at(it),
        it->s.bits.shelved ? it->s.shelved_until_ms : INT64_MAX,
        it->s.bits.suppressed && grace > now_ms ? grace : INT64_MAX,
        it->s.realarm_ms,
        it->s.chattering ? it->calm_ms : INT64_MAX,
    };
    int64_t next = INT64_MAX;
    for (size_t k = 0; k < sizeof(moments) / sizeof(moments[0]); k++)
        if (moments[k] < next)
            next = moments[k];
    return next;
}

/* ---- order -------------------------------------------------------------------------------------
 */

static bool before(const struct loud *x, const struct loud *y)
{
    if (x->priority != y->priority)
        return x->priority > y->priority;
    if (x->source_ms != y->source_ms)
        return x->source_ms < y->source_ms;
    if (x->arrival != y->arrival)
        return x->arrival < y->arrival;
    return x->index < y->index;
}

static void sift(struct loud *l, uint32_t from, uint32_t count)
{
    struct loud x = l[from];
    for (;;) {
        uint32_t below = 2 * from + 1;
        if (below >= count)
            break;
        if (below + 1 < count && before(&l[below], &l[below + 1]))
            below++;
        if (!before(&x, &l[below]))
            break;
        l[from] = l[below];
        from = below;
    }
    l[from] = x;
}

/* In place, since qsort may ask for memory. */
static void sort(struct loud *l, uint32_t count)
{
    for (uint32_t k = count / 2; k-- > 0;)
        sift(l, k, count);
    for (uint32_t k = count; k-- > 1;) {
        struct loud x = l[0];
        l[0] = l[k];
        l[k] = x;
        sift(l, 0, k);
    }
}

static bool earlier(const struct item *x, const struct item *y)
{
    if (x->s.source_ms != y->s.source_ms)
        return x->s.source_ms < y->s.source_ms;
    return x->arrival < y->arrival;
}

static void first_outs(struct alarms *a, uint32_t count)
{
    for (uint32_t k = 0; k < count; k++) {
        uint32_t i = a->loud[k].index, g = a->rules[i].group;
        if (g >= a->group_count || a->groups[g].standing)
            continue;
        struct group *group = &a->groups[g];
        if (group->first == RULE_NONE || earlier(&a->items[i], &a->items[group->first]))
            group->first = i;
    }
}

static void tell_loud(struct alarms *a, int64_t now_ms)
{
    uint32_t count = 0;
    for (uint32_t k = 0; k < a->work_count; k++) {
        uint32_t i = a->work[k];
        const struct item *it = &a->items[i];
        if (!is_loud(a, i, deed_of(a, i, now_ms)))
            continue;
        uint8_t priority = it->rise_to > it->s.priority ? it->rise_to : it->s.priority;
        a->loud[count++] = (struct loud){it->s.source_ms, it->arrival, i, priority};
    }
    sort(a->loud, count);
    first_outs(a, count);
    for (uint32_t k = 0; k < count; k++)
        do_it(a, a->loud[k].index, deed_of(a, a->loud[k].index, now_ms), now_ms);
    for (uint32_t k = 0; k < count; k++)
        if (a->rules[a->loud[k].index].group < a->group_count)
            a->groups[a->rules[a->loud[k].index].group].first = RULE_NONE;
}

/* ---- the run -----------------------------------------------------------------------------------
 */

static void do_quiet(struct alarms *a, int64_t now_ms)
{
    a->work_count = 0;
    while (a->queue_count) {
        uint32_t i = a->queue[a->queue_head];
        a->queue_head = (a->queue_head + 1) % a->count;
        a->queue_count--;
        a->items[i].queued = false;
        if (!a->items[i].touched)
            a->work[a->work_count++] = i;
        a->items[i].touched = true;
        for (enum deed d; (d = deed_of(a, i, now_ms)) != DEED_NONE && !is_loud(a, i, d);)
            do_it(a, i, d, now_ms);
    }
}

static void one_pass(struct alarms *a, int64_t now_ms)
{
    do_quiet(a, now_ms);
    tell_loud(a, now_ms);
    for (uint32_t k = 0; k < a->work_count; k++) {
        uint32_t i = a->work[k];
        a->items[i].touched = false;
        alarms_due(a, i, next_of(a, i, now_ms));
    }
}

int64_t alarms_run(struct alarms *a, int64_t now_ms)
{
    alarms_count_time(a, now_ms);
    for (int pass = 0; pass < PASSES_MAX; pass++) {
        for (uint32_t i; (i = alarms_due_pop(a, now_ms)) != RULE_NONE;)
            alarms_wake(a, i);
        if (!a->queue_count)
            break;
        one_pass(a, now_ms);
    }
    if (a->queue_count)
        return now_ms;
    int64_t next = alarms_due_next(a);
    /* A flood ends by time passing. */
    return a->flood && now_ms / 1000 * 1000 + 1000 < next ? now_ms / 1000 * 1000 + 1000 : next;
}
