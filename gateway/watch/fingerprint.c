/* SPDX-License-Identifier: Apache-2.0 */
/* Structures are hashed as they lie in memory, so that a member that is added is seen; what points
 * elsewhere, or is a number of a tag, is taken out first and hashed by what it means. A byte that
 * differs for no reason costs a new beginning, never a wrong one. */
#include "watch/fingerprint.h"

#include <string.h>

#include "base/text.h"
#include "watch/warden_parts.h"

struct print {
    const struct plant *plant;
    uint64_t hash;
};

static void bytes(struct print *f, const void *what, size_t size)
{
    f->hash = text_hash(f->hash, what, size);
}

static void text(struct print *f, const char **at)
{
    bytes(f, *at ? *at : "", (*at ? strlen(*at) : 0) + 1);
    *at = NULL;
}

static void tag(struct print *f, uint32_t *at)
{
    char path[TAG_PATH_MAX] = "";
    if (*at < f->plant->tag_count) {
        warden_tag_path(f->plant, *at, path, sizeof path);
        int64_t every_ms = warden_tag_every_ms(f->plant, *at);
        bytes(f, &every_ms, sizeof every_ms);
    }
    bytes(f, path, strlen(path) + 1);
    *at = 0;
}

static void alarm(struct print *f, struct alarm_rule r)
{
    r.at = (struct place){0};
    text(f, &r.path);
    text(f, &r.group_name);
    text(f, &r.about);
    text(f, &r.consequence);
    text(f, &r.response);
    tag(f, &r.suppress_by);
    if (r.origin == ALARM_SIGNAL)
        tag(f, &r.origin_index);
    bytes(f, &r, sizeof r);
}

static void condition(struct print *f, struct alarm_condition c)
{
    text(f, &c.word);
    tag(f, &c.tag);
    bytes(f, &c, sizeof c);
}

static void leak(struct print *f, struct leak_rule r)
{
    for (uint32_t i = 0; i < r.input_count; i++) {
        struct leak_input in = r.inputs[i];
        in.at = (struct place){0};
        tag(f, &in.tag);
        bytes(f, &in, sizeof in);
    }
    bytes(f, r.stage, r.stage_count * sizeof *r.stage);
    text(f, &r.name);
    text(f, &r.about);
    tag(f, &r.tag_rate);
    tag(f, &r.tag_unaccounted);
    tag(f, &r.tag_flow);
    tag(f, &r.tag_minutes);
    r.at = (struct place){0};
    r.inputs = NULL;
    r.stage = NULL;
    bytes(f, &r, sizeof r);
}

static void basin(struct print *f, struct basin b)
{
    for (uint32_t i = 0; i < b.pump_count; i++) {
        struct basin_pump pump = b.pumps[i];
        text(f, &pump.name);
        tag(f, &pump.run);
        tag(f, &pump.flow);
        bytes(f, &pump, sizeof pump);
    }
    for (uint32_t i = 0; i < b.wet_count; i++) {
        uint32_t wet = b.wet[i];
        tag(f, &wet);
    }
    bytes(f, b.stage, b.stage_count * sizeof *b.stage);
    text(f, &b.name);
    tag(f, &b.level);
    tag(f, &b.tag_volume);
    tag(f, &b.tag_net);
    tag(f, &b.tag_minutes);
    b.at = (struct place){0};
    b.pumps = NULL;
    b.wet = NULL;
    b.stage = NULL;
    bytes(f, &b, sizeof b);
}

static void equipment(struct print *f, struct equipment e)
{
    for (uint32_t i = 0; i < e.check_count; i++) {
        struct check_item c = e.checks[i];
        text(f, &c.name);
        text(f, &c.text);
        text(f, &c.unit);
        tag(f, &c.tag);
        bytes(f, &c, sizeof c);
    }
    text(f, &e.name);
    text(f, &e.about);
    text(f, &e.owner);
    tag(f, &e.water);
    tag(f, &e.running);
    tag(f, &e.wet);
    tag(f, &e.tag_minutes);
    e.at = (struct place){0};
    e.checks = NULL;
    bytes(f, &e, sizeof e);
}

static void places(struct print *f)
{
    const struct plant *p = f->plant;
    for (uint32_t i = 0; i < p->area_count; i++) {
        const struct area *a = &p->areas[i];
        bytes(f, a->name, strlen(a->name) + 1);
        bytes(f, a->title ? a->title : "", a->title ? strlen(a->title) : 0);
        bytes(f, a->neighbours, a->neighbour_count * sizeof *a->neighbours);
    }
    for (uint32_t i = 0; i < p->line_count; i++)
        bytes(f, p->lines[i].name, strlen(p->lines[i].name) + 1);
    for (uint32_t i = 0; i < p->device_count; i++) {
        bytes(f, p->devices[i].path, strlen(p->devices[i].path) + 1);
        bytes(f, &p->devices[i].line, sizeof p->devices[i].line);
    }
}

uint64_t watch_fingerprint(const struct plant *p)
{
    struct print f = {.plant = p};
    const uint32_t counts[] = {p->area_count,  p->line_count,      p->device_count,
                               p->alarm_count, p->condition_count, p->leak_count,
                               p->basin_count, p->equipment_count};
    bytes(&f, counts, sizeof counts);
    places(&f);
    for (uint32_t i = 0; i < p->alarm_count; i++)
        alarm(&f, p->alarms[i]);
    for (uint32_t i = 0; i < p->condition_count; i++)
        condition(&f, p->conditions[i]);
    for (uint32_t i = 0; i < p->leak_count; i++)
        leak(&f, p->leaks[i]);
    for (uint32_t i = 0; i < p->basin_count; i++)
        basin(&f, p->basins[i]);
    for (uint32_t i = 0; i < p->equipment_count; i++)
        equipment(&f, p->equipment[i]);
    struct incident_rules rules = p->incidents;
    rules.at = (struct place){0};
    bytes(&f, &rules, sizeof rules);
    bytes(&f, &p->alarm_settings, sizeof p->alarm_settings);
    return f.hash;
}
