/* SPDX-License-Identifier: Apache-2.0 */
/* A zone of consumers whose outflow nobody meters: days, weeks, a season, holidays, and their
 * moods. */
#include "plants.h"

#include <math.h>

#include "chance.h"

enum { STEP_S = 900 };
static const double pi = 3.14159265358979;

/* Share of the mean at an hour of the day: little by night, a peak in the morning, one at night. */
static double hour_share(double h, bool rest)
{
    double morning = rest ? 10 : 7.5, peak = exp(-pow((h - morning) / 2, 2));
    double evening = exp(-pow((h - 19.5) / 2.5, 2)), noon = exp(-pow((h - 13) / 3, 2));
    return 0.5 + 0.75 * peak + 0.7 * evening + 0.45 * noon;
}

void zone_run(struct series *s, uint64_t seed, double days, const struct leak_plan *leak)
{
    struct chance site, fate;
    chance_init(&site, seed, 51);
    chance_init(&fate, seed, 53);
    struct wander mood, hour, quick;
    wander_init(&mood, &site, 0.012, 3 * 86400.0, STEP_S);
    wander_init(&hour, &site, 0.02, 2 * 3600, STEP_S);
    wander_init(&quick, &site, 0.015, 600, STEP_S);
    series_shape(s, 1U << COL_IN | 1U << COL_OUT | 1U << COL_TRUE,
                 (uint32_t)(days * 86400 / STEP_S), STEP_S * 1000);
    double onset_h = 24 * chance_uniform(&fate, 30, 35), season = chance_uniform(&site, 0, 2 * pi);
    double gain_in = 1 + chance_uniform(&site, -0.005, 0.005), step_h = STEP_S / 3600.0;
    double passed_on = chance_uniform(&site, 30, 60); /* to the next zone, metered */
    bool holiday = false;
    for (uint32_t i = 0; i < s->rows; i++) {
        double t_h = i * step_h, of_day = fmod(t_h, 24);
        if (of_day < step_h / 2)
            holiday = chance_hits(&site, 0.025);
        bool rest = holiday || fmod(t_h / 24, 7) >= 5;
        double share = hour_share(of_day, rest) * (rest ? 1.04 : 1);
        share *= 1 + 0.04 * sin(t_h / 8766 * 2 * pi + season);
        share *=
            1 + wander_next(&mood, &site) + wander_next(&hour, &site) + wander_next(&quick, &site);
        double gone = t_h >= onset_h ? leak->flow : 0;
        double out = passed_on * (0.6 + 0.4 * share);
        double in = 217 * share + out + gone;
        s->column[COL_IN][i] =
            round(in * gain_in * (1 + chance_normal(&site, 0, 0.003)) * 100) / 100;
        s->column[COL_OUT][i] = round(out * (1 + chance_normal(&site, 0, 0.003)) * 100) / 100;
        s->column[COL_TRUE][i] = gone;
    }
    if (leak->flow > 0) {
        s->onset_s = ceil(onset_h / step_h) * STEP_S;
        s->leak = leak->flow;
    }
}
