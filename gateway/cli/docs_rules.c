/* SPDX-License-Identifier: Apache-2.0 */
/* What is watched, what water can spoil, and what may be written. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/permit.h"
#include "base/text.h"
#include "cli/docs.h"
#include "cli/point_words.h"
#include "config/plant.h"
#include "publish/encode_alarm.h"

static const char *const leak_words[LEAK_KIND_COUNT] = {
    [LEAK_BALANCE] = "balance",    [LEAK_DEMAND] = "demand", [LEAK_IDLE] = "idle",
    [LEAK_SUMP] = "sump",          [LEAK_LIMIT] = "limit",   [LEAK_ROC] = "rate of change",
    [LEAK_SHIFT] = "shift",        [LEAK_SWITCH] = "switch", [LEAK_WEIR] = "weir",
    [LEAK_FREEBOARD] = "freeboard"};

static const char *const role_words[ROLE_COUNT] = {
    [ROLE_LEVEL] = "level", [ROLE_IN] = "in",         [ROLE_OUT] = "out",
    [ROLE_RUN] = "runs",    [ROLE_RAIN] = "rain",     [ROLE_EVAPORATION] = "evaporation",
    [ROLE_MASK] = "mask",   [ROLE_PUMP] = "pump",     [ROLE_FLOAT] = "float",
    [ROLE_INLET] = "inlet", [ROLE_OUTLET] = "outlet", [ROLE_VALUE] = "value",
    [ROLE_HEAD] = "head",   [ROLE_SWITCH] = "switch", [ROLE_TEST] = "test"};

/* A cell: the tag's path, or nothing. */
static void put_tag(struct docs *d, uint32_t tag)
{
    char path[TAG_WORDS];
    paper_cell(&d->paper, "%s", tag == TAG_NONE ? "" : words_of_tag(path, d->plant, tag));
}

static void put_delay(struct docs *d, int64_t ms)
{
    char time[32];
    paper_cell(&d->paper, "%s", ms > 0 ? text_from_duration(time, ms * NS_PER_MS) : "");
}

/* ---- alarms -----------------------------------------------------------------------------------
 */

static const char *why_alarm(const struct alarm_rule *r)
{
    static const char *const origins[ALARM_ORIGIN_COUNT] = {
        [ALARM_LEAK] = "leak point believes that water is missing",
        [ALARM_BLIND] = "leak point is blind",
        [ALARM_BIAS] = "meters disagree for good",
        [ALARM_HEALTH] = "pump lifts less than it did",
        [ALARM_PROOF] = "proof test is overdue",
        [ALARM_SIGNAL] = "signal is not fit",
        [ALARM_DEVICE_LOST] = "device does not answer",
        [ALARM_LINE_LOST] = "no device of the line answers",
        [ALARM_STALLED] = "basin does not get emptier though pumps run",
        [ALARM_THREAT] = "water comes near",
        [ALARM_FLOOD] = "more alarms than a person can take"};
    return origins[r->origin];
}

static void put_alarm(struct docs *d, const struct alarm_rule *r)
{
    char words[CONDITION_WORDS];
    paper_cell(&d->paper, "%s", r->path);
    if (r->origin == ALARM_CONDITION) {
        put_tag(d, d->plant->conditions[r->origin_index].tag);
        paper_more(&d->paper, " %s", docs_condition(words, d, r->origin_index));
    } else {
        paper_cell(&d->paper, "%s", why_alarm(r));
    }
    put_delay(d, r->on_delay_ms);
    paper_cell(&d->paper, "%s%s", alarm_priority_words(r->priority), r->latch ? "\nlatched" : "");
    if (r->tarp)
        paper_more(&d->paper, "\nTARP %u", r->tarp);
    paper_cell(&d->paper, "%s", r->about);
    paper_cell(&d->paper, "%s", r->consequence);
    paper_cell(&d->paper, "%s", r->response);
}

static void put_alarms(struct docs *d, uint32_t area, const char *title)
{
    static const struct column columns[] = {
        {"Alarm", 18, false, true},    {"When", 23, false, false},
        {"Delay", 5, false, false},    {"Priority", 6, false, false},
        {"About", 16, false, false},   {"Consequence", 15, false, false},
        {"Response", 17, false, false}};
    bool begun = false;
    for (uint32_t i = 0; i < d->plant->alarm_count; i++) {
        if (d->plant->alarms[i].area != area)
            continue;
        if (!begun) {
            paper_heading(&d->paper, title);
            paper_table(&d->paper, columns, sizeof columns / sizeof *columns);
        }
        begun = true;
        put_alarm(d, &d->plant->alarms[i]);
    }
    if (begun)
        paper_table_end(&d->paper);
}

/* ---- leak points ------------------------------------------------------------------------------
 */

static void put_inputs(struct docs *d, const struct leak_rule *r)
{
    char path[TAG_WORDS];
    paper_cell(&d->paper, "%s", "");
    for (uint32_t i = 0; i < r->input_count; i++) {
        const struct leak_input *in = &r->inputs[i];
        paper_more(&d->paper, "%s%s %s", i ? "\n" : "", role_words[in->role],
                   words_of_tag(path, d->plant, in->tag));
        if (in->nominal > 0)
            paper_more(&d->paper, ", %.10g m3/h", in->nominal);
        if (in->accuracy > 0)
            paper_more(&d->paper, ", %.10g %%", in->accuracy * 100);
    }
}

/* "high 55", for those that people gave. */
static void put_limits(struct docs *d, const struct leak_rule *r)
{
    char time[32];
    const struct {
        const char *name;
        double x;
    } limits[] = {{"nominal m3/h", r->nominal > 0 ? r->nominal : (double)NAN},
                  {"high-high", r->high_high},
                  {r->kind == LEAK_WEIR ? "high m3/h" : "high", r->high},
                  {"low", r->low},
                  {"low-low", r->low_low},
                  {"changes by", r->by},
                  {"crest m", r->crest},
                  {"freeboard m", r->freeboard_min}};
    const char *apart = "";
    paper_cell(&d->paper, "%s", "");
    for (size_t i = 0; i < sizeof limits / sizeof *limits; i++)
        if (isfinite(limits[i].x) && (limits[i].x > 0 || r->kind == LEAK_LIMIT)) {
            paper_more(&d->paper, "%s%s %.10g", apart, limits[i].name, limits[i].x);
            apart = "\n";
        }
    if (r->kind == LEAK_SWITCH)
        paper_more(&d->paper, "%s%u of %u%s", apart, r->vote, r->input_count,
                   r->normally_closed ? ", normally closed" : "");
    if (r->learn_ms > 0)
        paper_more(&d->paper, "\nlearns %s", text_from_duration(time, r->learn_ms * NS_PER_MS));
}

static void put_leaks(struct docs *d, uint32_t area)
{
    static const struct column columns[] = {
        {"Leak point", 12, false, true}, {"Kind", 7, false, false},
        {"Watches", 27, false, true},    {"Limits", 12, false, false},
        {"Priority", 6, false, false},   {"Proof test", 7, false, false},
        {"About", 14, false, false},     {"Response", 15, false, false}};
    bool begun = false;
    for (uint32_t i = 0; i < d->plant->leak_count; i++) {
        const struct leak_rule *r = &d->plant->leaks[i];
        if (r->area != area)
            continue;
        const struct alarm_rule *a = r->alarm == RULE_NONE ? NULL : &d->plant->alarms[r->alarm];
        if (!begun) {
            paper_heading(&d->paper, "Leak points");
            paper_table(&d->paper, columns, sizeof columns / sizeof *columns);
        }
        begun = true;
        paper_cell(&d->paper, "%s", r->name);
        paper_cell(&d->paper, "%s", leak_words[r->kind]);
        put_inputs(d, r);
        put_limits(d, r);
        paper_cell(&d->paper, "%s", a ? alarm_priority_words(a->priority) : "");
        put_delay(d, r->proof_every_ms);
        paper_cell(&d->paper, "%s", r->about);
        paper_cell(&d->paper, "%s", a ? a->response : "");
    }
    if (begun)
        paper_table_end(&d->paper);
}

/* ---- equipment --------------------------------------------------------------------------------
 */

static void put_equipment(struct docs *d, uint32_t area)
{
    static const struct column columns[] = {
        {"Equipment", 14, false, true},     {"Class", 9, false, false},
        {"Floor, m", 6, true, false},       {"On the level", 18, false, true},
        {"Warned before", 8, false, false}, {"Runs", 16, false, true},
        {"Wet switch", 12, false, true},    {"Owner", 8, false, false},
        {"About", 9, false, false}};
    bool begun = false;
    for (uint32_t i = 0; i < d->plant->equipment_count; i++) {
        const struct equipment *e = &d->plant->equipment[i];
        if (e->area != area)
            continue;
        if (!begun) {
            paper_heading(&d->paper, "Equipment");
            paper_table(&d->paper, columns, sizeof columns / sizeof *columns);
        }
        begun = true;
        paper_cell(&d->paper, "%s", e->name);
        paper_cell(&d->paper, "%s", equipment_class_name((enum equipment_class)e->class_));
        paper_number(&d->paper, e->floor);
        put_tag(d, e->water);
        put_delay(d, e->water == TAG_NONE ? 0 : e->warn_ms);
        put_tag(d, e->running);
        put_tag(d, e->wet);
        paper_cell(&d->paper, "%s", e->owner ? e->owner : "");
        paper_cell(&d->paper, "%s", e->about ? e->about : "");
    }
    if (begun)
        paper_table_end(&d->paper);
}

void docs_rules(struct docs *d, uint32_t area)
{
    put_equipment(d, area);
    put_leaks(d, area);
    put_alarms(d, area, "Alarms");
}

/* ---- what people may do -----------------------------------------------------------------------
 */

void docs_writes(struct docs *d)
{
    static const struct column columns[] = {
        {"Tag", 30, false, true},        {"Writes to", 14, false, true},
        {"Function", 7, true, false},    {"Lowest", 9, true, false},
        {"Highest", 9, true, false},     {"Unit", 8, false, false},
        {"Allowed by", 12, false, true}, {"Remark", 11, false, false}};
    const struct command_rules *c = &d->plant->commands;
    char allowed[PERMIT_TEXT_MAX], path[TAG_WORDS];
    paper_chapter(&d->paper, "What people may do");
    paper_say(&d->paper,
              "The plant file lets people command: %s. Who may publish under cmd/%s/ is for the "
              "broker's access list to say.",
              permit_text(allowed, c->allow), d->plant->gateway);
    put_alarms(d, RULE_NONE, "Alarms of the gateway itself");
    paper_heading(&d->paper, "Tags that may be written");
    if (c->write_count == 0) {
        paper_say(&d->paper, "%s", "None.");
        return;
    }
    paper_table(&d->paper, columns, sizeof columns / sizeof *columns);
    for (uint32_t i = 0; i < c->write_count; i++) {
        const struct write_permit *w = &c->writes[i];
        const struct point *p = tag_point(d->plant, w->tag);
        const struct write_rule *r = p->write;
        bool limits = r && r->has_limits;
        bool bits = p->table == TABLE_COIL || p->table == TABLE_DISCRETE;
        paper_cell(&d->paper, "%s", words_of_tag(path, d->plant, w->tag));
        if (r)
            paper_cell(&d->paper, "%s %u", bits ? "coil" : "holding", r->address);
        else
            paper_cell(&d->paper, "%s", "");
        paper_number(&d->paper, r ? r->function : (double)NAN);
        paper_number(&d->paper, isfinite(w->low) ? w->low : limits ? r->low : (double)NAN);
        paper_number(&d->paper, isfinite(w->high) ? w->high : limits ? r->high : (double)NAN);
        paper_cell(&d->paper, "%s", p->unit);
        paper_cell(&d->paper, "%s:%u", words_of_file(w->at.file ? w->at.file : d->plant->file),
                   w->at.line);
        paper_cell(&d->paper, "%s", p->danger ? "danger: moves something" : "");
    }
    paper_table_end(&d->paper);
}
