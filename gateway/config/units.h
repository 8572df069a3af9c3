/* SPDX-License-Identifier: Apache-2.0 */
/* Units of what is watched: lengths, flows, volumes, areas, rain. What is said in one is brought to
 * the one that the detectors count in. */
#ifndef CONFIG_UNITS_H
#define CONFIG_UNITS_H

#include <stdbool.h>
#include <stddef.h>

enum quantity {
    QUANTITY_LENGTH,               /* m */
    QUANTITY_AREA,                 /* m2 */
    QUANTITY_VOLUME,               /* m3 */
    QUANTITY_FLOW,                 /* m3/h */
    QUANTITY_RAIN,                 /* mm/h */
    QUANTITY_EVAPORATION,          /* mm/d */
    QUANTITY_COUNT
};

/* value in this unit x factor = value in the quantity's own. false: not a unit of it. Superscripts
 * and blanks don't matter, capitals do. */
bool unit_factor(const char *unit, enum quantity q, double *factor);

const char *quantity_unit(enum quantity q);            /* "m3/h" */
const char *quantity_words(enum quantity q);           /* "a flow" */
const char *quantity_examples(enum quantity q);        /* "m3/h, m3/d, l/s, ..." */

/* One unit to another of the same quantity; equal texts are always 1. */
bool unit_convert(const char *from, const char *to, double *factor);

/* What sort of signal has this unit: delays and deadbands of alarms differ by it. */
enum unit_class { UNIT_OTHER, UNIT_LEVEL, UNIT_FLOW, UNIT_PRESSURE, UNIT_TEMPERATURE };
enum unit_class unit_class_of(const char *unit);

#endif
