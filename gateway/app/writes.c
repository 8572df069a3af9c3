/* SPDX-License-Identifier: Apache-2.0 */
#include "app/writes.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include "app/wish.h"
#include "base/log.h"
#include "publish/answer.h"
#include "values/encode.h"

/* Nobody looks at a screen for longer than that for an answer. */
static const int64_t usual_ns = 5 * NS_PER_S;

struct pending { /* one who waits for his second answer */
    struct pending *next;
    struct command command;
    struct order order;
    struct write_job job;
};

struct writes {
    const struct plant *plant;
    const struct board *board;
    struct teller *teller;
    struct pending *first;
    uint64_t last_id;
    char said[WISH_SAID];
};

struct writes *writes_new(const struct plant *plant, const struct board *board,
                          struct teller *teller)
{
    struct writes *w = calloc(1, sizeof *w);
    if (w)
        *w = (struct writes){.plant = plant, .board = board, .teller = teller};
    return w;
}

void writes_free(struct writes *w)
{
    while (w && w->first) {
        struct pending *p = w->first;
        w->first = p->next;
        free(p);
    }
    free(w);
}

/* It counts from when it was heard, and it may have waited at our door. A clock that was set
 * meanwhile gives nobody more time. */
static mono_t deadline_of(const struct command *c, const struct order *o, wall_t wall, mono_t now)
{
    int64_t within = o->within_ms ? o->within_ms * NS_PER_MS : usual_ns;
    int64_t waited = wall.ms > c->time.ms ? (wall.ms - c->time.ms) * NS_PER_MS : 0;
    return mono_add(now, within - (waited < within ? waited : within));
}

/* What is meant for one piece of equipment is not for another one that was put in its place. */
static const char *who_is_there(struct writes *w, struct write_job *job)
{
    struct board_identity id;
    if (!board_identity(w->board, job->device, &id))
        return NULL;
    job->connection = id.connection;
    if (id.state == IDENTITY_RIGHT && id.connection)
        return NULL;
    snprintf(w->said, sizeof w->said, "it is not known to be the right equipment: %s",
             id.reason ? id.reason : "identity not yet read");
    return w->said;
}

const char *writes_order(struct writes *w, struct poller *poller, const struct command *c,
                         const struct order *o, wall_t wall, mono_t now)
{
    struct pending *p = malloc(sizeof *p);
    if (!p)
        return "out of memory";
    *p = (struct pending){.command = *c, .order = *o};
    struct value wish = wish_value(&p->order.wish), was = wish_value(&p->order.was);
    const char *why =
        wish_judge(w->plant, o->tag, &wish, o->was.given ? &was : NULL, &p->job, w->said);
    why = why ? why : who_is_there(w, &p->job);
    p->job.id = ++w->last_id;
    p->job.deadline = deadline_of(c, o, wall, now);
    why = why ? why : poller_write(poller, &p->job, now);
    if (why) {
        free(p);
        return why;
    }
    p->next = w->first;
    w->first = p;
    tell_end(w->teller, &p->command, &p->order, "accepted", NULL, NULL, wall);
    return NULL;
}

static void log_end(const struct pending *p, const struct point *point, const struct value *read,
                    const char *why)
{
    char wanted[ENCODE_TEXT], is[ENCODE_TEXT];
    struct value wish = wish_value(&p->order.wish);
    log_notice("command write from %s: %s: %s%s%s: %s (reads %s)", p->order.user, p->order.tag,
               encode_text(wanted, &wish), *point->unit ? " " : "", point->unit, why ? why : "done",
               encode_text(is, read));
}

void writes_ended(struct writes *w, const struct write_end *e, wall_t wall)
{
    struct pending **at = &w->first;
    while (*at && (*at)->job.id != e->id)
        at = &(*at)->next;
    struct pending *p = *at;
    assert(p);
    *at = p->next;
    const struct point *point = &w->plant->devices[p->job.device].map->points[p->job.point];
    char raw[WISH_RAW];
    struct written written = {.unit = point->unit,
                              .sent = e->how != WRITE_THERE && e->how != WRITE_CHANGED &&
                                      e->how != WRITE_FAILED};
    if (e->has_after || (e->has_before && !written.sent)) {
        written.value = wish_read(point, e->has_after ? e->after : e->before, raw);
        written.raw = raw;
    }
    const char *why = wish_ending(point, &p->job, e, w->said);
    log_end(p, point, &written.value, why);
    tell_end(w->teller, &p->command, &p->order, why ? "failed" : "done", why, &written, wall);
    free(p);
}
