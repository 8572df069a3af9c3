/* SPDX-License-Identifier: Apache-2.0 */
/* One alarm after ISA-18.2 / IEC 62682, with the latch and reset of OPC UA Part 9. Pure: a flat
 * state, an event, the time; out comes the next state and what is to be told. */
#ifndef WATCH_ALARM_H
#define WATCH_ALARM_H

#include <stddef.h>

#include "headgate/rule.h"

enum alarm_mode { ALARM_NORMAL, ALARM_SHELVED, ALARM_SUPPRESSED, ALARM_OUT_OF_SERVICE };

/* The names that are published. */
enum alarm_name { ALARM_NORM, ALARM_UNACK, ALARM_ACKED, ALARM_RTNUN, ALARM_LUNACK, ALARM_LACK, ALARM_SHLVD,
    ALARM_DSUPR, ALARM_OOSRV, ALARM_NAME_COUNT };

enum alarm_event {
    ALARM_EVENT_ON,                /* after the on-delay */
    ALARM_EVENT_OFF,               /* after the off-delay, beyond the deadband */
    ALARM_EVENT_ACK, ALARM_EVENT_RESET,
    ALARM_EVENT_REALARM,           /* its timer */
    ALARM_EVENT_WORSE,             /* its priority or class rose */
    ALARM_EVENT_SHELVE, ALARM_EVENT_UNSHELVE,          /* by a person; the second also by expiry */
    ALARM_EVENT_SUPPRESS, ALARM_EVENT_UNSUPPRESS,      /* by design */
    ALARM_EVENT_OOS, ALARM_EVENT_IN_SERVICE,
    ALARM_EVENT_COUNT
};

struct alarm_bits {                /* what the transition table is about */
    bool active, acked, latched;
    uint8_t mode;                  /* enum alarm_mode; several may hold at once: */
    bool shelved, suppressed, oos; /* mode is the strongest: oos, then shelved, then suppressed */
};

struct alarm_step {
    struct alarm_bits next;
    bool changed;
    bool annunciate;               /* somebody has to be told loudly: UNACK anew */
    bool new_seq;
    const char *refusal;           /* NULL: done */
};

enum alarm_name alarm_name_of(const struct alarm_bits *b);
const char *alarm_name_words(enum alarm_name n);       /* "UNACK" */

/* The whole table; every cell is tested. */
struct alarm_step alarm_step(const struct alarm_rule *r, struct alarm_bits b, enum alarm_event e);

#endif
