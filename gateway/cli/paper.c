/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/paper.h"

#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

bool paper_format_parse(const char *word, enum paper_format *out)
{
    static const char *const words[] = {"md", "csv", "html"};
    for (unsigned i = 0; i < sizeof words / sizeof *words; i++)
        if (strcmp(word, words[i]) == 0) {
            *out = (enum paper_format)i;
            return true;
        }
    return false;
}

/* ---- signs ------------------------------------------------------------------------------------
 */

/* Bytes of a well-formed sequence at s, and what it stands for; 0: there is none. */
static size_t decode(const unsigned char *s, unsigned *code)
{
    size_t length = *s < 0x80   ? 1
                    : *s < 0xC2 ? 0
                    : *s < 0xE0 ? 2
                    : *s < 0xF0 ? 3
                    : *s < 0xF5 ? 4
                                : 0;
    if (length <= 1) {
        *code = *s;
        return length;
    }
    unsigned c = *s & (0xFFu >> (length + 1));
    for (size_t i = 1; i < length; i++) {
        if ((s[i] & 0xC0) != 0x80)
            return 0;
        c = c << 6 | (s[i] & 0x3Fu);
    }
    static const unsigned least[] = {0, 0, 0x80, 0x800, 0x10000};
    if (c < least[length] || c > 0x10FFFF || (c >= 0xD800 && c <= 0xDFFF))
        return 0;
    *code = c;
    return length;
}

/* Signs that change how others are read: controls, line and paragraph ends, and those that turn
 * the direction of a text. */
static bool steers(unsigned c)
{
    return c < 0x20 || (c >= 0x7F && c < 0xA0) || (c >= 0x2028 && c <= 0x202E) ||
           (c >= 0x2066 && c <= 0x2069) || c == 0xFEFF;
}

size_t paper_sign(const char *s, char out[static 8])
{
    unsigned code;
    size_t length = decode((const unsigned char *)s, &code);
    if (length == 0 || (steers(code) && code != '\n' && code != '\t')) {
        strcpy(out, "\xEF\xBF\xBD");
        return length ? length : 1;
    }
    memcpy(out, s, length);
    out[length] = 0;
    if (code == '\t')
        *out = ' ';
    return length;
}

/* ---- sentences --------------------------------------------------------------------------------
 */

static void put(struct paper *p, const char *s)
{
    if (p->format == PAPER_HTML)
        paper_html_text(p->out, s);
    else if (p->format == PAPER_MARKDOWN)
        paper_markdown_text(p->out, s, p->empty);
    else
        paper_csv_text(p->out, s, p->empty, p->columns[p->at - 1].number);
    p->empty = p->empty && *s == 0;
}

__attribute__((format(printf, 2, 0))) static void put_format(struct paper *p, const char *format,
                                                             va_list words)
{
    char *text = NULL;
    if (vasprintf(&text, format, words) < 0) {
        p->failed = true;
        return;
    }
    put(p, text);
    free(text);
}

void paper_begin(struct paper *p, const char *title, const char *below)
{
    if (p->format == PAPER_HTML) {
        paper_html_begin(p->out, title, below);
    } else if (p->format == PAPER_MARKDOWN) {
        fputs("# ", p->out);
        p->empty = true;
        put(p, title);
        fputs("\n\n", p->out);
        p->empty = true;
        put(p, below);
        fputs("\n", p->out);
    }
}

static void headline(struct paper *p, const char *title, char level)
{
    if (p->format == PAPER_HTML) {
        fprintf(p->out, "<h%c>", level);
        put(p, title);
        fprintf(p->out, "</h%c>\n", level);
    } else if (p->format == PAPER_MARKDOWN) {
        fprintf(p->out, "\n%s ", level == '2' ? "##" : "###");
        p->empty = true;
        put(p, title);
        fputs("\n", p->out);
    }
}

void paper_chapter(struct paper *p, const char *title)
{
    headline(p, title, '2');
}

void paper_heading(struct paper *p, const char *title)
{
    headline(p, title, '3');
}

void paper_say(struct paper *p, const char *format, ...)
{
    if (p->format == PAPER_CSV)
        return;
    va_list words;
    va_start(words, format);
    fputs(p->format == PAPER_HTML ? "<p>" : "\n", p->out);
    p->empty = true;
    put_format(p, format, words);
    fputs(p->format == PAPER_HTML ? "</p>\n" : "\n", p->out);
    va_end(words);
}

/* ---- tables -----------------------------------------------------------------------------------
 */

static void html_head(const struct paper *p)
{
    fputs("<table>\n<colgroup>", p->out);
    for (size_t i = 0; i < p->column_count; i++)
        if (p->columns[i].width)
            fprintf(p->out, "<col style=\"width:%u%%\">", p->columns[i].width);
        else
            fputs("<col>", p->out);
    fputs("</colgroup>\n<thead><tr>", p->out);
    for (size_t i = 0; i < p->column_count; i++) {
        fputs("<th>", p->out);
        paper_html_text(p->out, p->columns[i].title);
        fputs("</th>", p->out);
    }
    fputs("</tr></thead>\n<tbody>\n", p->out);
}

void paper_table(struct paper *p, const struct column *columns, size_t count)
{
    p->columns = columns;
    p->column_count = count;
    p->at = 0;
    p->open = false;
    if (p->format == PAPER_HTML) {
        html_head(p);
        return;
    }
    if (p->format == PAPER_MARKDOWN) {
        fputs("\n", p->out);
        for (size_t i = 0; i < count; i++) {
            fputs("| ", p->out);
            paper_markdown_text(p->out, columns[i].title, true);
            fputs(" ", p->out);
        }
        fputs("|\n", p->out);
        for (size_t i = 0; i < count; i++)
            fputs(columns[i].number ? "|--:" : "|---", p->out);
        fputs("|\n", p->out);
        return;
    }
    for (size_t i = 0; i < count; i++)
        fprintf(p->out, "%s\"%s\"", i ? "," : "", columns[i].title);
    fputs("\r\n", p->out);
}

static void close_cell(struct paper *p)
{
    static const char *const ends[] = {" ", "\"", "</td>"};
    if (p->open)
        fputs(ends[p->format], p->out);
    p->open = false;
    if (p->at < p->column_count || p->at == 0)
        return;
    static const char *const rows[] = {"|\n", "\r\n", "</tr>\n"};
    fputs(rows[p->format], p->out);
    p->at = 0;
}

static void open_cell(struct paper *p)
{
    close_cell(p);
    const struct column *c = &p->columns[p->at];
    if (p->format == PAPER_HTML)
        fprintf(p->out, "%s<td%s>", p->at ? "" : "<tr>",
                c->number ? " class=\"n\"" : (c->code ? " class=\"c\"" : ""));
    else
        fputs(p->format == PAPER_MARKDOWN ? "| " : (p->at ? ",\"" : "\""), p->out);
    p->at++;
    p->open = p->empty = true;
}

void paper_cell(struct paper *p, const char *format, ...)
{
    va_list words;
    va_start(words, format);
    open_cell(p);
    put_format(p, format, words);
    va_end(words);
}

void paper_more(struct paper *p, const char *format, ...)
{
    va_list words;
    va_start(words, format);
    put_format(p, format, words);
    va_end(words);
}

void paper_number(struct paper *p, double x)
{
    if (isfinite(x))
        paper_cell(p, "%.10g", x);
    else
        paper_cell(p, "%s", "");
}

void paper_table_end(struct paper *p)
{
    while (p->at > 0 && p->at < p->column_count)
        paper_cell(p, "%s", "");
    close_cell(p);
    if (p->format == PAPER_HTML)
        fputs("</tbody>\n</table>\n", p->out);
}

bool paper_end(struct paper *p)
{
    if (p->format == PAPER_HTML)
        fputs("</body>\n</html>\n", p->out);
    return fflush(p->out) == 0 && !ferror(p->out) && !p->failed;
}
