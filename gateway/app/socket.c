/* SPDX-License-Identifier: Apache-2.0 */
#include "app/socket.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/clock.h"

static const int64_t patience_ns = 2 * NS_PER_S; /* to say the line; to take the answer */

struct visitor {
    struct watcher watcher;
    struct socket_door *door;
    mono_t deadline;
    size_t got, length, sent;
    char *answer; /* NULL: the line isn't whole yet */
    char line[SOCKET_LINE_MAX];
};

struct socket_door {
    struct socket_setup setup;
    struct watcher listener;
    int dir;
    dev_t device; /* of the socket's file */
    ino_t inode;
    int64_t tokens_ns; /* each client costs a share of a second */
    mono_t counted;
    struct visitor visitors[SOCKET_CLIENTS];
};

static const int64_t price_ns = NS_PER_S / SOCKET_A_SECOND;

/* ---- where it is --------------------------------------------------------------------------------
 */

/* A path of any length, by way of its folder's descriptor. */
static bool place(struct sockaddr_un *a, const char *dir, int fd)
{
    *a = (struct sockaddr_un){.sun_family = AF_UNIX};
    int n = snprintf(a->sun_path, sizeof a->sun_path, "%s/" SOCKET_NAME, dir);
    if (n >= 0 && (size_t)n < sizeof a->sun_path)
        return true;
    n = snprintf(a->sun_path, sizeof a->sun_path, "/proc/self/fd/%d/" SOCKET_NAME, fd);
    return n >= 0 && (size_t)n < sizeof a->sun_path;
}

static int open_dir(const char *dir)
{
    return open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
}

int socket_connect(const char *dir)
{
    struct sockaddr_un a;
    int folder = open_dir(dir);
    if (folder < 0)
        return -1;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool well = fd >= 0 && place(&a, dir, folder) &&
                connect(fd, (const struct sockaddr *)&a, sizeof a) == 0;
    int error = errno;
    close(folder);
    if (!well && fd >= 0)
        close(fd);
    errno = error;
    return well ? fd : -1;
}

/* ---- one visitor --------------------------------------------------------------------------------
 */

static void heed(struct socket_door *d, mono_t now);

static void leave(struct visitor *v)
{
    int fd = v->watcher.fd;
    loop_remove(v->door->setup.loop, &v->watcher);
    close(fd);
    free(v->answer);
    v->answer = NULL;
    v->watcher.fd = -1;
}

static void say(struct visitor *v)
{
    while (v->sent < v->length) {
        ssize_t n = send(v->watcher.fd, v->answer + v->sent, v->length - v->sent,
                         MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
            if (!loop_change(v->door->setup.loop, &v->watcher, EPOLLOUT))
                leave(v);
            return;
        }
        if (n <= 0)
            break;
        v->sent += (size_t)n;
    }
    leave(v);
}

static void answer(struct visitor *v, size_t length, mono_t now)
{
    struct socket_setup *s = &v->door->setup;
    v->answer = malloc(s->room);
    if (!v->answer) {
        leave(v);
        return;
    }
    v->length = s->fn(s->me, v->line, length, v->answer, s->room);
    v->deadline = mono_add(now, patience_ns);
    say(v);
}

static void hear(struct visitor *v, mono_t now)
{
    ssize_t n = recv(v->watcher.fd, v->line + v->got, sizeof v->line - v->got, MSG_DONTWAIT);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (n <= 0) {
        leave(v);
        return;
    }
    v->got += (size_t)n;
    const char *end = memchr(v->line, '\n', v->got);
    if (end && end + 1 == v->line + v->got)
        answer(v, (size_t)(end - v->line), now);
    else if (end || v->got == sizeof v->line)
        leave(v); /* who says more than one line wants something else */
}

static void on_visitor(void *me, uint32_t events)
{
    struct visitor *v = me;
    struct socket_door *d = v->door;
    mono_t now = clock_mono();
    if (v->answer)
        say(v);
    else if (events & EPOLLIN)
        hear(v, now);
    else
        leave(v);
    heed(d, now);
}

/* ---- all of them --------------------------------------------------------------------------------
 */

static struct visitor *seat(struct socket_door *d)
{
    for (size_t i = 0; i < SOCKET_CLIENTS; i++)
        if (d->visitors[i].watcher.fd < 0)
            return &d->visitors[i];
    return NULL;
}

static bool affords(struct socket_door *d, mono_t now)
{
    int64_t most = NS_PER_S / 2, passed = mono_since(now, d->counted);
    d->tokens_ns += passed > 0 ? passed : 0;
    d->tokens_ns = d->tokens_ns > most ? most : d->tokens_ns;
    d->counted = now;
    return d->tokens_ns >= price_ns;
}

/* Listens only while somebody could be let in: who waits outside costs nothing. */
static void heed(struct socket_door *d, mono_t now)
{
    bool open = seat(d) && affords(d, now);
    (void)loop_change(d->setup.loop, &d->listener, open ? EPOLLIN : 0);
}

static void on_knock(void *me, uint32_t events)
{
    (void)events;
    struct socket_door *d = me;
    mono_t now = clock_mono();
    struct visitor *v = affords(d, now) ? seat(d) : NULL;
    int fd = v ? accept4(d->listener.fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC) : -1;
    if (v)
        d->tokens_ns -= price_ns; /* out of descriptors is no reason to turn in circles */
    if (fd >= 0) {
        *v = (struct visitor){.door = d, .deadline = mono_add(now, patience_ns)};
        v->watcher = (struct watcher){.fd = fd, .events = EPOLLIN, .fn = on_visitor, .me = v};
        if (!loop_add(d->setup.loop, &v->watcher)) {
            close(fd);
            v->watcher.fd = -1;
        }
    }
    heed(d, now);
}

mono_t socket_tick(struct socket_door *d, mono_t now)
{
    mono_t due = MONO_NEVER;
    if (!d)
        return due;
    for (size_t i = 0; i < SOCKET_CLIENTS; i++) {
        struct visitor *v = &d->visitors[i];
        if (v->watcher.fd >= 0 && !mono_before(now, v->deadline))
            leave(v);
        if (v->watcher.fd >= 0)
            due = mono_min(due, v->deadline);
    }
    if (d->listener.events == 0) {
        heed(d, now);
        if (d->listener.events == 0 && seat(d))
            due = mono_min(due, mono_add(now, price_ns - d->tokens_ns));
    }
    return due;
}

/* ---- opening ------------------------------------------------------------------------------------
 */

/* What a former run left there, if it is that. */
static const char *clear(const struct socket_door *d)
{
    struct stat there;
    if (fstatat(d->dir, SOCKET_NAME, &there, AT_SYMLINK_NOFOLLOW) != 0)
        return errno == ENOENT ? NULL : strerror(errno);
    if (!S_ISSOCK(there.st_mode))
        return SOCKET_NAME " is there and is no socket";
    return unlinkat(d->dir, SOCKET_NAME, 0) == 0 ? NULL : strerror(errno);
}

static const char *bind_socket(struct socket_door *d, int fd)
{
    struct sockaddr_un a;
    struct stat made;
    const char *why = clear(d);
    if (why)
        return why;
    if (!place(&a, d->setup.dir, d->dir))
        return "the path is too long";
    /* Before there is a file: nobody else can come in between. */
    if (fchmod(fd, 0600) != 0 || bind(fd, (const struct sockaddr *)&a, sizeof a) != 0)
        return strerror(errno);
    if (fstatat(d->dir, SOCKET_NAME, &made, AT_SYMLINK_NOFOLLOW) != 0)
        return strerror(errno);
    d->device = made.st_dev;
    d->inode = made.st_ino;
    if ((made.st_mode & 0777) != 0600)
        return "its mode can't be set";
    return listen(fd, SOCKET_CLIENTS) == 0 ? NULL : strerror(errno);
}

struct socket_door *socket_open(const struct socket_setup *setup, const char **why)
{
    struct socket_door *d = calloc(1, sizeof *d);
    *why = "out of memory";
    if (!d)
        return NULL;
    d->setup = *setup;
    d->dir = open_dir(setup->dir);
    d->counted = clock_mono();
    d->tokens_ns = NS_PER_S / 2;
    for (size_t i = 0; i < SOCKET_CLIENTS; i++)
        d->visitors[i].watcher.fd = -1;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    d->listener = (struct watcher){.fd = -1, .events = EPOLLIN, .fn = on_knock, .me = d};
    *why = d->dir >= 0 && fd >= 0 ? bind_socket(d, fd) : strerror(errno);
    if (!*why) {
        d->listener.fd = fd;
        if (loop_add(setup->loop, &d->listener))
            return d;
        *why = strerror(errno);
        d->listener.fd = -1;
    }
    if (fd >= 0)
        close(fd);
    socket_close(d);
    return NULL;
}

void socket_close(struct socket_door *d)
{
    if (!d)
        return;
    struct stat there;
    for (size_t i = 0; i < SOCKET_CLIENTS; i++)
        if (d->visitors[i].watcher.fd >= 0)
            leave(&d->visitors[i]);
    int fd = d->listener.fd;
    if (fd >= 0) {
        loop_remove(d->setup.loop, &d->listener);
        close(fd);
    }
    if (d->inode && fstatat(d->dir, SOCKET_NAME, &there, AT_SYMLINK_NOFOLLOW) == 0 &&
        there.st_ino == d->inode && there.st_dev == d->device)
        (void)unlinkat(d->dir, SOCKET_NAME, 0);
    if (d->dir >= 0)
        close(d->dir);
    free(d);
}
