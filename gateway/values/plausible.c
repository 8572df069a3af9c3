/* SPDX-License-Identifier: Apache-2.0 */
/* Which readings there are, and the best of them. How each is weighed is in plausible_weigh.c. */
#include "values/plausible.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "values/decode.h"
#include "values/plausible_parts.h"

/* How usual each is, in parts of a thousand. Where two read the same, the row that stands first
 * wins unless the range says otherwise. */
const struct plausible_way plausible_ways[] = {
    {RAW_F32, 2, 280, "ABCD", 450},      {RAW_F32, 2, 280, "CDAB", 450},
    {RAW_F32, 2, 280, "DCBA", 60},       {RAW_F32, 2, 280, "BADC", 40},
    {RAW_U16, 1, 250, "", 980},          {RAW_U16, 1, 250, "BA", 20},
    {RAW_S16, 1, 200, "", 980},          {RAW_S16, 1, 200, "BA", 20},
    {RAW_U32, 2, 120, "ABCD", 500},      {RAW_U32, 2, 120, "CDAB", 400},
    {RAW_U32, 2, 120, "DCBA", 50},       {RAW_U32, 2, 120, "BADC", 50},
    {RAW_S32, 2, 80, "ABCD", 500},       {RAW_S32, 2, 80, "CDAB", 400},
    {RAW_S32, 2, 80, "DCBA", 50},        {RAW_S32, 2, 80, "BADC", 50},
    {RAW_U64, 4, 20, "ABCDEFGH", 600},   {RAW_U64, 4, 20, "GHEFCDAB", 350},
    {RAW_U64, 4, 20, "HGFEDCBA", 25},    {RAW_U64, 4, 20, "BADCFEHG", 25},
    {RAW_S64, 4, 12, "ABCDEFGH", 600},   {RAW_S64, 4, 12, "GHEFCDAB", 350},
    {RAW_F64, 4, 15, "ABCDEFGH", 600},   {RAW_F64, 4, 15, "GHEFCDAB", 350},
    {RAW_F64, 4, 15, "HGFEDCBA", 25},    {RAW_F64, 4, 15, "BADCFEHG", 25},
    {RAW_U48, 3, 3, "ABCDEF", 600},      {RAW_U48, 3, 3, "EFCDAB", 350},
    {RAW_S48, 3, 2, "ABCDEF", 600},      {RAW_S48, 3, 2, "EFCDAB", 350},
    {RAW_BCD16, 1, 8, "", 1000},         {RAW_BCD32, 2, 8, "ABCD", 600},
    {RAW_BCD32, 2, 8, "CDAB", 400},      {RAW_M10K32, 2, 10, "ABCD", 850},
    {RAW_M10K32, 2, 10, "CDAB", 150},    {RAW_M10K48, 3, 3, "ABCDEF", 850},
    {RAW_M10K48, 3, 3, "EFCDAB", 150},   {RAW_M10K64, 4, 4, "ABCDEFGH", 850},
    {RAW_M10K64, 4, 4, "GHEFCDAB", 150}, {RAW_SM16, 1, 5, "", 1000},
    {RAW_U8, 1, 6, "low", 600},          {RAW_U8, 1, 6, "high", 400},
    {RAW_BCD64, 4, 2, "ABCDEFGH", 700},  {RAW_F16, 1, 1, "", 1000},
};
const size_t plausible_way_count = sizeof plausible_ways / sizeof *plausible_ways;

static const struct {
    struct decimal by;
    double whole, real; /* how usual for whole numbers, for floats */
} scales[] = {
    {{.real = 1, .mantissa = 1}, 0.42, 0.97},
    {{.real = 0.1, .mantissa = 1, .places = 1}, 0.28, 0.007},
    {{.real = 0.01, .mantissa = 1, .places = 2}, 0.16, 0.007},
    {{.real = 0.001, .mantissa = 1, .places = 3}, 0.07, 0.007},
    {{.real = 10, .mantissa = 10}, 0.04, 0.004},
    {{.real = 100, .mantissa = 100}, 0.03, 0.004},
};
enum { SCALES = sizeof scales / sizeof *scales };

bool plausible_is_real(unsigned type)
{
    return type == RAW_F16 || type == RAW_F32 || type == RAW_F64;
}

struct point plausible_point(unsigned type, unsigned table, uint16_t address)
{
    return (struct point){.type = (uint8_t)type,
                          .table = (uint8_t)table,
                          .address = address,
                          .bit = -1,
                          .from = -1,
                          .exp_from = -1,
                          .mul_from = -1,
                          .group = -1,
                          .valid_if = {.point = -1},
                          .name = "value",
                          .name_length = 5,
                          .unit = "",
                          .about = ""};
}

static struct point point_of(const struct plausible_way *w, uint8_t table, uint16_t address,
                             const struct decimal *scale)
{
    struct point p = plausible_point(w->type, table, address);
    p.words = w->words;
    p.bytes = (uint8_t)(w->words * 2U);
    p.curve = scale->mantissa == 1 && scale->places == 0 ? CURVE_NONE : CURVE_LINEAR;
    p.scale = *scale;
    if (w->type == RAW_U8) {
        p.bytes = 1;
        p.order[0] = w->order[0] == 'l';
        return p;
    }
    for (uint8_t i = 0; i < p.bytes; i++)
        p.order[w->order[0] == '\0' ? i : (unsigned)(w->order[i] - 'A')] = i;
    return p;
}

static void decode_round(const struct plausible_words *t, uint32_t round, const struct point *p,
                         struct sample *out)
{
    uint8_t data[8];
    const uint16_t *at = t->words + (size_t)round * t->count + (p->address - t->first);
    for (unsigned i = 0; i < p->words && i < 4; i++) {
        data[2 * i] = (uint8_t)(at[i] >> 8);
        data[2 * i + 1] = (uint8_t)at[i];
    }
    decode_point(p, data, 0, NULL, out);
}

bool plausible_covers(const struct plausible_words *t, uint32_t address, uint32_t words)
{
    if (address < t->first || address + words > (uint32_t)t->first + t->count)
        return false;
    for (uint32_t i = 0; t->known != NULL && i < words; i++)
        if (!t->known[address - t->first + i])
            return false;
    return true;
}

/* false: not a number in every round. */
static bool follow(struct plausible_look *l, const struct point *p)
{
    l->rounds = l->table->rounds;
    for (uint32_t i = 0; i < l->rounds; i++) {
        struct sample s;
        decode_round(l->table, i, p, &s);
        l->values[i] = value_number(&s.value);
        if (s.quality != QUALITY_GOOD || !isfinite(l->values[i]))
            return false;
        l->newest = s.value;
    }
    return true;
}

bool plausible_decode(const struct plausible_words *t, const struct plausible_way *w,
                      uint32_t address, double *out)
{
    struct sample s;
    if (address > UINT16_MAX || !plausible_covers(t, address, w->words))
        return false;
    struct point p = point_of(w, t->table, (uint16_t)address, &scales[0].by);
    decode_round(t, t->rounds - 1, &p, &s);
    *out = value_number(&s.value);
    return s.quality == QUALITY_GOOD;
}

/* ---- the list -------------------------------------------------------------------------------- */

struct list {
    struct plausible *at;
    size_t count, room;
};

/* Of two that read the same, one is enough. A byte is its register where the other byte is 0. */
static bool same_reading(const struct plausible *a, const struct plausible *b)
{
    bool byte = a->point.type == RAW_U8 || b->point.type == RAW_U8;
    return a->point.table == b->point.table && a->point.address == b->point.address &&
           a->point.bit == b->point.bit && a->point.words == b->point.words &&
           a->point.type != RAW_STRING && b->point.type != RAW_STRING &&
           (byte || memcmp(a->point.order, b->point.order, sizeof a->point.order) == 0) &&
           value_compare(&a->value, &b->value) == 0;
}

/* Much equipment shows its registers in both tables; they were read one after the other. */
static bool mirrors(const struct plausible *a, const struct plausible *b)
{
    if (a->point.table == b->point.table || a->point.address != b->point.address ||
        a->point.type != b->point.type || a->point.bit != b->point.bit ||
        a->point.type == RAW_STRING || a->point.scale.mantissa != b->point.scale.mantissa ||
        a->point.scale.places != b->point.scale.places ||
        memcmp(a->point.order, b->point.order, sizeof a->point.order) != 0)
        return false;
    double x = value_number(&a->value), y = value_number(&b->value);
    return fabs(x - y) <= 0.01 * fmax(fabs(x), fabs(y));
}

static bool better(const struct plausible *a, const struct plausible *b)
{
    return a->score > b->score;
}

static bool known_better(const struct list *l, const struct plausible *p)
{
    for (size_t i = 0; i < l->count; i++)
        if (same_reading(&l->at[i], p) && !better(p, &l->at[i]))
            return true;
    return false;
}

/* Scales of one reading look alike, and would fill a list by themselves. */
static size_t same_but_scale(const struct list *l, const struct plausible *p)
{
    size_t n = 0;
    for (size_t i = 0; i < l->count; i++)
        n += l->at[i].point.type == p->point.type && l->at[i].point.bit == p->point.bit &&
             l->at[i].point.table == p->point.table && l->at[i].point.address == p->point.address &&
             memcmp(l->at[i].point.order, p->point.order, sizeof p->point.order) == 0;
    return n;
}

static void drop(struct list *l, size_t i)
{
    l->count--;
    memmove(&l->at[i], &l->at[i + 1], (l->count - i) * sizeof *l->at);
}

static void insert(struct list *l, const struct plausible *p)
{
    if (known_better(l, p))
        return;
    /* The table that was looked at first is kept. */
    for (size_t i = 0; i < l->count; i++)
        if (mirrors(&l->at[i], p)) {
            l->at[i].mirrored = true;
            return;
        }
    for (size_t i = l->count; i-- > 0;)
        if (same_reading(&l->at[i], p))
            drop(l, i);
    if (same_but_scale(l, p) >= 2) {
        for (size_t i = l->count; i-- > 0;) {
            struct list behind = {l->at + i, 1, 1};
            if (same_but_scale(&behind, p) == 0)
                continue;
            if (!better(p, &l->at[i]))
                return;
            drop(l, i);
            break;
        }
    }
    size_t at = l->count;
    while (at > 0 && better(p, &l->at[at - 1]))
        at--;
    if (at >= l->room)
        return;
    if (l->count == l->room)
        l->count--;
    memmove(&l->at[at + 1], &l->at[at], (l->count - at) * sizeof *l->at);
    l->at[at] = *p;
    l->count++;
}

static void offer(struct list *list, struct plausible_look *l, const struct plausible_way *w,
                  uint16_t address)
{
    bool real = plausible_is_real(w->type);
    for (size_t s = 0; s < (w->type == RAW_U8 ? 2 : SCALES); s++) {
        struct plausible p = {.point = point_of(w, l->table->table, address, &scales[s].by)};
        if (!follow(l, &p.point))
            return;
        p.value = l->newest;
        l->way = w;
        l->address = address;
        l->scale = scales[s].by.real;
        p.score = log(w->usual / 1000.0) + log(w->usual_order / 1000.0) +
                  log(real ? scales[s].real : scales[s].whole);
        plausible_weigh(l, &p);
        bool usual = w->order[0] == '\0' || strcmp(w->order, "low") == 0 ||
                     strncmp(w->order, "ABCDEFGH", strlen(w->order)) == 0;
        snprintf(p.order, sizeof p.order, "%s", usual && w->words == 1 ? "" : w->order);
        insert(list, &p);
    }
}

/* The second scale of a reading says less than another reading. */
static void part_scales(struct list *l)
{
    static const double less = 1.2;
    for (size_t i = l->count; i-- > 1;) {
        struct list before = {l->at, i, i};
        if (same_but_scale(&before, &l->at[i]) == 0)
            continue;
        struct plausible p = l->at[i];
        p.score -= less;
        size_t at = i;
        for (; at + 1 < l->count && l->at[at + 1].score > p.score; at++)
            l->at[at] = l->at[at + 1];
        l->at[at] = p;
    }
}

size_t plausible_rank(const struct plausible_words *tables, size_t table_count,
                      const struct plausible_wish *wish, struct plausible *out, size_t room)
{
    struct list list = {out, 0, room};
    uint32_t first = wish->address > wish->slack ? (uint32_t)(wish->address - wish->slack) : 0;
    uint32_t end = (uint32_t)wish->address + (wish->span > 0 ? wish->span : 1) + wish->slack;
    for (size_t t = 0; t < table_count && room > 0; t++) {
        struct plausible_look l = {.table = &tables[t], .wish = wish};
        if (tables[t].rounds == 0 || tables[t].rounds > PLAUSIBLE_ROUNDS_MAX)
            continue;
        for (uint32_t a = first; a < end && a <= UINT16_MAX; a++) {
            for (size_t w = 0; w < plausible_way_count && wish->text == NULL; w++)
                if (plausible_covers(&tables[t], a, plausible_ways[w].words))
                    offer(&list, &l, &plausible_ways[w], (uint16_t)a);
            struct plausible p;
            for (unsigned b = 0; b < 16 && wish->bits && plausible_covers(&tables[t], a, 1); b++)
                if (plausible_bit(&l, (uint16_t)a, b, &p))
                    insert(&list, &p);
            if (!wish->has_range && plausible_string(&l, (uint16_t)a, &p))
                insert(&list, &p);
        }
    }
    part_scales(&list);
    for (size_t i = 0; i < list.count; i++)
        if (list.at[i].mirrored)
            plausible_say(&list.at[i], "the other table reads much the same");
    for (size_t i = 0; i < list.count; i++)
        if (list.at[i].point.type == RAW_STRING) /* it has moved with its text */
            list.at[i].value.text = list.at[i].text;
    return list.count;
}
