/* SPDX-License-Identifier: Apache-2.0 */
/* What the room keeps through a restart: as bytes by name, and back. */
#include <stdio.h>
#include <string.h>

#include "watch/warden_parts.h"

uint32_t warden_find_alarm(const struct warden *w, const char *path)
{
    for (uint32_t i = 0; i < w->plant->alarm_count; i++)
        if (strcmp(w->plant->alarms[i].path, path) == 0)
            return i;
    return RULE_NONE;
}

static bool restore_leak(struct warden *w, const char *name, const void *bytes, size_t size,
                         int64_t now_ms)
{
    for (uint32_t i = 0; i < w->plant->leak_count; i++)
        if (strcmp(w->plant->leaks[i].name, name) == 0) {
            if (!leak_restore(w->leaks[i].leak, bytes, size, now_ms))
                return false;
            warden_leak_restored(w, i, now_ms);
            return true;
        }
    return false;
}

static bool restore_proof(struct warden *w, const char *name, const void *bytes, size_t size)
{
    for (uint32_t i = 0; i < w->plant->leak_count && size == sizeof(int64_t); i++)
        if (strcmp(w->plant->leaks[i].name, name) == 0) {
            int64_t t_ms;
            memcpy(&t_ms, bytes, sizeof t_ms);
            if (!w->leaks[i].proof_known || t_ms > w->leaks[i].proof_ms)
                w->leaks[i].proof_ms = t_ms;
            w->leaks[i].proof_known = true;
            return true;
        }
    return false;
}

static bool restore_alarm(struct warden *w, const char *path, const void *bytes, size_t size,
                          int64_t now_ms)
{
    uint32_t index = warden_find_alarm(w, path);
    if (index == RULE_NONE || !alarms_restore(w->alarms, index, bytes, size, now_ms))
        return false;
    const struct alarm_rule *r = &w->plant->alarms[index];
    const struct alarm_state *s = alarms_state(w->alarms, index);
    if (r->origin == ALARM_LEAK)
        leak_alarm_stands(w->leaks[r->origin_index].leak, s->bits.active || s->bits.latched);
    if (r->origin == ALARM_CONDITION) /* between its limits it goes on being what it was */
        w->conditions[r->origin_index].on = s->raw;
    if (r->origin == ALARM_DEVICE_LOST)
        w->device_lost[r->origin_index] = s->raw;
    if (r->origin == ALARM_SIGNAL && s->raw) { /* until a sample says otherwise */
        w->signal_bad[index] = true;
        w->signal_fault[index] = SIGNAL_BAD;
    }
    return true;
}

bool warden_restore(struct warden *w, const char *key, const void *bytes, size_t size,
                    int64_t now_ms)
{
    if (strncmp(key, "alarm/", 6) == 0)
        return restore_alarm(w, key + 6, bytes, size, now_ms);
    if (strncmp(key, "leak/", 5) == 0)
        return restore_leak(w, key + 5, bytes, size, now_ms);
    if (strncmp(key, "proof/", 6) == 0)
        return restore_proof(w, key + 6, bytes, size);
    return strcmp(key, "incident") == 0 && incident_restore(w->incident, bytes, size, now_ms);
}

const void *warden_alarm_bytes(struct warden *w, uint32_t index, size_t *size)
{
    *size = alarms_save_size();
    alarms_save(w->alarms, index, w->blob);
    return w->blob;
}

const void *warden_incident_bytes(struct warden *w, size_t *size)
{
    *size = incident_save(w->incident, w->blob);
    return w->blob;
}

void warden_each(struct warden *w,
                 void (*fn)(void *me, const char *key, const void *bytes, size_t size), void *me)
{
    const struct plant *p = w->plant;
    char key[3 * 65 + 16];
    size_t size;
    for (uint32_t i = 0; i < p->alarm_count; i++) {
        const struct alarm_state *s = alarms_state(w->alarms, i);
        if (s->seq == 0 && s->bits.mode == ALARM_NORMAL && !s->raw)
            continue;
        snprintf(key, sizeof key, "alarm/%s", p->alarms[i].path);
        const void *bytes = warden_alarm_bytes(w, i, &size);
        fn(me, key, bytes, size);
    }
    for (uint32_t i = 0; i < p->leak_count; i++) {
        snprintf(key, sizeof key, "leak/%s", p->leaks[i].name);
        leak_save(w->leaks[i].leak, w->blob);
        fn(me, key, w->blob, leak_save_size(w->leaks[i].leak));
        snprintf(key, sizeof key, "proof/%s", p->leaks[i].name);
        if (w->leaks[i].proof_known)
            fn(me, key, &w->leaks[i].proof_ms, sizeof w->leaks[i].proof_ms);
    }
    const void *bytes = warden_incident_bytes(w, &size);
    if (incident_now(w->incident)->number > 0)
        fn(me, "incident", bytes, size);
}
