/* SPDX-License-Identifier: Apache-2.0 */
/* Asking, and hearing what comes back. Opening is in single_open.c. */
#include "poll/single.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "poll/single_parts.h"

static const int64_t drain_limit_ns = NS_PER_S;
/* After this long no answer is expected any more, however late equipment may be. */
static const int64_t late_ns = 10 * NS_PER_S;
static const int64_t patience_ns = 2 * NS_PER_S;
enum { MISSES_REOPEN = 16 };

static enum verdict judge(const struct question *q, const uint8_t *bytes, size_t n,
                          struct answer *a)
{
    return q->identity ? adu_identity_check(&q->what, bytes, n, a)
                       : adu_check(&q->read, bytes, n, a);
}

static uint8_t unit_of(const struct question *q)
{
    return q->identity ? q->what.unit : q->read.unit;
}

static uint8_t function_of(const struct question *q)
{
    return q->identity ? q->what.function : q->read.function;
}

/* Could the answer to one be taken for the answer to the other? */
static bool alike(const struct question *a, const struct question *b)
{
    if (unit_of(a) != unit_of(b) || function_of(a) != function_of(b))
        return false;
    return a->identity || shape_bytes(a->read.function, a->read.count) ==
                              shape_bytes(b->read.function, b->read.count);
}

/* ---- what may still come --------------------------------------------------------------------- */

static void forget(struct single *s, unsigned i)
{
    s->owed_count--;
    memmove(&s->owed[i], &s->owed[i + 1], (s->owed_count - i) * sizeof(s->owed[0]));
}

static void forget_old(struct single *s, mono_t now)
{
    while (s->owed_count && mono_since(now, s->owed[0].asked) >= late_ns)
        forget(s, 0);
}

/* Units answer in order: what was asked before has been answered, or never will be. */
static void forget_unit(struct single *s, uint8_t unit)
{
    for (unsigned i = s->owed_count; i-- > 0;) {
        if (unit_of(&s->owed[i]) == unit)
            forget(s, i);
    }
}

static void remember(struct single *s)
{
    if (s->owed_count == OWED_MAX)
        forget(s, 0);
    s->owed[s->owed_count++] = s->now_asked;
}

/* Do the bytes behind `from` begin with an earlier question's answer? Its length, or 0; *more: they
 * may. */
static size_t late_answer(const struct single *s, size_t from, size_t *which, struct answer *a,
                          bool *more)
{
    for (size_t i = 0; i < s->owed_count; i++) {
        for (size_t k = 1; from + k <= s->got; k++) {
            enum verdict v = judge(&s->owed[i], s->bytes + from, k, a);
            if (v == ADU_GOOD || v == ADU_EXCEPTION) {
                *which = i;
                return k;
            }
            if (v == ADU_BAD)
                break;
            *more = *more || from + k == s->got;
        }
    }
    return 0;
}

static bool set_late_aside(struct single *s, size_t from, struct exchange *x, bool *more)
{
    struct answer a = {0};
    size_t which = 0, n = late_answer(s, from, &which, &a, more);
    if (!n)
        return false;
    x->late++;
    x->late_exception = a.exception;
    x->late_unit = unit_of(&s->owed[which]);
    forget(s, (unsigned)which);
    s->got = (uint16_t)(s->got - n);
    memmove(s->bytes + from, s->bytes + from + n, s->got - from);
    return true;
}

/* ---- before asking --------------------------------------------------------------------------- */

static bool fail(struct exchange *x, enum fault fault, const char *why)
{
    x->fault = fault;
    x->why = why;
    return false;
}

/* false: told. Everything that comes is thrown away; what is known as late is counted. */
static bool wait_quiet(struct single *s, struct exchange *x)
{
    mono_t start = clock_mono();
    mono_t quiet = mono_add(s->last_byte, s->silence_ns);
    s->got = 0;
    for (;;) {
        enum waited w = single_wait(s, quiet);
        if (w == WAITED_STOP)
            return fail(x, FAULT_LINE_DOWN, "interrupted");
        if (w == WAITED_OVER)
            return true;
        long n = single_receive(s);
        if (n == LINK_GONE) {
            single_hang_up(s);
            return true; /* the next step opens it again */
        }
        bool more = false;
        while (s->got && set_late_aside(s, 0, x, &more))
            ;
        if (!more)
            s->got = 0;
        s->last_byte = clock_mono();
        quiet = mono_add(s->last_byte, s->silence_ns);
        if (mono_since(s->last_byte, start) > drain_limit_ns)
            return fail(x, FAULT_GARBLED, "the bus does not fall silent: is there another master?");
    }
}

/* A question that looks like one whose answer may still come waits for it. */
static bool wait_for_owed(struct single *s, struct exchange *x)
{
    for (;;) {
        mono_t now = clock_mono(), until = now;
        forget_old(s, now);
        for (unsigned i = 0; i < s->owed_count; i++) {
            if (alike(&s->owed[i], &s->now_asked))
                until = mono_add(s->owed[i].asked, late_ns);
        }
        if (!mono_before(now, until) || s->fd < 0)
            return true;
        int64_t wait = mono_since(until, now);
        if (wait >= patience_ns && s->setup.patience)
            s->setup.patience(s->setup.me, unit_of(&s->now_asked), wait);
        while (mono_before(clock_mono(), until)) {
            enum waited w = single_wait(s, until);
            if (w == WAITED_STOP)
                return fail(x, FAULT_LINE_DOWN, "interrupted");
            uint32_t before = s->owed_count;
            if (w == WAITED_BYTES && !wait_quiet(s, x))
                return false;
            if (s->owed_count != before || s->fd < 0)
                break;
        }
    }
}

static bool prepare(struct single *s, struct exchange *x)
{
    mono_t due = mono_add(s->asked, s->setup.interval_ns);
    const char *why = NULL;
    if (s->ever_asked && single_pause(s, due) == WAITED_STOP)
        return fail(x, FAULT_LINE_DOWN, "interrupted");
    for (int tries = 0; tries < 2; tries++) {
        if (s->fd < 0 && !single_connect(s, &why))
            return fail(x, FAULT_LINE_DOWN, why);
        forget_old(s, clock_mono());
        s->got = 0;
        if (!single_is_bus(s))
            return true;
        if (!wait_quiet(s, x) || !wait_for_owed(s, x))
            return false;
        if (s->fd >= 0)
            return true;
    }
    return fail(x, FAULT_CLOSED, "the other end hung up");
}

/* ---- hearing --------------------------------------------------------------------------------- */

/* Whole so far is our own question, where the adapter repeats it. */
static bool strip_echo(struct single *s)
{
    uint16_t n = s->got < s->echo_left ? s->got : s->echo_left;
    if (memcmp(s->bytes, s->frame + (s->frame_length - s->echo_left), n) != 0)
        return false;
    s->echo_left = (uint16_t)(s->echo_left - n);
    s->got = (uint16_t)(s->got - n);
    memmove(s->bytes, s->bytes + n, s->got);
    return true;
}

static bool is_echo(const struct single *s)
{
    size_t n = s->got < s->frame_length ? s->got : s->frame_length;
    return single_is_bus(s) && !s->line->echo && memcmp(s->bytes, s->frame, n) == 0;
}

static void garbled(struct single *s, struct exchange *x, const char *why)
{
    size_t head = s->framing == FRAMING_TCP ? 6 : 0;
    if (s->got > head && s->bytes[head] != unit_of(&s->now_asked) && !is_echo(s))
        x->foreign_unit = s->bytes[head];
    (void)fail(x, FAULT_GARBLED, why);
}

/* A refusal says only unit and function, which an earlier question may have had too. */
static bool may_be_older(const struct single *s)
{
    for (unsigned i = 0; i < s->owed_count; i++) {
        if (single_is_bus(s) && unit_of(&s->owed[i]) == unit_of(&s->now_asked) &&
            function_of(&s->owed[i]) == function_of(&s->now_asked))
            return true;
    }
    return false;
}

/* Nothing may follow an answer on a bus within 3.5 characters, but one that is known to be late. */
static bool settles(struct single *s, struct exchange *x)
{
    if (!single_is_bus(s))
        return true;
    uint16_t whole = s->got;
    mono_t limit = mono_add(s->sent, s->timeout_ns + s->gap_ns);
    mono_t quiet = mono_add(s->last_byte, s->gap_ns);
    while (single_wait(s, mono_min(quiet, limit)) == WAITED_BYTES) {
        bool more = false;
        if (single_receive(s) <= 0)
            break;
        quiet = mono_add(clock_mono(), s->gap_ns);
        while (s->got > whole && set_late_aside(s, whole, x, &more))
            ;
        if (s->got > whole && !more)
            break;
    }
    if (s->got > whole) {
        garbled(s, x, "bytes behind the answer");
        return false;
    }
    s->got = whole;
    return true;
}

/* true: decided. */
static bool weigh(struct single *s, struct exchange *x, struct answer *a)
{
    enum verdict v = judge(&s->now_asked, s->bytes, s->got, a);
    bool more = false;
    while (v == ADU_BAD && s->got && set_late_aside(s, 0, x, &more))
        v = judge(&s->now_asked, s->bytes, s->got, a);
    if (v == ADU_MORE || (v == ADU_BAD && more))
        return false;
    if (v == ADU_BAD) {
        if (is_echo(s) && s->got < s->frame_length)
            return false;
        garbled(s, x,
                is_echo(s) ? "our own bytes came back: the adapter repeats what it sends (echo)"
                           : a->why);
    } else if (v == ADU_EXCEPTION && may_be_older(s)) {
        (void)fail(x, FAULT_GARBLED, "a refusal that may belong to the question before");
    } else if (v == ADU_EXCEPTION && settles(s, x)) {
        x->exception = a->exception;
        (void)fail(x, FAULT_EXCEPTION, adu_exception_name(a->exception));
    } else if (v == ADU_GOOD && settles(s, x)) {
        x->fault = FAULT_NONE;
    }
    return true;
}

static void hear(struct single *s, struct exchange *x, struct answer *a)
{
    mono_t deadline = mono_add(s->sent, s->timeout_ns);
    for (;;) {
        enum waited w = single_wait(s, deadline);
        if (w == WAITED_STOP) {
            (void)fail(x, FAULT_LINE_DOWN, "interrupted");
            return;
        }
        if (w == WAITED_OVER) {
            (void)fail(x, FAULT_TIMEOUT, s->got ? "the answer was not whole in time" : "no answer");
            return;
        }
        errno = 0;
        if (single_receive(s) == LINK_GONE) {
            const char *why = s->is_socket ? "the other end hung up" : "the port is gone";
            (void)fail(x, FAULT_CLOSED, errno && s->is_socket ? strerror(errno) : why);
            return;
        }
        s->last_byte = clock_mono();
        if (s->echo_left && !strip_echo(s)) {
            (void)fail(x, FAULT_GARBLED, "the echo of our own bytes was damaged");
            return;
        }
        if (s->got && weigh(s, x, a))
            return;
    }
}

/* ---- one question ---------------------------------------------------------------------------- */

/* What this outcome means for what may still come, and for the connection. */
static void conclude(struct single *s, struct exchange *x)
{
    bool answered = x->fault == FAULT_NONE || x->fault == FAULT_EXCEPTION;
    s->misses = x->fault == FAULT_TIMEOUT ? s->misses + 1 : 0;
    if (!answered)
        remember(s);
    else if (single_is_bus(s))
        forget_unit(s, unit_of(&s->now_asked));
    if (single_is_bus(s)) {
        if (x->fault == FAULT_CLOSED)
            single_hang_up(s);
        return;
    }
    /* Numbered answers can come late without harm; what isn't framed, or torn, can't be followed.
     */
    bool torn = x->fault == FAULT_TIMEOUT && s->got > 0;
    if (torn || x->fault == FAULT_GARBLED || x->fault == FAULT_CLOSED ||
        s->misses >= MISSES_REOPEN) {
        single_hang_up(s);
        s->owed_count = 0;
        s->misses = 0;
    }
}

static void run(struct single *s, struct exchange *x, struct answer *a)
{
    *x = (struct exchange){.foreign_unit = -1};
    memcpy(x->sent, s->frame, s->frame_length);
    x->sent_length = s->frame_length;
    if (!prepare(s, x))
        return;
    s->got = 0;
    s->echo_left = s->line->echo ? s->frame_length : 0;
    s->asked = clock_mono();
    s->ever_asked = true;
    s->now_asked.asked = s->asked;
    s->sent = mono_add(s->asked, s->frame_length * s->char_ns);
    s->last_byte = s->sent;
    if (!link_write(s->fd, s->is_socket, s->frame, s->frame_length)) {
        single_hang_up(s);
        (void)fail(x, FAULT_CLOSED, "the other end hung up");
        return;
    }
    hear(s, x, a);
    mono_t end = s->got ? s->last_byte : clock_mono();
    x->wire_ns = mono_since(end, s->sent) > 0 ? mono_since(end, s->sent) : 0;
    x->time = clock_wall();
    memcpy(x->received, s->bytes, s->got);
    x->received_length = s->got;
    if (x->fault == FAULT_NONE) {
        x->data = x->received + (a->data - s->bytes);
        x->length = a->length;
    }
    conclude(s, x);
}

static uint16_t next_transaction(struct single *s)
{
    s->transaction = (uint16_t)(s->transaction + 19);
    return s->transaction;
}

void single_ask(struct single *s, uint8_t unit, uint8_t function, uint16_t address, uint16_t count,
                struct exchange *x)
{
    struct answer a;
    s->now_asked = (struct question){.read = {.framing = s->framing,
                                              .transaction = next_transaction(s),
                                              .unit = unit,
                                              .function = function,
                                              .address = address,
                                              .count = count}};
    s->frame_length = (uint16_t)adu_ask(s->frame, &s->now_asked.read);
    run(s, x, &a);
}

static bool identify(struct single *s, const struct identity_ask *what, struct exchange *x,
                     struct answer *a)
{
    s->now_asked = (struct question){.identity = true, .what = *what};
    s->now_asked.what.framing = s->framing;
    s->now_asked.what.transaction = next_transaction(s);
    s->frame_length = (uint16_t)adu_identity_ask(s->frame, &s->now_asked.what);
    run(s, x, a);
    a->data = x->data;
    return x->fault == FAULT_NONE;
}

void single_identify(struct single *s, uint8_t unit, enum identity_access access, uint8_t object,
                     struct exchange *x, struct identity_page *page)
{
    struct answer a;
    struct identity_ask what = {
        .unit = unit, .function = FUNCTION_MEI, .access = (uint8_t)access, .object = object};
    if (identify(s, &what, x, &a))
        adu_identity_page(&a, page);
}

void single_report(struct single *s, uint8_t unit, struct exchange *x, struct identity_report *r)
{
    struct answer a;
    struct identity_ask what = {.unit = unit, .function = FUNCTION_REPORT};
    if (identify(s, &what, x, &a))
        adu_identity_report(&a, r);
}

uint16_t single_word(const struct exchange *x, size_t i)
{
    assert(2 * i + 1 < x->length);
    return (uint16_t)(x->data[2 * i] << 8 | x->data[2 * i + 1]);
}

bool single_bit(const struct exchange *x, size_t i)
{
    assert(i / 8 < x->length);
    return (x->data[i / 8] >> i % 8 & 1) != 0;
}
