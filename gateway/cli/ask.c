/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/ask.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/loop.h"
#include "config/plant.h"
#include "plan/plan.h"
#include "poll/poller.h"
#include "values/explain.h"

struct asking {
    struct asked told; /* first: it is what the caller gets */
    struct arena *arena;
    const struct ask_wish *wish;
    bool *needed; /* per point of the wish's device; NULL: all of them */
    struct ask_block **last;
    uint8_t **answered; /* per request and feed */
    uint32_t *owed; /* per request: feeds that nothing came for */
    uint32_t *touched;
};

/* ---- finding --------------------------------------------------------------------------------- */

static const struct derived *find_derived(const struct plant *plant, const char *path)
{
    for (uint32_t i = 0; i < plant->derived_count; i++)
        if (strcmp(plant->derived[i].path, path) == 0)
            return &plant->derived[i];
    return NULL;
}

static bool said_missing(const char *who, const char *what, const char *name, const char *near)
{
    fprintf(stderr, "headgate: %s has no %s '%s'%s%s%s\n", who, what, name,
            near ? "; did you mean " : "", near ? near : "", near ? "?" : "");
    return false;
}

/* People know a device by its own name. NULL: none is called like the first part of the path. */
static const char *with_area(const struct plant *plant, struct arena *arena, const char *path)
{
    size_t length = strcspn(path, "/");
    for (uint32_t i = 0; i < plant->device_count; i++) {
        const char *whole = plant->devices[i].path, *name = strchr(whole, '/');
        if (name != NULL && strncmp(name + 1, path, length) == 0 && name[1 + length] == '\0')
            return arena_printf(arena, "%s%s", whole, path + length);
    }
    return NULL;
}

static bool no_device(const struct plant *plant, struct arena *arena, const char *path,
                      const char *device_path)
{
    const char *whole = with_area(plant, arena, path);
    if (whole == NULL)
        return said_missing(plant->file, "device", path,
                            device_path ? plant_suggest_device(plant, device_path) : NULL);
    fprintf(stderr, "headgate: %s has no device '%s'; the area stands in front: %s\n", plant->file,
            path, whole);
    return false;
}

bool ask_find(const struct plant *plant, struct arena *arena, const char *path,
              struct ask_target *out)
{
    const char *first = strchr(path, '/');
    const char *second = first ? strchr(first + 1, '/') : NULL;
    char *device_path = arena_copy(arena, path, second ? (size_t)(second - path) : strlen(path));
    *out = (struct ask_target){.point = -1, .tag = TAG_NONE};
    out->derived = find_derived(plant, path);
    if (out->derived) {
        out->tag = plant->first_derived + (uint32_t)(out->derived - plant->derived);
        return true;
    }
    out->device = device_path ? plant_find_device(plant, device_path) : NULL;
    if (!out->device)
        return no_device(plant, arena, path, device_path);
    if (!second)
        return true;
    out->tag = plant_find_tag(plant, path);
    if (out->tag == TAG_NONE)
        return said_missing(out->device->path, "tag", second + 1,
                            plant_suggest_tag(plant, arena, path));
    out->point = (int32_t)(out->tag - out->device->first_tag);
    return true;
}

/* ---- what is read on demand only --------------------------------------------------------------
 */

/* What changes by being read is read when it is named, and never along with others. */
static bool spared(const struct asking *a, const struct point *p)
{
    return !a->needed && p->side_effect && p->read_mode == READ_ON_DEMAND;
}

static bool demanded(const struct asking *a, uint32_t point)
{
    const struct point *p = &a->wish->device->map->points[point];
    return p->read_mode == READ_ON_DEMAND && (!a->needed || a->needed[point]) && !spared(a, p);
}

static bool demands(const struct asking *a)
{
    const struct device *d = a->wish->device;
    for (uint32_t i = 0; d && i < d->map->point_count; i++)
        if (demanded(a, i))
            return true;
    return false;
}

/* The plan has nothing for such tags, so another one is made, for which they are ordinary. */
static const struct plan *plan_demands(const struct asking *a, const struct plan *whole)
{
    const struct plant *plant = whole->plant;
    const struct device *d = a->wish->device;
    if (!demands(a))
        return whole;
    struct plant *other = arena_get(a->arena, sizeof *other);
    struct device *devices = arena_get_array(a->arena, plant->device_count, sizeof *devices);
    struct map *map = arena_get(a->arena, sizeof *map);
    struct point *points = arena_get_array(a->arena, d->map->point_count, sizeof *points);
    struct diags *ds = diags_new();
    const struct plan *made = NULL;
    if (other && devices && map && points && ds) {
        memcpy(points, d->map->points, d->map->point_count * sizeof *points);
        for (uint32_t i = 0; i < d->map->point_count; i++)
            if (demanded(a, i))
                points[i].read_mode = READ_POLL;
        *map = *d->map;
        map->points = points;
        memcpy(devices, plant->devices, plant->device_count * sizeof *devices);
        devices[d - plant->devices].map = map;
        *other = *plant;
        other->devices = devices;
        made = plan_build(a->arena, other, ds);
        if (!made)
            diags_print(ds, stderr);
    }
    diags_free(ds);
    return made;
}

/* ---- a plan of the wanted requests ------------------------------------------------------------
 */

static void need(bool *needed, const struct map *map, int32_t point)
{
    if (point < 0 || needed[point])
        return;
    const struct point *p = &map->points[point];
    needed[point] = true;
    need(needed, map, p->from);
    need(needed, map, p->exp_from);
    need(needed, map, p->mul_from);
    need(needed, map, p->valid_if.point);
}

static bool serves(const struct asking *a, const struct request *q)
{
    const struct device *d = a->wish->device;
    for (uint32_t i = 0; i < q->feed_count; i++) {
        const struct feed *f = &q->feeds[i];
        if (d && f->device != (uint32_t)(d - a->told.devices))
            continue;
        if (!d || (a->needed ? a->needed[f->point] : !spared(a, &d->map->points[f->point])))
            return true;
    }
    return false;
}

static const struct plan *narrow(const struct asking *a, const struct plan *whole)
{
    struct plan *p = arena_get(a->arena, sizeof *p);
    struct request *requests =
        arena_get_array(a->arena, whole->request_count + 1, sizeof *requests);
    uint32_t *starts = arena_get_array(a->arena, whole->plant->line_count + 1, sizeof *starts);
    if (!p || !requests || !starts)
        return NULL;
    uint32_t n = 0;
    for (uint32_t line = 0; line < whole->plant->line_count; line++) {
        starts[line] = n;
        for (uint32_t i = whole->first_request[line]; i < whole->first_request[line + 1]; i++)
            if (serves(a, &whole->requests[i])) {
                requests[n] = whole->requests[i];
                requests[n].id = n;
                n++;
            }
    }
    starts[whole->plant->line_count] = n;
    *p = (struct plan){whole->plant, requests, n, starts, whole->tick_ns};
    return p;
}

/* ---- asking -----------------------------------------------------------------------------------
 */

static bool covers(const struct plan *plan, const struct block *b, const struct feed *f)
{
    const struct point *p = &plan->plant->devices[f->device].map->points[f->point];
    uint32_t at = (uint32_t)b->request->first + f->offset;
    return b->count == 0 || (at >= b->first && at + p->words <= (uint32_t)b->first + b->count);
}

/* A request that had to be cut ends in several blocks: it is over when all of its feeds had one. */
static void settle(struct asking *a, const struct block *b)
{
    const struct request *r = b->request;
    if (a->owed[r->id] == 0)
        return;
    for (uint32_t i = 0; i < r->feed_count; i++)
        if (!a->answered[r->id][i] && covers(a->told.plan, b, &r->feeds[i])) {
            a->answered[r->id][i] = 1;
            a->owed[r->id]--;
        }
    if (a->owed[r->id] == 0)
        a->told.unfinished--;
}

static void on_block(void *me, const struct block *b)
{
    struct asking *a = me;
    if (b->fault == FAULT_BACKED_OFF || a->owed[b->request->id] == 0)
        return;
    struct ask_block *k = arena_get(a->arena, sizeof *k);
    if (!k)
        return;
    k->block = *b;
    if (b->length > 0 && b->length <= sizeof k->data)
        memcpy(k->data, b->data, b->length);
    k->block.data = k->data;
    *a->last = k;
    a->last = &k->next;
    board_feed(a->told.board, &k->block, a->touched);
    settle(a, b);
}

static void on_event(void *me, const struct poll_event *e)
{
    struct asking *a = me;
    if (e->kind == POLL_HOLE_LEARNED && a->wish->event)
        a->wish->event(a->wish->me, e->text);
}

static bool converse(struct asking *a)
{
    struct poller_hooks hooks = {.me = a, .block = on_block, .event = on_event};
    struct loop *loop = a->told.loop = loop_new();
    struct poller *poller = loop ? poller_new(loop, a->told.plan, hooks, clock_mono()) : NULL;
    a->told.poller = poller;
    mono_t end = mono_add(clock_mono(), a->wish->patience_ns);
    while (poller && a->told.unfinished > 0 && mono_before(clock_mono(), end)) {
        mono_t due = mono_min(poller_run(poller, clock_mono()), end);
        int64_t wait = mono_since(due, clock_mono());
        loop_run(loop, wait > 0 ? wait : 0);
    }
    return poller != NULL;
}

static bool prepare(struct asking *a, const struct plan *whole)
{
    const struct ask_wish *w = a->wish;
    if (w->device && w->point >= 0) {
        a->needed = arena_get_array(a->arena, w->device->map->point_count, sizeof *a->needed);
        if (!a->needed)
            return false;
        need(a->needed, w->device->map, w->point);
        need(a->needed, w->device->map, w->device->map->identity.point); /* is it the right one? */
    }
    a->told.devices = whole->plant->devices;
    whole = plan_demands(a, whole);
    a->told.plan = whole ? narrow(a, whole) : NULL;
    a->told.board = a->told.plan ? board_new(a->told.plan) : NULL;
    if (!a->told.board)
        return false;
    uint32_t count = a->told.plan->request_count;
    a->told.unfinished = count;
    a->answered = arena_get_array(a->arena, count + 1, sizeof *a->answered);
    a->owed = arena_get_array(a->arena, count + 1, sizeof *a->owed);
    a->touched = arena_get_array(a->arena, board_touch_max(a->told.board) + 1, sizeof *a->touched);
    for (uint32_t i = 0; a->answered && a->owed && i < count; i++) {
        const struct request *r = &a->told.plan->requests[i];
        a->owed[i] = r->feed_count;
        a->answered[i] = arena_get_array(a->arena, r->feed_count + 1, 1);
    }
    return !arena_exhausted(a->arena);
}

struct asked *ask_now(struct arena *arena, const struct plan *whole, const struct ask_wish *wish)
{
    struct asking *a = arena_get(arena, sizeof *a);
    if (!a)
        return NULL;
    *a = (struct asking){.arena = arena, .wish = wish};
    struct ask_block *first = NULL;
    a->last = &first;
    if (!prepare(a, whole) || !converse(a)) {
        asked_free(&a->told);
        return NULL;
    }
    /* Once more, all of them: a value may hang on a scale that came after it. */
    for (const struct ask_block *k = first; k; k = k->next)
        board_feed(a->told.board, &k->block, a->touched);
    a->told.blocks = first;
    return &a->told;
}

void asked_hang_up(struct asked *a)
{
    poller_free(a->poller);
    loop_free(a->loop);
    a->poller = NULL;
    a->loop = NULL;
}

void asked_free(struct asked *a)
{
    if (!a)
        return;
    asked_hang_up(a);
    board_free(a->board);
    a->board = NULL;
}

/* ---- looking ----------------------------------------------------------------------------------
 */

uint32_t ask_root(const struct device *d, uint32_t point)
{
    while (d->map->points[point].from >= 0)
        point = (uint32_t)d->map->points[point].from;
    return point;
}

const struct ask_block *asked_of(const struct asked *a, const struct device *d, uint32_t point,
                                 const struct feed **feed)
{
    const struct ask_block *found = NULL;
    uint32_t device = (uint32_t)(d - a->devices), root = ask_root(d, point);
    for (const struct ask_block *k = a->blocks; k; k = k->next)
        for (uint32_t i = 0; i < k->block.request->feed_count; i++) {
            const struct feed *f = &k->block.request->feeds[i];
            if (f->device == device && f->point == root && covers(a->plan, &k->block, f)) {
                found = k;
                *feed = f;
            }
        }
    return found;
}

void ask_complete(const struct asked *a, const struct device *d, uint32_t point,
                  struct explain_input *in)
{
    const struct point *p = &d->map->points[point];
    const int32_t of[] = {p->from, p->exp_from, p->mul_from, p->valid_if.point};
    const struct sample **to[] = {&in->source, &in->exponent, &in->factor, &in->condition};
    for (size_t i = 0; i < sizeof of / sizeof *of; i++)
        *to[i] = of[i] < 0 ? NULL : &board_tag(a->board, d->first_tag + (uint32_t)of[i])->now;
}
