/* SPDX-License-Identifier: Apache-2.0 */
/* When a leak began, how fast it runs and how much is lost: a line that is flat until the onset and
 * then rises, laid through C (less its baseline) by least squares. Pure. */
#ifndef WATCH_ESTIMATE_H
#define WATCH_ESTIMATE_H

#include <stdbool.h>
#include <stdint.h>

enum { ESTIMATE_POINTS = 256 };

struct points {
    double hour[ESTIMATE_POINTS]; /* before now: negative, rising */
    double total[ESTIMATE_POINTS]; /* m3, baseline taken off */
    uint32_t count;
};

struct line { /* all with 80 % */
    double rate, rate_pm; /* m3/h */
    double onset_h, onset_low_h, onset_high_h; /* before now: negative */
    double flat, flat_pm; /* m3, before the onset */
    double scatter; /* of single points around the line, m3 */
};

/* The onset is looked for from earliest_h to latest_h only (before now: negative). baseline_sd: of
 * the baseline that was taken off, m3/h; it widens the intervals. false: too few points, or nothing
 * that rises. */
bool estimate_line(const struct points *p, double earliest_h, double latest_h, double baseline_sd,
                   struct line *out);

#endif
