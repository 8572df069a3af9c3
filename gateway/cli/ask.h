/* SPDX-License-Identifier: Apache-2.0 */
/* Equipment asked now, once, by the gateway's own requests, rules and decoding: for people at a
 * terminal, beside a gateway or without one. */
#ifndef CLI_ASK_H
#define CLI_ASK_H

#include "base/arena.h"
#include "headgate/block.h"
#include "values/board.h"

/* What a path names. A tag that no device says has `derived` and no device. */
struct ask_target {
    const struct device *device;
    int32_t point;                 /* in its map; -1: all of the device */
    uint32_t tag;                  /* TAG_NONE: a whole device */
    const struct derived *derived; /* NULL: a device's tag */
};

/* "area/device" or "area/device/tag". false: said on stderr, with what might have been meant. */
bool ask_find(const struct plant *plant, struct arena *arena, const char *path,
              struct ask_target *out);

struct ask_block {                 /* as it came, with its data */
    struct ask_block *next;
    struct block block;
    uint8_t data[2 * REGISTERS_MAX];
};

struct asked {
    const struct plan *plan;       /* of the wanted requests alone; their numbers are its own */
    struct board *board;           /* every tag of the plant; those not asked for are not yet read */
    const struct ask_block *blocks;    /* in the order of their coming */
    uint32_t unfinished;           /* requests that had no end in the time given */
    struct poller *poller;         /* it is still there for those who ask what it saw; not run any more */
    struct loop *loop;
    const struct device *devices;  /* of the plant that was asked about, as callers know them */
};

struct ask_wish {
    const struct device *device;   /* NULL: every device of the plant, all lines at once */
    /* -1: all of the device, but for what changes by being read; else it, and what it hangs on. What
     * the gateway asks only on demand is demanded hereby. */
    int32_t point;
    int64_t patience_ns;
    /* Said as it happens: holes that were learned. NULL: nobody listens. */
    void (*event)(void *me, const char *text);
    void *me;
};

/* NULL: out of memory. Lies in the arena, apart from board and poller: asked_free before it goes. */
struct asked *ask_now(struct arena *arena, const struct plan *whole, const struct ask_wish *wish);
void asked_free(struct asked *a);
void asked_hang_up(struct asked *a);                   /* the lines are free for others; nothing is known of frames */

/* The newest block that speaks of the point (of what it is computed from, for a computed one), and
 * the feed in it. NULL: none came. */
const struct ask_block *asked_of(const struct asked *a, const struct device *d, uint32_t point,
                                 const struct feed **feed);
/* What the point hangs on, as it was heard along with it. */
struct explain_input;
void ask_complete(const struct asked *a, const struct device *d, uint32_t point,
                  struct explain_input *in);
/* The point that is on the wire: itself, or what it is computed from in the end. */
uint32_t ask_root(const struct device *d, uint32_t point);

#endif
