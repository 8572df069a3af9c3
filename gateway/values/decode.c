/* SPDX-License-Identifier: Apache-2.0 */
#include "values/decode.h"

#include <math.h>
#include <string.h>

#include "base/text.h"
#include "values/curve.h"
#include "values/number.h"
#include "values/words.h"

static const uint8_t type_bits[RAW_COUNT] = {
    [RAW_BOOL] = 64,   [RAW_U8] = 8,      [RAW_S8] = 8,     [RAW_U16] = 16,   [RAW_S16] = 16,
    [RAW_U24] = 24,    [RAW_S24] = 24,    [RAW_U32] = 32,   [RAW_S32] = 32,   [RAW_U48] = 48,
    [RAW_S48] = 48,    [RAW_U64] = 64,    [RAW_S64] = 64,   [RAW_F16] = 16,   [RAW_F32] = 32,
    [RAW_F64] = 64,    [RAW_BCD16] = 16,  [RAW_BCD32] = 32, [RAW_BCD64] = 64, [RAW_M10K32] = 32,
    [RAW_M10K48] = 48, [RAW_M10K64] = 64, [RAW_SM16] = 16,  [RAW_STRING] = 0, [RAW_TIME] = 64,
};

enum { COLLECTED_MAX = 16 };

static void refuse(struct sample *out, const char *why)
{
    out->value = (struct value){.kind = VALUE_NONE};
    out->quality = QUALITY_SENSOR_FAILURE;
    out->reason = why;
}

static uint64_t ones(unsigned bits)
{
    return bits >= 64 ? UINT64_MAX : (UINT64_C(1) << bits) - 1;
}

static uint64_t gather(const struct point *p, const uint8_t *at)
{
    const uint8_t *o = p->order;
    switch (p->bytes) {
    case 2:
        return (uint64_t)at[o[0]] << 8 | at[o[1]];
    case 4:
        return (uint64_t)at[o[0]] << 24 | (uint64_t)at[o[1]] << 16 | (uint64_t)at[o[2]] << 8 |
               at[o[3]];
    default:
        break;
    }
    uint64_t raw = 0;
    if (p->bytes == 0) {
        /* A register with bits in it, or a clock: big-endian as it stands. */
        for (size_t i = 0; i < (size_t)p->words * 2 && i < sizeof raw; i++)
            raw = raw << 8 | at[i];
        return raw;
    }
    for (size_t i = 0; i < p->bytes && i < sizeof p->order; i++)
        raw = raw << 8 | at[o[i]];
    return raw;
}

static const char *sentinel(const struct point *p, uint64_t raw)
{
    for (uint32_t i = 0; i < p->invalid_count; i++)
        if (raw >= p->invalid[i].low && raw <= p->invalid[i].high)
            return p->invalid[i].reason;
    return NULL;
}

static uint64_t extract(const struct point *p, uint64_t raw, unsigned *bits)
{
    if (p->mask) {
        raw &= p->mask;
        *bits = 64 - (unsigned)__builtin_clzll(p->mask);
    }
    if (p->shift) {
        raw = p->shift < 64 ? raw >> p->shift : 0;
        *bits = *bits > p->shift ? *bits - p->shift : 1;
    }
    return raw;
}

static struct value signed_value(uint64_t raw, unsigned bits)
{
    if (bits < 64 && raw >> (bits - 1) & 1)
        raw |= ~ones(bits);
    return (struct value){.kind = VALUE_INT, .i = (int64_t)raw};
}

static const char *bcd(uint64_t raw, unsigned bits, struct value *v)
{
    uint64_t sum = 0;
    for (unsigned shift = bits; shift > 0; shift -= 4) {
        uint64_t digit = raw >> (shift - 4) & 0xF;
        if (digit > 9)
            return "not a BCD number: a digit above 9";
        sum = sum * 10 + digit;
    }
    *v = (struct value){.kind = VALUE_UINT, .u = sum};
    return NULL;
}

/* Groups of four decimal digits, each with the sign of the whole. Four groups stay below 10^16. */
static const char *modulo_10000(uint64_t raw, unsigned bits, struct value *v)
{
    int64_t sum = 0;
    bool positive = false, negative = false;
    for (unsigned shift = bits; shift > 0; shift -= 16) {
        int64_t group = (int16_t)(uint16_t)(raw >> (shift - 16));
        if (group > 9999 || group < -9999)
            return "not a modulo-10000 number: a group above 9999";
        positive = positive || group > 0;
        negative = negative || group < 0;
        sum = sum * 10000 + group;
    }
    if (positive && negative)
        return "not a modulo-10000 number: groups of both signs";
    *v = (struct value){.kind = VALUE_INT, .i = sum};
    return NULL;
}

/* Every half is also a float, exactly. */
static float half(uint16_t raw)
{
    unsigned exponent = raw >> 10 & 0x1F;
    int mantissa = raw & 0x3FF;
    float x;
    if (exponent == 0x1F)
        x = mantissa ? NAN : INFINITY;
    else if (exponent == 0)
        x = ldexpf((float)mantissa, -24);
    else
        x = ldexpf((float)(mantissa + 0x400), (int)exponent - 25);
    return raw & 0x8000 ? -x : x;
}

static const char *real(double x, bool single, struct value *v)
{
    if (!isfinite(x))
        return text_not_finite(x);
    *v = value_real(x);
    v->single = single;
    return NULL;
}

/* The number as the device means it, before any curve. NULL, or why it is none. */
static const char *number(const struct point *p, uint64_t raw, struct value *v)
{
    unsigned bits = type_bits[p->type];
    switch ((enum raw_type)p->type) {
    case RAW_U8:
    case RAW_U16:
    case RAW_U24:
    case RAW_U32:
    case RAW_U48:
    case RAW_U64:
        *v = (struct value){.kind = VALUE_UINT, .u = extract(p, raw, &bits)};
        return NULL;
    case RAW_S8:
    case RAW_S16:
    case RAW_S24:
    case RAW_S32:
    case RAW_S48:
    case RAW_S64:
        raw = extract(p, raw, &bits);
        *v = signed_value(raw, bits);
        return NULL;
    case RAW_F16:
        return real((double)half((uint16_t)raw), true, v);
    case RAW_F32: {
        uint32_t low = (uint32_t)raw;
        float x;
        memcpy(&x, &low, sizeof x);
        return real((double)x, true, v);
    }
    case RAW_F64: {
        double x;
        memcpy(&x, &raw, sizeof x);
        return real(x, false, v);
    }
    case RAW_BCD16:
    case RAW_BCD32:
    case RAW_BCD64:
        return bcd(raw, bits, v);
    case RAW_M10K32:
    case RAW_M10K48:
    case RAW_M10K64:
        return modulo_10000(raw, bits, v);
    case RAW_SM16: {
        int64_t magnitude = (int64_t)(raw & 0x7FFF);
        *v = (struct value){.kind = VALUE_INT, .i = raw & 0x8000 ? -magnitude : magnitude};
        return NULL;
    }
    case RAW_BOOL:
    case RAW_STRING:
    case RAW_TIME:
    case RAW_COUNT:
        break;
    }
    return "of a type without numbers";
}

static const struct choice *choice_of(const struct point *p, int64_t raw)
{
    uint32_t low = 0, high = p->choice_count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (p->choices[middle].raw < raw)
            low = middle + 1;
        else
            high = middle;
    }
    return low < p->choice_count && p->choices[low].raw == raw ? &p->choices[low] : NULL;
}

static void choose(const struct point *p, struct sample *out)
{
    struct value *v = &out->value;
    bool fits = v->kind == VALUE_BOOL || v->kind == VALUE_INT ||
                (v->kind == VALUE_UINT && v->u <= (uint64_t)INT64_MAX);
    int64_t raw = v->kind == VALUE_BOOL ? v->truth : v->i;
    const struct choice *c = fits && v->places == 0 ? choice_of(p, raw) : NULL;
    if (c) {
        *v = (struct value){.kind = VALUE_TEXT, .length = c->length, .text = c->text};
    } else {
        out->quality = QUALITY_UNCERTAIN;
        out->reason = "not in the enum";
    }
}

void decode_judge(const struct point *p, struct sample *out)
{
    uint8_t kind = out->value.kind;
    if (!p->has_valid || (kind != VALUE_INT && kind != VALUE_UINT && kind != VALUE_REAL))
        return;
    double x = value_number(&out->value), low = p->valid_low, high = p->valid_high;
    if (out->value.single) {
        /* A float of 0.1 is a little more than 0.1, and still meant to be within 0..0.1. */
        low = fmin(low, (double)(float)low);
        high = fmax(high, (double)(float)high);
    }
    if (x < low)
        refuse(out, "below the valid range");
    else if (x > high)
        refuse(out, "above the valid range");
}

/* What follows the raw number: enum, or curve and valid range. */
static void finish(const struct point *p, struct sample *out)
{
    if (p->choice_count) {
        choose(p, out);
        return;
    }
    const char *why = curve_apply(p, &out->value);
    if (why)
        refuse(out, why);
    else if (p->has_valid && p->exp_from < 0 && p->mul_from < 0)
        decode_judge(p, out);
}

static void finish_truth(const struct point *p, bool truth, struct sample *out)
{
    out->value = (struct value){.kind = VALUE_BOOL, .truth = truth != p->inverted};
    if (p->choice_count)
        choose(p, out);
}

/* Registers that lie apart, put side by side. words reaches to the end of the last of them. */
static const uint8_t *collect(const struct point *p, const uint8_t *at, uint8_t *out)
{
    unsigned last = 0;
    for (unsigned i = 0; i < p->part_count; i++)
        last = p->parts[i] > last ? p->parts[i] : last;
    size_t each = (size_t)(p->words - last) * 2;
    for (unsigned i = 0; i < p->part_count && (i + 1) * each <= COLLECTED_MAX; i++)
        memcpy(out + i * each, at + (size_t)p->parts[i] * 2, each);
    return out;
}

/* Each part is a number by itself. */
static void weigh(const struct point *p, const uint8_t *at, struct sample *out)
{
    static const struct decimal zero = {0};
    struct value sum = {.kind = VALUE_INT}, v;
    for (unsigned i = 0; i < p->part_count; i++) {
        uint64_t raw = gather(p, at + (size_t)p->parts[i] * 2);
        const char *why = p->invalid_count ? sentinel(p, raw & ones(type_bits[p->type])) : NULL;
        if (!why)
            why = number(p, raw, &v);
        if (why) {
            refuse(out, why);
            return;
        }
        number_linear(&v, &p->weights[i], &zero);
        number_add(&sum, &v);
    }
    out->value = sum;
    finish(p, out);
}

/* From registers that lie side by side. */
static void decode_at(const struct point *p, const uint8_t *at, char *text, struct sample *out);

/* Apart from the others' way, which has no room to clear. */
__attribute__((noinline)) static void decode_parts(const struct point *p, const uint8_t *at,
                                                   char *text, struct sample *out)
{
    uint8_t collected[COLLECTED_MAX];
    if (p->weights)
        weigh(p, at, out);
    else
        decode_at(p, collect(p, at, collected), text, out);
}

void decode_point(const struct point *p, const uint8_t *data, uint16_t offset, char *text,
                  struct sample *out)
{
    out->quality = QUALITY_GOOD;
    out->reason = NULL;
    out->time = (wall_t){0};
    if (p->table == TABLE_COIL || p->table == TABLE_DISCRETE) {
        finish_truth(p, data[offset >> 3] >> (offset & 7) & 1, out);
        return;
    }
    const uint8_t *at = data + (size_t)offset * 2;
    if (p->part_count)
        decode_parts(p, at, text, out);
    else
        decode_at(p, at, text, out);
}

static void decode_at(const struct point *p, const uint8_t *at, char *text, struct sample *out)
{
    const char *why = NULL;
    if (p->type == RAW_STRING) {
        why = words_string(p, at, text, &out->value);
        if (why)
            refuse(out, why);
        return;
    }
    /* Before the type has its say, except where a type is narrower than its registers. */
    uint64_t raw = gather(p, at);
    if (p->invalid_count)
        why = sentinel(p, raw & ones(type_bits[p->type]));
    if (!p->mask && !p->shift)
        raw &= ones(type_bits[p->type]);
    if (why)
        refuse(out, why);
    else if (p->bit >= 0)
        finish_truth(p, raw >> (p->bit & 63) & 1, out);
    else if (p->type == RAW_BOOL)
        finish_truth(p, extract(p, raw, &(unsigned){64}) != 0, out);
    else if ((why = p->type == RAW_TIME ? words_time(p, at, raw, text, &out->value)
                                        : number(p, raw, &out->value)))
        refuse(out, why);
    else if (p->type != RAW_TIME)
        finish(p, out);
}

void decode_from(const struct point *p, const struct sample *source, struct sample *out)
{
    *out = *source;
    struct value *v = &out->value;
    if (v->kind == VALUE_NONE)
        return;
    bool plain = !p->choice_count && p->curve == CURVE_NONE && p->bit < 0 && !p->mask && !p->shift;
    if (plain && (v->kind == VALUE_TEXT || v->kind == VALUE_BOOL)) {
        if (v->kind == VALUE_BOOL)
            v->truth = v->truth != p->inverted;
        return;
    }
    if (v->kind == VALUE_TEXT) {
        refuse(out, "computed from a text");
        return;
    }
    if (v->kind == VALUE_BOOL)
        *v = (struct value){.kind = VALUE_INT, .i = v->truth};
    if (p->bit >= 0 || p->mask || p->shift) {
        if (!value_is_whole(v)) {
            refuse(out, "bits of a number that is not whole");
            return;
        }
        unsigned bits = 64;
        uint64_t raw = v->u;
        if (p->bit >= 0) {
            finish_truth(p, raw >> (p->bit & 63) & 1, out);
            return;
        }
        *v = (struct value){.kind = VALUE_UINT, .u = extract(p, raw, &bits)};
    }
    finish(p, out);
}

/* A value must not be told without its scale; one that is only uncertain makes it uncertain too. */
static bool partner_stands(const struct sample *partner, struct sample *out)
{
    if (partner->quality == QUALITY_GOOD)
        return true;
    if (partner->value.kind != VALUE_NONE) {
        out->quality = partner->quality;
        out->reason = partner->reason;
        return true;
    }
    refuse(out, "scale not yet read");
    out->quality = QUALITY_BAD;
    if (partner->quality != QUALITY_NOT_CONNECTED && partner->reason) {
        out->quality = partner->quality;
        out->reason = partner->reason;
    }
    return false;
}

static const struct decimal *factor_of(const struct point *p, const struct value *code)
{
    if (code->kind == VALUE_TEXT) {
        for (uint32_t i = 0; i < p->factor_count; i++)
            if (p->factors[i].word && p->factors[i].word_length == code->length &&
                memcmp(p->factors[i].word, code->text, code->length) == 0)
                return &p->factors[i].by;
        return NULL;
    }
    bool truth = code->kind == VALUE_BOOL;
    if (!truth && (!value_is_whole(code) || (code->kind == VALUE_UINT && code->u > INT64_MAX)))
        return NULL;
    int64_t wanted = truth ? code->truth : code->i;
    uint32_t low = 0, high = p->factor_count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (p->factors[middle].code < wanted)
            low = middle + 1;
        else
            high = middle;
    }
    return low < p->factor_count && p->factors[low].code == wanted ? &p->factors[low].by : NULL;
}

static bool multiply(const struct point *p, const struct value *factor, struct sample *out)
{
    static const struct decimal zero = {0};
    if (p->factor_count) {
        const struct decimal *by = factor_of(p, factor);
        if (by)
            number_linear(&out->value, by, &zero);
        else
            refuse(out, "the code in its unit or scale register has no factor in the map");
        return by != NULL;
    }
    if (isnan(value_number(factor))) {
        refuse(out, "its factor is not a number");
        return false;
    }
    number_times(&out->value, factor);
    return true;
}

void decode_scaled(const struct point *p, const struct sample *exponent,
                   const struct sample *factor, struct sample *out)
{
    uint8_t kind = out->value.kind;
    if (kind != VALUE_INT && kind != VALUE_UINT && kind != VALUE_REAL)
        return;
    if (exponent) {
        if (!partner_stands(exponent, out))
            return;
        double e = value_number(&exponent->value);
        if (!(e >= -18 && e <= 18) || e != floor(e)) {
            refuse(out, "its scale is not an exponent");
            return;
        }
        number_power(&out->value, (int)e);
    }
    if (factor) {
        if (!partner_stands(factor, out) || !multiply(p, &factor->value, out))
            return;
    }
    if (factor || (exponent && p->mul_from < 0))
        number_stay_real(&out->value);
    if (out->value.kind == VALUE_REAL && !isfinite(out->value.real))
        refuse(out, text_not_finite(out->value.real));
    else
        decode_judge(p, out);
}

static bool condition_number(const struct point *of, const struct value *v, double *x)
{
    if (v->kind == VALUE_TEXT) {
        for (uint32_t i = 0; i < of->choice_count; i++)
            if (v->length == of->choices[i].length &&
                memcmp(v->text, of->choices[i].text, v->length) == 0) {
                *x = (double)of->choices[i].raw;
                return true;
            }
        return false;
    }
    *x = value_number(v);
    return !isnan(*x);
}

bool decode_condition(const struct condition *c, const struct point *of, const struct sample *other)
{
    double x;
    if (!condition_number(of, &other->value, &x))
        return false;
    if (c->bit >= 0) {
        const struct value *v = &other->value;
        uint64_t raw = value_is_whole(v) ? v->u : x >= 0 && x < 0x1p63 ? (uint64_t)x : 0;
        x = (double)(raw >> (c->bit & 63) & 1);
    }
    return (x == (double)c->constant) == c->equal;
}
