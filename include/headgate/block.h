/* SPDX-License-Identifier: Apache-2.0 */
/* What is asked of a unit, and what came back. */
#ifndef HEADGATE_BLOCK_H
#define HEADGATE_BLOCK_H

#include "headgate/plant.h"

/* One point of one device that a request feeds. Sorted by device, then by point. */
struct feed {
    uint32_t device;               /* index in plant->devices */
    uint32_t point;                /* index in its map */
    uint16_t offset;               /* registers (or bits) from the start of the request */
    uint16_t every_nth;            /* a slow point in a faster request: due with each nth good answer
                                      only (0 and 1: with each). Its own period is nth times the
                                      request's. The first answer, and any answer while the tag is
                                      not good, is its turn too; a fault always is. */
};

/* One planned read. Never longer than its device allows, never cuts a value or a group. */
struct request {
    uint32_t id;                   /* index in plan->requests */
    uint32_t line;
    uint8_t unit;
    uint8_t table;
    uint16_t first, count;         /* registers or bits */
    int64_t period_ns;
    int64_t delay_ns;              /* silence the unit wants before it is asked again */
    const struct feed *feeds;
    uint32_t feed_count;
    bool once;                     /* asked when the unit begins to answer on a new connection, until it
                                      has answered; then again after period_ns */
    bool alone;                    /* reading it changes something in the equipment: asked at its own
                                      times, in its own shape, and not once more when no answer comes */
};

struct plan {
    const struct plant *plant;
    const struct request *requests;    /* sorted by line */
    uint32_t request_count;
    const uint32_t *first_request;     /* per line, line_count + 1 entries: requests of line i are
                                          [first_request[i], first_request[i + 1]) */
    int64_t tick_ns;                   /* plant's, or finer where a period asks for it */
};

/* Why a request brought no data. Trouble in the plant is a value, never an error path. */
enum fault {
    FAULT_NONE,
    FAULT_LINE_DOWN,               /* no connection, no serial port: nothing could be asked */
    FAULT_TIMEOUT,                 /* asked, no (whole) answer before the deadline */
    FAULT_GARBLED,                 /* an answer that breaks a rule: CRC, unit, length, transaction */
    FAULT_CLOSED,                  /* the other end hung up while we waited */
    FAULT_EXCEPTION,               /* a well-formed refusal; see exception */
    FAULT_BACKED_OFF,              /* the unit is silent and its turn to be probed has not come */
    FAULT_HOLE,                    /* the device refuses this address; learned, not asked again soon */
};

struct block {
    const struct request *request;
    enum fault fault;
    uint8_t exception;             /* Modbus exception code with FAULT_EXCEPTION, else 0 */
    const char *why;               /* NULL when good; else a static sentence: "no answer", "wrong unit" */
    const uint8_t *data;           /* registers big-endian as on the wire, or packed bits */
    size_t length;                 /* bytes */
    uint16_t first, count;         /* what data covers; all of the request, or a part of it after a split */
    wall_t time;                   /* arrival */
    mono_t asked, answered;
    uint32_t connection;           /* of the unit: rises with each connection of its line, and when the
                                      unit begins to answer after a silence. Another piece of equipment
                                      may answer on another one. From 1 */
};

#endif
