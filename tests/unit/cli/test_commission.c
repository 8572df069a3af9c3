/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/commission.h"

/* A device with one point that is asked and what that hangs on: its factor, its condition. */
struct stand {
    struct point points[4];
    struct invalid invalid;
    struct choice choice;
    struct pair pair;
    struct factor factor;
    struct decimal weights[2];
    uint16_t parts[2];
    struct map map;
    struct line line;
    struct device device;
    struct plant plant;
};

static struct point a_point(const char *name, uint16_t address)
{
    return (struct point){.name = name,
                          .table = TABLE_HOLDING,
                          .type = RAW_U16,
                          .bytes = 2,
                          .order = {0, 1},
                          .words = 1,
                          .address = address,
                          .bit = -1,
                          .from = -1,
                          .exp_from = -1,
                          .mul_from = -1,
                          .valid_if = {.point = -1},
                          .unit = "m",
                          .about = ""};
}

static void set_up(struct stand *s)
{
    memset(s, 0, sizeof *s);
    s->points[0] = a_point("level", 10);
    s->points[1] = a_point("factor", 11);
    s->points[2] = a_point("ok", 12);
    s->points[3] = a_point("deep", 13);
    s->points[1].exp_from = 3;
    s->points[0].mul_from = 1;
    s->points[0].valid_if.point = 2;
    s->invalid = (struct invalid){.low = 5, .high = 6, .reason = "x"};
    s->choice = (struct choice){.raw = 1, .text = "on", .length = 2};
    s->pair = (struct pair){1, 2};
    s->factor = (struct factor){.code = 1, .by = {.real = 2, .mantissa = 2}};
    s->points[0].invalid = &s->invalid;
    s->points[0].invalid_count = 1;
    s->points[0].choices = &s->choice;
    s->points[0].choice_count = 1;
    s->points[0].pairs = &s->pair;
    s->points[0].pair_count = 1;
    s->points[0].factors = &s->factor;
    s->points[0].factor_count = 1;
    s->points[0].parts = s->parts;
    s->points[0].weights = s->weights;
    s->points[0].part_count = 2;
    s->map = (struct map){.name = "m", .points = s->points, .point_count = 4};
    s->line = (struct line){.name = "l", .transport = TRANSPORT_TCP, .host = "h", .port = 502};
    s->device = (struct device){.name = "d", .path = "a/d", .map = &s->map, .unit = 1};
    s->plant = (struct plant){.lines = &s->line,
                              .line_count = 1,
                              .devices = &s->device,
                              .device_count = 1,
                              .first_derived = 4,
                              .tag_count = 4};
}

static void print_of(const struct stand *s, char out[static 17])
{
    struct work w = {.plant = &s->plant, .arena = arena_new(0)};
    assert_non_null(w.arena);
    assert_true(points_find(&w, NULL, -1));
    assert_true(w.count >= 1);
    strcpy(out, w.points[0].fingerprint);
    arena_free(w.arena);
}

#define CHANGE(name, what)                                                                         \
    static void name(struct stand *s)                                                              \
    {                                                                                              \
        what;                                                                                      \
    }
CHANGE(table, s->points[0].table = TABLE_INPUT)
CHANGE(type, s->points[0].type = RAW_S16)
CHANGE(bit, s->points[0].bit = 3)
CHANGE(order, s->points[0].order[0] = 1)
CHANGE(shift, s->points[0].shift = 4)
CHANGE(inverted, s->points[0].inverted = true)
CHANGE(words, s->points[0].words = 2)
CHANGE(address, s->points[0].address = 9)
CHANGE(mask, s->points[0].mask = 255)
CHANGE(string_form, s->points[0].string_form = STRING_ONE_LOW)
CHANGE(time_form, s->points[0].time_form = TIME_PM800)
CHANGE(curve, s->points[0].curve = CURVE_LINEAR)
CHANGE(scale, s->points[0].scale.real = 0.1)
CHANGE(mantissa, s->points[0].scale.mantissa = 1)
CHANGE(places, s->points[0].scale.places = 1)
CHANGE(offset, s->points[0].offset.real = 1)
CHANGE(raw_low, s->points[0].raw_low = 1)
CHANGE(raw_high, s->points[0].raw_high = 1)
CHANGE(eng_low, s->points[0].eng_low = 1)
CHANGE(eng_high, s->points[0].eng_high = 1)
CHANGE(weir_k, s->points[0].weir_k = 1)
CHANGE(weir_n, s->points[0].weir_n = 1)
CHANGE(pairs, s->pair.y = 3)
CHANGE(factors, s->factor.by.real = 3)
CHANGE(code, s->factor.code = 3)
CHANGE(parts, s->parts[1] = 2)
CHANGE(weights, s->weights[0].real = 10)
CHANGE(invalid, s->invalid.high = 7)
CHANGE(choice_raw, s->choice.raw = 2)
CHANGE(choice_text, s->choice.text = "up")
CHANGE(unit, s->points[0].unit = "ft")
CHANGE(condition, s->points[0].valid_if.point = -1)
CHANGE(condition_bit, s->points[0].valid_if.bit = 1)
CHANGE(condition_equal, s->points[0].valid_if.equal = true)
CHANGE(condition_constant, s->points[0].valid_if.constant = 1)
CHANGE(no_factor, s->points[0].mul_from = -1)
CHANGE(computed, s->points[0].from = 3)
CHANGE(power, s->points[0].exp_from = 3)
CHANGE(factor_moves, s->points[1].address = 8)
CHANGE(what_it_hangs_on_moves, s->points[3].address = 8)
CHANGE(condition_moves, s->points[2].address = 8)
CHANGE(host, s->line.host = "i")
CHANGE(port, s->line.port = 503)
CHANGE(unit_number, s->device.unit = 2)
CHANGE(map_name, s->map.name = "n")
CHANGE(zone, s->device.timezone = "Europe/Vienna")

CHANGE(about, s->points[0].about = "else")
CHANGE(name_of_line, s->line.name = "k")
CHANGE(period, s->points[0].every_ns = 5)
CHANGE(deadband, s->points[0].deadband = 5)
CHANGE(another_place, s->points[0].at.line = 5)

static void what_makes_the_value_makes_the_fingerprint(void **state)
{
    (void)state;
    static void (*const all[])(struct stand *) = {table,
                                                  type,
                                                  bit,
                                                  order,
                                                  shift,
                                                  inverted,
                                                  words,
                                                  address,
                                                  mask,
                                                  string_form,
                                                  time_form,
                                                  curve,
                                                  scale,
                                                  mantissa,
                                                  places,
                                                  offset,
                                                  raw_low,
                                                  raw_high,
                                                  eng_low,
                                                  eng_high,
                                                  weir_k,
                                                  weir_n,
                                                  pairs,
                                                  factors,
                                                  code,
                                                  parts,
                                                  weights,
                                                  invalid,
                                                  choice_raw,
                                                  choice_text,
                                                  unit,
                                                  condition,
                                                  condition_bit,
                                                  condition_equal,
                                                  condition_constant,
                                                  no_factor,
                                                  computed,
                                                  power,
                                                  factor_moves,
                                                  what_it_hangs_on_moves,
                                                  condition_moves,
                                                  host,
                                                  port,
                                                  unit_number,
                                                  map_name,
                                                  zone};
    enum { COUNT = sizeof all / sizeof *all };
    char prints[COUNT + 1][17];
    struct stand s;
    set_up(&s);
    print_of(&s, prints[COUNT]);
    for (size_t i = 0; i < COUNT; i++) {
        set_up(&s);
        all[i](&s);
        print_of(&s, prints[i]);
    }
    for (size_t i = 0; i <= COUNT; i++)
        for (size_t k = 0; k < i; k++)
            assert_string_not_equal(prints[i], prints[k]);
}

static void what_does_not_make_it_leaves_it(void **state)
{
    (void)state;
    static void (*const all[])(struct stand *) = {about, name_of_line, period, deadband,
                                                  another_place};
    char before[17], after[17];
    struct stand s;
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        set_up(&s);
        print_of(&s, before);
        all[i](&s);
        print_of(&s, after);
        assert_string_equal(before, after);
    }
}

static void what_changes_by_being_read_is_left_out(void **state)
{
    (void)state;
    struct stand s;
    set_up(&s);
    s.points[1].side_effect = true;
    struct work w = {.plant = &s.plant, .arena = arena_new(0)};
    assert_true(points_find(&w, NULL, -1));
    assert_int_equal(w.count, 3);
    w.count = 0;
    assert_true(points_find(&w, &s.device, 2));
    assert_int_equal(w.count, 1);
    assert_int_equal(w.points[0].point, 2);
    arena_free(w.arena);
}

static void a_value_is_compared_as_its_kind(void **state)
{
    (void)state;
    static const struct value real = {.kind = VALUE_REAL, .real = 41.9},
                              fixed = {.kind = VALUE_INT, .i = -419, .places = 1},
                              big = {.kind = VALUE_UINT, .u = UINT64_C(18000000000000000000)},
                              yes = {.kind = VALUE_BOOL, .truth = true},
                              none = {.kind = VALUE_NONE}, text = {.kind = VALUE_TEXT};
    static const struct {
        const struct value *is;
        const char *seen;
        double tolerance;
        enum match match;
    } cases[] = {
        {&real, "41.9", 0, MATCH_YES},
        {&real, "41,9", 0, MATCH_YES},
        {&real, "+41.9 m", 0, MATCH_YES},
        {&real, "41.9m", 0, MATCH_YES},
        {&real, "42.0", 0, MATCH_NO},
        {&real, "42.0", 0.01, MATCH_YES},
        {&real, "0", 0.01, MATCH_NO},
        {&real, "-41.9", 0.01, MATCH_NO},
        {&real, "1,041.9", 0, MATCH_UNKNOWN},
        {&real, "m", 0, MATCH_UNKNOWN},
        {&real, "", 0, MATCH_UNKNOWN},
        {&real, "inf", 0, MATCH_UNKNOWN},
        {&real, "0x29", 0, MATCH_UNKNOWN},
        {&real, "41.9 bar", 0, MATCH_UNKNOWN},
        {&fixed, "-41.9", 0, MATCH_YES},
        {&fixed, "-41.8", 0, MATCH_NO},
        {&big, "18000000000000000000", 0, MATCH_YES},
        {&yes, "on", 0, MATCH_YES},
        {&yes, "TRUE", 0, MATCH_YES},
        {&yes, "0", 0, MATCH_NO},
        {&yes, "perhaps", 0, MATCH_UNKNOWN},
        {&none, "5", 1, MATCH_NO},
        {&text, "Running", 0, MATCH_YES},
        {&text, "runs", 0, MATCH_NO},
    };
    const struct point p = a_point("level", 0);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct look l = {.number = *cases[i].is};
        strcpy(l.value, "running");
        assert_int_equal(look_match(&p, &l, cases[i].seen, cases[i].tolerance), cases[i].match);
    }
}

static void nobody_reads_better_than_a_step(void **state)
{
    (void)state;
    struct point p = a_point("level", 0);
    struct look l = {.number = {.kind = VALUE_REAL, .real = 20}};
    p.curve = CURVE_LINEAR;
    p.scale.real = 0.5;
    assert_int_equal(look_match(&p, &l, "20.25", 0), MATCH_YES);
    assert_int_equal(look_match(&p, &l, "20.3", 0), MATCH_NO);
    p.deadband = 1;
    assert_int_equal(look_match(&p, &l, "21", 0), MATCH_YES);
    assert_int_equal(look_match(&p, &l, "21.1", 0), MATCH_NO);
}

/* ---- how else registers could be read ---------------------------------------------------------
 */

static void put_float(uint16_t *at, float x, bool swapped)
{
    uint32_t u;
    memcpy(&u, &x, sizeof u);
    at[swapped] = (uint16_t)(u >> 16);
    at[!swapped] = (uint16_t)u;
}

static struct point a_float(uint16_t address)
{
    struct point p = a_point("flow", address);
    p.type = RAW_F32;
    p.words = 2;
    p.bytes = 4;
    memcpy(p.order, (const uint8_t[]){0, 1, 2, 3}, 4);
    return p;
}

static const char *hint_of(const struct point *p, const struct look *l, const char *seen)
{
    static char out[HINT_ROOM];
    look_hint(p, l, seen, 0.01, out);
    return out;
}

static void in_a_device_of_mixed_orders_the_right_one_is_hinted_at(void **state)
{
    (void)state;
    struct look l = {.table = TABLE_HOLDING, .first = 100, .count = 8};
    put_float(l.words, 412.34F, true);
    put_float(l.words + 2, 21.5F, false); /* 101 as ABCD is 412.513 */
    l.words[4] = 2305;
    l.words[5] = 0xFFFF;
    l.words[6] = 0x8000;
    l.words[7] = 64;
    struct point p = a_float(100);
    static const char right[] = "holding 100 as f32 CDAB would be that: what is expected, to the "
                                "last digit";
    assert_string_equal(hint_of(&p, &l, "412.34"), right);
    assert_string_equal(hint_of(&p, &l, "412,34 m"), right);
    /* What moves on, and what is read with fewer digits, may be either. */
    const char *both = hint_of(&p, &l, "412.4");
    if (strncmp(both, "holding 100 as f32 CDAB (412.34) or holding 101 as f32 ABCD (412.513", 68) !=
        0)
        fail_msg("%s", both);
}

static void each_of_a_row_of_swapped_floats_is_hinted_at(void **state)
{
    (void)state;
    static const struct {
        float is;
        const char *seen;
    } row[] = {{412.34F, "412.3"}, {3.127F, "3.13"},   {0.85F, "0.85"}, {1480.6F, "1481"},
               {63.2F, "63.2"},    {-12.46F, "-12.5"}, {7.05F, "7.05"}, {230.9F, "231"}};
    enum { ROW = sizeof row / sizeof *row };
    struct look l = {.table = TABLE_HOLDING, .first = 100, .count = 2 * ROW};
    for (size_t i = 0; i < ROW; i++)
        put_float(l.words + 2 * i, row[i].is, true);
    for (size_t i = 0; i < ROW; i++) {
        char right[40];
        struct point p = a_float((uint16_t)(100 + 2 * i));
        /* One register on, the next float's first word behind this one's reads much the same. */
        snprintf(right, sizeof right, "holding %zu as f32 CDAB ", 100 + 2 * i);
        const char *hint = hint_of(&p, &l, row[i].seen);
        if (strncmp(hint, right, strlen(right)) != 0)
            fail_msg("%s: %s", row[i].seen, hint);
    }
}

static void what_many_readings_say_is_no_hint(void **state)
{
    (void)state;
    struct look l = {.table = TABLE_HOLDING, .first = 100, .count = 6};
    for (unsigned i = 0; i < 6; i++)
        l.words[i] = 200;
    struct point p = a_float(102);
    assert_string_equal(hint_of(&p, &l, "20.0"), "");
}

static void a_record_too_long_is_no_record(void **state)
{
    (void)state;
    static char line[RECORD_ROOM], note[RECORD_ROOM];
    struct record r = {"t", "b", "a/d/x", "f", "v", "c", "", "", "", "", 192, "", "", VERDICT_YES};
    assert_true(record_json(line, &r) > 0);
    memset(note, 'x', sizeof note - 1);
    r.note = note;
    assert_int_equal(record_json(line, &r), 0);
}

static void values_are_short_for_people(void **state)
{
    (void)state;
    static const struct {
        const char *is, *shown;
    } cases[] = {{"3.1002604166666665", "3.10026"},
                 {"41.9", "41.9"},
                 {"18000000000000000000", "18000000000000000000"},
                 {"4.047733223390973e-28", "4.047733e-28"},
                 {"a text. With a dot", "a text. With a dot"},
                 {"", ""}};
    char out[SHORT_VALUE];
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_string_equal(short_value(out, cases[i].is), cases[i].shown);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_makes_the_value_makes_the_fingerprint),
        cmocka_unit_test(what_does_not_make_it_leaves_it),
        cmocka_unit_test(what_changes_by_being_read_is_left_out),
        cmocka_unit_test(a_value_is_compared_as_its_kind),
        cmocka_unit_test(nobody_reads_better_than_a_step),
        cmocka_unit_test(in_a_device_of_mixed_orders_the_right_one_is_hinted_at),
        cmocka_unit_test(each_of_a_row_of_swapped_floats_is_hinted_at),
        cmocka_unit_test(what_many_readings_say_is_no_hint),
        cmocka_unit_test(a_record_too_long_is_no_record),
        cmocka_unit_test(values_are_short_for_people),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
