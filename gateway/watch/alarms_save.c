/* SPDX-License-Identifier: Apache-2.0 */
/* One alarm as bytes, for the next start on this machine. What people have been told stays told,
 * and what they owe stays owed; an active alarm stays so until its condition has been looked at
 * again. */
#include <string.h>

#include "base/text.h"
#include "watch/alarms_parts.h"
#include "watch/mend.h"

enum { SAVED_VERSION = 1 };
static const char magic[4] = {'a', 'l', 'r', 'm'};

struct saved {
    char magic[4];
    uint32_t version, size;
    uint32_t by_plant; /* suppressed by the plant's own tag */
    uint64_t hash; /* of state */
    unsigned char state[sizeof(struct alarm_state)];
};

size_t alarms_save_size(void)
{
    return sizeof(struct saved);
}

void alarms_save(const struct alarms *a, uint32_t i, void *out)
{
    const struct item *it = &a->items[i];
    alarms_evidence(a, i);
    struct saved saved = {.version = SAVED_VERSION, .size = sizeof(saved)};
    memcpy(saved.magic, magic, sizeof(magic));
    saved.by_plant = it->want_suppressed;
    memcpy(saved.state, &it->s, sizeof(saved.state));
    saved.hash = text_hash(saved.by_plant, saved.state, sizeof(saved.state));
    memcpy(out, &saved, sizeof(saved));
}

static void mend(struct alarm_state *s)
{
    bool *truths[] = {&s->bits.active,     &s->bits.acked, &s->bits.latched, &s->bits.shelved,
                      &s->bits.suppressed, &s->bits.oos,   &s->frozen,       &s->first_out,
                      &s->chattering,      &s->raw,        &s->one_shot};
    int64_t *times[] = {&s->on_ms,   &s->off_ms,    &s->ack_ms,       &s->changed_ms,
                        &s->told_ms, &s->source_ms, &s->raw_since_ms, &s->off_delay_ms,
                        &s->ring[0], &s->ring[1],   &s->ring[2],      &s->ring[3]};
    for (size_t i = 0; i < sizeof truths / sizeof *truths; i++)
        mend_truth(truths[i]);
    for (size_t i = 0; i < sizeof times / sizeof *times; i++)
        mend_time(times[i], false);
    mend_time(&s->realarm_ms, true);
    mend_time(&s->shelved_until_ms, true);
    /* The strongest of what holds, whatever was said of it. */
    s->bits.mode = s->bits.oos          ? ALARM_OUT_OF_SERVICE
                   : s->bits.shelved    ? ALARM_SHELVED
                   : s->bits.suppressed ? ALARM_SUPPRESSED
                                        : ALARM_NORMAL;
    mend_text(s->user, sizeof s->user);
    mend_text(s->reason, sizeof s->reason);
    mend_text(s->cause, sizeof s->cause);
    mend_text(s->evidence.unit, sizeof s->evidence.unit);
    mend_text(s->evidence.text, sizeof s->evidence.text);
    mend_text(s->evidence.more, sizeof s->evidence.more);
}

static int64_t not_after(int64_t t_ms, int64_t now_ms)
{
    return t_ms > now_ms ? now_ms : t_ms;
}

/* The clock, or the plant file, may have been changed in between. */
static void adapt(const struct alarm_rule *r, struct alarm_state *s, int64_t now_ms)
{
    s->on_ms = not_after(s->on_ms, now_ms);
    s->off_ms = not_after(s->off_ms, now_ms);
    s->ack_ms = not_after(s->ack_ms, now_ms);
    s->changed_ms = not_after(s->changed_ms, now_ms);
    s->told_ms = not_after(s->told_ms, now_ms);
    s->source_ms = not_after(s->source_ms, now_ms);
    for (int k = 0; k < 4; k++)
        s->ring[k] = not_after(s->ring[k], now_ms);
    int64_t longest = now_ms + (r->max_shelve_ms > 0 ? r->max_shelve_ms : SHELVE_DEFAULT_MS);
    if (!s->bits.shelved)
        s->shelved_until_ms = INT64_MAX;
    else if (s->shelved_until_ms > longest)
        s->shelved_until_ms = longest;
    bool waits =
        r->realarm_ms > 0 && s->bits.mode == ALARM_NORMAL && s->bits.active && s->bits.acked;
    if (!waits)
        s->realarm_ms = INT64_MAX;
    else if (s->realarm_ms > now_ms + r->realarm_ms)
        s->realarm_ms = now_ms + r->realarm_ms;
    s->frozen = false; /* said anew as soon as its input is heard of */
    s->raw = s->bits.active;
    s->raw_since_ms = now_ms;
    if (!alarms_stands(&s->bits) || s->priority < r->priority || s->priority >= PRIORITY_COUNT)
        s->priority = r->priority;
    if (!s->chattering || s->off_delay_ms < r->off_delay_ms)
        s->off_delay_ms = r->off_delay_ms;
}

bool alarms_restore(struct alarms *a, uint32_t i, const void *bytes, size_t size, int64_t now_ms)
{
    struct saved saved;
    if (i >= a->count || size != sizeof(saved))
        return false;
    memcpy(&saved, bytes, sizeof(saved));
    if (memcmp(saved.magic, magic, sizeof(magic)) != 0 || saved.version != SAVED_VERSION ||
        saved.size != sizeof(saved) ||
        saved.hash != text_hash(saved.by_plant, saved.state, sizeof(saved.state)))
        return false;
    const struct alarm_rule *r = &a->rules[i];
    struct item *it = &a->items[i];
    alarms_enlist(a, i, false);
    memcpy(&it->s, saved.state, sizeof(it->s));
    mend(&it->s);
    adapt(r, &it->s, now_ms);
    if (i == a->flood_index) /* the counts that it stood on are gone */
        it->s.raw = a->flood;
    it->want_suppressed = saved.by_plant && r->suppress_by != UINT32_MAX;
    it->want_frozen = it->matured = false;
    it->rise_to = 0;
    it->arrival = 0;
    it->owed = false;
    it->free_ms = it->s.bits.suppressed ? now_ms : ALARM_NEVER;
    it->calm_ms = it->s.chattering ? now_ms + CHATTER_CALM_MS : INT64_MAX;
    alarms_enlist(a, i, true);
    alarms_wake(a, i);
    alarms_wake_children(a, i, ALARM_NEVER);
    return true;
}
