/* SPDX-License-Identifier: Apache-2.0 */
/* One map laid over another one: tag by tag, key by key. On nodes, before anything means anything,
 * so that whatever is wrong is told of where it stands. */
#ifndef CONFIG_MAP_MERGE_H
#define CONFIG_MAP_MERGE_H

#include "config/yaml.h"

/* Both are mappings. NULL: out of memory. */
const struct node *map_merge(struct arena *a, const struct node *lower, const struct node *upper);

/* One tag over another; of the lower what can't stand beside a key of the upper goes. */
const struct node *map_merge_tag(struct arena *a, const struct node *lower,
                                 const struct node *upper);

bool node_is_off(const struct node *n);                /* `off`, without quotes */

#endif
