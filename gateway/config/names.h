/* SPDX-License-Identifier: Apache-2.0 */
/* A set of names with a number each, so that looking one up costs the same among ten and among a
 * hundred thousand. Seeded at random: nobody can prepare a file whose names collide. */
#ifndef CONFIG_NAMES_H
#define CONFIG_NAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"

#define NAMES_NONE UINT32_MAX

struct names_slot {
    const char *text; /* borrowed; NULL: free */
    uint32_t length, value;
};

struct names {
    struct names_slot *slots;
    uint32_t mask, count;
    bool fold; /* "Pump" and "pump" are one name */
    struct arena *arena;
};

/* Holds nothing until the first put. Its own memory isn't the arena's; but when there is none, the
 * arena counts as exhausted, and whoever looks at that in the end knows that names are missing. */
void names_init(struct names *n, bool fold, struct arena *arena);
void names_fini(struct names *n);

/* The number that the name already has, or NAMES_NONE after it was put in. Out of
 * memory looks like put, and the arena is exhausted. */
uint32_t names_put(struct names *n, const char *text, size_t length, uint32_t value);
uint32_t names_find(const struct names *n, const char *text, size_t length);

#endif
