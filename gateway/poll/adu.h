/* SPDX-License-Identifier: Apache-2.0 */
/* Frames, pure: bytes in, verdict out. No sockets, no time. After "MODBUS Application Protocol
 * Specification V1.1b3", "MODBUS Messaging on TCP/IP Implementation Guide V1.0b" and "MODBUS over
 * Serial Line V1.02". */
#ifndef POLL_ADU_H
#define POLL_ADU_H

#include "headgate/block.h"

enum { ADU_MAX = 260 }; /* TCP 260, serial 256 */

enum framing { FRAMING_TCP, FRAMING_RTU };

struct ask { /* what one answer is measured against */
    uint8_t framing;
    uint16_t transaction; /* TCP */
    uint8_t unit;
    uint8_t function; /* 1..4 */
    uint16_t address, count;
};

size_t adu_ask(uint8_t out[static ADU_MAX], const struct ask *ask); /* length of the frame */
size_t adu_answer_length(const struct ask *ask); /* of the good answer, whole frame */
uint8_t adu_function(enum table t);

/* What the bytes so far are. MORE: a prefix of an acceptable answer (or exception). Everything
 * else is final. A byte behind the answer makes it BAD: nothing may follow. */
enum verdict { ADU_MORE, ADU_GOOD, ADU_EXCEPTION, ADU_BAD };
struct answer {
    const uint8_t *data; /* registers or packed bits, inside the bytes given */
    size_t length;
    uint8_t exception;
    const char *why; /* BAD: static: "wrong unit", "wrong length", "bad CRC", ... */
};
enum verdict adu_check(const struct ask *ask, const uint8_t *bytes, size_t length,
                       struct answer *answer);

uint16_t adu_crc(const uint8_t *bytes, size_t length);
const char *adu_exception_name(uint8_t code); /* "illegal data address"; never NULL */

#endif
