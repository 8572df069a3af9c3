/* SPDX-License-Identifier: Apache-2.0 */
/* What equipment may say about itself, as a table. */
#include "adu_rows.h"

#include "poll/adu_identity.h"

static const struct identity_ask tcp_basic = {FRAMING_TCP, 0x1234, 3, 43, IDENTITY_BASIC, 0};
static const struct identity_ask tcp_on = {FRAMING_TCP, 0x1234, 3, 43, IDENTITY_EXTENDED, 0x80};
static const struct identity_ask rtu_basic = {FRAMING_RTU, 0, 3, 43, IDENTITY_BASIC, 0};
static const struct identity_ask rtu_one = {FRAMING_RTU, 0, 3, 43, IDENTITY_SINGLE, 1};
static const struct identity_ask tcp_report = {FRAMING_TCP, 0x1234, 3, 17, 0, 0};
static const struct identity_ask rtu_report = {FRAMING_RTU, 0, 3, 17, 0, 0};

#define MBAP(length) "1234 0000 00" length " 03 "
#define PAGE "2b 0e 01 01 00 00 02 00 02 4142 01 01 43" /* "AB", "C" */

static const struct row rows[] = {
    {"two objects", &tcp_basic, MBAP("0f") PAGE, ADU_GOOD, NULL, 0},
    {"no objects", &tcp_basic, MBAP("08") "2b 0e 01 01 00 00 00", ADU_GOOD, NULL, 0},
    {"an empty object", &tcp_basic, MBAP("0a") "2b 0e 01 81 00 00 01 00 00", ADU_GOOD, NULL, 0},
    {"more follows", &tcp_basic, MBAP("0b") "2b 0e 01 83 ff 01 01 00 01 41", ADU_GOOD, NULL, 0},
    {"a later page", &tcp_on, MBAP("0b") "2b 0e 03 83 00 00 01 80 01 41", ADU_GOOD, NULL, 0},
    {"two objects", &rtu_basic, "03" PAGE "crc", ADU_GOOD, NULL, 0},
    {"one object", &rtu_one, "03 2b 0e 04 81 00 00 01 01 01 43 crc", ADU_GOOD, NULL, 0},
    {"refused", &tcp_basic, MBAP("03") "ab 01", ADU_EXCEPTION, NULL, 1},
    {"refused", &rtu_basic, "03 ab 01 crc", ADU_EXCEPTION, NULL, 1},
    {"refused by a code that does not exist", &rtu_basic, "03 ab 0e", ADU_BAD,
     "an exception that does not exist", 0},
    {"the header promises less", &tcp_basic, MBAP("0e") PAGE, ADU_BAD, NULL, 0},
    {"the header promises more", &tcp_basic, MBAP("10") PAGE, ADU_BAD, "wrong length", 0},
    {"too short for any page", &tcp_basic, "1234 0000 0007", ADU_BAD, "wrong length", 0},
    {"too long for any page", &tcp_basic, "1234 0000 00ff", ADU_BAD, "wrong length", 0},
    {"an object over the end", &tcp_basic, MBAP("0b") "2b 0e 01 01 00 00 01 00 02 41", ADU_BAD,
     "wrong length", 0},
    {"bytes behind the objects", &tcp_basic, MBAP("0c") "2b 0e 01 01 00 00 01 00 01 41 42", ADU_BAD,
     "wrong length", 0},
    {"MEI 13", &tcp_basic, MBAP("0f") "2b 0d", ADU_BAD, "wrong MEI type", 0},
    {"another access", &tcp_basic, MBAP("0f") "2b 0e 02", ADU_BAD, "wrong access code", 0},
    {"conformity 4", &rtu_basic, "03 2b 0e 01 04", ADU_BAD,
     "a conformity level that does not exist", 0},
    {"conformity 80", &rtu_basic, "03 2b 0e 01 80", ADU_BAD,
     "a conformity level that does not exist", 0},
    {"more is 1", &rtu_basic, "03 2b 0e 01 01 01", ADU_BAD,
     "neither more nor no more objects follow", 0},
    {"more, from where we are", &rtu_basic, "03 2b 0e 01 01 ff 00", ADU_BAD,
     "the next object is not a later one", 0},
    {"more, and nothing here", &rtu_basic, "03 2b 0e 01 01 ff 01 00", ADU_BAD,
     "wrong number of objects", 0},
    {"more, of what was told", &rtu_basic, "03 2b 0e 01 01 ff 01 02 00 01 41 01", ADU_BAD,
     "the next object has been told already", 0},
    {"124 objects", &rtu_basic, "03 2b 0e 01 01 00 00 7c", ADU_BAD, "wrong number of objects", 0},
    {"the same object twice", &rtu_basic, "03 2b 0e 01 01 00 00 02 00 01 41 00", ADU_BAD,
     "objects out of order", 0},
    {"an object from before", &tcp_on, MBAP("0b") "2b 0e 03 83 00 00 01 00", ADU_BAD,
     "an object from before those asked for", 0},
    {"objects longer than a frame", &rtu_basic, "03 2b 0e 01 01 00 00 02 00 ff", ADU_BAD,
     "objects longer than any answer", 0},
    {"two where one was asked for", &rtu_one, "03 2b 0e 04 81 00 00 02", ADU_BAD,
     "wrong number of objects", 0},
    {"another one", &rtu_one, "03 2b 0e 04 81 00 00 01 02", ADU_BAD,
     "another object than asked for", 0},
    {"one and more", &rtu_one, "03 2b 0e 04 81 ff", ADU_BAD, "more objects than the one asked for",
     0},
    {"wrong CRC", &rtu_basic, "03" PAGE "0000", ADU_BAD, "bad CRC", 0},
    {"a byte behind it", &rtu_basic, "03" PAGE "0000 00", ADU_BAD, "bytes behind the answer", 0},
    {"another unit", &rtu_basic, "04", ADU_BAD, "wrong unit", 0},
    {"another function", &rtu_basic, "03 11", ADU_BAD, "wrong function", 0},

    {"id and run", &tcp_report, MBAP("05") "11 02 2a ff", ADU_GOOD, NULL, 0},
    {"words behind", &rtu_report, "03 11 05 2a 00 414243 crc", ADU_GOOD, NULL, 0},
    {"refused", &rtu_report, "03 91 01 crc", ADU_EXCEPTION, NULL, 1},
    {"nothing in it", &rtu_report, "03 11 00", ADU_BAD, "wrong byte count", 0},
    {"only an id", &rtu_report, "03 11 01", ADU_BAD, "wrong byte count", 0},
    {"more than a frame holds", &rtu_report, "03 11 fc", ADU_BAD, "wrong byte count", 0},
    {"the header promises more", &tcp_report, MBAP("06") "11 02 2a ff", ADU_BAD, "wrong length", 0},
    {"the count promises more", &tcp_report, MBAP("05") "11 03 2a ff", ADU_BAD, "wrong length", 0},
};

static enum verdict check(const void *ask, const uint8_t *bytes, size_t length, struct answer *a)
{
    return adu_identity_check(ask, bytes, length, a);
}

static const struct rows table = {rows, sizeof rows / sizeof *rows, check};

static void each_answer_gets_the_verdict_of_its_row(void **state)
{
    (void)state;
    rows_get_their_verdicts(&table);
}

static void what_is_whole_was_more_at_every_shorter_length(void **state)
{
    (void)state;
    rows_are_more_until_their_last_byte(&table);
}

static void no_flipped_bit_of_a_page_on_a_bus_is_believed(void **state)
{
    (void)state;
    no_flipped_bit_is_believed(&table, &rtu_basic, "03" PAGE "crc");
}

static void a_page_says_what_it_holds(void **state)
{
    (void)state;
    uint8_t bytes[64];
    struct answer a;
    struct identity_page page;
    size_t n = from_hex("03 2b 0e 01 83 ff 05 02 00 02 4142 01 01 43 crc", bytes);
    assert_int_equal(adu_identity_check(&rtu_basic, bytes, n, &a), ADU_GOOD);
    adu_identity_page(&a, &page);
    assert_int_equal(page.conformity, 3);
    assert_true(page.individual && page.more);
    assert_int_equal(page.next, 5);
    assert_int_equal(page.count, 2);
    assert_int_equal(page.objects[1].id, 1);
    assert_int_equal(page.objects[0].length, 2);
    assert_memory_equal(page.objects[0].value, "AB", 2);
    assert_string_equal(adu_object_name(1), "product code");
    assert_null(adu_object_name(128));
}

static void a_report_says_whether_it_runs_where_that_is_clear(void **state)
{
    (void)state;
    static const struct {
        const char *hex;
        int runs;
    } reports[] = {
        {"03 11 03 07 ff 41 crc", 1}, {"03 11 02 07 00 crc", 0}, {"03 11 02 4142 crc", -1}};
    for (size_t i = 0; i < sizeof(reports) / sizeof(reports[0]); i++) {
        uint8_t bytes[64];
        struct answer a;
        struct identity_report r;
        size_t n = from_hex(reports[i].hex, bytes);
        assert_int_equal(adu_identity_check(&rtu_report, bytes, n, &a), ADU_GOOD);
        adu_identity_report(&a, &r);
        assert_int_equal(r.runs, reports[i].runs);
        assert_int_equal(r.length, bytes[2]);
        assert_ptr_equal(r.data, bytes + 3);
    }
}

static void questions_are_those_of_the_specification(void **state)
{
    (void)state;
    static const struct {
        const struct identity_ask *ask;
        const char *hex;
    } asks[] = {{&tcp_basic, "1234 0000 0005 03 2b 0e 01 00"},
                {&tcp_on, "1234 0000 0005 03 2b 0e 03 80"},
                {&rtu_one, "03 2b 0e 04 01 crc"},
                {&tcp_report, "1234 0000 0002 03 11"},
                {&rtu_report, "03 11 crc"}};
    for (size_t i = 0; i < sizeof(asks) / sizeof(asks[0]); i++) {
        uint8_t out[ADU_MAX], expected[64];
        size_t n = from_hex(asks[i].hex, expected);
        assert_int_equal(adu_identity_ask(out, asks[i].ask), n);
        assert_memory_equal(out, expected, n);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_answer_gets_the_verdict_of_its_row),
        cmocka_unit_test(what_is_whole_was_more_at_every_shorter_length),
        cmocka_unit_test(no_flipped_bit_of_a_page_on_a_bus_is_believed),
        cmocka_unit_test(a_page_says_what_it_holds),
        cmocka_unit_test(a_report_says_whether_it_runs_where_that_is_clear),
        cmocka_unit_test(questions_are_those_of_the_specification),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
