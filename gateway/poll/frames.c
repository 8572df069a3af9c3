/* SPDX-License-Identifier: Apache-2.0 */
#include "poll/frames.h"

#include <stdlib.h>
#include <string.h>

enum { SLOTS = 3, NOWHERE = SLOTS };

struct part { /* of the request: all of it, or a piece */
    struct part *next;
    char *slots;
    uint16_t first, count;
    uint16_t room; /* for the bytes of one answer */
    uint8_t newest[2]; /* slot of the last good and of the last bad one; NOWHERE: none */
    uint32_t number; /* of its newest exchange */
};

struct frames {
    struct part *parts;
    uint8_t part_count;
    uint32_t number;
};

static size_t slot_size(const struct part *p)
{
    size_t align = _Alignof(struct frame);
    return (sizeof(struct frame) + p->room + align - 1) / align * align;
}

static struct frame *slot(const struct part *p, unsigned i)
{
    return (struct frame *)(void *)(p->slots + i * slot_size(p));
}

static struct part *part_new(struct frames *fs, const struct request *r, uint8_t framing)
{
    const struct ask whole = {
        .framing = framing, .function = adu_function(r->table), .count = r->count};
    struct part shape = {.room = (uint16_t)(adu_answer_length(&whole) + 1)};
    if (shape.room < FRAME_SENT_MAX) /* an exception, or an echo of ours */
        shape.room = FRAME_SENT_MAX;
    struct part *p = calloc(1, sizeof(*p) + SLOTS * slot_size(&shape));
    if (!p)
        return NULL;
    _Static_assert(sizeof(*p) % _Alignof(struct frame) == 0, "the slots lie behind it");
    p->slots = (char *)(p + 1);
    p->room = shape.room;
    p->next = fs->parts;
    fs->parts = p;
    fs->part_count++;
    return p;
}

static struct part *part_for(struct frames *fs, const struct request *r, const struct frame *e)
{
    struct part *oldest = fs->parts;
    for (struct part *p = fs->parts; p; p = p->next) {
        if (p->first == e->first && p->count == e->count)
            return p;
        if (p->number < oldest->number)
            oldest = p;
    }
    struct part *p = fs->part_count < FRAMES_PARTS_MAX ? part_new(fs, r, e->framing) : oldest;
    if (p) {
        p->first = e->first;
        p->count = e->count;
        p->newest[0] = p->newest[1] = NOWHERE;
        for (unsigned i = 0; i < SLOTS; i++)
            slot(p, i)->number = 0;
    }
    return p;
}

/* The newest of its kind becomes the one before; what was that gives way. */
static unsigned take_slot(struct part *p, bool bad)
{
    unsigned i = 0;
    while (i == p->newest[0] || i == p->newest[1])
        i++;
    p->newest[bad] = (uint8_t)i;
    return i;
}

void frames_keep(struct frames **fs, const struct request *r, const struct frame *e,
                 const uint8_t *sent, const uint8_t *bytes)
{
    if (!*fs)
        *fs = calloc(1, sizeof(**fs));
    struct part *p = *fs ? part_for(*fs, r, e) : NULL;
    if (!p)
        return;
    struct frame *f = slot(p, take_slot(p, e->fault != FAULT_NONE));
    *f = *e;
    f->number = p->number = ++(*fs)->number;
    f->kept = e->received < p->room ? e->received : p->room;
    f->sent_length = e->sent_length < FRAME_SENT_MAX ? e->sent_length : FRAME_SENT_MAX;
    memcpy(f->sent, sent, f->sent_length);
    memcpy(f->bytes, bytes, f->kept);
}

void frames_free(struct frames *fs)
{
    if (!fs)
        return;
    for (struct part *p = fs->parts, *next; p; p = next) {
        next = p->next;
        free(p);
    }
    free(fs);
}

static const struct frame *newest_of(const struct part *p, bool bad)
{
    return p->newest[bad] == NOWHERE ? NULL : slot(p, p->newest[bad]);
}

static const struct frame *later(const struct frame *a, const struct frame *b)
{
    return !a || (b && b->number > a->number) ? b : a;
}

static const struct frame *before(const struct part *p, uint32_t limit)
{
    const struct frame *best = NULL;
    for (unsigned i = 0; i < SLOTS; i++) {
        const struct frame *f = slot(p, i);
        if (f->number != 0 && f->number < limit)
            best = later(best, f);
    }
    return best;
}

const struct frame *frames_find(const struct frames *fs, uint16_t first, uint16_t count,
                                enum frame_which which)
{
    const struct frame *good = NULL, *bad = NULL, *old = NULL;
    uint32_t end = (uint32_t)first + count;
    for (const struct part *p = fs ? fs->parts : NULL; p; p = p->next)
        if (p->first <= first && end <= (uint32_t)p->first + p->count) {
            good = later(good, newest_of(p, false));
            bad = later(bad, newest_of(p, true));
        }
    if (which != FRAME_BEFORE)
        return which == FRAME_GOOD ? good : bad;
    const struct frame *last = later(good, bad);
    for (const struct part *p = fs ? fs->parts : NULL; p && last; p = p->next)
        if (p->first <= first && end <= (uint32_t)p->first + p->count)
            old = later(old, before(p, last->number));
    return old;
}
