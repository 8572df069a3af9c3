/* SPDX-License-Identifier: Apache-2.0 */
/* What happens to a plant, and when: a YAML file whose steps tell the physics. What people do and
 * what must be heard stand in the same file, for those who play and check it; the plant doesn't ask. */
#ifndef SIM_STORY_H
#define SIM_STORY_H

#include "base/arena.h"
#include "base/diag.h"
#include "headgate/value.h"

struct story_act {                 /* act(name, x) of the physics */
    int64_t t_ms;                  /* UTC */
    const char *name;
    struct value value;            /* BOOL, REAL or TEXT (terminated) */
};

struct story {
    const char *file, *title;
    int64_t begin_ms, end_ms;
    const struct story_act *acts;  /* in order of time */
    uint32_t count;
};

/* NULL: what is wrong stands in ds. */
const struct story *story_load(struct arena *a, const char *file, struct diags *ds);

#endif
