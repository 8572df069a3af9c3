/* SPDX-License-Identifier: Apache-2.0 */
/* How the files of plausible readings divide their work. */
#ifndef VALUES_PLAUSIBLE_PARTS_H
#define VALUES_PLAUSIBLE_PARTS_H

#include "values/plausible.h"

struct plausible_way { /* to read words as a number */
    uint8_t type, words;
    uint16_t usual; /* of a thousand quantities */
    const char *order; /* letters; u8: low or high; "": it has none */
    uint16_t usual_order; /* of a thousand of this type */
};

/* One way to read one address, and what it made of every round. */
struct plausible_look {
    const struct plausible_words *table;
    const struct plausible_wish *wish;
    const struct plausible_way *way;
    uint16_t address;
    double scale;
    uint32_t rounds;
    double values[PLAUSIBLE_ROUNDS_MAX];
    struct value newest;
};

/* plausible.c */
bool plausible_covers(const struct plausible_words *t, uint32_t address, uint32_t words);
bool plausible_is_real(unsigned type);
/* That goes with no other point; how wide it is and what it means is the caller's. */
struct point plausible_point(unsigned type, unsigned table, uint16_t address);
/* The newest number at any address, unscaled; false: none. */
bool plausible_decode(const struct plausible_words *t, const struct plausible_way *w,
                      uint32_t address, double *out);

/* plausible_weigh.c: adds to the score, says why */
void plausible_say(struct plausible *p, const char *what); /* one more reason */
void plausible_weigh(const struct plausible_look *l, struct plausible *p);
/* plausible_text.c: false: no words at this address */
bool plausible_string(const struct plausible_look *l, uint16_t address, struct plausible *out);

/* plausible_bits.c: false: it isn't what is expected */
bool plausible_bit(const struct plausible_look *l, uint16_t address, unsigned bit,
                   struct plausible *out);

#endif
