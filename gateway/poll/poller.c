/* SPDX-License-Identifier: Apache-2.0 */
#include "poll/poller.h"

#include <assert.h>
#include <stdlib.h>

#include "base/clock.h"
#include "poll/line.h"

static struct talk *talk_of(struct timer *timer)
{
    return (struct talk *)timer; /* its first member */
}

static uint64_t seed(mono_t start)
{
    return ((uint64_t)clock_wall().ms * 1000003U ^ (uint64_t)start.ns) | 1; /* never 0 */
}

struct poller *poller_new(struct loop *loop, const struct plan *plan, struct poller_hooks hooks,
                          mono_t start)
{
    assert(hooks.block);
    struct poller *p = calloc(1, sizeof(*p));
    if (!p)
        return NULL;
    uint32_t lines = plan->plant->line_count;
    struct house *h = &p->house;
    *h = (struct house){.loop = loop, .plan = plan, .hooks = hooks, .random = seed(start)};
    h->last_queued = &h->first_queued;
    p->talks = calloc(lines + 1U, sizeof(*p->talks));
    if (!p->talks || !timers_init(&h->timers, lines))
        goto failed;
    for (; p->count < lines; p->count++) {
        p->talks[p->count] = talk_new(h, plan, p->count, start);
        if (!p->talks[p->count])
            goto failed;
        talk_begin(p->talks[p->count], start);
    }
    return p;
failed:
    poller_free(p);
    return NULL;
}

void poller_free(struct poller *p)
{
    if (!p)
        return;
    for (uint32_t i = 0; i < p->count; i++)
        talk_free(p->talks[i]);
    resolver_free(p->house.resolver);
    timers_fini(&p->house.timers);
    free(p->talks);
    free(p);
}

/* Those for whom people wait, each with a time after which nobody does. */
static mono_t end_works(struct poller *p, mono_t now)
{
    mono_t due = MONO_NEVER;
    for (uint32_t i = 0; p->house.works && i < p->count; i++)
        due = mono_min(due, talk_works_tick(p->talks[i], now));
    return due;
}

mono_t poller_run(struct poller *p, mono_t now)
{
    /* Hundreds of lines may be due at one tick; the last is asked a millisecond after the first,
     * and its time-out should know that. */
    for (struct timer *first; (first = timers_first(&p->house.timers)) != NULL;) {
        if (mono_before(now, first->when))
            return mono_min(first->when, end_works(p, now));
        talk_tick(talk_of(first), now);
        mono_t later = clock_mono();
        if (mono_before(now, later))
            now = later;
    }
    return end_works(p, now);
}

void poller_ask_again(struct poller *p, uint32_t line, uint8_t unit, mono_t now)
{
    assert(line < p->count);
    struct talk *t = p->talks[line];
    for (uint32_t i = 0; i < t->party_count; i++)
        if (t->parties[i].unit == unit)
            talk_begin_first(t, &t->parties[i]);
    if (t->state == TALK_IDLE)
        talk_enter(t, TALK_IDLE, now);
}

uint32_t poller_waiting(const struct poller *p)
{
    return p->house.waiting;
}

void poller_line_stats(const struct poller *p, uint32_t line, struct line_stats *out)
{
    assert(line < p->count);
    *out = p->talks[line]->stats;
    out->overruns = schedule_overruns(p->talks[line]->schedule);
}

void poller_ended_stats(const struct poller *p, struct line_stats *out)
{
    *out = p->ended;
}

const struct frames *poller_frames(const struct poller *p, const struct request *r)
{
    assert(r->line < p->count);
    struct talk *t = p->talks[r->line];
    const struct request *own = p->house.plan->requests + r->id;
    return talk_errand(t, own)->frames;
}

bool poller_unit_stats(const struct poller *p, uint32_t line, uint8_t unit, struct unit_stats *out)
{
    assert(line < p->count);
    const struct talk *t = p->talks[line];
    for (uint32_t i = 0; i < t->party_count; i++) {
        const struct party *u = &t->parties[i];
        if (u->unit != unit)
            continue;
        *out = (struct unit_stats){.answers = u->heard.ns && !u->silent,
                                   .good = u->good,
                                   .timeouts = u->timeouts,
                                   .garbled = u->garbled,
                                   .exceptions = u->exceptions,
                                   .rtt_ns = u->rtt_ns,
                                   .next_probe = u->silent ? u->next_probe : MONO_NEVER,
                                   .probe_interval_ns = u->interval_ns};
        return true;
    }
    return false;
}
