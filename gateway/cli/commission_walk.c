/* SPDX-License-Identifier: Apache-2.0 */
/* From point to point, with a person at the terminal or a file of answers. */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/period.h"
#include "base/text.h"
#include "cli/commission.h"
#include "cli/plan.h"
#include "cli/point_words.h"
#include "publish/topic.h"

enum { ANSWER_ROOM = 600, WATCH_ROUNDS = 10, WATCH_MOST = 1000 };

enum step { STEP_AGAIN, STEP_NEXT, STEP_BACK, STEP_QUIT, STEP_FAILED };

struct place_in_walk {
    struct walk *w;
    uint32_t i;
    struct look look;
};

/* ---- what is shown ----------------------------------------------------------------------------
 */

/* What stands on the screen of somebody else's terminal is never obeyed by it. */
static void say(FILE *out, const char *text)
{
    char sign[8];
    while (*text) {
        text += paper_sign(text, sign);
        fputs(*sign == '\n' ? " " : sign, out);
    }
}

static void show_said(FILE *out, const struct record *r, enum point_state state)
{
    if (!r)
        return;
    fprintf(out, "  before   %s: %s by ", r->when, verdict_word((enum verdict)r->verdict));
    say(out, r->by);
    if (*r->expected) {
        fputs(", saw ", out);
        say(out, r->expected);
    }
    if (*r->note) {
        fputs(": ", out);
        say(out, r->note);
    }
    fputs(state == POINT_AGAIN ? "; what makes it has changed since\n" : "\n", out);
}

static void show_place(const struct place_in_walk *p)
{
    const struct work *w = p->w->work;
    const struct device *d = work_device(w, p->i);
    const struct point *point = work_point(w, p->i);
    FILE *out = p->w->talk;
    char connect[320], topic[TOPIC_MAX], words[POINT_WORDS], scale[POINT_WORDS];
    uint32_t tally[POINT_STATES];
    work_tally(w, RULE_NONE, tally);
    plan_connect_text(&w->plant->lines[d->line], connect, sizeof connect);
    fprintf(out, "\n%s/%s   point %u of %u, %u done, %u failed\n", d->path, point->name, p->i + 1,
            w->count, tally[POINT_DONE], tally[POINT_FAILED]);
    if (topic_make(topic, w->plant->mqtt.root, w->plant->site, TOPIC_VALUE, d->path, point->name))
        fprintf(out, "  topic    %s\n", topic);
    fprintf(out, "  device   line %s, %s, unit %u; ", w->plant->lines[d->line].name, connect,
            d->unit);
    say(out, *d->map->title ? d->map->title : d->map->name);
    fprintf(out, "\n  address  %s", words_of_notations(words, point));
    if (point->from >= 0)
        fprintf(out, " from %s", d->map->points[point->from].name);
    else if (d->map->has_doc_base[point->table])
        fprintf(out, "; maker's %s", words_of_doc(words, d->map, point));
    fprintf(out, "; %s%s%s; %s:%u\n", words_of_type(words, point),
            *words_of_scale(scale, d->map, point) ? " " : "", scale,
            words_of_file(point->at.file ? point->at.file : d->map->file), point->at.line);
    if (*point->about) {
        fputs("  about    ", out);
        say(out, point->about);
        fputc('\n', out);
    }
    show_said(out, w->points[p->i].last, (enum point_state)w->points[p->i].state);
}

/* Nothing looks right however it is read. */
static bool says_nothing(const struct look *l)
{
    bool number =
        l->number.kind == VALUE_INT || l->number.kind == VALUE_UINT || l->number.kind == VALUE_REAL;
    return number && l->count > 0 && *l->raw && strspn(l->raw, "0 ") == strlen(l->raw);
}

static void show_look(const struct place_in_walk *p)
{
    const struct look *l = &p->look;
    FILE *out = p->w->talk;
    char value[SHORT_VALUE];
    fprintf(out, "  raw      %s\n  value    ", *l->raw ? l->raw : "-");
    say(out, *l->value ? short_value(value, l->value) : "-");
    fprintf(out, "%s%s   %s", *l->value ? " " : "",
            *l->value ? work_point(p->w->work, p->i)->unit : "", quality_words(l->quality));
    if (l->reason) {
        fputs(": ", out);
        say(out, l->reason);
    }
    fputs(says_nothing(l) ? "; zeroes prove neither order nor scale\n" : "\n", out);
    if (*l->hint)
        fprintf(out, "  hint     %s\n", l->hint);
}

static void show_help(FILE *out)
{
    fputs("  y [note]   as expected\n"
          "  41.9       what you see on the spot, or read from a book: it is compared\n"
          "  =word      the same, for words that are also answers\n"
          "  n [note]   wrong\n"
          "  s [note]   not now; it stays open\n"
          "  w [n]      watch it, n times\n"
          "  b          back to the point before\n"
          "  q          enough for today\n",
          out);
}

/* ---- answers ----------------------------------------------------------------------------------
 */

static bool look_again(struct place_in_walk *p)
{
    if (look_now(p->w->work, p->i, p->w->patience_ns, &p->look))
        return true;
    fputs("headgate: out of memory\n", stderr);
    return false;
}

static bool keep(struct place_in_walk *p, enum verdict verdict, const char *expected,
                 const char *note)
{
    const struct work *w = p->w->work;
    const struct device *d = work_device(w, p->i);
    char path[TAG_WORDS], connect[320], when[32], line[RECORD_ROOM];
    time_t now = (time_t)(clock_wall().ms / 1000);
    struct tm utc;
    gmtime_r(&now, &utc);
    strftime(when, sizeof when, "%Y-%m-%dT%H:%M:%SZ", &utc);
    plan_connect_text(&w->plant->lines[d->line], connect, sizeof connect);
    const struct record r = {.when = when,
                             .by = p->w->by,
                             .tag =
                                 words_of_tag(path, w->plant, d->first_tag + w->points[p->i].point),
                             .fingerprint = w->points[p->i].fingerprint,
                             .map_version = d->map->hash,
                             .connect = connect,
                             .raw = p->look.raw,
                             .value = p->look.value,
                             .unit = work_point(w, p->i)->unit,
                             .reason = p->look.reason ? p->look.reason : "",
                             .quality = p->look.quality,
                             .expected = expected,
                             .note = note,
                             .verdict = (uint8_t)verdict};
    if (!records_add(p->w->work, p->i, &r))
        return false;
    size_t length = p->w->json ? record_json(line, &r) : 0;
    fwrite(line, 1, length, stdout);
    fflush(stdout);
    return true;
}

static enum step agree(struct place_in_walk *p, const char *note)
{
    const struct point *point = work_point(p->w->work, p->i);
    bool absent = point->optional && p->look.quality == QUALITY_OUT_OF_SERVICE;
    if (p->look.number.kind == VALUE_NONE && !absent) {
        fputs("  there is no value to agree to: n, s, or mend it and w\n", p->w->talk);
        return STEP_AGAIN;
    }
    return keep(p, VERDICT_YES, "", note) ? STEP_NEXT : STEP_FAILED;
}

/* A value moves while a person reads it: before or after will do. */
static enum step compare(struct place_in_walk *p, const char *expected)
{
    const struct point *point = work_point(p->w->work, p->i);
    struct look before = p->look;
    char hint[HINT_ROOM];
    enum match match = look_match(point, &before, expected, p->w->tolerance);
    if (match == MATCH_NO) {
        if (!look_again(p))
            return STEP_FAILED;
        match = look_match(point, &p->look, expected, p->w->tolerance);
    }
    if (match == MATCH_UNKNOWN) {
        fputs(
            text_is_two_numbers(expected)
                ? "  that may group thousands or be a fraction: write it with a point, or without "
                  "the comma\n"
                : "  that is no answer, and no value of this point; ? tells what is\n",
            p->w->talk);
        return STEP_AGAIN;
    }
    if (match == MATCH_YES) {
        fputs("  agrees\n", p->w->talk);
        return keep(p, VERDICT_YES, expected, "") ? STEP_NEXT : STEP_FAILED;
    }
    look_hint(point, &before, expected, p->w->tolerance, hint);
    fprintf(p->w->talk, "  differs: the device says %s\n",
            *p->look.value ? p->look.value : "nothing");
    if (*hint)
        fprintf(p->w->talk, "  hint: %s\n", hint);
    return keep(p, VERDICT_NO, expected, hint) ? STEP_NEXT : STEP_FAILED;
}

/* At its own period, but people don't read faster than once a second. A key ends it. */
static enum step watch(struct place_in_walk *p, const char *words)
{
    const struct work *w = p->w->work;
    int64_t period = period_of(work_device(w, p->i), work_point(w, p->i));
    uint64_t rounds = WATCH_ROUNDS;
    if (*words && (!text_to_u64(words, &rounds) || rounds == 0 || rounds > WATCH_MOST)) {
        fputs("  w takes a number, 1 to 1000\n", p->w->talk);
        return STEP_AGAIN;
    }
    int wait_ms = (int)((period < NS_PER_S       ? NS_PER_S
                         : period > 5 * NS_PER_S ? 5 * NS_PER_S
                                                 : period) /
                        NS_PER_MS);
    struct pollfd keys = {.fd = p->w->terminal ? fileno(p->w->in) : -1, .events = POLLIN};
    for (uint64_t i = 0; i < rounds; i++) {
        if (i > 0 && poll(&keys, 1, wait_ms) > 0) {
            char rest[ANSWER_ROOM];
            (void)!fgets(rest, sizeof rest, p->w->in);
            break;
        }
        if (!look_again(p))
            return STEP_FAILED;
        show_look(p);
        fflush(p->w->talk);
    }
    return STEP_AGAIN;
}

static enum step answer(struct place_in_walk *p, char *line)
{
    char *words = line + strspn(line, " \t");
    bool letter = *words && (words[1] == 0 || words[1] == ' ');
    const char *rest = letter ? words + 1 + strspn(words + 1, " ") : words;
    if (*words == 0)
        return STEP_AGAIN;
    if (*words == '=')
        return compare(p, words + 1);
    switch (letter ? *words : 0) {
    case 'y':
        return agree(p, rest);
    case 'n':
        return keep(p, VERDICT_NO, "", rest) ? STEP_NEXT : STEP_FAILED;
    case 's':
        return keep(p, VERDICT_SKIP, "", rest) ? STEP_NEXT : STEP_FAILED;
    case 'w':
        return watch(p, rest);
    case 'b':
        return STEP_BACK;
    case 'q':
        return STEP_QUIT;
    case '?':
        show_help(p->w->talk);
        return STEP_AGAIN;
    default:
        return compare(p, words);
    }
}

/* One line, without its end. A longer one is no answer. false: there are no more. */
static bool hear(struct walk *w, char line[static ANSWER_ROOM])
{
    fputs("y / value / n / s / w / b / q / ? > ", w->talk);
    fflush(w->talk);
    if (!fgets(line, ANSWER_ROOM, w->in)) {
        fputc('\n', w->talk);
        return false;
    }
    size_t length = strcspn(line, "\r\n");
    if (line[length] == 0 && length == ANSWER_ROOM - 1) {
        int c;
        while ((c = fgetc(w->in)) != EOF && c != '\n')
            ;
        length = 0;
        fputs("  too long\n", w->talk);
    }
    line[length] = 0;
    while (length > 0 && (line[length - 1] == ' ' || line[length - 1] == '\t'))
        line[--length] = 0;
    if (!w->terminal) {
        say(w->talk, line);
        fputc('\n', w->talk);
    }
    return true;
}

/* ---- the way ----------------------------------------------------------------------------------
 */

static enum step stand(struct place_in_walk *p)
{
    char line[ANSWER_ROOM];
    show_place(p);
    if (!look_again(p))
        return STEP_FAILED;
    show_look(p);
    for (;;) {
        if (!hear(p->w, line))
            return STEP_QUIT;
        enum step step = text_is_utf8(line, strlen(line)) ? answer(p, line) : STEP_AGAIN;
        if (step != STEP_AGAIN)
            return step;
    }
}

static uint32_t next_point(const struct walk *w, uint32_t from)
{
    while (from < w->work->count && !w->all && w->work->points[from].state == POINT_DONE)
        from++;
    return from;
}

bool walk_points(struct walk *w)
{
    uint32_t i = next_point(w, 0), tally[POINT_STATES];
    struct place_in_walk *p = calloc(1, sizeof *p);
    enum step step = p ? STEP_NEXT : STEP_FAILED;
    while (p && i < w->work->count && step != STEP_QUIT && step != STEP_FAILED) {
        *p = (struct place_in_walk){.w = w, .i = i};
        step = stand(p);
        if (step == STEP_BACK)
            i -= i > 0;
        else if (step == STEP_NEXT)
            i = next_point(w, i + 1);
    }
    free(p);
    work_tally(w->work, RULE_NONE, tally);
    fprintf(w->talk, "%u of %u points are done, %u failed, %u open\n", tally[POINT_DONE],
            w->work->count, tally[POINT_FAILED], tally[POINT_OPEN] + tally[POINT_AGAIN]);
    return step != STEP_FAILED;
}
