/* SPDX-License-Identifier: Apache-2.0 */
#include "poll/resolve.h"

#include <netdb.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

struct lookup {
    struct lookup *next;
    resolve_fn *fn;
    void *me;
    uint16_t port;
    int error; /* of getaddrinfo */
    struct addresses found;
    char host[];
};

struct queue {
    struct lookup *first, **end;
};

/* Shared with the thread. Whoever leaves last frees it, because getaddrinfo can hang for longer
 * than anybody wants to wait at the end. */
struct shared {
    pthread_mutex_t lock;
    pthread_cond_t wanted;
    struct queue asked, answered;
    struct lookup *current; /* with the thread */
    int bell;
    bool over;
    unsigned users;
};

struct resolver {
    struct watcher watcher;
    struct loop *loop;
    struct shared *shared;
    bool started;
};

static void queue_init(struct queue *q)
{
    q->first = NULL;
    q->end = &q->first;
}

static void queue_put(struct queue *q, struct lookup *l)
{
    l->next = NULL;
    *q->end = l;
    q->end = &l->next;
}

static struct lookup *queue_take(struct queue *q)
{
    struct lookup *l = q->first;
    if (l) {
        q->first = l->next;
        if (!q->first)
            q->end = &q->first;
    }
    return l;
}

static int look_up(const char *host, uint16_t port, int flags, struct addresses *out)
{
    struct addrinfo hints = {
        .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM, .ai_flags = flags | AI_NUMERICSERV};
    struct addrinfo *list = NULL;
    char service[8];
    snprintf(service, sizeof(service), "%u", (unsigned)port);
    out->count = 0;
    int error = getaddrinfo(host, service, &hints, &list);
    if (error)
        return error;
    for (const struct addrinfo *i = list; i && out->count < ADDRESSES_MAX; i = i->ai_next) {
        if (i->ai_addrlen <= sizeof(union address))
            memcpy(&out->at[out->count++], i->ai_addr, i->ai_addrlen);
    }
    freeaddrinfo(list);
    return out->count ? 0 : EAI_NONAME;
}

bool resolve_numeric(const char *host, uint16_t port, struct addresses *out)
{
    return look_up(host, port, AI_NUMERICHOST, out) == 0;
}

static void leave(struct shared *s)
{
    pthread_mutex_lock(&s->lock);
    bool last = --s->users == 0;
    pthread_mutex_unlock(&s->lock);
    if (!last)
        return;
    for (struct lookup *l; (l = queue_take(&s->asked)) != NULL;)
        free(l);
    for (struct lookup *l; (l = queue_take(&s->answered)) != NULL;)
        free(l);
    close(s->bell);
    pthread_cond_destroy(&s->wanted);
    pthread_mutex_destroy(&s->lock);
    free(s);
}

static void *serve(void *arg)
{
    struct shared *s = arg;
    pthread_mutex_lock(&s->lock);
    while (!s->over) {
        struct lookup *l = queue_take(&s->asked);
        if (!l) {
            pthread_cond_wait(&s->wanted, &s->lock);
            continue;
        }
        s->current = l;
        pthread_mutex_unlock(&s->lock);
        l->error = look_up(l->host, l->port, 0, &l->found);
        pthread_mutex_lock(&s->lock);
        s->current = NULL;
        queue_put(&s->answered, l);
        eventfd_write(s->bell, 1);
    }
    pthread_mutex_unlock(&s->lock);
    leave(s);
    return NULL;
}

static void on_bell(void *me, uint32_t events)
{
    (void)events;
    struct resolver *r = me;
    eventfd_t count;
    eventfd_read(r->shared->bell, &count);
    for (;;) {
        pthread_mutex_lock(&r->shared->lock);
        struct lookup *l = queue_take(&r->shared->answered);
        pthread_mutex_unlock(&r->shared->lock);
        if (!l)
            return;
        if (l->me)
            l->fn(l->me, &l->found, l->error ? gai_strerror(l->error) : NULL);
        free(l);
    }
}

struct resolver *resolver_new(struct loop *loop)
{
    struct resolver *r = calloc(1, sizeof(*r));
    struct shared *s = calloc(1, sizeof(*s));
    int bell = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (!r || !s || bell < 0)
        goto failed;
    pthread_mutex_init(&s->lock, NULL);
    pthread_cond_init(&s->wanted, NULL);
    queue_init(&s->asked);
    queue_init(&s->answered);
    s->bell = bell;
    s->users = 1;
    *r = (struct resolver){.loop = loop, .shared = s};
    r->watcher = (struct watcher){.fd = bell, .events = EPOLLIN, .fn = on_bell, .me = r};
    if (loop_add(loop, &r->watcher))
        return r;
    pthread_cond_destroy(&s->wanted);
    pthread_mutex_destroy(&s->lock);
failed:
    if (bell >= 0)
        close(bell);
    free(s);
    free(r);
    return NULL;
}

void resolver_free(struct resolver *r)
{
    if (!r)
        return;
    loop_remove(r->loop, &r->watcher);
    pthread_mutex_lock(&r->shared->lock);
    r->shared->over = true;
    pthread_cond_signal(&r->shared->wanted);
    pthread_mutex_unlock(&r->shared->lock);
    leave(r->shared);
    free(r);
}

/* Signals belong to the thread that polls. */
static bool start(struct resolver *r)
{
    sigset_t all, before;
    pthread_t thread;
    pthread_attr_t attributes;
    sigfillset(&all);
    pthread_attr_init(&attributes);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    pthread_attr_setstacksize(&attributes, 256 * 1024);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    pthread_mutex_lock(&r->shared->lock);
    r->shared->users++;
    r->started = pthread_create(&thread, &attributes, serve, r->shared) == 0;
    if (!r->started)
        r->shared->users--;
    pthread_mutex_unlock(&r->shared->lock);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&attributes);
    return r->started;
}

bool resolver_ask(struct resolver *r, const char *host, uint16_t port, resolve_fn *fn, void *me)
{
    size_t length = strlen(host) + 1;
    struct lookup *l = calloc(1, sizeof(*l) + length);
    if (!l)
        return false;
    l->fn = fn;
    l->me = me;
    l->port = port;
    memcpy(l->host, host, length);
    if (!r->started && !start(r)) {
        free(l);
        return false;
    }
    pthread_mutex_lock(&r->shared->lock);
    queue_put(&r->shared->asked, l);
    pthread_cond_signal(&r->shared->wanted);
    pthread_mutex_unlock(&r->shared->lock);
    return true;
}

static void forget(struct lookup *l, const void *me)
{
    for (; l; l = l->next)
        if (l->me == me)
            l->me = NULL;
}

void resolver_forget(struct resolver *r, const void *me)
{
    pthread_mutex_lock(&r->shared->lock);
    forget(r->shared->asked.first, me);
    forget(r->shared->answered.first, me);
    if (r->shared->current && r->shared->current->me == me)
        r->shared->current->me = NULL;
    pthread_mutex_unlock(&r->shared->lock);
}
