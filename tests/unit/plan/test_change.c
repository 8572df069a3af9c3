/* SPDX-License-Identifier: Apache-2.0 */
/* One plant file after the other: each edit, and what has to begin anew for it. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config/plant.h"
#include "plan/change.h"
#include "small_plant.h"

static const char plant_text[] =
    "format: 1\n"
    "site: s\n"
    "gateway: g\n"
    "mqtt: {broker: 'mqtt://localhost', root: r}\n"
    "tick: 50ms\n"
    "lines:\n"
    "  mill: {connect: 'tcp://10.0.0.1:502'}\n"
    "  bus: {connect: 'rtu:///dev/ttyS0', baud: 9600, parity: even}\n"
    "  dam: {connect: 'tcp://10.0.0.3:502', timeout: 700ms}\n"
    "areas: {pit: Pit}\n"
    "devices:\n"
    "  p1: {map: m, line: mill, unit: 1, area: pit, every: 1s}\n"
    "  p2: {map: m, line: mill, unit: 2, area: pit, every: 1s}\n"
    "  b1: {map: n, line: bus, unit: 5, area: pit, every: 1s}\n"
    "  d1: {map: n, line: dam, unit: 1, area: pit, every: 1s}\n"
    "derived:\n"
    "  pit/sum/flow: {is: a + b, of: {a: pit/p1/flow, b: pit/p2/flow}}\n"
    "  pit/sum/twice: {is: 2 * x, of: {x: pit/sum/flow}}\n";
static const char m_text[] = "format: 1\n"
                             "tags:\n"
                             "  flow: {at: input 0, type: f32, unit: m3/h}\n"
                             "  exp: {at: input 2, type: s16}\n"
                             "  power: {at: input 3, type: u16, exp_from: exp}\n"
                             "  state: {at: input 4, type: u16, enum: {0: off, 1: on}}\n";
static const char n_text[] =
    "format: 1\n"
    "limits: {never: ['holding 20..30']}\n"
    "tags:\n"
    "  level: {at: holding 0, type: u16, about: of the sump, write: {limits: [0, 9]}}\n"
    "  hours: {at: holding 1, type: u32, kind: counter}\n";

static void write_file(const char *name, const char *text, const char *from, const char *to)
{
    FILE *f = fopen(name, "w");
    assert_non_null(f);
    const char *at = from ? strstr(text, from) : NULL;
    if (from)
        assert_non_null(at);
    if (at) {
        fwrite(text, 1, (size_t)(at - text), f);
        fputs(to, f);
        text = at + strlen(from);
    }
    fputs(text, f);
    fclose(f);
}

static const struct plan *read_plan(struct arena *a)
{
    struct diags *ds = diags_new();
    const struct plant *p = plant_load(a, "plant.yaml", NULL, ds);
    const struct plan *plan = p ? plan_build(a, p, ds) : NULL;
    if (!plan)
        diags_print(ds, stderr);
    diags_free(ds);
    assert_non_null(plan);
    return plan;
}

static const char *const files[] = {"plant.yaml", "maps/m.yaml", "maps/n.yaml"};

static void write_all(int which, const char *from, const char *to)
{
    static const char *const texts[] = {plant_text, m_text, n_text};
    for (int i = 0; i < 3; i++)
        write_file(files[i], texts[i], i == which ? from : NULL, to);
}

static int in_a_folder(void **state)
{
    static char folder[] = "/tmp/headgate-test-XXXXXX";
    (void)state;
    return !mkdtemp(folder) || chdir(folder) != 0 || mkdir("maps", 0700) != 0;
}

static int out_of_it(void **state)
{
    char folder[64];
    (void)state;
    if (!getcwd(folder, sizeof folder))
        return -1;
    for (int i = 0; i < 3; i++)
        unlink(files[i]);
    rmdir("maps");
    return chdir("/") != 0 || rmdir(folder) != 0;
}

enum { PLANT, MAP_M, MAP_N };

static const struct edit {
    int file;
    const char *from, *to, *told;
} edits[] = {
    {PLANT, "format", "format", "no tag changed; no line restarts, all 3 run on"},
    {PLANT, "format: 1\n", "# a remark\nformat: 1\n",
     "no tag changed; no line restarts, all 3 run on"},
    /* tags */
    {MAP_M, "unit: m3/h", "unit: l/s",
     "2 tags changed, 0 added, 0 removed; no line restarts, all 3 run on"},
    {MAP_M, "0: off, 1: on", "0: off, 1: runs",
     "2 tags changed, 0 added, 0 removed; no line restarts, all 3 run on"},
    {MAP_M, "exp: {at: input 2, type: s16}", "exp: {at: input 2, type: u16}",
     "4 tags changed, 0 added, 0 removed; no line restarts, all 3 run on"},
    {MAP_N, "type: u16, about", "type: u16, scale: 0.1, about",
     "2 tags changed, 0 added, 0 removed; no line restarts, all 3 run on"},
    {MAP_N, "of the sump", "of the tank", "no tag changed; no line restarts, all 3 run on"},
    {MAP_N, "kind: counter", "kind: counter, reset: true",
     "2 tags changed, 0 added, 0 removed; no line restarts, all 3 run on"},
    {MAP_N,
     "  level:", "  depth:", "0 tags changed, 2 added, 2 removed; no line restarts, all 3 run on"},
    {MAP_N, "hours: {at: holding 1, type: u32, kind: counter}",
     "hours: {at: holding 1, type: u32, kind: counter}\n  half: {at: holding 1, type: u16}",
     "0 tags changed, 2 added, 0 removed; no line restarts, all 3 run on"},
    {MAP_N, "at: holding 1, type: u32", "at: holding 3, type: u32",
     "2 tags changed, 0 added, 0 removed; lines bus and dam restart, 1 other runs on"},
    {MAP_N, "never: ['holding 20..30']", "never: ['holding 20..30'], barriers: [holding 9]",
     "no tag changed; lines bus and dam restart, 1 other runs on"},
    {MAP_N, "20..30", "20..40", "no tag changed; lines bus and dam restart, 1 other runs on"},
    /* what must not be read to prove a bus, though nobody polls it */
    {MAP_N, "20..30']", "20..30'], max_registers: 9",
     "no tag changed; lines bus and dam restart, 1 other runs on"},
    {MAP_N, "  level:", "  latch: {at: holding 9, type: u16, read: on_demand}\n  level:",
     "0 tags changed, 2 added, 0 removed; no line restarts, all 3 run on"},
    {MAP_N, "  level:",
     "  latch: {at: holding 9, type: u16, read: on_demand, side_effect: true}\n  level:",
     "0 tags changed, 2 added, 0 removed; lines bus and dam restart, 1 other runs on"},
    /* devices */
    {PLANT,
     "  p1: {map: m, line: mill, unit: 1, area: pit, every: 1s}\n"
     "  p2: {map: m, line: mill, unit: 2, area: pit, every: 1s}\n",
     "  p2: {map: m, line: mill, unit: 2, area: pit, every: 1s}\n"
     "  p1: {map: m, line: mill, unit: 1, area: pit, every: 1s}\n",
     "no tag changed; no line restarts, all 3 run on"},
    {PLANT, "p2: {map: m, line: mill, unit: 2", "p2: {map: m, line: mill, unit: 3",
     "4 tags changed, 0 added, 0 removed; line mill restarts, 2 others run on"},
    /* what a device says of its own tags */
    {PLANT, "p2: {", "p2: {tags: {flow: {scale: 2}}, ",
     "1 tag changed, 0 added, 0 removed; no line restarts, all 3 run on"},
    {PLANT, "p2: {", "p2: {tags: {flow: {about: Other}}, ",
     "no tag changed; no line restarts, all 3 run on"},
    {PLANT, "p2: {", "p2: {tags: {state: off}, ",
     "0 tags changed, 0 added, 1 removed; line mill restarts, 2 others run on"},
    {PLANT, "b1: {", "b1: {tags: {hours: {at: holding 5}}, ",
     "1 tag changed, 0 added, 0 removed; line bus restarts, 2 others run on"},
    {PLANT, "unit: 5, area: pit, every: 1s", "unit: 5, area: pit, every: 2s",
     "no tag changed; line bus restarts, 2 others run on"},
    {PLANT, "unit: 5, area: pit", "unit: 5, area: pit, stale: 1m",
     "no tag changed; no line restarts, all 3 run on"},
    {PLANT, "unit: 5, area: pit", "unit: 5, area: pit, delay: 20ms",
     "no tag changed; line bus restarts, 2 others run on"},
    {PLANT, "b1: {map: n, line: bus, unit: 5", "b7: {map: n, line: bus, unit: 5",
     "0 tags changed, 2 added, 2 removed; no line restarts, all 3 run on"},
    {PLANT, "d1: {map: n, line: dam, unit: 1", "d1: {map: n, line: mill, unit: 9",
     "2 tags changed, 0 added, 0 removed; lines mill and dam restart, 1 other runs on"},
    {PLANT, "derived:\n", "  d2: {map: n, line: dam, unit: 2, area: pit, every: 1s}\nderived:\n",
     "0 tags changed, 2 added, 0 removed; line dam restarts, 2 others run on"},
    {PLANT, "  d1: {map: n, line: dam, unit: 1, area: pit, every: 1s}\n", "",
     "0 tags changed, 0 added, 2 removed; line dam restarts, 2 others run on"},
    /* lines */
    {PLANT, "baud: 9600", "baud: 19200", "no tag changed; line bus restarts, 2 others run on"},
    {PLANT, "parity: even", "parity: none", "no tag changed; line bus restarts, 2 others run on"},
    {PLANT, "/dev/ttyS0", "/dev/ttyS1",
     "2 tags changed, 0 added, 0 removed; line bus restarts, 2 others run on"},
    {PLANT, "10.0.0.3", "10.0.0.4",
     "2 tags changed, 0 added, 0 removed; line dam restarts, 2 others run on"},
    {PLANT, "10.0.0.3:502", "10.0.0.3:503",
     "2 tags changed, 0 added, 0 removed; line dam restarts, 2 others run on"},
    {PLANT, "timeout: 700ms", "timeout: 900ms",
     "no tag changed; line dam restarts, 2 others run on"},
    {PLANT, "timeout: 700ms", "timeout: 700ms, retries: 3",
     "no tag changed; line dam restarts, 2 others run on"},
    {PLANT, "lines:\n", "lines:\n  spare: {connect: 'tcp://10.0.0.9:502'}\n",
     "no tag changed; line spare is new, 3 others run on"},
    {PLANT, "tick: 50ms", "tick: 100ms", "no tag changed; lines mill, bus and dam restart"},
    /* derived tags */
    {PLANT, "2 * x", "3 * x", "1 tag changed, 0 added, 0 removed; no line restarts, all 3 run on"},
    {PLANT, "b: pit/p2/flow", "b: pit/p1/power",
     "1 tag changed, 0 added, 0 removed; no line restarts, all 3 run on"},
    {PLANT, "  pit/sum/twice: {is: 2 * x, of: {x: pit/sum/flow}}\n", "",
     "0 tags changed, 0 added, 1 removed; no line restarts, all 3 run on"},
};

static void each_edit_restarts_what_it_changed_and_nothing_else(void **state)
{
    (void)state;
    write_all(PLANT, NULL, NULL);
    struct arena *old = arena_new(0);
    const struct plan *before = read_plan(old);
    unsigned wrong = 0;
    for (size_t i = 0; i < sizeof edits / sizeof *edits; i++) {
        const struct edit *e = &edits[i];
        char text[512];
        write_all(e->file, e->from, e->to);
        struct arena *a = arena_new(0);
        const struct change *c = change_find(a, before, read_plan(a));
        assert_non_null(c);
        change_tell(c, text, sizeof text);
        if (strcmp(text, e->told) != 0) {
            print_error("`%s` for `%s`:\n  %s\nand not\n  %s\n", e->to, e->from, text, e->told);
            wrong++;
        }
        arena_free(a);
    }
    arena_free(old);
    assert_int_equal(wrong, 0);
}

static uint32_t tag_of(const struct plan *p, const char *path)
{
    return plant_find_tag(p->plant, path);
}

static void compare(struct arena *a, int file, const char *from, const char *to,
                    const struct change **c)
{
    write_all(PLANT, NULL, NULL);
    const struct plan *before = read_plan(a);
    write_all(file, from, to);
    *c = change_find(a, before, read_plan(a));
    assert_non_null(*c);
}

static void a_line_with_another_name_is_the_same_line(void **state)
{
    (void)state;
    struct arena *a = arena_new(0);
    write_all(PLANT, NULL, NULL);
    const struct plan *before = read_plan(a);
    char text[sizeof plant_text], told[512];
    memcpy(text, plant_text, sizeof text);
    for (char *at; (at = strstr(text, "dam")) != NULL;)
        memcpy(at, "mad", 3);
    write_file(files[PLANT], text, NULL, NULL);
    const struct change *c = change_find(a, before, read_plan(a));
    assert_non_null(c);
    change_tell(c, told, sizeof told);
    assert_string_equal(told, "no tag changed; no line restarts, all 3 run on");
    assert_int_equal(c->lines[2], 2);
    static const bool described[] = {false, false, false, true, false, false};
    assert_memory_equal(c->described, described, sizeof described);
    arena_free(a);
}

static void what_is_computed_from_a_changed_tag_does_not_stand(void **state)
{
    (void)state;
    struct arena *a = arena_new(0);
    const struct change *c;
    compare(a, MAP_M, "unit: m3/h", "unit: l/s", &c);
    assert_int_equal(c->tags[tag_of(c->after, "pit/p1/flow")], CHANGE_NONE);
    assert_int_equal(c->tags[tag_of(c->after, "pit/sum/flow")], CHANGE_NONE);
    assert_int_equal(c->tags[tag_of(c->after, "pit/sum/twice")], CHANGE_NONE);
    assert_int_equal(c->tags[tag_of(c->after, "pit/p1/state")], tag_of(c->before, "pit/p1/state"));
    arena_free(a);
}

static void a_tag_leans_on_the_points_that_scale_it(void **state)
{
    (void)state;
    struct arena *a = arena_new(0);
    const struct change *c;
    compare(a, MAP_M, "exp: {at: input 2, type: s16}", "exp: {at: input 2, type: u16}", &c);
    assert_int_equal(c->tags[tag_of(c->after, "pit/p1/power")], CHANGE_NONE);
    assert_int_not_equal(c->tags[tag_of(c->after, "pit/p1/flow")], CHANGE_NONE);
    arena_free(a);
}

static void tags_keep_their_identity_when_numbers_shift(void **state)
{
    (void)state;
    struct arena *a = arena_new(0);
    const struct change *c;
    compare(a, PLANT, "devices:\n",
            "devices:\n  a0: {map: n, line: dam, unit: 7, area: pit, every: 1s}\n", &c);
    static const char *const paths[] = {"pit/p1/flow", "pit/p2/state", "pit/b1/hours",
                                        "pit/d1/level", "pit/sum/twice"};
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++)
        assert_int_equal(c->tags[tag_of(c->after, paths[i])], tag_of(c->before, paths[i]));
    assert_int_equal(c->devices[0], CHANGE_NONE);
    assert_int_equal(c->devices[1], 0);
    arena_free(a);
}

static void a_device_elsewhere_may_be_another_one(void **state)
{
    (void)state;
    static const struct {
        const char *from, *to;
        bool same;
    } facts[] = {{"baud: 9600", "baud: 19200", true},
                 {"/dev/ttyS0", "/dev/ttyS1", false},
                 {"unit: 5", "unit: 6", false}};
    for (size_t i = 0; i < sizeof facts / sizeof *facts; i++) {
        struct arena *a = arena_new(0);
        const struct change *c;
        compare(a, PLANT, facts[i].from, facts[i].to, &c);
        assert_int_equal(c->devices[2], facts[i].same ? 2 : CHANGE_NONE);
        assert_int_equal(c->tags[tag_of(c->after, "pit/b1/level")] != CHANGE_NONE, facts[i].same);
        arena_free(a);
    }
}

static void dictionaries_are_owed_where_they_say_something_else(void **state)
{
    (void)state;
    struct arena *a = arena_new(0);
    const struct change *c;
    compare(a, MAP_N, "of the sump", "of the tank", &c);
    static const bool about[] = {false, false, true, true, false, false};
    assert_memory_equal(c->described, about, sizeof about);
    compare(a, PLANT, "gateway: g\n", "gateway: g\n", &c);
    static const bool none[] = {false, false, false, false, false, false};
    assert_memory_equal(c->described, none, sizeof none);
    compare(a, PLANT, "2 * x", "3 * x", &c);
    static const bool derived[] = {false, false, false, false, true, true};
    assert_memory_equal(c->described, derived, sizeof derived);
    compare(a, PLANT, "tick: 50ms\n",
            "tick: 50ms\ncommands: {allow: [write, replay], writes: {pit/d1/level: {}}}\n", &c);
    static const bool written[] = {false, false, false, true, false, false};
    assert_memory_equal(c->described, written, sizeof written);
    assert_int_equal(c->tags_changed, 0);
    arena_free(a);
}

static void long_lists_of_names_are_shortened(void **state)
{
    (void)state;
    enum { N = 9 };
    static char names[N][8];
    struct line lines[N];
    uint32_t firsts[N + 1] = {0}, none[N];
    bool gone[N] = {false};
    for (uint32_t i = 0; i < N; i++) {
        snprintf(names[i], sizeof names[i], "l%u", i);
        lines[i] = tcp_line(names[i]);
        none[i] = CHANGE_NONE;
    }
    const struct plant plant = {.lines = lines, .line_count = N};
    const struct plan plan = {.plant = &plant, .first_request = firsts};
    uint32_t own[N] = {0, 1, 2, 3, 4, 5, 6, 7, 8};
    const struct change c = {.before = &plan,
                             .after = &plan,
                             .lines = none,
                             .namesakes = own,
                             .gone = gone,
                             .tags_changed = 1};
    char text[512], small[24];
    change_tell(&c, text, sizeof text);
    assert_string_equal(text, "1 tag changed, 0 added, 0 removed; lines l0, l1, l2, l3, l4 and 4 "
                              "more restart");
    change_tell(&c, small, sizeof small);
    assert_string_equal(small, "1 tag changed, 0 added,");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_edit_restarts_what_it_changed_and_nothing_else),
        cmocka_unit_test(a_line_with_another_name_is_the_same_line),
        cmocka_unit_test(what_is_computed_from_a_changed_tag_does_not_stand),
        cmocka_unit_test(a_tag_leans_on_the_points_that_scale_it),
        cmocka_unit_test(tags_keep_their_identity_when_numbers_shift),
        cmocka_unit_test(a_device_elsewhere_may_be_another_one),
        cmocka_unit_test(dictionaries_are_owed_where_they_say_something_else),
        cmocka_unit_test(long_lists_of_names_are_shortened),
    };
    return cmocka_run_group_tests(tests, in_a_folder, out_of_it);
}
