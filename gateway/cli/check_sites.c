/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/check_sites.h"

#include <string.h>

#include "app/lookout.h"

/* Files of one gateway are versions of each other: only one of them runs. */
static bool share_topics(const struct plant *a, const struct plant *b)
{
    return strcmp(a->site, b->site) == 0 && strcmp(a->mqtt.root, b->mqtt.root) == 0 &&
           strcmp(a->mqtt.host, b->mqtt.host) == 0 && a->mqtt.port == b->mqtt.port &&
           strcmp(a->gateway, b->gateway) != 0;
}

static const struct device *device_at(const struct plant *p, const char *path)
{
    for (uint32_t i = 0; i < p->device_count; i++)
        if (strcmp(p->devices[i].path, path) == 0)
            return &p->devices[i];
    return NULL;
}

static void compare(const struct plant *p, const struct plant *other, struct diags *ds)
{
    for (uint32_t i = 0; i < p->device_count; i++) {
        const struct device *d = &p->devices[i];
        if (device_at(other, d->path))
            diag_add(ds, DIAG_WARNING, d->at,
                     "`%s` is also a device of gateway `%s` of this site (%s): both would write "
                     "its topics; name it in one file",
                     d->path, other->gateway, other->file);
    }
    if (lookout_needed(p) && lookout_needed(other))
        diag_add(ds, DIAG_WARNING, (struct place){p->file, 1, 1},
                 "this gateway watches for alarms, and so does `%s` of the same site (%s): both "
                 "would write `incident/...` and `alarm/gateway/...`, each over the other's; let "
                 "one of them watch, or give one a `site` of its own",
                 other->gateway, other->file);
}

void check_sites(struct check_site **before, const struct plant *p, struct arena *a,
                 struct diags *ds)
{
    for (const struct check_site *s = *before; s; s = s->next)
        if (share_topics(p, s->plant))
            compare(p, s->plant, ds);
    struct check_site *own = arena_get(a, sizeof *own);
    if (!own) {
        diag_add(ds, DIAG_ERROR, (struct place){p->file, 1, 1}, "out of memory");
        return;
    }
    *own = (struct check_site){.next = *before, .plant = p};
    *before = own;
}
