/* SPDX-License-Identifier: Apache-2.0 */
/* One unit of a line, as the conversation with it went: does it answer, may it be believed, and
 * when is it asked again if not. Knows no bytes. */
#ifndef POLL_PARTY_H
#define POLL_PARTY_H

#include "headgate/block.h"

struct shapes;

enum { STRANGE_PROOFS = 2, SAID_MAX = 16 };

struct party {
    uint8_t unit;
    bool silent; /* given up, asked once in a while only */
    bool doubt; /* RTU: an answer to an earlier question may still be on its way */
    uint16_t misses; /* tries without a believable answer, in a row */
    uint32_t lives; /* how often it began to answer after a silence */
    uint16_t refusing; /* requests that it refuses */
    uint32_t requests;
    mono_t not_before; /* it wants silence until then */
    mono_t heard; /* its last believable answer; 0 ns: never */
    mono_t doubted; /* the last thing that could bring a late answer */
    mono_t next_probe; /* silent: when to ask */
    mono_t reconsidered; /* what it refuses was tried once more */
    int64_t interval_ns; /* silent: between probes; grows */
    int64_t period_ns; /* the shortest of its requests' */
    int64_t delay_ns; /* the silence it wants, the longest of its requests' */
    int64_t rtt_ns; /* smoothed */
    const char *why; /* what its last miss was */
    uint64_t good, timeouts, garbled, exceptions;
    uint8_t strange; /* RTU: proofs still wanted, one behind the other: who asked before us, what? */
    struct { /* its last answers, a ring */
        uint8_t function, bytes;
        mono_t when; /* 0 ns: none */
    } said[SAID_MAX];
    uint8_t next_said;
    const struct request *prober; /* silent: what it is asked; its other requests are parked */
    uint32_t blamed; /* 1 + number of the request that it was given up for; 0: for something else */
    uint8_t extra_function; /* what it was asked last that no request holds ... */
    uint16_t extra_count;
    mono_t extra_asked; /* ... and when; 0 ns: never */
    struct shapes *shapes; /* RTU: what alignment can be proved with; made when needed */
};

void party_init(struct party *p, const struct request *first);
void party_add(struct party *p, const struct request *r); /* one more of its requests */

bool party_heard(struct party *p, mono_t now); /* true: it was silent */
void party_rtt(struct party *p, int64_t ns);
void party_missed(struct party *p); /* one try */

/* What it answered, in bytes of data; and until when it could say such an answer once more of its
 * own accord: `within` after the last one. */
void party_said(struct party *p, uint8_t function, size_t bytes, mono_t now);
mono_t party_repeats_end(const struct party *p, uint8_t function, size_t bytes, int64_t within);

/* Given up, or given up once more: the next probe is twice as far away, at most `longest`. */
void party_give_up(struct party *p, int64_t longest, uint64_t random, mono_t now);

/* Of a line's time, only a share may go to those who don't answer. */
struct allowance {
    double share;
    int64_t ns, most; /* what is left; may be negative */
    mono_t at;
};

void allowance_init(struct allowance *a, double share, int64_t most, mono_t now);
void allowance_spend(struct allowance *a, int64_t ns, mono_t now);
bool allowance_left(struct allowance *a, mono_t now);

#endif
