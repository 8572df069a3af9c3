/* SPDX-License-Identifier: Apache-2.0 */
/* What water can spoil: where it stands, how high, and what has to be seen before it runs again. */
#include <string.h>

#include "config/plant_rules.h"

static const char *const class_words[CLASS_COUNT] = {[CLASS_OTHER] = "other",
                                                     [CLASS_PUMP] = "pump",
                                                     [CLASS_MOTOR] = "motor",
                                                     [CLASS_CRUSHER] = "crusher",
                                                     [CLASS_MILL] = "mill",
                                                     [CLASS_SUBSTATION] = "substation",
                                                     [CLASS_SWITCHGEAR] = "switchgear",
                                                     [CLASS_TRANSFORMER] = "transformer",
                                                     [CLASS_CONVEYOR] = "conveyor"};

const char *equipment_class_name(enum equipment_class c)
{
    return class_words[c];
}

struct equipment_nodes {
    const struct node *class_, *area, *floor, *water, *running, *wet, *device, *owner, *about,
        *warn, *checks;
};

#define FIELD(name)                                                                                \
    {                                                                                              \
#name, offsetof(struct equipment_nodes, name)                                              \
    }
static const struct field fields[] = {{"class", offsetof(struct equipment_nodes, class_)},
                                      FIELD(area),
                                      FIELD(floor),
                                      FIELD(water),
                                      FIELD(running),
                                      FIELD(wet),
                                      FIELD(device),
                                      FIELD(owner),
                                      FIELD(about),
                                      FIELD(warn),
                                      FIELD(checks)};
#undef FIELD

static bool name_one(struct rule_builder *w, const struct node *key, const struct node *value,
                     struct equipment *e)
{
    *e = (struct equipment){.name = key->text,
                            .at = place_of(&w->b->r, key),
                            .about = "",
                            .owner = "",
                            .area = RULE_NONE,
                            .water = TAG_NONE,
                            .water_factor = 1,
                            .floor = UNSAID,
                            .basin = RULE_NONE,
                            .running = TAG_NONE,
                            .wet = TAG_NONE,
                            .device = RULE_NONE,
                            .warn_ms = 2 * MS_PER_HOUR,
                            .alarm_threat = RULE_NONE,
                            .tag_minutes = TAG_NONE};
    bool good = read_name(&w->b->r, key, "equipment", &e->name);
    if (!is_mapping(&w->b->r, value, "a piece of equipment")) {
        return false;
    }
    e->area = find_area(w->b, node_get(value, "area"));
    if (!good || e->area == RULE_NONE) {
        return false;
    }
    return node_get(value, "water") == NULL || node_get(value, "floor") == NULL ||
           make_tag(w, key, e->area, e->name, "minutes-to-floor", "min",
                    "Until water reaches its floor", 1, &e->tag_minutes);
}

bool name_equipment(struct rule_builder *w, const struct node *n)
{
    if (n == NULL) {
        return true;
    }
    if (n->length > RULE_EQUIPMENT_MAX) {
        return complain(&w->b->r, n, "%u pieces of equipment; at most %d are looked after",
                        n->length, RULE_EQUIPMENT_MAX);
    }
    w->equipment = arena_get_array(w->b->r.arena, n->length + 1U, sizeof *w->equipment);
    if (w->equipment == NULL) {
        return false;
    }
    bool good = true;
    for (const struct node *k = n->first; k != NULL; k = k->next->next) {
        if (!name_one(w, k, k->next, &w->equipment[w->equipment_count++])) {
            lose_name(w->b, "device", k->text, k->length);
            good = false;
        }
    }
    return good;
}

/* Above the end of the curve nobody can say when the water will be there. */
static bool check_floor(struct rule_builder *w, const struct node *key, const struct node *n,
                        const struct equipment *e)
{
    const struct basin *b = e->basin == RULE_NONE ? NULL : &w->basins[e->basin];
    if (n == NULL || b == NULL || b->stage_count < 2 ||
        e->floor <= b->stage[b->stage_count - 1].x) {
        return true;
    }
    return complain(
        &w->b->r, n,
        "the floor of `%s`, %g m, is above the end of the stage of basin `%s` (%g m): it "
        "would never be warned of; let the stage reach up to it",
        key->text, e->floor, b->name, b->stage[b->stage_count - 1].x);
}

static bool read_water(struct rule_builder *w, const struct node *key,
                       const struct equipment_nodes *n, struct equipment *e)
{
    const struct reader *r = &w->b->r;
    bool good = true;
    if (n->floor != NULL && n->water == NULL) {
        good =
            complain(r, n->floor,
                     "`%s` has a floor, but nothing says how high the water stands; say `water:` "
                     "and a level",
                     key->text);
    }
    if (n->water != NULL && n->floor == NULL) {
        good = complain(r, n->water,
                        "`%s` has water, but no height at which it is spoilt; say `floor: 0.4 m`, "
                        "on the scale of that level",
                        key->text);
    }
    if (n->water != NULL) {
        e->water = read_measured_tag(w, n->water, "water", QUANTITY_LENGTH, &e->water_factor);
        good = e->water != TAG_NONE && good;
    }
    for (uint32_t i = 0; e->water != TAG_NONE && i < w->basin_count; i++) {
        if (w->basins[i].level == e->water) {
            e->basin = i;
        }
    }
    return read_quantity(r, n->floor, "floor", QUANTITY_LENGTH, -500, 10000, &e->floor) &&
           check_floor(w, key, n->floor, e) && good;
}

static bool read_device(struct rule_builder *w, const struct node *n, struct equipment *e)
{
    const struct plant *p = w->b->plant;
    if (n == NULL) {
        return true;
    }
    if (!is_scalar(&w->b->r, n, "device")) {
        return false;
    }
    uint32_t i = names_find(&w->b->devices, n->text, n->length);
    if (i != NAMES_NONE && strcmp(p->devices[i].path, n->text) == 0) {
        e->device = i;
        return true;
    }
    const char *near = plant_suggest_device(p, n->text), *slash = strchr(n->text, '/');
    const char *name = slash == NULL ? n->text : slash + 1;
    return complain_if(&w->b->r, !is_lost(w->b, "device", name, strlen(name)), n,
                       "no device `%.120s`%s%.120s%s", n->text,
                       near == NULL ? "; write area/device" : ", did you mean `",
                       near == NULL ? "" : near, near == NULL ? "" : "`?");
}

/* Whose comm quality counts when nobody said: of the one that tells whether it runs. */
static void guess_device(struct rule_builder *w, struct equipment *e)
{
    const uint32_t tags[] = {e->running, e->wet};
    for (size_t i = 0; e->device == RULE_NONE && i < 2; i++) {
        struct tag_facts f;
        if (tags[i] != TAG_NONE) {
            tag_facts(w, tags[i], &f);
            e->device = f.device;
        }
    }
}

static bool read_one(struct rule_builder *w, const struct node *key, const struct node *value,
                     struct equipment *e)
{
    const struct reader *r = &w->b->r;
    struct equipment_nodes n = {0};
    unsigned class_ = CLASS_OTHER;
    if (value->kind != NODE_MAPPING) {
        return false;
    }
    bool good =
        take_fields(r, value, fields, sizeof fields / sizeof *fields, &n, "a piece of equipment");
    good = has_area(r, key, n.area) && good;
    if (n.class_ == NULL) {
        good = complain(r, key,
                        "`%s` has no class; say `class:` pump, motor, crusher, mill, substation, "
                        "switchgear, transformer, conveyor or other: what has to be tested before "
                        "it runs again depends on it",
                        e->name);
    }
    good = read_word(r, n.class_, "class", class_words, CLASS_COUNT, &class_) && good;
    e->class_ = (uint8_t)class_;
    good = read_water(w, key, &n, e) && good;
    if (n.running != NULL) {
        e->running = read_boolean_tag(w, n.running, "running");
        good = e->running != TAG_NONE && good;
    }
    if (n.wet != NULL) {
        e->wet = read_boolean_tag(w, n.wet, "wet");
        good = e->wet != TAG_NONE && good;
    }
    good = read_device(w, n.device, e) && good;
    guess_device(w, e);
    good = read_text(r, n.owner, "owner", &e->owner) && good;
    good = read_text(r, n.about, "about", &e->about) && good;
    good = read_ms(r, n.warn, "warn", 60000, 7 * 24 * MS_PER_HOUR, &e->warn_ms) && good;
    if (n.warn != NULL && n.water == NULL) {
        good = complain(r, n.warn, "nothing to warn of: say also `water:` and `floor:`");
    }
    return read_checklist(w, n.checks, e) && good;
}

bool read_equipment(struct rule_builder *w, const struct node *n)
{
    bool good = true;
    uint32_t i = 0;
    for (const struct node *k = w->equipment_count == 0 ? NULL : n->first; k != NULL;
         k = k->next->next) {
        good = read_one(w, k, k->next, &w->equipment[i++]) && good;
    }
    return good;
}
