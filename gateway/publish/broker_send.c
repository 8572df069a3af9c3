/* SPDX-License-Identifier: Apache-2.0 */
/* What goes to the broker, in which order, and what its answers mean. */
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/text.h"
#include "publish/session.h"

enum { LIVE_AT_ONCE = 1000, IDS = 60000 };

#define FORGIVEN (3600 * NS_PER_S)
#define HANGS_UP (2 * NS_PER_S) /* after it was sent what it doesn't like */

static const char json_type[] = "application/json";

uint32_t send_in_flight(const struct broker *b)
{
    return b->flight_end - b->flight_first;
}

static uint32_t window(const struct broker *b)
{
    uint32_t w = mqtt_window(b->mqtt);
    if (b->short_lives >= 2 && mono_since(b->now, b->upped) < SHORT_LIFE)
        return 1;
    return w < FLIGHTS ? w : FLIGHTS;
}

static struct flight *flight(struct broker *b, uint32_t i)
{
    return &b->flights[i & (FLIGHTS - 1)];
}

uint32_t send_topic(const char *topic)
{
    return (uint32_t)text_hash(0, topic, strlen(topic));
}

static uint32_t size_of(const struct mqtt_message *m)
{
    return (uint32_t)(strlen(m->topic) + m->length);
}

static void take_off(struct broker *b, int mid, const struct parcel *p,
                     const struct mqtt_message *m)
{
    if (send_in_flight(b) == 0)
        b->answered = b->now;
    *flight(b, b->flight_end++) = (struct flight){.mid = mid,
                                                  .lane = p->lane,
                                                  .seq = p->seq,
                                                  .gap = p->gap,
                                                  .ticket = p->ticket,
                                                  .size = size_of(m),
                                                  .topic = send_topic(m->topic),
                                                  .state = p->state,
                                                  .kept = p->kept};
}

static void ground_all(struct broker *b)
{
    for (uint32_t i = b->flight_first; i != b->flight_end; i++)
        states_dropped(b, flight(b, i)->kept);
    b->flight_first = b->flight_end = 0;
    states_lost(b);
}

/* A message that killed connections before isn't sent again. Once in a while it is forgotten:
 * brokers are mended. */
static bool deadly(struct broker *b, const struct mqtt_message *m)
{
    if ((b->too_large || b->deadly_count) && mono_since(b->now, b->deadly_since) >= FORGIVEN) {
        b->too_large = 0;
        b->deadly_count = 0;
    }
    if (b->too_large && size_of(m) >= b->too_large)
        return true;
    for (uint32_t i = 0; i < b->deadly_count; i++)
        if (b->deadly[i] == send_topic(m->topic))
            return true;
    return false;
}

/* Ids have 16 bits, and values take some, too: before one could meet itself in flight, all wait. */
static bool ids_run_out(struct broker *b)
{
    if (send_in_flight(b) == 0)
        return false;
    int oldest = flight(b, b->flight_first)->mid;
    return oldest > 0 && (uint16_t)(b->newest_mid - oldest) > IDS;
}

static enum mqtt_result publish(struct broker *b, const struct mqtt_message *m, int *mid)
{
    if (deadly(b, m))
        return MQTT_TOO_LARGE;
    if (ids_run_out(b))
        return MQTT_NOT_CONNECTED; /* as good as: later */
    enum mqtt_result r = mqtt_publish(b->mqtt, m, mid);
    if (r == MQTT_SENT)
        b->newest_mid = *mid;
    return r;
}

void send_epoch(struct broker *b)
{
    struct json j = json_into(b->head, sizeof(b->head));
    b->door->epoch = b->epoch = journal_epoch(b->journal);
    json_word(&j, "{\"gateway\":");
    json_string(&j, b->setup.gateway);
    json_word(&j, ",\"epoch\":");
    json_int(&j, (int64_t)b->epoch);
    json_word(&j, ",\"seq\":");
    b->head_length = json_length(&j);
}

bool send_init(struct broker *b)
{
    const struct mqtt *to = b->setup.mqtt;
    const char *gateway = b->setup.gateway, *site = b->setup.site;
    char *gap = b->gap_topic[MESSAGE_HISTORY];
    if (!topic_make(b->gateway_topic, to->root, site, TOPIC_GATEWAY, gateway, NULL) ||
        !topic_make(b->audit_topic, to->root, site, TOPIC_AUDIT, gateway, NULL) ||
        !topic_make(b->command_prefix, to->root, site, TOPIC_CMD, gateway, "") ||
        !topic_make(gap, to->root, site, TOPIC_HISTORY, gateway, "gateway/gap") ||
        !topic_make(b->gap_topic[MESSAGE_EVENT], to->root, site, TOPIC_EVENT, gateway, NULL))
        return false;
    memcpy(b->gap_topic[MESSAGE_AUDIT], b->audit_topic, TOPIC_MAX);
    send_epoch(b);
    b->out_room = 2 * FRAME_ROOM;
    b->out = malloc(b->out_room);
    return b->out != NULL;
}

void send_free(struct broker *b)
{
    ground_all(b);
    for (; b->outbox_first != b->outbox_end; b->outbox_first++) {
        free(b->outbox[b->outbox_first % OUTBOX].topic);
        free(b->outbox[b->outbox_first % OUTBOX].payload);
    }
    free(b->out);
    b->out = NULL;
}

size_t send_gateway(struct broker *b, char *out, size_t room, const char *state, const char *reason)
{
    struct json j = json_into(out, room);
    const struct gateway_status g = {.gateway = b->setup.gateway,
                                     .version = b->setup.version,
                                     .state = state,
                                     .reason = reason,
                                     .time = b->wall,
                                     .started = b->setup.started,
                                     .epoch = journal_epoch(b->journal)};
    encode_gateway(&j, &g);
    return j.overflow ? 0 : json_length(&j);
}

bool send_own(struct broker *b, const char *topic, const char *payload, size_t length,
              bool retained, const void *correlation, uint8_t correlation_length)
{
    if (b->outbox_end - b->outbox_first == OUTBOX)
        return false;
    struct outbound *o = &b->outbox[b->outbox_end % OUTBOX];
    *o = (struct outbound){.topic = strdup(topic),
                           .payload = malloc(length + 1),
                           .length = length,
                           .retained = retained};
    if (!o->topic || !o->payload || correlation_length > sizeof(o->correlation)) {
        free(o->topic);
        free(o->payload);
        return false;
    }
    memcpy(o->payload, payload, length);
    if (correlation_length)
        memcpy(o->correlation, correlation, correlation_length);
    o->correlation_length = correlation_length;
    b->outbox_end++;
    return true;
}

void send_state(struct broker *b, const char *state, const char *reason)
{
    char payload[STATUS_ROOM];
    size_t length = send_gateway(b, payload, sizeof(payload), state, reason);
    if (length)
        send_own(b, b->gateway_topic, payload, length, true, NULL, 0);
}

void send_connected(struct broker *b)
{
    char filter[TOPIC_MAX];
    ground_all(b);
    b->acked_something = false;
    for (int i = 0; i < MESSAGE_JOURNALED; i++) {
        enum message_lane lane = (enum message_lane)i;
        uint64_t from = b->setup.mqtt->overlap_ns > 0 ? journal_overlap(b->journal, lane)
                                                      : journal_acked(b->journal, lane);
        b->cursors[i] = (struct journal_cursor){lane, from + 1};
        b->hold[i] = 0;
    }
    b->answered = b->now;
    b->paused = (mono_t){0};
    b->told_refused = b->told_nobody = false;
    send_state(b, "online", NULL);
    b->again_online = b->watching = false;
    size_t n = strlen(b->command_prefix);
    memcpy(filter, b->command_prefix, n);
    memcpy(filter + n, "+", 2);
    if (n + 2 < TOPIC_MAX)
        mqtt_subscribe_as_published(b->mqtt, filter, 1);
}

/* MQTT 5 reasons that pass: server busy, receive maximum exceeded, quota exceeded. */
static bool passing(int reason)
{
    return reason == 0x89 || reason == 0x93 || reason == 0x97;
}

static void refused(struct broker *b, uint8_t lane, uint64_t seq, int reason)
{
    b->door->counters.refused++;
    if (!b->told_refused)
        log_error("mqtt: the broker refuses a message (reason 0x%02X)%s", (unsigned)reason,
                  reason == DENIED ? ": look at its access rules" : "");
    b->told_refused = true;
    if (lane < MESSAGE_JOURNALED)
        journal_refused(b->journal, (enum message_lane)lane, seq, reason);
}

static void too_large(struct broker *b, const struct flight *f)
{
    if (b->big.times == 0 || f->size < b->big.smallest)
        b->big.smallest = f->size;
    /* Once it is known that there is a limit, each is believed at once. */
    if (++b->big.times < 3 && !b->too_large)
        return;
    b->too_large = b->big.smallest;
    b->deadly_since = b->now;
    b->big.times = 0;
    log_error(
        "mqtt: the broker hangs up on messages of %u bytes; such are not sent any more: look at "
        "its max_packet_size",
        b->too_large);
}

static void denied_by_death(struct broker *b, const struct flight *f)
{
    if (f->lane != b->suspect.lane || f->seq != b->suspect.seq || f->topic != b->suspect.topic)
        b->suspect.times = 0;
    b->suspect.lane = f->lane;
    b->suspect.seq = f->seq;
    b->suspect.topic = f->topic;
    if (++b->suspect.times < 5)
        return;
    b->deadly_since = b->now;
    if (f->lane < MESSAGE_JOURNALED)
        refused(b, f->lane, f->seq, DEADLY);
    else if (b->deadly_count < sizeof(b->deadly) / sizeof(b->deadly[0]))
        b->deadly[b->deadly_count++] = f->topic;
}

/* The only message in flight when the connection died, soon after it was sent, while others were
 * taken: a broker that takes nothing, or dies by itself, is no reason to give anything up. */
static void suspect(struct broker *b)
{
    const struct flight *f = flight(b, b->flight_first);
    if (send_in_flight(b) != 1 || f->done || !b->acked_something || f->lane >= LANE_REPLAY ||
        mono_since(b->now, b->answered) > HANGS_UP)
        return;
    if (f->size > b->largest)
        too_large(b, f);
    else if (f->lane >= MESSAGE_JOURNALED ||
             f->seq > journal_acked(b->journal, (enum message_lane)f->lane))
        denied_by_death(b, f);
}

void send_lost(struct broker *b)
{
    suspect(b);
    uint64_t first = 0;
    for (uint32_t i = b->flight_first; i != b->flight_end; i++) {
        const struct flight *f = flight(b, i);
        if (f->lane == LANE_REPLAY && !f->done && (!first || f->seq < first))
            first = f->seq;
    }
    command_lost(b, first);
    again_lost(b);
    ground_all(b);
    /* Replies are for people who wait; the gateway's state is told anew. */
    for (; b->outbox_first != b->outbox_end; b->outbox_first++) {
        free(b->outbox[b->outbox_first % OUTBOX].topic);
        free(b->outbox[b->outbox_first % OUTBOX].payload);
    }
}

void send_answer(struct broker *b, int mid, int reason)
{
    if (b->live_unconfirmed)
        return;
    for (uint32_t i = b->flight_first; i != b->flight_end; i++) {
        struct flight *f = flight(b, i);
        if (f->mid == mid && !f->done) {
            f->done = true;
            f->reason = reason;
            return;
        }
    }
}

/* That row and all behind it go once more. */
static void send_from(struct broker *b, const struct flight *f)
{
    if (!b->hold[f->lane] || f->seq < b->hold[f->lane]) {
        b->hold[f->lane] = f->seq;
        b->cursors[f->lane].next = f->seq;
    }
}

static void answer_ticket(struct broker *b, uint64_t ticket, bool refuses)
{
    if (ticket)
        b->door->retracted[ticket % RETRACTIONS] = 2 * ticket + refuses;
}

static void land(struct broker *b, const struct flight *f)
{
    answer_ticket(b, f->ticket, f->reason >= 0x80);
    bool again = states_landed(b, f);
    if (f->lane == LANE_REPLAY)
        command_landed(b, f, passing(f->reason));
    if (passing(f->reason)) {
        if (!again) /* else one topic would hold up all others, again and again */
            b->paused = mono_add(b->now, 2 * NS_PER_S);
        if (f->lane < MESSAGE_JOURNALED)
            send_from(b, f);
        else if (f->lane >= LANE_AGAIN)
            again_landed(b, f);
        return;
    }
    if (f->reason == 0x10) {
        b->door->counters.no_subscriber++;
        if (!b->told_nobody && f->lane < MESSAGE_JOURNALED)
            log_notice("mqtt: nobody subscribes to what is published");
        b->told_nobody = true;
    }
    if (f->lane >= LANE_AGAIN) {
        again_landed(b, f);
        return;
    }
    if (f->reason >= 0x80 && !again)
        refused(b, f->lane, f->seq, f->reason);
    b->acked_something = true;
    if (f->reason < 0x80 && f->size > b->largest)
        b->largest = f->size;
    if (f->lane >= MESSAGE_JOURNALED)
        return;
    if (f->reason >= 0x80 && f->reason != DENIED && !f->gap) {
        send_from(b, f); /* from here again, with a gap in its place */
        return;
    }
    if (f->reason < 0x80 && !f->gap &&
        journal_refusal(b->journal, (enum message_lane)f->lane, f->seq))
        journal_accepted(b->journal, (enum message_lane)f->lane, f->seq);
    if (f->seq == b->hold[f->lane])
        b->hold[f->lane] = 0;
    /* What lies behind a row that must be sent again is sent again, too. */
    if (!b->hold[f->lane] || f->seq < b->hold[f->lane])
        journal_ack(b->journal, (enum message_lane)f->lane, f->seq);
}

void send_settle(struct broker *b)
{
    while (b->flight_first != b->flight_end && flight(b, b->flight_first)->done) {
        land(b, flight(b, b->flight_first++));
        b->uncounted = true;
        b->answered = b->now;
    }
}

static bool room_for(struct broker *b, size_t length)
{
    if (length <= b->out_room)
        return true;
    char *bigger = realloc(b->out, length);
    if (!bigger)
        return false;
    b->out = bigger;
    b->out_room = length;
    return true;
}

/* One row with its head. */
static enum mqtt_result send_whole(struct broker *b, const struct parcel *p, enum message_lane of,
                                   const struct row *row)
{
    char digits[24];
    struct json j = json_into(digits, sizeof(digits));
    json_int(&j, (int64_t)row->seq);
    json_word(&j, ",");
    size_t n = json_length(&j), length = b->head_length + n + row->payload_length;
    if (!room_for(b, length))
        return MQTT_NOT_CONNECTED;
    memcpy(b->out, b->head, b->head_length);
    memcpy(b->out + b->head_length, digits, n);
    memcpy(b->out + b->head_length + n, row->payload, row->payload_length);
    const struct mqtt_message m = {.topic = row->topic ? row->topic : b->gap_topic[of],
                                   .payload = b->out,
                                   .length = length,
                                   .qos = 1,
                                   .content_type = json_type};
    int mid;
    enum mqtt_result r = publish(b, &m, &mid);
    if (r == MQTT_SENT) {
        take_off(b, mid, p, &m);
        b->door->counters.published++;
    } else if (p->gap && r != MQTT_NOT_CONNECTED) {
        /* Answered in the broker's place, in its turn, so that cursors stay contiguous. */
        take_off(b, -1, p, &m);
        flight(b, b->flight_end - 1)->done = true;
        flight(b, b->flight_end - 1)->reason = TOO_LARGE;
        r = MQTT_SENT;
    }
    return r;
}

/* A historian must not wait for what will never come: a frame in its place says so. */
static bool send_gap(struct broker *b, struct parcel p, enum message_lane of, const struct row *row,
                     int reason)
{
    char payload[256];
    struct json j = json_into(payload, sizeof(payload));
    encode_gap(&j, row->time, row->seq, row->seq,
               reason == TOO_LARGE ? "larger than the broker takes" : "refused by the broker");
    const struct row gap = {.seq = row->seq,
                            .time = row->time,
                            .payload = payload,
                            .payload_length = (uint32_t)json_length(&j)};
    p.gap = true;
    return send_whole(b, &p, of, &gap) == MQTT_SENT;
}

/* false: not now. */
static bool send_row(struct broker *b, uint8_t lane, enum message_lane of, const struct row *row)
{
    const struct parcel p = {.lane = lane, .seq = row->seq, .gap = !row->topic};
    int reason = row->topic ? journal_refusal(b->journal, of, row->seq) : 0;
    if (reason && reason != DENIED)
        return send_gap(b, p, of, row, reason);
    switch (send_whole(b, &p, of, row)) {
    case MQTT_SENT:
        return true;
    case MQTT_TOO_LARGE:
        reason = TOO_LARGE;
        break;
    case MQTT_FAILED:
        reason = INVALID;
        break;
    case MQTT_NOT_CONNECTED:
        return false;
    }
    refused(b, (uint8_t)of, row->seq, reason);
    return send_gap(b, p, of, row, reason);
}

bool send_replayed(struct broker *b, const struct row *row)
{
    return send_row(b, LANE_REPLAY, b->replay.cursor.lane, row);
}

bool send_again(struct broker *b, enum message_lane lane, const struct row *row)
{
    return send_row(b, (uint8_t)(LANE_AGAIN + lane), lane, row);
}

static bool ready(const struct broker *b, uint32_t share)
{
    return send_in_flight(b) < share && mqtt_connected(b->mqtt) && !mqtt_congested(b->mqtt);
}

static void pump_lane(struct broker *b, enum message_lane lane, uint32_t share)
{
    struct row row;
    while (ready(b, share)) {
        struct journal_cursor before = b->cursors[lane];
        if (!journal_fetch(b->journal, &b->cursors[lane], &row))
            return;
        /* What was denied has its own way. */
        if (row.seq <= journal_acked(b->journal, lane) &&
            journal_refusal(b->journal, lane, row.seq) == DENIED)
            continue;
        if (!send_row(b, (uint8_t)lane, lane, &row)) {
            b->cursors[lane] = before;
            return;
        }
    }
}

/* What is no row: a reply, or a state. */
static enum mqtt_result send_own_now(struct broker *b, const struct mqtt_message *m,
                                     uint64_t ticket)
{
    int mid;
    if (m->retained)
        states_forget(b, m->topic);
    enum mqtt_result r = publish(b, m, &mid);
    if (r == MQTT_SENT) {
        struct parcel p = {.lane = LANE_OWN, .ticket = ticket, .state = m->retained};
        if (m->retained && !ticket)
            p.kept = states_keep(b, m);
        take_off(b, mid, &p, m);
    }
    return r;
}

enum mqtt_result send_state_again(struct broker *b, const char *topic, const char *payload,
                                  size_t length, struct kept *kept)
{
    const struct mqtt_message m = {.topic = topic,
                                   .payload = payload,
                                   .length = length,
                                   .qos = 1,
                                   .retained = true,
                                   .content_type = json_type};
    int mid;
    enum mqtt_result r = publish(b, &m, &mid);
    if (r == MQTT_SENT)
        take_off(b, mid, &(struct parcel){.lane = LANE_OWN, .state = true, .kept = kept}, &m);
    return r;
}

static void pump_outbox(struct broker *b)
{
    while (b->outbox_first != b->outbox_end && ready(b, window(b))) {
        struct outbound *o = &b->outbox[b->outbox_first % OUTBOX];
        const struct mqtt_message m = {.topic = o->topic,
                                       .payload = o->payload,
                                       .length = o->length,
                                       .qos = 1,
                                       .retained = o->retained,
                                       .correlation = o->correlation,
                                       .correlation_length = o->correlation_length,
                                       .content_type = json_type};
        if (send_own_now(b, &m, 0) == MQTT_NOT_CONNECTED)
            return;
        free(o->topic);
        free(o->payload);
        b->outbox_first++;
    }
}

/* false: it has to wait. */
static bool send_live(struct broker *b, const struct message *head, const char *text)
{
    char topic[TOPIC_MAX];
    int mid;
    bool state = head->lane == MESSAGE_STATE, sure = state || head->lane == MESSAGE_REPLY;
    uint64_t ticket = state ? head->seq : 0;
    if (sure &&
        (send_in_flight(b) >= window(b) || (state && !states_room(b, head->payload_length))))
        return false;
    if (head->topic_length >= TOPIC_MAX)
        return true;
    memcpy(topic, text, head->topic_length);
    topic[head->topic_length] = '\0';
    const struct mqtt_message m = {.topic = topic,
                                   .payload = text + head->topic_length,
                                   .length = head->payload_length,
                                   .qos = sure,
                                   .retained = state || head->lane == MESSAGE_VALUE,
                                   .correlation = text + head->topic_length + head->payload_length,
                                   .correlation_length = head->correlation_length,
                                   .content_type = sure ? json_type : NULL};
    b->live_unconfirmed = !sure;
    enum mqtt_result r = sure ? send_own_now(b, &m, ticket) : publish(b, &m, &mid);
    b->live_unconfirmed = false;
    if (r == MQTT_NOT_CONNECTED)
        return false;
    if (r == MQTT_SENT) {
        b->door->counters.published++;
    } else {
        refused(b, LANE_OWN, 0, TOO_LARGE);
        answer_ticket(b, ticket, true);
    }
    return true;
}

/* Newest wins here: without a connection there is nobody to tell, and with one all is told again.
 */
static bool pump_live(struct broker *b)
{
    size_t length;
    const void *at;
    for (int n = 0; n < LIVE_AT_ONCE; n++) {
        bool up = mqtt_connected(b->mqtt);
        if (up && mqtt_congested(b->mqtt))
            return false;
        at = mailbox_peek(b->door->live, &length);
        if (!at)
            return false;
        struct message head;
        memcpy(&head, at, sizeof(head));
        if (up && !send_live(b, &head, (const char *)at + sizeof(head)))
            return false;
        mailbox_done(b->door->live);
    }
    return true;
}

bool send_pump(struct broker *b)
{
    bool waits = !mqtt_connected(b->mqtt) || mono_before(b->now, b->paused);
    if (!waits)
        pump_outbox(b); /* first: that we are online */
    bool more = pump_live(b) && mqtt_connected(b->mqtt);
    if (waits || !mqtt_connected(b->mqtt))
        return more;
    uint32_t all = window(b), most = all - (all + 7) / 8;
    if (b->parting)
        return false;
    /* Said before it is heard: an old "offline" has been replaced when we subscribe. */
    if (!b->watching && b->outbox_first == b->outbox_end)
        b->watching = mqtt_subscribe(b->mqtt, b->gateway_topic, 1);
    if (send_in_flight(b) < all)
        states_pump(b, all - send_in_flight(b));
    pump_lane(b, MESSAGE_EVENT, all);
    pump_lane(b, MESSAGE_AUDIT, all);
    /* History never takes the last seats: state that changes now must not wait for a backlog. */
    pump_lane(b, MESSAGE_HISTORY, most ? most : 1);
    bool behind =
        b->cursors[MESSAGE_HISTORY].next <= journal_committed(b->journal, MESSAGE_HISTORY);
    if (!behind && send_in_flight(b) < (all + 1) / 2)
        more = command_replay(b, (all + 1) / 2 - send_in_flight(b)) || more;
    if (!behind && send_in_flight(b) < (all + 3) / 4)
        again_pump(b, (all + 3) / 4 - send_in_flight(b));
    return more;
}

bool send_idle(const struct broker *b)
{
    size_t length;
    if (send_in_flight(b) || b->outbox_first != b->outbox_end ||
        mailbox_peek(b->door->live, &length) || mailbox_peek(b->door->rows, &length))
        return false;
    for (int i = 0; i < MESSAGE_JOURNALED; i++)
        if (journal_acked(b->journal, (enum message_lane)i) + 1 <
            journal_next(b->journal, (enum message_lane)i))
            return false;
    return true;
}
