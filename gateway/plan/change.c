/* SPDX-License-Identifier: Apache-2.0 */
#include "plan/change.h"

#include <string.h>

#include "base/permit.h"
#include "base/text.h"

/* ---- things by their names ------------------------------------------------------------------- */

struct finder {
    uint64_t *keys;
    uint32_t *items; /* number + 1; 0: free */
    uint32_t mask;
};

static bool finder_make(struct finder *f, struct arena *a, uint32_t count)
{
    uint32_t size = 16;
    while (size < 2 * (uint64_t)count)
        size *= 2;
    f->mask = size - 1;
    f->keys = arena_get_array(a, size, sizeof *f->keys);
    f->items = arena_get_array(a, size, sizeof *f->items);
    return f->keys && f->items;
}

static void finder_add(struct finder *f, uint64_t key, uint32_t item)
{
    uint32_t at = (uint32_t)key & f->mask;
    while (f->items[at])
        at = (at + 1) & f->mask;
    f->keys[at] = key;
    f->items[at] = item + 1;
}

/* One candidate after the other; *at begins as the key. CHANGE_NONE: no more. */
static uint32_t finder_next(const struct finder *f, uint64_t key, uint64_t *at)
{
    for (;; ++*at) {
        uint32_t slot = (uint32_t)*at & f->mask;
        if (!f->items[slot])
            return CHANGE_NONE;
        if (f->keys[slot] != key)
            continue;
        ++*at;
        return f->items[slot] - 1;
    }
}

static uint64_t key_of(const char *text)
{
    return text_hash(0, text, strlen(text));
}

/* ---- the comparison -------------------------------------------------------------------------- */

struct match { /* of one point, with the point of its name in the other map */
    uint32_t old;
    bool same, described;
};

struct maps { /* of maps that stand for the same device, before and after */
    const struct map *before, *after;
    const struct match *matches;
    uint32_t lost; /* points of the old map that the new one lacks */
};

struct work {
    struct arena *arena;
    const struct plan *before, *after;
    struct change *change;
    uint32_t *lines, *namesakes, *devices, *tags;
    bool *described;
    struct maps *pairs;
    uint32_t pair_count;
    bool *line_taken, *gone; /* of the old ones */
    bool *tag_taken;
};

/* ---- lines ----------------------------------------------------------------------------------- */

static bool same_end(const struct line *a, const struct line *b)
{
    return a->transport == b->transport && a->port == b->port &&
           change_text_same(a->host, b->host) && change_text_same(a->device, b->device);
}

static bool same_settings(const struct line *a, const struct line *b)
{
    return same_end(a, b) && a->baud == b->baud && a->data_bits == b->data_bits &&
           a->stop_bits == b->stop_bits && a->parity == b->parity &&
           a->timeout_ns == b->timeout_ns && a->connect_timeout_ns == b->connect_timeout_ns &&
           a->delay_ns == b->delay_ns && a->connect_delay_ns == b->connect_delay_ns &&
           a->reconnect_min_ns == b->reconnect_min_ns &&
           a->reconnect_max_ns == b->reconnect_max_ns && a->retries == b->retries &&
           memcmp(&a->silent_share, &b->silent_share, sizeof a->silent_share) == 0 &&
           a->echo == b->echo;
}

static uint64_t hash_of(uint64_t key, uint32_t kind, uint32_t x, uint32_t y, uint32_t z)
{
    const uint32_t fact[] = {kind, x, y, z};
    return text_hash(key, fact, sizeof fact);
}

static uint64_t bounds_of(const struct device *d)
{
    enum { MOST, NEVER, BARRIER, LATCH };
    const struct limits *l = &d->map->limits;
    uint64_t key = hash_of(0, MOST, d->unit, l->max_registers, l->max_bits);
    for (uint32_t i = 0; i < l->never_count; i++)
        key = hash_of(key, NEVER, l->never[i].table, l->never[i].first, l->never[i].last);
    for (uint32_t i = 0; i < l->barrier_count; i++)
        key = hash_of(key, BARRIER, l->barriers[i].table, l->barriers[i].first, 0);
    for (uint32_t i = 0; i < d->map->point_count; i++) {
        const struct point *p = &d->map->points[i];
        if (p->side_effect)
            key = hash_of(key, LATCH, p->table, p->address, p->words);
    }
    return key;
}

/* What may be asked of the units beyond the requests, to prove an RTU bus; in whatever order the
 * devices stand. */
static uint64_t bounds_key(const struct plan *p, uint32_t line)
{
    uint64_t key = 0;
    for (uint32_t i = 0; i < p->plant->device_count; i++)
        if (p->plant->devices[i].line == line)
            key += bounds_of(&p->plant->devices[i]);
    return key;
}

static bool same_request(const struct request *a, const struct request *b)
{
    return a->unit == b->unit && a->table == b->table && a->first == b->first &&
           a->count == b->count && a->period_ns == b->period_ns && a->delay_ns == b->delay_ns &&
           a->once == b->once && a->alone == b->alone;
}

static int64_t usual_tick(const struct plan *p)
{
    return p->plant->tick_ns > 0 ? p->plant->tick_ns : p->tick_ns;
}

static bool same_on_the_wire(const struct work *w, uint32_t before, uint32_t after)
{
    const struct plan *a = w->before, *b = w->after;
    uint32_t from = a->first_request[before], to = b->first_request[after];
    uint32_t count = a->first_request[before + 1] - from;
    if (count != b->first_request[after + 1] - to ||
        !same_settings(&a->plant->lines[before], &b->plant->lines[after]))
        return false;
    for (uint32_t i = 0; i < count; i++)
        if (!same_request(&a->requests[from + i], &b->requests[to + i]))
            return false;
    return bounds_key(a, before) == bounds_key(b, after);
}

/* Where it leads, and what is asked there. */
static uint64_t wire_key(const struct plan *p, uint32_t line)
{
    const struct line *l = &p->plant->lines[line];
    uint64_t key = text_hash(l->port, &l->transport, sizeof l->transport);
    const char *end = l->host ? l->host : l->device ? l->device : "";
    key = text_hash(key, end, strlen(end));
    for (uint32_t i = p->first_request[line]; i < p->first_request[line + 1]; i++) {
        const struct request *r = &p->requests[i];
        const uint16_t what[] = {r->unit, r->table, r->first, r->count};
        key = text_hash(key, what, sizeof what);
    }
    return key;
}

static void take_line(struct work *w, uint32_t before, uint32_t after)
{
    w->lines[after] = before;
    w->line_taken[before] = true;
    w->gone[before] = false;
}

static uint32_t namesake(const struct work *w, const struct finder *names, const char *name)
{
    uint64_t key = key_of(name), at = key;
    uint32_t k;
    do
        k = finder_next(names, key, &at);
    while (k != CHANGE_NONE && strcmp(w->before->plant->lines[k].name, name) != 0);
    return k;
}

/* First by name, then those that have another name now. */
static bool match_lines(struct work *w)
{
    const struct plant *a = w->before->plant, *b = w->after->plant;
    struct finder names, wires;
    if (!finder_make(&names, w->arena, a->line_count) ||
        !finder_make(&wires, w->arena, a->line_count))
        return false;
    for (uint32_t i = 0; i < a->line_count; i++) {
        finder_add(&names, key_of(a->lines[i].name), i);
        w->gone[i] = true;
    }
    bool ticks = usual_tick(w->before) == usual_tick(w->after);
    for (uint32_t i = 0; i < b->line_count; i++) {
        uint32_t k = w->namesakes[i] = namesake(w, &names, b->lines[i].name);
        w->lines[i] = CHANGE_NONE;
        if (k == CHANGE_NONE)
            continue;
        w->gone[k] = false;
        if (ticks && same_on_the_wire(w, k, i))
            take_line(w, k, i);
    }
    for (uint32_t i = 0; i < a->line_count; i++)
        if (!w->line_taken[i])
            finder_add(&wires, wire_key(w->before, i), i);
    for (uint32_t i = 0; ticks && i < b->line_count; i++) {
        if (w->lines[i] != CHANGE_NONE)
            continue;
        uint64_t key = wire_key(w->after, i), at = key;
        for (uint32_t k; (k = finder_next(&wires, key, &at)) != CHANGE_NONE;)
            if (!w->line_taken[k] && same_on_the_wire(w, k, i)) {
                take_line(w, k, i);
                break;
            }
    }
    return true;
}

/* ---- maps ------------------------------------------------------------------------------------ */

static bool follows(const struct maps *p, const struct match *m, int32_t before, int32_t after)
{
    if (before < 0 || after < 0)
        return before == after || (before < 0 && after < 0);
    return after < (int32_t)p->after->point_count && m[after].old == (uint32_t)before &&
           m[after].same;
}

/* A point is as good as those that it leans on. */
static void settle(const struct maps *p, struct match *m)
{
    for (bool settled = false; !settled;) {
        settled = true;
        for (uint32_t i = 0; i < p->after->point_count; i++) {
            if (!m[i].same)
                continue;
            const struct point *x = &p->before->points[m[i].old], *y = &p->after->points[i];
            m[i].same = follows(p, m, x->from, y->from) &&
                        follows(p, m, x->exp_from, y->exp_from) &&
                        follows(p, m, x->mul_from, y->mul_from) &&
                        follows(p, m, x->valid_if.point, y->valid_if.point);
            settled = settled && m[i].same;
        }
    }
}

static bool same_point_name(const struct map *a, uint32_t i, const char *name)
{
    return i < a->point_count && strcmp(a->points[i].name, name) == 0;
}

static bool match_points(struct work *w, struct maps *p)
{
    const struct map *a = p->before, *b = p->after;
    struct match *m = arena_get_array(w->arena, b->point_count + 1U, sizeof *m);
    struct finder names;
    if (!m || !finder_make(&names, w->arena, a->point_count))
        return false;
    for (uint32_t i = 0; i < a->point_count; i++)
        finder_add(&names, key_of(a->points[i].name), i);
    uint32_t found = 0;
    for (uint32_t i = 0, next = 0; i < b->point_count; i++, next++) {
        const char *name = b->points[i].name;
        if (!same_point_name(a, next, name)) { /* mostly they stand in the same order */
            uint64_t key = key_of(name), at = key;
            do
                next = finder_next(&names, key, &at);
            while (next != CHANGE_NONE && !same_point_name(a, next, name));
        }
        m[i].old = next;
        if (next == CHANGE_NONE) {
            next = i;
            continue;
        }
        found++;
        m[i].same = change_point_same(&a->points[next], &b->points[i]);
        m[i].described = change_point_described(&a->points[next], &b->points[i]);
    }
    p->lost = a->point_count - found;
    p->matches = m;
    settle(p, m);
    return true;
}

/* Devices share maps. NULL: out of memory. */
static const struct maps *maps_of(struct work *w, const struct map *before, const struct map *after)
{
    for (uint32_t i = w->pair_count; i > 0; i--)
        if (w->pairs[i - 1].before == before && w->pairs[i - 1].after == after)
            return &w->pairs[i - 1];
    struct maps *p = &w->pairs[w->pair_count];
    *p = (struct maps){.before = before, .after = after};
    if (!match_points(w, p))
        return NULL;
    w->pair_count++;
    return p;
}

/* ---- devices and tags ------------------------------------------------------------------------ */

/* Its values come from where they came from. */
static bool same_source(const struct work *w, const struct device *a, const struct device *b)
{
    return a->unit == b->unit &&
           same_end(&w->before->plant->lines[a->line], &w->after->plant->lines[b->line]);
}

static bool same_heading(const struct work *w, const struct device *a, const struct device *b)
{
    return a->unit == b->unit && a->every_ns == b->every_ns &&
           a->map->every_ns == b->map->every_ns && strcmp(a->map->name, b->map->name) == 0 &&
           strcmp(a->map->hash, b->map->hash) == 0 &&
           change_text_same(a->map->title, b->map->title) &&
           strcmp(w->before->plant->lines[a->line].name, w->after->plant->lines[b->line].name) == 0;
}

/* Who may write it stands in its dictionary. */
static bool same_permit(const struct work *w, uint32_t before, uint32_t after)
{
    const struct write_permit *a = permit_write(&w->before->plant->commands, before);
    const struct write_permit *b = permit_write(&w->after->plant->commands, after);
    return (!a && !b) || (a && b && memcmp(&a->low, &b->low, sizeof a->low) == 0 &&
                          memcmp(&a->high, &b->high, sizeof a->high) == 0);
}

static bool match_device(struct work *w, uint32_t before, uint32_t after)
{
    const struct device *a = &w->before->plant->devices[before];
    const struct device *b = &w->after->plant->devices[after];
    const struct maps *p = maps_of(w, a->map, b->map);
    if (!p)
        return false;
    bool clock = change_text_same(a->timezone, b->timezone);
    bool source = same_source(w, a, b), heading = same_heading(w, a, b) && p->lost == 0;
    for (uint32_t i = 0; i < b->map->point_count; i++) {
        const struct match *m = &p->matches[i];
        bool same = m->same && source && (clock || b->map->points[i].type != RAW_TIME);
        heading = heading && same && m->described &&
                  same_permit(w, a->first_tag + m->old, b->first_tag + i);
        if (same)
            w->tags[b->first_tag + i] = a->first_tag + m->old;
        w->change->tags_added += m->old == CHANGE_NONE;
        w->change->tags_changed += m->old != CHANGE_NONE && !same;
    }
    w->change->tags_removed += p->lost;
    w->described[after] = !heading;
    if (source)
        w->devices[after] = before;
    return true;
}

static bool match_devices(struct work *w)
{
    const struct plant *a = w->before->plant, *b = w->after->plant;
    struct finder paths;
    if (!finder_make(&paths, w->arena, a->device_count))
        return false;
    for (uint32_t i = 0; i < a->device_count; i++)
        finder_add(&paths, key_of(a->devices[i].path), i);
    w->change->tags_removed = a->first_derived;
    for (uint32_t i = 0; i < b->device_count; i++) {
        const struct device *d = &b->devices[i];
        uint64_t key = key_of(d->path), at = key;
        uint32_t k;
        do
            k = finder_next(&paths, key, &at);
        while (k != CHANGE_NONE && strcmp(a->devices[k].path, d->path) != 0);
        w->devices[i] = CHANGE_NONE;
        for (uint32_t n = 0; n < d->map->point_count; n++)
            w->tags[d->first_tag + n] = CHANGE_NONE;
        if (k == CHANGE_NONE) {
            w->described[i] = true;
            w->change->tags_added += d->map->point_count;
            continue;
        }
        w->change->tags_removed -= a->devices[k].map->point_count;
        if (!match_device(w, k, i))
            return false;
    }
    return true;
}

/* ---- derived tags ---------------------------------------------------------------------------- */

/* The path is the same, whatever the tag has become. */
static bool same_name(const struct work *w, uint32_t before, uint32_t after)
{
    const struct plant *a = w->before->plant, *b = w->after->plant;
    if (before >= a->first_derived || after >= b->first_derived)
        return before >= a->first_derived && after >= b->first_derived &&
               strcmp(a->derived[before - a->first_derived].path,
                      b->derived[after - b->first_derived].path) == 0;
    const struct device *x = &a->devices[plant_device_of(a, before)];
    const struct device *y = &b->devices[plant_device_of(b, after)];
    return strcmp(x->path, y->path) == 0 && strcmp(x->map->points[before - x->first_tag].name,
                                                   y->map->points[after - y->first_tag].name) == 0;
}

static bool same_definition(const struct work *w, const struct derived *a, const struct derived *b)
{
    if (!change_point_same(&a->point, &b->point) || a->input_count != b->input_count ||
        !change_text_same(a->expression, b->expression))
        return false;
    for (uint32_t i = 0; i < a->input_count; i++)
        if (strcmp(a->inputs[i].name, b->inputs[i].name) != 0 ||
            !same_name(w, a->inputs[i].tag, b->inputs[i].tag))
            return false;
    return true;
}

/* One dictionary holds all derived tags of a path, and those of the device that has it. */
static void describe(struct work *w, const char *path)
{
    const struct plant *b = w->after->plant;
    for (uint32_t i = 0; i < b->derived_count; i++)
        if (strcmp(b->derived[i].device_path, path) == 0)
            w->described[b->device_count + i] = true;
    for (uint32_t i = 0; i < b->device_count; i++)
        if (strcmp(b->devices[i].path, path) == 0)
            w->described[i] = true;
}

static void match_derived_one(struct work *w, uint32_t before, uint32_t after, bool *same)
{
    const struct derived *x = &w->before->plant->derived[before];
    const struct derived *y = &w->after->plant->derived[after];
    *same = same_definition(w, x, y);
    w->change->tags_changed += !*same;
    w->tag_taken[before] = true;
    if (!*same || !change_text_same(x->point.about, y->point.about))
        describe(w, y->device_path);
    if (*same)
        w->tags[w->after->plant->first_derived + after] = w->before->plant->first_derived + before;
}

/* A value stands only as long as what it was computed from. */
static void drop_followers(struct work *w)
{
    const struct plant *b = w->after->plant;
    for (bool settled = false; !settled;) {
        settled = true;
        for (uint32_t i = 0; i < b->derived_count; i++) {
            uint32_t *own = &w->tags[b->first_derived + i];
            for (uint32_t k = 0; *own != CHANGE_NONE && k < b->derived[i].input_count; k++)
                if (w->tags[b->derived[i].inputs[k].tag] == CHANGE_NONE) {
                    *own = CHANGE_NONE;
                    settled = false;
                }
        }
    }
}

static bool match_derived(struct work *w)
{
    const struct plant *a = w->before->plant, *b = w->after->plant;
    struct finder paths;
    if (!finder_make(&paths, w->arena, a->derived_count))
        return false;
    for (uint32_t i = 0; i < a->derived_count; i++)
        finder_add(&paths, key_of(a->derived[i].path), i);
    for (uint32_t i = 0; i < b->derived_count; i++) {
        uint64_t key = key_of(b->derived[i].path), at = key;
        uint32_t k;
        bool same;
        do
            k = finder_next(&paths, key, &at);
        while (k != CHANGE_NONE && strcmp(a->derived[k].path, b->derived[i].path) != 0);
        w->tags[b->first_derived + i] = CHANGE_NONE;
        if (k != CHANGE_NONE) {
            match_derived_one(w, k, i, &same);
            continue;
        }
        w->change->tags_added++;
        describe(w, b->derived[i].device_path);
    }
    for (uint32_t i = 0; i < a->derived_count; i++)
        if (!w->tag_taken[i]) {
            w->change->tags_removed++;
            describe(w, a->derived[i].device_path);
        }
    drop_followers(w);
    return true;
}

const struct change *change_find(struct arena *a, const struct plan *before,
                                 const struct plan *after)
{
    const struct plant *b = after->plant;
    struct change *c = arena_get(a, sizeof *c);
    struct work w = {.arena = a, .before = before, .after = after, .change = c};
    w.lines = arena_get_array(a, b->line_count + 1U, sizeof *w.lines);
    w.namesakes = arena_get_array(a, b->line_count + 1U, sizeof *w.namesakes);
    w.gone = arena_get_array(a, before->plant->line_count + 1U, sizeof *w.gone);
    w.devices = arena_get_array(a, b->device_count + 1U, sizeof *w.devices);
    w.tags = arena_get_array(a, b->tag_count + 1U, sizeof *w.tags);
    w.described = arena_get_array(a, b->device_count + b->derived_count + 1U, sizeof *w.described);
    w.pairs = arena_get_array(a, b->device_count + 1U, sizeof *w.pairs);
    w.line_taken = arena_get_array(a, before->plant->line_count + 1U, sizeof *w.line_taken);
    w.tag_taken = arena_get_array(a, before->plant->derived_count + 1U, sizeof *w.tag_taken);
    if (arena_exhausted(a) || !match_lines(&w) || !match_devices(&w) || !match_derived(&w))
        return NULL;
    *c = (struct change){.before = before,
                         .after = after,
                         .lines = w.lines,
                         .namesakes = w.namesakes,
                         .gone = w.gone,
                         .devices = w.devices,
                         .tags = w.tags,
                         .described = w.described,
                         .tags_changed = c->tags_changed,
                         .tags_added = c->tags_added,
                         .tags_removed = c->tags_removed};
    return c;
}
