/* SPDX-License-Identifier: Apache-2.0 */
/* The three profiles, and what a plant file says over them. */
#include <math.h>

#include "watch/balance.h"

enum { S = 1000, MIN = 60 * S, H = 60 * MIN };

/* A long window has few independent looks a month, so it may believe smaller signs: c falls from
 * the shortest to the longest window. A pond's H is never below what flows in within 0.8 h: rain,
 * seepage and meters leave more unexplained than the noise of a quiet level shows. */
static const struct profile {
    int32_t tau_ms, hold_ms, learn_ms, clear_ms, rupture_ms;
    int32_t window_ms, window_most_ms;
    double c_h, k, k_window, h, h_hours, c, c_long; /* k: shares of nominal; h_hours: of nominal */
} profiles[] = {
    [PROFILE_POND] = {30 * MIN, 0, 72 * H, 6 * H, 10 * MIN, 40 * MIN, 1280 * MIN, 8, 0.007, 0.012,
                      50, 0.8, 6.5, 4.5},
    [PROFILE_TANK] = {20 * MIN, 0, 72 * H, 1 * H, 10 * MIN, 8 * MIN, 1024 * MIN, 12, 0.0025, 0.0025,
                      0.1, 0, 6.5, 4.5},
    [PROFILE_PIPE] = {5 * MIN, 180 * S, 24 * H, 10 * MIN, 2 * MIN, 40 * S, 5120 * S, 12, 0.001,
                      0.0017, 0.05, 0, 8, 6},
};

static const double default_runoff = 0.5;
static const int64_t default_lag_ms = 3 * H, default_gap_ms = H;
static const double window_history_h = 48;
static const double tau_steps = 2; /* a filter shorter than this is none */

static double said(double x, double otherwise)
{
    return isnan(x) ? otherwise : x;
}

/* What seeps and evaporates from a pond without being measured is as large as what its meters err.
 */
static double default_bias(const struct leak_rule *l)
{
    return l->profile == PROFILE_POND ? 0.1 : 0.05;
}

static double hours(int64_t ms)
{
    return (double)ms / H;
}

static int64_t ms(int64_t said_ms, int64_t otherwise)
{
    return said_ms > 0 ? said_ms : otherwise;
}

struct balance_rule balance_rule_of(const struct leak_context *c)
{
    const struct leak_rule *l = c->rule;
    const struct profile *p = &profiles[l->profile <= PROFILE_PIPE ? l->profile : PROFILE_POND];
    struct balance_rule r = {
        .step_ms = c->step_ms,
        .step_h = hours(c->step_ms),
        .learn_h = hours(ms(l->learn_ms, p->learn_ms)),
        .clear_ms = ms(l->clear_hold_ms, p->clear_ms),
        .rupture_ms = p->rupture_ms,
        .max_gap_ms = l->max_gap_ms < 0 ? INT64_MAX / 4 : ms(l->max_gap_ms, default_gap_ms),
        .lag_h = hours(ms(l->lag_ms, default_lag_ms)),
        .nominal = l->nominal,
        .k = said(l->k, p->k * l->nominal),
        .bias_max = said(l->bias_max, default_bias(l) * l->nominal),
        .catchment = said(l->catchment, 0),
        .runoff = said(l->runoff, default_runoff),
        .evaporation = said(l->evaporation, 0),
    };
    /* Somebody who sets K means both detectors: they keep their proportion. */
    r.k_window = r.k * p->k_window / p->k;
    double tau_h = fmax(hours(ms(l->tau_ms, p->tau_ms)), tau_steps * r.step_h);
    r.cusum = cusum_rule_of(r.step_h, tau_h, said(l->h, fmax(p->h, p->h_hours * l->nominal)),
                            said(l->c_h, p->c_h));
    r.window = window_rule_of(r.step_h, hours(p->window_ms), hours(p->window_most_ms), r.k_window,
                              said(l->c, p->c), said(l->c, p->c) * p->c_long / p->c,
                              fmin(window_history_h, r.learn_h));
    r.transient = transient_rule_of(l->nominal, r.step_ms, ms(l->hold_ms, p->hold_ms));
    r.smooth = l->profile == PROFILE_POND;
    if (l->stage)
        r.settle = (uint32_t)fmax(1, round(tau_h / r.step_h));
    return r;
}
