/* SPDX-License-Identifier: Apache-2.0 */
/* Byte orders that a list does say, as our letters. */
#ifndef IMPORT_ORDERS_H
#define IMPORT_ORDERS_H

#include "import/row.h"

/* Four ways for any width: whether the words stand low first, and the bytes within them. */
void order_set(struct import_row *row, bool low_word_first, bool low_byte_first);
/* ABCD, DCBA, BADC, CDAB and what they are called for other widths; false: none of them. */
bool order_word(const char *word, bool *low_word_first, bool *low_byte_first);
/* Letters that stand once each, A to the one of their number. */
bool order_is_letters(const char *s, size_t n);

/* What people write into a column of that heading. false: not understood. Nothing said (- or n/a)
 * leaves the row as it was. */
bool order_phrase(struct import_row *row, const char *text, const char *heading);
/* That of a row whose type is known, to its order. NULL: done; otherwise why it can't be. */
const char *order_settle(struct import_list *l, struct import_row *row);

#endif
