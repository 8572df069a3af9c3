/* SPDX-License-Identifier: Apache-2.0 */
#include "values/words.h"

#include <stdio.h>
#include <string.h>

#include "base/calendar.h"
#include "base/text.h"
#include "values/decode.h"

static bool is_padding(char c)
{
    return c == ' ' || (unsigned char)c == 0xFF;
}

/* Bytes that are no UTF-8 are taken for Latin-1, which makes some of them two bytes long. Works
 * from the end, in place. 0: there is no room for that. */
static size_t from_latin1(char *text, size_t length, size_t room)
{
    size_t wide = length;
    for (size_t i = 0; i < length; i++)
        wide += (unsigned char)text[i] >= 0x80;
    if (wide > room)
        return 0;
    size_t to = wide;
    for (size_t i = length; i-- > 0;) {
        unsigned char c = (unsigned char)text[i];
        if (c < 0x80) {
            text[--to] = (char)c;
        } else {
            text[--to] = (char)(0x80 | (c & 0x3F));
            text[--to] = (char)(0xC0 | (c >> 6));
        }
    }
    return wide;
}

const char *words_string(const struct point *p, const uint8_t *at, char *text, struct value *v)
{
    size_t length = 0;
    unsigned first = p->order[0] == 1; /* BA: the second character comes first */
    for (size_t i = 0; i < p->words; i++) {
        const uint8_t *word = at + i * 2;
        if (p->string_form == STRING_TWO) {
            text[length++] = (char)word[first];
            text[length++] = (char)word[!first];
        } else {
            text[length++] = (char)word[p->string_form == STRING_ONE_LOW];
        }
    }
    /* What stands behind a NUL is left over from a longer text. */
    const char *end = memchr(text, '\0', length);
    if (end)
        length = (size_t)(end - text);
    size_t start = 0;
    while (start < length && is_padding(text[start]))
        start++;
    while (length > start && is_padding(text[length - 1]))
        length--;
    length -= start;
    memmove(text, text + start, length);
    if (!text_is_utf8(text, length)) {
        length = from_latin1(text, length, (size_t)p->words * 2 + DECODE_TEXT_EXTRA);
        if (length == 0)
            return "not a text";
    }
    *v = (struct value){.kind = VALUE_TEXT, .length = (uint32_t)length, .text = text};
    return NULL;
}

struct moment {
    unsigned year, month, day, hour, minute, second;
    int milliseconds; /* -1: not known so finely */
    bool utc;
};

static const char *write_moment(const struct moment *m, char *text, struct value *v)
{
    static const uint8_t days[12] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (m->year % 4 == 0 && m->year % 100 != 0) || m->year % 400 == 0;
    if (m->year < 1900 || m->year > 9999 || m->month < 1 || m->month > 12 || m->day < 1 ||
        m->day > days[m->month - 1] + (unsigned)(leap && m->month == 2) || m->hour > 23 ||
        m->minute > 59 || m->second > 59 || m->milliseconds > 999)
        return "impossible date";
    char out[64];
    int n = snprintf(out, sizeof out, "%04u-%02u-%02uT%02u:%02u:%02u", m->year, m->month, m->day,
                     m->hour, m->minute, m->second);
    if (m->milliseconds >= 0)
        n += snprintf(out + n, sizeof out - (size_t)n, ".%03d", m->milliseconds);
    if (m->utc)
        out[n++] = 'Z';
    memcpy(text, out, (size_t)n);
    *v = (struct value){.kind = VALUE_TEXT, .length = (uint32_t)n, .text = text};
    return NULL;
}

/* Days since 1970 to a date of the Gregorian calendar, by 400-year cycles that begin in March. */
static void date_of(uint64_t days, struct moment *m)
{
    days += 719468;
    uint64_t cycle = days / 146097, day = days % 146097;
    uint64_t year = (day - day / 1460 + day / 36524 - day / 146096) / 365;
    uint64_t in_year = day - (365 * year + year / 4 - year / 100);
    uint64_t month = (5 * in_year + 2) / 153;
    m->day = (unsigned)(in_year - (153 * month + 2) / 5 + 1);
    m->month = (unsigned)(month < 10 ? month + 3 : month - 9);
    m->year = (unsigned)(cycle * 400 + year + (m->month <= 2));
}

static const char *unix_time(uint64_t seconds, int milliseconds, char *text, struct value *v)
{
    if (seconds > UINT64_C(253402300799)) /* the end of the year 9999 */
        return "impossible date";
    struct moment m = {.milliseconds = milliseconds, .utc = true};
    date_of(seconds / 86400, &m);
    unsigned rest = (unsigned)(seconds % 86400);
    m.hour = rest / 3600;
    m.minute = rest / 60 % 60;
    m.second = rest % 60;
    return write_moment(&m, text, v);
}

/* A byte of two decimal digits; 255 when it is none. */
static unsigned two_digits(uint8_t byte)
{
    return byte >> 4 <= 9 && (byte & 0xF) <= 9 ? (unsigned)(byte >> 4) * 10 + (byte & 0xF) : 255;
}

static unsigned word(const uint8_t *at, unsigned i)
{
    return (unsigned)at[i * 2] << 8 | at[i * 2 + 1];
}

const char *words_time(const struct point *p, const uint8_t *at, uint64_t raw, char *text,
                       struct value *v)
{
    struct moment m = {.milliseconds = -1};
    switch ((enum time_form)p->time_form) {
    case TIME_UNIX32:
    case TIME_UNIX64:
        return unix_time(raw, -1, text, v);
    case TIME_UNIX_MS:
        return unix_time(raw / 1000, (int)(raw % 1000), text, v);
    case TIME_PM800:
        m.month = at[0];
        m.day = at[1];
        m.year = 1900 + at[2];
        m.hour = at[3];
        m.minute = at[4];
        m.second = at[5];
        break;
    case TIME_SIX:
    case TIME_SEL:
        m.second = word(at, 0);
        if (p->time_form == TIME_SEL) {
            m.milliseconds = (int)(m.second % 100) * 10;
            m.second /= 100;
        }
        m.minute = word(at, 1);
        m.hour = word(at, 2);
        m.day = word(at, 3);
        m.month = word(at, 4);
        m.year = word(at, 5);
        if (m.year < 100)
            m.year += 2000;
        break;
    case TIME_IEC870:
        if (at[5] & 0x80)
            return "the device says that its clock is not set";
        m.year = 2000 + (at[1] & 0x7FU);
        m.month = at[2] & 0x0FU;
        m.day = at[3] & 0x1FU;
        m.hour = at[4] & 0x1FU;
        m.minute = at[5] & 0x3FU;
        m.second = word(at, 3) / 1000;
        m.milliseconds = (int)(word(at, 3) % 1000);
        break;
    case TIME_GE469:
        m.month = at[0];
        m.day = at[1];
        m.year = word(at, 1);
        m.hour = at[4];
        m.minute = at[5];
        m.second = at[6];
        m.milliseconds = at[7] * 10;
        break;
    case TIME_FINDER7M:
        m.milliseconds = (int)two_digits(at[0]) * 10;
        m.second = two_digits(at[1]);
        m.minute = two_digits(at[2]);
        m.hour = two_digits(at[3]);
        m.day = two_digits(at[4]);
        m.month = two_digits(at[5]);
        m.year = word(at, 3);
        break;
    }
    return write_moment(&m, text, v);
}

unsigned words_utc(const struct zone *z, int summer, char *text, struct value *v)
{
    char local[48];
    int64_t t_ms;
    if (v->length == 0 || v->length >= sizeof local || v->text[v->length - 1] == 'Z')
        return 1;
    memcpy(local, v->text, v->length);
    local[v->length] = '\0';
    if (!calendar_read(local, &t_ms))
        return 1;
    bool fine = strchr(local, '.') != NULL;
    int64_t part = (t_ms % 1000 + 1000) % 1000;
    int64_t shown = (t_ms - part) / 1000, utc = zone_utc(z, shown, summer);
    if (utc >= 0)
        unix_time((uint64_t)utc, fine ? (int)part : -1, text, v);
    return zone_times(z, shown, summer);
}

/* A bit that is 0 may mean that it isn't used. */
int words_summer(const struct point *p, const uint8_t *at)
{
    return p->time_form == TIME_IEC870 && p->part_count == 0 && at[4] & 0x80 ? 1 : -1;
}
