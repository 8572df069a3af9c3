/* SPDX-License-Identifier: Apache-2.0 */
/* What happens between the instruments of one plant, as its people wrote it: a Lua file beside the
 * plant file, with a function step(dt). */
#ifndef SIM_PHYSICS_H
#define SIM_PHYSICS_H

#include "base/diag.h"
#include "sim/world.h"

struct physics;

/* Runs the file once, one step(0) and show(), so that every tag it sets is known as owned. NULL after an
 * error, which stands in ds. */
struct physics *physics_new(struct world *w, const char *file, uint64_t seed, struct diags *ds);
void physics_free(struct physics *p);

/* dt in seconds of the plant's time. false: the file went wrong; why is then in *why until the next
 * call. */
bool physics_step(struct physics *p, double dt, const char **why);

/* After the steps of a tick, before anybody asks: calls show(), if the file has one. What only tells
 * needn't be computed as often as what moves. false: as above. */
bool physics_show(struct physics *p, const char **why);

/* Something happens: calls act(name, x), which a story needs. false: as above, or there is no act. */
bool physics_act(struct physics *p, const char *name, const struct value *x, const char **why);

#endif
