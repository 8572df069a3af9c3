/* SPDX-License-Identifier: Apache-2.0 */
/* Names to numbers, in a plant that is whole and in one that is being read. */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "config/plant_parts.h"

enum { CANDIDATES_MAX = 1000 };

static const char *nearest_device(const struct plant *p, const char *path)
{
    const char *candidates[CANDIDATES_MAX];
    size_t count = p->device_count < CANDIDATES_MAX ? p->device_count : CANDIDATES_MAX;
    for (size_t i = 0; i < count; i++) {
        candidates[i] = p->devices[i].path;
    }
    return text_nearest(path, candidates, count);
}

const char *plant_suggest_device(const struct plant *p, const char *path)
{
    return nearest_device(p, path);
}

/* "area/device/tag": the length of "area/device"; 0 when it isn't of that form. */
static size_t device_part(const char *path)
{
    const char *first = strchr(path, '/');
    const char *second = first == NULL ? NULL : strchr(first + 1, '/');
    return second == NULL || strchr(second + 1, '/') != NULL ? 0 : (size_t)(second - path);
}

const struct device *plant_find_device(const struct plant *p, const char *path)
{
    for (uint32_t i = 0; i < p->device_count; i++) {
        if (strcmp(p->devices[i].path, path) == 0) {
            return &p->devices[i];
        }
    }
    return NULL;
}

static const struct device *device_of(const struct plant *p, const char *path, size_t length)
{
    for (uint32_t i = 0; i < p->device_count; i++) {
        const char *d = p->devices[i].path;
        if (strncmp(d, path, length) == 0 && d[length] == '\0') {
            return &p->devices[i];
        }
    }
    return NULL;
}

uint32_t plant_find_tag(const struct plant *p, const char *path)
{
    size_t length = device_part(path);
    if (length == 0) {
        return TAG_NONE;
    }
    const struct device *d = device_of(p, path, length);
    for (uint32_t i = 0; d != NULL && i < d->map->point_count; i++) {
        if (strcmp(d->map->points[i].name, path + length + 1) == 0) {
            return d->first_tag + i;
        }
    }
    for (uint32_t i = 0; i < p->derived_count; i++) {
        if (strcmp(p->derived[i].path, path) == 0) {
            return p->first_derived + i;
        }
    }
    return TAG_NONE;
}

const char *plant_suggest_tag(const struct plant *p, struct arena *a, const char *path)
{
    const char *candidates[CANDIDATES_MAX];
    size_t length = device_part(path), count = 0;
    const struct device *d = length == 0 ? NULL : device_of(p, path, length);
    if (d == NULL && length > 0) {
        const char *near = nearest_device(p, arena_copy(a, path, length));
        d = near == NULL ? NULL : plant_find_device(p, near);
    }
    /* While the plant is read, a device may stand there whose map could not be. */
    const struct map *map = d == NULL ? NULL : d->map;
    for (uint32_t i = 0; map != NULL && i < map->point_count && count < CANDIDATES_MAX; i++) {
        candidates[count++] = map->points[i].name;
    }
    const char *tag = count == 0 ? NULL : text_nearest(path + length + 1, candidates, count);
    if (tag != NULL) {
        return arena_printf(a, "%s/%s", d->path, tag);
    }
    for (count = 0; count < p->derived_count && count < CANDIDATES_MAX; count++) {
        candidates[count] = p->derived[count].path;
    }
    return text_nearest(path, candidates, count);
}

static uint32_t point_of(const struct plant_builder *b, uint32_t device, const char *tag)
{
    const struct loaded_map *m = &b->maps[b->device_maps[device]];
    const struct map *map = b->plant->devices[device].map;
    uint32_t i = names_find(&m->names, tag, strlen(tag));
    return i != NAMES_NONE && strcmp(map->points[i].name, tag) == 0 ? i : NAMES_NONE;
}

static const char *lost_key(const struct plant_builder *b, const char *kind, const char *text,
                            size_t length)
{
    const char *key = arena_printf(b->scratch, "%s %.*s", kind, (int)length, text);
    return key == NULL ? "" : key;
}

void lose_name(struct plant_builder *b, const char *kind, const char *text, size_t length)
{
    const char *key = lost_key(b, kind, text, length);
    names_put(&b->lost, key, strlen(key), 0);
}

bool is_lost(const struct plant_builder *b, const char *kind, const char *text, size_t length)
{
    const char *key = lost_key(b, kind, text, length), *any = lost_key(b, kind, "", 0);
    return names_find(&b->lost, key, strlen(key)) != NAMES_NONE ||
           names_find(&b->lost, any, strlen(any)) != NAMES_NONE;
}

/* known: the device is, and its map. What it is called is then the only question. */
static bool is_lost_tag(const struct plant_builder *b, const char *path, size_t device, bool known)
{
    const char *name = strchr(path, '/') + 1, *key = lost_key(b, "tag", path, strlen(path));
    return names_find(&b->lost, key, strlen(key)) != NAMES_NONE ||
           (!known && (is_lost(b, "tag", "", 0) ||
                       is_lost(b, "device", name, (size_t)(path + device - name))));
}

uint32_t find_tag(const struct plant_builder *b, const struct node *n, const char *what)
{
    const struct plant *p = b->plant;
    size_t length = device_part(n->text);
    if (length == 0) {
        complain(&b->r, n, "%s: `%.120s` is no full tag name; write area/device/tag", what,
                 n->text);
        return TAG_NONE;
    }
    uint32_t device = names_find(&b->devices, n->text, length);
    bool known = device != NAMES_NONE && strncmp(p->devices[device].path, n->text, length) == 0;
    if (known) {
        if (p->devices[device].map == NULL) {
            return TAG_NONE; /* its map is wrong, and was complained of */
        }
        uint32_t point = point_of(b, device, n->text + length + 1);
        if (point != NAMES_NONE) {
            return p->devices[device].first_tag + point;
        }
    }
    uint32_t derived = names_find(&b->derived, n->text, n->length);
    if (derived != NAMES_NONE && strcmp(p->derived[derived].path, n->text) == 0) {
        bool sound =
            b->derived_sound == NULL || derived >= b->written_derived || b->derived_sound[derived];
        return sound ? p->first_derived + derived : TAG_NONE;
    }
    if (is_lost_tag(b, n->text, length, known)) {
        return TAG_NONE;
    }
    const char *near =
        diags_count(b->r.ds) < 200 ? plant_suggest_tag(p, b->scratch, n->text) : NULL;
    complain(&b->r, n, "%s: no tag `%.120s`%s%.120s%s", what, n->text,
             near == NULL ? "" : ", did you mean `", near == NULL ? "" : near,
             near == NULL ? "" : "`?");
    return TAG_NONE;
}

const char *path_beside(struct plant_builder *b, const char *path)
{
    return *path == '/' ? arena_copy(b->r.arena, path, strlen(path))
                        : arena_printf(b->r.arena, "%s%s", b->folder, path);
}

bool claim_name(const struct reader *r, struct names *names, const struct node *key,
                const char *kept, uint32_t value, const char *what)
{
    uint32_t before = names_put(names, kept, strlen(kept), value);
    return before == NAMES_NONE ||
           complain(r, key,
                    "there is already a %s `%s` but for upper and lower case; names must "
                    "differ by more",
                    what, kept);
}
