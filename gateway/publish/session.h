/* SPDX-License-Identifier: Apache-2.0 */
/* Inside the broker thread: what its files share. Nobody else includes this. */
#ifndef PUBLISH_SESSION_H
#define PUBLISH_SESSION_H

#include <pthread.h>

#include "base/log.h"
#include "publish/asked.h"
#include "publish/broker.h"
#include "publish/guard.h"
#include "publish/mqtt.h"
#include "publish/overlap.h"
#include "publish/topic.h"

enum {
    FLIGHTS = 1024, /* power of two; the most that is ever in flight */
    COMMAND_MAX = 4096,
    COMMANDS = 256, /* that may come in one breath */
    OUTBOX = 32,
    LANE_OWN = MESSAGE_JOURNALED, /* lanes of flights that are no rows */
    LANE_REPLAY,
    LANE_AGAIN, /* and two more: rows that were denied once, of each lane */

    DENIED = 0x87, /* not authorised: people mend that */
    TOO_LARGE = 0x95,
    INVALID = 0x90,
    DEADLY = 0x83, /* our own word for what costs the connection each time */
    AGAIN_TOPICS = 32,
};

/* A QoS 1 publish that the broker hasn't answered yet, in the order of sending. */
struct flight {
    int mid;
    uint8_t lane; /* enum message_lane, LANE_OWN or LANE_REPLAY */
    bool done;
    bool gap; /* a frame that tells of this row */
    int reason;
    uint64_t seq;
    uint64_t ticket; /* of a state: who put it wants to know; 0: nobody does */
    uint32_t size, topic; /* topic: a hash */
    bool state; /* retained */
    struct kept *kept; /* what was sent, should it be refused; NULL: it can't be had again */
};

struct parcel { /* on its way into a flight */
    uint8_t lane;
    uint64_t seq;
    bool gap;
    uint64_t ticket;
    bool state;
    struct kept *kept;
};

struct inbound { /* a command, copied out of the library's hands */
    struct command head;
    bool too_long;
    char payload[COMMAND_MAX + 1];
};

struct outbound { /* a message of our own: a reply, the gateway's state */
    char *topic, *payload;
    size_t length;
    bool retained;
    uint8_t correlation[128];
    uint8_t correlation_length;
};

struct replay {
    bool active;
    struct journal_cursor cursor;
    uint64_t from, to, count;
    uint64_t refused; /* of those that were sent */
    int reason; /* of the last one */
    unsigned tries; /* of what was refused for a reason that passes */
    char id[68], client[68], reply_topic[256], asked[ASKED_ROOM];
    uint8_t correlation[128];
    uint8_t correlation_length;
    int64_t tokens; /* rows that may go now */
    mono_t filled;
};

/* Rows that the access rules denied are tried again in rounds, one of each topic at first. */
struct again {
    bool running;
    mono_t due;
    struct journal_cursor at;
    uint32_t count;
    struct {
        uint32_t topic;
        enum { ASKED, NO, YES } answer;
    } topics[AGAIN_TOPICS];
};

/* Retained messages that were refused, in the order in which they are tried again. */
struct states {
    struct kept *first, **last;
    uint32_t count;
    size_t bytes; /* of these */
    size_t flying; /* of copies of what is in flight */
    mono_t due, told_all;
    bool flooded; /* some were forgotten */
    bool mended; /* one was taken that had been refused */
};

struct broker {
    struct door *door;
    struct journal *journal;
    struct broker_setup setup;
    struct mqtt_client *mqtt;
    pthread_t thread;
    bool running; /* a thread was started and not joined */
    int ended; /* eventfd: the thread has nothing more to do */
    _Atomic bool stopping;
    _Atomic int64_t grace_ns;

    char gateway_topic[TOPIC_MAX], audit_topic[TOPIC_MAX], command_prefix[TOPIC_MAX];
    char gap_topic[MESSAGE_JOURNALED][TOPIC_MAX];
    char head[320]; /* {"gateway":"gw1","epoch":1764000000,"seq": */
    size_t head_length;
    uint64_t epoch;
    char *out; /* head and body of one row */
    size_t out_room;

    mono_t now;
    wall_t wall;
    struct flight flights[FLIGHTS];
    uint32_t flight_first, flight_end;
    int newest_mid;
    struct journal_cursor cursors[MESSAGE_JOURNALED];
    uint64_t hold[MESSAGE_JOURNALED]; /* a row to be tried again; 0: none */
    mono_t answered; /* last time the broker acknowledged, or had nothing to */
    mono_t paused; /* it asked us to wait until then */
    mono_t read_at; /* acknowledgements are read in bunches */
    bool live_unconfirmed; /* a QoS 0 publish is going on: its callback is no flight's */

    mono_t committed, retry, trimmed, counted, upped;
    bool urgent, trim_more, told_refused, told_nobody, again_online, was_up, watching, parting,
        uncounted;
    mono_t online_said;
    unsigned short_lives;
    /* Some messages cost the connection instead of being refused (one that is too large for a
     * broker of MQTT 3.1.1, which can't say so; a denied one, for Debian's mosquitto when
     * max_queued_messages is 0). After two short lives they go one by one, and the one that is
     * always there when the line goes dead is refused; when it was the largest of all, everything
     * as large as that is. */
    struct {
        uint8_t lane;
        uint64_t seq;
        uint32_t topic;
        unsigned times;
    } suspect;
    bool acked_something; /* in this session */
    uint32_t largest; /* that was ever acknowledged */
    uint32_t too_large; /* 0: nothing is known to be */
    mono_t deadly_since; /* the newest of such findings */
    struct {
        unsigned times;
        uint32_t smallest;
    } big;
    uint32_t deadly[32]; /* topics of such messages of our own */
    uint32_t deadly_count;
    struct again again;
    struct states states;
    char last_trouble[192];

    struct overlap overlap;

    struct inbound *commands[COMMANDS];
    uint32_t command_count;
    uint64_t commands_passed_by; /* since that was said */
    mono_t passed_by_said;
    struct guard guard;
    struct log_quota refusals, losses;
    struct outbound outbox[OUTBOX];
    uint32_t outbox_first, outbox_end;
    struct replay replay;
};

#define SHORT_LIFE (10 * NS_PER_S)

/* broker_send.c: out of the journal and the door, into MQTT */
bool send_init(struct broker *b);
void send_epoch(struct broker *b); /* the head of all rows; cursors behind what is acknowledged */
void send_connected(struct broker *b);
void send_lost(struct broker *b);
void send_answer(struct broker *b, int mid, int reason);
bool send_pump(struct broker *b); /* true: there is more to do at once */
bool send_idle(const struct broker *b); /* all that there was is sent and answered */
uint32_t send_in_flight(const struct broker *b);
void send_settle(struct broker *b); /* acts upon answers; outside of callbacks */
bool send_own(struct broker *b, const char *topic, const char *payload, size_t length,
              bool retained, const void *correlation, uint8_t correlation_length);
void send_state(struct broker *b, const char *state, const char *reason);
size_t send_gateway(struct broker *b, char *out, size_t room, const char *state,
                    const char *reason);
void send_free(struct broker *b);

/* broker_command.c */
void command_heard(struct broker *b, const struct mqtt_message *m); /* inside a callback: copies */
void command_run(struct broker *b);
void command_count_passed_by(struct broker *b); /* of a flood; into the audit lane */
bool command_replay(struct broker *b,
                    uint32_t room); /* sends replayed rows; true: there are more */
/* The replay goes on from there again; 0: all were answered. */
void command_lost(struct broker *b, uint64_t first_unanswered);
void command_landed(struct broker *b, const struct flight *f, bool passing); /* a replayed row */
void command_free(struct broker *b);
bool send_replayed(struct broker *b, const struct row *row);

/* broker_again.c */
void again_pump(struct broker *b, uint32_t room);
void again_landed(struct broker *b, const struct flight *f);
void again_lost(struct broker *b);
uint32_t send_topic(const char *topic); /* a hash */
enum mqtt_result send_state_again(struct broker *b, const char *topic, const char *payload,
                                  size_t length, struct kept *kept);
bool send_again(struct broker *b, enum message_lane lane, const struct row *row);

/* broker_states.c */
bool states_room(const struct broker *b, size_t length); /* false: it has to wait for answers */
void states_forget(struct broker *b, const char *topic); /* what was refused of it is old now */
struct kept *states_keep(struct broker *b, const struct mqtt_message *m); /* of what was sent */
bool states_landed(struct broker *b, const struct flight *f); /* true: it was refused before */
void states_dropped(struct broker *b, struct kept *k); /* NULL is fine */
void states_pump(struct broker *b, uint32_t room);
void states_lost(struct broker *b);

#endif
