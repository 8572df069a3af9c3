/* SPDX-License-Identifier: Apache-2.0 */
/* Which maps, of the library and beside the plant file, a unit fits: by the register that tells it,
 * or by what it answers. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/scan.h"
#include "config/library.h"
#include "config/map.h"
#include "publish/json.h"
#include "values/decode.h"

enum {
    MAPS_MAX = 1000,
    FOLDERS_DEEP = 3,
    CACHE = 256,
    GUESS_REQUESTS = 3, /* of one map */
    GUESS_POINTS = 16,
    GUESS_REGISTERS = 40,
};

struct kept { /* an answer of the unit under examination */
    uint8_t table, exception;
    bool good;
    uint16_t first, count, bytes;
    uint8_t data[2 * REGISTERS_MAX];
};

struct scan_library {
    struct arena *arena;
    const char *folder;
    const struct map *maps[MAPS_MAX];
    uint32_t count;
    struct kept cache[CACHE];
    uint32_t cached;
};

/* ---- the library ----------------------------------------------------------------------------- */

static bool has(const struct scan_library *l, const char *name)
{
    for (uint32_t i = 0; i < l->count; i++)
        if (strcmp(l->maps[i]->name, name) == 0)
            return true;
    return false;
}

static void load(struct scan_library *l, const char *path, const char *name)
{
    if (has(l, name))
        return;
    struct diags *ds = diags_new();
    const struct map *m = ds != NULL ? map_load(l->arena, path, name, l->folder, ds) : NULL;
    if (m != NULL && l->count < MAPS_MAX)
        l->maps[l->count++] = m;
    diags_free(ds);
}

static void walk(struct scan_library *l, const char *folder, const char *prefix, int depth)
{
    DIR *d = opendir(folder);
    for (struct dirent *e; d != NULL && (e = readdir(d)) != NULL;) {
        const char *dot = strrchr(e->d_name, '.');
        if (e->d_name[0] == '.')
            continue;
        char *path = arena_printf(l->arena, "%s/%s", folder, e->d_name);
        bool yaml = dot != NULL && strcmp(dot, ".yaml") == 0;
        char *name =
            arena_printf(l->arena, "%s%s%.*s", prefix, prefix[0] != '\0' ? "/" : "",
                         (int)(yaml ? (size_t)(dot - e->d_name) : strlen(e->d_name)), e->d_name);
        if (path == NULL || name == NULL)
            break;
        if (yaml)
            load(l, path, name);
        else if (dot == NULL && depth < FOLDERS_DEEP)
            walk(l, path, name, depth + 1);
    }
    if (d != NULL)
        closedir(d);
}

static int by_name(const void *a, const void *b)
{
    const struct map *const *x = a, *const *y = b;
    return strcmp((*x)->name, (*y)->name);
}

/* As a plant file looks for maps: beside it first. NULL: of no plant file, or out of memory. */
static const char *beside(const struct scan *s, struct scan_library *l)
{
    if (s->on.plant == NULL)
        return NULL;
    const char *file = s->on.plant->file, *slash = strrchr(file, '/');
    return arena_printf(l->arena, "%.*smaps", slash != NULL ? (int)(slash + 1 - file) : 0, file);
}

struct scan_library *scan_library_new(struct scan *s)
{
    struct scan_library *l = calloc(1, sizeof *l);
    if (l == NULL || (l->arena = arena_new(0)) == NULL) {
        free(l);
        return NULL;
    }
    l->folder = library_folder(l->arena, s->on.options.library);
    const char *own = beside(s, l);
    if (own != NULL)
        walk(l, own, "", 0);
    if (l->folder != NULL)
        walk(l, l->folder, "", 0);
    qsort(l->maps, l->count, sizeof(l->maps[0]), by_name);
    if (l->count == 0)
        fprintf(stderr, "headgate scan: no maps in %s: nothing to compare with\n", l->folder);
    return l;
}

void scan_library_free(struct scan_library *l)
{
    if (l != NULL)
        arena_free(l->arena);
    free(l);
}

unsigned scan_library_cost(const struct scan *s)
{
    unsigned n = 0;
    for (uint32_t i = 0; i < s->library->count; i++)
        n += (s->library->maps[i]->identity.is_count > 0) + (s->identify ? GUESS_REQUESTS : 0U);
    return n < CACHE ? n : CACHE;
}

/* ---- asking ---------------------------------------------------------------------------------- */

static bool is_bits(uint8_t table)
{
    return table == TABLE_COIL || table == TABLE_DISCRETE;
}

static const struct kept *ask(struct scan *s, uint8_t unit, uint8_t table, uint16_t first,
                              uint16_t count)
{
    static const uint8_t functions[TABLE_COUNT] = {
        [TABLE_COIL] = 1, [TABLE_DISCRETE] = 2, [TABLE_INPUT] = 4, [TABLE_HOLDING] = 3};
    struct scan_library *l = s->library;
    for (uint32_t i = 0; i < l->cached; i++)
        if (l->cache[i].table == table && l->cache[i].first == first && l->cache[i].count == count)
            return &l->cache[i];
    if (l->cached == CACHE || *oneline_stop)
        return NULL;
    struct exchange x;
    struct kept *k = &l->cache[l->cached++];
    *k = (struct kept){.table = table, .first = first, .count = count};
    single_ask(s->single, unit, functions[table], first, count, &x);
    k->exception = x.exception;
    k->good = x.fault == FAULT_NONE && x.length <= sizeof k->data;
    if (k->good) {
        memcpy(k->data, x.data, x.length);
        k->bytes = (uint16_t)x.length;
    }
    return k;
}

static bool forbidden(const struct map *m, const struct point *p)
{
    uint32_t last = p->address + (uint32_t)p->words - 1;
    return p->danger || p->side_effect ||
           limits_never(&m->limits, p->table, p->address, last) != NULL;
}

/* Would reading it do something, by any map that we know? The unit may be that one. */
static bool does_something(const struct scan_library *l, uint8_t table, uint32_t first,
                           uint32_t count)
{
    for (uint32_t i = 0; i < l->count; i++)
        for (uint32_t k = 0; k < l->maps[i]->point_count; k++) {
            const struct point *p = &l->maps[i]->points[k];
            if (p->side_effect && p->from < 0 && p->table == table && p->address < first + count &&
                first < (uint32_t)p->address + p->words)
                return true;
        }
    return false;
}

/* ---- by what identifies it ------------------------------------------------------------------- */

static bool is_value(const struct identity *i, const struct value *v)
{
    for (uint32_t k = 0; k < i->is_count; k++) {
        const struct value *from = &i->is[k];
        bool range = i->to != NULL && i->to[k].kind != VALUE_NONE;
        if (v->kind == VALUE_TEXT || from->kind == VALUE_TEXT ? value_equal(from, v)
            : range ? value_compare(from, v) <= 0 && value_compare(v, &i->to[k]) <= 0
                    : value_compare(from, v) == 0)
            return true;
    }
    return false;
}

static bool read_identity(struct scan *s, uint8_t unit, const struct map *m, char *text,
                          struct sample *out)
{
    const struct point *p = &m->points[m->identity.point];
    const struct point *root = p->from >= 0 ? &m->points[p->from] : p;
    if (root->from >= 0 || forbidden(m, root) || root->exp_from >= 0 || root->mul_from >= 0 ||
        does_something(s->library, root->table, root->address, root->words))
        return false;
    const struct kept *k = ask(s, unit, root->table, root->address, root->words);
    if (k == NULL || !k->good)
        return false;
    struct sample raw;
    decode_point(root, k->data, 0, text, &raw);
    *out = raw;
    if (root != p)
        decode_from(p, &raw, out);
    return out->value.kind != VALUE_NONE;
}

static void try_identity(struct scan *s, uint8_t unit, const struct map *m,
                         struct scan_identity *out)
{
    char text[2 * REGISTERS_MAX + DECODE_TEXT_EXTRA], value[SCAN_TEXT / 2];
    struct sample sample;
    if (m->identity.point < 0 || m->identity.is_count == 0 || out->fit_count == SCAN_FITS ||
        !read_identity(s, unit, m, text, &sample) || !is_value(&m->identity, &sample.value))
        return;
    struct scan_fit *f = &out->fits[out->fit_count++];
    struct json j = json_into(value, sizeof value - 1);
    json_value(&j, &sample.value);
    *j.at = '\0';
    *f = (struct scan_fit){.map = m};
    snprintf(f->reads, sizeof f->reads, "%.40s is %s", m->points[m->identity.point].name, value);
}

/* ---- by what it answers ---------------------------------------------------------------------- */

static bool is_telling(const struct map *m, const struct point *p)
{
    return p->from < 0 && p->exp_from < 0 && p->mul_from < 0 && p->valid_if.point < 0 &&
           !p->optional && p->read_mode == READ_POLL && p->parts == NULL && p->has_valid &&
           p->type != RAW_STRING && p->type != RAW_TIME && !is_bits(p->table) && !forbidden(m, p);
}

struct guess {
    const struct point *points[GUESS_POINTS];
    unsigned count;
};

static int by_place(const void *a, const void *b)
{
    const struct point *const *x = a, *const *y = b;
    if ((*x)->table != (*y)->table)
        return (*x)->table - (*y)->table;
    return (*x)->address - (*y)->address;
}

static bool at_barrier(const struct map *m, const struct point *p)
{
    for (uint32_t i = 0; i < m->limits.barrier_count; i++)
        if (m->limits.barriers[i].table == p->table && m->limits.barriers[i].first == p->address)
            return true;
    return false;
}

/* Points from `first` on that lie side by side: one request. */
static unsigned neighbours(const struct map *m, const struct guess *g, unsigned first)
{
    const struct point *start = g->points[first];
    unsigned n = first + 1;
    for (; n < g->count; n++) {
        const struct point *before = g->points[n - 1], *p = g->points[n];
        uint32_t whole = (uint32_t)p->address + p->words - start->address;
        if (p->table != before->table || p->address > before->address + before->words ||
            whole > GUESS_REGISTERS || whole > m->limits.max_registers || at_barrier(m, p))
            break;
    }
    return n;
}

/* false: something was refused, so it isn't this. */
static bool try_values(struct scan *s, uint8_t unit, const struct map *m, const struct guess *g,
                       struct scan_fit *f)
{
    bool any = false;
    unsigned requests = 0;
    for (unsigned i = 0, end; i < g->count && requests < GUESS_REQUESTS; i = end, requests++) {
        end = neighbours(m, g, i);
        const struct point *first = g->points[i], *last = g->points[end - 1];
        uint16_t count = (uint16_t)(last->address + last->words - first->address);
        if (does_something(s->library, first->table, first->address, count))
            return false;
        const struct kept *k = ask(s, unit, first->table, first->address, count);
        if (k == NULL || !k->good)
            return false;
        for (unsigned n = i; n < end; n++) {
            struct sample v;
            decode_point(g->points[n], k->data, (uint16_t)(g->points[n]->address - first->address),
                         NULL, &v);
            f->judged++;
            f->plausible = (uint16_t)(f->plausible + (v.quality == QUALITY_GOOD));
        }
        for (uint16_t b = 0; b < k->bytes; b++)
            any = any || k->data[b] != 0;
    }
    /* Zeros lie inside most ranges, and say nothing. */
    return any && f->judged >= 3 && f->plausible * 5U >= f->judged * 4U;
}

static void try_map(struct scan *s, uint8_t unit, const struct map *m, struct scan_identity *out)
{
    struct guess g = {.count = 0};
    struct scan_fit f = {.map = m};
    for (uint32_t i = 0; i < m->point_count && g.count < GUESS_POINTS; i++)
        if (is_telling(m, &m->points[i]))
            g.points[g.count++] = &m->points[i];
    qsort(g.points, g.count, sizeof(g.points[0]), by_place);
    if (g.count == 0 || !try_values(s, unit, m, &g, &f))
        return;
    unsigned at = out->guess_count < SCAN_FITS ? out->guess_count++ : SCAN_FITS - 1;
    while (at > 0 &&
           out->guesses[at - 1].plausible * f.judged < f.plausible * out->guesses[at - 1].judged) {
        out->guesses[at] = out->guesses[at - 1];
        at--;
    }
    out->guesses[at] = f;
}

void scan_compare(struct scan *s, uint8_t unit, struct scan_identity *out)
{
    struct scan_library *l = s->library;
    l->cached = 0;
    for (uint32_t i = 0; i < l->count && !*oneline_stop; i++)
        try_identity(s, unit, l->maps[i], out);
    for (uint32_t i = 0; i < l->count && s->identify && !*oneline_stop; i++)
        try_map(s, unit, l->maps[i], out);
}
