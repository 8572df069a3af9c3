/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as an answer, to any question. The first bytes choose the question. A good verdict
 * must rest on exactly the bytes that were asked for. */
#include <stddef.h>
#include <stdint.h>

#include "poll/adu.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    if (length < 8)
        return 0;
    struct ask ask = {.framing = bytes[0] & 1,
                      .transaction = (uint16_t)(bytes[1] << 8 | bytes[2]),
                      .unit = bytes[3],
                      .function = (uint8_t)(1 + bytes[4] % 4),
                      .address = (uint16_t)(bytes[5] << 8 | bytes[6])};
    ask.count = (uint16_t)(1 + bytes[7] % (ask.function <= 2 ? 250 : 125));
    const uint8_t *answer_bytes = bytes + 8;
    size_t answer_length = length - 8;
    struct answer answer = {0};
    enum verdict v = adu_check(&ask, answer_bytes, answer_length, &answer);
    if (v == ADU_GOOD) {
        if (answer_length != adu_answer_length(&ask) || answer.data < answer_bytes ||
            answer.data + answer.length > answer_bytes + answer_length)
            __builtin_trap();
    }
    if (v == ADU_BAD && !answer.why)
        __builtin_trap();
    return 0;
}
