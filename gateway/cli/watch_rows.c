/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/watch_told.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

/* Columns of fixed width; names and reasons share what is left. */
enum {
    STATE = 7,
    SINCE = 7,
    RTT = 7,
    GOOD = 8,
    BAD = 6,
    VALUE = 13,
    VALUE_WIDE = 21, /* where there is room: any 64-bit counter */
    WIDE = 100,
    UNIT = 7,
    QUALITY = 11,
    AGE = 7,
    DEVICE_FIXED = STATE + SINCE + RTT + GOOD + BAD + 7, /* with spaces, and the mark */
    VALUE_FIXED = UNIT + QUALITY + AGE + 6
};

static const char *const pages[WATCH_PAGES] = {
    [WATCH_DEVICES] = "devices", [WATCH_VALUES] = "values",       [WATCH_ALARMS] = "alarms",
    [WATCH_LEAKS] = "leaks",     [WATCH_INCIDENTS] = "incidents",
};

const char *watch_page_name(enum watch_page page)
{
    return pages[page];
}

bool watch_page_of(const char *name, enum watch_page *page)
{
    for (int i = 0; i < WATCH_PAGES; i++) {
        if (strcmp(pages[i], name) == 0) {
            *page = (enum watch_page)i;
            return true;
        }
    }
    return false;
}

const struct watch_list *watch_list_of(const struct watch *w, enum watch_page page)
{
    switch (page) {
    case WATCH_VALUES:
        return &w->values;
    case WATCH_ALARMS:
        return &w->alarms;
    case WATCH_LEAKS:
        return &w->leaks;
    case WATCH_INCIDENTS:
        return &w->incidents;
    case WATCH_DEVICES:
    case WATCH_PAGES:
        break;
    }
    return &w->devices;
}

bool watch_shown(const struct watch_view *v, const struct watch_item *item)
{
    if (item->gone || !watch_matches(v->filter, item->path))
        return false;
    if (v->page == WATCH_ALARMS)
        return v->all || watch_alarm_place(((const struct watch_told *)item)->said) != ALARM_SILENT;
    return v->page != WATCH_VALUES || strncmp(item->path, v->focus, strlen(v->focus)) == 0;
}

static int by_rank(const void *a, const void *b)
{
    const struct watch_told *const *x = a, *const *y = b;
    if ((*x)->rank != (*y)->rank)
        return (*x)->rank < (*y)->rank ? -1 : 1;
    if ((*x)->time.ms != (*y)->time.ms)
        return (*x)->time.ms > (*y)->time.ms ? -1 : 1;
    return strcmp((*x)->item.path, (*y)->item.path);
}

const struct watch_item **watch_pick(const struct watch *w, const struct watch_view *v,
                                     uint32_t *count)
{
    const struct watch_list *l = watch_list_of(w, v->page);
    const struct watch_item **picked = calloc(l->count + 1U, sizeof(*picked));
    *count = 0;
    for (uint32_t i = 0; picked != NULL && i < l->count; i++) {
        if (watch_shown(v, l->items[i]))
            picked[(*count)++] = l->items[i];
    }
    if (picked != NULL && v->page != WATCH_DEVICES && v->page != WATCH_VALUES)
        qsort(picked, *count, sizeof(*picked), by_rank);
    return picked;
}

enum watch_mood watch_mood_of(enum watch_page page, const struct watch_item *item, const char *old)
{
    if (page != WATCH_DEVICES && page != WATCH_VALUES)
        return watch_mood_told(page, (const struct watch_told *)item, old);
    if (old != NULL)
        return MOOD_DOUBTFUL;
    if (page == WATCH_DEVICES) {
        const struct watch_device *d = (const struct watch_device *)item;
        return strcmp(d->state, "online") == 0    ? MOOD_GOOD
               : strcmp(d->state, "unknown") == 0 ? MOOD_DOUBTFUL
                                                  : MOOD_BAD;
    }
    const struct watch_value *v = (const struct watch_value *)item;
    return v->quality == 192 ? MOOD_NONE : v->quality == 64 ? MOOD_DOUBTFUL : MOOD_BAD;
}

struct watch_widths watch_widths_for(enum watch_page page, int columns)
{
    if (page != WATCH_DEVICES && page != WATCH_VALUES)
        return watch_widths_told(page, columns);
    struct watch_widths w = {.value = columns < WIDE ? VALUE : VALUE_WIDE};
    int left = columns - (page == WATCH_DEVICES ? DEVICE_FIXED : VALUE_FIXED + w.value);
    if (left < 12)
        left = 12;
    w.name = left * 3 / 5; /* names are read more often than reasons */
    w.reason = left - w.name;
    return w;
}

struct watch_widths watch_widths_uncut(const struct watch_list *l)
{
    struct watch_widths w = {.name = 24, .reason = 512, .value = VALUE_WIDE};
    for (uint32_t i = 0; i < l->count; i++) {
        if (!l->items[i]->gone && strlen(l->items[i]->path) > (size_t)w.name)
            w.name = (int)strlen(l->items[i]->path);
    }
    return w;
}

static void plain_headings(struct canvas *c, enum watch_page page, const struct watch_widths *w)
{
    const struct {
        const char *text;
        int width;
    } devices[] = {{"device", w->name},        {"state", STATE}, {"since", -SINCE},
                   {"rtt ms", -RTT},           {"good", -GOOD},  {"bad", -BAD},
                   {"line: reason", w->reason}},
      values[] = {{"tag", w->name},     {"value", -w->value}, {"unit", UNIT},
                  {"quality", QUALITY}, {"age", -AGE},        {"reason", w->reason}},
      *cells = page == WATCH_DEVICES ? devices : values;
    size_t count =
        page == WATCH_DEVICES ? sizeof devices / sizeof *devices : sizeof values / sizeof *values;
    for (size_t i = 0; i < count; i++) {
        canvas_cell(c, cells[i].text, cells[i].width);
        if (i + 1 < count)
            canvas_bytes(c, " ", 1);
    }
}

void watch_headings(struct canvas *c, enum watch_page page, const struct watch_widths *w)
{
    if (page == WATCH_ALARMS)
        watch_alarm_headings(c, w);
    else if (page == WATCH_LEAKS)
        watch_leak_headings(c, w);
    else
        plain_headings(c, page, w);
}

static void device_row(struct canvas *c, const struct watch_device *d, const struct watch_widths *w,
                       const char *old, wall_t now)
{
    char since[16], rtt[24] = "-", good[24], bad[24], why[300];
    watch_age(since, d->since, now);
    if (d->rtt_ms >= 0)
        snprintf(rtt, sizeof rtt, "%.1f", d->rtt_ms);
    snprintf(good, sizeof good, "%llu", (unsigned long long)d->good);
    snprintf(bad, sizeof bad, "%llu", (unsigned long long)d->bad);
    const struct {
        const char *text;
        int width;
    } cells[] = {{old != NULL ? "unknown" : d->state, STATE},
                 {since, -SINCE},
                 {rtt, -RTT},
                 {good, -GOOD},
                 {bad, -BAD}};
    canvas_path(c, d->item.path, w->name);
    canvas_bytes(c, " ", 1);
    for (size_t i = 0; i < sizeof cells / sizeof *cells; i++) {
        canvas_cell(c, cells[i].text, cells[i].width);
        canvas_bytes(c, " ", 1);
    }
    snprintf(why, sizeof why, "%s%s%s", d->line, old != NULL || *d->reason ? ": " : "",
             old != NULL ? old : d->reason);
    canvas_cell(c, why, w->reason);
}

static void reason_of(const struct watch_value *v, char *out, size_t room)
{
    bool last = v->form == WATCH_NULL && v->last_form != WATCH_NULL;
    snprintf(out, room, "%s%s%s", v->reason, last ? "; last " : "", last ? v->last : "");
}

/* A screen is for a glance: a fraction of more than GLANCE characters is rounded to 7 digits. The
 * line below the table, --json and the topic itself have them all. */
enum { GLANCE = 12 };

static const char *at_a_glance(const struct watch_value *v, char out[32])
{
    double x;
    bool fraction = v->form == WATCH_WORD && strpbrk(v->text, ".eE") != NULL;
    if (!fraction || strlen(v->text) <= GLANCE || !text_to_real(v->text, &x))
        return v->text;
    snprintf(out, 32, "%.7g", x);
    return out;
}

static void value_row(struct canvas *c, const struct watch_value *v, const struct watch_widths *w,
                      const char *old, wall_t now)
{
    char age[16], why[200], quality[32], rounded[32];
    const char *text = at_a_glance(v, rounded);
    watch_age(age, v->time, now);
    reason_of(v, why, sizeof why);
    canvas_path(c, v->item.path, w->name);
    canvas_bytes(c, " ", 1);
    /* Half a number is a wrong number: rather none, as spreadsheets do. */
    bool cut = strlen(text) > (size_t)w->value && text[strspn(text, "+-.0123456789eE")] == 0;
    canvas_cell(c, v->form == WATCH_NULL ? "-" : cut ? "#####" : text, -w->value);
    canvas_bytes(c, " ", 1);
    canvas_cell(c, v->unit, UNIT);
    canvas_bytes(c, " ", 1);
    snprintf(quality, sizeof quality, "%s%s", old != NULL && v->quality == 192 ? "was " : "",
             watch_quality_name(v->quality));
    canvas_cell(c, quality, QUALITY);
    canvas_bytes(c, " ", 1);
    canvas_cell(c, age, -AGE);
    canvas_bytes(c, " ", 1);
    canvas_cell(c, why, w->reason);
}

void watch_row(struct canvas *c, enum watch_page page, const struct watch_item *item,
               const struct watch_widths *w, const char *old, wall_t now)
{
    if (page == WATCH_DEVICES)
        device_row(c, (const struct watch_device *)item, w, old, now);
    else if (page == WATCH_ALARMS)
        watch_alarm_row(c, (const struct watch_told *)item, w, old, now);
    else if (page == WATCH_LEAKS)
        watch_leak_row(c, (const struct watch_told *)item, w, old, now);
    else
        value_row(c, (const struct watch_value *)item, w, old, now);
}

void watch_detail(enum watch_page page, const struct watch_item *item, const char *old, char *out,
                  size_t room)
{
    char why[300];
    if (page == WATCH_DEVICES) {
        const struct watch_device *d = (const struct watch_device *)item;
        snprintf(out, room, "%s (line %s, unit %lld, map %s): %s%s%s%s%s", item->path, d->line,
                 (long long)d->unit, d->map, old != NULL ? old : "", old != NULL ? "; was " : "",
                 d->state, *d->reason ? ": " : "", d->reason);
        return;
    }
    const struct watch_value *v = (const struct watch_value *)item;
    reason_of(v, why, sizeof why);
    snprintf(out, room, "%s = %s%s%s, %s%s%s%s%s", item->path,
             v->form == WATCH_NULL ? "-" : v->text, *v->unit ? " " : "", v->unit,
             old != NULL ? old : "", old != NULL ? "; was " : "", watch_quality_name(v->quality),
             *why ? ": " : "", why);
}

void watch_gateway_text(const struct watch_gateway *g, const char *old, double messages_per_s,
                        wall_t now, char *out, size_t room)
{
    char since[16], polls[48] = "", heard[48] = "";
    bool online = strcmp(g->state, "online") == 0;
    if (old != NULL) {
        snprintf(out, room, "%s unknown: %s; was %s", g->item.path, old,
                 *g->state ? g->state : "unknown");
        return;
    }
    watch_age(since, online ? g->started : g->time, now);
    if (messages_per_s >= 0)
        snprintf(heard, sizeof heard, "  %.0f msg/s", messages_per_s);
    int length =
        snprintf(out, room, "%s %s %s%s%s%s", g->item.path, *g->state ? g->state : "unknown", since,
                 *g->reason ? ": " : "", g->reason, heard);
    if (!g->counted || length < 0 || (size_t)length >= room)
        return;
    if (g->polls_per_s >= 0)
        snprintf(polls, sizeof polls, "  %.0f polls/s", g->polls_per_s);
    snprintf(out + length, room - (size_t)length,
             "%s  journal: %llu waiting, %llu acked, %llu lost%s%s%s", polls,
             (unsigned long long)g->waiting, (unsigned long long)g->acknowledged,
             (unsigned long long)g->dropped, *g->trouble ? " (" : "", g->trouble,
             *g->trouble ? ")" : "");
}
