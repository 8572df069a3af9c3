/* SPDX-License-Identifier: Apache-2.0 */
/* How the files that read Ignition's tags divide their work. */
#ifndef IMPORT_READ_IGNITION_H
#define IMPORT_READ_IGNITION_H

#include "import/tree.h"

/* ns=1;s=[PLC1]1.HR100.3: the device and the address into the row. false: skipped and told. */
bool ignition_path(struct import_list *l, struct import_row *row, const char *path);

/* {Name}, {Name+2} put in from values; NULL: something in it isn't known. */
const char *ignition_fill(struct import_list *l, const char *text, const json_t *values);

/* A type's tag with what an instance says differently of it. Give it back with json_decref. */
json_t *ignition_over(struct import_list *l, json_t *base, json_t *over, unsigned deep);

#endif
