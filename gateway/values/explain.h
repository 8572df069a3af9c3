/* SPDX-License-Identifier: Apache-2.0 */
/* Decoding in slow motion: every step between the words on the wire and the value, as data. Each step
 * is done by decode itself with a point that knows no more than the steps so far, so what is told here
 * is what happens there. Pure. */
#ifndef VALUES_EXPLAIN_H
#define VALUES_EXPLAIN_H

#include "headgate/map.h"

enum explain_kind {
    EXPLAIN_WORDS,                 /* which words, at which addresses */
    EXPLAIN_ORDER,                 /* their bytes, most significant first */
    EXPLAIN_SENTINEL,              /* is it one of the words that mean no value? */
    EXPLAIN_RAW,                   /* the number, bit, text or time as the device means it */
    EXPLAIN_FROM,                  /* the value of another tag that this one is computed from */
    EXPLAIN_BITS,                  /* bit, mask and shift */
    EXPLAIN_CURVE,                 /* scale, span, table, weir, power factor */
    EXPLAIN_EXPONENT, EXPLAIN_FACTOR,      /* of other tags */
    EXPLAIN_ENUM,
    EXPLAIN_RANGE,
    EXPLAIN_CONDITION,             /* valid_if */
    EXPLAIN_KIND_COUNT
};

enum { EXPLAIN_STEPS = 16, EXPLAIN_TEXT = 320 };

struct explain_step {
    uint8_t kind;                  /* enum explain_kind */
    char text[EXPLAIN_TEXT];       /* what is done: "x 0.1 (scale)" */
    struct sample after;           /* what there is after it; kind NONE with quality GOOD: not yet a value */
};

struct explanation {
    struct explain_step steps[EXPLAIN_STEPS];
    uint32_t count;
    struct sample result;          /* what decode says; the last step's, always */
    bool drifted;                  /* the steps led elsewhere, which would be a mistake of this file */
};

struct explain_input {
    const struct map *map;
    uint32_t point;
    const uint8_t *data;           /* of the block, and where in it; not looked at for computed points */
    uint16_t offset;
    /* Samples of the points that this one hangs on; NULL: it doesn't. */
    const struct sample *source, *exponent, *factor, *condition;
    char *text;                    /* room as decode_point wants it; NULL for other types */
};

void explain_point(const struct explain_input *in, struct explanation *out);
const char *explain_kind_name(enum explain_kind k);    /* "order" */

/* The same bytes in every order that equipment is known to use, the configured one among them. */
enum { EXPLAIN_ORDERS = 10 };
struct explain_order {
    char name[9];                  /* "CDAB" */
    bool configured;
    struct sample sample;
};
/* How many; 0: the type has no order. */
uint32_t explain_orders(const struct explain_input *in, struct explain_order out[EXPLAIN_ORDERS]);

/* How much a sample looks like something that was measured: 0 not at all, 1 hardly, 2 it may be,
 * 3 very much so (inside a valid range that the map gives). */
unsigned explain_looks(const struct point *p, const struct sample *s);
/* Does `other` look so much better than `own` that people should be told? */
bool explain_far_better(const struct point *p, const struct sample *own, const struct sample *other);
/* What people are told of another way to read the same bytes: "order CDAB would give 7.25; as
 * configured it is 2.315e-41". The best looking of all that were weighed. */
enum { EXPLAIN_HINT = 240 };
struct explain_hint {
    unsigned looks;                /* 0: there is nothing to tell */
    char text[EXPLAIN_HINT];
};
void explain_weigh(struct explain_hint *h, const struct point *p, const struct sample *own,
                   const struct sample *other, const char *what);
/* All orders weighed against the sample as it is. */
void explain_hint(struct explain_hint *h, const struct explain_input *in, const struct sample *own);

/* An address as people write it who don't count as the wire does. */
struct explain_address {
    char hex[8];                   /* "0x0064" */
    uint32_t number;               /* 101: counted from one, as most manuals do */
    char modicon[8];               /* "40101", "400101" where five digits aren't enough */
    char iec[10];                  /* "%MW100", "%M5"; "": the table has none */
};
void explain_address(struct explain_address *out, enum table table, uint16_t address);

/* For people: "412.5", "'text'", "true"; "-" for none. Returns out. */
const char *explain_value(char *out, size_t room, const struct value *v);

#endif
