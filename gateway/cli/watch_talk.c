/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/watch_talk.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "publish/json_read.h" /* in front of json.h */

#include "base/text.h"
#include "publish/json.h"

enum { ANSWER_MAX = 4096 };

static const struct {
    const char *verb, *words, *question;
} asks[] = {
    [ASK_ACK] = {"ack", "ack", NULL},
    [ASK_RESET] = {"reset", "reset", "cause (leak, instrument, operation, unknown)"},
    [ASK_SHELVE] = {"shelve", "shelve", "minutes and reason"},
    [ASK_UNSHELVE] = {"unshelve", "unshelve", NULL},
    [ASK_OOS] = {"oos", "out of service:", "reason"},
    [ASK_IN_SERVICE] = {"in-service", "in service:", NULL},
    [ASK_CONFIRM] = {"incident", "confirm", "milestone"},
    [ASK_BULLETIN] = {"incident", "bulletin of", NULL},
};

/* ---- wishes ---------------------------------------------------------------------------------- */

const char *watch_wish_question(enum watch_ask ask)
{
    return asks[ask].question;
}

static const char *take_text(struct watch_wish *w, const char *typed, const char *missing)
{
    typed += strspn(typed, " ");
    size_t length = strlen(typed);
    while (length > 0 && typed[length - 1] == ' ')
        length--;
    if (length == 0)
        return missing;
    snprintf(w->text, sizeof w->text, "%.*s", (int)length, typed);
    return NULL;
}

/* As much of the word as makes it clear. */
static const char *take_cause(struct watch_wish *w, const char *typed)
{
    static const char *const causes[] = {"leak", "instrument", "operation", "unknown"};
    const char *trouble = take_text(w, typed, "what was it? leak, instrument, operation, unknown");
    for (size_t i = 0; trouble == NULL && i < sizeof causes / sizeof *causes; i++) {
        if (strncmp(causes[i], w->text, strlen(w->text)) == 0) {
            snprintf(w->text, sizeof w->text, "%s", causes[i]);
            return NULL;
        }
    }
    return trouble != NULL ? trouble : "the cause is leak, instrument, operation or unknown";
}

/* "60 sensor is being cleaned", or with a unit, "2h ..." */
static const char *take_shelf(struct watch_wish *w, const char *typed)
{
    char first[32];
    int64_t ns;
    typed += strspn(typed, " ");
    size_t length = strcspn(typed, " ");
    if (length == 0 || length >= sizeof first)
        return "for how many minutes, and why? like: 60 sensor is being cleaned";
    memcpy(first, typed, length);
    first[length] = 0;
    if (!text_to_real(first, &w->minutes)) {
        if (!text_to_duration(first, &ns))
            return "the minutes stand first, like: 60 sensor is being cleaned";
        w->minutes = (double)ns / 60e9;
    }
    if (w->minutes < 1)
        return "one minute is the least";
    return take_text(w, typed + length, "and why? like: 60 sensor is being cleaned");
}

const char *watch_wish_take(struct watch_wish *w, const char *typed)
{
    switch (w->ask) {
    case ASK_RESET:
        return take_cause(w, typed);
    case ASK_SHELVE:
        return take_shelf(w, typed);
    case ASK_OOS:
        return take_text(w, typed, "out of service needs a reason");
    case ASK_CONFIRM:
        return take_text(w, typed, "which milestone?");
    case ASK_NOTHING:
    case ASK_FILTER:
    case ASK_ACK:
    case ASK_UNSHELVE:
    case ASK_IN_SERVICE:
    case ASK_BULLETIN:
        break;
    }
    return NULL;
}

void watch_wish_words(const struct watch_wish *w, char *out, size_t room)
{
    bool milestone = w->ask == ASK_CONFIRM && *w->text;
    snprintf(out, room, "%s %s%s%s", asks[w->ask].words, milestone ? w->text : "",
             milestone ? " of " : "", w->subject);
}

/* ---- commands -------------------------------------------------------------------------------- */

static void put(struct json *j, const char *name, const char *text)
{
    json_raw(j, ",\"", 2);
    json_raw(j, name, strlen(name));
    json_raw(j, "\":", 2);
    json_put_string(j, text);
}

static void put_wish(struct json *j, const struct watch_wish *w)
{
    bool of_incident = w->ask == ASK_CONFIRM || w->ask == ASK_BULLETIN;
    put(j, of_incident ? "incident" : "alarm", w->subject);
    if (of_incident)
        put(j, "op", w->ask == ASK_CONFIRM ? "confirm" : "bulletin");
    if (w->ask == ASK_CONFIRM)
        put(j, "subject", w->text);
    else if (w->ask == ASK_RESET && *w->text)
        put(j, "cause", w->text);
    else if (*w->text)
        put(j, "reason", w->text);
    if (w->has_seq && (w->ask == ASK_ACK || w->ask == ASK_RESET || w->ask == ASK_SHELVE)) {
        json_raw(j, ",\"seq\":", 7);
        json_int(j, (int64_t)w->seq);
    }
    if (w->ask == ASK_SHELVE && isfinite(w->minutes)) {
        json_raw(j, ",\"minutes\":", 11);
        json_put_real(j, w->minutes, false);
    }
}

static void encode(struct watch_talk *t, const struct watch_wish *w, wall_t wall,
                   struct watch_command *out)
{
    char id[24];
    struct json j = json_into(out->payload, sizeof out->payload);
    snprintf(id, sizeof id, "%u", t->asked);
    json_raw(&j, "{\"id\":", 6);
    json_put_string(&j, id);
    put(&j, "client", t->client);
    put(&j, "user", t->user);
    json_raw(&j, ",\"sent\":", 8);
    json_int(&j, wall.ms);
    put_wish(&j, w);
    json_raw(&j, "}", 1);
    int topic = snprintf(out->topic, sizeof out->topic, "cmd/%s/%s", w->gateway, asks[w->ask].verb);
    bool fits = !j.overflow && topic > 0 && (size_t)topic < sizeof out->topic;
    out->length = fits ? json_length(&j) : 0;
}

void watch_talk_say(struct watch_talk *t, bool refused, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(t->status, sizeof t->status, format, args);
    va_end(args);
    t->refused = refused;
}

bool watch_talk_ask(struct watch_talk *t, const struct watch_wish *w, wall_t wall, mono_t now,
                    struct watch_command *out)
{
    size_t n = t->asked % TALK_WAITING;
    char words[360];
    watch_wish_words(w, words, sizeof words);
    if (t->user == NULL || *t->user == 0) {
        watch_talk_say(t, true, "nobody knows who you are: start with --user NAME");
        return false;
    }
    /* A name with a slash or a wildcard would be a topic of somebody else's. */
    if (!text_is_name(w->gateway, strlen(w->gateway))) {
        watch_talk_say(t, true, "%s: it isn't known which gateway speaks for it", words);
        return false;
    }
    t->asked++;
    encode(t, w, wall, out);
    if (out->length == 0) {
        watch_talk_say(t, true, "%s: too long to be sent", words);
        return false;
    }
    t->waiting[n].id = t->asked;
    t->waiting[n].late = false;
    t->waiting[n].until = mono_add(now, TALK_PATIENCE_S * NS_PER_S);
    snprintf(t->waiting[n].gateway, sizeof t->waiting[n].gateway, "%s", w->gateway);
    snprintf(t->waiting[n].words, sizeof t->waiting[n].words, "%s", words);
    watch_talk_say(t, false, "%s: asked %s ...", words, w->gateway);
    t->done = false;
    return true;
}

void watch_talk_unsent(struct watch_talk *t, const char *why)
{
    size_t n = (t->asked - 1) % TALK_WAITING;
    watch_talk_say(t, true, "%s: not sent: %s", t->waiting[n].words, why);
    t->waiting[n].id = 0;
}

static const char *text_of(const json_t *o, const char *name, const char *otherwise)
{
    const char *s = json_string_value(json_object_get(o, name));
    return s != NULL ? s : otherwise;
}

static void answered(struct watch_talk *t, size_t n, const json_t *o)
{
    const char *status = text_of(o, "status", "answered");
    bool done = strcmp(status, "done") == 0, late = t->waiting[n].late;
    t->waiting[n].id = 0;
    t->done = done;
    /* Good news of one thing doesn't wipe out bad news of another before they were seen. */
    if (done && t->refused && !late)
        return;
    watch_talk_say(t, !done, "%s: %s%s%s%s", t->waiting[n].words, status, done ? "" : ": ",
                   done ? "" : text_of(o, "error", "no reason given"),
                   late ? ", after more than 5 s" : "");
}

void watch_talk_hear(struct watch_talk *t, const void *payload, size_t length)
{
    json_t *o = length <= ANSWER_MAX ? json_read(payload, length) : NULL;
    uint64_t id;
    if (text_to_u64(text_of(o, "id", ""), &id) && id > 0 && id <= t->asked) {
        size_t n = (id - 1) % TALK_WAITING;
        if (t->waiting[n].id == id)
            answered(t, n, o);
    }
    json_decref(o);
}

bool watch_talk_tick(struct watch_talk *t, mono_t now)
{
    bool changed = false;
    for (size_t n = 0; n < TALK_WAITING; n++) {
        if (t->waiting[n].id == 0 || t->waiting[n].late || mono_before(now, t->waiting[n].until))
            continue;
        watch_talk_say(t, true, "%s: no answer from %s within %d s; perhaps it was done: look",
                       t->waiting[n].words, t->waiting[n].gateway, TALK_PATIENCE_S);
        t->waiting[n].late = true;
        changed = true;
    }
    return changed;
}

mono_t watch_talk_due(const struct watch_talk *t)
{
    mono_t due = MONO_NEVER;
    for (size_t n = 0; n < TALK_WAITING; n++)
        if (t->waiting[n].id != 0 && !t->waiting[n].late)
            due = mono_min(due, t->waiting[n].until);
    return due;
}
