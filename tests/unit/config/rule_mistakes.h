/* SPDX-License-Identifier: Apache-2.0 */
/* A small plant to make mistakes in, and who listens to what is said of them. */
#ifndef TEST_RULE_MISTAKES_H
#define TEST_RULE_MISTAKES_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "config/plant.h"
#include "mistakes.h"

#define HEAD                                                                                       \
    "format: 1\n"                                                                                  \
    "site: s\n"                                                                                    \
    "gateway: g\n"                                                                                 \
    "lines: {plc: {connect: \"tcp://h\"}}\n"                                                       \
    "areas: {mill: Mill, dam: {title: Dam, neighbours: [mill]}}\n"                                 \
    "devices: {a: {map: m, line: plc, unit: 1, area: mill}, b: {map: m, line: plc, unit: 2, "      \
    "area: "                                                                                       \
    "dam}}\n"
#define LEAK "leaks: {x: {area: dam, about: A, consequence: C, response: R, kind: "

static const char rule_map[] =
    "format: 1\n"
    "tags:\n"
    "  level: {at: input 0, type: u16, scale: 0.001, unit: m, valid: [0, 4]}\n"
    "  flow: {at: input 1, type: u16, scale: 0.1, unit: m3/h}\n"
    "  rain: {at: input 2, type: u16, scale: 0.1, unit: mm/h}\n"
    "  pressure: {at: input 3, type: u16, scale: 0.1, unit: bar}\n"
    "  count: {at: input 4, type: u16}\n"
    "  mode: {at: input 5, type: u16, enum: {0: stopped, 1: running, 2: fault}}\n"
    "  status: {at: input 6, type: u16, bits: {0: run, 1: wet1, 2: test}}\n"
    "  name: {at: input 7, type: string, len: 4}\n"
    "  slow: {at: input 20, type: u16, unit: m3/h, every: 20m}\n"
    "  slower: {at: input 21, type: u16, unit: m3/h, every: 5s}\n"
    "  \"meter{n}\":\n"
    "    {at: input 30, type: u16, unit: m3/h, repeat: {n: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, "
    "13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32], stride: "
    "1}}\n";

static inline void write_file(const char *name, const char *text)
{
    FILE *f = fopen(name, "w");
    assert_non_null(f);
    fputs(text, f);
    fclose(f);
}

static inline int in_a_folder(void **state)
{
    static char folder[] = "/tmp/headgate-test-XXXXXX";
    (void)state;
    if (mkdtemp(folder) == NULL || chdir(folder) != 0 || mkdir("maps", 0700) != 0) {
        return -1;
    }
    write_file("maps/m.yaml", rule_map);
    return 0;
}

static inline int out_of_it(void **state)
{
    (void)state;
    char folder[64];
    if (getcwd(folder, sizeof folder) == NULL) {
        return -1;
    }
    unlink("plant.yaml");
    unlink("maps/m.yaml");
    rmdir("maps");
    return chdir("/") != 0 || rmdir(folder) != 0;
}

/* Each case as it stands in cases, or the test fails with what was told instead. */
static inline void expect_told(const struct mistakes *cases, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct plant_options options = {.library = "nowhere"};
        struct arena *a = arena_new(0);
        struct diags *ds = diags_new();
        write_file("plant.yaml", cases[i].file);
        const struct plant *p = plant_load(a, "plant.yaml", &options, ds);
        expect_case(&cases[i], p != NULL, ds);
        diags_free(ds);
        arena_free(a);
    }
}

#endif
