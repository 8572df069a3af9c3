/* SPDX-License-Identifier: Apache-2.0 */
/* Commands from people: checked hard, answered always, written down. `replay` is obeyed here; the
 * rest goes through the door. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "publish/json_read.h" /* in front of json.h */

#include "base/log.h"
#include "base/text.h"
#include "publish/answer.h"
#include "publish/order.h"
#include "publish/session.h"

enum { REPLAY_PER_S = 2000, REPLAY_TRIES = 30, ID_MAX = 64 };

static void copy(char *to, size_t room, const char *from)
{
    size_t n = strlen(from);
    if (n >= room)
        n = room - 1;
    memcpy(to, from, n);
    to[n] = '\0';
}

void command_heard(struct broker *b, const struct mqtt_message *m)
{
    size_t n = strlen(b->command_prefix);
    if (strcmp(m->topic, b->gateway_topic) == 0) {
        static const char offline[] = "\"state\":\"offline\"";
        if (m->payload && memmem(m->payload, m->length, offline, sizeof(offline) - 1))
            b->again_online = true;
        return;
    }
    /* An empty retained message is how people clear a topic, not a command. */
    if (strncmp(m->topic, b->command_prefix, n) != 0 || m->length == 0)
        return;
    struct inbound *in = b->command_count < COMMANDS ? malloc(sizeof(*in)) : NULL;
    if (!in) {
        b->commands_passed_by++;
        return;
    }
    memset(&in->head, 0, sizeof(in->head));
    copy(in->head.verb, sizeof(in->head.verb), m->topic + n);
    /* A topic that is cut would be somebody else's. */
    if (m->response_topic && strlen(m->response_topic) < sizeof(in->head.reply_topic))
        copy(in->head.reply_topic, sizeof(in->head.reply_topic), m->response_topic);
    if (m->correlation_length && m->correlation_length <= sizeof(in->head.correlation)) {
        memcpy(in->head.correlation, m->correlation, m->correlation_length);
        in->head.correlation_length = (uint8_t)m->correlation_length;
    }
    in->head.retained = m->retained;
    in->head.time = b->wall;
    in->too_long = m->length > COMMAND_MAX;
    in->head.payload_length = in->too_long ? 0 : (uint32_t)m->length;
    memcpy(in->payload, m->payload, in->head.payload_length);
    in->payload[in->head.payload_length] = '\0';
    b->commands[b->command_count++] = in;
}

static struct outcome answer_of(const struct broker *b, const char *verb, const struct replay *to,
                                const char *status, const char *error, bool counts)
{
    return (struct outcome){.gateway = b->setup.gateway,
                            .verb = verb,
                            .id = to->id,
                            .client = to->client,
                            .status = status,
                            .error = error,
                            .counts = counts,
                            .count = to->count,
                            .from_seq = to->from,
                            .to_seq = to->to,
                            .asked = to->asked,
                            .time = b->wall};
}

static void reply(struct broker *b, const struct outcome *a, const struct replay *to)
{
    char payload[1024], topic[TOPIC_MAX];
    struct json j = json_into(payload, sizeof(payload));
    encode_reply(&j, a);
    if (answer_topic(topic, b->setup.mqtt->root, b->setup.site, b->setup.gateway, to->reply_topic,
                     to->client))
        send_own(b, topic, payload, json_length(&j), false, to->correlation,
                 to->correlation_length);
}

static void audit(struct broker *b, const struct outcome *a)
{
    char body[1024 + ASKED_ROOM];
    struct json j = json_into(body, sizeof(body));
    encode_audit(&j, a);
    const struct message m = {.lane = MESSAGE_AUDIT,
                              .topic_length = (uint16_t)strlen(b->audit_topic),
                              .payload_length = (uint32_t)json_length(&j),
                              .time = b->wall};
    journal_add(b->journal, &m, b->audit_topic, body);
    b->urgent = true;
}

static void tell(struct broker *b, const char *verb, const struct replay *of, const char *status,
                 const char *error, bool counts)
{
    const struct outcome a = answer_of(b, verb, of, status, error, counts);
    audit(b, &a);
    reply(b, &a, of);
}

/* A string member. false: it is there and is no string, or too long. */
static bool string_member(const json_t *o, const char *key, char *out, size_t room)
{
    const json_t *x = json_object_get(o, key);
    const char *s = json_string_value(x);
    if (!x)
        return true;
    if (!s || strlen(s) >= room)
        return false;
    copy(out, room, s);
    return true;
}

/* Why a command isn't obeyed; NULL: it is well so far. */
static const char *objection(struct broker *b, const struct inbound *in, const json_t *o,
                             struct replay *r)
{
    if (in->too_long)
        return "longer than 4096 bytes";
    if (!json_is_object(o))
        return json_read_why();
    asked_put(r->asked, o);
    bool texts = string_member(o, "id", r->id, ID_MAX + 1);
    if (!string_member(o, "client", r->client, ID_MAX + 1) || !texts)
        return "id and client are texts of at most 64 bytes";
    /* Said at once: what comes of a command that is obeyed could not be told to anybody. */
    if (*r->client && !text_is_name(r->client, strlen(r->client)))
        return "client is a name of letters, digits, `.`, `_` and `-`: the reply's topic ends with "
               "it";
    const json_t *sent = json_object_get(o, "sent");
    const char *op = json_string_value(json_object_get(o, "op"));
    const struct guarded c = {.verb = in->head.verb,
                              .id = r->id,
                              .client = r->client,
                              .op = op ? op : "",
                              .timed = sent != NULL,
                              .sent_ms = json_is_integer(sent) ? json_integer_value(sent) : -1,
                              .payload = in->payload,
                              .length = in->head.payload_length,
                              .retained = in->head.retained};
    return guard_stops(&b->guard, &c, b->door->allow, b->door->fresh_ms, b->wall);
}

static bool number_member(const json_t *o, const char *key, uint64_t *x)
{
    const json_t *n = json_object_get(o, key);
    if (!json_is_integer(n) || json_integer_value(n) < 0)
        return false;
    *x = (uint64_t)json_integer_value(n);
    return true;
}

/* A misspelt "lane" would send the wrong rows. NULL: all members are known. */
static const char *strange_member(json_t *o)
{
    static const char *const names[] = {"id",   "client", "user",     "sent", "reason",
                                        "lane", "from",   "from_seq", "to",   "to_seq"};
    enum { NAMES = sizeof(names) / sizeof(names[0]) };
    static char said[ORDER_SAID];
    const char *key;
    json_t *x;
    json_object_foreach(o, key, x)
    {
        size_t i = 0;
        while (i < NAMES && strcmp(names[i], key) != 0)
            i++;
        if (i == NAMES)
            return order_no_member(said, "replay", key, names, NAMES);
    }
    return NULL;
}

/* Turns what was asked for into a range of acknowledged rows. NULL: done. */
static const char *range(struct broker *b, json_t *o, struct replay *r)
{
    const char *strange = strange_member(o);
    if (strange)
        return strange;
    const char *lane = json_string_value(json_object_get(o, "lane"));
    uint64_t from, to;
    enum message_lane l = MESSAGE_HISTORY;
    if (lane && strcmp(lane, "event") == 0)
        l = MESSAGE_EVENT;
    else if (json_object_get(o, "lane") && (!lane || strcmp(lane, "history") != 0))
        return "lane is history or event";
    bool by_seq = json_object_get(o, "from_seq") || json_object_get(o, "to_seq");
    bool by_time = json_object_get(o, "from") || json_object_get(o, "to");
    if (by_seq == by_time)
        return "give from and to in milliseconds, or from_seq and to_seq";
    if (!number_member(o, by_seq ? "from_seq" : "from", &from) ||
        !number_member(o, by_seq ? "to_seq" : "to", &to) || to < from || to >= INT64_MAX)
        return "both ends are whole numbers, the second not below the first";
    if (by_time) {
        from = journal_seq_at(b->journal, l, (wall_t){(int64_t)from});
        to = journal_seq_at(b->journal, l, (wall_t){(int64_t)to + 1}) - 1;
    }
    /* What isn't acknowledged yet is on its way anyhow. */
    uint64_t first = journal_first(b->journal, l), acked = journal_acked(b->journal, l);
    r->from = from < first ? first : from;
    r->to = to > acked ? acked : to;
    r->cursor = (struct journal_cursor){l, r->from};
    return r->to < r->from ? "nothing of that is kept" : NULL;
}

static void obey(struct broker *b, const struct inbound *in)
{
    struct replay r = {.correlation_length = in->head.correlation_length};
    const char *verb = in->head.verb;
    json_t *o = json_read(in->payload, in->head.payload_length);
    memcpy(r.correlation, in->head.correlation, sizeof(r.correlation));
    memcpy(r.reply_topic, in->head.reply_topic, sizeof(r.reply_topic));
    const char *why = objection(b, in, o, &r);
    bool replay = strcmp(verb, "replay") == 0;
    if (!why && replay)
        why = b->replay.active ? "another replay is running" : range(b, o, &r);
    if (!why && !replay && !b->door->commands)
        why = "nobody here obeys that";
    if (!why && !replay) {
        if (mailbox_put(b->door->commands, &in->head, sizeof(in->head), in->payload,
                        in->head.payload_length))
            mailbox_wake(b->door->commands);
        else
            why = "too many commands at once";
    }
    if (why) {
        if (log_may(&b->refusals, b->now))
            log_notice("command %s from %s: refused: %s", verb, *r.client ? r.client : "nobody",
                       why);
        tell(b, verb, &r, "refused", why, false);
    } else if (replay) {
        r.active = true;
        r.tokens = REPLAY_PER_S / 10;
        r.filled = b->now;
        b->replay = r;
        tell(b, verb, &r, "accepted", NULL, true);
    }
    json_decref(o);
}

/* What came in a flood has no row each, but is in the book. */
void command_count_passed_by(struct broker *b)
{
    static const char why[] = "not looked at, nor obeyed: more at once than anybody gives";
    if (b->commands_passed_by == 0)
        return;
    const struct replay nobody = {.count = b->commands_passed_by};
    const struct outcome a = answer_of(b, "*", &nobody, "refused", why, true);
    log_warn("mqtt: %llu commands %s", (unsigned long long)b->commands_passed_by, why);
    audit(b, &a);
    b->commands_passed_by = 0;
    b->passed_by_said = b->now;
}

void command_run(struct broker *b)
{
    for (uint32_t i = 0; i < b->command_count; i++) {
        obey(b, b->commands[i]);
        free(b->commands[i]);
    }
    b->command_count = 0;
    if (b->commands_passed_by > 0 && mono_since(b->now, b->passed_by_said) >= NS_PER_S) {
        command_count_passed_by(b);
    }
}

static bool replay_flies(const struct broker *b)
{
    for (uint32_t i = b->flight_first; i != b->flight_end; i++)
        if (b->flights[i & (FLIGHTS - 1)].lane == LANE_REPLAY)
            return true;
    return false;
}

/* With the last answer, not before: one who was told `done` doesn't ask again. */
static void end_replay(struct broker *b)
{
    struct replay *r = &b->replay;
    char why[128];
    r->active = false;
    snprintf(why, sizeof why, "the broker refused %llu of %llu rows (reason 0x%02X)%s",
             (unsigned long long)r->refused, (unsigned long long)r->count, (unsigned)r->reason,
             r->reason == DENIED ? ": look at its access rules" : "");
    r->count -= r->refused;
    tell(b, "replay", r, r->refused ? "failed" : "done", r->refused ? why : NULL, true);
}

bool command_replay(struct broker *b, uint32_t room)
{
    struct replay *r = &b->replay;
    if (!r->active)
        return false;
    int64_t fresh = mono_since(b->now, r->filled) * REPLAY_PER_S / NS_PER_S;
    if (fresh > 0) {
        r->tokens = r->tokens + fresh > REPLAY_PER_S / 10 ? REPLAY_PER_S / 10 : r->tokens + fresh;
        r->filled = b->now;
    }
    for (; room > 0 && r->tokens > 0; room--, r->tokens--) {
        struct journal_cursor before = r->cursor;
        struct row row;
        if (r->cursor.next > r->to || !journal_fetch(b->journal, &r->cursor, &row) ||
            row.seq > r->to) {
            r->cursor = before;
            if (!replay_flies(b))
                end_replay(b);
            return false;
        }
        if (!send_replayed(b, &row)) {
            r->cursor = before;
            return false;
        }
        r->count++;
        b->door->counters.replayed++;
    }
    return false;
}

void command_lost(struct broker *b, uint64_t first_unanswered)
{
    struct replay *r = &b->replay;
    if (!r->active || !first_unanswered || first_unanswered >= r->cursor.next)
        return;
    r->count -=
        r->cursor.next - first_unanswered < r->count ? r->cursor.next - first_unanswered : r->count;
    r->cursor.next = first_unanswered;
}

void command_landed(struct broker *b, const struct flight *f, bool passing)
{
    struct replay *r = &b->replay;
    if (f->reason < 0x80 || f->seq >= r->cursor.next) /* what lies there goes once more anyhow */
        return;
    if (passing && r->tries < REPLAY_TRIES) {
        r->tries++;
        command_lost(b, f->seq);
        return;
    }
    r->refused += r->refused < r->count;
    r->reason = f->reason;
}

void command_free(struct broker *b)
{
    for (uint32_t i = 0; i < b->command_count; i++)
        free(b->commands[i]);
    b->command_count = 0;
}
