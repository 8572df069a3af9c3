/* SPDX-License-Identifier: Apache-2.0 */
/* Two clocks that can't be mixed up: mono_t for schedules and deadlines, wall_t for what people
 * and historians read. Both are values; only base/clock, poll and app may read the real clocks. */
#ifndef HEADGATE_TIME_H
#define HEADGATE_TIME_H

#include <stdbool.h>
#include <stdint.h>

#define NS_PER_US INT64_C(1000)
#define NS_PER_MS INT64_C(1000000)
#define NS_PER_S INT64_C(1000000000)

typedef struct {
    int64_t ns;                 /* since an arbitrary start; CLOCK_BOOTTIME */
} mono_t;

typedef struct {
    int64_t ms;                 /* since 1970-01-01 UTC; 0 = never */
} wall_t;

#define MONO_NEVER ((mono_t){INT64_MAX})

static inline mono_t mono_add(mono_t t, int64_t ns)
{
    return (mono_t){ns > 0 && t.ns > INT64_MAX - ns ? INT64_MAX : t.ns + ns};
}

static inline int64_t mono_since(mono_t later, mono_t earlier)   /* ns; negative if not later */
{
    return later.ns - earlier.ns;
}

static inline bool mono_before(mono_t a, mono_t b)
{
    return a.ns < b.ns;
}

static inline mono_t mono_min(mono_t a, mono_t b)
{
    return a.ns < b.ns ? a : b;
}

#endif
