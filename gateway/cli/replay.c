/* SPDX-License-Identifier: Apache-2.0 */
/* headgate replay PLANT SAMPLES.csv: a recorded history through derived tags, alarms, leaks and
 * incidents, by the daemon's own code, in the recording's time. What would have been published as
 * an event is printed, a line of JSON each. */
#include <argp.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/lookout.h"
#include "app/side.h"
#include "base/calendar.h"
#include "base/clock.h"
#include "cli/arguments.h"
#include "cli/replay.h"
#include "cli/samples.h"
#include "cli/verbs.h"
#include "publish/journal.h"

enum { ALIASES_MAX = 256, DOOR_BYTES = 4 << 20 };

struct replay_arguments {
    struct plant_arguments on;
    const char *truth, *state, *trace;
    struct samples_alias aliases[ALIASES_MAX];
    uint32_t alias_count;
    bool quiet, no_operator;
};

struct replay {
    const struct replay_arguments *arguments;
    struct side side;
    struct board *board;
    struct derive *derive;
    struct door door;
    struct sequence sequence;
    struct teller *teller;
    struct lookout *lookout;
    struct samples *samples;
    struct replay_figures figures;
    FILE *trace; /* NULL: none */
    uint32_t *touched, touch_max;
    uint32_t *orders, order_count, order_room; /* alarms that the operator looks at next */
    int64_t now_ms;
};

static void take_alias(struct replay_arguments *a, char *word, struct argp_state *state)
{
    char *equals = strchr(word, '=');
    if (!equals || equals == word || a->alias_count == ALIASES_MAX) {
        argp_error(state, "--column '%s': write NAME=AREA/DEVICE/TAG", word);
        return;
    }
    *equals = '\0';
    a->aliases[a->alias_count++] = (struct samples_alias){word, equals + 1};
}

static error_t parse(int key, char *word, struct argp_state *state)
{
    struct replay_arguments *a = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &a->on;
        break;
    case 't':
        a->truth = word;
        break;
    case 'c':
        take_alias(a, word, state);
        break;
    case 's':
        a->state = word;
        break;
    case 'x':
        a->trace = word;
        break;
    case 'm':
        a->on.options.library = word;
        break;
    case 'q':
        a->quiet = true;
        break;
    case 'n':
        a->no_operator = true;
        break;
    default:
        return ARGP_ERR_UNKNOWN;
    }
    return 0;
}

/* What went through the door: events are printed, the rest is for brokers and disks. */
static void drain(struct replay *r)
{
    size_t length;
    for (const char *at; (at = mailbox_peek(r->door.rows, &length)) != NULL;) {
        struct message m;
        memcpy(&m, at, sizeof m);
        const char *payload = at + sizeof m + m.topic_length;
        if (m.lane == MESSAGE_EVENT) {
            r->figures.events++;
            if (!r->arguments->quiet)
                printf("{\"seq\":%llu,%.*s\n", (unsigned long long)m.seq, (int)m.payload_length,
                       payload);
        }
        mailbox_done(r->door.rows);
    }
    while (mailbox_peek(r->door.live, &length) != NULL)
        mailbox_done(r->door.live);
}

static void on_alarm(void *me, uint32_t index, enum alarm_change what, int64_t t_ms)
{
    struct replay *r = me;
    replay_count(&r->figures, index, what, t_ms);
    if (!r->arguments->no_operator && (what == ALARM_DID_ON || what == ALARM_DID_OFF) &&
        r->order_count < r->order_room)
        r->orders[r->order_count++] = index;
    drain(r); /* an alarm's captures are long */
}

/* Nobody sits before a recording. Somebody who acknowledges at once, and resets what is over, lets
 * the points learn on; --no-operator leaves everything standing. */
static void operate(struct replay *r)
{
    for (uint32_t i = 0; i < r->order_count; i++) {
        const struct alarm_rule *rule = &r->side.plant->alarms[r->orders[i]];
        const struct alarm_state *s =
            alarms_state(warden_alarms(lookout_warden(r->lookout)), r->orders[i]);
        struct order o = {.verb = ORDER_ACK, .minutes = (double)NAN, .value = (double)NAN};
        snprintf(o.user, sizeof o.user, "replay");
        snprintf(o.alarm, sizeof o.alarm, "%s", rule->path);
        if (!s->bits.acked)
            lookout_order(r->lookout, &o, r->now_ms);
        o.verb = ORDER_RESET;
        snprintf(o.cause, sizeof o.cause, "unknown");
        if (s->bits.latched && !s->bits.active)
            lookout_order(r->lookout, &o, r->now_ms);
    }
    r->order_count = 0;
}

static void run_until(struct replay *r, int64_t t_ms)
{
    for (;;) {
        int64_t due = lookout_run(r->lookout, r->now_ms, (mono_t){r->now_ms * NS_PER_MS});
        const uint32_t *made;
        lookout_made(r->lookout, &made);
        if (r->order_count > 0) {
            operate(r);
            continue;
        }
        drain(r);
        if (due > t_ms)
            break;
        r->now_ms = due;
    }
    r->now_ms = t_ms;
}

static void feed(struct replay *r, const struct samples_row *row)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < row->count; i++) {
        board_put(r->board, row->cells[i].tag, &row->cells[i].sample);
        r->touched[count++] = row->cells[i].tag;
    }
    r->figures.samples += row->count;
    const mono_t now = {row->t_ms * NS_PER_MS};
    if (r->derive)
        count = derive_run(r->derive, r->board, r->touched, count, r->touch_max,
                           (wall_t){row->t_ms}, now);
    lookout_feed(r->lookout, r->touched, count, row->t_ms);
}

static bool play(struct replay *r, struct diags *ds)
{
    struct samples_row row;
    while (samples_next(r->samples, &row, ds)) {
        run_until(r, row.t_ms - 1);
        r->now_ms = row.t_ms;
        replay_truth(&r->figures, row.truth, row.t_ms);
        feed(r, &row);
        run_until(r, row.t_ms);
        if (r->trace)
            replay_trace(r->trace, r->side.plant, lookout_warden(r->lookout), &row);
    }
    return diags_errors(ds) == 0;
}

static bool build(struct replay *r, struct diags *ds)
{
    const struct replay_arguments *a = r->arguments;
    if (!side_plan(&r->side, a->on.plant_file, &a->on.options, ds))
        return false;
    const struct plant *p = r->side.plant;
    calendar_zone(p->timezone);
    const struct samples_setup setup = {a->on.subject, p, a->aliases, a->alias_count, a->truth};
    r->samples = samples_open(&setup, ds);
    if (!r->samples)
        return false;
    r->now_ms = samples_first_ms(r->samples);
    r->door.rows = mailbox_new(DOOR_BYTES);
    r->door.live = mailbox_new(DOOR_BYTES);
    for (int lane = 0; lane < MESSAGE_JOURNALED; lane++)
        r->sequence.next[lane] = 1;
    r->board = board_new(r->side.plan);
    r->derive = p->derived_count ? derive_new(p, ds) : NULL;
    if (!r->door.rows || !r->door.live || !r->board || (p->derived_count && !r->derive))
        return false;
    r->teller = teller_new(r->side.plan, &r->door, &r->sequence);
    r->touch_max = p->tag_count + p->derived_count + 1;
    r->touched = calloc(r->touch_max, sizeof *r->touched);
    r->order_room = 2 * p->alarm_count + 1;
    r->orders = calloc(r->order_room, sizeof *r->orders);
    if (!r->teller || !r->touched || !r->orders || !replay_figures_init(&r->figures, p))
        return false;
    const struct lookout_setup l = {.plant = p,
                                    .board = r->board,
                                    .derive = r->derive,
                                    .teller = r->teller,
                                    .now_ms = r->now_ms,
                                    .sample_ms = samples_period_ms(r->samples),
                                    .me = r,
                                    .alarm = on_alarm};
    r->lookout = lookout_new(&l);
    if (a->trace && r->lookout) {
        r->trace = fopen(a->trace, "w");
        if (!r->trace) {
            diag_add(ds, DIAG_ERROR, (struct place){a->trace, 1, 1}, "cannot be written");
            return false;
        }
        replay_trace_head(r->trace);
    }
    return r->lookout != NULL;
}

static void keep(void *me, const char *key, const void *bytes, size_t size)
{
    if (strncmp(key, "leak/", 5) == 0) /* alarms of a recording aren't the plant's */
        journal_keep(me, key, bytes, size);
}

/* What was learned, for the gateway that is going to run in DIR. */
static bool save(struct replay *r, struct diags *ds)
{
    const char *why = NULL;
    if (!r->arguments->state)
        return true;
    struct journal *j =
        journal_open(r->arguments->state, r->side.plant->journal, (wall_t){clock_wall().ms}, &why);
    if (!j) {
        diag_add(ds, DIAG_ERROR, (struct place){r->arguments->state, 1, 1}, "%s", why);
        return false;
    }
    warden_each(lookout_warden(r->lookout), keep, j);
    bool good = journal_commit(j);
    journal_close(j);
    return good;
}

static void end(struct replay *r)
{
    if (r->trace)
        fclose(r->trace);
    lookout_free(r->lookout);
    teller_free(r->teller);
    derive_free(r->derive);
    board_free(r->board);
    if (r->door.rows)
        mailbox_free(r->door.rows);
    if (r->door.live)
        mailbox_free(r->door.live);
    samples_close(r->samples);
    replay_figures_fini(&r->figures);
    free(r->touched);
    free(r->orders);
    side_fini(&r->side);
}

int verb_replay(int argc, char **argv)
{
    static const struct argp_option options[] = {
        {"truth", 't', "COLUMN", 0,
         "This column says what really leaks (m3/h): false alarms and delays are counted", 0},
        {"column", 'c', "NAME=TAG", 0, "The column NAME holds this tag (may be repeated)", 0},
        {"trace", 'x', "FILE", 0, "Write what each leak point believed, row by row, as CSV", 0},
        {"state", 's', "DIR", 0, "Leave what was learned there, for a gateway to start with", 0},
        {"no-operator", 'n', NULL, 0, "Nobody acknowledges and resets alarms", 0},
        {"quiet", 'q', NULL, 0, "Only the summary", 0},
        {"maps", 'm', "DIR", 0, "Library of register maps", 0},
        {0}};
    static const struct argp argp = {
        options,
        parse,
        "PLANT SAMPLES.csv",
        "Plays a recorded history through derived tags, alarms, leaks and incidents, in the "
        "recording's own time, and prints events as JSON lines, then a summary.\v"
        "The first column is `timestamp` (ms since 1970, or ISO 8601; `t_s` for seconds), the "
        "others are named by tag. An empty field is no sample.",
        plant_words_child,
        NULL,
        NULL};
    static struct replay_arguments a = {
        .on.takes = {2, 2, "say which plant file, and which recording", "one recording at a time"}};
    static struct replay r;
    if (!verb_arguments(&argp, argc, argv, &a))
        return EXIT_NO;
    r.arguments = &a;
    struct diags *ds = diags_new();
    mono_t begun = clock_mono();
    bool good = ds && build(&r, ds) && play(&r, ds) && save(&r, ds);
    if (ds)
        diags_print(ds, stderr);
    else
        verb_no_memory("replay");
    if (good)
        replay_summary(&r.figures, r.side.plant, lookout_warden(r.lookout),
                       (double)mono_since(clock_mono(), begun) / (double)NS_PER_S);
    diags_free(ds);
    end(&r);
    return good ? EXIT_DONE : EXIT_NO;
}
