/* SPDX-License-Identifier: Apache-2.0 */
/* How the files of the server divide their work. */
#ifndef SIM_SERVER_PARTS_H
#define SIM_SERVER_PARTS_H

#include "sim/server.h"
#include "sim/wire.h"

enum { PEERS_MOST = 64, ADDRESS_MOST = 512 };

/* One who asks: a connection, or the only one at the other end of a terminal. */
struct peer {
    struct watcher watcher;
    struct endpoint *endpoint;
    uint8_t in[2 * FRAME_MAX], out[FRAME_MAX];
    size_t in_length, out_length, out_sent;
    bool waited;                   /* bytes were here at the last tick already */
    bool left;                     /* a terminal that nobody holds at its other end */
    int left_fd;                   /* its descriptor meanwhile, unwatched */
    struct peer *next;
};

struct endpoint {
    struct server *server;
    uint32_t line;
    bool rtu;                      /* frames with checksums, also over TCP */
    struct watcher listener;       /* TCP kinds */
    struct peer *peers;
    uint32_t peer_count;
    char address[ADDRESS_MOST];
    char link[ADDRESS_MOST - 8];   /* terminals; "" for TCP */
    bool link_made;
};

struct server {
    struct loop *loop;
    const struct plant *plant;
    const struct image *image;
    struct endpoint *endpoints;
    char dir[256];
    bool dir_made;
    uint64_t answers;
};

/* peer.c */
struct peer *peer_new(struct endpoint *e, int fd);     /* takes the fd; NULL: closed it */
void peer_free(struct peer *p);                        /* also from the endpoint's list */
void peer_tick(struct peer *p);

/* terminal.c */
bool terminal_open(struct endpoint *e);
void terminal_left(struct peer *p);                    /* the other end was closed */
void terminal_look(struct peer *p);                    /* at the next tick: is somebody back? */
void terminal_close(struct endpoint *e);

#endif
