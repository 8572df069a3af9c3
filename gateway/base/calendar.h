/* SPDX-License-Identifier: Apache-2.0 */
/* Times as people say them, in the plant's zone. Reads no clock and knows no language but one.
 * Times are ms since 1970 UTC. The zone is the process's: set once, before threads begin. */
#ifndef BASE_CALENDAR_H
#define BASE_CALENDAR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { CALENDAR_MAX = 48 };

bool calendar_zone(const char *name);                  /* IANA: "America/Toronto"; false: unknown, and nothing changed */
int64_t calendar_offset_ms(int64_t t_ms);              /* local minus UTC at that moment */
int calendar_year(int64_t t_ms);
bool calendar_same_day(int64_t a_ms, int64_t b_ms);

/* "2006-02-04T13:50:00Z", with a space for the T, fractions, +01:00; without a zone it is UTC. */
bool calendar_read(const char *text, int64_t *t_ms);

/* Each returns out. */
const char *calendar_stamp(char out[CALENDAR_MAX], int64_t t_ms);      /* "2006-02-08 16:00 EST" */
const char *calendar_second(char out[CALENDAR_MAX], int64_t t_ms);     /* "2006-02-08 16:00:07 EST" */
const char *calendar_day(char out[CALENDAR_MAX], int64_t t_ms);        /* "Sat 4 Feb 13:50" */
const char *calendar_clock(char out[CALENDAR_MAX], int64_t t_ms);      /* "13:50" */
/* The clock alone when that is clear on the day of `beside`, else with the day. */
const char *calendar_near(char out[CALENDAR_MAX], int64_t t_ms, int64_t beside_ms);

#endif
