/* SPDX-License-Identifier: Apache-2.0 */
/* When an incident begins and ends, by rule or by a person. */
#include <math.h>
#include <string.h>

#include "base/calendar.h"
#include "watch/incident_parts.h"

bool incident_near(const struct incident *i, uint32_t area)
{
    uint32_t trigger = i->now.trigger_alarm;
    if (trigger >= i->plant->alarm_count || area >= i->plant->area_count)
        return true; /* a person said so, without saying where */
    uint32_t home = i->plant->alarms[trigger].area;
    if (home >= i->plant->area_count || home == area)
        return true;
    const struct area *a = &i->plant->areas[home];
    for (uint32_t n = 0; n < a->neighbour_count; n++)
        if (a->neighbours[n] == area)
            return true;
    return false;
}

static bool neighbours(const struct plant *p, uint32_t a, uint32_t b)
{
    if (a >= p->area_count || b >= p->area_count)
        return false;
    bool found = a == b;
    for (uint32_t n = 0; !found && n < p->areas[a].neighbour_count; n++)
        found = p->areas[a].neighbours[n] == b;
    for (uint32_t n = 0; !found && n < p->areas[b].neighbour_count; n++)
        found = p->areas[b].neighbours[n] == a;
    return found;
}

static bool is_leak(const struct plant *p, uint32_t alarm, bool flood_switch)
{
    const struct alarm_rule *r = &p->alarms[alarm];
    return r->origin == ALARM_LEAK && r->origin_index < p->leak_count &&
           (p->leaks[r->origin_index].kind == LEAK_SWITCH) == flood_switch;
}

static bool loud(const struct alarm_state *s)
{
    return s->bits.active && s->bits.mode == ALARM_NORMAL;
}

/* A leak here and water there, close in place and time: either may have come first. */
static uint32_t partner(const struct incident *i, uint32_t alarm, int64_t t_ms)
{
    const struct plant *p = i->plant;
    bool leak = is_leak(p, alarm, false), flood = is_leak(p, alarm, true);
    for (uint32_t n = 0; (leak || flood) && n < p->alarm_count; n++) {
        const struct alarm_state *s = alarms_state(i->alarms, n);
        if (!is_leak(p, n, leak) || !neighbours(p, p->alarms[alarm].area, p->alarms[n].area) ||
            s->seq == 0 || s->bits.mode != ALARM_NORMAL)
            continue;
        if (s->bits.active || t_ms - s->on_ms <= p->incidents.neighbour_ms)
            return n;
    }
    return RULE_NONE;
}

/* First out: the oldest of what stands around here. */
static uint32_t first_out(const struct incident *i, uint32_t alarm, int64_t t_ms)
{
    const struct plant *p = i->plant;
    uint32_t first = alarm;
    for (uint32_t n = 0; n < p->alarm_count; n++) {
        const struct alarm_state *s = alarms_state(i->alarms, n);
        const struct alarm_state *f = alarms_state(i->alarms, first);
        bool kind = p->alarms[n].origin == ALARM_LEAK || p->alarms[n].origin == ALARM_CONDITION;
        if (kind && loud(s) && s->priority >= PRIORITY_HIGH &&
            neighbours(p, p->alarms[alarm].area, p->alarms[n].area) &&
            t_ms - s->on_ms <= p->incidents.neighbour_ms && s->on_ms < f->on_ms)
            first = n;
    }
    return first;
}

static void find_source(struct incident *i)
{
    const struct plant *p = i->plant;
    uint32_t trigger = i->now.trigger_alarm;
    if (i->now.leak != RULE_NONE)
        return;
    if (trigger < p->alarm_count && is_leak(p, trigger, false))
        i->now.leak = p->alarms[trigger].origin_index;
    for (uint32_t n = 0; i->now.leak == RULE_NONE && n < p->alarm_count; n++)
        if (is_leak(p, n, false) && alarms_state(i->alarms, n)->bits.active &&
            incident_near(i, p->alarms[n].area))
            i->now.leak = p->alarms[n].origin_index;
}

static void copy_source(struct incident *i)
{
    if (i->now.leak >= i->plant->leak_count)
        return;
    const struct source *s = &i->sources[i->now.leak];
    if (!s->firing) /* what is known of it stays known */
        return;
    i->now.source_rate = s->rate;
    i->now.source_onset_ms = s->onset_ms;
    i->now.source_lost = s->lost;
}

static void begin_state(struct incident *i, int64_t t_ms)
{
    struct incident_state *s = &i->now;
    struct basin_record basins[INCIDENT_BASINS];
    double minutes[INCIDENT_EQUIPMENT];
    memcpy(basins, s->basins, sizeof basins);
    for (uint32_t n = 0; n < i->equipment; n++)
        minutes[n] = s->equipment[n].minutes;
    memset(s, 0, sizeof *s);
    memcpy(s->basins, basins, sizeof basins);
    for (uint32_t n = 0; n < i->equipment; n++)
        s->equipment[n].minutes = minutes[n];
    uint32_t number = i->memory.number + 1;
    bool drill = i->memory.drill;
    memset(&i->memory, 0, sizeof i->memory);
    i->memory.number = s->number = number;
    i->memory.drill = s->drill = drill;
    s->open = true;
    s->opened_ms = t_ms;
    s->leak = s->trigger_alarm = RULE_NONE;
    s->source_rate = s->source_onset_ms = s->source_lost =
        (struct estimate){UNKNOWN, UNKNOWN, UNKNOWN};
    incident_put(s->id, sizeof s->id, "INC-%04d-%03u", calendar_year(t_ms), number);
}

void incident_open(struct incident *i, const char *by, uint32_t trigger, const char *title,
                   int64_t seen_ms, int64_t t_ms)
{
    begin_state(i, t_ms);
    struct incident_state *s = &i->now;
    s->trigger_alarm = trigger;
    incident_put(s->opened_by, sizeof s->opened_by, "%s", by);
    incident_put(s->title, sizeof s->title, "%s", title);
    find_source(i);
    copy_source(i);
    for (uint32_t n = 0; n < i->plant->alarm_count; n++)
        if (loud(alarms_state(i->alarms, n)) && incident_near(i, i->plant->alarms[n].area))
            s->alarms_attached++;
    dewater_begin(i, t_ms);
    equipment_begin(i, t_ms);
    s->next_bulletin_ms = t_ms;
    incident_owe(i, OWED_OPENED);
    char text[INCIDENT_NOTE_MAX + ORDER_WORD_MAX];
    incident_put(text, sizeof text, "%s, opened by %s", title, by);
    incident_tell(i, INCIDENT_OPENED, s->id, text, t_ms);
    if (trigger < i->plant->alarm_count) {
        const struct alarm_state *a = alarms_state(i->alarms, trigger);
        milestone_reach(i, MILESTONE_DETECTED, by, true, i->plant->alarms[trigger].path, seen_ms,
                        t_ms);
        if (a->bits.acked && a->bits.active)
            milestone_reach(i, MILESTONE_ACKNOWLEDGED, a->user, true, "the alarm", a->ack_ms, t_ms);
        return;
    }
    milestone_reach(i, MILESTONE_DETECTED, by, false, "", seen_ms, t_ms);
    milestone_reach(i, MILESTONE_ACKNOWLEDGED, by, false, "", t_ms, t_ms);
}

void incident_close(struct incident *i, const char *who, const char *why, int64_t t_ms)
{
    char text[INCIDENT_NOTE_MAX];
    struct milestone_state *m = &i->now.milestones[MILESTONE_CLOSED];
    *m = (struct milestone_state){.reached = true, .t_ms = t_ms};
    incident_put(m->who, sizeof m->who, "%s", who);
    incident_put(m->evidence, sizeof m->evidence, "%s", why);
    i->now.open = false;
    i->now.closed_ms = t_ms;
    incident_owe(i, OWED_CLOSED);
    incident_put(text, sizeof text, "closed by %s%s%s", who, why[0] ? ": " : "", why);
    incident_tell(i, INCIDENT_CLOSED, i->now.id, text, t_ms);
}

static void open_by_rule(struct incident *i, uint32_t alarm, const char *rule, int64_t t_ms)
{
    uint32_t trigger = first_out(i, alarm, t_ms);
    const struct alarm_rule *r = &i->plant->alarms[trigger];
    const struct alarm_state *s = alarms_state(i->alarms, trigger);
    char by[ORDER_WORD_MAX], title[INCIDENT_NOTE_MAX];
    incident_put(by, sizeof by, "rule: %s", rule);
    const char *why = alarms_evidence(i->alarms, trigger)->text;
    const char *what = why[0] ? why : r->about && r->about[0] ? r->about : r->path;
    incident_put(title, sizeof title, "%s: %s", incident_area_title(i, r->area), what);
    incident_open(i, by, trigger, title, s->seq > 0 && s->on_ms < t_ms ? s->on_ms : t_ms, t_ms);
}

static void consider(struct incident *i, uint32_t alarm, int64_t t_ms)
{
    const struct alarm_rule *r = &i->plant->alarms[alarm];
    const struct alarm_state *s = alarms_state(i->alarms, alarm);
    if (i->now.open || !i->plant->incidents.automatic || !loud(s))
        return;
    if (s->priority == PRIORITY_CRITICAL) {
        open_by_rule(i, alarm, "a critical alarm", t_ms);
        return;
    }
    if (r->origin != ALARM_LEAK || r->origin_index >= i->plant->leak_count)
        return;
    const struct source *src = &i->sources[r->origin_index];
    if (src->firing && src->class_ >= LEAK_MAJOR) {
        open_by_rule(i, alarm, src->class_ == LEAK_RUPTURE ? "a rupture" : "a major leak", t_ms);
        return;
    }
    uint32_t other = partner(i, alarm, t_ms);
    if (other != RULE_NONE)
        open_by_rule(i, alarm, "a leak, and water where it should be dry", t_ms);
}

/* It has been loud before, or has just become so. */
static bool announces(enum alarm_change what)
{
    return what == ALARM_DID_ON || what == ALARM_DID_REALARM || what == ALARM_DID_RISE ||
           what == ALARM_DID_UNSHELVE || what == ALARM_DID_UNSUPPRESS ||
           what == ALARM_DID_IN_SERVICE;
}

/* Stood already when people closed the last incident: what they knew then opens no new one, however
 * often it is repeated. */
static bool was_settled(const struct incident *i, const struct alarm_state *s)
{
    return i->now.number > 0 && !i->now.open && s->bits.active && s->on_ms <= i->now.closed_ms;
}

static void plug_failed(struct incident *i, const char *why, int64_t t_ms)
{
    i->memory.source_quiet = false;
    milestone_revoke(i, MILESTONE_PLUGGED, "", why, t_ms);
}

void incident_alarm(struct incident *i, uint32_t index, enum alarm_change what, int64_t t_ms)
{
    if (index >= i->plant->alarm_count)
        return;
    const struct alarm_rule *r = &i->plant->alarms[index];
    const struct alarm_state *s = alarms_state(i->alarms, index);
    if (announces(what) && (what == ALARM_DID_ON || !was_settled(i, s)))
        consider(i, index, t_ms);
    if (!i->now.open)
        return;
    if (what == ALARM_DID_ON && t_ms > i->now.opened_ms && incident_near(i, r->area))
        i->now.alarms_attached++;
    if (what == ALARM_DID_ON)
        find_source(i);
    if (what == ALARM_DID_ON && r->origin == ALARM_LEAK && r->origin_index == i->now.leak &&
        i->now.milestones[MILESTONE_PLUGGED].reached &&
        t_ms > i->now.milestones[MILESTONE_PLUGGED].t_ms)
        plug_failed(i, "the leak alarm came again", t_ms);
    if (what == ALARM_DID_ON && is_leak(i->plant, index, true) && r->area < i->areas &&
        (i->now.areas[r->area] == AREA_OPERATING || i->now.areas[r->area] == AREA_SHUT_PROTECT))
        incident_area_is(i, r->area, AREA_FLOODED, "flood switch", t_ms);
    bool source = i->now.leak < i->plant->leak_count && index == i->plant->leaks[i->now.leak].alarm;
    if (what == ALARM_DID_ACK && (index == i->now.trigger_alarm || source) &&
        !i->now.milestones[MILESTONE_ACKNOWLEDGED].reached)
        milestone_reach(i, MILESTONE_ACKNOWLEDGED, s->user, true, r->path, t_ms, t_ms);
}

void incident_leak(struct incident *i, uint32_t leak, const struct leak_view *v, int64_t t_ms)
{
    if (leak >= i->plant->leak_count)
        return;
    const struct estimate unknown = {UNKNOWN, UNKNOWN, UNKNOWN};
    struct source *s = &i->sources[leak];
    *s = (struct source){.class_ = v->class_,
                         .state = v->state,
                         .firing = v->firing,
                         .drift = v->drift,
                         .score = v->score,
                         /* what stands in another unit says nothing of m3/h */
                         .rate = i->plant->leaks[leak].unit ? unknown : v->rate,
                         .onset_ms = v->onset_ms,
                         .lost = v->lost};
    uint32_t alarm = i->plant->leaks[leak].alarm;
    if (v->firing && alarm < i->plant->alarm_count)
        consider(i, alarm, t_ms);
    if (!i->now.open || leak != i->now.leak)
        return;
    copy_source(i);
    if (!i->now.milestones[MILESTONE_PLUGGED].reached)
        return;
    /* A detector that sums goes on firing for a while behind a plug; only one that was quiet and
     * fires again has found a new leak. */
    if (!v->firing && v->state != LEAK_BLIND)
        i->memory.source_quiet = true;
    else if (v->firing && i->memory.source_quiet)
        plug_failed(i, "the leak point finds water missing again", t_ms);
}
