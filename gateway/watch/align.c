/* SPDX-License-Identifier: Apache-2.0 */
#include "watch/align.h"

#include <math.h>

static const double memory_h = 240;
static const double usual = 0.5; /* blocks: how far clocks are apart where nothing is known */
static const double most = 1.5;

double align_shift(const struct align *a)
{
    double looks = a->blocks / ALIGN_SPAN; /* spans overlap */
    double variance = looks * a->xx + a->yy / (usual * usual);
    return variance > 0 ? fmax(-most, fmin(most, looks * a->xy / variance)) : 0;
}

static void compare(struct align *a, double change, double missing, double hours)
{
    a->blocks = fmin(a->blocks + 1, fmax(1, memory_h / hours));
    a->xx += (change * change - a->xx) / a->blocks;
    a->xy += (change * missing - a->xy) / a->blocks;
    a->yy += (missing * missing - a->yy) / a->blocks;
}

void align_learn(struct align *a, double flow, double missing, double hours)
{
    for (uint32_t i = 0; i < a->count; i++)
        a->missing[i] += missing;
    if (a->count == ALIGN_SPAN) /* the oldest one's place is the next one's */
        compare(a, flow - a->flow[a->next], a->missing[a->next], hours);
    a->flow[a->next] = flow;
    a->missing[a->next] = 0;
    a->next = (a->next + 1) % ALIGN_SPAN;
    a->count += a->count < ALIGN_SPAN;
}

void align_break(struct align *a)
{
    a->count = a->next = 0;
}
