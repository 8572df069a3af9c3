/* SPDX-License-Identifier: Apache-2.0 */
/* Is each piece of equipment answering, since when, how well: counted from the blocks that pass. */
#ifndef APP_STATUS_H
#define APP_STATUS_H

#include "headgate/block.h"

enum device_state { DEVICE_UNKNOWN, DEVICE_ONLINE, DEVICE_SILENT, DEVICE_FAULTY, DEVICE_OFFLINE };

struct device_status {
    uint8_t state;                 /* enum device_state */
    bool owed;                     /* the broker has not been told the newest state */
    const char *why;               /* NULL when online */
    wall_t since, last_ok;
    int64_t rtt_ns;                /* of the last good answer */
    uint64_t good, timeouts, garbled, exceptions;
};

struct status;

struct status *status_new(const struct plant *plant);
void status_free(struct status *s);
/* One block: every device it feeds. changed gets the devices whose state is another one now; room
 * for board_touch_max. Returns how many. */
uint32_t status_feed(struct status *s, const struct block *b, uint32_t *changed);
struct device_status *status_device(struct status *s, uint32_t device);
const char *device_state_name(enum device_state s);    /* "online" */

/* All polls since the start. */
struct status_totals {
    uint64_t blocks, good, timeouts, garbled, exceptions, refused;
};
const struct status_totals *status_totals(const struct status *s);

#endif
