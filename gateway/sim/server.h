/* SPDX-License-Identifier: Apache-2.0 */
/* Where the lines of a simulated plant can be reached: listening ports and pseudo terminals. One
 * loop, any number of lines and connections. */
#ifndef SIM_SERVER_H
#define SIM_SERVER_H

#include <stdio.h>

#include "base/loop.h"
#include "sim/image.h"

struct server;

struct server_setup {
    uint16_t port_base;            /* 0: free ports; else counted up from here */
    const char *dir;               /* for links to pseudo terminals; NULL: a fresh one under /tmp */
};

/* Opens every line. NULL when one can't be had; which and why is in the log. */
struct server *server_new(struct loop *loop, const struct plant *plant, const struct image *image,
                          const struct server_setup *setup);
void server_free(struct server *s);                    /* closes, removes the links and a fresh dir */

/* Ten times a second: brings back terminals whose other end hung up, forgets half frames. */
void server_tick(struct server *s);

const char *server_address(const struct server *s, uint32_t line);   /* "tcp://127.0.0.1:40001" */
bool server_write_lines(const struct server *s, const char *file);   /* temporary name, then renamed */
uint64_t server_answers(const struct server *s);       /* given since the start */

#endif
