/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/watch_rows.h"

#include <stdio.h>
#include <string.h>

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
    DEVICE_FIXED = STATE + SINCE + RTT + GOOD + BAD + 6,
    VALUE_FIXED = UNIT + QUALITY + AGE + 5
};

const struct watch_list *watch_list_of(const struct watch *w, enum watch_page page)
{
    return page == WATCH_DEVICES ? &w->devices : &w->values;
}

bool watch_shown(const struct watch_view *v, const struct watch_item *item)
{
    if (item->gone || !watch_matches(v->filter, item->path))
        return false;
    return v->page != WATCH_VALUES || strncmp(item->path, v->focus, strlen(v->focus)) == 0;
}

enum watch_mood watch_mood_of(enum watch_page page, const struct watch_item *item)
{
    if (page == WATCH_DEVICES) {
        const struct watch_device *d = (const struct watch_device *)item;
        return strcmp(d->state, "online") == 0    ? MOOD_GOOD
               : strcmp(d->state, "unknown") == 0 ? MOOD_DOUBTFUL
                                                  : MOOD_BAD;
    }
    const struct watch_value *v = (const struct watch_value *)item;
    return v->quality == 192 ? MOOD_NONE : v->quality == 64 ? MOOD_DOUBTFUL : MOOD_BAD;
}

static int value_width(int columns)
{
    return columns < WIDE ? VALUE : VALUE_WIDE;
}

/* Names are read more often than reasons. */
static void share(int columns, int fixed, int *name, int *reason)
{
    int left = columns - fixed;
    if (left < 12)
        left = 12;
    *name = left * 3 / 5;
    *reason = left - *name;
}

void watch_headings(struct canvas *c, enum watch_page page, int columns)
{
    int name, reason;
    share(columns, page == WATCH_DEVICES ? DEVICE_FIXED : VALUE_FIXED + value_width(columns), &name,
          &reason);
    const struct {
        const char *text;
        int width;
    } devices[] = {{"device", name}, {"state", STATE}, {"since", -SINCE},       {"rtt ms", -RTT},
                   {"good", -GOOD},  {"bad", -BAD},    {"line: reason", reason}},
      values[] = {{"tag", name},  {"value", -value_width(columns)},
                  {"unit", UNIT}, {"quality", QUALITY},
                  {"age", -AGE},  {"reason", reason}},
      *cells = page == WATCH_DEVICES ? devices : values;
    size_t count =
        page == WATCH_DEVICES ? sizeof devices / sizeof *devices : sizeof values / sizeof *values;
    for (size_t i = 0; i < count; i++) {
        canvas_cell(c, cells[i].text, cells[i].width);
        if (i + 1 < count)
            canvas_bytes(c, " ", 1);
    }
}

static void device_row(struct canvas *c, const struct watch_device *d, int columns, wall_t now)
{
    int name, reason;
    char since[16], rtt[24] = "-", good[24], bad[24], why[300];
    share(columns, DEVICE_FIXED, &name, &reason);
    watch_age(since, d->since, now);
    if (d->rtt_ms >= 0)
        snprintf(rtt, sizeof rtt, "%.1f", d->rtt_ms);
    snprintf(good, sizeof good, "%llu", (unsigned long long)d->good);
    snprintf(bad, sizeof bad, "%llu", (unsigned long long)d->bad);
    const struct {
        const char *text;
        int width;
    } cells[] = {{d->item.path, name}, {d->state, STATE}, {since, -SINCE},
                 {rtt, -RTT},          {good, -GOOD},     {bad, -BAD}};
    for (size_t i = 0; i < sizeof cells / sizeof *cells; i++) {
        canvas_cell(c, cells[i].text, cells[i].width);
        canvas_bytes(c, " ", 1);
    }
    snprintf(why, sizeof why, "%s%s%s", d->line, *d->reason ? ": " : "", d->reason);
    canvas_cell(c, why, reason);
}

static void value_row(struct canvas *c, const struct watch_value *v, int columns, wall_t now)
{
    int name, reason;
    int width = value_width(columns);
    char age[16], why[200];
    share(columns, VALUE_FIXED + width, &name, &reason);
    watch_age(age, v->time, now);
    bool last = v->form == WATCH_NULL && v->last_form != WATCH_NULL;
    snprintf(why, sizeof why, "%s%s%.40s", v->reason, last ? "; last " : "", last ? v->last : "");
    canvas_cell(c, v->item.path, name);
    canvas_bytes(c, " ", 1);
    /* Half a number is a wrong number: rather none, as spreadsheets do. */
    bool cut = strlen(v->text) > (size_t)width && v->text[strspn(v->text, "+-.0123456789eE")] == 0;
    canvas_cell(c, v->form == WATCH_NULL ? "-" : cut ? "#####" : v->text, -width);
    canvas_bytes(c, " ", 1);
    canvas_cell(c, v->unit, UNIT);
    canvas_bytes(c, " ", 1);
    canvas_cell(c, watch_quality_name(v->quality), QUALITY);
    canvas_bytes(c, " ", 1);
    canvas_cell(c, age, -AGE);
    canvas_bytes(c, " ", 1);
    canvas_cell(c, why, reason);
}

void watch_row(struct canvas *c, enum watch_page page, const struct watch_item *item, int columns,
               wall_t now)
{
    if (page == WATCH_DEVICES)
        device_row(c, (const struct watch_device *)item, columns, now);
    else
        value_row(c, (const struct watch_value *)item, columns, now);
}

void watch_gateway_text(const struct watch_gateway *g, double messages_per_s, wall_t now, char *out,
                        size_t room)
{
    char since[16], polls[48] = "", heard[48] = "";
    bool online = strcmp(g->state, "online") == 0;
    watch_age(since, online ? g->started : g->time, now);
    if (messages_per_s >= 0)
        snprintf(heard, sizeof heard, "  %.0f messages/s", messages_per_s);
    int length =
        snprintf(out, room, "%s %s for %s%s%s%s", g->item.path, *g->state ? g->state : "unknown",
                 since, *g->reason ? ": " : "", g->reason, heard);
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
