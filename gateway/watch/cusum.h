/* SPDX-License-Identifier: Apache-2.0 */
/* Finds small leaks: sums up, in m3, what the balance loses beyond the usual, and compares it with
 * how far the balance usually wanders. Flat; no clock. */
#ifndef WATCH_CUSUM_H
#define WATCH_CUSUM_H

#include <stdbool.h>

#include "watch/spread.h"

struct cusum_rule {
    double step_h; /* of one evaluation */
    double tau_h; /* of the filter before the sum */
    double fast, slow; /* gains of the two filters: tau and 6 tau */
    double h_min, c_h; /* limit: at least h_min, else c_h sigmas */
};

struct cusum {
    double fast, slow; /* the balance, filtered */
    double sum; /* S, m3 */
    double warm_h; /* since begun: the filters' difference means nothing before 6 tau */
    struct spread noise; /* of that difference */
    bool begun;
};

struct cusum_rule cusum_rule_of(double step_h, double tau_h, double h_min, double c_h);
/* One evaluation. total: C less its baseline, m3; drift: K, m3/h; learn: this may teach the noise.
 */
void cusum_run(struct cusum *s, const struct cusum_rule *r, double total, double drift, bool learn);
double cusum_limit(const struct cusum *s, const struct cusum_rule *r); /* H, m3 */
bool cusum_fires(const struct cusum *s, const struct cusum_rule *r);
/* The balance begins anew at `total`. A rise that this takes back is taken out of the sum; a rise
 * that it leaves uncounted isn't put in. */
void cusum_rebase(struct cusum *s, double total);

#endif
