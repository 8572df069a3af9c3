/* SPDX-License-Identifier: Apache-2.0 */
/* What a replay found, held against a column that says what really leaked. Pure. */
#ifndef CLI_SCORE_H
#define CLI_SCORE_H

#include <stdbool.h>
#include <stdint.h>

enum { SCORE_EPISODES = 64 };      /* true leaks of one recording; more are counted, not timed */

/* An alarm that comes within this time after a leak ended is its echo, neither found nor false. */
#define SCORE_ECHO_MS (24 * INT64_C(3600000))

struct score {
    bool truth_known;
    bool leaks, ever;              /* now; at any time */
    int64_t began_ms, ended_ms;
    uint32_t episodes, found;
    bool found_this;
    double delay_sum_h, delay_max_h;
    double delays_h[SCORE_EPISODES];   /* of those found */
    uint32_t alarms, false_alarms;
    int64_t first_ms, last_ms;     /* of the recording */
    bool begun;
    double leak_h, clean_h;        /* time with and without a true leak */
};

/* x: the truth column; NaN: it says nothing here. */
void score_time(struct score *s, double x, int64_t t_ms);
/* A leak alarm came on. */
void score_alarm(struct score *s, int64_t t_ms);
double score_false_per_30d(const struct score *s);     /* NaN while no time passed */
double score_median_delay_h(const struct score *s);    /* NaN: none found */

#endif
