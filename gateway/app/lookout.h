/* SPDX-License-Identifier: Apache-2.0 */
/* Joins the board with the watch room, for the daemon and for replays alike: samples walk in, tags
 * that the watch room makes walk back onto the board. What it tells goes to the hooks. */
#ifndef APP_LOOKOUT_H
#define APP_LOOKOUT_H

#include "values/board.h"
#include "values/derive.h"
#include "watch/warden.h"

struct lookout;

struct lookout_setup {
    const struct plant *plant;
    struct board *board;
    struct derive *derive;         /* NULL: no derived tags */
    struct warden_hooks hooks;     /* all but tag */
    int64_t now_ms, sample_ms;     /* see warden_setup */
};

/* Does the plant want anything watched? */
bool lookout_needed(const struct plant *p);
struct lookout *lookout_new(const struct lookout_setup *setup);    /* NULL: out of memory */
void lookout_free(struct lookout *l);

/* Tags that were renewed, as board_feed says it. t_ms: on the timeline. */
void lookout_feed(struct lookout *l, const uint32_t *touched, uint32_t count, int64_t t_ms);
/* Acts. Returns when it wants to be called again (ms on the timeline). */
int64_t lookout_run(struct lookout *l, int64_t now_ms, mono_t now);
/* Tags made since the last call, and those derived from them: for history. Valid until lookout_run. */
uint32_t lookout_made(struct lookout *l, const uint32_t **tags);

struct warden *lookout_warden(struct lookout *l);

#endif
