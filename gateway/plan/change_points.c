/* SPDX-License-Identifier: Apache-2.0 */
/* Two points, member by member: what they hold lies in different plans. */
#include <string.h>

#include "plan/change.h"

bool change_text_same(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

/* By their bits, so that one that was not given is equal to another. */
static bool same_real(double a, double b)
{
    return memcmp(&a, &b, sizeof a) == 0;
}

static bool same_decimal(const struct decimal *a, const struct decimal *b)
{
    return same_real(a->real, b->real) && a->mantissa == b->mantissa && a->places == b->places;
}

static bool same_source(const struct point *a, const struct point *b)
{
    return a->table == b->table && a->type == b->type && a->bytes == b->bytes && a->bit == b->bit &&
           memcmp(a->order, b->order, sizeof a->order) == 0 && a->words == b->words &&
           a->address == b->address && a->mask == b->mask && a->shift == b->shift &&
           a->inverted == b->inverted && a->string_form == b->string_form &&
           a->time_form == b->time_form && a->optional == b->optional &&
           a->read_mode == b->read_mode && a->side_effect == b->side_effect;
}

static bool same_parts(const struct point *a, const struct point *b)
{
    if (a->part_count != b->part_count || !a->weights != !b->weights ||
        a->factor_count != b->factor_count)
        return false;
    for (unsigned i = 0; i < a->part_count; i++)
        if (a->parts[i] != b->parts[i] ||
            (a->weights && !same_decimal(&a->weights[i], &b->weights[i])))
            return false;
    for (uint32_t i = 0; i < a->factor_count; i++)
        if (a->factors[i].code != b->factors[i].code ||
            !same_decimal(&a->factors[i].by, &b->factors[i].by))
            return false;
    return true;
}

static bool same_curve(const struct point *a, const struct point *b)
{
    if (a->curve != b->curve || a->pair_count != b->pair_count ||
        !same_decimal(&a->scale, &b->scale) || !same_decimal(&a->offset, &b->offset) ||
        !same_real(a->raw_low, b->raw_low) || !same_real(a->raw_high, b->raw_high) ||
        !same_real(a->eng_low, b->eng_low) || !same_real(a->eng_high, b->eng_high) ||
        !same_real(a->weir_k, b->weir_k) || !same_real(a->weir_n, b->weir_n))
        return false;
    for (uint32_t i = 0; i < a->pair_count; i++)
        if (!same_real(a->pairs[i].x, b->pairs[i].x) || !same_real(a->pairs[i].y, b->pairs[i].y))
            return false;
    return true;
}

static bool same_words(const struct point *a, const struct point *b)
{
    if (a->invalid_count != b->invalid_count || a->choice_count != b->choice_count)
        return false;
    for (uint32_t i = 0; i < a->invalid_count; i++) {
        const struct invalid *x = &a->invalid[i], *y = &b->invalid[i];
        if (x->low != y->low || x->high != y->high || strcmp(x->reason, y->reason) != 0)
            return false;
    }
    for (uint32_t i = 0; i < a->choice_count; i++) {
        const struct choice *x = &a->choices[i], *y = &b->choices[i];
        if (x->raw != y->raw || x->length != y->length || memcmp(x->text, y->text, x->length) != 0)
            return false;
    }
    return true;
}

static bool same_judgement(const struct point *a, const struct point *b)
{
    return a->kind == b->kind && a->has_valid == b->has_valid &&
           same_real(a->valid_low, b->valid_low) && same_real(a->valid_high, b->valid_high) &&
           a->has_wrap == b->has_wrap && same_real(a->wrap, b->wrap) && a->reset == b->reset &&
           a->valid_if.bit == b->valid_if.bit && a->valid_if.equal == b->valid_if.equal &&
           a->valid_if.constant == b->valid_if.constant;
}

bool change_point_same(const struct point *a, const struct point *b)
{
    return same_source(a, b) && same_parts(a, b) && same_curve(a, b) && same_words(a, b) &&
           same_judgement(a, b) && same_real(a->deadband, b->deadband) &&
           a->max_silence_ns == b->max_silence_ns && change_text_same(a->unit, b->unit);
}

bool change_point_described(const struct point *a, const struct point *b)
{
    return a->every_ns == b->every_ns && a->group == b->group &&
           change_text_same(a->about, b->about);
}
