/* SPDX-License-Identifier: Apache-2.0 */
/* How the files behind incident.h divide their work. Nobody else includes this. */
#ifndef WATCH_INCIDENT_PARTS_H
#define WATCH_INCIDENT_PARTS_H

#include <math.h>

#include "watch/incident.h"

enum { WATER_MINUTES = 48, BASIN_BLOCKS = 144, INCIDENT_NOTES = 14, MINUTE_MS = 60000,
       HOUR_MS = 3600000, BLOCK_MS = 600000 };

#define UNKNOWN ((double)NAN)      /* NAN itself is a float */

/* What a tag says now. A boolean is 0 or 1; since_ms: so long it has been this, and good. */
struct heard {
    bool known, good;
    double x;
    int64_t t_ms, since_ms;
};

struct lasting {                      /* something that has to be true for a while */
    bool on;
    int64_t since_ms;
};

struct line_fit {                  /* y = at + slope (t - now), hours */
    bool known;
    double slope, se, at;
    double hours;                  /* that it looks back over */
};

/* A level of water: of a basin, or of equipment that stands in none. */
struct water {
    uint32_t tag, basin;           /* RULE_NONE: no basin */
    double factor;
    const struct pair *stage;
    uint32_t stage_count;
    bool good;
    double recent[3], level;       /* level: the median of the last three */
    uint32_t recent_count;
    int64_t t_ms, period_ms;
    int64_t minute;                /* the one being averaged */
    double sum;
    int64_t sum_t_ms;              /* of times since the minute began */
    uint32_t count;
    struct { int64_t t_ms; double level; } minutes[WATER_MINUTES];
    uint32_t used, next;
    struct line_fit rate, rise;    /* of volume, m3/h, and of level, m/h */
    bool fitted;                   /* they go with `fitted_next` and `fitted_ms` */
    uint32_t fitted_next;
    int64_t fitted_ms;
};

/* A day of a basin, in blocks of ten minutes; kept on disk. */
struct basin_log {
    struct block { int64_t t_ms; double level, pumped; } blocks[BASIN_BLOCKS];  /* pumped m3/h; NaN */
    uint32_t used, next;
    int64_t number;                /* the block being averaged */
    double level_sum, pumped_sum;
    uint32_t count;
    struct lasting pumping, falling, empty, steady, stuck;
    bool was_wet, rose, has_low;
    bool wet_said, pumped_said;    /* its area was called so; from there on people have the word */
    double low;                    /* lowest level of this incident: what rises, rises from there */
    int64_t peak_ms;
    double told_eta;               /* with the last bulletin, ms; NaN */
    double said_eta;               /* with the last event */
    int64_t said_ms;
    bool said_stalled, has_said;
};

struct source {                    /* what a leak point said last */
    uint8_t class_, state;
    bool firing;
    double drift, score;
    struct estimate rate, onset_ms, lost;
};

/* Rising: when several are due at once, the last word is why. */
enum owed { OWED_NOTHING, OWED_PERIOD, OWED_ASKED, OWED_STAGE, OWED_REVOKED, OWED_OPENED, OWED_CLOSED };

/* Kept beside the state that everybody sees. */
struct incident_memory {
    uint32_t number;               /* of the last incident of all */
    bool drill;                    /* a drill is being held */
    uint8_t owed;                  /* enum owed: a bulletin that isn't out yet */
    uint32_t note_count, notes_lost;
    char notes[INCIDENT_NOTES][INCIDENT_NOTE_MAX];     /* what changed since the last bulletin */
    struct lasting stands, dried;     /* threatened equipment; the source's rate */
    bool source_quiet;             /* after the plug the leak was quiet: when it fires, it is a new one */
    double source_score;
    uint32_t denied;               /* milestones, as bits: a person knew better than the evidence */
};

struct incident {
    const struct plant *plant;
    const struct alarms *alarms;
    struct incident_hooks hooks;
    struct incident_state now;
    struct incident_memory memory;
    struct basin_log logs[INCIDENT_BASINS];
    bool rate_known[INCIDENT_EQUIPMENT];   /* its time to the floor can be said */
    struct lasting stopped[INCIDENT_EQUIPMENT], runs[INCIDENT_EQUIPMENT];
    uint32_t areas, equipment, basins;     /* how many are looked after */
    uint32_t *slot_of;             /* by tag; RULE_NONE: not wanted */
    struct heard *heard;
    uint32_t heard_count;
    struct water *waters;
    uint32_t water_count;
    uint32_t water_of[INCIDENT_EQUIPMENT]; /* RULE_NONE */
    uint32_t water_of_basin[INCIDENT_BASINS];
    struct source *sources;        /* by leak */
    bool forecast_done[INCIDENT_BASINS];
    int64_t forecast_ms[INCIDENT_BASINS];
    int64_t tags_ms;               /* when tags were told last */
    bool tags_told;
    bool tag_was_known[INCIDENT_EQUIPMENT], basin_was_known[INCIDENT_BASINS];
    char refusal[INCIDENT_NOTE_MAX];
    struct bulletin page;
};

/* incident.c */
const struct heard *incident_heard(const struct incident *i, uint32_t tag);    /* NULL: nothing known */
bool incident_is_on(const struct incident *i, uint32_t tag);   /* known, good and true */
bool incident_is_off(const struct incident *i, uint32_t tag);
bool lasting(struct lasting *h, bool is, int64_t now_ms, int64_t for_ms);
void incident_tidy(char *text, bool cut);
void incident_put(char *out, size_t room, const char *format, ...) __attribute__((format(printf, 3, 4)));
void incident_tell(struct incident *i, enum incident_change what, const char *subject, const char *text,
                   int64_t t_ms);
void incident_owe(struct incident *i, enum owed why);
const char *incident_area_title(const struct incident *i, uint32_t area);
bool incident_area_quiet(const struct incident *i, uint32_t area);     /* no active high alarm */
void incident_area_is(struct incident *i, uint32_t area, enum area_state s, const char *reason,
                      int64_t t_ms);

/* incident_open.c */
void incident_open(struct incident *i, const char *by, uint32_t trigger, const char *title,
                   int64_t seen_ms, int64_t t_ms);
void incident_close(struct incident *i, const char *who, const char *why, int64_t t_ms);
bool incident_near(const struct incident *i, uint32_t area);   /* where it happens, or next to it */

/* milestones.c */
void milestones_tick(struct incident *i, int64_t now_ms);
void milestone_reach(struct incident *i, enum milestone m, const char *who, bool automatic,
                     const char *evidence, int64_t t_ms, int64_t now_ms);
void milestone_propose(struct incident *i, enum milestone m, const char *evidence, int64_t t_ms);
void milestone_revoke(struct incident *i, enum milestone m, const char *who, const char *why, int64_t now_ms);
int milestones_stage(const struct incident_state *s);  /* enum milestone; -1: none */

/* consequence.c */
double water_volume(const struct water *w, double level);      /* m3; without a curve: the level */
void water_put(struct incident *i, struct water *w, double level, bool good, int64_t t_ms);
bool water_fit(const struct water *w, int64_t now_ms, int64_t span_ms, bool volume, struct line_fit *out);
void consequence_tick(struct incident *i, int64_t now_ms);
void consequence_tags(struct incident *i, int64_t now_ms);

/* dewater.c */
void basin_put(struct incident *i, uint32_t basin, double level, int64_t t_ms);    /* a minute's mean */
void dewater_tick(struct incident *i, int64_t now_ms);
void dewater_begin(struct incident *i, int64_t now_ms);        /* an incident opens */
double dewater_pumped(const struct incident *i, uint32_t basin, uint32_t *running);

/* equipment.c, checklist.c */
void equipment_tick(struct incident *i, int64_t now_ms);
void equipment_begin(struct incident *i, int64_t now_ms);
void equipment_is(struct incident *i, uint32_t e, enum equipment_state s, const char *who,
                  const char *note, int64_t t_ms);
void checklist_tick(struct incident *i, uint32_t e, int64_t now_ms);
void checklist_forget(struct incident *i, uint32_t e);
const char *checklist_sign(struct incident *i, uint32_t e, const struct order *o, int64_t t_ms);
uint32_t checklist_open(const struct incident *i, uint32_t e, const char **first);

/* bulletin.c */
void bulletin_tick(struct incident *i, int64_t now_ms);
void bulletin_write(const struct incident *i, int64_t now_ms, struct bulletin *out);

#endif
