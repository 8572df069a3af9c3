/* SPDX-License-Identifier: Apache-2.0 */
/* When a basin will be empty, from what its volume and its pumps did. Pure arithmetic. */
#ifndef WATCH_DEWATER_H
#define WATCH_DEWATER_H

#include "watch/leak.h"

enum { DEWATER_POINTS = 144 };

struct dewater_past {              /* oldest first, evenly spaced but for gaps */
    uint32_t count;
    double t_h[DEWATER_POINTS];    /* hours, negative: before now */
    double v[DEWATER_POINTS];      /* m3 */
    double pumped[DEWATER_POINTS]; /* m3/h; NaN: not known */
    double volume, target;         /* now; m3 */
    int64_t now_ms;
};

struct dewater_out {
    double net;                    /* m3/h; negative: it becomes emptier */
    struct estimate hours;         /* until the target; high INFINITY: no end in sight */
};

/* false: too little is known (less than an hour), or it isn't getting emptier. */
bool dewater_estimate(const struct dewater_past *p, struct dewater_out *out);

#endif
