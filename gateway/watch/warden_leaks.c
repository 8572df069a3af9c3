/* SPDX-License-Identifier: Apache-2.0 */
/* From what a leak point believes to what is told of it: alarms, tags, news. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "watch/warden_parts.h"

static const int64_t progress_ms = 60000; /* figures of a point that is fine */
static const int64_t suspect_progress_ms = 10000;

static const char *const state_words[] = {[LEAK_LEARNING] = "learning",
                                          [LEAK_LIVE] = "live",
                                          [LEAK_SUSPECT] = "suspect",
                                          [LEAK_BLIND] = "blind"};

static void put_tag(struct warden *w, uint32_t tag, double x, const char *why_not, int64_t t_ms)
{
    if (tag == TAG_NONE)
        return;
    struct sample s = {.time = {t_ms}, .quality = QUALITY_GOOD};
    if (isfinite(x)) {
        s.value = (struct value){.kind = VALUE_REAL, .real = x};
    } else {
        s.quality = QUALITY_BAD;
        s.reason = why_not;
    }
    w->hooks.tag(w->hooks.tag_me, tag, &s);
}

static void put_tags(struct warden *w, uint32_t index, int64_t t_ms)
{
    const struct leak_rule *r = &w->plant->leaks[index];
    const struct leak_view *v = &w->leaks[index].view;
    const char *why = v->state == LEAK_BLIND      ? "the leak point is blind"
                      : v->state == LEAK_LEARNING ? "still learning"
                                                  : "not known";
    bool blind = v->state == LEAK_BLIND;
    bool looks = !blind && v->state != LEAK_LEARNING;
    put_tag(w, r->tag_rate, v->firing && !blind ? v->rate.value : looks ? 0 : (double)NAN, why,
            t_ms);
    put_tag(w, r->tag_unaccounted, v->unaccounted_24h, why, t_ms);
    put_tag(w, r->tag_flow, blind ? (double)NAN : v->value, why, t_ms);
    put_tag(w, r->tag_minutes, blind ? (double)NAN : v->minutes,
            blind ? why : "the limit is not in sight", t_ms);
}

static size_t member(char *out, size_t room, size_t at, const char *name, double x)
{
    if (!isfinite(x) || at >= room)
        return at;
    int n = snprintf(out + at, room - at, "%s\"%s\":%.6g", at ? "," : "", name, x);
    if (n > 0 && (size_t)n < room - at)
        return at + (size_t)n;
    out[at] = '\0'; /* a member is whole or missing */
    return at;
}

static void evidence_of(const struct leak_view *v, struct alarm_evidence *e)
{
    static const char *const classes[] = {"", "minor", "major", "rupture"};
    memset(e, 0, sizeof *e);
    e->value = v->score;
    e->limit = v->limit;
    snprintf(e->unit, sizeof e->unit, "%s", v->score_unit ? v->score_unit : "");
    snprintf(e->text, sizeof e->text, "%s", v->text);
    size_t at = (size_t)snprintf(
        e->more, sizeof e->more, "\"class\":\"%s\",\"detector\":\"%s\",\"preliminary\":%s",
        classes[v->class_], v->detector ? v->detector : "", v->preliminary ? "true" : "false");
    const struct {
        const char *name;
        double x;
    } members[] = {{"rate", v->rate.value},     {"rate_low", v->rate.low},
                   {"rate_high", v->rate.high}, {"lost", v->lost.value},
                   {"lost_low", v->lost.low},   {"lost_high", v->lost.high},
                   {"coverage", v->coverage},   {"unaccounted_24h", v->unaccounted_24h}};
    for (size_t i = 0; i < sizeof members / sizeof *members; i++)
        at = member(e->more, sizeof e->more, at, members[i].name, members[i].x);
    if (isfinite(v->onset_ms.value)) {
        char onset[64];
        int n = snprintf(onset, sizeof onset, ",\"onset\":%.0f", v->onset_ms.value);
        if (n > 0 && at + (size_t)n < sizeof e->more)
            memcpy(e->more + at, onset, (size_t)n + 1);
    }
}

static uint8_t priority_of(const struct alarm_rule *r, uint8_t class_)
{
    uint8_t least = class_ == LEAK_RUPTURE ? PRIORITY_CRITICAL
                    : class_ == LEAK_MAJOR ? PRIORITY_HIGH
                                           : PRIORITY_LOW;
    return r->priority > least ? r->priority : least;
}

static void set_text(struct warden *w, uint32_t alarm, bool on, const char *text, double value,
                     double limit, const char *unit, int64_t now_ms)
{
    struct alarm_evidence e = {.value = value, .limit = limit};
    if (alarm == RULE_NONE)
        return;
    if (!on) {
        alarms_set(w->alarms, alarm, false, NULL, now_ms, now_ms);
        return;
    }
    snprintf(e.unit, sizeof e.unit, "%s", unit);
    snprintf(e.text, sizeof e.text, "%s", text);
    alarms_set(w->alarms, alarm, true, &e, now_ms, now_ms);
}

void warden_leak_say(struct point_of_leak *p)
{
    if (!p->said)
        leak_say(p->leak, &p->view);
    p->said = true;
}

void warden_leak_evidence(void *me, uint32_t alarm, struct alarm_evidence *out)
{
    struct warden *w = me;
    struct point_of_leak *p = &w->leaks[w->plant->alarms[alarm].origin_index];
    warden_leak_say(p);
    evidence_of(&p->view, out);
}

static void set_alarms(struct warden *w, uint32_t index, int64_t now_ms)
{
    const struct leak_rule *r = &w->plant->leaks[index];
    const struct leak_view *v = &w->leaks[index].view;
    if (r->alarm != RULE_NONE) {
        /* Learning and blind points say nothing: what stood before stands on. */
        bool mute = v->state == LEAK_BLIND ||
                    (v->state == LEAK_LEARNING && alarms_state(w->alarms, r->alarm)->raw);
        alarms_freeze(w->alarms, r->alarm, mute && !(v->firing && v->state != LEAK_BLIND), now_ms);
        if (v->state != LEAK_BLIND && v->firing)
            alarms_set_owing(w->alarms, r->alarm, now_ms, now_ms);
        else if (v->state != LEAK_BLIND)
            alarms_set(w->alarms, r->alarm, false, NULL, now_ms, now_ms);
        if (v->firing)
            alarms_worse(w->alarms, r->alarm, priority_of(&w->plant->alarms[r->alarm], v->class_),
                         now_ms);
    }
    /* Blind, or looking with less than it should have: both have the same deadline. */
    bool overdue = v->blind_since_ms != 0 && now_ms - v->blind_since_ms >= r->blind_ms;
    set_text(w, r->alarm_blind, overdue, v->why, (double)(now_ms - v->blind_since_ms) / 60000.0,
             (double)r->blind_ms / 60000.0, "min", now_ms);
    set_text(w, r->alarm_bias, v->bias,
             "the meters disagree by more than they may err: what is learned as normal hides leaks",
             v->baseline, r->bias_max, "m3/h", now_ms);
    set_text(w, r->alarm_health, v->pump_worn, "a pump lifts less than it did", v->value,
             (double)NAN, "", now_ms);
}

/* A change of what a reader would believe, or now and then the figures. */
static const char *news(const struct point_of_leak *p, const struct leak_view *old, int64_t now_ms)
{
    const struct leak_view *v = &p->view;
    if (!p->viewed || v->state != old->state)
        return state_words[v->state];
    if (v->firing != old->firing)
        return v->firing ? "found" : "over";
    if (v->class_ > old->class_)
        return "worse";
    if (strcmp(v->why, old->why) != 0)
        return state_words[v->state];
    if (now_ms - p->told_ms >= (v->firing ? suspect_progress_ms : progress_ms))
        return "progress";
    return NULL;
}

void warden_leak_keep(struct warden *w, uint32_t index, int64_t now_ms)
{
    struct point_of_leak *p = &w->leaks[index];
    char key[96];
    p->saved_ms = now_ms;
    if (!w->hooks.keep)
        return;
    size_t size = leak_save_size(p->leak);
    snprintf(key, sizeof key, "leak/%s", w->plant->leaks[index].name);
    leak_save(p->leak, w->blob);
    w->hooks.keep(w->hooks.me, key, w->blob, size);
}

/* The point knows its inputs by their roles; people know them by their tags. */
static void name_input(const struct plant *plant, const struct leak_rule *r, struct leak_view *v)
{
    char path[TAG_PATH_MAX], why[LEAK_WHY_MAX];
    if (v->why_input >= r->input_count || !*v->why)
        return;
    warden_tag_path(plant, r->inputs[v->why_input].tag, path, sizeof path);
    snprintf(why, sizeof why, "%.80s: %.70s", path, v->why);
    memcpy(v->why, why, sizeof why);
}

void warden_leak_looked(struct warden *w, uint32_t index, int64_t now_ms)
{
    struct point_of_leak *p = &w->leaks[index];
    const struct leak_rule *r = &w->plant->leaks[index];
    struct leak_view old = p->view, view;
    leak_figures(p->leak, &view);
    /* What the alarm owes is of the view that is about to go. */
    if (r->alarm != RULE_NONE && (!view.firing || view.state == LEAK_BLIND))
        alarms_evidence(w->alarms, r->alarm);
    p->view = view;
    p->said = false;
    name_input(w->plant, r, &p->view);
    const char *what = news(p, &old, now_ms);
    /* What it believes is on its way to the disk before anybody is told: a restart between the two
     * finds a point that still believes it. */
    if (p->view.firing != old.firing || p->view.state != old.state)
        warden_leak_keep(w, index, now_ms);
    set_alarms(w, index, now_ms);
    incident_leak(w->incident, index, &p->view, now_ms);
    bool figures = !p->viewed || now_ms - p->told_ms >= suspect_progress_ms ||
                   p->view.firing != old.firing || p->view.state != old.state ||
                   isfinite(p->view.value) != isfinite(old.value);
    if (what || figures)
        put_tags(w, index, now_ms);
    p->viewed = true;
    if (!what)
        return;
    p->told_ms = now_ms;
    w->hooks.leak(w->hooks.me, index, what, now_ms);
}

void warden_leak_restored(struct warden *w, uint32_t index, int64_t now_ms)
{
    struct point_of_leak *p = &w->leaks[index];
    leak_figures(p->leak, &p->view);
    name_input(w->plant, &w->plant->leaks[index], &p->view);
    p->said = false;
    p->viewed = true;
    p->told_ms = now_ms - suspect_progress_ms; /* figures are due */
}

/* Inputs that went stale bring no sample: their alarms are looked at with the point. */
static void look_at_signals(struct warden *w, uint32_t index, int64_t now_ms)
{
    const struct leak_rule *r = &w->plant->leaks[index];
    for (uint32_t i = 0; i < r->input_count; i++) {
        uint32_t tag = r->inputs[i].tag;
        for (uint32_t u = w->first_use[tag]; u < w->first_use[tag + 1]; u++)
            if (w->uses[u].kind == USE_SIGNAL)
                warden_signal(w, w->uses[u].index, NULL, now_ms);
    }
}

void warden_leaks_run(struct warden *w, int64_t now_ms, int64_t *due_ms)
{
    for (uint32_t i = 0; i < w->plant->leak_count; i++) {
        struct point_of_leak *p = &w->leaks[i];
        if (p->due_ms <= now_ms) {
            p->due_ms = leak_tick(p->leak, now_ms);
            if (p->due_ms <= now_ms)
                p->due_ms = now_ms + 1;
            warden_leak_looked(w, i, now_ms);
            look_at_signals(w, i, now_ms);
            w->alarms_due_ms = now_ms;
            warden_proof_run(w, i, now_ms);
            /* Its deadline for being blind is an event of its own. */
            int64_t deadline = p->view.blind_since_ms + w->plant->leaks[i].blind_ms;
            if (p->view.blind_since_ms != 0 && deadline > now_ms && deadline < p->due_ms)
                p->due_ms = deadline;
        }
        if (p->due_ms < *due_ms)
            *due_ms = p->due_ms;
    }
}

/* An input that isn't fit is an alarm of its own, whatever it feeds. */
void warden_signal(struct warden *w, uint32_t alarm, const struct sample *s, int64_t t_ms)
{
    uint32_t tag = w->plant->alarms[alarm].origin_index;
    if (s)
        w->signal_bad[alarm] = s->quality != QUALITY_GOOD;
    uint8_t fault = w->signal_bad[alarm] ? SIGNAL_BAD : SIGNAL_FINE;
    for (uint32_t u = w->first_use[tag]; u < w->first_use[tag + 1] && fault == SIGNAL_FINE; u++)
        if (w->uses[u].kind == USE_LEAK) {
            uint8_t f = leak_input_fault(w->leaks[w->uses[u].index].leak, w->uses[u].input);
            fault = f == SIGNAL_SPIKE ? fault : f;
        }
    if (fault == w->signal_fault[alarm])
        return;
    w->signal_fault[alarm] = fault;
    const char *reason =
        fault == SIGNAL_BAD && s && s->reason ? s->reason : signal_words((enum signal_fault)fault);
    set_text(w, alarm, fault != SIGNAL_FINE, reason, (double)NAN, (double)NAN, "", t_ms);
}

static void keep_proof(struct warden *w, uint32_t index)
{
    char key[96];
    snprintf(key, sizeof key, "proof/%s", w->plant->leaks[index].name);
    if (w->hooks.keep)
        w->hooks.keep(w->hooks.me, key, &w->leaks[index].proof_ms, sizeof w->leaks[index].proof_ms);
}

const char *warden_proof(struct warden *w, const struct order *o, int64_t now_ms)
{
    if (!*o->user)
        return "who tested it? give `user`";
    for (uint32_t i = 0; i < w->plant->leak_count; i++) {
        struct point_of_leak *p = &w->leaks[i];
        if (strcmp(w->plant->leaks[i].name, o->alarm) != 0)
            continue;
        if (o->time_ms > now_ms)
            return "a test can't lie in the future";
        p->proof_ms = o->time_ms ? o->time_ms : now_ms;
        p->proof_known = true;
        keep_proof(w, i);
        warden_proof_run(w, i, now_ms);
        w->hooks.leak(w->hooks.me, i, "proof-test", now_ms);
        return NULL;
    }
    return "there is no leak of that name";
}

void warden_proof_run(struct warden *w, uint32_t index, int64_t now_ms)
{
    const struct leak_rule *r = &w->plant->leaks[index];
    struct point_of_leak *p = &w->leaks[index];
    if (r->alarm_proof == RULE_NONE || r->proof_every_ms <= 0)
        return;
    bool overdue = !p->proof_known || now_ms - p->proof_ms > r->proof_every_ms;
    set_text(w, r->alarm_proof, overdue,
             p->proof_known ? "its proof test is overdue" : "no proof test is on record",
             p->proof_known ? (double)(now_ms - p->proof_ms) / 86400000.0 : (double)NAN,
             (double)r->proof_every_ms / 86400000.0, "d", now_ms);
}
