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

/* x10, *0.1, /10, 1/10, 10^-1, 0,1 */
void table_scale(struct import_list *l, struct import_row *row, const char *text, bool open)
{
    const char *s = text;
    bool divide = false, said = false;
    if (*s == '\0' || strcmp(s, "-") == 0)
        return;
    if (*s == 'x' || *s == 'X' || *s == '*' || strncmp(s, "\303\227", 2) == 0) {
        s += *s == '\303' ? 2 : 1;
        said = true;
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
            said = true;
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
    row->scale = divide ? import_real(l, 1 / x) : number;
    row->scale_open = open && !said;
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

static bool next_choice(const char *s)
{
    long long x;
    s += strspn(s, " ;,/|");
    size_t n = whole_at(s, &x);
    return *s == '\0' || (n > 0 && sign_at(s + n) > 0);
}

/* 0=Off; 1=On, or 0: stopped / 1: running. */
bool table_enum(struct import_list *l, struct import_row *row, const char *text)
{
    char out[CHOICES_ROOM];
    size_t used = 0;
    unsigned count = 0;
    for (const char *s = text + strspn(text, " "); *s != '\0'; count++) {
        long long x;
        size_t n = whole_at(s, &x), sign = n == 0 ? 0 : sign_at(s + n);
        if (sign == 0)
            return false;
        s += n + sign;
        const char *begin = s;
        while (*s != '\0' && !(strchr(";,/|", *s) != NULL && next_choice(s)))
            s++;
        const char *end = s;
        while (end > begin && end[-1] == ' ')
            end--;
        int wrote =
            snprintf(out + used, sizeof out - used, "%s%lld: \"", count == 0 ? "" : ", ", x);
        used += wrote < 0 ? 0 : (size_t)wrote;
        if (end == begin || used + 2 * (size_t)(end - begin) + 4 > sizeof out)
            return false;
        for (const char *c = begin; c < end; c++) {
            if (*c == '"' || *c == '\\')
                out[used++] = '\\';
            out[used++] = (unsigned char)*c < 0x20 ? ' ' : *c;
        }
        out[used++] = '"';
        s += strspn(s, " ;,/|");
    }
    if (count < 2)
        return false;
    row->choices = import_keep(l, out, used);
    return true;
}

bool table_access(const char *text, bool *writable)
{
    char plain[HEADING_ROOM];
    heading_plain(text, plain);
    bool only = strcmp(plain, "w") == 0 || strcmp(plain, "wo") == 0 ||
                strcmp(plain, "write") == 0 || strcmp(plain, "writeonly") == 0;
    *writable = strchr(plain, 'w') != NULL;
    return !only;
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
