/* SPDX-License-Identifier: Apache-2.0 */
#include "app/lookout.h"

#include <stdlib.h>
#include <string.h>

#include "watch/fingerprint.h"

struct lookout {
    const struct plant *plant;
    struct board *board;
    struct derive *derive;
    struct teller *teller;
    struct warden *warden;
    void *me;
    void (*alarm)(void *me, uint32_t index, enum alarm_change what, int64_t t_ms);
    int64_t due_ms;
    /* Numbers of tags, when the board's plan isn't the warden's any more; NULL: they are the same.
     */
    uint32_t *to_warden, *from_warden;
    uint32_t warden_tags;
    uint64_t fingerprint;
    struct arena *home; /* of the warden's plan, when nobody else needs it; NULL */
    uint32_t *made; /* tags put since the last run; room for every derived one twice */
    uint32_t made_count, made_room;
};

bool lookout_needed(const struct plant *p)
{
    return p->alarm_count > 0 || p->leak_count > 0 || p->equipment_count > 0 || p->basin_count > 0;
}

static uint32_t board_number(const struct lookout *l, uint32_t tag)
{
    return l->from_warden ? l->from_warden[tag] : tag;
}

static void on_tag(void *me, uint32_t warden_tag, const struct sample *s)
{
    struct lookout *l = me;
    uint32_t tag = board_number(l, warden_tag);
    board_put(l->board, tag, s);
    for (uint32_t i = 0; i < l->made_count; i++)
        if (l->made[i] == tag)
            return;
    if (l->made_count < l->made_room)
        l->made[l->made_count++] = tag;
}

static void on_alarm(void *me, uint32_t index, enum alarm_change what, int64_t t_ms)
{
    struct lookout *l = me;
    tell_alarm(l->teller, index, what, t_ms);
    if (l->alarm)
        l->alarm(l->me, index, what, t_ms);
}

static void on_leak(void *me, uint32_t index, const char *change, int64_t t_ms)
{
    struct lookout *l = me;
    tell_leak(l->teller, index, change, t_ms);
}

static void on_incident(void *me, enum incident_change what, const char *subject, const char *text,
                        int64_t t_ms)
{
    struct lookout *l = me;
    tell_incident(l->teller, what, subject, text, t_ms);
}

static void on_bulletin(void *me, const struct bulletin *b)
{
    struct lookout *l = me;
    tell_bulletin(l->teller, b);
}

static void on_capture(void *me, uint32_t alarm, uint32_t tag, const struct capture_sample *samples,
                       uint32_t count, int64_t t_ms)
{
    struct lookout *l = me;
    tell_capture(l->teller, alarm, board_number(l, tag), samples, count, t_ms);
}

static void on_keep(void *me, const char *key, const void *bytes, size_t size)
{
    struct lookout *l = me;
    tell_keep(l->teller, key, bytes, size);
}

struct lookout *lookout_new(const struct lookout_setup *setup)
{
    struct lookout *l = calloc(1, sizeof *l);
    if (!l)
        return NULL;
    l->plant = setup->plant;
    l->board = setup->board;
    l->derive = setup->derive;
    l->teller = setup->teller;
    l->me = setup->me;
    l->alarm = setup->alarm;
    l->made_room = 2 * setup->plant->derived_count + 1;
    l->made = calloc(l->made_room, sizeof *l->made);
    const struct warden_setup w = {.plant = setup->plant,
                                   .hooks = {.me = l,
                                             .alarm = on_alarm,
                                             .leak = on_leak,
                                             .incident = on_incident,
                                             .bulletin = on_bulletin,
                                             .tag_me = l,
                                             .tag = on_tag,
                                             .capture = on_capture,
                                             .keep = setup->keeps ? on_keep : NULL},
                                   .now_ms = setup->now_ms,
                                   .sample_ms = setup->sample_ms};
    l->warden = l->made ? warden_new(&w) : NULL;
    l->due_ms = setup->now_ms;
    l->warden_tags = setup->plant->tag_count;
    l->fingerprint = watch_fingerprint(setup->plant);
    if (l->warden && tell_watch(l->teller, l->warden))
        return l;
    lookout_free(l);
    return NULL;
}

void lookout_free(struct lookout *l)
{
    if (!l)
        return;
    if (l->warden)
        tell_watch(l->teller, NULL);
    warden_free(l->warden);
    arena_free(l->home);
    free(l->to_warden);
    free(l->from_warden);
    free(l->made);
    free(l);
}

struct passage {
    uint32_t *to_warden, *from_warden, *made, made_room;
};

void passage_free(struct passage *p)
{
    if (!p)
        return;
    free(p->to_warden);
    free(p->from_warden);
    free(p->made);
    free(p);
}

/* What the warden calls a tag of the new plan. */
static uint32_t warden_number(const struct lookout *l, const struct change *c, uint32_t tag)
{
    uint32_t old = c->tags[tag];
    return old == CHANGE_NONE || !l->to_warden ? old : l->to_warden[old];
}

struct passage *lookout_prepare(const struct lookout *l, const struct change *c)
{
    const struct plant *p = c->after->plant;
    struct passage *way = calloc(1, sizeof *way);
    if (!way)
        return NULL;
    way->made_room = 2 * p->derived_count + 1;
    way->made = calloc(way->made_room, sizeof *way->made);
    way->to_warden = calloc(p->tag_count + 1U, sizeof *way->to_warden);
    way->from_warden = calloc(l->warden_tags + 1U, sizeof *way->from_warden);
    if (!way->made || !way->to_warden || !way->from_warden) {
        passage_free(way);
        return NULL;
    }
    memset(way->from_warden, 0xFF, (l->warden_tags + 1U) * sizeof *way->from_warden);
    for (uint32_t tag = 0; tag < p->tag_count; tag++) {
        way->to_warden[tag] = warden_number(l, c, tag);
        if (way->to_warden[tag] != CHANGE_NONE)
            way->from_warden[way->to_warden[tag]] = tag;
    }
    return way;
}

/* Every tag that the room looks at, or makes, has to be what it was. */
bool lookout_may_follow(const struct lookout *l, const struct change *c)
{
    const struct plant *p = c->after->plant;
    if (watch_fingerprint(p) != l->fingerprint)
        return false;
    uint32_t wanted = 0, made = 0;
    for (uint32_t tag = 0; tag < l->warden_tags; tag++)
        wanted += warden_wants(l->warden, tag);
    for (uint32_t tag = 0; tag < p->tag_count; tag++) {
        uint32_t number = warden_number(l, c, tag);
        wanted -= number != CHANGE_NONE && warden_wants(l->warden, number);
        made += number == CHANGE_NONE && tag >= p->first_derived &&
                !p->derived[tag - p->first_derived].expression;
    }
    return wanted == 0 && made == 0;
}

void lookout_follow(struct lookout *l, struct passage *p, const struct lookout_setup *setup)
{
    free(l->to_warden);
    free(l->from_warden);
    free(l->made);
    l->to_warden = p->to_warden;
    l->from_warden = p->from_warden;
    l->made = p->made;
    l->made_room = p->made_room;
    l->made_count = 0;
    free(p);
    l->plant = setup->plant;
    l->board = setup->board;
    l->derive = setup->derive;
    l->teller = setup->teller;
    l->me = setup->me;
    l->alarm = setup->alarm;
}

bool lookout_keep_home(struct lookout *l, struct arena *home)
{
    if (l->home)
        return false;
    l->home = home;
    return true;
}

void lookout_feed(struct lookout *l, const uint32_t *touched, uint32_t count, int64_t t_ms)
{
    for (uint32_t i = 0; i < count; i++) {
        uint32_t tag = l->to_warden ? l->to_warden[touched[i]] : touched[i];
        if (tag == CHANGE_NONE || !warden_wants(l->warden, tag))
            continue;
        warden_sample(l->warden, tag, &board_tag(l->board, touched[i])->now, t_ms);
        l->due_ms = t_ms;
    }
}

int64_t lookout_run(struct lookout *l, int64_t now_ms, mono_t now)
{
    if (now_ms < l->due_ms)
        return l->due_ms;
    int64_t due = warden_run(l->warden, now_ms);
    l->due_ms = due;
    if (l->made_count > 0 && l->derive)
        l->made_count = derive_run(l->derive, l->board, l->made, l->made_count, l->made_room,
                                   (wall_t){now_ms}, now);
    /* What was made may be watched in its turn: in the next run, never in a circle within this one.
     */
    lookout_feed(l, l->made, l->made_count, now_ms);
    l->due_ms = l->due_ms < due ? now_ms + 1 : due;
    return l->due_ms;
}

const char *lookout_order(struct lookout *l, const struct order *o, int64_t now_ms)
{
    l->due_ms = now_ms;
    return warden_order(l->warden, o, now_ms);
}

uint32_t lookout_made(struct lookout *l, const uint32_t **tags)
{
    uint32_t count = l->made_count;
    *tags = l->made;
    l->made_count = 0;
    return count;
}

struct warden *lookout_warden(struct lookout *l)
{
    return l->warden;
}
