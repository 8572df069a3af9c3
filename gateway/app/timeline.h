/* SPDX-License-Identifier: Apache-2.0 */
/* The watch room's time: the wall clock's, but it never goes back. After a wall clock was set back
 * it runs on by the monotonic clock, ahead of the wall; after one was set forward it follows. */
#ifndef APP_TIMELINE_H
#define APP_TIMELINE_H

#include "headgate/time.h"

struct timeline {
    int64_t t_ms, ahead_ms;        /* ahead of the wall clock: 0 on good days */
    mono_t at;
};

/* kept_ms: where the timeline had come before a restart; 0: nothing is known. */
void timeline_begin(struct timeline *l, int64_t kept_ms, wall_t wall, mono_t now);
int64_t timeline_now(struct timeline *l, wall_t wall, mono_t now);

#endif
