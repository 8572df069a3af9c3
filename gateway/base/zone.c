/* SPDX-License-Identifier: Apache-2.0 */
#include "base/zone.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

/* RFC 8536: transitions, and a rule in words for the years after the last of them. */
enum { HEADER = 44, FILE_MAX = 1 << 20, TIMES_MAX = 10000, LAST_YEAR = 2137 };
static const int64_t day_s = 86400, farthest_s = 26 * 3600;

struct span {
    int64_t from; /* UTC */
    int32_t offset; /* local minus UTC, s */
    bool summer;
};

struct zone {
    uint32_t count, room;
    struct span spans[];
};

/* ---- the rule in words: "EST5EDT,M3.2.0,M11.1.0" --------------------------------------------- */

struct turn { /* of the year */
    char kind; /* M, J or 0 */
    int month, week, day;
    int32_t time_s;
};

struct rule {
    int32_t offset[2]; /* standard, summer */
    bool has_summer;
    struct turn turns[2]; /* to summer, to standard */
};

static bool skip_name(const char **at)
{
    const char *from = *at;
    if (**at == '<') {
        *at += strcspn(*at, ">");
        if (**at != '>')
            return false;
        ++*at;
        return true;
    }
    while ((**at >= 'A' && **at <= 'Z') || (**at >= 'a' && **at <= 'z'))
        ++*at;
    return *at - from >= 3;
}

static bool number(const char **at, int most, int *out)
{
    int n = 0, digits = 0;
    for (; **at >= '0' && **at <= '9' && digits < 4; ++*at, digits++)
        n = n * 10 + (**at - '0');
    *out = n;
    return digits > 0 && n <= most;
}

/* [+-]hh[:mm[:ss]] */
static bool time_of(const char **at, int32_t *out)
{
    int parts[3] = {0}, sign = 1;
    if (**at == '+' || **at == '-')
        sign = *(*at)++ == '-' ? -1 : 1;
    if (!number(at, 167, &parts[0]))
        return false;
    for (int i = 1; i < 3 && **at == ':'; i++) {
        ++*at;
        if (!number(at, 59, &parts[i]))
            return false;
    }
    *out = sign * (parts[0] * 3600 + parts[1] * 60 + parts[2]);
    return true;
}

static bool turn_of(const char **at, struct turn *t)
{
    *t = (struct turn){.kind = '0', .time_s = 7200};
    if (**at == 'M') {
        ++*at;
        t->kind = 'M';
        if (!number(at, 12, &t->month) || *(*at)++ != '.' || !number(at, 5, &t->week) ||
            *(*at)++ != '.' || !number(at, 6, &t->day) || t->month < 1 || t->week < 1)
            return false;
    } else {
        if (**at == 'J') {
            ++*at;
            t->kind = 'J';
        }
        if (!number(at, 366, &t->day))
            return false;
    }
    if (**at != '/')
        return true;
    ++*at;
    return time_of(at, &t->time_s);
}

static bool rule_of(const char *text, struct rule *r)
{
    const char *at = text;
    if (!skip_name(&at) || !time_of(&at, &r->offset[0]))
        return false;
    r->offset[0] = -r->offset[0]; /* it counts west */
    r->has_summer = *at != '\0';
    if (!r->has_summer)
        return true;
    r->offset[1] = r->offset[0] + 3600;
    if (!skip_name(&at))
        return false;
    if (*at != ',') {
        if (!time_of(&at, &r->offset[1]))
            return false;
        r->offset[1] = -r->offset[1];
    }
    return *at++ == ',' && turn_of(&at, &r->turns[0]) && *at++ == ',' &&
           turn_of(&at, &r->turns[1]) && *at == '\0';
}

static bool is_leap(int64_t year)
{
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static int64_t days_before(int64_t year) /* since 1970 */
{
    int64_t y = year - 1;
    return 365 * (year - 1970) + (y / 4 - y / 100 + y / 400) - (1969 / 4 - 1969 / 100 + 1969 / 400);
}

static int64_t turn_s(const struct turn *t, int64_t year) /* local time of before */
{
    static const int lengths[12] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    int64_t day = days_before(year);
    if (t->kind != 'M')
        return (day + t->day - (t->kind == 'J' && !(is_leap(year) && t->day > 59))) * day_s +
               t->time_s;
    for (int m = 1; m < t->month; m++)
        day += lengths[m - 1] + (m == 2 && is_leap(year));
    int64_t weekday = (day + 4) % 7; /* 1970 began on a Thursday */
    int64_t in_month = (t->day - weekday + 7) % 7 + 7 * (t->week - 1);
    int length = lengths[t->month - 1] + (t->month == 2 && is_leap(year));
    while (in_month >= length)
        in_month -= 7;
    return (day + in_month) * day_s + t->time_s;
}

/* ---- the file -------------------------------------------------------------------------------- */

static int64_t big(const uint8_t *at, unsigned bytes)
{
    uint64_t x = bytes == 4 && at[0] & 0x80 ? UINT64_MAX : 0;
    for (unsigned i = 0; i < bytes; i++)
        x = x << 8 | at[i];
    return (int64_t)x;
}

static void add(struct zone *z, int64_t from, int32_t offset, bool summer)
{
    if (z->count > 0 && z->spans[z->count - 1].from >= from && z->count > 1)
        return;
    if (z->count < z->room)
        z->spans[z->count++] = (struct span){from, offset, summer};
}

static void add_years(struct zone *z, const struct rule *r)
{
    int64_t last = z->spans[z->count - 1].from;
    if (!r->has_summer) {
        if (z->spans[z->count - 1].offset != r->offset[0])
            add(z, last + 1, r->offset[0], false);
        return;
    }
    int64_t first = last < 0 ? 1970 : 1970 + last / (366 * day_s);
    for (int64_t year = first; year <= LAST_YEAR; year++) {
        int64_t to_summer = turn_s(&r->turns[0], year) - r->offset[0];
        int64_t to_standard = turn_s(&r->turns[1], year) - r->offset[1];
        bool north = to_summer < to_standard;
        for (int i = 0; i < 2; i++) {
            bool summer = (i == 0) == north;
            int64_t at = summer ? to_summer : to_standard;
            if (at > last)
                add(z, at, r->offset[summer], summer);
        }
    }
}

struct block { /* of one of the two tables in the file */
    uint32_t times, types, chars, leaps, standards, utcs;
    unsigned width;
    size_t size;
};

static bool block_at(const uint8_t *at, size_t length, unsigned width, struct block *b)
{
    if (length < HEADER || memcmp(at, "TZif", 4) != 0)
        return false;
    b->utcs = (uint32_t)big(at + 20, 4);
    b->standards = (uint32_t)big(at + 24, 4);
    b->leaps = (uint32_t)big(at + 28, 4);
    b->times = (uint32_t)big(at + 32, 4);
    b->types = (uint32_t)big(at + 36, 4);
    b->chars = (uint32_t)big(at + 40, 4);
    b->width = width;
    if (b->times > TIMES_MAX || b->types == 0 || b->types > 256 || b->chars > 4096 ||
        b->leaps > TIMES_MAX || b->standards > 256 || b->utcs > 256)
        return false;
    b->size = HEADER + (size_t)b->times * (width + 1) + (size_t)b->types * 6 + b->chars +
              (size_t)b->leaps * (width + 4) + b->standards + b->utcs;
    return b->size <= length;
}

static bool take(struct zone *z, const uint8_t *at, const struct block *b)
{
    const uint8_t *times = at + HEADER, *kinds = times + (size_t)b->times * b->width;
    const uint8_t *types = kinds + b->times;
    add(z, INT64_MIN / 2, (int32_t)big(types, 4), types[4] != 0);
    for (uint32_t i = 0; i < b->times; i++) {
        if (kinds[i] >= b->types)
            return false;
        const uint8_t *type = types + (size_t)kinds[i] * 6;
        add(z, big(times + (size_t)i * b->width, b->width), (int32_t)big(type, 4), type[4] != 0);
    }
    return true;
}

struct zone *zone_read(const uint8_t *bytes, size_t length)
{
    struct block first, b;
    size_t at = 0;
    if (!block_at(bytes, length, 4, &first))
        return NULL;
    b = first;
    if (bytes[4] >= '2') { /* the same once more, in 64 bits */
        at = first.size;
        if (!block_at(bytes + at, length - at, 8, &b))
            return NULL;
    }
    uint32_t room = b.times + 2 + 2 * (LAST_YEAR - 1969);
    struct zone *z = calloc(1, sizeof *z + room * sizeof z->spans[0]);
    if (!z)
        return NULL;
    z->room = room;
    if (!take(z, bytes + at, &b)) {
        free(z);
        return NULL;
    }
    /* "\nTZ\n" */
    const char *words = (const char *)bytes + at + b.size;
    size_t left = length - at - b.size;
    char text[80];
    struct rule r = {0};
    if (b.width == 8 && left > 2 && words[0] == '\n') {
        const char *end = memchr(words + 1, '\n', left - 1);
        size_t n = end ? (size_t)(end - words - 1) : 0;
        if (n > 0 && n < sizeof text) {
            memcpy(text, words + 1, n);
            text[n] = '\0';
            if (rule_of(text, &r))
                add_years(z, &r);
        }
    }
    return z;
}

struct zone *zone_load(const char *name)
{
    char path[512];
    const char *base = getenv("TZDIR");
    size_t length;
    if (!name[0] || name[0] == '/' || strstr(name, ".."))
        return NULL;
    int n = snprintf(path, sizeof path, "%s/%s", base ? base : "/usr/share/zoneinfo", name);
    if (n < 0 || (size_t)n >= sizeof path)
        return NULL;
    char *bytes = text_read_file(path, FILE_MAX, &length);
    struct zone *z = bytes ? zone_read((const uint8_t *)bytes, length) : NULL;
    free(bytes);
    if (!z && strcmp(name, "UTC") == 0) {
        z = calloc(1, sizeof *z + sizeof z->spans[0]);
        if (z)
            z->spans[z->count++] = (struct span){.from = INT64_MIN / 2};
    }
    return z;
}

void zone_free(struct zone *z)
{
    free(z);
}

/* ---- the use --------------------------------------------------------------------------------- */

struct search {
    const struct span *found; /* NULL: nobody's */
    const struct span *before; /* the last one that had begun */
    unsigned all, told; /* spans in which the clock shows this; of those, with summer as told */
};

static struct search search(const struct zone *z, int64_t local_s, int summer)
{
    /* The last span that can begin before this moment. */
    uint32_t low = 0, high = z->count;
    while (high - low > 1) {
        uint32_t middle = low + (high - low) / 2;
        if (z->spans[middle].from <= local_s + farthest_s)
            low = middle;
        else
            high = middle;
    }
    struct search r = {.before = &z->spans[0]};
    for (uint32_t k = low + 1; k-- > 0 && low - k < 4;) { /* from the latest to the earliest */
        const struct span *s = &z->spans[k];
        int64_t utc = local_s - s->offset;
        bool begun = utc >= s->from;
        bool over = k + 1 < z->count && utc >= s[1].from;
        bool as_told = summer < 0 || s->summer == (summer != 0);
        if (begun && !over) {
            r.all++;
            r.told += as_told;
            if (!r.found || as_told)
                r.found = s;
        }
        if (begun && r.before == &z->spans[0])
            r.before = s;
    }
    return r;
}

int64_t zone_utc(const struct zone *z, int64_t local_s, int summer)
{
    struct search r = search(z, local_s, summer);
    /* Nobody's: the clock was put forward over it. */
    return local_s - (r.found ? r.found : r.before)->offset;
}

unsigned zone_times(const struct zone *z, int64_t local_s, int summer)
{
    struct search r = search(z, local_s, summer);
    return r.told ? r.told : r.all;
}
