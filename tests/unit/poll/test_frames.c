/* SPDX-License-Identifier: Apache-2.0 */
/* What is remembered of the last exchanges: as facts without sockets, then through a poller that
 * meets cuts, refusals and silence. */
#include "rig.c"

#include "poll/frames.h"

static const struct request ten = {.table = TABLE_HOLDING, .first = 100, .count = 10};

static void keep(struct frames **fs, uint16_t first, uint16_t count, enum fault fault, uint8_t mark)
{
    uint8_t sent[FRAME_SENT_MAX] = {0, 1, 0, 0, 0, 6, 1, 3, 0, 0, 0, mark};
    uint8_t bytes[29];
    memset(bytes, mark, sizeof bytes);
    const struct frame e = {.fault = (uint8_t)fault,
                            .first = first,
                            .count = count,
                            .received = fault == FAULT_TIMEOUT ? 0 : sizeof bytes,
                            .sent_length = 12};
    frames_keep(fs, &ten, &e, sent, bytes);
}

static uint8_t mark_of(const struct frames *fs, enum frame_which which)
{
    const struct frame *f = frames_find(fs, 100, 2, which);
    return f ? f->sent[11] : 0;
}

static void the_last_good_the_last_bad_and_the_one_before_are_kept(void **state)
{
    (void)state;
    static const struct {
        const char *story; /* g: good, b: bad; marks 1, 2, 3 ... */
        uint8_t good, bad, before;
    } cases[] = {
        {"", 0, 0, 0},       {"g", 1, 0, 0},      {"b", 0, 1, 0},     {"gg", 2, 0, 1},
        {"gb", 1, 2, 1},     {"bg", 2, 1, 1},     {"ggb", 2, 3, 2},   {"gbb", 1, 3, 2},
        {"gbg", 3, 2, 2},    {"gggg", 4, 0, 3},   {"bbbbb", 0, 5, 4}, {"gbbbbb", 1, 6, 5},
        {"bggggg", 6, 1, 5}, {"gbgbgb", 5, 6, 5},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct frames *fs = NULL;
        uint8_t mark = 0;
        for (const char *c = cases[i].story; *c; c++)
            keep(&fs, 100, 10, *c == 'g' ? FAULT_NONE : FAULT_TIMEOUT, ++mark);
        assert_int_equal(mark_of(fs, FRAME_GOOD), cases[i].good);
        assert_int_equal(mark_of(fs, FRAME_BAD), cases[i].bad);
        assert_int_equal(mark_of(fs, FRAME_BEFORE), cases[i].before);
        frames_free(fs);
    }
}

static void pieces_are_remembered_apart(void **state)
{
    (void)state;
    struct frames *fs = NULL;
    keep(&fs, 100, 10, FAULT_EXCEPTION, 1);
    keep(&fs, 100, 5, FAULT_NONE, 2);
    keep(&fs, 105, 5, FAULT_EXCEPTION, 3);
    assert_int_equal(frames_find(fs, 100, 2, FRAME_GOOD)->sent[11], 2);
    assert_int_equal(frames_find(fs, 100, 2, FRAME_BAD)->sent[11], 1);
    assert_null(frames_find(fs, 105, 2, FRAME_GOOD));
    assert_int_equal(frames_find(fs, 105, 2, FRAME_BAD)->sent[11], 3);
    assert_int_equal(frames_find(fs, 104, 2, FRAME_BAD)->sent[11], 1);
    assert_null(frames_find(fs, 108, 3, FRAME_BAD));
    /* The newest of those that covered it is the third; before it, the first. */
    assert_int_equal(frames_find(fs, 106, 2, FRAME_BEFORE)->sent[11], 1);
    assert_int_equal(frames_find(fs, 101, 2, FRAME_BEFORE)->sent[11], 1);
    assert_null(frames_find(fs, 108, 3, FRAME_BEFORE));
    frames_free(fs);
}

static void many_pieces_share_a_bounded_memory(void **state)
{
    (void)state;
    struct frames *fs = NULL;
    for (unsigned round = 0; round < 3; round++)
        for (unsigned i = 0; i < 10; i++)
            keep(&fs, (uint16_t)(100 + i), 1, FAULT_NONE, (uint8_t)(1 + i));
    unsigned known = 0;
    for (unsigned i = 0; i < 10; i++)
        known += frames_find(fs, (uint16_t)(100 + i), 1, FRAME_GOOD) != NULL;
    assert_int_equal(known, FRAMES_PARTS_MAX);
    assert_int_equal(frames_find(fs, 109, 1, FRAME_GOOD)->sent[11], 10);
    frames_free(fs);
}

static void what_is_longer_than_an_answer_is_cut(void **state)
{
    (void)state;
    struct frames *fs = NULL;
    uint8_t bytes[300] = {0}, sent[FRAME_SENT_MAX] = {0};
    const struct frame e = {
        .fault = FAULT_GARBLED, .first = 100, .count = 10, .received = 300, .sent_length = 12};
    frames_keep(&fs, &ten, &e, sent, bytes);
    const struct frame *f = frames_find(fs, 100, 10, FRAME_BAD);
    assert_int_equal(f->received, 300);
    assert_int_equal(f->kept, 9 + 20 + 1);
    frames_free(fs);
}

/* ---- through a poller ------------------------------------------------------------------------ */

static bool refuses_eight(const struct question *q, void *me)
{
    (void)me;
    uint8_t out[ADU_MAX];
    if (q->unit == 2)
        return true; /* silent */
    bool hole = q->address <= 8 && 8 < q->address + q->count;
    rig_say(q, out, hole ? rig_exception(q, 2, out) : rig_answer(q, out));
    return true;
}

static void converse(struct rig *g, struct tally *t, struct poller **poller, struct loop **loop)
{
    *loop = loop_new();
    struct poller_hooks hooks = {.me = t, .block = tally_block, .event = tally_event};
    *poller = poller_new(*loop, &g->plan, hooks, clock_mono());
    mono_t end = mono_add(clock_mono(), 2 * NS_PER_S);
    while (mono_before(clock_mono(), end) && (t->good < 6 || t->faults[FAULT_TIMEOUT] == 0)) {
        mono_t due = mono_min(poller_run(*poller, clock_mono()), end);
        int64_t wait = mono_since(due, clock_mono());
        loop_run(*loop, wait > 0 ? wait : 0);
    }
}

static void a_poller_remembers_what_each_part_of_a_cut_request_brought(void **state)
{
    (void)state;
    struct rig *g = rig_new();
    uint16_t port;
    int listener = rig_listen(&port);
    int pid = rig_serve_sockets(&listener, 1, true, refuses_eight, NULL);
    struct line *l = rig_line(g, TRANSPORT_TCP, "127.0.0.1", port);
    l->timeout_ns = 50 * NS_PER_MS;
    rig_read(g, 1, 0, 20, 100 * NS_PER_MS);
    rig_read(g, 2, 0, 4, 100 * NS_PER_MS);
    struct tally t = {.rig = g};
    struct poller *poller;
    struct loop *loop;
    converse(g, &t, &poller, &loop);

    const struct frames *fs = poller_frames(poller, &g->plan.requests[0]);
    const struct frame *f = frames_find(fs, 0, 2, FRAME_GOOD);
    assert_non_null(f);
    assert_int_equal(f->sent_length, 12);
    assert_int_equal(f->bytes[7], 3);
    assert_int_equal(f->received, 9 + 2 * f->count);
    assert_int_equal(f->bytes[9] << 8 | f->bytes[10], rig_register(1, f->first));
    f = frames_find(fs, 8, 2, FRAME_BAD);
    assert_non_null(f);
    assert_int_equal(f->exception, 2);
    assert_int_equal(f->bytes[7], 0x83);
    assert_null(frames_find(fs, 8, 2, FRAME_GOOD));
    f = frames_find(poller_frames(poller, &g->plan.requests[1]), 0, 4, FRAME_BAD);
    assert_non_null(f);
    assert_int_equal(f->fault, FAULT_TIMEOUT);
    assert_int_equal(f->received, 0);
    assert_string_equal(f->why, "no answer");

    poller_free(poller);
    loop_free(loop);
    rig_stop(pid);
    rig_free(g);
}

static bool says_nothing(const struct question *q, void *me)
{
    (void)q;
    (void)me;
    return true;
}

/* On a bus nothing is believed before a question that nobody polls has come back. */
static void a_proof_that_fails_is_remembered_as_one(void **state)
{
    (void)state;
    struct rig *g = rig_new();
    char name[64];
    int master = rig_pty(name);
    int pid = rig_serve_ptys(&master, 1, says_nothing, NULL);
    struct line *l = rig_line(g, TRANSPORT_RTU, name, 0);
    l->timeout_ns = 30 * NS_PER_MS;
    l->retries = 3;
    rig_read(g, 1, 0, 20, 2 * NS_PER_S);
    struct tally t = {.rig = g};
    struct loop *loop = loop_new();
    struct poller_hooks hooks = {.me = &t, .block = tally_block, .event = tally_event};
    struct poller *poller = poller_new(loop, &g->plan, hooks, clock_mono());
    mono_t end = mono_add(clock_mono(), 3 * NS_PER_S);
    bool proved = false;
    while (!proved && mono_before(clock_mono(), end)) {
        mono_t due = mono_min(poller_run(poller, clock_mono()), end);
        int64_t wait = mono_since(due, clock_mono());
        loop_run(loop, wait > 0 ? wait : 0);
        const struct frames *fs = poller_frames(poller, &g->plan.requests[0]);
        const struct frame *whole = frames_find(fs, 0, 20, FRAME_BAD);
        const struct frame *part = frames_find(fs, 0, 2, FRAME_BAD);
        proved = proved || (whole && whole->proof) || (part && part->proof);
        assert_null(frames_find(fs, 0, 2, FRAME_GOOD));
    }
    assert_true(proved);
    poller_free(poller);
    loop_free(loop);
    rig_stop(pid);
    rig_free(g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_last_good_the_last_bad_and_the_one_before_are_kept),
        cmocka_unit_test(pieces_are_remembered_apart),
        cmocka_unit_test(many_pieces_share_a_bounded_memory),
        cmocka_unit_test(what_is_longer_than_an_answer_is_cut),
        cmocka_unit_test(a_poller_remembers_what_each_part_of_a_cut_request_brought),
        cmocka_unit_test(a_proof_that_fails_is_remembered_as_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
