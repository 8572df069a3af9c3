/* SPDX-License-Identifier: Apache-2.0 */
#include "publish/struck.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "publish/message.h"

/* Slots of a fixed size: what is added to a long list doesn't write all of it anew. */
enum { SLOT = 64, SLOTS_MOST = 1 << 20 };

struct slot {
    uint64_t list;
    uint64_t hashes[SLOT];
};

static const char prefix[] = "taken-back/";

static uint64_t hash_of(const char *topic)
{
    return text_hash(0, topic, strlen(topic));
}

static bool add(struct struck *s, uint64_t hash)
{
    if (s->count == s->room) {
        uint32_t room = s->room ? 2 * s->room : SLOT;
        uint64_t *more = realloc(s->hashes, room * sizeof(*more));
        if (!more)
            return false;
        s->hashes = more;
        s->room = room;
    }
    s->hashes[s->count++] = hash;
    return true;
}

void struck_free(struct struck *s)
{
    free(s->hashes);
    *s = (struct struck){0};
}

bool struck_restore(struct struck *s, const char *key, const void *bytes, size_t size)
{
    struct slot slot;
    unsigned long number;
    char *end;
    if (strncmp(key, prefix, strlen(prefix)) != 0)
        return false;
    number = strtoul(key + strlen(prefix), &end, 10);
    if (*end || number >= SLOTS_MOST)
        return true;
    if (number >= s->slots)
        s->slots = (uint32_t)number + 1;
    if (size < sizeof(slot.list) || size > sizeof(slot) || size % sizeof(uint64_t) != 0)
        return true;
    memcpy(&slot, bytes, size);
    if (slot.list > s->list)
        s->count = 0;
    if (slot.list < s->list)
        return true;
    s->list = slot.list;
    for (size_t i = 0; i < size / sizeof(uint64_t) - 1; i++)
        add(s, slot.hashes[i]);
    return true;
}

static uint32_t slots_of(uint32_t count)
{
    return (count + SLOT - 1) / SLOT;
}

/* The journal has them, and they mean nothing any more. */
static void leave_slots(struct struck *s)
{
    uint32_t used = slots_of(s->saved);
    s->slots = s->slots > used ? s->slots : used;
    s->saved = 0;
}

void struck_begin(struct struck *s, uint64_t list)
{
    leave_slots(s);
    s->list = list;
    s->count = 0;
}

static int by_value(const void *a, const void *b)
{
    uint64_t x, y;
    memcpy(&x, a, sizeof(x));
    memcpy(&y, b, sizeof(y));
    return x < y ? -1 : x > y;
}

void struck_sort(struct struck *s)
{
    if (s->count)
        qsort(s->hashes, s->count, sizeof(*s->hashes), by_value);
    leave_slots(s); /* they stand in other ones now */
}

bool struck_has(const struct struck *s, const char *topic)
{
    uint64_t hash = hash_of(topic);
    return s->count && bsearch(&hash, s->hashes, s->count, sizeof(hash), by_value) != NULL;
}

void struck_add(struct struck *s, const char *topic)
{
    add(s, hash_of(topic));
}

static bool put(struct mailbox *rows, uint32_t number, const struct slot *slot, size_t size)
{
    char key[sizeof(prefix) + 12];
    size_t length = (size_t)snprintf(key, sizeof(key), "%s%u", prefix, number) + 1;
    const struct message m = {
        .lane = MESSAGE_KEEP, .urgent = true, .keep_length = (uint32_t)(length + size)};
    const struct mailbox_part parts[] = {{&m, sizeof(m)}, {key, length}, {slot, size}};
    return mailbox_put_parts(rows, parts, sizeof(parts) / sizeof(*parts));
}

bool struck_save(struct struck *s, struct mailbox *rows)
{
    bool any = false;
    for (; s->slots > 0; s->slots--, any = true)
        if (!put(rows, s->slots - 1, NULL, 0))
            return any;
    while (s->saved < s->count) {
        struct slot slot = {.list = s->list};
        uint32_t number = s->saved / SLOT, from = number * SLOT, n = s->count - from;
        n = n < SLOT ? n : SLOT;
        memcpy(slot.hashes, s->hashes + from, n * sizeof(*slot.hashes));
        if (!put(rows, number, &slot, (n + 1) * sizeof(uint64_t)))
            return any;
        s->saved = from + n;
        any = true;
    }
    return any;
}
