/* SPDX-License-Identifier: Apache-2.0 */
#include "publish/lookup.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

struct lookup {
    struct gaicb request;
    struct addrinfo hints;
    struct lookup *next; /* of those given up */
    char host[];
};

/* A question that is being asked can't be taken back: the C library still writes into it, for as
 * long as a dead name server takes. Such ones wait here to be freed. */
static _Atomic(struct lookup *) given_up;

static void keep(struct lookup *l)
{
    l->next = atomic_load(&given_up);
    while (!atomic_compare_exchange_weak(&given_up, &l->next, l))
        ;
}

static void release(struct lookup *l)
{
    if (l->request.ar_result)
        freeaddrinfo(l->request.ar_result);
    free(l);
}

static void release_answered(void)
{
    struct lookup *next;
    for (struct lookup *l = atomic_exchange(&given_up, NULL); l; l = next) {
        next = l->next;
        if (gai_error(&l->request) == EAI_INPROGRESS)
            keep(l);
        else
            release(l);
    }
}

bool lookup_needed(const char *host)
{
    unsigned char address[sizeof(struct in6_addr)];
    return inet_pton(AF_INET, host, address) != 1 && inet_pton(AF_INET6, host, address) != 1;
}

struct lookup *lookup_begin(const char *host)
{
    size_t length = strlen(host) + 1;
    release_answered();
    struct lookup *l = calloc(1, sizeof(*l) + length);
    if (!l)
        return NULL;
    memcpy(l->host, host, length);
    l->hints = (struct addrinfo){.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
    l->request = (struct gaicb){.ar_name = l->host, .ar_request = &l->hints};
    struct gaicb *list[] = {&l->request};
    struct sigevent quietly = {.sigev_notify = SIGEV_NONE};
    if (getaddrinfo_a(GAI_NOWAIT, list, 1, &quietly) == 0)
        return l;
    free(l);
    return NULL;
}

enum lookup_state lookup_state(struct lookup *l, const char **why)
{
    int error = gai_error(&l->request);
    if (error == EAI_INPROGRESS)
        return LOOKUP_RUNS;
    if (error == 0)
        return LOOKUP_FOUND;
    *why = gai_strerror(error);
    return LOOKUP_FAILED;
}

void lookup_end(struct lookup *l)
{
    if (!l)
        return;
    int error = gai_error(&l->request);
    if (error == EAI_INPROGRESS)
        error = gai_cancel(&l->request);
    if (error == EAI_NOTCANCELED)
        keep(l);
    else
        release(l);
}
