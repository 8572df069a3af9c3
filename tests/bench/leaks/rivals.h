/* SPDX-License-Identifier: Apache-2.0 */
/* What plants have had so far, to compare with: a fixed limit on the level, and the balance of the
 * last 24 hours. Their limits aren't chosen by an engineer but by the outcome: one false alarm in
 * 30 days on the very plants without leaks that they are judged on, so they look better than they
 * are. */
#ifndef BENCH_RIVALS_H
#define BENCH_RIVALS_H

#include "rules.h"
#include "series.h"

enum rival { RIVAL_LEVEL, RIVAL_BALANCE, RIVAL_COUNT };

struct rival_trace { /* alarms above a limit; NaN: not armed */
    double *x;
    uint32_t count;
    double step_s;
};

/* The pipe has no level: there the fixed limit is on the imbalance of the last minute. */
void rival_trace(struct rival_trace *t, enum rival rival, enum bench_plant plant,
                 const struct series *s);
void rival_free(struct rival_trace *t);
/* The limit that gives so many false alarms in 30 armed days; a day's rest after each. */
double rival_limit(const struct rival_trace *traces, uint32_t count, double per_month);
/* Hours from the onset to the alarm; NEVER: not within so many. */
double rival_delay(const struct rival_trace *t, double limit, double onset_s, double within_h);

#endif
