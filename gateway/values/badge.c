/* SPDX-License-Identifier: Apache-2.0 */
#include "values/badge.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "values/decode.h"

static const int64_t unread_told_ns = 10 * NS_PER_S;

/* ---- building -------------------------------------------------------------------------------- */

/* The feed that brings a device's identity; NONE. */
static uint32_t identity_feed(const struct board *b, const struct request *r, uint32_t device)
{
    int32_t point = b->plant->devices[device].map->identity.point;
    for (uint32_t i = 0; i < r->feed_count; i++)
        if (r->feeds[i].device == device && (int64_t)r->feeds[i].point == point)
            return i;
    return NONE;
}

static bool has_identity(const struct board *b, uint32_t device)
{
    const struct map *map = b->plant->devices[device].map;
    return map->identity.point >= 0 && (uint32_t)map->identity.point < map->point_count;
}

/* Only of devices whose identity is asked for at all: a plan may be a narrow one. */
static uint32_t count_badges(struct board *b)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < b->plant->device_count; i++)
        b->units[i].badge = NONE;
    for (uint32_t i = 0; i < b->plan->request_count; i++) {
        const struct request *r = &b->plan->requests[i];
        for (uint32_t k = 0; k < r->feed_count; k++) {
            uint32_t device = r->feeds[k].device;
            if (has_identity(b, device) && b->units[device].badge == NONE &&
                b->plant->devices[device].map->identity.point == (int64_t)r->feeds[k].point)
                b->units[device].badge = count++;
        }
    }
    return count;
}

/* The badges of one request; into seen when it is not NULL. Returns how many. */
static uint32_t request_badges(const struct board *b, const struct request *r, struct seen *seen)
{
    uint32_t count = 0;
    for (uint32_t i = 0, last = NONE; i < r->feed_count; i++) {
        uint32_t device = r->feeds[i].device;
        if (device == last)
            continue;
        last = device;
        if (b->units[device].badge == NONE)
            continue;
        if (seen)
            seen[count] = (struct seen){b->units[device].badge, identity_feed(b, r, device)};
        count++;
    }
    return count;
}

static uint32_t request_scales(const struct board *b, const struct request *r, struct scale *scales)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < r->feed_count; i++) {
        const struct feed *f = &r->feeds[i];
        const bool *is_scale = b->units[f->device].sheet->scales;
        if (!is_scale || !is_scale[f->point])
            continue;
        if (scales)
            scales[count] = (struct scale){.device = f->device, .point = f->point};
        count++;
    }
    return count;
}

static bool build_badges(struct board *b)
{
    uint32_t count = count_badges(b), seen = 0;
    b->badges = calloc(count + 1U, sizeof *b->badges);
    if (!b->badges)
        return false;
    b->badge_count = count;
    for (uint32_t i = 0; i < b->plant->device_count; i++)
        if (b->units[i].badge != NONE)
            b->badges[b->units[i].badge].device = i;
    for (uint32_t i = 0; count > 0 && i < b->plan->request_count; i++) {
        struct asked *a = &b->asked[i];
        a->first_seen = seen;
        a->seen_count = request_badges(b, &b->plan->requests[i], NULL);
        seen += a->seen_count;
    }
    b->seen = calloc(seen + 1U, sizeof *b->seen);
    if (!b->seen)
        return false;
    for (uint32_t i = 0; count > 0 && i < b->plan->request_count; i++) {
        const struct asked *a = &b->asked[i];
        const struct request *r = &b->plan->requests[i];
        uint32_t more = 0;
        request_badges(b, r, b->seen + a->first_seen);
        for (uint32_t k = 0; k < a->seen_count; k++) {
            const struct seen *s = &b->seen[a->first_seen + k];
            if (s->feed != NONE)
                more += b->plant->devices[b->badges[s->badge].device].map->point_count;
        }
        if (more > 0 && r->feed_count + a->step_count + more > b->touch_max)
            b->touch_max = r->feed_count + a->step_count + more;
    }
    return true;
}

static bool build_scales(struct board *b)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < b->plan->request_count; i++) {
        struct asked *a = &b->asked[i];
        a->first_scale = count;
        a->scale_count = request_scales(b, &b->plan->requests[i], NULL);
        count += a->scale_count;
    }
    b->scales = calloc(count + 1U, sizeof *b->scales);
    for (uint32_t i = 0; b->scales && count > 0 && i < b->plan->request_count; i++)
        request_scales(b, &b->plan->requests[i], b->scales + b->asked[i].first_scale);
    return b->scales != NULL;
}

bool badges_build(struct board *b)
{
    if (!build_badges(b) || !build_scales(b))
        return false;
    b->notices = calloc(BOARD_NOTICES, sizeof *b->notices);
    return b->notices != NULL;
}

void badges_free(struct board *b)
{
    free(b->badges);
    free(b->seen);
    free(b->scales);
    free(b->notices);
}

/* ---- what people are told -------------------------------------------------------------------- */

struct notice *notice_new(struct board *b, enum board_notice_kind kind, uint32_t device)
{
    if (b->notice_count == BOARD_NOTICES)
        return NULL;
    struct notice *n = &b->notices[(b->first_notice + b->notice_count++) % BOARD_NOTICES];
    n->was[0] = n->is[0] = '\0';
    n->told = (struct board_notice){
        .kind = kind, .device = device, .text = n->text, .was = n->was, .is = n->is};
    return n;
}

bool board_next_notice(struct board *b, struct board_notice *out)
{
    if (b->notice_count == 0)
        return false;
    *out = b->notices[b->first_notice].told;
    b->first_notice = (b->first_notice + 1) % BOARD_NOTICES;
    b->notice_count--;
    return true;
}

static const char *tag_name(const struct board *b, const struct badge *g, int *length)
{
    const struct map *map = b->plant->devices[g->device].map;
    const struct point *p = &map->points[map->identity.point];
    *length = (int)p->name_length;
    return p->name;
}

static void tell(struct board *b, const struct badge *g, enum board_notice_kind kind)
{
    struct notice *n = notice_new(b, kind, g->device);
    int length;
    const char *name = tag_name(b, g, &length);
    if (!n)
        return;
    memcpy(n->was, g->known, sizeof n->was);
    memcpy(n->is, g->now, sizeof n->is);
    if (kind == NOTICE_LEARNED)
        snprintf(n->text, sizeof n->text, "%.*s is %s", length, name, g->now);
    else if (kind == NOTICE_BACK)
        snprintf(n->text, sizeof n->text, "%.*s is %s again", length, name, g->now);
    else if (kind == NOTICE_READ_AGAIN)
        n->text[0] = '\0';
    else if (kind == NOTICE_ACCEPTED)
        snprintf(n->text, sizeof n->text, "%.*s was %s, is %s: taken for right with the reload",
                 length, name, g->known, g->now);
    else if (kind == NOTICE_UNREAD)
        snprintf(n->text, sizeof n->text, "%s; until it is, all values are uncertain",
                 g->why_unread);
    else
        snprintf(n->text, sizeof n->text, "%s", g->reason);
}

/* ---- who it is ------------------------------------------------------------------------------- */

static void enter(struct board *b, struct badge *g, enum identity_state state)
{
    const struct device *d = &b->plant->devices[g->device];
    int length;
    const char *name = tag_name(b, g, &length);
    g->state = (uint8_t)state;
    g->mark = state == IDENTITY_OTHER || state == IDENTITY_MISFIT;
    if (state == IDENTITY_OTHER)
        snprintf(g->reason, sizeof g->reason, "another identity: %.*s was %s, is %s", length, name,
                 g->known, g->now);
    else if (state == IDENTITY_SINCE)
        snprintf(g->reason, sizeof g->reason,
                 "another identity since the last run: %.*s was %s, is %s", length, name, g->known,
                 g->now);
    else if (state == IDENTITY_MISFIT && d->identity)
        snprintf(g->reason, sizeof g->reason,
                 "another identity: %.*s is %s, the plant file says %.80s", length, name, g->now,
                 d->identity);
    else if (state == IDENTITY_MISFIT)
        snprintf(g->reason, sizeof g->reason,
                 "another identity: %.*s is %s, which the map is not for", length, name, g->now);
}

static void learn(struct board *b, struct badge *g)
{
    if (strcmp(g->known, g->now) != 0)
        tell(b, g, NOTICE_LEARNED);
    memcpy(g->known, g->now, sizeof g->known);
    enter(b, g, IDENTITY_RIGHT);
}

/* It has said who it is. */
static void judge(struct board *b, struct badge *g, const struct value *v)
{
    const struct device *d = &b->plant->devices[g->device];
    char now[IDENTITY_ROOM];
    enum identity_state before = g->state;
    bool remembered = g->remembered;
    identity_text(v, now);
    bool same = strcmp(now, g->now) == 0;
    memcpy(g->now, now, sizeof g->now);
    g->remembered = false;
    if ((d->identity && !identity_is(d->identity, v)) || !identity_fits(&d->map->identity, v)) {
        if (before == IDENTITY_MISFIT && same)
            return;
        enter(b, g, IDENTITY_MISFIT);
        tell(b, g, NOTICE_OTHER);
    } else if (d->identity || g->known[0] == '\0') {
        if (before == IDENTITY_MISFIT)
            tell(b, g, NOTICE_BACK);
        learn(b, g);
    } else if (strcmp(g->known, now) == 0) {
        if (before == IDENTITY_OTHER || before == IDENTITY_MISFIT || before == IDENTITY_SINCE)
            tell(b, g, NOTICE_BACK);
        enter(b, g, IDENTITY_RIGHT);
    } else if (remembered) {
        enter(b, g, IDENTITY_SINCE);
        tell(b, g, NOTICE_SINCE);
    } else if (!same || (before != IDENTITY_SINCE && before != IDENTITY_OTHER)) {
        enter(b, g, IDENTITY_OTHER);
        tell(b, g, NOTICE_OTHER);
    }
}

static enum doubt doubt_of(const struct badge *g, uint32_t connection)
{
    switch ((enum identity_state)g->state) {
    case IDENTITY_OTHER:
    case IDENTITY_MISFIT:
        return DOUBT_OTHER; /* until it has said otherwise */
    case IDENTITY_UNREAD:
    case IDENTITY_RIGHT:
    case IDENTITY_SINCE:
        break;
    }
    if (g->connection != connection)
        return DOUBT_UNREAD;
    return g->state == IDENTITY_SINCE ? DOUBT_SINCE : DOUBT_NONE;
}

/* A text of nothing but padding says as little as a sentinel. */
static bool says_something(const struct sample *s)
{
    return (s->quality == QUALITY_GOOD || s->quality == QUALITY_UNCERTAIN) &&
           s->value.kind != VALUE_NONE && (s->value.kind != VALUE_TEXT || s->value.length > 0);
}

/* Equipment that never says who it is stays uncertain for ever: somebody has to be told why. */
static void miss(struct board *b, struct badge *g, mono_t now)
{
    const struct device *d = &b->plant->devices[g->device];
    const struct sample *s = &b->tags[d->first_tag + (uint32_t)d->map->identity.point].state.now;
    if (g->unread.ns == 0)
        g->unread = now;
    if (g->missed || mono_since(now, g->unread) < unread_told_ns)
        return;
    int length;
    const char *name = tag_name(b, g, &length);
    g->missed = true;
    if (s->value.kind == VALUE_TEXT)
        snprintf(g->why_unread, sizeof g->why_unread, "identity not yet read: %.*s is empty",
                 length, name);
    else
        snprintf(g->why_unread, sizeof g->why_unread, "identity not yet read: %.*s: %.160s", length,
                 name, s->reason ? s->reason : "no answer yet");
    tell(b, g, NOTICE_UNREAD);
}

static void read_badge(struct board *b, struct badge *g, const struct block *block,
                       const struct feed *f, uint32_t start, uint32_t end)
{
    const struct point *p = &b->plant->devices[f->device].map->points[f->point];
    char text[2 * REGISTERS_MAX + DECODE_TEXT_EXTRA];
    struct sample s;
    if (f->offset < start || f->offset + (uint32_t)p->words > end)
        return;
    decode_point(p, block->data, (uint16_t)(f->offset - start), text, &s);
    if (!says_something(&s))
        return;
    g->connection = block->connection;
    judge(b, g, &s.value);
}

void badges_look(struct board *b, const struct block *block, uint32_t start, uint32_t end)
{
    const struct asked *a = &b->asked[block->request->id];
    for (uint32_t i = 0; i < a->seen_count; i++) {
        const struct seen *s = &b->seen[a->first_seen + i];
        struct badge *g = &b->badges[s->badge];
        if (s->feed != NONE)
            read_badge(b, g, block, &block->request->feeds[s->feed], start, end);
        enum doubt doubt = doubt_of(g, block->connection);
        b->units[g->device].doubt = (uint8_t)doubt;
        if (doubt == DOUBT_UNREAD) {
            miss(b, g, block->answered);
        } else {
            if (g->missed && doubt == DOUBT_NONE)
                tell(b, g, NOTICE_BACK);
            g->missed = false;
            g->unread.ns = 0;
        }
        if (doubt != DOUBT_NONE) {
            g->redo = g->redo || (block->request->once && s->feed == NONE);
        } else if (g->redo) {
            g->redo = false;
            tell(b, g, NOTICE_READ_AGAIN);
        }
    }
}

void badges_doubt(const struct board *b, const struct unit *u, struct sample *s)
{
    const struct badge *g = &b->badges[u->badge];
    if (u->doubt == DOUBT_OTHER) {
        if (s->value.kind == VALUE_NONE)
            return;
        s->value = (struct value){.kind = VALUE_NONE};
        s->quality = QUALITY_CONFIG_ERROR;
        s->reason = g->reason;
    } else if (s->quality == QUALITY_GOOD) {
        s->quality = QUALITY_UNCERTAIN;
        s->reason = u->doubt == DOUBT_UNREAD ? "identity not yet read" : g->reason;
    }
}

void badges_mark(struct board *b, const struct block *block)
{
    const struct asked *a = &b->asked[block->request->id];
    for (uint32_t i = 0; i < a->seen_count; i++) {
        struct badge *g = &b->badges[b->seen[a->first_seen + i].badge];
        const struct device *d = &b->plant->devices[g->device];
        if (!g->mark || b->seen[a->first_seen + i].feed == NONE)
            continue;
        g->mark = false;
        g->redo = true;
        for (uint32_t k = 0; k < d->map->point_count; k++) {
            const struct tag *t = &b->tags[d->first_tag + k];
            struct sample s = t->state.now;
            if (t->pass == b->pass || s.value.kind == VALUE_NONE)
                continue;
            badges_doubt(b, &b->units[g->device], &s);
            s.time = block->time;
            slate_store(b, d->first_tag + k, &s);
        }
    }
}

/* ---- lives longer than a plan ---------------------------------------------------------------- */

void board_remember_identity(struct board *b, uint32_t device, const char *text, size_t length)
{
    uint32_t at = b->units[device].badge;
    if (at == NONE || length == 0 || length >= IDENTITY_ROOM)
        return;
    struct badge *g = &b->badges[at];
    memcpy(g->known, text, length);
    g->known[length] = '\0';
    g->remembered = true;
}

bool board_identity(const struct board *b, uint32_t device, struct board_identity *out)
{
    uint32_t at = b->units[device].badge;
    if (at == NONE)
        return false;
    const struct badge *g = &b->badges[at];
    *out = (struct board_identity){
        .state = g->state, .known = g->known, .now = g->now, .connection = g->connection};
    if (g->state == IDENTITY_OTHER || g->state == IDENTITY_MISFIT || g->state == IDENTITY_SINCE)
        out->reason = g->reason;
    if (g->missed && g->state != IDENTITY_OTHER && g->state != IDENTITY_MISFIT)
        out->reason = g->why_unread;
    return true;
}

static bool same_tag(const struct map *a, const struct map *b)
{
    return strcmp(a->points[a->identity.point].name, b->points[b->identity.point].name) == 0;
}

static bool same_pin(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

void badges_carry(struct board *b, const struct board *before, const struct change *c)
{
    for (uint32_t i = 0; i < b->badge_count; i++) {
        struct badge *g = &b->badges[i];
        const struct device *d = &b->plant->devices[g->device];
        uint32_t old = c->devices[g->device];
        if (old == CHANGE_NONE || before->units[old].badge == NONE ||
            !same_tag(d->map, before->plant->devices[old].map))
            continue;
        const struct badge *from = &before->badges[before->units[old].badge];
        memcpy(g->known, from->known, sizeof g->known);
        memcpy(g->now, from->now, sizeof g->now);
        g->remembered = from->remembered;
        g->redo = from->redo;
        bool pinned = !same_pin(d->identity, before->plant->devices[old].identity);
        bool goes_on = c->lines[d->line] != CHANGE_NONE && !pinned;
        g->connection = goes_on ? from->connection : 0;
        if (goes_on) {
            g->missed = from->missed;
            g->unread = from->unread;
            memcpy(g->why_unread, from->why_unread, sizeof g->why_unread);
        }
        g->state = from->state;
        if (from->state == IDENTITY_OTHER || from->state == IDENTITY_SINCE) {
            tell(b, g, NOTICE_ACCEPTED);
            memcpy(g->known, from->now, sizeof g->known);
            g->state = IDENTITY_RIGHT;
        } else if (from->state == IDENTITY_MISFIT) {
            enter(b, g, IDENTITY_MISFIT);
            g->mark = false;
        }
        b->units[g->device].doubt =
            (uint8_t)(g->connection ? doubt_of(g, g->connection) : DOUBT_NONE);
    }
}
