/* SPDX-License-Identifier: Apache-2.0 */
/* All lines at once: asks what is due, hands over what came back. One thread, never blocks. */
#ifndef POLL_POLLER_H
#define POLL_POLLER_H

#include "base/arena.h"
#include "base/loop.h"
#include "headgate/change.h"

struct poller;

/* Called for each request that ended, well or ill; the block is valid during the call. A request
 * that was split after "illegal data address" ends in several blocks. */
typedef void poller_block_fn(void *me, const struct block *b);

enum line_state { LINE_DOWN, LINE_CONNECTING, LINE_UP, LINE_SUSPECT };
/* Line and unit news, state changes only. */
enum poll_event_kind {
    POLL_LINE_UP, /* connected, port open */
    POLL_LINE_DOWN,
    POLL_LINE_SUSPECT, /* an RTU bus whose alignment must be proved */
    POLL_LINE_PROVED,
    POLL_UNIT_SILENT,
    POLL_UNIT_ANSWERS,
    POLL_HOLE_LEARNED, /* text: the line to paste into the map */
    POLL_UNIT_REFUSES, /* an exception that lasts; text says which */
    POLL_UNIT_ACCEPTS,
    POLL_LINE_DISTURBED, /* bytes on a bus that nobody asked for */
};
struct poll_event {
    enum poll_event_kind kind;
    uint32_t line;
    int unit; /* -1: the line itself */
    const char *text; /* why, for people; valid during the call */
    mono_t now;
};
typedef void poller_event_fn(void *me, const struct poll_event *e);

/* Counters since the start. */
struct line_stats {
    enum line_state state;
    uint64_t asked, good, timeouts, garbled, exceptions, connects, connect_failures, probes,
        overruns, skipped; /* skipped: polls not sent because the unit is backed off */
    uint64_t bytes_out, bytes_in;
    int64_t silent_ns; /* bus time spent on units that don't answer */
    int64_t busy_ns; /* bus time in all */
    int64_t rtt_last_ns;
    uint64_t late_ms[8]; /* schedule error: <1, <2, <5, <10, <20, <50, <100, more ms */
};
struct unit_stats {
    bool answers;
    uint64_t good, timeouts, garbled, exceptions;
    int64_t rtt_ns; /* smoothed */
    mono_t next_probe; /* when silent */
    int64_t probe_interval_ns;
};

/* How something that a person wanted written ended; see poll/write.h. */
struct write_end;
typedef void poller_wrote_fn(void *me, const struct write_end *e);

struct poller_hooks {
    void *me;
    poller_block_fn *block;
    poller_event_fn *event; /* may be NULL */
    poller_wrote_fn *wrote; /* may be NULL where nothing is written */
};

struct poller *poller_new(struct loop *loop, const struct plan *plan, struct poller_hooks hooks,
                          mono_t start);
void poller_free(struct poller *p);

/* Another plan for the same poller. First everything that can fail, while the old plan goes on: NULL:
 * out of memory, nothing changed. The plans of `change` must last until the commit, or until it is
 * dropped. */
struct succession;
struct succession *poller_prepare(struct poller *p, const struct change *change, mono_t start);
void poller_drop(struct succession *s);
/* Then everything at once: lines that are the same on the wire go on as they are, an answer on its way
 * included; the others are closed, and new ones begin with the next poller_run. Tags that are new
 * behind units or lines that don't answer are told so. From now on the old plan isn't needed. */
void poller_commit(struct poller *p, struct succession *s, struct poller_hooks hooks, mono_t now);

/* The caller was busy with something else for so long: what was due meanwhile is not held against the
 * equipment, whose answers may lie in the socket. */
void poller_forgive(struct poller *p, int64_t ns);

mono_t poller_run(struct poller *p, mono_t now); /* does what is due; when to call again */
/* What a unit is asked once on each connection is asked once more. */
void poller_ask_again(struct poller *p, uint32_t line, uint8_t unit, mono_t now);
uint32_t poller_waiting(const struct poller *p); /* lines that were asked and haven't answered yet */
void poller_line_stats(const struct poller *p, uint32_t line, struct line_stats *out);
void poller_ended_stats(const struct poller *p, struct line_stats *out); /* lines that are no more */
/* What went over the wire lately for a request of the plan; NULL: nothing. Good until the next call
 * that lets the poller work. */
struct frames;
const struct frames *poller_frames(const struct poller *p, const struct request *r);
bool poller_unit_stats(const struct poller *p, uint32_t line, uint8_t unit, struct unit_stats *out);

#endif
