/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/image.h"

#include <stdlib.h>

#include "sim/identity.h"

struct span { /* addresses that exist, without a hole */
    uint32_t first, end;
    uint16_t *words;
};

struct spans {
    struct span *at;
    uint32_t count;
};

struct station {
    uint32_t line;
    uint8_t unit;
    struct spans tables[TABLE_COUNT];
};

struct image {
    const struct plant *plant;
    struct station *stations; /* sorted by line, then unit */
    uint32_t count;
    uint16_t **words; /* by tag */
    bool *told; /* by tag */
};

static int by_line_and_unit(const void *a, const void *b)
{
    const struct station *x = a, *y = b;
    if (x->line != y->line)
        return x->line < y->line ? -1 : 1;
    return x->unit - y->unit;
}

static struct station *find(const struct image *i, uint32_t line, uint8_t unit)
{
    struct station key = {.line = line, .unit = unit};
    return bsearch(&key, i->stations, i->count, sizeof key, by_line_and_unit);
}

static int by_first(const void *a, const void *b)
{
    const struct span *x = a, *y = b;
    if (x->first != y->first)
        return x->first < y->first ? -1 : 1;
    return x->end < y->end ? -1 : x->end > y->end;
}

static unsigned written_table(const struct point *p)
{
    return p->table == TABLE_COIL || p->table == TABLE_DISCRETE ? TABLE_COIL : TABLE_HOLDING;
}

/* One device's registers of one table, close neighbours made one. */
static struct spans spans_of(struct arena *a, const struct map *m, unsigned table)
{
    struct spans s = {arena_get_array(a, 2 * m->point_count + 1, sizeof(struct span)), 0};
    if (s.at == NULL)
        return s;
    for (uint32_t i = 0; i < m->point_count; i++) {
        const struct point *p = &m->points[i];
        const struct write_rule *w = p->write;
        if (p->from < 0 && p->table == table)
            s.at[s.count++] = (struct span){p->address, (uint32_t)p->address + p->words, NULL};
        if (w != NULL && written_table(p) == table)
            s.at[s.count++] = (struct span){w->address, (uint32_t)w->address + p->words, NULL};
    }
    qsort(s.at, s.count, sizeof *s.at, by_first);
    bool bits = table == TABLE_COIL || table == TABLE_DISCRETE;
    uint32_t gap = (uint32_t)m->limits.max_gap * (bits ? 16 : 1), last = 0;
    for (uint32_t i = 1; i < s.count; i++) {
        struct span *b = &s.at[last], *n = &s.at[i];
        bool near = n->first <= b->end + gap;
        if (near && (n->first <= b->end ||
                     limits_never(&m->limits, table, b->end, n->first - 1) == NULL))
            b->end = n->end > b->end ? n->end : b->end;
        else
            s.at[++last] = *n;
    }
    s.count = s.count == 0 ? 0 : last + 1;
    return s;
}

/* Devices that share a unit (two maps for one box) share its registers. */
static bool add_spans(struct arena *a, struct spans *all, struct spans more)
{
    struct span *at = arena_get_array(a, all->count + more.count + 1, sizeof *at);
    if (at == NULL)
        return false;
    for (uint32_t i = 0; i < all->count; i++)
        at[i] = all->at[i];
    for (uint32_t i = 0; i < more.count; i++)
        at[all->count + i] = more.at[i];
    uint32_t count = all->count + more.count, last = 0;
    qsort(at, count, sizeof *at, by_first);
    for (uint32_t i = 1; i < count; i++) {
        if (at[i].first <= at[last].end)
            at[last].end = at[i].end > at[last].end ? at[i].end : at[last].end;
        else
            at[++last] = at[i];
    }
    *all = (struct spans){at, count == 0 ? 0 : last + 1};
    return true;
}

static const struct span *span_at(const struct spans *s, uint32_t address)
{
    uint32_t low = 0, high = s->count;
    while (high - low > 1) {
        uint32_t middle = low + (high - low) / 2;
        if (s->at[middle].first <= address)
            low = middle;
        else
            high = middle;
    }
    bool inside = low < s->count && s->at[low].first <= address && address < s->at[low].end;
    return inside ? &s->at[low] : NULL;
}

static bool find_stations(struct arena *a, struct image *i)
{
    const struct plant *plant = i->plant;
    for (uint32_t d = 0; d < plant->device_count; d++)
        i->stations[d] =
            (struct station){.line = plant->devices[d].line, .unit = plant->devices[d].unit};
    qsort(i->stations, plant->device_count, sizeof *i->stations, by_line_and_unit);
    for (uint32_t d = 0; d < plant->device_count; d++)
        if (i->count == 0 || by_line_and_unit(&i->stations[d], &i->stations[i->count - 1]) != 0)
            i->stations[i->count++] = i->stations[d];
    for (uint32_t d = 0; d < plant->device_count; d++) {
        struct station *s = find(i, plant->devices[d].line, plant->devices[d].unit);
        for (unsigned t = 0; t < TABLE_COUNT; t++)
            if (!add_spans(a, &s->tables[t], spans_of(a, plant->devices[d].map, t)))
                return false;
    }
    return true;
}

static void place_tags(const struct image *i)
{
    for (uint32_t d = 0; d < i->plant->device_count; d++) {
        const struct device *device = &i->plant->devices[d];
        const struct station *s = find(i, device->line, device->unit);
        for (uint32_t n = 0; n < device->map->point_count; n++) {
            const struct point *p = &device->map->points[n];
            const struct span *span =
                p->from < 0 ? span_at(&s->tables[p->table], p->address) : NULL;
            if (span != NULL)
                i->words[device->first_tag + n] = span->words + (p->address - span->first);
        }
    }
}

struct image *image_new(struct arena *a, const struct plant *plant)
{
    struct image *i = arena_get(a, sizeof *i);
    if (i == NULL)
        return NULL;
    i->plant = plant;
    i->stations = arena_get_array(a, plant->device_count + 1, sizeof *i->stations);
    i->words = arena_get_array(a, plant->tag_count + 1, sizeof *i->words);
    i->told = arena_get_array(a, plant->tag_count + 1, sizeof *i->told);
    if (i->stations == NULL || i->words == NULL || i->told == NULL || !find_stations(a, i))
        return NULL;
    for (uint32_t s = 0; s < i->count; s++) {
        for (unsigned t = 0; t < TABLE_COUNT; t++) {
            struct spans *spans = &i->stations[s].tables[t];
            for (uint32_t n = 0; n < spans->count; n++) {
                struct span *span = &spans->at[n];
                span->words = arena_get_array(a, span->end - span->first, sizeof *span->words);
                if (span->words == NULL)
                    return NULL;
            }
        }
    }
    place_tags(i);
    return i;
}

uint16_t *image_words(const struct image *i, uint32_t tag)
{
    return i->words[tag];
}

bool image_told(const struct image *i, uint32_t tag)
{
    return i->told[tag];
}

bool image_has_unit(const struct image *i, uint32_t line, uint8_t unit)
{
    return find(i, line, unit) != NULL;
}

static size_t exception(uint8_t function, uint8_t code, uint8_t *out)
{
    out[0] = function | 0x80;
    out[1] = code;
    return 2;
}

static size_t put_bits(const uint16_t *words, uint32_t count, uint8_t *out)
{
    size_t bytes = (count + 7) / 8;
    out[0] = (uint8_t)bytes;
    for (size_t b = 0; b < bytes; b++)
        out[1 + b] = 0;
    for (uint32_t n = 0; n < count; n++)
        out[1 + n / 8] |= (uint8_t)((words[n] != 0) << n % 8);
    return 1 + bytes;
}

static size_t put_registers(const uint16_t *words, uint32_t count, uint8_t *out)
{
    out[0] = (uint8_t)(count * 2);
    for (uint32_t n = 0; n < count; n++) {
        out[1 + 2 * n] = (uint8_t)(words[n] >> 8);
        out[2 + 2 * n] = (uint8_t)words[n];
    }
    return 1 + 2 * (size_t)count;
}

/* Which of several devices of one unit speaks for it: the first. */
static const struct device *device_of(const struct image *i, const struct station *s)
{
    const struct device *d = i->plant->devices;
    while (d->line != s->line || d->unit != s->unit)
        d++;
    return d;
}

/* ---- being told ------------------------------------------------------------------------------ */

static uint32_t word_at(const uint8_t *at)
{
    return (uint32_t)at[0] << 8 | at[1];
}

/* Tags of which something was written go on with that; what is written elsewhere than it is read
 * shows where it is read. */
static void note_written(const struct image *i, const struct station *s, unsigned table,
                         uint32_t first, uint32_t count)
{
    for (uint32_t d = 0; d < i->plant->device_count; d++) {
        const struct device *device = &i->plant->devices[d];
        if (device->line != s->line || device->unit != s->unit)
            continue;
        for (uint32_t n = 0; n < device->map->point_count; n++) {
            const struct point *p = &device->map->points[n];
            uint16_t *own = i->words[device->first_tag + n];
            bool elsewhere = p->write != NULL && written_table(p) == table &&
                             (p->write->address != p->address || p->table != table);
            uint32_t at = elsewhere ? p->write->address : p->address;
            if (own == NULL || (!elsewhere && p->table != table) || at >= first + count ||
                at + p->words <= first)
                continue;
            i->told[device->first_tag + n] = true;
            const struct span *span = elsewhere ? span_at(&s->tables[table], at) : NULL;
            for (uint32_t k = 0; span != NULL && k < p->words; k++)
                own[k] = span->words[at - span->first + k];
        }
    }
}

struct telling { /* what a request to write says */
    unsigned table;
    uint32_t count;
    size_t length, echoed; /* of the request; of its answer */
};

static bool telling_of(const uint8_t *request, size_t length, struct telling *t)
{
    uint8_t function = request[0];
    bool many = function == 15 || function == 16;
    *t = (struct telling){.table = function == 5 || function == 15 ? TABLE_COIL : TABLE_HOLDING,
                          .count = 1,
                          .length = function == 22 ? 7 : 5,
                          .echoed = function == 22 ? 7 : 5};
    if (!many)
        return length == t->length;
    if (length < 6)
        return false;
    t->count = word_at(request + 3);
    size_t bytes = function == 15 ? (t->count + 7) / 8 : t->count * 2;
    t->length = 6 + bytes;
    return length == t->length && request[5] == bytes && t->count > 0 &&
           t->count <= (function == 15 ? 1968U : 123U);
}

static size_t be_told(const struct image *i, const struct station *s, const uint8_t *request,
                      size_t length, uint8_t *out)
{
    struct telling t;
    uint8_t function = request[0];
    if (length < 5 || !telling_of(request, length, &t))
        return exception(function, EXCEPTION_VALUE, out);
    uint32_t first = word_at(request + 1), value = word_at(request + 3);
    if (function == 5 && value != 0 && value != 0xFF00)
        return exception(function, EXCEPTION_VALUE, out);
    const struct span *span = span_at(&s->tables[t.table], first);
    if (span == NULL || first + t.count > span->end)
        return exception(function, EXCEPTION_ADDRESS, out);
    uint16_t *words = span->words + (first - span->first);
    for (uint32_t n = 0; n < t.count; n++) {
        if (function == 15)
            words[n] = request[6 + n / 8] >> n % 8 & 1;
        else if (function == 16)
            words[n] = (uint16_t)word_at(request + 6 + 2 * (size_t)n);
        else if (function == 22)
            words[n] = (uint16_t)((words[n] & value) | (word_at(request + 5) & ~value));
        else
            words[n] = (uint16_t)(function == 5 ? value != 0 : value);
    }
    note_written(i, s, t.table, first, t.count);
    for (size_t n = 0; n < t.echoed; n++)
        out[n] = request[n];
    return t.echoed;
}

size_t image_answer(const struct image *i, uint32_t line, uint8_t unit, const uint8_t *request,
                    size_t length, uint8_t *out)
{
    static const uint8_t tables[5] = {0, TABLE_COIL, TABLE_DISCRETE, TABLE_HOLDING, TABLE_INPUT};
    uint8_t function = length > 0 ? request[0] : 0;
    const struct station *s = find(i, line, unit);
    if (s == NULL)
        return exception(function, EXCEPTION_AWAY, out);
    if (function == IDENTITY_REPORT || function == IDENTITY_MEI)
        return identity_answer(device_of(i, s), request, length, out);
    if (function == 5 || function == 6 || function == 15 || function == 16 || function == 22)
        return be_told(i, s, request, length, out);
    if (function < 1 || function > 4)
        return exception(function, EXCEPTION_FUNCTION, out);
    if (length != 5)
        return exception(function, EXCEPTION_VALUE, out);
    uint32_t first = (uint32_t)request[1] << 8 | request[2];
    uint32_t count = (uint32_t)request[3] << 8 | request[4];
    bool bits = function <= 2;
    if (count == 0 || count > (bits ? (uint32_t)BITS_MAX : (uint32_t)REGISTERS_MAX))
        return exception(function, EXCEPTION_VALUE, out);
    const struct span *span = span_at(&s->tables[tables[function]], first);
    if (span == NULL || first + count > span->end)
        return exception(function, EXCEPTION_ADDRESS, out);
    const uint16_t *words = span->words + (first - span->first);
    out[0] = function;
    return 1 + (bits ? put_bits(words, count, out + 1) : put_registers(words, count, out + 1));
}
