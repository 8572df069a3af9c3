/* SPDX-License-Identifier: Apache-2.0 */
#include "rules.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "plants.h"

const char *const bench_plant_names[BENCH_PLANT_COUNT] = {"pond", "tank", "pipe",
                                                          "sump", "idle", "zone"};

struct bench_tuning bench_tuning = {NOTHING, NOTHING, NOTHING, NOTHING};

static int add(struct bench_rule *r, const struct series *s, enum column column,
               enum input_role role)
{
    if (!s->column[column])
        return -1;
    uint32_t at = r->rule.input_count++;
    bool digital = role == ROLE_RUN || role == ROLE_MASK || role == ROLE_PUMP ||
                   role == ROLE_FLOAT || role == ROLE_INLET || role == ROLE_OUTLET;
    r->column[at] = (uint8_t)column;
    r->inputs[at] = (struct leak_input){.tag = at,
                                        .role = (uint8_t)role,
                                        .partner = -1,
                                        .factor = 1,
                                        .every_ms = s->step_ms,
                                        .digital = digital};
    return (int)at;
}

static void flow(struct bench_rule *r, int meter, int run, double nominal, double accuracy)
{
    if (meter < 0)
        return;
    r->inputs[meter].partner = (int16_t)run;
    r->inputs[meter].nominal = nominal;
    r->inputs[meter].accuracy = accuracy;
}

static void blank(struct leak_rule *rule)
{
    *rule = (struct leak_rule){.k = bench_tuning.k,
                               .h = bench_tuning.h,
                               .c = bench_tuning.c,
                               .c_h = bench_tuning.c_h,
                               .bias_max = NOTHING,
                               .catchment = NOTHING,
                               .runoff = NOTHING,
                               .max_jump = NOTHING,
                               .high_high = NOTHING,
                               .high = NOTHING,
                               .low = NOTHING,
                               .low_low = NOTHING,
                               .deadband = NOTHING,
                               .by = NOTHING,
                               .angle = NOTHING,
                               .crest_width = NOTHING,
                               .zero = 0,
                               .crest = NOTHING,
                               .freeboard_min = NOTHING,
                               .vote = 1,
                               .blind_ms = 3600000,
                               .about = "",
                               .area = RULE_NONE,
                               .alarm = RULE_NONE,
                               .alarm_blind = RULE_NONE,
                               .alarm_bias = RULE_NONE,
                               .alarm_health = RULE_NONE,
                               .alarm_proof = RULE_NONE,
                               .tag_rate = UINT32_MAX,
                               .tag_unaccounted = UINT32_MAX,
                               .tag_flow = UINT32_MAX,
                               .tag_minutes = UINT32_MAX};
}

static void straight(struct bench_rule *r, double surface, double top)
{
    r->stage[0] = (struct pair){0, 0};
    r->stage[1] = (struct pair){top, top * surface};
    r->rule.stage_count = 2;
}

static void make_pond(struct bench_rule *r, const struct series *s)
{
    r->rule.kind = LEAK_BALANCE;
    r->rule.profile = PROFILE_POND;
    r->rule.nominal = 420;
    r->rule.catchment = 120000;
    r->rule.evaporation = 4;
    add(r, s, COL_LEVEL, ROLE_LEVEL);
    int in = add(r, s, COL_IN, ROLE_IN), out = add(r, s, COL_OUT, ROLE_OUT);
    int out2 = add(r, s, COL_OUT2, ROLE_OUT), run = add(r, s, COL_RUN, ROLE_RUN);
    int run2 = add(r, s, COL_RUN2, ROLE_RUN);
    add(r, s, COL_RAIN, ROLE_RAIN);
    flow(r, in, -1, 420, 0.005);
    flow(r, out, run, 240, 0.005);
    flow(r, out2, run2, 240, 0.005);
    for (uint32_t i = 0; i < POND_STAGES; i++)
        r->stage[i] = (struct pair){pond_stage[i][0], pond_stage[i][1]};
    r->rule.stage_count = POND_STAGES;
}

static void make_tank(struct bench_rule *r, const struct series *s)
{
    r->rule.kind = LEAK_BALANCE;
    r->rule.profile = PROFILE_TANK;
    r->rule.nominal = 20;
    add(r, s, COL_LEVEL, ROLE_LEVEL);
    int in = add(r, s, COL_IN, ROLE_IN), out = add(r, s, COL_OUT, ROLE_OUT);
    int fill = add(r, s, COL_IN_RUN, ROLE_RUN), draw = add(r, s, COL_RUN, ROLE_RUN);
    flow(r, in, fill, 60, 0.005);
    flow(r, out, draw, 20, 0.005);
    straight(r, tank_surface, 6);
}

static void make_pipe(struct bench_rule *r, const struct series *s)
{
    r->rule.kind = LEAK_BALANCE;
    r->rule.profile = PROFILE_PIPE;
    r->rule.nominal = 300;
    int in = add(r, s, COL_IN, ROLE_IN), out = add(r, s, COL_OUT, ROLE_OUT);
    add(r, s, COL_IN_RUN, ROLE_MASK);
    flow(r, in, -1, 300, 0.006);
    flow(r, out, -1, 300, 0.006);
}

static void make_sump(struct bench_rule *r, const struct series *s)
{
    r->rule.kind = LEAK_SUMP;
    add(r, s, COL_LEVEL, ROLE_LEVEL);
    int pump = add(r, s, COL_RUN, ROLE_PUMP);
    r->inputs[pump].nominal = 40;
    add(r, s, COL_FLOAT, ROLE_FLOAT);
    straight(r, sump_surface, 4);
}

static void make_idle(struct bench_rule *r, const struct series *s)
{
    r->rule.kind = LEAK_IDLE;
    add(r, s, COL_LEVEL, ROLE_LEVEL);
    add(r, s, COL_IN_RUN, ROLE_INLET);
    add(r, s, COL_RUN, ROLE_OUTLET);
    straight(r, tank_surface, 6);
}

static void make_zone(struct bench_rule *r, const struct series *s)
{
    r->rule.kind = LEAK_DEMAND;
    add(r, s, COL_IN, ROLE_IN);
    add(r, s, COL_OUT, ROLE_OUT);
}

void rule_make(struct bench_rule *r, enum bench_plant plant, const struct series *s)
{
    static void (*const makers[])(struct bench_rule *, const struct series *) = {
        make_pond, make_tank, make_pipe, make_sump, make_idle, make_zone};
    memset(r, 0, sizeof *r);
    blank(&r->rule);
    r->rule.name = bench_plant_names[plant];
    snprintf(r->rule.hash, sizeof r->rule.hash, "%s", bench_plant_names[plant]);
    makers[plant](r, s);
    r->rule.inputs = r->inputs;
    r->rule.stage = r->rule.stage_count > 0 ? r->stage : NULL;
}
