/* SPDX-License-Identifier: Apache-2.0 */
/* Frames that write, pure: one coil or register (5, 6), several (15, 16), bits of one register
 * (22). What is answered must say the same address, and the same value or count. */
#ifndef POLL_ADU_WRITE_H
#define POLL_ADU_WRITE_H

#include "poll/adu.h"
#include "poll/write.h"

enum { WRITE_FRAME_MAX = 24 };

size_t adu_write(uint8_t out[static ADU_MAX],
                 const struct write_ask *ask); /* length of the frame */
size_t adu_write_answer_length(const struct write_ask *ask);
/* As adu_check. GOOD says only that the device repeated what it was told. */
enum verdict adu_write_check(const struct write_ask *ask, const uint8_t *bytes, size_t length,
                             struct answer *answer);

#endif
