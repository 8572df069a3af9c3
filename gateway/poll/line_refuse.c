/* SPDX-License-Identifier: Apache-2.0 */
/* Refusals by their meaning: wait, ask seldom, or find out which address it is that is refused. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "poll/line.h"

static const int64_t busy_pause_ns = 100 * NS_PER_MS;
static const int64_t busy_patience_ns = 500 * NS_PER_MS;
static const int64_t whole_pause_ns = 60 * NS_PER_S, hole_pause_ns = 600 * NS_PER_S;
/* What was served before will be served again: so it is asked for oftener, all of it together about
 * once a second. */
static const int64_t served_pause_ns = 4 * NS_PER_S, served_share_ns = NS_PER_S;
static const int64_t reconsider_ns = 10 * NS_PER_S;
enum { REFUSALS_TOLD = 3, CUTS_SAVED_MAX = 16 };

/* ---- pauses ---------------------------------------------------------------------------------- */

/* How many requests and single values the unit refuses. *all: it serves nothing but refusals. */
static unsigned count_refused(const struct talk *t, const struct party *p, bool *all)
{
    unsigned n = 0;
    *all = true;
    for (uint32_t i = 0; i < t->request_count; i++) {
        const struct errand *e = &t->errands[i];
        if (&t->parties[e->party] != p)
            continue;
        n += e->pause_ns != 0;
        if (!e->pause_ns && &t->requests[i] != t->current)
            *all = false;
        for (uint16_t k = 0; e->pieces && k < e->pieces->count; k++)
            n += e->pieces->at[k].hole;
    }
    return n;
}

static mono_t leave_alone(struct talk *t, int64_t *pause_ns, bool served, bool whole, mono_t now)
{
    int64_t longest = whole ? whole_pause_ns : hole_pause_ns;
    bool all;
    int64_t together = count_refused(t, talk_party(t, t->current), &all) * served_share_ns;
    all = all && whole;
    if (all || served) {
        longest = all || together < served_pause_ns ? served_pause_ns : together;
        if (longest > whole_pause_ns)
            longest = whole_pause_ns;
    }
    *pause_ns = refusal_pause(*pause_ns, longest);
    /* By chance, so that what was refused together isn't tried together. */
    return mono_add(now, *pause_ns - (int64_t)(talk_random(t->house) % 256) * (*pause_ns / 512));
}

void talk_reconsider(struct talk *t, struct party *p, mono_t now)
{
    if (p->reconsidered.ns && mono_since(now, p->reconsidered) < reconsider_ns)
        return;
    p->reconsidered = now;
    for (uint32_t i = 0; i < t->request_count; i++) {
        struct errand *e = &t->errands[i];
        if (&t->parties[e->party] != p)
            continue;
        e->again = now;
        e->cuts_saved = 0;
        for (uint16_t k = 0; e->pieces && k < e->pieces->count; k++)
            e->pieces->at[k].again = now;
    }
}

/* ---- cut requests ---------------------------------------------------------------------------- */

static void tell_cuts(struct talk *t, const struct request *r, struct pieces *ps, mono_t now)
{
    char text[256], said[256] = "";
    for (uint16_t i = 0; i < ps->count; i++) {
        struct piece *p = &ps->at[i];
        bool hole = p->hole && !p->told, apart = !p->hole && pieces_apart(ps, i);
        if (!hole && !apart)
            continue;
        p->told = p->hole;
        p->with_next = false;
        if (hole && pieces_optional(t->house->plan, r, p->offset, p->count))
            continue; /* not every model has it */
        pieces_tell(ps, i, t->house->plan, r, text, sizeof(text));
        if (strcmp(text, said) != 0) /* a length is the same wherever it was found */
            talk_event(t, POLL_HOLE_LEARNED, r->unit, text, now);
        memcpy(said, text, sizeof(said));
    }
}

static void tell_refusal(struct talk *t, uint8_t code, mono_t now)
{
    const struct request *r = t->current;
    struct errand *e = talk_errand(t, r);
    struct party *p = talk_party(t, r);
    if (e->refusals < REFUSALS_TOLD)
        e->refusals++;
    bool lasts = code <= 3 || e->refusals == REFUSALS_TOLD;
    unsigned offset = e->pieces ? e->pieces->at[e->piece].offset : 0;
    unsigned first = r->first + offset;
    unsigned count = e->pieces ? e->pieces->at[e->piece].count : r->count;
    if (e->refused || !lasts || (code <= 3 && pieces_optional(t->house->plan, r, offset, count)))
        return;
    e->refused = true;
    if (p->refusing++)
        return;
    char text[128];
    snprintf(text, sizeof(text), "%s: function %u, 0x%04X..0x%04X", adu_exception_name(code),
             (unsigned)adu_function(r->table), first, first + count - 1U);
    talk_event(t, POLL_UNIT_REFUSES, p->unit, text, now);
}

static void refused_whole(struct talk *t, mono_t now)
{
    struct errand *e = talk_errand(t, t->current);
    errand_forget_round(e);
    e->again = leave_alone(t, &e->pause_ns, e->served, true, now);
    talk_put_off(t, mono_min(e->again, mono_add(now, PROBER_STEP_NS)));
}

/* Not one hole among others: the unit, or this part of it, isn't ready. */
static void nothing_served(struct talk *t, mono_t now)
{
    struct errand *e = talk_errand(t, t->current);
    free(e->pieces);
    e->pieces = NULL;
    e->piece = 0;
    e->cuts_saved = 1;
    const struct block b = {
        .fault = FAULT_EXCEPTION, .exception = 2, .why = adu_exception_name(2), .asked = t->asked};
    talk_fault(t, t->current, &b, now);
    tell_refusal(t, 2, now);
    refused_whole(t, now);
}

static void end_round(struct talk *t, mono_t now)
{
    struct errand *e = talk_errand(t, t->current);
    if (e->pieces && pieces_all_holes(e->pieces)) {
        nothing_served(t, now);
        return;
    }
    if (e->pieces && e->pieces->fresh)
        tell_cuts(t, t->current, e->pieces, now);
    if (e->pieces && (e->pieces->fresh || e->pieces->healed)) {
        pieces_join(e->pieces);
        e->pieces->fresh = e->pieces->healed = false;
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
    struct errand *e = talk_errand(t, t->current);
    if (e->pieces)
        pieces_not_served(e->pieces, e->piece);
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

/* All its parts were refused as well, and would be now: they are tried each time twice as late. */
static bool saves_cut(struct errand *e)
{
    if (!e->cuts_saved)
        return false;
    if (++e->cuts_saved > CUTS_SAVED_MAX)
        e->cuts_saved = CUTS_SAVED_MAX / 2 + 1;
    return e->cuts_saved < 4 || (e->cuts_saved & (e->cuts_saved - 1)) != 0;
}

static void cut(struct talk *t, uint8_t code, mono_t now)
{
    const struct request *r = t->current;
    struct errand *e = talk_errand(t, r);
    bool whole = !e->pieces;
    if (whole && code == 2 && saves_cut(e)) {
        hand_over_refusal(t, code, now);
        refused_whole(t, now);
        return;
    }
    if (!whole && !e->pieces->fresh)
        e->pieces->keep = true;
    if (pieces_cut(&e->pieces, t->house->plan, r, e->piece)) {
        if (whole)
            e->pieces->at[0].served = e->pieces->at[1].served = e->served;
        return; /* the first half is next */
    }
    if (code == 3 || whole) {
        hand_over_refusal(t, code, now);
        if (whole)
            refused_whole(t, now);
        else
            talk_next_piece(t, now);
        return;
    }
    struct piece *p = &e->pieces->at[e->piece];
    if (!p->hole)
        e->pieces->fresh = true;
    pieces_not_served(e->pieces, e->piece);
    p->hole = true;
    p->again = leave_alone(t, &p->pause_ns, p->served, false, now);
    (void)talk_pass_holes(t, now);
}

static void poll_refused(struct talk *t, uint8_t code, mono_t now)
{
    /* Some first refuse and then answer after all. */
    struct party *p = talk_party(t, t->current);
    p->doubt = true;
    p->doubted = now;
    talk_errand(t, t->current)->mute = false;
    talk_end_first(t, talk_errand(t, t->current));
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
        refused_whole(t, now);
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
    bool own = &t->parties[t->prover] == talk_turn(t);
    t->proving = false;
    if (t->lost_proofs < UINT8_MAX)
        t->lost_proofs++;
    bool busy = code == 5 || code == 6;
    if (code <= 3)
        shapes_refused(t->shape);
    else if (talk_works(t))
        talk_work_refused(t, code, now);
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
    struct party *p = talk_asked(t);
    p->exceptions++;
    t->stats.exceptions++;
    t->answered.unit = 0;
    if (p == talk_turn(t)) {
        const struct block what = {
            .fault = FAULT_EXCEPTION, .exception = code, .why = adu_exception_name(code)};
        talk_remember(t, &what, now);
    }
    talk_over(t, p, now);
    if (away) {
        /* The gateway speaks for a unit that it doesn't reach: the line is fine. */
        talk_confirm(t, now);
        t->misses = 0;
        p->why = adu_exception_name(code);
        party_missed(p);
        bool others = t->proving && p != talk_turn(t);
        t->proving = false;
        if (!others && talk_works(t))
            talk_work_refused(t, code, now);
        else if (!others)
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
        else if (talk_works(t))
            talk_work_refused(t, code, now);
        else
            poll_refused(t, code, now);
    }
    talk_next(t, now);
}
