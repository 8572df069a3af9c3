/* SPDX-License-Identifier: Apache-2.0 */
/* A mine with a dam, a crusher in a pit that water runs into, and areas that have nothing to do
 * with it; and somebody who writes down what is told. */
#ifndef INCIDENT_PLANT_H
#define INCIDENT_PLANT_H

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "watch/incident.h"

enum {
    T_LEVEL,
    T_RUN1,
    T_RUN2,
    T_RUN3,
    T_RUN4,
    T_WET,
    T_CRUSHER,
    T_SWITCHGEAR_WET,
    T_MILL,
    T_OIL,
    T_OTHER,
    T_MINUTES,
    T_VOLUME,
    T_NET,
    T_LEFT,
    T_COUNT
};
enum { A_TAILINGS, A_CRUSHER, A_SUBSTATION, A_MILL, A_PIT, A_UNDERGROUND, A_COUNT };
enum { AL_LEAK, AL_FLOOD, AL_THREAT, AL_STALLED, AL_CRITICAL, AL_MEDIUM, AL_COUNT };
enum { E_CRUSHER, E_SWITCHGEAR, E_MILL, E_COUNT };
enum { LOG_MAX = 4096, MINUTE = 60000, HOUR = 3600000 };

#define START INT64_C(1139079000000) /* Sat 4 Feb 2006 13:50 in Toronto */

struct told {
    enum incident_change what;
    char subject[80], text[260];
    int64_t t_ms;
};

struct mine {
    struct plant plant;
    struct alarms *alarms;
    struct incident *incident;
    struct told told[LOG_MAX];
    uint32_t told_count, bulletins;
    struct bulletin last;
    char why[64][16];
    int64_t bulletin_ms[64];
    double tag[T_COUNT]; /* as told through the hook */
    double x[T_COUNT]; /* what the sensors say; NaN: bad */
    int64_t now, due;
    void *kept; /* as a caller would: with everything that is told */
    size_t kept_size;
    struct leak_view view[2];
};

static const uint32_t by_dam[] = {A_CRUSHER}, by_crusher[] = {A_TAILINGS, A_SUBSTATION},
                      by_substation[] = {A_CRUSHER};
static const struct area mine_areas[A_COUNT] = {
    {.name = "tailings", .title = "Tailings dam", .neighbours = by_dam, .neighbour_count = 1},
    {.name = "crusher", .title = "Primary crusher", .neighbours = by_crusher, .neighbour_count = 2},
    {.name = "substation-a",
     .title = "Substation A",
     .neighbours = by_substation,
     .neighbour_count = 1},
    {.name = "mill", .title = "Mill"},
    {.name = "pit", .title = "Open pit"},
    {.name = "underground", .title = "Underground"},
};
static const struct pair mine_stage[] = {{0, 0},      {0.25, 285}, {0.5, 991},   {1, 3450},
                                         {1.5, 7160}, {2, 12013},  {2.5, 17953}, {3, 25000}};
static const uint32_t mine_wet[] = {T_WET};
static const struct basin_pump mine_pumps[] = {{T_RUN1, TAG_NONE, 1, 150, "dw1"},
                                               {T_RUN2, TAG_NONE, 1, 150, "dw2"},
                                               {T_RUN3, TAG_NONE, 1, 150, "dw3"},
                                               {T_RUN4, TAG_NONE, 1, 150, "dw4"}};
static const struct basin mine_basins[] = {{.name = "crusher-pit",
                                            .area = A_CRUSHER,
                                            .level = T_LEVEL,
                                            .factor = 1,
                                            .stage = mine_stage,
                                            .stage_count = 8,
                                            .target = 0.05,
                                            .pumps = mine_pumps,
                                            .pump_count = 4,
                                            .wet = mine_wet,
                                            .wet_count = 1,
                                            .alarm_stalled = AL_STALLED,
                                            .tag_volume = T_VOLUME,
                                            .tag_net = T_NET,
                                            .tag_minutes = T_LEFT}};
static const struct check_item mine_checks[] = {{.name = "below-floor",
                                                 .text = "water below the plinth for 24 h",
                                                 .kind = CHECK_AUTO,
                                                 .tag = TAG_NONE,
                                                 .builtin = BUILTIN_BELOW_FLOOR,
                                                 .for_ms = 24 * HOUR},
                                                {.name = "dry",
                                                 .text = "wet switch clear",
                                                 .kind = CHECK_AUTO,
                                                 .tag = TAG_NONE,
                                                 .builtin = BUILTIN_DRY,
                                                 .for_ms = HOUR},
                                                {.name = "oil",
                                                 .text = "oil at 10 to 60 degrees",
                                                 .kind = CHECK_AUTO,
                                                 .tag = T_OIL,
                                                 .low = 10,
                                                 .high = 60,
                                                 .for_ms = 10 * MINUTE},
                                                {.name = "visual",
                                                 .text = "clean and dry inside",
                                                 .kind = CHECK_MANUAL,
                                                 .tag = TAG_NONE,
                                                 .low = -HUGE_VAL,
                                                 .high = HUGE_VAL},
                                                {.name = "insulation",
                                                 .text = "insulation resistance",
                                                 .kind = CHECK_MANUAL,
                                                 .tag = TAG_NONE,
                                                 .wants_value = true,
                                                 .low = 5,
                                                 .high = HUGE_VAL,
                                                 .unit = "Mohm"}};

static inline void mine_equipment(struct equipment *e)
{
    for (int n = 0; n < E_COUNT; n++)
        e[n] = (struct equipment){.about = "",
                                  .owner = "",
                                  .water = TAG_NONE,
                                  .water_factor = 1,
                                  .floor = (double)NAN,
                                  .basin = RULE_NONE,
                                  .running = TAG_NONE,
                                  .wet = TAG_NONE,
                                  .device = RULE_NONE,
                                  .warn_ms = 2 * HOUR,
                                  .alarm_threat = RULE_NONE,
                                  .tag_minutes = TAG_NONE};
    e[E_CRUSHER].name = "primary-crusher";
    e[E_CRUSHER].class_ = CLASS_CRUSHER;
    e[E_CRUSHER].area = A_CRUSHER;
    e[E_CRUSHER].water = T_LEVEL;
    e[E_CRUSHER].floor = 1.0;
    e[E_CRUSHER].warn_ms = 12 * HOUR;
    e[E_CRUSHER].basin = 0;
    e[E_CRUSHER].running = T_CRUSHER;
    e[E_SWITCHGEAR].name = "crusher-switchgear";
    e[E_SWITCHGEAR].class_ = CLASS_SWITCHGEAR;
    e[E_SWITCHGEAR].area = A_CRUSHER;
    e[E_SWITCHGEAR].water = T_LEVEL;
    e[E_SWITCHGEAR].floor = 0.4;
    e[E_SWITCHGEAR].basin = 0;
    e[E_SWITCHGEAR].wet = T_SWITCHGEAR_WET;
    e[E_SWITCHGEAR].checks = mine_checks;
    e[E_SWITCHGEAR].check_count = 5;
    e[E_SWITCHGEAR].alarm_threat = AL_THREAT;
    e[E_SWITCHGEAR].tag_minutes = T_MINUTES;
    e[E_MILL].name = "mill-motor";
    e[E_MILL].class_ = CLASS_MILL;
    e[E_MILL].area = A_MILL;
    e[E_MILL].running = T_MILL;
}

static inline void mine_alarms(struct alarm_rule *r)
{
    static const struct {
        const char *path;
        uint32_t area, origin, index;
        uint8_t priority;
    } all[] = {
        {"tailings/dam/leak", A_TAILINGS, ALARM_LEAK, 0, PRIORITY_HIGH},
        {"crusher/flood/leak", A_CRUSHER, ALARM_LEAK, 1, PRIORITY_HIGH},
        {"crusher/crusher-switchgear/water", A_CRUSHER, ALARM_THREAT, E_SWITCHGEAR, PRIORITY_HIGH},
        {"crusher/crusher-pit/stalled", A_CRUSHER, ALARM_STALLED, 0, PRIORITY_HIGH},
        {"underground/fan/gas", A_UNDERGROUND, ALARM_CONDITION, 0, PRIORITY_CRITICAL},
        {"mill/pump/hot", A_MILL, ALARM_CONDITION, 1, PRIORITY_MEDIUM}};
    for (uint32_t n = 0; n < AL_COUNT; n++)
        r[n] = (struct alarm_rule){.path = all[n].path,
                                   .area = all[n].area,
                                   .origin = (uint8_t)all[n].origin,
                                   .origin_index = all[n].index,
                                   .priority = all[n].priority,
                                   .ack_required = true,
                                   .shelvable = true,
                                   .parent = RULE_NONE,
                                   .suppress_by = TAG_NONE,
                                   .group = RULE_NONE,
                                   .about = "",
                                   .consequence = "",
                                   .response = "",
                                   .max_shelve_ms = 8 * HOUR};
}

static inline void mine_keep(struct mine *m)
{
    m->kept_size = incident_save(m->incident, m->kept);
}

static inline void mine_told(void *me, enum incident_change what, const char *subject,
                             const char *text, int64_t t_ms)
{
    struct mine *m = me;
    struct told *t = &m->told[m->told_count++ % LOG_MAX];
    t->what = what;
    t->t_ms = t_ms;
    snprintf(t->subject, sizeof t->subject, "%s", subject);
    snprintf(t->text, sizeof t->text, "%s", text);
    mine_keep(m);
}

static inline void mine_bulletin(void *me, const struct bulletin *b)
{
    struct mine *m = me;
    m->last = *b;
    snprintf(m->why[m->bulletins % 64], sizeof m->why[0], "%s", b->why);
    m->bulletin_ms[m->bulletins++ % 64] = b->t_ms;
    mine_keep(m);
    if (getenv("SHOW_BULLETINS"))
        fprintf(stderr, "\n[%s]\n%s", b->why, b->text);
}

static inline void mine_tag(void *me, uint32_t tag, double x, const char *why_not, int64_t t_ms)
{
    struct mine *m = me;
    (void)why_not;
    (void)t_ms;
    if (tag < T_COUNT)
        m->tag[tag] = x;
}

static inline void mine_alarm(void *me, uint32_t index, enum alarm_change what, int64_t t_ms)
{
    struct mine *m = me;
    incident_alarm(m->incident, index, what, t_ms);
    m->due = t_ms;
}

static inline void mine_begin(struct mine *m)
{
    static struct equipment equipment[E_COUNT];
    static struct alarm_rule rules[AL_COUNT];
    static struct leak_rule leaks[2];
    memset(m, 0, sizeof *m);
    mine_equipment(equipment);
    mine_alarms(rules);
    leaks[0] = (struct leak_rule){
        .name = "tailings-dam", .kind = LEAK_BALANCE, .area = A_TAILINGS, .alarm = AL_LEAK};
    leaks[1] = (struct leak_rule){
        .name = "crusher-flood", .kind = LEAK_SWITCH, .area = A_CRUSHER, .alarm = AL_FLOOD};
    m->plant = (struct plant){.areas = mine_areas,
                              .area_count = A_COUNT,
                              .tag_count = T_COUNT,
                              .alarms = rules,
                              .alarm_count = AL_COUNT,
                              .leaks = leaks,
                              .leak_count = 2,
                              .basins = mine_basins,
                              .basin_count = 1,
                              .equipment = equipment,
                              .equipment_count = E_COUNT};
    m->plant.incidents = (struct incident_rules){.every_ms = 4 * HOUR,
                                                 .first_every_ms = HOUR,
                                                 .first_for_ms = 6 * HOUR,
                                                 .automatic = true,
                                                 .neighbour_ms = 2 * HOUR};
    m->plant.alarm_settings.flood_begin = 10;
    m->plant.alarm_settings.flood_end = 5;
    m->now = m->due = START;
    m->kept = malloc(incident_save_size());
    m->alarms = alarms_new(&m->plant, &(struct alarm_hooks){.me = m, .changed = mine_alarm});
    m->incident = incident_new(&m->plant, m->alarms,
                               &(struct incident_hooks){m, mine_told, mine_bulletin, mine_tag});
    m->x[T_LEVEL] = 0.02;
    m->x[T_CRUSHER] = m->x[T_MILL] = 1;
    m->x[T_OIL] = 30;
    for (int n = 0; n < 2; n++) {
        struct leak_view *v = &m->view[n];
        v->state = LEAK_LIVE;
        v->drift = 5;
        v->rate = v->onset_ms = v->lost = (struct estimate){(double)NAN, (double)NAN, (double)NAN};
    }
}

static inline void mine_end(struct mine *m)
{
    incident_free(m->incident);
    alarms_free(m->alarms);
    free(m->kept);
}

static inline void mine_sample(struct mine *m, uint32_t tag)
{
    struct sample s = {.time = {m->now}, .quality = QUALITY_GOOD};
    s.value = (struct value){.kind = VALUE_REAL, .real = m->x[tag]};
    if (isnan(m->x[tag]))
        s = (struct sample){
            .time = {m->now}, .quality = QUALITY_COMM_FAILURE, .reason = "no answer"};
    if (incident_wants(m->incident, tag))
        incident_sample(m->incident, tag, &s, m->now);
}

static inline void mine_leak(struct mine *m, uint32_t leak, bool on)
{
    struct leak_view *v = &m->view[leak];
    v->firing = on;
    v->state = on ? LEAK_SUSPECT : LEAK_LIVE;
    alarms_set(m->alarms, m->plant.leaks[leak].alarm, on, NULL, m->now, m->now);
    incident_leak(m->incident, leak, v, m->now);
}

/* Ten seconds of the plant's life, in the warden's order. */
static inline void mine_step(struct mine *m)
{
    m->now += 10000;
    for (uint32_t t = T_LEVEL; t <= T_OTHER; t++)
        mine_sample(m, t);
    for (uint32_t n = 0; n < AL_COUNT; n++) {
        const struct alarm_rule *r = &m->plant.alarms[n];
        struct alarm_evidence e;
        if (r->origin != ALARM_THREAT && r->origin != ALARM_STALLED)
            continue;
        bool on = incident_condition(m->incident, r, &e);
        alarms_set(m->alarms, n, on, on ? &e : NULL, m->now, m->now);
    }
    alarms_run(m->alarms, m->now);
    if (m->due <= m->now)
        m->due = incident_tick(m->incident, m->now);
}

static inline void mine_pass(struct mine *m, int64_t ms)
{
    for (int64_t end = m->now + ms; m->now < end;)
        mine_step(m);
}

static inline const char *mine_order(struct mine *m, const char *op, const char *subject,
                                     const char *state)
{
    struct order o = {.verb = ORDER_INCIDENT, .value = (double)NAN};
    snprintf(o.op, sizeof o.op, "%s", op);
    snprintf(o.subject, sizeof o.subject, "%s", subject);
    snprintf(o.state, sizeof o.state, "%s", state);
    snprintf(o.user, sizeof o.user, "supervisor");
    const char *why = incident_order(m->incident, &o, m->now);
    m->due = m->now;
    return why;
}

static inline const char *mine_sign(struct mine *m, const char *equipment, const char *item,
                                    double x)
{
    struct order o = {.verb = ORDER_INCIDENT, .value = x};
    snprintf(o.op, sizeof o.op, "signoff");
    snprintf(o.subject, sizeof o.subject, "%s", equipment);
    snprintf(o.item, sizeof o.item, "%s", item);
    snprintf(o.user, sizeof o.user, "electrician");
    return incident_order(m->incident, &o, m->now);
}

/* How often it was told. */
static inline uint32_t mine_count(const struct mine *m, enum incident_change what,
                                  const char *subject)
{
    uint32_t count = 0;
    for (uint32_t n = 0; n < m->told_count && n < LOG_MAX; n++)
        count += m->told[n].what == what && (!subject || strcmp(m->told[n].subject, subject) == 0);
    return count;
}

static inline double mine_volume(double level)
{
    uint32_t n = 1;
    while (n < 7 && mine_stage[n].x < level)
        n++;
    const struct pair *a = &mine_stage[n - 1], *b = &mine_stage[n];
    return a->y + (level - a->x) / (b->x - a->x) * (b->y - a->y);
}

static inline double mine_level(double volume)
{
    uint32_t n = 1;
    while (n < 7 && mine_stage[n].y < volume)
        n++;
    const struct pair *a = &mine_stage[n - 1], *b = &mine_stage[n];
    return a->x + (volume - a->y) / (b->y - a->y) * (b->x - a->x);
}

/* Water runs in (m3/h) and is pumped out; the pumps' feedbacks say how many run. */
static inline void mine_flood(struct mine *m, int64_t ms, double inflow, unsigned pumps)
{
    double v = mine_volume(m->x[T_LEVEL]);
    for (unsigned n = 0; n < 4; n++)
        m->x[T_RUN1 + n] = n < pumps;
    for (int64_t end = m->now + ms; m->now < end;) {
        v = fmax(0, v + (inflow - 150.0 * pumps) / 360);
        m->x[T_LEVEL] = mine_level(v);
        m->x[T_WET] = m->x[T_LEVEL] > 0.03;
        mine_step(m);
    }
}

#endif
