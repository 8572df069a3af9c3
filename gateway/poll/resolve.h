/* SPDX-License-Identifier: Apache-2.0 */
/* Names to addresses without anybody waiting: a helper thread asks, the answer comes back as an
 * event of the loop. Addresses in digits need no helper. */
#ifndef POLL_RESOLVE_H
#define POLL_RESOLVE_H

#include <netinet/in.h>

#include "base/loop.h"

enum { ADDRESSES_MAX = 4 };

union address {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
};

struct addresses { /* in the order in which they should be tried */
    uint8_t count;
    union address at[ADDRESSES_MAX];
};

/* found->count 0: there is none, and why says it in words. Both are valid during the call. */
typedef void resolve_fn(void *me, const struct addresses *found, const char *why);

struct resolver;

struct resolver *resolver_new(struct loop *loop); /* the thread starts with the first name */
void resolver_free(struct resolver *r); /* at once, even while a look-up hangs */

bool resolve_numeric(const char *host, uint16_t port, struct addresses *out);

/* Calls back from the loop, later. false: out of memory or threads, nothing will be called. */
bool resolver_ask(struct resolver *r, const char *host, uint16_t port, resolve_fn *fn, void *me);
void resolver_forget(struct resolver *r, const void *me); /* nothing will be called for it any more */

#endif
