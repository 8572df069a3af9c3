/* SPDX-License-Identifier: Apache-2.0 */
#include "app/lookout.h"

#include <stdlib.h>

struct lookout {
    const struct plant *plant;
    struct board *board;
    struct derive *derive;
    struct warden *warden;
    int64_t due_ms;
    uint32_t *made; /* tags put since the last run; room for every derived one twice */
    uint32_t made_count, made_room;
};

bool lookout_needed(const struct plant *p)
{
    return p->alarm_count > 0 || p->leak_count > 0 || p->equipment_count > 0 || p->basin_count > 0;
}

static void on_tag(void *me, uint32_t tag, const struct sample *s)
{
    struct lookout *l = me;
    board_put(l->board, tag, s);
    for (uint32_t i = 0; i < l->made_count; i++)
        if (l->made[i] == tag)
            return;
    if (l->made_count < l->made_room)
        l->made[l->made_count++] = tag;
}

struct lookout *lookout_new(const struct lookout_setup *setup)
{
    struct lookout *l = calloc(1, sizeof *l);
    if (!l)
        return NULL;
    l->plant = setup->plant;
    l->board = setup->board;
    l->derive = setup->derive;
    l->made_room = 2 * setup->plant->derived_count + 1;
    l->made = calloc(l->made_room, sizeof *l->made);
    struct warden_setup w = {.plant = setup->plant,
                             .hooks = setup->hooks,
                             .now_ms = setup->now_ms,
                             .sample_ms = setup->sample_ms};
    w.hooks.tag = on_tag;
    w.hooks.tag_me = l;
    l->warden = l->made ? warden_new(&w) : NULL;
    l->due_ms = setup->now_ms;
    if (l->warden)
        return l;
    lookout_free(l);
    return NULL;
}

void lookout_free(struct lookout *l)
{
    if (!l)
        return;
    warden_free(l->warden);
    free(l->made);
    free(l);
}

void lookout_feed(struct lookout *l, const uint32_t *touched, uint32_t count, int64_t t_ms)
{
    for (uint32_t i = 0; i < count; i++) {
        if (!warden_wants(l->warden, touched[i]))
            continue;
        warden_sample(l->warden, touched[i], &board_tag(l->board, touched[i])->now, t_ms);
        l->due_ms = t_ms;
    }
}

int64_t lookout_run(struct lookout *l, int64_t now_ms, mono_t now)
{
    if (now_ms < l->due_ms)
        return l->due_ms;
    l->made_count = 0;
    l->due_ms = warden_run(l->warden, now_ms);
    if (l->made_count == 0)
        return l->due_ms;
    if (l->derive)
        l->made_count = derive_run(l->derive, l->board, l->made, l->made_count, l->made_room,
                                   (wall_t){now_ms}, now);
    int64_t due = l->due_ms;
    lookout_feed(l, l->made, l->made_count, now_ms);
    /* What was made is looked at in the next run, at once: it can't go round in a circle in this
     * one. */
    if (l->due_ms <= now_ms)
        l->due_ms = now_ms + 1;
    l->due_ms = l->due_ms < due ? l->due_ms : due;
    return l->due_ms;
}

uint32_t lookout_made(struct lookout *l, const uint32_t **tags)
{
    uint32_t count = l->made_count;
    *tags = l->made;
    l->made_count = 0;
    return count;
}

struct warden *lookout_warden(struct lookout *l)
{
    return l->warden;
}
