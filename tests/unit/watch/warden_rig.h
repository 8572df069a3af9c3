/* SPDX-License-Identifier: Apache-2.0 */
/* A plant of three devices with a bit of everything that can be watched, read from a file as users
 * write it; somebody who writes down what its warden tells; and a disk that keeps what it keeps. */
#ifndef WARDEN_RIG_H
#define WARDEN_RIG_H

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config/plant.h"
#include "watch/warden.h"

enum { S = 1000, MIN = 60 * S, HOUR = 60 * MIN };
enum { RIG_NOTES = 16384, RIG_KEPT = 128, RIG_TAGS = 64 };

#define RIG_START INT64_C(1139079000000)

static const char rig_map[] = "format: 1\ntitle: Box\nsource: [test]\nverified: invented\n"
                              "tags:\n"
                              "  level: {at: holding 0, type: f32, unit: m}\n"
                              "  flow: {at: holding 2, type: f32, unit: m3/h}\n"
                              "  spare: {at: holding 4, type: f32}\n"
                              "  wet: {at: coil 0, type: bool}\n"
                              "  hide: {at: coil 1, type: bool}\n"
                              "  run: {at: coil 2, type: bool}\n";

static const char rig_plant[] =
    "format: 1\nsite: s\ngateway: g\nmqtt: {broker: \"mqtt://127.0.0.1:1883\", root: r}\n"
    "lines:\n"
    "  net: {connect: \"tcp://10.9.8.7:502\"}\n"
    "  solo: {connect: \"tcp://10.9.8.8:502\"}\n"
    "areas: {a: A, b: B}\n"
    "devices:\n"
    "  one: {map: box, line: net, unit: 1, area: a, every: 1s}\n"
    "  two: {map: box, line: net, unit: 2, area: a, every: 1s}\n"
    "  three: {map: box, line: solo, unit: 1, area: b, every: 1s}\n"
    "alarms:\n"
    "  a/one/high: {tag: a/one/level, above: 2, clear: 1.8, for: 5s, off_for: 10s, priority: high, "
    "about: High, response: Look, consequence: Wet}\n"
    "  a/one/much: {tag: a/one/flow, above: 100, for: 2s, priority: medium, about: Much}\n"
    "  a/one/hidden: {tag: a/one/flow, above: 50, suppress_by: a/one/hide, about: Hidden}\n"
    "  b/notch/much: {tag: b/notch/flow, above: 20, about: Made}\n"
    "leaks:\n"
    "  lim: {kind: limit, area: a, tag: a/one/level, hh: 5, h: 3, for: 2s, off_for: 2s, priority: "
    "high, latch: false, "
    "response: Look, consequence: Wet, blind_after: 1h, proof: {every: 10d}}\n"
    "  sw: {kind: switch, area: b, inputs: [b/three/wet], priority: critical, response: Run, "
    "consequence: A flood, latch: false, blind_after: 5m, debounce: 2s}\n"
    "  notch: {kind: weir, area: b, head: b/three/level, angle: 90, high: 30 m3/h, about: Toe}\n"
    "incidents: {capture: 2m}\n";

struct note {
    char what[12], name[80], change[64];
    int64_t t_ms;
    double x;
};

struct kept {
    char key[120];
    void *bytes;
    size_t size;
};

struct rig {
    char dir[64];
    struct arena *arena;
    struct diags *ds;
    const struct plant *plant;
    struct warden *w;
    struct note notes[RIG_NOTES];
    uint32_t count;
    struct kept kept[RIG_KEPT];
    uint32_t kept_count;
    struct sample made[RIG_TAGS];
    bool made_new[RIG_TAGS];
    bool active[RIG_TAGS]; /* alarms, as told */
    double flow, head; /* what rig_hold gives beside the level */
    int64_t now, due;
};

static inline void rig_note(struct rig *r, const char *what, const char *name, const char *change,
                            int64_t t_ms, double x)
{
    assert_true(r->count < RIG_NOTES);
    struct note *n = &r->notes[r->count++];
    snprintf(n->what, sizeof n->what, "%s", what);
    snprintf(n->name, sizeof n->name, "%s", name);
    snprintf(n->change, sizeof n->change, "%s", change);
    n->t_ms = t_ms;
    n->x = x;
}

static inline void rig_keep(void *me, const char *key, const void *bytes, size_t size)
{
    struct rig *r = me;
    uint32_t i = 0;
    while (i < r->kept_count && strcmp(r->kept[i].key, key) != 0)
        i++;
    assert_true(i < RIG_KEPT);
    if (i == r->kept_count) {
        r->kept_count++;
        snprintf(r->kept[i].key, sizeof r->kept[i].key, "%s", key);
    }
    free(r->kept[i].bytes);
    r->kept[i].bytes = malloc(size);
    r->kept[i].size = size;
    assert_non_null(r->kept[i].bytes);
    memcpy(r->kept[i].bytes, bytes, size);
}

static inline void rig_on_alarm(void *me, uint32_t index, enum alarm_change what, int64_t t_ms)
{
    struct rig *r = me;
    const struct alarm_rule *rule = &r->plant->alarms[index];
    const struct alarm_state *s = alarms_state(warden_alarms(r->w), index);
    char key[120];
    size_t size;
    rig_note(r, "alarm", rule->path, alarm_change_words(what), t_ms, s->evidence.value);
    if (what == ALARM_DID_ON || what == ALARM_DID_OFF) {
        assert_int_equal(r->active[index], what == ALARM_DID_OFF); /* neither doubled nor lost */
        r->active[index] = what == ALARM_DID_ON;
    }
    snprintf(key, sizeof key, "alarm/%s", rule->path);
    const void *bytes = warden_alarm_bytes(r->w, index, &size);
    rig_keep(r, key, bytes, size);
}

static inline void rig_on_leak(void *me, uint32_t index, const char *change, int64_t t_ms)
{
    struct rig *r = me;
    struct leak_view v;
    warden_leak(r->w, index, &v);
    if (strcmp(change, "progress") != 0)
        rig_note(r, "leak", r->plant->leaks[index].name, change, t_ms, v.value);
}

static inline void rig_on_incident(void *me, enum incident_change what, const char *subject,
                                   const char *text, int64_t t_ms)
{
    struct rig *r = me;
    size_t size;
    (void)text;
    rig_note(r, "incident", subject, incident_change_words(what), t_ms, 0);
    const void *bytes = warden_incident_bytes(r->w, &size);
    rig_keep(r, "incident", bytes, size);
}

static inline void rig_on_bulletin(void *me, const struct bulletin *b)
{
    rig_note(me, "bulletin", "", b->why, b->t_ms, b->number);
}

static inline void rig_on_tag(void *me, uint32_t tag, const struct sample *s)
{
    struct rig *r = me;
    assert_true(tag < RIG_TAGS);
    r->made[tag] = *s;
    r->made_new[tag] = true;
}

static inline void rig_on_capture(void *me, uint32_t alarm, uint32_t tag,
                                  const struct capture_sample *samples, uint32_t count,
                                  int64_t t_ms)
{
    struct rig *r = me;
    (void)tag;
    for (uint32_t i = 0; i < count; i++)
        assert_true(samples[i].t_ms <= t_ms && (i == 0 || samples[i].t_ms >= samples[i - 1].t_ms));
    rig_note(r, "capture", r->plant->alarms[alarm].path, "", t_ms, count);
}

static inline void rig_open(struct rig *r)
{
    struct warden_setup setup = {.plant = r->plant,
                                 .hooks = {.me = r,
                                           .alarm = rig_on_alarm,
                                           .leak = rig_on_leak,
                                           .incident = rig_on_incident,
                                           .bulletin = rig_on_bulletin,
                                           .tag_me = r,
                                           .tag = rig_on_tag,
                                           .capture = rig_on_capture,
                                           .keep = rig_keep},
                                 .now_ms = r->now};
    r->w = warden_new(&setup);
    assert_non_null(r->w);
    r->due = r->now;
}

static inline void rig_write(const struct rig *r, const char *name, const char *text)
{
    char path[160];
    snprintf(path, sizeof path, "%s/%s", r->dir, name);
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fputs(text, f);
    fclose(f);
}

static inline struct rig *rig_begin(const char *plant)
{
    struct rig *r = calloc(1, sizeof *r);
    char path[160];
    assert_non_null(r);
    snprintf(r->dir, sizeof r->dir, "/tmp/headgate-test-XXXXXX");
    assert_non_null(mkdtemp(r->dir));
    snprintf(path, sizeof path, "%s/maps", r->dir);
    assert_int_equal(mkdir(path, 0700), 0);
    rig_write(r, "maps/box.yaml", rig_map);
    rig_write(r, "plant.yaml", plant);
    r->arena = arena_new(0);
    r->ds = diags_new();
    snprintf(path, sizeof path, "%s/plant.yaml", r->dir);
    r->plant = plant_load(r->arena, path, NULL, r->ds);
    if (!r->plant)
        diags_print(r->ds, stderr);
    assert_non_null(r->plant);
    assert_true(r->plant->tag_count <= RIG_TAGS && r->plant->alarm_count <= RIG_TAGS);
    r->now = RIG_START;
    r->head = 0.05;
    r->flow = 10;
    rig_open(r);
    return r;
}

static inline void rig_end(struct rig *r)
{
    static const char *const files[] = {"maps/box.yaml", "plant.yaml", "maps"};
    char path[160];
    warden_free(r->w);
    for (uint32_t i = 0; i < r->kept_count; i++)
        free(r->kept[i].bytes);
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        snprintf(path, sizeof path, "%s/%s", r->dir, files[i]);
        remove(path);
    }
    rmdir(r->dir);
    arena_free(r->arena);
    diags_free(r->ds);
    free(r);
}

static inline uint32_t rig_tag(const struct rig *r, const char *path)
{
    uint32_t tag = plant_find_tag(r->plant, path);
    assert_int_not_equal(tag, TAG_NONE);
    return tag;
}

static inline uint32_t rig_alarm(const struct rig *r, const char *path)
{
    for (uint32_t i = 0; i < r->plant->alarm_count; i++)
        if (strcmp(r->plant->alarms[i].path, path) == 0)
            return i;
    fail_msg("no alarm %s", path);
    return 0;
}

static inline const struct alarm_state *rig_state(const struct rig *r, const char *path)
{
    return alarms_state(warden_alarms(r->w), rig_alarm(r, path));
}

/* Time passes; what the room makes comes back to it, as from the board. */
static inline void rig_run(struct rig *r, int64_t until)
{
    while (r->due <= until) {
        r->now = r->due > r->now ? r->due : r->now;
        r->due = warden_run(r->w, r->now);
        assert_true(r->due > r->now);
        for (uint32_t t = 0; t < r->plant->tag_count; t++)
            if (r->made_new[t]) {
                r->made_new[t] = false;
                if (!warden_wants(r->w, t))
                    continue;
                warden_sample(r->w, t, &r->made[t], r->now);
                r->due = r->now + 1;
            }
    }
    r->now = until;
}

static inline void rig_give(struct rig *r, uint32_t tag, struct sample s)
{
    s.time = (wall_t){r->now};
    assert_true(warden_wants(r->w, tag));
    warden_sample(r->w, tag, &s, r->now);
    r->due = r->now;
    rig_run(r, r->now);
}

static inline void rig_number(struct rig *r, const char *path, double x)
{
    struct sample s = {.quality = QUALITY_GOOD, .value = {.kind = VALUE_REAL, .real = x}};
    rig_give(r, rig_tag(r, path), s);
}

static inline void rig_truth(struct rig *r, const char *path, bool x)
{
    struct sample s = {.quality = QUALITY_GOOD, .value = {.kind = VALUE_BOOL, .truth = x}};
    rig_give(r, rig_tag(r, path), s);
}

static inline void rig_bad(struct rig *r, const char *path)
{
    struct sample s = {.quality = QUALITY_BAD, .reason = "torn off"};
    rig_give(r, rig_tag(r, path), s);
}

/* A value each second for so long: everything else of the plant is calm meanwhile. */
static inline void rig_hold(struct rig *r, double level, int64_t for_ms)
{
    for (int64_t until = r->now + for_ms; r->now < until;) {
        rig_run(r, r->now + S);
        if (isnan(level))
            rig_bad(r, "a/one/level");
        else
            rig_number(r, "a/one/level", level);
        rig_number(r, "a/one/flow", r->flow);
        rig_number(r, "b/three/level", r->head);
        rig_truth(r, "b/three/wet", false);
    }
}

/* How often this was told from note `from` on; the newest in *last (may be NULL). */
static inline uint32_t rig_told(const struct rig *r, uint32_t from, const char *what,
                                const char *name, const char *change, struct note *last)
{
    uint32_t n = 0;
    for (uint32_t i = from; i < r->count; i++) {
        const struct note *at = &r->notes[i];
        if (strcmp(at->what, what) != 0 || (name && strcmp(at->name, name) != 0) ||
            (change && strcmp(at->change, change) != 0))
            continue;
        if (last)
            *last = *at;
        n++;
    }
    return n;
}

static inline const char *rig_order(struct rig *r, struct order o)
{
    if (!*o.user)
        snprintf(o.user, sizeof o.user, "Ann");
    const char *why = warden_order(r->w, &o, r->now);
    r->due = r->now;
    rig_run(r, r->now);
    return why;
}

/* Another warden takes over. killed: it finds what was kept on the way; else all that there is. */
static inline void rig_restart(struct rig *r, bool killed, int64_t down_ms)
{
    if (!killed)
        warden_each(r->w, rig_keep, r);
    warden_free(r->w);
    r->now += down_ms;
    rig_open(r);
    for (uint32_t i = 0; i < r->kept_count; i++)
        assert_true(
            warden_restore(r->w, r->kept[i].key, r->kept[i].bytes, r->kept[i].size, r->now));
}

#endif
