/* SPDX-License-Identifier: Apache-2.0 */
#include "app/side.h"

#include "base/clock.h"
#include "plan/plan.h"
#include "values/derive.h"

bool side_plan(struct side *s, const char *file, const struct plant_options *options,
               struct diags *ds)
{
    *s = (struct side){.arena = arena_new(0)};
    if (!s->arena) {
        diag_add(ds, DIAG_ERROR, (struct place){file, 1, 1}, "out of memory");
        return false;
    }
    struct plant_options all = *options;
    all.expression = derive_check;
    s->plant = plant_load(s->arena, file, &all, ds);
    s->plan = s->plant ? plan_build(s->arena, s->plant, ds) : NULL;
    /* The pipeline compiles them again, when journal and broker have been begun already. */
    struct derive *derive = s->plant ? derive_new(s->plant, ds) : NULL;
    bool computes = derive != NULL;
    derive_free(derive);
    if (s->plan && computes)
        return true;
    side_fini(s);
    return false;
}

bool side_build(struct side *s, struct door *door, struct sequence *sequence,
                const struct memory *memory, const struct side *before, const struct change *change,
                struct diags *ds)
{
    const struct pipeline_setup setup = {.plan = s->plan,
                                         .door = door,
                                         .sequence = sequence,
                                         .diags = ds,
                                         .wall = clock_wall(),
                                         .now = clock_mono(),
                                         .memory = memory,
                                         .before = before ? before->pipeline : NULL,
                                         .change = change};
    s->pipeline = pipeline_new(&setup);
    return s->pipeline != NULL;
}

bool side_start(struct side *s, struct loop *loop, mono_t now)
{
    struct poller_hooks hooks = {
        .me = s->pipeline, .block = pipeline_feed, .event = pipeline_hear, .wrote = pipeline_wrote};
    s->poller = poller_new(loop, s->plan, hooks, now);
    return s->poller != NULL;
}

void side_fini(struct side *s)
{
    poller_free(s->poller);
    pipeline_free(s->pipeline);
    arena_free(s->arena);
    *s = (struct side){0};
}
