/* SPDX-License-Identifier: Apache-2.0 */
#include "publish/encode_alarm.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/calendar.h"
#include "publish/member.h"

static const char *const modes[] = {
    [ALARM_NORMAL] = "normal",
    [ALARM_SHELVED] = "shelved",
    [ALARM_SUPPRESSED] = "suppressed",
    [ALARM_OUT_OF_SERVICE] = "oos",
};

const char *alarm_priority_words(uint8_t priority)
{
    static const char *const words[PRIORITY_COUNT] = {
        [PRIORITY_LOW] = "low",
        [PRIORITY_MEDIUM] = "medium",
        [PRIORITY_HIGH] = "high",
        [PRIORITY_CRITICAL] = "critical",
    };
    return priority < PRIORITY_COUNT ? words[priority] : "critical";
}

static void put_moment(struct json *j, const char *name, int64_t ms)
{
    put_key(j, name);
    if (ms == ALARM_NEVER || ms == INT64_MAX)
        json_word(j, "null");
    else
        json_int(j, ms);
}

static const char *reason_words(const struct alarm_rule *r, const struct alarm_state *s)
{
    return s->evidence.text[0] ? s->evidence.text : r->about ? r->about : "";
}

static void put_state(struct json *j, const struct alarm_rule *r, const struct alarm_state *s,
                      int64_t now_ms)
{
    const struct alarm_bits *b = &s->bits;
    put_text(j, "state", alarm_name_words(alarm_name_of(b)));
    put_truth(j, "active", b->active);
    put_truth(j, "acked", b->acked);
    put_truth(j, "latched", b->latched);
    put_text(j, "mode", modes[b->mode]);
    put_text(j, "priority", alarm_priority_words(s->priority));
    put_int(j, "seq", s->seq > INT64_MAX ? INT64_MAX : (int64_t)s->seq);
    put_moment(j, "timestamp", s->changed_ms == ALARM_NEVER ? now_ms : s->changed_ms);
    put_moment(j, "on", s->on_ms);
    put_moment(j, "off", s->off_ms);
    put_moment(j, "ack", s->ack_ms);
    put_truth(j, "first_out", s->first_out);
    put_text(j, "group", r->group_name);
    put_truth(j, "frozen", s->frozen);
    put_truth(j, "chattering", s->chattering);
}

static void put_people(struct json *j, const struct alarm_rule *r, const struct alarm_state *s)
{
    put_text(j, "about", r->about);
    put_text(j, "consequence", r->consequence);
    put_text(j, "response", r->response);
    put_key(j, "tarp");
    if (r->tarp)
        json_int(j, r->tarp);
    else
        json_word(j, "null");
    put_moment(j, "shelved_until", s->bits.shelved ? s->shelved_until_ms : INT64_MAX);
    put_truth(j, "one_shot", s->one_shot);
    put_text(j, "user", s->user);
    put_text(j, "reason", s->reason);
    put_text(j, "cause", s->cause);
}

void encode_alarm(struct json *j, const struct plant *p, const struct alarm_rule *r,
                  const struct alarm_state *s, int64_t now_ms)
{
    const struct alarm_evidence *e = &s->evidence;
    json_word(j, "{\"id\":");
    json_string(j, r->path);
    put_text(j, "gateway", p->gateway);
    put_text(j, "area", r->area < p->area_count ? p->areas[r->area].name : NULL);
    put_state(j, r, s, now_ms);
    put_moment(j, "source", s->on_ms == ALARM_NEVER ? ALARM_NEVER : s->source_ms);
    put_real(j, "value", e->value);
    put_real(j, "limit", e->limit);
    put_text(j, "unit", e->unit);
    put_text(j, "text", reason_words(r, s));
    put_people(j, r, s);
    if (e->more[0]) {
        json_word(j, ",");
        json_raw(j, e->more, strlen(e->more));
    }
    json_word(j, "}");
}

void encode_alarm_change(struct json *j, const struct plant *p, const struct alarm_rule *r,
                         const struct alarm_state *s, enum alarm_change what, int64_t now_ms)
{
    json_word(j, "\"change\":");
    json_string(j, alarm_change_words(what));
    json_word(j, ",\"alarm\":");
    encode_alarm(j, p, r, s, now_ms);
}

/* ---- words -------------------------------------------------------------------------------------
 */

static const char *by(const struct alarm_state *s)
{
    return s->user[0] ? s->user : "nobody known";
}

static void shelf_words(char out[static ALARM_WORDS], const struct alarm_state *s, int64_t now_ms)
{
    char until[CALENDAR_MAX];
    calendar_near(until, s->shelved_until_ms, now_ms);
    snprintf(out, ALARM_WORDS, "shelved by %s until %s%s: %s", by(s),
             s->one_shot ? "it is off, or " : "", until, s->reason);
}

static const char *again(const struct alarm_state *s)
{
    switch (alarm_name_of(&s->bits)) {
    case ALARM_UNACK:
        return ", and it stands";
    case ALARM_LUNACK:
        return ", and it has been on meanwhile";
    case ALARM_NORM:
    case ALARM_ACKED:
    case ALARM_RTNUN:
    case ALARM_LACK:
    case ALARM_SHLVD:
    case ALARM_DSUPR:
    case ALARM_OOSRV:
    case ALARM_NAME_COUNT:
        break;
    }
    return "";
}

void alarm_words(char out[static ALARM_WORDS], const struct alarm_rule *r,
                 const struct alarm_state *s, enum alarm_change what, int64_t now_ms)
{
    const char *why = reason_words(r, s);
    const size_t room = ALARM_WORDS;
    switch (what) {
    case ALARM_DID_ON:
        snprintf(out, room, "%s", *why ? why : "on");
        return;
    case ALARM_DID_OFF:
        snprintf(out, room, "%s",
                 s->bits.latched ? "its condition is over; it waits for a reset"
                                 : "back to normal");
        return;
    case ALARM_DID_ACK:
        snprintf(out, room, "acknowledged by %s", by(s));
        return;
    case ALARM_DID_RESET:
        snprintf(out, room, "reset by %s, cause: %s", by(s), s->cause[0] ? s->cause : "unknown");
        return;
    case ALARM_DID_REALARM:
        snprintf(out, room, "still on: %s", why);
        return;
    case ALARM_DID_RISE:
        snprintf(out, room, "now %s: %s", alarm_priority_words(s->priority), why);
        return;
    case ALARM_DID_SHELVE:
        shelf_words(out, s, now_ms);
        return;
    case ALARM_DID_UNSHELVE:
        snprintf(out, room, "no longer shelved%s", again(s));
        return;
    case ALARM_DID_SUPPRESS:
        snprintf(out, room, "suppressed by design");
        return;
    case ALARM_DID_UNSUPPRESS:
        snprintf(out, room, "no longer suppressed%s", again(s));
        return;
    case ALARM_DID_OOS:
        snprintf(out, room, "taken out of service by %s: %s", by(s), s->reason);
        return;
    case ALARM_DID_IN_SERVICE:
        snprintf(out, room, "in service again%s", again(s));
        return;
    case ALARM_DID_FREEZE:
        snprintf(out, room, "its input is bad: it stays as it is");
        return;
    case ALARM_DID_THAW:
        snprintf(out, room, "its input is good again");
        return;
    case ALARM_DID_CHATTER:
        snprintf(out, room, "it chatters: its off-delay is now %.0f s",
                 (double)s->off_delay_ms / 1000);
        return;
    case ALARM_DID_CALM:
        snprintf(out, room, "it chatters no more");
        return;
    case ALARM_DID_COUNT:
        break;
    }
    out[0] = '\0';
}

/* ---- figures -----------------------------------------------------------------------------------
 */

static void put_priorities(struct json *j, const char *name, const uint32_t count[PRIORITY_COUNT])
{
    put_key(j, name);
    for (int k = 0; k < PRIORITY_COUNT; k++) {
        if (k)
            json_word(j, ",\"");
        else
            json_word(j, "{\"");
        const char *word = alarm_priority_words((uint8_t)(PRIORITY_COUNT - 1 - k));
        json_raw(j, word, strlen(word));
        json_word(j, "\":");
        json_int(j, count[PRIORITY_COUNT - 1 - k]);
    }
    json_word(j, "}");
}

static void put_top(struct json *j, const struct plant *p, const struct alarm_figures *f)
{
    put_key(j, "top");
    json_word(j, "[");
    for (uint32_t k = 0; k < f->top_used; k++) {
        if (k)
            json_word(j, ",");
        json_word(j, "{\"id\":");
        json_string(j, p->alarms[f->top[k]].path);
        put_int(j, "count", f->top_count[k]);
        json_word(j, "}");
    }
    json_word(j, "]");
}

static void put_list(struct json *j, const struct plant *p, const char *name,
                     const struct alarm_list *l)
{
    put_key(j, name);
    json_word(j, "[");
    for (uint32_t k = 0; k < l->used; k++) {
        if (k)
            json_word(j, ",");
        json_string(j, p->alarms[l->index[k]].path);
    }
    json_word(j, "]");
}

void encode_alarm_figures(struct json *j, const struct plant *p, const struct alarm_figures *f,
                          wall_t time)
{
    static const char *const causes[4] = {"leak", "instrument", "operation", "unknown"};
    json_word(j, "{\"timestamp\":");
    json_int(j, time.ms);
    put_priorities(j, "standing", f->standing);
    put_priorities(j, "unacked", f->unacked);
    const struct {
        const char *name;
        uint32_t x;
    } counts[] = {
        {"shelved", f->shelved},       {"suppressed", f->suppressed},
        {"oos", f->out_of_service},    {"frozen", f->frozen},
        {"chattering", f->chattering}, {"stale", f->stale},
        {"in_10_min", f->in_10_min},   {"max_in_10_min", f->max_in_10_min},
        {"in_hour", f->in_hour},       {"in_day", f->in_day},
    };
    for (size_t k = 0; k < sizeof(counts) / sizeof(counts[0]); k++)
        put_int(j, counts[k].name, counts[k].x);
    put_truth(j, "flood", f->flood);
    put_real(j, "flood_windows_share", f->flood_windows_share);
    put_int(j, "flood_s_day", f->flood_s_day);
    put_int(j, "flood_hidden", f->flood_hidden);
    put_real(j, "ack_median_s", f->ack_median_s);
    put_real(j, "ack_p90_s", f->ack_p90_s);
    put_real(j, "top10_share", f->top10_share);
    put_top(j, p, f);
    put_list(j, p, "chattering_ids", &f->chattering_list);
    put_list(j, p, "shelved_ids", &f->shelved_list);
    put_list(j, p, "oos_ids", &f->oos_list);
    put_priorities(j, "by_priority_day", f->by_priority_day);
    json_word(j, ",\"causes\":{\"leak\":");
    json_int(j, f->causes[0]);
    for (int k = 1; k < 4; k++)
        put_int(j, causes[k], f->causes[k]);
    json_word(j, "}}");
}
