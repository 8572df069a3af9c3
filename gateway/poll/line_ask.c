/* SPDX-License-Identifier: Apache-2.0 */
/* Choosing what to ask, and asking it. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "poll/line.h"

/* ---- choosing -------------------------------------------------------------------------------- */

static void park(struct talk *t, const struct request *r, mono_t now)
{
    struct errand *e = talk_errand(t, r);
    e->parked = true;
    e->since = now;
    t->stats.skipped++;
    const char *why = talk_party(t, r)->why;
    talk_fault(t, r, &(struct block){.fault = FAULT_BACKED_OFF, .why = why}, now);
}

/* When the silent may be asked next; now if at once. */
static mono_t probe_time(struct talk *t, const struct party *p, mono_t now)
{
    if (mono_before(now, p->next_probe))
        return p->next_probe;
    if (!talk_others_wait(t, p) || t->allowance.share <= 0 || allowance_left(&t->allowance, now))
        return now;
    return mono_add(now, (int64_t)((double)-t->allowance.ns / t->allowance.share) + NS_PER_MS);
}

static bool take(struct talk *t, mono_t now)
{
    const struct request *r;
    if (t->firsts > 0 && (t->current = talk_take_first(t, now)) != NULL)
        return true;
    while ((r = schedule_take(t->schedule, now)) != NULL) {
        struct party *p = talk_party(t, r);
        if (p->silent && r != p->prober) {
            park(t, r, now);
            continue;
        }
        mono_t when = p->silent ? probe_time(t, p, now) : talk_errand(t, r)->again;
        if (mono_before(when, p->not_before))
            when = p->not_before;
        if (mono_before(now, when)) {
            /* In small steps: the line may come back, and everybody gets a fresh chance. */
            schedule_put_off(t->schedule, r, mono_min(when, mono_add(now, PROBER_STEP_NS)));
            continue;
        }
        t->current = r;
        return true;
    }
    return false;
}

static void count_lateness(struct talk *t, int64_t late_ns)
{
    static const int64_t limits_ms[7] = {1, 2, 5, 10, 20, 50, 100};
    int i = 0;
    while (i < 7 && late_ns >= limits_ms[i] * NS_PER_MS)
        i++;
    t->stats.late_ms[i]++;
}

/* ---- proving --------------------------------------------------------------------------------- */

/* Shapes that are asked for beside those of the plan. */
struct used_shapes {
    const struct talk *talk;
    const struct party *by;
    mono_t now;
};

static bool is_used(const void *me, uint8_t function, uint16_t count)
{
    const struct used_shapes *c = me;
    const struct party *p = c->by;
    if (p->extra_asked.ns && mono_since(c->now, p->extra_asked) < LATE_NS &&
        p->extra_function == function &&
        shape_bytes(function, p->extra_count) == shape_bytes(function, count))
        return true;
    for (uint32_t i = 0; i < c->talk->request_count; i++) {
        const struct request *r = &c->talk->requests[i];
        const struct pieces *ps = c->talk->errands[i].pieces;
        if (r->unit != p->unit || !ps || adu_function(r->table) != function)
            continue;
        for (uint16_t k = 0; k < ps->count; k++) {
            if (shape_bytes(function, ps->at[k].count) == shape_bytes(function, count))
                return true;
        }
    }
    return false;
}

static struct shape *take_shape(struct talk *t, struct party *p, mono_t now)
{
    if (!p->shapes) {
        p->shapes = malloc(sizeof(*p->shapes));
        if (!p->shapes)
            return NULL;
        shapes_find(p->shapes, t->house->plan, t->number, p->unit);
    }
    struct used_shapes others = {t, p, now};
    return shapes_take(p->shapes, LATE_NS, is_used, &others, now);
}

/* Somebody who surely answers, so that proof takes milliseconds and not a timeout. */
static struct party *living(struct talk *t)
{
    struct party *best = NULL;
    for (uint32_t i = 0; i < t->party_count; i++) {
        struct party *p = &t->parties[i];
        if (!p->silent && !p->misses && p->heard.ns &&
            (!best || mono_before(best->heard, p->heard)))
            best = p;
    }
    return best;
}

/* The unit in question where it can be hoped to answer: that proves the bus and the unit at once.
 */
static bool choose_proof(struct talk *t, struct party *asked, mono_t now)
{
    if (t->suspect && asked->misses && t->lost_proofs < 3) {
        struct party *p = living(t);
        t->shape = p ? take_shape(t, p, now) : NULL;
        if (t->shape) {
            t->prover = (uint16_t)(p - t->parties);
            return true;
        }
    }
    t->shape = take_shape(t, asked, now);
    t->prover = (uint16_t)(asked - t->parties);
    return t->shape != NULL;
}

/* ---- sending --------------------------------------------------------------------------------- */

void talk_number(struct talk *t)
{
    /* Steps of chance, and never a small one: a device that counts on by itself, or answers twice,
     * must not hit the next. */
    t->ask.transaction = (uint16_t)(t->ask.transaction + 17 + talk_random(t->house) % 61);
}

void talk_send(struct talk *t, size_t length, mono_t now)
{
    assert(length <= sizeof(t->sent_bytes));
    t->got = 0;
    t->asked = now;
    t->sent = mono_add(now, (int64_t)length * t->char_ns);
    t->last_byte = t->sent;
    t->echo_left = t->line->echo ? (uint16_t)length : 0;
    memcpy(t->sent_bytes, t->bytes, length);
    t->sent_length = (uint8_t)length;
    t->stats.bytes_out += length;
    if (!link_write(t->watcher.fd, t->is_socket, t->sent_bytes, length)) {
        talk_put_back(t, now);
        talk_reopen(t, true, "the other end hung up", now);
        return;
    }
    t->deadline = mono_add(t->sent, t->line->timeout_ns);
    talk_enter(t, TALK_WAITING, t->deadline);
}

void talk_ask(struct talk *t, uint8_t unit, uint8_t function, unsigned address, uint16_t count,
              mono_t now)
{
    talk_number(t);
    t->ask.unit = unit;
    t->ask.function = function;
    t->ask.address = (uint16_t)address;
    t->ask.count = count;
    talk_send(t, adu_ask(t->bytes, &t->ask), now);
}

static void ask(struct talk *t, mono_t now)
{
    const struct request *r = t->current;
    struct errand *e = talk_errand(t, r);
    if (!e->begun) {
        e->begun = true;
        e->since = now;
        count_lateness(t, schedule_lateness(t->schedule, r, now));
    }
    t->proving = false;
    t->stats.asked++;
    unsigned offset = e->pieces ? e->pieces->at[e->piece].offset : 0;
    uint16_t count = e->pieces ? e->pieces->at[e->piece].count : r->count;
    talk_ask(t, r->unit, adu_function(r->table), r->first + offset, count, now);
}

static void prove(struct talk *t, mono_t now)
{
    t->proving = true;
    t->stats.probes++;
    talk_ask(t, t->parties[t->prover].unit, t->shape->function, t->shape->first, t->shape->count,
             now);
}

bool talk_prove(struct talk *t, struct party *p, mono_t now)
{
    if (!choose_proof(t, p, now))
        return false;
    prove(t, now);
    return true;
}

/* No shape is left to prove the unit with. What helps is time: until nothing can come any more. */
static bool old_enough(struct talk *t, struct party *p, mono_t now)
{
    mono_t safe = mono_add(p->doubted, LATE_NS);
    if (!mono_before(now, safe)) {
        p->doubt = false;
        t->suspect = false;
        return true;
    }
    const struct request *r = t->current;
    t->current = NULL;
    /* In small steps: the answer to another question may prove the unit before. */
    schedule_put_off(t->schedule, r, mono_min(safe, mono_add(now, PROBER_STEP_NS)));
    const char *why = p->misses ? p->why : "not asked: a late answer could be taken for a new one";
    talk_fault(t, r, &(struct block){.fault = FAULT_BACKED_OFF, .why = why}, now);
    return false;
}

/* How many other questions of the unit have answers that look like the next one's; *cut: not all of
 * them are whole requests, which the plan has kept apart where it could. */
static uint32_t count_alike(const struct talk *t, uint8_t function, size_t bytes, bool *cut)
{
    uint32_t alike = 0;
    const struct errand *own = &t->errands[t->current - t->requests];
    for (uint32_t i = 0; i < t->request_count; i++) {
        const struct errand *e = &t->errands[i];
        const struct request *r = &t->requests[i];
        if (e->party != own->party || adu_function(r->table) != function)
            continue;
        if (!e->pieces) {
            alike += e != own && shape_bytes(function, r->count) == bytes;
            continue;
        }
        for (uint16_t k = 0; k < e->pieces->count; k++) {
            if ((e == own && k == e->piece) ||
                shape_bytes(function, e->pieces->at[k].count) != bytes)
                continue;
            alike++;
            *cut = true;
        }
    }
    return alike;
}

/* A device that says an answer twice by itself would answer with it another question of that
 * length. Where the plan could not keep them apart, time does: others are asked meanwhile. Not
 * where so many look alike that they could not keep their period, which `plan` has warned of; of
 * what was cut since nobody was warned. */
static bool wait_for_repeats(struct talk *t, mono_t now)
{
    const struct request *r = t->current;
    const struct errand *e = &t->errands[r - t->requests];
    if (!talk_is_bus(t))
        return false;
    uint8_t function = adu_function(r->table);
    size_t bytes = shape_bytes(function, e->pieces ? e->pieces->at[e->piece].count : r->count);
    bool cut = false;
    uint32_t alike = count_alike(t, function, bytes, &cut);
    if (alike == 0 || (!cut && !alike_in_time(alike, r->period_ns)))
        return false;
    mono_t end = party_repeats_end(talk_party(t, r), function, bytes, alike_repeats_ns);
    if (!mono_before(now, end))
        return false;
    talk_put_off(t, end);
    return true;
}

/* false: current came to nothing, take another. */
static bool begin(struct talk *t, mono_t now)
{
    struct party *p = talk_party(t, t->current);
    if (mono_before(now, p->not_before)) {
        schedule_put_off(t->schedule, t->current, p->not_before);
        t->current = NULL;
        return false;
    }
    if (!talk_pass_holes(t, now) || wait_for_repeats(t, now))
        return false;
    if (!talk_silent(t, now))
        return true;
    if (talk_is_bus(t) && (t->suspect || p->doubt)) {
        if (talk_prove(t, p, now))
            return true;
        if (!old_enough(t, p, now))
            return false;
    }
    ask(t, now);
    return true;
}

void talk_next(struct talk *t, mono_t now)
{
    talk_be(t, TALK_IDLE); /* whatever was asked before is over */
    for (;;) {
        mono_t when = t->not_before, work = t->current ? MONO_NEVER : talk_work_due(t);
        if (!mono_before(now, work) && !mono_before(now, when)) {
            if (talk_work(t, now))
                return;
            continue;
        }
        if (!mono_before(now, when) && !(work.ns != INT64_MAX && talk_work_urgent(t, now))) {
            if (t->current || take(t, now)) {
                if (begin(t, now))
                    return;
                continue;
            }
        }
        mono_t due = t->current ? when : mono_min(work, schedule_due(t->schedule));
        if (!t->current && t->firsts > 0)
            due = mono_min(due, talk_first_due(t));
        if (work.ns != INT64_MAX && talk_work_urgent(t, now))
            due = work;
        if (mono_before(when, due))
            when = due;
        talk_enter(t, TALK_IDLE, when);
        return;
    }
}
