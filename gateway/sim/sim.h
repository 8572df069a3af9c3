/* SPDX-License-Identifier: Apache-2.0 */
/* The mine that is not there: every device of a plant, played from its map. The caller runs the loop
 * and brings the time. */
#ifndef SIM_SIM_H
#define SIM_SIM_H

#include "base/diag.h"
#include "sim/server.h"
#include "sim/story.h"
#include "sim/world.h"

struct sim;

struct sim_setup {
    struct server_setup server;
    const char *physics;           /* NULL: physics.lua beside the plant file, if there is one */
    double speed;                  /* seconds of the plant's time in a second; above 0 */
    const struct story *story;     /* NULL: none. With one, no time is ever left out */
    double story_time;             /* seconds of the story that have passed at the start */
    uint64_t seed;
};

/* NULL when something can't be had: mistakes in the physics stand in ds, the rest in the log. */
struct sim *sim_new(struct loop *loop, const struct plant *plant, const struct sim_setup *setup,
                    mono_t now, struct diags *ds);
void sim_free(struct sim *s);

/* What is due; *next says when to call again. false: the physics went wrong, and the log has it. */
bool sim_run(struct sim *s, mono_t now, mono_t *next);

const struct server *sim_server(const struct sim *s);
struct world *sim_world(struct sim *s);
double sim_time(const struct sim *s);                  /* seconds that passed in the plant */

#endif
