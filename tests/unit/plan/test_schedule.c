/* SPDX-License-Identifier: Apache-2.0 */
/* Weeks of asking in simulated time. */
#include "small_plant.h"

#include <stdlib.h>

#include "plan/schedule.h"

enum { MANY_LINES = 500 };

struct bench {
    struct arena *arena;
    struct request requests[4 * MANY_LINES];
    uint32_t first_request[MANY_LINES + 1];
    struct line wires[MANY_LINES];
    struct plant plant;
    struct plan plan;
    struct schedule *lines[MANY_LINES];
};

/* Lines that all have the same requests. */
static void set_up(struct bench *b, uint32_t lines, const int64_t *periods, uint32_t each)
{
    memset(b, 0, sizeof *b);
    b->arena = arena_new(0);
    for (uint32_t i = 0; i < lines; i++) {
        for (uint32_t k = 0; k < each; k++)
            b->requests[i * each + k] =
                (struct request){.id = i * each + k, .line = i, .period_ns = periods[k]};
        b->first_request[i + 1] = (i + 1) * each;
    }
    b->plant.tick_ns = MS(50);
    b->plant.lines = b->wires;
    b->plan = (struct plan){.plant = &b->plant,
                            .requests = b->requests,
                            .request_count = lines * each,
                            .first_request = b->first_request,
                            .tick_ns = MS(50)};
    for (uint32_t i = 0; i < lines; i++)
        b->lines[i] = schedule_new(b->arena, &b->plan, i, (mono_t){NS_PER_S});
}

static struct bench bench;

static void every_line_speaks_early_and_then_evenly_over_the_ticks(void **state)
{
    const int64_t periods[] = {NS_PER_S, NS_PER_S, 2 * NS_PER_S};
    enum { TICKS = 40 }; /* of two seconds */
    uint32_t per_tick[TICKS] = {0}, most = 0, total = 0;
    (void)state;
    set_up(&bench, MANY_LINES, periods, 3);
    for (uint32_t i = 0; i < MANY_LINES; i++) {
        struct schedule *s = bench.lines[i];
        assert_true(schedule_due(s).ns - NS_PER_S < MS(300));
        while (schedule_due(s).ns < 11 * NS_PER_S) {
            mono_t now = schedule_due(s);
            const struct request *r = schedule_take(s, now);
            assert_int_equal(now.ns % MS(50), 0);
            if (now.ns >= 5 * NS_PER_S && now.ns < 7 * NS_PER_S)
                per_tick[(now.ns - 5 * NS_PER_S) / MS(50)]++;
            schedule_done(s, r, now);
        }
        assert_int_equal(schedule_overruns(s), 0);
    }
    for (int i = 0; i < TICKS; i++) {
        total += per_tick[i];
        if (per_tick[i] > most)
            most = per_tick[i];
    }
    assert_int_equal(total, MANY_LINES * (2 + 2 + 1));
    assert_true(most * TICKS <= total + total / 20); /* max / mean within 5 % */
    arena_free(bench.arena);
}

static void nothing_drifts_in_a_million_periods(void **state)
{
    const int64_t period = 100 * NS_PER_MS + 1;
    (void)state;
    set_up(&bench, 1, &period, 1);
    struct schedule *s = bench.lines[0];
    int64_t second = 0, due = 0;
    srand(3);
    for (int i = 0; i < 1000001; i++) {
        due = schedule_due(s).ns;
        if (i == 1)
            second = due;
        mono_t now = {due + rand() % MS(60)};
        const struct request *r = schedule_take(s, now);
        assert_int_equal(schedule_lateness(s, r, now), now.ns - due);
        schedule_done(s, r, (mono_t){now.ns + rand() % MS(40)});
    }
    assert_int_equal(due, second + INT64_C(999999) * period);
    assert_int_equal(schedule_overruns(s), 0);
    arena_free(bench.arena);
}

static void an_hours_stall_is_counted_and_not_caught_up(void **state)
{
    const int64_t periods[] = {NS_PER_S, MS(500)};
    (void)state;
    set_up(&bench, 1, periods, 2);
    struct schedule *s = bench.lines[0];
    for (int i = 0; i < 30; i++) {
        mono_t now = schedule_due(s);
        schedule_done(s, schedule_take(s, now), now);
    }
    mono_t back = mono_add(schedule_due(s), 3600 * NS_PER_S);
    unsigned asked = 0;
    for (mono_t now = back; mono_before(now, mono_add(back, NS_PER_S)); now.ns += MS(1)) {
        for (const struct request *r; (r = schedule_take(s, now)) != NULL; asked++)
            schedule_done(s, r, now);
    }
    /* Once for each that was late, then one second's usual number. */
    assert_in_range(asked, 3, 2 + 3);
    assert_in_range(schedule_overruns(s), 3599 + 7199 - 2, 3600 + 7200);
    arena_free(bench.arena);
}

static void the_earliest_deadline_goes_first(void **state)
{
    const int64_t periods[] = {60 * NS_PER_S, NS_PER_S, MS(100), 5 * NS_PER_S};
    (void)state;
    set_up(&bench, 1, periods, 4);
    struct schedule *s = bench.lines[0];
    mono_t now = {NS_PER_S};
    const int order[] = {2, 1, 3, 0};
    const struct request *taken[4];
    for (int i = 0; i < 4; i++) {
        taken[i] = schedule_take(s, now);
        assert_ptr_equal(taken[i], &bench.requests[order[i]]);
    }
    assert_null(schedule_take(s, now));
    assert_int_equal(schedule_due(s).ns, INT64_MAX);
    schedule_done(s, taken[1], now);
    assert_true(mono_before(now, schedule_due(s)));
    arena_free(bench.arena);
}

/* One that was asked out of turn goes on at its own times, and never waits longer for it. */
static void what_is_hastened_is_due_then_and_keeps_its_own_times(void **state)
{
    const int64_t periods[] = {600 * NS_PER_S, NS_PER_S, 600 * NS_PER_S, 3600 * NS_PER_S};
    (void)state;
    set_up(&bench, 1, periods, 4);
    struct schedule *s = bench.lines[0];
    mono_t now = {2 * NS_PER_S}, own[4] = {{0}};
    for (const struct request *r; (r = schedule_take(s, now)) != NULL;)
        schedule_done(s, r, now);
    for (; now.ns < 3700 * NS_PER_S; now = schedule_due(s))
        for (const struct request *r; (r = schedule_take(s, now)) != NULL;) {
            own[r - bench.requests] = now;
            schedule_done(s, r, now);
        }
    mono_t soon = schedule_due(s); /* of the one that is asked each second */
    schedule_hasten(s, &bench.requests[1], mono_add(soon, MS(1)));
    assert_int_equal(schedule_due(s).ns, soon.ns);
    now.ns = soon.ns - MS(10);
    schedule_hasten(s, &bench.requests[3], now);
    schedule_hasten(s, &bench.requests[2], now);
    assert_int_equal(schedule_due(s).ns, now.ns);
    assert_ptr_equal(schedule_take(s, now), &bench.requests[2]);
    schedule_hasten(s, &bench.requests[2], now); /* taken: that is soon enough */
    assert_ptr_equal(schedule_take(s, now), &bench.requests[3]);
    schedule_done(s, &bench.requests[3], now);
    schedule_done(s, &bench.requests[2], now);
    unsigned asked[4] = {0};
    for (mono_t end = mono_add(now, 7200 * NS_PER_S); mono_before(now, end);
         now = mono_min(end, schedule_due(s)))
        for (const struct request *r; (r = schedule_take(s, now)) != NULL;) {
            size_t i = (size_t)(r - bench.requests);
            assert_int_equal((now.ns - own[i].ns) % periods[i], 0);
            asked[i]++;
            schedule_done(s, r, now);
        }
    assert_in_range(asked[2], 11, 12);
    assert_in_range(asked[3], 1, 2);
    arena_free(bench.arena);
}

static void nobody_starves_on_a_line_that_is_too_slow(void **state)
{
    const int64_t periods[] = {MS(100), MS(100), NS_PER_S, 10 * NS_PER_S};
    unsigned asked[4] = {0};
    (void)state;
    set_up(&bench, 1, periods, 4);
    struct schedule *s = bench.lines[0];
    mono_t now = {NS_PER_S}, end = {201 * NS_PER_S};
    while (mono_before(now, end)) {
        const struct request *r = schedule_take(s, now);
        if (r == NULL) {
            now = schedule_due(s);
            continue;
        }
        asked[r - bench.requests]++;
        now.ns += MS(90); /* load 1.9 */
        schedule_done(s, r, now);
    }
    assert_in_range(asked[3], 10, 22);
    assert_in_range(asked[2], 100, 210);
    assert_true(asked[0] > 400 && asked[1] > 400);
    assert_true(schedule_overruns(s) > 500);
    arena_free(bench.arena);
}

static void put_off_means_then_and_afterwards_its_own_times(void **state)
{
    const int64_t period = NS_PER_S;
    (void)state;
    set_up(&bench, 1, &period, 1);
    struct schedule *s = bench.lines[0];
    for (int i = 0; i < 2; i++) {
        mono_t now = schedule_due(s);
        schedule_done(s, schedule_take(s, now), now);
    }
    mono_t own = schedule_due(s), until = mono_add(own, MS(7300));
    const struct request *r = schedule_take(s, own);
    schedule_put_off(s, r, until);
    assert_int_equal(schedule_due(s).ns, until.ns);
    assert_null(schedule_take(s, (mono_t){until.ns - 1}));
    assert_ptr_equal(schedule_take(s, until), r);
    schedule_done(s, r, until);
    assert_int_equal(schedule_due(s).ns, own.ns + 8 * NS_PER_S);
    assert_int_equal(schedule_overruns(s), 0);
    arena_free(bench.arena);
}

static void periods_shorter_than_the_tick_keep_their_rate(void **state)
{
    const int64_t periods[] = {100 * NS_PER_US, NS_PER_MS};
    unsigned asked[2] = {0};
    (void)state;
    set_up(&bench, 1, periods, 2);
    struct schedule *s = bench.lines[0];
    while (schedule_due(s).ns < 2 * NS_PER_S) {
        mono_t now = schedule_due(s);
        const struct request *r = schedule_take(s, now);
        asked[r - bench.requests]++;
        schedule_done(s, r, now);
    }
    assert_in_range(asked[0], 9999, 10001);
    assert_in_range(asked[1], 999, 1001);
    arena_free(bench.arena);
}

static void on_a_bus_something_else_goes_between_two_that_look_alike(void **state)
{
    /* 0, 1 and 3 have answers of the same length; by deadline they would go in order. */
    static const uint16_t counts[] = {16, 16, 20, 16};
    static const int on_bus[] = {0, 2, 1, 3}, on_tcp[] = {0, 1, 2, 3};
    const int64_t periods[] = {NS_PER_S, NS_PER_S + 1, NS_PER_S + 2, NS_PER_S + 3};
    (void)state;
    for (int bus = 0; bus < 2; bus++) {
        set_up(&bench, 1, periods, 4);
        bench.wires[0].transport = bus ? TRANSPORT_RTU : TRANSPORT_TCP;
        for (int i = 0; i < 4; i++) {
            bench.requests[i].table = TABLE_HOLDING;
            bench.requests[i].count = counts[i];
        }
        struct schedule *s = schedule_new(bench.arena, &bench.plan, 0, (mono_t){NS_PER_S});
        for (int i = 0; i < 4; i++)
            assert_ptr_equal(schedule_take(s, (mono_t){2 * NS_PER_S}),
                             &bench.requests[bus ? on_bus[i] : on_tcp[i]]);
        arena_free(bench.arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_line_speaks_early_and_then_evenly_over_the_ticks),
        cmocka_unit_test(nothing_drifts_in_a_million_periods),
        cmocka_unit_test(an_hours_stall_is_counted_and_not_caught_up),
        cmocka_unit_test(the_earliest_deadline_goes_first),
        cmocka_unit_test(what_is_hastened_is_due_then_and_keeps_its_own_times),
        cmocka_unit_test(nobody_starves_on_a_line_that_is_too_slow),
        cmocka_unit_test(put_off_means_then_and_afterwards_its_own_times),
        cmocka_unit_test(periods_shorter_than_the_tick_keep_their_rate),
        cmocka_unit_test(on_a_bus_something_else_goes_between_two_that_look_alike),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
