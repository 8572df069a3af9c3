/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "sim/server_parts.h"

static bool is_terminal(const struct peer *p)
{
    return p->endpoint->link[0] != '\0';
}

/* false: the other end is gone. */
static bool flush(struct peer *p)
{
    while (p->out_sent < p->out_length) {
        ssize_t n = write(p->watcher.fd, p->out + p->out_sent, p->out_length - p->out_sent);
        if (n < 0)
            return errno == EAGAIN || errno == EINTR;
        p->out_sent += (size_t)n;
    }
    p->out_length = p->out_sent = 0;
    return true;
}

/* Answers frame after frame, each only when the answer before has gone out. */
static bool serve(struct peer *p)
{
    struct endpoint *e = p->endpoint;
    while (p->out_length == 0 && p->in_length > 0) {
        size_t used = 0, answered = 0;
        enum wire_result r = (e->rtu ? wire_rtu : wire_tcp)(e->server->image, e->line, p->in,
                                                            p->in_length, &used, p->out, &answered);
        if (r == WIRE_MORE)
            return true;
        if (r == WIRE_BROKEN) {
            p->in_length = 0;
            return e->rtu;
        }
        p->in_length -= used;
        memmove(p->in, p->in + used, p->in_length);
        if (r == WIRE_ANSWER) {
            p->out_length = answered;
            e->server->answers++;
            if (!flush(p))
                return false;
        }
    }
    return true;
}

static bool receive(struct peer *p)
{
    size_t room = sizeof p->in - p->in_length;
    if (room == 0)
        return true;
    ssize_t n = read(p->watcher.fd, p->in + p->in_length, room);
    if (n < 0)
        return errno == EAGAIN || errno == EINTR;
    if (n == 0)
        return false;
    p->in_length += (size_t)n;
    p->waited = false;
    return true;
}

static void ready(void *arg, uint32_t events)
{
    struct peer *p = arg;
    bool well = true;
    if ((events & EPOLLOUT) != 0)
        well = flush(p);
    if (well && (events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0)
        well = receive(p);
    well = well && serve(p);
    if (!well) {
        if (is_terminal(p))
            terminal_left(p);
        else
            peer_free(p);
        return;
    }
    uint32_t events_wanted = p->out_length > 0 ? EPOLLOUT : EPOLLIN;
    loop_change(p->endpoint->server->loop, &p->watcher, events_wanted);
}

struct peer *peer_new(struct endpoint *e, int fd)
{
    struct peer *p = calloc(1, sizeof *p);
    if (p == NULL) {
        close(fd);
        return NULL;
    }
    p->endpoint = e;
    p->left_fd = -1;
    p->watcher = (struct watcher){fd, EPOLLIN, ready, p};
    if (!loop_add(e->server->loop, &p->watcher)) {
        close(fd);
        free(p);
        return NULL;
    }
    p->next = e->peers;
    e->peers = p;
    e->peer_count++;
    return p;
}

void peer_free(struct peer *p)
{
    struct peer **at = &p->endpoint->peers;
    while (*at != p)
        at = &(*at)->next;
    *at = p->next;
    p->endpoint->peer_count--;
    int fd = p->watcher.fd;
    loop_remove(p->endpoint->server->loop, &p->watcher);
    if (fd >= 0)
        close(fd);
    if (p->left_fd >= 0)
        close(p->left_fd);
    free(p);
}

/* A silence of a tenth of a second ends any frame on a bus. */
void peer_tick(struct peer *p)
{
    if (p->left) {
        terminal_look(p);
        return;
    }
    if (p->endpoint->rtu && p->in_length > 0 && p->out_length == 0) {
        if (p->waited)
            p->in_length = 0;
        p->waited = !p->waited;
    }
}
