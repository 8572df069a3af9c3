/* SPDX-License-Identifier: Apache-2.0 */
/* One plan follows another. A conversation that goes on stays where it is in memory, with its
 * descriptor, its times and what it has learned; only what it knows of the plan is led to the new
 * one. */
#include <assert.h>
#include <stdlib.h>

#include "poll/line.h"

static const int64_t shortest_step_ns = 5 * NS_PER_MS, longest_step_ns = 2 * NS_PER_S;
enum { LINES_APART = 60 }; /* lines begin within 300 ms, as at the start */

struct succession {
    const struct change *change;
    struct talk **talks; /* by line of the new plan; NULL: one of the old ones goes on */
    uint32_t count;
    mono_t start;
};

void poller_drop(struct succession *s)
{
    if (!s)
        return;
    for (uint32_t i = 0; s->talks && i < s->count; i++)
        talk_free(s->talks[i]);
    free(s->talks);
    free(s);
}

struct succession *poller_prepare(struct poller *p, const struct change *change, mono_t start)
{
    const struct plan *plan = change->after;
    struct succession *s = calloc(1, sizeof(*s));
    if (!s)
        return NULL;
    s->change = change;
    s->start = start;
    s->count = plan->plant->line_count;
    s->talks = calloc(s->count + 1U, sizeof(*s->talks));
    bool well = s->talks && timers_reserve(&p->house.timers, s->count);
    for (uint32_t i = 0; well && i < s->count; i++) {
        if (change->lines[i] != CHANGE_NONE)
            continue;
        s->talks[i] = talk_new(&p->house, plan, i, start);
        well = s->talks[i] != NULL;
    }
    if (well)
        return s;
    poller_drop(s);
    return NULL;
}

/* ---- those that go on ------------------------------------------------------------------------ */

static bool same_place(const struct change *c, const struct feed *a, const struct feed *b)
{
    const struct point *x = &c->before->plant->devices[a->device].map->points[a->point];
    const struct point *y = &c->after->plant->devices[b->device].map->points[b->point];
    return a->offset == b->offset && x->words == y->words && x->group == y->group;
}

/* Where a request may be cut is decided by the values in it. */
static bool same_values(const struct change *c, const struct request *a, const struct request *b)
{
    if (a->feed_count != b->feed_count)
        return false;
    for (uint32_t i = 0; i < a->feed_count; i++)
        if (!same_place(c, &a->feeds[i], &b->feeds[i]))
            return false;
    return true;
}

static const struct request *moved(const struct talk *t, const struct request *r,
                                   const struct request *to)
{
    return r ? to + (r - t->requests) : NULL;
}

static void follow(struct talk *t, const struct change *c, uint32_t number)
{
    const struct plan *plan = c->after;
    const struct request *requests = plan->requests + plan->first_request[number];
    for (uint32_t i = 0; i < t->request_count; i++) {
        struct errand *e = &t->errands[i];
        if (!e->pieces || same_values(c, &t->requests[i], &requests[i]))
            continue;
        free(e->pieces); /* learned again; an answer on its way covers what it was asked for */
        e->pieces = NULL;
        e->piece = 0;
    }
    for (uint32_t i = 0; i < t->party_count; i++)
        t->parties[i].prober = moved(t, t->parties[i].prober, requests);
    t->current = moved(t, t->current, requests);
    schedule_follow(t->schedule, plan, number);
    t->requests = requests;
    t->line = &plan->plant->lines[number];
    t->number = number;
}

/* Those who know of a trouble won't be told of it again; those who are new have to be. */
static void tell_trouble(struct talk *t, const struct change *c, mono_t now)
{
    for (uint32_t i = 0; i < t->request_count; i++) {
        const struct request *r = &t->requests[i];
        const struct party *p = talk_party(t, r);
        struct block b = {.fault = FAULT_LINE_DOWN, .why = t->why_down};
        if (!t->told_down)
            b = (struct block){.fault = FAULT_BACKED_OFF, .why = p->why};
        if ((t->told_down || p->silent) && change_reads_anew(c, r))
            talk_fault(t, r, &b, now);
    }
}

/* As on a new connection for what is asked once. A refusal is tried once more: that people changed
 * something is a reason to. */
static void hasten(struct talk *t, const struct request *r, mono_t when)
{
    struct errand *e = talk_errand(t, r);
    e->again = (mono_t){0};
    if (!r->once) {
        schedule_hasten(t->schedule, r, when);
    } else if (!e->first) {
        e->first = true;
        e->first_again = when;
        t->firsts++;
    }
}

/* What new tags are read with must not wait for its turn, which may be a day off. One after the
 * other, with room for what others ask meanwhile; identities, and what else is asked once, in
 * front: the others are judged by it. */
static void ask_early(struct talk *t, const struct change *c, mono_t now)
{
    int64_t step = 2 * t->stats.rtt_last_ns;
    step = step < shortest_step_ns  ? shortest_step_ns
           : step > longest_step_ns ? longest_step_ns
                                    : step;
    mono_t when = mono_add(now, t->number % LINES_APART * shortest_step_ns);
    for (int once = 1; once >= 0; once--) {
        for (uint32_t i = 0; i < t->request_count; i++) {
            const struct request *r = &t->requests[i];
            if (r->once != once || !change_asks_anew(c, r))
                continue;
            hasten(t, r, when);
            when = mono_add(when, step);
        }
    }
    if (t->state == TALK_IDLE)
        talk_enter(t, TALK_IDLE, now);
}

/* ---- those that end -------------------------------------------------------------------------- */

static void add_stats(struct line_stats *sum, const struct talk *t)
{
    const struct line_stats *l = &t->stats;
    sum->asked += l->asked;
    sum->good += l->good;
    sum->timeouts += l->timeouts;
    sum->garbled += l->garbled;
    sum->exceptions += l->exceptions;
    sum->connects += l->connects;
    sum->connect_failures += l->connect_failures;
    sum->probes += l->probes;
    sum->overruns += schedule_overruns(t->schedule);
    sum->skipped += l->skipped;
    sum->bytes_out += l->bytes_out;
    sum->bytes_in += l->bytes_in;
    sum->silent_ns += l->silent_ns;
    sum->busy_ns += l->busy_ns;
    for (size_t i = 0; i < sizeof(l->late_ms) / sizeof(l->late_ms[0]); i++)
        sum->late_ms[i] += l->late_ms[i];
}

void poller_commit(struct poller *p, struct succession *s, struct poller_hooks hooks, mono_t now)
{
    const struct change *c = s->change;
    assert(!p->house.works); /* they know numbers of the old plan */
    for (uint32_t i = 0; i < s->count; i++) {
        if (s->talks[i])
            continue;
        s->talks[i] = p->talks[c->lines[i]];
        p->talks[c->lines[i]] = NULL;
        follow(s->talks[i], c, i);
    }
    for (uint32_t i = 0; i < p->count; i++) {
        if (!p->talks[i])
            continue;
        talk_leave(p->talks[i], now);
        add_stats(&p->ended, p->talks[i]);
        talk_free(p->talks[i]);
    }
    free(p->talks);
    p->talks = s->talks;
    p->count = s->count;
    p->house.plan = c->after;
    p->house.hooks = hooks;
    for (uint32_t i = 0; i < p->count; i++) {
        if (c->lines[i] == CHANGE_NONE)
            talk_begin(p->talks[i], s->start);
        else {
            tell_trouble(p->talks[i], c, now);
            ask_early(p->talks[i], c, now);
        }
    }
    free(s);
}

void poller_forgive(struct poller *p, int64_t ns)
{
    for (uint32_t i = 0; i < p->count; i++) {
        struct talk *t = p->talks[i];
        if (t->state == TALK_WAITING)
            t->deadline = mono_add(t->deadline, t->works && t->works->flying ? 0 : ns);
        if ((t->state == TALK_WAITING && !(t->works && t->works->flying)) ||
            t->state == TALK_CONNECTING)
            timers_set(&p->house.timers, &t->timer, mono_add(t->timer.when, ns));
    }
}
