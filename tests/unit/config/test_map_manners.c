/* SPDX-License-Identifier: Apache-2.0 */
/* Values in parts, factors by code, when a tag is asked, and who it is that answers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "config/map.h"
#include "mistakes.h"

static const char whole[] =
    "format: 1\n"
    "limits: {max_gap: 2}\n"
    "doc_base: {holding: 40001}\n"
    "tags:\n"
    "  a: {at: [holding 44, holding 42], doc: 40045, type: u32}\n"
    "  b: {at: [40011, holding 11], type: s16, weights: [10000, 0.5]}\n"
    "  code: {at: holding 20, type: u16, enum: {0: bar, 2: m}}\n"
    "  head: {at: holding 21, type: u16, mul_from: {tag: code, factors: {m: 1, bar: 10.1972}}}\n"
    "  rank: {at: holding 22, type: s16}\n"
    "  power: {at: holding 23, type: u16, mul_from: {tag: rank, factors: {6: 1000, -3: 0.001}}}\n"
    "  model: {at: holding 30, type: string, len: 4, read: once}\n"
    "  extra: {at: holding 40, type: u16, optional: true, read: on_demand}\n"
    "  count: {at: holding 41, type: u16, side_effect: true, every: 10s}\n"
    "  at_trip: {at: [holding 52, holding 50], type: time, format: ge469}\n"
    "  n{n}: {at: [holding 100, holding 101], type: u32, repeat: {count: 2, stride: 2}}\n"
    "identify: {tag: model, is: [\"B23 112\", B24]}\n";

static void a_map_says_how_its_tags_are_read(void **state)
{
    (void)state;
    struct arena *a = arena_new(0);
    struct diags *ds = diags_new();
    const struct map *m = map_parse(a, whole, strlen(whole), "m.yaml", "m", ds);
    diags_print(ds, stderr);
    assert_non_null(m);
    const struct point *p = &m->points[0];
    assert_int_equal(p->address, 42);
    assert_int_equal(p->words, 3);
    assert_int_equal(p->part_count, 2);
    assert_int_equal(p->parts[0], 2);
    assert_int_equal(p->parts[1], 0);
    assert_null(p->weights);
    p = &m->points[1];
    assert_int_equal(p->address, 10);
    assert_int_equal(p->words, 2);
    assert_true(p->weights[0].mantissa == 10000 && p->weights[1].mantissa == 5 &&
                p->weights[1].places == 1);
    p = &m->points[3];
    assert_int_equal(p->mul_from, 2);
    assert_int_equal(p->factor_count, 2);
    assert_int_equal(p->factors[0].code, 0);
    assert_memory_equal(p->factors[0].word, "bar", 3);
    assert_int_equal(p->factors[1].code, 2);
    p = &m->points[5];
    assert_int_equal(p->factors[0].code, -3);
    assert_null(p->factors[0].word);
    assert_int_equal(m->points[6].read_mode, READ_ONCE);
    assert_true(m->points[7].optional && m->points[7].read_mode == READ_ON_DEMAND);
    assert_true(m->points[8].side_effect && m->points[8].read_mode == READ_POLL);
    p = &m->points[9];
    assert_int_equal(p->address, 50);
    assert_int_equal(p->words, 4);
    assert_int_equal(m->points[11].address, 102);
    assert_int_equal(m->points[11].parts[1], 1);
    assert_int_equal(m->identity.point, 6);
    assert_int_equal(m->identity.is_count, 2);
    assert_memory_equal(m->identity.is[0].text, "B23 112", 7);
    assert_int_equal(m->identity.to[0].kind, VALUE_NONE);
    diags_free(ds);
    arena_free(a);
}

#define HEAD "format: 1\ntags:\n"

static const struct mistakes cases[] = {
    {"one part is no list", HEAD "  a: {at: [input 1], type: u16}\n",
     "map.yaml:3:11: error: at: a value in parts has 2 to 8 of them, the most significant first, "
     "like [input 42, input 44]\n"},
    {"parts lie in one table", HEAD "  a: {at: [input 1, holding 3], type: u32}\n",
     "map.yaml:3:21: error: at: all parts lie in one table; they are read together\n"},
    {"no part twice", HEAD "  a: {at: [input 1, input 1], type: u32}\n",
     "map.yaml:3:21: error: at: `input 1` stands there twice\n"},
    {"bits are no parts", HEAD "  a: {at: [coil 1, coil 2]}\n",
     "map.yaml:3:11: error: at: only registers make up a value in parts, not bits\n"},
    {"parts share the registers evenly", HEAD "  a: {at: [input 1, input 3, input 5], type: u32}\n",
     "map.yaml:3:11: error: at: 3 parts, but u32 takes 2 registers; without `weights` the parts "
     "share them evenly\n"},
    {"parts do not overlap", HEAD "  a: {at: [input 1, input 2], type: u64}\n",
     "map.yaml:3:11: error: at: parts of 2 registers each overlap\n"},
    {"as many weights as parts",
     HEAD "  a: {at: [input 1, input 3], type: u16, weights: [1, 2, 3]}\n",
     "map.yaml:3:51: error: weights: 3 of them for 2 parts\n"},
    {"weights are for parts", HEAD "  a: {at: input 1, type: u16, weights: [1]}\n",
     "map.yaml:3:40: error: `weights` are for a value in parts: at: [input 42, input 44]\n"},
    {"a sum has no bits",
     HEAD "  a: {at: [input 1, input 3], type: u16, weights: [1, 2], enum: {1: on}}\n",
     "map.yaml:3:65: error: a weighted sum is a number: no bits, enums, texts or times\n"},
    {"a string is one piece", HEAD "  a: {at: [input 1, input 3], type: string, len: 2}\n",
     "map.yaml:3:11: error: at: a string lies in one piece\n"},
    {"parts are no further apart than a read may pass over",
     "format: 1\nlimits: {max_gap: 1}\ntags:\n  a: {at: [input 1, input 4], type: u32}\n",
     "map.yaml:4:3: error: between the parts of `a` lie 2 registers that nobody uses, and "
     "`max_gap` is 1\n"},
    {"what others use lies between, too",
     "format: 1\nlimits: {max_gap: 1}\ntags:\n  a: {at: [input 1, input 4], type: u32}\n"
     "  b: {at: input 2, type: u16}\n",
     ""},
    {"factors need a tag", HEAD "  a: {at: input 1, type: u16, mul_from: {factors: {1: 2}}}\n",
     "map.yaml:3:41: error: mul_from names a tag that holds the factor, or one whose code picks "
     "it: {tag: unit_code, factors: {0: 1, 2: 0.0980665}}\n"},
    {"a factor is a number",
     HEAD "  a: {at: input 1, type: u16, mul_from: {tag: b, factors: {1: x}}}\n"
          "  b: {at: input 2, type: u16}\n",
     "map.yaml:3:63: error: a factor `x` is no number; write 0.1, -2 or 1e-3\n"},
    {"a code is a whole number or a word of the enum",
     HEAD "  a: {at: input 1, type: u16, mul_from: {tag: b, factors: {ft: 1, 2: 0}}}\n"
          "  b: {at: input 2, type: u16, enum: {1: m}}\n",
     "map.yaml:3:60: error: factors: `ft` is neither a whole number nor a word of the enum of "
     "`b`\n"
     "map.yaml:3:70: error: factors: by 0 every value becomes 0\n"},
    {"no code twice",
     HEAD "  a: {at: input 1, type: u16, mul_from: {tag: b, factors: {m: 1, 1: 2}}}\n"
          "  b: {at: input 2, type: u16, enum: {1: m}}\n",
     "map.yaml:3:59: error: factors: the code 1 stands there twice\n"},
    {"a code is no float",
     HEAD "  a: {at: input 1, type: u16, mul_from: {tag: b, factors: {1: 2}}}\n"
          "  b: {at: input 2, type: f32}\n",
     "map.yaml:3:47: error: mul_from: `b` holds no code: a whole number as it stands, a bit or an "
     "enum\n"},
    {"reading has three ways", HEAD "  a: {at: input 1, type: u16, read: twice}\n",
     "map.yaml:3:37: error: read `twice` is not known; one of: poll once on_demand\n"},
    {"alone means alone", HEAD "  a: {at: input 1, type: u16, side_effect: true, group: g}\n",
     "map.yaml:3:57: error: a tag whose reading has a side effect is read alone, not in a group\n"},
    {"a group is polled", HEAD "  a: {at: input 1, type: u16, read: once, group: g}\n",
     "map.yaml:3:37: error: the tags of a group are polled together\n"},
    {"on demand has no period", HEAD "  a: {at: input 1, type: u16, read: on_demand, every: 5s}\n",
     "map.yaml:3:55: error: `every` means nothing in a tag that is read on demand\n"},
    {"nothing hangs on what is never read",
     HEAD "  a: {at: input 1, type: u16, exp_from: b}\n"
          "  b: {at: input 2, type: s16, read: on_demand}\n",
     "map.yaml:3:3: error: `a` hangs on `b`, which is only read on demand; say `read: once` "
     "there\n"},
    {"a computed tag is not read",
     HEAD "  a: {from: b, scale: 2, optional: true}\n  b: {at: input 2, type: u16}\n",
     "map.yaml:3:36: error: `optional` means nothing in a tag that is computed `from` another "
     "one\n"},
    {"a time of its own form has its own order",
     HEAD "  a: {at: input 1, type: time, format: sel, order: CDAB}\n",
     "map.yaml:3:52: error: the order of a `sel` time is fixed\n"},
    {"an identity is a tag that stays",
     HEAD "  a: {at: input 1, type: u32, kind: counter}\nidentify: {tag: a}\n",
     "map.yaml:4:17: error: identify: `a` is computed, a time, a counter or not simply read; name "
     "a tag that stays what it is: a serial number, a model code\n"},
    {"an identity of a text is a text",
     HEAD "  a: {at: input 1, type: string, len: 2}\nidentify: {tag: a, is: [AB, 12]}\n",
     "map.yaml:4:29: error: is: `a` is a text; put quotes around \"12\"\n"},
    {"an identity of a number is a number",
     HEAD "  a: {at: input 1, type: u16}\nidentify: {tag: a, is: [1648..1653, AB]}\n",
     "map.yaml:4:37: error: is: `a` is a number, and can never be `AB`\n"},
    {"a range begins with its lower end",
     HEAD "  a: {at: input 1, type: u16}\nidentify: {tag: a, is: 3..1.5}\n",
     "map.yaml:4:24: error: is: the lower end of a range stands first\n"},
};

static void mistakes_are_told_with_their_place_and_remedy(void **state)
{
    (void)state;
    expect_maps_told(cases, sizeof cases / sizeof *cases);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_map_says_how_its_tags_are_read),
        cmocka_unit_test(mistakes_are_told_with_their_place_and_remedy),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
