/* SPDX-License-Identifier: Apache-2.0 */
/* What single cells of any table say. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "import/import.h"
#include "import/orders.h"
#include "import/read_table.h"
#include "import/types.h"

enum { CHOICES_ROOM = 4000 };

bool table_is_empty(const char *text)
{
    char plain[HEADING_ROOM];
    heading_plain(text, plain);
    return *text == '\0' || strspn(text, "-") == strlen(text) ||
           strcmp(text, "\342\200\223") == 0 || strcmp(text, "\342\200\224") == 0 ||
           strcmp(plain, "na") == 0;
}

/* 10, x10, *0.1: how it is meant is for the heading to say, or for people. /10, 1/10 and 10^-1 say
 * it themselves. */
void table_scale(struct import_list *l, struct import_row *row, const char *text,
                 enum scale_how how)
{
    const char *s = text;
    bool divide = false, said = false;
    if (table_is_empty(text))
        return;
    if (*s == 'x' || *s == 'X' || *s == '*' || strncmp(s, "\303\227", 2) == 0) {
        s += *s == '\303' ? 2 : 1;
    } else if (*s == '/' || strncmp(s, "1/", 2) == 0 || strncmp(s, "\303\267", 2) == 0) {
        s += *s == '/' ? 1 : 2;
        divide = said = true;
    }
    const char *number = import_number(l, s);
    if (number == NULL && strncmp(s, "10^", 3) == 0) {
        int64_t exponent;
        char real[16];
        if (text_to_s64(s + 3, &exponent) && exponent > -10 && exponent < 10) {
            snprintf(real, sizeof real, "1e%d", (int)exponent);
            number = import_number(l, real);
            said |= exponent < 0;
        }
    }
    double x = number == NULL ? 0 : strtod(number, NULL);
    if (number == NULL || !(x < 0 || x > 0)) {
        import_skip(l, row, "scale `%.40s` is no number that can be understood%s", text,
                    strchr(text, ',') != NULL ? "; is its comma a decimal one? (--decimal)" : "");
        return;
    }
    if (x >= 1 && x <= 1)
        return;
    bool answered = l->options->scaling != UNSAID;
    divide |= !said && !answered && how == SCALE_DIVIDES;
    row->scale = divide ? import_real(l, 1 / x) : number;
    row->scale_open = !said && (answered || how == SCALE_OPEN);
}

/* Digits behind the point, of a number that has none of its own. */
void table_places(struct import_list *l, struct import_row *row, const char *text)
{
    uint64_t places;
    if (table_is_empty(text) || type_is_float(row->type < 0 ? l->options->type : row->type))
        return;
    if (!text_to_u64(text, &places) || places > 9) {
        import_skip(l, row, "`%.40s` is no number of digits", text);
        return;
    }
    if (places == 0)
        return;
    if (row->scale != NULL) {
        import_skip(l, row, "a scale and digits behind the point: two ways to scale it");
        return;
    }
    char real[16];
    snprintf(real, sizeof real, "1e-%u", (unsigned)places);
    row->scale = import_number(l, real);
}

/* A whole number at s, and how long it is; 0: none. */
static size_t whole_at(const char *s, long long *out)
{
    char *end;
    if (!isdigit((unsigned char)*s) && !(*s == '-' && isdigit((unsigned char)s[1])))
        return 0;
    bool hex = *s == '0' && (s[1] == 'x' || s[1] == 'X');
    *out = strtoll(s, &end, hex ? 16 : 10);
    return (size_t)(end - s);
}

/* "= text" at s: behind a number of a choice. */
static size_t sign_at(const char *s)
{
    size_t n = strspn(s, " ");
    return s[n] == '=' || s[n] == ':' ? n + 1 + strspn(s + n + 1, " ") : 0;
}

static bool begins_choice(const char *s)
{
    long long x;
    size_t n = whole_at(s, &x);
    return n > 0 && sign_at(s + n) > 0;
}

/* Where a choice's words end: before the next choice, with its sign or only a blank between. */
static const char *words_end(const char *s, char sign)
{
    for (; *s != '\0'; s++) {
        size_t between = strspn(s, " ;,/|");
        if (between == 0)
            continue;
        bool blank = strspn(s, " ") == between;
        if (s[between] == '\0')
            return s;
        if (begins_choice(s + between) && (!blank || sign == '='))
            return s;
    }
    return s;
}

/* 0=Off; 1=On, or 0: stopped / 1: running. A word with the sign in it is no word: in `1=On,
 * 2-4=Auto` something was not understood. */
bool table_enum(struct import_list *l, struct import_row *row, const char *text)
{
    char out[CHOICES_ROOM];
    size_t used = 0;
    unsigned count = 0;
    const char *first = text + strspn(text, " ");
    long long x = 0;
    size_t number = whole_at(first, &x);
    char sign = first[number + strspn(first + number, " ")];
    for (const char *s = first; *s != '\0'; count++) {
        size_t n = whole_at(s, &x), behind = n == 0 ? 0 : sign_at(s + n);
        if (behind == 0)
            return false;
        s += n + behind;
        const char *begin = s, *end = words_end(s, sign);
        int wrote =
            snprintf(out + used, sizeof out - used, "%s%lld: \"", count == 0 ? "" : ", ", x);
        used += wrote < 0 ? 0 : (size_t)wrote;
        if (end == begin || memchr(begin, sign, (size_t)(end - begin)) != NULL ||
            used + 2 * (size_t)(end - begin) + 4 > sizeof out)
            return false;
        for (const char *c = begin; c < end; c++) {
            if (*c == '"' || *c == '\\')
                out[used++] = '\\';
            out[used++] = (unsigned char)*c < 0x20 ? ' ' : *c;
        }
        out[used++] = '"';
        s = end + strspn(end, " ;,/|");
    }
    if (count < 2)
        return false;
    row->choices = import_keep(l, out, used);
    return true;
}

/* R, RO, R/W, Read only, R-WC ... */
enum access table_access(const char *text)
{
    static const char *const reads[] = {"r",     "ro",       "rd",        "rw",       "rwc", "read",
                                        "reads", "readonly", "readwrite", "readable", NULL};
    static const char *const writes[] = {
        "w",      "wo",        "wr",        "wc",        "rw",       "rwc", "write",
        "writes", "writeonly", "readwrite", "writeable", "writable", NULL};
    char plain[160];
    size_t n = 0;
    for (const char *c = text; *c != '\0' && n + 1 < sizeof plain; c++)
        plain[n++] = (char)tolower((unsigned char)*c);
    plain[n] = '\0';
    bool read = heading_has(plain, reads), write = heading_has(plain, writes);
    return read ? write ? ACCESS_BOTH : ACCESS_READ : write ? ACCESS_WRITE : ACCESS_UNKNOWN;
}

bool table_is_reserved(const char *name)
{
    static const char *const words[] = {"reserved", "reserve",    "spare", "unused",
                                        "notused",  "reserviert", "dummy"};
    char plain[HEADING_ROOM];
    heading_plain(name, plain);
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        size_t n = strlen(words[i]);
        if (strncmp(plain, words[i], n) == 0 &&
            strspn(plain + n, "0123456789") == strlen(plain + n))
            return true;
    }
    return false;
}

void table_order(struct import_list *l, struct import_row *row, const char *text,
                 const char *heading)
{
    if (!order_phrase(row, text, heading))
        import_skip(l, row,
                    "`%.40s` is no order of bytes that is understood: write letters (AB, ABCD, "
                    "CDAB ...) or `low word first`; if `%.40s` is something else, say what, like "
                    "--columns about=HEADING",
                    text, heading);
}
