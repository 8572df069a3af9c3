/* SPDX-License-Identifier: Apache-2.0 */
/* What is known of a tag without asking anybody: unit, period, range, device; and tags that the
 * watch room makes itself. */
#include <string.h>

#include "config/map_parts.h"
#include "config/plant_rules.h"

enum {
    CHAIN_MAX = 64, /* derived from derived: further nobody looks */
    MADE_EVERY_MS = 60000, /* what the watch room makes is told at least so often */
};

static const struct point *point_of(const struct plant *p, uint32_t device, uint32_t tag)
{
    return &p->devices[device].map->points[tag - p->devices[device].first_tag];
}

/* A computed point is as fresh as the one it comes from. */
static int64_t period_ms(const struct device *d, const struct point *p)
{
    while (p->from >= 0) {
        p = &d->map->points[p->from];
    }
    int64_t ns = p->every_ns > 0        ? p->every_ns
                 : d->map->every_ns > 0 ? d->map->every_ns
                                        : d->every_ns;
    return ns < NS_PER_MS ? 1 : ns / NS_PER_MS;
}

static int64_t paced(const struct rule_builder *w, int64_t ms)
{
    const struct plant_options *o = w->b->options;
    return o != NULL && o->pace > 0 ? (int64_t)((double)ms * o->pace + 0.5) : ms;
}

static struct tag_origin origin_of(struct rule_builder *w, uint32_t tag, int depth)
{
    const struct plant *p = w->b->plant;
    struct tag_origin out = {.device = RULE_NONE, .slowest = tag};
    if (tag < p->first_derived) {
        out.device = plant_device_of(p, tag);
        out.every_ms = paced(w, period_ms(&p->devices[out.device], point_of(p, out.device, tag)));
        return out;
    }
    struct tag_origin *kept = &w->origins[tag - p->first_derived];
    if (kept->state != 0 || depth > CHAIN_MAX) {
        return kept->state == 2 ? *kept : out;
    }
    const struct derived *d = &p->derived[tag - p->first_derived];
    kept->state = 1;
    if (d->expression == NULL) {
        out.every_ms = paced(w, MADE_EVERY_MS);
    }
    for (uint32_t i = 0; i < d->input_count; i++) {
        if (d->inputs[i].tag == TAG_NONE) {
            continue;
        }
        struct tag_origin in = origin_of(w, d->inputs[i].tag, depth + 1);
        out.device = i == 0 || in.device == out.device ? in.device : RULE_NONE;
        if (in.every_ms > out.every_ms) {
            out.every_ms = in.every_ms;
            out.slowest = in.slowest;
        }
    }
    out.state = 2;
    *kept = out;
    return out;
}

static const char *path_of(struct rule_builder *w, uint32_t tag)
{
    const struct plant *p = w->b->plant;
    if (tag >= p->first_derived) {
        return p->derived[tag - p->first_derived].path;
    }
    uint32_t device = plant_device_of(p, tag);
    const char *path = arena_printf(w->b->r.arena, "%s/%s", p->devices[device].path,
                                    point_of(p, device, tag)->name);
    return path == NULL ? "" : path;
}

/* `is: s` passes an input on as it is; what the instrument says of itself holds for it too. */
static uint32_t passed_on(const struct plant *p, uint32_t tag)
{
    for (int depth = 0; tag >= p->first_derived && depth < CHAIN_MAX; depth++) {
        const struct derived *d = &p->derived[tag - p->first_derived];
        if (d->expression == NULL || d->input_count != 1 || d->inputs[0].tag == TAG_NONE ||
            strcmp(d->expression, d->inputs[0].name) != 0) {
            return tag;
        }
        tag = d->inputs[0].tag;
    }
    return tag;
}

static bool is_boolean(const struct point *p)
{
    return p->type == RAW_BOOL || p->bit >= 0 || p->kind == KIND_STATE || p->choice_count > 0;
}

static bool is_numeric(const struct point *p)
{
    return p->type != RAW_BOOL && p->bit < 0 && p->type != RAW_STRING && p->type != RAW_TIME &&
           p->kind != KIND_TEXT && p->choice_count == 0;
}

static void span_of(const struct point *p, struct tag_facts *out)
{
    if (p->has_valid) {
        out->low = p->valid_low;
        out->high = p->valid_high;
    } else if (p->curve == CURVE_SPAN) {
        out->low = p->eng_low < p->eng_high ? p->eng_low : p->eng_high;
        out->high = p->eng_low < p->eng_high ? p->eng_high : p->eng_low;
    }
    out->has_span = out->high > out->low;
}

void tag_facts(struct rule_builder *w, uint32_t tag, struct tag_facts *out)
{
    const struct plant *p = w->b->plant;
    struct tag_origin origin = origin_of(w, tag, 0);
    uint32_t source = passed_on(p, tag);
    *out = (struct tag_facts){.device = origin.device,
                              .every_ms = origin.every_ms,
                              .path = path_of(w, tag),
                              .slowest = path_of(w, origin.slowest)};
    const struct point *own = tag >= p->first_derived ? &p->derived[tag - p->first_derived].point
                                                      : point_of(p, origin.device, tag);
    out->unit = own->unit == NULL ? "" : own->unit;
    span_of(own, out);
    if (source < p->first_derived) {
        out->point = point_of(p, plant_device_of(p, source), source);
        out->boolean = is_boolean(out->point);
        out->numeric = is_numeric(out->point);
        /* A range is said in the instrument's unit; only where that is the same does it count. */
        if (!out->has_span && strcmp(out->unit, out->point->unit) == 0) {
            span_of(out->point, out);
        }
        return;
    }
    out->point = &p->derived[source - p->first_derived].point;
    out->made = p->derived[source - p->first_derived].expression == NULL;
    out->numeric = out->point->kind != KIND_TEXT;
    out->boolean = !out->made && *out->unit == '\0';
}

bool make_tag(struct rule_builder *w, const struct node *key, uint32_t area, const char *device,
              const char *name, const char *unit, const char *about, double deadband, uint32_t *out)
{
    struct arena *a = w->b->r.arena;
    const struct plant *p = w->b->plant;
    uint32_t index = w->derived.count;
    const char *path = arena_printf(a, "%s/%s/%s", p->areas[area].name, device, name);
    if (path == NULL) {
        return false;
    }
    size_t length = strlen(path) - strlen(name) - 1;
    uint32_t at = names_find(&w->b->devices, path, length);
    bool taken =
        at != NAMES_NONE && p->devices[at].map != NULL &&
        names_find(&w->b->maps[w->b->device_maps[at]].names, name, strlen(name)) != NAMES_NONE;
    if (taken || names_put(&w->b->derived, path, strlen(path), index) != NAMES_NONE) {
        return complain(&w->b->r, key,
                        "`%.64s` makes the tag `%s`, but there is one of this name already; choose "
                        "another name",
                        key->text, path);
    }
    struct derived *d = list_add(w, &w->derived, sizeof *d);
    if (d == NULL) {
        return false;
    }
    *d = (struct derived){
        .path = path, .device_path = arena_copy(a, path, length), .at = place_of(&w->b->r, key)};
    d->point = (struct point){.at = d->at,
                              .from = -1,
                              .bit = -1,
                              .group = -1,
                              .exp_from = -1,
                              .mul_from = -1,
                              .valid_if = {.point = -1, .bit = -1},
                              .type = RAW_F64,
                              .kind = KIND_GAUGE,
                              .deadband = deadband,
                              .max_silence_ns = 600 * NS_PER_S,
                              .unit = unit,
                              .about = about};
    name_point(&w->b->r, &d->point, name);
    *out = p->first_derived + index;
    return d->device_path != NULL && d->point.key != NULL;
}
