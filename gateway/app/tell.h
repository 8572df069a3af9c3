/* SPDX-License-Identifier: Apache-2.0 */
/* What the plant thread tells, and when: which message goes through the door next. The shapes of
 * payloads are publish/encode's, the sending is the broker thread's. */
#ifndef APP_TELL_H
#define APP_TELL_H

#include "app/status.h"
#include "poll/poller.h"
#include "publish/broker.h"
#include "publish/encode.h"
#include "publish/encode_bulletin.h"
#include "values/board.h"
#include "watch/warden.h"

struct teller;

/* The newest bulletin, as it was told: sent again in each new session until a newer one comes. */
struct last_bulletin {
    int64_t t_ms;
    uint32_t length;               /* 0: none */
    char id[INCIDENT_ID_MAX];
    char payload[BULLETIN_ROOM];
};

/* What outlives a plan: numbers go on through a reload. */
struct sequence {
    struct last_bulletin bulletin;
    char left_incident[INCIDENT_ID_MAX];       /* its topic is taken back; "": none */
    uint64_t next[MESSAGE_JOURNALED];
    wall_t started;
};

/* Of what the journal kept, the teller's own part. false: it's for somebody else, or of no use. */
bool sequence_restore(struct sequence *s, const char *key, const void *bytes, size_t size);

struct teller *teller_new(const struct plan *plan, struct door *door, struct sequence *sequence);
void teller_free(struct teller *t);
void teller_board(struct teller *t, const struct board *b);    /* who answers: for device states */
/* What was told stays told; of the dictionaries those are owed that say something else now. */
void teller_carry(struct teller *t, const struct teller *before, const struct change *c);

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

/* What is watched. From now on the warden's words are told; it must outlive the teller, or be taken
 * away (NULL) before it goes. false: out of memory. */
bool tell_watch(struct teller *t, struct warden *w);
/* One transition: its event, with the state that is kept, and the state for those who look. */
void tell_alarm(struct teller *t, uint32_t index, enum alarm_change what, int64_t t_ms);
void tell_leak(struct teller *t, uint32_t index, const char *change, int64_t t_ms);
void tell_incident(struct teller *t, enum incident_change what, const char *subject,
                   const char *text, int64_t t_ms);
void tell_incident_figures(struct teller *t, int64_t t_ms);    /* of the open one, now and then */
void tell_bulletin(struct teller *t, const struct bulletin *b);
void tell_capture(struct teller *t, uint32_t alarm, uint32_t tag,
                  const struct capture_sample *samples, uint32_t count, int64_t t_ms);
void tell_left_incident(struct teller *t, const char *id);     /* takes its topic back, in each session */
void tell_keep(struct teller *t, const char *key, const void *bytes, size_t size);   /* alone; size 0: forgotten */
/* Of alarms, leaks and the incident: states that are owed, all of them after tell_owed_states (which
 * tell_session does). false: some are left. */
void tell_owed_states(struct teller *t);
bool tell_owes_states(const struct teller *t);
bool tell_states(struct teller *t, wall_t wall);
/* How a command ended: refusal NULL: done. Told to the one who asked, and written down. */
void tell_answer(struct teller *t, const struct command *c, const struct order *o,
                 const char *refusal);
/* The same for what has more ends than two. "accepted" isn't written down: what comes of it is. */
struct written;                    /* publish/answer.h */
void tell_end(struct teller *t, const struct command *c, const struct order *o, const char *status,
              const char *error, const struct written *written, wall_t time);
void tell_stats(struct teller *t, struct stats *s);    /* fills in what the door counts */
bool tell_flush(struct teller *t);                     /* was anything put since the last call? */

#endif
