/* SPDX-License-Identifier: Apache-2.0 */
/* The inside of a leak point, shared by the files that make it up. */
#ifndef WATCH_LEAK_PARTS_H
#define WATCH_LEAK_PARTS_H

#include "watch/leak.h"

enum { LEAK_HOURS = 25 };          /* of coverage: a day, and the hour that has just begun */

/* Everything that is kept, but for the signals and the kind's own state, which lie behind it. Times
 * in here are the point's own (see skew_ms in struct leak). */
struct leak_common {
    int64_t last_ms;               /* newest moment known */
    int64_t since_ms;              /* of state */
    int64_t blind_since_ms;        /* while impaired */
    int64_t fired_ms;              /* while firing */
    int64_t kind_due_ms;           /* when the kind wants to be called */
    int64_t covered_ms;            /* coverage is counted up to here */
    int64_t hour[LEAK_HOURS];      /* which hour of the timeline each bucket holds */
    int32_t counted_ms[LEAK_HOURS], good_ms[LEAK_HOURS];
    uint8_t state;
    bool firing;                   /* as last told */
    bool held;                     /* firing, as last seen with open eyes: kept as it is while blind */
    bool impaired;                 /* blind, or looking with one eye less than it should have */
    bool settled;                  /* state and since_ms were set once */
};

struct leak {
    const struct leak_rule *rule;
    const struct leak_kind_ops *ops;
    struct leak_context context;
    struct signal_rule *rules;     /* per input */
    bool *fine;                    /* per input */
    uint8_t *faults;               /* per input, as last settled: enum signal_fault */
    bool dirty;                    /* the kind heard something since the state was settled */
    struct leak_view seen;         /* when it was settled, in own time; good until it is dirty */
    bool seen_covers;              /* the kind counts its own coverage */
    int64_t zone_ms;
    int64_t skew_ms;               /* own time - watch's time: a restored point never goes back */
    size_t flat_size;
    struct leak_common *common;    /* the flat part begins here */
    struct signal *signals;
    void *state;
};

extern const struct leak_kind_ops *const leak_kinds[LEAK_KIND_COUNT];

/* What an unfit input means for the whole point. */
enum leak_need {
    NEED_SIGHT,                    /* without it the point is blind */
    NEED_HELP,                     /* without it the point sees less: told, not blind */
    NEED_KIND,                     /* the kind itself says what it means */
    NEED_NONE,                     /* only cross-checks and masks get lost */
};
enum leak_need leak_need_of(const struct leak *l, uint32_t input);

/* The first input that makes it blind, else the first that is missed; its count: none. */
uint32_t leak_missing(const struct leak *l, bool *blind);
void leak_settle(struct leak *l, int64_t now_ms);              /* state, since, firing follow the view */
void leak_cover(struct leak *l, int64_t now_ms);               /* counts the time up to now */
double leak_coverage(const struct leak *l);

#endif
