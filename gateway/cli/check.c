/* SPDX-License-Identifier: Apache-2.0 */
/* headgate check PLANT | MAP...: every mistake, before anything is connected. */
#include <argp.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/permit.h"
#include "base/text.h"
#include "cli/check_sites.h"
#include "cli/examples.h"
#include "cli/verbs.h"
#include "config/map.h"
#include "config/map_lint.h"
#include "config/names.h"
#include "config/plant.h"
#include "config/yaml.h"
#include "plan/plan.h"
#include "publish/secret.h"
#include "values/derive.h"

enum { DEEPEST = 8, PATH_ROOM = 4096, FILE_LIMIT = 16 << 20 };

struct check {
    struct plant_options options;
    bool json;
    char **paths;
    int path_count;
    struct arena *arena; /* of what was read; maps are small */
    struct diags *ds;
    struct names seen; /* files that were checked */
    unsigned maps, plants;
    struct check_site *sites;
    bool strict;
    size_t tags, examples;
    char allowed[PERMIT_TEXT_MAX]; /* to people, by the plant that was read last */
};

/* The same file may be named in several ways. NULL: it was checked already. */
static const char *claim(struct check *c, const char *file, unsigned *count)
{
    struct stat s;
    const char *kept = arena_copy(c->arena, file, strlen(file));
    if (kept == NULL) {
        return NULL;
    }
    if (stat(file, &s) != 0) {
        diag_add(c->ds, DIAG_ERROR, (struct place){kept, 1, 1}, "cannot be read: %s",
                 strerror(errno));
        ++*count;
        return NULL;
    }
    const char *id = arena_printf(c->arena, "%ju:%ju", (uintmax_t)s.st_dev, (uintmax_t)s.st_ino);
    if (id == NULL || names_put(&c->seen, id, strlen(id), 0) != NAMES_NONE) {
        return NULL;
    }
    ++*count;
    return kept;
}

static void check_map(struct check *c, const char *file)
{
    const char *kept = claim(c, file, &c->maps);
    if (kept == NULL) {
        return;
    }
    struct map_tree tree;
    size_t before = diags_errors(c->ds);
    bool opened = map_open(c->arena, c->arena, kept, kept, c->options.library, c->ds, &tree);
    const struct map *map = opened ? map_build(c->arena, c->arena, &tree, c->ds, NULL) : NULL;
    if (map == NULL) {
        if (diags_errors(c->ds) == before) {
            diag_add(c->ds, DIAG_ERROR, (struct place){kept, 1, 1}, "out of memory");
        }
        return;
    }
    c->tags += map->point_count;
    c->examples += map->example_count;
    if (!map_lint(map, &tree, c->arena, c->ds) || !examples_run(map, c->ds)) {
        diag_add(c->ds, DIAG_ERROR, (struct place){kept, 1, 1}, "out of memory");
    }
}

/* Credentials are only there while the service runs, and this may be another machine: warnings. */
struct file_check {
    struct diags *ds;
    struct place at;
};

static void check_file_of(void *me, const char *key, const char *path, const char *trouble)
{
    const struct file_check *f = me;
    if (trouble != NULL) {
        diag_add(f->ds, DIAG_WARNING, f->at, "%s: `%s` cannot be read here: %s", key, path,
                 trouble);
    } else {
        diag_add(f->ds, DIAG_WARNING, f->at,
                 "%s: others can read `%s`: chmod 600, or make it a credential of systemd", key,
                 path);
    }
}

static void check_files(struct check *c, const struct mqtt *m)
{
    struct file_check f = {c->ds, m->at};
    secret_check(m, check_file_of, &f);
}

/* Not a mistake, for there are plants that only look; but alarms that nobody can acknowledge stay.
 */
static void check_commands(struct check *c, const struct plant *p)
{
    permit_text(c->allowed, p->commands.allow);
    if (p->alarm_count > 0 && !(p->commands.allow & PERMIT_BIT(ORDER_ACK))) {
        diag_add(c->ds, DIAG_WARNING, p->commands.at,
                 "there are alarms, and nobody may acknowledge them: say `commands: {allow: "
                 "[alarms]}` to allow it");
    }
}

static void check_plant(struct check *c, const char *file)
{
    const char *kept = claim(c, file, &c->plants);
    if (kept == NULL) {
        return;
    }
    const struct plant *plant = plant_load(c->arena, kept, &c->options, c->ds);
    if (plant == NULL) {
        return;
    }
    c->tags += plant->derived_count;
    check_files(c, &plant->mqtt);
    check_commands(c, plant);
    check_sites(&c->sites, plant, c->arena, c->ds);
    derive_free(derive_new(plant, c->ds));
    /* What can't be asked is a mistake of the files too. */
    (void)plan_build(c->arena, plant, c->ds);
    for (uint32_t i = 0; i < plant->device_count; i++) {
        check_map(c, plant->devices[i].map->file);
    }
}

enum content { A_MAP, A_PLANT, A_STORY };

/* By what stands in it, not by where it lies. A file that cannot be parsed is judged by its first
 * words. */
static enum content content_of(const char *text, size_t length, const char *file)
{
    static const struct yaml_limits limits = {FILE_LIMIT, 1000000, 16, 8192};
    struct arena *scratch = arena_new(0);
    struct diags *unheard = diags_new();
    enum content what = A_MAP;
    const struct node *root = NULL;
    if (scratch != NULL && unheard != NULL) {
        root = yaml_parse(scratch, text, length, file, &limits, unheard);
    }
    if (root != NULL && root->kind == NODE_MAPPING && node_get(root, "tags") == NULL &&
        node_get(root, "extends") == NULL) {
        bool plant = node_get(root, "site") != NULL || node_get(root, "devices") != NULL ||
                     node_get(root, "lines") != NULL;
        what = plant ? A_PLANT : node_get(root, "steps") != NULL ? A_STORY : A_MAP;
    } else if (root == NULL) {
        bool plant = strstr(text, "\nsite:") != NULL || strstr(text, "\ndevices:") != NULL;
        what = plant ? A_PLANT : A_MAP;
    }
    diags_free(unheard);
    arena_free(scratch);
    return what;
}

/* Stories of simulations lie beside plants; they are no mistakes, unless somebody names them. */
static void check_file(struct check *c, const char *file, bool named)
{
    size_t length;
    char *text = text_read_file(file, FILE_LIMIT, &length);
    enum content what = text == NULL ? A_MAP : content_of(text, length, file);
    free(text);
    if (what == A_PLANT) {
        check_plant(c, file);
    } else if (what == A_MAP || named) {
        check_map(c, file);
    }
}

static bool is_yaml(const char *name)
{
    size_t length = strlen(name);
    return length > 5 && strcmp(name + length - 5, ".yaml") == 0;
}

static void check_path(struct check *c, const char *path, int deep)
{
    struct stat s;
    struct dirent **entries;
    if (stat(path, &s) != 0 || !S_ISDIR(s.st_mode)) {
        check_file(c, path, deep == DEEPEST);
        return;
    }
    int count = deep > 0 ? scandir(path, &entries, NULL, alphasort) : 0;
    for (int i = 0; i < count; i++) {
        char inner[PATH_ROOM];
        const char *name = entries[i]->d_name;
        bool slash = path[strlen(path) - 1] == '/';
        int length = snprintf(inner, sizeof inner, "%s%s%s", path, slash ? "" : "/", name);
        if (name[0] != '.' && length > 0 && (size_t)length < sizeof inner && stat(inner, &s) == 0 &&
            (S_ISDIR(s.st_mode) || is_yaml(name))) {
            check_path(c, inner, deep - 1);
        }
        free(entries[i]);
    }
    if (deep > 0 && count >= 0) {
        free(entries);
    }
}

static const char *plural(size_t n)
{
    return n == 1 ? "" : "s";
}

static void print_count(size_t n, const char *what, const char *end)
{
    printf("%zu %s%s%s", n, what, plural(n), end);
}

static void report(const struct check *c)
{
    size_t errors = diags_errors(c->ds), warnings = diags_warnings(c->ds);
    if (c->json) {
        printf("{\"files\":%u,\"plants\":%u,\"maps\":%u,\"tags\":%zu,\"examples\":%zu,"
               "\"errors\":%zu,\"warnings\":%zu,\"commands\":%s%s%s,\"diagnostics\":",
               c->plants + c->maps, c->plants, c->maps, c->tags, c->examples, errors, warnings,
               *c->allowed ? "\"" : "", *c->allowed ? c->allowed : "null", *c->allowed ? "\"" : "");
        diags_print_json(c->ds, stdout);
        puts("}");
        return;
    }
    diags_print(c->ds, stdout);
    if (*c->allowed) {
        printf("people may command: %s\n", c->allowed);
    }
    if (c->plants > 0) {
        print_count(c->plants, "plant", ", ");
    }
    print_count(c->maps, "map", ", ");
    print_count(c->tags, "tag", ", ");
    print_count(c->examples, "example", ", ");
    print_count(errors, "error", ", ");
    print_count(warnings, "warning", "\n");
}

static error_t parse(int key, char *word, struct argp_state *state)
{
    struct check *c = state->input;
    switch (key) {
    case 'j':
        c->json = true;
        break;
    case 's':
        c->strict = true;
        break;
    case 'm':
        c->options.library = word;
        break;
    case ARGP_KEY_ARGS:
        c->paths = state->argv + state->next;
        c->path_count = state->argc - state->next;
        break;
    case ARGP_KEY_NO_ARGS:
        argp_error(state, "which files?");
        break;
    default:
        return ARGP_ERR_UNKNOWN;
    }
    return 0;
}

int verb_check(int argc, char **argv)
{
    static const struct argp_option options[] = {
        {"json", 'j', NULL, 0, "print one JSON object", 0},
        {"strict", 's', NULL, 0, "warnings count as mistakes do", 0},
        {"maps", 'm', "DIR", 0, "the library of maps, instead of the installed one", 0},
        {0},
    };
    static const struct argp argp = {
        options,
        parse,
        "PLANT|MAP|DIR...",
        "Reads plant files and register maps, runs the maps' own examples, and prints every "
        "mistake "
        "as file:line:column.\vFolders are searched for *.yaml. Exit status: 0 no mistakes, 1 "
        "mistakes, 2 wrong usage.",
        NULL,
        NULL,
        NULL};
    struct check c = {0};
    if (!verb_arguments(&argp, argc, argv, &c))
        return EXIT_NO;
    c.arena = arena_new(0);
    c.ds = diags_new();
    if (c.arena == NULL || c.ds == NULL) {
        fputs("headgate check: out of memory\n", stderr);
        return EXIT_NO;
    }
    c.options.expression = derive_check;
    names_init(&c.seen, false, c.arena);
    for (int i = 0; i < c.path_count; i++) {
        check_path(&c, c.paths[i], DEEPEST);
    }
    if (c.plants + c.maps == 0) {
        diag_add(c.ds, DIAG_ERROR, (struct place){c.paths[0], 1, 1},
                 "there is no *.yaml file in there");
    }
    diags_unite(c.ds); /* a map may be named, and be a plant's as well */
    report(&c);
    bool well = diags_errors(c.ds) == 0 && (!c.strict || diags_warnings(c.ds) == 0);
    int status = well ? EXIT_DONE : EXIT_NO;
    names_fini(&c.seen);
    diags_free(c.ds);
    arena_free(c.arena);
    return status;
}
