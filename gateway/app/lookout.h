/* SPDX-License-Identifier: Apache-2.0 */
/* Joins the board, the watch room and the teller, for the daemon and for replays alike: samples walk
 * in, what the room has to say walks out, tags that it makes walk back onto the board. */
#ifndef APP_LOOKOUT_H
#define APP_LOOKOUT_H

#include "app/tell.h"
#include "base/arena.h"
#include "values/board.h"
#include "values/derive.h"
#include "watch/warden.h"

struct lookout;

struct lookout_setup {
    const struct plant *plant;
    struct board *board;
    struct derive *derive;         /* NULL: no derived tags */
    struct teller *teller;
    int64_t now_ms, sample_ms;     /* see warden_setup */
    bool keeps;                    /* states are kept through restarts */
    /* Who else wants to know of alarms; may be NULL. */
    void *me;
    void (*alarm)(void *me, uint32_t index, enum alarm_change what, int64_t t_ms);
};

/* Does the plant want anything watched? */
bool lookout_needed(const struct plant *p);
struct lookout *lookout_new(const struct lookout_setup *setup);    /* NULL: out of memory */
void lookout_free(struct lookout *l);

/* After a reload that says the same to the watch room, and to which all that is watched is the same,
 * the room goes on as it is: it keeps its plan, and numbers of tags are translated. */
struct passage;
bool lookout_may_follow(const struct lookout *l, const struct change *c);
struct passage *lookout_prepare(const struct lookout *l, const struct change *c);  /* NULL: out of memory */
void passage_free(struct passage *p);
/* Takes the passage. Of the setup: board, derive, teller and me are the new ones. */
void lookout_follow(struct lookout *l, struct passage *p, const struct lookout_setup *setup);
/* The arena of the plan that it was made for; false: it has that already. */
bool lookout_keep_home(struct lookout *l, struct arena *home);

/* Tags that were renewed, as board_feed says it. t_ms: on the timeline. */
void lookout_feed(struct lookout *l, const uint32_t *touched, uint32_t count, int64_t t_ms);
/* Acts. Returns when it wants to be called again (ms on the timeline). */
int64_t lookout_run(struct lookout *l, int64_t now_ms, mono_t now);
const char *lookout_order(struct lookout *l, const struct order *o, int64_t now_ms);   /* NULL: done */
/* Tags made since the last call, and those derived from them: for history. Valid until the next run
 * or order. */
uint32_t lookout_made(struct lookout *l, const uint32_t **tags);

struct warden *lookout_warden(struct lookout *l);

#endif
