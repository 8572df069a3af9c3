/* SPDX-License-Identifier: Apache-2.0 */
/* Chance that is the same everywhere: a generator of our own (xoshiro256**), seeded by a number,
 * and the few distributions that plants are made of. */
#ifndef BENCH_CHANCE_H
#define BENCH_CHANCE_H

#include <stdbool.h>
#include <stdint.h>

struct chance {
    uint64_t s[4];
    double spare; /* second half of a pair of normals */
    bool has_spare;
};

/* stream: independent sequences of one seed, so that a plant's weather doesn't change with its
 * leak. */
void chance_init(struct chance *c, uint64_t seed, uint64_t stream);
double chance_uniform(struct chance *c, double low, double high);
double chance_normal(struct chance *c, double mean, double sd);
double chance_exponential(struct chance *c, double mean);
bool chance_hits(struct chance *c, double probability);

/* A value that wanders about its mean and forgets within tau (Ornstein-Uhlenbeck, exact steps). */
struct wander {
    double x, keep, kick;
};
void wander_init(struct wander *w, struct chance *c, double sd, double tau_s, double step_s);
double wander_next(struct wander *w, struct chance *c);

#endif
