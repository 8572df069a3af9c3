/* SPDX-License-Identifier: Apache-2.0 */
/* One screen: a line about the gateways and one about the alarms, two of headings, rows, what the
 * chosen one says, and a line of keys, which is also where people type and are answered. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cli/watch_told.h"

#define BOLD "\033[1m"
#define REVERSE "\033[7m"
#define PLAIN "\033[0m"

/* Colour never says what the words beside it don't. */
static const char *colour_of(enum watch_mood mood)
{
    static const char *const colours[] = {
        [MOOD_NONE] = "",
        [MOOD_GOOD] = "\033[32m",
        [MOOD_DOUBTFUL] = "\033[33m",
        [MOOD_BAD] = "\033[31m",
        [MOOD_LOW] = "\033[36m",
        [MOOD_MEDIUM] = "\033[33m",
        [MOOD_HIGH] = "\033[31m",
        [MOOD_CRITICAL] = "\033[35m",
        [MOOD_LOW + MOOD_WAITS] = "\033[1;36m",
        [MOOD_MEDIUM + MOOD_WAITS] = "\033[1;33m",
        [MOOD_HIGH + MOOD_WAITS] = "\033[1;31m",
        [MOOD_CRITICAL + MOOD_WAITS] = "\033[1;97;41m",
    };
    size_t n = (size_t)mood;
    return n < sizeof colours / sizeof *colours && colours[n] != NULL ? colours[n] : "";
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
    /* What makes all the rest doubtful stands first: the end is cut on a small screen. */
    if (v->trouble != NULL)
        snprintf(text, sizeof text, "NOT CONNECTED: %s  %s", v->trouble, v->title);
    else
        snprintf(text, sizeof text, "headgate watch  connected  %s", v->title);
    if (v->colour)
        canvas_put(c, "%s" BOLD, v->trouble != NULL ? colour_of(MOOD_BAD) : "");
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
        const char *old = watch_old(w, v, WATCH_PAGES, &g->item);
        watch_gateway_text(g, old, shown == 0 ? v->messages_per_s : -1, now, text, sizeof text);
        enum watch_mood mood =
            old == NULL && strcmp(g->state, "online") == 0 ? MOOD_NONE : MOOD_BAD;
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

/* One line in a colour, cut at the edge of the screen. */
static void draw_line(struct canvas *c, const struct watch_view *v, enum watch_mood mood,
                      const char *text)
{
    const char *colour = v->colour ? colour_of(mood) : "";
    canvas_put(c, "%s", colour);
    canvas_cell(c, text, width_of(v));
    canvas_put(c, "%s", *colour ? PLAIN : "");
}

static void draw_tabs(struct canvas *c, const struct watch_view *v, uint32_t rows)
{
    char text[400];
    size_t length = 0;
    for (int i = 0; i < WATCH_PAGES; i++)
        length += (size_t)snprintf(text + length, sizeof text - length,
                                   (int)v->page == i ? "[%s] " : " %s  ",
                                   watch_page_name((enum watch_page)i));
    length += (size_t)snprintf(text + length, sizeof text - length, " %u shown", rows);
    if (v->page == WATCH_VALUES && v->focus[0] != 0)
        length += (size_t)snprintf(text + length, sizeof text - length, "  of %.*s",
                                   (int)strlen(v->focus) - 1, v->focus);
    if (v->filter[0] != 0)
        snprintf(text + length, sizeof text - length, "  filter: %s", v->filter);
    draw_line(c, v, MOOD_NONE, text);
    end_line(c);
}

static void draw_row(struct canvas *c, const struct watch_view *v, const struct watch_item *item,
                     bool selected, const struct watch_widths *widths, const char *old, wall_t now)
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
    switch (v->page) {
    case WATCH_DEVICES:
        return "Enter its values  Tab 1-5 pages  / filter  arrows PgUp PgDn scroll  q quit";
    case WATCH_ALARMS:
        return v->all ? "a ack  r reset  s shelve  u unshelve  o out of service  i in service  "
                        "n hide normal ones  q"
                      : "a ack  r reset  s shelve  u unshelve  o out of service  i in service  "
                        "n normal ones  q";
    case WATCH_INCIDENTS:
        return "c confirm  b bulletin  [ ] others  Tab 1-5 pages  arrows PgUp PgDn scroll  q quit";
    case WATCH_LEAKS:
        return "Tab 1-5 pages  / filter  arrows PgUp PgDn scroll  q quit";
    case WATCH_VALUES:
    case WATCH_PAGES:
        break;
    }
    return "Esc all  Tab 1-5 pages  / filter  arrows PgUp PgDn Home End scroll  q quit";
}

/* What is being typed; or the answer to what was asked; or the keys. What is typed last is what
 * people look at: a long line loses its front. */
static void draw_bottom(struct canvas *c, const struct watch_view *v)
{
    char text[600];
    if (v->asks != ASK_NOTHING) {
        snprintf(text, sizeof text, "%s%s_", v->line.prompt, v->line.text);
        canvas_put(c, "%s", v->colour ? BOLD : "");
        canvas_path(c, text, width_of(v));
        canvas_put(c, "%s", v->colour ? PLAIN : "");
    } else if (v->talk.status[0] != 0) {
        draw_line(c, v, v->talk.refused ? MOOD_BAD : MOOD_NONE, v->talk.status);
    } else {
        draw_line(c, v, MOOD_NONE, keys_of(v));
    }
    canvas_put(c, "\033[K\033[J");
}

static const char filter_help[] =
    "a part of a name, or a glob like */pump-*/flow; Enter keeps it, Esc takes it back";

static void draw_detail(struct canvas *c, const struct watch *w, const struct watch_view *v,
                        const struct watch_item *item, unsigned lines, wall_t now)
{
    const char *old = item != NULL ? watch_old(w, v, v->page, item) : NULL;
    for (unsigned i = 0; i < lines; i++) {
        char text[1200] = "";
        int line = lines == 1 ? -1 : (int)i;
        bool last = i + 1 == lines;
        if (last && v->asks != ASK_NOTHING && v->talk.status[0] != 0) {
            draw_line(c, v, MOOD_BAD, v->talk.status);
            end_line(c);
            continue;
        }
        if (last && v->asks == ASK_FILTER)
            snprintf(text, sizeof text, "%s", filter_help);
        else if (item != NULL && v->page == WATCH_ALARMS)
            watch_alarm_detail((const struct watch_told *)item, old, now, line, text, sizeof text);
        else if (item != NULL && v->page == WATCH_LEAKS)
            watch_leak_detail((const struct watch_told *)item, old, now, line, text, sizeof text);
        else if (item != NULL && v->page != WATCH_INCIDENTS)
            watch_detail(v->page, item, old, text, sizeof text);
        draw_line(c, v, MOOD_NONE, text);
        end_line(c);
    }
}

static void draw_table(struct canvas *c, const struct watch *w, struct watch_view *v,
                       const struct watch_item **rows, uint32_t count, unsigned lines, wall_t now)
{
    struct watch_widths widths = watch_widths_for(v->page, width_of(v));
    uint32_t *top = &v->top[v->page];
    uint32_t selected = watch_choose(v, rows, count, 0);
    if (selected < *top)
        *top = selected;
    if (selected >= *top + lines)
        *top = selected - lines + 1;
    if (*top + lines > count)
        *top = count > lines ? count - lines : 0;
    canvas_put(c, "%s ", v->colour ? BOLD : "");
    watch_headings(c, v->page, &widths);
    canvas_put(c, "%s", v->colour ? PLAIN : "");
    end_line(c);
    for (uint32_t i = 0; i < lines; i++) {
        uint32_t at = *top + i;
        if (at < count)
            draw_row(c, v, rows[at], at == selected, &widths, watch_old(w, v, v->page, rows[at]),
                     now);
        else
            end_line(c);
    }
}

static void draw_incident(struct canvas *c, const struct watch *w, struct watch_view *v,
                          const struct watch_item **rows, uint32_t count, unsigned lines,
                          wall_t now)
{
    struct watch_doc d = {0};
    uint32_t *top = &v->top[v->page];
    uint32_t selected = watch_choose(v, rows, count, 0);
    if (count > 0)
        watch_incident_doc(&d, w, (const struct watch_told *)rows[selected],
                           watch_old(w, v, v->page, rows[selected]), now);
    if (*top + lines > d.count)
        *top = d.count > lines ? d.count - lines : 0;
    for (uint32_t i = 0; i < lines; i++) {
        char text[1200] = "";
        uint32_t at = *top + i;
        if (at < d.count)
            snprintf(text, sizeof text, "%.*s", (int)d.lines[at].length,
                     d.text.text + d.lines[at].at);
        else if (d.count == 0 && i == 0)
            snprintf(text, sizeof text, "no incident");
        draw_line(c, v, at < d.count ? d.lines[at].mood : MOOD_NONE, text);
        end_line(c);
    }
    free(d.text.text);
}

static void note_seen(struct watch_view *v)
{
    const struct watch_told *chosen = (const struct watch_told *)v->chosen[v->page];
    v->seen = v->page == WATCH_ALARMS && chosen != NULL;
    if (v->seen)
        v->seen_seq = (uint64_t)said_whole(chosen->said, "seq");
}

static const struct watch_item *none[1];

void watch_draw(struct canvas *c, const struct watch *w, struct watch_view *v, wall_t now)
{
    char banner[400];
    enum watch_mood mood;
    bool alarms = watch_banner(w, v, now, &mood, banner, sizeof banner), tall = v->rows >= 18;
    bool told = v->page == WATCH_ALARMS || v->page == WATCH_LEAKS;
    unsigned gateways = w->gateways.count < 3 ? w->gateways.count : 3;
    unsigned detail = told && tall ? TOLD_LINES : 1;
    if (gateways == 0 || v->rows < 12)
        gateways = 1;
    if (alarms && v->rows < 9) /* a small screen says what matters more */
        gateways = 0;
    /* Title, tabs, keys; the incident needs no headings. */
    unsigned rest = gateways + alarms + (v->page == WATCH_INCIDENTS ? 3 : 4) + detail;
    uint32_t count, lines = v->rows > rest ? v->rows - rest : 1;
    const struct watch_item **picked = watch_pick(w, v, &count),
                            **rows = picked != NULL ? picked : none;

    c->length = 0;
    canvas_put(c, "\033[H");
    draw_title(c, v, now);
    if (gateways > 0)
        draw_gateways(c, w, v, now, gateways);
    if (alarms) {
        draw_line(c, v, mood, banner);
        end_line(c);
    }
    draw_tabs(c, v, count);
    if (v->page == WATCH_INCIDENTS)
        draw_incident(c, w, v, rows, count, lines, now);
    else
        draw_table(c, w, v, rows, count, lines, now);
    draw_detail(c, w, v, v->chosen[v->page], detail, now);
    draw_bottom(c, v);
    note_seen(v);
    free(picked);
}
