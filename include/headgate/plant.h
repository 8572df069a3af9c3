/* SPDX-License-Identifier: Apache-2.0 */
/* Which equipment stands where: a plant file after parsing and checking. Immutable, one arena.
 *
 * Tags are numbered through the whole plant: tag = device->first_tag + index of the point in its
 * map; derived tags follow behind the last device, from plant->first_derived. */
#ifndef HEADGATE_PLANT_H
#define HEADGATE_PLANT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "headgate/map.h"
#include "headgate/order.h"
#include "headgate/rule.h"

#define TAG_NONE UINT32_MAX

enum transport { TRANSPORT_TCP, TRANSPORT_RTU, TRANSPORT_RTU_OVER_TCP };
enum parity { PARITY_NONE = 'N', PARITY_EVEN = 'E', PARITY_ODD = 'O' };

struct line {                      /* one socket or one bus; one request in flight */
    const char *name;
    struct place at;
    uint8_t transport;             /* enum transport */
    const char *host;              /* TCP kinds: name or address */
    uint16_t port;
    const char *device;            /* serial: path */
    uint32_t baud;                 /* also of the bus behind RTU over TCP, for its gaps */
    uint8_t data_bits, stop_bits;
    char parity;                   /* enum parity */
    int64_t timeout_ns;            /* from the last byte sent to the last byte of the answer */
    int64_t connect_timeout_ns;
    int64_t delay_ns;              /* extra silence before each request */
    int64_t connect_delay_ns;      /* silence after it was opened, before the first request */
    int64_t reconnect_min_ns, reconnect_max_ns;
    uint8_t retries;               /* more tries of one request within its period; default 1 */
    double silent_share;           /* of the line's time, at most, for units that don't answer; 0.1 */
    bool echo;                     /* the adapter repeats our own bytes: expect and strip them */
};

struct area {
    const char *name, *title;
    struct place at;
    const uint32_t *neighbours;    /* where its water would go, or come from; both ways */
    uint32_t neighbour_count;
};

struct device {
    const char *name;              /* "pump-1" */
    const char *path;              /* "mill/pump-1" */
    struct place at;
    const struct map *map;         /* with this device's overrides applied */
    uint32_t line;                 /* index in plant->lines */
    uint32_t area;                 /* index in plant->areas */
    uint8_t unit;                  /* 0..255 on TCP, 1..247 on buses */
    int64_t every_ns;              /* default period of its points */
    int64_t delay_ns;              /* extra silence after talking to it */
    int64_t stale_ns;              /* no news for so long makes its tags uncertain; 0: 3 periods */
    uint32_t first_tag;
    bool history_all;              /* history frames hold every due tag, not only changed ones */
    const char *timezone;          /* of its clock: IANA name; NULL: its times are UTC */
    const char *identity;          /* this very piece of equipment, as its identity reads; NULL: any */
};

struct input {                     /* of a derived tag */
    const char *name;              /* as the expression calls it */
    uint32_t tag;
};

/* A tag that no device says. Without an expression it is made by the watch room (the rate of a leak,
 * the minutes until a floor is reached), and has no inputs. */
struct derived {
    const char *path;              /* "tailings/pond/inflow": area/device/tag */
    const char *device_path;       /* "tailings/pond" */
    struct place at;
    const struct input *inputs;
    uint32_t input_count;
    const char *expression;        /* Lua; NULL: made by the watch room */
    struct place expression_at;
    /* The derived tag's own looks; from, table, type and address mean nothing in it. */
    struct point point;
};

struct mqtt {
    struct place at;
    const char *host;
    uint16_t port;
    bool tls;
    const char *root;              /* "mine/v1" */
    const char *user, *password_file, *ca, *cert, *key;   /* NULL when not given */
    const char *client_id;         /* default "headgate-SITE-GATEWAY" */
    uint8_t version;               /* 5 or 3 (3.1.1) */
    int64_t keepalive_ns;
    uint16_t window;               /* publishes in flight; default 200 */
    bool values, history;          /* lanes that can be turned off; both on by default */
    int64_t overlap_ns;            /* acknowledged frames sent again after a reconnect; 60 s */
};

struct journal_limits {
    int64_t keep_ns;               /* acknowledged rows: 72 h */
    int64_t max_bytes;             /* whole journal: 2 GiB */
};

struct plant {
    const char *file;
    const char *site, *gateway;
    struct mqtt mqtt;
    struct journal_limits journal;
    struct command_rules commands;
    int64_t tick_ns;               /* polls are grouped on ticks; 50 ms */
    const struct line *lines;
    uint32_t line_count;
    const struct area *areas;
    uint32_t area_count;
    const struct device *devices;
    uint32_t device_count;
    const struct derived *derived;
    uint32_t derived_count;
    uint32_t first_derived;        /* tag number of derived[0] */
    uint32_t tag_count;            /* devices' points and derived */
    const char *timezone;          /* IANA name for times in words, and for times of the week; "UTC" */
    const struct alarm_rule *alarms;
    uint32_t alarm_count;
    const struct alarm_condition *conditions;
    uint32_t condition_count;
    const struct leak_rule *leaks;
    uint32_t leak_count;
    const struct basin *basins;
    uint32_t basin_count;
    const struct equipment *equipment;
    uint32_t equipment_count;
    struct incident_rules incidents;
    struct alarm_settings alarm_settings;
};

/* The number of the device that has the tag, which is not a derived one. */
static inline uint32_t plant_device_of(const struct plant *p, uint32_t tag)
{
    uint32_t low = 0, high = p->device_count;
    while (high - low > 1) {
        uint32_t middle = low + (high - low) / 2;
        if (p->devices[middle].first_tag <= tag)
            low = middle;
        else
            high = middle;
    }
    return low;
}

#endif
