/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "small.h"
#include "values/derive.h"

/* Three read tags a, b, c (u16, s16 x 0.1, f32) and derived ones behind them. */
enum { A, B, C, D };

struct shop {
    struct small s;
    struct input inputs[4][4];
    struct derive *derive;
    struct diags *ds;
};

static void shop_begin(struct shop *w)
{
    small_begin(&w->s);
    small_point(&w->s, point_of(RAW_U16, NULL), 0);
    small_point(&w->s, scaled_point(RAW_S16, "0.1", "0"), 0);
    small_point(&w->s, point_of(RAW_F32, NULL), 1);
    w->derive = NULL;
    w->ds = diags_new();
}

/* names: the input's letter in the expression and its tag, "aA bB". */
static void shop_add(struct shop *w, const char *expression, const char *names)
{
    uint32_t index = w->s.plant.derived_count++, count = 0;
    for (const char *n = names; *n; n += n[2] ? 3 : 2) {
        static const char *const words[] = {"a", "b", "c", "d", "e", "f"};
        w->inputs[index][count++] =
            (struct input){.name = words[n[0] - 'a'], .tag = (uint32_t)(n[1] - 'A')};
    }
    w->s.derived[index] = (struct derived){
        .path = "pit/sums/x",
        .inputs = w->inputs[index],
        .input_count = count,
        .expression = expression,
        .expression_at = {"plant.yaml", 20, 9},
        .point = point_of(RAW_U16, NULL),
    };
}

static bool shop_open(struct shop *w)
{
    small_board(&w->s);
    w->derive = derive_new(&w->s.plant, w->ds);
    return w->derive != NULL;
}

static void shop_end(struct shop *w)
{
    small_end(&w->s);
    derive_free(w->derive);
    diags_free(w->ds);
}

static uint32_t shop_run(struct shop *w)
{
    w->s.count = derive_run(w->derive, w->s.board, w->s.touched, w->s.count,
                            sizeof w->s.touched / sizeof *w->s.touched, w->s.wall, w->s.now);
    return w->s.count;
}

static uint32_t shop_feed(struct shop *w, uint32_t request, const char *hex)
{
    feed_words(&w->s, request, hex);
    return shop_run(w);
}

/* a = 5, b = -2.5, c = 1.5 */
static const char *result_of(const char *expression)
{
    static char out[200];
    struct shop w;
    shop_begin(&w);
    shop_add(&w, expression, "aA bB cC");
    if (shop_open(&w)) {
        feed_words(&w.s, 1, "3FC00000");
        shop_feed(&w, 0, "0005 FFE7");
        snprintf(out, sizeof out, "%s", now_of(&w.s, D));
    } else {
        diags_sort(w.ds);
        const struct diag *d = diags_at(w.ds, 0);
        snprintf(out, sizeof out, "%s:%u:%u: %s", d->at.file, d->at.line, d->at.column, d->text);
    }
    shop_end(&w);
    return out;
}

static void expressions_compute(void **state)
{
    (void)state;
    static const struct {
        const char *expression, *told;
    } facts[] = {
        {"a + b", "2.5"},
        {"a * b * c", "-18.75"},
        {"a > 3 and c or b", "1.5"},
        {"a == 5", "true"},
        {"not (a > 3)", "false"},
        {"a > 3 and 'high' or 'low'", "'high'"},
        {"math.floor(c)", "1"},
        {"floor(c) + max(a, b, c) + abs(b)", "8.5"},
        {"math.sqrt(a * a)", "5.0"},
        {"math.type(a)", "'float'"},
        {"math.pi > 3", "true"},
        {"c or 0", "1.5"},
        {"a // 2 + a % 2", "3.0"},
        {"(a + 1) | 8", "14"},
        {"1 + 2 -- a remark", "3"},
        {"\na +\nb", "2.5"},
        {"-0.0 * a", "0.0"},
    };
    for (size_t i = 0; i < sizeof facts / sizeof *facts; i++)
        assert_string_equal(result_of(facts[i].expression), facts[i].told);
}

/* a: a bit, b: a text, c: a number. */
static void bits_and_texts_are_themselves_in_an_expression(void **state)
{
    (void)state;
    static const struct {
        const char *expression, *off, *on;
    } facts[] = {
        {"a", "false", "true"},
        {"a and b or 'off'", "'off'", "'P3'"},
        {"a and b .. '-' .. floor(c) or #b", "2", "'P3-7'"},
        {"a == true and 1 or 0", "0", "1"},
        {"b == 'P3'", "true", "true"},
    };
    for (size_t i = 0; i < sizeof facts / sizeof *facts; i++) {
        struct shop w;
        small_begin(&w.s);
        struct point bit = point_of(RAW_U16, NULL), text = point_of(RAW_STRING, NULL);
        bit.bit = 0;
        small_point(&w.s, bit, 0);
        small_point(&w.s, text, 0);
        small_point(&w.s, point_of(RAW_U16, NULL), 0);
        w.derive = NULL;
        w.ds = diags_new();
        shop_add(&w, facts[i].expression, "aA bB cC");
        assert_true(shop_open(&w));
        shop_feed(&w, 0, "0000 5033 0007");
        assert_string_equal(now_of(&w.s, D), facts[i].off);
        shop_feed(&w, 0, "0001 5033 0007");
        assert_string_equal(now_of(&w.s, D), facts[i].on);
        shop_end(&w);
    }
}

static void what_outgrows_a_double_is_not_computed_as_good(void **state)
{
    (void)state;
    static const struct {
        bool is_signed;
        const char *words, *told;
    } facts[] = {
        {false, "0020 0000 0000 0000", "9007199254740992.0"},
        {false, "0020 0000 0000 0001",
         "9007199254740992.0?: input a: beyond 2^53, computed with its nearest"},
        {false, "0020 0000 0000 0002", "9007199254740994.0"},
        {false, "FFFF FFFF FFFF FFFF",
         "1.8446744073709552e+19?: input a: beyond 2^53, computed with its nearest"},
        {true, "8000 0000 0000 0000", "-9.223372036854776e+18"},
        {true, "8000 0000 0000 0001",
         "-9.223372036854776e+18?: input a: beyond 2^53, computed with its nearest"},
        {true, "FFFF FFFF FFFF FFFF", "-1.0"},
        {false, "0000 0000 0000 0000", "0.0"},
    };
    for (size_t i = 0; i < sizeof facts / sizeof *facts; i++) {
        struct shop w;
        small_begin(&w.s);
        small_point(&w.s, point_of(facts[i].is_signed ? RAW_S64 : RAW_U64, NULL), 0);
        w.derive = NULL;
        w.ds = diags_new();
        shop_add(&w, "a", "aA");
        assert_true(shop_open(&w));
        shop_feed(&w, 0, facts[i].words);
        assert_string_equal(now_of(&w.s, 1), facts[i].told);
        shop_end(&w);
    }
}

static void results_that_are_none_have_a_reason(void **state)
{
    (void)state;
    static const struct {
        const char *expression, *told;
    } facts[] = {
        {"(a - a) / (a - a)", "bad 16: the result is not a number"},
        {"a / (b - b)", "bad 16: the result is infinite"},
        {"nil", "bad 16: the result is nil"},
        {"a > 9 and b or unknown",
         "plant.yaml:20:9: the expression of pit/sums/x: nothing is called "
         "'unknown'; it knows its inputs, math.* and abs, min, max, "
         "floor, ceil, sqrt, ..."},
        {"a > 3 and unknown", "bad 16: expression: nothing is called 'unknown'"},
        {"{}", "bad 16: the result is neither number, truth nor text"},
        {"abs", "bad 16: the result is neither number, truth nor text"},
        {"a + nil", "bad 16: expression: attempt to perform arithmetic on a nil value"},
        {"a.b", "bad 16: expression: attempt to index a number value (local 'a')"},
        {"a > 3 and 1 // math.floor(a - a)", "bad 16: expression: attempt to divide by zero"},
        {"'\\xff'", "bad 16: the result is too long a text, or none"},
        {"'1234567890123456789012345678901234567890123456789012345678901234'",
         "'1234567890123456789012345678901234567890123456789012345678901234'"},
        {"'12345678901234567890123456789012345678901234567890123456789012345'",
         "bad 16: the result is too long a text, or none"},
    };
    for (size_t i = 0; i < sizeof facts / sizeof *facts; i++)
        assert_string_equal(result_of(facts[i].expression), facts[i].told);
}

static void hostile_expressions_come_to_nothing(void **state)
{
    (void)state;
    static const struct {
        const char *expression, *told;
    } facts[] = {
        {"(function() while true do end end)()", "bad 16: expression: takes too long"},
        {"(function() for i = 1, 1e18 do end end)()", "bad 16: expression: takes too long"},
        {"(function() local s = 'x' while true do s = s .. s end end)()",
         "bad 16: expression: needs too much memory"},
        {"(function() local s = 'xxxxxxxx' for i = 1, 9 do s = s .. s end "
         "while true do s = s .. 'x' end end)()",
         "bad 16: expression: needs too much memory"},
        {"(function() local t = {} for i = 1, 1e9 do t[i] = {} end end)()", NULL},
        {"(function() local function f() return 1 + f() end return f() end)()", NULL},
        {"('x'):rep(1e9)", NULL},
        {"string.rep('x', 1e9)", NULL},
        {"os.execute('true')", NULL},
        {"io.open('/etc/passwd')", NULL},
        {"require('os')", NULL},
        {"load('return 1')()", NULL},
        {"debug.sethook()", NULL},
        {"pcall(error)", NULL},
        {"print(a)", NULL},
        {"collectgarbage()", NULL},
        {"setmetatable({}, {})", NULL},
        {"getmetatable('').__index", NULL},
        {"coroutine.create(abs)", NULL},
        {"rawset(_ENV, 'x', 1)", NULL},
        {"math.random()", NULL},
        {"(function() x = 1 return x end)()",
         "bad 16: expression: nothing can be kept between evaluations"},
        {"(function() _ENV.x = 1 return 1 end)()",
         "bad 16: expression: nothing can be kept between evaluations"},
        {"(function() math.floor = nil return 1 end)()",
         "bad 16: expression: nothing can be kept between evaluations"},
        {"(function() abs = nil return 1 end)()",
         "bad 16: expression: nothing can be kept between evaluations"},
    };
    for (size_t i = 0; i < sizeof facts / sizeof *facts; i++) {
        const char *told = result_of(facts[i].expression);
        bool refused = strncmp(told, "bad 16: ", 8) == 0 || strstr(told, "nothing is called");
        if (facts[i].told ? strcmp(told, facts[i].told) != 0 : !refused)
            fail_msg("%s: %s", facts[i].expression, told);
    }
}

static void mistakes_have_a_place(void **state)
{
    (void)state;
    assert_string_equal(result_of("a +"), "plant.yaml:20:9: the expression of pit/sums/x is no "
                                          "Lua: it ends too early");
    assert_string_equal(result_of("a b"), "plant.yaml:20:9: the expression of pit/sums/x is no "
                                          "Lua: ')' expected near 'b'");
    assert_string_equal(result_of("a +\nb +\n* c"),
                        "plant.yaml:22:1: the expression of pit/sums/x is no Lua: unexpected "
                        "symbol near '*'");
    assert_non_null(strstr(result_of("1); while true do end; return (1"), "no Lua"));
    assert_non_null(strstr(result_of(""), "no Lua"));
    char *deep = malloc(100001);
    memset(deep, '(', 100000);
    deep[100000] = '\0';
    assert_non_null(strstr(result_of(deep), "no Lua"));
    free(deep);
    struct shop w;
    shop_begin(&w);
    shop_add(&w, "1", "aA");
    shop_add(&w, "1", "aA");
    shop_add(&w, "a +* 1", "aA");
    w.inputs[0][0].name = "end";
    w.inputs[1][0].name = "a-b";
    assert_false(shop_open(&w));
    assert_int_equal(diags_errors(w.ds), 3); /* all of them at once */
    shop_end(&w);
}

static void inputs_are_called_what_lua_can_call_them(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        bool possible;
    } facts[] = {
        {"Zulu", true}, {"_x", true},   {"a9", true},     {"z_A", true},       {"", false},
        {"9a", false},  {"a b", false}, {"a-", false},    {"\xC3\xA4", false}, {"@", false},
        {"[", false},   {"{", false},   {"while", false}, {"While", true},
    };
    for (size_t i = 0; i < sizeof facts / sizeof *facts; i++) {
        struct shop w;
        shop_begin(&w);
        shop_add(&w, "1", "aA");
        w.inputs[0][0].name = facts[i].name;
        assert_int_equal(shop_open(&w), facts[i].possible);
        shop_end(&w);
    }
}

static void one_failure_leaves_the_others_alone(void **state)
{
    (void)state;
    struct shop w;
    shop_begin(&w);
    shop_add(&w, "(function() local s = 'x' while true do s = s .. s end end)()", "aA");
    shop_add(&w, "(function() while a > 0 do end return 7 end)()", "aA");
    shop_add(&w, "a > 2 and abs(a) + x", "aA");
    shop_add(&w, "abs(-a)", "aA");
    assert_true(shop_open(&w));
    for (unsigned i = 0; i < 200; i++) {
        shop_feed(&w, 0, i & 1 ? "0000 0000" : "0005 0000");
        assert_string_equal(now_of(&w.s, D + 3), i & 1 ? "0.0" : "5.0");
    }
    assert_string_equal(now_of(&w.s, D + 1), "7");
    shop_end(&w);
}

static void the_worst_input_decides(void **state)
{
    (void)state;
    struct shop w;
    shop_begin(&w);
    shop_add(&w, "a + c", "aA cC");
    assert_true(shop_open(&w));
    assert_int_equal(shop_feed(&w, 0, "0005 0000"), 3);
    assert_int_equal(w.s.touched[2], D);
    assert_string_equal(now_of(&w.s, D), "bad 8: input c: not yet read");
    small_pass(&w.s, 500);
    shop_feed(&w, 1, "3FC00000");
    assert_string_equal(now_of(&w.s, D), "6.5");
    const struct tag_state *t = board_tag(w.s.board, D);
    assert_int_equal(t->now.time.ms, w.s.wall.ms); /* the newest of both */
    feed_fault(&w.s, 0, FAULT_TIMEOUT, 0);
    shop_run(&w);
    assert_string_equal(now_of(&w.s, D), "bad 24: input a: no answer");
    assert_true(t->last.real == 6.5);
    shop_feed(&w, 1, "7FC00000");
    assert_string_equal(now_of(&w.s, D), "bad 16: input c: not a number");
    shop_feed(&w, 0, "0005 0000");
    shop_feed(&w, 1, "3FC00000");
    small_pass(&w.s, 2900);
    shop_feed(&w, 0, "0006 0000");
    small_pass(&w.s, 200);
    small_tick(&w.s, 8);
    assert_int_equal(shop_run(&w), 2);
    assert_string_equal(now_of(&w.s, D), "7.5?: input c: stale");
    shop_end(&w);
}

static void derived_tags_build_on_each_other(void **state)
{
    (void)state;
    struct shop w;
    shop_begin(&w);
    shop_add(&w, "d + e", "dE eF"); /* D: needs both that follow */
    shop_add(&w, "a * 2", "aA"); /* E */
    shop_add(&w, "d + b", "dE bB"); /* F: needs E */
    shop_add(&w, "42", "");
    assert_true(shop_open(&w));
    assert_int_equal(shop_feed(&w, 0, "0003 000A"), 2 + 4);
    assert_string_equal(now_of(&w.s, D), "13.0");
    assert_string_equal(now_of(&w.s, D + 1), "6.0");
    assert_string_equal(now_of(&w.s, D + 2), "7.0");
    assert_string_equal(now_of(&w.s, D + 3), "42");
    assert_int_equal(shop_feed(&w, 0, "0004 000A"), 2 + 3);
    assert_string_equal(now_of(&w.s, D), "17.0");
    assert_int_equal(shop_feed(&w, 1, "3FC00000"), 1); /* nobody wants that one */
    feed_fault(&w.s, 0, FAULT_TIMEOUT, 0);
    shop_run(&w);
    assert_string_equal(now_of(&w.s, D), "bad 24: input d: input a: no answer");
    shop_end(&w);
    shop_begin(&w);
    shop_add(&w, "d", "dE");
    shop_add(&w, "d", "dD");
    assert_false(shop_open(&w));
    assert_non_null(strstr(diags_at(w.ds, 0)->text, "computed from itself"));
    shop_end(&w);
}

static void a_derived_tag_is_judged_like_any_other(void **state)
{
    (void)state;
    struct shop w;
    shop_begin(&w);
    shop_add(&w, "a", "aA");
    w.s.derived[0].point.has_valid = true;
    w.s.derived[0].point.valid_high = 10;
    w.s.derived[0].point.deadband = 2;
    assert_true(shop_open(&w));
    shop_feed(&w, 0, "000B 0000");
    assert_string_equal(now_of(&w.s, D), "bad 16: above the valid range");
    shop_feed(&w, 0, "0005 0000");
    board_reported(w.s.board, D, LANE_VALUE, w.s.wall);
    shop_feed(&w, 0, "0007 0000");
    assert_false(board_news(w.s.board, D, LANE_VALUE, w.s.wall));
    shop_feed(&w, 0, "0008 0000");
    assert_true(board_news(w.s.board, D, LANE_VALUE, w.s.wall));
    shop_end(&w);
}

static void many_derived_tags_run_in_order(void **state)
{
    (void)state;
    enum { MANY = 300 };
    static struct derived derived[MANY];
    static struct input inputs[MANY];
    static uint32_t touched[MANY + 8];
    struct shop w;
    shop_begin(&w);
    for (uint32_t i = 0; i < MANY; i++) { /* a chain, written down from its end */
        inputs[i] = (struct input){.name = "p", .tag = i + 1 < MANY ? (uint32_t)D + i + 1 : A};
        derived[i] = (struct derived){.path = "x",
                                      .inputs = &inputs[i],
                                      .input_count = 1,
                                      .expression = "p + 1",
                                      .point = point_of(RAW_U16, NULL)};
    }
    w.s.plant.derived = derived;
    w.s.plant.derived_count = MANY;
    assert_true(shop_open(&w));
    feed_words(&w.s, 0, "0001 0000");
    memcpy(touched, w.s.touched, sizeof *touched * w.s.count);
    assert_int_equal(
        derive_run(w.derive, w.s.board, touched, w.s.count, MANY + 8, w.s.wall, w.s.now), 2 + MANY);
    assert_string_equal(now_of(&w.s, D), "301.0");
    /* Room for one: all are computed, one is told. */
    feed_words(&w.s, 0, "0002 0000");
    memcpy(touched, w.s.touched, sizeof *touched * w.s.count);
    assert_int_equal(derive_run(w.derive, w.s.board, touched, w.s.count, 3, w.s.wall, w.s.now), 3);
    assert_string_equal(now_of(&w.s, D), "302.0");
    shop_end(&w);
}

/* What the watch room makes stands among the derived tags, and nothing here touches it. */
static void a_tag_without_expression_waits_for_its_maker(void **state)
{
    struct shop w;
    (void)state;
    shop_begin(&w);
    shop_add(&w, NULL, "");
    shop_add(&w, "a + 1", "aA");
    shop_add(&w, "d * 2", "dD");
    assert_true(shop_open(&w));
    shop_feed(&w, 0, "0005 0000");
    assert_string_equal(board_tag(w.s.board, D)->now.reason, "not yet known");
    assert_int_equal(board_tag(w.s.board, D)->now.quality, QUALITY_NOT_CONNECTED);
    assert_int_equal(board_tag(w.s.board, D + 1)->now.quality, QUALITY_GOOD);
    struct sample said = {
        .value = {.kind = VALUE_REAL, .real = 21}, .quality = QUALITY_GOOD, .time = w.s.wall};
    board_put(w.s.board, D, &said);
    w.s.touched[0] = D;
    w.s.count = 1;
    assert_int_equal(shop_run(&w), 2);
    assert_true(board_tag(w.s.board, D + 2)->now.value.real > 41.9);
    shop_end(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(expressions_compute),
        cmocka_unit_test(bits_and_texts_are_themselves_in_an_expression),
        cmocka_unit_test(what_outgrows_a_double_is_not_computed_as_good),
        cmocka_unit_test(results_that_are_none_have_a_reason),
        cmocka_unit_test(hostile_expressions_come_to_nothing),
        cmocka_unit_test(mistakes_have_a_place),
        cmocka_unit_test(inputs_are_called_what_lua_can_call_them),
        cmocka_unit_test(one_failure_leaves_the_others_alone),
        cmocka_unit_test(the_worst_input_decides),
        cmocka_unit_test(derived_tags_build_on_each_other),
        cmocka_unit_test(a_derived_tag_is_judged_like_any_other),
        cmocka_unit_test(many_derived_tags_run_in_order),
        cmocka_unit_test(a_tag_without_expression_waits_for_its_maker),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
