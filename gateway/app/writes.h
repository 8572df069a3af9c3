/* SPDX-License-Identifier: Apache-2.0 */
/* What people want written by a command, from its order to its second answer. */
#ifndef APP_WRITES_H
#define APP_WRITES_H

#include "app/tell.h"
#include "poll/write.h"

struct writes;

/* board: of this plant; what it knows of a device's identity decides with. NULL: out of memory. */
struct writes *writes_new(const struct plant *plant, const struct board *board,
                          struct teller *teller);
void writes_free(struct writes *w);

/* NULL: accepted and told so; writes_ended follows. Else why not, valid until the next call;
 * nothing was told. */
const char *writes_order(struct writes *w, struct poller *poller, const struct command *c,
                         const struct order *o, wall_t wall, mono_t now);
void writes_ended(struct writes *w, const struct write_end *e, wall_t wall);

#endif
