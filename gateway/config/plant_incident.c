/* SPDX-License-Identifier: Apache-2.0 */
/* Incidents: how often people are told, and the basins that get pumped out. */
#include <string.h>

#include "config/plant_rules.h"

#define FIELD(type, name)                                                                          \
    {                                                                                              \
#name, offsetof(struct type, name)                                                         \
    }

struct incident_nodes {
    const struct node *bulletins, *automatic, *auto_dewatering, *capture, *drill, *basins;
};
struct bulletin_nodes {
    const struct node *every, *first;
};
struct basin_nodes {
    const struct node *area, *level, *stage, *surface, *target, *pumps, *wet;
};
struct basin_pump_nodes {
    const struct node *name, *run, *flow, *capacity;
};

static bool name_basin(struct rule_builder *w, const struct node *key, const struct node *value,
                       struct basin *b)
{
    *b = (struct basin){.name = key->text,
                        .at = place_of(&w->b->r, key),
                        .area = RULE_NONE,
                        .level = TAG_NONE,
                        .factor = 1,
                        .target = 0.05,
                        .alarm_stalled = RULE_NONE,
                        .tag_volume = TAG_NONE,
                        .tag_net = TAG_NONE,
                        .tag_minutes = TAG_NONE};
    bool good = read_name(&w->b->r, key, "basin", &b->name);
    if (!is_mapping(&w->b->r, value, "a basin")) {
        return false;
    }
    b->area = find_area(w->b, node_get(value, "area"));
    if (!good || b->area == RULE_NONE) {
        return false;
    }
    if (node_get(value, "stage") != NULL || node_get(value, "surface") != NULL) {
        good = make_tag(w, key, b->area, b->name, "volume", "m3", "Water that stands here", 0.1,
                        &b->tag_volume);
        good = make_tag(w, key, b->area, b->name, "net", "m3/h",
                        "Change of that volume; below zero it gets emptier", 0.1, &b->tag_net) &&
               good;
    }
    return make_tag(w, key, b->area, b->name, "minutes", "min", "Until it is empty enough", 1,
                    &b->tag_minutes) &&
           good;
}

bool name_basins(struct rule_builder *w, const struct node *incidents)
{
    const struct node *n = incidents == NULL ? NULL : node_get(incidents, "basins");
    if (n == NULL || n->kind != NODE_MAPPING) {
        return n == NULL || node_is_null(n) || is_mapping(&w->b->r, n, "basins");
    }
    if (n->length > RULE_BASINS_MAX) {
        return complain(&w->b->r, n, "%u basins; at most %d are looked after", n->length,
                        RULE_BASINS_MAX);
    }
    w->basins = arena_get_array(w->b->r.arena, n->length + 1U, sizeof *w->basins);
    if (w->basins == NULL) {
        return false;
    }
    bool good = true;
    for (const struct node *k = n->first; k != NULL; k = k->next->next) {
        if (!name_basin(w, k, k->next, &w->basins[w->basin_count++])) {
            lose_name(w->b, "device", k->text, k->length);
            good = false;
        }
    }
    return good;
}

static bool read_pump(struct rule_builder *w, const struct node *n, struct basin_pump *out)
{
    static const struct field fields[] = {
        FIELD(basin_pump_nodes, name), FIELD(basin_pump_nodes, run), FIELD(basin_pump_nodes, flow),
        FIELD(basin_pump_nodes, capacity)};
    const struct reader *r = &w->b->r;
    struct basin_pump_nodes p = {0};
    *out = (struct basin_pump){.run = TAG_NONE, .flow = TAG_NONE, .flow_factor = 1, .name = ""};
    bool good = take_fields(r, n, fields, 4, &p, "a pump of a basin");
    if (n->kind != NODE_MAPPING) {
        return false;
    }
    good = read_text(r, p.name, "name", &out->name) && good;
    if (p.run == NULL && p.flow == NULL) {
        good = complain(r, n,
                        "a pump says whether it runs, or what it lifts: {run: "
                        "area/device/tag, flow: area/device/tag, capacity: 200 m3/h}");
    }
    if (p.run != NULL) {
        out->run = read_boolean_tag(w, p.run, "run");
        good = out->run != TAG_NONE && good;
    }
    if (p.flow != NULL) {
        out->flow = read_measured_tag(w, p.flow, "flow", QUANTITY_FLOW, &out->flow_factor);
        good = out->flow != TAG_NONE && good;
    }
    good = read_quantity(r, p.capacity, "capacity", QUANTITY_FLOW, 0, 1e6, &out->capacity) && good;
    if (good && *out->name == '\0') {
        struct tag_facts f;
        tag_facts(w, out->run != TAG_NONE ? out->run : out->flow, &f);
        const char *first = strchr(f.path, '/'), *second = first ? strchr(first + 1, '/') : NULL;
        out->name = second == NULL
                        ? f.path
                        : arena_copy(w->b->r.arena, first + 1, (size_t)(second - first - 1));
    }
    return good && out->name != NULL;
}

static bool read_pumps(struct rule_builder *w, const struct node *n, struct basin *b)
{
    if (n == NULL || !is_list(&w->b->r, n, "pumps")) {
        return n == NULL;
    }
    struct basin_pump *pumps = arena_get_array(w->b->r.arena, n->length + 1U, sizeof *pumps);
    bool good = pumps != NULL;
    for (const struct node *k = n->first; pumps != NULL && k != NULL; k = k->next) {
        struct basin_pump *p = &pumps[b->pump_count++];
        good = read_pump(w, k, p) && good;
        for (uint32_t i = 0; p->run != TAG_NONE && i + 1 < b->pump_count; i++) {
            if (pumps[i].run == p->run) {
                good = complain(&w->b->r, k, "this pump stands here twice");
            }
        }
    }
    b->pumps = pumps;
    return good;
}

static bool read_wet(struct rule_builder *w, const struct node *n, struct basin *b)
{
    if (n == NULL || !is_list(&w->b->r, n, "wet")) {
        return n == NULL;
    }
    uint32_t *wet = arena_get_array(w->b->r.arena, n->length + 1U, sizeof *wet);
    bool good = wet != NULL;
    for (const struct node *k = n->first; wet != NULL && k != NULL; k = k->next) {
        wet[b->wet_count] = read_boolean_tag(w, k, "wet");
        good = wet[b->wet_count++] != TAG_NONE && good;
    }
    b->wet = wet;
    return good;
}

/* Levels above the sea, cm for m, a target nobody wrote: a basin that is never wet, or never dry.
 */
static bool check_target(const struct reader *r, const struct node *at, const struct basin *b)
{
    const struct pair *low = b->stage, *high = b->stage + b->stage_count - 1;
    if (b->target >= high->x)
        return complain(r, at,
                        "target %g m is not below the end of the stage (%g m): basin `%s` would "
                        "never be wet; write the level at which it counts as empty",
                        b->target, high->x, b->name);
    if (b->target < low->x)
        caution(r, at,
                "target %g m is below the beginning of the stage (%g m): basin `%s` may never "
                "count as empty; write the level at which it does",
                b->target, low->x, b->name);
    return true;
}

static bool read_basin(struct rule_builder *w, const struct node *key, const struct node *value,
                       struct basin *b)
{
    static const struct field fields[] = {FIELD(basin_nodes, area),   FIELD(basin_nodes, level),
                                          FIELD(basin_nodes, stage),  FIELD(basin_nodes, surface),
                                          FIELD(basin_nodes, target), FIELD(basin_nodes, pumps),
                                          FIELD(basin_nodes, wet)};
    const struct reader *r = &w->b->r;
    struct basin_nodes n = {0};
    if (value->kind != NODE_MAPPING) {
        return false;
    }
    bool good = take_fields(r, value, fields, sizeof fields / sizeof *fields, &n, "a basin");
    good = has_area(r, key, n.area) && good;
    if (n.level == NULL) {
        good = complain(r, key, "basin `%s` has no level; say `level: area/device/tag`", b->name);
    } else {
        b->level = read_measured_tag(w, n.level, "level", QUANTITY_LENGTH, &b->factor);
        good = b->level != TAG_NONE && good;
    }
    bool walls = read_stage(w, n.stage, n.surface, &b->stage, &b->stage_count);
    if (b->stage == NULL && walls) {
        caution(r, key,
                "basin `%s` has neither `stage:` nor `surface:`; without volumes there is no "
                "telling when it will be empty",
                b->name);
    }
    check_stage_covers(w, n.stage, b->level, b->factor, b->stage, b->stage_count);
    bool target = read_quantity(r, n.target, "target", QUANTITY_LENGTH, -500, 10000, &b->target);
    good = walls && target && good;
    if (n.stage != NULL && b->stage_count >= 2 && walls && target)
        good = check_target(r, n.target != NULL ? n.target : key, b) && good;
    good = read_pumps(w, n.pumps, b) && good;
    return read_wet(w, n.wet, b) && good;
}

/* "1h for 6h" */
static bool read_first(struct rule_builder *w, const struct node *n, struct incident_rules *out)
{
    const struct reader *r = &w->b->r;
    if (n == NULL) {
        return true;
    }
    if (!is_scalar(r, n, "first")) {
        return false;
    }
    const char *two = strstr(n->text, " for ");
    if (two == NULL) {
        return complain(r, n, "first `%.40s`: write how often and how long, like 1h for 6h",
                        n->text);
    }
    struct node every = *n, how_long = *n;
    every.text = arena_copy(w->b->scratch, n->text, (size_t)(two - n->text));
    how_long.text = two + 5;
    bool good = every.text != NULL &&
                read_ms(r, &every, "first", 60000, 7 * 24 * MS_PER_HOUR, &out->first_every_ms);
    return read_ms(r, &how_long, "first", 60000, 30 * 24 * MS_PER_HOUR, &out->first_for_ms) && good;
}

static bool read_bulletins(struct rule_builder *w, const struct node *n, struct incident_rules *out)
{
    static const struct field fields[] = {FIELD(bulletin_nodes, every),
                                          FIELD(bulletin_nodes, first)};
    struct bulletin_nodes m = {0};
    if (n == NULL) {
        return true;
    }
    bool good = take_fields(&w->b->r, n, fields, 2, &m, "`bulletins`");
    good = read_ms(&w->b->r, m.every, "every", 60000, 7 * 24 * MS_PER_HOUR, &out->every_ms) && good;
    return read_first(w, m.first, out) && good;
}

static bool check_areas(struct rule_builder *w, const struct node *n)
{
    uint32_t count = w->b->plant->area_count;
    bool any = w->nodes->leaks != NULL || w->nodes->equipment != NULL || n != NULL;
    return !any || count <= RULE_AREAS_MAX ||
           complain(&w->b->r, w->nodes->areas,
                    "%u areas; where incidents are looked after there "
                    "can be %d; put some together",
                    count, RULE_AREAS_MAX);
}

bool read_incidents(struct rule_builder *w, const struct node *n)
{
    static const struct field fields[] = {
        FIELD(incident_nodes, bulletins),       FIELD(incident_nodes, automatic),
        FIELD(incident_nodes, auto_dewatering), FIELD(incident_nodes, capture),
        FIELD(incident_nodes, drill),           FIELD(incident_nodes, basins)};
    const struct reader *r = &w->b->r;
    struct incident_rules *out = &w->b->plant->incidents;
    struct incident_nodes m = {0};
    *out = (struct incident_rules){.every_ms = 4 * MS_PER_HOUR,
                                   .first_every_ms = MS_PER_HOUR,
                                   .first_for_ms = 6 * MS_PER_HOUR,
                                   .automatic = true,
                                   .neighbour_ms = 2 * MS_PER_HOUR,
                                   .capture_ms = 600000};
    bool good = check_areas(w, n);
    if (n == NULL) {
        return good;
    }
    out->at = place_of(r, n);
    good = take_fields(r, n, fields, sizeof fields / sizeof *fields, &m, "`incidents`") && good;
    good = read_bulletins(w, m.bulletins, out) && good;
    good = read_bool(r, m.automatic, "automatic", &out->automatic) && good;
    good = read_bool(r, m.auto_dewatering, "auto_dewatering", &out->auto_dewatering) && good;
    good = read_bool(r, m.drill, "drill", &out->drill) && good;
    good = read_ms_or_off(r, m.capture, "capture", 0, 24 * MS_PER_HOUR, &out->capture_ms) && good;
    out->capture_ms = out->capture_ms < 0 ? 0 : out->capture_ms;
    uint32_t i = 0;
    for (const struct node *k = w->basin_count == 0 ? NULL : m.basins->first; k != NULL;
         k = k->next->next) {
        good = read_basin(w, k, k->next, &w->basins[i++]) && good;
    }
    return good;
}
