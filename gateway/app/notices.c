/* SPDX-License-Identifier: Apache-2.0 */
#include "app/notices.h"

#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "publish/json.h"

enum { KEY_ROOM = 256 };
static const char prefix[] = "identity:";

bool notices_key(const char *key)
{
    return strncmp(key, prefix, sizeof prefix - 1) == 0;
}

static const char *key_of(const struct notices *n, uint32_t device, char out[KEY_ROOM])
{
    const struct device *d = &n->plant->devices[device];
    const struct point *p = &d->map->points[d->map->identity.point];
    snprintf(out, KEY_ROOM, "%s%s:%.*s", prefix, d->path, (int)p->name_length, p->name);
    return out;
}

static void restore(void *me, const char *key, const void *bytes, size_t size)
{
    struct notices *n = me;
    char own[KEY_ROOM];
    if (!notices_key(key))
        return;
    for (uint32_t i = 0; i < n->plant->device_count; i++) {
        const struct device *d = &n->plant->devices[i];
        size_t length = strlen(d->path);
        if (d->map->identity.point < 0 || strncmp(key + sizeof prefix - 1, d->path, length) != 0 ||
            strcmp(key_of(n, i, own), key) != 0)
            continue;
        board_remember_identity(n->board, i, bytes, size);
        return;
    }
    tell_keep(n->teller, key, NULL, 0);
}

void notices_restore(struct notices *n, const struct memory *m)
{
    memory_each(m, restore, n);
}

static void tell(struct notices *n, const struct board_notice *b, wall_t wall)
{
    char more[KEY_ROOM + 512];
    struct json j = json_into(more, sizeof more - 1);
    json_word(&j, "\"was\":");
    json_string(&j, b->was[0] ? b->was : NULL);
    json_word(&j, ",\"is\":");
    json_string(&j, b->is[0] ? b->is : NULL);
    *j.at = '\0';
    const char *path = n->plant->devices[b->device].path;
    bool quiet = b->kind == NOTICE_LEARNED;
    if (quiet)
        log_info("%s: %s", path, b->text);
    else
        log_notice("%s: %s", path, b->text);
    const struct event e = {.type = b->kind == NOTICE_SCALE ? "scale" : "identity",
                            .subject = path,
                            .text = b->text,
                            .time = wall,
                            .more = j.overflow ? NULL : more};
    tell_event(n->teller, &e);
}

static void ask_again(struct notices *n, uint32_t device)
{
    for (uint32_t i = 0; i < n->again_count; i++)
        if (n->again[i] == device)
            return;
    if (n->again_count < sizeof n->again / sizeof *n->again)
        n->again[n->again_count++] = device;
}

void notices_tell(struct notices *n, wall_t wall)
{
    struct board_notice b;
    char key[KEY_ROOM];
    while (board_next_notice(n->board, &b)) {
        if (b.kind == NOTICE_READ_AGAIN || b.kind == NOTICE_ACCEPTED)
            ask_again(n, b.device);
        if (b.kind == NOTICE_READ_AGAIN)
            continue;
        tell(n, &b, wall);
        if (b.kind == NOTICE_SCALE)
            continue;
        status_owe(n->status, b.device);
        if (b.kind == NOTICE_LEARNED || b.kind == NOTICE_ACCEPTED)
            tell_keep(n->teller, key_of(n, b.device, key), b.is, strlen(b.is));
    }
}

void notices_ask(struct notices *n, struct poller *poller, mono_t now)
{
    for (uint32_t i = 0; i < n->again_count; i++) {
        const struct device *d = &n->plant->devices[n->again[i]];
        poller_ask_again(poller, d->line, d->unit, now);
    }
    n->again_count = 0;
}
