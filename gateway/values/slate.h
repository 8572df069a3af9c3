/* SPDX-License-Identifier: Apache-2.0 */
/* What lies behind a board: its tables, and the few moves that its parts share. */
#ifndef VALUES_SLATE_H
#define VALUES_SLATE_H

#include <assert.h>
#include <stdalign.h>

#include "values/board.h"

#define NONE UINT32_MAX /* no feed, no text, no heartbeat; end of the queue */
#define NOT_QUEUED (UINT32_MAX - 1)

/* What a lane was told last. The value is kept as 64 bits (a text as its hash), which is exact for
 * comparing and enough for a deadband. */
struct told {
    uint64_t mark;
    int64_t time_ms;
    uint32_t reason; /* hash; 0: none */
    uint8_t kind, places, quality;
    bool known;
};

/* Two cache lines: what decoding writes, and what reporting compares. */
struct tag {
    alignas(64) struct tag_state state;
    struct told told[LANE_COUNT];
    const struct point *point;
    uint32_t next; /* in the queue of dirty tags */
    uint32_t pass; /* that touched it last */
};

static_assert(sizeof(struct tag) == 128, "400,000 tags fit in some 50 MB");

/* What a map needs beyond itself. */
struct sheet {
    const struct map *map;
    uint32_t *text_at; /* per point: where its text lies; NONE. NULL: no texts */
    uint32_t text_bytes; /* of one half, per device */
    uint32_t *late; /* points that need others, in order of dependence */
    uint32_t late_count;
    bool *scales; /* per point: others are scaled by it. NULL: none is */
};

enum { HANGS = 3 }; /* on an exponent, a factor, a condition */

/* A point of a request that has to wait until the plain ones are decoded. */
struct step {
    uint32_t device, point;
    uint32_t feed; /* that brings it, or what it is computed from in the end */
    uint32_t by[HANGS]; /* mates that it hangs on; NONE */
    uint32_t mate; /* it is one itself; NONE */
    uint32_t source; /* the mate that it is computed from; NONE */
    uint8_t awaits; /* a bit for each of by that has to be read again when another answer brings it */
};

struct asked { /* of each request */
    int64_t news_ns; /* mono: when it last brought data or trouble */
    int64_t check_ns; /* mono: when a tag of it may become stale; INT64_MAX: none can */
    int64_t limit_ns; /* the shortest staleness among its feeds */
    uint32_t turn; /* of good answers, for slow feeds */
    uint32_t part; /* where the last of them began in the request */
    uint32_t first_step, step_count;
    bool has_beat; /* a heartbeat is among its feeds */
    uint32_t first_seen, seen_count; /* badges of its devices */
    uint32_t first_scale, scale_count; /* scales among its feeds */
    uint32_t first_mate, mate_count; /* that it brings, in `brought` */
    uint32_t first_waiter, waiter_count; /* steps that may wait for it, in `waiters` */
};

struct beat { /* of each device with a heartbeat */
    uint32_t device;
    uint32_t marked; /* points already made uncertain */
    int64_t changed_ns;
    uint64_t mark;
    bool known, frozen;
};

struct unit { /* of each device */
    const struct sheet *sheet;
    char *text; /* two halves of sheet->text_bytes */
    uint32_t beat; /* index, or NONE */
    uint32_t badge; /* index, or NONE */
    uint8_t doubt; /* enum doubt: who answers? */
    const struct home *home; /* zone of its clock; NULL: its times are told as they are */
};

struct base { /* of each counter, in order of the tags: from where one that ran backwards goes on */
    struct value value; /* NONE: it never did */
    wall_t last; /* when its last good value was: a newer one is the base instead */
    uint32_t tag;
};

struct home { /* zones, each once */
    const char *name;
    struct zone *zone; /* NULL: not known here */
    char *twice, *never; /* what is said of an hour that its clocks show twice, or never */
};

struct badge;
struct seen;
struct scale;
struct notice;
struct mate;
struct held;

struct board {
    const struct plan *plan;
    const struct plant *plant;
    struct tag *tags;
    struct unit *units;
    struct asked *asked;
    struct sheet *sheets;
    uint32_t sheet_count;
    struct step *steps;
    uint32_t step_count;
    struct beat *beats;
    uint32_t beat_count;
    struct base *bases;
    uint32_t base_count;
    struct home *homes;
    uint32_t home_count;
    struct badge *badges;
    uint32_t badge_count;
    struct seen *seen;
    struct scale *scales;
    struct mate *mates; /* by device and point */
    uint32_t mate_count;
    uint32_t *brought, *waiters; /* mates, and steps, of each request */
    struct held *held; /* of each step */
    uint8_t *waits; /* of each step: which of `by` it waits for */
    struct notice *notices; /* a ring */
    uint32_t first_notice, notice_count;
    char *text, *derived_text;
    struct arena *words; /* reasons that came from the board before; NULL: none */
    uint32_t touch_max;
    uint32_t good; /* tags */
    uint32_t first_dirty, last_dirty;
    uint32_t *touched; /* of the call in progress */
    uint32_t touched_count;
    uint32_t pass;
    uint32_t idle_at; /* tag where telling goes on of what is never read */
    uint32_t unread_at, unread_end; /* tags where telling goes on of what a reload left unread */
    uint32_t scan_at; /* request where a scan for stale tags goes on */
    int64_t next_scan_ns;
};

/* Where a tag's texts lie, and how far behind it the other half is; device NONE: point is the number
 * of a derived tag. NULL: it has no room for texts. */
char *slate_text(const struct board *b, uint32_t device, uint32_t point, size_t *half);
bool slate_build(struct board *b); /* everything but the tags; false: no memory */
uint64_t slate_mark(const struct value *v);
int64_t slate_stale_after(const struct board *b, const struct request *r, const struct feed *f);

/* What a good sample still has to pass but the counting; and with it, and then stored. device NONE:
 * of a derived tag. */
void slate_qualify(const struct board *b, uint32_t device, struct sample *s);
void slate_judge(struct board *b, uint32_t tag, uint32_t device, struct sample *s);
/* A tag of a step whose source was told in this pass. */
void slate_step(struct board *b, const struct step *step, const struct block *block);

/* Stores a judged sample, remembers it as touched, and queues it when it is news. */
void slate_store(struct board *b, uint32_t tag, const struct sample *s);
bool slate_news(const struct tag *t, enum lane lane, wall_t now);

struct base *slate_base(const struct board *b, uint32_t tag); /* NULL: it is no counter */

/* Makes a good tag uncertain, with its value kept. */
void slate_doubt(struct board *b, uint32_t tag, const char *reason, wall_t now);

#endif
