/* SPDX-License-Identifier: Apache-2.0 */
/* Between the files of headgate read. */
#ifndef CLI_READ_H
#define CLI_READ_H

#include "cli/arguments.h"
#include "cli/ask.h"
#include "values/explain.h"

struct read_arguments {
    struct plant_arguments on;
    const char *state;
    bool addresses, raw, explain;
    int64_t patience_ns;
};

struct single;

struct reading {
    const struct read_arguments *arguments;
    struct ask_target target;
    struct asked *asked;
    bool any_bad, printed, disconnected;
    struct single *single;         /* for what no plan asks; NULL: not yet, or not to be had */
    bool tried_single;
    uint32_t tried_tables;         /* one bit per table: another function code was tried for it */
};

/* What other ways there are to read the point: steps, orders, neighbours, and what looks better. */
void read_explain(struct reading *r, uint32_t point);
/* Each request's frames, field by field. Before the lines are hung up. */
void read_print_frames(const struct reading *r);
/* The device refuses a table: does it serve the same addresses by the other function code? Once a
 * table; says so on stderr. */
void read_try_other_table(struct reading *r, uint32_t point);
/* ", exception 02 (illegal data address)", when the block is one; its name only where `said` does
 * not say it already. */
void read_print_refusal(const struct block *b, const char *said);
void read_hang_up(struct reading *r);

#endif
