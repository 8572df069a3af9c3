/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

static void whole_numbers_are_strict(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool fine;
        uint64_t value;
    } cases[] = {
        {"0", true, 0},
        {"00017", true, 17},
        {"0x1F", true, 31},
        {"0XfF", true, 255},
        {"18446744073709551615", true, UINT64_MAX},
        {"0xFFFFFFFFFFFFFFFF", true, UINT64_MAX},
        {"18446744073709551616", false, 0},
        {"0x10000000000000000", false, 0},
        {"", false, 0},
        {"0x", false, 0},
        {" 1", false, 0},
        {"1 ", false, 0},
        {"-1", false, 0},
        {"+1", false, 0},
        {"1.0", false, 0},
        {"12a", false, 0},
        {"0xG", false, 0},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        uint64_t x = 4711;
        assert_int_equal(text_to_u64(cases[i].text, &x), cases[i].fine);
        assert_true(x == (cases[i].fine ? cases[i].value : 4711));
    }
    static const struct {
        const char *text;
        bool fine;
        int64_t value;
    } with_sign[] = {
        {"-9223372036854775808", true, INT64_MIN},
        {"9223372036854775807", true, INT64_MAX},
        {"9223372036854775808", false, 0},
        {"-9223372036854775809", false, 0},
        {"-0", true, 0},
        {"+7", true, 7},
        {"-0x10", true, -16},
        {"-", false, 0},
        {"--1", false, 0},
        {"", false, 0},
    };
    for (size_t i = 0; i < sizeof(with_sign) / sizeof(with_sign[0]); i++) {
        int64_t x = 4711;
        assert_int_equal(text_to_s64(with_sign[i].text, &x), with_sign[i].fine);
        assert_true(x == (with_sign[i].fine ? with_sign[i].value : 4711));
    }
}

static void reals_are_finite_decimal_and_whole(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool fine;
        double value;
    } cases[] = {
        {"1", true, 1},      {"-1.5", true, -1.5},    {".5", true, 0.5},   {"5.", true, 5},
        {"1e3", true, 1000}, {"1.5E-2", true, 0.015}, {"+2", true, 2},     {"1e400", false, 0},
        {"inf", false, 0},   {"nan", false, 0},       {"0x1p3", false, 0}, {"1,5", false, 0},
        {"1.5 ", false, 0},  {" 1.5", false, 0},      {"", false, 0},      {".", false, 0},
        {"1e", false, 0},    {"1e+", false, 0},       {"1.2.3", false, 0}, {"-", false, 0},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        double x = 4711;
        assert_int_equal(text_to_real(cases[i].text, &x), cases[i].fine);
        assert_true(x == (cases[i].fine ? cases[i].value : 4711));
    }
}

static void decimals_keep_what_was_written(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t mantissa;
        int places;
    } cases[] = {
        {"0.01", 1, 2},
        {"0.10", 1, 1},
        {"1", 1, 0},
        {"100", 100, 0},
        {"100.00", 100, 0},
        {"-2.50", -25, 1},
        {"1e-3", 1, 3},
        {"2.5e2", 250, 0},
        {"1.5E+1", 15, 0},
        {"1e3", 1000, 0},
        {"0", 0, 0},
        {"0.000", 0, 0},
        {"-0.0", 0, 0},
        {"0e-50", 0, 0},
        {"0.000000001", 1, 9},
        {"0.0000000001", 0, 255},
        {"1e-10", 0, 255},
        {"10e-10", 1, 9},
        {"9223372036854775807", INT64_MAX, 0},
        {"9223372036854775808", 0, 255},
        {"1e18", INT64_C(1000000000000000000), 0},
        {"1e19", 0, 255},
        {"1e300", 0, 255},
        {"3.14159265358979", 0, 255},
        {"0.0625000000000000000000000000000", 625, 4},
        {"123456789.123456789", INT64_C(123456789123456789), 9},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct decimal d;
        assert_true(text_to_decimal(cases[i].text, &d));
        assert_int_equal(d.places, cases[i].places);
        assert_true(d.mantissa == cases[i].mantissa);
        assert_true(d.real == strtod(cases[i].text, NULL));
    }
    struct decimal d = {.mantissa = 4711};
    assert_false(text_to_decimal("1,5", &d));
    assert_false(text_to_decimal("", &d));
    assert_int_equal(d.mantissa, 4711);
}

static void durations_and_sizes_carry_units(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool fine;
        int64_t ns;
    } durations[] = {
        {"500ms", true, 500 * NS_PER_MS},
        {"5s", true, 5 * NS_PER_S},
        {"10m", true, 600 * NS_PER_S},
        {"72h", true, 259200 * NS_PER_S},
        {"250us", true, 250 * NS_PER_US},
        {"2d", true, 172800 * NS_PER_S},
        {"1.5s", true, 1500 * NS_PER_MS},
        {"0s", true, 0},
        {"0.5us", true, 500},
        {"106751d", true, INT64_C(106751) * 86400 * NS_PER_S},
        {"106752d", false, 0},
        {"99999999999999999999d", false, 0},
        {"0.0000000001s", false, 0},
        {"0.0001us", false, 0},
        {"5", false, 0},
        {"s", false, 0},
        {"-5s", false, 0},
        {"+5s", false, 0},
        {"5 s", false, 0},
        {"5sec", false, 0},
        {"5S", false, 0},
        {"1m30s", false, 0},
        {".s", false, 0},
        {"1.s", false, 0},
        {"1e3s", false, 0},
        {"", false, 0},
    };
    for (size_t i = 0; i < sizeof(durations) / sizeof(durations[0]); i++) {
        int64_t x = 4711;
        assert_int_equal(text_to_duration(durations[i].text, &x), durations[i].fine);
        assert_true(x == (durations[i].fine ? durations[i].ns : 4711));
    }
    static const struct {
        const char *text;
        bool fine;
        int64_t bytes;
    } sizes[] = {
        {"512MiB", true, INT64_C(512) << 20},
        {"2GiB", true, INT64_C(2) << 30},
        {"64KiB", true, 65536},
        {"100MB", true, 100000000},
        {"4096", true, 4096},
        {"1.5GiB", true, INT64_C(3) << 29},
        {"0", true, 0},
        {"-1", false, 0},
        {"2 GiB", false, 0},
        {"2gib", false, 0},
        {"", false, 0},
        {"99999999TiB", false, 0},
        {"0.3B", false, 0},
    };
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        int64_t x = 4711;
        assert_int_equal(text_to_size(sizes[i].text, &x), sizes[i].fine);
        assert_true(x == (sizes[i].fine ? sizes[i].bytes : 4711));
    }
}

static void reals_print_their_shortest_digits(void **state)
{
    (void)state;
    static const struct {
        double x;
        bool single;
        const char *text;
    } cases[] = {
        {70, false, "70.0"},
        {230.2, false, "230.2"},
        {(double)230.2F, true, "230.2"},
        {(double)0.1F, true, "0.1"},
        {(double)0.1F, false, "0.10000000149011612"},
        {0, false, "0.0"},
        {-0.0, false, "0.0"},
        {-0.0, true, "0.0"},
        {-1.5, false, "-1.5"},
        {0.1 + 0.2, false, "0.30000000000000004"},
        {1e300, false, "1.0e+300"},
        {1.5e300, false, "1.5e+300"},
        {-1e-300, false, "-1.0e-300"},
        {5e-324, false, "5.0e-324"},
        {(double)3.4028234663852886e38F, true, "3.4028235e+38"},
        {0x1p-149, true, "1.0e-45"},
        {(double)1e20F, true, "1.0e+20"},
        {(double)16777216.0F, true, "16777216.0"},
        {9007199254740991.0, false, "9007199254740991.0"},
        {9007199254740992.0, false, "9007199254740992.0"},
        {1e16, false, "1.0e+16"},
        {0.000001, false, "0.000001"},
        {0.000000123, false, "0.000000123"},
        {(double)1.2e-5F, true, "0.000012"},
        {1e-15, false, "1.0e-15"},
        {4.0 / 3, false, "1.3333333333333333"},
        {(double)(4.0F / 3), true, "1.3333334"},
        {1.0 + 0x1p-52, false, "1.0000000000000002"},
        {1.0 - 0x1p-53, false, "0.9999999999999999"},
        {999999999999999.9, false, "999999999999999.9"},
        {3.14159, false, "3.14159"},
        {1.7976931348623157e308, false, "1.7976931348623157e+308"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char out[32];
        assert_int_equal(text_from_real(out, cases[i].x, cases[i].single), strlen(cases[i].text));
        assert_string_equal(out, cases[i].text);
    }
}

static uint64_t next_random(uint64_t *seed)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    return *seed;
}

/* JSON: no bare point, no leading zeros, and always a point somewhere. */
static void assert_is_json_real(const char *s)
{
    const char *at = s + (*s == '-');
    size_t whole = strspn(at, "0123456789");
    assert_true(whole > 0 && (whole == 1 || *at != '0'));
    at += whole;
    assert_true(*at == '.');
    size_t places = strspn(at + 1, "0123456789");
    assert_true(places > 0);
    at += 1 + places;
    if (*at == 'e') {
        at++;
        assert_true(*at == '+' || *at == '-');
        at += 1 + strspn(at + 1, "0123456789");
    }
    assert_true(*at == '\0');
}

static void a_million_random_numbers_come_back(void **state)
{
    (void)state;
    uint64_t seed = 88172645463325252U;
    for (int i = 0; i < 1000000; i++) {
        uint64_t bits = next_random(&seed);
        char out[32];
        double x;
        memcpy(&x, &bits, sizeof(x));
        if (i % 4 == 1) /* what meters say */
            x = (double)(int64_t)(bits % 20000000 - 10000000) / 1000.0;
        else if (i % 4 == 3)
            x = (double)(bits % UINT64_C(1000000000000)) * 0.001 / 7;
        if (isfinite(x)) {
            size_t length = text_from_real(out, x, false);
            assert_true(length == strlen(out) && length < sizeof(out));
            assert_is_json_real(out);
            assert_true(strtod(out, NULL) == x);
        }
        uint32_t half = (uint32_t)(bits >> 16);
        float f;
        memcpy(&f, &half, sizeof(f));
        if (i % 4 == 1)
            f = (float)x;
        if (isfinite(f)) {
            size_t length = text_from_real(out, (double)f, true);
            assert_true(length == strlen(out) && length < sizeof(out));
            assert_is_json_real(out);
            assert_true((float)strtod(out, NULL) == f);
            assert_true(strtof(out, NULL) == f);
        }
    }
}

static size_t significant_digits(const char *s)
{
    size_t count = 0, zeros = 0;
    for (; *s && *s != 'e'; s++) {
        if (*s >= '1' && *s <= '9') {
            count += zeros + 1;
            zeros = 0;
        } else if (*s == '0' && count > 0) {
            zeros++;
        }
    }
    return count;
}

static void no_digit_is_printed_in_vain(void **state)
{
    (void)state;
    uint64_t seed = 1181783497276652981U;
    for (int i = 0; i < 60000; i++) {
        uint64_t bits = next_random(&seed);
        double x = 4.0 + (double)(bits % 65536) * 16.0 / 65535; /* counts to milliamperes */
        if (i % 3 == 1)
            x = ldexp((double)(bits >> 11), (int)(bits % 70) - 75);
        else if (i % 3 == 2)
            x = (double)(float)x;
        bool single = i % 3 == 2;
        char out[32], shortest[40];
        for (int precision = 1; precision <= 17; precision++) {
            snprintf(shortest, sizeof(shortest), "%.*g", precision, x);
            double back = strtod(shortest, NULL);
            if (single ? (float)back == (float)x : back == x)
                break;
        }
        text_from_real(out, x, single);
        assert_int_equal(significant_digits(out), significant_digits(shortest));
    }
}

static void whole_numbers_print_all_their_digits(void **state)
{
    (void)state;
    char out[32], expected[32];
    uint64_t seed = 2463534242U;
    for (int i = 0; i < 100000; i++) {
        uint64_t x = next_random(&seed) >> (i % 64);
        snprintf(expected, sizeof(expected), "%llu", (unsigned long long)x);
        assert_int_equal(text_from_u64(out, x), strlen(expected));
        assert_string_equal(out, expected);
        snprintf(expected, sizeof(expected), "%lld", (long long)(int64_t)x);
        assert_int_equal(text_from_s64(out, (int64_t)x), strlen(expected));
        assert_string_equal(out, expected);
    }
    text_from_s64(out, INT64_MIN);
    assert_string_equal(out, "-9223372036854775808");
    text_from_u64(out, UINT64_MAX);
    assert_string_equal(out, "18446744073709551615");
}

static void fractions_keep_their_places(void **state)
{
    (void)state;
    static const struct {
        bool negative;
        uint64_t magnitude;
        unsigned places;
        const char *text;
    } cases[] = {
        {false, 4120, 2, "41.20"},
        {true, 4120, 2, "-41.20"},
        {false, 5, 3, "0.005"},
        {true, 0, 1, "0.0"},
        {false, 7, 0, "7"},
        {false, 1, 9, "0.000000001"},
        {true, UINT64_MAX, 9, "-18446744073.709551615"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char out[32];
        size_t length =
            text_from_fixed(out, cases[i].negative, cases[i].magnitude, cases[i].places);
        assert_string_equal(out, cases[i].text);
        assert_int_equal(length, strlen(out));
    }
}

static void durations_print_for_people(void **state)
{
    (void)state;
    static const struct {
        int64_t ns;
        const char *text;
    } cases[] = {
        {500 * NS_PER_MS, "500 ms"},
        {5 * NS_PER_S, "5 s"},
        {5400 * NS_PER_S, "1.5 h"},
        {0, "0 s"},
        {250, "250 ns"},
        {90 * NS_PER_S, "1.5 min"},
        {-2 * NS_PER_S, "-2 s"},
        {1234567, "1.23 ms"},
        {172800 * NS_PER_S, "2 d"},
        {100 * NS_PER_MS, "100 ms"},
        {INT64_MIN, "-106752 d"},
        {3600 * NS_PER_S, "1 h"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char out[32];
        assert_string_equal(text_from_duration(out, cases[i].ns), cases[i].text);
    }
}

static void a_foreign_locale_changes_nothing(void **state)
{
    (void)state;
    static const char *const commas[] = {"de_DE.UTF-8", "fr_CA.UTF-8", "fr_FR.UTF-8", "de_DE"};
    bool found = false;
    for (size_t i = 0; i < sizeof(commas) / sizeof(commas[0]) && !found; i++)
        found = setlocale(LC_ALL, commas[i]) && strcmp(localeconv()->decimal_point, ",") == 0;
    if (!found) {
        print_message("no locale with a decimal comma is installed: not tried\n");
        skip();
    }
    double x;
    char out[32];
    assert_true(text_to_real("1.5", &x) && x == 1.5);
    text_from_real(out, 0.1 + 0.2, false);
    assert_string_equal(out, "0.30000000000000004");
    assert_string_equal(text_from_duration(out, 1500 * NS_PER_MS), "1.5 s");
    setlocale(LC_ALL, "C");
}

static void a_comma_is_a_point_where_it_can_be_nothing_else(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        double is; /* NaN: refused */
        bool two;
        double last;
    } cases[] = {
        {"412.34", 412.34, false, 0.01},
        {"412,34", 412.34, false, 0.01},
        {"-412,30", -412.3, false, 0.01},
        {"+0,5", 0.5, false, 0.1},
        {"0,125", 0.125, false, 0.001},
        {"1234,500", 1234.5, false, 0.001},
        {"1,5", 1.5, false, 0.1},
        {"1,50", 1.5, false, 0.01},
        {"1,5000", 1.5, false, 0.0001},
        {",5", 0.5, false, 0.1},
        {"5,", 5, false, 1},
        {"412", 412, false, 1},
        {"1,5e3", 1500, false, 0},
        {"1,500", (double)NAN, true, 0.001},
        {"-12,345", (double)NAN, true, 0.001},
        {"999,000", (double)NAN, true, 0.001},
        {"1,234,567", (double)NAN, false, 0},
        {"1,234.5", (double)NAN, false, 0},
        {"1.234,5", (double)NAN, false, 0},
        {"1,5 m", (double)NAN, false, 0},
        {"30Hz", (double)NAN, false, 0},
        {",", (double)NAN, false, 0},
        {"", (double)NAN, false, 0},
        {"1,111111111111111111111111111111111111111111111111111111111111111111", (double)NAN, false,
         0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        double x = (double)NAN;
        bool good = text_to_real_typed(cases[i].text, &x);
        if (good == isnan(cases[i].is) || (good && fabs(x - cases[i].is) > 0) ||
            text_is_two_numbers(cases[i].text) != cases[i].two ||
            fabs(text_last_digit(cases[i].text) - cases[i].last) > 1e-12)
            fail_msg("%s: %d, %g, %g", cases[i].text, good, x, text_last_digit(cases[i].text));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whole_numbers_are_strict),
        cmocka_unit_test(reals_are_finite_decimal_and_whole),
        cmocka_unit_test(decimals_keep_what_was_written),
        cmocka_unit_test(durations_and_sizes_carry_units),
        cmocka_unit_test(reals_print_their_shortest_digits),
        cmocka_unit_test(a_million_random_numbers_come_back),
        cmocka_unit_test(no_digit_is_printed_in_vain),
        cmocka_unit_test(whole_numbers_print_all_their_digits),
        cmocka_unit_test(fractions_keep_their_places),
        cmocka_unit_test(durations_print_for_people),
        cmocka_unit_test(a_foreign_locale_changes_nothing),
        cmocka_unit_test(a_comma_is_a_point_where_it_can_be_nothing_else),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
