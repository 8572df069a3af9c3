/* SPDX-License-Identifier: Apache-2.0 */
/* Units and what they are worth. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "config/units.h"

static const struct {
    const char *unit;
    enum quantity q;
    double factor;
} cases[] = {
    {"m3/h", QUANTITY_FLOW, 1},
    {"m\xC2\xB3/h", QUANTITY_FLOW, 1},
    {"m^3 / h", QUANTITY_FLOW, 1},
    {"m3/d", QUANTITY_FLOW, 1.0 / 24},
    {"l/s", QUANTITY_FLOW, 3.6},
    {"L/s", QUANTITY_FLOW, 3.6},
    {"L/min", QUANTITY_FLOW, 0.06},
    {"gal/min", QUANTITY_FLOW, 0.2271247},
    {"MGD", QUANTITY_FLOW, 157.7255},
    {"ft3/s", QUANTITY_FLOW, 101.940648},
    {"m", QUANTITY_LENGTH, 1},
    {"cm", QUANTITY_LENGTH, 0.01},
    {"mm", QUANTITY_LENGTH, 0.001},
    {"ft", QUANTITY_LENGTH, 0.3048},
    {"in", QUANTITY_LENGTH, 0.0254},
    {"mH2O", QUANTITY_LENGTH, 1},
    {"ha", QUANTITY_AREA, 1e4},
    {"km2", QUANTITY_AREA, 1e6},
    {"acre", QUANTITY_AREA, 4046.8564},
    {"ML", QUANTITY_VOLUME, 1000},
    {"gal", QUANTITY_VOLUME, 0.0037854},
    /* as maps spell them */
    {"mm[H2O]", QUANTITY_LENGTH, 0.001},
    {"um", QUANTITY_LENGTH, 1e-6},
    {"mm2", QUANTITY_AREA, 1e-6},
    {"hL", QUANTITY_VOLUME, 0.1},
    {"mL", QUANTITY_VOLUME, 1e-6},
    {"[cft_i]", QUANTITY_VOLUME, 0.028316847},
    {"L/d", QUANTITY_FLOW, 1e-3 / 24},
    {"mL/h", QUANTITY_FLOW, 1e-6},
    {"[cft_i]/min", QUANTITY_FLOW, 1.6990108},
    {"[gal_us]/h", QUANTITY_FLOW, 0.0037854},
    {"mm/h", QUANTITY_RAIN, 1},
    {"mm/d", QUANTITY_RAIN, 1.0 / 24},
    {"in/h", QUANTITY_RAIN, 25.4},
    {"mm/d", QUANTITY_EVAPORATION, 1},
    {"mm/h", QUANTITY_EVAPORATION, 24},
    /* not units of it */
    {"m3", QUANTITY_FLOW, 0},
    {"M3/H", QUANTITY_FLOW, 0},
    {"bar", QUANTITY_LENGTH, 0},
    {"", QUANTITY_LENGTH, 0},
    {"a unit of a very long name", QUANTITY_LENGTH, 0},
};

static void a_unit_is_worth_its_factor(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        double factor = 0;
        bool known = unit_factor(cases[i].unit, cases[i].q, &factor);
        if (known != (cases[i].factor > 0) ||
            fabs(factor - cases[i].factor) > 1e-6 * (1 + cases[i].factor)) {
            fail_msg("%s: %g, wanted %g", cases[i].unit, factor, cases[i].factor);
        }
    }
}

static void units_of_one_quantity_are_converted(void **state)
{
    double factor = 0;
    (void)state;
    assert_true(unit_convert("cm", "mm", &factor));
    assert_true(fabs(factor - 10) < 1e-12);
    assert_true(unit_convert("l/s", "m3/h", &factor));
    assert_true(fabs(factor - 3.6) < 1e-12);
    assert_true(unit_convert("kPa", "kPa", &factor));
    assert_true(fabs(factor - 1) < 1e-12);
    assert_false(unit_convert("kPa", "bar", &factor));
    assert_false(unit_convert("m", "m2", &factor));
    assert_false(unit_convert("m", "", &factor));
}

static void a_unit_says_what_sort_of_signal_it_is(void **state)
{
    (void)state;
    assert_int_equal(unit_class_of("cm"), UNIT_LEVEL);
    assert_int_equal(unit_class_of("l/s"), UNIT_FLOW);
    assert_int_equal(unit_class_of("mbar"), UNIT_PRESSURE);
    assert_int_equal(unit_class_of("Cel"), UNIT_TEMPERATURE);
    assert_int_equal(unit_class_of("\xC2\xB0"
                                   "C"),
                     UNIT_TEMPERATURE);
    assert_int_equal(unit_class_of("rpm"), UNIT_OTHER);
    assert_int_equal(unit_class_of(""), UNIT_OTHER);
    for (int q = 0; q < QUANTITY_COUNT; q++) {
        double factor = 0;
        assert_true(unit_factor(quantity_unit((enum quantity)q), (enum quantity)q, &factor));
        assert_true(fabs(factor - 1) < 1e-12);
        assert_non_null(quantity_words((enum quantity)q));
        assert_non_null(quantity_examples((enum quantity)q));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_unit_is_worth_its_factor),
        cmocka_unit_test(units_of_one_quantity_are_converted),
        cmocka_unit_test(a_unit_says_what_sort_of_signal_it_is),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
