/* SPDX-License-Identifier: Apache-2.0 */
/* Frames around requests and answers, seen from the answering side. Pure: bytes in, bytes out.
 *
 * Its own, though libmodbus could serve: a libmodbus context has one unit, one connection, a
 * blocking receive and select() with its limit of 1024 descriptors, while one line here has many
 * units and connections, and a plant many lines. And not poll/adu, which it must be able to
 * contradict. libmodbus judges both in the tests. */
#ifndef SIM_WIRE_H
#define SIM_WIRE_H

#include "sim/image.h"

enum { FRAME_MAX = 260 };

enum wire_result {
    WIRE_MORE,                     /* no whole frame yet */
    WIRE_ANSWER,                   /* *answered bytes are to be sent */
    WIRE_SILENT,                   /* a whole frame that nobody answers */
    WIRE_BROKEN,                   /* TCP: hang up. RTU: forget what came until the bus is silent */
};

/* Takes at most one frame from the front of the bytes; *used is its length when it is not
 * WIRE_MORE. out: at least FRAME_MAX bytes. */
enum wire_result wire_tcp(const struct image *i, uint32_t line, const uint8_t *in, size_t length,
                          size_t *used, uint8_t *out, size_t *answered);
enum wire_result wire_rtu(const struct image *i, uint32_t line, const uint8_t *in, size_t length,
                          size_t *used, uint8_t *out, size_t *answered);

#endif
