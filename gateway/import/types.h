/* SPDX-License-Identifier: Apache-2.0 */
/* What others call our types. */
#ifndef IMPORT_TYPES_H
#define IMPORT_TYPES_H

#include "import/row.h"

struct type_word {
    int16_t type;                   /* enum raw_type; -1: unknown */
    bool eight;                    /* INT8, UINT8: bits to some, bytes to others */
    bool bits;                     /* BITMAP: each bit has a meaning of its own */
    uint16_t characters;           /* string20 */
};

/* Any maker's or tool's word; case, blanks and punctuation don't matter. */
struct type_word type_word(const char *word);
unsigned type_words(int type);                         /* registers; 0: of no fixed length */
unsigned type_bytes(int type);                         /* of the number; 0: none */
bool type_is_whole(int type);
bool type_is_float(int type);
/* A type of so many registers like this one: a signed number of 2 is s32. -1: there is none. */
int type_of_size(int type, unsigned words);
int type_by_name(const char *name);                    /* our own word; -1 */

#endif
