/* SPDX-License-Identifier: Apache-2.0 */
/* headgate explain PLANT LEAK: what a leak point has learned, and how small a leak it would find,
 * how soon. */
#include <argp.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "app/state_dir.h"
#include "base/calendar.h"
#include "base/clock.h"
#include "base/text.h"
#include "cli/arguments.h"
#include "cli/verbs.h"
#include "publish/encode_leak.h"
#include "publish/journal.h"
#include "watch/leak.h"

struct explain_arguments {
    struct plant_arguments on;
    const char *state;
};

struct learned { /* looked for among what the gateway keeps */
    struct leak *leak;
    char key[96];
    bool seen, used;
    int64_t now_ms;
};

static error_t parse(int key, char *word, struct argp_state *state)
{
    struct explain_arguments *a = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &a->on;
        break;
    case 'j':
        a->on.json = true;
        break;
    case 's':
        a->state = word;
        break;
    case 'm':
        a->on.options.library = word;
        break;
    default:
        return ARGP_ERR_UNKNOWN;
    }
    return 0;
}

static void try_kept(void *me, const char *key, const void *blob, size_t size)
{
    struct learned *l = me;
    if (strcmp(key, l->key) != 0)
        return;
    l->seen = true;
    l->used = leak_restore(l->leak, blob, size, l->now_ms);
}

static const struct leak_rule *find(const struct plant *p, const char *file, const char *name)
{
    const char *names[256];
    size_t count = 0;
    for (uint32_t i = 0; i < p->leak_count; i++) {
        if (strcmp(p->leaks[i].name, name) == 0)
            return &p->leaks[i];
        if (count < sizeof names / sizeof *names)
            names[count++] = p->leaks[i].name;
    }
    const char *near = text_nearest(name, names, count);
    fprintf(stderr, "%s: no leak `%s`%s%s%s\n", file, name, near ? ", did you mean `" : "",
            near ? near : "", near ? "`?" : "");
    return NULL;
}

static void print_hours(double hours)
{
    if (!isfinite(hours))
        printf("%10s", "never");
    else if (hours < 1.0 / 30)
        printf("%8.0f s", hours * 3600);
    else if (hours < 1)
        printf("%6.0f min", hours * 60);
    else if (hours < 72)
        printf("%8.1f h", hours);
    else
        printf("%8.1f d", hours / 24);
}

static void print_curve(const struct leak_sense *curve, uint32_t count)
{
    if (count == 0) {
        puts("This kind has no curve of size against time.");
        return;
    }
    puts("\n  a leak of                  is found in about");
    for (uint32_t i = 0; i < count; i++) {
        if (isfinite(curve[i].share))
            printf("  %5.1f %%  ", curve[i].share * 100);
        else
            printf("           ");
        printf("%10.2f m3/h  ", curve[i].flow);
        print_hours(curve[i].hours);
        printf("   %s\n",
               isfinite(curve[i].hours) ? curve[i].by : "below what it can tell from noise");
    }
}

static void print_learned(const struct leak_view *v, const struct learned *l)
{
    if (!l->seen)
        puts("Nothing learned yet was found: these are a new point's figures.");
    else if (!l->used)
        puts("What was learned belongs to another version of this leak, and is not used.");
    if (v->state == LEAK_LEARNING)
        printf("learning: %.0f h left\n", v->learning_left_h);
    if (isfinite(v->sigma))
        printf("noise            %10.3g %s\n", v->sigma, v->sigma_unit);
    if (isfinite(v->baseline))
        printf("baseline         %10.3g m3/h, from day to day %.3g\n", v->baseline,
               isfinite(v->baseline_sd) ? v->baseline_sd : 0);
    if (isfinite(v->drift))
        printf("drift allowed    %10.3g m3/h: smaller leaks are never found\n", v->drift);
    if (isfinite(v->limit))
        printf("now              %10.3g of %.3g %s\n", v->score, v->limit,
               v->score_unit ? v->score_unit : "");
    if (isfinite(v->unaccounted_24h))
        printf("unaccounted 24 h %10.4g m3\n", v->unaccounted_24h);
    if (l->used && v->coverage <= 0)
        puts("coverage         nothing came in the last 24 h: all this is as it was before");
    else if (isfinite(v->coverage))
        printf("coverage         %10.0f %% of the last 24 h\n", v->coverage * 100);
    if (*v->text)
        printf("%s\n", v->text);
}

static void print_json(const struct plant *p, const struct leak_rule *r, const struct leak_view *v,
                       const struct leak_sense *curve, uint32_t count, const struct learned *l)
{
    char buffer[2 * LEAK_ROOM];
    struct json j = json_into(buffer, sizeof buffer);
    json_word(&j, "{\"learned\":");
    json_raw(&j, l->used ? "true" : "false", l->used ? 4 : 5);
    json_word(&j, ",\"point\":");
    encode_leak(&j, p, r, v, (wall_t){l->now_ms});
    json_word(&j, ",\"curve\":[");
    for (uint32_t i = 0; i < count; i++) {
        if (i > 0)
            json_word(&j, ",");
        json_word(&j, "{\"share\":");
        json_real(&j, curve[i].share, false);
        json_word(&j, ",\"flow\":");
        json_real(&j, curve[i].flow, false);
        json_word(&j, ",\"hours\":");
        json_real(&j, curve[i].hours, false);
        json_word(&j, ",\"by\":");
        json_string(&j, curve[i].by);
        json_word(&j, "}");
    }
    json_word(&j, "]}");
    printf("%.*s\n", (int)json_length(&j), buffer);
}

static int explain(const struct explain_arguments *a, const struct plant *p)
{
    char dir[PATH_MAX];
    const struct leak_rule *r = find(p, a->on.plant_file, a->on.subject);
    if (!r)
        return verb_no(a->on.json, "the plant has no leak of that name");
    struct learned l = {.now_ms = clock_wall().ms};
    l.leak = leak_new(r, 0, l.now_ms);
    if (!l.leak || !state_dir(dir, sizeof dir, a->state, a->on.plant_file)) {
        leak_free(l.leak);
        return verb_no(a->on.json, "what was learned can't be looked for");
    }
    snprintf(l.key, sizeof l.key, "leak/%s", r->name);
    journal_look(dir, try_kept, &l);
    struct leak_view v;
    struct leak_sense curve[LEAK_CURVE_MAX];
    leak_view(l.leak, &v);
    uint32_t count = leak_curve(l.leak, curve);
    if (a->on.json) {
        print_json(p, r, &v, curve, count, &l);
    } else {
        printf("%s%s%s\n", r->name, *r->about ? ": " : "", r->about);
        print_learned(&v, &l);
        print_curve(curve, count);
    }
    leak_free(l.leak);
    return EXIT_DONE;
}

int verb_explain(int argc, char **argv)
{
    static const struct argp_option options[] = {
        {"state", 's', "DIR", 0, "Where the gateway's state lives (default: as for run)", 0},
        {"maps", 'm', "DIR", 0, "Library of register maps", 0},
        {"json", 'j', NULL, 0, "As JSON", 0},
        {0}};
    static const struct argp argp = {
        options,
        parse,
        "PLANT LEAK",
        "Tells what a leak point has learned of its plant, and from that how small a leak it "
        "finds, "
        "and how soon.\vThe gateway may be running; its state is only read.",
        plant_words_child,
        NULL,
        NULL};
    struct explain_arguments a = {
        .on.takes = {2, 2, "say which plant file, and which of its leaks", "one leak at a time"}};
    if (!verb_arguments(&argp, argc, argv, &a))
        return EXIT_NO;
    struct arena *arena = arena_new(0);
    struct diags *ds = diags_new();
    int result = EXIT_NO;
    if (arena && ds) {
        const struct plant *p = plant_load(arena, a.on.plant_file, &a.on.options, ds);
        diags_print(ds, stderr);
        if (p && !calendar_zone(p->timezone))
            fprintf(stderr, "%s: no timezone `%s` on this machine; times are UTC\n",
                    a.on.plant_file, p->timezone);
        result = p ? explain(&a, p) : verb_no(a.on.json, "the plant file can't be used");
    } else {
        verb_no_memory("explain");
    }
    diags_free(ds);
    arena_free(arena);
    return result;
}
