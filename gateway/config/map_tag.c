/* SPDX-License-Identifier: Apache-2.0 */
/* One entry of `tags`: a point, or many with `repeat`, or several with `bits`. */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "config/map_merge.h"
#include "config/map_parts.h"

enum { REPEAT_MAX = 65536, NAME_ROOM = 160 };

const char *const kind_names[5] = {"gauge", "counter", "state", "event", "text"};

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
    if (!take_fields(&b->r, n, fields, 3, nodes, "repeat")) {
        return false;
    }
    if (!braces) {
        return complain(&b->r, key, "a repeated tag has {n} in its name, like pump_{n}_flow");
    }
    if ((nodes[0] == NULL) == (nodes[1] == NULL)) {
        return complain(&b->r, n, "repeat has either `count: 6` or `n: [1, 2, 5]`");
    }
    bool good = read_u64(&b->r, nodes[1], "count", 1, REPEAT_MAX, &out->count);
    good = read_u64(&b->r, nodes[2], "stride", 1, REPEAT_MAX, &out->stride) && good;
    if (nodes[0] != NULL) {
        good = is_list(&b->r, nodes[0], "n") && good;
        out->labels = nodes[0]->first;
        out->count = repeat_count(n);
        for (const struct node *i = out->labels; good && i != NULL; i = i->next) {
            good =
                (i->kind == NODE_SCALAR && text_is_name(i->text, i->length)) ||
                complain(&b->r, i, "n has plain words or numbers, like [1, 2] or [north, south]");
        }
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

static bool add_point(struct map_builder *b, const struct node *at, const struct point *p,
                      const char *name)
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

static bool add_bits(struct map_builder *b, const struct node *bits, const struct point *base,
                     const char *name, const char *label)
{
    bool good = true;
    for (const struct node *k = bits->first; k != NULL; k = k->next->next) {
        uint64_t bit = 0;
        if (!read_u64(&b->r, k, "bit", 0, raw_bits(base) - 1, &bit) ||
            !is_scalar(&b->r, k->next, "the name of a bit")) {
            good = false;
            continue;
        }
        struct point p = *base;
        const char *word = k->next->text;
        p.inverted = strncmp(word, "not ", 4) == 0;
        word += p.inverted ? 4 : 0;
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
        const char *whole = arena_printf(b->r.arena, "%s.%s", name, word);
        const char *full = put_in(b, whole, label);
        if (change_of(b, full) != NULL) {
            continue; /* there is no other change of a bit than `off` */
        }
        good = add_point(b, k->next, &p, full) && good;
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
    struct reference *ref = arena_get(b->scratch, sizeof *ref);
    if (ref == NULL) {
        return false;
    }
    *ref = (struct reference){NULL, n, put_in(b, n->text, label), point, kind, NULL};
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
    if (!split_mul_from(b, n->mul_from, &tag, &factors) || !refer(b, tag, REF_MUL, point, label)) {
        return false;
    }
    if (factors != NULL) {
        b->last_reference->factors = factors;
    }
    return true;
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

/* One point of a (perhaps repeated) tag, with its bits and what it says about others. */
static bool add_instance(struct map_builder *b, const struct node *key, const struct tag_nodes *n,
                         const struct point *model, const char *label, uint64_t step)
{
    struct point p = *model;
    uint64_t address = p.address + step;
    if (p.from < 0 && address > UINT16_MAX) {
        return complain(&b->r, key, "repeated, this tag reaches beyond address 65535");
    }
    p.address = (uint16_t)address;
    p.about = put_in(b, p.about, label);
    if (p.about == NULL || !shift_write(b, key, &p, step) || !join(b, n->group, label, &p)) {
        return false;
    }
    if (p.from < 0 && !check_reach(b, n->at, &p, n->write != NULL)) {
        return false;
    }
    const char *name = put_in(b, key->text, label);
    uint32_t first = b->count;
    if (!add_point(b, key, &p, name)) {
        return false;
    }
    bool good = refer(b, n->from, REF_FROM, first, label) &&
                refer(b, n->exp_from, REF_EXP, first, label) && refer_factor(b, n, first, label);
    if (n->bits != NULL) {
        good = add_bits(b, n->bits, &p, name, label) && good;
    }
    for (uint32_t i = first; n->valid_if != NULL && i < b->count; i++) {
        good = refer(b, n->valid_if, REF_CONDITION, i, label) && good;
    }
    return good;
}

static bool read_valid(const struct map_builder *b, const struct node *n, struct point *p)
{
    double ends[2];
    if (n == NULL) {
        return true;
    }
    if (p->from < 0 && (!type_facts[p->type].number || p->bit >= 0 || p->choice_count > 0)) {
        return complain(&b->r, n, "`valid` is for numbers");
    }
    if (!read_reals(&b->r, n, "valid", ends, 2)) {
        return false;
    }
    if (ends[0] > ends[1]) {
        return complain(&b->r, n, "valid: the lower end stands first");
    }
    p->has_valid = true;
    p->valid_low = ends[0];
    p->valid_high = ends[1];
    return true;
}

static unsigned usual_kind(const struct point *p)
{
    if (p->from >= 0) {
        return KIND_GAUGE;
    }
    if (p->type == RAW_STRING || p->type == RAW_TIME) {
        return KIND_TEXT;
    }
    return p->type == RAW_BOOL || p->bit >= 0 || p->choice_count > 0 ? KIND_STATE : KIND_GAUGE;
}

static bool read_counter(const struct map_builder *b, const struct tag_nodes *n, struct point *p)
{
    unsigned kind = usual_kind(p);
    bool good = read_word(&b->r, n->kind, "kind", kind_names, 5, &kind);
    p->kind = (uint8_t)kind;
    bool number = p->from >= 0 || (type_facts[p->type].number && p->bit < 0);
    if (kind == KIND_COUNTER && (!number || p->choice_count > 0)) {
        return complain(&b->r, n->kind, "only numbers count; this is none");
    }
    if (kind != KIND_COUNTER && (n->wrap != NULL || n->reset != NULL)) {
        const struct node *wrong = n->wrap != NULL ? n->wrap : n->reset;
        return complain(&b->r, wrong, "`wrap` and `reset` are for counters; add `kind: counter`");
    }
    if (n->wrap != NULL) {
        p->has_wrap = true;
        good = read_real(&b->r, n->wrap, "wrap", &p->wrap) && good;
        if (good && !(p->wrap > 0)) {
            good = complain(&b->r, n->wrap, "wrap is the last value before zero: above 0");
        }
    }
    return read_bool(&b->r, n->reset, "reset", &p->reset) && good;
}

/* What reads alike whether it comes from registers or from another tag. */
static bool read_looks(const struct map_builder *b, const struct tag_nodes *n, struct point *p)
{
    bool number =
        p->from >= 0 || (type_facts[p->type].number && p->bit < 0 && p->choice_count == 0);
    p->unit = p->about = "";
    p->deadband = number ? b->deadband : 0;
    p->max_silence_ns = b->max_silence_ns;
    bool good = read_valid(b, n->valid, p);
    good = read_counter(b, n, p) && good;
    good = read_text(&b->r, n->unit, "unit", &p->unit) && good;
    good = read_text(&b->r, n->about, "about", &p->about) && good;
    if (n->verified != NULL) {
        unsigned word = 0;
        good = read_word(&b->r, n->verified, "verified", verified_words, VERIFIED_WORDS, &word) &&
               good;
        p->verified = verified_words[word];
    }
    good =
        read_duration(&b->r, n->every, "every", EVERY_MIN_NS, EVERY_MAX_NS, &p->every_ns) && good;
    good = read_duration(&b->r, n->max_silence, "max_silence", NS_PER_MS, EVERY_MAX_NS,
                         &p->max_silence_ns) &&
           good;
    if (n->deadband != NULL && !number) {
        return complain(&b->r, n->deadband, "`deadband` is for numbers");
    }
    good = read_real(&b->r, n->deadband, "deadband", &p->deadband) && good;
    if (good && p->deadband < 0) {
        return complain(&b->r, n->deadband, "a deadband is 0 or more");
    }
    return good;
}

static bool read_computed(const struct map_builder *b, const struct node *key,
                          const struct tag_nodes *n, struct point *p)
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
    for (size_t i = 0; i < sizeof unfit / sizeof *unfit; i++) {
        if (unfit[i].node != NULL) {
            return complain(&b->r, unfit[i].node,
                            "`%s` means nothing in a tag that is computed "
                            "`from` another one",
                            unfit[i].key);
        }
    }
    p->from = 0; /* put right when all tags are known */
    p->type = RAW_F64;
    bool good = read_curve(b, n, p);
    if (good && p->curve == CURVE_NONE) {
        return complain(&b->r, key,
                        "`from` needs what to do with it: scale, offset, span, table or "
                        "weir");
    }
    return read_looks(b, n, p) && good;
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

static bool read_read(const struct map_builder *b, const struct node *key,
                      const struct tag_nodes *n, struct point *p)
{
    if (n->at == NULL) {
        return lies_nowhere(b, key);
    }
    bool good = read_place(b, n->at, p);
    if (!good || !read_type(b, n, p, key) || !read_parts(b, n, p)) {
        return false;
    }
    good = read_bit_keys(b, n, p);
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
    if (n->doc == NULL && p->part_count == 0 && !is_bit_table(p) && b->has_base[p->table] &&
        b->base[p->table] > 9999 && p->address >= b->base[p->table]) {
        caution(&b->r, n->at,
                "`%s` looks like the maker's number; its wire address would be %ju (say "
                "`doc:` too if it is right)",
                n->at->text, (uintmax_t)(p->address - b->base[p->table]));
    }
    return read_looks(b, n, p) && good;
}

static const struct point no_point = {.from = -1,
                                      .bit = -1,
                                      .group = -1,
                                      .exp_from = -1,
                                      .mul_from = -1,
                                      .valid_if = {.point = -1, .bit = -1}};

/* What `off` took away is gone; what is left of it found nothing. */
static bool refuse_idle_off(const struct map_builder *b, const struct node *tag)
{
    bool good = true;
    for (const struct node *k = b->merged ? tag->first : NULL; k != NULL; k = k->next->next) {
        if (node_is_off(k->next) && strcmp(k->text, "about") != 0) {
            good = complain(&b->r, k->next, "`%.40s: off`, but the tag below has no `%.40s`",
                            k->text, k->text);
        }
    }
    return good;
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
    if (value == NULL || !refuse_unsupported(b, value) ||
        (value->kind == NODE_MAPPING && !refuse_idle_off(b, value)) ||
        !take_fields(&b->r, value, tag_fields, TAG_FIELDS, &n, "a tag") ||
        !(n.from != NULL ? read_computed(b, key, &n, &p) : read_read(b, key, &n, &p))) {
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
    if (!refuse_unsupported(b, value)) {
        return false;
    }
    bool good = take_fields(&b->r, value, tag_fields, TAG_FIELDS, &n, "a tag");
    if (value->kind != NODE_MAPPING) {
        return false;
    }
    if (!refuse_idle_off(b, value)) {
        return false;
    }
    good = read_repeat(b, key, n.repeat, &repeat) && good;
    good = (n.from != NULL ? read_computed(b, key, &n, &p) : read_read(b, key, &n, &p)) && good;
    if (good && n.repeat != NULL && p.from < 0 && repeat.stride == 0 && repeat.count > 1) {
        good = complain(&b->r, n.repeat,
                        "repeat needs `stride: N`, the addresses from one to the "
                        "next");
    }
    const struct node *label = repeat.labels;
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
