/* SPDX-License-Identifier: Apache-2.0 */
/* The balance of a pond, a tank or a pipe: what flows in, less what flows out, less what stands in
 * it more than before. Here is its one flat struct and what its files share; others see
 * leak_balance. */
#ifndef WATCH_BALANCE_H
#define WATCH_BALANCE_H

#include "watch/align.h"
#include "watch/baseline.h"
#include "watch/cusum.h"
#include "watch/estimate.h"
#include "watch/hold.h"
#include "watch/leak.h"
#include "watch/ledger.h"
#include "watch/transient.h"
#include "watch/window.h"

enum { BALANCE_INPUTS = 32, BALANCE_CUSUM = 255 };

/* Why the newest block wasn't evaluated. */
enum balance_gap { GAP_NONE, GAP_FLOW, GAP_LEVEL, GAP_OUTSIDE, GAP_TRANSIENT };

struct balance_rule { /* the plant file's words over the profile's, once */
    int64_t step_ms, max_gap_ms, clear_ms, rupture_ms;
    double step_h, learn_h, lag_h;
    double k, k_window, bias_max, nominal;
    double catchment, runoff, evaporation;
    bool smooth; /* an earth pond: no edges in its stage curve */
    uint32_t settle; /* evaluations over which a new footing is averaged; 0: a pipe */
    struct cusum_rule cusum;
    struct window_rule window;
    struct transient_rule transient;
};

struct balance_leak { /* what is believed while it fires */
    struct line line; /* hours before at_ms */
    int64_t at_ms, told_ms; /* the line was laid; the figures were told */
    int64_t low_ms, high_ms; /* the onset lies in here: as far as what made it fire goes back */
    double seen_h, missed_h; /* since the onset: evaluated, and not */
    bool known;
    bool settled; /* the onset stays; what C rose since is what was lost */
    bool ebbing; /* it runs slower than it did, or not at all: the line stands */
    bool over; /* not at all */
    bool recent_after; /* all of the recent rate is of the time after it fired */
    double gathered_h, gathered; /* h: it took so long to fire; m3/h: what that alone says */
    double recent, recent_sigma; /* m3/h */
    double before; /* .. over twice as long */
    int64_t over_ms; /* when it stopped, about */
    bool preliminary;
    uint8_t class_; /* enum leak_class; never falls while it fires */
    struct estimate rate, onset_ms, lost; /* as told */
};

struct balance {
    struct balance_rule rule;
    struct hold hold[BALANCE_INPUTS];

    int64_t block_ms; /* when the present block began; a multiple of step_ms */
    int64_t begin_ms; /* .. or this point was made */
    int64_t seen_ms; /* of the last call */
    int64_t fed_ms; /* end of the block that was evaluated last */
    bool fed, spoiled; /* spoiled: a meter of the present block lied */
    uint8_t gap; /* enum balance_gap, of the newest block */

    double total; /* C: sum of in - out - change of store, less the baseline, m3 */
    double load; /* of the newest block: 1, or in a pipe or tank its throughput over nominal */
    double store; /* V of the newest block with a level */
    double store_table; /* .. by the straight pieces of the table: what people reckon with */
    double area; /* m2, there */
    double runoff; /* m3/h, still coming */
    double wet; /* m3/h that rain brought to the newest block */
    bool standing; /* total follows on from the block before */
    double flowed; /* m3: in - out since the middle of the block whose level is `store` */
    double flow_then; /* m3/h: in - out in that block */
    uint32_t missed; /* blocks since then that wait for a level */
    double target; /* C that a new footing begins at .. */
    double settle_run, settle_sum; /* .. when it has been averaged */
    uint32_t settled;
    int64_t tainted_ms; /* the level was stuck from here on */
    bool tainted;

    struct ledger ledger;
    struct align align;
    struct baseline baseline;
    struct cusum cusum;
    struct window window;
    struct transient transient;
    double learned_h;
    double flow; /* newest imbalance, m3/h */

    bool firing, suspect, quiet;
    uint8_t first_by, fastest; /* window's 2^n, BALANCE_CUSUM */
    int64_t fired_ms, quiet_ms, state_ms;
    int64_t risen_ms; /* S has been above zero since */
    struct balance_leak leak;
};

struct balance_rule balance_rule_of(const struct leak_context *c);
double balance_baseline(const struct balance *b); /* m3/h, within bias_max */
double balance_drift(const struct balance *b); /* K, m3/h */
bool balance_learned(const struct balance *b);
void balance_estimate(struct balance *b, int64_t now_ms); /* b->leak.line anew */
/* balance_belief.c: it has just fired; and one evaluation later: what is told of it */
void balance_believe_first(struct balance *b, int64_t now_ms);
void balance_believe(struct balance *b, int64_t now_ms);
double balance_window_ms(const struct balance *b, uint8_t by);
/* balance_view.c */
void balance_view(const void *state, const struct leak_context *c, struct leak_view *out);
void balance_say(const struct leak_view *v, char *text, size_t room);
uint32_t balance_curve(const void *state, const struct leak_context *c, struct leak_sense *out);
/* balance_judge.c: one evaluation: so much more is missing, and the number of its block */
void balance_evaluate(struct balance *b, const struct leak_context *c, double missing,
                      uint64_t block);

#endif
