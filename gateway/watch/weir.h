/* SPDX-License-Identifier: Apache-2.0 */
/* Seepage over a notch: flow from the head of water, against a limit or against what it used to be.
 *
 * V-notch: Kindsvater and Shen, as in the Water Measurement Manual of the US Bureau of Reclamation,
 * ch. 7.7: Q = 8/15 Ce sqrt(2 g) tan(angle / 2) (h + kh)^2.5, fully contracted, 25 to 100 degrees,
 * heads from 0.06 m (below, water may cling to the plate) to 0.38 m. Ce and kh over the angle are
 * read from its figures 7-6, through a fit that is in common use; at 90 degrees 0.578 and 0.85 mm.
 * Rectangular: Francis, ibid. ch. 7.9, two end contractions: Q = 1.838 (b - 0.2 h) h^1.5 in m, m3/s,
 * heads from 0.06 m to a third of the width. */
#ifndef WATCH_WEIR_H
#define WATCH_WEIR_H

#include "watch/kind.h"

struct weir {
    struct kind_slow slow;         /* six-hour means against what they were */
    struct kind_hold hold;
    double head, flow;             /* newest head; flow, smoothed over a minute */
    double sum;                    /* of this six hours */
    uint32_t n;
    int64_t period, last_ms, now_ms;
    bool begun, known;
};

/* m3/h for a head in m over the notch; angle in degrees, or NaN and a width in m. */
double weir_flow(double head, double angle, double width);
bool weir_certain(double head, double width);  /* width NaN: V-notch */

#endif
