/* SPDX-License-Identifier: Apache-2.0 */
/* Lines, areas, devices, broker, journal, commands, derived tags. Several mistakes in one item are
 * told in one run: each once, where it stands, and nothing that only follows from them. */
#include "rule_mistakes.h"

static const struct mistakes cases[] = {
    {"a serial line",
     "format: 1\n"
     "site: s\n"
     "gateway: g\n"
     "lines:\n"
     "  plc: {connect: \"rtu://relative\", baud: 19201, parity: evn, data: 7, stop: 3, echo: 1, "
     "timeout: 5, retries: 11, silent_share: [x], reconnect: {min: x, max: 1}, about: [x], bogus: "
     "1}\n"
     "areas: {mill: Mill}\n"
     "devices: {a: {map: m, line: plc, unit: 1, area: mill}}\n",
     "plant.yaml:5:18: error: connect `rtu://relative`: the path of a serial port is absolute: "
     "rtu:///dev/serial/by-id/...\n"
     "plant.yaml:5:42: error: baud 19201 is no rate of serial ports; the next one below is 19200\n"
     "plant.yaml:5:57: error: parity `evn` is not known, did you mean `even`?\n"
     "plant.yaml:5:68: error: RTU needs 8 data bits; 7 are for Modbus ASCII\n"
     "plant.yaml:5:77: error: stop is 3; it can be 1 to 2\n"
     "plant.yaml:5:86: error: echo is true or false, without quotes; nothing else counts\n"
     "plant.yaml:5:98: error: timeout `5` is no duration; write 500ms, 5s, 10m, 72h (with the "
     "unit)\n"
     "plant.yaml:5:110: error: retries is 11; it can be 0 to 10\n"
     "plant.yaml:5:128: error: silent_share is one value, not a list\n"
     "plant.yaml:5:150: error: min `x` is no duration; write 500ms, 5s, 10m, 72h (with the unit)\n"
     "plant.yaml:5:158: error: max `1` is no duration; write 500ms, 5s, 10m, 72h (with the unit)\n"
     "plant.yaml:5:169: error: about is one value, not a list\n"
     "plant.yaml:5:174: error: `bogus` is no key of a line\n"},
    {"a serial line over TCP",
     "format: 1\n"
     "site: s\n"
     "gateway: g\n"
     "lines:\n"
     "  plc: {connect: \"rtu+tcp://h\", baud: 19201, parity: evn, connect_timeout: 1, delay: 2}\n"
     "areas: {mill: Mill}\n"
     "devices: {a: {map: m, line: plc, unit: 1, area: mill}}\n",
     "plant.yaml:5:18: error: connect `rtu+tcp://h`: rtu+tcp has no usual port; say which one, "
     "like rtu+tcp://HOST:4001\n"
     "plant.yaml:5:39: error: baud 19201 is no rate of serial ports; the next one below is 19200\n"
     "plant.yaml:5:54: error: parity `evn` is not known, did you mean `even`?\n"
     "plant.yaml:5:76: error: connect_timeout `1` is no duration; write 500ms, 5s, 10m, 72h (with "
     "the unit)\n"
     "plant.yaml:5:86: error: delay `2` is no duration; write 500ms, 5s, 10m, 72h (with the "
     "unit)\n"},
    {"a TCP line",
     "format: 1\n"
     "site: s\n"
     "gateway: g\n"
     "lines:\n"
     "  plc: {connect: \"tcp://a b\", baud: 9600, echo: true, connect_delay: 5, silent_share: 2}\n"
     "areas: {mill: Mill}\n"
     "devices: {a: {map: m, line: plc, unit: 1, area: mill}}\n",
     "plant.yaml:5:18: error: connect `tcp://a b`: write tcp://HOST:PORT, with [..] around an IPv6 "
     "address and nothing behind the port\n"
     "plant.yaml:5:37: error: this is a setting of a serial bus, but the line is TCP; leave it "
     "out, or connect by rtu:// or rtu+tcp://\n"
     "plant.yaml:5:49: error: this is a setting of a serial bus, but the line is TCP; leave it "
     "out, or connect by rtu:// or rtu+tcp://\n"
     "plant.yaml:5:70: error: connect_delay `5` is no duration; write 500ms, 5s, 10m, 72h (with "
     "the unit)\n"
     "plant.yaml:5:87: error: silent_share `2`: write 10% or 0.1; it can be 0.1% to 90%\n"},
    {"a line that leads nowhere, and one of no known sort",
     "format: 1\n"
     "site: s\n"
     "gateway: g\n"
     "lines:\n"
     "  plc: {baud: x, retries: 11}\n"
     "  b c: {connect: \"udp://h\", parity: x, timeout: 5}\n"
     "areas: {mill: Mill}\n"
     "devices: {a: {map: m, line: plc, unit: 1, area: mill}}\n",
     "plant.yaml:5:3: error: line `plc` leads nowhere; say `connect: tcp://HOST:502`\n"
     "plant.yaml:5:15: error: baud `x` is no whole number; write 12 or 0x0C\n"
     "plant.yaml:5:27: error: retries is 11; it can be 0 to 10\n"
     "plant.yaml:6:3: error: line `b c`: a name has 1 to 64 of A-Z a-z 0-9 . _ -\n"
     "plant.yaml:6:18: error: connect `udp://h`: write tcp://HOST:502, rtu:///dev/serial/by-id/... "
     "or rtu+tcp://HOST:4001\n"
     "plant.yaml:6:37: error: parity `x` is not known; one of: none even odd\n"
     "plant.yaml:6:49: error: timeout `5` is no duration; write 500ms, 5s, 10m, 72h (with the "
     "unit)\n"},
    {"who uses a line, an area or a device that has a mistake makes none",
     "format: 1\n"
     "site: s\n"
     "gateway: g\n"
     "lines: {\"p c\": {connect: \"tcp://h\"}, q: {conect: \"tcp://h\"}}\n"
     "areas: {\"m l\": Mill, dam: Dam}\n"
     "devices:\n"
     "  a: {map: m, line: p c, unit: 1, area: m l}\n"
     "  b c: {map: m, line: q, unit: 1, area: dam}\n"
     "  d: {map: nothing, line: q, unit: 2, area: dam}\n"
     "derived: {dam/x/y: {of: {a: dam/b c/flow}, is: a, unit: [m]}}\n"
     "alarms:\n"
     "  m l/x/y: {tag: m l/a/flow, above: 1}\n"
     "  dam/x/z: {tag: dam/x/y, above: 1 m}\n"
     "  dam/d/z: {tag: dam/d/flow, above: 1 m}\n"
     "leaks: {x: {kind: switch, area: m l, inputs: [dam/d/run], about: A, consequence: C, "
     "response: R}}\n",
     "plant.yaml:4:9: error: line `p c`: a name has 1 to 64 of A-Z a-z 0-9 . _ -\n"
     "plant.yaml:4:42: error: `conect` is no key of a line, did you mean `connect`?\n"
     "plant.yaml:5:9: error: area `m l`: a name has 1 to 64 of A-Z a-z 0-9 . _ -\n"
     "plant.yaml:8:3: error: device `b c`: a name has 1 to 64 of A-Z a-z 0-9 . _ -\n"
     "plant.yaml:9:12: error: no map `nothing`: neither maps/nothing.yaml nor nowhere/nothing.yaml "
     "is there\n"
     "plant.yaml:10:57: error: unit is one value, not a list\n"
     "plant.yaml:12:3: error: alarm `m l/x/y`: the name is area/device/alarm, each of A-Z a-z 0-9 "
     ". _ -\n"},
    {"a plant without devices",
     "format: 1\n"
     "site: s\n"
     "gateway: g\n"
     "alarms:\n"
     "  mill/x/y: {tag: mill/a/flow, above: x, priority: hgih}\n"
     "commands: {fresh: 1}\n",
     "plant.yaml:1:1: error: a plant has lines: {plc: {connect: \"tcp://10.0.0.1:502\"}}\n"
     "plant.yaml:1:1: error: a plant has areas: {mill: Milling area}\n"
     "plant.yaml:1:1: error: a plant has devices: {pump-1: {map: VENDOR/MODEL, line: plc, unit: 1, "
     "area: mill}}\n"
     "plant.yaml:5:39: error: above `x` is no number; write 1.5\n"
     "plant.yaml:5:52: error: priority `hgih` is not known, did you mean `high`?\n"
     "plant.yaml:6:19: error: fresh `1` is no duration; write 500ms, 5s, 10m, 72h (with the "
     "unit)\n"},
    {"an area",
     "format: 1\n"
     "site: s\n"
     "gateway: g\n"
     "lines: {plc: {connect: \"tcp://h\"}}\n"
     "areas:\n"
     "  mill: {title: [x], neighbours: [mill, dma, [x]], bogus: 1}\n"
     "  gateway: [x]\n"
     "devices: {a: {map: m, line: plc, unit: 1, area: mill}}\n",
     "plant.yaml:6:17: error: the title of an area is one value, not a list\n"
     "plant.yaml:6:35: error: `mill` is no neighbour of itself\n"
     "plant.yaml:6:41: error: no area `dma`; declare it under `areas:`\n"
     "plant.yaml:6:46: error: a neighbour is one value, not a list\n"
     "plant.yaml:6:52: error: `bogus` is no key of an area\n"
     "plant.yaml:7:3: error: the area name `gateway` is kept for the gateway's own tags; choose "
     "another\n"
     "plant.yaml:7:12: error: the title of an area is one value, not a list\n"},
    {"a device",
     "format: 1\n"
     "site: s\n"
     "gateway: g\n"
     "lines: {plc: {connect: \"tcp://h\"}}\n"
     "areas: {mill: Mill}\n"
     "devices:\n"
     "  a b: {map: nothing, line: plx, unit: 256, area: [x], every: 5, order: {f32: ABC}, delay: "
     "1, stale: x, heartbeat: {tag: level, within: 5, bogus: 1}, history: x, about: [x], timezone: "
     "Here, identity: \"\", bogus: 1}\n",
     "plant.yaml:7:3: error: device `a b`: a name has 1 to 64 of A-Z a-z 0-9 . _ -\n"
     "plant.yaml:7:14: error: no map `nothing`: neither maps/nothing.yaml nor nowhere/nothing.yaml "
     "is there\n"
     "plant.yaml:7:29: error: no line `plx`, did you mean `plc`?\n"
     "plant.yaml:7:40: error: unit is 256; it can be 0 to 255\n"
     "plant.yaml:7:51: error: area is one value, not a list\n"
     "plant.yaml:7:63: error: every `5` is no duration; write 500ms, 5s, 10m, 72h (with the unit)\n"
     "plant.yaml:7:79: error: order `ABC`: f32 takes each letter of ABCD once, the most "
     "significant byte is A\n"
     "plant.yaml:7:92: error: delay `1` is no duration; write 500ms, 5s, 10m, 72h (with the unit)\n"
     "plant.yaml:7:102: error: stale `x` is no duration; write 500ms, 5s, 10m, 72h (with the "
     "unit)\n"
     "plant.yaml:7:137: error: within `5` is no duration; write 500ms, 5s, 10m, 72h (with the "
     "unit)\n"
     "plant.yaml:7:140: error: `bogus` is no key of a heartbeat\n"
     "plant.yaml:7:160: error: history `x` is not known; one of: all changed\n"
     "plant.yaml:7:170: error: about is one value, not a list\n"
     "plant.yaml:7:185: error: timezone `Here` is not known; write an IANA name like "
     "America/Toronto, or UTC\n"
     "plant.yaml:7:201: error: identity is what the equipment says of itself, like \"4711\"\n"
     "plant.yaml:7:205: error: `bogus` is no key of a device\n"},
    {"a device that says next to nothing",
     "format: 1\n"
     "site: s\n"
     "gateway: g\n"
     "lines: {plc: {connect: \"tcp://h\"}}\n"
     "areas: {mill: Mill}\n"
     "devices:\n"
     "  a: {every: 5}\n"
     "  mill/b: {map: m, line: plc, unit: 2, area: mill, order: ABB, heartbeat: {tag: levl, "
     "within: 5}}\n",
     "plant.yaml:7:3: error: `a` stands nowhere; say `area:`\n"
     "plant.yaml:7:3: error: `a` hangs on no line; say `line:`\n"
     "plant.yaml:7:3: error: `a` has no unit; say `unit: 1`\n"
     "plant.yaml:7:3: error: `a` has no map; say `map: VENDOR/MODEL`\n"
     "plant.yaml:7:14: error: every `5` is no duration; write 500ms, 5s, 10m, 72h (with the unit)\n"
     "plant.yaml:8:3: error: `mill/b` names its area already; leave out `area:`\n"
     "plant.yaml:8:59: error: order `ABB` is none: use each letter once, like CDAB, or give one "
     "for a type: {f32: CDAB}\n"
     "plant.yaml:8:81: error: heartbeat: no tag `levl` in this map, did you mean `level`?\n"
     "plant.yaml:8:95: error: within `5` is no duration; write 500ms, 5s, 10m, 72h (with the "
     "unit)\n"},
    {"an override",
     "format: 1\n"
     "site: s\n"
     "gateway: g\n"
     "lines: {plc: {connect: \"tcp://h\"}}\n"
     "areas: {mill: Mill}\n"
     "devices:\n"
     "  a: {map: m, line: plc, unit: 1, area: mill, tags: {level: {scale: 0, every: 5, bogus: 1, "
     "invert: off}, flwo: {scale: 2}, rain: off, rian: off, new: {at: inptu 3, type: u99}}}\n",
     "plant.yaml:7:69: error: scale 0 makes every value the same\n"
     "plant.yaml:7:79: error: every `5` is no duration; write 500ms, 5s, 10m, 72h (with the unit)\n"
     "plant.yaml:7:82: error: `bogus` is no key of a tag\n"
     "plant.yaml:7:100: error: `invert: off`, but the tag below has no `invert`\n"
     "plant.yaml:7:106: error: `flwo` lies nowhere, did you mean `flow`?\n"
     "plant.yaml:7:135: error: `rian: off`, but there is no such tag below\n"
     "plant.yaml:7:156: error: at: `inptu` is no table, did you mean `input`?\n"
     "plant.yaml:7:171: error: type `u99` is not known; one of: bool u8 s8 u16 s16 u24 s24 u32 s32 "
     "u48 s48 u64 s64 f16 f32 f64 bcd16 bcd32 bcd64 m10k32 m10k48 m10k64 sm16 string time\n"},
    {"overrides of a map that is not known",
     "format: 1\n"
     "site: s\n"
     "gateway: g\n"
     "lines: {plc: {connect: \"tcp://h\"}}\n"
     "areas: {mill: Mill}\n"
     "devices:\n"
     "  a: {map: nothing, line: plc, unit: 1, area: mill, tags: {level: {scale: 0, every: 5, "
     "bogus: 1, invert: off}, rain: off, new: {at: inptu 3, type: u99}}}\n",
     "plant.yaml:7:12: error: no map `nothing`: neither maps/nothing.yaml nor nowhere/nothing.yaml "
     "is there\n"
     "plant.yaml:7:75: error: scale 0 makes every value the same\n"
     "plant.yaml:7:85: error: every `5` is no duration; write 500ms, 5s, 10m, 72h (with the unit)\n"
     "plant.yaml:7:88: error: `bogus` is no key of a tag\n"
     "plant.yaml:7:133: error: at: `inptu` is no table, did you mean `input`?\n"
     "plant.yaml:7:148: error: type `u99` is not known; one of: bool u8 s8 u16 s16 u24 s24 u32 s32 "
     "u48 s48 u64 s64 f16 f32 f64 bcd16 bcd32 bcd64 m10k32 m10k48 m10k64 sm16 string time\n"},
    {"a broker",
     "format: 1\n"
     "site: s\n"
     "gateway: g\n"
     "mqtt: {broker: \"mqtt://a b\", root: /a, user: [x], password: x, password_file: \"\", ca: "
     "[x], cert: a.pem, version: 4, client_id: \"\", keepalive: 1s, window: 0, publish: [x, "
     "value], overlap: 5, bogus: 1}\n"
     "lines: {plc: {connect: \"tcp://h\"}}\n"
     "areas: {mill: Mill}\n"
     "devices: {a: {map: m, line: plc, unit: 1, area: mill}}\n",
     "plant.yaml:4:16: error: broker `mqtt://a b`: write mqtt://HOST:1883, with [..] around an "
     "IPv6 address and nothing behind the port\n"
     "plant.yaml:4:36: error: root `/a` is the beginning of every topic, like mine/v1: no + or #, "
     "no $ in front, no empty level\n"
     "plant.yaml:4:46: error: user is one value, not a list\n"
     "plant.yaml:4:61: error: a password does not belong into this file; write it to a file of its "
     "own and say `password_file: PATH` or `password_file: credential:NAME`\n"
     "plant.yaml:4:79: error: password_file is the path of a file\n"
     "plant.yaml:4:87: error: ca is one value, not a list\n"
     "plant.yaml:4:87: error: certificates need TLS: `broker: mqtts://...`\n"
     "plant.yaml:4:98: error: `cert` and `key` belong together\n"
     "plant.yaml:4:114: error: version `4` is not known; one of: 5 3.1.1\n"
     "plant.yaml:4:128: error: client_id is empty; leave it out, or give one that no other client "
     "uses\n"
     "plant.yaml:4:143: error: keepalive is 1s; it can be 5 s to 18.2 h\n"
     "plant.yaml:4:155: error: window is 0; it can be 1 to 1000\n"
     "plant.yaml:4:168: error: publish `x` is not known; one of: values history\n"
     "plant.yaml:4:171: error: publish `value` is not known, did you mean `values`?\n"
     "plant.yaml:4:188: error: overlap `5` is no duration; write 500ms, 5s, 10m, 72h (with the "
     "unit)\n"
     "plant.yaml:4:191: error: `bogus` is no key of mqtt\n"},
    {"a broker of no known sort",
     "format: 1\n"
     "site: s\n"
     "gateway: g\n"
     "mqtt: {broker: here, user: u, password_file: pw, ca: a.pem, window: x}\n"
     "lines: {plc: {connect: \"tcp://h\"}}\n"
     "areas: {mill: Mill}\n"
     "devices: {a: {map: m, line: plc, unit: 1, area: mill}}\n",
     "plant.yaml:4:16: error: broker `here`: write mqtt://HOST:1883 or mqtts://HOST:8883\n"
     "plant.yaml:4:69: error: window `x` is no whole number; write 12 or 0x0C\n"},
    {"a journal and the head of a plant",
     "format: 2\n"
     "site: a b\n"
     "gateway: c d\n"
     "timezone: Here\n"
     "tick: 5\n"
     "journal: {keep: 5, size: [x], bogus: 1}\n"
     "bogus: 1\n"
     "lines: {plc: {connect: \"tcp://h\"}}\n"
     "areas: {mill: Mill}\n"
     "devices: {a: {map: m, line: plc, unit: 1, area: mill}}\n",
     "plant.yaml:1:9: error: this version reads `format: 1` only\n"
     "plant.yaml:2:7: error: site `a b`: a name has 1 to 64 of A-Z a-z 0-9 . _ -\n"
     "plant.yaml:3:10: error: gateway `c d`: a name has 1 to 64 of A-Z a-z 0-9 . _ -\n"
     "plant.yaml:4:11: error: timezone `Here` is not known; write an IANA name like "
     "America/Toronto, or UTC\n"
     "plant.yaml:5:7: error: tick `5` is no duration; write 500ms, 5s, 10m, 72h (with the unit)\n"
     "plant.yaml:6:17: error: keep `5` is no duration; write 500ms, 5s, 10m, 72h (with the unit)\n"
     "plant.yaml:6:26: error: size is one value, not a list\n"
     "plant.yaml:6:31: error: `bogus` is no key of journal\n"
     "plant.yaml:7:1: error: `bogus` is no key of a plant\n"},
    {"commands",
     HEAD
     "commands: {allow: [wirte, akc], fresh: 5, bogus: 1, writes: {mill/a/flwo: {limits: [2, 1], "
     "danger: 1, bogus: 1}, mill/a/level: {limits: [x, 2]}, dam: {limits: 3}}}\n",
     "plant.yaml:7:20: error: command `wirte` is not known, did you mean `write`?\n"
     "plant.yaml:7:27: error: command `akc` is not known, did you mean `ack`?\n"
     "plant.yaml:7:40: error: fresh `5` is no duration; write 500ms, 5s, 10m, 72h (with the unit)\n"
     "plant.yaml:7:43: error: `bogus` is no key of commands\n"
     "plant.yaml:7:62: error: writes: no tag `mill/a/flwo`, did you mean `mill/a/flow`?\n"
     "plant.yaml:7:84: error: the lower limit stands first\n"
     "plant.yaml:7:100: error: danger is true or false, without quotes; nothing else counts\n"
     "plant.yaml:7:103: error: `bogus` is no key of a tag of `writes`\n"
     "plant.yaml:7:114: error: `mill/a/level` can't be written: its map does not say so; what it "
     "says stands in maps/m.yaml:3, where `write: {limits: [LOW, HIGH]}` would allow it\n"
     "plant.yaml:7:138: error: limits `x` is no number; write 1.5, -2 or 1e-3\n"
     "plant.yaml:7:146: error: writes: `dam` is no full tag name; write area/device/tag\n"
     "plant.yaml:7:160: error: limits is a list of 2 numbers, like [0, 10]\n"},
    {"a derived tag",
     HEAD
     "derived:\n"
     "  mill/x/y: {of: {end: mill/a/flwo, b: [x], c: flow}, is: [a], unit: [m], valid: [2, 1], "
     "deadband: -1, max_silence: 5, about: [x], kind: foo, bogus: 1}\n"
     "  mill/x: {is: a, kind: foo}\n",
     "plant.yaml:8:19: error: `end` cannot be a name in an expression; use letters, digits and _, "
     "and none of Lua's own words\n"
     "plant.yaml:8:24: error: of: no tag `mill/a/flwo`, did you mean `mill/a/flow`?\n"
     "plant.yaml:8:40: error: an input is one value, not a list\n"
     "plant.yaml:8:48: error: of: `flow` is no full tag name; write area/device/tag\n"
     "plant.yaml:8:59: error: is is one value, not a list\n"
     "plant.yaml:8:70: error: unit is one value, not a list\n"
     "plant.yaml:8:82: error: valid: the lower end stands first\n"
     "plant.yaml:8:100: error: a deadband is 0 or more\n"
     "plant.yaml:8:117: error: max_silence `5` is no duration; write 500ms, 5s, 10m, 72h (with the "
     "unit)\n"
     "plant.yaml:8:127: error: about is one value, not a list\n"
     "plant.yaml:8:138: error: kind `foo` is not known; one of: gauge counter state event text\n"
     "plant.yaml:8:143: error: `bogus` is no key of a derived tag\n"
     "plant.yaml:9:3: error: derived `mill/x`: the name is area/device/tag, each of A-Z a-z 0-9 . "
     "_ -\n"
     "plant.yaml:9:3: error: a derived tag says of what and how: {of: {a: mill/pump-1/flow}, is: a "
     "* 3.6}\n"
     "plant.yaml:9:25: error: kind `foo` is not known; one of: gauge counter state event text\n"},
    {"settings of alarms",
     HEAD
     "alarm_settings: {comm: {priority: x, after: 5, bogus: 1}, signals: {priority: y}, flood: "
     "{begin: 1, end: x}, max_shelve: 5, bogus: 1}\n",
     "plant.yaml:7:35: error: priority `x` is not known; one of: low medium high critical\n"
     "plant.yaml:7:45: error: after `5` is no duration; write 500ms, 5s, 10m, 72h (with the unit)\n"
     "plant.yaml:7:48: error: `bogus` is no key of `comm` (or it is false)\n"
     "plant.yaml:7:79: error: priority `y` is not known; one of: low medium high critical\n"
     "plant.yaml:7:98: error: begin is 1; it can be 2 to 1000\n"
     "plant.yaml:7:106: error: end `x` is no whole number; write 12 or 0x0C\n"
     "plant.yaml:7:122: error: max_shelve `5` is no duration; write 500ms, 5s, 10m, 72h (with the "
     "unit)\n"
     "plant.yaml:7:125: error: `bogus` is no key of alarm_settings\n"},
};

static void each_of_several_mistakes_is_told_once(void **state)
{
    (void)state;
    expect_told(cases, sizeof cases / sizeof *cases);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(each_of_several_mistakes_is_told_once)};
    return cmocka_run_group_tests(tests, in_a_folder, out_of_it);
}
