/* SPDX-License-Identifier: Apache-2.0 */
#include "watch/demand.h"

#include <stdio.h>

static const char *const looks[] = {"", "time of week", "night", "day"};

/* Hours of one day follow each other; with fewer independent ones the interval is wider. */
static struct estimate hours_excess(const struct demand *d)
{
    const struct demand_hours *w = &d->hours;
    if (w->run == 0)
        return kind_unknown();
    double n = w->run, mean = w->excess / n, sd = demand_hours_sd(w, d->usual);
    double variance = n > 1 ? fmax(w->excess2 - n * mean * mean, 0) / (n - 1) : 0;
    return kind_estimate(mean, 1.5 * sqrt(fmax(variance, sd * sd) / n));
}

static void evidence(const struct demand *d, const struct leak_context *c, uint8_t by,
                     struct leak_view *v)
{
    const struct kind_slow *slow = by == 2 ? &d->night : by == 3 ? &d->day : NULL;
    const struct kind_slow_rule *rule = by == 2 ? &demand_night_rule : &demand_day_rule;
    int64_t onset = slow ? slow->onset_ms : d->hours.onset_ms;
    double around = (double)(slow ? KIND_DAY : 3 * KIND_HOUR);
    if (slow) {
        v->score = slow->s;
        v->limit = rule->h;
        v->sigma = kind_slow_sd(slow, rule);
        v->drift = rule->k * v->sigma;
        v->rate = kind_slow_excess(slow);
    } else {
        v->score = d->hours.s;
        v->limit = demand_hours_limit(&d->hours, c->rule);
        v->sigma = demand_hours_sd(&d->hours, d->usual);
        v->drift = demand_hours_k(c->rule) * v->sigma;
        v->rate = hours_excess(d);
    }
    v->sigma_unit = "m3/h";
    v->baseline = d->hours.offset;
    v->baseline_sd = d->hours.scale * KIND_SD_OF_MEAN_DEVIATION;
    if (!d->hold.firing) {
        v->rate = kind_unknown();
        return;
    }
    v->onset_ms = (struct estimate){(double)onset, (double)onset - around, (double)onset + around};
    double hours = (double)(d->now_ms - onset) / KIND_HOUR;
    v->lost = (struct estimate){v->rate.value * hours, fmax(v->rate.low, 0) * hours,
                                v->rate.high * hours};
    v->preliminary = d->now_ms - onset < 3 * KIND_HOUR || (slow && slow->run < 2);
}

static uint8_t nearest(const struct demand *d, bool tank, double h)
{
    double near = d->hours.s / h, night = d->night.s / demand_night_rule.h;
    uint8_t by = 1;
    if (night > near) {
        near = night;
        by = 2;
    }
    return tank && d->day.s / demand_day_rule.h > near ? 3 : by;
}

static void words(const struct demand *d, uint8_t by, struct leak_view *v)
{
    static const char *const usual_of[] = {"", "this time of the week", "its nights", "such days"};
    if (d->hold.firing && !isnan(v->rate.value))
        snprintf(v->text, sizeof(v->text),
                 "The zone takes %.3g m3/h (%.3g to %.3g) more than is usual for %s: "
                 "%.3g m3 in %.3g h; it takes %.4g m3/h on the mean",
                 v->rate.value, v->rate.low, v->rate.high, usual_of[by], v->lost.value,
                 ((double)d->now_ms - v->onset_ms.value) / KIND_HOUR, d->usual);
    else if (v->state == LEAK_LEARNING)
        snprintf(v->text, sizeof(v->text), "Learning what the zone takes in a week, %.3g h left",
                 v->learning_left_h);
    else if (d->hours.carried > v->sigma)
        snprintf(v->text, sizeof(v->text),
                 "The zone takes what is usual, with the %.3g m3/h that came with earlier leaks",
                 d->hours.carried);
    else
        snprintf(v->text, sizeof(v->text), "The zone takes what is usual for the time of the week");
}

static double learning_left(const struct demand *d, const struct leak_rule *r)
{
    int64_t profile = (r->learn_ms > 0 ? r->learn_ms : 14 * KIND_DAY);
    int64_t passed = d->begun ? d->now_ms - d->began_ms : 0;
    double left = fmax((double)(profile - passed) / KIND_HOUR, 0);
    /* The scale's hours come after the profile's weeks. */
    double hours = d->hours.scaled >= 72 ? 0 : 72 - (double)d->hours.scaled;
    return left + hours;
}

void demand_view(const void *state, const struct leak_context *c, struct leak_view *v)
{
    const struct demand *d = state;
    bool tank = demand_has_tank(c->rule);
    kind_view_clear(v);
    if (c->rule->input_count > KIND_INPUT_MAX) {
        v->state = LEAK_BLIND;
        snprintf(v->why, sizeof(v->why), "more than %d inputs", KIND_INPUT_MAX);
        return;
    }
    v->learning_left_h = learning_left(d, c->rule);
    v->score_unit = "sd";
    v->firing = d->hold.firing;
    v->fired_ms = d->hold.firing ? d->hold.fired_ms : 0;
    if (d->value_known)
        v->value = d->value;
    uint8_t by = d->hold.firing ? d->by : nearest(d, tank, demand_hours_limit(&d->hours, c->rule));
    evidence(d, c, by, v);
    v->unaccounted_24h = demand_last_day(&d->hours, d->now_ms);
    if (v->firing) {
        double share = v->rate.value /
                       fmax(kind_or(c->rule->nominal, 0) > 0 ? c->rule->nominal : d->usual, 1e-9);
        v->detector = looks[by];
        v->class_ = share > 0.3 ? LEAK_RUPTURE : share > 0.1 ? LEAK_MAJOR : LEAK_MINOR;
    }
    if (v->firing || v->score >= 0.8 * v->limit)
        v->state = LEAK_SUSPECT;
    else
        v->state = v->learning_left_h > 0 ? LEAK_LEARNING : LEAK_LIVE;
    words(d, by, v);
}

uint32_t demand_curve(const void *state, const struct leak_context *c, struct leak_sense *out)
{
    static const double shares[] = {0.01, 0.02, 0.025, 0.05, 0.1, 0.25};
    enum { COUNT = sizeof(shares) / sizeof(shares[0]) };
    const struct demand *d = state;
    double usual = c->rule->nominal > 0 ? c->rule->nominal : d->usual;
    if (!demand_hours_learned(&d->hours))
        return 0;
    double sd = demand_hours_sd(&d->hours, d->usual);
    for (uint32_t i = 0; i < COUNT; i++) {
        double flow = shares[i] * usual, z = fmin(flow / sd, 4) - demand_hours_k(c->rule);
        struct leak_sense s = {shares[i], flow, (double)INFINITY, ""};
        if (z > 0)
            s = (struct leak_sense){shares[i], flow, demand_hours_limit(&d->hours, c->rule) / z + 1,
                                    looks[1]};
        if (kind_slow_learned(&d->night, &demand_night_rule)) {
            double night =
                fmin(flow / kind_slow_sd(&d->night, &demand_night_rule), demand_night_rule.clip) -
                demand_night_rule.k;
            double hours = 24 * (ceil(demand_night_rule.h / night) + 0.5);
            if (night > 0 && hours < s.hours) {
                s.hours = hours;
                s.by = looks[2];
            }
        }
        out[i] = s;
    }
    return COUNT;
}
