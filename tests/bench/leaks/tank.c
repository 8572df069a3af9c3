/* SPDX-License-Identifier: Apache-2.0 */
/* A process tank: a pump fills it between two levels, the process draws from it, but not always. */
#include "plants.h"

#include <math.h>

#include "chance.h"

const double tank_surface = 201;

enum { STEP_S = 60 };

struct tank {
    double volume;
    bool filling, drawing;
    double left_h; /* until drawing begins or ends */
    double rate;
    struct wander supply, use, flutter, slosh, drift_in, drift_out;
    double gain_in, gain_out, density;
};

static void tank_init(struct tank *t, struct chance *c)
{
    *t = (struct tank){.drawing = true, .left_h = 6, .rate = 20};
    t->volume = tank_surface * chance_uniform(c, 2.8, 3.6);
    wander_init(&t->supply, c, 0.5, 1800, STEP_S);
    wander_init(&t->use, c, 5, 3 * 3600, STEP_S);
    wander_init(&t->flutter, c, 1, 240, STEP_S);
    wander_init(&t->slosh, c, 0.0004, 600, STEP_S);
    wander_init(&t->drift_in, c, 0.0005, 10 * 86400.0, STEP_S);
    wander_init(&t->drift_out, c, 0.0005, 10 * 86400.0, STEP_S);
    t->gain_in = 1 + chance_uniform(c, -0.005, 0.005);
    t->gain_out = 1 + chance_uniform(c, -0.005, 0.005);
}

/* Work by day, less at night, and a pause of an hour or three nearly every night. */
static double draw(struct tank *t, struct chance *c, double t_h)
{
    double of_day = fmod(t_h, 24), step_h = STEP_S / 3600.0;
    t->left_h -= step_h;
    if (t->drawing && of_day >= 1 && of_day < 1 + step_h && chance_hits(c, 0.85)) {
        t->drawing = false;
        t->left_h = chance_uniform(c, 1, 3);
    } else if (!t->drawing && t->left_h <= 0) {
        t->drawing = true;
    }
    double day = 21 + 9 * sin((of_day - 8) / 24 * 2 * 3.14159265358979);
    double q = day + wander_next(&t->use, c) + wander_next(&t->flutter, c);
    return t->drawing ? fmax(5, q) : 0;
}

void tank_run(struct series *s, uint64_t seed, double days, const struct leak_plan *leak)
{
    struct chance site, noise, fate;
    chance_init(&site, seed, 11);
    chance_init(&noise, seed, 12);
    chance_init(&fate, seed, 13);
    struct tank t;
    tank_init(&t, &site);
    series_shape(s,
                 1U << COL_LEVEL | 1U << COL_IN | 1U << COL_OUT | 1U << COL_IN_RUN | 1U << COL_RUN |
                     1U << COL_TRUE,
                 (uint32_t)(days * 86400 / STEP_S), STEP_S * 1000);
    double onset_h = 24 * chance_uniform(&fate, 15, 20), step_h = STEP_S / 3600.0;
    for (uint32_t i = 0; i < s->rows; i++) {
        double t_h = i * step_h, gone = t_h >= onset_h ? leak->flow : 0;
        if (leak->ramp_h > 0)
            gone *= fmin(1, (t_h - onset_h) / leak->ramp_h);
        double in = t.filling ? 60 + wander_next(&t.supply, &site) : 0, out = draw(&t, &site, t_h);
        t.volume = fmax(0, t.volume + (in - out - gone) * step_h);

        double level = t.volume / tank_surface;
        double wavy = (t.filling ? 2.0 : 1.6) * 0.001; /* the jet stirs it up */
        double seen = level + chance_normal(&noise, 0, wavy) + wander_next(&t.slosh, &noise);
        double gain_in = t.gain_in + wander_next(&t.drift_in, &noise);
        double gain_out = t.gain_out + wander_next(&t.drift_out, &noise);
        s->column[COL_LEVEL][i] = round(seen * 1000) / 1000;
        s->column[COL_IN][i] =
            round(in * gain_in * (1 + chance_normal(&noise, 0, 0.004)) * 100) / 100;
        s->column[COL_OUT][i] =
            round(out * gain_out * (1 + chance_normal(&noise, 0, 0.006)) * 100) / 100;
        s->column[COL_IN_RUN][i] = t.filling ? 1 : 0;
        s->column[COL_RUN][i] = t.drawing ? 1 : 0;
        s->column[COL_TRUE][i] = gone;
        t.filling = t.filling ? seen < 3.8 : seen < 2.5;
    }
    if (leak->flow > 0) {
        s->onset_s = ceil(onset_h / step_h) * STEP_S;
        s->leak = leak->flow;
    }
}
