/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a register map: errors are told, memory stays inside its arena. */
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/diag.h"
#include "config/map.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    struct arena *arena = arena_new(64 << 20);
    struct diags *ds = diags_new();
    const struct map *map = map_parse(arena, (const char *)bytes, length, "fuzz.yaml", "fuzz", ds);
    if (!map && diags_errors(ds) == 0 && !arena_exhausted(arena))
        __builtin_trap(); /* refused without a word */
    diags_free(ds);
    arena_free(arena);
    return 0;
}
