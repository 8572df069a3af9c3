/* SPDX-License-Identifier: Apache-2.0 */
/* Refusals by their meaning: wait, ask seldom, or find out which address it is that is refused. */
#include <stdio.h>

#include "base/clock.h"
#include "poll/line.h"

static const int64_t busy_pause_ns = 100 * NS_PER_MS;
static const int64_t busy_patience_ns = 500 * NS_PER_MS;
static const int64_t misfit_pause_ns = 60 * NS_PER_S; /* our configuration is wrong */
enum { REFUSALS_TOLD = 3 };

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
    talk_done(t, now);
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
        talk_hand_over(t, t->current, &b);
    }
    end_round(t, now);
    return false;
}

void talk_next_piece(struct talk *t, mono_t now)
{
    struct errand *e = talk_errand(t, t->current);
    e->tries = 0;
    e->busy = 0;
    e->piece++;
    if (!e->pieces || e->piece >= e->pieces->count)
        end_round(t, now);
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
    talk_hand_over(t, t->current, &b);
    tell_refusal(t, code, now);
}

/* "Still working on it" and "busy": ask later, within the period and some patience. */
static bool waited(struct talk *t, mono_t now)
{
    struct errand *e = talk_errand(t, t->current);
    int64_t patience = t->current->period_ns;
    if (patience < busy_patience_ns)
        patience = busy_patience_ns;
    e->since = e->begun ? e->since : now;
    e->begun = true;
    int64_t pause = busy_pause_ns << (e->busy < 4 ? e->busy : 4);
    if (mono_since(now, e->since) + pause >= patience)
        return false;
    e->busy++;
    talk_put_off(t, mono_add(now, pause));
    return true;
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
            talk_next_piece(t, now);
            return;
        }
        errand_forget_round(e);
        talk_put_off(t, mono_add(now, misfit_pause_ns));
        return;
    }
    struct piece *p = &e->pieces->at[e->piece];
    if (!p->hole)
        e->pieces->fresh = true;
    piece_refused(p, now);
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
        if (waited(t, now))
            return;
        break;
    case 1:
        hand_over_refusal(t, code, now);
        errand_forget_round(talk_errand(t, t->current));
        talk_put_off(t, mono_add(now, misfit_pause_ns));
        return;
    default:
        break;
    }
    hand_over_refusal(t, code, now);
    talk_next_piece(t, now);
}

/* A refusal proves nothing: an earlier question may have earned it. */
static void proof_refused(struct talk *t, uint8_t code, mono_t now)
{
    bool own = &t->parties[t->prover] == talk_party(t, t->current);
    t->proving = false;
    if (t->lost_proofs < UINT8_MAX)
        t->lost_proofs++;
    bool busy = code == 5 || code == 6;
    if (code <= 3)
        shapes_refused(t->shape);
    else if (own && !(busy && waited(t, now))) {
        /* It is ill, and would say the same to the poll. */
        tell_refusal(t, code, now);
        struct block b = {
            .fault = FAULT_EXCEPTION, .exception = code, .why = adu_exception_name(code)};
        talk_fault(t, t->current, &b, now);
        talk_done(t, now);
    }
}

void talk_refused(struct talk *t, uint8_t code, mono_t now)
{
    bool away = code == 10 || code == 11;
    struct party *p = t->proving ? &t->parties[t->prover] : talk_party(t, t->current);
    p->exceptions++;
    t->stats.exceptions++;
    talk_over(t, p, now);
    if (away) {
        /* The gateway speaks for a unit that it doesn't reach: the line is fine. */
        talk_confirm(t, now);
        t->misses = 0;
        p->why = adu_exception_name(code);
        party_missed(p);
        bool others = t->proving && p != talk_party(t, t->current);
        t->proving = false;
        if (!others)
            talk_judge_try(t,
                           &(struct block){.fault = FAULT_EXCEPTION,
                                           .exception = code,
                                           .why = adu_exception_name(code),
                                           .asked = t->asked},
                           now);
    } else {
        talk_heard(t, p, now);
        if (t->proving)
            proof_refused(t, code, now);
        else
            poll_refused(t, code, now);
    }
    talk_next(t, now);
}
