/* SPDX-License-Identifier: Apache-2.0 */
#include "watch/condition.h"

#include <math.h>
#include <string.h>

#include "values/decode.h"

/* How far x has come from the lowest (or highest) value of the window. */
static double change(struct condition_state *c, const struct alarm_condition *rule, double x,
                     int64_t t_ms)
{
    int64_t width = rule->within_ms / CONDITION_BUCKETS;
    int64_t number = t_ms / (width > 0 ? width : 1);
    size_t at = (size_t)(number % CONDITION_BUCKETS);
    double most = 0;
    if (!c->used[at] || c->bucket[at] != number) {
        c->used[at] = true;
        c->bucket[at] = number;
        c->low[at] = c->high[at] = x;
    }
    c->low[at] = fmin(c->low[at], x);
    c->high[at] = fmax(c->high[at], x);
    for (size_t i = 0; i < CONDITION_BUCKETS; i++) {
        if (!c->used[i] || number - c->bucket[i] >= CONDITION_BUCKETS)
            continue;
        most = fmax(most, rule->kind == CONDITION_RISES ? x - c->low[i] : c->high[i] - x);
    }
    return most;
}

static bool is(const struct alarm_condition *rule, const struct value *v, double x)
{
    if (v->kind == VALUE_TEXT && rule->word)
        return strlen(rule->word) == v->length && memcmp(rule->word, v->text, v->length) == 0;
    return !isnan(x) && !(x < rule->limit) && !(x > rule->limit);
}

/* Beyond the limit it is on, behind the clear value it is off, and between them it is what it was.
 */
static bool wanted(struct condition_state *c, const struct alarm_condition *rule,
                   const struct value *v, int64_t t_ms)
{
    double x = c->x;
    switch ((enum condition_kind)rule->kind) {
    case CONDITION_ABOVE:
        return x > rule->limit || (c->on && x > rule->clear);
    case CONDITION_BELOW:
        return x < rule->limit || (c->on && x < rule->clear);
    case CONDITION_IS:
        return is(rule, v, x);
    case CONDITION_RISES:
    case CONDITION_FALLS:
        return change(c, rule, x, t_ms) >= rule->limit;
    }
    return false;
}

bool condition_sample(struct condition_state *c, const struct alarm_condition *rule,
                      const struct value *v, int64_t t_ms)
{
    bool was = c->on;
    c->x = value_number(v);
    if (isnan(c->x) && rule->kind != CONDITION_IS)
        return false;
    bool on = wanted(c, rule, v, t_ms);
    c->in_row = !on ? 0 : c->in_row < UINT32_MAX ? c->in_row + 1 : c->in_row;
    c->on = on && (was || c->in_row >= rule->samples);
    bool news = !c->known || c->on != was;
    c->known = true;
    return news;
}
