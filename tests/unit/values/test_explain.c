/* SPDX-License-Identifier: Apache-2.0 */
/* The steps that are told end where decoding ends: for points made by chance, and for those whose
 * steps people will read. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "points.h"
#include "values/explain.h"
#include "values/judge.h"

static uint64_t seed = 88172645463325252ULL;

static uint64_t chance(void)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return seed;
}

static bool one_in(unsigned n)
{
    return chance() % n == 0;
}

static const struct choice words[] = {{0, "off", 3}, {1, "on", 2}, {7, "seven", 5}};
static const struct pair table[] = {{0, 0}, {100, 5}, {70000, 10}};
static struct invalid invalid[2];

static const uint16_t parts[] = {0, 3};
static const struct factor factors[] = {{.code = 1, .by = {0.5, 5, 1}},
                                        {.code = 2, .by = {10, 10, 0}}};

static struct point any_point(void)
{
    enum raw_type type = (enum raw_type)(chance() % RAW_TIME); /* times have forms of their own */
    struct point p = point_of(type, NULL);
    if (type == RAW_STRING)
        p.words = (uint16_t)(1 + chance() % 6);
    for (unsigned i = p.bytes > 3 ? p.bytes : 0; i > 1; i--) {
        unsigned k = (unsigned)(chance() % i);
        uint8_t swap = p.order[i - 1];
        p.order[i - 1] = p.order[k];
        p.order[k] = swap;
    }
    bool whole = type <= RAW_S64;
    if (whole && one_in(4))
        p.bit = (int8_t)(chance() % 16);
    else if (type == RAW_BOOL || (whole && one_in(4))) {
        p.mask = one_in(2) ? 0x0FF0 : 0;
        p.shift = (uint8_t)(chance() % 9);
        if (type == RAW_BOOL)
            p.mask |= 1;
    }
    p.inverted = (p.bit >= 0 || type == RAW_BOOL) && one_in(2);
    if (one_in(3) && type != RAW_STRING) {
        uint64_t low = chance() % 4 * 0x4000;
        invalid[0] = (struct invalid){low, low + chance() % 0x4000, "no sensor"};
        invalid[1] = (struct invalid){0x7FC00000, 0x7FC00000, "open"};
        p.invalid = invalid;
        p.invalid_count = 2;
    }
    p.curve = (uint8_t)(one_in(3) ? CURVE_NONE : chance() % (CURVE_PF4Q + 1));
    p.scale = decimal_of("0.1");
    p.offset = decimal_of("-40");
    p.raw_high = 27648;
    p.eng_high = 10;
    p.pairs = table;
    p.pair_count = 3;
    p.weir_k = 1.4;
    p.weir_n = 2.5;
    if (one_in(5) && type <= RAW_S64) {
        p.choices = words;
        p.choice_count = 3;
    }
    p.has_valid = one_in(3);
    p.valid_low = -20;
    p.valid_high = 3000;
    return p;
}

static struct sample any_sample(int64_t most)
{
    struct sample s = {.quality = QUALITY_GOOD, .time = {5}};
    s.value = (struct value){.kind = VALUE_INT, .i = (int64_t)(chance() % (uint64_t)most)};
    if (one_in(6)) {
        s.quality = one_in(2) ? QUALITY_UNCERTAIN : QUALITY_COMM_FAILURE;
        s.reason = "no answer";
        if (s.quality == QUALITY_COMM_FAILURE)
            s.value = (struct value){.kind = VALUE_NONE};
    }
    return s;
}

static void as_the_board_does(const struct explain_input *in, const struct point *p, char *text,
                              struct sample *s)
{
    if (p->from >= 0)
        decode_from(p, in->source, s);
    else
        decode_point(p, in->data, in->offset, text, s);
    if (p->exp_from >= 0 || p->mul_from >= 0 || p->valid_if.point >= 0) {
        decode_scaled(p, p->exp_from >= 0 ? in->exponent : NULL,
                      p->mul_from >= 0 ? in->factor : NULL, s);
        if (p->valid_if.point >= 0)
            judge_condition(&p->valid_if, &in->map->points[p->valid_if.point], in->condition, s);
    }
}

static void the_last_step_is_what_decoding_says(void **state)
{
    (void)state;
    struct point points[4];
    const struct map map = {.points = points, .point_count = 4};
    uint8_t data[16];
    char text[2][64];
    for (int round = 0; round < 40000; round++) {
        points[0] = points[1] = points[2] = point_of(RAW_S16, NULL);
        points[3] = any_point();
        struct point *p = &points[3];
        struct sample exponent = any_sample(5), factor = any_sample(100), other = any_sample(3),
                      source = any_sample(100000);
        p->exp_from = one_in(5) ? 0 : -1;
        p->mul_from = one_in(5) ? 1 : -1;
        p->valid_if = (struct condition){.point = one_in(5) ? 2 : -1, .bit = -1, .equal = true};
        if (p->type != RAW_STRING && p->type != RAW_BOOL && one_in(6))
            p->from = 0;
        for (size_t i = 0; i < sizeof data; i++)
            data[i] = one_in(3) ? 0 : (uint8_t)chance();
        if (p->mul_from >= 0 && one_in(2)) {
            p->factors = factors;
            p->factor_count = 2;
        }
        if (p->from < 0 && p->type >= RAW_U32 && p->type <= RAW_S32 && one_in(3)) {
            p->parts = parts;
            p->part_count = 2;
            p->words = 4;
        }
        const struct explain_input in = {.map = &map,
                                         .point = 3,
                                         .data = data,
                                         .offset = (uint16_t)(chance() % 2),
                                         .source = &source,
                                         .exponent = &exponent,
                                         .factor = &factor,
                                         .condition = &other,
                                         .text = text[0]};
        struct explanation e;
        struct sample told;
        explain_point(&in, &e);
        assert_false(e.drifted);
        as_the_board_does(&in, p, text[1], &told);
        const struct sample *end = &e.steps[e.count - 1].after;
        assert_in_range(e.count, 1, EXPLAIN_STEPS - 1);
        assert_int_equal(end->quality, told.quality);
        assert_int_equal(end->value.kind, told.value.kind);
        assert_true(told.value.kind == VALUE_NONE || value_equal(&end->value, &told.value));
        assert_ptr_equal(end->reason, told.reason);
        struct explain_order orders[EXPLAIN_ORDERS];
        uint32_t count = explain_orders(&in, orders), configured = 0;
        for (uint32_t i = 0; i < count; i++)
            configured += orders[i].configured;
        assert_true(count == 0 || configured == 1);
    }
}

/* "words; order; raw 4125; curve 412.5" */
static const char *story(const struct point *p, const char *hex)
{
    static char out[600];
    uint8_t data[64];
    char text[128], value[64];
    bytes_of(hex, data);
    const struct map map = {.points = p, .point_count = 1};
    const struct explain_input in = {.map = &map, .data = data, .text = text};
    struct explanation e;
    explain_point(&in, &e);
    size_t n = 0;
    for (uint32_t i = 0; i < e.count; i++) {
        const struct explain_step *s = &e.steps[i];
        n += (size_t)snprintf(out + n, sizeof out - n, "%s%s", i ? "; " : "",
                              explain_kind_name((enum explain_kind)s->kind));
        if (s->after.value.kind != VALUE_NONE)
            n += (size_t)snprintf(out + n, sizeof out - n, " %s",
                                  explain_value(value, sizeof value, &s->after.value));
        else if (s->after.reason)
            n += (size_t)snprintf(out + n, sizeof out - n, " (%s)", s->after.reason);
    }
    return out;
}

static void steps_tell_how_a_value_came_about(void **state)
{
    (void)state;
    struct point p = scaled_point(RAW_U16, "0.1", "0");
    assert_string_equal(story(&p, "101D"), "words; order; raw 4125; curve 412.5");
    p.has_valid = true;
    p.valid_high = 100;
    assert_string_equal(story(&p, "101D"),
                        "words; order; raw 4125; curve 412.5; range (above the valid range)");
    static const struct invalid open[] = {{0x7FFF, 0x7FFF, "open circuit"}};
    p.invalid = open;
    p.invalid_count = 1;
    assert_string_equal(story(&p, "7FFF"), "words; order; sentinel (open circuit)");
    p = point_of(RAW_U16, NULL);
    p.bit = 3;
    p.inverted = true;
    assert_string_equal(story(&p, "0008"), "words; order; raw 8; bits false");
    p = point_of(RAW_U16, NULL);
    p.choices = words;
    p.choice_count = 3;
    assert_string_equal(story(&p, "0007"), "words; order; raw 7; enum 'seven'");
    assert_string_equal(story(&p, "0008"), "words; order; raw 8; enum 8");
    p = point_of(RAW_F32, "CDAB");
    assert_string_equal(story(&p, "4000 43CE"), "words; order; raw 412.5");
    assert_string_equal(story(&p, "0000 7FC0"), "words; order; raw (not a number)");
}

static void an_order_that_is_far_more_plausible_is_seen(void **state)
{
    (void)state;
    static const struct {
        enum raw_type type;
        const char *order, *wire, *better; /* NULL: none */
    } cases[] = {
        {RAW_F32, "ABCD", "4000 43CE", NULL}, /* 2.004 or 412.5: both may be */
        {RAW_F32, "CDAB", "43CE 4000", NULL},
        {RAW_F32, "ABCD", "43CE 4000", NULL},
        {RAW_F32, "ABCD", "0000 43CE", "CDAB"},
        {RAW_F32, "ABCD", "CE43 0040", "BADC"},
        {RAW_F32, "ABCD", "0000 0000", NULL},
        {RAW_U32, "ABCD", "0000 0005", NULL},
        {RAW_U32, "CDAB", "0000 0005", "ABCD"},
        {RAW_U32, "ABCD", "0012 D687", NULL},
        {RAW_F64, "ABCDEFGH", "0000 0000 C800 4079", "GHEFCDAB"},
        {RAW_U16, "AB", "1234", NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct point p = point_of(cases[i].type, cases[i].order);
        const struct map map = {.points = &p, .point_count = 1};
        uint8_t data[16];
        bytes_of(cases[i].wire, data);
        const struct explain_input in = {.map = &map, .data = data};
        struct explain_order orders[EXPLAIN_ORDERS];
        uint32_t count = explain_orders(&in, orders);
        const struct sample *own = NULL;
        for (uint32_t k = 0; k < count; k++)
            own = orders[k].configured ? &orders[k].sample : own;
        const char *better = NULL;
        unsigned best = 0;
        for (uint32_t k = 0; k < count; k++)
            if (explain_far_better(&p, own, &orders[k].sample) &&
                explain_looks(&p, &orders[k].sample) > best) {
                better = orders[k].name;
                best = explain_looks(&p, &orders[k].sample);
            }
        struct explain_hint hint = {0};
        explain_hint(&hint, &in, own);
        if ((hint.looks > 0) != (better != NULL) ||
            (better && strncmp(hint.text + strlen("order "), better, strlen(better)) != 0))
            fail_msg("row %zu: %s", i, hint.text);
        if (!cases[i].better != !better || (better && strcmp(better, cases[i].better) != 0))
            fail_msg("row %zu: %s", i, better ? better : "none");
    }
}

static struct sample good_of(struct value v)
{
    return (struct sample){.quality = QUALITY_GOOD, .value = v};
}

static struct value real_of(double x)
{
    return (struct value){.kind = VALUE_REAL, .real = x};
}

static struct value whole_of(int64_t x)
{
    return (struct value){.kind = VALUE_INT, .i = x};
}

static void what_was_measured_looks_like_it(void **state)
{
    (void)state;
    static const struct value text = {.kind = VALUE_TEXT, .text = "P3", .length = 2};
    struct point plain = point_of(RAW_U16, NULL), valid = plain, word = plain;
    valid.has_valid = true;
    word.choices = words;
    word.choice_count = 3;
    const struct {
        const struct point *p;
        struct value v;
        enum quality quality;
        unsigned looks;
    } facts[] = {
        {&plain, {.kind = VALUE_NONE}, QUALITY_BAD, 0},
        {&plain, {.kind = VALUE_BOOL}, QUALITY_GOOD, 3},
        {&plain, {.kind = VALUE_BOOL}, QUALITY_UNCERTAIN, 1},
        {&plain, text, QUALITY_GOOD, 3},
        {&plain, text, QUALITY_UNCERTAIN, 1},
        {&word, whole_of(9), QUALITY_GOOD, 1},
        {&valid, whole_of(9), QUALITY_GOOD, 3},
        {&plain, whole_of(9), QUALITY_GOOD, 2},
        {&plain, whole_of(99999999), QUALITY_GOOD, 1},
        {&plain, real_of(0), QUALITY_GOOD, 2},
        {&plain, real_of(1e-35), QUALITY_GOOD, 0},
        {&plain, real_of(412.5), QUALITY_GOOD, 2},
        {&plain, real_of(-3e-6), QUALITY_GOOD, 1},
        {&plain, real_of(3e9), QUALITY_GOOD, 1},
        {&plain, real_of(3e13), QUALITY_GOOD, 0},
        {&plain, real_of(1e-9), QUALITY_GOOD, 0},
    };
    for (size_t i = 0; i < sizeof facts / sizeof *facts; i++) {
        const struct sample s = {.quality = facts[i].quality, .value = facts[i].v};
        if (explain_looks(facts[i].p, &s) != facts[i].looks)
            fail_msg("fact %zu: %u", i, explain_looks(facts[i].p, &s));
    }
    const struct {
        const struct point *p;
        struct value own, other;
        bool better;
    } pairs[] = {
        {&plain, whole_of(65536 * 5), whole_of(5), true},
        {&plain, whole_of(65536 * 5), whole_of(0), false},
        {&plain, whole_of(65536 * 5), whole_of(6), false},
        {&plain, real_of(3e13), whole_of(5), true},
        {&plain, real_of(3e13), whole_of(0), false}, /* zero looks well in every order */
        {&plain, real_of(3e13), text, true},
        {&plain, real_of(3e9), whole_of(4), true}, /* smaller by far */
        {&plain, real_of(-3e-6), real_of(4), true},
        {&plain, whole_of(20000000), whole_of(9000000), false},
        {&plain, {.kind = VALUE_NONE}, real_of(3e9), false},
        {&word, whole_of(9), text, true},
    };
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        const struct sample own = good_of(pairs[i].own), other = good_of(pairs[i].other);
        if (explain_far_better(pairs[i].p, &own, &other) != pairs[i].better)
            fail_msg("pair %zu", i);
    }
}

static void addresses_are_written_as_each_trade_does(void **state)
{
    (void)state;
    static const struct {
        enum table table;
        uint16_t address;
        const char *hex, *modicon, *iec;
        uint32_t number;
    } facts[] = {
        {TABLE_HOLDING, 100, "0x0064", "40101", "%MW100", 101},
        {TABLE_HOLDING, 9999, "0x270F", "410000", "%MW9999", 10000},
        {TABLE_HOLDING, 65535, "0xFFFF", "465536", "%MW65535", 65536},
        {TABLE_INPUT, 0, "0x0000", "30001", "", 1},
        {TABLE_COIL, 5, "0x0005", "00006", "%M5", 6},
        {TABLE_DISCRETE, 5, "0x0005", "10006", "", 6},
    };
    for (size_t i = 0; i < sizeof facts / sizeof *facts; i++) {
        struct explain_address a;
        explain_address(&a, facts[i].table, facts[i].address);
        assert_string_equal(a.hex, facts[i].hex);
        assert_string_equal(a.modicon, facts[i].modicon);
        assert_string_equal(a.iec, facts[i].iec);
        assert_int_equal(a.number, facts[i].number);
    }
}

/* The text of one kind of step. */
static const char *told(const struct explain_input *in, enum explain_kind kind)
{
    static struct explanation e;
    explain_point(in, &e);
    for (uint32_t i = 0; i < e.count; i++)
        if (e.steps[i].kind == kind)
            return e.steps[i].text;
    return "";
}

static void steps_are_told_in_the_words_of_the_map(void **state)
{
    (void)state;
    static const struct decimal weights[] = {{1, 1, 0}, {10000, 10000, 0}};
    uint8_t data[128] = {0x02, 0x01, 0x00, 0x05};
    char text[300];
    struct point points[2] = {point_of(RAW_U16, NULL), point_of(RAW_U16, NULL)};
    struct point *p = &points[1];
    const struct map map = {.points = points, .point_count = 2};
    struct sample on = good_of((struct value){.kind = VALUE_BOOL, .truth = true});
    struct explain_input in = {
        .map = &map, .point = 1, .data = data, .text = text, .condition = &on};
    struct explain_order orders[EXPLAIN_ORDERS];

    *p = point_of(RAW_BOOL, NULL);
    p->address = 7;
    for (int inverted = 0; inverted < 2; inverted++) {
        p->table = inverted ? TABLE_DISCRETE : TABLE_COIL;
        p->inverted = inverted;
        in.offset = 1;
        assert_string_equal(told(&in, EXPLAIN_WORDS), "7: 1");
        assert_string_equal(told(&in, EXPLAIN_RAW),
                            inverted ? "a bit, which means its opposite" : "a bit");
        assert_string_equal(told(&in, EXPLAIN_ORDER), "");
        assert_string_equal(told(&in, EXPLAIN_BITS), "");
        assert_int_equal(explain_orders(&in, orders), 0);
    }
    in.offset = 0;

    *p = point_of(RAW_STRING, NULL);
    p->words = 40;
    assert_non_null(strstr(told(&in, EXPLAIN_WORDS), "0000 ..."));

    *p = point_of(RAW_U16, NULL);
    p->parts = parts;
    p->part_count = 2;
    p->weights = weights;
    assert_string_equal(told(&in, EXPLAIN_RAW), "2 u16 numbers, weighed and added");

    *p = scaled_point(RAW_U16, "0.00000000000125", "0");
    assert_non_null(strstr(told(&in, EXPLAIN_CURVE), "1.25e-"));

    points[0].name = "pump";
    *p = point_of(RAW_U16, NULL);
    p->valid_if = (struct condition){.point = 0, .bit = 3, .equal = false, .constant = 1};
    assert_non_null(strstr(told(&in, EXPLAIN_CONDITION), "valid if pump.3 != 1; it is true"));
    p->valid_if = (struct condition){.point = 0, .bit = -1, .equal = true, .constant = 0};
    on.value.truth = false;
    assert_non_null(strstr(told(&in, EXPLAIN_CONDITION), "valid if pump == 0; it is false"));
    char out[40];
    const struct value endless = real_of((double)INFINITY), none = {.kind = VALUE_NONE};
    assert_string_equal(explain_value(out, sizeof out, &endless), "");
    assert_string_equal(explain_value(out, sizeof out, &none), "-");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_last_step_is_what_decoding_says),
        cmocka_unit_test(steps_tell_how_a_value_came_about),
        cmocka_unit_test(an_order_that_is_far_more_plausible_is_seen),
        cmocka_unit_test(what_was_measured_looks_like_it),
        cmocka_unit_test(addresses_are_written_as_each_trade_does),
        cmocka_unit_test(steps_are_told_in_the_words_of_the_map),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
