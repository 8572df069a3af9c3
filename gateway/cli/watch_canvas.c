/* SPDX-License-Identifier: Apache-2.0 */
/* Text for a terminal, in columns. */
#include <fnmatch.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/watch.h"

void canvas_bytes(struct canvas *c, const char *bytes, size_t length)
{
    if (c->length + length + 1 > c->room) {
        size_t room = (c->length + length + 1) * 2 + 4096;
        char *more = realloc(c->text, room);
        if (more == NULL)
            return;
        c->text = more;
        c->room = room;
    }
    memcpy(c->text + c->length, bytes, length);
    c->length += length;
    c->text[c->length] = 0;
}

void canvas_put(struct canvas *c, const char *format, ...)
{
    char text[512];
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    if (length > 0)
        canvas_bytes(c, text, (size_t)length < sizeof text ? (size_t)length : sizeof text - 1);
}

/* The bytes of the character at text, 0 at the end. What is no proper character, or could move the
 * cursor, is told by *odd: a broker's text must not command the terminal. */
static size_t character(const char *text, bool *odd)
{
    const unsigned char *s = (const unsigned char *)text;
    size_t length = s[0] == 0     ? 0
                    : s[0] < 0x80 ? 1
                    : s[0] < 0xC2 ? 1
                    : s[0] < 0xE0 ? 2
                    : s[0] < 0xF0 ? 3
                                  : 4;
    *odd = s[0] < 0x20 || s[0] == 0x7F || (s[0] >= 0x80 && s[0] < 0xC2) || s[0] > 0xF4;
    if (*odd && length > 0)
        return 1;
    for (size_t i = 1; i < length; i++) {
        if ((s[i] & 0xC0) != 0x80) {
            *odd = true;
            return i;
        }
    }
    if (length == 2 && s[0] == 0xC2 && s[1] < 0xA0)
        *odd = true;
    return length;
}

static int columns_of(const char *text)
{
    int columns = 0;
    bool odd;
    for (size_t n; (n = character(text, &odd)) > 0; text += n)
        columns++;
    return columns;
}

void canvas_cell(struct canvas *c, const char *text, int width)
{
    bool right = width < 0, odd;
    int room = right ? -width : width;
    int columns = columns_of(text), cut = columns > room ? room - 1 : columns;
    for (int i = columns; right && i < room; i++)
        canvas_bytes(c, " ", 1);
    for (int i = 0; i < cut; i++) {
        size_t n = character(text, &odd);
        canvas_bytes(c, odd ? "?" : text, odd ? 1 : n);
        text += n;
    }
    if (columns > room && room > 0)
        canvas_bytes(c, "~", 1);
    for (int i = columns; !right && i < room; i++)
        canvas_bytes(c, " ", 1);
}

void canvas_path(struct canvas *c, const char *path, int width)
{
    int surplus = columns_of(path) - width;
    bool odd;
    if (surplus <= 0 || width < 1) {
        canvas_cell(c, path, width);
        return;
    }
    for (int i = 0; i <= surplus; i++)
        path += character(path, &odd);
    canvas_bytes(c, "~", 1);
    canvas_cell(c, path, width - 1);
}

void watch_age(char out[16], wall_t then, wall_t now)
{
    static const struct {
        int64_t seconds;
        const char *name;
    } units[] = {{86400, "d"}, {3600, "h"}, {60, "min"}, {1, "s"}};
    int64_t age = then.ms > 0 ? (now.ms - then.ms) / 1000 : 0;
    if (then.ms <= 0 || age > INT64_C(99999) * 86400) {
        snprintf(out, 16, "-");
        return;
    }
    if (age < 0)
        age = 0;
    for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
        /* Twice the unit, so that "1 min" is not said of 119 s. */
        if (age >= 2 * units[i].seconds || units[i].seconds == 1) {
            snprintf(out, 16, "%lld %s", (long long)(age / units[i].seconds), units[i].name);
            return;
        }
    }
}

bool watch_matches(const char *filter, const char *path)
{
    if (*filter == 0)
        return true;
    if (strpbrk(filter, "*?[") == NULL)
        return strstr(path, filter) != NULL;
    return fnmatch(filter, path, 0) == 0;
}
