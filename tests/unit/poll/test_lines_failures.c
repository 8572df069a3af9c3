/* SPDX-License-Identifier: Apache-2.0 */
/* A line to a device that answers, while memory or the system refuses one call after the other: no
 * wrong value, no lost line; it answers again as soon as nothing fails any more. */
#include "rig.c"

#include <errno.h>

#include "base/log.h"
#include "failing.h"
#include "poll/resolve.h"

struct scene {
    struct rig *g;
    struct loop *loop;
    struct poller *poller;
    struct tally t;
};

static bool answers(const struct question *q, void *me)
{
    (void)me;
    uint8_t a[600];
    rig_say(q, a, rig_answer(q, a));
    return true;
}

static bool something(const struct tally *t)
{
    return t->good >= 1 || t->events[POLL_LINE_DOWN] >= 1;
}

static bool good_again(const struct tally *t)
{
    return t->good >= 2;
}

static void begin(struct scene *s, const char *where, uint16_t port)
{
    *s = (struct scene){.g = rig_new()};
    s->t.rig = s->g;
    struct line *l = rig_line(s->g, *where == '/' ? TRANSPORT_RTU : TRANSPORT_TCP, where, port);
    l->reconnect_min_ns = 5 * NS_PER_MS;
    l->reconnect_max_ns = 10 * NS_PER_MS;
    rig_read(s->g, 1, 0, 10, 5 * NS_PER_MS);
}

static void end(struct scene *s)
{
    assert_int_equal(s->t.wrong, 0);
    poller_free(s->poller);
    loop_free(s->loop);
    rig_free(s->g);
}

static bool start(struct scene *s)
{
    struct poller_hooks hooks = {.me = &s->t, .block = tally_block, .event = tally_event};
    s->loop = loop_new();
    s->poller = s->loop ? poller_new(s->loop, &s->g->plan, hooks, clock_mono()) : NULL;
    return s->poller != NULL;
}

static void nothing_that_fails_stops_a_line_for_good(void **state)
{
    (void)state;
    static const struct {
        unsigned kind;
        int error;
        bool lasting;
        const char *host; /* NULL: a bus */
        long least;
    } facts[] = {
        {FAIL_SYSTEM, EMFILE, false, "127.0.0.1", 4},
        {FAIL_SYSTEM, ENOMEM, true, "127.0.0.1", 4},
        {FAIL_SYSTEM, EINTR, false, "127.0.0.1", 4},
        {FAIL_SYSTEM, EAGAIN, false, "127.0.0.1", 4},
        {FAIL_SYSTEM, EMFILE, false, "localhost", 6},
        {FAIL_MEMORY, 0, false, "127.0.0.1", 4},
        {FAIL_MEMORY, 0, false, "localhost", 6},
        {FAIL_MEMORY, 0, true, "localhost", 6},
        {FAIL_SYSTEM, ECONNRESET, false, "127.0.0.1", 4},
        {FAIL_SYSTEM, EBUSY, false, NULL, 4},
        {FAIL_SYSTEM, EINTR, false, NULL, 4},
        {FAIL_SYSTEM, EIO, true, NULL, 4},
        {FAIL_MEMORY, 0, false, NULL, 4},
    };
    char name[64];
    int master = rig_pty(name), bus = rig_serve_ptys(&master, 1, answers, NULL);
    uint16_t port = 0;
    int listener = rig_listen(&port);
    int pid = rig_serve_sockets(&listener, 1, true, answers, NULL);
    close(listener);
    for (size_t i = 0; i < sizeof facts / sizeof *facts; i++) {
        long n = 1;
        for (bool failed = true; failed && n < 100; n++) {
            struct scene s;
            begin(&s, facts[i].host ? facts[i].host : name, port);
            fail_at(facts[i].kind, n, facts[i].lasting, facts[i].error);
            bool made = start(&s);
            if (made)
                rig_run(s.loop, s.poller, &s.t, something, 5 * NS_PER_S);
            failed = fail_none();
            assert_true(made || failed);
            if (made) {
                s.t.good = 0;
                rig_run(s.loop, s.poller, &s.t, good_again, 5 * NS_PER_S);
                if (s.t.good < 2)
                    fail_msg("fact %zu, place %ld: the line never came back", i, n);
            }
            end(&s);
        }
        assert_in_range(n, facts[i].least, 99);
    }
    rig_stop(pid);
    rig_stop(bus);
    close(master);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_that_fails_stops_a_line_for_good),
    };
    log_init((enum log_level)0, 0);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
