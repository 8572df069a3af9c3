/* SPDX-License-Identifier: Apache-2.0 */
/* Topics of a list that the broker has taken back already, by their hashes. The journal keeps them
 * until the list itself can be written without them: while plants are polled no other file is
 * written. They belong to one list, by its number. */
#ifndef PUBLISH_STRUCK_H
#define PUBLISH_STRUCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/mailbox.h"

struct struck {
    uint64_t list;
    uint64_t *hashes;
    uint32_t count, room;
    uint32_t saved;                /* so many of them are in the journal */
    uint32_t slots;                /* of an earlier list, that the journal has still to forget */
};

void struck_free(struct struck *s);
/* Of what the journal kept. true: it's ours. */
bool struck_restore(struct struck *s, const char *key, const void *bytes, size_t size);
/* A list of that number stands, and nothing of it is struck yet. */
void struck_begin(struct struck *s, uint64_t list);
/* Sorted, for struck_has. */
void struck_sort(struct struck *s);
bool struck_has(const struct struck *s, const char *topic);
void struck_add(struct struck *s, const char *topic);  /* out of memory: it's taken back again some day */
/* What the journal doesn't know yet, into the rows of the door. true: something was put. */
bool struck_save(struct struck *s, struct mailbox *rows);

#endif
