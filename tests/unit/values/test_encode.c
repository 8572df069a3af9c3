/* SPDX-License-Identifier: Apache-2.0 */
/* From wanted values to registers: exactly, or not at all. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "points.h"
#include "values/bits.h"
#include "values/encode.h"

static struct value real_of(double x)
{
    return (struct value){.kind = VALUE_REAL, .real = x};
}

static struct value whole_of(int64_t x)
{
    return (struct value){.kind = VALUE_INT, .i = x};
}

static struct value text_value(const char *s)
{
    return (struct value){.kind = VALUE_TEXT, .length = (uint32_t)strlen(s), .text = s};
}

static struct value truth_of(bool x)
{
    return (struct value){.kind = VALUE_BOOL, .truth = x};
}

static struct point span_point(double raw_low, double raw_high, double low, double high)
{
    struct point p = point_of(RAW_U16, NULL);
    p.curve = CURVE_SPAN;
    p.raw_low = raw_low;
    p.raw_high = raw_high;
    p.eng_low = low;
    p.eng_high = high;
    return p;
}

static struct point masked_point(uint64_t mask, uint8_t shift)
{
    struct point p = point_of(RAW_U16, NULL);
    p.mask = mask;
    p.shift = shift;
    return p;
}

static struct point valid_point(double low, double high)
{
    struct point p = scaled_point(RAW_U16, "0.1", "0");
    p.has_valid = true;
    p.valid_low = low;
    p.valid_high = high;
    return p;
}

static const struct choice modes[] = {{0, "off", 3}, {2, "auto", 4}, {7, "manual", 6}};

static struct point mode_point(void)
{
    struct point p = point_of(RAW_U16, NULL);
    p.choices = modes;
    p.choice_count = 3;
    return p;
}

static struct point bit_point(int bit, bool inverted)
{
    struct point p = point_of(RAW_U16, NULL);
    p.bit = (int8_t)bit;
    p.inverted = inverted;
    return p;
}

static struct point coil_point(void)
{
    struct point p = point_of(RAW_BOOL, NULL);
    p.table = TABLE_COIL;
    return p;
}

static const struct invalid sentinel = {0x7FFF, 0x7FFF, "open sensor"};

static struct point sentinel_point(void)
{
    struct point p = point_of(RAW_U16, NULL);
    p.invalid = &sentinel;
    p.invalid_count = 1;
    return p;
}

static struct point flag_point(uint64_t mask, bool inverted)
{
    struct point p = point_of(RAW_BOOL, NULL);
    p.mask = mask;
    p.inverted = inverted;
    return p;
}

static struct point with_unit(struct point p)
{
    p.unit = "m3/h";
    return p;
}

static struct point discrete_point(void)
{
    struct point p = coil_point();
    p.table = TABLE_DISCRETE;
    return p;
}

static const struct choice ends[] = {{0, "shut", 4}, {1, "open", 4}};

static struct point of_words(struct point p, const struct choice *choices, uint32_t count)
{
    p.choices = choices;
    p.choice_count = count;
    return p;
}

static struct point without(struct point p, const struct invalid *invalid)
{
    p.invalid = invalid;
    p.invalid_count = 1;
    return p;
}

static const struct invalid zero = {0, 0, "none"}, one = {1, 1, "none"}, two = {2, 2, "none"};
static const struct choice twice[] = {
    {1, "run", 3}, {1, "on!", 3}, {1, "running", 7}, {70000, "far", 3}};

static void words_are_those_of_the_documents(void **state)
{
    (void)state;
    const struct {
        struct point p;
        struct value v;
        uint16_t words[ENCODE_WORDS], masks[ENCODE_WORDS];
    } facts[] = {
        {point_of(RAW_U16, NULL), whole_of(4660), {0x1234}, {0xFFFF}},
        {point_of(RAW_U16, NULL), real_of(4660.0), {0x1234}, {0xFFFF}},
        {point_of(RAW_S16, NULL), whole_of(-2), {0xFFFE}, {0xFFFF}},
        {scaled_point(RAW_U16, "0.5", "0"), real_of(20.5), {41}, {0xFFFF}},
        {scaled_point(RAW_U16, "0.000000000125", "0"), real_of(0.000000125), {1000}, {0xFFFF}},
        {masked_point(0x000F, 8), whole_of(0), {0}, {0x000F}}, /* nothing of it is left */
        {scaled_point(RAW_U16, "0.1", "-40"), real_of(-39.9), {1}, {0xFFFF}},
        {scaled_point(RAW_U16, "0.1", "0"), real_of(20.3), {203}, {0xFFFF}},
        {scaled_point(RAW_U16, "-1", "100"), whole_of(30), {70}, {0xFFFF}},
        /* 230.2 as Eastron prints it: 43 66 33 33. */
        {point_of(RAW_F32, "ABCD"), real_of(230.2), {0x4366, 0x3333}, {0xFFFF, 0xFFFF}},
        {point_of(RAW_F32, "CDAB"), real_of(230.2), {0x3333, 0x4366}, {0xFFFF, 0xFFFF}},
        {point_of(RAW_F64, NULL),
         real_of(-2.0),
         {0xC000, 0, 0, 0},
         {0xFFFF, 0xFFFF, 0xFFFF, 0xFFFF}},
        {point_of(RAW_U32, "CDAB"), whole_of(0x12345678), {0x5678, 0x1234}, {0xFFFF, 0xFFFF}},
        {point_of(RAW_U64, NULL),
         {.kind = VALUE_UINT, .u = UINT64_MAX},
         {0xFFFF, 0xFFFF, 0xFFFF, 0xFFFF},
         {0xFFFF, 0xFFFF, 0xFFFF, 0xFFFF}},
        {point_of(RAW_U64, NULL),
         text_value("18446744073709551615"),
         {0xFFFF, 0xFFFF, 0xFFFF, 0xFFFF},
         {0xFFFF, 0xFFFF, 0xFFFF, 0xFFFF}},
        {point_of(RAW_S64, NULL),
         text_value("-9007199254740993"),
         {0xFFDF, 0xFFFF, 0xFFFF, 0xFFFF},
         {0xFFFF, 0xFFFF, 0xFFFF, 0xFFFF}},
        {point_of(RAW_BCD32, NULL), whole_of(12345678), {0x1234, 0x5678}, {0xFFFF, 0xFFFF}},
        {point_of(RAW_M10K32, NULL), whole_of(-12345678), {0xFB2E, 0xE9D2}, {0xFFFF, 0xFFFF}},
        {point_of(RAW_SM16, NULL), whole_of(-5), {0x8005}, {0xFFFF}},
        {point_of(RAW_U8, NULL), whole_of(200), {0x00C8}, {0x00FF}},
        {masked_point(0x0F00, 8), whole_of(9), {0x0900}, {0x0F00}},
        {bit_point(3, false), truth_of(true), {0x0008}, {0x0008}},
        {bit_point(3, false), truth_of(false), {0x0000}, {0x0008}},
        {bit_point(15, true), truth_of(false), {0x8000}, {0x8000}},
        {coil_point(), truth_of(true), {1}, {1}},
        {mode_point(), text_value("auto"), {2}, {0xFFFF}},
        {flag_point(0x0010, false), truth_of(true), {0x0010}, {0x0010}},
        {flag_point(0x0010, false), truth_of(false), {0}, {0x0010}},
        {flag_point(0x0010, true), truth_of(true), {0}, {0x0010}},
        {flag_point(0, false), truth_of(true), {1}, {0xFFFF}},
        {flag_point(0, true), truth_of(true), {0}, {0xFFFF}},
        {discrete_point(), truth_of(true), {1}, {1}},
        {masked_point(0, 4), whole_of(5), {0x0050}, {0xFFF0}},
        {of_words(coil_point(), ends, 2), text_value("open"), {1}, {1}},
        {of_words(coil_point(), ends, 2), text_value("shut"), {0}, {1}},
        {of_words(masked_point(0x0F00, 8), modes, 3), text_value("auto"), {0x0200}, {0x0F00}},
        {of_words(point_of(RAW_U16, NULL), twice, 4), text_value("run"), {1}, {0xFFFF}},
        /* 4.2 m of 10 in 27648 steps is nearest to 11612. */
        {span_point(0, 27648, 0, 10), real_of(4.2), {11612}, {0xFFFF}},
        {span_point(4000, 20000, 0, 100), whole_of(50), {12000}, {0xFFFF}},
    };
    for (size_t i = 0; i < sizeof facts / sizeof *facts; i++) {
        struct encoded e;
        char said[ENCODE_SAID];
        const char *why = encode_point(&facts[i].p, &facts[i].v, &e, said);
        if (why)
            fail_msg("fact %zu: %s", i, why);
        assert_int_equal(e.count, facts[i].p.words);
        for (unsigned k = 0; k < ENCODE_WORDS; k++)
            if (e.words[k] != facts[i].words[k] || e.masks[k] != facts[i].masks[k])
                fail_msg("fact %zu, word %u: %04X & %04X", i, k, e.words[k], e.masks[k]);
    }
}

static void what_can_t_be_said_is_refused_with_what_can(void **state)
{
    (void)state;
    const struct {
        struct point p;
        struct value v;
        const char *why;
    } facts[] = {
        {scaled_point(RAW_U16, "0.5", "0"), real_of(20.3),
         "can't say 20.3: the nearest are 20.0 and 20.5"},
        {scaled_point(RAW_U16, "0.1", "0"), real_of(20.35), "the nearest are 20.3 and 20.4"},
        {scaled_point(RAW_S16, "-0.5", "0"), real_of(20.3), "the nearest are 20.0 and 20.5"},
        {point_of(RAW_U16, NULL), real_of(1.5), "the nearest are 1 and 2"},
        {point_of(RAW_U16, NULL), whole_of(65536),
         "65536 does not fit: its registers hold 0 to 65535"},
        {point_of(RAW_U16, NULL), whole_of(-1), "-1 does not fit"},
        {point_of(RAW_S16, NULL), whole_of(32768), "hold -32768 to 32767"},
        {scaled_point(RAW_S16, "-1", "0"), whole_of(40000), "hold -32767 to 32768"},
        {point_of(RAW_BCD16, NULL), whole_of(10000), "hold 0 to 9999"},
        {point_of(RAW_M10K32, NULL), whole_of(100000000), "does not fit"},
        {point_of(RAW_F32, NULL), real_of(1e39), "does not fit"},
        {point_of(RAW_U64, NULL), text_value("18446744073709551616"),
         "it is a number, without quotes"},
        {point_of(RAW_U16, NULL), text_value("20"), "it is a number, without quotes"},
        {point_of(RAW_U16, NULL), text_value("twenty"), "it is a number, without quotes"},
        {point_of(RAW_U16, NULL), text_value(""), "it is a number"},
        {point_of(RAW_U16, NULL), truth_of(true), "not true or false"},
        {point_of(RAW_U16, NULL), real_of((double)NAN), "it is a number"},
        {point_of(RAW_F32, NULL), real_of((double)INFINITY), "it is a number"},
        {point_of(RAW_U16, NULL), {.kind = VALUE_NONE}, "it is a number"},
        {bit_point(3, false), whole_of(1), "it is true or false"},
        {coil_point(), text_value("true"), "it is true or false"},
        {mode_point(), text_value("Auto"),
         "Auto is none of its words: \"off\", \"auto\", \"manual\""},
        {mode_point(), whole_of(2), "2 is none of its words"},
        {sentinel_point(), whole_of(0x7FFF), "32767 would be read as no value: open sensor"},
        {valid_point(0, 50), whole_of(51), "above the valid range"},
        {masked_point(0x0F00, 8), whole_of(16), "does not fit: its registers hold 0 to 15"},
        {point_of(RAW_U64, NULL), text_value("+1234567890123456"),
         "it is a number, without quotes"},
        {point_of(RAW_U64, NULL), text_value("12345678901234567e"),
         "it is a number, without quotes"},
        {scaled_point(RAW_U16, "0", "0"), real_of(5), "5"},
        {with_unit(scaled_point(RAW_U16, "0.5", "0")), real_of(20.3),
         "can't say 20.3 m3/h: the nearest are 20.0 and 20.5"},
        {with_unit(point_of(RAW_U16, NULL)), text_value("20"), "it is a number in m3/h, without"},
        {with_unit(point_of(RAW_U16, NULL)), truth_of(true), "it is a number in m3/h, not true"},
        {with_unit(point_of(RAW_F32, NULL)), real_of((double)NAN), "it is a number in m3/h"},
        {mode_point(), truth_of(true), "true is none of its words"},
        {mode_point(), truth_of(false), "false is none of its words"},
        {mode_point(), real_of((double)INFINITY), "infinite is none of its words"},
        {mode_point(), {.kind = VALUE_NONE}, "nothing is none of its words"},
        {mode_point(), whole_of(-2), "-2 is none of its words"},
        {point_of(RAW_F16, NULL), real_of(70000), "does not fit"},
        {point_of(RAW_F16, NULL), real_of(-70000), "does not fit"},
        {without(point_of(RAW_U16, NULL), &one), real_of(1.5), "can't say 1.5: the nearest is 2"},
        {without(point_of(RAW_U16, NULL), &two), real_of(1.25), "can't say 1.25: the nearest is 1"},
        {without(point_of(RAW_U16, NULL), &two), real_of(1.5), "would be read as no value: none"},
        {without(point_of(RAW_U16, NULL), &zero), whole_of(70000), "its registers can't say 70000"},
        {without(flag_point(0x0001, false), &one), truth_of(true),
         "would be read as no value: none"},
        {of_words(point_of(RAW_U16, NULL), twice, 4), text_value("on!"), "can't say \"on!\""},
        {of_words(point_of(RAW_U16, NULL), twice, 4), text_value("running"),
         "can't say \"running\""},
        {of_words(point_of(RAW_U16, NULL), twice, 4), text_value("far"), "can't say \"far\""},
        {point_of(RAW_STRING, NULL), text_value("x"), "texts and times can only be read"},
        {point_of(RAW_TIME, NULL), whole_of(1), "texts and times can only be read"},
    };
    for (size_t i = 0; i < sizeof facts / sizeof *facts; i++) {
        struct encoded e;
        char said[ENCODE_SAID];
        const char *why = encode_point(&facts[i].p, &facts[i].v, &e, said);
        if (!why || !strstr(why, facts[i].why))
            fail_msg("fact %zu: \"%s\", not \"%s\"", i, why ? why : "done", facts[i].why);
    }
}

static void what_can_t_be_turned_back_is_refused_whatever_the_value(void **state)
{
    (void)state;
    enum { N = 9 };
    struct point points[N];
    for (size_t i = 0; i < N; i++)
        points[i] = point_of(RAW_U16, NULL);
    static const uint16_t apart[] = {0, 2};
    points[0].curve = CURVE_TABLE;
    points[1].curve = CURVE_WEIR;
    points[2].curve = CURVE_PF4Q;
    points[3].exp_from = 0;
    points[4].mul_from = 0;
    points[5].valid_if.point = 0;
    points[6].parts = apart;
    points[7].from = 0;
    points[8].words = ENCODE_WORDS + 1;
    for (size_t i = 0; i < N; i++) {
        struct encoded e;
        char said[ENCODE_SAID];
        struct value any = whole_of(1);
        assert_non_null(encode_cannot(&points[i]));
        assert_non_null(encode_point(&points[i], &any, &e, said));
    }
}

/* The bytes of a number lie anywhere in its registers; the others are not its own. */
static void bits_come_out_of_registers_as_they_were_put(void **state)
{
    (void)state;
    static const struct {
        enum raw_type type;
        const char *order;
        uint16_t words_of_type; /* 0: as the type has them */
        uint64_t raw;
        uint16_t words[ENCODE_WORDS];
    } facts[] = {
        {RAW_BOOL, NULL, 1, 0x8001, {0x8001, 0xEEEE, 0xEEEE, 0xEEEE}},
        {RAW_BOOL, NULL, 2, 0x80010002, {0x8001, 0x0002, 0xEEEE, 0xEEEE}},
        {RAW_BOOL, NULL, 4, 0x1000200030004, {1, 2, 3, 4}},
        {RAW_U8, "A", 0, 0x12, {0x12EE, 0xEEEE, 0xEEEE, 0xEEEE}},
        {RAW_U8, "B", 0, 0x12, {0xEE12, 0xEEEE, 0xEEEE, 0xEEEE}},
        {RAW_U24, "BCD", 2, 0x123456, {0xEE12, 0x3456, 0xEEEE, 0xEEEE}},
        {RAW_U32, "CDAB", 0, 0x12345678, {0x5678, 0x1234, 0xEEEE, 0xEEEE}},
        {RAW_U64, "HGFEDCBA", 0, 0x0102030405060708, {0x0807, 0x0605, 0x0403, 0x0201}},
    };
    for (size_t i = 0; i < sizeof facts / sizeof *facts; i++) {
        struct point p = point_of(facts[i].type, facts[i].order);
        uint16_t words[ENCODE_WORDS] = {0xEEEE, 0xEEEE, 0xEEEE, 0xEEEE};
        if (facts[i].words_of_type)
            p.words = facts[i].words_of_type;
        bits_put(&p, facts[i].raw, words);
        for (unsigned k = 0; k < ENCODE_WORDS; k++)
            if (words[k] != facts[i].words[k])
                fail_msg("fact %zu, word %u: %04X", i, k, words[k]);
        assert_true(bits_get(&p, words) == facts[i].raw);
    }
}

static void what_is_too_long_to_be_said_is_cut(void **state)
{
    (void)state;
    static struct choice many[80];
    static char names[80][64];
    for (unsigned i = 0; i < 80; i++) {
        int n = snprintf(names[i], sizeof names[i], "a word that is not a short one %u", i);
        many[i] = (struct choice){i, names[i], (uint32_t)n};
    }
    struct point p = of_words(point_of(RAW_U16, NULL), many, 80);
    struct encoded e;
    char said[ENCODE_SAID], text[ENCODE_TEXT], wish[300];
    memset(wish, 'x', sizeof wish - 1);
    wish[sizeof wish - 1] = '\0';
    const struct value v = text_value(wish);
    assert_int_equal(strlen(encode_text(text, &v)), 128);
    assert_non_null(encode_point(&p, &v, &e, said));
    assert_non_null(strstr(said, "one 0\", \"a word"));
    assert_true(strlen(said) < ENCODE_SAID);
}

static uint64_t next(uint64_t *x)
{
    *x ^= *x << 13;
    *x ^= *x >> 7;
    *x ^= *x << 17;
    return *x;
}

/* Any point, any registers: what was read as a good value can be written, and reads the same. */
static void what_was_read_can_be_written_and_reads_the_same(void **state)
{
    (void)state;
    static const char *const scales[] = {"1", "0.1", "0.01", "0.5", "-0.25", "10", "0.001", "2.5"};
    static const char *const offsets[] = {"0", "-40", "0.5", "273.15"};
    uint64_t x = 88172645463325252U;
    unsigned written = 0;
    for (unsigned n = 0; n < 200000; n++) {
        unsigned type = (unsigned)(next(&x) % RAW_STRING);
        if (type == RAW_BOOL)
            continue;
        struct point p =
            scaled_point((enum raw_type)type, scales[next(&x) % 8], offsets[next(&x) % 4]);
        unsigned kind = (unsigned)(next(&x) % 4);
        if (kind == 0 || type == RAW_F16 || type == RAW_F32 || type == RAW_F64)
            p.curve = CURVE_NONE;
        if (kind == 1 && type == RAW_U16) {
            unsigned low = (unsigned)(next(&x) % 8), high = low + 1 + (unsigned)(next(&x) % 8);
            p.mask = ((1U << high) - 1) & ~((1U << low) - 1);
            p.shift = (uint8_t)low;
        }
        if (kind == 2 && type == RAW_U16) {
            p = span_point((double)(next(&x) % 4000), (double)(20000 + next(&x) % 7648), -10,
                           (double)(next(&x) % 500));
        }
        uint16_t words[ENCODE_WORDS];
        for (unsigned i = 0; i < ENCODE_WORDS; i++)
            words[i] = (uint16_t)next(&x);
        struct sample before, after;
        struct encoded e;
        char said[ENCODE_SAID];
        encode_back(&p, words, &before);
        if (before.quality != QUALITY_GOOD)
            continue;
        const char *why = encode_point(&p, &before.value, &e, said);
        if (why)
            fail_msg("type %u, round %u: %s", type, n, why);
        encode_back(&p, e.words, &after);
        double a = value_number(&before.value), b = value_number(&after.value);
        bool real = before.value.kind == VALUE_REAL;
        bool same =
            real ? fabs(a - b) <= fabs(a) * 0x1p-51 : value_equal(&before.value, &after.value);
        if (!same)
            fail_msg("type %u, round %u: %.17g became %.17g", type, n, value_number(&before.value),
                     value_number(&after.value));
        written++;
    }
    assert_true(written > 100000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_are_those_of_the_documents),
        cmocka_unit_test(what_can_t_be_said_is_refused_with_what_can),
        cmocka_unit_test(what_can_t_be_turned_back_is_refused_whatever_the_value),
        cmocka_unit_test(bits_come_out_of_registers_as_they_were_put),
        cmocka_unit_test(what_is_too_long_to_be_said_is_cut),
        cmocka_unit_test(what_was_read_can_be_written_and_reads_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
