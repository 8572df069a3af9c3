/* SPDX-License-Identifier: Apache-2.0 */
/* Alarms and leaks: their rows, what stands below them, and the line that counts them all. */
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "cli/watch_told.h"

enum {
    PRIORITY = 8,
    STATE = 8,
    SINCE = 7,
    NUMBER = 8,
    ALARM_FIXED = PRIORITY + STATE + SINCE + 5, /* with spaces, and the mark of the chosen one */
    LEAK_FIXED = STATE + SINCE + 3 * NUMBER + 7
};

__attribute__((format(printf, 3, 4))) static void add(char *out, size_t room, const char *format,
                                                      ...)
{
    size_t length = strlen(out);
    va_list args;
    va_start(args, format);
    vsnprintf(out + length, room - length, format, args);
    va_end(args);
}

struct watch_widths watch_widths_told(enum watch_page page, int columns)
{
    struct watch_widths w = {0};
    int left = columns - (page == WATCH_ALARMS ? ALARM_FIXED : LEAK_FIXED);
    if (left < 12)
        left = 12;
    w.name = page == WATCH_ALARMS ? left / 2 : left * 2 / 5;
    if (w.name > 40)
        w.name = 40;
    w.reason = left - w.name;
    return w;
}

enum watch_mood watch_mood_told(enum watch_page page, const struct watch_told *t, const char *old)
{
    static const enum watch_mood leaks[] = {MOOD_BAD, MOOD_DOUBTFUL, MOOD_NONE, MOOD_GOOD,
                                            MOOD_BAD};
    if (old != NULL)
        return MOOD_DOUBTFUL;
    if (page == WATCH_LEAKS)
        return leaks[t->rank < 5 ? t->rank : 4];
    if (watch_alarm_place(t->said) != ALARM_STANDS)
        return MOOD_NONE;
    unsigned mood = MOOD_LOW + watch_alarm_priority(t->said);
    return (enum watch_mood)(watch_alarm_waits(t->said) ? mood + MOOD_WAITS : mood);
}

void watch_cells(struct canvas *c, const struct watch_cell *cells, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (i > 0)
            canvas_bytes(c, " ", 1);
        canvas_cell(c, cells[i].text, cells[i].width);
    }
}

/* ---- alarms ---------------------------------------------------------------------------------- */

void watch_alarm_headings(struct canvas *c, const struct watch_widths *w)
{
    const struct watch_cell cells[] = {{"priority", PRIORITY},
                                       {"state", STATE},
                                       {"since", -SINCE},
                                       {"alarm", w->name},
                                       {"says", w->reason}};
    watch_cells(c, cells, sizeof cells / sizeof *cells);
}

static void marks(const json_t *a, const char *old, char out[80])
{
    snprintf(out, 80, "%s%s%s%s%s%s", old != NULL ? "(" : "", old != NULL ? old : "",
             old != NULL ? ") " : "", said_true(a, "frozen") ? "(input bad) " : "",
             said_true(a, "first_out") && watch_alarm_place(a) == ALARM_STANDS ? "(first) " : "",
             said_true(a, "chattering") ? "(chatters) " : "");
}

static void people(const json_t *a, wall_t now, char *out, size_t room)
{
    char until[CALENDAR_MAX];
    const char *state = said_text(a, "state"), *user = said_text(a, "user");
    bool shelved = strcmp(state, "SHLVD") == 0;
    out[0] = 0;
    if (shelved || strcmp(state, "OOSRV") == 0)
        snprintf(out, room, "%s%s by %s: %s", shelved ? "until " : "out of service",
                 shelved ? said_clock(until, said_time(a, "shelved_until"), now) : "",
                 *user ? user : "nobody known", said_text(a, "reason"));
    else if (*user && !watch_alarm_waits(a))
        snprintf(out, room, "by %s", user);
}

void watch_alarm_row(struct canvas *c, const struct watch_told *a, const struct watch_widths *w,
                     const char *old, wall_t now)
{
    char since[16], mark[80], by[400], says[900];
    const char *text = said_text(a->said, "text");
    bool hidden = watch_alarm_place(a->said) == ALARM_HIDDEN;
    watch_age(since, a->time, now);
    marks(a->said, old, mark);
    people(a->said, now, by, sizeof by);
    snprintf(says, sizeof says, "%s%s%s%s", mark, hidden ? by : "", hidden && *by ? "; " : "",
             text);
    const struct watch_cell cells[] = {{said_text(a->said, "priority"), PRIORITY},
                                       {said_text(a->said, "state"), STATE},
                                       {since, -SINCE}};
    watch_cells(c, cells, sizeof cells / sizeof *cells);
    canvas_bytes(c, " ", 1);
    canvas_path(c, a->item.path, w->name);
    canvas_bytes(c, " ", 1);
    canvas_cell(c, says, w->reason);
}

static void alarm_head(const struct watch_told *a, const char *old, wall_t now, char *out,
                       size_t room)
{
    char since[CALENDAR_MAX], mark[80], by[400], value[32], limit[32], figures[160] = "";
    const json_t *s = a->said;
    const char *unit = said_text(s, "unit");
    marks(s, old, mark);
    people(s, now, by, sizeof by);
    if (isfinite(said_real(s, "value")) && isfinite(said_real(s, "limit")))
        snprintf(figures, sizeof figures, ", value %s, limit %s %.24s",
                 said_number(value, s, "value"), said_number(limit, s, "limit"), unit);
    else if (isfinite(said_real(s, "value")))
        snprintf(figures, sizeof figures, ", value %s %.24s", said_number(value, s, "value"), unit);
    snprintf(out, room, "%s%s: %s %s seq %lld since %s%s%s%s", mark, a->item.path,
             said_text(s, "priority"), said_text(s, "state"), (long long)said_whole(s, "seq"),
             said_clock(since, a->time, now), figures, *by ? ", " : "", by);
}

void watch_alarm_detail(const struct watch_told *a, const char *old, wall_t now, int line,
                        char *out, size_t room)
{
    const json_t *s = a->said;
    const char *text = said_text(s, "text"), *about = said_text(s, "about"),
               *consequence = said_text(s, "consequence"), *response = said_text(s, "response");
    if (strncmp(text, about, strlen(about)) == 0)
        about = "";
    out[0] = 0;
    if (line < 0)
        snprintf(out, room, "%s: %s%s%s", a->item.path, text, *response ? "; response: " : "",
                 response);
    else if (line == 0)
        alarm_head(a, old, now, out, room);
    else if (line == 1)
        snprintf(out, room, "%s%s%s", text, *about && *text ? "; " : "", about);
    else if (line == 2 && *consequence)
        snprintf(out, room, "consequence: %s", consequence);
    else if (line == 3 && *response)
        snprintf(out, room, "response: %s", response);
}

/* ---- leaks ----------------------------------------------------------------------------------- */

void watch_leak_headings(struct canvas *c, const struct watch_widths *w)
{
    const struct watch_cell cells[] = {
        {"leak", w->name},    {"state", STATE},     {"since", -SINCE},  {"rate", -NUMBER},
        {"lost m3", -NUMBER}, {"24 h m3", -NUMBER}, {"says", w->reason}};
    watch_cells(c, cells, sizeof cells / sizeof *cells);
}

void watch_leak_row(struct canvas *c, const struct watch_told *l, const struct watch_widths *w,
                    const char *old, wall_t now)
{
    char since[16], rate[32], lost[32], day[32], says[900];
    const json_t *s = l->said;
    const char *class = said_text(s, "class");
    bool firing = said_true(s, "firing");
    watch_age(since, l->time, now);
    said_number(rate, json_object_get(s, "rate"), "value");
    said_number(lost, json_object_get(s, "lost"), "value");
    said_number(day, s, "unaccounted_24h");
    snprintf(says, sizeof says, "%s%s%s%s%s%s", old != NULL ? "(" : "", old != NULL ? old : "",
             old != NULL ? ") " : "", class, *class ? ": " : "", said_text(s, "text"));
    const struct watch_cell cells[] = {
        {said_text(s, "state"), STATE}, {since, -SINCE}, {firing ? rate : "-", -NUMBER},
        {firing ? lost : "-", -NUMBER}, {day, -NUMBER},  {says, w->reason}};
    canvas_path(c, l->item.path, w->name);
    canvas_bytes(c, " ", 1);
    watch_cells(c, cells, sizeof cells / sizeof *cells);
}

static void leak_figures(const json_t *s, wall_t now, char *out, size_t room)
{
    char rate[80], lost[80], onset[CALENDAR_MAX], low[CALENDAR_MAX], high[CALENDAR_MAX];
    const json_t *o = json_object_get(s, "onset");
    if (!said_true(s, "firing")) {
        out[0] = 0;
        return;
    }
    /* A limit's and a rise's rate is in a unit of their own, which isn't told. */
    snprintf(out, room, "rate %s, lost %s m3, since about %s (%s to %s)%s",
             said_estimate(rate, s, "rate"), said_estimate(lost, s, "lost"),
             said_clock(onset, said_time(o, "value"), now),
             said_clock(low, said_time(o, "low"), now), said_clock(high, said_time(o, "high"), now),
             said_true(s, "preliminary") ? "; preliminary" : "");
}

static void leak_judgement(const json_t *s, char *out, size_t room)
{
    char score[32], limit[32], day[32];
    const char *detector = said_text(s, "detector");
    out[0] = 0;
    if (isfinite(said_real(s, "score")))
        add(out, room, "%s%s%s of %s %s", detector, *detector ? " " : "",
            said_number(score, s, "score"), said_number(limit, s, "limit"), said_text(s, "unit"));
    if (isfinite(said_real(s, "unaccounted_24h")))
        add(out, room, "%sunaccounted for in 24 h: %s m3", *out ? "; " : "",
            said_number(day, s, "unaccounted_24h"));
    if (*out && isfinite(said_real(s, "coverage")))
        add(out, room, "; inputs good for %.0f %% of it", said_real(s, "coverage") * 100);
}

void watch_leak_detail(const struct watch_told *l, const char *old, wall_t now, int line, char *out,
                       size_t room)
{
    const json_t *s = l->said;
    const char *about = said_text(s, "about"), *why = said_text(s, "why");
    char since[CALENDAR_MAX];
    out[0] = 0;
    if (line < 0)
        snprintf(out, room, "%s: %s", l->item.path, said_text(s, "text"));
    else if (line == 0)
        snprintf(out, room, "%s%s%s%s (%s, area %s): %s since %s%s%s", old != NULL ? "(" : "",
                 old != NULL ? old : "", old != NULL ? ") " : "", l->item.path,
                 said_text(s, "kind"), said_text(s, "area"), said_text(s, "state"),
                 said_clock(since, said_time(s, "since"), now), *about ? "; " : "", about);
    else if (line == 1)
        snprintf(out, room, "%s%s%s", said_text(s, "text"), *why ? "; blind: " : "", why);
    else if (line == 2)
        leak_figures(s, now, out, room);
    else if (line == 3)
        leak_judgement(s, out, room);
    if (line == 1 && strstr(said_text(s, "text"), why) != NULL)
        snprintf(out, room, "%s", said_text(s, "text"));
}

/* ---- all of them ----------------------------------------------------------------------------- */

static const struct watch_told *open_incident(const struct watch *w, bool *drill)
{
    const struct watch_told *open = NULL;
    for (uint32_t i = 0; i < w->incidents.count; i++) {
        const struct watch_told *t = (const struct watch_told *)w->incidents.items[i];
        if (t->item.gone || t->rank != 0)
            continue;
        *drill = *drill || said_true(t->said, "drill");
        if (open == NULL || t->time.ms > open->time.ms)
            open = t;
    }
    return open;
}

struct tally {
    unsigned standing[4], waiting[4], shelved, suppressed, out, old;
    const char *why; /* the first old one is */
};

static void count(const struct watch *w, const struct watch_view *v, struct tally *n)
{
    for (uint32_t i = 0; i < w->alarms.count; i++) {
        const struct watch_told *a = (const struct watch_told *)w->alarms.items[i];
        const char *state = said_text(a->said, "state");
        if (a->item.gone || watch_alarm_place(a->said) == ALARM_SILENT)
            continue;
        const char *old = watch_old(w, v, WATCH_ALARMS, &a->item);
        n->old += old != NULL;
        n->why = n->why != NULL ? n->why : old;
        if (watch_alarm_place(a->said) == ALARM_STANDS) {
            n->standing[watch_alarm_priority(a->said)]++;
            n->waiting[watch_alarm_priority(a->said)] += watch_alarm_waits(a->said);
        } else if (strcmp(state, "SHLVD") == 0) {
            n->shelved++;
        } else if (strcmp(state, "DSUPR") == 0) {
            n->suppressed++;
        } else {
            n->out++;
        }
    }
}

static void add_tally(char *out, size_t room, const struct tally *n, bool connected)
{
    static const char *const names[] = {"low", "medium", "high", "critical"};
    const char *between = ": ";
    bool any = n->standing[0] + n->standing[1] + n->standing[2] + n->standing[3] > 0;
    add(out, room, "%s", any ? "alarms" : connected ? "no alarm stands" : "no alarm stood");
    if (n->old > 0 && connected)
        add(out, room, " (%u old: %s)", n->old, n->why);
    for (unsigned p = 4; p-- > 0;) {
        if (n->standing[p] == 0)
            continue;
        add(out, room, "%s%u %s", between, n->standing[p], names[p]);
        if (n->waiting[p] > 0)
            add(out, room, " (%u unack)", n->waiting[p]);
        between = ", ";
    }
    const struct {
        unsigned count;
        const char *words;
    } rest[] = {{n->shelved, "shelved"}, {n->suppressed, "suppressed"}, {n->out, "out of service"}};
    for (size_t i = 0; i < sizeof rest / sizeof *rest; i++)
        if (rest[i].count > 0)
            add(out, room, ", %u %s", rest[i].count, rest[i].words);
}

bool watch_banner(const struct watch *w, const struct watch_view *v, wall_t now,
                  enum watch_mood *mood, char *out, size_t room)
{
    struct tally n = {0};
    char since[16];
    bool drill = false;
    const struct watch_told *open = open_incident(w, &drill);
    out[0] = 0;
    *mood = v->trouble != NULL ? MOOD_DOUBTFUL : MOOD_NONE;
    if (w->alarms.count == 0 && w->incidents.count == 0)
        return false;
    count(w, v, &n);
    for (unsigned p = 0; p < 4; p++) {
        if (n.standing[p] > 0)
            *mood = (enum watch_mood)(MOOD_LOW + p);
        if (n.waiting[p] > 0)
            *mood = (enum watch_mood)(MOOD_LOW + p + MOOD_WAITS);
    }
    if (v->trouble != NULL)
        add(out, room, "as last heard: ");
    if (drill)
        add(out, room, "DRILL  ");
    if (open != NULL) {
        watch_age(since, open->time, now);
        add(out, room, "%.40s: %.40s, %s  ", open->item.path, said_text(open->said, "stage"),
            since);
    }
    add_tally(out, room, &n, v->trouble == NULL);
    return true;
}
