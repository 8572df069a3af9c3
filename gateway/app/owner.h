/* SPDX-License-Identifier: Apache-2.0 */
/* Whose tag is it? */
#ifndef APP_OWNER_H
#define APP_OWNER_H

#include "headgate/plant.h"

/* Of tags that stand in a row: a device, or one derived tag. {0} is nobody. */
struct owner {
    uint32_t first, count;
    const struct point *points;
    const char *path;
    bool history_all;
    uint32_t near; /* the device where the next one is looked for first */
};

void owner_find(struct owner *o, const struct plant *plant, uint32_t tag);

/* Consecutive tags mostly share their owner, which o is afterwards. */
static inline const struct point *owner_point(struct owner *o, const struct plant *plant,
                                              uint32_t tag)
{
    if (tag - o->first >= o->count)
        owner_find(o, plant, tag);
    return &o->points[tag - o->first];
}

/* For each derived tag, whether it is the first of its path and no device has that path. To be
 * freed; NULL: out of memory. */
bool *owner_leaders(const struct plant *plant);

#endif
