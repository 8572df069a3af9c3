/* SPDX-License-Identifier: Apache-2.0 */
/* Atomic groups: what a device changes at one instant must be read at one instant. */
#include <string.h>

#include "config/map.h"
#include "plan/unit.h"

struct group { /* an atomic group of one device */
    struct span span;
    int64_t period_ns;
    uint32_t first_want;
    uint8_t table;
    bool seen, bad;
};

enum mistake { GROUP_TABLES = 16, GROUP_LONG, GROUP_FORBIDDEN, GROUP_BARRED, GROUP_HOLE };

static void measure(struct unit_maker *m, struct group *groups, uint32_t from, uint32_t to)
{
    for (uint32_t i = from; i < to; i++) {
        const struct point *p = unit_point(m, i);
        const struct want *w = &m->wants[i];
        if (p->group < 0)
            continue;
        struct group *g = &groups[p->group];
        if (!g->seen) {
            *g = (struct group){w->span, w->period_ns, i, p->table, true, false};
            continue;
        }
        if (g->table != p->table) {
            if (!g->bad && unit_first_time(m, p->at, GROUP_TABLES))
                diag_add(m->ds, DIAG_ERROR, p->at,
                         "%s is in one atomic group with %s, but in another table: one read brings "
                         "one table",
                         p->name, unit_point(m, g->first_want)->name);
            g->bad = true;
            continue;
        }
        if (w->span.first < g->span.first)
            g->span.first = w->span.first;
        if (w->span.last > g->span.last)
            g->span.last = w->span.last;
        if (w->period_ns < g->period_ns)
            g->period_ns = w->period_ns;
    }
}

static void check(struct unit_maker *m, struct group *g, const struct ground *ground)
{
    const struct point *p = unit_point(m, g->first_want);
    const char *table = table_name(g->table), *what = unit_bits(g->table) ? "bits" : "registers";
    uint32_t words = g->span.last - g->span.first + 1;
    const struct map *whose = NULL;
    const struct never *n = unit_forbids(m, g->table, g->span, &whose);
    const struct barrier *b = n == NULL ? unit_barred(m, g->table, g->span, &whose) : NULL;
    if (words > ground->max) {
        g->bad = true;
        if (unit_first_time(m, p->at, GROUP_LONG))
            diag_add(
                m->ds, DIAG_ERROR, p->at,
                "the atomic group of %s spans %s %u..%u, %u %s, but one read gives at most %u: "
                "make the group smaller, or raise limits.max_%s",
                p->name, table, g->span.first, g->span.last, words, what, ground->max, what);
    } else if (n != NULL) {
        g->bad = true;
        if (unit_first_time(m, p->at, GROUP_FORBIDDEN))
            diag_add(
                m->ds, DIAG_ERROR, p->at,
                "the atomic group of %s spans %s %u..%u, and limits.never of %s forbids %u..%u "
                "within: make two groups of it",
                p->name, table, g->span.first, g->span.last, whose->name, n->first, n->last);
    } else if (b != NULL) {
        g->bad = true;
        if (unit_first_time(m, p->at, GROUP_BARRED))
            diag_add(
                m->ds, DIAG_ERROR, p->at,
                "the atomic group of %s spans %s %u..%u, on both sides of the barrier %u of %s: "
                "make two groups of it",
                p->name, table, g->span.first, g->span.last, b->first, whose->name);
    } else {
        uint32_t hole = form_unused(ground, g->span.first, g->span.last);
        if (hole <= ground->max_gap)
            return;
        g->bad = true;
        if (unit_first_time(m, p->at, GROUP_HOLE))
            diag_add(
                m->ds, DIAG_ERROR, p->at,
                "the atomic group of %s passes over %u %s that no tag of %s uses, but a read may "
                "pass over %u: raise limits.max_gap, or make two groups of it",
                p->name, hole, what, unit_map(m, g->first_want)->name, ground->max_gap);
    }
}

/* Members of a group want all of its span, as often as the most frequent of them. */
static bool widen(struct unit_maker *m, const struct group *groups, uint32_t from, uint32_t to)
{
    bool widened = false;
    for (uint32_t i = from; i < to; i++) {
        int32_t k = unit_point(m, i)->group;
        if (k < 0 || groups[k].bad)
            continue;
        m->wants[i].span = groups[k].span;
        m->wants[i].period_ns = groups[k].period_ns;
        widened = true;
    }
    return widened;
}

/* The end of the wants of one device that begin at `from`. */
static uint32_t device_end(const struct unit_maker *m, uint32_t from)
{
    uint32_t to = from;
    while (to < m->want_count && m->sources[to].device == m->sources[from].device)
        to++;
    return to;
}

bool unit_groups(struct unit_maker *m)
{
    uint32_t count = 0;
    for (uint32_t from = 0; from < m->want_count; from = device_end(m, from))
        count += unit_map(m, from)->group_count;
    if (count == 0)
        return true;
    if (!form_room(&m->groups, &m->group_room, count, sizeof *m->groups))
        return false;
    memset(m->groups, 0, count * sizeof *m->groups);

    struct group *groups = m->groups;
    for (uint32_t from = 0; from < m->want_count; from = device_end(m, from)) {
        measure(m, groups, from, device_end(m, from));
        groups += unit_map(m, from)->group_count;
    }
    for (uint32_t from = 0, to; from < m->want_count; from = to) {
        struct ground ground;
        uint8_t table = m->sources[m->order[from]].table;
        to = unit_table_end(m, from);
        if (!unit_ground(m, &ground, from, to))
            return false;
        for (uint32_t k = 0; k < count; k++) {
            if (m->groups[k].seen && !m->groups[k].bad && m->groups[k].table == table)
                check(m, &m->groups[k], &ground);
        }
    }
    bool widened = false;
    groups = m->groups;
    for (uint32_t from = 0; from < m->want_count; from = device_end(m, from)) {
        widened |= widen(m, groups, from, device_end(m, from));
        groups += unit_map(m, from)->group_count;
    }
    return !widened || unit_put_in_order(m);
}
