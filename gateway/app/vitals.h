/* SPDX-License-Identifier: Apache-2.0 */
/* The machine under the gateway, which nobody polls: is its clock set, does its disk take what is
 * written? Finds out when there is something to tell, and tells nothing itself. */
#ifndef APP_VITALS_H
#define APP_VITALS_H

#include <stdbool.h>

#include "headgate/time.h"

struct vitals {
    bool begun;
    mono_t at, told_at;            /* of the last look; of what was last told of the disk */
    wall_t wall;
    const char *trouble;           /* as last told; NULL: well */
    mono_t well_since;
    bool well;
};

/* One look at the clocks; the wall clock was read between two looks at the monotonic one. true: it
 * was set by more than a second since the last look; without that it would show `from`. */
bool vitals_clock(struct vitals *v, mono_t before, wall_t wall, mono_t after, wall_t *from);

/* trouble: what the journal complains of, NULL: nothing. true: *told is news, NULL: all has been well
 * for some seconds. A disk that changes its mind all the time is told once a second. */
bool vitals_disk(struct vitals *v, const char *trouble, mono_t now, const char **told);

#endif
