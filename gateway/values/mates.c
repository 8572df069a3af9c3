/* SPDX-License-Identifier: Apache-2.0 */
#include "values/mate.h"

#include "values/badge.h"
#include "values/decode.h"
#include "values/judge.h"

enum { EXPONENT, FACTOR, CONDITION };

static const char apart[] = "read apart from a tag that it hangs on, which is to be read again";
static const char changed[] = "a tag that it hangs on changed between two answers";
static const char elsewhere[] = "a tag that it hangs on is not yet read on this connection";
enum { MISSED_MOST = 2 };
/* Where the other reading is far away, the first value behind a start or an outage need not wait
 * for it, when the one before it has only just been made. */
static const int64_t far_ns = 5 * NS_PER_S, just_ns = NS_PER_S;

static uint32_t tag_of(const struct board *b, uint32_t device, uint32_t point)
{
    return b->plant->devices[device].first_tag + point;
}

/* What is not good was made so after it was read, or is what was read. */
static const struct sample *sample_of(const struct board *b, const struct mate *m)
{
    const struct sample *told = &b->tags[tag_of(b, m->device, m->point)].state.now;
    if (m->pass != b->pass && (m->pass == 0 || told->quality != QUALITY_GOOD))
        return told;
    return &m->now;
}

const struct sample *board_partner(const struct board *b, uint32_t tag)
{
    const struct mate *m = mates_find(b, tag);
    return m ? sample_of(b, m) : &b->tags[tag].state.now;
}

static const struct point *point_of(const struct board *b, const struct mate *m)
{
    return b->tags[tag_of(b, m->device, m->point)].point;
}

static void note(struct board *b, struct mate *m, const struct block *block, const struct sample *s)
{
    m->now = *s;
    m->pass = b->pass;
    m->connection = block->connection;
}

void mates_hear(struct board *b, const struct extent *e)
{
    const struct request *r = e->block->request;
    const struct asked *a = &b->asked[r->id];
    for (uint32_t i = 0; i < a->mate_count; i++) {
        struct mate *m = &b->mates[b->brought[a->first_mate + i]];
        const struct feed *f = &r->feeds[m->feed];
        const struct tag *t = &b->tags[tag_of(b, m->device, m->point)];
        if (!m->plain || !extent_has(e, f->offset, t->point->words))
            continue;
        if (t->pass == b->pass) {
            note(b, m, e->block, &t->state.now);
            continue;
        }
        if (t->point->type == RAW_STRING || t->point->type == RAW_TIME)
            continue; /* nothing hangs on a text */
        struct sample s;
        decode_point(t->point, e->block->data, (uint16_t)(f->offset - e->start), NULL, &s);
        s.time = e->block->time;
        slate_qualify(b, m->device, &s);
        note(b, m, e->block, &s);
    }
}

/* What is asked once is asked first of all on a new connection; what could not be had there says
 * nothing of whoever answers on it. */
static bool is_foreign(const struct board *b, const struct mate *m, const struct block *block)
{
    return m->request != NONE && b->plan->requests[m->request].once && m->connection != 0 &&
           m->connection != block->connection;
}

void mates_apply(const struct board *b, const struct step *step, const struct block *block,
                 struct sample *s)
{
    const struct point *p = b->tags[tag_of(b, step->device, step->point)].point;
    const struct sample *by[HANGS] = {NULL};
    bool foreign = false;
    for (int k = 0; k < HANGS; k++) {
        if (step->by[k] == NONE)
            continue;
        const struct mate *m = &b->mates[step->by[k]];
        by[k] = sample_of(b, m);
        foreign = foreign || is_foreign(b, m, block);
    }
    decode_scaled(p, by[EXPONENT], by[FACTOR], s);
    if (by[CONDITION])
        judge_condition(&p->valid_if, point_of(b, &b->mates[step->by[CONDITION]]), by[CONDITION],
                        s);
    if (foreign && s->quality == QUALITY_GOOD) {
        s->quality = QUALITY_UNCERTAIN;
        s->reason = elsewhere;
    }
}

void mates_note(struct board *b, const struct step *step, const struct block *block,
                const struct sample *s)
{
    if (step->mate != NONE)
        note(b, &b->mates[step->mate], block, s);
}

uint8_t mates_missing(const struct board *b, const struct step *step, const struct sample *s)
{
    unsigned missing = 0;
    for (int k = 0; k < HANGS; k++)
        if ((step->awaits >> k & 1) && b->mates[step->by[k]].pass != b->pass)
            missing |= 1U << k;
    /* What is bad can't be a wrong value, whatever the others say. */
    return s->value.kind == VALUE_NONE ? 0 : (uint8_t)missing;
}

static bool is_just_read(const struct board *b, const struct mate *m, const struct block *block)
{
    return b->plan->requests[m->request].period_ns >= far_ns &&
           m->connection == block->connection &&
           block->answered.ns - b->asked[m->request].news_ns <= just_ns;
}

void mates_hold(struct board *b, const struct step *step, const struct block *block,
                uint8_t missing, const struct sample *s)
{
    size_t at = (size_t)(step - b->steps);
    uint32_t tag = tag_of(b, step->device, step->point);
    struct held *h = &b->held[at];
    uint8_t missed = !b->waits[at] ? 0 : h->missed < MISSED_MOST ? h->missed + 1 : MISSED_MOST;
    *h = (struct held){.sample = *s, .connection = block->connection, .missed = missed};
    bool just = true;
    for (int k = 0; k < HANGS; k++) {
        if (!(missing >> k & 1))
            continue;
        const struct mate *m = &b->mates[step->by[k]];
        just = just && is_just_read(b, m, block);
        h->unsure = h->unsure || m->connection != block->connection;
        if (k != CONDITION)
            h->by[k] = sample_of(b, m)->value;
    }
    b->waits[at] = missing;
    b->tags[tag].pass = b->pass - 1; /* nothing new is known of it */
    if (b->tags[tag].state.now.value.kind != VALUE_NONE && missed < MISSED_MOST)
        return;
    /* Better than nothing. */
    struct sample early = *s;
    if (early.quality == QUALITY_GOOD && (!just || missed > 0)) {
        early.quality = QUALITY_UNCERTAIN;
        early.reason = apart;
    }
    slate_judge(b, tag, step->device, &early);
}

static bool agrees(const struct board *b, const struct step *step, const struct held *h, int k,
                   const struct sample *now)
{
    const struct mate *m = &b->mates[step->by[k]];
    const struct point *p = b->tags[tag_of(b, step->device, step->point)].point;
    if (h->unsure || m->connection != h->connection)
        return false;
    return k == CONDITION ? decode_condition(&p->valid_if, point_of(b, m), now)
                          : h->by[k].kind == now->value.kind && value_equal(&h->by[k], &now->value);
}

/* true: the tag was told. */
static bool settle(struct board *b, const struct step *step, const struct block *block)
{
    size_t at = (size_t)(step - b->steps);
    uint32_t tag = tag_of(b, step->device, step->point);
    struct held *h = &b->held[at];
    for (int k = 0; k < HANGS; k++) {
        if (!(b->waits[at] >> k & 1) || b->mates[step->by[k]].pass != b->pass)
            continue;
        const struct sample *now = sample_of(b, &b->mates[step->by[k]]);
        bool known = now->value.kind != VALUE_NONE;
        if (!known || !agrees(b, step, h, k, now)) {
            b->waits[at] = 0;
            if (known) {
                slate_doubt(b, tag, changed, block->time);
                return b->tags[tag].pass == b->pass;
            }
            bool read = now->quality != QUALITY_NOT_CONNECTED;
            const struct sample bad = {.quality = read ? now->quality : QUALITY_BAD,
                                       .reason = now->reason,
                                       .time = block->time};
            slate_store(b, tag, &bad);
            return true;
        }
        if (now->quality != QUALITY_GOOD && h->sample.quality == QUALITY_GOOD) {
            h->sample.quality = now->quality;
            h->sample.reason = now->reason;
        }
        b->waits[at] = (uint8_t)(b->waits[at] & ~(1U << k));
        if (b->waits[at] != 0)
            continue;
        slate_judge(b, tag, step->device, &h->sample);
        return true;
    }
    return false;
}

/* Computed from a tag that was settled. */
static bool follow(struct board *b, const struct step *step, const struct block *block)
{
    const struct tag *t = &b->tags[tag_of(b, step->device, step->point)];
    if (t->point->from < 0 || t->pass == b->pass ||
        b->tags[tag_of(b, step->device, (uint32_t)t->point->from)].pass != b->pass)
        return false;
    slate_step(b, step, block);
    return t->pass == b->pass;
}

void mates_settle(struct board *b, const struct block *block)
{
    const struct asked *a = &b->asked[block->request->id];
    for (uint32_t i = 0; i < a->waiter_count; i++) {
        uint32_t at = b->waiters[a->first_waiter + i];
        const struct step *step = &b->steps[at];
        if (b->waits[at] ? settle(b, step, block) : follow(b, step, block))
            mates_note(b, step, block, &b->tags[tag_of(b, step->device, step->point)].state.now);
    }
}

void mates_fault(struct board *b, const struct extent *e)
{
    const struct request *r = e->block->request;
    const struct asked *a = &b->asked[r->id];
    for (uint32_t i = 0; i < a->mate_count; i++) {
        struct mate *m = &b->mates[b->brought[a->first_mate + i]];
        const struct feed *f = &r->feeds[m->feed];
        const struct tag *t = &b->tags[tag_of(b, m->device, m->point)];
        if (extent_has(e, f->offset, b->tags[tag_of(b, f->device, f->point)].point->words))
            note(b, m, e->block, &t->state.now);
    }
    for (uint32_t i = 0; i < a->step_count; i++) {
        uint32_t at = a->first_step + i;
        const struct feed *f = &r->feeds[b->steps[at].feed];
        if (b->waits[at] &&
            extent_has(e, f->offset, b->tags[tag_of(b, f->device, f->point)].point->words))
            b->waits[at] = 0;
    }
}
