/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/generic.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { TURNS = 10 };

enum habit { HABIT_NONE, HABIT_STILL, HABIT_WANDERS, HABIT_COUNTS, HABIT_BEATS };

struct life {
    uint8_t habit;
    float middle, swing; /* WANDERS */
    float period, phase;
    double start, rate; /* COUNTS, per second; STILL: start is the value */
};

struct generic {
    struct world *w;
    struct life *lives; /* by tag */
    uint32_t turn;
};

struct usual {
    const char *unit, *word; /* word: part of the tag's name; NULL: any */
    double middle, swing;
};

/* The first that fits. */
static const struct usual usuals[] = {
    {"V", "dc", 565, 6},        {"V", "ln", 347, 2},
    {"V", "l1n", 347, 2},       {"V", "l2n", 347, 2},
    {"V", "l3n", 347, 2},       {"V", NULL, 600, 4},
    {"A", "ground", 0, 0},      {"A", "diff", 0, 0},
    {"A", NULL, 60, 8},         {"mA", NULL, 12, 1},
    {"W", NULL, 30000, 4000},   {"kW", NULL, 40, 5},
    {"MW", NULL, 2, 0.2},       {"VA", NULL, 33000, 4000},
    {"kVA", NULL, 44, 5},       {"var", NULL, 12000, 1500},
    {"kvar", NULL, 16, 2},      {"Hz", NULL, 60, 0.03},
    {"%", "imbalance", 1, 0.3}, {"%", "unbalance", 1, 0.3},
    {"%", NULL, 55, 8},         {"Cel", "air", -5, 3},
    {"Cel", "winding", 78, 5},  {"Cel", NULL, 42, 4},
    {"bar", NULL, 4, 0.3},      {"hPa", NULL, 990, 8},
    {"m", NULL, 2.5, 0.3},      {"mm", NULL, 150, 2},
    {"m3/h", NULL, 180, 15},    {"L/min", NULL, 120, 6},
    {"rpm", NULL, 1760, 12},    {"deg", NULL, -25, 4},
    {"ppm", NULL, 20, 1},       {"m/s", NULL, 3, 0.4},
    {"NTU", NULL, 30, 5},       {"t/h", NULL, 600, 40},
    {"s", NULL, 5, 0},          {"h", NULL, 500, 0},
    {"", "pf", 0.9, 0.02},      {"", "power_factor", 0.9, 0.02},
};

/* Booleans that are true in a healthy plant. */
static const char *const healthy[] = {"ok",     "ready",   "running", "enabled", "closed",
                                      "permit", "healthy", "auto",    "online",  "dry"};

static uint64_t mix(uint64_t x)
{
    x += UINT64_C(0x9E3779B97F4A7C15);
    x = (x ^ x >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
    x = (x ^ x >> 27) * UINT64_C(0x94D049BB133111EB);
    return x ^ x >> 31;
}

static double chance(uint64_t *seed)
{
    *seed = mix(*seed);
    return (double)(*seed >> 11) * 0x1p-53;
}

static bool speaks_of(const char *name, const char *word)
{
    return word == NULL || strstr(name, word) != NULL;
}

static bool is_truth(const struct point *p)
{
    return p->bit >= 0 || p->type == RAW_BOOL || p->table == TABLE_COIL ||
           p->table == TABLE_DISCRETE;
}

/* A register whose bits are tags of their own is made of them. */
static bool made_of_bits(const struct map *m, const struct point *p)
{
    for (uint32_t i = 0; p->bit < 0 && i < m->point_count; i++) {
        const struct point *q = &m->points[i];
        if (q != p && q->from < 0 && q->table == p->table && q->bit >= 0 &&
            q->address >= p->address && q->address < p->address + p->words)
            return true;
    }
    return false;
}

static double greatest(const struct point *p)
{
    double raw = 0;
    switch ((enum raw_type)p->type) {
    case RAW_U8:
    case RAW_S8:
        raw = 100;
        break;
    case RAW_U16:
    case RAW_S16:
    case RAW_SM16:
        raw = 30000;
        break;
    case RAW_BCD16:
        raw = 9999;
        break;
    case RAW_F16:
        raw = 60000;
        break;
    case RAW_U24:
    case RAW_S24:
        raw = 8e6;
        break;
    case RAW_U32:
    case RAW_S32:
    case RAW_BCD32:
    case RAW_M10K32:
    case RAW_U48:
    case RAW_S48:
    case RAW_U64:
    case RAW_S64:
    case RAW_F32:
    case RAW_F64:
    case RAW_BCD64:
    case RAW_M10K48:
    case RAW_M10K64:
    case RAW_BOOL:
    case RAW_STRING:
    case RAW_TIME:
    case RAW_COUNT:
        return 5e7;
    }
    double scale = p->curve == CURVE_LINEAR ? fabs(p->scale.real) : 1;
    return p->exp_from >= 0 ? raw / 10 : raw * scale;
}

/* Within the valid range, and within what the type can hold. */
static void fit(const struct point *p, struct life *l)
{
    double low = p->has_valid ? p->valid_low : -greatest(p);
    double high = p->has_valid ? p->valid_high : greatest(p);
    if (p->curve == CURVE_SPAN) {
        low = fmax(low, fmin(p->eng_low, p->eng_high));
        high = fmin(high, fmax(p->eng_low, p->eng_high));
    }
    if (p->curve == CURVE_TABLE && p->pair_count > 0) {
        low = fmax(low, fmin(p->pairs[0].y, p->pairs[p->pair_count - 1].y));
        high = fmin(high, fmax(p->pairs[0].y, p->pairs[p->pair_count - 1].y));
    }
    double middle = (double)l->middle, swing = (double)l->swing;
    if (middle - swing < low || middle + swing > high) {
        middle = low + (high - low) * 0.4;
        swing = fmin(swing, (high - low) * 0.05);
    }
    l->middle = (float)middle;
    l->swing = (float)swing;
}

static struct life life_of(const struct point *p, uint64_t seed)
{
    struct life l = {.habit = HABIT_STILL};
    if (is_truth(p)) {
        for (size_t i = 0; i < sizeof healthy / sizeof *healthy; i++)
            if (strstr(p->name, healthy[i]) != NULL && strstr(p->name, "not") == NULL)
                l.start = 1;
        return l;
    }
    if (p->choice_count > 0) {
        l.start = (double)p->choices[0].raw;
        return l;
    }
    if (p->kind == KIND_COUNTER) {
        l.habit = HABIT_COUNTS;
        l.start = fmin(1000 + floor(chance(&seed) * 9000), greatest(p) / 2);
        l.rate = strcmp(p->unit, "h") == 0 ? 1.0 / 3600 : 0.01 + 0.05 * chance(&seed);
        return l;
    }
    if (p->type == RAW_TIME) {
        l.habit = HABIT_COUNTS;
        l.start = 1139227200; /* a Monday in February 2006 */
        l.rate = 1;
        return l;
    }
    bool whole = p->unit[0] == '\0' && p->curve == CURVE_NONE && p->type != RAW_F32 &&
                 p->type != RAW_F64 && p->type != RAW_F16;
    if (p->kind == KIND_STATE || whole) {
        bool zero = !p->has_valid || (p->valid_low <= 0 && p->valid_high >= 0);
        l.start = zero ? 0 : p->valid_low;
        return l;
    }
    l.habit = HABIT_WANDERS;
    l.middle = 10;
    l.swing = 0.5F;
    for (size_t i = 0; i < sizeof usuals / sizeof *usuals; i++) {
        if (strcmp(usuals[i].unit, p->unit) == 0 && speaks_of(p->name, usuals[i].word)) {
            l.middle = (float)(usuals[i].middle * (0.98 + 0.04 * chance(&seed)));
            l.swing = (float)usuals[i].swing;
            if (strcmp(p->unit, "Hz") == 0)
                l.middle = 60;
            break;
        }
    }
    l.period = (float)(120 + 600 * chance(&seed));
    l.phase = (float)(6.283 * chance(&seed));
    fit(p, &l);
    return l;
}

/* Other tags lean on this one: what it must be for them to be good. */
static void serve_others(const struct map *m, struct life *lives)
{
    for (uint32_t i = 0; i < m->point_count; i++) {
        const struct point *p = &m->points[i];
        if (p->exp_from >= 0)
            lives[p->exp_from] = (struct life){.habit = HABIT_STILL, .start = -1};
        if (p->mul_from >= 0)
            lives[p->mul_from] = (struct life){
                .habit = HABIT_STILL,
                .start = p->factor_count > 0 ? (double)p->factors[0].code : 1,
            };
        const struct condition *c = &p->valid_if;
        if (c->point < 0)
            continue;
        if (c->bit >= 0) {
            struct life *l = &lives[c->point];
            uint64_t bit = UINT64_C(1) << c->bit;
            uint64_t raw = l->habit == HABIT_STILL && l->start >= 0 ? (uint64_t)l->start : 0;
            raw = (c->constant != 0) == c->equal ? raw | bit : raw & ~bit;
            *l = (struct life){.habit = HABIT_STILL, .start = (double)raw};
            continue;
        }
        double other = c->constant == 0 ? 1 : 0;
        lives[c->point] =
            (struct life){.habit = HABIT_STILL, .start = c->equal ? (double)c->constant : other};
    }
    if (m->heartbeat.point >= 0)
        lives[m->heartbeat.point] = (struct life){.habit = HABIT_BEATS};
}

struct generic *generic_new(struct arena *a, struct world *w, uint64_t seed)
{
    struct generic *g = arena_get(a, sizeof *g);
    if (g == NULL)
        return NULL;
    *g = (struct generic){w, arena_get_array(a, (size_t)w->plant->tag_count + 1, sizeof *g->lives),
                          0};
    if (g->lives == NULL)
        return NULL;
    for (uint32_t d = 0; d < w->plant->device_count; d++) {
        const struct device *device = &w->plant->devices[d];
        const struct map *m = device->map;
        struct life *lives = &g->lives[device->first_tag];
        for (uint32_t i = 0; i < m->point_count; i++) {
            const struct point *p = &m->points[i];
            if (p->from < 0 && !made_of_bits(m, p))
                lives[i] = life_of(p, mix(seed ^ (device->first_tag + i)));
        }
        serve_others(m, lives);
    }
    return g;
}

static double at_time(const struct life *l, double t)
{
    double angle = 6.283185307 * t / (double)(l->period > 0 ? l->period : 1) + (double)l->phase;
    switch ((enum habit)l->habit) {
    case HABIT_WANDERS:
        return (double)l->middle + (double)l->swing * (0.7 * sin(angle) + 0.3 * sin(angle * 3.7));
    case HABIT_COUNTS:
        return l->start + l->rate * t;
    case HABIT_BEATS:
        return fmod(floor(t), 30000);
    case HABIT_STILL:
    case HABIT_NONE:
        break;
    }
    return l->start;
}

static void say_text(struct generic *g, uint32_t tag)
{
    const struct device *d = g->w->device_of[tag];
    struct value v = {.kind = VALUE_TEXT, .length = (uint32_t)strlen(d->name), .text = d->name};
    world_set(g->w, tag, &v);
}

/* Equipment that is what its map, or the plant file, says it is, and stays so. */
static void say_identity(struct generic *g, const struct device *d)
{
    const struct identity *id = &d->map->identity;
    uint32_t tag = d->first_tag + (uint32_t)id->point;
    struct life *l = &g->lives[tag];
    if (g->w->owned[tag])
        return;
    l->habit = HABIT_NONE;
    struct value v = {.kind = VALUE_REAL, .real = l->start};
    if (d->identity != NULL) {
        char *end;
        double x = strtod(d->identity, &end);
        v = d->map->points[id->point].type != RAW_STRING && *end == '\0'
                ? (struct value){.kind = VALUE_REAL, .real = x}
                : (struct value){.kind = VALUE_TEXT,
                                 .length = (uint32_t)strlen(d->identity),
                                 .text = d->identity};
    } else if (id->is_count > 0) {
        v = id->is[0];
    } else if (d->map->points[id->point].type == RAW_STRING) {
        say_text(g, tag);
        return;
    }
    world_set(g->w, tag, &v);
}

/* A value that would read as a sentinel isn't said; then there has to be another one. */
static void say_first(struct generic *g, uint32_t tag)
{
    const struct point *p = world_point(g->w, tag);
    struct life *l = &g->lives[tag];
    for (int i = 0; i < 4; i++) {
        if (world_set_number(g->w, tag, at_time(l, 0)))
            return;
        l->start += p->curve == CURVE_LINEAR ? p->scale.real : 1;
        l->middle += l->swing;
    }
}

void generic_start(struct generic *g)
{
    /* Twice: a number with an exponent from another tag needs that tag first. */
    for (int round = 0; round < 2; round++) {
        for (uint32_t t = 0; t < g->w->plant->first_derived; t++) {
            const struct point *p = world_point(g->w, t);
            if (g->lives[t].habit == HABIT_NONE || g->w->owned[t])
                continue;
            if (p->type == RAW_STRING)
                say_text(g, t);
            else
                say_first(g, t);
        }
    }
    for (uint32_t i = 0; i < g->w->plant->device_count; i++)
        if (g->w->plant->devices[i].map->identity.point >= 0)
            say_identity(g, &g->w->plant->devices[i]);
}

void generic_turn(struct generic *g, double t)
{
    const struct plant *plant = g->w->plant;
    for (uint32_t d = g->turn % TURNS; d < plant->device_count; d += TURNS) {
        const struct device *device = &plant->devices[d];
        for (uint32_t i = 0; i < device->map->point_count; i++) {
            uint32_t tag = device->first_tag + i;
            if (g->lives[tag].habit >= HABIT_WANDERS && !g->w->owned[tag] &&
                !image_told(g->w->image, tag))
                world_set_number(g->w, tag, at_time(&g->lives[tag], t));
        }
    }
    g->turn++;
}
