/* SPDX-License-Identifier: Apache-2.0 */
/* headgate commission PLANT [AREA/DEVICE[/TAG]]: is each point what the instrument shows? */
#include "cli/commission.h"

#include <argp.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/side.h"
#include "base/calendar.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "cli/arguments.h"
#include "cli/ask.h"
#include "cli/gateway.h"
#include "cli/verbs.h"

enum { BY_MAX = 128 };

struct commission_arguments {
    struct plant_arguments on;
    const char *by, *answers, *output, *date, *state, *record;
    struct walk walk;
    enum paper_format format;
    bool status, report;
};

enum {
    KEY_BY = 256,
    KEY_ANSWERS,
    KEY_REPORT,
    KEY_STATUS,
    KEY_ALL,
    KEY_TOLERANCE,
    KEY_DATE,
    KEY_RECORD
};

static error_t parse(int key, char *word, struct argp_state *state)
{
    struct commission_arguments *a = state->input;
    double percent;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &a->on;
        break;
    case 'j':
        a->walk.json = true;
        break;
    case 'o':
        a->output = word;
        break;
    case 's':
        a->state = word;
        break;
    case 't':
        duration_argument(state, word, "5s", &a->walk.patience_ns);
        break;
    case KEY_BY:
        a->by = word;
        break;
    case KEY_ANSWERS:
        a->answers = word;
        break;
    case KEY_REPORT:
        a->report = true;
        if (!paper_format_parse(word, &a->format))
            argp_error(state, "'%s' is no format; there are md, html and csv", word);
        break;
    case KEY_STATUS:
        a->status = true;
        break;
    case KEY_ALL:
        a->walk.all = true;
        break;
    case KEY_RECORD:
        a->record = word;
        break;
    case KEY_DATE:
        day_argument(state, word, &a->date);
        break;
    case KEY_TOLERANCE:
        if (!text_to_real(word, &percent) || percent < 0 || percent > 100)
            argp_error(state, "'%s' is no tolerance in percent", word);
        a->walk.tolerance = percent / 100;
        break;
    default:
        return ARGP_ERR_UNKNOWN;
    }
    return 0;
}

/* Beside the plant file: "plant.commission.jsonl". */
static const char *record_file(struct arena *a, const char *plant)
{
    size_t length = strlen(plant);
    if (length > 5 && strcmp(plant + length - 5, ".yaml") == 0)
        length -= 5;
    return arena_printf(a, "%.*s.commission.jsonl", (int)length, plant);
}

static bool all_done(const struct work *w)
{
    uint32_t t[POINT_STATES];
    work_tally(w, RULE_NONE, t);
    return t[POINT_DONE] == w->count;
}

static bool report(const struct commission_arguments *a, const struct work *w)
{
    char today[CALENDAR_MAX];
    struct sheet sheet;
    struct paper p = {.format = a->format};
    (void)calendar_zone(w->plant->timezone);
    calendar_stamp(today, clock_wall().ms);
    today[10] = 0;
    if (!sheet_open(&sheet, a->output, a->on.plant_file))
        return false;
    p.out = sheet.out;
    work_report(w, &p, a->date ? a->date : today);
    return sheet_close(&sheet, paper_end(&p));
}

static int walk(const struct commission_arguments *a, struct work *w)
{
    const char *user = getenv("USER");
    struct walk k = a->walk;
    k.work = w;
    k.by = a->by ? a->by : user ? user : "";
    k.talk = k.json ? stderr : stdout;
    if (!*k.by || !text_is_utf8(k.by, strlen(k.by)) || strlen(k.by) > BY_MAX) {
        fputs("headgate: who are you? say --by NAME\n", stderr);
        return verb_no(k.json, "nobody said who answers");
    }
    k.in = a->answers ? fopen(a->answers, "re") : stdin;
    if (!k.in) {
        fprintf(stderr, "headgate: cannot read %s: %s\n", a->answers, strerror(errno));
        return verb_no(k.json, "the file of answers can't be read");
    }
    k.terminal = isatty(fileno(k.in)) != 0;
    bool good = walk_points(&k);
    if (a->answers)
        fclose(k.in);
    return good ? EXIT_DONE : verb_no(k.json, "an answer could not be kept");
}

static int commission(const struct commission_arguments *a, const struct side *side)
{
    struct ask_target target = {.point = -1, .tag = TAG_NONE};
    struct work w = {.plant = side->plant,
                     .plan = side->plan,
                     .arena = side->arena,
                     .file = a->record ? a->record : record_file(side->arena, a->on.plant_file)};
    bool json = a->walk.json;
    if (a->on.subject && !ask_find(side->plant, side->arena, a->on.subject, &target))
        return verb_no(json, "the plant has nothing of that name");
    if (a->on.subject && !target.device) {
        fprintf(stderr, "headgate: %s is made by the gateway; no instrument shows it\n",
                a->on.subject);
        return verb_no(json, "it is made by the gateway; no instrument shows it");
    }
    if (!w.file || !points_find(&w, target.device, target.point))
        return verb_no_memory("commission");
    if (!records_load(&w))
        return verb_no(json, "the answers that were kept can't be read");
    if (a->status || a->report) {
        if (a->status)
            work_status(&w, json);
        bool good = !a->report || report(a, &w);
        return good && all_done(&w) ? EXIT_DONE : EXIT_NO;
    }
    if (!records_ready(&w))
        return verb_no(json, "no answer could be kept");
    gateway_compare_beside(side->plan, a->state, a->on.plant_file, target.device);
    return walk(a, &w);
}

int verb_commission(int argc, char **argv)
{
    static const struct argp_option options[] = {
        {"by", KEY_BY, "NAME", 0, "who answers (default: $USER)", 0},
        {"answers", KEY_ANSWERS, "FILE", 0, "answers, a line each, instead of standard input", 0},
        {"all", KEY_ALL, NULL, 0, "also the points that are done", 0},
        {"tolerance", KEY_TOLERANCE, "PERCENT", 0, "how near a value has to be (default 1)", 0},
        {"record", KEY_RECORD, "FILE", 0,
         "where answers are kept (default: PLANT.commission.jsonl, beside PLANT)", 0},
        {"report", KEY_REPORT, "md|html|csv", 0, "what was found, with lines to sign", 0},
        {"status", KEY_STATUS, NULL, 0, "how far it is, in one line", 0},
        {"output", 'o', "FILE", 0, "write the report to this file", 0},
        {"date", KEY_DATE, "DAY", 0, "the day that stands on the report (default: today)", 0},
        {"json", 'j', NULL, 0, "print JSON: the status, or each answer as it is kept", 0},
        {"state", 's', "DIR", 0,
         "where a gateway that runs has its journal (default: $STATE_DIRECTORY, else state/ beside "
         "PLANT)",
         0},
        {"timeout", 't', "DURATION", 0, "give a device up after this time (default 10s)", 0},
        {0}};
    static const struct argp argp = {
        options,
        parse,
        "PLANT [AREA/DEVICE[/TAG]]",
        "Asks each point now, shows it, and keeps what you say of it beside the plant file, in "
        "PLANT.commission.jsonl. Points that are done aren't shown again, unless the map or the "
        "address has changed since.\vWith --report and --status the exit status is 1 while points "
        "are open or failed.",
        plant_child,
        NULL,
        NULL};
    struct commission_arguments a = {
        .on.takes = {1, 2, "which plant file?", "one device or tag at a time"},
        .walk = {.tolerance = 0.01, .patience_ns = 10 * NS_PER_S}};
    if (!verb_arguments(&argp, argc, argv, &a))
        return EXIT_NO;
    log_init(LOG_WARN, 0);
    struct side side;
    if (!plant_argument_plan(&a.on, "commission", &side))
        return verb_no(a.walk.json, "the plant file can't be used");
    int status = commission(&a, &side);
    side_fini(&side);
    return status;
}
