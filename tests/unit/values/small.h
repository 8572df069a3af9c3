/* SPDX-License-Identifier: Apache-2.0 */
/* A plant of one device (two, when asked) with one or two requests, by hand, and its board. */
#ifndef TEST_VALUES_SMALL_H
#define TEST_VALUES_SMALL_H

#include "points.h"
#include "values/board.h"

enum { POINTS = 12, FEEDS = 24 };

struct small {
    struct map map;
    struct point points[POINTS];
    struct device devices[2];
    struct plant plant;
    struct plan plan;
    struct request requests[2];
    struct feed feeds[2][FEEDS];
    struct derived derived[4];
    struct board *board;
    uint32_t touched[2 * FEEDS + 8], count;
    mono_t now;
    wall_t wall;
};

static inline void small_begin(struct small *s)
{
    memset(s, 0, sizeof *s);
    s->map.points = s->points;
    s->map.heartbeat.point = s->map.identity.point = -1;
    s->plant.devices = s->devices;
    s->plant.device_count = 1;
    s->plant.derived = s->derived;
    s->plan.plant = &s->plant;
    s->plan.requests = s->requests;
    s->now = (mono_t){100 * NS_PER_S};
    s->wall = (wall_t){1764100000000};
    for (uint32_t i = 0; i < 2; i++) {
        s->devices[i] = (struct device){.name = "pump", .path = "pit/pump", .map = &s->map};
        s->requests[i] = (struct request){.id = i,
                                          .table = TABLE_HOLDING,
                                          .first = 10,
                                          .period_ns = NS_PER_S,
                                          .feeds = s->feeds[i]};
    }
}

/* Adds a point; read by a request when that is 0 or 1, at its next free register. */
static inline uint32_t small_point(struct small *s, struct point p, int request)
{
    uint32_t index = s->map.point_count++;
    s->points[index] = p;
    if (request >= 0) {
        struct request *r = &s->requests[request];
        s->feeds[request][r->feed_count++] =
            (struct feed){.device = 0, .point = index, .offset = r->count};
        r->count = (uint16_t)(r->count + p.words);
    }
    return index;
}

static inline void small_board(struct small *s)
{
    s->plan.request_count = s->requests[1].feed_count ? 2 : 1;
    s->devices[1].first_tag = s->map.point_count;
    s->plant.first_derived = s->map.point_count * s->plant.device_count;
    s->plant.tag_count = s->plant.first_derived + s->plant.derived_count;
    s->board = board_new(&s->plan);
    if (!s->board)
        abort();
}

static inline void small_end(struct small *s)
{
    board_free(s->board);
}

static inline struct block block_of(const struct small *s, uint32_t request)
{
    const struct request *r = &s->requests[request];
    return (struct block){.request = r,
                          .first = r->first,
                          .count = r->count,
                          .time = s->wall,
                          .asked = s->now,
                          .answered = s->now};
}

/* Feeds part of a request: count registers from its register `start` on. */
static inline uint32_t feed_part(struct small *s, uint32_t request, unsigned start, const char *hex)
{
    uint8_t bytes[256], *exact;
    struct block b = block_of(s, request);
    b.length = bytes_of(hex, bytes);
    b.first = (uint16_t)(b.first + start);
    b.count = (uint16_t)(b.length / 2);
    exact = malloc(b.length + 1);
    memcpy(exact, bytes, b.length);
    b.data = exact;
    s->count = board_feed(s->board, &b, s->touched);
    free(exact);
    return s->count;
}

static inline uint32_t feed_words(struct small *s, uint32_t request, const char *hex)
{
    return feed_part(s, request, 0, hex);
}

static inline uint32_t feed_fault(struct small *s, uint32_t request, enum fault fault,
                                  uint8_t exception)
{
    struct block b = block_of(s, request);
    b.fault = fault;
    b.exception = exception;
    s->count = board_feed(s->board, &b, s->touched);
    return s->count;
}

static inline void small_pass(struct small *s, int64_t ms)
{
    s->now.ns += ms * NS_PER_MS;
    s->wall.ms += ms;
}

static inline uint32_t small_tick(struct small *s, uint32_t room)
{
    s->count = board_tick(s->board, s->wall, s->now, s->touched, room);
    return s->count;
}

static inline const char *now_of(const struct small *s, uint32_t tag)
{
    return told_as(&board_tag(s->board, tag)->now);
}

#endif
