/* SPDX-License-Identifier: Apache-2.0 */
#include "watch/hold.h"

void hold_init(struct hold *h, int64_t now_ms)
{
    *h = (struct hold){.from_ms = now_ms};
}

void hold_pass(struct hold *h, int64_t t_ms, int64_t most_ms)
{
    if (t_ms <= h->from_ms)
        return;
    int64_t end = t_ms;
    if (h->known && end - h->taken_ms > most_ms)
        end = h->taken_ms + most_ms;
    if (h->known && end > h->from_ms) {
        h->integral += h->value * (double)(end - h->from_ms);
        h->covered_ms += end - h->from_ms;
    }
    h->from_ms = t_ms;
}

void hold_take(struct hold *h, double x, int64_t t_ms, int64_t most_ms)
{
    hold_pass(h, t_ms, most_ms);
    if (!h->known || x > h->value || x < h->value)
        h->changed_ms = t_ms;
    h->value = x;
    h->taken_ms = t_ms;
    h->known = true;
}

void hold_drop(struct hold *h, int64_t t_ms, int64_t most_ms)
{
    hold_pass(h, t_ms, most_ms);
    h->known = false;
}

bool hold_close(struct hold *h, int64_t length_ms, double *mean)
{
    bool enough = h->covered_ms > 0 && 2 * h->covered_ms >= length_ms;
    if (enough)
        *mean = h->integral / (double)h->covered_ms;
    h->integral = 0;
    h->covered_ms = 0;
    return enough;
}
