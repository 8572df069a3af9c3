/* SPDX-License-Identifier: Apache-2.0 */
/* Conditioning: what of a tag's samples may reach a detector. One of these stands before each input
 * of each leak. A bad signal feeds nothing, clears nothing, and says what is wrong with it. */
#ifndef WATCH_SIGNAL_H
#define WATCH_SIGNAL_H

#include "headgate/rule.h"
#include "headgate/value.h"

enum signal_fault {
    SIGNAL_FINE,
    SIGNAL_BAD,                    /* the sample's own quality for three periods, or never heard */
    SIGNAL_STALE,                  /* nothing for three periods (and more than max_gap is a gap) */
    SIGNAL_SPIKE,                  /* ten outliers in a row that don't even agree with each other */
    SIGNAL_STUCK,                  /* a level that stands though it should have moved */
    SIGNAL_DEAD,                   /* a meter without flow though its pump runs */
    SIGNAL_GHOST,                  /* a meter with flow though its pump stands */
};

/* What to do with a sample that was offered. */
enum signal_verdict {
    SIGNAL_TAKE,                   /* out is good to use */
    SIGNAL_HOLD,                   /* keep it out; the input isn't bad (yet) */
    SIGNAL_REFUSE,                 /* the input is bad; see fault */
    SIGNAL_STEP,                   /* out is good, but on a new footing: rebase, learn noise anew */
};

enum { SIGNAL_RECENT = 5, SIGNAL_OUTLIERS = 10 };

struct signal {                    /* flat: saved and restored as it is */
    double recent[SIGNAL_RECENT];  /* accepted, newest last */
    double outliers[SIGNAL_OUTLIERS];      /* held out, in a row, newest last */
    double last;                   /* newest accepted */
    double unchanged_value;
    double drift;                  /* of the level since the last one accepted, as the flows say (m) */
    double leeway;                 /* how far the plant may have gone in a silence that just ended */
    double resolution;             /* the smallest move seen; 0: none yet */
    double expected;               /* what it should have moved meanwhile, as the flows say (m) */
    double restless;               /* share of readings that turn back: noise, which no rest stops */
    double usual_run;              /* readings that it usually stands for; mean */
    double informed;               /* of the time unmoved, how much the flows were known (ms) */
    double rest_share;             /* of the time unmoved, how much the flows call rest (ms) */
    int64_t began_ms;              /* when anybody began to listen */
    int64_t heard_ms, good_ms, accepted_ms, unchanged_since_ms, cross_since_ms;
    int64_t fault_since_ms;
    uint32_t run;                  /* readings that it has stood for */
    uint8_t recent_count, outlier_count;
    uint8_t moved_count;           /* while stuck: readings in a row that left the value */
    uint8_t fault;                 /* enum signal_fault */
    uint8_t cross;                 /* suspicion that grows: DEAD or GHOST; or trust, once it is one */
    int8_t way;                    /* of the last move: -1, 0, 1 */
    bool known, heard;             /* accepted once; offered once */
    bool told;                     /* the detector behind it knows that nothing comes at present */
};

struct signal_rule {               /* derived from a leak_input and its leak, once */
    bool analogue, level;
    bool stuck_plain;              /* a person gave stuck_ms: no second thoughts */
    double max_jump;               /* 0: spikes aren't looked for */
    int64_t every_ms;              /* the period its samples come at */
    int64_t stale_ms;              /* three periods */
    int64_t stuck_ms;              /* 0: off */
    double nominal;                /* of a flow with a run feedback; 0: no cross-check */
};

/* The rule for an input: defaults of facts (level: 30 min stuck, max(0.03 m, ..) jump). every_ms:
 * the period its samples really come at. */
struct signal_rule signal_rule_of(const struct leak_rule *leak, const struct leak_input *input,
                                  int64_t every_ms);

void signal_init(struct signal *s, int64_t now_ms);
/* x: in the role's unit, NaN when quality isn't good. running: the partner's state: 1, 0, -1 unknown or none. */
enum signal_verdict signal_offer(struct signal *s, const struct signal_rule *r, double x,
                                 int running, int64_t t_ms, double *out);
/* What the flows say of a level since its reading before: it should have moved by so many metres;
 * rest: nothing flowed at all. Before the reading is offered. */
void signal_expect(struct signal *s, double metres, bool rest, int64_t elapsed_ms);
/* Time passed without a sample: becomes STALE. true: the fault changed. */
bool signal_tick(struct signal *s, const struct signal_rule *r, int64_t now_ms);
/* When signal_tick may find something; INT64_MAX: nothing to wait for. */
int64_t signal_due(const struct signal *s, const struct signal_rule *r);
/* A word of it may be believed now: it was accepted once, and nothing is wrong with it. */
bool signal_fit(const struct signal *s);
const char *signal_words(enum signal_fault f);         /* "stuck: stands though it should have moved" and the like */

#endif
