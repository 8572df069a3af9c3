/* SPDX-License-Identifier: Apache-2.0 */
/* Frames that write, byte by byte, and what may be taken for their answer. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "poll/adu_write.h"

/* Questions of "MODBUS Application Protocol V1.1b3", 6.5, 6.6, 6.11, 6.12, 6.16; the coils of 6.11
 * are cut to the three that fit. */
static const struct {
    struct write_ask ask;
    uint8_t pdu[16], answer[8];
    size_t length, answered;
} facts[] = {
    {{.function = 5, .address = 0xAC, .count = 1, .words = {1}},
     {5, 0, 0xAC, 0xFF, 0},
     {5, 0, 0xAC, 0xFF, 0},
     5,
     5},
    {{.function = 5, .address = 0xAC, .count = 1}, {5, 0, 0xAC, 0, 0}, {5, 0, 0xAC, 0, 0}, 5, 5},
    {{.function = 6, .address = 1, .count = 1, .words = {3}},
     {6, 0, 1, 0, 3},
     {6, 0, 1, 0, 3},
     5,
     5},
    {{.function = 15, .address = 0x13, .count = 3, .words = {1, 0, 1}},
     {15, 0, 0x13, 0, 3, 1, 5},
     {15, 0, 0x13, 0, 3},
     7,
     5},
    {{.function = 16, .address = 1, .count = 2, .words = {0x0A, 0x102}},
     {16, 0, 1, 0, 2, 4, 0, 0x0A, 1, 2},
     {16, 0, 1, 0, 2},
     10,
     5},
    {{.function = 22, .address = 4, .count = 1, .words = {0x0005}, .mask = 0xFF0D},
     {22, 0, 4, 0x00, 0xF2, 0x00, 0x05},
     {22, 0, 4, 0x00, 0xF2, 0x00, 0x05},
     7,
     7},
};
enum { FACTS = sizeof facts / sizeof *facts };

static struct write_ask ask_of(size_t i, enum framing framing)
{
    struct write_ask a = facts[i].ask;
    a.framing = (uint8_t)framing;
    a.transaction = 0x1234;
    a.unit = 17;
    return a;
}

static size_t frame(const struct write_ask *a, const uint8_t *pdu, size_t n, uint8_t *out)
{
    if (a->framing == FRAMING_TCP) {
        const uint8_t head[] = {0x12, 0x34, 0, 0, 0, (uint8_t)(n + 1), 17};
        memcpy(out, head, 7);
        memcpy(out + 7, pdu, n);
        return n + 7;
    }
    out[0] = 17;
    memcpy(out + 1, pdu, n);
    uint16_t crc = adu_crc(out, n + 1);
    out[n + 1] = (uint8_t)crc;
    out[n + 2] = (uint8_t)(crc >> 8);
    return n + 3;
}

static void questions_are_those_of_the_specification(void **state)
{
    (void)state;
    for (size_t i = 0; i < FACTS; i++) {
        for (int framing = FRAMING_TCP; framing <= FRAMING_RTU; framing++) {
            struct write_ask a = ask_of(i, (enum framing)framing);
            uint8_t is[ADU_MAX], should[ADU_MAX];
            size_t n = adu_write(is, &a), m = frame(&a, facts[i].pdu, facts[i].length, should);
            assert_int_equal(n, m);
            assert_memory_equal(is, should, n);
            assert_true(n <= WRITE_FRAME_MAX);
        }
    }
}

static void only_the_very_echo_is_an_answer(void **state)
{
    (void)state;
    for (size_t i = 0; i < FACTS; i++) {
        for (int framing = FRAMING_TCP; framing <= FRAMING_RTU; framing++) {
            struct write_ask a = ask_of(i, (enum framing)framing);
            struct answer answer;
            uint8_t good[ADU_MAX], other[ADU_MAX];
            size_t n = frame(&a, facts[i].answer, facts[i].answered, good);
            assert_int_equal(n, adu_write_answer_length(&a));
            for (size_t k = 0; k < n; k++)
                assert_int_equal(adu_write_check(&a, good, k, &answer), ADU_MORE);
            assert_int_equal(adu_write_check(&a, good, n, &answer), ADU_GOOD);
            good[n] = 0;
            assert_int_equal(adu_write_check(&a, good, n + 1, &answer), ADU_BAD);
            /* Any bit of it turned over, under a sum that is right. */
            for (size_t bit = 0; bit < 8 * facts[i].answered; bit++) {
                uint8_t pdu[8];
                memcpy(pdu, facts[i].answer, sizeof pdu);
                pdu[bit / 8] ^= (uint8_t)(1U << bit % 8);
                size_t m = frame(&a, pdu, facts[i].answered, other);
                assert_int_equal(adu_write_check(&a, other, m, &answer), ADU_BAD);
                assert_non_null(answer.why);
            }
            const uint8_t no[] = {(uint8_t)(a.function | 0x80), 4};
            size_t m = frame(&a, no, 2, other);
            assert_int_equal(adu_write_check(&a, other, m, &answer), ADU_EXCEPTION);
            assert_int_equal(answer.exception, 4);
        }
    }
}

static void what_differs_is_named(void **state)
{
    (void)state;
    static const struct {
        size_t fact;
        uint8_t pdu[8];
        const char *why;
    } cases[] = {
        {2, {6, 0, 2, 0, 3}, "it says that another address was written"},
        {2, {6, 0, 1, 0, 4}, "it says that another value was written"},
        {4, {16, 0, 1, 0, 3}, "it says that another count was written"},
        {5, {22, 0, 4, 0, 0xF2, 0, 0x25}, "it says that another value was written"},
        {2, {3, 2, 0, 3, 0}, "wrong function"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct write_ask a = ask_of(cases[i].fact, FRAMING_RTU);
        struct answer answer;
        uint8_t bytes[ADU_MAX];
        size_t n = frame(&a, cases[i].pdu, facts[cases[i].fact].answered, bytes);
        assert_int_equal(adu_write_check(&a, bytes, n, &answer), ADU_BAD);
        assert_string_equal(answer.why, cases[i].why);
    }
}

/* Function 16 alone is answered by something else than its own bytes. */
static void a_question_of_many_registers_is_no_answer_to_itself(void **state)
{
    (void)state;
    struct write_ask a = ask_of(4, FRAMING_RTU);
    struct answer answer;
    uint8_t bytes[ADU_MAX];
    size_t n = adu_write(bytes, &a);
    assert_int_equal(adu_write_check(&a, bytes, n, &answer), ADU_BAD);
    a.framing = FRAMING_TCP;
    n = adu_write(bytes, &a);
    assert_int_equal(adu_write_check(&a, bytes, n, &answer), ADU_BAD);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(questions_are_those_of_the_specification),
        cmocka_unit_test(only_the_very_echo_is_an_answer),
        cmocka_unit_test(what_differs_is_named),
        cmocka_unit_test(a_question_of_many_registers_is_no_answer_to_itself),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
