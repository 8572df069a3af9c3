/* SPDX-License-Identifier: Apache-2.0 */
/* What every frame has around its body: the MBAP header or the CRC, unit, function, refusals. The
 * body, what stands behind the function code, is measured by whoever knows it: reads in adu.c,
 * identification in adu_identity.c. Only files named adu*.c need this. */
#ifndef POLL_ADU_PARTS_H
#define POLL_ADU_PARTS_H

#include "poll/adu.h"

enum { ADU_BODY_MAX = 252 }; /* "MODBUS Application Protocol" 4.1: 253 bytes with the function */

/* Looks at the first n bytes of a body, more of which may be coming; on a serial line the CRC may
 * already stand behind it. GOOD: the body is whole and *length of these bytes are it. MORE: what
 * is there is right so far. BAD: *why says what is wrong. */
typedef enum verdict adu_body_fn(const void *me, const uint8_t *body, size_t n, size_t *length,
                                 const char **why);

struct expectation {
    uint8_t framing; /* enum framing */
    uint16_t transaction; /* TCP */
    uint8_t unit, function;
    uint16_t least, most; /* bytes a good body can have */
    adu_body_fn *body;
    const void *me; /* what the body is measured against */
};

/* The frame around a question; length of the whole. */
size_t adu_wrap(uint8_t out[static ADU_MAX], const struct expectation *e, const uint8_t *body,
                size_t length);
/* GOOD: answer->data is the whole body. */
enum verdict adu_judge(const struct expectation *e, const uint8_t *bytes, size_t length,
                       struct answer *answer);

#endif
