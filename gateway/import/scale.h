/* SPDX-License-Identifier: Apache-2.0 */
/* Two-point scalings, straight and by square root. */
#ifndef IMPORT_SCALE_H
#define IMPORT_SCALE_H

#include "import/row.h"

/* ends: raw low, raw high, low, high; NULL: a number is missing. What can't be said in a map skips
 * the row. A root makes two rows of one. */
void scale_span(struct import_list *l, struct import_row *row, const char *const ends[4], bool root,
                bool negate);
/* A factor: 1 is none, 0 skips. what: its name in the list. */
void scale_factor(struct import_list *l, struct import_row *row, const char *text, const char *what);
/* What is added; 0 is nothing. */
void scale_offset(struct import_list *l, struct import_row *row, const char *text, const char *what);

#endif
