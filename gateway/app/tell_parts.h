/* SPDX-License-Identifier: Apache-2.0 */
/* Inside the teller: what its files share. Nobody else includes this. */
#ifndef APP_TELL_PARTS_H
#define APP_TELL_PARTS_H

#include "app/owner.h"
#include "app/tell.h"
#include "publish/topic.h"

/* Room in the live door that values leave to states, stats and replies. */
enum { LIVE_RESERVE = 256 * 1024 };

struct prefix { /* the part of a topic that many messages share */
    char text[TOPIC_MAX];
    size_t length;
};

/* Retained states that are owed: alarms, then leaks, the incident, the newest bulletin. */
struct owed {
    bool *flags;
    uint32_t room, count, next;
};

struct teller {
    const struct plan *plan;
    const struct plant *plant;
    struct door *door;
    struct sequence *sequence;
    const struct board *board; /* who answers */
    struct prefix history, value;
    struct prefix value_device; /* value/<area>/<device> of the tag last told */
    const char *value_path;
    struct owner owner; /* of the tag last looked up */
    bool *meta_owed; /* devices, then derived tags */
    uint32_t next_meta, meta_count; /* beyond all of them: none is owed */
    uint32_t next_device;
    int64_t device_turn_ms; /* when next_device is due for its figures */
    bool *leads; /* of each derived tag: its path has no other dictionary */
    struct warden *warden; /* NULL: nothing is watched */
    struct owed owed;
    bool put;
    char frame[FRAME_ROOM]; /* history; between frames, what else is long */
    char payload[META_ROOM];
};

struct keep { /* goes to disk with a row */
    const char *key;
    const void *bytes;
    size_t size;
};

/* A row takes its number before it passes the door: if the door is full, the broker thread sees the
 * jump and writes the gap down. keep: NULL: none. */
void tell_row(struct teller *t, struct message m, const char *topic, const char *payload,
              const struct keep *keep);
/* Not journaled. false: the door is full. */
bool tell_live(struct teller *t, enum message_lane lane, const char *topic, size_t topic_length,
               const struct json *j, wall_t time);
/* An event of any length. */
void tell_event_row(struct teller *t, const struct event *e, bool urgent, const struct keep *keep);

#endif
