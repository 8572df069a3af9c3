/* SPDX-License-Identifier: Apache-2.0 */
/* Who wants which tag: one table, made once, walked for each sample. */
#include <stdio.h>
#include <stdlib.h>

#include "watch/warden_parts.h"

static const struct device *device_of(const struct plant *p, uint32_t tag)
{
    return p->device_count > 0 ? &p->devices[plant_device_of(p, tag)] : NULL;
}

const struct point *warden_point(const struct plant *p, uint32_t tag)
{
    if (tag >= p->first_derived)
        return &p->derived[tag - p->first_derived].point;
    const struct device *d = device_of(p, tag);
    return &d->map->points[tag - d->first_tag];
}

void warden_tag_path(const struct plant *p, uint32_t tag, char *out, size_t room)
{
    if (tag >= p->first_derived)
        snprintf(out, room, "%s", p->derived[tag - p->first_derived].path);
    else
        snprintf(out, room, "%s/%s", device_of(p, tag)->path, warden_point(p, tag)->name);
}

int64_t warden_tag_every_ms(const struct plant *p, uint32_t tag)
{
    const struct device *d = tag < p->first_derived ? device_of(p, tag) : NULL;
    int64_t every_ns = NS_PER_S;
    if (d) {
        const struct point *point = warden_point(p, tag);
        every_ns = point->every_ns    ? point->every_ns
                   : d->map->every_ns ? d->map->every_ns
                                      : d->every_ns;
    }
    return every_ns / NS_PER_MS;
}

/* Called twice: without w->uses it counts into first_use[tag + 1], with it it fills in. */
static void want(struct warden *w, uint32_t *fill, uint32_t tag, struct use use)
{
    if (tag == TAG_NONE)
        return;
    if (!w->uses)
        w->first_use[tag + 1]++;
    else
        w->uses[fill[tag]++] = use;
}

/* A tag is captured once, however many look at it. */
static void want_ring(struct warden *w, uint32_t *fill, uint32_t tag, uint32_t *rings)
{
    if (tag == TAG_NONE || w->plant->incidents.capture_ms == 0)
        return;
    if (!w->uses && w->ring_of[tag] == RULE_NONE)
        w->ring_of[tag] = (*rings)++;
    else if (!w->uses || w->ring_of[tag] != *rings)
        return;
    else
        ++*rings;
    want(w, fill, tag, (struct use){USE_CAPTURE, w->ring_of[tag], 0});
}

static uint32_t all_uses(struct warden *w, uint32_t *fill)
{
    const struct plant *p = w->plant;
    uint32_t rings = 0;
    for (uint32_t i = 0; i < p->leak_count; i++)
        for (uint32_t k = 0; k < p->leaks[i].input_count; k++) {
            want(w, fill, p->leaks[i].inputs[k].tag, (struct use){USE_LEAK, i, k});
            want_ring(w, fill, p->leaks[i].inputs[k].tag, &rings);
        }
    for (uint32_t i = 0; i < p->alarm_count; i++) {
        const struct alarm_rule *r = &p->alarms[i];
        if (r->origin == ALARM_CONDITION) {
            uint32_t tag = p->conditions[r->origin_index].tag;
            want(w, fill, tag, (struct use){USE_CONDITION, r->origin_index, i});
            want_ring(w, fill, tag, &rings);
        }
        if (r->origin == ALARM_SIGNAL)
            want(w, fill, r->origin_index, (struct use){USE_SIGNAL, i, 0});
        want(w, fill, r->suppress_by, (struct use){USE_SUPPRESS, i, 0});
    }
    for (uint32_t tag = 0; tag < p->tag_count; tag++)
        if (incident_wants(w->incident, tag))
            want(w, fill, tag, (struct use){USE_INCIDENT, 0, 0});
    return rings;
}

static bool make_rings(struct warden *w, uint32_t rings, int64_t sample_ms)
{
    const struct plant *p = w->plant;
    int64_t *every_ms = calloc((size_t)rings + 1, sizeof *every_ms);
    w->scratch = calloc(CAPTURE_MAX, sizeof *w->scratch);
    if (!every_ms || !w->scratch)
        goto out;
    for (uint32_t tag = 0; tag < p->tag_count; tag++)
        if (w->ring_of[tag] != RULE_NONE)
            every_ms[w->ring_of[tag]] = sample_ms ? sample_ms : warden_tag_every_ms(p, tag);
    w->capture = capture_new(every_ms, rings, p->incidents.capture_ms);
out:
    free(every_ms);
    return w->capture != NULL;
}

bool warden_route(struct warden *w, int64_t sample_ms)
{
    uint32_t tags = w->plant->tag_count;
    w->first_use = calloc((size_t)tags + 2, sizeof *w->first_use);
    w->ring_of = calloc((size_t)tags + 1, sizeof *w->ring_of);
    uint32_t *fill = calloc((size_t)tags + 1, sizeof *fill);
    bool good = false;
    if (!w->first_use || !w->ring_of || !fill)
        goto out;
    for (uint32_t i = 0; i <= tags; i++)
        w->ring_of[i] = RULE_NONE;
    uint32_t rings = all_uses(w, fill);
    for (uint32_t i = 0; i < tags; i++) {
        w->first_use[i + 1] += w->first_use[i];
        fill[i] = w->first_use[i];
    }
    w->uses = calloc((size_t)w->first_use[tags] + 1, sizeof *w->uses);
    if (!w->uses)
        goto out;
    all_uses(w, fill);
    good = make_rings(w, rings, sample_ms);
out:
    free(fill);
    return good;
}
