/* SPDX-License-Identifier: Apache-2.0 */
/* Leak points for tests: rules as a plant file would give them, and readings. */
#ifndef TEST_POINTS_H
#define TEST_POINTS_H

#include <math.h>
#include <string.h>

#include "watch/leak.h"

#define assert_near(a, b, by) assert_true(fabs((a) - (b)) <= (by))

enum { POINT_INPUTS = 8 };

struct point_rig {
    struct leak_rule rule;
    struct leak_input inputs[POINT_INPUTS];
    struct leak *leak;
    int64_t now_ms;
};

static inline struct leak_rule point_rule(enum leak_kind kind)
{
    struct leak_rule r = {.name = "point", .kind = (uint8_t)kind, .area = RULE_NONE, .about = ""};
    strcpy(r.hash, "0123456789abcdef");
    r.k = r.h = r.c = r.c_h = r.bias_max = r.catchment = r.runoff = r.max_jump = (double)NAN;
    r.high_high = r.high = r.low = r.low_low = r.deadband = r.by = (double)NAN;
    r.angle = r.crest_width = r.crest = r.freeboard_min = (double)NAN;
    r.vote = 1;
    r.blind_ms = 3600000;
    return r;
}

static inline struct leak_input *point_input(struct point_rig *rig, enum input_role role,
                                             int64_t every_ms)
{
    struct leak_input *in = &rig->inputs[rig->rule.input_count++];
    *in = (struct leak_input){.role = (uint8_t)role,
                              .partner = -1,
                              .factor = 1,
                              .every_ms = every_ms,
                              .digital = role == ROLE_RUN || role == ROLE_MASK ||
                                         role == ROLE_PUMP || role == ROLE_FLOAT ||
                                         role == ROLE_INLET || role == ROLE_OUTLET ||
                                         role == ROLE_SWITCH || role == ROLE_TEST};
    rig->rule.inputs = rig->inputs;
    return in;
}

static inline struct sample point_good(double x)
{
    return (struct sample){.value = {.kind = VALUE_REAL, .real = x}, .quality = QUALITY_GOOD};
}

static inline struct sample point_bad(void)
{
    return (struct sample){.quality = QUALITY_COMM_FAILURE, .reason = "no answer"};
}

static inline void point_give(struct point_rig *rig, uint32_t input, double x, int64_t t_ms)
{
    struct sample s = isnan(x) ? point_bad() : point_good(x);
    leak_sample(rig->leak, input, &s, t_ms);
    leak_tick(rig->leak, t_ms);
    rig->now_ms = t_ms;
}

static inline struct leak_view point_view(const struct point_rig *rig)
{
    struct leak_view v;
    leak_view(rig->leak, &v);
    return v;
}

#endif
