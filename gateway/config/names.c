/* SPDX-License-Identifier: Apache-2.0 */
#include "config/names.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/random.h>

static uint64_t seed(void)
{
    static uint64_t value;
    if (value == 0 && getrandom(&value, sizeof value, GRND_NONBLOCK) != (ssize_t)sizeof value) {
        value = (uint64_t)(uintptr_t)&value;
    }
    value |= 1;
    return value;
}

static unsigned char folded(unsigned char c)
{
    return c >= 'A' && c <= 'Z' ? (unsigned char)(c + 32) : c;
}

/* The seed is multiplied in at every byte, so that it decides about collisions too. */
static uint32_t place_of(const struct names *n, const char *text, size_t length)
{
    uint64_t h = seed();
    for (size_t i = 0; i < length; i++) {
        unsigned char c = (unsigned char)text[i];
        h = (h ^ (n->fold ? folded(c) : c)) * (seed() | UINT64_C(0x100000001));
        h ^= h >> 29;
    }
    return (uint32_t)(h ^ h >> 32);
}

static bool same(const struct names *n, const struct names_slot *s, const char *text, size_t length)
{
    if (s->length != length) {
        return false;
    }
    return n->fold ? strncasecmp(s->text, text, length) == 0 : memcmp(s->text, text, length) == 0;
}

static struct names_slot *slot_of(const struct names *n, const char *text, size_t length)
{
    uint32_t i = place_of(n, text, length) & n->mask;
    while (n->slots[i].text != NULL && !same(n, &n->slots[i], text, length)) {
        i = (i + 1) & n->mask;
    }
    return &n->slots[i];
}

static bool grow(struct names *n)
{
    uint32_t size = n->slots == NULL ? 16 : (n->mask + 1) * 2;
    struct names bigger = {.mask = size - 1, .count = n->count, .fold = n->fold, .arena = n->arena};
    bigger.slots = calloc(size, sizeof *bigger.slots);
    if (bigger.slots == NULL) {
        arena_get(n->arena, SIZE_MAX); /* more than there is */
        return false;
    }
    for (uint32_t i = 0; n->slots != NULL && i <= n->mask; i++) {
        if (n->slots[i].text != NULL) {
            *slot_of(&bigger, n->slots[i].text, n->slots[i].length) = n->slots[i];
        }
    }
    free(n->slots);
    *n = bigger;
    return true;
}

void names_init(struct names *n, bool fold, struct arena *arena)
{
    *n = (struct names){.fold = fold, .arena = arena};
}

void names_fini(struct names *n)
{
    free(n->slots);
    names_init(n, n->fold, n->arena);
}

uint32_t names_put(struct names *n, const char *text, size_t length, uint32_t value)
{
    /* At most two thirds full, or probing gets long. */
    if ((n->slots == NULL || n->count >= n->mask / 3 * 2) && !grow(n)) {
        return names_find(n, text, length);
    }
    struct names_slot *s = slot_of(n, text, length);
    if (s->text != NULL) {
        return s->value;
    }
    *s = (struct names_slot){.text = text, .length = (uint32_t)length, .value = value};
    n->count++;
    return NAMES_NONE;
}

uint32_t names_find(const struct names *n, const char *text, size_t length)
{
    if (n->slots == NULL) {
        return NAMES_NONE;
    }
    const struct names_slot *s = slot_of(n, text, length);
    return s->text == NULL ? NAMES_NONE : s->value;
}
