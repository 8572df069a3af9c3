/* SPDX-License-Identifier: Apache-2.0 */
/* headgate docs PLANT: the tag list for the binder. The same files give the same bytes. */
#include "cli/docs.h"

#include <argp.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/side.h"
#include "base/calendar.h"
#include "base/clock.h"
#include "base/text.h"
#include "cli/arguments.h"
#include "cli/verbs.h"

enum { FILE_LIMIT = 16 << 20 };

struct docs_arguments {
    struct plant_arguments on;
    const char *output, *date;
    enum paper_format format;
};

static error_t parse(int key, char *word, struct argp_state *state)
{
    struct docs_arguments *a = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &a->on;
        break;
    case 'f':
        if (!paper_format_parse(word, &a->format))
            argp_error(state, "'%s' is no format; there are md, csv and html", word);
        break;
    case 'o':
        a->output = word;
        break;
    case 'd':
        day_argument(state, word, &a->date);
        break;
    default:
        return ARGP_ERR_UNKNOWN;
    }
    return 0;
}

static bool prepare(struct docs *d, const struct side *side, const char *date)
{
    static char today[CALENDAR_MAX];
    const struct plant *p = side->plant;
    uint32_t *alarm_of = arena_get_array(side->arena, p->condition_count + 1, sizeof *alarm_of);
    size_t length = 0;
    char *text = text_read_file(p->file, FILE_LIMIT, &length);
    uint64_t hash = text ? text_hash(0, text, length) : 0;
    free(text);
    d->plant = p;
    d->plan = side->plan;
    d->alarm_of = alarm_of;
    snprintf(d->hash, sizeof d->hash, "%016jx", (uintmax_t)hash);
    (void)calendar_zone(p->timezone);
    calendar_stamp(today, clock_wall().ms);
    today[10] = 0;
    d->date = date ? date : today;
    for (uint32_t i = 0; alarm_of && i < p->alarm_count; i++)
        if (p->alarms[i].origin == ALARM_CONDITION)
            alarm_of[p->alarms[i].origin_index] = i;
    return alarm_of && mentions_find(side->arena, p, &d->mentions);
}

static void write_all(struct docs *d)
{
    const struct plant *p = d->plant;
    if (d->paper.format == PAPER_CSV) {
        docs_list(d);
        return;
    }
    docs_head(d);
    for (uint32_t i = 0; i < p->area_count; i++) {
        paper_chapter(&d->paper, *p->areas[i].title ? p->areas[i].title : p->areas[i].name);
        docs_area(d, i);
        docs_rules(d, i);
    }
    docs_writes(d);
}

int verb_docs(int argc, char **argv)
{
    static const struct argp_option options[] = {
        {"format", 'f', "md|csv|html", 0, "default md", 0},
        {"output", 'o', "FILE", 0, "write to this file, whole or not at all", 0},
        {"date", 'd', "DAY", 0, "the day that stands on it (default: today)", 0},
        {0}};
    static const struct argp argp = {
        options,
        parse,
        "PLANT",
        "Writes the tag list of a plant, for the binder: each tag with its topic, register, type, "
        "range, period, alarms and leak points, each line with its load, each map with its "
        "version.\vNothing is sent. Of the same files and the same day it is the same to the byte.",
        plant_child,
        NULL,
        NULL};
    struct docs_arguments a = {.on.takes = {1, 1, "which plant file?", NULL},
                               .format = PAPER_MARKDOWN};
    if (!verb_arguments(&argp, argc, argv, &a))
        return EXIT_NO;
    struct side side;
    struct docs d = {.paper = {.format = a.format}};
    int status = EXIT_NO;
    struct sheet sheet;
    if (!plant_argument_plan(&a.on, "docs", &side))
        return EXIT_NO;
    if (!prepare(&d, &side, a.date)) {
        verb_no_memory("docs");
    } else if (sheet_open(&sheet, a.output, a.on.plant_file)) {
        d.paper.out = sheet.out;
        write_all(&d);
        status = sheet_close(&sheet, paper_end(&d.paper)) ? EXIT_DONE : EXIT_NO;
    }
    side_fini(&side);
    return status;
}
