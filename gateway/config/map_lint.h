/* SPDX-License-Identifier: Apache-2.0 */
/* What a map may say, and mostly does not mean. Warnings, for `check`: no plant is refused for them,
 * and no gateway looks for them when it starts. */
#ifndef CONFIG_MAP_LINT_H
#define CONFIG_MAP_LINT_H

#include "config/map_whole.h"

/* tree: what the map was built of, so that keys of several files are told of the right one; or NULL.
 * false: out of memory. */
bool map_lint(const struct map *map, const struct map_tree *tree, struct arena *scratch,
              struct diags *ds);

/* How a unit is written here, where it is written otherwise: "m3/h" for "m³/hr". NULL: it is written so,
 * or nobody knows it. */
const char *unit_spelling(const char *unit);
bool unit_is_listed(const char *unit);
const char *unit_nearest(const char *unit);            /* of those listed; NULL: none is near */

#endif
