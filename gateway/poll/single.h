/* SPDX-License-Identifier: Apache-2.0 */
/* One line, one question at a time, for people's tools: `headgate scan` and `headgate probe`. It
 * waits inside, so the gateway itself never uses it. As strict as the gateway: an answer is exactly
 * what was asked for, and one that comes late is known as what it is, or not believed. */
#ifndef POLL_SINGLE_H
#define POLL_SINGLE_H

#include <signal.h>

#include "poll/adu_identity.h"

struct single_setup {
    int64_t timeout_ns; /* of an answer; 0: the line's */
    int64_t silence_ns; /* a bus is quiet for so long before it is asked; 0: 50 ms */
    int64_t interval_ns; /* from one question to the next, at least */
    const volatile sig_atomic_t *stop; /* not 0: whatever is awaited is given up; may be NULL */
    /* A wait of seconds begins, because an earlier answer may still be on its way; may be NULL. */
    void (*patience)(void *me, uint8_t unit, int64_t ns);
    void *me;
};

/* One question and what became of it. */
struct exchange {
    enum fault fault; /* EXCEPTION: see exception */
    uint8_t exception;
    const char *why; /* NULL when good; else for people, and valid until the next exchange */
    const uint8_t *data; /* good: registers big-endian, packed bits, or an identification's body */
    size_t length;
    int64_t wire_ns; /* from the last bit sent to the last byte of the answer, or to giving up */
    wall_t time;
    uint16_t late; /* answers of earlier questions that came now, and were set aside */
    uint8_t late_unit; /* late: the unit of the last one ... */
    uint8_t late_exception; /* ... and how it refused; 0: it didn't */
    int foreign_unit; /* GARBLED: whose number the answer carried, where it was another's; else -1
                       */
    uint8_t sent[ADU_MAX], received[2 * ADU_MAX]; /* with echo and late ones left out */
    uint16_t sent_length, received_length;
};

struct single;

/* Opens at once, so that people learn early what is wrong. NULL: *why says it. The line must last.
 */
struct single *single_open(const struct line *l, const struct single_setup *setup,
                           const char **why);
void single_close(struct single *s); /* NULL is fine */

/* function 1..4. Where a connection is lost, the next question opens another. */
void single_ask(struct single *s, uint8_t unit, uint8_t function, uint16_t address, uint16_t count,
                struct exchange *x);
/* 43/14, one page; *page is filled when the exchange is good. */
void single_identify(struct single *s, uint8_t unit, enum identity_access access, uint8_t object,
                     struct exchange *x, struct identity_page *page);
void single_report(struct single *s, uint8_t unit, struct exchange *x, struct identity_report *r);

void single_rest(const struct single *s, mono_t until); /* asks nothing meanwhile; ends with stop */
bool single_is_bus(const struct single *s);
uint16_t single_word(const struct exchange *x, size_t i); /* register i of a good answer */
bool single_bit(const struct exchange *x, size_t i);

#endif
