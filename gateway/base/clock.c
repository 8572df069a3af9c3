/* SPDX-License-Identifier: Apache-2.0 */
#include "base/clock.h"

#include <time.h>

mono_t clock_mono(void)
{
    struct timespec ts;
    /* CLOCK_MONOTONIC stands still while the machine sleeps, and an answer from before would look
     * as if it had come just now. */
    clock_gettime(CLOCK_BOOTTIME, &ts);
    return (mono_t){ts.tv_sec * NS_PER_S + ts.tv_nsec};
}

wall_t clock_wall(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_REALTIME, &ts);
    return (wall_t){ts.tv_sec * 1000 + ts.tv_nsec / NS_PER_MS};
}
