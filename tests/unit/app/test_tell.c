/* SPDX-License-Identifier: Apache-2.0 */
/* What the watch room says, as it leaves through the door. The warden is a stand-in. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/tell.h"
#include "publish/order.h"
#include "small_plant.h"

#define UNKNOWN ((double)NAN)

static const int64_t noon = 1764100000123;

/* ---- a warden of cardboard ---- */

static struct leak_view believed;

void warden_leak(const struct warden *w, uint32_t index, struct leak_view *out)
{
    (void)w;
    (void)index;
    *out = believed;
}

static struct incident_state incident;
static struct alarms *engine;

const struct alarms *warden_alarms(const struct warden *w)
{
    (void)w;
    return engine;
}

const void *warden_alarm_bytes(struct warden *w, uint32_t index, size_t *size)
{
    static char bytes[8192];
    (void)w;
    *size = alarms_save_size();
    assert_true(*size <= sizeof bytes);
    alarms_save(engine, index, bytes);
    return bytes;
}

const struct incident *warden_incident(const struct warden *w)
{
    return (const struct incident *)w;
}

const struct incident_state *incident_now(const struct incident *i)
{
    (void)i;
    return &incident;
}

bool incident_drill(const struct incident *i)
{
    (void)i;
    return incident.drill;
}

const void *warden_incident_bytes(struct warden *w, size_t *size)
{
    static const char bytes[] = "the incident";
    (void)w;
    *size = sizeof bytes - 1;
    return bytes;
}

/* ---- a plant that is watched ---- */

static const struct leak_rule leaks[] = {
    {.name = "dam", .kind = LEAK_BALANCE, .about = ""},
    {.name = "tank", .kind = LEAK_IDLE, .area = RULE_NONE, .about = ""},
};
static const struct alarm_rule alarms[] = {
    {.path = "mill/p1/high",
     .priority = PRIORITY_CRITICAL,
     .about = "",
     .consequence = "",
     .response = "",
     .group_name = "mill"},
    {.path = "mill/p1/low",
     .priority = PRIORITY_LOW,
     .about = "",
     .consequence = "",
     .response = "",
     .group_name = "mill"},
};
static struct plant plant;
static struct plan plan;
static struct door door;
static struct sequence sequence;
static struct teller *teller;

static void changed(void *me, uint32_t index, enum alarm_change what, int64_t t_ms)
{
    (void)me;
    tell_alarm(teller, index, what, t_ms);
}

static int set_up(void **state)
{
    (void)state;
    plant = small_plant;
    plant.leaks = leaks;
    plant.leak_count = 2;
    plant.alarms = alarms;
    plant.alarm_count = 2;
    plan = small_plan;
    plan.plant = &plant;
    memset(&door, 0, sizeof door);
    door.rows = mailbox_new(1 << 20);
    door.live = mailbox_new(2 << 20);
    door.connected = true;
    sequence = (struct sequence){.next = {1, 1, 1}};
    incident = (struct incident_state){.open = true, .id = "INC-2006-001"};
    believed = (struct leak_view){.state = LEAK_SUSPECT,
                                  .firing = true,
                                  .class_ = LEAK_MAJOR,
                                  .detector = "cusum",
                                  .score_unit = "m3",
                                  .rate = {86, 52, 121},
                                  .onset_ms = {UNKNOWN, UNKNOWN, UNKNOWN},
                                  .text = "352 m3 unaccounted for"};
    teller = teller_new(&plan, &door, &sequence);
    static int cardboard;
    engine = alarms_new(&plant, &(struct alarm_hooks){.changed = changed});
    return teller && engine && tell_watch(teller, (struct warden *)&cardboard) ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    teller_free(teller);
    alarms_free(engine);
    mailbox_free(door.rows);
    mailbox_free(door.live);
    return 0;
}

/* The oldest message of a box, cut into its parts. false: empty. */
struct told {
    struct message m;
    char topic[512], key[128];
    json_t *payload; /* NULL: none */
    uint8_t tail[8192];
    size_t tail_length;
};

static bool next(struct mailbox *box, struct told *t)
{
    size_t length;
    const char *at = mailbox_peek(box, &length);
    *t = (struct told){.payload = NULL};
    if (!at)
        return false;
    memcpy(&t->m, at, sizeof t->m);
    const char *end = at + length;
    at += sizeof t->m;
    memcpy(t->topic, at, t->m.topic_length);
    at += t->m.topic_length;
    if (t->m.payload_length) {
        static char text[70000];
        snprintf(text, sizeof text, "%s%.*s", t->m.lane < MESSAGE_JOURNALED ? "{\"seq\":1," : "",
                 (int)t->m.payload_length, at);
        t->payload = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
        assert_non_null(t->payload);
        at += t->m.payload_length;
    }
    size_t tail = t->m.keep_length + (size_t)t->m.correlation_length;
    assert_int_equal(end - at, tail);
    if (t->m.keep_length) {
        snprintf(t->key, sizeof t->key, "%s", at);
        at += strlen(at) + 1;
    }
    t->tail_length = (size_t)(end - at);
    assert_true(t->tail_length <= sizeof t->tail);
    memcpy(t->tail, at, t->tail_length);
    mailbox_done(box);
    return true;
}

static const char *word(const json_t *o, const char *key)
{
    const char *s = json_string_value(json_object_get(o, key));
    return s ? s : "";
}

static unsigned count_states(const char *beginning)
{
    struct told t;
    unsigned n = 0;
    while (next(door.live, &t)) {
        n += t.m.lane == MESSAGE_STATE && strncmp(t.topic, beginning, strlen(beginning)) == 0;
        json_decref(t.payload);
    }
    return n;
}

static void alarm_is(uint32_t index, bool on)
{
    alarms_set(engine, index, on, NULL, noon, noon);
    alarms_run(engine, noon);
}

static void an_alarm_is_an_event_with_its_state_and_a_retained_state(void **state)
{
    (void)state;
    static const struct {
        uint32_t index;
        bool urgent;
    } turns[] = {{1, false}, {0, true}};
    struct told t;
    for (size_t i = 0; i < sizeof turns / sizeof *turns; i++) {
        const char *path = alarms[turns[i].index].path;
        char topic[128], key[128];
        snprintf(topic, sizeof topic, "mine/v1/site/alarm/%s", path);
        snprintf(key, sizeof key, "alarm/%s", path);
        alarm_is(turns[i].index, true);
        assert_true(next(door.rows, &t));
        assert_int_equal(t.m.lane, MESSAGE_EVENT);
        assert_int_equal(t.m.urgent, turns[i].urgent);
        assert_int_equal(t.m.seq, i + 1);
        assert_string_equal(word(t.payload, "type"), "alarm");
        assert_string_equal(word(t.payload, "subject"), path);
        assert_string_equal(word(t.payload, "change"), "on");
        assert_string_equal(word(json_object_get(t.payload, "alarm"), "state"), "UNACK");
        assert_string_equal(t.key, key);
        assert_int_equal(t.tail_length, alarms_save_size());
        json_decref(t.payload);
        assert_true(next(door.live, &t));
        assert_int_equal(t.m.lane, MESSAGE_STATE);
        assert_string_equal(t.topic, topic);
        assert_string_equal(word(t.payload, "state"), "UNACK");
        json_decref(t.payload);
        assert_false(next(door.live, &t));
    }
}

static void what_people_wrote_may_be_longer_than_any_message(void **state)
{
    (void)state;
    static char novel[100000];
    static struct alarm_rule wordy[2];
    struct told t;
    memset(novel, 'x', sizeof novel - 1);
    memcpy(wordy, alarms, sizeof wordy);
    wordy[0].about = novel;
    plant.alarms = wordy;
    alarm_is(0, true);
    assert_true(next(door.rows, &t));
    assert_string_equal(word(json_object_get(t.payload, "alarm"), "state"), "UNACK");
    json_decref(t.payload);
    assert_true(next(door.live, &t));
    assert_string_equal(word(t.payload, "state"), "UNACK");
    json_decref(t.payload);
}

static void a_suspicion_is_an_event_and_a_state(void **state)
{
    (void)state;
    struct told t;
    tell_leak(teller, 0, "suspect", noon);
    assert_true(tell_flush(teller));
    assert_true(next(door.rows, &t));
    assert_int_equal(t.m.lane, MESSAGE_EVENT);
    assert_int_equal(t.m.seq, 1);
    assert_int_equal(t.m.time.ms, noon);
    assert_true(t.m.urgent);
    assert_string_equal(t.topic, "mine/v1/site/event/gw");
    assert_string_equal(word(t.payload, "type"), "leak");
    assert_string_equal(word(t.payload, "subject"), "dam");
    assert_string_equal(word(t.payload, "change"), "suspect");
    assert_string_equal(word(t.payload, "text"), "352 m3 unaccounted for");
    assert_string_equal(word(json_object_get(t.payload, "leak"), "class"), "major");
    json_decref(t.payload);
    assert_false(next(door.rows, &t));
    assert_true(next(door.live, &t));
    assert_int_equal(t.m.lane, MESSAGE_STATE);
    assert_string_equal(t.topic, "mine/v1/site/leak/dam");
    assert_string_equal(word(t.payload, "state"), "suspect");
    json_decref(t.payload);
    assert_int_equal(sequence.next[MESSAGE_EVENT], 2);
}

static void progress_is_no_event(void **state)
{
    (void)state;
    struct told t;
    tell_leak(teller, 1, "progress", noon);
    assert_false(next(door.rows, &t));
    assert_int_equal(count_states("mine/v1/site/leak/tank"), 1);
}

static void a_new_session_is_told_everything_once(void **state)
{
    (void)state;
    tell_owed_states(teller);
    while (!tell_states(teller, (wall_t){noon}))
        ;
    struct told t;
    unsigned told_alarms = 0, told_leaks = 0;
    while (next(door.live, &t)) {
        told_alarms += strstr(t.topic, "/alarm/") != NULL;
        told_leaks += strstr(t.topic, "/leak/") != NULL;
        json_decref(t.payload);
    }
    assert_int_equal(told_alarms, 2);
    assert_int_equal(told_leaks, 2);
    assert_true(tell_states(teller, (wall_t){noon}));
    assert_int_equal(count_states(""), 0);
}

static void without_a_connection_nothing_is_put_and_nothing_forgotten(void **state)
{
    (void)state;
    door.connected = false;
    tell_leak(teller, 0, "progress", noon);
    tell_owed_states(teller);
    assert_true(tell_states(teller, (wall_t){noon}));
    assert_int_equal(count_states(""), 0);
    door.connected = true;
    while (!tell_states(teller, (wall_t){noon}))
        ;
    assert_int_equal(count_states("mine/v1/site/leak/"), 2);
}

static void a_full_door_is_a_debt(void **state)
{
    (void)state;
    static char filler[10000];
    while (mailbox_put(door.live, filler, sizeof filler, NULL, 0))
        ;
    tell_leak(teller, 0, "progress", noon);
    assert_false(tell_states(teller, (wall_t){noon}));
    size_t length;
    while (mailbox_peek(door.live, &length))
        mailbox_done(door.live);
    assert_true(tell_states(teller, (wall_t){noon}));
    assert_int_equal(count_states("mine/v1/site/leak/dam"), 1);
}

static struct bulletin bulletin(uint32_t number, int64_t t_ms)
{
    struct bulletin b = {.number = number, .t_ms = t_ms, .why = "period"};
    snprintf(b.text, sizeof b.text, "BULLETIN %u\nLeak in the \"TSF 1\" dam.\n", number);
    return b;
}

static void a_bulletin_is_an_event_and_the_newest_is_sent_again(void **state)
{
    (void)state;
    struct told t;
    for (uint32_t i = 1; i <= 2; i++) {
        const struct bulletin b = bulletin(i, noon + i);
        tell_bulletin(teller, &b);
    }
    for (uint32_t i = 1; i <= 2; i++) {
        assert_true(next(door.rows, &t));
        assert_int_equal(t.m.lane, MESSAGE_EVENT);
        assert_int_equal(t.m.seq, i);
        assert_string_equal(t.topic, "mine/v1/site/event/gw");
        assert_string_equal(word(t.payload, "type"), "bulletin");
        assert_string_equal(word(t.payload, "subject"), "INC-2006-001");
        assert_string_equal(word(t.payload, "text"), bulletin(i, noon).text);
        json_t *n = json_object_get(json_object_get(t.payload, "bulletin"), "number");
        assert_int_equal(json_integer_value(n), i);
        assert_string_equal(t.key, "incident");
        assert_memory_equal(t.tail, "the incident", 12);
        json_decref(t.payload);
        assert_true(next(door.rows, &t));
        assert_int_equal(t.m.lane, MESSAGE_KEEP);
        assert_string_equal(t.key, "bulletin");
    }
    uint8_t kept[sizeof t.tail];
    size_t length = t.tail_length;
    memcpy(kept, t.tail, length);
    /* After a restart, with what was kept. */
    for (int restarts = 0; restarts < 2; restarts++) {
        while (next(door.live, &t))
            json_decref(t.payload);
        tell_owed_states(teller);
        assert_true(tell_states(teller, (wall_t){noon + 1000}));
        unsigned seen = 0;
        while (next(door.live, &t)) {
            if (t.m.lane == MESSAGE_REPLY) {
                assert_string_equal(t.topic, "mine/v1/site/bulletin/INC-2006-001");
                assert_int_equal(json_integer_value(json_object_get(t.payload, "number")), 2);
                assert_string_equal(word(t.payload, "text"), bulletin(2, noon).text);
                seen++;
            }
            json_decref(t.payload);
        }
        assert_int_equal(seen, 1);
        memset(&sequence.bulletin, 0, sizeof sequence.bulletin);
        assert_false(sequence_restore(&sequence, "leak/dam", kept, length));
        assert_false(sequence_restore(&sequence, "bulletin", kept, length - 1));
        assert_false(sequence_restore(&sequence, "bulletin", kept, 3));
        /* What a bad card made of it is neither JSON nor a name that may stand in a topic. */
        kept[offsetof(struct last_bulletin, payload) + 7] ^= 0x80;
        assert_false(sequence_restore(&sequence, "bulletin", kept, length));
        kept[offsetof(struct last_bulletin, payload) + 7] ^= 0x80;
        kept[offsetof(struct last_bulletin, id)] = '#';
        assert_false(sequence_restore(&sequence, "bulletin", kept, length));
        kept[offsetof(struct last_bulletin, id)] = 'I';
        assert_true(sequence_restore(&sequence, "bulletin", kept, length));
    }
}

static void what_happens_to_an_incident_is_an_event_with_its_state(void **state)
{
    (void)state;
    struct told t;
    tell_incident(teller, INCIDENT_AREA, "mill", "mill: flooded, says ann", noon);
    assert_true(next(door.rows, &t));
    assert_int_equal(t.m.lane, MESSAGE_EVENT);
    assert_true(t.m.urgent);
    assert_string_equal(word(t.payload, "type"), "incident");
    assert_string_equal(word(t.payload, "subject"), "mill");
    assert_string_equal(word(t.payload, "text"), "mill: flooded, says ann");
    assert_string_equal(word(t.payload, "change"), incident_change_words(INCIDENT_AREA));
    assert_string_equal(word(json_object_get(t.payload, "incident"), "id"), "INC-2006-001");
    assert_string_equal(t.key, "incident");
    assert_int_equal(t.tail_length, 12);
    json_decref(t.payload);
    assert_false(next(door.rows, &t));
}

static void an_old_bulletin_is_not_sent_again(void **state)
{
    (void)state;
    struct told t;
    plant.journal.keep_ns = 3600 * NS_PER_S;
    const struct bulletin b = bulletin(1, noon);
    tell_bulletin(teller, &b);
    while (next(door.live, &t))
        json_decref(t.payload);
    tell_owed_states(teller);
    assert_true(tell_states(teller, (wall_t){noon + 3600001}));
    while (next(door.live, &t)) {
        assert_int_not_equal(t.m.lane, MESSAGE_REPLY);
        json_decref(t.payload);
    }
}

static void learned_noise_is_kept_without_a_row(void **state)
{
    (void)state;
    struct told t;
    tell_keep(teller, "leak/dam", "noise", 5);
    tell_keep(teller, "leak/tank", NULL, 0);
    assert_true(next(door.rows, &t));
    assert_int_equal(t.m.lane, MESSAGE_KEEP);
    assert_false(t.m.urgent);
    assert_string_equal(t.key, "leak/dam");
    assert_int_equal(t.tail_length, 5);
    assert_memory_equal(t.tail, "noise", 5);
    assert_true(next(door.rows, &t));
    assert_string_equal(t.key, "leak/tank");
    assert_int_equal(t.tail_length, 0);
    assert_int_equal(sequence.next[MESSAGE_EVENT], 1);
}

static void the_minutes_before_an_alarm_are_an_event(void **state)
{
    (void)state;
    static struct capture_sample samples[CAPTURE_MAX];
    struct told t;
    for (uint32_t i = 0; i < CAPTURE_MAX; i++)
        samples[i] = (struct capture_sample){noon - 1200000 + i * 1000, i ? 1.0 / i : UNKNOWN};
    tell_capture(teller, 0, 3, samples, CAPTURE_MAX, noon);
    assert_true(next(door.rows, &t));
    assert_int_equal(t.m.lane, MESSAGE_EVENT);
    assert_string_equal(word(t.payload, "type"), "capture");
    assert_string_equal(word(t.payload, "subject"), "mill/p1/high");
    const json_t *c = json_object_get(t.payload, "capture");
    assert_string_equal(word(c, "tag"), "mill/p2/level");
    assert_true(json_array_size(json_object_get(c, "samples")) > 1000);
    json_decref(t.payload);
}

static void a_command_is_answered_and_written_down(void **state)
{
    (void)state;
    static const struct {
        const char *reply_topic, *client, *refusal, *topic;
    } cases[] = {
        {"answers/here", "hmi", NULL, "answers/here"},
        {"", "hmi", "not_active", "mine/v1/site/reply/gw/hmi"},
        {"mine/v1/site/alarm/mill/p1/high", "", "ack_first", NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct command c = {.verb = "ack", .correlation = {1, 2, 3}, .correlation_length = 3};
        struct order o;
        struct told t;
        char payload[256];
        snprintf(c.reply_topic, sizeof c.reply_topic, "%s", cases[i].reply_topic);
        c.time.ms = noon;
        snprintf(payload, sizeof payload,
                 "{\"id\":\"9\",\"client\":\"%s\",\"user\":\"ann\",\"alarm\":\"mill/p1/high\"}",
                 cases[i].client);
        assert_null(order_parse("ack", payload, strlen(payload), &o));
        tell_answer(teller, &c, &o, cases[i].refusal);
        assert_true(next(door.rows, &t));
        assert_int_equal(t.m.lane, MESSAGE_AUDIT);
        assert_int_equal(t.m.seq, 0);
        assert_true(t.m.urgent);
        assert_string_equal(t.topic, "mine/v1/site/audit/gw");
        assert_string_equal(word(t.payload, "user"), "ann");
        assert_string_equal(word(t.payload, "alarm"), "mill/p1/high");
        assert_string_equal(word(t.payload, "status"), cases[i].refusal ? "refused" : "done");
        json_decref(t.payload);
        assert_int_equal(next(door.live, &t), cases[i].topic != NULL);
        if (!cases[i].topic)
            continue;
        assert_int_equal(t.m.lane, MESSAGE_REPLY);
        assert_string_equal(t.topic, cases[i].topic);
        assert_string_equal(word(t.payload, "error"), cases[i].refusal ? cases[i].refusal : "");
        assert_int_equal(t.tail_length, 3);
        assert_int_equal(t.tail[2], 3);
        json_decref(t.payload);
    }
    assert_int_equal(sequence.next[MESSAGE_AUDIT], 1); /* the journal numbers these */
}

int main(void)
{
#define FACT(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
    const struct CMUnitTest facts[] = {
        FACT(an_alarm_is_an_event_with_its_state_and_a_retained_state),
        FACT(what_people_wrote_may_be_longer_than_any_message),
        FACT(a_suspicion_is_an_event_and_a_state),
        FACT(progress_is_no_event),
        FACT(a_new_session_is_told_everything_once),
        FACT(without_a_connection_nothing_is_put_and_nothing_forgotten),
        FACT(a_full_door_is_a_debt),
        FACT(a_bulletin_is_an_event_and_the_newest_is_sent_again),
        FACT(what_happens_to_an_incident_is_an_event_with_its_state),
        FACT(an_old_bulletin_is_not_sent_again),
        FACT(learned_noise_is_kept_without_a_row),
        FACT(the_minutes_before_an_alarm_are_an_event),
        FACT(a_command_is_answered_and_written_down),
    };
    return cmocka_run_group_tests(facts, NULL, NULL);
}
