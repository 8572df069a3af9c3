/* SPDX-License-Identifier: Apache-2.0 */
/* Writing: each way it can end, on sockets and on buses, with equipment that does as it likes. */
#include "rig.c"

#include <sys/mman.h>

#include "poll/write.h"

enum manner { OBEYS, CONFIRMS_ONLY, DOES_SILENTLY, SILENT, HANGS_UP, REFUSES, WORKS_ON_IT, DEAF };

struct stage { /* shared with the child that plays */
    enum manner manner;
    uint16_t stands;
    unsigned writes;
};

struct desk {
    struct rig *g;
    struct loop *loop;
    struct poller *poller;
    struct stage *stage;
    struct write_rule rule;
    int pid, fd;
    uint16_t port;
    char pty[64];
    unsigned blocks, ended;
    uint32_t connection;
    struct write_end last;
    char why[256];
    uint64_t order[16];
};

static void say_stands(const struct question *q, uint16_t x)
{
    uint8_t a[16] = {q->unit, 3, 2, (uint8_t)(x >> 8), (uint8_t)x};
    rig_say(q, a, rig_seal(q, a, 5));
}

static bool play(const struct question *q, void *me)
{
    struct stage *s = me;
    uint8_t a[600];
    if (s->manner == DEAF)
        return true;
    if (q->function == 3 && q->address == 0 && q->count == 1) {
        say_stands(q, s->stands);
        return true;
    }
    if (q->function != 6) {
        rig_say(q, a, rig_answer(q, a));
        return true;
    }
    s->writes++;
    if (s->manner == OBEYS || s->manner == DOES_SILENTLY || s->manner == WORKS_ON_IT)
        s->stands = q->count; /* where a read has its count */
    if (s->manner == REFUSES || s->manner == WORKS_ON_IT)
        rig_say(q, a, rig_exception(q, s->manner == REFUSES ? 4 : 5, a));
    else if (s->manner <= CONFIRMS_ONLY)
        rig_say(q, q->frame, q->length);
    return s->manner != HANGS_UP;
}

static void on_block(void *me, const struct block *b)
{
    struct desk *d = me;
    d->blocks += b->fault == FAULT_NONE;
    d->connection = b->connection;
}

static void on_wrote(void *me, const struct write_end *e)
{
    struct desk *d = me;
    d->order[d->ended++ % 16] = e->id;
    d->last = *e;
    snprintf(d->why, sizeof(d->why), "%s", e->why ? e->why : "");
}

static void begin(struct desk *d, enum transport kind)
{
    *d = (struct desk){.g = rig_new(), .fd = -1};
    d->stage =
        mmap(NULL, sizeof(*d->stage), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    assert_true(d->stage != MAP_FAILED);
    *d->stage = (struct stage){.stands = 100};
    if (kind == TRANSPORT_RTU) {
        d->fd = rig_pty(d->pty);
        d->pid = rig_serve_ptys(&d->fd, 1, play, d->stage);
        rig_line(d->g, kind, d->pty, 0);
    } else {
        int listener = rig_listen(&d->port);
        d->pid = rig_serve_sockets(&listener, 1, kind == TRANSPORT_TCP, play, d->stage);
        close(listener);
        rig_line(d->g, kind, "127.0.0.1", d->port);
    }
    d->rule = (struct write_rule){.function = 6};
    d->g->points[0].type = RAW_U16;
    d->g->points[0].words = 1;
    d->g->points[0].write = &d->rule;
    rig_read(d->g, 1, 0, 20, 50 * NS_PER_MS);
    rig_read(d->g, 1, 40, 30, 100 * NS_PER_MS);
    struct poller_hooks hooks = {.me = d, .block = on_block, .wrote = on_wrote};
    d->loop = loop_new();
    d->poller = poller_new(d->loop, &d->g->plan, hooks, clock_mono());
    assert_non_null(d->poller);
}

static void end(struct desk *d)
{
    poller_free(d->poller);
    loop_free(d->loop);
    rig_stop(d->pid);
    if (d->fd >= 0)
        close(d->fd);
    munmap(d->stage, sizeof(*d->stage));
    rig_free(d->g);
}

/* Until so many blocks came and so many writings ended. */
static void run(struct desk *d, unsigned blocks, unsigned ended)
{
    mono_t limit = mono_add(clock_mono(), 20 * NS_PER_S);
    while (d->blocks < blocks || d->ended < ended) {
        mono_t now = clock_mono();
        assert_true(mono_before(now, limit));
        mono_t due = mono_min(poller_run(d->poller, now), limit);
        int64_t wait = mono_since(due, clock_mono());
        assert_true(loop_run(d->loop, wait > 0 ? wait : 0) >= 0);
    }
}

static void run_for(struct desk *d, int64_t ns)
{
    mono_t limit = mono_add(clock_mono(), ns);
    for (mono_t now; mono_before(now = clock_mono(), limit);) {
        int64_t wait = mono_since(mono_min(poller_run(d->poller, now), limit), clock_mono());
        assert_true(loop_run(d->loop, wait > 0 ? wait : 0) >= 0);
    }
}

static struct write_job job_of(uint64_t id, uint16_t word, int64_t within_ns)
{
    return (struct write_job){.id = id,
                              .device = 1,
                              .count = 1,
                              .words = {word},
                              .masks = {0xFFFF},
                              .deadline = mono_add(clock_mono(), within_ns)};
}

static void each_end_is_told_as_it_is(void **state)
{
    (void)state;
    static const struct {
        enum manner manner;
        uint16_t word, was; /* was 0: none */
        enum write_how how;
        unsigned writes;
        uint16_t after; /* 0: nothing read back */
        const char *why;
    } cases[] = {
        {OBEYS, 200, 0, WRITE_DONE, 1, 200, ""},
        {OBEYS, 201, 200, WRITE_DONE, 1, 201, ""},
        {OBEYS, 201, 0, WRITE_THERE, 0, 0, ""},
        {OBEYS, 202, 200, WRITE_CHANGED, 0, 0, "it has changed"},
        {CONFIRMS_ONLY, 203, 0, WRITE_DIFFERS, 1, 201, "read back as something else"},
        {REFUSES, 204, 0, WRITE_REFUSED, 1, 201, "server device failure (function 6, address 0)"},
        {WORKS_ON_IT, 205, 0, WRITE_UNCONFIRMED, 1, 205, "acknowledge: still working on it"},
        {SILENT, 206, 0, WRITE_UNCONFIRMED, 1, 205, "it was sent, and not confirmed: no answer"},
        {DOES_SILENTLY, 207, 0, WRITE_UNCONFIRMED, 1, 207, "not confirmed: no answer"},
        {OBEYS, 208, 0, WRITE_DONE, 1, 208, ""},
    };
    for (int kind = TRANSPORT_TCP; kind <= TRANSPORT_RTU_OVER_TCP; kind++) {
        struct desk d;
        begin(&d, (enum transport)kind);
        run(&d, 4, 0);
        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
            struct write_job job = job_of(i, cases[i].word, 3 * NS_PER_S);
            unsigned before = d.stage->writes;
            d.stage->manner = cases[i].manner;
            job.has_was = cases[i].was != 0;
            job.was[0] = cases[i].was;
            assert_null(poller_write(d.poller, &job, clock_mono()));
            run(&d, 0, (unsigned)i + 1);
            d.stage->manner = OBEYS;
            if (d.last.id != i || d.last.how != cases[i].how || !strstr(d.why, cases[i].why) ||
                d.stage->writes - before != cases[i].writes ||
                d.last.has_after != (cases[i].after != 0) ||
                (d.last.has_after && d.last.after[0] != cases[i].after))
                fail_msg("transport %d, case %zu: %d, %u writes, %u: %s", kind, i, (int)d.last.how,
                         d.stage->writes - before, d.last.after[0], d.why);
        }
        run(&d, d.blocks + 4, 0);
        end(&d);
    }
}

static void a_line_that_hangs_up_over_it_is_asked_again_and_not_told_again(void **state)
{
    (void)state;
    struct desk d;
    begin(&d, TRANSPORT_TCP);
    run(&d, 4, 0);
    struct write_job job = job_of(7, 300, 2 * NS_PER_S);
    d.stage->manner = HANGS_UP;
    assert_null(poller_write(d.poller, &job, clock_mono()));
    run(&d, 0, 1);
    assert_int_equal(d.last.how, WRITE_UNCONFIRMED);
    assert_int_equal(d.last.after[0], 100);
    assert_int_equal(d.stage->writes, 1);
    d.stage->manner = OBEYS;
    run(&d, d.blocks + 4, 0);
    assert_int_equal(d.stage->writes, 1);
    end(&d);
}

/* job.connection: of the unit whose equipment said who it is. */
static void what_is_meant_for_one_connection_goes_out_on_no_other(void **state)
{
    (void)state;
    for (int kind = TRANSPORT_TCP; kind <= TRANSPORT_RTU; kind++) {
        struct desk d;
        begin(&d, (enum transport)kind);
        run(&d, 4, 0);
        struct write_job job = job_of(1, 300, 5 * NS_PER_S);
        job.connection = d.connection;
        assert_null(poller_write(d.poller, &job, clock_mono()));
        run(&d, 0, 1);
        assert_int_equal(d.last.how, WRITE_DONE);
        job = job_of(2, 301, 5 * NS_PER_S);
        job.connection = d.connection + 1;
        assert_non_null(poller_write(d.poller, &job, clock_mono()));
        /* Accepted; then the unit is silent, or gone, and answers again: who is it? */
        d.stage->manner = DEAF;
        job.connection = d.connection;
        job.deadline = mono_add(clock_mono(), 20 * NS_PER_S);
        assert_null(poller_write(d.poller, &job, clock_mono()));
        for (int i = 0; i < 200 && d.ended < 2; i++)
            run_for(&d, 10 * NS_PER_MS);
        d.stage->manner = OBEYS;
        d.stage->stands = 301; /* another one, at which it would be so already */
        run(&d, d.blocks + 4, 2);
        assert_int_equal(d.last.how, WRITE_FAILED);
        assert_int_equal(d.stage->writes, 1);
        end(&d);
    }
}

static void a_new_connection_between_order_and_turn_ends_the_order(void **state)
{
    (void)state;
    struct desk d;
    begin(&d, TRANSPORT_TCP);
    run(&d, 4, 0);
    struct write_job jobs[3] = {job_of(1, 300, 9 * NS_PER_S), job_of(2, 301, 9 * NS_PER_S),
                                job_of(3, 302, 9 * NS_PER_S)};
    jobs[1].connection = d.connection;
    d.stage->manner = HANGS_UP; /* over the first */
    for (unsigned i = 0; i < 3; i++)
        assert_null(poller_write(d.poller, &jobs[i], clock_mono()));
    run(&d, 0, 2);
    assert_int_equal(d.order[0], 1);
    assert_int_equal(d.order[1], 2);
    assert_int_equal(d.last.how, WRITE_FAILED);
    assert_non_null(strstr(d.why, "began anew"));
    run(&d, 0, 3); /* who is meant whoever it is */
    assert_int_equal(d.last.how, WRITE_UNCONFIRMED);
    assert_int_equal(d.stage->writes, 2);
    end(&d);
}

static void who_comes_ninth_is_told_at_once_and_the_others_in_their_order(void **state)
{
    (void)state;
    struct desk d;
    begin(&d, TRANSPORT_TCP);
    run(&d, 4, 0);
    for (uint16_t i = 0; i < 10; i++) {
        struct write_job job = job_of(i, (uint16_t)(400 + i), 5 * NS_PER_S);
        const char *why = poller_write(d.poller, &job, clock_mono());
        assert_true((why != NULL) == (i >= WRITES_MAX));
    }
    run(&d, 0, WRITES_MAX);
    for (unsigned i = 0; i < WRITES_MAX; i++)
        assert_int_equal(d.order[i], i);
    assert_int_equal(d.stage->stands, 400 + WRITES_MAX - 1);
    assert_int_equal(d.stage->writes, WRITES_MAX);
    end(&d);
}

static void nothing_is_sent_after_its_time_nor_after_it_was_called_off(void **state)
{
    (void)state;
    for (int kind = TRANSPORT_TCP; kind <= TRANSPORT_RTU; kind++) {
        struct desk d;
        begin(&d, (enum transport)kind);
        run(&d, 4, 0);
        d.stage->manner = DEAF;
        struct write_job job = job_of(1, 500, 30 * NS_PER_MS);
        assert_null(poller_write(d.poller, &job, clock_mono()));
        job = job_of(2, 501, 40 * NS_PER_MS);
        assert_null(poller_write(d.poller, &job, clock_mono()));
        run(&d, 0, 2);
        assert_int_equal(d.last.how, WRITE_FAILED);
        for (uint64_t id = 3; id < 6; id++) {
            job = job_of(id, 502, 5 * NS_PER_S);
            assert_null(poller_write(d.poller, &job, clock_mono()));
        }
        poller_cancel_writes(d.poller, "called off", clock_mono());
        assert_int_equal(d.ended, 5);
        assert_int_equal(d.last.how, WRITE_FAILED);
        assert_string_equal(d.why, "called off");
        d.stage->manner = OBEYS;
        run(&d, d.blocks + 6, 0);
        assert_int_equal(d.stage->writes, 0);
        assert_int_equal(d.stage->stands, 100);
        end(&d);
    }
}

static void what_was_sent_and_called_off_is_unknown(void **state)
{
    (void)state;
    struct desk d;
    begin(&d, TRANSPORT_TCP);
    run(&d, 4, 0);
    d.g->lines[0].timeout_ns = 5 * NS_PER_S;
    d.stage->manner = DOES_SILENTLY;
    struct write_job job = job_of(1, 600, 5 * NS_PER_S);
    assert_null(poller_write(d.poller, &job, clock_mono()));
    mono_t limit = mono_add(clock_mono(), 10 * NS_PER_S);
    while (!d.stage->writes && mono_before(clock_mono(), limit)) {
        int64_t wait = mono_since(poller_run(d.poller, clock_mono()), clock_mono());
        loop_run(d.loop, wait < 0 ? 0 : wait < 5 * NS_PER_MS ? wait : 5 * NS_PER_MS);
    }
    poller_cancel_writes(d.poller, "called off", clock_mono());
    assert_int_equal(d.ended, 1);
    assert_int_equal(d.last.how, WRITE_UNKNOWN);
    assert_non_null(strstr(d.why, "called off"));
    d.stage->manner = OBEYS;
    run(&d, d.blocks + 4, 0);
    end(&d);
}

static void who_is_never_asked_is_never_told(void **state)
{
    (void)state;
    struct desk d;
    begin(&d, TRANSPORT_TCP);
    struct write_job job = job_of(1, 700, NS_PER_S);
    job.device = 9;
    assert_non_null(poller_write(d.poller, &job, clock_mono()));
    job.device = 1;
    job.point = 3; /* without a rule */
    assert_non_null(poller_write(d.poller, &job, clock_mono()));
    end(&d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_end_is_told_as_it_is),
        cmocka_unit_test(a_line_that_hangs_up_over_it_is_asked_again_and_not_told_again),
        cmocka_unit_test(what_is_meant_for_one_connection_goes_out_on_no_other),
        cmocka_unit_test(a_new_connection_between_order_and_turn_ends_the_order),
        cmocka_unit_test(who_comes_ninth_is_told_at_once_and_the_others_in_their_order),
        cmocka_unit_test(nothing_is_sent_after_its_time_nor_after_it_was_called_off),
        cmocka_unit_test(what_was_sent_and_called_off_is_unknown),
        cmocka_unit_test(who_is_never_asked_is_never_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
