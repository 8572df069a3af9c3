/* SPDX-License-Identifier: Apache-2.0 */
/* How far the water stays below a dam's crest, and how long until it doesn't. */
#ifndef WATCH_FREEBOARD_H
#define WATCH_FREEBOARD_H

#include "watch/kind.h"

enum { FREEBOARD_BLOCKS = 72, FREEBOARD_SHORT = 12 };  /* of ten minutes: 12 h, 2 h */

struct freeboard_trend {           /* per hour: m3, or m where no volumes are known */
    double rate, se;
};

struct freeboard {
    double kept[FREEBOARD_BLOCKS];         /* volume (or level) of past blocks; NaN: none */
    struct kind_hold hold;
    struct freeboard_trend trend;          /* newest; NaN: too little */
    double level;                  /* newest */
    double sum;
    int64_t block, now_ms;         /* number of the running block */
    uint32_t n, trend_blocks;
    bool begun, known;
};

#endif
