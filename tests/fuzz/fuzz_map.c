/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a register map: errors are told, memory stays inside its arena; and where it is
 * taken for a map, all of its tags can be decoded from any registers. What stands behind a line of
 * %%% is whatever map the first one extends. */
#include <errno.h>
#include <stdlib.h>

#include "fuzz.h"

#include "base/arena.h"
#include "base/diag.h"
#include "config/map.h"
#include "config/map_lint.h"
#include "values/decode.h"

static const char mark[] = "\n%%%\n";
static const uint8_t *below; /* NULL: there is no other map */
static size_t below_length;

char *__wrap_text_read_file(const char *path, size_t limit, size_t *length);
int __wrap_access(const char *path, int how);

char *__wrap_text_read_file(const char *path, size_t limit, size_t *length)
{
    (void)path;
    errno = ENOENT;
    if (!below || below_length > limit)
        return NULL;
    char *copy = malloc(below_length + 1);
    HOLDS(copy);
    if (below_length)
        memcpy(copy, below, below_length);
    copy[below_length] = '\0';
    *length = below_length;
    return copy;
}

int __wrap_access(const char *path, int how)
{
    (void)path;
    (void)how;
    errno = ENOENT;
    return below ? 0 : -1;
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    quiet();
    return 0;
}

/* The registers are the text of the map itself, from a place of their own for each tag, in a block
 * of exactly the point's size. */
static void decode(const struct map *map, const uint8_t *bytes, size_t length)
{
    for (uint32_t i = 0; i < map->point_count && i < 64; i++) {
        const struct point *p = &map->points[i];
        struct sample s = {0};
        if (p->from >= 0)
            continue;
        size_t room = p->table <= TABLE_DISCRETE ? (p->words + 7U) / 8 : p->words * 2U;
        uint8_t *data = malloc(room);
        char *text = malloc(p->words * 2U + DECODE_TEXT_EXTRA);
        HOLDS(data && text && room);
        for (size_t k = 0; k < room; k++)
            data[k] = bytes[(i * 31 + k) % length];
        decode_point(p, data, 0, text, &s);
        HOLDS(s.quality == QUALITY_GOOD || s.reason);
        HOLDS(s.quality != QUALITY_GOOD || s.value.kind != VALUE_NONE);
        if (p->exp_from < 0 && p->mul_from < 0)
            decode_judge(p, &s);
        else
            decode_scaled(p, &s, &s, &s);
        free(data);
        free(text);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    struct arena *arena = arena_new(64 << 20);
    struct diags *ds = diags_new();
    const uint8_t *end = memmem(bytes, length, mark, sizeof mark - 1);
    below = end ? end + sizeof mark - 1 : NULL;
    below_length = end ? length - (size_t)(below - bytes) : 0;
    length = end ? (size_t)(end - bytes) : length;
    const struct map *map = map_parse(arena, (const char *)bytes, length, "fuzz.yaml", "fuzz", ds);
    HOLDS(map || diags_errors(ds) > 0 || arena_exhausted(arena)); /* refused without a word */
    if (map) {
        decode(map, bytes, length);
        map_lint(map, NULL, arena, ds);
    }
    diags_free(ds);
    arena_free(arena);
    return 0;
}
