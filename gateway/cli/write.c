/* SPDX-License-Identifier: Apache-2.0 */
/* headgate write PLANT AREA/DEVICE/TAG VALUE: by the same rules and in the same steps as the
 * gateway's own command, shown before and after. */
#include <argp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/side.h"
#include "app/wish.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "cli/arguments.h"
#include "cli/ask.h"
#include "cli/verbs.h"
#include "config/map.h"
#include "poll/write.h"
#include "publish/json.h"
#include "values/encode.h"

struct write_arguments {
    struct plant_arguments on;
    const char *was;
    bool yes;
    int64_t within_ns;
};

struct writing {
    const struct write_arguments *arguments;
    struct side *side;
    struct ask_target target;
    const struct point *point;
    struct value value;
    struct write_job job;
    bool begun, ended, done;
    char refused[WISH_SAID + 64]; /* why it was not even tried */
};

static error_t parse(int key, char *word, struct argp_state *state)
{
    struct write_arguments *a = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &a->on;
        break;
    case 'w':
        a->was = word;
        break;
    case 'y':
        a->yes = true;
        break;
    case 't':
        duration_argument(state, word, "5s", &a->within_ns);
        break;
    default:
        return ARGP_ERR_UNKNOWN;
    }
    return 0;
}

/* As the tag's kind of value; what is none of it stays a text, and is refused in words. */
static struct value value_of(const struct point *p, const char *word)
{
    struct value v = {.kind = VALUE_TEXT, .length = (uint32_t)strlen(word), .text = word};
    struct value other = {.kind = VALUE_INT};
    if (p->choice_count > 0)
        return v;
    if (!map_point_is_number(p)) {
        bool truth = strcmp(word, "true") == 0 || strcmp(word, "on") == 0;
        return truth || strcmp(word, "false") == 0 || strcmp(word, "off") == 0
                   ? (struct value){.kind = VALUE_BOOL, .truth = truth}
                   : v;
    }
    if (text_to_s64(word, &other.i))
        return other;
    other.kind = VALUE_UINT;
    if (text_to_u64(word, &other.u))
        return other;
    other.kind = VALUE_REAL;
    return text_to_real_typed(word, &other.real) ? other : v;
}

static bool refuse(struct writing *w, const char *why)
{
    fprintf(stderr, "headgate: refused: %s\n", why);
    snprintf(w->refused, sizeof w->refused, "%s", why);
    return false;
}

/* Said on a command line, it has no quotes to leave out. */
static bool is_said(struct writing *w, const char *word, const struct value *v)
{
    const char *unit = w->point->unit;
    char why[WISH_SAID];
    if (v->kind != VALUE_TEXT || !map_point_is_number(w->point) || w->point->choice_count > 0)
        return true;
    if (text_is_two_numbers(word))
        snprintf(why, sizeof why,
                 "'%.80s' may group thousands or be a fraction: write it with a point, or without "
                 "the comma",
                 word);
    else
        snprintf(why, sizeof why, "'%.80s' is none of its values: it is a number%s%s, like 30.5",
                 word, *unit ? " in " : "", unit);
    return refuse(w, why);
}

static bool judge(struct writing *w)
{
    const struct write_arguments *a = w->arguments;
    const struct plant *plant = w->side->plant;
    char said[WISH_SAID];
    if (!ask_find(plant, w->side->arena, a->on.subject, &w->target)) {
        snprintf(w->refused, sizeof w->refused, "the plant has no tag of that name");
        return false;
    }
    if (w->target.tag == TAG_NONE)
        return refuse(w, "say which tag of it: AREA/DEVICE/TAG");
    if (!w->target.device)
        return refuse(w, "it is derived; no device could be told");
    w->point = &w->target.device->map->points[w->target.point];
    w->value = value_of(w->point, a->on.value);
    struct value was = a->was ? value_of(w->point, a->was) : (struct value){0};
    if (!is_said(w, a->on.value, &w->value) || (a->was && !is_said(w, a->was, &was)))
        return false;
    const char *why =
        wish_judge(plant, a->on.subject, &w->value, a->was ? &was : NULL, &w->job, said);
    return !why || refuse(w, why);
}

/* As the gateway judges it that is given this by a command. */
static bool is_right(struct writing *w, const struct asked *asked)
{
    struct board_identity id;
    char said[WISH_SAID];
    uint32_t device = (uint32_t)(w->target.device - w->side->plant->devices);
    if (!board_identity(asked->board, device, &id) || (id.state == IDENTITY_RIGHT && id.connection))
        return true;
    snprintf(said, sizeof said, "it is not known to be the right equipment: %s",
             id.reason ? id.reason : "identity not yet read");
    return refuse(w, said);
}

/* People take their time to agree. */
static bool still_right(struct writing *w)
{
    const struct ask_wish wish = {.device = w->target.device,
                                  .point = w->target.point,
                                  .patience_ns = w->arguments->within_ns};
    if (w->arguments->yes || w->target.device->map->identity.point < 0)
        return true;
    struct asked *asked = ask_now(w->side->arena, w->side->plan, &wish);
    bool right = asked ? is_right(w, asked) : refuse(w, "out of memory");
    asked_free(asked);
    return right;
}

/* What is there now; false: nobody can tell, so nothing is written. */
static bool show_before(struct writing *w)
{
    const struct ask_wish wish = {.device = w->target.device,
                                  .point = w->target.point,
                                  .patience_ns = w->arguments->within_ns};
    struct asked *asked = ask_now(w->side->arena, w->side->plan, &wish);
    if (!asked)
        return refuse(w, "out of memory");
    const struct sample *s = &board_tag(asked->board, w->target.tag)->now;
    char text[ENCODE_TEXT];
    bool known = s->value.kind != VALUE_NONE || s->quality == QUALITY_SENSOR_FAILURE;
    if (known && !w->arguments->on.json)
        printf("%s is %s%s%s%s%s\n", w->arguments->on.subject, encode_text(text, &s->value),
               *w->point->unit ? " " : "", w->point->unit, s->reason ? ": " : "",
               s->reason ? s->reason : "");
    if (!known)
        fprintf(stderr, "headgate: %s can't be read, so it is not written: %s%s\n",
                w->arguments->on.subject, s->reason ? s->reason : "no answer",
                s->reason && strstr(s->reason, "in use")
                    ? "; a running gateway holds the port: let it write, with its command `write`"
                    : "");
    if (!known)
        snprintf(w->refused, sizeof w->refused, "it can't be read, so it is not written: %s",
                 s->reason ? s->reason : "no answer");
    known = known && is_right(w, asked);
    asked_free(asked);
    return known;
}

static void frame_text(const struct writing *w, char out[static WISH_SAID])
{
    const struct device *d = w->target.device;
    struct write_ask frame;
    char raw[WISH_RAW] = "";
    int n = 0;
    write_frame_of(&w->job, w->point, d->unit, &frame);
    for (unsigned i = 0; i < frame.count; i++)
        n += snprintf(raw + n, sizeof raw - (size_t)n, "%s%04X", i ? " " : "", frame.words[i]);
    char mask[24] = "";
    if (w->job.masks[0] != 0xFFFF && frame.function != 5 && frame.function != 15)
        snprintf(mask, sizeof mask, " in the bits %04X", w->job.masks[0]);
    bool coil = frame.function == 5 || frame.function == 15;
    snprintf(out, WISH_SAID, "%s%s, function %u, %s %u (0x%04X), unit %u, line %s", raw, mask,
             frame.function, coil ? "coil" : "holding", frame.address, frame.address, frame.unit,
             w->side->plant->lines[d->line].name);
}

static bool agreed(struct writing *w)
{
    char wanted[ENCODE_TEXT], frame[WISH_SAID], answer[16];
    frame_text(w, frame);
    if (!w->arguments->on.json)
        printf("to be written: %s%s%s = %s\n", encode_text(wanted, &w->value),
               *w->point->unit ? " " : "", w->point->unit, frame);
    if (w->arguments->yes)
        return true;
    if (!isatty(STDIN_FILENO)) {
        fputs("headgate: nobody is here to be asked; say --yes\n", stderr);
        snprintf(w->refused, sizeof w->refused, "nobody was there to be asked");
        return false;
    }
    FILE *talk = w->arguments->on.json ? stderr : stdout;
    if (w->arguments->on.json)
        fprintf(stderr, "%s: %s\n", w->arguments->on.subject, frame);
    fputs("write it? [y/N] ", talk);
    fflush(talk);
    if (fgets(answer, sizeof answer, stdin) && (*answer == 'y' || *answer == 'Y'))
        return true;
    fputs("nothing was written\n", talk);
    snprintf(w->refused, sizeof w->refused, "it was not agreed to");
    return false;
}

/* ---- doing it -------------------------------------------------------------------------------- */

static void on_block(void *me, const struct block *b)
{
    (void)me;
    (void)b;
}

static void print_json(const char *tag, bool sent, const struct value *v, const char *raw,
                       const char *why)
{
    char line[9000]; /* all of it escaped */
    struct json j = json_into(line, sizeof line);
    json_word(&j, "{\"tag\":");
    json_string(&j, strlen(tag) <= 600 ? tag : NULL);
    json_word(&j, ",\"status\":");
    json_string(&j, why ? "failed" : "done");
    json_word(&j, ",\"written\":");
    json_raw(&j, sent ? "true" : "false", sent ? 4 : 5);
    json_word(&j, ",\"value\":");
    json_value(&j, v);
    json_word(&j, ",\"raw\":");
    json_string(&j, *raw ? raw : NULL);
    json_word(&j, ",\"error\":");
    json_string(&j, why);
    json_word(&j, "}");
    printf("%.*s\n", (int)json_length(&j), line);
}

static int refused(const struct write_arguments *a, bool sent, const char *why)
{
    if (a->on.json)
        print_json(a->on.subject, sent, &(struct value){.kind = VALUE_NONE}, "", why);
    return EXIT_NO;
}

static void print_end(const struct writing *w, const struct write_end *e, const char *why)
{
    char text[ENCODE_TEXT], raw[WISH_RAW];
    bool sent = e->how != WRITE_FAILED && e->how != WRITE_CHANGED && e->how != WRITE_THERE;
    struct value v = {.kind = VALUE_NONE};
    raw[0] = '\0';
    if (e->has_after || (e->has_before && !sent))
        v = wish_read(w->point, e->has_after ? e->after : e->before, raw);
    if (w->arguments->on.json) {
        print_json(w->arguments->on.subject, sent, &v, raw, why);
        return;
    }
    if (why)
        printf("not done: %s\n", why);
    else if (e->how == WRITE_THERE)
        puts("done: it was so before; nothing was written");
    else
        printf("done: written, confirmed, and read back as %s%s%s = %s\n", encode_text(text, &v),
               *w->point->unit ? " " : "", w->point->unit, raw);
}

static void on_wrote(void *me, const struct write_end *e)
{
    struct writing *w = me;
    char said[WISH_SAID];
    const char *why = wish_ending(w->point, &w->job, e, said);
    print_end(w, e, why);
    w->ended = true;
    w->done = !why;
}

/* A plan of that unit alone: it is asked nothing else than what proves its bus. */
static const struct plan *narrow(struct arena *a, const struct plan *whole, const struct device *d)
{
    struct plan *p = arena_get(a, sizeof *p);
    struct request *requests = arena_get_array(a, whole->request_count + 1, sizeof *requests);
    uint32_t *starts = arena_get_array(a, whole->plant->line_count + 1, sizeof *starts);
    uint32_t n = 0;
    if (!p || !requests || !starts)
        return NULL;
    *p = *whole;
    for (uint32_t line = 0; line < whole->plant->line_count; line++) {
        starts[line] = n;
        for (uint32_t i = whole->first_request[line]; i < whole->first_request[line + 1]; i++) {
            if (line != d->line || whole->requests[i].unit != d->unit)
                continue;
            requests[n] = whole->requests[i];
            requests[n].id = n;
            n++;
        }
    }
    starts[whole->plant->line_count] = n;
    p->requests = requests;
    p->request_count = n;
    p->first_request = starts;
    return p;
}

static bool carry_out(struct writing *w)
{
    struct poller_hooks hooks = {.me = w, .block = on_block, .wrote = on_wrote};
    const struct plan *plan = narrow(w->side->arena, w->side->plan, w->target.device);
    struct loop *loop = plan ? loop_new() : NULL;
    struct poller *poller = loop ? poller_new(loop, plan, hooks, clock_mono()) : NULL;
    w->job.deadline = mono_add(clock_mono(), w->arguments->within_ns);
    const char *why = poller ? poller_write(poller, &w->job, clock_mono()) : "out of memory";
    if (why)
        refuse(w, why);
    w->begun = !why;
    while (!why && !w->ended) {
        mono_t due = poller_run(poller, clock_mono());
        int64_t wait = mono_since(due, clock_mono());
        if (!w->ended && loop_run(loop, wait > 0 ? wait : 0) < 0)
            break;
    }
    poller_free(poller);
    loop_free(loop);
    return w->done;
}

int verb_write(int argc, char **argv)
{
    static const struct argp_option options[] = {
        {"was", 'w', "VALUE", 0, "only if this is what stands there now", 0},
        {"yes", 'y', NULL, 0, "don't ask", 0},
        {"within", 't', "DURATION", 0, "nothing is sent later than this (default 5s)", 0},
        {0}};
    static const struct argp argp = {
        options,
        parse,
        "PLANT AREA/DEVICE/TAG VALUE",
        "Writes one value: reads it, asks whether to go on, writes, and reads it back. Only what "
        "the "
        "map calls writable and the plant file names in 'commands: {writes: ...}', within the "
        "limits of both.\vExit status 1 when it was not done.",
        plant_json_child,
        NULL,
        NULL};
    struct write_arguments a = {
        .on.takes = {3, 3, "say which plant file, which AREA/DEVICE/TAG, and which value",
                     "one value at a time"},
        .within_ns = 5 * NS_PER_S};
    if (!verb_arguments(&argp, argc, argv, &a))
        return EXIT_NO;
    log_init(LOG_WARN, 0);

    struct side side;
    if (!plant_argument_plan(&a.on, "write", &side))
        return refused(&a, false, "the plant file can't be used");
    struct writing w = {.arguments = &a, .side = &side};
    bool done = judge(&w) && show_before(&w) && agreed(&w) && still_right(&w) && carry_out(&w);
    side_fini(&side);
    if (!done && !w.ended)
        return refused(&a, w.begun,
                       *w.refused ? w.refused : "interrupted: it may have been written or not");
    return done ? EXIT_DONE : EXIT_NO;
}
