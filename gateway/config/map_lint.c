/* SPDX-License-Identifier: Apache-2.0 */
#include "config/map_lint.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/map_parts.h"

enum { EXAMPLES_WANTED = 3, FEW_TAGS = 12, NAMES_TOLD = 8 };

struct lint {
    const struct map *map;
    const struct map_tree *tree;
    struct arena *scratch;
    struct diags *ds;
};

static bool is_read(const struct point *p)
{
    return p->from < 0;
}

/* Only some bits of its registers are its own. */
static bool is_partial(const struct point *p)
{
    return p->bit >= 0 || p->mask != 0 || p->bytes == 1 || p->bytes == 3;
}

/* ---- units ------------------------------------------------------------------------------------
 */

static bool same_place(struct place a, struct place b)
{
    return a.line == b.line && a.column == b.column && strcmp(a.file, b.file) == 0;
}

/* Another file may have said it than the one that has the tag. */
static struct place place_of_unit(const struct lint *l, const struct point *p)
{
    bool merged = l->tree != NULL && l->tree->merged;
    const struct node *tags = merged ? node_get(l->tree->root, "tags") : NULL;
    struct place found = p->at;
    for (const struct node *k = tags == NULL ? NULL : tags->first; k != NULL; k = k->next->next) {
        const struct reader r = {.file = l->tree->file, .others = l->tree->others};
        const struct node *unit = k->next->kind == NODE_MAPPING ? node_get(k->next, "unit") : NULL;
        if (unit != NULL && strcmp(k->text, p->name) == 0) {
            return place_of(&r, unit); /* one of many, by its own name */
        }
        if (unit != NULL && same_place(place_of(&r, k), p->at)) {
            found = place_of(&r, unit);
        }
    }
    return found;
}

static void look_at_unit(const struct lint *l, const struct point *p)
{
    const char *unit = p->unit, *right = unit_spelling(unit);
    if (*unit == '\0' || unit_is_listed(unit)) {
        return;
    }
    struct place at = place_of_unit(l, p);
    if (right != NULL) {
        diag_add(l->ds, DIAG_WARNING, at, "`%s`: the unit `%.24s` is written `%s` here", p->name,
                 unit, right);
        return;
    }
    right = unit_nearest(unit);
    diag_add(l->ds, DIAG_WARNING, at, "`%s`: the unit `%.24s` is not in the list%s%s%s", p->name,
             unit, right == NULL ? "; is it spelt as in UCUM?" : ", did you mean `",
             right == NULL ? "" : right, right == NULL ? "" : "`?");
}

/* ---- registers that two tags read -------------------------------------------------------------
 */

struct claim {
    uint32_t first, last; /* of one part, or of the whole */
    const struct point *p;
};

static int by_place(const void *a, const void *b)
{
    const struct claim *x = a, *y = b;
    if (x->p->table != y->p->table) {
        return x->p->table < y->p->table ? -1 : 1;
    }
    if (x->first != y->first) {
        return x->first < y->first ? -1 : 1;
    }
    return (x->p > y->p) - (x->p < y->p);
}

/* A view beside another one: bits and fields of one register, what is valid only in one mode of the
 * equipment, and what the map says is meant so. */
static bool is_view(const struct point *p)
{
    return is_partial(p) || p->overlap || p->valid_if.point >= 0;
}

static uint32_t claim_all(const struct map *map, struct claim *out)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < map->point_count; i++) {
        const struct point *p = &map->points[i];
        if (!is_read(p) || is_view(p)) {
            continue;
        }
        uint32_t parts = p->parts == NULL ? 1 : p->part_count, words = p->words;
        for (uint32_t k = 0; p->parts != NULL && k < parts; k++) {
            uint32_t behind = p->words - (uint32_t)p->parts[k];
            words = behind < words ? behind : words; /* of the last part: they are equal */
        }
        for (uint32_t k = 0; k < parts; k++) {
            uint32_t first = p->address + (p->parts == NULL ? 0U : p->parts[k]);
            out[count++] = (struct claim){first, first + words - 1, p};
        }
    }
    return count;
}

static void tell_overlap(const struct lint *l, const struct claim *a, const struct claim *b)
{
    bool same = a->first == b->first && a->last == b->last;
    diag_add(
        l->ds, DIAG_WARNING, b->p->at,
        "`%s` reads %s %u, which `%s` (%s:%u) reads %s: is one address wrong? If both are meant, "
        "say `overlap: true`",
        b->p->name, table_names[b->p->table], b->first, a->p->name, a->p->at.file,
        (unsigned)a->p->at.line, same ? "too" : "as a part of its own value");
}

static bool look_for_overlaps(const struct lint *l)
{
    size_t room = 1;
    for (uint32_t i = 0; i < l->map->point_count; i++) {
        room += l->map->points[i].parts == NULL ? 1 : l->map->points[i].part_count;
    }
    struct claim *claims = arena_get_array(l->scratch, room, sizeof *claims);
    if (claims == NULL) {
        return false;
    }
    uint32_t count = claim_all(l->map, claims);
    qsort(claims, count, sizeof *claims, by_place);
    const struct claim *longest = NULL;
    for (uint32_t i = 0; i < count; i++) {
        const struct claim *c = &claims[i];
        bool beside = longest != NULL && longest->p->table == c->p->table;
        if (beside && c->first <= longest->last && c->p != longest->p) {
            tell_overlap(l, longest, c);
        }
        if (!beside || c->last > longest->last) {
            longest = c;
        }
    }
    return true;
}

/* ---- examples ---------------------------------------------------------------------------------
 */

struct list { /* of names, as far as anybody reads them */
    char text[400];
    size_t length, count;
};

static void add_name(struct list *names, const char *name)
{
    if (names->count++ < NAMES_TOLD && names->length < sizeof names->text) {
        names->length +=
            (size_t)snprintf(names->text + names->length, sizeof names->text - names->length,
                             "%s%s", names->length == 0 ? "" : ", ", name);
    }
    if (names->count == NAMES_TOLD + 1 && names->length < sizeof names->text) {
        names->length += (size_t)snprintf(names->text + names->length,
                                          sizeof names->text - names->length, " ...");
    }
}

/* A tag is proven by its own example, or by that of a tag that is computed from it. */
static void prove(const struct map *map, bool *proven, int32_t point)
{
    for (int deep = 0; point >= 0 && deep < 12; deep++) {
        const struct point *p = &map->points[point];
        proven[point] = true;
        if (p->exp_from >= 0) {
            proven[p->exp_from] = true;
        }
        if (p->mul_from >= 0) {
            proven[p->mul_from] = true;
        }
        if (p->valid_if.point >= 0) {
            proven[p->valid_if.point] = true;
        }
        point = p->from;
    }
}

static bool same_decimal(const struct decimal *a, const struct decimal *b)
{
    return a->mantissa == b->mantissa && a->places == b->places;
}

/* What is read in the same way as something proven needs no example of its own: the third phase. */
static bool is_like_proven(const struct map *m, const bool *proven, const struct point *p)
{
    if (is_read(p) && p->words == 1 && p->curve == CURVE_NONE && p->choice_count == 0) {
        return true; /* a register as it is */
    }
    for (uint32_t i = 0; i < m->point_count; i++) {
        const struct point *q = &m->points[i];
        if (proven[i] && q->type == p->type && q->curve == p->curve && q->kind == p->kind &&
            (q->from < 0) == (p->from < 0) && (q->mask == 0) == (p->mask == 0) &&
            memcmp(q->order, p->order, sizeof q->order) == 0 &&
            (p->curve != CURVE_LINEAR ||
             (same_decimal(&q->scale, &p->scale) && same_decimal(&q->offset, &p->offset)))) {
            return true;
        }
    }
    return false;
}

static bool look_at_examples(const struct lint *l)
{
    const struct map *m = l->map;
    struct place top = {m->file, 1, 1};
    bool *proven = arena_get_array(l->scratch, m->point_count + 1U, sizeof *proven);
    bool bad = false, has_invalid = false;
    struct list unproven = {.length = 0};
    if (proven == NULL) {
        return false;
    }
    for (uint32_t i = 0; i < m->example_count; i++) {
        for (uint32_t k = 0; k < m->examples[i].expected_count; k++) {
            const struct expected *e = &m->examples[i].expected[k];
            prove(m, proven, e->point);
            bad = bad || e->value.kind == VALUE_NONE;
        }
    }
    for (uint32_t i = 0; i < m->point_count; i++) {
        const struct point *p = &m->points[i];
        has_invalid = has_invalid || p->invalid_count > 0;
        if (m->point_count <= FEW_TAGS && !proven[i] && p->bit < 0 && p->type != RAW_BOOL &&
            !is_like_proven(m, proven, p)) {
            add_name(&unproven, p->name);
        }
    }
    if (m->example_count == 0) {
        diag_add(l->ds, DIAG_WARNING, top,
                 "the map has no examples; give one with known words and values, so that it tests "
                 "itself");
        return true;
    }
    if (m->example_count < EXAMPLES_WANTED) {
        diag_add(l->ds, DIAG_WARNING, top,
                 "the map has %u example%s; with %d or more, one of them not good, a slip shows",
                 m->example_count, m->example_count == 1 ? "" : "s", EXAMPLES_WANTED);
    }
    if (has_invalid && !bad) {
        diag_add(
            l->ds, DIAG_WARNING, top,
            "no example shows that an `invalid` value is not good: expect: {TAG: {bad: words}}");
    }
    if (unproven.count > 0) {
        diag_add(l->ds, DIAG_WARNING, top, "no example says anything of %s", unproven.text);
    }
    return true;
}

/* ---- counters ---------------------------------------------------------------------------------
 */

/* Whole numbers of ever the same size: 24 bits of a float don't count beyond 16777216. */
static const struct point *wide_twin(const struct map *m, const struct point *p)
{
    const struct point *best = NULL;
    size_t most = 0;
    for (uint32_t i = 0; i < m->point_count; i++) {
        const struct point *q = &m->points[i];
        bool wide = q->type == RAW_U64 || q->type == RAW_S64 || q->type == RAW_F64;
        size_t alike = 0;
        while (q->name[alike] != '\0' && q->name[alike] == p->name[alike]) {
            alike++;
        }
        if (is_read(q) && wide && q->kind == KIND_COUNTER && strcmp(q->unit, p->unit) == 0 &&
            (best == NULL || alike > most)) {
            best = q;
            most = alike;
        }
    }
    return best;
}

/* The largest number that its registers can say, scaled. NAN: floats, what others decide, curves.
 */
static double most_of(const struct point *p)
{
    const struct type_facts *f = &type_facts[p->type];
    int bits = f->bytes * 8;
    double most = (double)NAN;
    if (p->from >= 0 || p->exp_from >= 0 || p->mul_from >= 0 || p->weights != NULL) {
        return most;
    }
    if (p->mask != 0) {
        most = (double)(p->mask >> p->shift);
    } else if (f->integer || p->type == RAW_SM16) {
        most = ldexp(1, f->is_signed ? bits - 1 : bits) - 1;
    } else if (p->type >= RAW_BCD16 && p->type <= RAW_M10K64) {
        most = pow(10, bits / 4) - 1; /* a digit in four bits, or four of them in sixteen */
    }
    if (p->curve == CURVE_LINEAR && p->scale.real > 0) {
        return most * p->scale.real + p->offset.real;
    }
    if (p->curve == CURVE_SPAN && p->raw_high > p->raw_low && p->eng_high > p->eng_low) {
        return p->eng_low +
               (most - p->raw_low) * (p->eng_high - p->eng_low) / (p->raw_high - p->raw_low);
    }
    return p->curve == CURVE_NONE ? most : (double)NAN;
}

static void look_at_counter(const struct lint *l, const struct point *p)
{
    if (p->kind != KIND_COUNTER || !is_read(p)) {
        return;
    }
    bool narrow = p->type == RAW_U8 || p->type == RAW_U16 || p->type == RAW_BCD16;
    if (narrow && !p->has_wrap && !p->reset) {
        diag_add(
            l->ds, DIAG_WARNING, p->at,
            "`%s` counts in %u bits and will begin anew: say `wrap:`, its last value, or `reset: "
            "true`; else each time looks like a counter that ran backwards",
            p->name, p->bytes * 8U);
    }
    double most = most_of(p);
    if (p->has_wrap && p->wrap > most * (1 + 1e-9)) {
        diag_add(l->ds, DIAG_WARNING, p->at,
                 "`%s` wraps at %.17g, but its registers say %.17g at most: `wrap:` is the last "
                 "value before zero as it is published, scaled",
                 p->name, p->wrap, most);
    }
    const struct point *twin = p->type == RAW_F32 && *p->unit != '\0' ? wide_twin(l->map, p) : NULL;
    if (twin != NULL) {
        diag_add(
            l->ds, DIAG_NOTE, p->at,
            "`%s` counts in a float, which stands still between steps when it is large; if it is "
            "the same as `%s`, that one has 64 bits",
            p->name, twin->name);
    }
}

bool map_lint(const struct map *map, const struct map_tree *tree, struct arena *scratch,
              struct diags *ds)
{
    struct lint l = {map, tree, scratch, ds};
    if (*map->source == '\0') {
        diag_add(
            ds, DIAG_WARNING, (struct place){map->file, 1, 1},
            "the map does not say where its registers are from; say `source:` and the document");
    }
    for (uint32_t i = 0; i < map->point_count; i++) {
        look_at_unit(&l, &map->points[i]);
        look_at_counter(&l, &map->points[i]);
    }
    return look_at_examples(&l) && look_for_overlaps(&l);
}
