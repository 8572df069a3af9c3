/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a plant file, with the maps that come with the program, and a small one, in reach.
 * Nothing is read from disk while it goes on: the linker sends the reader of files here. */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "fuzz.h"

#include "base/text.h"
#include "config/plant.h"
#include "plan/plan.h"
#include "values/derive.h"

enum { FILES = 128 };

static struct file {
    char path[128];
    char *text;
    size_t length;
} files[FILES];
static unsigned file_count;
static const uint8_t *plant;
static size_t plant_length;

static const char library[] = "/library/";
static const char plant_file[] = "/site/plant.yaml";

char *__real_text_read_file(const char *path, size_t limit, size_t *length);
char *__wrap_text_read_file(const char *path, size_t limit, size_t *length);
int __real_access(const char *path, int how);
int __wrap_access(const char *path, int how);

static const struct file *known(const char *path)
{
    for (unsigned i = 0; i < file_count; i++)
        if (strcmp(files[i].path, path) == 0)
            return &files[i];
    return NULL;
}

char *__wrap_text_read_file(const char *path, size_t limit, size_t *length)
{
    const struct file *f = known(path);
    const void *from = f ? f->text : (const char *)plant;
    size_t n = f ? f->length : plant_length;
    errno = f || strcmp(path, plant_file) == 0 ? 0 : ENOENT;
    if (errno || n > limit)
        return NULL;
    char *copy = malloc(n + 1);
    if (n)
        memcpy(copy, from, n);
    copy[n] = '\0';
    *length = n;
    return copy;
}

int __wrap_access(const char *path, int how)
{
    if (strncmp(path, library, sizeof library - 1) != 0 && strncmp(path, "/site/", 6) != 0)
        return __real_access(path, how);
    errno = ENOENT;
    return known(path) ? 0 : -1;
}

/* Folders that aren't there can't be looked through for a name that is nearly right, either. */

static void load(const char *folder, const char *name)
{
    char path[4096], inner[256];
    DIR *dir;
    snprintf(path, sizeof path, "%s/%s", folder, name);
    size_t n = strlen(path);
    if (n > 5 && strcmp(path + n - 5, ".yaml") == 0 && file_count < FILES) {
        struct file *f = &files[file_count];
        snprintf(f->path, sizeof f->path, "%s%s", library, name);
        f->text = __real_text_read_file(path, 1 << 20, &f->length);
        file_count += f->text != NULL;
    } else if ((dir = opendir(path)) != NULL) {
        for (const struct dirent *e = readdir(dir); e; e = readdir(dir)) {
            if (e->d_name[0] == '.')
                continue;
            snprintf(inner, sizeof inner, "%s%s%s", name, *name ? "/" : "", e->d_name);
            load(folder, inner);
        }
        closedir(dir);
    }
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    quiet();
    load(SOURCE_DIR "/tests/fuzz/plants/maps", "");
    load(SOURCE_DIR "/examples/lac-des-iles/maps", "");
    load(SOURCE_DIR "/maps", "");
    HOLDS(known("/library/m.yaml") && known("/library/site/pond_plc.yaml"));
    return 0;
}

/* A plant that is taken can be planned, and its expressions compiled, or it is told why not. */
static void use(struct arena *arena, const struct plant *p, struct diags *ds)
{
    const struct plan *plan = plan_build(arena, p, ds);
    HOLDS(plan || diags_errors(ds) > 0);
    size_t before = diags_errors(ds);
    struct derive *d = p->derived_count <= 64 ? derive_new(p, ds) : NULL;
    HOLDS(d || diags_errors(ds) > before || p->derived_count > 64);
    derive_free(d);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    plant = bytes;
    plant_length = length;
    struct arena *arena = arena_new(64 << 20);
    struct diags *ds = diags_new();
    const struct plant_options options = {.library = "/library"};
    const struct plant *p = plant_load(arena, plant_file, &options, ds);
    HOLDS(p || diags_errors(ds) > 0);
    if (p)
        use(arena, p, ds);
    diags_free(ds);
    arena_free(arena);
    return 0;
}
