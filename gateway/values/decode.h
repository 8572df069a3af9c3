/* SPDX-License-Identifier: Apache-2.0 */
/* From raw bytes to engineering values, exactly. Knows no devices, no time, no history. */
#ifndef VALUES_DECODE_H
#define VALUES_DECODE_H

#include "headgate/map.h"

enum { DECODE_TEXT_EXTRA = 32 }; /* a text point needs words * 2 and so many bytes */

/* The point's value from the bytes of a block. data: registers as on the wire (or packed bits,
 * least significant first); offset: of the point, in registers or bits. exp_from, mul_from and
 * from points need the other value: see decode_scaled and decode_from.
 * text: where string and time values are written (at least point->words * 2 + DECODE_TEXT_EXTRA
 * bytes; may be NULL for the other types); the sample's value points into it. Quality GOOD,
 * UNCERTAIN (unknown enum), or SENSOR_FAILURE (sentinel, NaN, digit that is none, outside valid
 * range) with a reason; time is left 0. */
void decode_point(const struct point *p, const uint8_t *data, uint16_t offset, char *text,
                  struct sample *out);

/* A point computed from another one of the same map, in engineering units. */
void decode_from(const struct point *p, const struct sample *source, struct sample *out);

/* Applies exp_from and mul_from afterwards. exponent, factor: those points' samples, NULL where
 * the point has none. A bad one makes out bad: "scale not yet read", or its own reason; an
 * uncertain one makes it uncertain.
 * Then judges the valid range, which decode_point leaves alone for such points. */
void decode_scaled(const struct point *p, const struct sample *exponent,
                   const struct sample *factor, struct sample *out);

/* valid_if: what must hold of the other point's sample; of: that other point, whose enum may have
 * turned the number into a word. */
bool decode_condition(const struct condition *c, const struct point *of,
                      const struct sample *other);

/* Makes out bad when it is outside the point's valid range. For values that were not decoded. */
void decode_judge(const struct point *p, struct sample *out);

double value_number(const struct value *v); /* NaN when it is none; bools are 0 and 1 */
bool value_equal(const struct value *a, const struct value *b);
int value_compare(const struct value *a, const struct value *b); /* of numbers, exactly: -1, 0, 1 */

#endif
