/* SPDX-License-Identifier: Apache-2.0 */
/* One alarm, one change of it, and how people fare with all of them, in JSON: alarm/<path>, events of
 * type "alarm", and the hourly figures. */
#ifndef PUBLISH_ENCODE_ALARM_H
#define PUBLISH_ENCODE_ALARM_H

#include "headgate/plant.h"
#include "publish/json.h"
#include "watch/alarms.h"

enum {
    ALARM_ROOM = 32 * 1024,        /* plenty for one state; what people wrote may be long */
    ALARM_FIGURES_ROOM = 24 * 1024,
    ALARM_WORDS = 640,
};

/* A whole object. What isn't known is null. `timestamp` is that of its last change; now_ms of an
 * alarm that never changed. */
void encode_alarm(struct json *j, const struct plant *p, const struct alarm_rule *r,
                  const struct alarm_state *s, int64_t now_ms);

/* Members of an event: "change":..,"alarm":{..} */
void encode_alarm_change(struct json *j, const struct plant *p, const struct alarm_rule *r,
                         const struct alarm_state *s, enum alarm_change what, int64_t now_ms);

/* What happened, for people. */
void alarm_words(char out[static ALARM_WORDS], const struct alarm_rule *r,
                 const struct alarm_state *s, enum alarm_change what, int64_t now_ms);

/* A whole object: the figures of the last hour and day. */
void encode_alarm_figures(struct json *j, const struct plant *p, const struct alarm_figures *f,
                          wall_t time);

const char *alarm_priority_words(uint8_t priority);    /* "high" */

#endif
