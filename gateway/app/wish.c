/* SPDX-License-Identifier: Apache-2.0 */
#include "app/wish.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/permit.h"
#include "config/map.h"
#include "config/plant.h"
#include "values/decode.h"
#include "values/encode.h"

__attribute__((format(printf, 2, 3))) static const char *say(char *said, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(said, WISH_SAID, format, args);
    va_end(args);
    return said;
}

static const char *say_unknown(const struct plant *plant, const char *path, char *said)
{
    struct arena *scratch = arena_new(0);
    const char *near = scratch ? plant_suggest_tag(plant, scratch, path) : NULL;
    say(said, "there is no tag `%.200s`%s%.200s%s", path, near ? "; did you mean `" : "",
        near ? near : "", near ? "`?" : "");
    arena_free(scratch);
    return said;
}

/* Who allows it: the map, and the plant file. */
static const char *forbidden(const struct plant *plant, const char *path, uint32_t tag,
                             const struct point *p, const struct write_permit **permit, char *said)
{
    *permit = permit_write(&plant->commands, tag);
    if (!p->write)
        return say(said, "`%.200s` can't be written: its map does not say that it can", path);
    if (!(plant->commands.allow & PERMIT_BIT(ORDER_WRITE)))
        return say(said, "`write` is not allowed by the plant file: add `write` to `commands: "
                         "{allow: [...]}`, and the tag to `writes`");
    if (!*permit)
        return say(said,
                   "the plant file lets nobody write `%.200s`: add it to `commands: {writes: "
                   "{...}}`",
                   path);
    if (p->danger && !(*permit)->danger)
        return say(said, "`%.200s` is dangerous: its entry in `writes` does not say `danger: true`",
                   path);
    return NULL;
}

static const char *beyond(const struct point *p, const struct write_permit *permit,
                          const struct value *v, char *said)
{
    double x = value_number(v);
    char text[ENCODE_TEXT];
    if (isnan(permit->low) || !map_point_is_number(p))
        return NULL;
    if (v->kind == VALUE_BOOL || v->kind == VALUE_TEXT || isnan(x))
        return NULL; /* what it is instead is told by who turns it into registers */
    if (x >= permit->low && x <= permit->high)
        return NULL;
    return say(said, "%s%s%s is not within the limits, %g to %g", encode_text(text, v),
               *p->unit ? " " : "", p->unit, permit->low, permit->high);
}

const char *wish_judge(const struct plant *plant, const char *path, const struct value *v,
                       const struct value *was, struct write_job *job, char said[static WISH_SAID])
{
    uint32_t tag = plant_find_tag(plant, path);
    if (tag == TAG_NONE)
        return say_unknown(plant, path, said);
    if (tag >= plant->first_derived)
        return say(said, "`%.200s` is derived; no device could be told", path);
    const struct device *d = &plant->devices[plant_device_of(plant, tag)];
    const struct point *p = &d->map->points[tag - d->first_tag];
    const struct write_permit *permit;
    struct encoded e;
    char why[ENCODE_SAID];
    const char *no = forbidden(plant, path, tag, p, &permit, said);
    no = no ? no : beyond(p, permit, v, said);
    if (no)
        return no;
    *job =
        (struct write_job){.device = (uint32_t)(d - plant->devices), .point = tag - d->first_tag};
    if (was && encode_point(p, was, &e, why))
        return say(said, "was: %s", why);
    if (was) {
        job->has_was = true;
        memcpy(job->was, e.words, sizeof job->was);
    }
    if (encode_point(p, v, &e, why))
        return say(said, "%s", why);
    /* A number that came as a text was not measured against the limits yet. */
    struct sample s;
    encode_back(p, e.words, &s);
    no = beyond(p, permit, &s.value, said);
    if (no && v->kind == VALUE_TEXT)
        return no;
    job->count = e.count;
    memcpy(job->words, e.words, sizeof job->words);
    memcpy(job->masks, e.masks, sizeof job->masks);
    return NULL;
}

struct value wish_read(const struct point *p, const uint16_t *words, char raw[static WISH_RAW])
{
    struct sample s;
    encode_back(p, words, &s);
    int n = 0;
    unsigned count = p->table == TABLE_COIL || p->table == TABLE_DISCRETE ? 1 : p->words;
    for (unsigned i = 0; i < count && i < ENCODE_WORDS; i++)
        n += snprintf(raw + n, (size_t)(WISH_RAW - n), "%s%04X", i ? " " : "", words[i]);
    return s.value;
}

static const char *text_of(const struct point *p, const uint16_t *words, char out[ENCODE_TEXT + 24])
{
    char value[ENCODE_TEXT], raw[WISH_RAW];
    struct value v = wish_read(p, words, raw);
    snprintf(out, ENCODE_TEXT + 24, "%s%s%.16s", encode_text(value, &v), *p->unit ? " " : "",
             p->unit);
    return out;
}

const char *wish_ending(const struct point *p, const struct write_job *job,
                        const struct write_end *e, char said[static WISH_SAID])
{
    char is[ENCODE_TEXT + 24], other[ENCODE_TEXT + 24];
    switch (e->how) {
    case WRITE_DONE:
    case WRITE_THERE:
        return NULL;
    case WRITE_CHANGED:
        return say(said, "it is %s now, not %s; nothing was written", text_of(p, e->before, is),
                   text_of(p, job->was, other));
    case WRITE_FAILED:
        return say(said, "%s; nothing was written", e->why);
    case WRITE_UNKNOWN:
        return say(said, "unknown: sent, and nothing could be read back: %s", e->why);
    case WRITE_REFUSED:
    case WRITE_DIFFERS:
    case WRITE_UNCONFIRMED:
        break;
    }
    return say(said, "%s; it is %s now", e->why, text_of(p, e->after, is));
}
