/* SPDX-License-Identifier: Apache-2.0 */
/* The plain alarms of one tag: above, below, is, rises, falls. Deadband and counting of readings are
 * here; delays are the alarm engine's. */
#ifndef WATCH_CONDITION_H
#define WATCH_CONDITION_H

#include "headgate/rule.h"
#include "headgate/value.h"

enum { CONDITION_BUCKETS = 32 };

struct condition_state {           /* flat */
    bool on, known;
    uint32_t in_row;               /* readings beyond the limit */
    double x;                      /* newest */
    /* RISES, FALLS: the lowest and highest of each 32nd of the window. */
    int64_t bucket[CONDITION_BUCKETS];     /* its number since 1970 */
    double low[CONDITION_BUCKETS], high[CONDITION_BUCKETS];
    bool used[CONDITION_BUCKETS];
};

/* A good sample. true: `on` is news. */
bool condition_sample(struct condition_state *c, const struct alarm_condition *rule,
                      const struct value *v, int64_t t_ms);

#endif
