/* SPDX-License-Identifier: Apache-2.0 */
#include "publish/lookup.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

struct lookup {
    struct gaicb request;
    struct addrinfo hints;
    char host[];
};

bool lookup_needed(const char *host)
{
    unsigned char address[sizeof(struct in6_addr)];
    return inet_pton(AF_INET, host, address) != 1 && inet_pton(AF_INET6, host, address) != 1;
}

struct lookup *lookup_begin(const char *host)
{
    size_t length = strlen(host) + 1;
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
    /* What is being asked can't be taken back: the C library still writes into it. */
    if (error == EAI_NOTCANCELED)
        return;
    if (l->request.ar_result)
        freeaddrinfo(l->request.ar_result);
    free(l);
}
