/* SPDX-License-Identifier: Apache-2.0 */
/* A leak point against a plant: fed as the gateway feeds it, its alarm latched until a person
 * resets it a day later. */
#ifndef BENCH_JUDGE_H
#define BENCH_JUDGE_H

#include "rules.h"
#include "series.h"

struct verdict {
    uint32_t false_alarms; /* before the leak, or without one */
    double armed_days; /* without a leak, and able to alarm */
    bool found;
    double delay_h; /* onset to alarm; NEVER */
    char detector[24]; /* of the alarm that found it */
    /* Three hours after that alarm: */
    bool asked, preliminary;
    double rate_error; /* share of the leak */
    double onset_error_h;
    bool rate_inside, onset_inside; /* the truth within the interval that is told */
    double rate, onset_s;
    uint32_t false_by[3]; /* cusum, window, others */
};

/* known_after: the leak counts as found within so many days only. */
void judge(struct verdict *v, enum bench_plant plant, const struct series *s, double within_days);
extern bool judge_tells; /* each alarm, as a line that begins with # */

struct cost {
    double step_ns; /* an evaluation, with one sample of each input */
    uint32_t rows, samples;
    size_t bytes; /* kept */
};
void judge_cost(struct cost *c, enum bench_plant plant, const struct series *s);

#endif
