/* SPDX-License-Identifier: Apache-2.0 */
/* What tags say about each other: computed from, scaled by, valid if, read together with. */
#include <string.h>

#include "base/text.h"
#include "config/map_parts.h"

enum { DEEPEST = 8, UNRESOLVED = INT32_MAX };

const char *suggest_point(const struct map_builder *b, const char *name)
{
    enum { MOST = 1000 };
    const char *candidates[MOST];
    size_t count = b->count < MOST ? b->count : MOST;
    for (size_t i = 0; i < count; i++) {
        candidates[i] = b->points[i].name;
    }
    return did_you_mean(&b->r, name, candidates, count);
}

static uint32_t lookup(const struct map_builder *b, const char *name)
{
    uint32_t i = names_find(&b->names, name, strlen(name));
    return i != NAMES_NONE && strcmp(b->points[i].name, name) == 0 ? i : NAMES_NONE;
}

/* The name of a tag that could not be read, of one of its bits, or of one of its repetitions. To
 * complain of a reference to it would only be a second complaint about the same mistake. */
bool is_unread(const struct map_builder *b, const char *name)
{
    if (b->tagless) {
        return true;
    }
    for (const struct unread *u = b->unread; u != NULL; u = u->next) {
        size_t length = strcspn(u->name, "{");
        bool repeated = u->name[length] == '{';
        if (strncmp(u->name, name, length) == 0 &&
            (repeated || name[length] == '\0' || name[length] == '.')) {
            return true;
        }
    }
    return false;
}

/* Where it was taken out, the map that still speaks of it looks as if nothing were wrong. */
static const char *perhaps(const struct map_builder *b, const char *name)
{
    const char *near = suggest_point(b, name);
    return *near == '\0' && b->merged ? " with what is laid over it" : near;
}

uint32_t find_point(const struct map_builder *b, const struct node *n, const char *name,
                    const char *what)
{
    uint32_t i = lookup(b, name);
    if (i == NAMES_NONE && !is_unread(b, name)) {
        complain(&b->r, n, "%s: no tag `%.64s` in this map%s", what, name, perhaps(b, name));
    }
    return i;
}

static bool is_plain_integer(const struct point *p)
{
    return p->from < 0 && type_facts[p->type].integer && p->bit < 0 && p->choice_count == 0 &&
           p->curve == CURVE_NONE;
}

static bool is_boolean(const struct point *p)
{
    return p->from < 0 && (p->type == RAW_BOOL || p->bit >= 0);
}

static bool is_number(const struct point *p)
{
    return p->from >= 0 || (type_facts[p->type].number && p->bit < 0 && p->choice_count == 0);
}

/* [not ]TAG[.BIT][ == N| != N] */
static bool split_condition(const char *text, char name[160], struct condition *c,
                            const char **constant)
{
    bool negated = strncmp(text, "not ", 4) == 0;
    text += negated ? 4 : 0;
    text += strspn(text, " ");
    size_t length = strcspn(text, " =!");
    if (length == 0 || length >= 160) {
        return false;
    }
    memcpy(name, text, length);
    name[length] = '\0';
    text += length;
    text += strspn(text, " ");
    if (*text == '\0') {
        c->equal = negated;
        *constant = "0";
        return true;
    }
    if (negated || (strncmp(text, "==", 2) != 0 && strncmp(text, "!=", 2) != 0)) {
        return false;
    }
    c->equal = *text == '=';
    text += 2;
    *constant = text + strspn(text, " ");
    return true;
}

/* A number, a truth, or a word of the other tag's enum. */
bool constant_of(const struct point *p, const char *text, int64_t *out)
{
    if (strcmp(text, "true") == 0 || strcmp(text, "false") == 0) {
        *out = *text == 't';
        return true;
    }
    for (uint32_t i = 0; i < p->choice_count; i++) {
        if (strcmp(p->choices[i].text, text) == 0) {
            *out = p->choices[i].raw;
            return true;
        }
    }
    return whole_s64(text, out);
}

static bool find_condition_point(const struct map_builder *b, const struct reference *ref,
                                 char *name, struct condition *c)
{
    uint32_t i = lookup(b, name);
    char *dot = strrchr(name, '.');
    uint64_t bit;
    if (i == NAMES_NONE && dot != NULL && whole_u64(dot + 1, &bit) && bit < 64) {
        *dot = '\0';
        i = lookup(b, name);
        if (i != NAMES_NONE) {
            const struct point *p = &b->points[i];
            if (!is_plain_integer(p) || bit >= raw_bits(p)) {
                return complain(&b->r, ref->node,
                                "valid_if: `%s` has no bit %ju; bits are of "
                                "unscaled whole numbers",
                                name, (uintmax_t)bit);
            }
            c->bit = (int8_t)bit;
        }
    }
    if (i == NAMES_NONE && is_unread(b, name)) {
        return false;
    }
    if (i == NAMES_NONE) {
        return complain(&b->r, ref->node, "valid_if: no tag `%.64s` in this map%s", name,
                        perhaps(b, name));
    }
    const struct point *p = &b->points[i];
    if (!is_boolean(p) && !is_number(p) && p->choice_count == 0) {
        return complain(&b->r, ref->node, "valid_if: `%s` is a text; compare a number or a bit",
                        name);
    }
    c->point = (int32_t)i;
    return true;
}

static bool resolve_condition(struct map_builder *b, const struct reference *ref)
{
    struct condition c = {.point = -1, .bit = -1};
    char name[160];
    const char *constant;
    if (!split_condition(ref->text, name, &c, &constant)) {
        return complain(&b->r, ref->node,
                        "valid_if `%.80s`: write `tag`, `not tag`, `tag == 3`, "
                        "`tag != 3` or `tag.2 == 0` (bit 2)",
                        ref->text);
    }
    if (!find_condition_point(b, ref, name, &c)) {
        return false;
    }
    if (!constant_of(&b->points[c.point], constant, &c.constant)) {
        return complain(&b->r, ref->node,
                        "valid_if: `%.40s` is neither a whole number, true, false "
                        "nor a word of that tag's enum",
                        constant);
    }
    if (c.point == (int32_t)ref->point) {
        return complain(&b->r, ref->node, "valid_if: a tag cannot vouch for itself");
    }
    if (ref->point != NAMES_NONE) {
        b->points[ref->point].valid_if = c;
    }
    return true;
}

static bool resolve_factors(struct map_builder *b, const struct reference *ref,
                            const struct point *source, struct point *p)
{
    if (source != NULL && !is_plain_integer(source) && !is_boolean(source) &&
        source->choice_count == 0) {
        complain(&b->r, ref->node,
                 "mul_from: `%s` holds no code: a whole number as it "
                 "stands, a bit or an enum",
                 source->name);
        source = NULL;
    }
    return read_factors(b, ref->factors, source, p);
}

static bool resolve_one(struct map_builder *b, const struct reference *ref)
{
    static const char *const words[] = {"from", "exp_from", "mul_from", "valid_if"};
    if (ref->kind == REF_CONDITION) {
        return resolve_condition(b, ref);
    }
    struct point nobody = {0}, *p = ref->point == NAMES_NONE ? &nobody : &b->points[ref->point];
    uint32_t other = find_point(b, ref->node, ref->text, words[ref->kind]);
    const struct point *source = other == NAMES_NONE ? NULL : &b->points[other];
    if (source != NULL && other == ref->point) {
        return complain(&b->r, ref->node, "%s: the tag names itself", words[ref->kind]);
    }
    if (ref->factors != NULL && !resolve_factors(b, ref, source, p)) {
        return false;
    }
    if (source == NULL) {
        return false;
    }
    if (ref->factors == NULL && !ref->any && !is_number(source)) {
        return complain(&b->r, ref->node, "%s: `%s` is no number", words[ref->kind], source->name);
    }
    int32_t *const out[] = {&p->from, &p->exp_from, &p->mul_from};
    *out[ref->kind] = (int32_t)other;
    return true;
}

static int32_t computed_from(const struct point *p)
{
    return p->from == UNRESOLVED ? -1 : p->from;
}

static int32_t vouched_for_by(const struct point *p)
{
    return p->valid_if.point;
}

/* Each tag is walked over once: states are 0 new, 1 on the way, 2 done. false: one of a circle. */
static bool walk(const struct map_builder *b, uint32_t start, int32_t (*next)(const struct point *),
                 uint8_t *states)
{
    uint32_t i = start;
    while (states[i] == 0 && next(&b->points[i]) >= 0) {
        states[i] = 1;
        i = (uint32_t)next(&b->points[i]);
    }
    bool circle = states[i] == 1;
    for (uint32_t k = start; states[k] == 1; k = (uint32_t)next(&b->points[k])) {
        states[k] = 2;
    }
    return !circle;
}

/* They would wait for each other, and none would ever be good. */
static bool check_vouchers(const struct map_builder *b)
{
    uint8_t *states = arena_get(b->scratch, b->count + 1U);
    bool good = states != NULL;
    for (uint32_t i = 0; states != NULL && i < b->count; i++) {
        if (!walk(b, i, vouched_for_by, states)) {
            good = complain_at(&b->r, b->points[i].at,
                               "valid_if: those that vouch for `%s` vouch for each other in a "
                               "circle, so that none is ever good; leave one `valid_if` out",
                               b->points[i].name);
        }
    }
    return good;
}

/* A scale that is itself scaled would be that of the round before. */
static bool check_scales(const struct map_builder *b)
{
    struct place told = {0}; /* of a repeated tag, once */
    bool good = true;
    for (uint32_t i = 0; i < b->count; i++) {
        const struct point *p = &b->points[i];
        const int32_t others[2] = {p->exp_from, p->mul_from};
        for (int k = 0; !place_is(told, p->at) && k < 2; k++) {
            const struct point *other = others[k] < 0 ? NULL : &b->points[others[k]];
            if (other != NULL &&
                (other->from >= 0 || other->exp_from >= 0 || other->mul_from >= 0)) {
                good = complain_at(&b->r, p->at,
                                   "`%s` is scaled by `%s`, which is itself computed; "
                                   "name a tag that is read",
                                   p->name, other->name);
                told = p->at;
            }
        }
    }
    return good;
}

static bool was_told(const struct map_builder *b, const struct node *n)
{
    const struct told *t = b->told;
    while (t != NULL && t->node != n) {
        t = t->next;
    }
    return t != NULL;
}

/* Each instance of a repeated tag names others by one and the same word. */
static bool resolve_once(struct map_builder *b, const struct reference *ref)
{
    size_t before = diags_errors(b->r.ds);
    if (was_told(b, ref->node)) {
        return false;
    }
    bool good = resolve_one(b, ref);
    struct told *t = diags_errors(b->r.ds) == before ? NULL : arena_get(b->scratch, sizeof *t);
    if (t != NULL) {
        *t = (struct told){b->told, ref->node};
        b->told = t;
    }
    return good;
}

bool resolve_references(struct map_builder *b)
{
    bool good = true;
    for (const struct reference *ref = b->references; ref != NULL; ref = ref->next) {
        if (resolve_once(b, ref)) {
            continue;
        }
        good = false;
        if (ref->kind == REF_FROM && ref->point != NAMES_NONE) {
            b->points[ref->point].from = UNRESOLVED;
        }
    }
    good = check_reads(b) && good;
    good = check_vouchers(b) && good;
    return check_scales(b) && good;
}

/* How many computations away from the registers; DEEPEST + 1: too many, or a circle. */
static uint32_t depth_of(const struct map_builder *b, uint32_t point)
{
    uint32_t depth = 0;
    while (b->points[point].from >= 0 && b->points[point].from != UNRESOLVED && depth <= DEEPEST) {
        point = (uint32_t)b->points[point].from;
        depth++;
    }
    return depth;
}

static void renumber(int32_t *index, const uint32_t *place)
{
    if (*index >= 0) {
        *index = (int32_t)place[*index];
    }
}

static bool reorder(struct map_builder *b, const uint32_t *place)
{
    struct point *sorted = arena_get_array(b->r.arena, b->count, sizeof *sorted);
    if (sorted == NULL) {
        return false;
    }
    for (uint32_t i = 0; i < b->count; i++) {
        struct point *p = &sorted[place[i]];
        *p = b->points[i];
        renumber(&p->from, place);
        renumber(&p->exp_from, place);
        renumber(&p->mul_from, place);
        renumber(&p->valid_if.point, place);
    }
    b->points = sorted;
    names_fini(&b->names);
    for (uint32_t i = 0; i < b->count; i++) {
        names_put(&b->names, sorted[i].name, sorted[i].name_length, i);
    }
    return true;
}

/* A circle is told once, and of what is too deep the first that is. */
static bool check_depth(const struct map_builder *b)
{
    uint8_t *states = arena_get(b->scratch, b->count + 1U);
    bool good = states != NULL;
    for (uint32_t i = 0; states != NULL && i < b->count; i++) {
        const struct point *p = &b->points[i];
        uint32_t depth = depth_of(b, i);
        if (depth <= DEEPEST) {
            continue;
        }
        good = false;
        if (!walk(b, i, computed_from, states) || depth_of(b, (uint32_t)p->from) == DEEPEST) {
            complain_at(&b->r, p->at,
                        "`%s` is computed from itself in a circle, or more than %d tags deep",
                        p->name, DEEPEST);
        }
    }
    return good;
}

bool sort_computed(struct map_builder *b, bool resolved)
{
    bool in_order = true, good = check_depth(b) && resolved;
    for (uint32_t i = 0; i < b->count; i++) {
        const struct point *p = &b->points[i];
        in_order = in_order && (p->from < 0 || (uint32_t)p->from < i);
    }
    if (in_order || !good) {
        return good;
    }
    uint32_t next = 0;
    uint32_t *place = arena_get_array(b->scratch, b->count, sizeof *place);
    for (uint32_t d = 0; place != NULL && d <= DEEPEST; d++) {
        for (uint32_t i = 0; i < b->count; i++) {
            if (depth_of(b, i) == d) {
                place[i] = next++;
            }
        }
    }
    return place != NULL && reorder(b, place);
}

struct extent {
    uint32_t first, last, point;
    uint8_t table;
    bool used, told; /* told: that it is too wide, which more of it doesn't mend */
};

static bool join_group(const struct map_builder *b, struct extent *e, uint32_t i)
{
    const struct point *p = &b->points[i];
    uint32_t last = p->address + (uint32_t)p->words - 1;
    if (!e->used) {
        *e = (struct extent){p->address, last, i, p->table, true, false};
        return true;
    }
    if (e->table != p->table) {
        return complain_at(&b->r, p->at,
                           "`%s` and `%s` are one group, but lie in two tables; a group is "
                           "read in one request",
                           b->points[e->point].name, p->name);
    }
    if (e->told) {
        return true;
    }
    e->first = p->address < e->first ? p->address : e->first;
    e->last = last > e->last ? last : e->last;
    bool bits = p->table == TABLE_COIL || p->table == TABLE_DISCRETE;
    const struct limits *limits = &b->map->limits;
    uint32_t most = bits ? limits->max_bits : limits->max_registers;
    if (e->last - e->first + 1 > most) {
        e->told = true;
        return complain_at(&b->r, p->at,
                           "with `%s` its group spans %u addresses; one request reads %u at "
                           "most",
                           p->name, e->last - e->first + 1, most);
    }
    const struct never *never = limits_never(limits, e->table, e->first, e->last);
    if (never != NULL) {
        e->told = true;
        return complain_at(&b->r, p->at,
                           "with `%s` its group spans `never: %s %u..%u`, so it cannot be "
                           "read in one request",
                           p->name, table_names[e->table], never->first, never->last);
    }
    return true;
}

bool check_groups(const struct map_builder *b)
{
    struct extent *extents = arena_get_array(b->scratch, b->groups.count + 1, sizeof *extents);
    bool good = extents != NULL;
    for (uint32_t i = 0; extents != NULL && i < b->count; i++) {
        const struct point *p = &b->points[i];
        if (p->group >= 0 && p->from < 0) {
            good = join_group(b, &extents[p->group], i) && good;
        }
    }
    return good;
}
