/* SPDX-License-Identifier: Apache-2.0 */
/* Values in parts, factors picked by a code, and clocks of several makers. The words are the
 * makers' printed examples, or put together by hand from the documented rule. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "points.h"

struct parts {
    const char *title;
    enum raw_type type;
    const char *order;
    uint16_t at[4];
    uint8_t count;
    const char *weights[4]; /* NULL: none */
    const char *hex, *told;
};

static const struct parts cases[] = {
    {"two words with one between", RAW_U32, "ABCD", {0, 2}, 2, {0}, "0001 9999 E240", "123456"},
    {"the later word is the higher", RAW_U32, "ABCD", {1, 0}, 2, {0}, "E240 0001", "123456"},
    {"a sign runs through the parts", RAW_S32, "ABCD", {0, 3}, 2, {0}, "FFFF 0000 0000 FFFE", "-2"},
    {"a float in parts", RAW_F32, "ABCD", {0, 2}, 2, {0}, "4366 0000 3333", "230.2"},
    {"four parts of one long number",
     RAW_U64,
     "ABCDEFGH",
     {6, 4, 2, 0},
     4,
     {0},
     "0004 0000 0003 0000 0002 0000 0001",
     "281483566841860"},
    {"integer and thousandths",
     RAW_U16,
     "AB",
     {0, 2},
     2,
     {"1", "0.001"},
     "007B 0000 01C8",
     "123.456"},
    {"tens of thousands", RAW_U16, "AB", {0, 1}, 2, {"10000", "1"}, "0007 04D2", "71234"},
    {"a sum beyond 64 bits is a float",
     RAW_U32,
     "ABCD",
     {0, 2},
     2,
     {"9000000000000000000", "1"},
     "0000 0003 0000 0001",
     "2.7e+19"},
    {"signed parts", RAW_S16, "AB", {0, 1}, 2, {"100", "1"}, "FFFF FFCE", "-150"},
};

static void registers_that_lie_apart_are_one_value(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct parts *c = &cases[i];
        struct point p = point_of(c->type, c->order);
        struct decimal weights[4];
        uint16_t last = 0;
        unsigned each = p.words;
        for (unsigned k = 0; k < c->count; k++) {
            last = c->at[k] > last ? c->at[k] : last;
            if (c->weights[0])
                weights[k] = decimal_of(c->weights[k]);
        }
        if (!c->weights[0])
            each = (unsigned)(p.words / c->count);
        p.parts = c->at;
        p.part_count = c->count;
        p.weights = c->weights[0] ? weights : NULL;
        p.words = (uint16_t)(last + each);
        const char *told = decoded(&p, c->hex);
        if (strcmp(told, c->told) != 0)
            fail_msg("%s: %s, not %s", c->title, told, c->told);
    }
}

static void a_part_that_is_a_sentinel_spoils_the_sum(void **state)
{
    (void)state;
    static const uint16_t at[2] = {0, 1};
    const struct decimal weights[2] = {decimal_of("10000"), decimal_of("1")};
    static const struct invalid invalid[] = {{0xFFFF, 0xFFFF, "open sensor"}};
    struct point p = point_of(RAW_U16, "AB");
    p.parts = at;
    p.part_count = 2;
    p.weights = weights;
    p.words = 2;
    p.invalid = invalid;
    p.invalid_count = 1;
    assert_string_equal(decoded(&p, "0001 FFFF"), "bad 16: open sensor");
    assert_string_equal(decoded(&p, "0001 0002"), "10002");
    p.curve = CURVE_LINEAR;
    p.scale = decimal_of("0.1");
    p.offset = decimal_of("0");
    assert_string_equal(decoded(&p, "0001 0002"), "1000.2");
}

static void a_code_picks_the_factor(void **state)
{
    (void)state;
    const struct factor factors[] = {
        {.code = -1, .by = decimal_of("100")},
        {.code = 0, .by = decimal_of("1"), .word = "bar", .word_length = 3},
        {.code = 2, .by = decimal_of("0.0980665"), .word = "m", .word_length = 1},
        {.code = 6, .by = decimal_of("1000")},
    };
    struct point p = point_of(RAW_U16, NULL);
    p.mul_from = 0;
    p.factors = factors;
    p.factor_count = 4;
    const struct {
        struct sample code;
        const char *told;
    } facts[] = {
        {{.quality = QUALITY_GOOD, .value = {.kind = VALUE_UINT, .u = 0}}, "2.5"},
        {{.quality = QUALITY_GOOD, .value = {.kind = VALUE_UINT, .u = 6}}, "2500.0"},
        {{.quality = QUALITY_GOOD, .value = {.kind = VALUE_INT, .i = -1}}, "250.0"},
        {{.quality = QUALITY_GOOD, .value = {.kind = VALUE_TEXT, .length = 1, .text = "m"}},
         "0.24516625"},
        {{.quality = QUALITY_GOOD, .value = {.kind = VALUE_TEXT, .length = 3, .text = "bar"}},
         "2.5"},
        {{.quality = QUALITY_GOOD, .value = {.kind = VALUE_UINT, .u = 3}},
         "bad 16: the code in its unit or scale register has no factor in the map"},
        {{.quality = QUALITY_GOOD, .value = {.kind = VALUE_UINT, .u = UINT64_MAX}},
         "bad 16: the code in its unit or scale register has no factor in the map"},
        {{.quality = QUALITY_GOOD, .value = {.kind = VALUE_TEXT, .length = 2, .text = "ft"}},
         "bad 16: the code in its unit or scale register has no factor in the map"},
        {{.quality = QUALITY_NOT_CONNECTED, .reason = "not yet read"}, "bad 0: scale not yet read"},
        {{.quality = QUALITY_COMM_FAILURE, .reason = "no answer"}, "bad 24: no answer"},
        {{.quality = QUALITY_UNCERTAIN,
          .reason = "not in the enum",
          .value = {.kind = VALUE_UINT, .u = 6}},
         "2500.0?: not in the enum"},
    };
    for (size_t i = 0; i < sizeof facts / sizeof *facts; i++) {
        struct sample s = {.quality = QUALITY_GOOD,
                           .value = {.kind = VALUE_UINT, .places = 1, .u = 25}};
        decode_scaled(&p, NULL, &facts[i].code, &s);
        if (strcmp(told_as(&s), facts[i].told) != 0)
            fail_msg("%zu: %s, not %s", i, told_as(&s), facts[i].told);
    }
}

static void clocks_say_what_their_makers_print(void **state)
{
    (void)state;
    static const struct {
        enum time_form form;
        uint16_t words;
        const char *hex, *told;
    } facts[] = {
        /* GE 469 communications guide: Feb. 20, 1995 is 0214 07CB, 2:05 pm is 0E05 0000 */
        {TIME_GE469, 4, "0214 07CB 0E05 0000", "'1995-02-20T14:05:00.000'"},
        {TIME_GE469, 4, "0214 07CB 0E05 1E4B", "'1995-02-20T14:05:30.750'"},
        {TIME_GE469, 4, "FFFF FFFF FFFF FFFF", "bad 16: impossible date"},
        {TIME_GE469, 4, "0214 07CB 0E05 1E64", "bad 16: impossible date"},
        /* Finder 7M manual: 15:42:03.75 is 7503 4215, 10 September 2000 is 1009 07D0 */
        {TIME_FINDER7M, 4, "7503 4215 1009 07D0", "'2000-09-10T15:42:03.750'"},
        {TIME_FINDER7M, 4, "7503 4215 1A09 07D0", "bad 16: impossible date"},
        {TIME_FINDER7M, 4, "A003 4215 1009 07D0", "bad 16: impossible date"},
        /* SEL: 15:34:59.12 of 20 February 2019 */
        {TIME_SEL, 6, "1718 0022 000F 0014 0002 0013", "'2019-02-20T15:34:59.120'"},
        {TIME_SEL, 6, "1770 0022 000F 0014 0002 0013", "bad 16: impossible date"},
    };
    for (size_t i = 0; i < sizeof facts / sizeof *facts; i++) {
        struct point p = point_of(RAW_TIME, NULL);
        p.time_form = (uint8_t)facts[i].form;
        p.words = facts[i].words;
        const char *told = decoded(&p, facts[i].hex);
        if (strcmp(told, facts[i].told) != 0)
            fail_msg("%zu: %s, not %s", i, told, facts[i].told);
    }
}

/* The date of a GE 469's last trip lies behind its time. */
static void a_clock_may_lie_in_parts(void **state)
{
    (void)state;
    static const uint16_t at[2] = {2, 0};
    struct point p = point_of(RAW_TIME, NULL);
    p.time_form = TIME_GE469;
    p.parts = at;
    p.part_count = 2;
    p.words = 4;
    assert_string_equal(decoded(&p, "0E05 1E4B 0214 07CB"), "'1995-02-20T14:05:30.750'");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(registers_that_lie_apart_are_one_value),
        cmocka_unit_test(a_part_that_is_a_sentinel_spoils_the_sum),
        cmocka_unit_test(a_code_picks_the_factor),
        cmocka_unit_test(clocks_say_what_their_makers_print),
        cmocka_unit_test(a_clock_may_lie_in_parts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
