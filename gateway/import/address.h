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

/* What a bare 3 is in a column that names tables: function 3, or the area that 3x addresses are in. */
enum digits { DIGITS_UNSAID, DIGITS_FUNCTIONS, DIGITS_AREAS };
/* "holding", "Input Register", "FC03", "4x" ...: the tables that it may mean, bits 1 << TABLE_x; 0:
 * it names none. open: its number is a function to some and an area to others, and digits doesn't
 * say; both are among them. */
unsigned table_words(const char *text, enum digits digits, bool *open);

#endif
