/* SPDX-License-Identifier: Apache-2.0 */
/* Columns by what stands above them. */
#ifndef IMPORT_HEADINGS_H
#define IMPORT_HEADINGS_H

#include "import/cells.h"

enum { HEADING_ROOM = 64 };

/* Letters and digits only, small. */
void heading_plain(const char *text, char out[HEADING_ROOM]);
/* Whether one of these words, and NULL behind them, stands in it as a whole: `Scale (divisor)`,
 * NoOfBytes. */
bool heading_has(const char *text, const char *const *words);
/* The column with this heading, however it is spelt; -1. */
int heading_find(const struct cells *c, const char *name);

#endif
