/* SPDX-License-Identifier: Apache-2.0 */
/* The only reader of the machine's clocks for rooms that may have one. */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include "headgate/time.h"

mono_t clock_mono(void);
wall_t clock_wall(void);

#endif
