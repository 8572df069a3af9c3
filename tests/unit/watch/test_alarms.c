/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "alarm_plant.h"

static uint32_t loud(const struct scene *s, uint32_t from)
{
    uint32_t n = 0;
    for (uint32_t k = from; k < s->heard_count; k++)
        n += s->heard[k].name == ALARM_UNACK &&
             (s->heard[k].what == ALARM_DID_ON || s->heard[k].what == ALARM_DID_UNSUPPRESS ||
              s->heard[k].what == ALARM_DID_UNSHELVE || s->heard[k].what == ALARM_DID_IN_SERVICE);
    return n;
}

static void delays_are_kept_to_the_millisecond(void **state)
{
    (void)state;
    struct alarm_rule r = a_rule();
    r.on_delay_ms = 5000;
    r.off_delay_ms = 2000;
    struct scene s;
    scene_open(&s, &r, 1);
    scene_set(&s, 0, true); /* at time 0, which is a time like any other */
    assert_int_equal(alarms_run(s.alarms, 0), 5000);
    assert_int_equal(alarms_run(s.alarms, 4999), 5000);
    assert_string_equal(scene_name(&s, 0), "NORM");
    s.now = 5000;
    assert_int_equal(alarms_run(s.alarms, 5000), INT64_MAX);
    assert_string_equal(scene_name(&s, 0), "UNACK");
    assert_int_equal(alarms_state(s.alarms, 0)->on_ms, 5000);
    assert_int_equal(alarms_state(s.alarms, 0)->source_ms, 0);
    assert_int_equal(alarms_state(s.alarms, 0)->seq, 1);
    s.now = 6000;
    scene_set(&s, 0, false);
    scene_until(&s, 7999);
    scene_set(&s, 0, true); /* came back within its off-delay */
    scene_until(&s, 20000);
    assert_string_equal(scene_name(&s, 0), "UNACK");
    assert_int_equal(s.heard_count, 1);
    scene_set(&s, 0, false);
    scene_until(&s, 22000);
    assert_string_equal(scene_name(&s, 0), "RTNUN");
    assert_int_equal(alarms_state(s.alarms, 0)->off_ms, 22000);
    /* shorter than its delay: nothing */
    scene_set(&s, 0, true);
    scene_until(&s, 26999);
    scene_set(&s, 0, false);
    scene_until(&s, 40000);
    assert_string_equal(scene_name(&s, 0), "RTNUN");
    assert_int_equal(s.heard_count, 2);
    scene_close(&s);
}

static void a_blip_between_two_runs_is_not_lost(void **state)
{
    (void)state;
    struct alarm_rule r = a_rule();
    r.latch = true;
    struct scene s;
    scene_open(&s, &r, 1);
    scene_until(&s, 1000);
    alarms_set(s.alarms, 0, true, NULL, 990, 1000);
    alarms_set(s.alarms, 0, false, NULL, 995, 1000);
    scene_until(&s, 1000);
    assert_int_equal(s.heard_count, 2);
    assert_int_equal(s.heard[0].what, ALARM_DID_ON);
    assert_int_equal(alarms_state(s.alarms, 0)->source_ms, 990);
    assert_string_equal(scene_name(&s, 0), "LUNACK");
    scene_close(&s);
}

static void bad_input_neither_brings_nor_clears(void **state)
{
    (void)state;
    struct alarm_rule r = a_rule();
    r.on_delay_ms = r.off_delay_ms = 5000;
    struct scene s;
    scene_open(&s, &r, 1);
    scene_set(&s, 0, true);
    scene_until(&s, 3000);
    alarms_freeze(s.alarms, 0, true, s.now);
    scene_until(&s, 100000);
    assert_string_equal(scene_name(&s, 0), "NORM");
    assert_true(alarms_state(s.alarms, 0)->frozen);
    alarms_freeze(s.alarms, 0, false, s.now);
    scene_until(&s, 104999); /* the delay begins anew with good data */
    assert_string_equal(scene_name(&s, 0), "NORM");
    scene_until(&s, 105000);
    assert_string_equal(scene_name(&s, 0), "UNACK");
    scene_set(&s, 0, false);
    scene_until(&s, 108000);
    alarms_freeze(s.alarms, 0, true, s.now);
    scene_until(&s, 10000000);
    assert_string_equal(scene_name(&s, 0), "UNACK");
    /* it can still be acknowledged */
    assert_null(alarms_order(s.alarms, 0, &(struct order){.verb = ORDER_ACK, .user = "a"}, s.now));
    assert_string_equal(scene_name(&s, 0), "ACKED");
    alarms_freeze(s.alarms, 0, false, s.now);
    scene_until(&s, 10005000);
    assert_string_equal(scene_name(&s, 0), "NORM");
    /* true on good data, and blind before anybody looked: told, then frozen */
    s.rules[0].on_delay_ms = 0;
    scene_set(&s, 0, true);
    alarms_freeze(s.alarms, 0, true, s.now);
    uint32_t from = s.heard_count;
    scene_until(&s, s.now + 1);
    assert_int_equal(s.heard_count - from, 2);
    assert_int_equal(s.heard[from].what, ALARM_DID_ON);
    assert_int_equal(s.heard[from + 1].what, ALARM_DID_FREEZE);
    scene_close(&s);
}

static void a_thousand_in_a_second_come_critical_first_and_in_their_order(void **state)
{
    (void)state;
    enum { N = 1000 };
    struct alarm_rule *rules = calloc(N, sizeof(*rules));
    for (uint32_t i = 0; i < N; i++) {
        rules[i] = a_rule();
        rules[i].priority = (uint8_t)(i % 10 == 3 ? PRIORITY_CRITICAL : i % PRIORITY_CRITICAL);
        rules[i].group = i % 7;
    }
    struct scene s;
    scene_open(&s, rules, N);
    scene_until(&s, 1000000);
    uint32_t first[7];
    int64_t firsts[7];
    for (int g = 0; g < 7; g++)
        firsts[g] = INT64_MAX;
    for (uint32_t i = 0; i < N; i++) {
        int64_t source = 1000000 - (int64_t)(i * 7919 % N);
        alarms_set(s.alarms, i, true, NULL, source, 1000000);
        if (source < firsts[i % 7]) {
            firsts[i % 7] = source;
            first[i % 7] = i;
        }
    }
    scene_until(&s, 1000000);
    assert_int_equal(s.heard_count, N);
    for (uint32_t k = 1; k < N; k++) {
        const struct alarm_rule *x = &rules[s.heard[k - 1].i], *y = &rules[s.heard[k].i];
        assert_true(x->priority >= y->priority);
        if (x->priority == y->priority)
            assert_true(alarms_state(s.alarms, s.heard[k - 1].i)->source_ms <=
                        alarms_state(s.alarms, s.heard[k].i)->source_ms);
    }
    for (uint32_t i = 0; i < N; i++)
        assert_int_equal(alarms_state(s.alarms, i)->first_out, i == first[i % 7]);
    struct alarm_figures f;
    alarms_figures(s.alarms, s.now, &f);
    assert_int_equal(f.in_day, N);
    assert_int_equal(f.in_10_min, N);
    assert_int_equal(f.top_used, 10);
    assert_true(f.flood);
    scene_close(&s);
    free(rules);
}

/* 0: the line, 1: the PLC, from 2: its signals, and one limit of it at the end. */
enum { SIGNALS = 200, LIMIT = SIGNALS + 2, PLC_COUNT };

static struct alarm_rule *plc(int64_t comm_ms, int64_t signal_ms)
{
    struct alarm_rule *rules = calloc(PLC_COUNT, sizeof(*rules));
    for (uint32_t i = 0; i < PLC_COUNT; i++) {
        rules[i] = a_rule();
        rules[i].origin = (uint8_t)(i == 0      ? ALARM_LINE_LOST
                                    : i == 1    ? ALARM_DEVICE_LOST
                                    : i < LIMIT ? ALARM_SIGNAL
                                                : ALARM_CONDITION);
        rules[i].parent = i == 0 ? RULE_NONE : i == 1 ? 0 : 1;
        rules[i].on_delay_ms = i < 2 ? comm_ms : i < LIMIT ? signal_ms : 5000;
        rules[i].priority = PRIORITY_LOW;
    }
    return rules;
}

static void a_lost_plc_with_two_hundred_tags_is_one_alarm(void **state)
{
    (void)state;
    static const struct {
        const char *title;
        int64_t signal_ms,
            notice_ms; /* the signals' own delay; the loss is noticed so much later */
        bool line;
    } cases[] = {
        {"at once", 0, 0, false},
        {"signals first", 0, 3000, false},
        {"signals with a delay", 10000, 3000, false},
        {"slow signals", 60000, 3000, false},
        {"with its line", 10000, 3000, true},
    };
    for (size_t c = 0; c < sizeof(cases) / sizeof(cases[0]); c++) {
        print_message("%s\n", cases[c].title);
        struct alarm_rule *rules = plc(30000, cases[c].signal_ms);
        struct scene s;
        scene_open(&s, rules, PLC_COUNT);
        scene_until(&s, 50000);
        for (uint32_t i = 2; i < LIMIT; i++)
            scene_set(&s, i, true);
        alarms_freeze(s.alarms, LIMIT, true, s.now);
        scene_until(&s, s.now + cases[c].notice_ms);
        scene_set(&s, 1, true);
        scene_set(&s, 0, cases[c].line);
        scene_until(&s, s.now + 600000);
        assert_int_equal(loud(&s, 0), 1);
        assert_string_equal(scene_name(&s, cases[c].line ? 0 : 1), "UNACK");
        for (uint32_t i = cases[c].line ? 1 : 2; i < PLC_COUNT; i++)
            assert_string_equal(scene_name(&s, i), "DSUPR");
        /* It answers again; its tags are read one after the other within the next seconds, but one
         * of them stays bad, which is now news of its own. */
        scene_set(&s, 0, false);
        scene_set(&s, 1, false);
        alarms_freeze(s.alarms, LIMIT, false, s.now);
        scene_until(&s, s.now + 3000);
        for (uint32_t i = 3; i < LIMIT; i++)
            scene_set(&s, i, false);
        scene_until(&s, s.now + 600000);
        assert_int_equal(loud(&s, 0), 2);
        assert_string_equal(scene_name(&s, 2), "UNACK");
        assert_string_equal(scene_name(&s, 3), "NORM");
        scene_close(&s);
        free(rules);
    }
}

static void a_child_waits_only_while_its_parent_decides(void **state)
{
    (void)state;
    struct alarm_rule *rules = plc(30000, 0);
    struct scene s;
    scene_open(&s, rules, PLC_COUNT);
    scene_set(&s, 1, true);
    scene_set(&s, LIMIT, true); /* on good data */
    scene_until(&s, 20000);
    assert_string_equal(scene_name(&s, LIMIT), "NORM");
    scene_set(&s, 1, false); /* not lost after all */
    scene_until(&s, 20001);
    assert_string_equal(scene_name(&s, LIMIT), "UNACK");
    /* A parent that can't decide holds nobody. */
    scene_set(&s, LIMIT, false);
    scene_until(&s, 30000);
    scene_set(&s, 1, true);
    alarms_freeze(s.alarms, 1, true, s.now);
    scene_set(&s, LIMIT, true);
    scene_until(&s, 36000);
    assert_string_equal(scene_name(&s, LIMIT), "UNACK");
    scene_close(&s);
    free(rules);
}

static void what_stood_on_good_data_stays_in_sight_when_its_plc_is_lost(void **state)
{
    (void)state;
    struct alarm_rule *rules = plc(30000, 0);
    struct scene s;
    scene_open(&s, rules, PLC_COUNT);
    scene_set(&s, LIMIT, true);
    scene_until(&s, 10000);
    assert_string_equal(scene_name(&s, LIMIT), "UNACK");
    alarms_freeze(s.alarms, LIMIT, true, s.now);
    scene_set(&s, 1, true);
    scene_until(&s, 100000);
    assert_string_equal(scene_name(&s, 1), "UNACK");
    assert_string_equal(scene_name(&s, LIMIT), "UNACK");
    assert_true(alarms_state(s.alarms, LIMIT)->frozen);
    scene_close(&s);
    free(rules);
}

static void the_plants_own_reason_hides_and_gives_back(void **state)
{
    (void)state;
    struct alarm_rule r = a_rule();
    struct scene s;
    scene_open(&s, &r, 1);
    alarms_suppress(s.alarms, 0, true, 0);
    scene_until(&s, 10);
    assert_string_equal(scene_name(&s, 0), "DSUPR");
    scene_set(&s, 0, true);
    scene_until(&s, 20);
    assert_string_equal(scene_name(&s, 0), "DSUPR");
    assert_int_equal(alarms_state(s.alarms, 0)->seq, 0);
    alarms_suppress(s.alarms, 0, false, s.now);
    scene_until(&s, 30);
    assert_string_equal(scene_name(&s, 0), "UNACK");
    assert_int_equal(alarms_state(s.alarms, 0)->seq, 1);
    scene_close(&s);
}

static void an_alarm_that_gets_worse_is_told_again(void **state)
{
    (void)state;
    struct alarm_rule r = a_rule();
    struct scene s;
    scene_open(&s, &r, 1);
    scene_set(&s, 0, true);
    alarms_worse(s.alarms, 0, PRIORITY_HIGH, 0); /* before it was told: once is enough */
    scene_until(&s, 10);
    assert_int_equal(s.heard_count, 1);
    assert_int_equal(alarms_state(s.alarms, 0)->priority, PRIORITY_HIGH);
    struct order o = an_order(ORDER_ACK);
    assert_null(alarms_order(s.alarms, 0, &o, 11));
    o = an_order(ORDER_SHELVE);
    strcpy(o.reason, "known");
    assert_null(alarms_order(s.alarms, 0, &o, 12));
    alarms_worse(s.alarms, 0, PRIORITY_MEDIUM, 13);
    scene_until(&s, 20);
    assert_string_equal(scene_name(&s, 0), "SHLVD");
    alarms_worse(s.alarms, 0, PRIORITY_CRITICAL, 20); /* outgrows its shelf */
    scene_until(&s, 30);
    assert_string_equal(scene_name(&s, 0), "UNACK");
    assert_int_equal(alarms_state(s.alarms, 0)->priority, PRIORITY_CRITICAL);
    assert_int_equal(alarms_state(s.alarms, 0)->seq, 2);
    assert_non_null(alarms_order(s.alarms, 0, &o, 31)); /* critical isn't shelved */
    scene_set(&s, 0, false);
    o = an_order(ORDER_ACK);
    assert_null(alarms_order(s.alarms, 0, &o, 32));
    scene_until(&s, 40);
    assert_string_equal(scene_name(&s, 0), "NORM");
    assert_int_equal(alarms_state(s.alarms, 0)->priority, PRIORITY_MEDIUM);
    scene_close(&s);
}

static void a_forgotten_alarm_comes_again(void **state)
{
    (void)state;
    struct alarm_rule r = a_rule();
    r.realarm_ms = 1800000;
    struct scene s;
    scene_open(&s, &r, 1);
    scene_set(&s, 0, true);
    scene_until(&s, 1000);
    struct order o = an_order(ORDER_ACK);
    assert_null(alarms_order(s.alarms, 0, &o, s.now));
    scene_until(&s, 1800999);
    assert_string_equal(scene_name(&s, 0), "ACKED");
    scene_until(&s, 1801000);
    assert_string_equal(scene_name(&s, 0), "UNACK");
    assert_int_equal(s.heard[s.heard_count - 1].what, ALARM_DID_REALARM);
    assert_int_equal(alarms_state(s.alarms, 0)->seq, 2);
    scene_close(&s);
}

static void first_out_is_the_first_since_the_group_was_quiet(void **state)
{
    (void)state;
    struct alarm_rule r[3] = {a_rule(), a_rule(), a_rule()};
    r[0].group = r[1].group = 4;
    r[2].group = 0;
    r[0].ack_required = r[1].ack_required = false;
    struct scene s;
    scene_open(&s, r, 3);
    scene_set(&s, 1, true);
    scene_until(&s, 10);
    scene_set(&s, 0, true);
    scene_set(&s, 2, true);
    scene_until(&s, 20);
    assert_true(alarms_state(s.alarms, 1)->first_out);
    assert_false(alarms_state(s.alarms, 0)->first_out);
    assert_true(alarms_state(s.alarms, 2)->first_out); /* of another group */
    scene_set(&s, 1, false);
    scene_until(&s, 30);
    scene_set(&s, 1, true); /* the group wasn't quiet in between */
    scene_until(&s, 40);
    assert_false(alarms_state(s.alarms, 1)->first_out);
    scene_set(&s, 0, false);
    scene_set(&s, 1, false);
    scene_until(&s, 50);
    scene_set(&s, 0, true);
    scene_until(&s, 60);
    assert_true(alarms_state(s.alarms, 0)->first_out);
    scene_close(&s);
}

static void chatter_is_flagged_slowed_and_forgiven(void **state)
{
    (void)state;
    struct alarm_rule r = a_rule();
    r.off_delay_ms = 1000;
    struct scene s;
    scene_open(&s, &r, 1);
    uint64_t seq = 0;
    for (int k = 0; k < 3; k++) {
        assert_false(alarms_state(s.alarms, 0)->chattering);
        scene_set(&s, 0, true);
        scene_until(&s, s.now + 5000);
        scene_set(&s, 0, false);
        scene_until(&s, s.now + 5000);
        assert_int_equal(alarms_state(s.alarms, 0)->seq, ++seq); /* never dropped */
    }
    assert_true(alarms_state(s.alarms, 0)->chattering);
    assert_int_equal(alarms_state(s.alarms, 0)->off_delay_ms, 2000);
    for (int k = 0; k < 100; k++) {
        scene_set(&s, 0, k % 2 == 0);
        scene_until(&s, s.now + 4000);
    }
    assert_true(alarms_state(s.alarms, 0)->seq < 8);
    assert_true(alarms_state(s.alarms, 0)->chattering);
    assert_true(alarms_state(s.alarms, 0)->off_delay_ms <= 60000);
    struct alarm_figures f;
    alarms_figures(s.alarms, s.now, &f);
    assert_int_equal(f.chattering, 1);
    assert_int_equal(f.chattering_list.used, 1);
    scene_until(&s, s.now + 121000);
    assert_false(alarms_state(s.alarms, 0)->chattering);
    assert_int_equal(alarms_state(s.alarms, 0)->off_delay_ms, 1000);
    assert_int_equal(s.heard[s.heard_count - 1].what, ALARM_DID_CALM);
    scene_close(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(delays_are_kept_to_the_millisecond),
        cmocka_unit_test(a_blip_between_two_runs_is_not_lost),
        cmocka_unit_test(bad_input_neither_brings_nor_clears),
        cmocka_unit_test(a_thousand_in_a_second_come_critical_first_and_in_their_order),
        cmocka_unit_test(a_lost_plc_with_two_hundred_tags_is_one_alarm),
        cmocka_unit_test(a_child_waits_only_while_its_parent_decides),
        cmocka_unit_test(what_stood_on_good_data_stays_in_sight_when_its_plc_is_lost),
        cmocka_unit_test(the_plants_own_reason_hides_and_gives_back),
        cmocka_unit_test(an_alarm_that_gets_worse_is_told_again),
        cmocka_unit_test(a_forgotten_alarm_comes_again),
        cmocka_unit_test(first_out_is_the_first_since_the_group_was_quiet),
        cmocka_unit_test(chatter_is_flagged_slowed_and_forgiven),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
