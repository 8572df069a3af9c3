/* SPDX-License-Identifier: Apache-2.0 */
#include "values/board.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/zone.h"
#include "values/badge.h"
#include "values/decode.h"
#include "values/judge.h"
#include "values/mate.h"
#include "values/slate.h"
#include "values/words.h"

/* What it is, and what is known of it before anything was read. */
static void begin_tag(struct board *b, const struct map *map, uint32_t first, uint32_t point)
{
    struct tag *t = &b->tags[first + point];
    t->point = &map->points[point];
    const struct point *root = t->point;
    for (uint32_t i = 0; i < map->point_count && root->from >= 0; i++)
        root = &map->points[root->from];
    if (root->read_mode == READ_ON_DEMAND)
        t->state.now =
            (struct sample){.quality = QUALITY_OUT_OF_SERVICE, .reason = "read on demand only"};
}

struct board *board_new(const struct plan *plan)
{
    struct board *b = calloc(1, sizeof *b);
    if (!b)
        return NULL;
    const struct plant *plant = plan->plant;
    b->plan = plan;
    b->plant = plant;
    b->first_dirty = b->last_dirty = NONE;
    b->next_scan_ns = INT64_MIN;
    b->tags = aligned_alloc(alignof(struct tag), (plant->tag_count + 1U) * sizeof *b->tags);
    if (!b->tags || !slate_build(b)) {
        board_free(b);
        return NULL;
    }
    for (uint32_t i = 0; i < plant->tag_count; i++)
        b->tags[i] = (struct tag){
            .state.now = {.quality = QUALITY_NOT_CONNECTED, .reason = "not yet read"},
            .next = NOT_QUEUED,
        };
    for (uint32_t i = 0; i < plant->device_count; i++) {
        const struct device *d = &plant->devices[i];
        for (uint32_t k = 0; k < d->map->point_count; k++)
            begin_tag(b, d->map, d->first_tag, k);
    }
    for (uint32_t i = 0; i < plant->derived_count; i++) {
        struct tag *t = &b->tags[plant->first_derived + i];
        t->point = &plant->derived[i].point;
        if (!plant->derived[i].expression)
            t->state.now.reason = "not yet known";
    }
    return b;
}

void board_free(struct board *b)
{
    if (!b)
        return;
    for (uint32_t i = 0; i < b->sheet_count; i++) {
        free(b->sheets[i].text_at);
        free(b->sheets[i].late);
        free(b->sheets[i].scales);
    }
    free(b->sheets);
    for (uint32_t i = 0; i < b->home_count; i++) {
        zone_free(b->homes[i].zone);
        free(b->homes[i].twice);
        free(b->homes[i].never);
    }
    free(b->homes);
    free(b->bases);
    free(b->units);
    free(b->text);
    free(b->derived_text);
    free(b->beats);
    badges_free(b);
    mates_free(b);
    free(b->asked);
    free(b->steps);
    free(b->tags);
    arena_free(b->words);
    free(b);
}

uint32_t board_touch_max(const struct board *b)
{
    return b->touch_max;
}

uint32_t board_good(const struct board *b)
{
    return b->good;
}

const struct tag_state *board_tag(const struct board *b, uint32_t tag)
{
    return &b->tags[tag].state;
}

void slate_store(struct board *b, uint32_t tag, const struct sample *s)
{
    struct tag *t = &b->tags[tag];
    b->good += s->quality == QUALITY_GOOD;
    b->good -= t->state.now.quality == QUALITY_GOOD;
    t->state.now = *s;
    if (s->quality == QUALITY_GOOD) {
        t->state.last = s->value;
        t->state.last_time = s->time;
    }
    t->pass = b->pass;
    b->touched[b->touched_count++] = tag;
    if (t->next == NOT_QUEUED && slate_news(t, LANE_VALUE, s->time))
        board_dirty(b, tag);
}

void slate_doubt(struct board *b, uint32_t tag, const char *reason, wall_t now)
{
    struct sample s = b->tags[tag].state.now;
    if (s.quality != QUALITY_GOOD)
        return;
    s.quality = QUALITY_UNCERTAIN;
    s.reason = reason;
    s.time = now;
    slate_store(b, tag, &s);
}

/* What a counter counts on from. Behind an outage that is its last good value, unless it ran
 * backwards since: one that was replaced would look as if it did so after each outage. */
static struct value counted(const struct board *b, uint32_t tag)
{
    const struct tag_state *t = &b->tags[tag].state;
    if (t->now.value.kind != VALUE_NONE)
        return t->now.value;
    const struct base *base = slate_base(b, tag);
    return base && base->value.kind != VALUE_NONE && base->last.ms == t->last_time.ms ? base->value
                                                                                      : t->last;
}

static void judge_count(struct board *b, uint32_t tag, struct sample *s)
{
    const struct tag *t = &b->tags[tag];
    struct value before = counted(b, tag);
    struct base *base;
    if (judge_counter(t->point, &before, s) && s->quality != QUALITY_GOOD &&
        (base = slate_base(b, tag)) != NULL) {
        base->value = s->value;
        base->last = t->state.last_time;
    }
}

static void doubt_identity(const struct board *b, uint32_t device, struct sample *s)
{
    if (device != NONE && b->units[device].doubt != DOUBT_NONE)
        badges_doubt(b, &b->units[device], s);
}

static void doubt_pulse(const struct board *b, uint32_t device, struct sample *s)
{
    if (device == NONE || s->quality != QUALITY_GOOD)
        return;
    uint32_t beat = b->units[device].beat;
    if (beat != NONE && b->beats[beat].frozen) {
        s->quality = QUALITY_UNCERTAIN;
        s->reason = "frozen: the heartbeat has not changed";
    }
}

void slate_qualify(const struct board *b, uint32_t device, struct sample *s)
{
    doubt_identity(b, device, s);
    doubt_pulse(b, device, s);
}

void slate_judge(struct board *b, uint32_t tag, uint32_t device, struct sample *s)
{
    /* First: what another meter counts is no base for this one. */
    doubt_identity(b, device, s);
    if (b->tags[tag].point->kind == KIND_COUNTER)
        judge_count(b, tag, s);
    doubt_pulse(b, device, s);
    slate_store(b, tag, s);
}

/* The half of a tag's text room that does not hold its last good text. NULL: it has no room. */
static char *text_room(const struct board *b, uint32_t tag, uint32_t device, uint32_t point)
{
    size_t half;
    char *text = slate_text(b, device, point, &half);
    const struct value *last = &b->tags[tag].state.last;
    return text && last->kind == VALUE_TEXT && last->text == text ? text + half : text;
}

/* The device's clock stands in its own zone. */
static void tell_in_utc(const struct unit *u, const struct point *p, const uint8_t *at, char *text,
                        struct sample *s)
{
    if (s->value.kind != VALUE_TEXT)
        return;
    const struct home *home = u->home;
    if (!home->zone) {
        *s = (struct sample){.quality = QUALITY_CONFIG_ERROR,
                             .reason = "the timezone of its clock is not known on this machine"};
        return;
    }
    unsigned times = words_utc(home->zone, words_summer(p, at), text, &s->value);
    if (times == 1)
        return;
    s->quality = QUALITY_UNCERTAIN;
    s->reason = times ? home->twice : home->never;
}

static void decode_feed(struct board *b, const struct block *block, const struct feed *f,
                        uint16_t start, struct sample *s)
{
    uint32_t tag = b->plant->devices[f->device].first_tag + f->point;
    const struct point *p = b->tags[tag].point;
    char *text = NULL;
    if (p->type == RAW_STRING || p->type == RAW_TIME)
        text = text_room(b, tag, f->device, f->point);
    decode_point(p, block->data, (uint16_t)(f->offset - start), text, s);
    if (p->type == RAW_TIME && b->units[f->device].home)
        tell_in_utc(&b->units[f->device], p, block->data + (size_t)(f->offset - start) * 2, text,
                    s);
    s->time = block->time;
}

static bool is_plain(const struct point *p)
{
    return p->exp_from < 0 && p->mul_from < 0 && p->valid_if.point < 0;
}

/* What of a request a block speaks of, and whose turn it is. */
struct view {
    struct extent extent;
    uint32_t turn;
    bool whole, fault;
};

static bool is_due(const struct view *v, const struct feed *f, const struct tag *t)
{
    if (!v->whole && !extent_has(&v->extent, f->offset, t->point->words))
        return false;
    return f->every_nth <= 1 || v->fault || v->turn % f->every_nth == 0 ||
           t->state.now.quality != QUALITY_GOOD;
}

/* First of all: whether the device's program still runs decides on all its other tags. */
static void feel_pulse(struct board *b, const struct view *v)
{
    const struct request *r = v->extent.block->request;
    for (uint32_t i = 0; i < r->feed_count; i++) {
        const struct feed *f = &r->feeds[i];
        const struct device *d = &b->plant->devices[f->device];
        const struct tag *t = &b->tags[d->first_tag + f->point];
        if (d->map->heartbeat.point != (int64_t)f->point || !is_due(v, f, t))
            continue;
        struct sample s;
        decode_feed(b, v->extent.block, f, (uint16_t)v->extent.start, &s);
        struct beat *beat = &b->beats[b->units[f->device].beat];
        uint64_t mark = slate_mark(&s.value);
        if (s.value.kind == VALUE_NONE || (beat->known && beat->mark == mark))
            continue;
        beat->known = true;
        beat->frozen = false;
        beat->mark = mark;
        beat->changed_ns = b->asked[r->id].news_ns;
    }
}

static uint32_t tag_at(const struct board *b, uint32_t device, uint32_t point)
{
    return b->plant->devices[device].first_tag + point;
}

static const struct point *point_of(const struct board *b, const struct feed *f)
{
    return b->tags[tag_at(b, f->device, f->point)].point;
}

/* As this answer says it, though its turn to be told has not come: others hang on it. */
static bool read_quietly(const struct board *b, const struct extent *e, const struct step *step,
                         struct sample *s)
{
    const struct feed *f = &e->block->request->feeds[step->feed];
    const struct point *root = point_of(b, f);
    if (step->mate == NONE || !extent_has(e, f->offset, root->words) || root->type == RAW_STRING ||
        root->type == RAW_TIME)
        return false;
    const struct point *p = b->tags[tag_at(b, step->device, step->point)].point;
    if (p->from < 0) {
        decode_point(p, e->block->data, (uint16_t)(f->offset - e->start), NULL, s);
        s->time = e->block->time;
        return true;
    }
    const struct mate *source = &b->mates[step->source];
    if (source->pass == b->pass)
        decode_from(p, &source->now, s);
    return source->pass == b->pass;
}

static bool read_due(struct board *b, const struct extent *e, const struct step *step,
                     struct sample *s)
{
    const struct point *p = b->tags[tag_at(b, step->device, step->point)].point;
    const struct tag *needs =
        &b->tags[tag_at(b, step->device, p->from >= 0 ? (uint32_t)p->from : step->point)];
    if (needs->pass != b->pass)
        return false;
    if (p->from >= 0)
        decode_from(p, &needs->state.now, s);
    else
        decode_feed(b, e->block, &e->block->request->feeds[step->feed], (uint16_t)e->start, s);
    return true;
}

static void house_computed(const struct board *b, const struct step *step, const struct point *p,
                           struct sample *s)
{
    if (p->from < 0 || s->value.kind != VALUE_TEXT)
        return;
    char *text = text_room(b, tag_at(b, step->device, step->point), step->device, step->point);
    if (text) {
        memcpy(text, s->value.text, s->value.length);
        s->value.text = text;
    }
}

static void feed_step(struct board *b, const struct extent *e, const struct step *step)
{
    uint32_t tag = tag_at(b, step->device, step->point);
    const struct point *p = b->tags[tag].point;
    struct sample s;
    bool due = read_due(b, e, step, &s);
    if (!due && !read_quietly(b, e, step, &s))
        return;
    if (!is_plain(p))
        mates_apply(b, step, e->block, &s);
    uint8_t missing = mates_missing(b, step, &s);
    if (!due) {
        slate_qualify(b, step->device, &s);
        if (missing == 0)
            mates_note(b, step, e->block, &s);
        else
            mates_hold_quietly(b, step, e->block, missing, &s);
        return;
    }
    house_computed(b, step, p, &s);
    if (missing != 0) {
        mates_hold(b, step, e->block, missing, &s);
        return;
    }
    b->waits[step - b->steps] = 0;
    slate_judge(b, tag, step->device, &s);
    mates_note(b, step, e->block, &b->tags[tag].state.now);
}

void slate_step(struct board *b, const struct step *step, const struct block *block)
{
    feed_step(b, &(struct extent){.block = block}, step);
}

enum { AHEAD = 16 };

/* The tags of a big plant lie in memory, not in the cache: fetched while others are decoded. */
static void fetch(const struct board *b, const struct request *r, uint32_t i)
{
    if (i >= r->feed_count)
        return;
    const struct feed *f = &r->feeds[i];
    const struct tag *t = &b->tags[b->plant->devices[f->device].first_tag + f->point];
    __builtin_prefetch(&t->state, 1);
    __builtin_prefetch(&t->told, 1);
}

static void feed_data(struct board *b, const struct view *v)
{
    const struct request *r = v->extent.block->request;
    const struct asked *a = &b->asked[r->id];
    for (uint32_t i = 0; i < AHEAD; i++)
        fetch(b, r, i);
    if (a->seen_count > 0)
        badges_look(b, v->extent.block, v->extent.start, v->extent.end);
    if (a->has_beat)
        feel_pulse(b, v);
    for (uint32_t i = 0; i < r->feed_count; i++) {
        fetch(b, r, i + AHEAD);
        const struct feed *f = &r->feeds[i];
        uint32_t tag = b->plant->devices[f->device].first_tag + f->point;
        struct tag *t = &b->tags[tag];
        if (!is_due(v, f, t))
            continue;
        if (!is_plain(t->point)) {
            t->pass = b->pass; /* its step is to come */
            continue;
        }
        struct sample s;
        decode_feed(b, v->extent.block, f, (uint16_t)v->extent.start, &s);
        slate_judge(b, tag, f->device, &s);
    }
    if (a->mate_count > 0)
        mates_hear(b, &v->extent);
    if (a->waiter_count > 0)
        mates_settle_others(b, v->extent.block);
    for (uint32_t i = 0; i < a->step_count; i++)
        feed_step(b, &v->extent, &b->steps[a->first_step + i]);
    if (a->waiter_count > 0)
        mates_settle(b, v->extent.block);
    if (a->scale_count > 0)
        scales_look(b, r);
    if (a->seen_count > 0)
        badges_mark(b, v->extent.block);
}

/* Known trouble is no news while nobody asks again; but it may have been silent for too long. */
static void feed_fault_to(struct board *b, uint32_t tag, const struct block *block,
                          const struct sample *s)
{
    struct tag *t = &b->tags[tag];
    enum quality now = t->state.now.quality;
    bool known =
        t->state.now.time.ms != 0 && (now == QUALITY_COMM_FAILURE || now == QUALITY_NOT_CONNECTED ||
                                      now == QUALITY_DEVICE_FAILURE ||
                                      now == QUALITY_CONFIG_ERROR || now == QUALITY_OUT_OF_SERVICE);
    if (block->fault != FAULT_BACKED_OFF || !known)
        slate_store(b, tag, s);
    else if (t->point->max_silence_ns > 0 && slate_news(t, LANE_VALUE, block->time))
        board_dirty(b, tag);
}

/* Refused by the device, and no part of what was refused has to be there? A hole is one value; what
 * is refused whole may be equipment that isn't ready, unless nobody expects any of it. */
static bool may_lack(const struct board *b, const struct view *v)
{
    const struct request *r = v->extent.block->request;
    if (v->extent.block->fault == FAULT_HOLE)
        return true;
    if (v->extent.block->fault != FAULT_EXCEPTION || v->extent.block->exception > 3)
        return false;
    for (uint32_t i = 0; i < r->feed_count; i++) {
        const struct point *p = point_of(b, &r->feeds[i]);
        bool covered = v->whole || (r->feeds[i].offset >= v->extent.start &&
                                    r->feeds[i].offset + (uint32_t)p->words <= v->extent.end);
        if (covered && !p->optional)
            return false;
    }
    return true;
}

static void feed_fault(struct board *b, const struct view *v)
{
    const struct request *r = v->extent.block->request;
    const struct asked *a = &b->asked[r->id];
    const struct sample s = judge_fault(v->extent.block);
    const struct sample lacking = {.quality = QUALITY_OUT_OF_SERVICE,
                                   .reason = "not on this model",
                                   .time = v->extent.block->time};
    bool lacks = may_lack(b, v);
    for (uint32_t i = 0; i < r->feed_count; i++) {
        const struct feed *f = &r->feeds[i];
        uint32_t tag = b->plant->devices[f->device].first_tag + f->point;
        struct tag *t = &b->tags[tag];
        if (is_due(v, f, t))
            feed_fault_to(b, tag, v->extent.block, lacks && t->point->optional ? &lacking : &s);
    }
    for (uint32_t i = 0; i < a->step_count; i++) {
        const struct step *step = &b->steps[a->first_step + i];
        uint32_t first = b->plant->devices[step->device].first_tag;
        int32_t from = b->tags[first + step->point].point->from;
        if (from < 0 || b->tags[first + (uint32_t)from].pass != b->pass)
            continue;
        bool lacked = b->tags[first + (uint32_t)from].state.now.quality == QUALITY_OUT_OF_SERVICE;
        feed_fault_to(b, first + step->point, v->extent.block, lacked ? &lacking : &s);
    }
    mates_fault(b, &v->extent);
    mates_settle(b, v->extent.block);
}

uint32_t board_feed(struct board *b, const struct block *block, uint32_t *touched)
{
    const struct request *r = block->request;
    struct asked *a = &b->asked[r->id];
    struct view v = {
        .extent = {.block = block, .end = r->count},
        .whole = block->count == 0 || (block->first == r->first && block->count == r->count),
        .fault = block->fault != FAULT_NONE,
    };
    if (!v.whole) {
        assert(block->first >= r->first &&
               (uint32_t)block->first + block->count <= (uint32_t)r->first + r->count);
        v.extent.start = (uint32_t)(block->first - r->first);
        v.extent.end = v.extent.start + block->count;
    }
    b->touched = touched;
    b->touched_count = 0;
    b->pass++;
    if (block->fault != FAULT_BACKED_OFF) {
        a->news_ns = block->answered.ns ? block->answered.ns : block->asked.ns;
        a->check_ns = mono_add((mono_t){a->news_ns}, a->limit_ns).ns;
    }
    if (v.fault) {
        feed_fault(b, &v);
        return b->touched_count;
    }
    bool bits = r->table == TABLE_COIL || r->table == TABLE_DISCRETE;
    uint32_t covered = v.extent.end - v.extent.start;
    assert(block->data && block->length >= (bits ? (covered + 7) / 8 : covered * 2U));
    a->turn +=
        v.extent.start <= a->part; /* the first part that is served counts for all of a round */
    a->part = v.extent.start;
    v.turn = a->turn;
    feed_data(b, &v);
    return b->touched_count;
}

/* Which device a tag belongs to; NONE for derived ones. */
static uint32_t device_of(const struct board *b, uint32_t tag)
{
    return tag < b->plant->first_derived ? plant_device_of(b->plant, tag) : NONE;
}

/* A text that came from outside gets a home: the word of the enum, or the tag's own room. */
static void house_text(struct board *b, uint32_t tag, uint32_t device, struct sample *s)
{
    const struct point *p = b->tags[tag].point;
    struct value *v = &s->value;
    for (uint32_t i = 0; i < p->choice_count; i++) {
        const struct choice *c = &p->choices[i];
        if (c->length == v->length && memcmp(c->text, v->text, v->length) == 0) {
            v->text = c->text;
            return;
        }
    }
    uint32_t first = device == NONE ? b->plant->first_derived : b->plant->devices[device].first_tag;
    char *room = text_room(b, tag, device, tag - first);
    if (room && v->length <= BOARD_TEXT_MAX) {
        memcpy(room, v->text, v->length);
        v->text = room;
        return;
    }
    *v = (struct value){.kind = VALUE_NONE};
    s->quality = QUALITY_SENSOR_FAILURE;
    s->reason = room ? "text too long" : "a text where none belongs";
}

void board_put(struct board *b, uint32_t tag, const struct sample *s)
{
    struct sample own = *s;
    uint32_t device = device_of(b, tag), touched;
    if (own.value.kind == VALUE_TEXT)
        house_text(b, tag, device, &own);
    else
        decode_judge(b->tags[tag].point, &own);
    b->touched = &touched;
    b->touched_count = 0;
    b->pass++;
    slate_judge(b, tag, device, &own);
}
