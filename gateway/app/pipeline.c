/* SPDX-License-Identifier: Apache-2.0 */
#include "app/pipeline.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "app/lookout.h"
#include "app/notices.h"
#include "app/tell.h"
#include "app/timeline.h"
#include "app/vitals.h"
#include "app/why.h"
#include "app/writes.h"
#include "base/clock.h"
#include "base/log.h"
#include "publish/encode_alarm.h"
#include "publish/order.h"
#include "values/derive.h"

static const int64_t board_every_ns = 50 * NS_PER_MS;
static const int64_t stats_every_ns = 10 * NS_PER_S;
static const int64_t vitals_every_ns = 100 * NS_PER_MS;
enum { UNREAD_AT_ONCE = 2048, UNREAD_ROOM = 256 << 10 };
static const int64_t hour_ms = 3600000;
static const char timeline_key[] = "timeline"; /* among the kept states */

struct pipeline {
    const struct plan *plan;
    struct door *door;
    struct board *board;
    struct derive *derive; /* NULL: no derived tags */
    struct status *status;
    struct teller *teller;
    struct lookout *lookout; /* NULL: nothing is to be watched */
    struct passage *passage; /* the lookout of the pipeline before comes over; NULL: it doesn't */
    struct notices notices;
    struct timeline timeline;
    struct vitals vitals;
    mono_t vitals_due;
    int64_t lookout_due_ms, kept_due_ms, hour_due_ms;
    uint32_t *touched;
    uint32_t touch_max;
    uint32_t *changed; /* devices whose state another one is */
    uint64_t updates;
    uint32_t session; /* of the broker, that has been told everything */
    wall_t begun;
    mono_t board_due, stats_due;
    struct log_quota orders;
    struct writes *writes; /* what people wait to have written */
};

/* What a device's silence means to the alarms. */
static void watch_device(struct pipeline *p, uint32_t device, int64_t t_ms)
{
    const struct device_health *h = status_device(p->status, device);
    bool lost = h->state != DEVICE_ONLINE && h->state != DEVICE_UNKNOWN;
    if (p->lookout)
        warden_device(lookout_warden(p->lookout), device, lost, h->why, t_ms);
}

/* Samples that were renewed, into the watch room. */
static void watch(struct pipeline *p, uint32_t count, wall_t wall, mono_t now)
{
    if (!p->lookout)
        return;
    lookout_feed(p->lookout, p->touched, count, timeline_now(&p->timeline, wall, now));
    p->lookout_due_ms = p->timeline.t_ms;
}

/* feed: what happens to an answer. */
void pipeline_feed(void *me, const struct block *b)
{
    struct pipeline *p = me;
    uint32_t count = board_feed(p->board, b, p->touched);
    notices_tell(&p->notices, b->time);
    if (p->derive)
        count =
            derive_run(p->derive, p->board, p->touched, count, p->touch_max, b->time, b->answered);
    p->updates += count;
    watch(p, count, b->time, b->answered);
    uint32_t changed = status_feed(p->status, b, p->changed);
    for (uint32_t i = 0; i < changed; i++) {
        const struct device_health *h = status_device(p->status, p->changed[i]);
        const char *path = p->plan->plant->devices[p->changed[i]].path;
        const char *state = device_state_name((enum device_state)h->state);
        log_notice("%s: %s%s%s", path, state, h->why ? ": " : "", h->why ? h->why : "");
        pipeline_note(p, state, path, h->why, b->time);
        watch_device(p, p->changed[i], p->timeline.t_ms);
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
        [POLL_UNIT_ACCEPTS] = "unit-accepts", [POLL_LINE_DISTURBED] = "line-disturbed",
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

static void count_line(struct stats *s, const struct line_stats *l)
{
    s->polls += l->asked;
    s->overruns += l->overruns;
    s->skipped += l->skipped;
    s->probes += l->probes;
    for (size_t k = 0; k < sizeof l->late_ms / sizeof *l->late_ms; k++)
        s->late_ms[k] += l->late_ms[k];
}

static void count_lines(const struct poller *poller, struct stats *s, uint32_t lines)
{
    struct line_stats l;
    for (uint32_t i = 0; i < lines; i++) {
        poller_line_stats(poller, i, &l);
        s->lines_up += l.state == LINE_UP || l.state == LINE_SUSPECT;
        count_line(s, &l);
    }
    poller_ended_stats(poller, &l);
    count_line(s, &l);
}

/* How people fare with the alarms: an object in JSON. */
static const char *alarm_figures(struct pipeline *p, char *out, size_t room, int64_t t_ms)
{
    struct alarm_figures f;
    alarms_figures(warden_alarms(lookout_warden(p->lookout)), t_ms, &f);
    struct json j = json_into(out, room - 1);
    encode_alarm_figures(&j, p->plan->plant, &f, (wall_t){t_ms});
    *j.at = '\0';
    return j.overflow ? NULL : out;
}

/* Once an hour for the book; stats come and go. */
static void note_hour(struct pipeline *p, int64_t t_ms)
{
    char figures[ALARM_FIGURES_ROOM], more[ALARM_FIGURES_ROOM + 16];
    if (t_ms < p->hour_due_ms)
        return;
    bool first = p->hour_due_ms == 0;
    p->hour_due_ms = (t_ms / hour_ms + 1) * hour_ms;
    if (first || !alarm_figures(p, figures, sizeof figures, t_ms))
        return;
    snprintf(more, sizeof more, "\"figures\":%s", figures);
    const struct event e = {.type = "alarm-figures",
                            .subject = p->plan->plant->gateway,
                            .text = "how the alarms did in the last hour and day",
                            .time = {t_ms},
                            .more = more};
    tell_event(p->teller, &e);
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
                      .clock = clock_sync(),
                      .resident_bytes = resident_bytes(),
                      .cpu_ms = cpu_ms()};
    count_lines(poller, &s, plant->line_count);
    char alarms[ALARM_FIGURES_ROOM];
    if (p->lookout)
        s.alarms = alarm_figures(p, alarms, sizeof alarms, p->timeline.t_ms);
    tell_stats(p->teller, &s);
}

static void age(struct pipeline *p, wall_t wall, mono_t now)
{
    uint32_t count = board_tick(p->board, wall, now, p->touched, board_touch_max(p->board));
    if (count == 0)
        return;
    if (p->derive)
        count = derive_run(p->derive, p->board, p->touched, count, p->touch_max, wall, now);
    watch(p, count, wall, now);
    tell_history(p->teller, p->board, p->touched, count, false, wall);
}

/* A reload left them so, and their topics still say what was read before it. The watch room waits
 * for what the line has to say, as at a start. A plant of new tags is told as the door has room. */
static void tell_unread(struct pipeline *p, wall_t wall, mono_t now)
{
    uint32_t room = board_touch_max(p->board), count;
    for (uint32_t told = 0; told < UNREAD_AT_ONCE; told += count) {
        if (mailbox_room(p->door->rows) < UNREAD_ROOM)
            return;
        count = board_unread(p->board, wall, p->touched, room);
        if (count == 0)
            return;
        uint32_t all = count;
        if (p->derive)
            all = derive_run(p->derive, p->board, p->touched, count, p->touch_max, wall, now);
        tell_history(p->teller, p->board, p->touched, all, false, wall);
    }
}

static void tell_made(struct pipeline *p, wall_t wall)
{
    const uint32_t *made;
    uint32_t count = lookout_made(p->lookout, &made);
    if (count > 0)
        tell_history(p->teller, p->board, made, count, false, wall);
}

/* The watch room's turn. Its times are milliseconds on a timeline of its own; returns when it is
 * due. */
static mono_t look_out(struct pipeline *p, wall_t wall, mono_t now)
{
    if (!p->lookout)
        return MONO_NEVER;
    int64_t t_ms = timeline_now(&p->timeline, wall, now);
    if (t_ms >= p->lookout_due_ms) {
        p->lookout_due_ms = lookout_run(p->lookout, t_ms, now);
        tell_made(p, wall);
    }
    if (t_ms >= p->kept_due_ms) {
        tell_keep(p->teller, timeline_key, &t_ms, sizeof t_ms);
        p->kept_due_ms = t_ms + 60000;
        tell_incident_figures(p->teller, t_ms);
    }
    note_hour(p, t_ms);
    double wait_ms = (double)(p->lookout_due_ms - t_ms) / clock_speed();
    return wait_ms > 1e9 ? MONO_NEVER : mono_add(now, (int64_t)(wait_ms * 1e6));
}

void pipeline_wrote(void *me, const struct write_end *e)
{
    struct pipeline *p = me;
    writes_ended(p->writes, e, clock_wall());
}

void pipeline_order(struct pipeline *p, struct poller *poller, const struct command *c,
                    const char *payload, wall_t wall, mono_t now)
{
    struct order o;
    const char *why = order_parse(c->verb, payload, c->payload_length, &o);
    if (!why && o.verb == ORDER_WRITE) {
        why = writes_order(p->writes, poller, c, &o, wall, now);
        if (!why)
            return; /* accepted, and answered again when it has ended */
    } else if (!why && !p->lookout)
        why = "this plant has no alarms, leaks or incidents";
    if (!why && o.verb != ORDER_WRITE) {
        why = lookout_order(p->lookout, &o, timeline_now(&p->timeline, wall, now));
        p->lookout_due_ms = p->timeline.t_ms;
    }
    if (log_may(&p->orders, now))
        log_notice("command %s from %s: %s", c->verb, *o.user ? o.user : "nobody",
                   why ? why : "done");
    tell_answer(p->teller, c, &o, why);
}

void pipeline_look(const struct pipeline *p, struct why_view *v)
{
    v->board = p->board;
    v->status = p->status;
    v->publishes = true;
}

void pipeline_remember(struct pipeline *p, struct memory *m)
{
    if (!p->lookout)
        return;
    warden_each(lookout_warden(p->lookout), memory_add, m);
    memory_add(m, timeline_key, &p->timeline.t_ms, sizeof p->timeline.t_ms);
}

static void restore(void *me, const char *key, const void *bytes, size_t size)
{
    struct pipeline *p = me;
    if (notices_key(key) || broker_keeps(key))
        return;
    bool used = strcmp(key, timeline_key) == 0 ||
                warden_restore(lookout_warden(p->lookout), key, bytes, size, p->timeline.t_ms);
    if (!used)
        log_notice("%s: what was kept of it belongs to another plant file, and is not used", key);
    if (!used)
        tell_keep(p->teller, key, NULL, 0);
}

/* Nobody will ever close an incident that was open when all watching left the plant file. */
static void leave_incident(void *me, const char *key, const void *bytes, size_t size)
{
    struct pipeline *p = me;
    char id[INCIDENT_ID_MAX], text[160];
    if (strcmp(key, "incident") != 0 || !incident_left(bytes, size, id))
        return;
    snprintf(text, sizeof text,
             "the plant file watches nothing any more: this incident was open, is not followed "
             "any longer, and leaves the broker");
    log_warn("incident %s: %s", id, text);
    pipeline_note(p, "incident-left", id, text, p->begun);
    tell_left_incident(p->teller, id);
    tell_keep(p->teller, key, NULL, 0);
}

/* false: out of memory. */
static bool begin_watch(struct pipeline *p, const struct pipeline_setup *setup)
{
    const struct lookout *old = setup->before ? setup->before->lookout : NULL;
    p->begun = setup->wall;
    if (old && lookout_may_follow(old, setup->change)) {
        p->passage = lookout_prepare(old, setup->change);
        return p->passage && tell_watch(p->teller, lookout_warden(setup->before->lookout));
    }
    if (!lookout_needed(p->plan->plant)) {
        if (setup->memory)
            memory_each(setup->memory, leave_incident, p);
        return true;
    }
    timeline_begin(&p->timeline, setup->memory ? memory_timeline(setup->memory) : 0, setup->wall,
                   setup->now);
    const struct lookout_setup l = {.plant = p->plan->plant,
                                    .board = p->board,
                                    .derive = p->derive,
                                    .teller = p->teller,
                                    .now_ms = p->timeline.t_ms,
                                    .keeps = true};
    p->lookout = lookout_new(&l);
    if (p->lookout && setup->memory)
        memory_each(setup->memory, restore, p);
    return p->lookout != NULL;
}

/* A story's clock runs as it likes; what it does is no news. */
static void look_at_clock(struct pipeline *p)
{
    mono_t before = clock_mono();
    wall_t wall = clock_wall(), from;
    if (!vitals_clock(&p->vitals, before, wall, clock_mono(), &from) || clock_speed() != 1)
        return;
    char text[96], more[96];
    snprintf(text, sizeof text, "the machine's clock was set by %+.1f s",
             (double)(wall.ms - from.ms) / 1000);
    snprintf(more, sizeof more, "\"from\":%lld,\"to\":%lld", (long long)from.ms,
             (long long)wall.ms);
    log_warn("%s", text);
    const struct event e = {.type = "clock-stepped",
                            .subject = p->plan->plant->gateway,
                            .text = text,
                            .time = wall,
                            .more = more};
    tell_event(p->teller, &e);
}

/* While the disk is in trouble nothing can be journaled, events included; stats say it at once. */
static void look_at_disk(struct pipeline *p, wall_t wall, mono_t now)
{
    const char *told;
    if (!vitals_disk(&p->vitals, atomic_load(&p->door->trouble), now, &told))
        return;
    pipeline_note(p, told ? "journal-trouble" : "journal-well", p->plan->plant->gateway, told,
                  wall);
    p->stats_due = now;
}

mono_t pipeline_tick(struct pipeline *p, struct poller *poller, wall_t wall, mono_t now)
{
    if (!mono_before(now, p->board_due)) {
        age(p, wall, now);
        p->board_due = mono_add(now, board_every_ns);
    }
    tell_unread(p, wall, now);
    notices_tell(&p->notices, wall);
    if (poller)
        notices_ask(&p->notices, poller, now);
    mono_t watched = look_out(p, wall, now);
    if (!mono_before(now, p->vitals_due)) {
        look_at_clock(p);
        look_at_disk(p, wall, now);
        p->vitals_due = mono_add(now, vitals_every_ns);
    }
    uint32_t session = atomic_load(&p->door->sessions);
    if (session != p->session) {
        p->session = session;
        tell_session(p->teller, p->board, p->status);
    }
    bool told = tell_values(p->teller, p->board, wall);
    told &= tell_devices(p->teller, p->status, wall);
    told &= tell_states(p->teller, wall);
    if (poller && !mono_before(now, p->stats_due)) {
        tell_figures(p, poller, wall);
        p->stats_due = mono_add(now, stats_every_ns);
    }
    /* The board's turn rides on other reasons to be awake, or waits for one more turn. */
    mono_t due = mono_add(p->board_due, board_every_ns);
    due = poller ? mono_min(due, p->stats_due) : due;
    due = mono_min(due, watched);
    return told ? due : mono_min(due, mono_add(now, 5 * NS_PER_MS));
}

bool pipeline_flush(struct pipeline *p)
{
    return tell_flush(p->teller);
}

/* false: out of memory. */
static bool carry(struct pipeline *p, const struct pipeline *before, const struct change *c)
{
    const struct mqtt *a = &c->before->plant->mqtt, *b = &c->after->plant->mqtt;
    if (!board_carry(p->board, before->board, c))
        return false;
    status_carry(p->status, before->status, c);
    teller_carry(p->teller, before->teller, c);
    p->updates = before->updates;
    if (a->values == b->values) /* else all of them are told, or taken back */
        p->session = before->session;
    p->board_due = before->board_due;
    p->stats_due = before->stats_due;
    p->hour_due_ms = before->hour_due_ms;
    p->kept_due_ms = before->kept_due_ms;
    p->vitals = before->vitals;
    p->vitals_due = before->vitals_due;
    p->orders = before->orders;
    return true;
}

/* What is computed in a new way of what was read already. */
static void derive_anew(struct pipeline *p, const struct change *c, wall_t wall, mono_t now)
{
    const struct plant *plant = p->plan->plant;
    for (uint32_t i = 0; i < plant->derived_count; i++) {
        const struct derived *d = &plant->derived[i];
        bool known = d->input_count > 0 && c->tags[plant->first_derived + i] == CHANGE_NONE;
        for (uint32_t k = 0; known && k < d->input_count; k++)
            known = board_tag(p->board, d->inputs[k].tag)->now.time.ms != 0;
        if (!known || p->touch_max == 0)
            continue;
        p->touched[0] = d->inputs[0].tag;
        uint32_t count = derive_run(p->derive, p->board, p->touched, 1, p->touch_max, wall, now);
        watch(p, count, wall, now);
        tell_history(p->teller, p->board, p->touched, count, false, wall);
    }
}

/* Trouble that nobody will tell a second time. What is good comes again with the next answer, and
 * must not be taken for a reading of now. */
static void watch_trouble(struct pipeline *p, wall_t wall, mono_t now)
{
    const struct plant *plant = p->plan->plant;
    uint32_t count = 0;
    for (uint32_t tag = 0; tag < plant->tag_count; tag++) {
        const struct sample *s = &board_tag(p->board, tag)->now;
        if (s->quality == QUALITY_GOOD || s->time.ms == 0)
            continue;
        p->touched[count++] = tag;
        if (count == p->touch_max) {
            watch(p, count, wall, now);
            count = 0;
        }
    }
    watch(p, count, wall, now);
    for (uint32_t i = 0; i < plant->device_count; i++)
        if (status_device(p->status, i)->state != DEVICE_UNKNOWN)
            watch_device(p, i, p->timeline.t_ms);
}

/* The watch room, from one pipeline to the other. */
static void move_watch(struct pipeline *p, struct pipeline *before, wall_t wall)
{
    const struct lookout_setup l = {
        .plant = p->plan->plant, .board = p->board, .derive = p->derive, .teller = p->teller};
    tell_made(before, wall);
    p->lookout = before->lookout;
    before->lookout = NULL;
    lookout_follow(p->lookout, p->passage, &l);
    p->passage = NULL;
    p->timeline = before->timeline;
    p->lookout_due_ms = before->lookout_due_ms;
}

bool pipeline_take_over(struct pipeline *p, struct pipeline *before, const struct change *c,
                        struct arena *home, wall_t wall, mono_t now)
{
    bool moves = p->passage != NULL, owes = tell_owes_states(before->teller);
    if (moves)
        move_watch(p, before, wall);
    else if (p->lookout && p->touch_max > 0)
        watch_trouble(p, wall, now);
    if (p->derive)
        derive_anew(p, c, wall, now);
    if (p->session != 0 && (!moves || owes))
        tell_owed_states(p->teller);
    return moves && lookout_keep_home(p->lookout, home);
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
    p->writes = p->board && p->teller ? writes_new(plant, p->board, p->teller) : NULL;
    if (!p->board || !p->status || !p->writes)
        goto out;
    teller_board(p->teller, p->board);
    p->notices = (struct notices){
        .plant = plant, .board = p->board, .status = p->status, .teller = p->teller};
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
    if (setup->before && !carry(p, setup->before, setup->change))
        goto out;
    if (!begin_watch(p, setup)) /* the last that can fail: it speaks */
        goto out;
    if (setup->memory && !setup->before)
        notices_restore(&p->notices, setup->memory);
    return p;
out:
    pipeline_free(p);
    return NULL;
}

void pipeline_free(struct pipeline *p)
{
    if (!p)
        return;
    lookout_free(p->lookout);
    passage_free(p->passage);
    derive_free(p->derive);
    board_free(p->board);
    status_free(p->status);
    writes_free(p->writes);
    teller_free(p->teller);
    free(p->touched);
    free(p->changed);
    free(p);
}
