/* SPDX-License-Identifier: Apache-2.0 */
#include "import/address.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { WORD_ROOM = 64, NUMBER_LONGEST = 9 };

static const int16_t table_of_digit[5] = {TABLE_COIL, TABLE_DISCRETE, -1, TABLE_INPUT,
                                          TABLE_HOLDING};

/* Digits at *s, all of them; false: none, or too many. */
static bool take_number(const char **s, bool hex, uint32_t *number, uint8_t *digits)
{
    static const char decimal[] = "0123456789", all[] = "0123456789abcdefABCDEF";
    size_t n = strspn(*s, hex ? all : decimal);
    if (n == 0 || n > NUMBER_LONGEST - (hex ? 1 : 0))
        return false;
    char text[NUMBER_LONGEST + 1];
    memcpy(text, *s, n);
    text[n] = '\0';
    *number = (uint32_t)strtoul(text, NULL, hex ? 16 : 10);
    *digits = (uint8_t)n;
    *s += n;
    return true;
}

/* What follows the number: .3  .20H  [10]  -3001 */
static const char *take_tail(struct import_list *l, const char *s, bool quoted, struct spot *out)
{
    uint32_t x = 0;
    uint8_t digits = 0;
    if (*s == '.' && s[1] != '.') {
        s++;
        if (!take_number(&s, false, &x, &digits))
            return "nothing that can be read behind the point";
        char form = (char)toupper((unsigned char)*s);
        if (form != '\0' && strchr("HLDE", form) != NULL) {
            if (x == 0 || x > 2U * REGISTERS_MAX)
                return "a string of this length is none";
            out->characters = (uint16_t)x;
            out->form = form;
            s++;
        } else {
            if (x > 63)
                return "there is no such bit";
            out->bit = (int16_t)x;
            out->dot_one = x == 1 && digits == 1 && !quoted;
            out->dot_zero = x == 0 && out->notation == SPOT_PLAIN && !out->hex;
            l->kept_bits |= x != 0;
            l->kept_tens |= x == 10;
        }
    }
    while (*s == '[') {
        s++;
        if (!take_number(&s, false, &x, &digits) || *s != ']' || x == 0)
            return "an array of no length";
        out->array = (out->array == 0 ? 1 : out->array) * (x > 100000 ? 100000 : x);
        if (out->array > 1000)
            return "an array of more than 1000";
        s++;
    }
    if (*s == '-' || strncmp(s, "..", 2) == 0 || strncmp(s, "\xE2\x80\x93", 3) == 0) {
        s += *s == '-' ? 1 : *s == '.' ? 2 + (s[2] == '.') : 3;
        if (!out->hex && *s == '0' && (s[1] == 'x' || s[1] == 'X'))
            return "a range with one end in hexadecimal";
        s += out->hex && *s == '0' && (s[1] == 'x' || s[1] == 'X') ? 2 : 0;
        if (!take_number(&s, out->hex, &x, &digits) || x < out->number ||
            x - out->number >= REGISTERS_MAX)
            return "a range that ends before it begins, or too far behind; the end is written "
                   "whole, "
                   "like 40020-40021";
        out->count = x - out->number + 1;
        s += out->hex && (*s == 'H' || *s == 'h') ? 1 : 0;
    }
    return *s == '\0' ? NULL : "this is no address";
}

/* %MW100  %MD10  %MF10  %M5  %IW2  %I3  %QW4  %Q5; W is left out for bits. */
static const char *read_iec(struct import_list *l, const char *s, bool quoted, struct spot *out)
{
    static const struct {
        const char *word;
        int16_t table;
        uint8_t notation;
    } areas[] = {
        {"MW", TABLE_HOLDING, SPOT_WIRE},
        {"MD", TABLE_HOLDING, SPOT_DOUBLE},
        {"MF", TABLE_HOLDING, SPOT_DOUBLE},
        {"MX", -1, SPOT_NONE},
        {"M", TABLE_COIL, SPOT_WIRE},
        {"IW", TABLE_INPUT, SPOT_WIRE},
        {"IX", -1, SPOT_NONE},
        {"I", TABLE_DISCRETE, SPOT_WIRE},
        {"QW", TABLE_HOLDING, SPOT_WIRE},
        {"Q", TABLE_COIL, SPOT_WIRE},
    };
    for (size_t i = 0; i < sizeof areas / sizeof *areas; i++) {
        size_t n = strlen(areas[i].word);
        if (strncasecmp(s, areas[i].word, n) != 0 || !isdigit((unsigned char)s[n]))
            continue;
        if (areas[i].notation == SPOT_NONE)
            return "bits of bytes have no Modbus address of their own";
        s += n;
        out->notation = areas[i].notation;
        out->table = areas[i].table;
        if (!take_number(&s, false, &out->number, &out->digits))
            return "this is no address";
        if (*s == ':' && tolower((unsigned char)s[1]) == 'x')
            return take_tail(l, import_printf(l, ".%s", s + 2), true, out);
        return take_tail(l, s, quoted, out);
    }
    return "no area of IEC 61131 that Modbus reaches (%MW, %MD, %MF, %M, %IW, %I, %QW, %Q)";
}

/* Without blanks and the commas of thousands: R41,010 */
static bool compact(const char *text, char out[WORD_ROOM])
{
    size_t n = 0;
    for (const char *c = text; *c != '\0'; c++) {
        bool thousand = *c == ',' && c > text && isdigit((unsigned char)c[-1]) &&
                        strspn(c + 1, "0123456789") == 3;
        if (*c == ' ' || *c == '\'' || thousand)
            continue;
        if (n + 1 >= WORD_ROOM)
            return false;
        out[n++] = *c;
    }
    out[n] = '\0';
    return true;
}

/* 1.00E+10, 4.0E+4: a number that a spreadsheet took for one. */
static bool is_scientific(const char *s)
{
    const char *e = s + strspn(s, "0123456789.");
    return e > s && (*e == 'E' || *e == 'e') && (e[1] == '+' || e[1] == '-');
}

/* 4x1716, 3X0010, 4:03003 */
static bool take_table(const char **s, struct spot *out)
{
    const char *c = *s;
    if (*c < '0' || *c > '4' || *c == '2' ||
        (c[1] != ':' && !((c[1] == 'x' || c[1] == 'X') && *c != '0')))
        return false;
    out->table = table_of_digit[*c - '0'];
    out->notation = SPOT_COUNTED;
    *s += 2;
    return true;
}

const char *address_read(struct import_list *l, const char *text, bool hex, bool quoted,
                         struct spot *out)
{
    char word[WORD_ROOM] = "";
    const char *s = word;
    *out = (struct spot){.notation = SPOT_PLAIN, .table = -1, .bit = -1, .hex = hex};
    if (!compact(text, word) || *word == '\0')
        return *text == '\0' ? "no address" : "this is no address";
    if (*s == '%')
        return read_iec(l, s + 1, quoted, out);
    if (!hex && is_scientific(s))
        return "a spreadsheet made a number of it; was it hexadecimal, like 1E10?";
    if ((*s == 'R' || *s == 'r') && isdigit((unsigned char)s[1]))
        s++;
    bool tabled = take_table(&s, out);
    if (strncasecmp(s, "0x", 2) == 0 || strncmp(s, "16#", 3) == 0) {
        s += *s == '0' ? 2 : 3;
        out->hex = true;
    } else if (*s == '$' || *s == '&') {
        s += strncasecmp(s, "&H", 2) == 0 ? 2 : 1;
        out->hex = true;
    } else {
        size_t n = strspn(s, "0123456789abcdefABCDEF");
        if (n > 0 && (s[n] == 'h' || s[n] == 'H'))
            out->hex = true;
    }
    if (!take_number(&s, out->hex, &out->number, &out->digits))
        return "this is no address";
    if (out->hex && (*s == 'h' || *s == 'H'))
        s++;
    if (!tabled && !out->hex && out->digits > l->longest)
        l->longest = out->digits;
    return take_tail(l, s, quoted, out);
}

const char *address_read_prefixed(struct import_list *l, const char *text, bool quoted,
                                  struct spot *out)
{
    char word[WORD_ROOM] = "";
    const char *s = word;
    *out = (struct spot){.notation = SPOT_PREFIXED, .table = -1, .bit = -1};
    if (!compact(text, word) || *word == '\0')
        return *text == '\0' ? "no address" : "this is no address";
    if (is_scientific(s))
        return "a spreadsheet made a number of it";
    out->hex = *s == 'H' || *s == 'h';
    s += out->hex;
    if (*s < '0' || *s > '9')
        return "no table: an address begins with 0, 1, 3 or 4";
    out->table = *s > '4' ? -1 : table_of_digit[*s - '0'];
    uint8_t digits = 0;
    const char *whole = s;
    s += out->table >= 0;
    if (!take_number(&s, out->hex, &out->number, &digits)) {
        /* One digit is all there is: a coil that has lost its zeros. */
        s = whole;
        out->table = -1;
        take_number(&s, out->hex, &out->number, &digits);
    }
    out->digits = (uint8_t)(s - whole);
    if (out->digits > 6)
        return "more than six digits";
    if (!out->hex && out->digits > l->longest)
        l->longest = out->digits;
    return take_tail(l, s, quoted, out);
}
