/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/encode.h"

#include <math.h>
#include <string.h>

#include "sim/encode_words.h"
#include "values/bits.h"

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
    *x = bits_number(v);
    if (!isfinite(*x) || factor == 0 || !isfinite(factor))
        return false;
    if (p->choice_count > 0)
        return true;
    *x /= (long double)factor;
    if (p->curve == CURVE_LINEAR) {
        long double scale = bits_decimal(&p->scale);
        *x = scale != 0 ? (*x - bits_decimal(&p->offset)) / scale : 0;
    } else if (p->curve != CURVE_NONE && p->curve != CURVE_PF4Q) {
        *x = (long double)encode_before_curve(p, (double)*x);
    }
    return isfinite(*x);
}

/* true and false: a bit, a coil, or a bool type that looks at a whole (masked) register. */
static bool encode_truth(const struct point *p, const struct value *v, uint16_t *words)
{
    if (v->kind == VALUE_TEXT || v->kind == VALUE_NONE)
        return false;
    bool set = (bits_number(v) != 0) != p->inverted;
    if (p->table == TABLE_COIL || p->table == TABLE_DISCRETE) {
        words[0] = set;
        return true;
    }
    uint64_t raw = bits_get(p, words);
    uint64_t bits = p->bit >= 0 ? UINT64_C(1) << p->bit : p->mask != 0 ? p->mask : 1;
    if (!set)
        raw &= p->bit >= 0 || p->mask != 0 ? ~bits : 0;
    else
        raw |= bits;
    if (is_sentinel(p, raw))
        return false;
    bits_put(p, raw, words);
    return true;
}

bool raw_encode(const struct point *p, const struct value *v, double factor, uint16_t *words)
{
    if (p->part_count > 0)
        return encode_parts(p, v, factor, words);
    if (p->table == TABLE_COIL || p->table == TABLE_DISCRETE || p->bit >= 0 || p->type == RAW_BOOL)
        return encode_truth(p, v, words);
    if (p->type == RAW_STRING)
        return encode_string(p, v, words);
    uint64_t raw;
    if (p->type == RAW_TIME) {
        long double seconds = bits_number(v);
        if (!isfinite(seconds) || seconds < 0 || !encode_time(p, seconds, &raw, words))
            return false;
        if (p->bytes != 0)
            bits_put(p, raw, words);
        return true;
    }
    long double x;
    if (!before(p, v, factor, &x))
        return false;
    raw = bits_of(p, x);
    if (p->mask != 0)
        raw = (raw << p->shift & p->mask) | (bits_get(p, words) & ~p->mask);
    else if (p->shift != 0)
        raw = (raw << p->shift) | (bits_get(p, words) & bits_ones(p->shift));
    if (is_sentinel(p, raw))
        return false;
    bits_put(p, raw, words);
    return true;
}

bool raw_encode_bad(const struct point *p, uint16_t *words)
{
    if (p->table == TABLE_COIL || p->table == TABLE_DISCRETE || p->part_count > 0)
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
    bits_put(p, raw, words);
    return true;
}
