/* SPDX-License-Identifier: Apache-2.0 */
#include "app/owner.h"

#include <stdlib.h>
#include <string.h>

static bool in_device(const struct device *d, uint32_t tag)
{
    return tag >= d->first_tag && tag - d->first_tag < d->map->point_count;
}

void owner_find(struct owner *o, const struct plant *plant, uint32_t tag)
{
    if (tag >= plant->first_derived) {
        const struct derived *d = &plant->derived[tag - plant->first_derived];
        *o = (struct owner){
            .first = tag, .count = 1, .points = &d->point, .path = d->device_path, .near = o->near};
        return;
    }
    if (!in_device(&plant->devices[o->near], tag))
        o->near = plant_device_of(plant, tag);
    const struct device *d = &plant->devices[o->near];
    *o = (struct owner){.first = d->first_tag,
                        .count = d->map->point_count,
                        .points = d->map->points,
                        .path = d->path,
                        .history_all = d->history_all,
                        .near = o->near};
}

struct claim { /* to a path: devices first, then derived tags, as they are numbered */
    const char *path;
    uint32_t number;
};

static int by_path(const void *a, const void *b)
{
    const struct claim *x = a, *y = b;
    int order = strcmp(x->path, y->path);
    return order != 0 ? order : (x->number > y->number) - (x->number < y->number);
}

bool *owner_leaders(const struct plant *plant)
{
    uint32_t devices = plant->device_count, count = devices + plant->derived_count;
    bool *leads = calloc(plant->derived_count + 1U, sizeof *leads);
    struct claim *claims = calloc(count + 1U, sizeof *claims);
    if (!leads || !claims) {
        free(leads);
        free(claims);
        return NULL;
    }
    for (uint32_t i = 0; i < count; i++)
        claims[i] = (struct claim){
            i < devices ? plant->devices[i].path : plant->derived[i - devices].device_path, i};
    qsort(claims, count, sizeof *claims, by_path);
    for (uint32_t i = 0; i < count; i++)
        if (claims[i].number >= devices)
            leads[claims[i].number - devices] =
                i == 0 || strcmp(claims[i - 1].path, claims[i].path) != 0;
    free(claims);
    return leads;
}
