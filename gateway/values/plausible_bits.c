/* SPDX-License-Identifier: Apache-2.0 */
/* Single bits of status words, where on or off is expected. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "values/plausible_parts.h"

bool plausible_bit(const struct plausible_look *l, uint16_t address, unsigned bit,
                   struct plausible *out)
{
    const struct plausible_words *t = l->table;
    const struct plausible_wish *w = l->wish;
    const uint16_t *at = t->words + (address - t->first);
    unsigned changes = 0, set = 0;
    uint16_t now = at[(size_t)(t->rounds - 1) * t->count];
    bool on = (now >> bit & 1) != 0;
    if (!isnan(w->expect) && on != (w->expect > 0.5))
        return false;
    for (uint32_t i = 1; i < t->rounds; i++)
        changes += ((at[(size_t)i * t->count] ^ at[(size_t)(i - 1) * t->count]) >> bit & 1) != 0;
    for (unsigned k = 0; k < 16; k++)
        set += now >> k & 1;
    struct point p = plausible_point(RAW_U16, t->table, address);
    p.words = 1;
    p.bytes = 2;
    p.bit = (int8_t)bit;
    p.scale = (struct decimal){.real = 1, .mantissa = 1};
    p.kind = KIND_STATE;
    for (uint8_t i = 0; i < 8; i++)
        p.order[i] = i;
    *out = (struct plausible){.point = p, .value = {.kind = VALUE_BOOL, .truth = on}, .fits = true};
    /* Of sixteen bits half are what is expected; the low ones are used first. */
    out->score = -2.5 - 0.1 * bit;
    snprintf(out->why, sizeof out->why, "bit %u of 0x%04X", bit, now);
    if (changes > 0) {
        out->score += 3;
        plausible_say(out, "it changed");
    }
    if (set >= 1 && set <= 6)
        out->score += 0.7;
    int off = address - w->address;
    if (off < 0 || off >= w->span)
        out->score -= 1;
    return true;
}
