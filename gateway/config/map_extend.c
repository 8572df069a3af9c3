/* SPDX-License-Identifier: Apache-2.0 */
/* From files to one tree: a map, laid over the one that it extends, laid over ... */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "config/library.h"
#include "config/map_merge.h"
#include "config/map_parts.h"
#include "config/map_whole.h"

struct opening { /* of one file, and whose sake it is read for */
    struct reader r;
    struct arena *scratch;
    const char *library;
    const struct opening *above; /* the map that extends this one; NULL */
    unsigned deep;
};

static const struct node *read_text_of(const struct opening *o, const char *text, size_t length)
{
    static const struct yaml_limits limits = {MAP_BYTES_MAX, MAP_NODES_MAX, DEPTH_OF_FILES,
                                              SCALAR_MAX};
    return yaml_parse(o->scratch, text, length, o->r.file, &limits, o->r.ds);
}

static char *read_file(const struct opening *o, size_t *length)
{
    char *text = text_read_file(o->r.file, MAP_BYTES_MAX, length);
    if (text == NULL) {
        complain_at(&o->r, (struct place){o->r.file, 1, 1},
                    errno == EFBIG ? "a map has 1 MiB at most; split it" : "cannot be read: %s",
                    strerror(errno));
    }
    return text;
}

static const char *folder_of(struct arena *a, const char *file)
{
    const char *slash = strrchr(file, '/');
    return slash == NULL ? "." : arena_copy(a, file, slash == file ? 1 : (size_t)(slash - file));
}

static const char *folder_above(struct arena *a, const char *folder)
{
    const char *slash = strrchr(folder, '/'), *last = slash == NULL ? folder : slash + 1;
    if (strcmp(last, "..") == 0 || strcmp(last, ".") == 0) {
        return arena_printf(a, "%s/..", folder);
    }
    return folder_of(a, folder);
}

/* Is it the file of this name? Then *root is the folder that the name counts from. */
static bool is_file_of(const char *file, const char *name, size_t *root)
{
    size_t length = strlen(file), tail = strlen(name) + 5;
    *root = length > tail ? length - tail : 0;
    return length > tail && file[*root - 1] == '/' && strncmp(file + *root, name, tail - 5) == 0 &&
           strcmp(file + length - 5, ".yaml") == 0;
}

/* The folders in which `extends` looks: the one that this map's own name counts from, or, when it
 * was named by its path, those that it may count from; then the library. A map that extends its own
 * name means the library's. */
static size_t folders_of(const struct opening *o, const char *name, const char *wanted,
                         const char *folders[3])
{
    struct arena *a = o->r.arena;
    size_t root, count = 0;
    if (is_file_of(o->r.file, wanted, &root)) {
        count = 0;
    } else if (is_file_of(o->r.file, name, &root)) {
        folders[count++] = arena_copy(a, o->r.file, root > 1 ? root - 1 : 1);
    } else {
        const char *folder = folder_of(a, o->r.file);
        folders[count++] = folder == NULL ? NULL : folder_above(a, folder);
        folders[count++] = folder;
    }
    folders[count++] = library_folder(a, o->library);
    for (size_t i = 0; i < count; i++) {
        if (folders[i] == NULL) {
            return 0;
        }
    }
    return count > 1 && strcmp(folders[count - 2], folders[count - 1]) == 0 ? count - 1 : count;
}

static bool may_go_on(const struct opening *o, const struct node *n, const char *file)
{
    for (const struct opening *k = o; k != NULL; k = k->above) {
        if (strcmp(k->r.file, file) == 0) {
            return complain(&o->r, n, "extends `%s`: maps that extend each other in a circle",
                            n->text);
        }
    }
    return o->deep < MAPS_DEEP ||
           complain(&o->r, n, "extends `%s`: more than %d maps one below the other", n->text,
                    MAPS_DEEP);
}

static bool open_tree(struct opening *o, const char *text, size_t length, const char *name,
                      struct map_tree *out);

static bool open_below(struct opening *o, const struct node *n, const char *file,
                       struct map_tree *out)
{
    struct opening below = *o;
    below.r.file = file;
    below.above = o;
    below.deep++;
    size_t length;
    char *text = read_file(&below, &length);
    bool good = text != NULL && open_tree(&below, text, length, n->text, out);
    free(text);
    bool exhausted = arena_exhausted(o->r.arena) || arena_exhausted(o->scratch);
    return good || complain_if(&o->r, exhausted, n, "out of memory");
}

/* The file's own tree over the one below it. */
static bool extend(struct opening *o, const struct node *n, struct map_tree *tree)
{
    const char *folders[3];
    if (!library_name(&o->r, n, "extends")) {
        return false;
    }
    size_t count = folders_of(o, tree->name, n->text, folders);
    const char *file = count == 0 ? NULL : library_find(&o->r, o->scratch, n, folders, count);
    struct map_tree below = {0};
    if (file == NULL || !may_go_on(o, n, file) || !open_below(o, n, file, &below)) {
        return false;
    }
    if (below.root->kind != NODE_MAPPING) {
        return complain_at(&o->r, (struct place){below.file, below.root->line, below.root->column},
                           "a map is a mapping of keys and values, like {format: ...}");
    }
    struct node *lower = node_copy(o->scratch, below.root, 1);
    if (lower == NULL) {
        return false;
    }
    tree->others[0] = below.file;
    for (size_t i = 0; i < MAPS_DEEP; i++) {
        tree->others[i + 1] = below.others[i];
    }
    tree->extends = arena_copy(o->r.arena, n->text, n->length);
    tree->root = map_merge(o->scratch, lower, tree->root);
    tree->merged = true;
    tree->loose = tree->loose || below.loose || node_get(below.root, "tags") == NULL;
    tree->hash = below.hash;
    return tree->extends != NULL && tree->root != NULL;
}

/* The key is not there, but one that is nearly it: that will be told. */
static bool is_misspelt(const struct node *root, const char *key)
{
    bool near = false;
    for (const struct node *k = root->kind == NODE_MAPPING ? root->first : NULL; k != NULL;
         k = k->next->next) {
        if (strcmp(k->text, key) == 0) {
            return false;
        }
        near = near || text_nearest(k->text, &key, 1) != NULL;
    }
    return near;
}

static bool open_tree(struct opening *o, const char *text, size_t length, const char *name,
                      struct map_tree *out)
{
    size_t before = diags_errors(o->r.ds);
    const struct node *root = read_text_of(o, text, length);
    *out = (struct map_tree){.root = root, .file = o->r.file, .name = name};
    if (root == NULL) {
        return false;
    }
    const struct node *n = root->kind == NODE_MAPPING ? node_get(root, "extends") : NULL;
    out->loose = is_misspelt(root, "extends") || is_misspelt(root, "tags");
    out->merged = out->loose;
    if (n != NULL && node_get(root, "format") == NULL && !is_misspelt(root, "format")) {
        check_format(&o->r, root, NULL); /* or that of the map below would do */
    }
    if (n != NULL && !extend(o, n, out)) {
        out->loose = out->merged = true;
        out->root = root;
    }
    if (out->root == NULL || arena_exhausted(o->r.arena) || arena_exhausted(o->scratch)) {
        return false;
    }
    out->hash = text_hash(out->hash, text, length);
    out->flawed = diags_errors(o->r.ds) > before;
    return true;
}

bool map_open_text(struct arena *a, struct arena *scratch, const char *text, size_t length,
                   const char *file, const char *name, const char *library, struct diags *ds,
                   struct map_tree *out)
{
    struct opening o = {.r = {.arena = a, .ds = ds, .file = arena_copy(a, file, strlen(file))},
                        .scratch = scratch,
                        .library = library};
    return o.r.file != NULL && open_tree(&o, text, length, name, out);
}

bool map_open(struct arena *a, struct arena *scratch, const char *file, const char *name,
              const char *library, struct diags *ds, struct map_tree *out)
{
    struct opening o = {.r = {.arena = a, .ds = ds, .file = arena_copy(a, file, strlen(file))},
                        .scratch = scratch,
                        .library = library};
    size_t length;
    char *text = o.r.file == NULL ? NULL : read_file(&o, &length);
    bool good = text != NULL && open_tree(&o, text, length, name, out);
    free(text);
    return good;
}

void map_overlay_alone(struct arena *a, struct arena *scratch, const struct node *tags,
                       const char *plant_file, struct diags *ds)
{
    static const struct node nothing = {.kind = NODE_MAPPING};
    const struct map_tree below = {
        .root = &nothing, .file = plant_file, .name = "", .loose = true, .flawed = true};
    struct map_tree tree;
    if (map_overlay(scratch, &below, tags, plant_file, &tree)) {
        map_build(a, scratch, &tree, ds, NULL);
    }
}

bool map_overlay(struct arena *scratch, const struct map_tree *below, const struct node *tags,
                 const char *plant_file, struct map_tree *out)
{
    struct node *upper = arena_get_array(scratch, 4, sizeof *upper);
    struct node *copy = node_copy(scratch, tags, ORIGIN_OVERLAY);
    if (upper == NULL || copy == NULL) {
        return false;
    }
    for (int i = 0; i < 4; i++) {
        upper[i] = (struct node){.line = tags->line,
                                 .column = tags->column,
                                 .kind = NODE_SCALAR,
                                 .origin = ORIGIN_OVERLAY};
    }
    upper[0].kind = NODE_MAPPING;
    upper[0].first = &upper[1];
    upper[0].length = 2;
    upper[1].text = "tags";
    upper[1].next = copy;
    copy->next = &upper[2];
    /* They are about the map as its own file has it. */
    upper[2].text = "examples";
    upper[2].next = &upper[3];
    upper[3].text = "off";
    upper[1].length = 4;
    upper[2].length = 8;
    upper[3].length = 3;
    *out = *below;
    out->root = map_merge(scratch, below->root, upper);
    out->others[ORIGIN_OVERLAY - 1] = plant_file;
    out->merged = out->overlaid = true;
    return out->root != NULL;
}
