/* SPDX-License-Identifier: Apache-2.0 */
/* headgate plan --json */
#include <stdio.h>

#include "base/permit.h"
#include "cli/plan.h"
#include "config/map.h"
#include "plan/plan.h"
#include "publish/json.h"

/* Everything printed in one piece fits: the longest is a line with its names. */
struct piece {
    struct json j;
    char text[16384];
};

static struct json *begin(struct piece *p)
{
    p->j = json_into(p->text, sizeof p->text);
    return &p->j;
}

static void put(const struct piece *p)
{
    fwrite(p->text, 1, json_length(&p->j), stdout);
}

static void key(struct json *j, const char *name)
{
    if (j->at[-1] != '{')
        json_word(j, ",");
    json_string(j, name);
    json_word(j, ":");
}

static void number(struct json *j, const char *name, int64_t x)
{
    key(j, name);
    json_int(j, x);
}

static void real(struct json *j, const char *name, double x)
{
    key(j, name);
    json_real(j, x, false);
}

static void text(struct json *j, const char *name, const char *x)
{
    key(j, name);
    json_string(j, x);
}

static double ms(int64_t ns)
{
    return (double)ns / (double)NS_PER_MS;
}

static void print_tag(const struct plan *p, const struct request *r, const struct feed *f)
{
    const struct device *d = &p->plant->devices[f->device];
    const struct point *point = &d->map->points[f->point];
    struct piece piece;
    struct json *j = begin(&piece);
    json_word(j, "{");
    text(j, "device", d->path);
    text(j, "tag", point->name);
    text(j, "type", raw_type_name((enum raw_type)point->type));
    number(j, "address", (int64_t)r->first + f->offset);
    number(j, "words", point->words);
    real(j, "every_ms", ms(r->period_ns * (f->every_nth > 0 ? f->every_nth : 1)));
    json_word(j, "}");
    put(&piece);
}

static void print_request(const struct plan *p, const struct request *r)
{
    struct cost c = plan_request_cost(p, r);
    struct piece piece;
    struct json *j = begin(&piece);
    json_word(j, "{");
    number(j, "unit", r->unit);
    text(j, "table", table_name((enum table)r->table));
    number(j, "first", r->first);
    number(j, "count", r->count);
    real(j, "every_ms", ms(r->period_ns));
    if (r->once) {
        key(j, "once");
        json_word(j, "true");
    }
    if (r->alone) {
        key(j, "alone");
        json_word(j, "true");
    }
    number(j, "bytes_sent", c.sent);
    number(j, "bytes_received", c.received);
    real(j, "predicted_ms", ms(c.ns));
    real(j, "silent_ms", ms(plan_silent_cost(p, r)));
    key(j, "tags");
    json_word(j, "[");
    put(&piece);
    for (uint32_t i = 0; i < r->feed_count; i++) {
        fputs(i > 0 ? ",\n" : "\n", stdout);
        print_tag(p, r, &r->feeds[i]);
    }
    fputs("]}", stdout);
}

static void print_line(const struct plan_view *v, uint32_t line)
{
    const struct plan *p = v->plan;
    const struct line *l = &p->plant->lines[line];
    char connect[300];
    struct piece piece;
    struct json *j = begin(&piece);
    plan_connect_text(l, connect, sizeof connect);
    json_word(j, "{");
    text(j, "line", l->name);
    text(j, "connect", connect);
    number(j, "units", plan_units_of(p, line));
    real(j, "load", plan_line_load(p, line));
    real(j, "timeout_ms", ms(l->timeout_ns));
    number(j, "retries", l->retries);
    real(j, "silent_share", l->silent_share);
    key(j, "cycle_s_by_silent_units");
    json_word(j, "[");
    for (unsigned k = 0; k <= v->silent && k <= plan_units_of(p, line); k++) {
        if (k > 0)
            json_word(j, ",");
        json_real(j, plan_worst_cycle(p, line, k), false);
    }
    json_word(j, "]");
    key(j, "requests");
    json_word(j, "[");
    put(&piece);
    for (uint32_t i = p->first_request[line]; i < p->first_request[line + 1]; i++) {
        fputs(i > p->first_request[line] ? ",\n" : "\n", stdout);
        print_request(p, &p->requests[i]);
    }
    fputs("]}", stdout);
}

void plan_print_json(const struct plan_view *v)
{
    const struct plan *p = v->plan;
    struct plan_totals t = plan_totals_of(p);
    struct piece piece;
    char allowed[PERMIT_TEXT_MAX];
    struct json *j = begin(&piece);
    json_word(j, "{");
    text(j, "plant", p->plant->file);
    text(j, "site", p->plant->site);
    text(j, "gateway", p->plant->gateway);
    real(j, "tick_ms", ms(p->tick_ns));
    number(j, "devices", p->plant->device_count);
    number(j, "tags", p->plant->tag_count);
    number(j, "tags_read", t.tags);
    number(j, "requests", p->request_count);
    real(j, "requests_per_s", t.requests_per_s);
    real(j, "bytes_per_s", t.bytes_per_s);
    real(j, "tags_per_s", t.tags_per_s);
    text(j, "commands", permit_text(allowed, p->plant->commands.allow));
    number(j, "fresh_ms", p->plant->commands.fresh_ms);
    key(j, "writes");
    json_word(j, "[");
    put(&piece);
    for (uint32_t i = 0; i < p->plant->commands.write_count; i++) {
        char write[320];
        plan_write_text(p->plant, i, write, sizeof write);
        j = begin(&piece);
        if (i > 0)
            json_word(j, ",");
        json_string(j, write);
        put(&piece);
    }
    j = begin(&piece);
    json_word(j, "]");
    key(j, "lines");
    json_word(j, "[");
    put(&piece);
    for (uint32_t i = 0; i < p->plant->line_count; i++) {
        fputs(i > 0 ? ",\n" : "\n", stdout);
        print_line(v, i);
    }
    fputs("],\n\"diagnostics\":", stdout);
    diags_print_json(v->ds, stdout);
    fputs("}\n", stdout);
}
