/* SPDX-License-Identifier: Apache-2.0 */
/* What the incident part hears, and where it goes. */
#include "watch/incident.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "values/decode.h"
#include "watch/incident_parts.h"

enum { TICK_MS = 10000 };

/* People write what they like; a line stays one line, and a cut leaves no half a letter. */
void incident_tidy(char *text, bool cut)
{
    size_t length = strlen(text), start = length;
    for (size_t n = 0; n < length; n++)
        if ((unsigned char)text[n] < ' ' || text[n] == 127)
            text[n] = ' ';
    if (!cut || length == 0)
        return;
    while (start > 0 && ((unsigned char)text[start - 1] & 0xC0) == 0x80)
        start--;
    if (start == 0 || (unsigned char)text[start - 1] < 0xC0)
        return;
    unsigned char first = (unsigned char)text[start - 1];
    size_t wants = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
    if (length - (start - 1) < wants)
        text[start - 1] = '\0';
}

void incident_put(char *out, size_t room, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int n = vsnprintf(out, room, format, args);
    va_end(args);
    incident_tidy(out, n >= 0 && (size_t)n >= room);
}

bool lasting(struct lasting *h, bool is, int64_t now_ms, int64_t for_ms)
{
    if (is && !h->on)
        h->since_ms = now_ms;
    h->on = is;
    return is && now_ms - h->since_ms >= for_ms;
}

const struct heard *incident_heard(const struct incident *i, uint32_t tag)
{
    if (tag >= i->plant->tag_count || i->slot_of[tag] == RULE_NONE)
        return NULL;
    const struct heard *h = &i->heard[i->slot_of[tag]];
    return h->known ? h : NULL;
}

bool incident_is_on(const struct incident *i, uint32_t tag)
{
    const struct heard *h = incident_heard(i, tag);
    return h && h->good && h->x > 0;
}

bool incident_is_off(const struct incident *i, uint32_t tag)
{
    const struct heard *h = incident_heard(i, tag);
    return h && h->good && !(h->x > 0);
}

const char *incident_area_title(const struct incident *i, uint32_t area)
{
    if (area >= i->plant->area_count)
        return "the plant";
    const struct area *a = &i->plant->areas[area];
    return a->title && a->title[0] ? a->title : a->name;
}

bool incident_area_quiet(const struct incident *i, uint32_t area)
{
    for (uint32_t n = 0; n < i->plant->alarm_count; n++) {
        const struct alarm_state *s = alarms_state(i->alarms, n);
        if (i->plant->alarms[n].area == area && s->bits.active && s->priority >= PRIORITY_HIGH)
            return false;
    }
    return true;
}

/* What has changed is both told now and, in one line, with the next bulletin. */
void incident_tell(struct incident *i, enum incident_change what, const char *subject,
                   const char *text, int64_t t_ms)
{
    struct incident_memory *m = &i->memory;
    if (what != INCIDENT_ETA && what != INCIDENT_OPENED && what != INCIDENT_DRILL) {
        if (m->note_count < INCIDENT_NOTES)
            incident_put(m->notes[m->note_count++], INCIDENT_NOTE_MAX, "%s", text);
        else
            m->notes_lost++;
    }
    if (i->hooks.changed)
        i->hooks.changed(i->hooks.me, what, subject, text, t_ms);
}

void incident_owe(struct incident *i, enum owed why)
{
    if (i->memory.owed < (uint8_t)why)
        i->memory.owed = (uint8_t)why;
}

void incident_area_is(struct incident *i, uint32_t area, enum area_state s, const char *reason,
                      int64_t t_ms)
{
    char text[INCIDENT_NOTE_MAX];
    i->now.areas[area] = (uint8_t)s;
    incident_put(i->now.area_reasons[area], INCIDENT_NOTE_MAX, "%s", reason);
    incident_put(text, sizeof text, "%s: %s%s%s", incident_area_title(i, area),
                 s == AREA_SHUT_PROTECT ? "shut to protect" : area_state_words(s),
                 reason[0] ? ": " : "", reason);
    incident_tell(i, INCIDENT_AREA, i->plant->areas[area].name, text, t_ms);
}

/* ---- making --------------------------------------------------------------------------------- */

static void want(struct incident *i, uint32_t tag)
{
    if (tag < i->plant->tag_count && i->slot_of[tag] == RULE_NONE)
        i->slot_of[tag] = i->heard_count++;
}

static void want_equipment(struct incident *i, const struct equipment *e)
{
    want(i, e->running);
    want(i, e->wet);
    want(i, e->water);
    if (e->device < i->plant->device_count) /* any of its tags tells whether it answers */
        want(i, i->plant->devices[e->device].first_tag);
    for (uint32_t n = 0; n < e->check_count; n++)
        want(i, e->checks[n].tag);
}

static void want_basin(struct incident *i, const struct basin *b)
{
    want(i, b->level);
    for (uint32_t n = 0; n < b->pump_count; n++) {
        want(i, b->pumps[n].run);
        want(i, b->pumps[n].flow);
    }
    for (uint32_t n = 0; n < b->wet_count; n++)
        want(i, b->wet[n]);
}

static void add_water(struct incident *i, struct water w)
{
    w.rate.slope = w.rise.slope = UNKNOWN;
    i->waters[i->water_count++] = w;
}

static void make_waters(struct incident *i)
{
    const struct plant *p = i->plant;
    for (uint32_t n = 0; n < i->basins; n++) {
        const struct basin *b = &p->basins[n];
        i->water_of_basin[n] = i->water_count;
        add_water(i, (struct water){.tag = b->level,
                                    .basin = n,
                                    .factor = b->factor,
                                    .stage = b->stage,
                                    .stage_count = b->stage ? b->stage_count : 0});
    }
    for (uint32_t n = 0; n < i->equipment; n++) {
        const struct equipment *e = &p->equipment[n];
        i->water_of[n] = RULE_NONE;
        if (e->water == TAG_NONE || isnan(e->floor))
            continue;
        if (e->basin < i->basins && p->basins[e->basin].level == e->water) {
            i->water_of[n] = i->water_of_basin[e->basin];
            continue;
        }
        i->water_of[n] = i->water_count;
        add_water(i,
                  (struct water){.tag = e->water, .basin = RULE_NONE, .factor = e->water_factor});
    }
}

static uint32_t at_most(uint32_t count, uint32_t bound)
{
    return count < bound ? count : bound;
}

static bool make_rooms(struct incident *i)
{
    const struct plant *p = i->plant;
    i->slot_of = calloc((size_t)p->tag_count + 1, sizeof *i->slot_of);
    i->sources = calloc((size_t)p->leak_count + 1, sizeof *i->sources);
    i->waters = calloc((size_t)i->basins + i->equipment + 1, sizeof *i->waters);
    if (!i->slot_of || !i->sources || !i->waters)
        return false;
    for (uint32_t n = 0; n <= p->tag_count; n++)
        i->slot_of[n] = RULE_NONE;
    for (uint32_t n = 0; n < i->basins; n++)
        want_basin(i, &p->basins[n]);
    for (uint32_t n = 0; n < i->equipment; n++)
        want_equipment(i, &p->equipment[n]);
    i->heard = calloc((size_t)i->heard_count + 1, sizeof *i->heard);
    return i->heard != NULL;
}

struct incident *incident_new(const struct plant *plant, const struct alarms *alarms,
                              const struct incident_hooks *hooks)
{
    struct incident *i = calloc(1, sizeof *i);
    if (!i)
        return NULL;
    i->plant = plant;
    i->alarms = alarms;
    i->hooks = *hooks;
    i->areas = at_most(plant->area_count, INCIDENT_AREAS);
    i->equipment = at_most(plant->equipment_count, INCIDENT_EQUIPMENT);
    i->basins = at_most(plant->basin_count, INCIDENT_BASINS);
    if (!make_rooms(i)) {
        incident_free(i);
        return NULL;
    }
    make_waters(i);
    i->memory.drill = plant->incidents.drill;
    i->now.trigger_alarm = i->now.leak = RULE_NONE;
    i->now.source_rate = i->now.source_onset_ms = i->now.source_lost =
        (struct estimate){UNKNOWN, UNKNOWN, UNKNOWN};
    for (uint32_t n = 0; n < i->equipment; n++)
        i->now.equipment[n].minutes = UNKNOWN;
    for (uint32_t n = 0; n < i->basins; n++)
        i->logs[n].told_eta = i->logs[n].said_eta = UNKNOWN;
    return i;
}

void incident_free(struct incident *i)
{
    if (!i)
        return;
    free(i->slot_of);
    free(i->heard);
    free(i->waters);
    free(i->sources);
    free(i);
}

/* ---- hearing -------------------------------------------------------------------------------- */

bool incident_wants(const struct incident *i, uint32_t tag)
{
    return tag < i->plant->tag_count && i->slot_of[tag] != RULE_NONE;
}

void incident_sample(struct incident *i, uint32_t tag, const struct sample *s, int64_t t_ms)
{
    if (!incident_wants(i, tag))
        return;
    struct heard *h = &i->heard[i->slot_of[tag]];
    double x = value_number(&s->value);
    bool good = s->quality == QUALITY_GOOD && isfinite(x);
    if (h->known && t_ms < h->t_ms)
        return;
    /* Since when it is what it is, as a truth; a gap in between begins it anew. */
    if (!h->known || good != h->good || (good && (x > 0) != (h->x > 0)))
        h->since_ms = t_ms;
    h->known = true;
    h->good = good;
    h->t_ms = t_ms;
    if (good)
        h->x = x;
    for (uint32_t n = 0; n < i->water_count; n++)
        if (i->waters[n].tag == tag)
            water_put(i, &i->waters[n], good ? x * i->waters[n].factor : UNKNOWN, good, t_ms);
}

int64_t incident_tick(struct incident *i, int64_t now_ms)
{
    consequence_tick(i, now_ms);
    dewater_tick(i, now_ms);
    if (i->now.open) {
        equipment_tick(i, now_ms);
        milestones_tick(i, now_ms);
    }
    bulletin_tick(i, now_ms);
    consequence_tags(i, now_ms);
    if (!i->now.open && i->water_count == 0)
        return INT64_MAX;
    int64_t due = now_ms + TICK_MS;
    return i->now.open && i->now.next_bulletin_ms < due ? i->now.next_bulletin_ms : due;
}

const struct incident_state *incident_now(const struct incident *i)
{
    return &i->now;
}

bool incident_drill(const struct incident *i)
{
    return i->memory.drill;
}
