/* SPDX-License-Identifier: Apache-2.0 */
/* When a bulletin is due, and its lines in their fixed order. What nobody has confirmed is called
 * suspected; every line says something to somebody. */
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/calendar.h"
#include "watch/bulletin.h"
#include "watch/incident_parts.h"

void page_say(struct page *p, const char *format, ...)
{
    va_list args;
    if (p->full || p->lines >= BULLETIN_LINES)
        return;
    va_start(args, format);
    int n = vsnprintf(p->text + p->used, p->room - p->used, format, args);
    va_end(args);
    bool cut = n > 0 && p->used + (size_t)n >= p->room;
    incident_tidy(p->text + p->used, cut);
    p->used += strlen(p->text + p->used);
    p->full = p->full || cut;
}

void page_end(struct page *p)
{
    while (p->used > 0 && p->text[p->used - 1] == ' ')
        p->used--;
    if (!p->full && p->used + 1 < p->room && p->lines < BULLETIN_LINES) {
        p->text[p->used++] = '\n';
        p->text[p->used] = '\0';
        p->lines++;
    }
}

/* "a, b, c and 4 more", each behind the lead that the first one brings along. */
bool page_list(struct page *p, uint32_t *count, const char *lead, const char *name)
{
    if (*count < BULLETIN_NAMES)
        page_say(p, "%s%s", *count == 0 ? lead : ", ", name);
    return ++*count > 0;
}

void page_list_end(struct page *p, uint32_t count, const char *end)
{
    if (count > BULLETIN_NAMES)
        page_say(p, " and %u more", count - BULLETIN_NAMES);
    if (count > 0)
        page_say(p, "%s", end);
}

static void upper(struct page *p, const char *word)
{
    for (const char *c = word; *c; c++)
        page_say(p, "%c", *c == '_' ? ' ' : *c >= 'a' && *c <= 'z' ? *c - 'a' + 'A' : *c);
}

static void say_head(struct page *p, const struct incident *i, int64_t now_ms)
{
    const struct incident_state *s = &i->now;
    char when[CALENDAR_MAX];
    int stage = milestones_stage(s);
    if (s->drill) {
        page_say(p, "*** DRILL ***");
        page_end(p);
    }
    page_say(p, "BULLETIN %u  %s  %s  stage: ", s->bulletin, s->id, calendar_stamp(when, now_ms));
    upper(p, stage < 0 ? "opened" : milestone_words((enum milestone)stage));
    const struct milestone_state *m = s->milestones;
    if (s->open && stage > MILESTONE_DEWATERED && m[MILESTONE_DEWATERING].reached &&
        !m[MILESTONE_DEWATERED].reached)
        page_say(p, " (dewatering goes on)");
    page_end(p);
}

/* Three digits, and none behind what the estimate can't know; people don't read 3.1e+04. */
static void say_number(struct page *p, double x)
{
    double tens = 1;
    while (fabs(x) / tens >= 1000 && tens < 1e12)
        tens *= 10;
    if (fabs(x) < 100 && isfinite(x))
        page_say(p, "%.3g", x);
    else
        page_say(p, "%.0f", round(x / tens) * tens);
}

static void say_range(struct page *p, const char *lead, const struct estimate *e, const char *unit)
{
    if (!isfinite(e->value))
        return;
    page_say(p, "%s", lead);
    say_number(p, e->value);
    page_say(p, " %s", unit);
    if (!isfinite(e->low) || !isfinite(e->high))
        return;
    page_say(p, " (");
    say_number(p, e->low);
    page_say(p, " to ");
    say_number(p, e->high);
    page_say(p, ")");
}

static void say_source(struct page *p, const struct incident *i, int64_t now_ms)
{
    const struct incident_state *s = &i->now;
    char when[CALENDAR_MAX];
    if (s->leak >= i->plant->leak_count)
        return;
    page_say(p, "Suspected source: %s (%s)", i->plant->leaks[s->leak].name,
             incident_area_title(i, i->plant->leaks[s->leak].area));
    double onset = s->source_onset_ms.value;
    double seen = (double)s->milestones[MILESTONE_DETECTED].t_ms;
    if (onset > seen) /* a leak that grows looks younger than it is */
        page_say(p, ", began before %s", calendar_near(when, (int64_t)seen, now_ms));
    else if (isfinite(onset))
        page_say(p, ", estimated start %s", calendar_near(when, (int64_t)onset, now_ms));
    say_range(p, ", estimated rate ", &s->source_rate, "m3/h");
    say_range(p, ", estimated loss ", &s->source_lost, "m3");
    page_say(p, ".");
    page_end(p);
}

static void say_what(struct page *p, const struct incident *i, int64_t now_ms)
{
    const struct incident_state *s = &i->now;
    const struct milestone_state *m = s->milestones;
    char when[CALENDAR_MAX];
    page_say(p, "%s. Detected %s, opened by %s.", s->title,
             calendar_day(when, m[MILESTONE_DETECTED].t_ms), s->opened_by);
    if (!m[MILESTONE_ACKNOWLEDGED].reached)
        page_say(p, " NOT YET ACKNOWLEDGED.");
    if (!s->open)
        page_say(p, " Closed %s by %s.", calendar_day(when, s->closed_ms), m[MILESTONE_CLOSED].who);
    page_end(p);
    say_source(p, i, now_ms);
}

static void say_flag(struct page *p, const struct incident *i, const char *name, unsigned flag,
                     int milestone, int64_t now_ms)
{
    const struct incident_state *s = &i->now;
    char when[CALENDAR_MAX];
    const struct milestone_state *m = milestone < 0 ? NULL : &s->milestones[milestone];
    page_say(p, "%s: ", name);
    if (s->flags[flag].answer == ANSWER_YES)
        page_say(p, "%s since %s", flag == FLAG_RELEASE ? "YES" : "yes",
                 calendar_near(when, s->flags[flag].t_ms, now_ms));
    else if (m && m->proposed)
        page_say(p, "suspected since %s, not confirmed",
                 calendar_near(when, m->proposed_ms, now_ms));
    else if (m && m->revoked)
        page_say(p, "NO LONGER (%s, %s)", m->evidence, calendar_near(when, m->t_ms, now_ms));
    else if (s->flags[flag].answer == ANSWER_NO)
        page_say(p, "no");
    else
        page_say(p, flag == FLAG_RELEASE ? "none known" : "not known");
    page_say(p, ". ");
}

static void say_flags(struct page *p, const struct incident *i, int64_t now_ms)
{
    say_flag(p, i, "Plugged", FLAG_PLUGGED, MILESTONE_PLUGGED, now_ms);
    say_flag(p, i, "Contained", FLAG_CONTAINED, MILESTONE_CONTAINED, now_ms);
    page_end(p);
    say_flag(p, i, "Release to the environment", FLAG_RELEASE, -1, now_ms);
    say_flag(p, i, "People safe", FLAG_PEOPLE_SAFE, -1, now_ms);
    page_end(p);
}

static void say_proposals(struct page *p, const struct incident *i)
{
    uint32_t count = 0;
    for (unsigned m = 0; m < MILESTONE_COUNT; m++) {
        char word[40];
        if (!i->now.milestones[m].proposed || i->now.milestones[m].reached ||
            m == MILESTONE_PLUGGED || m == MILESTONE_CONTAINED)
            continue;
        incident_put(word, sizeof word, "%s", milestone_words((enum milestone)m));
        for (char *c = word; *c; c++)
            *c = *c == '_' ? ' ' : *c;
        page_list(p, &count, "Suspected by evidence, to be confirmed: ", word);
    }
    page_list_end(p, count, ".");
    if (count > 0)
        page_end(p);
}

static void say_changes(struct page *p, const struct incident *i)
{
    const struct incident_memory *m = &i->memory;
    uint32_t room = BULLETIN_LINES - 2 > p->lines ? BULLETIN_LINES - 2 - p->lines : 0;
    uint32_t lines = m->note_count < room ? m->note_count : room;
    if (i->now.bulletin < 2) /* the first one: all of it is new */
        return;
    if (m->note_count == 0) {
        page_say(p, "Nothing else has changed since bulletin %u.", i->now.bulletin - 1);
        page_end(p);
        return;
    }
    page_say(p, "Since bulletin %u:", i->now.bulletin - 1);
    page_end(p);
    /* The newest ones are kept when there is no room for all. */
    uint32_t shown = lines > 1 ? lines - 1 : lines, left = m->note_count - shown;
    if (lines == m->note_count && m->notes_lost == 0) {
        shown = lines;
        left = 0;
    }
    for (uint32_t n = m->note_count - shown; n < m->note_count; n++) {
        page_say(p, "- %s", m->notes[n]);
        page_end(p);
    }
    if (left + m->notes_lost > 0) {
        page_say(p, "- and %u more", left + m->notes_lost);
        page_end(p);
    }
}

static void say_next(struct page *p, const struct incident *i, int64_t now_ms)
{
    char when[CALENDAR_MAX];
    if (i->now.open)
        page_say(p, "Next bulletin %s.", calendar_near(when, i->now.next_bulletin_ms, now_ms));
    else
        page_say(p, "This was the last bulletin of %s.", i->now.id);
    page_end(p);
}

void bulletin_write(const struct incident *i, int64_t now_ms, struct bulletin *out)
{
    struct page p = {.text = out->text, .room = sizeof out->text};
    out->text[0] = '\0';
    say_head(&p, i, now_ms);
    say_what(&p, i, now_ms);
    say_flags(&p, i, now_ms);
    say_proposals(&p, i);
    bulletin_areas(&p, i);
    bulletin_water(&p, i, now_ms);
    bulletin_equipment(&p, i);
    say_changes(&p, i);
    say_next(&p, i, now_ms);
}

/* The next of the times on which people rely: they don't shift when something is said in between.
 */
static int64_t next_on_time(const struct incident *i, int64_t now_ms)
{
    const struct incident_rules *r = &i->plant->incidents;
    int64_t open = i->now.opened_ms, first = r->first_every_ms, every = r->every_ms;
    int64_t dense = open + r->first_for_ms;
    if (first > 0 && now_ms < dense) {
        int64_t next = open + ((now_ms - open) / first + 1) * first;
        if (next <= dense)
            return next;
    }
    if (every <= 0)
        every = 4 * (int64_t)HOUR_MS;
    int64_t from = first > 0 ? dense : open;
    return now_ms < from ? from : from + ((now_ms - from) / every + 1) * every;
}

static void put_out(struct incident *i, const char *why, int64_t now_ms)
{
    struct incident_state *s = &i->now;
    s->bulletin++;
    s->bulletin_ms = now_ms;
    if (s->open)
        s->next_bulletin_ms = next_on_time(i, now_ms);
    i->page.number = s->bulletin;
    i->page.t_ms = now_ms;
    i->page.why = why;
    bulletin_write(i, now_ms, &i->page);
    i->memory.owed = OWED_NOTHING;
    i->memory.note_count = i->memory.notes_lost = 0;
    for (uint32_t n = 0; n < i->basins; n++)
        i->logs[n].told_eta = s->basins[n].eta_ms.value;
    if (i->hooks.bulletin)
        i->hooks.bulletin(i->hooks.me, &i->page);
}

void bulletin_tick(struct incident *i, int64_t now_ms)
{
    static const char *const whys[] = {
        [OWED_NOTHING] = "",      [OWED_STAGE] = "stage",     [OWED_PERIOD] = "period",
        [OWED_ASKED] = "asked",   [OWED_REVOKED] = "revoked", [OWED_OPENED] = "opened",
        [OWED_CLOSED] = "closed",
    };
    if (i->now.open && now_ms >= i->now.next_bulletin_ms)
        incident_owe(i, OWED_PERIOD);
    if (i->memory.owed != OWED_NOTHING)
        put_out(i, whys[i->memory.owed], now_ms);
}
