/* SPDX-License-Identifier: Apache-2.0 */
/* An incident outlives restarts, and changes of the plant file: what is kept stands under the names
 * of its areas, equipment, basins and checks, not under their numbers. */
#include <string.h>

#include "base/text.h"
#include "watch/incident_parts.h"
#include "watch/mend.h"

static const uint32_t magic = 0x31434e49; /* "INC1" */
static const uint32_t version = 1;

struct kept_head {
    uint32_t magic, version, size, areas, equipment, basins;
    uint64_t trigger, leak, check; /* names; check: sum of all that follows */
};
struct kept_area {
    uint64_t name;
    uint8_t state;
    char reason[INCIDENT_NOTE_MAX];
};
struct kept_equipment { /* followed by its checks */
    uint64_t name;
    uint32_t checks;
    bool threatened;
    uint8_t state;
    int64_t since_ms;
    double minutes;
    char who[64], note[INCIDENT_NOTE_MAX];
};
struct kept_check {
    uint64_t name;
    struct check_state state;
};
struct kept_basin {
    uint64_t name;
    struct basin_record record;
    struct basin_log log;
};
/* The state without its long lists. */
struct kept_core {
    bool open, drill;
    char id[INCIDENT_ID_MAX];
    uint32_t number, bulletin, alarms_attached;
    int64_t opened_ms, closed_ms, bulletin_ms, next_bulletin_ms;
    char opened_by[ORDER_WORD_MAX], title[INCIDENT_NOTE_MAX];
    struct {
        uint8_t answer;
        int64_t t_ms;
        char who[64];
    } flags[FLAG_COUNT];
    struct milestone_state milestones[MILESTONE_COUNT];
    struct estimate source_rate, source_onset_ms, source_lost;
    struct incident_memory memory;
};

struct pen {
    uint8_t *at;
    size_t left;
};
struct cursor {
    const uint8_t *at;
    size_t left;
};

static bool put(struct pen *c, const void *what, size_t size)
{
    if (c->left < size)
        return false;
    memcpy(c->at, what, size);
    c->at += size;
    c->left -= size;
    return true;
}

static bool take(struct cursor *c, void *what, size_t size)
{
    if (c->left < size)
        return false;
    memcpy(what, c->at, size);
    c->at += size;
    c->left -= size;
    return true;
}

static uint64_t name_of(const char *s)
{
    return text_hash(0, s, strlen(s));
}

size_t incident_save_size(void)
{
    return sizeof(struct kept_head) + sizeof(struct kept_core) +
           INCIDENT_AREAS * sizeof(struct kept_area) +
           INCIDENT_EQUIPMENT *
               (sizeof(struct kept_equipment) + INCIDENT_CHECKS * sizeof(struct kept_check)) +
           INCIDENT_BASINS * sizeof(struct kept_basin);
}

static void to_core(const struct incident *i, struct kept_core *c)
{
    const struct incident_state *s = &i->now;
    memset(c, 0, sizeof *c);
    c->open = s->open;
    c->drill = s->drill;
    memcpy(c->id, s->id, sizeof c->id);
    c->number = s->number;
    c->bulletin = s->bulletin;
    c->alarms_attached = s->alarms_attached;
    c->opened_ms = s->opened_ms;
    c->closed_ms = s->closed_ms;
    c->bulletin_ms = s->bulletin_ms;
    c->next_bulletin_ms = s->next_bulletin_ms;
    memcpy(c->opened_by, s->opened_by, sizeof c->opened_by);
    memcpy(c->title, s->title, sizeof c->title);
    memcpy(c->flags, s->flags, sizeof c->flags);
    memcpy(c->milestones, s->milestones, sizeof c->milestones);
    c->source_rate = s->source_rate;
    c->source_onset_ms = s->source_onset_ms;
    c->source_lost = s->source_lost;
    c->memory = i->memory;
}

static void from_core(struct incident *i, struct kept_core *c)
{
    struct incident_state *s = &i->now;
    mend_truth(&c->open);
    mend_truth(&c->drill);
    mend_truth(&c->memory.drill);
    s->open = c->open;
    s->drill = c->drill;
    memcpy(s->id, c->id, sizeof s->id);
    s->number = c->number;
    s->bulletin = c->bulletin;
    s->alarms_attached = c->alarms_attached;
    s->opened_ms = c->opened_ms;
    s->closed_ms = c->closed_ms;
    s->bulletin_ms = c->bulletin_ms;
    s->next_bulletin_ms = c->next_bulletin_ms;
    memcpy(s->opened_by, c->opened_by, sizeof s->opened_by);
    memcpy(s->title, c->title, sizeof s->title);
    memcpy(s->flags, c->flags, sizeof s->flags);
    memcpy(s->milestones, c->milestones, sizeof s->milestones);
    s->source_rate = c->source_rate;
    s->source_onset_ms = c->source_onset_ms;
    s->source_lost = c->source_lost;
    bool drill = i->plant->incidents.drill;
    i->memory = c->memory;
    i->memory.drill = i->memory.drill || drill;
}

static void put_equipment(const struct incident *i, uint32_t n, struct pen *c)
{
    const struct equipment *e = &i->plant->equipment[n];
    const struct equipment_record *r = &i->now.equipment[n];
    struct kept_equipment k;
    memset(&k, 0, sizeof k);
    k.name = name_of(e->name);
    k.checks = e->check_count < INCIDENT_CHECKS ? e->check_count : INCIDENT_CHECKS;
    k.threatened = r->threatened;
    k.state = r->state;
    k.since_ms = r->since_ms;
    k.minutes = r->minutes;
    memcpy(k.who, r->who, sizeof k.who);
    memcpy(k.note, r->note, sizeof k.note);
    put(c, &k, sizeof k);
    for (uint32_t m = 0; m < k.checks; m++) {
        struct kept_check item;
        memset(&item, 0, sizeof item);
        item.name = name_of(e->checks[m].name);
        item.state = r->checks[m];
        put(c, &item, sizeof item);
    }
}

size_t incident_save(const struct incident *i, void *out)
{
    struct pen c = {out, incident_save_size()};
    struct kept_head h;
    struct kept_core core;
    memset(&h, 0, sizeof h);
    put(&c, &h, sizeof h);
    to_core(i, &core);
    put(&c, &core, sizeof core);
    for (uint32_t n = 0; n < i->areas; n++) {
        struct kept_area k;
        memset(&k, 0, sizeof k);
        k.name = name_of(i->plant->areas[n].name);
        k.state = i->now.areas[n];
        memcpy(k.reason, i->now.area_reasons[n], sizeof k.reason);
        put(&c, &k, sizeof k);
    }
    for (uint32_t n = 0; n < i->equipment; n++)
        put_equipment(i, n, &c);
    for (uint32_t n = 0; n < i->basins; n++) {
        struct kept_basin k;
        memset(&k, 0, sizeof k);
        k.name = name_of(i->plant->basins[n].name);
        k.record = i->now.basins[n];
        k.log = i->logs[n];
        put(&c, &k, sizeof k);
    }
    size_t size = incident_save_size() - c.left;
    uint32_t trigger = i->now.trigger_alarm, leak = i->now.leak;
    h = (struct kept_head){.magic = magic,
                           .version = version,
                           .size = (uint32_t)size,
                           .areas = i->areas,
                           .equipment = i->equipment,
                           .basins = i->basins};
    h.trigger = trigger < i->plant->alarm_count ? name_of(i->plant->alarms[trigger].path) : 0;
    h.leak = leak < i->plant->leak_count ? name_of(i->plant->leaks[leak].name) : 0;
    h.check = text_hash(0, (const char *)out + sizeof h, size - sizeof h);
    memcpy(out, &h, sizeof h);
    return size;
}

static void take_areas(struct incident *i, uint32_t count, struct cursor *c)
{
    struct kept_area k;
    for (uint32_t m = 0; m < count && take(c, &k, sizeof k); m++)
        for (uint32_t n = 0; n < i->areas; n++)
            if (name_of(i->plant->areas[n].name) == k.name && k.state < AREA_STATE_COUNT) {
                i->now.areas[n] = k.state;
                memcpy(i->now.area_reasons[n], k.reason, sizeof k.reason);
            }
}

static void take_check(struct incident *i, uint32_t e, const struct kept_check *k)
{
    const struct equipment *eq = &i->plant->equipment[e];
    for (uint32_t n = 0; n < eq->check_count && n < INCIDENT_CHECKS; n++)
        if (name_of(eq->checks[n].name) == k->name)
            i->now.equipment[e].checks[n] = k->state;
}

static void take_equipment(struct incident *i, uint32_t count, struct cursor *c)
{
    struct kept_equipment k;
    struct kept_check item;
    for (uint32_t m = 0; m < count && take(c, &k, sizeof k); m++) {
        uint32_t n = 0;
        while (n < i->equipment && name_of(i->plant->equipment[n].name) != k.name)
            n++;
        if (n < i->equipment && k.state < EQUIPMENT_STATE_COUNT) {
            struct equipment_record *r = &i->now.equipment[n];
            mend_truth(&k.threatened);
            r->threatened = k.threatened;
            r->state = k.state;
            r->since_ms = k.since_ms;
            r->minutes = k.minutes;
            memcpy(r->who, k.who, sizeof r->who);
            memcpy(r->note, k.note, sizeof r->note);
        }
        for (uint32_t x = 0; x < k.checks && take(c, &item, sizeof item); x++)
            if (n < i->equipment)
                take_check(i, n, &item);
    }
}

static void take_basins(struct incident *i, uint32_t count, struct cursor *c)
{
    struct kept_basin k;
    for (uint32_t m = 0; m < count && take(c, &k, sizeof k); m++)
        for (uint32_t n = 0; n < i->basins; n++)
            if (name_of(i->plant->basins[n].name) == k.name) {
                i->now.basins[n] = k.record;
                i->now.basins[n].known = false; /* until it has been heard again */
                i->logs[n] = k.log;
            }
}

static bool take_head(const void *saved, size_t size, struct kept_head *h)
{
    if (size < sizeof *h + sizeof(struct kept_core))
        return false;
    memcpy(h, saved, sizeof *h);
    return h->magic == magic && h->version == version && h->size <= size &&
           h->size >= sizeof *h + sizeof(struct kept_core) &&
           h->check == text_hash(0, (const char *)saved + sizeof *h, h->size - sizeof *h);
}

bool incident_left(const void *bytes, size_t size, char id[static INCIDENT_ID_MAX])
{
    struct kept_head h;
    struct kept_core core;
    if (!take_head(bytes, size, &h))
        return false;
    memcpy(&core, (const char *)bytes + sizeof h, sizeof core);
    memcpy(id, core.id, INCIDENT_ID_MAX);
    id[INCIDENT_ID_MAX - 1] = '\0';
    mend_truth(&core.open);
    return core.open && text_is_name(id, strlen(id));
}

static void mend_core(struct incident *i)
{
    struct incident_state *s = &i->now;
    struct incident_memory *m = &i->memory;
    bool *truths[] = {&s->open,      &s->drill,    &m->drill,
                      &m->stands.on, &m->dried.on, &m->source_quiet};
    int64_t *times[] = {&s->opened_ms,        &s->closed_ms,       &s->bulletin_ms,
                        &s->next_bulletin_ms, &m->stands.since_ms, &m->dried.since_ms};
    for (size_t n = 0; n < sizeof truths / sizeof *truths; n++)
        mend_truth(truths[n]);
    for (size_t n = 0; n < sizeof times / sizeof *times; n++)
        mend_time(times[n], true);
    /* One that can't be called by its name is none; nor must another's topic be made of it. */
    if (!memchr(s->id, '\0', sizeof s->id) || !text_is_name(s->id, strlen(s->id))) {
        s->open = false;
        s->number = 0;
        s->id[0] = '\0';
    }
    mend_text(s->opened_by, sizeof s->opened_by);
    mend_text(s->title, sizeof s->title);
    mend_choice(&m->owed, OWED_CLOSED + 1);
    m->note_count = m->note_count < INCIDENT_NOTES ? m->note_count : INCIDENT_NOTES;
    for (uint32_t n = 0; n < INCIDENT_NOTES; n++)
        mend_text(m->notes[n], sizeof m->notes[n]);
    for (uint32_t n = 0; n < FLAG_COUNT; n++) {
        mend_choice(&s->flags[n].answer, ANSWER_YES + 1);
        mend_time(&s->flags[n].t_ms, true);
        mend_text(s->flags[n].who, sizeof s->flags[n].who);
    }
    for (uint32_t n = 0; n < MILESTONE_COUNT; n++) {
        struct milestone_state *x = &s->milestones[n];
        mend_truth(&x->reached);
        mend_truth(&x->proposed);
        mend_truth(&x->revoked);
        mend_truth(&x->automatic);
        mend_time(&x->t_ms, true);
        mend_time(&x->proposed_ms, true);
        mend_text(x->who, sizeof x->who);
        mend_text(x->evidence, sizeof x->evidence);
    }
}

static void mend_equipment(struct equipment_record *r)
{
    mend_truth(&r->threatened);
    mend_time(&r->since_ms, true);
    mend_text(r->who, sizeof r->who);
    mend_text(r->note, sizeof r->note);
    for (uint32_t n = 0; n < INCIDENT_CHECKS; n++) {
        mend_truth(&r->checks[n].done);
        mend_truth(&r->checks[n].holds);
        mend_time(&r->checks[n].t_ms, true);
        mend_time(&r->checks[n].since_ms, true);
        mend_text(r->checks[n].who, sizeof r->checks[n].who);
    }
}

static void mend_basin(struct basin_record *r, struct basin_log *l)
{
    struct lasting *lasting[] = {&l->pumping, &l->falling, &l->empty, &l->steady, &l->stuck};
    bool *truths[] = {&r->stalled,  &l->was_wet,     &l->rose,         &l->has_low,
                      &l->wet_said, &l->pumped_said, &l->said_stalled, &l->has_said};
    for (size_t n = 0; n < sizeof truths / sizeof *truths; n++)
        mend_truth(truths[n]);
    for (size_t n = 0; n < sizeof lasting / sizeof *lasting; n++) {
        mend_truth(&lasting[n]->on);
        mend_time(&lasting[n]->since_ms, true);
    }
    mend_time(&l->peak_ms, true);
    mend_time(&l->said_ms, true);
    mend_time(&l->number, false);
    l->used = l->used < BASIN_BLOCKS ? l->used : BASIN_BLOCKS;
    l->next = l->next < BASIN_BLOCKS ? l->next : 0;
    for (uint32_t n = 0; n < BASIN_BLOCKS; n++)
        mend_time(&l->blocks[n].t_ms, false);
}

bool incident_restore(struct incident *i, const void *saved, size_t size, int64_t now_ms)
{
    struct kept_head h;
    struct kept_core core;
    (void)now_ms;
    struct cursor c = {NULL, size};
    if (!take_head(saved, size, &h))
        return false;
    const uint8_t *bytes = saved;
    c.at = bytes + sizeof h;
    c.left = h.size - sizeof h;
    take(&c, &core, sizeof core);
    from_core(i, &core);
    i->now.trigger_alarm = i->now.leak = RULE_NONE;
    for (uint32_t n = 0; n < i->plant->alarm_count; n++)
        if (h.trigger != 0 && name_of(i->plant->alarms[n].path) == h.trigger)
            i->now.trigger_alarm = n;
    for (uint32_t n = 0; n < i->plant->leak_count; n++)
        if (h.leak != 0 && name_of(i->plant->leaks[n].name) == h.leak)
            i->now.leak = n;
    take_areas(i, h.areas, &c);
    take_equipment(i, h.equipment, &c);
    take_basins(i, h.basins, &c);
    mend_core(i);
    for (uint32_t n = 0; n < i->areas; n++)
        mend_text(i->now.area_reasons[n], sizeof i->now.area_reasons[n]);
    for (uint32_t n = 0; n < i->equipment; n++)
        mend_equipment(&i->now.equipment[n]);
    for (uint32_t n = 0; n < i->basins; n++)
        mend_basin(&i->now.basins[n], &i->logs[n]);
    return true;
}
