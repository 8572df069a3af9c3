/* SPDX-License-Identifier: Apache-2.0 */
#include "series.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *const column_names[COL_COUNT] = {
    [COL_LEVEL] = "level",   [COL_IN] = "in",      [COL_OUT] = "out",   [COL_OUT2] = "out2",
    [COL_IN_RUN] = "in_run", [COL_RUN] = "run",    [COL_RUN2] = "run2", [COL_RAIN] = "rain",
    [COL_FLOAT] = "float",   [COL_TRUE] = "truth",
};

/* How the recorded files call them. */
static const struct {
    const char *name;
    enum column column;
} headings[] = {
    {"level_m", COL_LEVEL},    {"qin_m3h", COL_IN},         {"qout_m3h", COL_OUT},
    {"rain_mmh", COL_RAIN},    {"leak_true_m3h", COL_TRUE}, {"inflow_true_m3h", COL_TRUE},
    {"fill_pump", COL_IN_RUN}, {"draw", COL_RUN},           {"pump", COL_IN_RUN},
};

void series_init(struct series *s)
{
    memset(s, 0, sizeof *s);
    s->onset_s = NOTHING;
}

void series_fini(struct series *s)
{
    for (int i = 0; i < COL_COUNT; i++)
        free(s->column[i]);
    series_init(s);
}

void series_shape(struct series *s, unsigned columns, uint32_t rows, int64_t step_ms)
{
    for (unsigned i = 0; i < COL_COUNT; i++) {
        bool wanted = (columns >> i & 1U) != 0;
        if (!wanted || rows > s->room) {
            free(s->column[i]);
            s->column[i] = NULL;
        }
        if (wanted && !s->column[i]) {
            s->column[i] = calloc(rows > s->room ? rows : s->room, sizeof(double));
            assert(s->column[i]);
        }
    }
    s->room = rows > s->room ? rows : s->room;
    s->rows = rows;
    s->step_ms = step_ms;
    s->onset_s = NOTHING;
    s->leak = 0;
}

void series_copy(struct series *to, const struct series *from)
{
    unsigned columns = 0;
    for (unsigned i = 0; i < COL_COUNT; i++)
        columns |= from->column[i] ? 1U << i : 0;
    series_shape(to, columns, from->rows, from->step_ms);
    for (unsigned i = 0; i < COL_COUNT; i++)
        if (from->column[i])
            memcpy(to->column[i], from->column[i], from->rows * sizeof(double));
    to->onset_s = from->onset_s;
    to->leak = from->leak;
}

enum { CELLS_MAX = 8, LINE_BYTES = 256 };

static bool read_heading(char *line, int cells[CELLS_MAX], int *count, unsigned *columns)
{
    char *rest = NULL;
    *count = 0;
    *columns = 0;
    for (char *word = strtok_r(line, ",\r\n", &rest); word; word = strtok_r(NULL, ",\r\n", &rest)) {
        if (*count == CELLS_MAX)
            return false;
        cells[*count] = -1;
        for (size_t i = 0; i < sizeof headings / sizeof *headings; i++)
            if (strcmp(word, headings[i].name) == 0)
                cells[*count] = (int)headings[i].column;
        if (cells[*count] >= 0)
            *columns |= 1U << cells[*count];
        ++*count;
    }
    return *count > 1;
}

/* An outlet whose pump's state wasn't recorded ran when it flowed; a sump's pump empties it. */
static void add_flags(struct series *s, unsigned columns)
{
    bool sump = !(columns >> COL_IN & 1U);
    if (sump) {
        s->column[COL_RUN] = s->column[COL_IN_RUN];
        s->column[COL_IN_RUN] = NULL;
    } else if ((columns >> COL_RAIN & 1U) != 0) {
        s->column[COL_RUN] = calloc(s->room, sizeof(double));
        assert(s->column[COL_RUN]);
        for (uint32_t i = 0; i < s->rows; i++)
            s->column[COL_RUN][i] = s->column[COL_OUT][i] > 20 ? 1 : 0;
    }
}

static void find_onset(struct series *s)
{
    const double *truth = s->column[COL_TRUE];
    bool balance = s->column[COL_IN] != NULL;
    for (uint32_t i = 0; balance && truth && i < s->rows; i++) {
        if (truth[i] <= 0)
            continue;
        s->onset_s = (double)(i * s->step_ms) / 1e3;
        s->leak = truth[i];
        return;
    }
}

bool series_read(struct series *s, const char *path)
{
    enum { ROWS_MAX = 300000 };
    FILE *f = fopen(path, "r");
    char line[LINE_BYTES];
    int cells[CELLS_MAX], count = 0;
    unsigned columns = 0;
    bool fine = f && fgets(line, sizeof line, f) && read_heading(line, cells, &count, &columns);
    double before = 0, now = 0;
    uint32_t row = 0;
    if (fine)
        series_shape(s, columns, ROWS_MAX, 1000);
    while (fine && row < ROWS_MAX && fgets(line, sizeof line, f)) {
        char *at = line;
        for (int i = 0; i < count; i++) {
            double x = strtod(at, &at);
            at += *at == ',' ? 1 : 0;
            if (i == 0) {
                before = now;
                now = x;
            } else if (cells[i] >= 0) {
                s->column[cells[i]][row] = x;
            }
        }
        row++;
    }
    if (f)
        fclose(f);
    if (!fine || row < 2)
        return false;
    s->rows = row;
    s->step_ms = (int64_t)((now - before) * 1e3);
    add_flags(s, columns);
    find_onset(s);
    return true;
}
