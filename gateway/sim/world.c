/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/world.h"

#include <math.h>

#include "sim/encode.h"
#include "values/decode.h"

struct world *world_new(struct arena *a, const struct plant *plant, const struct image *image)
{
    struct world *w = arena_get(a, sizeof *w);
    size_t n = (size_t)plant->tag_count + 1;
    if (w == NULL)
        return NULL;
    *w = (struct world){plant, image, arena_get_array(a, n, sizeof *w->numbers),
                        arena_get_array(a, n, sizeof *w->owned),
                        arena_get_array(a, n, sizeof(const struct device *))};
    if (w->numbers == NULL || w->owned == NULL || w->device_of == NULL)
        return NULL;
    for (uint32_t t = 0; t < plant->tag_count; t++)
        w->numbers[t] = (double)NAN;
    for (uint32_t d = 0; d < plant->device_count; d++) {
        const struct device *device = &plant->devices[d];
        for (uint32_t i = 0; i < device->map->point_count; i++)
            w->device_of[device->first_tag + i] = device;
    }
    return w;
}

const struct point *world_point(const struct world *w, uint32_t tag)
{
    const struct device *d = tag < w->plant->first_derived ? w->device_of[tag] : NULL;
    return d == NULL ? NULL : &d->map->points[tag - d->first_tag];
}

/* What the device itself multiplies with; 1 as long as that is unknown. */
static double factor_of(const struct world *w, uint32_t tag, const struct point *p)
{
    uint32_t first = w->device_of[tag]->first_tag;
    double factor = 1;
    if (p->exp_from >= 0) {
        double e = w->numbers[first + (uint32_t)p->exp_from];
        factor *= isfinite(e) ? pow(10, e) : 1;
    }
    if (p->mul_from >= 0) {
        double m = w->numbers[first + (uint32_t)p->mul_from];
        for (uint32_t i = 0; i < p->factor_count; i++)
            if ((double)p->factors[i].code == m) {
                m = p->factors[i].by.real;
                break;
            }
        factor *= isfinite(m) ? m : 1;
    }
    return factor;
}

bool world_set(struct world *w, uint32_t tag, const struct value *v)
{
    const struct point *p = world_point(w, tag);
    if (p == NULL)
        return false;
    double x = value_number(v);
    if (p->from >= 0) {
        if (!isfinite(x))
            return false;
        w->numbers[tag] = x;
        return world_set_number(w, w->device_of[tag]->first_tag + (uint32_t)p->from,
                                encode_before_curve(p, x / factor_of(w, tag, p)));
    }
    if (!raw_encode(p, v, factor_of(w, tag, p), image_words(w->image, tag)))
        return false;
    w->numbers[tag] = x;
    return true;
}

bool world_set_number(struct world *w, uint32_t tag, double x)
{
    struct value v = {.kind = VALUE_REAL, .real = x};
    return isfinite(x) && world_set(w, tag, &v);
}

bool world_set_bad(struct world *w, uint32_t tag)
{
    const struct point *p = world_point(w, tag);
    if (p == NULL)
        return false;
    if (p->from >= 0)
        return world_set_bad(w, w->device_of[tag]->first_tag + (uint32_t)p->from);
    return raw_encode_bad(p, image_words(w->image, tag));
}
