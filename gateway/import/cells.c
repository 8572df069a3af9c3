/* SPDX-License-Identifier: Apache-2.0 */
#include "import/cells.h"

#include <string.h>

enum { LINES_LOOKED_AT = 40 };

/* Delimiters outside of quotes. A delimiter that stands in many lines, and as often in each, beats
 * one that is frequent in a single title. */
static char find_delimiter(const char *text)
{
    static const char candidates[] = ",;\t|";
    char best = ',';
    unsigned best_score = 0;
    for (size_t k = 0; candidates[k] != '\0'; k++) {
        unsigned here = 0, score = 0, lines = 0, counts[LINES_LOOKED_AT] = {0};
        bool quoted = false;
        for (const char *c = text; lines < LINES_LOOKED_AT; c++) {
            if (*c == '"')
                quoted = !quoted;
            here += *c == candidates[k] && !quoted;
            if (*c == '\0' || (*c == '\n' && !quoted)) {
                counts[lines++] = here;
                here = 0;
            }
            if (*c == '\0')
                break;
        }
        for (unsigned i = 0; i < lines; i++)
            for (unsigned j = 0; j < lines; j++)
                score += counts[i] > 0 && counts[i] == counts[j];
        if (score > best_score) {
            best_score = score;
            best = candidates[k];
        }
    }
    return best;
}

void cells_init(struct cells *c, struct import_list *l, char *text, size_t length, char delimiter)
{
    *c = (struct cells){.list = l, .at = text, .end = text + length, .line = 1};
    /* What Excel writes for itself. */
    if (strncmp(text, "sep=", 4) == 0 && text[4] != '\0' && text[5] == '\n') {
        c->delimiter = text[4];
        c->at += 6;
        c->line = 2;
    }
    if (delimiter != 0)
        c->delimiter = delimiter;
    else if (c->delimiter == 0)
        c->delimiter = find_delimiter(c->at);
}

static char *trim(char *from, char *to)
{
    while (to > from && (to[-1] == ' ' || to[-1] == '\t'))
        to--;
    *to = '\0';
    return from + strspn(from, " \t");
}

/* A quoted cell, closed; c->at stands behind the quote. Inner line ends become blanks. */
static bool take_quoted(struct cells *c, char **out_end)
{
    char *out = c->at;
    uint32_t began = c->line;
    c->at++;
    for (;;) {
        if (c->at >= c->end)
            return import_refuse(c->list, began, "a quote that begins here is never closed");
        if (*c->at == '"') {
            if (c->at + 1 < c->end && c->at[1] == '"') {
                c->at++;
            } else {
                c->at++;
                *out_end = out;
                return true;
            }
        }
        if (*c->at == '\n') {
            c->line++;
            *out++ = ' ';
            c->at++;
        } else {
            *out++ = *c->at++;
        }
    }
}

static bool take_cell(struct cells *c, bool *more)
{
    char *begin = c->at, *end = c->at;
    while (c->at < c->end && *c->at == ' ' && c->delimiter != ' ')
        c->at++;
    bool quoted = c->at < c->end && *c->at == '"';
    if (quoted) {
        begin = c->at;
        if (!take_quoted(c, &end))
            return false;
        while (c->at < c->end && *c->at != c->delimiter && *c->at != '\n') {
            if (*c->at != ' ')
                return import_refuse(c->list, c->line, "letters behind a closing quote");
            c->at++;
        }
    } else {
        c->at = begin;
        while (c->at < c->end && *c->at != c->delimiter && *c->at != '\n')
            c->at++;
        end = c->at;
    }
    *more = c->at < c->end && *c->at == c->delimiter;
    if (c->at < c->end) {
        c->line += *c->at == '\n';
        c->at++;
    }
    if (c->count >= CELLS_MAX)
        return import_refuse(c->list, c->row_line, "more than %d cells in a row", CELLS_MAX);
    c->quoted[c->count] = quoted;
    c->cell[c->count++] = trim(begin, end);
    return true;
}

bool cells_next(struct cells *c)
{
    for (;;) {
        bool more = true, any = false;
        if (c->at >= c->end || c->list->refused != NULL)
            return false;
        c->count = 0;
        c->row_line = c->line;
        while (more)
            if (!take_cell(c, &more))
                return false;
        for (unsigned i = 0; i < c->count && !any; i++)
            any = *c->cell[i] != '\0';
        if (any)
            return true;
    }
}

const char *cells_get(const struct cells *c, int column)
{
    return column >= 0 && (unsigned)column < c->count ? c->cell[column] : "";
}
