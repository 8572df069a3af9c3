/* SPDX-License-Identifier: Apache-2.0 */
/* The front of the watch room: from samples to what is told. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "warden_rig.h"

static struct rig *r;

static int begin(void **state)
{
    (void)state;
    r = rig_begin(rig_plant);
    return 0;
}

static int end(void **state)
{
    (void)state;
    rig_end(r);
    return 0;
}

static void only_what_is_watched_is_wanted(void **state)
{
    (void)state;
    static const struct {
        const char *tag;
        bool wanted;
    } facts[] = {
        {"a/one/level", true},  {"a/one/flow", true},   {"a/one/hide", true},
        {"a/one/spare", false}, {"a/two/level", false}, {"b/three/wet", true},
        {"b/three/run", false}, {"b/notch/flow", true}, {"b/notch/rate", false},
    };
    for (size_t i = 0; i < sizeof facts / sizeof *facts; i++) {
        uint32_t tag = plant_find_tag(r->plant, facts[i].tag);
        if (tag == TAG_NONE)
            assert_false(facts[i].wanted);
        else
            assert_int_equal(warden_wants(r->w, tag), facts[i].wanted);
    }
}

static void an_alarm_goes_from_sample_to_hook_after_its_delays(void **state)
{
    (void)state;
    struct note n = {0};
    rig_hold(r, 1, 10 * S);
    rig_number(r, "a/one/level", 2.5);
    int64_t began = r->now;
    rig_hold(r, 2.5, 4 * S);
    assert_int_equal(rig_told(r, 0, "alarm", "a/one/high", NULL, NULL), 0);
    rig_hold(r, 2.5, 4 * S);
    assert_int_equal(rig_told(r, 0, "alarm", "a/one/high", "on", &n), 1);
    assert_int_equal(n.t_ms, began + 5 * S);
    assert_true(fabs(n.x - 2.5) < 1e-9);
    const struct alarm_state *s = rig_state(r, "a/one/high");
    assert_non_null(strstr(s->evidence.text, "2.5 m, above 2 m"));
    assert_string_equal(s->evidence.unit, "m");
    rig_hold(r, 1.9, MIN); /* between its limits it stands */
    assert_int_equal(rig_told(r, 0, "alarm", "a/one/high", "off", NULL), 0);
    rig_hold(r, 1.7, 9 * S);
    assert_int_equal(rig_told(r, 0, "alarm", "a/one/high", "off", NULL), 0);
    rig_hold(r, 1.7, 4 * S);
    assert_int_equal(rig_told(r, 0, "alarm", "a/one/high", "off", NULL), 1);
    assert_int_equal(rig_told(r, 0, "alarm", "a/one/high", "on", NULL), 1);
}

static void bad_quality_freezes_an_alarm_either_way(void **state)
{
    (void)state;
    rig_hold(r, 2.5, 10 * S);
    assert_true(rig_state(r, "a/one/high")->bits.active);
    rig_hold(r, (double)NAN, 5 * S);
    assert_true(rig_state(r, "a/one/high")->frozen);
    rig_hold(r, (double)NAN, MIN);
    assert_true(rig_state(r, "a/one/high")->bits.active);
    rig_hold(r, 1, 30 * S);
    assert_false(rig_state(r, "a/one/high")->frozen);
    assert_false(rig_state(r, "a/one/high")->bits.active);
    uint32_t from = r->count;
    rig_number(r, "a/one/level", 2.5); /* two seconds of its delay, then nothing is known */
    rig_hold(r, 2.5, 2 * S);
    rig_hold(r, (double)NAN, MIN);
    assert_int_equal(rig_told(r, from, "alarm", "a/one/high", "on", NULL), 0);
    rig_hold(r, 2.5, 10 * S);
    assert_int_equal(rig_told(r, from, "alarm", "a/one/high", "on", NULL), 1);
}

static void a_leak_becomes_an_alarm_that_says_what_was_seen_last(void **state)
{
    (void)state;
    struct note n = {0};
    rig_hold(r, 1, 20 * S);
    assert_int_equal(rig_told(r, 0, "leak", "lim", "live", NULL), 1);
    uint32_t from = r->count;
    rig_hold(r, 4, 20 * S);
    assert_int_equal(rig_told(r, from, "leak", "lim", "suspect", NULL), 1);
    assert_int_equal(rig_told(r, from, "alarm", "a/lim/leak", "on", &n), 1);
    assert_true(fabs(n.x - 4) < 1e-9);
    const struct alarm_state *s = rig_state(r, "a/lim/leak");
    assert_non_null(strstr(s->evidence.text, "above the high limit"));
    assert_non_null(strstr(s->evidence.more, "\"class\":\"minor\""));
    from = r->count;
    rig_hold(r, 5.5, 5 * S);
    assert_int_equal(rig_told(r, from, "leak", "lim", "worse", NULL), 1);
    assert_true(fabs(rig_state(r, "a/lim/leak")->evidence.value - 5.5) < 1e-9);
    rig_hold(r, 1, 60 * S);
    assert_int_equal(rig_told(r, from, "alarm", "a/lim/leak", "off", &n), 1);
    assert_true(fabs(n.x - 5.5) < 1e-9); /* when it was last true, not how fine it is now */
}

static void what_a_leak_point_makes_may_be_an_alarm_in_its_turn(void **state)
{
    (void)state;
    struct note n = {0};
    rig_hold(r, 1, 30 * S);
    double flow = r->made[rig_tag(r, "b/notch/flow")].value.real;
    assert_true(flow > 2 && flow < 4);
    r->head = 0.12;
    rig_hold(r, 1, 2 * MIN);
    assert_int_equal(rig_told(r, 0, "alarm", "b/notch/much", "on", &n), 1);
    assert_true(n.x > 20 && n.x < 30);
    r->head = 0.05;
    rig_hold(r, 1, 2 * MIN);
    assert_int_equal(rig_told(r, 0, "alarm", "b/notch/much", "off", NULL), 1);
    rig_bad(r, "b/three/level"); /* a made tag is bad with what it was made of */
    for (int i = 0; i < 20; i++) {
        rig_run(r, r->now + S);
        rig_bad(r, "b/three/level");
    }
    assert_int_equal(r->made[rig_tag(r, "b/notch/flow")].quality, QUALITY_BAD);
    assert_true(rig_state(r, "b/notch/much")->frozen);
}

static void a_critical_leak_opens_an_incident_with_a_bulletin(void **state)
{
    (void)state;
    rig_hold(r, 1, 20 * S);
    for (int i = 0; i < 5; i++) {
        rig_run(r, r->now + S);
        rig_truth(r, "b/three/wet", true);
    }
    assert_int_equal(rig_told(r, 0, "alarm", "b/sw/leak", "on", NULL), 1);
    assert_int_equal(rig_told(r, 0, "incident", NULL, "opened", NULL), 1);
    assert_true(rig_told(r, 0, "bulletin", NULL, "opened", NULL) == 1);
    assert_true(incident_now(warden_incident(r->w))->open);
}

static void a_blind_point_is_an_alarm_at_its_deadline_and_not_before(void **state)
{
    (void)state;
    struct note n = {0};
    rig_hold(r, 1, 20 * S);
    rig_hold(r, (double)NAN, 10 * S);
    assert_int_equal(rig_told(r, 0, "leak", "lim", "blind", &n), 1);
    int64_t blind = n.t_ms;
    struct leak_view v;
    warden_leak(r->w, 0, &v);
    assert_non_null(strstr(v.why, "a/one/level"));
    rig_hold(r, (double)NAN, 50 * MIN);
    assert_int_equal(rig_told(r, 0, "alarm", "a/lim/blind", "on", NULL), 0);
    rig_run(r, blind + HOUR + 1); /* silence is enough */
    assert_int_equal(rig_told(r, 0, "alarm", "a/lim/blind", "on", &n), 1);
    assert_int_equal(n.t_ms, blind + HOUR);
    rig_hold(r, 1, MIN);
    assert_int_equal(rig_told(r, 0, "alarm", "a/lim/blind", "off", NULL), 1);
}

static void an_input_that_is_bad_or_falls_silent_is_an_alarm_of_its_own(void **state)
{
    (void)state;
    static const char path[] = "a/one/level.signal";
    rig_hold(r, 1, 20 * S);
    rig_hold(r, (double)NAN, 2 * MIN);
    assert_int_equal(rig_told(r, 0, "alarm", path, "on", NULL), 1);
    assert_string_equal(rig_state(r, path)->evidence.text, "torn off");
    rig_hold(r, 1, 2 * MIN);
    assert_int_equal(rig_told(r, 0, "alarm", path, "off", NULL), 1);
    rig_run(r, r->now + 5 * MIN); /* nothing comes at all */
    assert_int_equal(rig_told(r, 0, "alarm", path, "on", NULL), 2);
    rig_hold(r, 1, 2 * MIN);
    assert_int_equal(rig_told(r, 0, "alarm", path, "off", NULL), 2);
}

static void minutes_before_a_high_alarm_come_along_and_of_others_not(void **state)
{
    (void)state;
    struct note n = {0};
    rig_hold(r, 1, 5 * MIN);
    r->flow = 120;
    rig_hold(r, 1, 5 * S);
    assert_int_equal(rig_told(r, 0, "alarm", "a/one/much", "on", NULL), 1);
    assert_int_equal(rig_told(r, 0, "capture", NULL, NULL, NULL), 0);
    rig_hold(r, 2.5, 20 * S);
    assert_int_equal(rig_told(r, 0, "capture", "a/one/high", NULL, &n), 1);
    assert_in_range((int)n.x, 115, 125); /* two minutes, a sample a second */
}

static void a_lost_device_and_a_lost_line_speak_for_what_hangs_on_them(void **state)
{
    (void)state;
    uint32_t one = 0, two = 1, three = 2;
    rig_hold(r, 1, 20 * S);
    uint32_t from = r->count;
    warden_device(r->w, one, true, "no answer", r->now);
    r->due = r->now;
    for (int i = 0; i < 120; i++) {
        rig_run(r, r->now + S);
        rig_bad(r, "a/one/level");
    }
    assert_int_equal(rig_told(r, from, "alarm", "a/one/comm-lost", "on", NULL), 1);
    assert_string_equal(rig_state(r, "a/one/comm-lost")->evidence.text, "no answer");
    assert_int_equal(rig_told(r, from, "alarm", "gateway/net/line-lost", "on", NULL), 0);
    assert_true(rig_state(r, "a/one/level.signal")->bits.suppressed);
    warden_device(r->w, two, true, "no answer", r->now);
    r->due = r->now;
    rig_run(r, r->now + 2 * MIN);
    assert_int_equal(rig_told(r, from, "alarm", "gateway/net/line-lost", "on", NULL), 1);
    assert_true(rig_state(r, "a/two/comm-lost")->bits.suppressed);
    assert_true(rig_state(r, "a/one/comm-lost")->bits.suppressed);
    warden_device(r->w, three, true, "no answer", r->now); /* alone on its line */
    r->due = r->now;
    rig_run(r, r->now + 2 * MIN);
    assert_int_equal(rig_told(r, from, "alarm", "b/three/comm-lost", "on", NULL), 1);
    warden_device(r->w, one, false, NULL, r->now);
    warden_device(r->w, two, false, NULL, r->now);
    r->due = r->now;
    rig_hold(r, 1, 2 * MIN);
    assert_int_equal(rig_told(r, from, "alarm", "gateway/net/line-lost", "off", NULL), 1);
    assert_false(rig_state(r, "a/one/comm-lost")->bits.active);
    assert_false(rig_state(r, "a/one/level.signal")->bits.active);
}

static void a_tag_may_hide_an_alarm(void **state)
{
    (void)state;
    rig_hold(r, 1, 10 * S);
    rig_truth(r, "a/one/hide", true);
    r->flow = 60;
    rig_hold(r, 1, MIN);
    assert_true(rig_state(r, "a/one/hidden")->bits.suppressed);
    assert_int_equal(rig_state(r, "a/one/hidden")->seq, 0); /* nobody was called */
    rig_truth(r, "a/one/hide", false);
    rig_hold(r, 1, S);
    assert_false(rig_state(r, "a/one/hidden")->bits.suppressed);
    assert_true(rig_state(r, "a/one/hidden")->bits.active);
    assert_int_equal(rig_state(r, "a/one/hidden")->seq, 1);
    rig_bad(r,
            "a/one/hide"); /* a switch that can't be read hides nothing, and shows nothing anew */
    rig_hold(r, 1, S);
    assert_int_equal(rig_state(r, "a/one/hidden")->seq, 1);
}

static void a_proof_test_is_owed_until_somebody_made_it(void **state)
{
    (void)state;
    struct order o = {.verb = ORDER_PROOF, .alarm = "lim", .user = "Ann"};
    rig_hold(r, 1, 10 * S);
    assert_int_equal(rig_told(r, 0, "alarm", "a/lim/proof", "on", NULL), 1);
    struct order nobody = o, nothing = o, tomorrow = o;
    nobody.user[0] = '\0';
    snprintf(nothing.alarm, sizeof nothing.alarm, "nothing");
    tomorrow.time_ms = r->now + 1;
    assert_non_null(warden_order(r->w, &nobody, r->now));
    assert_non_null(warden_order(r->w, &nothing, r->now));
    assert_non_null(warden_order(r->w, &tomorrow, r->now));
    assert_null(rig_order(r, o));
    rig_hold(r, 1, 10 * S);
    assert_int_equal(rig_told(r, 0, "alarm", "a/lim/proof", "off", NULL), 1);
    assert_int_equal(rig_told(r, 0, "leak", "lim", "proof-test", NULL), 1);
    uint32_t from = r->count;
    rig_restart(r, true, 0); /* a word that a person gave is kept at once */
    rig_hold(r, 1, 10 * S);
    assert_int_equal(rig_told(r, from, "alarm", "a/lim/proof", NULL, NULL), 0);
    r->now += INT64_C(10) * 24 * HOUR;
    r->due = r->now;
    rig_hold(r, 1, 10 * S);
    assert_int_equal(rig_told(r, from, "alarm", "a/lim/proof", "on", NULL), 1);
}

static void a_restart_tells_nothing_twice_and_forgets_nothing(void **state)
{
    (void)state;
    static const bool killed[] = {false, true};
    for (size_t k = 0; k < 2; k++) {
        if (k > 0) {
            rig_end(r);
            r = rig_begin(rig_plant);
        }
        rig_hold(r, 1, 30 * S);
        rig_hold(r, 4, 30 * S);
        struct order ack = {.verb = ORDER_ACK, .alarm = "a/one/high", .minutes = (double)NAN};
        assert_null(rig_order(r, ack));
        uint32_t from = r->count;
        uint64_t seq = rig_state(r, "a/one/high")->seq;
        rig_restart(r, killed[k], 20 * S);
        assert_true(rig_state(r, "a/one/high")->bits.active);
        assert_true(rig_state(r, "a/one/high")->bits.acked);
        assert_string_equal(rig_state(r, "a/one/high")->user, "Ann");
        rig_hold(r, 4, 5 * MIN);
        assert_int_equal(rig_told(r, from, "leak", "lim", NULL, NULL), 0);
        assert_int_equal(rig_told(r, from, "alarm", NULL, "on", NULL), 0);
        assert_int_equal(rig_told(r, from, "alarm", NULL, "off", NULL), 0);
        assert_int_equal(rig_state(r, "a/one/high")->seq, seq);
        assert_true(rig_state(r, "a/lim/leak")->bits.active);
        assert_non_null(strstr(rig_state(r, "a/lim/leak")->evidence.text, "high limit"));
        rig_hold(r, 1, 5 * MIN);
        assert_int_equal(rig_told(r, from, "alarm", "a/one/high", "off", NULL), 1);
        assert_int_equal(rig_told(r, from, "alarm", "a/lim/leak", "off", NULL), 1);
    }
}

static void what_ended_while_nobody_looked_ends_with_the_first_good_samples(void **state)
{
    (void)state;
    rig_hold(r, 4, 30 * S);
    uint32_t from = r->count;
    rig_restart(r, true, 3 * HOUR);
    assert_true(rig_state(r, "a/lim/leak")->bits.active);
    rig_hold(r, 1, 2 * MIN);
    assert_int_equal(rig_told(r, from, "alarm", "a/one/high", "off", NULL), 1);
    assert_int_equal(rig_told(r, from, "alarm", "a/lim/leak", "off", NULL), 1);
    assert_int_equal(rig_told(r, from, "alarm", "a/lim/blind", "on", NULL), 0);
}

static void foreign_bytes_are_refused(void **state)
{
    (void)state;
    static const char *const keys[] = {"alarm/a/one/high", "alarm/none", "leak/lim",
                                       "leak/none",        "proof/lim",  "proof/none",
                                       "incident",         "else",       ""};
    char junk[64] = "junk";
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        assert_false(warden_restore(r->w, keys[i], junk, sizeof junk, r->now));
}

static void orders_reach_whom_they_are_meant_for(void **state)
{
    (void)state;
    rig_hold(r, 4, 30 * S);
    struct order o = {.verb = ORDER_ACK, .alarm = "a/one/none", .minutes = (double)NAN};
    assert_non_null(rig_order(r, o));
    snprintf(o.alarm, sizeof o.alarm, "a/lim/leak");
    assert_null(rig_order(r, o));
    assert_true(rig_state(r, "a/lim/leak")->bits.acked);
    struct order open = {
        .verb = ORDER_INCIDENT, .op = "open", .reason = "a bang", .value = (double)NAN};
    snprintf(open.subject, sizeof open.subject, "a");
    if (incident_now(warden_incident(r->w))->open)
        return;
    const char *why = rig_order(r, open);
    if (why)
        print_message("%s\n", why);
    assert_null(why);
    assert_true(incident_now(warden_incident(r->w))->open);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(only_what_is_watched_is_wanted, begin, end),
        cmocka_unit_test_setup_teardown(an_alarm_goes_from_sample_to_hook_after_its_delays, begin,
                                        end),
        cmocka_unit_test_setup_teardown(bad_quality_freezes_an_alarm_either_way, begin, end),
        cmocka_unit_test_setup_teardown(a_leak_becomes_an_alarm_that_says_what_was_seen_last, begin,
                                        end),
        cmocka_unit_test_setup_teardown(what_a_leak_point_makes_may_be_an_alarm_in_its_turn, begin,
                                        end),
        cmocka_unit_test_setup_teardown(a_critical_leak_opens_an_incident_with_a_bulletin, begin,
                                        end),
        cmocka_unit_test_setup_teardown(a_blind_point_is_an_alarm_at_its_deadline_and_not_before,
                                        begin, end),
        cmocka_unit_test_setup_teardown(an_input_that_is_bad_or_falls_silent_is_an_alarm_of_its_own,
                                        begin, end),
        cmocka_unit_test_setup_teardown(minutes_before_a_high_alarm_come_along_and_of_others_not,
                                        begin, end),
        cmocka_unit_test_setup_teardown(a_lost_device_and_a_lost_line_speak_for_what_hangs_on_them,
                                        begin, end),
        cmocka_unit_test_setup_teardown(a_tag_may_hide_an_alarm, begin, end),
        cmocka_unit_test_setup_teardown(a_proof_test_is_owed_until_somebody_made_it, begin, end),
        cmocka_unit_test_setup_teardown(a_restart_tells_nothing_twice_and_forgets_nothing, begin,
                                        end),
        cmocka_unit_test_setup_teardown(
            what_ended_while_nobody_looked_ends_with_the_first_good_samples, begin, end),
        cmocka_unit_test_setup_teardown(foreign_bytes_are_refused, begin, end),
        cmocka_unit_test_setup_teardown(orders_reach_whom_they_are_meant_for, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
