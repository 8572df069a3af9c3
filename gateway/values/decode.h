/* SPDX-License-Identifier: Apache-2.0 */
/* From raw bytes to engineering values, exactly. Knows no devices, no time, no history. */
#ifndef VALUES_DECODE_H
#define VALUES_DECODE_H

#include "headgate/map.h"

/* The point's value from the bytes of a block. data: registers as on the wire (or packed bits,
 * least significant first); offset: of the point, in registers or bits. exp_from, mul_from and
 * from points need the other value: see decode_scaled and decode_from.
 * text: where string and time values are written (at least point->words * 2 + 32 bytes); the
 * sample's value points into it. Quality GOOD, UNCERTAIN (unknown enum), or SENSOR_FAILURE
 * (sentinel, NaN, digit that is none, outside valid range) with a reason; time is left 0. */
void decode_point(const struct point *p, const uint8_t *data, uint16_t offset, char *text,
                  struct sample *out);

/* A point computed from another one of the same map, in engineering units. */
void decode_from(const struct point *p, const struct sample *source, struct sample *out);

/* Applies exp_from / mul_from afterwards. other: that point's sample; not good makes out bad with
 * reason "scale not yet read" (or that point's own). Then judges the valid range again. */
void decode_scaled(const struct point *p, const struct sample *other, struct sample *out);

/* valid_if: what must hold of the other point's sample. */
bool decode_condition(const struct condition *c, const struct sample *other);

double value_number(const struct value *v);            /* NaN when it is none; bools are 0 and 1 */
bool value_equal(const struct value *a, const struct value *b);

#endif
