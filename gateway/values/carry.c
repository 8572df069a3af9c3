/* SPDX-License-Identifier: Apache-2.0 */
/* A board that takes over what another one knew: tags that are the same in both plans keep value,
 * quality, age and what was told of them. Nothing it takes points into the other board or its plan.
 */
#include <string.h>

#include "base/arena.h"
#include "values/badge.h"
#include "values/mate.h"
#include "values/slate.h"

enum { WORDS = 256 }; /* power of two */

struct haul {
    struct board *to;
    const struct board *from;
    const struct change *change;
    const char *seen[WORDS], *copies[WORDS]; /* by where they lay */
};

/* Reasons are few, and most of them are words of the program; nobody can see which. */
static const char *keep_reason(struct haul *h, const char *reason)
{
    if (!reason)
        return NULL;
    size_t slot = ((uintptr_t)reason >> 4 ^ (uintptr_t)reason >> 12) & (WORDS - 1);
    if (h->seen[slot] != reason) {
        h->copies[slot] = arena_copy(h->to->words, reason, strlen(reason));
        h->seen[slot] = reason;
    }
    return h->copies[slot];
}

/* The word of an enum, or a copy in `room`. */
static void keep_text(const struct point *p, struct value *v, char *room)
{
    for (uint32_t i = 0; i < p->choice_count; i++) {
        const struct choice *c = &p->choices[i];
        if (c->length == v->length && memcmp(c->text, v->text, v->length) == 0) {
            v->text = c->text;
            return;
        }
    }
    assert(room);
    memcpy(room, v->text, v->length);
    v->text = room;
}

static void carry_texts(struct haul *h, struct tag *t, uint32_t device, uint32_t point)
{
    struct value *now = &t->state.now.value, *last = &t->state.last;
    if (now->kind != VALUE_TEXT && last->kind != VALUE_TEXT)
        return;
    size_t half = 0;
    char *room = slate_text(h->to, device, point, &half);
    bool shared = now->kind == VALUE_TEXT && last->kind == VALUE_TEXT && now->text == last->text;
    if (last->kind == VALUE_TEXT)
        keep_text(t->point, last, room);
    if (shared)
        now->text = last->text;
    else if (now->kind == VALUE_TEXT)
        keep_text(t->point, now,
                  room && last->kind == VALUE_TEXT && last->text == room ? room + half : room);
}

static void carry_tag(struct haul *h, uint32_t tag, uint32_t device, uint32_t point)
{
    uint32_t old = h->change->tags[tag];
    if (old == CHANGE_NONE)
        return;
    const struct tag *from = &h->from->tags[old];
    struct tag *to = &h->to->tags[tag];
    to->state = from->state;
    memcpy(to->told, from->told, sizeof to->told);
    to->state.now.reason = keep_reason(h, from->state.now.reason);
    carry_texts(h, to, device, point);
    struct base *base = slate_base(h->to, tag);
    const struct base *base_before = slate_base(h->from, old);
    if (base && base_before) {
        base->value = base_before->value;
        base->last = base_before->last;
    }
    h->to->good += to->state.now.quality == QUALITY_GOOD;
    if (from->next != NOT_QUEUED)
        board_dirty(h->to, tag);
}

static void carry_beat(struct haul *h, uint32_t device)
{
    uint32_t old = h->change->devices[device];
    const struct device *d = &h->to->plant->devices[device];
    uint32_t beat = h->to->units[device].beat;
    if (old == CHANGE_NONE || beat == NONE || h->from->units[old].beat == NONE ||
        h->change->tags[d->first_tag + (uint32_t)d->map->heartbeat.point] == CHANGE_NONE)
        return;
    struct beat *to = &h->to->beats[beat];
    *to = h->from->beats[h->from->units[old].beat];
    to->device = device;
    to->marked = 0;
}

/* A slow tag that is the same would wait for its turn, and what is new and made of it with it. */
static bool computes_anew(const struct haul *h, const struct request *r)
{
    for (uint32_t i = 0; i < r->feed_count; i++)
        if (r->feeds[i].every_nth > 1 &&
            change_computes_anew(h->change, &h->to->plant->devices[r->feeds[i].device],
                                 r->feeds[i].point))
            return true;
    return false;
}

/* Of lines that are asked as before: when each request brought news, and whose turn is next. */
static void carry_asked(struct haul *h, uint32_t line)
{
    uint32_t old = h->change->lines[line];
    if (old == CHANGE_NONE)
        return;
    const uint32_t *to_first = h->to->plan->first_request;
    uint32_t from_first = h->from->plan->first_request[old];
    for (uint32_t i = to_first[line]; i < to_first[line + 1]; i++) {
        struct asked *to = &h->to->asked[i];
        const struct asked *from = &h->from->asked[from_first + (i - to_first[line])];
        to->turn = computes_anew(h, &h->to->plan->requests[i]) ? UINT32_MAX : from->turn;
        to->part = from->part;
        if (from->news_ns == 0)
            continue;
        to->news_ns = from->news_ns;
        to->check_ns = mono_add((mono_t){from->news_ns}, to->limit_ns).ns;
    }
}

bool board_carry(struct board *b, const struct board *before, const struct change *change)
{
    struct haul h = {.to = b, .from = before, .change = change};
    b->words = arena_new(0);
    if (!b->words)
        return false;
    for (uint32_t i = 0; i < b->plant->device_count; i++) {
        const struct device *d = &b->plant->devices[i];
        for (uint32_t k = 0; k < d->map->point_count; k++)
            carry_tag(&h, d->first_tag + k, i, k);
        carry_beat(&h, i);
    }
    for (uint32_t i = 0; i < b->plant->derived_count; i++)
        carry_tag(&h, b->plant->first_derived + i, NONE, i);
    for (uint32_t i = 0; i < b->plant->line_count; i++)
        carry_asked(&h, i);
    badges_carry(b, before, change);
    mates_carry(b, before, change);
    b->unread_end = b->plant->tag_count;
    return !arena_exhausted(b->words);
}

uint32_t board_unread(struct board *b, wall_t wall, uint32_t *touched, uint32_t room)
{
    b->touched = touched;
    b->touched_count = 0;
    b->pass++;
    for (; b->unread_at < b->unread_end; b->unread_at++) {
        struct sample s = b->tags[b->unread_at].state.now;
        if (s.time.ms != 0 || s.quality != QUALITY_NOT_CONNECTED)
            continue;
        if (b->touched_count == room)
            break;
        s.time = wall;
        slate_store(b, b->unread_at, &s);
    }
    return b->touched_count;
}
