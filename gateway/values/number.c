/* SPDX-License-Identifier: Apache-2.0 */
#include "values/number.h"

#include <math.h>
#include <string.h>

#include "values/decode.h"

enum { PLACES_MAX = 9, POWER_MAX = 18 };

/* A product of a 64-bit counter and a decimal factor needs more than 64 bits on its way. */
__extension__ typedef __int128 wide;

static const int64_t power_of_ten[POWER_MAX + 1] = {
    1,
    10,
    100,
    1000,
    10000,
    100000,
    1000000,
    10000000,
    100000000,
    1000000000,
    10000000000,
    100000000000,
    1000000000000,
    10000000000000,
    100000000000000,
    1000000000000000,
    10000000000000000,
    100000000000000000,
    1000000000000000000,
};

static wide wide_of(const struct value *v)
{
    return v->kind == VALUE_UINT ? (wide)v->u : (wide)v->i;
}

static bool is_exact(const struct value *v)
{
    return v->kind == VALUE_INT || v->kind == VALUE_UINT;
}

/* Stores w / 10^places, with fewer places where zeros at the end make that possible. */
static bool keep(struct value *v, wide w, unsigned places)
{
    bool is_unsigned = v->kind == VALUE_UINT;
    while (places > 0 && w % 10 == 0 &&
           (places > PLACES_MAX || w < (wide)INT64_MIN || w > (wide)UINT64_MAX)) {
        w /= 10;
        places--;
    }
    if (places > PLACES_MAX || w < (wide)INT64_MIN || w > (wide)UINT64_MAX)
        return false;
    *v = (struct value){.places = (uint8_t)places};
    if (w >= 0 && (is_unsigned || w > (wide)INT64_MAX)) {
        v->kind = VALUE_UINT;
        v->u = (uint64_t)w;
    } else {
        v->kind = VALUE_INT;
        v->i = (int64_t)w;
    }
    return true;
}

/* x * d, dividing by a power of ten instead of multiplying with its inexact inverse. */
static double real_times(double x, const struct decimal *d)
{
    if (d->places > PLACES_MAX)
        return x * d->real;
    return x * (double)d->mantissa / (double)power_of_ten[d->places];
}

/* With places of its own, or beyond 64 bits. */
static bool linear_wide(struct value *v, const struct decimal *scale, const struct decimal *offset)
{
    unsigned own = (unsigned)v->places + scale->places;
    unsigned places = own > offset->places ? own : offset->places;
    wide w = wide_of(v), o;
    if (__builtin_mul_overflow(w, (wide)scale->mantissa, &w) ||
        __builtin_mul_overflow(w, (wide)power_of_ten[places - own], &w) ||
        __builtin_mul_overflow((wide)offset->mantissa, (wide)power_of_ten[places - offset->places],
                               &o) ||
        __builtin_add_overflow(w, o, &w))
        return false;
    return keep(v, w, places);
}

static bool linear_exact(struct value *v, const struct decimal *scale, const struct decimal *offset)
{
    if (scale->places > PLACES_MAX || offset->places > PLACES_MAX)
        return false;
    unsigned places = scale->places > offset->places ? scale->places : offset->places;
    int64_t up_scale = power_of_ten[places - scale->places];
    int64_t up_offset = power_of_ten[places - offset->places];
    int64_t x, y;
    /* Nearly every tag of every plant takes this way. */
    if (v->places == 0 && (v->kind == VALUE_INT || v->u <= (uint64_t)INT64_MAX) &&
        !__builtin_mul_overflow(v->i, scale->mantissa, &x) &&
        !__builtin_mul_overflow(x, up_scale, &x) &&
        !__builtin_mul_overflow(offset->mantissa, up_offset, &y) &&
        !__builtin_add_overflow(x, y, &x)) {
        if (x < 0)
            v->kind = VALUE_INT;
        v->i = x;
        v->places = (uint8_t)places;
        return true;
    }
    return linear_wide(v, scale, offset);
}

void number_stay_real(struct value *v)
{
    static const wide exact = (wide)1 << 53;
    if (is_exact(v) && v->places == 0 && (wide_of(v) > exact || wide_of(v) < -exact))
        *v = value_real(value_number(v));
}

void number_linear(struct value *v, const struct decimal *scale, const struct decimal *offset)
{
    if (is_exact(v) && linear_exact(v, scale, offset))
        return;
    *v = value_real(real_times(value_number(v), scale) + offset->real);
}

void number_power(struct value *v, int exponent)
{
    if (exponent > POWER_MAX || exponent < -POWER_MAX) {
        *v = value_real(value_number(v) * pow(10, exponent));
        return;
    }
    if (is_exact(v)) {
        wide w = wide_of(v);
        if (exponent <= 0 && keep(v, w, v->places + (unsigned)-exponent))
            return;
        if (exponent > 0 && exponent <= v->places && keep(v, w, v->places - (unsigned)exponent))
            return;
        if (exponent > v->places && keep(v, w * power_of_ten[exponent - v->places], 0))
            return;
    }
    double x = value_number(v);
    *v = value_real(exponent < 0 ? x / (double)power_of_ten[-exponent]
                                 : x * (double)power_of_ten[exponent]);
}

void number_times(struct value *v, const struct value *factor)
{
    wide w;
    if (is_exact(v) && is_exact(factor) &&
        !__builtin_mul_overflow(wide_of(v), wide_of(factor), &w) &&
        keep(v, w, (unsigned)v->places + factor->places))
        return;
    *v = value_real(value_number(v) * value_number(factor));
}

void number_add(struct value *v, const struct value *other)
{
    if (is_exact(v) && is_exact(other)) {
        unsigned places = v->places > other->places ? v->places : other->places;
        wide sum = wide_of(v) * power_of_ten[places - v->places] +
                   wide_of(other) * power_of_ten[places - other->places];
        if (keep(v, sum, places))
            return;
    }
    *v = value_real(value_number(v) + value_number(other));
}

double value_number(const struct value *v)
{
    switch ((enum value_kind)v->kind) {
    case VALUE_BOOL:
        return v->truth ? 1 : 0;
    case VALUE_INT:
        return v->places ? (double)v->i / (double)power_of_ten[v->places] : (double)v->i;
    case VALUE_UINT:
        return v->places ? (double)v->u / (double)power_of_ten[v->places] : (double)v->u;
    case VALUE_REAL:
        return v->real;
    case VALUE_NONE:
    case VALUE_TEXT:
        break;
    }
    return (double)NAN;
}

int value_compare(const struct value *a, const struct value *b)
{
    if (is_exact(a) && is_exact(b)) {
        /* 64 bits and nine places: below 2^94, so this can't overflow. */
        wide x = wide_of(a) * power_of_ten[PLACES_MAX - a->places];
        wide y = wide_of(b) * power_of_ten[PLACES_MAX - b->places];
        return (x > y) - (x < y);
    }
    double x = value_number(a), y = value_number(b);
    return (x > y) - (x < y);
}

bool value_equal(const struct value *a, const struct value *b)
{
    if (a->kind == VALUE_TEXT || b->kind == VALUE_TEXT)
        return a->kind == b->kind && a->length == b->length &&
               memcmp(a->text, b->text, a->length) == 0;
    if (a->kind == VALUE_NONE || b->kind == VALUE_NONE || a->kind == VALUE_BOOL ||
        b->kind == VALUE_BOOL)
        return a->kind == b->kind && (a->kind == VALUE_NONE || a->truth == b->truth);
    return value_compare(a, b) == 0;
}
