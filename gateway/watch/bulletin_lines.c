/* SPDX-License-Identifier: Apache-2.0 */
/* The middle of a bulletin: areas, water, equipment. */
#include <math.h>
#include <string.h>

#include "base/calendar.h"
#include "watch/bulletin.h"
#include "watch/incident_parts.h"

enum { BASINS_TOLD = 3 };

static const double told_minutes = 7.0 * 24 * 60; /* what is to be thought of now */

static bool has_alarm(const struct incident *i, uint32_t area)
{
    return !incident_area_quiet(i, area);
}

/* A feedback that hasn't been read since the gateway began: what it said last still holds. */
static bool runs(const struct incident *i, uint32_t n)
{
    uint32_t tag = i->plant->equipment[n].running;
    uint8_t s = i->now.equipment[n].state;
    return incident_heard(i, tag) ? incident_is_on(i, tag)
                                  : s == EQUIPMENT_RUNNING || s == EQUIPMENT_RESTARTED;
}

/* Run feedbacks that all stand: whatever an area is called, it isn't known to work. */
static bool stands(const struct incident *i, uint32_t area)
{
    uint32_t known = 0, off = 0;
    for (uint32_t n = 0; n < i->equipment; n++) {
        const struct equipment *e = &i->plant->equipment[n];
        if (e->area != area || e->running == TAG_NONE)
            continue;
        known++;
        off += !runs(i, n);
    }
    return known > 0 && off == known;
}

/* Of an area that holds sums alone nobody asks whether it works. */
static bool is_a_place(const struct incident *i, uint32_t area)
{
    const struct plant *p = i->plant;
    bool found = p->device_count == 0;
    for (uint32_t n = 0; !found && n < p->device_count; n++)
        found = p->devices[n].area == area;
    for (uint32_t n = 0; !found && n < i->equipment; n++)
        found = p->equipment[n].area == area;
    return found;
}

static void say_state(struct page *p, const struct incident *i, enum area_state s, const char *lead)
{
    uint32_t count = 0;
    for (uint32_t n = 0; n < i->areas; n++)
        if (i->now.areas[n] == s)
            page_list(p, &count, lead, incident_area_title(i, n));
    page_list_end(p, count, ". ");
}

void bulletin_areas(struct page *p, const struct incident *i)
{
    static const struct {
        enum area_state state;
        const char *lead;
    } hit[] =
        {
            {AREA_FLOODED, "Flooded: "},      {AREA_SHUT_PROTECT, "Stopped to protect equipment: "},
            {AREA_ISOLATED, "Isolated: "},    {AREA_DEWATERING, "Being pumped out: "},
            {AREA_TESTING, "Being tested: "},
        },
      back[] = {
          {AREA_WORKAROUND, "Working on a work-around: "},
          {AREA_RESTORED, "Restored: "},
      };
    size_t before = p->used;
    uint32_t working = 0, alarmed = 0, standing = 0;
    for (size_t n = 0; n < sizeof hit / sizeof *hit; n++)
        say_state(p, i, hit[n].state, hit[n].lead);
    if (p->used == before)
        page_say(p, "No area is reported stopped or flooded.");
    page_end(p);
    for (uint32_t n = 0; n < i->areas; n++)
        if (i->now.areas[n] == AREA_OPERATING && is_a_place(i, n) && !has_alarm(i, n) &&
            !stands(i, n))
            page_list(p, &working, "Working: ", incident_area_title(i, n));
    page_list_end(p, working, ". ");
    for (size_t n = 0; n < sizeof back / sizeof *back; n++)
        say_state(p, i, back[n].state, back[n].lead);
    for (uint32_t n = 0; n < i->areas; n++)
        if (i->now.areas[n] == AREA_OPERATING && has_alarm(i, n))
            page_list(p, &alarmed, "With alarms: ", incident_area_title(i, n));
    page_list_end(p, alarmed, ". ");
    for (uint32_t n = 0; n < i->areas; n++)
        if (i->now.areas[n] == AREA_OPERATING && !has_alarm(i, n) && stands(i, n))
            page_list(p, &standing, "Standing, nothing reported: ", incident_area_title(i, n));
    page_list_end(p, standing, ". ");
    if (i->areas < i->plant->area_count)
        page_say(p, "%u more areas aren't followed.", i->plant->area_count - i->areas);
    page_end(p);
}

/* "4 h", "35 min" */
static void say_span(struct page *p, double ms)
{
    double minutes = ms / MINUTE_MS;
    if (minutes < 90)
        page_say(p, "%.0f min", minutes);
    else if (minutes < 48 * 60)
        page_say(p, "%.*f h", minutes < 600 ? 1 : 0, minutes / 60);
    else
        page_say(p, "%.1f days", minutes / 60 / 24);
}

static int64_t round_ms(double ms, double left_ms)
{
    int64_t step = left_ms > 6.0 * HOUR_MS ? HOUR_MS / 2 : 5 * MINUTE_MS;
    return (int64_t)(ms / (double)step + 0.5) * step;
}

static void say_eta(struct page *p, const struct incident *i, uint32_t n, int64_t now_ms)
{
    const struct basin_record *r = &i->now.basins[n];
    const struct estimate *e = &r->eta_ms;
    char a[CALENDAR_MAX], b[CALENDAR_MAX], c[CALENDAR_MAX];
    if (r->stalled)
        page_say(p, " PUMPING HAS STALLED: no lower for 1 h.");
    if (!isfinite(e->value)) {
        if (isfinite(e->low))
            page_say(p, " Clear not before %s; until when can't be said yet.",
                     calendar_day(a, round_ms(e->low, e->low - (double)now_ms)));
        return;
    }
    double left = e->value - (double)now_ms;
    int64_t by = round_ms(e->value, left), low = round_ms(e->low, left);
    page_say(p, " Estimated clear by %s (80 %%: %s to %s)", calendar_day(a, by),
             calendar_near(b, low, by), calendar_near(c, round_ms(e->high, left), low));
    if (fabs(r->eta_change_ms) >= 15 * MINUTE_MS) {
        page_say(p, ", ");
        say_span(p, fabs(r->eta_change_ms));
        page_say(p, " %s than said in bulletin %u", r->eta_change_ms > 0 ? "later" : "earlier",
                 i->now.bulletin - 1);
    }
    page_say(p, ".");
}

/* What flutters about the target is no news; how much it was, is. */
static void say_emptied(struct page *p, const struct basin *b, const struct basin_record *r)
{
    page_say(p, "down to its target of %.2f m", b->target);
    if (b->stage && r->peak >= 0.5)
        page_say(p, ", %.0f m3 at the most", r->peak);
    if (r->running > 0)
        page_say(p, ", %u of %u pumps run", r->running, r->pumps);
    page_say(p, ".");
    page_end(p);
}

static void say_basin(struct page *p, const struct incident *i, uint32_t n, int64_t now_ms)
{
    const struct basin *b = &i->plant->basins[n];
    const struct basin_record *r = &i->now.basins[n];
    page_say(p, "Water in %s (%s): ", b->name, incident_area_title(i, b->area));
    if (!r->known) {
        page_say(p, "level not known.");
        page_end(p);
        return;
    }
    if (r->level <= b->target) {
        say_emptied(p, b, r);
        return;
    }
    if (b->stage) {
        page_say(p, "%.0f m3", r->volume);
        if (r->peak > r->volume * 1.005 && isfinite(r->progress))
            page_say(p, " of %.0f m3 (%.0f %% removed)", r->peak, fmin(r->progress, 99));
        page_say(p, ", ");
    }
    page_say(p, "level %.2f m", r->level);
    if (r->pumps > 0)
        page_say(p, ", %u of %u pumps run", r->running, r->pumps);
    if (b->stage && isfinite(r->net) && fabs(r->net) >= 0.5)
        page_say(p, ", %s %.0f m3/h", r->net < 0 ? "falls by net" : "RISES by net", fabs(r->net));
    page_say(p, ".");
    say_eta(p, i, n, now_ms);
    page_end(p);
}

static void say_threats(struct page *p, const struct incident *i)
{
    uint32_t soonest[BULLETIN_NAMES], told = 0;
    uint32_t count = incident_threats(i, soonest, BULLETIN_NAMES);
    for (uint32_t n = 0; n < count; n++) {
        const struct equipment_record *r = &i->now.equipment[soonest[n]];
        if (r->minutes <= 0 || r->minutes > told_minutes) /* it is told as flooded; or far away */
            continue;
        page_say(p, "%s%s in ", told++ == 0 ? "At this rate water reaches: " : ", ",
                 i->plant->equipment[soonest[n]].name);
        say_span(p, r->minutes * MINUTE_MS);
    }
    if (told == 0)
        return;
    page_say(p, ".");
    page_end(p);
}

void bulletin_water(struct page *p, const struct incident *i, int64_t now_ms)
{
    uint32_t told = 0, dry = 0;
    for (uint32_t n = 0; n < i->basins; n++) {
        const struct basin_record *r = &i->now.basins[n];
        bool wet = !r->known || r->level > i->plant->basins[n].target || i->logs[n].was_wet;
        if (!wet)
            dry++;
        else if (told++ < BASINS_TOLD)
            say_basin(p, i, n, now_ms);
    }
    if (told > BASINS_TOLD) {
        page_say(p, "Water in %u more basins.", told - BASINS_TOLD);
        page_end(p);
    } else if (told == 0 && dry > 0) {
        page_say(p, "No water stands in the %s.", dry == 1 ? "basin" : "basins");
        page_end(p);
    }
    say_threats(p, i);
}

static uint32_t count_of(const struct incident *i, enum equipment_state s)
{
    uint32_t count = 0;
    for (uint32_t n = 0; n < i->equipment; n++)
        count += i->now.equipment[n].state == s;
    return count;
}

static void say_named(struct page *p, const struct incident *i, enum equipment_state s,
                      const char *word)
{
    uint32_t count = 0, total = count_of(i, s);
    if (total == 0)
        return;
    page_say(p, ", %u %s (", total, word);
    for (uint32_t n = 0; n < i->equipment; n++)
        if (i->now.equipment[n].state == s)
            page_list(p, &count, "", i->plant->equipment[n].name);
    page_list_end(p, count, ")");
}

void bulletin_equipment(struct page *p, const struct incident *i)
{
    static const struct {
        enum equipment_state state;
        const char *word;
    } named[] = {
        {EQUIPMENT_FLOODED, "flooded"},
        {EQUIPMENT_DAMAGED, "damaged"},
        {EQUIPMENT_STOPPED_PROTECT, "stopped to protect"},
        {EQUIPMENT_WORKAROUND, "on work-around"},
    };
    static const struct {
        enum equipment_state state;
        const char *word;
    } counted[] = {
        {EQUIPMENT_DRYING, "drying"},
        {EQUIPMENT_TESTING, "in test"},
        {EQUIPMENT_READY, "ready"},
        {EQUIPMENT_RESTARTED, "restarted"},
    };
    uint32_t hit = 0;
    for (uint32_t n = 0; n < i->equipment; n++) {
        uint8_t s = i->now.equipment[n].state;
        hit += i->now.equipment[n].threatened || (s != EQUIPMENT_RUNNING && s != EQUIPMENT_STOPPED);
    }
    if (i->equipment == 0)
        return;
    page_say(p, "Equipment: %u of %u threatened or hit", hit, i->equipment);
    for (size_t n = 0; n < sizeof named / sizeof *named; n++)
        say_named(p, i, named[n].state, named[n].word);
    for (size_t n = 0; hit > 0 && n < sizeof counted / sizeof *counted; n++) {
        uint32_t count = count_of(i, counted[n].state);
        if (count > 0 || counted[n].state == EQUIPMENT_RESTARTED)
            page_say(p, ", %u %s", count, counted[n].word);
    }
    page_say(p, ".");
    if (i->equipment < i->plant->equipment_count)
        page_say(p, " %u more aren't followed.", i->plant->equipment_count - i->equipment);
    page_end(p);
}
