/* SPDX-License-Identifier: Apache-2.0 */
/* How much of a long campaign is run. */
#ifndef TESTS_PACE_H
#define TESTS_PACE_H

#include <stdlib.h>

/* Every how manieth case: each with HEADGATE_LONG=1; fewer under a sanitizer, where each takes four
 * times as long (scripts/test says so by HEADGATE_PATIENCE). */
static inline size_t pace_step(size_t usual)
{
    const char *whole = getenv("HEADGATE_LONG"), *patience = getenv("HEADGATE_PATIENCE");
    if (whole && *whole == '1')
        return 1;
    return patience && atoi(patience) > 1 ? usual * 4 + 1 : usual;
}

#endif
