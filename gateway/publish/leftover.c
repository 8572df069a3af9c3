/* SPDX-License-Identifier: Apache-2.0 */
#include "publish/leftover.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/text.h"

enum { PART_TAGS = 32 }; /* that certainly fit into one part of a dictionary */

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
    struct leftover *l = me;
    uint64_t h = hash_of(path, strlen(path), name);
    l->fingerprint = text_hash(l->fingerprint, &h, sizeof(h));
}

static uint64_t *slot_of(const struct leftover_set *s, uint64_t hash)
{
    size_t i = hash & s->mask;
    while (s->slots[i] && s->slots[i] != hash)
        i = (i + 1) & s->mask;
    return &s->slots[i];
}

static void add_to_set(void *me, const char *path, const char *name)
{
    struct leftover *l = me;
    uint64_t h = hash_of(path, strlen(path), name);
    *slot_of(&l->set, h) = h;
}

static bool make_set(struct leftover *l, const struct plant *p)
{
    size_t most = (size_t)p->tag_count + p->device_count + p->derived_count + p->alarm_count +
                  p->leak_count + 1,
           size = 64;
    while (size < 2 * most)
        size *= 2;
    l->set.slots = calloc(size, sizeof(*l->set.slots));
    l->set.mask = size - 1;
    if (l->set.slots)
        walk(p, add_to_set, l);
    return l->set.slots != NULL;
}

/* Does the plant of now retain this topic? */
static bool belongs(const struct leftover *l, const char *topic)
{
    size_t base = strlen(l->base);
    if (strncmp(topic, l->base, base) != 0)
        return false;
    const char *class = topic + base, *path = strchr(class, '/');
    if (!path)
        return false;
    size_t length = (size_t)(path++ - class);
    if (length == 7 && memcmp(class, "gateway", 7) == 0)
        return strcmp(path, l->gateway) == 0;
    bool alarm = length == 5 && memcmp(class, "alarm", 5) == 0;
    if (alarm || (length == 4 && memcmp(class, "leak", 4) == 0)) {
        uint64_t h = hash_of(path, strlen(path), alarm ? an_alarm : a_leak);
        return *slot_of(&l->set, h) == h;
    }
    if (length != 5 || memcmp(class, "value", 5) != 0) {
        uint64_t h = hash_of(path, strcspn(path, "~"), NULL);
        return *slot_of(&l->set, h) == h;
    }
    const char *slash = strchr(path, '/'), *name = slash ? strchr(slash + 1, '/') : NULL;
    if (!name)
        return false;
    uint64_t h = hash_of(path, (size_t)(name - path), name + 1);
    return *slot_of(&l->set, h) == h;
}

static void forget(struct leftover *l)
{
    for (uint32_t i = 0; i < l->count; i++)
        free(l->old[i].topic);
    free(l->old);
    l->old = NULL;
    l->count = l->room = 0;
}

static void note(struct leftover *l, const char *topic)
{
    if (belongs(l, topic) || strlen(topic) >= TOPIC_MAX)
        return;
    if (l->count == l->room) {
        uint32_t room = l->room ? 2 * l->room : 64;
        struct leftover_topic *more = realloc(l->old, room * sizeof(*more));
        if (!more)
            return;
        l->old = more;
        l->room = room;
    }
    char *kept = strdup(topic);
    if (kept)
        l->old[l->count++] = (struct leftover_topic){.topic = kept};
}

static void note_parts(struct leftover *l, const char *base, const char *path, unsigned tags)
{
    char topic[2 * TOPIC_MAX];
    for (unsigned part = 2; part < 2 + tags / PART_TAGS; part++) {
        snprintf(topic, sizeof(topic), "%s/meta/%s~%u", base, path, part);
        note(l, topic);
    }
}

static void note_path(struct leftover *l, const char *base, const char *path)
{
    char topic[2 * TOPIC_MAX];
    snprintf(topic, sizeof(topic), "%s/device/%s", base, path);
    note(l, topic);
    snprintf(topic, sizeof(topic), "%s/meta/%s", base, path);
    note(l, topic);
}

/* true: the line is such a one. */
static bool note_watched(struct leftover *l, const char *base, const char *line)
{
    char topic[2 * TOPIC_MAX];
    bool alarm = strncmp(line, an_alarm, strlen(an_alarm)) == 0;
    if (!alarm && strncmp(line, a_leak, strlen(a_leak)) != 0)
        return false;
    int n = snprintf(topic, sizeof(topic), "%s/%s/%s", base, alarm ? "alarm" : "leak",
                     line + strlen(alarm ? an_alarm : a_leak));
    if (n > 0 && (size_t)n < sizeof(topic))
        note(l, topic);
    return true;
}

static bool is_old(const struct leftover *l, const char *line)
{
    return strncmp(line, "old ", 4) == 0 && !struck_has(&l->struck, line + 4);
}

/* The lines below the first one: "at PATH", "\tTAG", "alarm PATH", "leak NAME", "old TOPIC".
 * An old one that is struck was old when the list was written, and is gone since. */
static void compare(struct leftover *l, FILE *f, const char *base)
{
    char *line = NULL, path[TOPIC_MAX] = "", topic[2 * TOPIC_MAX];
    size_t room = 0;
    unsigned tags = 0;
    while (getline(&line, &room, f) > 0) {
        line[strcspn(line, "\n")] = '\0';
        if (*line == '\t' && *path) {
            snprintf(topic, sizeof(topic), "%s/value/%s/%.100s", base, path, line + 1);
            note(l, topic);
            tags++;
            continue;
        }
        if (*path)
            note_parts(l, base, path, tags);
        *path = '\0';
        tags = 0;
        if (note_watched(l, base, line))
            continue;
        if (strncmp(line, "at ", 3) == 0 && strlen(line) < sizeof(path)) {
            snprintf(path, sizeof(path), "%s", line + 3);
            note_path(l, base, path);
        } else if (is_old(l, line) && strlen(line) < TOPIC_MAX) {
            note(l, line + 4);
        }
    }
    if (*path)
        note_parts(l, base, path, tags);
    free(line);
}

struct head {
    char base[TOPIC_MAX], gateway[80];
    uint64_t fingerprint, list; /* list: 0 in files of earlier versions */
    unsigned old;
};

/* "retained BASE GATEWAY FINGERPRINT OLD LIST": a base may have spaces, a name has none. */
static bool read_head(const char *line, struct head *h)
{
    static const char word[] = "retained ";
    const char *base = line + strlen(word), *name = NULL, *at = base;
    h->list = 0;
    if (strncmp(line, word, strlen(word)) != 0)
        return false;
    for (; (at = strchr(at, ' ')) != NULL; at++) {
        if (name && strspn(at + 1, "0123456789abcdef") == 16 && at[17] == ' ')
            break;
        name = at;
    }
    if (!at || (size_t)(name - base) >= sizeof(h->base) || (size_t)(at - name) > sizeof(h->gateway))
        return false;
    snprintf(h->base, sizeof(h->base), "%.*s", (int)(name - base), base);
    snprintf(h->gateway, sizeof(h->gateway), "%.*s", (int)(at - name - 1), name + 1);
    return sscanf(at, " %" SCNx64 " %u %" SCNu64, &h->fingerprint, &h->old, &h->list) >= 2;
}

static void write_head(FILE *f, const struct head *h)
{
    fprintf(f, "retained %s %s %016" PRIx64 " %u %" PRIu64 "\n", h->base, h->gateway,
            h->fingerprint, h->old, h->list);
}

/* true: the list says the same as the plant, and nothing is left to be taken back. */
static bool read_list(struct leftover *l, const struct plant *p)
{
    FILE *f = fopen(l->file, "re");
    if (!f)
        return false;
    char line[TOPIC_MAX + 160];
    struct head h;
    bool same = false;
    if (fgets(line, sizeof(line), f) && read_head(line, &h)) {
        same = h.fingerprint == l->fingerprint && h.old == 0;
        l->list = h.list;
        if (same || l->struck.list != h.list)
            struck_begin(&l->struck, h.list);
        struck_sort(&l->struck);
        if (!same && make_set(l, p)) {
            char topic[2 * TOPIC_MAX];
            snprintf(topic, sizeof(topic), "%s/gateway/%s", h.base, h.gateway);
            note(l, topic);
            compare(l, f, h.base);
        }
    }
    free(l->set.slots);
    l->set.slots = NULL;
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

static bool replace(const struct leftover *l, const char *fresh, FILE *f)
{
    bool good = ferror(f) == 0;
    good = fclose(f) == 0 && good;
    return good && rename(fresh, l->file) == 0;
}

static void write_list(struct leftover *l, const struct plant *p, uint64_t list)
{
    char fresh[PATH_MAX + 8];
    snprintf(fresh, sizeof(fresh), "%s.new", l->file);
    FILE *f = fopen(fresh, "we");
    if (f) {
        struct head h = {.fingerprint = l->fingerprint, .list = list, .old = l->count};
        snprintf(h.base, sizeof(h.base), "%.*s", (int)strlen(l->base) - 1, l->base);
        snprintf(h.gateway, sizeof(h.gateway), "%s", l->gateway);
        write_head(f, &h);
        walk(p, write_one, f);
        for (uint32_t i = 0; i < l->count; i++)
            fprintf(f, "old %s\n", l->old[i].topic);
    }
    if (f && replace(l, fresh, f)) {
        l->list = list;
        struck_begin(&l->struck, list);
        return;
    }
    log_warn("%s: can't be written (%s): topics of tags that leave the plant file will stay on "
             "the broker",
             l->file, strerror(errno));
}

void leftover_strike(struct leftover *l)
{
    uint32_t gone = 0;
    for (uint32_t i = 0; i < l->count; i++)
        gone += l->old[i].state == LEFTOVER_GONE;
    if (gone == 0)
        return;
    char fresh[PATH_MAX + 8], *line = NULL;
    size_t room = 0;
    struct head h;
    FILE *from = fopen(l->file, "re");
    snprintf(fresh, sizeof(fresh), "%s.new", l->file);
    FILE *to = from ? fopen(fresh, "we") : NULL;
    struck_sort(&l->struck);
    while (to && getline(&line, &room, from) > 0) {
        size_t end = strcspn(line, "\n");
        line[end] = '\0';
        if (read_head(line, &h)) {
            h.old = l->count - gone;
            write_head(to, &h);
        } else if (strncmp(line, "old ", 4) != 0 || is_old(l, line)) {
            fprintf(to, "%s\n", line);
        }
    }
    if (to)
        replace(l, fresh, to);
    if (from)
        fclose(from);
    free(line);
}

void leftover_gone(struct leftover *l, uint32_t index)
{
    l->old[index].state = LEFTOVER_GONE;
    struck_add(&l->struck, l->old[index].topic);
}

void leftover_plan(struct leftover *l, const struct plant *p)
{
    forget(l);
    snprintf(l->base, sizeof(l->base), "%s/%s/", p->mqtt.root, p->site);
    snprintf(l->gateway, sizeof(l->gateway), "%s", p->gateway);
    l->fingerprint =
        text_hash(text_hash(0, l->base, strlen(l->base)), l->gateway, strlen(l->gateway));
    walk(p, add_print, l);
    if (!read_list(l, p))
        write_list(l, p, (l->list > l->struck.list ? l->list : l->struck.list) + 1);
}

void leftover_free(struct leftover *l)
{
    forget(l);
    struck_free(&l->struck);
}
