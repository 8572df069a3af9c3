/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "watch/sump.h"

static const char *const causes[SUMP_CAUSES] = {"inflow", "duty", "run", "rise", "float"};

enum { SAYS_LEARNING = SUMP_CAUSES, SAYS_USUAL };

static void gather(const struct sump *s, struct leak_view *v)
{
    struct leak_words *w = &v->words;
    w->which = s->hold.firing ? s->by : v->state == LEAK_LEARNING ? SAYS_LEARNING : SAYS_USUAL;
    w->flag = s->count_on == s->count_pumps;
    switch (w->which) {
    case SAYS_LEARNING:
        w->x[0] = s->fills.n;
        break;
    case SAYS_USUAL:
        w->x[0] = 100 * sump_duty(s);
        break;
    case SUMP_INFLOW:
        w->x[0] = s->open_s;
        break;
    case SUMP_DUTY:
        w->x[0] = 100 * sump_duty(s);
        w->x[1] = 100 * sump_duty_limit(s);
        break;
    case SUMP_RUN:
        w->x[0] = (double)sump_run_ms(s) / KIND_MINUTE;
        w->x[1] = s->usual_run / 60;
        break;
    case SUMP_RISE:
        w->x[0] = s->rise_rate / 0.6;
        break;
    }
}

void sump_say(const struct leak_view *v, char *text, size_t room)
{
    const struct leak_words *w = &v->words;
    switch (w->which) {
    case SAYS_LEARNING:
        snprintf(text, room, "Learning the usual inflow: %.0f fills so far", w->x[0]);
        break;
    case SAYS_USUAL:
        snprintf(text, room, "Inflow %.3g m3/h, usually %.3g m3/h; pumps ran %.0f %% of the hour",
                 v->value, v->baseline, w->x[0]);
        break;
    case SUMP_INFLOW:
        snprintf(text, room, "%.3g m3/h flow into the sump, usually %.3g m3/h: %.3g m3 too much",
                 v->value, v->baseline, w->x[0]);
        break;
    case SUMP_DUTY:
        snprintf(text, room, "The pumps ran %.0f %% of the last hour; %.0f %% is the limit",
                 w->x[0], w->x[1]);
        break;
    case SUMP_RUN:
        snprintf(text, room, "A pump has been running for %.0f min; its runs take %.0f min",
                 w->x[0], w->x[1]);
        break;
    case SUMP_RISE:
        snprintf(text, room, "The water rises by %.1f cm a minute, %s", w->x[0],
                 w->flag ? "though all pumps run" : "faster than all pumps lift");
        break;
    case SUMP_FLOAT:
        snprintf(text, room, "The high float of the sump is wet");
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
        v->score = (double)sump_run_ms(s) / KIND_MINUTE;
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
    v->sigma_unit = "m3/h";
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
    gather(s, v);
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
