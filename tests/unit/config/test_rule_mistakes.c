/* SPDX-License-Identifier: Apache-2.0 */
/* Wrong areas, alarms, equipment and incidents, and what is said about them, to the letter. */
#include "rule_mistakes.h"

static const struct mistakes cases[] = {
    {"an area's neighbours are areas",
     "format: 1\n"
     "site: s\n"
     "gateway: g\n"
     "lines: {plc: {connect: \"tcp://h\"}}\n"
     "areas: {mill: Mill, dam: {title: Dam, neighbours: [mil, dam]}}\n"
     "devices: {a: {map: m, line: plc, unit: 1, area: mill}, b: {map: m, line: plc, unit: 2, "
     "area: dam}}\n",
     "plant.yaml:5:52: error: no area `mil`, did you mean `mill`?\n"
     "plant.yaml:5:57: error: `dam` is no neighbour of itself\n"},
    {"an area in its long form has a title and neighbours",
     "format: 1\n"
     "site: s\n"
     "gateway: g\n"
     "lines: {plc: {connect: \"tcp://h\"}}\n"
     "areas: {mill: Mill, dam: {titel: Dam, neighbours: [mill]}}\n"
     "devices: {a: {map: m, line: plc, unit: 1, area: mill}, b: {map: m, line: plc, unit: 2, "
     "area: dam}}\n",
     "plant.yaml:5:27: error: `titel` is no key of an area, did you mean `title`?\n"},
    {"a time zone has an IANA name", HEAD "timezone: Toronto/America\n",
     "plant.yaml:7:11: error: timezone `Toronto/America` is not known; write an IANA name "
     "like America/Toronto, or UTC\n"},
    {"sections are mappings", HEAD "alarms: [a]\n",
     "plant.yaml:7:9: error: alarms is a mapping, like {a: b}\n"},
    {"an alarm names a tag that is there",
     HEAD "alarms: {mill/a/high: {tag: mill/a/levle, above: 1}}\n",
     "plant.yaml:7:29: error: tag: no tag `mill/a/levle`, did you mean `mill/a/level`?\n"},
    {"a tag of a device whose map is not there",
     "format: 1\n"
     "site: s\n"
     "gateway: g\n"
     "lines: {plc: {connect: \"tcp://h\"}}\n"
     "areas: {mill: Mill, dam: {title: Dam, neighbours: [mill]}}\n"
     "devices: {a: {map: m, line: plc, unit: 1, area: mill}, b: {map: mm, line: plc, unit: 2, "
     "area: dam}}\n"
     "alarms:\n"
     "  mill/a/one: {tag: dam/b/level, above: 1}\n"
     "  mill/a/two: {tag: dam/bb/level, above: 1}\n",
     "plant.yaml:6:65: error: no map `mm`: neither maps/mm.yaml nor nowhere/mm.yaml is there, "
     "did you mean `m`?\n"
     "plant.yaml:9:21: error: tag: no tag `dam/bb/level`\n"},
    {"an alarm has a tag and a condition",
     HEAD "alarms:\n"
          "  mill/a/one: {above: 1}\n"
          "  mill/a/two: {tag: mill/a/level}\n",
     "plant.yaml:8:3: error: alarm `mill/a/one` watches nothing; say `tag: area/device/tag`\n"
     "plant.yaml:9:3: error: alarm `mill/a/two` has no condition; say `above: 1.2`, `below:`, "
     "`is: true`, or `rises: 0.5, within: 10m`\n"},
    {"an alarm has one condition",
     HEAD "alarms: {mill/a/high: {tag: mill/a/level, above: 1, below: 0.5}}\n",
     "plant.yaml:7:60: error: an alarm has one condition; make two alarms of `mill/a/high`, "
     "one each\n"},
    {"an alarm's name has three parts and a known area",
     HEAD "alarms:\n"
          "  mill/high: {tag: mill/a/level, above: 1}\n"
          "  mil/a/high: {tag: mill/a/level, above: 1}\n",
     "plant.yaml:8:3: error: alarm `mill/high`: the name is area/device/alarm, each of A-Z "
     "a-z 0-9 . _ -\n"
     "plant.yaml:9:3: error: alarm `mil/a/high`: no area `mil`; declare it under `areas:`\n"},
    {"a misspelt key of an alarm",
     HEAD "alarms: {mill/a/high: {tag: mill/a/level, above: 1, priorty: low}}\n",
     "plant.yaml:7:53: error: `priorty` is no key of an alarm, did you mean `priority`?\n"},
    {"a misspelt priority",
     HEAD "alarms: {mill/a/high: {tag: mill/a/level, above: 1, priority: hihg}}\n",
     "plant.yaml:7:63: error: priority `hihg` is not known, did you mean `high`?\n"},
    {"an alarm ends on the right side of its limit",
     HEAD "alarms:\n"
          "  mill/a/high: {tag: mill/a/level, above: 1.2, clear: 1.4}\n"
          "  mill/a/low: {tag: mill/a/level, below: 0.2, clear: 0.1}\n",
     "plant.yaml:8:55: error: clear is 1.4, on the wrong side of `above: 1.2`; the alarm "
     "would end while it is still true; give a value below it\n"
     "plant.yaml:9:54: error: clear is 0.1, on the wrong side of `below: 0.2`; the alarm "
     "would end while it is still true; give a value above it\n"},
    {"clear and deadband say the same",
     HEAD "alarms: {mill/a/high: {tag: mill/a/level, above: 1.2, clear: 1, deadband: 0.1}}\n",
     "plant.yaml:7:75: error: `clear` and `deadband` say the same; leave one out\n"},
    {"a limit in another unit is converted, in another kind of unit refused",
     HEAD "alarms: {mill/a/high: {tag: mill/a/level, above: 120 cm, clear: 5 bar}}\n",
     "plant.yaml:7:65: error: clear: `bar` cannot be brought to the tag's unit `m`\n"},
    {"a limit that the range never reaches",
     HEAD "alarms: {mill/a/high: {tag: mill/a/level, above: 5}}\n",
     "plant.yaml:7:50: warning: `mill/a/level` goes from 0 to 4; beyond that it is bad, and "
     "this never true\n"},
    {"what an alarm waits for is one word",
     HEAD "alarms: {mill/a/high: {tag: mill/a/mode, is: {}}}\n",
     "plant.yaml:7:46: error: is is one value, not a mapping\n"},
    {"words an enum never says", HEAD "alarms: {mill/a/high: {tag: mill/a/mode, is: fualt}}\n",
     "plant.yaml:7:46: error: is: `mill/a/mode` never says `fualt`, did you mean `fault`?\n"},
    {"a number is not compared by true",
     HEAD "alarms: {mill/a/high: {tag: mill/a/level, is: true}}\n",
     "plant.yaml:7:47: error: is: `mill/a/level` is never true or false; compare it by "
     "`above:`\n"},
    {"a state is not compared by above",
     HEAD "alarms: {mill/a/high: {tag: mill/a/mode, above: 1}}\n",
     "plant.yaml:7:29: error: tag: `mill/a/mode` is no number; compare it by `is:`\n"},
    {"rises needs a time, and more than one reading in it",
     HEAD "alarms:\n"
          "  mill/a/one: {tag: mill/a/level, rises: 0.5}\n"
          "  mill/a/two: {tag: mill/a/slow, rises: 0.5, within: 10m}\n"
          "  mill/a/three: {tag: mill/a/level, falls: -1, within: 10m}\n",
     "plant.yaml:8:42: error: rises needs a time; say `within: 10m`\n"
     "plant.yaml:9:54: error: within is 10m, but `mill/a/slow` is read every 1200 s only; "
     "make it longer, or read the tag more often\n"
     "plant.yaml:10:44: error: falls says by how much, above zero\n"},
    {"keys that mean nothing with this condition",
     HEAD "alarms:\n"
          "  mill/a/one: {tag: mill/a/level, above: 1, within: 10m}\n"
          "  mill/a/two: {tag: mill/a/level, rises: 1, within: 10m, clear: 2}\n",
     "plant.yaml:8:53: error: this means nothing with `above`; leave it out\n"
     "plant.yaml:9:65: error: this means nothing with `rises`; leave it out\n"},
    {"a critical alarm says what happens and what to do",
     HEAD "alarms:\n"
          "  mill/a/one: {tag: mill/a/level, above: 1, priority: critical, about: A, response: R}\n"
          "  mill/a/two: {tag: mill/a/level, above: 1, priority: critical}\n",
     "plant.yaml:8:3: error: alarm `mill/a/one` is critical; say `consequence:` (what happens "
     "if nobody acts)\n"
     "plant.yaml:9:3: error: alarm `mill/a/two` is critical; say `consequence:` (what happens "
     "if nobody acts) and `response:` (what to do)\n"},
    {"a high alarm says something",
     HEAD "alarms:\n"
          "  mill/a/one: {tag: mill/a/level, above: 1, priority: high}\n"
          "  mill/a/two: {tag: mill/a/level, above: 1, priority: high, about: A}\n",
     "plant.yaml:8:3: error: alarm `mill/a/one` is of high priority; say `about:`, or better "
     "`consequence:` (what happens if nobody acts) and `response:` (what to do)\n"
     "plant.yaml:9:3: warning: alarm `mill/a/two` is of high priority; say `consequence:` "
     "(what happens if nobody acts) and `response:` (what to do)\n"},
    {"suppressed by something true or false",
     HEAD "alarms: {mill/a/high: {tag: mill/a/level, above: 1, suppress_by: mill/a/flow}}\n",
     "plant.yaml:7:66: error: suppress_by: `mill/a/flow` is a number, not true or false; take "
     "a bit of it, or derive one, like {of: {x: mill/a/flow}, is: x > 0}\n"},
    {"trigger action response plans have levels 1 to 4",
     HEAD "alarms: {mill/a/high: {tag: mill/a/level, above: 1, tarp: 5, shelve: never, realarm: "
          "1s, samples: 0}}\n",
     "plant.yaml:7:59: error: tarp is 5; it can be 1 to 4\n"
     "plant.yaml:7:70: error: shelve `never` is no duration; write 500ms, 5s, 10m, 72h (with "
     "the unit)\n"
     "plant.yaml:7:86: error: realarm is 1s; it can be 1 min to 7 d\n"
     "plant.yaml:7:99: error: samples is 0; it can be 1 to 1000\n"},
    {"two alarms of one name, one of which comes by itself",
     HEAD "alarms: {mill/a/comm-lost: {tag: mill/a/level, above: 1}}\n",
     "plant.yaml:7:10: error: there are two alarms `mill/a/comm-lost`, one of which comes by "
     "itself; names must differ, by more than case\n"},
    {"too many important alarms",
     HEAD "alarms:\n"
          "  mill/a/n0: {tag: mill/a/level, above: 1, priority: critical, about: A, consequence: "
          "C, response: R}\n"
          "  mill/a/n1: {tag: mill/a/level, above: 1, priority: critical, about: A, consequence: "
          "C, response: R}\n"
          "  mill/a/n2: {tag: mill/a/level, above: 1, priority: high, about: A, consequence: C, "
          "response: R}\n"
          "  mill/a/n3: {tag: mill/a/level, above: 1, priority: high, about: A, consequence: C, "
          "response: R}\n"
          "  mill/a/n4: {tag: mill/a/level, above: 1, priority: high, about: A, consequence: C, "
          "response: R}\n"
          "  mill/a/n5: {tag: mill/a/level, above: 1, priority: low, about: A, consequence: C, "
          "response: R}\n"
          "  mill/a/n6: {tag: mill/a/level, above: 1, priority: low, about: A, consequence: C, "
          "response: R}\n"
          "  mill/a/n7: {tag: mill/a/level, above: 1, priority: low, about: A, consequence: C, "
          "response: R}\n"
          "  mill/a/n8: {tag: mill/a/level, above: 1, priority: low, about: A, consequence: C, "
          "response: R}\n"
          "  mill/a/n9: {tag: mill/a/level, above: 1, priority: low, about: A, consequence: C, "
          "response: R}\n"
          "  mill/a/n10: {tag: mill/a/level, above: 1, priority: low, about: A, consequence: C, "
          "response: R}\n"
          "  mill/a/n11: {tag: mill/a/level, above: 1, priority: low, about: A, consequence: C, "
          "response: R}\n"
          "  mill/a/n12: {tag: mill/a/level, above: 1, priority: low, about: A, consequence: C, "
          "response: R}\n"
          "  mill/a/n13: {tag: mill/a/level, above: 1, priority: low, about: A, consequence: C, "
          "response: R}\n"
          "  mill/a/n14: {tag: mill/a/level, above: 1, priority: low, about: A, consequence: C, "
          "response: R}\n"
          "  mill/a/n15: {tag: mill/a/level, above: 1, priority: low, about: A, consequence: C, "
          "response: R}\n"
          "  mill/a/n16: {tag: mill/a/level, above: 1, priority: low, about: A, consequence: C, "
          "response: R}\n"
          "  mill/a/n17: {tag: mill/a/level, above: 1, priority: low, about: A, consequence: C, "
          "response: R}\n"
          "  mill/a/n18: {tag: mill/a/level, above: 1, priority: low, about: A, consequence: C, "
          "response: R}\n"
          "  mill/a/n19: {tag: mill/a/level, above: 1, priority: low, about: A, consequence: C, "
          "response: R}\n",
     "plant.yaml:8:3: warning: 2 of 20 alarms are critical; with more than 5 % nobody can "
     "tell what comes first\n"
     "plant.yaml:8:3: warning: 5 of 20 alarms are high or critical; with more than 20 % "
     "nobody can tell what comes first\n"},
    {"settings of all alarms",
     HEAD "alarm_settings: {comm: {priority: urgent, after: 30}, signals: true, flood: {begin: 5, "
          "end: 10}, max_shelve: 1s}\n",
     "plant.yaml:7:35: error: priority `urgent` is not known; one of: low medium high critical\n"
     "plant.yaml:7:50: error: after `30` is no duration; write 500ms, 5s, 10m, 72h (with the "
     "unit)\n"
     "plant.yaml:7:77: error: a flood begins with more than 5 alarms in 10 minutes and ends "
     "with fewer than 10; the end must not be above the beginning\n"
     "plant.yaml:7:110: error: max_shelve is 1s; it can be 1 min to 30 d\n"},
    {"equipment has a class that is known",
     HEAD "equipment:\n"
          "  one: {class: switchgaer, area: dam}\n"
          "  two: {area: dam}\n",
     "plant.yaml:8:16: error: class `switchgaer` is not known, did you mean `switchgear`?\n"
     "plant.yaml:9:3: error: `two` has no class; say `class:` pump, motor, crusher, mill, "
     "substation, switchgear, transformer, conveyor or other: what has to be tested before it "
     "runs again depends on it\n"},
    {"a floor without water, and the reverse",
     HEAD "equipment:\n"
          "  one: {class: mill, area: dam, floor: 0.4 m}\n"
          "  two: {class: mill, area: dam, water: dam/b/level}\n"
          "  three: {class: mill, area: dam, warn: 1h}\n",
     "plant.yaml:8:40: error: `one` has a floor, but nothing says how high the water stands; "
     "say `water:` and a level\n"
     "plant.yaml:9:40: error: `two` has water, but no height at which it is spoilt; say "
     "`floor: 0.4 m`, on the scale of that level\n"
     "plant.yaml:10:41: error: nothing to warn of: say also `water:` and `floor:`\n"},
    {"a floor that the water's curve never reaches",
     HEAD "equipment:\n"
          "  one: {class: mill, area: dam, water: dam/b/level, floor: 4.5 m}\n"
          "  two: {class: mill, area: dam, water: dam/b/level, floor: 4 m}\n"
          "incidents:\n"
          "  basins:\n"
          "    pit: {area: dam, level: dam/b/level, stage: [[0, 0], [4, 900]], target: 1 m}\n",
     "plant.yaml:8:60: error: the floor of `one`, 4.5 m, is above the end of the stage of basin "
     "`pit` (4 "
     "m): it would never be warned of; let the stage reach up to it\n"},
    {"equipment stands somewhere and hangs on something",
     HEAD "equipment:\n"
          "  one: {class: mill, device: dam/c, floor: 0.4, water: dam/b/flow}\n",
     "plant.yaml:8:3: error: `one` stands nowhere; say `area:`\n"
     "plant.yaml:8:30: error: no device `dam/c`, did you mean `dam/b`?\n"
     "plant.yaml:8:44: error: floor `0.4` says no unit; write 0.4 m; known are m, cm, mm, ft "
     "or in\n"
     "plant.yaml:8:56: error: water: `dam/b/flow` is in m3/h, and a length is needed, in m, "
     "cm, mm, ft or in; if it is another tag that you mean, name it, else derive one\n"},
    {"checks of equipment",
     HEAD "equipment:\n"
          "  one:\n"
          "    class: other\n"
          "    area: dam\n"
          "    checks:\n"
          "      a: {tag: dam/b/level}\n"
          "      b: {tag: dam/b/level, low: 2, high: 1}\n"
          "      c: {text: T, for: 1h}\n"
          "      d: {text: T, low: 1}\n"
          "      e: {tag: dam/b/level, low: 2, sign: name}\n"
          "      f/g: {text: T}\n"
          "      h: {text: T, low: 5, high: 1, sign: value}\n",
     "plant.yaml:12:7: error: check `a` has no range; say `low:` or `high:` (of a tag that is "
     "true or false: 1 or 0)\n"
     "plant.yaml:13:34: error: low is above high; nothing lies between\n"
     "plant.yaml:14:25: error: `for` is of checks that look at a `tag:`; somebody signs this "
     "one\n"
     "plant.yaml:15:25: error: this is of a value; say also `sign: value`\n"
     "plant.yaml:16:43: error: a check looks at a `tag:`, or somebody signs it (`sign:`), not "
     "both; the unit is the tag's\n"
     "plant.yaml:17:7: error: check `f/g`: a name has 1 to 64 of A-Z a-z 0-9 . _ -\n"
     "plant.yaml:18:25: error: low is above high; nothing lies between\n"},
    {"more checks than are kept",
     HEAD "equipment:\n"
          "  one: {class: crusher, area: dam, checks: {c0: {text: T}, c1: {text: T}, c2: {text: "
          "T}, c3: {text: T}, c4: {text: T}, c5: {text: T}, c6: {text: T}, c7: {text: T}, c8: "
          "{text: T}, c9: {text: T}, c10: {text: T}, c11: {text: T}}}\n",
     "plant.yaml:8:44: error: `one` has 20 checks, built in and added; at most 16 are kept\n"},
    {"bulletins come again and again",
     HEAD "incidents: {bulletins: {every: 4, first: 1h}, drill: yes}\n",
     "plant.yaml:7:32: error: every `4` is no duration; write 500ms, 5s, 10m, 72h (with the "
     "unit)\n"
     "plant.yaml:7:42: error: first `1h`: write how often and how long, like 1h for 6h\n"
     "plant.yaml:7:54: error: drill is true or false, without quotes; nothing else counts\n"},
    {"a basin has a level, and pumps that say something",
     HEAD "incidents:\n"
          "  basins:\n"
          "    one: {area: dam}\n"
          "    two: {area: dam, level: dam/b/level, surface: 10 m2, pumps: [{capacity: 3 m3/h}, "
          "{run: dam/b/status.run}, {run: dam/b/status.run}], wet: [dam/b/level]}\n",
     "plant.yaml:9:5: error: basin `one` has no level; say `level: area/device/tag`\n"
     "plant.yaml:9:5: warning: basin `one` has neither `stage:` nor `surface:`; without volumes "
     "there is no telling when it will be empty\n"
     "plant.yaml:10:66: error: a pump says whether it runs, or what it lifts: {run: "
     "area/device/tag, flow: area/device/tag, capacity: 200 m3/h}\n"
     "plant.yaml:10:111: error: this pump stands here twice\n"
     "plant.yaml:10:143: error: wet: `dam/b/level` is a number, not true or false; take a bit "
     "of it, or derive one, like {of: {x: dam/b/level}, is: x > 0}\n"},
    {"of basins that stand twice the first are meant",
     HEAD "incidents:\n"
          "  basins:\n"
          "    one: {area: dam, level: dam/b/level}\n"
          "  basins:\n"
          "    two...........................................................................: {}\n"
          "    three: {}\n",
     "plant.yaml:9:5: warning: basin `one` has neither `stage:` nor `surface:`; without volumes "
     "there is no telling when it will be empty\n"
     "plant.yaml:10:3: error: `basins` stands here twice, first in line 8; remove one\n"},
    {"a basin can be wet, and can be dry",
     HEAD "incidents:\n"
          "  basins:\n"
          "    one: {area: dam, level: dam/b/level, stage: [[0, 0], [4, 900]], target: 5 m}\n"
          "    two: {area: dam, level: dam/b/level, stage: [[0.5, 0], [4, 900]]}\n",
     "plant.yaml:9:77: error: target 5 m is not below the end of the stage (4 m): basin `one` "
     "would "
     "never be wet; write the level at which it counts as empty\n"
     "plant.yaml:10:5: warning: target 0.05 m is below the beginning of the stage (0.5 m): basin "
     "`two` may never count as empty; write the level at which it does\n"},
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
