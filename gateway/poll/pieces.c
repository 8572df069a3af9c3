/* SPDX-License-Identifier: Apache-2.0 */
#include "poll/pieces.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct span { /* registers that must stay together: a value or a group */
    uint32_t from, to;
    uint32_t device;
    int32_t group;
};

static const struct point *point_of(const struct plan *plan, const struct feed *f)
{
    return &plan->plant->devices[f->device].map->points[f->point];
}

static int by_start(const void *a, const void *b)
{
    const struct span *x = a, *y = b;
    return x->from < y->from ? -1 : x->from > y->from;
}

/* The feed of a device (in order of their points from `low` on) that brings a point, or what the
 * point is computed from. NULL: none of this request does. */
static const struct feed *feed_of(const struct request *r, uint32_t low, const struct map *map,
                                  uint32_t point)
{
    uint32_t device = r->feeds[low].device, high = r->feed_count;
    for (uint32_t i = 0; i < map->point_count && map->points[point].from >= 0; i++)
        point = (uint32_t)map->points[point].from;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        const struct feed *f = &r->feeds[middle];
        if (f->device < device || (f->device == device && f->point < point))
            low = middle + 1;
        else
            high = middle;
    }
    const struct feed *f = &r->feeds[low];
    return low < r->feed_count && f->device == device && f->point == point ? f : NULL;
}

/* One answer is to bring both. Where one of them lies outside, they are parted already. */
static void widen(struct span *spans, size_t n, const struct plan *plan, const struct feed *a,
                  const struct feed *b, const struct piece *within)
{
    uint32_t to = b ? b->offset + (uint32_t)point_of(plan, b)->words : 0;
    if (!a || !b || b->offset < within->offset || to > within->offset + (uint32_t)within->count)
        return;
    for (size_t i = 0; i < n; i++) {
        struct span *s = &spans[i];
        if (a->offset < s->from || a->offset + (uint32_t)point_of(plan, a)->words > s->to)
            continue;
        s->from = b->offset < s->from ? b->offset : s->from;
        s->to = to > s->to ? to : s->to;
        return;
    }
}

/* What scales a value, or vouches for it, stays with it. */
static void widen_all(struct span *spans, size_t n, const struct plan *plan,
                      const struct request *r, const struct piece *within)
{
    for (uint32_t first = 0, i = 0; i < r->feed_count; i++) {
        if (i > first && r->feeds[i].device == r->feeds[first].device)
            continue;
        first = i;
        const struct map *map = plan->plant->devices[r->feeds[i].device].map;
        for (uint32_t k = 0; k < map->point_count; k++) {
            const struct point *p = &map->points[k];
            const int32_t by[] = {p->exp_from, p->mul_from, p->valid_if.point};
            for (int b = 0; b < 3; b++)
                if (by[b] >= 0)
                    widen(spans, n, plan, feed_of(r, first, map, k),
                          feed_of(r, first, map, (uint32_t)by[b]), within);
        }
    }
}

/* Groups first become one span each, then, if bonds count, what hangs on each other, then what
 * overlaps. */
static size_t spans_of(struct span *spans, const struct plan *plan, const struct request *r,
                       const struct piece *within, bool bonds)
{
    size_t n = 0;
    uint32_t end = within->offset + within->count;
    for (uint32_t i = 0; i < r->feed_count; i++) {
        const struct feed *f = &r->feeds[i];
        const struct point *p = point_of(plan, f);
        struct span s = {f->offset, f->offset + (uint32_t)p->words, f->device, p->group};
        if (s.from < within->offset || s.to > end)
            continue;
        size_t k = s.group < 0 ? n : 0;
        while (k < n && (spans[k].group != s.group || spans[k].device != s.device))
            k++;
        if (k == n) {
            spans[n++] = s;
            continue;
        }
        if (s.from < spans[k].from)
            spans[k].from = s.from;
        if (s.to > spans[k].to)
            spans[k].to = s.to;
    }
    if (!n)
        return 0;
    if (bonds)
        widen_all(spans, n, plan, r, within);
    qsort(spans, n, sizeof(*spans), by_start);
    size_t kept = 0;
    for (size_t i = 1; i < n; i++) {
        if (spans[i].from >= spans[kept].to)
            spans[++kept] = spans[i];
        else if (spans[i].to > spans[kept].to)
            spans[kept].to = spans[i].to;
    }
    return kept + 1;
}

static struct piece piece_over(const struct span *first, const struct span *last)
{
    return (struct piece){.offset = (uint16_t)first->from,
                          .count = (uint16_t)(last->to - first->from)};
}

static struct pieces *grown(struct pieces *old)
{
    uint16_t count = old ? old->count : 0;
    return realloc(old, sizeof(*old) + (count + 2U) * sizeof(struct piece));
}

bool pieces_cut(struct pieces **ps, const struct plan *plan, const struct request *r,
                uint16_t which)
{
    struct piece whole = {.offset = 0, .count = r->count};
    struct piece present = *ps ? (*ps)->at[which] : whole;
    struct span *spans = calloc(r->feed_count + 1U, sizeof(*spans));
    if (!spans)
        return false;
    size_t n = spans_of(spans, plan, r, &present, true);
    if (n < 2) /* what is refused lies among them: they can't be had together */
        n = spans_of(spans, plan, r, &present, false);
    struct pieces *to = n >= 2 ? grown(*ps) : NULL;
    if (to) {
        bool new = !*ps;
        if (new)
            *to = (struct pieces){.count = 1};
        struct piece *at = &to->at[which];
        memmove(at + 2, at + 1, (to->count - which - 1U) * sizeof(*at));
        at[0] = piece_over(&spans[0], &spans[n / 2 - 1]);
        at[1] = piece_over(&spans[n / 2], &spans[n - 1]);
        at[0].served = at[1].served = present.served;
        at[0].with_next = true;
        if (which > 0)
            at[-1].with_next = false;
        to->count++;
        to->fresh = true;
        *ps = to;
    }
    free(spans);
    return to != NULL;
}

bool pieces_optional(const struct plan *plan, const struct request *r, uint32_t offset,
                     uint32_t count)
{
    bool any = false;
    for (uint32_t i = 0; i < r->feed_count; i++) {
        const struct feed *f = &r->feeds[i];
        if (f->offset < offset || f->offset >= offset + count)
            continue;
        if (!point_of(plan, f)->optional)
            return false;
        any = true;
    }
    return any;
}

void pieces_join(struct pieces *ps)
{
    if (ps->keep)
        return;
    uint16_t kept = 0;
    for (uint16_t i = 1; i < ps->count; i++) {
        struct piece *last = &ps->at[kept];
        const struct piece *p = &ps->at[i];
        if (!last->hole && !p->hole && last->offset + last->count == p->offset) {
            last->count = (uint16_t)(last->count + p->count);
            last->served = last->served && p->served;
            last->with_next = false;
        } else
            ps->at[++kept] = *p;
    }
    ps->count = (uint16_t)(kept + 1);
}

static const char *table_name(uint8_t table)
{
    static const char *const names[TABLE_COUNT] = {
        [TABLE_COIL] = "coil",
        [TABLE_DISCRETE] = "discrete",
        [TABLE_INPUT] = "input",
        [TABLE_HOLDING] = "holding",
    };
    return names[table];
}

int64_t refusal_pause(int64_t before, int64_t longest)
{
    static const int64_t first = 2 * NS_PER_S;
    int64_t pause = before ? before * 2 : first;
    return pause < longest ? pause : longest;
}

bool pieces_all_holes(const struct pieces *ps)
{
    for (uint16_t i = 0; i < ps->count; i++) {
        if (!ps->at[i].hole)
            return false;
    }
    return true;
}

void piece_served(struct piece *p)
{
    p->hole = false;
    p->served = true;
    p->told = false;
    p->pause_ns = 0;
}

void pieces_not_served(struct pieces *ps, uint16_t which)
{
    ps->at[which].with_next = false;
    if (which > 0)
        ps->at[which - 1].with_next = false;
}

static bool is_gap(const struct piece *p)
{
    return p->offset + p->count < p[1].offset;
}

bool pieces_apart(const struct pieces *ps, uint16_t which)
{
    const struct piece *p = &ps->at[which];
    return p->with_next && which + 1 < ps->count && (ps->keep || is_gap(p));
}

static unsigned longest(const struct pieces *ps)
{
    unsigned most = 0;
    for (uint16_t i = 0; i < ps->count; i++)
        if (!ps->at[i].hole && ps->at[i].count > most)
            most = ps->at[i].count;
    return most;
}

static void tell_hole(const struct piece *hole, const struct plan *plan, const struct request *r,
                      char *text, size_t room)
{
    const struct point *first = NULL;
    unsigned others = 0;
    for (uint32_t i = 0; i < r->feed_count; i++) {
        const struct feed *f = &r->feeds[i];
        if (f->offset < hole->offset || f->offset >= hole->offset + hole->count)
            continue;
        if (first)
            others++;
        else
            first = point_of(plan, f);
    }
    char more[32] = "";
    if (others)
        snprintf(more, sizeof(more), " and %u more", others);
    unsigned from = r->first + (unsigned)hole->offset;
    snprintf(text, room, "limits: {never: [\"%s 0x%04X..0x%04X\"]}  # unit %u refuses %s%s (%s:%u)",
             table_name(r->table), from, from + hole->count - 1U, (unsigned)r->unit,
             first ? first->name : "it", more, first && first->at.file ? first->at.file : "no file",
             first ? (unsigned)first->at.line : 0U);
}

void pieces_tell(const struct pieces *ps, uint16_t which, const struct plan *plan,
                 const struct request *r, char *text, size_t room)
{
    const struct piece *p = &ps->at[which];
    assert(p->hole || which + 1 < ps->count);
    if (p->hole) {
        tell_hole(p, plan, r, text, room);
        return;
    }
    const char *table = table_name(r->table);
    unsigned unit = r->unit, next = r->first + (unsigned)p[1].offset, most = longest(ps);
    if (is_gap(p))
        snprintf(text, room,
                 "limits: {never: [\"%s 0x%04X..0x%04X\"]}  # unit %u refuses to be read across it",
                 table, r->first + (unsigned)p->offset + p->count, next - 1, unit);
    else if (most < (unsigned)p->count + p[1].count)
        snprintf(text, room, "limits: {%s: %u}  # unit %u refuses longer reads",
                 r->table <= TABLE_DISCRETE ? "max_bits" : "max_registers", most, unit);
    else
        snprintf(text, room,
                 "limits: {barriers: [\"%s 0x%04X\"]}  # unit %u refuses to be read across it",
                 table, next, unit);
}
