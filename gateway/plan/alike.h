/* SPDX-License-Identifier: Apache-2.0 */
/* Answers on a bus that nothing tells apart but their data, see plan/distinct.h. */
#ifndef PLAN_ALIKE_H
#define PLAN_ALIKE_H

#include "headgate/time.h"
#include "plan/cost.h"

/* Do the answers of two reads of one unit look alike? */
static inline bool alike_answers(const struct request *a, const struct request *b)
{
    return a->unit == b->unit && a->table == b->table &&
           cost_bytes(a->table, a->count) == cost_bytes(b->table, b->count);
}

/* Where lengths can't keep them apart, time does: equipment that says everything twice does so
 * within this. */
static const int64_t alike_repeats_ns = 40 * NS_PER_MS;

/* Is there time for it? others: reads of the unit whose answers look like this one's. */
static inline bool alike_in_time(uint32_t others, int64_t period_ns)
{
    return (others + 1) * alike_repeats_ns <= period_ns / 2;
}

#endif
