/* SPDX-License-Identifier: Apache-2.0 */
/* A scale or a unit that people change at the equipment changes what its numbers mean: told once.
 */
#include <stdio.h>
#include <string.h>

#include "values/badge.h"
#include "values/decode.h"

/* The tags that hang on it, as many as there is room for. */
static void name_scaled(const struct map *map, uint32_t point, char *text, size_t room)
{
    size_t at = strlen(text);
    unsigned more = 0;
    for (uint32_t i = 0; i < map->point_count; i++) {
        const struct point *p = &map->points[i];
        if (p->exp_from != (int64_t)point && p->mul_from != (int64_t)point)
            continue;
        if (more > 0 || at + p->name_length + 24 >= room)
            more++;
        else
            at += (size_t)snprintf(text + at, room - at, " %.*s", (int)p->name_length, p->name);
    }
    if (more > 0)
        snprintf(text + at, room - at, " and %u more", more);
}

static void tell(struct board *b, const struct scale *s, const struct value *now)
{
    const struct map *map = b->plant->devices[s->device].map;
    const struct point *p = &map->points[s->point];
    struct notice *n = notice_new(b, NOTICE_SCALE, s->device);
    if (!n)
        return;
    identity_text(&s->was, n->was);
    identity_text(now, n->is);
    snprintf(n->text, sizeof n->text, "%.*s was %s, is %s, and scales", (int)p->name_length,
             p->name, n->was, n->is);
    name_scaled(map, s->point, n->text, sizeof n->text);
}

void scales_look(struct board *b, const struct request *r)
{
    const struct asked *a = &b->asked[r->id];
    for (uint32_t i = 0; i < a->scale_count; i++) {
        struct scale *s = &b->scales[a->first_scale + i];
        const struct tag *t = &b->tags[b->plant->devices[s->device].first_tag + s->point];
        const struct value *now = &t->state.now.value;
        if (t->pass != b->pass || t->state.now.quality != QUALITY_GOOD ||
            (s->was.kind == now->kind && value_equal(&s->was, now)))
            continue;
        if (s->was.kind != VALUE_NONE)
            tell(b, s, now);
        s->was = *now;
    }
}
