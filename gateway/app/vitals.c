/* SPDX-License-Identifier: Apache-2.0 */
#include "app/vitals.h"

#include <string.h>

static const int64_t torn_ns = 100 * NS_PER_MS;
static const int64_t step_ms = 1000;
static const int64_t news_apart_ns = NS_PER_S;
static const int64_t well_for_ns = 3 * NS_PER_S;

bool vitals_clock(struct vitals *v, mono_t before, wall_t wall, mono_t after, wall_t *from)
{
    /* Stopped in between, nobody knows which clock is how late. */
    if (mono_since(after, before) > torn_ns)
        return false;
    int64_t passed_ms = mono_since(before, v->at) / NS_PER_MS;
    *from = (wall_t){v->wall.ms + passed_ms};
    bool step = v->begun && (wall.ms > from->ms + step_ms || wall.ms < from->ms - step_ms);
    /* Each look is against the one before: a clock that is slewed for days never becomes a step. */
    v->begun = true;
    v->at = before;
    v->wall = wall;
    return step;
}

bool vitals_disk(struct vitals *v, const char *trouble, mono_t now, const char **told)
{
    if (!trouble && !v->well)
        v->well_since = now;
    v->well = !trouble;
    bool same = trouble && v->trouble ? strcmp(trouble, v->trouble) == 0 : trouble == v->trouble;
    if (same)
        return false;
    if (trouble ? v->told_at.ns && mono_since(now, v->told_at) < news_apart_ns
                : mono_since(now, v->well_since) < well_for_ns)
        return false;
    v->trouble = *told = trouble;
    v->told_at = now;
    return true;
}
