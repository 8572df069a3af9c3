/* SPDX-License-Identifier: Apache-2.0 */
/* What people want written by a command, from its order to its second answer. */
#ifndef APP_WRITES_H
#define APP_WRITES_H

#include "app/tell.h"
#include "poll/write.h"

struct writes;

struct writes *writes_new(const struct plant *plant,
                          struct teller *teller); /* NULL: out of memory */
void writes_free(struct writes *w);

/* NULL: accepted and told so; writes_ended follows. Else why not, valid until the next call;
 * nothing was told. */
const char *writes_order(struct writes *w, struct poller *poller, const struct command *c,
                         const struct order *o, wall_t wall, mono_t now);
void writes_ended(struct writes *w, const struct write_end *e, wall_t wall);

#endif
