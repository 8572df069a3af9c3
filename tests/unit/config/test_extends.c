/* SPDX-License-Identifier: Apache-2.0 */
/* Maps over maps, and a device's own words over its map: what comes out, and where complaints
 * point. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "config/map.h"
#include "config/plant.h"
#include "mistakes.h"

enum { FILES_MAX = 6 };

static const char base[] =
    "format: 1\n"
    "title: Base\n"
    "limits: {max_registers: 60, max_gap: 4, never: [holding 500]}\n"
    "order: CDAB\n"
    "tags:\n"
    "  level: {at: input 0, type: u16, scale: 0.01, unit: m, about: Level}\n"
    "  flow: {at: input 1, type: f32, unit: m3/h}\n"
    "  mode: {at: input 3, type: u16, bits: {0: ready, 1: fault}}\n"
    "  rtd_{n}: {at: input 10, type: s16, unit: Cel, invalid: 0x7FFF, "
    "repeat: {count: 3, stride: 2}}\n"
    "  volume: {from: level, scale: 100, unit: m3}\n"
    "examples:\n"
    "  - {given: {input 0: [250, 0, 0x4120]}, expect: {level: 2.5, flow: 10, "
    "volume: 250}}\n"
    "  - {given: {input 10: [215]}, expect: {rtd_1: 215}}\n";

static void write_file(const char *name, const char *text)
{
    char folder[100];
    snprintf(folder, sizeof folder, "%s", name);
    for (char *slash = strchr(folder, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        mkdir(folder, 0700);
        *slash = '/';
    }
    FILE *f = fopen(name, "w");
    assert_non_null(f);
    fputs(text, f);
    fclose(f);
}

/* "level input 0 u16 x0.01 m; ..." */
static void describe(const struct map *m, char *out, size_t room)
{
    size_t at = 0;
    *out = '\0';
    for (uint32_t i = 0; m != NULL && i < m->point_count; i++) {
        const struct point *p = &m->points[i];
        char how[60] = "";
        if (p->curve == CURVE_LINEAR) {
            snprintf(how, sizeof how, " x%g", p->scale.real);
        } else if (p->curve == CURVE_SPAN) {
            snprintf(how, sizeof how, " %g..%g", p->eng_low, p->eng_high);
        } else if (p->bit >= 0) {
            snprintf(how, sizeof how, " bit %d", p->bit);
        }
        at += (size_t)snprintf(out + at, room - at, "%s%s", i ? "; " : "", p->name);
        if (p->from < 0) {
            at += (size_t)snprintf(out + at, room - at, " %s %u %s", table_name(p->table),
                                   p->address, raw_type_name(p->type));
        }
        at += (size_t)snprintf(out + at, room - at, "%s%s%s", how, *p->unit ? " " : "", p->unit);
        assert_true(at < room);
    }
}

static const struct over {
    const char *title, *text, *points;
    unsigned examples, expectations;
} overs[] = {
    {"nothing said, nothing changed", "",
     "level input 0 u16 x0.01 m; flow input 1 f32 m3/h; mode input 3 u16; mode.ready input 3 u16 "
     "bit "
     "0; mode.fault input 3 u16 bit 1; rtd_1 input 10 s16 Cel; rtd_2 input 12 s16 Cel; rtd_3 input "
     "14 s16 Cel; volume x100 m3",
     2, 4},
    {"keys of a tag that is in both win, the others stay",
     "tags: {level: {unit: cm, scale: 1}, mode: off, 'rtd_{n}': off}\n",
     "level input 0 u16 x1 cm; flow input 1 f32 m3/h; volume x100 m3", 1, 1},
    {"a tag that is only above is added",
     "tags: {mode: off, 'rtd_{n}': off, more: {at: input 40, type: u16}}\n",
     "level input 0 u16 x0.01 m; flow input 1 f32 m3/h; volume x100 m3; more input 40 u16", 1, 3},
    {"one curve takes the place of another, a new address that of the maker's number",
     "tags:\n"
     "  mode: off\n"
     "  rtd_{n}: off\n"
     "  level: {at: input 7, span: {raw: [0, 1000], eng: [1, 5]}}\n",
     "level input 7 u16 1..5 m; flow input 1 f32 m3/h; volume x100 m3", 1, 1},
    {"a key is turned off", "tags: {mode: off, 'rtd_{n}': off, level: {scale: off}}\n",
     "level input 0 u16 m; flow input 1 f32 m3/h; volume x100 m3", 1, 1},
    {"one of many is another, one is off, and a bit too",
     "tags:\n"
     "  rtd_2: {at: input 30, unit: '[degF]'}\n"
     "  rtd_3: off\n"
     "  mode.fault: off\n",
     "level input 0 u16 x0.01 m; flow input 1 f32 m3/h; mode input 3 u16; mode.ready input 3 u16 "
     "bit "
     "0; rtd_1 input 10 s16 Cel; rtd_2 input 30 s16 [degF]; volume x100 m3",
     1, 3},
    {"computed instead of read",
     "tags: {mode: off, 'rtd_{n}': off, flow: {from: level, weir: {k: 2, n: 1}, unit: m3/h}}\n",
     "level input 0 u16 x0.01 m; flow m3/h; volume x100 m3", 1, 2},
    {"looks alone leave the examples true",
     "tags: {mode: off, 'rtd_{n}': off, level: {every: 5s, about: Lake, unit: ft}}\n",
     "level input 0 u16 x0.01 ft; flow input 1 f32 m3/h; volume x100 m3", 1, 3},
    {"another order leaves no example true",
     "order: {u32: ABCD}\ntags: {mode: off, 'rtd_{n}': off}\n",
     "level input 0 u16 x0.01 m; flow input 1 f32 m3/h; volume x100 m3", 0, 0},
    {"own examples stand beside those that are left",
     "tags: {mode: off, 'rtd_{n}': off, level: {scale: 1}}\n"
     "examples: [{given: {input 0: [3]}, expect: {level: 3}}]\n",
     "level input 0 u16 x1 m; flow input 1 f32 m3/h; volume x100 m3", 2, 2},
    {"examples are turned off", "tags: {mode: off, 'rtd_{n}': off}\nexamples: off\n",
     "level input 0 u16 x0.01 m; flow input 1 f32 m3/h; volume x100 m3", 0, 0},
};

static void maps_lie_over_maps(void **state)
{
    (void)state;
    write_file("maps/v/base.yaml", base);
    for (size_t i = 0; i < sizeof overs / sizeof *overs; i++) {
        char text[2000], points[2000];
        snprintf(text, sizeof text, "format: 1\nextends: v/base\n%s", overs[i].text);
        write_file("maps/v/over.yaml", text);
        struct arena *a = arena_new(0);
        struct diags *ds = diags_new();
        const struct map *m = map_load(a, "maps/v/over.yaml", "v/over", "nowhere", ds);
        describe(m, points, sizeof points);
        char *told = told_by(ds);
        unsigned expectations = 0;
        for (uint32_t k = 0; m && k < m->example_count; k++) {
            expectations += m->examples[k].expected_count;
        }
        if (*told != '\0' || strcmp(points, overs[i].points) != 0 ||
            m->example_count != overs[i].examples || expectations != overs[i].expectations) {
            print_error("%s:\nwanted %s (%u, %u)\ngot    %s (%u, %u)\n%s\n", overs[i].title,
                        overs[i].points, overs[i].examples, overs[i].expectations, points,
                        m ? m->example_count : 0, expectations, told);
            fail();
        }
        assert_string_equal(m->extends, "v/base");
        free(told);
        diags_free(ds);
        arena_free(a);
    }
}

static const struct map *load(struct arena *a, const char *file, const char *name)
{
    struct diags *ds = diags_new();
    const struct map *m = map_load(a, file, name, "library", ds);
    char *told = told_by(ds);
    assert_string_equal(told, "");
    free(told);
    diags_free(ds);
    return m;
}

static void limits_and_orders_are_laid_over_key_by_key(void **state)
{
    (void)state;
    struct arena *a = arena_new(0);
    write_file("maps/v/over.yaml", "format: 1\nextends: v/base\ntitle: Over\n"
                                   "limits: {max_registers: 20, never: [holding 9], barriers: "
                                   "[input 2000]}\n"
                                   "order: {u32: ABCD}\n"
                                   "tags: {total: {at: input 20, type: u32}}\n");
    const struct map *m = load(a, "maps/v/over.yaml", "v/over");
    assert_string_equal(m->title, "Over");
    assert_int_equal(m->limits.max_registers, 20);
    assert_int_equal(m->limits.max_gap, 4);
    assert_int_equal(m->limits.never_count, 2);
    assert_int_equal(m->limits.never[0].first, 500);
    assert_int_equal(m->limits.never[1].first, 9);
    assert_int_equal(m->limits.barrier_count, 1);
    assert_int_equal(m->limits.barriers[0].first, 2000);
    static const uint8_t swapped[4] = {2, 3, 0, 1}, plain[4] = {0, 1, 2, 3};
    for (uint32_t i = 0; i < m->point_count; i++) {
        const struct point *p = &m->points[i];
        if (p->type == RAW_F32 || p->type == RAW_U32) {
            assert_memory_equal(p->order, p->type == RAW_F32 ? swapped : plain, 4);
        }
    }
    write_file("maps/v/over.yaml", "format: 1\nextends: v/base\nlimits: {never: off}\n");
    assert_int_equal(load(a, "maps/v/over.yaml", "v/over")->limits.never_count, 0);
    arena_free(a);
}

/* Beside the map that extends, then in the library; a map of the library's own name is over that
 * one. */
static void maps_are_found_beside_and_in_the_library(void **state)
{
    (void)state;
    static const char lib[] = "format: 1\ntags: {x: {at: input 0, type: u16, unit: %s}}\n";
    char text[200];
    snprintf(text, sizeof text, lib, "m");
    write_file("library/v/one.yaml", text);
    snprintf(text, sizeof text, lib, "cm");
    write_file("maps/v/two.yaml", text);
    snprintf(text, sizeof text, lib, "km");
    write_file("library/v/two.yaml", text);
    static const char *const over[][2] = {{"v/one", "m"}, {"v/two", "cm"}};
    struct arena *a = arena_new(0);
    for (int i = 0; i < 2; i++) {
        snprintf(text, sizeof text, "format: 1\nextends: %s\n", over[i][0]);
        write_file("maps/w/three.yaml", text);
        /* As plants name it, and by its path. */
        static const char *const names[] = {"w/three", "maps/w/three.yaml"};
        for (int k = 0; k < 2; k++) {
            const struct map *m = load(a, "maps/w/three.yaml", names[k]);
            assert_string_equal(m->points[0].unit, over[i][1]);
        }
    }
    write_file("maps/v/one.yaml", "format: 1\nextends: v/one\ntags: {x: {about: ours}}\n");
    const struct map *m = load(a, "maps/v/one.yaml", "v/one");
    assert_string_equal(m->points[0].unit, "m");
    assert_string_equal(m->points[0].about, "ours");
    unlink("maps/v/one.yaml");
    arena_free(a);
}

static void the_hash_is_of_all_files(void **state)
{
    (void)state;
    struct arena *a = arena_new(0);
    write_file("maps/v/low.yaml", base);
    write_file("maps/v/mid.yaml", "format: 1\nextends: v/low\n");
    write_file("maps/v/top.yaml", "format: 1\nextends: v/mid\n");
    const struct map *before = load(a, "maps/v/top.yaml", "v/top");
    assert_string_equal(before->hash, load(a, "maps/v/top.yaml", "v/top")->hash);
    char text[2000];
    snprintf(text, sizeof text, "# a remark\n%s", base);
    write_file("maps/v/low.yaml", text);
    assert_string_not_equal(before->hash, load(a, "maps/v/top.yaml", "v/top")->hash);
    arena_free(a);
}

static const struct wrong {
    const char *title, *files[FILES_MAX][2], *told;
} wrongs[] = {
    {"a map that isn't there is named, with the nearest",
     {{"maps/v/x.yaml", "format: 1\nextends: v/bose\n"}, {"maps/v/base.yaml", base}},
     "maps/v/x.yaml:2:10: error: no map `v/bose`: neither maps/v/bose.yaml nor nowhere/v/bose.yaml "
     "is "
     "there, did you mean `v/base`?\n"},
    {"a name is no path",
     {{"maps/v/x.yaml", "format: 1\nextends: ../base\n"}},
     "maps/v/x.yaml:2:10: error: extends `../base`: a name like eastron/sdm630, relative to the "
     "folder "
     "of maps, without a leading `/` and without `..`\n"},
    {"maps don't extend each other in a circle",
     {{"maps/v/x.yaml", "format: 1\nextends: v/y\n"},
      {"maps/v/y.yaml", "format: 1\nextends: v/x\n"}},
     "maps/v/y.yaml:2:10: error: extends `v/x`: maps that extend each other in a circle\n"},
    {"four below each other are enough",
     {{"maps/v/x.yaml", "format: 1\nextends: v/a\n"},
      {"maps/v/a.yaml", "format: 1\nextends: v/b\n"},
      {"maps/v/b.yaml", "format: 1\nextends: v/c\n"},
      {"maps/v/c.yaml", "format: 1\nextends: v/d\n"},
      {"maps/v/d.yaml", "format: 1\nextends: v/e\n"},
      {"maps/v/e.yaml", base}},
     "maps/v/d.yaml:2:10: error: extends `v/e`: more than 4 maps one below the other\n"},
    {"what is wrong below is told there, above is told here",
     {{"maps/v/x.yaml",
       "format: 1\nextends: v/y\ntags:\n  a: {scale: z}\n  c: {at: input 1, type: u17}\n"},
      {"maps/v/y.yaml",
       "format: 1\ntags:\n  a: {at: input 0, type: u16}\n  b: {at: inputs 2, type: u16}\n"}},
     "maps/v/x.yaml:4:14: error: scale `z` is no number; write 0.1, -2 or 1e-3\n"
     "maps/v/x.yaml:5:26: error: type `u17` is not known, did you mean `u16`?\n"
     "maps/v/y.yaml:4:11: error: at: `inputs` is no table, did you mean `input`?\n"},
    {"what was taken away is missed where it is named",
     {{"maps/v/x.yaml", "format: 1\nextends: v/base\ntags: {level: off}\n"},
      {"maps/v/base.yaml", base}},
     "maps/v/base.yaml:10:18: error: from: no tag `level` in this map with what is laid over "
     "it\n"},
    {"off finds what it turns off",
     {{"maps/v/x.yaml", "format: 1\nextends: v/base\ntags: {levle: off, rtd_4: off}\n"},
      {"maps/v/base.yaml", base}},
     "maps/v/x.yaml:3:8: error: `levle: off`, but there is no such tag below, did you mean "
     "`level`?\n"
     "maps/v/x.yaml:3:20: error: `rtd_4: off`, but there is no such tag below, did you mean "
     "`rtd_{n}`?\n"},
    {"a bit is turned off or stays",
     {{"maps/v/x.yaml", "format: 1\nextends: v/base\ntags: {mode.ready: {about: x}}\n"},
      {"maps/v/base.yaml", base}},
     "maps/v/x.yaml:3:8: error: `mode.ready` is a bit of `mode`: it can be turned `off`, or `bits` "
     "of "
     "`mode` written anew\n"},
    {"names that differ only by case are told with both places",
     {{"maps/v/x.yaml", "format: 1\nextends: v/base\ntags: {Level: {at: input 8, type: u16}}\n"},
      {"maps/v/base.yaml", base}},
     "maps/v/x.yaml:3:8: error: there is already a tag `level` in line 6 of maps/v/base.yaml; "
     "names must "
     "differ by more than case\n"},
    {"a map below that is no map",
     {{"maps/v/x.yaml", "format: 1\nextends: v/y\ntags: {}\n"}, {"maps/v/y.yaml", "- a\n"}},
     "maps/v/y.yaml:1:1: error: a map is a mapping of keys and values, like {format: ...}\n"},
};

static void mistakes_are_told_of_the_file_that_has_them(void **state)
{
    (void)state;
    bool good = true;
    for (size_t i = 0; i < sizeof wrongs / sizeof *wrongs; i++) {
        const struct wrong *w = &wrongs[i];
        for (int k = 0; k < FILES_MAX && w->files[k][0]; k++) {
            write_file(w->files[k][0], w->files[k][1]);
        }
        struct arena *a = arena_new(0);
        struct diags *ds = diags_new();
        assert_null(map_load(a, "maps/v/x.yaml", "v/x", "nowhere", ds));
        char *told = told_by(ds);
        if (strcmp(told, w->told) != 0) {
            print_error("%s:\nwanted:\n%sgot:\n%s\n", w->title, w->told, told);
            good = false;
        }
        free(told);
        diags_free(ds);
        arena_free(a);
        for (int k = 0; k < FILES_MAX && w->files[k][0]; k++) {
            unlink(w->files[k][0]);
        }
    }
    assert_true(good);
}

/* ---- a device's own words ---------------------------------------------------------------------
 */

static const char plant_head[] = "format: 1\n"
                                 "site: s\n"
                                 "gateway: g\n"
                                 "mqtt: {broker: 'mqtt://localhost', root: r}\n"
                                 "lines: {plc: {connect: 'tcp://127.0.0.1:1502'}}\n"
                                 "areas: {mill: Mill}\n"
                                 "devices:\n";

static char *told_of_plant(struct arena *a, const char *devices, const struct plant **out)
{
    char text[3000];
    snprintf(text, sizeof text, "%s%s", plant_head, devices);
    write_file("plant.yaml", text);
    write_file("maps/v/base.yaml", base);
    const struct plant_options options = {.library = "nowhere"};
    struct diags *ds = diags_new();
    *out = plant_load(a, "plant.yaml", &options, ds);
    char *told = told_by(ds);
    diags_free(ds);
    return told;
}

static void a_device_changes_its_map_for_itself(void **state)
{
    (void)state;
    struct arena *a = arena_new(0);
    const struct plant *p;
    char *told =
        told_of_plant(a,
                      "  a: {map: v/base, line: plc, unit: 1, area: mill}\n"
                      "  b: {map: v/base, line: plc, unit: 2, area: mill, tags: {level: {span: "
                      "{raw: [0, 27648], eng: "
                      "[0, 4]}}, rtd_2: off, mode: off, 'extra': {at: input 99, type: u16}}}\n"
                      "  c: {map: v/base, line: plc, unit: 3, area: mill, tags: {level: {span: "
                      "{raw: [0, 27648], eng: "
                      "[0, 4]}}, rtd_2: off, mode: off, 'extra': {at: input 99, type: u16}}}\n"
                      "  d: {map: v/base, line: plc, unit: 4, area: mill, tags: {level: {unit: "
                      "cm}}, order: {f32: "
                      "ABCD}, timezone: America/Toronto}\n",
                      &p);
    assert_string_equal(told, "");
    char points[2000];
    describe(p->devices[1].map, points, sizeof points);
    assert_string_equal(points,
                        "level input 0 u16 0..4 m; flow input 1 f32 m3/h; rtd_1 input 10 s16 Cel; "
                        "rtd_3 input 14 s16 Cel; volume x100 m3; extra input 99 u16");
    assert_ptr_equal(p->devices[1].map, p->devices[2].map);
    assert_string_not_equal(p->devices[0].map->hash, p->devices[1].map->hash);
    assert_string_equal(p->devices[0].map->points[0].unit, "m");
    assert_string_equal(p->devices[3].map->points[0].unit, "cm");
    static const uint8_t plain[4] = {0, 1, 2, 3};
    assert_memory_equal(p->devices[3].map->points[1].order, plain, 4);
    assert_string_equal(p->devices[3].timezone, "America/Toronto");
    assert_int_equal(p->devices[2].first_tag, 9 + 6);
    assert_int_equal(plant_find_tag(p, "mill/b/extra"), 9 + 5);
    assert_int_equal(plant_find_tag(p, "mill/b/mode"), TAG_NONE);
    free(told);
    arena_free(a);
}

static const struct {
    const char *title, *device, *told;
} amiss[] = {
    {"what is wrong stands in the plant file", "tags: {level: {span: {raw: [0, 1]}}}",
     "plant.yaml:8:73: error: a span has two ends on both sides: {raw: [0, 27648], eng: [0, "
     "10]}\n"},
    {"a tag that isn't there cannot be turned off", "tags: {levels: off}",
     "plant.yaml:8:59: error: `levels: off`, but there is no such tag below, did you mean "
     "`level`?\n"},
    {"what is still said of it is told in the map", "tags: {level: off}",
     "maps/v/base.yaml:10:18: error: from: no tag `level` in this map with what is laid over "
     "it\n"},
    {"a misspelt tag lies nowhere", "tags: {levels: {unit: cm}}",
     "plant.yaml:8:59: error: `levels` lies nowhere, did you mean `level`?\n"},
    {"one of many may be meant", "tags: {rdt_3: {unit: cm}}",
     "plant.yaml:8:59: error: `rdt_3` lies nowhere, did you mean `rtd_3`?\n"},
    {"what is like no tag below lies nowhere, too", "tags: {pressure: {unit: bar}}",
     "plant.yaml:8:59: error: `pressure` lies nowhere, and no tag below has this name; say `at: "
     "holding 100`, or `from:` another tag\n"},
    {"a key that isn't there cannot be turned off", "tags: {level: {span: off}}",
     "plant.yaml:8:73: error: `span: off`, but the tag below has no `span`\n"},
    {"tags are a mapping", "tags: [level]",
     "plant.yaml:8:58: error: tags is a mapping, like {a: b}\n"},
    {"identity needs a map that can tell", "identity: 4711",
     "plant.yaml:8:62: error: identity: map `v/base` does not say what tells one piece of "
     "equipment from "
     "another; it needs `identify: {tag: ...}`\n"},
    {"a timezone is one", "timezone: Mars/Base",
     "plant.yaml:8:62: error: timezone `Mars/Base` is not known; write an IANA name like "
     "America/Toronto, or UTC\n"},
};

static void mistakes_of_a_device_are_told_of_the_plant_file(void **state)
{
    (void)state;
    bool good = true;
    for (size_t i = 0; i < sizeof amiss / sizeof *amiss; i++) {
        struct arena *a = arena_new(0);
        const struct plant *p;
        char text[500];
        snprintf(text, sizeof text, "  a: {map: v/base, line: plc, unit: 1, area: mill, %s}\n",
                 amiss[i].device);
        char *told = told_of_plant(a, text, &p);
        if (strcmp(told, amiss[i].told) != 0) {
            print_error("%s:\nwanted:\n%sgot:\n%s\n", amiss[i].title, amiss[i].told, told);
            good = false;
        }
        free(told);
        arena_free(a);
    }
    assert_true(good);
}

static void what_is_a_number_is_never_a_word(void **state)
{
    (void)state;
    static const struct {
        const char *identity, *told;
    } cases[] = {
        {"4711", ""},
        {"\"4711\"", ""},
        {"abc", "plant.yaml:8:61: error: identity `abc`: `serial` of map `v/low` is a number\n"},
    };
    write_file("maps/v/low.yaml", "format: 1\ntitle: Named\nsource: [s]\nverified: document\n"
                                  "identify: {tag: serial}\n"
                                  "tags: {serial: {at: holding 0, type: u16}}\n"
                                  "examples: [{given: {holding 0: [7]}, expect: {serial: 7}}]\n");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct arena *a = arena_new(0);
        const struct plant *p;
        char text[300];
        snprintf(text, sizeof text,
                 "  a: {map: v/low, line: plc, unit: 1, area: mill, identity: %s}\n",
                 cases[i].identity);
        char *told = told_of_plant(a, text, &p);
        char *error = strstr(told, "plant.yaml");
        assert_string_equal(error ? error : "", cases[i].told);
        assert_true((p != NULL) == (*cases[i].told == '\0'));
        free(told);
        arena_free(a);
    }
}

static char folder[] = "/tmp/headgate-test-XXXXXX";

static int in_a_folder(void **state)
{
    (void)state;
    return !mkdtemp(folder) || chdir(folder) != 0;
}

static int out_of_it(void **state)
{
    static const char *const files[] = {
        "plant.yaml",         "maps/v/base.yaml",  "maps/v/over.yaml", "maps/v/two.yaml",
        "maps/v/low.yaml",    "maps/v/mid.yaml",   "maps/v/top.yaml",  "maps/w/three.yaml",
        "library/v/one.yaml", "library/v/two.yaml"};
    static const char *const folders[] = {"maps/v", "maps/w", "maps", "library/v", "library"};
    (void)state;
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        unlink(files[i]);
    }
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++) {
        rmdir(folders[i]);
    }
    return chdir("/") != 0 || rmdir(folder) != 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(maps_lie_over_maps),
        cmocka_unit_test(limits_and_orders_are_laid_over_key_by_key),
        cmocka_unit_test(maps_are_found_beside_and_in_the_library),
        cmocka_unit_test(the_hash_is_of_all_files),
        cmocka_unit_test(mistakes_are_told_of_the_file_that_has_them),
        cmocka_unit_test(a_device_changes_its_map_for_itself),
        cmocka_unit_test(mistakes_of_a_device_are_told_of_the_plant_file),
        cmocka_unit_test(what_is_a_number_is_never_a_word),
    };
    return cmocka_run_group_tests(tests, in_a_folder, out_of_it);
}
