/* SPDX-License-Identifier: Apache-2.0 */
/* From where a new session sends again: what was acknowledged one window ago. A broker that is killed
 * forgets what it acknowledged since it last saved, so time counts only while there is a connection
 * to lose it by: neither an outage nor a restart of ours makes a row older. */
#ifndef PUBLISH_OVERLAP_H
#define PUBLISH_OVERLAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "headgate/time.h"
#include "publish/message.h"

enum { OVERLAP_POINTS = 64 };

struct overlap_point {
    int64_t up_ns;                 /* on the clock of connections; saved: its age */
    uint64_t acked[MESSAGE_JOURNALED];
};

struct overlap {
    int64_t window_ns, up_ns;
    mono_t seen;                   /* up_ns is as of then */
    bool up;
    struct overlap_point points[OVERLAP_POINTS];       /* oldest first */
    uint32_t count;
    int64_t saved_ns;              /* up_ns of the last save */
    uint64_t saved[MESSAGE_JOURNALED];                 /* newest acked in it */
    uint64_t from[MESSAGE_JOURNALED];                  /* the answer; 0: not known yet */
};

void overlap_init(struct overlap *o, int64_t window_ns);    /* 0: what is acknowledged is not sent again */
void overlap_connection(struct overlap *o, bool up, mono_t now);
/* While connected, often: what is acknowledged now. true: from has moved. */
bool overlap_turn(struct overlap *o, const uint64_t acked[MESSAGE_JOURNALED], mono_t now);

/* The points, to be restored by the next process. Size in bytes; 0: no need to save again yet. */
size_t overlap_save(struct overlap *o, struct overlap_point out[OVERLAP_POINTS]);
/* What doesn't look like ours is passed over. acked: as the journal knows it. */
void overlap_restore(struct overlap *o, const void *saved, size_t size,
                     const uint64_t acked[MESSAGE_JOURNALED]);

#endif
