/* SPDX-License-Identifier: Apache-2.0 */
#include "plan/form.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* Wants of one period whose spans lie in each other are one item; so items rise in both ends. */
struct item {
    struct span span;
    int64_t best_ns; /* cheapest cut of all items before this one */
    uint32_t from; /* the first item of the read that ends with this one */
    int32_t bonds; /* bonds that a cut before this item would part */
    bool bound; /* can't be in one read with the item before it */
    uint32_t queue; /* scratch of the cutting */
};

bool form_room(void *slot, uint32_t *room, uint32_t need, size_t size)
{
    void *array, *wider;
    if (need <= *room)
        return true;
    uint32_t more = *room < 32 ? 64 : *room * 2;
    if (more < need)
        more = need;
    /* The slot is a pointer of some other type: copied, since it may not be looked at as void *. */
    memcpy(&array, slot, sizeof array);
    wider = realloc(array, (size_t)more * size);
    if (wider == NULL)
        return false;
    memcpy(slot, &wider, sizeof wider);
    *room = more;
    return true;
}

void form_fini(struct form *f)
{
    free(f->reads);
    free(f->items);
    *f = (struct form){0};
}

/* The first span in a sorted list that ends at address or behind it. */
static uint32_t first_reaching(const struct span *spans, uint32_t count, uint32_t address)
{
    uint32_t low = 0, high = count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (spans[middle].last < address)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

uint32_t form_unused(const struct ground *g, uint32_t after, uint32_t before)
{
    uint32_t longest = 0, next = after + 1;
    for (uint32_t i = first_reaching(g->used, g->used_count, next); next < before; i++) {
        uint32_t end = i < g->used_count && g->used[i].first < before ? g->used[i].first : before;
        if (end > next && end - next > longest)
            longest = end - next;
        if (i >= g->used_count)
            break;
        if (g->used[i].last + 1 > next)
            next = g->used[i].last + 1;
    }
    return longest;
}

static bool may_pass(const struct ground *g, uint32_t after, uint32_t before)
{
    for (uint32_t i = 0; i < g->barrier_count; i++) {
        if (after < g->barriers[i] && g->barriers[i] <= before)
            return false;
    }
    if (before <= after + 1)
        return true;
    for (uint32_t i = 0; i < g->never_count; i++) {
        if (g->never[i].first < before && g->never[i].last > after)
            return false;
    }
    return form_unused(g, after, before) <= g->max_gap;
}

/* ---- one period: the cheapest cut ------------------------------------------------------------ */

static uint32_t gather(struct form *f, const struct ground *g, struct want *wants,
                       const uint32_t *order, uint32_t count, int64_t period_ns)
{
    uint32_t items = 0;
    for (uint32_t i = 0; i < count; i++) {
        struct want *w = &wants[order[i]];
        w->item = FORM_NONE;
        if (w->period_ns != period_ns || w->read != FORM_NONE)
            continue;
        if (items == 0 || w->span.last > f->items[items - 1].span.last) {
            struct item *it = &f->items[items];
            *it = (struct item){.span = w->span};
            it->bound = items > 0 && !may_pass(g, it[-1].span.last, it->span.first);
            items++;
        }
        w->item = items - 1;
    }
    return items;
}

static void count_bonds(struct item *items, uint32_t count, const struct want *wants,
                        const struct bond *bonds, uint32_t bond_count)
{
    for (uint32_t i = 0; i < bond_count; i++) {
        uint32_t a = wants[bonds[i].a].item, b = wants[bonds[i].b].item;
        if (a == FORM_NONE || b == FORM_NONE || a == b)
            continue;
        items[a < b ? a + 1 : b + 1].bonds++;
        if ((a < b ? b : a) + 1 < count)
            items[(a < b ? b : a) + 1].bonds--;
    }
    for (uint32_t i = 1; i < count; i++)
        items[i].bonds += items[i - 1].bonds;
}

/* What a read that begins with item i adds, apart from its end. Parting a bond has a small price,
 * so that it decides only between cuts that cost nearly the same. */
static int64_t opening(const struct ground *g, const struct item *items, uint32_t i)
{
    int32_t bonds = items[i].bonds < 8 ? items[i].bonds : 8;
    return items[i].best_ns + bonds * (g->fixed_ns / 16) -
           (int64_t)items[i].span.first * g->each_ns;
}

/* The cheapest cut by dynamic programming. A read may begin at any item of a window that only moves
 * forward, so a queue of rising openings gives the best beginning at once. */
static void cut(const struct ground *g, struct item *items, uint32_t count)
{
    uint32_t low = 0, head = 0, tail = 0;
    int64_t best = 0;
    for (uint32_t j = 0; j < count; j++) {
        items[j].best_ns = best;
        if (items[j].bound) {
            low = j;
            head = tail = 0;
        }
        while (tail > head && opening(g, items, items[tail - 1].queue) > opening(g, items, j))
            tail--;
        items[tail++].queue = j;
        while (items[j].span.last - items[low].span.first >= g->max)
            low++;
        while (items[head].queue < low)
            head++;
        items[j].from = items[head].queue;
        best = opening(g, items, items[j].from) + g->fixed_ns +
               ((int64_t)items[j].span.last + 1) * g->each_ns;
    }
}

/* ---- slower points in faster reads ----------------------------------------------------------- */

static int by_first(const void *a, const void *b)
{
    const struct read *x = a, *y = b;
    if (x->span.first != y->span.first)
        return x->span.first < y->span.first ? -1 : 1;
    return (x->span.last > y->span.last) - (x->span.last < y->span.last);
}

/* Reads are no longer than g->max, so only those that begin in the last g->max addresses matter. */
static uint32_t first_near(const struct form *f, const struct ground *g, uint32_t address)
{
    uint32_t low = 0, high = f->read_count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (f->reads[middle].span.first + g->max <= address)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* The slowest read that brings the want often enough; its own period's before all others. */
static uint32_t carrier(const struct form *f, const struct ground *g, const struct want *w)
{
    uint32_t found = FORM_NONE;
    for (uint32_t i = first_near(f, g, w->span.first);
         i < f->read_count && f->reads[i].span.first <= w->span.first; i++) {
        const struct read *r = &f->reads[i];
        if (r->span.last >= w->span.last && r->period_ns <= w->period_ns &&
            (found == FORM_NONE || r->period_ns > f->reads[found].period_ns))
            found = i;
    }
    return found;
}

/* Price per second, in ns, of making a read long enough for the span; < 0: not allowed. */
static double widening(const struct ground *g, const struct read *r, struct span s, struct span *to)
{
    to->first = s.first < r->span.first ? s.first : r->span.first;
    to->last = s.last > r->span.last ? s.last : r->span.last;
    if (to->last - to->first >= g->max)
        return -1;
    if (s.first > r->span.last && !may_pass(g, r->span.last, s.first))
        return -1;
    if (s.last < r->span.first && !may_pass(g, s.last, r->span.first))
        return -1;
    int64_t more = (int64_t)(to->last - to->first) - (int64_t)(r->span.last - r->span.first);
    return (double)(more * g->each_ns) / (double)r->period_ns;
}

/* Would the items of a slow read rather ride in the faster ones beside them? Tries it in place, and
 * takes it back when it does not pay. */
static bool absorb(struct form *f, const struct ground *g, const struct item *items, uint32_t from,
                   uint32_t to, uint32_t faster, double own)
{
    enum { TRIES = 32 };
    struct {
        uint32_t read;
        struct span was;
    } done[TRIES];
    uint32_t tries = 0;
    double price = 0;
    bool pays = true;
    for (uint32_t i = from; i <= to && pays; i++) {
        double least = -1;
        uint32_t which = 0;
        struct span wide = {0, 0}, s;
        for (uint32_t r = 0; r < faster; r++) {
            double more = widening(g, &f->reads[r], items[i].span, &s);
            if (more >= 0 && (least < 0 || more < least)) {
                least = more;
                which = r;
                wide = s;
            }
        }
        price += least;
        pays = least >= 0 && price < own && tries < TRIES;
        if (pays) {
            done[tries].read = which;
            done[tries++].was = f->reads[which].span;
            f->reads[which].span = wide;
        }
    }
    while (!pays && tries > 0) {
        tries--;
        f->reads[done[tries].read].span = done[tries].was;
    }
    return pays;
}

static bool take_reads(struct form *f, const struct ground *g, uint32_t items, int64_t period_ns)
{
    enum { FEW = 64 }; /* trying to ride is quadratic; big tables gain little by it */
    uint32_t faster = f->read_count;
    for (uint32_t end = items; end > 0; end = f->items[end - 1].from) {
        uint32_t from = f->items[end - 1].from;
        struct span s = {f->items[from].span.first, f->items[end - 1].span.last};
        int64_t ns = g->fixed_ns + ((int64_t)(s.last - s.first) + 1) * g->each_ns;
        if (faster > 0 && faster <= FEW &&
            absorb(f, g, f->items, from, end - 1, faster, (double)ns / (double)period_ns))
            continue;
        if (!form_room(&f->reads, &f->read_room, f->read_count + 1, sizeof *f->reads))
            return false;
        f->reads[f->read_count++] = (struct read){s, period_ns};
    }
    qsort(f->reads, f->read_count, sizeof *f->reads, by_first);
    return true;
}

/* The shortest period above `than`; 0: none. */
static int64_t next_period(const struct want *wants, const uint32_t *order, uint32_t count,
                           int64_t than)
{
    int64_t least = 0;
    for (uint32_t i = 0; i < count; i++) {
        int64_t p = wants[order[i]].period_ns;
        if (p > than && (least == 0 || p < least))
            least = p;
    }
    return least;
}

bool form_reads(struct form *f, const struct ground *g, struct want *wants, const uint32_t *order,
                uint32_t count, const struct bond *bonds, uint32_t bond_count)
{
    f->read_count = 0;
    if (!form_room(&f->items, &f->item_room, count + 1, sizeof *f->items))
        return false;
    for (uint32_t i = 0; i < count; i++)
        wants[order[i]].read = FORM_NONE;
    int64_t period = 0;
    while ((period = next_period(wants, order, count, period)) != 0) {
        for (uint32_t i = 0; i < count && f->read_count > 0; i++) {
            struct want *w = &wants[order[i]];
            if (w->period_ns == period)
                w->read = carrier(f, g, w);
        }
        uint32_t items = gather(f, g, wants, order, count, period);
        count_bonds(f->items, items, wants, bonds, bond_count);
        cut(g, f->items, items);
        if (!take_reads(f, g, items, period))
            return false;
    }
    for (uint32_t i = 0; i < count; i++) {
        struct want *w = &wants[order[i]];
        w->read = carrier(f, g, w);
        assert(w->read != FORM_NONE);
    }
    return true;
}
