/* SPDX-License-Identifier: Apache-2.0 */
/* What tells one piece of equipment from another. */
#include <string.h>

#include "base/text.h"
#include "config/map_parts.h"

enum { IS_MAX = 1000 };

struct identify_nodes {
    const struct node *tag, *is;
};

static bool number_of(const char *text, size_t length, struct value *out)
{
    char copy[64];
    struct decimal d;
    if (length == 0 || length >= sizeof copy) {
        return false;
    }
    memcpy(copy, text, length);
    copy[length] = '\0';
    if (!text_to_decimal(copy, &d)) {
        return false;
    }
    *out = d.places == 255 ? (struct value){.kind = VALUE_REAL, .real = d.real}
                           : (struct value){.kind = VALUE_INT, .places = d.places, .i = d.mantissa};
    return true;
}

static double value_as_real(const struct value *v)
{
    double x = v->kind == VALUE_REAL ? v->real : (double)v->i;
    for (unsigned i = 0; v->kind == VALUE_INT && i < v->places; i++) {
        x /= 10;
    }
    return x;
}

/* A text, a number, or 1.0..1.9. */
static bool read_one(const struct map_builder *b, const struct node *n, struct value *is,
                     struct value *to)
{
    if (!is_scalar(&b->r, n, "is")) {
        return false;
    }
    *to = (struct value){.kind = VALUE_NONE};
    const char *dots = n->quoted ? NULL : strstr(n->text, "..");
    if (dots != NULL && number_of(n->text, (size_t)(dots - n->text), is) &&
        number_of(dots + 2, strlen(dots + 2), to)) {
        return value_as_real(is) <= value_as_real(to) ||
               complain(&b->r, n, "is: the lower end of a range stands first");
    }
    return value_of_node(b, n, is);
}

static bool fits_tag(const struct map_builder *b, const struct node *n, const struct point *p,
                     const struct value *is, const struct value *to)
{
    bool text = p->from < 0 && (p->type == RAW_STRING || p->choice_count > 0);
    bool truth = p->from < 0 && p->choice_count == 0 && (p->type == RAW_BOOL || p->bit >= 0);
    if (text && is->kind != VALUE_TEXT && to->kind == VALUE_NONE && p->choice_count == 0) {
        return complain(&b->r, n, "is: `%s` is a text; put quotes around \"%s\"", p->name, n->text);
    }
    if (text ? is->kind == VALUE_TEXT || p->choice_count > 0
             : (is->kind != VALUE_TEXT && (is->kind == VALUE_BOOL) == truth)) {
        return true;
    }
    return complain(&b->r, n, "is: `%s` is %s, and can never be `%s`", p->name,
                    text    ? "a text"
                    : truth ? "true or false"
                            : "a number",
                    n->text);
}

/* p: NULL: not known. */
static bool read_is(const struct map_builder *b, const struct node *n, const struct point *p,
                    struct identity *out)
{
    bool list = n->kind == NODE_LIST;
    uint32_t count = list ? n->length : 1;
    if (n->kind == NODE_LOST || n->kind == NODE_MAPPING || count == 0 || count > IS_MAX) {
        return complain(&b->r, n,
                        "is: what the tag reads as: \"B23 112\", [1648, 1649] or "
                        "1.0..1.9");
    }
    struct value *is = arena_get_array(b->r.arena, count, sizeof *is);
    struct value *to = arena_get_array(b->r.arena, count, sizeof *to);
    bool good = is != NULL && to != NULL;
    uint32_t k = 0;
    bool room = good;
    for (const struct node *i = list ? n->first : n; room && i != NULL && k < count;
         i = i->next, k++) {
        good = read_one(b, i, &is[k], &to[k]) && (p == NULL || fits_tag(b, i, p, &is[k], &to[k])) &&
               good;
    }
    out->is = is;
    out->to = to;
    out->is_count = count;
    return good;
}

bool read_identify(const struct map_builder *b, const struct node *n)
{
    static const struct field fields[] = {{"tag", offsetof(struct identify_nodes, tag)},
                                          {"is", offsetof(struct identify_nodes, is)}};
    struct identify_nodes i = {0};
    if (n == NULL) {
        return true;
    }
    bool good = take_fields(&b->r, n, fields, 2, &i, "identify");
    if (n->kind != NODE_MAPPING) {
        return false;
    }
    if (i.tag == NULL) {
        good = complain(&b->r, n,
                        "identify names a tag, and what it may read as: {tag: model, is: \"B23 "
                        "112\"}");
    }
    uint32_t point = i.tag != NULL && is_scalar(&b->r, i.tag, "tag")
                         ? find_point(b, i.tag, i.tag->text, "identify")
                         : NAMES_NONE;
    const struct point *p = point == NAMES_NONE ? NULL : &b->points[point];
    if (p != NULL &&
        (p->from >= 0 || p->exp_from >= 0 || p->mul_from >= 0 || p->type == RAW_TIME ||
         p->kind == KIND_COUNTER || p->read_mode == READ_ON_DEMAND || p->side_effect)) {
        good = complain(&b->r, i.tag,
                        "identify: `%s` is computed, a time, a counter or not simply read; name a "
                        "tag that stays what it is: a serial number, a model code",
                        p->name);
    }
    struct identity id = {.point = -1};
    good = (i.is == NULL || read_is(b, i.is, p, &id)) && good;
    if (p == NULL || !good) {
        return false;
    }
    id.point = (int32_t)point;
    id.at = place_of(&b->r, i.tag);
    b->map->identity = id;
    return true;
}
