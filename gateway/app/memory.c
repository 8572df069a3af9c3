/* SPDX-License-Identifier: Apache-2.0 */
#include "app/memory.h"

#include <stdlib.h>
#include <string.h>

struct piece {
    struct piece *next;
    size_t size, key_length;
    char bytes[]; /* the key with its NUL, then the state */
};

struct memory {
    struct piece *first, **last;
    bool lost;
};

struct memory *memory_new(void)
{
    struct memory *m = calloc(1, sizeof *m);
    if (m)
        m->last = &m->first;
    return m;
}

void memory_free(struct memory *m)
{
    while (m && m->first) {
        struct piece *p = m->first;
        m->first = p->next;
        free(p);
    }
    free(m);
}

void memory_add(void *me, const char *key, const void *bytes, size_t size)
{
    struct memory *m = me;
    size_t n = strlen(key) + 1;
    struct piece *p = malloc(sizeof *p + n + size);
    if (!p) {
        m->lost = true;
        return;
    }
    *p = (struct piece){.size = size, .key_length = n};
    memcpy(p->bytes, key, n);
    if (size)
        memcpy(p->bytes + n, bytes, size);
    *m->last = p;
    m->last = &p->next;
}

bool memory_whole(const struct memory *m)
{
    return !m->lost;
}

void memory_each(const struct memory *m,
                 void (*fn)(void *me, const char *key, const void *bytes, size_t size), void *me)
{
    for (const struct piece *p = m->first; p; p = p->next)
        fn(me, p->bytes, p->bytes + p->key_length, p->size);
}

int64_t memory_timeline(const struct memory *m)
{
    int64_t t_ms = 0;
    for (const struct piece *p = m->first; p; p = p->next)
        if (strcmp(p->bytes, "timeline") == 0 && p->size == sizeof t_ms)
            memcpy(&t_ms, p->bytes + p->key_length, sizeof t_ms);
    return t_ms;
}
