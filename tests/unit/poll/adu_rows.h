/* SPDX-License-Identifier: Apache-2.0 */
/* Frames as tables: each row is what equipment might send, and what is thought of it. */
#ifndef TEST_ADU_ROWS_H
#define TEST_ADU_ROWS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "poll/adu.h"

struct row {
    const char *what;
    const void *ask; /* what the table's check is given */
    const char *hex; /* "crc" at the end makes it right */
    enum verdict verdict;
    const char *why;
    uint8_t exception;
};

struct rows {
    const struct row *rows;
    size_t count;
    enum verdict (*check)(const void *ask, const uint8_t *bytes, size_t length, struct answer *a);
};

static inline size_t from_hex(const char *hex, uint8_t *out)
{
    size_t n = 0;
    for (; *hex; hex++) {
        if (*hex == ' ')
            continue;
        if (!strcmp(hex, "crc")) {
            uint16_t crc = adu_crc(out, n);
            out[n++] = (uint8_t)crc;
            out[n++] = (uint8_t)(crc >> 8);
            break;
        }
        char digits[3] = {hex[0], hex[1], 0};
        out[n++] = (uint8_t)strtoul(digits, NULL, 16);
        hex++;
    }
    return n;
}

static inline void rows_get_their_verdicts(const struct rows *t)
{
    for (const struct row *r = t->rows; r < t->rows + t->count; r++) {
        uint8_t bytes[64];
        struct answer a;
        size_t n = from_hex(r->hex, bytes);
        enum verdict v = t->check(r->ask, bytes, n, &a);
        if (v != r->verdict || a.exception != r->exception ||
            (r->why && (!a.why || strcmp(a.why, r->why) != 0)))
            fail_msg("%s (%s): verdict %d, exception %d, why %s", r->what, r->hex, v, a.exception,
                     a.why ? a.why : "-");
        if (v == ADU_GOOD)
            assert_true(a.data >= bytes && a.data + a.length <= bytes + n);
    }
}

/* What is whole was MORE at every shorter length, and one byte more is BAD. */
static inline void rows_are_more_until_their_last_byte(const struct rows *t)
{
    for (const struct row *r = t->rows; r < t->rows + t->count; r++) {
        uint8_t bytes[64] = {0};
        struct answer a;
        size_t n = from_hex(r->hex, bytes);
        if (r->verdict != ADU_GOOD && r->verdict != ADU_EXCEPTION)
            continue;
        for (size_t k = 0; k < n; k++) {
            uint8_t *exact = malloc(k + 1); /* so that a look behind the end is caught */
            memcpy(exact + 1, bytes, k);
            assert_int_equal(t->check(r->ask, exact + 1, k, &a), ADU_MORE);
            free(exact);
        }
        assert_int_equal(t->check(r->ask, bytes, n + 1, &a), ADU_BAD);
    }
}

/* Every single bit, everywhere in a good frame with a checksum. */
static inline void no_flipped_bit_is_believed(const struct rows *t, const void *ask,
                                              const char *hex)
{
    uint8_t bytes[64] = {0};
    struct answer a;
    size_t n = from_hex(hex, bytes);
    assert_int_equal(t->check(ask, bytes, n, &a), ADU_GOOD);
    for (size_t bit = 0; bit < n * 8; bit++) {
        bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
        enum verdict v = t->check(ask, bytes, n, &a);
        assert_true(v == ADU_BAD || v == ADU_MORE);
        bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
}

#endif
