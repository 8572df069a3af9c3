/* SPDX-License-Identifier: Apache-2.0 */
#include "poll/timers.h"

#include <assert.h>
#include <stdlib.h>

bool timers_init(struct timers *ts, uint32_t room)
{
    ts->count = 0;
    ts->room = room;
    ts->heap = calloc((size_t)room + 1, sizeof(struct timer *));
    return ts->heap != NULL;
}

bool timers_reserve(struct timers *ts, uint32_t room)
{
    if (room <= ts->room)
        return true;
    struct timer **heap = realloc(ts->heap, ((size_t)room + 1) * sizeof(struct timer *));
    if (!heap)
        return false;
    ts->heap = heap;
    ts->room = room;
    return true;
}

void timers_fini(struct timers *ts)
{
    free(ts->heap);
    ts->heap = NULL;
}

static void put(struct timers *ts, uint32_t place, struct timer *t)
{
    ts->heap[place] = t;
    t->place = place;
}

static void rise(struct timers *ts, struct timer *t, uint32_t at)
{
    for (; at > 1 && mono_before(t->when, ts->heap[at / 2]->when); at /= 2)
        put(ts, at, ts->heap[at / 2]);
    put(ts, at, t);
}

static void sink(struct timers *ts, struct timer *t, uint32_t at)
{
    for (uint32_t child = 2 * at; child <= ts->count; child = 2 * at) {
        if (child < ts->count && mono_before(ts->heap[child + 1]->when, ts->heap[child]->when))
            child++;
        if (!mono_before(ts->heap[child]->when, t->when))
            break;
        put(ts, at, ts->heap[child]);
        at = child;
    }
    put(ts, at, t);
}

static void take_out(struct timers *ts, struct timer *t)
{
    uint32_t hole = t->place;
    struct timer *last = ts->heap[ts->count--];
    t->place = 0;
    if (last == t)
        return;
    if (hole > 1 && mono_before(last->when, ts->heap[hole / 2]->when))
        rise(ts, last, hole);
    else
        sink(ts, last, hole);
}

void timers_set(struct timers *ts, struct timer *t, mono_t when)
{
    if (t->place && t->when.ns == when.ns)
        return;
    if (when.ns == MONO_NEVER.ns) {
        if (t->place)
            take_out(ts, t);
        t->when = when;
        return;
    }
    if (!t->place) {
        assert(ts->count < ts->room);
        t->when = when;
        rise(ts, t, ++ts->count);
        return;
    }
    bool sooner = mono_before(when, t->when);
    t->when = when;
    if (sooner)
        rise(ts, t, t->place);
    else
        sink(ts, t, t->place);
}

struct timer *timers_first(const struct timers *ts)
{
    return ts->count ? ts->heap[1] : NULL;
}
