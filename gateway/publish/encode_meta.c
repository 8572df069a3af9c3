/* SPDX-License-Identifier: Apache-2.0 */
/* The tag dictionary: what a historian has to know to name, scale and draw a tag. */
#include <math.h>

#include "base/period.h"
#include "base/permit.h"
#include "publish/encode.h"
#include "publish/topic.h"

static const char *const raw_words[RAW_COUNT] = {
    [RAW_BOOL] = "bool",     [RAW_U8] = "u8",         [RAW_S8] = "s8",
    [RAW_U16] = "u16",       [RAW_S16] = "s16",       [RAW_U24] = "u24",
    [RAW_S24] = "s24",       [RAW_U32] = "u32",       [RAW_S32] = "s32",
    [RAW_U48] = "u48",       [RAW_S48] = "s48",       [RAW_U64] = "u64",
    [RAW_S64] = "s64",       [RAW_F16] = "f16",       [RAW_F32] = "f32",
    [RAW_F64] = "f64",       [RAW_BCD16] = "bcd16",   [RAW_BCD32] = "bcd32",
    [RAW_BCD64] = "bcd64",   [RAW_M10K32] = "m10k32", [RAW_M10K48] = "m10k48",
    [RAW_M10K64] = "m10k64", [RAW_SM16] = "sm16",     [RAW_STRING] = "string",
    [RAW_TIME] = "time",
};
static const char *const table_words[TABLE_COUNT] = {"coil", "discrete", "input", "holding"};
static const char *const kind_words[] = {"gauge", "counter", "state", "event", "text"};
static const char *const curve_words[] = {"none", "linear", "span", "table", "weir", "pf4q"};

static void key(struct json *j, const char *name)
{
    json_word(j, ",\"");
    json_raw(j, name, strlen(name));
    json_word(j, "\":");
}

static void number(struct json *j, const char *name, double x)
{
    key(j, name);
    json_real(j, x, false);
}

static void word(struct json *j, const char *name, const char *s)
{
    key(j, name);
    json_string(j, s);
}

/* What the value looks like in JSON, so that a historian can make its column before the first one.
 */
static const char *looks(const struct map *map, const struct point *p)
{
    if (p->choice_count || p->type == RAW_STRING || p->type == RAW_TIME || p->kind == KIND_TEXT)
        return "text";
    if (p->bit >= 0 || (p->from < 0 && p->type == RAW_BOOL))
        return "boolean";
    bool whole = p->type != RAW_F16 && p->type != RAW_F32 && p->type != RAW_F64;
    for (unsigned i = 0; p->weights && i < p->part_count; i++)
        whole = whole && !p->weights[i].places;
    if (p->from >= 0 && map) {
        const char *source = looks(map, &map->points[p->from]); /* which stands before it */
        if (p->curve == CURVE_NONE && !p->mask && !p->shift)
            return source;
        whole = p->mask || p->shift || strcmp(source, "real") != 0;
    }
    whole = whole && p->exp_from < 0 && p->mul_from < 0 &&
            (p->curve == CURVE_NONE ||
             (p->curve == CURVE_LINEAR && !p->scale.places && !p->offset.places));
    return whole ? "integer" : "real";
}

static void order(struct json *j, const struct point *p)
{
    char letters[8];
    if (p->bytes < 2 || p->bytes > 8)
        return;
    /* order[i]: the place on the wire of the i-th byte; printed as the map writes it: for each
     * place on the wire, the letter of the byte that lies there. */
    for (unsigned i = 0; i < p->bytes; i++)
        if (p->order[i] < p->bytes)
            letters[p->order[i]] = (char)('A' + i);
        else
            return;
    key(j, "order");
    json_text(j, letters, p->bytes);
}

static void place(struct json *j, const struct map *map, const struct point *p)
{
    if (p->from >= 0) {
        word(j, "from", map->points[p->from].name);
        return;
    }
    json_word(j, ",\"register\":{\"table\":");
    json_string(j, p->table < TABLE_COUNT ? table_words[p->table] : NULL);
    key(j, "address");
    json_int(j, p->address);
    key(j, "words");
    json_int(j, p->words);
    word(j, "type", p->type < RAW_COUNT ? raw_words[p->type] : NULL);
    order(j, p);
    if (p->bit >= 0) {
        key(j, "bit");
        json_int(j, p->bit);
    }
    if (p->mask) {
        struct value mask = {.kind = VALUE_UINT, .u = p->mask};
        key(j, "mask");
        json_value(j, &mask);
        key(j, "shift");
        json_int(j, p->shift);
    }
    if (p->inverted)
        json_word(j, ",\"inverted\":true");
    json_word(j, "}");
}

static void conversion(struct json *j, const struct map *map, const struct point *p)
{
    if (p->curve != CURVE_NONE)
        word(j, "curve", curve_words[p->curve]);
    if (p->curve == CURVE_LINEAR) {
        number(j, "scale", p->scale.real);
        number(j, "offset", p->offset.real);
    }
    if (p->curve == CURVE_SPAN) {
        json_word(j, ",\"span\":{\"raw\":[");
        json_real(j, p->raw_low, false);
        json_word(j, ",");
        json_real(j, p->raw_high, false);
        json_word(j, "],\"eng\":[");
        json_real(j, p->eng_low, false);
        json_word(j, ",");
        json_real(j, p->eng_high, false);
        json_word(j, "]}");
    }
    if (map && p->exp_from >= 0)
        word(j, "exp_from", map->points[p->exp_from].name);
    if (map && p->mul_from >= 0)
        word(j, "mul_from", map->points[p->mul_from].name);
}

static void choices(struct json *j, const struct point *p)
{
    if (!p->choice_count)
        return;
    json_word(j, ",\"enum\":{");
    for (uint32_t i = 0; i < p->choice_count; i++) {
        json_raw(j, i ? ",\"" : "\"", i ? 2 : 1);
        json_int(j, p->choices[i].raw);
        json_word(j, "\":");
        json_text(j, p->choices[i].text, p->choices[i].length);
    }
    json_word(j, "}");
}

static void looks_of(struct json *j, const struct point *p)
{
    if (p->kind <= KIND_TEXT)
        word(j, "kind", kind_words[p->kind]);
    if (*p->unit)
        word(j, "unit", p->unit);
    if (*p->about)
        word(j, "about", p->about);
    if (p->has_valid) {
        number(j, "low", p->valid_low);
        number(j, "high", p->valid_high);
    }
    if (p->deadband > 0)
        number(j, "deadband", p->deadband);
    if (p->max_silence_ns) {
        key(j, "max_silence_ms");
        json_int(j, p->max_silence_ns / NS_PER_MS);
    }
    if (p->has_wrap)
        number(j, "wrap", p->wrap);
    choices(j, p);
}

static void tag_topic(struct json *j, const struct meta *m, const char *name)
{
    char topic[TOPIC_MAX];
    size_t n = topic_make(topic, m->plant->mqtt.root, m->plant->site, TOPIC_VALUE, m->path, name);
    if (n) {
        key(j, "topic");
        json_text(j, topic, n);
    }
}

static void writable(struct json *j, const struct meta *m, const struct point *p)
{
    uint32_t tag = m->device->first_tag + (uint32_t)(p - m->device->map->points);
    const struct write_permit *w = p->write ? permit_write(&m->plant->commands, tag) : NULL;
    if (!w) {
        json_word(j, ",\"writable\":false");
        return;
    }
    json_word(j, ",\"writable\":true");
    if (!isnan(w->low)) {
        json_word(j, ",\"write_limits\":[");
        json_real(j, w->low, false);
        json_word(j, ",");
        json_real(j, w->high, false);
        json_word(j, "]");
    }
    if (p->danger)
        json_word(j, ",\"danger\":true");
}

static void point(struct json *j, const struct meta *m, const struct point *p)
{
    const struct map *map = m->device->map;
    const struct point *root = p;
    while (root->from >= 0)
        root = &map->points[root->from];
    json_word(j, "{\"tag\":");
    json_string(j, p->name);
    tag_topic(j, m, p->name);
    word(j, "type", looks(map, p));
    looks_of(j, p);
    if (root->read_mode != READ_ON_DEMAND) {
        key(j, "every_ms");
        json_real(j, (double)period_of(m->device, root) / 1e6, false);
    }
    place(j, map, p);
    conversion(j, map, p);
    writable(j, m, p);
    json_word(j, "}");
}

/* The full name of a tag by its number. */
static void full_name(struct json *j, const struct plant *p, uint32_t tag)
{
    if (tag >= p->first_derived && tag - p->first_derived < p->derived_count) {
        json_string(j, p->derived[tag - p->first_derived].path);
        return;
    }
    for (uint32_t i = 0; i < p->device_count; i++) {
        const struct device *d = &p->devices[i];
        char name[4 * (NAME_MAX_BYTES + 1)];
        if (tag < d->first_tag || tag - d->first_tag >= d->map->point_count)
            continue;
        struct json n = json_into(name, sizeof(name));
        json_raw(&n, d->path, strlen(d->path));
        json_word(&n, "/");
        json_raw(&n, d->map->points[tag - d->first_tag].name,
                 d->map->points[tag - d->first_tag].name_length);
        json_text(j, name, json_length(&n));
        return;
    }
    json_word(j, "null");
}

static void derived(struct json *j, const struct meta *m, const struct derived *d)
{
    json_word(j, "{\"tag\":");
    json_string(j, d->point.name);
    tag_topic(j, m, d->point.name);
    if (!d->expression) /* what an expression makes is known when it is computed, and may change */
        word(j, "type", looks(NULL, &d->point));
    looks_of(j, &d->point);
    if (!d->expression) { /* no expression, no inputs: the gateway's own finding */
        json_word(j, ",\"watched\":true,\"writable\":false}");
        return;
    }
    word(j, "derived", d->expression);
    json_word(j, ",\"inputs\":{");
    for (uint32_t i = 0; i < d->input_count; i++) {
        if (i)
            json_word(j, ",");
        json_string(j, d->inputs[i].name);
        json_word(j, ":");
        full_name(j, m->plant, d->inputs[i].tag);
    }
    json_word(j, "},\"writable\":false}");
}

static uint32_t own_points(const struct meta *m)
{
    return m->device ? m->device->map->point_count : 0;
}

/* The n-th derived tag of this path. NULL: fewer than that. */
static const struct derived *nth(const struct meta *m, uint32_t n)
{
    for (uint32_t i = 0; i < m->plant->derived_count; i++)
        if (strcmp(m->plant->derived[i].device_path, m->path) == 0 && n-- == 0)
            return &m->plant->derived[i];
    return NULL;
}

uint32_t meta_count(const struct meta *m)
{
    uint32_t n = own_points(m);
    for (uint32_t i = 0; i < m->plant->derived_count; i++)
        n += strcmp(m->plant->derived[i].device_path, m->path) == 0;
    return n;
}

static void head(struct json *j, const struct meta *m, unsigned part)
{
    json_word(j, "{\"gateway\":");
    json_string(j, m->plant->gateway);
    word(j, "device", m->path);
    key(j, "timestamp");
    json_int(j, m->time.ms);
    if (m->device) {
        word(j, "line", m->plant->lines[m->device->line].name);
        word(j, "map", m->device->map->name);
        word(j, "map_hash", m->device->map->hash);
        if (m->device->map->title)
            word(j, "title", m->device->map->title);
        key(j, "unit_id");
        json_int(j, m->device->unit);
    }
    key(j, "part");
    json_int(j, part);
    json_word(j, ",\"tags\":[");
}

uint32_t encode_meta(struct json *j, const struct meta *m, uint32_t from, unsigned part)
{
    enum { TAIL = 32 };
    uint32_t count = meta_count(m), points = own_points(m), i = from;
    head(j, m, part);
    for (; i < count; i++) {
        struct json before = *j;
        if (i > from)
            json_word(j, ",");
        if (i < points)
            point(j, m, &m->device->map->points[i]);
        else
            derived(j, m, nth(m, i - points));
        if (j->overflow || j->end - j->at < TAIL) {
            /* A tag too big for a whole part (a huge enum) is left out rather than tried for ever.
             */
            *j = before;
            if (i == from)
                i++;
            break;
        }
    }
    json_word(j, "],\"last\":");
    if (i < count)
        json_word(j, "false}");
    else
        json_word(j, "true}");
    return i;
}
