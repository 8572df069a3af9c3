/* SPDX-License-Identifier: Apache-2.0 */
/* The half of text.h that is about numbers. */
#include <assert.h>
#include <locale.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

static const double power_of_ten[] = {1e0, 1e1, 1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                      1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};
static const uint64_t whole_power_of_ten[] = {UINT64_C(1),
                                              UINT64_C(10),
                                              UINT64_C(100),
                                              UINT64_C(1000),
                                              UINT64_C(10000),
                                              UINT64_C(100000),
                                              UINT64_C(1000000),
                                              UINT64_C(10000000),
                                              UINT64_C(100000000),
                                              UINT64_C(1000000000),
                                              UINT64_C(10000000000),
                                              UINT64_C(100000000000),
                                              UINT64_C(1000000000000),
                                              UINT64_C(10000000000000),
                                              UINT64_C(100000000000000),
                                              UINT64_C(1000000000000000)};

enum { PLACES_SINGLE = 9, PLACES_DOUBLE = 15, PLACES_DECIMAL = 9 };

static locale_t plain_locale;

static void make_plain_locale(void)
{
    plain_locale = newlocale(LC_ALL_MASK, "C", (locale_t)0);
}

/* The C locale for the calling thread, whatever the program's is; give the result to uselocale. */
static locale_t use_plain_locale(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, make_plain_locale);
    return uselocale(plain_locale);
}

static bool digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool to_magnitude(const char *s, uint64_t *out)
{
    uint64_t base = 10, x = 0;
    if (s[0] == '0' && (s[1] == 'x' || s[1] == 'X')) {
        base = 16;
        s += 2;
    }
    if (*s == '\0')
        return false;
    for (; *s; s++) {
        unsigned d;
        if (digit(*s))
            d = (unsigned)(*s - '0');
        else if (base == 16 && *s >= 'a' && *s <= 'f')
            d = (unsigned)(*s - 'a' + 10);
        else if (base == 16 && *s >= 'A' && *s <= 'F')
            d = (unsigned)(*s - 'A' + 10);
        else
            return false;
        if (__builtin_mul_overflow(x, base, &x) || __builtin_add_overflow(x, (uint64_t)d, &x))
            return false;
    }
    *out = x;
    return true;
}

bool text_to_u64(const char *s, uint64_t *out)
{
    return to_magnitude(s, out);
}

bool text_to_s64(const char *s, int64_t *out)
{
    bool negative = *s == '-';
    uint64_t x;
    if (!to_magnitude(s + (negative || *s == '+'), &x))
        return false;
    uint64_t most = negative ? (uint64_t)INT64_MAX + 1 : (uint64_t)INT64_MAX;
    if (x > most)
        return false;
    if (negative)
        *out = x == most ? INT64_MIN : -(int64_t)x;
    else
        *out = (int64_t)x;
    return true;
}

/* [+-] digits [. digits] [e [+-] digits], with a digit before or behind the point. */
static bool looks_like_real(const char *s)
{
    if (*s == '+' || *s == '-')
        s++;
    size_t digits = 0;
    for (; digit(*s); s++)
        digits++;
    if (*s == '.') {
        for (s++; digit(*s); s++)
            digits++;
    }
    if (digits == 0)
        return false;
    if (*s == 'e' || *s == 'E') {
        s++;
        if (*s == '+' || *s == '-')
            s++;
        if (!digit(*s))
            return false;
        while (digit(*s))
            s++;
    }
    return *s == '\0';
}

bool text_to_real(const char *s, double *out)
{
    if (!looks_like_real(s))
        return false;
    locale_t before = use_plain_locale();
    double x = strtod(s, NULL);
    uselocale(before);
    if (!isfinite(x))
        return false;
    *out = x;
    return true;
}

/* s looks like a real. false: more digits than fit, and the nearest double has to do. */
static bool to_mantissa(const char *s, int64_t *mantissa, int *places)
{
    bool negative = *s == '-', behind = false;
    uint64_t m = 0;
    int p = 0;
    int zeros = 0; /* held back: those at the end would be no information */
    for (s += negative || *s == '+'; digit(*s) || *s == '.'; s++) {
        if (*s == '.') {
            behind = true;
            continue;
        }
        p += behind;
        if (*s == '0') {
            zeros += m > 0;
            continue;
        }
        for (; zeros > 0; zeros--) {
            if (__builtin_mul_overflow(m, UINT64_C(10), &m))
                return false;
        }
        if (__builtin_mul_overflow(m, UINT64_C(10), &m) ||
            __builtin_add_overflow(m, (uint64_t)(*s - '0'), &m))
            return false;
        if (m > (uint64_t)INT64_MAX)
            return false;
    }
    p -= zeros;
    if (*s == 'e' || *s == 'E') {
        long e = strtol(s + 1, NULL, 10);
        if (e < -1000 || e > 1000)
            return m == 0;
        p -= (int)e;
    }
    *mantissa = negative ? -(int64_t)m : (int64_t)m;
    *places = m == 0 ? 0 : p;
    return true;
}

bool text_to_decimal(const char *s, struct decimal *out)
{
    double real;
    if (!text_to_real(s, &real))
        return false;
    int64_t mantissa = 0;
    int places = 0;
    bool fits = to_mantissa(s, &mantissa, &places) && places <= PLACES_DECIMAL;
    for (; fits && places < 0; places++)
        fits = !__builtin_mul_overflow(mantissa, INT64_C(10), &mantissa);
    *out = (struct decimal){real, fits ? mantissa : 0, fits ? (uint8_t)places : 255};
    return true;
}

struct unit {
    const char *name;
    int64_t factor;
};

/* A decimal number and a unit from the table, exactly; false when a fraction would be lost. */
static bool with_unit(const char *s, const struct unit *units, size_t count, int64_t *out)
{
    size_t length = strspn(s, "0123456789.");
    char number[32];
    if (length == 0 || length >= sizeof(number) || s[0] == '.' || s[length - 1] == '.')
        return false;
    memcpy(number, s, length);
    number[length] = '\0';
    struct decimal d;
    if (!text_to_decimal(number, &d) || d.places > PLACES_DECIMAL)
        return false;
    for (size_t i = 0; i < count; i++) {
        if (strcmp(s + length, units[i].name) != 0)
            continue;
        int64_t x;
        if (__builtin_mul_overflow(d.mantissa, units[i].factor, &x) ||
            x % (int64_t)whole_power_of_ten[d.places] != 0)
            return false;
        *out = x / (int64_t)whole_power_of_ten[d.places];
        return true;
    }
    return false;
}

bool text_to_duration(const char *s, int64_t *ns)
{
    static const struct unit units[] = {{"us", NS_PER_US},      {"ms", NS_PER_MS},
                                        {"s", NS_PER_S},        {"m", 60 * NS_PER_S},
                                        {"h", 3600 * NS_PER_S}, {"d", 86400 * NS_PER_S}};
    return with_unit(s, units, sizeof(units) / sizeof(units[0]), ns);
}

bool text_to_size(const char *s, int64_t *bytes)
{
    static const struct unit units[] = {
        {"", 1},
        {"B", 1},
        {"kB", 1000},
        {"KB", 1000},
        {"MB", 1000000},
        {"GB", 1000000000},
        {"TB", INT64_C(1000000000000)},
        {"KiB", INT64_C(1) << 10},
        {"MiB", INT64_C(1) << 20},
        {"GiB", INT64_C(1) << 30},
        {"TiB", INT64_C(1) << 40},
    };
    return with_unit(s, units, sizeof(units) / sizeof(units[0]), bytes);
}

size_t text_from_u64(char *out, uint64_t x)
{
    static const char pairs[] = "00010203040506070809101112131415161718192021222324"
                                "25262728293031323334353637383940414243444546474849"
                                "50515253545556575859606162636465666768697071727374"
                                "75767778798081828384858687888990919293949596979899";
    char digits[20];
    char *at = digits + sizeof(digits);
    while (x >= 100) {
        at -= 2;
        memcpy(at, pairs + x % 100 * 2, 2);
        x /= 100;
    }
    if (x >= 10) {
        at -= 2;
        memcpy(at, pairs + x * 2, 2);
    } else {
        *--at = (char)('0' + x);
    }
    size_t length = (size_t)(digits + sizeof(digits) - at);
    memcpy(out, at, length);
    out[length] = '\0';
    return length;
}

size_t text_from_s64(char *out, int64_t x)
{
    if (x >= 0)
        return text_from_u64(out, (uint64_t)x);
    *out = '-';
    return 1 + text_from_u64(out + 1, 0 - (uint64_t)x);
}

size_t text_from_fixed(char *out, bool negative, uint64_t magnitude, unsigned places)
{
    assert(places < sizeof(whole_power_of_ten) / sizeof(whole_power_of_ten[0]));
    char *at = out;
    if (negative && magnitude > 0)
        *at++ = '-';
    uint64_t one = whole_power_of_ten[places];
    at += text_from_u64(at, magnitude / one);
    if (places > 0) {
        uint64_t rest = magnitude % one;
        *at = '.';
        for (unsigned i = places; i > 0; i--) {
            at[i] = (char)('0' + rest % 10);
            rest /= 10;
        }
        at += places + 1;
        *at = '\0';
    }
    return (size_t)(at - out);
}

/* For what has 16 or 17 digits, or is very large or very small: the library's way, slow but sure.
 * %g drops zeros at the end, so the first precision that comes back is the shortest. */
static size_t from_real_slowly(char *out, double x, bool single)
{
    locale_t before = use_plain_locale();
    int length = 0;
    for (int precision = single ? 6 : 15; precision <= 17; precision++) {
        length = snprintf(out, 32, "%.*g", precision, x);
        double back = strtod(out, NULL);
        if (single ? (float)back == (float)x : back == x)
            break;
    }
    uselocale(before);
    size_t n = (size_t)length;
    if (memchr(out, '.', n))
        return n;
    char *exponent = memchr(out, 'e', n);
    size_t at = exponent ? (size_t)(exponent - out) : n;
    memmove(out + at + 2, out + at, n - at + 1);
    memcpy(out + at, ".0", 2);
    return n + 2;
}

/* u / 10^places is correctly rounded as long as both are exact, that is below 2^53 and 10^23: so
 * the decimal fraction that passes the test reads back as the same number. */
size_t text_from_real(char *out, double x, bool single)
{
    assert(isfinite(x));
    const double exact = 9007199254740992.0;
    double magnitude = fabs(x);
    unsigned most = single ? PLACES_SINGLE : PLACES_DOUBLE;
    for (unsigned places = 0; places <= most; places++) {
        double scaled = magnitude * power_of_ten[places];
        if (scaled >= exact)
            break;
        uint64_t u = (uint64_t)(scaled + 0.5);
        double back = (double)u / power_of_ten[places];
        bool same = single ? (float)back == (float)magnitude : back == magnitude;
        if (same && (u > 0 || magnitude == 0)) {
            if (places == 0) {
                u *= 10;
                places = 1;
            }
            return text_from_fixed(out, x < 0, u, places);
        }
    }
    return from_real_slowly(out, x, single);
}

const char *text_from_duration(char out[32], int64_t ns)
{
    static const struct unit units[] = {{"d", 86400 * NS_PER_S},
                                        {"h", 3600 * NS_PER_S},
                                        {"min", 60 * NS_PER_S},
                                        {"s", NS_PER_S},
                                        {"ms", NS_PER_MS},
                                        {"us", NS_PER_US},
                                        {"ns", 1}};
    uint64_t magnitude = ns < 0 ? 0 - (uint64_t)ns : (uint64_t)ns;
    size_t i = 0;
    while (i + 1 < sizeof(units) / sizeof(units[0]) && magnitude < (uint64_t)units[i].factor)
        i++;
    if (magnitude == 0)
        i = 3;
    double x = (double)magnitude / (double)units[i].factor;
    int places = x < 9.995 ? 2 : x < 99.95 ? 1 : 0;
    locale_t before = use_plain_locale();
    int length = snprintf(out, 20, "%s%.*f", ns < 0 ? "-" : "", places, x);
    uselocale(before);
    size_t n = (size_t)length;
    if (memchr(out, '.', n)) {
        while (out[n - 1] == '0')
            n--;
        if (out[n - 1] == '.')
            n--;
    }
    out[n++] = ' ';
    strcpy(out + n, units[i].name);
    return out;
}
