/* SPDX-License-Identifier: Apache-2.0 */
/* Board, watch room and door, joined: samples walk in, words walk out, and tags that the room makes
 * walk back onto the board, and in again. */
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

#include "app/lookout.h"
#include "app/side.h"

enum { S = 1000, MIN = 60 * S };
static const int64_t start = INT64_C(1139079000000);

static const char map_text[] = "format: 1\ntitle: Box\nsource: [test]\nverified: invented\n"
                               "tags:\n"
                               "  head: {at: holding 0, type: f32, unit: m}\n"
                               "  other: {at: holding 2, type: f32}\n";
static const char plant_head[] =
    "format: 1\nsite: s\ngateway: g\nmqtt: {broker: \"mqtt://127.0.0.1:1883\", root: r}\n"
    "lines: {l: {connect: \"tcp://10.9.8.7:502\"}}\n"
    "areas: {a: A}\n"
    "devices: {d: {map: box, line: l, unit: 1, area: a, every: 1s}}\n";
static const char watched[] =
    "alarms:\n"
    "  a/notch/much: {tag: a/notch/flow, above: 21, for: 1s, about: Made by the room}\n"
    "leaks:\n"
    "  notch: {kind: weir, area: a, head: a/d/head, angle: 90, about: Toe, priority: low}\n";

static struct {
    char dir[64];
    struct side side;
    struct diags *ds;
    struct board *board;
    struct derive *derive;
    struct door door;
    struct sequence sequence;
    struct teller *teller;
    struct lookout *lookout;
    uint32_t ons;
    int64_t now, due;
} all;

static void write_file(const char *name, const char *head, const char *tail)
{
    char path[128];
    snprintf(path, sizeof path, "%s/%s", all.dir, name);
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fprintf(f, "%s%s", head, tail);
    fclose(f);
}

static void on_alarm(void *me, uint32_t index, enum alarm_change what, int64_t t_ms)
{
    (void)t_ms;
    *(uint32_t *)me +=
        what == ALARM_DID_ON && all.side.plant->alarms[index].origin == ALARM_CONDITION;
}

static void begin(const char *rules)
{
    static const struct plant_options options = {.library = "nowhere"};
    char path[128];
    memset(&all, 0, sizeof all);
    snprintf(all.dir, sizeof all.dir, "/tmp/headgate-test-XXXXXX");
    assert_non_null(mkdtemp(all.dir));
    snprintf(path, sizeof path, "%s/maps", all.dir);
    assert_int_equal(mkdir(path, 0700), 0);
    write_file("maps/box.yaml", map_text, "");
    write_file("plant.yaml", plant_head, rules);
    snprintf(path, sizeof path, "%s/plant.yaml", all.dir);
    all.ds = diags_new();
    if (!side_plan(&all.side, path, &options, all.ds))
        diags_print(all.ds, stderr);
    const struct plant *p = all.side.plant;
    assert_non_null(p);
    all.board = board_new(all.side.plan);
    all.derive = p->derived_count ? derive_new(p, all.ds) : NULL;
    all.door.rows = mailbox_new(1 << 20);
    all.door.live = mailbox_new(1 << 20);
    all.sequence.next[MESSAGE_EVENT] = 1;
    all.teller = teller_new(all.side.plan, &all.door, &all.sequence);
    all.now = all.due = start;
    const struct lookout_setup setup = {.plant = p,
                                        .board = all.board,
                                        .derive = all.derive,
                                        .teller = all.teller,
                                        .now_ms = start,
                                        .me = &all.ons,
                                        .alarm = on_alarm};
    all.lookout = lookout_new(&setup);
    assert_non_null(all.lookout);
}

static void end(void)
{
    static const char *const files[] = {"maps/box.yaml", "plant.yaml", "maps"};
    char path[128];
    lookout_free(all.lookout);
    teller_free(all.teller);
    derive_free(all.derive);
    board_free(all.board);
    mailbox_free(all.door.rows);
    mailbox_free(all.door.live);
    side_fini(&all.side);
    diags_free(all.ds);
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        snprintf(path, sizeof path, "%s/%s", all.dir, files[i]);
        remove(path);
    }
    rmdir(all.dir);
}

/* Runs until then; how many tags were made. */
static uint32_t run(int64_t until)
{
    uint32_t made = 0;
    const uint32_t *tags;
    while (all.due <= until) {
        all.now = all.due > all.now ? all.due : all.now;
        all.due = lookout_run(all.lookout, all.now, (mono_t){all.now * NS_PER_MS});
        assert_true(all.due > all.now);
        made += lookout_made(all.lookout, &tags);
    }
    all.now = until;
    return made;
}

static void head(double x, int64_t for_ms)
{
    uint32_t tag = plant_find_tag(all.side.plant, "a/d/head");
    for (int64_t until = all.now + for_ms; all.now < until;) {
        run(all.now + S);
        struct sample s = {.time = {all.now},
                           .quality = isnan(x) ? QUALITY_BAD : QUALITY_GOOD,
                           .value = {.kind = isnan(x) ? VALUE_NONE : VALUE_REAL, .real = x}};
        board_put(all.board, tag, &s);
        lookout_feed(all.lookout, &tag, 1, all.now);
        all.due = all.now;
        run(all.now);
    }
}

static const struct sample *now_of(const char *path)
{
    return &board_tag(all.board, plant_find_tag(all.side.plant, path))->now;
}

static void what_is_made_is_watched_in_its_turn(void **state)
{
    (void)state;
    begin(watched);
    head(0.05, 30 * S);
    assert_int_equal(now_of("a/notch/flow")->quality, QUALITY_GOOD);
    double q = now_of("a/notch/flow")->value.real;
    assert_true(q > 2 && q < 4);
    assert_int_equal(all.ons, 0);
    head(0.125, 2 * MIN);
    assert_int_equal(all.ons, 1);
    head((double)NAN, MIN); /* bad all the way through, and the alarm stays as it is */
    assert_int_equal(now_of("a/notch/flow")->quality, QUALITY_BAD);
    assert_int_equal(all.ons, 1);
    end();
}

static void what_nobody_watches_doesnt_wake_it(void **state)
{
    (void)state;
    begin(watched);
    head(0.05, 30 * S);
    uint32_t tag = plant_find_tag(all.side.plant, "a/d/other");
    int64_t due = lookout_run(all.lookout, all.now, (mono_t){all.now * NS_PER_MS});
    lookout_feed(all.lookout, &tag, 1, all.now);
    assert_int_equal(lookout_run(all.lookout, all.now, (mono_t){all.now * NS_PER_MS}), due);
    end();
}

static void a_plant_without_rules_needs_no_lookout(void **state)
{
    (void)state;
    static const struct {
        const char *rules;
        bool needed;
    } facts[] = {
        {"", false},
        {watched, true},
        {"alarms: {a/d/x: {tag: a/d/head, above: 1, about: x}}\n", true},
        {"equipment: {e: {class: pump, area: a, floor: 1 m, water: a/d/head}}\n", true},
    };
    for (size_t i = 0; i < sizeof facts / sizeof *facts; i++) {
        begin(facts[i].rules);
        assert_int_equal(lookout_needed(all.side.plant), facts[i].needed);
        end();
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_made_is_watched_in_its_turn),
        cmocka_unit_test(what_nobody_watches_doesnt_wake_it),
        cmocka_unit_test(a_plant_without_rules_needs_no_lookout),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
