/* SPDX-License-Identifier: Apache-2.0 */
#include "app/reload.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "plan/change.h"
#include "poll/write.h"

/* ---- what belongs to the process --------------------------------------------------------------
 */

struct obstacles {
    char *text;
    size_t room, length;
};

static void differ(struct obstacles *o, bool same, const char *name)
{
    if (same || o->length + 1 >= o->room)
        return;
    int n = snprintf(o->text + o->length, o->room - o->length, "%s%s", o->length ? ", " : "", name);
    o->length += n < 0 ? 0 : (size_t)n;
}

static void differ_text(struct obstacles *o, const char *a, const char *b, const char *name)
{
    differ(o, change_text_same(a, b), name);
}

/* The session with the broker, the journal and the names under which rows were numbered. */
void reload_obstacles(const struct plant *a, const struct plant *b, char *text, size_t room)
{
    struct obstacles o = {text, room, 0};
    const struct mqtt *m = &a->mqtt, *n = &b->mqtt;
    *text = '\0';
    differ_text(&o, a->site, b->site, "site");
    differ_text(&o, a->gateway, b->gateway, "gateway");
    differ_text(&o, a->timezone, b->timezone, "timezone");
    differ(&o, change_text_same(m->host, n->host) && m->port == n->port && m->tls == n->tls,
           "mqtt.broker");
    differ_text(&o, m->root, n->root, "mqtt.root");
    differ_text(&o, m->user, n->user, "mqtt.user");
    differ_text(&o, m->password_file, n->password_file, "mqtt.password_file");
    differ_text(&o, m->ca, n->ca, "mqtt.ca");
    differ_text(&o, m->cert, n->cert, "mqtt.cert");
    differ_text(&o, m->key, n->key, "mqtt.key");
    if (change_text_same(a->site, b->site) && change_text_same(a->gateway, b->gateway))
        differ_text(&o, m->client_id, n->client_id, "mqtt.client_id");
    differ(&o, m->version == n->version, "mqtt.version");
    differ(&o, m->keepalive_ns == n->keepalive_ns, "mqtt.keepalive");
    differ(&o, m->window == n->window, "mqtt.window");
    differ(&o, m->overlap_ns == n->overlap_ns, "mqtt.overlap");
    differ(&o, a->journal.keep_ns == b->journal.keep_ns, "journal.keep");
    differ(&o, a->journal.max_bytes == b->journal.max_bytes, "journal.size");
}

/* ---- the succession ---------------------------------------------------------------------------
 */

/* The first mistake with its place, and how many there are. */
static void tell_mistakes(struct diags *ds, const char *otherwise, char text[static RELOAD_TEXT])
{
    const struct diag *first = NULL;
    diags_sort(ds);
    for (size_t i = 0; !first && i < diags_count(ds); i++)
        if (diags_at(ds, i)->level == DIAG_ERROR)
            first = diags_at(ds, i);
    char place[160] = "", more[48] = "";
    if (first && first->at.file)
        snprintf(place, sizeof place, "%s:%u:%u: ", first->at.file, (unsigned)first->at.line,
                 (unsigned)first->at.column);
    if (diags_errors(ds) > 1)
        snprintf(more, sizeof more, " (the first of %zu mistakes)", diags_errors(ds));
    int room = (int)(RELOAD_TEXT - strlen(place) - strlen(more) - 1);
    snprintf(text, RELOAD_TEXT, "%s%.*s%s", place, room, first ? first->text : otherwise, more);
}

static bool remember(struct side *side, struct memory **memory)
{
    *memory = memory_new();
    if (*memory)
        pipeline_remember(side->pipeline, *memory);
    return *memory && memory_whole(*memory);
}

struct heir {
    struct side side;
    struct arena *notes;
    const struct change *change;
    struct succession *lines;
    struct memory *memory;
};

/* Everything that can fail. The old side only looks on. */
static bool prepare(struct heir *h, struct side *side, const struct reload *r, struct diags *ds)
{
    h->notes = arena_new(0);
    h->change = h->notes ? change_find(h->notes, side->plan, h->side.plan) : NULL;
    if (!h->change || !remember(side, &h->memory))
        return false;
    h->lines = poller_prepare(side->poller, h->change, clock_mono());
    return h->lines && side_build(&h->side, r->door, r->sequence, h->memory, side, h->change, ds);
}

static void commit(struct heir *h, struct side *side)
{
    struct pipeline *p = h->side.pipeline;
    const struct poller_hooks hooks = {
        .me = p, .block = pipeline_feed, .event = pipeline_hear, .wrote = pipeline_wrote};
    /* They were judged by the old file, and their answers are the old pipeline's to give. */
    poller_cancel_writes(side->poller, "the gateway was reloaded", clock_mono());
    if (pipeline_take_over(p, side->pipeline, h->change, side->arena, clock_wall(), clock_mono()))
        side->arena = NULL;
    poller_commit(side->poller, h->lines, hooks, clock_mono());
    h->lines = NULL;
    h->side.poller = side->poller;
    side->poller = NULL;
    side_fini(side);
    *side = h->side;
    h->side = (struct side){0};
}

bool reload_side(struct side *side, const struct reload *r, struct diags *ds,
                 char text[static RELOAD_TEXT])
{
    struct heir h = {0};
    bool well = false;
    if (!side_plan(&h.side, r->file, r->options, ds)) {
        tell_mistakes(ds, "out of memory", text);
        return false;
    }
    char obstacles[160];
    reload_obstacles(side->plant, h.side.plant, obstacles, sizeof obstacles);
    if (*obstacles)
        snprintf(text, RELOAD_TEXT, "changed, but needs a restart: %s", obstacles);
    else if (!prepare(&h, side, r, ds))
        tell_mistakes(ds, "out of memory", text);
    else {
        change_tell(h.change, text, RELOAD_TEXT);
        commit(&h, side);
        well = true;
    }
    poller_drop(h.lines);
    memory_free(h.memory);
    side_fini(&h.side);
    arena_free(h.notes);
    return well;
}
