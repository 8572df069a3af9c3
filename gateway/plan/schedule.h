/* SPDX-License-Identifier: Apache-2.0 */
/* What is due on one line, and what comes first: earliest deadline first, on absolute times, with
 * phases spread at the start and no bursts to catch up. Knows no sockets and no clock. */
#ifndef PLAN_SCHEDULE_H
#define PLAN_SCHEDULE_H

#include "base/arena.h"
#include "headgate/block.h"

struct schedule;

/* For one line. start: when the first requests may go; the phases are spread over each period on
 * ticks, offset by the line's number, so that lines don't all speak at once. */
struct schedule *schedule_new(struct arena *a, const struct plan *plan, uint32_t line, mono_t start);

/* The most urgent request that is due, or NULL. It counts as taken until schedule_done. */
const struct request *schedule_take(struct schedule *s, mono_t now);
/* Takes this one, which is not taken, whenever it would be due: its own times begin anew. */
void schedule_claim(struct schedule *s, const struct request *r, mono_t now);
mono_t schedule_due(const struct schedule *s);         /* of the next one; MONO_NEVER if all are taken */

/* The taken request is over. Sets its next time: the following multiple of its period after its
 * own due time, never in the past; periods that were skipped are overruns. */
void schedule_done(struct schedule *s, const struct request *r, mono_t now);
void schedule_put_off(struct schedule *s, const struct request *r, mono_t until);   /* instead of done */

/* Is it to be asked later than that? It is due then, and keeps its own times. */
void schedule_hasten(struct schedule *s, const struct request *r, mono_t when);

/* Its requests stand in another plan now, in the same order and with the same periods. */
void schedule_follow(struct schedule *s, const struct plan *plan, uint32_t line);

int64_t schedule_lateness(const struct schedule *s, const struct request *r, mono_t now);   /* ns after due */
uint64_t schedule_overruns(const struct schedule *s);

#endif
