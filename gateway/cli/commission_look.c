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
#include "values/decode.h"
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

enum { TYPED = 64 };

/* Without its unit. false: nothing is left, or too much. */
static bool bare_number(const struct point *p, const char *words, char text[static TYPED])
{
    size_t length = strlen(words), unit = strlen(p->unit);
    if (unit > 0 && length > unit && strcmp(words + length - unit, p->unit) == 0)
        length -= unit;
    while (length > 0 && words[length - 1] == ' ')
        length--;
    if (length == 0 || length >= TYPED)
        return false;
    memcpy(text, words, length);
    text[length] = 0;
    return true;
}

/* "41.9", "41,9", "41.9 m3/h". */
static bool read_number(const struct point *p, const char *words, double *out)
{
    char text[TYPED];
    return bare_number(p, words, text) && text_to_real_typed(text, out);
}

static double last_digit(const struct point *p, const char *words)
{
    char text[TYPED];
    return bare_number(p, words, text) ? text_last_digit(text) : 0;
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

/* ---- how else it could be read ----------------------------------------------------------------
 */

enum { RANKED = 12, READING_ROOM = 80 };

/* "holding 101 as s16 x 0.1" */
static void say_reading(const struct plausible *r, char out[static READING_ROOM])
{
    char scale[24] = "";
    if (r->point.curve == CURVE_LINEAR && r->point.scale.real != 1)
        snprintf(scale, sizeof scale, " x %.10g", r->point.scale.real);
    snprintf(out, READING_ROOM, "%s %u as %s%s%s%s", table_name((enum table)r->point.table),
             r->point.address, raw_type_name((enum raw_type)r->point.type), *r->order ? " " : "",
             r->order, scale);
}

static int by_score(const void *a, const void *b)
{
    const struct plausible *x = a, *y = b;
    return x->score < y->score ? 1 : x->score > y->score ? -1 : 0;
}

/* Those that fit, the likeliest first: mostly it is the order of what the map has right else. */
static size_t readings(const struct point *p, const struct plausible_words *words,
                       const struct plausible_wish *wish, struct plausible found[static RANKED])
{
    static const double right_else = 1.5;
    size_t count = 0, all = plausible_rank(words, 1, wish, found, RANKED);
    for (size_t i = 0; i < all; i++)
        if (found[i].fits)
            found[count++] = found[i];
    for (size_t i = 0; i < count; i++)
        if (found[i].point.address == p->address && found[i].point.type == p->type)
            found[i].score += right_else;
    qsort(found, count, sizeof *found, by_score);
    return count;
}

static bool agrees(const struct plausible *r, const struct plausible_wish *wish)
{
    return fabs(value_number(&r->value) - wish->expect) <= wish->digit * (1 + 1e-9);
}

/* In a row of floats the other order reads much the same from one register further on: the word
 * that both begin with is the same. Only digits tell them apart. */
static bool is_twin(const struct plausible *a, const struct plausible *b)
{
    return a->point.type == b->point.type && a->point.words == b->point.words &&
           a->point.address + a->point.order[0] / 2 == b->point.address + b->point.order[0] / 2 &&
           a->point.scale.mantissa == b->point.scale.mantissa &&
           a->point.scale.places == b->point.scale.places;
}

/* Where several would do, the wrong one must not be followed: two are named, more are none. */
static void tell_hint(const struct plausible *found, size_t count,
                      const struct plausible_wish *wish, char out[static HINT_ROOM])
{
    static const double far = 3; /* one in twenty */
    const struct plausible *rival = NULL;
    char first[READING_ROOM], second[READING_ROOM];
    for (size_t i = 1; i < count; i++) {
        bool same =
            is_twin(&found[0], &found[i]) && (agrees(&found[i], wish) || !agrees(&found[0], wish));
        if (!same && found[i].score <= found[0].score - far)
            continue;
        if (rival)
            return;
        rival = &found[i];
    }
    if (count == 0)
        return;
    say_reading(&found[0], first);
    if (!rival) {
        snprintf(out, HINT_ROOM, "%s would be that%s%s", first, *found[0].why ? ": " : "",
                 found[0].why);
        return;
    }
    say_reading(rival, second);
    snprintf(out, HINT_ROOM, "%s (%.7g) or %s (%.7g) would be that; another value tells which",
             first, value_number(&found[0].value), second, value_number(&rival->value));
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
                                        .span = 1,
                                        .slack = 2,
                                        .has_range = true,
                                        .low = wanted - slack,
                                        .high = wanted + slack,
                                        .expect = wanted,
                                        .digit = last_digit(p, expected) / 2};
    struct plausible *found = calloc(RANKED, sizeof *found);
    if (found)
        tell_hint(found, readings(p, &words, &wish, found), &wish, out);
    free(found);
}
