/* SPDX-License-Identifier: Apache-2.0 */
/* How the two files of a single conversation divide their work. */
#ifndef POLL_SINGLE_PARTS_H
#define POLL_SINGLE_PARTS_H

#include "poll/link.h"
#include "poll/shape.h"
#include "poll/single.h"

enum { OWED_MAX = 64 };

struct question {
    bool identity;
    struct ask read;
    struct identity_ask what; /* identity */
    mono_t asked;
};

struct single {
    const struct line *line;
    struct single_setup setup;
    int64_t timeout_ns, silence_ns, char_ns, gap_ns;
    uint8_t framing; /* enum framing */
    bool is_socket, ever_asked;
    int fd; /* -1: not connected */
    struct serial *serial;
    uint16_t transaction;
    uint32_t misses; /* no answer, in a row */
    mono_t asked, sent, last_byte;
    struct question now_asked;
    struct question owed[OWED_MAX]; /* not answered as yet; oldest first */
    uint32_t owed_count;
    uint8_t frame[ADU_MAX];
    uint16_t frame_length, echo_left;
    uint8_t bytes[2 * ADU_MAX];
    uint16_t got;
};

enum waited { WAITED_BYTES, WAITED_OVER, WAITED_STOP };

bool single_connect(struct single *s, const char **why);
void single_hang_up(struct single *s);
enum waited single_wait(const struct single *s, mono_t until); /* for bytes */
enum waited single_pause(const struct single *s, mono_t until); /* for nothing but the time */
long single_receive(struct single *s); /* behind what is there; as link_read */

#endif
