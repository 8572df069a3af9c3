/* SPDX-License-Identifier: Apache-2.0 */
/* Alarms, leaks. Several mistakes in one item are told in one run: each once, where it stands, and
 * nothing that only follows from them. */
#include "rule_mistakes.h"

static const struct mistakes cases[] = {
    {"an alarm",
     HEAD
     "alarms:\n"
     "  mil/x/y: {tag: mill/a/levl, above: x, clear: y, for: 5, off_for: 6, priority: hgih, latch: "
     "1, ack: 2, shelve: 3, realarm: 4, tarp: 5, group: a b, suppress_by: mill/a/level, about: "
     "[x], consequence: [x], response: [x], samples: 0, bogus: 1}\n",
     "plant.yaml:8:3: error: alarm `mil/x/y`: no area `mil`; declare it under `areas:`\n"
     "plant.yaml:8:18: error: tag: no tag `mill/a/levl`, did you mean `mill/a/level`?\n"
     "plant.yaml:8:38: error: above `x` is no number; write 1.5\n"
     "plant.yaml:8:48: error: clear `y` is no number; write 1.5\n"
     "plant.yaml:8:56: error: for `5` is no duration; write 500ms, 5s, 10m, 72h (with the unit)\n"
     "plant.yaml:8:68: error: off_for `6` is no duration; write 500ms, 5s, 10m, 72h (with the "
     "unit)\n"
     "plant.yaml:8:81: error: priority `hgih` is not known, did you mean `high`?\n"
     "plant.yaml:8:94: error: latch is true or false, without quotes; nothing else counts\n"
     "plant.yaml:8:102: error: ack is true or false, without quotes; nothing else counts\n"
     "plant.yaml:8:113: error: shelve `3` is no duration; write 500ms, 5s, 10m, 72h (with the "
     "unit)\n"
     "plant.yaml:8:125: error: realarm `4` is no duration; write 500ms, 5s, 10m, 72h (with the "
     "unit)\n"
     "plant.yaml:8:134: error: tarp is 5; it can be 1 to 4\n"
     "plant.yaml:8:144: error: group `a b`: a name has 1 to 64 of A-Z a-z 0-9 . _ -\n"
     "plant.yaml:8:162: error: suppress_by: `mill/a/level` is a number, not true or false; take a "
     "bit of it, or derive one, like {of: {x: mill/a/level}, is: x > 0}\n"
     "plant.yaml:8:183: error: about is one value, not a list\n"
     "plant.yaml:8:201: error: consequence is one value, not a list\n"
     "plant.yaml:8:216: error: response is one value, not a list\n"
     "plant.yaml:8:230: error: samples is 0; it can be 1 to 1000\n"
     "plant.yaml:8:233: error: `bogus` is no key of an alarm\n"},
    {"an alarm that watches nothing, of two conditions",
     HEAD
     "alarms:\n"
     "  mill/x/y: {above: x, below: 3, rises: y, within: 5, deadband: z, priority: critical}\n",
     "plant.yaml:8:3: error: alarm `mill/x/y` is critical; say `consequence:` (what happens if "
     "nobody acts) and `response:` (what to do)\n"
     "plant.yaml:8:3: error: alarm `mill/x/y` watches nothing; say `tag: area/device/tag`\n"
     "plant.yaml:8:21: error: above `x` is no number; write 1.5\n"
     "plant.yaml:8:31: error: an alarm has one condition; make two alarms of `mill/x/y`, one each\n"
     "plant.yaml:8:41: error: an alarm has one condition; make two alarms of `mill/x/y`, one each\n"
     "plant.yaml:8:41: error: rises `y` is no number; write 1.5\n"
     "plant.yaml:8:52: error: within `5` is no duration; write 500ms, 5s, 10m, 72h (with the "
     "unit)\n"
     "plant.yaml:8:65: error: deadband `z` is no number; write 1.5\n"},
    {"an alarm that moves, and one that is",
     HEAD "alarms:\n"
          "  mill/x/y: {tag: mill/a/level, rises: -1, within: 1, clear: 3, deadband: 1}\n"
          "  mill/x/z: {tag: mill/a/mode, is: runing, within: 5m, clear: 1, samples: x}\n",
     "plant.yaml:8:40: error: rises says by how much, above zero\n"
     "plant.yaml:8:52: error: within `1` is no duration; write 500ms, 5s, 10m, 72h (with the "
     "unit)\n"
     "plant.yaml:8:62: error: this means nothing with `rises`; leave it out\n"
     "plant.yaml:8:75: error: this means nothing with `rises`; leave it out\n"
     "plant.yaml:9:36: error: is: `mill/a/mode` never says `runing`, did you mean `running`?\n"
     "plant.yaml:9:52: error: this means nothing with `is`; leave it out\n"
     "plant.yaml:9:63: error: this means nothing with `is`; leave it out\n"
     "plant.yaml:9:75: error: samples `x` is no whole number; write 12 or 0x0C\n"},
    {"a limit of the wrong side, and a deadband below nothing",
     HEAD "alarms:\n"
          "  mill/x/y: {tag: mill/a/level, above: 1, clear: 2, deadband: -1, for: 5}\n",
     "plant.yaml:8:50: error: clear is 2, on the wrong side of `above: 1`; the alarm would end "
     "while it is still true; give a value below it\n"
     "plant.yaml:8:63: error: `clear` and `deadband` say the same; leave one out\n"
     "plant.yaml:8:63: error: a deadband is 0 or more\n"
     "plant.yaml:8:72: error: for `5` is no duration; write 500ms, 5s, 10m, 72h (with the unit)\n"},
    {"a leak: balance",
     HEAD
     "leaks:\n"
     "  x: {area: dam, about: A, consequence: C, response: R, kind: balance, profile: pond, level: "
     "dam/b/flow, stage: [[0, 0], [0, 1], [x, y]], in: [{flow: mill/a/flwo, run: mill/a/level, "
     "accuracy: 0.5, nominal: 5, bogus: 1}, {run: mill/a/status.run}], out: [], rain: {catchment: "
     "5, runoff: 2, lag: 5}, evaporation: {tga: x}, nominal: 0 m3/h, mask: mill/a/level, learn: 5, "
     "max_gap: 5, k: 5, h: 5, c: 0, c_h: x, step: 5, tau: 5, hold: 6, bias_max: 7, max_jump: 8, "
     "stuck_after: 9, blind_after: 5, clear_after: x, proof: {every: 5, last: x}, bogus: 1}\n",
     "plant.yaml:8:94: error: level: `dam/b/flow` is in m3/h, and a length is needed, in m, cm, "
     "mm, ft or in; if it is another tag that you mean, name it, else derive one\n"
     "plant.yaml:8:122: error: stage goes from [0, 0] to [0, 1]: both level and volume must rise "
     "from pair to pair\n"
     "plant.yaml:8:131: error: a pair of stage `x` is no number; write 1.5, -2 or 1e-3\n"
     "plant.yaml:8:134: error: a pair of stage `y` is no number; write 1.5, -2 or 1e-3\n"
     "plant.yaml:8:151: error: in: no tag `mill/a/flwo`, did you mean `mill/a/flow`?\n"
     "plant.yaml:8:169: error: run: `mill/a/level` is a number, not true or false; take a bit of "
     "it, or derive one, like {of: {x: mill/a/level}, is: x > 0}\n"
     "plant.yaml:8:193: error: accuracy 0.5 is 50%; did you mean 0.5%? It can be 0% to 20%\n"
     "plant.yaml:8:207: error: nominal `5` says no unit; write 5 m3/h; known are m3/h, m3/d, l/s, "
     "L/min or gal/min\n"
     "plant.yaml:8:210: error: `bogus` is no key of a meter\n"
     "plant.yaml:8:221: error: a meter of `in` says which: {flow: area/device/tag}\n"
     "plant.yaml:8:253: error: balance `x` has nothing that flows out; say `out: [{flow: "
     "area/device/tag}]`, or take `kind: idle`, which needs no meter\n"
     "plant.yaml:8:263: error: `rain` says where it is measured: {tag: area/device/tag, catchment: "
     "120000 m2}\n"
     "plant.yaml:8:275: error: catchment `5` says no unit; write 5 m2; known are m2, ha, km2, ft2 "
     "or acre\n"
     "plant.yaml:8:286: error: runoff 2 is 200%; did you mean 2%? It can be 0% to 100%\n"
     "plant.yaml:8:294: error: lag `5` is no duration; write 500ms, 5s, 10m, 72h (with the unit)\n"
     "plant.yaml:8:312: error: `tga` is no key of `evaporation` (or it is a constant, like 4 "
     "mm/d), did you mean `tag`?\n"
     "plant.yaml:8:330: error: nominal is 0 m3/h; it is the usual flow, above zero: thresholds are "
     "shares of it\n"
     "plant.yaml:8:344: error: mask: `mill/a/level` is a number, not true or false; take a bit of "
     "it, or derive one, like {of: {x: mill/a/level}, is: x > 0}\n"
     "plant.yaml:8:365: error: learn `5` is no duration; write 500ms, 5s, 10m, 72h (with the "
     "unit)\n"
     "plant.yaml:8:377: error: max_gap `5` is no duration; write 500ms, 5s, 10m, 72h (with the "
     "unit)\n"
     "plant.yaml:8:383: error: k `5` says no unit; write 5 m3/h; known are m3/h, m3/d, l/s, L/min "
     "or gal/min\n"
     "plant.yaml:8:389: error: h `5` says no unit; write 5 m3; known are m3, L, ML, gal or ft3\n"
     "plant.yaml:8:395: error: c is a factor above zero\n"
     "plant.yaml:8:403: error: c_h `x` is no number; write 1.5, -2 or 1e-3\n"
     "plant.yaml:8:412: error: step `5` is no duration; write 500ms, 5s, 10m, 72h (with the unit)\n"
     "plant.yaml:8:420: error: tau `5` is no duration; write 500ms, 5s, 10m, 72h (with the unit)\n"
     "plant.yaml:8:429: error: hold `6` is no duration; write 500ms, 5s, 10m, 72h (with the unit)\n"
     "plant.yaml:8:442: error: bias_max `7` says no unit; write 7 m3/h; known are m3/h, m3/d, l/s, "
     "L/min or gal/min\n"
     "plant.yaml:8:455: error: max_jump `8` says no unit; write 8 m; known are m, cm, mm, ft or "
     "in\n"
     "plant.yaml:8:471: error: stuck_after `9` is no duration; write 500ms, 5s, 10m, 72h (with the "
     "unit)\n"
     "plant.yaml:8:487: error: blind_after `5` is no duration; write 500ms, 5s, 10m, 72h (with the "
     "unit)\n"
     "plant.yaml:8:503: error: clear_after `x` is no duration; write 500ms, 5s, 10m, 72h (with the "
     "unit)\n"
     "plant.yaml:8:521: error: every `5` is no duration; write 500ms, 5s, 10m, 72h (with the "
     "unit)\n"
     "plant.yaml:8:530: error: last `x` is no date; write 2026-05-01\n"
     "plant.yaml:8:534: error: `bogus` is no key of a leak of kind balance\n"},
    {"a leak: balance of no known profile",
     HEAD
     "leaks:\n"
     "  x: {area: dam, about: A, consequence: C, response: R, kind: balance, profile: lake, in: "
     "{flow: x}, area_m2: x, step: 5}\n",
     "plant.yaml:8:3: error: balance `x` has nothing that flows out; say `out: [{flow: "
     "area/device/tag}]`, or take `kind: idle`, which needs no meter\n"
     "plant.yaml:8:3: error: balance `x` has no nominal; say the flow that usually comes in, like "
     "`nominal: 420 m3/h`: thresholds are shares of it\n"
     "plant.yaml:8:81: error: profile `lake` is not known; one of: pond tank pipe\n"
     "plant.yaml:8:91: error: `in` is a list of meters, like [{flow: area/device/tag}]\n"
     "plant.yaml:8:111: error: area_m2 `x` is no number; write 1.5, -2 or 1e-3\n"
     "plant.yaml:8:120: error: step `5` is no duration; write 500ms, 5s, 10m, 72h (with the "
     "unit)\n"},
    {"a leak: balance of a pipe",
     HEAD
     "leaks:\n"
     "  x: {area: dam, about: A, consequence: C, response: R, kind: balance, profile: pipe, level: "
     "dam/b/level, rain: dam/b/rain, in: [mill/a/flow], out: [dam/b/flow], nominal: x, tau: "
     "999h}\n",
     "plant.yaml:8:94: error: a full pipe stores nothing and has no surface, so `level` means "
     "nothing here; leave it out, or take `profile: tank`\n"
     "plant.yaml:8:113: error: a full pipe stores nothing and has no surface, so `rain` means "
     "nothing here; leave it out, or take `profile: tank`\n"
     "plant.yaml:8:172: error: nominal `x` is no quantity; write it with its unit, like 12.5 m3/h\n"
     "plant.yaml:8:180: error: tau is 999h; it can be 1 s to 7 d\n"},
    {"a leak: demand",
     HEAD
     "leaks:\n"
     "  x: {area: dam, about: A, consequence: C, response: R, kind: demand, flow: mill/a/level, "
     "in: [], k: 0, h: x, nominal: 5, surface: 0 m2, max_jump: 5}\n",
     "plant.yaml:8:77: error: `flow` is the whole net flow; leave it, or `in` and `out`, out\n"
     "plant.yaml:8:77: error: flow: `mill/a/level` is in m, and a flow is needed, in m3/h, m3/d, "
     "l/s, L/min or gal/min; if it is another tag that you mean, name it, else derive one\n"
     "plant.yaml:8:95: error: `in` is a list of meters, like [{flow: area/device/tag}]\n"
     "plant.yaml:8:102: error: k is in standard deviations, above zero\n"
     "plant.yaml:8:108: error: h `x` is no number; write 1.5, -2 or 1e-3\n"
     "plant.yaml:8:120: error: nominal `5` says no unit; write 5 m3/h; known are m3/h, m3/d, l/s, "
     "L/min or gal/min\n"
     "plant.yaml:8:132: error: surface is 0 m2; a tank has more\n"
     "plant.yaml:8:132: error: this turns a level into a volume, but there is no `level:`\n"
     "plant.yaml:8:148: error: max_jump `5` says no unit; write 5 m; known are m, cm, mm, ft or "
     "in\n"},
    {"a leak: idle",
     HEAD "leaks:\n"
          "  x: {area: dam, about: A, consequence: C, response: R, kind: idle, level: dam/b/flow, "
          "surface: x, inlet: mill/a/level, outlet: [mill/a/name], min: 5, bogus: 1}\n",
     "plant.yaml:8:76: error: level: `dam/b/flow` is in m3/h, and a length is needed, in m, cm, "
     "mm, ft or in; if it is another tag that you mean, name it, else derive one\n"
     "plant.yaml:8:97: error: surface `x` is no quantity; write it with its unit, like 12.5 m2\n"
     "plant.yaml:8:107: error: inlet: `mill/a/level` is a number, not true or false; take a bit of "
     "it, or derive one, like {of: {x: mill/a/level}, is: x > 0}\n"
     "plant.yaml:8:130: error: outlet: `mill/a/name` is a text or a time, not true or false\n"
     "plant.yaml:8:149: error: min `5` says no unit; write 5 m3/h; known are m3/h, m3/d, l/s, "
     "L/min or gal/min\n"
     "plant.yaml:8:152: error: `bogus` is no key of a leak of kind idle\n"},
    {"a leak: sump",
     HEAD
     "leaks:\n"
     "  x: {area: dam, about: A, consequence: C, response: R, kind: sump, level: dam/b/flow, "
     "area_m2: x, pumps: [{capacity: 0 m3/h, flow: mill/a/level, bogus: 1}, {run: mill/a/level, "
     "capacity: x}], float: mill/a/level, k: 5, h: 6}\n",
     "plant.yaml:8:76: error: level: `dam/b/flow` is in m3/h, and a length is needed, in m, cm, "
     "mm, ft or in; if it is another tag that you mean, name it, else derive one\n"
     "plant.yaml:8:97: error: area_m2 `x` is no number; write 1.5, -2 or 1e-3\n"
     "plant.yaml:8:108: error: a pump says whether it runs and what it lifts: {run: "
     "area/device/tag, capacity: 40 m3/h}\n"
     "plant.yaml:8:119: error: capacity is 0 m3/h; a pump lifts more\n"
     "plant.yaml:8:133: error: flow: `mill/a/level` is in m, and a flow is needed, in m3/h, m3/d, "
     "l/s, L/min or gal/min; if it is another tag that you mean, name it, else derive one\n"
     "plant.yaml:8:147: error: `bogus` is no key of a pump\n"
     "plant.yaml:8:164: error: run: `mill/a/level` is a number, not true or false; take a bit of "
     "it, or derive one, like {of: {x: mill/a/level}, is: x > 0}\n"
     "plant.yaml:8:188: error: capacity `x` is no quantity; write it with its unit, like 12.5 "
     "m3/h\n"
     "plant.yaml:8:200: error: float: `mill/a/level` is a number, not true or false; take a bit of "
     "it, or derive one, like {of: {x: mill/a/level}, is: x > 0}\n"
     "plant.yaml:8:217: error: k `5` says no unit; write 5 m3/h; known are m3/h, m3/d, l/s, L/min "
     "or gal/min\n"
     "plant.yaml:8:223: error: h `6` says no unit; write 6 m3; known are m3, L, ML, gal or ft3\n"},
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
