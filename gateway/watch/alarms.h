/* SPDX-License-Identifier: Apache-2.0 */
/* All alarms of a plant: delays, who is told first, what is hidden by what, how many are too many,
 * and what people did about them. Knows nothing of how a condition came about. Times: ms on the
 * watch's timeline. No allocation after alarms_new. */
#ifndef WATCH_ALARMS_H
#define WATCH_ALARMS_H

#include "headgate/order.h"
#include "headgate/plant.h"
#include "watch/alarm.h"

enum { ALARM_TEXT_MAX = 240, ALARM_EVIDENCE_MAX = 512 };

/* A moment that hasn't been (0 is one like any other): so long ago that one may subtract it. */
#define ALARM_NEVER (INT64_MIN / 4)

struct alarm_evidence {            /* why, at the moment it was last true */
    double value, limit;           /* NaN: none */
    char unit[24];
    char text[ALARM_TEXT_MAX];     /* for people */
    char more[ALARM_EVIDENCE_MAX]; /* further members, already JSON ("\"rate\":86.0"), or "" */
};

struct alarm_state {               /* flat: kept on disk as it is (see alarms_save) */
    struct alarm_bits bits;
    uint8_t priority;              /* now; may have risen above the rule's */
    bool frozen;                   /* its input is bad: neither on nor off */
    bool first_out, chattering;
    bool raw;                      /* the condition before delays */
    uint64_t seq;                  /* of this alarm: rises with each annunciation */
    bool one_shot;                 /* shelved until it is off, or until shelved_until at the latest */
    int64_t on_ms, off_ms, ack_ms, changed_ms;         /* or ALARM_NEVER */
    int64_t told_ms;               /* its newest annunciation; ALARM_NEVER */
    int64_t source_ms;             /* the sample's time that turned it on; ALARM_NEVER */
    int64_t raw_since_ms;
    int64_t realarm_ms, shelved_until_ms;              /* when due; INT64_MAX: not running */
    int64_t off_delay_ms;          /* lengthened while it chatters */
    int64_t ring[4];               /* newest moments of coming on, newest first, for chatter */
    uint32_t causes[4];            /* verdicts at its resets: leak, instrument, operation, unknown */
    char user[ORDER_WORD_MAX];     /* who acknowledged, shelved, ... last */
    char reason[160];
    char cause[32];                /* given with the last reset */
    struct alarm_evidence evidence;
};

/* What happened, for the event. */
enum alarm_change {
    ALARM_DID_ON, ALARM_DID_OFF, ALARM_DID_ACK, ALARM_DID_RESET, ALARM_DID_REALARM, ALARM_DID_RISE,
    ALARM_DID_SHELVE, ALARM_DID_UNSHELVE, ALARM_DID_SUPPRESS, ALARM_DID_UNSUPPRESS, ALARM_DID_OOS,
    ALARM_DID_IN_SERVICE, ALARM_DID_FREEZE, ALARM_DID_THAW, ALARM_DID_CHATTER, ALARM_DID_CALM,
    ALARM_DID_COUNT
};
const char *alarm_change_words(enum alarm_change c);   /* "on", "off", "ack", ... */

struct alarm_hooks {
    void *me;
    /* One transition. Called in the order in which things are to be told: of what becomes true in one
     * alarms_run, critical first, then by source time, then by sequence. */
    void (*changed)(void *me, uint32_t index, enum alarm_change what, int64_t t_ms);
    /* What alarms_set_owing left open: why the condition was true when it last was. May be NULL where
     * nobody owes. */
    void (*evidence)(void *me, uint32_t index, struct alarm_evidence *out);
};

struct alarms;

struct alarms *alarms_new(const struct plant *plant, const struct alarm_hooks *hooks);   /* NULL: out of memory */
void alarms_free(struct alarms *a);

/* The condition of alarm `index`, as it is now; evidence may be NULL (kept as it was). source_ms: time
 * of the sample that says so. Only notes it: alarms_run acts. */
void alarms_set(struct alarms *a, uint32_t index, bool on, const struct alarm_evidence *e,
                int64_t source_ms, int64_t now_ms);
/* It is on, for a reason that the hook is asked for when somebody wants to know: words for every
 * sample would cost more than the detectors. */
void alarms_set_owing(struct alarms *a, uint32_t index, int64_t source_ms, int64_t now_ms);
/* Settles what is owed; alarms_state's own evidence may be of an earlier moment. */
const struct alarm_evidence *alarms_evidence(const struct alarms *a, uint32_t index);
/* Its input is bad, or good again. A frozen alarm neither comes nor goes. */
void alarms_freeze(struct alarms *a, uint32_t index, bool frozen, int64_t now_ms);
/* The plant's own reason to hide it (suppress_by); parents are looked after inside. */
void alarms_suppress(struct alarms *a, uint32_t index, bool suppressed, int64_t now_ms);
void alarms_worse(struct alarms *a, uint32_t index, uint8_t priority, int64_t now_ms);

/* Acts upon what was set, and upon time. Returns when it wants to be called again; INT64_MAX: when
 * something is set. */
int64_t alarms_run(struct alarms *a, int64_t now_ms);

/* What a person asks. NULL: done (and told through the hook); else why not, valid until the next order. */
const char *alarms_order(struct alarms *a, uint32_t index, const struct order *o, int64_t now_ms);

const struct alarm_state *alarms_state(const struct alarms *a, uint32_t index);
bool alarms_hidden_by_flood(const struct alarms *a, uint32_t index);   /* low, during a flood: counted, not told singly */

enum { ALARM_LIST_MAX = 20 };

struct alarm_list {                /* the first of so many, in the plant file's order */
    uint32_t used, index[ALARM_LIST_MAX];
};

struct alarm_figures {             /* over the last hour and day; EEMUA 191, ISA-18.2 */
    uint32_t standing[PRIORITY_COUNT], unacked[PRIORITY_COUNT];
    uint32_t shelved, suppressed, out_of_service, frozen, chattering, stale;   /* stale: standing for over 24 h */
    uint32_t in_10_min, max_in_10_min, in_hour, in_day;    /* annunciations; max within the last hour */
    double flood_windows_share;    /* 10-minute windows of the day with more than flood_begin */
    bool flood;
    int64_t flood_s_day;
    uint32_t flood_hidden;         /* low ones during this flood, or the last: counted, not told singly */
    double ack_median_s, ack_p90_s;    /* NaN: none */
    double top10_share;            /* of the day's annunciations */
    struct alarm_list chattering_list, shelved_list, oos_list;
    uint32_t top[10], top_count[10], top_used;         /* alarms, most frequent first */
    uint32_t by_priority_day[PRIORITY_COUNT];
    uint32_t causes[4];            /* verdicts at reset, of all time: leak, instrument, operation, unknown */
};
void alarms_figures(const struct alarms *a, int64_t now_ms, struct alarm_figures *out);

/* To keep: flat bytes of one alarm. A state that says nothing beyond "normal, never on" needs none. */
size_t alarms_save_size(void);
void alarms_save(const struct alarms *a, uint32_t index, void *out);
bool alarms_restore(struct alarms *a, uint32_t index, const void *saved, size_t size, int64_t now_ms);

#endif
