/* SPDX-License-Identifier: Apache-2.0 */
/* A map is its own test: raw words in, values out, by the functions that the gateway uses. */
#ifndef CLI_EXAMPLES_H
#define CLI_EXAMPLES_H

#include "base/diag.h"
#include "headgate/map.h"

/* Every expectation that isn't met is an error in ds, at its place. false: out of memory. */
bool examples_run(const struct map *map, struct diags *ds);

#endif
