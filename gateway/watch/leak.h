/* SPDX-License-Identifier: Apache-2.0 */
/* One leak point: its inputs, conditioned; its detector; and what it believes. Time is an argument,
 * in ms on the watch's own timeline, which never goes back. No allocation after leak_new. */
#ifndef WATCH_LEAK_H
#define WATCH_LEAK_H

#include <stddef.h>

#include "headgate/rule.h"
#include "headgate/value.h"
#include "watch/signal.h"

enum leak_state {
    LEAK_LEARNING,                 /* too little history yet */
    LEAK_LIVE,                     /* looking, and nothing is missing */
    LEAK_SUSPECT,                  /* looking, and something is missing (its alarm is on, or nearly) */
    LEAK_BLIND,                    /* cannot look: see why */
};

enum leak_class { LEAK_NO_CLASS, LEAK_MINOR, LEAK_MAJOR, LEAK_RUPTURE };

enum { LEAK_WHY_MAX = 160, LEAK_TEXT_MAX = 240, LEAK_CURVE_MAX = 8 };

/* A number with the interval that it lies in with some 80 %; NaN: unknown. */
struct estimate {
    double value, low, high;
};

/* What leak/<name> says. */
struct leak_view {
    uint8_t state;                 /* enum leak_state */
    uint8_t class_;                /* enum leak_class, while firing */
    bool firing;                   /* the detector's condition; the alarm's delays come later */
    bool frozen;                   /* blind while firing: the alarm stays as it is */
    bool preliminary;              /* rate, onset and lost aren't good yet */
    bool bias;                     /* baseline beyond bias_max: "meters disagree" */
    bool pump_worn;                /* sump */
    const char *detector;          /* static: which one fired: "cusum", "window 2 h", "night", "duty"; "" */
    int64_t since_ms;              /* of state */
    int64_t blind_since_ms;        /* 0: it sees */
    int64_t fired_ms;              /* when firing began; 0 */
    double learning_left_h;        /* 0 when learned */
    struct estimate rate;          /* m3/h; limit, roc, shift: in the value's own unit */
    struct estimate onset_ms;      /* wall, as double; value NaN: unknown */
    struct estimate lost;          /* m3 since onset */
    double unaccounted_24h;        /* m3; NaN while there is nothing to say. in - out - change of store, as people add it up */
    double coverage;               /* share of the last 24 h with good inputs, 0..1 */
    double score, limit;           /* what is compared: S and H of the cusum, or value and limit */
    const char *score_unit;        /* "m3", "m3/h", ... */
    double drift;                  /* K, m3/h */
    double sigma;                  /* learned noise */
    const char *sigma_unit;        /* static: the score's, but where noise is a flow's: "m3/h" */
    double baseline, baseline_sd;  /* learned bias, m3/h, and its day to day scatter */
    double value;                  /* newest: imbalance, inflow, flow over the weir, the tag */
    double minutes;                /* freeboard: until the limit; NaN: not in sight */
    char why[LEAK_WHY_MAX];        /* blind: which input and what is wrong with it; not blind, but looking
                                      with less than it should have: the same; else "". blind_since_ms
                                      counts for both */
    uint32_t why_input;            /* the input that `why` speaks of; RULE_NONE: of no single one */
    char text[LEAK_TEXT_MAX];      /* for people, one sentence: "352 m3 unaccounted for since about 09:40 ..." without times
                                      of day (those depend on a zone; the teller adds them) */
    /* What `text` is made of and nothing above says, where a kind makes it when it is asked to. */
    struct leak_words {
        uint8_t which;
        bool flag;
        double x[3];
    } words;
};

struct leak;

/* step: how often samples come where that isn't the plan's business (replay); 0: inputs' every_ms. */
struct leak *leak_new(const struct leak_rule *rule, int64_t sample_ms, int64_t now_ms);  /* NULL: out of memory */
void leak_free(struct leak *l);

/* One sample of input `index`, as it came; bad ones too. Times may not go back; an older one is dropped. */
void leak_sample(struct leak *l, uint32_t index, const struct sample *s, int64_t t_ms);
/* Time passed: evaluation periods end, inputs go stale. Returns when it wants to be called again. */
int64_t leak_tick(struct leak *l, int64_t now_ms);
void leak_view(const struct leak *l, struct leak_view *out);
/* All but `text`, which leak_say writes: for those who look at each sample and seldom tell. */
void leak_figures(const struct leak *l, struct leak_view *out);
void leak_say(const struct leak *l, struct leak_view *v);
uint8_t leak_input_fault(const struct leak *l, uint32_t index);     /* enum signal_fault: for the signals' own alarms */
/* A person reset the alarm, or says that the leak is mended: sums begin at zero, learning goes on. */
void leak_reset(struct leak *l, int64_t now_ms);
/* The alarm (latched, perhaps) stands: noise and baseline learn nothing meanwhile. */
void leak_alarm_stands(struct leak *l, bool stands);
/* utc + offset = the zone's time, ms: for times of the week. */
void leak_zone(struct leak *l, int64_t offset_ms);

/* What it has learned, to keep: flat bytes, the same on this machine and version only. */
size_t leak_save_size(const struct leak *l);
void leak_save(const struct leak *l, void *out);
bool leak_restore(struct leak *l, const void *saved, size_t size, int64_t now_ms);   /* false: another rule, version or size; nothing changed */

/* Its own sensitivity: leaks of so many m3/h are found within so many hours (INFINITY: never). The
 * count of points; 0: this kind has no such curve. share: of nominal. */
struct leak_sense {
    double share, flow, hours;
    const char *by;
};
uint32_t leak_curve(const struct leak *l, struct leak_sense out[LEAK_CURVE_MAX]);

/* ---- for the kinds themselves ------------------------------------------------------------------ */

/* A kind of detector is a table of functions over one flat struct without pointers, which is what is
 * saved. Everything reaches it conditioned. */
struct leak_context {              /* what a kind may look at; fixed after leak_new but for the last three */
    const struct leak_rule *rule;
    int64_t step_ms;               /* evaluation period: the rule's, the profile's, or the samples' if that is longer */
    int64_t zone_ms;
    bool stands;                   /* its alarm stands: learn nothing */
    const bool *fine;              /* per input: is it fit now */
};
struct leak_kind_ops {
    const char *name;
    size_t size;
    uint32_t version;              /* of the flat struct */
    void (*init)(void *state, const struct leak_context *c, int64_t now_ms);
    void (*sample)(void *state, const struct leak_context *c, uint32_t input, double x, int64_t t_ms);
    /* step: the signal stands on a new footing: rebase, forget its noise. bad: it has just become unfit. */
    void (*step)(void *state, const struct leak_context *c, uint32_t input, int64_t t_ms);
    void (*bad)(void *state, const struct leak_context *c, uint32_t input, int64_t t_ms);
    int64_t (*tick)(void *state, const struct leak_context *c, int64_t now_ms);
    /* Fills in what it knows; state only as LEARNING, LIVE or SUSPECT; BLIND is leak.c's, but a kind may
     * say so too (why) when its own gap rules leave it without sight. */
    void (*view)(const void *state, const struct leak_context *c, struct leak_view *out);
    /* The text of what view filled in, and of nothing else; NULL: view wrote it. */
    void (*say)(const struct leak_view *v, char *text, size_t room);
    void (*reset)(void *state, const struct leak_context *c, int64_t now_ms);
    uint32_t (*curve)(const void *state, const struct leak_context *c, struct leak_sense *out);  /* may be NULL */
};

extern const struct leak_kind_ops leak_balance, leak_demand, leak_idle, leak_sump, leak_limit, leak_roc,
    leak_shift, leak_switch, leak_weir, leak_freeboard;

#endif
