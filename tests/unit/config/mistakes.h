/* SPDX-License-Identifier: Apache-2.0 */
/* What a file gets told, as one text. */
#ifndef TEST_MISTAKES_H
#define TEST_MISTAKES_H

#include <stdio.h>
#include <stdlib.h>

#include "base/diag.h"

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

#endif
