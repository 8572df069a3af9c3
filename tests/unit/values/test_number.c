/* SPDX-License-Identifier: Apache-2.0 */
/* Arithmetic at the edges of 64 bits and nine places: exact for as long as that is possible, a real
 * number from there on, never a wrapped one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "points.h"
#include "values/number.h"

static struct value whole(int64_t x)
{
    return (struct value){.kind = VALUE_INT, .i = x};
}

static struct value natural(uint64_t x, unsigned places)
{
    return (struct value){.kind = VALUE_UINT, .u = x, .places = (uint8_t)places};
}

static const char *told(const struct value *v)
{
    const struct sample s = {.quality = QUALITY_GOOD, .value = *v};
    return told_as(&s);
}

static void scale_and_offset_are_exact_or_real(void **state)
{
    (void)state;
    static const struct {
        uint64_t u;
        int64_t i;
        const char *scale, *offset, *told;
    } facts[] = {
        {0, 5, "-1", "0", "-5"},
        {7, 0, "-1", "2", "-5"},
        {0, INT64_MAX, "10", "0", "9.223372036854776e+19"},
        {0, INT64_MIN, "-1", "0", "9223372036854775808"},
        {0, INT64_MAX, "1", "1", "9223372036854775808"},
        {UINT64_MAX, 0, "1", "0", "18446744073709551615"},
        {UINT64_MAX, 0, "1", "1", "1.8446744073709552e+19"},
        {UINT64_MAX, 0, "0.1", "0", "1844674407370955161.5"},
        {UINT64_MAX, 0, "-1", "0", "-1.8446744073709552e+19"},
        {0, INT64_MAX, "1", "0.5", "9.223372036854776e+18"},
        {0, 1, "0.000000001", "1", "1.000000001"},
        {0, 2, "0.0000000001", "0", "2e-10"},
        {0, 2, "1", "0.0000000001", "2.0000000001"},
        {0, 3, "1", "9223372036854775807", "9223372036854775810"},
        {0, INT64_MAX, "9223372036854775807", "0", "8.507059173023462e+37"},
        {0, 4, "0.5", "9223372036854775807", "9223372036854775809"},
    };
    for (size_t k = 0; k < sizeof facts / sizeof *facts; k++) {
        struct value v = facts[k].u ? natural(facts[k].u, 0) : whole(facts[k].i);
        struct decimal scale = decimal_of(facts[k].scale), offset = decimal_of(facts[k].offset);
        number_linear(&v, &scale, &offset);
        assert_string_equal(told(&v), facts[k].told);
    }
    struct value v = value_real(0.5);
    struct decimal two = decimal_of("2"), none = decimal_of("0");
    number_linear(&v, &two, &none);
    assert_string_equal(told(&v), "1.0");
    v = natural(15, 1);
    number_linear(&v, &two, &none);
    assert_string_equal(told(&v), "3.0");
}

static void a_real_beyond_what_is_exact_is_no_whole_number(void **state)
{
    (void)state;
    static const struct {
        uint64_t u;
        unsigned places;
        const char *told;
    } facts[] = {
        {UINT64_C(9007199254740992), 0, "9007199254740992"},
        {UINT64_C(9007199254740993), 0, "9007199254740992.0"},
        {UINT64_C(9007199254740993), 3, "9007199254740.993"},
        {UINT64_MAX, 0, "1.8446744073709552e+19"},
    };
    for (size_t k = 0; k < sizeof facts / sizeof *facts; k++) {
        struct value v = natural(facts[k].u, facts[k].places);
        number_stay_real(&v);
        assert_string_equal(told(&v), facts[k].told);
    }
    struct value below = whole(-INT64_C(9007199254740993));
    number_stay_real(&below);
    assert_string_equal(told(&below), "-9007199254740992.0");
}

static void powers_move_the_point_or_become_real(void **state)
{
    (void)state;
    static const struct {
        struct value v;
        int exponent;
        const char *told;
    } facts[] = {
        {{.kind = VALUE_INT, .i = 5}, 18, "5000000000000000000"},
        {{.kind = VALUE_INT, .i = 5}, 19, "5e+19"},
        {{.kind = VALUE_INT, .i = 5}, -19, "5e-19"},
        {{.kind = VALUE_INT, .i = 5}, -18, "5e-18"},
        {{.kind = VALUE_UINT, .u = 4125, .places = 3}, 2, "412.5"},
        {{.kind = VALUE_UINT, .u = 4125, .places = 3}, 3, "4125"},
        {{.kind = VALUE_UINT, .u = 4125, .places = 3}, 5, "412500"},
        {{.kind = VALUE_UINT, .u = UINT64_MAX, .places = 1}, 2, "1.844674407370955e+20"},
        {{.kind = VALUE_INT, .i = INT64_MIN}, 1, "-9.223372036854776e+19"},
        {{.kind = VALUE_REAL, .real = 0.5}, 2, "50.0"},
        {{.kind = VALUE_REAL, .real = 50}, -2, "0.5"},
    };
    for (size_t k = 0; k < sizeof facts / sizeof *facts; k++) {
        struct value v = facts[k].v;
        number_power(&v, facts[k].exponent);
        assert_string_equal(told(&v), facts[k].told);
    }
}

static void products_are_exact_or_real(void **state)
{
    (void)state;
    struct value v = natural(25, 1), factor = natural(4, 0);
    number_times(&v, &factor);
    assert_string_equal(told(&v), "10.0");
    v = whole(INT64_MAX);
    factor = whole(3);
    number_times(&v, &factor);
    assert_true(v.kind == VALUE_REAL && v.real > 2.7e19);
    v = natural(1, 9);
    factor = natural(3, 9);
    number_times(&v, &factor);
    assert_string_equal(told(&v), "3.0000000000000002e-18");
    factor = value_real(2);
    number_times(&v, &factor);
    assert_string_equal(told(&v), "6.0000000000000004e-18");
    v = natural(2, 0);
    number_times(&v, &factor);
    assert_string_equal(told(&v), "4.0");
}

static void values_are_equal_only_to_their_like(void **state)
{
    (void)state;
    static const struct value values[] = {
        {.kind = VALUE_NONE},
        {.kind = VALUE_BOOL, .truth = false},
        {.kind = VALUE_BOOL, .truth = true},
        {.kind = VALUE_INT, .i = 0},
        {.kind = VALUE_UINT, .u = 15, .places = 1},
        {.kind = VALUE_REAL, .real = 1.25},
        {.kind = VALUE_TEXT, .length = 3, .text = "run"},
        {.kind = VALUE_TEXT, .length = 3, .text = "off"},
        {.kind = VALUE_TEXT, .length = 4, .text = "runs"},
    };
    enum { COUNT = sizeof values / sizeof *values };
    for (size_t a = 0; a < COUNT; a++)
        for (size_t b = 0; b < COUNT; b++)
            assert_int_equal(value_equal(&values[a], &values[b]), a == b);
    static const double numbers[COUNT] = {[2] = 1, [4] = 1.5, [5] = 1.25};
    for (size_t a = 1; a <= 5; a++)
        assert_true(value_number(&values[a]) == numbers[a]);
    assert_true(isnan(value_number(&values[6])));
    assert_int_equal(value_compare(&values[4], &values[5]), 1);
    assert_int_equal(value_compare(&values[3], &values[4]), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(scale_and_offset_are_exact_or_real),
        cmocka_unit_test(a_real_beyond_what_is_exact_is_no_whole_number),
        cmocka_unit_test(powers_move_the_point_or_become_real),
        cmocka_unit_test(products_are_exact_or_real),
        cmocka_unit_test(values_are_equal_only_to_their_like),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
