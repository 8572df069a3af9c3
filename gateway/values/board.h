/* SPDX-License-Identifier: Apache-2.0 */
/* The newest sample of every tag, and what became of it: changed, silent, stale, frozen. One
 * block in, tags updated; the caller reads what changed. */
#ifndef VALUES_BOARD_H
#define VALUES_BOARD_H

#include "headgate/change.h"

struct board;

/* What one tag looks like now. */
struct tag_state {
    struct sample now;
    struct value last;             /* the last good value; NONE when never */
    wall_t last_time;
};

struct board *board_new(const struct plan *plan);      /* NULL: out of memory. Every tag starts NOT_CONNECTED, "not yet read" */
void board_free(struct board *b);

/* Before the first block: tags that are the same as in the board before keep their sample, its age
 * and what was told of them; the others are not yet read. false: out of memory, and the board is good
 * for nothing but board_free. The board before is left as it is. */
bool board_carry(struct board *b, const struct board *before, const struct change *change);
/* Behind a carry: tags that are not yet read have a time from now on, and are news: the broker may
 * still hold what they said before. Same contract as board_tick; 0: no more of them. */
uint32_t board_unread(struct board *b, wall_t wall, uint32_t *touched, uint32_t room);

/* One block: decodes, judges, stores. Fault blocks make their tags bad at once (with `last` kept):
 * TIMEOUT, GARBLED, CLOSED -> COMM_FAILURE; LINE_DOWN -> NOT_CONNECTED; EXCEPTION by meaning; HOLE ->
 * CONFIG_ERROR. BACKED_OFF is no news for tags that are bad already; what still looked alive (another
 * request's tags of the same unit) turns bad with it.
 * touched (room for board_touch_max) gets the tags whose sample was renewed by this block, in feed
 * order, then those that depend on others (scaled, conditional, computed); returns how many. A tag
 * is touched when it was due, changed or not: ask board_news. */
uint32_t board_feed(struct board *b, const struct block *block, uint32_t *touched);
uint32_t board_touch_max(const struct board *b);

/* ---- who answers, and scales ----
 * A device whose map identifies it is read on each new connection, and every few seconds. Until then
 * its tags are uncertain ("identity not yet read"). Another one than it was, or than the map or the
 * plant file allow: all of them are a CONFIG_ERROR until the old one is back; one that was swapped
 * between two runs of the gateway: uncertain. A reload takes the new one for right, but not against
 * the map or the plant file. */
enum identity_state {
    IDENTITY_UNREAD,
    IDENTITY_RIGHT,
    IDENTITY_SINCE,                /* another one than in the run before */
    IDENTITY_OTHER,                /* another one than it was */
    IDENTITY_MISFIT,               /* not one of those that it may be */
};
struct board_identity {
    uint8_t state;                 /* enum identity_state */
    const char *known, *now;       /* which one it ought to be, and which one answered last; "": unknown */
    uint32_t connection;           /* on which it said so; 0: on none that goes on */
    const char *reason;            /* NULL when it is right, or not told yet to be unread */
};
bool board_identity(const struct board *b, uint32_t device, struct board_identity *out);   /* false: it has none */
/* Before the first block: which one answered in an earlier run. */
void board_remember_identity(struct board *b, uint32_t device, const char *text, size_t length);

enum board_notice_kind {
    NOTICE_LEARNED,                /* the first one that was ever seen here, or one that was swapped in by right */
    NOTICE_SINCE, NOTICE_OTHER, NOTICE_BACK,
    NOTICE_ACCEPTED,               /* by a reload */
    NOTICE_UNREAD,                 /* it answers, but for a while not who it is */
    NOTICE_READ_AGAIN,             /* nothing to tell: what is asked once was asked in vain */
    NOTICE_SCALE,                  /* a tag that others are scaled by says something else */
};
enum { BOARD_NOTICES = 32, BOARD_NOTICE_ROOM = 384, IDENTITY_REASON_ROOM = 320 };
struct board_notice {
    enum board_notice_kind kind;
    uint32_t device;
    const char *text, *was, *is;   /* valid until the next block */
};
bool board_next_notice(struct board *b, struct board_notice *out);   /* takes one; false: none */

/* Stale and frozen tags; call every tick or so. Same contract as board_feed; at most `room` tags,
 * the others at the next call. */
uint32_t board_tick(struct board *b, wall_t wall, mono_t now, uint32_t *touched, uint32_t room);

/* A sample from elsewhere (derived tags, replayed history): judged and stored like a decoded one.
 * Its text, if it is one, is copied; longer than BOARD_TEXT_MAX is a sensor failure. */
enum { BOARD_TEXT_MAX = 64 };
void board_put(struct board *b, uint32_t tag, const struct sample *s);

const struct tag_state *board_tag(const struct board *b, uint32_t tag);
/* A tag that others hang on, as they are judged by it: read last, though its turn to be told may not
 * have come. Of any other tag: what it says now. */
const struct sample *board_partner(const struct board *b, uint32_t tag);
/* After so long without news a tag of the feed is stale. */
int64_t board_stale_ns(const struct board *b, const struct request *r, const struct feed *f);
uint32_t board_good(const struct board *b);             /* how many tags are good now */

/* Report by exception: did it change by more than its deadband, its quality or its reason since it
 * was last reported, or is max_silence over? Two independent reporters: history and values. */
enum lane { LANE_VALUE, LANE_HISTORY, LANE_COUNT };
bool board_news(const struct board *b, uint32_t tag, enum lane lane, wall_t now);
void board_reported(struct board *b, uint32_t tag, enum lane lane, wall_t now);
/* What the lane was told last. value NONE: a text, or none. */
struct lane_told {
    bool known;
    wall_t time;
    enum quality quality;
    struct value value;
};
struct lane_told board_told(const struct board *b, uint32_t tag, enum lane lane);
void board_forget(struct board *b, enum lane lane);    /* everything is news again (new broker session) */

/* Tags with news for the value lane, without looking at all of them: a touched or put tag that is
 * news queues by itself. Ask board_news once more when it is taken: it may have gone back. */
bool board_next_dirty(struct board *b, uint32_t *tag); /* takes one from the queue; false: none */
void board_dirty(struct board *b, uint32_t tag);       /* puts it (back); once, however often called */

#endif
