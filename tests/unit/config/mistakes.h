/* SPDX-License-Identifier: Apache-2.0 */
/* What a file gets told, as one text. */
#ifndef TEST_MISTAKES_H
#define TEST_MISTAKES_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/diag.h"
#include "config/map.h"

struct mistakes {
    const char *title, *file, *told;
};

/* free() it. Without what the library of maps is called on this machine. */
static inline char *told_by(struct diags *ds)
{
    char *text = NULL;
    size_t length = 0;
    FILE *f = open_memstream(&text, &length);
    diags_print(ds, f);
    fclose(f);
    return text;
}

/* made: something came of the file; that is so only without errors. */
static inline void expect_case(const struct mistakes *c, bool made, struct diags *ds)
{
    char *told = told_by(ds);
    if (strcmp(told, c->told) != 0 || made == (diags_errors(ds) > 0)) {
        fail_msg("%s:\nwanted:\n%sgot:\n%s", c->title, c->told, told);
    }
    free(told);
}

/* Each file is a map, alone and without a library. */
static inline void expect_maps_told(const struct mistakes *cases, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct arena *a = arena_new(0);
        struct diags *ds = diags_new();
        const char *file = cases[i].file;
        expect_case(&cases[i], map_parse(a, file, strlen(file), "map.yaml", "x", ds) != NULL, ds);
        diags_free(ds);
        arena_free(a);
    }
}

#endif
