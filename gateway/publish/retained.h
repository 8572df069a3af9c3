/* SPDX-License-Identifier: Apache-2.0 */
/* What a broker keeps for ever, somebody has to take back: the retained topics of tags, devices,
 * alarms and leaks that have left the plant file. DIR/retained.txt lists what this gateway has ever
 * retained there. */
#ifndef PUBLISH_RETAINED_H
#define PUBLISH_RETAINED_H

#include "headgate/plant.h"
#include "publish/broker.h"

struct retained;

/* NULL: out of memory. The door must outlive it. */
struct retained *retained_new(const char *dir, struct door *door);
void retained_free(struct retained *r);                /* after the broker thread: writes what it did */

/* Of what the journal kept, before the first plan. true: it's for us. */
bool retained_restore(struct retained *r, const char *key, const void *bytes, size_t size);

/* At start and after each reload: compares the list with the plant, and writes the list anew. Reads
 * and writes a file, so it's for moments at which nothing is polled. The plant isn't kept. */
void retained_plan(struct retained *r, const struct plant *p);

/* Puts as much as there is room for: empty retained messages, each again in each new session until
 * the broker has acknowledged it, and never after. true: something was put. */
bool retained_tick(struct retained *r);

uint32_t retained_left(const struct retained *r);      /* topics that are still to be taken back */

#endif
