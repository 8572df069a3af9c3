/* SPDX-License-Identifier: Apache-2.0 */
/* What one kind of equipment says: a register map after parsing and checking. Immutable; lives in
 * the plan's arena; shared by all devices that use it without overrides. */
#ifndef HEADGATE_MAP_H
#define HEADGATE_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "headgate/place.h"
#include "headgate/value.h"

enum { REGISTERS_MAX = 125, BITS_MAX = 2000, NAME_MAX_BYTES = 64 };

enum table { TABLE_COIL, TABLE_DISCRETE, TABLE_INPUT, TABLE_HOLDING, TABLE_COUNT };

/* Types as they lie on the wire. enum RAW_x has the word "x" in maps. */
enum raw_type {
    RAW_BOOL, RAW_U8, RAW_S8, RAW_U16, RAW_S16, RAW_U24, RAW_S24, RAW_U32, RAW_S32, RAW_U48,
    RAW_S48, RAW_U64, RAW_S64, RAW_F16, RAW_F32, RAW_F64, RAW_BCD16, RAW_BCD32, RAW_BCD64,
    RAW_M10K32, RAW_M10K48, RAW_M10K64, RAW_SM16, RAW_STRING, RAW_TIME, RAW_COUNT
};

enum string_form { STRING_TWO, STRING_ONE_LOW, STRING_ONE_HIGH };   /* characters per register */

/* How a RAW_TIME is packed; words in maps in brackets. */
enum time_form {
    TIME_UNIX32,                   /* [unix] u32 seconds */
    TIME_UNIX64,                   /* [unix64] u64 seconds */
    TIME_UNIX_MS,                  /* [unix_ms] u64 milliseconds */
    TIME_PM800,                    /* [pm800] 3 words: month/day, year-1900/hour, minute/second */
    TIME_SIX,                      /* [six] 6 words: second, minute, hour, day, month, year */
    TIME_IEC870,                   /* [iec870] 4 words, IEC 60870-5-4: year, day/month, hour/minute, ms */
    TIME_SEL,                      /* [sel] as six, the seconds in hundredths */
    TIME_GE469,                    /* [ge469] 4 words: month/day, year, hour/minute, second/hundredth */
    TIME_FINDER7M,                 /* [finder7m] 4 words, BCD but for the year: hundredth/second,
                                      minute/hour, day/month, year */
};

enum kind { KIND_GAUGE, KIND_COUNTER, KIND_STATE, KIND_EVENT, KIND_TEXT };

/* A range of raw words that doesn't mean a value, and what it means instead. Compared with the
 * unscaled raw bits of the type's width, zero-extended. */
struct invalid {
    uint64_t low, high;            /* inclusive */
    const char *reason;            /* never NULL; "invalid value 0x7FFF" if the map gave no words */
};

struct choice {                    /* of an enum */
    int64_t raw;
    const char *text;
    uint32_t length;
};

struct pair {                      /* of a linearisation table; x strictly rising */
    double x, y;
};

/* A decimal number as written: mantissa / 10^places, so that 0.01 is exactly a hundredth. */
struct decimal {
    double real;                   /* nearest double */
    int64_t mantissa;
    uint8_t places;                /* 0..9; 255: not representable, use real */
};

enum curve { CURVE_NONE, CURVE_LINEAR, CURVE_SPAN, CURVE_TABLE, CURVE_WEIR, CURVE_PF4Q };

/* valid_if: another tag of the same map must stand so, or this one is bad. */
struct condition {
    int32_t point;                 /* index in the map; -1: no condition */
    int8_t bit;                    /* -1: the whole value */
    bool equal;                    /* == or != */
    int64_t constant;              /* booleans are 0 and 1 */
};

/* mul_from with `factors`: what a code in another register makes of this value. */
struct factor {
    int64_t code;
    struct decimal by;
    const char *word;              /* of the other tag's enum for this code; NULL: it has none */
    uint32_t word_length;
};

enum read_mode {                   /* when a tag is asked */
    READ_POLL,
    READ_ONCE,                     /* when its unit begins to answer on a new connection, and daily */
    READ_ON_DEMAND,                /* never by the gateway: by people, with `headgate read` */
};

/* What may be written to a tag, and how. */
struct write_rule {
    struct place at;
    double low, high;              /* engineering units, inclusive; unused for coils, bits and enums */
    bool has_limits;
    uint8_t function;              /* 5, 6, 15, 16 or 22 */
    uint16_t address;              /* wire address of the writing; the tag's own unless the map says else */
};

/* One tag of a map. What each answer needs stands first and close together: the way from memory is
 * most of what decoding costs. */
struct point {
    uint8_t table;                 /* enum table */
    uint8_t type;                  /* enum raw_type */
    uint8_t bytes;                 /* bytes of the number on the wire; 0 for strings, coils, and
                                      times of several fields (PM800, SIX ...) */
    int8_t bit;                    /* one bit of a register, 0 = least significant; -1: none */
    uint8_t order[8];              /* numbers of 2..8 bytes: most significant byte first, the place
                                      of each byte on the wire; order[0] for AB.. is 0. u8 and s8:
                                      1 (the low byte) or 0; u24 and s24: three places of four */
    uint8_t curve;                 /* enum curve */
    uint8_t kind;                  /* enum kind */
    uint8_t shift;                 /* after mask */
    bool inverted;                 /* a bit or a coil that means its opposite */
    uint16_t words;                /* registers (or bits, in bit tables) it occupies */
    uint16_t address;              /* wire address, zero-based */
    int32_t from;                  /* >= 0: computed from that point's value, not read */
    int32_t exp_from, mul_from;    /* points whose value is a power of ten / a factor; -1: none */
    struct condition valid_if;
    uint64_t mask;                 /* 0: none */
    uint32_t invalid_count, choice_count;
    const char *key;               /* "\"flow\":" for JSON, ready to copy */
    uint32_t key_length;
    bool has_valid;
    bool has_wrap;
    bool reset;                    /* a counter may be set to zero by people */
    uint8_t part_count;            /* see parts; 0: its registers lie side by side */
    double deadband;               /* engineering units; 0: every change */
    int64_t max_silence_ns;        /* publish at least this often though unchanged; 0: never */

    const struct invalid *invalid;
    const struct choice *choices;  /* sorted by raw */
    struct decimal scale, offset;  /* LINEAR: raw * scale + offset */
    double valid_low, valid_high;  /* engineering units, inclusive */
    double wrap;                   /* a counter restarts at 0 after this value */
    double raw_low, raw_high, eng_low, eng_high;   /* SPAN: two points, extrapolated */
    const struct pair *pairs;      /* TABLE: clamped at neither end: outside is bad */
    uint32_t pair_count;
    double weir_k, weir_n;         /* WEIR: k * max(x, 0)^n */
    uint8_t string_form, time_form;
    bool own_order;                /* given for this tag, not for its type */
    bool danger;                   /* commands something that moves: refused unless a plant names it */
    bool optional;                 /* not on every model: refused by the device, it is quiet (28) */
    bool side_effect;              /* reading changes something: never in passing, never by a search */
    uint8_t read_mode;             /* enum read_mode */
    const struct write_rule *write;/* NULL: nobody writes it */

    /* Registers that don't lie side by side: part i lies parts[i] registers behind `address`, most
     * significant first; `words` reaches from the first to the last of them. With weights, each part
     * is a number of the type of its own, and the value is their weighted sum. NULL: side by side. */
    const uint16_t *parts;
    const struct decimal *weights;

    const struct factor *factors;  /* sorted by code; NULL: mul_from's value is the factor itself */
    uint32_t factor_count;
    const char *verified;          /* NULL: as the map */
    bool overlap;                  /* another tag reads the same registers, and that is meant */

    const char *name;              /* "flow", "status.ready" */
    uint32_t name_length;
    int32_t group;                 /* atomic group in this map, to be read in one request; -1: none */
    struct place at;
    int64_t every_ns;              /* 0: the map's, else the device's */
    const char *unit;              /* "" when none */
    const char *about;             /* "" when none */
};

struct never {                     /* addresses that must not be read, even in passing */
    uint8_t table;
    uint32_t first, last;          /* inclusive */
};

struct barrier {                   /* no request goes over it: from below to `first` or above */
    uint8_t table;
    uint16_t first;
};

struct limits {
    uint16_t max_registers;        /* 1..125 */
    uint16_t max_bits;             /* 1..2000 */
    uint16_t max_gap;              /* hard limit of unused registers read in passing (bits: x16) */
    int64_t delay_ns;              /* silence the device needs between requests */
    const struct never *never;
    uint32_t never_count;
    const struct barrier *barriers;
    uint32_t barrier_count;
};

/* The range of `never` that some of first..last lies in; NULL: none. */
static inline const struct never *limits_never(const struct limits *l, unsigned table,
                                               uint32_t first, uint32_t last)
{
    for (uint32_t i = 0; i < l->never_count; i++) {
        const struct never *n = &l->never[i];
        if (n->table == table && n->first <= last && n->last >= first)
            return n;
    }
    return NULL;
}

/* The barrier that a read of first..last would go over; NULL: none. */
static inline const struct barrier *limits_barrier(const struct limits *l, unsigned table,
                                                   uint32_t first, uint32_t last)
{
    for (uint32_t i = 0; i < l->barrier_count; i++) {
        const struct barrier *b = &l->barriers[i];
        if (b->table == table && first < b->first && b->first <= last)
            return b;
    }
    return NULL;
}

/* What tells one piece of equipment from another: a serial number, a model code, a firmware. */
struct identity {
    int32_t point;                 /* -1: the map can't tell */
    const struct value *is;        /* one of these; none: any, but it stays what it was */
    const struct value *to;        /* same number: where a range of numbers ends; NONE: no range */
    uint32_t is_count;
    struct place at;
};

struct heartbeat {
    int32_t point;                 /* must change ... -1: no heartbeat */
    int64_t within_ns;             /* ... within this time */
};

/* An example from the map itself: raw words in, values out. */
struct given {
    uint8_t table;
    uint16_t address;
    const uint16_t *words;         /* bits: one word each, 0 or 1 */
    uint32_t count;
};

struct expected {
    int32_t point;
    struct place at;
    struct value value;            /* NONE: must not be good */
    const char *reason;            /* words that the reason must contain, or NULL */
};

struct example {
    struct place at;
    const struct given *given;
    uint32_t given_count;
    const struct expected *expected;
    uint32_t expected_count;
};

struct map {
    const char *name;              /* "eastron/sdm630": how plant files call it */
    const char *file;
    const char *title, *source, *verified;
    char hash[17];                 /* 64 bits of the file's content, hexadecimal: the map's version */
    struct limits limits;
    int64_t every_ns;              /* 0: the device's */
    double deadband;
    struct heartbeat heartbeat;
    struct identity identity;
    const char *extends;           /* name of the map that this one changes; NULL */
    uint32_t doc_base[TABLE_COUNT];/* what the maker calls wire address 0; only where has_doc_base */
    bool has_doc_base[TABLE_COUNT];
    const struct point *points;    /* one that is computed stands behind the one it comes from */
    uint32_t point_count;
    uint32_t group_count;
    const struct example *examples;
    uint32_t example_count;
    uint32_t text_bytes;           /* room that all string points of one device need */
};

/* Would a read of first..last do something to the device? */
static inline bool map_side_effect(const struct map *m, unsigned table, uint32_t first,
                                   uint32_t last)
{
    for (uint32_t i = 0; i < m->point_count; i++) {
        const struct point *p = &m->points[i];
        if (p->side_effect && p->from < 0 && p->table == table && p->address <= last &&
            first < p->address + (uint32_t)p->words)
            return true;
    }
    return false;
}

#endif
