/* SPDX-License-Identifier: Apache-2.0 */
/* A map by its name: beside the plant file, then in the library; each read once. And what a device
 * changes in its map: read once for all devices that change the same. */
#include <string.h>

#include "base/text.h"
#include "config/library.h"
#include "config/plant_parts.h"

bool find_maps(struct plant_builder *b)
{
    b->library = library_folder(b->r.arena, b->options == NULL ? NULL : b->options->library);
    return b->library != NULL;
}

static void read_found(struct plant_builder *b, const struct node *n, struct loaded_map *out)
{
    const char *folders[2] = {arena_printf(b->r.arena, "%smaps", b->folder), b->library};
    const char *file = folders[0] == NULL ? NULL : library_find(&b->r, b->scratch, n, folders, 2);
    struct map_tree *tree = arena_get(b->scratch, sizeof *tree);
    if (file == NULL || tree == NULL ||
        !map_open(b->r.arena, b->scratch, file, n->text, b->library, b->r.ds, tree)) {
        return;
    }
    out->tree = tree;
    out->map = map_build(b->r.arena, b->scratch, tree, b->r.ds, &out->names);
}

struct loaded_map *load_map(struct plant_builder *b, const struct node *n)
{
    if (!library_name(&b->r, n, "map")) {
        return NULL;
    }
    uint32_t known = names_put(&b->map_names, n->text, n->length, b->map_count);
    if (known != NAMES_NONE) {
        return b->maps[known].map == NULL ? NULL : &b->maps[known];
    }
    struct loaded_map *m = &b->maps[b->map_count++];
    read_found(b, n, m);
    return m->map == NULL ? NULL : m;
}

struct spelling { /* of a node, into a text that no other node has */
    char *text; /* NULL: only measured */
    size_t length;
};

static void put(struct spelling *s, const char *text, size_t length)
{
    if (s->text != NULL) {
        memcpy(s->text + s->length, text, length);
    }
    s->length += length;
}

static void spell(struct spelling *s, const struct node *n)
{
    static const char *const open[] = {"'", "[", "{"};
    if (n->kind == NODE_SCALAR) {
        put(s, n->quoted ? "\"" : "'", 1);
        put(s, n->text, n->length + 1); /* no text holds a NUL: with it, the end is certain */
        return;
    }
    put(s, open[n->kind], 1);
    for (const struct node *i = n->first; i != NULL; i = i->next) {
        spell(s, i);
    }
    put(s, "]", 1);
}

struct loaded_map *overlay_map(struct plant_builder *b, uint32_t index, const struct node *tags)
{
    const struct loaded_map *below = &b->maps[index];
    struct spelling s = {NULL, 0};
    spell(&s, tags);
    s.text = arena_get(b->scratch, s.length + sizeof index);
    if (s.text == NULL) {
        return NULL;
    }
    s.length = 0;
    spell(&s, tags);
    uint64_t hash = text_hash(below->tree->hash, s.text, s.length);
    put(&s, (const char *)&index, sizeof index);
    uint32_t known = names_put(&b->overlay_names, s.text, s.length, b->map_count);
    if (known != NAMES_NONE) {
        return b->maps[known].map == NULL ? NULL : &b->maps[known];
    }
    struct loaded_map *m = &b->maps[b->map_count++];
    struct map_tree tree;
    if (map_overlay(b->scratch, below->tree, tags, b->r.file, &tree)) {
        tree.hash = hash;
        m->map = map_build(b->r.arena, b->scratch, &tree, b->r.ds, &m->names);
    }
    return m->map == NULL ? NULL : m;
}
