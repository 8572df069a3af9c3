/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <termios.h>
#include <unistd.h>

#include "base/log.h"
#include "sim/server_parts.h"

/* Raw from the start: settings made on the master are those of the other end. */
static int open_master(char *name, size_t room)
{
    int fd = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);
    struct termios t;
    if (fd < 0)
        return -1;
    if (grantpt(fd) != 0 || unlockpt(fd) != 0 || ptsname_r(fd, name, room) != 0 ||
        tcgetattr(fd, &t) != 0) {
        close(fd);
        return -1;
    }
    cfmakeraw(&t);
    if (tcsetattr(fd, TCSANOW, &t) != 0) {
        close(fd);
        return -1;
    }
    return fd;
}

/* Replaced in one step, so that somebody who opens it finds the old terminal or the new one. */
static bool point_link(const char *link, const char *target)
{
    char fresh[ADDRESS_MOST + 8];
    snprintf(fresh, sizeof fresh, "%s.new", link);
    unlink(fresh);
    if (symlink(target, fresh) != 0)
        return false;
    if (rename(fresh, link) != 0) {
        unlink(fresh);
        return false;
    }
    return true;
}

/* The plant's own path serves if it is free and nobody expects a real device there. */
static bool choose_link(struct endpoint *e)
{
    const struct server *s = e->server;
    const char *path = s->plant->lines[e->line].device;
    if (path[0] == '/' && strncmp(path, "/dev/", 5) != 0 && strlen(path) < sizeof e->link - 8) {
        char folder[ADDRESS_MOST];
        snprintf(folder, sizeof folder, "%s", path);
        *strrchr(folder, '/') = '\0';
        if (access(path, F_OK) != 0 && access(folder[0] ? folder : "/", W_OK) == 0) {
            snprintf(e->link, sizeof e->link, "%s", path);
            return true;
        }
    }
    int n = snprintf(e->link, sizeof e->link, "%s/%s", s->dir, s->plant->lines[e->line].name);
    return n > 0 && (size_t)n < sizeof e->link - 8;
}

bool terminal_open(struct endpoint *e)
{
    const char *name = e->server->plant->lines[e->line].name;
    char target[128];
    int fd = open_master(target, sizeof target);
    if (fd < 0 || !choose_link(e)) {
        log_error("%s: no pseudo terminal: %s", name, strerror(errno));
        if (fd >= 0)
            close(fd);
        return false;
    }
    if (!point_link(e->link, target)) {
        log_error("%s: %s: %s", name, e->link, strerror(errno));
        close(fd);
        return false;
    }
    e->link_made = true;
    snprintf(e->address, sizeof e->address, "rtu://%s", e->link);
    return peer_new(e, fd) != NULL;
}

/* Not watched any more: a terminal without another end is always ready, with nothing. */
void terminal_left(struct peer *p)
{
    p->left_fd = p->watcher.fd;
    p->left = true;
    p->waited = false;
    p->in_length = p->out_length = p->out_sent = 0;
    loop_remove(p->endpoint->server->loop, &p->watcher);
}

static bool watch(struct peer *p, int fd)
{
    p->watcher.fd = fd;
    p->watcher.events = EPOLLIN;
    p->left = !loop_add(p->endpoint->server->loop, &p->watcher);
    if (p->left)
        p->watcher.fd = -1;
    return !p->left;
}

/* Who closed and opened again at once goes on with the same terminal. Otherwise it keeps what its
 * last user set, exclusive use included; so a new one takes its place behind the link, as when an
 * adapter is plugged in again. */
void terminal_look(struct peer *p)
{
    char target[128];
    struct pollfd seen = {p->left_fd, POLLIN, 0};
    if (p->left_fd >= 0 && poll(&seen, 1, 0) >= 0 && (seen.revents & POLLHUP) == 0) {
        if (watch(p, p->left_fd))
            p->left_fd = -1;
        return;
    }
    int fd = open_master(target, sizeof target);
    if (fd < 0)
        return; /* tried again at the next tick */
    if (!point_link(p->endpoint->link, target) || !watch(p, fd)) {
        close(fd);
        return;
    }
    if (p->left_fd >= 0)
        close(p->left_fd);
    p->left_fd = -1;
}

void terminal_close(struct endpoint *e)
{
    if (e->link_made)
        unlink(e->link);
    e->link_made = false;
}
