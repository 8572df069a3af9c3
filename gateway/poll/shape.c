/* SPDX-License-Identifier: Apache-2.0 */
#include "poll/shape.h"

#include "poll/adu.h"

size_t shape_bytes(uint8_t function, uint16_t count)
{
    return function <= 2 ? (count + 7U) / 8 : count * 2U;
}

struct finder {
    struct shapes *shapes;
    const struct plan *plan;
    uint32_t line;
    uint8_t unit;
    bool whole_line; /* avoid the shapes of all units, not only of this one */
    uint32_t first_device, end_device; /* all of the unit lie between, and maybe others */
};

static bool is_of(const struct finder *f, const struct device *d)
{
    return d->line == f->line && d->unit == f->unit;
}

static void find_devices(struct finder *f)
{
    const struct plant *p = f->plan->plant;
    for (uint32_t i = 0; i < p->device_count; i++) {
        if (!is_of(f, &p->devices[i]))
            continue;
        if (!f->end_device)
            f->first_device = i;
        f->end_device = i + 1;
    }
}

static bool planned(const struct finder *f, uint8_t function, uint16_t count)
{
    const struct plan *p = f->plan;
    for (uint32_t i = p->first_request[f->line]; i < p->first_request[f->line + 1]; i++) {
        const struct request *r = &p->requests[i];
        if ((f->whole_line || r->unit == f->unit) && adu_function(r->table) == function &&
            shape_bytes(function, r->count) == shape_bytes(function, count))
            return true;
    }
    return false;
}

static void offer(struct finder *f, uint8_t table, uint32_t first, uint32_t count)
{
    struct shapes *s = f->shapes;
    uint8_t function = adu_function(table);
    if (s->count == SHAPES_MAX || planned(f, function, (uint16_t)count))
        return;
    for (unsigned i = 0; i < s->count; i++) {
        if (s->at[i].function == function &&
            shape_bytes(function, s->at[i].count) == shape_bytes(function, (uint16_t)count))
            return;
    }
    s->at[s->count++] =
        (struct shape){.function = function, .first = (uint16_t)first, .count = (uint16_t)count};
}

static uint32_t words_of(const struct finder *f, const struct feed *feed)
{
    const struct device *d = &f->plan->plant->devices[feed->device];
    return d->map->points[feed->point].words;
}

/* From the start of one value to the end of a later one; short ones first, they are cheap. */
static void offer_values(struct finder *f, const struct request *r)
{
    for (uint32_t i = 0; i < r->feed_count && f->shapes->count < SHAPES_MAX; i++) {
        uint32_t start = r->feeds[i].offset;
        for (uint32_t j = 0; j < r->feed_count; j++) {
            uint32_t end = r->feeds[j].offset + words_of(f, &r->feeds[j]);
            if (end > start && end <= r->count && end - start < r->count)
                offer(f, r->table, r->first + start, end - start);
        }
        if (i == 15) /* a hundred values have a thousand ranges; these will do */
            return;
    }
}

static void offer_parts(struct finder *f, const struct request *r)
{
    unsigned step = r->table <= TABLE_DISCRETE ? 8 : 1;
    for (uint32_t count = step; count < r->count && f->shapes->count < SHAPES_MAX; count += step)
        offer(f, r->table, r->first, count);
}

static bool forbids(const struct map *m, uint8_t table, uint32_t first, uint32_t count)
{
    const struct limits *l = &m->limits;
    uint32_t last = first + count - 1;
    return count > (table <= TABLE_DISCRETE ? l->max_bits : l->max_registers) ||
           limits_never(l, table, first, last) != NULL ||
           limits_barrier(l, table, first, last) != NULL || map_side_effect(m, table, first, last);
}

/* By each device of the unit: one that nobody polls forbids as well. */
static bool allowed(const struct finder *f, const struct request *r, uint32_t count)
{
    const struct plant *plant = f->plan->plant;
    if (r->first + count > 65536 || count > (r->table <= TABLE_DISCRETE ? BITS_MAX : REGISTERS_MAX))
        return false;
    for (uint32_t i = f->first_device; i < f->end_device; i++) {
        const struct device *d = &plant->devices[i];
        if (is_of(f, d) && forbids(d->map, r->table, r->first, count))
            return false;
    }
    return true;
}

static void offer_more(struct finder *f, const struct request *r)
{
    unsigned step = r->table <= TABLE_DISCRETE ? 8 : 1;
    for (uint32_t count = r->count + step; count <= r->count + 10 * step; count += step) {
        if (!allowed(f, r, count))
            return;
        offer(f, r->table, r->first, count);
    }
}

void shapes_find(struct shapes *s, const struct plan *plan, uint32_t line, uint8_t unit)
{
    static void (*const ways[])(struct finder *,
                                const struct request *) = {offer_values, offer_parts, offer_more};
    *s = (struct shapes){0};
    struct finder f = {.shapes = s, .plan = plan, .line = line, .unit = unit, .whole_line = true};
    find_devices(&f);
    /* A line whose units use every count between them leaves only what this unit doesn't use. */
    for (int pass = 0; pass < 2 && s->count < SHAPES_ENOUGH; pass++, f.whole_line = false) {
        for (size_t w = 0; w < sizeof(ways) / sizeof(ways[0]); w++) {
            for (uint32_t i = plan->first_request[line]; i < plan->first_request[line + 1]; i++) {
                if (plan->requests[i].unit == unit && !plan->requests[i].alone)
                    ways[w](&f, &plan->requests[i]);
            }
        }
    }
}

/* 0: can't be used now. */
static int fitness(const struct shape *sh, int64_t safe, mono_t now)
{
    if (sh->refused || (sh->asked.ns && mono_since(now, sh->asked) < safe))
        return 0;
    return (sh->known ? 2 : 0) + (sh->asked.ns ? 1 : 2);
}

struct shape *shapes_take(struct shapes *s, int64_t safe, shape_used_fn *used, const void *me,
                          mono_t now)
{
    struct shape *best = NULL;
    int best_fitness = 0;
    for (unsigned i = 0; i < s->count; i++) {
        struct shape *sh = &s->at[(s->next + i) % s->count];
        int fit = fitness(sh, safe, now);
        if (fit > best_fitness && !used(me, sh->function, sh->count)) {
            best = sh;
            best_fitness = fit;
        }
    }
    if (best) {
        best->asked = now;
        s->next = (uint8_t)((best - s->at + 1) % s->count);
    }
    return best;
}

void shapes_proved(struct shapes *s, struct shape *by)
{
    by->known = true;
    by->refused = false;
    for (unsigned i = 0; i < s->count; i++)
        s->at[i].asked = (mono_t){0};
}

void shapes_refused(struct shape *sh)
{
    if (!sh->known)
        sh->refused = true;
}
