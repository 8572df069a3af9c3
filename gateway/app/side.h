/* SPDX-License-Identifier: Apache-2.0 */
/* Everything that belongs to one plan, made together and freed whole: files, plan, board, lines.
 * A reload makes a second one beside the first, which then takes the lines over; a bad file makes
 * none. */
#ifndef APP_SIDE_H
#define APP_SIDE_H

#include "app/pipeline.h"
#include "base/arena.h"
#include "base/loop.h"
#include "config/plant.h"

struct side {
    struct arena *arena;
    const struct plant *plant;
    const struct plan *plan;
    struct pipeline *pipeline;
    struct poller *poller;         /* NULL until side_start */
};

/* Reads and plans, expressions included: what is wrong with the files is told here, and all of it.
 * false: what is wrong stands in ds, and nothing is left behind. */
bool side_plan(struct side *s, const char *file, const struct plant_options *options,
               struct diags *ds);
/* Builds board and pipeline. memory: what the watch room knows already; NULL: nothing. before: what
 * runs until now, left as it is; NULL: nothing. */
bool side_build(struct side *s, struct door *door, struct sequence *sequence,
                const struct memory *memory, const struct side *before, const struct change *change,
                struct diags *ds);
bool side_start(struct side *s, struct loop *loop, mono_t now);   /* opens the lines */
void side_fini(struct side *s);

#endif
