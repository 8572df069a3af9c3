/* SPDX-License-Identifier: Apache-2.0 */
/* Whatever a spreadsheet or a tool wrote, as UTF-8 with line feeds only. */
#ifndef IMPORT_TEXT_IN_H
#define IMPORT_TEXT_IN_H

#include "import/row.h"

/* Terminated by NUL; no other NUL is inside. NULL: no text (refused and told), or no memory. What
 * was assumed about the letters is noted. */
char *import_text(struct import_list *l, const uint8_t *bytes, size_t length, size_t *out_length);

#endif
