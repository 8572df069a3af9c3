/* SPDX-License-Identifier: Apache-2.0 */
/* Who hangs on whom, found once: which request brings what others hang on, and which steps may have
 * to wait for which request. */
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "values/mate.h"

enum { WAITS_FOR_MOST = 16 }; /* requests; deeper than any map goes */

struct finding {
    struct board *b;
    uint32_t *request_of; /* of each tag, or of what it is computed from in the end; NONE */
    uint32_t *feed_of, *step_of, *mate_of;
    uint32_t *seen, round; /* of each tag: when it was looked at last; what is looked at now */
    uint32_t count; /* of waiters */
};

static const struct map *map_of(const struct board *b, uint32_t device)
{
    return b->plant->devices[device].map;
}

static void partners(const struct point *p, int32_t out[HANGS])
{
    out[0] = p->exp_from;
    out[1] = p->mul_from;
    out[2] = p->valid_if.point;
}

static bool is_plain(const struct point *p)
{
    return p->from < 0 && p->exp_from < 0 && p->mul_from < 0 && p->valid_if.point < 0;
}

static bool find_places(struct finding *f)
{
    const struct board *b = f->b;
    size_t size = (b->plant->first_derived + 1U) * sizeof(uint32_t);
    uint32_t **const lists[] = {&f->request_of, &f->feed_of, &f->step_of, &f->mate_of, &f->seen};
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
        *lists[i] = malloc(size);
        if (!*lists[i])
            return false;
        memset(*lists[i], 0xFF, size); /* NONE */
    }
    for (uint32_t i = 0; i < b->plan->request_count; i++) {
        const struct request *r = &b->plan->requests[i];
        for (uint32_t k = 0; k < r->feed_count; k++) {
            uint32_t tag = b->plant->devices[r->feeds[k].device].first_tag + r->feeds[k].point;
            f->request_of[tag] = i;
            f->feed_of[tag] = k;
        }
        for (uint32_t k = 0; k < b->asked[i].step_count; k++) {
            uint32_t at = b->asked[i].first_step + k;
            const struct step *s = &b->steps[at];
            uint32_t tag = b->plant->devices[s->device].first_tag + s->point;
            f->request_of[tag] = i;
            f->feed_of[tag] = s->feed;
            f->step_of[tag] = at;
        }
    }
    return true;
}

/* Marks what others of the map hang on, and what that is computed from, which stands in front of
 * it. */
static uint32_t mark_mates(const struct map *map, uint32_t *mate_of, uint32_t next)
{
    for (uint32_t i = 0; i < map->point_count; i++) {
        int32_t by[HANGS];
        partners(&map->points[i], by);
        for (int k = 0; k < HANGS; k++)
            if (by[k] >= 0)
                mate_of[by[k]] = 0;
    }
    for (uint32_t i = map->point_count; i-- > 0;)
        if (mate_of[i] != NONE && map->points[i].from >= 0)
            mate_of[map->points[i].from] = 0;
    for (uint32_t i = 0; i < map->point_count; i++)
        if (mate_of[i] != NONE)
            mate_of[i] = next++;
    return next;
}

static bool make_mates(struct finding *f)
{
    struct board *b = f->b;
    for (uint32_t i = 0; i < b->plant->device_count; i++)
        b->mate_count =
            mark_mates(map_of(b, i), f->mate_of + b->plant->devices[i].first_tag, b->mate_count);
    b->mates = calloc(b->mate_count + 1U, sizeof *b->mates);
    b->brought = calloc(b->mate_count + 1U, sizeof *b->brought);
    if (!b->mates || !b->brought)
        return false;
    for (uint32_t i = 0; i < b->plant->device_count; i++)
        for (uint32_t k = 0; k < map_of(b, i)->point_count; k++) {
            uint32_t tag = b->plant->devices[i].first_tag + k;
            if (f->mate_of[tag] == NONE)
                continue;
            b->mates[f->mate_of[tag]] = (struct mate){.device = i,
                                                      .point = k,
                                                      .request = f->request_of[tag],
                                                      .feed = f->feed_of[tag],
                                                      .plain = is_plain(&map_of(b, i)->points[k])};
            if (f->request_of[tag] != NONE)
                b->asked[f->request_of[tag]].mate_count++;
        }
    uint32_t at = 0;
    for (uint32_t i = 0; i < b->plan->request_count; i++) {
        b->asked[i].first_mate = at;
        at += b->asked[i].mate_count;
        b->asked[i].mate_count = 0;
    }
    for (uint32_t i = 0; i < b->mate_count; i++)
        if (b->mates[i].request != NONE) {
            struct asked *a = &b->asked[b->mates[i].request];
            b->brought[a->first_mate + a->mate_count++] = i;
        }
    return true;
}

/* What is asked more seldom than the value, or once, is meant to be believed for so long. */
static bool is_awaited(const struct board *b, const struct step *s, uint32_t request,
                       const struct mate *m)
{
    if (m->request == NONE || m->request == request)
        return m->request == request;
    const struct request *own = &b->plan->requests[request],
                         *other = &b->plan->requests[m->request];
    uint16_t nth = own->feeds[s->feed].every_nth;
    return !other->once && other->period_ns / (nth > 1 ? nth : 1) <= own->period_ns;
}

static void join_steps(struct finding *f)
{
    struct board *b = f->b;
    for (uint32_t i = 0; i < b->plan->request_count; i++)
        for (uint32_t k = 0; k < b->asked[i].step_count; k++) {
            struct step *s = &b->steps[b->asked[i].first_step + k];
            const struct point *p = &map_of(b, s->device)->points[s->point];
            const uint32_t *mate_of = f->mate_of + b->plant->devices[s->device].first_tag;
            int32_t by[HANGS];
            partners(p, by);
            s->mate = mate_of[s->point];
            s->source = p->from >= 0 ? mate_of[p->from] : NONE;
            for (int n = 0; n < HANGS; n++) {
                s->by[n] = by[n] >= 0 ? mate_of[by[n]] : NONE;
                if (by[n] >= 0 && is_awaited(b, s, i, &b->mates[s->by[n]]))
                    s->awaits = (uint8_t)(s->awaits | 1U << n);
            }
        }
}

struct requests {
    uint32_t id[WAITS_FOR_MOST];
    uint32_t count;
};

/* Those whose answers may settle the point, or what it is computed from. */
static void collect(const struct finding *f, uint32_t device, uint32_t point, unsigned depth,
                    struct requests *out)
{
    const struct point *p = &map_of(f->b, device)->points[point];
    uint32_t first = f->b->plant->devices[device].first_tag;
    int32_t by[HANGS];
    if (f->seen[first + point] == f->round) /* many may hang on one */
        return;
    f->seen[first + point] = f->round;
    partners(p, by);
    for (int k = 0; k < HANGS; k++) {
        if (by[k] < 0)
            continue;
        uint32_t id = f->request_of[first + (uint32_t)by[k]], i = 0;
        while (i < out->count && out->id[i] != id)
            i++;
        if (id != NONE && i == out->count && i < WAITS_FOR_MOST)
            out->id[out->count++] = id;
        if (depth < WAITS_FOR_MOST)
            collect(f, device, (uint32_t)by[k], depth + 1, out);
    }
    if (p->from >= 0 && depth < WAITS_FOR_MOST)
        collect(f, device, (uint32_t)p->from, depth + 1, out);
}

/* In order of dependence, so that one settles the next. Counted, and listed where there is a list.
 */
static void list_waiters(struct finding *f)
{
    struct board *b = f->b;
    for (uint32_t i = 0; i < b->plant->device_count; i++) {
        const struct sheet *sheet = b->units[i].sheet;
        for (uint32_t k = 0; k < sheet->late_count; k++) {
            uint32_t at = f->step_of[b->plant->devices[i].first_tag + sheet->late[k]];
            struct requests all = {.count = 0};
            if (at == NONE)
                continue;
            f->round++;
            collect(f, i, sheet->late[k], 0, &all);
            for (uint32_t n = 0; n < all.count; n++) {
                struct asked *a = &b->asked[all.id[n]];
                if (b->waiters)
                    b->waiters[a->first_waiter + a->waiter_count] = at;
                a->waiter_count++;
                f->count++;
            }
        }
    }
}

static bool make_waiters(struct finding *f)
{
    struct board *b = f->b;
    list_waiters(f);
    b->waiters = calloc(f->count + 1U, sizeof *b->waiters);
    b->held = calloc(b->step_count + 1U, sizeof *b->held);
    b->waits = calloc(b->step_count + 1U, sizeof *b->waits);
    if (!b->waiters || !b->held || !b->waits)
        return false;
    uint32_t at = 0, most = 0;
    for (uint32_t i = 0; i < b->plan->request_count; i++) {
        struct asked *a = &b->asked[i];
        a->first_waiter = at;
        at += a->waiter_count;
        most = a->waiter_count > most ? a->waiter_count : most;
        a->waiter_count = 0;
    }
    b->touch_max += most;
    list_waiters(f);
    return true;
}

bool mates_build(struct board *b)
{
    if (b->step_count == 0) { /* nothing hangs on anything */
        b->mates = calloc(1, sizeof *b->mates);
        return b->mates != NULL;
    }
    struct finding f = {.b = b};
    bool good = find_places(&f) && make_mates(&f);
    if (good) {
        join_steps(&f);
        good = make_waiters(&f);
    }
    free(f.request_of);
    free(f.feed_of);
    free(f.step_of);
    free(f.mate_of);
    free(f.seen);
    return good;
}

void mates_free(struct board *b)
{
    free(b->mates);
    free(b->brought);
    free(b->waiters);
    free(b->held);
    free(b->waits);
}

const struct mate *mates_find(const struct board *b, uint32_t tag)
{
    uint32_t low = 0, high = b->mate_count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        const struct mate *m = &b->mates[middle];
        if (b->plant->devices[m->device].first_tag + m->point < tag)
            low = middle + 1;
        else
            high = middle;
    }
    const struct mate *m = &b->mates[low];
    return low < b->mate_count && b->plant->devices[m->device].first_tag + m->point == tag ? m
                                                                                           : NULL;
}

static const char *carry_words(struct board *b, const char *words)
{
    return words ? arena_copy(b->words, words, strlen(words)) : NULL;
}

/* Was all that the step still waits for read by the plan before as well? */
static bool waits_on(const struct board *b, const struct change *c, const struct step *s,
                     uint8_t waits)
{
    for (int k = 0; k < HANGS; k++) {
        if (!(waits >> k & 1))
            continue;
        if (s->by[k] == NONE || !(s->awaits >> k & 1))
            return false;
        const struct mate *m = &b->mates[s->by[k]];
        if (c->tags[b->plant->devices[m->device].first_tag + m->point] == CHANGE_NONE)
            return false;
    }
    return true;
}

/* What waits goes on waiting. Without memory it is lost, as the next value is on its way. */
static void carry_held(struct board *b, const struct board *before, const struct change *c)
{
    uint32_t tags = before->plant->first_derived;
    uint32_t *step_of = before->step_count ? malloc((tags + 1U) * sizeof *step_of) : NULL;
    if (!step_of)
        return;
    memset(step_of, 0xFF, (tags + 1U) * sizeof *step_of); /* NONE */
    for (uint32_t i = 0; i < before->step_count; i++) {
        const struct step *s = &before->steps[i];
        step_of[before->plant->devices[s->device].first_tag + s->point] = i;
    }
    for (uint32_t i = 0; i < b->step_count; i++) {
        const struct step *s = &b->steps[i];
        const struct device *d = &b->plant->devices[s->device];
        uint32_t old = c->tags[d->first_tag + s->point];
        uint32_t at = old == CHANGE_NONE ? NONE : step_of[old];
        if (at == NONE || !before->waits[at] || c->lines[d->line] == CHANGE_NONE ||
            before->held[at].sample.value.kind == VALUE_TEXT ||
            !waits_on(b, c, s, before->waits[at]))
            continue;
        b->waits[i] = before->waits[at];
        b->held[i] = before->held[at];
        b->held[i].pass = b->pass;
        b->held[i].sample.reason = carry_words(b, before->held[at].sample.reason);
    }
    free(step_of);
}

void mates_carry(struct board *b, const struct board *before, const struct change *c)
{
    b->pass++; /* 0 would be none */
    for (uint32_t i = 0; i < b->mate_count; i++) {
        struct mate *m = &b->mates[i];
        const struct device *d = &b->plant->devices[m->device];
        uint32_t old = c->tags[d->first_tag + m->point];
        const struct mate *from = old == CHANGE_NONE ? NULL : mates_find(before, old);
        if (!from)
            continue;
        if (c->lines[d->line] != CHANGE_NONE)
            m->connection = from->connection;
        if (from->pass == 0 || from->now.value.kind == VALUE_TEXT)
            continue;
        m->now = from->now;
        m->now.reason = carry_words(b, from->now.reason);
        m->pass = m->read = b->pass;
    }
    carry_held(b, before, c);
}
