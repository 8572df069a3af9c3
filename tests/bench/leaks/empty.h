/* SPDX-License-Identifier: Apache-2.0 */
/* When is the pit empty? What an incident tells, hour by hour, against what came. */
#ifndef BENCH_EMPTY_H
#define BENCH_EMPTY_H

#include "series.h"

enum { EMPTY_HOURS = 24 * 12 };

struct forecasts { /* one each hour, from six hours after pumping began */
    uint32_t count, untold, inside;
    double error[EMPTY_HOURS]; /* share of the remaining time */
    double by_level[EMPTY_HOURS]; /* the same, when the level of the last 12 h is drawn on */
};

void empty_run(struct forecasts *f, const struct series *pit);

#endif
