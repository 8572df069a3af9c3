/* SPDX-License-Identifier: Apache-2.0 */
#include "watch/stage.h"

#include <math.h>

/* The piece [i, i + 1] that x lies in, by level or by volume. */
static uint32_t piece(const struct pair *stage, uint32_t count, double x, bool by_volume)
{
    uint32_t low = 0, high = count - 1;
    while (high - low > 1) {
        uint32_t middle = low + (high - low) / 2;
        if ((by_volume ? stage[middle].y : stage[middle].x) <= x)
            low = middle;
        else
            high = middle;
    }
    return low;
}

double stage_volume(const struct pair *stage, uint32_t count, double level, bool *doubt)
{
    const struct pair *first = stage, *last = stage + count - 1;

    *doubt = !(level >= first->x && level <= last->x);
    if (isnan(level))
        return level;
    if (level <= first->x)
        return first->y;
    if (level >= last->x)
        return last->y;
    const struct pair *p = stage + piece(stage, count, level, false);
    return p[0].y + (level - p[0].x) * (p[1].y - p[0].y) / (p[1].x - p[0].x);
}

double stage_area(const struct pair *stage, uint32_t count, double level)
{
    if (isnan(level))
        return level;
    const struct pair *p = stage + piece(stage, count, level, false);
    return (p[1].y - p[0].y) / (p[1].x - p[0].x);
}

double stage_level(const struct pair *stage, uint32_t count, double volume, bool *doubt)
{
    const struct pair *first = stage, *last = stage + count - 1;

    *doubt = !(volume >= first->y && volume <= last->y);
    if (isnan(volume))
        return volume;
    if (volume <= first->y)
        return first->x;
    if (volume >= last->y)
        return last->x;
    const struct pair *p = stage + piece(stage, count, volume, true);
    return p[0].x + (volume - p[0].y) * (p[1].x - p[0].x) / (p[1].y - p[0].y);
}

static double piece_slope(const struct pair *stage, uint32_t i)
{
    return (stage[i + 1].y - stage[i].y) / (stage[i + 1].x - stage[i].x);
}

/* Surface at a surveyed level: of the parabola through it and its neighbours. No more than three
 * times a neighbouring piece's, which keeps the curve rising (Fritsch and Carlson). */
static double knot_slope(const struct pair *stage, uint32_t count, uint32_t i)
{
    uint32_t left = i == 0 ? 0 : i == count - 1 ? count - 3 : i - 1;
    double a = piece_slope(stage, left), b = piece_slope(stage, left + 1);
    double bend = (b - a) / (stage[left + 2].x - stage[left].x);
    double at = a + bend * (2 * stage[i].x - stage[left].x - stage[left + 1].x);
    double least = i == 0 ? a : i == count - 1 ? b : fmin(a, b);
    return fmax(0, fmin(at, 3 * least));
}

/* Cubic between two knots: t in 0..1, with the volume there and its slope. */
static double smooth(const struct pair *stage, uint32_t count, double level, double *area)
{
    uint32_t i = piece(stage, count, level, false);
    double width = stage[i + 1].x - stage[i].x, rise = stage[i + 1].y - stage[i].y;
    double t = (level - stage[i].x) / width;
    double a = knot_slope(stage, count, i) * width, b = knot_slope(stage, count, i + 1) * width;
    double c2 = 3 * rise - 2 * a - b, c3 = a + b - 2 * rise;
    *area = (a + t * (2 * c2 + t * 3 * c3)) / width;
    return stage[i].y + t * (a + t * (c2 + t * c3));
}

double stage_smooth_volume(const struct pair *stage, uint32_t count, double level, bool *doubt)
{
    double area, plain = stage_volume(stage, count, level, doubt);
    return count < 3 || *doubt ? plain : smooth(stage, count, level, &area);
}

double stage_smooth_area(const struct pair *stage, uint32_t count, double level)
{
    double area = stage_area(stage, count, level);
    if (count >= 3 && level >= stage[0].x && level <= stage[count - 1].x)
        smooth(stage, count, level, &area);
    return area;
}
