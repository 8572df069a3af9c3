/* SPDX-License-Identifier: Apache-2.0 */
/* Byte orders that a list does say, as our letters. */
#ifndef IMPORT_ORDERS_H
#define IMPORT_ORDERS_H

#include "import/row.h"

/* Four ways for any width: whether the words stand low first, and the bytes within them. */
void order_set(struct import_row *row, bool low_word_first, bool low_byte_first);
/* ABCD, DCBA, BADC, CDAB and what they are called for other widths; false: none of them. */
bool order_word(const char *word, bool *low_word_first, bool *low_byte_first);

#endif
