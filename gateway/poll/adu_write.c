/* SPDX-License-Identifier: Apache-2.0 */
#include "poll/adu_write.h"

#include <assert.h>

#include "poll/adu_parts.h"

enum { BODY_MAX = 5 + 2 * WRITE_WORDS_MAX };

static size_t put_u16(uint8_t *at, unsigned x)
{
    at[0] = (uint8_t)(x >> 8);
    at[1] = (uint8_t)x;
    return 2;
}

static size_t put_bits(uint8_t *at, const struct write_ask *a)
{
    unsigned bits = 0;
    for (unsigned i = 0; i < a->count; i++)
        bits |= (unsigned)(a->words[i] != 0) << i;
    at[0] = 1;
    at[1] = (uint8_t)bits;
    return 2;
}

static size_t put_words(uint8_t *at, const struct write_ask *a)
{
    at[0] = (uint8_t)(2 * a->count);
    for (unsigned i = 0; i < a->count; i++)
        put_u16(at + 1 + 2 * i, a->words[i]);
    return 1 + 2U * a->count;
}

/* What stands behind the function code; *echoed: how much of it the answer repeats. */
static size_t make_body(const struct write_ask *a, uint8_t body[static BODY_MAX], size_t *echoed)
{
    assert(a->count >= 1 && a->count <= WRITE_WORDS_MAX);
    size_t n = put_u16(body, a->address);
    *echoed = 4;
    switch (a->function) {
    case 5:
        return n + put_u16(body + n, a->words[0] ? 0xFF00 : 0);
    case 6:
        return n + put_u16(body + n, a->words[0]);
    case 15:
        n += put_u16(body + n, a->count);
        return n + put_bits(body + n, a);
    case 16:
        n += put_u16(body + n, a->count);
        return n + put_words(body + n, a);
    default:
        break;
    }
    /* Result = (current AND and_mask) OR (or_mask AND NOT and_mask): 6.16 of the specification. */
    assert(a->function == 22);
    n += put_u16(body + n, (uint16_t)~a->mask);
    n += put_u16(body + n, a->words[0] & a->mask);
    *echoed = 6;
    return n;
}

static enum verdict check_body(const void *me, const uint8_t *body, size_t n, size_t *length,
                               const char **why)
{
    const struct write_ask *a = me;
    uint8_t expected[BODY_MAX];
    size_t whole;
    make_body(a, expected, &whole);
    for (size_t i = 0; i < n && i < whole; i++) {
        if (body[i] == expected[i])
            continue;
        *why = i < 2                                    ? "it says that another address was written"
               : a->function == 15 || a->function == 16 ? "it says that another count was written"
                                                        : "it says that another value was written";
        return ADU_BAD;
    }
    *length = whole;
    return n < whole ? ADU_MORE : ADU_GOOD;
}

static struct expectation expectation_of(const struct write_ask *a)
{
    uint16_t whole = a->function == 22 ? 6 : 4;
    return (struct expectation){.framing = a->framing,
                                .transaction = a->transaction,
                                .unit = a->unit,
                                .function = a->function,
                                .least = whole,
                                .most = whole,
                                .body = check_body,
                                .me = a};
}

size_t adu_write(uint8_t out[static ADU_MAX], const struct write_ask *ask)
{
    uint8_t body[BODY_MAX];
    size_t echoed, length = make_body(ask, body, &echoed);
    const struct expectation e = expectation_of(ask);
    return adu_wrap(out, &e, body, length);
}

size_t adu_write_answer_length(const struct write_ask *ask)
{
    return (ask->framing == FRAMING_TCP ? 8U : 4U) + (ask->function == 22 ? 6U : 4U);
}

enum verdict adu_write_check(const struct write_ask *ask, const uint8_t *bytes, size_t length,
                             struct answer *answer)
{
    const struct expectation e = expectation_of(ask);
    enum verdict v = adu_judge(&e, bytes, length, answer);
    answer->data = NULL;
    answer->length = 0;
    return v;
}
