/* SPDX-License-Identifier: Apache-2.0 */
/* What the device says now, and whether that is what a person sees. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/text.h"
#include "cli/ask.h"
#include "cli/commission.h"
#include "config/map.h"
#include "publish/json.h"
#include "values/plausible.h"

const char *quality_words(int quality)
{
    static const struct {
        int quality;
        const char *words;
    } table[] = {{QUALITY_GOOD, "good"},
                 {QUALITY_UNCERTAIN, "uncertain"},
                 {QUALITY_CONFIG_ERROR, "config error"},
                 {QUALITY_NOT_CONNECTED, "not connected"},
                 {QUALITY_DEVICE_FAILURE, "device failure"},
                 {QUALITY_SENSOR_FAILURE, "sensor failure"},
                 {QUALITY_LAST_KNOWN, "last known"},
                 {QUALITY_COMM_FAILURE, "comm failure"},
                 {QUALITY_OUT_OF_SERVICE, "out of service"}};
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        if (table[i].quality == quality)
            return table[i].words;
    return "bad";
}

const char *short_value(char out[static SHORT_VALUE], const char *value)
{
    double x;
    if (strlen(value) > 9 && strchr(value, '.') && text_to_real(value, &x))
        snprintf(out, SHORT_VALUE, "%.7g", x);
    else
        snprintf(out, SHORT_VALUE, "%s", value);
    return out;
}

/* ---- asking -----------------------------------------------------------------------------------
 */

static void keep_value(struct look *l, const struct value *v)
{
    l->number = *v;
    if (v->kind == VALUE_TEXT) {
        snprintf(l->value, sizeof l->value, "%.*s", (int)v->length, v->text);
        l->number.text = NULL;
        return;
    }
    struct json j = json_into(l->value, sizeof l->value - 1);
    if (v->kind != VALUE_NONE)
        json_value(&j, v);
    l->value[json_length(&j)] = 0;
    /* Beyond 2^53 it is a string in JSON; not for people. */
    size_t length = strlen(l->value);
    if (length > 1 && *l->value == '"') {
        memmove(l->value, l->value + 1, length - 2);
        l->value[length - 2] = 0;
    }
}

static void keep_raw(struct look *l, const struct block *b, const struct feed *f,
                     const struct point *p)
{
    bool bits = p->table == TABLE_COIL || p->table == TABLE_DISCRETE;
    size_t n = 0;
    if (b->fault != FAULT_NONE || !b->data)
        return;
    for (uint32_t i = 0; i < p->words && n + 8 < sizeof l->raw; i++) {
        uint32_t at = (uint32_t)(b->request->first + f->offset) + i - b->first;
        if (at >= b->count)
            return;
        n += (size_t)(bits ? snprintf(l->raw + n, sizeof l->raw - n, "%s%d", i ? " " : "",
                                      b->data[at / 8] >> (at % 8) & 1)
                           : snprintf(l->raw + n, sizeof l->raw - n, "%s%02X%02X", i ? " " : "",
                                      b->data[2 * at], b->data[2 * at + 1]));
    }
    l->table = p->table;
    for (uint32_t i = 0; !bits && i < b->count && i < REGISTERS_MAX; i++)
        l->words[l->count++] = (uint16_t)(b->data[2 * i] << 8 | b->data[2 * i + 1]);
    l->first = b->first;
}

/* Bytes in a wrong order are good bytes: nobody else says so. */
static void keep_hint(struct look *l, const struct asked *asked, const struct device *d,
                      uint32_t point)
{
    const struct feed *f;
    const struct ask_block *b = asked_of(asked, d, point, &f);
    struct explain_hint h = {0};
    struct explain_input in = {.map = d->map, .point = point};
    const struct sample *own = &board_tag(asked->board, d->first_tag + point)->now;
    bool number = own->value.kind != VALUE_NONE && own->value.kind != VALUE_TEXT;
    if (!b || !f || b->block.fault != FAULT_NONE || !number)
        return;
    in.data = b->block.data;
    in.offset = (uint16_t)(b->block.request->first + f->offset - b->block.first);
    ask_complete(asked, d, point, &in);
    explain_hint(&h, &in, own);
    snprintf(l->hint, sizeof l->hint, "%s", h.text);
}

bool look_now(const struct work *w, uint32_t i, int64_t patience_ns, struct look *out)
{
    const struct device *d = work_device(w, i);
    const struct ask_wish wish = {
        .device = d, .point = (int32_t)w->points[i].point, .patience_ns = patience_ns};
    struct arena *arena = arena_new(0);
    struct asked *asked = arena ? ask_now(arena, w->plan, &wish) : NULL;
    *out = (struct look){.quality = QUALITY_NOT_CONNECTED};
    if (asked) {
        const struct feed *feed = NULL;
        const struct sample *s = &board_tag(asked->board, d->first_tag + w->points[i].point)->now;
        const struct ask_block *b = asked_of(asked, d, w->points[i].point, &feed);
        if (b && feed)
            keep_raw(out, &b->block, feed, &d->map->points[ask_root(d, w->points[i].point)]);
        keep_value(out, &s->value);
        keep_hint(out, asked, d, w->points[i].point);
        out->quality = (int)s->quality;
        snprintf(out->why, sizeof out->why, "%s", s->reason ? s->reason : "");
        out->reason = s->reason ? out->why : NULL;
    }
    bool good = asked != NULL;
    asked_free(asked);
    arena_free(arena);
    return good;
}

/* ---- comparing --------------------------------------------------------------------------------
 */

/* "41.9", "41,9", "41.9 m3/h". */
static bool read_number(const struct point *p, const char *words, double *out)
{
    char text[64];
    size_t length = strlen(words), unit = strlen(p->unit);
    if (unit > 0 && length > unit && strcmp(words + length - unit, p->unit) == 0)
        length -= unit;
    while (length > 0 && words[length - 1] == ' ')
        length--;
    if (length == 0 || length >= sizeof text)
        return false;
    memcpy(text, words, length);
    text[length] = 0;
    char *comma = strchr(text, ',');
    if (comma && !strchr(text, '.') && !strchr(comma + 1, ','))
        *comma = '.';
    return text_to_real(text + (*text == '+'), out);
}

static bool read_truth(const char *words, bool *out)
{
    static const char *const truths[] = {"false", "true", "off", "on", "0", "1"};
    for (size_t i = 0; i < sizeof truths / sizeof *truths; i++)
        if (strcasecmp(words, truths[i]) == 0) {
            *out = i % 2;
            return true;
        }
    return false;
}

static bool number_of(const struct value *v, double *out)
{
    double scale = pow(10, v->places);
    switch ((enum value_kind)v->kind) {
    case VALUE_INT:
        *out = (double)v->i / scale;
        return true;
    case VALUE_UINT:
        *out = (double)v->u / scale;
        return true;
    case VALUE_REAL:
        *out = v->real;
        return true;
    case VALUE_NONE:
    case VALUE_BOOL:
    case VALUE_TEXT:
        break;
    }
    return false;
}

/* Nobody reads a needle better than that, nor a display than its last digit. */
static double allowance(const struct point *p, double expected, double tolerance)
{
    double step = p->curve == CURVE_LINEAR ? fabs(p->scale.real) / 2 : 0;
    return fmax(fmax(fabs(expected) * tolerance, p->deadband), step) * (1 + 1e-9);
}

enum match look_match(const struct point *p, const struct look *l, const char *expected,
                      double tolerance)
{
    double wanted, is;
    bool truth;
    if (l->number.kind == VALUE_TEXT)
        return strcasecmp(l->value, expected) == 0 ? MATCH_YES : MATCH_NO;
    if (l->number.kind == VALUE_BOOL)
        return !read_truth(expected, &truth) ? MATCH_UNKNOWN
               : truth == l->number.truth    ? MATCH_YES
                                             : MATCH_NO;
    if (l->number.kind == VALUE_NONE)
        return MATCH_NO;
    if (!read_number(p, expected, &wanted) || !number_of(&l->number, &is))
        return MATCH_UNKNOWN;
    return fabs(is - wanted) <= allowance(p, wanted, tolerance) ? MATCH_YES : MATCH_NO;
}

/* "holding 101 as s16 x 0.1 would be that: ..." */
static void tell_hint(const struct plausible *best, char out[static HINT_ROOM])
{
    char scale[32] = "";
    if (best->point.curve == CURVE_LINEAR && best->point.scale.real != 1)
        snprintf(scale, sizeof scale, " x %.10g", best->point.scale.real);
    snprintf(out, HINT_ROOM, "%s %u as %s%s%s%s would be that%s%s",
             table_name((enum table)best->point.table), best->point.address,
             raw_type_name((enum raw_type)best->point.type), *best->order ? " " : "", best->order,
             scale, *best->why ? ": " : "", best->why);
}

void look_hint(const struct point *p, const struct look *l, const char *expected, double tolerance,
               char out[static HINT_ROOM])
{
    double wanted;
    *out = 0;
    if (l->count == 0 || l->table < TABLE_INPUT || p->from >= 0 ||
        !read_number(p, expected, &wanted) || wanted == 0)
        return;
    double slack = allowance(p, wanted, tolerance);
    const struct plausible_words words = {
        .table = l->table, .first = l->first, .count = l->count, .rounds = 1, .words = l->words};
    const struct plausible_wish wish = {.address = p->address,
                                        .span = p->words,
                                        .slack = 2,
                                        .has_range = true,
                                        .low = wanted - slack,
                                        .high = wanted + slack,
                                        .expect = wanted};
    struct plausible *best = calloc(1, sizeof *best);
    if (best && plausible_rank(&words, 1, &wish, best, 1) == 1 && best->fits)
        tell_hint(best, out);
    free(best);
}
