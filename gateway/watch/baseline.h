/* SPDX-License-Identifier: Apache-2.0 */
/* What is always missing though nothing leaks: meters that disagree, seepage, evaporation. The
 * median of the last fourteen days' means, so that a day or six of a leak don't teach it. Flat. */
#ifndef WATCH_BASELINE_H
#define WATCH_BASELINE_H

#include <stdint.h>

enum { BASELINE_DAYS = 14 };

struct baseline {
    double day[BASELINE_DAYS]; /* m3/h, a ring */
    double day_volume, day_load, day_h; /* of the day that is being gathered: 24 h of good inputs */
    double all_volume, all_load; /* before there are two days: of everything */
    double value, sd; /* m3/h; sd: of single days around it, 0 while unknown */
    uint32_t count, next;
};

/* volume: m3 missing in that time; load: how much the plant did, 1 usually. What meters disagree
 * by grows with the flow: in a pipe that stands still nothing is missing. */
void baseline_learn(struct baseline *b, double volume, double hours, double load);

#endif
