/* SPDX-License-Identifier: Apache-2.0 */
/* Writing, step by step: it is read, written, read back, and anything may happen in between. */
#include "rig.c"

#include "hand.h"

static struct write_rule rules[3];

/* Point 0 is one register, point 1 two; point 2 is a coil, or bits of a register; point 100 stands
 * in no request. */
static void take(struct hand *h, enum transport kind)
{
    hand_take(h, kind);
    struct point *p = h->g->points;
    rules[0] = (struct write_rule){.function = 6, .address = 0};
    rules[1] = (struct write_rule){.function = 16, .address = 2};
    rules[2] = (struct write_rule){.function = 22, .address = 4};
    p[0].type = p[2].type = p[100].type = RAW_U16;
    p[0].words = p[2].words = p[100].words = 1;
    p[0].write = p[100].write = &rules[0];
    p[1].write = &rules[1];
    p[2].write = &rules[2];
    h->g->lines[0].reconnect_min_ns = 10 * NS_PER_MS;
    h->g->lines[0].reconnect_max_ns = 20 * NS_PER_MS;
    rig_read(h->g, 1, 0, 20, 100 * NS_PER_S);
    rig_read(h->g, 2, 0, 30, 100 * NS_PER_S);
}

static void begin(struct hand *h, enum transport kind)
{
    take(h, kind);
    hand_begin(h);
    hand_live(h, hand_right, 110 * NS_PER_S);
    while (h->t->state != TALK_IDLE)
        hand_step(h);
    assert_int_equal(h->t->state, TALK_IDLE);
    assert_false(h->t->parties[0].doubt);
}

static struct write_job job_of(const struct hand *h, uint64_t id, uint16_t word, int64_t within_ns)
{
    return (struct write_job){.id = id,
                              .device = 1,
                              .count = 1,
                              .words = {word},
                              .masks = {0xFFFF},
                              .deadline = mono_add(h->now, within_ns)};
}

static void order(struct hand *h, const struct write_job *job)
{
    const char *why = poller_write(h->p, job, h->now);
    if (why)
        fail_msg("%s", why);
}

/* What stands in the one register that is written. */
static void say_stands(struct hand *h, uint16_t x)
{
    uint8_t a[16] = {h->q.unit, h->q.function, 2, (uint8_t)(x >> 8), (uint8_t)x};
    assert_true(h->q.function <= 4 && h->q.count == 1);
    hand_say(h, a, rig_seal(&h->q, a, 5));
    hand_settle(h);
}

static void repeat(struct hand *h)
{
    hand_say(h, h->heard, h->t->sent_length);
    hand_settle(h);
}

/* Hears a step of what is written; proofs that come before it are answered. */
static void hear_step(struct hand *h)
{
    for (int i = 0; i < 30; i++) {
        hand_hear(h);
        if (!h->t->proving && h->t->works && h->t->works->flying)
            return;
        hand_answer(h);
    }
    fail_msg("never its turn");
}

/* 0: it is asked what stands there; 1: it is written; 2: it is read back. */
static void go_to(struct hand *h, int step)
{
    hear_step(h);
    if (step >= 1) {
        say_stands(h, 100);
        hear_step(h);
        assert_true(talk_writing(h->t));
    }
    if (step >= 2) {
        repeat(h);
        hear_step(h);
        assert_false(talk_writing(h->t));
    }
}

static void expect(struct hand *h, enum write_how how, const char *why)
{
    if (h->ended != 1 || h->last_end.how != how || !strstr(h->end_why, why))
        fail_msg("%u ended, %d, %s; expected %d, %s", h->ended, (int)h->last_end.how, h->end_why,
                 (int)how, why);
    h->ended = 0;
}

/* ---- at each of the three steps -------------------------------------------------------------- */

enum happening { REFUSED, AWAY, BUSY, SILENT, LOST, CANCELLED };

static void what_ends_it_at_each_step_is_told_as_what_it_means(void **state)
{
    (void)state;
    static const struct {
        enum happening what;
        int step;
        enum write_how how;
        const char *why;
    } facts[] = {
        {REFUSED, 0, WRITE_FAILED, "it refuses to be read before it is written: illegal data add"},
        {REFUSED, 1, WRITE_REFUSED, "the equipment refuses it: illegal data address"},
        {REFUSED, 2, WRITE_UNKNOWN, "it refuses to be read: illegal data address"},
        {AWAY, 0, WRITE_FAILED, "gateway target device failed to respond"},
        {AWAY, 1, WRITE_UNCONFIRMED, "gateway target device failed to respond"},
        {AWAY, 2, WRITE_UNKNOWN, "gateway target device failed to respond"},
        {BUSY, 0, WRITE_FAILED, "server device busy"},
        {BUSY, 1, WRITE_REFUSED, "server device busy"},
        {BUSY, 2, WRITE_UNKNOWN, "server device busy"},
        {SILENT, 0, WRITE_FAILED, "no answer"},
        {SILENT, 1, WRITE_UNCONFIRMED, "it was sent, and not confirmed: no answer"},
        {SILENT, 2, WRITE_UNKNOWN, "no answer"},
        {LOST, 0, WRITE_DONE, ""},
        {LOST, 1, WRITE_UNCONFIRMED, "it was sent, and not confirmed: "},
        {LOST, 2, WRITE_DONE, ""},
        {CANCELLED, 0, WRITE_FAILED, "called off"},
        {CANCELLED, 1, WRITE_UNKNOWN, "not confirmed: called off; then called off"},
        {CANCELLED, 2, WRITE_UNKNOWN, "called off"},
    };
    for (int kind = TRANSPORT_TCP; kind <= TRANSPORT_RTU_OVER_TCP; kind++) {
        for (size_t i = 0; i < sizeof(facts) / sizeof(facts[0]); i++) {
            struct hand h;
            if (facts[i].what == LOST && kind == TRANSPORT_RTU)
                continue; /* there a port that is gone is another one when it is back */
            begin(&h, (enum transport)kind);
            struct write_job job = job_of(&h, 1, 200, 20 * NS_PER_S);
            order(&h, &job);
            go_to(&h, facts[i].step);
            uint64_t connects = h.t->stats.connects;
            switch (facts[i].what) {
            case REFUSED:
                hand_refuse(&h, 2);
                break;
            case AWAY:
                hand_refuse(&h, 11);
                break;
            case BUSY:
                hand_refuse(&h, 6);
                break;
            case SILENT:
                hand_miss(&h);
                for (int tries = 0; !h.ended && facts[i].step != 1 && tries < 2; tries++) {
                    if (h.t->state == TALK_CONNECTING)
                        hand_connect(&h);
                    hear_step(&h);
                    hand_miss(&h);
                }
                break;
            case LOST:
                hand_hang_up(&h);
                break;
            case CANCELLED:
                poller_cancel_writes(h.p, "called off", h.now);
                /* Its answer is nobody's any more. */
                assert_true(kind == TRANSPORT_RTU ? h.t->suspect : h.t->state == TALK_CONNECTING);
                break;
            }
            for (int left = 9; !h.ended && left > 0; left--) {
                if (h.t->state == TALK_CONNECTING)
                    hand_connect(&h);
                hear_step(&h);
                if (talk_writing(h.t))
                    repeat(&h);
                else
                    say_stands(&h, facts[i].step == 0 && left > 7 ? 100 : 200);
            }
            if (h.ended != 1)
                fail_msg("transport %d, %d at step %d: not ended", kind, (int)facts[i].what,
                         facts[i].step);
            expect(&h, facts[i].how, facts[i].why);
            if (facts[i].what == LOST && facts[i].step != 0)
                assert_int_equal(h.t->stats.connects, connects + 1);
            if (facts[i].how == WRITE_UNCONFIRMED || facts[i].how == WRITE_REFUSED)
                assert_true(h.last_end.has_after && h.last_end.after[0] == 200);
            /* And the line goes on. */
            unsigned good = h.tally.good;
            if (h.t->state == TALK_CONNECTING)
                hand_connect(&h);
            hand_live(&h, hand_right, 250 * NS_PER_S);
            assert_true(h.tally.good >= good + 4);
            hand_end(&h);
        }
    }
}

static void a_line_that_goes_down_ends_what_was_not_begun(void **state)
{
    (void)state;
    for (int step = 0; step < 3; step++) {
        struct hand h;
        begin(&h, TRANSPORT_RTU);
        for (uint64_t id = 1; id <= 3; id++) {
            struct write_job job = job_of(&h, id, 200, 2 * NS_PER_S);
            order(&h, &job);
        }
        go_to(&h, step);
        hand_hang_up(&h);
        assert_int_equal(h.ended, step == 0 ? 3 : 2);
        assert_int_equal(h.last_end.how, WRITE_FAILED);
        assert_string_equal(h.end_why, "the port is gone");
        h.ended = 0;
        struct write_job job = job_of(&h, 4, 200, 2 * NS_PER_S);
        assert_non_null(poller_write(h.p, &job, h.now)); /* it is known to be down */
        if (step) { /* nobody waits for ever for what may have been written */
            while (!h.ended) {
                h.now = talk_works_tick(h.t, h.now);
                assert_true(h.ended || h.now.ns != MONO_NEVER.ns);
            }
            expect(&h, WRITE_UNKNOWN,
                   step == 1 ? "the port is gone; then its time was over" : "its time was over");
        }
        assert_int_equal(h.p->house.works, 0);
        hand_end(&h);
    }
}

/* ---- what may be written how ----------------------------------------------------------------- */

static void a_coil_is_read_and_written_as_one(void **state)
{
    (void)state;
    static const struct {
        uint8_t stands, after;
        uint16_t wanted;
        enum write_how how;
    } facts[] = {{0, 1, 1, WRITE_DONE},
                 {1, 0, 0, WRITE_DONE},
                 {1, 1, 1, WRITE_THERE},
                 {0, 0, 1, WRITE_DIFFERS}};
    for (size_t i = 0; i < sizeof(facts) / sizeof(facts[0]); i++) {
        struct hand h;
        begin(&h, TRANSPORT_TCP);
        h.g->points[2].table = TABLE_COIL;
        rules[2].function = 5;
        struct write_job job = job_of(&h, 1, facts[i].wanted, 5 * NS_PER_S);
        job.point = 2;
        job.masks[0] = 1;
        order(&h, &job);
        for (int reads = 0; !h.ended && reads < 9; reads++) {
            hear_step(&h);
            if (h.q.function == 5) {
                assert_int_equal(h.q.count, facts[i].wanted ? 0xFF00 : 0);
                repeat(&h);
                continue;
            }
            assert_int_equal(h.q.function, 1);
            uint8_t a[16] = {1, 1, 1, reads ? facts[i].after : facts[i].stands};
            hand_say(&h, a, rig_seal(&h.q, a, 4));
        }
        assert_int_equal(h.ended, 1);
        assert_int_equal(h.last_end.how, facts[i].how);
        assert_true(h.last_end.has_before && h.last_end.before[0] == facts[i].stands);
        hand_end(&h);
    }
}

static void bits_that_no_function_can_change_are_told_with_the_way_out(void **state)
{
    (void)state;
    static const struct {
        uint8_t function, code;
        const char *why;
    } facts[] = {
        {22, 1, "let its map say `write: {function: 6}`"},
        {22, 2, "the equipment refuses it: illegal data address (function 22, address 4)"},
        {6, 1, "the equipment refuses it: illegal function (function 6, address 4)"},
    };
    for (size_t i = 0; i < sizeof(facts) / sizeof(facts[0]); i++) {
        struct hand h;
        begin(&h, TRANSPORT_TCP);
        rules[2].function = facts[i].function;
        struct write_job job = job_of(&h, 1, 0x0002, 5 * NS_PER_S);
        job.point = 2;
        job.masks[0] = 0x0003;
        order(&h, &job);
        hear_step(&h);
        say_stands(&h, 0x4001);
        hear_step(&h);
        if (facts[i].function == 6) /* bits that are not ours stay as they were */
            assert_int_equal(h.q.count, 0x4002);
        hand_refuse(&h, facts[i].code);
        hear_step(&h);
        say_stands(&h, 0x4001);
        expect(&h, WRITE_REFUSED, facts[i].why);
        hand_end(&h);
    }
}

static void several_words_are_written_and_compared_together(void **state)
{
    (void)state;
    struct hand h;
    begin(&h, TRANSPORT_RTU);
    struct write_job job = {.id = 1,
                            .device = 1,
                            .point = 1,
                            .count = 2,
                            .words = {0x1234, 0x0078},
                            .masks = {0xFFFF, 0x00FF},
                            .deadline = mono_add(h.now, 5 * NS_PER_S)};
    order(&h, &job);
    static const uint8_t before[] = {1, 3, 4, 0x12, 0x34, 0xAB, 0x00};
    static const uint8_t after[] = {1, 3, 4, 0x12, 0x34, 0xAB, 0x78};
    uint8_t a[32];
    hear_step(&h);
    memcpy(a, before, 7);
    hand_say(&h, a, rig_seal(&h.q, a, 7));
    hand_settle(&h);
    hear_step(&h);
    static const uint8_t written[] = {1, 16, 0, 2, 0, 2, 4, 0x12, 0x34, 0xAB, 0x78};
    assert_memory_equal(h.heard, written, sizeof(written));
    memcpy(a, h.heard, 6);
    hand_say(&h, a, rig_seal(&h.q, a, 6));
    hand_settle(&h);
    hear_step(&h);
    memcpy(a, after, 7);
    hand_say(&h, a, rig_seal(&h.q, a, 7));
    hand_settle(&h);
    expect(&h, WRITE_DONE, "");
    hand_end(&h);
}

/* ---- the tag's own news ---------------------------------------------------------------------- */

static void what_was_read_back_is_the_tags_value_where_it_is_polled_at_all(void **state)
{
    (void)state;
    for (int kind = 0; kind < 3; kind++) { /* polled; beside another device's tag; not polled */
        struct hand h;
        take(&h, TRANSPORT_TCP);
        struct feed *first = &h.g->feeds[0];
        if (kind == 1) {
            h.g->devices[5].unit = 1;
            first[1] = first[0]; /* of both devices the point has the same number */
            first[0].device = 5;
            first[1].device = 1;
        }
        hand_begin(&h);
        hand_live(&h, hand_right, 110 * NS_PER_S);
        struct write_job job = job_of(&h, 1, 200, 5 * NS_PER_S);
        job.point = kind == 2 ? 100 : 0;
        order(&h, &job);
        go_to(&h, 2);
        say_stands(&h, 200);
        expect(&h, WRITE_DONE, "");
        assert_int_equal(h.read_back, kind != 2);
        assert_int_equal(h.read_back_first, 0);
        assert_int_equal(h.read_back_count, kind != 2);
        hand_end(&h);
    }
}

static void equipment_may_take_a_moment_to_show_what_it_was_told(void **state)
{
    (void)state;
    static const struct {
        int late; /* so many times it shows the old one */
        int64_t within_ms;
        enum write_how how;
    } facts[] = {{0, 5000, WRITE_DONE},
                 {3, 5000, WRITE_DONE},
                 {4, 5000, WRITE_DIFFERS},
                 {3, 70, WRITE_DONE}};
    for (size_t i = 0; i < sizeof(facts) / sizeof(facts[0]); i++) {
        struct hand h;
        begin(&h, TRANSPORT_TCP);
        struct write_job job = job_of(&h, 1, 200, facts[i].within_ms * NS_PER_MS);
        order(&h, &job);
        go_to(&h, 2);
        mono_t from = h.now;
        for (int n = 0; n < facts[i].late; n++) {
            say_stands(&h, 100);
            if (h.ended)
                break;
            hear_step(&h);
        }
        if (!h.ended)
            say_stands(&h, 200);
        expect(&h, facts[i].how, "");
        assert_true(mono_since(h.now, from) <= NS_PER_S);
        hand_end(&h);
    }
}

/* ---- time ------------------------------------------------------------------------------------ */

static void nothing_leaves_so_late_that_it_would_arrive_after_its_time(void **state)
{
    (void)state;
    struct hand h;
    take(&h, TRANSPORT_RTU);
    h.g->lines[0].baud = 1200; /* a frame of 8 takes 73 ms */
    h.g->lines[0].timeout_ns = NS_PER_S;
    hand_begin(&h);
    hand_live(&h, hand_right, 110 * NS_PER_S);
    struct write_job job = job_of(&h, 1, 200, 2 * NS_PER_S);
    order(&h, &job);
    hear_step(&h);
    uint8_t a[16] = {1, 3, 2, 0, 100};
    hand_say(&h, a, rig_seal(&h.q, a, 5));
    assert_int_equal(h.t->state, TALK_SETTLING);
    h.t->works->job.deadline = mono_add(h.t->timer.when, 50 * NS_PER_MS);
    hand_settle(&h);
    expect(&h, WRITE_FAILED, "its time was over before it could be written");
    assert_int_equal(h.t->sent_bytes[1], 3);
    hand_end(&h);
}

static void the_answer_to_a_writing_is_awaited_to_its_deadline_at_most(void **state)
{
    (void)state;
    struct hand h;
    begin(&h, TRANSPORT_TCP);
    struct write_job job = job_of(&h, 1, 200, 30 * NS_PER_MS); /* of 60 for an answer */
    order(&h, &job);
    go_to(&h, 1);
    assert_int_equal(h.t->deadline.ns, job.deadline.ns);
    assert_int_equal(h.t->timer.when.ns, job.deadline.ns);
    poller_forgive(h.p, NS_PER_S); /* which is a person's, and stays */
    assert_int_equal(h.t->deadline.ns, job.deadline.ns);
    assert_int_equal(h.t->timer.when.ns, job.deadline.ns);
    hand_end(&h); /* with the order on its way */
}

static void what_is_known_too_late_is_not_written(void **state)
{
    (void)state;
    struct hand h;
    begin(&h, TRANSPORT_TCP);
    struct write_job job = job_of(&h, 1, 200, 30 * NS_PER_MS);
    order(&h, &job);
    hear_step(&h);
    hand_pass(&h, 40 * NS_PER_MS);
    say_stands(&h, 100);
    expect(&h, WRITE_FAILED, "its time was over before it could be written");
    hand_end(&h);
}

static void each_that_waits_ends_at_its_own_time(void **state)
{
    (void)state;
    struct hand h;
    begin(&h, TRANSPORT_TCP);
    static const int64_t ms[] = {900, 40, 300, 20};
    for (uint64_t i = 0; i < 4; i++) {
        struct write_job job = job_of(&h, i, 200, ms[i] * NS_PER_MS);
        order(&h, &job);
    }
    hear_step(&h); /* the first is out */
    mono_t start = h.now;
    assert_int_equal(mono_since(talk_works_tick(h.t, h.now), start), 20 * NS_PER_MS);
    h.now = mono_add(start, 20 * NS_PER_MS);
    assert_int_equal(mono_since(talk_works_tick(h.t, h.now), start), 40 * NS_PER_MS);
    assert_int_equal(h.last_end.id, 3);
    h.now = mono_add(start, 50 * NS_PER_MS);
    assert_int_equal(mono_since(talk_works_tick(h.t, h.now), start), 300 * NS_PER_MS);
    assert_int_equal(h.last_end.id, 1);
    assert_int_equal(h.ended, 2);
    say_stands(&h, 200);
    assert_int_equal(h.last_end.how, WRITE_THERE);
    h.ended = 0;
    /* poller_run says when, too; nothing is due for its lines before that. */
    mono_t next = poller_run(h.p, h.now);
    assert_true(h.ended == 0 && !mono_before(mono_add(start, 300 * NS_PER_MS), next));
    hand_end(&h);
}

static void an_order_waits_for_the_silence_that_its_line_wants(void **state)
{
    (void)state;
    for (int unit = 0; unit < 2; unit++) { /* the line's silence, or its unit's */
        struct hand h;
        take(&h, TRANSPORT_TCP);
        if (unit)
            h.g->requests[0].delay_ns = 400 * NS_PER_MS;
        else
            h.g->lines[0].delay_ns = 400 * NS_PER_MS;
        hand_begin(&h);
        do {
            hand_hear(&h);
            hand_answer(&h);
        } while (h.q.unit != 1);
        mono_t over = h.now;
        struct write_job job = job_of(&h, 1, 200, 5 * NS_PER_S);
        order(&h, &job);
        hear_step(&h);
        assert_true(mono_since(h.now, over) >= 400 * NS_PER_MS);
        hand_end(&h);
    }
}

/* ---- buses ----------------------------------------------------------------------------------- */

static const uint8_t noise[] = {0x55, 0xAA, 0x01};

static void bytes_between_reading_and_writing_begin_it_anew(void **state)
{
    (void)state;
    for (int told = 0; told < 2; told++) { /* seen when they come, or just before asking */
        struct hand h;
        begin(&h, TRANSPORT_RTU);
        struct write_job job = job_of(&h, 1, 200, 5 * NS_PER_S);
        order(&h, &job);
        hear_step(&h);
        say_stands(&h, 100);
        assert_int_equal(h.t->works->step, WORK_WRITE);
        if (told)
            hand_say(&h, noise, sizeof(noise));
        else {
            rig_say(&(struct question){.fd = h.far}, noise, sizeof(noise));
            hand_await(h.t->watcher.fd, sizeof(noise));
            hand_step(&h);
        }
        assert_int_equal(h.t->state, TALK_DRAINING);
        hear_step(&h);
        assert_int_equal(h.t->works->step, WORK_READ); /* what was read is not a moment ago */
        say_stands(&h, 100);
        hear_step(&h);
        assert_true(talk_writing(h.t));
        repeat(&h);
        hear_step(&h);
        say_stands(&h, 200);
        expect(&h, WRITE_DONE, "");
        hand_end(&h);
    }
}

/* Only one question is ever served, so that nothing proves that no late answer is on its way. */
static void where_nothing_can_be_proved_an_order_waits_until_its_time_is_over(void **state)
{
    (void)state;
    for (int step = 0; step < 3; step += 2) {
        struct hand h;
        begin(&h, TRANSPORT_RTU);
        struct write_job job = job_of(&h, 1, 200, 3 * NS_PER_S);
        order(&h, &job);
        go_to(&h, step);
        hand_miss(&h);
        unsigned refused = 0;
        while (!h.ended) {
            if (h.t->state == TALK_WAITING) {
                hand_hear(&h);
                assert_true(h.t->proving);
                refused++;
                hand_refuse(&h, 3);
            } else {
                talk_works_tick(h.t, h.now);
                if (!h.ended)
                    hand_step(&h);
            }
        }
        assert_true(refused > 3);
        expect(&h, step ? WRITE_UNKNOWN : WRITE_FAILED,
               "a late answer could be taken for a new one");
        hand_end(&h);
    }
}

static void ten_seconds_after_the_doubt_no_answer_can_be_late(void **state)
{
    (void)state;
    struct hand h;
    begin(&h, TRANSPORT_RTU);
    struct write_job job = job_of(&h, 1, 200, 30 * NS_PER_S);
    order(&h, &job);
    hear_step(&h);
    mono_t doubted = h.now;
    hand_miss(&h);
    for (int i = 0; i < 400 && h.t->works; i++) {
        hand_hear(&h);
        if (h.t->proving) {
            hand_refuse(&h, 3);
            continue;
        }
        if (talk_writing(h.t))
            repeat(&h);
        else if (h.q.count == 1)
            say_stands(&h, h.t->works->step == WORK_BACK ? 200 : 100);
        else
            hand_answer(&h);
    }
    assert_true(mono_since(h.now, doubted) >= LATE_NS);
    expect(&h, WRITE_DONE, "");
    hand_end(&h);
}

static void a_proof_that_is_busy_or_lost_is_asked_for_again(void **state)
{
    (void)state;
    for (int i = 0; i < 3; i++) { /* refused as busy, away, or lost */
        struct hand h;
        begin(&h, TRANSPORT_RTU);
        struct write_job job = job_of(&h, 1, 200, 30 * NS_PER_S);
        order(&h, &job);
        hear_step(&h);
        hand_miss(&h);
        hand_hear(&h);
        assert_true(h.t->proving);
        assert_int_equal(h.q.unit, 2); /* one that surely answers */
        if (i == 0)
            hand_refuse(&h, 6);
        else if (i == 1)
            hand_refuse(&h, 10);
        else
            hand_miss(&h);
        if (i == 0) {
            expect(&h, WRITE_FAILED,
                   "it refuses to be read before it is written: server device busy");
        } else {
            hear_step(&h);
            say_stands(&h, 200);
            expect(&h, WRITE_THERE, "");
        }
        hand_end(&h);
    }
}

/* The answer to what was read for a writing may come late: were the proof a question of that
 * length, it would be taken for the proof, and the proof's for the register. */
static void what_a_writing_asks_for_is_no_proof(void **state)
{
    (void)state;
    for (int step = 0; step <= 2; step += 2) {
        struct hand h;
        begin(&h, TRANSPORT_RTU);
        struct write_job job = job_of(&h, 1, 200, 30 * NS_PER_S);
        order(&h, &job);
        go_to(&h, step);
        mono_t asked = h.now;
        unsigned proofs = 0;
        for (hand_miss(&h); h.t->works && mono_since(h.now, asked) < LATE_NS / 2;) {
            hand_hear(&h);
            bool proof = h.t->proving && h.q.unit == 1;
            proofs += proof;
            assert_false(proof && h.q.count == 1);
            if (h.t->proving && h.q.unit == 2)
                hand_answer(&h);
            else
                hand_miss(&h);
        }
        assert_true(proofs > 0);
        hand_end(&h);
    }
}

static void a_gateway_that_slept_over_a_writing_says_that_it_is_not_confirmed(void **state)
{
    (void)state;
    for (int kind = TRANSPORT_TCP; kind <= TRANSPORT_RTU_OVER_TCP; kind++) {
        struct hand h;
        begin(&h, (enum transport)kind);
        struct write_job job = job_of(&h, 1, 200, 30 * NS_PER_S);
        order(&h, &job);
        go_to(&h, 1);
        h.now = mono_add(h.t->deadline, 2 * NS_PER_S);
        talk_tick(h.t, h.now);
        /* On a socket nothing of it may arrive later. */
        assert_int_equal(h.t->state, kind == TRANSPORT_RTU ? TALK_DRAINING : TALK_CONNECTING);
        if (h.t->state == TALK_CONNECTING)
            hand_connect(&h);
        hear_step(&h);
        say_stands(&h, 200);
        expect(&h, WRITE_UNCONFIRMED, "it was sent, and not confirmed");
        assert_int_equal(h.last_end.after[0], 200);
        hand_end(&h);
    }
}

/* ---- who is meant ---------------------------------------------------------------------------- */

static void who_begins_to_answer_with_this_very_answer_may_be_another_one(void **state)
{
    (void)state;
    struct hand h;
    begin(&h, TRANSPORT_TCP);
    struct party *p = &h.t->parties[0];
    struct write_job job = job_of(&h, 1, 200, 30 * NS_PER_S);
    job.connection = talk_connection(h.t, p);
    order(&h, &job);
    hear_step(&h);
    p->silent = true; /* it has been given up in the meantime */
    say_stands(&h, 100);
    expect(&h, WRITE_FAILED, "its connection began anew");
    assert_false(h.last_end.has_before);
    hand_end(&h);
}

static void what_is_read_back_from_another_one_says_nothing(void **state)
{
    (void)state;
    struct hand h;
    begin(&h, TRANSPORT_TCP);
    struct write_job job = job_of(&h, 1, 200, 30 * NS_PER_S);
    job.connection = talk_connection(h.t, &h.t->parties[0]);
    order(&h, &job);
    go_to(&h, 2);
    hand_hang_up(&h);
    hand_connect(&h);
    hear_step(&h);
    say_stands(&h, 200);
    expect(&h, WRITE_UNKNOWN, "it was confirmed, and then its connection began anew");
    assert_false(h.last_end.has_after);
    hand_end(&h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_ends_it_at_each_step_is_told_as_what_it_means),
        cmocka_unit_test(a_line_that_goes_down_ends_what_was_not_begun),
        cmocka_unit_test(a_coil_is_read_and_written_as_one),
        cmocka_unit_test(bits_that_no_function_can_change_are_told_with_the_way_out),
        cmocka_unit_test(several_words_are_written_and_compared_together),
        cmocka_unit_test(what_was_read_back_is_the_tags_value_where_it_is_polled_at_all),
        cmocka_unit_test(equipment_may_take_a_moment_to_show_what_it_was_told),
        cmocka_unit_test(nothing_leaves_so_late_that_it_would_arrive_after_its_time),
        cmocka_unit_test(the_answer_to_a_writing_is_awaited_to_its_deadline_at_most),
        cmocka_unit_test(what_is_known_too_late_is_not_written),
        cmocka_unit_test(each_that_waits_ends_at_its_own_time),
        cmocka_unit_test(an_order_waits_for_the_silence_that_its_line_wants),
        cmocka_unit_test(bytes_between_reading_and_writing_begin_it_anew),
        cmocka_unit_test(where_nothing_can_be_proved_an_order_waits_until_its_time_is_over),
        cmocka_unit_test(ten_seconds_after_the_doubt_no_answer_can_be_late),
        cmocka_unit_test(a_proof_that_is_busy_or_lost_is_asked_for_again),
        cmocka_unit_test(what_a_writing_asks_for_is_no_proof),
        cmocka_unit_test(a_gateway_that_slept_over_a_writing_says_that_it_is_not_confirmed),
        cmocka_unit_test(who_begins_to_answer_with_this_very_answer_may_be_another_one),
        cmocka_unit_test(what_is_read_back_from_another_one_says_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
