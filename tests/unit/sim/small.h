/* SPDX-License-Identifier: Apache-2.0 */
/* A plant of a few lines, written to a fresh folder with its map and, if wanted, its physics. */
#ifndef TEST_SIM_SMALL_H
#define TEST_SIM_SMALL_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config/plant.h"

struct small {
    char dir[64];
    struct arena *arena;
    struct diags *ds;
    const struct plant *plant;
};

static inline const char *small_file(const struct small *s, const char *name)
{
    static char path[160];
    snprintf(path, sizeof path, "%s/%s", s->dir, name);
    return path;
}

static inline void small_write(const struct small *s, const char *name, const char *text)
{
    FILE *f = fopen(small_file(s, name), "w");
    assert_non_null(f);
    fputs(text, f);
    fclose(f);
}

static inline void small_begin(struct small *s, const char *map, const char *plant,
                               const char *physics)
{
    snprintf(s->dir, sizeof s->dir, "/tmp/headgate-test-XXXXXX");
    assert_non_null(mkdtemp(s->dir));
    assert_int_equal(mkdir(small_file(s, "maps"), 0700), 0);
    small_write(s, "maps/box.yaml", map);
    small_write(s, "plant.yaml", plant);
    if (physics != NULL)
        small_write(s, "physics.lua", physics);
    s->arena = arena_new(0);
    s->ds = diags_new();
    s->plant = plant_load(s->arena, small_file(s, "plant.yaml"), NULL, s->ds);
    if (s->plant == NULL)
        diags_print(s->ds, stderr);
    assert_non_null(s->plant);
}

static inline void small_end(struct small *s)
{
    static const char *const files[] = {"maps/box.yaml", "plant.yaml", "physics.lua", "lines.yaml"};
    for (size_t i = 0; i < sizeof files / sizeof *files; i++)
        unlink(small_file(s, files[i]));
    rmdir(small_file(s, "maps"));
    rmdir(s->dir);
    arena_free(s->arena);
    diags_free(s->ds);
}

static const char small_map[] =
    "format: 1\ntitle: Box\nsource: [test]\nverified: invented\n"
    "limits: {max_gap: 4, never: [\"holding 12\"]}\n"
    "tags:\n"
    "  level: {at: holding 0, type: u16, scale: 0.01, unit: m, valid: [0, 5]}\n"
    "  energy: {at: holding 4, type: u32, unit: kWh, kind: counter}\n"
    "  behind: {at: holding 13, type: s16, unit: Cel}\n"
    "  status: {at: holding 20, type: u16, bits: {0: running, 5: not cold}}\n"
    "  model: {at: holding 30, type: string, len: 4}\n"
    "  volume: {from: level, table: [[0, 0], [5, 500]], unit: m3}\n"
    "  flow: {at: input 7, type: f32, unit: m3/h, order: CDAB}\n"
    "  door: {at: coil 3, type: bool}\n"
    "  flood: {at: discrete 9, type: bool, invert: true}\n"
    "examples:\n  - {given: {holding 0: [100]}, expect: {level: 1.0}}\n";

static const char small_plant[] =
    "format: 1\nsite: s\ngateway: g\nmqtt: {broker: \"mqtt://127.0.0.1:1883\", root: r}\n"
    "lines:\n"
    "  net: {connect: \"tcp://10.9.8.7:502\"}\n"
    "  bus: {connect: \"rtu:///dev/serial/by-id/none\", baud: 19200}\n"
    "  radio: {connect: \"rtu+tcp://10.9.8.7:4001\", baud: 9600}\n"
    "areas: {a: A}\n"
    "devices:\n"
    "  one: {map: box, line: net, unit: 1, area: a, every: 1s}\n"
    "  two: {map: box, line: net, unit: 2, area: a, every: 1s}\n"
    "  three: {map: box, line: bus, unit: 3, area: a, every: 1s}\n"
    "  four: {map: box, line: radio, unit: 4, area: a, every: 1s}\n";

#endif
