/* SPDX-License-Identifier: Apache-2.0 */
/* The broker thread: one poll over the door and the MQTT socket. */
#include <assert.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "publish/secret.h"
#include "publish/session.h"

#define COMMIT_EVERY (200 * NS_PER_MS)
#define CURSORS_EVERY (2 * NS_PER_S)
#define COUNT_EVERY (500 * NS_PER_MS)
#define ANSWER_WITHIN (20 * NS_PER_S) /* at most; two keepalives when they are shorter */
#define BUNCH (4 * NS_PER_MS) /* acknowledgements wait so long for company */
#define GOODBYE (600 * NS_PER_MS)

static const char overlap_key[] = "overlap";

enum { COMMIT_ROWS = 256, COMMIT_BYTES = 512 * 1024, ROWS_AT_ONCE = 4096 };

struct stats_lane door_lane(const struct door *d, enum message_lane lane, uint64_t acquired)
{
    struct stats_lane s = {.acked = d->counters.acked[lane], .dropped = d->counters.dropped[lane]};
    uint64_t seen = s.acked + s.dropped;
    s.acquired = acquired ? acquired : d->counters.journaled[lane];
    /* Read one by one while the other thread goes on: what was acknowledged was acquired. */
    if (s.acquired < seen)
        s.acquired = seen;
    s.waiting = s.acquired - seen;
    return s;
}

void door_allow(struct door *d, const struct command_rules *rules)
{
    d->fresh_ms = rules->fresh_ms;
    d->allow = rules->allow;
}

static void count(struct broker *b)
{
    struct broker_counters *c = &b->door->counters;
    struct journal_stats s;
    journal_stats(b->journal, &s);
    for (int i = 0; i < MESSAGE_JOURNALED; i++) {
        c->journaled[i] = s.acked[i] + s.waiting[i] + s.dropped[i];
        c->acked[i] = s.acked[i];
        c->waiting[i] = s.waiting[i];
        c->dropped[i] = s.dropped[i];
    }
    c->journal_bytes = s.bytes;
    c->oldest_unacked_ms = s.oldest_waiting.ms && s.oldest_waiting.ms < b->wall.ms
                               ? (uint64_t)(b->wall.ms - s.oldest_waiting.ms)
                               : 0;
    c->live_dropped = mailbox_dropped(b->door->live);
    b->door->trouble = s.trouble;
    b->counted = b->now;
    b->uncounted = false;
}

static void on_connecting(void *me)
{
    struct broker *b = me;
    char payload[STATUS_ROOM];
    size_t length = send_gateway(b, payload, sizeof(payload), "offline", "will");
    if (length)
        mqtt_will(b->mqtt, b->gateway_topic, payload, length);
}

/* An event has its number from the plant thread; it waits in the journal until the broker is there.
 */
static void tell_news(struct broker *b, const char *type, const char *text)
{
    struct command news = {.payload_length = (uint32_t)strlen(text) + 1, .time = b->wall};
    snprintf(news.news, sizeof(news.news), "%s", type);
    if (b->door->commands &&
        mailbox_put(b->door->commands, &news, sizeof(news), text, news.payload_length))
        mailbox_wake(b->door->commands);
}

static void on_connected(void *me)
{
    struct broker *b = me;
    log_notice("mqtt: connected to %s:%u", b->setup.mqtt->host, b->setup.mqtt->port);
    if (b->was_up)
        b->door->counters.reconnects++;
    b->was_up = true;
    b->upped = b->now;
    if (b->last_trouble[0])
        tell_news(b, "broker-connected", "after trouble with it");
    b->last_trouble[0] = '\0';
    overlap_connection(&b->overlap, true, b->now);
    send_connected(b);
    b->door->connected = true;
    b->door->sessions++;
}

static void on_lost(void *me, const char *why)
{
    struct broker *b = me;
    bool was = b->door->connected;
    b->door->connected = false;
    overlap_connection(&b->overlap, false, b->now);
    send_lost(b);
    if (atomic_load(&b->stopping))
        return;
    if (was)
        b->short_lives = mono_since(b->now, b->upped) < SHORT_LIFE ? b->short_lives + 1 : 0;
    if (was && b->short_lives == 3)
        log_warn("mqtt: connections end as soon as they begin; does another client call itself "
                 "\"%s\"?",
                 b->setup.mqtt->client_id);
    b->door->counters.broker_failures++;
    if (strcmp(why, b->last_trouble) != 0 && log_may(&b->losses, b->now)) {
        bool refused = !was && mqtt_refused(b->mqtt);
        log_warn("mqtt: %s %s:%u: %s; polling goes on, rows are kept",
                 was       ? "lost"
                 : refused ? "refused by"
                           : "can't reach",
                 b->setup.mqtt->host, b->setup.mqtt->port, why);
        tell_news(b, was ? "broker-lost" : refused ? "broker-refused" : "broker-unreachable", why);
    }
    snprintf(b->last_trouble, sizeof(b->last_trouble), "%s", why);
}

static void on_message(void *me, const struct mqtt_message *m)
{
    command_heard(me, m);
}

static void on_acked(void *me, int mid, int reason)
{
    send_answer(me, mid, reason);
}

struct broker *broker_new(struct door *door, struct journal *journal,
                          const struct broker_setup *setup, const char **why)
{
    struct broker *b = calloc(1, sizeof(*b));
    *why = "out of memory";
    if (!b)
        return NULL;
    b->door = door;
    b->journal = journal;
    b->setup = *setup;
    b->guard.since = setup->started;
    const struct mqtt_hooks hooks = {.me = b,
                                     .connecting = on_connecting,
                                     .connected = on_connected,
                                     .lost = on_lost,
                                     .message = on_message,
                                     .acked = on_acked};
    b->ended = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (b->ended < 0)
        *why = "no descriptor is left";
    else if (!send_init(b))
        *why = "the topics of this gateway are too long";
    else
        b->mqtt = mqtt_new(setup->mqtt, NULL, hooks, why);
    if (b->mqtt)
        return b;
    if (b->ended >= 0)
        close(b->ended);
    send_free(b);
    free(b);
    return NULL;
}

static void keep(struct broker *b, const struct message *m, const char *key)
{
    const char *end = memchr(key, '\0', m->keep_length);
    assert(end);
    journal_keep(b->journal, key, end + 1, m->keep_length - (size_t)(end + 1 - key));
}

static void empty_door(struct broker *b)
{
    size_t length;
    const void *at;
    for (int n = 0; n < ROWS_AT_ONCE && (at = mailbox_peek(b->door->rows, &length)); n++) {
        struct message m;
        memcpy(&m, at, sizeof(m));
        const char *topic = (const char *)at + sizeof(m);
        if (m.lane < MESSAGE_JOURNALED)
            journal_add(b->journal, &m, topic, topic + m.topic_length);
        if (m.keep_length)
            keep(b, &m, topic + m.topic_length + m.payload_length);
        b->urgent = b->urgent || m.urgent;
        b->uncounted = true;
        mailbox_done(b->door->rows);
    }
}

/* When the open group should be on disk; MONO_NEVER: there is none. */
static mono_t commit_due(const struct broker *b)
{
    uint32_t rows = journal_pending(b->journal);
    mono_t due = MONO_NEVER;
    if (rows)
        due = b->urgent || rows >= COMMIT_ROWS || journal_pending_bytes(b->journal) >= COMMIT_BYTES
                  ? (mono_t){0}
                  : mono_add(b->committed, COMMIT_EVERY);
    else if (journal_unsaved(b->journal))
        due = b->urgent || journal_refusals_wait(b->journal)
                  ? (mono_t){0}
                  : mono_add(b->committed, CURSORS_EVERY);
    return mono_before(due, b->retry) ? b->retry : due;
}

static void commit(struct broker *b)
{
    b->retry = journal_commit(b->journal) ? (mono_t){0} : mono_add(b->now, NS_PER_S);
    b->committed = b->now;
    b->urgent = false;
    if (journal_epoch(b->journal) != b->epoch) {
        send_epoch(b);
        mqtt_drop(b->mqtt, "the journal began a new epoch", b->now);
    }
}

static void acked(const struct broker *b, uint64_t out[MESSAGE_JOURNALED])
{
    for (int i = 0; i < MESSAGE_JOURNALED; i++)
        out[i] = journal_acked(b->journal, (enum message_lane)i);
}

static void remember(struct broker *b)
{
    uint64_t all[MESSAGE_JOURNALED];
    struct overlap_point points[OVERLAP_POINTS];
    if (!mqtt_connected(b->mqtt))
        return;
    acked(b, all);
    if (overlap_turn(&b->overlap, all, b->now))
        for (int i = 0; i < MESSAGE_JOURNALED; i++)
            journal_set_overlap(b->journal, (enum message_lane)i, b->overlap.from[i]);
    size_t size = overlap_save(&b->overlap, points);
    if (size)
        journal_keep(b->journal, overlap_key, points, size);
}

bool broker_keeps(const char *key)
{
    return strcmp(key, overlap_key) == 0;
}

static void recall(void *me, const char *key, const void *bytes, size_t size)
{
    struct broker *b = me;
    uint64_t all[MESSAGE_JOURNALED];
    acked(b, all);
    if (broker_keeps(key))
        overlap_restore(&b->overlap, bytes, size, all);
}

static void now(struct broker *b)
{
    b->now = clock_mono();
    b->wall = clock_wall();
}

/* The chores of each turn, MQTT's own apart. true: don't wait before the next one. */
static bool turn(struct broker *b, bool rows)
{
    size_t length;
    if (rows)
        empty_door(b);
    if (!mono_before(b->now, commit_due(b)))
        commit(b);
    send_settle(b);
    command_run(b);
    if (b->again_online && mono_since(b->now, b->online_said) >= NS_PER_S && !b->stopping) {
        b->again_online = false;
        b->online_said = b->now;
        send_state(b, "online", NULL);
    }
    bool more = send_pump(b);
    mqtt_flush(b->mqtt);
    send_settle(b);
    remember(b);
    if (mono_since(b->now, b->trimmed) >= (b->trim_more ? COMMIT_EVERY : 2 * NS_PER_S)) {
        b->trim_more = journal_trim(b->journal, b->wall, b->now);
        b->trimmed = b->now;
    }
    if (mono_since(b->now, b->counted) >= COUNT_EVERY)
        count(b);
    int64_t patience = 2 * b->setup.mqtt->keepalive_ns;
    if (patience > ANSWER_WITHIN)
        patience = ANSWER_WITHIN;
    if (send_in_flight(b) && mono_since(b->now, b->answered) >= patience)
        mqtt_drop(b->mqtt, "the broker acknowledges nothing any more", b->now);
    return more || mailbox_peek(b->door->rows, &length);
}

/* Acknowledgements come one by one; with room in the window nobody is in a hurry to read them. */
static bool bunching(const struct broker *b)
{
    uint32_t flying = send_in_flight(b);
    return flying > 0 && flying < mqtt_window(b->mqtt) / 2u && mono_before(b->now, b->read_at);
}

static void wait_and_serve(struct broker *b, mono_t until)
{
    bool bunch = mqtt_connected(b->mqtt) && bunching(b);
    short wants = mqtt_wants(b->mqtt);
    struct pollfd fds[3] = {{.fd = mailbox_fd(b->door->rows), .events = POLLIN},
                            {.fd = mailbox_fd(b->door->live), .events = POLLIN},
                            {.fd = mqtt_fd(b->mqtt), .events = wants}};
    if (bunch) {
        fds[2].events = (short)(wants & ~POLLIN);
        until = mono_min(until, b->read_at);
    }
    int64_t wait = mono_since(until, b->now);
    struct timespec t = {.tv_sec = wait < 0 ? 0 : wait / NS_PER_S,
                         .tv_nsec = wait < 0 ? 0 : wait % NS_PER_S};
    int n = ppoll(fds, 3, &t, NULL);
    now(b);
    if (n > 0 && fds[0].revents)
        mailbox_heard(b->door->rows);
    if (n > 0 && fds[1].revents)
        mailbox_heard(b->door->live);
    if (fds[2].revents & POLLIN)
        b->read_at = mono_add(b->now, BUNCH);
    mqtt_run(b->mqtt, n > 0 ? fds[2].revents : 0, b->now);
}

static mono_t next_time(const struct broker *b)
{
    mono_t t = mono_add(b->now, NS_PER_S);
    t = mono_min(t, mqtt_due(b->mqtt));
    t = mono_min(t, commit_due(b));
    if (b->replay.active && mqtt_connected(b->mqtt))
        t = mono_min(t, mono_add(b->now, 50 * NS_PER_MS));
    if (b->uncounted)
        t = mono_min(t, mono_add(b->counted, COUNT_EVERY));
    if (b->trim_more)
        t = mono_min(t, mono_add(b->trimmed, COMMIT_EVERY));
    return t;
}

static void part(struct broker *b, bool silent)
{
    /* A broker that didn't answer all the while won't hear it either. */
    mono_t until = mono_add(b->now, silent ? 0 : GOODBYE);
    b->parting = true;
    if (mqtt_connected(b->mqtt))
        send_state(b, "offline", "stop");
    while (mqtt_connected(b->mqtt) && mono_before(b->now, until)) {
        send_pump(b);
        mqtt_flush(b->mqtt);
        send_settle(b);
        if (b->outbox_first == b->outbox_end && send_in_flight(b) == 0)
            break;
        wait_and_serve(b, mono_min(until, mono_add(b->now, 20 * NS_PER_MS)));
    }
    mqtt_disconnect(b->mqtt);
    while (mqtt_fd(b->mqtt) >= 0 && mono_before(b->now, until))
        wait_and_serve(b, mono_min(until, mono_add(b->now, 20 * NS_PER_MS)));
}

static void *run(void *me)
{
    struct broker *b = me;
    mono_t begun = MONO_NEVER, deadline = MONO_NEVER;
    now(b);
    b->trimmed = b->counted = b->now;
    overlap_init(&b->overlap, b->setup.mqtt->overlap_ns);
    journal_each_kept(b->journal, recall, b);
    count(b);
    for (bool more = false;;) {
        wait_and_serve(b, more ? b->now : next_time(b));
        bool stop = atomic_load(&b->stopping);
        more = turn(b, true);
        if (!stop)
            continue;
        if (deadline.ns == INT64_MAX) {
            begun = b->now;
            deadline = mono_add(b->now, atomic_load(&b->grace_ns));
            b->urgent = true;
        }
        if (!mono_before(b->now, deadline) || !mqtt_connected(b->mqtt) || send_idle(b))
            break;
    }
    empty_door(b);
    command_count_passed_by(b);
    commit(b);
    part(b, send_in_flight(b) && mono_before(b->answered, begun) && !mono_before(b->now, deadline));
    journal_commit(b->journal);
    count(b);
    journal_close(b->journal); /* here, where a disk that hangs holds up nobody else */
    b->journal = NULL;
    eventfd_write(b->ended, 1);
    return NULL;
}

static void warn_of_file(void *me, const char *key, const char *path, const char *trouble)
{
    (void)me;
    log_warn("mqtt: %s: %s `%s`%s%s", key, trouble ? "can't read" : "others can read", path,
             trouble ? ": " : ": chmod 600", trouble ? trouble : "");
}

bool broker_start(struct broker *b)
{
    secret_check(b->setup.mqtt, warn_of_file, NULL);
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    b->running = pthread_create(&b->thread, NULL, run, b) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return b->running;
}

void broker_stop(struct broker *b, int64_t grace_ns)
{
    if (!b->running)
        return;
    atomic_store(&b->grace_ns, grace_ns);
    atomic_store(&b->stopping, true);
    mailbox_wake(b->door->rows);
    struct pollfd ended = {.fd = b->ended, .events = POLLIN};
    mono_t until = mono_add(clock_mono(), grace_ns + 850 * NS_PER_MS);
    for (int64_t left = 1; left > 0 && !(ended.revents & POLLIN);) {
        left = mono_since(until, clock_mono());
        poll(&ended, 1, left > 0 ? (int)(left / NS_PER_MS) : 0);
    }
    if (ended.revents & POLLIN) {
        pthread_join(b->thread, NULL);
        b->running = false;
    } else {
        log_warn(
            "mqtt: the broker thread is held up by the network or the disk; it is left behind");
    }
}

bool broker_free(struct broker *b)
{
    if (!b)
        return true;
    /* A thread left behind still uses all this; the process is about to end. */
    if (b->running)
        return false;
    command_free(b);
    mqtt_free(b->mqtt);
    send_free(b);
    journal_close(b->journal);
    close(b->ended);
    free(b);
    return true;
}
