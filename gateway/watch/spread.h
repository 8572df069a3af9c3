/* SPDX-License-Identifier: Apache-2.0 */
/* How far a quantity usually lies from zero: the mean of its size over the last ten days, as a
 * standard deviation. While there is less history it is the mean of all of it. Flat. */
#ifndef WATCH_SPREAD_H
#define WATCH_SPREAD_H

struct spread {
    double mean; /* of |x| */
    double hours; /* seen so far; the weight of the past, at most ten days */
};

void spread_learn(struct spread *s, double x, double hours);
double spread_sigma(const struct spread *s);
/* The quantity stands on a new footing: believe in somewhat more noise than before, never in less
 * at once, and learn faster for a while. */
void spread_widen(struct spread *s);

#endif
