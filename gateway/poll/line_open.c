/* SPDX-License-Identifier: Apache-2.0 */
/* Opening and closing: link faults are told apart from device faults here. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

#include "base/clock.h"
#include "poll/line.h"

/* ---- whose turn it is to connect ------------------------------------------------------------- */

static void queue(struct talk *t)
{
    struct house *h = t->house;
    t->next_queued = NULL;
    *h->last_queued = t;
    h->last_queued = &t->next_queued;
    talk_enter(t, TALK_QUEUED, MONO_NEVER);
}

static void leave_queue(struct talk *t)
{
    struct house *h = t->house;
    struct talk **at = &h->first_queued;
    while (*at && *at != t)
        at = &(*at)->next_queued;
    if (!*at)
        return;
    *at = t->next_queued;
    if (h->last_queued == &t->next_queued)
        h->last_queued = at;
}

static void let_others_try(struct house *h, mono_t now)
{
    h->connecting--;
    struct talk *t = h->first_queued;
    if (!t)
        return;
    h->first_queued = t->next_queued;
    if (!h->first_queued)
        h->last_queued = &h->first_queued;
    talk_enter(t, TALK_DOWN, now); /* by its timer, not from within somebody else's call */
}

/* ---- going down ------------------------------------------------------------------------------ */

void talk_close(struct talk *t, bool reset)
{
    int fd = t->watcher.fd;
    if (fd < 0)
        return;
    loop_remove(t->house->loop, &t->watcher);
    if (t->serial)
        link_serial_close(t->serial);
    else
        link_tcp_close(fd, reset);
    t->serial = NULL;
}

void talk_leave(struct talk *t, mono_t now)
{
    enum talk_state state = (enum talk_state)t->state;
    if (state == TALK_QUEUED)
        leave_queue(t);
    if (state == TALK_RESOLVING)
        resolver_forget(t->house->resolver, t);
    talk_close(t, false);
    talk_enter(t, TALK_DOWN, MONO_NEVER);
    if (state == TALK_CONNECTING)
        let_others_try(t->house, now);
}

static void go_down(struct talk *t, const char *why, mono_t now)
{
    talk_put_back(t, now);
    int64_t wait = t->backoff_ns;
    t->backoff_ns = wait * 2 < t->line->reconnect_max_ns ? wait * 2 : t->line->reconnect_max_ns;
    wait -= (int64_t)(talk_random(t->house) % 256) * (wait / 4) / 256;
    t->told_up = false;
    t->stats.state = LINE_DOWN;
    talk_enter(t, TALK_DOWN, mono_add(now, wait));
    talk_works_down(t, why, now);
    if (!t->told_down) {
        t->told_down = true;
        t->why_down = why;
        talk_all_down(t, why, now);
        talk_event(t, POLL_LINE_DOWN, -1, why, now);
    }
}

void talk_reopen(struct talk *t, bool hung_up, const char *why, mono_t now)
{
    bool early = mono_since(now, t->opened) < NS_PER_S || mono_before(t->opened, t->asked);
    talk_close(t, true);
    if (!t->is_socket || (hung_up && !t->served && early)) {
        if (t->hang_ups < UINT8_MAX)
            t->hang_ups++;
        go_down(t, why, now);
        return;
    }
    talk_put_back(t, now);
    mono_t due = schedule_due(t->schedule);
    talk_enter(t, TALK_DOWN, due);
    /* Devices that close idle connections have few of them: they get theirs back until needed. */
    if (!hung_up || !mono_before(now, due) || t->works)
        talk_open(t, now);
}

/* ---- coming up ------------------------------------------------------------------------------- */

static void tell_up(struct talk *t, mono_t now)
{
    bool was_down = t->told_down;
    t->told_down = false;
    if (!t->told_up)
        talk_event(t, POLL_LINE_UP, -1, "", now);
    t->told_up = true;
    if (!was_down)
        return;
    /* The line explains why its units were silent; each gets a fresh chance. */
    for (uint32_t i = 0; i < t->party_count; i++) {
        t->parties[i].silent = false;
        t->parties[i].misses = 0;
        t->parties[i].interval_ns = 0;
        talk_reconsider(t, &t->parties[i], now);
        talk_unpark(t, (uint16_t)i, now);
    }
}

void talk_confirm(struct talk *t, mono_t now)
{
    if (t->served < UINT32_MAX)
        t->served++;
    if (t->told_up && !t->hang_ups)
        return;
    t->hang_ups = 0;
    t->backoff_ns = talk_first_backoff(t);
    tell_up(t, now);
}

void talk_opened(struct talk *t, mono_t now)
{
    talk_works_reopened(t);
    t->opened = now;
    t->served = 0;
    t->misses = 0;
    t->told_suspect = false;
    t->lost_proofs = 0;
    t->stats.connects++;
    talk_begin_first(t, NULL);
    t->stats.state = LINE_UP;
    t->not_before = mono_add(now, t->line->connect_delay_ns);
    t->last_byte = now;
    if (talk_is_bus(t)) {
        /* Somebody asked here before us: a former run, or we ourselves before a cable was pulled.
         */
        t->suspect = true;
        for (uint32_t i = 0; i < t->party_count; i++) {
            struct party *p = &t->parties[i];
            mono_t recent = {now.ns + t->line->timeout_ns - LATE_NS};
            p->doubt = true;
            if (t->stats.connects == 1)
                p->strange = STRANGE_PROOFS;
            /* What we know of ourselves weighs more: a new socket to the same old bus. */
            if (mono_before(p->doubted, recent))
                p->doubted = recent;
        }
    }
    /* One that accepted and hung up before is believed when it has answered. */
    if (!t->hang_ups || !t->is_socket)
        tell_up(t, now);
    if (talk_is_bus(t)) {
        talk_drain(t, now);
        return;
    }
    talk_enter(t, TALK_IDLE, now);
    talk_next(t, now);
}

static bool watch(struct talk *t, int fd, uint32_t events)
{
    t->watcher.fd = fd;
    t->watcher.events = events;
    return loop_add(t->house->loop, &t->watcher);
}

static void try_address(struct talk *t, mono_t now)
{
    const char *why = "out of descriptors";
    int fd = -1;
    enum link_opening opening = link_tcp_open(&t->addresses->at[t->address], &fd, &why);
    if (opening == LINK_FAILED) {
        talk_attempt_over(t, why, now);
        return;
    }
    if (!watch(t, fd, opening == LINK_OPEN ? EPOLLIN : EPOLLOUT)) {
        t->watcher.fd = -1;
        link_tcp_close(fd, true);
        talk_attempt_over(t, why, now);
        return;
    }
    talk_enter(t, TALK_CONNECTING, mono_add(now, t->line->connect_timeout_ns));
    if (opening == LINK_OPEN)
        talk_connected(t, now);
}

void talk_attempt_over(struct talk *t, const char *why, mono_t now)
{
    talk_close(t, true);
    if (t->addresses && ++t->address < t->addresses->count) {
        try_address(t, now);
        return;
    }
    t->stats.connect_failures++;
    go_down(t, why, now);
    let_others_try(t->house, now);
}

void talk_connected(struct talk *t, mono_t now)
{
    const char *why = NULL;
    if (!link_tcp_connected(t->watcher.fd, &why) ||
        !loop_change(t->house->loop, &t->watcher, EPOLLIN)) {
        talk_attempt_over(t, why ? why : strerror(errno), now);
        return;
    }
    let_others_try(t->house, now);
    if (!t->hang_ups)
        t->backoff_ns = talk_first_backoff(t);
    talk_opened(t, now);
}

static void on_resolved(void *me, const struct addresses *found, const char *why)
{
    struct talk *t = me;
    mono_t now = clock_mono();
    t->house->connecting++; /* not while a name server sleeps: others want to connect */
    if (found->count)
        *t->addresses = *found;
    else if (!t->addresses->count) {
        talk_attempt_over(t, why, now);
        return;
    }
    t->address = 0; /* an old address is better than none while the server sleeps */
    try_address(t, now);
}

static void open_socket(struct talk *t, mono_t now)
{
    struct house *h = t->house;
    if (!t->addresses)
        t->addresses = calloc(1, sizeof(*t->addresses));
    t->address = 0;
    if (!t->addresses) {
        h->connecting++;
        talk_attempt_over(t, "out of memory", now);
        return;
    }
    struct addresses digits;
    if (resolve_numeric(t->line->host, t->line->port, &digits)) {
        *t->addresses = digits;
        h->connecting++;
        try_address(t, now);
        return;
    }
    talk_enter(t, TALK_RESOLVING, MONO_NEVER);
    if (!h->resolver)
        h->resolver = resolver_new(h->loop);
    if (!h->resolver || !resolver_ask(h->resolver, t->line->host, t->line->port, on_resolved, t)) {
        t->address = ADDRESSES_MAX;
        h->connecting++;
        talk_attempt_over(t, "the name can't be looked up: no memory or no thread", now);
    }
}

static void open_port(struct talk *t, mono_t now)
{
    const char *why = NULL;
    int fd = -1;
    t->serial = link_serial_open(t->line, &fd, &why);
    if (!t->serial) {
        t->stats.connect_failures++;
        go_down(t, why, now);
        return;
    }
    if (!watch(t, fd, EPOLLIN)) {
        t->watcher.fd = -1;
        link_serial_close(t->serial);
        t->serial = NULL;
        go_down(t, "out of descriptors", now);
        return;
    }
    talk_opened(t, now);
}

void talk_open(struct talk *t, mono_t now)
{
    t->stats.state = t->told_down ? LINE_DOWN : LINE_CONNECTING;
    if (!t->is_socket)
        open_port(t, now);
    else if (t->house->connecting >= CONNECTING_MAX)
        queue(t);
    else
        open_socket(t, now);
}
