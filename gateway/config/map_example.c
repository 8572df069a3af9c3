/* SPDX-License-Identifier: Apache-2.0 */
/* A map's own examples: raw words in, values out. Here they are only read; `check` runs them. */
#include <string.h>

#include "base/text.h"
#include "config/map_parts.h"

enum { EXAMPLES_MAX = 10000 };

struct example_nodes {
    const struct node *given, *expect, *about;
};

static bool read_word_of(const struct map_builder *b, const struct node *n, bool bit, uint16_t *out)
{
    bool truth;
    uint64_t word = 0;
    if (bit && n->kind == NODE_SCALAR && (*n->text == 't' || *n->text == 'f')) {
        if (!read_bool(&b->r, n, "a given bit", &truth)) {
            return false;
        }
        *out = truth;
        return true;
    }
    bool good = read_u64(&b->r, n, bit ? "a given bit" : "a given register", 0,
                         bit ? 1 : UINT16_MAX, &word);
    *out = (uint16_t)word;
    return good;
}

static bool read_given(const struct map_builder *b, const struct node *key, const struct node *list,
                       struct given *out)
{
    bool placed = read_address(b, key, "given", &out->table, &out->address), good = placed;
    if (!is_list(&b->r, list, "the given words")) {
        return false;
    }
    if (list->length == 0 || list->length > 65536U - out->address) {
        return complain(&b->r, list,
                        "given words begin at an address and end at 65535 at the latest");
    }
    uint16_t *words = arena_get_array(b->r.arena, list->length, sizeof *words);
    bool bit = placed && (out->table == TABLE_COIL || out->table == TABLE_DISCRETE);
    good = words != NULL && good;
    for (const struct node *i = list->first; words != NULL && i != NULL; i = i->next) {
        bool truth = !placed && i->kind == NODE_SCALAR && (*i->text == 't' || *i->text == 'f');
        good = read_word_of(b, i, bit || truth, &words[out->count++]) && good;
    }
    out->words = words;
    return good;
}

bool value_of_node(const struct map_builder *b, const struct node *n, struct value *out)
{
    struct decimal d;
    if (!n->quoted) {
        if (strcmp(n->text, "true") == 0 || strcmp(n->text, "false") == 0) {
            *out = (struct value){.kind = VALUE_BOOL, .truth = *n->text == 't'};
            return true;
        }
        uint64_t u;
        if (whole_u64(n->text, &u) && u > INT64_MAX) {
            *out = (struct value){.kind = VALUE_UINT, .u = u};
            return true;
        }
        int64_t i;
        if (whole_s64(n->text, &i)) {
            *out = (struct value){.kind = VALUE_INT, .i = i};
            return true;
        }
        if (text_to_decimal(n->text, &d)) {
            *out = d.places == 255
                       ? (struct value){.kind = VALUE_REAL, .real = d.real}
                       : (struct value){.kind = VALUE_INT, .places = d.places, .i = d.mantissa};
            return true;
        }
    }
    *out = (struct value){.kind = VALUE_TEXT,
                          .length = n->length,
                          .text = arena_copy(b->r.arena, n->text, n->length)};
    return out->text != NULL;
}

static bool read_expected(const struct map_builder *b, const struct node *key, const struct node *n,
                          struct expected *out)
{
    static const struct field fields[] = {{"bad", 0}};
    const struct node *bad = NULL;
    uint32_t point = find_point(b, key, key->text, "expect");
    bool good = point != NAMES_NONE;
    out->point = (int32_t)point;
    out->at = place_of(&b->r, key);
    out->value = (struct value){.kind = VALUE_NONE};
    if (n->kind == NODE_MAPPING) {
        good = take_fields(&b->r, n, fields, 1, &bad, "an expected value") && good;
        return read_text(&b->r, bad, "bad", &out->reason) && good;
    }
    if (!is_scalar(&b->r, n, "an expected value")) {
        return false;
    }
    return (node_is_null(n) || (!n->quoted && strcmp(n->text, "bad") == 0) ||
            value_of_node(b, n, &out->value)) &&
           good;
}

static bool read_givens(const struct map_builder *b, const struct node *n, struct example *out)
{
    if (n == NULL || !is_mapping(&b->r, n, "given")) {
        return false;
    }
    struct given *given = arena_get_array(b->r.arena, n->length + 1, sizeof *given);
    bool good = given != NULL;
    for (const struct node *k = n->first; given != NULL && k != NULL; k = k->next->next) {
        good = read_given(b, k, k->next, &given[out->given_count++]) && good;
    }
    out->given = given;
    return good;
}

static bool read_expects(const struct map_builder *b, const struct node *n, struct example *out)
{
    if (n == NULL || !is_mapping(&b->r, n, "expect")) {
        return false;
    }
    struct expected *expected = arena_get_array(b->r.arena, n->length + 1, sizeof *expected);
    bool good = expected != NULL;
    for (const struct node *k = n->first; expected != NULL && k != NULL; k = k->next->next) {
        good = read_expected(b, k, k->next, &expected[out->expected_count++]) && good;
    }
    out->expected = expected;
    return good;
}

static bool read_example(const struct map_builder *b, const struct node *item, struct example *out)
{
    static const struct field fields[] = {{"given", offsetof(struct example_nodes, given)},
                                          {"expect", offsetof(struct example_nodes, expect)},
                                          {"about", offsetof(struct example_nodes, about)}};
    struct example_nodes n = {0};
    const char *about = NULL;
    bool good = take_fields(&b->r, item, fields, 3, &n, "an example");
    if (item->kind != NODE_MAPPING) {
        return false;
    }
    out->at = place_of(&b->r, item);
    if (n.given == NULL || n.expect == NULL) {
        good = complain(&b->r, item,
                        "an example has {given: {input 0: [0x4366, 0x3333]}, expect: "
                        "{voltage: 230.2}}");
    }
    good = read_text(&b->r, n.about, "about", &about) && good;
    good = read_givens(b, n.given, out) && good;
    return read_expects(b, n.expect, out) && good;
}

bool read_examples(struct map_builder *b, const struct node *n)
{
    if (n == NULL) {
        return true;
    }
    if (!is_list(&b->r, n, "examples")) {
        return false;
    }
    if (n->length > EXAMPLES_MAX) {
        return complain(&b->r, n, "more than %d examples", EXAMPLES_MAX);
    }
    struct example *examples = arena_get_array(b->r.arena, n->length + 1U, sizeof *examples);
    bool good = examples != NULL;
    uint32_t count = 0;
    for (const struct node *i = n->first; examples != NULL && i != NULL; i = i->next) {
        good = read_example(b, i, &examples[count++]) && good;
    }
    b->map->examples = examples;
    b->map->example_count = count;
    return good;
}
