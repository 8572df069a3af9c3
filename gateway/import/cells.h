/* SPDX-License-Identifier: Apache-2.0 */
/* Lines of cells between delimiters, with quotes and all that may stand inside of them. Our own,
 * because a row must know the line it begins in, and a quote that is never closed must be told
 * instead of eating the rest of the list. */
#ifndef IMPORT_CELLS_H
#define IMPORT_CELLS_H

#include "import/row.h"

enum { CELLS_MAX = 256 };

struct cells {
    struct import_list *list;
    char *at, *end;                /* text that is written over, cell by cell */
    char delimiter;
    uint32_t line;                 /* of what comes next */
    uint32_t row_line;             /* where the row at hand begins */
    unsigned count;
    const char *cell[CELLS_MAX];   /* trimmed, without quotes */
    bool quoted[CELLS_MAX];
};

/* delimiter 0: the one of , ; tab | that the first lines agree most on. text is terminated. */
void cells_init(struct cells *c, struct import_list *l, char *text, size_t length, char delimiter);
bool cells_next(struct cells *c);                      /* false: no more rows, or refused */
const char *cells_get(const struct cells *c, int column);   /* "" where there is none */

#endif
