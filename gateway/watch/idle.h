/* SPDX-License-Identifier: Apache-2.0 */
/* A tank that should hold still: while nothing may flow in or out, its level shows a leak without
 * any flow meter. Each quiet half hour is a test; seven of them together see smaller leaks. */
#ifndef WATCH_IDLE_H
#define WATCH_IDLE_H

#include "watch/kind.h"

enum { IDLE_POOL = 7, IDLE_DAYS_BLIND = 7 };

struct idle_test {
    double flow, variance;         /* m3/h out, and its variance */
    int64_t from_ms, end_ms;
};

struct idle {
    bool flows[KIND_INPUT_MAX], known[KIND_INPUT_MAX];
    struct kind_line line;         /* minute means of the level, m over h */
    struct idle_test tests[IDLE_POOL];
    struct idle_test open;         /* of the window that goes on; end_ms 0: none */
    struct kind_hold hold;
    double sum;                    /* of this minute */
    double level, score;
    struct estimate flow;          /* newest, of what it was judged by */
    int64_t quiet_ms;              /* since when nothing flows */
    int64_t minute, window_ms, tested_ms, sound_ms, fault_ms, began_ms, now_ms;
    uint32_t n, test_n, test_at, judged_n;
    bool begun, quiet, level_known, sound_known, on, pooled;
};

#endif
