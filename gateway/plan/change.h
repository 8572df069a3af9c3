/* SPDX-License-Identifier: Apache-2.0 */
/* Compares two plans: what has to begin anew, and what may go on as if nothing had happened. */
#ifndef PLAN_CHANGE_H
#define PLAN_CHANGE_H

#include "base/arena.h"
#include "headgate/change.h"

/* Both plans must outlive it. NULL: out of memory. */
const struct change *change_find(struct arena *a, const struct plan *before,
                                 const struct plan *after);

/* For people: "3 tags changed, 1 added, 0 removed; line mill restarts, 13 others run on". Long
 * lists of names are shortened. */
void change_tell(const struct change *c, char *text, size_t room);

/* change_points.c: is point b of its map all that point a was in its own? References to other
 * points of the maps are not looked at. */
bool change_point_same(const struct point *a, const struct point *b);
bool change_point_described(const struct point *a, const struct point *b);
bool change_text_same(const char *a, const char *b);

#endif
