/* SPDX-License-Identifier: Apache-2.0 */
/* From a raw number to engineering units: the shapes that a map can give a point. */
#ifndef VALUES_CURVE_H
#define VALUES_CURVE_H

#include "headgate/map.h"

/* In place; v is a number. NULL, or why there is no value. */
const char *curve_apply(const struct point *p, struct value *v);

#endif
