/* SPDX-License-Identifier: Apache-2.0 */
/* From C to a belief: the two detectors, when it fires, and when that is over. */
#include <math.h>

#include "watch/balance.h"

static const double sd_drift = 1; /* K is at least so many sd of the daily means */
/* What rain and run-off bring is known this badly; water that was reckoned with and didn't come
 * is no leak. */
static const double rain_doubt = 0.25;
static const double least_load = 0.02; /* of nominal: a pipe with less stands */
static const double over_share = 0.2; /* of H: below this it may end */
static const double suspect_at = 0.8, suspect_over = 0.5; /* of H */
static const double ebb_share = 0.5, ebb_sigmas = 1.5, slower_share = 0.55;
static const double recent_share = 2.0 / 3; /* of clear_ms: over which the recent rate is taken */
static const uint32_t recent_most =
    4; /* .. or, for a leak that noise hides, so many times longer */
static const double drain_share = 6; /* S of a leak that is over is gone in clear_ms */
static const int64_t fit_share = 100; /* of the time since it fired: how old the line may be .. */
static const int64_t fit_oldest_ms = 10 * 60 * 1000; /* .. and at most */

double balance_baseline(const struct balance *b)
{
    return fmax(-b->rule.bias_max, fmin(b->rule.bias_max, b->baseline.value));
}

double balance_drift(const struct balance *b)
{
    return fmax(b->rule.k, sd_drift * b->baseline.sd);
}

bool balance_learned(const struct balance *b)
{
    return b->learned_h >= b->rule.learn_h;
}

/* The newest rate, over as short a time as its noise allows for a leak of this size. */
static void look_back(struct balance *b, int64_t now_ms)
{
    const struct balance_rule *r = &b->rule;
    double rate = b->leak.known ? b->leak.line.rate : balance_drift(b);
    double span = recent_share * (double)r->clear_ms / (double)r->step_ms;
    uint32_t count = 4;
    while (count < span && count < WINDOW_RING / 2)
        count *= 2;
    uint32_t most = recent_most * count;
    while (2 * count <= b->window.count && count < WINDOW_RING / 2 && count < most &&
           2 * window_slope_sigma(&b->window, &r->window, count) > fmax(r->k, ebb_share * rate))
        count *= 2;
    b->leak.recent = window_slope(&b->window, r->step_h, count);
    b->leak.before = window_slope(&b->window, r->step_h, 2 * count);
    b->leak.recent_sigma = window_slope_sigma(&b->window, &r->window, count);
    double least =
        fmax(balance_drift(b), fmin(ebb_share * rate, ebb_sigmas * b->leak.recent_sigma));
    /* What came before it fired isn't recent. And an hour of waves is no end: twice that time has to
     * show that it ran slower. */
    int64_t span_ms = (int64_t)count * r->step_ms, since_ms = now_ms - b->fired_ms;
    b->leak.recent_after = since_ms >= span_ms;
    b->leak.ebbing = since_ms >= 2 * span_ms && b->leak.known && b->leak.recent < least &&
                     b->leak.before < slower_share * rate;
}

/* A line through a day says no more for the ten seconds that came to it. */
static bool worth_a_fit(const struct balance *b, int64_t now_ms)
{
    int64_t old_ms = (now_ms - b->fired_ms) / fit_share;
    old_ms = old_ms < fit_oldest_ms ? old_ms : fit_oldest_ms;
    return !b->leak.settled && (!b->leak.known || now_ms - b->leak.at_ms >= old_ms);
}

/* A pipe that stands lets nobody see whether it leaks: both meters say nothing. */
static bool stands_still(const struct balance *b)
{
    return b->rule.settle == 0 && b->load < least_load;
}

static void follow(struct balance *b, int64_t now_ms)
{
    if (stands_still(b)) {
        b->quiet = false;
        return;
    }
    look_back(b, now_ms);
    if (!b->leak.ebbing && worth_a_fit(b, now_ms))
        balance_estimate(b, now_ms);
    else if (b->leak.ebbing)
        b->cusum.sum *= exp(-b->rule.step_h * drain_share * 3.6e6 / (double)b->rule.clear_ms);
    balance_believe(b, now_ms);
    double limit = cusum_limit(&b->cusum, &b->rule.cusum);
    bool over = b->cusum.sum < over_share * limit && (b->leak.ebbing || !b->leak.known);
    if (!over) {
        b->quiet = false;
        return;
    }
    if (!b->quiet) {
        b->quiet = true;
        b->quiet_ms = now_ms;
    }
    if (now_ms - b->quiet_ms < b->rule.clear_ms)
        return;
    /* The long windows still hold the rise that has been told; they shall not tell it again. */
    window_clear(&b->window);
    b->firing = b->quiet = b->suspect = false;
    b->state_ms = now_ms;
}

static void judge(struct balance *b, int window, int64_t now_ms)
{
    double limit = cusum_limit(&b->cusum, &b->rule.cusum);
    bool cusum = cusum_fires(&b->cusum, &b->rule.cusum);
    bool on = cusum || window >= 0;
    uint8_t by = window >= 0 ? (uint8_t)window : BALANCE_CUSUM;

    if (on && !b->firing) {
        if (!b->suspect)
            b->state_ms = now_ms;
        b->firing = true;
        b->quiet = false;
        b->fired_ms = now_ms;
        b->first_by = b->fastest = by;
        balance_believe_first(b, now_ms);
    }
    if (on && by < b->fastest)
        b->fastest = by;
    if (b->firing) {
        follow(b, now_ms);
        return;
    }
    bool suspect = b->cusum.sum > (b->suspect ? suspect_over : suspect_at) * limit;
    if (suspect != b->suspect)
        b->state_ms = now_ms;
    b->suspect = suspect;
}

void balance_evaluate(struct balance *b, const struct leak_context *c, double missing,
                      uint64_t block)
{
    const struct balance_rule *r = &b->rule;
    bool learn = !c->stands && !b->firing;
    bool learned = balance_learned(b);

    if (learn) {
        b->learned_h += r->step_h;
        baseline_learn(&b->baseline, missing, r->step_h, b->load);
    }
    b->total += missing - (balance_baseline(b) * b->load + rain_doubt * b->wet) * r->step_h;
    cusum_run(&b->cusum, &r->cusum, b->total, balance_drift(b), learn);
    int window = window_run(&b->window, &r->window, b->total, block, learn);
    int64_t end_ms = (int64_t)(block + 1) * r->step_ms;
    if (!(b->cusum.sum > 0))
        b->risen_ms = end_ms;
    if (learned) {
        judge(b, window, end_ms);
        return;
    }
    b->cusum.sum = 0;
    if (balance_learned(b))
        b->state_ms = end_ms;
}
