/* SPDX-License-Identifier: Apache-2.0 */
/* A device's own copy of a map, where the plant file changes something in it. */
#include <string.h>

#include "config/map_parts.h"

struct heartbeat_nodes {
    const struct node *tag, *within;
};

static const char *suggest(const struct reader *r, const char *word, const struct point *points,
                           uint32_t count)
{
    enum { MOST = 1000 };
    const char *candidates[MOST];
    for (uint32_t i = 0; i < count && i < MOST; i++) {
        candidates[i] = points[i].name;
    }
    return did_you_mean(r, word, candidates, count < MOST ? count : MOST);
}

static bool find_beat(const struct reader *r, const struct node *n, const struct map_builder *b,
                      const struct point *points, const struct names *names, int32_t *out)
{
    if (!is_scalar(r, n, "tag") || points == NULL) {
        return false;
    }
    uint32_t i = names_find(names, n->text, n->length);
    if (i == NAMES_NONE || strcmp(points[i].name, n->text) != 0) {
        return complain_if(r, b == NULL || !is_unread(b, n->text), n,
                           "heartbeat: no tag `%.64s` in this map%s", n->text,
                           suggest(r, n->text, points, names->count));
    }
    if (points[i].from >= 0) {
        return complain(r, n, "heartbeat: `%s` is computed; name a tag that is read",
                        points[i].name);
    }
    *out = (int32_t)i;
    return true;
}

bool read_heartbeat(const struct reader *r, const struct node *n, const struct map_builder *b,
                    const struct point *points, const struct names *names, struct heartbeat *out)
{
    static const struct field fields[] = {{"tag", offsetof(struct heartbeat_nodes, tag)},
                                          {"within", offsetof(struct heartbeat_nodes, within)}};
    struct heartbeat_nodes h = {0};
    if (n == NULL) {
        return true;
    }
    bool good = take_fields(r, n, fields, 2, &h, "a heartbeat");
    if (n->kind != NODE_MAPPING) {
        return false;
    }
    if (h.tag == NULL || h.within == NULL) {
        good = complain(r, n,
                        "a heartbeat is a tag that must change within a time: {tag: "
                        "live_counter, within: 10s}");
    }
    good = (h.tag == NULL || find_beat(r, h.tag, b, points, names, &out->point)) && good;
    return read_duration(r, h.within, "within", NS_PER_MS, EVERY_MAX_NS, &out->within_ns) && good;
}

/* By type, or by the name of a tag; a tag's own order in the map beats the type's. */
static bool adapt_orders(const struct reader *r, const struct node *n, const struct map *map,
                         const struct names *names, struct point *points)
{
    uint8_t order[RAW_COUNT][8];
    bool given[RAW_COUNT] = {false};
    bool good = true;
    default_orders(order);
    if (n->kind != NODE_MAPPING) {
        good = read_orders(r, n, order, given);
    }
    for (const struct node *k = n->kind == NODE_MAPPING ? n->first : NULL; k != NULL;
         k = k->next->next) {
        unsigned type = 0;
        while (type < RAW_COUNT && strcmp(type_names[type], k->text) != 0) {
            type++;
        }
        if (type < RAW_COUNT) {
            good = read_order(r, k->next, type, order[type]) && good;
            given[type] = true;
            continue;
        }
        uint32_t i = points == NULL ? NAMES_NONE : names_find(names, k->text, k->length);
        if (i != NAMES_NONE && strcmp(points[i].name, k->text) == 0) {
            good = read_order(r, k->next, points[i].type, points[i].order) && good;
            points[i].own_order = true;
        } else {
            uint32_t count = points == NULL ? 0 : map->point_count;
            good = complain_if(r, points != NULL, k,
                               "order: `%.64s` is neither a type nor a tag of this map%s", k->text,
                               suggest(r, k->text, points, count));
        }
    }
    for (uint32_t i = 0; points != NULL && i < map->point_count; i++) {
        if (!points[i].own_order && points[i].from < 0 && given[points[i].type]) {
            memcpy(points[i].order, order[points[i].type], sizeof points[i].order);
        }
    }
    return good;
}

const struct map *map_adapt(const struct reader *r, const struct map *map,
                            const struct names *names, const struct map_changes *changes)
{
    struct map *own = arena_get(r->arena, sizeof *own);
    if (own == NULL) {
        return NULL;
    }
    *own = *map;
    struct point *points = NULL;
    if (changes->order != NULL) {
        points = arena_get_array(r->arena, map->point_count, sizeof *points);
        if (points == NULL) {
            return NULL;
        }
        memcpy(points, map->points, map->point_count * sizeof *points);
        own->points = points;
    }
    bool good = changes->order == NULL || adapt_orders(r, changes->order, map, names, points);
    return read_heartbeat(r, changes->heartbeat, NULL, map->points, names, &own->heartbeat) && good
               ? own
               : NULL;
}

void check_changes(const struct reader *r, const struct map_changes *changes)
{
    struct heartbeat beat;
    if (changes->order != NULL) {
        adapt_orders(r, changes->order, NULL, NULL, NULL);
    }
    read_heartbeat(r, changes->heartbeat, NULL, NULL, NULL, &beat);
}
