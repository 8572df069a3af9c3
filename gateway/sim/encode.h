/* SPDX-License-Identifier: Apache-2.0 */
/* From engineering values to raw registers: what a device does before it answers. Written from the
 * maps' rules, apart from values/decode, so that the two can find each other's mistakes. */
#ifndef SIM_ENCODE_H
#define SIM_ENCODE_H

#include "headgate/map.h"

/* words: the point's registers as they are (host order; a bit table has 0 or 1 in words[0]); only
 * the bits that belong to the point change. factor: what exp_from and mul_from come to, 1 without.
 * Numbers too great for the type become its greatest. Times are seconds since 1970.
 * false, and nothing changed: the point can't say this, or it would read as one of its sentinels. */
bool raw_encode(const struct point *p, const struct value *v, double factor, uint16_t *words);

/* What the device answers when it has no value: its first sentinel, or NaN. false: it has no such
 * word. */
bool raw_encode_bad(const struct point *p, uint16_t *words);

/* The engineering value that a point in front of this one must have (weir, table, span, ...). */
double encode_before_curve(const struct point *p, double x);

#endif
