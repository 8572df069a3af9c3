/* SPDX-License-Identifier: Apache-2.0 */
/* What may be written by map and plant file, whoever asks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/wish.h"
#include "config/plant.h"

static const char map[] =
    "format: 1\n"
    "tags:\n"
    "  speed: {at: holding 10, type: u16, scale: 0.5, unit: Hz, write: {limits: [0, 50]}}\n"
    "  total: {at: holding 12, type: u64, write: {limits: [0, 1e19]}}\n"
    "  mode: {at: holding 20, type: u16, enum: {0: stopped, 1: running}, write: true}\n"
    "  bit: {at: holding 21, type: u16, bit: 4, write: true}\n"
    "  run: {at: coil 3, type: bool, write: true}\n"
    "  stop: {at: holding 13, type: u16, danger: true, write: {limits: [0, 1]}}\n"
    "  closed: {at: holding 14, type: u16, write: {limits: [0, 1]}}\n"
    "  level: {at: holding 15, type: u16}\n";
static const char plant[] =
    "format: 1\nsite: s\ngateway: g\nmqtt: {broker: \"mqtt://127.0.0.1:1883\", root: r}\n"
    "commands: {allow: [write, replay], writes: {a/d/speed: {limits: [10, 40]}, a/d/total: {}, "
    "a/d/mode: {}, a/d/bit: {}, a/d/run: {}, a/d/stop: {danger: true}}}\n"
    "lines: {plc: {connect: \"tcp://h\"}}\n"
    "areas: {a: A}\n"
    "devices: {d: {map: m, line: plc, unit: 1, area: a}, e: {map: m, line: plc, unit: 2, area: "
    "a}}\n"
    "derived: {a/x/y: {of: {q: a/d/speed}, is: q}}\n";

static struct arena *arena;
static const struct plant *site;

static void write_file(const char *name, const char *text)
{
    FILE *f = fopen(name, "w");
    assert_non_null(f);
    fputs(text, f);
    fclose(f);
}

static int load(void **state)
{
    (void)state;
    char folder[] = "/tmp/headgate-test-XXXXXX";
    if (mkdtemp(folder) == NULL || chdir(folder) != 0 || mkdir("maps", 0700) != 0)
        return -1;
    write_file("maps/m.yaml", map);
    write_file("plant.yaml", plant);
    struct diags *ds = diags_new();
    const struct plant_options options = {.library = "nowhere"};
    arena = arena_new(0);
    site = plant_load(arena, "plant.yaml", &options, ds);
    diags_print(ds, stderr);
    diags_free(ds);
    unlink("maps/m.yaml");
    unlink("plant.yaml");
    rmdir("maps");
    return site == NULL || chdir("/") != 0 || rmdir(folder) != 0;
}

static int drop(void **state)
{
    (void)state;
    arena_free(arena);
    return 0;
}

static struct value text_value(const char *s)
{
    return (struct value){.kind = VALUE_TEXT, .length = (uint32_t)strlen(s), .text = s};
}

static void what_is_right_becomes_a_job(void **state)
{
    (void)state;
    const struct {
        const char *tag;
        struct value v;
        uint16_t count, words[WRITE_WORDS_MAX], mask;
    } facts[] = {
        {"a/d/speed", {.kind = VALUE_REAL, .real = 20.5}, 1, {41}, 0xFFFF},
        {"a/d/speed", {.kind = VALUE_INT, .i = 40}, 1, {80}, 0xFFFF},
        {"a/d/total", text_value("9223372036854775808"), 4, {0x8000}, 0xFFFF},
        {"a/d/mode", text_value("running"), 1, {1}, 0xFFFF},
        {"a/d/bit", {.kind = VALUE_BOOL, .truth = true}, 1, {0x10}, 0x10},
        {"a/d/run", {.kind = VALUE_BOOL, .truth = true}, 1, {1}, 1},
        {"a/d/stop", {.kind = VALUE_INT, .i = 1}, 1, {1}, 0xFFFF},
    };
    for (size_t i = 0; i < sizeof facts / sizeof *facts; i++) {
        struct write_job job;
        char said[WISH_SAID], raw[WISH_RAW];
        const char *why = wish_judge(site, facts[i].tag, &facts[i].v, &facts[i].v, &job, said);
        if (why)
            fail_msg("fact %zu: %s", i, why);
        assert_int_equal(job.count, facts[i].count);
        assert_memory_equal(job.words, facts[i].words, sizeof job.words);
        assert_true(job.has_was && job.masks[0] == facts[i].mask);
        assert_memory_equal(job.was, facts[i].words, sizeof job.was);
        assert_int_equal(job.device, 0);
        wish_read(&site->devices[0].map->points[job.point], job.words, raw);
        assert_int_equal(strlen(raw), 5 * facts[i].count - 1U);
    }
}

static void what_is_not_is_refused_with_its_reason(void **state)
{
    (void)state;
    const struct {
        const char *tag;
        struct value v;
        const char *why;
    } facts[] = {
        {"a/d/speed",
         {.kind = VALUE_REAL, .real = 40.5},
         "40.5 Hz is not within the limits, 10 to 40"},
        {"a/d/speed", {.kind = VALUE_INT, .i = 9}, "9 Hz is not within the limits"},
        {"a/d/speed", {.kind = VALUE_REAL, .real = (double)INFINITY}, "not within the limits"},
        {"a/d/speed", {.kind = VALUE_REAL, .real = (double)NAN}, "it is a number in Hz"},
        {"a/d/speed", {.kind = VALUE_REAL, .real = 20.3}, "the nearest are 20.0 and 20.5"},
        {"a/d/total", text_value("18446744073709551615"), "is not within the limits, 0 to 1e+19"},
        {"a/d/closed",
         {.kind = VALUE_INT, .i = 1},
         "the plant file lets nobody write `a/d/closed`"},
        {"a/d/level", {.kind = VALUE_INT, .i = 1}, "its map does not say that it can"},
        {"a/e/speed", {.kind = VALUE_INT, .i = 20}, "lets nobody write `a/e/speed`"},
        {"a/d/spead",
         {.kind = VALUE_INT, .i = 20},
         "no tag `a/d/spead`; did you mean `a/d/speed`?"},
        {"a/x/y", {.kind = VALUE_INT, .i = 20}, "`a/x/y` is derived"},
        {"", {.kind = VALUE_INT, .i = 20}, "no tag"},
        {"a/d", {.kind = VALUE_INT, .i = 20}, "no tag"},
    };
    for (size_t i = 0; i < sizeof facts / sizeof *facts; i++) {
        struct write_job job;
        char said[WISH_SAID];
        const char *why = wish_judge(site, facts[i].tag, &facts[i].v, NULL, &job, said);
        if (!why || !strstr(why, facts[i].why))
            fail_msg("fact %zu: \"%s\", not \"%s\"", i, why ? why : "done", facts[i].why);
    }
}

static uint64_t next(uint64_t *x)
{
    *x ^= *x << 13;
    *x ^= *x >> 7;
    *x ^= *x << 17;
    return *x;
}

/* Whatever is asked for: nothing but what is allowed, nowhere but there, never beyond its limits.
 */
static void no_command_of_a_hundred_thousand_gets_elsewhere(void **state)
{
    (void)state;
    static const char *const tags[] = {"speed", "total", "mode",   "bit", "run",
                                       "stop",  "level", "closed", "nope"};
    static const char *const texts[] = {
        "running", "stopped", "Running", "1", "99999999999999999999", "12345678901234567890", ""};
    uint64_t x = 88172645463325252U;
    unsigned passed = 0;
    for (unsigned n = 0; n < 100000; n++) {
        char path[64], said[WISH_SAID];
        snprintf(path, sizeof path, "a/%s/%s", next(&x) % 4 ? "d" : "e", tags[next(&x) % 9]);
        struct value v = {.kind = (uint8_t)(next(&x) % (VALUE_TEXT + 1))};
        if (v.kind == VALUE_TEXT)
            v = text_value(texts[next(&x) % 7]);
        else if (v.kind == VALUE_BOOL)
            v.truth = next(&x) & 1;
        else if (v.kind == VALUE_REAL)
            v.real = (double)(int64_t)(next(&x) % 2000) / 4 - 100;
        else if (v.kind != VALUE_NONE)
            v.i = (int64_t)(next(&x) % 4 ? next(&x) % 100 : next(&x));
        struct write_job job;
        if (wish_judge(site, path, &v, NULL, &job, said))
            continue;
        passed++;
        assert_int_equal(job.device, 0);
        assert_memory_equal(path, "a/d/", 4);
        assert_null(strstr("level closed nope", path + 4));
        const struct point *p = &site->devices[0].map->points[job.point];
        assert_string_equal(p->name, path + 4);
        assert_true(job.count == p->words && p->write);
        if (strcmp(p->name, "speed") == 0)
            assert_in_range(job.words[0], 20, 80);
        if (strcmp(p->name, "mode") == 0 || strcmp(p->name, "stop") == 0)
            assert_in_range(job.words[0], 0, 1);
    }
    assert_true(passed > 1000);
}

static void ends_are_told_in_words(void **state)
{
    (void)state;
    static const struct {
        enum write_how how;
        const char *why, *told; /* NULL: well */
    } facts[] = {
        {WRITE_DONE, NULL, NULL},
        {WRITE_THERE, NULL, NULL},
        {WRITE_CHANGED, "x", "it is 22.0 Hz now, not 20.0 Hz; nothing was written"},
        {WRITE_FAILED, "no answer", "no answer; nothing was written"},
        {WRITE_REFUSED, "no", "no; it is 25.0 Hz now"},
        {WRITE_DIFFERS, "other", "other; it is 25.0 Hz now"},
        {WRITE_UNCONFIRMED, "lost", "lost; it is 25.0 Hz now"},
        {WRITE_UNKNOWN, "gone", "unknown: sent, and nothing could be read back: gone"},
    };
    const struct point *p = &site->devices[0].map->points[0];
    const struct write_job job = {.count = 1, .words = {60}, .masks = {0xFFFF}, .was = {40}};
    for (size_t i = 0; i < sizeof facts / sizeof *facts; i++) {
        const struct write_end e = {
            .how = facts[i].how, .why = facts[i].why, .before = {44}, .after = {50}};
        char said[WISH_SAID];
        const char *told = wish_ending(p, &job, &e, said);
        assert_true((told == NULL) == (facts[i].told == NULL));
        if (told)
            assert_string_equal(told, facts[i].told);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_right_becomes_a_job),
        cmocka_unit_test(what_is_not_is_refused_with_its_reason),
        cmocka_unit_test(no_command_of_a_hundred_thousand_gets_elsewhere),
        cmocka_unit_test(ends_are_told_in_words),
    };
    return cmocka_run_group_tests(tests, load, drop);
}
