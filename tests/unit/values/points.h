/* SPDX-License-Identifier: Apache-2.0 */
/* Points by hand, and samples as words, so that a test is a table of facts. */
#ifndef TEST_VALUES_POINTS_H
#define TEST_VALUES_POINTS_H

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "values/decode.h"

static const uint8_t type_bytes[RAW_COUNT] = {
    [RAW_BOOL] = 0,   [RAW_U8] = 1,     [RAW_S8] = 1,    [RAW_U16] = 2,    [RAW_S16] = 2,
    [RAW_U24] = 3,    [RAW_S24] = 3,    [RAW_U32] = 4,   [RAW_S32] = 4,    [RAW_U48] = 6,
    [RAW_S48] = 6,    [RAW_U64] = 8,    [RAW_S64] = 8,   [RAW_F16] = 2,    [RAW_F32] = 4,
    [RAW_F64] = 8,    [RAW_BCD16] = 2,  [RAW_BCD32] = 4, [RAW_BCD64] = 8,  [RAW_M10K32] = 4,
    [RAW_M10K48] = 6, [RAW_M10K64] = 8, [RAW_SM16] = 2,  [RAW_STRING] = 0, [RAW_TIME] = 0,
};

/* order: letters as in maps; NULL: as it stands on the wire, its last bytes for narrow types. */
static inline struct point point_of(enum raw_type type, const char *order)
{
    struct point p = {
        .name = "tag",
        .from = -1,
        .table = TABLE_HOLDING,
        .type = (uint8_t)type,
        .bytes = type_bytes[type],
        .words = (uint16_t)((type_bytes[type] + 1) / 2),
        .bit = -1,
        .group = -1,
        .exp_from = -1,
        .mul_from = -1,
        .valid_if = {.point = -1, .bit = -1},
        .unit = "",
        .about = "",
    };
    if (p.words == 0)
        p.words = 1;
    for (unsigned i = 0; i < p.bytes; i++)
        p.order[i] = (uint8_t)(order ? order[i] - 'A' : (int)i + p.words * 2 - p.bytes);
    return p;
}

static inline struct decimal decimal_of(const char *text)
{
    struct decimal d;
    if (!text_to_decimal(text, &d))
        abort();
    return d;
}

static inline struct point scaled_point(enum raw_type type, const char *scale, const char *offset)
{
    struct point p = point_of(type, NULL);
    p.curve = CURVE_LINEAR;
    p.scale = decimal_of(scale);
    p.offset = decimal_of(offset);
    return p;
}

/* "4366 3333" to bytes. */
static inline size_t bytes_of(const char *hex, uint8_t *out)
{
    size_t n = 0;
    for (; *hex; hex += *hex ? 1 : 0) {
        unsigned byte;
        if (*hex == ' ')
            continue;
        if (sscanf(hex, "%2x", &byte) != 1)
            abort();
        out[n++] = (uint8_t)byte;
        hex++;
    }
    return n;
}

/* The shortest digits that are this number: what is told here must not hang on how JSON is told. */
static inline size_t digits_of(char *out, size_t room, const struct value *v)
{
    int n = 0;
    /* From four digits on, %g writes 1000 as people do. */
    bool plain = fabs(v->real) >= 1 && fabs(v->real) < 1e4;
    for (int precision = plain ? 4 : 1; precision <= 17; precision++) {
        n = snprintf(out, room, "%.*g", precision, v->real);
        double back = strtod(out, NULL);
        if (v->single ? (float)back == (float)v->real : back >= v->real && back <= v->real)
            break;
    }
    if (!strpbrk(out, ".e"))
        n += snprintf(out + n, room - (size_t)n, ".0");
    return (size_t)n;
}

/* "41.20", "true", "'text'", "bad 16: reason", "7?: reason" for an uncertain one. */
static inline const char *told_as(const struct sample *s)
{
    static char out[400];
    size_t n = 0;
    const struct value *v = &s->value;
    switch ((enum value_kind)v->kind) {
    case VALUE_NONE:
        snprintf(out, sizeof out, "bad %d: %s", (int)s->quality, s->reason ? s->reason : "");
        return out;
    case VALUE_BOOL:
        n = (size_t)snprintf(out, sizeof out, v->truth ? "true" : "false");
        break;
    case VALUE_INT: {
        uint64_t magnitude = v->i < 0 ? 0 - (uint64_t)v->i : (uint64_t)v->i;
        n = text_from_fixed(out, v->i < 0, magnitude, v->places);
        break;
    }
    case VALUE_UINT:
        n = text_from_fixed(out, false, v->u, v->places);
        break;
    case VALUE_REAL:
        n = digits_of(out, sizeof out, v);
        break;
    case VALUE_TEXT:
        n = (size_t)snprintf(out, sizeof out, "'%.*s'", (int)v->length, v->text);
        break;
    }
    out[n] = '\0';
    if (s->quality != QUALITY_GOOD)
        snprintf(out + n, sizeof out - n, "?: %s", s->reason);
    return out;
}

/* Decodes from bytes of exactly the right size on the heap, so that ASan sees a step too far. */
static inline const char *decoded(const struct point *p, const char *hex)
{
    uint8_t bytes[512];
    static char text[1024];
    size_t n = bytes_of(hex, bytes);
    uint8_t *exact = malloc(n ? n : 1);
    memcpy(exact, bytes, n);
    struct sample s;
    decode_point(p, exact, 0, text, &s);
    free(exact);
    return told_as(&s);
}

#endif
