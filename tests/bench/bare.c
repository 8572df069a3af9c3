/* SPDX-License-Identifier: Apache-2.0 */
/* The limit to be held against: the shape of a gateway without its work. One epoll loop asks every
 * PLC on 50 ms ticks and publishes what came at QoS 0. No maps, no time, no quality, no errors, no
 * disk: any trouble ends it. */
#include <arpa/inet.h>
#include <errno.h>
#include <mosquitto.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

enum {
    TICK_MS = 50,
    TAGS = 100,
    ANSWER = 9 + 2 * TAGS,
    IN_FLIGHT_MAX = 2000,
    EPOLL_TIMER = -1,
    EPOLL_BROKER = -2
};
enum mode { HISTORY, VALUES, FLAT };

struct plc {
    int fd;
    unsigned filled;
    uint16_t transaction;
    uint8_t in[ANSWER];
};

static struct plc *plcs;
static unsigned count, resting, *rest; /* flat out: PLCs that wait for the broker */
static enum mode mode;
static struct mosquitto *mosq;
static uint64_t polls, published, sent;

static void die(const char *what)
{
    fprintf(stderr, "bare: %s: %s\n", what, strerror(errno));
    exit(1);
}

static void ask(struct plc *p)
{
    p->transaction++;
    uint8_t q[12] = {
        (uint8_t)(p->transaction >> 8), (uint8_t)p->transaction, 0, 0, 0, 6, 1, 3, 0, 0, 0, TAGS};
    if (send(p->fd, q, sizeof(q), MSG_NOSIGNAL) != sizeof(q))
        die("send");
}

static char *number(char *at, unsigned v)
{
    char digits[10];
    int n = 0;
    do
        digits[n++] = (char)('0' + v % 10);
    while (v /= 10);
    while (n > 0)
        *at++ = digits[--n];
    return at;
}

static void publish(const char *topic, const char *payload, const char *end)
{
    if (mosquitto_publish(mosq, NULL, topic, (int)(end - payload), payload, 0, false) !=
        MOSQ_ERR_SUCCESS)
        die("publish");
    published++;
}

static void tell(unsigned i, const uint8_t *words)
{
    static char payload[TAGS * 16];
    char topic[64], *at = payload;
    if (mode == VALUES) {
        for (unsigned t = 0; t < TAGS; t++) {
            char *end = number(payload, (unsigned)words[2 * t] << 8 | words[2 * t + 1]);
            snprintf(topic, sizeof(topic), "bare/value/plc%u/t%u", i, t);
            publish(topic, payload, end);
        }
        return;
    }
    for (unsigned t = 0; t < TAGS; t++) {
        memcpy(at, t == 0 ? "{\"t" : ",\"t", 3);
        at = number(at + 3, t);
        memcpy(at, "\":", 2);
        at = number(at + 2, (unsigned)words[2 * t] << 8 | words[2 * t + 1]);
    }
    *at++ = '}';
    snprintf(topic, sizeof(topic), "bare/history/plc%u", i);
    publish(topic, payload, at);
}

static void hear(unsigned i)
{
    struct plc *p = &plcs[i];
    ssize_t n = recv(p->fd, p->in + p->filled, sizeof(p->in) - p->filled, 0);
    if (n <= 0)
        die("recv");
    p->filled += (unsigned)n;
    if (p->filled < ANSWER)
        return;
    p->filled = 0;
    polls++;
    tell(i, p->in + 9);
    if (mode != FLAT)
        return;
    if (published - sent < IN_FLIGHT_MAX)
        ask(p);
    else
        rest[resting++] = i;
}

static void on_publish(struct mosquitto *m, void *me, int mid)
{
    (void)m, (void)me, (void)mid;
    sent++;
}

static int connect_to(uint16_t port)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(port)};
    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (fd < 0 || connect(fd, (struct sockaddr *)&a, sizeof(a)) != 0)
        die("connect");
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
    return fd;
}

static void watch(int epoll, int fd, int what, uint32_t events)
{
    struct epoll_event e = {.events = events, .data = {.fd = what}};
    if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &e) != 0)
        die("epoll");
}

static void on_tick(int timer)
{
    static unsigned tick;
    uint64_t expired;
    if (read(timer, &expired, sizeof(expired)) != sizeof(expired))
        return;
    mosquitto_loop_misc(mosq);
    if (mode == FLAT)
        return;
    unsigned phases = 1000 / TICK_MS;
    for (unsigned i = tick++ % phases; i < count; i += phases)
        ask(&plcs[i]);
}

static double cpu_seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static double now_seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static long resident_kb(void)
{
    long pages = 0;
    FILE *f = fopen("/proc/self/statm", "r");
    if (!f || fscanf(f, "%*s %ld", &pages) != 1)
        die("statm");
    fclose(f);
    return pages * (sysconf(_SC_PAGESIZE) / 1024);
}

int main(int argc, char **argv)
{
    if (argc != 6) {
        fprintf(stderr, "usage: %s BROKER_PORT FIRST_PORT COUNT history|values|flat SECONDS\n",
                argv[0]);
        return 2;
    }
    uint16_t first = (uint16_t)strtoul(argv[2], NULL, 10);
    count = (unsigned)strtoul(argv[3], NULL, 10);
    mode = strcmp(argv[4], "flat") == 0 ? FLAT : strcmp(argv[4], "values") == 0 ? VALUES : HISTORY;
    double seconds = strtod(argv[5], NULL);
    struct rlimit files;
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);

    mosquitto_lib_init();
    mosq = mosquitto_new(NULL, true, NULL);
    plcs = calloc(count, sizeof(*plcs));
    rest = calloc(count, sizeof(*rest));
    if (!mosq || !plcs || !rest)
        die("memory");
    mosquitto_publish_callback_set(mosq, on_publish);
    if (mosquitto_connect(mosq, "127.0.0.1", (int)strtol(argv[1], NULL, 10), 60) !=
        MOSQ_ERR_SUCCESS)
        die("broker");
    int epoll = epoll_create1(EPOLL_CLOEXEC);
    int timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
    struct itimerspec each = {{0, TICK_MS * 1000000L}, {0, TICK_MS * 1000000L}};
    timerfd_settime(timer, 0, &each, NULL);
    watch(epoll, timer, EPOLL_TIMER, EPOLLIN);
    watch(epoll, mosquitto_socket(mosq), EPOLL_BROKER, EPOLLIN);
    for (unsigned i = 0; i < count; i++) {
        plcs[i].fd = connect_to((uint16_t)(first + i));
        watch(epoll, plcs[i].fd, (int)i, EPOLLIN);
        if (mode == FLAT)
            ask(&plcs[i]);
    }

    double started = 0, cpu = 0, warm = now_seconds() + 1;
    uint64_t warm_polls = 0;
    bool wants_out = false;
    for (;;) {
        struct epoll_event ready[256];
        int n = epoll_wait(epoll, ready, 256, -1);
        for (int i = 0; i < n; i++) {
            int what = ready[i].data.fd;
            if (what >= 0)
                hear((unsigned)what);
            else if (what == EPOLL_TIMER)
                on_tick(timer);
            else if (ready[i].events & EPOLLIN && mosquitto_loop_read(mosq, 1) != MOSQ_ERR_SUCCESS)
                die("broker left");
        }
        if (mosquitto_want_write(mosq))
            mosquitto_loop_write(mosq, 1);
        if (mosquitto_want_write(mosq) != wants_out) {
            wants_out = !wants_out;
            struct epoll_event e = {.events = EPOLLIN | (wants_out ? (uint32_t)EPOLLOUT : 0u),
                                    .data = {.fd = EPOLL_BROKER}};
            epoll_ctl(epoll, EPOLL_CTL_MOD, mosquitto_socket(mosq), &e);
        }
        while (resting > 0 && published - sent < IN_FLIGHT_MAX)
            ask(&plcs[rest[--resting]]);
        double now = now_seconds();
        if (started == 0 && now >= warm) {
            started = now;
            cpu = cpu_seconds();
            warm_polls = polls;
        } else if (started != 0 && now >= started + seconds) {
            printf("{\"polls\":%llu,\"seconds\":%.3f,\"cpu\":%.6f,\"rss_kb\":%ld}\n",
                   (unsigned long long)(polls - warm_polls), now - started, cpu_seconds() - cpu,
                   resident_kb());
            return 0;
        }
    }
}
