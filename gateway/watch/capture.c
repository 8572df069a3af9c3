/* SPDX-License-Identifier: Apache-2.0 */
#include "watch/capture.h"

#include <stdlib.h>

struct ring {
    uint32_t first, room, used, next; /* in the common array; used of room; where the next goes */
};

struct capture {
    int64_t keep_ms;
    struct capture_sample *samples;
    uint32_t count;
    struct ring rings[];
};

static uint32_t room_for(int64_t every_ms, int64_t keep_ms)
{
    int64_t n = keep_ms / (every_ms > 0 ? every_ms : 1) + 1;
    return n > CAPTURE_MAX ? CAPTURE_MAX : (uint32_t)n;
}

struct capture *capture_new(const int64_t *every_ms, uint32_t count, int64_t keep_ms)
{
    struct capture *c = calloc(1, sizeof *c + count * sizeof c->rings[0]);
    if (!c)
        return NULL;
    c->keep_ms = keep_ms;
    c->count = count;
    uint32_t all = 0;
    for (uint32_t i = 0; i < count; i++) {
        c->rings[i] = (struct ring){.first = all, .room = room_for(every_ms[i], keep_ms)};
        all += c->rings[i].room;
    }
    c->samples = calloc((size_t)all + 1, sizeof *c->samples);
    if (c->samples)
        return c;
    free(c);
    return NULL;
}

void capture_free(struct capture *c)
{
    if (c)
        free(c->samples);
    free(c);
}

void capture_put(struct capture *c, uint32_t ring, double x, int64_t t_ms)
{
    struct ring *r = &c->rings[ring];
    c->samples[r->first + r->next] = (struct capture_sample){t_ms, x};
    r->next = r->next + 1 == r->room ? 0 : r->next + 1;
    r->used += r->used < r->room;
}

uint32_t capture_get(const struct capture *c, uint32_t ring, int64_t now_ms,
                     struct capture_sample *out)
{
    const struct ring *r = &c->rings[ring];
    uint32_t count = 0;
    for (uint32_t i = 0; i < r->used; i++) {
        uint32_t at = (r->next + r->room - r->used + i) % r->room;
        if (c->samples[r->first + at].t_ms >= now_ms - c->keep_ms)
            out[count++] = c->samples[r->first + at];
    }
    return count;
}
