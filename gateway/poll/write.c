/* SPDX-License-Identifier: Apache-2.0 */
#include "poll/write.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "poll/write_parts.h"

static const int64_t doubt_pause_ns = 100 * NS_PER_MS;

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
    assert(hooks->wrote);
    hooks->wrote(hooks->me, &e);
}

void work_end(struct talk *t, enum write_how how, const char *why)
{
    end(t, t->works, how, why);
    take_first(t);
}

/* Whatever was sent and not read back. */
void work_end_unknown(struct talk *t, const char *why)
{
    char text[256];
    snprintf(text, sizeof(text), "%s%s%s", t->works->why, *t->works->why ? "; then " : "", why);
    work_end(t, WRITE_UNKNOWN, text);
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
    if (!why && work_misplaced(t, w))
        why = work_other_connection;
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
        bool flying = in_flight(t);
        while (t->works) {
            if (t->works->step == WORK_BACK || t->works->flying)
                talk_work_lost(t, why, now);
            if (t->works->step == WORK_BACK)
                work_end_unknown(t, why);
            else
                work_end(t, WRITE_FAILED, why);
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
    const struct party *p = &t->parties[w->party];
    mono_t due = mono_before(w->not_before, p->not_before) ? p->not_before : w->not_before;
    /* Equipment that says everything twice says it within this; while its bus must be proved anew,
     * that tells. */
    bool waits = talk_is_bus(t) && !t->suspect && !p->doubt;
    mono_t quiet = mono_add(t->last_byte, alike_repeats_ns);
    return waits && mono_before(due, quiet) ? quiet : due;
}

bool work_too_late(const struct work *w, mono_t now)
{
    return w->step != WORK_BACK && !mono_before(now, w->job.deadline);
}

const char *work_late(const struct work *w)
{
    return w->waits ? w->waits : "its time was over before it could be written";
}

const char work_other_connection[] =
    "its connection began anew since the equipment said who it is; order it again";

bool work_misplaced(const struct talk *t, const struct work *w)
{
    return w->job.connection && w->job.connection != talk_connection(t, &t->parties[w->party]);
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
        work_end(t, WRITE_FAILED, work_late(w));
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
    struct party *of = &t->parties[w->party];
    w->flying = true;
    w->waits = NULL;
    of->extra_function = adu_function((enum table)p->table);
    of->extra_count = p->words;
    of->extra_asked = now;
    talk_ask(t, of->unit, of->extra_function, p->address, p->words, now);
}

bool talk_work(struct talk *t, mono_t now)
{
    struct work *w = t->works;
    struct party *p = &t->parties[w->party];
    if (work_too_late(w, now)) {
        work_end(t, WRITE_FAILED, work_late(w));
        return false;
    }
    if (w->step != WORK_BACK && work_misplaced(t, w)) {
        work_end(t, WRITE_FAILED, work_other_connection);
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
        work_end(t, WRITE_FAILED, why);
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
            work_end_unknown(t, t->works->waits ? t->works->waits : "its time was over");
        else
            work_end(t, WRITE_FAILED, work_late(t->works));
    }
    for (struct work **at = t->works ? &t->works->next : NULL; at && *at;) {
        struct work *w = *at;
        if (!is_over(w, now)) {
            due = mono_min(due, w->job.deadline);
            at = &w->next;
            continue;
        }
        end(t, w, WRITE_FAILED, work_late(w));
        *at = w->next;
        t->house->works--;
        free(w);
    }
    const struct work *first = t->works;
    if (first && !in_flight(t))
        due = mono_min(due, first->step == WORK_BACK ? first->end : first->job.deadline);
    return due;
}
