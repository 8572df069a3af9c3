/* SPDX-License-Identifier: Apache-2.0 */
/* One plan after another under a poller that goes on: whose connection lasts, and who is told what.
 */
#include "rig.c"

#include <sys/mman.h>

static struct seen { /* by the equipment, which is another process */
    _Atomic unsigned asked, connections;
} * seen;

struct bench {
    struct rig *g, *next;
    struct loop *loop;
    struct poller *poller;
    struct tally t;
    int pid, fd;
    uint16_t port;
    char pty[64];
    uint32_t lines[RIG_LINES], tags[RIG_POINTS];
};

static void begin(struct bench *b)
{
    struct poller_hooks hooks = {.me = &b->t, .block = tally_block, .event = tally_event};
    b->t.rig = b->g;
    b->loop = loop_new();
    b->poller = poller_new(b->loop, &b->g->plan, hooks, clock_mono());
    assert_non_null(b->poller);
}

static void end(struct bench *b)
{
    assert_int_equal(b->t.wrong, 0);
    poller_free(b->poller);
    loop_free(b->loop);
    if (b->pid)
        rig_stop(b->pid);
    if (b->fd > 0)
        close(b->fd);
    rig_free(b->g);
}

static void listen_to(struct bench *b, rig_device *device, void *me)
{
    *seen = (struct seen){0};
    b->fd = rig_listen(&b->port);
    b->pid = rig_serve_sockets(&b->fd, 1, true, device, me);
    close(b->fd);
    b->fd = -1;
}

static struct bench equip(rig_device *device)
{
    struct bench b = {.g = rig_new(), .next = rig_new()};
    for (uint32_t i = 0; i < RIG_LINES; i++)
        b.lines[i] = CHANGE_NONE;
    for (uint32_t i = 0; i < RIG_POINTS; i++)
        b.tags[i] = i;
    listen_to(&b, device, NULL);
    return b;
}

static struct change change_of(const struct bench *b)
{
    return (struct change){
        .before = &b->g->plan, .after = &b->next->plan, .lines = b->lines, .tags = b->tags};
}

/* The next plan takes over; nothing of the old one can be read afterwards. */
static void succeed(struct bench *b)
{
    const struct change c = change_of(b);
    struct succession *s = poller_prepare(b->poller, &c, clock_mono());
    assert_non_null(s);
    b->t = (struct tally){.rig = b->next, .wrong = b->t.wrong};
    const struct poller_hooks hooks = {.me = &b->t, .block = tally_block, .event = tally_event};
    poller_commit(b->poller, s, hooks, clock_mono());
    memset(b->g, 0xA5, sizeof *b->g);
    rig_free(b->g);
    b->g = b->next;
}

static bool answers(const struct question *q, void *me)
{
    uint8_t a[600];
    (void)me;
    seen->asked++;
    if (q->connection + 1 > seen->connections)
        seen->connections = q->connection + 1;
    rig_say(q, a, rig_answer(q, a));
    return true;
}

static bool answers_late(const struct question *q, void *me)
{
    rig_pause(60);
    return answers(q, me);
}

static bool some_good(const struct tally *t)
{
    return t->good >= 5;
}

static bool never(const struct tally *t)
{
    (void)t;
    return false;
}

static unsigned all_faults(const struct tally *t)
{
    unsigned n = 0;
    for (size_t i = 0; i < sizeof t->faults / sizeof *t->faults; i++)
        n += t->faults[i];
    return n;
}

static void a_line_goes_on_under_another_number(void **state)
{
    (void)state;
    struct bench b = equip(answers);
    rig_line(b.g, TRANSPORT_TCP, "127.0.0.1", b.port);
    rig_read(b.g, 1, 0, 10, 20 * NS_PER_MS);
    rig_line(b.next, TRANSPORT_TCP, "127.0.0.1", b.port);
    rig_read(b.next, 2, 0, 10, 20 * NS_PER_MS);
    rig_line(b.next, TRANSPORT_TCP, "127.0.0.1", b.port);
    rig_read(b.next, 1, 0, 10, 20 * NS_PER_MS);
    b.lines[1] = 0;
    begin(&b);
    rig_run(b.loop, b.poller, &b.t, some_good, RIG_STUCK_NS);
    struct line_stats before, after, ended;
    poller_line_stats(b.poller, 0, &before);
    succeed(&b);
    rig_run(b.loop, b.poller, &b.t, never, 200 * NS_PER_MS);
    poller_line_stats(b.poller, 1, &after);
    poller_ended_stats(b.poller, &ended);
    assert_true(b.t.good_of[1] >= 5 && b.t.good_of[2] >= 5);
    assert_int_equal(all_faults(&b.t), 0);
    assert_int_equal(seen->connections, 2); /* the old one, and the new line's */
    assert_int_equal(after.connects, 1);
    assert_true(after.good > before.good);
    assert_int_equal(ended.asked, 0);
    assert_int_equal(b.t.events[POLL_LINE_UP], 1);
    end(&b);
}

static void a_line_that_changed_begins_anew_and_its_figures_are_kept(void **state)
{
    (void)state;
    struct bench b = equip(answers);
    rig_line(b.g, TRANSPORT_TCP, "127.0.0.1", b.port);
    rig_read(b.g, 1, 0, 10, 20 * NS_PER_MS);
    rig_line(b.next, TRANSPORT_TCP, "127.0.0.1", b.port);
    rig_read(b.next, 1, 0, 20, 20 * NS_PER_MS);
    begin(&b);
    rig_run(b.loop, b.poller, &b.t, some_good, RIG_STUCK_NS);
    struct line_stats before, ended;
    poller_line_stats(b.poller, 0, &before);
    succeed(&b);
    poller_ended_stats(b.poller, &ended);
    assert_int_equal(ended.good, before.good);
    assert_int_equal(ended.bytes_out, before.bytes_out);
    rig_run(b.loop, b.poller, &b.t, some_good, RIG_STUCK_NS);
    assert_true(some_good(&b.t));
    assert_int_equal(seen->connections, 2);
    end(&b);
}

static void an_answer_on_its_way_finds_its_new_request(void **state)
{
    (void)state;
    struct bench b = equip(answers_late);
    struct rig *rigs[] = {b.g, b.next};
    for (size_t i = 0; i < 2; i++) {
        rig_line(rigs[i], TRANSPORT_TCP, "127.0.0.1", b.port)->timeout_ns = 2 * NS_PER_S;
        rig_read(rigs[i], 1, 0, 10, 100 * NS_PER_MS);
        rig_read(rigs[i], 2, 10, 10, 100 * NS_PER_MS);
    }
    b.lines[0] = 0;
    begin(&b);
    while (poller_waiting(b.poller) == 0)
        rig_run(b.loop, b.poller, &b.t, never, NS_PER_MS);
    succeed(&b);
    assert_int_equal(poller_waiting(b.poller), 1);
    while (b.t.good == 0)
        rig_run(b.loop, b.poller, &b.t, never, NS_PER_MS);
    assert_true(b.t.last.request >= b.next->requests && b.t.last.request < b.next->requests + 2);
    rig_run(b.loop, b.poller, &b.t, some_good, RIG_STUCK_NS);
    assert_int_equal(all_faults(&b.t), 0);
    assert_int_equal(seen->connections, 1);
    end(&b);
}

static void a_conversation_may_end_while_it_waits_for_an_answer(void **state)
{
    (void)state;
    struct bench b = equip(answers_late);
    rig_line(b.g, TRANSPORT_TCP, "127.0.0.1", b.port)->timeout_ns = 2 * NS_PER_S;
    rig_read(b.g, 1, 0, 10, 100 * NS_PER_MS);
    begin(&b);
    while (poller_waiting(b.poller) == 0)
        rig_run(b.loop, b.poller, &b.t, never, NS_PER_MS);
    succeed(&b); /* by nothing at all */
    assert_int_equal(poller_waiting(b.poller), 0);
    rig_run(b.loop, b.poller, &b.t, never, 150 * NS_PER_MS);
    assert_int_equal(b.t.good + all_faults(&b.t), 0);
    end(&b);
}

static void lines_end_while_they_connect_or_look_for_a_name(void **state)
{
    (void)state;
    for (int round = 0; round < 2; round++) {
        int fds[5];
        uint16_t port;
        rig_crowd(fds, 5, &port);
        struct bench b = equip(answers);
        rig_line(b.g, TRANSPORT_TCP, "127.0.0.1", port)->connect_timeout_ns = 5 * NS_PER_S;
        rig_read(b.g, 1, 0, 10, 20 * NS_PER_MS);
        rig_line(b.g, TRANSPORT_TCP, "no such name", 502);
        rig_read(b.g, 2, 0, 10, 20 * NS_PER_MS);
        rig_line(b.next, TRANSPORT_TCP, "127.0.0.1", b.port);
        rig_read(b.next, 1, 0, 10, 20 * NS_PER_MS);
        begin(&b);
        rig_run(b.loop, b.poller, &b.t, never, round * 50 * NS_PER_MS + NS_PER_MS);
        succeed(&b);
        rig_run(b.loop, b.poller, &b.t, some_good, RIG_STUCK_NS);
        assert_true(some_good(&b.t));
        assert_int_equal(all_faults(&b.t), 0);
        end(&b);
        for (size_t i = 0; i < 5; i++)
            close(fds[i]);
    }
}

/* ---- who is told --------------------------------------------------------------------------------
 */

static bool four_is_silent(const struct question *q, void *me)
{
    return q->unit == 4 || answers(q, me);
}

static bool went_silent(const struct tally *t)
{
    return t->events[POLL_UNIT_SILENT] > 0;
}

static bool went_down(const struct tally *t)
{
    return t->events[POLL_LINE_DOWN] > 0;
}

static void only_new_tags_are_told_of_a_silent_unit(void **state)
{
    (void)state;
    for (int fresh = 0; fresh < 2; fresh++) {
        struct bench b = equip(four_is_silent);
        struct rig *rigs[] = {b.g, b.next};
        for (size_t i = 0; i < 2; i++) {
            rig_line(rigs[i], TRANSPORT_TCP, "127.0.0.1", b.port);
            rig_read(rigs[i], 4, 0, 10, 20 * NS_PER_MS);
            rig_read(rigs[i], 4, 20, 10, 20 * NS_PER_MS);
            rig_read(rigs[i], 1, 0, 10, 10 * NS_PER_MS);
        }
        b.lines[0] = 0;
        b.tags[11] = fresh ? CHANGE_NONE : 11; /* of the second request */
        begin(&b);
        rig_run(b.loop, b.poller, &b.t, went_silent, RIG_STUCK_NS);
        assert_true(went_silent(&b.t));
        succeed(&b);
        assert_int_equal(all_faults(&b.t), fresh);
        if (fresh) {
            assert_int_equal(b.t.faults[FAULT_BACKED_OFF], 1);
            assert_ptr_equal(b.t.last.request, &b.next->requests[1]);
            assert_string_equal(b.t.last.why, "no answer");
        }
        assert_int_equal(b.t.events[POLL_UNIT_SILENT], 0);
        end(&b);
    }
}

static void only_new_tags_are_told_of_a_line_that_is_down(void **state)
{
    (void)state;
    for (int fresh = 0; fresh < 2; fresh++) {
        struct bench b = equip(answers);
        uint16_t nobody = rig_nobody();
        struct rig *rigs[] = {b.g, b.next};
        for (size_t i = 0; i < 2; i++) {
            rig_line(rigs[i], TRANSPORT_TCP, "127.0.0.1", nobody);
            rig_read(rigs[i], 1, 0, 10, 20 * NS_PER_MS);
        }
        b.lines[0] = 0;
        b.tags[1] = fresh ? CHANGE_NONE : 1;
        begin(&b);
        rig_run(b.loop, b.poller, &b.t, went_down, RIG_STUCK_NS);
        succeed(&b);
        assert_int_equal(b.t.faults[FAULT_LINE_DOWN], fresh);
        assert_int_equal(b.t.events[POLL_LINE_DOWN], 0);
        if (fresh)
            assert_string_equal(b.t.last.why, "Connection refused");
        end(&b);
    }
}

/* ---- what is asked at once
 * ----------------------------------------------------------------------- */

enum { HOUR = 3600 };

static void what_new_tags_are_read_with_is_asked_at_once_and_nothing_else(void **state)
{
    (void)state;
    static const struct {
        bool fresh[3], computed; /* a tag of each request; one that is computed of the first */
        unsigned good[3];
        int32_t by; /* what the first one is scaled by; 0: nothing */
    } facts[] = {
        {{true, false, false}, false, {1, 1, 0}, 11},  {{true, false, false}, false, {1, 0, 1}, 21},
        {{false, false, false}, false, {0, 0, 0}, 21}, {{false, false, false}, false, {0, 0, 0}, 0},
        {{true, false, false}, false, {1, 0, 0}, 0},   {{false, true, false}, false, {0, 1, 0}, 0},
        {{false, false, true}, false, {0, 0, 1}, 0},   {{true, true, true}, false, {1, 1, 1}, 0},
        {{false, false, false}, true, {1, 0, 0}, 0},
    };
    for (size_t n = 0; n < sizeof facts / sizeof *facts; n++) {
        struct bench b = equip(answers);
        struct rig *rigs[] = {b.g, b.next};
        for (size_t i = 0; i < 2; i++) {
            rig_line(rigs[i], TRANSPORT_TCP, "127.0.0.1", b.port);
            rig_read(rigs[i], 1, 0, 10, HOUR * NS_PER_S);
            rig_read(rigs[i], 2, 20, 10, HOUR * NS_PER_S)->once = true;
            rig_read(rigs[i], 3, 40, 10, HOUR * NS_PER_S);
        }
        for (uint32_t i = 0; i < 3; i++)
            b.tags[10 * i + 1] = facts[n].fresh[i] ? CHANGE_NONE : 10 * i + 1;
        b.next->points[100].from = facts[n].computed ? 99 : -1;
        b.next->points[99].from = 2;
        b.next->points[1].mul_from = facts[n].by ? facts[n].by : -1;
        b.tags[100] = facts[n].computed ? CHANGE_NONE : 100;
        b.lines[0] = 0;
        begin(&b);
        rig_run(b.loop, b.poller, &b.t, never, 500 * NS_PER_MS);
        assert_int_equal(b.t.good, 3);
        succeed(&b);
        rig_run(b.loop, b.poller, &b.t, never, 300 * NS_PER_MS);
        for (uint32_t i = 0; i < 3; i++)
            if (b.t.good_of[i + 1] != facts[n].good[i])
                fail_msg("row %zu: unit %u was asked %u times", n, i + 1, b.t.good_of[i + 1]);
        assert_int_equal(seen->connections, 1);
        end(&b);
    }
}

static bool answers_in_time(const struct question *q, void *me)
{
    rig_pause(10);
    return answers(q, me);
}

/* 20 of 10 ms each, and one that has to be asked each 20 ms. */
static void others_are_asked_between_them(void **state)
{
    (void)state;
    struct bench b = equip(answers_in_time);
    struct rig *rigs[] = {b.g, b.next};
    for (size_t i = 0; i < 2; i++) {
        rig_line(rigs[i], TRANSPORT_TCP, "127.0.0.1", b.port);
        rig_read(rigs[i], 1, 0, 2, 20 * NS_PER_MS);
        for (uint16_t k = 1; k <= 20; k++)
            rig_read(rigs[i], 2, (uint16_t)(2 * k), 2, HOUR * NS_PER_S)->once = k > 10;
    }
    for (uint32_t k = 1; k <= 20; k++)
        b.tags[k] = CHANGE_NONE;
    b.lines[0] = 0;
    begin(&b);
    rig_run(b.loop, b.poller, &b.t, never, NS_PER_S);
    assert_true(b.t.good_of[2] == 20);
    succeed(&b);
    rig_run(b.loop, b.poller, &b.t, never, NS_PER_S);
    assert_int_equal(b.t.good_of[2], 20);
    assert_true(b.t.good_of[1] >= 15);
    end(&b);
}

/* ---- what was learned --------------------------------------------------------------------------
 */

static bool refuses_thirty(const struct question *q, void *me)
{
    uint8_t a[16];
    if (q->address > 31 || q->address + q->count <= 30)
        return answers(q, me);
    rig_say(q, a, rig_exception(q, 2, a));
    return true;
}

static bool learned(const struct tally *t)
{
    return t->events[POLL_HOLE_LEARNED] > 0;
}

static void holes_stay_learned_unless_the_values_lie_elsewhere(void **state)
{
    (void)state;
    for (int moved = 0; moved < 2; moved++) {
        struct bench b = equip(refuses_thirty);
        struct rig *rigs[] = {b.g, b.next};
        for (size_t i = 0; i < 2; i++) {
            rig_line(rigs[i], TRANSPORT_TCP, "127.0.0.1", b.port);
            rig_read(rigs[i], 1, 0, 80, 20 * NS_PER_MS);
        }
        if (moved)
            b.next->points[3].words = 4;
        b.lines[0] = 0;
        begin(&b);
        rig_run(b.loop, b.poller, &b.t, learned, RIG_STUCK_NS);
        assert_true(learned(&b.t));
        succeed(&b);
        rig_run(b.loop, b.poller, &b.t, moved ? learned : never,
                moved ? 5 * NS_PER_S : NS_PER_S / 5);
        assert_int_equal(learned(&b.t), moved);
        assert_int_equal(b.t.wrong, 0);
        end(&b);
    }
}

/* ---- the rest
 * ------------------------------------------------------------------------------------
 */

static void a_serial_port_is_free_before_it_is_opened_again(void **state)
{
    (void)state;
    struct bench b = equip(answers);
    rig_stop(b.pid);
    b.fd = rig_pty(b.pty);
    b.pid = rig_serve_ptys(&b.fd, 1, answers, NULL);
    struct rig *rigs[] = {b.g, b.next};
    for (size_t i = 0; i < 2; i++) {
        rig_line(rigs[i], TRANSPORT_RTU, b.pty, 0)->baud = i ? 38400 : 115200;
        rig_read(rigs[i], 1, 0, 10, 20 * NS_PER_MS);
    }
    begin(&b);
    rig_run(b.loop, b.poller, &b.t, some_good, RIG_STUCK_NS);
    succeed(&b);
    rig_run(b.loop, b.poller, &b.t, some_good, RIG_STUCK_NS);
    assert_true(some_good(&b.t));
    assert_int_equal(b.t.events[POLL_LINE_DOWN], 0);
    end(&b);
}

static void a_bus_in_doubt_goes_on_being_in_doubt(void **state)
{
    (void)state;
    for (int64_t ms = 5; ms <= 65; ms += 10) {
        struct bench b = equip(answers);
        rig_stop(b.pid);
        b.fd = rig_pty(b.pty);
        b.pid = rig_serve_ptys(&b.fd, 1, answers, NULL);
        struct rig *rigs[] = {b.g, b.next};
        for (size_t i = 0; i < 2; i++) {
            rig_line(rigs[i], TRANSPORT_RTU, b.pty, 0);
            rig_read(rigs[i], 1, 0, 10, 20 * NS_PER_MS);
        }
        b.lines[0] = 0;
        begin(&b);
        rig_run(b.loop, b.poller, &b.t, never, ms * NS_PER_MS); /* silence, proof, poll */
        succeed(&b);
        rig_run(b.loop, b.poller, &b.t, some_good, RIG_STUCK_NS);
        assert_true(some_good(&b.t));
        end(&b);
    }
}

static void a_succession_that_is_dropped_changes_nothing(void **state)
{
    (void)state;
    struct bench b = equip(answers);
    rig_line(b.g, TRANSPORT_TCP, "127.0.0.1", b.port);
    rig_read(b.g, 1, 0, 10, 20 * NS_PER_MS);
    for (int i = 0; i < 9; i++) {
        rig_line(b.next, TRANSPORT_TCP, "127.0.0.1", b.port);
        rig_read(b.next, 1, 0, 10, 20 * NS_PER_MS);
    }
    begin(&b);
    rig_run(b.loop, b.poller, &b.t, some_good, RIG_STUCK_NS);
    const struct change c = change_of(&b);
    poller_drop(poller_prepare(b.poller, &c, clock_mono()));
    b.t.good = 0;
    rig_run(b.loop, b.poller, &b.t, some_good, RIG_STUCK_NS);
    assert_true(some_good(&b.t));
    assert_int_equal(seen->connections, 1);
    rig_free(b.next);
    end(&b);
}

static void our_own_pause_is_not_held_against_anybody(void **state)
{
    (void)state;
    for (int forgiven = 0; forgiven < 2; forgiven++) {
        struct bench b = equip(answers);
        rig_line(b.g, TRANSPORT_TCP, "127.0.0.1", b.port);
        rig_read(b.g, 1, 0, 10, 20 * NS_PER_MS);
        begin(&b);
        for (; poller_waiting(b.poller) == 0; poller_run(b.poller, clock_mono()))
            assert_true(loop_run(b.loop, NS_PER_MS) >= 0);
        rig_pause(200); /* of 60 that are allowed */
        if (forgiven)
            poller_forgive(b.poller, 200 * NS_PER_MS);
        rig_run(b.loop, b.poller, &b.t, some_good, RIG_STUCK_NS);
        assert_int_equal(all_faults(&b.t) == 0 && seen->connections == 1, forgiven);
        rig_free(b.next);
        end(&b);
    }
}

static int share(void **state)
{
    (void)state;
    seen = mmap(NULL, sizeof *seen, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    return seen == MAP_FAILED ? -1 : 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_line_goes_on_under_another_number),
        cmocka_unit_test(a_line_that_changed_begins_anew_and_its_figures_are_kept),
        cmocka_unit_test(an_answer_on_its_way_finds_its_new_request),
        cmocka_unit_test(a_conversation_may_end_while_it_waits_for_an_answer),
        cmocka_unit_test(lines_end_while_they_connect_or_look_for_a_name),
        cmocka_unit_test(only_new_tags_are_told_of_a_silent_unit),
        cmocka_unit_test(only_new_tags_are_told_of_a_line_that_is_down),
        cmocka_unit_test(what_new_tags_are_read_with_is_asked_at_once_and_nothing_else),
        cmocka_unit_test(others_are_asked_between_them),
        cmocka_unit_test(holes_stay_learned_unless_the_values_lie_elsewhere),
        cmocka_unit_test(a_serial_port_is_free_before_it_is_opened_again),
        cmocka_unit_test(a_bus_in_doubt_goes_on_being_in_doubt),
        cmocka_unit_test(a_succession_that_is_dropped_changes_nothing),
        cmocka_unit_test(our_own_pause_is_not_held_against_anybody),
    };
    return cmocka_run_group_tests(tests, share, NULL);
}
