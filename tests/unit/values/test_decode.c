/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>

#include "points.h"
#include "values/words.h"

struct fact {
    enum raw_type type;
    const char *order, *wire, *told;
};

static void check(const struct fact *facts, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct point p = point_of(facts[i].type, facts[i].order);
        const char *told = decoded(&p, facts[i].wire);
        if (strcmp(told, facts[i].told) != 0)
            fail_msg("row %zu: %s is %s, not %s", i, facts[i].wire, told, facts[i].told);
    }
}

#define CHECK(facts) check(facts, sizeof(facts) / sizeof *(facts))

static void every_type_has_its_number(void **state)
{
    (void)state;
    static const struct fact facts[] = {
        {RAW_U8, NULL, "12FE", "254"},
        {RAW_U8, "A", "12FE", "18"},
        {RAW_S8, NULL, "12FE", "-2"},
        {RAW_S8, "A", "80FE", "-128"},
        {RAW_U16, NULL, "FFFF", "65535"},
        {RAW_S16, NULL, "8000", "-32768"},
        {RAW_U24, NULL, "00FFFFFF", "16777215"},
        {RAW_U24, NULL, "AB000001", "1"},
        {RAW_S24, NULL, "00FFFFFF", "-1"},
        {RAW_S24, NULL, "007FFFFF", "8388607"},
        {RAW_U32, NULL, "FFFFFFFF", "4294967295"},
        {RAW_S32, NULL, "80000000", "-2147483648"},
        {RAW_U48, NULL, "FFFFFFFFFFFF", "281474976710655"},
        {RAW_S48, NULL, "800000000000", "-140737488355328"},
        {RAW_U64, NULL, "0020000000000001", "9007199254740993"},
        {RAW_U64, NULL, "FFFFFFFFFFFFFFFF", "18446744073709551615"},
        {RAW_S64, NULL, "8000000000000000", "-9223372036854775808"},
        {RAW_F16, NULL, "3C00", "1.0"},
        {RAW_F16, NULL, "C000", "-2.0"},
        {RAW_F16, NULL, "7BFF", "65504.0"},
        {RAW_F16, NULL, "0001", "5.9604645e-08"},
        {RAW_F16, NULL, "0400", "6.1035156e-05"},
        {RAW_F32, NULL, "43663333", "230.2"},
        {RAW_F32, NULL, "00000001", "1e-45"},
        {RAW_F64, NULL, "3FB999999999999A", "0.1"},
        {RAW_BCD16, NULL, "9876", "9876"},
        {RAW_BCD32, NULL, "00123456", "123456"},
        {RAW_BCD64, NULL, "9999999999999999", "9999999999999999"},
        {RAW_SM16, NULL, "0548", "1352"},
        {RAW_SM16, NULL, "8548", "-1352"},
        {RAW_SM16, NULL, "8000", "0"},
        {RAW_BOOL, NULL, "0000", "false"},
        {RAW_BOOL, NULL, "0100", "true"},
    };
    CHECK(facts);
}

static void groups_of_four_digits_come_lowest_or_highest_first(void **state)
{
    (void)state;
    static const struct fact facts[] = {
        /* PM800: 4567, 0123, 0, 0, the lowest group first, is 1 234 567 Wh. */
        {RAW_M10K64, "GHEFCDAB", "11D7007B00000000", "1234567"},
        {RAW_M10K48, "EFCDAB", "11D7007B0000", "1234567"},
        /* ION: high group first. */
        {RAW_M10K32, NULL, "00120D80", "183456"},
        {RAW_M10K32, NULL, "270F270F", "99999999"},
        {RAW_M10K64, NULL, "270F270F270F270F", "9999999999999999"},
        {RAW_M10K32, NULL, "FFFFFFFB", "-10005"},
        {RAW_M10K32, NULL, "0000FFFB", "-5"},
        {RAW_M10K32, NULL, "D8F1D8F1", "-99999999"},
        /* The ION with its plain INT32 setting: 18, 39792 is no M10K number. */
        {RAW_M10K32, NULL, "00129B70", "bad 16: not a modulo-10000 number: a group above 9999"},
        {RAW_M10K32, NULL, "00002710", "bad 16: not a modulo-10000 number: a group above 9999"},
        {RAW_M10K32, NULL, "0001FFFB", "bad 16: not a modulo-10000 number: groups of both signs"},
        {RAW_S32, NULL, "00129B70", "1219440"},
    };
    CHECK(facts);
}

static void what_is_no_number_says_so(void **state)
{
    (void)state;
    static const struct fact facts[] = {
        {RAW_F16, NULL, "7E00", "bad 16: not a number"},
        {RAW_F16, NULL, "7C00", "bad 16: infinite"},
        {RAW_F32, NULL, "7FC00000", "bad 16: not a number"},
        {RAW_F32, NULL, "FFC00000", "bad 16: not a number"},
        {RAW_F32, NULL, "7F800000", "bad 16: infinite"},
        {RAW_F32, NULL, "FF800000", "bad 16: infinite"},
        {RAW_F64, NULL, "7FF0000000000001", "bad 16: not a number"},
        {RAW_F64, NULL, "FFF0000000000000", "bad 16: infinite"},
        {RAW_BCD16, NULL, "123A", "bad 16: not a BCD number: a digit above 9"},
        {RAW_BCD32, NULL, "F0000000", "bad 16: not a BCD number: a digit above 9"},
        {RAW_BCD64, NULL, "000000000000000B", "bad 16: not a BCD number: a digit above 9"},
        {RAW_F16, NULL, "8000", "0.0"},
        {RAW_F32, NULL, "80000000", "0.0"},
        {RAW_F64, NULL, "8000000000000000", "0.0"},
    };
    CHECK(facts);
}

static void makers_examples_come_out_as_printed(void **state)
{
    (void)state;
    static const struct fact facts[] = {
        {RAW_F32, "CDAB", "00004040", "3.0"}, /* Vaisala OPT100 */
        {RAW_F32, "ABCD", "43663333", "230.2"}, /* Eastron SDM630 */
        {RAW_F32, "BADC", "66433333", "230.2"}, /* VEGA, middle endian */
        {RAW_F32, "DCBA", "33336643", "230.2"}, /* VEGA, little endian */
    };
    CHECK(facts);
    struct point p = scaled_point(RAW_SM16, "0.1", "0");
    assert_string_equal(decoded(&p, "8548"), "-135.2"); /* Unipower */
}

/* Lays the bytes of a number down as each permutation says, and wants the number back. */
static void every_permutation_is_undone(void **state)
{
    (void)state;
    static const char *const eight[] = {"ABCDEFGH", "HGFEDCBA", "GHEFCDAB", "BADCFEHG", "CDABGHEF",
                                        "EFGHABCD", "DCBAHGFE", "FEHGBADC", "BCDEFGHA"};
    char order[9] = "";
    unsigned count = 0;
    for (unsigned code = 0; code < 4 + 256; code++) {
        unsigned length = code < 4 ? 2 : 4, bits = code < 4 ? code : code - 4, seen = 0;
        for (unsigned i = 0; i < length; i++) {
            unsigned letter = length == 2 ? bits >> i & 1 : bits >> (2 * i) & 3;
            order[i] = (char)('A' + letter);
            seen |= 1U << letter;
        }
        if (seen != (1U << length) - 1)
            continue;
        count++;
        uint8_t wire[4];
        for (unsigned i = 0; i < length; i++)
            wire[order[i] - 'A'] = (uint8_t)(0x12 + 0x22 * i);
        struct point p = point_of(length == 2 ? RAW_U16 : RAW_U32, order);
        struct sample s;
        decode_point(&p, wire, 0, NULL, &s);
        assert_int_equal(s.value.u, length == 2 ? 0x1234 : 0x12345678);
    }
    assert_int_equal(count, 2 + 24);
    for (size_t k = 0; k < sizeof eight / sizeof *eight; k++) {
        uint8_t wire[8];
        for (unsigned i = 0; i < 8; i++)
            wire[eight[k][i] - 'A'] = (uint8_t)(i + 1);
        struct point p = point_of(RAW_U64, eight[k]);
        struct sample s;
        decode_point(&p, wire, 0, NULL, &s);
        assert_true(s.value.u == UINT64_C(0x0102030405060708));
    }
}

static void scaling_keeps_the_last_digit(void **state)
{
    (void)state;
    static const struct {
        enum raw_type type;
        const char *scale, *offset, *wire, *told;
    } facts[] = {
        {RAW_U16, "0.01", "0", "1018", "41.20"},
        {RAW_U16, "0.1", "0", "0000", "0.0"},
        {RAW_S16, "0.1", "0", "FFFF", "-0.1"},
        {RAW_U16, "0.01", "-273.15", "7248", "19.41"}, /* Grundfos temperature */
        {RAW_U16, "0.001", "-1", "03E8", "0.000"}, /* Grundfos inlet pressure */
        {RAW_U16, "0.01", "-100", "2711", "0.01"}, /* Grundfos level */
        {RAW_U16, "10", "0", "FFFF", "655350"},
        {RAW_U16, "1", "-65535", "0000", "-65535"},
        {RAW_U64, "0.01", "0", "0020000000000001", "90071992547409.93"},
        {RAW_U64, "0.01", "0", "FFFFFFFFFFFFFFFF", "184467440737095516.15"},
        {RAW_U64, "0.000000001", "0", "FFFFFFFFFFFFFFFF", "18446744073.709551615"},
        {RAW_S64, "0.001", "0", "8000000000000000", "-9223372036854775.808"},
        {RAW_S64, "-1", "0", "8000000000000000", "9223372036854775808"},
        {RAW_U64, "10", "0", "FFFFFFFFFFFFFFFF", "1.844674407370955e+20"},
        {RAW_U64, "1", "0.5", "FFFFFFFFFFFFFFFF", "1.8446744073709552e+19"},
        {RAW_U64, "1", "1.0", "FFFFFFFFFFFFFFFE", "18446744073709551615"},
        {RAW_U16, "0.0000000001", "0", "0001", "1e-10"},
        {RAW_F32, "0.1", "0", "428C0000", "7.0"},
        {RAW_F32, "1000", "0", "3F800000", "1000.0"},
        {RAW_BCD16, "0.1", "0", "1234", "123.4"},
        {RAW_M10K32, "0.1", "0", "00120D80", "18345.6"},
    };
    for (size_t i = 0; i < sizeof facts / sizeof *facts; i++) {
        struct point p = scaled_point(facts[i].type, facts[i].scale, facts[i].offset);
        assert_string_equal(decoded(&p, facts[i].wire), facts[i].told);
    }
}

static void scales_from_other_tags_stay_exact(void **state)
{
    (void)state;
    struct point p = point_of(RAW_S16, NULL);
    p.exp_from = 0;
    static const struct {
        int64_t raw;
        int exponent;
        const char *told;
    } facts[] = {
        {4120, -2, "41.20"},
        {4120, 0, "4120"},
        {4120, 3, "4120000"},
        {-1, -10, "-1e-10"},
        {-10, -10, "-0.000000001"},
        {INT64_MAX, 1, "92233720368547758070.0"},
        {1, 11, "bad 16: its scale is not an exponent"},
    };
    for (size_t i = 0; i + 1 < sizeof facts / sizeof *facts; i++) {
        struct sample e = {.quality = QUALITY_GOOD,
                           .value = {.kind = VALUE_INT, .i = facts[i].exponent}};
        struct sample s = {.quality = QUALITY_GOOD,
                           .value = {.kind = VALUE_INT, .i = facts[i].raw}};
        decode_scaled(&p, &e, NULL, &s);
        if (facts[i].raw != INT64_MAX)
            assert_string_equal(told_as(&s), facts[i].told);
        else
            assert_true(s.value.kind == VALUE_REAL && s.value.real > 9.2e19);
    }
    struct sample good = {.quality = QUALITY_GOOD, .value = {.kind = VALUE_INT, .i = 5}};
    struct sample e = {.quality = QUALITY_GOOD, .value = {.kind = VALUE_REAL, .real = 0.5}};
    struct sample s = good;
    decode_scaled(&p, &e, NULL, &s);
    assert_string_equal(told_as(&s), "bad 16: its scale is not an exponent");
    e = (struct sample){.quality = QUALITY_NOT_CONNECTED, .reason = "not yet read"};
    s = good;
    decode_scaled(&p, &e, NULL, &s);
    assert_string_equal(told_as(&s), "bad 0: scale not yet read");
    e = (struct sample){.quality = QUALITY_COMM_FAILURE, .reason = "no answer"};
    s = good;
    decode_scaled(&p, &e, NULL, &s);
    assert_string_equal(told_as(&s), "bad 24: no answer");
    e = (struct sample){
        .quality = QUALITY_UNCERTAIN, .reason = "stale", .value = {.kind = VALUE_INT, .i = -1}};
    s = good;
    decode_scaled(&p, &e, NULL, &s);
    assert_string_equal(told_as(&s), "0.5?: stale");
    /* A transformer ratio as factor, an exponent as well, and the range judged only at the end. */
    p.has_valid = true;
    p.valid_low = 0;
    p.valid_high = 100;
    e = (struct sample){.quality = QUALITY_GOOD, .value = {.kind = VALUE_INT, .i = -1}};
    struct sample f = {.quality = QUALITY_GOOD,
                       .value = {.kind = VALUE_UINT, .u = 25, .places = 1}};
    s = (struct sample){.quality = QUALITY_GOOD, .value = {.kind = VALUE_INT, .i = 400}};
    decode_scaled(&p, &e, &f, &s);
    assert_string_equal(told_as(&s), "100.00");
    s = (struct sample){.quality = QUALITY_GOOD, .value = {.kind = VALUE_INT, .i = 401}};
    decode_scaled(&p, &e, &f, &s);
    assert_string_equal(told_as(&s), "bad 16: above the valid range");
}

static void sentinels_are_refused_before_anything_else(void **state)
{
    (void)state;
    static const struct invalid sel[] = {
        {0x7FFF, 0x7FFF, "open"},      {0x8000, 0x8000, "short"}, {0x7FFC, 0x7FFC, "comm fail"},
        {0x7FF8, 0x7FF8, "stat fail"}, {0x7FFE, 0x7FFE, "fail"},  {0x7FF0, 0x7FF0, "not available"},
    };
    static const struct invalid dse[] = {{0xFFF8, 0xFFFF, "no reading"}};
    static const struct invalid abb32[] = {{0xFFFFFFFF, 0xFFFFFFFF, "not measured"}};
    static const struct invalid abb64[] = {{UINT64_MAX, UINT64_MAX, "not measured"}};
    static const struct invalid abbs[] = {{0x7FFFFFFF, 0x7FFFFFFF, "not measured"}};
    static const struct invalid byte[] = {{0xFF, 0xFF, "no sensor"}};
    static const struct invalid real[] = {{0xBF800000, 0xBF800000, "no level"}};
    static const struct invalid swapped[] = {{0xFFFF0000, 0xFFFF0000, "in number order"}};
    static const struct {
        enum raw_type type;
        const struct invalid *invalid;
        uint32_t count;
        const char *order, *wire, *told;
    } facts[] = {
        {RAW_S16, sel, 6, NULL, "7FFF", "bad 16: open"},
        {RAW_S16, sel, 6, NULL, "8000", "bad 16: short"},
        {RAW_S16, sel, 6, NULL, "7FFC", "bad 16: comm fail"},
        {RAW_S16, sel, 6, NULL, "7FF8", "bad 16: stat fail"},
        {RAW_S16, sel, 6, NULL, "7FFE", "bad 16: fail"},
        {RAW_S16, sel, 6, NULL, "7FF0", "bad 16: not available"},
        {RAW_S16, sel, 6, NULL, "7FEF", "32751"},
        {RAW_S16, sel, 6, NULL, "FFF6", "-10"},
        {RAW_U16, dse, 1, NULL, "FFF7", "65527"},
        {RAW_U16, dse, 1, NULL, "FFF8", "bad 16: no reading"},
        {RAW_U16, dse, 1, NULL, "FFFF", "bad 16: no reading"},
        {RAW_S16, dse, 1, NULL, "FFFF", "bad 16: no reading"},
        {RAW_U32, abb32, 1, NULL, "FFFFFFFF", "bad 16: not measured"},
        {RAW_U64, abb64, 1, NULL, "FFFFFFFFFFFFFFFF", "bad 16: not measured"},
        {RAW_S32, abbs, 1, NULL, "7FFFFFFF", "bad 16: not measured"},
        {RAW_S32, abbs, 1, "CDAB", "FFFF7FFF", "bad 16: not measured"},
        {RAW_U8, byte, 1, NULL, "00FF", "bad 16: no sensor"},
        {RAW_U8, byte, 1, "A", "FF00", "bad 16: no sensor"},
        {RAW_S8, byte, 1, NULL, "12FF", "bad 16: no sensor"},
        {RAW_F32, real, 1, NULL, "BF800000", "bad 16: no level"},
        {RAW_F32, real, 1, NULL, "BF800001", "-1.0000001"},
        {RAW_U32, swapped, 1, "CDAB", "0000FFFF", "bad 16: in number order"},
    };
    for (size_t i = 0; i < sizeof facts / sizeof *facts; i++) {
        struct point p = point_of(facts[i].type, facts[i].order);
        p.invalid = facts[i].invalid;
        p.invalid_count = facts[i].count;
        if (facts[i].type == RAW_S16) { /* scaling must not hide them */
            assert_string_equal(decoded(&p, facts[i].wire), facts[i].told);
            p.curve = CURVE_LINEAR;
            p.scale = decimal_of("1");
            p.offset = decimal_of("0");
        }
        assert_string_equal(decoded(&p, facts[i].wire), facts[i].told);
    }
    struct point bit = point_of(RAW_U16, NULL);
    bit.bit = 3;
    bit.invalid = dse;
    bit.invalid_count = 1;
    assert_string_equal(decoded(&bit, "FFFF"), "bad 16: no reading");
    assert_string_equal(decoded(&bit, "0008"), "true");
}

static void bits_masks_and_shifts_take_registers_apart(void **state)
{
    (void)state;
    static const struct {
        enum raw_type type;
        int bit;
        bool inverted;
        uint64_t mask;
        unsigned shift;
        const char *wire, *told;
    } facts[] = {
        {RAW_U16, 0, false, 0, 0, "0001", "true"},
        {RAW_U16, 15, false, 0, 0, "8000", "true"},
        {RAW_U16, 15, false, 0, 0, "7FFF", "false"},
        {RAW_U16, 13, true, 0, 0, "0000", "true"}, /* G120X: over-temperature is a zero */
        {RAW_U32, 31, false, 0, 0, "80000000", "true"},
        {RAW_U64, 63, false, 0, 0, "8000000000000000", "true"},
        {RAW_BOOL, 4, false, 0, 0, "0010", "true"},
        {RAW_U16, -1, false, 0xF000, 12, "A123", "10"},
        {RAW_U16, -1, false, 0x0F00, 8, "A123", "1"},
        {RAW_U16, -1, false, 0x006F, 0, "0237", "39"},
        {RAW_U16, -1, false, 0, 4, "A123", "2578"},
        {RAW_S16, -1, false, 0x0F00, 8, "0F00", "-1"},
        {RAW_U32, -1, false, 0xFFFF0000, 16, "12345678", "4660"},
        {RAW_U64, -1, false, 0x8000000000000000, 63, "8000000000000000", "1"},
    };
    for (size_t i = 0; i < sizeof facts / sizeof *facts; i++) {
        struct point p = point_of(facts[i].type, NULL);
        p.bit = (int8_t)facts[i].bit;
        p.inverted = facts[i].inverted;
        p.mask = facts[i].mask;
        p.shift = (uint8_t)facts[i].shift;
        assert_string_equal(decoded(&p, facts[i].wire), facts[i].told);
    }
    struct point coil = point_of(RAW_BOOL, NULL);
    coil.table = TABLE_COIL;
    static const uint8_t packed[] = {0x01, 0x82};
    for (uint16_t i = 0; i < 16; i++) {
        struct sample s;
        decode_point(&coil, packed, i, NULL, &s);
        assert_int_equal(s.value.truth, i == 0 || i == 9 || i == 15);
    }
}

static void enums_have_words_and_keep_strange_numbers(void **state)
{
    (void)state;
    static const struct choice choices[] = {
        {-1, "unknown", 7}, {0, "stopped", 7}, {1, "running", 7}, {1000, "service", 7}};
    struct point p = point_of(RAW_S16, NULL);
    p.choices = choices;
    p.choice_count = 4;
    assert_string_equal(decoded(&p, "0000"), "'stopped'");
    assert_string_equal(decoded(&p, "0001"), "'running'");
    assert_string_equal(decoded(&p, "FFFF"), "'unknown'");
    assert_string_equal(decoded(&p, "03E8"), "'service'");
    assert_string_equal(decoded(&p, "0007"), "7?: not in the enum");
    struct point u = point_of(RAW_U64, NULL);
    u.choices = choices;
    u.choice_count = 4;
    assert_string_equal(decoded(&u, "FFFFFFFFFFFFFFFF"), "18446744073709551615?: not in the enum");
    struct point b = point_of(RAW_BOOL, NULL);
    b.choices = choices;
    b.choice_count = 4;
    assert_string_equal(decoded(&b, "0001"), "'running'");
}

static void valid_ranges_are_in_engineering_units(void **state)
{
    (void)state;
    struct point p = scaled_point(RAW_U16, "0.1", "0");
    p.has_valid = true;
    p.valid_high = 400;
    p.valid_low = 1;
    assert_string_equal(decoded(&p, "0FA0"), "400.0");
    assert_string_equal(decoded(&p, "0FA1"), "bad 16: above the valid range");
    assert_string_equal(decoded(&p, "000A"), "1.0");
    assert_string_equal(decoded(&p, "0009"), "bad 16: below the valid range");
    struct point f = point_of(RAW_F32, NULL);
    f.has_valid = true;
    f.valid_low = -0.1;
    f.valid_high = 0.1; /* the nearest float is above it */
    assert_string_equal(decoded(&f, "3DCCCCCD"), "0.1");
    assert_string_equal(decoded(&f, "BDCCCCCD"), "-0.1");
    assert_string_equal(decoded(&f, "3DCCCCCE"), "bad 16: above the valid range");
}

static void curves_bend_numbers(void **state)
{
    (void)state;
    struct point span = point_of(RAW_U16, NULL);
    span.curve = CURVE_SPAN;
    span.raw_high = 27648;
    span.eng_high = 10;
    assert_string_equal(decoded(&span, "6C00"), "10.0");
    assert_string_equal(decoded(&span, "3600"), "5.0");
    assert_string_equal(decoded(&span, "0000"), "0.0");
    assert_string_equal(decoded(&span, "D800"), "20.0");
    static const struct pair pairs[] = {{0, 0}, {1, 1200}, {2, 3100}};
    struct point table = point_of(RAW_F32, NULL);
    table.curve = CURVE_TABLE;
    table.pairs = pairs;
    table.pair_count = 3;
    assert_string_equal(decoded(&table, "00000000"), "0.0");
    assert_string_equal(decoded(&table, "3F000000"), "600.0");
    assert_string_equal(decoded(&table, "3F800000"), "1200.0");
    assert_string_equal(decoded(&table, "3FC00000"), "2150.0");
    assert_string_equal(decoded(&table, "40000000"), "3100.0");
    assert_string_equal(decoded(&table, "40000001"), "bad 16: outside the linearisation table");
    assert_string_equal(decoded(&table, "80000001"), "bad 16: outside the linearisation table");
    struct point weir = point_of(RAW_F32, NULL);
    weir.curve = CURVE_WEIR;
    weir.weir_k = 1.5;
    weir.weir_n = 2.5;
    assert_string_equal(decoded(&weir, "40800000"), "48.0");
    assert_string_equal(decoded(&weir, "BF800000"), "0.0");
    assert_string_equal(decoded(&weir, "7F7FFFFF"), "3.2039800764510795e+96");
    weir.weir_n = 20;
    assert_string_equal(decoded(&weir, "7F7FFFFF"), "bad 16: infinite");
    struct point pf = point_of(RAW_F32, NULL);
    pf.curve = CURVE_PF4Q;
    assert_string_equal(decoded(&pf, "3F400000"), "0.75");
    assert_string_equal(decoded(&pf, "3FA00000"), "0.75"); /* 1.25: leading */
    assert_string_equal(decoded(&pf, "BFA00000"), "-0.75");
    assert_string_equal(decoded(&pf, "BF400000"), "-0.75");
    assert_string_equal(decoded(&pf, "40400000"), "bad 16: not a four-quadrant power factor");
}

static void strings_are_trimmed_and_always_utf8(void **state)
{
    (void)state;
    static const struct {
        enum string_form form;
        bool swapped;
        const char *wire, *told;
    } facts[] = {
        {STRING_TWO, false, "4142 4320", "'ABC'"},
        {STRING_TWO, true, "4241 2043", "'ABC'"},
        {STRING_TWO, false, "2041 4200", "'AB'"},
        {STRING_TWO, false, "4100 5858", "'A'"}, /* left over behind the NUL */
        {STRING_TWO, false, "0041 4243", "''"}, /* cleared by its first character */
        {STRING_TWO, false, "4142 FFFF", "'AB'"},
        {STRING_TWO, false, "FFFF FFFF", "''"},
        {STRING_TWO, false, "0000 0000", "''"},
        {STRING_TWO, false, "2020 2020", "''"},
        {STRING_ONE_LOW, false, "0041 0042", "'AB'"},
        {STRING_ONE_HIGH, false, "4100 4200", "'AB'"},
        {STRING_TWO, false, "C3A9 2020", "'\xC3\xA9'"},
        {STRING_TWO, false, "E974 E920", "'\xC3\xA9t\xC3\xA9'"}, /* Latin-1 */
        {STRING_TWO, false, "4142 43C3", "'ABC\xC3\x83'"}, /* cut in a character */
    };
    for (size_t i = 0; i < sizeof facts / sizeof *facts; i++) {
        struct point p = point_of(RAW_STRING, NULL);
        p.words = 2;
        p.string_form = (uint8_t)facts[i].form;
        p.order[0] = facts[i].swapped;
        p.order[1] = !facts[i].swapped;
        assert_string_equal(decoded(&p, facts[i].wire), facts[i].told);
    }
    /* Latin-1 without end doubles its length: refused rather than cut. */
    struct point p = point_of(RAW_STRING, NULL);
    p.words = 40;
    p.order[1] = 1;
    char hex[161];
    for (size_t i = 0; i < 80; i++)
        memcpy(hex + 2 * i, "E9", 3);
    assert_string_equal(decoded(&p, hex), "bad 16: not a text");
}

static void clocks_become_iso_8601(void **state)
{
    (void)state;
    static const struct {
        enum time_form form;
        unsigned words, bytes;
        const char *wire, *told;
    } facts[] = {
        {TIME_UNIX32, 2, 4, "00000000", "'1970-01-01T00:00:00Z'"},
        {TIME_UNIX32, 2, 4, "6926BA80", "'2025-11-26T08:29:52Z'"},
        {TIME_UNIX32, 2, 4, "FFFFFFFF", "'2106-02-07T06:28:15Z'"},
        {TIME_UNIX64, 4, 8, "0000000065E0D37F", "'2024-02-29T18:57:03Z'"},
        {TIME_UNIX64, 4, 8, "0000003AFFF4417F", "'9999-12-31T23:59:59Z'"},
        {TIME_UNIX64, 4, 8, "0000003AFFF44180", "bad 16: impossible date"},
        {TIME_UNIX_MS, 4, 8, "00000000000003E9", "'1970-01-01T00:00:01.001Z'"},
        {TIME_UNIX_MS, 4, 8, "FFFFFFFFFFFFFFFF", "bad 16: impossible date"},
        {TIME_PM800, 3, 0, "0B16 7E0A 0F1E", "'2026-11-22T10:15:30'"},
        {TIME_PM800, 3, 0, "0B1F 7E0A 0F1E", "bad 16: impossible date"},
        {TIME_PM800, 3, 0, "FFFF FFFF FFFF", "bad 16: impossible date"},
        {TIME_PM800, 3, 0, "0000 0000 0000", "bad 16: impossible date"},
        {TIME_SIX, 6, 0, "001E 000F 000A 0016 000B 07EA", "'2026-11-22T10:15:30'"},
        {TIME_SIX, 6, 0, "001E 000F 000A 0016 000B 001A", "'2026-11-22T10:15:30'"},
        {TIME_SIX, 6, 0, "001E 000F 000A 001D 0002 07E8", "'2024-02-29T10:15:30'"},
        {TIME_SIX, 6, 0, "001E 000F 000A 001D 0002 07E9", "bad 16: impossible date"},
        {TIME_SIX, 6, 0, "003C 000F 000A 0016 000B 07EA", "bad 16: impossible date"},
        {TIME_IEC870, 4, 0, "001A 0BF6 8A0F 7595", "'2026-11-22T10:15:30.101'"},
        {TIME_IEC870, 4, 0, "001A 0B16 0A8F 7595",
         "bad 16: the device says that its clock is not set"},
        {TIME_IEC870, 4, 0, "001A 0B16 0A0F FFFF", "bad 16: impossible date"},
    };
    for (size_t i = 0; i < sizeof facts / sizeof *facts; i++) {
        struct point p = point_of(RAW_TIME, NULL);
        p.words = (uint16_t)facts[i].words;
        p.bytes = (uint8_t)facts[i].bytes;
        p.time_form = (uint8_t)facts[i].form;
        for (unsigned k = 0; k < 8; k++)
            p.order[k] = (uint8_t)k;
        assert_string_equal(decoded(&p, facts[i].wire), facts[i].told);
    }
}

static void computed_points_start_from_engineering_units(void **state)
{
    (void)state;
    static const struct pair pairs[] = {{0, 0}, {10, 1200}};
    struct point p = point_of(RAW_U16, NULL);
    p.from = 0;
    p.curve = CURVE_TABLE;
    p.pairs = pairs;
    p.pair_count = 2;
    struct sample out,
        in = {.quality = QUALITY_GOOD, .value = {.kind = VALUE_INT, .i = 50, .places = 1}};
    decode_from(&p, &in, &out);
    assert_string_equal(told_as(&out), "600.0");
    in.value.i = 101;
    decode_from(&p, &in, &out);
    assert_string_equal(told_as(&out), "bad 16: outside the linearisation table");
    in.quality = QUALITY_UNCERTAIN;
    in.reason = "stale";
    in.value.i = 50;
    decode_from(&p, &in, &out);
    assert_string_equal(told_as(&out), "600.0?: stale");
    in = (struct sample){.quality = QUALITY_COMM_FAILURE, .reason = "no answer"};
    decode_from(&p, &in, &out);
    assert_string_equal(told_as(&out), "bad 24: no answer");
    in = (struct sample){.quality = QUALITY_GOOD,
                         .value = {.kind = VALUE_TEXT, .text = "on", .length = 2}};
    decode_from(&p, &in, &out);
    assert_string_equal(told_as(&out), "bad 16: computed from a text");
    struct point bit = point_of(RAW_U16, NULL);
    bit.from = 0;
    bit.bit = 2;
    in = (struct sample){.quality = QUALITY_GOOD, .value = {.kind = VALUE_UINT, .u = 4}};
    decode_from(&bit, &in, &out);
    assert_string_equal(told_as(&out), "true");
    in.value.places = 1;
    decode_from(&bit, &in, &out);
    assert_string_equal(told_as(&out), "bad 16: bits of a number that is not whole");
}

static void conditions_look_at_bits_numbers_and_words(void **state)
{
    (void)state;
    static const struct choice choices[] = {{0, "ok", 2}, {3, "fault", 5}};
    struct point of = point_of(RAW_U16, NULL);
    of.choices = choices;
    of.choice_count = 2;
    struct sample five = {.value = {.kind = VALUE_UINT, .u = 5}};
    struct sample on = {.value = {.kind = VALUE_BOOL, .truth = true}};
    struct sample word = {.value = {.kind = VALUE_TEXT, .text = "fault", .length = 5}};
    struct sample strange = {.value = {.kind = VALUE_TEXT, .text = "what", .length = 4}};
    struct sample none = {.quality = QUALITY_BAD};
    static const struct {
        struct condition c;
        bool five, on, word;
    } facts[] = {
        {{0, 0, true, 1}, true, true, true},    {{0, 1, true, 0}, true, true, false},
        {{0, -1, true, 5}, true, false, false}, {{0, -1, false, 5}, false, true, true},
        {{0, -1, true, 3}, false, false, true}, {{0, -1, true, 1}, false, true, false},
    };
    for (size_t i = 0; i < sizeof facts / sizeof *facts; i++) {
        assert_int_equal(decode_condition(&facts[i].c, &of, &five), facts[i].five);
        assert_int_equal(decode_condition(&facts[i].c, &of, &on), facts[i].on);
        assert_int_equal(decode_condition(&facts[i].c, &of, &word), facts[i].word);
        assert_false(decode_condition(&facts[i].c, &of, &strange));
        assert_false(decode_condition(&facts[i].c, &of, &none));
    }
}

static void numbers_compare_beyond_what_a_double_can_tell(void **state)
{
    (void)state;
    struct value a = {.kind = VALUE_UINT, .u = UINT64_MAX},
                 b = {.kind = VALUE_UINT, .u = UINT64_MAX - 1};
    assert_int_equal(value_compare(&a, &b), 1);
    assert_false(value_equal(&a, &b));
    a = (struct value){.kind = VALUE_INT, .i = 4120, .places = 2};
    b = (struct value){.kind = VALUE_UINT, .u = 412, .places = 1};
    assert_true(value_equal(&a, &b));
    b = (struct value){.kind = VALUE_REAL, .real = 41.2};
    assert_true(value_equal(&a, &b));
    b = (struct value){.kind = VALUE_BOOL, .truth = true};
    assert_false(value_equal(&a, &b));
    assert_true(isnan(value_number(&(struct value){.kind = VALUE_NONE})));
}

/* Whatever a device sends: a sample comes out, good or with a reason, and its text is UTF-8. */
static void random_bytes_never_surprise(void **state)
{
    (void)state;
    uint64_t seed = 88172645463325252u;
    static const struct invalid invalid[] = {{0x7FF0, 0x7FFF, "open"}};
    static const struct pair pairs[] = {{-100, 0}, {0, 5}, {1e9, 6}};
    for (unsigned round = 0; round < 60000; round++) {
        uint8_t wire[16];
        for (unsigned i = 0; i < sizeof wire; i++) {
            seed ^= seed << 13;
            seed ^= seed >> 7;
            seed ^= seed << 17;
            wire[i] = (uint8_t)seed;
        }
        struct point p = point_of((enum raw_type)(round % RAW_COUNT), NULL);
        if (p.type == RAW_STRING || p.type == RAW_TIME) {
            p.words = 6;
            p.string_form = (uint8_t)(seed >> 8) % 3;
            p.time_form = (uint8_t)(seed >> 10) % 6;
            p.bytes = p.type == RAW_TIME && p.time_form <= TIME_UNIX_MS ? 8 : 0;
            for (unsigned i = 0; i < 8; i++)
                p.order[i] = (uint8_t)i;
        }
        p.curve = (uint8_t)((seed >> 16) % 6);
        p.scale = decimal_of("0.001");
        p.offset = decimal_of("-273.15");
        p.raw_high = 10;
        p.eng_high = 1e300;
        p.pairs = pairs;
        p.pair_count = 3;
        p.weir_k = 1e200;
        p.weir_n = 3.5;
        p.has_valid = seed >> 20 & 1;
        p.valid_high = 1e12;
        p.mask = seed >> 21 & 1 ? seed : 0;
        p.shift = (uint8_t)(seed >> 22 & 63);
        p.bit = seed >> 30 & 1 ? (int8_t)(seed >> 31 & 63) : -1;
        p.invalid = invalid;
        p.invalid_count = 1;
        char text[6 * 2 + DECODE_TEXT_EXTRA];
        struct sample s;
        decode_point(&p, wire, 0, text, &s);
        assert_true((s.quality == QUALITY_GOOD) == (s.reason == NULL));
        assert_true((s.value.kind == VALUE_NONE) == (s.quality == QUALITY_SENSOR_FAILURE));
        if (s.value.kind == VALUE_TEXT)
            assert_true(text_is_utf8(s.value.text, s.value.length));
        if (s.value.kind == VALUE_REAL)
            assert_true(isfinite(s.value.real));
    }
}

static void local_times_become_utc_where_they_are_times(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int summer;
        const char *utc; /* NULL: it stays */
    } facts[] = {
        {"2026-07-01T12:00:00", -1, "2026-07-01T16:00:00Z"},
        {"2026-01-01T12:00:00.250", -1, "2026-01-01T17:00:00.250Z"},
        {"2026-11-01T01:30:00", 1, "2026-11-01T05:30:00Z"}, /* once in summer, once in winter */
        {"2026-11-01T01:30:00", 0, "2026-11-01T06:30:00Z"},
        {"2026-07-01T12:00:00Z", -1, NULL},
        {"", -1, NULL},
        {"yesterday at noon", -1, NULL},
        {"2026-07-01T12:00:00 and a great many words behind it", -1, NULL},
        {"1960-07-01T12:00:00", -1, NULL}, /* before there is anything to count from */
    };
    struct zone *z = zone_load("America/Toronto");
    assert_non_null(z);
    for (size_t i = 0; i < sizeof facts / sizeof *facts; i++) {
        char text[96];
        snprintf(text, sizeof text, "%s", facts[i].text);
        struct value v = {.kind = VALUE_TEXT, .length = (uint32_t)strlen(text), .text = text};
        words_utc(z, facts[i].summer, text, &v);
        const char *expected = facts[i].utc ? facts[i].utc : facts[i].text;
        if (v.length != strlen(expected) || memcmp(v.text, expected, v.length) != 0)
            fail_msg("%s became %.*s", facts[i].text, (int)v.length, v.text);
    }
    zone_free(z);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(local_times_become_utc_where_they_are_times),
        cmocka_unit_test(every_type_has_its_number),
        cmocka_unit_test(groups_of_four_digits_come_lowest_or_highest_first),
        cmocka_unit_test(what_is_no_number_says_so),
        cmocka_unit_test(makers_examples_come_out_as_printed),
        cmocka_unit_test(every_permutation_is_undone),
        cmocka_unit_test(scaling_keeps_the_last_digit),
        cmocka_unit_test(scales_from_other_tags_stay_exact),
        cmocka_unit_test(sentinels_are_refused_before_anything_else),
        cmocka_unit_test(bits_masks_and_shifts_take_registers_apart),
        cmocka_unit_test(enums_have_words_and_keep_strange_numbers),
        cmocka_unit_test(valid_ranges_are_in_engineering_units),
        cmocka_unit_test(curves_bend_numbers),
        cmocka_unit_test(strings_are_trimmed_and_always_utf8),
        cmocka_unit_test(clocks_become_iso_8601),
        cmocka_unit_test(computed_points_start_from_engineering_units),
        cmocka_unit_test(conditions_look_at_bits_numbers_and_words),
        cmocka_unit_test(numbers_compare_beyond_what_a_double_can_tell),
        cmocka_unit_test(random_bytes_never_surprise),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
