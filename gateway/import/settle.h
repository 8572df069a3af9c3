/* SPDX-License-Identifier: Apache-2.0 */
/* What a list leaves open, settled by what people answer; and what has to be asked. */
#ifndef IMPORT_SETTLE_H
#define IMPORT_SETTLE_H

#include <stdio.h>

#include "import/row.h"

enum need {                        /* an answer that is missing */
    NEED_BASE, NEED_HEX, NEED_ZEROS, NEED_TABLE, NEED_TYPE, NEED_DOT_ONE, NEED_BITS, NEED_DOUBLE,
    NEED_DOT_ZERO,     NEED_ORDER2, NEED_ORDER4, NEED_ORDER8, NEED_NAMED, NEED_SCALING, NEED_COUNT
};

/* Address, bit and order of one row by these answers. NULL: done, or something in *needs is missing
 * (bits 1 << NEED_x); otherwise why it can't be. */
const char *settle_row(struct import_list *l, struct import_row *row,
                       const struct import_options *options, uint32_t *needs);

/* All rows; those that can't be are skipped. Returns what is missing for any of them. */
uint32_t settle_all(struct import_list *l);

/* The questions, each with what the choices mean for three rows of the list. */
void settle_ask(struct import_list *l, uint32_t needs, FILE *out);

#endif
