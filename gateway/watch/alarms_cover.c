/* SPDX-License-Identifier: Apache-2.0 */
/* Suppression by design: one lost PLC is one alarm.
 *
 * A child's condition may come true before its parent's, and stay so a while after it: the signals
 * of a lost device go bad within a poll, the device is called lost after 30 s, and when it answers
 * again its tags are read one after the other. So a child waits while its parent makes up its mind,
 * and those that only echo the loss wait a grace longer after it. */
#include "watch/alarms_parts.h"

#define GRACE_MIN_MS INT64_C(5000)

bool alarms_echo(const struct alarm_rule *r)
{
    return r->origin == ALARM_SIGNAL || r->origin == ALARM_DEVICE_LOST;
}

static const struct item *parent_of(const struct alarms *a, uint32_t i)
{
    uint32_t parent = a->rules[i].parent;
    return parent < a->count && parent != i ? &a->items[parent] : NULL;
}

static bool deciding(const struct item *parent)
{
    return parent->s.raw && !parent->s.bits.active && !parent->want_frozen;
}

int64_t alarms_grace_end(const struct alarms *a, uint32_t i)
{
    const struct item *it = &a->items[i];
    return it->free_ms == ALARM_NEVER ? ALARM_NEVER : it->free_ms + it->grace_ms;
}

bool alarms_held(const struct alarms *a, uint32_t i)
{
    const struct item *parent = parent_of(a, i);
    return parent && deciding(parent);
}

bool alarms_want_suppressed(const struct alarms *a, uint32_t i, int64_t now_ms)
{
    const struct item *it = &a->items[i];
    if (it->want_suppressed)
        return true;
    const struct item *parent = parent_of(a, i);
    if (!parent)
        return false;
    if (it->s.bits.suppressed)
        return parent->s.bits.active || deciding(parent) || now_ms < alarms_grace_end(a, i);
    /* What good data said before the device was lost is not made less true by the loss: it stays in
     * sight, frozen. Only what stands for nothing yet, or for the loss itself, hides. */
    return parent->s.bits.active && (alarms_echo(&a->rules[i]) || !alarms_stands(&it->s.bits));
}

int64_t alarms_on_delay(const struct alarms *a, uint32_t i)
{
    const struct alarm_rule *r = &a->rules[i];
    /* A signal goes bad before its device is called lost: it gives the parent time to notice. */
    if (r->origin == ALARM_SIGNAL && parent_of(a, i)) {
        int64_t parents = a->rules[r->parent].on_delay_ms;
        return r->on_delay_ms > parents ? r->on_delay_ms : parents;
    }
    return r->on_delay_ms;
}

/* How long after the device is back this tag may still be unread: two of its periods. */
static int64_t unread_ms(const struct plant *p, uint32_t tag)
{
    for (uint32_t d = 0; d < p->device_count; d++) {
        const struct device *dev = &p->devices[d];
        if (!dev->map || tag < dev->first_tag || tag - dev->first_tag >= dev->map->point_count)
            continue;
        int64_t every = dev->map->points[tag - dev->first_tag].every_ns;
        if (every <= 0)
            every = dev->map->every_ns;
        if (every <= 0)
            every = dev->every_ns;
        return every > 0 ? 2 * (every / NS_PER_MS) : 0;
    }
    return 0;
}

int64_t alarms_grace(const struct alarms *a, uint32_t i)
{
    const struct alarm_rule *r = &a->rules[i];
    if (!alarms_echo(r) || !parent_of(a, i))
        return 0;
    int64_t grace = r->on_delay_ms > GRACE_MIN_MS ? r->on_delay_ms : GRACE_MIN_MS;
    int64_t unread = r->origin == ALARM_SIGNAL ? unread_ms(a->plant, r->origin_index) : 0;
    return grace > unread ? grace : unread;
}
