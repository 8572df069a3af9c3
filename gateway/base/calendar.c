/* SPDX-License-Identifier: Apache-2.0 */
#include "base/calendar.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

static bool zone_set; /* until then all is UTC, whatever the machine's own zone */

/* A zone that the library doesn't know would silently be UTC, so its file is looked for. */
static bool zone_exists(const char *name)
{
    char path[512];
    struct stat st;
    const char *base = getenv("TZDIR");
    if (name[0] == '\0' || name[0] == '/' || name[0] == ':' || strstr(name, ".."))
        return false;
    if (strcmp(name, "UTC") == 0)
        return true;
    int n = snprintf(path, sizeof path, "%s/%s", base ? base : "/usr/share/zoneinfo", name);
    return n > 0 && (size_t)n < sizeof path && stat(path, &st) == 0 && S_ISREG(st.st_mode);
}

bool calendar_zone(const char *name)
{
    char tz[512];
    if (!name || !zone_exists(name))
        return false;
    /* The colon says: a file, not a rule such as "EST5EDT". */
    if (strcmp(name, "UTC") == 0)
        snprintf(tz, sizeof tz, "UTC0");
    else
        snprintf(tz, sizeof tz, ":%s", name);
    if (setenv("TZ", tz, 1) != 0)
        return false;
    tzset();
    zone_set = true;
    return true;
}

/* Years that four digits can write; what lies beyond is written as the nearest of them. */
static struct tm broken_down(int64_t t_ms)
{
    static const int64_t first = -62135596800, last = 253402214400; /* year 1 .. 9999 */
    int64_t s = t_ms / 1000 - (t_ms % 1000 < 0);
    time_t t = (time_t)(s < first ? first : s > last ? last : s);
    struct tm out;
    memset(&out, 0, sizeof out);
    if (zone_set)
        localtime_r(&t, &out);
    else
        gmtime_r(&t, &out);
    return out;
}

int64_t calendar_offset_ms(int64_t t_ms)
{
    return (int64_t)broken_down(t_ms).tm_gmtoff * 1000;
}

int calendar_year(int64_t t_ms)
{
    return broken_down(t_ms).tm_year + 1900;
}

bool calendar_same_day(int64_t a_ms, int64_t b_ms)
{
    struct tm a = broken_down(a_ms), b = broken_down(b_ms);
    return a.tm_year == b.tm_year && a.tm_yday == b.tm_yday;
}

const char *calendar_stamp(char out[CALENDAR_MAX], int64_t t_ms)
{
    struct tm t = broken_down(t_ms);
    const char *zone = zone_set && t.tm_zone ? t.tm_zone : "UTC";
    snprintf(out, CALENDAR_MAX, "%04d-%02d-%02d %02d:%02d %.8s", t.tm_year + 1900, t.tm_mon + 1,
             t.tm_mday, t.tm_hour, t.tm_min, zone);
    return out;
}

const char *calendar_second(char out[CALENDAR_MAX], int64_t t_ms)
{
    struct tm t = broken_down(t_ms);
    const char *zone = zone_set && t.tm_zone ? t.tm_zone : "UTC";
    snprintf(out, CALENDAR_MAX, "%04d-%02d-%02d %02d:%02d:%02d %.8s", t.tm_year + 1900,
             t.tm_mon + 1, t.tm_mday, t.tm_hour, t.tm_min, t.tm_sec, zone);
    return out;
}

const char *calendar_day(char out[CALENDAR_MAX], int64_t t_ms)
{
    static const char days[7][4] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static const char months[12][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                       "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    struct tm t = broken_down(t_ms);
    snprintf(out, CALENDAR_MAX, "%s %d %s %02d:%02d", days[t.tm_wday % 7], t.tm_mday,
             months[t.tm_mon % 12], t.tm_hour, t.tm_min);
    return out;
}

const char *calendar_clock(char out[CALENDAR_MAX], int64_t t_ms)
{
    struct tm t = broken_down(t_ms);
    snprintf(out, CALENDAR_MAX, "%02d:%02d", t.tm_hour, t.tm_min);
    return out;
}

const char *calendar_near(char out[CALENDAR_MAX], int64_t t_ms, int64_t beside_ms)
{
    return calendar_same_day(t_ms, beside_ms) ? calendar_clock(out, t_ms) : calendar_day(out, t_ms);
}

/* Days since 1970 of a date of the Gregorian calendar; years begin in March here, so that the leap
 * day is the last one. */
static int64_t days_of(int64_t year, int64_t month, int64_t day)
{
    year -= month <= 2;
    int64_t era = (year >= 0 ? year : year - 399) / 400;
    int64_t of_era = year - era * 400;
    int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

static bool digits(const char **at, int count, int64_t *out)
{
    *out = 0;
    for (int i = 0; i < count; i++, ++*at) {
        if (**at < '0' || **at > '9')
            return false;
        *out = *out * 10 + (**at - '0');
    }
    return true;
}

static bool zone(const char *at, int64_t *offset_min)
{
    int64_t hours, minutes;
    *offset_min = 0;
    if (strcmp(at, "") == 0 || strcmp(at, "Z") == 0 || strcmp(at, "z") == 0)
        return true;
    int sign = *at == '+' ? 1 : *at == '-' ? -1 : 0;
    at++;
    if (sign == 0 || !digits(&at, 2, &hours))
        return false;
    at += *at == ':';
    if (!digits(&at, 2, &minutes) || *at != '\0' || hours > 14 || minutes > 59)
        return false;
    *offset_min = sign * (hours * 60 + minutes);
    return true;
}

bool calendar_read(const char *text, int64_t *t_ms)
{
    const char *at = text;
    int64_t year, month, day, hour, minute, second = 0, fraction = 0, offset;
    if (!digits(&at, 4, &year) || *at++ != '-' || !digits(&at, 2, &month) || *at++ != '-' ||
        !digits(&at, 2, &day) || (*at != 'T' && *at != 't' && *at != ' '))
        return false;
    at++;
    if (!digits(&at, 2, &hour) || *at++ != ':' || !digits(&at, 2, &minute))
        return false;
    if (*at == ':') {
        at++;
        if (!digits(&at, 2, &second))
            return false;
    }
    if (*at == '.') {
        int64_t unit = 100;
        for (at++; *at >= '0' && *at <= '9'; at++, unit /= 10)
            fraction += unit * (*at - '0');
    }
    if (!zone(at, &offset) || month < 1 || month > 12 || day < 1 || day > 31 || hour > 24 ||
        minute > 59 || second > 60)
        return false;
    if (day > days_of(year + month / 12, month % 12 + 1, 1) - days_of(year, month, 1))
        return false; /* 30 February */
    *t_ms = ((days_of(year, month, day) * 24 + hour) * 60 + minute - offset) * 60000 +
            second * 1000 + fraction;
    return true;
}
