/* SPDX-License-Identifier: Apache-2.0 */
/* The list of what a gateway retains on its broker, in a file: what stands in it and is no longer in
 * the plant file is left over. Knows no broker. */
#ifndef PUBLISH_LEFTOVER_H
#define PUBLISH_LEFTOVER_H

#include <limits.h>

#include "headgate/plant.h"
#include "publish/struck.h"
#include "publish/topic.h"

struct leftover {
    char file[PATH_MAX];
    char base[TOPIC_MAX];          /* "<root>/<site>/" */
    char gateway[80];
    uint64_t fingerprint;
    uint64_t list;                 /* number of the one in the file */
    struct struck struck;          /* what of it is gone already */
    struct leftover_set {          /* of hashes of what the plant holds, while it is compared */
        uint64_t *slots;
        size_t mask;
    } set;
    struct leftover_topic {
        char *topic;
        enum { LEFTOVER_THERE, LEFTOVER_GONE, LEFTOVER_REFUSED } state;
    } *old;
    uint32_t count, room;
};

/* Reads the list, compares it with the plant, writes it anew. What was gone is left over no longer. */
void leftover_plan(struct leftover *l, const struct plant *p);
void leftover_gone(struct leftover *l, uint32_t index);
void leftover_strike(struct leftover *l);              /* what is gone leaves the file, too */
void leftover_free(struct leftover *l);

#endif
