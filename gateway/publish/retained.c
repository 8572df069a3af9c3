/* SPDX-License-Identifier: Apache-2.0 */
#include "publish/retained.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/text.h"
#include "publish/topic.h"

#define SURE_AFTER (60 * NS_PER_S)

/* Tags that certainly fit into one part of a dictionary. */
enum { PART_TAGS = 32, LEAVE_ROOM = 64 * 1024 };

struct set { /* of hashes of what the plant holds; gone when the list is compared */
    uint64_t *slots;
    size_t mask;
};

struct retained {
    char file[PATH_MAX], base[TOPIC_MAX]; /* "<root>/<site>/" */
    char gateway[80];
    uint64_t fingerprint;
    struct set set;
    char **old;
    uint32_t count, room, next;
    uint32_t session;
    mono_t since; /* the last of them was put */
    bool sure; /* ... and is certainly gone */
};

/* A path, and then the names of its tags: name is NULL for the path itself. Alarms and leaks have
 * these names, which no tag can have. */
typedef void each_fn(void *me, const char *path, const char *name);
static const char an_alarm[] = "alarm ", a_leak[] = "leak ";

static void walk(const struct plant *p, each_fn *each, void *me)
{
    for (uint32_t i = 0; i < p->device_count; i++) {
        const struct device *d = &p->devices[i];
        each(me, d->path, NULL);
        for (uint32_t k = 0; p->mqtt.values && k < d->map->point_count; k++)
            each(me, d->path, d->map->points[k].name);
    }
    const char *before = "";
    for (uint32_t i = 0; i < p->derived_count; i++) {
        const struct derived *d = &p->derived[i];
        if (strcmp(before, d->device_path) != 0)
            each(me, d->device_path, NULL);
        before = d->device_path;
        if (p->mqtt.values)
            each(me, d->device_path, d->point.name);
    }
    for (uint32_t i = 0; i < p->alarm_count; i++)
        each(me, p->alarms[i].path, an_alarm);
    for (uint32_t i = 0; i < p->leak_count; i++)
        each(me, p->leaks[i].name, a_leak);
}

static uint64_t hash_of(const char *path, size_t length, const char *name)
{
    uint64_t h = text_hash(0, path, length);
    return name ? text_hash(text_hash(h, "\t", 1), name, strlen(name)) : h;
}

static void add_print(void *me, const char *path, const char *name)
{
    struct retained *r = me;
    uint64_t h = hash_of(path, strlen(path), name);
    r->fingerprint = text_hash(r->fingerprint, &h, sizeof(h));
}

static uint64_t *slot_of(const struct set *s, uint64_t hash)
{
    size_t i = hash & s->mask;
    while (s->slots[i] && s->slots[i] != hash)
        i = (i + 1) & s->mask;
    return &s->slots[i];
}

static void add_to_set(void *me, const char *path, const char *name)
{
    struct retained *r = me;
    uint64_t h = hash_of(path, strlen(path), name);
    *slot_of(&r->set, h) = h;
}

static bool make_set(struct retained *r, const struct plant *p)
{
    size_t most = (size_t)p->tag_count + p->device_count + p->derived_count + p->alarm_count +
                  p->leak_count + 1,
           size = 64;
    while (size < 2 * most)
        size *= 2;
    r->set.slots = calloc(size, sizeof(*r->set.slots));
    r->set.mask = size - 1;
    if (r->set.slots)
        walk(p, add_to_set, r);
    return r->set.slots != NULL;
}

/* Does the plant of now retain this topic? */
static bool belongs(const struct retained *r, const char *topic)
{
    size_t base = strlen(r->base);
    if (strncmp(topic, r->base, base) != 0)
        return false;
    const char *class = topic + base, *path = strchr(class, '/');
    if (!path)
        return false;
    size_t length = (size_t)(path++ - class);
    if (length == 7 && memcmp(class, "gateway", 7) == 0)
        return strcmp(path, r->gateway) == 0;
    bool alarm = length == 5 && memcmp(class, "alarm", 5) == 0;
    if (alarm || (length == 4 && memcmp(class, "leak", 4) == 0)) {
        uint64_t h = hash_of(path, strlen(path), alarm ? an_alarm : a_leak);
        return *slot_of(&r->set, h) == h;
    }
    if (length != 5 || memcmp(class, "value", 5) != 0) {
        uint64_t h = hash_of(path, strcspn(path, "~"), NULL);
        return *slot_of(&r->set, h) == h;
    }
    const char *slash = strchr(path, '/'), *name = slash ? strchr(slash + 1, '/') : NULL;
    if (!name)
        return false;
    uint64_t h = hash_of(path, (size_t)(name - path), name + 1);
    return *slot_of(&r->set, h) == h;
}

static void forget(struct retained *r)
{
    for (uint32_t i = 0; i < r->count; i++)
        free(r->old[i]);
    free(r->old);
    r->old = NULL;
    r->count = r->room = r->next = 0;
    r->since = (mono_t){0};
    r->sure = false;
}

static void note(struct retained *r, const char *topic)
{
    if (belongs(r, topic) || strlen(topic) >= TOPIC_MAX)
        return;
    if (r->count == r->room) {
        uint32_t room = r->room ? 2 * r->room : 64;
        char **more = realloc(r->old, room * sizeof(*more));
        if (!more)
            return;
        r->old = more;
        r->room = room;
    }
    char *kept = strdup(topic);
    if (kept)
        r->old[r->count++] = kept;
}

static void note_parts(struct retained *r, const char *base, const char *path, unsigned tags)
{
    char topic[2 * TOPIC_MAX];
    for (unsigned part = 2; part < 2 + tags / PART_TAGS; part++) {
        snprintf(topic, sizeof(topic), "%s/meta/%s~%u", base, path, part);
        note(r, topic);
    }
}

static void note_path(struct retained *r, const char *base, const char *path)
{
    char topic[2 * TOPIC_MAX];
    snprintf(topic, sizeof(topic), "%s/device/%s", base, path);
    note(r, topic);
    snprintf(topic, sizeof(topic), "%s/meta/%s", base, path);
    note(r, topic);
}

/* true: the line is such a one. */
static bool note_watched(struct retained *r, const char *base, const char *line)
{
    char topic[2 * TOPIC_MAX];
    bool alarm = strncmp(line, an_alarm, strlen(an_alarm)) == 0;
    if (!alarm && strncmp(line, a_leak, strlen(a_leak)) != 0)
        return false;
    int n = snprintf(topic, sizeof(topic), "%s/%s/%s", base, alarm ? "alarm" : "leak",
                     line + strlen(alarm ? an_alarm : a_leak));
    if (n > 0 && (size_t)n < sizeof(topic))
        note(r, topic);
    return true;
}

/* The lines below the first one: "at PATH", "\tTAG", "alarm PATH", "leak NAME", "old TOPIC". */
static void compare(struct retained *r, FILE *f, const char *base)
{
    char *line = NULL, path[TOPIC_MAX] = "", topic[2 * TOPIC_MAX];
    size_t room = 0;
    unsigned tags = 0;
    while (getline(&line, &room, f) > 0) {
        line[strcspn(line, "\n")] = '\0';
        if (*line == '\t' && *path) {
            snprintf(topic, sizeof(topic), "%s/value/%s/%.100s", base, path, line + 1);
            note(r, topic);
            tags++;
            continue;
        }
        if (*path)
            note_parts(r, base, path, tags);
        *path = '\0';
        tags = 0;
        if (note_watched(r, base, line))
            continue;
        if (strncmp(line, "at ", 3) == 0 && strlen(line) < sizeof(path)) {
            snprintf(path, sizeof(path), "%s", line + 3);
            note_path(r, base, path);
        } else if (strncmp(line, "old ", 4) == 0 && strlen(line) < TOPIC_MAX) {
            note(r, line + 4);
        }
    }
    if (*path)
        note_parts(r, base, path, tags);
    free(line);
}

/* true: the list says the same as the plant, and nothing is left to be taken back. */
static bool read_list(struct retained *r, const struct plant *p)
{
    FILE *f = fopen(r->file, "re");
    if (!f)
        return false;
    char base[TOPIC_MAX], gateway[80], head[TOPIC_MAX + 160];
    uint64_t fingerprint;
    unsigned old;
    bool same = false;
    if (fgets(head, sizeof(head), f) && sscanf(head, "retained %700s %79s %" SCNx64 " %u", base,
                                               gateway, &fingerprint, &old) == 4) {
        same = fingerprint == r->fingerprint && old == 0;
        if (!same && make_set(r, p)) {
            char topic[2 * TOPIC_MAX];
            snprintf(topic, sizeof(topic), "%s/gateway/%s", base, gateway);
            note(r, topic);
            compare(r, f, base);
        }
    }
    free(r->set.slots);
    r->set.slots = NULL;
    fclose(f);
    return same;
}

static void write_one(void *me, const char *path, const char *name)
{
    if (name == an_alarm || name == a_leak)
        fprintf(me, "%s%s\n", name, path);
    else if (name)
        fprintf(me, "\t%s\n", name);
    else
        fprintf(me, "at %s\n", path);
}

static void write_list(const struct retained *r, const struct plant *p)
{
    char fresh[PATH_MAX + 8];
    snprintf(fresh, sizeof(fresh), "%s.new", r->file);
    FILE *f = fopen(fresh, "we");
    bool good = f != NULL;
    if (f) {
        fprintf(f, "retained %.*s %s %016" PRIx64 " %u\n", (int)strlen(r->base) - 1, r->base,
                r->gateway, r->fingerprint, r->count);
        walk(p, write_one, f);
        for (uint32_t i = 0; i < r->count; i++)
            fprintf(f, "old %s\n", r->old[i]);
        good = ferror(f) == 0;
        good = fclose(f) == 0 && good;
    }
    if (!good || rename(fresh, r->file) != 0)
        log_warn("%s: can't be written (%s): topics of tags that leave the plant file will stay on "
                 "the broker",
                 r->file, strerror(errno));
}

/* What was taken back leaves the list. Only at the end: while plants are polled no file is written,
 * and after a crash it does no harm to take things back again. */
static void strike_old(const struct retained *r)
{
    char fresh[PATH_MAX + 8], *line = NULL, base[TOPIC_MAX], gateway[80];
    size_t room = 0;
    uint64_t fingerprint;
    unsigned old;
    FILE *from = fopen(r->file, "re");
    snprintf(fresh, sizeof(fresh), "%s.new", r->file);
    FILE *to = from ? fopen(fresh, "we") : NULL;
    while (to && getline(&line, &room, from) > 0)
        if (sscanf(line, "retained %700s %79s %" SCNx64 " %u", base, gateway, &fingerprint, &old) ==
            4)
            fprintf(to, "retained %s %s %016" PRIx64 " 0\n", base, gateway, fingerprint);
        else if (strncmp(line, "old ", 4) != 0)
            fputs(line, to);
    bool good = to && ferror(to) == 0;
    good = to && fclose(to) == 0 && good;
    if (good)
        rename(fresh, r->file);
    if (from)
        fclose(from);
    free(line);
}

struct retained *retained_new(const char *dir)
{
    struct retained *r = calloc(1, sizeof(*r));
    if (r)
        snprintf(r->file, sizeof(r->file), "%s/retained.txt", dir);
    return r;
}

void retained_free(struct retained *r)
{
    if (r && r->sure)
        strike_old(r);
    if (r)
        forget(r);
    free(r);
}

void retained_plan(struct retained *r, const struct plant *p)
{
    forget(r);
    snprintf(r->base, sizeof(r->base), "%s/%s/", p->mqtt.root, p->site);
    snprintf(r->gateway, sizeof(r->gateway), "%s", p->gateway);
    r->fingerprint =
        text_hash(text_hash(0, r->base, strlen(r->base)), r->gateway, strlen(r->gateway));
    walk(p, add_print, r);
    if (!read_list(r, p))
        write_list(r, p);
    if (r->count)
        log_notice("mqtt: %u retained topics are no longer in the plant file and are taken back",
                   r->count);
}

bool retained_tick(struct retained *r, struct door *door, mono_t now)
{
    if (r->count == 0 || r->sure || !atomic_load(&door->connected))
        return false;
    uint32_t before = r->next;
    uint32_t session = atomic_load(&door->sessions);
    if (session != r->session || (r->next == 0 && r->since.ns == 0)) {
        r->session = session;
        r->next = before = 0;
        r->since = now;
    }
    while (r->next < r->count && mailbox_room(door->live) > LEAVE_ROOM) {
        const char *topic = r->old[r->next++];
        const struct message m = {.lane = MESSAGE_STATE, .topic_length = (uint16_t)strlen(topic)};
        char head[sizeof(m) + TOPIC_MAX];
        memcpy(head, &m, sizeof(m));
        memcpy(head + sizeof(m), topic, m.topic_length);
        mailbox_put(door->live, head, sizeof(m) + m.topic_length, "", 0);
        r->since = now;
    }
    /* The broker thread leaves a session that acknowledges nothing for a third of this time. */
    r->sure = r->next == r->count && mono_since(now, r->since) >= SURE_AFTER;
    return r->next != before;
}

uint32_t retained_left(const struct retained *r)
{
    return r->sure ? 0 : r->count;
}
