/* SPDX-License-Identifier: Apache-2.0 */
/* Alarms, leaks, equipment, incidents: who is read after whom, and small things they share. */
#include "config/plant_rules.h"

#include <stdio.h>
#include <string.h>

#include "config/map_parts.h"

void *list_add(const struct rule_builder *w, struct list *l, size_t size)
{
    if (l->count == l->room) {
        uint32_t room = l->room == 0 ? 32 : l->room * 2;
        void *bigger = arena_get_array(w->b->scratch, room, size);
        if (bigger == NULL) {
            return NULL;
        }
        if (l->count > 0) {
            memcpy(bigger, l->items, l->count * size);
        }
        l->items = bigger;
        l->room = room;
    }
    return (char *)l->items + size * l->count++;
}

bool has_area(const struct reader *r, const struct node *key, const struct node *n)
{
    return n != NULL || complain(r, key, "`%.64s` stands nowhere; say `area:`", key->text);
}

uint32_t find_area(const struct plant_builder *b, const struct node *n)
{
    const struct plant *p = b->plant;
    const char *candidates[200];
    size_t count = 0;
    if (n == NULL || node_is_null(n) || !is_scalar(&b->r, n, "area")) {
        return RULE_NONE;
    }
    uint32_t i = names_find(&b->areas, n->text, n->length);
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
    return RULE_NONE;
}

bool read_ms(const struct reader *r, const struct node *n, const char *what, int64_t low_ms,
             int64_t high_ms, int64_t *out)
{
    int64_t ns = -1;
    if (!read_duration(r, n, what, low_ms * NS_PER_MS, high_ms * NS_PER_MS, &ns)) {
        return false;
    }
    if (ns >= 0) {
        *out = ns / NS_PER_MS;
    }
    return true;
}

bool read_ms_or_off(const struct reader *r, const struct node *n, const char *what, int64_t low_ms,
                    int64_t high_ms, int64_t *out)
{
    if (n != NULL && n->kind == NODE_SCALAR &&
        (strcmp(n->text, "off") == 0 || strcmp(n->text, "false") == 0)) {
        *out = -1;
        return true;
    }
    return read_ms(r, n, what, low_ms, high_ms, out);
}

static bool take_over(struct rule_builder *w)
{
    const struct plant *p = w->b->plant;
    for (uint32_t i = 0; i < p->derived_count; i++) {
        struct derived *d = list_add(w, &w->derived, sizeof *d);
        if (d == NULL) {
            return false;
        }
        *d = p->derived[i];
    }
    return true;
}

/* What was made here stands behind what people derived, and from now on in the plant. */
static bool hand_over(struct rule_builder *w)
{
    struct plant *p = w->b->plant;
    struct arena *a = w->b->r.arena;
    struct derived *all = arena_get_array(a, w->derived.count + 1U, sizeof *all);
    w->origins = arena_get_array(w->b->scratch, w->derived.count + 1U, sizeof *w->origins);
    if (all == NULL || w->origins == NULL) {
        return false;
    }
    if (w->derived.count > 0) {
        memcpy(all, w->derived.items, w->derived.count * sizeof *all);
    }
    p->derived = all;
    p->derived_count = w->derived.count;
    p->tag_count = p->first_derived + p->derived_count;
    return true;
}

static bool settle(struct rule_builder *w)
{
    struct plant *p = w->b->plant;
    p->leaks = w->leaks;
    p->leak_count = w->leak_count;
    p->basins = w->basins;
    p->basin_count = w->basin_count;
    p->equipment = w->equipment;
    p->equipment_count = w->equipment_count;
    struct arena *a = w->b->r.arena;
    struct alarm_rule *alarms = arena_get_array(a, w->alarms.count + 1U, sizeof *alarms);
    struct alarm_condition *conditions =
        arena_get_array(a, w->conditions.count + 1U, sizeof *conditions);
    if (alarms == NULL || conditions == NULL) {
        return false;
    }
    if (w->alarms.count > 0) {
        memcpy(alarms, w->alarms.items, w->alarms.count * sizeof *alarms);
    }
    if (w->conditions.count > 0) {
        memcpy(conditions, w->conditions.items, w->conditions.count * sizeof *conditions);
    }
    p->alarms = alarms;
    p->alarm_count = w->alarms.count;
    p->conditions = conditions;
    p->condition_count = w->conditions.count;
    return true;
}

static bool read_all(struct rule_builder *w, struct plant_nodes *n)
{
    const struct node **sections[] = {&n->alarm_settings, &n->alarms, &n->leaks, &n->equipment,
                                      &n->incidents};
    static const char *const names[] = {"alarm_settings", "alarms", "leaks", "equipment",
                                        "incidents"};
    bool good = true;
    for (size_t i = 0; i < sizeof sections / sizeof *sections; i++) {
        if (*sections[i] != NULL && !is_mapping(&w->b->r, *sections[i], names[i])) {
            *sections[i] = NULL;
            lose_name(w->b, "device", "", 0); /* which tags would have come of it, nobody knows */
            good = false;
        }
    }
    good = read_alarm_settings(w, n->alarm_settings) && good;
    good = take_over(w) && good;
    good = name_leaks(w, n->leaks) && good;
    good = name_basins(w, n->incidents) && good;
    good = name_equipment(w, n->equipment) && good;
    if (!hand_over(w)) {
        return false;
    }
    good = read_leaks(w, n->leaks) && good;
    good = read_incidents(w, n->incidents) && good;
    good = read_equipment(w, n->equipment) && good;
    good = read_alarms(w, n->alarms) && good;
    /* Of a plant with mistakes half of the names are missing. */
    good = good && diags_errors(w->b->r.ds) == w->b->errors_before;
    return good && generate_alarms(w) && settle(w);
}

bool read_rules(struct plant_builder *b, const struct plant_nodes *n)
{
    struct rule_builder w = {.b = b, .nodes = n};
    struct plant_nodes readable = *n;
    struct names *names[] = {&w.alarm_names, &w.leak_names, &w.group_names, &w.signals};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        names_init(names[i], i < 2, b->r.arena);
    }
    bool good = read_all(&w, &readable);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        names_fini(names[i]);
    }
    return good;
}
