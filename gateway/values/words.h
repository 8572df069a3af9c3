/* SPDX-License-Identifier: Apache-2.0 */
/* Strings and clocks as devices hold them, turned into UTF-8. */
#ifndef VALUES_WORDS_H
#define VALUES_WORDS_H

#include "base/zone.h"
#include "headgate/map.h"

/* at: the point's first byte on the wire. text: words * 2 + DECODE_TEXT_EXTRA bytes.
 * NULL, or why there is no value. */
const char *words_string(const struct point *p, const uint8_t *at, char *text, struct value *v);
/* raw: the number, for the forms that are one. */
const char *words_time(const struct point *p, const uint8_t *at, uint64_t raw, char *text,
                       struct value *v);

/* A time as words_time wrote it, on a clock in that zone, becomes UTC; one that is UTC already stays.
 * summer as zone_utc has it, and what the device says of it itself. How often that clock shows it, as
 * zone_times has it. */
unsigned words_utc(const struct zone *z, int summer, char *text, struct value *v);
int words_summer(const struct point *p, const uint8_t *at);

#endif
