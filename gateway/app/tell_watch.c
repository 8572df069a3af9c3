/* SPDX-License-Identifier: Apache-2.0 */
/* What the watch room has to say: each change is an event, and a state that is retained. An event
 * takes the kept state with it, so that after a power cut both are there or neither. */
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/tell_parts.h"
#include "base/log.h"
#include "publish/answer.h"
#include "publish/encode_alarm.h"
#include "publish/encode_capture.h"
#include "publish/encode_incident.h"
#include "publish/encode_leak.h"
#include "publish/order.h"

static const char bulletin_key[] = "bulletin";

enum { STATES_AT_ONCE = 200, STATE_ROOM = 64 * 1024 };

bool tell_watch(struct teller *t, struct warden *w)
{
    const struct plant *p = t->plant;
    t->warden = w;
    if (!w || t->owed.flags)
        return true;
    t->owed.room = p->alarm_count + p->leak_count + 2;
    t->owed.flags = calloc(t->owed.room, sizeof *t->owed.flags);
    return t->owed.flags != NULL;
}

static void owe(struct teller *t, uint32_t i)
{
    if (!t->owed.flags || t->owed.flags[i])
        return;
    t->owed.flags[i] = true;
    t->owed.count++;
}

void tell_owed_states(struct teller *t)
{
    t->owed.next = 0;
    for (uint32_t i = 0; t->owed.flags && i < t->owed.room; i++)
        owe(t, i);
}

bool tell_owes_states(const struct teller *t)
{
    return t->owed.count > 0;
}

static bool connected(const struct teller *t)
{
    return atomic_load_explicit(&t->door->connected, memory_order_relaxed);
}

static bool put_state(struct teller *t, enum message_lane lane, enum topic_class class,
                      const char *name, const struct json *j, wall_t time)
{
    char topic[TOPIC_MAX];
    size_t length = topic_make(topic, t->plant->mqtt.root, t->plant->site, class, name, NULL);
    return tell_live(t, lane, topic, length, j, time);
}

/* What people wrote about an alarm may be longer than any message; what it says now may not be lost
 * for that. */
static struct alarm_rule bare(const struct alarm_rule *r)
{
    struct alarm_rule b = *r;
    b.about = b.consequence = b.response = "";
    return b;
}

/* In a drill everything that is told says so; j holds a whole object. */
static void flag_drill(const struct teller *t, struct json *j)
{
    static const char flag[] = ",\"drill\":true}";
    if (!incident_drill(warden_incident(t->warden)) || j->overflow)
        return;
    j->at--; /* the brace comes again, or not at all */
    json_raw(j, flag, sizeof flag - 1);
}

/* The same behind members of an event. */
static void flag_drill_member(const struct teller *t, struct json *j)
{
    if (incident_drill(warden_incident(t->warden)))
        json_word(j, ",\"drill\":true");
}

static bool alarm_state(struct teller *t, uint32_t index, wall_t wall)
{
    const struct alarm_rule *r = &t->plant->alarms[index];
    const struct alarm_state *s = alarms_state(warden_alarms(t->warden), index);
    struct json j = json_into(t->payload, sizeof t->payload);
    encode_alarm(&j, t->plant, r, s, wall.ms);
    if (j.overflow) {
        const struct alarm_rule b = bare(r);
        j = json_into(t->payload, sizeof t->payload);
        encode_alarm(&j, t->plant, &b, s, wall.ms);
    }
    flag_drill(t, &j);
    return put_state(t, MESSAGE_STATE, TOPIC_ALARM, r->path, &j, wall);
}

static bool leak_state(struct teller *t, uint32_t index, wall_t wall)
{
    struct leak_view v;
    const struct leak_rule *r = &t->plant->leaks[index];
    warden_leak(t->warden, index, &v);
    struct json j = json_into(t->payload, sizeof t->payload);
    encode_leak(&j, t->plant, r, &v, wall);
    flag_drill(t, &j);
    return put_state(t, MESSAGE_STATE, TOPIC_LEAK, r->name, &j, wall);
}

/* As long as rows are kept: an older one would only mislead. */
static bool bulletin_state(struct teller *t, wall_t wall)
{
    struct last_bulletin *b = &t->sequence->bulletin;
    int64_t keep_ms = t->plant->journal.keep_ns / NS_PER_MS;
    if (!b->length || (keep_ms > 0 && wall.ms - b->t_ms > keep_ms))
        return true;
    struct json j = json_into(b->payload, sizeof b->payload);
    j.at += b->length;
    return put_state(t, MESSAGE_REPLY, TOPIC_BULLETIN, b->id, &j, wall);
}

bool sequence_restore(struct sequence *s, const char *key, const void *bytes, size_t size)
{
    const size_t head = offsetof(struct last_bulletin, payload);
    struct last_bulletin *b = &s->bulletin;
    if (strcmp(key, bulletin_key) != 0 || size <= head || size > sizeof *b)
        return false;
    memcpy(b, bytes, size);
    if (b->length == size - head && memchr(b->id, '\0', sizeof b->id) &&
        bulletin_sound(b->id, b->payload, b->length))
        return true;
    b->length = 0;
    return false;
}

/* The one that is open, or was last. Between events its figures go on moving, too. */
static bool incident_state(struct teller *t, wall_t wall)
{
    const struct incident_state *i = incident_now(warden_incident(t->warden));
    if (i->number == 0)
        return true;
    struct json j = json_into(t->frame, sizeof t->frame);
    encode_incident(&j, t->plant, i, wall);
    if (j.overflow) {
        log_warn("incident %s: too long for one message", i->id);
        return true;
    }
    return put_state(t, MESSAGE_STATE, TOPIC_INCIDENT, i->id, &j, wall);
}

/* One owed state. false: the door is full. */
static bool one_state(struct teller *t, uint32_t i, wall_t wall)
{
    const struct plant *p = t->plant;
    if (i < p->alarm_count)
        return alarm_state(t, i, wall);
    if (i - p->alarm_count < p->leak_count)
        return leak_state(t, i - p->alarm_count, wall);
    return i == p->alarm_count + p->leak_count ? incident_state(t, wall) : bulletin_state(t, wall);
}

bool tell_states(struct teller *t, wall_t wall)
{
    struct owed *o = &t->owed;
    if (!t->warden || !connected(t)) /* a new session is told everything */
        return true;
    for (uint32_t n = 0, told = 0; o->count && n < o->room; n++) {
        uint32_t i = o->next;
        if (o->flags[i] && (told == STATES_AT_ONCE || mailbox_room(t->door->live) < STATE_ROOM ||
                            !one_state(t, i, wall)))
            return false;
        told += o->flags[i];
        o->count -= o->flags[i];
        o->flags[i] = false;
        o->next = (i + 1) % o->room;
    }
    return true;
}

/* At once if there is room, so that what became worst is also seen first. */
static void state_now(struct teller *t, uint32_t i, wall_t wall)
{
    if (!t->owed.flags || !connected(t))
        return;
    bool late = t->owed.flags[i] || mailbox_room(t->door->live) < STATE_ROOM;
    if (late || !one_state(t, i, wall))
        owe(t, i);
}

void tell_alarm(struct teller *t, uint32_t index, enum alarm_change what, int64_t t_ms)
{
    char words[ALARM_WORDS], key[3 * 65 + 16];
    size_t size;
    const struct alarm_rule *r = &t->plant->alarms[index];
    const struct alarm_state *s = alarms_state(warden_alarms(t->warden), index);
    struct json j = json_into(t->frame, ALARM_ROOM);
    encode_alarm_change(&j, t->plant, r, s, what, t_ms);
    if (j.overflow) {
        const struct alarm_rule b = bare(r);
        j = json_into(t->frame, ALARM_ROOM);
        encode_alarm_change(&j, t->plant, &b, s, what, t_ms);
    }
    flag_drill_member(t, &j);
    *j.at = '\0';
    alarm_words(words, r, s, what, t_ms);
    const struct event e = {
        .type = "alarm", .subject = r->path, .text = words, .time = {t_ms}, .more = t->frame};
    snprintf(key, sizeof key, "alarm/%s", r->path);
    const void *bytes = warden_alarm_bytes(t->warden, index, &size);
    tell_event_row(t, &e, s->priority >= PRIORITY_HIGH, &(struct keep){key, bytes, size});
    state_now(t, index, (wall_t){t_ms});
}

void tell_leak(struct teller *t, uint32_t index, const char *change, int64_t t_ms)
{
    char more[LEAK_ROOM + 64], words[LEAK_WORDS];
    const struct leak_rule *r = &t->plant->leaks[index];
    struct leak_view v;
    state_now(t, t->plant->alarm_count + index, (wall_t){t_ms});
    if (strcmp(change, "progress") == 0) /* figures, and no event */
        return;
    warden_leak(t->warden, index, &v);
    leak_words(words, &v, t_ms);
    struct json j = json_into(more, sizeof more - 1);
    json_word(&j, "\"change\":");
    json_string(&j, change);
    json_word(&j, ",\"leak\":");
    encode_leak(&j, t->plant, r, &v, (wall_t){t_ms});
    flag_drill_member(t, &j);
    *j.at = '\0';
    const struct event e = {
        .type = "leak", .subject = r->name, .text = words, .time = {t_ms}, .more = more};
    tell_event_row(t, &e, true, NULL);
}

void tell_incident(struct teller *t, enum incident_change what, const char *subject,
                   const char *text, int64_t t_ms)
{
    char more[1024];
    size_t size;
    struct json j = json_into(more, sizeof more - 1);
    encode_incident_brief(&j, incident_now(warden_incident(t->warden)), what);
    *j.at = '\0';
    const struct event e = {
        .type = "incident", .subject = subject, .text = text, .time = {t_ms}, .more = more};
    const void *bytes = warden_incident_bytes(t->warden, &size);
    tell_event_row(t, &e, true, &(struct keep){"incident", bytes, size});
    state_now(t, t->owed.room - 2, (wall_t){t_ms});
    if (what == INCIDENT_DRILL) /* all that is retained says so, or no longer */
        tell_owed_states(t);
}

void tell_left_incident(struct teller *t, const char *id)
{
    char topic[TOPIC_MAX];
    struct json nothing = json_into(t->payload, sizeof t->payload);
    size_t length =
        topic_make(topic, t->plant->mqtt.root, t->plant->site, TOPIC_INCIDENT, id, NULL);
    if (id != t->sequence->left_incident)
        snprintf(t->sequence->left_incident, sizeof t->sequence->left_incident, "%s", id);
    tell_live(t, MESSAGE_STATE, topic, length, &nothing, (wall_t){0});
}

void tell_incident_figures(struct teller *t, int64_t t_ms)
{
    if (t->warden && incident_now(warden_incident(t->warden))->open)
        state_now(t, t->owed.room - 2, (wall_t){t_ms});
}

/* Every bulletin is an event, so that none is lost; the newest one has a topic of its own as well.
 */
void tell_bulletin(struct teller *t, const struct bulletin *b)
{
    struct last_bulletin *last = &t->sequence->bulletin;
    const struct incident_state *i = incident_now(warden_incident(t->warden));
    char more[1024];
    size_t size;
    struct json j = json_into(more, sizeof more - 1);
    json_word(&j, "\"bulletin\":");
    encode_bulletin(&j, i, b, false);
    *j.at = '\0';
    const struct event e = {
        .type = "bulletin", .subject = i->id, .text = b->text, .time = {b->t_ms}, .more = more};
    const void *bytes = warden_incident_bytes(t->warden, &size);
    tell_event_row(t, &e, true, &(struct keep){"incident", bytes, size});

    *last = (struct last_bulletin){.t_ms = b->t_ms};
    snprintf(last->id, sizeof last->id, "%s", i->id);
    j = json_into(last->payload, sizeof last->payload);
    encode_bulletin(&j, i, b, true);
    last->length = (uint32_t)json_length(&j);
    tell_keep(t, bulletin_key, last, offsetof(struct last_bulletin, payload) + last->length);
    state_now(t, t->owed.room - 1, (wall_t){b->t_ms});
}

void tell_capture(struct teller *t, uint32_t alarm, uint32_t tag,
                  const struct capture_sample *samples, uint32_t count, int64_t t_ms)
{
    char path[TOPIC_MAX], text[96];
    const struct point *point = owner_point(&t->owner, t->plant, tag);
    snprintf(path, sizeof path, "%s/%.64s", t->owner.path, point->name);
    struct json j = json_into(t->frame, CAPTURE_ROOM);
    json_word(&j, "\"capture\":");
    encode_capture(&j, t->plant->alarms[alarm].path, path, point->unit, samples, count);
    *j.at = '\0';
    snprintf(text, sizeof text, "%u samples before the alarm", count);
    const struct event e = {.type = "capture",
                            .subject = t->plant->alarms[alarm].path,
                            .text = text,
                            .time = {t_ms},
                            .more = t->frame};
    tell_event_row(t, &e, false, NULL);
}

void tell_keep(struct teller *t, const char *key, const void *bytes, size_t size)
{
    const struct keep k = {key, bytes, size};
    tell_row(t, (struct message){.lane = MESSAGE_KEEP}, "", "", &k);
}

static void reply(struct teller *t, const struct command *c, const struct outcome *a,
                  const char *client)
{
    char topic[TOPIC_MAX];
    size_t length = answer_topic(topic, t->plant->mqtt.root, t->plant->site, t->plant->gateway,
                                 c->reply_topic, client);
    if (!length)
        return;
    struct json j = json_into(t->payload, sizeof t->payload);
    encode_reply(&j, a);
    const struct message m = {.lane = MESSAGE_REPLY,
                              .topic_length = (uint16_t)length,
                              .payload_length = (uint32_t)json_length(&j),
                              .time = a->time,
                              .correlation_length = c->correlation_length};
    const struct mailbox_part parts[] = {{&m, sizeof m},
                                         {topic, length},
                                         {t->payload, json_length(&j)},
                                         {c->correlation, c->correlation_length}};
    if (mailbox_put_parts(t->door->live, parts, sizeof parts / sizeof *parts))
        t->put = true;
}

void tell_end(struct teller *t, const struct command *c, const struct order *o, const char *status,
              const char *error, const struct written *written, wall_t time)
{
    const struct outcome a = {.gateway = t->plant->gateway,
                              .verb = c->verb,
                              .id = o->id,
                              .client = o->client,
                              .status = status,
                              .error = error,
                              .written = written,
                              .order = o,
                              .time = time};
    if (strcmp(status, "accepted") != 0) {
        char topic[TOPIC_MAX];
        size_t length = topic_make(topic, t->plant->mqtt.root, t->plant->site, TOPIC_AUDIT,
                                   t->plant->gateway, NULL);
        struct json j = json_into(t->payload, sizeof t->payload);
        encode_audit(&j, &a);
        const struct message m = {.lane = MESSAGE_AUDIT,
                                  .urgent = true,
                                  .topic_length = (uint16_t)length,
                                  .payload_length = (uint32_t)json_length(&j),
                                  .time = a.time};
        tell_row(t, m, topic, t->payload, NULL);
    }
    reply(t, c, &a, o->client);
}

void tell_answer(struct teller *t, const struct command *c, const struct order *o,
                 const char *refusal)
{
    tell_end(t, c, o, refusal ? "refused" : "done", refusal, NULL, c->time);
}
