/* SPDX-License-Identifier: Apache-2.0 */
/* The one door between threads. The plant thread puts messages in, by value; the broker thread
 * takes them out. Nothing else in the program is shared.
 *
 * A ring of bytes that holds messages of any length; one putter, one taker. It never waits for
 * anybody: full means refused and counted. The taker is woken by mailbox_wake, not by each put. */
#ifndef BASE_MAILBOX_H
#define BASE_MAILBOX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct mailbox;

struct mailbox *mailbox_new(size_t bytes);             /* NULL: out of memory or descriptors */
void mailbox_free(struct mailbox *m);                  /* after the other thread has been joined */

/* Two parts become one message (a head and a body, so that nobody has to glue them). false: full,
 * and counted as dropped. What is longer than half the ring never fits. */
bool mailbox_put(struct mailbox *m, const void *head, size_t head_length, const void *body,
                 size_t body_length);
/* The same of more parts. */
struct mailbox_part {
    const void *at;
    size_t length;
};
bool mailbox_put_parts(struct mailbox *m, const struct mailbox_part *parts, size_t count);
size_t mailbox_room(struct mailbox *m);                /* the longest message that fits now */
void mailbox_wake(struct mailbox *m);                  /* once a tick, after the puts */

/* The oldest message, in place; NULL: empty. Valid until mailbox_done, which frees its room. */
const void *mailbox_peek(struct mailbox *m, size_t *length);
void mailbox_done(struct mailbox *m);
int mailbox_fd(const struct mailbox *m);               /* poll for POLLIN */
void mailbox_heard(struct mailbox *m);                 /* clears the fd; before emptying the ring */
uint64_t mailbox_dropped(const struct mailbox *m);

#endif
