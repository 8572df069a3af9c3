/* SPDX-License-Identifier: Apache-2.0 */
#include "import/row.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"

static const struct import_row nothing_said = {.name = "",
                                               .group = "",
                                               .unit = "",
                                               .about = "",
                                               .device = "",
                                               .unit_id = -1,
                                               .spot = {.table = -1, .bit = -1},
                                               .type = -1,
                                               .order_name = "",
                                               .other = -1,
                                               .doc = -1,
                                               .bit = -1,
                                               .tag = ""};

const char *import_keep(struct import_list *l, const char *text, size_t length)
{
    const char *kept = arena_copy(l->arena, text, length);
    return kept == NULL ? "" : kept;
}

__attribute__((format(printf, 2, 0))) static const char *
format_text(struct import_list *l, const char *format, va_list args)
{
    char text[1200];
    vsnprintf(text, sizeof text, format, args);
    /* What was cut is cut between characters. */
    size_t length = strlen(text);
    while (length > 0 && !text_is_utf8(text, length))
        length--;
    return import_keep(l, text, length);
}

const char *import_printf(struct import_list *l, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    const char *text = format_text(l, format, args);
    va_end(args);
    return text;
}

static struct import_row *append(struct import_list *l, const struct import_row *like)
{
    struct import_row *row = arena_get(l->arena, sizeof *row);
    if (row == NULL) {
        l->spare = *like;
        return &l->spare;
    }
    *row = *like;
    row->next = NULL;
    if (l->rows == NULL)
        l->rows = row;
    else
        l->last_row->next = row;
    l->last_row = row;
    l->row_count++;
    return row;
}

struct import_row *import_add(struct import_list *l, uint32_t line, const char *name)
{
    struct import_row *row = append(l, &nothing_said);
    row->line = line;
    row->name = import_keep(l, name, strlen(name));
    return row;
}

struct import_row *import_again(struct import_list *l, const struct import_row *like,
                                const char *name)
{
    struct import_row *row = append(l, like);
    row->name = name;
    return row;
}

static void note(struct import_list *l, enum note_kind kind, uint32_t line, const char *text)
{
    struct import_note *n = arena_get(l->arena, sizeof *n);
    if (kind == NOTE_SKIPPED)
        l->skipped++;
    if (kind == NOTE_RENAMED)
        l->renamed++;
    if (n == NULL)
        return;
    *n = (struct import_note){NULL, line, l->note_count++, (uint8_t)kind, text};
    if (l->notes == NULL)
        l->notes = n;
    else
        l->last_note->next = n;
    l->last_note = n;
}

void import_note(struct import_list *l, enum note_kind kind, uint32_t line, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    note(l, kind, line, format_text(l, format, args));
    va_end(args);
}

void import_skip(struct import_list *l, struct import_row *row, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    const char *why = format_text(l, format, args);
    va_end(args);
    if (!row->gone)
        note(l, NOTE_SKIPPED, row->line,
             *row->name == '\0' ? why : import_printf(l, "%.100s: %s", row->name, why));
    row->gone = true;
}

bool import_bit_fits(struct import_list *l, struct import_row *row)
{
    if (row->spot.bit < 0 || row->type < 0 || row->type == RAW_BOOL)
        return !row->gone;
    if (row->spot.dot_zero && l->options->dot_zero == SECOND)
        row->spot.bit = -1;
    else
        import_skip(l, row,
                    "a bit of an address, and no type of one bit; or a whole number that a "
                    "spreadsheet gave a point%s",
                    row->spot.dot_zero ? " (--dot-zero number)" : "");
    return !row->gone;
}

void import_question(struct import_list *l, const char *text)
{
    struct import_question *q = arena_get(l->arena, sizeof *q);
    if (q == NULL)
        return;
    *q = (struct import_question){NULL, text};
    if (l->questions == NULL)
        l->questions = q;
    else
        l->last_question->next = q;
    l->last_question = q;
}

bool import_refuse(struct import_list *l, uint32_t line, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    if (l->refused == NULL) {
        l->refused = format_text(l, format, args);
        l->refused_line = line;
    }
    va_end(args);
    return false;
}

bool import_exhaust(struct import_list *l)
{
    (void)arena_get(l->arena, SIZE_MAX);
    return false;
}

struct import_device *import_device(struct import_list *l, const char *name, const char *line,
                                    int32_t unit_id)
{
    for (struct import_device *d = l->devices; d != NULL; d = d->next)
        if (strcmp(d->name, name) == 0 && strcmp(d->line, line) == 0 && d->unit_id == unit_id)
            return d;
    if (l->device_count++ >= IMPORT_DEVICES_MAX)
        import_refuse(l, 0, "more than %d devices; split it", IMPORT_DEVICES_MAX);
    struct import_device *d = l->refused == NULL ? arena_get(l->arena, sizeof *d) : NULL;
    if (d == NULL)
        return NULL;
    *d = (struct import_device){.name = name, .line = line, .unit_id = unit_id};
    if (l->devices == NULL)
        l->devices = d;
    else
        l->last_device->next = d;
    l->last_device = d;
    return d;
}

const char *import_real(struct import_list *l, double x)
{
    char text[40];
    if (fabs(x) < 1e15 && floor(x) >= x)
        snprintf(text, sizeof text, "%.0f", x + 0.0);
    else
        text_from_real(text, x, false);
    return import_keep(l, text, strlen(text));
}

const char *import_number(struct import_list *l, const char *text)
{
    char plain[48];
    double x;
    size_t n = 0;
    bool comma = false, point = false;
    for (const char *c = text; *c != '\0'; c++) {
        if (*c == ' ' || (*c == '+' && n == 0))
            continue;
        if (n + 2 >= sizeof plain)
            return NULL;
        if (*c == ',' && (comma || point))
            return NULL;
        comma |= *c == ',';
        point |= *c == '.';
        plain[n++] = *c == ',' ? '.' : *c;
    }
    plain[n] = '\0';
    /* 1,000 is a thousand or one; 0,01 and 12,5 can only be fractions. */
    const char *behind = strchr(text, ',');
    if (comma && l->options->decimal != SECOND &&
        (l->options->decimal == FIRST || (strspn(behind + 1, "0123456789") == 3 && *plain != '0' &&
                                          !(*plain == '-' && plain[1] == '0'))))
        return NULL;
    if (comma && point && strchr(text, '.') != NULL)
        return NULL;
    return text_to_real(plain, &x) ? import_real(l, x) : NULL;
}
