/* SPDX-License-Identifier: Apache-2.0 */
/* The only reader of the machine's clocks for rooms that may have one. */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include "headgate/time.h"

mono_t clock_mono(void);
wall_t clock_wall(void);

/* For stories on simulated plants: from now on the wall clock of this process shows `begin` at the
 * machine's time `since`, and runs `speed` times as fast. Once, before there are threads. */
void clock_play(wall_t begin, wall_t since, double speed);
/* Does somebody keep the machine's wall clock right? "synchronised", "unsynchronised", or "unknown" where
 * a sandbox forbids to ask the kernel and nothing else tells. */
const char *clock_sync(void);
double clock_speed(void);          /* seconds of wall clock in a second; 1 but for stories */

#endif
