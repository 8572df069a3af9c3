/* SPDX-License-Identifier: Apache-2.0 */
#include "watch/alarm.h"

const char *alarm_name_words(enum alarm_name n)
{
    static const char *const words[ALARM_NAME_COUNT] = {
        [ALARM_NORM] = "NORM",   [ALARM_UNACK] = "UNACK",   [ALARM_ACKED] = "ACKED",
        [ALARM_RTNUN] = "RTNUN", [ALARM_LUNACK] = "LUNACK", [ALARM_LACK] = "LACK",
        [ALARM_SHLVD] = "SHLVD", [ALARM_DSUPR] = "DSUPR",   [ALARM_OOSRV] = "OOSRV",
    };
    return words[n];
}

static bool hidden(const struct alarm_bits *b)
{
    return b->oos || b->shelved || b->suppressed;
}

static uint8_t mode_of(const struct alarm_bits *b)
{
    if (b->oos)
        return ALARM_OUT_OF_SERVICE;
    if (b->shelved)
        return ALARM_SHELVED;
    return b->suppressed ? ALARM_SUPPRESSED : ALARM_NORMAL;
}

enum alarm_name alarm_name_of(const struct alarm_bits *b)
{
    if (b->oos)
        return ALARM_OOSRV;
    if (b->shelved)
        return ALARM_SHLVD;
    if (b->suppressed)
        return ALARM_DSUPR;
    if (b->active)
        return b->acked ? ALARM_ACKED : ALARM_UNACK;
    if (b->latched)
        return b->acked ? ALARM_LACK : ALARM_LUNACK;
    return b->acked ? ALARM_NORM : ALARM_RTNUN;
}

/* `acked` means: no annunciation waits for a person. What is hidden keeps what it owed before, and
 * what only came and went behind the curtain, without a latch, owes nothing. */

static void annunciate(struct alarm_step *s)
{
    s->next.acked = false;
    s->annunciate = s->new_seq = true;
}

static void come(const struct alarm_rule *r, struct alarm_step *s)
{
    if (s->next.active)
        return;
    s->next.active = true;
    if (r->latch)
        s->next.latched = true;
    if (!hidden(&s->next))
        annunciate(s);
    else if (r->latch)
        s->next.acked = false;
}

static void go(const struct alarm_rule *r, struct alarm_step *s)
{
    if (!s->next.active)
        return;
    s->next.active = false;
    /* The rule may have got its latch after the alarm came. */
    if (r->latch)
        s->next.latched = true;
    if (!s->next.latched && !r->ack_required)
        s->next.acked = true;
}

static void acknowledge(struct alarm_step *s)
{
    if (s->next.acked && !s->next.active && !s->next.latched)
        s->refusal = "not_active: nothing waits to be acknowledged";
    else
        s->next.acked = true;
}

static void reset(struct alarm_step *s)
{
    if (s->next.active)
        s->refusal = "active: it can be reset only after its condition is over";
    else if (!s->next.latched)
        s->refusal = "not_latched: there is nothing to reset";
    else if (!s->next.acked)
        s->refusal = "ack_first: acknowledge it before resetting it";
    else
        s->next.latched = false;
}

/* What comes out from hiding is judged anew: what stands is told, also when it was acknowledged
 * long ago, since nobody has seen it meanwhile. */
static void reappear(struct alarm_step *s)
{
    if (hidden(&s->next))
        return;
    if (s->next.active || (s->next.latched && !s->next.acked))
        annunciate(s);
}

static void unhide(struct alarm_step *s, bool *flag, const char *refusal)
{
    if (!*flag) {
        s->refusal = refusal;
        return;
    }
    *flag = false;
    reappear(s);
}

static bool same(const struct alarm_bits *a, const struct alarm_bits *b)
{
    return a->active == b->active && a->acked == b->acked && a->latched == b->latched &&
           a->shelved == b->shelved && a->suppressed == b->suppressed && a->oos == b->oos;
}

struct alarm_step alarm_step(const struct alarm_rule *r, struct alarm_bits b, enum alarm_event e)
{
    struct alarm_step s = {.next = b};
    switch (e) {
    case ALARM_EVENT_ON:
        come(r, &s);
        break;
    case ALARM_EVENT_OFF:
        go(r, &s);
        break;
    case ALARM_EVENT_ACK:
        acknowledge(&s);
        break;
    case ALARM_EVENT_RESET:
        reset(&s);
        break;
    case ALARM_EVENT_REALARM:
        if (!hidden(&b) && b.active && b.acked)
            annunciate(&s);
        break;
    case ALARM_EVENT_WORSE:
        if (!hidden(&b) && b.active)
            annunciate(&s);
        break;
    case ALARM_EVENT_SHELVE:
        if (r->shelvable)
            s.next.shelved = true;
        else
            s.refusal = "not_shelvable: this alarm may not be shelved";
        break;
    case ALARM_EVENT_UNSHELVE:
        unhide(&s, &s.next.shelved, "not_shelved: it isn't shelved");
        break;
    case ALARM_EVENT_SUPPRESS:
        s.next.suppressed = true;
        break;
    case ALARM_EVENT_UNSUPPRESS:
        unhide(&s, &s.next.suppressed, NULL);
        break;
    case ALARM_EVENT_OOS:
        s.next.oos = true;
        break;
    case ALARM_EVENT_IN_SERVICE:
        unhide(&s, &s.next.oos, "not_out_of_service: it is in service");
        break;
    case ALARM_EVENT_COUNT:
        break;
    }
    s.next.mode = mode_of(&s.next);
    s.changed = s.new_seq || !same(&s.next, &b);
    return s;
}
