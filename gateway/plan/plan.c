/* SPDX-License-Identifier: Apache-2.0 */
#include "plan/plan.h"

#include <stdlib.h>
#include <string.h>

#include "plan/cost.h"
#include "plan/distinct.h"
#include "plan/unit.h"

static const int64_t TICK_DEFAULT_NS = 50 * NS_PER_MS;

static int by_line_and_unit(const void *a, const void *b, void *arg)
{
    const struct device *devices = arg;
    uint32_t i = *(const uint32_t *)a, k = *(const uint32_t *)b;
    const struct device *x = &devices[i], *y = &devices[k];
    if (x->line != y->line)
        return x->line < y->line ? -1 : 1;
    if (x->unit != y->unit)
        return x->unit < y->unit ? -1 : 1;
    return (i > k) - (i < k);
}

/* The tick is a quarter of the shortest period at most, so that a fast tag finds its own times. */
static int64_t tick_for(const struct plant *plant, const struct request *requests, uint32_t count)
{
    int64_t tick = plant->tick_ns > 0 ? plant->tick_ns : TICK_DEFAULT_NS;
    for (uint32_t i = 0; i < count; i++) {
        if (requests[i].period_ns / 4 < tick)
            tick = requests[i].period_ns / 4;
    }
    return tick;
}

/* Chooses the unit that the devices from order[from] on share. The end of them. */
static uint32_t choose_unit(struct unit_maker *m, const uint32_t *order, uint32_t from)
{
    const struct plant *plant = m->plant;
    const struct device *d = &plant->devices[order[from]];
    uint32_t to = from + 1;
    for (; to < plant->device_count; to++) {
        const struct device *other = &plant->devices[order[to]];
        if (other->line != d->line || other->unit != d->unit)
            break;
    }
    m->devices = order + from;
    m->device_count = to - from;
    m->line = d->line;
    m->unit = d->unit;
    return to;
}

/* When all units of a bus stand, its load is known, and each is gone over once more. */
static bool plan_line(struct unit_maker *m, const uint32_t *order, uint32_t from, uint32_t end)
{
    uint32_t first_request = m->request_count;
    for (uint32_t i = from; i < end;) {
        i = choose_unit(m, order, i);
        if (!unit_plan(m))
            return false;
    }
    if (m->plant->lines[m->line].transport == TRANSPORT_TCP)
        return true;
    for (uint32_t i = from; i < end;) {
        i = choose_unit(m, order, i);
        unit_limits(m);
        if (!distinct_unit(m, first_request))
            return false;
    }
    return true;
}

static bool plan_units(struct unit_maker *m, uint32_t *order)
{
    const struct plant *plant = m->plant;
    for (uint32_t i = 0; i < plant->device_count; i++)
        order[i] = i;
    if (plant->device_count > 1) {
        /* qsort_r's argument is not const, and is not written to. */
        union {
            const struct device *in;
            void *out;
        } devices = {plant->devices};
        qsort_r(order, plant->device_count, sizeof *order, by_line_and_unit, devices.out);
    }
    for (uint32_t from = 0, to; from < plant->device_count; from = to) {
        uint32_t line = plant->devices[order[from]].line;
        for (to = from + 1; to < plant->device_count; to++) {
            if (plant->devices[order[to]].line != line)
                break;
        }
        if (!plan_line(m, order, from, to))
            return false;
    }
    return true;
}

static const struct plan *finish(struct arena *a, const struct unit_maker *m)
{
    const struct plant *plant = m->plant;
    struct plan *p = arena_get(a, sizeof *p);
    struct request *requests = arena_get_array(a, m->request_count + 1U, sizeof *requests);
    uint32_t *first = arena_get_array(a, plant->line_count + 1U, sizeof *first);
    if (p == NULL || requests == NULL || first == NULL)
        return NULL;
    if (m->request_count > 0)
        memcpy(requests, m->requests, m->request_count * sizeof *requests);
    for (uint32_t i = 0; i < m->request_count; i++) {
        requests[i].id = i;
        first[requests[i].line + 1]++;
    }
    for (uint32_t i = 0; i < plant->line_count; i++)
        first[i + 1] += first[i];
    *p = (struct plan){
        .plant = plant,
        .requests = requests,
        .request_count = m->request_count,
        .first_request = first,
        .tick_ns = tick_for(plant, requests, m->request_count),
    };
    return p;
}

const struct plan *plan_build(struct arena *a, const struct plant *plant, struct diags *ds)
{
    size_t errors = diags_errors(ds), points = 0;
    for (uint32_t i = 0; i < plant->device_count; i++)
        points += plant->devices[i].map->point_count;

    struct unit_maker m = {.plant = plant, .ds = ds};
    const struct plan *p = NULL;
    uint32_t *order = calloc(plant->device_count + 1U, sizeof *order);
    m.feeds = arena_get_array(a, points + 1, sizeof *m.feeds);
    bool whole = order != NULL && m.feeds != NULL && plan_units(&m, order);
    if (whole && diags_errors(ds) == errors)
        p = finish(a, &m);
    free(order);
    unit_maker_fini(&m);
    if (p != NULL)
        advice_lines(p, ds);
    if (p != NULL && !advice_partners(p, ds))
        p = NULL;
    if (p == NULL && diags_errors(ds) == errors) {
        diag_add(ds, DIAG_ERROR, (struct place){plant->file, 1, 1},
                 "out of memory while planning %u devices", plant->device_count);
        return NULL;
    }
    return p;
}
