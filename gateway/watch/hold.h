/* SPDX-License-Identifier: Apache-2.0 */
/* The mean of an input over a stretch of time, by time stamps: a value holds until the next one,
 * but no longer than `most_ms`. Knows nothing of samples' regularity. Flat. */
#ifndef WATCH_HOLD_H
#define WATCH_HOLD_H

#include <stdbool.h>
#include <stdint.h>

struct hold {
    double value, integral; /* integral: value x ms, over what is covered */
    int64_t from_ms; /* integrated up to here */
    int64_t taken_ms; /* when the value came */
    int64_t changed_ms; /* when it last was another one */
    int64_t covered_ms;
    bool known;
};

void hold_init(struct hold *h, int64_t now_ms);
void hold_pass(struct hold *h, int64_t t_ms, int64_t most_ms); /* time passed */
void hold_take(struct hold *h, double x, int64_t t_ms, int64_t most_ms);
void hold_drop(struct hold *h, int64_t t_ms, int64_t most_ms); /* from here on nothing is known */
/* The stretch ends: its mean, if at least half of it was covered; begins the next one. */
bool hold_close(struct hold *h, int64_t length_ms, double *mean);

#endif
