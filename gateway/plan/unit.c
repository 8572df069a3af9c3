/* SPDX-License-Identifier: Apache-2.0 */
#include "plan/unit.h"

#include <stdlib.h>
#include <string.h>

#include "base/period.h"
#include "config/map.h"
#include "plan/cost.h"

enum { ADDRESSES = 65536 };

enum mistake { TOO_LONG, FORBIDDEN, BARRED, BEYOND_END, TOUCHED };

enum turn unit_turn(const struct map *map, uint32_t point)
{
    const struct point *p = &map->points[point];
    if (p->side_effect)
        return TURN_ALONE;
    return p->read_mode == READ_ONCE || map->identity.point == (int64_t)point ? TURN_ONCE
                                                                              : TURN_POLL;
}

bool unit_bits(uint8_t table)
{
    return table <= TABLE_DISCRETE;
}

const struct point *unit_point(const struct unit_maker *m, uint32_t want)
{
    const struct source *s = &m->sources[want];
    return &m->plant->devices[s->device].map->points[s->point];
}

const struct map *unit_map(const struct unit_maker *m, uint32_t want)
{
    return m->plant->devices[m->sources[want].device].map;
}

bool unit_first_time(struct unit_maker *m, struct place at, int what)
{
    for (uint32_t i = 0; i < m->told_count; i++) {
        const struct told *t = &m->told[i];
        if (t->what == what && t->at.line == at.line && t->at.column == at.column &&
            (t->at.file == at.file ||
             (t->at.file != NULL && at.file != NULL && strcmp(t->at.file, at.file) == 0)))
            return false;
    }
    if (m->told_count < sizeof m->told / sizeof *m->told)
        m->told[m->told_count++] = (struct told){at, what};
    return true;
}

/* ---- what the unit allows -------------------------------------------------------------------- */

static uint16_t strictest(uint16_t so_far, uint16_t given)
{
    return given > 0 && given < so_far ? given : so_far;
}

static void note_alone(struct unit_maker *m, const struct point *p)
{
    if (!m->has_alone)
        memset(m->alone, 0, sizeof m->alone);
    m->has_alone = true;
    for (uint32_t a = p->address; a < p->address + (uint32_t)p->words && a < ADDRESSES; a++)
        m->alone[p->table][a / 8] = (uint8_t)(m->alone[p->table][a / 8] | 1U << a % 8);
}

void unit_limits(struct unit_maker *m)
{
    m->limits = (struct limits){
        .max_registers = REGISTERS_MAX, .max_bits = BITS_MAX, .max_gap = UINT16_MAX};
    m->delay_ns = 0;
    m->has_alone = m->has_barriers = false;
    const struct map *before = NULL;
    for (uint32_t i = 0; i < m->device_count; i++) {
        const struct device *d = &m->plant->devices[m->devices[i]];
        for (uint32_t k = 0; d->map != before && k < d->map->point_count; k++)
            if (d->map->points[k].side_effect)
                note_alone(m, &d->map->points[k]);
        before = d->map;
        const struct limits *l = &d->map->limits;
        m->has_barriers = m->has_barriers || l->barrier_count > 0;
        m->limits.max_registers = strictest(m->limits.max_registers, l->max_registers);
        m->limits.max_bits = strictest(m->limits.max_bits, l->max_bits);
        if (l->max_gap < m->limits.max_gap)
            m->limits.max_gap = l->max_gap;
        int64_t delay = l->delay_ns > d->delay_ns ? l->delay_ns : d->delay_ns;
        if (delay > m->delay_ns)
            m->delay_ns = delay;
    }
}

const struct never *unit_forbids(const struct unit_maker *m, uint8_t table, struct span s,
                                 const struct map **whose)
{
    const struct map *before = NULL;
    for (uint32_t i = 0; i < m->device_count; i++) {
        const struct map *map = m->plant->devices[m->devices[i]].map;
        if (map == before)
            continue;
        before = map;
        const struct never *n = limits_never(&map->limits, table, s.first, s.last);
        if (n != NULL) {
            *whose = map;
            return n;
        }
    }
    return NULL;
}

const struct barrier *unit_barred(const struct unit_maker *m, uint8_t table, struct span s,
                                  const struct map **whose)
{
    for (uint32_t i = 0; m->has_barriers && i < m->device_count; i++) {
        const struct map *map = m->plant->devices[m->devices[i]].map;
        const struct barrier *b = limits_barrier(&map->limits, table, s.first, s.last);
        if (b != NULL) {
            *whose = map;
            return b;
        }
    }
    return NULL;
}

bool unit_touches_alone(const struct unit_maker *m, uint8_t table, struct span s)
{
    for (uint32_t a = s.first; m->has_alone && a <= s.last && a < ADDRESSES; a++)
        if (m->alone[table][a / 8] >> a % 8 & 1)
            return true;
    return false;
}

static uint32_t length_limit(const struct unit_maker *m, uint8_t table)
{
    return unit_bits(table) ? m->limits.max_bits : m->limits.max_registers;
}

/* ---- what is wanted -------------------------------------------------------------------------- */

/* true: the point can be read. Else it has been told why not. */
static bool readable(struct unit_maker *m, const struct device *d, const struct point *p,
                     struct span s)
{
    const char *table = table_name(p->table), *what = unit_bits(p->table) ? "bits" : "registers";
    uint32_t words = s.last - s.first + 1, most = length_limit(m, p->table);
    if (s.last >= ADDRESSES) {
        if (unit_first_time(m, p->at, BEYOND_END))
            diag_add(m->ds, DIAG_ERROR, p->at,
                     "%s: %s %u and %u more lie beyond the last address, 65535", p->name, table,
                     s.first, words - 1);
        return false;
    }
    if (words > most) {
        if (unit_first_time(m, p->at, TOO_LONG))
            diag_add(m->ds, DIAG_ERROR, p->at,
                     "%s needs %u %s in one read, but %s gives at most %u: raise limits.max_%s, "
                     "or take less",
                     p->name, words, what, d->path, most, what);
        return false;
    }
    const struct map *whose = NULL;
    const struct never *n = unit_forbids(m, p->table, s, &whose);
    if (n != NULL) {
        if (unit_first_time(m, p->at, FORBIDDEN))
            diag_add(
                m->ds, DIAG_ERROR, p->at,
                "%s lies at %s %u..%u, of which limits.never of %s forbids %u..%u: take the tag "
                "out, or the range out of never",
                p->name, table, s.first, s.last, whose->name, n->first, n->last);
        return false;
    }
    const struct barrier *b = unit_barred(m, p->table, s, &whose);
    if (b != NULL) {
        if (unit_first_time(m, p->at, BARRED))
            diag_add(
                m->ds, DIAG_ERROR, p->at,
                "%s lies at %s %u..%u, on both sides of the barrier %u of %s: nothing reads it "
                "at once",
                p->name, table, s.first, s.last, b->first, whose->name);
        return false;
    }
    return true;
}

static bool add_wants(struct unit_maker *m, uint32_t device)
{
    const struct device *d = &m->plant->devices[device];
    const struct map *map = d->map;
    uint32_t most = m->want_count + map->point_count;
    if (!form_room(&m->wants, &m->want_room, most, sizeof *m->wants) ||
        !form_room(&m->sources, &m->source_room, most, sizeof *m->sources) ||
        !form_room(&m->numbers, &m->number_room, m->number_count + map->point_count,
                   sizeof *m->numbers))
        return false;
    for (uint32_t i = 0; i < map->point_count; i++) {
        const struct point *p = &map->points[i];
        m->numbers[m->number_count + i] = FORM_NONE;
        if (p->from >= 0 || p->read_mode == READ_ON_DEMAND)
            continue;
        struct span s = {p->address, p->address + (p->words > 0 ? p->words : 1U) - 1};
        if (!readable(m, d, p, s))
            continue;
        m->numbers[m->number_count + i] = m->want_count;
        m->sources[m->want_count] =
            (struct source){device, i, p->table, (uint8_t)unit_turn(map, i)};
        m->wants[m->want_count++] = (struct want){s, period_of(d, p), FORM_NONE, FORM_NONE};
    }
    m->number_count += map->point_count;
    return true;
}

/* The want that brings a point, or the point that it is computed from. */
static uint32_t want_behind(const struct unit_maker *m, const struct map *map,
                            uint32_t first_number, int32_t point)
{
    for (uint32_t steps = 0; point >= 0 && steps <= map->point_count; steps++) {
        const struct point *p = &map->points[point];
        if (p->from < 0)
            return m->numbers[first_number + (uint32_t)point];
        point = p->from;
    }
    return FORM_NONE;
}

static bool add_bonds(struct unit_maker *m, uint32_t device, uint32_t first_number)
{
    const struct map *map = m->plant->devices[device].map;
    for (uint32_t i = 0; i < map->point_count; i++) {
        const struct point *p = &map->points[i];
        const int32_t partners[] = {p->exp_from, p->mul_from, p->valid_if.point};
        for (size_t k = 0; k < sizeof partners / sizeof *partners; k++) {
            if (partners[k] < 0)
                continue;
            uint32_t a = want_behind(m, map, first_number, (int32_t)i);
            uint32_t b = want_behind(m, map, first_number, partners[k]);
            if (a == FORM_NONE || b == FORM_NONE || a == b ||
                m->sources[a].table != m->sources[b].table)
                continue;
            if (!form_room(&m->bonds, &m->bond_room, m->bond_count + 1, sizeof *m->bonds))
                return false;
            m->bonds[m->bond_count++] = (struct bond){a, b};
        }
    }
    return true;
}

/* ---- order ----------------------------------------------------------------------------------- */

struct sorting { /* qsort_r's argument */
    const struct want *wants;
    const struct source *sources;
};

static int by_address(const void *a, const void *b, void *arg)
{
    const struct sorting *s = arg;
    uint32_t i = *(const uint32_t *)a, k = *(const uint32_t *)b;
    if (s->sources[i].table != s->sources[k].table)
        return s->sources[i].table < s->sources[k].table ? -1 : 1;
    struct span x = s->wants[i].span, y = s->wants[k].span;
    if (x.first != y.first)
        return x.first < y.first ? -1 : 1;
    return (x.last < y.last) - (x.last > y.last);
}

bool unit_put_in_order(struct unit_maker *m)
{
    if (!form_room(&m->order, &m->order_room, m->want_count, sizeof *m->order))
        return false;
    for (uint32_t i = 0; i < m->want_count; i++)
        m->order[i] = i;
    struct sorting s = {m->wants, m->sources};
    if (m->want_count > 1)
        qsort_r(m->order, m->want_count, sizeof *m->order, by_address, &s);
    return true;
}

static int by_first(const void *a, const void *b)
{
    const struct span *x = a, *y = b;
    return (x->first > y->first) - (x->first < y->first);
}

bool unit_ground(struct unit_maker *m, struct ground *g, uint32_t from, uint32_t to)
{
    uint8_t table = m->sources[m->order[from]].table;
    struct tariff t = cost_tariff(&m->plant->lines[m->line], m->delay_ns);
    *g = (struct ground){.max = length_limit(m, table), .max_gap = m->limits.max_gap};
    g->fixed_ns = t.fixed_ns;
    g->each_ns = unit_bits(table) ? t.byte_ns / 8 : t.byte_ns * 2;
    if (unit_bits(table))
        g->max_gap *= 16;

    const struct map *before = NULL;
    for (uint32_t i = 0; i < m->device_count; i++) {
        const struct map *map = m->plant->devices[m->devices[i]].map;
        for (uint32_t k = 0; map != before && k < map->limits.never_count; k++) {
            const struct never *n = &map->limits.never[k];
            if (n->table != table)
                continue;
            if (!form_room(&m->never, &m->never_room, g->never_count + 1, sizeof *m->never))
                return false;
            m->never[g->never_count++] = (struct span){n->first, n->last};
        }
        for (uint32_t k = 0; map != before && k < map->limits.barrier_count; k++) {
            const struct barrier *b = &map->limits.barriers[k];
            if (b->table != table)
                continue;
            if (!form_room(&m->barriers, &m->barrier_room, g->barrier_count + 1,
                           sizeof *m->barriers))
                return false;
            m->barriers[g->barrier_count++] = b->first;
        }
        before = map;
    }
    /* Also what only people read. */
    before = NULL;
    for (uint32_t i = 0; m->has_alone && i < m->device_count; i++) {
        const struct map *map = m->plant->devices[m->devices[i]].map;
        for (uint32_t k = 0; map != before && k < map->point_count; k++) {
            const struct point *p = &map->points[k];
            if (!p->side_effect || p->from >= 0 || p->table != table)
                continue;
            if (!form_room(&m->never, &m->never_room, g->never_count + 1, sizeof *m->never))
                return false;
            m->never[g->never_count++] =
                (struct span){p->address, p->address + (p->words > 0 ? p->words : 1U) - 1};
        }
        before = map;
    }
    g->barriers = m->barriers;
    if (g->never_count > 1)
        qsort(m->never, g->never_count, sizeof *m->never, by_first);

    if (!form_room(&m->used, &m->used_room, to - from, sizeof *m->used))
        return false;
    for (uint32_t i = from; i < to; i++) {
        struct span s = m->wants[m->order[i]].span;
        if (m->sources[m->order[i]].turn == TURN_ALONE)
            continue;
        if (g->used_count > 0 && s.first <= m->used[g->used_count - 1].last + 1) {
            if (s.last > m->used[g->used_count - 1].last)
                m->used[g->used_count - 1].last = s.last;
        } else {
            m->used[g->used_count++] = s;
        }
    }
    g->never = m->never;
    g->used = m->used;
    return true;
}

uint32_t unit_table_end(const struct unit_maker *m, uint32_t from)
{
    uint32_t to = from;
    while (to < m->want_count && m->sources[m->order[to]].table == m->sources[m->order[from]].table)
        to++;
    return to;
}

/* ---- the reads ------------------------------------------------------------------------------- */

static uint16_t every_nth(int64_t wanted_ns, int64_t read_ns)
{
    int64_t nth = wanted_ns / read_ns;
    return nth < 1 ? 1 : nth > UINT16_MAX ? UINT16_MAX : (uint16_t)nth;
}

/* The table's reads become requests; each want learns the number of its own. */
static bool add_requests(struct unit_maker *m, const uint32_t *order, uint32_t count)
{
    const struct form *f = &m->form;
    const struct source *of = &m->sources[order[0]];
    if (!form_room(&m->requests, &m->request_room, m->request_count + f->read_count,
                   sizeof *m->requests))
        return false;
    for (uint32_t i = 0; i < f->read_count; i++) {
        const struct read *r = &f->reads[i];
        m->requests[m->request_count + i] = (struct request){
            .line = m->line,
            .unit = m->unit,
            .table = of->table,
            .first = (uint16_t)r->span.first,
            .count = (uint16_t)(r->span.last - r->span.first + 1),
            .period_ns = r->period_ns,
            .delay_ns = m->delay_ns,
            .once = of->turn == TURN_ONCE ||
                    (of->turn == TURN_ALONE && unit_point(m, order[0])->read_mode == READ_ONCE),
            .alone = of->turn == TURN_ALONE,
        };
    }
    for (uint32_t i = 0; i < count; i++) {
        struct want *w = &m->wants[order[i]];
        w->read += m->request_count;
        w->item = FORM_NONE; /* bonds of others must not find it */
        m->requests[w->read].feed_count++;
    }
    m->request_count += f->read_count;
    return true;
}

static bool form_and_add(struct unit_maker *m, const struct ground *g, uint32_t count)
{
    return count == 0 ||
           (form_reads(&m->form, g, m->wants, m->chosen, count, m->bonds, m->bond_count) &&
            add_requests(m, m->chosen, count));
}

/* Those of one turn; of one period only, where what is slow must not ride in what is faster: it
 * would miss its turn on a new connection. period_ns 0: all of them. */
static uint32_t choose(struct unit_maker *m, uint32_t from, uint32_t to, enum turn turn,
                       int64_t period_ns)
{
    uint32_t count = 0;
    for (uint32_t i = from; i < to; i++)
        if (m->sources[m->order[i]].turn == turn &&
            (period_ns == 0 || m->wants[m->order[i]].period_ns == period_ns))
            m->chosen[count++] = m->order[i];
    return count;
}

static bool plan_once(struct unit_maker *m, const struct ground *g, uint32_t from, uint32_t to)
{
    for (int64_t after = 0;;) {
        int64_t next = INT64_MAX;
        for (uint32_t i = from; i < to; i++) {
            int64_t period = m->wants[m->order[i]].period_ns;
            if (m->sources[m->order[i]].turn == TURN_ONCE && period > after && period < next)
                next = period;
        }
        if (next == INT64_MAX)
            return true;
        if (!form_and_add(m, g, choose(m, from, to, TURN_ONCE, next)))
            return false;
        after = next;
    }
}

/* Another tag must not do in passing what the one with the side effect does on purpose. */
static void refuse_touching(struct unit_maker *m, uint32_t from, uint32_t to)
{
    for (uint32_t i = from; m->has_alone && i < to; i++) {
        uint32_t want = m->order[i];
        const struct point *p = unit_point(m, want);
        if (m->sources[want].turn != TURN_ALONE &&
            unit_touches_alone(m, m->sources[want].table, m->wants[want].span) &&
            unit_first_time(m, p->at, TOUCHED))
            diag_add(
                m->ds, DIAG_ERROR, p->at,
                "to read %s reads a register of a tag as well whose reading has a side effect: "
                "say `side_effect: true` of both, or take %s out of its group",
                p->name, p->name);
    }
}

/* Each in a read of its own; what overlaps is one. */
static bool plan_alone(struct unit_maker *m, const struct ground *g, uint32_t from, uint32_t to)
{
    refuse_touching(m, from, to);
    for (uint32_t i = from, next; m->has_alone && i < to; i = next) {
        next = i + 1;
        if (m->sources[m->order[i]].turn != TURN_ALONE)
            continue;
        struct span all = m->wants[m->order[i]].span;
        int64_t period = m->wants[m->order[i]].period_ns;
        uint32_t count = 0;
        m->chosen[count++] = m->order[i];
        for (; next < to; next++) {
            const struct want *w = &m->wants[m->order[next]];
            if (m->sources[m->order[next]].turn != TURN_ALONE)
                continue;
            if (w->span.first > all.last)
                break;
            all.last = w->span.last > all.last ? w->span.last : all.last;
            period = w->period_ns < period ? w->period_ns : period;
            m->chosen[count++] = m->order[next];
        }
        for (uint32_t k = 0; k < count; k++)
            m->wants[m->chosen[k]].period_ns = period;
        if (!form_and_add(m, g, count))
            return false;
    }
    return true;
}

/* Wants stand by device and point, so feeds dealt out in that order are sorted. */
static void deal_feeds(struct unit_maker *m, uint32_t first_request)
{
    for (uint32_t i = first_request; i < m->request_count; i++) {
        m->requests[i].feeds = m->feeds + m->feed_count;
        m->feed_count += m->requests[i].feed_count;
        m->requests[i].feed_count = 0;
    }
    for (uint32_t i = 0; i < m->want_count; i++) {
        struct request *r = &m->requests[m->wants[i].read];
        const struct source *s = &m->sources[i];
        struct feed *f = m->feeds + (r->feeds - m->feeds) + r->feed_count++;
        *f = (struct feed){s->device, s->point, (uint16_t)(unit_point(m, i)->address - r->first),
                           every_nth(m->wants[i].period_ns, r->period_ns)};
    }
}

bool unit_plan(struct unit_maker *m)
{
    uint32_t first_request = m->request_count;
    m->want_count = m->number_count = m->bond_count = 0;
    unit_limits(m);
    for (uint32_t i = 0; i < m->device_count; i++) {
        uint32_t first_number = m->number_count;
        if (!add_wants(m, m->devices[i]) || !add_bonds(m, m->devices[i], first_number))
            return false;
    }
    if (!unit_put_in_order(m) || !unit_groups(m))
        return false;
    if (!form_room(&m->chosen, &m->chosen_room, m->want_count + 1, sizeof *m->chosen))
        return false;
    for (uint32_t from = 0, to; from < m->want_count; from = to) {
        struct ground g;
        to = unit_table_end(m, from);
        if (!unit_ground(m, &g, from, to) ||
            !form_and_add(m, &g, choose(m, from, to, TURN_POLL, 0)) ||
            !plan_once(m, &g, from, to) || !plan_alone(m, &g, from, to))
            return false;
    }
    deal_feeds(m, first_request);
    return true;
}

void unit_maker_fini(struct unit_maker *m)
{
    form_fini(&m->form);
    free(m->wants);
    free(m->sources);
    free(m->order);
    free(m->chosen);
    free(m->numbers);
    free(m->bonds);
    free(m->never);
    free(m->barriers);
    free(m->used);
    free(m->groups);
    free(m->requests);
}
