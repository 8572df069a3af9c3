/* SPDX-License-Identifier: Apache-2.0 */
/* Does a plant file say the same to this room as another one? */
#ifndef WATCH_FINGERPRINT_H
#define WATCH_FINGERPRINT_H

#include "headgate/plant.h"

/* Of all rules, areas, devices and lines, and of the paths and rates of their tags, whose numbers may
 * be others; not of what the points of these tags are. */
uint64_t watch_fingerprint(const struct plant *p);

#endif
