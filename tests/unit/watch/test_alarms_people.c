/* SPDX-License-Identifier: Apache-2.0 */
/* What people ask of alarms, how many are too many, and what survives a restart. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "alarm_plant.h"

static void orders_that_cannot_be_done_say_why(void **state)
{
    (void)state;
    static const struct {
        const char *title;
        bool active, critical;
        struct order o;
        const char *want; /* how the refusal begins; NULL: done */
    } cases[] = {
        {"ack without a name", true, false, {.verb = ORDER_ACK}, "user:"},
        {"ack", true, false, {.verb = ORDER_ACK, .user = "a"}, NULL},
        {"ack of nothing", false, false, {.verb = ORDER_ACK, .user = "a"}, "not_active"},
        {"ack with seq",
         true,
         false,
         {.verb = ORDER_ACK, .user = "a", .has_seq = true, .seq = 2},
         NULL},
        {"ack of an old seq",
         true,
         false,
         {.verb = ORDER_ACK, .user = "a", .has_seq = true, .seq = 1},
         "stale: it has been annunciated again since (seq 2)"},
        {"ack of seq 0", true, false, {.verb = ORDER_ACK, .user = "a", .has_seq = true}, "stale"},
        {"ack of the future",
         true,
         false,
         {.verb = ORDER_ACK, .user = "a", .has_seq = true, .seq = 3},
         "seq:"},
        {"reset without a name", true, false, {.verb = ORDER_RESET}, "user:"},
        {"reset of an active one", true, false, {.verb = ORDER_RESET, .user = "a"}, "active"},
        {"reset of nothing", false, false, {.verb = ORDER_RESET, .user = "a"}, "not_latched"},
        {"reset of an old seq",
         true,
         false,
         {.verb = ORDER_RESET, .user = "a", .has_seq = true, .seq = 1},
         "stale"},
        {"a cause of one's own",
         true,
         false,
         {.verb = ORDER_RESET, .user = "a", .cause = "gremlins"},
         "cause:"},
        {"shelve without a name",
         true,
         false,
         {.verb = ORDER_SHELVE, .reason = "r", .minutes = 5},
         "user:"},
        {"shelve without a reason",
         true,
         false,
         {.verb = ORDER_SHELVE, .user = "a", .minutes = 5},
         "reason:"},
        {"shelve",
         true,
         false,
         {.verb = ORDER_SHELVE, .user = "a", .reason = "r", .minutes = 5},
         NULL},
        {"shelve for the longest",
         true,
         false,
         {.verb = ORDER_SHELVE, .user = "a", .reason = "r", .minutes = 480},
         NULL},
        {"shelve for too long",
         true,
         false,
         {.verb = ORDER_SHELVE, .user = "a", .reason = "r", .minutes = 480.1},
         "minutes: from 1 to 480"},
        {"shelve for no time",
         true,
         false,
         {.verb = ORDER_SHELVE, .user = "a", .reason = "r", .minutes = 0},
         "minutes:"},
        {"shelve for ever",
         true,
         false,
         {.verb = ORDER_SHELVE, .user = "a", .reason = "r", .minutes = (double)INFINITY},
         "minutes:"},
        {"shelve backwards",
         true,
         false,
         {.verb = ORDER_SHELVE, .user = "a", .reason = "r", .minutes = -(double)INFINITY},
         "minutes:"},
        {"shelve a critical one",
         true,
         true,
         {.verb = ORDER_SHELVE, .user = "a", .reason = "r", .minutes = 5},
         "not_shelvable"},
        {"unshelve what isn't", true, false, {.verb = ORDER_UNSHELVE, .user = "a"}, "not_shelved"},
        {"oos without a name", true, false, {.verb = ORDER_OOS, .reason = "r"}, "user:"},
        {"oos without a reason", true, false, {.verb = ORDER_OOS, .user = "a"}, "reason:"},
        {"oos", true, true, {.verb = ORDER_OOS, .user = "a", .reason = "r"}, NULL},
        {"into service what is", true, false, {.verb = ORDER_IN_SERVICE}, "not_out_of_service"},
        {"another room's verb", true, false, {.verb = ORDER_DRILL, .user = "a"}, "verb:"},
    };
    for (size_t c = 0; c < sizeof(cases) / sizeof(cases[0]); c++) {
        struct alarm_rule r = a_rule();
        if (cases[c].critical) {
            r.priority = PRIORITY_CRITICAL;
            r.shelvable = false;
        }
        r.ack_required = false;
        struct scene s;
        scene_open(&s, &r, 1);
        for (int k = 0; k < 4; k++) {
            scene_set(&s, 0, k % 2 == 0);
            scene_until(&s, s.now + 100000);
        }
        scene_set(&s, 0, cases[c].active);
        if (cases[c].active) { /* seq 2, whatever came before */
            scene_close(&s);
            scene_open(&s, &r, 1);
            scene_set(&s, 0, true);
            scene_until(&s, 10);
            scene_set(&s, 0, false);
            scene_until(&s, 20);
            scene_set(&s, 0, true);
        }
        scene_until(&s, s.now + 10);
        uint32_t heard = s.heard_count;
        const char *got = alarms_order(s.alarms, 0, &cases[c].o, s.now);
        bool ok =
            cases[c].want ? got && strncmp(got, cases[c].want, strlen(cases[c].want)) == 0 : !got;
        if (!ok)
            fail_msg("%s: %s", cases[c].title, got ? got : "done");
        assert_int_equal(s.heard_count - heard, cases[c].want ? 0 : 1);
        scene_close(&s);
    }
}

static void a_verdict_at_reset_is_counted(void **state)
{
    (void)state;
    struct alarm_rule r = a_rule();
    r.latch = true;
    struct scene s;
    scene_open(&s, &r, 1);
    static const char *const causes[] = {"leak", "leak", "instrument", "", "operation"};
    for (int k = 0; k < 5; k++) {
        scene_set(&s, 0, true);
        scene_until(&s, s.now + 100000);
        scene_set(&s, 0, false);
        scene_until(&s, s.now + 100000);
        struct order o = an_order(ORDER_RESET);
        strcpy(o.cause, causes[k]);
        assert_non_null(alarms_order(s.alarms, 0, &o, s.now)); /* ack first */
        struct order ack = an_order(ORDER_ACK);
        assert_null(alarms_order(s.alarms, 0, &ack, s.now));
        assert_string_equal(scene_name(&s, 0), "LACK");
        assert_null(alarms_order(s.alarms, 0, &o, s.now));
        assert_string_equal(scene_name(&s, 0), "NORM");
        assert_string_equal(alarms_state(s.alarms, 0)->user, "r.miner");
    }
    struct alarm_figures f;
    alarms_figures(s.alarms, s.now, &f);
    assert_int_equal(f.causes[0], 2);
    assert_int_equal(f.causes[1], 1);
    assert_int_equal(f.causes[2], 1);
    assert_int_equal(f.causes[3], 1);
    assert_true(f.ack_median_s == 200);
    scene_close(&s);
}

static void shelved_alarms_always_come_back(void **state)
{
    (void)state;
    struct alarm_rule r = a_rule();
    struct scene s;
    scene_open(&s, &r, 1);
    scene_set(&s, 0, true);
    scene_until(&s, 1000);
    struct order o = an_order(ORDER_SHELVE);
    strcpy(o.reason, "float is being cleaned");
    o.minutes = 30;
    assert_null(alarms_order(s.alarms, 0, &o, s.now));
    assert_string_equal(alarms_state(s.alarms, 0)->reason, "float is being cleaned");
    scene_until(&s, 1000 + 1800000 - 1);
    assert_string_equal(scene_name(&s, 0), "SHLVD");
    scene_until(&s, 1000 + 1800000);
    assert_string_equal(scene_name(&s, 0), "UNACK"); /* still true: told again */
    assert_int_equal(alarms_state(s.alarms, 0)->seq, 2);
    assert_string_equal(alarms_state(s.alarms, 0)->reason, "");
    /* one-shot: until it is off */
    o.one_shot = true;
    o.minutes = (double)NAN;
    assert_null(alarms_order(s.alarms, 0, &o, s.now));
    scene_until(&s, s.now + 1000);
    scene_set(&s, 0, false);
    scene_until(&s, s.now + 1000);
    assert_int_not_equal(alarms_state(s.alarms, 0)->bits.mode, ALARM_SHELVED);
    /* ... and at the longest as long as any shelving */
    scene_set(&s, 0, true);
    scene_until(&s, s.now + 1000);
    assert_null(alarms_order(s.alarms, 0, &o, s.now));
    scene_until(&s, s.now + 28800000);
    assert_string_equal(scene_name(&s, 0), "UNACK");
    scene_close(&s);
}

static void a_flood_begins_above_ten_and_ends_below_five(void **state)
{
    (void)state;
    enum { N = 21, FLOOD = 20 };
    struct alarm_rule r[N];
    for (uint32_t i = 0; i < N; i++) {
        r[i] = a_rule();
        r[i].priority = i % 2 ? PRIORITY_LOW : PRIORITY_HIGH;
        r[i].origin = i == FLOOD ? ALARM_FLOOD : ALARM_CONDITION;
    }
    struct scene s;
    scene_open(&s, r, N);
    for (uint32_t i = 0; i < 10; i++) {
        scene_set(&s, i, true);
        scene_until(&s, s.now + 30000);
    }
    assert_string_equal(scene_name(&s, FLOOD), "NORM");
    assert_false(alarms_hidden_by_flood(s.alarms, 11));
    scene_set(&s, 10, true); /* the eleventh, at 300 s */
    scene_until(&s, s.now + 1);
    assert_string_equal(scene_name(&s, FLOOD), "UNACK");
    assert_true(alarms_state(s.alarms, FLOOD)->evidence.value == 11);
    assert_true(alarms_hidden_by_flood(s.alarms, 11));
    assert_false(alarms_hidden_by_flood(s.alarms, 12)); /* high ones are always told */
    assert_false(alarms_hidden_by_flood(s.alarms, FLOOD));
    for (uint32_t i = 11; i < 16; i++) {
        scene_set(&s, i, true);
        scene_until(&s, s.now + 1);
    }
    struct alarm_figures f;
    alarms_figures(s.alarms, s.now, &f);
    assert_true(f.flood);
    assert_int_equal(f.in_10_min, 16);
    assert_int_equal(f.flood_hidden, 3);
    assert_int_equal(f.standing[PRIORITY_HIGH], 9); /* with the flood's own */
    /* Ten leave the window from 600 s to 870 s, one by one; the other six together at 900 s. */
    scene_until(&s, 899000);
    assert_true(alarms_state(s.alarms, FLOOD)->bits.active);
    scene_until(&s, 902000);
    assert_false(alarms_state(s.alarms, FLOOD)->bits.active);
    assert_false(alarms_hidden_by_flood(s.alarms, 11));
    alarms_figures(s.alarms, s.now, &f);
    assert_false(f.flood);
    assert_string_equal(alarms_state(s.alarms, FLOOD)->evidence.more,
                        "\"annunciations\":6,\"low\":3");
    assert_in_range(f.flood_s_day, 599, 601);
    assert_int_equal(f.in_hour, 16);
    assert_int_equal(f.max_in_10_min, 16);
    assert_int_equal(f.by_priority_day[PRIORITY_LOW], 8);
    assert_true(f.flood_windows_share == 0.5); /* the first ten minutes, not the second */
    /* A jump of a month leaves nothing behind. */
    scene_until(&s, s.now + INT64_C(30) * 86400000);
    alarms_figures(s.alarms, s.now, &f);
    assert_int_equal(f.in_day, 0);
    assert_int_equal(f.flood_s_day, 0);
    assert_int_equal(f.top_used, 0);
    assert_int_equal(f.stale, 16);
    assert_true(isnan(f.ack_median_s));
    scene_close(&s);
}

static void figures_are_what_one_counts_by_hand(void **state)
{
    (void)state;
    struct alarm_rule r[3] = {a_rule(), a_rule(), a_rule()};
    struct scene s;
    scene_open(&s, r, 3);
    scene_until(&s, 0);
    /* 20 of the first, 4 of the second, within 24 minutes; each acknowledged after 1 s, 2 s, ... */
    for (uint32_t k = 0; k < 24; k++) {
        uint32_t i = k % 6 == 5;
        scene_until(&s, k * INT64_C(60000));
        scene_set(&s, i, true);
        scene_until(&s, s.now + 1000 * (k + 1));
        struct order o = an_order(ORDER_ACK);
        assert_null(alarms_order(s.alarms, i, &o, s.now));
        scene_set(&s, i, false);
    }
    scene_until(&s, INT64_C(3600000));
    struct alarm_figures f;
    alarms_figures(s.alarms, s.now, &f);
    assert_int_equal(f.in_day, 24);
    assert_int_equal(f.max_in_10_min, 10);
    assert_int_equal(f.top_used, 2);
    assert_int_equal(f.top[0], 0);
    assert_int_equal(f.top_count[0], 20);
    assert_int_equal(f.top_count[1], 4);
    assert_true(f.top10_share == 1);
    assert_true(f.ack_median_s == 12.5);
    assert_true(f.ack_p90_s == 22);
    assert_true(f.flood_windows_share == 0);
    scene_close(&s);
}

static void what_people_know_survives_a_restart(void **state)
{
    (void)state;
    struct alarm_rule r[5] = {a_rule(), a_rule(), a_rule(), a_rule(), a_rule()};
    for (int i = 0; i < 5; i++)
        r[i].group = 0;
    r[2].latch = true;
    r[4].suppress_by = 7;
    struct scene s, t;
    scene_open(&s, r, 5);
    struct alarm_evidence e = {.value = 1.31, .limit = 1.2, .unit = "m", .text = "high"};
    alarms_set(s.alarms, 0, true, &e, 0, 0);
    for (uint32_t i = 1; i < 4; i++)
        scene_set(&s, i, true);
    alarms_suppress(s.alarms, 4, true, 0);
    scene_until(&s, 10);
    struct order o = an_order(ORDER_ACK);
    assert_null(alarms_order(s.alarms, 1, &o, 10));
    scene_set(&s, 2, false);
    o = an_order(ORDER_SHELVE);
    strcpy(o.reason, "r");
    o.minutes = 10;
    assert_null(alarms_order(s.alarms, 3, &o, 10));
    scene_until(&s, 5000);
    alarms_freeze(s.alarms, 0, true, 5000);
    scene_until(&s, 5001);

    scene_open(&t, r, 5);
    t.now = 6000;
    unsigned char *bytes = malloc(alarms_save_size());
    for (uint32_t i = 0; i < 5; i++) {
        alarms_save(s.alarms, i, bytes);
        assert_true(alarms_restore(t.alarms, i, bytes, alarms_save_size(), t.now));
    }
    scene_until(&t, 500000);
    assert_int_equal(t.heard_count, 0);
    static const char *const want[] = {"UNACK", "ACKED", "LUNACK", "SHLVD", "DSUPR"};
    for (uint32_t i = 0; i < 5; i++) {
        assert_string_equal(scene_name(&t, i), want[i]);
        assert_int_equal(alarms_state(t.alarms, i)->seq, alarms_state(s.alarms, i)->seq);
    }
    assert_true(alarms_state(t.alarms, 0)->evidence.value == 1.31);
    assert_true(alarms_state(t.alarms, 0)->first_out);
    assert_string_equal(alarms_state(t.alarms, 1)->user, "r.miner");
    /* An active one stays so until its condition is looked at again; the shelf expires on time. */
    scene_set(&t, 0, false);
    scene_until(&t, 600010);
    assert_string_equal(scene_name(&t, 0), "RTNUN");
    assert_string_equal(scene_name(&t, 3), "UNACK");
    assert_false(alarms_state(t.alarms, 3)->first_out); /* the group wasn't quiet */
    /* Bytes of another kind are refused, and nothing changes. */
    alarms_save(s.alarms, 0, bytes);
    assert_false(alarms_restore(t.alarms, 0, bytes, alarms_save_size() - 1, t.now));
    for (size_t k = 0; k < alarms_save_size(); k += 7) {
        bytes[k] ^= 0x10;
        assert_false(alarms_restore(t.alarms, 0, bytes, alarms_save_size(), t.now));
        bytes[k] ^= 0x10;
    }
    assert_string_equal(scene_name(&t, 0), "RTNUN");
    free(bytes);
    scene_close(&s);
    scene_close(&t);
}

static void a_floods_alarm_ends_when_a_restart_has_forgotten_its_counts(void **state)
{
    (void)state;
    enum { N = 12, FLOOD = 11 };
    struct alarm_rule r[N];
    for (uint32_t i = 0; i < N; i++) {
        r[i] = a_rule();
        r[i].origin = i == FLOOD ? ALARM_FLOOD : ALARM_CONDITION;
    }
    struct scene s, t;
    scene_open(&s, r, N);
    for (uint32_t i = 0; i < FLOOD; i++)
        scene_set(&s, i, true);
    scene_until(&s, 10);
    assert_string_equal(scene_name(&s, FLOOD), "UNACK");
    scene_open(&t, r, N);
    t.now = 20;
    unsigned char *bytes = malloc(alarms_save_size());
    for (uint32_t i = 0; i < N; i++) {
        alarms_save(s.alarms, i, bytes);
        assert_true(alarms_restore(t.alarms, i, bytes, alarms_save_size(), t.now));
    }
    scene_until(&t, 100);
    assert_string_equal(scene_name(&t, FLOOD), "RTNUN"); /* and still to be acknowledged */
    assert_string_equal(scene_name(&t, 0), "UNACK");
    assert_int_equal(t.heard_count, 1);
    free(bytes);
    scene_close(&s);
    scene_close(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(orders_that_cannot_be_done_say_why),
        cmocka_unit_test(a_verdict_at_reset_is_counted),
        cmocka_unit_test(shelved_alarms_always_come_back),
        cmocka_unit_test(a_flood_begins_above_ten_and_ends_below_five),
        cmocka_unit_test(figures_are_what_one_counts_by_hand),
        cmocka_unit_test(what_people_know_survives_a_restart),
        cmocka_unit_test(a_floods_alarm_ends_when_a_restart_has_forgotten_its_counts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
