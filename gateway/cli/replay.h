/* SPDX-License-Identifier: Apache-2.0 */
/* What a replay counts, and how it says so. */
#ifndef CLI_REPLAY_H
#define CLI_REPLAY_H

#include <stdio.h>

#include "cli/samples.h"
#include "cli/score.h"
#include "watch/warden.h"

struct replay_figures {
    const struct plant *plant;
    uint64_t samples, rows, events;
    struct score *leaks;           /* by leak: their `leak` alarms */
    uint32_t *alarms;              /* by alarm: how often it came on */
    uint32_t bulletins;
    int64_t first_ms, last_ms;
};

bool replay_figures_init(struct replay_figures *f, const struct plant *p);   /* false: out of memory */
void replay_figures_fini(struct replay_figures *f);
void replay_truth(struct replay_figures *f, double truth, int64_t t_ms);     /* once a row */
void replay_count(struct replay_figures *f, uint32_t alarm, enum alarm_change what, int64_t t_ms);
/* The last line of JSON on stdout, and words on stderr. */
void replay_summary(const struct replay_figures *f, const struct plant *p, struct warden *w,
                    double seconds);

void replay_trace_head(FILE *out);
void replay_trace(FILE *out, const struct plant *p, const struct warden *w,
                  const struct samples_row *row);

#endif
