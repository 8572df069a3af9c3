/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "watch/sump.h"

static const char *const causes[SUMP_CAUSES] = {"inflow", "duty", "run", "rise", "float"};

static void words(const struct sump *s, const struct sump_limits *l, struct leak_view *v)
{
    size_t room = sizeof(v->text);
    if (!s->hold.firing) {
        if (v->state == LEAK_LEARNING)
            snprintf(v->text, room, "Learning the usual inflow: %u fills so far", s->fills.n);
        else
            snprintf(v->text, room,
                     "Inflow %.3g m3/h, usually %.3g m3/h; pumps ran %.0f %% of the hour", v->value,
                     l->base, 100 * sump_duty(s));
        return;
    }
    switch ((enum sump_cause)s->by) {
    case SUMP_INFLOW:
        snprintf(v->text, room, "%.3g m3/h flow into the sump, usually %.3g m3/h: %.3g m3 too much",
                 s->inflow, l->base, s->open_s);
        break;
    case SUMP_DUTY:
        snprintf(v->text, room, "The pumps ran %.0f %% of the last hour; %.0f %% is the limit",
                 100 * sump_duty(s), 100 * sump_duty_limit(s));
        break;
    case SUMP_RUN:
        snprintf(v->text, room, "A pump has been running for %.0f min; its runs take %.0f min",
                 (double)(s->now_ms - s->run_from_ms) / KIND_MINUTE, s->usual_run / 60);
        break;
    case SUMP_RISE:
        snprintf(v->text, room, "The water rises by %.1f cm a minute, %s", s->rise_rate / 0.6,
                 s->count_on == s->count_pumps ? "though all pumps run"
                                               : "faster than all pumps lift");
        break;
    case SUMP_FLOAT:
        snprintf(v->text, room, "The high float of the sump is wet");
        break;
    case SUMP_CAUSES:
        break;
    }
}

static void score(const struct sump *s, const struct sump_limits *l, struct leak_view *v)
{
    v->score = s->open_s;
    v->limit = l->h;
    v->score_unit = "m3";
    if (!s->hold.firing)
        return;
    if (s->by == SUMP_DUTY) {
        v->score = 100 * sump_duty(s);
        v->limit = 100 * sump_duty_limit(s);
        v->score_unit = "%";
    } else if (s->by == SUMP_RUN) {
        v->score = (double)(s->now_ms - s->run_from_ms) / KIND_MINUTE;
        v->limit = 3 * s->usual_run / 60;
        v->score_unit = "min";
    } else if (s->by == SUMP_RISE) {
        v->score = s->rise_rate;
        v->limit = 1.2;
        v->score_unit = "m/h";
    }
}

static uint8_t class_of(const struct sump *s, const struct sump_limits *l, double more)
{
    if (s->by == SUMP_RISE || s->by == SUMP_FLOAT)
        return LEAK_RUPTURE;
    double full = l->capacity > 0 ? l->capacity : s->pumps[0].reference;
    return s->by == SUMP_RUN || (full > 0 && more > 0.3 * full) ? LEAK_MAJOR : LEAK_MINOR;
}

void sump_view(const void *state, const struct leak_context *c, struct leak_view *v)
{
    const struct sump *s = state;
    struct sump_limits l = sump_limits(s, c->rule);
    bool learned = sump_learned(s, c->rule);
    kind_view_clear(v);
    if (c->rule->input_count > KIND_INPUT_MAX) {
        v->state = LEAK_BLIND;
        snprintf(v->why, sizeof(v->why), "more than %d inputs", KIND_INPUT_MAX);
        return;
    }
    int64_t learn = c->rule->learn_ms > 0 ? c->rule->learn_ms : KIND_DAY;
    double left = (double)(learn - (s->begun ? s->now_ms - s->began_ms : 0)) / KIND_HOUR;
    v->learning_left_h = learned ? 0 : fmax(left, 0.1);
    v->firing = s->hold.firing;
    v->fired_ms = v->firing ? s->hold.fired_ms : 0;
    v->pump_worn = sump_worn(s);
    v->value = s->inflow;
    v->baseline = l.base;
    v->baseline_sd = v->sigma = l.spread;
    v->drift = l.k;
    v->state = !learned ? LEAK_LEARNING : s->open_s > 0.8 * l.h ? LEAK_SUSPECT : LEAK_LIVE;
    score(s, &l, v);
    if (v->firing) {
        v->state = LEAK_SUSPECT;
        v->detector = causes[s->by];
        v->class_ = class_of(s, &l, s->inflow - l.base);
        if (s->by < SUMP_RISE && !isnan(s->inflow) && learned) {
            double onset = (double)s->onset_ms, around = 0.5 * KIND_HOUR;
            v->rate = kind_estimate(s->inflow - l.base, fmax(l.spread, 0.05 * s->inflow));
            v->onset_ms = (struct estimate){onset, onset - around, onset + around};
            v->lost = kind_estimate(fmax(s->excess, s->open_s), 0.2 * fmax(s->excess, s->open_s));
        }
        v->preliminary = s->by < SUMP_RISE && s->now_ms - s->onset_ms < KIND_HOUR;
    }
    words(s, &l, v);
}

/* A fill takes as long as a run's volume needs, and two of them have to be seen. */
uint32_t sump_curve(const void *state, const struct leak_context *c, struct leak_sense *out)
{
    static const double shares[] = {0.1, 0.2, 0.4, 0.75};
    enum { COUNT = sizeof(shares) / sizeof(shares[0]) };
    const struct sump *s = state;
    struct sump_limits l = sump_limits(s, c->rule);
    double full = l.capacity > 0 ? l.capacity : s->pumps[0].reference;
    if (!sump_learned(s, c->rule) || !(full > 0))
        return 0;
    for (uint32_t i = 0; i < COUNT; i++) {
        double flow = shares[i] * full, over = flow - l.k;
        double hours = over > 0 ? 0.25 + l.h / over : (double)INFINITY;
        out[i] = (struct leak_sense){shares[i], flow, hours, over > 0 ? causes[SUMP_INFLOW] : ""};
    }
    return COUNT;
}
