/* SPDX-License-Identifier: Apache-2.0 */
/* What a map may say, and mostly does not mean. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "config/map.h"
#include "config/map_lint.h"
#include "mistakes.h"

#define HEAD "format: 1\nsource: A manual\ntags:\n"
#define THREE                                                                                      \
    "examples:\n"                                                                                  \
    "  - {given: {input 0: [1, 2]}, expect: {x: 1}}\n"                                             \
    "  - {given: {input 0: [2, 2]}, expect: {x: 2}}\n"                                             \
    "  - {given: {input 0: [3, 2]}, expect: {x: 3}}\n"

#define ALL_OF_THEM                                                                                \
    "examples:\n"                                                                                  \
    "  - given: {input 0: [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]}\n"                  \
    "    expect: {x: 0, y: 0, z: 0, w: 0}\n"                                                       \
    "  - {given: {input 8: [0, 0, 0]}, expect: {v: 0, u: 0}}\n"                                    \
    "  - {given: {input 11: [0, 0, 0, 0, 0, 0]}, expect: {t: 0, s: 0}}\n"

static const struct mistakes cases[] = {
    {"a plain map is left alone", HEAD "  x: {at: input 0, type: u16, unit: m3/h}\n" THREE, ""},
    {"a map says where it is from and tests itself",
     "format: 1\ntags:\n  x: {at: input 0, type: u16}\n",
     "m.yaml:1:1: warning: the map does not say where its registers are from; say `source:` and "
     "the "
     "document\n"
     "m.yaml:1:1: warning: the map has no examples; give one with known words and values, so that "
     "it "
     "tests itself\n"},
    {"one example is few",
     HEAD "  x: {at: input 0, type: u16}\n"
          "examples: [{given: {input 0: [1]}, expect: {x: 1}}]\n",
     "m.yaml:1:1: warning: the map has 1 example; with 3 or more, one of them not good, a slip "
     "shows\n"},
    {"what is not a value is shown not to be one",
     HEAD "  x: {at: input 0, type: u16, invalid: 0xFFFF}\n" THREE,
     "m.yaml:1:1: warning: no example shows that an `invalid` value is not good: expect: {TAG: "
     "{bad: "
     "words}}\n"},
    {"of a few tags each way of reading is shown",
     HEAD "  x: {at: input 0, type: u16}\n"
          "  plain: {at: input 8, type: u16}\n"
          "  f: {at: input 2, type: f32}\n"
          "  g: {at: input 4, type: u16, scale: 0.1}\n" THREE,
     "m.yaml:1:1: warning: no example says anything of f, g\n"},
    {"units have one spelling",
     HEAD "  x: {at: input 0, type: u16, unit: \"m\302\263/h\"}\n"
          "  y: {at: input 1, type: u16, unit: degC}\n"
          "  z: {at: input 2, type: u16, unit: PPM}\n"
          "  w: {at: input 3, type: u16, unit: kWhh}\n"
          "  v: {at: input 4, type: u16, unit: blips}\n" THREE,
     "m.yaml:4:3: warning: `x`: the unit `m\302\263/h` is written `m3/h` here\n"
     "m.yaml:5:3: warning: `y`: the unit `degC` is written `Cel` here\n"
     "m.yaml:6:3: warning: `z`: the unit `PPM` is not in the list, did you mean `ppm`?\n"
     "m.yaml:7:3: warning: `w`: the unit `kWhh` is not in the list, did you mean `kWh`?\n"
     "m.yaml:8:3: warning: `v`: the unit `blips` is not in the list; is it spelt as in UCUM?\n"},
    {"two numbers in one register are told of each other",
     HEAD "  x: {at: input 0, type: u16}\n"
          "  f: {at: input 10, type: u32}\n"
          "  g: {at: input 11, type: u16}\n"
          "  h: {at: input 10, type: u32}\n"
          "  i: {at: holding 10, type: u32}\n"
          "examples:\n"
          "  - {given: {input 10: [0, 1]}, expect: {f: 1}}\n"
          "  - {given: {input 10: [0, 1]}, expect: {f: 1}}\n"
          "  - {given: {input 10: [0, 1]}, expect: {f: 1}}\n",
     "m.yaml:6:3: warning: `g` reads input 11, which `f` (m.yaml:5) reads as a part of its own "
     "value: is "
     "one address wrong? If both are meant, say `overlap: true`\n"
     "m.yaml:7:3: warning: `h` reads input 10, which `f` (m.yaml:5) reads too: is one address "
     "wrong? If "
     "both are meant, say `overlap: true`\n"},
    {"values in parts claim their parts only",
     HEAD "  x: {at: input 0, type: u16}\n"
          "  split: {at: [input 12, input 10], type: u32}\n"
          "  between: {at: input 11, type: u16}\n"
          "  sum: {at: [input 20, input 24], type: u32, weights: [10000, 1]}\n"
          "  wrong: {at: input 25, type: u16}\n"
          "  right: {at: input 22, type: u32}\n" THREE,
     "m.yaml:1:1: warning: no example says anything of split, sum, right\n"
     "m.yaml:8:3: warning: `wrong` reads input 25, which `sum` (m.yaml:7) reads as a part of its "
     "own "
     "value: is one address wrong? If both are meant, say `overlap: true`\n"},
    {"views of one register are meant",
     HEAD "  x: {at: input 0, type: u16, bits: {0: a, 1: b}}\n"
          "  y: {at: input 0, bit: 3}\n"
          "  z: {at: input 0, type: u16, mask: 0xFF}\n"
          "  hi: {at: input 0, type: u8, byte: high}\n"
          "  twice: {at: input 0, type: s16, overlap: true}\n"
          "  mode: {at: input 1, type: u16}\n"
          "  l1: {at: input 2, type: u16, valid_if: mode == 1}\n"
          "  l2: {at: input 2, type: u16, valid_if: mode == 2}\n" THREE,
     ""},
    {"a small counter begins anew",
     HEAD "  x: {at: input 0, type: u16, kind: counter}\n"
          "  y: {at: input 1, type: u16, kind: counter, wrap: 9999}\n"
          "  z: {at: input 2, type: u16, kind: counter, reset: true}\n" THREE,
     "m.yaml:4:3: warning: `x` counts in 16 bits and will begin anew: say `wrap:`, its last value, "
     "or "
     "`reset: true`; else each time looks like a counter that ran backwards\n"},
    {"a wrap is what the registers can reach, scaled",
     HEAD "  x: {at: input 0, type: u32, scale: 0.5, kind: counter, wrap: 4294967295}\n"
          "  y: {at: input 2, type: u32, scale: 0.5, kind: counter, wrap: 2147483647.5}\n"
          "  z: {at: input 4, type: bcd32, kind: counter, wrap: 99999999}\n"
          "  w: {at: input 6, type: bcd32, kind: counter, wrap: 100000000}\n"
          "  v: {at: input 8, type: u16, mask: 0xFF0, shift: 4, kind: counter, wrap: 256}\n"
          "  u: {at: input 9, type: f32, kind: counter, wrap: 1000000000000}\n"
          "  t: {at: input 11, type: s32, span: {raw: [0, 1], eng: [0, 10]}, kind: counter, "
          "wrap: 21474836470}\n"
          "  s: {at: input 13, type: u64, scale: 0.001, kind: counter, "
          "wrap: 18446744073709551.615}\n" ALL_OF_THEM,
     "m.yaml:4:3: warning: `x` wraps at 4294967295, but its registers say 2147483647.5 at most: "
     "`wrap:` is the last value before zero as it is published, scaled\n"
     "m.yaml:7:3: warning: `w` wraps at 100000000, but its registers say 99999999 at most: `wrap:` "
     "is the last value before zero as it is published, scaled\n"
     "m.yaml:8:3: warning: `v` wraps at 256, but its registers say 255 at most: `wrap:` is the "
     "last value before zero as it is published, scaled\n"},
    {"a float that counts is told of its twin of 64 bits",
     HEAD "  x: {at: input 0, type: u16}\n"
          "  import_f32: {at: input 2, type: f32, kind: counter, unit: Wh}\n"
          "  export: {at: input 4, type: u64, kind: counter, unit: Wh}\n"
          "  import: {at: input 8, type: u64, kind: counter, unit: Wh}\n"
          "  alone: {at: input 12, type: f32, kind: counter, unit: m3}\n"
          "examples:\n"
          "  - {given: {input 2: [0, 0]}, expect: {import_f32: 0}}\n"
          "  - {given: {input 4: [0, 0, 0, 0]}, expect: {export: 0}}\n"
          "  - {given: {input 8: [0, 0, 0, 0]}, expect: {import: 0}}\n",
     "m.yaml:5:3: note: `import_f32` counts in a float, which stands still between steps when it "
     "is "
     "large; if it is the same as `import`, that one has 64 bits\n"},
};

static void what_is_mostly_not_meant_is_told(void **state)
{
    (void)state;
    bool good = true;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct arena *a = arena_new(0);
        struct diags *ds = diags_new();
        const struct map *m = map_parse(a, cases[i].file, strlen(cases[i].file), "m.yaml", "m", ds);
        if (m != NULL) {
            assert_true(map_lint(m, NULL, a, ds));
        }
        char *told = told_by(ds);
        if (m == NULL || strcmp(told, cases[i].told) != 0) {
            print_error("%s:\nwanted:\n%sgot:\n%s\n", cases[i].title, cases[i].told, told);
            good = false;
        }
        free(told);
        diags_free(ds);
        arena_free(a);
    }
    assert_true(good);
}

static void every_spelling_leads_to_one_that_is_listed(void **state)
{
    (void)state;
    static const char *const wrong[] = {"m^3/h", "degC", "KWH", "psi", "gpm", "ohm", "pH", "RPM"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        assert_non_null(unit_spelling(wrong[i]));
        assert_true(unit_is_listed(unit_spelling(wrong[i])));
        assert_false(unit_is_listed(wrong[i]));
    }
    assert_null(unit_spelling("m3/h"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_mostly_not_meant_is_told),
        cmocka_unit_test(every_spelling_leads_to_one_that_is_listed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
