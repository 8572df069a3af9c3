/* SPDX-License-Identifier: Apache-2.0 */
/* Who answers is asked before anything else; what changes by reading is asked no more than needed.
 */
#include "rig.c"

struct bench {
    struct rig *g;
    struct loop *loop;
    struct poller *poller;
    struct tally t;
    int pid, fd;
    uint16_t port;
    /* blocks in the order they came */
    struct {
        uint32_t request, connection;
        enum fault fault;
    } seen[400];
    unsigned count;
};

static void on_block(void *me, const struct block *b)
{
    struct bench *x = me;
    if (b->fault != FAULT_BACKED_OFF && x->count < 400) {
        x->seen[x->count].request = b->request->id;
        x->seen[x->count].connection = b->connection;
        x->seen[x->count++].fault = b->fault;
    }
    tally_block(&x->t, b);
}

static void on_event(void *me, const struct poll_event *e)
{
    tally_event(&((struct bench *)me)->t, e);
}

static void equip(struct bench *b, rig_device *device, void *me)
{
    *b = (struct bench){.g = rig_new()};
    b->fd = rig_listen(&b->port);
    b->pid = rig_serve_sockets(&b->fd, 1, true, device, me);
    close(b->fd);
    rig_line(b->g, TRANSPORT_TCP, "127.0.0.1", b->port);
    b->g->lines[0].timeout_ns = 60 * NS_PER_MS;
}

static bool never(const struct tally *t)
{
    (void)t;
    return false;
}

static void run(struct bench *b, int64_t ns)
{
    struct poller_hooks hooks = {.me = b, .block = on_block, .event = on_event};
    b->t.rig = b->g;
    b->loop = loop_new();
    b->poller = poller_new(b->loop, &b->g->plan, hooks, clock_mono());
    assert_non_null(b->poller);
    rig_run(b->loop, b->poller, &b->t, never, ns);
}

static void end(struct bench *b)
{
    assert_int_equal(b->t.wrong, 0);
    poller_free(b->poller);
    loop_free(b->loop);
    rig_stop(b->pid);
    rig_free(b->g);
}

static void say_right(const struct question *q)
{
    uint8_t a[600];
    rig_say(q, a, rig_answer(q, a));
}

/* Hangs up at every twentieth question. */
static bool hangs_up(const struct question *q, void *me)
{
    (void)me;
    if (q->nth > 0 && q->nth % 20 == 0)
        return false;
    say_right(q);
    return true;
}

static void each_connection_begins_with_what_is_asked_once(void **state)
{
    (void)state;
    struct bench b;
    equip(&b, hangs_up, NULL);
    rig_read(b.g, 1, 0, 8, 20 * NS_PER_MS);
    rig_read(b.g, 1, 20, 4, 3600 * NS_PER_S)->once = true; /* a model */
    rig_read(b.g, 1, 40, 2, 100 * NS_PER_S)->once = true; /* an identity: the shorter period */
    run(&b, 1500 * NS_PER_MS);
    unsigned connections = 0;
    uint32_t last = 0;
    for (unsigned i = 0; i < b.count; i++) {
        if (b.seen[i].fault != FAULT_NONE || b.seen[i].connection == last)
            continue;
        assert_true(b.seen[i].connection > last);
        last = b.seen[i].connection;
        connections++;
        assert_int_equal(b.seen[i].request, 2);
        if (i + 1 < b.count && b.seen[i + 1].connection == last)
            assert_int_equal(b.seen[i + 1].request, 1);
    }
    print_message("%u connections, %u blocks\n", connections, b.count);
    assert_true(connections >= 3);
    unsigned once = 0;
    for (unsigned i = 0; i < b.count; i++)
        once += b.seen[i].request != 0 && b.seen[i].fault == FAULT_NONE;
    assert_int_equal(once, 2 * connections);
    end(&b);
}

/* Silent for half a second after some time, on the same connection. */
static bool sleeps(const struct question *q, void *me)
{
    (void)me;
    if (q->nth < 12 || q->nth > 20)
        say_right(q);
    return true;
}

static void a_unit_that_begins_to_answer_again_says_who_it_is(void **state)
{
    (void)state;
    struct bench b;
    equip(&b, sleeps, NULL);
    b.g->lines[0].retries = 0;
    rig_read(b.g, 1, 0, 8, 40 * NS_PER_MS);
    rig_read(b.g, 1, 40, 2, 100 * NS_PER_S)->once = true;
    run(&b, 2500 * NS_PER_MS);
    unsigned identities = 0, silences = b.t.events[POLL_UNIT_SILENT];
    uint32_t highest = 0;
    for (unsigned i = 0; i < b.count; i++) {
        identities += b.seen[i].request == 1 && b.seen[i].fault == FAULT_NONE;
        highest = b.seen[i].connection > highest ? b.seen[i].connection : highest;
    }
    print_message("%u silences, identity read %u times, connection %u\n", silences, identities,
                  highest);
    assert_true(silences >= 1);
    assert_true(identities >= 2);
    assert_true(highest >= 2);
    end(&b);
}

/* Never answers what has a side effect; counts in the low bits of others' silence nothing. */
static bool keeps_its_latch(const struct question *q, void *me)
{
    int *counts = me;
    if (q->address == 40) {
        if (write(counts[1], "x", 1) != 1)
            return false;
        return true;
    }
    say_right(q);
    return true;
}

static void what_changes_by_reading_is_not_asked_twice_for_one_answer(void **state)
{
    (void)state;
    struct bench b;
    int pipes[2];
    assert_int_equal(pipe2(pipes, O_NONBLOCK), 0);
    equip(&b, keeps_its_latch, pipes);
    b.g->lines[0].retries = 3;
    rig_read(b.g, 1, 0, 8, 50 * NS_PER_MS);
    rig_read(b.g, 1, 40, 2, 400 * NS_PER_MS)->alone = true;
    run(&b, 1900 * NS_PER_MS);
    char asked[100];
    ssize_t n = read(pipes[0], asked, sizeof asked);
    print_message("asked %zd times in 1.9 s, every 0.4 s\n", n);
    assert_true(n >= 2 && n <= 6);
    assert_int_equal(b.t.events[POLL_UNIT_SILENT], 0);
    close(pipes[0]);
    close(pipes[1]);
    end(&b);
}

/* Refuses two values: one that not every model has, and one that it should. */
static bool lacks(const struct question *q, void *me)
{
    (void)me;
    uint8_t a[600];
    bool refuses = false;
    for (unsigned i = 0; i < q->count; i++)
        refuses = refuses || q->address + i == 4 || q->address + i == 10;
    rig_say(q, a, refuses ? rig_exception(q, 2, a) : rig_answer(q, a));
    return true;
}

static void a_hole_where_a_model_may_have_one_is_no_news(void **state)
{
    (void)state;
    struct bench b;
    equip(&b, lacks, NULL);
    b.g->points[2].optional = true; /* registers 4 and 5 */
    rig_read(b.g, 1, 0, 8, 50 * NS_PER_MS);
    run(&b, 600 * NS_PER_MS);
    assert_int_equal(b.t.events[POLL_HOLE_LEARNED], 0);
    assert_int_equal(b.t.events[POLL_UNIT_REFUSES], 0);
    assert_true(b.t.faults[FAULT_HOLE] > 0 && b.t.good > 0);
    end(&b);

    equip(&b, lacks, NULL);
    b.g->points[2].optional = true;
    rig_read(b.g, 1, 0, 14, 50 * NS_PER_MS);
    run(&b, 600 * NS_PER_MS);
    assert_int_equal(b.t.events[POLL_HOLE_LEARNED], 1);
    assert_non_null(strstr(b.t.last_text, "0x000A"));
    end(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_connection_begins_with_what_is_asked_once),
        cmocka_unit_test(a_unit_that_begins_to_answer_again_says_who_it_is),
        cmocka_unit_test(what_changes_by_reading_is_not_asked_twice_for_one_answer),
        cmocka_unit_test(a_hole_where_a_model_may_have_one_is_no_news),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
