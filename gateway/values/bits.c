/* SPDX-License-Identifier: Apache-2.0 */
#include "values/bits.h"

#include <float.h>
#include <math.h>
#include <string.h>

static const uint8_t width_of[RAW_COUNT] = {
    [RAW_U8] = 8,      [RAW_S8] = 8,     [RAW_U16] = 16,   [RAW_S16] = 16,    [RAW_U24] = 24,
    [RAW_S24] = 24,    [RAW_U32] = 32,   [RAW_S32] = 32,   [RAW_U48] = 48,    [RAW_S48] = 48,
    [RAW_U64] = 64,    [RAW_S64] = 64,   [RAW_F16] = 16,   [RAW_F32] = 32,    [RAW_F64] = 64,
    [RAW_BCD16] = 16,  [RAW_BCD32] = 32, [RAW_BCD64] = 64, [RAW_M10K32] = 32, [RAW_M10K48] = 48,
    [RAW_M10K64] = 64, [RAW_SM16] = 16,
};

static bool is_signed(const struct point *p)
{
    return p->type == RAW_S8 || p->type == RAW_S16 || p->type == RAW_S24 || p->type == RAW_S32 ||
           p->type == RAW_S48 || p->type == RAW_S64;
}

uint64_t bits_ones(unsigned n)
{
    return n >= 64 ? UINT64_MAX : (UINT64_C(1) << n) - 1;
}

uint64_t bits_get(const struct point *p, const uint16_t *words)
{
    uint64_t raw = 0;
    for (unsigned i = 0; p->bytes == 0 && i < p->words && i < 4; i++)
        raw = raw << 16 | words[i];
    for (unsigned i = 0; i < p->bytes; i++) {
        unsigned place = p->order[i];
        raw = raw << 8 | (place % 2 == 0 ? words[place / 2] >> 8 : words[place / 2] & 0xFF);
    }
    return raw;
}

void bits_put(const struct point *p, uint64_t raw, uint16_t *words)
{
    for (unsigned i = p->words; p->bytes == 0 && i > 0; i--) {
        words[i - 1] = (uint16_t)raw;
        raw >>= 16;
    }
    for (unsigned i = p->bytes; i > 0; i--) {
        unsigned place = p->order[i - 1], byte = raw & 0xFF;
        uint16_t *w = &words[place / 2];
        *w = place % 2 == 0 ? (uint16_t)((*w & 0x00FF) | byte << 8)
                            : (uint16_t)((*w & 0xFF00) | byte);
        raw >>= 8;
    }
}

long double bits_number(const struct value *v)
{
    long double x = 0;
    switch ((enum value_kind)v->kind) {
    case VALUE_BOOL:
        return v->truth;
    case VALUE_INT:
        x = (long double)v->i;
        break;
    case VALUE_UINT:
        x = (long double)v->u;
        break;
    case VALUE_REAL:
        return (long double)v->real;
    case VALUE_NONE:
    case VALUE_TEXT:
        return (long double)NAN;
    }
    for (unsigned i = 0; i < v->places; i++)
        x /= 10;
    return x;
}

long double bits_decimal(const struct decimal *d)
{
    if (d->places > 9)
        return (long double)d->real;
    long double x = (long double)d->mantissa;
    for (unsigned i = 0; i < d->places; i++)
        x /= 10;
    return x;
}

static uint64_t whole_bits(const struct point *p, long double x)
{
    unsigned width = width_of[p->type];
    if (p->mask != 0) {
        width = 64 - (unsigned)__builtin_clzll(p->mask);
        width = width > p->shift ? width - p->shift : 1;
    }
    x = roundl(x);
    if (is_signed(p)) {
        long double most = ldexpl(1, (int)width - 1);
        x = x < -most ? -most : x > most - 1 ? most - 1 : x;
        return (uint64_t)(int64_t)x & bits_ones(width);
    }
    if (x <= 0)
        return 0;
    return x >= ldexpl(1, (int)width) ? bits_ones(width) : (uint64_t)x;
}

static uint64_t half_bits(float x)
{
    uint64_t sign = signbit(x) ? 0x8000 : 0;
    float size = fabsf(x);
    if (size >= 65520.0F)
        return sign | 0x7BFF; /* the greatest that is finite */
    if (size < 0x1p-14F)
        return sign | (uint64_t)lrintf(size * 0x1p24F);
    int exponent;
    float part = frexpf(size, &exponent); /* size = part * 2^exponent, part in [0.5, 1) */
    uint64_t mantissa = (uint64_t)lrintf(part * 2048.0F);
    return sign | (((uint64_t)(exponent + 14) << 10) + mantissa - 1024);
}

static uint64_t digits_bits(long double x, unsigned width)
{
    uint64_t n = x <= 0       ? 0
                 : x >= 1e16L ? UINT64_C(9999999999999999)
                              : (uint64_t)roundl(x),
             raw = 0;
    for (unsigned shift = 0; shift < width; shift += 4) {
        raw |= (n % 10) << shift;
        n /= 10;
    }
    return n == 0 ? raw : UINT64_C(0x9999999999999999) & bits_ones(width);
}

static uint64_t groups_bits(long double x, unsigned width)
{
    bool negative = x < 0;
    unsigned digits = width / 4;
    long double most = powl(10, digits) - 1;
    uint64_t n = (uint64_t)fminl(roundl(fabsl(x)), most), raw = 0;
    for (unsigned shift = 0; shift < width; shift += 16) {
        uint16_t group = (uint16_t)(n % 10000);
        raw |= (uint64_t)(uint16_t)(negative ? -group : group) << shift;
        n /= 10000;
    }
    return raw;
}

static uint64_t real_bits(const struct point *p, long double x)
{
    if (p->type == RAW_F64) {
        double d = (double)x;
        uint64_t raw;
        memcpy(&raw, &d, sizeof raw);
        return raw;
    }
    long double most = (long double)FLT_MAX;
    float f = (float)(x > most ? most : x < -most ? -most : x);
    if (p->type == RAW_F16)
        return half_bits(f);
    uint32_t raw;
    memcpy(&raw, &f, sizeof raw);
    return raw;
}

uint64_t bits_of(const struct point *p, long double x)
{
    switch ((enum raw_type)p->type) {
    case RAW_F16:
    case RAW_F32:
    case RAW_F64:
        return real_bits(p, x);
    case RAW_BCD16:
    case RAW_BCD32:
    case RAW_BCD64:
        return digits_bits(x, width_of[p->type]);
    case RAW_M10K32:
    case RAW_M10K48:
    case RAW_M10K64:
        return groups_bits(x, width_of[p->type]);
    case RAW_SM16: {
        uint64_t size = (uint64_t)fminl(roundl(fabsl(x)), 0x7FFF);
        return size | (x < 0 && size > 0 ? 0x8000U : 0);
    }
    case RAW_U8:
    case RAW_S8:
    case RAW_U16:
    case RAW_S16:
    case RAW_U24:
    case RAW_S24:
    case RAW_U32:
    case RAW_S32:
    case RAW_U48:
    case RAW_S48:
    case RAW_U64:
    case RAW_S64:
        return whole_bits(p, x);
    case RAW_BOOL:
    case RAW_STRING:
    case RAW_TIME:
    case RAW_COUNT:
        break;
    }
    return 0;
}
