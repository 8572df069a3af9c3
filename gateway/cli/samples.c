/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/samples.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/calendar.h"
#include "base/text.h"
#include "cli/point_words.h"
#include "config/plant.h"

enum { COLUMNS_MAX = 4096, PEEK_ROWS = 200, COMPLAINTS_MAX = 20 };

static const int64_t time_most_ms = INT64_C(8000000000000); /* 1716 to 2223: ns must fit as well */
static const int64_t pause_most_ms = INT64_C(366) * 24 * 3600 * 1000;

enum use { COLUMN_IGNORED, COLUMN_TAG, COLUMN_TRUTH };

struct column {
    uint8_t use; /* enum use */
    uint32_t tag;
    const struct point *point;
};

struct samples {
    const char *file;
    FILE *in;
    char *line;
    size_t line_room;
    uint32_t number; /* of the line last read */
    char separator;
    bool seconds; /* the time column counts seconds */
    struct column *columns;
    uint32_t column_count;
    struct samples_cell *cells;
    int64_t last_ms, period_ms, first_ms;
    bool begun, ended;
    unsigned complaints;
};

/* ---- time ------------------------------------------------------------------------------------ */

static bool any_time_of(const struct samples *s, const char *text, int64_t *ms)
{
    double x;
    if (s->seconds && text_to_real(text, &x) && fabs(x) < 1e13) {
        *ms = llround(x * 1000);
        return true;
    }
    if (text_to_s64(text, ms))
        return true;
    if (text_to_real(text, &x) && fabs(x) < 1e16) { /* spreadsheets like to write 1.7e12 */
        *ms = llround(x);
        return true;
    }
    return calendar_read(text, ms);
}

static bool time_of(const struct samples *s, const char *text, int64_t *ms)
{
    return any_time_of(s, text, ms) && *ms >= -time_most_ms && *ms <= time_most_ms;
}

/* ---- fields ---------------------------------------------------------------------------------- */

/* The next field, unquoted, in place. *at: NULL behind the last one. */
static char *field(char **at, char separator)
{
    char *start = *at, *to, *from;
    if (*start != '"') {
        char *end = strchr(start, separator);
        *at = end ? end + 1 : NULL;
        if (end)
            *end = '\0';
        return start;
    }
    for (to = start, from = start + 1; *from; from++) {
        if (*from == '"' && from[1] != '"')
            break;
        from += *from == '"';
        *to++ = *from;
    }
    char *end = strchr(*from ? from + 1 : from, separator);
    *at = end ? end + 1 : NULL;
    *to = '\0';
    return start;
}

static char *trimmed(char *text)
{
    size_t n = strlen(text);
    while (*text == ' ')
        text++, n--;
    while (n > 0 && text[n - 1] == ' ')
        text[--n] = '\0';
    return text;
}

static bool read_line(struct samples *s)
{
    ssize_t n;
    do {
        n = getline(&s->line, &s->line_room, s->in);
        if (n < 0)
            return false;
        s->number++;
        while (n > 0 && (s->line[n - 1] == '\n' || s->line[n - 1] == '\r'))
            s->line[--n] = '\0';
    } while (n == 0 || s->line[0] == '#');
    return true;
}

static void complain_of(struct samples *s, struct diags *ds, enum diag_level level,
                        const char *text, const char *word)
{
    if (s->complaints++ < COMPLAINTS_MAX)
        diag_add(ds, level, (struct place){s->file, s->number, 1}, "%s%s%.80s%s", text,
                 *word ? ": `" : "", word, *word ? "`" : "");
}

/* ---- the head -------------------------------------------------------------------------------- */

static bool name_column(struct samples *s, const struct samples_setup *setup, struct column *c,
                        const char *name, struct diags *ds)
{
    const char *tag = name;
    for (uint32_t i = 0; i < setup->alias_count; i++)
        if (strcmp(setup->aliases[i].name, name) == 0)
            tag = setup->aliases[i].tag;
    if (setup->truth && strcmp(setup->truth, name) == 0) {
        c->use = COLUMN_TRUTH;
        return true;
    }
    c->tag = plant_find_tag(setup->plant, tag);
    if (c->tag != TAG_NONE) {
        c->use = COLUMN_TAG;
        c->point = tag_point(setup->plant, c->tag);
        for (const struct column *other = s->columns; other < c; other++)
            if (other->use == COLUMN_TAG && other->tag == c->tag)
                return complain_of(s, ds, DIAG_ERROR, "two columns of one tag", tag), false;
        return true;
    }
    struct arena *scratch = arena_new(0);
    const char *near = scratch ? plant_suggest_tag(setup->plant, scratch, tag) : NULL;
    diag_add(ds, DIAG_WARNING, (struct place){s->file, s->number, 1},
             "column `%.120s` is no tag of this plant and is left out%s%s%s", name,
             near ? "; did you mean `" : "", near ? near : "", near ? "`?" : "");
    arena_free(scratch);
    return true;
}

static bool read_head(struct samples *s, const struct samples_setup *setup, struct diags *ds)
{
    if (!read_line(s)) {
        complain_of(s, ds, DIAG_ERROR, "empty: the first row names the columns", "");
        return false;
    }
    char *at = s->line;
    if (strncmp(at, "\xef\xbb\xbf", 3) == 0) /* a byte order mark */
        at += 3;
    s->separator = strchr(at, ';') ? ';' : strchr(at, '\t') ? '\t' : ',';
    char *first = trimmed(field(&at, s->separator));
    s->seconds = strcmp(first, "t_s") == 0;
    if (!s->seconds && strcmp(first, "timestamp") != 0 && strcmp(first, "datetime") != 0 &&
        strcmp(first, "time") != 0) {
        complain_of(s, ds, DIAG_ERROR,
                    "the first column is `timestamp` (ms or ISO 8601; `t_s` for seconds), not",
                    first);
        return false;
    }
    s->columns = calloc(COLUMNS_MAX, sizeof *s->columns);
    s->cells = calloc(COLUMNS_MAX, sizeof *s->cells);
    if (!s->columns || !s->cells)
        return false;
    bool good = true, any = false, truth = setup->truth == NULL;
    while (at && s->column_count < COLUMNS_MAX) {
        struct column *c = &s->columns[s->column_count++];
        good = name_column(s, setup, c, trimmed(field(&at, s->separator)), ds) && good;
        any |= c->use == COLUMN_TAG;
        truth |= c->use == COLUMN_TRUTH;
    }
    if (at) {
        diag_add(ds, DIAG_ERROR, (struct place){s->file, s->number, 1},
                 "more than %d columns; leave out those that are no tags", COLUMNS_MAX);
        return false;
    }
    if (!any)
        complain_of(s, ds, DIAG_ERROR, "no column is named by a tag of this plant", "");
    if (!truth)
        complain_of(s, ds, DIAG_ERROR, "there is no column of the truth", setup->truth);
    return good && any && truth;
}

/* ---- rows ------------------------------------------------------------------------------------ */

static bool is_truth(const char *text, bool *out)
{
    *out = strcasecmp(text, "true") == 0 || strcasecmp(text, "on") == 0;
    return *out || strcasecmp(text, "false") == 0 || strcasecmp(text, "off") == 0;
}

static const struct choice *choice_of(const struct point *p, const char *text)
{
    for (uint32_t i = 0; i < p->choice_count; i++)
        if (strcmp(p->choices[i].text, text) == 0)
            return &p->choices[i];
    return NULL;
}

static void read_cell(const struct column *c, const char *text, struct sample *out)
{
    double x;
    bool truth;
    char *end;
    *out = (struct sample){.quality = QUALITY_GOOD};
    errno = 0;
    x = strtod(text, &end);
    if (end != text && *end == '\0' && isfinite(x)) {
        bool digital = c->point && (c->point->type == RAW_BOOL || c->point->bit >= 0);
        out->value = digital ? (struct value){.kind = VALUE_BOOL, .truth = x > 0.5}
                             : (struct value){.kind = VALUE_REAL, .real = x};
    } else if (is_truth(text, &truth)) {
        out->value = (struct value){.kind = VALUE_BOOL, .truth = truth};
    } else if (c->point && (c->point->type == RAW_STRING || choice_of(c->point, text))) {
        out->value =
            (struct value){.kind = VALUE_TEXT, .length = (uint32_t)strlen(text), .text = text};
    } else {
        out->quality = QUALITY_BAD;
        out->reason = "recorded as bad";
    }
}

static bool read_row(struct samples *s, struct samples_row *row, struct diags *ds)
{
    char *at = s->line;
    const char *when = trimmed(field(&at, s->separator));
    *row = (struct samples_row){.cells = s->cells, .truth = (double)NAN};
    if (!time_of(s, when, &row->t_ms)) {
        complain_of(s, ds, DIAG_WARNING, "left out: this is no time", when);
        return false;
    }
    if (s->begun && row->t_ms <= s->last_ms) {
        complain_of(s, ds, DIAG_WARNING, "left out: its time is not after that of the row before",
                    when);
        return false;
    }
    /* A clock that wasn't set: every alarm of decades would be looked for in between. */
    if (s->begun && row->t_ms - s->last_ms > pause_most_ms) {
        s->complaints = 0;
        complain_of(s, ds, DIAG_ERROR,
                    "more than a year after the row before; leave out the one with the wrong "
                    "time, or replay the parts one by one",
                    when);
        s->ended = true;
        return false;
    }
    s->begun = true;
    s->last_ms = row->t_ms;
    for (uint32_t i = 0; i < s->column_count && at; i++) {
        const struct column *c = &s->columns[i];
        const char *text = trimmed(field(&at, s->separator));
        if (c->use == COLUMN_IGNORED || *text == '\0')
            continue;
        if (c->use == COLUMN_TRUTH) {
            if (!text_to_real(text, &row->truth))
                row->truth = strcasecmp(text, "true") == 0;
            continue;
        }
        struct samples_cell *cell = &s->cells[row->count++];
        cell->tag = c->tag;
        read_cell(c, text, &cell->sample);
        cell->sample.time = (wall_t){row->t_ms};
    }
    return true;
}

bool samples_next(struct samples *s, struct samples_row *row, struct diags *ds)
{
    while (!s->ended && read_line(s))
        if (read_row(s, row, ds))
            return true;
    if (ferror(s->in))
        complain_of(s, ds, DIAG_ERROR, "cannot be read on", strerror(errno));
    return false;
}

static int by_size(const void *a, const void *b)
{
    const int64_t *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

/* Reads the first rows, and goes back. */
static bool peek(struct samples *s)
{
    int64_t gaps[PEEK_ROWS], last = 0, t;
    uint32_t count = 0, rows = 0;
    long start = ftell(s->in);
    uint32_t number = s->number;
    while (rows < PEEK_ROWS && read_line(s)) {
        char *at = s->line;
        if (!time_of(s, trimmed(field(&at, s->separator)), &t))
            continue;
        if (rows == 0)
            s->first_ms = t;
        else if (t > last)
            gaps[count++] = t - last;
        last = t;
        rows++;
    }
    qsort(gaps, count, sizeof *gaps, by_size);
    s->period_ms = count > 0 ? gaps[count / 2] : 1000;
    s->number = number;
    clearerr(s->in);
    return start >= 0 && fseek(s->in, start, SEEK_SET) == 0;
}

struct samples *samples_open(const struct samples_setup *setup, struct diags *ds)
{
    struct samples *s = calloc(1, sizeof *s);
    if (!s)
        return NULL;
    s->file = setup->file;
    s->in = fopen(setup->file, "r");
    if (!s->in)
        diag_add(ds, DIAG_ERROR, (struct place){setup->file, 1, 1}, "cannot be read: %s",
                 strerror(errno));
    else if (read_head(s, setup, ds) && peek(s))
        return s;
    samples_close(s);
    return NULL;
}

void samples_close(struct samples *s)
{
    if (!s)
        return;
    if (s->in)
        fclose(s->in);
    free(s->line);
    free(s->columns);
    free(s->cells);
    free(s);
}

int64_t samples_period_ms(const struct samples *s)
{
    return s->period_ms;
}

int64_t samples_first_ms(const struct samples *s)
{
    return s->first_ms;
}
