/* SPDX-License-Identifier: Apache-2.0 */
/* Where maps lie: their names, and the folders in which they are looked for. */
#ifndef CONFIG_LIBRARY_H
#define CONFIG_LIBRARY_H

#include "config/reader.h"

/* The folder of the maps that come with the program. wish: NULL: $HEADGATE_MAPS, else the installed
 * one. NULL: out of memory. */
const char *library_folder(struct arena *a, const char *wish);

/* A scalar like eastron/sdm630; complains. key: "map", "extends". */
bool library_name(const struct reader *r, const struct node *n, const char *key);

/* FOLDER/NAME.yaml of the first folder that has it; NULL after a complaint, which names them all and
 * the nearest name. Found names live in scratch. */
const char *library_find(const struct reader *r, struct arena *scratch, const struct node *n,
                         const char *const *folders, size_t count);

#endif
