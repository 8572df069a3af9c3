/* SPDX-License-Identifier: Apache-2.0 */
/* A tailings pond: slurry water comes in, two reclaim pumps take it back, it rains, it seeps. */
#include "plants.h"

#include <math.h>

#include "chance.h"

const double pond_stage[POND_STAGES][2] = {{0, 0},      {1, 24000},  {2, 54000}, {3, 90000},
                                           {4, 132000}, {5, 180000}, {6, 234000}};

enum { STEP_S = 60 };
static const double step_h = STEP_S / 3600.0, catchment = 120000;

struct meter {
    double gain;
    struct wander drift;
};

struct pond {
    double volume, true_scale;
    bool pump[2]; /* lead and lag, by turns */
    int lead;
    double capacity[2];
    struct wander supply, flutter, head[2], wind, ripple, slosh;
    double trip_left_h, feed; /* the mill stands; what flows, 0..1 */
    double rain_left_h, rain, rain_true, wet_share, lag_h, runoff;
    double sunny, seep;
    struct meter in, out[2];
    double gauge;
};

static double curve(double x, int from, int to)
{
    int i = 1;
    while (i < POND_STAGES - 1 && x > pond_stage[i][from])
        i++;
    const double *a = pond_stage[i - 1], *b = pond_stage[i];
    return a[to] + (x - a[from]) * (b[to] - a[to]) / (b[from] - a[from]);
}

static void meter_init(struct meter *m, struct chance *c)
{
    m->gain = 1 + chance_uniform(c, -0.005, 0.005);
    wander_init(&m->drift, c, 0.001, 10 * 86400.0, STEP_S);
}

static double meter_read(struct meter *m, struct chance *c, double q)
{
    double x = q * (m->gain + wander_next(&m->drift, c)) * (1 + chance_normal(c, 0, 0.004));
    return round(x * 100) / 100;
}

static void pond_init(struct pond *p, struct chance *c)
{
    *p = (struct pond){.feed = 1, .pump = {true, false}};
    p->true_scale = 1 + chance_normal(c, 0, 0.01); /* nobody surveys better */
    p->volume = curve(chance_uniform(c, 3.97, 4.03), 0, 1) * p->true_scale;
    wander_init(&p->supply, c, 12, 4 * 3600, STEP_S);
    wander_init(&p->flutter, c, 4, 300, STEP_S);
    wander_init(&p->wind, c, 1, 5 * 3600, STEP_S);
    wander_init(&p->ripple, c, 1, 60, STEP_S);
    wander_init(&p->slosh, c, 0.15, 2 * 3600, STEP_S);
    p->lag_h = chance_uniform(c, 2, 4.5);
    p->seep = chance_uniform(c, 4, 12);
    p->sunny = 1;
    p->gauge = 1 + chance_normal(c, 0, 0.04);
    meter_init(&p->in, c);
    for (int i = 0; i < 2; i++) {
        p->capacity[i] = chance_uniform(c, 230, 246);
        wander_init(&p->head[i], c, 2, 3600, STEP_S);
        meter_init(&p->out[i], c);
    }
}

static double mill(struct pond *p, struct chance *c)
{
    if (p->trip_left_h > 0)
        p->trip_left_h -= step_h;
    else if (chance_hits(c, step_h / (7 * 24)))
        p->trip_left_h = 0.5 + chance_exponential(c, 4);
    double wanted = p->trip_left_h > 0 ? 0 : 1;
    p->feed += (wanted - p->feed) * 0.2;
    double q = (420 + wander_next(&p->supply, c) + wander_next(&p->flutter, c)) * p->feed;
    return q > 1 ? q : 0;
}

/* m3/h onto the pond itself and from the land around it; p->rain: what the gauge sees. */
static double weather(struct pond *p, struct chance *c, double surface, bool dry)
{
    if (p->rain_left_h > 0) {
        p->rain_left_h -= step_h;
    } else {
        p->rain = 0;
        if (chance_hits(c, step_h / (4.5 * 24))) {
            p->rain_left_h = 0.3 + chance_exponential(c, 3);
            p->rain = 0.3 + chance_exponential(c, 2.5);
            p->rain_true = p->rain * (1 + chance_normal(c, 0, 0.05));
            p->wet_share = fmin(0.7, fmax(0.3, chance_normal(c, 0.5, 0.07)));
        }
    }
    if (dry)
        p->rain = 0;
    double mm = p->rain > 0 ? p->rain_true : 0;
    double land = 0.001 * mm * p->wet_share * (catchment - surface);
    p->runoff += (land - p->runoff) * (1 - exp(-step_h / p->lag_h));
    return 0.001 * mm * surface + p->runoff;
}

static double dried(struct pond *p, struct chance *c, double t_h, double surface)
{
    double of_day = fmod(t_h, 24);
    if (of_day < step_h)
        p->sunny = chance_uniform(c, 0.5, 1.5);
    double sun = sin((of_day - 6) / 24 * 2 * 3.14159265358979);
    double mm_h = 4.0 / 24 * p->sunny * (0.4 + fmax(0, sun) * 0.6 * 3.14159265358979);
    return 0.001 * mm_h * surface;
}

static void control(struct pond *p, double seen)
{
    int lag = 1 - p->lead;
    if (!p->pump[lag] && seen > 4.03) {
        p->pump[lag] = true;
    } else if (p->pump[lag] && seen < 3.97) {
        p->pump[p->lead] = false; /* the other one goes on, so that both wear alike */
        p->lead = lag;
    }
    if (p->pump[p->lead] ? seen < 3.70 : seen > 3.80)
        p->pump[p->lead] = !p->pump[p->lead];
}

static double leak_now(const struct leak_plan *leak, double onset_h, double t_h)
{
    if (t_h < onset_h)
        return 0;
    double share = leak->ramp_h > 0 ? (t_h - onset_h) / leak->ramp_h : 1;
    return leak->flow * fmin(1, share);
}

void pond_run(struct series *s, uint64_t seed, double days, const struct leak_plan *leak)
{
    struct chance site, sky, noise, fate;
    chance_init(&site, seed, 1);
    chance_init(&sky, seed, 2);
    chance_init(&noise, seed, 3);
    chance_init(&fate, seed, 4);
    struct pond p;
    pond_init(&p, &site);
    series_shape(s,
                 1U << COL_LEVEL | 1U << COL_IN | 1U << COL_OUT | 1U << COL_OUT2 | 1U << COL_RUN |
                     1U << COL_RUN2 | 1U << COL_RAIN | 1U << COL_TRUE,
                 (uint32_t)(days * 86400 / STEP_S), STEP_S * 1000);
    double onset_h = 24 * chance_uniform(&fate, 15, 20), smooth = 4;
    for (uint32_t i = 0; i < s->rows; i++) {
        double t_h = i * step_h, level = curve(p.volume / p.true_scale, 1, 0);
        double surface = (curve(level + 0.05, 0, 1) - curve(level - 0.05, 0, 1)) * 10;
        double in = mill(&p, &site), rain = weather(&p, &sky, surface, leak->dry);
        double gone = leak_now(leak, onset_h, t_h), out[2];
        for (int k = 0; k < 2; k++)
            out[k] = (p.capacity[k] + wander_next(&p.head[k], &site)) * (p.pump[k] ? 1 : 0);
        double lost = dried(&p, &sky, t_h, surface) + p.seep * level / 4 + gone;
        p.volume = fmax(0, p.volume + (in + rain - out[0] - out[1] - lost) * step_h);

        double windy = 2 + 4 * fmin(1, fabs(wander_next(&p.wind, &noise)) / 2); /* mm */
        double seen = curve(p.volume / p.true_scale, 1, 0) +
                      0.001 * windy *
                          (wander_next(&p.ripple, &noise) * 0.8 + chance_normal(&noise, 0, 0.6) +
                           wander_next(&p.slosh, &noise));
        seen = round(seen * 1000) / 1000;
        smooth += (seen - smooth) * 0.1;
        s->column[COL_LEVEL][i] = seen;
        s->column[COL_IN][i] = meter_read(&p.in, &noise, in);
        for (int k = 0; k < 2; k++) {
            s->column[COL_OUT + k][i] = meter_read(&p.out[k], &noise, out[k]);
            s->column[COL_RUN + k][i] = p.pump[k] ? 1 : 0;
        }
        s->column[COL_RAIN][i] = round(p.rain * p.gauge * 10) / 10;
        s->column[COL_TRUE][i] = gone;
        control(&p, smooth);
    }
    if (leak->flow > 0) {
        s->onset_s = ceil(onset_h / step_h) * STEP_S;
        s->leak = leak->flow;
    }
}
