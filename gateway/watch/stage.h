/* SPDX-License-Identifier: Apache-2.0 */
/* How much water stands at a level: a table of m and m3, both strictly rising, linear between. */
#ifndef WATCH_STAGE_H
#define WATCH_STAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "headgate/map.h"

/* m3 at that level. Beyond the table the value stays at its end, and *doubt is true: nobody
 * measured what lies there. NaN gives NaN, in doubt. */
double stage_volume(const struct pair *stage, uint32_t count, double level, bool *doubt);

/* m2 of surface at that level: the slope of the table there; beyond it, of its outermost piece. */
double stage_area(const struct pair *stage, uint32_t count, double level);

/* m at which so much water stands, clamped in the same way. */
double stage_level(const struct pair *stage, uint32_t count, double volume, bool *doubt);

/* The same through a smooth curve: an earth pond has no edge where somebody happened to survey it,
 * and 7 % of a surface between two straight pieces looks like a leak whenever the level moves.
 * Exact where the volume is a parabola; rises strictly; straight where there are only two pairs. */
double stage_smooth_volume(const struct pair *stage, uint32_t count, double level, bool *doubt);
double stage_smooth_area(const struct pair *stage, uint32_t count, double level);

#endif
