/* SPDX-License-Identifier: Apache-2.0 */
/* Conditioning: what of a tag's samples may reach a detector. One of these stands before each input
 * of each leak. A bad signal feeds nothing, clears nothing, and says what is wrong with it. */
#ifndef WATCH_SIGNAL_H
#define WATCH_SIGNAL_H

#include "headgate/rule.h"
#include "headgate/value.h"

enum signal_fault {
    SIGNAL_FINE,
    SIGNAL_BAD,                    /* the sample's own quality, or never heard */
    SIGNAL_STALE,                  /* nothing for three periods (and more than max_gap is a gap) */
    SIGNAL_SPIKE,                  /* held out; ten in a row are a step */
    SIGNAL_STUCK,                  /* an analogue level that hasn't moved for stuck_ms */
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

struct signal {                    /* flat: saved and restored as it is */
    double recent[5];              /* accepted, newest last */
    double outliers[10];           /* held out, in a row */
    double last;                   /* newest accepted */
    double unchanged_value;
    int64_t heard_ms, accepted_ms, unchanged_since_ms, cross_since_ms;
    uint8_t recent_count, outlier_count;
    uint8_t fault;                 /* enum signal_fault */
    uint8_t cross;                 /* suspicion that grows: DEAD or GHOST */
    bool known, heard;
    int64_t fault_since_ms;
};

struct signal_rule {               /* derived from a leak_input and its leak, once */
    bool analogue, level;
    double max_jump;               /* 0: spikes aren't looked for */
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
/* Time passed without a sample: becomes STALE. true: the fault changed. */
bool signal_tick(struct signal *s, const struct signal_rule *r, int64_t now_ms);
const char *signal_words(enum signal_fault f);         /* "stuck: has not moved for 30 min" and the like */

#endif
