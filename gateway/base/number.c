/* SPDX-License-Identifier: Apache-2.0 */
/* The half of text.h that is about numbers. */
#include <assert.h>
#include <float.h>
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

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

enum { PLACES_TRIED = 6, PLACES_DECIMAL = 9, PLACES_PRINTED = 24, TYPED_MAX = 64 };

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

/* s with a point for its only comma. false: it has none, or a point too, or is too long. */
static bool with_point(const char *s, char out[static TYPED_MAX])
{
    size_t comma = strcspn(s, ","), length = strlen(s);
    if (comma == length || strchr(s + comma + 1, ',') || strchr(s, '.') || length >= TYPED_MAX)
        return false;
    memcpy(out, s, length + 1);
    out[comma] = '.';
    return true;
}

/* Thousands are parted in threes, and no number of them begins with 0. */
bool text_is_two_numbers(const char *s)
{
    s += *s == '-' || *s == '+';
    size_t before = strspn(s, "0123456789");
    return before >= 1 && before <= 3 && s[0] != '0' && s[before] == ',' &&
           strspn(s + before + 1, "0123456789") == 3 && s[before + 4] == '\0';
}

bool text_to_real_typed(const char *s, double *out)
{
    char point[TYPED_MAX];
    return text_to_real(s, out) ||
           (!text_is_two_numbers(s) && with_point(s, point) && text_to_real(point, out));
}

double text_last_digit(const char *s)
{
    s += *s == '-' || *s == '+';
    size_t before = strspn(s, "0123456789");
    bool mark = s[before] == '.' || s[before] == ',';
    size_t places = mark ? strspn(s + before + 1, "0123456789") : 0;
    bool plain = before + places > 0 && s[before + mark + places] == '\0';
    return plain && places < COUNT(power_of_ten) ? 1 / power_of_ten[places] : 0;
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
    return with_unit(s, units, COUNT(units), ns);
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
    return with_unit(s, units, COUNT(units), bytes);
}

static unsigned digits_of(uint64_t x)
{
    unsigned n = 1;
    for (; x >= 10000; x /= 10000)
        n += 4;
    return n + (x >= 10) + (x >= 100) + (x >= 1000);
}

size_t text_from_u64(char *out, uint64_t x)
{
    static const char pairs[] = "00010203040506070809101112131415161718192021222324"
                                "25262728293031323334353637383940414243444546474849"
                                "50515253545556575859606162636465666768697071727374"
                                "75767778798081828384858687888990919293949596979899";
    size_t length = digits_of(x);
    char *at = out + length;
    *at = '\0';
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
    assert(places <= PLACES_PRINTED);
    char digits[24];
    size_t count = text_from_u64(digits, magnitude);
    char *at = out;
    if (negative && magnitude > 0)
        *at++ = '-';
    size_t whole = count > places ? count - places : 0;
    memcpy(at, digits, whole);
    at += whole;
    if (whole == 0)
        *at++ = '0';
    if (places > 0) {
        size_t zeros = places - (count - whole);
        *at++ = '.';
        memset(at, '0', zeros);
        memcpy(at + zeros, digits + whole, count - whole);
        at += places;
    }
    *at = '\0';
    return (size_t)(at - out);
}

/* For what is very large or very small: the library's way, slow but sure.
 * %g drops zeros at the end, so the first precision that comes back is the shortest. */
static size_t from_real_slowly(char *out, double x, bool single)
{
    locale_t before = use_plain_locale();
    int length = 0;
    bool subnormal = fabs(x) < (single ? (double)FLT_MIN : DBL_MIN);
    for (int precision = subnormal ? 1 : single ? 6 : 15; precision <= 17; precision++) {
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

#ifdef __SIZEOF_INT128__
__extension__ typedef unsigned __int128 wide;

/* Numbers with many digits, which every conversion to engineering units makes. x = m * 2^e is
 * looked at as an exact fraction: in units of 2^-shift, x * 10^places is 2 * m * 5^places, and
 * whatever is nearer to it than 5^places reads back as x. Digits are dropped while that is so.
 * 0: not for this function. */
static size_t from_real_exactly(char *out, double x, bool single)
{
    const double magnitude = fabs(x);
    const int bits = single ? 24 : 53, digits = single ? 9 : 17;
    if (magnitude < 1e-7 || magnitude >= 1e15)
        return 0;
    uint64_t raw;
    memcpy(&raw, &magnitude, sizeof(raw));
    uint64_t m = (raw & ((UINT64_C(1) << 52) - 1)) | UINT64_C(1) << 52;
    int e = (int)(raw >> 52) - 1075;
    m >>= 53 - bits;
    e += 53 - bits;
    int places = digits - 1;
    if (magnitude >= 1) {
        for (int i = 1; i < (int)COUNT(power_of_ten) && magnitude >= power_of_ten[i]; i++)
            places--;
    } else {
        for (int i = 0; magnitude * power_of_ten[i] < 1; i++)
            places++;
    }
    int shift = 1 - e - places;
    if (shift < 0 || places < 1)
        return 0;
    uint64_t five = 1;
    for (int i = 0; i < places; i++)
        five *= 5;
    const wide exact = (wide)(2 * m) * five;
    /* Below a power of two the neighbour is only half as far. */
    const wide near = m == UINT64_C(1) << (bits - 1) ? five / 2 : five;
    const uint64_t whole = (uint64_t)(exact >> shift);
    uint64_t best = 0;
    int dropped = 0;
    for (int k = 0; k < places && k < (int)COUNT(whole_power_of_ten); k++) {
        uint64_t shorter = whole / whole_power_of_ten[k];
        wide step = (wide)whole_power_of_ten[k] << shift, above = exact - shorter * step;
        bool up = above > step - above;
        if ((up ? step - above : above) >= near)
            break;
        best = shorter + up;
        dropped = k;
    }
    return best ? text_from_fixed(out, x < 0, best, (unsigned)(places - dropped)) : 0;
}
#else
static size_t from_real_exactly(char *out, double x, bool single)
{
    (void)out, (void)x, (void)single;
    return 0;
}
#endif

/* Most of what meters say has few places. u / 10^places is correctly rounded as long as both are
 * exact: so the decimal fraction that passes the test reads back as the same number. */
size_t text_from_real(char *out, double x, bool single)
{
    assert(isfinite(x));
    const double exact = 9007199254740992.0;
    double magnitude = fabs(x);
    for (unsigned places = 0; places <= PLACES_TRIED; places++) {
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
    size_t length = from_real_exactly(out, x, single);
    return length ? length : from_real_slowly(out, x, single);
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
    while (i + 1 < COUNT(units) && magnitude < (uint64_t)units[i].factor)
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

const char *text_not_finite(double x)
{
    return isnan(x) ? "not a number" : "infinite";
}
