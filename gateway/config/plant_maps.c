/* SPDX-License-Identifier: Apache-2.0 */
/* A map by its name: beside the plant file, then in the library; each read once. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "config/plant_parts.h"

enum { NAME_LIMIT = 200, FOUND_MAX = 1000, FOLDERS_DEEP = 3 };

struct found {
    struct arena *arena;
    const char *names[FOUND_MAX];
    size_t count;
};

/* Where they were to be installed; or, if that isn't there, beside the program: packages are
 * unpacked under prefixes that nobody knew when it was built. */
static const char *installed_library(const struct plant_builder *b)
{
    char program[4096];
    ssize_t length = readlink("/proc/self/exe", program, sizeof program - 1);
    if (access(HEADGATE_MAPS_DIR, F_OK) == 0 || length <= 0) {
        return HEADGATE_MAPS_DIR;
    }
    program[length] = '\0';
    for (int up = 0; up < 2; up++) {
        char *slash = strrchr(program, '/');
        if (slash != NULL) {
            *slash = '\0';
        }
    }
    const char *near = arena_printf(b->r.arena, "%s/share/headgate/maps", program);
    return near != NULL && access(near, F_OK) == 0 ? near : HEADGATE_MAPS_DIR;
}

bool find_maps(struct plant_builder *b)
{
    const char *library = b->options == NULL ? NULL : b->options->library;
    if (library == NULL) {
        library = getenv("HEADGATE_MAPS");
    }
    b->library = library == NULL || *library == '\0' ? installed_library(b) : library;
    return true;
}

static void look_into(struct found *f, const char *folder, const char *prefix, int deep)
{
    DIR *dir = opendir(folder);
    if (dir == NULL) {
        return;
    }
    for (struct dirent *e = readdir(dir); e != NULL && f->count < FOUND_MAX; e = readdir(dir)) {
        size_t length = strlen(e->d_name);
        char path[4096];
        struct stat s;
        if (e->d_name[0] == '.' ||
            (size_t)snprintf(path, sizeof path, "%s/%s", folder, e->d_name) >= sizeof path ||
            stat(path, &s) != 0) {
            continue;
        }
        if (S_ISDIR(s.st_mode) && deep > 0) {
            const char *inner = arena_printf(f->arena, "%s%s/", prefix, e->d_name);
            if (inner != NULL) {
                look_into(f, path, inner, deep - 1);
            }
        } else if (length > 5 && strcmp(e->d_name + length - 5, ".yaml") == 0) {
            const char *name = arena_printf(f->arena, "%s%.*s", prefix, (int)length - 5, e->d_name);
            if (name != NULL) {
                f->names[f->count++] = name;
            }
        }
    }
    closedir(dir);
}

static bool not_found(struct plant_builder *b, const struct node *n, const char *beside)
{
    struct found f = {.arena = b->scratch};
    look_into(&f, beside, "", FOLDERS_DEEP);
    look_into(&f, b->library, "", FOLDERS_DEEP);
    const char *near = did_you_mean(&b->r, n->text, f.names, f.count);
    return complain(&b->r, n, "no map `%s`: neither %s/%s.yaml nor %s/%s.yaml is there%s", n->text,
                    beside, n->text, b->library, n->text, near);
}

static bool good_name(const struct plant_builder *b, const struct node *n)
{
    if (!is_scalar(&b->r, n, "map")) {
        return false;
    }
    bool good = n->length > 0 && n->length <= NAME_LIMIT;
    const char *part = n->text;
    for (size_t length; good; part += length + 1) {
        length = strcspn(part, "/");
        good = text_is_name(part, length) && part[0] != '.';
        if (part[length] != '/') {
            break;
        }
    }
    if (good && n->length > 5 && strcmp(n->text + n->length - 5, ".yaml") == 0) {
        return complain(&b->r, n, "map `%s`: leave out the .yaml", n->text);
    }
    return good || complain(&b->r, n,
                            "map `%.80s`: a name like eastron/sdm630, relative to the "
                            "folder of maps, without a leading `/` and without `..`",
                            n->text);
}

static bool read_found(struct plant_builder *b, const struct node *n, struct loaded_map *out)
{
    const char *beside = arena_printf(b->r.arena, "%smaps", b->folder);
    const char *file = arena_printf(b->r.arena, "%s/%s.yaml", beside, n->text);
    if (file != NULL && access(file, F_OK) != 0) {
        file = arena_printf(b->r.arena, "%s/%s.yaml", b->library, n->text);
        if (file != NULL && access(file, F_OK) != 0) {
            return not_found(b, n, beside);
        }
    }
    if (file == NULL) {
        return false;
    }
    size_t before = diags_errors(b->r.ds);
    out->map = map_load_names(b->r.arena, file, n->text, b->r.ds, &out->names);
    return out->map != NULL || diags_errors(b->r.ds) > before;
}

struct loaded_map *load_map(struct plant_builder *b, const struct node *n)
{
    if (!good_name(b, n)) {
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
