/* SPDX-License-Identifier: Apache-2.0 */
/* Report by exception: what each lane was told last, and who waits to be told. */
#include <math.h>
#include <string.h>

#include "base/text.h"
#include "values/decode.h"
#include "values/slate.h"

uint64_t slate_mark(const struct value *v)
{
    uint64_t mark = 0;
    switch ((enum value_kind)v->kind) {
    case VALUE_NONE:
        break;
    case VALUE_BOOL:
        mark = v->truth;
        break;
    case VALUE_INT:
    case VALUE_UINT:
    case VALUE_REAL:
        mark = v->u;
        break;
    case VALUE_TEXT:
        mark = text_hash(0, v->text, v->length);
        break;
    }
    return mark;
}

static uint32_t reason_hash(const char *reason)
{
    if (!reason)
        return 0;
    uint64_t hash = text_hash(0, reason, strlen(reason));
    return (uint32_t)(hash ^ hash >> 32) | 1;
}

static bool is_number(uint8_t kind)
{
    return kind == VALUE_INT || kind == VALUE_UINT || kind == VALUE_REAL;
}

static bool value_is_news(const struct tag *t, const struct told *told)
{
    const struct value *v = &t->state.now.value;
    if (v->kind == told->kind && v->places == told->places && slate_mark(v) == told->mark)
        return false;
    if (!is_number(v->kind) || !is_number(told->kind))
        return true;
    struct value before = {.kind = told->kind, .places = told->places, .u = told->mark};
    double deadband = t->point->deadband;
    /* 10.3 and 10.2 differ by a little more than 0.1 in binary, and are within it for people. */
    if (deadband > 0)
        return fabs(value_number(v) - value_number(&before)) > deadband * (1 + 1e-9);
    return value_compare(v, &before) != 0;
}

bool slate_news(const struct tag *t, enum lane lane, wall_t now)
{
    const struct told *told = &t->told[lane];
    const struct sample *s = &t->state.now;
    if (!told->known || told->quality != (uint8_t)s->quality)
        return true;
    if ((s->reason || told->reason) && reason_hash(s->reason) != told->reason)
        return true;
    int64_t silence_ms = t->point->max_silence_ns / NS_PER_MS;
    /* A wall clock that was set back must not make a tag silent until it catches up. */
    if (silence_ms > 0 && (now.ms - told->time_ms >= silence_ms || now.ms < told->time_ms))
        return true;
    return value_is_news(t, told);
}

bool board_news(const struct board *b, uint32_t tag, enum lane lane, wall_t now)
{
    return slate_news(&b->tags[tag], lane, now);
}

void board_reported(struct board *b, uint32_t tag, enum lane lane, wall_t now)
{
    struct tag *t = &b->tags[tag];
    const struct sample *s = &t->state.now;
    t->told[lane] = (struct told){
        .mark = slate_mark(&s->value),
        .time_ms = now.ms,
        .reason = reason_hash(s->reason),
        .kind = s->value.kind,
        .places = s->value.places,
        .quality = (uint8_t)s->quality,
        .known = true,
    };
}

struct lane_told board_told(const struct board *b, uint32_t tag, enum lane lane)
{
    const struct told *t = &b->tags[tag].told[lane];
    struct lane_told out = {
        .known = t->known, .time = {t->time_ms}, .quality = (enum quality)t->quality};
    if (is_number(t->kind))
        out.value = (struct value){.kind = t->kind, .places = t->places, .u = t->mark};
    else if (t->kind == VALUE_BOOL)
        out.value = (struct value){.kind = VALUE_BOOL, .truth = t->mark != 0};
    return out;
}

void board_forget(struct board *b, enum lane lane)
{
    for (uint32_t i = 0; i < b->plant->tag_count; i++)
        b->tags[i].told[lane].known = false;
}

void board_dirty(struct board *b, uint32_t tag)
{
    struct tag *t = &b->tags[tag];
    if (t->next != NOT_QUEUED)
        return;
    t->next = NONE;
    if (b->last_dirty == NONE)
        b->first_dirty = tag;
    else
        b->tags[b->last_dirty].next = tag;
    b->last_dirty = tag;
}

bool board_next_dirty(struct board *b, uint32_t *tag)
{
    if (b->first_dirty == NONE)
        return false;
    *tag = b->first_dirty;
    struct tag *t = &b->tags[*tag];
    b->first_dirty = t->next;
    if (b->first_dirty == NONE)
        b->last_dirty = NONE;
    t->next = NOT_QUEUED;
    return true;
}
