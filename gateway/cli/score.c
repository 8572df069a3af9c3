/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/score.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const double ms_per_h = 3600000;

void score_time(struct score *s, double x, int64_t t_ms)
{
    if (!s->begun) {
        s->begun = true;
        s->first_ms = s->last_ms = t_ms;
    }
    double passed = (double)(t_ms - s->last_ms) / ms_per_h;
    *(s->leaks ? &s->leak_h : &s->clean_h) += passed;
    s->last_ms = t_ms;
    if (isnan(x))
        return;
    s->truth_known = true;
    bool leaks = x > 0;
    if (leaks && !s->leaks) {
        s->episodes++;
        s->began_ms = t_ms;
        s->found_this = false;
        s->ever = true;
    }
    if (!leaks && s->leaks)
        s->ended_ms = t_ms;
    s->leaks = leaks;
}

void score_alarm(struct score *s, int64_t t_ms)
{
    s->alarms++;
    if (!s->truth_known)
        return;
    if (!s->leaks) {
        bool echo = s->ever && t_ms - s->ended_ms < SCORE_ECHO_MS;
        s->false_alarms += !echo;
        return;
    }
    if (s->found_this)
        return;
    double delay = (double)(t_ms - s->began_ms) / ms_per_h;
    s->found_this = true;
    if (s->found < SCORE_EPISODES)
        s->delays_h[s->found] = delay;
    s->found++;
    s->delay_sum_h += delay;
    s->delay_max_h = fmax(s->delay_max_h, delay);
}

double score_false_per_30d(const struct score *s)
{
    return s->clean_h > 0 ? s->false_alarms / s->clean_h * 720 : (double)NAN;
}

static int by_size(const void *a, const void *b)
{
    const double *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

double score_median_delay_h(const struct score *s)
{
    double sorted[SCORE_EPISODES];
    uint32_t n = s->found < SCORE_EPISODES ? s->found : SCORE_EPISODES;
    if (n == 0)
        return (double)NAN;
    memcpy(sorted, s->delays_h, n * sizeof *sorted);
    qsort(sorted, n, sizeof *sorted, by_size);
    return n % 2 ? sorted[n / 2] : (sorted[n / 2 - 1] + sorted[n / 2]) / 2;
}
