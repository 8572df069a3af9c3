/* SPDX-License-Identifier: Apache-2.0 */
#include "watch/cusum.h"

#include <math.h>

static const double slow_times = 6; /* the slow filter's tau against the fast one's */
static const double sum_most = 1.5; /* of the limit: more would only take longer to come down */

struct cusum_rule cusum_rule_of(double step_h, double tau_h, double h_min, double c_h)
{
    return (struct cusum_rule){
        .step_h = step_h,
        .tau_h = tau_h,
        .fast = -expm1(-step_h / tau_h),
        .slow = -expm1(-step_h / (slow_times * tau_h)),
        .h_min = h_min,
        .c_h = c_h,
    };
}

double cusum_limit(const struct cusum *s, const struct cusum_rule *r)
{
    return fmax(r->h_min, r->c_h * spread_sigma(&s->noise));
}

void cusum_run(struct cusum *s, const struct cusum_rule *r, double total, double drift, bool learn)
{
    if (!s->begun) {
        s->begun = true;
        s->fast = s->slow = total;
        return;
    }
    double before = s->fast;
    s->fast += r->fast * (total - s->fast);
    s->slow += r->slow * (total - s->slow);
    s->sum = fmax(0, s->sum + s->fast - before - drift * r->step_h);
    s->sum = fmin(s->sum, sum_most * cusum_limit(s, r));
    s->warm_h += r->step_h;
    if (learn && s->warm_h > slow_times * r->tau_h)
        spread_learn(&s->noise, s->fast - s->slow, r->step_h);
}

bool cusum_fires(const struct cusum *s, const struct cusum_rule *r)
{
    return s->sum > cusum_limit(s, r);
}

void cusum_rebase(struct cusum *s, double total)
{
    if (!s->begun)
        return;
    double by = total - s->fast;
    s->sum = fmax(0, s->sum + fmin(0, by));
    s->fast += by;
    s->slow += by;
}
