/* SPDX-License-Identifier: Apache-2.0 */
/* The equipment that stands in the areas. */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "config/map_parts.h"
#include "config/plant_parts.h"

struct device_nodes {
    const struct node *map, *line, *unit, *area, *every, *order, *delay, *stale, *heartbeat,
        *history, *about, *tags, *timezone, *identity;
};

/* The number of a line or an area by its name; NAMES_NONE after a complaint. */
static uint32_t find_named(const struct plant_builder *b, const struct node *n, const char *text,
                           size_t length, bool line)
{
    const struct plant *p = b->plant;
    const struct names *names = line ? &b->lines : &b->areas;
    uint32_t i = names_find(names, text, length);
    const char *candidates[200];
    size_t count = 0, all = line ? p->line_count : p->area_count;
    if (i != NAMES_NONE) {
        const char *name = line ? p->lines[i].name : p->areas[i].name;
        if (strncmp(name, text, length) == 0) {
            return i;
        }
    }
    for (size_t k = 0; k < all && count < 200; k++) {
        const char *name = line ? p->lines[k].name : p->areas[k].name;
        if (name != NULL) {
            candidates[count++] = name;
        }
    }
    char word[80];
    snprintf(word, sizeof word, "%.*s", (int)(length < 79 ? length : 79), text);
    const char *near = did_you_mean(&b->r, word, candidates, count);
    const char *kind = line ? "line" : "area";
    complain_if(&b->r, !is_lost(b, kind, text, length), n, "no %s `%s`%s", kind, word,
                *near != '\0' ? near
                : line        ? "; declare it under `lines:`"
                              : "; declare it under `areas:`");
    return NAMES_NONE;
}

static bool read_unit(const struct plant_builder *b, const struct node *key, const struct node *n,
                      const struct line *line, uint8_t *out)
{
    uint64_t unit = 0;
    bool tcp = line != NULL && line->transport == TRANSPORT_TCP;
    if (n == NULL) {
        return complain(&b->r, key, "`%.64s` has no unit; say `unit: 1`%s", key->text,
                        tcp ? " (many TCP devices answer to any unit; 255 and 1 are usual)" : "");
    }
    if (!read_u64(&b->r, n, "unit", 0, 255, &unit)) {
        return false;
    }
    *out = (uint8_t)unit;
    if (line != NULL && !tcp && (unit == 0 || unit > 247)) {
        return complain(&b->r, n,
                        unit == 0 ? "unit 0 is the broadcast of a bus, nobody answers; "
                                    "units are 1 to 247"
                                  : "units of a bus are 1 to 247");
    }
    return true;
}

/* What a device changes in its map, as a text: devices that change alike share one copy. */
static void describe(const struct node *n, char *out, size_t room)
{
    size_t at = strlen(out);
    if (n == NULL || n->kind == NODE_LOST) {
        snprintf(out + at, room - at, "|-");
    } else if (n->kind == NODE_SCALAR) {
        snprintf(out + at, room - at, "|%s", n->text);
    } else {
        for (const struct node *i = n->first; i != NULL && strlen(out) + 1 < room; i = i->next) {
            describe(i, out, room);
        }
    }
}

static const struct map *adapt(struct plant_builder *b, uint32_t index,
                               const struct loaded_map *loaded, const struct device_nodes *n)
{
    enum { ROOM = 2000 };
    char text[ROOM];
    struct map_changes changes = {n->order, n->heartbeat};
    if (n->order == NULL && n->heartbeat == NULL) {
        return loaded->map;
    }
    snprintf(text, sizeof text, "%u", index);
    describe(n->order, text, sizeof text);
    describe(n->heartbeat, text, sizeof text);
    size_t length = strlen(text);
    uint32_t known = names_find(&b->adapted_names, text, length);
    if (known != NAMES_NONE) {
        return b->adapted[known];
    }
    const struct map *map = map_adapt(&b->r, loaded->map, &loaded->names, &changes);
    const char *kept = arena_copy(b->scratch, text, length);
    if (map != NULL && kept != NULL && length + 1 < sizeof text) {
        b->adapted[b->adapted_count] = map;
        names_put(&b->adapted_names, kept, length, b->adapted_count++);
    }
    return map;
}

static const struct loaded_map *find_map(struct plant_builder *b, const struct node *key,
                                         const struct device_nodes *n)
{
    bool changes = n->tags == NULL || is_mapping(&b->r, n->tags, "tags");
    if (n->map == NULL) {
        complain(&b->r, key, "`%.64s` has no map; say `map: VENDOR/MODEL`", key->text);
    }
    const struct loaded_map *loaded = n->map == NULL ? NULL : load_map(b, n->map);
    if (loaded == NULL && n->tags != NULL && changes) {
        map_overlay_alone(b->r.arena, b->scratch, n->tags, b->r.file, b->r.ds);
    }
    if (loaded == NULL || n->tags == NULL || !changes) {
        return changes ? loaded : NULL;
    }
    return overlay_map(b, (uint32_t)(loaded - b->maps), n->tags);
}

static bool read_map(struct plant_builder *b, const struct node *key, const struct device_nodes *n,
                     uint32_t device, struct device *out)
{
    const struct loaded_map *loaded = find_map(b, key, n);
    if (loaded == NULL) {
        check_changes(&b->r, &(struct map_changes){n->order, n->heartbeat});
        return false;
    }
    b->device_maps[device] = (uint32_t)(loaded - b->maps);
    out->map = adapt(b, b->device_maps[device], loaded, n);
    return out->map != NULL;
}

/* "pump-1" with `area:`, or "mill/pump-1". */
static bool read_path(struct plant_builder *b, const struct node *key, const struct node *area_node,
                      struct device *out)
{
    const char *slash = strchr(key->text, '/');
    const char *name = slash == NULL ? key->text : slash + 1;
    uint32_t area = NAMES_NONE;
    bool good =
        is_plain_name(name, strlen(name)) ||
        complain(&b->r, key, "device `%.80s`: a name has 1 to 64 of A-Z a-z 0-9 . _ -", key->text);
    if ((slash == NULL) == (area_node == NULL)) {
        good = complain(&b->r, key,
                        slash == NULL ? "`%.64s` stands nowhere; say `area:`"
                                      : "`%.64s` names its area already; leave out "
                                        "`area:`",
                        key->text);
    }
    if (slash != NULL) {
        area = find_named(b, key, key->text, (size_t)(slash - key->text), false);
    } else if (area_node != NULL && is_scalar(&b->r, area_node, "area")) {
        area = find_named(b, area_node, area_node->text, area_node->length, false);
    }
    if (!good || area == NAMES_NONE) {
        return false;
    }
    out->area = area;
    out->path = arena_printf(b->r.arena, "%s/%s", b->plant->areas[area].name, name);
    out->name = out->path == NULL ? NULL : strchr(out->path, '/') + 1;
    return out->path != NULL;
}

static bool read_times(const struct plant_builder *b, const struct device_nodes *n,
                       struct device *out)
{
    static const char *const words[] = {"all", "changed"};
    unsigned history = 0;
    out->every_ns = NS_PER_S;
    bool good = read_duration(&b->r, n->every, "every", EVERY_MIN_NS, EVERY_MAX_NS, &out->every_ns);
    good = read_duration(&b->r, n->delay, "delay", 0, 10 * NS_PER_S, &out->delay_ns) && good;
    good = read_duration(&b->r, n->stale, "stale", NS_PER_MS, EVERY_MAX_NS, &out->stale_ns) && good;
    good = read_word(&b->r, n->history, "history", words, 2, &history) && good;
    out->history_all = history == 0;
    return good;
}

static bool read_identity(const struct plant_builder *b, const struct node *n, struct device *out)
{
    if (n == NULL || !read_text(&b->r, n, "identity", &out->identity)) {
        return n == NULL;
    }
    if (n->length == 0) {
        return complain(&b->r, n, "identity is what the equipment says of itself, like \"4711\"");
    }
    if (out->map == NULL) {
        return true;
    }
    if (out->map->identity.point < 0) {
        return complain(&b->r, n,
                        "identity: map `%s` does not say what tells one piece of equipment from "
                        "another; it needs `identify: {tag: ...}`",
                        out->map->name);
    }
    const struct point *p = &out->map->points[out->map->identity.point];
    struct decimal d;
    return !map_point_is_number(p) || p->choice_count > 0 || text_to_decimal(n->text, &d) ||
           complain(&b->r, n, "identity `%.64s`: `%.*s` of map `%s` is a number", n->text,
                    (int)p->name_length, p->name, out->map->name);
}

static bool read_device(struct plant_builder *b, const struct node *key, const struct node *value,
                        uint32_t index, struct device *out)
{
#define FIELD(name)                                                                                \
    {                                                                                              \
#name, offsetof(struct device_nodes, name)                                                 \
    }
    static const struct field fields[] = {
        FIELD(map),   FIELD(line),  FIELD(unit),     FIELD(area),      FIELD(every),
        FIELD(order), FIELD(delay), FIELD(stale),    FIELD(heartbeat), FIELD(history),
        FIELD(about), FIELD(tags),  FIELD(timezone), FIELD(identity)};
#undef FIELD
    struct device_nodes n = {0};
    const struct plant *p = b->plant;
    const char *about = NULL;
    out->at = place_of(&b->r, key);
    bool good = take_fields(&b->r, value, fields, sizeof fields / sizeof *fields, &n, "a device");
    if (value->kind != NODE_MAPPING) {
        return false;
    }
    good = read_path(b, key, n.area, out) && good;
    const struct line *line = NULL;
    if (n.line == NULL) {
        good = complain(&b->r, key, "`%.64s` hangs on no line; say `line:`", key->text);
    } else if (is_scalar(&b->r, n.line, "line")) {
        uint32_t i = find_named(b, n.line, n.line->text, n.line->length, true);
        line = i == NAMES_NONE ? NULL : &p->lines[i];
        out->line = i == NAMES_NONE ? 0 : i;
    }
    good = line != NULL && good;
    good = read_unit(b, key, n.unit, line, &out->unit) && good;
    good = read_map(b, key, &n, index, out) && good;
    good = read_text(&b->r, n.about, "about", &about) && good;
    good = read_timezone(&b->r, b->scratch, n.timezone, &out->timezone) && good;
    good = read_identity(b, n.identity, out) && good;
    return read_times(b, &n, out) && good;
}

/* The same map twice at the same unit: a copied line that was not finished. */
static void warn_of_twins(struct plant_builder *b, const struct node *keys)
{
    struct names seen;
    uint32_t i = 0;
    names_init(&seen, false, b->r.arena);
    for (const struct node *k = keys->first; k != NULL; k = k->next->next, i++) {
        const struct device *d = &b->plant->devices[i];
        const char *id = arena_printf(b->scratch, "%u/%u/%u", d->line, d->unit, b->device_maps[i]);
        if (!b->sound[i] || id == NULL) {
            continue;
        }
        uint32_t before = names_put(&seen, id, strlen(id), i);
        if (before != NAMES_NONE) {
            caution(&b->r, k,
                    "`%s` and `%s` are the same map at unit %u of line `%s`: is one of them "
                    "copied, and its unit not changed?",
                    d->path, b->plant->devices[before].path, d->unit,
                    b->plant->lines[d->line].name);
        }
    }
    names_fini(&seen);
}

/* How many devices change their map. */
static size_t overlays_of(const struct node *devices)
{
    size_t count = 0;
    for (const struct node *k = devices->first; k != NULL; k = k->next->next) {
        count += k->next->kind == NODE_MAPPING && node_get(k->next, "tags") != NULL;
    }
    return count;
}

bool read_devices(struct plant_builder *b, const struct node *n)
{
    static const struct node none = {.kind = NODE_MAPPING, .line = 1, .column = 1};
    bool good = true;
    if (n == NULL || n->kind != NODE_MAPPING || n->length == 0) {
        lose_name(b, "device", "", 0);
        good =
            complain(&b->r, n == NULL ? &none : n,
                     "a plant has devices: {pump-1: {map: VENDOR/MODEL, line: plc, unit: 1, area: "
                     "mill}}");
        n = &none;
    }
    struct device *devices = arena_get_array(b->r.arena, n->length + 1U, sizeof *devices);
    b->maps = arena_get_array(b->scratch, n->length + overlays_of(n) + 1, sizeof *b->maps);
    b->adapted = arena_get_array(b->scratch, n->length + 1U, sizeof *b->adapted);
    b->device_maps = arena_get_array(b->scratch, n->length + 1U, sizeof *b->device_maps);
    b->sound = arena_get_array(b->scratch, n->length + 1U, sizeof *b->sound);
    if (devices == NULL || arena_exhausted(b->scratch)) {
        return false;
    }
    uint32_t count = 0, tags = 0;
    b->plant->devices = devices;
    for (const struct node *k = n->first; k != NULL; k = k->next->next, count++) {
        struct device *d = &devices[count];
        b->sound[count] = read_device(b, k, k->next, count, d);
        good = b->sound[count] && good;
        if (d->path == NULL || !claim_name(&b->r, &b->devices, k, d->path, count, "device")) {
            const char *slash = strchr(k->text, '/'), *name = slash == NULL ? k->text : slash + 1;
            lose_name(b, "device", name, strlen(name));
            d->path = d->path == NULL ? "?" : d->path;
            d->name = d->name == NULL ? "?" : d->name;
            good = false;
        }
        d->first_tag = tags;
        tags += d->map == NULL ? 0 : d->map->point_count;
    }
    b->plant->device_count = count;
    b->plant->first_derived = b->plant->tag_count = tags;
    warn_of_twins(b, n);
    return good;
}
