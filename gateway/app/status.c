/* SPDX-License-Identifier: Apache-2.0 */
#include "app/status.h"

#include <stdlib.h>

#define NOBODY UINT32_MAX

struct status {
    const struct plant *plant;
    struct status_totals totals;
    uint32_t online;
    uint32_t first_owed, last_owed; /* a queue through next_owed; NOBODY: empty */
    struct device_health devices[];
};

const char *device_state_name(enum device_state s)
{
    static const char *const names[] = {
        [DEVICE_UNKNOWN] = "unknown", [DEVICE_ONLINE] = "online",   [DEVICE_SILENT] = "silent",
        [DEVICE_FAULTY] = "faulty",   [DEVICE_OFFLINE] = "offline",
    };
    return names[s];
}

struct status *status_new(const struct plant *plant)
{
    struct status *s = calloc(1, sizeof *s + plant->device_count * sizeof s->devices[0]);
    if (!s)
        return NULL;
    s->plant = plant;
    s->first_owed = NOBODY;
    for (uint32_t i = 0; i < plant->device_count; i++)
        s->devices[i].why = "not yet asked";
    return s;
}

void status_free(struct status *s)
{
    free(s);
}

void status_carry(struct status *s, const struct status *before, const struct change *c)
{
    s->totals = before->totals;
    for (uint32_t i = 0; i < s->plant->device_count; i++) {
        uint32_t old = c->devices[i];
        bool owed = old == CHANGE_NONE || before->devices[old].owed || c->described[i];
        if (old != CHANGE_NONE) {
            s->devices[i] = before->devices[old];
            s->devices[i].owed = false;
            s->online += s->devices[i].state == DEVICE_ONLINE;
        }
        if (owed)
            status_owe(s, i);
    }
}

/* The state a fault puts a device in; a hole and a probe that was put off say nothing new about it.
 * One refused request among good ones is told by its tags: the device turns faulty only when
 * nothing good has come for a while, so that it doesn't flap at every cycle. */
static enum device_state state_after(const struct block *b, const struct device_health *d)
{
    enum device_state before = d->state;
    int64_t patience_ms = 10000 + 3 * b->request->period_ns / NS_PER_MS;
    switch (b->fault) {
    case FAULT_NONE:
        return DEVICE_ONLINE;
    case FAULT_LINE_DOWN:
        return DEVICE_OFFLINE;
    case FAULT_TIMEOUT:
    case FAULT_GARBLED:
    case FAULT_CLOSED:
        return DEVICE_SILENT;
    case FAULT_EXCEPTION:
        if (b->exception == 10 || b->exception == 11)
            return DEVICE_SILENT;
        if (before == DEVICE_ONLINE && b->time.ms - d->last_ok.ms < patience_ms)
            return DEVICE_ONLINE;
        return DEVICE_FAULTY;
    case FAULT_BACKED_OFF:
    case FAULT_HOLE:
        return before;
    }
    return before;
}

static void count(const struct block *b, uint64_t *good, uint64_t *timeouts, uint64_t *garbled,
                  uint64_t *exceptions)
{
    *good += b->fault == FAULT_NONE;
    *timeouts += b->fault == FAULT_TIMEOUT;
    *garbled += b->fault == FAULT_GARBLED || b->fault == FAULT_CLOSED;
    *exceptions += b->fault == FAULT_EXCEPTION;
}

static bool feed_device(struct status *s, struct device_health *d, const struct block *b)
{
    count(b, &d->good, &d->timeouts, &d->garbled, &d->exceptions);
    if (b->fault == FAULT_NONE) {
        d->last_ok = b->time;
        d->rtt_ns = mono_since(b->answered, b->asked);
    }
    enum device_state after = state_after(b, d);
    if (after == d->state)
        return false;
    s->online += after == DEVICE_ONLINE;
    s->online -= d->state == DEVICE_ONLINE;
    d->state = (uint8_t)after;
    d->why = after == DEVICE_ONLINE ? NULL : b->why;
    d->since = b->time;
    return true;
}

uint32_t status_feed(struct status *s, const struct block *b, uint32_t *changed)
{
    struct status_totals *t = &s->totals;
    if (b->fault != FAULT_BACKED_OFF)
        t->blocks++;
    count(b, &t->good, &t->timeouts, &t->garbled, &t->exceptions);
    t->refused += b->fault == FAULT_LINE_DOWN;

    const struct request *r = b->request;
    uint32_t changes = 0;
    for (uint32_t i = 0, last = UINT32_MAX; i < r->feed_count; i++) {
        uint32_t device = r->feeds[i].device;
        if (device == last)
            continue;
        last = device;
        if (!feed_device(s, &s->devices[device], b))
            continue;
        changed[changes++] = device;
        status_owe(s, device);
    }
    return changes;
}

struct device_health *status_device(struct status *s, uint32_t device)
{
    return &s->devices[device];
}

const struct status_totals *status_totals(const struct status *s)
{
    return &s->totals;
}

void status_owe(struct status *s, uint32_t device)
{
    struct device_health *d = &s->devices[device];
    if (d->owed)
        return;
    d->owed = true;
    d->next_owed = NOBODY;
    if (s->first_owed == NOBODY)
        s->first_owed = device;
    else
        s->devices[s->last_owed].next_owed = device;
    s->last_owed = device;
}

bool status_next_owed(struct status *s, uint32_t *device)
{
    if (s->first_owed == NOBODY)
        return false;
    *device = s->first_owed;
    struct device_health *d = &s->devices[*device];
    s->first_owed = d->next_owed;
    d->owed = false;
    return true;
}

uint32_t status_online(const struct status *s)
{
    return s->online;
}
