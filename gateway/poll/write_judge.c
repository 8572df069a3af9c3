/* SPDX-License-Identifier: Apache-2.0 */
/* What came of a step of writing. */
#include <stdio.h>
#include <string.h>

#include "poll/write_parts.h"

/* Equipment that takes a moment to show what it was told is asked again, so often and so far apart;
 * that long it may take in all beyond the deadline, reading harms nobody. */
enum { BACK_TRIES = 4 };
static const int64_t back_pause_ns = 200 * NS_PER_MS;
static const int64_t back_limit_ns = 3 * NS_PER_S;

bool talk_writing(const struct talk *t)
{
    return talk_works(t) && t->works->flying && t->works->step == WORK_WRITE;
}

enum verdict talk_check(struct talk *t, struct answer *a)
{
    return talk_writing(t) ? adu_write_check(&t->works->ask, t->bytes, t->got, a)
                           : adu_check(&t->ask, t->bytes, t->got, a);
}

size_t talk_answer_length(const struct talk *t)
{
    return talk_writing(t) ? adu_write_answer_length(&t->works->ask) : adu_answer_length(&t->ask);
}

static void unpack(const struct point *p, const struct answer *a, uint16_t out[WRITE_WORDS_MAX])
{
    if (p->table == TABLE_COIL || p->table == TABLE_DISCRETE)
        out[0] = a->data[0] & 1;
    else
        for (size_t i = 0; i < a->length / 2 && i < WRITE_WORDS_MAX; i++)
            out[i] = (uint16_t)(a->data[2 * i] << 8 | a->data[2 * i + 1]);
}

static bool stands(const struct write_job *j, const uint16_t *there, const uint16_t *wanted)
{
    for (unsigned i = 0; i < j->count; i++)
        if ((there[i] & j->masks[i]) != (wanted[i] & j->masks[i]))
            return false;
    return true;
}

/* The tag's value follows at once, though its poll may be minutes away. */
static void hand_over(struct talk *t, const struct answer *a)
{
    const struct work *w = t->works;
    for (uint32_t i = 0; i < t->request_count; i++) {
        const struct request *r = &t->requests[i];
        for (uint32_t k = 0; k < r->feed_count; k++) {
            if (r->feeds[k].device != w->job.device || r->feeds[k].point != w->job.point)
                continue;
            struct feed f = {.device = w->job.device, .point = w->job.point};
            struct request own = *r;
            own.first = w->point->address;
            own.count = w->point->words;
            own.feeds = &f;
            own.feed_count = 1;
            /* One tag's part of its request, whatever its turn would be there. */
            struct block b = {.request = &own,
                              .connection = talk_connection(t, &t->parties[w->party]),
                              .data = a->data,
                              .length = a->length,
                              .first = own.first,
                              .count = own.count,
                              .time = t->arrived,
                              .asked = t->asked,
                              .answered = t->last_byte};
            t->house->hooks.block(t->house->hooks.me, &b);
            return;
        }
    }
}

static void look_first(struct talk *t, mono_t now)
{
    struct work *w = t->works;
    w->has_before = true;
    w->tries = 0;
    if (work_misplaced(t, w)) { /* with this answer it began to live anew */
        w->has_before = false;
        work_end(t, WRITE_FAILED, work_other_connection);
    } else if (stands(&w->job, w->before, w->job.words))
        work_end(t, WRITE_THERE, NULL);
    else if (w->job.has_was && !stands(&w->job, w->before, w->job.was))
        work_end(t, WRITE_CHANGED, "it has changed");
    else if (work_too_late(w, now))
        work_end(t, WRITE_FAILED, work_late(w));
    else
        w->step = WORK_WRITE;
}

static void look_back(struct talk *t, const struct answer *a, mono_t now)
{
    struct work *w = t->works;
    bool well = stands(&w->job, w->after, w->job.words);
    w->has_after = true;
    w->tries++;
    if (!well && w->confirmed && w->tries < BACK_TRIES && mono_before(now, w->end)) {
        w->not_before = mono_add(now, back_pause_ns);
        return;
    }
    hand_over(t, a);
    if (!w->confirmed)
        work_end(t, w->how, w->why);
    else if (work_misplaced(t, w)) {
        w->has_after = false;
        work_end(t, WRITE_UNKNOWN, "it was confirmed, and then its connection began anew");
    } else if (well)
        work_end(t, WRITE_DONE, NULL);
    else
        work_end(t, WRITE_DIFFERS, "it was confirmed, and then read back as something else");
}

static void read_back(struct work *w, mono_t now)
{
    mono_t from = mono_before(now, w->job.deadline) ? w->job.deadline : now;
    w->flying = false;
    w->step = WORK_BACK;
    w->tries = 0;
    w->not_before = (mono_t){0};
    w->end = mono_add(from, back_limit_ns);
}

void talk_work_answered(struct talk *t, const struct answer *a, mono_t now)
{
    struct work *w = t->works;
    w->flying = false;
    /* Should it say this once more, then to nobody's question. */
    if (talk_is_bus(t))
        t->not_before = mono_add(t->last_byte, alike_repeats_ns);
    switch (w->step) {
    case WORK_READ:
        unpack(w->point, a, w->before);
        look_first(t, now);
        return;
    case WORK_WRITE:
        if (t->is_socket)
            link_tcp_patience(t->watcher.fd, 0);
        w->confirmed = true;
        read_back(w, now);
        return;
    case WORK_BACK:
        unpack(w->point, a, w->after);
        look_back(t, a, now);
        return;
    }
}

static void not_confirmed(struct talk *t, enum write_how how, const char *why, mono_t now)
{
    struct work *w = t->works;
    /* What lies in a buffer yet must not arrive later; a connection is closed for that. */
    if (!t->is_socket)
        link_serial_forget(t->watcher.fd);
    w->how = how;
    snprintf(w->why, sizeof(w->why), "%s", why);
    read_back(w, now);
}

/* What came back isn't what was written, but it is not known either that nothing was. */
static bool may_have_written(uint8_t code)
{
    return code == 5 || code == 10 || code == 11;
}

void talk_work_refused(struct talk *t, uint8_t code, mono_t now)
{
    struct work *w = t->works;
    const char *name = adu_exception_name(code);
    char why[192];
    if (w->step == WORK_BACK) {
        w->flying = false;
        snprintf(why, sizeof(why), "it refuses to be read: %s", name);
        work_end_unknown(t, why);
        return;
    }
    if (w->step == WORK_READ) {
        w->flying = false;
        snprintf(why, sizeof(why), "it refuses to be read before it is written: %s", name);
        work_end(t, WRITE_FAILED, why);
        return;
    }
    if (t->is_socket)
        link_tcp_patience(t->watcher.fd, 0);
    if (code == 1 && w->ask.function == 22)
        snprintf(why, sizeof(why),
                 "it can't change single bits (function 22: %s); if nobody else writes this "
                 "register, let its map say `write: {function: 6}`",
                 name);
    else
        snprintf(why, sizeof(why), "the equipment refuses it: %s (function %u, address %u)", name,
                 w->ask.function, w->ask.address);
    not_confirmed(t, may_have_written(code) ? WRITE_UNCONFIRMED : WRITE_REFUSED, why, now);
}

bool talk_work_failed(struct talk *t, const char *why, mono_t now)
{
    struct work *w = t->works;
    bool wrote = talk_writing(t);
    w->flying = false;
    if (wrote) {
        char text[192];
        snprintf(text, sizeof(text), "it was sent, and not confirmed: %s", why);
        not_confirmed(t, WRITE_UNCONFIRMED, text, now);
        return true;
    }
    if (++w->tries <= t->line->retries)
        return false;
    if (w->step == WORK_BACK)
        work_end_unknown(t, why);
    else
        work_end(t, WRITE_FAILED, why);
    return false;
}

void talk_work_lost(struct talk *t, const char *why, mono_t now)
{
    struct work *w = t->works;
    if (!w || !w->flying)
        return;
    bool wrote = w->step == WORK_WRITE;
    w->flying = false;
    if (wrote) {
        char text[192];
        snprintf(text, sizeof(text), "it was sent, and not confirmed: %s", why);
        not_confirmed(t, WRITE_UNCONFIRMED, text, now);
    }
}
