/* SPDX-License-Identifier: Apache-2.0 */
#include "config/map_merge.h"

#include <string.h>

#include "config/map_parts.h"

enum { PATTERNS_MAX = 256, CHAIN_MAX = 8 };

bool node_is_off(const struct node *n)
{
    return n->kind == NODE_SCALAR && !n->quoted && strcmp(n->text, "off") == 0;
}

/* ---- a mapping that is being put together ---------------------------------------------------- */

struct joint {
    struct arena *arena;
    struct node *made;
    const struct node **tail;
    bool whole;
};

static struct joint joint_begin(struct arena *a, const struct node *like)
{
    struct joint j = {.arena = a, .made = arena_get(a, sizeof *j.made)};
    if (j.made != NULL) {
        *j.made = *like;
        j.made->first = j.made->next = NULL;
        j.made->length = 0;
        j.tail = &j.made->first;
        j.whole = true;
    }
    return j;
}

static struct node *joint_add(struct joint *j, const struct node *n)
{
    struct node *own = j->whole ? arena_get(j->arena, sizeof *own) : NULL;
    j->whole = own != NULL;
    if (own != NULL) {
        *own = *n;
        own->next = NULL;
        *j->tail = own;
        j->tail = &own->next;
    }
    return own;
}

/* n is NULL where it could not be made. */
static void joint_pair(struct joint *j, const struct node *key, const struct node *n)
{
    j->whole = j->whole && n != NULL;
    joint_add(j, key);
    if (j->whole) {
        joint_add(j, n);
        j->made->length++;
    }
}

static const struct node *joint_end(const struct joint *j)
{
    return j->whole ? j->made : NULL;
}

/* A mapping's values by their keys, however many there are. */
struct index {
    struct names names;
    const struct node **keys;
};

static bool index_make(struct index *x, struct arena *a, const struct node *mapping)
{
    names_init(&x->names, false, a);
    x->keys = arena_get_array(a, mapping->length + 1U, sizeof *x->keys);
    uint32_t i = 0;
    for (const struct node *k = mapping->first; x->keys != NULL && k != NULL; k = k->next->next) {
        x->keys[i] = k;
        names_put(&x->names, k->text, k->length, i++);
    }
    return x->keys != NULL && !arena_exhausted(a);
}

static const struct node *index_get(const struct index *x, const struct node *key)
{
    uint32_t i = names_find(&x->names, key->text, key->length);
    return i == NAMES_NONE ? NULL : x->keys[i]->next;
}

/* ---- key by key ------------------------------------------------------------------------------ */

static const struct node *join_keys(struct arena *a, const struct node *lower,
                                    const struct node *upper)
{
    if (lower->kind != NODE_MAPPING || upper->kind != NODE_MAPPING) {
        return upper;
    }
    struct joint j = joint_begin(a, upper);
    for (const struct node *k = lower->first; k != NULL; k = k->next->next) {
        if (node_get(upper, k->text) == NULL) {
            joint_pair(&j, k, k->next);
        }
    }
    for (const struct node *k = upper->first; k != NULL; k = k->next->next) {
        if (!node_is_off(k->next) || node_get(lower, k->text) == NULL) {
            joint_pair(&j, k, k->next);
        }
    }
    return joint_end(&j);
}

/* Both lists behind each other. */
static const struct node *join_lists(struct arena *a, const struct node *lower,
                                     const struct node *upper)
{
    struct joint j = joint_begin(a, upper);
    const struct node *const both[] = {lower, upper};
    for (int k = 0; k < 2; k++) {
        for (const struct node *i = both[k]->first; i != NULL; i = i->next) {
            joint_add(&j, i);
        }
    }
    if (j.made != NULL) {
        j.made->length = lower->length + upper->length;
    }
    return joint_end(&j);
}

/* What must not be read below must not be read above; only `off` says otherwise. */
static const struct node *join_limits(struct arena *a, const struct node *lower,
                                      const struct node *upper)
{
    static const char *const lists[] = {"never", "barriers"};
    if (lower->kind != NODE_MAPPING || upper->kind != NODE_MAPPING) {
        return upper;
    }
    const struct node *joined = join_keys(a, lower, upper);
    for (size_t i = 0; joined != NULL && i < sizeof lists / sizeof *lists; i++) {
        const struct node *x = node_get(lower, lists[i]), *y = node_get(upper, lists[i]);
        if (x == NULL || y == NULL || x->kind != NODE_LIST || y->kind != NODE_LIST) {
            continue;
        }
        const struct node *both = join_lists(a, x, y);
        struct joint j = joint_begin(a, joined);
        for (const struct node *k = joined->first; k != NULL; k = k->next->next) {
            joint_pair(&j, k, strcmp(k->text, lists[i]) == 0 ? both : k->next);
        }
        joined = joint_end(&j);
    }
    return joined;
}

/* `CDAB` is the order of all numbers with four letters, type by type. */
static const struct node *spread_order(struct arena *a, const struct node *n)
{
    uint8_t places[8];
    if (n->kind != NODE_SCALAR) {
        return n;
    }
    struct node like = *n;
    like.kind = NODE_MAPPING;
    struct joint j = joint_begin(a, &like);
    for (unsigned t = 0; t < RAW_COUNT; t++) {
        if (type_facts[t].number && byte_order_parse(n->text, t, places)) {
            struct node key = *n;
            key.text = type_names[t];
            key.length = (uint32_t)strlen(key.text);
            joint_pair(&j, &key, n);
        }
    }
    const struct node *made = joint_end(&j);
    return made != NULL && made->length == 0 ? n : made;
}

static const struct node *join_orders(struct arena *a, const struct node *lower,
                                      const struct node *upper)
{
    const struct node *x = spread_order(a, lower), *y = spread_order(a, upper);
    return x == NULL || y == NULL ? NULL : join_keys(a, x, y);
}

/* ---- tags ------------------------------------------------------------------------------------ */

static bool is_one_of(const char *word, const char *const *words)
{
    while (*words != NULL && strcmp(*words, word) != 0) {
        words++;
    }
    return *words != NULL;
}

static bool has_one_of(const struct node *mapping, const char *const *words)
{
    for (; *words != NULL; words++) {
        if (node_get(mapping, *words) != NULL) {
            return true;
        }
    }
    return false;
}

/* Keys of one row say together what those of another row of the same block say otherwise. */
static const struct {
    int block;
    const char *keys[5];
} ways[] = {
    {1, {"scale", "offset", NULL}},
    {1, {"span", NULL}},
    {1, {"table", NULL}},
    {1, {"weir", NULL}},
    {1, {"convert", NULL}},
    {1, {"enum", NULL}},
    {2, {"bit", NULL}},
    {2, {"mask", "shift", NULL}},
};
enum { WAYS = sizeof ways / sizeof *ways };

/* Would the lower's key contradict what the upper says instead? */
static bool is_replaced(const char *key, const struct node *upper)
{
    static const char *const address[] = {"at", NULL}, *const follows_it[] = {"doc", "weights",
                                                                              NULL};
    if (has_one_of(upper, address) && is_one_of(key, follows_it)) {
        return true;
    }
    for (int i = 0; i < WAYS; i++) {
        for (int k = 0; is_one_of(key, ways[i].keys) && k < WAYS; k++) {
            if (k != i && ways[k].block == ways[i].block && has_one_of(upper, ways[k].keys) &&
                !has_one_of(upper, ways[i].keys)) {
                return true;
            }
        }
    }
    return false;
}

const struct node *map_merge_tag(struct arena *a, const struct node *lower,
                                 const struct node *upper)
{
    static const char *const read[] = {"at", NULL}, *const computed[] = {"from", NULL};
    bool both = lower->kind == NODE_MAPPING && upper->kind == NODE_MAPPING;
    /* Read instead of computed, or the other way round: nothing of the one is true of the other. */
    if (!both || (has_one_of(lower, read) && has_one_of(upper, computed)) ||
        (has_one_of(lower, computed) && has_one_of(upper, read))) {
        return upper;
    }
    struct joint j = joint_begin(a, lower);
    for (const struct node *k = lower->first; k != NULL; k = k->next->next) {
        if (node_get(upper, k->text) == NULL && !is_replaced(k->text, upper)) {
            joint_pair(&j, k, k->next);
        }
    }
    for (const struct node *k = upper->first; k != NULL; k = k->next->next) {
        if (!node_is_off(k->next) || node_get(lower, k->text) == NULL) {
            joint_pair(&j, k, k->next);
        }
    }
    return joint_end(&j);
}

static const struct node *join_tags(struct arena *a, const struct node *lower,
                                    const struct node *upper)
{
    struct index above, below;
    if (lower->kind != NODE_MAPPING || upper->kind != NODE_MAPPING) {
        return upper;
    }
    bool whole = index_make(&above, a, upper);
    whole = index_make(&below, a, lower) && whole;
    struct joint j = joint_begin(a, upper);
    for (const struct node *k = lower->first; whole && k != NULL; k = k->next->next) {
        const struct node *own = index_get(&above, k);
        if (own == NULL) {
            joint_pair(&j, k, k->next);
        } else if (!node_is_off(own)) {
            joint_pair(&j, k, map_merge_tag(a, k->next, own));
        }
    }
    for (const struct node *k = upper->first; whole && k != NULL; k = k->next->next) {
        if (index_get(&below, k) == NULL) {
            joint_pair(&j, k, k->next);
        }
    }
    names_fini(&above.names);
    names_fini(&below.names);
    return whole ? joint_end(&j) : NULL;
}

/* ---- examples: those of the lower map hold for the tags that are read as they were ------------
 */

struct changed {
    struct arena *arena;
    struct index tags; /* of the lower map */
    struct names names; /* of tags that are read otherwise now */
    const char *patterns[PATTERNS_MAX]; /* the same, with {n} in them */
    uint32_t pattern_count;
    bool all;
};

/* What a tag may say otherwise and still have the same value. */
static bool reads_otherwise(const struct node *tag)
{
    static const char *const looks[] = {
        "about", "deadband",    "doc",  "danger",   "every", "group",   "max_silence", "optional",
        "read",  "side_effect", "unit", "verified", "write", "overlap", NULL};
    if (tag->kind != NODE_MAPPING) {
        return true;
    }
    for (const struct node *k = tag->first; k != NULL; k = k->next->next) {
        if (!is_one_of(k->text, looks)) {
            return true;
        }
    }
    return false;
}

static bool fits_pattern(const char *pattern, const char *name)
{
    const char *open = strstr(pattern, "{n}");
    size_t head = (size_t)(open - pattern), tail = strlen(open + 3), length = strlen(name);
    return length >= head + tail && strncmp(pattern, name, head) == 0 &&
           strcmp(open + 3, name + length - tail) == 0;
}

static bool is_changed_name(const struct changed *c, const char *name, size_t length)
{
    char text[200];
    if (names_find(&c->names, name, length) != NAMES_NONE || length >= sizeof text) {
        return true;
    }
    memcpy(text, name, length);
    text[length] = '\0';
    for (uint32_t i = 0; i < c->pattern_count; i++) {
        if (strcmp(c->patterns[i], text) == 0 || fits_pattern(c->patterns[i], text)) {
            return true;
        }
    }
    return false;
}

static bool is_changed(const struct changed *c, const char *name, size_t length, int deep);

/* A tag that another tag's definition names: `level`, `not status.fault`, `mode == 3`. */
static bool leans_on_changed(const struct changed *c, const struct node *tag, int deep)
{
    static const char *const keys[] = {"from", "exp_from", "mul_from", "valid_if"};
    for (size_t i = 0; tag->kind == NODE_MAPPING && i < sizeof keys / sizeof *keys; i++) {
        const struct node *n = node_get(tag, keys[i]);
        if (n != NULL && n->kind == NODE_MAPPING) {
            n = node_get(n, "tag");
        }
        if (n == NULL || n->kind != NODE_SCALAR) {
            continue;
        }
        const char *name = n->text + (strncmp(n->text, "not ", 4) == 0 ? 4 : 0);
        if (is_changed(c, name, strcspn(name, " =!"), deep + 1)) {
            return true;
        }
    }
    return false;
}

static bool is_changed(const struct changed *c, const char *name, size_t length, int deep)
{
    if (c->all || deep > CHAIN_MAX) {
        return true;
    }
    /* `status.ready` may be a tag, or a bit of `status`; and an instance is one of its pattern. */
    bool known = false;
    for (size_t part = length; part > 0; part--) {
        if (part < length && name[part] != '.') {
            continue;
        }
        struct node key = {.text = name, .length = (uint32_t)part};
        const struct node *tag = index_get(&c->tags, &key);
        if (is_changed_name(c, name, part) || (tag != NULL && leans_on_changed(c, tag, deep))) {
            return true;
        }
        known = known || tag != NULL;
    }
    /* Of a repeated tag nobody here knows what it leans on: it counts as changed when anything is.
     */
    return !known && (c->names.count > 0 || c->pattern_count > 0);
}

static bool changed_make(struct changed *c, struct arena *a, const struct node *lower,
                         const struct node *upper)
{
    static const struct node none = {.kind = NODE_MAPPING};
    const struct node *tags = node_get(upper, "tags"), *below = node_get(lower, "tags");
    c->arena = a;
    c->all = node_get(upper, "order") != NULL || node_get(upper, "doc_base") != NULL;
    names_init(&c->names, false, a);
    c->pattern_count = 0;
    if (!index_make(&c->tags, a, below == NULL || below->kind != NODE_MAPPING ? &none : below)) {
        return false;
    }
    bool some = tags != NULL && tags->kind == NODE_MAPPING;
    for (const struct node *k = some ? tags->first : NULL; k != NULL; k = k->next->next) {
        if (!reads_otherwise(k->next)) {
            continue;
        }
        if (strstr(k->text, "{n}") == NULL) {
            names_put(&c->names, k->text, k->length, 0);
        } else if (c->pattern_count < PATTERNS_MAX) {
            c->patterns[c->pattern_count++] = k->text;
        } else {
            c->all = true;
        }
    }
    return !arena_exhausted(a);
}

/* The example without what is no longer true; NULL: nothing is left of it, or no memory. */
static const struct node *still_true(const struct changed *c, const struct node *example)
{
    const struct node *expect = node_get(example, "expect");
    struct joint left = joint_begin(c->arena, expect);
    for (const struct node *k = expect->first; left.made != NULL && k != NULL; k = k->next->next) {
        if (!is_changed(c, k->text, k->length, 0)) {
            joint_pair(&left, k, k->next);
        }
    }
    if (joint_end(&left) == NULL || left.made->length == 0) {
        return NULL;
    }
    struct joint j = joint_begin(c->arena, example);
    for (const struct node *k = example->first; k != NULL; k = k->next->next) {
        joint_pair(&j, k, k->next == expect ? left.made : k->next);
    }
    return joint_end(&j);
}

static const struct node *join_examples(struct arena *a, const struct node *lower,
                                        const struct node *upper, const struct node *own)
{
    const struct node *examples = node_get(lower, "examples");
    struct changed c = {0};
    struct node like = own != NULL ? *own : *examples;
    if (own != NULL && own->kind != NODE_LIST) {
        return own;
    }
    bool whole = changed_make(&c, a, lower, upper);
    struct joint j = joint_begin(a, &like);
    uint32_t count = 0;
    for (const struct node *i = whole && examples->kind == NODE_LIST ? examples->first : NULL;
         i != NULL; i = i->next) {
        const struct node *expect = i->kind == NODE_MAPPING ? node_get(i, "expect") : NULL;
        const struct node *left =
            expect != NULL && expect->kind == NODE_MAPPING ? still_true(&c, i) : NULL;
        count += left != NULL && joint_add(&j, left) != NULL;
    }
    for (const struct node *i = own == NULL ? NULL : own->first; i != NULL; i = i->next) {
        count += joint_add(&j, i) != NULL;
    }
    names_fini(&c.names);
    names_fini(&c.tags.names);
    if (j.made != NULL) {
        j.made->length = count;
    }
    return whole ? joint_end(&j) : NULL;
}

/* ---- maps ------------------------------------------------------------------------------------ */

static const struct node *join_value(struct arena *a, const char *key, const struct node *lower,
                                     const struct node *upper)
{
    static const char *const by_key[] = {"doc_base", "identify", "heartbeat", NULL};
    if (strcmp(key, "tags") == 0) {
        return join_tags(a, lower, upper);
    }
    if (strcmp(key, "limits") == 0) {
        return join_limits(a, lower, upper);
    }
    if (strcmp(key, "order") == 0) {
        return join_orders(a, lower, upper);
    }
    return is_one_of(key, by_key) ? join_keys(a, lower, upper) : upper;
}

const struct node *map_merge(struct arena *a, const struct node *lower, const struct node *upper)
{
    struct joint j = joint_begin(a, upper);
    const struct node *examples = node_get(lower, "examples"), *own = node_get(upper, "examples");
    for (const struct node *k = lower->first; k != NULL; k = k->next->next) {
        const struct node *over = node_get(upper, k->text);
        if (k->next == examples && own != NULL && node_is_off(own)) {
            continue;
        }
        if (k->next == examples) {
            joint_pair(&j, k, join_examples(a, lower, upper, own));
        } else if (over == NULL) {
            joint_pair(&j, k, k->next);
        } else {
            joint_pair(&j, k, join_value(a, k->text, k->next, over));
        }
    }
    for (const struct node *k = upper->first; k != NULL; k = k->next->next) {
        if (node_get(lower, k->text) == NULL && (k->next != own || !node_is_off(own))) {
            joint_pair(&j, k, k->next);
        }
    }
    return joint_end(&j);
}
