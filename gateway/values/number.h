/* SPDX-License-Identifier: Apache-2.0 */
/* Arithmetic on decoded numbers that stays exact for as long as 64 bits and nine places allow. */
#ifndef VALUES_NUMBER_H
#define VALUES_NUMBER_H

#include "headgate/map.h"

static inline struct value value_real(double x)
{
    return (struct value){.kind = VALUE_REAL, .real = x + 0.0}; /* -0.0 becomes 0.0 */
}

static inline bool value_is_whole(const struct value *v)
{
    return (v->kind == VALUE_INT || v->kind == VALUE_UINT) && v->places == 0;
}

/* All in place, on INT, UINT or REAL. What fits nowhere becomes a REAL. */
void number_linear(struct value *v, const struct decimal *scale, const struct decimal *offset);
void number_power(struct value *v, int exponent); /* v * 10^exponent; |exponent| <= 18 */
void number_times(struct value *v, const struct value *factor);
/* Of a tag that may have fractions, and is a real for people also where it has none: whole numbers
 * beyond 2^53 are told as texts, which nobody expects of it. */
void number_stay_real(struct value *v);
void number_add(struct value *v, const struct value *other);

#endif
