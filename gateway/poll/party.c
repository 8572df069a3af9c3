/* SPDX-License-Identifier: Apache-2.0 */
#include "poll/party.h"

static const int64_t first_interval_ns = NS_PER_S;

void party_init(struct party *p, const struct request *first)
{
    *p = (struct party){.unit = first->unit, .period_ns = first->period_ns};
}

void party_add(struct party *p, const struct request *r)
{
    p->requests++;
    if (r->period_ns < p->period_ns)
        p->period_ns = r->period_ns;
    if (r->delay_ns > p->delay_ns)
        p->delay_ns = r->delay_ns;
}

bool party_heard(struct party *p, mono_t now)
{
    bool was_silent = p->silent;
    p->silent = false;
    p->misses = 0;
    p->interval_ns = 0;
    p->heard = now;
    return was_silent;
}

void party_rtt(struct party *p, int64_t ns)
{
    p->rtt_ns = p->rtt_ns ? p->rtt_ns + (ns - p->rtt_ns) / 8 : ns;
}

void party_missed(struct party *p)
{
    if (p->misses < UINT16_MAX)
        p->misses++;
}

void party_said(struct party *p, uint8_t function, size_t bytes, mono_t now)
{
    p->said[p->next_said].function = function;
    p->said[p->next_said].bytes = (uint8_t)bytes;
    p->said[p->next_said].when = now;
    p->next_said = (uint8_t)((p->next_said + 1) % SAID_MAX);
}

mono_t party_repeats_end(const struct party *p, uint8_t function, size_t bytes, int64_t within)
{
    /* What was forgotten was said before the oldest that is known, and may have looked the same. */
    mono_t last = p->said[p->next_said].when;
    for (unsigned i = 0; i < SAID_MAX; i++)
        if (p->said[i].function == function && p->said[i].bytes == bytes &&
            mono_before(last, p->said[i].when))
            last = p->said[i].when;
    return last.ns ? mono_add(last, within) : last;
}

void party_give_up(struct party *p, int64_t longest, uint64_t random, mono_t now)
{
    int64_t first = p->period_ns < first_interval_ns ? p->period_ns : first_interval_ns;
    p->interval_ns = p->silent ? p->interval_ns * 2 : first;
    if (p->interval_ns > longest)
        p->interval_ns = longest;
    p->silent = true;
    /* A tenth less or more, so that a hundred units that died together don't come back together. */
    int64_t jitter = p->interval_ns / 10;
    p->next_probe = mono_add(now, p->interval_ns - jitter + (int64_t)(random % 256) * jitter / 128);
}

void allowance_init(struct allowance *a, double share, int64_t most, mono_t now)
{
    *a = (struct allowance){.share = share, .ns = most, .most = most, .at = now};
}

static void refill(struct allowance *a, mono_t now)
{
    int64_t passed = mono_since(now, a->at);
    if (passed <= 0)
        return;
    a->at = now;
    double filled = (double)a->ns + a->share * (double)passed;
    a->ns = filled > (double)a->most ? a->most : (int64_t)filled;
}

void allowance_spend(struct allowance *a, int64_t ns, mono_t now)
{
    refill(a, now);
    /* The debt of one probe at most: what failures of answering units ran up must not keep one that
     * is back waiting for minutes. */
    int64_t floor = -a->most / 2;
    a->ns = a->ns - ns > floor ? a->ns - ns : floor;
}

bool allowance_left(struct allowance *a, mono_t now)
{
    refill(a, now);
    return a->ns > 0;
}
