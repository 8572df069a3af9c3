/* SPDX-License-Identifier: Apache-2.0 */
/* What every feature of a map becomes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "config/map.h"

static struct arena *arena;
static struct diags *ds;

static int start(void **state)
{
    (void)state;
    arena = arena_new(0);
    ds = diags_new();
    return 0;
}

static int stop(void **state)
{
    (void)state;
    diags_free(ds);
    arena_free(arena);
    return 0;
}

static const struct map *parse(const char *text)
{
    const struct map *m = map_parse(arena, text, strlen(text), "m.yaml", "m", ds);
    if (m == NULL) {
        diags_print(ds, stderr);
    }
    assert_non_null(m);
    return m;
}

/* One tag from the words behind its name. */
static const struct point *tag(const char *words)
{
    char text[1000];
    snprintf(text, sizeof text, "format: 1\ntags:\n  a: %s\n  other: {at: input 500, type: u16}\n",
             words);
    return &parse(text)->points[0];
}

static const struct point *named(const struct map *m, const char *name)
{
    for (uint32_t i = 0; i < m->point_count; i++) {
        if (strcmp(m->points[i].name, name) == 0) {
            return &m->points[i];
        }
    }
    fail_msg("no tag %s", name);
    return NULL;
}

static void every_type_has_its_size(void **state)
{
    static const struct {
        const char *words;
        enum raw_type type;
        unsigned registers, bytes;
    } cases[] = {
        {"{at: input 0, type: bool}", RAW_BOOL, 1, 0},
        {"{at: input 0, type: u8}", RAW_U8, 1, 1},
        {"{at: input 0, type: s8}", RAW_S8, 1, 1},
        {"{at: input 0, type: u16}", RAW_U16, 1, 2},
        {"{at: input 0, type: s16}", RAW_S16, 1, 2},
        {"{at: input 0, type: u24}", RAW_U24, 2, 3},
        {"{at: input 0, type: s24}", RAW_S24, 2, 3},
        {"{at: input 0, type: u32}", RAW_U32, 2, 4},
        {"{at: input 0, type: s32}", RAW_S32, 2, 4},
        {"{at: input 0, type: u48}", RAW_U48, 3, 6},
        {"{at: input 0, type: s48}", RAW_S48, 3, 6},
        {"{at: input 0, type: u64}", RAW_U64, 4, 8},
        {"{at: input 0, type: s64}", RAW_S64, 4, 8},
        {"{at: input 0, type: f16}", RAW_F16, 1, 2},
        {"{at: input 0, type: f32}", RAW_F32, 2, 4},
        {"{at: input 0, type: f64}", RAW_F64, 4, 8},
        {"{at: input 0, type: bcd16}", RAW_BCD16, 1, 2},
        {"{at: input 0, type: bcd32}", RAW_BCD32, 2, 4},
        {"{at: input 0, type: bcd64}", RAW_BCD64, 4, 8},
        {"{at: input 0, type: m10k32}", RAW_M10K32, 2, 4},
        {"{at: input 0, type: m10k48}", RAW_M10K48, 3, 6},
        {"{at: input 0, type: m10k64}", RAW_M10K64, 4, 8},
        {"{at: input 0, type: sm16}", RAW_SM16, 1, 2},
        {"{at: input 0, type: string, len: 7, chars: low}", RAW_STRING, 7, 0},
        {"{at: input 0, type: time, format: unix}", RAW_TIME, 2, 4},
        {"{at: input 0, type: time, format: unix64}", RAW_TIME, 4, 8},
        {"{at: input 0, type: time, format: unix_ms}", RAW_TIME, 4, 8},
        {"{at: input 0, type: time, format: pm800}", RAW_TIME, 3, 0},
        {"{at: input 0, type: time, format: six}", RAW_TIME, 6, 0},
        {"{at: input 0, type: time, format: iec870}", RAW_TIME, 4, 0},
        {"{at: coil 0}", RAW_BOOL, 1, 0},
        {"{at: discrete 0x1F}", RAW_BOOL, 1, 0},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct point *p = tag(cases[i].words);
        assert_int_equal(p->type, cases[i].type);
        assert_int_equal(p->words, cases[i].registers);
        assert_int_equal(p->bytes, cases[i].bytes);
    }
}

static void an_order_says_where_each_byte_lies(void **state)
{
    static const struct {
        const char *words;
        uint8_t order[8];
        unsigned count;
    } cases[] = {
        {"{at: input 0, type: f32}", {0, 1, 2, 3}, 4},
        {"{at: input 0, type: f32, order: CDAB}", {2, 3, 0, 1}, 4},
        {"{at: input 0, type: f32, order: BADC}", {1, 0, 3, 2}, 4},
        {"{at: input 0, type: f32, order: DCBA}", {3, 2, 1, 0}, 4},
        {"{at: input 0, type: u64, order: GHEFCDAB}", {6, 7, 4, 5, 2, 3, 0, 1}, 8},
        {"{at: input 0, type: u16, order: BA}", {1, 0}, 2},
        {"{at: input 0, type: u48, order: EFCDAB}", {4, 5, 2, 3, 0, 1}, 6},
        {"{at: input 0, type: u24}", {1, 2, 3}, 3},
        {"{at: input 0, type: u24, order: CDAB}", {3, 0, 1}, 3},
        {"{at: input 0, type: u8}", {1}, 1},
        {"{at: input 0, type: u8, byte: high}", {0}, 1},
        {"{at: input 0, type: string, len: 2, order: BA}", {1, 0}, 2},
        {"{at: input 0, type: time, format: unix, order: CDAB}", {2, 3, 0, 1}, 4},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_memory_equal(tag(cases[i].words)->order, cases[i].order, cases[i].count);
    }
}

static void a_type_has_an_order_and_a_tag_its_own(void **state)
{
    (void)state;
    const struct map *m = parse("format: 1\norder: {f32: CDAB}\ntags:\n"
                                "  a: {at: input 0, type: f32}\n"
                                "  b: {at: input 2, type: f32, order: ABCD}\n"
                                "  c: {at: input 4, type: u32}\n");
    assert_int_equal(m->points[0].order[0], 2);
    assert_int_equal(m->points[1].order[0], 0);
    assert_true(m->points[1].own_order);
    assert_int_equal(m->points[2].order[0], 0);
}

static void addresses_are_wire_addresses_or_what_doc_base_makes_of_them(void **state)
{
    (void)state;
    const struct map *m = parse("format: 1\ndoc_base: {input: 30001, holding: 40001}\ntags:\n"
                                "  a: {at: 30001, type: u16}\n  b: {at: 40101, type: u16}\n"
                                "  c: {at: holding 0x10, doc: 40017, type: u16}\n");
    assert_int_equal(m->points[0].table, TABLE_INPUT);
    assert_int_equal(m->points[0].address, 0);
    assert_int_equal(m->points[1].table, TABLE_HOLDING);
    assert_int_equal(m->points[1].address, 100);
    assert_int_equal(m->points[2].address, 16);
}

static void bits_become_tags_of_their_own(void **state)
{
    (void)state;
    const struct map *m =
        parse("format: 1\ntags:\n  s: {at: holding 9, type: u16, invalid: 0xFFFF, "
              "bits: {0: ready, 12: not warm}}\n");
    assert_int_equal(m->point_count, 3);
    const struct point *p = named(m, "s.warm");
    assert_int_equal(p->bit, 12);
    assert_true(p->inverted);
    assert_int_equal(p->address, 9);
    assert_int_equal(p->invalid_count, 1);
    assert_int_equal(p->kind, KIND_STATE);
    assert_string_equal(p->key, "\"s.warm\":");
    assert_int_equal(p->key_length, strlen(p->key));
    assert_int_equal(named(m, "s")->bit, -1);
}

static void sentinels_are_raw_bits(void **state)
{
    static const struct {
        const char *words;
        unsigned count;
        uint64_t low, high;
        const char *reason;
    } cases[] = {
        {"{at: input 0, type: u16, invalid: [0x7FFF]}", 1, 0x7FFF, 0x7FFF, "invalid value 0x7FFF"},
        {"{at: input 0, type: u16, invalid: {0xFFF0..0xFFFF: reserved}}", 1, 0xFFF0, 0xFFFF,
         "reserved"},
        {"{at: input 0, type: s16, invalid: {-5..-1: down}}", 1, 0xFFFB, 0xFFFF, "down"},
        {"{at: input 0, type: s16, invalid: {-5..5: zero}}", 2, 0xFFFB, 0xFFFF, "zero"},
        {"{at: input 0, type: s32, invalid: -1}", 1, 0xFFFFFFFF, 0xFFFFFFFF,
         "invalid value 0xFFFFFFFF"},
        {"{at: input 0, type: s64, invalid: -1}", 1, UINT64_MAX, UINT64_MAX,
         "invalid value 0xFFFFFFFFFFFFFFFF"},
        {"{at: input 0, type: sm16, invalid: {-3..-1: x}}", 1, 0x8001, 0x8003, "x"},
        {"{at: input 0, type: f32, invalid: {-1.0: no sensor}}", 1, 0xBF800000, 0xBF800000,
         "no sensor"},
        {"{at: input 0, type: u8, invalid: 255}", 1, 0xFF, 0xFF, "invalid value 0xFF"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct point *p = tag(cases[i].words);
        assert_int_equal(p->invalid_count, cases[i].count);
        assert_true(p->invalid[0].low == cases[i].low && p->invalid[0].high == cases[i].high);
        assert_string_equal(p->invalid[0].reason, cases[i].reason);
    }
}

static void curves_keep_their_numbers(void **state)
{
    (void)state;
    const struct point *p = tag("{at: input 0, type: u16, scale: 0.01, offset: -273.15}");
    assert_int_equal(p->curve, CURVE_LINEAR);
    assert_true(p->scale.mantissa == 1 && p->scale.places == 2);
    assert_true(p->offset.mantissa == -27315 && p->offset.places == 2);
    p = tag("{at: input 0, type: u16, offset: 5}");
    assert_true(p->scale.mantissa == 1 && p->scale.places == 0);
    p = tag("{at: input 0, type: u16, span: {raw: [0, 27648], eng: [10, 0]}}");
    assert_int_equal(p->curve, CURVE_SPAN);
    assert_true(p->raw_high > 27647 && p->eng_low > 9);
    p = tag("{at: input 0, type: u16, table: [[0, 0], [1, 1200], [2, 3100]]}");
    assert_int_equal(p->pair_count, 3);
    p = tag("{at: input 0, type: f32, weir: {k: 1.38, n: 2.5}}");
    assert_int_equal(p->curve, CURVE_WEIR);
    p = tag("{at: input 0, type: f32, convert: pf4q}");
    assert_int_equal(p->curve, CURVE_PF4Q);
    p = tag("{at: input 0, type: u16}");
    assert_int_equal(p->curve, CURVE_NONE);
}

static void computed_tags_stand_behind_their_source(void **state)
{
    (void)state;
    const struct map *m = parse("format: 1\ntags:\n"
                                "  c: {from: b, scale: 2}\n  b: {from: a, scale: 2}\n"
                                "  a: {at: input 0, type: u16, exp_from: e, valid_if: s.3 == 0}\n"
                                "  e: {at: input 1, type: s16}\n  s: {at: input 2, type: u16}\n");
    const struct point *a = named(m, "a"), *b = named(m, "b"), *c = named(m, "c");
    assert_true(a < b && b < c);
    assert_string_equal(m->points[c->from].name, "b");
    assert_string_equal(m->points[b->from].name, "a");
    assert_string_equal(m->points[a->exp_from].name, "e");
    assert_string_equal(m->points[a->valid_if.point].name, "s");
    assert_int_equal(a->valid_if.bit, 3);
}

static void conditions_have_six_forms(void **state)
{
    static const struct {
        const char *text, *point;
        int bit;
        bool equal;
        int64_t constant;
    } cases[] = {
        {"on", "on", -1, false, 0},         {"not on", "on", -1, true, 0},
        {"mode == 3", "mode", -1, true, 3}, {"mode != 3", "mode", -1, false, 3},
        {"s.2 == 0", "s", 2, true, 0},      {"s.2", "s", 2, false, 0},
        {"s.ok == 1", "s.ok", -1, true, 1}, {"s.ok == true", "s.ok", -1, true, 1},
        {"not s.ok", "s.ok", -1, true, 0},  {"state == running", "state", -1, true, 2},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[600];
        snprintf(text, sizeof text,
                 "format: 1\ntags:\n  a: {at: input 0, type: u16, valid_if: %s}\n"
                 "  on: {at: coil 0}\n  mode: {at: input 1, type: u16}\n"
                 "  s: {at: input 2, type: u16, bits: {0: ok}}\n"
                 "  state: {at: input 3, type: u16, enum: {1: stopped, 2: running}}\n",
                 cases[i].text);
        const struct map *m = parse(text);
        const struct condition *c = &m->points[0].valid_if;
        assert_string_equal(m->points[c->point].name, cases[i].point);
        assert_int_equal(c->bit, cases[i].bit);
        assert_int_equal(c->equal, cases[i].equal);
        assert_int_equal(c->constant, cases[i].constant);
    }
}

static void a_block_of_like_things_is_written_once(void **state)
{
    (void)state;
    const struct map *m =
        parse("format: 1\ndoc_base: {input: 30001}\ntags:\n"
              "  p{n}: {at: input 10, doc: 30011, type: u16, repeat: {count: 3, "
              "stride: 5}, group: \"g{n}\",\n"
              "         about: \"Pump {n}\", bits: {1: run}, valid_if: \"ok{n}\"}\n"
              "  ok{n}: {at: coil 0, repeat: {n: [1, 2, 3], stride: 1}}\n");
    assert_int_equal(m->point_count, 9);
    assert_int_equal(m->group_count, 3);
    const struct point *p = named(m, "p3.run");
    assert_int_equal(p->address, 20);
    assert_string_equal(p->about, "Pump 3");
    assert_string_equal(m->points[p->valid_if.point].name, "ok3");
    assert_int_equal(p->group, named(m, "p3")->group);
    assert_int_equal(named(m, "ok2")->address, 1);
}

static void defaults_are_careful(void **state)
{
    (void)state;
    const struct map *m = parse("format: 1\ntags: {a: {at: input 0, type: u16}}\n");
    assert_int_equal(m->limits.max_registers, 125);
    assert_int_equal(m->limits.max_bits, 2000);
    assert_int_equal(m->limits.max_gap, 16);
    assert_int_equal(m->heartbeat.point, -1);
    assert_int_equal(strlen(m->hash), 16);
    const struct point *p = &m->points[0];
    assert_int_equal(p->kind, KIND_GAUGE);
    assert_int_equal(p->from, -1);
    assert_int_equal(p->group, -1);
    assert_int_equal(p->exp_from, -1);
    assert_int_equal(p->mul_from, -1);
    assert_int_equal(p->valid_if.point, -1);
    assert_int_equal(p->every_ns, 0);
    assert_string_equal(p->unit, "");
}

static void a_map_says_the_rest(void **state)
{
    (void)state;
    const struct map *m = parse(
        "format: 1\ntitle: T\nsource: [one, two]\nverified: document\nevery: 5s\ndeadband: 0.5\n"
        "max_silence: 1m\nheartbeat: {tag: n, within: 10s}\nidentify: {tag: s, is: [\"AB12\", \"CD\"]}\n"
        "limits: {max_registers: 80, max_bits: 100, max_gap: 0, delay: 5ms, never: [holding "
        "5..7]}\n"
        "tags:\n  n: {at: input 0, type: u32, kind: counter, wrap: 999999, reset: true, every: "
        "1m}\n"
        "  w: {at: holding 0, type: u16, write: {limits: [0, 50]}, danger: true, deadband: 2}\n"
        "  s: {at: input 9, type: string, len: 4}\n");
    assert_string_equal(m->source, "one; two");
    assert_int_equal(m->every_ns, 5 * NS_PER_S);
    assert_int_equal(m->heartbeat.within_ns, 10 * NS_PER_S);
    assert_int_equal(m->limits.delay_ns, 5 * NS_PER_MS);
    assert_int_equal(m->limits.never[0].last, 7);
    const struct point *n = named(m, "n"), *w = named(m, "w");
    assert_true(n->has_wrap && n->reset && n->kind == KIND_COUNTER);
    assert_int_equal(n->every_ns, 60 * NS_PER_S);
    assert_int_equal(n->max_silence_ns, 60 * NS_PER_S);
    assert_true(n->deadband > 0.4 && n->deadband < 0.6 && w->deadband > 1.9);
    assert_true(w->write && w->danger && !n->write);
    assert_int_equal(named(m, "s")->kind, KIND_TEXT);
    assert_int_equal(m->text_bytes, 4 * 2 + 32);
}

static void examples_are_words_and_values(void **state)
{
    (void)state;
    const struct map *m = parse(
        "format: 1\ntags:\n  v: {at: input 0, type: f32}\n  on: {at: coil 3}\n"
        "  s: {at: input 5, type: u16, enum: {1: up}}\n"
        "examples:\n  - given: {input 0: [0x4366, 0x3333], coil 3: [true], input 5: [1]}\n"
        "    expect: {v: 230.20, on: true, s: up}\n"
        "  - {given: {input 0: [0, 0]}, expect: {v: bad, s: {bad: open sensor}, on: null}}\n");
    assert_int_equal(m->example_count, 2);
    const struct example *e = &m->examples[0];
    assert_int_equal(e->given[0].words[1], 0x3333);
    assert_int_equal(e->given[1].words[0], 1);
    assert_int_equal(e->expected[0].value.kind, VALUE_INT);
    assert_true(e->expected[0].value.i == 2302 || e->expected[0].value.i == 23020);
    assert_int_equal(e->expected[1].value.kind, VALUE_BOOL);
    assert_int_equal(e->expected[2].value.kind, VALUE_TEXT);
    assert_int_equal(e->expected[2].at.line, 8);
    assert_int_equal(m->examples[1].expected[0].value.kind, VALUE_NONE);
    assert_string_equal(m->examples[1].expected[1].reason, "open sensor");
    assert_int_equal(m->examples[1].expected[2].value.kind, VALUE_NONE);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, start, stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(every_type_has_its_size),
        TEST(an_order_says_where_each_byte_lies),
        TEST(a_type_has_an_order_and_a_tag_its_own),
        TEST(addresses_are_wire_addresses_or_what_doc_base_makes_of_them),
        TEST(bits_become_tags_of_their_own),
        TEST(sentinels_are_raw_bits),
        TEST(curves_keep_their_numbers),
        TEST(computed_tags_stand_behind_their_source),
        TEST(conditions_have_six_forms),
        TEST(a_block_of_like_things_is_written_once),
        TEST(defaults_are_careful),
        TEST(a_map_says_the_rest),
        TEST(examples_are_words_and_values),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
