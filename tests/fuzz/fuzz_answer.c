/* SPDX-License-Identifier: Apache-2.0 */
/* A line as the poller runs it, with equipment that says anything: bytes in pieces, late, torn,
 * glued, true answers among them. The socket, the port and the clock are played here. Whatever is
 * handed on as good must be exactly one frame that answers exactly the question asked last, by
 * rules that are written down here a second time; and where the equipment only ever says what is
 * true, be it late or in part, nothing that is handed on may be wrong.
 *
 * FRAMING says which of the two this is: a TCP connection or a serial bus. */
#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>

#include "fuzz.h"

#include "base/clock.h"
#include "identity.h"
#include "poll/line.h"

enum { FD = 700, STEPS = 200, ROOM = 4096, ASKED = 64 };

/* ---- the plant ------------------------------------------------------------------------------- */

enum { POINTS = 40 };
static struct point points[POINTS];
static struct feed feeds[POINTS];
static struct map map = {.name = "m", .points = points, .point_count = POINTS,
                         .limits = {.max_registers = 125, .max_bits = 2000}};
static const struct write_rule rule = {.function = 6, .address = 3};
static struct device devices[2];
static struct line line;
static struct plant plant = {.lines = &line, .line_count = 1, .devices = devices,
                             .device_count = 2};
static struct request requests[4];
static const uint32_t firsts[2] = {0, 4};
static struct plan plan = {.plant = &plant, .requests = requests, .request_count = 4,
                           .first_request = firsts, .tick_ns = 10 * NS_PER_MS};

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    quiet();
    for (uint16_t i = 0; i < POINTS; i++) {
        points[i] = (struct point){.table = TABLE_HOLDING, .type = RAW_U16, .words = 1,
                                   .address = i, .from = -1, .exp_from = -1, .mul_from = -1,
                                   .group = -1, .name = "p", .name_length = 1};
        feeds[i] = (struct feed){.point = i, .offset = i};
    }
    points[3].write = &rule;
    devices[0] = (struct device){.map = &map, .name = "a", .path = "a/a", .unit = 1};
    devices[1] = (struct device){.map = &map, .name = "b", .path = "a/b", .unit = 2};
    requests[0] = (struct request){.id = 0, .unit = 1, .table = TABLE_HOLDING, .first = 0,
                                   .count = 10, .feeds = feeds, .feed_count = 10};
    requests[1] = (struct request){.id = 1, .unit = 1, .table = TABLE_HOLDING, .first = 10,
                                   .count = 10, .feeds = feeds, .feed_count = 10};
    requests[2] = (struct request){.id = 2, .unit = 1, .table = TABLE_COIL, .first = 0,
                                   .count = 20, .feeds = feeds, .feed_count = 20};
    requests[3] = (struct request){.id = 3, .unit = 2, .table = TABLE_INPUT, .first = 4,
                                   .count = 3, .feeds = feeds, .feed_count = 3};
    for (int i = 0; i < 4; i++)
        requests[i].period_ns = 100 * NS_PER_MS;
    line = (struct line){.name = "l", .transport = FRAMING == FRAMING_TCP ? TRANSPORT_TCP
                                                                          : TRANSPORT_RTU,
                         .host = "127.0.0.1", .port = 502, .device = "/dev/null", .baud = 9600,
                         .data_bits = 8, .stop_bits = 1, .parity = PARITY_EVEN,
                         .timeout_ns = 200 * NS_PER_MS, .connect_timeout_ns = NS_PER_S,
                         .reconnect_min_ns = 50 * NS_PER_MS, .reconnect_max_ns = NS_PER_S,
                         .retries = 1, .silent_share = 0.2};
    return 0;
}

/* ---- what the world is ----------------------------------------------------------------------- */

struct asked {
    uint8_t frame[12];
    size_t length;
};

static struct world {
    mono_t now;
    struct watcher *watcher;       /* NULL: closed */
    bool port;                     /* the port is held open */
    uint8_t pending[ROOM];         /* on the wire, not yet read */
    size_t pending_length;
    bool hung_up;
    uint8_t heard[ROOM];           /* read since the last question */
    size_t heard_length;
    struct asked asked[ASKED];     /* not yet answered by the equipment, oldest first */
    unsigned asked_count;
    uint8_t question[12];
    size_t question_length;
    bool writing;                  /* somebody waits to have something written ... */
    unsigned written;              /* ... which was sent so often ... */
    mono_t deadline;               /* ... and must not be sent later */
    bool honest;                   /* the equipment has said nothing but the truth so far */
} w;

static uint16_t truth(unsigned unit, unsigned function, unsigned address)
{
    return (uint16_t)(unit * 40503U + function * 9973U + address * 257U + 77U);
}

mono_t __wrap_clock_mono(void);
mono_t __wrap_clock_mono(void)
{
    return w.now;
}

wall_t __wrap_clock_wall(void);
wall_t __wrap_clock_wall(void)
{
    return (wall_t){1700000000000 + w.now.ns / NS_PER_MS};
}

bool __wrap_loop_add(struct loop *l, struct watcher *x);
bool __wrap_loop_add(struct loop *l, struct watcher *x)
{
    (void)l;
    HOLDS(!w.watcher && x->fd == FD);
    w.watcher = x;
    return true;
}

bool __wrap_loop_change(struct loop *l, struct watcher *x, uint32_t events);
bool __wrap_loop_change(struct loop *l, struct watcher *x, uint32_t events)
{
    (void)l;
    HOLDS(w.watcher == x);
    x->events = events;
    return true;
}

void __wrap_loop_remove(struct loop *l, struct watcher *x);
void __wrap_loop_remove(struct loop *l, struct watcher *x)
{
    (void)l;
    HOLDS(w.watcher == x);
    x->fd = -1;
    w.watcher = NULL;
}

enum link_opening __wrap_link_tcp_open(const union address *to, int *fd, const char **why);
enum link_opening __wrap_link_tcp_open(const union address *to, int *fd, const char **why)
{
    (void)to;
    (void)why;
    HOLDS(!w.watcher);
    w.pending_length = 0;
    w.asked_count = 0; /* a new connection has no past */
    w.hung_up = false;
    *fd = FD;
    return LINK_OPEN;
}

bool __wrap_link_tcp_connected(int fd, const char **why);
bool __wrap_link_tcp_connected(int fd, const char **why)
{
    (void)why;
    return fd == FD;
}

void __wrap_link_tcp_close(int fd, bool reset);
void __wrap_link_tcp_close(int fd, bool reset)
{
    (void)reset;
    HOLDS(fd == FD);
}

struct serial *__wrap_link_serial_open(const struct line *l, int *fd, const char **why);
struct serial *__wrap_link_serial_open(const struct line *l, int *fd, const char **why)
{
    (void)l;
    (void)why;
    HOLDS(!w.port);
    w.pending_length = 0; /* emptied; what was asked before may still be answered */
    w.hung_up = false;
    w.port = true;
    *fd = FD;
    return (struct serial *)&w;
}

void __wrap_link_serial_close(struct serial *s);
void __wrap_link_serial_close(struct serial *s)
{
    HOLDS((void *)s == (void *)&w && w.port);
    w.port = false;
}

void __wrap_link_acknowledge(int fd);
void __wrap_link_acknowledge(int fd)
{
    (void)fd;
}

long __wrap_link_read(int fd, bool is_socket, uint8_t *to, size_t room);
long __wrap_link_read(int fd, bool is_socket, uint8_t *to, size_t room)
{
    HOLDS(fd == FD && room > 0 && is_socket == (FRAMING == FRAMING_TCP));
    size_t n = room < w.pending_length ? room : w.pending_length;
    if (!n && w.hung_up) {
        errno = 0;
        return LINK_GONE;
    }
    memcpy(to, w.pending, n);
    w.pending_length -= n;
    memmove(w.pending, w.pending + n, w.pending_length);
    if (n <= sizeof w.heard - w.heard_length) {
        memcpy(w.heard + w.heard_length, to, n);
        w.heard_length += n;
    }
    return (long)n;
}

bool __wrap_link_write(int fd, bool is_socket, const uint8_t *from, size_t length);
bool __wrap_link_write(int fd, bool is_socket, const uint8_t *from, size_t length)
{
    (void)is_socket;
    HOLDS(fd == FD && length == (FRAMING == FRAMING_TCP ? 12 : 8));
    /* Never a question while bytes lie there that belong to another. */
    HOLDS(w.pending_length == 0);
    if (from[FRAMING == FRAMING_TCP ? 7 : 1] == 6) {
        HOLDS(w.writing && mono_before(w.now, w.deadline) && w.written++ == 0);
    }
    memcpy(w.question, from, length);
    w.question_length = length;
    w.heard_length = 0;
    if (w.asked_count == ASKED) {
        memmove(w.asked, w.asked + 1, sizeof w.asked - sizeof w.asked[0]);
        w.asked_count--;
    }
    struct asked *a = &w.asked[w.asked_count++];
    memcpy(a->frame, from, length);
    a->length = length;
    if (line.echo) { /* the adapter repeats what it sends */
        memcpy(w.pending, from, length);
        w.pending_length = length;
    }
    return true;
}

/* ---- the rules, once more -------------------------------------------------------------------- */

/* Bit by bit, as the specification tells it. */
static unsigned crc(const uint8_t *bytes, size_t n)
{
    unsigned c = 0xFFFF;
    for (size_t i = 0; i < n; i++) {
        c ^= bytes[i];
        for (int k = 0; k < 8; k++)
            c = c & 1 ? c >> 1 ^ 0xA001 : c >> 1;
    }
    return c;
}

static const uint8_t *pdu_of(const uint8_t *frame)
{
    return frame + (FRAMING == FRAMING_TCP ? 6 : 0);
}

static unsigned at16(const uint8_t *p)
{
    return (unsigned)p[0] << 8 | p[1];
}

static size_t bytes_asked(const uint8_t *q)
{
    unsigned count = at16(q + 4);
    return q[1] <= 2 ? (count + 7) / 8 : 2 * count;
}

/* Everything that was heard since the question is one good answer to it (behind our own bytes, where
 * the adapter repeats them), and these are its data. */
static const uint8_t *strict(void)
{
    size_t echo = line.echo ? w.question_length : 0, head = FRAMING == FRAMING_TCP ? 6 : 0;
    const uint8_t *q = pdu_of(w.question), *all = w.heard + echo, *a = pdu_of(all);
    size_t data = bytes_asked(q), whole = head + 3 + data + (head ? 0 : 2);
    if (w.heard_length != echo + whole || memcmp(w.heard, w.question, echo) != 0)
        return NULL;
    if (head && (memcmp(all, w.question, 2) != 0 || at16(all + 2) != 0 || at16(all + 4) != 3 + data))
        return NULL;
    if (!head && crc(a, 3 + data) != (a[3 + data] | (unsigned)a[4 + data] << 8))
        return NULL;
    return a[0] == q[0] && a[1] == q[1] && a[2] == data ? a + 3 : NULL;
}

static bool is_true(const struct block *b)
{
    static const uint8_t functions[] = {1, 2, 4, 3};
    unsigned f = functions[b->request->table];
    for (unsigned i = 0; i < b->count; i++) {
        uint16_t x = truth(b->request->unit, f, b->first + i);
        if (f <= 2 ? (b->data[i / 8] >> i % 8 & 1) != (x >> 3 & 1) : at16(b->data + 2 * i) != x)
            return false;
    }
    return true;
}

static void on_block(void *me, const struct block *b)
{
    (void)me;
    if (b->fault) {
        HOLDS(!b->data && b->why && *b->why);
        return;
    }
    static const uint8_t tables[] = {[1] = TABLE_COIL, [2] = TABLE_DISCRETE, [3] = TABLE_HOLDING,
                                     [4] = TABLE_INPUT};
    const uint8_t *q = pdu_of(w.question), *data = strict();
    HOLDS(data);
    HOLDS(b->length == bytes_asked(q) && memcmp(b->data, data, b->length) == 0);
    HOLDS(q[0] == b->request->unit && tables[q[1]] == b->request->table);
    HOLDS(at16(q + 2) == b->first && at16(q + 4) == b->count);
    HOLDS(b->first >= b->request->first &&
          b->first + b->count <= b->request->first + b->request->count);
    HOLDS(w.pending_length == 0);
    HOLDS(!w.honest || is_true(b));
}

/* Equipment that says the truth never has what is to be written: it confirms, and stays as it is. */
static void on_wrote(void *me, const struct write_end *e)
{
    (void)me;
    bool sent = e->how != WRITE_FAILED && e->how != WRITE_THERE && e->how != WRITE_CHANGED;
    HOLDS(w.writing && sent == (w.written > 0));
    HOLDS(!w.honest || (e->how != WRITE_DONE && e->how != WRITE_THERE));
    HOLDS(!w.honest || !e->has_after || e->after[0] == truth(1, 3, 3));
    HOLDS(e->how == WRITE_DONE || e->how == WRITE_THERE || (e->why && *e->why));
    w.writing = false;
}

static void have_written(struct poller *p, uint8_t within)
{
    if (w.writing)
        return;
    w.writing = true;
    w.written = 0;
    w.deadline = mono_add(w.now, (within + 1) * 10 * NS_PER_MS);
    const struct write_job job = {.point = 3,
                                  .count = 1,
                                  .words = {(uint16_t)(truth(1, 3, 3) ^ 1)},
                                  .masks = {0xFFFF},
                                  .deadline = w.deadline};
    w.writing = poller_write(p, &job, w.now) == NULL;
}

/* ---- the equipment --------------------------------------------------------------------------- */

static size_t seal(uint8_t *out, const uint8_t *question, size_t pdu)
{
    if (FRAMING == FRAMING_TCP) {
        memcpy(out, question, 4);
        out[4] = (uint8_t)(pdu >> 8);
        out[5] = (uint8_t)pdu;
        return 6 + pdu;
    }
    unsigned c = crc(out, pdu);
    out[pdu] = (uint8_t)c;
    out[pdu + 1] = (uint8_t)(c >> 8);
    return pdu + 2;
}

static size_t answer(uint8_t *out, const uint8_t *question, uint8_t exception)
{
    const uint8_t *q = pdu_of(question);
    uint8_t *a = out + (FRAMING == FRAMING_TCP ? 6 : 0);
    size_t data = bytes_asked(q);
    a[0] = q[0];
    a[1] = q[1];
    if (exception) {
        a[1] |= 0x80;
        a[2] = exception;
        return seal(out, question, 3);
    }
    if (q[1] == 6) {
        memcpy(a + 2, q + 2, 4);
        return seal(out, question, 6);
    }
    a[2] = (uint8_t)data;
    memset(a + 3, 0, data);
    for (unsigned i = 0; i < at16(q + 4); i++) {
        uint16_t x = truth(q[0], q[1], at16(q + 2) + i);
        if (q[1] <= 2) {
            a[3 + i / 8] |= (uint8_t)((x >> 3 & 1) << i % 8);
        } else {
            a[3 + 2 * i] = (uint8_t)(x >> 8);
            a[4 + 2 * i] = (uint8_t)x;
        }
    }
    return seal(out, question, 3 + data);
}

static void say(const uint8_t *bytes, size_t n)
{
    if (n > sizeof w.pending - w.pending_length || !w.watcher)
        return;
    memcpy(w.pending + w.pending_length, bytes, n);
    w.pending_length += n;
}

static void hear(void)
{
    if (w.watcher && (w.pending_length || w.hung_up))
        w.watcher->fn(w.watcher->me, EPOLLIN);
}

/* Time goes on; what is due is done. */
static void pass(struct poller *p, int64_t ns)
{
    mono_t until = mono_add(w.now, ns);
    for (int i = 0; i < 100; i++) {
        mono_t next = poller_run(p, w.now);
        if (mono_before(until, next))
            break;
        if (mono_before(w.now, next))
            w.now = next;
    }
    w.now = until;
    poller_run(p, w.now);
}

static void one_step(struct poller *p, struct script *s)
{
    uint8_t bytes[512];
    static const int64_t times_us[8] = {100, 1000, 4000, 10000, 50000, 150000, 250000, 1000000};
    uint8_t what = script_byte(s);
    size_t n = 0;
    switch (what & 7) {
    case 0: /* the oldest question is answered, as it should be */
    case 1:
        if (!w.asked_count)
            break;
        n = answer(bytes, w.asked[0].frame, 0);
        memmove(w.asked, w.asked + 1, sizeof w.asked - sizeof w.asked[0]);
        w.asked_count--;
        if (what & 0x40) { /* in two pieces, the second of them perhaps never */
            size_t cut = script_byte(s) % n;
            say(bytes, cut);
            hear();
            pass(p, times_us[what >> 3 & 7] * NS_PER_US);
            if (what & 0x80)
                break;
            say(bytes + cut, n - cut);
        } else {
            say(bytes, n);
        }
        hear();
        break;
    case 2: /* it is never answered */
        if (w.asked_count) {
            memmove(w.asked, w.asked + 1, sizeof w.asked - sizeof w.asked[0]);
            w.asked_count--;
        }
        break;
    case 3: /* refused */
        if (!w.asked_count)
            break;
        n = answer(bytes, w.asked[0].frame, (uint8_t)(what >> 3 ? what >> 3 : 2));
        memmove(w.asked, w.asked + 1, sizeof w.asked - sizeof w.asked[0]);
        w.asked_count--;
        say(bytes, n);
        hear();
        break;
    case 4: /* the answer to the newest, with some bytes of it changed, or some too many */
        w.honest = false;
        if (w.asked_count)
            n = answer(bytes, w.asked[w.asked_count - 1].frame, 0);
        for (int i = what >> 3 & 3; i > 0 && n > 0; i--) {
            uint8_t at = script_byte(s);
            bytes[at % n] = script_byte(s);
        }
        if (what & 0x20) /* with a good sum all the same */
            n = n > 8 ? seal(bytes, bytes, n - (FRAMING == FRAMING_TCP ? 6 : 2)) : n;
        if (what & 0x40)
            n += script_bytes(s, bytes + n, script_byte(s) & 7);
        say(bytes, n);
        hear();
        break;
    case 5: /* anything */
        w.honest = false;
        n = script_bytes(s, bytes, what >> 3);
        say(bytes, n);
        hear();
        break;
    case 6:
        if (what & 0x80) {
            w.hung_up = true;
            hear();
        } else if (what & 0x40) {
            have_written(p, script_byte(s));
        }
        break;
    default:
        pass(p, times_us[what >> 3 & 7] * NS_PER_US);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    identity_judged(FRAMING, bytes, length);
    struct script s = {bytes, length};
    w = (struct world){.now = {NS_PER_S * 1000}, .honest = true};
    line.echo = FRAMING == FRAMING_RTU && (script_byte(&s) & 1);
    struct poller_hooks hooks = {.block = on_block, .wrote = on_wrote};
    struct poller *p = poller_new(NULL, &plan, hooks, w.now);
    HOLDS(p);
    for (int i = 0; i < STEPS && s.left; i++) {
        pass(p, NS_PER_MS);
        hear();
        one_step(p, &s);
    }
    poller_free(p);
    HOLDS(!w.watcher && !w.port);
    return 0;
}
