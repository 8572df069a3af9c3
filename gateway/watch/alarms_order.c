/* SPDX-License-Identifier: Apache-2.0 */
/* What people do about alarms. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "watch/alarms_parts.h"

#define MINUTE_MS 60000

static void copy(char *to, size_t room, const char *from)
{
    size_t length = strnlen(from, room - 1);
    /* Never half a character. */
    if (length == room - 1)
        while (length > 0 && ((unsigned char)from[length] & 0xC0) == 0x80)
            length--;
    memcpy(to, from, length);
    to[length] = '\0';
}

static int64_t longest(const struct alarm_rule *r)
{
    return r->max_shelve_ms > 0 ? r->max_shelve_ms : SHELVE_DEFAULT_MS;
}

static void sign(struct alarm_state *s, const struct order *o)
{
    if (o->user[0])
        copy(s->user, sizeof(s->user), o->user);
}

/* Somebody answers to what the screen said a moment ago; meanwhile it may have come again. */
static const char *stale(struct alarms *a, uint32_t i, const struct order *o)
{
    const struct alarm_state *s = &a->items[i].s;
    if (!o->has_seq || o->seq == s->seq)
        return NULL;
    if (o->seq < s->seq)
        snprintf(a->refusal, sizeof(a->refusal),
                 "stale: it has been annunciated again since (seq %" PRIu64 ")", s->seq);
    else
        snprintf(a->refusal, sizeof(a->refusal), "seq: it has come to %" PRIu64 " only", s->seq);
    return a->refusal;
}

static const char *ack(struct alarms *a, uint32_t i, const struct order *o, int64_t now_ms)
{
    struct alarm_state *s = &a->items[i].s;
    struct alarm_step step = alarm_step(&a->rules[i], s->bits, ALARM_EVENT_ACK);
    if (step.refusal || !step.changed)
        return step.refusal;
    sign(s, o);
    s->ack_ms = now_ms;
    return alarms_apply(a, i, ALARM_EVENT_ACK, ALARM_DID_ACK, now_ms);
}

static const char *const causes[4] = {"leak", "instrument", "operation", "unknown"};

static const char *reset(struct alarms *a, uint32_t i, const struct order *o, int64_t now_ms)
{
    const char *word = o->cause[0] ? o->cause : "unknown";
    struct alarm_state *s = &a->items[i].s;
    for (int k = 0; k < 4; k++) {
        if (strcmp(word, causes[k]) != 0)
            continue;
        struct alarm_step step = alarm_step(&a->rules[i], s->bits, ALARM_EVENT_RESET);
        if (step.refusal)
            return step.refusal;
        s->causes[k]++;
        sign(s, o);
        copy(s->cause, sizeof(s->cause), word);
        return alarms_apply(a, i, ALARM_EVENT_RESET, ALARM_DID_RESET, now_ms);
    }
    return "cause: one of leak, instrument, operation, unknown";
}

static const char *shelve(struct alarms *a, uint32_t i, const struct order *o, int64_t now_ms)
{
    const struct alarm_rule *r = &a->rules[i];
    struct alarm_state *s = &a->items[i].s;
    if (!o->reason[0])
        return "reason: shelving needs one";
    if (!r->shelvable || (s->priority == PRIORITY_CRITICAL && r->priority != PRIORITY_CRITICAL))
        return "not_shelvable: this alarm may not be shelved";
    double most = (double)longest(r) / MINUTE_MS;
    double minutes = isnan(o->minutes) ? most : o->minutes;
    if (!(minutes >= 1 || isnan(o->minutes)) || !(minutes <= most)) {
        snprintf(a->refusal, sizeof(a->refusal), "minutes: from 1 to %.0f", floor(most));
        return a->refusal;
    }
    bool again = s->bits.shelved;
    sign(s, o);
    copy(s->reason, sizeof(s->reason), o->reason);
    s->shelved_until_ms = now_ms + (int64_t)(minutes * MINUTE_MS);
    s->one_shot = o->one_shot;
    const char *refusal = alarms_apply(a, i, ALARM_EVENT_SHELVE, ALARM_DID_SHELVE, now_ms);
    if (!refusal && again)
        alarms_tell(a, i, ALARM_DID_SHELVE, now_ms);
    return refusal;
}

static const char *out_of_service(struct alarms *a, uint32_t i, const struct order *o,
                                  int64_t now_ms)
{
    if (!o->reason[0])
        return "reason: taking an alarm out of service needs one";
    struct alarm_state *s = &a->items[i].s;
    bool again = s->bits.oos;
    sign(s, o);
    copy(s->reason, sizeof(s->reason), o->reason);
    if (again)
        alarms_tell(a, i, ALARM_DID_OOS, now_ms);
    return alarms_apply(a, i, ALARM_EVENT_OOS, ALARM_DID_OOS, now_ms);
}

static const char *back(struct alarms *a, uint32_t i, const struct order *o, enum alarm_event e,
                        enum alarm_change what, int64_t now_ms)
{
    struct alarm_state *s = &a->items[i].s;
    struct alarm_step step = alarm_step(&a->rules[i], s->bits, e);
    if (step.refusal)
        return step.refusal;
    sign(s, o);
    return alarms_apply(a, i, e, what, now_ms);
}

const char *alarms_order(struct alarms *a, uint32_t i, const struct order *o, int64_t now_ms)
{
    enum order_verb verb = (enum order_verb)o->verb;
    bool needs_name =
        verb == ORDER_ACK || verb == ORDER_RESET || verb == ORDER_SHELVE || verb == ORDER_OOS;
    if (i >= a->count)
        return "alarm: there is none of that name";
    if (needs_name && !o->user[0])
        return "user: say who you are";
    const char *refusal = stale(a, i, o);
    if (refusal)
        return refusal;
    alarms_count_time(a, now_ms);
    refusal = "verb: not one for alarms";
    switch (verb) {
    case ORDER_ACK:
        refusal = ack(a, i, o, now_ms);
        break;
    case ORDER_RESET:
        refusal = reset(a, i, o, now_ms);
        break;
    case ORDER_SHELVE:
        refusal = shelve(a, i, o, now_ms);
        break;
    case ORDER_UNSHELVE:
        refusal = back(a, i, o, ALARM_EVENT_UNSHELVE, ALARM_DID_UNSHELVE, now_ms);
        break;
    case ORDER_OOS:
        refusal = out_of_service(a, i, o, now_ms);
        break;
    case ORDER_IN_SERVICE:
        refusal = back(a, i, o, ALARM_EVENT_IN_SERVICE, ALARM_DID_IN_SERVICE, now_ms);
        break;
    case ORDER_PROOF:
    case ORDER_INCIDENT:
    case ORDER_DRILL:
    case ORDER_WRITE:
    case ORDER_VERB_COUNT:
        break;
    }
    if (!refusal)
        alarms_wake(a, i);
    return refusal;
}
