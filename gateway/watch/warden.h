/* SPDX-License-Identifier: Apache-2.0 */
/* The front of the room: samples in; alarms, leaks and incidents out. Owns one of each of the room's
 * parts and says which sample goes where. Time is an argument, on a timeline that never goes back. */
#ifndef WATCH_WARDEN_H
#define WATCH_WARDEN_H

#include "headgate/order.h"
#include "headgate/plant.h"
#include "watch/alarms.h"
#include "watch/capture.h"
#include "watch/incident.h"
#include "watch/leak.h"

/* What the warden tells. Everything it points to is valid during the call only. */
struct warden_hooks {
    void *me;
    void (*alarm)(void *me, uint32_t index, enum alarm_change what, int64_t t_ms);
    void (*leak)(void *me, uint32_t index, const char *change, int64_t t_ms);   /* "live", "blind", ..., "progress" */
    void (*incident)(void *me, enum incident_change what, const char *subject, const char *text, int64_t t_ms);
    void (*bulletin)(void *me, const struct bulletin *b);
    /* A tag that the room makes: into the board. s->time is t_ms. Has a `me` of its own. */
    void *tag_me;
    void (*tag)(void *me, uint32_t tag, const struct sample *s);
    /* The minutes before an alarm, at full rate: one call for each tag concerned. */
    void (*capture)(void *me, uint32_t alarm, uint32_t tag, const struct capture_sample *samples,
                    uint32_t count, int64_t t_ms);
    /* Bytes to be kept through a power cut; with the message of this moment, or by themselves. */
    void (*keep)(void *me, const char *key, const void *bytes, size_t size);
};

struct warden;

struct warden_setup {
    const struct plant *plant;
    struct warden_hooks hooks;
    int64_t now_ms;
    int64_t sample_ms;             /* replay: how often rows come; 0: as the plant says */
};

struct warden *warden_new(const struct warden_setup *setup);   /* NULL: out of memory */
void warden_free(struct warden *w);

bool warden_wants(const struct warden *w, uint32_t tag);       /* cheap: for the hot path */
void warden_sample(struct warden *w, uint32_t tag, const struct sample *s, int64_t t_ms);
void warden_device(struct warden *w, uint32_t device, bool lost, const char *why, int64_t t_ms);
/* Acts upon what was fed, and upon time. Returns when it wants to be called again. */
int64_t warden_run(struct warden *w, int64_t now_ms);
const char *warden_order(struct warden *w, const struct order *o, int64_t now_ms);    /* NULL: done */

const struct alarms *warden_alarms(const struct warden *w);
const struct incident *warden_incident(const struct warden *w);
void warden_leak(const struct warden *w, uint32_t index, struct leak_view *out);

/* What was kept, one key after the other, before the first sample. false: not of use any more. */
bool warden_restore(struct warden *w, const char *key, const void *bytes, size_t size, int64_t now_ms);
/* Everything that is worth keeping now, for another warden to restore: after a reload, or a replay. */
void warden_each(struct warden *w, void (*fn)(void *me, const char *key, const void *bytes, size_t size),
                 void *me);
/* The bytes of one alarm, or of the incident, as they are to be kept with the message that tells of
 * them; valid until the next call. */
const void *warden_alarm_bytes(struct warden *w, uint32_t index, size_t *size);
const void *warden_incident_bytes(struct warden *w, size_t *size);

#endif
