/* SPDX-License-Identifier: Apache-2.0 */
/* What an answer, a refusal or a failure means for the request, its unit and its line. */
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "poll/line.h"

static const int64_t busy_pause_ns = 100 * NS_PER_MS;
static const int64_t busy_patience_ns = 500 * NS_PER_MS;
static const int64_t misfit_pause_ns = 60 * NS_PER_S; /* our configuration is wrong */
static const int64_t hole_pause_ns = 600 * NS_PER_S;
static const int64_t stutter_pause_ns = 25 * NS_PER_MS;
static const int64_t unpark_step_ns = 5 * NS_PER_MS;
static const int64_t longest_probe_ns = 60 * NS_PER_S;
static const int64_t longest_probe_alone_ns = 5 * NS_PER_S; /* when nobody else has to wait */
enum { REFUSALS_TOLD = 3, MISSES_REOPEN = 6 };

/* ---- handing over ---------------------------------------------------------------------------- */

static void hand_over(struct talk *t, const struct request *r, struct block *b)
{
    b->request = r;
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
        hand_over(t, r, &b);
        return;
    }
    for (uint16_t i = e->piece; i < e->pieces->count; i++) {
        b.first = (uint16_t)(r->first + e->pieces->at[i].offset);
        b.count = e->pieces->at[i].count;
        hand_over(t, r, &b);
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

static void forget_round(struct errand *e)
{
    e->piece = 0;
    e->tries = 0;
    e->busy = 0;
    e->begun = false;
}

static void put_off(struct talk *t, mono_t until)
{
    schedule_put_off(t->schedule, t->current, until);
    t->current = NULL;
}

void talk_put_back(struct talk *t, mono_t now)
{
    if (t->current)
        put_off(t, now);
    t->proving = false;
}

static void done(struct talk *t, mono_t now)
{
    forget_round(talk_errand(t, t->current));
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

/* ---- cut requests ---------------------------------------------------------------------------- */

static void tell_cuts(struct talk *t, const struct request *r, struct pieces *ps, mono_t now)
{
    char text[256];
    bool hole = false;
    for (uint16_t i = 0; i < ps->count; i++) {
        if (!ps->at[i].hole)
            continue;
        hole = true;
        if (ps->at[i].told)
            continue;
        ps->at[i].told = true;
        pieces_tell(ps, i, t->house->plan, r, text, sizeof(text));
        talk_event(t, POLL_HOLE_LEARNED, r->unit, text, now);
    }
    if (hole || ps->count < 2)
        return;
    pieces_tell(ps, 0, t->house->plan, r, text, sizeof(text));
    talk_event(t, POLL_HOLE_LEARNED, r->unit, text, now);
}

static void end_round(struct talk *t, mono_t now)
{
    struct errand *e = talk_errand(t, t->current);
    if (e->pieces && e->pieces->fresh) {
        tell_cuts(t, t->current, e->pieces, now);
        pieces_join(e->pieces);
        e->pieces->fresh = false;
    }
    done(t, now);
}

bool talk_pass_holes(struct talk *t, mono_t now)
{
    struct errand *e = talk_errand(t, t->current);
    if (!e->pieces)
        return true;
    for (; e->piece < e->pieces->count; e->piece++) {
        const struct piece *p = &e->pieces->at[e->piece];
        if (!p->hole || !mono_before(now, p->again))
            return true;
        struct block b = {.fault = FAULT_HOLE,
                          .why = "the device refuses this address",
                          .first = (uint16_t)(t->current->first + p->offset),
                          .count = p->count,
                          .time = clock_wall(),
                          .asked = now,
                          .answered = now};
        hand_over(t, t->current, &b);
    }
    end_round(t, now);
    return false;
}

static void next_piece(struct talk *t, mono_t now)
{
    struct errand *e = talk_errand(t, t->current);
    e->tries = 0;
    e->busy = 0;
    e->piece++;
    if (!e->pieces || e->piece >= e->pieces->count)
        end_round(t, now);
}

/* ---- good answers ---------------------------------------------------------------------------- */

static void over(struct talk *t, struct party *p, mono_t now)
{
    t->stats.busy_ns += mono_since(now, t->asked);
    mono_t quiet = now;
    if (talk_is_bus(t)) {
        quiet = mono_add(t->last_byte, t->gap_ns);
        if (mono_before(now, t->stutter_end))
            quiet = mono_add(quiet, stutter_pause_ns);
    }
    t->not_before = mono_add(quiet, t->line->delay_ns);
    p->not_before = mono_add(now, p->delay_ns);
}

static void heard(struct talk *t, struct party *p, mono_t now)
{
    talk_confirm(t, now);
    t->misses = 0;
    if (!party_heard(p, now))
        return;
    talk_unpark(t, (uint16_t)(p - t->parties), now);
    talk_event(t, POLL_UNIT_ANSWERS, p->unit, "", now);
}

static void proved(struct talk *t, mono_t now)
{
    struct party *p = &t->parties[t->prover];
    shapes_proved(p->shapes, t->shape);
    p->doubt = false;
    t->proving = false;
    t->suspect = false;
    t->lost_proofs = 0;
    t->stats.state = LINE_UP;
    if (t->told_suspect)
        talk_event(t, POLL_LINE_PROVED, -1, "", now);
    t->told_suspect = false;
}

static void accepted(struct talk *t, struct errand *e, struct party *p, mono_t now)
{
    e->refusals = 0;
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
    p->good++;
    t->stats.good++;
    accepted(t, e, p, now);
    struct block b = {.data = a->data,
                      .length = a->length,
                      .first = t->ask.address,
                      .count = t->ask.count,
                      .time = t->arrived,
                      .asked = t->asked,
                      .answered = t->last_byte};
    if (e->pieces && e->pieces->at[e->piece].hole) {
        e->pieces->at[e->piece].hole = false;
        e->pieces->at[e->piece].told = false;
        e->pieces->fresh = true;
    }
    hand_over(t, r, &b);
    next_piece(t, now);
}

void talk_answered(struct talk *t, const struct answer *a, mono_t now)
{
    struct party *p = t->proving ? &t->parties[t->prover] : talk_party(t, t->current);
    int64_t rtt = mono_since(t->last_byte, t->sent);
    if (rtt < 0) /* a pty is faster than the baud rate it was told */
        rtt = 0;
    t->stats.rtt_last_ns = rtt;
    party_rtt(p, rtt);
    over(t, p, now);
    heard(t, p, now);
    if (t->proving)
        proved(t, now);
    else
        good(t, a, now);
    talk_next(t, now);
}

/* ---- refusals -------------------------------------------------------------------------------- */

static void tell_refusal(struct talk *t, uint8_t code, mono_t now)
{
    const struct request *r = t->current;
    struct errand *e = talk_errand(t, r);
    struct party *p = talk_party(t, r);
    if (e->refusals < REFUSALS_TOLD)
        e->refusals++;
    bool lasts = code <= 3 || e->refusals == REFUSALS_TOLD;
    if (e->refused || !lasts)
        return;
    e->refused = true;
    if (p->refusing++)
        return;
    char text[128];
    snprintf(text, sizeof(text), "%s: function %u, 0x%04X..0x%04X", adu_exception_name(code),
             (unsigned)t->ask.function, (unsigned)t->ask.address,
             (unsigned)t->ask.address + t->ask.count - 1U);
    talk_event(t, POLL_UNIT_REFUSES, p->unit, text, now);
}

static void hand_over_refusal(struct talk *t, uint8_t code, mono_t now)
{
    struct block b = {.fault = FAULT_EXCEPTION,
                      .exception = code,
                      .why = adu_exception_name(code),
                      .first = t->ask.address,
                      .count = t->ask.count,
                      .time = t->arrived,
                      .asked = t->asked,
                      .answered = now};
    hand_over(t, t->current, &b);
    tell_refusal(t, code, now);
}

/* "Still working on it" and "busy": ask later, within the period and some patience. */
static void wait_for(struct talk *t, uint8_t code, mono_t now)
{
    struct errand *e = talk_errand(t, t->current);
    int64_t patience = t->current->period_ns;
    if (patience < busy_patience_ns)
        patience = busy_patience_ns;
    int64_t pause = busy_pause_ns << (e->busy < 4 ? e->busy : 4);
    if (mono_since(now, e->since) + pause < patience) {
        e->busy++;
        put_off(t, mono_add(now, pause));
        return;
    }
    hand_over_refusal(t, code, now);
    next_piece(t, now);
}

static void cut(struct talk *t, uint8_t code, mono_t now)
{
    const struct request *r = t->current;
    struct errand *e = talk_errand(t, r);
    if (e->pieces && !e->pieces->fresh)
        e->pieces->keep = true;
    if (pieces_cut(&e->pieces, t->house->plan, r, e->piece))
        return; /* the first half is next */
    if (code == 3 || !e->pieces) {
        hand_over_refusal(t, code, now);
        if (e->pieces) {
            next_piece(t, now);
            return;
        }
        forget_round(e);
        put_off(t, mono_add(now, misfit_pause_ns));
        return;
    }
    struct piece *p = &e->pieces->at[e->piece];
    if (!p->hole)
        e->pieces->fresh = true;
    p->hole = true;
    p->again = mono_add(now, hole_pause_ns);
    (void)talk_pass_holes(t, now);
}

static void poll_refused(struct talk *t, uint8_t code, mono_t now)
{
    /* Some first refuse and then answer after all. */
    struct party *p = talk_party(t, t->current);
    p->doubt = true;
    p->doubted = now;
    switch (code) {
    case 2:
    case 3:
        cut(t, code, now);
        return;
    case 5:
    case 6:
        wait_for(t, code, now);
        return;
    case 1:
        hand_over_refusal(t, code, now);
        forget_round(talk_errand(t, t->current));
        put_off(t, mono_add(now, misfit_pause_ns));
        return;
    default:
        hand_over_refusal(t, code, now);
        next_piece(t, now);
        return;
    }
}

/* A refusal proves nothing: an earlier question may have earned it. */
static void proof_refused(struct talk *t, uint8_t code, mono_t now)
{
    t->proving = false;
    if (t->lost_proofs < UINT8_MAX)
        t->lost_proofs++;
    if (code == 5 || code == 6) {
        struct errand *e = talk_errand(t, t->current);
        e->since = e->begun ? e->since : now;
        e->begun = true;
        wait_for(t, code, now);
    } else
        shapes_refused(t->shape);
}

static void judge_try(struct talk *t, const struct block *what, mono_t now);

void talk_refused(struct talk *t, uint8_t code, mono_t now)
{
    bool away = code == 10 || code == 11;
    struct party *p = t->proving ? &t->parties[t->prover] : talk_party(t, t->current);
    p->exceptions++;
    t->stats.exceptions++;
    over(t, p, now);
    if (away) {
        /* The gateway speaks for a unit that it doesn't reach: the line is fine. */
        talk_confirm(t, now);
        t->misses = 0;
        p->why = adu_exception_name(code);
        party_missed(p);
        bool others = t->proving && p != talk_party(t, t->current);
        t->proving = false;
        if (!others)
            judge_try(t,
                      &(struct block){.fault = FAULT_EXCEPTION,
                                      .exception = code,
                                      .why = adu_exception_name(code),
                                      .asked = t->asked},
                      now);
    } else {
        heard(t, p, now);
        if (t->proving)
            proof_refused(t, code, now);
        else
            poll_refused(t, code, now);
    }
    talk_next(t, now);
}

/* ---- failures -------------------------------------------------------------------------------- */

static void give_up(struct talk *t, struct party *p, const struct block *what, mono_t now)
{
    bool first = !p->silent;
    int64_t longest = t->party_count == 1 ? longest_probe_alone_ns : longest_probe_ns;
    uint16_t number = (uint16_t)(p - t->parties);
    if (first)
        fault_of_unit(t, number, what, now);
    party_give_up(p, longest, talk_random(t->house), now);
    p->prober = t->current;
    forget_round(talk_errand(t, t->current));
    put_off(t, mono_min(p->next_probe, mono_add(now, PROBER_STEP_NS)));
    if (first)
        talk_event(t, POLL_UNIT_SILENT, p->unit, what->why, now);
}

/* One try of the current request came to nothing: once more, or the tags must know. */
static void judge_try(struct talk *t, const struct block *what, mono_t now)
{
    const struct request *r = t->current;
    struct errand *e = talk_errand(t, r);
    struct party *p = talk_party(t, r);
    bool mute = what->fault == FAULT_TIMEOUT || what->fault == FAULT_EXCEPTION;
    unsigned patience = mute ? t->line->retries : 3U * (t->line->retries + 1U) - 1;
    if (!e->begun) {
        e->begun = true;
        e->since = now;
    }
    e->tries++;
    bool in_time = mono_since(now, e->since) < r->period_ns;
    bool affordable = t->party_count == 1 || allowance_left(&t->allowance, now);
    if (!p->silent && e->tries <= t->line->retries && in_time && affordable) {
        put_off(t, now); /* behind the others that are due */
        return;
    }
    talk_fault(t, r, what, now);
    if (p->silent || p->misses > patience)
        give_up(t, p, what, now);
    else
        done(t, now);
}

static void count_failure(struct talk *t, struct party *p, enum fault fault, const char *why,
                          mono_t now)
{
    int64_t spent = mono_since(now, t->asked);
    if (fault == FAULT_TIMEOUT) {
        p->timeouts++;
        t->stats.timeouts++;
        t->stats.silent_ns += spent;
        allowance_spend(&t->allowance, spent, now);
    } else if (fault == FAULT_GARBLED) {
        p->garbled++;
        t->stats.garbled++;
    }
    p->why = why;
    p->doubt = true;
    p->doubted = now;
    party_missed(p);
    if (t->misses < UINT8_MAX)
        t->misses++;
}

void talk_failed(struct talk *t, enum fault fault, const char *why, mono_t now)
{
    struct party *p = t->proving ? &t->parties[t->prover] : talk_party(t, t->current);
    bool others = p != talk_party(t, t->current);
    count_failure(t, p, fault, why, now);
    over(t, p, now);
    if (t->proving && t->lost_proofs < UINT8_MAX)
        t->lost_proofs++;
    t->proving = false;
    if (!others)
        judge_try(t, &(struct block){.fault = fault, .why = why, .asked = t->asked}, now);

    if (!talk_is_bus(t) || fault == FAULT_CLOSED)
        talk_reopen(t, fault == FAULT_CLOSED, why, now);
    else if (t->is_socket && t->misses >= MISSES_REOPEN)
        talk_reopen(t, false, why, now);
    else
        talk_suspect(t, why, now);
}
