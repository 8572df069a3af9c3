/* SPDX-License-Identifier: Apache-2.0 */
/* Two heaps: requests that wait for their time, by time; requests whose time has come, by deadline.
 * Each request keeps an anchor, its own times being anchor + n * period for ever: nothing that
 * happens on the way moves them, so there is no drift. */
#include "plan/schedule.h"

#include <assert.h>

#include "plan/alike.h"

static const int64_t EARLY_NS = 300 * NS_PER_MS; /* everybody has spoken once by then */

enum state { WAITING, READY, TAKEN };

struct entry {
    mono_t due;
    mono_t anchor;
    uint8_t state; /* enum state */
};

struct heap {
    uint32_t *items; /* numbers of entries */
    uint32_t count;
};

struct schedule {
    const struct request *requests;
    struct entry *entries; /* same numbers */
    uint32_t count;
    struct heap waiting, ready;
    uint64_t overruns;
    bool is_bus;
    uint32_t last; /* taken; count: none yet */
};

/* ---- heaps ----------------------------------------------------------------------------------- */

typedef bool before_fn(const struct schedule *s, uint32_t a, uint32_t b);

static bool due_before(const struct schedule *s, uint32_t a, uint32_t b)
{
    int64_t x = s->entries[a].due.ns, y = s->entries[b].due.ns;
    return x != y ? x < y : a < b;
}

static bool deadline_before(const struct schedule *s, uint32_t a, uint32_t b)
{
    int64_t x = mono_add(s->entries[a].due, s->requests[a].period_ns).ns;
    int64_t y = mono_add(s->entries[b].due, s->requests[b].period_ns).ns;
    return x != y ? x < y : due_before(s, a, b);
}

/* The item comes to place i, or in front of it. */
static void heap_rise(const struct schedule *s, struct heap *h, uint32_t i, uint32_t item,
                      before_fn *before)
{
    while (i > 0 && before(s, item, h->items[(i - 1) / 2])) {
        h->items[i] = h->items[(i - 1) / 2];
        i = (i - 1) / 2;
    }
    h->items[i] = item;
}

static void heap_put(const struct schedule *s, struct heap *h, uint32_t item, before_fn *before)
{
    heap_rise(s, h, h->count++, item, before);
}

static uint32_t heap_take(const struct schedule *s, struct heap *h, before_fn *before)
{
    uint32_t top = h->items[0], last = h->items[--h->count], i = 0;
    for (;;) {
        uint32_t child = 2 * i + 1;
        if (child >= h->count)
            break;
        if (child + 1 < h->count && before(s, h->items[child + 1], h->items[child]))
            child++;
        if (!before(s, h->items[child], last))
            break;
        h->items[i] = h->items[child];
        i = child;
    }
    h->items[i] = last;
    return top;
}

/* ---- times ----------------------------------------------------------------------------------- */

/* A period has as many places as ticks fit into it. The line's number shifts all of them, so lines
 * with the same requests use the places evenly; a line's own requests stand apart from each other.
 */
static int64_t phase(int64_t period_ns, int64_t tick_ns, uint32_t line, uint32_t nth, uint32_t of)
{
    assert(tick_ns > 0 && of > 0);
    int64_t places = period_ns / tick_ns;
    if (places < 1)
        return 0;
    int64_t apart = (int64_t)nth * places / of;
    return (line + apart) % places * tick_ns;
}

/* The first of its own times that is at least half a period behind its last one: a request that was
 * asked out of turn is not asked again a moment later. */
static mono_t own_time_after(const struct entry *e, int64_t period_ns)
{
    int64_t earliest = mono_add(e->due, period_ns / 2).ns - e->anchor.ns;
    int64_t periods = earliest <= 0 ? 0 : (earliest - 1) / period_ns + 1;
    return mono_add(e->anchor, periods * period_ns);
}

struct schedule *schedule_new(struct arena *a, const struct plan *plan, uint32_t line, mono_t start)
{
    uint32_t from = plan->first_request[line], count = plan->first_request[line + 1] - from;
    struct schedule *s = arena_get(a, sizeof *s);
    if (s == NULL)
        return NULL;
    s->requests = plan->requests + from;
    s->count = s->last = count;
    s->is_bus = plan->plant->lines[line].transport != TRANSPORT_TCP;
    s->entries = arena_get_array(a, count + 1U, sizeof *s->entries);
    s->waiting.items = arena_get_array(a, count + 1U, sizeof *s->waiting.items);
    s->ready.items = arena_get_array(a, count + 1U, sizeof *s->ready.items);
    if (s->entries == NULL || s->waiting.items == NULL || s->ready.items == NULL)
        return NULL;

    int64_t usual = plan->plant->tick_ns > 0 ? plan->plant->tick_ns : plan->tick_ns;
    for (uint32_t i = 0; i < count; i++) {
        int64_t period = s->requests[i].period_ns;
        /* Only fast requests use fine ticks; a wake-up costs more than what is done in it. */
        int64_t tick = period / 4 < usual ? period / 4 : usual;
        int64_t early = period < EARLY_NS ? period : EARLY_NS;
        uint32_t alike = 0, nth = 0;
        for (uint32_t k = 0; k < count; k++) {
            if (s->requests[k].period_ns != period)
                continue;
            nth += k < i;
            alike++;
        }
        struct entry *e = &s->entries[i];
        e->anchor = mono_add(start, phase(period, tick, line, nth, alike));
        e->due = mono_add(start, phase(early, tick, line, 0, 1));
        heap_put(s, &s->waiting, i, due_before);
    }
    return s;
}

/* ---- asking ---------------------------------------------------------------------------------- */

static bool like_last(const struct schedule *s, uint32_t i)
{
    return s->is_bus && s->last != s->count && s->last != i &&
           alike_answers(&s->requests[s->last], &s->requests[i]);
}

/* On a bus a device that repeats its answer would answer a question that looks the same; so
 * something else goes in between, if it is due as well. */
static uint32_t take_ready(struct schedule *s)
{
    enum { LOOKS = 4 };
    uint32_t aside[LOOKS], count = 0, i = heap_take(s, &s->ready, deadline_before);
    while (count < LOOKS && s->ready.count > 0 && like_last(s, i)) {
        aside[count++] = i;
        i = heap_take(s, &s->ready, deadline_before);
    }
    if (count > 0 && like_last(s, i)) {
        uint32_t first = aside[0];
        aside[0] = i;
        i = first;
    }
    while (count > 0)
        heap_put(s, &s->ready, aside[--count], deadline_before);
    return i;
}

const struct request *schedule_take(struct schedule *s, mono_t now)
{
    while (s->waiting.count > 0 && !mono_before(now, s->entries[s->waiting.items[0]].due)) {
        uint32_t i = heap_take(s, &s->waiting, due_before);
        s->entries[i].state = READY;
        heap_put(s, &s->ready, i, deadline_before);
    }
    if (s->ready.count == 0)
        return NULL;
    uint32_t i = take_ready(s);
    s->entries[i].state = TAKEN;
    s->last = i;
    return &s->requests[i];
}

/* Seldom, so it may look through all of them. */
static uint32_t heap_find(const struct heap *h, uint32_t item)
{
    uint32_t at = 0;
    while (at < h->count && h->items[at] != item)
        at++;
    assert(at < h->count);
    return at;
}

static void heap_remove(const struct schedule *s, struct heap *h, uint32_t item, before_fn *before)
{
    uint32_t at = heap_find(h, item);
    struct heap old = *h;
    h->count = at; /* those in front of it stand as they stood; the others are put once more */
    for (uint32_t i = at + 1; i < old.count; i++)
        heap_put(s, h, old.items[i], before);
}

void schedule_claim(struct schedule *s, const struct request *r, mono_t now)
{
    assert(r >= s->requests && r < s->requests + s->count);
    uint32_t i = (uint32_t)(r - s->requests);
    assert(s->entries[i].state != TAKEN);
    if (s->entries[i].state == WAITING)
        heap_remove(s, &s->waiting, i, due_before);
    else
        heap_remove(s, &s->ready, i, deadline_before);
    s->entries[i].due = now;
    s->entries[i].state = TAKEN;
    s->last = i;
}

mono_t schedule_due(const struct schedule *s)
{
    if (s->ready.count > 0)
        return s->entries[s->ready.items[0]].due;
    return s->waiting.count > 0 ? s->entries[s->waiting.items[0]].due : MONO_NEVER;
}

static uint32_t taken(const struct schedule *s, const struct request *r)
{
    assert(r >= s->requests && r < s->requests + s->count);
    uint32_t i = (uint32_t)(r - s->requests);
    assert(s->entries[i].state == TAKEN);
    return i;
}

static void wait_until(struct schedule *s, uint32_t i, mono_t due)
{
    s->entries[i].due = due;
    s->entries[i].state = WAITING;
    heap_put(s, &s->waiting, i, due_before);
}

void schedule_done(struct schedule *s, const struct request *r, mono_t now)
{
    uint32_t i = taken(s, r);
    mono_t due = own_time_after(&s->entries[i], r->period_ns);
    if (mono_before(due, now)) {
        int64_t missed = (mono_since(now, due) - 1) / r->period_ns + 1;
        s->overruns += (uint64_t)missed;
        due = mono_add(due, missed * r->period_ns);
    }
    wait_until(s, i, due);
}

void schedule_put_off(struct schedule *s, const struct request *r, mono_t until)
{
    wait_until(s, taken(s, r), until);
}

void schedule_hasten(struct schedule *s, const struct request *r, mono_t when)
{
    assert(r >= s->requests && r < s->requests + s->count);
    uint32_t i = (uint32_t)(r - s->requests);
    struct entry *e = &s->entries[i];
    if (e->state != WAITING || !mono_before(when, e->due))
        return;
    e->due = when;
    heap_rise(s, &s->waiting, heap_find(&s->waiting, i), i, due_before);
}

void schedule_follow(struct schedule *s, const struct plan *plan, uint32_t line)
{
    assert(plan->first_request[line + 1] - plan->first_request[line] == s->count);
    s->requests = plan->requests + plan->first_request[line];
}

int64_t schedule_lateness(const struct schedule *s, const struct request *r, mono_t now)
{
    return mono_since(now, s->entries[taken(s, r)].due);
}

uint64_t schedule_overruns(const struct schedule *s)
{
    return s->overruns;
}
