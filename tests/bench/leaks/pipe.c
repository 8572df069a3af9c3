/* SPDX-License-Identifier: Apache-2.0 */
/* A pipeline: a pump, a metre at each end, and a line that packs and unpacks when the flow changes.
 */
#include "plants.h"

#include <math.h>

#include "chance.h"

enum { STEP_S = 10 };

struct pipe {
    bool running;
    double left_h; /* until the operators do something */
    double setpoint, in, out;
    struct wander flutter, drift_in, drift_out;
    double gain_in, gain_out, zero_in, zero_out;
};

static void pipe_init(struct pipe *p, struct chance *c)
{
    *p = (struct pipe){.running = true, .left_h = 3, .setpoint = 300};
    wander_init(&p->flutter, c, 1.0, 120, STEP_S);
    wander_init(&p->drift_in, c, 0.0003, 10 * 86400.0, STEP_S);
    wander_init(&p->drift_out, c, 0.0003, 10 * 86400.0, STEP_S);
    p->gain_in = 1 + chance_normal(c, 0, 0.003); /* 0.6 % is what two sigmas of them are */
    p->gain_out = 1 + chance_normal(c, 0, 0.003);
}

/* Set points every two to six hours; now and then a stop, and a start again. */
static void operate(struct pipe *p, struct chance *c)
{
    p->left_h -= STEP_S / 3600.0;
    if (p->left_h > 0)
        return;
    p->running = !p->running || !chance_hits(c, 0.15);
    p->left_h = p->running ? chance_uniform(c, 2, 6) : chance_uniform(c, 0.5, 2);
    p->setpoint = chance_uniform(c, 255, 315);
}

static double metered(struct chance *c, double q, double gain)
{
    double x = q * gain * (1 + chance_normal(c, 0, 0.004));
    return round(fmax(0, x) * 100) / 100;
}

void pipe_run(struct series *s, uint64_t seed, double days, const struct leak_plan *leak)
{
    struct chance site, noise, fate;
    chance_init(&site, seed, 21);
    chance_init(&noise, seed, 22);
    chance_init(&fate, seed, 23);
    struct pipe p;
    pipe_init(&p, &site);
    series_shape(s, 1U << COL_IN | 1U << COL_OUT | 1U << COL_IN_RUN | 1U << COL_TRUE,
                 (uint32_t)(days * 86400 / STEP_S), STEP_S * 1000);
    double onset_h = 24 * chance_uniform(&fate, 15, 20), step_h = STEP_S / 3600.0, ran_h = 0;
    bool open = false;
    for (uint32_t i = 0; i < s->rows; i++) {
        operate(&p, &site);
        ran_h = p.running ? ran_h + step_h : 0;
        if (!open && i * step_h >= onset_h && ran_h > 0.25) { /* under pressure it gives way */
            open = true;
            s->onset_s = leak->flow > 0 ? i * (double)STEP_S : NOTHING;
        }
        double wanted = p.running ? p.setpoint + wander_next(&p.flutter, &site) : 0;
        p.in += (wanted - p.in) * (1 - exp(-STEP_S / 12.0)); /* the pump's ramp */
        /* A hole takes what the pressure gives; nothing flows out of a line that stands. */
        double gone = open ? leak->flow * fmin(1, p.in / 250) : 0;
        p.out += (fmax(0, p.in - gone) - p.out) * (1 - exp(-STEP_S / 40.0));
        s->column[COL_IN][i] = metered(&noise, p.in, p.gain_in + wander_next(&p.drift_in, &noise));
        s->column[COL_OUT][i] =
            metered(&noise, p.out, p.gain_out + wander_next(&p.drift_out, &noise));
        s->column[COL_IN_RUN][i] = p.running ? 1 : 0;
        s->column[COL_TRUE][i] = open ? leak->flow : 0;
    }
    s->leak = leak->flow;
}
