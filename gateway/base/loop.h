/* SPDX-License-Identifier: Apache-2.0 */
/* Who wants to hear about which descriptor: a thin cover of epoll, without an opinion on time. */
#ifndef BASE_LOOP_H
#define BASE_LOOP_H

#include <stdbool.h>
#include <stdint.h>

#include "headgate/time.h"

struct loop;
typedef void loop_fn(void *me, uint32_t events);       /* EPOLLIN, EPOLLOUT, EPOLLERR, EPOLLHUP */

/* Embedded in its owner, who keeps it alive until loop_remove. fd -1: not watched. */
struct watcher {
    int fd;
    uint32_t events;
    loop_fn *fn;
    void *me;
};

struct loop *loop_new(void);
void loop_free(struct loop *l);
bool loop_add(struct loop *l, struct watcher *w);        /* false: errno */
/* Costs nothing when the events are what they were. */
bool loop_change(struct loop *l, struct watcher *w, uint32_t events);
void loop_remove(struct loop *l, struct watcher *w);     /* safe inside a callback, also for other
                                                          watches; does not close; sets fd -1 */

/* Waits at most wait_ns (< 0: for ever, 0: not at all) with nanosecond resolution, and calls what
 * is ready. Number of callbacks, or -1 with errno (EINTR counts as 0). */
int loop_run(struct loop *l, int64_t wait_ns);

#endif
