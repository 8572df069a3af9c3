/* SPDX-License-Identifier: Apache-2.0 */
#include "values/curve.h"

#include <math.h>

#include "base/text.h"
#include "values/decode.h"
#include "values/number.h"

static double span(const struct point *p, double x)
{
    double slope = (p->eng_high - p->eng_low) / (p->raw_high - p->raw_low);
    /* Both ends come out exactly as the map writes them. */
    return x == p->raw_high ? p->eng_high : p->eng_low + (x - p->raw_low) * slope;
}

/* Outside of the table is nothing that anybody measured: not extrapolated. */
static const char *table(const struct point *p, double *x)
{
    const struct pair *pairs = p->pairs;
    uint32_t low = 0, high = p->pair_count;
    if (high == 0 || !(*x >= pairs[0].x) || !(*x <= pairs[high - 1].x))
        return "outside the linearisation table";
    while (high - low > 1) {
        uint32_t middle = low + (high - low) / 2;
        if (pairs[middle].x <= *x)
            low = middle;
        else
            high = middle;
    }
    const struct pair *a = &pairs[low];
    if (*x == a->x)
        *x = a->y;
    else
        *x = a->y + (*x - a->x) * (a[1].y - a->y) / (a[1].x - a->x);
    return NULL;
}

/* Four quadrants in one number: beyond one, the distance to two is the factor of a leading load. */
static const char *power_factor(double *x)
{
    if (*x > 2 || *x < -2)
        return "not a four-quadrant power factor";
    if (*x > 1)
        *x = 2 - *x;
    else if (*x < -1)
        *x = -2 - *x;
    return NULL;
}

const char *curve_apply(const struct point *p, struct value *v)
{
    if (p->curve == CURVE_NONE)
        return NULL;
    if (p->curve == CURVE_LINEAR) {
        number_linear(v, &p->scale, &p->offset);
        if (p->scale.places || p->offset.places)
            number_stay_real(v);
        return v->kind == VALUE_REAL && !isfinite(v->real) ? text_not_finite(v->real) : NULL;
    }
    double x = value_number(v);
    const char *why = NULL;
    switch ((enum curve)p->curve) {
    case CURVE_NONE:
    case CURVE_LINEAR:
        break;
    case CURVE_SPAN:
        x = span(p, x);
        break;
    case CURVE_TABLE:
        why = table(p, &x);
        break;
    case CURVE_WEIR:
        x = x > 0 ? p->weir_k * pow(x, p->weir_n) : 0;
        break;
    case CURVE_PF4Q:
        why = power_factor(&x);
        break;
    }
    if (!why && !isfinite(x))
        why = text_not_finite(x);
    *v = value_real(x);
    return why;
}
