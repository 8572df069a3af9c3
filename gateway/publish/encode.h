/* SPDX-License-Identifier: Apache-2.0 */
/* The payloads of the contract. Pure: from plain data into a struct json; whether all of it fitted
 * is told by json.overflow, once, at the end. */
#ifndef PUBLISH_ENCODE_H
#define PUBLISH_ENCODE_H

#include "headgate/plant.h"
#include "publish/json.h"
#include "publish/message.h"

enum {
    FRAME_ROOM = 128 * 1024,       /* buffer for one history frame; no frame becomes longer than half of it */
    META_ROOM = 64 * 1024,         /* buffer for one part of a tag dictionary */
    STATUS_ROOM = 4096,            /* buffer for any other payload */
};

/* value/...: last and last_time are told only while the value is not good (last may be NULL or NONE). */
void encode_value(struct json *j, const struct sample *s, const struct value *last,
                  wall_t last_time, const char *unit);

/* history/...: one frame without its head. A tag that isn't good stands in `bad`, an uncertain one
 * with its value. A frame without any tag is possible and means nothing: look at `count` first. */
struct frame {
    struct json out, bad;
    uint32_t count;                /* tags added */
};
void frame_begin(struct frame *f, char *buffer, size_t room, const char *device, wall_t time);
/* key: point->key, "\"flow\":". false: the tag does not fit any more and was left out; end this
 * frame, begin the next one with the same time, and add it there. */
bool frame_add(struct frame *f, const char *key, uint32_t key_length, const struct sample *s);
size_t frame_end(struct frame *f);                     /* length of the body in buffer; 0: did not fit */

/* device/... */
struct device_status {
    const struct device *device;
    const struct line *line;
    const char *gateway;
    const char *state;             /* "online", "silent", "offline", "refuses", ... */
    const char *reason;            /* NULL: none */
    wall_t since, time, last_ok;   /* last_ok.ms 0: never */
    int64_t rtt_ns;                /* < 0: unknown */
    uint64_t good, timeouts, garbled, exceptions;
    const char *identity;          /* who answered last; NULL: it can't tell, or not yet */
    const char *expected;          /* who ought to: NULL when it is the same */
};
void encode_device(struct json *j, const struct device_status *d);

/* gateway/...: online, offline and the last will. */
struct gateway_status {
    const char *gateway, *version;
    const char *state;             /* "online", "offline" */
    const char *reason;            /* offline: "will", "stop"; NULL: none */
    wall_t time, started;
    uint64_t epoch;
};
void encode_gateway(struct json *j, const struct gateway_status *g);

/* stats/...: all counters since the start but the lanes', which count since the epoch began. */
struct stats_lane {
    uint64_t acquired, acked, waiting, dropped;        /* acquired = acked + waiting + dropped */
};
struct stats {
    const char *gateway;
    uint64_t epoch;
    wall_t time, started;
    int64_t interval_ns;
    struct stats_lane lanes[MESSAGE_JOURNALED];
    uint32_t lines, lines_up, devices, devices_online, tags, tags_good;
    uint64_t polls, good, timeouts, garbled, exceptions, overruns, skipped, probes;
    uint64_t late_ms[8];           /* schedule error: <1, <2, <5, <10, <20, <50, <100, more ms */
    uint64_t updates;              /* tags renewed */
    uint64_t published, refused, no_subscriber, reconnects, broker_failures, live_dropped,
        replayed;
    uint64_t journal_bytes, oldest_unacked_ms;
    const char *journal_trouble;   /* NULL when healthy */
    const char *clock;             /* the machine's: "synchronised", "unsynchronised", "unknown" */
    uint64_t resident_bytes, cpu_ms;
    const char *alarms;            /* figures of the alarms, an object that is JSON already; NULL: none */
};
void encode_stats(struct json *j, const struct stats *s);

/* meta/...: the tag dictionary of what stands under one device path: a device's points, then the
 * derived tags that carry the same path (device may be NULL when there are only those). From tag
 * number `from` of this list on, as many as fit; returns the number to go on from, which is
 * meta_count() when all are told. Part 2 and later go to the topic with "~2", ... behind it, since
 * each topic retains one message only. */
struct meta {
    const struct plant *plant;
    const char *path;              /* "mill/pump-1" */
    const struct device *device;   /* NULL: derived tags only */
    wall_t time;
};
uint32_t meta_count(const struct meta *m);
uint32_t encode_meta(struct json *j, const struct meta *m, uint32_t from, unsigned part);

/* event/...: body without its head. more: further members, already JSON ("\"line\":\"radio\""), or NULL. */
struct event {
    const char *type;              /* "line_down", "hole_learned", ... */
    const char *subject;           /* "radio", "mill/pump-1" */
    const char *text;              /* for people */
    wall_t time;
    const char *more;
};
void encode_event(struct json *j, const struct event *e);

/* What stands in front of each journaled body. */
void encode_head(struct json *j, const char *gateway, uint64_t epoch, uint64_t seq);
/* The body that takes the place of rows from_seq..to_seq, which are lost. */
void encode_gap(struct json *j, wall_t time, uint64_t from_seq, uint64_t to_seq, const char *reason);

#endif
