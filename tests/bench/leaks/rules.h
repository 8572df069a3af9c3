/* SPDX-License-Identifier: Apache-2.0 */
/* The leak rule of a plant of the bench, as the gateway makes it of a plant file: nothing set but
 * what an engineer knows of the site. */
#ifndef BENCH_RULES_H
#define BENCH_RULES_H

#include "headgate/rule.h"
#include "series.h"

enum bench_plant {
    BENCH_POND,
    BENCH_TANK,
    BENCH_PIPE,
    BENCH_SUMP,
    BENCH_IDLE,
    BENCH_ZONE,
    BENCH_PLANT_COUNT
};

extern const char *const bench_plant_names[BENCH_PLANT_COUNT];

struct bench_rule {
    struct leak_rule rule;
    struct leak_input inputs[COL_COUNT];
    struct pair stage[8];
    uint8_t column[COL_COUNT]; /* which column feeds an input */
};

/* What an engineer might set in the plant file; NaN: nothing. For trying; the goals are for
 * defaults. */
struct bench_tuning {
    double k, h, c, c_h;
};
extern struct bench_tuning bench_tuning;

void rule_make(struct bench_rule *r, enum bench_plant plant, const struct series *s);

#endif
