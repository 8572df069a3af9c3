/* SPDX-License-Identifier: Apache-2.0 */
/* A line to a device that answers, while memory or the system refuses one call after the other: no
 * wrong value, no lost line; it answers again as soon as nothing fails any more. */
#include "rig.c"

#include <errno.h>

#include "base/log.h"
#include "failing.h"
#include "poll/pieces.h"
#include "poll/resolve.h"
#include "poll/single.h"
#include "poll/write.h"

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
    uint16_t port;
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
                rig_run(s.loop, s.poller, &s.t, good_again, RIG_STUCK_NS);
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

static void a_succession_without_memory_changes_nothing(void **state)
{
    (void)state;
    enum { LINES = 6 };
    uint16_t port;
    int listener = rig_listen(&port);
    int pid = rig_serve_sockets(&listener, 1, true, answers, NULL);
    close(listener);
    struct scene s;
    begin(&s, "127.0.0.1", port);
    struct rig *next = rig_new();
    uint32_t lines[LINES], tags[RIG_POINTS] = {0};
    for (uint32_t i = 0; i < LINES; i++) {
        rig_line(next, TRANSPORT_TCP, "127.0.0.1", port);
        rig_read(next, 1, 0, 10, 5 * NS_PER_MS);
        lines[i] = CHANGE_NONE;
    }
    const struct change c = {
        .before = &s.g->plan, .after = &next->plan, .lines = lines, .tags = tags};
    assert_true(start(&s));
    bool failed = true;
    long n = 1;
    for (; failed && n < 500; n++) {
        fail_at(FAIL_MEMORY, n, false, 0);
        struct succession *made = poller_prepare(s.poller, &c, clock_mono());
        failed = fail_none();
        assert_int_equal(made == NULL, failed);
        poller_drop(made);
    }
    assert_in_range(n, LINES, 499);
    rig_run(s.loop, s.poller, &s.t, good_again, RIG_STUCK_NS);
    assert_true(good_again(&s.t));
    end(&s);
    rig_free(next);
    rig_stop(pid);
}

static void without_memory_a_request_is_not_cut_and_nothing_is_written(void **state)
{
    (void)state;
    struct scene s;
    begin(&s, "127.0.0.1", 9);
    struct pieces *ps = NULL;
    for (long n = 1; n <= 2; n++) {
        fail_at(FAIL_MEMORY, n, false, 0);
        assert_false(pieces_cut(&ps, &s.g->plan, &s.g->requests[0], 0));
        assert_true(fail_none());
        assert_null(ps);
    }
    assert_true(pieces_cut(&ps, &s.g->plan, &s.g->requests[0], 0));
    free(ps);
    assert_true(start(&s));
    struct write_job job = {.device = 1, .count = 1};
    fail_at(FAIL_MEMORY, 1, false, 0);
    assert_string_equal(poller_write(s.poller, &job, clock_mono()), "out of memory");
    assert_true(fail_none());
    end(&s);
}

/* People's tools: each call that fails ends in words, or is overcome. */
static void one_question_ends_in_words_whatever_fails(void **state)
{
    (void)state;
    static const struct {
        unsigned kind;
        int error;
        const char *host; /* NULL: a port */
    } facts[] = {
        {FAIL_MEMORY, 0, "127.0.0.1"},
        {FAIL_MEMORY, 0, "localhost"},
        {FAIL_MEMORY, 0, NULL},
        {FAIL_SYSTEM, EIO, "127.0.0.1"},
        {FAIL_SYSTEM, EMFILE, "localhost"},
        {FAIL_SYSTEM, EIO, NULL},
    };
    char name[64];
    int master = rig_pty(name), bus = rig_serve_ptys(&master, 1, answers, NULL);
    uint16_t port;
    int listener = rig_listen(&port);
    int pid = rig_serve_sockets(&listener, 1, true, answers, NULL);
    close(listener);
    for (size_t i = 0; i < sizeof facts / sizeof *facts; i++) {
        const struct line l = {.transport = facts[i].host ? TRANSPORT_TCP : TRANSPORT_RTU,
                               .host = facts[i].host,
                               .port = port,
                               .device = name,
                               .baud = 115200,
                               .data_bits = 8,
                               .stop_bits = 1,
                               .parity = PARITY_NONE,
                               .connect_timeout_ns = NS_PER_S};
        /* A bus is listened to for as long first, so its time is short. */
        const struct single_setup setup = {.timeout_ns = (facts[i].host ? 2000 : 30) * NS_PER_MS,
                                           .silence_ns = NS_PER_MS};
        bool failed = true;
        for (long n = 1; failed && n < 60; n++) {
            const char *why = NULL;
            struct exchange x = {.fault = FAULT_NONE};
            fail_at(facts[i].kind, n, false, facts[i].error);
            struct single *one = single_open(&l, &setup, &why);
            if (one)
                single_ask(one, 1, 3, 0, 2, &x);
            failed = fail_none();
            if (!failed)
                assert_true(one && (!x.fault || (!facts[i].host && x.fault == FAULT_TIMEOUT)));
            if (!one)
                assert_true(failed && why && *why);
            else if (x.fault)
                assert_true(x.why && *x.why);
            else
                assert_int_equal(single_word(&x, 0), rig_register(1, 0));
            single_close(one);
        }
    }
    rig_stop(pid);
    rig_stop(bus);
    close(master);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_that_fails_stops_a_line_for_good),
        cmocka_unit_test(a_succession_without_memory_changes_nothing),
        cmocka_unit_test(without_memory_a_request_is_not_cut_and_nothing_is_written),
        cmocka_unit_test(one_question_ends_in_words_whatever_fails),
    };
    log_init((enum log_level)0, 0);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
