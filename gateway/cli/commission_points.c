/* SPDX-License-Identifier: Apache-2.0 */
/* Which points there are, and what makes the value of each. */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "cli/commission.h"
#include "cli/plan.h"

const char *verdict_word(enum verdict v)
{
    static const char *const words[] = {"", "yes", "no", "skip"};
    return words[v];
}

const char *point_state_word(enum point_state s)
{
    static const char *const words[] = {"open", "open again", "failed", "done"};
    return words[s];
}

const struct device *work_device(const struct work *w, uint32_t i)
{
    return &w->plant->devices[w->points[i].device];
}

const struct point *work_point(const struct work *w, uint32_t i)
{
    return &work_device(w, i)->map->points[w->points[i].point];
}

void work_tally(const struct work *w, uint32_t device, uint32_t out[static POINT_STATES])
{
    memset(out, 0, POINT_STATES * sizeof *out);
    for (uint32_t i = 0; i < w->count; i++)
        if (device == RULE_NONE || w->points[i].device == device)
            out[w->points[i].state]++;
}

/* ---- the fingerprint --------------------------------------------------------------------------
 */

/* Member by member: between them lies what nobody set. */
#define MIX(hash, member) ((hash) = text_hash((hash), &(member), sizeof(member)))

static void mix_text(uint64_t *hash, const char *text)
{
    *hash = text_hash(*hash, text ? text : "", text ? strlen(text) + 1 : 1);
}

static void mix_decimal(uint64_t *hash, const struct decimal *d)
{
    MIX(*hash, d->real);
    MIX(*hash, d->mantissa);
    MIX(*hash, d->places);
}

static void mix_register(uint64_t *hash, const struct point *p)
{
    MIX(*hash, p->table);
    MIX(*hash, p->type);
    MIX(*hash, p->bit);
    MIX(*hash, p->order);
    MIX(*hash, p->shift);
    MIX(*hash, p->inverted);
    MIX(*hash, p->words);
    MIX(*hash, p->address);
    MIX(*hash, p->mask);
    MIX(*hash, p->string_form);
    MIX(*hash, p->time_form);
    for (unsigned i = 0; i < p->part_count; i++) {
        MIX(*hash, p->parts[i]);
        if (p->weights)
            mix_decimal(hash, &p->weights[i]);
    }
}

static void mix_curve(uint64_t *hash, const struct point *p)
{
    MIX(*hash, p->curve);
    mix_decimal(hash, &p->scale);
    mix_decimal(hash, &p->offset);
    MIX(*hash, p->raw_low);
    MIX(*hash, p->raw_high);
    MIX(*hash, p->eng_low);
    MIX(*hash, p->eng_high);
    MIX(*hash, p->weir_k);
    MIX(*hash, p->weir_n);
    for (uint32_t i = 0; i < p->pair_count; i++) {
        MIX(*hash, p->pairs[i].x);
        MIX(*hash, p->pairs[i].y);
    }
    for (uint32_t i = 0; i < p->factor_count; i++) {
        MIX(*hash, p->factors[i].code);
        mix_decimal(hash, &p->factors[i].by);
    }
}

static void mix_words(uint64_t *hash, const struct point *p)
{
    for (uint32_t i = 0; i < p->invalid_count; i++) {
        MIX(*hash, p->invalid[i].low);
        MIX(*hash, p->invalid[i].high);
    }
    for (uint32_t i = 0; i < p->choice_count; i++) {
        MIX(*hash, p->choices[i].raw);
        *hash = text_hash(*hash, p->choices[i].text, p->choices[i].length);
    }
    MIX(*hash, p->valid_if.bit);
    MIX(*hash, p->valid_if.equal);
    MIX(*hash, p->valid_if.constant);
    mix_text(hash, p->unit);
}

/* A point is what it is made of, too: of another one, of a scale that is read. */
static void mix_point(uint64_t *hash, const struct map *map, int32_t point, int depth)
{
    static const char nothing;
    if (point < 0 || depth == 0) {
        MIX(*hash, nothing);
        return;
    }
    const struct point *p = &map->points[point];
    if (p->from < 0)
        mix_register(hash, p);
    mix_curve(hash, p);
    mix_words(hash, p);
    mix_point(hash, map, p->from, depth - 1);
    mix_point(hash, map, p->exp_from, depth - 1);
    mix_point(hash, map, p->mul_from, depth - 1);
    mix_point(hash, map, p->valid_if.point, depth - 1);
}

static void fingerprint(const struct work *w, struct work_point *p)
{
    enum { DEPTH = 8 };
    const struct device *d = &w->plant->devices[p->device];
    uint64_t hash = 0;
    char connect[320];
    plan_connect_text(&w->plant->lines[d->line], connect, sizeof connect);
    mix_text(&hash, connect);
    MIX(hash, d->unit);
    mix_text(&hash, d->map->name);
    mix_text(&hash, d->timezone);
    mix_point(&hash, d->map, (int32_t)p->point, DEPTH);
    snprintf(p->fingerprint, sizeof p->fingerprint, "%016jx", (uintmax_t)hash);
}

/* ---- the list ---------------------------------------------------------------------------------
 */

bool points_find(struct work *w, const struct device *only, int32_t point)
{
    const struct plant *p = w->plant;
    w->points = arena_get_array(w->arena, p->first_derived + 1, sizeof *w->points);
    if (!w->points)
        return false;
    for (uint32_t i = 0; i < p->device_count; i++) {
        const struct device *d = &p->devices[i];
        for (uint32_t k = 0; k < d->map->point_count && (!only || only == d); k++) {
            if ((point >= 0 && (int32_t)k != point) || d->map->points[k].side_effect)
                continue;
            struct work_point *n = &w->points[w->count++];
            n->device = i;
            n->point = k;
            fingerprint(w, n);
        }
    }
    return true;
}
