/* SPDX-License-Identifier: Apache-2.0 */
/* Instruments that fail as instruments do, put upon a recorded or a made series. */
#ifndef BENCH_INJECT_H
#define BENCH_INJECT_H

#include "series.h"

enum inject {
    INJECT_GAPS = 1, /* no answer from anything: minutes to hours, and single rows */
    INJECT_SPIKES = 2, /* the level (a pipe: the outlet) jumps for a row to three */
    INJECT_STUCK = 4, /* the level stands still for hours */
    INJECT_DEAD = 8, /* an outlet's meter says 0 while its run flag stays 1 */
    INJECT_STEP = 16, /* the level is recalibrated by 5 cm, once */
    INJECT_DRIFT = 32, /* the level sinks by 2 mm/h for ever: nothing can tell it from a leak */
    INJECT_FIVE = 31, /* all but the drift */
};

/* The outcome depends on the seed and the series' shape alone. */
void inject(struct series *s, unsigned faults, uint64_t seed);

#endif
