/* SPDX-License-Identifier: Apache-2.0 */
/* A foreign library that calls abort() on what it is sent ends its call, not the process. */
#ifndef PUBLISH_SURVIVE_H
#define PUBLISH_SURVIVE_H

#include <stdbool.h>

/* Takes SIGABRT for the process; what aborts outside of `survive` dies as ever. */
void survive_init(void);

/* fn(me), which may not hold anything that has to be given back. false: it called abort(). What it
 * worked on is in an unknown state, fit only to be destroyed. Not to be nested. */
bool survive(void (*fn)(void *me), void *me);

/* Code of our own that is called from inside: its asserts are to be heard. */
bool survive_leave(void);                              /* what survive_return wants back */
void survive_return(bool was);

#endif
