/* SPDX-License-Identifier: Apache-2.0 */
/* Plants made by hand, for the tests of this room. */
#ifndef SMALL_PLANT_H
#define SMALL_PLANT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "base/arena.h"
#include "base/diag.h"
#include "plan/plan.h"

#define MS(x) ((x)*NS_PER_MS)

static inline struct point point_at(uint8_t table, uint16_t address, uint16_t words)
{
    static uint32_t line;
    return (struct point){
        .name = "tag",
        .at = {"map.yaml", ++line, 3},
        .from = -1,
        .table = table,
        .address = address,
        .words = words,
        .bit = -1,
        .group = -1,
        .exp_from = -1,
        .mul_from = -1,
        .valid_if = {.point = -1},
    };
}

static inline struct line tcp_line(const char *name)
{
    return (struct line){
        .name = name,
        .at = {"plant.yaml", 7, 3},
        .transport = TRANSPORT_TCP,
        .timeout_ns = MS(500),
        .retries = 1,
        .silent_share = 0.1,
    };
}

static inline struct line serial_line(const char *name, uint32_t baud)
{
    struct line l = tcp_line(name);
    l.transport = TRANSPORT_RTU;
    l.baud = baud;
    l.data_bits = 8;
    l.stop_bits = 1;
    l.parity = PARITY_EVEN;
    return l;
}

static inline struct map map_of(const struct point *points, uint32_t count)
{
    return (struct map){
        .name = "some/map",
        .file = "map.yaml",
        .limits = {.max_registers = 125, .max_bits = 2000, .max_gap = 8},
        .heartbeat = {.point = -1},
        .identity = {.point = -1},
        .points = points,
        .point_count = count,
    };
}

static inline struct device device_on(const struct map *map, uint32_t line, uint8_t unit)
{
    return (struct device){
        .name = "device",
        .path = "area/device",
        .map = map,
        .line = line,
        .unit = unit,
        .every_ns = NS_PER_S,
    };
}

static inline struct plant plant_of(const struct line *lines, uint32_t line_count,
                                    const struct device *devices, uint32_t device_count)
{
    return (struct plant){
        .file = "plant.yaml",
        .tick_ns = MS(50),
        .lines = lines,
        .line_count = line_count,
        .devices = devices,
        .device_count = device_count,
    };
}

/* Whether one of the remarks contains the words. */
static inline int was_said(struct diags *ds, const char *words)
{
    for (size_t i = 0; i < diags_count(ds); i++) {
        if (strstr(diags_at(ds, i)->text, words) != NULL)
            return 1;
    }
    return 0;
}

#endif
