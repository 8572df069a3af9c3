/* SPDX-License-Identifier: Apache-2.0 */
/* RTU numbers nothing: an answer that a device repeats by itself looks like the answer to the next
 * question, when that question has an answer of the same function and length. So the reads of one
 * unit on a bus are cut until no two of their answers look alike, wherever that can be had: by
 * moving a cut, by reading what is read anyway once more, or by one question more. */
#ifndef PLAN_DISTINCT_H
#define PLAN_DISTINCT_H

#include "plan/alike.h"
#include "plan/unit.h"

/* For the unit that m is at, when all of its bus is planned: its requests are among those from
 * line_from on. A question more is asked only while the bus keeps time for retries.
 * false: out of memory. */
bool distinct_unit(struct unit_maker *m, uint32_t line_from);

#endif
