/* SPDX-License-Identifier: Apache-2.0 */
/* A recorded history: a table of samples, read row by row. The first column is the time
 * (`timestamp`: ms since 1970 UTC or ISO 8601; `t_s`: seconds), the others are named by tag. Separated
 * by comma, semicolon or tab. An empty field is no sample; a word that is no number is a bad one,
 * unless the tag speaks in words. */
#ifndef CLI_SAMPLES_H
#define CLI_SAMPLES_H

#include <stdio.h>

#include "base/diag.h"
#include "headgate/plant.h"

struct samples_alias {             /* --column NAME=TAG */
    const char *name, *tag;
};

struct samples_setup {
    const char *file;
    const struct plant *plant;
    const struct samples_alias *aliases;
    uint32_t alias_count;
    const char *truth;             /* a column that says what really leaks; NULL */
};

struct samples;

/* NULL: what is wrong stands in ds. Columns that nobody knows are cautioned of, and left out. */
struct samples *samples_open(const struct samples_setup *setup, struct diags *ds);
void samples_close(struct samples *s);

struct samples_cell {
    uint32_t tag;
    struct sample sample;          /* a text is valid until the next row */
};
struct samples_row {
    int64_t t_ms;
    const struct samples_cell *cells;
    uint32_t count;
    double truth;                  /* NaN: no such column, or empty */
};
/* false: the end, or an error (in ds). A row whose time isn't after the one before is cautioned of
 * and left out. */
bool samples_next(struct samples *s, struct samples_row *row, struct diags *ds);

/* How often rows come: the median of the first ones, ms. Looked up front; the file is read from its
 * beginning afterwards. */
int64_t samples_period_ms(const struct samples *s);
int64_t samples_first_ms(const struct samples *s);

#endif
