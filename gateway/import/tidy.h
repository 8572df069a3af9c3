/* SPDX-License-Identifier: Apache-2.0 */
/* Names and units as our maps take them. */
#ifndef IMPORT_TIDY_H
#define IMPORT_TIDY_H

#include "import/row.h"

/* A legal name, at most 64 bytes: letters lose their accents, the rest becomes _. "" when nothing
 * is left. out holds 65. */
void tidy_name(const char *text, char out[65]);
/* Gives every row that is left a tag name of its own within its device, and tells what changed. */
void tidy_names(struct import_list *l);
/* Our spelling of a unit. NULL: unknown. "" for none. */
const char *tidy_unit(const char *text);
void tidy_units(struct import_list *l);

#endif
