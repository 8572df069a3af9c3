/* SPDX-License-Identifier: Apache-2.0 */
/* Memory with one lifetime: everything of a plan lies in one arena and is freed whole. */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include <stddef.h>
#include <stdint.h>

struct arena;

struct arena *arena_new(size_t limit_bytes);   /* 0: no limit. NULL: out of memory */
/* For something small whose size is known: takes so much at first, instead of a good guess. */
struct arena *arena_new_sized(size_t first_bytes);
void arena_free(struct arena *a);              /* NULL is fine */

/* Zeroed and aligned for any type. NULL when memory or the limit is used up; after that every
 * further call returns NULL too, so a caller may check arena_exhausted() once, at the end. */
void *arena_get(struct arena *a, size_t bytes);
void *arena_get_array(struct arena *a, size_t count, size_t size);
char *arena_copy(struct arena *a, const char *text, size_t length);   /* terminated */
char *arena_printf(struct arena *a, const char *format, ...) __attribute__((format(printf, 2, 3)));
int arena_exhausted(const struct arena *a);
size_t arena_used(const struct arena *a);

#endif
