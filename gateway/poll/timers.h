/* SPDX-License-Identifier: Apache-2.0 */
/* The next moment of thousands of conversations: a heap of deadlines. An idle line costs nothing
 * until its moment comes. */
#ifndef POLL_TIMERS_H
#define POLL_TIMERS_H

#include "headgate/time.h"

struct timer { /* embedded in its owner */
    mono_t when;
    uint32_t place; /* in the heap, from 1; 0: not in it */
};

struct timers {
    struct timer **heap;
    uint32_t count, room;
};

bool timers_init(struct timers *ts, uint32_t room); /* false: out of memory */
bool timers_reserve(struct timers *ts, uint32_t room); /* false: out of memory, nothing changed */
void timers_fini(struct timers *ts);
void timers_set(struct timers *ts, struct timer *t, mono_t when); /* MONO_NEVER takes it out */
struct timer *timers_first(const struct timers *ts); /* NULL: none */

#endif
