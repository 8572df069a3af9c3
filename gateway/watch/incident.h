/* SPDX-License-Identifier: Apache-2.0 */
/* Incidents: what is flooded, stopped, mended; who confirmed it; how the water goes down; what may be
 * started again. Evidence proposes, people confirm. Nothing here ever writes to a PLC.
 *
 * One is open at a time. Times: ms on the watch's timeline. Flat states, so that they are kept as
 * they are; fixed bounds, told when reached, never silently passed. */
#ifndef WATCH_INCIDENT_H
#define WATCH_INCIDENT_H

#include "headgate/order.h"
#include "headgate/plant.h"
#include "headgate/value.h"
#include "watch/alarms.h"
#include "watch/leak.h"

enum { INCIDENT_AREAS = 64, INCIDENT_EQUIPMENT = 128, INCIDENT_CHECKS = 16, INCIDENT_BASINS = 16,
       INCIDENT_ID_MAX = 32, INCIDENT_NOTE_MAX = 120, BULLETIN_LINES = 25, BULLETIN_MAX = 4096 };

enum area_state { AREA_OPERATING, AREA_SHUT_PROTECT, AREA_FLOODED, AREA_ISOLATED, AREA_DEWATERING,
    AREA_TESTING, AREA_WORKAROUND, AREA_RESTORED, AREA_STATE_COUNT };
enum equipment_state { EQUIPMENT_RUNNING, EQUIPMENT_STOPPED, EQUIPMENT_STOPPED_PROTECT, EQUIPMENT_FLOODED,
    EQUIPMENT_DAMAGED, EQUIPMENT_DRYING, EQUIPMENT_TESTING, EQUIPMENT_READY, EQUIPMENT_RESTARTED,
    EQUIPMENT_WORKAROUND, EQUIPMENT_STATE_COUNT };
enum milestone { MILESTONE_DETECTED, MILESTONE_ACKNOWLEDGED, MILESTONE_PROTECTED, MILESTONE_ISOLATED,
    MILESTONE_PLUGGED, MILESTONE_CONTAINED, MILESTONE_DEWATERING, MILESTONE_DEWATERED,
    MILESTONE_INSPECTED, MILESTONE_TESTING, MILESTONE_FIRST_RESTART, MILESTONE_RESTARTED,
    MILESTONE_CLOSED, MILESTONE_COUNT };
enum incident_flag { FLAG_CONTAINED, FLAG_PLUGGED, FLAG_RELEASE, FLAG_PEOPLE_SAFE, FLAG_COUNT };
enum flag_answer { ANSWER_UNKNOWN, ANSWER_NO, ANSWER_YES };

/* Words as published: "shut_protect", "stopped_protect", "dewatering_started", "environment_release". */
const char *area_state_words(enum area_state s);
const char *equipment_state_words(enum equipment_state s);
const char *milestone_words(enum milestone m);
const char *incident_flag_words(enum incident_flag f);

struct milestone_state {
    bool reached, proposed, revoked, automatic;        /* proposed: evidence says so, nobody has confirmed */
    int64_t t_ms, proposed_ms;
    char who[ORDER_WORD_MAX];
    char evidence[INCIDENT_NOTE_MAX];
};

struct check_state {
    bool done, holds;              /* holds: AUTO: so now, but perhaps not for long enough */
    int64_t t_ms, since_ms;        /* AUTO: holds since */
    double value;
    char who[64];
};

struct equipment_record {
    uint8_t state;
    bool threatened;
    int64_t since_ms;
    double minutes;                /* until its floor is reached; NaN: not in sight; 0: reached */
    char who[64];
    char note[INCIDENT_NOTE_MAX];
    struct check_state checks[INCIDENT_CHECKS];
};

struct basin_record {
    bool known;
    double level, volume, peak, start;                 /* m, m3 */
    double progress;               /* percent; NaN */
    double net, inflow;            /* m3/h; net < 0: getting emptier */
    uint32_t running, pumps;
    struct estimate eta_ms;        /* wall; value NaN: none (stalled, or the interval is too wide:
                                      then low may still say "not before") */
    double eta_change_ms;          /* against the last bulletin; NaN */
    bool stalled;
};

struct incident_state {
    bool open, drill;
    char id[INCIDENT_ID_MAX];      /* "INC-2006-001" */
    uint32_t number;
    int64_t opened_ms, closed_ms;
    char opened_by[ORDER_WORD_MAX];    /* a person, or "rule: ..." */
    uint32_t trigger_alarm;        /* first out; RULE_NONE */
    uint32_t leak;                 /* the leak point at its source; RULE_NONE */
    char title[INCIDENT_NOTE_MAX];
    struct { uint8_t answer; int64_t t_ms; char who[64]; } flags[FLAG_COUNT];
    struct milestone_state milestones[MILESTONE_COUNT];
    uint8_t areas[INCIDENT_AREAS];     /* enum area_state, by plant->areas */
    char area_reasons[INCIDENT_AREAS][INCIDENT_NOTE_MAX];
    struct equipment_record equipment[INCIDENT_EQUIPMENT];
    struct basin_record basins[INCIDENT_BASINS];
    uint32_t bulletin;             /* number of the last one */
    int64_t bulletin_ms, next_bulletin_ms;
    struct estimate source_rate, source_onset_ms, source_lost;
    uint32_t alarms_attached;
};

struct bulletin {                  /* the incident is incident_now(); told while its state says all this */
    uint32_t number;
    int64_t t_ms;
    const char *why;               /* static: "opened", "stage", "period", "asked", "revoked", "closed" */
    char text[BULLETIN_MAX];       /* at most 25 lines, each ended by \n */
};

enum incident_change { INCIDENT_OPENED, INCIDENT_MILESTONE, INCIDENT_PROPOSED, INCIDENT_REVOKED, INCIDENT_AREA,
    INCIDENT_EQUIPMENT_STATE, INCIDENT_FLAG, INCIDENT_SIGNOFF, INCIDENT_ETA, INCIDENT_CLOSED, INCIDENT_DRILL,
    INCIDENT_CHANGE_COUNT };
const char *incident_change_words(enum incident_change c);

struct incident_hooks {
    void *me;
    /* subject: the area, equipment, milestone or flag; text: for people. The state is already the new one. */
    void (*changed)(void *me, enum incident_change what, const char *subject, const char *text, int64_t t_ms);
    void (*bulletin)(void *me, const struct bulletin *b);
    void (*tag)(void *me, uint32_t tag, double x, const char *why_not, int64_t t_ms);  /* x NaN: why_not */
};

struct incident;

/* alarms, leaks: looked at, never changed. NULL: out of memory. */
struct incident *incident_new(const struct plant *plant, const struct alarms *alarms,
                              const struct incident_hooks *hooks);
void incident_free(struct incident *i);

/* A sample of any tag that basins, equipment or checklists ask for (incident_wants). */
bool incident_wants(const struct incident *i, uint32_t tag);
void incident_sample(struct incident *i, uint32_t tag, const struct sample *s, int64_t t_ms);
void incident_alarm(struct incident *i, uint32_t index, enum alarm_change what, int64_t t_ms);
void incident_leak(struct incident *i, uint32_t leak, const struct leak_view *v, int64_t t_ms);
int64_t incident_tick(struct incident *i, int64_t now_ms);
const char *incident_order(struct incident *i, const struct order *o, int64_t now_ms);  /* NULL: done */

const struct incident_state *incident_now(const struct incident *i);
bool incident_drill(const struct incident *i);         /* a drill is being held, whether or not an incident is open */
/* Conditions of the alarms that belong here (ALARM_STALLED, ALARM_THREAT): on, and why. */
bool incident_condition(const struct incident *i, const struct alarm_rule *r, struct alarm_evidence *e);
/* Threatened equipment, soonest first: indices in plant->equipment; how many. */
uint32_t incident_threats(const struct incident *i, uint32_t *out, uint32_t room);

size_t incident_save_size(void);                       /* at most */
size_t incident_save(const struct incident *i, void *out);     /* how many bytes of out are used */
/* Also of another plant file: what it still names is taken over. size: what incident_save returned. */
/* Of what was kept: was an incident open, and which? For a plant that has no use for the rest. */
bool incident_left(const void *bytes, size_t size, char id[static INCIDENT_ID_MAX]);
bool incident_restore(struct incident *i, const void *saved, size_t size, int64_t now_ms);

#endif
