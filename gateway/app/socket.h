/* SPDX-License-Identifier: Apache-2.0 */
/* The one door for people on this machine: a socket in the state directory, for the gateway's own user.
 * A client says one line, hears one line of JSON, and is gone. It can look, and change nothing; whatever
 * it does costs the plant no time that matters: few at once, few a second, little said, little waited
 * for. */
#ifndef APP_SOCKET_H
#define APP_SOCKET_H

#include <stddef.h>

#include "base/loop.h"

#define SOCKET_NAME "headgate.sock"

enum {
    SOCKET_CLIENTS = 4,            /* at once; more wait to be accepted */
    SOCKET_LINE_MAX = 256,         /* with its end */
    SOCKET_A_SECOND = 20           /* clients, in the long run */
};

struct socket_door;

/* Says to out what there is to say to the line; room is enough for any answer. Returns the length. */
typedef size_t socket_fn(void *me, const char *line, size_t length, char *out, size_t room);

struct socket_setup {
    struct loop *loop;
    const char *dir;               /* locked by the caller: a socket that is there is nobody's */
    size_t room;                   /* for an answer */
    socket_fn *fn;
    void *me;
};

/* NULL with *why: there is none; the gateway works without it. */
struct socket_door *socket_open(const struct socket_setup *setup, const char **why);
void socket_close(struct socket_door *d);              /* and takes the socket away, if it is still ours */
mono_t socket_tick(struct socket_door *d, mono_t now); /* d may be NULL; when to call again */

/* The other side. A connected descriptor, -1 with errno: ECONNREFUSED, ENOENT: nobody is there. */
int socket_connect(const char *dir);

#endif
