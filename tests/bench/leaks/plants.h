/* SPDX-License-Identifier: Apache-2.0 */
/* Plants to leak: water that moves by its own physics, pumps with their controls, weather, and
 * instruments with bias, drift, noise and resolution. Nothing here knows how leaks are looked for.
 */
#ifndef BENCH_PLANTS_H
#define BENCH_PLANTS_H

#include "series.h"

struct leak_plan {
    double flow; /* m3/h; 0: none */
    double ramp_h; /* grows to it within so long; 0: at once */
    bool dry; /* the weather: no rain */
};

/* The outcome depends on the seed and the plan alone; the leak begins on day 15 to 20. */
void pond_run(struct series *s, uint64_t seed, double days, const struct leak_plan *leak);
void tank_run(struct series *s, uint64_t seed, double days, const struct leak_plan *leak);
void pipe_run(struct series *s, uint64_t seed, double days, const struct leak_plan *leak);
void sump_run(struct series *s, uint64_t seed, double days, const struct leak_plan *leak);

/* Its leak begins on day 30 to 35, as two weeks are learned. */
void zone_run(struct series *s, uint64_t seed, double days, const struct leak_plan *leak);

/* A flooded pit that is pumped empty: level in COL_LEVEL, volume in COL_TRUE, pumps that run in
 * COL_RUN (how many). Ends when it is empty. 0..3: each pump's state stands in the bits of
 * COL_RUN2. */
void pit_run(struct series *s, uint64_t seed);
double pit_volume(double level_m);

/* Metres and cubic metres of the pond, as its surveyors drew it. */
enum { POND_STAGES = 7 };
extern const double pond_stage[POND_STAGES][2];
extern const double tank_surface, sump_surface;

#endif
