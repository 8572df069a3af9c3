/* SPDX-License-Identifier: Apache-2.0 */
/* headgate import FORMAT FILE: a register map from somebody else's tag list. */
#include <argp.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "cli/verbs.h"
#include "import/import.h"

enum { PATH_ROOM = 4096, OPT_PLAIN = 256 };

struct arguments {
    const struct import_format *format;
    const char *file, *output;
    bool force;
    struct import_options options;
};

static const struct argp_option options[] = {
    {"output", 'o', "FILE|DIR", 0,
     "where to, instead of standard output; lists of several devices "
     "need a folder",
     0},
    {"force", 'f', NULL, 0, "write over what is there", 0},
    {"base", OPT_PLAIN, "BASE", 0, "what addresses count from: 0, 1, 40001, 400001, iec, codesys",
     1},
    {"hex-base", OPT_PLAIN + 1, "BASE", 0, "the same of those in hexadecimal: 0, 1", 1},
    {"zeros", OPT_PLAIN + 2, "WHICH", 0,
     "short addresses have lost their zeros, or kept: lost, kept", 1},
    {"table", OPT_PLAIN + 3, "TABLE", 0,
     "where the list names none: coil, discrete, input, holding", 1},
    {"type", OPT_PLAIN + 4, "TYPE", 0, "where the list names none: u16, s16, f32 ...", 1},
    {"order", OPT_PLAIN + 5, "ORDER", 0,
     "of bytes: AB, ABCD, CDAB, GHEFCDAB ...; several by commas; "
     "LB=CDAB explains a word of the list",
     1},
    {"bit-base", OPT_PLAIN + 6, "BASE", 0, "how bits are counted: 0, 1, msb0, msb1", 1},
    {"dot-one", OPT_PLAIN + 7, "BIT", 0, "what .1 is: 1, or 10 shortened by a spreadsheet", 1},
    {"dot-zero", OPT_PLAIN + 14, "WHAT", 0,
     "what the .0 of 100.0 is: bit, or number that a spreadsheet shows so", 1},
    {"scaling", OPT_PLAIN + 8, "HOW", 0, "what a scale does: multiply, divide", 1},
    {"decimal", OPT_PLAIN + 9, "SIGN", 0, "in numbers like 1,000: point, comma", 1},
    {"columns", OPT_PLAIN + 10, "FIELD=HEADING,...", 0, "csv: which column is what", 2},
    {"unit", OPT_PLAIN + 15, "N", 0, "csv: the rows of this unit only, where a column has several",
     2},
    {"delimiter", OPT_PLAIN + 11, "SIGN", 0, "between cells, if it is not found by looking", 2},
    {"fill-addresses", OPT_PLAIN + 12, NULL, 0, "csv: an empty address lies behind the value above",
     2},
    {"writable", OPT_PLAIN + 13, NULL, 0, "what the list may write, the map may too", 2},
    {0},
};

static void take_option(struct arguments *a, int key, char *word, struct argp_state *state)
{
    const char *name = "", *why = NULL;
    for (const struct argp_option *o = options; o->name != NULL; o++)
        if (o->key == key)
            name = o->name;
    if (strcmp(name, "order") == 0) {
        for (char *next, *one = word; one != NULL && why == NULL; one = next) {
            next = strchr(one, ',');
            if (next != NULL)
                *next++ = '\0';
            why = import_option(&a->options, name, one);
        }
    } else {
        why = import_option(&a->options, name, word);
    }
    if (why != NULL)
        argp_error(state, "--%s: %s", name, why);
}

static error_t parse(int key, char *word, struct argp_state *state)
{
    struct arguments *a = state->input;
    switch (key) {
    case 'o':
        a->output = word;
        break;
    case 'f':
        a->force = true;
        break;
    case OPT_PLAIN + 12:
        a->options.fill_addresses = true;
        break;
    case OPT_PLAIN + 13:
        a->options.writable = true;
        break;
    case ARGP_KEY_ARG:
        if (state->arg_num == 0) {
            a->format = import_format(word);
            if (a->format == NULL)
                argp_error(state,
                           "there is no format `%s`; there are kepware, ignition, modpoll, "
                           "telegraf, neuron, wirenboard and csv",
                           word);
        } else if (state->arg_num == 1) {
            a->file = word;
        } else {
            argp_error(state, "one file at a time");
        }
        break;
    case ARGP_KEY_END:
        if (a->file == NULL)
            argp_error(state, "which format, and which file?");
        break;
    default:
        if (key < OPT_PLAIN || key > OPT_PLAIN + 15)
            return ARGP_ERR_UNKNOWN;
        take_option(a, key, word, state);
    }
    return 0;
}

static bool complain(const char *path)
{
    fprintf(stderr, "headgate import: %s: %s%s\n", path, strerror(errno),
            errno == EEXIST ? "; --force writes over it" : "");
    return false;
}

/* Whole, or as it was: written beside its place and moved there. A device or a pipe would be
 * replaced by that. */
static bool write_file(const struct arguments *a, const char *path, const char *text)
{
    char part[PATH_ROOM + 8];
    struct stat there;
    if (lstat(path, &there) == 0 && !S_ISREG(there.st_mode)) {
        fprintf(stderr,
                "headgate import: %s is no ordinary file; without --output the map goes to "
                "standard output\n",
                path);
        return false;
    }
    snprintf(part, sizeof part, "%s.XXXXXX", path);
    int fd = mkostemp(part, O_CLOEXEC);
    if (fd < 0)
        return complain(path);
    mode_t mask = umask(0);
    umask(mask);
    FILE *out = fdopen(fd, "w");
    if (out == NULL)
        close(fd);
    bool good = out != NULL && fchmod(fd, 0666 & ~mask) == 0 && fputs(text, out) >= 0;
    good = out != NULL && fclose(out) == 0 && good;
    unsigned how = a->force ? 0 : RENAME_NOREPLACE;
    good = good && renameat2(AT_FDCWD, part, AT_FDCWD, path, how) == 0;
    if (!good) {
        complain(path);
        unlink(part);
    }
    return good;
}

static bool is_folder(const char *path)
{
    struct stat s;
    size_t length = strlen(path);
    return (length > 0 && path[length - 1] == '/') || (stat(path, &s) == 0 && S_ISDIR(s.st_mode));
}

static bool path_of(const struct arguments *a, const char *name, char path[PATH_ROOM])
{
    int length = is_folder(a->output) ? snprintf(path, PATH_ROOM, "%s/%s.yaml", a->output, name)
                                      : snprintf(path, PATH_ROOM, "%s", a->output);
    errno = ENAMETOOLONG;
    return (length > 0 && length < PATH_ROOM) || complain(a->output);
}

/* Before the first is written, so that it is all of them or none. */
static bool is_free(const struct arguments *a, const char *name)
{
    char path[PATH_ROOM];
    if (a->output == NULL || a->force)
        return true;
    if (!path_of(a, name, path))
        return false;
    bool there = access(path, F_OK) == 0;
    errno = EEXIST;
    return !there || complain(path);
}

static bool put(const struct arguments *a, const char *name, const char *text)
{
    char path[PATH_ROOM];
    if (a->output == NULL)
        return fputs(text, stdout) >= 0 && fflush(stdout) == 0;
    return path_of(a, name, path) && write_file(a, path, text);
}

/* All maps are made before the first is written: what can't be said in one is told in time. */
static int write_all(const struct arguments *a, struct import *i)
{
    static const char piece[] = "plant-piece";
    unsigned maps = import_maps(i);
    bool folder = a->output != NULL && is_folder(a->output);
    if (maps > 1 && !folder) {
        fprintf(
            stderr,
            "headgate import: %u devices make %u maps; say --output DIR, a folder that is there\n",
            maps, maps);
        return EXIT_USAGE;
    }
    const char **names = calloc(maps, sizeof *names), **texts = calloc(maps, sizeof *texts);
    bool good = names != NULL && texts != NULL;
    for (unsigned k = 0; good && k < maps; k++)
        good = (texts[k] = import_map(i, k, &names[k])) != NULL;
    if (!good)
        verb_no_memory("import");
    bool fine = good && i->list.refused == NULL && i->tags > 0;
    if (folder && fine && mkdir(a->output, 0777) != 0 && errno != EEXIST)
        fprintf(stderr, "headgate import: %s: %s\n", a->output, strerror(errno));
    const char *plant = folder && fine ? import_plant(i) : NULL;
    for (unsigned k = 0; fine && k < maps; k++)
        fine = *texts[k] == '\0' || is_free(a, names[k]);
    fine = fine && (plant == NULL || is_free(a, piece));
    for (unsigned k = 0; fine && k < maps; k++)
        fine = *texts[k] == '\0' || put(a, names[k], texts[k]);
    if (fine && plant != NULL)
        fine = put(a, piece, plant);
    free(names);
    free(texts);
    return fine ? EXIT_DONE : EXIT_NO;
}

static int finish(const struct arguments *a, struct import *i, enum import_end end)
{
    int status = EXIT_NO;
    switch (end) {
    case IMPORT_NO_MEMORY:
        return verb_no_memory("import");
    case IMPORT_ASKS:
        import_tell(i, stderr);
        import_ask(i, stderr);
        return EXIT_USAGE;
    case IMPORT_NOTHING:
        break;
    case IMPORT_DONE:
        status = write_all(a, i);
        break;
    }
    import_tell(i, stderr);
    return status;
}

int verb_import(int argc, char **argv)
{
    static const struct argp argp = {
        options,
        parse,
        "FORMAT FILE",
        "Makes a register map of a tag list: kepware, ignition, modpoll, telegraf, neuron, "
        "wirenboard, or csv for any other table.\vWhat the list does not say is asked for, with "
        "examples. What is not taken over is told line by line. Exit status: 0 done, 1 nothing "
        "came "
        "out of it, 2 an answer is missing, or wrong usage.",
        NULL,
        NULL,
        NULL};
    struct arguments a = {0};
    struct import i;
    size_t length;
    import_options_init(&a.options);
    if (!verb_arguments(&argp, argc, argv, &a))
        return EXIT_NO;
    char *bytes = text_read_file(a.file, IMPORT_BYTES_MAX, &length);
    if (bytes == NULL) {
        fprintf(stderr, "headgate import: %s: %s\n", a.file,
                errno == EFBIG ? "more than 16 MB; split it" : strerror(errno));
        return EXIT_NO;
    }
    enum import_end end =
        import_run(&i, a.format, a.file, (const uint8_t *)bytes, length, &a.options);
    free(bytes);
    int status = finish(&a, &i, end);
    import_fini(&i);
    return status;
}
