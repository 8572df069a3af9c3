/* SPDX-License-Identifier: Apache-2.0 */
/* What was found: for the file of the plant, for the meeting in the morning, for programs. */
#include <stdio.h>
#include <string.h>

#include "cli/commission.h"
#include "cli/point_words.h"
#include "publish/json.h"

static const struct record nothing = {"", "", "", "", "", "", "", "", "", "", 0, "", "", 0};

/* The list has everything as it was kept; people get it in a form to read. */
static void put_point(const struct work *w, struct paper *p, uint32_t i)
{
    const struct work_point *at = &w->points[i];
    const struct record *r = at->last ? at->last : &nothing;
    const struct point *point = work_point(w, i);
    char words[POINT_WORDS], value[SHORT_VALUE];
    bool list = p->format == PAPER_CSV;
    if (list)
        paper_cell(p, "%s", work_device(w, i)->path);
    paper_cell(p, "%s", point->name);
    paper_cell(p, "%s", words_of_address(words, point));
    paper_cell(p, "%s", r->raw);
    paper_cell(p, "%s", list ? r->value : short_value(value, r->value));
    paper_cell(p, "%s", point->unit);
    paper_cell(p, "%s", r == &nothing ? "" : quality_words(r->quality));
    if (*r->reason)
        paper_more(p, ": %s", r->reason);
    paper_cell(p, "%s", r->expected);
    paper_cell(p, "%s", point_state_word((enum point_state)at->state));
    paper_cell(p, "%s", r->by);
    if (list || strlen(r->when) != sizeof "2026-11-23T08:10:00Z" - 1)
        paper_cell(p, "%s", r->when);
    else
        paper_cell(p, "%.10s %.5s UTC", r->when, r->when + 11);
    paper_cell(p, "%s", r->note);
}

static void put_summary(const struct work *w, struct paper *p)
{
    static const struct column columns[] = {
        {"Device", 28, false, true},   {"Equipment", 32, false, false}, {"Points", 8, true, false},
        {"Done", 8, true, false},      {"Failed", 8, true, false},      {"Open", 8, true, false},
        {"Open again", 8, true, false}};
    uint32_t t[POINT_STATES];
    paper_table(p, columns, sizeof columns / sizeof *columns);
    for (uint32_t i = 0; i < w->count; i++) {
        const struct device *d = work_device(w, i);
        if (i > 0 && w->points[i - 1].device == w->points[i].device)
            continue;
        work_tally(w, w->points[i].device, t);
        paper_cell(p, "%s", d->path);
        paper_cell(p, "%s", d->map->title);
        paper_number(p, t[POINT_DONE] + t[POINT_FAILED] + t[POINT_OPEN] + t[POINT_AGAIN]);
        paper_number(p, t[POINT_DONE]);
        paper_number(p, t[POINT_FAILED]);
        paper_number(p, t[POINT_OPEN]);
        paper_number(p, t[POINT_AGAIN]);
    }
    work_tally(w, RULE_NONE, t);
    paper_cell(p, "%s", "All");
    paper_cell(p, "%s", "");
    paper_number(p, w->count);
    paper_number(p, t[POINT_DONE]);
    paper_number(p, t[POINT_FAILED]);
    paper_number(p, t[POINT_OPEN]);
    paper_number(p, t[POINT_AGAIN]);
    paper_table_end(p);
}

static void put_signatures(struct paper *p)
{
    static const struct column columns[] = {{"", 22, false, false},
                                            {"Name", 28, false, false},
                                            {"Date", 15, false, false},
                                            {"Signature", 35, false, false}};
    static const char *const who[] = {"Commissioned by", "Witnessed by", "Accepted by"};
    paper_heading(p, "Signatures");
    paper_table(p, columns, sizeof columns / sizeof *columns);
    for (size_t i = 0; i < sizeof who / sizeof *who; i++) {
        paper_cell(p, "%s\n\n", who[i]);
        for (unsigned k = 0; k < 3; k++)
            paper_cell(p, "%s", "");
    }
    paper_table_end(p);
}

static const struct column list[] = {
    {"device", 0, false, false},  {"tag", 0, false, false},      {"address", 0, false, false},
    {"raw", 0, false, false},     {"value", 0, false, false},    {"unit", 0, false, false},
    {"quality", 0, false, false}, {"expected", 0, false, false}, {"state", 0, false, false},
    {"by", 0, false, false},      {"when", 0, false, false},     {"note", 0, false, false}};

static const struct column columns[] = {
    {"Tag", 17, false, true},      {"Address", 9, false, true},  {"Raw", 9, false, true},
    {"Value", 8, false, false},    {"Unit", 5, false, false},    {"Quality", 9, false, false},
    {"Expected", 7, false, false}, {"Verdict", 6, false, false}, {"By", 7, false, false},
    {"When", 10, false, false},    {"Note", 13, false, false}};

void work_report(const struct work *w, struct paper *p, const char *date)
{
    char title[2 * NAME_MAX_BYTES + 32], below[512];
    if (p->format == PAPER_CSV) {
        paper_table(p, list, sizeof list / sizeof *list);
        for (uint32_t i = 0; i < w->count; i++)
            put_point(w, p, i);
        paper_table_end(p);
        return;
    }
    snprintf(title, sizeof title, "Commissioning: %s", w->plant->site);
    snprintf(below, sizeof below, "Gateway %s. %s. Plant file %s.", w->plant->gateway, date,
             words_of_file(w->plant->file));
    paper_begin(p, title, below);
    put_summary(w, p);
    if (w->torn > 0)
        paper_say(p, "%u lines of %s could not be read.", w->torn, words_of_file(w->file));
    put_signatures(p);
    for (uint32_t i = 0; i < w->count; i++) {
        if (i == 0 || w->points[i - 1].device != w->points[i].device) {
            if (i > 0)
                paper_table_end(p);
            if (i == 0)
                paper_chapter(p, "Points");
            paper_heading(p, work_device(w, i)->path);
            paper_table(p, columns, sizeof columns / sizeof *columns);
        }
        put_point(w, p, i);
    }
    if (w->count > 0)
        paper_table_end(p);
}

void work_status(const struct work *w, bool json)
{
    uint32_t t[POINT_STATES];
    work_tally(w, RULE_NONE, t);
    if (!json) {
        printf("%s: %u of %u points are done, %u failed, %u open", w->plant->site, t[POINT_DONE],
               w->count, t[POINT_FAILED], t[POINT_OPEN] + t[POINT_AGAIN]);
        if (t[POINT_AGAIN] > 0)
            printf(", %u of them because what makes them has changed", t[POINT_AGAIN]);
        putchar('\n');
        return;
    }
    char text[TAG_WORDS + 256];
    printf("{\"points\":%u,\"done\":%u,\"failed\":%u,\"open\":%u,\"open_again\":%u,\"not_done\":[",
           w->count, t[POINT_DONE], t[POINT_FAILED], t[POINT_OPEN], t[POINT_AGAIN]);
    const char *apart = "\n";
    for (uint32_t i = 0; i < w->count; i++) {
        char path[TAG_WORDS];
        if (w->points[i].state == POINT_DONE)
            continue;
        struct json j = json_into(text, sizeof text);
        json_word(&j, "{\"tag\":");
        json_string(
            &j, words_of_tag(path, w->plant, work_device(w, i)->first_tag + w->points[i].point));
        json_word(&j, ",\"state\":");
        json_string(&j, point_state_word((enum point_state)w->points[i].state));
        json_word(&j, "}");
        printf("%s%.*s", apart, (int)json_length(&j), text);
        apart = ",\n";
    }
    puts("]}");
}
