/* SPDX-License-Identifier: Apache-2.0 */
/* One snapshot, on paper or as JSON. */
#include <string.h>

#include "cli/watch_rows.h"
#include "publish/json.h"

/* Cells are filled up with spaces, which on paper are only in the way. */
static void end_line(struct canvas *c)
{
    while (c->length > 0 && c->text[c->length - 1] == ' ')
        c->length--;
    canvas_bytes(c, "\n", 1);
}

void watch_print(struct canvas *c, const struct watch *w, const struct watch_view *v, wall_t now)
{
    char text[400];
    struct watch_view all = *v;
    for (uint32_t i = 0; i < w->gateways.count; i++) {
        const struct watch_gateway *g = (const struct watch_gateway *)w->gateways.items[i];
        if (g->item.gone)
            continue;
        watch_gateway_text(g, -1, now, text, sizeof text);
        canvas_put(c, "%s\n", text);
    }
    for (all.page = WATCH_DEVICES; all.page < WATCH_PAGES; all.page++) {
        const struct watch_list *l = watch_list_of(w, all.page);
        canvas_put(c, "\n");
        struct watch_widths widths = watch_widths_uncut(l);
        watch_headings(c, all.page, &widths);
        end_line(c);
        for (uint32_t i = 0; i < l->count; i++) {
            if (!watch_shown(&all, l->items[i]))
                continue;
            watch_row(c, all.page, l->items[i], &widths, watch_is_old(w, all.page, l->items[i]),
                      now);
            end_line(c);
        }
    }
}

/* ---- JSON ------------------------------------------------------------------------------------ */

static void text_member(struct canvas *c, const char *name, const char *text)
{
    char piece[2048];
    struct json j = json_into(piece, sizeof piece);
    json_word(&j, ",");
    json_string(&j, name);
    json_word(&j, ":");
    json_string(&j, text);
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
    json_string(&j, path);
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

void watch_print_json(struct canvas *c, const struct watch *w, const char *filter)
{
    static const char *const names[] = {"gateways", "devices", "values"};
    const struct watch_list *lists[] = {&w->gateways, &w->devices, &w->values};
    for (int k = 0; k < 3; k++) {
        uint32_t shown = 0;
        canvas_put(c, "%s\"%s\":[", k == 0 ? "{" : ",\n", names[k]);
        for (uint32_t i = 0; i < lists[k]->count; i++) {
            const struct watch_item *item = lists[k]->items[i];
            if (item->gone || (k > 0 && !watch_matches(filter, item->path)))
                continue;
            begin(c, shown++, item->path);
            if (k == 0)
                json_gateway(c, (const struct watch_gateway *)item);
            else if (k == 1)
                json_device(c, (const struct watch_device *)item);
            else
                json_tag(c, (const struct watch_value *)item);
            canvas_put(c, "}");
        }
        canvas_put(c, "]");
    }
    canvas_put(c, "}\n");
}
