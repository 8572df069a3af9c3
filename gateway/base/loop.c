/* SPDX-License-Identifier: Apache-2.0 */
#include "base/loop.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

enum { BATCH = 256 };

struct loop {
    int epoll;
    int ready, next; /* the batch being called, and how far it got */
    bool coarse; /* the kernel has no epoll_pwait2 */
    struct epoll_event events[BATCH];
};

struct loop *loop_new(void)
{
    struct loop *l = calloc(1, sizeof(*l));
    if (!l)
        return NULL;
    l->epoll = epoll_create1(EPOLL_CLOEXEC);
    if (l->epoll < 0) {
        free(l);
        return NULL;
    }
    return l;
}

void loop_free(struct loop *l)
{
    if (!l)
        return;
    close(l->epoll);
    free(l);
}

static bool control(struct loop *l, int operation, struct watcher *w, uint32_t events)
{
    struct epoll_event event = {.events = events, .data.ptr = w};
    return epoll_ctl(l->epoll, operation, w->fd, &event) == 0;
}

bool loop_add(struct loop *l, struct watcher *w)
{
    assert(w->fn);
    return control(l, EPOLL_CTL_ADD, w, w->events);
}

bool loop_change(struct loop *l, struct watcher *w, uint32_t events)
{
    if (w->events == events)
        return true;
    if (!control(l, EPOLL_CTL_MOD, w, events))
        return false;
    w->events = events;
    return true;
}

void loop_remove(struct loop *l, struct watcher *w)
{
    if (w->fd < 0)
        return;
    control(l, EPOLL_CTL_DEL, w, 0);
    w->fd = -1;
    /* What the kernel already reported about it must not reach it any more. */
    for (int i = l->next; i < l->ready; i++) {
        if (l->events[i].data.ptr == w)
            l->events[i].data.ptr = NULL;
    }
}

/* Whole milliseconds, rounded up: late by less than one, never a busy wait. */
static int wait_coarsely(struct loop *l, int64_t wait_ns)
{
    int64_t ms = wait_ns < 0 ? -1 : wait_ns / NS_PER_MS + (wait_ns % NS_PER_MS > 0);
    return epoll_wait(l->epoll, l->events, BATCH, ms > 3600000 ? 3600000 : (int)ms);
}

static int wait_for_events(struct loop *l, int64_t wait_ns)
{
    if (!l->coarse) {
        struct timespec wait = {wait_ns / NS_PER_S, wait_ns % NS_PER_S};
        int ready = epoll_pwait2(l->epoll, l->events, BATCH, wait_ns < 0 ? NULL : &wait, NULL);
        if (ready >= 0 || errno != ENOSYS)
            return ready;
        l->coarse = true; /* before Linux 5.11 */
    }
    return wait_coarsely(l, wait_ns);
}

int loop_run(struct loop *l, int64_t wait_ns)
{
    assert(l->ready == 0); /* not from within a callback */
    int ready = wait_for_events(l, wait_ns);
    if (ready < 0)
        return errno == EINTR ? 0 : -1;
    int called = 0;
    l->ready = ready;
    for (l->next = 0; l->next < l->ready;) {
        struct epoll_event *event = &l->events[l->next++];
        struct watcher *w = event->data.ptr;
        if (w) {
            w->fn(w->me, event->events);
            called++;
        }
    }
    l->ready = l->next = 0;
    return called;
}
