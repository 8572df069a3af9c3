/* SPDX-License-Identifier: Apache-2.0 */
/* A request that the device refuses whole ("illegal data address"), cut between values until the
 * refusing one stands alone. Pure. */
#ifndef POLL_PIECES_H
#define POLL_PIECES_H

#include "headgate/block.h"

struct piece {
    uint16_t offset, count; /* registers or bits from the start of the request */
    bool hole; /* refused though it can't be cut any more */
    bool told;
    bool served; /* once, alone or as a part of more */
    bool with_next; /* refused together with the next one, neither of which was refused since */
    mono_t again; /* hole: when to try once more */
    int64_t pause_ns; /* hole: between the tries; grows */
};

struct pieces {
    uint16_t count;
    bool fresh; /* cut in this round: not yet told to people */
    bool healed; /* a hole was served in this round */
    bool keep; /* joining what lies side by side was refused */
    struct piece at[];
};

/* Cuts piece `which` (of the whole request when *ps is NULL) in two, between a value and what it
 * hangs on only when there is no other place. false: it is one value or one atomic group, or memory
 * is out; nothing changed. */
bool pieces_cut(struct pieces **ps, const struct plan *plan, const struct request *r,
                uint16_t which);

/* How long to leave alone what was refused, after so long a pause before (0: none): 2 s, and then
 * ever more seldom. Equipment that starts up refuses what it will soon answer, a true hole stays
 * one. */
int64_t refusal_pause(int64_t before, int64_t longest);

void piece_served(struct piece *p);
void pieces_not_served(struct pieces *ps, uint16_t which); /* refused, alone */

/* Were piece `which` and the next refused together, and served each by itself? Where nothing lies
 * between them it counts only when they are kept apart: else they are asked together once more. */
bool pieces_apart(const struct pieces *ps, uint16_t which);
bool pieces_all_holes(const struct pieces *ps);

/* Does so much of a request serve nothing but tags that not every model has? */
bool pieces_optional(const struct plan *plan, const struct request *r, uint32_t offset,
                     uint32_t count);

/* After a round: what lies side by side and was served becomes one piece again. */
void pieces_join(struct pieces *ps);

/* The line to paste into the map for a hole, or for what forbids that piece `which` and the next are
 * read together: what lies between them, their length, or else a border. */
void pieces_tell(const struct pieces *ps, uint16_t which, const struct plan *plan,
                 const struct request *r, char *text, size_t room);

#endif
