/* SPDX-License-Identifier: Apache-2.0 */
/* The first page to read: what happens to an answer, room by room. Joins, and decides nothing. */
#ifndef APP_PIPELINE_H
#define APP_PIPELINE_H

#include "app/memory.h"
#include "app/status.h"
#include "app/tell.h"
#include "base/diag.h"
#include "headgate/block.h"
#include "poll/poller.h"
#include "publish/broker.h"
#include "values/board.h"

struct pipeline;

struct pipeline_setup {
    const struct plan *plan;
    struct door *door;
    struct sequence *sequence;
    struct diags *diags;
    wall_t wall;                   /* now */
    mono_t now;
    const struct memory *memory;   /* states of the watch room; NULL: none */
    /* The pipeline of the plan before, which is left as it is; NULL at the start. */
    const struct pipeline *before;
    const struct change *change;
};

struct pipeline *pipeline_new(const struct pipeline_setup *setup);   /* NULL: see diags, or out of memory */
void pipeline_free(struct pipeline *p);
/* After a reload, before anything else: what the one before knew without being told again. `before` is
 * only good for pipeline_free afterwards. true: the watch room goes on in the plan that it had before:
 * `home`, that plan's arena, is p's now. */
bool pipeline_take_over(struct pipeline *p, struct pipeline *before, const struct change *c,
                        struct arena *home, wall_t wall, mono_t now);

/* Hooks for the poller; me is the pipeline. */
void pipeline_feed(void *me, const struct block *b);
void pipeline_hear(void *me, const struct poll_event *e);
void pipeline_wrote(void *me, const struct write_end *e);

/* Time passed: stale tags, the value lane, states owed to a new broker session. Returns when it
 * wants to be called again. poller: for the figures in stats; NULL: none are told. */
mono_t pipeline_tick(struct pipeline *p, struct poller *poller, wall_t wall, mono_t now);

/* A command that a person sent; payload as it came. Answered in any case: what is to be written when
 * it was, or could not be. poller: who asks the equipment. */
void pipeline_order(struct pipeline *p, struct poller *poller, const struct command *c,
                    const char *payload, wall_t wall, mono_t now);

/* What there is to be seen of it, for people who ask why: board and devices. */
struct why_view;
void pipeline_look(const struct pipeline *p, struct why_view *v);

/* What the watch room knows, for the pipeline that comes after this one. */
void pipeline_remember(struct pipeline *p, struct memory *m);

/* A line of the gateway's own diary: event/<gateway>. subject and text may be NULL. */
void pipeline_note(struct pipeline *p, const char *type, const char *subject, const char *text,
                   wall_t wall);

/* Anything put through the door since the last call? The daemon then wakes the broker thread. */
bool pipeline_flush(struct pipeline *p);


#endif
