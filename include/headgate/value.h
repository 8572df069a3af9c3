/* SPDX-License-Identifier: Apache-2.0 */
/* A value, how good it is, and when it was true. */
#ifndef HEADGATE_VALUE_H
#define HEADGATE_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "headgate/time.h"

/* OPC DA quality numbers, as published. */
enum quality {
    QUALITY_BAD = 0,
    QUALITY_CONFIG_ERROR = 4,
    QUALITY_NOT_CONNECTED = 8,     /* never heard from, or the line itself is down */
    QUALITY_DEVICE_FAILURE = 12,   /* the device answers, and says that it is ill */
    QUALITY_SENSOR_FAILURE = 16,   /* sentinel, NaN, out of the valid range */
    QUALITY_LAST_KNOWN = 20,
    QUALITY_COMM_FAILURE = 24,     /* asked, and no believable answer came */
    QUALITY_OUT_OF_SERVICE = 28,
    QUALITY_UNCERTAIN = 64,        /* stale, frozen, unknown enum */
    QUALITY_GOOD = 192,
};

enum value_kind {
    VALUE_NONE,                    /* nothing known: null in JSON */
    VALUE_BOOL,
    VALUE_INT,                     /* i / 10^places, exactly */
    VALUE_UINT,                    /* u / 10^places, exactly */
    VALUE_REAL,
    VALUE_TEXT,                    /* UTF-8, not terminated; see length */
};

/* A tagged value, because a double is exact only to 2^53 and counters go further.
 * With places > 0 an INT or UINT is a decimal fraction ("41.20"), and is printed with its point. */
struct value {
    uint8_t kind;                  /* enum value_kind */
    uint8_t places;                /* INT, UINT: 0..9 digits behind the point */
    bool single;                   /* REAL that is exactly an f32: print the digits of a float */
    uint32_t length;               /* TEXT: bytes */
    union {
        bool truth;
        int64_t i;
        uint64_t u;
        double real;
        const char *text;          /* borrowed: a plan's word (enum) or the board's buffer */
    };
};

/* What is known of a tag at one moment. A sample that isn't good always has a reason. */
struct sample {
    struct value value;            /* NONE whenever quality is neither good nor uncertain */
    enum quality quality;
    const char *reason;            /* NULL when good; else a static string or a word of the plan */
    wall_t time;                   /* when the answer arrived, or when the trouble was noticed */
};

#endif
