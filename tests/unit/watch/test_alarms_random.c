/* SPDX-License-Identifier: Apache-2.0 */
/* A million random things happen to a few alarms; what must always hold is looked at after each. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "alarm_plant.h"

enum { ALARMS = 24, GROUPS = 3 };

struct model { /* what the test itself knows */
    bool raw, frozen, owes, acked_since;
    uint64_t seq;
};

struct world {
    struct plant plant;
    struct alarm_rule rules[ALARMS];
    struct model models[ALARMS];
    struct alarms *alarms;
    int64_t now;
    bool running;
    uint64_t random, annunciations, changes;
};

static uint32_t roll(struct world *w, uint32_t below)
{
    w->random ^= w->random << 13;
    w->random ^= w->random >> 7;
    w->random ^= w->random << 17;
    return (uint32_t)((w->random >> 11) % below);
}

#define must(x)                                                                                    \
    do {                                                                                           \
        if (!(x))                                                                                  \
            fail_msg("line %d, alarm %u, change %s at %lld: %s", __LINE__, i,                      \
                     alarm_change_words(what), (long long)w->now, #x);                             \
    } while (0)

static void hear(void *me, uint32_t i, enum alarm_change what, int64_t t_ms)
{
    struct world *w = me;
    struct model *m = &w->models[i];
    const struct alarm_state *s = alarms_state(w->alarms, i);
    const struct alarm_rule *r = &w->rules[i];
    w->changes++;
    must(t_ms == w->now);
    must(s->seq >= m->seq && s->seq <= m->seq + 1);
    if (what == ALARM_DID_ON || what == ALARM_DID_OFF)
        must(!s->frozen); /* frozen: changed by no condition */
    if (what == ALARM_DID_OFF && r->origin != ALARM_FLOOD)
        must(!m->raw && !m->frozen); /* only good input clears */
    if (what == ALARM_DID_ACK || what == ALARM_DID_RESET || what == ALARM_DID_OOS)
        must(!w->running); /* nobody but people do that */
    if (what == ALARM_DID_ACK) {
        m->owes = false;
        m->acked_since = true;
    }
    if (what == ALARM_DID_OFF && !r->ack_required && !s->bits.latched)
        m->owes = false;
    if (s->seq == m->seq)
        return;
    m->seq = s->seq;
    m->owes = true;
    m->acked_since = false;
    w->annunciations++;
    must(s->bits.mode == ALARM_NORMAL && !s->bits.acked);
    if (r->parent != RULE_NONE && what == ALARM_DID_ON && r->origin == ALARM_SIGNAL) {
        must(!alarms_state(w->alarms, r->parent)->bits.active);
        must(!w->models[r->parent].raw || w->models[r->parent].frozen);
    }
}

static void look(struct world *w)
{
    const enum alarm_change what = ALARM_DID_COUNT - 1;
    uint32_t firsts[GROUPS] = {0};
    for (uint32_t i = 0; i < ALARMS; i++) {
        const struct alarm_state *s = alarms_state(w->alarms, i);
        const struct model *m = &w->models[i];
        const struct alarm_bits *b = &s->bits;
        bool visible = b->mode == ALARM_NORMAL;
        must(s->seq == m->seq);
        must(s->frozen == m->frozen);
        must(!m->owes || !b->acked); /* no annunciation vanishes by itself */
        if (visible && b->active && !m->acked_since)
            must(alarm_name_of(b) == ALARM_UNACK);
        must(!b->shelved || (s->shelved_until_ms > w->now &&
                             s->shelved_until_ms <= w->now + w->rules[i].max_shelve_ms));
        must((b->mode == ALARM_OUT_OF_SERVICE) == b->oos);
        must((b->mode == ALARM_SHELVED) == (b->shelved && !b->oos));
        must((b->mode == ALARM_SUPPRESSED) == (b->suppressed && !b->shelved && !b->oos));
        must(s->priority >= w->rules[i].priority && s->priority < PRIORITY_COUNT);
        must(s->off_delay_ms >= w->rules[i].off_delay_ms && s->off_delay_ms <= 60000);
        if (s->first_out && visible && alarm_name_of(b) != ALARM_NORM)
            firsts[w->rules[i].group]++;
        /* True on good data for longer than any delay, with nothing in its way: then it is on. */
        if (m->raw && !m->frozen && w->rules[i].parent == RULE_NONE &&
            w->now - s->raw_since_ms > 60000)
            must(b->active);
    }
    for (uint32_t i = 0; i < GROUPS; i++)
        must(firsts[i] <= 1);
}

static void someone_orders(struct world *w, uint32_t i)
{
    struct order o = an_order((enum order_verb)roll(w, ORDER_IN_SERVICE + 1));
    if (roll(w, 8))
        strcpy(o.reason, "because");
    if (roll(w, 8) == 0)
        o.user[0] = '\0';
    if (roll(w, 2))
        o.minutes = roll(w, 600);
    o.one_shot = roll(w, 4) == 0;
    if (roll(w, 2)) {
        o.has_seq = true;
        o.seq = alarms_state(w->alarms, i)->seq - (roll(w, 3) == 0);
    }
    bool stale = o.verb == ORDER_ACK && o.has_seq && o.seq != alarms_state(w->alarms, i)->seq;
    const char *refusal = alarms_order(w->alarms, i, &o, w->now);
    assert_true(!stale || refusal);
}

static void restart(struct world *w)
{
    unsigned char *bytes = malloc(alarms_save_size() * ALARMS);
    for (uint32_t i = 0; i < ALARMS; i++)
        alarms_save(w->alarms, i, bytes + i * alarms_save_size());
    alarms_free(w->alarms);
    w->alarms = alarms_new(&w->plant, &(struct alarm_hooks){.me = w, .changed = hear});
    for (uint32_t i = 0; i < ALARMS; i++) {
        const unsigned char *mine = bytes + i * alarms_save_size();
        assert_true(alarms_restore(w->alarms, i, mine, alarms_save_size(), w->now));
        struct model *m = &w->models[i];
        m->frozen = false;
        m->raw = alarms_state(w->alarms, i)->bits.active;
    }
    free(bytes);
}

static void something_happens(struct world *w)
{
    uint32_t i = roll(w, ALARMS - 1); /* the last one is the engine's own */
    struct model *m = &w->models[i];
    uint32_t what = roll(w, 100);
    if (what < 40) {
        m->raw = roll(w, 2);
        alarms_set(w->alarms, i, m->raw, NULL, w->now - roll(w, 1000), w->now);
    } else if (what < 48) {
        m->frozen = roll(w, 3) == 0;
        alarms_freeze(w->alarms, i, m->frozen, w->now);
    } else if (what < 53) {
        alarms_suppress(w->alarms, i, roll(w, 3) == 0, w->now);
    } else if (what < 56) {
        alarms_worse(w->alarms, i, (uint8_t)roll(w, PRIORITY_COUNT + 1), w->now);
    } else if (what < 80) {
        someone_orders(w, i);
    } else {
        static const uint32_t steps[] = {1, 100, 1000, 10000, 60000, 3600000, 40000000};
        w->now += roll(w, steps[roll(w, roll(w, 8) ? 5 : 7)]);
    }
}

static void open_world(struct world *w, uint64_t seed)
{
    memset(w, 0, sizeof(*w));
    w->random = seed * 2654435761u + 88172645463325252u;
    for (uint32_t i = 0; i < ALARMS; i++) {
        struct alarm_rule *r = &w->rules[i];
        *r = a_rule();
        r->priority = (uint8_t)roll(w, PRIORITY_COUNT);
        r->latch = roll(w, 2);
        r->ack_required = roll(w, 3) != 0;
        r->shelvable = r->priority != PRIORITY_CRITICAL;
        r->on_delay_ms = roll(w, 2) ? roll(w, 20000) : 0;
        r->off_delay_ms = roll(w, 2) ? roll(w, 20000) : 0;
        r->realarm_ms = roll(w, 3) ? 0 : 600000;
        r->group = roll(w, GROUPS);
        if (i >= 2 && i < 12) {
            r->parent = i < 4 ? 0 : roll(w, 4);
            r->origin = i < 4 ? ALARM_DEVICE_LOST : i < 9 ? ALARM_SIGNAL : ALARM_CONDITION;
        }
    }
    w->rules[ALARMS - 1].origin = ALARM_FLOOD;
    w->plant.alarms = w->rules;
    w->plant.alarm_count = ALARMS;
    w->alarms = alarms_new(&w->plant, &(struct alarm_hooks){.me = w, .changed = hear});
}

/* The flood's own alarm is set by the engine: the model looks on. */
static void follow_flood(struct world *w)
{
    w->models[ALARMS - 1].raw = alarms_state(w->alarms, ALARMS - 1)->raw;
}

static void run(struct world *w)
{
    w->running = true;
    int64_t next = alarms_run(w->alarms, w->now);
    w->running = false;
    assert_true(next > w->now);
    follow_flood(w);
    look(w);
}

static void a_million_random_things_break_nothing(void **state)
{
    (void)state;
    uint64_t annunciations = 0, changes = 0;
    for (uint64_t seed = 1; seed <= 200; seed++) {
        struct world w;
        open_world(&w, seed);
        for (int step = 0; step < 5000; step++) {
            something_happens(&w);
            if (roll(&w, 3))
                run(&w);
            if (roll(&w, 1000) == 0) {
                run(&w);
                restart(&w);
                run(&w);
            }
        }
        /* Everybody goes home: what is shelved comes back by itself, what is owed stays owed. */
        w.now += 28800000;
        run(&w);
        for (uint32_t i = 0; i < ALARMS; i++)
            assert_false(alarms_state(w.alarms, i)->bits.shelved);
        annunciations += w.annunciations;
        changes += w.changes;
        alarms_free(w.alarms);
    }
    print_message("%llu changes, %llu annunciations\n", (unsigned long long)changes,
                  (unsigned long long)annunciations);
    assert_true(annunciations > 30000);
}

static void a_quiet_tick_looks_at_nobody(void **state)
{
    (void)state;
    enum { N = 10000 };
    struct alarm_rule *rules = calloc(N, sizeof(*rules));
    for (uint32_t i = 0; i < N; i++) {
        rules[i] = a_rule();
        rules[i].on_delay_ms = 1000 + i;
        rules[i].realarm_ms = 3600000;
    }
    struct scene s;
    scene_open(&s, rules, N);
    for (uint32_t i = 0; i < N; i++)
        scene_set(&s, i, i % 2 == 0);
    for (s.now = 0; s.now < 12000; s.now++)
        alarms_run(s.alarms, s.now);
    assert_int_equal(s.heard_count, N / 2);
    for (uint32_t k = 0; k < s.heard_count; k++)
        assert_int_equal(s.heard[k].t_ms, rules[s.heard[k].i].on_delay_ms);
    for (int k = 0; k < 3000000; k++) /* minutes, if each looked at ten thousand */
        alarms_run(s.alarms, s.now);
    scene_close(&s);
    free(rules);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_million_random_things_break_nothing),
        cmocka_unit_test(a_quiet_tick_looks_at_nobody),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
