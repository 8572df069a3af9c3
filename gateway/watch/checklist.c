/* SPDX-License-Identifier: Apache-2.0 */
/* What must be so before equipment is ready again: what tags can tell, and what people sign. */
#include <math.h>
#include <string.h>

#include "watch/incident_parts.h"

static uint32_t items(const struct incident *i, uint32_t e)
{
    uint32_t count = i->plant->equipment[e].check_count;
    return count < INCIDENT_CHECKS ? count : INCIDENT_CHECKS;
}

static bool answers(const struct incident *i, const struct equipment *e)
{
    if (e->device < i->plant->device_count)
        for (uint32_t n = 0; n < i->plant->alarm_count; n++) {
            const struct alarm_rule *r = &i->plant->alarms[n];
            if (r->origin == ALARM_DEVICE_LOST && r->origin_index == e->device &&
                alarms_state(i->alarms, n)->bits.active)
                return false;
        }
    uint32_t tags[] = {e->running, e->wet, e->water,
                       e->device < i->plant->device_count ? i->plant->devices[e->device].first_tag
                                                          : TAG_NONE};
    bool any = false;
    for (size_t n = 0; n < sizeof tags / sizeof *tags; n++) {
        const struct heard *h = incident_heard(i, tags[n]);
        if (h && !h->good)
            return false;
        any = any || h;
    }
    return any;
}

static bool holds(const struct incident *i, uint32_t n, const struct check_item *item,
                  double *value)
{
    const struct equipment *e = &i->plant->equipment[n];
    *value = UNKNOWN;
    if (item->tag != TAG_NONE) {
        const struct heard *h = incident_heard(i, item->tag);
        if (!h || !h->good)
            return false;
        *value = h->x;
        return !(h->x < item->low) && !(h->x > item->high);
    }
    switch ((enum check_builtin)item->builtin) {
    case BUILTIN_BELOW_FLOOR: {
        if (i->water_of[n] == RULE_NONE)
            return false;
        const struct water *w = &i->waters[i->water_of[n]];
        *value = w->good ? w->level : UNKNOWN;
        return w->good && w->level < e->floor;
    }
    case BUILTIN_COMM_GOOD:
        return answers(i, e);
    case BUILTIN_DRY:
        return incident_is_off(i, e->wet);
    case BUILTIN_NONE:
        break;
    }
    return false;
}

void checklist_forget(struct incident *i, uint32_t e)
{
    memset(i->now.equipment[e].checks, 0, sizeof i->now.equipment[e].checks);
}

void checklist_tick(struct incident *i, uint32_t e, int64_t now_ms)
{
    const struct equipment *eq = &i->plant->equipment[e];
    for (uint32_t n = 0; n < items(i, e); n++) {
        struct check_state *c = &i->now.equipment[e].checks[n];
        const struct check_item *item = &eq->checks[n];
        double value;
        if (item->kind != CHECK_AUTO)
            continue;
        if (!holds(i, e, item, &value)) {
            *c = (struct check_state){.value = value};
            continue;
        }
        c->value = value;
        if (!c->holds) {
            c->holds = true;
            c->since_ms = now_ms;
        }
        if (c->done || now_ms - c->since_ms < item->for_ms)
            continue;
        c->done = true;
        c->t_ms = now_ms;
        incident_put(c->who, sizeof c->who, "auto");
    }
}

uint32_t checklist_open(const struct incident *i, uint32_t e, const char **first)
{
    const struct equipment *eq = &i->plant->equipment[e];
    uint32_t open = 0;
    *first = "";
    for (uint32_t n = 0; n < eq->check_count; n++) {
        if (n < INCIDENT_CHECKS && i->now.equipment[e].checks[n].done)
            continue;
        if (open++ == 0)
            *first = eq->checks[n].name;
    }
    return open;
}

const char *checklist_sign(struct incident *i, uint32_t e, const struct order *o, int64_t t_ms)
{
    const struct equipment *eq = &i->plant->equipment[e];
    uint32_t n = 0;
    while (n < items(i, e) && strcmp(eq->checks[n].name, o->item) != 0)
        n++;
    if (n == items(i, e))
        return "there is no such item on its list";
    const struct check_item *item = &eq->checks[n];
    if (item->kind == CHECK_AUTO)
        return "this item is looked after by the gateway and can't be signed";
    if (item->wants_value && !isfinite(o->value))
        return "this item is signed with a measured value";
    if (item->wants_value && (o->value < item->low || o->value > item->high)) {
        incident_put(i->refusal, sizeof i->refusal, "%g %s isn't within what is asked: %s%g",
                     o->value, item->unit ? item->unit : "",
                     o->value < item->low ? "at least " : "at most ",
                     o->value < item->low ? item->low : item->high);
        return i->refusal;
    }
    struct check_state *c = &i->now.equipment[e].checks[n];
    *c = (struct check_state){.done = true, .t_ms = t_ms, .value = o->value};
    incident_put(c->who, sizeof c->who, "%s", o->user);
    char text[INCIDENT_NOTE_MAX];
    if (item->wants_value)
        incident_put(text, sizeof text, "%s: %s %g %s, signed by %s", eq->name, item->name,
                     o->value, item->unit ? item->unit : "", o->user);
    else
        incident_put(text, sizeof text, "%s: %s, signed by %s", eq->name, item->name, o->user);
    incident_tell(i, INCIDENT_SIGNOFF, eq->name, text, t_ms);
    return NULL;
}
