/* SPDX-License-Identifier: Apache-2.0 */
/* What time does to tags that nobody renews. Looks at requests and heartbeats, not at tags, so
 * that a tick of a large plant costs little while all is well. */
#include "values/slate.h"

static const int64_t scan_every_ns = 250 * NS_PER_MS;

static bool is_full(const struct board *b, uint32_t room)
{
    return b->touched_count >= room;
}

static bool freeze(struct board *b, struct beat *beat, wall_t wall, uint32_t room)
{
    const struct device *device = &b->plant->devices[beat->device];
    for (; beat->marked < device->map->point_count; beat->marked++) {
        if (is_full(b, room))
            return false;
        slate_doubt(b, device->first_tag + beat->marked, "frozen: the heartbeat has not changed",
                    wall);
    }
    return true;
}

/* From here on silence counts, also that of what was never heard. */
static void begin(struct board *b, mono_t now)
{
    for (uint32_t i = 0; i < b->beat_count; i++)
        if (!b->beats[i].known)
            b->beats[i].changed_ns = now.ns;
    for (uint32_t i = 0; i < b->plan->request_count; i++) {
        struct asked *a = &b->asked[i];
        if (a->news_ns != 0)
            continue;
        a->news_ns = now.ns;
        a->check_ns = mono_add(now, a->limit_ns).ns;
    }
}

/* A feed's tag when its time is over; else the moment when it will be goes into next. One that was
 * never heard is told then: what a former run left with the broker may still call it good. */
static void age_tag(struct board *b, const struct request *r, const struct feed *f, uint32_t point,
                    int64_t age, wall_t wall, int64_t *next)
{
    uint32_t tag = b->plant->devices[f->device].first_tag + point;
    struct sample s = b->tags[tag].state.now;
    bool unheard = s.time.ms == 0;
    if (s.quality != QUALITY_GOOD && !unheard)
        return;
    int64_t limit = slate_stale_after(b, r, f);
    if (age < limit) {
        *next = limit < *next ? limit : *next;
    } else if (unheard) {
        s.time = wall;
        slate_store(b, tag, &s);
    } else {
        slate_doubt(b, tag, "stale", wall);
    }
}

static bool age_request(struct board *b, uint32_t index, wall_t wall, mono_t now, uint32_t room)
{
    const struct request *r = &b->plan->requests[index];
    struct asked *a = &b->asked[index];
    int64_t age = now.ns - a->news_ns, next = INT64_MAX;
    for (uint32_t i = 0; i < r->feed_count; i++) {
        if (is_full(b, room))
            return false;
        age_tag(b, r, &r->feeds[i], r->feeds[i].point, age, wall, &next);
    }
    for (uint32_t i = 0; i < a->step_count; i++) {
        const struct step *s = &b->steps[a->first_step + i];
        if (is_full(b, room))
            return false;
        age_tag(b, r, &r->feeds[s->feed], s->point, age, wall, &next);
    }
    a->check_ns = next > INT64_MAX - a->news_ns ? INT64_MAX : a->news_ns + next;
    return true;
}

/* Once: what nobody asks for says so. */
static bool tell_idle(struct board *b, wall_t wall, uint32_t room)
{
    for (; b->idle_at < b->plant->first_derived; b->idle_at++) {
        struct sample s = b->tags[b->idle_at].state.now;
        if (s.quality != QUALITY_OUT_OF_SERVICE || s.time.ms != 0)
            continue;
        if (is_full(b, room))
            return false;
        s.time = wall;
        slate_store(b, b->idle_at, &s);
    }
    return true;
}

uint32_t board_tick(struct board *b, wall_t wall, mono_t now, uint32_t *touched, uint32_t room)
{
    b->touched = touched;
    b->touched_count = 0;
    b->pass++;
    if (b->next_scan_ns == INT64_MIN) {
        begin(b, now);
        b->next_scan_ns = now.ns;
    }
    if (b->idle_at < b->plant->first_derived && !tell_idle(b, wall, room))
        return b->touched_count;
    for (uint32_t i = 0; i < b->beat_count; i++) {
        struct beat *beat = &b->beats[i];
        const struct heartbeat *h = &b->plant->devices[beat->device].map->heartbeat;
        if (!beat->frozen && now.ns - beat->changed_ns >= h->within_ns) {
            beat->frozen = true;
            beat->marked = 0;
        }
        if (beat->frozen && !freeze(b, beat, wall, room))
            return b->touched_count;
    }
    if (now.ns < b->next_scan_ns)
        return b->touched_count;
    for (; b->scan_at < b->plan->request_count; b->scan_at++)
        if (now.ns >= b->asked[b->scan_at].check_ns && !age_request(b, b->scan_at, wall, now, room))
            return b->touched_count;
    b->scan_at = 0;
    b->next_scan_ns = now.ns + scan_every_ns;
    return b->touched_count;
}

int64_t board_stale_ns(const struct board *b, const struct request *r, const struct feed *f)
{
    return slate_stale_after(b, r, f);
}
