/* SPDX-License-Identifier: Apache-2.0 */
/* What every tag of the plant is at this moment, and the registers that say so. */
#ifndef SIM_WORLD_H
#define SIM_WORLD_H

#include "sim/image.h"

struct world {
    const struct plant *plant;
    const struct image *image;
    double *numbers;               /* by tag, engineering units; NaN: no number (yet) */
    bool *owned;                   /* by tag: physics says what it is, the generic behaviour doesn't */
    const struct device **device_of;
};

/* In the arena. NULL: out of memory. */
struct world *world_new(struct arena *a, const struct plant *plant, const struct image *image);

const struct point *world_point(const struct world *w, uint32_t tag);   /* NULL: a derived tag */

/* Setting a computed point (table, weir) sets what it is computed from. false: the tag can't be
 * that; its registers stay as they are. */
bool world_set(struct world *w, uint32_t tag, const struct value *v);
bool world_set_number(struct world *w, uint32_t tag, double x);
bool world_set_bad(struct world *w, uint32_t tag);     /* as the device says "no value" */

#endif
