/* SPDX-License-Identifier: Apache-2.0 */
/* Values in pieces, factors that hang on a code, and when a tag is asked at all. */
#include <stdlib.h>
#include <string.h>

#include "config/map_parts.h"

enum { PARTS_LEAST = 2, PARTS_MAX = 8, FACTORS_MAX = 1000 };

static const char *const read_modes[] = {"poll", "once", "on_demand"};

/* ---- at: [input 42, input 44] ---------------------------------------------------------------- */

static bool read_part_addresses(const struct map_builder *b, const struct node *list,
                                struct point *p)
{
    uint16_t at[PARTS_MAX] = {0}, least = UINT16_MAX;
    unsigned count = 0;
    if (list->length < PARTS_LEAST || list->length > PARTS_MAX) {
        return complain(&b->r, list,
                        "at: a value in parts has %d to %d of them, the most significant first, "
                        "like [input 42, input 44]",
                        PARTS_LEAST, PARTS_MAX);
    }
    bool good = true;
    for (const struct node *i = list->first; i != NULL; i = i->next) {
        uint8_t table = 0;
        if (!read_address(b, i, "at", &table, &at[count])) {
            good = false;
            continue;
        }
        if (count > 0 && table != p->table) {
            good = complain(&b->r, i, "at: all parts lie in one table; they are read together");
            continue;
        }
        for (unsigned k = 0; k < count; k++) {
            if (at[k] == at[count]) {
                good = complain(&b->r, i, "at: `%s` stands there twice", i->text);
            }
        }
        p->table = table;
        least = at[count] < least ? at[count] : least;
        count++;
    }
    if (!good) {
        return false;
    }
    if (p->table == TABLE_COIL || p->table == TABLE_DISCRETE) {
        return complain(&b->r, list, "at: only registers make up a value in parts, not bits");
    }
    uint16_t *parts = arena_get_array(b->r.arena, count, sizeof *parts);
    if (parts == NULL) {
        return false;
    }
    for (unsigned i = 0; i < count; i++) {
        parts[i] = (uint16_t)(at[i] - least);
    }
    p->address = least;
    p->parts = parts;
    p->part_count = (uint8_t)count;
    return true;
}

bool read_place(const struct map_builder *b, const struct node *at, struct point *p)
{
    return at->kind == NODE_LIST ? read_part_addresses(b, at, p)
                                 : read_address(b, at, "at", &p->table, &p->address);
}

static bool read_weights(const struct map_builder *b, const struct tag_nodes *n, struct point *p)
{
    if (!is_list(&b->r, n->weights, "weights")) {
        return false;
    }
    bool good = true;
    if (b->placed && n->weights->length != p->part_count) {
        good = complain(&b->r, n->weights, "weights: %u of them for %u parts", n->weights->length,
                        p->part_count);
    }
    const struct node *unfit = n->bit != NULL       ? n->bit
                               : n->bits != NULL    ? n->bits
                               : n->choices != NULL ? n->choices
                                                    : NULL;
    if (!type_facts[p->type].number || unfit != NULL) {
        good = complain(&b->r, unfit != NULL ? unfit : n->weights,
                        "a weighted sum is a number: no bits, enums, texts or times");
    }
    struct decimal *weights = arena_get_array(b->r.arena, n->weights->length + 1U, sizeof *weights);
    good = weights != NULL && good;
    unsigned count = 0;
    for (const struct node *i = n->weights->first; weights != NULL && i != NULL; i = i->next) {
        good = read_decimal(&b->r, i, "a weight", &weights[count++]) && good;
    }
    p->weights = weights;
    return good;
}

bool read_parts(const struct map_builder *b, const struct tag_nodes *n, struct point *p)
{
    if (!b->placed) {
        return n->weights == NULL || read_weights(b, n, p);
    }
    if (p->part_count == 0) {
        return n->weights == NULL ||
               complain(&b->r, n->weights,
                        "`weights` are for a value in parts: at: [input 42, input 44]");
    }
    if (p->type == RAW_STRING) {
        return complain(&b->r, n->at, "at: a string lies in one piece");
    }
    if ((n->weights != NULL && !read_weights(b, n, p)) || !b->typed) {
        return false;
    }
    if (n->weights == NULL && p->words % p->part_count != 0) {
        return complain(&b->r, n->at,
                        "at: %u parts, but %s takes %u register%s; without `weights` the parts "
                        "share them evenly",
                        p->part_count, type_names[p->type], p->words, p->words == 1 ? "" : "s");
    }
    unsigned each = n->weights != NULL ? p->words : (unsigned)p->words / p->part_count, last = 0;
    for (unsigned i = 0; i < p->part_count; i++) {
        for (unsigned k = 0; k < i; k++) {
            int apart = abs(p->parts[i] - p->parts[k]);
            if (apart < (int)each) {
                return complain(&b->r, n->at, "at: parts of %u registers each overlap", each);
            }
        }
        last = p->parts[i] > last ? p->parts[i] : last;
    }
    p->words = (uint16_t)(last + each);
    return true;
}

/* The first address of the map's own text, which the maker's number is checked against. */
uint16_t first_part(const struct point *p)
{
    return (uint16_t)(p->address + (p->part_count > 0 ? p->parts[0] : 0));
}

/* ---- mul_from: {tag: unit_code, factors: {0: 1, 2: 0.0980665}} ------------------------------- */

struct factor_nodes {
    const struct node *tag, *factors;
};

bool split_mul_from(const struct map_builder *b, const struct node *n, const struct node **tag,
                    const struct node **factors)
{
    static const struct field fields[] = {{"tag", offsetof(struct factor_nodes, tag)},
                                          {"factors", offsetof(struct factor_nodes, factors)}};
    struct factor_nodes f = {0};
    *tag = n;
    *factors = NULL;
    if (n == NULL || n->kind != NODE_MAPPING) {
        return true;
    }
    *tag = NULL;
    bool good = take_fields(&b->r, n, fields, 2, &f, "mul_from");
    static const struct node lost = {.text = "", .kind = NODE_LOST};
    bool empty = f.factors == NULL || f.factors->kind != NODE_MAPPING || f.factors->length == 0;
    if (f.tag == NULL || f.factors == NULL || (empty && f.factors->kind != NODE_LOST)) {
        good = complain(&b->r, n,
                        "mul_from names a tag that holds the factor, or one whose code picks it: "
                        "{tag: unit_code, factors: {0: 1, 2: 0.0980665}}");
    }
    *tag = f.tag;
    *factors = n->kind != NODE_MAPPING ? NULL : empty ? &lost : f.factors;
    return good;
}

/* In the board an enum's number has become its word. */
static void find_word(const struct point *source, struct factor *f)
{
    for (uint32_t i = 0; i < source->choice_count; i++) {
        if (source->choices[i].raw == f->code) {
            f->word = source->choices[i].text;
            f->word_length = source->choices[i].length;
        }
    }
}

static int by_code(const void *a, const void *b)
{
    const struct factor *x = a, *y = b;
    return (x->code > y->code) - (x->code < y->code);
}

static bool read_factor(const struct map_builder *b, const struct node *key,
                        const struct point *source, struct factor *out)
{
    bool good = is_scalar(&b->r, key, "a code");
    if (good && source != NULL && !constant_of(source, key->text, &out->code)) {
        good = complain(&b->r, key,
                        "factors: `%.40s` is neither a whole number nor a word of the enum of "
                        "`%s`",
                        key->text, source->name);
    }
    if (!read_decimal(&b->r, key->next, "a factor", &out->by)) {
        return false;
    }
    if (out->by.real == 0) {
        return complain(&b->r, key->next, "factors: by 0 every value becomes 0");
    }
    if (good && source != NULL) {
        find_word(source, out);
    }
    return good;
}

bool read_factors(struct map_builder *b, const struct node *n, const struct point *source,
                  struct point *p)
{
    if (source != NULL && b->factors_of == n && b->factors_by == source->choices) {
        p->factors = b->factors;
        p->factor_count = b->factor_count;
        return true;
    }
    if (n->length > FACTORS_MAX) {
        return complain(&b->r, n, "more than %d factors", FACTORS_MAX);
    }
    struct factor *factors = arena_get_array(b->r.arena, n->length, sizeof *factors);
    uint32_t count = 0;
    bool good = factors != NULL;
    for (const struct node *k = n->first; factors != NULL && k != NULL; k = k->next->next) {
        struct factor *f = &factors[count];
        *f = (struct factor){0};
        bool read = read_factor(b, k, source, f);
        count += read;
        good = read && good;
    }
    if (!good || source == NULL) {
        return false;
    }
    qsort(factors, count, sizeof *factors, by_code);
    for (uint32_t i = 1; i < count; i++) {
        if (factors[i].code == factors[i - 1].code) {
            return complain(&b->r, n, "factors: the code %jd stands there twice",
                            (intmax_t)factors[i].code);
        }
    }
    b->factors_of = n;
    b->factors_by = source->choices;
    b->factors = p->factors = factors;
    b->factor_count = p->factor_count = count;
    return true;
}

/* ---- when, and whether at all ---------------------------------------------------------------- */

bool read_manners(const struct map_builder *b, const struct tag_nodes *n, struct point *p)
{
    unsigned mode = READ_POLL;
    bool good = read_bool(&b->r, n->optional, "optional", &p->optional);
    good = read_bool(&b->r, n->side_effect, "side_effect", &p->side_effect) && good;
    good = read_word(&b->r, n->read, "read", read_modes, 3, &mode) && good;
    p->read_mode = (uint8_t)mode;
    if (p->side_effect && n->group != NULL) {
        good = complain(&b->r, n->group,
                        "a tag whose reading has a side effect is read alone, not in a group");
    }
    if (mode != READ_POLL && n->group != NULL) {
        good = complain(&b->r, n->read, "the tags of a group are polled together");
    }
    if (mode == READ_ON_DEMAND && n->every != NULL) {
        good = complain(&b->r, n->every, "`every` means nothing in a tag that is read on demand");
    }
    return good;
}

bool check_reads(const struct map_builder *b)
{
    struct place told = {0}; /* of a repeated tag, once */
    bool good = true;
    for (uint32_t i = 0; i < b->count; i++) {
        const struct point *p = &b->points[i];
        const int32_t others[] = {p->exp_from, p->mul_from, p->valid_if.point};
        for (size_t k = 0; !place_is(told, p->at) && k < sizeof others / sizeof *others; k++) {
            const struct point *other = others[k] < 0 ? NULL : &b->points[others[k]];
            if (other != NULL && other->read_mode == READ_ON_DEMAND &&
                p->read_mode != READ_ON_DEMAND) {
                good = complain_at(&b->r, p->at,
                                   "`%s` hangs on `%s`, which is only read on demand; say "
                                   "`read: once` there",
                                   p->name, other->name);
                told = p->at;
            }
        }
    }
    return good;
}

/* ---- registers between the parts ------------------------------------------------------------- */

/* A bit for each register of the two tables: somebody reads it. */
struct used {
    uint8_t bits[2][65536 / 8];
};

static void use(struct used *u, const struct point *p, uint32_t first, uint32_t count)
{
    uint8_t *bits = u->bits[p->table == TABLE_HOLDING];
    for (uint32_t a = first; a < first + count && a < 65536; a++) {
        bits[a / 8] = (uint8_t)(bits[a / 8] | 1U << a % 8);
    }
}

/* Registers of each part. */
static uint32_t part_words(const struct point *p)
{
    uint32_t last = 0;
    for (unsigned i = 0; i < p->part_count; i++) {
        last = p->parts[i] > last ? p->parts[i] : last;
    }
    return p->words - last;
}

static void find_used(const struct map_builder *b, struct used *u)
{
    for (uint32_t i = 0; i < b->count; i++) {
        const struct point *p = &b->points[i];
        if (p->from >= 0 || p->table < TABLE_INPUT) {
            continue;
        }
        if (p->part_count == 0) {
            use(u, p, p->address, p->words);
        }
        for (unsigned k = 0; k < p->part_count; k++) {
            use(u, p, p->address + (uint32_t)p->parts[k], part_words(p));
        }
    }
}

bool check_gaps(const struct map_builder *b)
{
    struct used *u = NULL;
    struct place told = {0};
    bool good = true;
    for (uint32_t i = 0; i < b->count; i++) {
        const struct point *p = &b->points[i];
        uint32_t run = 0, longest = 0;
        if (p->part_count == 0) {
            continue;
        }
        if (u == NULL) {
            u = arena_get(b->scratch, sizeof *u);
            if (u == NULL) {
                return false;
            }
            find_used(b, u);
        }
        const uint8_t *bits = u->bits[p->table == TABLE_HOLDING];
        for (uint32_t a = p->address; a < p->address + (uint32_t)p->words; a++) {
            run = bits[a / 8] >> a % 8 & 1 ? 0 : run + 1;
            longest = run > longest ? run : longest;
        }
        if (longest > b->map->limits.max_gap && !place_is(told, p->at)) {
            told = p->at;
            good = complain_at(&b->r, p->at,
                               "between the parts of `%s` lie %u registers that nobody uses, and "
                               "`max_gap` is %u",
                               p->name, longest, b->map->limits.max_gap);
        }
    }
    return good;
}
