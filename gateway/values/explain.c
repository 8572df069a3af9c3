/* SPDX-License-Identifier: Apache-2.0 */
#include "values/explain.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "values/decode.h"
#include "values/explain_parts.h"
#include "values/judge.h"

const char *explain_kind_name(enum explain_kind k)
{
    static const char *const names[EXPLAIN_KIND_COUNT] = {
        [EXPLAIN_WORDS] = "words",   [EXPLAIN_ORDER] = "order", [EXPLAIN_SENTINEL] = "sentinel",
        [EXPLAIN_RAW] = "raw",       [EXPLAIN_FROM] = "from",   [EXPLAIN_BITS] = "bits",
        [EXPLAIN_CURVE] = "curve",   [EXPLAIN_ENUM] = "enum",   [EXPLAIN_EXPONENT] = "exponent",
        [EXPLAIN_FACTOR] = "factor", [EXPLAIN_RANGE] = "range", [EXPLAIN_CONDITION] = "condition"};
    return names[k];
}

const char *explain_value(char *out, size_t room, const struct value *v)
{
    char digits[40];
    size_t n = 0;
    switch ((enum value_kind)v->kind) {
    case VALUE_NONE:
        snprintf(out, room, "-");
        return out;
    case VALUE_BOOL:
        snprintf(out, room, "%s", v->truth ? "true" : "false");
        return out;
    case VALUE_TEXT:
        snprintf(out, room, "'%.*s'", (int)v->length, v->text);
        return out;
    case VALUE_INT:
        n = text_from_fixed(digits, v->i < 0, v->i < 0 ? 0 - (uint64_t)v->i : (uint64_t)v->i,
                            v->places);
        break;
    case VALUE_UINT:
        n = text_from_fixed(digits, false, v->u, v->places);
        break;
    case VALUE_REAL:
        if (isfinite(v->real))
            n = text_from_real(digits, v->real, v->single);
        break;
    }
    snprintf(out, room, "%.*s", (int)n, digits);
    return out;
}

/* ---- steps ------------------------------------------------------------------------------------
 */

static struct explain_step *add(struct explanation *out, enum explain_kind kind)
{
    struct explain_step *s =
        &out->steps[out->count < EXPLAIN_STEPS ? out->count++ : EXPLAIN_STEPS - 1];
    *s = (struct explain_step){.kind = (uint8_t)kind, .after.quality = QUALITY_GOOD};
    return s;
}

static bool has_value(const struct sample *s)
{
    return s->value.kind != VALUE_NONE;
}

static bool same(const struct sample *a, const struct sample *b)
{
    bool values = a->value.kind == b->value.kind && a->value.places == b->value.places &&
                  (a->value.kind == VALUE_NONE || value_equal(&a->value, &b->value));
    return values && a->quality == b->quality && a->reason == b->reason;
}

/* A point that knows where its bytes are, and nothing of what they mean beyond the number. */
static struct point bare(const struct point *p)
{
    struct point b = *p;
    b.curve = CURVE_NONE;
    b.choice_count = b.invalid_count = 0;
    b.has_valid = false;
    b.mask = 0;
    b.shift = 0;
    b.exp_from = b.mul_from = b.valid_if.point = -1;
    if (b.bit >= 0) {
        b.bit = -1;
        b.inverted = false;
        if (b.type == RAW_BOOL) /* of a register: its number is meant */
            b.type = RAW_U16;
    }
    return b;
}

static void decode(const struct explain_input *in, const struct point *p, struct sample *out)
{
    if (p->from >= 0)
        decode_from(p, in->source, out);
    else
        decode_point(p, in->data, in->offset, in->text, out);
}

static unsigned word_at(const uint8_t *at)
{
    return (unsigned)(at[0] << 8 | at[1]);
}

static void tell_words(const struct explain_input *in, const struct point *p,
                       struct explanation *out)
{
    struct explain_step *s = add(out, EXPLAIN_WORDS);
    size_t n = 0;
    if (explain_is_bits(p)) {
        snprintf(s->text, sizeof s->text, "%u: %d", p->address,
                 in->data[in->offset >> 3] >> (in->offset & 7) & 1);
        return;
    }
    const uint8_t *at = in->data + (size_t)in->offset * 2;
    unsigned count = p->part_count ? p->part_count : p->words;
    for (unsigned i = 0; i < count && n + 24 < sizeof s->text; i++) {
        unsigned word = p->part_count ? p->parts[i] : i;
        n += (size_t)snprintf(s->text + n, sizeof s->text - n, "%s%u: %04X", i ? ", " : "",
                              p->address + word, word_at(at + (size_t)word * 2));
    }
    if (n + 24 >= sizeof s->text)
        snprintf(s->text + n, sizeof s->text - n, " ...");
}

void explain_order_name(const struct point *p, char out[static 9])
{
    size_t n = p->bytes < 8 ? p->bytes : 8;
    for (size_t i = 0; i < n; i++)
        out[i] = (char)('A' + p->order[i]);
    out[n] = 0;
}

static void tell_order(const struct explain_input *in, const struct point *p,
                       struct explanation *out)
{
    if (explain_is_bits(p) || p->bytes == 0 || p->part_count)
        return;
    struct explain_step *s = add(out, EXPLAIN_ORDER);
    const uint8_t *at = in->data + (size_t)in->offset * 2;
    char name[9];
    explain_order_name(p, name);
    size_t n = (size_t)snprintf(s->text, sizeof s->text, "%s:", name);
    for (size_t i = 0; i < p->bytes && i < 8; i++)
        n += (size_t)snprintf(s->text + n, sizeof s->text - n, " %02X", at[p->order[i]]);
}

/* true: the words mean that there is no value. */
static bool tell_sentinel(const struct explain_input *in, const struct point *p,
                          struct explanation *out)
{
    if (p->invalid_count == 0 || p->from >= 0)
        return false;
    struct point without = bare(p), with = without;
    with.invalid = p->invalid;
    with.invalid_count = p->invalid_count;
    struct sample a, b;
    decode(in, &without, &a);
    decode(in, &with, &b);
    bool hit = !same(&a, &b);
    struct explain_step *s = add(out, EXPLAIN_SENTINEL);
    if (hit) {
        s->after = b;
        snprintf(s->text, sizeof s->text, "the map says that this is no value: %s", b.reason);
    } else {
        snprintf(s->text, sizeof s->text, "none of the %u raw values that mean no value",
                 p->invalid_count);
    }
    return hit;
}

static void tell_raw(const struct explain_input *in, const struct point *p, struct explanation *out,
                     const char *type)
{
    const struct point b = bare(p);
    struct explain_step *s = add(out, p->from >= 0 ? EXPLAIN_FROM : EXPLAIN_RAW);
    decode(in, &b, &s->after);
    if (p->from >= 0) {
        s->after = *in->source;
        snprintf(s->text, sizeof s->text, "the value of %s", in->map->points[p->from].name);
    } else if (p->part_count && p->weights) {
        snprintf(s->text, sizeof s->text, "%u %s numbers, weighed and added", p->part_count, type);
    } else if (explain_is_bits(p)) {
        snprintf(s->text, sizeof s->text, "a bit%s",
                 p->inverted ? ", which means its opposite" : "");
    } else {
        snprintf(s->text, sizeof s->text, "as %s", type);
    }
}

static void tell_bits(const struct explain_input *in, const struct point *p, struct point *known,
                      struct explanation *out)
{
    known->type = p->type;
    known->bit = p->bit;
    known->inverted = p->inverted;
    known->mask = p->mask;
    known->shift = p->shift;
    if (explain_is_bits(p) || (p->bit < 0 && !p->mask && !p->shift))
        return;
    struct explain_step *s = add(out, EXPLAIN_BITS);
    decode(in, known, &s->after);
    const char *inverted = p->inverted ? ", which means its opposite" : "";
    if (p->bit >= 0)
        snprintf(s->text, sizeof s->text, "bit %d%s", p->bit, inverted);
    else
        snprintf(s->text, sizeof s->text, "mask 0x%llX, shifted right by %u%s",
                 (unsigned long long)p->mask, p->shift, inverted);
}

static const char *decimal_text(char *out, size_t room, const struct decimal *d)
{
    struct value v = {.kind = VALUE_INT, .places = d->places, .i = d->mantissa};
    if (d->places > 9)
        v = (struct value){.kind = VALUE_REAL, .real = d->real};
    return explain_value(out, room, &v);
}

static void tell_curve(const struct explain_input *in, const struct point *p, struct point *known,
                       struct explanation *out)
{
    known->curve = p->curve;
    if (p->curve == CURVE_NONE || p->choice_count)
        return;
    struct explain_step *s = add(out, EXPLAIN_CURVE);
    decode(in, known, &s->after);
    char a[48], b[48];
    switch ((enum curve)p->curve) {
    case CURVE_LINEAR:
        snprintf(s->text, sizeof s->text, "x %s + %s", decimal_text(a, sizeof a, &p->scale),
                 decimal_text(b, sizeof b, &p->offset));
        break;
    case CURVE_SPAN:
        snprintf(s->text, sizeof s->text, "raw %g..%g is %g..%g", p->raw_low, p->raw_high,
                 p->eng_low, p->eng_high);
        break;
    case CURVE_TABLE:
        snprintf(s->text, sizeof s->text, "by a table of %u pairs", p->pair_count);
        break;
    case CURVE_WEIR:
        snprintf(s->text, sizeof s->text, "a weir: %g x head^%g", p->weir_k, p->weir_n);
        break;
    case CURVE_PF4Q:
        snprintf(s->text, sizeof s->text, "a power factor of four quadrants");
        break;
    case CURVE_NONE:
        break;
    }
}

static void tell_partner(const struct explain_input *in, const struct point *p, bool exponent,
                         struct sample *now, struct explanation *out)
{
    const struct sample *partner = exponent ? in->exponent : in->factor;
    struct explain_step *s = add(out, exponent ? EXPLAIN_EXPONENT : EXPLAIN_FACTOR);
    struct point b = bare(p);
    b.exp_from = p->exp_from;
    b.mul_from = p->mul_from;
    decode_scaled(&b, exponent ? partner : NULL, exponent ? NULL : partner, now);
    char text[96];
    int32_t from = exponent ? p->exp_from : p->mul_from;
    bool coded = !exponent && p->factor_count > 0;
    snprintf(s->text, sizeof s->text, "x %s%s, which is %s%s%s",
             exponent ? "10^"
             : coded  ? "the factor for the code in "
                      : "",
             in->map->points[from].name, explain_value(text, sizeof text, &partner->value),
             partner->reason ? ": " : "", partner->reason ? partner->reason : "");
    s->after = *now;
}

static void tell_enum(const struct explain_input *in, const struct point *p, struct point *known,
                      struct explanation *out)
{
    known->choices = p->choices;
    known->choice_count = p->choice_count;
    if (p->choice_count == 0)
        return;
    struct explain_step *s = add(out, EXPLAIN_ENUM);
    decode(in, known, &s->after);
    snprintf(s->text, sizeof s->text, "one of %u words", p->choice_count);
}

static void tell_range(const struct point *p, struct sample *now, struct explanation *out)
{
    uint8_t kind = now->value.kind;
    bool plain = p->exp_from < 0 && p->mul_from < 0 && p->valid_if.point < 0;
    if (!p->has_valid || (p->choice_count && plain) ||
        (kind != VALUE_INT && kind != VALUE_UINT && kind != VALUE_REAL))
        return;
    struct explain_step *s = add(out, EXPLAIN_RANGE);
    decode_judge(p, now);
    snprintf(s->text, sizeof s->text, "valid is %g..%g", p->valid_low, p->valid_high);
    s->after = *now;
}

static void tell_condition(const struct explain_input *in, const struct point *p,
                           struct sample *now, struct explanation *out)
{
    const struct condition *c = &p->valid_if;
    const struct point *of = &in->map->points[c->point];
    struct explain_step *s = add(out, EXPLAIN_CONDITION);
    judge_condition(c, of, in->condition, now);
    char bit[16] = "", text[96];
    if (c->bit >= 0)
        snprintf(bit, sizeof bit, ".%d", c->bit);
    snprintf(s->text, sizeof s->text, "valid if %s%s %s %lld; it is %s", of->name, bit,
             c->equal ? "==" : "!=", (long long)c->constant,
             explain_value(text, sizeof text, &in->condition->value));
    s->after = *now;
}

void explain_judge(const struct explain_input *in, const struct point *p, struct sample *s)
{
    decode(in, p, s);
    if (p->exp_from >= 0 || p->mul_from >= 0 || p->valid_if.point >= 0)
        decode_scaled(p, p->exp_from >= 0 ? in->exponent : NULL,
                      p->mul_from >= 0 ? in->factor : NULL, s);
    if (p->valid_if.point >= 0)
        judge_condition(&p->valid_if, &in->map->points[p->valid_if.point], in->condition, s);
}

static const char *type_name(const struct point *p)
{
    static const char *const names[RAW_COUNT] = {
        [RAW_BOOL] = "bits",     [RAW_U8] = "u8",         [RAW_S8] = "s8",
        [RAW_U16] = "u16",       [RAW_S16] = "s16",       [RAW_U24] = "u24",
        [RAW_S24] = "s24",       [RAW_U32] = "u32",       [RAW_S32] = "s32",
        [RAW_U48] = "u48",       [RAW_S48] = "s48",       [RAW_U64] = "u64",
        [RAW_S64] = "s64",       [RAW_F16] = "f16",       [RAW_F32] = "f32",
        [RAW_F64] = "f64",       [RAW_BCD16] = "bcd16",   [RAW_BCD32] = "bcd32",
        [RAW_BCD64] = "bcd64",   [RAW_M10K32] = "m10k32", [RAW_M10K48] = "m10k48",
        [RAW_M10K64] = "m10k64", [RAW_SM16] = "sm16",     [RAW_STRING] = "string",
        [RAW_TIME] = "time"};
    return p->type < RAW_COUNT && names[p->type] ? names[p->type] : "?";
}

static const struct sample *last(const struct explanation *out)
{
    return &out->steps[out->count - 1].after;
}

void explain_point(const struct explain_input *in, struct explanation *out)
{
    const struct point *p = &in->map->points[in->point];
    struct point known = bare(p);
    out->count = 0;
    if (p->from < 0) {
        tell_words(in, p, out);
        tell_order(in, p, out);
    }
    if (!tell_sentinel(in, p, out)) {
        tell_raw(in, p, out, type_name(p));
        struct sample now = *last(out);
        if (has_value(&now))
            tell_bits(in, p, &known, out);
        if (has_value(last(out)))
            tell_curve(in, p, &known, out);
        if (has_value(last(out)))
            tell_enum(in, p, &known, out);
        now = *last(out);
        if (p->exp_from >= 0 && has_value(&now))
            tell_partner(in, p, true, &now, out);
        if (p->mul_from >= 0 && has_value(&now))
            tell_partner(in, p, false, &now, out);
        if (has_value(&now))
            tell_range(p, &now, out);
        if (p->valid_if.point >= 0 && has_value(&now))
            tell_condition(in, p, &now, out);
    }
    explain_judge(in, p, &out->result);
    out->drifted = !same(last(out), &out->result);
    out->steps[out->count - 1].after = out->result;
}
