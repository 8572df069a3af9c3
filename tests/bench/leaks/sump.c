/* SPDX-License-Identifier: Apache-2.0 */
/* A drain sump: one pump between two levels, seepage, people with hoses. And a flooded pit. */
#include "plants.h"

#include <math.h>

#include "chance.h"

const double sump_surface = 6;

enum { STEP_S = 10, PIT_STEP_S = 60 };

struct sump {
    double volume;
    bool pumping;
    double capacity, wash, wash_left_h;
    struct wander base, head, ripple;
};

static double inflow(struct sump *p, struct chance *c)
{
    double step_h = STEP_S / 3600.0;
    if (p->wash_left_h > 0) {
        p->wash_left_h -= step_h;
    } else if (chance_hits(c, step_h / 5)) {
        p->wash_left_h = chance_uniform(c, 5, 20) / 60;
        p->wash = chance_uniform(c, 5, 12);
    }
    return fmax(0.5, 4 + wander_next(&p->base, c)) + (p->wash_left_h > 0 ? p->wash : 0);
}

void sump_run(struct series *s, uint64_t seed, double days, const struct leak_plan *leak)
{
    struct chance site, noise, fate;
    chance_init(&site, seed, 31);
    chance_init(&noise, seed, 32);
    chance_init(&fate, seed, 33);
    struct sump p = {.volume = sump_surface};
    wander_init(&p.base, &site, 0.4, 6 * 3600, STEP_S);
    wander_init(&p.head, &site, 0.6, 3600, STEP_S);
    wander_init(&p.ripple, &noise, 0.003, 20, STEP_S);
    p.capacity = chance_uniform(&site, 39, 41.5);
    series_shape(s, 1U << COL_LEVEL | 1U << COL_RUN | 1U << COL_FLOAT | 1U << COL_TRUE,
                 (uint32_t)(days * 86400 / STEP_S), STEP_S * 1000);
    double onset_h = 24 * chance_uniform(&fate, 15, 20), step_h = STEP_S / 3600.0;
    for (uint32_t i = 0; i < s->rows; i++) {
        double gone = i * step_h >= onset_h ? leak->flow : 0, in = inflow(&p, &site) + gone;
        /* Less lifts higher: some 1.5 m3/h per metre of level. */
        double lift =
            p.capacity + wander_next(&p.head, &site) + 1.5 * (p.volume / sump_surface - 1);
        p.volume += (in - (p.pumping ? lift : 0)) * step_h;
        p.volume = fmin(fmax(p.volume, 0.1), 4 * sump_surface); /* runs over at 4 m */
        double level = p.volume / sump_surface;
        double seen = level + wander_next(&p.ripple, &noise) +
                      chance_normal(&noise, 0, p.pumping ? 0.005 : 0.003);
        s->column[COL_LEVEL][i] = round(seen * 1000) / 1000;
        s->column[COL_RUN][i] = p.pumping ? 1 : 0;
        s->column[COL_FLOAT][i] = level > 2 ? 1 : 0;
        s->column[COL_TRUE][i] = gone;
        p.pumping = p.pumping ? seen > 0.5 : seen > 1.5;
    }
    if (leak->flow > 0) {
        s->onset_s = ceil(onset_h / step_h) * STEP_S;
        s->leak = leak->flow;
    }
}

/* A pit's volume grows as the 1.8th power of its level: 5 m hold 25 000 m3. */
double pit_volume(double level_m)
{
    return 25000 * pow(fmax(0, level_m) / 5, 1.8);
}

void pit_run(struct series *s, uint64_t seed)
{
    enum { PUMPS = 4 };
    struct chance c;
    chance_init(&c, seed, 41);
    double step_h = PIT_STEP_S / 3600.0, volume = pit_volume(chance_uniform(&c, 4.5, 5.2));
    double seep = chance_uniform(&c, 100, 220), decay_h = chance_uniform(&c, 15, 40);
    double idle = chance_uniform(&c, 1, 3), capacity[PUMPS], down[PUMPS] = {0};
    struct wander ripple, base;
    wander_init(&ripple, &c, 0.004, 180, PIT_STEP_S);
    wander_init(&base, &c, 10, 3 * 3600, PIT_STEP_S);
    for (int k = 0; k < PUMPS; k++)
        capacity[k] = chance_uniform(&c, 140, 180);
    uint32_t room = 12 * 24 * 60, row = 0;
    series_shape(s, 1U << COL_LEVEL | 1U << COL_TRUE | 1U << COL_RUN | 1U << COL_RUN2, room,
                 PIT_STEP_S * 1000);
    for (; row < room && volume > 20; row++) {
        double t_h = row * step_h, in = 25 + wander_next(&base, &c), out = 0;
        in = fmax(0, in + seep * exp(-t_h / decay_h));
        unsigned running = 0;
        for (unsigned k = 0; k < PUMPS; k++) {
            if (down[k] > 0)
                down[k] -= step_h;
            else if (chance_hits(&c, step_h / 24)) /* chokes about once a day */
                down[k] = 0.3 + chance_exponential(&c, 2);
            if (down[k] > 0 || t_h < idle)
                continue;
            running |= 1U << k;
            out += capacity[k];
        }
        volume += (in - out) * step_h;
        double level = 5 * pow(fmax(0, volume) / 25000, 1 / 1.8);
        s->column[COL_LEVEL][row] = round((level + wander_next(&ripple, &c)) * 1000) / 1000;
        s->column[COL_TRUE][row] = volume;
        s->column[COL_RUN2][row] = running;
        s->column[COL_RUN][row] =
            (running & 1) + (running >> 1 & 1) + (running >> 2 & 1) + (running >> 3);
    }
    s->rows = row;
}
