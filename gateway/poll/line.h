/* SPDX-License-Identifier: Apache-2.0 */
/* The conversation on one line: {state, next, deadline}. It waits to ask or waits for an answer,
 * never both; it owns its descriptor and its schedule, and shares everything else. Told the time.
 *
 * line.c keeps the state, line_open.c the connection, line_ask.c chooses and sends, line_hear.c
 * receives, line_judge.c and line_refuse.c draw the consequences. Nobody outside looks into struct
 * talk but the poller's statistics and the tests. */
#ifndef POLL_LINE_H
#define POLL_LINE_H

#include "base/arena.h"
#include "plan/alike.h"
#include "plan/schedule.h"
#include "poll/adu_write.h"
#include "poll/frames.h"
#include "poll/link.h"
#include "poll/party.h"
#include "poll/pieces.h"
#include "poll/poller.h"
#include "poll/shape.h"
#include "poll/timers.h"

enum talk_state {
    TALK_DOWN, /* until the next attempt */
    TALK_QUEUED, /* until fewer others try to connect */
    TALK_RESOLVING,
    TALK_CONNECTING, /* from here on it has a descriptor */
    TALK_IDLE, /* until something is due */
    TALK_WAITING, /* for an answer */
    TALK_SETTLING, /* the answer is whole; no byte may follow it */
    TALK_DRAINING, /* until the bus has been silent */
};

enum { CONNECTING_MAX = 200, ANSWER_ROOM = ADU_MAX + 12 };

/* After this long an answer isn't expected any more, however late a device may be. */
#define LATE_NS (10 * NS_PER_S)

#define SOCKET_GAP_NS (5 * NS_PER_MS)

/* How often at least it is looked whether the time has come to ask what is asked seldom. */
#define PROBER_STEP_NS NS_PER_S

struct talk;

/* What the conversations of one poller share. */
struct house {
    struct loop *loop;
    const struct plan *plan;
    struct poller_hooks hooks;
    struct resolver *resolver;
    struct timers timers;
    struct talk *first_queued, **last_queued;
    uint32_t connecting;
    uint32_t waiting; /* conversations in which an answer is awaited */
    uint32_t works; /* what people wait to have written, on all lines */
    uint64_t random;
};

/* What a conversation remembers of one of its requests. */
struct errand {
    uint16_t party;
    uint16_t piece; /* of pieces, to be asked next */
    uint8_t tries, busy;
    bool parked; /* taken from the schedule until its unit answers */
    bool first; /* asked before all others, until it is answered */
    mono_t first_again; /* when, once it was asked in vain */
    bool begun, refused;
    bool mute; /* the unit answers others, but not this one */
    uint8_t refusals; /* in a row */
    uint8_t cuts_saved; /* refused whole and every part of it as well: so often since */
    bool served; /* once, whole */
    int64_t pause_ns; /* refused whole: between the tries; grows */
    mono_t again; /* refused whole: not asked before */
    mono_t since; /* begun: first asked; parked: when */
    struct pieces *pieces; /* NULL: asked whole */
    struct frames *frames; /* what went over the wire lately; NULL: nothing */
};

/* Something that a person wants written. The first of a line is being carried out, or is next. */
struct work {
    struct work *next;
    struct write_job job;
    const struct point *point;
    uint16_t party;
    enum { WORK_READ, WORK_WRITE, WORK_BACK } step;
    bool flying; /* its question is out */
    bool confirmed;
    uint8_t tries; /* of this step */
    enum write_how how; /* of what was sent, when it isn't confirmed */
    char why[192];
    const char *waits; /* why its turn could not be had so far; NULL: others came first */
    bool has_before, has_after;
    uint16_t before[WRITE_WORDS_MAX], after[WRITE_WORDS_MAX];
    mono_t not_before, end; /* end: of reading back */
    struct write_ask ask;
};

struct talk {
    struct timer timer; /* first, so that one leads to the other */
    struct watcher watcher;
    struct house *house;
    struct arena *arena; /* of schedule, errands and parties */
    const struct line *line;
    struct schedule *schedule;
    const struct request *current; /* taken from the schedule */
    uint8_t state; /* enum talk_state */
    uint8_t framing;
    bool is_socket;
    bool suspect; /* RTU: nothing is believed until a shape comes back */
    bool told_suspect, told_down, told_up;
    bool proving; /* what is in flight is a shape, not a poll */
    uint8_t hang_ups; /* connections that ended before any answer, in a row */
    uint8_t lost_proofs; /* in a row */
    uint8_t misses; /* exchanges without a good answer, in a row, any unit */
    uint16_t prover; /* party that is asked for the shape */
    uint32_t number;
    uint32_t firsts; /* errands that come first */
    uint32_t served; /* answers since the line was opened */
    uint32_t party_count;
    struct party *parties;
    struct errand *errands; /* same numbers as the line's requests */
    const struct request *requests;
    uint32_t request_count;
    struct work *works;
    struct shape *shape;
    struct serial *serial;
    struct addresses *addresses;
    uint8_t address; /* the one being tried */
    struct talk *next_queued;

    int64_t char_ns, gap_ns; /* 0 on TCP */
    mono_t not_before; /* the line's silence ends */
    mono_t opened;
    mono_t asked, sent; /* sent: the last bit has left */
    mono_t deadline; /* of the answer, absolute */
    mono_t last_byte, drain_end;
    mono_t stutter_end; /* somebody spoke twice: until then silences are longer */
    mono_t disturbed_end; /* until then it isn't told again */
    struct ask answered; /* the last question that was */
    uint16_t repeated; /* bytes of its answer that came once more */
    wall_t arrived;
    struct allowance allowance;
    int64_t backoff_ns;
    const char *why_down; /* told_down: what was said */

    struct ask ask;
    uint16_t got, echo_left;
    uint8_t sent_bytes[WRITE_FRAME_MAX];
    uint8_t sent_length;
    uint8_t bytes[ANSWER_ROOM];
    struct line_stats stats;
};

/* For a line of `plan`, which need not be the house's yet. NULL: out of memory. Nothing happens
 * before talk_begin. */
struct talk *talk_new(struct house *h, const struct plan *plan, uint32_t line, mono_t start);
void talk_begin(struct talk *t, mono_t start);
void talk_free(struct talk *t);
void talk_ready(struct talk *t, uint32_t events, mono_t now); /* the descriptor has news */
void talk_tick(struct talk *t, mono_t now); /* its timer has come */

/* succession.c: lives that go on, and lives that end, while others know this conversation. */
void talk_leave(struct talk *t, mono_t now); /* before talk_free */

struct poller {
    struct house house;
    struct talk **talks;
    uint32_t count;
    struct line_stats ended; /* of conversations that are over */
};

/* ---- between the files of the conversation ---- */
void talk_enter(struct talk *t, enum talk_state state, mono_t when);
void talk_event(struct talk *t, enum poll_event_kind kind, int unit, const char *text, mono_t now);
uint64_t talk_random(struct house *h);
static inline void talk_be(struct talk *t, enum talk_state state)
{
    t->house->waiting += state == TALK_WAITING;
    t->house->waiting -= t->state == TALK_WAITING;
    t->state = (uint8_t)state;
}
static inline bool talk_is_bus(const struct talk *t)
{
    return t->framing == FRAMING_RTU;
}
static inline struct errand *talk_errand(struct talk *t, const struct request *r)
{
    return &t->errands[r - t->requests];
}
static inline struct party *talk_party(struct talk *t, const struct request *r)
{
    return &t->parties[talk_errand(t, r)->party];
}

/* It is about something to be written, not about a poll. */
static inline bool talk_works(const struct talk *t)
{
    return t->works && !t->current;
}
/* Whose turn it is; and who was asked, which may be another one, to prove the bus with. */
static inline struct party *talk_turn(struct talk *t)
{
    return talk_works(t) ? &t->parties[t->works->party] : talk_party(t, t->current);
}
static inline struct party *talk_asked(struct talk *t)
{
    return t->proving ? &t->parties[t->prover] : talk_turn(t);
}

/* Another piece of equipment may answer on another one. */
static inline uint32_t talk_connection(const struct talk *t, const struct party *p)
{
    return (uint32_t)t->stats.connects + p->lives;
}

static inline int64_t talk_first_backoff(const struct talk *t)
{
    int64_t least = 10 * NS_PER_MS; /* whatever the configuration says, never in a circle */
    return t->line->reconnect_min_ns > least ? t->line->reconnect_min_ns : least;
}

/* line_open.c */
void talk_open(struct talk *t, mono_t now); /* also waits for its turn */
void talk_close(struct talk *t, bool reset);
/* Closes and opens again: at once, but later when the other end hung up without ever answering. */
void talk_reopen(struct talk *t, bool hung_up, const char *why, mono_t now);
void talk_opened(struct talk *t, mono_t now);
void talk_connected(struct talk *t, mono_t now); /* the attempt has been decided */
void talk_attempt_over(struct talk *t, const char *why, mono_t now);
void talk_confirm(struct talk *t, mono_t now); /* the line has brought an answer */

/* line_ask.c */
void talk_next(struct talk *t, mono_t now); /* asks what is due, or waits for it */
void talk_ask(struct talk *t, uint8_t unit, uint8_t function, unsigned address, uint16_t count,
              mono_t now);
void talk_send(struct talk *t, size_t length, mono_t now); /* the frame in t->bytes */
void talk_number(struct talk *t); /* the next transaction */
bool talk_prove(struct talk *t, struct party *p, mono_t now); /* false: nothing to prove it with */

/* write.c */
mono_t talk_work_due(const struct talk *t); /* of the first; MONO_NEVER: none */
bool talk_work_urgent(const struct talk *t, mono_t now); /* polls wait for it */
bool talk_work(struct talk *t, mono_t now); /* false: it came to nothing, look again */
bool talk_writing(const struct talk *t); /* a write is out */
enum verdict talk_check(struct talk *t, struct answer *a);
size_t talk_answer_length(const struct talk *t);
void talk_work_answered(struct talk *t, const struct answer *a, mono_t now);
void talk_work_refused(struct talk *t, uint8_t code, mono_t now);
bool talk_work_failed(struct talk *t, const char *why, mono_t now); /* true: a write was out */
void talk_work_lost(struct talk *t, const char *why, mono_t now); /* what was out, if anything */
void talk_works_reopened(struct talk *t);
void talk_works_down(struct talk *t, const char *why, mono_t now);
mono_t talk_works_tick(struct talk *t, mono_t now); /* ends what is over; when the next will be */
void talk_works_free(struct talk *t);

/* line_first.c */
void talk_begin_first(struct talk *t, const struct party *p); /* p NULL: of all units */
void talk_end_first(struct talk *t, struct errand *e);
const struct request *talk_take_first(struct talk *t, mono_t now); /* NULL: none may be asked */
mono_t talk_first_due(const struct talk *t);

/* line_hear.c */
void talk_hear(struct talk *t, mono_t now);
/* Does a unit other than p answer, whom the time spent on p is taken from? */
bool talk_others_wait(const struct talk *t, const struct party *p);
bool talk_silent(struct talk *t, mono_t now); /* before asking; false: it wasn't, dealt with */
bool talk_overslept(struct talk *t, mono_t now); /* true: nobody's fault, dealt with */
void talk_settled(struct talk *t, mono_t now);
void talk_drain(struct talk *t, mono_t now); /* the bus is suspect from here on */
void talk_suspect(struct talk *t, const char *why, mono_t now);
extern const int64_t talk_stutter_pause_ns;

/* line_judge.c */
void talk_answered(struct talk *t, const struct answer *a, mono_t now);
void talk_failed(struct talk *t, enum fault fault, const char *why, mono_t now);
void talk_put_back(struct talk *t, mono_t now); /* nothing is taken while nothing can be asked */
void talk_all_down(struct talk *t, const char *why, mono_t now);
void talk_fault(struct talk *t, const struct request *r, const struct block *b, mono_t now);
void talk_unpark(struct talk *t, uint16_t party, mono_t now);
void talk_judge_try(struct talk *t, const struct block *what, mono_t now);
void talk_over(struct talk *t, struct party *p, mono_t now); /* what was in flight has ended */
void talk_heard(struct talk *t, struct party *p, mono_t now);
void talk_hand_over(struct talk *t, const struct request *r, struct block *b);
void talk_put_off(struct talk *t, mono_t until);
/* What was in flight, for people who ask why. A proof that was answered tells nothing. */
void talk_remember(struct talk *t, const struct block *what, mono_t now);
void talk_done(struct talk *t, mono_t now);
void errand_forget_round(struct errand *e);

/* line_refuse.c */
void talk_refused(struct talk *t, uint8_t code, mono_t now);
/* Something of this unit has changed: what it refuses is tried once more. */
void talk_reconsider(struct talk *t, struct party *p, mono_t now);
bool talk_pass_holes(struct talk *t, mono_t now); /* false: nothing is left of current */
void talk_next_piece(struct talk *t, mono_t now);

#endif
