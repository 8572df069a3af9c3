/* SPDX-License-Identifier: Apache-2.0 */
/* Alarms, leaks, incidents and bulletins, read where they stand in what was told. Nothing in it is
 * believed to be well-formed: what is missing or of another kind is "", NaN, false or never. */
#ifndef CLI_WATCH_TOLD_H
#define CLI_WATCH_TOLD_H

#include "publish/json_read.h"

#include "base/calendar.h"
#include "cli/watch_rows.h"

const char *said_text(const json_t *o, const char *name);
double said_real(const json_t *o, const char *name);
int64_t said_whole(const json_t *o, const char *name);
bool said_true(const json_t *o, const char *name);
wall_t said_time(const json_t *o, const char *name);   /* ms 0: null, or not there */
/* Seven digits at most, for people; "-": not known. Returns out. */
const char *said_number(char out[32], const json_t *o, const char *name);
/* "86 (52 to 121)" of {value, low, high} */
const char *said_estimate(char out[80], const json_t *o, const char *name);
/* "14:03", with the day where it isn't today's; "-": never. Returns out. */
const char *said_clock(char out[CALENDAR_MAX], wall_t t, wall_t now);

enum told { TOLD_ALARM, TOLD_LEAK, TOLD_INCIDENT, TOLD_BULLETIN };
/* `said` becomes the list's. NULL: cleared. */
void watch_take_told(struct watch *w, enum told kind, const char *path, json_t *said,
                     const char *text, size_t length);
void watch_free_told(struct watch_list *l);

enum alarm_place { ALARM_STANDS, ALARM_HIDDEN, ALARM_SILENT };
enum alarm_place watch_alarm_place(const json_t *said);
unsigned watch_alarm_priority(const json_t *said);     /* 0 low .. 3 critical, also of unknown words */
bool watch_alarm_waits(const json_t *said);            /* for an acknowledgement */

/* The gateway that speaks for it; NULL: not known. */
const char *watch_gateway_of(const struct watch *w, enum watch_page page,
                             const struct watch_item *item);

#endif
