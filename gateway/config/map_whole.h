/* SPDX-License-Identifier: Apache-2.0 */
/* A map together with the index of its tags, for the reader of plant files. */
#ifndef CONFIG_MAP_WHOLE_H
#define CONFIG_MAP_WHOLE_H

#include "config/map.h"
#include "config/names.h"

/* As map_load and map_parse. names (may be NULL) gets the tags, each with its index; names_fini it
 * when a map was returned. */
const struct map *map_load_names(struct arena *a, const char *file, const char *name,
                                 struct diags *ds, struct names *names);
const struct map *map_parse_names(struct arena *a, const char *text, size_t length,
                                  const char *file, const char *name, struct diags *ds,
                                  struct names *names);

#endif
