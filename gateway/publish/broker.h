/* SPDX-License-Identifier: Apache-2.0 */
/* The broker thread: empties the door into the journal, and the journal into MQTT. It may block;
 * nobody waits for it. */
#ifndef PUBLISH_BROKER_H
#define PUBLISH_BROKER_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "publish/encode.h"
#include "publish/journal.h"
#include "base/mailbox.h"
#include "headgate/plant.h"

enum { RETRACTIONS = 256 };        /* that may wait for an answer at once */

/* The whole of what the two threads share. */
struct door {
    struct mailbox *rows;          /* journaled lanes; always drained */
    struct mailbox *live;          /* state, value, stats, reply; drained while connected */
    struct mailbox *commands;      /* the other way: struct command + text */
    _Atomic uint32_t sessions;     /* rises with every new MQTT session: send everything retained again */
    _Atomic bool connected;
    struct broker_counters {
        _Atomic uint64_t journaled[MESSAGE_JOURNALED], acked[MESSAGE_JOURNALED],
            waiting[MESSAGE_JOURNALED], dropped[MESSAGE_JOURNALED];
        _Atomic uint64_t published, refused, no_subscriber, reconnects, broker_failures, live_dropped, journal_bytes,
            oldest_unacked_ms, replayed;
    } counters;
    _Atomic uint64_t epoch;        /* a new one begins when the journal has to be begun anew */
    _Atomic(const char *) trouble; /* of the journal, static text; NULL: healthy */
    _Atomic uint32_t allow;        /* what people may command, see struct command_rules */
    _Atomic int64_t fresh_ms;
    /* How the broker answered states with a ticket (see message.h): at ticket % RETRACTIONS stands
     * 2 * ticket, and one more if it refused. Those of a session that was lost are never answered. */
    _Atomic uint64_t retracted[RETRACTIONS];
};

void door_allow(struct door *d, const struct command_rules *rules);

/* One lane's numbers for stats, since the epoch began. acquired: the last seq the plant thread gave
 * (0 for audit: what the journal gave counts). What still lies in the mailbox is waiting, too. */
struct stats_lane door_lane(const struct door *d, enum message_lane lane, uint64_t acquired);

/* A command as it came; payload at most 4 KB, else refused before it is parsed. */
struct command {
    char verb[32];
    char reply_topic[256];         /* MQTT 5 response topic, or "" */
    uint8_t correlation[128];
    uint8_t correlation_length;
    bool retained;
    /* "": a command. Else what the broker thread has to tell, the type of an event, whose text
     * follows with its NUL. */
    char news[24];
    uint32_t payload_length;       /* follows */
    wall_t time;
};

struct broker;

struct broker_setup {
    const struct mqtt *mqtt;
    const char *site, *gateway;
    const char *version;
    wall_t started;                /* of the gateway; told in gateway/<gateway> */
};

/* Opens nothing and connects to nothing before broker_start. The journal becomes the broker's, which
 * closes it in broker_free; when this returns NULL it is still the caller's. door, setup->mqtt and
 * the strings of setup must outlive the broker. */
struct broker *broker_new(struct door *door, struct journal *journal, const struct broker_setup *setup,
                          const char **why);
bool broker_keeps(const char *key);                    /* among the kept states: one of the broker thread's own */
bool broker_start(struct broker *b);                   /* false: no thread could be had */
/* Flushes the journal, tries to send what is waiting for at most grace_ns, says offline, joins. Ends
 * within grace_ns and a second, whatever the network does. Called by the putter of the mailboxes. */
void broker_stop(struct broker *b, int64_t grace_ns);
bool broker_free(struct broker *b);                    /* false: its thread was left behind, and still uses door and setup */

#endif
