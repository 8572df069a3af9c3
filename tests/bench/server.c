/* SPDX-License-Identifier: Apache-2.0 */
/* PLCs that cost next to nothing: one epoll loop, one port each, every register different at every
 * read. Reads only (functions 1 to 4). A line on stdin is answered with the counters so far; the
 * end of stdin ends the program. */
#include <arpa/inet.h>
#include <errno.h>
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
#include <unistd.h>

enum { REQUEST = 12, ROOM = 64 * REQUEST, ANSWER_MAX = 260 };

struct peer {
    bool listener;
    uint16_t filled;
    uint8_t in[ROOM];
};

static struct peer **peers;
static size_t peer_count;
static uint16_t turn;
static uint64_t requests, accepted, open_now;

static bool remember(int fd, bool listener)
{
    if ((size_t)fd >= peer_count) {
        size_t count = (size_t)fd + 1024;
        struct peer **more = realloc(peers, count * sizeof(*peers));
        if (!more)
            return false;
        memset(more + peer_count, 0, (count - peer_count) * sizeof(*peers));
        peers = more;
        peer_count = count;
    }
    peers[fd] = calloc(1, sizeof(struct peer));
    if (!peers[fd])
        return false;
    peers[fd]->listener = listener;
    return true;
}

static bool watch(int epoll, int fd, bool listener)
{
    struct epoll_event e = {.events = EPOLLIN, .data = {.fd = fd}};
    return remember(fd, listener) && epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &e) == 0;
}

static int listen_on(uint16_t port)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &(int){1}, sizeof(int));
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(port)};
    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (bind(fd, (struct sockaddr *)&a, sizeof(a)) != 0 || listen(fd, 16) != 0) {
        close(fd);
        return -1;
    }
    return fd;
}

static size_t answer(const uint8_t *q, uint8_t *out)
{
    unsigned count = (unsigned)q[10] << 8 | q[11];
    bool registers = q[7] == 3 || q[7] == 4;
    if (q[7] < 1 || q[7] > 4 || count == 0 || count > (registers ? 125u : 2000u)) {
        memcpy(out, q, 8);
        out[4] = 0;
        out[5] = 3;
        out[7] = (uint8_t)(q[7] | 0x80);
        out[8] = 1;
        return 9;
    }
    unsigned bytes = registers ? 2 * count : (count + 7) / 8;
    memcpy(out, q, 8);
    out[4] = (uint8_t)((bytes + 3) >> 8);
    out[5] = (uint8_t)(bytes + 3);
    out[8] = (uint8_t)bytes;
    turn++;
    if (registers) {
        for (unsigned i = 0; i < count; i++) {
            uint16_t v = (uint16_t)(turn + i * 257);
            out[9 + 2 * i] = (uint8_t)(v >> 8);
            out[10 + 2 * i] = (uint8_t)v;
        }
    } else {
        memset(out + 9, turn & 1 ? 0x55 : 0xAA, bytes);
    }
    return 9 + bytes;
}

static void hang_up(int fd)
{
    close(fd);
    free(peers[fd]);
    peers[fd] = NULL;
    open_now--;
}

static void serve(int fd)
{
    static uint8_t out[ROOM / REQUEST * ANSWER_MAX];
    struct peer *p = peers[fd];
    ssize_t n = recv(fd, p->in + p->filled, sizeof(p->in) - p->filled, 0);
    if (n <= 0) {
        if (n == 0 || (errno != EAGAIN && errno != EINTR))
            hang_up(fd);
        return;
    }
    p->filled = (uint16_t)(p->filled + n);
    size_t used = 0, length = 0;
    while (p->filled - used >= REQUEST) {
        length += answer(p->in + used, out + length);
        used += REQUEST;
        requests++;
    }
    memmove(p->in, p->in + used, p->filled - used);
    p->filled = (uint16_t)(p->filled - used);
    if (length > 0 && send(fd, out, length, MSG_NOSIGNAL) != (ssize_t)length)
        hang_up(fd);
}

static void greet(int epoll, int listener)
{
    int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0)
        return;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
    if (!watch(epoll, fd, false)) {
        close(fd);
        return;
    }
    accepted++;
    open_now++;
}

static bool report(void)
{
    char line[256];
    if (read(STDIN_FILENO, line, sizeof(line)) <= 0)
        return false;
    printf("{\"requests\":%llu,\"accepted\":%llu,\"open\":%llu}\n", (unsigned long long)requests,
           (unsigned long long)accepted, (unsigned long long)open_now);
    fflush(stdout);
    return true;
}

int main(int argc, char **argv)
{
    if (argc != 3) {
        fprintf(stderr, "usage: %s FIRST_PORT COUNT\n", argv[0]);
        return 2;
    }
    unsigned first = (unsigned)strtoul(argv[1], NULL, 10),
             count = (unsigned)strtoul(argv[2], NULL, 10);
    struct rlimit files;
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
    int epoll = epoll_create1(EPOLL_CLOEXEC);
    if (epoll < 0 || !watch(epoll, STDIN_FILENO, true))
        return 1;
    for (unsigned i = 0; i < count; i++) {
        int fd = first + i <= UINT16_MAX ? listen_on((uint16_t)(first + i)) : -1;
        if (fd < 0 || !watch(epoll, fd, true)) {
            fprintf(stderr, "port %u: %s\n", first + i, strerror(errno));
            return 1;
        }
    }
    puts("ready");
    fflush(stdout);
    for (;;) {
        struct epoll_event ready[256];
        int n = epoll_wait(epoll, ready, 256, -1);
        for (int i = 0; i < n; i++) {
            int fd = ready[i].data.fd;
            if (fd == STDIN_FILENO) {
                if (!report())
                    return 0;
            } else if (peers[fd]->listener) {
                greet(epoll, fd);
            } else {
                serve(fd);
            }
        }
    }
}
