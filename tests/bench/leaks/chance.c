/* SPDX-License-Identifier: Apache-2.0 */
#include "chance.h"

#include <math.h>

static uint64_t splitmix(uint64_t *x)
{
    uint64_t z = *x += UINT64_C(0x9E3779B97F4A7C15);
    z = (z ^ z >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ z >> 27) * UINT64_C(0x94D049BB133111EB);
    return z ^ z >> 31;
}

void chance_init(struct chance *c, uint64_t seed, uint64_t stream)
{
    uint64_t x = seed * UINT64_C(0xD1342543DE82EF95) + stream * UINT64_C(0xA24BAED4963EE407) + 1;
    for (int i = 0; i < 4; i++)
        c->s[i] = splitmix(&x);
    c->has_spare = false;
    c->spare = 0;
}

static uint64_t turned(uint64_t x, int by)
{
    return x << by | x >> (64 - by);
}

static uint64_t next(struct chance *c)
{
    uint64_t *s = c->s, out = turned(s[1] * 5, 7) * 9, t = s[1] << 17;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = turned(s[3], 45);
    return out;
}

double chance_uniform(struct chance *c, double low, double high)
{
    return low + (high - low) * ((double)(next(c) >> 11) * 0x1p-53);
}

double chance_normal(struct chance *c, double mean, double sd)
{
    if (c->has_spare) {
        c->has_spare = false;
        return mean + sd * c->spare;
    }
    double u, v, s;
    do {
        u = chance_uniform(c, -1, 1);
        v = chance_uniform(c, -1, 1);
        s = u * u + v * v;
    } while (s >= 1 || s <= 0);
    double m = sqrt(-2 * log(s) / s);
    c->spare = v * m;
    c->has_spare = true;
    return mean + sd * u * m;
}

double chance_exponential(struct chance *c, double mean)
{
    return -mean * log(1 - chance_uniform(c, 0, 1));
}

bool chance_hits(struct chance *c, double probability)
{
    return chance_uniform(c, 0, 1) < probability;
}

void wander_init(struct wander *w, struct chance *c, double sd, double tau_s, double step_s)
{
    w->keep = exp(-step_s / tau_s);
    w->kick = sd * sqrt(1 - w->keep * w->keep);
    w->x = chance_normal(c, 0, sd);
}

double wander_next(struct wander *w, struct chance *c)
{
    w->x = w->x * w->keep + chance_normal(c, 0, w->kick);
    return w->x;
}
