/* SPDX-License-Identifier: Apache-2.0 */
/* The same bytes read in other ways, and which of them looks like something that was measured. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "values/decode.h"
#include "values/explain.h"
#include "values/explain_parts.h"

uint32_t explain_orders(const struct explain_input *in,
                            struct explain_order out[EXPLAIN_ORDERS])
{
    static const char *const known[] = {"AB",       "BA",       "ABCD",     "CDAB",     "BADC",
                                        "DCBA",     "ABCDEF",   "EFCDAB",   "BADCFE",   "FEDCBA",
                                        "ABCDEFGH", "GHEFCDAB", "BADCFEHG", "HGFEDCBA", "CDABGHEF",
                                        "EFGHABCD", "DCBAHGFE", "FEHGBADC"};
    const struct point *p = &in->map->points[in->point];
    uint32_t count = 0;
    if (explain_is_bits(p) || p->from >= 0 || p->part_count || p->bytes < 2 || p->bytes == 3)
        return 0;
    char own[9];
    explain_order_name(p, own);
    bool seen = false;
    for (size_t i = 0; i <= sizeof known / sizeof *known; i++) {
        bool extra = i == sizeof known / sizeof *known;
        const char *name = extra ? own : known[i];
        if (strlen(name) != p->bytes || (extra && seen) || count == EXPLAIN_ORDERS)
            continue;
        struct explain_order *o = &out[count++];
        struct point other = *p;
        for (size_t k = 0; k < p->bytes; k++)
            other.order[k] = (uint8_t)(name[k] - 'A');
        *o = (struct explain_order){.configured = strcmp(name, own) == 0};
        seen = seen || o->configured;
        snprintf(o->name, sizeof o->name, "%s", name);
        explain_judge(in, &other, &o->sample);
    }
    return count;
}

/* Sizes that are measured by people lie within a dozen decades around one; bytes in a wrong order
 * mostly don't. */
static unsigned looks_real(double x)
{
    double size = fabs(x);
    if (size < 1e-30 || (size >= 1e-4 && size < 1e8)) /* zero is a good value */
        return size < 1e-30 && size > 0 ? 0 : 2;
    return size >= 1e-7 && size < 1e12 ? 1 : 0;
}

unsigned explain_looks(const struct point *p, const struct sample *s)
{
    if (s->value.kind == VALUE_NONE)
        return 0;
    if (s->value.kind == VALUE_BOOL || s->value.kind == VALUE_TEXT)
        return s->quality == QUALITY_GOOD ? 3 : 1;
    if (p->choice_count) /* a number that is none of its words */
        return 1;
    if (p->has_valid)
        return 3;
    double x = fabs(value_number(&s->value));
    if (s->value.kind == VALUE_REAL)
        return looks_real(x);
    return x < 1e7 ? 2 : 1;
}

bool explain_far_better(const struct point *p, const struct sample *own, const struct sample *other)
{
    unsigned a = explain_looks(p, own), b = explain_looks(p, other);
    double x = fabs(value_number(&own->value)), y = fabs(value_number(&other->value));
    /* A small number in the upper word is a multiple of 65536, which few true values are. */
    bool whole = own->value.kind == VALUE_INT || own->value.kind == VALUE_UINT;
    if (whole && b >= a && y > 0 && fabs(x / y - 65536) < 1e-4)
        return true;
    if (b < 2 || a >= b)
        return false;
    bool nothing = other->value.kind != VALUE_TEXT && value_number(&other->value) == 0;
    if (nothing) /* zero looks well in every order */
        return false;
    if (a == 0 || p->has_valid || p->choice_count)
        return true;
    /* Both may be: a large counter isn't a wrong one yet, unless the other is smaller by far. */
    return x > 1e3 * y || x * 1e3 < y;
}

void explain_weigh(struct explain_hint *h, const struct point *p, const struct sample *own,
                   const struct sample *other, const char *what)
{
    char a[400], b[400];
    unsigned looks = explain_looks(p, other);
    if (!explain_far_better(p, own, other) || looks <= h->looks)
        return;
    h->looks = looks;
    snprintf(h->text, sizeof h->text, "%.40s would give %.48s; as configured it is %.48s", what,
             explain_value(a, sizeof a, &other->value), explain_value(b, sizeof b, &own->value));
}

void explain_hint(struct explain_hint *h, const struct explain_input *in, const struct sample *own)
{
    struct explain_order orders[EXPLAIN_ORDERS];
    uint32_t count = explain_orders(in, orders);
    char what[48];
    for (uint32_t i = 0; i < count; i++) {
        snprintf(what, sizeof what, "order %.8s", orders[i].name);
        if (!orders[i].configured)
            explain_weigh(h, &in->map->points[in->point], own, &orders[i].sample, what);
    }
}

void explain_address(struct explain_address *out, enum table table, uint16_t address)
{
    static const char first[TABLE_COUNT] = {
        [TABLE_COIL] = '0', [TABLE_DISCRETE] = '1', [TABLE_INPUT] = '3', [TABLE_HOLDING] = '4'};
    out->number = address + 1U;
    snprintf(out->hex, sizeof out->hex, "0x%04X", address);
    snprintf(out->modicon, sizeof out->modicon, "%c%0*u", first[table], out->number > 9999 ? 5 : 4,
             out->number);
    out->iec[0] = 0;
    if (table == TABLE_HOLDING || table == TABLE_COIL)
        snprintf(out->iec, sizeof out->iec, "%%M%s%u", table == TABLE_HOLDING ? "W" : "", address);
}
