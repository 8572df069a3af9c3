/* SPDX-License-Identifier: Apache-2.0 */
#include "poll/line.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

#include "base/clock.h"

uint64_t talk_random(struct house *h)
{
    uint64_t x = h->random; /* xorshift64: chance enough for jitter and transactions */
    x ^= x << 13;
    x ^= x >> 7;
    x ^= x << 17;
    return h->random = x;
}

void talk_enter(struct talk *t, enum talk_state state, mono_t when)
{
    talk_be(t, state);
    timers_set(&t->house->timers, &t->timer, when);
}

void talk_event(struct talk *t, enum poll_event_kind kind, int unit, const char *text, mono_t now)
{
    const struct poller_hooks *hooks = &t->house->hooks;
    if (!hooks->event)
        return;
    assert(text);
    struct poll_event e = {.kind = kind, .line = t->number, .unit = unit, .text = text, .now = now};
    hooks->event(hooks->me, &e);
}

static void on_ready(void *me, uint32_t events)
{
    talk_ready(me, events, clock_mono());
}

static uint16_t party_for(struct talk *t, const struct request *r)
{
    uint32_t i = 0;
    while (i < t->party_count && t->parties[i].unit != r->unit)
        i++;
    if (i == t->party_count)
        party_init(&t->parties[t->party_count++], r);
    party_add(&t->parties[i], r);
    return (uint16_t)i;
}

static uint32_t count_units(const struct request *r, uint32_t count)
{
    bool seen[256] = {false};
    uint32_t units = 0;
    for (uint32_t i = 0; i < count; i++) {
        units += !seen[r[i].unit];
        seen[r[i].unit] = true;
    }
    return units;
}

static bool prepare(struct talk *t, const struct plan *plan, mono_t start)
{
    uint32_t units = count_units(t->requests, t->request_count);
    size_t most = t->request_count * (sizeof(*t->errands) + 64) + units * sizeof(*t->parties) + 512;
    t->arena = arena_new_sized(most);
    if (!t->arena)
        return false;
    t->schedule = schedule_new(t->arena, plan, t->number, start);
    t->errands = arena_get_array(t->arena, t->request_count + 1U, sizeof(*t->errands));
    t->parties = arena_get_array(t->arena, units + 1U, sizeof(*t->parties));
    if (!t->schedule || !t->errands || !t->parties)
        return false;
    for (uint32_t i = 0; i < t->request_count; i++)
        t->errands[i].party = party_for(t, &t->requests[i]);
    return true;
}

struct talk *talk_new(struct house *h, const struct plan *plan, uint32_t line, mono_t start)
{
    struct talk *t = malloc(sizeof(*t));
    if (!t)
        return NULL;
    uint32_t from = plan->first_request[line];
    *t = (struct talk){
        .house = h,
        .line = &plan->plant->lines[line],
        .number = line,
        .requests = plan->requests + from,
        .request_count = plan->first_request[line + 1] - from,
        .state = TALK_DOWN,
    };
    t->watcher = (struct watcher){.fd = -1, .events = EPOLLIN, .fn = on_ready, .me = t};
    t->framing = t->line->transport == TRANSPORT_TCP ? FRAMING_TCP : FRAMING_RTU;
    t->is_socket = t->line->transport != TRANSPORT_RTU;
    if (talk_is_bus(t)) {
        t->char_ns = link_char_ns(t->line);
        t->gap_ns = link_gap_ns(t->line);
        /* A network adds pauses of its own between the bytes of a frame and what follows it. */
        if (t->is_socket && t->gap_ns < SOCKET_GAP_NS)
            t->gap_ns = SOCKET_GAP_NS;
    }
    t->ask.framing = t->framing;
    t->ask.transaction = (uint16_t)talk_random(h);
    t->backoff_ns = talk_first_backoff(t);
    allowance_init(&t->allowance, t->line->silent_share, 2 * t->line->timeout_ns, start);
    if (prepare(t, plan, start))
        return t;
    talk_free(t);
    return NULL;
}

/* A line without requests is never opened. */
void talk_begin(struct talk *t, mono_t start)
{
    talk_enter(t, TALK_DOWN, t->request_count ? start : MONO_NEVER);
}

void talk_free(struct talk *t)
{
    if (!t)
        return;
    talk_close(t, false);
    talk_works_free(t);
    for (uint32_t i = 0; i < t->request_count && t->errands; i++) {
        free(t->errands[i].pieces);
        frames_free(t->errands[i].frames);
    }
    for (uint32_t i = 0; i < t->party_count; i++)
        free(t->parties[i].shapes);
    free(t->addresses);
    arena_free(t->arena);
    free(t);
}

void talk_ready(struct talk *t, uint32_t events, mono_t now)
{
    (void)events;
    assert(t->state >= TALK_CONNECTING); /* a closed line has no descriptor */
    if (t->state == TALK_CONNECTING)
        talk_connected(t, now);
    else
        talk_hear(t, now);
}

void talk_tick(struct talk *t, mono_t now)
{
    switch ((enum talk_state)t->state) {
    case TALK_DOWN:
        talk_open(t, now);
        return;
    case TALK_CONNECTING:
        talk_attempt_over(t, "no answer to the connection attempt", now);
        return;
    case TALK_IDLE:
        talk_next(t, now);
        return;
    case TALK_WAITING:
        if (talk_overslept(t, now))
            return;
        talk_failed(t, FAULT_TIMEOUT, t->got ? "the answer was not whole in time" : "no answer",
                    now);
        return;
    case TALK_SETTLING:
        talk_settled(t, now);
        return;
    case TALK_DRAINING:
        talk_enter(t, TALK_IDLE, now);
        talk_next(t, now);
        return;
    case TALK_QUEUED:
    case TALK_RESOLVING:
        break;
    }
    assert(false); /* their timers are never set */
}
