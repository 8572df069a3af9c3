/* SPDX-License-Identifier: Apache-2.0 */
#include "poll/link.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

static void set(int fd, int level, int option, int value)
{
    /* A refused option costs comfort, not truth. */
    (void)setsockopt(fd, level, option, &value, sizeof(value));
}

void link_tcp_patience(int fd, int64_t ns)
{
    int64_t ms = ns / NS_PER_MS;
    set(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, ns == 0 ? 10000 : ms < 1 ? 1 : (int)ms);
}

enum { RESERVED = 8 };

/* The kernel gives the lowest number that is free. The last ones are not for us: a gateway whose
 * lines have everything has none for its broker and its journal, and nobody hears of it. */
static bool may_have(int fd)
{
    struct rlimit l;
    return getrlimit(RLIMIT_NOFILE, &l) != 0 || (rlim_t)fd + RESERVED < l.rlim_cur;
}

enum link_opening link_tcp_open(const union address *to, int *fd, const char **why)
{
    socklen_t length = to->any.sa_family == AF_INET6 ? sizeof(to->v6) : sizeof(to->v4);
    int s = socket(to->any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (s >= 0 && !may_have(s)) {
        close(s);
        s = -1;
        errno = EMFILE;
    }
    if (s < 0) {
        *why = strerror(errno);
        return LINK_FAILED;
    }
    set(s, IPPROTO_TCP, TCP_NODELAY, 1);
    /* A peer that lost its power is found by the first unacknowledged request, one behind an
     * idle connection by the probes. */
    link_tcp_patience(s, 0);
    set(s, SOL_SOCKET, SO_KEEPALIVE, 1);
    set(s, IPPROTO_TCP, TCP_KEEPIDLE, 10);
    set(s, IPPROTO_TCP, TCP_KEEPINTVL, 3);
    set(s, IPPROTO_TCP, TCP_KEEPCNT, 3);
    *fd = s;
    if (connect(s, &to->any, length) == 0)
        return LINK_OPEN;
    if (errno == EINPROGRESS)
        return LINK_PENDING;
    *why = strerror(errno);
    close(s);
    *fd = -1;
    return LINK_FAILED;
}

/* Where nobody listens on a port of this machine, the kernel may give that port to our own end,
 * and everything that is asked comes back as if answered. */
static bool is_own(int fd)
{
    struct sockaddr_storage here = {0}, there = {0};
    socklen_t length = sizeof(here), other = sizeof(there);
    return getsockname(fd, (struct sockaddr *)&here, &length) == 0 &&
           getpeername(fd, (struct sockaddr *)&there, &other) == 0 &&
           memcmp(&here, &there, length) == 0;
}

bool link_tcp_connected(int fd, const char **why)
{
    int error = 0;
    socklen_t length = sizeof(error);
    if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length) < 0)
        error = errno;
    if (!error && is_own(fd)) {
        *why = "nobody listens: the connection led back to ourselves";
        return false;
    }
    if (error)
        *why = strerror(error);
    return error == 0;
}

void link_tcp_close(int fd, bool reset)
{
    if (reset) {
        struct linger now = {.l_onoff = 1, .l_linger = 0};
        (void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
    }
    close(fd);
}

long link_read(int fd, bool is_socket, uint8_t *to, size_t room)
{
    for (;;) {
        ssize_t n = is_socket ? recv(fd, to, room, MSG_DONTWAIT) : read(fd, to, room);
        if (n > 0)
            return n;
        if (n == 0) {
            errno = 0;
            return LINK_GONE;
        }
        if (errno == EAGAIN)
            return 0;
        if (errno != EINTR)
            return LINK_GONE;
    }
}

void link_acknowledge(int fd)
{
    set(fd, IPPROTO_TCP, TCP_QUICKACK, 1);
}

bool link_write(int fd, bool is_socket, const uint8_t *from, size_t length)
{
    for (;;) {
        ssize_t n = is_socket ? send(fd, from, length, MSG_DONTWAIT | MSG_NOSIGNAL)
                              : write(fd, from, length);
        if (n >= 0 || errno != EINTR)
            return n == (ssize_t)length;
    }
}

int64_t link_char_ns(const struct line *l)
{
    if (!l->baud)
        return 0;
    unsigned bits = 1U + l->data_bits + (l->parity != PARITY_NONE) + l->stop_bits;
    return bits * NS_PER_S / l->baud;
}

int64_t link_gap_ns(const struct line *l)
{
    /* "MODBUS over Serial Line" 2.5.1.1: fixed above 19200, or interrupts would eat the CPU. */
    return l->baud > 19200 || !l->baud ? 1750 * NS_PER_US : link_char_ns(l) * 7 / 2;
}
