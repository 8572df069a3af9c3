/* SPDX-License-Identifier: Apache-2.0 */
/* What went over the wire lately for one request, so that people can be shown why a value is what
 * it is. Three exchanges for all of it, and for each piece of a request that had to be cut: the
 * last good one, the last bad one, and the one before. Nothing is decided by it. */
#ifndef POLL_FRAMES_H
#define POLL_FRAMES_H

#include "poll/adu.h"

enum { FRAMES_PARTS_MAX = 8, FRAME_SENT_MAX = 12 };

struct frame { /* one exchange */
    wall_t time; /* when it was over */
    mono_t asked, over;
    const char *why; /* NULL when good; static */
    uint32_t number; /* rising with each exchange of this request */
    uint32_t connection; /* of the line, counted from 1 */
    uint8_t fault; /* enum fault */
    uint8_t exception;
    uint8_t framing; /* enum framing */
    bool proof; /* no poll: it was asked to prove that nothing late is on its way */
    uint16_t first, count; /* what was asked for */
    uint16_t received; /* bytes that came; the first `kept` of them stand in bytes */
    uint16_t kept;
    uint8_t sent_length;
    uint8_t sent[FRAME_SENT_MAX];
    uint8_t bytes[];
};

struct frames; /* of one request; NULL: nothing yet */

/* e: with all but number, kept, sent and bytes. Out of memory: it isn't remembered. */
void frames_keep(struct frames **fs, const struct request *r, const struct frame *e,
                 const uint8_t *sent, const uint8_t *bytes);
void frames_free(struct frames *fs);

/* Exchanges that covered so many registers or bits from `first` on, newest of a kind. NULL: none.
 */
enum frame_which { FRAME_GOOD, FRAME_BAD, FRAME_BEFORE }; /* before: next to the newest of all */
const struct frame *frames_find(const struct frames *fs, uint16_t first, uint16_t count,
                                enum frame_which which);

#endif
