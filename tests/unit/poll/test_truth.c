/* SPDX-License-Identifier: Apache-2.0 */
/* The one promise: whatever the equipment answers, nothing wrong is handed over as good. Thousands
 * of polls, almost a third of them answered in one of the ways that plants have. */
#include "rig.c"

enum { LINES = 24 };

static unsigned chance(unsigned below)
{
    static uint64_t x = 88172645463325252U;
    x ^= x << 13;
    x ^= x >> 7;
    x ^= x << 17;
    return (unsigned)(x >> 33) % below;
}

static void say_late(const struct question *q, const uint8_t *bytes, size_t n)
{
    rig_pause(50 + chance(50));
    rig_say(q, bytes, n);
}

static void say_in_pieces(const struct question *q, const uint8_t *bytes, size_t n, unsigned ms)
{
    for (size_t i = 0; i < n; i += 5) {
        rig_say(q, bytes + i, n - i < 5 ? n - i : 5);
        rig_pause(ms);
    }
}

/* The answer to something else: same shape, good checksum. */
static size_t other_answer(const struct question *q, uint8_t *out, unsigned unit, unsigned shift)
{
    struct question other = *q;
    other.unit = (uint8_t)unit;
    other.address = (uint16_t)(q->address + shift);
    return rig_answer(&other, out);
}

static void add_to_transaction(uint8_t *frame, int step)
{
    unsigned t = (unsigned)(frame[0] << 8 | frame[1]) + (unsigned)step;
    frame[0] = (uint8_t)(t >> 8);
    frame[1] = (uint8_t)t;
}

static bool lie_tcp(const struct question *q, unsigned kind)
{
    uint8_t a[600], b[600];
    size_t n = rig_answer(q, a), m;
    switch (kind) {
    case 0: /* M01 */
        break;
    case 1: /* M03 */
        say_late(q, a, n);
        break;
    case 2: /* M06 */
        n = other_answer(q, a, q->unit, 20);
        add_to_transaction(a, chance(2) ? 1 : -1);
        rig_say(q, a, n);
        break;
    case 3: /* M07 */
        rig_say(q, a, n);
        m = other_answer(q, b, q->unit, 20);
        add_to_transaction(b, 1);
        rig_say(q, b, m);
        break;
    case 4: /* M08 */
        n = other_answer(q, a, q->unit + 1U, 0);
        rig_say(q, a, n);
        break;
    case 5: /* M09 */
        a[7] = chance(2) ? 4 : 6;
        rig_say(q, a, n);
        break;
    case 6: /* M10 */
        a[2 + chance(2)] = 1;
        rig_say(q, a, n);
        break;
    case 7: /* M11 */
        a[4] = chance(2) ? 255 : 0;
        a[5] = (uint8_t)chance(256);
        if (a[4] || a[5] != n - 6)
            rig_say(q, a, n);
        break;
    case 8: /* M12 */
        a[8] = (uint8_t)(a[8] - 1 - chance(3));
        rig_say(q, a, n);
        break;
    case 9: { /* M14, M15: a whole answer of another length */
        struct question other = *q;
        other.count = (uint16_t)(chance(2) ? q->count - 1 : q->count + 5);
        rig_say(q, a, rig_answer(&other, a));
        break;
    }
    case 10: /* M16 */
        rig_say(q, a, 1 + chance((unsigned)n - 1));
        break;
    case 11: /* M17 */
        m = 1 + chance((unsigned)n - 1);
        rig_say(q, a, m);
        rig_pause(70);
        rig_say(q, a + m, n - m);
        break;
    case 12: /* M18 */
        rig_say(q, a, chance((unsigned)n));
        return false;
    case 13: /* M19 */
        memset(a + n, 0, 12);
        rig_say(q, a, n + 4 + 8 * chance(2));
        break;
    case 14: /* M20 */
        memcpy(a + n, a, n);
        rig_say(q, a, 2 * n);
        break;
    case 15: /* M21 */
        memcpy(b, "\xde\xad\xbe\xef", 4);
        memcpy(b + 4, a, n);
        rig_say(q, b, n + 4);
        break;
    case 16: /* M22 */
        say_in_pieces(q, a, n, chance(2) ? 1 : 30);
        break;
    case 17: { /* M26 to M30 */
        static const uint8_t codes[] = {4, 5, 6, 8, 10, 11, 0, 9, 12, 255};
        rig_say(q, a, rig_exception(q, codes[chance(sizeof(codes))], a));
        break;
    }
    case 18: /* the same answer once more, a little later */
        rig_say(q, a, n);
        rig_pause(1 + chance(8));
        rig_say(q, a, n);
        break;
    default:
        return false; /* M33 */
    }
    return true;
}

static bool faulty_tcp(const struct question *q, void *me)
{
    uint8_t a[600];
    (void)me;
    if (chance(100) < 30)
        return lie_tcp(q, chance(20));
    rig_say(q, a, rig_answer(q, a));
    return true;
}

static void lie_rtu(const struct question *q, unsigned kind)
{
    uint8_t a[600], b[600];
    size_t n = rig_answer(q, a), m;
    switch (kind) {
    case 0: /* M01 */
        break;
    case 1: /* M04 */
    case 2:
        say_late(q, a, n);
        break;
    case 3: /* M08, M46 */
        rig_say(q, a, other_answer(q, a, chance(2) ? 0 : q->unit + 1U, 0));
        break;
    case 4: /* M09 */
        a[1] = 4;
        rig_say(q, a, rig_seal(q, a, n - 2));
        break;
    case 5: { /* M14, M15 */
        struct question other = *q;
        other.count = (uint16_t)(q->count > 1 && chance(2) ? q->count - 1 : q->count + 5);
        rig_say(q, a, rig_answer(&other, a));
        break;
    }
    case 6: /* M16 */
        rig_say(q, a, 1 + chance((unsigned)n - 1));
        break;
    case 7: /* M17 */
        m = 1 + chance((unsigned)n - 1);
        rig_say(q, a, m);
        rig_pause(70);
        rig_say(q, a + m, n - m);
        break;
    case 8: /* M20 */
        memcpy(a + n, a, n);
        rig_say(q, a, 2 * n);
        break;
    case 9: /* M21, M44 */
        memcpy(b, "\xff\x00\x55\xaa", 4);
        m = 1 + chance(4);
        memcpy(b + m, a, n);
        rig_say(q, b, n + m);
        break;
    case 10: /* M44, behind */
        memcpy(a + n, "\x00\xff", 2);
        rig_say(q, a, n + 1 + chance(2));
        break;
    case 11: /* M41 */
        a[chance((unsigned)n)] ^= (uint8_t)(1 << chance(8));
        rig_say(q, a, n);
        break;
    case 12: /* M42 */
        rig_say(q, q->frame, 8);
        rig_say(q, a, n);
        break;
    case 13: /* M45: another one first, then the one that was asked */
        m = other_answer(q, b, q->unit + 1U, 0);
        rig_say(q, b, m);
        rig_pause(chance(2) ? 3 : 65);
        rig_say(q, a, n);
        break;
    case 14: /* M47 */
        say_in_pieces(q, a, n, chance(2) ? 1 : 30);
        break;
    case 15: {
        static const uint8_t codes[] = {4, 5, 6, 8, 10, 11, 0, 9, 12, 255};
        rig_say(q, a, rig_exception(q, codes[chance(sizeof(codes))], a));
        break;
    }
    default: /* a refusal that comes late, and the answer behind it */
        say_late(q, b, rig_exception(q, 4, b));
        rig_say(q, a, n);
        break;
    }
}

static bool faulty_rtu(const struct question *q, void *me)
{
    uint8_t a[600];
    (void)me;
    if (chance(100) < 30)
        lie_rtu(q, chance(17));
    else
        rig_say(q, a, rig_answer(q, a));
    return true;
}

/* All polls of a unit look alike, so that a late answer fits the next question. */
static void fill_line(struct rig *g)
{
    for (uint8_t unit = 1; unit <= 3; unit++) {
        for (uint16_t first = 0; first < 60; first = (uint16_t)(first + 20))
            rig_read(g, unit, first, 10, 10 * NS_PER_MS);
    }
}

static unsigned wanted;
static bool enough(const struct tally *t)
{
    unsigned faults = t->faults[FAULT_TIMEOUT] + t->faults[FAULT_GARBLED] +
                      t->faults[FAULT_CLOSED] + t->faults[FAULT_EXCEPTION];
    return t->good + faults >= wanted;
}

static void poll_and_count(struct rig *g, const char *what)
{
    struct tally t = {.rig = g};
    struct loop *loop = loop_new();
    struct poller_hooks hooks = {.me = &t, .block = tally_block, .event = tally_event};
    struct poller *p = poller_new(loop, &g->plan, hooks, clock_mono());
    assert_non_null(p);
    mono_t start = clock_mono();
    rig_run(loop, p, &t, enough, 120 * NS_PER_S);
    struct line_stats all = {0};
    for (uint32_t i = 0; i < g->plant.line_count; i++) {
        struct line_stats s;
        poller_line_stats(p, i, &s);
        all.asked += s.asked;
        all.timeouts += s.timeouts;
        all.garbled += s.garbled;
        all.exceptions += s.exceptions;
        all.probes += s.probes;
        all.connects += s.connects;
    }
    print_message("%s: %u good, %u wrong; asked %lu, timeouts %lu, garbled %lu, exceptions %lu, "
                  "probes %lu, connects %lu in %.1f s\n",
                  what, t.good, t.wrong, (unsigned long)all.asked, (unsigned long)all.timeouts,
                  (unsigned long)all.garbled, (unsigned long)all.exceptions,
                  (unsigned long)all.probes, (unsigned long)all.connects,
                  (double)mono_since(clock_mono(), start) / 1e9);
    poller_free(p);
    loop_free(loop);
    assert_int_equal(t.wrong, 0);
    assert_true(enough(&t));
    assert_true(t.good > wanted / 3);
}

static void nothing_wrong_over_sockets(bool tcp, const char *what)
{
    struct rig *g = rig_new();
    int listeners[LINES], pids[LINES];
    for (unsigned i = 0; i < LINES; i++) {
        uint16_t port;
        listeners[i] = rig_listen(&port);
        for (unsigned k = 0; k < i; k++)
            chance(2); /* each child lies in its own order */
        pids[i] = rig_serve_sockets(&listeners[i], 1, tcp, tcp ? faulty_tcp : faulty_rtu, NULL);
        close(listeners[i]);
        rig_line(g, tcp ? TRANSPORT_TCP : TRANSPORT_RTU_OVER_TCP, "127.0.0.1", port);
        fill_line(g);
    }
    poll_and_count(g, what);
    for (unsigned i = 0; i < LINES; i++)
        rig_stop(pids[i]);
    rig_free(g);
}

static void tcp_answers_may_lie_and_nothing_wrong_is_believed(void **state)
{
    (void)state;
    wanted = 5000;
    nothing_wrong_over_sockets(true, "tcp");
}

static void rtu_over_tcp_may_lie_and_nothing_wrong_is_believed(void **state)
{
    (void)state;
    wanted = 3000;
    nothing_wrong_over_sockets(false, "rtu+tcp");
}

static void a_bus_may_lie_and_nothing_wrong_is_believed(void **state)
{
    (void)state;
    struct rig *g = rig_new();
    char names[LINES][64];
    int masters[LINES], pids[LINES];
    wanted = 5000;
    for (unsigned i = 0; i < LINES; i++) {
        masters[i] = rig_pty(names[i]);
        for (unsigned k = 0; k < i; k++)
            chance(2);
        pids[i] = rig_serve_ptys(&masters[i], 1, faulty_rtu, NULL);
        rig_line(g, TRANSPORT_RTU, names[i], 0);
        fill_line(g);
    }
    poll_and_count(g, "rtu");
    for (unsigned i = 0; i < LINES; i++) {
        rig_stop(pids[i]);
        close(masters[i]);
    }
    rig_free(g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tcp_answers_may_lie_and_nothing_wrong_is_believed),
        cmocka_unit_test(rtu_over_tcp_may_lie_and_nothing_wrong_is_believed),
        cmocka_unit_test(a_bus_may_lie_and_nothing_wrong_is_believed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
