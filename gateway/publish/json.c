/* SPDX-License-Identifier: Apache-2.0 */
#include "publish/json.h"

#include <math.h>

#include "base/text.h"

/* What integers a double holds exactly; beyond it readers that know only doubles round. */
#define EXACT (UINT64_C(1) << 53)

/* Bytes of the well-formed UTF-8 sequence at s (no overlong forms, no surrogates); 0: none. */
static size_t sequence(const unsigned char *s, size_t length)
{
    unsigned char c = s[0];
    size_t n = c >= 0xF0 ? 4 : c >= 0xE0 ? 3 : 2;
    if (c < 0xC2 || c > 0xF4 || length < n)
        return 0;
    for (size_t i = 1; i < n; i++)
        if ((s[i] & 0xC0) != 0x80)
            return 0;
    if ((c == 0xE0 && s[1] < 0xA0) || (c == 0xED && s[1] > 0x9F) || (c == 0xF0 && s[1] < 0x90) ||
        (c == 0xF4 && s[1] > 0x8F))
        return 0;
    return n;
}

static void escaped(struct json *j, unsigned char c)
{
    static const char hex[] = "0123456789abcdef";
    char out[6] = {'\\', 'u', '0', '0', hex[c >> 4], hex[c & 15]};
    size_t n = 2;
    switch (c) {
    case '"':
    case '\\':
        out[1] = (char)c;
        break;
    case '\b':
        out[1] = 'b';
        break;
    case '\f':
        out[1] = 'f';
        break;
    case '\n':
        out[1] = 'n';
        break;
    case '\r':
        out[1] = 'r';
        break;
    case '\t':
        out[1] = 't';
        break;
    default:
        n = 6;
    }
    json_raw(j, out, n);
}

/* DEL is legal in JSON, but terminals obey it. */
static bool plain(unsigned char c)
{
    return c >= 0x20 && c < 0x7F && c != '"' && c != '\\';
}

void json_text(struct json *j, const char *text, size_t length)
{
    const unsigned char *s = (const unsigned char *)text, *end = s + length;
    json_word(j, "\"");
    while (s < end) {
        const unsigned char *run = s;
        while (s < end && plain(*s))
            s++;
        json_raw(j, (const char *)run, (size_t)(s - run));
        if (s == end)
            break;
        size_t n = *s < 0x80 ? 1 : sequence(s, (size_t)(end - s));
        if (*s < 0x80) {
            escaped(j, *s);
        } else if (n) {
            json_raw(j, (const char *)s, n);
        } else {
            json_word(j, "\xEF\xBF\xBD");
            n = 1;
        }
        s += n;
    }
    json_word(j, "\"");
}

void json_put_string(struct json *j, const char *s)
{
    if (s)
        json_text(j, s, strlen(s));
    else
        json_word(j, "null");
}

void json_int(struct json *j, int64_t x)
{
    char digits[24];
    json_raw(j, digits, text_from_s64(digits, x));
}

void json_put_real(struct json *j, double x, bool single)
{
    char digits[32];
    if (isfinite(x))
        json_raw(j, digits, text_from_real(digits, x, single));
    else
        json_word(j, "null");
}

static void fixed(struct json *j, bool negative, uint64_t magnitude, unsigned places)
{
    enum { MOST = 40 };
    char small[MOST];
    /* Straight to its place, unless the end is near. */
    bool direct = j->end - j->at >= MOST;
    char *digits = direct ? j->at : small;
    size_t n = 0;
    /* A fraction is a real: as with every real, a reader takes the nearest that it has. */
    bool quoted = magnitude > EXACT && places == 0;
    if (quoted)
        digits[n++] = '"';
    if (places) {
        n += text_from_fixed(digits + n, negative, magnitude, places);
    } else {
        if (negative)
            digits[n++] = '-';
        n += text_from_u64(digits + n, magnitude);
    }
    if (quoted)
        digits[n++] = '"';
    if (direct)
        j->at += n;
    else
        json_raw(j, digits, n);
}

void json_value(struct json *j, const struct value *v)
{
    switch ((enum value_kind)v->kind) {
    case VALUE_NONE:
        json_word(j, "null");
        break;
    case VALUE_BOOL:
        if (v->truth)
            json_word(j, "true");
        else
            json_word(j, "false");
        break;
    case VALUE_INT:
        fixed(j, v->i < 0, v->i < 0 ? 0 - (uint64_t)v->i : (uint64_t)v->i, v->places);
        break;
    case VALUE_UINT:
        fixed(j, false, v->u, v->places);
        break;
    case VALUE_REAL:
        json_real(j, v->real, v->single);
        break;
    case VALUE_TEXT:
        json_text(j, v->text, v->length);
        break;
    }
}
