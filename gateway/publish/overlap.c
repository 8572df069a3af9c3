/* SPDX-License-Identifier: Apache-2.0 */
#include "publish/overlap.h"

#include <string.h>

void overlap_init(struct overlap *o, int64_t window_ns)
{
    /* The first save comes soon: a process that is killed again and again must not stay young. */
    *o = (struct overlap){.window_ns = window_ns,
                          .saved_ns = window_ns / OVERLAP_POINTS - window_ns / 8};
}

static void advance(struct overlap *o, mono_t now)
{
    if (o->up)
        o->up_ns += mono_since(now, o->seen);
    o->seen = now;
}

void overlap_connection(struct overlap *o, bool up, mono_t now)
{
    advance(o, now);
    o->up = up;
}

/* Points behind the last one that is old enough say nothing any more. */
static void forget(struct overlap *o)
{
    uint32_t old = 0;
    while (old + 1 < o->count && o->up_ns - o->points[old + 1].up_ns >= o->window_ns)
        old++;
    if (old == 0 && o->count == OVERLAP_POINTS)
        old = 1; /* a window that was made longer in the plant file */
    o->count -= old;
    memmove(o->points, o->points + old, o->count * sizeof(o->points[0]));
}

static bool begin_at(struct overlap *o, const uint64_t from[MESSAGE_JOURNALED])
{
    bool moved = memcmp(o->from, from, sizeof(o->from)) != 0;
    memcpy(o->from, from, sizeof(o->from));
    return moved;
}

bool overlap_turn(struct overlap *o, const uint64_t acked[MESSAGE_JOURNALED], mono_t now)
{
    advance(o, now);
    if (o->window_ns <= 0)
        return begin_at(o, acked);
    if (!o->up || (o->count &&
                   o->up_ns - o->points[o->count - 1].up_ns < o->window_ns / (OVERLAP_POINTS - 4)))
        return false;
    forget(o);
    struct overlap_point *p = &o->points[o->count++];
    p->up_ns = o->up_ns;
    memcpy(p->acked, acked, sizeof(p->acked));
    return o->up_ns - o->points[0].up_ns >= o->window_ns && begin_at(o, o->points[0].acked);
}

size_t overlap_save(struct overlap *o, struct overlap_point out[OVERLAP_POINTS])
{
    if (!o->count || o->up_ns - o->saved_ns < o->window_ns / 8)
        return 0;
    const struct overlap_point *newest = &o->points[o->count - 1];
    /* Nothing came since, and all that is in the window has been saved as it is. */
    if (memcmp(o->saved, newest->acked, sizeof(o->saved)) == 0 &&
        memcmp(o->from, newest->acked, sizeof(o->from)) == 0)
        return 0;
    for (uint32_t i = 0; i < o->count; i++) {
        out[i] = o->points[i];
        out[i].up_ns = o->up_ns - o->points[i].up_ns;
    }
    memcpy(o->saved, newest->acked, sizeof(o->saved));
    o->saved_ns = o->up_ns;
    return o->count * sizeof(out[0]);
}

void overlap_restore(struct overlap *o, const void *saved, size_t size,
                     const uint64_t acked[MESSAGE_JOURNALED])
{
    struct overlap_point p[OVERLAP_POINTS];
    size_t n = size / sizeof(p[0]);
    if (size > sizeof(p) || size % sizeof(p[0]) != 0)
        return;
    memcpy(p, saved, size);
    for (size_t i = 0; i < n; i++) {
        bool ours = p[i].up_ns >= 0 && (i == 0 || p[i].up_ns <= p[i - 1].up_ns);
        for (int lane = 0; lane < MESSAGE_JOURNALED; lane++)
            ours = ours && p[i].acked[lane] <= acked[lane];
        if (!ours)
            return;
    }
    for (size_t i = 0; i < n; i++)
        p[i].up_ns = -p[i].up_ns;
    memcpy(o->points, p, size);
    o->count = (uint32_t)n;
}
