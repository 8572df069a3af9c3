/* SPDX-License-Identifier: Apache-2.0 */
/* Raw values that are no values, and raw values that are words. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "config/map_parts.h"

enum { LIST_MAX = 10000, REASON_MAX = 200 };

struct raw_end {
    uint64_t bits;
    bool negative;
};

/* A sentinel of a float, written as the float: -1.0 */
static bool float_bits(const struct point *p, const char *text, uint64_t *out)
{
    double x;
    if (strpbrk(text, ".eE") == NULL || strncmp(text, "0x", 2) == 0 || !text_to_real(text, &x)) {
        return false;
    }
    if (p->type == RAW_F32) {
        float f = (float)x;
        uint32_t bits;
        memcpy(&bits, &f, sizeof bits);
        *out = bits;
        return true;
    }
    if (p->type == RAW_F64) {
        memcpy(out, &x, sizeof *out);
        return true;
    }
    return false;
}

static bool negative_bits(const struct point *p, int64_t x, unsigned width, uint64_t *out)
{
    uint64_t magnitude = (uint64_t)0 - (uint64_t)x;
    uint64_t half = UINT64_C(1) << (width - 1);
    if (p->type == RAW_SM16) {
        *out = half | magnitude;
        return magnitude < half;
    }
    if (!type_facts[p->type].integer || !type_facts[p->type].is_signed || magnitude > half) {
        return false;
    }
    *out = (uint64_t)x & (width >= 64 ? UINT64_MAX : (UINT64_C(1) << width) - 1);
    return true;
}

static bool read_end(const struct map_builder *b, const struct node *n, const char *text,
                     const struct point *p, struct raw_end *out)
{
    unsigned width = raw_bits(p);
    int64_t negative;
    *out = (struct raw_end){0, false};
    if (float_bits(p, text, &out->bits)) {
        return true;
    }
    double x;
    if (!b->typed && (*text == '-' || strpbrk(text, ".eE") != NULL) && text_to_real(text, &x)) {
        out->negative = true; /* or a float's: which bits that is, nobody knows */
        return true;
    }
    bool is_float = p->type == RAW_F16 || p->type == RAW_F32 || p->type == RAW_F64;
    if (is_float && strncmp(text, "0x", 2) != 0) {
        return complain(&b->r, n,
                        "invalid `%.40s` of a float: write the raw bits (0x7FC00000) or "
                        "the value with its point (-1.0)",
                        text);
    }
    if (*text == '-' && whole_s64(text, &negative)) {
        out->negative = negative < 0;
        return negative_bits(p, negative, width, &out->bits) ||
               complain(&b->r, n, "invalid `%.40s` does not fit into %s", text,
                        type_names[p->type]);
    }
    if (!whole_u64(text, &out->bits)) {
        return complain(&b->r, n,
                        "invalid `%.40s`: write raw values or ranges, like 0x7FFF or "
                        "0xFFF0..0xFFFF",
                        text);
    }
    if (width < 64 && out->bits >> width != 0) {
        return complain(&b->r, n, "invalid %.40s does not fit into the %u bits of %s", text, width,
                        type_names[p->type]);
    }
    return true;
}

static const char *default_reason(const struct map_builder *b, const struct point *p, uint64_t low,
                                  uint64_t high)
{
    int digits = (int)(raw_bits(p) / 4);
    return low == high ? arena_printf(b->r.arena, "invalid value 0x%0*jX", digits, (uintmax_t)low)
                       : arena_printf(b->r.arena, "invalid value 0x%0*jX..0x%0*jX", digits,
                                      (uintmax_t)low, digits, (uintmax_t)high);
}

static bool add(const struct map_builder *b, const struct node *n, struct point *p,
                struct invalid *out, uint64_t low, uint64_t high, const char *reason)
{
    if (low > high) {
        return complain(&b->r, n, "invalid `%.60s`: the lower end stands first", n->text);
    }
    if (reason == NULL) {
        reason = default_reason(b, p, low, high);
    }
    out[p->invalid_count++] = (struct invalid){low, high, reason};
    return reason != NULL;
}

static bool read_range(const struct map_builder *b, const struct node *n, struct point *p,
                       struct invalid *out, const char *reason)
{
    char text[80];
    struct raw_end low, high;
    if (!is_scalar(&b->r, n, "an invalid value")) {
        return false;
    }
    if (n->length >= sizeof text) {
        return complain(&b->r, n, "an invalid value is a number or a range, like 0x7FFF");
    }
    memcpy(text, n->text, n->length + 1);
    char *dots = strstr(text, "..");
    if (dots != NULL) {
        *dots = '\0';
    }
    if (!read_end(b, n, text, p, &low) || !read_end(b, n, dots ? dots + 2 : text, p, &high)) {
        return false;
    }
    if (!b->typed && (low.negative || high.negative)) {
        return false;
    }
    /* From below zero to above it is two ranges of bits; sign and magnitude counts downwards. */
    if (low.negative && !high.negative) {
        bool twos = p->type != RAW_SM16;
        uint64_t top = UINT64_MAX >> (64 - raw_bits(p));
        return add(b, n, p, out, twos ? low.bits : (UINT64_C(1) << (raw_bits(p) - 1)),
                   twos ? top : low.bits, reason) &&
               add(b, n, p, out, 0, high.bits, reason);
    }
    if (low.negative && p->type == RAW_SM16) {
        return add(b, n, p, out, high.bits, low.bits, reason);
    }
    return add(b, n, p, out, low.bits, high.bits, reason);
}

static bool read_reasons(const struct map_builder *b, const struct node *n, struct point *p,
                         struct invalid *out)
{
    bool good = true;
    for (const struct node *k = n->first; k != NULL; k = k->next->next) {
        const char *reason = NULL;
        if (!read_text(&b->r, k->next, "a reason", &reason)) {
            good = false;
        } else if (*reason == '\0' || strlen(reason) > REASON_MAX) {
            good = complain(&b->r, k->next, "a reason has 1 to %d bytes, like `open sensor`",
                            REASON_MAX);
        }
        good = read_range(b, k, p, out, reason) && good;
    }
    return good;
}

bool read_invalid(const struct map_builder *b, const struct node *n, struct point *p)
{
    if (n == NULL) {
        return true;
    }
    if (n->kind == NODE_LOST) {
        return false;
    }
    if (raw_bits(p) == 0) {
        return complain(&b->r, n, "`invalid` is for numbers");
    }
    size_t most = n->kind == NODE_SCALAR ? 1 : n->length;
    if (most > LIST_MAX) {
        return complain(&b->r, n, "more than %d invalid values", LIST_MAX);
    }
    struct invalid *out = arena_get_array(b->r.arena, most * 2 + 1, sizeof *out);
    if (out == NULL) {
        return false;
    }
    bool good = true;
    p->invalid = out;
    if (n->kind == NODE_MAPPING) {
        return read_reasons(b, n, p, out);
    }
    if (n->kind == NODE_SCALAR) {
        return read_range(b, n, p, out, NULL);
    }
    for (const struct node *i = n->first; i != NULL; i = i->next) {
        good = read_range(b, i, p, out, NULL) && good;
    }
    return good;
}

static int by_raw(const void *a, const void *b)
{
    const struct choice *x = a, *y = b;
    return (x->raw > y->raw) - (x->raw < y->raw);
}

static bool fits_type(const struct point *p, int64_t raw)
{
    unsigned width = raw_bits(p);
    if (type_facts[p->type].is_signed) {
        int64_t half = INT64_C(1) << (width - 1 < 62 ? width - 1 : 62);
        return width >= 64 || (raw >= -half && raw < half);
    }
    return raw >= 0 && (width >= 63 || raw >> width == 0);
}

static bool read_choice(const struct map_builder *b, const struct node *k, const struct point *p,
                        struct choice *out)
{
    bool good = whole_s64(k->text, &out->raw) ||
                complain(&b->r, k, "enum: `%.40s` is no whole number", k->text);
    if (good && b->typed && !fits_type(p, out->raw)) {
        good = complain(&b->r, k, "enum: %.40s does not fit into %s", k->text, type_names[p->type]);
    }
    if (!read_text(&b->r, k->next, "a word of an enum", &out->text)) {
        return false;
    }
    out->length = k->next->length;
    return (out->length > 0 || complain(&b->r, k->next, "a word of an enum is not empty")) && good;
}

bool read_choices(const struct map_builder *b, const struct node *n, struct point *p)
{
    if (n == NULL) {
        return true;
    }
    if (!type_facts[p->type].integer || p->bit >= 0) {
        return complain(&b->r, n, "`enum` is for whole numbers (u16, s16, ...)");
    }
    if (!is_mapping(&b->r, n, "enum")) {
        return false;
    }
    struct choice *choices = arena_get_array(b->r.arena, n->length + 1, sizeof *choices);
    if (choices == NULL || n->length == 0) {
        return complain(&b->r, n, "an enum has words: {0: stopped, 1: running}");
    }
    uint32_t count = 0;
    bool good = true;
    for (const struct node *k = n->first; k != NULL; k = k->next->next) {
        if (read_choice(b, k, p, &choices[count])) {
            count++;
        } else {
            good = false;
        }
    }
    qsort(choices, count, sizeof *choices, by_raw);
    for (uint32_t i = 1; i < count; i++) {
        if (choices[i].raw == choices[i - 1].raw) {
            good = complain(&b->r, n, "the enum has two words for %jd", (intmax_t)choices[i].raw);
        }
    }
    p->choices = choices;
    p->choice_count = count;
    return good;
}
