/* SPDX-License-Identifier: Apache-2.0 */
/* A calm life for tags of which nobody said more: gauges wander slowly about what is usual for their
 * unit, counters count, states stay. The same seed gives the same life. */
#ifndef SIM_GENERIC_H
#define SIM_GENERIC_H

#include "sim/world.h"

struct generic;

struct generic *generic_new(struct arena *a, struct world *w, uint64_t seed);   /* NULL: no memory */

/* Everything that physics doesn't own, once. After physics has said what it owns. */
void generic_start(struct generic *g);

/* Every turn renews a tenth of the devices; ten turns renew all. t: seconds of the plant's time. */
void generic_turn(struct generic *g, double t);

#endif
