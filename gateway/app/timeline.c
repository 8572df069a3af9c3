/* SPDX-License-Identifier: Apache-2.0 */
#include "app/timeline.h"

/* Two clocks read one after the other, and a clock that is slewed, differ by less. */
enum { TOLERANCE_MS = 1000 };

void timeline_begin(struct timeline *l, int64_t kept_ms, wall_t wall, mono_t now)
{
    *l = (struct timeline){.t_ms = kept_ms > wall.ms ? kept_ms : wall.ms, .at = now};
    l->ahead_ms = l->t_ms - wall.ms;
}

int64_t timeline_now(struct timeline *l, wall_t wall, mono_t now)
{
    int64_t passed = mono_since(now, l->at) / NS_PER_MS;
    int64_t expected = l->t_ms + (passed > 0 ? passed : 0);
    int64_t t = wall.ms >= expected - TOLERANCE_MS ? wall.ms : expected;
    if (t < l->t_ms)
        t = l->t_ms;
    if (passed > 0 || t > l->t_ms) {
        /* What is less than a millisecond stays on the account. */
        l->at = mono_add(l->at, passed > 0 ? passed * NS_PER_MS : 0);
        l->t_ms = t;
        l->ahead_ms = t - wall.ms;
    }
    return l->t_ms;
}
