/* SPDX-License-Identifier: Apache-2.0 */
/* Included by each test program of this room. */
#include "rig.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

struct rig *rig_new(void)
{
    struct rig *g = calloc(1, sizeof(*g));
    assert_non_null(g);
    for (unsigned i = 0; i < RIG_POINTS; i++) {
        snprintf(g->names[i], sizeof(g->names[i]), "p%u", i);
        g->points[i] = (struct point){.name = g->names[i],
                                      .at = {"maps/pump/p3.yaml", 12 + i, 5},
                                      .from = -1,
                                      .table = TABLE_HOLDING,
                                      .type = RAW_U32,
                                      .address = (uint16_t)(2 * i),
                                      .words = 2,
                                      .exp_from = -1,
                                      .mul_from = -1,
                                      .valid_if = {.point = -1},
                                      .group = -1};
    }
    g->map = (struct map){.name = "rig",
                          .file = "maps/rig.yaml",
                          .limits = {.max_registers = 125, .max_bits = 2000},
                          .points = g->points,
                          .point_count = RIG_POINTS};
    for (unsigned i = 0; i < 256; i++)
        g->devices[i] = (struct device){.name = "device", .map = &g->map, .unit = (uint8_t)i};
    g->plant = (struct plant){
        .tick_ns = NS_PER_MS, .lines = g->lines, .devices = g->devices, .device_count = 256};
    g->plan = (struct plan){.plant = &g->plant,
                            .requests = g->requests,
                            .first_request = g->first_request,
                            .tick_ns = NS_PER_MS};
    return g;
}

void rig_free(struct rig *g)
{
    free(g);
}

struct line *rig_line(struct rig *g, enum transport kind, const char *where, uint16_t port)
{
    struct line *l = &g->lines[g->plant.line_count++];
    *l = (struct line){.name = "line",
                       .transport = (uint8_t)kind,
                       .host = where,
                       .port = port,
                       .device = where,
                       .baud = kind == TRANSPORT_TCP ? 0 : 115200,
                       .data_bits = 8,
                       .stop_bits = 1,
                       .parity = PARITY_NONE,
                       .timeout_ns = 60 * NS_PER_MS,
                       .connect_timeout_ns = 300 * NS_PER_MS,
                       .reconnect_min_ns = 30 * NS_PER_MS,
                       .reconnect_max_ns = 500 * NS_PER_MS,
                       .retries = 1,
                       .silent_share = 0.1};
    g->first_request[g->plant.line_count] = g->plan.request_count;
    return l;
}

struct request *rig_read(struct rig *g, uint8_t unit, uint16_t first, uint16_t count,
                         int64_t period_ns)
{
    struct request *r = &g->requests[g->plan.request_count];
    *r = (struct request){.id = g->plan.request_count,
                          .line = g->plant.line_count - 1,
                          .unit = unit,
                          .table = TABLE_HOLDING,
                          .first = first,
                          .count = count,
                          .period_ns = period_ns,
                          .feeds = &g->feeds[g->feed_count]};
    for (uint32_t at = (first + 1U) / 2 * 2; at + 2 <= first + (uint32_t)count; at += 2) {
        g->feeds[g->feed_count++] =
            (struct feed){.device = unit, .point = at / 2, .offset = (uint16_t)(at - first)};
        r->feed_count++;
    }
    g->plan.request_count++;
    g->first_request[g->plant.line_count] = g->plan.request_count;
    return r;
}

bool rig_is_true(const struct block *b)
{
    if (b->length != b->count * 2U)
        return false;
    for (unsigned i = 0; i < b->count; i++) {
        uint16_t is = (uint16_t)(b->data[2 * i] << 8 | b->data[2 * i + 1]);
        if (is != rig_register(b->request->unit, b->first + i))
            return false;
    }
    return b->first >= b->request->first &&
           b->first + b->count <= b->request->first + b->request->count;
}

void tally_block(void *me, const struct block *b)
{
    struct tally *t = me;
    t->last = *b;
    if (b->fault) {
        assert_null(b->data);
        assert_non_null(b->why);
        t->faults[b->fault]++;
        t->faults_of[b->request->unit]++;
        t->last_why = b->why;
        return;
    }
    t->good++;
    t->good_of[b->request->unit]++;
    if (!rig_is_true(b))
        t->wrong++;
}

void tally_event(void *me, const struct poll_event *e)
{
    struct tally *t = me;
    t->events[e->kind]++;
    snprintf(t->last_text, sizeof(t->last_text), "%s", e->text);
}

/* ---- equipment ------------------------------------------------------------------------------- */

size_t rig_seal(const struct question *q, uint8_t *out, size_t pdu)
{
    if (q->tcp) {
        memmove(out + 6, out, pdu);
        memcpy(out, q->frame, 4);
        out[4] = (uint8_t)(pdu >> 8);
        out[5] = (uint8_t)pdu;
        return pdu + 6;
    }
    uint16_t crc = adu_crc(out, pdu);
    out[pdu] = (uint8_t)crc;
    out[pdu + 1] = (uint8_t)(crc >> 8);
    return pdu + 2;
}

size_t rig_answer(const struct question *q, uint8_t *out)
{
    out[0] = q->unit;
    out[1] = q->function;
    out[2] = (uint8_t)(q->count * 2);
    for (unsigned i = 0; i < q->count; i++) {
        uint16_t x = rig_register(q->unit, q->address + i);
        out[3 + 2 * i] = (uint8_t)(x >> 8);
        out[4 + 2 * i] = (uint8_t)x;
    }
    return rig_seal(q, out, 3 + 2U * q->count);
}

size_t rig_exception(const struct question *q, uint8_t code, uint8_t *out)
{
    out[0] = q->unit;
    out[1] = q->function | 0x80;
    out[2] = code;
    return rig_seal(q, out, 3);
}

static int listening(uint16_t *port)
{
    int s = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof(a);
    int one = 1;
    setsockopt(s, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
    a.sin_port = htons(*port);
    assert_int_equal(bind(s, (struct sockaddr *)&a, sizeof(a)), 0);
    assert_int_equal(listen(s, 64), 0);
    assert_int_equal(getsockname(s, (struct sockaddr *)&a, &length), 0);
    *port = ntohs(a.sin_port);
    return s;
}

int rig_listen(uint16_t *port)
{
    *port = 0;
    return listening(port);
}

int rig_listen_at(uint16_t port)
{
    return listening(&port);
}

uint16_t rig_nobody(void)
{
    uint16_t port;
    close(rig_listen(&port));
    return port;
}

void rig_crowd(int *fds, unsigned count, uint16_t *port)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof at;
    fds[0] = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(fds[0], (struct sockaddr *)&at, sizeof at), 0);
    assert_int_equal(listen(fds[0], 0), 0);
    assert_int_equal(getsockname(fds[0], (struct sockaddr *)&at, &length), 0);
    for (unsigned i = 1; i < count; i++) {
        fds[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
        (void)connect(fds[i], (struct sockaddr *)&at, sizeof at);
    }
    *port = ntohs(at.sin_port);
}

int rig_pty(char name[64])
{
    int master = -1, slave = -1;
    struct termios raw;
    assert_int_equal(openpty(&master, &slave, name, NULL, NULL), 0);
    tcgetattr(slave, &raw);
    cfmakeraw(&raw);
    tcsetattr(slave, TCSANOW, &raw);
    /* The slave stays open in this process, or the master would see a hang-up in between. */
    fcntl(slave, F_SETFD, FD_CLOEXEC);
    return master;
}

void rig_say(const struct question *q, const uint8_t *bytes, size_t length)
{
    ssize_t n = q->tcp ? send(q->fd, bytes, length, MSG_NOSIGNAL) : write(q->fd, bytes, length);
    (void)n; /* who hung up hears nothing */
}

void rig_pause(unsigned ms)
{
    poll(NULL, 0, (int)ms);
}

enum { PEERS = 256, FRESH = 8 };

struct peer {
    int fd;
    bool listens;
    unsigned nth, connection, connections;
    size_t got;
    uint8_t bytes[512];
};

static bool hear_peer(struct peer *p, bool tcp, rig_device *device, void *me)
{
    ssize_t n = read(p->fd, p->bytes + p->got, sizeof(p->bytes) - p->got);
    if (n <= 0)
        return !tcp && errno == EIO; /* nobody has the port open just now */
    p->got += (size_t)n;
    size_t frame = tcp ? 12 : 8;
    while (p->got >= frame) {
        if (!tcp && adu_crc(p->bytes, frame) != 0) {
            /* Half of a question that its asker threw away: look for the next one. */
            memmove(p->bytes, p->bytes + 1, --p->got);
            continue;
        }
        struct question q = {
            .tcp = tcp, .length = frame, .nth = p->nth++, .connection = p->connection, .fd = p->fd};
        memcpy(q.frame, p->bytes, frame);
        const uint8_t *pdu = p->bytes + (tcp ? 6 : 0);
        q.unit = pdu[0];
        q.function = pdu[1];
        q.address = (uint16_t)(pdu[2] << 8 | pdu[3]);
        q.count = (uint16_t)(pdu[4] << 8 | pdu[5]);
        p->got -= frame;
        memmove(p->bytes, p->bytes + frame, p->got);
        if (!device(&q, me))
            return false;
    }
    return true;
}

static void serve(struct peer *peers, unsigned count, bool tcp, rig_device *device, void *me)
{
    struct pollfd fds[PEERS];
    for (;;) {
        for (unsigned i = 0; i < count; i++)
            fds[i] = (struct pollfd){.fd = peers[i].fd, .events = POLLIN};
        poll(fds, count, -1);
        unsigned before = count;
        for (unsigned i = 0; i < before; i++) {
            struct peer *p = &peers[i];
            if (fds[i].fd < 0 || !fds[i].revents)
                continue;
            if (p->listens) {
                int fd = accept4(p->fd, NULL, NULL, SOCK_CLOEXEC);
                unsigned at = 0;
                while (at < count && peers[at].fd >= 0)
                    at++;
                if (at == PEERS || fd < 0)
                    _exit(1);
                peers[at] = (struct peer){.fd = fd, .connection = p->connections++};
                if (at == count)
                    count++;
            } else if (!hear_peer(p, tcp, device, me)) {
                close(p->fd);
                p->fd = -1;
            } else if (!tcp && (fds[i].revents & POLLHUP))
                rig_pause(1);
        }
    }
}

static int serve_in_child(const int *fds, unsigned count, bool listens, bool tcp,
                          rig_device *device, void *me)
{
    int pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        static struct peer peers[PEERS];
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        signal(SIGPIPE, SIG_IGN);
        for (unsigned i = 0; i < count; i++)
            peers[i] = (struct peer){.fd = fds[i], .listens = listens};
        serve(peers, count, tcp, device, me);
    }
    return pid;
}

int rig_serve_sockets(const int *listeners, unsigned count, bool tcp, rig_device *device, void *me)
{
    return serve_in_child(listeners, count, true, tcp, device, me);
}

int rig_serve_ptys(const int *masters, unsigned count, rig_device *device, void *me)
{
    return serve_in_child(masters, count, false, false, device, me);
}

void rig_stop(int pid)
{
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
}

/* Runs until enough() says so, or for so long. What is waited for comes, however slow the machine.
 */
#define RIG_STUCK_NS (60 * NS_PER_S)
typedef bool rig_enough(const struct tally *t);
static inline void rig_run(struct loop *loop, struct poller *p, const struct tally *t,
                           rig_enough *enough, int64_t limit_ns)
{
    mono_t end = mono_add(clock_mono(), limit_ns);
    while (!enough(t)) {
        mono_t now = clock_mono();
        if (!mono_before(now, end))
            return;
        mono_t due = mono_min(poller_run(p, now), end);
        int64_t wait = mono_since(due, clock_mono());
        assert_true(loop_run(loop, wait > 0 ? wait : 0) >= 0);
    }
}
