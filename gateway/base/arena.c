/* SPDX-License-Identifier: Apache-2.0 */
#include "base/arena.h"

#include <assert.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ALIGN = 16, CHUNK_FIRST = 16 * 1024, CHUNK_MOST = 1024 * 1024 };

struct chunk {
    struct chunk *next;
    size_t size, used;
};

struct arena {
    struct chunk *chunks; /* the first one is being filled */
    size_t limit, used;
    size_t next_size;
    int exhausted;
};

static_assert(_Alignof(max_align_t) <= ALIGN, "an arena aligns for any type");

static size_t round_up(size_t bytes)
{
    return (bytes + ALIGN - 1) & ~(size_t)(ALIGN - 1);
}

static char *chunk_start(struct chunk *c)
{
    return (char *)c + round_up(sizeof(struct chunk));
}

struct arena *arena_new(size_t limit_bytes)
{
    struct arena *a = calloc(1, sizeof(*a));
    if (a) {
        a->limit = limit_bytes;
        a->next_size = CHUNK_FIRST;
    }
    return a;
}

struct arena *arena_new_sized(size_t first_bytes)
{
    struct arena *a = arena_new(0);
    if (a && first_bytes > 0)
        a->next_size = round_up(first_bytes);
    return a;
}

void arena_free(struct arena *a)
{
    if (!a)
        return;
    struct chunk *c = a->chunks;
    while (c) {
        struct chunk *next = c->next;
        free(c);
        c = next;
    }
    free(a);
}

static struct chunk *chunk_new(size_t size)
{
    struct chunk *c = calloc(1, round_up(sizeof(struct chunk)) + size);
    if (c)
        c->size = size;
    return c;
}

/* A chunk with room for bytes. Something big gets a chunk of its own behind the one being filled,
 * so that what is left there is not wasted. */
static struct chunk *chunk_for(struct arena *a, size_t bytes)
{
    struct chunk *first = a->chunks;
    if (first && first->size - first->used >= bytes)
        return first;
    bool own = bytes > a->next_size / 4;
    struct chunk *c = chunk_new(own ? bytes : a->next_size);
    if (!c)
        return NULL;
    if (own && first) {
        c->next = first->next;
        first->next = c;
        return c;
    }
    c->next = first;
    a->chunks = c;
    if (!own && a->next_size < CHUNK_MOST)
        a->next_size *= 2;
    return c;
}

void *arena_get(struct arena *a, size_t bytes)
{
    if (a->exhausted)
        return NULL;
    if (bytes == 0)
        bytes = 1;
    if (bytes > SIZE_MAX / 4 || (a->limit > 0 && round_up(bytes) > a->limit - a->used)) {
        a->exhausted = 1;
        return NULL;
    }
    bytes = round_up(bytes);
    struct chunk *c = chunk_for(a, bytes);
    if (!c) {
        a->exhausted = 1;
        return NULL;
    }
    void *got = chunk_start(c) + c->used;
    c->used += bytes;
    a->used += bytes;
    return got;
}

void *arena_get_array(struct arena *a, size_t count, size_t size)
{
    if (size > 0 && count > SIZE_MAX / size) {
        a->exhausted = 1;
        return NULL;
    }
    return arena_get(a, count * size);
}

char *arena_copy(struct arena *a, const char *text, size_t length)
{
    char *copy = length < SIZE_MAX ? arena_get(a, length + 1) : NULL;
    if (copy && length > 0)
        memcpy(copy, text, length);
    return copy;
}

char *arena_printf(struct arena *a, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int length = vsnprintf(NULL, 0, format, args);
    va_end(args);
    assert(length >= 0);
    char *text = arena_get(a, (size_t)length + 1);
    if (text) {
        va_start(args, format);
        vsnprintf(text, (size_t)length + 1, format, args);
        va_end(args);
    }
    return text;
}

int arena_exhausted(const struct arena *a)
{
    return a->exhausted;
}

size_t arena_used(const struct arena *a)
{
    return a->used;
}
