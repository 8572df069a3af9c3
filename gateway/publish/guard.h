/* SPDX-License-Identifier: Apache-2.0 */
/* Who gets past: whether a command is allowed, fresh, and heard for the first time. Knows no topic
 * and no clock. */
#ifndef PUBLISH_GUARD_H
#define PUBLISH_GUARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "headgate/order.h"
#include "headgate/time.h"

/* Commands that acted and whose `sent` is still fresh; more than that many are refused. */
enum { GUARD_SEEN = 4096 };

struct guard {
    struct {
        uint64_t key;
        int64_t sent_ms;
    } seen[GUARD_SEEN];
    uint32_t count, next;
    wall_t since;                  /* when we began to listen: what was sent before may be done already */
    char said[320];
};

struct guarded {                   /* of one command */
    const char *verb, *id, *client;
    const char *op;                /* of an incident; "" */
    bool timed;                    /* it has a member `sent`, */
    int64_t sent_ms;               /* a time in milliseconds; negative: something else */
    const char *payload;           /* as it came */
    size_t length;
    bool retained;
};

/* Why it isn't obeyed, valid until the next call; NULL: it may pass, and if it acts is remembered. */
const char *guard_stops(struct guard *g, const struct guarded *c, uint32_t allow, int64_t fresh_ms,
                        wall_t now);

#endif
