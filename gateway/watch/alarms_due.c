/* SPDX-License-Identifier: Apache-2.0 */
/* A binary heap of alarms by the moment they are due, so that a quiet tick costs one comparison. */
#include "watch/alarms_parts.h"

#define NOWHERE UINT32_MAX

static int64_t due_at(const struct alarms *a, uint32_t place)
{
    return a->items[a->heap[place]].due_ms;
}

static void put(struct alarms *a, uint32_t place, uint32_t i)
{
    a->heap[place] = i;
    a->items[i].heap = place;
}

static void up(struct alarms *a, uint32_t place)
{
    uint32_t i = a->heap[place];
    while (place > 0) {
        uint32_t above = (place - 1) / 2;
        if (due_at(a, above) <= a->items[i].due_ms)
            break;
        put(a, place, a->heap[above]);
        place = above;
    }
    put(a, place, i);
}

static void down(struct alarms *a, uint32_t place)
{
    uint32_t i = a->heap[place];
    for (;;) {
        uint32_t below = 2 * place + 1;
        if (below >= a->heap_count)
            break;
        if (below + 1 < a->heap_count && due_at(a, below + 1) < due_at(a, below))
            below++;
        if (a->items[i].due_ms <= due_at(a, below))
            break;
        put(a, place, a->heap[below]);
        place = below;
    }
    put(a, place, i);
}

static void take_out(struct alarms *a, uint32_t i)
{
    uint32_t place = a->items[i].heap;
    a->items[i].heap = NOWHERE;
    uint32_t last = a->heap[--a->heap_count];
    if (last == i)
        return;
    put(a, place, last);
    up(a, place);
    down(a, a->items[last].heap);
}

void alarms_due(struct alarms *a, uint32_t i, int64_t due_ms)
{
    struct item *it = &a->items[i];
    if (it->due_ms == due_ms && (it->heap != NOWHERE || due_ms == INT64_MAX))
        return;
    if (it->heap != NOWHERE)
        take_out(a, i);
    it->due_ms = due_ms;
    if (due_ms == INT64_MAX)
        return;
    put(a, a->heap_count, i);
    up(a, a->heap_count++);
}

uint32_t alarms_due_pop(struct alarms *a, int64_t now_ms)
{
    if (!a->heap_count || due_at(a, 0) > now_ms)
        return RULE_NONE;
    uint32_t i = a->heap[0];
    take_out(a, i);
    a->items[i].due_ms = INT64_MAX;
    return i;
}

int64_t alarms_due_next(const struct alarms *a)
{
    return a->heap_count ? due_at(a, 0) : INT64_MAX;
}
