/* SPDX-License-Identifier: Apache-2.0 */
/* What may be written is said twice, and every way to say it wrong is named. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/permit.h"
#include "config/plant.h"
#include "mistakes.h"

static const char map[] =
    "format: 1\n"
    "limits: {never: [\"holding 90..99\"]}\n"
    "tags:\n"
    "  speed: {at: holding 10, type: u16, write: {limits: [0, 50]}}\n"
    "  free: {at: holding 11, type: u16, write: true}\n"
    "  mode: {at: holding 12, type: u16, enum: {0: off, 1: on}, write: true}\n"
    "  run: {at: coil 3, type: bool, write: true}\n"
    "  stop: {at: holding 13, type: u16, danger: true, write: {limits: [0, 1]}}\n"
    "  level: {at: holding 14, type: u16}\n"
    "  shut: {at: holding 15, type: u16, write: false}\n"
    "  flow_{n}: {at: holding 20, type: f32, repeat: {count: 3, stride: 10},"
    " write: {limits: [0, 9], at: holding 200}}\n"
    "%s";

static void write_file(const char *name, const char *format, const char *more)
{
    FILE *f = fopen(name, "w");
    assert_non_null(f);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    fprintf(f, format, more);
#pragma GCC diagnostic pop
    fclose(f);
}

static int in_a_folder(void **state)
{
    static char folder[] = "/tmp/headgate-test-XXXXXX";
    (void)state;
    return mkdtemp(folder) == NULL || chdir(folder) != 0 || mkdir("maps", 0700) != 0;
}

static int out_of_it(void **state)
{
    (void)state;
    char folder[64];
    unlink("plant.yaml");
    unlink("maps/m.yaml");
    return getcwd(folder, sizeof folder) == NULL || rmdir("maps") != 0 || chdir("/") != 0 ||
           rmdir(folder) != 0;
}

static const struct plant *load(struct arena *a, struct diags *ds, const char *tag,
                                const char *commands)
{
    struct plant_options options = {.library = "nowhere"};
    write_file("maps/m.yaml", map, tag);
    write_file("plant.yaml",
               "format: 1\nsite: s\ngateway: g\n%s\n"
               "lines: {plc: {connect: \"tcp://h\"}}\n"
               "areas: {mill: Mill}\n"
               "devices: {p: {map: m, line: plc, unit: 1, area: mill}}\n"
               "derived: {mill/d/x: {of: {a: mill/p/speed}, is: a}}\n",
               commands);
    return plant_load(a, "plant.yaml", &options, ds);
}

static const struct {
    const char *tag, *commands, *told; /* told: "": nothing; else a part of it */
} cases[] = {
    /* Maps. */
    {"  x: {at: input 1, type: u16, write: true}\n", "",
     "what lies in `input` cannot be written; only coils and holding registers can. If it is "
     "written elsewhere: `write: {at: holding N}`"},
    {"  x: {at: input 1, type: u16, write: {at: holding 4, limits: [0, 1]}}\n", "", ""},
    {"  x: {at: discrete 1, type: bool, write: {at: coil 4}}\n", "", ""},
    {"  x: {at: discrete 1, type: bool, write: {at: holding 4}}\n", "",
     "a bit table is written to a coil, not to `holding`"},
    {"  x: {at: holding 1, type: u16, write: {limits: [5, 1]}}\n", "",
     "the lower limit stands first"},
    {"  x: {at: holding 1, type: u16, write: {limit: [1, 5]}}\n", "",
     "`limit` is no key of write, did you mean `limits`?"},
    {"  x: {at: holding 1, type: u16, bit: 2, write: {limits: [0, 1]}}\n", "",
     "limits are for numbers; this is true or false, leave `limits` out"},
    {"  x: {at: holding 1, type: u16, valid: [0, 40], write: {limits: [0, 50]}}\n", "",
     "`x`: limits [0, 50] reach beyond what is valid when read, [0, 40]"},
    {"  x: {at: holding 1, type: u32, write: {function: 6, limits: [0, 1]}}\n", "",
     "function 6 writes one register; u32 has 2, take 16"},
    {"  x: {at: holding 1, type: u16, write: {function: 22, limits: [0, 1]}}\n", "",
     "function 22 is for some bits of a register; this is all of it, take 6"},
    {"  x: {at: holding 1, type: u16, write: {function: 5}}\n", "",
     "a register is written with function 6, 16 or 22"},
    {"  x: {at: coil 1, type: bool, write: {function: 6}}\n", "",
     "a coil is written with function 5 or 15"},
    {"  x: {at: holding 1, type: u16, bit: 2, write: {function: 6}}\n", "", ""},
    {"  x: {at: holding 1, type: u16, bit: 2, write: {function: 6, at: holding 2}}\n", "",
     "need `function: 22`"},
    {"  x: {at: holding 1, type: u24, write: {limits: [0, 1]}}\n", "",
     "only some bits of 2 registers are this value's own"},
    {"  x: {at: holding 1, type: string, len: 8, write: true}\n", "",
     "texts and times can't be written"},
    {"  x: {at: holding 1, type: u16, table: [[0, 0], [1, 2]], write: true}\n", "",
     "can't be turned back"},
    {"  x: {at: holding 1, type: u16, exp_from: level, write: {limits: [0, 1]}}\n", "",
     "`x` can't be written: another tag decides its scale"},
    {"  x: {at: holding 1, type: u16, valid_if: run, write: {limits: [0, 1]}}\n", "",
     "`x` can't be written: another tag decides whether it means anything"},
    {"  x: {at: holding 1, type: u16, write: {at: holding 95, limits: [0, 1]}}\n", "",
     "`x` would be written where `limits: {never: [...]}` forbids to touch anything: leave "
     "`write` out, or make that range end beside address 95"},
    {"  x: {from: speed, scale: 2, write: true}\n", "",
     "`write` means nothing in a tag that is computed"},
    {"  x_{n}: {at: holding 1, type: u16, repeat: {count: 3, stride: 10}, write: {at: holding "
     "65530, limits: [0, 1]}}\n",
     "", "repeated, this tag is written beyond address 65535"},
    /* Plants. */
    {"",
     "commands: {allow: [write, replay], writes: {mill/p/speed: {limits: [10, 40]}, mill/p/run: "
     "{}, mill/p/mode: {}, mill/p/free: {limits: [0, 5]}, mill/p/stop: {danger: true}}}",
     ""},
    {"", "commands: {allow: [write, replay]}",
     "warning: `write` alone allows nothing; name the tags"},
    {"", "commands: {allow: [replay], writes: {mill/p/speed: {}}}",
     "error: nothing of `writes` can be written without `allow: [write]` beside it"},
    {"", "commands: {allow: [write, replay], writes: [mill/p/speed]}", "writes"},
    {"", "commands: {allow: [write, replay], writes: {mill/p/sped: {}}}",
     "plant.yaml:4:45: error: writes: no tag `mill/p/sped`, did you mean `mill/p/speed`?"},
    {"", "commands: {allow: [write, replay], writes: {speed: {}}}",
     "`speed` is no full tag name; write area/device/tag"},
    {"", "commands: {allow: [write, replay], writes: {mill/d/x: {}}}",
     "`mill/d/x` is derived; no device could be told"},
    {"", "commands: {allow: [write, replay], writes: {mill/p/level: {}}}",
     "`mill/p/level` can't be written: its map does not say so; what it says stands in "
     "maps/m.yaml:9"},
    {"", "commands: {allow: [write, replay], writes: {mill/p/shut: {}}}",
     "`mill/p/shut` can't be written"},
    {"", "commands: {allow: [write, replay], writes: {mill/p/free: {}}}",
     "`mill/p/free` is a number, and neither its map nor this says what it may become: add "
     "`{limits: [LOW, HIGH]}`"},
    {"", "commands: {allow: [write, replay], writes: {mill/p/speed: {limits: [10, 51]}}}",
     "limits [10, 51] are wider than its map's, [0, 50] (maps/m.yaml:4)"},
    {"", "commands: {allow: [write, replay], writes: {mill/p/speed: {limits: [40, 10]}}}",
     "the lower limit stands first"},
    {"", "commands: {allow: [write, replay], writes: {mill/p/mode: {limits: [0, 1]}}}",
     "limits are for numbers; `mill/p/mode` is one of the words of its enum, leave them out"},
    {"", "commands: {allow: [write, replay], writes: {mill/p/stop: {}}}",
     "`mill/p/stop` commands something that can hurt people or equipment (`danger: true` in "
     "maps/m.yaml:8); if it has to be, say `danger: true` here as well"},
    {"", "commands: {allow: [write, replay], writes: {mill/p/run: {danger: true}}}",
     "warning: its map does not call `mill/p/run` dangerous; leave `danger` out"},
    {"", "commands: {allow: [write, replay], writes: {mill/p/speed: {limit: [0, 1]}}}",
     "`limit` is no key of a tag of `writes`, did you mean `limits`?"},
};

static void mistakes_are_told_with_their_remedy(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct arena *a = arena_new(0);
        struct diags *ds = diags_new();
        const struct plant *p = load(a, ds, cases[i].tag, cases[i].commands);
        char *told = told_by(ds);
        if (*cases[i].told ? !strstr(told, cases[i].told) : strstr(told, "error") != NULL || !p)
            fail_msg("case %zu:\nwanted:\n%s\ngot:\n%s", i, cases[i].told, told);
        assert_int_equal(p == NULL, diags_errors(ds) > 0);
        free(told);
        diags_free(ds);
        arena_free(a);
    }
}

static void what_is_allowed_is_found_by_its_tag(void **state)
{
    (void)state;
    struct arena *a = arena_new(0);
    struct diags *ds = diags_new();
    const struct plant *p =
        load(a, ds, "",
             "commands: {allow: [write, replay], writes: {mill/p/stop: {danger: "
             "true}, mill/p/run: {}, mill/p/speed: {limits: [10, 40.5]}}}");
    assert_non_null(p);
    const struct write_permit *w = permit_write(&p->commands, plant_find_tag(p, "mill/p/speed"));
    assert_non_null(w);
    assert_true(w->low > 9.99 && w->low < 10.01 && w->high > 40.49 && w->high < 40.51);
    w = permit_write(&p->commands, plant_find_tag(p, "mill/p/stop"));
    assert_true(w && w->danger && w->high < 1.01);
    w = permit_write(&p->commands, plant_find_tag(p, "mill/p/run"));
    assert_true(w && isnan(w->low) && isnan(w->high));
    assert_null(permit_write(&p->commands, plant_find_tag(p, "mill/p/free")));
    struct command_rules none = p->commands;
    none.allow &= ~PERMIT_BIT(ORDER_WRITE);
    assert_null(permit_write(&none, plant_find_tag(p, "mill/p/speed")));
    /* One of many is written where it is itself, not where the first of them is. */
    const struct point *points = p->devices[0].map->points;
    for (uint32_t i = 0, n = 0; i < p->devices[0].map->point_count; i++)
        if (strncmp(points[i].name, "flow_", 5) == 0)
            assert_int_equal(points[i].write->address, 200 + 10 * n++);
    diags_free(ds);
    arena_free(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(mistakes_are_told_with_their_remedy),
        cmocka_unit_test(what_is_allowed_is_found_by_its_tag),
    };
    return cmocka_run_group_tests(tests, in_a_folder, out_of_it);
}
