/* SPDX-License-Identifier: Apache-2.0 */
/* Finds large leaks fast: over windows of 4, 8, 16 .. evaluations, the newest quarter's mean of C
 * against that of what is older, each window with its own learned noise. The ring holds prefix sums
 * of C, so that every mean costs two look-ups, and the number of each evaluation, because those
 * that couldn't be made are left out. Flat: some 10 kB. */
#ifndef WATCH_WINDOW_H
#define WATCH_WINDOW_H

#include <stdbool.h>
#include <stdint.h>

#include "watch/spread.h"

enum { WINDOW_RING = 1025, WINDOW_SCALES = 8, WINDOW_LARGEST = 10 };

struct window_rule {
    double step_h;
    uint32_t first, last; /* windows of 2^first .. 2^last evaluations */
    double k; /* m3/h: nothing less fires */
    double c[WINDOW_SCALES]; /* sigmas, per window */
    double history_h; /* a window fires only with so much learned */
};

struct window {
    double sum[WINDOW_RING]; /* sum[i]: of all C before i, modulo the ring */
    uint16_t block[WINDOW_RING]; /* number of that evaluation, modulo 65536 */
    uint32_t head; /* where the next goes */
    uint32_t count; /* values held, at most WINDOW_RING - 1 */
    uint32_t since_tidy;
    uint64_t newest; /* number of the newest evaluation */
    double origin; /* C that the sums are relative to */
    struct spread noise[WINDOW_SCALES];
};

/* Windows between two lengths, as many as there is room for; c and c_long: of the shortest and of
 * the longest of them, those between lie between. */
struct window_rule window_rule_of(double step_h, double shortest_h, double longest_h, double k,
                                  double c, double c_long, double history_h);

/* One evaluation: `total` is C less its baseline. Returns the shortest window that fires, as 2^n,
 * or -1. */
int window_run(struct window *w, const struct window_rule *r, double total, uint64_t block,
               bool learn);
void window_drop(struct window *w, uint32_t count); /* forget the newest ones */
/* How many of the newest were made in block `from` or later. */
uint32_t window_since(const struct window *w, uint64_t from);
void window_clear(struct window *w); /* forget all values, but not the noise */
void window_widen(struct window *w); /* spread_widen for all */
/* Mean of C over `count` evaluations, the newest of them `back` ago. */
double window_mean(const struct window *w, uint32_t back, uint32_t count);
/* How long ago, in evaluations' time, the value `back` ago was made, counted from `block`. */
uint32_t window_age(const struct window *w, uint32_t back, uint64_t block);
/* m3/h over the newest `count` evaluations; NaN when there aren't as many. */
double window_slope(const struct window *w, double step_h, uint32_t count);
/* Noise of such a slope, m3/h: the nearest window's. */
double window_slope_sigma(const struct window *w, const struct window_rule *r, uint32_t count);

#endif
