/* SPDX-License-Identifier: Apache-2.0 */
/* From raw numbers to engineering units: one curve for each tag. */
#include <math.h>
#include <string.h>

#include "base/text.h"
#include "config/map_parts.h"

enum { PAIRS_MAX = 1000 };

static bool read_linear(const struct map_builder *b, const struct tag_nodes *n, struct point *p)
{
    p->curve = CURVE_LINEAR;
    p->scale = (struct decimal){.real = 1, .mantissa = 1};
    bool good = read_decimal(&b->r, n->offset, "offset", &p->offset);
    if (!read_decimal(&b->r, n->scale, "scale", &p->scale)) {
        return false;
    }
    if (n->scale != NULL && !(fabs(p->scale.real) > 0)) {
        return complain(&b->r, n->scale, "scale 0 makes every value the same");
    }
    return good;
}

static bool read_span(const struct map_builder *b, const struct tag_nodes *n, struct point *p)
{
    static const struct field fields[] = {{"raw", 0}, {"eng", sizeof(const struct node *)}};
    const struct node *ends[2] = {NULL, NULL};
    double raw[2], eng[2];
    p->curve = CURVE_SPAN;
    bool good = take_fields(&b->r, n->span, fields, 2, ends, "a span");
    if (n->span->kind != NODE_MAPPING) {
        return false;
    }
    if (ends[0] == NULL || ends[1] == NULL) {
        good = complain(&b->r, n->span,
                        "a span has two ends on both sides: {raw: [0, 27648], "
                        "eng: [0, 10]}");
    }
    if (!read_reals(&b->r, ends[0], "raw", raw, 2)) {
        good = false;
    } else if (ends[0] != NULL && !(raw[0] < raw[1] || raw[0] > raw[1])) {
        good = complain(&b->r, ends[0], "the two raw ends of a span must differ");
    }
    if (!read_reals(&b->r, ends[1], "eng", eng, 2)) {
        good = false;
    } else if (ends[1] != NULL && !(eng[0] < eng[1] || eng[0] > eng[1])) {
        good = complain(&b->r, ends[1], "the two ends of a span must differ");
    }
    if (good) {
        p->raw_low = raw[0];
        p->raw_high = raw[1];
        p->eng_low = eng[0];
        p->eng_high = eng[1];
    }
    return good;
}

static bool read_table_curve(const struct map_builder *b, const struct tag_nodes *n,
                             struct point *p)
{
    p->curve = CURVE_TABLE;
    if (!is_list(&b->r, n->table, "table")) {
        return false;
    }
    if (n->table->length < 2 || n->table->length > PAIRS_MAX) {
        return complain(&b->r, n->table, "a table has 2 to %d pairs: [[0, 0], [1, 1200]]",
                        PAIRS_MAX);
    }
    struct pair *pairs = arena_get_array(b->r.arena, n->table->length, sizeof *pairs);
    if (pairs == NULL) {
        return false;
    }
    uint32_t count = 0;
    bool good = true;
    for (const struct node *i = n->table->first; i != NULL; i = i->next) {
        double xy[2];
        if (!read_reals(&b->r, i, "a pair of the table", xy, 2)) {
            good = false;
            continue;
        }
        if (count > 0 && !(xy[0] > pairs[count - 1].x)) {
            good = complain(&b->r, i, "the first numbers of a table must rise from pair to pair");
        }
        pairs[count++] = (struct pair){xy[0], xy[1]};
    }
    p->pairs = pairs;
    p->pair_count = count;
    return good;
}

static bool read_weir(const struct map_builder *b, const struct tag_nodes *n, struct point *p)
{
    static const struct field fields[] = {{"k", 0}, {"n", sizeof(const struct node *)}};
    const struct node *ends[2] = {NULL, NULL};
    p->curve = CURVE_WEIR;
    bool good = take_fields(&b->r, n->weir, fields, 2, ends, "a weir");
    if (n->weir->kind != NODE_MAPPING) {
        return false;
    }
    if (ends[0] == NULL || ends[1] == NULL) {
        good = complain(&b->r, n->weir, "a weir is k * level^n: {k: 1.38, n: 2.5}");
    }
    p->weir_k = p->weir_n = 1;
    good = read_real(&b->r, ends[0], "k", &p->weir_k) && good;
    good = read_real(&b->r, ends[1], "n", &p->weir_n) && good;
    if (!(p->weir_k > 0 && p->weir_n > 0)) {
        return complain(&b->r, n->weir, "k and n of a weir are above 0");
    }
    return good;
}

static bool read_convert(const struct map_builder *b, const struct tag_nodes *n, struct point *p)
{
    static const char *const words[] = {"pf4q"};
    unsigned word;
    p->curve = CURVE_PF4Q;
    return read_word(&b->r, n->convert, "convert", words, 1, &word);
}

bool read_curve(const struct map_builder *b, const struct tag_nodes *n, struct point *p)
{
    const struct {
        const struct node *node;
        bool (*read)(const struct map_builder *b, const struct tag_nodes *n, struct point *p);
    } curves[] = {
        {n->scale != NULL ? n->scale : n->offset, read_linear},
        {n->span, read_span},
        {n->table, read_table_curve},
        {n->weir, read_weir},
        {n->convert, read_convert},
    };
    const struct node *first = NULL;
    bool good = true;
    for (size_t i = 0; i < sizeof curves / sizeof *curves; i++) {
        const struct node *node = curves[i].node;
        if (node == NULL) {
            continue;
        }
        if (first != NULL) {
            good = complain(&b->r, node,
                            "a tag has one of scale/offset, span, table, weir and "
                            "convert; compute the second step in a tag of its own "
                            "with `from`");
        }
        bool number = p->from >= 0 || type_facts[p->type].number;
        if (!number || p->bit >= 0 || p->choice_count > 0) {
            good = complain_if(&b->r, first == NULL, node,
                               "only numbers can be scaled or converted, not bits, enums, "
                               "strings or times");
        } else {
            good = curves[i].read(b, n, p) && good;
        }
        first = node;
    }
    return good;
}
