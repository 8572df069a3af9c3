/* SPDX-License-Identifier: Apache-2.0 */
/* What the plant thread tells, and when: which message goes through the door next. The shapes of
 * payloads are publish/encode's, the sending is the broker thread's. */
#ifndef APP_TELL_H
#define APP_TELL_H

#include "app/status.h"
#include "poll/poller.h"
#include "publish/broker.h"
#include "publish/encode.h"
#include "values/board.h"

struct teller;

/* What outlives a plan: numbers go on through a reload. */
struct sequence {
    uint64_t next[MESSAGE_JOURNALED];
    uint64_t epoch;
    wall_t started;
};

struct teller *teller_new(const struct plan *plan, struct door *door, struct sequence *sequence);
void teller_free(struct teller *t);

/* History frames of the touched tags (as board_feed gave them), one per device. good: the tags
 * came with an answer, and devices that tell everything do; else only news is told. */
void tell_history(struct teller *t, struct board *b, const uint32_t *touched, uint32_t count,
                  bool good, wall_t time);
/* Where the tags told next most likely belong; a guess that fails costs a search. */
void tell_near(struct teller *t, uint32_t device);
/* As many changed values as the door has room for. false: some are left. */
bool tell_values(struct teller *t, struct board *b, wall_t wall);
/* Device states that are owed or due, and after tell_session the dictionaries. false: some are left. */
bool tell_devices(struct teller *t, struct status *status, wall_t wall);
/* A new broker session knows nothing: everything retained is owed again. */
void tell_session(struct teller *t, struct board *b, struct status *status);
void tell_event(struct teller *t, const struct event *e);
void tell_stats(struct teller *t, struct stats *s);    /* fills in what the door counts */
bool tell_flush(struct teller *t);                     /* was anything put since the last call? */

#endif
