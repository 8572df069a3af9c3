/* SPDX-License-Identifier: Apache-2.0 */
/* Water: basins, pumps, switches and things that follow slowly. Flows in m3/h, time in seconds. */
#ifndef SIM_HYDRAULICS_H
#define SIM_HYDRAULICS_H

#include "headgate/map.h"

struct water {
    const struct pair *stage;      /* level in m, volume in m3; both rising */
    uint32_t count;
    double volume;
};

/* What comes out is at most what there is; what goes over the top is spilled. Nothing gets lost:
 * volume changes by (in - *left - *spilled) * dt. */
void basin_step(struct water *b, double in, double out, double dt, double *left, double *spilled);
double basin_level(const struct water *b);
double basin_volume_at(const struct water *b, double level);

/* A pump against a pipe: its head is h0 - a q^2 at full speed, the pipe wants lift + b q^2. speed is
 * a share of the full one. */
double pump_flow(double h0, double a, double lift, double b, double speed);

/* Two thresholds. stop below start: empties; start below stop: fills. */
bool switch_step(bool on, double x, double start, double stop);

double lag_step(double x, double towards, double tau, double dt);

#endif
