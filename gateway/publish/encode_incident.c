/* SPDX-License-Identifier: Apache-2.0 */
#include "publish/encode_incident.h"

#include <math.h>

#include "publish/member.h"

static void moment(struct json *j, const char *name, bool known, int64_t ms)
{
    put_key(j, name);
    if (known)
        json_int(j, ms);
    else
        json_word(j, "null");
}

static void time_value(struct json *j, double ms)
{
    if (ms > -9e15 && ms < 9e15)
        json_int(j, llround(ms));
    else
        json_word(j, "null");
}

static void estimate(struct json *j, const char *name, const struct estimate *e, bool is_time)
{
    const double x[] = {e->value, e->low, e->high};
    static const char *const names[] = {"{\"value\":", ",\"low\":", ",\"high\":"};
    put_key(j, name);
    for (int n = 0; n < 3; n++) {
        json_raw(j, names[n], strlen(names[n]));
        if (is_time)
            time_value(j, x[n]);
        else
            json_real(j, x[n], false);
    }
    json_word(j, "}");
}

static void comma(struct json *j, bool *any)
{
    if (*any)
        json_word(j, ",");
    *any = true;
}

static uint32_t at_most(uint32_t count, uint32_t bound)
{
    return count < bound ? count : bound;
}

static const char *area_name(const struct plant *p, uint32_t area)
{
    return area < p->area_count ? p->areas[area].name : NULL;
}

static const char *stage(const struct incident_state *s)
{
    for (unsigned m = MILESTONE_COUNT; m-- > 0;)
        if (s->milestones[m].reached && !s->milestones[m].revoked)
            return milestone_words((enum milestone)m);
    return "opened";
}

static void milestones(struct json *j, const struct incident_state *s)
{
    bool any = false;
    json_word(j, ",\"milestones\":[");
    for (unsigned n = 0; n < MILESTONE_COUNT; n++) {
        const struct milestone_state *m = &s->milestones[n];
        if (!m->reached && !m->proposed && !m->revoked)
            continue;
        comma(j, &any);
        json_word(j, "{\"milestone\":");
        json_string(j, milestone_words((enum milestone)n));
        put_text(j, "state", m->reached ? "confirmed" : m->proposed ? "proposed" : "revoked");
        moment(j, "time", m->reached || m->revoked, m->t_ms);
        moment(j, "proposed", m->proposed, m->proposed_ms);
        put_text(j, "by", m->automatic ? "auto" : m->reached || m->revoked ? "user" : NULL);
        put_text(j, "user", m->who);
        put_text(j, "evidence", m->evidence);
        json_word(j, "}");
    }
    json_word(j, "]");
}

static void flags(struct json *j, const struct incident_state *s)
{
    static const char *const answers[] = {"unknown", "no", "yes"};
    json_word(j, ",\"flags\":{");
    for (unsigned n = 0; n < FLAG_COUNT; n++) {
        const char *name = incident_flag_words((enum incident_flag)n);
        if (n > 0)
            json_word(j, ",");
        json_string(j, name);
        json_word(j, ":{\"answer\":");
        json_string(j, s->flags[n].answer < 3 ? answers[s->flags[n].answer] : "unknown");
        moment(j, "time", s->flags[n].who[0] != '\0', s->flags[n].t_ms);
        put_text(j, "user", s->flags[n].who);
        json_word(j, "}");
    }
    json_word(j, "}");
}

static void areas(struct json *j, const struct plant *p, const struct incident_state *s)
{
    bool any = false;
    json_word(j, ",\"areas\":[");
    for (uint32_t n = 0; n < at_most(p->area_count, INCIDENT_AREAS); n++) {
        comma(j, &any);
        json_word(j, "{\"area\":");
        json_string(j, p->areas[n].name);
        put_text(j, "title", p->areas[n].title);
        put_text(j, "state", area_state_words((enum area_state)s->areas[n]));
        put_text(j, "reason", s->area_reasons[n]);
        json_word(j, "}");
    }
    json_word(j, "]");
}

static void checks(struct json *j, const struct equipment *e, const struct equipment_record *r)
{
    bool any = false;
    json_word(j, ",\"checks\":[");
    for (uint32_t n = 0; n < at_most(e->check_count, INCIDENT_CHECKS); n++) {
        const struct check_state *c = &r->checks[n];
        comma(j, &any);
        json_word(j, "{\"item\":");
        json_string(j, e->checks[n].name);
        put_text(j, "text", e->checks[n].text);
        put_text(j, "kind", e->checks[n].kind == CHECK_AUTO ? "auto" : "manual");
        put_truth(j, "done", c->done);
        moment(j, "time", c->done, c->t_ms);
        if (e->checks[n].wants_value || e->checks[n].kind == CHECK_AUTO)
            put_real(j, "value", c->done || c->holds ? c->value : (double)NAN);
        put_text(j, "user", c->who);
        json_word(j, "}");
    }
    json_word(j, "]");
}

static bool hit(const struct equipment_record *r)
{
    return r->threatened || (r->state != EQUIPMENT_RUNNING && r->state != EQUIPMENT_STOPPED);
}

static void equipment(struct json *j, const struct plant *p, const struct incident_state *s,
                      bool with_checks)
{
    bool any = false;
    json_word(j, ",\"equipment\":[");
    for (uint32_t n = 0; n < at_most(p->equipment_count, INCIDENT_EQUIPMENT); n++) {
        const struct equipment *e = &p->equipment[n];
        const struct equipment_record *r = &s->equipment[n];
        comma(j, &any);
        json_word(j, "{\"equipment\":");
        json_string(j, e->name);
        put_text(j, "area", area_name(p, e->area));
        put_text(j, "owner", e->owner);
        put_text(j, "state", equipment_state_words((enum equipment_state)r->state));
        put_int(j, "since", r->since_ms);
        put_truth(j, "threatened", r->threatened);
        put_real(j, "minutes_to_floor", r->minutes);
        put_text(j, "user", r->who);
        put_text(j, "note", r->note);
        if (with_checks && hit(r) && e->check_count > 0)
            checks(j, e, r);
        json_word(j, "}");
    }
    json_word(j, "]");
}

/* Soonest first: what the supervisor looks at. */
static void threats(struct json *j, const struct plant *p, const struct incident_state *s)
{
    bool used[INCIDENT_EQUIPMENT] = {false}, any = false;
    uint32_t count = at_most(p->equipment_count, INCIDENT_EQUIPMENT);
    json_word(j, ",\"threats\":[");
    for (;;) {
        uint32_t soonest = count;
        for (uint32_t n = 0; n < count; n++)
            if (!used[n] && !isnan(s->equipment[n].minutes) &&
                (soonest == count || s->equipment[n].minutes < s->equipment[soonest].minutes))
                soonest = n;
        if (soonest == count)
            break;
        used[soonest] = true;
        comma(j, &any);
        json_word(j, "{\"equipment\":");
        json_string(j, p->equipment[soonest].name);
        put_real(j, "minutes", s->equipment[soonest].minutes);
        json_word(j, "}");
    }
    json_word(j, "]");
}

static void basins(struct json *j, const struct plant *p, const struct incident_state *s)
{
    bool any = false;
    json_word(j, ",\"basins\":[");
    for (uint32_t n = 0; n < at_most(p->basin_count, INCIDENT_BASINS); n++) {
        const struct basin_record *r = &s->basins[n];
        const struct basin *b = &p->basins[n];
        double unknown = (double)NAN;
        comma(j, &any);
        json_word(j, "{\"basin\":");
        json_string(j, b->name);
        put_text(j, "area", area_name(p, b->area));
        put_real(j, "level", r->known ? r->level : unknown);
        put_real(j, "volume", r->known && b->stage ? r->volume : unknown);
        put_real(j, "peak", b->stage ? r->peak : unknown);
        put_real(j, "target_level", b->target);
        put_real(j, "progress", r->progress);
        put_real(j, "net", b->stage ? r->net : unknown);
        put_real(j, "inflow", b->stage ? r->inflow : unknown);
        put_int(j, "pumps", r->pumps);
        put_int(j, "running", r->running);
        put_truth(j, "stalled", r->stalled);
        if (isfinite(r->eta_ms.value))
            estimate(j, "eta", &r->eta_ms, true);
        else
            json_word(j, ",\"eta\":null");
        put_real(j, "eta_change_min", r->eta_change_ms / 60000);
        json_word(j, "}");
    }
    json_word(j, "]");
}

static void source(struct json *j, const struct plant *p, const struct incident_state *s)
{
    put_text(j, "trigger",
             s->trigger_alarm < p->alarm_count ? p->alarms[s->trigger_alarm].path : NULL);
    if (s->leak >= p->leak_count) {
        json_word(j, ",\"source\":null");
        return;
    }
    json_word(j, ",\"source\":{\"leak\":");
    json_string(j, p->leaks[s->leak].name);
    put_text(j, "area", area_name(p, p->leaks[s->leak].area));
    estimate(j, "rate", &s->source_rate, false);
    estimate(j, "onset", &s->source_onset_ms, true);
    estimate(j, "lost", &s->source_lost, false);
    json_word(j, "}");
}

static void all_of_it(struct json *j, const struct plant *p, const struct incident_state *s,
                      wall_t time, bool with_checks)
{
    json_word(j, "{\"incident\":");
    json_string(j, s->id);
    put_text(j, "gateway", p->gateway);
    put_text(j, "state", s->open ? "open" : "closed");
    put_text(j, "stage", stage(s));
    put_truth(j, "drill", s->drill);
    put_int(j, "timestamp", time.ms);
    put_text(j, "title", s->title);
    put_int(j, "opened", s->opened_ms);
    put_text(j, "opened_by", s->opened_by);
    moment(j, "closed", !s->open, s->closed_ms);
    source(j, p, s);
    put_int(j, "alarms_attached", s->alarms_attached);
    flags(j, s);
    milestones(j, s);
    areas(j, p, s);
    threats(j, p, s);
    basins(j, p, s);
    equipment(j, p, s, with_checks);
    if (!with_checks)
        json_word(j, ",\"checks_left_out\":true");
    put_int(j, "bulletin", s->bulletin);
    moment(j, "next_bulletin", s->open, s->next_bulletin_ms);
    json_word(j, "}");
}

void encode_incident(struct json *j, const struct plant *p, const struct incident_state *s,
                     wall_t time)
{
    struct json before = *j;
    all_of_it(j, p, s, time, true);
    if (!j->overflow || before.overflow)
        return;
    *j = before;
    all_of_it(j, p, s, time, false);
}
