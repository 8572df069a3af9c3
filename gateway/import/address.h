/* SPDX-License-Identifier: Apache-2.0 */
/* Addresses as makers and tools print them. */
#ifndef IMPORT_ADDRESS_H
#define IMPORT_ADDRESS_H

#include "import/row.h"

/* NULL: read; otherwise what is wrong with it. hex: the column says that its numbers are, without
 * any sign of it. quoted: the cell was, so no spreadsheet has touched its end. */
const char *address_read(struct import_list *l, const char *text, bool hex, bool quoted,
                         struct spot *out);
/* Kepware's: the first digit is the table; H40001; .3, [10], .20H. */
const char *address_read_prefixed(struct import_list *l, const char *text, bool quoted,
                                  struct spot *out);

/* "holding", "Input Register", "FC03", "4x" ... to a table; -1: none of them. */
int address_table(const char *word);

#endif
