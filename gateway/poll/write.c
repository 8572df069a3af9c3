/* SPDX-License-Identifier: Apache-2.0 */
#include "poll/write.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "poll/line.h"

/* Equipment that takes a moment to show what it was told is asked again, so often and so far apart;
 * that long it may take in all beyond the deadline, reading harms nobody. */
enum { BACK_TRIES = 4 };
static const int64_t back_pause_ns = 200 * NS_PER_MS;
static const int64_t doubt_pause_ns = 100 * NS_PER_MS;
static const int64_t back_limit_ns = 3 * NS_PER_S;

/* ---- from and to the caller ------------------------------------------------------------------ */

static void take_first(struct talk *t)
{
    struct work *w = t->works;
    t->works = w->next;
    t->house->works--;
    free(w);
}

static void end(struct talk *t, struct work *w, enum write_how how, const char *why)
{
    const struct poller_hooks *hooks = &t->house->hooks;
    struct write_end e = {.id = w->job.id,
                          .how = how,
                          .why = why,
                          .has_before = w->has_before,
                          .has_after = w->has_after};
    memcpy(e.before, w->before, sizeof(e.before));
    memcpy(e.after, w->after, sizeof(e.after));
    if (hooks->wrote)
        hooks->wrote(hooks->me, &e);
}

static void end_first(struct talk *t, enum write_how how, const char *why)
{
    end(t, t->works, how, why);
    take_first(t);
}

/* Whatever was sent and not read back. */
static void end_unknown(struct talk *t, const char *why)
{
    char text[256];
    snprintf(text, sizeof(text), "%s%s%s", t->works->why, *t->works->why ? "; then " : "", why);
    end_first(t, WRITE_UNKNOWN, text);
}

void write_frame_of(const struct write_job *job, const struct point *point, uint8_t unit,
                    struct write_ask *out)
{
    *out = (struct write_ask){.unit = unit,
                              .function = point->write->function,
                              .address = point->write->address,
                              .count = job->count,
                              .mask = job->masks[0]};
    memcpy(out->words, job->words, sizeof(out->words));
}

static const char *cannot(const struct talk *t, const struct work *w, unsigned waiting)
{
    if (!w->point->write)
        return "its map does not say that it can be written";
    if (t->told_down)
        return t->why_down;
    return waiting >= WRITES_MAX ? "too many wait to be written on this line" : NULL;
}

const char *poller_write(struct poller *p, const struct write_job *job, mono_t now)
{
    const struct device *d = &p->house.plan->plant->devices[job->device];
    struct talk *t = p->talks[d->line];
    assert(job->count >= 1 && job->count <= WRITE_WORDS_MAX);
    struct work *w = malloc(sizeof(*w)), **at = &t->works;
    if (!w)
        return "out of memory";
    *w = (struct work){.job = *job, .point = &d->map->points[job->point]};
    unsigned waiting = 0;
    for (; *at; at = &(*at)->next)
        waiting++;
    while (w->party < t->party_count && t->parties[w->party].unit != d->unit)
        w->party++;
    const char *why = cannot(t, w, waiting);
    if (!why && w->party == t->party_count)
        why = "nothing is ever read from this unit, so nothing is written to it";
    if (why) {
        free(w);
        return why;
    }
    *at = w;
    p->house.works++;
    if (t->state == TALK_IDLE || t->state == TALK_DOWN)
        talk_enter(t, (enum talk_state)t->state, now); /* a closed line that is well is opened */
    return NULL;
}

static bool in_flight(const struct talk *t)
{
    return talk_works(t) && (t->state == TALK_WAITING || t->state == TALK_SETTLING);
}

void poller_cancel_writes(struct poller *p, const char *why, mono_t now)
{
    for (uint32_t i = 0; i < p->count; i++) {
        struct talk *t = p->talks[i];
        bool flying = t && in_flight(t);
        while (t && t->works) {
            if (t->works->step == WORK_BACK || t->works->flying)
                talk_work_lost(t, why, now);
            if (t->works->step == WORK_BACK)
                end_unknown(t, why);
            else
                end_first(t, WRITE_FAILED, why);
        }
        if (!flying)
            continue;
        /* Its answer is nobody's any more. */
        t->proving = false;
        if (t->is_socket)
            talk_reopen(t, false, why, now);
        else
            talk_suspect(t, why, now);
    }
}

void talk_works_free(struct talk *t)
{
    while (t->works)
        take_first(t);
}

/* ---- its turn -------------------------------------------------------------------------------- */

bool talk_work_urgent(const struct talk *t, mono_t now)
{
    const struct work *w = t->works;
    return w && (w->step == WORK_WRITE || !mono_before(now, w->not_before));
}

mono_t talk_work_due(const struct talk *t)
{
    const struct work *w = t->works;
    if (!w)
        return MONO_NEVER;
    mono_t due = w->not_before, unit = t->parties[w->party].not_before;
    /* Equipment that says everything twice says it within this. */
    mono_t quiet = mono_add(t->last_byte, talk_is_bus(t) ? talk_repeats_ns : 0);
    due = mono_before(due, unit) ? unit : due;
    return mono_before(due, quiet) ? quiet : due;
}

static bool too_late(const struct work *w, mono_t now)
{
    return w->step != WORK_BACK && !mono_before(now, w->job.deadline);
}

static const char *late(const struct work *w)
{
    return w->waits ? w->waits : "its time was over before it could be written";
}

/* false: too late. */
static bool send_write(struct talk *t, struct work *w, mono_t now)
{
    const struct party *p = &t->parties[w->party];
    write_frame_of(&w->job, w->point, p->unit, &w->ask);
    /* One word of which only some bits are ours, and no function for that: between the reading and
     * this nobody else was asked. */
    if (w->ask.function == 6 || w->ask.function == 16)
        for (unsigned i = 0; i < w->job.count; i++)
            w->ask.words[i] |= (uint16_t)(w->before[i] & ~w->job.masks[i]);
    talk_number(t);
    w->ask.framing = t->framing;
    w->ask.transaction = t->ask.transaction;
    size_t length = adu_write(t->bytes, &w->ask);
    int64_t left = mono_since(w->job.deadline, mono_add(now, (int64_t)length * t->char_ns));
    if (left <= 0) {
        end_first(t, WRITE_FAILED, late(w));
        return false;
    }
    w->flying = true;
    /* Should this process be stopped now, the kernel lets go of it in time. */
    if (t->is_socket)
        link_tcp_patience(t->watcher.fd, left);
    talk_send(t, length, now);
    if (t->works == w && w->flying && mono_before(w->job.deadline, t->deadline)) {
        t->deadline = w->job.deadline;
        talk_enter(t, TALK_WAITING, t->deadline);
    }
    return true;
}

static void send_read(struct talk *t, struct work *w, mono_t now)
{
    const struct point *p = w->point;
    w->flying = true;
    w->waits = NULL;
    talk_ask(t, t->parties[w->party].unit, adu_function((enum table)p->table), p->address, p->words,
             now);
}

bool talk_work(struct talk *t, mono_t now)
{
    struct work *w = t->works;
    struct party *p = &t->parties[w->party];
    if (too_late(w, now)) {
        end_first(t, WRITE_FAILED, late(w));
        return false;
    }
    if (!talk_silent(t, now))
        return true;
    if (talk_is_bus(t) && (t->suspect || p->doubt)) {
        if (w->step == WORK_WRITE)
            w->step = WORK_READ; /* what was read is no longer "a moment ago" */
        if (talk_prove(t, p, now))
            return true;
        if (mono_before(now, mono_add(p->doubted, LATE_NS))) {
            w->waits = "a late answer could be taken for a new one";
            w->not_before = mono_add(now, doubt_pause_ns);
            return false;
        }
        p->doubt = false;
        t->suspect = false;
    }
    if (w->step == WORK_WRITE)
        return send_write(t, w, now);
    send_read(t, w, now);
    return true;
}

/* ---- what came of it ------------------------------------------------------------------------- */

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
                              .connection =
                                  (uint32_t)t->stats.connects + t->parties[w->party].lives,
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
    if (stands(&w->job, w->before, w->job.words))
        end_first(t, WRITE_THERE, NULL);
    else if (w->job.has_was && !stands(&w->job, w->before, w->job.was))
        end_first(t, WRITE_CHANGED, "it has changed");
    else if (too_late(w, now))
        end_first(t, WRITE_FAILED, late(w));
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
        end_first(t, w->how, w->why);
    else if (well)
        end_first(t, WRITE_DONE, NULL);
    else
        end_first(t, WRITE_DIFFERS, "it was confirmed, and then read back as something else");
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
        t->not_before = mono_add(t->last_byte, talk_repeats_ns);
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
        end_unknown(t, why);
        return;
    }
    if (w->step == WORK_READ) {
        w->flying = false;
        snprintf(why, sizeof(why), "it refuses to be read before it is written: %s", name);
        end_first(t, WRITE_FAILED, why);
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
        end_unknown(t, why);
    else
        end_first(t, WRITE_FAILED, why);
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

/* ---- what happens around it ------------------------------------------------------------------ */

/* What was read on another connection says nothing about this one. */
void talk_works_reopened(struct talk *t)
{
    if (t->works && t->works->step == WORK_WRITE)
        t->works->step = WORK_READ;
}

void talk_works_down(struct talk *t, const char *why, mono_t now)
{
    talk_work_lost(t, why, now);
    while (t->works && t->works->step != WORK_BACK)
        end_first(t, WRITE_FAILED, why);
    /* Behind the first none was begun. */
    while (t->works && t->works->next) {
        struct work *w = t->works->next;
        end(t, w, WRITE_FAILED, why);
        t->works->next = w->next;
        t->house->works--;
        free(w);
    }
}

static bool is_over(const struct work *w, mono_t now)
{
    return !mono_before(now, w->step == WORK_BACK ? w->end : w->job.deadline);
}

mono_t talk_works_tick(struct talk *t, mono_t now)
{
    mono_t due = MONO_NEVER;
    while (t->works && !in_flight(t) && is_over(t->works, now)) {
        if (t->works->step == WORK_BACK)
            end_unknown(t, t->works->waits ? t->works->waits : "its time was over");
        else
            end_first(t, WRITE_FAILED, late(t->works));
    }
    for (struct work **at = t->works ? &t->works->next : NULL; at && *at;) {
        struct work *w = *at;
        if (!is_over(w, now)) {
            due = mono_min(due, w->job.deadline);
            at = &w->next;
            continue;
        }
        end(t, w, WRITE_FAILED, late(w));
        *at = w->next;
        t->house->works--;
        free(w);
    }
    const struct work *first = t->works;
    if (first && !in_flight(t))
        due = mono_min(due, first->step == WORK_BACK ? first->end : first->job.deadline);
    return due;
}
