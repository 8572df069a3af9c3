/* SPDX-License-Identifier: Apache-2.0 */
/* Tags that others hang on and that are read more seldom, by a request of their own: when they
 * change, a value is good by what they said before, until their next turn. That is what the map
 * asks for; who didn't mean it should hear of it. */
#include <stdio.h>
#include <stdlib.h>

#include "base/diag.h"
#include "base/text.h"
#include "plan/cost.h"

/* What is asked so seldom is a setting, that somebody changes by hand once in a year. */
static const int64_t setting_ns = 60 * NS_PER_S;

#define NOBODY UINT32_MAX

struct looking {
    const struct plan *plan;
    struct diags *ds;
    const struct device *device;
    uint32_t *request_of; /* of each of its points; NOBODY */
    uint16_t *nth_of; /* with which of its answers the point is told */
};

static uint32_t root_of(const struct map *map, uint32_t point)
{
    for (uint32_t i = 0; i < map->point_count && map->points[point].from >= 0; i++)
        point = (uint32_t)map->points[point].from;
    return point;
}

static bool hangs_on(const struct point *p, int64_t other)
{
    return p->exp_from == other || p->mul_from == other || p->valid_if.point == other;
}

/* Told with the first of those that hang on it; the others are counted. */
static void look_at(const struct looking *l, uint32_t point)
{
    const struct map *map = l->device->map;
    uint32_t own = l->request_of[root_of(map, point)], count = 0;
    const struct point *p = &map->points[point], *first = NULL;
    int64_t period_ns = 0;
    if (own == NOBODY || l->plan->requests[own].once)
        return;
    const struct request *r = &l->plan->requests[own];
    for (uint32_t i = 0; i < map->point_count; i++) {
        uint32_t root = root_of(map, i), request = l->request_of[root];
        if (!hangs_on(&map->points[i], point) || request == NOBODY || request == own ||
            l->plan->requests[request].once)
            continue;
        int64_t told_ns = l->plan->requests[request].period_ns * l->nth_of[root];
        if (told_ns >= r->period_ns)
            continue;
        if (count++ == 0) {
            first = &map->points[i];
            period_ns = told_ns;
        }
    }
    if (count == 0)
        return;
    char seldom[32], often[32], more[32] = "";
    text_from_duration(seldom, r->period_ns);
    text_from_duration(often, period_ns);
    if (count > 1)
        snprintf(more, sizeof more, " and %u more", count - 1);
    diag_add(l->ds, r->period_ns < setting_ns ? DIAG_WARNING : DIAG_NOTE, p->at,
             "%s: `%s` is read every %s and decides on `%s`%s, every %s: when it changes, that is "
             "told by what it was for up to %s. Give both one `every`, or say `read: once` of a "
             "setting",
             l->device->path, p->name, seldom, first->name, more, often, seldom);
}

/* A map is told of once, with the first device that has it. */
static bool is_known(const struct plant *plant, uint32_t device)
{
    for (uint32_t i = 0; i < device; i++)
        if (plant->devices[i].map == plant->devices[device].map)
            return true;
    return false;
}

static bool has_partners(const struct map *map)
{
    for (uint32_t i = 0; i < map->point_count; i++) {
        const struct point *p = &map->points[i];
        if (p->exp_from >= 0 || p->mul_from >= 0 || p->valid_if.point >= 0)
            return true;
    }
    return false;
}

static void look(const struct looking *l, uint32_t device)
{
    const struct plan *p = l->plan;
    uint32_t line = l->device->line;
    for (uint32_t i = 0; i < l->device->map->point_count; i++)
        l->request_of[i] = NOBODY;
    for (uint32_t i = p->first_request[line]; i < p->first_request[line + 1]; i++)
        for (uint32_t k = 0; k < p->requests[i].feed_count; k++) {
            const struct feed *f = &p->requests[i].feeds[k];
            if (f->device != device)
                continue;
            l->request_of[f->point] = i;
            l->nth_of[f->point] = f->every_nth > 1 ? f->every_nth : 1;
        }
    for (uint32_t i = 0; i < l->device->map->point_count; i++)
        look_at(l, i);
}

bool advice_partners(const struct plan *p, struct diags *ds)
{
    bool good = true;
    for (uint32_t i = 0; good && i < p->plant->device_count; i++) {
        const struct device *d = &p->plant->devices[i];
        if (!has_partners(d->map) || is_known(p->plant, i))
            continue;
        struct looking l = {.plan = p, .ds = ds, .device = d};
        l.request_of = malloc(d->map->point_count * sizeof *l.request_of);
        l.nth_of = malloc(d->map->point_count * sizeof *l.nth_of);
        good = l.request_of && l.nth_of;
        if (good)
            look(&l, i);
        free(l.request_of);
        free(l.nth_of);
    }
    return good;
}
