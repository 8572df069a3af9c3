/* SPDX-License-Identifier: Apache-2.0 */
/* What might these registers mean? Words in, readings of them out, the likeliest first. Each way to
 * read them is weighed by how usual it is, by how seldom random words would land in the range that
 * is expected, and by how the value moved: a quantity moves little and smoothly, half of one jumps.
 */
#ifndef VALUES_PLAUSIBLE_H
#define VALUES_PLAUSIBLE_H

#include "headgate/map.h"

enum { PLAUSIBLE_WORDS_MAX = REGISTERS_MAX, PLAUSIBLE_ROUNDS_MAX = 64, PLAUSIBLE_TEXT_MAX = 64 };

/* Registers of one table side by side, read again and again. */
struct plausible_words {
    uint8_t table; /* enum table: input or holding */
    uint16_t first, count;
    uint32_t rounds;
    const uint16_t *words; /* rounds * count, the oldest round first */
    const bool *known; /* count of them; false: the device refuses it. NULL: all are */
};

struct plausible_wish {
    uint16_t address; /* where people think that it lies */
    uint16_t span; /* how many addresses from there on are meant; at least 1 */
    uint16_t slack; /* looked at before and behind them too */
    bool has_range;
    double low, high; /* has_range: what is expected, inclusive */
    double expect; /* has_range: the nearer the better; NaN: anywhere */
    double digit; /* how far from that its last digit may round; 0: unknown */
    bool bits; /* on or off is expected: single bits are readings, too */
    const char *text; /* a string with this in it is looked for; NULL */
};

struct plausible {
    struct point point; /* as decode_point takes it; name, unit and about are empty */
    char order[9]; /* "CDAB"; "" where it has none or the usual one */
    struct value value; /* the newest; of strings it lies in text */
    char text[PLAUSIBLE_TEXT_MAX];
    double score; /* the more the likelier; differences are natural logarithms */
    bool mirrored; /* the other table reads much the same there */
    bool fits; /* in the range, or no range was given */
    char why[160];
};

/* At most `room` of them, none of which reads the same as one before it. Returns how many. */
size_t plausible_rank(const struct plausible_words *tables, size_t table_count,
                      const struct plausible_wish *wish, struct plausible *out, size_t room);

/* How people write an address: 100, 0x64, 40101, 400101, 30101, %MW100, %IW100. */
struct plausible_address {
    uint16_t wire; /* as it goes out */
    int8_t table; /* enum table that the notation names; -1: none */
    bool has_other; /* the number may have been meant another way */
    uint16_t other;
    int8_t other_table;
    const char *took, *other_took; /* what it was taken for: "register number 40101" */
};

bool plausible_address(const char *text, struct plausible_address *out); /* false: none of them */

#endif
