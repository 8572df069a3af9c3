/* SPDX-License-Identifier: Apache-2.0 */
#include "values/encode.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "values/bits.h"
#include "values/decode.h"

__attribute__((format(printf, 2, 3))) static const char *say(char *said, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(said, ENCODE_SAID, format, args);
    va_end(args);
    return said;
}

static bool is_bits(const struct point *p)
{
    return p->table == TABLE_COIL || p->table == TABLE_DISCRETE;
}

static bool is_truth(const struct point *p)
{
    return is_bits(p) || p->bit >= 0 || p->type == RAW_BOOL;
}

const char *encode_cannot(const struct point *p)
{
    if (p->from >= 0)
        return "it is computed, and stands in no register";
    if (p->type == RAW_STRING || p->type == RAW_TIME)
        return "texts and times can only be read";
    if (p->curve == CURVE_TABLE || p->curve == CURVE_WEIR || p->curve == CURVE_PF4Q)
        return "its curve can't be taken back";
    if (p->exp_from >= 0 || p->mul_from >= 0)
        return "its scale is another tag's value";
    if (p->valid_if.point >= 0)
        return "another tag decides what it means";
    if (p->parts || (!is_bits(p) && p->words > ENCODE_WORDS))
        return "its registers don't lie side by side";
    return NULL;
}

const char *encode_text(char out[static ENCODE_TEXT], const struct value *v)
{
    switch ((enum value_kind)v->kind) {
    case VALUE_BOOL:
        snprintf(out, ENCODE_TEXT, "%s", v->truth ? "true" : "false");
        break;
    case VALUE_INT: {
        uint64_t size = v->i < 0 ? 0 - (uint64_t)v->i : (uint64_t)v->i;
        out[text_from_fixed(out, v->i < 0, size, v->places)] = '\0';
        break;
    }
    case VALUE_UINT:
        out[text_from_fixed(out, false, v->u, v->places)] = '\0';
        break;
    case VALUE_REAL:
        if (isfinite(v->real))
            out[text_from_real(out, v->real, v->single)] = '\0';
        else
            snprintf(out, ENCODE_TEXT, "%s", text_not_finite(v->real));
        break;
    case VALUE_TEXT:
        snprintf(out, ENCODE_TEXT, "%.*s", (int)(v->length < 128 ? v->length : 128), v->text);
        break;
    case VALUE_NONE:
        snprintf(out, ENCODE_TEXT, "nothing");
        break;
    }
    return out;
}

void encode_back(const struct point *p, const uint16_t words[ENCODE_WORDS], struct sample *out)
{
    uint8_t data[2 * ENCODE_WORDS] = {0};
    if (is_bits(p))
        data[0] = words[0] != 0;
    for (unsigned i = 0; i < ENCODE_WORDS && !is_bits(p); i++) {
        data[2 * i] = (uint8_t)(words[i] >> 8);
        data[2 * i + 1] = (uint8_t)words[i];
    }
    decode_point(p, data, 0, NULL, out);
}

/* ---- true and false -------------------------------------------------------------------------- */

static void put_truth(const struct point *p, bool truth, struct encoded *out)
{
    bool set = truth != p->inverted;
    if (is_bits(p)) {
        out->words[0] = set;
        out->masks[0] = 1;
        return;
    }
    uint64_t own = p->bit >= 0 ? UINT64_C(1) << p->bit : p->mask;
    bits_put(p, own ? own : UINT64_MAX, out->masks);
    bits_put(p, !set ? 0 : own ? own : 1, out->words);
}

/* ---- words of an enum ------------------------------------------------------------------------ */

static const struct choice *choice_called(const struct point *p, const struct value *v)
{
    for (uint32_t i = 0; i < p->choice_count; i++)
        if (v->length == p->choices[i].length &&
            memcmp(v->text, p->choices[i].text, v->length) == 0)
            return &p->choices[i];
    return NULL;
}

static const char *say_choices(const struct point *p, const struct value *v, char *said)
{
    char given[ENCODE_TEXT];
    int n = snprintf(said, ENCODE_SAID, "%s is none of its words: ", encode_text(given, v));
    for (uint32_t i = 0; i < p->choice_count && n < ENCODE_SAID - 40; i++)
        n += snprintf(said + n, (size_t)(ENCODE_SAID - n), "%s\"%.60s\"", i ? ", " : "",
                      p->choices[i].text);
    return said;
}

/* ---- numbers --------------------------------------------------------------------------------- */

/* Digits that JSON can't carry as a number come as a text; nothing else does. */
static bool is_long_digits(const struct value *v, struct value *out)
{
    char digits[32];
    int64_t i;
    uint64_t u;
    if (v->length < 16 || v->length >= sizeof digits || v->text[0] == '+')
        return false;
    memcpy(digits, v->text, v->length);
    digits[v->length] = '\0';
    if (strspn(digits + (digits[0] == '-'), "0123456789") != v->length - (digits[0] == '-'))
        return false;
    if (text_to_u64(digits, &u))
        *out = (struct value){.kind = VALUE_UINT, .u = u};
    else if (text_to_s64(digits, &i))
        *out = (struct value){.kind = VALUE_INT, .i = i};
    else
        return false;
    return true;
}

/* The number that stands in the registers, before it is rounded. */
static long double before_curve(const struct point *p, long double x)
{
    if (p->curve == CURVE_LINEAR) {
        long double scale = bits_decimal(&p->scale);
        return scale != 0 ? (x - bits_decimal(&p->offset)) / scale : 0;
    }
    if (p->curve == CURVE_SPAN)
        return (long double)p->raw_low + (x - (long double)p->eng_low) /
                                             (long double)(p->eng_high - p->eng_low) *
                                             (long double)(p->raw_high - p->raw_low);
    return x;
}

static void put_raw(const struct point *p, long double raw, struct encoded *out)
{
    uint64_t bits = bits_of(p, raw);
    memset(out->words, 0, sizeof out->words);
    if (p->mask)
        bits = bits << p->shift & p->mask;
    else if (p->shift)
        bits <<= p->shift;
    bits_put(p, bits, out->words);
}

static void read_raw(const struct point *p, long double raw, struct sample *s)
{
    struct encoded e = {0};
    put_raw(p, raw, &e);
    encode_back(p, e.words, s);
}

/* How far what is read may be from what was wanted and still be it: a float has its own digits, a
 * span its own steps, and everything else none at all. */
static double slack(const struct point *p, double x)
{
    double size = fabs(x);
    if (p->type == RAW_F64)
        return size * 0x1p-51;
    if (p->type == RAW_F32)
        return size * 0x1p-22 + 0x1p-126;
    if (p->type == RAW_F16)
        return size * 0x1p-11 + 0x1p-24;
    if (p->curve == CURVE_SPAN)
        return fabs((p->eng_high - p->eng_low) / (p->raw_high - p->raw_low)) * 0.5000001;
    return 0;
}

static bool is_wanted(const struct point *p, const struct sample *s, const struct value *v)
{
    const struct value *is = &s->value;
    if (s->quality != QUALITY_GOOD ||
        (is->kind != VALUE_INT && is->kind != VALUE_UINT && is->kind != VALUE_REAL))
        return false;
    double x = value_number(v), y = value_number(is);
    double apart = slack(p, x);
    if (is->kind == VALUE_REAL && apart <= 0)
        apart = fabs(x) * 0x1p-51; /* beyond what decimals can hold */
    if (apart > 0)
        return fabs(x - y) <= apart;
    /* 20.3 of JSON is a double that is not quite 20.3; whole numbers are themselves. */
    return v->kind == VALUE_REAL ? x >= y && x <= y : value_compare(is, v) == 0;
}

/* The steps beside it, in engineering units. One of them is what was read, and good. */
static const char *say_neighbours(const struct point *p, const struct value *v, long double raw,
                                  char *said)
{
    struct sample low, high;
    char wanted[ENCODE_TEXT], a[ENCODE_TEXT], b[ENCODE_TEXT];
    const char *space = *p->unit ? " " : "";
    encode_text(wanted, v);
    read_raw(p, floorl(raw), &low);
    read_raw(p, ceill(raw), &high);
    bool both = low.quality == QUALITY_GOOD && high.quality == QUALITY_GOOD;
    const struct sample *one = low.quality == QUALITY_GOOD ? &low : &high;
    if (both && value_number(&low.value) > value_number(&high.value)) {
        struct sample swap = low;
        low = high;
        high = swap;
    }
    if (both)
        return say(said, "its registers can't say %s%s%s: the nearest are %s and %s", wanted, space,
                   p->unit, encode_text(a, &low.value), encode_text(b, &high.value));
    return say(said, "its registers can't say %s%s%s: the nearest is %s", wanted, space, p->unit,
               encode_text(a, &one->value));
}

static const char *say_misfit(const struct point *p, const struct value *v, long double raw,
                              const struct sample *got, char *said)
{
    struct sample least, most;
    char wanted[ENCODE_TEXT], a[ENCODE_TEXT], b[ENCODE_TEXT];
    bool rises = p->curve != CURVE_LINEAR || p->scale.real > 0;
    read_raw(p, rises ? -1e300L : 1e300L, &least);
    read_raw(p, rises ? 1e300L : -1e300L, &most);
    double x = value_number(v);
    bool known = least.quality == QUALITY_GOOD && most.quality == QUALITY_GOOD;
    if (known && (x < value_number(&least.value) || x > value_number(&most.value)))
        return say(said, "%s does not fit: its registers hold %s to %s %s", encode_text(wanted, v),
                   encode_text(a, &least.value), encode_text(b, &most.value), p->unit);
    if (got->quality != QUALITY_GOOD)
        return say(said, "%s would be read as no value: %s", encode_text(wanted, v), got->reason);
    return say_neighbours(p, v, raw, said);
}

static const char *put_number(const struct point *p, const struct value *v, struct encoded *out,
                              char *said)
{
    struct value number = *v;
    if (v->kind == VALUE_TEXT && !is_long_digits(v, &number))
        return say(said, "it is a number%s%s, without quotes", *p->unit ? " in " : "", p->unit);
    if (v->kind == VALUE_BOOL)
        return say(said, "it is a number%s%s, not true or false", *p->unit ? " in " : "", p->unit);
    long double x = bits_number(&number);
    if (!isfinite(x))
        return say(said, "it is a number%s%s", *p->unit ? " in " : "", p->unit);
    long double raw = before_curve(p, x);
    struct sample s;
    uint64_t own = p->mask ? p->mask : p->shift ? UINT64_MAX << p->shift : UINT64_MAX;
    bits_put(p, own, out->masks);
    /* Counters of 19 digits and a decimal scale need a digit more than a long double has. */
    static const int tries[] = {1, -1, 2, -2, 0};
    put_raw(p, raw, out);
    encode_back(p, out->words, &s);
    for (size_t i = 0; i < sizeof tries / sizeof *tries && !is_wanted(p, &s, &number); i++) {
        put_raw(p, roundl(raw) + tries[i], out);
        encode_back(p, out->words, &s);
    }
    return is_wanted(p, &s, &number) ? NULL : say_misfit(p, &number, raw, &s, said);
}

static const char *put_choice(const struct point *p, const struct value *v, struct encoded *out,
                              char *said)
{
    const struct choice *c = v->kind == VALUE_TEXT ? choice_called(p, v) : NULL;
    if (!c)
        return say_choices(p, v, said);
    if (is_truth(p)) {
        put_truth(p, c->raw != 0, out);
    } else {
        bits_put(p, p->mask ? p->mask : UINT64_MAX, out->masks);
        put_raw(p, (long double)c->raw, out);
    }
    struct sample s;
    encode_back(p, out->words, &s);
    if (s.value.kind == VALUE_TEXT && s.value.length == v->length &&
        memcmp(s.value.text, v->text, v->length) == 0)
        return NULL;
    return say(said, "its registers can't say \"%.60s\"", c->text);
}

const char *encode_point(const struct point *p, const struct value *v, struct encoded *out,
                         char said[static ENCODE_SAID])
{
    const char *why = encode_cannot(p);
    *out = (struct encoded){.count = is_bits(p) ? 1 : p->words};
    if (why)
        return say(said, "%s", why);
    if (p->choice_count)
        return put_choice(p, v, out, said);
    if (!is_truth(p))
        return put_number(p, v, out, said);
    if (v->kind != VALUE_BOOL)
        return say(said, "it is true or false");
    put_truth(p, v->truth, out);
    struct sample s;
    encode_back(p, out->words, &s);
    if (s.quality != QUALITY_GOOD)
        return say(said, "it would be read as no value: %s", s.reason);
    return NULL;
}
