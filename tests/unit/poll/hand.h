/* SPDX-License-Identifier: Apache-2.0 */
/* A line driven by hand: the test is the clock, the loop and the equipment. Time is its own, so
 * seconds cost nothing; bytes go over a real socket or port. Include rig.c first. */
#ifndef TESTS_POLL_HAND_H
#define TESTS_POLL_HAND_H

#include <sys/epoll.h>
#include <sys/ioctl.h>

#include "poll/line.h"

struct hand {
    struct rig *g;
    struct loop *loop;
    struct poller *p;
    struct talk *t;
    struct tally tally;
    mono_t now;
    int listener, far; /* the equipment's end; -1: not connected */
    uint16_t port;
    char pty[64];
    bool tcp;
    struct question q; /* the last that was heard */
    uint8_t heard[WRITE_FRAME_MAX];
    unsigned read_back; /* blocks of what was written, which belong to no request of the plan */
    uint16_t read_back_first, read_back_count;
    unsigned ended; /* writings */
    struct write_end last_end;
    char end_why[256];
};

static void hand_block(void *me, const struct block *b)
{
    struct hand *h = me;
    if (b->request < h->g->requests || b->request >= h->g->requests + RIG_REQUESTS) {
        h->read_back++;
        h->read_back_first = b->first;
        h->read_back_count = b->count;
        return;
    }
    tally_block(&h->tally, b);
}

static void hand_event(void *me, const struct poll_event *e)
{
    tally_event(&((struct hand *)me)->tally, e);
}

static void hand_wrote(void *me, const struct write_end *e)
{
    struct hand *h = me;
    h->ended++;
    h->last_end = *e;
    snprintf(h->end_why, sizeof(h->end_why), "%s", e->why ? e->why : "");
}

/* Then rig_read for what is polled, and hand_begin. */
static inline void hand_take(struct hand *h, enum transport kind)
{
    *h = (struct hand){.g = rig_new(), .listener = -1, .far = -1, .tcp = kind == TRANSPORT_TCP};
    if (kind == TRANSPORT_RTU)
        h->far = rig_pty(h->pty);
    else
        h->listener = rig_listen(&h->port);
    rig_line(h->g, kind, kind == TRANSPORT_RTU ? h->pty : "127.0.0.1", h->port);
    h->tally.rig = h->g;
}

/* Until so many bytes lie at our end, or it has ended. */
static inline void hand_await(int fd, int bytes)
{
    for (int there = 0; there < bytes;) {
        struct pollfd p = {.fd = fd, .events = POLLIN};
        assert_int_equal(poll(&p, 1, 5000), 1);
        if (ioctl(fd, FIONREAD, &there) < 0 || !there)
            return;
    }
}

static inline void hand_ready(struct hand *h)
{
    talk_ready(h->t, EPOLLIN, h->now);
}

/* What is due until then happens, each at its time. */
static inline void hand_pass(struct hand *h, int64_t ns)
{
    mono_t to = mono_add(h->now, ns);
    struct timer *first;
    for (int steps = 0; (first = timers_first(&h->p->house.timers)) != NULL; steps++) {
        if (mono_before(to, first->when))
            break;
        assert_true(steps < 100000);
        if (mono_before(h->now, first->when))
            h->now = first->when;
        talk_tick((struct talk *)first, h->now);
    }
    h->now = to;
}

/* One step of what is due, and the time with it. */
static inline void hand_step(struct hand *h)
{
    struct timer *first = timers_first(&h->p->house.timers);
    assert_non_null(first);
    if (mono_before(h->now, first->when))
        h->now = first->when;
    talk_tick((struct talk *)first, h->now);
}

/* The attempt that is under way succeeds. */
static inline void hand_connect(struct hand *h)
{
    while (h->t->state == TALK_DOWN)
        hand_step(h);
    if (h->listener < 0)
        return;
    assert_int_equal(h->t->state, TALK_CONNECTING);
    struct pollfd p = {.fd = h->t->watcher.fd, .events = POLLOUT};
    assert_int_equal(poll(&p, 1, 5000), 1);
    if (h->far >= 0)
        close(h->far);
    h->far = accept4(h->listener, NULL, NULL, SOCK_CLOEXEC);
    assert_true(h->far >= 0);
    talk_ready(h->t, EPOLLOUT, h->now);
}

static inline void hand_begin(struct hand *h)
{
    struct poller_hooks hooks = {
        .me = h, .block = hand_block, .event = hand_event, .wrote = hand_wrote};
    h->now = mono_add(clock_mono(), 3600 * NS_PER_S); /* which the real clock never reaches */
    h->loop = loop_new();
    h->p = poller_new(h->loop, &h->g->plan, hooks, h->now);
    assert_non_null(h->p);
    h->t = h->p->talks[0];
    hand_connect(h);
}

static inline void hand_end(struct hand *h)
{
    assert_int_equal(h->tally.wrong, 0);
    poller_free(h->p);
    loop_free(h->loop);
    if (h->far >= 0)
        close(h->far);
    if (h->listener >= 0)
        close(h->listener);
    rig_free(h->g);
}

/* The next question, as the equipment hears it, within so long. */
static inline void hand_hear_within(struct hand *h, int64_t ns)
{
    mono_t limit = mono_add(h->now, ns);
    while (h->t->state != TALK_WAITING) {
        hand_step(h);
        assert_false(mono_before(limit, h->now));
    }
    size_t length = h->t->sent_length;
    hand_await(h->far, (int)length);
    assert_int_equal(read(h->far, h->heard, length), length);
    h->q = (struct question){.tcp = h->tcp, .length = length, .fd = h->far};
    memcpy(h->q.frame, h->heard, length < 12 ? length : 12);
    const uint8_t *pdu = h->heard + (h->tcp ? 6 : 0);
    h->q.unit = pdu[0];
    h->q.function = pdu[1];
    h->q.address = (uint16_t)(pdu[2] << 8 | pdu[3]);
    h->q.count = (uint16_t)(pdu[4] << 8 | pdu[5]);
}

static inline void hand_hear(struct hand *h)
{
    hand_hear_within(h, 60 * NS_PER_S);
}

/* Bytes that reach our end, at this moment. */
static inline void hand_say(struct hand *h, const uint8_t *bytes, size_t n)
{
    rig_say(&(struct question){.tcp = h->listener >= 0, .fd = h->far}, bytes, n);
    hand_await(h->t->watcher.fd, (int)n);
    hand_ready(h);
}

static inline void hand_hang_up(struct hand *h)
{
    close(h->far);
    h->far = -1;
    hand_await(h->t->watcher.fd, 1);
    hand_ready(h);
}

static inline void hand_settle(struct hand *h)
{
    if (h->t->state == TALK_SETTLING)
        hand_pass(h, mono_since(h->t->timer.when, h->now));
}

static inline void hand_answer(struct hand *h)
{
    uint8_t a[600];
    hand_say(h, a, rig_answer(&h->q, a));
    hand_settle(h);
}

static inline void hand_refuse(struct hand *h, uint8_t code)
{
    uint8_t a[16];
    hand_say(h, a, rig_exception(&h->q, code, a));
    hand_settle(h);
}

/* Nothing comes. */
static inline void hand_miss(struct hand *h)
{
    assert_int_equal(h->t->state, TALK_WAITING);
    hand_pass(h, mono_since(h->t->deadline, h->now));
}

/* Equipment: its answer, and how long it is; 0: it is silent. */
typedef size_t hand_device(struct hand *h, uint8_t *out);

static inline size_t hand_right(struct hand *h, uint8_t *out)
{
    return rig_answer(&h->q, out);
}

/* So much time with equipment that answers at once. */
static inline void hand_live(struct hand *h, hand_device *device, int64_t ns)
{
    mono_t end = mono_add(h->now, ns);
    struct timer *first;
    while ((first = timers_first(&h->p->house.timers)) != NULL) {
        if (h->t->state == TALK_WAITING) {
            uint8_t out[600];
            hand_hear(h);
            size_t n = device(h, out);
            if (n)
                hand_say(h, out, n);
            else
                hand_miss(h);
        } else if (h->t->state == TALK_CONNECTING)
            hand_connect(h);
        else if (mono_before(end, first->when))
            break;
        else
            hand_step(h);
    }
    h->now = mono_before(h->now, end) ? end : h->now;
}

/* Proofs are answered until a poll of this many comes; it is not. */
static inline void hand_hear_poll(struct hand *h)
{
    for (int i = 0; i < 50; i++) {
        hand_hear(h);
        if (!h->t->proving)
            return;
        hand_answer(h);
    }
    fail_msg("nothing but proofs");
}

#endif
