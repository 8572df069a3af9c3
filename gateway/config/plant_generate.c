/* SPDX-License-Identifier: Apache-2.0 */
/* All alarms of a plant in one list: those that people wrote, then those that leaks, signals,
 * devices, lines, basins and equipment bring along; each with its parent and its group. */
#include <stdio.h>
#include <string.h>

#include "config/plant_rules.h"

enum { NAME_LIMIT = 64 };

static const char *group_of(struct rule_builder *w, uint32_t area, bool instrument,
                            const char *given)
{
    const char *name = area == RULE_NONE ? "gateway" : w->b->plant->areas[area].name;
    /* A dead instrument must not take the place of the first-out among the water's own alarms. */
    return given != NULL ? given
           : instrument  ? arena_printf(w->b->r.arena, "%s.instruments", name)
                         : name;
}

static bool put_group(struct rule_builder *w, struct alarm_rule *a, const char *name)
{
    if (name == NULL) {
        return false;
    }
    uint32_t known = names_put(&w->group_names, name, strlen(name), w->groups.count);
    if (known == NAMES_NONE) {
        const char **kept = list_add(w, &w->groups, sizeof *kept);
        if (kept == NULL) {
            return false;
        }
        *kept = name;
        known = w->groups.count - 1;
    }
    a->group = known;
    a->group_name = ((const char **)w->groups.items)[known];
    return true;
}

static bool is_instrument(enum alarm_origin origin)
{
    return origin == ALARM_BLIND || origin == ALARM_BIAS || origin == ALARM_HEALTH ||
           origin == ALARM_PROOF || origin == ALARM_SIGNAL || origin == ALARM_DEVICE_LOST ||
           origin == ALARM_LINE_LOST || origin == ALARM_FLOOD;
}

/* The index of the new alarm; RULE_NONE after a complaint. */
static uint32_t put(struct rule_builder *w, enum alarm_origin origin, uint32_t origin_index,
                    const char *path, struct place at, uint32_t area, const struct alarm_looks *l)
{
    uint32_t index = w->alarms.count;
    /* Names and groups may be ahead of their lists once there was no memory. */
    if (path == NULL || arena_exhausted(w->b->r.arena) || arena_exhausted(w->b->scratch)) {
        return RULE_NONE;
    }
    uint32_t before = names_put(&w->alarm_names, path, strlen(path), index);
    if (before != NAMES_NONE) {
        const struct alarm_rule *other = (const struct alarm_rule *)w->alarms.items + before;
        complain_at(&w->b->r, other->origin == ALARM_CONDITION ? other->at : at,
                    "there are two alarms `%s`%s; names must differ, by more than case", path,
                    origin == ALARM_CONDITION ? "" : ", one of which comes by itself");
        return RULE_NONE;
    }
    struct alarm_rule *a = list_add(w, &w->alarms, sizeof *a);
    if (a == NULL) {
        return RULE_NONE;
    }
    *a = (struct alarm_rule){.path = path,
                             .at = at,
                             .area = area,
                             .origin = (uint8_t)origin,
                             .priority = l->priority,
                             .tarp = l->tarp,
                             .latch = l->latch,
                             .ack_required = l->ack,
                             .shelvable = l->shelvable,
                             .origin_index = origin_index,
                             .on_delay_ms = l->on_delay_ms,
                             .off_delay_ms = l->off_delay_ms,
                             .realarm_ms = l->realarm_ms,
                             .max_shelve_ms = l->max_shelve_ms,
                             .parent = RULE_NONE,
                             .suppress_by = l->suppress_by,
                             .about = l->about,
                             .consequence = l->consequence,
                             .response = l->response};
    return put_group(w, a, group_of(w, area, is_instrument(origin), l->group)) ? index : RULE_NONE;
}

static uint32_t put_plain(struct rule_builder *w, enum alarm_origin origin, uint32_t origin_index,
                          const char *path, struct place at, uint32_t area, uint8_t priority,
                          const char *about)
{
    struct alarm_looks l = plain_looks(w, priority);
    l.about = about == NULL ? "" : about;
    return put(w, origin, origin_index, path, at, area, &l);
}

static bool put_written(struct rule_builder *w)
{
    bool good = true;
    for (uint32_t i = 0; i < w->conditions.count; i++) {
        good = put(w, ALARM_CONDITION, i, w->written_paths[i], w->written_at[i],
                   w->written_areas[i], &w->written[i]) != RULE_NONE &&
               good;
    }
    return good;
}

static uint32_t put_of_leak(struct rule_builder *w, enum alarm_origin origin, uint32_t index,
                            const char *word, uint8_t priority, const char *about)
{
    const struct leak_rule *l = &w->leaks[index];
    const char *path =
        arena_printf(w->b->r.arena, "%s/%s/%s", w->b->plant->areas[l->area].name, l->name, word);
    return put_plain(w, origin, index, path, l->at, l->area, priority, about);
}

static bool put_leak(struct rule_builder *w, uint32_t index)
{
    struct leak_rule *l = &w->leaks[index];
    struct arena *a = w->b->r.arena;
    const char *path = arena_printf(a, "%s/%s/leak", w->b->plant->areas[l->area].name, l->name);
    bool critical = w->leak_looks[index].priority == PRIORITY_CRITICAL;
    l->alarm = put(w, ALARM_LEAK, index, path, l->at, l->area, &w->leak_looks[index]);
    l->alarm_blind =
        put_of_leak(w, ALARM_BLIND, index, "blind", critical ? PRIORITY_HIGH : PRIORITY_MEDIUM,
                    arena_printf(a, "Leak point %s cannot see", l->name));
    bool good = l->alarm != RULE_NONE && l->alarm_blind != RULE_NONE;
    if (l->kind == LEAK_BALANCE) {
        l->alarm_bias = put_of_leak(w, ALARM_BIAS, index, "bias", PRIORITY_MEDIUM,
                                    arena_printf(a, "Meters of %s disagree", l->name));
        good = l->alarm_bias != RULE_NONE && good;
    }
    if (l->kind == LEAK_SUMP) {
        l->alarm_health =
            put_of_leak(w, ALARM_HEALTH, index, "pump", PRIORITY_MEDIUM,
                        arena_printf(a, "A pump of %s lifts less than it did", l->name));
        good = l->alarm_health != RULE_NONE && good;
    }
    if (l->proof_every_ms > 0) {
        l->alarm_proof = put_of_leak(w, ALARM_PROOF, index, "proof", PRIORITY_LOW,
                                     arena_printf(a, "Proof test of %s is due", l->name));
        good = l->alarm_proof != RULE_NONE && good;
    }
    return good;
}

static bool put_losses(struct rule_builder *w, uint32_t *device_alarm)
{
    const struct plant *p = w->b->plant;
    const struct alarm_settings *s = &p->alarm_settings;
    struct arena *a = w->b->r.arena;
    uint32_t *units = arena_get_array(w->b->scratch, p->line_count + 1U, sizeof *units);
    uint32_t *line_alarm = arena_get_array(w->b->scratch, p->line_count + 1U, sizeof *line_alarm);
    struct alarm_looks l = plain_looks(w, s->comm_priority);
    bool good = units != NULL && line_alarm != NULL;
    l.on_delay_ms = s->comm_after_ms;
    for (uint32_t i = 0; good && i < p->device_count; i++) {
        units[p->devices[i].line]++;
    }
    for (uint32_t i = 0; good && i < p->line_count; i++) {
        line_alarm[i] = RULE_NONE;
        if (units[i] > 1) {
            l.about = arena_printf(a, "Nobody answers on line %s", p->lines[i].name);
            line_alarm[i] = put(w, ALARM_LINE_LOST, i,
                                arena_printf(a, "gateway/%s/line-lost", p->lines[i].name),
                                p->lines[i].at, RULE_NONE, &l);
            good = line_alarm[i] != RULE_NONE;
        }
    }
    for (uint32_t i = 0; good && i < p->device_count; i++) {
        const struct device *d = &p->devices[i];
        l.about = arena_printf(a, "%s does not answer", d->path);
        device_alarm[i] = put(w, ALARM_DEVICE_LOST, i, arena_printf(a, "%s/comm-lost", d->path),
                              d->at, d->area, &l);
        good = device_alarm[i] != RULE_NONE;
        if (good) {
            ((struct alarm_rule *)w->alarms.items)[device_alarm[i]].parent = line_alarm[d->line];
        }
    }
    return good;
}

static uint32_t area_of_path(const struct rule_builder *w, const char *path)
{
    uint32_t i = names_find(&w->b->areas, path, strcspn(path, "/"));
    return i == NAMES_NONE ? RULE_NONE : i;
}

/* One for each tag, however many leaks and alarms look at it. */
static bool put_signal(struct rule_builder *w, uint32_t tag, struct place at,
                       const uint32_t *device_alarm)
{
    struct tag_facts f;
    struct arena *a = w->b->r.arena;
    tag_facts(w, tag, &f);
    if (*f.path == '\0') { /* out of memory */
        return false;
    }
    if (f.made || (f.boolean && !(f.numeric && *f.unit != '\0')) || !f.numeric) {
        return true;
    }
    if (names_put(&w->signals, f.path, strlen(f.path), tag) != NAMES_NONE) {
        return true;
    }
    const char *name = strrchr(f.path, '/') + 1;
    if (strlen(name) + sizeof ".signal" - 1 > NAME_LIMIT) {
        return complain_at(&w->b->r, at,
                           "`%s` is too long a name for its own alarm, `%s.signal`: %d letters at "
                           "most; derive one with a shorter name",
                           f.path, name, NAME_LIMIT);
    }
    uint32_t index = put_plain(w, ALARM_SIGNAL, tag, arena_printf(a, "%s.signal", f.path), at,
                               area_of_path(w, f.path), w->b->plant->alarm_settings.signal_priority,
                               arena_printf(a, "%s cannot be trusted", f.path));
    if (index == RULE_NONE) {
        return false;
    }
    struct alarm_rule *alarm = (struct alarm_rule *)w->alarms.items + index;
    alarm->parent = f.device == RULE_NONE ? RULE_NONE : device_alarm[f.device];
    /* With a parent it waits as long as that. What comes of several devices waits by itself: at the
     * start until all of them were read, and later until it is told which of them is lost. */
    if (alarm->parent == RULE_NONE) {
        int64_t periods = 3 * f.every_ms, after = w->b->plant->alarm_settings.comm_after_ms;
        alarm->on_delay_ms = periods > after ? periods : after;
    }
    return true;
}

static bool put_signals(struct rule_builder *w, const uint32_t *device_alarm)
{
    bool good = true;
    for (uint32_t i = 0; i < w->leak_count; i++) {
        const struct leak_rule *l = &w->leaks[i];
        for (uint32_t k = 0; k < l->input_count; k++) {
            if (!l->inputs[k].digital) {
                good = put_signal(w, l->inputs[k].tag, l->inputs[k].at, device_alarm) && good;
            }
        }
    }
    const struct alarm_condition *c = w->conditions.items;
    for (uint32_t i = 0; i < w->conditions.count; i++) {
        good = put_signal(w, c[i].tag, w->written_at[i], device_alarm) && good;
    }
    return good;
}

static bool put_water(struct rule_builder *w)
{
    struct arena *a = w->b->r.arena;
    const struct area *areas = w->b->plant->areas;
    bool good = true;
    for (uint32_t i = 0; i < w->basin_count; i++) {
        struct basin *b = &w->basins[i];
        b->alarm_stalled = put_plain(
            w, ALARM_STALLED, i, arena_printf(a, "%s/%s/stalled", areas[b->area].name, b->name),
            b->at, b->area, PRIORITY_HIGH,
            arena_printf(a, "%s is not getting emptier though it is pumped", b->name));
        good = b->alarm_stalled != RULE_NONE && good;
    }
    for (uint32_t i = 0; i < w->equipment_count; i++) {
        struct equipment *e = &w->equipment[i];
        if (e->water == TAG_NONE) {
            continue;
        }
        struct alarm_looks l = plain_looks(w, PRIORITY_HIGH);
        l.about = arena_printf(a, "Water is about to reach %s", e->name);
        l.consequence = arena_printf(a, "%s stands in water", e->name);
        l.response = "Stop it and cut its power before the water is there; keep the water out";
        e->alarm_threat =
            put(w, ALARM_THREAT, i, arena_printf(a, "%s/%s/water", areas[e->area].name, e->name),
                e->at, e->area, &l);
        good = e->alarm_threat != RULE_NONE && good;
    }
    return good;
}

/* What is wrong with a tag of a lost device is not worth an alarm of its own. */
static void adopt_conditions(struct rule_builder *w, const uint32_t *device_alarm)
{
    const struct alarm_condition *c = w->conditions.items;
    struct alarm_rule *alarms = w->alarms.items;
    for (uint32_t i = 0; i < w->conditions.count; i++) {
        struct tag_facts f;
        tag_facts(w, c[i].tag, &f);
        alarms[i].parent = f.device == RULE_NONE ? RULE_NONE : device_alarm[f.device];
    }
}

static bool put_flood(struct rule_builder *w)
{
    struct alarm_looks l = plain_looks(w, PRIORITY_MEDIUM);
    l.about = "More alarms than a person can take";
    l.ack = false;
    return put(w, ALARM_FLOOD, 0, "gateway/alarms/flood", (struct place){w->b->r.file, 1, 1},
               RULE_NONE, &l) != RULE_NONE;
}

bool generate_alarms(struct rule_builder *w)
{
    const struct alarm_settings *s = &w->b->plant->alarm_settings;
    uint32_t devices = w->b->plant->device_count;
    uint32_t *device_alarm = arena_get_array(w->b->scratch, devices + 1U, sizeof *device_alarm);
    if (device_alarm == NULL) {
        return false;
    }
    for (uint32_t i = 0; i < devices; i++) {
        device_alarm[i] = RULE_NONE;
    }
    bool good = put_written(w);
    for (uint32_t i = 0; i < w->leak_count; i++) {
        good = put_leak(w, i) && good;
    }
    bool any = w->leak_count > 0 || w->conditions.count > 0;
    if (any && s->comm) {
        good = put_losses(w, device_alarm) && good;
    }
    if (any && s->signals) {
        good = put_signals(w, device_alarm) && good;
    }
    good = put_water(w) && good;
    if (good) {
        adopt_conditions(w, device_alarm);
    }
    return (w->alarms.count == 0 || put_flood(w)) && good;
}
