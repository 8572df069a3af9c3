/* SPDX-License-Identifier: Apache-2.0 */
/* The first pages: what was read, how it is reached, what it costs. */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "cli/docs.h"
#include "cli/plan.h"
#include "cli/point_words.h"
#include "plan/plan.h"

static void fact(struct docs *d, const char *what)
{
    paper_cell(&d->paper, "%s", what);
}

static void put_facts(struct docs *d)
{
    static const struct column columns[] = {{"What", 14, false, false}, {"Is", 86, false, false}};
    const struct plant *p = d->plant;
    struct plan_totals t = plan_totals_of(d->plan);
    paper_table(&d->paper, columns, 2);
    fact(d, "Site and gateway");
    paper_cell(&d->paper, "%s, %s", p->site, p->gateway);
    fact(d, "Plant file");
    paper_cell(&d->paper, "%s, version %s", p->file, d->hash);
    fact(d, "Program");
    paper_cell(&d->paper, "headgate %s", HEADGATE_VERSION);
    fact(d, "Broker");
    paper_cell(&d->paper, "%s:%u%s, topics below %s/%s", p->mqtt.host, p->mqtt.port,
               p->mqtt.tls ? ", TLS" : "", p->mqtt.root, p->site);
    fact(d, "Times");
    paper_cell(&d->paper, "%s", p->timezone);
    fact(d, "Tags");
    paper_cell(&d->paper, "%u, of which %u are read from %u devices and %u made by the gateway",
               p->tag_count, t.tags, p->device_count, p->derived_count);
    fact(d, "Requests");
    paper_cell(&d->paper, "%u, %.1f a second, %.1f bytes a second on the wire",
               d->plan->request_count, t.requests_per_s, t.bytes_per_s);
    fact(d, "Watched");
    paper_cell(&d->paper, "%u alarms, %u leak points, %u pieces of equipment, %u basins",
               p->alarm_count, p->leak_count, p->equipment_count, p->basin_count);
    paper_table_end(&d->paper);
}

static void put_lines(struct docs *d)
{
    static const struct column columns[] = {
        {"Line", 14, false, true},        {"Connection", 34, false, true},
        {"Units", 6, true, false},        {"Requests", 7, true, false},
        {"A second", 8, true, false},     {"Busy, %", 7, true, false},
        {"Timeout", 8, false, false},     {"Round, s", 8, true, false},
        {"One silent, s", 8, true, false}};
    const struct plan *p = d->plan;
    char words[320], time[32];
    paper_heading(&d->paper, "Lines");
    paper_table(&d->paper, columns, sizeof columns / sizeof *columns);
    for (uint32_t i = 0; i < p->plant->line_count; i++) {
        const struct line *l = &p->plant->lines[i];
        double a_second = 0;
        for (uint32_t k = p->first_request[i]; k < p->first_request[i + 1]; k++)
            a_second += (double)NS_PER_S / (double)p->requests[k].period_ns;
        plan_connect_text(l, words, sizeof words);
        paper_cell(&d->paper, "%s", l->name);
        paper_cell(&d->paper, "%s", words);
        paper_number(&d->paper, plan_units_of(p, i));
        paper_number(&d->paper, p->first_request[i + 1] - p->first_request[i]);
        paper_cell(&d->paper, "%.2f", a_second);
        paper_cell(&d->paper, "%.1f", plan_line_load(p, i) * 100);
        paper_cell(&d->paper, "%s", text_from_duration(time, l->timeout_ns));
        paper_cell(&d->paper, "%.3f", plan_worst_cycle(p, i, 0));
        paper_cell(&d->paper, "%.3f", plan_worst_cycle(p, i, 1));
    }
    paper_table_end(&d->paper);
}

static void put_devices(struct docs *d)
{
    static const struct column columns[] = {
        {"Device", 22, false, true}, {"Equipment", 30, false, false}, {"Map", 18, false, true},
        {"Line", 13, false, true},   {"Unit", 5, true, false},        {"Every", 7, false, false},
        {"Tags", 5, true, false},    {"Plant line", 5, false, true}};
    char every[32];
    paper_heading(&d->paper, "Devices");
    paper_table(&d->paper, columns, sizeof columns / sizeof *columns);
    for (uint32_t i = 0; i < d->plant->device_count; i++) {
        const struct device *v = &d->plant->devices[i];
        paper_cell(&d->paper, "%s", v->path);
        paper_cell(&d->paper, "%s", v->map->title);
        paper_cell(&d->paper, "%s", v->map->name);
        paper_cell(&d->paper, "%s", d->plant->lines[v->line].name);
        paper_number(&d->paper, v->unit);
        paper_cell(&d->paper, "%s",
                   text_from_duration(every, v->every_ns > 0 ? v->every_ns : NS_PER_S));
        paper_number(&d->paper, v->map->point_count);
        paper_cell(&d->paper, "%u", v->at.line);
    }
    paper_table_end(&d->paper);
}

/* A map is listed with the first device that uses it in this version. */
static bool listed(const struct plant *p, uint32_t device)
{
    const struct map *m = p->devices[device].map;
    for (uint32_t i = 0; i < device; i++) {
        const struct map *o = p->devices[i].map;
        if (o == m || (strcmp(o->name, m->name) == 0 && strcmp(o->hash, m->hash) == 0))
            return true;
    }
    return false;
}

static void put_maps(struct docs *d)
{
    static const struct column columns[] = {
        {"Map", 18, false, true},        {"Version", 13, false, true},
        {"Equipment", 22, false, false}, {"Source", 25, false, false},
        {"Verified", 8, false, false},   {"File", 14, false, true}};
    paper_heading(&d->paper, "Register maps");
    paper_table(&d->paper, columns, sizeof columns / sizeof *columns);
    for (uint32_t i = 0; i < d->plant->device_count; i++) {
        const struct map *m = d->plant->devices[i].map;
        if (listed(d->plant, i))
            continue;
        paper_cell(&d->paper, "%s", m->name);
        if (m->extends)
            paper_more(&d->paper, "\nextends %s", m->extends);
        paper_cell(&d->paper, "%s", m->hash);
        paper_cell(&d->paper, "%s", m->title);
        paper_cell(&d->paper, "%s", m->source);
        paper_cell(&d->paper, "%s", m->verified);
        paper_cell(&d->paper, "%s", m->file);
    }
    paper_table_end(&d->paper);
}

void docs_head(struct docs *d)
{
    char title[2 * NAME_MAX_BYTES + 32], below[512];
    snprintf(title, sizeof title, "Tag list: %s", d->plant->site);
    snprintf(below, sizeof below, "Gateway %s. %s. %s, version %s.", d->plant->gateway, d->date,
             words_of_file(d->plant->file), d->hash);
    paper_begin(&d->paper, title, below);
    put_facts(d);
    put_lines(d);
    put_devices(d);
    put_maps(d);
}
