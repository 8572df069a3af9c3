/* SPDX-License-Identifier: Apache-2.0 */
/* Frames that write, pure: one coil or register (5, 6), several (15, 16), bits of one register
 * (22). What is answered must say the same address, and the same value or count. */
#ifndef POLL_ADU_WRITE_H
#define POLL_ADU_WRITE_H

#include "poll/adu.h"
#include "poll/write.h"

enum { WRITE_FRAME_MAX = 24 };

struct write_ask {
    uint8_t framing;
    uint16_t transaction; /* TCP */
    uint8_t unit;
    uint8_t function; /* 5, 6, 15, 16, 22 */
    uint16_t address;
    uint16_t count; /* 15, 16; else 1 */
    uint16_t words[WRITE_WORDS_MAX]; /* coils: 0 or 1 each */
    uint16_t mask; /* 22: the bits that become those of words[0] */
};

size_t adu_write(uint8_t out[static ADU_MAX],
                 const struct write_ask *ask); /* length of the frame */
size_t adu_write_answer_length(const struct write_ask *ask);
/* As adu_check. GOOD says only that the device repeated what it was told. */
enum verdict adu_write_check(const struct write_ask *ask, const uint8_t *bytes, size_t length,
                             struct answer *answer);

#endif
