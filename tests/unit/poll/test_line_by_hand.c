/* SPDX-License-Identifier: Apache-2.0 */
/* What a line does when, to the nanosecond: the test is the clock. */
#include "rig.c"

#include "hand.h"

/* ---- the gateway itself stands still --------------------------------------------------------- */

static void nobody_is_blamed_for_our_own_sleep(void **state)
{
    (void)state;
    for (int kind = TRANSPORT_TCP; kind <= TRANSPORT_RTU_OVER_TCP; kind++) {
        for (int answered = 0; answered < 2; answered++) {
            struct hand h;
            uint8_t a[64];
            hand_take(&h, (enum transport)kind);
            rig_read(h.g, 1, 0, 10, 100 * NS_PER_MS);
            hand_begin(&h);
            hand_live(&h, hand_right, NS_PER_S);
            hand_hear_poll(&h);
            unsigned before = h.tally.good;
            h.now = mono_add(h.t->deadline, 600 * NS_PER_MS);
            if (answered) /* and it lies there, nobody knows since when */
                hand_say(&h, a, rig_answer(&h.q, a));
            else
                talk_tick(h.t, h.now);
            assert_int_equal(h.tally.good, before);
            assert_int_equal(h.tally.faults[FAULT_TIMEOUT], 0);
            assert_int_equal(h.t->stats.timeouts, 0);
            /* On a bus nothing is believed before a proof; a socket is made anew. */
            assert_int_equal(h.t->state, kind == TRANSPORT_TCP ? TALK_CONNECTING : TALK_DRAINING);
            assert_int_equal(h.t->suspect, kind != TRANSPORT_TCP);
            hand_live(&h, hand_right, NS_PER_S);
            assert_true(h.tally.good >= before + 8);
            assert_int_equal(h.tally.faults[FAULT_TIMEOUT], 0);
            hand_end(&h);
        }
    }
}

static void a_late_answer_is_late_though_it_is_there_before_its_timer(void **state)
{
    (void)state;
    struct hand h;
    uint8_t a[64];
    hand_take(&h, TRANSPORT_TCP);
    h.g->lines[0].retries = 0;
    rig_read(h.g, 1, 0, 10, 100 * NS_PER_MS);
    hand_begin(&h);
    hand_hear(&h);
    h.now = mono_add(h.t->deadline, NS_PER_MS);
    hand_say(&h, a, rig_answer(&h.q, a));
    assert_int_equal(h.tally.good, 0);
    assert_int_equal(h.tally.faults[FAULT_TIMEOUT], 1);
    assert_string_equal(h.tally.last_why, "the answer was not whole in time");
    hand_end(&h);
}

static void what_others_did_meanwhile_is_forgiven_where_an_answer_is_awaited(void **state)
{
    (void)state;
    struct hand h;
    hand_take(&h, TRANSPORT_TCP);
    rig_read(h.g, 1, 0, 10, 100 * NS_PER_MS);
    hand_begin(&h);
    hand_hear(&h);
    hand_answer(&h);
    mono_t due = h.t->timer.when;
    poller_forgive(h.p, NS_PER_S); /* nothing is awaited: its times stay */
    assert_int_equal(h.t->timer.when.ns, due.ns);
    hand_hear(&h);
    due = h.t->deadline;
    poller_forgive(h.p, NS_PER_S);
    assert_int_equal(mono_since(h.t->deadline, due), NS_PER_S);
    assert_int_equal(h.t->timer.when.ns, h.t->deadline.ns);
    hand_hang_up(&h);
    assert_int_equal(h.t->state, TALK_CONNECTING);
    due = h.t->timer.when;
    poller_forgive(h.p, NS_PER_S);
    assert_int_equal(mono_since(h.t->timer.when, due), NS_PER_S);
    hand_end(&h);
}

/* ---- whose turn it is to connect ------------------------------------------------------------- */

static void lines_that_want_to_connect_wait_for_each_other_in_turn(void **state)
{
    (void)state;
    struct hand h;
    hand_take(&h, TRANSPORT_TCP);
    rig_read(h.g, 1, 0, 10, NS_PER_S);
    for (int i = 1; i < 6; i++) {
        rig_line(h.g, TRANSPORT_TCP, "127.0.0.1", h.port);
        rig_read(h.g, 1, 0, 10, NS_PER_S);
    }
    struct poller_hooks hooks = {.me = &h, .block = hand_block, .event = hand_event};
    h.now = mono_add(clock_mono(), 3600 * NS_PER_S);
    h.loop = loop_new();
    h.p = poller_new(h.loop, &h.g->plan, hooks, h.now);
    struct talk **t = h.p->talks;
    h.p->house.connecting = CONNECTING_MAX - 1; /* others */
    for (int i = 0; i < 6; i++)
        talk_tick(t[i], h.now);
    assert_int_equal(t[0]->state, TALK_CONNECTING);
    for (int i = 1; i < 6; i++)
        assert_int_equal(t[i]->state, TALK_QUEUED);
    /* One in the middle, and the last one, end while they wait. */
    talk_leave(t[3], h.now);
    talk_leave(t[5], h.now);
    assert_int_equal(t[3]->state, TALK_DOWN);
    static const int order[] = {0, 1, 2, 4};
    for (int i = 0; i < 4; i++) {
        struct talk *one = t[order[i]], *next = i < 3 ? t[order[i + 1]] : NULL;
        struct pollfd p = {.fd = one->watcher.fd, .events = POLLOUT};
        assert_int_equal(one->state, TALK_CONNECTING);
        assert_int_equal(poll(&p, 1, 5000), 1);
        talk_connected(one, h.now);
        assert_int_equal(one->stats.state, LINE_UP);
        if (!next)
            break;
        assert_int_equal(next->state, TALK_DOWN); /* and its time has come */
        assert_int_equal(next->timer.when.ns, h.now.ns);
        talk_tick(next, h.now);
    }
    assert_int_equal(h.p->house.connecting, CONNECTING_MAX - 1);
    assert_null(h.p->house.first_queued);
    h.t = t[0];
    hand_end(&h);
}

static void the_next_address_of_a_name_is_tried_when_one_refuses(void **state)
{
    (void)state;
    struct hand h;
    hand_take(&h, TRANSPORT_TCP);
    h.g->lines[0].port = rig_nobody();
    rig_read(h.g, 1, 0, 10, 20 * NS_PER_MS);
    struct poller_hooks hooks = {.me = &h, .block = hand_block, .event = hand_event};
    h.now = mono_add(clock_mono(), 3600 * NS_PER_S);
    h.loop = loop_new();
    h.p = poller_new(h.loop, &h.g->plan, hooks, h.now);
    h.t = h.p->talks[0];
    talk_tick(h.t, h.now);
    assert_int_equal(h.t->state, TALK_CONNECTING);
    h.t->addresses->at[1] = h.t->addresses->at[0];
    h.t->addresses->at[1].v4.sin_port = htons(h.port);
    h.t->addresses->count = 2;
    struct pollfd p = {.fd = h.t->watcher.fd, .events = POLLOUT};
    assert_int_equal(poll(&p, 1, 5000), 1);
    talk_ready(h.t, EPOLLOUT, h.now);
    assert_int_equal(h.t->stats.connect_failures, 0);
    hand_connect(&h);
    hand_live(&h, hand_right, NS_PER_S);
    assert_true(h.tally.good >= 40);
    assert_int_equal(h.tally.events[POLL_LINE_DOWN], 0);
    hand_end(&h);
}

static void an_old_address_is_better_than_none_while_the_name_server_sleeps(void **state)
{
    (void)state;
    struct hand h;
    hand_take(&h, TRANSPORT_TCP);
    h.g->lines[0].host = "localhost";
    h.g->lines[0].connect_timeout_ns = h.g->lines[0].timeout_ns = 60 * NS_PER_S;
    rig_read(h.g, 1, 0, 10, 20 * NS_PER_MS);
    struct poller_hooks hooks = {.me = &h, .block = hand_block, .event = hand_event};
    h.now = clock_mono();
    h.loop = loop_new();
    h.p = poller_new(h.loop, &h.g->plan, hooks, h.now);
    h.t = h.p->talks[0];
    talk_tick(h.t, h.now);
    for (int round = 0; round < 2; round++) {
        assert_int_equal(h.t->state, TALK_RESOLVING);
        while (h.t->state != TALK_WAITING) {
            assert_true(loop_run(h.loop, NS_PER_MS) >= 0);
            poller_run(h.p, clock_mono());
        }
        h.now = clock_mono();
        h.far = accept4(h.listener, NULL, NULL, SOCK_CLOEXEC);
        hand_hear(&h);
        hand_answer(&h);
        assert_int_equal(h.tally.good, round + 1);
        if (round)
            break;
        h.g->lines[0].host = "no..name";
        close(h.far);
        talk_reopen(h.t, false, "a test", h.now);
    }
    assert_int_equal(h.t->stats.connects, 2);
    assert_int_equal(h.t->stats.connect_failures, 0);
    hand_end(&h);
}

/* ---- links that end -------------------------------------------------------------------------- */

static void who_hangs_up_again_and_again_is_asked_ever_more_seldom_and_for_ever(void **state)
{
    (void)state;
    struct hand h;
    hand_take(&h, TRANSPORT_TCP);
    rig_read(h.g, 1, 0, 10, 20 * NS_PER_MS);
    hand_begin(&h);
    for (int i = 1; i <= 300; i++) {
        hand_hang_up(&h);
        assert_int_equal(h.t->hang_ups, i < 255 ? i : 255);
        int64_t wait = mono_since(h.t->timer.when, h.now);
        assert_true(wait <= h.g->lines[0].reconnect_max_ns);
        assert_true(i < 6 || wait >= h.g->lines[0].reconnect_max_ns * 3 / 4);
        hand_connect(&h);
    }
    assert_int_equal(h.tally.events[POLL_LINE_DOWN], 1);
    assert_int_equal(h.tally.events[POLL_LINE_UP], 1);
    hand_live(&h, hand_right, 10 * NS_PER_S);
    assert_int_equal(h.t->hang_ups, 0);
    assert_int_equal(h.tally.events[POLL_LINE_UP], 2);
    assert_true(h.tally.good >= 200);
    hand_end(&h);
}

static void a_connection_that_ends_unused_is_had_again_when_it_is_needed(void **state)
{
    (void)state;
    struct hand h;
    hand_take(&h, TRANSPORT_TCP);
    h.g->lines[0].connect_delay_ns = 5 * NS_PER_S;
    rig_read(h.g, 1, 0, 10, 3600 * NS_PER_S);
    hand_begin(&h);
    hand_pass(&h, 2 * NS_PER_S);
    hand_hang_up(&h);
    assert_int_equal(h.t->hang_ups, 0);
    assert_int_equal(h.tally.events[POLL_LINE_DOWN], 0);
    hand_end(&h);
}

static void a_bus_that_ends_while_its_silence_is_awaited_is_down(void **state)
{
    (void)state;
    for (int kind = TRANSPORT_RTU; kind <= TRANSPORT_RTU_OVER_TCP; kind++) {
        struct hand h;
        hand_take(&h, (enum transport)kind);
        rig_read(h.g, 1, 0, 10, 20 * NS_PER_MS);
        hand_begin(&h);
        assert_int_equal(h.t->state, TALK_DRAINING);
        mono_t due = h.t->timer.when;
        hand_ready(&h); /* and nothing is there */
        assert_int_equal(h.t->timer.when.ns, due.ns);
        hand_hang_up(&h);
        assert_int_equal(h.tally.faults[FAULT_LINE_DOWN], 1);
        assert_string_equal(h.tally.last_why,
                            kind == TRANSPORT_RTU ? "the port is gone" : "the other end hung up");
        hand_end(&h);
    }
}

/* ---- echoes ---------------------------------------------------------------------------------- */

static void our_own_bytes_are_known_only_when_all_of_them_came(void **state)
{
    (void)state;
    static const struct {
        bool echo;
        size_t first, second; /* of the question, and what comes next */
        const char *why;
    } facts[] = {
        {false, 4, 8, "our own bytes came back: set echo: true on this line"},
        {false, 8, 8, "our own bytes came back: set echo: true on this line"},
        {true, 4, 16, "wrong function"}, /* echo whole, and once more another question */
    };
    for (size_t i = 0; i < sizeof(facts) / sizeof(facts[0]); i++) {
        struct hand h;
        hand_take(&h, TRANSPORT_RTU);
        h.g->lines[0].echo = facts[i].echo;
        h.g->lines[0].retries = 0;
        rig_read(h.g, 1, 0, 10, 20 * NS_PER_MS);
        hand_begin(&h);
        hand_hear(&h);
        uint8_t twice[32];
        memcpy(twice, h.heard, 8);
        memcpy(twice + 8, h.heard, 8);
        twice[9] = 0x10;
        uint64_t garbled = h.t->stats.garbled;
        hand_say(&h, twice, facts[i].first);
        if (facts[i].first < 8) {
            assert_int_equal(h.t->stats.garbled, garbled); /* it may be an answer yet */
            hand_say(&h, twice + facts[i].first, facts[i].second - facts[i].first);
        }
        assert_int_equal(h.t->stats.garbled, garbled + 1);
        const struct frame *f = frames_find(poller_frames(h.p, &h.g->requests[0]), 0, 1, FRAME_BAD);
        assert_non_null(f);
        assert_string_equal(f->why, facts[i].why);
        hand_end(&h);
    }
}

/* ---- gaps ------------------------------------------------------------------------------------ */

static void the_gap_behind_a_frame_is_the_buses_and_a_networks_at_least(void **state)
{
    (void)state;
    static const struct {
        enum transport kind;
        uint32_t baud;
        int64_t gap_us;
    } facts[] = {
        {TRANSPORT_TCP, 0, 0},
        {TRANSPORT_RTU, 115200, 1750},
        {TRANSPORT_RTU_OVER_TCP, 115200, 5000},
        {TRANSPORT_RTU_OVER_TCP, 1200, 29166},
    };
    for (size_t i = 0; i < sizeof(facts) / sizeof(facts[0]); i++) {
        struct hand h;
        hand_take(&h, facts[i].kind);
        h.g->lines[0].baud = facts[i].baud;
        rig_read(h.g, 1, 0, 10, 200 * NS_PER_MS);
        hand_begin(&h);
        assert_int_equal(h.t->gap_ns / NS_PER_US, facts[i].gap_us);
        hand_end(&h);
    }
}

/* ---- who is asked while others are silent ---------------------------------------------------- */

static size_t only_unit_one(struct hand *h, uint8_t *out)
{
    return h->q.unit == 1 ? rig_answer(&h->q, out) : 0;
}

static void what_is_given_to_the_silent_is_as_the_line_says(void **state)
{
    (void)state;
    /* 0: there is no limit but the growing pauses. */
    static const double shares[] = {0, 0.02, 0.5};
    unsigned probes[3];
    for (size_t i = 0; i < 3; i++) {
        struct hand h;
        hand_take(&h, TRANSPORT_TCP);
        h.g->lines[0].silent_share = shares[i];
        h.g->lines[0].retries = 0;
        h.g->lines[0].timeout_ns = 500 * NS_PER_MS;
        rig_read(h.g, 1, 0, 10, 50 * NS_PER_MS);
        for (uint8_t unit = 2; unit < 8; unit++)
            rig_read(h.g, unit, 0, 10, 50 * NS_PER_MS);
        hand_begin(&h);
        hand_live(&h, only_unit_one, 120 * NS_PER_S);
        probes[i] = (unsigned)h.t->stats.timeouts;
        struct unit_stats u;
        assert_true(poller_unit_stats(h.p, 0, 4, &u));
        assert_false(u.answers);
        assert_true(u.next_probe.ns != MONO_NEVER.ns && u.probe_interval_ns > 0);
        assert_true(poller_unit_stats(h.p, 0, 1, &u));
        assert_true(u.answers && u.next_probe.ns == MONO_NEVER.ns);
        assert_false(poller_unit_stats(h.p, 0, 9, &u));
        if (shares[i] > 0)
            assert_true((double)h.t->stats.silent_ns <= 120e9 * shares[i] + 8e9);
        hand_end(&h);
    }
    assert_true(probes[0] > probes[1] && probes[2] > probes[1]);
}

static bool mute;
static size_t nobody_while_mute(struct hand *h, uint8_t *out)
{
    return mute ? 0 : rig_answer(&h->q, out);
}

static void a_unit_that_answered_and_fell_silent_does_not_answer(void **state)
{
    (void)state;
    struct hand h;
    struct unit_stats u;
    hand_take(&h, TRANSPORT_RTU);
    rig_read(h.g, 1, 0, 10, 50 * NS_PER_MS);
    hand_begin(&h);
    mute = false;
    hand_live(&h, nobody_while_mute, NS_PER_S);
    assert_true(poller_unit_stats(h.p, 0, 1, &u) && u.answers);
    mute = true;
    hand_live(&h, nobody_while_mute, 100 * NS_PER_S);
    assert_true(poller_unit_stats(h.p, 0, 1, &u) && !u.answers && u.good > 0);
    mute = false;
    hand_live(&h, nobody_while_mute, 10 * NS_PER_S);
    assert_true(poller_unit_stats(h.p, 0, 1, &u) && u.answers);
    hand_end(&h);
}

static void misses_are_counted_up_to_what_fits_and_a_bus_goes_on(void **state)
{
    (void)state;
    struct hand h;
    hand_take(&h, TRANSPORT_RTU);
    h.g->lines[0].reconnect_max_ns = NS_PER_S;
    rig_read(h.g, 1, 0, 10, 50 * NS_PER_MS);
    hand_begin(&h);
    mute = false;
    hand_live(&h, nobody_while_mute, NS_PER_S);
    mute = true;
    hand_live(&h, nobody_while_mute, 3600 * NS_PER_S);
    assert_int_equal(h.t->misses, UINT8_MAX);
    assert_int_equal(h.t->lost_proofs, UINT8_MAX);
    assert_true(h.t->parties[0].misses > UINT8_MAX);
    mute = false;
    unsigned before = h.tally.good;
    hand_live(&h, nobody_while_mute, 20 * NS_PER_S);
    assert_true(h.tally.good > before + 100);
    assert_int_equal(h.t->misses, 0);
    h.t->served = UINT32_MAX;
    hand_live(&h, nobody_while_mute, NS_PER_S);
    assert_int_equal(h.t->served, UINT32_MAX);
    hand_end(&h);
}

static size_t seen_by_unit_two[4];
static size_t unit_two_is_mute(struct hand *h, uint8_t *out)
{
    if (h->q.unit != 2)
        return rig_answer(&h->q, out);
    if (h->t->parties[1].silent)
        seen_by_unit_two[h->q.address / 20]++;
    return 0;
}

/* Of four requests two change something by being read. */
static void the_silent_are_probed_with_what_changes_nothing(void **state)
{
    (void)state;
    struct hand h;
    hand_take(&h, TRANSPORT_TCP);
    h.g->lines[0].retries = 0;
    rig_read(h.g, 1, 0, 10, 50 * NS_PER_MS);
    rig_read(h.g, 2, 0, 10, 50 * NS_PER_MS)->alone = true;
    rig_read(h.g, 2, 20, 10, 90 * NS_PER_S);
    rig_read(h.g, 2, 40, 10, 60 * NS_PER_S);
    rig_read(h.g, 2, 60, 10, 40 * NS_PER_S)->alone = true;
    hand_begin(&h);
    memset(seen_by_unit_two, 0, sizeof(seen_by_unit_two));
    hand_live(&h, unit_two_is_mute, 60 * NS_PER_S);
    assert_int_equal(h.tally.events[POLL_UNIT_SILENT], 1);
    assert_true(seen_by_unit_two[1] > 3 && seen_by_unit_two[2] > 3); /* in turn */
    assert_int_equal(seen_by_unit_two[0] + seen_by_unit_two[3], 0);
    hand_end(&h);
}

static bool drops_is_over;
static size_t drops_twenty(struct hand *h, uint8_t *out)
{
    bool dropped = h->q.address == 20 && h->q.count == 8 && !drops_is_over;
    return dropped ? 0 : rig_answer(&h->q, out);
}

/* Some drop a question that they don't know, where they should refuse it. */
static void one_question_without_an_answer_does_not_cost_the_others_theirs(void **state)
{
    (void)state;
    for (int kind = TRANSPORT_TCP; kind <= TRANSPORT_RTU_OVER_TCP; kind++) {
        for (unsigned i = 0; i < 6; i++) {
            bool once = i % 2;
            struct hand h;
            hand_take(&h, (enum transport)kind);
            h.g->lines[0].retries = (uint8_t)(i / 2);
            rig_read(h.g, 1, 0, 10, NS_PER_S);
            struct request *r = rig_read(h.g, 1, 20, 8, (once ? 3600 : 1) * NS_PER_S);
            r->once = once;
            hand_begin(&h);
            drops_is_over = false;
            hand_live(&h, drops_twenty, 300 * NS_PER_S);
            if (h.tally.good < 290 || h.tally.events[POLL_UNIT_SILENT] > 1 ||
                h.t->stats.silent_ns > 60 * NS_PER_S)
                fail_msg("transport %d, retries %u, once %d: %u good, %u times silent, %g s", kind,
                         i / 2, once, h.tally.good, h.tally.events[POLL_UNIT_SILENT],
                         (double)h.t->stats.silent_ns / 1e9);
            assert_true(h.tally.faults[FAULT_TIMEOUT] > 3);
            drops_is_over = true;
            h.tally.good = 0;
            hand_live(&h, drops_twenty, 100 * NS_PER_S);
            assert_true(h.tally.good >= (once ? 101 : 130));
            assert_false(h.t->errands[1].mute);
            hand_end(&h);
        }
    }
}

static void a_question_that_was_answered_before_is_back_within_seconds(void **state)
{
    (void)state;
    struct hand h;
    hand_take(&h, TRANSPORT_TCP);
    rig_read(h.g, 1, 0, 10, NS_PER_S);
    rig_read(h.g, 1, 20, 8, NS_PER_S);
    hand_begin(&h);
    drops_is_over = true;
    hand_live(&h, drops_twenty, 10 * NS_PER_S);
    drops_is_over = false;
    hand_live(&h, drops_twenty, 300 * NS_PER_S);
    assert_true(h.t->errands[1].mute);
    drops_is_over = true;
    hand_live(&h, drops_twenty, 5 * NS_PER_S);
    assert_false(h.t->errands[1].mute);
    hand_end(&h);
}

/* ---- what is asked first --------------------------------------------------------------------- */

static void who_begins_to_answer_is_asked_who_it_is_as_its_manners_allow(void **state)
{
    (void)state;
    struct hand h;
    hand_take(&h, TRANSPORT_TCP);
    h.g->lines[0].retries = 0;
    rig_read(h.g, 1, 0, 10, 50 * NS_PER_MS);
    rig_read(h.g, 1, 20, 10, 3600 * NS_PER_S)->once = true;
    struct request *slow = rig_read(h.g, 2, 0, 10, 50 * NS_PER_MS);
    slow->delay_ns = 300 * NS_PER_MS; /* the silence it wants */
    rig_read(h.g, 2, 20, 10, 3600 * NS_PER_S)->once = true;
    rig_read(h.g, 2, 40, 10, 3600 * NS_PER_S)->once = true;
    hand_begin(&h);
    /* Both at the beginning of the connection; the second unit's two are kept apart. */
    mono_t at[2] = {{0}, {0}};
    unsigned first[3] = {0};
    for (int i = 0; i < 40 && !(first[1] && first[2]); i++) {
        hand_hear(&h);
        if (h.q.address) {
            first[0] += h.q.unit == 1;
            if (h.q.unit == 2 && !first[h.q.address / 20]++)
                at[h.q.address / 20 - 1] = h.now;
        }
        hand_answer(&h);
    }
    assert_int_equal(first[0], 1);
    assert_true(first[1] == 1 && first[2] == 1);
    int64_t apart = mono_since(at[1], at[0]);
    assert_true((apart < 0 ? -apart : apart) >= slow->delay_ns);
    assert_int_equal(h.t->firsts, 0);
    /* Asked for once more, of one unit only. */
    while (h.t->state == TALK_WAITING) {
        hand_hear(&h);
        hand_answer(&h);
    }
    poller_ask_again(h.p, 0, 1, h.now);
    assert_int_equal(h.t->firsts, 1);
    hand_hear(&h);
    assert_true(h.q.unit == 1 && h.q.address == 20);
    poller_ask_again(h.p, 0, 2, h.now); /* while an answer is awaited */
    assert_int_equal(h.t->firsts, 3);
    hand_answer(&h);
    hand_live(&h, hand_right, 5 * NS_PER_S);
    assert_int_equal(h.t->firsts, 0);
    hand_end(&h);
}

static bool identity_is_mute;
static unsigned identity_asked;
static size_t says_not_who_it_is(struct hand *h, uint8_t *out)
{
    identity_asked += h->q.address == 20;
    return h->q.address == 20 && identity_is_mute ? 0 : rig_answer(&h->q, out);
}

static void what_is_asked_first_in_vain_is_asked_again_and_others_do_not_wait(void **state)
{
    (void)state;
    struct hand h;
    hand_take(&h, TRANSPORT_RTU);
    h.g->lines[0].retries = 0;
    rig_read(h.g, 1, 0, 10, 200 * NS_PER_MS);
    rig_read(h.g, 1, 20, 8, 3600 * NS_PER_S)->once = true;
    hand_begin(&h);
    identity_is_mute = true;
    identity_asked = 0;
    hand_live(&h, says_not_who_it_is, 20 * NS_PER_S);
    assert_in_range(identity_asked, 3, 11);
    assert_true(h.tally.good >= 60);
    identity_is_mute = false;
    hand_live(&h, says_not_who_it_is, 40 * NS_PER_S);
    assert_int_equal(h.t->firsts, 0);
    hand_end(&h);
}

/* ---- cut requests ---------------------------------------------------------------------------- */

/* Register 12 is refused, and more of them where the test says so; code 3 for long reads. */
static unsigned refused_from, refused_to;
static uint8_t refused_code;
static bool part_is_mute;
static size_t refuses_some(struct hand *h, uint8_t *out)
{
    unsigned end = h->q.address + h->q.count;
    if (part_is_mute && !h->t->proving && h->q.address >= 14)
        return 0;
    if (h->q.address < refused_to && end > refused_from)
        return rig_exception(&h->q, refused_code, out);
    return rig_answer(&h->q, out);
}

static void a_proof_is_never_as_long_as_a_part_that_is_polled(void **state)
{
    (void)state;
    for (int kind = TRANSPORT_RTU; kind <= TRANSPORT_RTU_OVER_TCP; kind++) {
        struct hand h;
        hand_take(&h, (enum transport)kind);
        rig_read(h.g, 1, 0, 30, 500 * NS_PER_MS);
        rig_read(h.g, 2, 0, 30, 500 * NS_PER_MS);
        hand_begin(&h);
        refused_from = 12, refused_to = 13, refused_code = 2, part_is_mute = false;
        hand_live(&h, refuses_some, 5 * NS_PER_S);
        const struct pieces *ps = h.t->errands[0].pieces;
        assert_true(ps && ps->count == 3 && ps->at[1].hole);
        unsigned proofs = 0, missed = 0;
        for (int i = 0; i < 200 && proofs < 20; i++) {
            uint8_t out[600];
            hand_hear(&h);
            if (h.t->proving) {
                proofs++;
                for (unsigned k = 0; k < ps->count; k++)
                    assert_int_not_equal(h.q.count, ps->at[k].count);
            } else if (missed++ % 2) {
                hand_miss(&h);
                continue;
            }
            hand_say(&h, out, refuses_some(&h, out));
            hand_settle(&h);
        }
        assert_true(proofs >= 20);
        hand_end(&h);
    }
}

static void of_a_cut_request_only_what_was_not_answered_is_a_fault(void **state)
{
    (void)state;
    struct hand h;
    hand_take(&h, TRANSPORT_TCP);
    h.g->lines[0].retries = 0;
    rig_read(h.g, 1, 0, 30, 500 * NS_PER_MS);
    hand_begin(&h);
    refused_from = 12, refused_to = 13, refused_code = 2, part_is_mute = false;
    hand_live(&h, refuses_some, 5 * NS_PER_S);
    h.tally.faults[FAULT_TIMEOUT] = 0;
    part_is_mute = true;
    unsigned good = h.tally.good;
    hand_live(&h, refuses_some, 500 * NS_PER_MS);
    assert_int_equal(h.tally.faults[FAULT_TIMEOUT], 1);
    assert_int_equal(h.tally.last.first, 14);
    assert_int_equal(h.tally.last.count, 16);
    assert_true(h.tally.good > good);
    hand_end(&h);
}

static void a_hole_is_told_once_and_asked_for_every_ten_minutes(void **state)
{
    (void)state;
    struct hand h;
    hand_take(&h, TRANSPORT_TCP);
    rig_read(h.g, 1, 0, 30, 5 * NS_PER_S);
    hand_begin(&h);
    refused_from = 12, refused_to = 13, refused_code = 2, part_is_mute = false;
    hand_live(&h, refuses_some, 3000 * NS_PER_S);
    assert_int_equal(h.tally.events[POLL_HOLE_LEARNED], 1);
    uint64_t before = h.t->stats.exceptions;
    hand_live(&h, refuses_some, 6000 * NS_PER_S);
    assert_in_range(h.t->stats.exceptions - before, 10, 20);
    refused_from = 10; /* another one beside it: it is told, the first isn't again */
    hand_live(&h, refuses_some, 60 * NS_PER_S);
    assert_int_equal(h.tally.events[POLL_HOLE_LEARNED], 2);
    assert_non_null(strstr(h.tally.last_text, "0x000A"));
    refused_to = 0; /* and one day it serves them */
    hand_live(&h, refuses_some, 1300 * NS_PER_S);
    h.tally.faults[FAULT_HOLE] = 0;
    unsigned good = h.tally.good;
    hand_live(&h, refuses_some, 60 * NS_PER_S);
    assert_int_equal(h.tally.faults[FAULT_HOLE], 0);
    assert_true(h.tally.good >= good + 12);
    hand_end(&h);
}

/* A device whose registers 20..23 are none, that gives so many at once, or not both sides of 12. */
static unsigned most_at_once;
static bool has_border, has_gap;
static size_t refuses_by_kind(struct hand *h, uint8_t *out)
{
    unsigned end = h->q.address + h->q.count;
    if (has_gap && h->q.address < 24 && end > 20)
        return rig_exception(&h->q, 2, out);
    if (has_border && h->q.address < 12 && end > 12)
        return rig_exception(&h->q, 2, out);
    if (h->q.count > most_at_once)
        return rig_exception(&h->q, 3, out);
    return rig_answer(&h->q, out);
}

static void the_remedy_names_what_the_answers_prove(void **state)
{
    (void)state;
    static const struct {
        bool gap, border;
        unsigned most;
        const char *text;
    } facts[] = {
        {true, false, 125,
         "limits: {never: [\"holding 0x0014..0x0017\"]}  # unit 1 refuses to be read across it"},
        {false, false, 8, "limits: {max_registers: 8}  # unit 1 refuses longer reads"},
        {false, true, 125,
         "limits: {barriers: [\"holding 0x000C\"]}  # unit 1 refuses to be read across it"},
    };
    for (size_t i = 0; i < sizeof(facts) / sizeof(facts[0]); i++) {
        struct hand h;
        hand_take(&h, TRANSPORT_TCP);
        struct request *r = rig_read(h.g, 1, 0, facts[i].gap ? 30 : 32, 500 * NS_PER_MS);
        struct feed *feeds = &h.g->feeds[0];
        for (uint32_t k = 10; facts[i].gap && k + 2 < r->feed_count; k++)
            feeds[k] = feeds[k + 2]; /* nothing of the map lies in 20..23 */
        r->feed_count -= facts[i].gap ? 2 : 0;
        hand_begin(&h);
        has_gap = facts[i].gap, has_border = facts[i].border, most_at_once = facts[i].most;
        hand_live(&h, refuses_by_kind, 20 * NS_PER_S);
        assert_string_equal(h.tally.last_text, facts[i].text);
        assert_int_equal(h.tally.events[POLL_HOLE_LEARNED], 1);
        hand_end(&h);
    }
}

static void a_unit_that_refuses_everything_for_long_is_cut_up_ever_more_seldom(void **state)
{
    (void)state;
    struct hand h;
    hand_take(&h, TRANSPORT_TCP);
    rig_read(h.g, 1, 0, 30, 5 * NS_PER_S);
    hand_begin(&h);
    refused_from = 0, refused_to = 100, refused_code = 2, part_is_mute = false;
    hand_live(&h, refuses_some, 60 * NS_PER_S);
    assert_int_equal(h.tally.events[POLL_UNIT_REFUSES], 1);
    uint64_t early = h.t->stats.exceptions;
    hand_live(&h, refuses_some, 3600 * NS_PER_S);
    uint64_t late = h.t->stats.exceptions - early;
    assert_true(late / 60 < early); /* in a minute of the hour */
    assert_int_equal(h.tally.events[POLL_HOLE_LEARNED], 0);
    assert_int_equal(h.tally.good, 0);
    refused_to = 0;
    hand_live(&h, refuses_some, 20 * NS_PER_S);
    assert_int_equal(h.tally.events[POLL_UNIT_ACCEPTS], 1);
    assert_int_equal(h.tally.last.count, 30);
    hand_end(&h);
}

static size_t refuses_all_but_the_last(struct hand *h, uint8_t *out)
{
    return h->q.address < refused_to ? rig_exception(&h->q, 1, out) : rig_answer(&h->q, out);
}

static void many_that_were_served_before_are_asked_for_once_a_minute_each(void **state)
{
    (void)state;
    enum { N = 80 };
    struct hand h;
    hand_take(&h, TRANSPORT_TCP);
    for (uint16_t i = 0; i < N; i++)
        rig_read(h.g, 1, (uint16_t)(4 * i), 2, 5 * NS_PER_S);
    hand_begin(&h);
    refused_to = 0;
    hand_live(&h, refuses_all_but_the_last, 20 * NS_PER_S);
    refused_to = 4 * (N - 1);
    hand_live(&h, refuses_all_but_the_last, 600 * NS_PER_S);
    uint64_t before = h.t->stats.exceptions;
    hand_live(&h, refuses_all_but_the_last, 600 * NS_PER_S);
    uint64_t each = (h.t->stats.exceptions - before) / (N - 1);
    assert_in_range(each, 9, 22); /* of 120 times that they would be due */
    hand_end(&h);
}

static void what_not_every_model_has_is_refused_without_a_word(void **state)
{
    (void)state;
    for (int optional = 0; optional < 2; optional++) {
        struct hand h;
        hand_take(&h, TRANSPORT_TCP);
        rig_read(h.g, 1, 0, 4, 5 * NS_PER_S);
        for (int i = 0; i < 2; i++)
            h.g->points[i].optional = optional;
        hand_begin(&h);
        refused_to = 100;
        hand_live(&h, refuses_all_but_the_last, 60 * NS_PER_S);
        assert_int_equal(h.tally.events[POLL_UNIT_REFUSES], !optional);
        assert_true(h.tally.faults[FAULT_EXCEPTION] > 1);
        hand_end(&h);
    }
}

static uint8_t proof_code;
static size_t refuses_proofs(struct hand *h, uint8_t *out)
{
    return h->t->proving ? rig_exception(&h->q, proof_code, out) : 0;
}

static void proofs_that_are_refused_for_ever_prove_nothing(void **state)
{
    (void)state;
    for (proof_code = 2; proof_code <= 6; proof_code++) {
        struct hand h;
        hand_take(&h, TRANSPORT_RTU);
        rig_read(h.g, 1, 0, 30, 50 * NS_PER_MS);
        hand_begin(&h);
        hand_live(&h, refuses_proofs, 300 * NS_PER_S);
        assert_int_equal(h.tally.good, 0);
        assert_true(h.t->suspect || proof_code <= 3);
        assert_true(proof_code <= 3 || h.t->lost_proofs == UINT8_MAX);
        assert_true(h.tally.faults[proof_code <= 3 ? FAULT_TIMEOUT : FAULT_EXCEPTION] > 0);
        hand_end(&h);
    }
}

/* ---- repetitions ----------------------------------------------------------------------------- */

/* An answer to somebody who asked here before us: another plan, a process that was killed. */
static void say_old(struct hand *h, uint8_t unit, uint16_t address, uint16_t count)
{
    struct question old = h->q;
    uint8_t a[600];
    old.unit = unit;
    old.function = 3;
    old.address = address;
    old.count = count;
    hand_say(h, a, rig_answer(&old, a));
}

static void what_others_asked_before_us_proves_nothing(void **state)
{
    (void)state;
    for (int kind = TRANSPORT_RTU; kind <= TRANSPORT_RTU_OVER_TCP; kind++) {
        struct hand h;
        hand_take(&h, (enum transport)kind);
        rig_read(h.g, 1, 20, 2, 500 * NS_PER_MS);
        hand_begin(&h);
        mono_t opened = h.now;
        /* As late as a time-out allows: nothing is asked before it is quiet again. */
        for (int i = 0; i < 3; i++) {
            hand_pass(&h, 50 * NS_PER_MS);
            assert_int_equal(h.t->state, TALK_DRAINING);
            say_old(&h, 1, 7, 2);
        }
        hand_hear(&h);
        assert_true(mono_since(h.now, opened) >= 3 * 50 * NS_PER_MS + h.t->line->timeout_ns);
        assert_true(h.t->proving);
        /* Later still, and by chance as long as the proof; then the true one. */
        uint16_t first = h.q.count;
        say_old(&h, 1, 100, first);
        hand_settle(&h);
        for (int i = 0; i < 40 && !h.tally.good; i++) {
            hand_hear(&h);
            if (i == 0) {
                assert_true(h.t->proving);
                assert_int_not_equal(h.q.count, first);
                say_old(&h, 1, 20, first); /* what was asked before this */
                continue;
            }
            hand_answer(&h);
        }
        assert_true(h.tally.good > 0);
        hand_end(&h);
    }
}

/* Each answer is said once more while the next question is out. */
static void repeated_answers_of_parts_are_never_taken_for_others(void **state)
{
    (void)state;
    static const struct {
        unsigned from, to; /* refused */
        uint16_t first, count; /* of another request */
        int64_t period_ns;
    } facts[] = {{4, 6, 100, 4, 250 * NS_PER_MS}, {12, 14, 40, 12, 60 * NS_PER_MS}};
    for (size_t i = 0; i < sizeof(facts) / sizeof(facts[0]); i++) {
        struct hand h;
        hand_take(&h, TRANSPORT_RTU_OVER_TCP);
        rig_read(h.g, 1, 0, (uint16_t)(facts[i].to + facts[i].count), facts[i].period_ns);
        rig_read(h.g, 1, facts[i].first, facts[i].count, facts[i].period_ns);
        hand_begin(&h);
        refused_from = facts[i].from, refused_to = facts[i].to, refused_code = 2;
        part_is_mute = false;
        hand_live(&h, refuses_some, 6 * NS_PER_S);
        assert_non_null(h.t->errands[0].pieces);
        mono_t answered[256] = {{0}};
        unsigned polls = 0;
        for (int k = 0; k < 100; k++) {
            hand_hear_poll(&h);
            mono_t last = answered[h.q.count];
            if (last.ns)
                assert_true(mono_since(h.now, last) >= alike_repeats_ns);
            uint8_t out[600];
            answered[h.q.count] = h.now;
            hand_say(&h, out, refuses_some(&h, out));
            hand_settle(&h);
            polls++;
        }
        assert_int_equal(polls, 100);
        hand_end(&h);
    }
}

static void two_units_whose_answers_look_alike_do_not_wait_for_each_other(void **state)
{
    (void)state;
    struct hand h;
    hand_take(&h, TRANSPORT_RTU);
    for (uint8_t unit = 1; unit <= 2; unit++) {
        rig_read(h.g, unit, 0, 10, 2 * NS_PER_S);
        rig_read(h.g, unit, 40, 10, 2 * NS_PER_S);
    }
    hand_begin(&h);
    hand_live(&h, hand_right, 2 * NS_PER_S);
    mono_t answered[3] = {{0}, {0}, {0}};
    for (int i = 0; i < 60; i++) {
        hand_hear_poll(&h);
        mono_t last = answered[h.q.unit];
        /* The same unit's, of the same length: not before a repetition would be over. */
        if (last.ns)
            assert_true(mono_since(h.now, last) >= alike_repeats_ns);
        hand_answer(&h);
        answered[h.q.unit] = h.t->last_byte;
    }
    assert_int_equal(h.t->stats.overruns, 0);
    hand_end(&h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nobody_is_blamed_for_our_own_sleep),
        cmocka_unit_test(a_late_answer_is_late_though_it_is_there_before_its_timer),
        cmocka_unit_test(what_others_did_meanwhile_is_forgiven_where_an_answer_is_awaited),
        cmocka_unit_test(lines_that_want_to_connect_wait_for_each_other_in_turn),
        cmocka_unit_test(the_next_address_of_a_name_is_tried_when_one_refuses),
        cmocka_unit_test(an_old_address_is_better_than_none_while_the_name_server_sleeps),
        cmocka_unit_test(who_hangs_up_again_and_again_is_asked_ever_more_seldom_and_for_ever),
        cmocka_unit_test(a_connection_that_ends_unused_is_had_again_when_it_is_needed),
        cmocka_unit_test(a_bus_that_ends_while_its_silence_is_awaited_is_down),
        cmocka_unit_test(our_own_bytes_are_known_only_when_all_of_them_came),
        cmocka_unit_test(the_gap_behind_a_frame_is_the_buses_and_a_networks_at_least),
        cmocka_unit_test(what_is_given_to_the_silent_is_as_the_line_says),
        cmocka_unit_test(a_unit_that_answered_and_fell_silent_does_not_answer),
        cmocka_unit_test(misses_are_counted_up_to_what_fits_and_a_bus_goes_on),
        cmocka_unit_test(the_silent_are_probed_with_what_changes_nothing),
        cmocka_unit_test(one_question_without_an_answer_does_not_cost_the_others_theirs),
        cmocka_unit_test(a_question_that_was_answered_before_is_back_within_seconds),
        cmocka_unit_test(who_begins_to_answer_is_asked_who_it_is_as_its_manners_allow),
        cmocka_unit_test(what_is_asked_first_in_vain_is_asked_again_and_others_do_not_wait),
        cmocka_unit_test(a_proof_is_never_as_long_as_a_part_that_is_polled),
        cmocka_unit_test(of_a_cut_request_only_what_was_not_answered_is_a_fault),
        cmocka_unit_test(a_hole_is_told_once_and_asked_for_every_ten_minutes),
        cmocka_unit_test(the_remedy_names_what_the_answers_prove),
        cmocka_unit_test(a_unit_that_refuses_everything_for_long_is_cut_up_ever_more_seldom),
        cmocka_unit_test(many_that_were_served_before_are_asked_for_once_a_minute_each),
        cmocka_unit_test(what_not_every_model_has_is_refused_without_a_word),
        cmocka_unit_test(proofs_that_are_refused_for_ever_prove_nothing),
        cmocka_unit_test(what_others_asked_before_us_proves_nothing),
        cmocka_unit_test(repeated_answers_of_parts_are_never_taken_for_others),
        cmocka_unit_test(two_units_whose_answers_look_alike_do_not_wait_for_each_other),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
