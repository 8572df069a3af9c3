/* SPDX-License-Identifier: Apache-2.0 */
/* What has become of the equipment: by evidence where that can't be wrong, else by people. */
#include <math.h>
#include <string.h>

#include "watch/incident_parts.h"

static const int64_t stop_ms = 20 * 1000; /* a feedback that drops out for a moment is no stop */
static const int64_t run_ms = HOUR_MS / 2; /* running again, and meant so */
static const int64_t told_ms = 4 * HOUR_MS; /* people act first, and say so when there is time */

void equipment_is(struct incident *i, uint32_t e, enum equipment_state s, const char *who,
                  const char *note, int64_t t_ms)
{
    struct equipment_record *r = &i->now.equipment[e];
    const char *name = i->plant->equipment[e].name;
    char text[INCIDENT_NOTE_MAX];
    r->state = (uint8_t)s;
    r->since_ms = t_ms;
    incident_put(r->who, sizeof r->who, "%s", who[0] ? who : "rule");
    incident_put(r->note, sizeof r->note, "%s", note);
    if (s == EQUIPMENT_FLOODED) /* whatever was tested has to be tested again */
        checklist_forget(i, e);
    incident_put(text, sizeof text, "%s: %s%s%s", name,
                 s == EQUIPMENT_STOPPED_PROTECT ? "stopped to protect" : equipment_state_words(s),
                 note[0] ? ", " : "", note);
    incident_tell(i, INCIDENT_EQUIPMENT_STATE, name, text, t_ms);
}

void equipment_begin(struct incident *i, int64_t now_ms)
{
    for (uint32_t n = 0; n < i->equipment; n++) {
        struct equipment_record *r = &i->now.equipment[n];
        bool off = incident_is_off(i, i->plant->equipment[n].running);
        r->state = off ? EQUIPMENT_STOPPED : EQUIPMENT_RUNNING;
        r->since_ms = now_ms;
        i->runs[n] = i->stopped[n] = (struct lasting){.on = false};
    }
}

static bool under_water(const struct incident *i, uint32_t n, const char **why)
{
    const struct equipment *e = &i->plant->equipment[n];
    *why = "its wet switch";
    if (incident_is_on(i, e->wet))
        return true;
    *why = "water has reached its floor";
    if (i->water_of[n] == RULE_NONE)
        return false;
    const struct water *w = &i->waters[i->water_of[n]];
    return w->good && w->level >= e->floor;
}

static bool is_shut(const struct incident *i, uint32_t n)
{
    uint32_t area = i->plant->equipment[n].area;
    return area < i->areas && i->now.areas[area] == AREA_SHUT_PROTECT;
}

/* By what was seen, not by what somebody said of it; and not before the incident. */
static bool stood_lately(const struct equipment_record *r, int64_t now_ms)
{
    return strcmp(r->who, "rule") == 0 && now_ms - r->since_ms <= told_ms;
}

static void stopped(struct incident *i, uint32_t n, int64_t now_ms)
{
    bool shut = is_shut(i, n);
    if (shut || i->now.equipment[n].threatened)
        equipment_is(i, n, EQUIPMENT_STOPPED_PROTECT, "", shut ? "its area was shut" : "threatened",
                     now_ms);
    else
        equipment_is(i, n, EQUIPMENT_STOPPED, "", "", now_ms);
}

static void runs_again(struct incident *i, uint32_t n, int64_t now_ms)
{
    const char *first;
    char note[INCIDENT_NOTE_MAX] = "";
    uint32_t open = checklist_open(i, n, &first);
    if (open > 0)
        incident_put(note, sizeof note, "with %u items of its list open (%s)", open, first);
    equipment_is(i, n, EQUIPMENT_RESTARTED, "", note, now_ms);
}

static void look_at(struct incident *i, uint32_t n, int64_t now_ms)
{
    const struct equipment *e = &i->plant->equipment[n];
    struct equipment_record *r = &i->now.equipment[n];
    const char *why;
    bool off = lasting(&i->stopped[n], incident_is_off(i, e->running), now_ms, stop_ms);
    bool on = incident_is_on(i, e->running);
    bool settled = lasting(&i->runs[n], on && incident_area_quiet(i, e->area), now_ms, run_ms);
    if (r->state != EQUIPMENT_FLOODED && r->state != EQUIPMENT_DAMAGED && under_water(i, n, &why)) {
        r->threatened = true;
        equipment_is(i, n, EQUIPMENT_FLOODED, "", why, now_ms);
        return;
    }
    switch ((enum equipment_state)r->state) {
    case EQUIPMENT_RUNNING:
    case EQUIPMENT_RESTARTED:
        if (off)
            stopped(i, n, now_ms);
        break;
    case EQUIPMENT_STOPPED:
        if (on && r->since_ms <= now_ms - stop_ms)
            equipment_is(i, n, EQUIPMENT_RUNNING, "", "", now_ms);
        else if (off && (r->threatened || (is_shut(i, n) && stood_lately(r, now_ms))))
            stopped(i, n, now_ms);
        break;
    case EQUIPMENT_STOPPED_PROTECT:
    case EQUIPMENT_TESTING:
    case EQUIPMENT_READY:
        if (settled)
            runs_again(i, n, now_ms);
        break;
    /* What was under water, or is broken, is spoken for by people. */
    case EQUIPMENT_FLOODED:
    case EQUIPMENT_DAMAGED:
    case EQUIPMENT_DRYING:
    case EQUIPMENT_WORKAROUND:
    case EQUIPMENT_STATE_COUNT:
        break;
    }
}

void equipment_tick(struct incident *i, int64_t now_ms)
{
    for (uint32_t n = 0; n < i->equipment; n++) {
        look_at(i, n, now_ms);
        checklist_tick(i, n, now_ms);
    }
}
