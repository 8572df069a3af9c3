/* SPDX-License-Identifier: Apache-2.0 */
/* Paper for binders and offices: headings, sentences and tables, as Markdown, as one HTML page that
 * prints, or as CSV. Words go in as they are, whoever wrote them; what the format would take for a
 * command of its own is made harmless here. CSV has tables and nothing else. */
#ifndef CLI_PAPER_H
#define CLI_PAPER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

enum paper_format { PAPER_MARKDOWN, PAPER_CSV, PAPER_HTML };

struct column {
    const char *title;
    unsigned width;                /* percent of the page; 0: as it comes */
    bool number;                   /* holds numbers of ours and nothing else */
    bool code;                     /* addresses, names, expressions: letters of one width */
};

struct paper {                     /* begin with {.out, .format} */
    FILE *out;
    enum paper_format format;
    const struct column *columns;
    size_t column_count, at;       /* cells begun in this row */
    bool open;                     /* a cell waits for more */
    bool empty;                    /* ... and has nothing in it */
    bool failed;                   /* out of memory */
};

/* "md", "csv", "html". false: no such format. */
bool paper_format_parse(const char *word, enum paper_format *out);

void paper_begin(struct paper *p, const char *title, const char *below);
void paper_chapter(struct paper *p, const char *title);    /* on a page of its own */
void paper_heading(struct paper *p, const char *title);
void paper_say(struct paper *p, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Rows end by themselves. A line feed in a cell begins a new line of it. */
void paper_table(struct paper *p, const struct column *columns, size_t count);
void paper_cell(struct paper *p, const char *format, ...) __attribute__((format(printf, 2, 3)));
void paper_more(struct paper *p, const char *format, ...) __attribute__((format(printf, 2, 3)));
void paper_number(struct paper *p, double x);              /* a cell; NaN: an empty one */
void paper_table_end(struct paper *p);

bool paper_end(struct paper *p);   /* false: not everything could be written */

/* Where it goes: standard output, or a file that is whole or stays as it was. What went wrong has
 * been said. */
struct sheet {
    FILE *out;
    const char *file;              /* NULL: standard output */
    char *draft;                   /* what becomes the file; NULL: it is written to as it is */
    char *real;                    /* the file, behind links; NULL: there is none yet */
};
/* file NULL or "-": standard output. read: what it must not replace, however it is called. */
bool sheet_open(struct sheet *s, const char *file, const char *read);
bool sheet_close(struct sheet *s, bool good);          /* false unless good and kept */

/* For the three hands. One sign of s, as it may be shown: what steers terminals and readers, and
 * what is no UTF-8, is U+FFFD. The number of bytes taken. */
size_t paper_sign(const char *s, char out[static 8]);
void paper_html_text(FILE *out, const char *s);
void paper_html_begin(FILE *out, const char *title, const char *below);
void paper_markdown_text(FILE *out, const char *s, bool first);
void paper_csv_text(FILE *out, const char *s, bool first, bool number);

#endif
