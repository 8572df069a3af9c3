/* SPDX-License-Identifier: Apache-2.0 */
/* Tags that are computed from tags of any device. The expressions are compiled elsewhere; here
 * their inputs are found, and circles among them. */
#include <string.h>

#include "base/text.h"
#include "config/map_parts.h"
#include "config/plant_parts.h"

enum { INPUTS_MAX = 64, EXPRESSION_MAX = 4000 };

struct derived_nodes {
    const struct node *of, *is, *unit, *valid, *deadband, *max_silence, *about, *kind;
};

static bool is_lua_name(const char *s)
{
    static const char *const reserved[] = {"and",   "break", "do",       "else", "elseif", "end",
                                           "false", "for",   "function", "goto", "if",     "in",
                                           "local", "nil",   "not",      "or",   "repeat", "return",
                                           "then",  "true",  "until",    "while"};
    for (size_t i = 0; i < sizeof reserved / sizeof *reserved; i++) {
        if (strcmp(s, reserved[i]) == 0) {
            return false;
        }
    }
    bool good = *s != '\0' && strlen(s) <= NAME_MAX_BYTES && !(*s >= '0' && *s <= '9');
    for (; good && *s != '\0'; s++) {
        good = (*s >= 'a' && *s <= 'z') || (*s >= 'A' && *s <= 'Z') || (*s >= '0' && *s <= '9') ||
               *s == '_';
    }
    return good;
}

static bool read_path(struct plant_builder *b, const struct node *key, struct derived *out)
{
    const char *first = strchr(key->text, '/');
    const char *second = first == NULL ? NULL : strchr(first + 1, '/');
    if (second == NULL || !is_plain_name(key->text, (size_t)(first - key->text)) ||
        !is_plain_name(first + 1, (size_t)(second - first - 1)) ||
        !is_plain_name(second + 1, strlen(second + 1))) {
        return complain(&b->r, key,
                        "derived `%.120s`: the name is area/device/tag, each of A-Z a-z "
                        "0-9 . _ -",
                        key->text);
    }
    size_t length = (size_t)(first - key->text);
    uint32_t area = names_find(&b->areas, key->text, length);
    if (area == NAMES_NONE || strncmp(b->plant->areas[area].name, key->text, length) != 0) {
        return complain_if(&b->r, !is_lost(b, "area", key->text, length), key,
                           "derived `%s`: no area `%.*s`; declare it under `areas:`", key->text,
                           (int)length, key->text);
    }
    uint32_t device = names_find(&b->devices, key->text, (size_t)(second - key->text));
    if (device != NAMES_NONE && b->plant->devices[device].map != NULL) {
        const struct loaded_map *m = &b->maps[b->device_maps[device]];
        if (names_find(&m->names, second + 1, strlen(second + 1)) != NAMES_NONE) {
            return complain(&b->r, key, "derived `%s`: the device has a tag of this name already",
                            key->text);
        }
    }
    out->path = arena_copy(b->r.arena, key->text, key->length);
    out->device_path = arena_copy(b->r.arena, key->text, (size_t)(second - key->text));
    if (out->path == NULL || out->device_path == NULL) {
        return false;
    }
    name_point(&b->r, &out->point, out->path + (second + 1 - key->text));
    return out->point.key != NULL;
}

static bool read_input(struct plant_builder *b, const struct node *key, const struct node *n,
                       struct input *in)
{
    bool good = is_lua_name(key->text) ||
                complain(&b->r, key,
                         "`%.64s` cannot be a name in an expression; use letters, "
                         "digits and _, and none of Lua's own words",
                         key->text);
    in->name = arena_copy(b->r.arena, key->text, key->length);
    in->tag = is_scalar(&b->r, n, "an input") ? find_tag(b, n, "of") : TAG_NONE;
    return in->tag != TAG_NONE && in->name != NULL && good;
}

static bool read_inputs(struct plant_builder *b, const struct node *of, struct derived *out)
{
    if (of == NULL || !is_mapping(&b->r, of, "of")) {
        return false;
    }
    if (of->length == 0 || of->length > INPUTS_MAX) {
        return complain(&b->r, of, "a derived tag has 1 to %d inputs: {a: mill/pump-1/flow}",
                        INPUTS_MAX);
    }
    struct input *inputs = arena_get_array(b->r.arena, of->length, sizeof *inputs);
    bool good = inputs != NULL;
    uint32_t count = 0;
    for (const struct node *k = of->first; inputs != NULL && k != NULL; k = k->next->next) {
        good = read_input(b, k, k->next, &inputs[count++]) && good;
    }
    out->inputs = inputs;
    out->input_count = count;
    return good;
}

static bool read_expression(struct plant_builder *b, const struct node *n, struct derived *out)
{
    if (n == NULL || !is_scalar(&b->r, n, "is")) {
        return false;
    }
    if (n->length == 0 || n->length > EXPRESSION_MAX) {
        return complain(&b->r, n, "an expression has 1 to %d bytes", EXPRESSION_MAX);
    }
    out->expression = arena_copy(b->r.arena, n->text, n->length);
    out->expression_at = place_of(&b->r, n);
    return out->expression != NULL;
}

static bool read_valid(const struct reader *r, const struct node *n, struct point *p)
{
    double ends[2];
    if (n == NULL || !read_reals(r, n, "valid", ends, 2)) {
        return n == NULL;
    }
    p->has_valid = true;
    p->valid_low = ends[0];
    p->valid_high = ends[1];
    return ends[0] <= ends[1] || complain(r, n, "valid: the lower end stands first");
}

static bool read_looks(const struct reader *r, const struct derived_nodes *n, struct point *p)
{
    unsigned kind = KIND_GAUGE;
    bool good = read_text(r, n->unit, "unit", &p->unit);
    good = read_text(r, n->about, "about", &p->about) && good;
    good = read_word(r, n->kind, "kind", kind_names, 5, &kind) && good;
    p->kind = (uint8_t)kind;
    good = read_duration(r, n->max_silence, "max_silence", NS_PER_MS, EVERY_MAX_NS,
                         &p->max_silence_ns) &&
           good;
    good = read_deadband(r, n->deadband, &p->deadband) && good;
    return read_valid(r, n->valid, p) && good;
}

static bool read_one(struct plant_builder *b, const struct node *key, const struct node *value,
                     struct derived *out)
{
#define FIELD(name)                                                                                \
    {                                                                                              \
#name, offsetof(struct derived_nodes, name)                                                \
    }
    static const struct field fields[] = {FIELD(of),    FIELD(is),       FIELD(unit),
                                          FIELD(valid), FIELD(deadband), FIELD(max_silence),
                                          FIELD(about), FIELD(kind)};
#undef FIELD
    struct derived_nodes n = {0};
    bool good =
        take_fields(&b->r, value, fields, sizeof fields / sizeof *fields, &n, "a derived tag");
    if (value->kind != NODE_MAPPING) {
        return false;
    }
    if (n.of == NULL || n.is == NULL) {
        good = complain(&b->r, key,
                        "a derived tag says of what and how: {of: {a: mill/pump-1/flow}, "
                        "is: a * 3.6}");
    }
    good = read_expression(b, n.is, out) && good;
    good = read_inputs(b, n.of, out) && good;
    return read_looks(&b->r, &n, &out->point) && good;
}

/* A circle: follow inputs that are derived, at most as deep as there are derived tags. state: 0
 * new, 1 on the way, 2 fine. The stack is ours, for a chain may be long. */
struct walk {
    uint32_t derived, input;
};

static bool walk_from(struct plant_builder *b, uint32_t start, uint8_t *state, struct walk *stack)
{
    uint32_t depth = 0, first = b->plant->first_derived;
    stack[depth++] = (struct walk){start, 0};
    state[start] = 1;
    while (depth > 0) {
        struct walk *top = &stack[depth - 1];
        const struct derived *d = &b->plant->derived[top->derived];
        if (top->input >= d->input_count) {
            state[top->derived] = 2;
            depth--;
            continue;
        }
        uint32_t tag = d->inputs[top->input++].tag;
        if (tag == TAG_NONE || tag < first || state[tag - first] == 2) {
            continue;
        }
        if (state[tag - first] == 1) {
            while (depth > 0) { /* told once; the others of the circle are not its beginning */
                state[stack[--depth].derived] = 2;
            }
            return complain_at(&b->r, d->at,
                               "`%s` is computed from itself in a circle, by way of "
                               "`%s`",
                               d->path, b->plant->derived[tag - first].path);
        }
        state[tag - first] = 1;
        stack[depth++] = (struct walk){tag - first, 0};
    }
    return true;
}

static bool check_circles(struct plant_builder *b)
{
    uint32_t count = b->plant->derived_count;
    uint8_t *state = arena_get_array(b->scratch, count + 1U, 1);
    struct walk *stack = arena_get_array(b->scratch, count + 1U, sizeof *stack);
    bool good = true;
    for (uint32_t i = 0; state != NULL && stack != NULL && i < count; i++) {
        if (state[i] == 0) {
            good = walk_from(b, i, state, stack) && good;
        }
    }
    return good && state != NULL && stack != NULL;
}

bool read_derived(struct plant_builder *b, const struct node *n)
{
    if (n == NULL) {
        return true;
    }
    if (!is_mapping(&b->r, n, "derived")) {
        lose_name(b, "tag", "", 0);
        return false;
    }
    struct derived *derived = arena_get_array(b->r.arena, n->length + 1U, sizeof *derived);
    if (derived == NULL) {
        return false;
    }
    bool good = true;
    uint32_t count = 0;
    /* Names first: an input may be a derived tag further down. */
    for (const struct node *k = n->first; k != NULL; k = k->next->next) {
        struct derived *d = &derived[count];
        d->at = place_of(&b->r, k);
        d->point = (struct point){.at = d->at,
                                  .from = -1,
                                  .bit = -1,
                                  .group = -1,
                                  .exp_from = -1,
                                  .mul_from = -1,
                                  .valid_if = {.point = -1, .bit = -1},
                                  .type = RAW_F64,
                                  .unit = "",
                                  .about = ""};
        bool named = read_path(b, k, d);
        if (!named) {
            d->path = d->device_path = "?";
        }
        if (!named || !claim_name(&b->r, &b->derived, k, d->path, count, "derived tag")) {
            lose_name(b, "tag", k->text, k->length);
            good = false;
        }
        count++;
    }
    b->plant->derived = derived;
    b->plant->derived_count = count;
    b->plant->tag_count = b->plant->first_derived + count;
    bool *sound = arena_get_array(b->scratch, count + 1U, sizeof *sound);
    if (sound == NULL) {
        return false;
    }
    count = 0;
    for (const struct node *k = n->first; k != NULL; k = k->next->next) {
        sound[count] = read_one(b, k, k->next, &derived[count]);
        good = sound[count++] && good;
    }
    b->derived_sound = sound;
    b->written_derived = count;
    return check_circles(b) && good;
}
