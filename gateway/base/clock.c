/* SPDX-License-Identifier: Apache-2.0 */
#include "base/clock.h"

#include <sys/timex.h>
#include <time.h>
#include <unistd.h>

mono_t clock_mono(void)
{
    struct timespec ts;
    /* CLOCK_MONOTONIC stands still while the machine sleeps, and an answer from before would look
     * as if it had come just now. */
    clock_gettime(CLOCK_BOOTTIME, &ts);
    return (mono_t){ts.tv_sec * NS_PER_S + ts.tv_nsec};
}

static struct {
    wall_t begin, since;
    double speed;
} played = {.speed = 0}; /* 0: the clock is the machine's */

wall_t clock_wall(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_REALTIME, &ts);
    if (played.speed > 0) {
        double ms = (double)(ts.tv_sec * 1000 - played.since.ms) + (double)ts.tv_nsec / 1e6;
        return (wall_t){played.begin.ms + (int64_t)(ms * played.speed)};
    }
    return (wall_t){ts.tv_sec * 1000 + ts.tv_nsec / NS_PER_MS};
}

void clock_play(wall_t begin, wall_t since, double speed)
{
    played.begin = begin;
    played.since = since;
    played.speed = speed;
}

double clock_speed(void)
{
    return played.speed > 0 ? played.speed : 1;
}

const char *clock_sync(void)
{
    struct timex t = {.modes = 0};
    int state = adjtimex(&t);
    if (state >= 0)
        return state == TIME_ERROR || (t.status & STA_UNSYNC) ? "unsynchronised" : "synchronised";
    /* systemd's unit may not ask; its timesyncd leaves word. */
    if (access("/run/systemd/timesync/synchronized", F_OK) == 0)
        return "synchronised";
    return access("/run/systemd/timesync", F_OK) == 0 ? "unsynchronised" : "unknown";
}
