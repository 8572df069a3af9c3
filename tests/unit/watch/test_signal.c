/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "points.h"

enum { S = 1000, MIN = 60 * S, HOUR = 60 * MIN };

static const struct pair pond[] = {{0, 0}, {1, 24000}, {4, 132000}, {6, 234000}};

struct desk { /* one signal, read every minute */
    struct signal signal;
    struct signal_rule rule;
    int64_t t;
    double out;
};

static struct desk level_desk(void)
{
    struct leak_rule leak = point_rule(LEAK_BALANCE);
    leak.stage = pond;
    leak.stage_count = 4;
    leak.nominal = 420;
    struct leak_input in = {.role = ROLE_LEVEL, .partner = -1, .factor = 1, .every_ms = MIN};
    struct desk d = {.rule = signal_rule_of(&leak, &in, MIN)};
    signal_init(&d.signal, 0);
    return d;
}

static struct desk meter_desk(void)
{
    struct leak_rule leak = point_rule(LEAK_BALANCE);
    leak.nominal = 100;
    struct leak_input in = {.role = ROLE_OUT, .partner = 1, .factor = 1, .every_ms = 10 * S};
    struct desk d = {.rule = signal_rule_of(&leak, &in, 10 * S)};
    signal_init(&d.signal, 0);
    return d;
}

static enum signal_verdict offer_running(struct desk *d, double x, int running)
{
    d->t += d->rule.every_ms;
    signal_tick(&d->signal, &d->rule, d->t);
    return signal_offer(&d->signal, &d->rule, x, running, d->t, &d->out);
}

static enum signal_verdict offer(struct desk *d, double x)
{
    return offer_running(d, x, -1);
}

/* Noise of 1..3 mm that never repeats, around `x`. */
static double noisy(double x, int i)
{
    static const double mm[] = {0, 2, -1, 3, -2, 1, -3, 2, 0, -1, 3};
    return x + mm[i % 11] * 0.001;
}

static void a_spike_is_held_out_and_the_next_reading_is_taken(void **state)
{
    (void)state;
    struct desk d = level_desk();
    assert_near(d.rule.max_jump, 0.03, 1e-9);
    for (int i = 0; i < 20; i++)
        assert_int_equal(offer(&d, noisy(4, i)), SIGNAL_TAKE);
    assert_int_equal(offer(&d, 4.5), SIGNAL_HOLD);
    assert_int_equal(offer(&d, 3.1), SIGNAL_HOLD);
    assert_true(signal_fit(&d.signal));
    assert_int_equal(offer(&d, noisy(4, 3)), SIGNAL_TAKE);
}

/* 84 m3/h into 6 m2, read every ten seconds, with pumps of 40 m3/h: 4 cm from reading to reading.
 */
static void a_flood_in_a_sump_is_no_spike(void **state)
{
    (void)state;
    static const struct pair shaft[] = {{0, 0}, {5, 30}};
    struct leak_rule leak = point_rule(LEAK_SUMP);
    struct leak_input inputs[] = {
        {.role = ROLE_LEVEL, .partner = -1, .factor = 1},
        {.role = ROLE_PUMP, .partner = -1, .factor = 1, .digital = true, .nominal = 40}};
    leak.inputs = inputs;
    leak.input_count = 2;
    leak.stage = shaft;
    leak.stage_count = 2;
    struct desk d = {.rule = signal_rule_of(&leak, &inputs[0], 10 * S)};
    signal_init(&d.signal, 0);
    for (int i = 0; i < 20; i++)
        offer(&d, noisy(1, i));
    assert_int_equal(offer(&d, 1.5), SIGNAL_HOLD);
    for (int i = 1; i < 40; i++)
        assert_int_equal(offer(&d, noisy(1 + 0.039 * i, i)), SIGNAL_TAKE);
}

static void ten_outliers_that_agree_are_a_step(void **state)
{
    (void)state;
    struct desk d = level_desk();
    for (int i = 0; i < 20; i++)
        offer(&d, noisy(4, i));
    for (int i = 0; i < 9; i++)
        assert_int_equal(offer(&d, noisy(4.05, i)), SIGNAL_HOLD);
    assert_int_equal(offer(&d, 4.05), SIGNAL_STEP);
    assert_near(d.out, 4.05, 1e-9);
    assert_int_equal(offer(&d, 4.051), SIGNAL_TAKE);
    /* Fast, but one way: the plant, not the instrument. */
    for (int i = 0; i < 9; i++)
        assert_int_equal(offer(&d, 4.2 + 0.1 * i), SIGNAL_HOLD);
    assert_int_equal(offer(&d, 5.1), SIGNAL_STEP);
}

static void a_filling_tank_does_not_hide_that_its_transmitter_was_set_anew(void **state)
{
    (void)state;
    struct desk d = level_desk();
    double x = 2;
    for (int i = 0; i < 30; i++, x += 0.005) {
        signal_expect(&d.signal, 0.005, false, MIN);
        assert_int_equal(offer(&d, x), SIGNAL_TAKE);
    }
    for (int i = 0; i < 10; i++, x += 0.005) {
        signal_expect(&d.signal, 0.005, false, MIN);
        assert_int_equal(offer(&d, x - 0.05), i < 9 ? SIGNAL_HOLD : SIGNAL_STEP);
    }
}

static void ten_outliers_that_contradict_each_other_are_a_sick_instrument(void **state)
{
    (void)state;
    struct desk d = level_desk();
    static const double wild[] = {1, 5.5, 2, 0.3, 5, 2.5, 3.3, 0.7, 5.2, 1.4, 5.9, 0.2};
    for (int i = 0; i < 20; i++)
        offer(&d, noisy(4, i));
    for (int i = 0; i < 12; i++)
        assert_int_not_equal(offer(&d, wild[i]), SIGNAL_STEP);
    assert_int_equal(d.signal.fault, SIGNAL_SPIKE);
    assert_false(signal_fit(&d.signal));
    assert_int_equal(offer(&d, 4.001), SIGNAL_TAKE);
    assert_true(signal_fit(&d.signal));
}

static void after_silence_the_plant_may_have_gone_further(void **state)
{
    (void)state;
    struct desk d = level_desk();
    for (int i = 0; i < 20; i++)
        offer(&d, noisy(4, i));
    d.t += 30 * MIN;
    assert_true(signal_tick(&d.signal, &d.rule, d.t));
    assert_int_equal(d.signal.fault, SIGNAL_STALE);
    assert_int_equal(offer(&d, 4.25), SIGNAL_REFUSE); /* a spike, as it turns out */
    assert_int_equal(offer(&d, 4.2), SIGNAL_REFUSE);
    assert_int_equal(offer(&d, 4.201), SIGNAL_REFUSE);
    assert_int_equal(offer(&d, 4.2), SIGNAL_TAKE);
    assert_int_equal(offer(&d, 4.201), SIGNAL_TAKE);
    assert_int_equal(offer(&d, 4.0), SIGNAL_HOLD);
}

static void bad_quality_is_a_fault_after_three_periods_and_not_before(void **state)
{
    (void)state;
    struct desk d = level_desk();
    offer(&d, 4);
    assert_int_equal(offer(&d, (double)NAN), SIGNAL_HOLD);
    assert_int_equal(offer(&d, (double)INFINITY), SIGNAL_HOLD);
    assert_true(signal_fit(&d.signal));
    assert_int_equal(offer(&d, (double)NAN), SIGNAL_REFUSE);
    assert_int_equal(d.signal.fault, SIGNAL_BAD);
    assert_int_equal(offer(&d, 4), SIGNAL_TAKE);
    assert_int_equal(d.signal.fault, SIGNAL_FINE);
}

static void never_heard_is_bad_and_silence_is_stale(void **state)
{
    (void)state;
    struct desk d = level_desk();
    assert_false(signal_tick(&d.signal, &d.rule, 3 * MIN - 1));
    assert_false(signal_fit(&d.signal));
    assert_true(signal_tick(&d.signal, &d.rule, 3 * MIN));
    assert_int_equal(d.signal.fault, SIGNAL_BAD);
}

/* `run` readings of each value; then it stands. Minutes until somebody says so. */
static int64_t stands(struct desk *d, int run, double metres_per_min)
{
    for (int i = 0; i < 400; i++) {
        signal_expect(&d->signal, metres_per_min, false, MIN);
        assert_int_equal(offer(d, noisy(4, i / run)), SIGNAL_TAKE);
    }
    int64_t from = d->t;
    enum signal_verdict v = SIGNAL_TAKE;
    while (v == SIGNAL_TAKE) {
        signal_expect(&d->signal, metres_per_min, false, MIN);
        v = offer(d, 4.0005);
    }
    assert_int_equal(d->signal.fault, SIGNAL_STUCK);
    return (d->t - from) / MIN;
}

static void noise_that_goes_and_movement_that_fails_to_come_are_noticed_early(void **state)
{
    (void)state;
    struct desk lively = level_desk(), slow = level_desk(), moving = level_desk();
    assert_in_range(stands(&lively, 1, 0), 11, 25);
    assert_in_range(stands(&slow, 8, 0), 30, 32);
    assert_in_range(stands(&moving, 1, 0.003), 4, 8);
}

static void without_flows_a_calm_after_noise_is_given_two_hours(void **state)
{
    (void)state;
    struct desk d = level_desk();
    for (int i = 0; i < 400; i++)
        assert_int_equal(offer(&d, noisy(4, i)), SIGNAL_TAKE);
    int64_t from = d.t;
    while (offer(&d, 4.0005) == SIGNAL_TAKE)
        ;
    assert_in_range(d.t - from, 2 * HOUR, 2 * HOUR + 2 * MIN);
}

static void a_stuck_level_has_to_move_thrice(void **state)
{
    (void)state;
    struct desk d = level_desk();
    stands(&d, 1, 0);
    /* One spike isn't life; three moves are. */
    assert_int_equal(offer(&d, 4.2), SIGNAL_REFUSE);
    assert_int_equal(offer(&d, 4.0005), SIGNAL_REFUSE);
    assert_int_equal(offer(&d, 4.01), SIGNAL_REFUSE);
    assert_int_equal(offer(&d, 4.011), SIGNAL_REFUSE);
    assert_int_equal(offer(&d, 4.010), SIGNAL_TAKE);
}

static void a_quiet_level_is_stuck_only_when_the_flows_say_that_it_should_have_moved(void **state)
{
    (void)state;
    struct desk d = level_desk();
    for (int i = 0; i < 100; i++) /* fills smoothly, 1 mm a minute */
        assert_int_equal(offer(&d, 2 + 0.001 * i), SIGNAL_TAKE);
    double x = 2.099;
    for (int i = 0; i < 12 * 60; i++) { /* at rest for a night */
        signal_expect(&d.signal, 0, true, MIN);
        assert_int_equal(offer(&d, x), SIGNAL_TAKE);
    }
    offer(&d, x += 0.001);
    int64_t from = d.t;
    while (d.signal.fault == SIGNAL_FINE && d.t - from < 2 * HOUR) {
        signal_expect(&d.signal, 0.0002, false, MIN);
        offer(&d, x);
    }
    assert_int_equal(d.signal.fault, SIGNAL_STUCK);
    assert_in_range(d.t - from, 30 * MIN, 31 * MIN);
}

static void a_quiet_level_that_nobody_can_check_is_stuck_after_eight_hours(void **state)
{
    (void)state;
    struct desk d = level_desk();
    for (int i = 0; i < 10; i++)
        offer(&d, 2 + 0.001 * i);
    int64_t from = d.t;
    while (d.signal.fault == SIGNAL_FINE && d.t < 24 * HOUR)
        offer(&d, 2.009);
    assert_int_equal(d.signal.fault, SIGNAL_STUCK);
    assert_in_range(d.t - from, 8 * HOUR, 8 * HOUR + 2 * MIN);
}

static void a_meter_is_checked_against_its_pump(void **state)
{
    (void)state;
    struct desk d = meter_desk();
    for (int i = 0; i < 60; i++)
        assert_int_equal(offer_running(&d, 80, 1), SIGNAL_TAKE);
    int64_t from = d.t;
    while (offer_running(&d, 0.5, 1) == SIGNAL_TAKE)
        ;
    assert_int_equal(d.signal.fault, SIGNAL_DEAD);
    assert_in_range(d.t - from, 2 * MIN, 2 * MIN + 20 * S);
    /* A dead meter at a standing pump has proved nothing. */
    for (int i = 0; i < 60; i++)
        assert_int_equal(offer_running(&d, 0, 0), SIGNAL_REFUSE);
    from = d.t;
    while (offer_running(&d, 80, 1) != SIGNAL_TAKE)
        ;
    assert_in_range(d.t - from, 2 * MIN, 2 * MIN + 20 * S);
    from = d.t;
    while (offer_running(&d, 6, 0) == SIGNAL_TAKE)
        ;
    assert_int_equal(d.signal.fault, SIGNAL_GHOST);
    assert_in_range(d.t - from, 2 * MIN, 2 * MIN + 20 * S);
    /* Unknown feedback accuses nobody. */
    struct desk e = meter_desk();
    for (int i = 0; i < 100; i++)
        assert_int_equal(offer_running(&e, 0, -1), SIGNAL_TAKE);
}

static void each_role_gets_the_care_it_needs(void **state)
{
    (void)state;
    static const struct {
        enum leak_kind kind;
        enum input_role role;
        bool digital, spikes, stuck;
    } facts[] = {
        {LEAK_BALANCE, ROLE_LEVEL, false, true, true},
        {LEAK_BALANCE, ROLE_IN, false, false, false},
        {LEAK_BALANCE, ROLE_RAIN, false, false, false},
        {LEAK_SUMP, ROLE_LEVEL, false, true, true},
        {LEAK_SUMP, ROLE_FLOAT, true, false, false},
        {LEAK_LIMIT, ROLE_VALUE, false, false, false},
        {LEAK_ROC, ROLE_VALUE, false, false, false},
        {LEAK_SWITCH, ROLE_SWITCH, true, false, false},
        {LEAK_WEIR, ROLE_HEAD, false, false, false},
    };
    for (size_t i = 0; i < sizeof facts / sizeof *facts; i++) {
        struct leak_rule leak = point_rule(facts[i].kind);
        leak.stage = pond;
        leak.stage_count = 4;
        struct leak_input in = {.role = (uint8_t)facts[i].role,
                                .partner = -1,
                                .factor = 1,
                                .digital = facts[i].digital};
        struct signal_rule r = signal_rule_of(&leak, &in, MIN);
        assert_int_equal(r.max_jump > 0, facts[i].spikes);
        assert_int_equal(r.stuck_ms > 0, facts[i].stuck);
        leak.max_jump = 0.5;
        leak.stuck_ms = HOUR;
        r = signal_rule_of(&leak, &in, MIN);
        bool own = !facts[i].digital && (facts[i].role == ROLE_LEVEL ||
                                         facts[i].role == ROLE_VALUE || facts[i].role == ROLE_HEAD);
        assert_int_equal(r.max_jump > 0, own);
        assert_int_equal(r.stuck_ms == HOUR, own);
        leak.stuck_ms = -1;
        assert_int_equal(signal_rule_of(&leak, &in, MIN).stuck_ms, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_spike_is_held_out_and_the_next_reading_is_taken),
        cmocka_unit_test(a_flood_in_a_sump_is_no_spike),
        cmocka_unit_test(ten_outliers_that_agree_are_a_step),
        cmocka_unit_test(a_filling_tank_does_not_hide_that_its_transmitter_was_set_anew),
        cmocka_unit_test(ten_outliers_that_contradict_each_other_are_a_sick_instrument),
        cmocka_unit_test(after_silence_the_plant_may_have_gone_further),
        cmocka_unit_test(bad_quality_is_a_fault_after_three_periods_and_not_before),
        cmocka_unit_test(never_heard_is_bad_and_silence_is_stale),
        cmocka_unit_test(noise_that_goes_and_movement_that_fails_to_come_are_noticed_early),
        cmocka_unit_test(without_flows_a_calm_after_noise_is_given_two_hours),
        cmocka_unit_test(a_stuck_level_has_to_move_thrice),
        cmocka_unit_test(a_quiet_level_is_stuck_only_when_the_flows_say_that_it_should_have_moved),
        cmocka_unit_test(a_quiet_level_that_nobody_can_check_is_stuck_after_eight_hours),
        cmocka_unit_test(a_meter_is_checked_against_its_pump),
        cmocka_unit_test(each_role_gets_the_care_it_needs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
