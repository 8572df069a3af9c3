/* SPDX-License-Identifier: Apache-2.0 */
/* The last minutes of the tags that alarms and leaks look at, at full rate, so that an alarm brings
 * along what led to it. One ring for each such tag. */
#ifndef WATCH_CAPTURE_H
#define WATCH_CAPTURE_H

#include <stdbool.h>
#include <stdint.h>

struct capture_sample {
    int64_t t_ms;
    double x;                      /* NaN: not good */
};

enum { CAPTURE_MAX = 1200 };       /* samples of one tag; at faster rates the time is shorter */

struct capture;

/* every_ms: of each of the count rings. NULL: out of memory. */
struct capture *capture_new(const int64_t *every_ms, uint32_t count, int64_t keep_ms);
void capture_free(struct capture *c);
void capture_put(struct capture *c, uint32_t ring, double x, int64_t t_ms);
/* Oldest first, not older than keep_ms before now; out has room for CAPTURE_MAX. */
uint32_t capture_get(const struct capture *c, uint32_t ring, int64_t now_ms,
                     struct capture_sample *out);

#endif
