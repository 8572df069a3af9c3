/* SPDX-License-Identifier: Apache-2.0 */
/* The answers to what is read, as a table. */
#include "adu_rows.h"

#include <modbus.h>
#include <sys/socket.h>
#include <unistd.h>

static const struct ask tcp2 = {FRAMING_TCP, 0x1234, 3, 3, 0x0100, 2};
static const struct ask rtu2 = {FRAMING_RTU, 0, 3, 3, 0x0100, 2};
static const struct ask tcp10bits = {FRAMING_TCP, 0x1234, 3, 1, 0x0100, 10};

static const struct row rows[] = {
    {"the answer", &tcp2, "1234 0000 0007 03 03 04 0001 0002", ADU_GOOD, NULL, 0},
    {"nothing yet", &tcp2, "", ADU_MORE, NULL, 0},
    {"M16 half a header", &tcp2, "1234 00", ADU_MORE, NULL, 0},
    {"M16 all but a byte", &tcp2, "1234 0000 0007 03 03 04 0001 00", ADU_MORE, NULL, 0},
    {"M06 next transaction", &tcp2, "1235", ADU_BAD, "wrong transaction", 0},
    {"M06 other transaction, from its first byte", &tcp2, "13", ADU_BAD, "wrong transaction", 0},
    {"M10 protocol 1", &tcp2, "1234 0001", ADU_BAD, "wrong protocol", 0},
    {"M10 protocol 256", &tcp2, "1234 01", ADU_BAD, "wrong protocol", 0},
    {"M10 protocol 257", &tcp2, "1234 0101", ADU_BAD, "wrong protocol", 0},
    {"M11 length 0", &tcp2, "1234 0000 0000", ADU_BAD, "wrong length", 0},
    {"M11 length one less", &tcp2, "1234 0000 0006 03 03 04 0001 00", ADU_BAD, "wrong length", 0},
    {"M11 length one more", &tcp2, "1234 0000 0008", ADU_BAD, "wrong length", 0},
    {"M11 length 65535", &tcp2, "1234 0000 ff", ADU_BAD, "wrong length", 0},
    {"M11 a refusal's length before data", &tcp2, "1234 0000 0003 03 03", ADU_BAD, "wrong length",
     0},
    {"M11 the data's length before a refusal", &tcp2, "1234 0000 0007 03 83", ADU_BAD,
     "wrong length", 0},
    {"M08 unit 9", &tcp2, "1234 0000 0007 09", ADU_BAD, "wrong unit", 0},
    {"M09 function 4", &tcp2, "1234 0000 0007 03 04", ADU_BAD, "wrong function", 0},
    {"M09 function 6", &tcp2, "1234 0000 0006", ADU_BAD, "wrong length", 0},
    {"M12 byte count 2", &tcp2, "1234 0000 0007 03 03 02", ADU_BAD, "wrong byte count", 0},
    {"M12 byte count 0", &tcp2, "1234 0000 0007 03 03 00", ADU_BAD, "wrong byte count", 0},
    {"M12 byte count 3", &tcp2, "1234 0000 0007 03 03 03", ADU_BAD, "wrong byte count", 0},
    {"M13 byte count 200", &tcp2, "1234 0000 0007 03 03 c8", ADU_BAD, "wrong byte count", 0},
    {"M14 one register too many", &tcp2, "1234 0000 0009", ADU_BAD, "wrong length", 0},
    {"M15 one register too few", &tcp2, "1234 0000 0005", ADU_BAD, "wrong length", 0},
    {"M19 four bytes behind", &tcp2, "1234 0000 0007 03 03 04 0001 0002 00000000", ADU_BAD,
     "bytes behind the answer", 0},
    {"M19 one byte behind", &tcp2, "1234 0000 0007 03 03 04 0001 0002 00", ADU_BAD,
     "bytes behind the answer", 0},
    {"M20 two answers", &tcp2,
     "1234 0000 0007 03 03 04 0001 0002 1234 0000 0007 03 03 04 0001 0002", ADU_BAD,
     "bytes behind the answer", 0},
    {"M21 junk in front", &tcp2, "dead beef", ADU_BAD, "wrong transaction", 0},
    {"M23 exception 1", &tcp2, "1234 0000 0003 03 83 01", ADU_EXCEPTION, NULL, 1},
    {"M24 exception 2", &tcp2, "1234 0000 0003 03 83 02", ADU_EXCEPTION, NULL, 2},
    {"M25 exception 3", &tcp2, "1234 0000 0003 03 83 03", ADU_EXCEPTION, NULL, 3},
    {"M26 exception 4", &tcp2, "1234 0000 0003 03 83 04", ADU_EXCEPTION, NULL, 4},
    {"M27 exception 6", &tcp2, "1234 0000 0003 03 83 06", ADU_EXCEPTION, NULL, 6},
    {"exception 7", &tcp2, "1234 0000 0003 03 83 07", ADU_EXCEPTION, NULL, 7},
    {"M28 exception 8", &tcp2, "1234 0000 0003 03 83 08", ADU_EXCEPTION, NULL, 8},
    {"M29 exception 10", &tcp2, "1234 0000 0003 03 83 0a", ADU_EXCEPTION, NULL, 10},
    {"M29 exception 11", &tcp2, "1234 0000 0003 03 83 0b", ADU_EXCEPTION, NULL, 11},
    {"M30 exception 0", &tcp2, "1234 0000 0003 03 83 00", ADU_BAD,
     "an exception that does not exist", 0},
    {"M30 exception 9", &tcp2, "1234 0000 0003 03 83 09", ADU_BAD,
     "an exception that does not exist", 0},
    {"M30 exception 12", &tcp2, "1234 0000 0003 03 83 0c", ADU_BAD,
     "an exception that does not exist", 0},
    {"M30 exception 255", &tcp2, "1234 0000 0003 03 83 ff", ADU_BAD,
     "an exception that does not exist", 0},
    {"M30 exception of function 4", &tcp2, "1234 0000 0003 03 84 02", ADU_BAD, "wrong function", 0},
    {"exception of another unit", &tcp2, "1234 0000 0003 04 83 02", ADU_BAD, "wrong unit", 0},
    {"a byte behind an exception", &tcp2, "1234 0000 0003 03 83 02 00", ADU_BAD,
     "bytes behind the answer", 0},
    {"ten bits are two bytes", &tcp10bits, "1234 0000 0005 03 01 02 ff03", ADU_GOOD, NULL, 0},
    {"ten bits in one byte", &tcp10bits, "1234 0000 0004", ADU_BAD, "wrong length", 0},

    {"the answer", &rtu2, "03 03 04 0001 0002 crc", ADU_GOOD, NULL, 0},
    {"M16 one byte", &rtu2, "03", ADU_MORE, NULL, 0},
    {"M16 without its CRC", &rtu2, "03 03 04 0001 0002", ADU_MORE, NULL, 0},
    {"M16 half a CRC", &rtu2, "03 03 04 0001 0002 12", ADU_MORE, NULL, 0},
    {"M08 unit 9", &rtu2, "09", ADU_BAD, "wrong unit", 0},
    {"M46 unit 0", &rtu2, "00 03 04 0001 0002 crc", ADU_BAD, "wrong unit", 0},
    {"M09 function 4", &rtu2, "03 04", ADU_BAD, "wrong function", 0},
    {"M14 one register too many", &rtu2, "03 03 06 0001 0002 0003 crc", ADU_BAD, "wrong byte count",
     0},
    {"M15 one register too few", &rtu2, "03 03 02 0001 crc", ADU_BAD, "wrong byte count", 0},
    {"M20 two answers", &rtu2, "03 03 04 0001 0002 12 34 03", ADU_BAD, "bytes behind the answer",
     0},
    {"M41 wrong CRC", &rtu2, "03 03 04 0001 0002 1234", ADU_BAD, "bad CRC", 0},
    {"M44 noise in front", &rtu2, "00 03 03", ADU_BAD, "wrong unit", 0},
    {"M42 our own bytes", &rtu2, "03 03 01 00 0002 crc", ADU_BAD, "wrong byte count", 0},
    {"exception 2", &rtu2, "03 83 02 crc", ADU_EXCEPTION, NULL, 2},
    {"M30 exception 9", &rtu2, "03 83 09", ADU_BAD, "an exception that does not exist", 0},
    {"exception with a wrong CRC", &rtu2, "03 83 02 0000", ADU_BAD, "bad CRC", 0},
};

static enum verdict check(const void *ask, const uint8_t *bytes, size_t length, struct answer *a)
{
    return adu_check(ask, bytes, length, a);
}

static const struct rows table = {rows, sizeof rows / sizeof *rows, check};

static void each_answer_gets_the_verdict_of_its_row(void **state)
{
    (void)state;
    rows_get_their_verdicts(&table);
}

/* M16, M22 */
static void a_good_answer_is_more_until_its_last_byte(void **state)
{
    (void)state;
    rows_are_more_until_their_last_byte(&table);
}

/* M41 */
static void no_flipped_bit_of_an_rtu_answer_is_believed(void **state)
{
    (void)state;
    no_flipped_bit_is_believed(&table, &rtu2, "03 03 04 0001 0002 crc");
}

static void the_crc_is_the_one_of_the_specification(void **state)
{
    (void)state;
    assert_int_equal(adu_crc((const uint8_t *)"123456789", 9), 0x4b37);
    assert_int_equal(adu_crc((const uint8_t *)"\x02\x07", 2), 0x1241); /* its own example */
}

static void every_exception_has_a_name(void **state)
{
    (void)state;
    for (unsigned code = 0; code < 256; code++)
        assert_non_null(adu_exception_name((uint8_t)code));
    assert_string_equal(adu_exception_name(2), "illegal data address");
}

/* libmodbus as the second opinion: it must understand what we ask, and what it answers must mean
 * the same to us. It sends with its own functions, over a socket pair of the test. */
static void libmodbus_understands_us_and_we_understand_it(void **state)
{
    (void)state;
    int pair[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    modbus_mapping_t *map = modbus_mapping_new(2100, 2100, 300, 300);
    for (int i = 0; i < 300; i++) {
        map->tab_registers[i] = (uint16_t)(i * 31 + 5);
        map->tab_input_registers[i] = (uint16_t)(i * 17 + 9);
    }
    for (int i = 0; i < 2100; i++) {
        map->tab_bits[i] = i % 3 == 0;
        map->tab_input_bits[i] = i % 5 == 0;
    }
    modbus_t *server = modbus_new_tcp("127.0.0.1", 1502);
    modbus_set_socket(server, pair[1]);
    static const struct {
        uint8_t function;
        uint16_t address, count;
    } asks[] = {{3, 0, 1},    {3, 7, 125}, {4, 100, 60}, {4, 299, 1},  {1, 0, 1},  {1, 3, 9},
                {2, 5, 2000}, {1, 64, 16}, {3, 290, 20}, {2, 2099, 2}, {4, 301, 1}};
    for (size_t i = 0; i < sizeof(asks) / sizeof(asks[0]); i++) {
        struct ask ask = {FRAMING_TCP,      (uint16_t)(0xfff0 + i), 17,
                          asks[i].function, asks[i].address,        asks[i].count};
        uint8_t out[ADU_MAX], query[MODBUS_TCP_MAX_ADU_LENGTH], in[ADU_MAX + 1];
        size_t n = adu_ask(out, &ask);
        assert_int_equal(send(pair[0], out, n, 0), n);
        int got = modbus_receive(server, query);
        assert_int_equal(got, n);
        assert_true(modbus_reply(server, query, got, map) > 0);
        ssize_t length = recv(pair[0], in, sizeof(in), 0);
        struct answer a;
        enum verdict v = adu_check(&ask, in, (size_t)length, &a);
        bool registers = ask.function >= 3;
        if (ask.address + ask.count > (registers ? 300 : 2100)) {
            assert_int_equal(v, ADU_EXCEPTION);
            assert_int_equal(a.exception, 2);
            continue;
        }
        assert_int_equal(v, ADU_GOOD);
        assert_int_equal(length, adu_answer_length(&ask));
        for (unsigned k = 0; k < ask.count; k++) {
            unsigned at = ask.address + k;
            if (registers) {
                uint16_t x = (uint16_t)(a.data[2 * k] << 8 | a.data[2 * k + 1]);
                assert_int_equal(x, ask.function == 3 ? map->tab_registers[at]
                                                      : map->tab_input_registers[at]);
            } else {
                unsigned x = a.data[k / 8] >> k % 8 & 1;
                assert_int_equal(x,
                                 ask.function == 1 ? map->tab_bits[at] : map->tab_input_bits[at]);
            }
        }
    }
    modbus_free(server);
    modbus_mapping_free(map);
    close(pair[0]);
    close(pair[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_answer_gets_the_verdict_of_its_row),
        cmocka_unit_test(a_good_answer_is_more_until_its_last_byte),
        cmocka_unit_test(no_flipped_bit_of_an_rtu_answer_is_believed),
        cmocka_unit_test(the_crc_is_the_one_of_the_specification),
        cmocka_unit_test(every_exception_has_a_name),
        cmocka_unit_test(libmodbus_understands_us_and_we_understand_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
