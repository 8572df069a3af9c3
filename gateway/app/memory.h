/* SPDX-License-Identifier: Apache-2.0 */
/* States of the watch room on their way: from the journal of an earlier run, or from the plan before
 * a reload, into a new warden. */
#ifndef APP_MEMORY_H
#define APP_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct memory;

struct memory *memory_new(void);                       /* NULL: out of memory */
void memory_free(struct memory *m);
/* Copies; me is a struct memory. Out of memory: that state is forgotten. */
void memory_add(void *me, const char *key, const void *bytes, size_t size);
bool memory_whole(const struct memory *m);             /* nothing was forgotten */
void memory_each(const struct memory *m,
                 void (*fn)(void *me, const char *key, const void *bytes, size_t size), void *me);
int64_t memory_timeline(const struct memory *m);       /* where the timeline had come; 0: nothing known */

#endif
