/* SPDX-License-Identifier: Apache-2.0 */
/* One snapshot, on paper or as JSON. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/watch_told.h"
#include "publish/json.h"

/* Cells are filled up with spaces, which on paper are only in the way. */
static void end_line(struct canvas *c)
{
    while (c->length > 0 && c->text[c->length - 1] == ' ')
        c->length--;
    canvas_bytes(c, "\n", 1);
}

static void print_table(struct canvas *c, const struct watch *w, const struct watch_view *v,
                        const struct watch_item **rows, uint32_t count, wall_t now)
{
    struct watch_widths widths = watch_widths_uncut(watch_list_of(w, v->page));
    watch_headings(c, v->page, &widths);
    end_line(c);
    for (uint32_t i = 0; i < count; i++) {
        watch_row(c, v->page, rows[i], &widths, watch_old(w, v, v->page, rows[i]), now);
        end_line(c);
    }
}

static void print_incident(struct canvas *c, const struct watch *w, const struct watch_view *v,
                           const struct watch_item *item, wall_t now)
{
    struct watch_doc d = {0};
    watch_incident_doc(&d, w, (const struct watch_told *)item,
                       watch_old(w, v, WATCH_INCIDENTS, item), now);
    for (uint32_t i = 0; i < d.count; i++) {
        char text[1200];
        snprintf(text, sizeof text, "%.*s", (int)d.lines[i].length, d.text.text + d.lines[i].at);
        canvas_cell(c, text, (int)sizeof text);
        end_line(c);
    }
    free(d.text.text);
}

static void print_page(struct canvas *c, const struct watch *w, const struct watch_view *v,
                       wall_t now)
{
    uint32_t count;
    const struct watch_item **rows = watch_pick(w, v, &count);
    canvas_put(c, "\n");
    if (rows != NULL && v->page != WATCH_INCIDENTS)
        print_table(c, w, v, rows, count, now);
    for (uint32_t i = 0; rows != NULL && v->page == WATCH_INCIDENTS && i < count; i++) {
        canvas_put(c, i > 0 ? "\n" : "");
        print_incident(c, w, v, rows[i], now);
    }
    free(rows);
}

/* Sites that watch nothing have no use for empty tables about it. */
static bool wanted(const struct watch *w, const struct watch_view *v, enum watch_page page)
{
    if (v->only)
        return page == v->page;
    return page == WATCH_DEVICES || page == WATCH_VALUES || watch_list_of(w, page)->count > 0;
}

void watch_print(struct canvas *c, const struct watch *w, const struct watch_view *v, wall_t now)
{
    char text[400];
    enum watch_mood mood;
    struct watch_view one = *v;
    for (uint32_t i = 0; i < w->gateways.count; i++) {
        const struct watch_gateway *g = (const struct watch_gateway *)w->gateways.items[i];
        if (g->item.gone)
            continue;
        watch_gateway_text(g, watch_old(w, v, WATCH_PAGES, &g->item), -1, now, text, sizeof text);
        canvas_put(c, "%s\n", text);
    }
    if (watch_banner(w, v, now, &mood, text, sizeof text))
        canvas_put(c, "%s\n", text);
    for (one.page = WATCH_DEVICES; one.page < WATCH_PAGES; one.page++) {
        if (wanted(w, v, one.page))
            print_page(c, w, &one, now);
    }
}

/* ---- JSON ------------------------------------------------------------------------------------ */

static void text_member(struct canvas *c, const char *name, const char *text)
{
    char piece[2048];
    struct json j = json_into(piece, sizeof piece);
    json_word(&j, ",");
    json_put_string(&j, name);
    json_word(&j, ":");
    json_put_string(&j, text);
    /* Longer than any text of ours: said to be unknown rather than cut. */
    if (j.overflow)
        canvas_put(c, ",\"%s\":null", name);
    else
        canvas_bytes(c, piece, json_length(&j));
}

static void value_member(struct canvas *c, const char *name, enum watch_form form, const char *text)
{
    if (form == WATCH_TEXT)
        text_member(c, name, text);
    else
        canvas_put(c, ",\"%s\":%s", name, form == WATCH_NULL ? "null" : text);
}

static void number_member(struct canvas *c, const char *name, int64_t x)
{
    canvas_put(c, ",\"%s\":%lld", name, (long long)x);
}

static void begin(struct canvas *c, uint32_t nth, const char *path)
{
    canvas_put(c, nth == 0 ? "\n{\"name\":\"" : ",\n{\"name\":\"");
    char piece[1024];
    struct json j = json_into(piece, sizeof piece);
    json_put_string(&j, path);
    canvas_bytes(c, piece + 1, json_length(&j) - 1);
}

static void json_gateway(struct canvas *c, const struct watch_gateway *g)
{
    text_member(c, "state", g->state);
    text_member(c, "version", g->version);
    number_member(c, "started", g->started.ms);
    if (!g->counted)
        return;
    const struct {
        const char *name;
        uint64_t x;
    } counters[] = {
        {"acquired", g->acquired}, {"acknowledged", g->acknowledged},
        {"waiting", g->waiting},   {"dropped", g->dropped},
        {"polls", g->polls},       {"errors", g->errors},
        {"lines", g->lines},       {"lines_up", g->lines_up},
        {"devices", g->devices},   {"devices_online", g->devices_online},
        {"tags", g->tags},         {"tags_good", g->tags_good},
    };
    for (size_t i = 0; i < sizeof counters / sizeof *counters; i++)
        number_member(c, counters[i].name, (int64_t)counters[i].x);
}

static void json_device(struct canvas *c, const struct watch_device *d)
{
    text_member(c, "state", d->state);
    text_member(c, "reason", *d->reason ? d->reason : NULL);
    text_member(c, "gateway", d->gateway);
    text_member(c, "line", d->line);
    number_member(c, "unit", d->unit);
    text_member(c, "map", d->map);
    number_member(c, "since", d->since.ms);
    number_member(c, "last_ok", d->last_ok.ms);
    if (d->rtt_ms >= 0)
        canvas_put(c, ",\"rtt_ms\":%.3f", d->rtt_ms);
    number_member(c, "good", (int64_t)d->good);
    number_member(c, "bad", (int64_t)d->bad);
}

static void json_tag(struct canvas *c, const struct watch_value *v)
{
    value_member(c, "value", v->form, v->text);
    number_member(c, "quality", v->quality);
    number_member(c, "timestamp", v->time.ms);
    text_member(c, "unit", *v->unit ? v->unit : NULL);
    text_member(c, "reason", *v->reason ? v->reason : NULL);
    if (v->last_form != WATCH_NULL) {
        value_member(c, "last", v->last_form, v->last);
        number_member(c, "last_timestamp", v->last_time.ms);
    }
}

/* As it came, behind its name: a snapshot has all that was told. */
static void json_told(struct canvas *c, const struct watch_told *t)
{
    const char *rest = strchr(t->text, '{') + 1;
    rest += strspn(rest, " \t\r\n");
    if (*rest != '}')
        canvas_put(c, ",");
    canvas_bytes(c, rest, (size_t)(strrchr(rest, '}') - rest));
}

static void json_item(struct canvas *c, int kind, const struct watch_item *item)
{
    if (kind == 0)
        json_gateway(c, (const struct watch_gateway *)item);
    else if (kind == 1)
        json_device(c, (const struct watch_device *)item);
    else if (kind == 2)
        json_tag(c, (const struct watch_value *)item);
    else
        json_told(c, (const struct watch_told *)item);
}

void watch_print_json(struct canvas *c, const struct watch *w, const struct watch_view *v)
{
    const struct {
        const char *name;
        const struct watch_list *list;
        enum watch_page page;
    } kinds[] = {{"gateways", &w->gateways, WATCH_PAGES},
                 {"devices", &w->devices, WATCH_DEVICES},
                 {"values", &w->values, WATCH_VALUES},
                 {"alarms", &w->alarms, WATCH_ALARMS},
                 {"leaks", &w->leaks, WATCH_LEAKS},
                 {"incidents", &w->incidents, WATCH_INCIDENTS},
                 {"bulletins", &w->bulletins, WATCH_INCIDENTS}};
    const char *before = "{";
    for (int k = 0; k < (int)(sizeof kinds / sizeof *kinds); k++) {
        const struct watch_list *l = kinds[k].list;
        uint32_t shown = 0;
        if (k > 0 && v->only && kinds[k].page != v->page)
            continue;
        canvas_put(c, "%s\"%s\":[", before, kinds[k].name);
        before = ",\n";
        for (uint32_t i = 0; i < l->count; i++) {
            if (l->items[i]->gone || (k > 0 && !watch_matches(v->filter, l->items[i]->path)))
                continue;
            begin(c, shown++, l->items[i]->path);
            json_item(c, k, l->items[i]);
            canvas_put(c, "}");
        }
        canvas_put(c, "]");
    }
    canvas_put(c, "}\n");
}
