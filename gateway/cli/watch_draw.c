/* SPDX-License-Identifier: Apache-2.0 */
/* One screen: two lines about the gateways, two of headings, rows, and a line of keys. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cli/watch_rows.h"

#define BOLD "\033[1m"
#define REVERSE "\033[7m"
#define PLAIN "\033[0m"

/* Colour never says what the words beside it don't. */
static const char *colour_of(enum watch_mood mood)
{
    switch (mood) {
    case MOOD_BAD:
        return "\033[31m";
    case MOOD_DOUBTFUL:
        return "\033[33m";
    case MOOD_GOOD:
        return "\033[32m";
    case MOOD_NONE:
        break;
    }
    return "";
}

/* The last column stays free: erasing to the end of the line from there takes its character. */
static int width_of(const struct watch_view *v)
{
    return (int)v->columns - 1;
}

static void end_line(struct canvas *c)
{
    canvas_put(c, "\033[K\r\n");
}

static void draw_title(struct canvas *c, const struct watch_view *v, wall_t now)
{
    char clock[16] = "", text[300];
    time_t seconds = (time_t)(now.ms / 1000);
    struct tm local;
    if (localtime_r(&seconds, &local) != NULL)
        strftime(clock, sizeof clock, "%H:%M:%S", &local);
    snprintf(
        text, sizeof text, "headgate watch  %s  %s%s", v->title,
        v->trouble == NULL ? "connected" : "NOT CONNECTED: ", v->trouble == NULL ? "" : v->trouble);
    if (v->colour)
        canvas_put(c, BOLD);
    canvas_cell(c, text, width_of(v) - 9);
    canvas_put(c, " %s", clock);
    if (v->colour)
        canvas_put(c, PLAIN);
    end_line(c);
}

static void draw_gateways(struct canvas *c, const struct watch *w, const struct watch_view *v,
                          wall_t now, unsigned lines)
{
    char text[400];
    uint32_t shown = 0;
    for (uint32_t i = 0; i < w->gateways.count && shown < lines; i++) {
        const struct watch_gateway *g = (const struct watch_gateway *)w->gateways.items[i];
        if (g->item.gone)
            continue;
        watch_gateway_text(g, shown == 0 ? v->messages_per_s : -1, now, text, sizeof text);
        enum watch_mood mood = strcmp(g->state, "online") == 0 ? MOOD_NONE : MOOD_BAD;
        canvas_put(c, "%s", v->colour ? colour_of(mood) : "");
        canvas_cell(c, text, width_of(v));
        canvas_put(c, "%s", v->colour ? PLAIN : "");
        end_line(c);
        shown++;
    }
    if (shown == 0) {
        canvas_cell(c, "no gateway has said anything yet", width_of(v));
        end_line(c);
    }
}

static void draw_tabs(struct canvas *c, const struct watch_view *v, uint32_t rows)
{
    static const char *const names[WATCH_PAGES] = {"devices", "values"};
    char text[400];
    size_t length = 0;
    for (int i = 0; i < WATCH_PAGES; i++)
        length += (size_t)snprintf(text + length, sizeof text - length,
                                   (int)v->page == i ? "[%s] " : " %s  ", names[i]);
    length += (size_t)snprintf(text + length, sizeof text - length, " %u shown", rows);
    if (v->page == WATCH_VALUES && v->focus[0] != 0)
        length += (size_t)snprintf(text + length, sizeof text - length, "  of %.*s",
                                   (int)strlen(v->focus) - 1, v->focus);
    if (v->editing || v->filter[0] != 0)
        snprintf(text + length, sizeof text - length, "  filter: %s%s", v->filter,
                 v->editing ? "_" : "");
    canvas_cell(c, text, width_of(v));
    end_line(c);
}

static void draw_row(struct canvas *c, const struct watch_view *v, const struct watch_item *item,
                     bool selected, const struct watch_widths *widths, bool old, wall_t now)
{
    enum watch_mood mood = watch_mood_of(v->page, item, old);
    if (v->colour)
        canvas_put(c, "%s%s", colour_of(mood), selected ? REVERSE : "");
    canvas_put(c, "%s", selected ? ">" : " ");
    watch_row(c, v->page, item, widths, old, now);
    if (v->colour)
        canvas_put(c, PLAIN);
    end_line(c);
}

static const char *keys_of(const struct watch_view *v)
{
    if (v->editing)
        return "type a part of a name, or a glob like */pump-*/flow; Enter keeps it, Esc takes it "
               "back";
    if (v->page == WATCH_DEVICES)
        return "Enter its values  Tab all values  / filter  arrows PgUp PgDn scroll  q quit";
    return "Esc all  Tab devices  / filter  arrows PgUp PgDn Home End scroll  q quit";
}

/* Rows of the page that pass filter and focus. NULL when there are none. */
static const struct watch_item **pick(const struct watch *w, const struct watch_view *v,
                                      uint32_t *count)
{
    const struct watch_list *l = watch_list_of(w, v->page);
    const struct watch_item **picked = calloc(l->count + 1U, sizeof(*picked));
    *count = 0;
    for (uint32_t i = 0; picked != NULL && i < l->count; i++) {
        if (watch_shown(v, l->items[i]))
            picked[(*count)++] = l->items[i];
    }
    return picked;
}

static void keep_in_sight(struct watch_view *v, uint32_t count, uint32_t lines)
{
    uint32_t *selected = &v->selected[v->page], *top = &v->top[v->page];
    if (*selected >= count)
        *selected = count > 0 ? count - 1 : 0;
    if (*selected < *top)
        *top = *selected;
    if (*selected >= *top + lines)
        *top = *selected - lines + 1;
    if (*top + lines > count)
        *top = count > lines ? count - lines : 0;
}

void watch_draw(struct canvas *c, const struct watch *w, struct watch_view *v, wall_t now)
{
    unsigned gateways = w->gateways.count < 3 ? w->gateways.count : 3;
    if (gateways == 0 || v->rows < 12)
        gateways = 1;
    /* Title, tabs, headings, detail, keys. */
    uint32_t count, lines = v->rows > gateways + 6 ? v->rows - gateways - 5 : 1;
    const struct watch_item **rows = pick(w, v, &count);
    struct watch_widths widths = watch_widths_for(v->page, width_of(v));
    keep_in_sight(v, count, lines);

    c->length = 0;
    canvas_put(c, "\033[H");
    draw_title(c, v, now);
    draw_gateways(c, w, v, now, gateways);
    draw_tabs(c, v, count);
    canvas_put(c, "%s ", v->colour ? BOLD : "");
    watch_headings(c, v->page, &widths);
    canvas_put(c, "%s", v->colour ? PLAIN : "");
    end_line(c);
    for (uint32_t i = 0; i < lines; i++) {
        uint32_t at = v->top[v->page] + i;
        if (rows != NULL && at < count)
            draw_row(c, v, rows[at], at == v->selected[v->page], &widths,
                     watch_is_old(w, v->page, rows[at]), now);
        else
            end_line(c);
    }
    char detail[600] = "";
    if (rows != NULL && v->selected[v->page] < count)
        watch_detail(v->page, rows[v->selected[v->page]],
                     watch_is_old(w, v->page, rows[v->selected[v->page]]), detail, sizeof detail);
    canvas_cell(c, detail, width_of(v));
    end_line(c);
    canvas_cell(c, keys_of(v), width_of(v));
    canvas_put(c, "\033[K\033[J");
    free(rows);
}
