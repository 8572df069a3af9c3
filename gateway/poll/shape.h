/* SPDX-License-Identifier: Apache-2.0 */
/* Questions whose answers no ordinary poll can bring. RTU numbers nothing: a late answer looks
 * like the answer to the present question, with a good CRC. So after any trouble a unit is asked
 * for a count that is never polled; units answer in order, so when that very shape comes back,
 * all that was asked before has been answered, or never will be. */
#ifndef POLL_SHAPE_H
#define POLL_SHAPE_H

#include "headgate/block.h"

enum { SHAPES_MAX = 24, SHAPES_ENOUGH = 9 };

struct shape {
    uint8_t function;
    bool known; /* it was answered before: an exception doesn't rule it out */
    bool refused; /* the unit doesn't serve it */
    uint16_t first, count;
    mono_t asked; /* its answer may still be on its way; 0 ns: not asked */
};

struct shapes {
    uint8_t count, next;
    struct shape at[SHAPES_MAX];
};

/* Reads that the unit most likely serves: whole values inside planned requests, then parts of
 * them, then a little more than them where no `never` forbids it. */
void shapes_find(struct shapes *s, const struct plan *plan, uint32_t line, uint8_t unit);

/* The next to ask with, in turn, so that no two outstanding ones look alike; one asked longer ago
 * than `safe` may be used again. NULL: none now. used() tells shapes that are asked for
 * beside the plan (a request that had to be cut, what is read for a writing). */
typedef bool shape_used_fn(const void *me, uint8_t function, uint16_t count);
struct shape *shapes_take(struct shapes *s, int64_t safe, shape_used_fn *used, const void *me,
                          mono_t now);
void shapes_proved(struct shapes *s, struct shape *by);
void shapes_refused(struct shape *sh);

size_t shape_bytes(uint8_t function, uint16_t count); /* what makes two answers look alike */

#endif
