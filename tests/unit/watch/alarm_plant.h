/* SPDX-License-Identifier: Apache-2.0 */
/* A plant that consists of alarms, and a listener that writes down what it is told. */
#ifndef ALARM_PLANT_H
#define ALARM_PLANT_H

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "watch/alarms.h"

enum { HEARD_MAX = 40000 };

struct heard {
    uint32_t i;
    enum alarm_change what;
    enum alarm_name name;
    uint64_t seq;
    int64_t t_ms;
};

struct scene {
    struct plant plant;
    struct alarm_rule *rules;
    struct alarms *alarms;
    struct heard *heard;
    uint32_t heard_count;
    int64_t now;
};

static inline struct alarm_rule a_rule(void)
{
    return (struct alarm_rule){.path = "mill/sump/level-high",
                               .origin = ALARM_CONDITION,
                               .priority = PRIORITY_MEDIUM,
                               .ack_required = true,
                               .shelvable = true,
                               .parent = RULE_NONE,
                               .suppress_by = TAG_NONE,
                               .group = RULE_NONE,
                               .max_shelve_ms = 28800000};
}

static inline void scene_hear(void *me, uint32_t i, enum alarm_change what, int64_t t_ms)
{
    struct scene *s = me;
    const struct alarm_state *now = alarms_state(s->alarms, i);
    if (s->heard_count < HEARD_MAX)
        s->heard[s->heard_count++] =
            (struct heard){i, what, alarm_name_of(&now->bits), now->seq, t_ms};
}

/* Rules first, then this. */
static inline void scene_open(struct scene *s, struct alarm_rule *rules, uint32_t count)
{
    memset(s, 0, sizeof(*s));
    s->rules = rules;
    s->plant.alarms = rules;
    s->plant.alarm_count = count;
    s->plant.alarm_settings.flood_begin = 10;
    s->plant.alarm_settings.flood_end = 5;
    s->heard = calloc(HEARD_MAX, sizeof(*s->heard));
    s->alarms = alarms_new(&s->plant, &(struct alarm_hooks){.me = s, .changed = scene_hear});
}

static inline void scene_close(struct scene *s)
{
    alarms_free(s->alarms);
    free(s->heard);
}

/* Time passes, and the engine is run whenever it asks for it. */
static inline void scene_until(struct scene *s, int64_t t_ms)
{
    for (;;) {
        int64_t next = alarms_run(s->alarms, s->now);
        if (s->now >= t_ms)
            return;
        s->now = next < t_ms ? next : t_ms;
    }
}

static inline void scene_set(struct scene *s, uint32_t i, bool on)
{
    alarms_set(s->alarms, i, on, NULL, s->now, s->now);
}

static inline struct order an_order(enum order_verb verb)
{
    return (struct order){
        .verb = (uint8_t)verb, .user = "r.miner", .minutes = (double)NAN, .value = (double)NAN};
}

static inline const char *scene_name(const struct scene *s, uint32_t i)
{
    return alarm_name_words(alarm_name_of(&alarms_state(s->alarms, i)->bits));
}

#endif
