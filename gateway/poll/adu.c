/* SPDX-License-Identifier: Apache-2.0 */
#include "poll/adu.h"

#include <assert.h>
#include <string.h>

enum {
    MBAP = 6, /* bytes in front of the unit */
    CRC = 2,
    EXCEPTION_BIT = 0x80,
};

/* The table of "MODBUS over Serial Line" 6.2.2, made of its polynomial by halves of a byte. */
static const uint16_t crc_nibble[16] = {
    0x0000, 0xcc01, 0xd801, 0x1400, 0xf001, 0x3c00, 0x2800, 0xe401,
    0xa001, 0x6c00, 0x7800, 0xb401, 0x5000, 0x9c01, 0x8801, 0x4400,
};

uint16_t adu_crc(const uint8_t *bytes, size_t length)
{
    unsigned crc = 0xffff;
    for (size_t i = 0; i < length; i++) {
        crc ^= bytes[i];
        crc = crc >> 4 ^ crc_nibble[crc & 15];
        crc = crc >> 4 ^ crc_nibble[crc & 15];
    }
    return (uint16_t)crc;
}

uint8_t adu_function(enum table t)
{
    static const uint8_t functions[TABLE_COUNT] = {
        [TABLE_COIL] = 1,
        [TABLE_DISCRETE] = 2,
        [TABLE_INPUT] = 4,
        [TABLE_HOLDING] = 3,
    };
    assert((unsigned)t < TABLE_COUNT);
    return functions[t];
}

static size_t payload(const struct ask *ask)
{
    return ask->function <= 2 ? (ask->count + 7U) / 8 : ask->count * 2U;
}

static void put_u16(uint8_t *at, unsigned x)
{
    at[0] = (uint8_t)(x >> 8);
    at[1] = (uint8_t)x;
}

size_t adu_ask(uint8_t out[static ADU_MAX], const struct ask *ask)
{
    assert(ask->function >= 1 && ask->function <= 4 && ask->count >= 1);
    assert(ask->count <= (ask->function <= 2 ? BITS_MAX : REGISTERS_MAX));
    uint8_t *pdu = out;
    if (ask->framing == FRAMING_TCP) {
        put_u16(out, ask->transaction);
        put_u16(out + 2, 0);
        put_u16(out + 4, 6);
        pdu += MBAP;
    }
    pdu[0] = ask->unit;
    pdu[1] = ask->function;
    put_u16(pdu + 2, ask->address);
    put_u16(pdu + 4, ask->count);
    if (ask->framing == FRAMING_TCP)
        return MBAP + 6;
    uint16_t crc = adu_crc(pdu, 6);
    pdu[6] = (uint8_t)crc;
    pdu[7] = (uint8_t)(crc >> 8);
    return 8;
}

size_t adu_answer_length(const struct ask *ask)
{
    return (ask->framing == FRAMING_TCP ? MBAP : CRC) + 3U + payload(ask);
}

/* Codes that the specification defines. 9 is a gap in it. */
static bool is_exception(uint8_t code)
{
    return (code >= 1 && code <= 8) || code == 10 || code == 11;
}

/* NULL: the MBAP header may still become one that answers. Its length says which of the two
 * possible answers is coming: 3 for a refusal, else exactly what the data need. */
static const char *check_header(const struct ask *ask, const uint8_t *b, size_t n)
{
    if (b[0] != ask->transaction >> 8 || (n > 1 && b[1] != (ask->transaction & 0xff)))
        return "wrong transaction";
    if ((n > 2 && b[2] != 0) || (n > 3 && b[3] != 0))
        return "wrong protocol";
    size_t whole = 3 + payload(ask);
    if (n > 4 && b[4] != 0) /* no answer to a read is longer than 253 */
        return "wrong length";
    if (n > 5 && b[5] != 3 && b[5] != whole)
        return "wrong length";
    return NULL;
}

enum verdict adu_check(const struct ask *ask, const uint8_t *bytes, size_t length,
                       struct answer *answer)
{
    *answer = (struct answer){0};
    if (!length)
        return ADU_MORE;
    bool tcp = ask->framing == FRAMING_TCP;
    if (tcp && (answer->why = check_header(ask, bytes, length)) != NULL)
        return ADU_BAD;
    size_t head = tcp ? MBAP : 0, tail = tcp ? 0 : CRC;
    if (length <= head)
        return ADU_MORE;

    const uint8_t *pdu = bytes + head;
    size_t n = length - head;
    if (pdu[0] != ask->unit) {
        answer->why = "wrong unit";
        return ADU_BAD;
    }
    if (n < 2)
        return ADU_MORE;
    bool refused = pdu[1] == (ask->function | EXCEPTION_BIT);
    if (!refused && pdu[1] != ask->function) {
        answer->why = "wrong function";
        return ADU_BAD;
    }
    size_t whole = refused ? 3 : 3 + payload(ask);
    if (tcp && bytes[5] != whole) {
        answer->why = "wrong length";
        return ADU_BAD;
    }
    if (n < 3)
        return ADU_MORE;
    if (refused && !is_exception(pdu[2])) {
        answer->why = "an exception that does not exist";
        return ADU_BAD;
    }
    if (!refused && pdu[2] != payload(ask)) {
        answer->why = "wrong byte count";
        return ADU_BAD;
    }
    if (n < whole + tail)
        return ADU_MORE;
    if (n > whole + tail) {
        answer->why = "bytes behind the answer";
        return ADU_BAD;
    }
    if (tail && (pdu[whole] | pdu[whole + 1] << 8) != adu_crc(pdu, whole)) {
        answer->why = "bad CRC";
        return ADU_BAD;
    }
    if (refused) {
        answer->exception = pdu[2];
        return ADU_EXCEPTION;
    }
    answer->data = pdu + 3;
    answer->length = payload(ask);
    return ADU_GOOD;
}

const char *adu_exception_name(uint8_t code)
{
    switch (code) {
    case 1:
        return "illegal function";
    case 2:
        return "illegal data address";
    case 3:
        return "illegal data value";
    case 4:
        return "server device failure";
    case 5:
        return "acknowledge: still working on it";
    case 6:
        return "server device busy";
    case 7:
        return "negative acknowledge";
    case 8:
        return "memory parity error";
    case 10:
        return "gateway path unavailable";
    case 11:
        return "gateway target device failed to respond";
    default:
        return "unknown exception";
    }
}
