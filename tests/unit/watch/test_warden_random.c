/* SPDX-License-Identifier: Apache-2.0 */
/* A warden that is replaced at any moment, while anything comes in: no alarm may get lost on the
 * way, or be told twice, and when all is calm what stands is what should. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "warden_rig.h"

static uint64_t seed;

static uint32_t roll(uint32_t n)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return (uint32_t)((seed >> 11) % n);
}

/* What was told of each alarm is what the warden believes, before and after a restart. */
static void agree(struct rig *r)
{
    for (uint32_t i = 0; i < r->plant->alarm_count; i++)
        if (alarms_state(warden_alarms(r->w), i)->bits.active != r->active[i])
            fail_msg("%s: told %d", r->plant->alarms[i].path, r->active[i]);
}

static void something(struct rig *r)
{
    static const char *const numbers[] = {"a/one/level", "a/one/flow", "b/three/level"};
    static const double most[] = {6, 150, 0.2};
    static const char *const truths[] = {"b/three/wet", "a/one/hide"};
    uint32_t which = roll(20), n = roll(3);
    if (which < 11)
        rig_number(r, numbers[n], roll(1000) * most[n] / 1000);
    else if (which < 14)
        rig_bad(r, numbers[n]);
    else if (which < 17)
        rig_truth(r, truths[roll(2)], roll(3) == 0);
    else if (which == 17)
        rig_bad(r, truths[roll(2)]);
    else
        warden_device(r->w, roll(3), roll(2) == 0, "no answer", r->now);
    r->due = r->now;
    rig_run(r, r->now);
}

static void somebody(struct rig *r)
{
    static const uint8_t verbs[] = {ORDER_ACK,      ORDER_RESET, ORDER_SHELVE,
                                    ORDER_UNSHELVE, ORDER_OOS,   ORDER_IN_SERVICE};
    struct order o = {.verb = verbs[roll(sizeof verbs)],
                      .minutes = 1 + roll(30),
                      .user = "Ann",
                      .reason = "maintenance",
                      .cause = "unknown",
                      .value = (double)NAN};
    snprintf(o.alarm, sizeof o.alarm, "%s", r->plant->alarms[roll(r->plant->alarm_count)].path);
    rig_order(r, o);
}

static void restart(struct rig *r)
{
    static const int64_t downs[] = {0, 1, 500, 3 * S, MIN, 20 * MIN, 3 * HOUR};
    uint32_t told = r->count;
    agree(r);
    rig_restart(r, roll(2) == 0, downs[roll(7)]);
    agree(r);
    assert_int_equal(r->count, told);
}

static void all_in_service(struct rig *r)
{
    for (uint32_t i = 0; i < r->plant->alarm_count; i++) {
        static const uint8_t verbs[] = {ORDER_IN_SERVICE, ORDER_UNSHELVE};
        for (size_t k = 0; k < 2; k++) {
            struct order o = {
                .verb = verbs[k], .minutes = (double)NAN, .user = "Ann", .value = (double)NAN};
            snprintf(o.alarm, sizeof o.alarm, "%s", r->plant->alarms[i].path);
            rig_order(r, o);
        }
    }
}

static void settle(struct rig *r, double level, double flow, double head)
{
    for (uint32_t d = 0; d < r->plant->device_count; d++)
        warden_device(r->w, d, false, NULL, r->now);
    rig_truth(r, "a/one/hide", false);
    r->flow = flow;
    r->head = head;
    rig_hold(r, level, 5 * MIN);
}

static void calm_is_calm_and_trouble_is_trouble(struct rig *r)
{
    static const char *const watched[] = {"a/one/high", "a/one/much", "a/one/hidden", "a/lim/leak",
                                          "b/notch/much"};
    all_in_service(r);
    settle(r, 1, 10, 0.05);
    for (size_t i = 0; i < 5; i++)
        if (rig_state(r, watched[i])->bits.active)
            fail_msg("%s stands though all is calm", watched[i]);
    for (uint32_t i = 0; i < r->plant->alarm_count; i++) {
        uint8_t origin = r->plant->alarms[i].origin;
        if (r->active[i] && (origin == ALARM_SIGNAL || origin == ALARM_BLIND))
            fail_msg("%s stands: %s", r->plant->alarms[i].path,
                     alarms_state(warden_alarms(r->w), i)->evidence.text);
    }
    settle(r, 4, 120, 0.12);
    for (size_t i = 0; i < 5; i++)
        if (!rig_state(r, watched[i])->bits.active)
            fail_msg("%s is missing", watched[i]);
    agree(r);
}

static void no_alarm_is_forgotten_or_doubled(void **state)
{
    (void)state;
    const char *asked = getenv("HEADGATE_STORM");
    uint32_t rounds = asked ? (uint32_t)strtoul(asked, NULL, 10) : 20, restarts = 0;
    struct rig *r = rig_begin(rig_plant);
    seed = 20060204;
    for (uint32_t n = 0; n < rounds; n++) {
        for (uint32_t i = 0; i < 600; i++) {
            static const int64_t pauses[] = {0, 1, 200, S, S, S, 5 * S, 40 * S, 10 * MIN};
            rig_run(r, r->now + pauses[roll(9)]);
            something(r);
            if (roll(40) == 0)
                somebody(r);
            if (roll(60) == 0) {
                restart(r);
                restarts++;
            }
        }
        calm_is_calm_and_trouble_is_trouble(r);
        r->count = 0;
    }
    print_message("%u restarts\n", restarts);
    rig_end(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_alarm_is_forgotten_or_doubled),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
