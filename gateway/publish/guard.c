/* SPDX-License-Identifier: Apache-2.0 */
#include "publish/guard.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/calendar.h"
#include "base/permit.h"
#include "base/text.h"
#include "publish/order.h"

__attribute__((format(printf, 2, 3))) static const char *say(struct guard *g, const char *format,
                                                             ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(g->said, sizeof(g->said), format, args);
    va_end(args);
    return g->said;
}

/* What has to be allowed for it; PERMIT_COUNT: there is no such verb. */
static unsigned permit_of(const struct guarded *c)
{
    enum order_verb verb;
    if (strcmp(c->verb, "replay") == 0)
        return PERMIT_REPLAY;
    if (!order_verb(c->verb, &verb))
        return PERMIT_COUNT;
    return verb == ORDER_INCIDENT && strcmp(c->op, "bulletin") == 0 ? PERMIT_BULLETIN : verb;
}

static const char *forbidden(struct guard *g, unsigned permit, uint32_t allow)
{
    uint32_t any = PERMIT_BIT(permit);
    if (permit == PERMIT_BULLETIN)
        any |= PERMIT_BIT(ORDER_INCIDENT);
    if (allow & any)
        return NULL;
    const char *word = permit_word(permit), *group = permit_group(permit);
    if (!group)
        return say(g,
                   "`%s` is not allowed by the plant file: add `%s` to `commands: {allow: "
                   "[...]}`",
                   word, word);
    return say(g,
               "`%s` is not allowed by the plant file: add `%s` or `%s` to `commands: {allow: "
               "[...]}`",
               word, word, group);
}

/* Clocks differ by seconds or by years: both are told. */
static const char *clocks(char out[2 * CALENDAR_MAX + 40], int64_t now_ms, int64_t sent_ms)
{
    char ours[CALENDAR_MAX], theirs[CALENDAR_MAX];
    snprintf(out, 2 * CALENDAR_MAX + 40, "our clock shows %s, it says %s",
             calendar_second(ours, now_ms), calendar_second(theirs, sent_ms));
    return out;
}

static const char *stale(struct guard *g, int64_t sent_ms, int64_t fresh_ms, wall_t now)
{
    char both[2 * CALENDAR_MAX + 40], apart[32], most[32];
    /* Not computed where it could overflow: a time is a number that anybody may write. */
    bool sane = sent_ms < INT64_MAX / 2;
    int64_t ahead = sane ? sent_ms - now.ms : INT64_MAX / 2;
    if (sane && llabs(ahead) <= fresh_ms)
        return NULL;
    if (!sane || llabs(ahead) > INT64_MAX / NS_PER_MS)
        return "`sent` is no time in milliseconds since 1970";
    text_from_duration(apart, llabs(ahead) * NS_PER_MS);
    text_from_duration(most, fresh_ms * NS_PER_MS);
    return say(g, "sent %s %s (%s); at most %s is allowed: is a clock wrong?", apart,
               ahead < 0 ? "ago" : "in the future", clocks(both, now.ms, sent_ms), most);
}

static uint64_t key_of(const struct guarded *c)
{
    uint64_t h = text_hash(0, c->verb, strlen(c->verb) + 1);
    /* Without a name of its own a command is known by all that it says. */
    if (!*c->id)
        return text_hash(h, c->payload, c->length);
    h = text_hash(h, c->client, strlen(c->client) + 1);
    return text_hash(h, c->id, strlen(c->id) + 1);
}

static const char *repeated(struct guard *g, const struct guarded *c, int64_t fresh_ms, wall_t now)
{
    uint64_t key = key_of(c);
    for (uint32_t i = 0; i < g->count; i++)
        if (g->seen[i].key == key && llabs(g->seen[i].sent_ms - c->sent_ms) <= fresh_ms)
            return "a duplicate: it was obeyed when it came first; each command has an `id` of "
                   "its own";
    /* The oldest makes room, unless it could still be sent again. */
    if (g->count == GUARD_SEEN && g->seen[g->next].sent_ms >= now.ms - fresh_ms)
        return "too many commands within the time that they are fresh";
    g->seen[g->next].key = key;
    g->seen[g->next].sent_ms = c->sent_ms;
    g->next = (g->next + 1) % GUARD_SEEN;
    g->count += g->count < GUARD_SEEN;
    return NULL;
}

const char *guard_stops(struct guard *g, const struct guarded *c, uint32_t allow, int64_t fresh_ms,
                        wall_t now)
{
    unsigned permit = permit_of(c);
    bool acts = permit < ORDER_VERB_COUNT;
    if (permit == PERMIT_COUNT)
        return order_unknown;
    if (c->retained)
        return "a retained command is not obeyed: publish it without the retain flag";
    const char *why = forbidden(g, permit, allow);
    if (why)
        return why;
    if (!c->timed)
        return acts ? say(g, "`%s` needs `sent`, the time in milliseconds since 1970 (now %lld)",
                          c->verb, (long long)now.ms)
                    : NULL;
    if (c->sent_ms < 0)
        return "`sent` is a time in milliseconds since 1970";
    why = stale(g, c->sent_ms, fresh_ms, now);
    if (why || !acts)
        return why;
    if (c->sent_ms < g->since.ms) {
        char both[2 * CALENDAR_MAX + 40];
        return say(g, "sent before this gateway began to listen (%s): perhaps it is done already",
                   clocks(both, now.ms, c->sent_ms));
    }
    return repeated(g, c, fresh_ms, now);
}
