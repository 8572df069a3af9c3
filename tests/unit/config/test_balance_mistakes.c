/* SPDX-License-Identifier: Apache-2.0 */
/* Wrong balances, and what is said about them, to the letter. */
#include "rule_mistakes.h"

static const struct mistakes cases[] = {
    {"a pond has a level",
     HEAD LEAK
     "balance, profile: pond, in: [{flow: mill/a/flow}], out: [{flow: dam/b/flow}], nominal: "
     "420 m3/h}}\n",
     "plant.yaml:7:9: error: `x` is a pond, which stores water; without its level nobody can "
     "tell a leak from filling; say `level:` and `stage:`\n"},
    {"a level has a curve",
     HEAD LEAK
     "balance, profile: tank, level: dam/b/level, in: [{flow: mill/a/flow}], out: [{flow: "
     "dam/b/flow}], nominal: 420 m3/h}}\n",
     "plant.yaml:7:100: error: a level alone is no volume; say also `stage: [[m, m3], ...]`, "
     "or `surface: 201 m2` for straight walls\n"},
    {"a pipe has no level",
     HEAD LEAK
     "balance, profile: pipe, level: dam/b/level, stage: [[0, 0], [4, 90000]], in: [{flow: "
     "mill/a/flow}], out: [{flow: dam/b/flow}], nominal: 420 m3/h}}\n",
     "plant.yaml:7:100: error: a full pipe stores nothing and has no surface, so `level` "
     "means nothing here; leave it out, or take `profile: tank`\n"
     "plant.yaml:7:120: error: a full pipe stores nothing and has no surface, so `stage` "
     "means nothing here; leave it out, or take `profile: tank`\n"},
    {"a balance has a profile",
     HEAD LEAK
     "balance, level: dam/b/level, stage: [[0, 0], [4, 90000]], in: [{flow: mill/a/flow}], "
     "out: [{flow: dam/b/flow}], nominal: 420 m3/h}}\n",
     "plant.yaml:7:9: error: balance `x` has no profile; say `profile: pond`, tank or pipe\n"},
    {"an accuracy without its percent sign",
     HEAD LEAK "balance, profile: pipe, in: [{flow: mill/a/flow, accuracy: 0.5}], out: [{flow: "
               "dam/b/flow, accuracy: 0.5%}], nominal: 420 m3/h}}\n",
     "plant.yaml:7:128: error: accuracy 0.5 is 50%; did you mean 0.5%? It can be 0% to 20%\n"},
    {"a level is in units of length",
     HEAD LEAK
     "balance, profile: pond, level: dam/b/pressure, stage: [[0, 0], [4, 90000]], in: [{flow: "
     "mill/a/flow}], out: [{flow: dam/b/flow}], nominal: 420 m3/h}}\n",
     "plant.yaml:7:100: error: level: `dam/b/pressure` is in bar, and a length is needed, in "
     "m, cm, mm, ft or in; if it is another tag that you mean, name it, else derive one\n"},
    {"a flow without unit",
     HEAD LEAK
     "balance, profile: pond, level: dam/b/level, stage: [[0, 0], [4, 90000]], in: [{flow: "
     "mill/a/flow}], out: [{flow: dam/b/count}], nominal: 420 m3/h}}\n",
     "plant.yaml:7:182: error: out: `dam/b/count` has no unit, and a flow is needed; say "
     "`unit: m3/h` where the tag is written; known are m3/h, m3/d, l/s, L/min or gal/min\n"},
    {"a flow that is true or false",
     HEAD LEAK
     "balance, profile: pond, level: dam/b/level, stage: [[0, 0], [4, 90000]], in: [{flow: "
     "mill/a/flow}], out: [{flow: dam/b/status.run}], nominal: 420 m3/h}}\n",
     "plant.yaml:7:182: error: out: `dam/b/status.run` is true or false, or a state; here a "
     "number is needed\n"},
    {"rain and evaporation have their units",
     HEAD LEAK
     "balance, profile: pond, level: dam/b/level, stage: [[0, 0], [4, 90000]], in: [{flow: "
     "mill/a/flow}], out: [{flow: dam/b/flow}], nominal: 420 m3/h, rain: {tag: dam/b/flow, "
     "catchment: 12, runoff: 150%}, evaporation: 4 mm}}\n",
     "plant.yaml:7:227: error: rain: `dam/b/flow` is in m3/h, and a rate of rain is needed, "
     "in mm/h, mm/min, mm/d or in/h; if it is another tag that you mean, name it, else derive "
     "one\n"
     "plant.yaml:7:250: error: catchment `12` says no unit; write 12 m2; known are m2, ha, "
     "km2, ft2 or acre\n"
     "plant.yaml:7:262: error: runoff is 150%; it can be 0% to 100%\n"
     "plant.yaml:7:282: error: evaporation: `mm` is no unit of an evaporation; write it in "
     "mm/d, mm/h or in/d\n"},
    {"run-off without a catchment",
     HEAD LEAK
     "balance, profile: pond, level: dam/b/level, stage: [[0, 0], [4, 90000]], in: [{flow: "
     "mill/a/flow}], out: [{flow: dam/b/flow}], nominal: 420 m3/h, rain: {tag: dam/b/rain, "
     "lag: 3h}}}\n",
     "plant.yaml:7:244: error: this is about rain that runs off the land; say also "
     "`catchment:` (the pond's own surface is counted anyway)\n"},
    {"a run feedback is true or false",
     HEAD LEAK
     "balance, profile: pond, level: dam/b/level, stage: [[0, 0], [4, 90000]], in: [{flow: "
     "mill/a/flow}], out: [{flow: dam/b/flow, run: dam/b/count}], nominal: 420 m3/h}}\n",
     "plant.yaml:7:199: error: run: `dam/b/count` is a number, not true or false; take a bit "
     "of it, or derive one, like {of: {x: dam/b/count}, is: x > 0}\n"},
    {"a curve rises both ways",
     HEAD LEAK
     "balance, profile: pond, level: dam/b/level, stage: [[0, 0], [1, 24000], [4, 24000]], "
     "in: [{flow: mill/a/flow}], out: [{flow: dam/b/flow}], nominal: 420 m3/h}}\n",
     "plant.yaml:7:141: error: stage goes from [1, 24000] to [4, 24000]: both level and "
     "volume must rise from pair to pair\n"},
    {"a curve has two pairs at least",
     HEAD LEAK
     "balance, profile: pond, level: dam/b/level, stage: [[0, 0]], in: [{flow: mill/a/flow}], "
     "out: [{flow: dam/b/flow}], nominal: 420 m3/h}}\n",
     "plant.yaml:7:120: error: stage is a list of at least two pairs of level and volume, in "
     "m and m3: [[0, 0], [1, 24000]]\n"},
    {"a curve that ends below the gauge",
     HEAD LEAK
     "balance, profile: pond, level: dam/b/level, stage: [[0, 0], [3, 90000]], in: [{flow: "
     "mill/a/flow}], out: [{flow: dam/b/flow}], nominal: 420 m3/h}}\n",
     "plant.yaml:7:120: warning: `dam/b/level` can say up to 4 m, but stage ends at 3 m; "
     "above that the volume is not known, and the point is blind\n"},
    {"stage and surface say the same",
     HEAD LEAK
     "balance, profile: pond, level: dam/b/level, stage: [[0, 0], [4, 90000]], in: [{flow: "
     "mill/a/flow}], out: [{flow: dam/b/flow}], nominal: 420 m3/h, surface: 12 m2}}\n",
     "plant.yaml:7:224: error: `surface` is for straight walls; there is a `stage` already, "
     "leave one out\n"},
    {"a balance needs what comes in and what goes out",
     HEAD LEAK "balance, profile: pond, level: dam/b/level, stage: [[0, 0], [4, 90000]], out: [], "
               "nominal: 420 m3/h}}\n",
     "plant.yaml:7:9: error: balance `x` has nothing that flows in; say `in: [{flow: "
     "area/device/tag}]`, or take `kind: idle`, which needs no meter\n"
     "plant.yaml:7:147: error: balance `x` has nothing that flows out; say `out: [{flow: "
     "area/device/tag}]`, or take `kind: idle`, which needs no meter\n"},
    {"one meter twice",
     HEAD LEAK
     "balance, profile: pond, level: dam/b/level, stage: [[0, 0], [4, 90000]], in: [{flow: "
     "mill/a/flow}, mill/a/flow], out: [{flow: dam/b/flow}], nominal: 420 m3/h}}\n",
     "plant.yaml:7:168: error: the meter `mill/a/flow` stands here twice; its water would "
     "count twice\n"},
    {"one meter in and out",
     HEAD LEAK
     "balance, profile: pond, level: dam/b/level, stage: [[0, 0], [4, 90000]], in: [{flow: "
     "mill/a/flow}], out: [{flow: mill/a/flow}], nominal: 420 m3/h}}\n",
     "plant.yaml:7:182: error: the meter `mill/a/flow` stands in `in` and in `out`; its water "
     "would cancel itself; leave it where it belongs\n"},
    {"a nominal flow is demanded",
     HEAD LEAK
     "balance, profile: pond, level: dam/b/level, stage: [[0, 0], [4, 90000]], in: [{flow: "
     "mill/a/flow}], out: [{flow: dam/b/flow}]}}\n",
     "plant.yaml:7:9: error: balance `x` has no nominal; say the flow that usually comes in, "
     "like `nominal: 420 m3/h`: thresholds are shares of it\n"},
    {"a nominal flow is suggested where the meters have theirs",
     HEAD LEAK
     "balance, profile: pond, level: dam/b/level, stage: [[0, 0], [4, 90000]], in: [{flow: "
     "mill/a/flow, nominal: 100 l/s}], out: [{flow: dam/b/flow}]}}\n",
     "plant.yaml:7:9: error: balance `x` has no nominal; from its inlets: `nominal: 360 m3/h`\n"},
    {"a nominal flow is above zero and has a unit",
     HEAD LEAK
     "balance, profile: pond, level: dam/b/level, stage: [[0, 0], [4, 90000]], in: [{flow: "
     "mill/a/flow}], out: [{flow: dam/b/flow}], nominal: 0 m3/h}}\n",
     "plant.yaml:7:205: error: nominal is 0 m3/h; it is the usual flow, above zero: "
     "thresholds are shares of it\n"},
    {"a quantity without its unit",
     HEAD LEAK
     "balance, profile: pond, level: dam/b/level, stage: [[0, 0], [4, 90000]], in: [{flow: "
     "mill/a/flow}], out: [{flow: dam/b/flow}], nominal: 420}}\n",
     "plant.yaml:7:205: error: nominal `420` says no unit; write 420 m3/h; known are m3/h, "
     "m3/d, l/s, L/min or gal/min\n"},
    {"a quantity in another kind of unit",
     HEAD LEAK
     "balance, profile: pond, level: dam/b/level, stage: [[0, 0], [4, 90000]], in: [{flow: "
     "mill/a/flow}], out: [{flow: dam/b/flow}], nominal: 420 m3}}\n",
     "plant.yaml:7:205: error: nominal: `m3` is no unit of a flow; write it in m3/h, m3/d, "
     "l/s, L/min or gal/min\n"},
    {"a period shorter than the readings",
     HEAD LEAK
     "balance, profile: pond, level: dam/b/level, stage: [[0, 0], [4, 90000]], in: [{flow: "
     "mill/a/slow}], out: [{flow: dam/b/flow}], nominal: 420 m3/h}}\n",
     "plant.yaml:7:154: error: the balance is evaluated every 10 min, but `mill/a/slow` is "
     "read every 20 min only; read it more often, or say a longer `step:`\n"},
    {"a step shorter than the readings",
     HEAD LEAK
     "balance, profile: pond, level: dam/b/level, stage: [[0, 0], [4, 90000]], in: [{flow: "
     "mill/a/slower}], out: [{flow: dam/b/flow}], nominal: 420 m3/h, step: 1s}}\n",
     "plant.yaml:7:223: error: the balance is evaluated every 1 s, but `mill/a/slower` is "
     "read every 5 s only; read it more often, or say a longer `step:`\n"},
    {"a filter longer than what is kept",
     HEAD LEAK
     "balance, profile: pond, level: dam/b/level, stage: [[0, 0], [4, 90000]], in: [{flow: "
     "mill/a/flow}], out: [{flow: dam/b/flow}], nominal: 420 m3/h, tau: 2d, c: 0}}\n",
     "plant.yaml:7:220: error: tau is 2d, longer than the 21.3 h of history that a pond keeps "
     "at a step of 600 s; make it shorter\n"
     "plant.yaml:7:227: error: c is a factor above zero\n"},
    {"a step that no window holds",
     HEAD LEAK
     "balance, profile: pipe, in: [mill/a/flow], out: [dam/b/flow], nominal: 1 m3/h, step: "
     "1h, hold: 90m}}\n",
     "plant.yaml:7:154: error: step is 1h; the longest window of a pipe is 1.42 h and has to "
     "hold four of them\n"
     "plant.yaml:7:164: error: hold is 90m, longer than the 1.42 h of history that a pipe "
     "keeps at a step of 3600 s; make it shorter\n"},
    {"more meters than are added up",
     HEAD LEAK
     "balance, profile: pipe, in: [dam/b/meter1, dam/b/meter2, dam/b/meter3, dam/b/meter4, "
     "dam/b/meter5, dam/b/meter6, dam/b/meter7, dam/b/meter8, dam/b/meter9, dam/b/meter10, "
     "dam/b/meter11, dam/b/meter12, dam/b/meter13, dam/b/meter14, dam/b/meter15, "
     "dam/b/meter16, dam/b/meter17, dam/b/meter18, dam/b/meter19, dam/b/meter20, "
     "dam/b/meter21, dam/b/meter22, dam/b/meter23, dam/b/meter24, dam/b/meter25, "
     "dam/b/meter26, dam/b/meter27, dam/b/meter28, dam/b/meter29, dam/b/meter30, "
     "dam/b/meter31, dam/b/meter32], out: [dam/b/flow], nominal: 1 m3/h}}\n",
     "plant.yaml:7:9: error: balance `x` has 33 inputs; at most 32 are added up\n"},
    {"a leak point doesn't look at itself",
     HEAD LEAK
     "balance, profile: pond, level: dam/b/level, stage: [[0, 0], [4, 90000]], in: [{flow: "
     "mill/a/flow}], out: [{flow: dam/x/rate}], nominal: 420 m3/h}}\n",
     "plant.yaml:7:182: error: `dam/x/rate` is what this leak point says itself; name what it "
     "looks at\n"},
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
