/* SPDX-License-Identifier: Apache-2.0 */
/* States that the journal kept, damaged on purpose: each begins as one that was truly kept, a few of
 * its bytes are changed, and its sum is made good again, so that nothing but what is inside can
 * give it away. Then that alarm, leak or incident must go on: be told, take samples and orders, and
 * keep itself anew. Input: which one, the damage, then what happens to it. */
#include <math.h>

#include "world.h"

#include "base/text.h"
#include "publish/encode_alarm.h"
#include "publish/encode_incident.h"
#include "publish/encode_leak.h"

enum { BASES = 128, STEPS = 12 };
#define NOW (WORLD_START + 3700000)

static struct base {
    char key[128];
    uint8_t *bytes;
    size_t size;
} bases[BASES];
static unsigned base_count;
static const struct plant *plant;
static char room[INCIDENT_ROOM];

static void add_base(void *me, const char *key, const void *bytes, size_t size)
{
    (void)me;
    HOLDS(base_count < BASES && size > 0);
    struct base *k = &bases[base_count++];
    snprintf(k->key, sizeof k->key, "%s", key);
    k->bytes = malloc(size);
    HOLDS(k->bytes);
    memcpy(k->bytes, bytes, size);
    k->size = size;
}

/* An hour in which much goes on. */
static void live(void)
{
    static struct order o = {.verb = ORDER_INCIDENT, .user = "Ann", .op = "open"};
    for (unsigned i = 0; i < 240; i++) {
        for (uint32_t tag = 0; tag < plant->first_derived; tag++)
            if (warden_wants(lookout_warden(world.lookout), tag))
                world_put(tag, 0.5 + (double)(i % 60 * (tag % 5 + 1)) / 20, true);
        world_run(world.now + 15000);
        world_listen();
        if (i == 100) /* unless a rule has opened one already */
            (void)lookout_order(world.lookout, &o, world.now);
    }
    HOLDS(incident_now(warden_incident(lookout_warden(world.lookout)))->open);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    quiet();
    world_load();
    plant = world.side.plant;
    world_open();
    live();
    warden_each(lookout_warden(world.lookout), add_base, NULL);
    const struct last_bulletin *b = &world.sequence.bulletin;
    HOLDS(b->length > 0 && base_count > 15);
    add_base(NULL, "bulletin", b, offsetof(struct last_bulletin, payload) + b->length);
    world_close();
    return 0;
}

/* Where alarms and the incident have their sums; see alarms_save.c and incident_keep.c. What a leak point
 * has learned is taken as a whole or not at all, and its sum is left to say which. */
static void make_good(const char *key, uint8_t *bytes, size_t size)
{
    uint64_t sum;
    if (strncmp(key, "alarm/", 6) == 0 && size > 24) {
        uint32_t seed;
        memcpy(&seed, bytes + 12, sizeof seed);
        sum = text_hash(seed, bytes + 24, size - 24);
        memcpy(bytes + 16, &sum, sizeof sum);
    } else if (strcmp(key, "incident") == 0 && size > 48) {
        sum = text_hash(0, bytes + 48, size - 48);
        memcpy(bytes + 40, &sum, sizeof sum);
    }
}

/* Members that are JSON already are believed as far as their sum goes. */
static void spare(const char *key, const uint8_t *from, uint8_t *bytes, size_t size)
{
    size_t at = 24 + offsetof(struct alarm_state, evidence.more);
    if (strncmp(key, "alarm/", 6) == 0 && at + ALARM_EVIDENCE_MAX <= size)
        memcpy(bytes + at, from + at, ALARM_EVIDENCE_MAX);
}

static void damage(struct script *s, uint8_t *bytes, size_t size)
{
    static const double odd[8] = {(double)NAN, (double)INFINITY, -(double)INFINITY, 1e300,
                                  -1e300,      0,                -1,                1e-320};
    uint8_t how = script_byte(s);
    size_t at = ((size_t)script_byte(s) << 16 | script_u16(s)) % size, n = 1;
    uint64_t x = script_byte(s);
    switch (how & 7) {
    case 0: /* one byte */
        break;
    case 1: /* a flag, an enum */
        x &= 3;
        break;
    case 2:
        at &= ~(size_t)3;
        n = 4;
        x = (uint64_t)0 - x;
        break;
    case 3:
        at &= ~(size_t)7;
        n = 8;
        memcpy(&x, &odd[x & 7], sizeof x);
        break;
    case 4:
        at &= ~(size_t)7;
        n = 8;
        x = x << 56 | x << 30;
        break;
    case 5: /* a text without an end */
        for (size_t i = at; i < size && i < at + (x | 1); i++)
            bytes[i] = how;
        return;
    default: /* a number near the one that stands there */
        at &= ~(size_t)7;
        n = 8;
        if (at + n <= size) {
            uint64_t was;
            memcpy(&was, bytes + at, sizeof was);
            x = was + (x - 128) * (how & 8 ? 3600000 : 1);
        }
    }
    if (at + n <= size)
        memcpy(bytes + at, &x, n);
}

/* What it says must be JSON, on one line. */
static void is_json(const struct json *j, const char *text)
{
    json_error_t error;
    HOLDS(!j->overflow && !memchr(text, '\n', json_length(j)));
    json_t *o = json_loadb(text, json_length(j), JSON_REJECT_DUPLICATES, &error);
    if (!o)
        fprintf(stderr, "%s\n%.*s\n", error.text, (int)json_length(j), text);
    HOLDS(json_is_object(o));
    json_decref(o);
}

static int64_t time_of(uint8_t what)
{
    static const int64_t times_ms[8] = {100, 1000, 5000, 30000, 120000, 600000, 3600000, 14400000};
    return times_ms[what & 7];
}

/* A leak point walks through each of its steps, so hours are rare. */
static int64_t short_time_of(uint8_t what)
{
    return what < 0xF8 ? time_of((what >> 5) % 6) : time_of(what);
}

static double value_of(uint8_t what)
{
    static const double values[8] = {0, 0.5, 1, 2.5, 5, -1, 1e9, 120};
    return values[what & 7];
}

static const struct sample *sample_of(uint8_t what, int64_t t_ms)
{
    static struct sample s;
    bool good = !(what & 8);
    s = (struct sample){.quality = good ? QUALITY_GOOD : QUALITY_BAD,
                        .reason = good ? NULL : "torn off",
                        .time = {t_ms},
                        .value = {.kind = good ? VALUE_REAL : VALUE_NONE, .real = value_of(what)}};
    return &s;
}

/* ---- an alarm -------------------------------------------------------------------------------- */

static struct alarms *alarms;
static int64_t now_ms;

static void on_alarm(void *me, uint32_t index, enum alarm_change what, int64_t t_ms)
{
    (void)me;
    char words[ALARM_WORDS];
    const struct alarm_state *state = alarms_state(alarms, index);
    struct json j = json_into(room, ALARM_ROOM);
    json_word(&j, "{");
    encode_alarm_change(&j, plant, &plant->alarms[index], state, what, t_ms);
    json_word(&j, "}");
    is_json(&j, room);
    alarm_words(words, &plant->alarms[index], state, what, t_ms);
}

static void tell_alarm_of(uint32_t index)
{
    struct json j = json_into(room, ALARM_ROOM);
    (void)alarms_evidence(alarms, index);
    encode_alarm(&j, plant, &plant->alarms[index], alarms_state(alarms, index), now_ms);
    is_json(&j, room);
}

static void run_alarms(void)
{
    for (int turns = 0; turns < 200; turns++) {
        int64_t due = alarms_run(alarms, now_ms);
        HOLDS(due > now_ms);
        if (due != now_ms + 1)
            break;
        now_ms++;
    }
}

static void one_alarm(struct script *s, uint32_t index, const uint8_t *bytes, size_t size)
{
    const struct alarm_hooks hooks = {.changed = on_alarm};
    alarms = alarms_new(plant, &hooks);
    HOLDS(alarms);
    now_ms = NOW;
    alarms_restore(alarms, index, bytes, size, now_ms);
    tell_alarm_of(index);
    for (int i = 0; i < STEPS && s->left; i++) {
        uint8_t what = script_byte(s);
        struct order o = {.verb = (what >> 2) % (ORDER_IN_SERVICE + 1), .user = "Ann",
                          .minutes = 5, .cause = "leak", .reason = "r"};
        struct alarm_evidence e = {.value = value_of(what >> 3)};
        switch (what & 3) {
        case 0:
            now_ms += time_of(what >> 2);
            break;
        case 1:
            alarms_set(alarms, index, what & 4, what & 64 ? &e : NULL, now_ms, now_ms);
            break;
        case 2:
            alarms_freeze(alarms, index, what & 4, now_ms);
            break;
        default:
            (void)alarms_order(alarms, index, &o, now_ms);
        }
        run_alarms();
    }
    tell_alarm_of(index);
    struct alarm_figures f;
    alarms_figures(alarms, now_ms, &f);
    struct json j = json_into(room, ALARM_FIGURES_ROOM);
    encode_alarm_figures(&j, plant, &f, (wall_t){now_ms});
    is_json(&j, room);
    alarms_save(alarms, index, room);
    alarms_free(alarms);
}

/* ---- a leak ---------------------------------------------------------------------------------- */

static void tell_leak_of(const struct leak *l, const struct leak_rule *r)
{
    struct leak_view v;
    char words[LEAK_WORDS];
    struct json j = json_into(room, LEAK_ROOM);
    leak_view(l, &v);
    encode_leak(&j, plant, r, &v, (wall_t){now_ms});
    is_json(&j, room);
    leak_words(words, &v, now_ms);
}

static void one_leak(struct script *s, uint32_t index, const uint8_t *bytes, size_t size)
{
    const struct leak_rule *r = &plant->leaks[index];
    struct leak *l = leak_new(r, 0, WORLD_START);
    HOLDS(l);
    now_ms = NOW;
    leak_restore(l, bytes, size, now_ms);
    tell_leak_of(l, r);
    for (int i = 0; i < STEPS && s->left; i++) {
        uint8_t what = script_byte(s);
        now_ms += short_time_of(what);
        if ((what & 3) == 3)
            leak_reset(l, now_ms);
        else if (what & 3)
            leak_sample(l, (what >> 3) % r->input_count, sample_of(what >> 2, now_ms), now_ms);
        HOLDS(leak_tick(l, now_ms) > now_ms);
    }
    tell_leak_of(l, r);
    struct leak_sense sense[LEAK_CURVE_MAX];
    HOLDS(leak_curve(l, sense) <= LEAK_CURVE_MAX);
    void *again = malloc(leak_save_size(l));
    HOLDS(again);
    leak_save(l, again);
    free(again);
    leak_free(l);
}

/* ---- the incident ---------------------------------------------------------------------------- */

static void on_incident(void *me, enum incident_change what, const char *subject, const char *text,
                        int64_t t_ms)
{
    (void)me;
    (void)what;
    (void)t_ms;
    HOLDS(strlen(subject) < 1000 && strlen(text) < 1000);
}

static void on_bulletin(void *me, const struct bulletin *b)
{
    (void)me;
    HOLDS(strnlen(b->text, BULLETIN_MAX) < BULLETIN_MAX);
}

static void on_tag(void *me, uint32_t tag, double x, const char *why_not, int64_t t_ms)
{
    (void)me;
    (void)t_ms;
    HOLDS(tag < plant->tag_count && (!isnan(x) || why_not));
}

static void tell_incident_of(const struct incident *i)
{
    const struct incident_state *state = incident_now(i);
    struct json j = json_into(room, INCIDENT_ROOM);
    HOLDS(memchr(state->id, '\0', sizeof state->id) && !strpbrk(state->id, "+#/"));
    encode_incident(&j, plant, state, (wall_t){now_ms});
    is_json(&j, room);
}

static void one_incident(struct script *s, const uint8_t *bytes, size_t size)
{
    const struct incident_hooks hooks = {NULL, on_incident, on_bulletin, on_tag};
    struct incident *i = incident_new(plant, alarms, &hooks);
    HOLDS(i);
    now_ms = NOW;
    incident_restore(i, bytes, size, now_ms);
    tell_incident_of(i);
    for (int n = 0; n < STEPS && s->left; n++) {
        static const char *const ops[8] = {"close", "area",   "equipment", "milestone",
                                           "flag",  "signoff", "bulletin",  "revoke"};
        static const char *const subjects[8] = {"a",       "b",         "mcc",    "plugged",
                                                "contained", "inspected", "closed", "floor"};
        static const char *const states[4] = {"flooded", "restored", "yes", "running"};
        uint8_t what = script_byte(s);
        struct order o = {.verb = ORDER_INCIDENT, .user = "Ann", .value = value_of(what >> 5)};
        uint32_t tag = (what >> 2) % plant->first_derived;
        switch (what & 3) {
        case 0:
            now_ms += time_of(what >> 2);
            break;
        case 1:
            if (incident_wants(i, tag))
                incident_sample(i, tag, sample_of(script_byte(s), now_ms), now_ms);
            break;
        default:
            snprintf(o.op, sizeof o.op, "%s", ops[what >> 2 & 7]);
            what = script_byte(s);
            snprintf(o.subject, sizeof o.subject, "%s", subjects[what & 7]);
            snprintf(o.state, sizeof o.state, "%s", states[what >> 3 & 3]);
            snprintf(o.item, sizeof o.item, "%s", what & 0x80 ? "temp" : "insulation");
            (void)incident_order(i, &o, now_ms);
        }
        HOLDS(incident_tick(i, now_ms) > now_ms);
    }
    tell_incident_of(i);
    uint32_t threats[8];
    (void)incident_threats(i, threats, 8);
    void *again = malloc(incident_save_size());
    HOLDS(again && incident_save(i, again) <= incident_save_size());
    free(again);
    incident_free(i);
}

static void one_bulletin(const uint8_t *bytes, size_t size)
{
    static struct sequence sequence;
    const struct last_bulletin *b = &sequence.bulletin;
    sequence.bulletin.length = 0;
    if (!sequence_restore(&sequence, "bulletin", bytes, size))
        return;
    HOLDS(b->length <= sizeof b->payload && memchr(b->id, '\0', sizeof b->id));
    struct json j = json_into(room, sizeof room);
    json_raw(&j, b->payload, b->length);
    is_json(&j, room);
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t length)
{
    struct script s = {input, length};
    const struct base *k = &bases[script_byte(&s) % base_count];
    uint8_t turns = script_byte(&s);
    size_t size = turns & 0x80 ? k->size * script_byte(&s) / 256 + 1 : k->size;
    uint8_t *bytes = malloc(size);
    HOLDS(bytes);
    memcpy(bytes, k->bytes, size);
    for (int i = turns & 7; i > 0 && s.left; i--)
        damage(&s, bytes, size);
    spare(k->key, k->bytes, bytes, size);
    if (!(turns & 0x40))
        make_good(k->key, bytes, size);
    uint32_t i = 0;
    if (strncmp(k->key, "alarm/", 6) == 0) {
        while (strcmp(plant->alarms[i].path, k->key + 6) != 0)
            i++;
        one_alarm(&s, i, bytes, size);
    } else if (strncmp(k->key, "leak/", 5) == 0) {
        while (strcmp(plant->leaks[i].name, k->key + 5) != 0)
            i++;
        one_leak(&s, i, bytes, size);
    } else if (strcmp(k->key, "incident") == 0) {
        const struct alarm_hooks hooks = {.changed = on_alarm};
        alarms = alarms_new(plant, &hooks);
        HOLDS(alarms);
        one_incident(&s, bytes, size);
        alarms_free(alarms);
    } else if (strcmp(k->key, "bulletin") == 0) {
        one_bulletin(bytes, size);
    }
    free(bytes);
    return 0;
}
