/* SPDX-License-Identifier: Apache-2.0 */
/* For the tests of this room: a plan made by hand, and equipment played by a child process that
 * answers well or ill. A register's content tells its unit and address, so that no wrong value can
 * hide. */
#ifndef TESTS_POLL_RIG_H
#define TESTS_POLL_RIG_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/loop.h"
#include "poll/adu.h"
#include "poll/poller.h"

enum { RIG_LINES = 64, RIG_REQUESTS = 512, RIG_POINTS = 2048, RIG_WORDS = 5 };

struct rig {
    struct plant plant;
    struct plan plan;
    struct line lines[RIG_LINES];
    struct map map;
    struct point points[RIG_POINTS]; /* point i is two registers at address 2 * i, named "pI" */
    char names[RIG_POINTS][8];
    struct device devices[256];
    struct request requests[RIG_REQUESTS];
    struct feed feeds[RIG_POINTS * 4];
    uint32_t first_request[RIG_LINES + 1];
    uint32_t feed_count;
};

/* Begin with rig_new, then for each line rig_tcp or rig_bus and its requests in turn, then rig_run.
 */
struct rig *rig_new(void);
void rig_free(struct rig *g);
struct line *rig_line(struct rig *g, enum transport kind, const char *where, uint16_t port);
struct request *rig_read(struct rig *g, uint8_t unit, uint16_t first, uint16_t count,
                         int64_t period_ns);

static inline uint16_t rig_register(unsigned unit, unsigned address)
{
    return (uint16_t)(unit * 4099U + address * 13U + 7U);
}
bool rig_is_true(const struct block *b); /* every register is the unit's own */

/* What came back, counted. */
struct tally {
    struct rig *rig;
    unsigned good, wrong, faults[FAULT_HOLE + 1];
    unsigned good_of[256], faults_of[256]; /* by unit */
    unsigned events[POLL_LINE_DISTURBED + 1];
    char last_text[256];
    const char *last_why;
    struct block last;
    int64_t slowest_ns;
};
void tally_block(void *me, const struct block *b);
void tally_event(void *me, const struct poll_event *e);

/* ---- equipment --------------------------------------------------------------------------------
 * A child process; one function decides about each request. */
struct question {
    bool tcp;
    uint8_t frame[12]; /* as received */
    size_t length;
    uint8_t unit, function;
    uint16_t address, count;
    unsigned nth; /* of this connection or port */
    unsigned connection; /* nth of this listener */
    int fd;
};
/* The right answer; length. */
size_t rig_answer(const struct question *q, uint8_t *out);
size_t rig_exception(const struct question *q, uint8_t code, uint8_t *out);
size_t rig_seal(const struct question *q, uint8_t *out, size_t pdu); /* header or CRC around out */

/* Says what it has to say to q->fd. false: hang up. */
typedef bool rig_device(const struct question *q, void *me);

int rig_listen(uint16_t *port);   /* a listening socket on loopback, at a port that was free */
int rig_listen_at(uint16_t port); /* the same at this one */
uint16_t rig_nobody(void);        /* a port that nobody listens at */
/* A listener that has no room left, and who took it: connections to it stay undecided. */
void rig_crowd(int *fds, unsigned count, uint16_t *port);
int rig_pty(char name[64]); /* the master of a raw pty */
int rig_serve_sockets(const int *listeners, unsigned count, bool tcp, rig_device *device, void *me);
int rig_serve_ptys(const int *masters, unsigned count, rig_device *device, void *me); /* pid */
void rig_stop(int pid);
void rig_say(const struct question *q, const uint8_t *bytes, size_t length);
void rig_pause(unsigned ms); /* of the child only */

#endif
