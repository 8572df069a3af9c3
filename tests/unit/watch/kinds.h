/* SPDX-License-Identifier: Apache-2.0 */
/* One kind of detector alone, fed as leak.c feeds it, but with signals that are always fine. */
#ifndef TEST_KINDS_H
#define TEST_KINDS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "points.h"
#include "watch/kind.h"

struct kind_rig {
    struct leak_rule rule;
    struct leak_input inputs[POINT_INPUTS];
    struct leak_context context;
    bool fine[POINT_INPUTS];
    const struct leak_kind_ops *ops;
    void *state;
    bool fired_before;
    int64_t first_ms; /* when it first fired; -1 */
    uint32_t times; /* how often it began to fire */
};

static inline void kind_open(struct kind_rig *k, const struct leak_kind_ops *ops,
                             enum leak_kind kind, const enum input_role *roles, uint32_t count)
{
    *k = (struct kind_rig){.rule = point_rule(kind), .ops = ops, .first_ms = -1};
    for (uint32_t i = 0; i < count; i++) {
        k->inputs[i] = (struct leak_input){.role = (uint8_t)roles[i], .partner = -1, .factor = 1};
        k->fine[i] = true;
    }
    k->rule.inputs = k->inputs;
    k->rule.input_count = count;
    k->context = (struct leak_context){.rule = &k->rule, .step_ms = KIND_MINUTE, .fine = k->fine};
    k->state = calloc(1, ops->size);
    assert_non_null(k->state);
}

static inline void kind_begin(struct kind_rig *k)
{
    k->ops->init(k->state, &k->context, 0);
}

static inline void kind_close(struct kind_rig *k)
{
    free(k->state);
}

static inline struct leak_view kind_view(const struct kind_rig *k)
{
    struct leak_view v;
    memset(&v, 0, sizeof(v));
    k->ops->view(k->state, &k->context, &v);
    if (k->ops->say)
        k->ops->say(&v, v.text, sizeof v.text);
    return v;
}

static inline void kind_give(struct kind_rig *k, uint32_t input, double x, int64_t t_ms)
{
    k->ops->tick(k->state, &k->context, t_ms);
    k->ops->sample(k->state, &k->context, input, x, t_ms);
    bool firing = kind_view(k).firing;
    if (firing && !k->fired_before) {
        k->times++;
        if (k->first_ms < 0)
            k->first_ms = t_ms;
    }
    k->fired_before = firing;
}

/* Chance that is the same on every machine. */
struct dice {
    uint64_t x;
};

static inline double dice_roll(struct dice *d) /* 0..1 */
{
    d->x ^= d->x << 13;
    d->x ^= d->x >> 7;
    d->x ^= d->x << 17;
    return (double)(d->x >> 11) / 9007199254740992.0;
}

static inline double dice_noise(struct dice *d) /* sd 1 */
{
    double sum = -6;
    for (int i = 0; i < 12; i++)
        sum += dice_roll(d);
    return sum;
}

#endif
