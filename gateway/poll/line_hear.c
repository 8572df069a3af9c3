/* SPDX-License-Identifier: Apache-2.0 */
/* Receiving. Whatever isn't exactly what was asked for is trouble of the whole line. */
#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "poll/line.h"

static const int64_t silence_ns = 20 * NS_PER_MS;
static const int64_t drain_limit_ns = NS_PER_S;
static const int64_t stutter_ns = 60 * NS_PER_S;
const int64_t talk_stutter_pause_ns = 50 * NS_PER_MS;
static const int64_t overslept_ns = 500 * NS_PER_MS;

/* At first as long as an answer may take to who asked before us: another plan, or a process that
 * was killed. What we asked ourselves we know. */
static int64_t quiet_ns(const struct talk *t)
{
    bool strangers = t->stats.connects == 1 && !t->served;
    return t->gap_ns + (strangers ? t->line->timeout_ns : silence_ns);
}

void talk_drain(struct talk *t, mono_t now)
{
    t->answered.unit = 0;
    t->drain_end = mono_add(now, drain_limit_ns + quiet_ns(t));
    talk_enter(t, TALK_DRAINING, mono_add(now, quiet_ns(t)));
}

void talk_suspect(struct talk *t, const char *why, mono_t now)
{
    t->suspect = true;
    t->stats.state = LINE_SUSPECT;
    if (!t->told_suspect)
        talk_event(t, POLL_LINE_SUSPECT, -1, why, now);
    t->told_suspect = true;
    talk_drain(t, now);
}

static void hung_up(struct talk *t, mono_t now)
{
    const char *why = t->is_socket ? "the other end hung up" : "the port is gone";
    if (errno && t->is_socket)
        why = strerror(errno);
    if (t->state == TALK_WAITING || t->state == TALK_SETTLING)
        talk_failed(t, FAULT_CLOSED, why, now);
    else
        talk_reopen(t, true, why, now);
}

/* The first byte names the unit, if it is one at all; one that spoke twice may speak a third time.
 */
static void doubt_sender(struct talk *t, uint8_t unit, mono_t now)
{
    for (uint32_t i = 0; i < t->party_count; i++) {
        if (t->parties[i].unit == unit) {
            /* It owed us nothing, so it repeats itself, or another master asks it. What comes
             * between two questions does no harm, so leave more room there. */
            if (!t->parties[i].doubt)
                t->stutter_end = mono_add(now, stutter_ns);
            t->parties[i].doubt = true;
            t->parties[i].doubted = now;
        }
    }
}

/* May an answer, or the rest of one, be late? */
static bool owed(const struct talk *t)
{
    for (uint32_t i = 0; i < t->party_count; i++) {
        if (t->parties[i].doubt)
            return true;
    }
    return false;
}

static void disturbed(struct talk *t, int unit, const char *why, mono_t now)
{
    if (mono_before(now, t->disturbed_end))
        return;
    t->disturbed_end = mono_add(now, stutter_ns);
    talk_event(t, POLL_LINE_DISTURBED, unit, why, now);
}

static void stutters(struct talk *t, mono_t now)
{
    t->stutter_end = mono_add(now, stutter_ns);
    disturbed(t, t->answered.unit, "it says its answers twice: a pause is kept after each", now);
}

/* The last answer once more, byte by byte. Nothing is outstanding, so nothing is in doubt; but the
 * next question waits until all of it is over. */
static bool repeats_itself(struct talk *t, const uint8_t *bytes, size_t n, mono_t now)
{
    if (!talk_is_bus(t) || t->state != TALK_IDLE || t->answered.unit == 0 ||
        n > (size_t)(t->got - t->repeated) || memcmp(t->bytes + t->repeated, bytes, n) != 0)
        return false;
    t->repeated = (uint16_t)((t->repeated + n) % t->got);
    t->stats.garbled += t->repeated == 0;
    stutters(t, now);
    t->not_before = mono_add(now, talk_stutter_pause_ns);
    talk_enter(t, TALK_IDLE, t->not_before);
    return true;
}

/* It came when the next question was out already. */
static bool is_repetition(const struct talk *t)
{
    const struct ask *a = &t->answered;
    return talk_is_bus(t) && a->unit != 0 && t->got > 2 && t->bytes[0] == a->unit &&
           t->bytes[1] == a->function && t->bytes[2] == shape_bytes(a->function, a->count);
}

/* Bytes that nobody asked for. On a bus, whoever sent them may send more of the kind. */
static void unasked(struct talk *t, const uint8_t *bytes, mono_t now)
{
    static const char why[] = "bytes that nobody asked for";
    if (t->state == TALK_SETTLING) {
        talk_failed(t, FAULT_GARBLED, "bytes behind the answer", now);
        return;
    }
    t->stats.garbled++;
    if (!talk_is_bus(t)) {
        talk_reopen(t, false, why, now);
        return;
    }
    if (!owed(t))
        disturbed(t, -1, "bytes that nobody asked for: is there another master on this bus?", now);
    doubt_sender(t, bytes[0], now);
    talk_suspect(t, why, now);
}

bool talk_silent(struct talk *t, mono_t now)
{
    uint8_t bytes[64];
    long n = link_read(t->watcher.fd, t->is_socket, bytes, sizeof(bytes));
    if (n == 0)
        return true;
    if (n == LINK_GONE)
        hung_up(t, now);
    else {
        t->stats.bytes_in += (uint64_t)n;
        if (!repeats_itself(t, bytes, (size_t)n, now))
            unasked(t, bytes, now);
    }
    return false;
}

/* More of it is thrown away; the silence begins anew with each byte, up to a limit: on a bus that
 * never falls silent the question that follows will fail, and say so. */
static void discard(struct talk *t, mono_t now)
{
    uint8_t bytes[512];
    long n = link_read(t->watcher.fd, t->is_socket, bytes, sizeof(bytes));
    if (n == LINK_GONE) {
        hung_up(t, now);
        return;
    }
    if (n == 0)
        return;
    t->stats.bytes_in += (uint64_t)n;
    /* Behind a silence a frame begins, and with it the number of a unit; else it goes on. */
    if (mono_since(now, t->last_byte) >= t->gap_ns)
        doubt_sender(t, bytes[0], now);
    t->last_byte = now;
    talk_enter(t, TALK_DRAINING, mono_min(mono_add(now, quiet_ns(t)), t->drain_end));
}

/* Our own bytes, where the adapter repeats them. false: they aren't ours. */
static bool strip_echo(struct talk *t)
{
    uint16_t n = t->got < t->echo_left ? t->got : t->echo_left;
    const uint8_t *expected = t->sent_bytes + (t->sent_length - t->echo_left);
    if (memcmp(t->bytes, expected, n) != 0)
        return false;
    t->echo_left = (uint16_t)(t->echo_left - n);
    t->got = (uint16_t)(t->got - n);
    memmove(t->bytes, t->bytes + n, t->got);
    return true;
}

/* What came so far are our own bytes, though nobody said that the adapter repeats them. */
static bool is_echo(const struct talk *t)
{
    size_t n = t->got < t->sent_length ? t->got : t->sent_length;
    return talk_is_bus(t) && !t->line->echo && memcmp(t->bytes, t->sent_bytes, n) == 0;
}

/* No byte may follow within 3.5 characters. An answer that came much sooner than this unit's
 * answers do may be the repetition of an earlier one: wait until the true one would be here. */
static mono_t settled_at(struct talk *t, mono_t now)
{
    mono_t silent = mono_add(now, t->gap_ns);
    const struct party *p = talk_asked(t);
    if (mono_since(now, t->sent) * 2 >= p->rtt_ns)
        return silent;
    mono_t usual = mono_add(t->sent, p->rtt_ns * 3 / 2);
    return mono_before(silent, usual) ? usual : silent;
}

static void weigh(struct talk *t, mono_t now)
{
    struct answer a;
    enum verdict v = talk_check(t, &a);
    if (v == ADU_MORE)
        return;
    if (v == ADU_BAD) {
        if (is_echo(t)) {
            if (t->got < t->sent_length)
                return; /* eight bytes tell for sure, and come at once or never */
            a.why = "our own bytes came back: set echo: true on this line";
        } else if (is_repetition(t)) {
            a.why = "the answer before came once more";
            stutters(t, now);
        }
        if (talk_is_bus(t) && t->bytes[0] != t->ask.unit)
            doubt_sender(t, t->bytes[0], now);
        talk_failed(t, FAULT_GARBLED, a.why, now);
        return;
    }
    t->arrived = clock_wall();
    if (talk_is_bus(t)) {
        talk_enter(t, TALK_SETTLING, settled_at(t, now));
        return;
    }
    if (v == ADU_GOOD)
        talk_answered(t, &a, now);
    else
        talk_refused(t, a.exception, now);
}

static void receive(struct talk *t, mono_t now)
{
    /* One byte more than the answer has, so that the same call that brings the answer shows
     * whether anything follows it. */
    size_t whole = talk_answer_length(t) + t->echo_left + 1;
    size_t least = t->sent_length > FRAME_SENT_MAX ? t->sent_length : FRAME_SENT_MAX;
    if (whole < least)
        whole = least;
    long n = link_read(t->watcher.fd, t->is_socket, t->bytes + t->got, whole - t->got);
    if (n == 0)
        return;
    if (n == LINK_GONE) {
        hung_up(t, now);
        return;
    }
    if (talk_is_bus(t) && t->is_socket)
        link_acknowledge(t->watcher.fd);
    t->stats.bytes_in += (uint64_t)n;
    t->got = (uint16_t)(t->got + n);
    t->last_byte = now;
    /* We may have been stopped for a while; nobody can say how old these bytes are. */
    if (mono_before(t->deadline, now)) {
        if (talk_overslept(t, now))
            return;
        talk_failed(t, FAULT_TIMEOUT, "the answer was not whole in time", now);
        return;
    }
    if (t->echo_left && !strip_echo(t)) {
        talk_failed(t, FAULT_GARBLED, "the echo of our own bytes was damaged", now);
        return;
    }
    if (t->got)
        weigh(t, now);
}

void talk_hear(struct talk *t, mono_t now)
{
    if (t->state == TALK_WAITING)
        receive(t, now);
    else if (t->state == TALK_DRAINING)
        discard(t, now);
    else
        (void)talk_silent(t, now);
}

/* The whole machine stood still, or this program did. What the equipment said meanwhile is too old,
 * but that it said nothing can't be held against it. */
bool talk_overslept(struct talk *t, mono_t now)
{
    if (mono_since(now, t->deadline) < overslept_ns)
        return false;
    static const char why[] = "the gateway itself stood still";
    if (!talk_is_bus(t) || (t->is_socket && talk_writing(t))) {
        talk_reopen(t, false, why, now);
        return true;
    }
    struct party *p = talk_asked(t);
    p->doubt = true;
    p->doubted = now;
    talk_put_back(t, now);
    talk_suspect(t, why, now);
    return true;
}

void talk_settled(struct talk *t, mono_t now)
{
    if (!talk_silent(t, now))
        return;
    struct answer a;
    enum verdict v = talk_check(t, &a);
    if (v == ADU_GOOD)
        talk_answered(t, &a, now);
    else
        talk_refused(t, a.exception, now);
}
