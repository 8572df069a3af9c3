/* SPDX-License-Identifier: Apache-2.0 */
#include "watch/warden.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/calendar.h"
#include "values/decode.h"
#include "watch/warden_parts.h"

static const int64_t save_every_ms = 60000; /* each leak's learned state is at most so old */
static const int64_t poll_ms = 1000; /* conditions that incidents know */

/* "High level: 1.21 m, above 1.2 m" */
static void condition_words(const struct plant *p, const struct alarm_rule *r,
                            const struct alarm_condition *rule, double x, struct alarm_evidence *e)
{
    static const char *const how[] = {[CONDITION_ABOVE] = "above",
                                      [CONDITION_BELOW] = "below",
                                      [CONDITION_RISES] = "rose by at least",
                                      [CONDITION_FALLS] = "fell by at least"};
    const struct point *point = warden_point(p, rule->tag);
    const char *unit = point->unit ? point->unit : "";
    snprintf(e->unit, sizeof e->unit, "%s", unit);
    if (rule->kind == CONDITION_IS || !isfinite(x)) {
        snprintf(e->text, sizeof e->text, "%s", r->about);
        return;
    }
    snprintf(e->text, sizeof e->text, "%s%s%.5g%s%s, %s %.5g%s%s", r->about, *r->about ? ": " : "",
             x, *unit ? " " : "", unit, how[rule->kind], rule->limit, *unit ? " " : "", unit);
}

static void do_condition(struct warden *w, const struct use *use, const struct sample *s,
                         int64_t t_ms)
{
    const struct alarm_condition *rule = &w->plant->conditions[use->index];
    struct condition_state *c = &w->conditions[use->index];
    bool good = s->quality == QUALITY_GOOD;
    alarms_freeze(w->alarms, use->input, !good, t_ms);
    if (!good || !condition_sample(c, rule, &s->value, t_ms))
        return;
    struct alarm_evidence e = {.value = c->x, .limit = rule->limit};
    if (c->on)
        condition_words(w->plant, &w->plant->alarms[use->input], rule, c->x, &e);
    alarms_set(w->alarms, use->input, c->on, c->on ? &e : NULL, t_ms, t_ms);
}

bool warden_wants(const struct warden *w, uint32_t tag)
{
    return w->first_use[tag] != w->first_use[tag + 1];
}

/* Kinds that speak at once; the others speak when their evaluation period ends. */
static bool speaks_at_once(const struct leak_rule *r)
{
    return r->kind != LEAK_BALANCE && r->kind != LEAK_DEMAND && r->kind != LEAK_IDLE;
}

void warden_sample(struct warden *w, uint32_t tag, const struct sample *s, int64_t t_ms)
{
    for (uint32_t u = w->first_use[tag]; u < w->first_use[tag + 1]; u++) {
        const struct use *use = &w->uses[u];
        switch ((enum use_kind)use->kind) {
        case USE_LEAK:
            leak_sample(w->leaks[use->index].leak, use->input, s, t_ms);
            if (s->quality != QUALITY_GOOD || speaks_at_once(&w->plant->leaks[use->index]))
                w->leaks[use->index].due_ms = t_ms;
            break;
        case USE_CONDITION:
            do_condition(w, use, s, t_ms);
            w->alarms_due_ms = t_ms;
            break;
        case USE_SUPPRESS:
            if (s->quality == QUALITY_GOOD)
                alarms_suppress(w->alarms, use->index, value_number(&s->value) > 0, t_ms);
            w->alarms_due_ms = t_ms;
            break;
        case USE_SIGNAL:
            warden_signal(w, use->index, s, t_ms);
            w->alarms_due_ms = t_ms;
            break;
        case USE_INCIDENT:
            incident_sample(w->incident, tag, s, t_ms);
            w->incident_news = true;
            break;
        case USE_CAPTURE:
            capture_put(w->capture, use->index,
                        s->quality == QUALITY_GOOD ? value_number(&s->value) : (double)NAN, t_ms);
            break;
        }
    }
}

void warden_device(struct warden *w, uint32_t device, bool lost, const char *why, int64_t t_ms)
{
    const struct plant *p = w->plant;
    uint32_t line = p->devices[device].line;
    struct alarm_evidence e = {.value = (double)NAN, .limit = (double)NAN};
    snprintf(e.text, sizeof e.text, "%s", why ? why : "it does not answer");
    w->device_lost[device] = lost;
    if (w->device_alarm[device] != RULE_NONE)
        alarms_set(w->alarms, w->device_alarm[device], lost, lost ? &e : NULL, t_ms, t_ms);
    w->alarms_due_ms = t_ms;
    if (w->line_alarm[line] == RULE_NONE)
        return;
    bool all = lost;
    for (uint32_t i = 0; all && i < p->device_count; i++)
        all = p->devices[i].line != line || w->device_lost[i];
    alarms_set(w->alarms, w->line_alarm[line], all, all ? &e : NULL, t_ms, t_ms);
}

static void tell_capture(struct warden *w, uint32_t alarm, uint32_t tag, int64_t t_ms)
{
    if (tag == TAG_NONE || w->ring_of[tag] == RULE_NONE)
        return;
    uint32_t count = capture_get(w->capture, w->ring_of[tag], t_ms, w->scratch);
    if (count > 0)
        w->hooks.capture(w->hooks.me, alarm, tag, w->scratch, count, t_ms);
}

static void tell_captures(struct warden *w, uint32_t index, int64_t t_ms)
{
    const struct alarm_rule *r = &w->plant->alarms[index];
    if (alarms_state(w->alarms, index)->priority < PRIORITY_HIGH)
        return;
    if (r->origin == ALARM_CONDITION)
        tell_capture(w, index, w->plant->conditions[r->origin_index].tag, t_ms);
    if (r->origin != ALARM_LEAK)
        return;
    const struct leak_rule *leak = &w->plant->leaks[r->origin_index];
    for (uint32_t i = 0; i < leak->input_count; i++)
        tell_capture(w, index, leak->inputs[i].tag, t_ms);
}

static void on_alarm(void *me, uint32_t index, enum alarm_change what, int64_t t_ms)
{
    struct warden *w = me;
    const struct alarm_rule *r = &w->plant->alarms[index];
    const struct alarm_state *s = alarms_state(w->alarms, index);
    if (r->origin == ALARM_LEAK)
        leak_alarm_stands(w->leaks[r->origin_index].leak, s->bits.active || s->bits.latched);
    w->hooks.alarm(w->hooks.me, index, what, t_ms);
    if (what == ALARM_DID_ON)
        tell_captures(w, index, t_ms);
    incident_alarm(w->incident, index, what, t_ms);
    w->incident_due_ms = t_ms;
}

static void on_incident(void *me, enum incident_change what, const char *subject, const char *text,
                        int64_t t_ms)
{
    struct warden *w = me;
    w->hooks.incident(w->hooks.me, what, subject, text, t_ms);
}

static void on_bulletin(void *me, const struct bulletin *b)
{
    struct warden *w = me;
    w->hooks.bulletin(w->hooks.me, b);
}

static void on_tag(void *me, uint32_t tag, double x, const char *why_not, int64_t t_ms)
{
    struct warden *w = me;
    struct sample s = {.time = {t_ms}, .quality = QUALITY_GOOD};
    if (tag == TAG_NONE)
        return;
    if (isfinite(x)) {
        s.value = (struct value){.kind = VALUE_REAL, .real = x};
    } else {
        s.quality = QUALITY_BAD;
        s.reason = why_not ? why_not : "not known";
    }
    w->hooks.tag(w->hooks.tag_me, tag, &s);
}

/* What only the incident part knows: water on its way to a floor, pumps that don't get ahead. */
static void ask_incident(struct warden *w, int64_t now_ms)
{
    if (!w->incident_news || (w->polled && now_ms - w->polled_ms < poll_ms))
        return;
    w->polled = true;
    w->polled_ms = now_ms;
    w->incident_news = false;
    for (uint32_t i = 0; i < w->asked_count; i++) {
        const struct alarm_rule *r = &w->plant->alarms[w->asked[i]];
        struct alarm_evidence e = {.value = (double)NAN, .limit = (double)NAN};
        bool on = incident_condition(w->incident, r, &e);
        alarms_set(w->alarms, w->asked[i], on, on ? &e : NULL, now_ms, now_ms);
        w->alarms_due_ms = now_ms;
    }
}

static void save_some(struct warden *w, int64_t now_ms)
{
    uint32_t leaks = w->plant->leak_count;
    if (leaks == 0 || now_ms < w->save_due_ms || !w->hooks.keep)
        return;
    w->save_next = (w->save_next + 1) % leaks;
    warden_leak_keep(w, w->save_next, now_ms);
    w->save_due_ms = now_ms + save_every_ms / leaks;
}

static void look_at_zone(struct warden *w, int64_t now_ms)
{
    if (now_ms < w->zone_due_ms)
        return;
    w->zone_due_ms = (now_ms / 900000 + 1) * 900000; /* clocks change on quarters of an hour */
    int64_t zone = calendar_offset_ms(now_ms);
    for (uint32_t i = 0; i < w->plant->leak_count; i++)
        leak_zone(w->leaks[i].leak, zone);
}

int64_t warden_run(struct warden *w, int64_t now_ms)
{
    int64_t due = INT64_MAX;
    look_at_zone(w, now_ms);
    warden_leaks_run(w, now_ms, &due);
    ask_incident(w, now_ms);
    if (w->alarms_due_ms <= now_ms)
        w->alarms_due_ms = alarms_run(w->alarms, now_ms);
    if (w->incident_due_ms <= now_ms) {
        w->incident_due_ms = incident_tick(w->incident, now_ms);
        w->incident_news = w->asked_count > 0;
    }
    save_some(w, now_ms);
    due = w->alarms_due_ms < due ? w->alarms_due_ms : due;
    due = w->incident_due_ms < due ? w->incident_due_ms : due;
    if (w->incident_news && w->polled_ms + poll_ms < due)
        due = w->polled_ms + poll_ms;
    return due > now_ms ? due : now_ms + 1;
}

const char *warden_order(struct warden *w, const struct order *o, int64_t now_ms)
{
    switch ((enum order_verb)o->verb) {
    case ORDER_PROOF:
        return warden_proof(w, o, now_ms);
    case ORDER_INCIDENT:
    case ORDER_DRILL:
        w->incident_due_ms = now_ms;
        return incident_order(w->incident, o, now_ms);
    case ORDER_ACK:
    case ORDER_RESET:
    case ORDER_SHELVE:
    case ORDER_UNSHELVE:
    case ORDER_OOS:
    case ORDER_IN_SERVICE:
    case ORDER_WRITE:
    case ORDER_VERB_COUNT:
        break;
    }
    uint32_t index = warden_find_alarm(w, o->alarm);
    if (index == RULE_NONE)
        return "there is no alarm of that name";
    const char *why = alarms_order(w->alarms, index, o, now_ms);
    const struct alarm_rule *r = &w->plant->alarms[index];
    if (!why && o->verb == ORDER_RESET && r->origin == ALARM_LEAK) {
        leak_reset(w->leaks[r->origin_index].leak, now_ms);
        warden_leak_keep(w, r->origin_index, now_ms);
    }
    w->alarms_due_ms = now_ms;
    return why;
}

const struct alarms *warden_alarms(const struct warden *w)
{
    for (uint32_t i = 0; i < w->plant->leak_count; i++)
        if (w->plant->leaks[i].alarm != RULE_NONE)
            alarms_evidence(w->alarms, w->plant->leaks[i].alarm);
    return w->alarms;
}

const struct incident *warden_incident(const struct warden *w)
{
    return w->incident;
}

void warden_leak(const struct warden *w, uint32_t index, struct leak_view *out)
{
    warden_leak_say(&w->leaks[index]);
    *out = w->leaks[index].view;
}

static bool make_leaks(struct warden *w, const struct warden_setup *setup)
{
    const struct plant *p = w->plant;
    w->leaks = calloc((size_t)p->leak_count + 1, sizeof *w->leaks);
    if (!w->leaks)
        return false;
    for (uint32_t i = 0; i < p->leak_count; i++) {
        struct point_of_leak *l = &w->leaks[i];
        l->leak = leak_new(&p->leaks[i], setup->sample_ms, setup->now_ms);
        if (!l->leak)
            return false;
        l->due_ms = l->saved_ms = setup->now_ms;
        l->proof_ms = p->leaks[i].proof_last_ms;
        l->proof_known = p->leaks[i].proof_last_ms != 0;
        size_t size = leak_save_size(l->leak);
        w->blob_room = size > w->blob_room ? size : w->blob_room;
    }
    size_t others[] = {alarms_save_size(), incident_save_size()};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        w->blob_room = others[i] > w->blob_room ? others[i] : w->blob_room;
    w->blob = calloc(1, w->blob_room + 1);
    return w->blob != NULL;
}

static bool make_indices(struct warden *w)
{
    const struct plant *p = w->plant;
    w->conditions = calloc((size_t)p->condition_count + 1, sizeof *w->conditions);
    w->device_alarm = calloc((size_t)p->device_count + 1, sizeof *w->device_alarm);
    w->line_alarm = calloc((size_t)p->line_count + 1, sizeof *w->line_alarm);
    w->device_lost = calloc((size_t)p->device_count + 1, sizeof *w->device_lost);
    w->signal_fault = calloc((size_t)p->alarm_count + 1, sizeof *w->signal_fault);
    w->asked = calloc((size_t)p->alarm_count + 1, sizeof *w->asked);
    w->signal_bad = calloc((size_t)p->alarm_count + 1, sizeof *w->signal_bad);
    if (!w->conditions || !w->device_alarm || !w->line_alarm || !w->device_lost ||
        !w->signal_fault || !w->signal_bad || !w->asked)
        return false;
    for (uint32_t i = 0; i < p->device_count; i++)
        w->device_alarm[i] = RULE_NONE;
    for (uint32_t i = 0; i < p->line_count; i++)
        w->line_alarm[i] = RULE_NONE;
    for (uint32_t i = 0; i < p->alarm_count; i++) {
        if (p->alarms[i].origin == ALARM_DEVICE_LOST)
            w->device_alarm[p->alarms[i].origin_index] = i;
        if (p->alarms[i].origin == ALARM_LINE_LOST)
            w->line_alarm[p->alarms[i].origin_index] = i;
        if (p->alarms[i].origin == ALARM_THREAT || p->alarms[i].origin == ALARM_STALLED)
            w->asked[w->asked_count++] = i;
    }
    return true;
}

struct warden *warden_new(const struct warden_setup *setup)
{
    struct warden *w = calloc(1, sizeof *w);
    if (!w)
        return NULL;
    w->plant = setup->plant;
    w->hooks = setup->hooks;
    w->alarms_due_ms = w->incident_due_ms = w->polled_ms = w->zone_due_ms = setup->now_ms;
    w->save_due_ms = setup->now_ms + save_every_ms;
    w->alarms = alarms_new(
        w->plant,
        &(struct alarm_hooks){.me = w, .changed = on_alarm, .evidence = warden_leak_evidence});
    w->incident = w->alarms
                      ? incident_new(w->plant, w->alarms,
                                     &(struct incident_hooks){w, on_incident, on_bulletin, on_tag})
                      : NULL;
    if (w->incident && make_indices(w) && make_leaks(w, setup) && warden_route(w, setup->sample_ms))
        return w;
    warden_free(w);
    return NULL;
}

void warden_free(struct warden *w)
{
    if (!w)
        return;
    for (uint32_t i = 0; w->leaks && i < w->plant->leak_count; i++)
        leak_free(w->leaks[i].leak);
    incident_free(w->incident);
    alarms_free(w->alarms);
    capture_free(w->capture);
    free(w->leaks);
    free(w->conditions);
    free(w->device_alarm);
    free(w->line_alarm);
    free(w->device_lost);
    free(w->signal_fault);
    free(w->signal_bad);
    free(w->asked);
    free(w->first_use);
    free(w->uses);
    free(w->ring_of);
    free(w->scratch);
    free(w->blob);
    free(w);
}
