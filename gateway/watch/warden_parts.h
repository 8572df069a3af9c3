/* SPDX-License-Identifier: Apache-2.0 */
/* How the files of the warden divide their work. Nobody else includes this. */
#ifndef WATCH_WARDEN_PARTS_H
#define WATCH_WARDEN_PARTS_H

#include "watch/condition.h"
#include "watch/warden.h"

enum use_kind { USE_LEAK, USE_CONDITION, USE_SUPPRESS, USE_SIGNAL, USE_INCIDENT, USE_CAPTURE };

struct use {                       /* who wants a tag, and as what */
    uint8_t kind;                  /* enum use_kind */
    uint32_t index;                /* leak, condition, alarm (SUPPRESS, SIGNAL), ring */
    uint32_t input;                /* LEAK: of its inputs; CONDITION: its alarm */
};

struct point_of_leak {
    struct leak *leak;
    struct leak_view view;         /* as last looked at */
    int64_t due_ms, told_ms, saved_ms;
    int64_t proof_ms;              /* last proof test */
    bool proof_known, viewed, said;        /* said: the view has its text */
};

struct warden {
    const struct plant *plant;
    struct warden_hooks hooks;
    uint32_t *first_use;           /* by tag, tag_count + 1 */
    struct use *uses;
    struct alarms *alarms;
    struct incident *incident;
    struct capture *capture;
    struct point_of_leak *leaks;
    struct condition_state *conditions;
    uint32_t *device_alarm, *line_alarm;   /* RULE_NONE: none */
    bool *device_lost;
    uint8_t *signal_fault;         /* by alarm: enum signal_fault as last said */
    bool *signal_bad;              /* by alarm: the newest sample's own quality */
    uint32_t *ring_of;             /* of captures, by tag; RULE_NONE */
    int64_t alarms_due_ms, incident_due_ms, polled_ms, zone_ms, zone_due_ms;
    bool polled, incident_news;
    uint32_t *asked, asked_count;  /* alarms whose condition the incident part knows */
    uint32_t save_next;
    int64_t save_due_ms;
    struct capture_sample *scratch;
    void *blob;                    /* room for the largest state that is kept */
    size_t blob_room;
};

/* warden_uses.c: who wants which tag; false: out of memory. */
bool warden_route(struct warden *w, int64_t sample_ms);
enum { TAG_PATH_MAX = 3 * 65 + 1 };
void warden_tag_path(const struct plant *p, uint32_t tag, char *out, size_t room);
const struct point *warden_point(const struct plant *p, uint32_t tag);
int64_t warden_tag_every_ms(const struct plant *p, uint32_t tag);

/* warden_keep.c */
uint32_t warden_find_alarm(const struct warden *w, const char *path);  /* RULE_NONE: there is none */

/* warden_leaks.c */
void warden_leaks_run(struct warden *w, int64_t now_ms, int64_t *due_ms);
void warden_leak_looked(struct warden *w, uint32_t index, int64_t now_ms);
void warden_leak_say(struct point_of_leak *p);                 /* the view's text, if it isn't there yet */
/* alarm_hooks: why a leak's alarm is on, by the last view that saw it so */
void warden_leak_evidence(void *me, uint32_t alarm, struct alarm_evidence *out);
void warden_leak_restored(struct warden *w, uint32_t index, int64_t now_ms);    /* no news: it was told before */
void warden_leak_keep(struct warden *w, uint32_t index, int64_t now_ms);
/* s: the sample that has just come; NULL: none, only time passed */
void warden_signal(struct warden *w, uint32_t alarm, const struct sample *s, int64_t t_ms);
const char *warden_proof(struct warden *w, const struct order *o, int64_t now_ms);
void warden_proof_run(struct warden *w, uint32_t index, int64_t now_ms);

#endif
