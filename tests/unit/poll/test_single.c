/* SPDX-License-Identifier: Apache-2.0 */
/* One question at a time, as people's tools ask: what equipment may say to it, and what is thought
 * of that. The equipment is a child that plays a script. */
#include "rig.c"

#include <sys/mman.h>
#include <sys/time.h>

#include "poll/single.h"
/* The rig has a question of its own. */
#define question single_question
#include "poll/single_parts.h"
#undef question

enum { TURNS = 4 };

/* Says, in words: bytes in hex; T and U the transactions of this question and of the one before; Q
 * the question itself; crc over what was said since the last one; /20 sends that much, and is
 * silent for 20 ms; bye and reset end the connection. Function 17 and 43 ask who it is. */
struct turn {
    uint8_t unit, function;
    uint16_t address, count;
    const char *says;
    enum fault fault;
    const char *why; /* NULL: good */
    int foreign;
    unsigned late;
};

enum { ON_TCP = 1, ON_PORT = 2, ON_RTU_SOCKET = 4, ON_BUS = ON_PORT | ON_RTU_SOCKET };

struct scene {
    const char *what;
    unsigned kinds;
    bool echo;
    int64_t gap_ms; /* 0: as the line has it */
    int64_t
        patience_ms; /* of an answer that comes; 0: 2000. A bus is listened to for so long first */
    struct turn turns[TURNS];
};

/* ---- the equipment --------------------------------------------------------------------------- */

struct player {
    const struct scene *scene;
    unsigned turn;
    uint8_t before[2];
};

static size_t question_length(const uint8_t *b, size_t n, bool tcp)
{
    if (tcp)
        return n < 6 ? 6 : 6U + b[5];
    return n < 2 ? 2 : b[1] == 17 ? 4 : b[1] == 43 ? 7 : 8;
}

/* false: hang up. */
static bool speak(struct player *p, int fd, const uint8_t *question, size_t length)
{
    const char *says = p->turn < TURNS ? p->scene->turns[p->turn].says : NULL;
    uint8_t out[600];
    size_t n = 0, frame = 0;
    struct linger now = {.l_onoff = 1};
    char words[600], *rest = NULL;
    p->turn++;
    snprintf(words, sizeof(words), "%s", says ? says : "");
    for (char *w = strtok_r(words, " ", &rest); w; w = strtok_r(NULL, " ", &rest)) {
        if (!strcmp(w, "T") || !strcmp(w, "U")) {
            memcpy(out + n, *w == 'T' ? question : p->before, 2);
            n += 2;
        } else if (!strcmp(w, "Q")) {
            memcpy(out + n, question, length);
            frame = n += length;
        } else if (!strcmp(w, "crc")) {
            uint16_t crc = adu_crc(out + frame, n - frame);
            out[n++] = (uint8_t)crc;
            out[n++] = (uint8_t)(crc >> 8);
            frame = n;
        } else if (*w == '/') {
            if (n && write(fd, out, n) < 0)
                return false;
            rig_pause((unsigned)atoi(w + 1));
            n = frame = 0;
        } else if (!strcmp(w, "reset")) {
            setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
            return false;
        } else if (!strcmp(w, "bye")) {
            if (n && write(fd, out, n) < 0)
                return false;
            return false;
        } else
            out[n++] = (uint8_t)strtoul(w, NULL, 16);
    }
    memcpy(p->before, question, 2);
    return !n || write(fd, out, n) >= 0;
}

static void converse(struct player *p, int fd, bool tcp)
{
    uint8_t bytes[300];
    size_t got = 0;
    for (;;) {
        size_t whole = question_length(bytes, got, tcp);
        if (got >= whole && got >= 6 - 2U * !tcp) {
            if (!speak(p, fd, bytes, whole))
                return;
            got -= whole;
            memmove(bytes, bytes + whole, got);
            continue;
        }
        ssize_t n = read(fd, bytes + got, whole - got);
        if (n <= 0 && errno == EIO) {
            rig_pause(1); /* nobody has the port open just now */
            continue;
        }
        if (n <= 0)
            return;
        got += (size_t)n;
    }
}

static int play(const struct scene *scene, int fd, bool listens, bool tcp)
{
    int pid = fork();
    assert_true(pid >= 0);
    if (pid > 0)
        return pid;
    struct player p = {.scene = scene};
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    signal(SIGPIPE, SIG_IGN);
    for (;;) {
        int peer = listens ? accept4(fd, NULL, NULL, SOCK_CLOEXEC) : fd;
        converse(&p, peer, tcp);
        if (listens)
            close(peer);
    }
}

/* ---- who asks -------------------------------------------------------------------------------- */

struct tool {
    struct line line;
    struct single_setup setup;
    struct single *s;
    int pid, fd;
    uint16_t port;
    char pty[64];
};

static void begin(struct tool *t, enum transport kind, const struct scene *scene)
{
    bool port = kind == TRANSPORT_RTU;
    *t = (struct tool){.fd = -1, .setup = {.timeout_ns = 5 * NS_PER_MS, .silence_ns = NS_PER_MS}};
    t->fd = port ? rig_pty(t->pty) : rig_listen(&t->port);
    t->pid = play(scene, t->fd, !port, kind == TRANSPORT_TCP);
    t->line = (struct line){.name = "line",
                            .transport = (uint8_t)kind,
                            .host = "127.0.0.1",
                            .port = t->port,
                            .device = t->pty,
                            .baud = kind == TRANSPORT_TCP ? 0 : 115200,
                            .data_bits = 8,
                            .stop_bits = 1,
                            .parity = PARITY_NONE,
                            .timeout_ns = NS_PER_S,
                            .connect_timeout_ns = NS_PER_S,
                            .echo = scene->echo};
    if (!port) {
        close(t->fd);
        t->fd = -1;
    }
}

static void open_it(struct tool *t)
{
    const char *why = NULL;
    t->s = single_open(&t->line, &t->setup, &why);
    if (!t->s)
        fail_msg("%s", why);
}

static void end(struct tool *t)
{
    single_close(t->s);
    rig_stop(t->pid);
    if (t->fd >= 0)
        close(t->fd);
}

static void ask(struct tool *t, const struct turn *turn, struct exchange *x)
{
    struct identity_page page;
    struct identity_report report;
    if (turn->function == FUNCTION_MEI)
        single_identify(t->s, turn->unit, IDENTITY_BASIC, (uint8_t)turn->address, x, &page);
    else if (turn->function == FUNCTION_REPORT)
        single_report(t->s, turn->unit, x, &report);
    else
        single_ask(t->s, turn->unit, turn->function, turn->address, turn->count, x);
}

static void each_turn_ends_as_its_scene_says(const struct scene *scene, enum transport kind)
{
    struct tool t;
    begin(&t, kind, scene);
    open_it(&t);
    int64_t patience = (scene->patience_ms ? scene->patience_ms : 2000) * NS_PER_MS;
    assert_int_equal(single_is_bus(t.s), kind != TRANSPORT_TCP);
    if (scene->gap_ms) /* however slow this machine is just now */
        t.s->gap_ns = scene->gap_ms * NS_PER_MS;
    if (scene->patience_ms) /* nor is it known when the other end hangs up */
        t.s->silence_ns = 60 * NS_PER_MS;
    for (unsigned i = 0; i < TURNS && scene->turns[i].function; i++) {
        const struct turn *turn = &scene->turns[i];
        struct exchange x;
        t.s->timeout_ns = turn->fault != FAULT_TIMEOUT        ? patience
                          : *turn->says && *turn->says != '/' ? 150 * NS_PER_MS
                                                              : 20 * NS_PER_MS;
        ask(&t, turn, &x);
        if (x.fault != turn->fault || (x.why == NULL) != (turn->why == NULL) ||
            (turn->why && !strstr(x.why, turn->why)) || x.late != turn->late ||
            x.foreign_unit != (turn->foreign ? turn->foreign : -1))
            fail_msg("%s, transport %d, question %u: fault %d, %s, late %u, foreign %d",
                     scene->what, kind, i, x.fault, x.why ? x.why : "good", x.late, x.foreign_unit);
        assert_true(x.sent_length >= 4);
        assert_true((x.exception != 0) == (x.fault == FAULT_EXCEPTION));
    }
    end(&t);
}

#define TCP(length) "T 00 00 00 " length " "
#define LATE(length) "U 00 00 00 " length " "

static const struct scene scenes[] = {
    {.what = "registers and bits",
     .kinds = ON_TCP,
     .turns = {{1, 3, 0, 2, TCP("07") "01 03 04 00 01 00 02", FAULT_NONE, NULL, 0, 0},
               {1, 1, 0, 9, TCP("05") "01 01 02 ff 01", FAULT_NONE, NULL, 0, 0}}},
    {.what = "who it is",
     .kinds = ON_TCP,
     .turns = {{1, 43, 0, 0, TCP("0b") "01 2b 0e 01 01 00 00 01 00 01 41", FAULT_NONE, NULL, 0, 0},
               {1, 17, 0, 0, TCP("05") "01 11 02 2a ff", FAULT_NONE, NULL, 0, 0},
               {1, 43, 0, 0, TCP("03") "01 ab 01", FAULT_EXCEPTION, "illegal function", 0, 0},
               {1, 17, 0, 0, TCP("03") "01 91 01", FAULT_EXCEPTION, "illegal function", 0, 0}}},
    {.what = "who it is",
     .kinds = ON_BUS,
     .turns = {{1, 43, 0, 0, "01 2b 0e 01 01 00 00 01 00 01 41 crc", FAULT_NONE, NULL, 0, 0},
               {1, 17, 0, 0, "01 11 02 2a ff crc", FAULT_NONE, NULL, 0, 0},
               {1, 43, 0, 0, "01 2b 0d crc", FAULT_GARBLED, "wrong MEI type", 0, 0}}},
    {.what = "a refusal",
     .kinds = ON_BUS,
     .turns = {{1, 3, 0, 2, "01 83 02 crc", FAULT_EXCEPTION, "illegal data address", 0, 0},
               {1, 3, 0, 2, "01 03 04 00 01 00 02 crc", FAULT_NONE, NULL, 0, 0}}},
    {.what = "an answer after its time is known as what it is",
     .kinds = ON_TCP,
     .turns = {{1, 3, 0, 1, "", FAULT_TIMEOUT, "no answer", 0, 0},
               {2, 3, 9, 1, LATE("05") "01 03 02 00 01 " TCP("05") "02 03 02 00 07", FAULT_NONE,
                NULL, 0, 1},
               {1, 3, 0, 1, "", FAULT_TIMEOUT, "no answer", 0, 0},
               {2, 3, 9, 1, LATE("03") "01 83 0b " TCP("05") "02 03 02 00 07", FAULT_NONE, NULL, 0,
                1}}},
    {.what = "an answer after its time is known as what it is",
     .kinds = ON_BUS,
     .turns = {{1, 3, 0, 1, "", FAULT_TIMEOUT, "no answer", 0, 0},
               {2, 3, 9, 1, "01 03 02 00 01 crc 02 03 02 00 07 crc", FAULT_NONE, NULL, 0, 1}}},
    {.what = "an answer after its time comes behind the one that was asked for",
     .kinds = ON_BUS,
     .gap_ms = 150,
     .turns = {{1, 3, 0, 2, "", FAULT_TIMEOUT, "no answer", 0, 0},
               {2, 3, 9, 1, "02 03 02 00 07 crc /30 01 03 04 /2 00 01 00 02 2a 32", FAULT_NONE,
                NULL, 0, 1},
               {1, 3, 0, 2, "", FAULT_TIMEOUT, "no answer", 0, 0},
               {2, 3, 9, 1, "02 03 02 00 07 crc /30 01 03 04 00 00", FAULT_GARBLED,
                "bytes behind the answer", 0, 0}}},
    {.what = "a late answer that comes in two halves",
     .kinds = ON_BUS,
     .turns = {{1, 3, 0, 1, "", FAULT_TIMEOUT, "no answer", 0, 0},
               {2, 3, 9, 1, "01 03 /3 02 00 01 79 84 /3 02 03 02 00 07 crc", FAULT_NONE, NULL, 0,
                1}}},
    {.what = "half an answer, and then nothing",
     .kinds = ON_BUS,
     .turns = {{1, 3, 0, 2, "01 03", FAULT_TIMEOUT, "not whole in time", 0, 0}}},
    {.what = "half an answer closes what can't be followed any more",
     .kinds = ON_TCP,
     .turns = {{1, 3, 0, 1, TCP("05") "01 03", FAULT_TIMEOUT, "not whole in time", 0, 0},
               {1, 3, 0, 1, TCP("05") "01 03 02 00 01", FAULT_NONE, NULL, 0, 0}}},
    {.what = "another unit",
     .kinds = ON_TCP,
     .turns = {{1, 3, 0, 1, TCP("05") "07 03 02 00 01", FAULT_GARBLED, "wrong unit", 7, 0},
               {1, 3, 0, 1, "T 00", FAULT_TIMEOUT, "not whole in time", 0, 0},
               {1, 3, 0, 1, "00 /3 00", FAULT_GARBLED, "wrong transaction", 0, 0}}},
    {.what = "another unit",
     .kinds = ON_BUS,
     .turns = {{1, 3, 0, 1, "07 03 02 00 01 crc", FAULT_GARBLED, "wrong unit", 7, 0}}},
    {.what = "bytes behind the answer",
     .kinds = ON_BUS,
     .turns = {{1, 3, 0, 1, "01 03 02 00 01 crc 55", FAULT_GARBLED, "bytes behind the answer", 0,
                0}}},
    {.what = "bytes a little behind the answer",
     .kinds = ON_BUS,
     .gap_ms = 60,
     .turns = {{1, 3, 0, 1, "01 03 02 00 01 crc /1 55", FAULT_GARBLED, "bytes behind the answer", 0,
                0}}},
    {.what = "an echo where none is expected",
     .kinds = ON_BUS,
     .turns = {{1, 3, 0, 1, "Q 01 03 02 00 01 crc", FAULT_GARBLED, "(echo)", 0, 0},
               {2, 3, 0, 1, "02 03 00", FAULT_TIMEOUT, "not whole in time", 0, 0}}},
    {.what = "an echo that is expected",
     .kinds = ON_BUS,
     .echo = true,
     .turns = {{1, 3, 0, 1, "Q 01 03 02 00 01 crc", FAULT_NONE, NULL, 0, 0},
               {1, 3, 0, 1, "01 03 00 /3 00 00 01 84 0a /3 01 03 02 00 01 crc", FAULT_NONE, NULL, 0,
                0},
               {1, 3, 0, 1, "01 03 02 00 01 crc", FAULT_GARBLED,
                "echo of our own bytes was damaged", 0, 0}}},
    {.what = "a refusal that may belong to the question before",
     .kinds = ON_BUS,
     .turns = {{1, 3, 0, 1, "", FAULT_TIMEOUT, "no answer", 0, 0},
               {1, 4, 0, 1, "01 84 02 crc", FAULT_EXCEPTION, "illegal data address", 0, 0},
               {2, 3, 0, 1, "", FAULT_TIMEOUT, "no answer", 0, 0},
               {2, 3, 0, 2, "02 83 02 crc", FAULT_GARBLED, "may belong to the question before", 0,
                0}}},
    {.what = "a question that looks like an unanswered one waits for its answer",
     .kinds = ON_BUS,
     .turns = {{1, 3, 0, 1, "/80 01 03 02 00 01 crc", FAULT_TIMEOUT, "no answer", 0, 0},
               {1, 3, 9, 1, "01 03 02 00 07 crc", FAULT_NONE, NULL, 0, 1},
               {1, 17, 0, 0, "/80 01 91 01 crc", FAULT_TIMEOUT, "no answer", 0, 0},
               {1, 17, 0, 0, "01 11 02 2a 00 crc", FAULT_NONE, NULL, 0, 1}}},
    {.what = "a connection that ends",
     .kinds = ON_TCP | ON_RTU_SOCKET,
     .patience_ms = 150,
     .turns = {{1, 3, 0, 1, "bye", FAULT_CLOSED, "hung up", 0, 0},
               {2, 3, 0, 1, "reset", FAULT_CLOSED, "reset by peer", 0, 0},
               {3, 3, 0, 1, "", FAULT_TIMEOUT, "no answer", 0, 0}}},
    {.what = "a bus behind a socket that ends between two questions is asked on the next",
     .kinds = ON_RTU_SOCKET,
     .patience_ms = 150,
     .turns = {{1, 3, 0, 1, "01 03 02 00 01 crc /1 bye", FAULT_NONE, NULL, 0, 0},
               {1, 3, 0, 2, "01 03 04 00 01 00 02 crc", FAULT_NONE, NULL, 0, 0}}},
};

static void whatever_equipment_says_is_known_as_what_it_is(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(scenes) / sizeof(scenes[0]); i++)
        for (int kind = TRANSPORT_TCP; kind <= TRANSPORT_RTU_OVER_TCP; kind++)
            if (scenes[i].kinds & 1U << kind)
                each_turn_ends_as_its_scene_says(&scenes[i], (enum transport)kind);
}

static void what_was_read_can_be_had_word_by_word_and_bit_by_bit(void **state)
{
    (void)state;
    struct tool t;
    struct exchange x;
    begin(&t, TRANSPORT_TCP, &scenes[0]);
    open_it(&t);
    t.s->timeout_ns = 2 * NS_PER_S;
    single_ask(t.s, 1, 3, 0, 2, &x);
    assert_int_equal(x.fault, FAULT_NONE);
    assert_int_equal(single_word(&x, 0), 1);
    assert_int_equal(single_word(&x, 1), 2);
    assert_true(x.wire_ns >= 0);
    single_ask(t.s, 1, 1, 0, 9, &x);
    assert_true(single_bit(&x, 7) && single_bit(&x, 8) && !single_bit(&x, 9));
    end(&t);
}

/* ---- silence --------------------------------------------------------------------------------- */

static const struct scene silence = {.what = "nothing"};

static void a_connection_on_which_nothing_comes_is_made_anew(void **state)
{
    (void)state;
    struct tool t;
    struct exchange x;
    begin(&t, TRANSPORT_TCP, &silence);
    t.setup.timeout_ns = 2 * NS_PER_MS;
    open_it(&t);
    for (unsigned i = 1; i <= 16; i++) {
        single_ask(t.s, 1, 3, 0, 1, &x);
        assert_int_equal(x.fault, FAULT_TIMEOUT);
        assert_int_equal(t.s->fd >= 0, i < 16);
        assert_int_equal(t.s->owed_count, i < 16 ? i : 0);
    }
    single_ask(t.s, 1, 3, 0, 1, &x);
    assert_int_equal(x.fault, FAULT_TIMEOUT);
    assert_true(t.s->fd >= 0);
    end(&t);
}

static void of_unanswered_questions_the_latest_are_remembered(void **state)
{
    (void)state;
    struct tool t;
    struct exchange x;
    begin(&t, TRANSPORT_RTU, &silence);
    t.setup.timeout_ns = NS_PER_MS;
    open_it(&t);
    for (uint8_t unit = 1; unit <= OWED_MAX + 2; unit++)
        single_ask(t.s, unit, 3, 0, 1, &x);
    assert_int_equal(t.s->owed_count, OWED_MAX);
    assert_int_equal(t.s->owed[0].read.unit, 3);
    /* Ten seconds later their answers are not expected any more. */
    for (unsigned i = 0; i < OWED_MAX; i++)
        t.s->owed[i].asked.ns -= i < 9 ? 10 * NS_PER_S : 0;
    single_ask(t.s, 100, 3, 0, 1, &x);
    assert_int_equal(t.s->owed_count, OWED_MAX - 9 + 1);
    end(&t);
}

static bool babbles(const struct question *q, void *me)
{
    static const uint8_t byte = 0x55;
    (void)me;
    for (unsigned i = 0; i < 400; i++) {
        rig_say(q, &byte, 1);
        rig_pause(4);
    }
    return false;
}

static void a_bus_that_never_falls_silent_is_not_asked(void **state)
{
    (void)state;
    struct tool t;
    struct exchange x;
    begin(&t, TRANSPORT_RTU, &silence);
    rig_stop(t.pid);
    t.pid = rig_serve_ptys(&t.fd, 1, babbles, NULL);
    t.setup.silence_ns = 30 * NS_PER_MS;
    open_it(&t);
    t.s->timeout_ns = NS_PER_S;
    single_ask(t.s, 1, 3, 0, 1, &x);
    assert_int_equal(x.fault, FAULT_GARBLED);
    single_ask(t.s, 1, 3, 0, 1, &x);
    assert_int_equal(x.fault, FAULT_GARBLED);
    assert_non_null(strstr(x.why, "does not fall silent"));
    end(&t);
}

/* ---- people change their mind ---------------------------------------------------------------- */

static volatile sig_atomic_t stop;

static void on_alarm(int signal)
{
    (void)signal;
    stop = 1;
}

static void stop_in(int64_t us)
{
    struct itimerval t = {.it_value = {.tv_usec = us}};
    stop = us == 0;
    signal(SIGALRM, on_alarm);
    setitimer(ITIMER_REAL, &t, NULL);
}

static unsigned patience_of, patience_asked;
static void hear_of_a_wait(void *me, uint8_t unit, int64_t ns)
{
    (void)me;
    assert_true(ns > 2 * NS_PER_S);
    patience_of = unit;
    patience_asked++;
    stop_in(10000);
}

static void whatever_is_awaited_is_given_up_when_people_say_so(void **state)
{
    (void)state;
    for (int kind = TRANSPORT_TCP; kind <= TRANSPORT_RTU_OVER_TCP; kind++) {
        struct tool t;
        struct exchange x;
        begin(&t, (enum transport)kind, &silence);
        stop = 0;
        t.setup.stop = &stop;
        t.setup.patience = hear_of_a_wait;
        open_it(&t);
        for (int i = 0; i < 2; i++) { /* while it listens, and while it waits for an answer */
            stop = 0;
            t.s->timeout_ns = i ? 5 * NS_PER_S : 5 * NS_PER_MS;
            if (i)
                stop_in(10000);
            else
                stop_in(0);
            single_ask(t.s, 1, 3, 0, 1, &x);
            assert_int_equal(x.fault, FAULT_LINE_DOWN);
            assert_string_equal(x.why, "interrupted");
        }
        stop = 0; /* in the pause between two questions */
        t.s->setup.interval_ns = 5 * NS_PER_S;
        stop_in(10000);
        single_ask(t.s, 1, 3, 0, 1, &x);
        assert_string_equal(x.why, "interrupted");
        assert_int_equal(x.fault, FAULT_LINE_DOWN);
        stop = 0;
        t.s->setup.interval_ns = 0;
        t.s->timeout_ns = 5 * NS_PER_MS;
        if (kind != TRANSPORT_TCP) { /* in the wait for what may still come */
            single_ask(t.s, 9, 3, 0, 1, &x);
            assert_int_equal(x.fault, FAULT_TIMEOUT);
            patience_asked = 0;
            single_ask(t.s, 9, 3, 7, 1, &x);
            assert_string_equal(x.why, "interrupted");
            assert_int_equal(patience_of, 9);
            assert_int_equal(patience_asked, 1);
        }
        end(&t);
    }
    stop = 0;
}

/* ---- opening --------------------------------------------------------------------------------- */

static void why_a_line_cannot_be_opened_is_said(void **state)
{
    (void)state;
    uint16_t nobody = rig_nobody();
    static const struct {
        enum transport kind;
        const char *host, *device;
        bool stop;
        const char *why;
    } facts[] = {
        {TRANSPORT_TCP, "127.0.0.1", "", false, "Connection refused"},
        {TRANSPORT_TCP, "localhost", "", false, "Connection refused"},
        {TRANSPORT_RTU_OVER_TCP, "::1", "", false, "Connection refused"},
        {TRANSPORT_TCP, "no..name", "", false, "Name or service not known"},
        {TRANSPORT_TCP, "localhost", "", true, "no name server answers"},
        {TRANSPORT_RTU, "", "/dev/headgate-nothing", false, "No such file or directory"},
        {TRANSPORT_RTU, "", "/dev/null", false, "this is not a serial port"},
    };
    for (size_t i = 0; i < sizeof(facts) / sizeof(facts[0]); i++) {
        const struct line l = {.transport = (uint8_t)facts[i].kind,
                               .host = facts[i].host,
                               .device = facts[i].device,
                               .port = nobody,
                               .baud = 9600,
                               .data_bits = 8,
                               .stop_bits = 1,
                               .parity = PARITY_NONE,
                               .connect_timeout_ns = 5 * NS_PER_S};
        const struct single_setup setup = {.stop = &stop};
        const char *why = NULL;
        stop = facts[i].stop;
        assert_null(single_open(&l, &setup, &why));
        if (strcmp(why, facts[i].why) != 0)
            fail_msg("%zu: %s", i, why);
    }
    stop = 0;
    single_close(NULL);
}

static void a_connection_that_stays_undecided_is_given_up_in_time(void **state)
{
    (void)state;
    int fds[5];
    uint16_t port;
    rig_crowd(fds, 5, &port);
    for (int i = 0; i < 2; i++) {
        const struct line l = {.transport = TRANSPORT_TCP,
                               .host = "127.0.0.1",
                               .port = port,
                               .connect_timeout_ns = i ? 5 * NS_PER_S : 20 * NS_PER_MS};
        const struct single_setup setup = {.stop = &stop};
        const char *why = NULL;
        if (i)
            stop_in(10000);
        assert_null(single_open(&l, &setup, &why));
        assert_string_equal(why, i ? "interrupted" : "no connection in time");
    }
    stop = 0;
    for (unsigned i = 0; i < 5; i++)
        close(fds[i]);
}

static void a_name_may_have_several_addresses(void **state)
{
    (void)state;
    struct tool t;
    struct exchange x;
    begin(&t, TRANSPORT_TCP, &scenes[0]);
    t.line.host = "localhost"; /* whose first one may be of another kind */
    open_it(&t);
    t.s->timeout_ns = 2 * NS_PER_S;
    single_ask(t.s, 1, 3, 0, 2, &x);
    assert_int_equal(x.fault, FAULT_NONE);
    end(&t);
}

static bool ends(const struct question *q, void *me)
{
    (void)q;
    (void)me;
    return false;
}

/* A converter that takes the connection, and lets it go at once. */
static void a_bus_behind_a_socket_that_does_not_last_is_not_asked_for_ever(void **state)
{
    (void)state;
    struct tool t;
    struct exchange x;
    begin(&t, TRANSPORT_RTU_OVER_TCP, &silence);
    open_it(&t);
    t.s->timeout_ns = 300 * NS_PER_MS;
    rig_stop(t.pid); /* its sockets end with it, and so does the one that listens */
    single_ask(t.s, 1, 3, 0, 1, &x);
    assert_int_equal(x.fault, FAULT_LINE_DOWN);
    assert_string_equal(x.why, "Connection refused");
    int listener = rig_listen_at(t.port);
    t.pid = fork();
    if (t.pid == 0)
        for (;;)
            close(accept4(listener, NULL, NULL, SOCK_CLOEXEC));
    close(listener);
    single_ask(t.s, 1, 3, 0, 1, &x);
    assert_int_equal(x.fault, FAULT_CLOSED);
    assert_string_equal(x.why, "the other end hung up");
    end(&t);
}

static void a_port_that_is_pulled_is_told_and_looked_for_again(void **state)
{
    (void)state;
    struct tool t;
    struct exchange x;
    begin(&t, TRANSPORT_RTU, &silence);
    rig_stop(t.pid);
    t.pid = rig_serve_ptys(&t.fd, 1, ends, NULL);
    open_it(&t);
    close(t.fd); /* and the child closes its own when it is asked */
    t.fd = -1;
    t.s->timeout_ns = 2 * NS_PER_S;
    single_ask(t.s, 1, 3, 0, 1, &x);
    assert_int_equal(x.fault, FAULT_CLOSED);
    assert_string_equal(x.why, "the port is gone");
    single_ask(t.s, 1, 3, 0, 1, &x);
    assert_int_equal(x.fault, FAULT_LINE_DOWN);
    assert_non_null(x.why);
    end(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whatever_equipment_says_is_known_as_what_it_is),
        cmocka_unit_test(what_was_read_can_be_had_word_by_word_and_bit_by_bit),
        cmocka_unit_test(a_connection_on_which_nothing_comes_is_made_anew),
        cmocka_unit_test(of_unanswered_questions_the_latest_are_remembered),
        cmocka_unit_test(a_bus_that_never_falls_silent_is_not_asked),
        cmocka_unit_test(whatever_is_awaited_is_given_up_when_people_say_so),
        cmocka_unit_test(why_a_line_cannot_be_opened_is_said),
        cmocka_unit_test(a_connection_that_stays_undecided_is_given_up_in_time),
        cmocka_unit_test(a_name_may_have_several_addresses),
        cmocka_unit_test(a_bus_behind_a_socket_that_does_not_last_is_not_asked_for_ever),
        cmocka_unit_test(a_port_that_is_pulled_is_told_and_looked_for_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
