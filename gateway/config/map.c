/* SPDX-License-Identifier: Apache-2.0 */
#include "config/map.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "config/map_parts.h"
#include "config/map_whole.h"

/* After so many, what hangs on them is not looked at. */
enum { MISTAKES_ENOUGH = 200 };

const char *const verified_words[VERIFIED_WORDS] = {"device", "document", "implementation",
                                                    "invented"};

struct map_nodes {
    const struct node *format, *extends, *title, *source, *verified, *doc_base, *limits, *order,
        *identify, *every, *deadband, *max_silence, *heartbeat, *tags, *examples;
};
#define FIELD(name)                                                                                \
    {                                                                                              \
#name, offsetof(struct map_nodes, name)                                                    \
    }
static const struct field map_fields[] = {
    FIELD(format),   FIELD(extends),     FIELD(title),     FIELD(source),   FIELD(verified),
    FIELD(doc_base), FIELD(limits),      FIELD(order),     FIELD(identify), FIELD(every),
    FIELD(deadband), FIELD(max_silence), FIELD(heartbeat), FIELD(tags),     FIELD(examples),
};

struct limit_nodes {
    const struct node *max_registers, *max_bits, *max_gap, *delay, *never, *barriers;
};

static bool read_limits(struct map_builder *b, const struct node *n)
{
#define LIMIT(name)                                                                                \
    {                                                                                              \
#name, offsetof(struct limit_nodes, name)                                                  \
    }
    static const struct field fields[] = {LIMIT(max_registers), LIMIT(max_bits), LIMIT(max_gap),
                                          LIMIT(delay),         LIMIT(never),    LIMIT(barriers)};
    struct limit_nodes l = {0};
    struct limits *out = &b->map->limits;
    uint64_t registers = REGISTERS_MAX, bits = BITS_MAX, gap = DEFAULT_MAX_GAP;
    bool good = n == NULL || take_fields(&b->r, n, fields, 6, &l, "limits");
    good = read_u64(&b->r, l.max_registers, "max_registers", 1, REGISTERS_MAX, &registers) && good;
    good = read_u64(&b->r, l.max_bits, "max_bits", 1, BITS_MAX, &bits) && good;
    good = read_u64(&b->r, l.max_gap, "max_gap", 0, REGISTERS_MAX, &gap) && good;
    good = read_duration(&b->r, l.delay, "delay", 0, 10 * NS_PER_S, &out->delay_ns) && good;
    good = read_never(b, l.never, out) && good;
    good = read_barriers(b, l.barriers, out) && good;
    out->max_registers = (uint16_t)registers;
    out->max_bits = (uint16_t)bits;
    out->max_gap = (uint16_t)gap;
    return good;
}

/* One text, or several that become one. */
static bool read_source(const struct map_builder *b, const struct node *n, const char **out)
{
    if (n == NULL || n->kind == NODE_SCALAR) {
        return read_text(&b->r, n, "source", out);
    }
    if (!is_list(&b->r, n, "source")) {
        return false;
    }
    const char *all = "";
    bool good = true;
    for (const struct node *i = n->first; i != NULL; i = i->next) {
        if (!is_scalar(&b->r, i, "a source")) {
            good = false;
            continue;
        }
        if (strlen(all) + i->length < 2000) {
            all = arena_printf(b->r.arena, "%s%s%s", all, *all == '\0' ? "" : "; ", i->text);
        }
        if (all == NULL) {
            return false;
        }
    }
    *out = all;
    return good;
}

static void add_unread(struct map_builder *b, const struct node *key)
{
    struct unread *u = arena_get(b->scratch, sizeof *u);
    if (u != NULL) {
        *u = (struct unread){b->unread, key->text};
        b->unread = u;
    }
}

static bool read_tags(struct map_builder *b, const struct node *root, const struct node *tags)
{
    static const struct node none = {.kind = NODE_MAPPING};
    bool any = tags != NULL && is_mapping(&b->r, tags, "tags");
    b->tagless = b->tagless || !any;
    if (!count_points(b, any ? tags : &none) || !any) {
        return complain_if(&b->r, tags == NULL && !b->loose, root,
                           "a map has `tags:`, and this one has none");
    }
    if (tags->length == 0) {
        b->tagless = true;
        return complain_if(&b->r, !b->loose, tags, "a map has at least one tag");
    }
    bool good = find_changes(b, tags);
    for (const struct node *k = tags->first; k != NULL; k = k->next->next) {
        if (is_change(b, k)) {
            continue;
        }
        bool loose = b->loose; /* over one of many that could not be read */
        b->loose = loose || (b->merged && is_unread(b, k->text));
        if (!read_tag(b, k, k->next)) {
            good = false;
            add_unread(b, k);
        }
        b->loose = loose;
    }
    return good;
}

static uint32_t text_room(const struct map_builder *b)
{
    uint32_t bytes = 0;
    for (uint32_t i = 0; i < b->count; i++) {
        const struct point *p = &b->points[i];
        if (p->from < 0 && (p->type == RAW_STRING || p->type == RAW_TIME)) {
            bytes += p->words * 2U + 32;
        }
    }
    return bytes;
}

static bool read_head(struct map_builder *b, const struct node *root, const struct map_nodes *n)
{
    struct map *m = b->map;
    unsigned verified = 0;
    bool given[RAW_COUNT];
    m->title = m->source = m->verified = "";
    bool good = (b->loose && n->format == NULL) || check_format(&b->r, root, n->format);
    good = read_text(&b->r, n->title, "title", &m->title) && good;
    good = read_source(b, n->source, &m->source) && good;
    good = read_word(&b->r, n->verified, "verified", verified_words, VERIFIED_WORDS, &verified) &&
           good;
    if (n->verified != NULL) {
        m->verified = verified_words[verified];
    }
    good = read_doc_base(b, n->doc_base) && good;
    good = read_limits(b, n->limits) && good;
    good = (n->order == NULL || read_orders(&b->r, n->order, b->order, given)) && good;
    good =
        read_duration(&b->r, n->every, "every", EVERY_MIN_NS, EVERY_MAX_NS, &m->every_ns) && good;
    good = read_deadband(&b->r, n->deadband, &m->deadband) && good;
    b->deadband = m->deadband;
    return read_duration(&b->r, n->max_silence, "max_silence", NS_PER_MS, EVERY_MAX_NS,
                         &b->max_silence_ns) &&
           good;
}

static bool build(struct map_builder *b, const struct node *root)
{
    struct map_nodes n = {0};
    struct map *m = b->map;
    bool good = true;
    root = refuse_unsupported(b, root, false, &good);
    if (root == NULL) {
        return false;
    }
    good =
        take_fields(&b->r, root, map_fields, sizeof map_fields / sizeof *map_fields, &n, "a map") &&
        good;
    if (root->kind != NODE_MAPPING) {
        return false;
    }
    good = read_head(b, root, &n) && good;
    good = read_tags(b, root, n.tags) && good;
    if (b->points == NULL || diags_errors(b->r.ds) >= MISTAKES_ENOUGH) {
        return false;
    }
    bool resolved = resolve_references(b);
    good = sort_computed(b, resolved) && good;
    good = check_writes(b) && good;
    good = check_groups(b) && good;
    good = check_gaps(b) && good;
    m->heartbeat.point = -1;
    m->identity.point = -1;
    good = read_heartbeat(&b->r, n.heartbeat, b, b->points, &b->names, &m->heartbeat) && good;
    good = read_identify(b, n.identify) && good;
    good = read_examples(b, n.examples) && good;
    m->points = b->points;
    m->point_count = b->count;
    m->group_count = b->groups.count;
    m->text_bytes = text_room(b);
    return good;
}

const struct map *map_build(struct arena *a, struct arena *scratch, const struct map_tree *tree,
                            struct diags *ds, struct names *names)
{
    size_t before = diags_errors(ds);
    struct map_builder b = {.r = {a, ds, tree->file, NULL, tree->overlaid}, .scratch = scratch};
    const char **others = arena_get_array(a, ORIGIN_OVERLAY, sizeof *others);
    b.map = arena_get(a, sizeof *b.map);
    if (others == NULL || b.map == NULL) {
        return NULL;
    }
    memcpy(others, tree->others, sizeof tree->others);
    b.r.others = others;
    b.merged = tree->merged;
    b.loose = b.tagless = tree->loose;
    names_init(&b.names, true, a);
    names_init(&b.groups, false, a);
    names_init(&b.plain, false, scratch);
    default_orders(b.order);
    b.map->name = arena_copy(a, tree->name, strlen(tree->name));
    b.map->file = tree->file;
    b.map->extends = tree->extends;
    snprintf(b.map->hash, sizeof b.map->hash, "%016jx", (uintmax_t)tree->hash);
    bool good = build(&b, tree->root) && !tree->flawed;
    names_fini(&b.groups);
    names_fini(&b.plain);
    /* What came to nothing for want of memory says nothing of it by itself. */
    if ((arena_exhausted(a) || arena_exhausted(scratch)) && diags_errors(ds) == before) {
        good = complain(&b.r, tree->root, "out of memory");
    }
    if (good && names != NULL) {
        *names = b.names;
    } else {
        names_fini(&b.names);
    }
    return good ? b.map : NULL;
}

/* What stands in scratch is needed only until the map is built. */
static const struct map *open_and_build(struct arena *a, const char *text, size_t length,
                                        const char *file, const char *name, const char *library,
                                        struct diags *ds)
{
    struct map_tree tree;
    size_t before = diags_errors(ds);
    struct arena *scratch = arena_new(0);
    bool good =
        scratch != NULL &&
        (text == NULL ? map_open(a, scratch, file, name, library, ds, &tree)
                      : map_open_text(a, scratch, text, length, file, name, library, ds, &tree));
    const struct map *m = good ? map_build(a, scratch, &tree, ds, NULL) : NULL;
    if (m == NULL && diags_errors(ds) == before &&
        (scratch == NULL || arena_exhausted(a) || arena_exhausted(scratch))) {
        diag_add(ds, DIAG_ERROR, (struct place){file, 1, 1}, "out of memory");
    }
    arena_free(scratch);
    return m;
}

const struct map *map_parse(struct arena *a, const char *text, size_t length, const char *file,
                            const char *name, struct diags *ds)
{
    return open_and_build(a, text, length, file, name, NULL, ds);
}

const struct map *map_load(struct arena *a, const char *file, const char *name, const char *library,
                           struct diags *ds)
{
    return open_and_build(a, NULL, 0, file, name, library, ds);
}
