/* SPDX-License-Identifier: Apache-2.0 */
/* What an answer or a failure means for the request, its unit and its line. */
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "poll/line.h"

static const int64_t unpark_step_ns = 5 * NS_PER_MS;
/* Equipment that comes back is back within this; what probing costs the others is bounded by the
 * line's share for the silent, not by rarer probes. With a tenth for chance and a poll: five. */
static const int64_t longest_probe_ns = 4 * NS_PER_S;
/* A question that stays without an answer while others have theirs, and never had one. */
static const int64_t longest_mute_ns = 60 * NS_PER_S;
enum { MISSES_REOPEN = 6 };

/* ---- handing over ---------------------------------------------------------------------------- */

void talk_hand_over(struct talk *t, const struct request *r, struct block *b)
{
    b->request = r;
    b->connection = talk_connection(t, talk_party(t, r));
    t->house->hooks.block(t->house->hooks.me, b);
}

/* A fault of what is left of the request: all of it, or the pieces that weren't asked yet. */
void talk_fault(struct talk *t, const struct request *r, const struct block *what, mono_t now)
{
    const struct errand *e = talk_errand(t, r);
    struct block b = *what;
    b.time = clock_wall();
    b.asked = b.asked.ns ? b.asked : now;
    b.answered = now;
    if (!e->pieces) {
        b.first = r->first;
        b.count = r->count;
        talk_hand_over(t, r, &b);
        return;
    }
    for (uint16_t i = e->piece; i < e->pieces->count; i++) {
        b.first = (uint16_t)(r->first + e->pieces->at[i].offset);
        b.count = e->pieces->at[i].count;
        talk_hand_over(t, r, &b);
    }
}

static void fault_of_unit(struct talk *t, uint16_t party, const struct block *what, mono_t now)
{
    for (uint32_t i = 0; i < t->request_count; i++) {
        struct errand *e = &t->errands[i];
        if (e->party != party || &t->requests[i] == t->current)
            continue;
        e->piece = 0;
        e->begun = false;
        talk_fault(t, &t->requests[i], what, now);
    }
}

void talk_all_down(struct talk *t, const char *why, mono_t now)
{
    struct block what = {.fault = FAULT_LINE_DOWN, .why = why};
    for (uint32_t i = 0; i < t->request_count; i++) {
        struct errand *e = &t->errands[i];
        e->piece = 0;
        e->tries = 0;
        e->begun = false;
        talk_fault(t, &t->requests[i], &what, now);
    }
}

void errand_forget_round(struct errand *e)
{
    e->piece = 0;
    e->tries = 0;
    e->busy = 0;
    e->begun = false;
}

void talk_put_off(struct talk *t, mono_t until)
{
    schedule_put_off(t->schedule, t->current, until);
    t->current = NULL;
}

void talk_put_back(struct talk *t, mono_t now)
{
    if (t->current)
        talk_put_off(t, now);
    talk_work_lost(t, "the connection was given up", now);
    t->proving = false;
}

void talk_done(struct talk *t, mono_t now)
{
    errand_forget_round(talk_errand(t, t->current));
    schedule_done(t->schedule, t->current, now);
    t->current = NULL;
}

void talk_unpark(struct talk *t, uint16_t party, mono_t now)
{
    mono_t when = now;
    for (uint32_t i = 0; i < t->request_count; i++) {
        struct errand *e = &t->errands[i];
        if (e->party != party || !e->parked)
            continue;
        const struct request *r = &t->requests[i];
        e->parked = false;
        t->stats.skipped += (uint64_t)(mono_since(now, e->since) / r->period_ns);
        when = mono_add(when, unpark_step_ns);
        schedule_put_off(t->schedule, r, when);
    }
}

void talk_remember(struct talk *t, const struct block *what, mono_t now)
{
    if (!t->current) /* what is written, and read back, belongs to no request */
        return;
    const struct frame e = {
        .time = what->fault == FAULT_NONE ? t->arrived : clock_wall(),
        .asked = t->asked,
        .over = what->fault == FAULT_NONE ? t->last_byte : now,
        .why = what->why,
        .connection = (uint32_t)t->stats.connects,
        .fault = (uint8_t)what->fault,
        .exception = what->exception,
        .framing = t->framing,
        .proof = t->proving,
        .first = t->ask.address,
        .count = t->ask.count,
        .received = t->got,
        .sent_length = t->sent_length,
    };
    frames_keep(&talk_errand(t, t->current)->frames, t->current, &e, t->sent_bytes, t->bytes);
}

/* ---- good answers ---------------------------------------------------------------------------- */

void talk_over(struct talk *t, struct party *p, mono_t now)
{
    t->stats.busy_ns += mono_since(now, t->asked);
    mono_t quiet = now;
    if (talk_is_bus(t)) {
        quiet = mono_add(t->last_byte, t->gap_ns);
        if (mono_before(now, t->stutter_end))
            quiet = mono_add(quiet, talk_stutter_pause_ns);
    }
    t->not_before = mono_add(quiet, t->line->delay_ns);
    p->not_before = mono_add(now, p->delay_ns);
}

void talk_heard(struct talk *t, struct party *p, mono_t now)
{
    talk_confirm(t, now);
    t->misses = 0;
    if (!party_heard(p, now))
        return;
    /* Given up for one question, and back with the answer to another: should the first stay without
     * an answer, that is not the unit's silence any more. */
    if (p->blamed && (t->proving || talk_works(t) || t->current != &t->requests[p->blamed - 1]))
        t->errands[p->blamed - 1].mute = true;
    p->lives++;
    talk_reconsider(t, p, now);
    talk_unpark(t, (uint16_t)(p - t->parties), now);
    talk_begin_first(t, p);
    talk_event(t, POLL_UNIT_ANSWERS, p->unit, "", now);
}

static void proved(struct talk *t, mono_t now)
{
    struct party *p = &t->parties[t->prover];
    t->proving = false;
    t->lost_proofs = 0;
    /* One may be the late answer to a stranger's question that was as long by chance; the answer to
     * the proof itself is then still to come, and is none to the next. */
    if (p->strange && --p->strange)
        return;
    shapes_proved(p->shapes, t->shape);
    p->doubt = false;
    t->suspect = false;
    t->stats.state = LINE_UP;
    if (t->told_suspect)
        talk_event(t, POLL_LINE_PROVED, -1, "", now);
    t->told_suspect = false;
}

static void accepted(struct talk *t, struct errand *e, struct party *p, mono_t now)
{
    e->refusals = 0;
    if (e->pause_ns) {
        e->pause_ns = 0;
        e->cuts_saved = 0;
        talk_reconsider(t, p, now);
    }
    if (!e->refused)
        return;
    e->refused = false;
    if (--p->refusing == 0)
        talk_event(t, POLL_UNIT_ACCEPTS, p->unit, "", now);
}

static void good(struct talk *t, const struct answer *a, mono_t now)
{
    const struct request *r = t->current;
    struct errand *e = talk_errand(t, r);
    struct party *p = talk_party(t, r);
    talk_remember(t, &(struct block){.fault = FAULT_NONE}, now);
    e->mute = false;
    p->good++;
    t->stats.good++;
    accepted(t, e, p, now);
    talk_end_first(t, e);
    struct block b = {.data = a->data,
                      .length = a->length,
                      .first = t->ask.address,
                      .count = t->ask.count,
                      .time = t->arrived,
                      .asked = t->asked,
                      .answered = t->last_byte};
    struct piece *piece = e->pieces ? &e->pieces->at[e->piece] : NULL;
    if (!piece)
        e->served = true;
    else if (piece->hole) {
        piece_served(piece);
        e->pieces->healed = true;
        talk_reconsider(t, p, now);
    } else
        piece->served = true;
    talk_hand_over(t, r, &b);
    talk_next_piece(t, now);
}

void talk_answered(struct talk *t, const struct answer *a, mono_t now)
{
    struct party *p = talk_asked(t);
    int64_t rtt = mono_since(t->last_byte, t->sent);
    if (rtt < 0) /* a pty is faster than the baud rate it was told */
        rtt = 0;
    t->stats.rtt_last_ns = rtt;
    t->answered = t->ask;
    if (talk_works(t) && !t->proving)
        t->answered.unit = 0; /* what it says after that is looked at byte by byte */
    t->repeated = 0;
    party_rtt(p, rtt);
    if (!talk_writing(t))
        party_said(p, t->ask.function, shape_bytes(t->ask.function, t->ask.count), t->last_byte);
    talk_over(t, p, now);
    talk_heard(t, p, now);
    if (t->proving)
        proved(t, now);
    else if (talk_works(t))
        talk_work_answered(t, a, now);
    else
        good(t, a, now);
    talk_next(t, now);
}

bool talk_others_wait(const struct talk *t, const struct party *p)
{
    for (uint32_t i = 0; i < t->party_count; i++)
        if (&t->parties[i] != p && !t->parties[i].silent)
            return true;
    return false;
}

/* ---- failures -------------------------------------------------------------------------------- */

/* Each in turn, beginning with what was asked last: some equipment drops a question that it does
 * not know, and answers the others. Not one whose reading changes something, if there is another.
 */
static const struct request *prober_for(const struct talk *t, const struct party *p)
{
    const struct request *last = p->silent ? p->prober : NULL;
    uint32_t from = (uint32_t)(t->current - t->requests) + (last == t->current);
    for (uint32_t i = 0; i < t->request_count; i++) {
        uint32_t k = (from + i) % t->request_count;
        if (&t->parties[t->errands[k].party] == p && !t->requests[k].alone)
            return &t->requests[k];
    }
    return t->current;
}

/* Takes the place of the current request, which is not asked again before the unit answers. */
static void probe_with(struct talk *t, struct party *p, const struct request *r, mono_t now)
{
    p->prober = r;
    if (r == t->current)
        return;
    struct errand *e = talk_errand(t, t->current), *next = talk_errand(t, r);
    e->parked = true;
    e->since = now;
    if (!next->parked)
        schedule_claim(t->schedule, r, now);
    next->parked = false;
    t->current = r;
}

/* A poll stayed without any answer: not a proof, and nothing that came in its place. */
static bool was_ignored(const struct talk *t, enum fault fault)
{
    return fault == FAULT_TIMEOUT && t->got == 0 && t->current && !t->proving;
}

static void give_up(struct talk *t, struct party *p, const struct block *what, mono_t now)
{
    bool first = !p->silent;
    if (first) {
        bool ignored = was_ignored(t, what->fault);
        p->blamed = ignored ? 1U + (uint32_t)(t->current - t->requests) : 0;
        fault_of_unit(t, (uint16_t)(p - t->parties), what, now);
    }
    errand_forget_round(talk_errand(t, t->current));
    const struct request *next = prober_for(t, p);
    party_give_up(p, longest_probe_ns, talk_random(t->house), now);
    probe_with(t, p, next, now);
    talk_put_off(t, mono_min(p->next_probe, mono_add(now, PROBER_STEP_NS)));
    if (first)
        talk_event(t, POLL_UNIT_SILENT, p->unit, what->why, now);
}

/* The unit is there. What is without an answer costs the others a time-out: ever more seldom. What
 * was answered before will be again, and is back as soon as a unit would be. */
static void leave_mute(struct talk *t, mono_t now)
{
    struct errand *e = talk_errand(t, t->current);
    errand_forget_round(e);
    e->pause_ns = refusal_pause(e->pause_ns, e->served ? longest_probe_ns : longest_mute_ns);
    e->again = mono_add(now, e->pause_ns);
    talk_put_off(t, mono_min(e->again, mono_add(now, PROBER_STEP_NS)));
}

/* One try of the current request came to nothing: once more, or the tags must know. */
void talk_judge_try(struct talk *t, const struct block *what, mono_t now)
{
    const struct request *r = t->current;
    struct errand *e = talk_errand(t, r);
    struct party *p = talk_party(t, r);
    bool silent = what->fault == FAULT_TIMEOUT || what->fault == FAULT_EXCEPTION;
    unsigned patience = silent ? t->line->retries : 3U * (t->line->retries + 1U) - 1;
    if (!e->begun) {
        e->begun = true;
        e->since = now;
    }
    e->tries++;
    bool in_time = mono_since(now, e->since) < r->period_ns;
    bool affordable = !talk_others_wait(t, p) || allowance_left(&t->allowance, now);
    bool mute = e->mute && was_ignored(t, what->fault);
    if (!p->silent && !mute && e->tries <= t->line->retries && !r->alone && in_time && affordable) {
        talk_put_off(t, now); /* behind the others that are due */
        return;
    }
    talk_fault(t, r, what, now);
    if (mute && !p->silent)
        leave_mute(t, now);
    else if (p->silent || p->misses > patience)
        give_up(t, p, what, now);
    else
        talk_done(t, now);
}

static void count_failure(struct talk *t, struct party *p, enum fault fault, const char *why,
                          mono_t now)
{
    int64_t spent = mono_since(now, t->asked);
    if (fault == FAULT_TIMEOUT) {
        p->timeouts++;
        t->stats.timeouts++;
        t->stats.silent_ns += spent;
        if (talk_others_wait(t, p)) /* time that nobody misses is nobody's debt */
            allowance_spend(&t->allowance, spent, now);
    } else if (fault == FAULT_GARBLED) {
        p->garbled++;
        t->stats.garbled++;
    }
    p->why = why;
    p->doubt = true;
    p->doubted = now;
    if (!was_ignored(t, fault) || !talk_errand(t, t->current)->mute)
        party_missed(p);
    if (t->misses < UINT8_MAX)
        t->misses++;
}

void talk_failed(struct talk *t, enum fault fault, const char *why, mono_t now)
{
    struct party *p = talk_asked(t);
    bool others = p != talk_turn(t), wrote = false;
    if (!others)
        talk_remember(t, &(struct block){.fault = fault, .why = why}, now);
    count_failure(t, p, fault, why, now);
    talk_over(t, p, now);
    if (t->proving && t->lost_proofs < UINT8_MAX)
        t->lost_proofs++;
    if (talk_works(t))
        wrote = !others && talk_work_failed(t, why, now);
    else if (!others)
        talk_judge_try(t, &(struct block){.fault = fault, .why = why, .asked = t->asked}, now);
    t->proving = false;

    if (!talk_is_bus(t) || fault == FAULT_CLOSED || (wrote && t->is_socket))
        talk_reopen(t, fault == FAULT_CLOSED, why, now);
    else if (t->is_socket && t->misses >= MISSES_REOPEN)
        talk_reopen(t, false, why, now);
    else
        talk_suspect(t, why, now);
}
