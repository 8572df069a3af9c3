/* SPDX-License-Identifier: Apache-2.0 */
#include "app/tell_parts.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Device states are told when they change, and now and then for their figures. */
static const int64_t device_every_min_ms = 10000, device_every_max_ms = 60000;

static bool set_prefix(struct prefix *p, const struct plant *plant, enum topic_class class)
{
    const char *first = class == TOPIC_HISTORY ? plant->gateway : "";
    p->length = topic_make(p->text, plant->mqtt.root, plant->site, class, first, NULL);
    if (class == TOPIC_VALUE && p->length)
        p->length--; /* "value/": tags follow with their own slash */
    return p->length > 0;
}

struct teller *teller_new(const struct plan *plan, struct door *door, struct sequence *sequence)
{
    struct teller *t = calloc(1, sizeof *t);
    if (!t)
        return NULL;
    t->plan = plan;
    t->plant = plan->plant;
    t->door = door;
    t->sequence = sequence;
    t->next_meta = t->meta_count = t->plant->device_count + t->plant->derived_count;
    t->meta_owed = calloc(t->meta_count + 1U, sizeof *t->meta_owed);
    if (t->meta_owed && set_prefix(&t->history, t->plant, TOPIC_HISTORY) &&
        set_prefix(&t->value, t->plant, TOPIC_VALUE) &&
        (t->leads = owner_leaders(t->plant)) != NULL)
        return t;
    teller_free(t);
    return NULL;
}

void teller_free(struct teller *t)
{
    if (t) {
        free(t->leads);
        free(t->meta_owed);
        free(t->owed.flags);
    }
    free(t);
}

void teller_carry(struct teller *t, const struct teller *before, const struct change *c)
{
    bool all = before->next_meta < before->meta_count;
    for (uint32_t i = t->meta_count; i > 0; i--) {
        t->meta_owed[i - 1] = all || c->described[i - 1];
        if (t->meta_owed[i - 1])
            t->next_meta = i - 1;
    }
    t->device_turn_ms = before->device_turn_ms;
    if (before->next_device < t->plant->device_count)
        t->next_device = before->next_device;
}

void tell_near(struct teller *t, uint32_t device)
{
    t->owner.near = device;
}

void tell_row(struct teller *t, struct message m, const char *topic, const char *payload,
              const struct keep *keep)
{
    struct mailbox_part parts[5] = {
        {&m, sizeof m}, {topic, m.topic_length}, {payload, m.payload_length}};
    size_t count = 3;
    if (m.lane < MESSAGE_JOURNALED && m.lane != MESSAGE_AUDIT) /* audit: the journal gives them */
        m.seq = t->sequence->next[m.lane]++;
    if (keep) {
        size_t key = strlen(keep->key) + 1;
        parts[count++] = (struct mailbox_part){keep->key, key};
        parts[count++] = (struct mailbox_part){keep->bytes, keep->size};
        m.keep_length = (uint32_t)(key + keep->size);
    }
    if (mailbox_put_parts(t->door->rows, parts, count))
        t->put = true;
}

bool tell_live(struct teller *t, enum message_lane lane, const char *topic, size_t topic_length,
               const struct json *j, wall_t time)
{
    assert(!j->overflow);
    const struct message m = {.lane = (uint8_t)lane,
                              .topic_length = (uint16_t)topic_length,
                              .payload_length = (uint32_t)json_length(j),
                              .time = time};
    const struct mailbox_part parts[] = {
        {&m, sizeof m}, {topic, topic_length}, {j->start, json_length(j)}};
    bool well = mailbox_put_parts(t->door->live, parts, sizeof parts / sizeof *parts);
    t->put = t->put || well;
    return well;
}

static void end_frame(struct teller *t, struct frame *f, const char *path, wall_t time)
{
    if (f->count == 0)
        return;
    size_t length = frame_end(f);
    assert(path && length > 0);
    size_t topic = topic_append(t->history.text, t->history.length, path, strlen(path));
    const struct message m = {.lane = MESSAGE_HISTORY,
                              .topic_length = (uint16_t)topic,
                              .payload_length = (uint32_t)length,
                              .time = time};
    tell_row(t, m, t->history.text, t->frame, NULL);
}

void tell_history(struct teller *t, struct board *b, const uint32_t *touched, uint32_t count,
                  bool good, wall_t time)
{
    if (!t->plant->mqtt.history)
        return;
    struct frame f = {.count = 0};
    const char *path = NULL;
    wall_t at = time;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t tag = touched[i];
        const struct point *point = owner_point(&t->owner, t->plant, tag);
        const struct sample *s = &board_tag(b, tag)->now;
        if (!(good && t->owner.history_all) && !board_news(b, tag, LANE_HISTORY, time))
            continue;
        /* What waited for this answer is of an earlier one. */
        wall_t of = good && s->time.ms > 0 && s->time.ms < time.ms ? s->time : time;
        if (path != t->owner.path || of.ms != at.ms) {
            if (path)
                end_frame(t, &f, path, at);
            path = t->owner.path;
            at = of;
            frame_begin(&f, t->frame, sizeof t->frame, path, at);
        }
        if (!frame_add(&f, point->key, point->key_length, s)) {
            end_frame(t, &f, path, at);
            frame_begin(&f, t->frame, sizeof t->frame, path, at);
            bool fits = frame_add(&f, point->key, point->key_length, s);
            assert(fits);
        }
        board_reported(b, tag, LANE_HISTORY, time);
    }
    if (path)
        end_frame(t, &f, path, at);
}

static size_t value_topic(struct teller *t, const struct point *point)
{
    struct prefix *p = &t->value_device;
    const char *path = t->owner.path;
    if (t->value_path != path) {
        memcpy(p->text, t->value.text, t->value.length);
        p->length = topic_append(p->text, t->value.length, path, strlen(path));
        t->value_path = path;
    }
    return topic_append(p->text, p->length, point->name, point->name_length);
}

bool tell_values(struct teller *t, struct board *b, wall_t wall)
{
    uint32_t tag;
    if (!t->plant->mqtt.values)
        return true;
    if (!atomic_load_explicit(&t->door->connected, memory_order_relaxed))
        return true; /* a new session is told everything */
    while (mailbox_room(t->door->live) > LIVE_RESERVE && board_next_dirty(b, &tag)) {
        if (!board_news(b, tag, LANE_VALUE, wall))
            continue;
        const struct point *point = owner_point(&t->owner, t->plant, tag);
        const struct tag_state *s = board_tag(b, tag);
        struct json j = json_into(t->payload, sizeof t->payload);
        encode_value(&j, &s->now, &s->last, s->last_time, point->unit);
        size_t topic = value_topic(t, point);
        if (!tell_live(t, MESSAGE_VALUE, t->value_device.text, topic, &j, s->now.time)) {
            board_dirty(b, tag);
            return false;
        }
        board_reported(b, tag, LANE_VALUE, wall);
    }
    return true;
}

void teller_board(struct teller *t, const struct board *b)
{
    t->board = b;
}

static bool tell_device(struct teller *t, uint32_t index, struct device_health *h, wall_t wall)
{
    const struct device *d = &t->plant->devices[index];
    struct device_status s = {.device = d,
                              .line = &t->plant->lines[d->line],
                              .gateway = t->plant->gateway,
                              .state = device_state_name((enum device_state)h->state),
                              .reason = h->why,
                              .since = h->since,
                              .time = wall,
                              .last_ok = h->last_ok,
                              .rtt_ns = h->last_ok.ms ? h->rtt_ns : -1,
                              .good = h->good,
                              .timeouts = h->timeouts,
                              .garbled = h->garbled,
                              .exceptions = h->exceptions};
    struct board_identity id;
    bool told = t->board && board_identity(t->board, index, &id);
    if (told && id.reason && !s.reason)
        s.reason = id.reason;
    if (told && id.now[0]) {
        s.identity = id.now;
        s.expected = strcmp(id.now, id.known) == 0 || !id.known[0] ? NULL : id.known;
        if (id.state == IDENTITY_MISFIT && d->identity)
            s.expected = d->identity;
    }
    char topic[TOPIC_MAX];
    size_t length =
        topic_make(topic, t->plant->mqtt.root, t->plant->site, TOPIC_DEVICE, d->path, NULL);
    struct json j = json_into(t->payload, sizeof t->payload);
    encode_device(&j, &s);
    return tell_live(t, MESSAGE_STATE, topic, length, &j, wall);
}

/* false: the door is full; the same dictionary is begun again later. */
static bool tell_meta(struct teller *t, uint32_t index, wall_t wall)
{
    const struct plant *p = t->plant;
    const struct device *d = index < p->device_count ? &p->devices[index] : NULL;
    if (index >= p->device_count && !t->leads[index - p->device_count])
        return true;
    struct meta m = {.plant = p,
                     .path = d ? d->path : p->derived[index - p->device_count].device_path,
                     .device = d,
                     .time = wall};
    uint32_t count = meta_count(&m);
    unsigned part = 1;
    for (uint32_t from = 0; from < count; part++) {
        if (mailbox_room(t->door->live) < META_ROOM + TOPIC_MAX + LIVE_RESERVE)
            return false;
        char topic[TOPIC_MAX];
        size_t length = topic_make(topic, p->mqtt.root, p->site, TOPIC_META, m.path, NULL);
        if (part > 1)
            length += (size_t)snprintf(topic + length, sizeof topic - length, "~%u", part);
        struct json j = json_into(t->payload, sizeof t->payload);
        uint32_t next = encode_meta(&j, &m, from, part);
        assert(next > from);
        if (!tell_live(t, MESSAGE_STATE, topic, length, &j, wall))
            return false;
        from = next;
    }
    return true;
}

bool tell_devices(struct teller *t, struct status *status, wall_t wall)
{
    if (!atomic_load_explicit(&t->door->connected, memory_order_relaxed))
        return true;
    const struct plant *p = t->plant;
    for (; t->next_meta < t->meta_count; t->next_meta++)
        if (t->meta_owed[t->next_meta] && !tell_meta(t, t->next_meta, wall))
            return false;

    /* Changed states at once; the figures of all the others in turn, spread over some time. */
    uint32_t device;
    while (status_next_owed(status, &device)) {
        struct device_health *h = status_device(status, device);
        if (!tell_device(t, device, h, wall)) {
            status_owe(status, device);
            return false;
        }
    }
    if (p->device_count == 0)
        return true;
    int64_t device_every_ms = (int64_t)p->device_count * 100;
    if (device_every_ms < device_every_min_ms)
        device_every_ms = device_every_min_ms;
    if (device_every_ms > device_every_max_ms)
        device_every_ms = device_every_max_ms;
    int64_t step_ms = device_every_ms / p->device_count;
    /* At the start, and when the wall clock was set back. */
    if (t->device_turn_ms == 0 || t->device_turn_ms > wall.ms + device_every_ms)
        t->device_turn_ms = wall.ms + device_every_ms;
    for (uint32_t n = 0; n < p->device_count && wall.ms >= t->device_turn_ms; n++) {
        if (!tell_device(t, t->next_device, status_device(status, t->next_device), wall))
            return false;
        t->next_device = (t->next_device + 1) % p->device_count;
        t->device_turn_ms += step_ms ? step_ms : 1;
        if (t->device_turn_ms < wall.ms - device_every_ms)
            t->device_turn_ms = wall.ms;
    }
    return true;
}

void tell_session(struct teller *t, struct board *b, struct status *status)
{
    t->next_meta = 0;
    memset(t->meta_owed, true, t->meta_count);
    for (uint32_t i = 0; i < t->plant->device_count; i++)
        status_owe(status, i);
    tell_owed_states(t);
    if (*t->sequence->left_incident)
        tell_left_incident(t, t->sequence->left_incident);
    if (!t->plant->mqtt.values)
        return;
    board_forget(b, LANE_VALUE);
    for (uint32_t tag = 0; tag < t->plant->tag_count; tag++)
        if (board_tag(b, tag)->now.time.ms != 0) /* what was never asked is told when it is */
            board_dirty(b, tag);
}

void tell_event_row(struct teller *t, const struct event *e, bool urgent, const struct keep *keep)
{
    char topic[TOPIC_MAX];
    size_t length = topic_make(topic, t->plant->mqtt.root, t->plant->site, TOPIC_EVENT,
                               t->plant->gateway, NULL);
    struct json j = json_into(t->payload, sizeof t->payload);
    encode_event(&j, e);
    if (j.overflow) { /* people's words are cut before an event is lost */
        struct event bare = *e;
        bare.text = "(too long to tell)";
        bare.more = NULL;
        j = json_into(t->payload, sizeof t->payload);
        encode_event(&j, &bare);
    }
    const struct message m = {.lane = MESSAGE_EVENT,
                              .urgent = urgent,
                              .topic_length = (uint16_t)length,
                              .payload_length = (uint32_t)json_length(&j),
                              .time = e->time};
    tell_row(t, m, topic, t->payload, keep);
}

void tell_event(struct teller *t, const struct event *e)
{
    tell_event_row(t, e, true, NULL);
}

static uint64_t counter(const _Atomic uint64_t *c)
{
    return atomic_load_explicit(c, memory_order_relaxed);
}

void tell_stats(struct teller *t, struct stats *s)
{
    const struct broker_counters *c = &t->door->counters;
    for (int lane = 0; lane < MESSAGE_JOURNALED; lane++) {
        struct stats_lane *l = &s->lanes[lane];
        l->acked = counter(&c->acked[lane]);
        l->dropped = counter(&c->dropped[lane]);
        l->waiting = counter(&c->waiting[lane]);
        uint64_t given = t->sequence->next[lane] - 1;
        uint64_t seen = l->acked + l->dropped + l->waiting;
        if (lane != MESSAGE_AUDIT && given > seen) /* audit rows begin behind the door */
            l->waiting += given - seen; /* still in the door */
        l->acquired = lane == MESSAGE_AUDIT ? seen : given;
    }
    s->gateway = t->plant->gateway;
    s->epoch = atomic_load(&t->door->epoch);
    s->started = t->sequence->started;
    s->published = counter(&c->published);
    s->refused = counter(&c->refused);
    s->no_subscriber = counter(&c->no_subscriber);
    s->reconnects = counter(&c->reconnects);
    s->broker_failures = counter(&c->broker_failures);
    s->live_dropped = counter(&c->live_dropped);
    s->replayed = counter(&c->replayed);
    s->journal_bytes = counter(&c->journal_bytes);
    s->oldest_unacked_ms = counter(&c->oldest_unacked_ms);
    s->journal_trouble = atomic_load(&t->door->trouble);

    char topic[TOPIC_MAX];
    size_t length = topic_make(topic, t->plant->mqtt.root, t->plant->site, TOPIC_STATS,
                               t->plant->gateway, NULL);
    struct json j = json_into(t->payload, sizeof t->payload);
    encode_stats(&j, s);
    tell_live(t, MESSAGE_STATS, topic, length, &j, s->time);
}

bool tell_flush(struct teller *t)
{
    bool was = t->put;
    t->put = false;
    return was;
}
