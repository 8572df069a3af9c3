/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/hydraulics.h"

#include <math.h>

static const double hour = 3600;

void basin_step(struct water *b, double in, double out, double dt, double *left, double *spilled)
{
    double most = b->count > 0 ? b->stage[b->count - 1].y : 0;
    double came = b->volume + in * dt / hour;
    double wanted = out * dt / hour;
    double gone = fmin(wanted, fmax(came, 0));
    double over = fmax(came - gone - most, 0);
    b->volume = came - gone - over;
    *left = dt > 0 ? gone / dt * hour : 0;
    *spilled = dt > 0 ? over / dt * hour : 0;
}

double basin_level(const struct water *b)
{
    if (b->count == 0)
        return 0;
    for (uint32_t i = 1; i < b->count; i++) {
        const struct pair *low = &b->stage[i - 1], *high = &b->stage[i];
        if (b->volume <= high->y)
            return low->x + (b->volume - low->y) / (high->y - low->y) * (high->x - low->x);
    }
    return b->stage[b->count - 1].x;
}

double basin_volume_at(const struct water *b, double level)
{
    if (b->count == 0)
        return 0;
    for (uint32_t i = 1; i < b->count; i++) {
        const struct pair *low = &b->stage[i - 1], *high = &b->stage[i];
        if (level <= high->x)
            return low->y +
                   (fmax(level, low->x) - low->x) / (high->x - low->x) * (high->y - low->y);
    }
    return b->stage[b->count - 1].y;
}

double pump_flow(double h0, double a, double lift, double b, double speed)
{
    double spare = h0 * speed * speed - lift;
    return spare <= 0 || speed <= 0 || a + b <= 0 ? 0 : sqrt(spare / (a + b));
}

bool switch_step(bool on, double x, double start, double stop)
{
    bool empties = stop < start;
    if (empties ? x >= start : x <= start)
        return true;
    if (empties ? x <= stop : x >= stop)
        return false;
    return on;
}

double lag_step(double x, double towards, double tau, double dt)
{
    return tau > 0 ? towards + (x - towards) * exp(-dt / tau) : towards;
}
