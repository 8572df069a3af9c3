/* SPDX-License-Identifier: Apache-2.0 */
/* What a plant's instruments said, and what was true: columns of equally spaced rows. NaN: there
 * was no answer. */
#ifndef BENCH_SERIES_H
#define BENCH_SERIES_H

#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The standard's own are floats. */
#define NOTHING ((double)NAN)
#define NEVER ((double)INFINITY)

enum column {
    COL_LEVEL, /* m */
    COL_IN,
    COL_OUT,
    COL_OUT2, /* m3/h */
    COL_IN_RUN,
    COL_RUN,
    COL_RUN2, /* 0 or 1: of the inlet, of each outlet */
    COL_RAIN, /* mm/h */
    COL_FLOAT, /* sump: high-high */
    COL_TRUE, /* m3/h: the leak */
    COL_COUNT
};

extern const char *const column_names[COL_COUNT];

struct series {
    double *column[COL_COUNT]; /* NULL: this plant has no such instrument */
    uint32_t rows, room;
    int64_t step_ms;
    double onset_s; /* when the leak begins; NaN: never */
    double leak; /* m3/h */
};

void series_init(struct series *s);
void series_fini(struct series *s);
/* Room for so many rows of these columns (a set of bits); what stood there before is lost. */
void series_shape(struct series *s, unsigned columns, uint32_t rows, int64_t step_ms);
void series_copy(struct series *to, const struct series *from);

/* One of the recorded 30 days (data/vectors/NAME.csv). false: no such file, or not of that form. */
bool series_read(struct series *s, const char *path);

#endif
