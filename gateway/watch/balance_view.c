/* SPDX-License-Identifier: Apache-2.0 */
/* What the balance says of itself. */
#include <math.h>
#include <stdio.h>

#include "watch/balance.h"

static const double hour_ms = 3.6e6;
static const int64_t blind_transient_ms = 3600 * 1000;

static const struct {
    double ms;
    const char *name;
} window_names[] = {
    {4e3, "window 4 s"},       {10e3, "window 10 s"},     {20e3, "window 20 s"},
    {40e3, "window 40 s"},     {80e3, "window 80 s"},     {160e3, "window 160 s"},
    {320e3, "window 5 min"},   {480e3, "window 8 min"},   {640e3, "window 11 min"},
    {960e3, "window 16 min"},  {1280e3, "window 21 min"}, {1920e3, "window 32 min"},
    {2400e3, "window 40 min"}, {2560e3, "window 43 min"}, {3840e3, "window 64 min"},
    {4800e3, "window 80 min"}, {5120e3, "window 85 min"}, {7680e3, "window 2 h"},
    {9600e3, "window 3 h"},    {15360e3, "window 4 h"},   {19200e3, "window 5 h"},
    {30720e3, "window 9 h"},   {38400e3, "window 11 h"},  {61440e3, "window 17 h"},
    {76800e3, "window 21 h"},  {153600e3, "window 2 d"},  {307200e3, "window 4 d"},
    {614400e3, "window 7 d"},
};

static const char *detector(const struct balance *b, uint8_t by)
{
    if (by == BALANCE_CUSUM)
        return "cusum";
    size_t best = 0;
    for (size_t i = 0; i < sizeof window_names / sizeof *window_names; i++)
        if (fabs(log(window_names[i].ms / balance_window_ms(b, by))) <
            fabs(log(window_names[best].ms / balance_window_ms(b, by))))
            best = i;
    return window_names[best].name;
}

/* Digits that mean something, and no more: 0.42, 8.6, 352. */
static int places(double x)
{
    return fabs(x) >= 99.5 ? 0 : fabs(x) >= 9.95 ? 0 : fabs(x) >= 0.995 ? 1 : 2;
}

enum { SAYS_NOTHING, SAYS_SUSPECT, SAYS_LOSS, SAYS_EBBING, SAYS_OVER };

static void gather(const struct balance *b, struct leak_view *out)
{
    out->words.which = b->firing    ? b->leak.over     ? SAYS_OVER
                                      : b->leak.ebbing ? SAYS_EBBING
                                                       : SAYS_LOSS
                       : b->suspect ? SAYS_SUSPECT
                                    : SAYS_NOTHING;
    out->words.flag = b->rule.settle != 0;
    out->words.x[0] = !b->firing || isnan(out->lost.value) ? b->cusum.sum : out->lost.value;
    out->words.x[1] = b->leak.over ? (double)(b->fed_ms - b->leak.over_ms) / hour_ms : out->limit;
}

void balance_say(const struct leak_view *v, char *text, size_t room)
{
    const char * or = v->words.flag ? "water loss or level drift" : "water loss or a meter";
    double volume = v->words.x[0], limit = v->words.x[1];

    if (v->words.which == SAYS_NOTHING)
        return;
    if (v->words.which == SAYS_SUSPECT) {
        snprintf(text, room, "%.*f of %.*f m3 unaccounted for: not yet an alarm", places(limit),
                 volume, places(limit), limit);
        return;
    }
    if (v->words.which == SAYS_OVER) {
        double over = v->words.x[1];
        snprintf(text, room, "over for about %.*f %s: %.*f m3 were lost (%s)",
                 over < 1 ? 0 : places(over), over < 1 ? 60 * over : over, over < 1 ? "min" : "h",
                 places(volume), volume, or);
        return;
    }
    if (isnan(v->rate.value)) {
        snprintf(text, room, "%.*f m3 unaccounted for (%s)", places(volume), volume, or);
        return;
    }
    int digits = places(v->rate.value);
    snprintf(text, room, "%.*f m3 unaccounted for, %s%.*f m3/h (%.*f to %.*f)%s (%s)",
             places(volume), volume, v->preliminary ? "perhaps " : "about ", digits, v->rate.value,
             digits, v->rate.low, digits, v->rate.high, v->words.which == SAYS_EBBING ? " now" : "",
             or);
}

/* Its own gaps may leave it without sight though each input by itself is fit. */
static void view_blind(const struct balance *b, const struct leak_context *c, struct leak_view *out)
{
    const char *why = NULL;
    int64_t blind_ms = b->seen_ms - b->fed_ms;
    int64_t settle_ms = (b->rule.settle + 3) * b->rule.step_ms;
    int64_t allowed = b->gap == GAP_TRANSIENT ? blind_transient_ms
                      : b->gap == GAP_NONE    ? settle_ms
                                              : 2 * b->rule.step_ms;

    if (c->rule->input_count > BALANCE_INPUTS)
        why = "more than 32 inputs";
    else if (!b->fed || blind_ms <= allowed)
        return;
    else
        switch ((enum balance_gap)b->gap) {
        case GAP_FLOW:
            why = "too few samples of a flow";
            break;
        case GAP_LEVEL:
            why = "too few samples of the level";
            break;
        case GAP_OUTSIDE:
            why = "the level lies outside the stage table";
            break;
        case GAP_TRANSIENT:
            why = "the pipe's inlet doesn't come to rest";
            break;
        case GAP_NONE:
            why = "beginning anew after a gap";
            break;
        }
    out->state = LEAK_BLIND;
    out->blind_since_ms = b->fed_ms;
    snprintf(out->why, sizeof out->why, "%s", why);
}

void balance_view(const void *state, const struct leak_context *c, struct leak_view *out)
{
    const struct balance *b = state;
    bool learned = balance_learned(b);
    const struct estimate unknown = {(double)NAN, (double)NAN, (double)NAN};

    out->state = !learned ? LEAK_LEARNING : b->firing || b->suspect ? LEAK_SUSPECT : LEAK_LIVE;
    out->since_ms = b->state_ms;
    out->firing = b->firing;
    out->learning_left_h = learned ? 0 : b->rule.learn_h - b->learned_h;
    out->score = b->cusum.sum;
    out->limit = cusum_limit(&b->cusum, &b->rule.cusum);
    out->score_unit = "m3";
    out->drift = balance_drift(b);
    out->sigma = spread_sigma(&b->cusum.noise);
    out->baseline = b->baseline.value;
    out->baseline_sd = b->baseline.sd;
    out->bias = learned && fabs(b->baseline.value) > b->rule.bias_max;
    out->unaccounted_24h = ledger_unaccounted(&b->ledger);
    out->coverage = ledger_coverage(&b->ledger);
    out->value = b->fed ? b->flow : (double)NAN;
    out->minutes = (double)NAN;
    out->rate = out->onset_ms = out->lost = unknown;
    out->detector = "";
    if (learned && !b->firing) {
        /* Nothing is believed to run; what could run and not have been found within a day. */
        out->rate = (struct estimate){0, 0, out->drift + out->limit / 24};
        out->lost = (struct estimate){0, 0, out->limit};
    }
    if (b->firing) {
        out->fired_ms = b->fired_ms;
        out->detector = detector(b, b->first_by);
        out->preliminary = b->leak.preliminary;
        out->rate = b->leak.rate;
        out->onset_ms = b->leak.onset_ms;
        out->lost = b->leak.lost;
        out->class_ = b->leak.class_;
    }
    gather(b, out);
    view_blind(b, c, out);
}

/* Hours until a window of w hours sees a steady leak: its newest quarter rises first, then its
 * oldest still lies before the onset. */
static double window_hours(double w, double threshold, double q)
{
    double reach = 0.75 * w * threshold; /* m3 between the quarters' means */
    double hours = sqrt(reach * w / (2 * q));
    if (hours > w / 4)
        hours = reach / q + w / 8;
    return hours <= 0.75 * w ? hours : HUGE_VAL;
}

uint32_t balance_curve(const void *state, const struct leak_context *c, struct leak_sense *out)
{
    const struct balance *b = state;
    const struct balance_rule *r = &b->rule;
    static const double shares[] = {0.01, 0.02, 0.05, 0.1, 0.25};
    enum { COUNT = sizeof shares / sizeof *shares };
    (void)c;

    for (uint32_t i = 0; i < COUNT; i++) {
        double q = shares[i] * r->nominal, hours = HUGE_VAL,
               limit = cusum_limit(&b->cusum, &r->cusum);
        const char *by = "";
        if (q > balance_drift(b)) {
            hours = r->cusum.tau_h + limit / (q - balance_drift(b));
            by = "cusum";
        }
        for (uint32_t n = r->window.first; n <= r->window.last; n++) {
            const struct spread *s = &b->window.noise[n - r->window.first];
            double threshold =
                fmax(r->window.k, r->window.c[n - r->window.first] * spread_sigma(s));
            double w = fmax(r->step_h, window_hours(r->step_h * (double)(1U << n), threshold, q));
            if (w < hours) {
                hours = w;
                by = detector(b, (uint8_t)n);
            }
        }
        out[i] = (struct leak_sense){shares[i], q, balance_learned(b) ? hours : HUGE_VAL, by};
    }
    return COUNT;
}
