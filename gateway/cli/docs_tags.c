/* SPDX-License-Identifier: Apache-2.0 */
/* The tags themselves: device by device for people, and all in one list for programs. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/period.h"
#include "base/text.h"
#include "cli/docs.h"
#include "cli/plan.h"
#include "cli/point_words.h"
#include "config/map.h"
#include "publish/topic.h"

enum { CONNECT = 320 };

static double period_ms(const struct device *d, const struct point *p)
{
    return (double)period_of(d, p) / (double)NS_PER_MS;
}

static void topic_of(char out[static TOPIC_MAX], const struct plant *p, const char *device,
                     const char *tag)
{
    if (topic_make(out, p->mqtt.root, p->site, TOPIC_VALUE, device, tag) == 0)
        *out = 0;
}

/* "1 s, change 0.5, at least every 60 s" */
static void put_when(struct docs *docs, const struct device *d, const struct point *p)
{
    char time[32];
    if (p->read_mode == READ_ON_DEMAND)
        paper_cell(&docs->paper, "%s", "on demand");
    else if (p->read_mode == READ_ONCE)
        paper_cell(&docs->paper, "%s", "once a connection");
    else
        paper_cell(&docs->paper, "%s", text_from_duration(time, period_of(d, p)));
    if (p->deadband > 0)
        paper_more(&docs->paper, "\n\xC2\xB1%.10g", p->deadband);
    if (p->max_silence_ns > 0)
        paper_more(&docs->paper, "\nor after %s", text_from_duration(time, p->max_silence_ns));
}

static void put_kind(struct docs *docs, const struct point *p, uint32_t tag)
{
    paper_cell(&docs->paper, "%s%s%s%s", words_of_kind(p), p->danger ? "\ndanger" : "",
               p->optional ? "\nnot on every model" : "",
               docs_permit(docs, tag) ? "\nmay be written" : "");
    if (p->choice_count > 0 || p->factor_count > 0 || p->inverted) {
        paper_more(&docs->paper, "%s", "\n");
        docs_choices(docs, p);
    }
}

static void put_device_tag(struct docs *docs, const struct device *d, uint32_t point)
{
    const struct point *p = &d->map->points[point];
    struct paper *paper = &docs->paper;
    char words[POINT_WORDS];
    paper_cell(paper, "%s", p->name);
    paper_cell(paper, "%s", words_of_address(words, p));
    paper_cell(paper, "%s", words_of_doc(words, d->map, p));
    paper_cell(paper, "%s", words_of_type(words, p));
    if (p->from >= 0)
        paper_more(paper, "of %s", d->map->points[p->from].name);
    if (*words_of_scale(words, d->map, p))
        paper_more(paper, "\n%s", words);
    paper_cell(paper, "%s", p->unit);
    paper_cell(paper, "%s", words_of_range(words, p));
    if (p->from >= 0)
        paper_cell(paper, "%s", "");
    else
        put_when(docs, d, p);
    put_kind(docs, p, d->first_tag + point);
    paper_cell(paper, "%s", "");
    docs_mentions(docs, d->first_tag + point, MENTIONS_ALL);
    if (p->at.file && strcmp(p->at.file, d->map->file) != 0)
        paper_cell(paper, "%s:%u", words_of_file(p->at.file), p->at.line);
    else
        paper_cell(paper, "%u", p->at.line);
    paper_cell(paper, "%s", p->about);
}

static void put_device(struct docs *docs, const struct device *d)
{
    static const struct column columns[] = {{"Tag", 17, false, true},
                                            {"Wire address", 9, false, true},
                                            {"Maker's", 6, false, true},
                                            {"Type", 11, false, true},
                                            {"Unit", 5, false, false},
                                            {"Valid", 7, false, false},
                                            {"Read", 6, false, false},
                                            {"Kind, values", 12, false, false},
                                            {"Watched, used by", 15, false, false},
                                            {"Map line", 4, false, true},
                                            {"About", 8, false, false}};
    const struct plant *p = docs->plant;
    const struct line *l = &p->lines[d->line];
    char connect[CONNECT], topic[TOPIC_MAX], every[32];
    plan_connect_text(l, connect, sizeof connect);
    topic_of(topic, p, d->path, NULL);
    paper_heading(&docs->paper, d->path);
    paper_say(&docs->paper, "%s. Line %s, %s, unit %u, every %s. Map %s (%s), version %s.%s%s",
              *d->map->title ? d->map->title : d->map->name, l->name, connect, d->unit,
              text_from_duration(every, d->every_ns > 0 ? d->every_ns : NS_PER_S), d->map->name,
              words_of_file(d->map->file), d->map->hash, d->identity ? " It says that it is " : "",
              d->identity ? d->identity : "");
    paper_say(&docs->paper, "Topics: %s/<tag>", topic);
    paper_table(&docs->paper, columns, sizeof columns / sizeof *columns);
    for (uint32_t i = 0; i < d->map->point_count; i++)
        put_device_tag(docs, d, i);
    paper_table_end(&docs->paper);
}

static void put_inputs(struct docs *docs, const struct derived *t)
{
    char path[TAG_WORDS];
    for (uint32_t i = 0; i < t->input_count; i++)
        paper_more(&docs->paper, "%s%s = %s", i ? "\n" : "", t->inputs[i].name,
                   words_of_tag(path, docs->plant, t->inputs[i].tag));
}

static void put_derived(struct docs *docs, uint32_t area)
{
    static const struct column columns[] = {
        {"Tag", 15, false, true},   {"Expression", 22, false, true},
        {"Of", 23, false, true},    {"Unit", 5, false, false},
        {"Valid", 7, false, false}, {"Watched, used by", 18, false, false},
        {"About", 10, false, false}};
    const struct plant *p = docs->plant;
    bool begun = false;
    char words[POINT_WORDS];
    for (uint32_t i = 0; i < p->derived_count; i++) {
        const struct derived *t = &p->derived[i];
        if (!docs_in_area(docs, t->path, area))
            continue;
        if (!begun) {
            char topic[TOPIC_MAX];
            topic_of(topic, p, p->areas[area].name, NULL);
            paper_heading(&docs->paper, "Made by the gateway");
            paper_say(&docs->paper, "Topics: %s/<device>/<tag>", topic);
            paper_table(&docs->paper, columns, sizeof columns / sizeof *columns);
        }
        begun = true;
        paper_cell(&docs->paper, "%s", t->path);
        paper_cell(&docs->paper, "%s", t->expression ? t->expression : "");
        paper_cell(&docs->paper, "%s", "");
        put_inputs(docs, t);
        paper_cell(&docs->paper, "%s", t->point.unit);
        paper_cell(&docs->paper, "%s", words_of_range(words, &t->point));
        paper_cell(&docs->paper, "%s", "");
        docs_mentions(docs, p->first_derived + i, MENTIONS_ALL);
        paper_cell(&docs->paper, "%s", t->point.about);
    }
    if (begun)
        paper_table_end(&docs->paper);
}

void docs_area(struct docs *d, uint32_t area)
{
    for (uint32_t i = 0; i < d->plant->device_count; i++)
        if (d->plant->devices[i].area == area)
            put_device(d, &d->plant->devices[i]);
    put_derived(d, area);
}

/* ---- one list ---------------------------------------------------------------------------------
 */

static const struct column list[] = {{.title = "tag"},
                                     {.title = "area"},
                                     {.title = "device"},
                                     {.title = "name"},
                                     {.title = "topic"},
                                     {.title = "line"},
                                     {.title = "connect"},
                                     {.title = "unit_id", .number = true},
                                     {.title = "table"},
                                     {.title = "address", .number = true},
                                     {.title = "bit", .number = true},
                                     {.title = "words", .number = true},
                                     {.title = "doc"},
                                     {.title = "type"},
                                     {.title = "order"},
                                     {.title = "scaling"},
                                     {.title = "from"},
                                     {.title = "unit"},
                                     {.title = "valid_low", .number = true},
                                     {.title = "valid_high", .number = true},
                                     {.title = "period_ms", .number = true},
                                     {.title = "deadband", .number = true},
                                     {.title = "max_silence_ms", .number = true},
                                     {.title = "kind"},
                                     {.title = "values"},
                                     {.title = "alarms"},
                                     {.title = "leaks"},
                                     {.title = "used_by"},
                                     {.title = "expression"},
                                     {.title = "inputs"},
                                     {.title = "write_low", .number = true},
                                     {.title = "write_high", .number = true},
                                     {.title = "may_write"},
                                     {.title = "map"},
                                     {.title = "map_version"},
                                     {.title = "file"},
                                     {.title = "file_line", .number = true},
                                     {.title = "verified"},
                                     {.title = "about"}};

static void put_register(struct docs *docs, const struct device *d, const struct point *p)
{
    struct paper *paper = &docs->paper;
    char words[CONNECT];
    const struct line *l = &docs->plant->lines[d->line];
    bool asked = p->from < 0;
    plan_connect_text(l, words, sizeof words);
    paper_cell(paper, "%s", l->name);
    paper_cell(paper, "%s", words);
    paper_number(paper, d->unit);
    paper_cell(paper, "%s", asked ? table_name((enum table)p->table) : "");
    paper_number(paper, asked ? p->address : (double)NAN);
    paper_number(paper, asked && p->bit >= 0 ? p->bit : (double)NAN);
    paper_number(paper, asked ? p->words : (double)NAN);
    paper_cell(paper, "%s", words_of_doc(words, d->map, p));
    paper_cell(paper, "%s", asked ? raw_type_name((enum raw_type)p->type) : "");
    paper_cell(paper, "%s", words_of_order(words, p));
    paper_cell(paper, "%s", words_of_scale(words, d->map, p));
    paper_cell(paper, "%s", asked ? "" : d->map->points[p->from].name);
}

static void put_looks(struct docs *docs, const struct device *d, const struct point *p)
{
    struct paper *paper = &docs->paper;
    double silence = (double)p->max_silence_ns / (double)NS_PER_MS;
    paper_cell(paper, "%s", p->unit);
    paper_number(paper, p->has_valid ? p->valid_low : (double)NAN);
    paper_number(paper, p->has_valid ? p->valid_high : (double)NAN);
    paper_number(paper,
                 d && p->from < 0 && p->read_mode == READ_POLL ? period_ms(d, p) : (double)NAN);
    paper_number(paper, p->deadband);
    paper_number(paper, silence > 0 ? silence : (double)NAN);
    paper_cell(paper, "%s", words_of_kind(p));
    paper_cell(paper, "%s", "");
    docs_choices(docs, p);
}

static void put_users(struct docs *docs, uint32_t tag, const struct derived *t)
{
    static const unsigned which[] = {MENTIONS_ALARMS, MENTIONS_LEAKS, MENTIONS_OTHERS};
    for (unsigned i = 0; i < 3; i++) {
        paper_cell(&docs->paper, "%s", "");
        docs_mentions(docs, tag, which[i]);
    }
    paper_cell(&docs->paper, "%s", t && t->expression ? t->expression : "");
    paper_cell(&docs->paper, "%s", "");
    if (t)
        put_inputs(docs, t);
}

static void put_write(struct docs *docs, uint32_t tag, const struct point *p)
{
    const struct write_permit *w = docs_permit(docs, tag);
    bool limits = p->write && p->write->has_limits;
    double low = w && isfinite(w->low) ? w->low : limits ? p->write->low : (double)NAN;
    double high = w && isfinite(w->high) ? w->high : limits ? p->write->high : (double)NAN;
    paper_number(&docs->paper, low);
    paper_number(&docs->paper, high);
    paper_cell(&docs->paper, "%s", w ? "allowed" : p->write ? "not allowed" : "");
}

static void put_place(struct docs *docs, const struct map *map, struct place at,
                      const struct point *p)
{
    const char *file = at.file ? at.file : map ? map->file : docs->plant->file;
    const char *verified = p->verified ? p->verified : map ? map->verified : "";
    paper_cell(&docs->paper, "%s", map ? map->name : "");
    paper_cell(&docs->paper, "%s", map ? map->hash : "");
    paper_cell(&docs->paper, "%s", file);
    paper_number(&docs->paper, at.line);
    paper_cell(&docs->paper, "%s", verified);
    paper_cell(&docs->paper, "%s", p->about);
}

static void put_names(struct docs *docs, const char *device, const char *name)
{
    const char *slash = strchr(device, '/');
    char topic[TOPIC_MAX];
    topic_of(topic, docs->plant, device, name);
    paper_cell(&docs->paper, "%s/%s", device, name);
    paper_cell(&docs->paper, "%.*s", (int)(slash - device), device);
    paper_cell(&docs->paper, "%s", slash + 1);
    paper_cell(&docs->paper, "%s", name);
    paper_cell(&docs->paper, "%s", topic);
}

void docs_list(struct docs *docs)
{
    const struct plant *plant = docs->plant;
    paper_table(&docs->paper, list, sizeof list / sizeof *list);
    for (uint32_t i = 0; i < plant->device_count; i++) {
        const struct device *d = &plant->devices[i];
        for (uint32_t k = 0; k < d->map->point_count; k++) {
            const struct point *p = &d->map->points[k];
            put_names(docs, d->path, p->name);
            put_register(docs, d, p);
            put_looks(docs, d, p);
            put_users(docs, d->first_tag + k, NULL);
            put_write(docs, d->first_tag + k, p);
            put_place(docs, d->map, p->at, p);
        }
    }
    for (uint32_t i = 0; i < plant->derived_count; i++) {
        const struct derived *t = &plant->derived[i];
        put_names(docs, t->device_path, t->point.name);
        for (unsigned k = 0; k < 12; k++)
            paper_cell(&docs->paper, "%s", "");
        put_looks(docs, NULL, &t->point);
        put_users(docs, plant->first_derived + i, t);
        put_write(docs, plant->first_derived + i, &t->point);
        put_place(docs, NULL, t->at, &t->point);
    }
    paper_table_end(&docs->paper);
}
