/* SPDX-License-Identifier: Apache-2.0 */
/* Register maps: from YAML to struct map, with every mistake named. */
#ifndef CONFIG_MAP_H
#define CONFIG_MAP_H

#include "base/arena.h"
#include "base/diag.h"
#include "headgate/map.h"

/* NULL when there was an error (and it stands in ds). name: how plant files call it. library: where
 * maps are looked for that this one extends, when they don't lie beside it; as plant_options has it. */
const struct map *map_load(struct arena *a, const char *file, const char *name,
                           const char *library, struct diags *ds);
const struct map *map_parse(struct arena *a, const char *text, size_t length, const char *file,
                            const char *name, struct diags *ds);

const char *table_name(enum table t);                  /* "holding" */
const char *raw_type_name(enum raw_type t);            /* "u16" */
bool map_point_is_number(const struct point *p);       /* not true or false, nor a word, when written */

#endif
