/* SPDX-License-Identifier: Apache-2.0 */
/* What `headgate plan` shows, in two faces. */
#ifndef CLI_PLAN_H
#define CLI_PLAN_H

#include "base/diag.h"
#include "headgate/block.h"

struct plan_view {
    const struct plan *plan;
    struct diags *ds;
    unsigned silent;               /* worst cycles for up to so many silent units */
    bool all_tags;                 /* every tag on a line of its own */
};

struct plan_totals {
    double requests_per_s, bytes_per_s, tags_per_s;
    uint32_t tags;                 /* read ones; computed and derived tags cost nothing */
};
struct plan_totals plan_totals_of(const struct plan *p);

unsigned plan_units_of(const struct plan *p, uint32_t line);   /* how many units the line has */
/* "tcp://10.0.0.1:502", "rtu:///dev/ttyS0 19200 8E1" */
void plan_connect_text(const struct line *l, char *out, size_t room);

/* One of plant->commands.writes: "mill/pump-1/setpoint 10..40 l/s" */
void plan_write_text(const struct plant *p, uint32_t index, char *out, size_t room);

void plan_print(const struct plan_view *v);
void plan_print_json(const struct plan_view *v);

#endif
