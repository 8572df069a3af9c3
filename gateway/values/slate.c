/* SPDX-License-Identifier: Apache-2.0 */
/* Everything that a plan already decides about its board, so that a block costs no thought. */
#include "values/slate.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/zone.h"
#include "values/badge.h"
#include "values/decode.h"
#include "values/mate.h"

static bool is_late(const struct point *p)
{
    return p->from >= 0 || p->exp_from >= 0 || p->mul_from >= 0 || p->valid_if.point >= 0;
}

/* The point that is read for this one. A circle, which no checked map has, ends somewhere in it. */
static uint32_t root_of(const struct map *map, uint32_t point)
{
    for (uint32_t i = 0; i < map->point_count && map->points[point].from >= 0; i++)
        point = (uint32_t)map->points[point].from;
    return point;
}

static uint32_t rank_after(uint32_t rank, int32_t other, const uint32_t *ranks)
{
    return other >= 0 && ranks[other] >= rank ? ranks[other] + 1 : rank;
}

static bool order_late(struct sheet *s)
{
    const struct map *map = s->map;
    uint32_t count = 0;
    for (uint32_t i = 0; i < map->point_count; i++)
        count += is_late(&map->points[i]);
    if (count == 0)
        return true;
    uint32_t *ranks = calloc(map->point_count, sizeof *ranks);
    s->late = malloc(count * sizeof *s->late);
    if (!ranks || !s->late) {
        free(ranks);
        return false;
    }
    uint32_t highest = 0;
    bool settled = false;
    for (uint32_t round = 0; !settled && round <= count; round++) {
        settled = true;
        for (uint32_t i = 0; i < map->point_count; i++) {
            const struct point *p = &map->points[i];
            uint32_t rank = rank_after(0, p->from, ranks);
            rank = rank_after(rank, p->exp_from, ranks);
            rank = rank_after(rank, p->mul_from, ranks);
            rank = rank_after(rank, p->valid_if.point, ranks);
            if (rank != ranks[i]) {
                ranks[i] = rank;
                settled = false;
            }
            highest = rank > highest ? rank : highest;
        }
    }
    for (uint32_t rank = 1; rank <= highest; rank++)
        for (uint32_t i = 0; i < map->point_count; i++)
            if (ranks[i] == rank)
                s->late[s->late_count++] = i;
    free(ranks);
    return true;
}

static bool is_text(const struct point *p)
{
    return p->table >= TABLE_INPUT && (p->type == RAW_STRING || p->type == RAW_TIME);
}

static bool place_texts(struct sheet *s)
{
    const struct map *map = s->map;
    for (uint32_t i = 0; i < map->point_count; i++) {
        const struct point *root = &map->points[root_of(map, i)];
        if (!is_text(root))
            continue;
        if (!s->text_at) {
            s->text_at = malloc(map->point_count * sizeof *s->text_at);
            if (!s->text_at)
                return false;
            for (uint32_t k = 0; k < map->point_count; k++)
                s->text_at[k] = NONE;
        }
        s->text_at[i] = s->text_bytes;
        uint32_t room = root->words * 2U + DECODE_TEXT_EXTRA;
        s->text_bytes += room > BOARD_TEXT_MAX ? room : BOARD_TEXT_MAX;
    }
    return true;
}

static bool find_scales(struct sheet *s)
{
    const struct map *map = s->map;
    for (uint32_t i = 0; i < map->point_count; i++) {
        const int32_t by[] = {map->points[i].exp_from, map->points[i].mul_from};
        for (int k = 0; k < 2; k++) {
            if (by[k] < 0)
                continue;
            if (!s->scales)
                s->scales = calloc(map->point_count, sizeof *s->scales);
            if (!s->scales)
                return false;
            s->scales[by[k]] = true;
        }
    }
    return true;
}

static bool make_sheets(struct board *b)
{
    const struct plant *plant = b->plant;
    /* Never more sheets than devices; the array must not move, units point into it. */
    b->sheets = calloc(plant->device_count + 1U, sizeof *b->sheets);
    if (!b->sheets)
        return false;
    for (uint32_t i = 0; i < plant->device_count; i++) {
        const struct map *map = plant->devices[i].map;
        uint32_t k = b->sheet_count;
        while (k > 0 && b->sheets[k - 1].map != map)
            k--;
        if (k > 0) {
            b->units[i].sheet = &b->sheets[k - 1];
            continue;
        }
        struct sheet *s = &b->sheets[b->sheet_count++];
        s->map = map;
        b->units[i].sheet = s;
        if (!order_late(s) || !place_texts(s) || !find_scales(s))
            return false;
    }
    return true;
}

static bool make_units(struct board *b)
{
    const struct plant *plant = b->plant;
    size_t text = 0;
    for (uint32_t i = 0; i < plant->device_count; i++) {
        text += 2 * (size_t)b->units[i].sheet->text_bytes;
        b->beat_count += plant->devices[i].map->heartbeat.point >= 0;
    }
    b->text = malloc(text + 1);
    b->derived_text = malloc((size_t)plant->derived_count * 2 * BOARD_TEXT_MAX + 1);
    b->beats = calloc(b->beat_count + 1U, sizeof *b->beats);
    if (!b->text || !b->derived_text || !b->beats)
        return false;
    char *at = b->text;
    uint32_t beat = 0;
    for (uint32_t i = 0; i < plant->device_count; i++) {
        struct unit *u = &b->units[i];
        u->text = at;
        at += 2 * (size_t)u->sheet->text_bytes;
        u->beat = NONE;
        if (plant->devices[i].map->heartbeat.point >= 0) {
            b->beats[beat].device = i;
            u->beat = beat++;
        }
    }
    return true;
}

/* The feed of a section (one device of a request, sorted by point) that brings the point. */
static uint32_t find_feed(const struct request *r, uint32_t low, uint32_t high, uint32_t point)
{
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (r->feeds[middle].point < point)
            low = middle + 1;
        else
            high = middle;
    }
    return low < r->feed_count && r->feeds[low].point == point ? low : NONE;
}

/* The steps of one request; into steps when it is not NULL. Returns how many. */
static uint32_t request_steps(const struct board *b, const struct request *r, struct step *steps)
{
    uint32_t count = 0;
    for (uint32_t first = 0, end; first < r->feed_count; first = end) {
        uint32_t device = r->feeds[first].device;
        end = first;
        while (end < r->feed_count && r->feeds[end].device == device)
            end++;
        const struct sheet *s = b->units[device].sheet;
        assert(s);
        for (uint32_t i = 0; i < s->late_count; i++) {
            uint32_t feed = find_feed(r, first, end, root_of(s->map, s->late[i]));
            if (feed == NONE || feed >= end)
                continue;
            if (steps)
                steps[count] = (struct step){.device = device, .point = s->late[i], .feed = feed};
            count++;
        }
    }
    return count;
}

/* Twice its own period at least: a slow tag of a device whose limit is short is not stale as long
 * as it is read when it should be. */
int64_t slate_stale_after(const struct board *b, const struct request *r, const struct feed *f)
{
    int64_t set = b->plant->devices[f->device].stale_ns;
    int64_t periods = (set > 0 ? 2 : 3) * (int64_t)(f->every_nth > 1 ? f->every_nth : 1);
    int64_t least = set > 0 ? set : 2 * NS_PER_S, own;
    if (__builtin_mul_overflow(r->period_ns, periods, &own))
        return INT64_MAX;
    return own > least ? own : least;
}

static bool make_asked(struct board *b)
{
    const struct plan *plan = b->plan;
    b->asked = calloc(plan->request_count + 1U, sizeof *b->asked);
    if (!b->asked)
        return false;
    for (uint32_t i = 0; i < plan->request_count; i++) {
        const struct request *r = &plan->requests[i];
        struct asked *a = &b->asked[i];
        a->check_ns = a->limit_ns = INT64_MAX;
        a->turn = a->part = UINT32_MAX;
        a->first_step = b->step_count;
        a->step_count = request_steps(b, r, NULL);
        b->step_count += a->step_count;
        if (r->feed_count + a->step_count > b->touch_max)
            b->touch_max = r->feed_count + a->step_count;
        for (uint32_t k = 0; k < r->feed_count; k++) {
            const struct feed *f = &r->feeds[k];
            int64_t limit = slate_stale_after(b, r, f);
            a->limit_ns = limit < a->limit_ns ? limit : a->limit_ns;
            a->has_beat = a->has_beat ||
                          b->plant->devices[f->device].map->heartbeat.point == (int64_t)f->point;
        }
    }
    b->steps = calloc(b->step_count + 1U, sizeof *b->steps);
    if (!b->steps)
        return false;
    for (uint32_t i = 0; i < plan->request_count; i++)
        request_steps(b, &plan->requests[i], b->steps + b->asked[i].first_step);
    return true;
}

char *slate_text(const struct board *b, uint32_t device, uint32_t point, size_t *half)
{
    if (device == NONE) {
        *half = BOARD_TEXT_MAX;
        return b->derived_text + (size_t)point * 2 * BOARD_TEXT_MAX;
    }
    const struct unit *u = &b->units[device];
    *half = u->sheet->text_bytes;
    return u->sheet->text_at && u->sheet->text_at[point] != NONE
               ? u->text + u->sheet->text_at[point]
               : NULL;
}

static bool find_home(struct home *h, const char *name)
{
    *h = (struct home){.name = name, .zone = zone_load(name)};
    if (asprintf(&h->twice, "this hour comes twice in %s", name) < 0)
        h->twice = NULL;
    if (asprintf(&h->never, "this hour is left out in %s", name) < 0)
        h->never = NULL;
    return h->twice && h->never;
}

/* Before the first answer, so that nothing is looked up later. */
static bool find_zones(struct board *b)
{
    const struct plant *plant = b->plant;
    b->homes = calloc(plant->device_count + 1U, sizeof *b->homes);
    for (uint32_t i = 0; b->homes && i < plant->device_count; i++) {
        const char *name = plant->devices[i].timezone;
        uint32_t k = b->home_count;
        if (!name)
            continue;
        while (k > 0 && strcmp(b->homes[k - 1].name, name) != 0)
            k--;
        if (k == 0) {
            k = ++b->home_count;
            if (!find_home(&b->homes[k - 1], name))
                return false;
        }
        b->units[i].home = &b->homes[k - 1];
    }
    return b->homes != NULL;
}

static bool is_counter(const struct board *b, uint32_t device, uint32_t point)
{
    const struct plant *plant = b->plant;
    const struct point *p =
        device == NONE ? &plant->derived[point].point : &plant->devices[device].map->points[point];
    return p->kind == KIND_COUNTER;
}

/* Counts them, and lists them when there is a list. */
static uint32_t list_counters(struct board *b)
{
    const struct plant *plant = b->plant;
    uint32_t n = 0;
    for (uint32_t i = 0; i < plant->device_count; i++)
        for (uint32_t k = 0; k < plant->devices[i].map->point_count; k++)
            if (is_counter(b, i, k) && n++ < b->base_count)
                b->bases[n - 1].tag = plant->devices[i].first_tag + k;
    for (uint32_t i = 0; i < plant->derived_count; i++)
        if (is_counter(b, NONE, i) && n++ < b->base_count)
            b->bases[n - 1].tag = plant->first_derived + i;
    return n;
}

static bool make_bases(struct board *b)
{
    uint32_t count = list_counters(b);
    b->bases = calloc(count + 1U, sizeof *b->bases);
    if (!b->bases)
        return false;
    b->base_count = count;
    list_counters(b);
    return true;
}

struct base *slate_base(const struct board *b, uint32_t tag)
{
    uint32_t low = 0, high = b->base_count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (b->bases[middle].tag < tag)
            low = middle + 1;
        else
            high = middle;
    }
    return low < b->base_count && b->bases[low].tag == tag ? &b->bases[low] : NULL;
}

bool slate_build(struct board *b)
{
    b->units = calloc(b->plant->device_count + 1U, sizeof *b->units);
    return b->units && make_sheets(b) && make_units(b) && make_asked(b) && make_bases(b) &&
           find_zones(b) && badges_build(b) && mates_build(b);
}
