/* SPDX-License-Identifier: Apache-2.0 */
/* Asks for a host name without waiting for the answer, which a dead name server keeps back for half
 * a minute. */
#ifndef PUBLISH_LOOKUP_H
#define PUBLISH_LOOKUP_H

#include <stdbool.h>

struct lookup;

bool lookup_needed(const char *host);                  /* false: it is an address in digits */
struct lookup *lookup_begin(const char *host);         /* NULL: out of memory or threads */

enum lookup_state { LOOKUP_RUNS, LOOKUP_FOUND, LOOKUP_FAILED };
enum lookup_state lookup_state(struct lookup *l, const char **why);    /* why: when it failed */
void lookup_end(struct lookup *l);                     /* at once, in any state; NULL is fine */

#endif
