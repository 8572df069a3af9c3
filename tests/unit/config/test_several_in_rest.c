/* SPDX-License-Identifier: Apache-2.0 */
/* More leaks, equipment, incidents. Several mistakes in one item are told in one run: each once,
 * where it stands, and nothing that only follows from them. */
#include "rule_mistakes.h"

static const struct mistakes cases[] = {
    {"a leak: limit",
     HEAD
     "leaks:\n"
     "  x: {area: dam, about: A, consequence: C, response: R, kind: limit, tag: mill/a/mode, hh: "
     "x, h: 1, l: 2, deadband: -1, max_jump: y, for: 5, bogus: 1}\n",
     "plant.yaml:8:75: error: tag: `mill/a/mode` is true or false, or a state; here a number is "
     "needed\n"
     "plant.yaml:8:92: error: hh `x` is no number; write 1.5\n"
     "plant.yaml:8:117: error: a deadband is 0 or more\n"
     "plant.yaml:8:131: error: max_jump `y` is no number; write 1.5\n"
     "plant.yaml:8:139: error: for `5` is no duration; write 500ms, 5s, 10m, 72h (with the unit)\n"
     "plant.yaml:8:142: error: `bogus` is no key of a leak of kind limit\n"},
    {"a leak: rate of change",
     HEAD
     "leaks:\n"
     "  x: {area: dam, about: A, consequence: C, response: R, kind: roc, tag: mill/a/mode, by: -1, "
     "within: 5, direction: up, max_jump: y}\n",
     "plant.yaml:8:73: error: tag: `mill/a/mode` is true or false, or a state; here a number is "
     "needed\n"
     "plant.yaml:8:90: error: by is -1; it says how much, above zero; which way says `direction:`\n"
     "plant.yaml:8:102: error: within `5` is no duration; write 500ms, 5s, 10m, 72h (with the "
     "unit)\n"
     "plant.yaml:8:116: error: direction `up` is not known; one of: rising falling both\n"
     "plant.yaml:8:130: error: max_jump `y` is no number; write 1.5\n"},
    {"a leak: shift",
     HEAD
     "leaks:\n"
     "  x: {area: dam, about: A, consequence: C, response: R, kind: shift, tag: mill/a/levl, k: 0, "
     "h: x, direction: up, max_jump: y, learn: 1}\n",
     "plant.yaml:8:75: error: tag: no tag `mill/a/levl`, did you mean `mill/a/level`?\n"
     "plant.yaml:8:91: error: k is in standard deviations, above zero\n"
     "plant.yaml:8:97: error: h `x` is no number; write 1.5, -2 or 1e-3\n"
     "plant.yaml:8:111: error: direction `up` is not known; one of: rising falling both\n"
     "plant.yaml:8:125: error: max_jump `y` is no number; write 1.5\n"
     "plant.yaml:8:135: error: learn `1` is no duration; write 500ms, 5s, 10m, 72h (with the "
     "unit)\n"},
    {"a leak: switch",
     HEAD
     "leaks:\n"
     "  x: {area: dam, about: A, consequence: C, response: R, kind: switch, inputs: [mill/a/level, "
     "mill/a/status.run], vote: 2of3, test: mill/a/level, debounce: 5, normally_closed: 1}\n",
     "plant.yaml:8:80: error: inputs: `mill/a/level` is a number, not true or false; take a bit of "
     "it, or derive one, like {of: {x: mill/a/level}, is: x > 0}\n"
     "plant.yaml:8:120: error: vote `2of3`: write 2, or 2oo3 for two out of three\n"
     "plant.yaml:8:132: error: test: `mill/a/level` is a number, not true or false; take a bit of "
     "it, or derive one, like {of: {x: mill/a/level}, is: x > 0}\n"
     "plant.yaml:8:156: error: debounce `5` is no duration; write 500ms, 5s, 10m, 72h (with the "
     "unit)\n"
     "plant.yaml:8:176: error: normally_closed is true or false, without quotes; nothing else "
     "counts\n"},
    {"a leak: weir",
     HEAD "leaks:\n"
          "  x: {area: dam, about: A, consequence: C, response: R, kind: weir, head: mill/a/flow, "
          "angle: 10, width: x, zero: 5, high: 6, deadband: 7, max_jump: 8}\n",
     "plant.yaml:8:75: error: head: `mill/a/flow` is in m3/h, and a length is needed, in m, cm, "
     "mm, ft or in; if it is another tag that you mean, name it, else derive one\n"
     "plant.yaml:8:95: error: angle is 10; the formula of V-notches holds from 25 to 100 degrees\n"
     "plant.yaml:8:106: error: a weir has an `angle` (V-notch) or a `width` (sharp crest), not "
     "both\n"
     "plant.yaml:8:106: error: width `x` is no quantity; write it with its unit, like 12.5 m\n"
     "plant.yaml:8:115: error: zero `5` says no unit; write 5 m; known are m, cm, mm, ft or in\n"
     "plant.yaml:8:124: error: high `6` says no unit; write 6 m3/h; known are m3/h, m3/d, l/s, "
     "L/min or gal/min\n"
     "plant.yaml:8:137: error: deadband `7` says no unit; write 7 m3/h; known are m3/h, m3/d, l/s, "
     "L/min or gal/min\n"
     "plant.yaml:8:150: error: max_jump `8` says no unit; write 8 m; known are m, cm, mm, ft or "
     "in\n"},
    {"a leak: freeboard",
     HEAD
     "leaks:\n"
     "  x: {area: dam, about: A, consequence: C, response: R, kind: freeboard, level: mill/a/flow, "
     "crest: x, min: 5, deadband: 6, max_jump: 7}\n",
     "plant.yaml:8:81: error: level: `mill/a/flow` is in m3/h, and a length is needed, in m, cm, "
     "mm, ft or in; if it is another tag that you mean, name it, else derive one\n"
     "plant.yaml:8:101: error: crest `x` is no quantity; write it with its unit, like 12.5 m\n"
     "plant.yaml:8:109: error: min `5` says no unit; write 5 m; known are m, cm, mm, ft or in\n"
     "plant.yaml:8:122: error: deadband `6` says no unit; write 6 m; known are m, cm, mm, ft or "
     "in\n"
     "plant.yaml:8:135: error: max_jump `7` says no unit; write 7 m; known are m, cm, mm, ft or "
     "in\n"},
    {"a leak of no known kind",
     HEAD "leaks:\n"
          "  a b: {kind: balanec, area: dma, priority: hgih, level: mill/a/flow, in: [{flow: "
          "mill/a/flwo}], within: 5, crest: 5, vote: x, tag: mill/a/name, angle: x, bogus: 1}\n"
          "  y: {knid: sump, aera: dam, latch: 1}\n",
     "plant.yaml:8:3: error: leak `a b`: a name has 1 to 64 of A-Z a-z 0-9 . _ -\n"
     "plant.yaml:8:15: error: kind `balanec` is not known, did you mean `balance`?\n"
     "plant.yaml:8:30: error: no area `dma`, did you mean `dam`?\n"
     "plant.yaml:8:45: error: priority `hgih` is not known, did you mean `high`?\n"
     "plant.yaml:8:58: error: level: `mill/a/flow` is in m3/h, and a length is needed, in m, cm, "
     "mm, ft or in; if it is another tag that you mean, name it, else derive one\n"
     "plant.yaml:8:83: error: in: no tag `mill/a/flwo`, did you mean `mill/a/flow`?\n"
     "plant.yaml:8:106: error: within `5` is no duration; write 500ms, 5s, 10m, 72h (with the "
     "unit)\n"
     "plant.yaml:8:116: error: crest `5` says no unit; write 5 m; known are m, cm, mm, ft or in\n"
     "plant.yaml:8:125: error: vote `x`: write 2, or 2oo3 for two out of three\n"
     "plant.yaml:8:133: error: tag: `mill/a/name` is a text or a time; here a number is needed\n"
     "plant.yaml:8:153: error: angle `x` is no number; write 1.5 or 1.5 deg\n"
     "plant.yaml:8:156: error: `bogus` is no key of a leak\n"
     "plant.yaml:9:3: error: leak `y` is of high priority; say `about:`, or better `consequence:` "
     "(what happens if nobody acts) and `response:` (what to do)\n"
     "plant.yaml:9:7: error: `knid` is no key of a leak, did you mean `kind`?\n"
     "plant.yaml:9:19: error: `aera` is no key of a leak, did you mean `area`?\n"
     "plant.yaml:9:37: error: latch is true or false, without quotes; nothing else counts\n"},
    {"equipment",
     HEAD
     "equipment:\n"
     "  a b: {class: pmup, area: dma, floor: x, water: mill/a/flow, running: mill/a/level, wet: "
     "mill/a/levl, device: mill/c, owner: [x], about: [x], warn: 5, bogus: 1, checks: {a b: {text: "
     "[x], low: x, sign: foo}, t: {tag: mill/a/levl, low: x, for: 5, sign: value, unit: m}, u: "
     "{for: 5m, sign: value, low: 2, high: 1}}}\n"
     "  c: {floor: x}\n",
     "plant.yaml:8:3: error: equipment `a b`: a name has 1 to 64 of A-Z a-z 0-9 . _ -\n"
     "plant.yaml:8:16: error: class `pmup` is not known, did you mean `pump`?\n"
     "plant.yaml:8:28: error: no area `dma`, did you mean `dam`?\n"
     "plant.yaml:8:40: error: floor `x` is no quantity; write it with its unit, like 12.5 m\n"
     "plant.yaml:8:50: error: water: `mill/a/flow` is in m3/h, and a length is needed, in m, cm, "
     "mm, ft or in; if it is another tag that you mean, name it, else derive one\n"
     "plant.yaml:8:72: error: running: `mill/a/level` is a number, not true or false; take a bit "
     "of it, or derive one, like {of: {x: mill/a/level}, is: x > 0}\n"
     "plant.yaml:8:91: error: wet: no tag `mill/a/levl`, did you mean `mill/a/level`?\n"
     "plant.yaml:8:127: error: owner is one value, not a list\n"
     "plant.yaml:8:139: error: about is one value, not a list\n"
     "plant.yaml:8:150: error: warn `5` is no duration; write 500ms, 5s, 10m, 72h (with the unit)\n"
     "plant.yaml:8:153: error: `bogus` is no key of a piece of equipment\n"
     "plant.yaml:8:172: error: check `a b`: a name has 1 to 64 of A-Z a-z 0-9 . _ -\n"
     "plant.yaml:8:184: error: text is one value, not a list\n"
     "plant.yaml:8:194: error: low `x` is no number; write 1.5, -2 or 1e-3\n"
     "plant.yaml:8:203: error: sign `foo` is not known; one of: name value\n"
     "plant.yaml:8:218: error: tag: no tag `mill/a/levl`, did you mean `mill/a/level`?\n"
     "plant.yaml:8:236: error: low `x` is no number; write 1.5\n"
     "plant.yaml:8:244: error: for `5` is no duration; write 500ms, 5s, 10m, 72h (with the unit)\n"
     "plant.yaml:8:253: error: a check looks at a `tag:`, or somebody signs it (`sign:`), not "
     "both; the unit is the tag's\n"
     "plant.yaml:8:266: error: a check looks at a `tag:`, or somebody signs it (`sign:`), not "
     "both; the unit is the tag's\n"
     "plant.yaml:8:279: error: `for` is of checks that look at a `tag:`; somebody signs this one\n"
     "plant.yaml:8:301: error: low is above high; nothing lies between\n"
     "plant.yaml:9:3: error: `c` stands nowhere; say `area:`\n"
     "plant.yaml:9:3: error: `c` has no class; say `class:` pump, motor, crusher, mill, "
     "substation, switchgear, transformer, conveyor or other: what has to be tested before it runs "
     "again depends on it\n"
     "plant.yaml:9:14: error: `c` has a floor, but nothing says how high the water stands; say "
     "`water:` and a level\n"
     "plant.yaml:9:14: error: floor `x` is no quantity; write it with its unit, like 12.5 m\n"},
    {"incidents",
     HEAD
     "incidents:\n"
     "  bulletins: {every: 5, first: x for 5, bogus: 1}\n"
     "  automatic: 1\n"
     "  auto_dewatering: 2\n"
     "  drill: 3\n"
     "  capture: 4\n"
     "  bogus: 5\n"
     "  basins:\n"
     "    a b: {area: dma, level: mill/a/flow, stage: [[0, 0], [0, 1], [x, 3]], surface: x, "
     "target: 5, pumps: [{capacity: x, name: [y]}, {run: mill/a/level, flow: mill/a/level}], wet: "
     "[mill/a/level, x], bogus: 1}\n"
     "    c: {target: x}\n",
     "plant.yaml:8:22: error: every `5` is no duration; write 500ms, 5s, 10m, 72h (with the unit)\n"
     "plant.yaml:8:32: error: first `x` is no duration; write 500ms, 5s, 10m, 72h (with the unit)\n"
     "plant.yaml:8:32: error: first `5` is no duration; write 500ms, 5s, 10m, 72h (with the unit)\n"
     "plant.yaml:8:41: error: `bogus` is no key of `bulletins`\n"
     "plant.yaml:9:14: error: automatic is true or false, without quotes; nothing else counts\n"
     "plant.yaml:10:20: error: auto_dewatering is true or false, without quotes; nothing else "
     "counts\n"
     "plant.yaml:11:10: error: drill is true or false, without quotes; nothing else counts\n"
     "plant.yaml:12:12: error: capture `4` is no duration; write 500ms, 5s, 10m, 72h (with the "
     "unit)\n"
     "plant.yaml:13:3: error: `bogus` is no key of `incidents`\n"
     "plant.yaml:15:5: error: basin `a b`: a name has 1 to 64 of A-Z a-z 0-9 . _ -\n"
     "plant.yaml:15:17: error: no area `dma`, did you mean `dam`?\n"
     "plant.yaml:15:29: error: level: `mill/a/flow` is in m3/h, and a length is needed, in m, cm, "
     "mm, ft or in; if it is another tag that you mean, name it, else derive one\n"
     "plant.yaml:15:58: error: stage goes from [0, 0] to [0, 1]: both level and volume must rise "
     "from pair to pair\n"
     "plant.yaml:15:67: error: a pair of stage `x` is no number; write 1.5, -2 or 1e-3\n"
     "plant.yaml:15:84: error: `surface` is for straight walls; there is a `stage` already, leave "
     "one out\n"
     "plant.yaml:15:84: error: surface `x` is no quantity; write it with its unit, like 12.5 m2\n"
     "plant.yaml:15:95: error: target `5` says no unit; write 5 m; known are m, cm, mm, ft or in\n"
     "plant.yaml:15:106: error: a pump says whether it runs, or what it lifts: {run: "
     "area/device/tag, flow: area/device/tag, capacity: 200 m3/h}\n"
     "plant.yaml:15:117: error: capacity `x` is no quantity; write it with its unit, like 12.5 "
     "m3/h\n"
     "plant.yaml:15:126: error: name is one value, not a list\n"
     "plant.yaml:15:138: error: run: `mill/a/level` is a number, not true or false; take a bit of "
     "it, or derive one, like {of: {x: mill/a/level}, is: x > 0}\n"
     "plant.yaml:15:158: error: flow: `mill/a/level` is in m, and a flow is needed, in m3/h, m3/d, "
     "l/s, L/min or gal/min; if it is another tag that you mean, name it, else derive one\n"
     "plant.yaml:15:180: error: wet: `mill/a/level` is a number, not true or false; take a bit of "
     "it, or derive one, like {of: {x: mill/a/level}, is: x > 0}\n"
     "plant.yaml:15:194: error: wet: `x` is no full tag name; write area/device/tag\n"
     "plant.yaml:15:198: error: `bogus` is no key of a basin\n"
     "plant.yaml:16:5: error: `c` stands nowhere; say `area:`\n"
     "plant.yaml:16:5: error: basin `c` has no level; say `level: area/device/tag`\n"
     "plant.yaml:16:5: warning: basin `c` has neither `stage:` nor `surface:`; without volumes "
     "there is no telling when it will be empty\n"
     "plant.yaml:16:17: error: target `x` is no quantity; write it with its unit, like 12.5 m\n"},
    {"sections that are none",
     HEAD "leaks: [x]\n"
          "equipment: 5\n"
          "incidents: {bogus: 1}\n"
          "alarms: {mill/x/y: {tag: dam/x/rate, above: x}}\n"
          "alarm_settings: x\n"
          "derived: []\n",
     "plant.yaml:7:8: error: leaks is a mapping, like {a: b}\n"
     "plant.yaml:8:12: error: equipment is a mapping, like {a: b}\n"
     "plant.yaml:9:13: error: `bogus` is no key of `incidents`\n"
     "plant.yaml:10:45: error: above `x` is no number; write 1.5\n"
     "plant.yaml:11:17: error: alarm_settings is a mapping, like {a: b}\n"
     "plant.yaml:12:10: error: derived is a mapping, like {a: b}\n"},
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
