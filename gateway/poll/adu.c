/* SPDX-License-Identifier: Apache-2.0 */
#include "poll/adu_parts.h"

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

static void put_u16(uint8_t *at, unsigned x)
{
    at[0] = (uint8_t)(x >> 8);
    at[1] = (uint8_t)x;
}

/* ---- around every body ----------------------------------------------------------------------- */

size_t adu_wrap(uint8_t out[static ADU_MAX], const struct expectation *e, const uint8_t *body,
                size_t length)
{
    assert(length <= ADU_BODY_MAX);
    uint8_t *pdu = out;
    if (e->framing == FRAMING_TCP) {
        put_u16(out, e->transaction);
        put_u16(out + 2, 0);
        put_u16(out + 4, (unsigned)length + 2);
        pdu += MBAP;
    }
    pdu[0] = e->unit;
    pdu[1] = e->function;
    if (length)
        memcpy(pdu + 2, body, length);
    if (e->framing == FRAMING_TCP)
        return MBAP + 2 + length;
    uint16_t crc = adu_crc(pdu, 2 + length);
    pdu[2 + length] = (uint8_t)crc;
    pdu[3 + length] = (uint8_t)(crc >> 8);
    return 2 + length + CRC;
}

/* Codes that the specification defines. 9 is a gap in it. */
static bool is_exception(uint8_t code)
{
    return (code >= 1 && code <= 8) || code == 10 || code == 11;
}

/* NULL: the MBAP header may still become one that answers. Its length says which of the two
 * possible answers is coming: 3 for a refusal, else what the body can need. */
static const char *check_header(const struct expectation *e, const uint8_t *b, size_t n)
{
    if (b[0] != e->transaction >> 8 || (n > 1 && b[1] != (e->transaction & 0xff)))
        return "wrong transaction";
    if ((n > 2 && b[2] != 0) || (n > 3 && b[3] != 0))
        return "wrong protocol";
    if (n > 4 && b[4] != 0) /* no answer is longer than 254 */
        return "wrong length";
    if (n > 5 && b[5] != 3 && (b[5] < 2 + e->least || b[5] > 2 + e->most))
        return "wrong length";
    return NULL;
}

static enum verdict bad(struct answer *answer, const char *why)
{
    answer->why = why;
    return ADU_BAD;
}

/* Only one byte: why it was refused. */
static enum verdict refusal(const void *me, const uint8_t *body, size_t n, size_t *length,
                            const char **why)
{
    (void)me;
    if (!n)
        return ADU_MORE;
    *length = 1;
    if (is_exception(body[0]))
        return ADU_GOOD;
    *why = "an exception that does not exist";
    return ADU_BAD;
}

enum verdict adu_judge(const struct expectation *e, const uint8_t *bytes, size_t length,
                       struct answer *answer)
{
    *answer = (struct answer){0};
    if (!length)
        return ADU_MORE;
    bool tcp = e->framing == FRAMING_TCP;
    if (tcp && (answer->why = check_header(e, bytes, length)) != NULL)
        return ADU_BAD;
    size_t head = tcp ? MBAP : 0, tail = tcp ? 0 : CRC;
    if (length <= head)
        return ADU_MORE;

    const uint8_t *pdu = bytes + head;
    size_t n = length - head;
    if (pdu[0] != e->unit)
        return bad(answer, "wrong unit");
    if (n < 2)
        return ADU_MORE;
    bool refused = pdu[1] == (e->function | EXCEPTION_BIT);
    if (!refused && pdu[1] != e->function)
        return bad(answer, "wrong function");
    /* On TCP the header has said where the body ends, and the body has to agree. */
    size_t told = tcp ? bytes[5] - 2U : SIZE_MAX, there = n - 2;
    if (tcp && (refused ? told != 1 : told < e->least))
        return bad(answer, "wrong length");
    adu_body_fn *look = refused ? refusal : e->body;
    size_t whole = 0;
    enum verdict v = look(e->me, pdu + 2, there < told ? there : told, &whole, &answer->why);
    if (v == ADU_BAD)
        return v;
    if (v == ADU_MORE)
        return there < told ? v : bad(answer, "wrong length");
    if (tcp && whole != told)
        return bad(answer, "wrong length");
    if (there < whole + tail)
        return ADU_MORE;
    if (there > whole + tail)
        return bad(answer, "bytes behind the answer");
    if (tail && (pdu[2 + whole] | pdu[3 + whole] << 8) != adu_crc(pdu, 2 + whole))
        return bad(answer, "bad CRC");
    if (refused) {
        answer->exception = pdu[2];
        return ADU_EXCEPTION;
    }
    answer->data = pdu + 2;
    answer->length = whole;
    return ADU_GOOD;
}

/* ---- reads ----------------------------------------------------------------------------------- */

static size_t payload(const struct ask *ask)
{
    return ask->function <= 2 ? (ask->count + 7U) / 8 : ask->count * 2U;
}

/* A count, and exactly so many bytes. */
static enum verdict read_body(const void *me, const uint8_t *body, size_t n, size_t *length,
                              const char **why)
{
    size_t bytes = payload(me);
    *length = 1 + bytes;
    if (n && body[0] != bytes) {
        *why = "wrong byte count";
        return ADU_BAD;
    }
    return n < *length ? ADU_MORE : ADU_GOOD;
}

static struct expectation expected(const struct ask *ask)
{
    uint16_t whole = (uint16_t)(1 + payload(ask));
    return (struct expectation){.framing = ask->framing,
                                .transaction = ask->transaction,
                                .unit = ask->unit,
                                .function = ask->function,
                                .least = whole,
                                .most = whole,
                                .body = read_body,
                                .me = ask};
}

size_t adu_ask(uint8_t out[static ADU_MAX], const struct ask *ask)
{
    assert(ask->function >= 1 && ask->function <= 4 && ask->count >= 1);
    assert(ask->count <= (ask->function <= 2 ? BITS_MAX : REGISTERS_MAX));
    struct expectation e = expected(ask);
    uint8_t body[4];
    put_u16(body, ask->address);
    put_u16(body + 2, ask->count);
    return adu_wrap(out, &e, body, sizeof(body));
}

size_t adu_answer_length(const struct ask *ask)
{
    return (ask->framing == FRAMING_TCP ? MBAP : CRC) + 3U + payload(ask);
}

enum verdict adu_check(const struct ask *ask, const uint8_t *bytes, size_t length,
                       struct answer *answer)
{
    struct expectation e = expected(ask);
    enum verdict v = adu_judge(&e, bytes, length, answer);
    if (v == ADU_GOOD) {
        answer->data++;
        answer->length--;
    }
    return v;
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
