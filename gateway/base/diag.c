/* SPDX-License-Identifier: Apache-2.0 */
#include "base/diag.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/text.h"

enum { KEPT_MOST = 200, TEXT_MOST = 1024, LEVELS = 3 };

struct kept {
    struct diag diag;
    size_t order; /* as it came; keeps the sort stable */
};

struct diags {
    struct arena *arena; /* texts and file names: whoever said it may be gone when we print */
    struct kept kept[KEPT_MOST];
    size_t count;
    size_t seen[LEVELS];
};

struct diags *diags_new(void)
{
    struct diags *ds = calloc(1, sizeof(*ds));
    if (ds && !(ds->arena = arena_new(0))) {
        free(ds);
        return NULL;
    }
    return ds;
}

void diags_free(struct diags *ds)
{
    if (ds)
        arena_free(ds->arena);
    free(ds);
}

/* What people's files hold may end up on a terminal: one line, no control characters, UTF-8. */
static void make_printable(char *text)
{
    bool utf8 = text_is_utf8(text, strlen(text));
    for (char *c = text; *c; c++) {
        unsigned char byte = (unsigned char)*c;
        if (byte < 0x20 || byte == 0x7F || (byte >= 0x80 && !utf8))
            *c = '?';
    }
}

/* Cuts an overlong text where a character begins. */
static void cut(char *text, size_t length)
{
    if (length < TEXT_MOST)
        return;
    size_t end = TEXT_MOST - 4;
    while (end > 0 && ((unsigned char)text[end] & 0xC0) == 0x80)
        end--;
    strcpy(text + end, "...");
}

static const char *keep_file(struct diags *ds, const char *file)
{
    if (!file)
        return NULL;
    if (ds->count > 0) {
        const char *last = ds->kept[ds->count - 1].diag.at.file;
        if (last && strcmp(last, file) == 0)
            return last;
    }
    char *copy = arena_copy(ds->arena, file, strlen(file));
    if (copy)
        make_printable(copy);
    return copy;
}

void diag_add(struct diags *ds, enum diag_level level, struct place at, const char *format, ...)
{
    ds->seen[level]++;
    if (ds->count == KEPT_MOST)
        return;
    char text[TEXT_MOST];
    va_list args;
    va_start(args, format);
    int length = vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    if (length < 0)
        length = snprintf(text, sizeof(text), "%s", format);
    cut(text, (size_t)length);
    make_printable(text);
    at.file = keep_file(ds, at.file);
    char *copy = arena_copy(ds->arena, text, strlen(text));
    if (!copy)
        return;
    ds->kept[ds->count] = (struct kept){{level, at, copy}, ds->count};
    ds->count++;
}

size_t diags_errors(const struct diags *ds)
{
    return ds->seen[DIAG_ERROR];
}

size_t diags_warnings(const struct diags *ds)
{
    return ds->seen[DIAG_WARNING];
}

size_t diags_count(const struct diags *ds)
{
    return ds->count;
}

const struct diag *diags_at(const struct diags *ds, size_t i)
{
    return i < ds->count ? &ds->kept[i].diag : NULL;
}

static int three_way(uint64_t a, uint64_t b)
{
    return (a > b) - (a < b);
}

static int by_place(const void *left, const void *right)
{
    const struct kept *a = left, *b = right;
    const char *file_a = a->diag.at.file ? a->diag.at.file : "";
    const char *file_b = b->diag.at.file ? b->diag.at.file : "";
    int order = strcmp(file_a, file_b);
    if (order == 0)
        order = three_way(a->diag.at.line, b->diag.at.line);
    if (order == 0)
        order = three_way(a->diag.at.column, b->diag.at.column);
    return order ? order : three_way(a->order, b->order);
}

void diags_sort(struct diags *ds)
{
    qsort(ds->kept, ds->count, sizeof(ds->kept[0]), by_place);
}

static bool same_file(const char *a, const char *b)
{
    return a == b || (a && b && strcmp(a, b) == 0);
}

static bool same_place(const struct diag *a, const struct diag *b)
{
    return a->at.line == b->at.line && a->at.column == b->at.column &&
           same_file(a->at.file, b->at.file);
}

/* One says all of the other, and perhaps a remedy. */
static bool starts_alike(const char *a, const char *b)
{
    size_t x = strlen(a), y = strlen(b);
    return strncmp(a, b, x < y ? x : y) == 0;
}

static bool said_before(const struct diags *ds, size_t count, const struct diag *d)
{
    while (count-- > 0 && same_place(&ds->kept[count].diag, d))
        if (ds->kept[count].diag.level == d->level &&
            starts_alike(ds->kept[count].diag.text, d->text))
            return true;
    return false;
}

void diags_unite(struct diags *ds)
{
    size_t count = 0;
    diags_sort(ds);
    for (size_t i = 0; i < ds->count; i++)
        if (said_before(ds, count, &ds->kept[i].diag))
            ds->seen[ds->kept[i].diag.level]--;
        else
            ds->kept[count++] = ds->kept[i];
    ds->count = count;
}

static const char *level_name(enum diag_level level)
{
    static const char *const names[LEVELS] = {
        [DIAG_ERROR] = "error", [DIAG_WARNING] = "warning", [DIAG_NOTE] = "note"};
    return names[level];
}

void diags_print(struct diags *ds, FILE *out)
{
    diags_sort(ds);
    for (size_t i = 0; i < ds->count; i++) {
        const struct diag *d = &ds->kept[i].diag;
        if (d->at.file)
            fprintf(out, "%s:", d->at.file);
        if (d->at.file && d->at.line > 0)
            fprintf(out, "%u:%u:", (unsigned)d->at.line, (unsigned)d->at.column);
        fprintf(out, "%s%s: %s\n", d->at.file ? " " : "", level_name(d->level), d->text);
    }
    size_t seen = ds->seen[DIAG_ERROR] + ds->seen[DIAG_WARNING] + ds->seen[DIAG_NOTE];
    if (seen > ds->count)
        fprintf(out, "and %zu more\n", seen - ds->count);
}

/* Texts hold no control characters any more: only these two need care. */
static void print_json_string(const char *text, FILE *out)
{
    fputc('"', out);
    for (; *text; text++) {
        if (*text == '"' || *text == '\\')
            fputc('\\', out);
        fputc(*text, out);
    }
    fputc('"', out);
}

void diags_print_json(struct diags *ds, FILE *out)
{
    diags_sort(ds);
    fputc('[', out);
    for (size_t i = 0; i < ds->count; i++) {
        const struct diag *d = &ds->kept[i].diag;
        fputs(i ? ",\n {\"file\":" : "{\"file\":", out);
        if (d->at.file)
            print_json_string(d->at.file, out);
        else
            fputs("null", out);
        fprintf(out, ",\"line\":%u,\"column\":%u,\"level\":\"%s\",\"text\":", (unsigned)d->at.line,
                (unsigned)d->at.column, level_name(d->level));
        print_json_string(d->text, out);
        fputc('}', out);
    }
    fputs("]\n", out);
}
