/* SPDX-License-Identifier: Apache-2.0 */
/* Is each piece of equipment answering, since when, how well: counted from the blocks that pass. */
#ifndef APP_STATUS_H
#define APP_STATUS_H

#include "headgate/change.h"

enum device_state { DEVICE_UNKNOWN, DEVICE_ONLINE, DEVICE_SILENT, DEVICE_FAULTY, DEVICE_OFFLINE };

struct device_health {
    uint8_t state;                 /* enum device_state */
    bool owed;                     /* stands in the queue of states to be told */
    uint32_t next_owed;
    const char *why;               /* NULL when online */
    wall_t since, last_ok;
    int64_t rtt_ns;                /* of the last good answer */
    uint64_t good, timeouts, garbled, exceptions;
};

struct status;

struct status *status_new(const struct plant *plant);
void status_free(struct status *s);
/* Devices of the same path stay what they are; those that are new, or have a new heading, are owed. */
void status_carry(struct status *s, const struct status *before, const struct change *c);
/* One block: every device it feeds. changed gets the devices whose state is another one now (they
 * are owed to the broker then); room for as many as the request has feeds. Returns how many. */
uint32_t status_feed(struct status *s, const struct block *b, uint32_t *changed);
void status_owe(struct status *s, uint32_t device);    /* once, however often called */
bool status_next_owed(struct status *s, uint32_t *device);   /* takes one; false: none */
uint32_t status_online(const struct status *s);        /* devices that answer */
struct device_health *status_device(struct status *s, uint32_t device);
const char *device_state_name(enum device_state s);    /* "online" */

/* All polls since the start. */
struct status_totals {
    uint64_t blocks, good, timeouts, garbled, exceptions, refused;
};
const struct status_totals *status_totals(const struct status *s);

#endif
