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
    m->pass = m->read = b->pass;
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
        if ((step->awaits >> k & 1) && b->mates[step->by[k]].read != b->pass)
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

/* What others hang on was read as something else since, and nobody will hear of that. */
static bool is_torn(const struct board *b, const struct step *step, const struct sample *s)
{
    const struct held *h = &b->held[step - b->steps];
    if (step->mate == NONE || !b->waits[step - b->steps])
        return false;
    return h->unsure || h->sample.value.kind != s->value.kind || s->value.kind == VALUE_TEXT ||
           !value_equal(&h->sample.value, &s->value);
}

/* true: all of what is missing was read but a moment ago. */
static bool keep(struct board *b, const struct step *step, const struct block *block,
                 uint8_t missing, struct held *h)
{
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
    b->waits[step - b->steps] = missing;
    return just;
}

static void hold(struct board *b, const struct step *step, const struct block *block,
                 uint8_t missing, const struct sample *s, bool was_told)
{
    size_t at = (size_t)(step - b->steps);
    uint32_t tag = tag_of(b, step->device, step->point);
    struct held *h = &b->held[at];
    bool in_vain = b->waits[at] && !h->quiet;
    uint8_t missed = !in_vain ? 0 : h->missed < MISSED_MOST ? h->missed + 1 : MISSED_MOST;
    *h = (struct held){.sample = *s,
                       .connection = block->connection,
                       .pass = b->pass,
                       .unsure = is_torn(b, step, s),
                       .missed = missed};
    bool just = keep(b, step, block, missing, h);
    if (!was_told)
        b->tags[tag].pass = b->pass - 1; /* nothing new is known of it */
    const struct value *told = &b->tags[tag].state.now.value;
    bool written_over = told->kind == VALUE_TEXT && told->text == s->value.text;
    if (told->kind != VALUE_NONE && !written_over && missed < MISSED_MOST)
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

/* Read together with what waits, or behind it. */
static bool is_heard(const struct board *b, const struct mate *m, const struct held *h)
{
    return m->pass == b->pass && (int32_t)(m->read - h->pass) >= 0;
}

/* What it was before is kept once; then what is read counts for more, though nobody vouches for it.
 */
static bool doubt(struct board *b, const struct step *step, struct sample *s, wall_t now)
{
    uint32_t tag = tag_of(b, step->device, step->point);
    if (b->tags[tag].state.now.quality == QUALITY_GOOD) {
        slate_doubt(b, tag, changed, now);
    } else if (b->tags[tag].state.now.time.ms < s->time.ms) { /* not told early */
        s->quality = s->quality == QUALITY_GOOD ? QUALITY_UNCERTAIN : s->quality;
        s->reason = s->reason ? s->reason : changed;
        slate_judge(b, tag, step->device, s);
    }
    return b->tags[tag].pass == b->pass;
}

/* What waited itself is of the answer that brought it. */
static void note_late(struct board *b, const struct step *step, const struct sample *s)
{
    const struct held *h = &b->held[step - b->steps];
    if (step->mate == NONE)
        return;
    struct mate *m = &b->mates[step->mate];
    m->now = *s;
    m->pass = b->pass;
    m->read = h->pass;
    m->connection = h->connection;
}

/* true: the tag was told. */
static bool settle(struct board *b, const struct step *step, const struct block *block)
{
    size_t at = (size_t)(step - b->steps);
    uint32_t tag = tag_of(b, step->device, step->point);
    struct held *h = &b->held[at];
    for (int k = 0; k < HANGS; k++) {
        if (!(b->waits[at] >> k & 1) || !is_heard(b, &b->mates[step->by[k]], h))
            continue;
        const struct sample *now = sample_of(b, &b->mates[step->by[k]]);
        bool known = now->value.kind != VALUE_NONE;
        if (!known || !agrees(b, step, h, k, now)) {
            b->waits[at] = 0;
            if (h->quiet) {
                h->sample.quality = known ? QUALITY_UNCERTAIN : now->quality;
                h->sample.reason = known ? changed : now->reason;
                if (!known)
                    h->sample.value = (struct value){.kind = VALUE_NONE};
                note_late(b, step, &h->sample);
                return false;
            }
            if (known)
                return doubt(b, step, &h->sample, block->time);
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
        if (h->quiet) {
            slate_qualify(b, step->device, &h->sample);
            note_late(b, step, &h->sample);
            return false;
        }
        /* Its device may have been doubted meanwhile, and a tag's time doesn't go back. */
        if (h->sample.time.ms < b->tags[tag].state.now.time.ms)
            h->sample.time = b->tags[tag].state.now.time;
        slate_judge(b, tag, step->device, &h->sample);
        return true;
    }
    return false;
}

static bool settle_and_note(struct board *b, const struct step *step, const struct block *block)
{
    if (!settle(b, step, block))
        return false;
    note_late(b, step, &b->tags[tag_of(b, step->device, step->point)].state.now);
    return true;
}

void mates_hold(struct board *b, const struct step *step, const struct block *block,
                uint8_t missing, const struct sample *s)
{
    bool waits = b->waits[step - b->steps] != 0;
    /* A text is written over by the next. */
    hold(b, step, block, missing, s,
         waits && s->value.kind != VALUE_TEXT && settle_and_note(b, step, block));
}

void mates_hold_quietly(struct board *b, const struct step *step, const struct block *block,
                        uint8_t missing, const struct sample *s)
{
    struct held *h = &b->held[step - b->steps];
    bool torn = is_torn(b, step, s);
    if (b->waits[step - b->steps] && !h->quiet) {
        h->unsure = torn; /* what is to be told goes first */
        return;
    }
    *h = (struct held){.sample = *s,
                       .connection = block->connection,
                       .pass = b->pass,
                       .quiet = true,
                       .unsure = torn};
    keep(b, step, block, missing, h);
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

void mates_settle_others(struct board *b, const struct block *block)
{
    const struct asked *a = &b->asked[block->request->id];
    for (uint32_t i = 0; i < a->waiter_count; i++) {
        uint32_t at = b->waiters[a->first_waiter + i];
        if (b->waits[at] && at - a->first_step >= a->step_count)
            settle_and_note(b, &b->steps[at], block);
    }
}

void mates_settle(struct board *b, const struct block *block)
{
    const struct asked *a = &b->asked[block->request->id];
    for (uint32_t i = 0; i < a->waiter_count; i++) {
        uint32_t at = b->waiters[a->first_waiter + i];
        const struct step *step = &b->steps[at];
        if (b->waits[at])
            settle_and_note(b, step, block);
        else if (follow(b, step, block))
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
