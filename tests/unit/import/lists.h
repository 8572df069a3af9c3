/* SPDX-License-Identifier: Apache-2.0 */
/* Cases of lists: a text goes in, and what must stand in the map, and in what was told, comes out.
 */
#ifndef TESTS_UNIT_IMPORT_LISTS_H
#define TESTS_UNIT_IMPORT_LISTS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "import/import.h"

struct list_case {
    const char *title;
    const char *options; /* "base=1 order=CDAB" */
    const char *text;
    enum import_end end;
    const char *map[4]; /* pieces of it, NULL: no more */
    const char *told[4]; /* pieces of what is told or asked; "!x": x isn't */
};

static void take_options(struct import_options *o, char *words)
{
    import_options_init(o);
    for (char *save = NULL, *w = strtok_r(words, " ", &save); w != NULL;
         w = strtok_r(NULL, " ", &save)) {
        char *equal = strchr(w, '=');
        if (equal == NULL) {
            o->fill_addresses |= strcmp(w, "fill") == 0;
            o->writable |= strcmp(w, "writable") == 0;
            continue;
        }
        *equal = '\0';
        const char *why = import_option(o, w, equal + 1);
        if (why != NULL)
            fail_msg("--%s %s: %s", w, equal + 1, why);
    }
}

static void demand(const char *title, const char *where, const char *text,
                   const char *const *wanted)
{
    for (unsigned i = 0; i < 4 && wanted[i] != NULL; i++) {
        bool absent = wanted[i][0] == '!';
        if ((strstr(text, wanted[i] + absent) == NULL) != absent)
            fail_msg("%s: %s %s `%s`:\n%s", title, where, absent ? "has" : "lacks",
                     wanted[i] + absent, text);
    }
}

static void run_case(const char *format, const struct list_case *c)
{
    struct import i;
    struct import_options options;
    char *words = strdup(c->options), *maps = NULL, *told = NULL;
    size_t maps_length, told_length;
    take_options(&options, words);
    FILE *map_out = open_memstream(&maps, &maps_length);
    FILE *told_out = open_memstream(&told, &told_length);
    enum import_end end = import_run(&i, import_format(format), "list", (const uint8_t *)c->text,
                                     strlen(c->text), &options);
    if (end == IMPORT_DONE) {
        for (unsigned k = 0, n = import_maps(&i); k < n; k++) {
            const char *name, *text = import_map(&i, k, &name);
            assert_non_null(text);
            fputs(text, map_out);
        }
        const char *plant = import_plant(&i);
        fputs(plant == NULL ? "" : plant, map_out);
    }
    import_tell(&i, told_out);
    if (end == IMPORT_ASKS)
        import_ask(&i, told_out);
    fclose(map_out);
    fclose(told_out);
    if (end != c->end)
        fail_msg("%s: ended with %d:\n%s", c->title, (int)end, told);
    demand(c->title, "the map", maps, c->map);
    demand(c->title, "what is told", told, c->told);
    import_fini(&i);
    free(words);
    free(maps);
    free(told);
}

#define RUN_CASES(format, cases)                                                                   \
    for (size_t n_ = 0; n_ < sizeof(cases) / sizeof *(cases); n_++)                                \
    run_case(format, &(cases)[n_])

#endif
