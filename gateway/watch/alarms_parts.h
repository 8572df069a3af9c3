/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the alarm engine share, and nobody else sees. */
#ifndef WATCH_ALARMS_PARTS_H
#define WATCH_ALARMS_PARTS_H

#include "watch/alarms.h"

enum {
    FLOOD_SECONDS = 600,           /* the sliding window of alarm floods */
    DAY_MINUTES = 1440,
    ACKS_KEPT = 512,               /* newest times to acknowledge */
    CHATTER_COUNT = 3,
};

#define CHATTER_MS INT64_C(60000)          /* three times on within this */
#define CHATTER_CALM_MS INT64_C(120000)    /* quiet for so long: it has calmed down */
#define CHATTER_DELAY_MIN_MS INT64_C(1000) /* a lengthened delay begins here ... */
#define CHATTER_DELAY_MAX_MS INT64_C(60000)    /* ... and ends here */
#define DAY_MS INT64_C(86400000)
#define SHELVE_DEFAULT_MS INT64_C(28800000)

struct item {                      /* one alarm */
    struct alarm_state s;
    uint64_t arrival;              /* order in which conditions came true */
    int64_t due_ms;                /* when time alone changes something; INT64_MAX */
    int64_t calm_ms;               /* chatter: when it will have calmed down */
    int64_t free_ms;               /* its parent was last in the way; ALARM_NEVER */
    int64_t grace_ms;              /* so long after that it still waits */
    uint32_t heap;                 /* place in the heap; UINT32_MAX: none */
    uint32_t first_child, next_sibling;
    uint8_t rise_to;               /* priority asked for by alarms_worse */
    bool want_frozen, want_suppressed;
    bool matured;                  /* the condition held for its delay, though it is over, or blind, by now */
    bool queued, touched;          /* stands in `queue`, in `work` */
    bool owed;                     /* the evidence is yet to be asked for */
    uint16_t hours[24];            /* annunciations by hour of the timeline */
    int64_t hours_at;              /* the hour that hours[] ends with; ALARM_NEVER */
};

struct loud {                      /* one that is going to be annunciated */
    int64_t source_ms;
    uint64_t arrival;
    uint32_t index;
    uint8_t priority;
};

struct group {
    uint32_t standing;             /* alarms in it that people see */
    uint32_t first;                /* of those that come now; RULE_NONE */
};

struct minute {
    uint32_t by_priority[PRIORITY_COUNT];
    uint32_t flood_ms;
};

struct ack {
    int64_t t_ms, delay_ms;
};

struct alarms {
    const struct plant *plant;
    const struct alarm_rule *rules;
    struct alarm_hooks hooks;
    uint32_t count, flood_index, group_count;
    struct item *items;
    struct group *groups;
    uint32_t *heap, heap_count;
    uint32_t *queue, queue_head, queue_count;          /* to be looked at: a ring of `count` */
    uint32_t *work, work_count;    /* looked at in this pass */
    struct loud *loud;
    uint64_t arrivals;
    char refusal[96];

    /* Counting. `second` and `minute` are how far the rings have come. */
    bool started, flood;
    int64_t start_ms, second, minute;
    uint32_t in_window, in_flood, flood_low;           /* of the present flood, or the last */
    uint16_t seconds[FLOOD_SECONDS];
    struct minute minutes[DAY_MINUTES];
    struct ack acks[ACKS_KEPT];
    uint32_t ack_next, ack_count;
};

/* alarms.c */
void alarms_wake(struct alarms *a, uint32_t i);        /* have it looked at in this or the next run */
/* freed_ms: since when it isn't in their way any more; ALARM_NEVER: it is, or never was. */
void alarms_wake_children(struct alarms *a, uint32_t i, int64_t freed_ms);
/* One transition with all that goes with it; the refusal, or NULL. */
const char *alarms_apply(struct alarms *a, uint32_t i, enum alarm_event e, enum alarm_change what,
                         int64_t now_ms);
void alarms_tell(struct alarms *a, uint32_t i, enum alarm_change what, int64_t now_ms);
bool alarms_stands(const struct alarm_bits *b);        /* not normal, hidden or not */
bool alarms_seen(const struct alarm_bits *b);          /* stands, and isn't hidden */
void alarms_enlist(struct alarms *a, uint32_t i, bool in);     /* its group has one more or less, if it is seen */

/* alarms_cover.c: what hides an alarm, and for how long */
bool alarms_want_suppressed(const struct alarms *a, uint32_t i, int64_t now_ms);
bool alarms_held(const struct alarms *a, uint32_t i);  /* its parent hasn't decided yet */
int64_t alarms_grace_end(const struct alarms *a, uint32_t i);          /* ALARM_NEVER: none */
bool alarms_echo(const struct alarm_rule *r);          /* it says no more than that something is lost */
int64_t alarms_on_delay(const struct alarms *a, uint32_t i);
int64_t alarms_grace(const struct alarms *a, uint32_t i);

/* alarms_due.c: who is due next */
void alarms_due(struct alarms *a, uint32_t i, int64_t due_ms);
uint32_t alarms_due_pop(struct alarms *a, int64_t now_ms);             /* RULE_NONE: nobody yet */
int64_t alarms_due_next(const struct alarms *a);

/* alarms_count.c: what the figures are made of */
void alarms_count_time(struct alarms *a, int64_t now_ms);
void alarms_count_told(struct alarms *a, uint32_t i);
void alarms_count_ack(struct alarms *a, int64_t told_ms, int64_t now_ms);
uint32_t alarms_count_day(const struct alarms *a, uint32_t i);         /* of one alarm */
const struct minute *alarms_count_minute(const struct alarms *a, int64_t ago);
uint32_t alarms_flood_begin(const struct alarms *a);

#endif
