/* SPDX-License-Identifier: Apache-2.0 */
#include "config/library.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"

enum { NAME_LIMIT = 200, FOUND_MAX = 1000, FOLDERS_DEEP = 3 };

struct found {
    struct arena *arena;
    const char *names[FOUND_MAX];
    size_t count;
};

/* Beside the program: packages are unpacked under prefixes that nobody knew when it was built, and
 * what another version left elsewhere is not its own. Else where they were to be installed. */
static const char *installed(struct arena *a)
{
    char program[4096];
    ssize_t length = readlink("/proc/self/exe", program, sizeof program - 1);
    program[length > 0 ? length : 0] = '\0';
    for (int up = 0; up < 2; up++) {
        char *slash = strrchr(program, '/');
        if (slash != NULL) {
            *slash = '\0';
        }
    }
    const char *near = arena_printf(a, "%s/share/headgate/maps", program);
    return near != NULL && length > 0 && access(near, F_OK) == 0 ? near : HEADGATE_MAPS_DIR;
}

const char *library_folder(struct arena *a, const char *wish)
{
    if (wish == NULL) {
        wish = getenv("HEADGATE_MAPS");
    }
    return wish == NULL || *wish == '\0' ? installed(a) : wish;
}

bool library_name(const struct reader *r, const struct node *n, const char *key)
{
    if (!is_scalar(r, n, key)) {
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
        return complain(r, n, "%s `%s`: leave out the .yaml", key, n->text);
    }
    return good || complain(r, n,
                            "%s `%.80s`: a name like eastron/sdm630, relative to the "
                            "folder of maps, without a leading `/` and without `..`",
                            key, n->text);
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

/* "neither a/x.yaml nor b/x.yaml is there" */
static void not_found(const struct reader *r, struct arena *scratch, const struct node *n,
                      const char *const *folders, size_t count)
{
    struct found f = {.arena = scratch};
    char where[400] = "";
    size_t length = 0;
    for (size_t i = 0; i < count; i++) {
        look_into(&f, folders[i], "", FOLDERS_DEEP);
        const char *before = i > 0 ? " nor " : count > 1 ? "neither " : "";
        if (length < sizeof where) {
            length += (size_t)snprintf(where + length, sizeof where - length, "%s%s/%s.yaml",
                                       before, folders[i], n->text);
        }
    }
    complain(r, n, "no map `%s`: %s is %sthere%s", n->text, where, count > 1 ? "" : "not ",
             did_you_mean(r, n->text, f.names, f.count));
}

const char *library_find(const struct reader *r, struct arena *scratch, const struct node *n,
                         const char *const *folders, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const char *file = arena_printf(r->arena, "%s/%s.yaml", folders[i], n->text);
        if (file == NULL || access(file, F_OK) == 0) {
            return file;
        }
    }
    not_found(r, scratch, n, folders, count);
    return NULL;
}
