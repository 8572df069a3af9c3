/* SPDX-License-Identifier: Apache-2.0 */
/* Settled rows as a register map, and what the list knows of lines and devices as a piece of a plant
 * file. */
#ifndef IMPORT_WRITE_H
#define IMPORT_WRITE_H

#include <stdio.h>

#include "import/row.h"

/* The rows of one device; its name stands in `device` of each. Returns how many. */
uint32_t write_map(struct import_list *l, const char *device, const char *title, FILE *out);
void write_plant(struct import_list *l, FILE *out);

#endif
