/* SPDX-License-Identifier: Apache-2.0 */
/* What a leak point has learned, as bytes, and back. */
#include <string.h>

#include "base/text.h"
#include "watch/leak_parts.h"

static const uint32_t magic = 0x4B4C4748; /* "HGLK" */
static const uint32_t version = 1;

struct head {
    uint32_t magic, version;
    uint32_t kind, kind_version;
    uint64_t size; /* of what follows */
    uint64_t check; /* of what follows */
    char hash[24]; /* of the rule it was learned under */
};

static struct head head_of(const struct leak *l)
{
    struct head h;
    memset(&h, 0, sizeof h);
    h.magic = magic;
    h.version = version;
    h.kind = l->rule->kind;
    h.kind_version = l->ops->version;
    h.size = l->flat_size;
    memcpy(h.hash, l->rule->hash, sizeof l->rule->hash);
    return h;
}

size_t leak_save_size(const struct leak *l)
{
    return sizeof(struct head) + l->flat_size;
}

void leak_save(const struct leak *l, void *out)
{
    struct head h = head_of(l);
    h.check = text_hash(0, l->common, l->flat_size);
    memcpy(out, &h, sizeof h);
    memcpy((char *)out + sizeof h, l->common, l->flat_size);
}

/* The time in between was silence, and the kind is told so where it was long; nobody else is: a
 * restart isn't a fault of the plant. */
static void bridge_downtime(struct leak *l, int64_t down_ms)
{
    int64_t now_ms = l->common->last_ms + down_ms;
    for (uint32_t i = 0; i < l->rule->input_count; i++) {
        struct signal *s = &l->signals[i];
        if (signal_fit(s) && down_ms >= l->rules[i].stale_ms) {
            l->fine[i] = false;
            s->told = true;
            l->ops->bad(l->state, &l->context, i, now_ms);
        }
        if (s->fault == SIGNAL_FINE) {
            s->good_ms += down_ms;
            s->heard_ms += down_ms;
        }
        s->unchanged_since_ms += down_ms;
        s->cross_since_ms += down_ms;
    }
}

bool leak_restore(struct leak *l, const void *saved, size_t size, int64_t now_ms)
{
    struct head h, mine = head_of(l);
    if (size != leak_save_size(l))
        return false;
    memcpy(&h, saved, sizeof h);
    mine.check = text_hash(0, (const char *)saved + sizeof h, l->flat_size);
    if (memcmp(&h, &mine, sizeof h) != 0)
        return false;
    memcpy(l->common, (const char *)saved + sizeof h, l->flat_size);
    int64_t down_ms = now_ms - l->common->last_ms;
    l->skew_ms = down_ms < 0 ? -down_ms : 0;
    leak_zone(l, l->zone_ms);
    for (uint32_t i = 0; i < l->rule->input_count; i++) {
        l->fine[i] = signal_fit(&l->signals[i]);
        l->faults[i] = l->signals[i].fault;
    }
    if (down_ms > 0)
        bridge_downtime(l, down_ms);
    l->dirty = true;
    return true;
}
