/* SPDX-License-Identifier: Apache-2.0 */
/* Wrong leak points, and what is said about them, to the letter. */
#include "rule_mistakes.h"

static const struct mistakes cases[] = {
    {"a leak point has a kind and an area",
     HEAD "leaks:\n"
          "  one: {area: dam}\n"
          "  two: {kind: balanse, area: dam}\n"
          "  three: {kind: idle, area: damm, about: A, consequence: C, response: R, level: "
          "dam/b/level, surface: 1 m2, inlet: dam/b/status.run}\n"
          "  four: {kind: idle, about: A, consequence: C, response: R, level: dam/b/level, "
          "surface: 1 m2, inlet: dam/b/status.run}\n",
     "plant.yaml:8:3: error: leak `one` has no kind; say `kind:` balance, demand, idle, sump, "
     "limit, roc, shift, switch, weir or freeboard\n"
     "plant.yaml:8:3: error: leak `one` is of high priority; say `about:`, or better "
     "`consequence:` (what happens if nobody acts) and `response:` (what to do)\n"
     "plant.yaml:9:3: error: leak `two` is of high priority; say `about:`, or better "
     "`consequence:` (what happens if nobody acts) and `response:` (what to do)\n"
     "plant.yaml:9:15: error: kind `balanse` is not known, did you mean `balance`?\n"
     "plant.yaml:10:29: error: no area `damm`, did you mean `dam`?\n"
     "plant.yaml:11:3: error: `four` stands nowhere; say `area:`\n"},
    {"a key of another kind of leak",
     HEAD LEAK "switch, inputs: [dam/b/status.wet1], stage: [[0, 0], [1, 1]]}}\n",
     "plant.yaml:7:106: error: `stage` is no key of a leak of kind switch\n"},
    {"a kind that nobody knows, with an input that stands twice",
     HEAD LEAK "swich, inputs: [dam/b/status.wet1, dam/b/status.wet1]}}\n",
     "plant.yaml:7:69: error: kind `swich` is not known, did you mean `switch`?\n"},
    {"a leak of high priority says something",
     HEAD "leaks: {x: {kind: switch, area: dam, inputs: [dam/b/status.wet1]}}\n",
     "plant.yaml:7:9: error: leak `x` is of high priority; say `about:`, or better "
     "`consequence:` (what happens if nobody acts) and `response:` (what to do)\n"},
    {"a zone has a meter", HEAD LEAK "demand, nominal: 10 m3/h}}\n",
     "plant.yaml:7:9: error: demand `x` measures nothing; say `in: [{flow: area/device/tag}]` "
     "(and `out:`), or `flow: area/device/tag`\n"},
    {"a zone's net flow or its meters",
     HEAD LEAK "demand, flow: dam/b/flow, in: [dam/b/flow], k: 0}}\n",
     "plant.yaml:7:83: error: `flow` is the whole net flow; leave it, or `in` and `out`, out\n"
     "plant.yaml:7:116: error: k is in standard deviations, above zero\n"},
    {"an idle test knows when nothing flows",
     HEAD LEAK "idle, level: dam/b/level, surface: 200 m2}}\n",
     "plant.yaml:7:9: error: idle `x` has no inlet and no outlet; say which tags are true "
     "while water may flow: `inlet:`, `outlet:`\n"},
    {"an idle test has a level",
     HEAD LEAK "idle, inlet: dam/b/status.run, surface: 200 m2, min: 1 m}}\n",
     "plant.yaml:7:9: error: idle `x` has no level; it watches one while nothing flows: "
     "`level:` and `surface:`\n"
     "plant.yaml:7:109: error: this turns a level into a volume, but there is no `level:`\n"
     "plant.yaml:7:122: error: min: `m` is no unit of a flow; write it in m3/h, m3/d, l/s, "
     "L/min or gal/min\n"},
    {"a sump has pumps with a capacity",
     HEAD LEAK "sump, level: dam/b/level, area_m2: 6, pumps: [{run: dam/b/status.run}]}}\n",
     "plant.yaml:7:115: error: a pump says whether it runs and what it lifts: {run: "
     "area/device/tag, capacity: 40 m3/h}\n"},
    {"a sump without pumps", HEAD LEAK "sump, level: dam/b/level, area_m2: 6}}\n",
     "plant.yaml:7:9: error: a sump has pumps: [{run: area/device/tag, capacity: 40 m3/h}]\n"},
    {"a surface is above zero",
     HEAD LEAK "sump, level: dam/b/level, area_m2: 0, pumps: [{run: dam/b/status.run, capacity: 0 "
               "m3/h}]}}\n",
     "plant.yaml:7:104: error: surface is 0 m2; a tank has more\n"
     "plant.yaml:7:149: error: capacity is 0 m3/h; a pump lifts more\n"},
    {"limits stand in order", HEAD LEAK "limit, tag: dam/b/level, hh: 2, h: 2.5, ll: 0.1}}\n",
     "plant.yaml:7:104: error: hh is 2 and h is 2.5; the order is hh > h > l > ll\n"},
    {"a limit is demanded", HEAD LEAK "limit, tag: dam/b/level}}\n",
     "plant.yaml:7:9: error: limit `x` has no limit; say `hh:`, `h:`, `l:` or `ll:`\n"},
    {"a change has an amount and a time", HEAD LEAK "roc, tag: dam/b/level, by: 1}}\n",
     "plant.yaml:7:9: error: roc `x` has no tag, amount or time; say `tag:`, `by: 0.5` and "
     "`within: 10m`\n"},
    {"a change within less than a reading",
     HEAD LEAK "roc, tag: dam/b/slow, by: 1, within: 5m, direction: up}}\n",
     "plant.yaml:7:106: error: within is 5m, but `dam/b/slow` is read every 20 min only; make "
     "it longer, or read the tag more often\n"
     "plant.yaml:7:121: error: direction `up` is not known; one of: rising falling both\n"},
    {"a shift is in standard deviations", HEAD LEAK "shift, tag: dam/b/mode, k: 1, h: -2}}\n",
     "plant.yaml:7:81: error: tag: `dam/b/mode` is true or false, or a state; here a number "
     "is needed\n"
     "plant.yaml:7:102: error: h is in standard deviations, above zero\n"},
    {"a vote of more than there are",
     HEAD LEAK "switch, inputs: [dam/b/status.wet1, dam/b/status.run], vote: 3}}\n",
     "plant.yaml:7:130: error: vote is 3, but there are only 2 inputs; it would never be true\n"},
    {"a vote out of another number",
     HEAD LEAK "switch, inputs: [dam/b/status.wet1, dam/b/status.run], vote: 2oo3}}\n",
     "plant.yaml:7:130: error: vote is 2oo3, but there are 2 inputs\n"},
    {"a vote in words",
     HEAD LEAK "switch, inputs: [dam/b/status.wet1, dam/b/status.wet1], vote: most}}\n",
     "plant.yaml:7:105: error: inputs: `dam/b/status.wet1` stands here twice\n"
     "plant.yaml:7:131: error: vote `most`: write 2, or 2oo3 for two out of three\n"},
    {"switches are true or false", HEAD LEAK "switch, inputs: [dam/b/level], test: dam/b/name}}\n",
     "plant.yaml:7:86: error: inputs: `dam/b/level` is a number, not true or false; take a "
     "bit of it, or derive one, like {of: {x: dam/b/level}, is: x > 0}\n"
     "plant.yaml:7:106: error: test: `dam/b/name` is a text or a time, not true or false\n"},
    {"an angle outside of the formula", HEAD LEAK "weir, head: dam/b/level, angle: 120}}\n",
     "plant.yaml:7:101: error: angle is 120; the formula of V-notches holds from 25 to 100 "
     "degrees\n"},
    {"a weir is a notch or a crest", HEAD LEAK "weir, head: dam/b/level, angle: 90, width: 2 m}}\n",
     "plant.yaml:7:112: error: a weir has an `angle` (V-notch) or a `width` (sharp crest), "
     "not both\n"},
    {"a weir without a shape", HEAD LEAK "weir, head: dam/b/level}}\n",
     "plant.yaml:7:9: error: weir `x` has no shape; say `angle: 90` of a V-notch, or `width: "
     "2 m` of a sharp crest\n"},
    {"a freeboard has a crest and a limit",
     HEAD LEAK "freeboard, level: dam/b/level, crest: 6 m}}\n",
     "plant.yaml:7:9: error: freeboard `x` has no crest or no limit; say `crest: 6.0 m` and "
     "`min: 1.0 m`\n"},
    {"a proof test has a period and a date",
     HEAD "leaks:\n"
          "  x: {kind: switch, area: dam, about: A, consequence: C, response: R, inputs: "
          "[dam/b/status.wet1], proof: {last: 2026-02-30}}\n"
          "  y: {kind: switch, area: dam, about: A, consequence: C, response: R, inputs: "
          "[dam/b/status.wet1], proof: {every: 180d, last: 2026-02-30}}\n",
     "plant.yaml:8:107: error: a proof test is due again and again; say `every: 180d`\n"
     "plant.yaml:8:114: error: last `2026-02-30` is no date; write 2026-05-01\n"
     "plant.yaml:9:127: error: last `2026-02-30` is no date; write 2026-05-01\n"},
    {"a tag that would be there twice",
     HEAD "derived: {dam/x/flow: {of: {a: dam/b/flow}, is: a}}\n"
          "leaks: {x: {area: dam, about: A, consequence: C, response: R, kind: weir, head: "
          "dam/b/level, angle: 90}}\n",
     "plant.yaml:8:9: error: `x` makes the tag `dam/x/flow`, but there is one of this name "
     "already; choose another name\n"},
};

static void mistakes_are_told_with_their_place_and_remedy(void **state)
{
    (void)state;
    expect_told(cases, sizeof cases / sizeof *cases);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(mistakes_are_told_with_their_place_and_remedy),
    };
    return cmocka_run_group_tests(tests, in_a_folder, out_of_it);
}
