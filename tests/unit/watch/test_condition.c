/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <math.h>

#include "watch/capture.h"
#include "watch/condition.h"

struct step {
    int64_t t_ms;
    double x;
    bool on;
};

static void run(const struct alarm_condition *rule, const struct step *steps, size_t count)
{
    struct condition_state c = {0};
    for (size_t i = 0; i < count; i++) {
        struct value v = {.kind = VALUE_REAL, .real = steps[i].x};
        bool was = c.on, first = !c.known;
        bool news = condition_sample(&c, rule, &v, steps[i].t_ms);
        if (c.on != steps[i].on)
            fail_msg("step %zu: x %g at %lld ms: on is %d", i, steps[i].x, (long long)steps[i].t_ms,
                     c.on);
        assert_true(news == (first || c.on != was));
    }
}
#define RUN(rule, ...)                                                                             \
    do {                                                                                           \
        static const struct step steps[] = {__VA_ARGS__};                                          \
        run(rule, steps, sizeof steps / sizeof *steps);                                            \
    } while (0)

static void above_holds_until_the_clear_value(void **state)
{
    (void)state;
    const struct alarm_condition rule = {
        .kind = CONDITION_ABOVE, .limit = 1.2, .clear = 1.0, .samples = 1};
    RUN(&rule, {0, 1.2, false}, {1, 1.21, true}, {2, 1.1, true}, {3, 1.0, false}, {4, 1.1, false},
        {5, 1.3, true});
}

static void below_is_its_mirror(void **state)
{
    (void)state;
    const struct alarm_condition rule = {
        .kind = CONDITION_BELOW, .limit = 1.0, .clear = 1.2, .samples = 1};
    RUN(&rule, {0, 1.0, false}, {1, 0.99, true}, {2, 1.1, true}, {3, 1.2, false});
}

static void slow_tags_need_readings_in_a_row(void **state)
{
    (void)state;
    const struct alarm_condition rule = {
        .kind = CONDITION_ABOVE, .limit = 5, .clear = 5, .samples = 2};
    RUN(&rule, {0, 6, false}, {1, 4, false}, {2, 6, false}, {3, 6, true}, {4, 4, false});
}

static void a_change_counts_within_its_time_only(void **state)
{
    (void)state;
    const struct alarm_condition rises = {
        .kind = CONDITION_RISES, .limit = 0.1, .within_ms = 32000, .samples = 1};
    RUN(&rises, {0, 1.0, false}, {10000, 1.05, false}, {20000, 1.11, true}, {31000, 1.10, true},
        {40000, 1.10, false}, {80000, 1.19, false});
    const struct alarm_condition falls = {
        .kind = CONDITION_FALLS, .limit = 0.1, .within_ms = 32000, .samples = 1};
    RUN(&falls, {0, 1.0, false}, {10000, 1.5, false}, {20000, 1.4, true}, {60000, 1.4, false});
}

static void words_and_truths_are_compared(void **state)
{
    (void)state;
    const struct alarm_condition word = {
        .kind = CONDITION_IS, .word = "tripped", .limit = (double)NAN, .samples = 1};
    struct condition_state c = {0};
    const struct value tripped = {.kind = VALUE_TEXT, .text = "tripped", .length = 7};
    const struct value running = {.kind = VALUE_TEXT, .text = "tripper", .length = 7};
    assert_true(condition_sample(&c, &word, &running, 0));
    assert_false(c.on);
    assert_true(condition_sample(&c, &word, &tripped, 1));
    assert_true(c.on);
    const struct alarm_condition truth = {.kind = CONDITION_IS, .limit = 1, .samples = 1};
    c = (struct condition_state){0};
    condition_sample(&c, &truth, &(struct value){.kind = VALUE_BOOL, .truth = true}, 2);
    assert_true(c.on);
    condition_sample(&c, &truth, &(struct value){.kind = VALUE_BOOL, .truth = false}, 3);
    assert_false(c.on);
}

static void a_ring_keeps_the_last_minutes_in_order(void **state)
{
    (void)state;
    const int64_t every[] = {1000, 10};
    struct capture *c = capture_new(every, 2, 10000);
    static struct capture_sample out[CAPTURE_MAX];
    assert_non_null(c);
    assert_int_equal(capture_get(c, 0, 0, out), 0);
    for (int i = 0; i < 100; i++)
        capture_put(c, 0, i, i * 1000);
    assert_int_equal(capture_get(c, 0, 99000, out), 11);
    assert_int_equal(out[0].t_ms, 89000);
    assert_true(out[10].x > 98.5 && out[10].x < 99.5);
    assert_int_equal(capture_get(c, 0, 104000, out), 6); /* what is older isn't told */
    for (int i = 0; i < 5000; i++)
        capture_put(c, 1, i, i * 10);
    assert_int_equal(capture_get(c, 1, 50000, out), 1000);
    assert_int_equal(out[999].t_ms, 49990);
    capture_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(above_holds_until_the_clear_value),
        cmocka_unit_test(below_is_its_mirror),
        cmocka_unit_test(slow_tags_need_readings_in_a_row),
        cmocka_unit_test(a_change_counts_within_its_time_only),
        cmocka_unit_test(words_and_truths_are_compared),
        cmocka_unit_test(a_ring_keeps_the_last_minutes_in_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
