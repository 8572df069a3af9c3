/* SPDX-License-Identifier: Apache-2.0 */
/* One incident as people read it: what is known of the water, what was reached and what waits for a
 * word, what is threatened, how the pumping goes, and the newest bulletin. */
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "cli/watch_told.h"

__attribute__((format(printf, 3, 4))) static void line(struct watch_doc *d, enum watch_mood mood,
                                                       const char *format, ...)
{
    char text[1200];
    va_list args;
    va_start(args, format);
    int length = vsnprintf(text, sizeof text, format, args);
    va_end(args);
    if (d->count == DOC_LINES || length < 0)
        return;
    d->lines[d->count].at = d->text.length;
    d->lines[d->count].length = (size_t)length < sizeof text ? (size_t)length : sizeof text - 1;
    d->lines[d->count].mood = mood;
    canvas_bytes(&d->text, text, d->lines[d->count].length);
    d->count++;
}

static bool is(const json_t *o, const char *name, const char *word)
{
    return strcmp(said_text(o, name), word) == 0;
}

static void head(struct watch_doc *d, const struct watch_told *i, const char *old, wall_t now)
{
    char opened[CALENDAR_MAX], closed[CALENDAR_MAX], rate[80], lost[80], onset[CALENDAR_MAX];
    const json_t *s = i->said, *source = json_object_get(s, "source");
    bool open = is(s, "state", "open");
    if (old != NULL)
        line(d, MOOD_DOUBTFUL, "%s: this is how it was", old);
    line(d,
         said_true(s, "drill") ? MOOD_MEDIUM
         : open                ? MOOD_HIGH
                               : MOOD_NONE,
         "%s%s: %s, %s%s%s, since %s%s%s", said_true(s, "drill") ? "DRILL  " : "", i->item.path,
         said_text(s, "stage"), said_text(s, "state"), *said_text(s, "title") ? ": " : "",
         said_text(s, "title"), said_clock(opened, said_time(s, "opened"), now),
         open ? "" : ", closed ", open ? "" : said_clock(closed, said_time(s, "closed"), now));
    line(d, MOOD_NONE, "opened by %s%s%s, %lld alarms", said_text(s, "opened_by"),
         *said_text(s, "trigger") ? ", first alarm " : "", said_text(s, "trigger"),
         (long long)said_whole(s, "alarms_attached"));
    if (json_is_object(source))
        line(d, MOOD_NONE, "source: leak %s in %s, %s m3/h since about %s, lost %s m3",
             said_text(source, "leak"), said_text(source, "area"),
             said_estimate(rate, source, "rate"),
             said_clock(onset, said_time(json_object_get(source, "onset"), "value"), now),
             said_estimate(lost, source, "lost"));
}

static void flags(struct watch_doc *d, const json_t *s)
{
    static const char *const names[] = {"contained", "plugged", "environment_release",
                                        "people_safe"};
    const json_t *f = json_object_get(s, "flags");
    char text[600];
    size_t length = 0;
    for (size_t i = 0; i < 4 && length < sizeof text; i++) {
        const json_t *one = json_object_get(f, names[i]);
        const char *answer = said_text(one, "answer"), *user = said_text(one, "user");
        length += (size_t)snprintf(text + length, sizeof text - length, "%s%s %s%s%.80s%s",
                                   i > 0 ? ", " : "", names[i], *answer ? answer : "unknown",
                                   *user ? " (" : "", user, *user ? ")" : "");
    }
    line(d, MOOD_NONE, "%s", text);
}

static void milestones(struct watch_doc *d, const json_t *s, wall_t now)
{
    const json_t *list = json_object_get(s, "milestones"), *m;
    size_t n;
    line(d, MOOD_NONE, " ");
    line(d, MOOD_NONE, "milestones");
    json_array_foreach(list, n, m)
    {
        char when[CALENDAR_MAX];
        bool proposed = is(m, "state", "proposed");
        const char *user = said_text(m, "user");
        line(d,
             proposed                    ? MOOD_MEDIUM
             : is(m, "state", "revoked") ? MOOD_DOUBTFUL
                                         : MOOD_GOOD,
             "  %-20s %-9s %s%s%s%s%s%s", said_text(m, "milestone"), said_text(m, "state"),
             said_clock(when, said_time(m, proposed ? "proposed" : "time"), now),
             *user                 ? " by "
             : is(m, "by", "auto") ? " by itself"
                                   : "",
             user, *said_text(m, "evidence") ? ": " : "", said_text(m, "evidence"),
             proposed ? "  (c confirms)" : "");
    }
}

static void minutes_words(char out[48], double minutes)
{
    if (!(minutes > 0))
        snprintf(out, 48, "reached");
    else if (minutes < 120)
        snprintf(out, 48, "%.0f min", minutes);
    else
        snprintf(out, 48, "%.1f h", minutes / 60 < 9999 ? minutes / 60 : 9999);
}

static void threats(struct watch_doc *d, const json_t *s)
{
    const json_t *list = json_object_get(s, "threats"), *t;
    size_t n;
    if (json_array_size(list) == 0)
        return;
    line(d, MOOD_NONE, " ");
    line(d, MOOD_NONE, "threatened, soonest first");
    json_array_foreach(list, n, t)
    {
        char left[48];
        minutes_words(left, said_real(t, "minutes"));
        line(d, MOOD_HIGH, "  %-30s %s", said_text(t, "equipment"), left);
    }
}

static void eta_words(char out[300], const json_t *b, wall_t now)
{
    char eta[CALENDAR_MAX], low[CALENDAR_MAX], high[CALENDAR_MAX];
    const json_t *e = json_object_get(b, "eta");
    double change = said_real(b, "eta_change_min");
    int length =
        json_is_object(e)
            ? snprintf(out, 300, ", empty at %s (%s to %s)",
                       said_clock(eta, said_time(e, "value"), now),
                       said_clock(low, said_time(e, "low"), now),
                       said_clock(high, said_time(e, "high"), now))
            : snprintf(out, 300, "%s", said_true(b, "stalled") ? ", STALLED" : ", no end in sight");
    if (json_is_object(e) && fabs(change) >= 1 && fabs(change) < 1e6)
        snprintf(out + length, 300 - (size_t)length, ", %.0f min %s than in the last bulletin",
                 fabs(change), change > 0 ? "later" : "earlier");
}

static void basins(struct watch_doc *d, const json_t *s, wall_t now)
{
    const json_t *list = json_object_get(s, "basins"), *b;
    size_t n;
    if (json_array_size(list) == 0)
        return;
    line(d, MOOD_NONE, " ");
    line(d, MOOD_NONE, "basins");
    json_array_foreach(list, n, b)
    {
        char level[32], target[32], volume[32], net[32], progress[32], eta[300];
        eta_words(eta, b, now);
        line(d, said_true(b, "stalled") ? MOOD_BAD : MOOD_NONE,
             "  %-20s level %s m (target %s), %s m3, net %s m3/h, %s %% done, pumps %lld of %lld%s",
             said_text(b, "basin"), said_number(level, b, "level"),
             said_number(target, b, "target_level"), said_number(volume, b, "volume"),
             said_number(net, b, "net"), said_number(progress, b, "progress"),
             (long long)said_whole(b, "running"), (long long)said_whole(b, "pumps"), eta);
    }
}

/* Who works on is named, too: that is the first question of those who call. */
static void areas(struct watch_doc *d, const json_t *s)
{
    const json_t *list = json_object_get(s, "areas"), *a;
    char working[900] = "";
    size_t n, length = 0;
    line(d, MOOD_NONE, " ");
    line(d, MOOD_NONE, "areas");
    json_array_foreach(list, n, a)
    {
        if (!is(a, "state", "operating"))
            line(d, is(a, "state", "restored") ? MOOD_GOOD : MOOD_HIGH, "  %-30s %s%s%s",
                 said_text(a, "area"), said_text(a, "state"), *said_text(a, "reason") ? ": " : "",
                 said_text(a, "reason"));
        else if (length < sizeof working)
            length += (size_t)snprintf(working + length, sizeof working - length, "%s%s",
                                       length > 0 ? ", " : "", said_text(a, "area"));
    }
    line(d, MOOD_NONE, "  operating: %s", *working ? working : "none");
}

static void open_checks(const json_t *e, char *out, size_t room)
{
    const json_t *list = json_object_get(e, "checks"), *c;
    size_t n, length = 0;
    out[0] = 0;
    json_array_foreach(list, n, c)
    {
        if (said_true(c, "done") || length >= room)
            continue;
        length += (size_t)snprintf(out + length, room - length, "%s%s",
                                   length > 0 ? ", " : "; open: ", said_text(c, "item"));
    }
}

static void equipment(struct watch_doc *d, const json_t *s, wall_t now)
{
    const json_t *list = json_object_get(s, "equipment"), *e;
    size_t n;
    bool any = false;
    json_array_foreach(list, n, e)
    {
        char open[600], since[CALENDAR_MAX];
        if (is(e, "state", "running") || is(e, "state", "stopped"))
            continue;
        if (!any) {
            line(d, MOOD_NONE, " ");
            line(d, MOOD_NONE, "equipment");
        }
        any = true;
        open_checks(e, open, sizeof open);
        line(d, is(e, "state", "restarted") || is(e, "state", "ready") ? MOOD_GOOD : MOOD_MEDIUM,
             "  %-30s %s since %s%s%s%s", said_text(e, "equipment"), said_text(e, "state"),
             said_clock(since, said_time(e, "since"), now), *said_text(e, "note") ? ": " : "",
             said_text(e, "note"), open);
    }
}

static void bulletin(struct watch_doc *d, const struct watch *w, const struct watch_told *i,
                     wall_t now)
{
    const struct watch_told *b =
        (const struct watch_told *)watch_find(&w->bulletins, i->item.path, strlen(i->item.path));
    char when[CALENDAR_MAX], next[CALENDAR_MAX];
    line(d, MOOD_NONE, " ");
    if (b == NULL || b->said == NULL) {
        line(d, MOOD_NONE,
             "bulletin %lld was the last; its text was sent before this screen began "
             "to listen (b asks for a new one)",
             (long long)said_whole(i->said, "bulletin"));
        return;
    }
    line(d, MOOD_NONE, "bulletin %lld, %s (%s), next %s", (long long)said_whole(b->said, "number"),
         said_clock(when, said_time(b->said, "timestamp"), now), said_text(b->said, "why"),
         said_clock(next, said_time(i->said, "next_bulletin"), now));
    for (const char *text = said_text(b->said, "text"); *text != 0;) {
        size_t length = strcspn(text, "\n");
        line(d, MOOD_NONE, "  %.*s", (int)length, text);
        text += length + (text[length] == '\n');
    }
}

void watch_incident_doc(struct watch_doc *d, const struct watch *w, const struct watch_told *i,
                        const char *old, wall_t now)
{
    d->count = 0;
    d->text.length = 0;
    head(d, i, old, now);
    flags(d, i->said);
    milestones(d, i->said, now);
    threats(d, i->said);
    basins(d, i->said, now);
    areas(d, i->said);
    equipment(d, i->said, now);
    bulletin(d, w, i, now);
}

void watch_incident_proposed(const struct watch_told *i, char *all, size_t room, char *first,
                             size_t first_room)
{
    const json_t *list = json_object_get(i->said, "milestones"), *m;
    size_t n, length = 0;
    all[0] = first[0] = 0;
    json_array_foreach(list, n, m)
    {
        if (!is(m, "state", "proposed") || length >= room)
            continue;
        if (length == 0)
            snprintf(first, first_room, "%s", said_text(m, "milestone"));
        length += (size_t)snprintf(all + length, room - length, "%s%s", length > 0 ? ", " : "",
                                   said_text(m, "milestone"));
    }
}
