/* SPDX-License-Identifier: Apache-2.0 */
/* What is asked before anything else when a unit begins to answer: who it is. Another piece of
 * equipment may answer than before. */
#include "poll/line.h"

static const int64_t again_ns = 2 * NS_PER_S;

void talk_begin_first(struct talk *t, const struct party *p)
{
    for (uint32_t i = 0; i < t->request_count; i++) {
        struct errand *e = &t->errands[i];
        if (!t->requests[i].once || (p && &t->parties[e->party] != p))
            continue;
        t->firsts += !e->first;
        e->first = true;
        e->first_again = (mono_t){0};
    }
}

void talk_end_first(struct talk *t, struct errand *e)
{
    t->firsts -= e->first;
    e->first = false;
}

static bool is_open(const struct talk *t, const struct errand *e)
{
    return e->first && !t->parties[e->party].silent;
}

const struct request *talk_take_first(struct talk *t, mono_t now)
{
    const struct request *best = NULL;
    for (uint32_t i = 0; i < t->request_count; i++) {
        const struct errand *e = &t->errands[i];
        const struct request *r = &t->requests[i];
        if (!is_open(t, e) || mono_before(now, e->first_again) || mono_before(now, e->again) ||
            mono_before(now, t->parties[e->party].not_before))
            continue;
        /* Identities have the shortest period of them. */
        if (!best || r->period_ns < best->period_ns)
            best = r;
    }
    if (!best)
        return NULL;
    talk_errand(t, best)->first_again = mono_add(now, again_ns);
    schedule_claim(t->schedule, best, now);
    return best;
}

mono_t talk_first_due(const struct talk *t)
{
    mono_t due = MONO_NEVER;
    for (uint32_t i = 0; i < t->request_count; i++) {
        const struct errand *e = &t->errands[i];
        if (!is_open(t, e))
            continue;
        mono_t when = mono_before(e->first_again, e->again) ? e->again : e->first_again;
        if (mono_before(when, t->parties[e->party].not_before))
            when = t->parties[e->party].not_before;
        due = mono_min(due, when);
    }
    return due;
}
