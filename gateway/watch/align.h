/* SPDX-License-Identifier: Apache-2.0 */
/* How far the clock of the meters is off that of the level: one is polled more seldom, damps, or
 * says the mean of the minute before. Then each pump that starts looks like a loss, or a gain, that
 * stays until it stops. It shows: what is missing goes with how much the flow has changed. Learned
 * over a few blocks at a time, in which both have arrived, by least squares, and drawn towards
 * nothing as long as the noise could explain it. Flat. */
#ifndef WATCH_ALIGN_H
#define WATCH_ALIGN_H

#include <stdint.h>

enum { ALIGN_SPAN = 8 };

struct align {
    double blocks;                 /* learned from, fading over ten days */
    double xx, xy, yy;             /* means over them: squares of changes and of what was missing, m6 */
    double flow[ALIGN_SPAN];       /* of the newest blocks, m3 each; a ring */
    double missing[ALIGN_SPAN];    /* since the first of them */
    uint32_t count, next;
};

/* In blocks: positive when the meters are ahead. At most one and a half either way. */
double align_shift(const struct align *a);
/* One more block: what flowed in it, and what is missing in it, m3. */
void align_learn(struct align *a, double flow, double missing, double hours);
void align_break(struct align *a); /* the next block doesn't follow on from the newest */

#endif
