/* SPDX-License-Identifier: Apache-2.0 */
/* The gateway in short, and which versions of its files it runs by. */
#include <stdio.h>
#include <string.h>

#include "app/why.h"
#include "base/text.h"
#include "publish/member.h"

#define MIX(hash, member) ((hash) = text_hash((hash), &(member), sizeof(member)))

static uint64_t mix_text(uint64_t hash, const char *text)
{
    return text_hash(hash, text ? text : "", text ? strlen(text) + 1 : 1);
}

static uint64_t mix_points(uint64_t hash, const struct map *map)
{
    hash = mix_text(hash, map->hash);
    for (uint32_t i = 0; i < map->point_count; i++) {
        const struct point *p = &map->points[i];
        MIX(hash, p->table);
        MIX(hash, p->address);
        MIX(hash, p->type);
        MIX(hash, p->order);
    }
    return hash;
}

/* Which equipment is asked where, and by which maps: a device may change what its map says. */
const char *why_plan_hash(const struct plan *plan, char out[WHY_HASH])
{
    const struct plant *plant = plan->plant;
    uint64_t hash = 0;
    for (uint32_t i = 0; i < plant->line_count; i++) {
        const struct line *l = &plant->lines[i];
        hash = mix_text(mix_text(mix_text(hash, l->name), l->host), l->device);
        MIX(hash, l->port);
        MIX(hash, l->transport);
    }
    for (uint32_t i = 0; i < plant->device_count; i++) {
        const struct device *d = &plant->devices[i];
        hash = mix_points(mix_text(mix_text(hash, d->path), d->map->name), d->map);
        MIX(hash, d->line);
        MIX(hash, d->unit);
    }
    snprintf(out, WHY_HASH, "%016jx", (uintmax_t)hash);
    return out;
}

static bool was_told(const struct plant *plant, uint32_t device)
{
    const struct map *map = plant->devices[device].map;
    for (uint32_t i = 0; i < device; i++) {
        const struct map *other = plant->devices[i].map;
        if (strcmp(other->name, map->name) == 0 && strcmp(other->hash, map->hash) == 0)
            return true;
    }
    return false;
}

void why_maps(struct json *j, const struct why_view *v)
{
    const struct plant *plant = v->plan->plant;
    char hash[WHY_HASH];
    bool first = true;
    json_word(j, "{\"gateway\":");
    json_put_string(j, plant->gateway);
    put_text(j, "site", plant->site);
    put_text(j, "plan", why_plan_hash(v->plan, hash));
    json_word(j, ",\"maps\":[");
    for (uint32_t i = 0; i < plant->device_count && !j->overflow; i++) {
        if (was_told(plant, i))
            continue;
        json_raw(j, ",", !first);
        first = false;
        json_word(j, "{\"name\":");
        json_put_string(j, plant->devices[i].map->name);
        put_text(j, "hash", plant->devices[i].map->hash);
        json_word(j, "}");
    }
    json_word(j, "]}");
}

void why_status(struct json *j, const struct why_view *v)
{
    const struct plant *plant = v->plan->plant;
    uint32_t up = 0;
    char hash[WHY_HASH];
    for (uint32_t i = 0; v->poller && i < plant->line_count; i++) {
        struct line_stats l;
        poller_line_stats(v->poller, i, &l);
        up += l.state == LINE_UP || l.state == LINE_SUSPECT;
    }
    json_word(j, "{\"gateway\":");
    json_put_string(j, plant->gateway);
    put_text(j, "site", plant->site);
    put_text(j, "version", HEADGATE_VERSION);
    put_text(j, "plant", plant->file);
    put_int(j, "now", v->wall.ms);
    put_int(j, "lines", plant->line_count);
    put_int(j, "lines_up", up);
    put_int(j, "devices", plant->device_count);
    put_int(j, "devices_online", v->status ? status_online(v->status) : 0);
    put_int(j, "tags", plant->tag_count);
    put_int(j, "tags_good", board_good(v->board));
    put_int(j, "requests", v->plan->request_count);
    put_text(j, "plan", why_plan_hash(v->plan, hash));
    json_word(j, "}");
}
