/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/encode.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "sim/encode_words.h"

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

static uint64_t low_bits(unsigned n)
{
    return n >= 64 ? UINT64_MAX : (UINT64_C(1) << n) - 1;
}

static uint64_t words_get(const struct point *p, const uint16_t *words)
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

static void words_put(const struct point *p, uint64_t raw, uint16_t *words)
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

static bool is_sentinel(const struct point *p, uint64_t raw)
{
    for (uint32_t i = 0; i < p->invalid_count; i++)
        if (raw >= p->invalid[i].low && raw <= p->invalid[i].high)
            return true;
    return false;
}

/* Found by halving, for tables that rise or fall throughout; flat parts give their lower end. */
static double table_back(const struct point *p, double y)
{
    uint32_t n = p->pair_count;
    if (n == 0)
        return y;
    bool rising = p->pairs[n - 1].y >= p->pairs[0].y;
    for (uint32_t i = 1; i < n; i++) {
        const struct pair *a = &p->pairs[i - 1], *b = &p->pairs[i];
        bool here = rising ? y <= b->y : y >= b->y;
        if (!here && i + 1 < n)
            continue;
        double part = b->y == a->y ? 0 : (y - a->y) / (b->y - a->y);
        return a->x + fmin(fmax(part, 0), 1) * (b->x - a->x);
    }
    return p->pairs[0].x;
}

double encode_before_curve(const struct point *p, double x)
{
    switch ((enum curve)p->curve) {
    case CURVE_LINEAR:
        return p->scale.real != 0 ? (x - p->offset.real) / p->scale.real : 0;
    case CURVE_SPAN:
        return p->raw_low +
               (x - p->eng_low) / (p->eng_high - p->eng_low) * (p->raw_high - p->raw_low);
    case CURVE_TABLE:
        return table_back(p, x);
    case CURVE_WEIR:
        return x > 0 ? pow(x / p->weir_k, 1 / p->weir_n) : 0;
    case CURVE_NONE:
    case CURVE_PF4Q: /* a lagging factor stands as it is */
        break;
    }
    return x;
}

/* A long double has at least the 64 bits that counters need. */
static long double number_of(const struct value *v)
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

static long double decimal_of(const struct decimal *d)
{
    if (d->places > 9)
        return (long double)d->real;
    long double x = (long double)d->mantissa;
    for (unsigned i = 0; i < d->places; i++)
        x /= 10;
    return x;
}

static bool choice_back(const struct point *p, const struct value *v, long double *x)
{
    for (uint32_t i = 0; i < p->choice_count; i++) {
        if (v->length == p->choices[i].length &&
            memcmp(v->text, p->choices[i].text, v->length) == 0) {
            *x = (long double)p->choices[i].raw;
            return true;
        }
    }
    return false;
}

/* The value that stands in the registers, before rounding to the type. */
static bool before(const struct point *p, const struct value *v, double factor, long double *x)
{
    if (v->kind == VALUE_TEXT)
        return choice_back(p, v, x);
    *x = number_of(v);
    if (!isfinite(*x) || factor == 0 || !isfinite(factor))
        return false;
    if (p->choice_count > 0)
        return true;
    *x /= (long double)factor;
    if (p->curve == CURVE_LINEAR) {
        long double scale = decimal_of(&p->scale);
        *x = scale != 0 ? (*x - decimal_of(&p->offset)) / scale : 0;
    } else if (p->curve != CURVE_NONE && p->curve != CURVE_PF4Q) {
        *x = (long double)encode_before_curve(p, (double)*x);
    }
    return isfinite(*x);
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
        return (uint64_t)(int64_t)x & low_bits(width);
    }
    if (x <= 0)
        return 0;
    return x >= ldexpl(1, (int)width) ? low_bits(width) : (uint64_t)x;
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
    return n == 0 ? raw : UINT64_C(0x9999999999999999) & low_bits(width);
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

static uint64_t number_bits(const struct point *p, long double x)
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

/* true and false: a bit, a coil, or a bool type that looks at a whole (masked) register. */
static bool encode_truth(const struct point *p, const struct value *v, uint16_t *words)
{
    if (v->kind == VALUE_TEXT || v->kind == VALUE_NONE)
        return false;
    bool set = (number_of(v) != 0) != p->inverted;
    if (p->table == TABLE_COIL || p->table == TABLE_DISCRETE) {
        words[0] = set;
        return true;
    }
    uint64_t raw = words_get(p, words);
    uint64_t bits = p->bit >= 0 ? UINT64_C(1) << p->bit : p->mask != 0 ? p->mask : 1;
    if (!set)
        raw &= p->bit >= 0 || p->mask != 0 ? ~bits : 0;
    else
        raw |= bits;
    if (is_sentinel(p, raw))
        return false;
    words_put(p, raw, words);
    return true;
}

bool raw_encode(const struct point *p, const struct value *v, double factor, uint16_t *words)
{
    if (p->table == TABLE_COIL || p->table == TABLE_DISCRETE || p->bit >= 0 || p->type == RAW_BOOL)
        return encode_truth(p, v, words);
    if (p->type == RAW_STRING)
        return encode_string(p, v, words);
    uint64_t raw;
    if (p->type == RAW_TIME) {
        long double seconds = number_of(v);
        if (!isfinite(seconds) || seconds < 0 || !encode_time(p, seconds, &raw, words))
            return false;
        if (p->bytes != 0)
            words_put(p, raw, words);
        return true;
    }
    long double x;
    if (!before(p, v, factor, &x))
        return false;
    raw = number_bits(p, x);
    if (p->mask != 0)
        raw = (raw << p->shift & p->mask) | (words_get(p, words) & ~p->mask);
    else if (p->shift != 0)
        raw = (raw << p->shift) | (words_get(p, words) & low_bits(p->shift));
    if (is_sentinel(p, raw))
        return false;
    words_put(p, raw, words);
    return true;
}

bool raw_encode_bad(const struct point *p, uint16_t *words)
{
    if (p->table == TABLE_COIL || p->table == TABLE_DISCRETE)
        return false;
    uint64_t raw;
    if (p->invalid_count > 0)
        raw = p->invalid[0].low;
    else if (p->type == RAW_F16)
        raw = 0x7E00;
    else if (p->type == RAW_F32)
        raw = 0x7FC00000;
    else if (p->type == RAW_F64)
        raw = UINT64_C(0x7FF8000000000000);
    else
        return false;
    words_put(p, raw, words);
    return true;
}
