/* SPDX-License-Identifier: Apache-2.0 */
/* What the board notices beyond values: who answers, and scales that people changed. */
#ifndef APP_NOTICES_H
#define APP_NOTICES_H

#include "app/memory.h"
#include "app/status.h"
#include "app/tell.h"

struct notices {
    const struct plant *plant;
    struct board *board;
    struct status *status;
    struct teller *teller;
    uint32_t again[16];            /* devices of which something has to be asked again */
    uint32_t again_count;
};

bool notices_key(const char *key);     /* among the kept states: one of these? */
/* At the start: who answered in an earlier run. What belongs to no device is forgotten. */
void notices_restore(struct notices *n, const struct memory *m);
void notices_tell(struct notices *n, wall_t wall);
/* What has to be asked again. */
void notices_ask(struct notices *n, struct poller *poller, mono_t now);

#endif
