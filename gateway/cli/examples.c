/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/examples.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/text.h"
#include "config/map.h"
#include "values/decode.h"
#include "values/judge.h"

enum { DEEPEST = 12, SHOWN = 200 };

struct run {
    struct arena *arena;
    const struct map *map;
    const struct example *example;
    const uint8_t **bytes; /* per given: as on the wire */
    int32_t missing; /* a point that no given word covers; -1: none */
};

static bool is_bits(uint8_t table)
{
    return table == TABLE_COIL || table == TABLE_DISCRETE;
}

static const uint8_t *on_the_wire(struct arena *a, const struct given *g)
{
    uint8_t *bytes = arena_get(a, is_bits(g->table) ? g->count / 8 + 1 : (size_t)g->count * 2);
    for (uint32_t i = 0; bytes != NULL && i < g->count; i++) {
        if (is_bits(g->table)) {
            bytes[i / 8] = (uint8_t)(bytes[i / 8] | (g->words[i] & 1) << i % 8);
        } else {
            bytes[2 * i] = (uint8_t)(g->words[i] >> 8);
            bytes[2 * i + 1] = (uint8_t)g->words[i];
        }
    }
    return bytes;
}

static bool covers(const struct given *g, const struct point *p)
{
    return g->table == p->table && g->address <= p->address &&
           p->address + (uint32_t)p->words <= g->address + g->count;
}

static void decode(struct run *r, uint32_t index, struct sample *out)
{
    const struct point *p = &r->map->points[index];
    for (uint32_t i = 0; i < r->example->given_count; i++) {
        const struct given *g = &r->example->given[i];
        char *text = arena_get(r->arena, p->words * 2U + DECODE_TEXT_EXTRA);
        if (covers(g, p) && text != NULL) {
            decode_point(p, r->bytes[i], (uint16_t)(p->address - g->address), text, out);
            return;
        }
    }
    *out = (struct sample){.quality = QUALITY_NOT_CONNECTED};
    r->missing = (int32_t)index;
}

/* As the board does it, but all the words arrive at once. */
static void evaluate(struct run *r, uint32_t index, unsigned depth, struct sample *out)
{
    const struct point *p = &r->map->points[index];
    struct sample other, exponent, factor;
    if (depth > DEEPEST) {
        *out = (struct sample){.reason = "depends on itself"};
        return;
    }
    if (p->from >= 0) {
        evaluate(r, (uint32_t)p->from, depth + 1, &other);
        decode_from(p, &other, out);
    } else {
        decode(r, index, out);
    }
    if (p->exp_from >= 0) {
        evaluate(r, (uint32_t)p->exp_from, depth + 1, &exponent);
    }
    if (p->mul_from >= 0) {
        evaluate(r, (uint32_t)p->mul_from, depth + 1, &factor);
    }
    if (p->exp_from >= 0 || p->mul_from >= 0) {
        decode_scaled(p, p->exp_from >= 0 ? &exponent : NULL, p->mul_from >= 0 ? &factor : NULL,
                      out);
    }
    if (p->valid_if.point >= 0) {
        evaluate(r, (uint32_t)p->valid_if.point, depth + 1, &other);
        judge_condition(&p->valid_if, &r->map->points[p->valid_if.point], &other, out);
    }
    if (p->kind == KIND_COUNTER && out->value.kind != VALUE_NONE) {
        judge_counter(p, &(struct value){.kind = VALUE_NONE}, out);
    }
}

static bool is_number(const struct value *v)
{
    return v->kind == VALUE_INT || v->kind == VALUE_UINT || v->kind == VALUE_REAL;
}

/* Numbers agree as far as the expectation is written out: 230.2 is any 230.15 to 230.25. */
static bool agree(const struct value *want, const struct value *got)
{
    if (value_equal(want, got)) {
        return true;
    }
    if (!is_number(want) || !is_number(got)) {
        return false;
    }
    double x = value_number(want), y = value_number(got);
    bool written = want->kind == VALUE_INT && want->places > 0;
    double slack = written ? 0.5000001 * pow(10, -(double)want->places) : 1e-6 * fabs(x);
    return fabs(x - y) <= slack;
}

static void show(const struct value *v, char out[SHOWN])
{
    switch ((enum value_kind)v->kind) {
    case VALUE_NONE:
        strcpy(out, "no value");
        break;
    case VALUE_BOOL:
        strcpy(out, v->truth ? "true" : "false");
        break;
    case VALUE_INT:
        text_from_fixed(out, v->i < 0, v->i < 0 ? (uint64_t)0 - (uint64_t)v->i : (uint64_t)v->i,
                        v->places);
        break;
    case VALUE_UINT:
        text_from_fixed(out, false, v->u, v->places);
        break;
    case VALUE_REAL:
        text_from_real(out, v->real, v->single);
        break;
    case VALUE_TEXT:
        snprintf(out, SHOWN, "\"%.*s\"", (int)(v->length < SHOWN - 4 ? v->length : SHOWN - 4),
                 v->text);
        break;
    }
}

static void complain_of(const struct expected *e, const struct point *p, const struct sample *got,
                        struct diags *ds)
{
    char want[SHOWN], is[SHOWN];
    show(&e->value, want);
    show(&got->value, is);
    const char *reason = got->reason == NULL ? "" : got->reason;
    if (e->value.kind == VALUE_NONE && got->quality != QUALITY_GOOD) {
        diag_add(ds, DIAG_ERROR, e->at,
                 "example: `%s` is bad as expected, but because of `%s`, not "
                 "`%s`",
                 p->name, reason, e->reason);
    } else {
        diag_add(ds, DIAG_ERROR, e->at, "example: `%s` should be %s, but is %s%s%s%s", p->name,
                 e->value.kind == VALUE_NONE ? "bad" : want, is, *reason == '\0' ? "" : " (",
                 reason, *reason == '\0' ? "" : ")");
    }
}

static void expect(struct run *r, const struct expected *e, struct diags *ds)
{
    const struct point *p = &r->map->points[e->point];
    struct sample got;
    r->missing = -1;
    evaluate(r, (uint32_t)e->point, 0, &got);
    if (r->missing >= 0) {
        const struct point *m = &r->map->points[r->missing];
        diag_add(ds, DIAG_ERROR, e->at, "example: `%s` needs %s %u..%u%s%s, which is not given",
                 p->name, table_name((enum table)m->table), m->address,
                 m->address + (unsigned)m->words - 1, m == p ? "" : " of ", m == p ? "" : m->name);
        return;
    }
    bool met;
    if (e->value.kind == VALUE_NONE) {
        met = got.quality != QUALITY_GOOD &&
              (e->reason == NULL || (got.reason != NULL && strcasestr(got.reason, e->reason)));
    } else {
        met = got.quality == QUALITY_GOOD && agree(&e->value, &got.value);
    }
    if (!met) {
        complain_of(e, p, &got, ds);
    }
}

bool examples_run(const struct map *map, struct diags *ds)
{
    bool good = true;
    for (uint32_t i = 0; good && i < map->example_count; i++) {
        const struct example *ex = &map->examples[i];
        struct run r = {.arena = arena_new(0), .map = map, .example = ex};
        if (r.arena == NULL) {
            return false;
        }
        r.bytes = arena_get_array(r.arena, ex->given_count + 1, sizeof *r.bytes);
        for (uint32_t g = 0; r.bytes != NULL && g < ex->given_count; g++) {
            r.bytes[g] = on_the_wire(r.arena, &ex->given[g]);
        }
        good = r.bytes != NULL && !arena_exhausted(r.arena);
        for (uint32_t e = 0; good && e < ex->expected_count; e++) {
            expect(&r, &ex->expected[e], ds);
        }
        arena_free(r.arena);
    }
    return good;
}
