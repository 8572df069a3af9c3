/* SPDX-License-Identifier: Apache-2.0 */
/* What the simulator puts into registers, the decoder must find there: two rooms that were written
 * apart. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <string.h>

#include "sim/encode.h"
#include "values/decode.h"

static const uint8_t bytes_of[RAW_COUNT] = {
    [RAW_U8] = 1,     [RAW_S8] = 1,    [RAW_U16] = 2,   [RAW_S16] = 2,    [RAW_U24] = 3,
    [RAW_S24] = 3,    [RAW_U32] = 4,   [RAW_S32] = 4,   [RAW_U48] = 6,    [RAW_S48] = 6,
    [RAW_U64] = 8,    [RAW_S64] = 8,   [RAW_F16] = 2,   [RAW_F32] = 4,    [RAW_F64] = 8,
    [RAW_BCD16] = 2,  [RAW_BCD32] = 4, [RAW_BCD64] = 8, [RAW_M10K32] = 4, [RAW_M10K48] = 6,
    [RAW_M10K64] = 8, [RAW_SM16] = 2,
};

static struct point point_of(enum raw_type type)
{
    struct point p = {.name = "tag",
                      .from = -1,
                      .table = TABLE_HOLDING,
                      .type = (uint8_t)type,
                      .bytes = bytes_of[type],
                      .words = (uint16_t)((bytes_of[type] + 1) / 2),
                      .bit = -1,
                      .group = -1,
                      .exp_from = -1,
                      .mul_from = -1,
                      .valid_if = {.point = -1, .bit = -1},
                      .unit = "",
                      .about = ""};
    if (p.words == 0)
        p.words = 1;
    for (uint8_t i = 0; i < 8; i++)
        p.order[i] = (uint8_t)(i + (p.bytes == 1 || p.bytes == 3));
    return p;
}

/* The letters of a map, the most significant byte is A. */
static void reorder(struct point *p, const char *order)
{
    for (uint8_t i = 0; order[i] != '\0'; i++)
        p->order[order[i] - 'A'] = i;
}

static struct sample decoded(const struct point *p, const uint16_t *words)
{
    static char text[600];
    uint8_t wire[256];
    struct sample s;
    for (unsigned i = 0; i < p->words; i++) {
        wire[2 * i] = (uint8_t)(words[i] >> 8);
        wire[2 * i + 1] = (uint8_t)words[i];
    }
    if (p->table == TABLE_COIL || p->table == TABLE_DISCRETE)
        wire[0] = words[0] != 0;
    decode_point(p, wire, 0, text, &s);
    return s;
}

static struct value real(double x)
{
    return (struct value){.kind = VALUE_REAL, .real = x};
}

static struct value whole(int64_t x)
{
    return (struct value){.kind = VALUE_INT, .i = x};
}

static struct value words_of(const char *text)
{
    return (struct value){.kind = VALUE_TEXT, .length = (uint32_t)strlen(text), .text = text};
}

static void every_type_comes_back_as_it_was_put_in(void **state)
{
    (void)state;
    static const struct {
        enum raw_type type;
        const char *order;
        double x;
    } facts[] = {
        {RAW_U8, "", 200},
        {RAW_S8, "", -100},
        {RAW_U16, "AB", 65000},
        {RAW_U16, "BA", 513},
        {RAW_S16, "BA", -2},
        {RAW_S16, "AB", -32768},
        {RAW_U24, "", 0xABCDEF},
        {RAW_S24, "", -8388608},
        {RAW_U32, "ABCD", 4294967295.0},
        {RAW_U32, "CDAB", 65536},
        {RAW_S32, "BADC", -123456},
        {RAW_S32, "DCBA", 2147483647.0},
        {RAW_U48, "", 2e14},
        {RAW_S48, "", -1e14},
        {RAW_U64, "GHEFCDAB", 9007199254740992.0},
        {RAW_S64, "HGFEDCBA", -5e15},
        {RAW_F16, "AB", 1.5},
        {RAW_F16, "BA", -65504},
        {RAW_F16, "AB", 6.103515625e-05},
        {RAW_F16, "AB", 5.9604644775390625e-08},
        {RAW_F32, "ABCD", 230.25},
        {RAW_F32, "CDAB", -0.0625},
        {RAW_F32, "BADC", 0x1p100},
        {RAW_F32, "DCBA", 412.5},
        {RAW_F64, "ABCDEFGH", 1234567.875},
        {RAW_F64, "GHEFCDAB", -1e300},
        {RAW_BCD16, "AB", 9999},
        {RAW_BCD32, "CDAB", 12345678},
        {RAW_BCD64, "", 1234567890123456.0},
        {RAW_M10K32, "ABCD", 99999999},
        {RAW_M10K32, "CDAB", -12345678},
        {RAW_M10K48, "", 999999999999.0},
        {RAW_M10K64, "GHEFCDAB", 1234567},
        {RAW_M10K64, "", -1234567890123456.0},
        {RAW_SM16, "AB", -950},
        {RAW_SM16, "AB", 32767},
    };
    for (size_t i = 0; i < sizeof facts / sizeof *facts; i++) {
        struct point p = point_of(facts[i].type);
        uint16_t words[4] = {0xFFFF, 0xFFFF, 0xFFFF, 0xFFFF};
        struct value v = real(facts[i].x);
        reorder(&p, facts[i].order);
        assert_true(raw_encode(&p, &v, 1, words));
        struct sample s = decoded(&p, words);
        if (s.quality != QUALITY_GOOD || value_number(&s.value) != facts[i].x)
            fail_msg("type %d order %s: %g became %g", facts[i].type, facts[i].order, facts[i].x,
                     value_number(&s.value));
    }
}

static void orders_are_those_of_the_maps(void **state)
{
    (void)state;
    static const struct {
        const char *order;
        uint16_t words[2];
    } facts[] = {{"ABCD", {0x0102, 0x0304}},
                 {"CDAB", {0x0304, 0x0102}},
                 {"BADC", {0x0201, 0x0403}},
                 {"DCBA", {0x0403, 0x0201}}};
    for (size_t i = 0; i < 4; i++) {
        struct point p = point_of(RAW_U32);
        struct value v = whole(0x01020304);
        uint16_t words[2] = {0};
        reorder(&p, facts[i].order);
        assert_true(raw_encode(&p, &v, 1, words));
        assert_memory_equal(words, facts[i].words, sizeof words);
    }
}

static void counters_of_64_bits_lose_nothing(void **state)
{
    (void)state;
    static const uint64_t facts[] = {9007199254740993U, UINT64_MAX, UINT64_MAX - 1, 1};
    for (size_t i = 0; i < 4; i++) {
        struct point p = point_of(RAW_U64);
        struct value v = {.kind = VALUE_UINT, .u = facts[i]};
        uint16_t words[4] = {0};
        assert_true(raw_encode(&p, &v, 1, words));
        struct sample s = decoded(&p, words);
        assert_int_equal(s.value.kind, VALUE_UINT);
        assert_true(s.value.u == facts[i]);
    }
}

static void curves_are_walked_backwards(void **state)
{
    (void)state;
    static const struct pair stage[] = {{0, 0}, {1, 24000}, {2, 54000}, {3, 90000}};
    struct point linear = point_of(RAW_U16), span = point_of(RAW_S16), table = point_of(RAW_F32);
    struct point weir = point_of(RAW_F64), pf = point_of(RAW_F32);
    linear.curve = CURVE_LINEAR;
    linear.scale = (struct decimal){0.01, 1, 2};
    linear.offset = (struct decimal){-273.15, -27315, 2};
    span.curve = CURVE_SPAN;
    span.raw_high = 27648;
    span.eng_low = -50;
    span.eng_high = 50;
    table.curve = CURVE_TABLE;
    table.pairs = stage;
    table.pair_count = 4;
    weir.curve = CURVE_WEIR;
    weir.weir_k = 4968;
    weir.weir_n = 2.5;
    pf.curve = CURVE_PF4Q;
    const struct {
        const struct point *p;
        double x, near;
    } facts[] = {
        {&linear, 45, 1e-9},  {&linear, -273.15, 1e-9}, {&span, 12.5, 0.002}, {&span, -50, 1e-9},
        {&table, 54000, 0.1}, {&table, 71234, 0.1},     {&table, 0, 1e-9},    {&weir, 28.4, 1e-9},
        {&weir, 0, 1e-12},    {&pf, 0.9, 1e-6},         {&pf, -0.75, 1e-6},
    };
    for (size_t i = 0; i < sizeof facts / sizeof *facts; i++) {
        uint16_t words[4] = {0};
        struct value v = real(facts[i].x);
        assert_true(raw_encode(facts[i].p, &v, 1, words));
        struct sample s = decoded(facts[i].p, words);
        assert_int_equal(s.quality, QUALITY_GOOD);
        if (fabs(value_number(&s.value) - facts[i].x) > facts[i].near)
            fail_msg("%zu: %g became %g", i, facts[i].x, value_number(&s.value));
    }
}

static void a_factor_from_another_tag_is_divided_out(void **state)
{
    (void)state;
    struct point p = point_of(RAW_S16);
    struct value v = real(123.4);
    uint16_t words[1] = {0};
    assert_true(raw_encode(&p, &v, 0.1, words));
    assert_int_equal(words[0], 1234);
    assert_false(raw_encode(&p, &v, 0, words));
    assert_int_equal(words[0], 1234);
}

static void what_is_too_great_becomes_the_greatest(void **state)
{
    (void)state;
    static const struct {
        enum raw_type type;
        double x;
        uint16_t word;
    } facts[] = {{RAW_U16, 70000, 0xFFFF},    {RAW_U16, -5, 0},
                 {RAW_S16, 40000, 0x7FFF},    {RAW_S16, -40000, 0x8000},
                 {RAW_BCD16, 123456, 0x9999}, {RAW_F16, 1e9, 0x7BFF},
                 {RAW_SM16, -1e6, 0xFFFF}};
    for (size_t i = 0; i < sizeof facts / sizeof *facts; i++) {
        struct point p = point_of(facts[i].type);
        struct value v = real(facts[i].x);
        uint16_t words[1] = {0x1111};
        assert_true(raw_encode(&p, &v, 1, words));
        assert_int_equal(words[0], facts[i].word);
    }
}

static void a_sentinel_is_never_said_by_chance(void **state)
{
    (void)state;
    static const struct invalid invalid[] = {{0x7FFF, 0x7FFF, "open"}, {0x8000, 0x8003, "short"}};
    struct point p = point_of(RAW_S16);
    struct value v = real(32767), nan = real((double)NAN);
    uint16_t words[1] = {42};
    p.invalid = invalid;
    p.invalid_count = 2;
    assert_false(raw_encode(&p, &v, 1, words));
    assert_false(raw_encode(&p, &nan, 1, words));
    assert_int_equal(words[0], 42);
    assert_true(raw_encode_bad(&p, words));
    assert_string_equal(decoded(&p, words).reason, "open");
    struct point f = point_of(RAW_F32), u = point_of(RAW_U16);
    uint16_t two[2] = {0};
    assert_true(raw_encode_bad(&f, two));
    assert_int_not_equal(decoded(&f, two).quality, QUALITY_GOOD);
    assert_false(raw_encode_bad(&u, words));
}

static void bits_and_fields_leave_their_neighbours_alone(void **state)
{
    (void)state;
    struct value yes = {.kind = VALUE_BOOL, .truth = true}, no = {.kind = VALUE_BOOL};
    struct value five = whole(5);
    struct point bit = point_of(RAW_U16), field = point_of(RAW_U16), wide = point_of(RAW_U32);
    uint16_t words[2] = {0xA5A5, 0};
    bit.bit = 3;
    assert_true(raw_encode(&bit, &yes, 1, words));
    assert_int_equal(words[0], 0xA5AD);
    bit.inverted = true;
    assert_true(raw_encode(&bit, &yes, 1, words));
    assert_int_equal(words[0], 0xA5A5);
    assert_true(decoded(&bit, words).value.truth);
    field.mask = 0x0F00;
    field.shift = 8;
    assert_true(raw_encode(&field, &five, 1, words));
    assert_int_equal(words[0], 0xA5A5);
    words[0] = 0xFFFF;
    assert_true(raw_encode(&field, &five, 1, words));
    assert_int_equal(words[0], 0xF5FF);
    words[0] = 0;
    wide.bit = 17;
    assert_true(raw_encode(&wide, &yes, 1, words));
    assert_int_equal(words[0], 2);
    struct point coil = point_of(RAW_BOOL);
    coil.table = TABLE_COIL;
    coil.inverted = true;
    assert_true(raw_encode(&coil, &no, 1, words));
    assert_int_equal(words[0], 1);
    assert_false(decoded(&coil, words).value.truth);
}

static void words_of_an_enum_become_numbers(void **state)
{
    (void)state;
    static const struct choice choices[] = {{0, "stopped", 7}, {3, "crushing", 8}};
    struct point p = point_of(RAW_U16);
    uint16_t words[1] = {0};
    struct value crushing = words_of("crushing"), dancing = words_of("dancing");
    p.choices = choices;
    p.choice_count = 2;
    assert_true(raw_encode(&p, &crushing, 1, words));
    assert_int_equal(words[0], 3);
    assert_false(raw_encode(&p, &dancing, 1, words));
    assert_int_equal(words[0], 3);
}

static void texts_come_back_in_every_form(void **state)
{
    (void)state;
    for (unsigned form = STRING_TWO; form <= STRING_ONE_HIGH; form++) {
        for (unsigned swapped = 0; swapped < 2; swapped++) {
            struct point p = point_of(RAW_STRING);
            struct value v = words_of("PM5560");
            uint16_t words[8] = {0x5858, 0x5858, 0x5858, 0x5858, 0x5858, 0x5858, 0x5858, 0x5858};
            p.words = 8;
            p.string_form = (uint8_t)form;
            p.order[0] = (uint8_t)swapped;
            p.order[1] = (uint8_t)!swapped;
            assert_true(raw_encode(&p, &v, 1, words));
            struct sample s = decoded(&p, words);
            assert_int_equal(s.value.length, 6);
            assert_memory_equal(s.value.text, "PM5560", 6);
        }
    }
}

static void moments_come_back_in_every_form(void **state)
{
    (void)state;
    static const struct {
        enum time_form form;
        uint8_t bytes, words;
        const char *text;
    } facts[] = {
        {TIME_UNIX32, 4, 2, "2006-02-14T06:30:15Z"},
        {TIME_UNIX64, 8, 4, "2006-02-14T06:30:15Z"},
        {TIME_UNIX_MS, 8, 4, "2006-02-14T06:30:15.250Z"},
        {TIME_PM800, 0, 3, "2006-02-14T06:30:15"},
        {TIME_SIX, 0, 6, "2006-02-14T06:30:15"},
        {TIME_IEC870, 0, 4, "2006-02-14T06:30:15.250"},
    };
    for (size_t i = 0; i < sizeof facts / sizeof *facts; i++) {
        struct point p = point_of(RAW_TIME);
        struct value v = real(1139898615.25);
        uint16_t words[6] = {0};
        p.time_form = (uint8_t)facts[i].form;
        p.bytes = facts[i].bytes;
        p.words = facts[i].words;
        assert_true(raw_encode(&p, &v, 1, words));
        struct sample s = decoded(&p, words);
        assert_int_equal(s.value.kind, VALUE_TEXT);
        assert_int_equal(s.value.length, strlen(facts[i].text));
        assert_memory_equal(s.value.text, facts[i].text, s.value.length);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_type_comes_back_as_it_was_put_in),
        cmocka_unit_test(orders_are_those_of_the_maps),
        cmocka_unit_test(counters_of_64_bits_lose_nothing),
        cmocka_unit_test(curves_are_walked_backwards),
        cmocka_unit_test(a_factor_from_another_tag_is_divided_out),
        cmocka_unit_test(what_is_too_great_becomes_the_greatest),
        cmocka_unit_test(a_sentinel_is_never_said_by_chance),
        cmocka_unit_test(bits_and_fields_leave_their_neighbours_alone),
        cmocka_unit_test(words_of_an_enum_become_numbers),
        cmocka_unit_test(texts_come_back_in_every_form),
        cmocka_unit_test(moments_come_back_in_every_form),
    };
    return cmocka_run_group_tests_name("sim/encode", tests, NULL, NULL);
}
