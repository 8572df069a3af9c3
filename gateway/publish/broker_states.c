/* SPDX-License-Identifier: Apache-2.0 */
/* Retained messages that the broker refused. Nobody tells them again before they change, and until
 * then their topics show what was true before; so they go once more, the newest of each topic. What
 * the plant thread tells in each new session need not be remembered any longer than the session. */
#include <stdlib.h>
#include <string.h>

#include "publish/session.h"

/* Two rounds of rows that were denied come no sooner, and no larger. */
#define ROUND_EVERY (3 * NS_PER_S)
#define TOLD_ALL_EVERY (60 * NS_PER_S)

enum { A_ROUND = 32, FLYING_BYTES = 2 << 20, REFUSED_BYTES = 2 << 20 };

struct kept {
    struct kept *next;
    uint32_t hash;
    size_t size; /* of all of this */
    size_t length; /* of the payload */
    bool again; /* it was refused before */
    const char *payload;
    char topic[];
};

bool states_room(const struct broker *b, size_t length)
{
    return b->states.flying == 0 || b->states.flying + length <= FLYING_BYTES;
}

static void take_out(struct states *s, struct kept **at)
{
    struct kept *k = *at;
    *at = k->next;
    if (!k->next)
        s->last = at;
    s->count--;
    s->bytes -= k->size;
}

void states_forget(struct broker *b, const char *topic)
{
    struct states *s = &b->states;
    uint32_t hash = send_topic(topic);
    for (struct kept **at = &s->first; *at;) {
        struct kept *k = *at;
        if (k->hash != hash || strcmp(k->topic, topic) != 0) {
            at = &k->next;
            continue;
        }
        take_out(s, at);
        free(k);
    }
}

struct kept *states_keep(struct broker *b, const struct mqtt_message *m)
{
    size_t topic = strlen(m->topic) + 1, size = sizeof(struct kept) + topic + m->length;
    struct kept *k = malloc(size);
    if (!k) /* should it be refused, then all are told again */
        return NULL;
    *k = (struct kept){.hash = send_topic(m->topic), .size = size, .length = m->length};
    memcpy(k->topic, m->topic, topic);
    if (m->length)
        memcpy(k->topic + topic, m->payload, m->length);
    k->payload = k->topic + topic;
    b->states.flying += size;
    return k;
}

void states_dropped(struct broker *b, struct kept *k)
{
    if (k)
        b->states.flying -= k->size;
    free(k);
}

static void accepted(struct broker *b, struct kept *k)
{
    struct states *s = &b->states;
    if (k->again) {
        s->due = b->now; /* the rules were mended: on with the others */
        s->mended = true;
    }
    states_dropped(b, k);
}

/* Something of that topic was sent later. */
static bool is_old(const struct broker *b, const struct kept *k)
{
    for (uint32_t i = b->flight_first; i != b->flight_end; i++) {
        const struct flight *f = &b->flights[i & (FLIGHTS - 1)];
        if (f->state && f->topic == k->hash)
            return true;
    }
    return false;
}

static void refused(struct broker *b, struct kept *k)
{
    struct states *s = &b->states;
    if (is_old(b, k)) {
        states_dropped(b, k);
        return;
    }
    if (s->bytes + k->size > REFUSED_BYTES) {
        s->flooded = true;
        states_dropped(b, k);
        return;
    }
    s->flying -= k->size;
    s->bytes += k->size;
    if (s->count++ == 0) {
        s->last = &s->first;
        s->due = mono_add(b->now, ROUND_EVERY);
    }
    k->again = true;
    k->next = NULL;
    *s->last = k;
    s->last = &k->next;
}

bool states_landed(struct broker *b, const struct flight *f)
{
    struct kept *k = f->kept;
    bool again = k && k->again, no = f->reason >= 0x80;
    if (k && no)
        refused(b, k);
    else if (k)
        accepted(b, k);
    else if (f->state && no && !f->ticket)
        b->states.flooded = true;
    return again;
}

/* More was refused than can be remembered, and now the broker takes it again: all of it is told as
 * to a new session. */
static void tell_all(struct broker *b)
{
    struct states *s = &b->states;
    if (!s->flooded || !s->mended || s->bytes > REFUSED_BYTES / 2 ||
        mono_since(b->now, s->told_all) < TOLD_ALL_EVERY)
        return;
    s->flooded = s->mended = false;
    s->told_all = b->now;
    b->door->sessions++;
}

void states_pump(struct broker *b, uint32_t room)
{
    struct states *s = &b->states;
    tell_all(b);
    if (s->count == 0 || mono_before(b->now, s->due))
        return;
    s->due = mono_add(b->now, ROUND_EVERY);
    uint32_t most = s->count < A_ROUND ? s->count : A_ROUND;
    for (; most > 0 && room > 0 && states_room(b, s->first->size); most--, room--) {
        struct kept *k = s->first;
        take_out(s, &s->first);
        s->flying += k->size;
        switch (send_state_again(b, k->topic, k->payload, k->length, k)) {
        case MQTT_SENT:
            break;
        case MQTT_NOT_CONNECTED: /* not now */
            s->flying -= k->size;
            s->bytes += k->size;
            k->next = s->first;
            if (s->count++ == 0)
                s->last = &k->next;
            s->first = k;
            return;
        case MQTT_TOO_LARGE:
        case MQTT_FAILED:
            states_dropped(b, k);
            break;
        }
    }
}

void states_lost(struct broker *b)
{
    struct states *s = &b->states;
    while (s->first) {
        struct kept *k = s->first;
        take_out(s, &s->first);
        free(k);
    }
    s->flooded = s->mended = false;
}
