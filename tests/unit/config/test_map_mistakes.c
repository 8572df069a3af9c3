/* SPDX-License-Identifier: Apache-2.0 */
/* Wrong maps, and what is said about them, to the letter. */
#include "mistakes.h"

static const struct mistakes cases[] = {
    {"a map begins with its format", "tags: {a: {at: input 0, type: u16}}\n",
     "map.yaml:1:1: error: `format: 1` is missing; begin the file with it\n"},
    {"another format is not read",
     "format: 2\n"
     "tags: {a: {at: input 0, type: u16}}\n",
     "map.yaml:1:9: error: this version reads `format: 1` only\n"},
    {"an empty file says so", "",
     "map.yaml:1:1: error: the file is empty; it should begin with `format: 1`\n"},
    {"a list is no map", "- a\n",
     "map.yaml:1:1: error: a map is a mapping of keys and values, like {format: ...}\n"},
    {"a map has tags", "format: 1\n",
     "map.yaml:1:1: error: a map has `tags:`, and this one has none\n"},
    {"a misspelt key is named with the right one",
     "format: 1\n"
     "titel: x\n"
     "tags: {a: {at: input 0, typ: u16}}\n",
     "map.yaml:2:1: error: `titel` is no key of a map, did you mean `title`?\n"
     "map.yaml:3:25: error: `typ` is no key of a tag, did you mean `type`?\n"},
    {"a key without a value says so",
     "format: 1\n"
     "tags:\n"
     "  a: {at: input 0, type: u16, unit: }\n",
     "map.yaml:3:31: error: `unit` has no value; give one, or leave the key out\n"},
    {"a key that stands twice says so",
     "format: 1\n"
     "tags:\n"
     "  a: {at: input 0, at: input 1, type: u16}\n",
     "map.yaml:3:20: error: `at` stands here twice, first in line 3; remove one\n"},
    {"a misspelt type is named with the right one",
     "format: 1\n"
     "tags:\n"
     "  a: {at: input 0, type: flt32}\n",
     "map.yaml:3:26: error: type `flt32` is not known, did you mean `f32`?\n"},
    {"a word that is no type gets the list",
     "format: 1\n"
     "tags:\n"
     "  a: {at: input 0, type: number}\n",
     "map.yaml:3:26: error: type `number` is not known; one of: bool u8 s8 u16 s16 u24 s24 u32 s32 "
     "u48 s48 u64 s64 f16 f32 f64 bcd16 bcd32 bcd64 m10k32 m10k48 m10k64 sm16 string time\n"},
    {"a type by another maker's name is named with ours",
     "format: 1\n"
     "tags:\n"
     "  a: {at: input 0, type: REAL}\n"
     "  b: {at: input 2, type: uint16}\n",
     "map.yaml:3:26: error: type `REAL` is called `f32` here\n"
     "map.yaml:4:26: error: type `uint16` is called `u16` here\n"},
    {"what cannot be read says what to do instead",
     "format: 1\n"
     "tags:\n"
     "  a: {at: input 0, type: T5}\n"
     "  b: {at: holding 5000, type: enron32}\n"
     "  c: {at: file 1.2, type: u16}\n"
     "  d: {at: input 0, type: u16, read: mailbox}\n"
     "  e: {at: input 0, type: u16, fc: 4}\n",
     "map.yaml:3:26: error: `T5`: Finder's packed T types are not read; take the meter's own block of "
     "IEEE floats, with `type: f32`, or its whole-number registers\n"
     "map.yaml:4:31: error: `enron32`: registers of four bytes each (Enron, Daniel) are not read; set "
     "the flow computer to standard Modbus, two registers to a value, and say `type: f32` or u32\n"
     "map.yaml:5:11: error: `file`: file records (functions 20 and 21) are not read; archives are "
     "fetched with the maker's tool, and what is measured now stands in ordinary registers\n"
     "map.yaml:6:37: error: `mailbox`: mailboxes are not spoken: a question is written to them before "
     "they are read, and this gateway polls without writing; map the parameter to a register of its "
     "own with the maker's tool\n"
     "map.yaml:7:31: error: `fc`: the function follows from the table: coil is read with 1, discrete "
     "with 2, holding with 3, input with 4; say `at: holding N` or `at: input N`\n"},
    {"a map that would set equipment up is refused",
     "format: 1\n"
     "scan_list: [1, 2]\n"
     "tags: {a: {at: input 0, type: u16}}\n",
     "map.yaml:2:1: error: `scan_list`: scan lists are not written: set the list with the maker's tool, "
     "and give the registers that it fills as ordinary tags\n"},
    {"a wrong deadband of the map is told once",
     "format: 1\n"
     "deadband: -1\n"
     "tags: {a: {at: input 0, type: u16}, b: {at: input 1, type: u16}}\n",
     "map.yaml:2:11: error: a deadband is 0 or more\n"},
    {"a misspelt table is named with the right one",
     "format: 1\n"
     "tags:\n"
     "  a: {at: holdin 0, type: u16}\n",
     "map.yaml:3:11: error: at: `holdin` is no table, did you mean `holding`?\n"},
    {"an address needs its table",
     "format: 1\n"
     "tags:\n"
     "  a: {at: 40001, type: u16}\n",
     "map.yaml:3:11: error: at: `40001` names no table; write `holding N` or `input N` with the "
     "zero-based wire address, or say what the maker counts from: `doc_base: {holding: 40001}`\n"},
    {"a number below every base names no table",
     "format: 1\n"
     "doc_base: {holding: 40001}\n"
     "tags: {a: {at: 300, type: u16}}\n",
     "map.yaml:3:16: error: at: `300` names no table; write `holding N` or `input N` with the "
     "zero-based wire address, or say what the maker counts from: `doc_base: {holding: 40001}`\n"},
    {"a number beyond the block of a base is another table's",
     "format: 1\n"
     "doc_base: {input: 30001}\n"
     "tags: {a: {at: 40001, type: u16}, b: {at: 39999, type: u16}}\n",
     "map.yaml:3:16: error: at: `40001` names no table; write `holding N` or `input N` with the "
     "zero-based wire address, or say what the maker counts from: `doc_base: {holding: 40001}`\n"},
    {"what hangs on other mistakes is told with them, and nothing twice",
     "format: 1\n"
     "identify: {tag: serial}\n"
     "tags:\n"
     "  a: {at: input 0, type: u16, scale: x}\n"
     "  pump_{n}_on: {at: input 0, type: bool, repeat: {count: 2}}\n"
     "  b: {from: a, table: [[0, 0], [1, 1]]}\n"
     "  c: {from: lvl, table: [[0, 0], [1, 1]]}\n"
     "  d: {at: input 1, type: u16, valid_if: a.ok}\n"
     "  e: {at: input 1, type: u16, valid_if: pump_2_on}\n"
     "  f: {at: input 1, type: u16, valid_if: g.ok}\n"
     "examples:\n"
     "  - {given: {input 0: [65536]}, expect: {a: 1, x: 2}}\n",
     "map.yaml:2:17: error: identify: no tag `serial` in this map\n"
     "map.yaml:4:38: error: scale `x` is no number; write 0.1, -2 or 1e-3\n"
     "map.yaml:5:50: error: repeat needs `stride: N`, the addresses from one to the next\n"
     "map.yaml:7:13: error: from: no tag `lvl` in this map\n"
     "map.yaml:10:41: error: valid_if: no tag `g.ok` in this map\n"
     "map.yaml:12:24: error: a given register is 65536; it can be 0 to 65535\n"
     "map.yaml:12:48: error: expect: no tag `x` in this map\n"},
    {"an address ends at 65535",
     "format: 1\n"
     "tags:\n"
     "  a: {at: holding 65536, type: u16}\n"
     "  b: {at: holding 65535, type: f32}\n",
     "map.yaml:3:11: error: at: address 65536 is beyond 65535; maker's numbers like 400001 stand "
     "alone, with a `doc_base`\n"
     "map.yaml:4:11: error: 2 registers from address 65535 on reach beyond 65535\n"},
    {"a bit is no decimal place",
     "format: 1\n"
     "tags:\n"
     "  a: {at: holding 100.3, type: u16}\n",
     "map.yaml:3:11: error: at: `100.3` is no address; write a whole number, and the bit as a key "
     "of its own: `bit: 3`\n"},
    {"an octal-looking address is refused",
     "format: 1\n"
     "tags:\n"
     "  a: {at: holding 010, type: u16}\n",
     "map.yaml:3:11: error: at: `010` is no address; write a whole number without leading zeros, "
     "like 100 or 0x64\n"},
    {"a tag lies somewhere",
     "format: 1\n"
     "tags:\n"
     "  a: {type: u16}\n",
     "map.yaml:3:3: error: `a` lies nowhere; say `at: holding 100`, or `from:` another tag\n"},
    {"a register needs a type",
     "format: 1\n"
     "tags:\n"
     "  a: {at: input 0}\n",
     "map.yaml:3:3: error: no type; say `type: u16`, f32, ... or `bit: N`\n"},
    {"a coil is a bool",
     "format: 1\n"
     "tags:\n"
     "  a: {at: coil 0, type: u16}\n",
     "map.yaml:3:25: error: a coil is one bit: its type is bool\n"},
    {"neither a coil nor a discrete input has bits",
     "format: 1\n"
     "tags:\n"
     "  a: {at: coil 0, bit: 1}\n"
     "  b: {at: discrete 0, type: bool, bit: 0}\n",
     "map.yaml:3:24: error: a coil is one bit: leave `bit` out, or say `at: holding ...` if that "
     "of a register is meant\n"
     "map.yaml:4:40: error: a discrete is one bit: leave `bit` out, or say `at: input ...` if that "
     "of a register is meant\n"},
    {"doc and address are held against each other",
     "format: 1\n"
     "doc_base: {input: 30001}\n"
     "tags: {a: {at: input 0, doc: 30002, type: u16}}\n",
     "map.yaml:3:30: error: doc 30002 is wire address 1 (doc_base 30001), but `at` says 0; right "
     "would be `at: input 1` or `doc: 30001`\n"},
    {"a doc number outside of its table",
     "format: 1\n"
     "doc_base: {input: 30001}\n"
     "tags: {a: {at: input 5, doc: 6, type: u16}}\n",
     "map.yaml:3:30: error: doc 6 lies outside of what `doc_base` 30001 allows; input 5 is printed "
     "as 30006\n"},
    {"an order uses each letter once",
     "format: 1\n"
     "tags:\n"
     "  a: {at: input 0, type: f32, order: ABBA}\n"
     "  b: {at: input 0, type: u64, order: CDAB}\n",
     "map.yaml:3:38: error: order `ABBA`: f32 takes each letter of ABCD once, the most significant "
     "byte is A\n"
     "map.yaml:4:38: error: order `CDAB`: u64 takes each letter of ABCDEFGH once, the most "
     "significant byte is A\n"},
    {"an order of the map is checked",
     "format: 1\n"
     "order: {f33: CDAB, u32: ABC}\n"
     "tags: {a: {at: input 0, type: u16}}\n",
     "map.yaml:2:9: error: type `f33` is not known, did you mean `f32`?\n"
     "map.yaml:2:25: error: order `ABC`: u32 takes each letter of ABCD once, the most significant "
     "byte is A\n"},
    {"a byte has no order",
     "format: 1\n"
     "tags:\n"
     "  a: {at: input 0, type: u8, order: AB}\n",
     "map.yaml:3:37: error: u8 has no byte order; say `byte: low` or `byte: high`\n"},
    {"one curve a tag",
     "format: 1\n"
     "tags:\n"
     "  a: {at: input 0, type: u16, scale: 0.1, span: {raw: [0, 1], eng: [0, 1]}}\n",
     "map.yaml:3:49: error: a tag has one of scale/offset, span, table, weir and convert; compute "
     "the second step in a tag of its own with `from`\n"},
    {"bits cannot be scaled",
     "format: 1\n"
     "tags:\n"
     "  a: {at: input 0, bit: 3, scale: 0.1}\n",
     "map.yaml:3:35: error: only numbers can be scaled or converted, not bits, enums, strings or "
     "times\n"},
    {"a scale of nothing",
     "format: 1\n"
     "tags:\n"
     "  a: {at: input 0, type: u16, scale: 0}\n",
     "map.yaml:3:38: error: scale 0 makes every value the same\n"},
    {"a number has no quotes",
     "format: 1\n"
     "tags:\n"
     "  a: {at: input 0, type: u16, scale: \"0.1\"}\n",
     "map.yaml:3:38: error: scale is a number; write it without quotes\n"},
    {"a number in another country's style",
     "format: 1\n"
     "tags:\n"
     "  a: {at: input 0, type: u16, scale: '0,1'}\n"
     "  b: {at: input 1, type: u16, scale: 0x10}\n",
     "map.yaml:3:38: error: scale is a number; write it without quotes\n"
     "map.yaml:4:38: error: scale `0x10` is no number; write 0.1, -2 or 1e-3\n"},
    {"a span has two different ends",
     "format: 1\n"
     "tags:\n"
     "  a: {at: input 0, type: u16, span: {raw: [5, 5], eng: [0, 10]}}\n"
     "  b: {at: input 0, type: u16, span: {raw: [0, 10]}}\n",
     "map.yaml:3:43: error: the two raw ends of a span must differ\n"
     "map.yaml:4:37: error: a span has two ends on both sides: {raw: [0, 27648], eng: [0, 10]}\n"},
    {"a table rises",
     "format: 1\n"
     "tags:\n"
     "  a: {at: input 0, type: u16, table: [[0, 0], [2, 1], [1, 5]]}\n",
     "map.yaml:3:55: error: the first numbers of a table must rise from pair to pair\n"},
    {"a bit lies inside its type",
     "format: 1\n"
     "tags:\n"
     "  a: {at: input 0, type: u16, bit: 16}\n",
     "map.yaml:3:36: error: bit is 16; it can be 0 to 15\n"},
    {"a mask lies inside its type",
     "format: 1\n"
     "tags:\n"
     "  a: {at: input 0, type: u16, mask: 0x1FFFF}\n",
     "map.yaml:3:37: error: mask is 0x1FFFF; it can be 1 to 65535\n"},
    {"floats have no bits",
     "format: 1\n"
     "tags:\n"
     "  a: {at: input 0, type: f32, bits: {0: on}}\n",
     "map.yaml:3:37: error: `bits` is for whole numbers (u16, u32, ...)\n"},
    {"bits do not take names that exist",
     "format: 1\n"
     "tags:\n"
     "  s.a: {at: input 0, type: u16}\n"
     "  s: {at: input 1, type: u16, bits: {0: a, 16: b}}\n",
     "map.yaml:4:41: error: there is already a tag `s.a` in line 3; names must differ\n"
     "map.yaml:4:44: error: bit is 16; it can be 0 to 15\n"},
    {"names differ by more than case",
     "format: 1\n"
     "tags:\n"
     "  Flow: {at: input 0, type: u16}\n"
     "  flow: {at: input 1, type: u16}\n",
     "map.yaml:4:3: error: there is already a tag `Flow` in line 3; names must differ by more than "
     "case\n"},
    {"a name has plain letters",
     "format: 1\n"
     "tags:\n"
     "  a b: {at: input 0, type: u16}\n",
     "map.yaml:3:3: error: tag name `a b`: a name has 1 to 64 of A-Z a-z 0-9 . _ -\n"},
    {"a sentinel fits its type",
     "format: 1\n"
     "tags:\n"
     "  a: {at: input 0, type: u16, invalid: [0x10000, -1, 5..2, x]}\n",
     "map.yaml:3:41: error: invalid 0x10000 does not fit into the 16 bits of u16\n"
     "map.yaml:3:50: error: invalid `-1` does not fit into u16\n"
     "map.yaml:3:54: error: invalid `5..2`: the lower end stands first\n"
     "map.yaml:3:60: error: invalid `x`: write raw values or ranges, like 0x7FFF or "
     "0xFFF0..0xFFFF\n"},
    {"a float's sentinel is bits or a value",
     "format: 1\n"
     "tags:\n"
     "  a: {at: input 0, type: f32, invalid: [201, -1.0, 0x7FC00000]}\n",
     "map.yaml:3:41: error: invalid `201` of a float: write the raw bits (0x7FC00000) or the value "
     "with its point (-1.0)\n"},
    {"an enum fits its type",
     "format: 1\n"
     "tags:\n"
     "  a: {at: input 0, type: u16, enum: {-1: off, 70000: on, 1: a, 0x1: b}}\n",
     "map.yaml:3:37: error: the enum has two words for 1\n"
     "map.yaml:3:38: error: enum: -1 does not fit into u16\n"
     "map.yaml:3:47: error: enum: 70000 does not fit into u16\n"},
    {"a valid range stands the right way round",
     "format: 1\n"
     "tags:\n"
     "  a: {at: input 0, type: u16, valid: [5, 1]}\n",
     "map.yaml:3:38: error: valid: the lower end stands first\n"},
    {"a reference names a tag that is there",
     "format: 1\n"
     "tags:\n"
     "  level: {at: input 0, type: u16}\n"
     "  v: {from: levl, scale: 2}\n",
     "map.yaml:4:13: error: from: no tag `levl` in this map, did you mean `level`?\n"},
    {"tags don't vouch for each other in a circle",
     "format: 1\n"
     "tags:\n"
     "  d: {at: holding 4, type: u16, valid_if: a}\n"
     "  a: {at: holding 1, type: u16, valid_if: b == 1}\n"
     "  b: {at: holding 2, type: u16, valid_if: c == 1}\n"
     "  c: {at: holding 3, type: u16, valid_if: a == 1}\n"
     "  e: {at: holding 5, type: u16, valid_if: f == 1}\n"
     "  f: {at: holding 6, type: u16}\n",
     "map.yaml:3:3: error: valid_if: those that vouch for `d` vouch for each other in a "
     "circle, so that none is ever good; leave one `valid_if` out\n"},
    {"tags are not computed in a circle",
     "format: 1\n"
     "tags:\n"
     "  a: {from: b, scale: 2}\n"
     "  b: {from: a, scale: 2}\n",
     "map.yaml:3:3: error: `a` is computed from itself in a circle, or more than 8 tags deep\n"},
    {"computed tags have no registers",
     "format: 1\n"
     "tags:\n"
     "  a: {at: input 0, type: u16}\n"
     "  v: {from: a, type: u16, scale: 2}\n",
     "map.yaml:4:22: error: `type` means nothing in a tag that is computed `from` another one\n"},
    {"from needs something to do",
     "format: 1\n"
     "tags:\n"
     "  a: {at: input 0, type: u16}\n"
     "  v: {from: a}\n",
     "map.yaml:4:3: error: `from` needs what to do with it: scale, offset, span, table or weir\n"},
    {"valid_if has few forms",
     "format: 1\n"
     "tags:\n"
     "  s: {at: input 0, type: u16}\n"
     "  a: {at: input 1, type: u16, valid_if: s > 3}\n"
     "  b: {at: input 1, type: u16, valid_if: s.16 == 0}\n"
     "  c: {at: input 1, type: u16, valid_if: t}\n",
     "map.yaml:4:41: error: valid_if `s > 3`: write `tag`, `not tag`, `tag == 3`, `tag != 3` or "
     "`tag.2 == 0` (bit 2)\n"
     "map.yaml:5:41: error: valid_if: `s` has no bit 16; bits are of unscaled whole numbers\n"
     "map.yaml:6:41: error: valid_if: no tag `t` in this map\n"},
    {"wrap is for counters",
     "format: 1\n"
     "tags:\n"
     "  a: {at: input 0, type: u16, wrap: 9999}\n",
     "map.yaml:3:37: error: `wrap` and `reset` are for counters; add `kind: counter`\n"},
    {"a scale is read, not computed",
     "format: 1\n"
     "tags:\n"
     "  a: {at: input 0, type: u16, exp_from: b}\n"
     "  b: {at: input 1, type: s16, exp_from: c}\n"
     "  c: {at: input 2, type: s16}\n",
     "map.yaml:3:3: error: `a` is scaled by `b`, which is itself computed; name a tag that is "
     "read\n"},
    {"only numbers count",
     "format: 1\n"
     "tags:\n"
     "  a: {at: coil 0, kind: counter}\n",
     "map.yaml:3:25: error: only numbers count; this is none\n"},
    {"a string has a length",
     "format: 1\n"
     "tags:\n"
     "  a: {at: input 0, type: string}\n",
     "map.yaml:3:3: error: a string needs `len: N`, its length in registers\n"},
    {"a time has a format",
     "format: 1\n"
     "tags:\n"
     "  a: {at: input 0, type: time, format: unixx}\n",
     "map.yaml:3:40: error: format `unixx` is not known, did you mean `unix`?\n"},
    {"durations carry units",
     "format: 1\n"
     "tags:\n"
     "  a: {at: input 0, type: u16, every: 5}\n"
     "  b: {at: input 0, type: u16, every: 50us}\n",
     "map.yaml:3:38: error: every `5` is no duration; write 500ms, 5s, 10m, 72h (with the unit)\n"
     "map.yaml:4:38: error: every is 50us; it can be 100 us to 7 d\n"},
    {"only true and false are truths",
     "format: 1\n"
     "tags:\n"
     "  a: {at: coil 0, invert: yes}\n",
     "map.yaml:3:27: error: invert is true or false, without quotes; nothing else counts\n"},
    {"input registers cannot be written",
     "format: 1\n"
     "tags:\n"
     "  a: {at: input 0, type: u16, write: true}\n",
     "map.yaml:3:38: error: what lies in `input` cannot be written; only coils and holding "
     "registers can. If it is "
     "written elsewhere: `write: {at: holding N}`\n"},
    {"limits have ceilings",
     "format: 1\n"
     "limits: {max_registers: 126, max_gap: -1, never: [holding 5..2, 7]}\n"
     "tags: {a: {at: input 0, type: u16}}\n",
     "map.yaml:2:25: error: max_registers is 126; it can be 1 to 125\n"
     "map.yaml:2:39: error: max_gap `-1` is no whole number; write 12 or 0x0C\n"
     "map.yaml:2:51: error: never `holding 5..2`: write `holding 0x2000..0x2001` or `holding 5`, "
     "the lower address first, none beyond 65535\n"
     "map.yaml:2:65: error: never `7`: write `holding 0x2000..0x2001` or `holding 5`\n"},
    {"what must not be read is not read",
     "format: 1\n"
     "limits: {never: [\"holding 0x10..0x1F\"]}\n"
     "tags: {a: {at: holding 15, type: f32}}\n",
     "map.yaml:3:16: error: this lies in `never: holding 16..31`, which must not be read: leave "
     "the tag out, or make that range end beside it\n"},
    {"nor is what must not be read written",
     "format: 1\n"
     "limits: {never: [holding 40]}\n"
     "tags: {a: {at: holding 40, type: u16, write: {limits: [1, 2]}}}\n",
     "map.yaml:3:16: error: this lies in `never: holding 40..40`, which must not be read: leave "
     "the tag out, or make that range end beside it; what can't be read can't be written, for "
     "each writing is read back\n"},
    {"a value is not longer than a request",
     "format: 1\n"
     "limits: {max_registers: 2}\n"
     "tags: {a: {at: holding 15, type: u64}}\n",
     "map.yaml:3:16: error: this takes 4 registers, but `max_registers` is 2\n"},
    {"a group is one request",
     "format: 1\n"
     "tags:\n"
     "  a: {at: input 0, type: u16, group: g}\n"
     "  b: {at: holding 0, type: u16, group: g}\n"
     "  c: {at: input 200, type: u16, group: g}\n",
     "map.yaml:4:3: error: `a` and `b` are one group, but lie in two tables; a group is read in "
     "one request\n"
     "map.yaml:5:3: error: with `c` its group spans 201 addresses; one request reads 125 at "
     "most\n"},
    {"a repeat has a place for its number",
     "format: 1\n"
     "tags:\n"
     "  a: {at: input 0, type: u16, repeat: {count: 3, stride: 2}}\n"
     "  b{n}: {at: input 0, type: u16}\n"
     "  c{n}: {at: input 0, type: u16, repeat: {count: 3}}\n",
     "map.yaml:3:3: error: a repeated tag has {n} in its name, like pump_{n}_flow\n"
     "map.yaml:4:3: error: `b{n}` needs `repeat: {count: N, stride: N}` to put something in for "
     "{n}\n"
     "map.yaml:5:42: error: repeat needs `stride: N`, the addresses from one to the next\n"},
    {"a heartbeat names a tag",
     "format: 1\n"
     "heartbeat: {tag: alive, within: 5s}\n"
     "tags: {a: {at: input 0, type: u16}}\n",
     "map.yaml:2:18: error: heartbeat: no tag `alive` in this map\n"},
    {"identify names a tag",
     "format: 1\n"
     "identify: {tag: serial}\n"
     "tags: {seriel: {at: input 0, type: u16}}\n",
     "map.yaml:2:17: error: identify: no tag `serial` in this map, did you mean `seriel`?\n"},
    {"examples are checked",
     "format: 1\n"
     "tags:\n"
     "  a: {at: input 0, type: u16}\n"
     "examples:\n"
     "  - {given: {input 0: [65536]}, expect: {b: 1}}\n"
     "  - {given: {input: [1]}}\n",
     "map.yaml:5:24: error: a given register is 65536; it can be 0 to 65535\n"
     "map.yaml:5:42: error: expect: no tag `b` in this map\n"
     "map.yaml:6:5: error: an example has {given: {input 0: [0x4366, 0x3333]}, expect: {voltage: "
     "230.2}}\n"
     "map.yaml:6:14: error: given `input`: write the table and the zero-based wire address, like "
     "`holding 100` or `input 0x1F`\n"},
    {"tabs do not indent",
     "format: 1\n"
     "tags:\n"
     "\ta: 1\n",
     "map.yaml:3:1: error: tabs cannot indent; use spaces: found character that cannot start any "
     "token\n"},
    {"a colon in a text needs quotes",
     "format: 1\n"
     "title: a: b\n"
     "tags: {}\n",
     "map.yaml:2:9: error: a text with `: ` in it needs quotes; or the line is indented too far: "
     "mapping values are not allowed in this context\n"},
    {"a bracket that is not closed",
     "format: 1\n"
     "tags: {a: {at: input 0, type: u16}\n",
     "map.yaml:3:1: error: a comma or the closing bracket is missing: did not find expected ',' or "
     "'}'\n"},
    {"anchors are refused",
     "format: 1\n"
     "tags: &t {a: {at: input 0, type: u16}}\n",
     "map.yaml:2:7: error: anchors (&t) are not used here; write the value out\n"},
    {"YAML tags are refused", "format: !!int 1\n",
     "map.yaml:1:9: error: YAML tags (!!int) are not used here; leave it out, or put the text in "
     "quotes\n"},
    {"one document",
     "format: 1\n"
     "tags: {a: {at: input 0, type: u16}}\n"
     "---\n"
     "format: 1\n",
     "map.yaml:3:1: error: a second document begins here; one file, one document\n"},
    {"all mistakes in one run",
     "format: 1\n"
     "verified: yes\n"
     "every: 10\n"
     "tags:\n"
     "  a: {at: input 0, type: u17}\n"
     "  b: {at: inptu 0, type: u16}\n"
     "  c: {at: input 0, type: u16, scal: 1}\n",
     "map.yaml:2:11: error: verified `yes` is not known; one of: device document implementation "
     "invented\n"
     "map.yaml:3:8: error: every `10` is no duration; write 500ms, 5s, 10m, 72h (with the unit)\n"
     "map.yaml:5:26: error: type `u17` is not known, did you mean `u16`?\n"
     "map.yaml:6:11: error: at: `inptu` is no table, did you mean `input`?\n"
     "map.yaml:7:31: error: `scal` is no key of a tag, did you mean `scale`?\n"},
};

static void mistakes_are_told_with_their_place_and_remedy(void **state)
{
    (void)state;
    expect_maps_told(cases, sizeof cases / sizeof *cases);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(mistakes_are_told_with_their_place_and_remedy),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
