/* SPDX-License-Identifier: Apache-2.0 */
/* Writing, on a person's word: read, compare, write, read back, compare. In the turn of the line
 * that owns the bus, before a deadline and never after it, once and never again by itself. */
#ifndef POLL_WRITE_H
#define POLL_WRITE_H

#include "poll/poller.h"

enum { WRITES_MAX = 8, WRITE_WORDS_MAX = 4 }; /* that wait on one line; of one value */

struct write_job {
    uint64_t id; /* the caller's */
    uint32_t device, point; /* in the plant; a point with a write rule */
    uint16_t count; /* registers, or 1 coil */
    uint16_t words[WRITE_WORDS_MAX]; /* coils: 0 or 1 */
    uint16_t masks[WRITE_WORDS_MAX]; /* the bits of them that are the value's own */
    bool has_was;
    uint16_t was[WRITE_WORDS_MAX]; /* written only where this stands now */
    uint32_t connection; /* on which the unit said who it is: not written on another. 0: on any */
    mono_t deadline; /* nothing is sent after it */
};

enum write_how {
    WRITE_DONE, /* confirmed, read back, and it is so */
    WRITE_THERE, /* it was so before; nothing was sent */
    WRITE_CHANGED, /* something else than `was` stands there; nothing was sent */
    WRITE_FAILED, /* nothing was sent */
    WRITE_REFUSED, /* the equipment said no; `after` is what stands there */
    WRITE_DIFFERS, /* confirmed, but read back as something else */
    WRITE_UNCONFIRMED, /* sent, and not confirmed; `after` is what stands there */
    WRITE_UNKNOWN, /* sent, and nothing could be read back */
};

struct write_end { /* how a job ended */
    uint64_t id;
    enum write_how how;
    const char *why; /* NULL: done or there; else a sentence, valid during the call */
    bool has_before, has_after;
    uint16_t before[WRITE_WORDS_MAX], after[WRITE_WORDS_MAX];
};

/* The hook poller_hooks.wrote is called once for each job that was taken, from poller_run, the loop
 * or poller_cancel_writes; never from here. NULL: taken. Else why not. */
const char *poller_write(struct poller *p, const struct write_job *job, mono_t now);

/* Ends all of them: those that wait, and those whose answer is still to come. Nothing of them is
 * sent any more. */
void poller_cancel_writes(struct poller *p, const char *why, mono_t now);

struct write_ask { /* one frame */
    uint8_t framing;
    uint16_t transaction; /* TCP */
    uint8_t unit;
    uint8_t function; /* 5, 6, 15, 16, 22 */
    uint16_t address;
    uint16_t count; /* 15, 16; else 1 */
    uint16_t words[WRITE_WORDS_MAX]; /* coils: 0 or 1 each */
    uint16_t mask; /* 22: the bits that become those of words[0] */
};

/* What would go out for this job, before a mask that the equipment has to be asked for first. */
void write_frame_of(const struct write_job *job, const struct point *point, uint8_t unit,
                    struct write_ask *out);

#endif
