/* SPDX-License-Identifier: Apache-2.0 */
/* When a pipe's balance means nothing because it is being filled or emptied: for a while after its
 * inlet changed fast, or after somebody commanded something. Never looks at the outlet: that is
 * what a leak changes. Flat. */
#ifndef WATCH_TRANSIENT_H
#define WATCH_TRANSIENT_H

#include <stdbool.h>
#include <stdint.h>

#include "watch/spread.h"

enum { TRANSIENT_RECENT = 30 };

struct transient_rule {
    double change; /* m3/h, of the inlet .. */
    uint32_t blocks; /* .. against any of so many evaluations before */
    double step_h;
    int64_t hold_ms;
};

struct transient {
    double recent[TRANSIENT_RECENT]; /* the inlet, a ring */
    uint32_t count, next;
    struct spread noise; /* of the inlet from one evaluation to the next */
    int64_t until_ms;
    bool masked; /* until_ms holds */
};

struct transient_rule transient_rule_of(double nominal, int64_t step_ms, int64_t hold_ms);
/* An evaluation ended at end_ms with this mean inlet; true: mask it. */
bool transient_run(struct transient *s, const struct transient_rule *r, double inlet, bool learn,
                   int64_t end_ms);
void transient_command(struct transient *s, const struct transient_rule *r, int64_t t_ms);
void transient_lost(struct transient *s); /* the inlet wasn't seen: compare with nothing */

#endif
