/* SPDX-License-Identifier: Apache-2.0 */
/* What becomes of the others, and of people's log, when something is ill. */
#include "rig.c"

#include "poll/link.h"

struct bench {
    struct rig *g;
    struct loop *loop;
    struct poller *poller;
    struct tally t;
    int pid, fd;
    uint16_t port;
    char pty[64];
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

static void equip(struct bench *b, enum transport kind, rig_device *device, void *me)
{
    *b = (struct bench){.g = rig_new()};
    if (kind == TRANSPORT_RTU) {
        b->fd = rig_pty(b->pty);
        b->pid = rig_serve_ptys(&b->fd, 1, device, me);
        rig_line(b->g, kind, b->pty, 0);
    } else {
        b->fd = rig_listen(&b->port);
        b->pid = rig_serve_sockets(&b->fd, 1, kind == TRANSPORT_TCP, device, me);
        close(b->fd);
        b->fd = -1;
        rig_line(b->g, kind, "127.0.0.1", b->port);
    }
}

static bool never(const struct tally *t)
{
    (void)t;
    return false;
}

static bool some_good(const struct tally *t)
{
    return t->good >= 5;
}

static void say_right(const struct question *q)
{
    uint8_t a[600];
    rig_say(q, a, rig_answer(q, a));
}

static bool answers(const struct question *q, void *me)
{
    (void)me;
    say_right(q);
    return true;
}

static struct line_stats stats(const struct bench *b)
{
    struct line_stats s;
    poller_line_stats(b->poller, 0, &s);
    return s;
}

/* ---- one unit of many is silent ---------------------------------------------------------------
 */

static bool four_is_silent(const struct question *q, void *me)
{
    (void)me;
    if (q->unit != 4)
        say_right(q);
    return true;
}

static bool four_is_late(const struct question *q, void *me)
{
    (void)me;
    if (q->unit == 4) {
        rig_pause(90); /* after the time-out, and everybody else waits too */
        say_right(q);
        return true;
    }
    say_right(q);
    return true;
}

static void nine_keep_their_rate(enum transport kind, rig_device *device, unsigned percent)
{
    struct bench b;
    equip(&b, kind, device, NULL);
    for (uint8_t unit = 1; unit <= 10; unit++)
        rig_read(b.g, unit, 0, 20, 200 * NS_PER_MS);
    b.g->lines[0].timeout_ns = 50 * NS_PER_MS;
    begin(&b);
    rig_run(b.loop, b.poller, &b.t, never, 4 * NS_PER_S);
    unsigned expected = 4000 / 200;
    struct line_stats s = stats(&b);
    unsigned least = UINT32_MAX;
    for (unsigned unit = 1; unit <= 10; unit++) {
        if (unit != 4 && b.t.good_of[unit] < least)
            least = b.t.good_of[unit];
    }
    print_message("least of the living %u of %u; silent %.1f %% of the time, probes %lu, connects "
                  "%lu\n",
                  least, expected, (double)s.silent_ns / 4e7, (unsigned long)s.probes,
                  (unsigned long)s.connects);
    assert_true(least * 100 >= expected * percent);
    assert_int_equal(b.t.good_of[4], 0);
    assert_int_equal(b.t.events[POLL_UNIT_SILENT], 1);
    assert_true(b.t.faults_of[4] >= 2);
    /* A tenth, what was saved up for the first moment, and one time-out that had begun. */
    assert_true(s.silent_ns <= 4 * NS_PER_S / 10 + 3 * b.g->lines[0].timeout_ns);
    struct unit_stats u;
    assert_true(poller_unit_stats(b.poller, 0, 4, &u));
    assert_false(u.answers);
    assert_true(u.timeouts >= 2);
    end(&b);
}

static void nine_units_behind_a_gateway_keep_their_rate(void **state)
{
    (void)state;
    nine_keep_their_rate(TRANSPORT_TCP, four_is_silent, 95);
}

static void nine_units_on_a_bus_keep_their_rate(void **state)
{
    (void)state;
    nine_keep_their_rate(TRANSPORT_RTU, four_is_silent, 95);
}

static void nine_units_behind_rtu_over_tcp_keep_their_rate(void **state)
{
    (void)state;
    nine_keep_their_rate(TRANSPORT_RTU_OVER_TCP, four_is_silent, 95);
}

static void late_answers_of_one_unit_cost_the_others_little(void **state)
{
    (void)state;
    nine_keep_their_rate(TRANSPORT_RTU, four_is_late, 80);
}

/* ---- silence and return -----------------------------------------------------------------------
 */

static bool silent_for_a_while(const struct question *q, void *me)
{
    static mono_t from;
    (void)me;
    if (q->nth == 0 && q->connection == 0)
        from = clock_mono();
    int64_t ms = mono_since(clock_mono(), from) / NS_PER_MS;
    if (ms < 300 || ms > 900)
        say_right(q);
    return true;
}

static bool came_back(const struct tally *t)
{
    return t->events[POLL_UNIT_ANSWERS] > 0;
}

static bool went_silent(const struct tally *t)
{
    return t->events[POLL_UNIT_SILENT] > 0;
}

static void a_silent_unit_is_told_at_once_for_all_its_requests_and_comes_back(void **state)
{
    (void)state;
    for (int kind = TRANSPORT_TCP; kind <= TRANSPORT_RTU_OVER_TCP; kind++) {
        struct bench b;
        equip(&b, (enum transport)kind, silent_for_a_while, NULL);
        for (uint16_t i = 0; i < 5; i++)
            rig_read(b.g, 1, (uint16_t)(i * 20), 10, i ? 60 * NS_PER_S : 200 * NS_PER_MS);
        begin(&b);
        rig_run(b.loop, b.poller, &b.t, went_silent, RIG_STUCK_NS);
        assert_true(went_silent(&b.t));
        assert_int_equal(b.t.faults[FAULT_TIMEOUT], 5);
        unsigned before = b.t.good;
        rig_run(b.loop, b.poller, &b.t, came_back, RIG_STUCK_NS);
        assert_true(came_back(&b.t));
        rig_run(b.loop, b.poller, &b.t, never, 100 * NS_PER_MS);
        assert_true(b.t.good > before);
        assert_int_equal(b.t.events[POLL_LINE_DOWN], 0);
        end(&b);
    }
}

/* ---- links ------------------------------------------------------------------------------------
 */

static bool is_up(const struct tally *t)
{
    return t->events[POLL_LINE_UP] && t->good >= 5;
}

static void a_refused_connection_is_the_lines_fault_told_once(void **state)
{
    (void)state;
    struct bench b = {.g = rig_new()};
    b.port = rig_nobody();
    rig_line(b.g, TRANSPORT_TCP, "127.0.0.1", b.port);
    for (uint8_t unit = 1; unit <= 3; unit++)
        rig_read(b.g, unit, 0, 10, 20 * NS_PER_MS);
    begin(&b);
    rig_run(b.loop, b.poller, &b.t, never, 400 * NS_PER_MS);
    assert_int_equal(b.t.faults[FAULT_LINE_DOWN], 3);
    assert_int_equal(b.t.events[POLL_LINE_DOWN], 1);
    assert_int_equal(b.t.events[POLL_UNIT_SILENT], 0);
    assert_string_equal(b.t.last_text, "Connection refused");
    struct line_stats s = stats(&b);
    assert_int_equal(s.state, LINE_DOWN);
    assert_true(s.connect_failures >= 2 && s.connect_failures <= 8);
    b.fd = rig_listen_at(b.port);
    b.pid = rig_serve_sockets(&b.fd, 1, true, answers, NULL);
    rig_run(b.loop, b.poller, &b.t, is_up, RIG_STUCK_NS);
    assert_true(is_up(&b.t));
    assert_int_equal(stats(&b).state, LINE_UP);
    end(&b);
}

static bool hangs_up(const struct question *q, void *me)
{
    (void)q;
    (void)me;
    return false;
}

static void a_device_that_accepts_and_hangs_up_is_not_hammered(void **state)
{
    (void)state;
    struct bench b;
    equip(&b, TRANSPORT_TCP, hangs_up, NULL);
    rig_read(b.g, 1, 0, 10, 10 * NS_PER_MS);
    begin(&b);
    rig_run(b.loop, b.poller, &b.t, never, 600 * NS_PER_MS);
    assert_int_equal(b.t.events[POLL_LINE_DOWN], 1);
    assert_int_equal(b.t.events[POLL_LINE_UP], 1);
    assert_true(stats(&b).connects <= 8);
    end(&b);
}

static bool one_per_connection(const struct question *q, void *me)
{
    (void)me;
    say_right(q);
    return false;
}

static void a_device_that_closes_after_each_answer_is_served(void **state)
{
    (void)state;
    struct bench b;
    equip(&b, TRANSPORT_TCP, one_per_connection, NULL);
    rig_read(b.g, 1, 0, 10, 20 * NS_PER_MS);
    begin(&b);
    rig_run(b.loop, b.poller, &b.t, never, 500 * NS_PER_MS);
    assert_true(b.t.good >= 20);
    assert_int_equal(b.t.events[POLL_LINE_DOWN], 0);
    assert_int_equal(b.t.faults[FAULT_CLOSED], 0);
    end(&b);
}

static void a_name_is_looked_up(void **state)
{
    (void)state;
    struct bench b;
    equip(&b, TRANSPORT_TCP, answers, NULL);
    b.g->lines[0].host = "localhost";
    rig_read(b.g, 1, 0, 10, 20 * NS_PER_MS);
    begin(&b);
    rig_run(b.loop, b.poller, &b.t, some_good, RIG_STUCK_NS);
    assert_true(some_good(&b.t));
    end(&b);
}

static void a_name_that_does_not_exist_is_the_lines_fault(void **state)
{
    (void)state;
    struct bench b = {.g = rig_new()};
    rig_line(b.g, TRANSPORT_TCP, "no such name", 502);
    rig_read(b.g, 1, 0, 10, 20 * NS_PER_MS);
    begin(&b);
    rig_run(b.loop, b.poller, &b.t, never, 300 * NS_PER_MS);
    assert_int_equal(b.t.events[POLL_LINE_DOWN], 1);
    end(&b);
}

/* ---- serial ports -----------------------------------------------------------------------------
 */

static void a_connection_to_ourselves_is_none(void **state)
{
    (void)state;
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof(a);
    const char *why = NULL;
    int s = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(s, (struct sockaddr *)&a, sizeof(a)), 0);
    assert_int_equal(getsockname(s, (struct sockaddr *)&a, &length), 0);
    assert_int_equal(connect(s, (struct sockaddr *)&a, sizeof(a)), 0);
    assert_false(link_tcp_connected(s, &why));
    assert_non_null(why);
    close(s);
}

static void a_port_is_ours_alone(void **state)
{
    (void)state;
    struct bench b, second = {.g = rig_new()};
    equip(&b, TRANSPORT_RTU, answers, NULL);
    rig_read(b.g, 1, 0, 10, 20 * NS_PER_MS);
    begin(&b);
    rig_run(b.loop, b.poller, &b.t, some_good, RIG_STUCK_NS);
    rig_line(second.g, TRANSPORT_RTU, b.pty, 0);
    rig_read(second.g, 1, 0, 10, 20 * NS_PER_MS);
    begin(&second);
    rig_run(second.loop, second.poller, &second.t, never, 100 * NS_PER_MS);
    assert_string_equal(second.t.last_text, "the port is in use by another program");
    assert_int_equal(second.t.good, 0);
    end(&second);
    end(&b);
}

static void a_port_that_is_pulled_and_plugged_in_again_is_found(void **state)
{
    (void)state;
    struct bench b;
    char link[64], path[64];
    snprintf(link, sizeof(link), "/tmp/headgate-test-%d", (int)getpid());
    equip(&b, TRANSPORT_RTU, answers, NULL);
    unlink(link);
    assert_int_equal(symlink(b.pty, link), 0);
    b.g->lines[0].device = link;
    rig_read(b.g, 1, 0, 10, 20 * NS_PER_MS);
    begin(&b);
    rig_run(b.loop, b.poller, &b.t, some_good, RIG_STUCK_NS);
    assert_true(some_good(&b.t));
    rig_stop(b.pid);
    close(b.fd);
    rig_run(b.loop, b.poller, &b.t, never, 100 * NS_PER_MS);
    assert_int_equal(b.t.events[POLL_LINE_DOWN], 1);
    b.fd = rig_pty(path);
    b.pid = rig_serve_ptys(&b.fd, 1, answers, NULL);
    unlink(link);
    assert_int_equal(symlink(path, link), 0);
    b.t.good = 0;
    rig_run(b.loop, b.poller, &b.t, some_good, RIG_STUCK_NS);
    assert_true(some_good(&b.t));
    unlink(link);
    end(&b);
}

static bool echoes(const struct question *q, void *me)
{
    (void)me;
    rig_say(q, q->frame, q->length);
    say_right(q);
    return true;
}

static void an_echo_is_named_and_can_be_expected(void **state)
{
    (void)state;
    struct bench b;
    equip(&b, TRANSPORT_RTU, echoes, NULL);
    rig_read(b.g, 1, 0, 10, 20 * NS_PER_MS);
    begin(&b);
    rig_run(b.loop, b.poller, &b.t, never, 600 * NS_PER_MS);
    assert_int_equal(b.t.good, 0);
    assert_string_equal(b.t.last_why, "our own bytes came back: set echo: true on this line");
    end(&b);

    equip(&b, TRANSPORT_RTU, echoes, NULL);
    rig_read(b.g, 1, 0, 10, 20 * NS_PER_MS);
    b.g->lines[0].echo = true;
    begin(&b);
    rig_run(b.loop, b.poller, &b.t, some_good, RIG_STUCK_NS);
    assert_true(some_good(&b.t));
    end(&b);
}

static bool says_it_twice(const struct question *q, void *me)
{
    (void)me;
    say_right(q);
    rig_pause(12);
    say_right(q);
    return true;
}

static void a_repeated_answer_is_over_before_a_question_that_looks_alike(void **state)
{
    (void)state;
    struct bench b;
    equip(&b, TRANSPORT_RTU, says_it_twice, NULL);
    for (uint16_t i = 0; i < 3; i++)
        rig_read(b.g, 1, (uint16_t)(i * 20), 10, 600 * NS_PER_MS);
    begin(&b);
    rig_run(b.loop, b.poller, &b.t, some_good, RIG_STUCK_NS);
    assert_true(some_good(&b.t)); /* though the device never says anything only once */
    assert_int_equal(b.t.events[POLL_LINE_DISTURBED], 1);
    end(&b);
}

/* ---- exceptions by meaning --------------------------------------------------------------------
 */

static bool refuses_42(const struct question *q, void *me)
{
    uint8_t a[32];
    (void)me;
    if (q->address <= 42 && q->address + q->count > 42)
        rig_say(q, a, rig_exception(q, 2, a));
    else
        say_right(q);
    return true;
}

static bool hole_seen(const struct tally *t)
{
    return t->faults[FAULT_HOLE] >= 3;
}

static void one_refused_address_does_not_cost_the_block(void **state)
{
    (void)state;
    struct bench b;
    equip(&b, TRANSPORT_TCP, refuses_42, NULL);
    rig_read(b.g, 3, 0, 100, 50 * NS_PER_MS);
    begin(&b);
    rig_run(b.loop, b.poller, &b.t, hole_seen, RIG_STUCK_NS);
    assert_true(hole_seen(&b.t));
    assert_int_equal(b.t.events[POLL_HOLE_LEARNED], 1);
    assert_string_equal(b.t.last_text, "limits: {never: [\"holding 0x002A..0x002B\"]}  "
                                       "# unit 3 refuses p21 (maps/pump/p3.yaml:33)");
    assert_int_equal(b.t.faults[FAULT_EXCEPTION], 0);
    uint64_t asked = stats(&b).asked;
    unsigned rounds = b.t.faults[FAULT_HOLE];
    rig_run(b.loop, b.poller, &b.t, never, 300 * NS_PER_MS);
    rounds = b.t.faults[FAULT_HOLE] - rounds;
    assert_in_range(stats(&b).asked - asked, 2 * rounds - 1, 2 * rounds + 1);
    assert_int_equal(stats(&b).connects, 1);
    end(&b);
}

/* So many answers after which it is ready. */
static bool starts_up(const struct question *q, void *me)
{
    uint8_t a[32];
    const unsigned *refusals = me;
    if (q->nth < *refusals)
        rig_say(q, a, rig_exception(q, 2, a));
    else
        say_right(q);
    return true;
}

static bool accepted(const struct tally *t)
{
    return t->events[POLL_UNIT_ACCEPTS];
}

static void a_unit_that_starts_up_has_no_holes(void **state)
{
    (void)state;
    struct bench b;
    unsigned refusals =
        2 * (20 - 1 + 20) + 2; /* two requests of 20 values, cut down to each, and whole */
    equip(&b, TRANSPORT_TCP, starts_up, &refusals);
    rig_read(b.g, 3, 0, 40, 50 * NS_PER_MS);
    rig_read(b.g, 3, 100, 40, 50 * NS_PER_MS);
    begin(&b);
    rig_run(b.loop, b.poller, &b.t, accepted, RIG_STUCK_NS);
    assert_true(accepted(&b.t));
    assert_int_equal(b.t.events[POLL_HOLE_LEARNED], 0);
    assert_int_equal(b.t.events[POLL_UNIT_REFUSES], 1);
    assert_int_equal(b.t.last.count, 40); /* whole */
    assert_in_range(stats(&b).asked, refusals + 2, refusals + 2 + 1000 / 50 * 2);
    end(&b);
}

static bool loses_42_for_a_while(const struct question *q, void *me)
{
    uint8_t a[32];
    (void)me;
    if (q->nth >= 5 && q->nth < 60 && q->address <= 42 && q->address + q->count > 42)
        rig_say(q, a, rig_exception(q, 2, a));
    else
        say_right(q);
    return true;
}

static bool whole_again(const struct tally *t)
{
    return t->faults[FAULT_HOLE] && t->last.count == 100;
}

static void an_address_that_was_served_is_asked_for_again_soon(void **state)
{
    (void)state;
    struct bench b;
    equip(&b, TRANSPORT_TCP, loses_42_for_a_while, NULL);
    b.g->lines[0].timeout_ns =
        5 * NS_PER_S; /* the equipment counts, and begins anew when asked anew */
    rig_read(b.g, 3, 0, 100, 50 * NS_PER_MS);
    begin(&b);
    rig_run(b.loop, b.poller, &b.t, whole_again, RIG_STUCK_NS);
    assert_true(whole_again(&b.t));
    assert_int_equal(b.t.events[POLL_HOLE_LEARNED], 1);
    end(&b);
}

static bool busy_twice(const struct question *q, void *me)
{
    uint8_t a[32];
    (void)me;
    if (q->nth % 3 < 2)
        rig_say(q, a, rig_exception(q, q->nth % 3 ? 6 : 5, a));
    else
        say_right(q);
    return true;
}

static bool good_twice(const struct tally *t)
{
    return t->good >= 2;
}

static void busy_is_waited_for(void **state)
{
    (void)state;
    struct bench b;
    equip(&b, TRANSPORT_TCP, busy_twice, NULL);
    rig_read(b.g, 3, 0, 10, 600 * NS_PER_MS);
    begin(&b);
    rig_run(b.loop, b.poller, &b.t, good_twice, RIG_STUCK_NS);
    assert_true(good_twice(&b.t));
    assert_int_equal(b.t.faults[FAULT_EXCEPTION], 0);
    assert_int_equal(stats(&b).connects, 1);
    end(&b);
}

static bool four_is_away(const struct question *q, void *me)
{
    uint8_t a[32];
    (void)me;
    if (q->unit == 4)
        rig_say(q, a, rig_exception(q, 11, a));
    else
        say_right(q);
    return true;
}

static void a_device_away_behind_a_gateway_leaves_the_link_alone(void **state)
{
    (void)state;
    struct bench b;
    equip(&b, TRANSPORT_TCP, four_is_away, NULL);
    rig_read(b.g, 3, 0, 10, 20 * NS_PER_MS);
    rig_read(b.g, 4, 0, 10, 20 * NS_PER_MS);
    begin(&b);
    rig_run(b.loop, b.poller, &b.t, never, 600 * NS_PER_MS);
    assert_true(b.t.good_of[3] >= 28);
    assert_int_equal(b.t.faults_of[3], 0);
    assert_true(b.t.faults[FAULT_EXCEPTION] >= 1);
    assert_int_equal(b.t.events[POLL_UNIT_SILENT], 1);
    assert_int_equal(stats(&b).connects, 1);
    end(&b);
}

static bool function_unknown(const struct question *q, void *me)
{
    uint8_t a[32];
    (void)me;
    rig_say(q, a, rig_exception(q, 1, a));
    return true;
}

static void a_refused_function_is_asked_again_seldom(void **state)
{
    (void)state;
    struct bench b;
    equip(&b, TRANSPORT_TCP, function_unknown, NULL);
    rig_read(b.g, 3, 0, 10, 20 * NS_PER_MS);
    begin(&b);
    rig_run(b.loop, b.poller, &b.t, never, 300 * NS_PER_MS);
    assert_int_equal(b.t.faults[FAULT_EXCEPTION], 1);
    assert_int_equal(b.t.last.exception, 1);
    assert_int_equal(b.t.events[POLL_UNIT_REFUSES], 1);
    assert_string_equal(b.t.last_text, "illegal function: function 3, 0x0000..0x0009");
    end(&b);
}

/* ---- buses ------------------------------------------------------------------------------------
 */

static bool only_exact(const struct question *q, void *me)
{
    uint8_t a[32];
    (void)me;
    if (q->count == 10)
        say_right(q);
    else
        rig_say(q, a, rig_exception(q, 3, a));
    return true;
}

static void a_unit_that_serves_no_other_shape_is_believed_after_silence(void **state)
{
    (void)state;
    struct bench b;
    equip(&b, TRANSPORT_RTU, only_exact, NULL);
    rig_read(b.g, 3, 0, 10, 50 * NS_PER_MS);
    begin(&b);
    rig_run(b.loop, b.poller, &b.t, some_good, RIG_STUCK_NS);
    assert_true(some_good(&b.t));
    end(&b);
}

/* Hangs up instead of answering, and answers something older when it is asked on the next socket.
 */
static bool answers_on_the_next_socket(const struct question *q, void *me)
{
    bool *owes = me;
    struct question old = *q;
    if (q->count != 10)
        return only_exact(q, NULL);
    if (q->connection == 0 && q->nth > 30) { /* when it has refused all shapes */
        *owes = true;
        return false;
    }
    if (*owes)
        old.address = q->address ? 0 : 20;
    *owes = false;
    say_right(&old);
    return true;
}

static void a_new_socket_to_an_old_bus_is_not_believed_sooner(void **state)
{
    (void)state;
    struct bench b;
    bool owes = false;
    equip(&b, TRANSPORT_RTU_OVER_TCP, answers_on_the_next_socket, &owes);
    rig_read(b.g, 3, 0, 10, 20 * NS_PER_MS);
    rig_read(b.g, 3, 20, 10, 20 * NS_PER_MS);
    begin(&b);
    rig_run(b.loop, b.poller, &b.t, never, 2 * NS_PER_S);
    assert_true(b.t.good > 0);
    assert_int_equal(stats(&b).connects, 2);
    end(&b);
}

/* The second of two small writes is held back by the sender's kernel until ours acknowledges the
 * first, which happens with the next question. */
static bool refuses_then_answers(const struct question *q, void *me)
{
    uint8_t a[600];
    (void)me;
    if (q->nth % 4 == 3) {
        rig_say(q, a, rig_exception(q, 4, a));
        rig_pause(q->nth % 8 == 3 ? 0 : 9);
    }
    say_right(q);
    return true;
}

static void an_answer_behind_a_refusal_is_not_taken_for_the_next(void **state)
{
    (void)state;
    for (int kind = TRANSPORT_RTU; kind <= TRANSPORT_RTU_OVER_TCP; kind++) {
        struct bench b;
        equip(&b, (enum transport)kind, refuses_then_answers, NULL);
        for (uint16_t first = 0; first < 80; first = (uint16_t)(first + 20))
            rig_read(b.g, 1, first, 10, 10 * NS_PER_MS);
        begin(&b);
        rig_run(b.loop, b.poller, &b.t, never, 2 * NS_PER_S);
        assert_true(b.t.good > 20);
        end(&b);
    }
}

static void a_gateway_that_stood_still_blames_nobody(void **state)
{
    (void)state;
    for (int kind = TRANSPORT_TCP; kind <= TRANSPORT_RTU_OVER_TCP; kind++) {
        struct bench b;
        equip(&b, (enum transport)kind, answers, NULL);
        for (uint8_t unit = 1; unit <= 5; unit++)
            rig_read(b.g, unit, 0, 10, 20 * NS_PER_MS);
        begin(&b);
        rig_run(b.loop, b.poller, &b.t, some_good, RIG_STUCK_NS);
        unsigned before = b.t.good;
        rig_pause(900);
        rig_run(b.loop, b.poller, &b.t, never, 10 * NS_PER_MS);
        assert_true(b.t.good <= before + 12); /* no burst: each once, perhaps twice */
        rig_run(b.loop, b.poller, &b.t, never, 200 * NS_PER_MS);
        assert_true(b.t.good >= before + 20);
        assert_int_equal(b.t.faults[FAULT_TIMEOUT], 0);
        assert_int_equal(b.t.events[POLL_UNIT_SILENT], 0);
        end(&b);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nine_units_behind_a_gateway_keep_their_rate),
        cmocka_unit_test(nine_units_on_a_bus_keep_their_rate),
        cmocka_unit_test(nine_units_behind_rtu_over_tcp_keep_their_rate),
        cmocka_unit_test(late_answers_of_one_unit_cost_the_others_little),
        cmocka_unit_test(a_silent_unit_is_told_at_once_for_all_its_requests_and_comes_back),
        cmocka_unit_test(a_refused_connection_is_the_lines_fault_told_once),
        cmocka_unit_test(a_device_that_accepts_and_hangs_up_is_not_hammered),
        cmocka_unit_test(a_device_that_closes_after_each_answer_is_served),
        cmocka_unit_test(a_name_is_looked_up),
        cmocka_unit_test(a_name_that_does_not_exist_is_the_lines_fault),
        cmocka_unit_test(a_connection_to_ourselves_is_none),
        cmocka_unit_test(a_port_is_ours_alone),
        cmocka_unit_test(a_port_that_is_pulled_and_plugged_in_again_is_found),
        cmocka_unit_test(an_echo_is_named_and_can_be_expected),
        cmocka_unit_test(a_repeated_answer_is_over_before_a_question_that_looks_alike),
        cmocka_unit_test(one_refused_address_does_not_cost_the_block),
        cmocka_unit_test(a_unit_that_starts_up_has_no_holes),
        cmocka_unit_test(an_address_that_was_served_is_asked_for_again_soon),
        cmocka_unit_test(busy_is_waited_for),
        cmocka_unit_test(a_device_away_behind_a_gateway_leaves_the_link_alone),
        cmocka_unit_test(a_refused_function_is_asked_again_seldom),
        cmocka_unit_test(a_new_socket_to_an_old_bus_is_not_believed_sooner),
        cmocka_unit_test(an_answer_behind_a_refusal_is_not_taken_for_the_next),
        cmocka_unit_test(a_gateway_that_stood_still_blames_nobody),
        cmocka_unit_test(a_unit_that_serves_no_other_shape_is_believed_after_silence),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
