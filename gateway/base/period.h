/* SPDX-License-Identifier: Apache-2.0 */
/* How often a tag is asked for: what the plan does, and what subscribers are told of it. */
#ifndef BASE_PERIOD_H
#define BASE_PERIOD_H

#include "headgate/plant.h"

/* Of a point on the wire; what is read once comes again once a day. */
int64_t period_of(const struct device *d, const struct point *p);

#endif
