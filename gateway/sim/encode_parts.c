/* SPDX-License-Identifier: Apache-2.0 */
/* Values whose registers don't lie side by side. */
#include <math.h>

#include "sim/encode_words.h"

enum { TOGETHER_MAX = 8 };

static uint32_t words_of_part(const struct point *p)
{
    uint32_t last = 0;
    for (unsigned i = 0; i < p->part_count; i++)
        last = p->parts[i] > last ? p->parts[i] : last;
    return p->words - last;
}

/* Largest first, as much as fits into whole numbers; what is left goes on to the next. */
static bool encode_weighted(const struct point *p, const struct value *v, double factor,
                            uint16_t *words)
{
    struct point part = *p;
    part.part_count = 0;
    part.words = (uint16_t)words_of_part(p);
    part.curve = CURVE_NONE;
    double x = v->kind == VALUE_REAL ? v->real : (double)v->i;
    if (v->kind == VALUE_TEXT || v->kind == VALUE_NONE || v->kind == VALUE_BOOL)
        return false;
    for (unsigned i = 0; v->kind != VALUE_REAL && i < v->places; i++)
        x /= 10;
    x = encode_before_curve(p, x / factor);
    for (unsigned i = 0; i < p->part_count; i++) {
        double weight = p->weights[i].real;
        bool last = i + 1U == p->part_count;
        double n = weight == 0 ? 0 : last ? round(x / weight) : trunc(x / weight + 1e-9);
        struct value one = {.kind = VALUE_REAL, .real = n};
        if (!raw_encode(&part, &one, 1, words + p->parts[i]))
            return false;
        x -= n * weight;
    }
    return true;
}

bool encode_parts(const struct point *p, const struct value *v, double factor, uint16_t *words)
{
    if (p->weights)
        return encode_weighted(p, v, factor, words);
    uint32_t each = words_of_part(p), count = p->part_count;
    uint16_t together[TOGETHER_MAX] = {0};
    struct point whole = *p;
    whole.part_count = 0;
    whole.words = (uint16_t)(each * count);
    if (each * count > TOGETHER_MAX)
        return false;
    for (uint32_t i = 0; i < each * count; i++)
        together[i] = words[p->parts[i / each] + i % each];
    if (!raw_encode(&whole, v, factor, together))
        return false;
    for (uint32_t i = 0; i < each * count; i++)
        words[p->parts[i / each] + i % each] = together[i];
    return true;
}
