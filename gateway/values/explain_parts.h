/* SPDX-License-Identifier: Apache-2.0 */
/* Between explain.c and explain_orders.c. */
#ifndef VALUES_EXPLAIN_PARTS_H
#define VALUES_EXPLAIN_PARTS_H

#include "values/explain.h"

static inline bool explain_is_bits(const struct point *p)
{
    return p->table == TABLE_COIL || p->table == TABLE_DISCRETE;
}

void explain_order_name(const struct point *p, char out[static 9]);
/* All of decoding at once, as the board does it. p: the point, or one that differs from it. */
void explain_judge(const struct explain_input *in, const struct point *p, struct sample *s);

#endif
