/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/encode_words.h"

#include <math.h>
#include <time.h>

/* Padded with zeros, cut where the registers end. */
bool encode_string(const struct point *p, const struct value *v, uint16_t *words)
{
    if (v->kind != VALUE_TEXT)
        return false;
    bool swapped = p->order[0] == 1;
    for (uint32_t i = 0; i < p->words; i++) {
        if (p->string_form == STRING_TWO) {
            unsigned a = 2 * i < v->length ? (unsigned char)v->text[2 * i] : 0;
            unsigned b = 2 * i + 1 < v->length ? (unsigned char)v->text[2 * i + 1] : 0;
            words[i] = (uint16_t)(swapped ? b << 8 | a : a << 8 | b);
        } else {
            unsigned c = i < v->length ? (unsigned char)v->text[i] : 0;
            words[i] = (uint16_t)(p->string_form == STRING_ONE_LOW ? c : c << 8);
        }
    }
    return true;
}

static uint16_t pair_of(int high, int low)
{
    return (uint16_t)((unsigned)high << 8 | (unsigned)low);
}

static int digits(int two)
{
    return two / 10 << 4 | two % 10;
}

bool encode_time(const struct point *p, long double seconds, uint64_t *raw, uint16_t *words)
{
    if (seconds > 4e11L)
        return false;
    time_t whole = (time_t)floorl(seconds);
    int ms = (int)((seconds - (long double)whole) * 1000);
    struct tm t;
    if (!gmtime_r(&whole, &t))
        return false;
    switch ((enum time_form)p->time_form) {
    case TIME_UNIX32:
        *raw = (uint32_t)whole;
        return whole <= (time_t)UINT32_MAX;
    case TIME_UNIX64:
        *raw = (uint64_t)whole;
        return true;
    case TIME_UNIX_MS:
        *raw = (uint64_t)whole * 1000 + (uint64_t)ms;
        return true;
    case TIME_PM800:
        words[0] = pair_of(t.tm_mon + 1, t.tm_mday);
        words[1] = pair_of(t.tm_year, t.tm_hour);
        words[2] = pair_of(t.tm_min, t.tm_sec);
        return t.tm_year >= 0 && t.tm_year < 256;
    case TIME_SIX: {
        const int parts[6] = {t.tm_sec,  t.tm_min,     t.tm_hour,
                              t.tm_mday, t.tm_mon + 1, t.tm_year + 1900};
        for (unsigned i = 0; i < 6; i++)
            words[i] = (uint16_t)parts[i];
        return true;
    }
    case TIME_SEL: {
        const int parts[6] = {
            t.tm_sec * 100 + ms / 10, t.tm_min, t.tm_hour, t.tm_mday, t.tm_mon + 1,
            t.tm_year % 100};
        for (unsigned i = 0; i < 6; i++)
            words[i] = (uint16_t)parts[i];
        return t.tm_year >= 100 && t.tm_year < 200;
    }
    case TIME_GE469:
        words[0] = pair_of(t.tm_mon + 1, t.tm_mday);
        words[1] = (uint16_t)(t.tm_year + 1900);
        words[2] = pair_of(t.tm_hour, t.tm_min);
        words[3] = pair_of(t.tm_sec, ms / 10);
        return true;
    case TIME_FINDER7M:
        words[0] = pair_of(digits(ms / 10), digits(t.tm_sec));
        words[1] = pair_of(digits(t.tm_min), digits(t.tm_hour));
        words[2] = pair_of(digits(t.tm_mday), digits(t.tm_mon + 1));
        words[3] = (uint16_t)(t.tm_year + 1900);
        return true;
    case TIME_IEC870:
        if (t.tm_year < 100 || t.tm_year >= 228)
            return false;
        words[0] = pair_of(0, t.tm_year - 100);
        words[1] = pair_of(t.tm_mon + 1, t.tm_mday | (t.tm_wday == 0 ? 7 : t.tm_wday) << 5);
        words[2] = pair_of(t.tm_hour, t.tm_min);
        words[3] = (uint16_t)(t.tm_sec * 1000 + ms);
        return true;
    }
    return false;
}
