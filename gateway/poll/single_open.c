/* SPDX-License-Identifier: Apache-2.0 */
/* Opening one line, and waiting for it. */
#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "poll/single_parts.h"

static const int64_t quiet_ns = 50 * NS_PER_MS;
static const int64_t step_ns = 100 * NS_PER_MS;
static const int64_t socket_gap_ns = 5 * NS_PER_MS;

/* ---- waiting --------------------------------------------------------------------------------- */

static bool stopped(const struct single *s)
{
    return s->setup.stop && *s->setup.stop;
}

/* 1: ready, 0: the time is over, -1: stopped. In steps: a signal may come just before a wait. */
static int wait_fd(const struct single *s, int fd, short events, mono_t until)
{
    for (;;) {
        int64_t left = mono_since(until, clock_mono());
        if (stopped(s))
            return -1;
        if (left > step_ns)
            left = step_ns;
        if (left < 0)
            left = 0;
        struct pollfd p = {.fd = fd, .events = events};
        struct timespec t = {.tv_sec = left / NS_PER_S, .tv_nsec = left % NS_PER_S};
        int n = ppoll(&p, 1, &t, NULL);
        if (n > 0)
            return 1;
        if (n < 0 && errno != EINTR)
            return 1; /* whoever reads will learn what it is */
        if (!mono_before(clock_mono(), until))
            return stopped(s) ? -1 : 0;
    }
}

enum waited single_wait(const struct single *s, mono_t until)
{
    int n = wait_fd(s, s->fd, POLLIN, until);
    return n > 0 ? WAITED_BYTES : n == 0 ? WAITED_OVER : WAITED_STOP;
}

enum waited single_pause(const struct single *s, mono_t until)
{
    return wait_fd(s, -1, 0, until) < 0 ? WAITED_STOP : WAITED_OVER;
}

void single_rest(const struct single *s, mono_t until)
{
    (void)single_pause(s, until);
}

long single_receive(struct single *s)
{
    assert(s->got < sizeof(s->bytes)); /* two answers; of what isn't one yet there is less */
    long n = link_read(s->fd, s->is_socket, s->bytes + s->got, sizeof(s->bytes) - s->got);
    if (n > 0) {
        s->got = (uint16_t)(s->got + n);
        if (single_is_bus(s) && s->is_socket)
            link_acknowledge(s->fd);
    }
    return n;
}

/* ---- names ----------------------------------------------------------------------------------- */

struct looked_up {
    struct addresses found;
    const char *why;
    bool done;
};

static void on_resolved(void *me, const struct addresses *found, const char *why)
{
    struct looked_up *l = me;
    l->found = *found;
    l->why = why; /* gai_strerror's, which last */
    l->done = true;
}

static const char *look_up(const struct single *s, struct addresses *out)
{
    const struct line *line = s->line;
    if (resolve_numeric(line->host, line->port, out))
        return NULL;
    struct looked_up l = {.why = "the name can't be looked up: no memory or no thread"};
    struct loop *loop = loop_new();
    struct resolver *r = loop ? resolver_new(loop) : NULL;
    if (r && resolver_ask(r, line->host, line->port, on_resolved, &l)) {
        mono_t until = mono_add(clock_mono(), line->connect_timeout_ns);
        l.why = "no name server answers";
        while (!l.done && !stopped(s) && mono_before(clock_mono(), until))
            (void)loop_run(loop, step_ns);
    }
    resolver_free(r);
    loop_free(loop);
    *out = l.found;
    return l.done && l.found.count ? NULL : l.why;
}

/* ---- opening --------------------------------------------------------------------------------- */

static const char *connect_to(struct single *s, const union address *to)
{
    const char *why = NULL;
    int fd = -1;
    enum link_opening opening = link_tcp_open(to, &fd, &why);
    if (opening == LINK_FAILED)
        return why;
    mono_t until = mono_add(clock_mono(), s->line->connect_timeout_ns);
    int n = opening == LINK_OPEN ? 1 : wait_fd(s, fd, POLLOUT, until);
    if (n <= 0)
        why = n < 0 ? "interrupted" : "no connection in time";
    else if (link_tcp_connected(fd, &why)) {
        s->fd = fd;
        return NULL;
    }
    link_tcp_close(fd, true);
    return why;
}

bool single_connect(struct single *s, const char **why)
{
    struct addresses to;
    if (!s->is_socket) {
        s->serial = link_serial_open(s->line, &s->fd, why);
        if (!s->serial)
            s->fd = -1;
    } else {
        *why = look_up(s, &to);
        for (unsigned i = 0; !*why && i < to.count && s->fd < 0; i++) {
            const char *failed = connect_to(s, &to.at[i]);
            if (failed && i + 1U == to.count)
                *why = failed;
        }
    }
    s->got = 0;
    /* Somebody may have asked here before us, whose answers we wouldn't know. */
    int64_t listen_ns = s->timeout_ns > s->silence_ns ? s->timeout_ns - s->silence_ns : 0;
    s->last_byte = mono_add(clock_mono(), listen_ns);
    return s->fd >= 0;
}

void single_hang_up(struct single *s)
{
    if (s->fd < 0)
        return;
    if (s->serial)
        link_serial_close(s->serial);
    else
        link_tcp_close(s->fd, true);
    s->serial = NULL;
    s->fd = -1;
    s->got = 0;
}

struct single *single_open(const struct line *l, const struct single_setup *setup, const char **why)
{
    struct single *s = calloc(1, sizeof(*s));
    *why = "out of memory";
    if (!s)
        return NULL;
    *s = (struct single){.line = l, .setup = *setup, .fd = -1};
    s->framing = l->transport == TRANSPORT_TCP ? FRAMING_TCP : FRAMING_RTU;
    s->is_socket = l->transport != TRANSPORT_RTU;
    s->timeout_ns = setup->timeout_ns ? setup->timeout_ns : l->timeout_ns;
    if (single_is_bus(s)) {
        s->char_ns = link_char_ns(l);
        s->gap_ns = link_gap_ns(l);
        /* Bytes of one answer come in several packets. */
        if (s->is_socket && s->gap_ns < socket_gap_ns)
            s->gap_ns = socket_gap_ns;
        s->silence_ns = setup->silence_ns ? setup->silence_ns : quiet_ns;
        if (s->silence_ns < s->gap_ns + l->delay_ns)
            s->silence_ns = s->gap_ns + l->delay_ns;
    }
    s->transaction = (uint16_t)(clock_mono().ns / NS_PER_MS); /* not where the run before began */
    if (single_connect(s, why))
        return s;
    single_close(s);
    return NULL;
}

void single_close(struct single *s)
{
    if (!s)
        return;
    single_hang_up(s);
    free(s);
}

bool single_is_bus(const struct single *s)
{
    return s->framing == FRAMING_RTU;
}
