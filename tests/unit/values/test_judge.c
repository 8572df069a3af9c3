/* SPDX-License-Identifier: Apache-2.0 */
/* What a sample is worth when its device refuses, its condition is unknown, or what it is computed
 * from is of another kind. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "points.h"
#include "values/judge.h"

static void faults_have_a_quality_and_a_reason(void **state)
{
    (void)state;
    static const struct {
        enum fault fault;
        const char *why, *told;
    } facts[] = {
        {FAULT_TIMEOUT, NULL, "bad 24: no answer"},
        {FAULT_GARBLED, NULL, "bad 24: garbled answer"},
        {FAULT_CLOSED, NULL, "bad 24: connection closed"},
        {FAULT_BACKED_OFF, NULL, "bad 24: no answer"},
        {FAULT_LINE_DOWN, NULL, "bad 8: line down"},
        {FAULT_LINE_DOWN, "no such host", "bad 8: no such host"},
        {FAULT_HOLE, NULL, "bad 4: illegal data address"},
    };
    for (size_t i = 0; i < sizeof facts / sizeof *facts; i++) {
        const struct block b = {.fault = facts[i].fault, .why = facts[i].why};
        struct sample s = judge_fault(&b);
        assert_string_equal(told_as(&s), facts[i].told);
    }
    static const struct {
        uint8_t code;
        enum quality quality;
    } codes[] = {{0, QUALITY_DEVICE_FAILURE},  {1, QUALITY_CONFIG_ERROR},
                 {2, QUALITY_CONFIG_ERROR},    {6, QUALITY_DEVICE_FAILURE},
                 {9, QUALITY_DEVICE_FAILURE},  {10, QUALITY_COMM_FAILURE},
                 {12, QUALITY_DEVICE_FAILURE}, {255, QUALITY_DEVICE_FAILURE}};
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
        const struct block b = {.fault = FAULT_EXCEPTION, .exception = codes[i].code};
        struct sample s = judge_fault(&b);
        assert_int_equal(s.quality, codes[i].quality);
        assert_non_null(s.reason);
        assert_int_equal(s.value.kind, VALUE_NONE);
    }
}

static void a_condition_that_is_not_known_makes_nothing_good(void **state)
{
    (void)state;
    const struct condition c = {.point = 0, .bit = -1, .constant = 1, .equal = true};
    const struct point of = point_of(RAW_U16, NULL);
    static const struct {
        struct sample other;
        const char *told;
    } facts[] = {
        {{.quality = QUALITY_NOT_CONNECTED, .reason = "not yet read"},
         "bad 0: its condition is not yet read"},
        {{.quality = QUALITY_COMM_FAILURE}, "bad 0: its condition is not yet read"},
        {{.quality = QUALITY_COMM_FAILURE, .reason = "no answer"}, "bad 24: no answer"},
        {{.quality = QUALITY_GOOD, .value = {.kind = VALUE_INT, .i = 1}}, "7"},
        {{.quality = QUALITY_GOOD, .value = {.kind = VALUE_INT, .i = 2}},
         "bad 16: declared invalid by the device"},
        {{.quality = QUALITY_UNCERTAIN, .reason = "stale", .value = {.kind = VALUE_INT, .i = 1}},
         "7?: stale"},
    };
    for (size_t i = 0; i < sizeof facts / sizeof *facts; i++) {
        struct sample s = {.quality = QUALITY_GOOD, .value = {.kind = VALUE_INT, .i = 7}};
        judge_condition(&c, &of, &facts[i].other, &s);
        assert_string_equal(told_as(&s), facts[i].told);
    }
    struct sample bad = {.quality = QUALITY_COMM_FAILURE, .reason = "no answer"};
    judge_condition(&c, &of, &facts[3].other, &bad);
    assert_string_equal(told_as(&bad), "bad 24: no answer");
    struct sample doubtful = {
        .quality = QUALITY_UNCERTAIN, .reason = "frozen", .value = {.kind = VALUE_INT, .i = 7}};
    judge_condition(&c, &of, &facts[5].other, &doubtful);
    assert_string_equal(told_as(&doubtful), "7?: frozen");
}

static void bits_of_a_condition_come_from_any_number(void **state)
{
    (void)state;
    const struct point of = point_of(RAW_U16, NULL);
    const struct condition c = {.point = 0, .bit = 2, .constant = 1, .equal = true};
    static const struct {
        struct value v;
        bool met;
    } facts[] = {
        {{.kind = VALUE_UINT, .u = 4}, true},
        {{.kind = VALUE_UINT, .u = 40, .places = 1}, true},
        {{.kind = VALUE_REAL, .real = 4.5}, true},
        {{.kind = VALUE_REAL, .real = -4}, false},
        {{.kind = VALUE_REAL, .real = 1e300}, false},
        {{.kind = VALUE_BOOL, .truth = true}, false},
    };
    for (size_t i = 0; i < sizeof facts / sizeof *facts; i++) {
        const struct sample other = {.quality = QUALITY_GOOD, .value = facts[i].v};
        assert_int_equal(decode_condition(&c, &of, &other), facts[i].met);
    }
}

static void computed_points_take_what_they_can_use(void **state)
{
    (void)state;
    struct point plain = point_of(RAW_U16, NULL), bit = plain, shifted = plain, negated = plain,
                 curved = plain, words = plain, masked = plain;
    static const struct choice choices[] = {{0, "stop", 4}, {1, "run", 3}};
    bit.bit = 1;
    shifted.shift = 4;
    masked.mask = 0xF0;
    negated.inverted = true;
    curved.curve = CURVE_LINEAR;
    curved.scale = decimal_of("2");
    curved.offset = decimal_of("0");
    words.choices = choices;
    words.choice_count = 2;
    const struct {
        const struct point *p;
        struct value v;
        const char *told;
    } facts[] = {
        {&plain, {.kind = VALUE_TEXT, .length = 3, .text = "abc"}, "'abc'"},
        {&negated, {.kind = VALUE_BOOL, .truth = true}, "false"},
        {&curved, {.kind = VALUE_TEXT, .length = 3, .text = "abc"}, "bad 16: computed from a text"},
        {&curved, {.kind = VALUE_BOOL, .truth = true}, "2"},
        {&bit, {.kind = VALUE_UINT, .u = 2}, "true"},
        {&bit, {.kind = VALUE_BOOL, .truth = true}, "false"},
        {&masked, {.kind = VALUE_TEXT, .length = 1, .text = "a"}, "bad 16: computed from a text"},
        {&masked, {.kind = VALUE_UINT, .u = 0xABC}, "176"},
        {&shifted, {.kind = VALUE_TEXT, .length = 1, .text = "a"}, "bad 16: computed from a text"},
        {&shifted, {.kind = VALUE_UINT, .u = 0xABC}, "171"},
        {&shifted, {.kind = VALUE_REAL, .real = 2.5}, "bad 16: bits of a number that is not whole"},
        {&words, {.kind = VALUE_BOOL, .truth = true}, "'run'"},
        {&words, {.kind = VALUE_UINT, .u = 9}, "9?: not in the enum"},
        {&words, {.kind = VALUE_UINT, .u = UINT64_MAX}, "18446744073709551615?: not in the enum"},
        {&words, {.kind = VALUE_UINT, .u = 10, .places = 1}, "1.0?: not in the enum"},
        {&words, {.kind = VALUE_REAL, .real = 1}, "1.0?: not in the enum"},
    };
    for (size_t i = 0; i < sizeof facts / sizeof *facts; i++) {
        const struct sample source = {.quality = QUALITY_GOOD, .value = facts[i].v};
        struct sample s;
        decode_from(facts[i].p, &source, &s);
        assert_string_equal(told_as(&s), facts[i].told);
    }
    const struct sample none = {.quality = QUALITY_COMM_FAILURE, .reason = "no answer"};
    struct sample s;
    decode_from(&curved, &none, &s);
    assert_string_equal(told_as(&s), "bad 24: no answer");
}

static void what_is_no_number_is_never_judged_like_one(void **state)
{
    (void)state;
    struct point p = point_of(RAW_U16, NULL);
    p.has_valid = true;
    p.valid_low = 5;
    p.valid_high = 10;
    static const struct {
        struct value v;
        const char *told;
    } facts[] = {
        {{.kind = VALUE_BOOL, .truth = true}, "true"},
        {{.kind = VALUE_TEXT, .length = 1, .text = "a"}, "'a'"},
        {{.kind = VALUE_REAL, .real = 4}, "bad 16: below the valid range"},
        {{.kind = VALUE_INT, .i = 11}, "bad 16: above the valid range"},
        {{.kind = VALUE_UINT, .u = 10}, "10"},
    };
    for (size_t i = 0; i < sizeof facts / sizeof *facts; i++) {
        struct sample s = {.quality = QUALITY_GOOD, .value = facts[i].v};
        decode_judge(&p, &s);
        assert_string_equal(told_as(&s), facts[i].told);
    }
    /* A scale whose own reason is missing, a factor that is a word. */
    struct sample s = {.quality = QUALITY_GOOD, .value = {.kind = VALUE_INT, .i = 7}}, e = s;
    e.value = (struct value){.kind = VALUE_NONE};
    e.quality = QUALITY_COMM_FAILURE;
    decode_scaled(&p, &e, NULL, &s);
    assert_string_equal(told_as(&s), "bad 0: scale not yet read");
    s = (struct sample){.quality = QUALITY_GOOD, .value = {.kind = VALUE_INT, .i = 7}};
    e = (struct sample){.quality = QUALITY_GOOD,
                        .value = {.kind = VALUE_TEXT, .length = 1, .text = "x"}};
    decode_scaled(&p, NULL, &e, &s);
    assert_string_equal(told_as(&s), "bad 16: its factor is not a number");
    s = (struct sample){.quality = QUALITY_GOOD, .value = {.kind = VALUE_BOOL, .truth = true}};
    decode_scaled(&p, &e, NULL, &s);
    assert_string_equal(told_as(&s), "true");
    s = (struct sample){.quality = QUALITY_GOOD, .value = {.kind = VALUE_REAL, .real = 1e300}};
    e.value = (struct value){.kind = VALUE_REAL, .real = 1e300};
    decode_scaled(&p, NULL, &e, &s);
    assert_string_equal(told_as(&s), "bad 16: infinite");
    s = (struct sample){.quality = QUALITY_GOOD, .value = {.kind = VALUE_INT, .i = 7}};
    e.value = (struct value){.kind = VALUE_INT, .i = -19};
    decode_scaled(&p, &e, NULL, &s);
    assert_string_equal(told_as(&s), "bad 16: its scale is not an exponent");
}

static void counters_wrap_the_short_way_round(void **state)
{
    (void)state;
    struct point p = point_of(RAW_U16, NULL);
    p.has_wrap = true;
    p.wrap = 1000;
    static const struct {
        struct value before, now;
        bool counts;
        const char *told;
    } facts[] = {
        {{.kind = VALUE_NONE}, {.kind = VALUE_UINT, .u = 5}, true, "5"},
        {{.kind = VALUE_TEXT, .text = ""}, {.kind = VALUE_UINT, .u = 5}, true, "5"},
        {{.kind = VALUE_UINT, .u = 990}, {.kind = VALUE_UINT, .u = 5}, true, "5"},
        {{.kind = VALUE_UINT, .u = 400},
         {.kind = VALUE_UINT, .u = 5},
         true,
         "5?: counter ran backwards"},
        {{.kind = VALUE_UINT, .u = 400},
         {.kind = VALUE_UINT, .u = 1001},
         false,
         "bad 16: above the value where the counter wraps"},
        {{.kind = VALUE_REAL, .real = 400}, {.kind = VALUE_REAL, .real = 400.5}, true, "400.5"},
        {{.kind = VALUE_UINT, .u = 400}, {.kind = VALUE_BOOL, .truth = true}, false, "true"},
    };
    for (size_t i = 0; i < sizeof facts / sizeof *facts; i++) {
        struct sample s = {.quality = QUALITY_GOOD, .value = facts[i].now};
        assert_int_equal(judge_counter(&p, &facts[i].before, &s), facts[i].counts);
        assert_string_equal(told_as(&s), facts[i].told);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(faults_have_a_quality_and_a_reason),
        cmocka_unit_test(a_condition_that_is_not_known_makes_nothing_good),
        cmocka_unit_test(bits_of_a_condition_come_from_any_number),
        cmocka_unit_test(computed_points_take_what_they_can_use),
        cmocka_unit_test(what_is_no_number_is_never_judged_like_one),
        cmocka_unit_test(counters_wrap_the_short_way_round),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
