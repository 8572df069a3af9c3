/* SPDX-License-Identifier: Apache-2.0 */
#include "app/pipeline.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "app/tell.h"
#include "base/clock.h"
#include "base/log.h"
#include "values/derive.h"

static const int64_t board_every_ns = 50 * NS_PER_MS;
static const int64_t stats_every_ns = 10 * NS_PER_S;

struct pipeline {
    const struct plan *plan;
    struct door *door;
    struct board *board;
    struct derive *derive; /* NULL: no derived tags */
    struct status *status;
    struct teller *teller;
    uint32_t *touched;
    uint32_t touch_max;
    uint32_t *changed; /* devices whose state another one is */
    uint64_t updates;
    uint32_t session; /* of the broker, that has been told everything */
    mono_t board_due, stats_due;
};

/* feed: what happens to an answer. */
void pipeline_feed(void *me, const struct block *b)
{
    struct pipeline *p = me;
    uint32_t count = board_feed(p->board, b, p->touched);
    if (p->derive)
        count =
            derive_run(p->derive, p->board, p->touched, count, p->touch_max, b->time, b->answered);
    p->updates += count;
    uint32_t changed = status_feed(p->status, b, p->changed);
    for (uint32_t i = 0; i < changed; i++) {
        const struct device_health *h = status_device(p->status, p->changed[i]);
        const char *path = p->plan->plant->devices[p->changed[i]].path;
        const char *state = device_state_name((enum device_state)h->state);
        log_notice("%s: %s%s%s", path, state, h->why ? ": " : "", h->why ? h->why : "");
        pipeline_note(p, state, path, h->why, b->time);
    }
    if (b->request->feed_count > 0)
        tell_near(p->teller, b->request->feeds[0].device);
    tell_history(p->teller, p->board, p->touched, count, b->fault == FAULT_NONE, b->time);
}

static const char *event_word(enum poll_event_kind kind)
{
    static const char *const words[] = {
        [POLL_LINE_UP] = "line-up",           [POLL_LINE_DOWN] = "line-down",
        [POLL_LINE_SUSPECT] = "line-suspect", [POLL_LINE_PROVED] = "line-proved",
        [POLL_UNIT_SILENT] = "unit-silent",   [POLL_UNIT_ANSWERS] = "unit-answers",
        [POLL_HOLE_LEARNED] = "hole-learned", [POLL_UNIT_REFUSES] = "unit-refuses",
        [POLL_UNIT_ACCEPTS] = "unit-accepts",
    };
    return words[kind];
}

void pipeline_hear(void *me, const struct poll_event *e)
{
    struct pipeline *p = me;
    const char *line = p->plan->plant->lines[e->line].name;
    char subject[96];
    if (e->unit < 0)
        snprintf(subject, sizeof subject, "%s", line);
    else
        snprintf(subject, sizeof subject, "%s unit %d", line, e->unit);
    const char *word = event_word(e->kind);
    const char *text = e->text && e->text[0] ? e->text : NULL;
    /* A bus that has to prove its alignment does so many times a day; the counters tell that. */
    if (e->kind == POLL_LINE_SUSPECT || e->kind == POLL_LINE_PROVED) {
        log_debug("%s: %s: %s", subject, word, text ? text : "");
        return;
    }
    log_notice("%s: %s%s%s", subject, word, text ? ": " : "", text ? text : "");
    pipeline_note(p, word, subject, text, clock_wall());
}

void pipeline_note(struct pipeline *p, const char *type, const char *subject, const char *text,
                   wall_t wall)
{
    struct event e = {.type = type, .subject = subject, .text = text, .time = wall};
    tell_event(p->teller, &e);
}

static uint64_t resident_bytes(void)
{
    FILE *f = fopen("/proc/self/statm", "r");
    unsigned long pages = 0, resident = 0;
    if (!f)
        return 0;
    int got = fscanf(f, "%lu %lu", &pages, &resident);
    fclose(f);
    return got == 2 ? (uint64_t)resident * (uint64_t)sysconf(_SC_PAGESIZE) : 0;
}

static uint64_t cpu_ms(void)
{
    struct rusage u;
    if (getrusage(RUSAGE_SELF, &u) != 0)
        return 0;
    return (uint64_t)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) * 1000 +
           (uint64_t)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1000;
}

static void count_lines(const struct poller *poller, struct stats *s, uint32_t lines)
{
    for (uint32_t i = 0; i < lines; i++) {
        struct line_stats l;
        poller_line_stats(poller, i, &l);
        s->lines_up += l.state == LINE_UP || l.state == LINE_SUSPECT;
        s->polls += l.asked;
        s->overruns += l.overruns;
        s->skipped += l.skipped;
        s->probes += l.probes;
        for (size_t k = 0; k < sizeof l.late_ms / sizeof *l.late_ms; k++)
            s->late_ms[k] += l.late_ms[k];
    }
}

static void tell_figures(struct pipeline *p, const struct poller *poller, wall_t wall)
{
    const struct plant *plant = p->plan->plant;
    const struct status_totals *t = status_totals(p->status);
    struct stats s = {.time = wall,
                      .interval_ns = stats_every_ns,
                      .lines = plant->line_count,
                      .devices = plant->device_count,
                      .devices_online = status_online(p->status),
                      .good = t->good,
                      .timeouts = t->timeouts,
                      .garbled = t->garbled,
                      .exceptions = t->exceptions,
                      .tags = plant->tag_count,
                      .tags_good = board_good(p->board),
                      .updates = p->updates,
                      .resident_bytes = resident_bytes(),
                      .cpu_ms = cpu_ms()};
    count_lines(poller, &s, plant->line_count);
    tell_stats(p->teller, &s);
}

static void age(struct pipeline *p, wall_t wall, mono_t now)
{
    uint32_t count = board_tick(p->board, wall, now, p->touched, board_touch_max(p->board));
    if (count == 0)
        return;
    if (p->derive)
        count = derive_run(p->derive, p->board, p->touched, count, p->touch_max, wall, now);
    tell_history(p->teller, p->board, p->touched, count, false, wall);
}

mono_t pipeline_tick(struct pipeline *p, const struct poller *poller, wall_t wall, mono_t now)
{
    if (!mono_before(now, p->board_due)) {
        age(p, wall, now);
        p->board_due = mono_add(now, board_every_ns);
    }
    uint32_t session = atomic_load(&p->door->sessions);
    if (session != p->session) {
        p->session = session;
        tell_session(p->teller, p->board, p->status);
    }
    bool told = tell_values(p->teller, p->board, wall);
    told &= tell_devices(p->teller, p->status, wall);
    if (poller && !mono_before(now, p->stats_due)) {
        tell_figures(p, poller, wall);
        p->stats_due = mono_add(now, stats_every_ns);
    }
    /* The board's turn rides on other reasons to be awake, or waits for one more turn. */
    mono_t due = mono_add(p->board_due, board_every_ns);
    due = poller ? mono_min(due, p->stats_due) : due;
    return told ? due : mono_min(due, mono_add(now, 5 * NS_PER_MS));
}

bool pipeline_flush(struct pipeline *p)
{
    return tell_flush(p->teller);
}

struct pipeline *pipeline_new(const struct pipeline_setup *setup)
{
    struct pipeline *p = calloc(1, sizeof *p);
    if (!p)
        return NULL;
    p->plan = setup->plan;
    p->door = setup->door;
    const struct plant *plant = setup->plan->plant;
    p->board = board_new(setup->plan);
    p->status = status_new(plant);
    p->teller = teller_new(setup->plan, setup->door, setup->sequence);
    if (!p->board || !p->status || !p->teller)
        goto out;
    p->touch_max = board_touch_max(p->board) + plant->derived_count;
    p->touched = calloc((size_t)p->touch_max + 1, sizeof *p->touched);
    p->changed = calloc((size_t)p->touch_max + 1, sizeof *p->changed);
    if (!p->touched || !p->changed)
        goto out;
    if (plant->derived_count > 0) {
        p->derive = derive_new(plant, setup->diags);
        if (!p->derive)
            goto out;
    }
    return p;
out:
    pipeline_free(p);
    return NULL;
}

void pipeline_free(struct pipeline *p)
{
    if (!p)
        return;
    derive_free(p->derive);
    board_free(p->board);
    status_free(p->status);
    teller_free(p->teller);
    free(p->touched);
    free(p->changed);
    free(p);
}
