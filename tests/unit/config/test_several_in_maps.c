/* SPDX-License-Identifier: Apache-2.0 */
/* Maps. Several mistakes in one item are told in one run: each once, where it stands, and nothing
 * that only follows from them. */
#include "mistakes.h"

static const struct mistakes cases[] = {
    {"a tag: its type, and all that stands behind it",
     "format: 1\n"
     "tags:\n"
     "  a: {at: input 21, type: u99, every: 5, kind: foo, bogus: 1, order: [AB]}\n",
     "map.yaml:3:27: error: type `u99` is not known; one of: bool u8 s8 u16 s16 u24 s24 u32 s32 "
     "u48 s48 u64 s64 f16 f32 f64 bcd16 bcd32 bcd64 m10k32 m10k48 m10k64 sm16 string time\n"
     "map.yaml:3:39: error: every `5` is no duration; write 500ms, 5s, 10m, 72h (with the unit)\n"
     "map.yaml:3:48: error: kind `foo` is not known; one of: gauge counter state event text\n"
     "map.yaml:3:53: error: `bogus` is no key of a tag\n"
     "map.yaml:3:70: error: an order is one value, not a list\n"},
    {"a tag: its place, its type, a misspelt key and a time",
     "format: 1\n"
     "tags:\n"
     "  a: {at: inptu 21, type: u99, scael: 5, every: 5, unit: [m]}\n",
     "map.yaml:3:11: error: at: `inptu` is no table, did you mean `input`?\n"
     "map.yaml:3:27: error: type `u99` is not known; one of: bool u8 s8 u16 s16 u24 s24 u32 s32 "
     "u48 s48 u64 s64 f16 f32 f64 bcd16 bcd32 bcd64 m10k32 m10k48 m10k64 sm16 string time\n"
     "map.yaml:3:32: error: `scael` is no key of a tag, did you mean `scale`?\n"
     "map.yaml:3:49: error: every `5` is no duration; write 500ms, 5s, 10m, 72h (with the unit)\n"
     "map.yaml:3:58: error: unit is one value, not a list\n"},
    {"a tag whose type is known, though not its place",
     "format: 1\n"
     "tags:\n"
     "  a: {at: inptu 21, type: u16, order: ABCD, bit: 16, invert: no, read: never}\n",
     "map.yaml:3:11: error: at: `inptu` is no table, did you mean `input`?\n"
     "map.yaml:3:39: error: order `ABCD`: u16 takes each letter of AB once, the most significant "
     "byte is A\n"
     "map.yaml:3:50: error: bit is 16; it can be 0 to 15\n"
     "map.yaml:3:62: error: invert is true or false, without quotes; nothing else counts\n"
     "map.yaml:3:72: error: read `never` is not known; one of: poll once on_demand\n"},
    {"a point: span, invalid, valid, deadband, verified",
     "format: 1\n"
     "tags:\n"
     "  a: {at: input 0, type: u16, span: {raw: [0, x], eng: [1, 1], enq: 3}, invalid: {0x10000: "
     "a, 5: \"\"}, valid: [5, 1], deadband: -1, verified: maybe}\n",
     "map.yaml:3:47: error: raw `x` is no number; write 1.5, -2 or 1e-3\n"
     "map.yaml:3:56: error: the two ends of a span must differ\n"
     "map.yaml:3:64: error: `enq` is no key of a span, did you mean `eng`?\n"
     "map.yaml:3:83: error: invalid 0x10000 does not fit into the 16 bits of u16\n"
     "map.yaml:3:98: error: a reason has 1 to 200 bytes, like `open sensor`\n"
     "map.yaml:3:110: error: valid: the lower end stands first\n"
     "map.yaml:3:128: error: a deadband is 0 or more\n"
     "map.yaml:3:142: error: verified `maybe` is not known; one of: device document implementation "
     "invented\n"},
    {"a point without a type that is known: only what is wrong with any",
     "format: 1\n"
     "tags:\n"
     "  a: {at: input 0, type: number, invalid: [-1, -1.5, x], enum: {-1: low, b: \"\"}, mask: 0, "
     "bits: {64: x, 1: [y]}, len: 0, format: unixx}\n",
     "map.yaml:3:26: error: type `number` is not known; one of: bool u8 s8 u16 s16 u24 s24 u32 s32 "
     "u48 s48 u64 s64 f16 f32 f64 bcd16 bcd32 bcd64 m10k32 m10k48 m10k64 sm16 string time\n"
     "map.yaml:3:54: error: invalid `x`: write raw values or ranges, like 0x7FFF or "
     "0xFFF0..0xFFFF\n"
     "map.yaml:3:74: error: enum: `b` is no whole number\n"
     "map.yaml:3:77: error: a word of an enum is not empty\n"
     "map.yaml:3:88: error: mask is 0; it can be 1 to 18446744073709551615\n"
     "map.yaml:3:98: error: bit is 64; it can be 0 to 63\n"
     "map.yaml:3:108: error: the name of a bit is one value, not a list\n"
     "map.yaml:3:119: error: len is 0; it can be 1 to 125\n"
     "map.yaml:3:130: error: format `unixx` is not known, did you mean `unix`?\n"},
    {"a computed tag: its source, its table, and what is not for it",
     "format: 1\n"
     "tags:\n"
     "  a: {from: zz, table: [[0, 0], [0, 1], [x, 2]], type: u16, invalid: 5, every: 5s, wrap: 3, "
     "valid: [1]}\n",
     "map.yaml:3:13: error: from: no tag `zz` in this map\n"
     "map.yaml:3:33: error: the first numbers of a table must rise from pair to pair\n"
     "map.yaml:3:42: error: a pair of the table `x` is no number; write 1.5, -2 or 1e-3\n"
     "map.yaml:3:56: error: `type` means nothing in a tag that is computed `from` another one\n"
     "map.yaml:3:70: error: `invalid` means nothing in a tag that is computed `from` another one\n"
     "map.yaml:3:80: error: `every` means nothing in a tag that is computed `from` another one\n"
     "map.yaml:3:90: error: `wrap` and `reset` are for counters; add `kind: counter`\n"
     "map.yaml:3:100: error: valid is a list of 2 numbers, like [0, 10]\n"},
    {"a weir, a second curve and a scale of nothing",
     "format: 1\n"
     "tags:\n"
     "  a: {at: input 0, type: u16, scale: 0, offset: x, weir: {k: x, m: 3}}\n",
     "map.yaml:3:38: error: scale 0 makes every value the same\n"
     "map.yaml:3:49: error: offset `x` is no number; write 0.1, -2 or 1e-3\n"
     "map.yaml:3:58: error: a tag has one of scale/offset, span, table, weir and convert; compute "
     "the second step in a tag of its own with `from`\n"
     "map.yaml:3:58: error: a weir is k * level^n: {k: 1.38, n: 2.5}\n"
     "map.yaml:3:62: error: k `x` is no number; write 1.5, -2 or 1e-3\n"
     "map.yaml:3:65: error: `m` is no key of a weir\n"},
    {"a string",
     "format: 1\n"
     "tags:\n"
     "  a: {at: input 0, type: string, len: 0, chars: 3, order: ABC, about: {x: y}}\n",
     "map.yaml:3:39: error: len is 0; it can be 1 to 125\n"
     "map.yaml:3:49: error: chars `3` is not known; one of: 2 low high\n"
     "map.yaml:3:59: error: order `ABC`: string takes each letter of AB once, the most significant "
     "byte is A\n"
     "map.yaml:3:71: error: about is one value, not a mapping\n"},
    {"a time",
     "format: 1\n"
     "tags:\n"
     "  a: {at: input 0, type: time, format: unixx, byte: low, mask: 1, valid: [0, 1], "
     "max_silence: 5}\n",
     "map.yaml:3:40: error: format `unixx` is not known, did you mean `unix`?\n"
     "map.yaml:3:53: error: `byte` is for u8 and s8\n"
     "map.yaml:3:64: error: `mask` is for whole numbers (u16, u32, ...)\n"
     "map.yaml:3:74: error: `valid` is for numbers\n"
     "map.yaml:3:95: error: max_silence `5` is no duration; write 500ms, 5s, 10m, 72h (with the "
     "unit)\n"},
    {"a counter",
     "format: 1\n"
     "tags:\n"
     "  a: {at: input 0, type: u16, kind: counter, wrap: -1, reset: 1, write: {limits: [1], "
     "function: 99, at: input 5, bogus: 1}}\n",
     "map.yaml:3:52: error: wrap is the last value before zero: above 0\n"
     "map.yaml:3:63: error: reset is true or false, without quotes; nothing else counts\n"
     "map.yaml:3:82: error: limits is a list of 2 numbers, like [0, 10]\n"
     "map.yaml:3:97: error: a register is written with function 6, 16 or 22\n"
     "map.yaml:3:105: error: write: at: a register is written to a holding register, not to "
     "`input`\n"
     "map.yaml:3:114: error: `bogus` is no key of write\n"},
    {"a value in parts",
     "format: 1\n"
     "tags:\n"
     "  a: {at: [input x, input 3, holding 4], type: u32, weights: [1, x], optional: 1, "
     "side_effect: 2}\n",
     "map.yaml:3:12: error: at: `x` is no address; write a whole number without leading zeros, "
     "like 100 or 0x64\n"
     "map.yaml:3:30: error: at: all parts lie in one table; they are read together\n"
     "map.yaml:3:66: error: a weight `x` is no number; write 0.1, -2 or 1e-3\n"
     "map.yaml:3:80: error: optional is true or false, without quotes; nothing else counts\n"
     "map.yaml:3:96: error: side_effect is true or false, without quotes; nothing else counts\n"},
    {"a repeated tag, its name and its bits",
     "format: 1\n"
     "tags:\n"
     "  \"a b{n}\": {at: input 0, type: u16, bits: {16: x, 1: y z}, repeat: {n: [1, [2]], count: "
     "2, stride: 0}, group: a b}\n",
     "map.yaml:3:3: error: tag name `a b1`: a name has 1 to 64 of A-Z a-z 0-9 . _ -\n"
     "map.yaml:3:45: error: bit is 16; it can be 0 to 15\n"
     "map.yaml:3:49: error: tag name `a b1.x`: a name has 1 to 64 of A-Z a-z 0-9 . _ -\n"
     "map.yaml:3:55: error: tag name `a b1.y z`: a name has 1 to 64 of A-Z a-z 0-9 . _ -\n"
     "map.yaml:3:69: error: repeat has either `count: 6` or `n: [1, 2, 5]`\n"
     "map.yaml:3:77: error: n has plain words or numbers, like [1, 2] or [north, south]\n"
     "map.yaml:3:101: error: stride is 0; it can be 1 to 65536\n"
     "map.yaml:3:112: error: group `a b`: a name has 1 to 64 of A-Z a-z 0-9 . _ -\n"},
    {"what a tag says of others, said once for all repetitions",
     "format: 1\n"
     "tags:\n"
     "  a: {at: input 0, type: u16, enum: {0: on}}\n"
     "  \"b{n}\": {at: input 1, type: u16, exp_from: a, mul_from: {tag: a, factors: {off: 1, on: "
     "0}}, valid_if: \"c{n}\", repeat: {count: 3, stride: 1}}\n",
     "map.yaml:4:46: error: exp_from: `a` is no number\n"
     "map.yaml:4:78: error: factors: `off` is neither a whole number nor a word of the enum of "
     "`a`\n"
     "map.yaml:4:90: error: factors: by 0 every value becomes 0\n"
     "map.yaml:4:105: error: valid_if: no tag `c1` in this map, did you mean `b1`?\n"},
    {"what a tag that could not be read says of others",
     "format: 1\n"
     "tags:\n"
     "  a: {at: input 0, type: u16}\n"
     "  b: {at: input 1, type: u99, exp_from: x, mul_from: {tag: y, factors: {0: z}}, valid_if: w "
     "== 3}\n",
     "map.yaml:4:26: error: type `u99` is not known; one of: bool u8 s8 u16 s16 u24 s24 u32 s32 "
     "u48 s48 u64 s64 f16 f32 f64 bcd16 bcd32 bcd64 m10k32 m10k48 m10k64 sm16 string time\n"
     "map.yaml:4:41: error: exp_from: no tag `x` in this map\n"
     "map.yaml:4:60: error: mul_from: no tag `y` in this map\n"
     "map.yaml:4:76: error: a factor `z` is no number; write 0.1, -2 or 1e-3\n"
     "map.yaml:4:91: error: valid_if: no tag `w` in this map\n"},
    {"what comes of a tag that could not be read is told with it",
     "format: 1\n"
     "identify: {tag: a}\n"
     "heartbeat: {tag: a, within: 5s}\n"
     "tags:\n"
     "  a: {at: input 0, type: u99}\n"
     "  b: {from: a, scale: 2}\n"
     "  c: {at: input 1, type: u16, valid_if: a}\n"
     "examples:\n"
     "  - {given: {input 0: [1]}, expect: {a: 1}}\n",
     "map.yaml:5:26: error: type `u99` is not known; one of: bool u8 s8 u16 s16 u24 s24 u32 s32 "
     "u48 s48 u64 s64 f16 f32 f64 bcd16 bcd32 bcd64 m10k32 m10k48 m10k64 sm16 string time\n"},
    {"what is misspelt is not missing",
     "format: 1\n"
     "identify: {tga: a}\n"
     "heartbeat: {tag: , wihtin: 5s}\n"
     "tags:\n"
     "  a: {att: input 0, tpye: u16}\n"
     "  b: {at: input 1, typ: u16, table: }\n"
     "  c: {at: input 2, type: string, lenn: 4}\n"
     "examples:\n"
     "  - {givn: {input 0: [1]}, expect: {a: 1}}\n",
     "map.yaml:2:12: error: `tga` is no key of identify, did you mean `tag`?\n"
     "map.yaml:3:13: error: `tag` has no value; give one, or leave the key out\n"
     "map.yaml:3:20: error: `wihtin` is no key of a heartbeat, did you mean `within`?\n"
     "map.yaml:5:7: error: `att` is no key of a tag, did you mean `at`?\n"
     "map.yaml:5:21: error: `tpye` is no key of a tag, did you mean `type`?\n"
     "map.yaml:6:20: error: `typ` is no key of a tag, did you mean `type`?\n"
     "map.yaml:6:30: error: `table` has no value; give one, or leave the key out\n"
     "map.yaml:7:34: error: `lenn` is no key of a tag, did you mean `len`?\n"
     "map.yaml:9:6: error: `givn` is no key of an example, did you mean `given`?\n"},
    {"limits, numbers of the maker, orders, and the head of a map",
     "format: 2\n"
     "title: [x]\n"
     "source: [{a: b}, [c]]\n"
     "verified: maybe\n"
     "doc_base: {inputs: x, holding: x}\n"
     "limits: {max_registers: 126, max_bits: 0, max_gap: x, delay: 5, never: [input x, foo 3], "
     "barriers: [holding 0, x], bogus: 1}\n"
     "order: {f99: ABCD, f32: ABC}\n"
     "every: 5\n"
     "deadband: -1\n"
     "max_silence: 1\n"
     "tags: {a: {at: input 0, type: u16}}\n",
     "map.yaml:1:9: error: this version reads `format: 1` only\n"
     "map.yaml:2:8: error: title is one value, not a list\n"
     "map.yaml:3:10: error: a source is one value, not a mapping\n"
     "map.yaml:3:18: error: a source is one value, not a list\n"
     "map.yaml:4:11: error: verified `maybe` is not known; one of: device document implementation "
     "invented\n"
     "map.yaml:5:12: error: table `inputs` is not known, did you mean `input`?\n"
     "map.yaml:5:32: error: doc_base `x` is no whole number; write 12 or 0x0C\n"
     "map.yaml:6:25: error: max_registers is 126; it can be 1 to 125\n"
     "map.yaml:6:40: error: max_bits is 0; it can be 1 to 2000\n"
     "map.yaml:6:52: error: max_gap `x` is no whole number; write 12 or 0x0C\n"
     "map.yaml:6:62: error: delay `5` is no duration; write 500ms, 5s, 10m, 72h (with the unit)\n"
     "map.yaml:6:73: error: never `input x`: write `holding 0x2000..0x2001` or `holding 5`, the "
     "lower address first, none beyond 65535\n"
     "map.yaml:6:82: error: never: `foo` is no table; there are coil, discrete, input and holding\n"
     "map.yaml:6:101: error: a barrier stands between two addresses: at the upper one\n"
     "map.yaml:6:112: error: a barrier `x`: write the table and the zero-based wire address, like "
     "`holding 100` or `input 0x1F`\n"
     "map.yaml:6:116: error: `bogus` is no key of limits\n"
     "map.yaml:7:9: error: type `f99` is not known; one of: bool u8 s8 u16 s16 u24 s24 u32 s32 u48 "
     "s48 u64 s64 f16 f32 f64 bcd16 bcd32 bcd64 m10k32 m10k48 m10k64 sm16 string time\n"
     "map.yaml:7:25: error: order `ABC`: f32 takes each letter of ABCD once, the most significant "
     "byte is A\n"
     "map.yaml:8:8: error: every `5` is no duration; write 500ms, 5s, 10m, 72h (with the unit)\n"
     "map.yaml:9:11: error: a deadband is 0 or more\n"
     "map.yaml:10:14: error: max_silence `1` is no duration; write 500ms, 5s, 10m, 72h (with the "
     "unit)\n"},
    {"an example",
     "format: 1\n"
     "tags: {a: {at: input 0, type: u16}}\n"
     "examples:\n"
     "  - {about: [x], given: {inptu 0: [x], input 1: [65536, y]}, expect: {b: [1], a: {badd: x}}, "
     "bogus: 1}\n",
     "map.yaml:4:13: error: about is one value, not a list\n"
     "map.yaml:4:26: error: given: `inptu` is no table, did you mean `input`?\n"
     "map.yaml:4:36: error: a given register `x` is no whole number; write 12 or 0x0C\n"
     "map.yaml:4:50: error: a given register is 65536; it can be 0 to 65535\n"
     "map.yaml:4:57: error: a given register `y` is no whole number; write 12 or 0x0C\n"
     "map.yaml:4:71: error: expect: no tag `b` in this map\n"
     "map.yaml:4:74: error: an expected value is one value, not a list\n"
     "map.yaml:4:83: error: `badd` is no key of an expected value, did you mean `bad`?\n"
     "map.yaml:4:94: error: `bogus` is no key of an example\n"},
    {"a heartbeat and an identity",
     "format: 1\n"
     "heartbeat: {tag: b, within: 5, bogus: 1}\n"
     "identify: {tag: c, is: [[1], 2..1, {a: b}], bogus: 1}\n"
     "tags: {a: {at: input 0, type: u16}}\n",
     "map.yaml:2:18: error: heartbeat: no tag `b` in this map\n"
     "map.yaml:2:29: error: within `5` is no duration; write 500ms, 5s, 10m, 72h (with the unit)\n"
     "map.yaml:2:32: error: `bogus` is no key of a heartbeat\n"
     "map.yaml:3:17: error: identify: no tag `c` in this map\n"
     "map.yaml:3:25: error: is is one value, not a list\n"
     "map.yaml:3:30: error: is: the lower end of a range stands first\n"
     "map.yaml:3:36: error: is is one value, not a mapping\n"
     "map.yaml:3:45: error: `bogus` is no key of identify\n"},
    {"all that hangs on a map without tags is the map's one mistake",
     "format: 1\n"
     "identify: {tag: c, is: 2..1}\n"
     "heartbeat: {tag: b, within: 5}\n"
     "examples: [{given: {input x: [1]}, expect: {b: 1}}]\n",
     "map.yaml:1:1: error: a map has `tags:`, and this one has none\n"
     "map.yaml:2:24: error: is: the lower end of a range stands first\n"
     "map.yaml:3:29: error: within `5` is no duration; write 500ms, 5s, 10m, 72h (with the unit)\n"
     "map.yaml:4:21: error: given: `x` is no address; write a whole number without leading zeros, "
     "like 100 or 0x64\n"},
    {"a circle is told once, and what is wrong elsewhere all the same",
     "format: 1\n"
     "tags:\n"
     "  a: {from: b, scale: 2}\n"
     "  b: {from: a, scale: 2}\n"
     "  c: {from: a, scale: 2}\n"
     "  d: {from: x, scale: 2}\n"
     "  e: {from: d, scale: 2}\n",
     "map.yaml:3:3: error: `a` is computed from itself in a circle, or more than 8 tags deep\n"
     "map.yaml:6:13: error: from: no tag `x` in this map\n"},
    {"what is refused by its name is not told again",
     "format: 1\n"
     "fifo: 3\n"
     "mailbox: 1\n"
     "tags:\n"
     "  a: {at: file 3, type: enron, fc: 3, every: 5, valid: [2, 1]}\n",
     "map.yaml:2:1: error: `fifo`: queues (function 24) are not read: reading one empties it for "
     "everybody else; poll the register that the queue is filled from\n"
     "map.yaml:3:1: error: `mailbox`: mailboxes are not spoken: a question is written to them "
     "before they are read, and this gateway polls without writing; map the parameter to a "
     "register of its own with the maker's tool\n"
     "map.yaml:5:11: error: `file`: file records (functions 20 and 21) are not read; archives are "
     "fetched with the maker's tool, and what is measured now stands in ordinary registers\n"
     "map.yaml:5:25: error: `enron`: registers of four bytes each (Enron, Daniel) are not read; "
     "set the flow computer to standard Modbus, two registers to a value, and say `type: f32` or "
     "u32\n"
     "map.yaml:5:32: error: `fc`: the function follows from the table: coil is read with 1, "
     "discrete with 2, holding with 3, input with 4; say `at: holding N` or `at: input N`\n"
     "map.yaml:5:46: error: every `5` is no duration; write 500ms, 5s, 10m, 72h (with the unit)\n"
     "map.yaml:5:56: error: valid: the lower end stands first\n"},
};

static void each_of_several_mistakes_is_told_once(void **state)
{
    (void)state;
    expect_maps_told(cases, sizeof cases / sizeof *cases);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(each_of_several_mistakes_is_told_once)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
