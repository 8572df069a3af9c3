/* SPDX-License-Identifier: Apache-2.0 */
/* Decided before the first byte is sent: which reads serve which tags, and what they cost. */
#ifndef PLAN_PLAN_H
#define PLAN_PLAN_H

#include "base/arena.h"
#include "base/diag.h"
#include "headgate/block.h"

/* Warnings (a line that can't keep its rates) and errors (a value that fits in no request) go to
 * ds with the place of the tag or line. NULL after an error. */
const struct plan *plan_build(struct arena *a, const struct plant *plant, struct diags *ds);

/* Predictions, in nanoseconds of the line's time. */
struct cost {
    uint32_t sent, received;       /* bytes of the frames, all told */
    int64_t ns;                    /* both frames on the wire, gaps, delays, a typical answer time */
};
struct cost plan_request_cost(const struct plan *p, const struct request *r);
int64_t plan_silent_cost(const struct plan *p, const struct request *r);   /* when nobody answers */
double plan_line_load(const struct plan *p, uint32_t line);                /* busy share; 1.0 is full */

/* Seconds that one round of every request of the line takes when its k dearest units are silent
 * (k = 0: all well). */
double plan_worst_cycle(const struct plan *p, uint32_t line, unsigned silent);

#endif
