/* SPDX-License-Identifier: Apache-2.0 */
/* What a person asks of the gateway by cmd/<gateway>/<verb>, after its JSON was checked. */
#ifndef HEADGATE_ORDER_H
#define HEADGATE_ORDER_H

#include <stdbool.h>
#include <stdint.h>

#include "headgate/place.h"
#include "headgate/value.h"

enum { ORDER_WORD_MAX = 128, ORDER_TEXT_MAX = 512 };

enum order_verb {
    ORDER_ACK, ORDER_RESET, ORDER_SHELVE, ORDER_UNSHELVE, ORDER_OOS, ORDER_IN_SERVICE,   /* alarms */
    ORDER_PROOF,                   /* a leak's sensor was tested */
    ORDER_INCIDENT,                /* see op */
    ORDER_DRILL,                   /* on or off */
    ORDER_WRITE,                   /* a value into a piece of equipment */
    ORDER_VERB_COUNT
};

/* What a plant file can allow: each verb, and what only reads. */
enum permit {
    PERMIT_REPLAY = ORDER_VERB_COUNT,
    PERMIT_BULLETIN,               /* to ask for one; `incident` allows that as well */
    PERMIT_COUNT
};

#define PERMIT_BIT(permit) (UINT32_C(1) << (permit))

/* One tag that a plant file lets people write. */
struct write_permit {
    struct place at;
    uint32_t tag;
    double low, high;              /* within the map's; NaN: as the map says */
    bool danger;                   /* it says that it knows */
};

struct command_rules {
    struct place at;
    uint32_t allow;                /* bits of enum permit */
    int64_t fresh_ms;              /* `sent` is no further from our clock than this */
    const struct write_permit *writes;   /* sorted by tag */
    uint32_t write_count;
};

/* A value as a person gave it. */
struct wish {
    bool given;
    struct value value;            /* TEXT: points nowhere; see wish_value */
    char text[ORDER_WORD_MAX];
};

static inline struct value wish_value(const struct wish *w)
{
    struct value v = w->value;
    if (v.kind == VALUE_TEXT)
        v.text = w->text;
    return v;
}

/* Members that were not given are "", NaN or 0 with has_ false. */
struct order {
    uint8_t verb;                  /* enum order_verb */
    char id[68], client[68];       /* of the command */
    char user[ORDER_WORD_MAX];     /* who; a command without is refused where a name is promised */
    char alarm[3 * 65 + 4];        /* path; for proof: `leak`, a leak's name */
    bool has_seq;
    uint64_t seq;                  /* the alarm's, as the person saw it */
    char reason[ORDER_TEXT_MAX];
    double minutes;                /* shelve; NaN: the longest allowed */
    bool one_shot;                 /* shelve until it is off */
    char cause[32];                /* reset: leak, instrument, operation, unknown */
    char op[32];                   /* incident: open close area equipment milestone confirm revoke flag signoff bulletin */
    char incident[ORDER_WORD_MAX]; /* id; "": the one that is open */
    char subject[ORDER_WORD_MAX];  /* area, equipment, milestone or flag */
    char item[ORDER_WORD_MAX];     /* checklist item */
    char state[32];                /* new state; flag: yes, no, unknown; drill: on, off */
    double value;                  /* signoff; NaN */
    int64_t time_ms;               /* when it happened, if not now; 0 */
    char tag[3 * 65 + 4];          /* write: area/device/tag ... */
    struct wish wish;              /* ... what it shall be ... */
    struct wish was;               /* ... and what the person saw; not given: whatever it is */
    int64_t within_ms;             /* write: nothing is sent later than this after it was heard; 0: as usual */
};

#endif
