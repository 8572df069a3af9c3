/* SPDX-License-Identifier: Apache-2.0 */
/* Words among registers: names of models, serial numbers. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "values/decode.h"
#include "values/plausible_parts.h"

enum { LEAST = 4, REGISTERS_OF_TEXT = (PLAUSIBLE_TEXT_MAX - DECODE_TEXT_EXTRA) / 2 };

static bool printable(unsigned c)
{
    return c >= 0x20 && c < 0x7f;
}

/* Registers from here on that hold only printable characters and what fills up behind them. */
static unsigned text_words(const struct plausible_look *l, uint16_t address, bool swapped,
                           unsigned *characters)
{
    const struct plausible_words *t = l->table;
    const uint16_t *at = t->words + (size_t)(t->rounds - 1) * t->count;
    bool ended = false;
    unsigned n = 0;
    *characters = 0;
    while (n < REGISTERS_OF_TEXT && plausible_covers(t, address + n, 1)) {
        uint16_t word = at[address + n - t->first];
        unsigned c[2] = {word >> 8, word & 0xff};
        for (int i = 0; i < 2; i++) {
            unsigned x = c[swapped ? 1 - i : i];
            if (x == 0)
                ended = true;
            else if (ended || !printable(x))
                return n;
            else
                *characters += 1;
        }
        n++;
        if (ended)
            break;
    }
    return n;
}

static void describe(struct plausible *p, unsigned characters)
{
    snprintf(p->why, sizeof p->why, "%u printable characters in a row", characters);
    for (int i = 0; i < 8; i++)
        p->point.order[i] = (uint8_t)(p->order[0] == 'B' ? i ^ 1 : i);
}

bool plausible_string(const struct plausible_look *l, uint16_t address, struct plausible *out)
{
    bool found = false;
    for (int swapped = 0; swapped < 2; swapped++) {
        unsigned characters, words = text_words(l, address, swapped != 0, &characters);
        if (words == 0 || characters < LEAST)
            continue;
        struct plausible p = {.point = plausible_point(RAW_STRING, l->table->table, address)};
        p.point.words = (uint16_t)words;
        p.point.kind = KIND_TEXT;
        if (swapped)
            snprintf(p.order, sizeof p.order, "BA");
        describe(&p, characters);
        uint8_t data[2 * REGISTERS_OF_TEXT];
        const uint16_t *at = l->table->words + (size_t)(l->table->rounds - 1) * l->table->count +
                             (address - l->table->first);
        for (unsigned i = 0; i < words; i++) {
            data[2 * i] = (uint8_t)(at[i] >> 8);
            data[2 * i + 1] = (uint8_t)at[i];
        }
        struct sample s;
        decode_point(&p.point, data, 0, p.text, &s);
        if (s.quality != QUALITY_GOOD || s.value.kind != VALUE_TEXT)
            continue;
        p.value = s.value;
        unsigned letters = 0;
        for (unsigned i = 0; i < s.value.length; i++)
            letters += isalnum((unsigned char)s.value.text[i]) != 0;
        bool has = l->wish->text != NULL &&
                   memmem(s.value.text, s.value.length, l->wish->text, strlen(l->wish->text));
        p.fits = l->wish->text == NULL || has;
        p.score =
            -4 + 1.3 * letters - 2.0 * (s.value.length - letters) - swapped * 2.0 + (has ? 20 : 0);
        p.score -= address == l->wish->address ? 0 : 1;
        if (!found || p.score > out->score)
            *out = p;
        found = true;
    }
    return found;
}
