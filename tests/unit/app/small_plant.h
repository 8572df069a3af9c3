/* SPDX-License-Identifier: Apache-2.0 */
/* The smallest plant that has everything the app joins: one line, two devices behind it, a derived
 * tag. Built by hand, so that these tests need no files. */
#ifndef SMALL_PLANT_H
#define SMALL_PLANT_H

#include "headgate/block.h"

#define SMALL_POINT(NAME, ADDRESS)                                                                 \
    {                                                                                              \
        .name = NAME, .name_length = sizeof NAME - 1, .from = -1, .table = TABLE_HOLDING,          \
        .type = RAW_U16, .address = ADDRESS, .words = 1, .order = {0, 1}, .bytes = 2, .bit = -1,   \
        .group = -1, .exp_from = -1, .mul_from = -1, .valid_if = {.point = -1, .bit = -1},         \
        .scale = {1.0, 1, 0}, .unit = "m3/h", .about = "",                                         \
        .key = "\"" NAME "\":", .key_length = sizeof NAME + 2,                                     \
    }

static const struct point small_points[] = {SMALL_POINT("flow", 0), SMALL_POINT("level", 1)};

static const struct map small_map = {
    .name = "test/small",
    .file = "maps/test/small.yaml",
    .title = "Two registers",
    .source = "",
    .verified = "invented",
    .hash = "0123456789abcdef",
    .limits = {.max_registers = 125, .max_bits = 2000},
    .heartbeat = {.point = -1},
    .identity = {.point = -1},
    .points = small_points,
    .point_count = 2,
};

static const struct line small_lines[] = {
    {.name = "plc", .transport = TRANSPORT_TCP, .host = "127.0.0.1", .port = 502},
};
static const struct area small_areas[] = {{.name = "mill", .title = "Mill"}};
static const struct device small_devices[] = {
    {.name = "p1",
     .path = "mill/p1",
     .map = &small_map,
     .unit = 1,
     .every_ns = NS_PER_S,
     .first_tag = 0,
     .history_all = true},
    {.name = "p2",
     .path = "mill/p2",
     .map = &small_map,
     .unit = 2,
     .every_ns = NS_PER_S,
     .first_tag = 2,
     .history_all = false},
};
static const struct input small_inputs[] = {{"a", 0}, {"b", 2}};
static const struct derived small_derived[] = {
    {.path = "mill/sum/flow",
     .device_path = "mill/sum",
     .inputs = small_inputs,
     .input_count = 2,
     .expression = "a + b",
     .point = SMALL_POINT("flow", 0)},
};
static const struct plant small_plant = {
    .file = "plant.yaml",
    .site = "site",
    .gateway = "gw",
    .mqtt = {.root = "mine/v1", .version = 5, .values = true, .history = true},
    .tick_ns = 50 * NS_PER_MS,
    .lines = small_lines,
    .line_count = 1,
    .areas = small_areas,
    .area_count = 1,
    .devices = small_devices,
    .device_count = 2,
    .derived = small_derived,
    .derived_count = 1,
    .first_derived = 4,
    .tag_count = 5,
};
static const struct feed small_feeds[] = {{0, 0, 0, 0}, {0, 1, 1, 0}, {1, 0, 0, 0}, {1, 1, 1, 0}};
static const struct request small_requests[] = {
    {.id = 0,
     .unit = 1,
     .table = TABLE_HOLDING,
     .first = 0,
     .count = 2,
     .period_ns = NS_PER_S,
     .feeds = small_feeds,
     .feed_count = 2},
    {.id = 1,
     .unit = 2,
     .table = TABLE_HOLDING,
     .first = 0,
     .count = 2,
     .period_ns = NS_PER_S,
     .feeds = small_feeds + 2,
     .feed_count = 2},
};
static const uint32_t small_firsts[] = {0, 2};
static const struct plan small_plan = {
    .plant = &small_plant,
    .requests = small_requests,
    .request_count = 2,
    .first_request = small_firsts,
    .tick_ns = 50 * NS_PER_MS,
};

static inline struct block small_block(uint32_t request, enum fault fault, const uint8_t data[4],
                                       int64_t ms)
{
    struct block b = {.request = &small_requests[request],
                      .fault = fault,
                      .why = fault == FAULT_NONE ? NULL : "no answer",
                      .data = data,
                      .length = fault == FAULT_NONE ? 4 : 0,
                      .first = 0,
                      .count = 2,
                      .time = {ms},
                      .asked = {ms * NS_PER_MS},
                      .answered = {ms * NS_PER_MS + 3 * NS_PER_MS}};
    return b;
}

#endif
