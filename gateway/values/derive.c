/* SPDX-License-Identifier: Apache-2.0 */
#include "values/derive.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "values/number.h"
#include "values/sandbox.h"

struct derive {
    const struct plant *plant;
    struct sandbox *sandbox;
    uint32_t *order; /* derived tags, each behind its inputs */
    uint32_t *place; /* of each derived tag in that order */
    /* Per tag of the plant: which derived tags it goes into, as places; users[tag_count] ends. */
    uint32_t *users, *used_at;
    uint64_t *waiting; /* a bit per place */
    char (*reasons)[SANDBOX_REASON_MAX]; /* what the board's samples point to */
    struct value *inputs; /* room for those of one expression */
    bool constants_done;
};

static void wait(struct derive *d, uint32_t place)
{
    d->waiting[place / 64] |= UINT64_C(1) << place % 64;
}

/* Who uses whom, from the inputs' point of view: first counts, then fills. */
static bool index_users(struct derive *d)
{
    const struct plant *plant = d->plant;
    size_t total = 0;
    for (uint32_t i = 0; i < plant->derived_count; i++)
        total += plant->derived[i].input_count;
    d->users = calloc((size_t)plant->tag_count + 2, sizeof *d->users);
    d->used_at = calloc(total + 1, sizeof *d->used_at);
    if (!d->users || !d->used_at)
        return false;
    for (uint32_t i = 0; i < plant->derived_count; i++)
        for (uint32_t k = 0; k < plant->derived[i].input_count; k++)
            d->users[plant->derived[i].inputs[k].tag + 2]++;
    for (uint32_t i = 2; i <= plant->tag_count + 1U; i++)
        d->users[i] += d->users[i - 1];
    for (uint32_t i = 0; i < plant->derived_count; i++)
        for (uint32_t k = 0; k < plant->derived[i].input_count; k++)
            d->used_at[d->users[plant->derived[i].inputs[k].tag + 1]++] = i;
    return true;
}

/* Kahn's sort. false: a circle. */
static bool sort(struct derive *d, uint32_t *open)
{
    const struct plant *plant = d->plant;
    uint32_t end = 0;
    for (uint32_t i = 0; i < plant->derived_count; i++) {
        for (uint32_t k = 0; k < plant->derived[i].input_count; k++)
            open[i] += plant->derived[i].inputs[k].tag >= plant->first_derived;
        if (open[i] == 0)
            d->order[end++] = i;
    }
    for (uint32_t at = 0; at < end; at++) {
        uint32_t tag = plant->first_derived + d->order[at];
        d->place[d->order[at]] = at;
        for (uint32_t k = d->users[tag]; k < d->users[tag + 1]; k++)
            if (--open[d->used_at[k]] == 0)
                d->order[end++] = d->used_at[k];
    }
    return end == plant->derived_count;
}

static bool make_room(struct derive *d)
{
    uint32_t count = d->plant->derived_count, most = 0;
    for (uint32_t i = 0; i < count; i++)
        if (d->plant->derived[i].input_count > most)
            most = d->plant->derived[i].input_count;
    d->sandbox = sandbox_new(count);
    d->order = calloc(count + 1U, sizeof *d->order);
    d->place = calloc(count + 1U, sizeof *d->place);
    d->waiting = calloc(count / 64 + 1U, sizeof *d->waiting);
    d->reasons = calloc(count + 1U, sizeof *d->reasons);
    d->inputs = calloc(most + 1U, sizeof *d->inputs);
    return d->sandbox && d->order && d->place && d->waiting && d->reasons && d->inputs &&
           index_users(d);
}

static bool prepare(struct derive *d, struct diags *ds)
{
    const struct plant *plant = d->plant;
    uint32_t *open = calloc(plant->derived_count + 1U, sizeof *open);
    if (!open || !make_room(d)) {
        free(open);
        diag_add(ds, DIAG_ERROR, (struct place){0}, "out of memory for derived tags");
        return false;
    }
    bool good = sort(d, open);
    for (uint32_t i = 0; !good && i < plant->derived_count; i++)
        if (open[i] > 0) {
            diag_add(ds, DIAG_ERROR, plant->derived[i].at, "%s is computed from itself",
                     plant->derived[i].path);
            break;
        }
    free(open);
    for (uint32_t i = 0; i < plant->derived_count; i++)
        if (plant->derived[i].expression)
            good = sandbox_compile(d->sandbox, i, &plant->derived[i], ds) && good;
    return good;
}

struct derive *derive_new(const struct plant *plant, struct diags *ds)
{
    struct derive *d = calloc(1, sizeof *d);
    if (!d) {
        diag_add(ds, DIAG_ERROR, (struct place){0}, "out of memory for derived tags");
        return NULL;
    }
    d->plant = plant;
    if (!prepare(d, ds)) {
        derive_free(d);
        return NULL;
    }
    return d;
}

void derive_check(const struct derived *d, struct diags *ds)
{
    struct sandbox *s = sandbox_new(1);
    if (s)
        sandbox_compile(s, 0, d, ds);
    sandbox_free(s);
}

void derive_free(struct derive *d)
{
    if (!d)
        return;
    sandbox_free(d->sandbox);
    free(d->order);
    free(d->place);
    free(d->users);
    free(d->used_at);
    free(d->waiting);
    free(d->reasons);
    free(d->inputs);
    free(d);
}

/* Gathers the inputs. The worst one, or NULL when all are good. */
static const struct sample *gather(struct derive *d, const struct board *b, uint32_t index,
                                   wall_t *newest, const char **name)
{
    const struct derived *derived = &d->plant->derived[index];
    const struct sample *worst = NULL;
    for (uint32_t i = 0; i < derived->input_count; i++) {
        const struct sample *s = &board_tag(b, derived->inputs[i].tag)->now;
        d->inputs[i] = s->value;
        if (s->time.ms > newest->ms)
            *newest = s->time;
        if (s->quality != QUALITY_GOOD && (!worst || s->quality < worst->quality)) {
            worst = s;
            *name = derived->inputs[i].name;
        }
    }
    return worst;
}

/* Has it more digits than a double, which is what expressions compute with? */
static bool outgrows_double(const struct value *v)
{
    if (!value_is_whole(v) || v->u == 0)
        return false;
    uint64_t magnitude = v->kind == VALUE_INT && v->i < 0 ? 0 - v->u : v->u;
    return magnitude >> __builtin_ctzll(magnitude) >> 53 != 0;
}

static const char *inexact_input(const struct derive *d, const struct derived *derived)
{
    for (uint32_t i = 0; i < derived->input_count; i++)
        if (outgrows_double(&d->inputs[i]))
            return derived->inputs[i].name;
    return NULL;
}

static void compute(struct derive *d, struct board *b, uint32_t index, wall_t wall)
{
    const struct derived *derived = &d->plant->derived[index];
    char *reason = d->reasons[index];
    const char *name = "";
    struct sample s = {.quality = QUALITY_GOOD};
    struct outcome out;
    if (derived->input_count == 0)
        s.time = wall;
    const struct sample *worst = gather(d, b, index, &s.time, &name);
    if (worst) {
        s.quality = worst->quality;
        s.reason = reason;
        snprintf(reason, SANDBOX_REASON_MAX, "input %s: %s", name, worst->reason);
    }
    if (!worst || worst->value.kind != VALUE_NONE) {
        sandbox_evaluate(d->sandbox, index, d->inputs, derived->input_count, &out);
        s.value = out.value;
        if (out.value.kind == VALUE_NONE) {
            s.quality = QUALITY_SENSOR_FAILURE;
            s.reason = reason;
            memcpy(reason, out.reason, SANDBOX_REASON_MAX);
        } else if (!worst && (name = inexact_input(d, derived)) != NULL) {
            s.quality = QUALITY_UNCERTAIN;
            s.reason = reason;
            snprintf(reason, SANDBOX_REASON_MAX, "input %s: beyond 2^53, computed with its nearest",
                     name);
        }
    }
    board_put(b, d->plant->first_derived + index, &s);
}

static void wait_for(struct derive *d, uint32_t tag)
{
    for (uint32_t k = d->users[tag]; k < d->users[tag + 1]; k++)
        wait(d, d->place[d->used_at[k]]);
}

uint32_t derive_run(struct derive *d, struct board *b, uint32_t *touched, uint32_t count,
                    uint32_t max, wall_t wall, mono_t now)
{
    (void)now;
    uint32_t derived_count = d->plant->derived_count;
    for (uint32_t i = 0; i < count; i++)
        wait_for(d, touched[i]);
    for (uint32_t i = 0; !d->constants_done && i < derived_count; i++)
        if (d->plant->derived[i].input_count == 0 && d->plant->derived[i].expression)
            wait(d, d->place[i]);
    d->constants_done = true;
    for (uint32_t word = 0; word * 64 < derived_count; word++) {
        while (d->waiting[word] != 0) {
            uint32_t place = word * 64 + (uint32_t)__builtin_ctzll(d->waiting[word]);
            uint32_t index = d->order[place], tag = d->plant->first_derived + index;
            d->waiting[word] &= d->waiting[word] - 1;
            compute(d, b, index, wall);
            if (count < max)
                touched[count++] = tag;
            wait_for(d, tag);
        }
    }
    return count;
}
