/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a tag list of every format, with answers to all questions and with none. What comes
 * out must be a map, and what doesn't must have been told. */
#include <stdio.h>
#include <stdlib.h>

#include "fuzz.h"

#include "base/text.h"
#include "config/map.h"
#include "import/import.h"

static FILE *nowhere;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    quiet();
    nowhere = fopen("/dev/null", "w");
    HOLDS(nowhere);
    return 0;
}

/* Which answers are given hangs on the bytes themselves, so that a find says all there is to say.
 */
static void answer(struct import_options *o, uint64_t dice)
{
    static const char *const bases[] = {"0", "1", "40001", "400001", "iec", "codesys"};
    static const char *const bits[] = {"0", "1", "msb0", "msb1"};
    static const char *const orders[][3] = {
        {"AB", "ABCD", "ABCDEFGH"}, {"BA", "CDAB", "GHEFCDAB"}, {"AB", "DCBA", "CDABGHEF"}};
    HOLDS(!import_option(o, "base", bases[dice % 6]));
    HOLDS(!import_option(o, "hex-base", dice & 64 ? "0" : "1"));
    HOLDS(!import_option(o, "bit-base", bits[dice >> 7 & 3]));
    for (unsigned i = 0; i < 3; i++)
        HOLDS(!import_option(o, "order", orders[(dice >> 9) % 3][i]));
    HOLDS(!import_option(o, "order", "LB=CDAB"));
    HOLDS(!import_option(o, "zeros", dice >> 11 & 1 ? "lost" : "kept"));
    HOLDS(!import_option(o, "dot-one", dice >> 12 & 1 ? "1" : "10"));
    HOLDS(!import_option(o, "scaling", dice >> 13 & 1 ? "multiply" : "divide"));
    HOLDS(!import_option(o, "decimal", dice >> 14 & 1 ? "point" : "comma"));
    HOLDS(!import_option(o, "table", dice >> 15 & 1 ? "input" : "holding"));
    HOLDS(!import_option(o, "type", dice >> 16 & 1 ? "s16" : "f32"));
    HOLDS(!import_option(o, "dot-zero", dice >> 19 & 1 ? "number" : "bit"));
    o->fill_addresses = dice >> 17 & 1;
    o->writable = dice >> 18 & 1;
}

static void hold(const char *text)
{
    struct arena *arena = arena_new(0);
    struct diags *ds = diags_new();
    HOLDS(map_parse(arena, text, strlen(text), "import.yaml", "import", ds));
    diags_free(ds);
    arena_free(arena);
}

static void run(const struct import_format *format, const uint8_t *bytes, size_t length,
                const struct import_options *options)
{
    struct import i;
    enum import_end end = import_run(&i, format, "list", bytes, length, options);
    for (unsigned k = 0; end == IMPORT_DONE && k < import_maps(&i); k++) {
        const char *name = NULL, *text = import_map(&i, k, &name);
        HOLDS(text && name && text_is_name(name, strlen(name)));
        if (!i.list.refused && strstr(text, "\n  # "))
            hold(text);
    }
    if (end == IMPORT_ASKS)
        import_ask(&i, nowhere);
    if (end == IMPORT_DONE)
        (void)import_plant(&i);
    HOLDS(end != IMPORT_NOTHING || i.list.refused || i.list.notes || i.list.row_count == 0);
    import_tell(&i, nowhere);
    import_fini(&i);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    struct import_options none, all;
    uint64_t dice = text_hash(0, bytes, length);
    import_options_init(&none);
    import_options_init(&all);
    answer(&all, dice >> 8);
    for (size_t f = 0; f < import_format_count; f++)
        run(&import_formats[f], bytes, length, (dice & 7) == f ? &none : &all);
    return 0;
}
