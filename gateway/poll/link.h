/* SPDX-License-Identifier: Apache-2.0 */
/* Descriptors that carry bytes to equipment. Nothing here waits, and nothing knows of frames. */
#ifndef POLL_LINK_H
#define POLL_LINK_H

#include "headgate/plant.h"
#include "poll/resolve.h"

enum link_opening { LINK_OPEN, LINK_PENDING, LINK_FAILED };

/* Starts a connection. PENDING: writable when decided, then link_tcp_connected tells how it went.
 * FAILED: *why is a static or strerror text. */
enum link_opening link_tcp_open(const union address *to, int *fd, const char **why);
bool link_tcp_connected(int fd, const char **why);
/* reset: what is still on its way is dropped at both ends, so that it can't arrive later. */
void link_tcp_close(int fd, bool reset);
/* The kernel gives the connection up when nobody confirms for so long what was sent; 0: as usual. */
void link_tcp_patience(int fd, int64_t ns);

/* A serial port, ours alone (flock, TIOCEXCL), raw, emptied. */
struct serial;
struct serial *link_serial_open(const struct line *l, int *fd, const char **why);
void link_serial_close(struct serial *s);
void link_serial_forget(int fd); /* what was written and hasn't left yet */

enum { LINK_GONE = -1 }; /* the other end has gone; errno 0 when it went in good order */

/* Bytes now there, 0: none, or LINK_GONE. */
long link_read(int fd, bool is_socket, uint8_t *to, size_t room);
/* A peer that gathers small writes keeps the second of two back until the first is acknowledged,
 * which the kernel likes to do with our next request. Then it would look like its answer. */
void link_acknowledge(int fd);
bool link_write(int fd, bool is_socket, const uint8_t *from, size_t length); /* all or failed */

/* Time of one character, and the 3.5 of them that end a frame. */
int64_t link_char_ns(const struct line *l);
int64_t link_gap_ns(const struct line *l);

#endif
