/* SPDX-License-Identifier: Apache-2.0 */
/* --play BEGIN,SINCE,SPEED: the wall clock of a story. The simulated plant and the gateway are given
 * the same one, so that a flood of days passes in minutes and every time stamp is the story's. */
#ifndef CLI_PLAY_H
#define CLI_PLAY_H

#include "headgate/time.h"

struct play {
    wall_t begin, since;
    double speed;                  /* 0: no story */
};

/* "2006-02-04T12:00:00-05:00,1795393200000,600". NULL, or what is wrong with it. */
const char *play_parse(const char *word, struct play *out);

struct argp_state;
/* The same; what is wrong ends the program. */
void play_argument(struct argp_state *state, const char *word, struct play *out);

#endif
