/* SPDX-License-Identifier: Apache-2.0 */
/* Areas: where things stand, and where water would go from there. */
#include <string.h>
#include <strings.h>

#include "config/plant_parts.h"

enum { NEIGHBOURS_MAX = 64 };

struct area_nodes {
    const struct node *title, *neighbours;
};

static bool read_long_form(const struct reader *r, const struct node *n, struct area_nodes *out)
{
    static const struct field fields[] = {{"title", offsetof(struct area_nodes, title)},
                                          {"neighbours", offsetof(struct area_nodes, neighbours)}};
    if (n->kind != NODE_MAPPING) {
        out->title = n;
        return true;
    }
    return take_fields(r, n, fields, 2, out, "an area");
}

static uint32_t find_neighbour(const struct plant_builder *b, const struct node *n, uint32_t self)
{
    const struct plant *p = b->plant;
    const char *candidates[200];
    size_t count = 0;
    if (!is_scalar(&b->r, n, "a neighbour")) {
        return NAMES_NONE;
    }
    uint32_t i = names_find(&b->areas, n->text, n->length);
    if (i == self) {
        complain(&b->r, n, "`%s` is no neighbour of itself", n->text);
        return NAMES_NONE;
    }
    if (i != NAMES_NONE && strcmp(p->areas[i].name, n->text) == 0) {
        return i;
    }
    for (size_t k = 0; k < p->area_count && count < 200; k++) {
        if (p->areas[k].name != NULL) {
            candidates[count++] = p->areas[k].name;
        }
    }
    const char *near = did_you_mean(&b->r, n->text, candidates, count);
    complain_if(&b->r, !is_lost(b, "area", n->text, n->length), n, "no area `%.64s`%s", n->text,
                *near != '\0' ? near : "; declare it under `areas:`");
    return NAMES_NONE;
}

static bool link_one(struct plant_builder *b, struct area *areas, uint32_t from, uint32_t to)
{
    struct area *a = &areas[from];
    for (uint32_t i = 0; i < a->neighbour_count; i++) {
        if (a->neighbours[i] == to) {
            return true;
        }
    }
    uint32_t *more = arena_get_array(b->r.arena, a->neighbour_count + 1U, sizeof *more);
    if (more == NULL) {
        return false;
    }
    if (a->neighbour_count > 0) {
        memcpy(more, a->neighbours, a->neighbour_count * sizeof *more);
    }
    more[a->neighbour_count++] = to;
    a->neighbours = more;
    return true;
}

/* Said of one of the two it holds for both. */
static bool read_neighbours(struct plant_builder *b, const struct node *n, struct area *areas,
                            uint32_t self)
{
    if (n == NULL || !is_list(&b->r, n, "neighbours")) {
        return n == NULL;
    }
    if (n->length > NEIGHBOURS_MAX) {
        return complain(&b->r, n, "%u neighbours; an area has at most %d", n->length,
                        NEIGHBOURS_MAX);
    }
    bool good = true;
    for (const struct node *k = n->first; k != NULL; k = k->next) {
        uint32_t other = find_neighbour(b, k, self);
        good = other != NAMES_NONE && link_one(b, areas, self, other) &&
               link_one(b, areas, other, self) && good;
    }
    return good;
}

static bool read_area(struct plant_builder *b, const struct node *key, const struct node *value,
                      uint32_t index, struct area *a, const struct node **neighbours)
{
    struct area_nodes n = {0};
    a->at = place_of(&b->r, key);
    a->title = "";
    bool named = read_name(&b->r, key, "area", &a->name);
    bool good = read_long_form(&b->r, value, &n);
    good = read_text(&b->r, n.title, "the title of an area", &a->title) && named && good;
    *neighbours = n.neighbours;
    if (!named || !claim_name(&b->r, &b->areas, key, a->name, index, "area")) {
        lose_name(b, "area", key->text, key->length);
        return false;
    }
    if (strcasecmp(a->name, "gateway") == 0) {
        good = complain(&b->r, key,
                        "the area name `gateway` is kept for the gateway's own "
                        "tags; choose another");
    }
    return good;
}

bool read_areas(struct plant_builder *b, const struct node *n)
{
    if (n == NULL || n->kind != NODE_MAPPING || n->length == 0) {
        lose_name(b, "area", "", 0);
        return complain(&b->r, n == NULL ? &(struct node){.line = 1, .column = 1} : n,
                        "a plant has areas: {mill: Milling area}");
    }
    struct area *areas = arena_get_array(b->r.arena, n->length, sizeof *areas);
    const struct node **neighbours = arena_get_array(b->scratch, n->length, sizeof *neighbours);
    if (areas == NULL || neighbours == NULL) {
        return false;
    }
    bool good = true;
    uint32_t count = 0;
    for (const struct node *k = n->first; k != NULL; k = k->next->next, count++) {
        good = read_area(b, k, k->next, count, &areas[count], &neighbours[count]) && good;
    }
    b->plant->areas = areas;
    b->plant->area_count = count;
    for (uint32_t i = 0; i < count; i++) {
        good = read_neighbours(b, neighbours[i], areas, i) && good;
    }
    return good;
}
