/* SPDX-License-Identifier: Apache-2.0 */
/* One entry of `tags`: a point, or many with `repeat`, or several with `bits`. */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "config/map_merge.h"
#include "config/map_parts.h"

enum { REPEAT_MAX = 65536, NAME_ROOM = 160 };

#define FIELD(key, member)                                                                         \
    {                                                                                              \
        key, offsetof(struct tag_nodes, member)                                                    \
    }
static const struct field tag_fields[] = {
    FIELD("at", at),
    FIELD("doc", doc),
    FIELD("type", type),
    FIELD("order", order),
    FIELD("byte", byte),
    FIELD("bit", bit),
    FIELD("invert", invert),
    FIELD("mask", mask),
    FIELD("shift", shift),
    FIELD("bits", bits),
    FIELD("enum", choices),
    FIELD("scale", scale),
    FIELD("offset", offset),
    FIELD("span", span),
    FIELD("table", table),
    FIELD("weir", weir),
    FIELD("convert", convert),
    FIELD("from", from),
    FIELD("exp_from", exp_from),
    FIELD("mul_from", mul_from),
    FIELD("invalid", invalid),
    FIELD("valid", valid),
    FIELD("valid_if", valid_if),
    FIELD("kind", kind),
    FIELD("wrap", wrap),
    FIELD("reset", reset),
    FIELD("group", group),
    FIELD("len", len),
    FIELD("chars", chars),
    FIELD("format", format),
    FIELD("every", every),
    FIELD("deadband", deadband),
    FIELD("max_silence", max_silence),
    FIELD("repeat", repeat),
    FIELD("write", write),
    FIELD("danger", danger),
    FIELD("verified", verified),
    FIELD("overlap", overlap),
    FIELD("unit", unit),
    FIELD("about", about),
    FIELD("weights", weights),
    FIELD("optional", optional),
    FIELD("read", read),
    FIELD("side_effect", side_effect),
};
enum { TAG_FIELDS = sizeof tag_fields / sizeof *tag_fields };

bool is_tag_key(const char *text)
{
    size_t i = 0;
    while (i < TAG_FIELDS && strcmp(tag_fields[i].key, text) != 0) {
        i++;
    }
    return i < TAG_FIELDS;
}

struct repeat {
    const struct node *labels; /* a list, or NULL: 1, 2, 3 ... */
    uint64_t count, stride;
};

static bool is_bit_table(const struct point *p)
{
    return p->table == TABLE_COIL || p->table == TABLE_DISCRETE;
}

uint64_t repeat_count(const struct node *repeat)
{
    uint64_t count = 1;
    if (repeat != NULL && repeat->kind == NODE_MAPPING) {
        const struct node *n = node_get(repeat, "n"), *c = node_get(repeat, "count");
        if (n != NULL && n->kind == NODE_LIST) {
            return n->length;
        }
        if (c != NULL && c->kind == NODE_SCALAR) {
            whole_u64(c->text, &count);
        }
    }
    return count > REPEAT_MAX ? REPEAT_MAX : count;
}

/* Before anything is built: `repeat` and `bits` make many points from few words. */
bool count_points(struct map_builder *b, const struct node *tags)
{
    uint64_t total = 0;
    for (const struct node *k = tags->first; k != NULL; k = k->next->next) {
        if (k->next->kind != NODE_MAPPING) {
            continue;
        }
        const struct node *bits = node_get(k->next, "bits");
        uint64_t each = 1 + (bits != NULL && bits->kind == NODE_MAPPING ? bits->length : 0);
        total += each * repeat_count(node_get(k->next, "repeat"));
        if (total > MAP_TAGS_MAX) {
            return complain(&b->r, k, "more than %d tags in one map; split it", MAP_TAGS_MAX);
        }
    }
    b->room = (uint32_t)total;
    b->points = arena_get_array(b->r.arena, b->room + 1U, sizeof *b->points);
    return b->points != NULL;
}

static bool read_repeat(const struct map_builder *b, const struct node *key, const struct node *n,
                        struct repeat *out)
{
    static const struct field fields[] = {
        {"n", 0}, {"count", sizeof(void *)}, {"stride", 2 * sizeof(void *)}};
    const struct node *nodes[3] = {NULL, NULL, NULL};
    *out = (struct repeat){.count = 1};
    bool braces = strstr(key->text, "{n}") != NULL;
    if (n == NULL) {
        return !braces || complain(&b->r, key,
                                   "`%.64s` needs `repeat: {count: N, stride: N}` to put "
                                   "something in for {n}",
                                   key->text);
    }
    bool good = take_fields(&b->r, n, fields, 3, nodes, "repeat");
    if (n->kind != NODE_MAPPING) {
        return false;
    }
    if (!braces) {
        good = complain(&b->r, key, "a repeated tag has {n} in its name, like pump_{n}_flow");
    }
    if ((nodes[0] == NULL) == (nodes[1] == NULL)) {
        good = complain(&b->r, n, "repeat has either `count: 6` or `n: [1, 2, 5]`");
    }
    good = read_u64(&b->r, nodes[1], "count", 1, REPEAT_MAX, &out->count) && good;
    good = read_u64(&b->r, nodes[2], "stride", 1, REPEAT_MAX, &out->stride) && good;
    if (nodes[0] == NULL || !is_list(&b->r, nodes[0], "n")) {
        return nodes[0] == NULL && good;
    }
    out->labels = nodes[0]->first;
    out->count = repeat_count(n);
    for (const struct node *i = out->labels; i != NULL; i = i->next) {
        bool plain = i->kind == NODE_SCALAR && text_is_name(i->text, i->length);
        good = (plain || complain(&b->r, i,
                                  "n has plain words or numbers, like [1, 2] or [north, south]")) &&
               good;
    }
    return good;
}

const char *put_label(struct arena *a, const char *text, const char *label)
{
    char out[NAME_ROOM * 4];
    size_t at = 0, label_length = label == NULL ? 0 : strlen(label);
    if (text == NULL || label == NULL || strstr(text, "{n}") == NULL) {
        return text;
    }
    while (*text != '\0') {
        bool here = strncmp(text, "{n}", 3) == 0;
        size_t length = here ? label_length : 1;
        if (at + length >= sizeof out) {
            return NULL;
        }
        memcpy(out + at, here ? label : text, length);
        at += length;
        text += here ? 3 : 1;
    }
    return arena_copy(a, out, at);
}

static const char *put_in(struct map_builder *b, const char *text, const char *label)
{
    return put_label(b->r.arena, text, label);
}

void name_point(const struct reader *r, struct point *p, const char *name)
{
    p->name_length = (uint32_t)strlen(name);
    p->name = arena_copy(r->arena, name, p->name_length);
    p->key = arena_printf(r->arena, "\"%s\":", name);
    p->key_length = p->name_length + 3;
}

static bool check_name(const struct map_builder *b, const struct node *at, const char *name)
{
    if (name == NULL || !text_is_name(name, strlen(name))) {
        return complain(&b->r, at, "tag name `%.80s`: a name has 1 to 64 of A-Z a-z 0-9 . _ -",
                        name == NULL ? at->text : name);
    }
    uint32_t before = names_find(&b->names, name, strlen(name));
    if (before != NAMES_NONE) {
        const struct point *other = &b->points[before];
        bool elsewhere = strcmp(other->at.file, place_of(&b->r, at).file) != 0;
        return complain(&b->r, at, "there is already a tag `%s` in line %u%s%s%s", other->name,
                        other->at.line, elsewhere ? " of " : "", elsewhere ? other->at.file : "",
                        strcmp(other->name, name) == 0 ? "; names must differ"
                                                       : "; names must differ by more than case");
    }
    return true;
}

static bool add_point(struct map_builder *b, const struct node *at, const struct point *p,
                      const char *name)
{
    if (!check_name(b, at, name)) {
        return false;
    }
    if (b->count >= b->room) {
        return complain(&b->r, at, "more than %d tags in one map; split it", MAP_TAGS_MAX);
    }
    struct point *added = &b->points[b->count];
    *added = *p;
    added->at = place_of(&b->r, at);
    name_point(&b->r, added, name);
    if (added->key == NULL || added->name == NULL) {
        return false;
    }
    names_put(&b->names, added->name, added->name_length, b->count++);
    return true;
}

static struct point bit_of(const struct point *base, uint64_t bit, bool inverted)
{
    struct point p = *base;
    p.inverted = inverted;
    p.bit = (int8_t)bit;
    p.mask = 0;
    p.shift = 0;
    p.curve = CURVE_NONE;
    p.exp_from = p.mul_from = -1;
    p.choices = NULL;
    p.choice_count = 0;
    p.has_valid = false;
    p.kind = KIND_STATE;
    p.has_wrap = p.reset = false;
    p.write = NULL;
    p.deadband = 0;
    p.unit = "";
    return p;
}

/* add: else they are only looked at, for the tag could not be read. */
static bool add_bits(struct map_builder *b, const struct node *bits, const struct point *base,
                     const char *name, const char *label, bool add)
{
    bool good = true;
    for (const struct node *k = bits->first; k != NULL; k = k->next->next) {
        uint64_t bit = 0;
        unsigned width = raw_bits(base) > 0 ? raw_bits(base) : 64;
        good = read_u64(&b->r, k, "bit", 0, width - 1, &bit) && good;
        if (!is_scalar(&b->r, k->next, "the name of a bit")) {
            good = false;
            continue;
        }
        const char *word = k->next->text;
        bool inverted = strncmp(word, "not ", 4) == 0;
        const char *whole = arena_printf(b->r.arena, "%s.%s", name, inverted ? word + 4 : word);
        const char *full = put_in(b, whole, label);
        if (change_of(b, full) != NULL) {
            continue; /* there is no other change of a bit than `off` */
        }
        struct point p = bit_of(base, bit, inverted);
        good = (add ? add_point(b, k->next, &p, full) : check_name(b, k->next, full)) && good;
    }
    return good;
}

static bool refer(struct map_builder *b, const struct node *n, enum reference_kind kind,
                  uint32_t point, const char *label)
{
    if (n == NULL) {
        return true;
    }
    if (!is_scalar(&b->r, n, "a reference to a tag")) {
        return false;
    }
    if (label == NULL && point == NAMES_NONE && strstr(n->text, "{n}") != NULL) {
        return false; /* of a tag whose repetitions could not be read */
    }
    struct reference *ref = arena_get(b->scratch, sizeof *ref);
    if (ref == NULL) {
        return false;
    }
    *ref = (struct reference){NULL, n, put_in(b, n->text, label), point, kind, NULL, false};
    if (b->references == NULL) {
        b->references = ref;
    } else {
        b->last_reference->next = ref;
    }
    b->last_reference = ref;
    return ref->text != NULL;
}

static bool refer_factor(struct map_builder *b, const struct tag_nodes *n, uint32_t point,
                         const char *label)
{
    const struct node *tag, *factors;
    struct point nobody = {0};
    bool good = split_mul_from(b, n->mul_from, &tag, &factors);
    bool lost = factors != NULL && factors->kind == NODE_LOST;
    if (tag == NULL) {
        return (factors == NULL || lost || read_factors(b, factors, NULL, &nobody)) && good;
    }
    const struct reference *last = b->last_reference;
    good = refer(b, tag, REF_MUL, point, label) && good;
    if (b->last_reference != last) {
        b->last_reference->factors = lost ? NULL : factors;
        b->last_reference->any = lost;
    } else if (factors != NULL && !lost) {
        read_factors(b, factors, NULL, &nobody);
    }
    return good;
}

static bool join(struct map_builder *b, const struct node *n, const char *label, struct point *p)
{
    if (n == NULL) {
        return true;
    }
    if (!is_scalar(&b->r, n, "group")) {
        return false;
    }
    const char *name = put_in(b, n->text, label);
    if (name == NULL || !text_is_name(name, strlen(name))) {
        return complain(&b->r, n, "group `%.64s`: a name has 1 to 64 of A-Z a-z 0-9 . _ -",
                        n->text);
    }
    uint32_t next = b->groups.count;
    uint32_t group = names_put(&b->groups, name, strlen(name), next);
    p->group = (int32_t)(group == NAMES_NONE ? next : group);
    return true;
}

static bool refer_all(struct map_builder *b, const struct tag_nodes *n, uint32_t point,
                      const char *label)
{
    bool good = refer(b, n->from, REF_FROM, point, label);
    good = refer(b, n->exp_from, REF_EXP, point, label) && good;
    return refer_factor(b, n, point, label) && good;
}

static bool reach(struct map_builder *b, const struct node *key, const struct tag_nodes *n,
                  struct point *p, uint64_t step)
{
    uint64_t address = p->address + step;
    if (p->from >= 0) {
        return true;
    }
    if (address > UINT16_MAX) {
        return complain(&b->r, key, "repeated, this tag reaches beyond address 65535");
    }
    p->address = (uint16_t)address;
    bool good = shift_write(b, key, p, step);
    return check_reach(b, n->at, p, n->write != NULL) && good;
}

/* One point of a (perhaps repeated) tag, with its bits and what it says about others. */
static bool add_instance(struct map_builder *b, const struct node *key, const struct tag_nodes *n,
                         const struct point *model, const char *label, uint64_t step)
{
    struct point p = *model;
    bool good = reach(b, key, n, &p, step);
    good = join(b, n->group, label, &p) && good;
    p.about = put_in(b, p.about, label);
    const char *name = put_in(b, key->text, label);
    uint32_t first = b->count;
    bool added = good && p.about != NULL && add_point(b, key, &p, name);
    if (!good) {
        check_name(b, key, name);
    }
    good = refer_all(b, n, added ? first : NAMES_NONE, label) && added;
    if (n->bits != NULL) {
        good = add_bits(b, n->bits, &p, name, label, added) && good;
    }
    if (n->valid_if != NULL && !added) {
        refer(b, n->valid_if, REF_CONDITION, NAMES_NONE, label);
    }
    for (uint32_t i = first; n->valid_if != NULL && i < b->count; i++) {
        good = refer(b, n->valid_if, REF_CONDITION, i, label) && good;
    }
    return good;
}

/* What else can be told of a tag that could not be read: its name, its bits, whom it names. label:
 * of the first of many; NULL: none. */
static void look_over(struct map_builder *b, const struct node *key, const struct tag_nodes *n,
                      const struct point *p, const char *label)
{
    bool computed = n->from != NULL, open = label == NULL && strstr(key->text, "{n}") != NULL;
    const char *stand_in = open ? "1" : label, *name = put_in(b, key->text, stand_in);
    struct point nobody = {.group = -1};
    check_name(b, key, name);
    if (n->bits != NULL && n->bits->kind == NODE_MAPPING && !computed) {
        add_bits(b, n->bits, p, name == NULL ? "?" : name, stand_in, false);
    }
    if (!computed) {
        join(b, n->group, stand_in, &nobody);
    }
    refer(b, n->from, REF_FROM, NAMES_NONE, label);
    if (!computed) {
        refer(b, n->exp_from, REF_EXP, NAMES_NONE, label);
        refer_factor(b, n, NAMES_NONE, label);
    }
    refer(b, n->valid_if, REF_CONDITION, NAMES_NONE, label);
}

static bool read_computed(struct map_builder *b, const struct node *key, const struct tag_nodes *n,
                          struct point *p)
{
    const struct {
        const char *key;
        const struct node *node;
    } unfit[] = {
        {"at", n->at},
        {"doc", n->doc},
        {"type", n->type},
        {"order", n->order},
        {"byte", n->byte},
        {"bit", n->bit},
        {"invert", n->invert},
        {"mask", n->mask},
        {"shift", n->shift},
        {"bits", n->bits},
        {"enum", n->choices},
        {"exp_from", n->exp_from},
        {"mul_from", n->mul_from},
        {"invalid", n->invalid},
        {"group", n->group},
        {"len", n->len},
        {"chars", n->chars},
        {"format", n->format},
        {"every", n->every},
        {"write", n->write},
        {"danger", n->danger},
        {"overlap", n->overlap},
        {"weights", n->weights},
        {"optional", n->optional},
        {"read", n->read},
        {"side_effect", n->side_effect},
    };
    bool good = true;
    for (size_t i = 0; i < sizeof unfit / sizeof *unfit; i++) {
        if (unfit[i].node != NULL) {
            good = complain(&b->r, unfit[i].node,
                            "`%s` means nothing in a tag that is computed "
                            "`from` another one",
                            unfit[i].key);
        }
    }
    p->from = 0; /* put right when all tags are known */
    p->type = RAW_F64;
    b->placed = b->typed = true;
    good = read_curve(b, n, p) && good;
    if (p->curve == CURVE_NONE) {
        good = complain(&b->r, key,
                        "`from` needs what to do with it: scale, offset, span, table or "
                        "weir");
    }
    return read_meaning(b, n, p) && good;
}

/* Over another map it is mostly a change of a tag whose name is misspelt. */
static bool lies_nowhere(const struct map_builder *b, const struct node *key)
{
    const char *near = b->merged ? suggest_point(b, key->text) : "";
    if (*near != '\0') {
        return complain(&b->r, key, "`%.64s` lies nowhere%s", key->text, near);
    }
    return complain(&b->r, key,
                    "`%.64s` lies nowhere%s; say `at: holding 100`, or `from:` another tag",
                    key->text, b->merged ? ", and no tag below has this name" : "");
}

static bool read_read(struct map_builder *b, const struct node *key, const struct tag_nodes *n,
                      struct point *p)
{
    b->placed = n->at == NULL ? !b->loose && lies_nowhere(b, key) : read_place(b, n->at, p);
    if (!b->placed) {
        p->table = TABLE_HOLDING;
        p->part_count = 0;
    }
    bool good = read_type(b, n, p, key) && b->placed;
    good = read_parts(b, n, p) && good;
    good = read_bit_keys(b, n, p) && good;
    good = (n->doc == NULL || check_doc(b, n->doc, p)) && good;
    good = read_manners(b, n, p) && good;
    good = read_invalid(b, n->invalid, p) && good;
    good = read_choices(b, n->choices, p) && good;
    good = read_curve(b, n, p) && good;
    good = read_write(b, n->write, p) && good;
    good = read_bool(&b->r, n->danger, "danger", &p->danger) && good;
    good = read_bool(&b->r, n->overlap, "overlap", &p->overlap) && good;
    if ((n->exp_from != NULL || n->mul_from != NULL) &&
        (!type_facts[p->type].number || p->bit >= 0 || p->choice_count > 0)) {
        good = complain(&b->r, n->exp_from != NULL ? n->exp_from : n->mul_from,
                        "only numbers can be scaled by another tag");
    }
    if (n->bits != NULL && n->bits->kind != NODE_MAPPING) {
        good = complain(&b->r, n->bits, "bits have names: {0: ready, 3: fault, 12: not warm}");
    }
    if (b->placed && n->doc == NULL && p->part_count == 0 && !is_bit_table(p) &&
        b->has_base[p->table] && b->base[p->table] > 9999 && p->address >= b->base[p->table]) {
        caution(&b->r, n->at,
                "`%s` looks like the maker's number; its wire address would be %ju (say "
                "`doc:` too if it is right)",
                n->at->text, (uintmax_t)(p->address - b->base[p->table]));
    }
    return read_meaning(b, n, p) && good;
}

static const struct point no_point = {.from = -1,
                                      .bit = -1,
                                      .group = -1,
                                      .exp_from = -1,
                                      .mul_from = -1,
                                      .valid_if = {.point = -1, .bit = -1}};

/* *n has what there is of it even when that is not all good. */
static bool read_model(struct map_builder *b, const struct node *key, const struct node *value,
                       struct tag_nodes *n, struct point *p)
{
    bool good = true;
    const struct node *tag = refuse_unsupported(b, value, true, &good);
    if (tag == NULL) {
        return false;
    }
    good = take_fields(&b->r, tag, tag_fields, TAG_FIELDS, n, "a tag") && good;
    if (tag->kind != NODE_MAPPING) {
        return false;
    }
    return (n->from != NULL ? read_computed(b, key, n, p) : read_read(b, key, n, p)) && good;
}

/* One of many, of which a map above says something else. */
static bool add_changed(struct map_builder *b, const struct node *key, const struct node *below,
                        const struct node *change, const char *label, uint64_t step)
{
    struct tag_nodes n = {0};
    struct point p = no_point;
    if (node_is_off(change)) {
        return true;
    }
    const struct node *value = map_merge_tag(b->scratch, below, change);
    if (value == NULL) {
        return false;
    }
    if (!read_model(b, key, value, &n, &p)) {
        look_over(b, key, &n, &p, label);
        return false;
    }
    bool own = change->kind == NODE_MAPPING && node_get(change, "at") != NULL;
    return add_instance(b, key, &n, &p, label, own ? 0 : step);
}

bool read_tag(struct map_builder *b, const struct node *key, const struct node *value)
{
    struct tag_nodes n = {0};
    struct repeat repeat;
    struct point p = no_point;
    bool read = read_model(b, key, value, &n, &p);
    bool good = value->kind == NODE_MAPPING && read_repeat(b, key, n.repeat, &repeat);
    if (good && n.repeat != NULL && n.from == NULL && repeat.stride == 0 && repeat.count > 1) {
        good = complain(&b->r, n.repeat,
                        "repeat needs `stride: N`, the addresses from one to the "
                        "next");
    }
    if (value->kind == NODE_MAPPING && !(read && good)) {
        char number[24];
        bool many = good && n.repeat != NULL;
        look_over(b, key, &n, &p, many ? repeat_label(repeat.labels, 0, number) : NULL);
        return false;
    }
    const struct node *label = good ? repeat.labels : NULL;
    for (uint64_t i = 0; good && i < repeat.count; i++) {
        char number[24];
        const char *text = n.repeat == NULL ? NULL : repeat_label(label, i, number);
        const struct node *change =
            n.repeat == NULL ? NULL : change_of(b, put_label(b->scratch, key->text, text));
        good = change != NULL ? add_changed(b, key, value, change, text, i * repeat.stride)
                              : add_instance(b, key, &n, &p, text, i * repeat.stride);
        label = label == NULL ? NULL : label->next;
    }
    return good;
}
