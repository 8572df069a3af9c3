/* SPDX-License-Identifier: Apache-2.0 */
/* What of one plan lives on in the plan that follows it: numbers of the old one, by numbers of the
 * new one. */
#ifndef HEADGATE_CHANGE_H
#define HEADGATE_CHANGE_H

#include "headgate/block.h"

#define CHANGE_NONE UINT32_MAX     /* nothing of the old plan */

struct change {
    const struct plan *before, *after;
    /* A line that is the same on the wire: address, settings and requests. Its conversation goes on,
     * whatever the tags behind it have become; request i of it is request i of the old line. */
    const uint32_t *lines;
    const uint32_t *namesakes;     /* per line: the old one of this name, whatever it led to */
    const bool *gone;              /* per line of the old plan: it doesn't go on, nor under its name */
    const uint32_t *devices;       /* of the same path, and at the same place on the same line's end */
    /* A tag that is the same in all that reads, decodes, judges and publishes it. */
    const uint32_t *tags;
    /* Devices, then derived tags: what the dictionary of its path says is not what it was. */
    const bool *described;
    uint32_t tags_changed, tags_added, tags_removed;
};

/* The point that is read for this one: itself, or what it is computed from in the end. */
static inline uint32_t change_root(const struct map *m, uint32_t point)
{
    for (uint32_t n = 0; n < m->point_count && m->points[point].from >= 0; n++)
        point = (uint32_t)m->points[point].from;
    return point;
}

/* Is anything computed from that point which is not what it was? */
static inline bool change_computes_anew(const struct change *c, const struct device *d,
                                        uint32_t point)
{
    const struct point *points = d->map->points;
    for (uint32_t i = 0; i < d->map->point_count; i++) {
        if (points[i].from < 0 || c->tags[d->first_tag + i] != CHANGE_NONE)
            continue;
        if (change_root(d->map, i) == point)
            return true;
    }
    return false;
}

/* A request of the new plan: does a tag hang on it which is not what it was? */
static inline bool change_reads_anew(const struct change *c, const struct request *r)
{
    for (uint32_t i = 0; i < r->feed_count; i++) {
        const struct device *d = &c->after->plant->devices[r->feeds[i].device];
        if (c->tags[d->first_tag + r->feeds[i].point] == CHANGE_NONE ||
            change_computes_anew(c, d, r->feeds[i].point))
            return true;
    }
    return false;
}

/* Does something hang on that point, or on what is computed from it, which is not what it was? */
static inline bool change_hangs_anew(const struct change *c, const struct device *d, uint32_t point)
{
    const struct point *points = d->map->points;
    for (uint32_t i = 0; i < d->map->point_count; i++) {
        const int32_t by[] = {points[i].exp_from, points[i].mul_from, points[i].valid_if.point};
        for (int k = 0; k < 3 && c->tags[d->first_tag + i] == CHANGE_NONE; k++) {
            if (by[k] >= 0 && change_root(d->map, (uint32_t)by[k]) == point)
                return true;
        }
    }
    return false;
}

/* A request of the new plan: is it to be asked at once? What new tags hang on is read with them, or
 * they would wait for it. */
static inline bool change_asks_anew(const struct change *c, const struct request *r)
{
    for (uint32_t i = 0; i < r->feed_count; i++)
        if (change_hangs_anew(c, &c->after->plant->devices[r->feeds[i].device], r->feeds[i].point))
            return true;
    return change_reads_anew(c, r);
}

#endif
