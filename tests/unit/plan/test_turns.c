/* SPDX-License-Identifier: Apache-2.0 */
/* What is read once, never by itself, or alone. */
#include "small_plant.h"

#include "plan/schedule.h"

struct bench {
    struct arena *arena;
    struct diags *ds;
    struct plant plant;
    const struct plan *plan;
};

static void plan_it(struct bench *b, const struct line *line, const struct device *devices,
                    uint32_t count)
{
    b->arena = arena_new(0);
    b->ds = diags_new();
    b->plant = plant_of(line, 1, devices, count);
    b->plan = plan_build(b->arena, &b->plant, b->ds);
}

static void done(struct bench *b)
{
    arena_free(b->arena);
    diags_free(b->ds);
}

static const struct request *read_of(const struct plan *p, uint16_t first)
{
    for (uint32_t i = 0; i < p->request_count; i++)
        if (p->requests[i].first == first)
            return &p->requests[i];
    return NULL;
}

static void what_is_read_once_does_not_ride_with_what_is_polled(void **state)
{
    (void)state;
    struct point a[] = {point_at(TABLE_HOLDING, 0, 2), point_at(TABLE_HOLDING, 2, 2),
                        point_at(TABLE_HOLDING, 4, 2), point_at(TABLE_HOLDING, 6, 2),
                        point_at(TABLE_HOLDING, 8, 1)};
    a[1].read_mode = READ_ONCE;
    a[2].read_mode = READ_ON_DEMAND;
    struct map map = map_of(a, 5);
    map.identity.point = 3;
    struct line line = tcp_line("one");
    struct device device = device_on(&map, 0, 1);
    struct bench b;
    plan_it(&b, &line, &device, 1);
    assert_non_null(b.plan);
    assert_int_equal(b.plan->request_count, 3);
    const struct request *polled = read_of(b.plan, 0), *once = read_of(b.plan, 2),
                         *identity = read_of(b.plan, 6);
    assert_true(polled && once && identity);
    assert_int_equal(polled->count, 9);
    assert_int_equal(polled->feed_count, 2);
    assert_false(polled->once);
    assert_true(once->once && !once->alone);
    assert_int_equal(once->count, 2);
    assert_int_equal(once->period_ns / NS_PER_S, 24 * 3600);
    assert_true(identity->once);
    assert_int_equal(identity->period_ns / NS_PER_S, 8);
    done(&b);
}

static void who_it_is_is_asked_as_often_as_the_map_says_but_not_more_seldom(void **state)
{
    (void)state;
    static const struct {
        int64_t every_s, period_s;
    } facts[] = {{0, 8}, {2, 2}, {60, 8}};
    for (size_t i = 0; i < sizeof facts / sizeof *facts; i++) {
        struct point a[] = {point_at(TABLE_HOLDING, 0, 2)};
        a[0].every_ns = facts[i].every_s * NS_PER_S;
        a[0].read_mode = READ_ONCE;
        struct map map = map_of(a, 1);
        map.identity.point = 0;
        struct line line = tcp_line("one");
        struct device device = device_on(&map, 0, 1);
        struct bench b;
        plan_it(&b, &line, &device, 1);
        assert_int_equal(b.plan->requests[0].period_ns / NS_PER_S, facts[i].period_s);
        done(&b);
    }
}

static void what_has_a_side_effect_is_read_alone_and_never_in_passing(void **state)
{
    (void)state;
    struct point a[] = {point_at(TABLE_HOLDING, 0, 1), point_at(TABLE_HOLDING, 1, 1),
                        point_at(TABLE_HOLDING, 2, 1), point_at(TABLE_HOLDING, 3, 1),
                        point_at(TABLE_HOLDING, 3, 1)};
    a[1].side_effect = a[3].side_effect = a[4].side_effect = true;
    a[4].every_ns = NS_PER_S / 2;
    struct map map = map_of(a, 5);
    static const uint8_t transports[] = {TRANSPORT_TCP, TRANSPORT_RTU};
    for (size_t t = 0; t < 2; t++) {
        struct line line =
            transports[t] == TRANSPORT_TCP ? tcp_line("one") : serial_line("bus", 19200);
        struct device device = device_on(&map, 0, 1);
        struct bench b;
        plan_it(&b, &line, &device, 1);
        assert_non_null(b.plan);
        assert_int_equal(b.plan->request_count, 4);
        for (uint32_t i = 0; i < 4; i++)
            assert_int_equal(b.plan->requests[i].count, 1);
        assert_true(read_of(b.plan, 1)->alone && read_of(b.plan, 3)->alone);
        assert_false(read_of(b.plan, 0)->alone || read_of(b.plan, 2)->alone);
        assert_int_equal(read_of(b.plan, 3)->feed_count, 2);
        assert_int_equal(read_of(b.plan, 3)->period_ns, NS_PER_S / 2);
        done(&b);
    }
}

static void what_only_people_read_is_not_read_in_passing_if_it_has_a_side_effect(void **state)
{
    (void)state;
    struct point a[] = {point_at(TABLE_HOLDING, 0, 1), point_at(TABLE_HOLDING, 1, 1),
                        point_at(TABLE_HOLDING, 2, 1)};
    struct point other[] = {point_at(TABLE_HOLDING, 4, 1), point_at(TABLE_HOLDING, 6, 1)};
    a[1].side_effect = other[0].side_effect = true;
    a[1].read_mode = other[0].read_mode = READ_ON_DEMAND;
    struct map map = map_of(a, 3), second = map_of(other, 2);
    struct line line = serial_line("bus", 19200);
    struct device devices[] = {device_on(&map, 0, 1), device_on(&second, 0, 1)};
    struct bench b;
    plan_it(&b, &line, devices, 2);
    assert_non_null(b.plan);
    for (uint32_t i = 0; i < b.plan->request_count; i++) {
        const struct request *r = &b.plan->requests[i];
        assert_false(r->first <= 1 && r->first + r->count > 1);
        assert_false(r->first <= 4 && r->first + r->count > 4);
    }
    done(&b);
}

static void a_tag_that_would_touch_a_side_effect_is_refused(void **state)
{
    (void)state;
    struct point a[] = {point_at(TABLE_HOLDING, 0, 2), point_at(TABLE_HOLDING, 1, 1)};
    a[1].side_effect = true;
    struct map map = map_of(a, 2);
    struct line line = tcp_line("one");
    struct device device = device_on(&map, 0, 1);
    struct bench b;
    plan_it(&b, &line, &device, 1);
    assert_null(b.plan);
    assert_true(was_said(b.ds, "has a side effect"));
    done(&b);
}

static void one_that_is_claimed_goes_at_once_and_then_has_its_times(void **state)
{
    (void)state;
    struct request requests[4];
    for (uint32_t i = 0; i < 4; i++)
        requests[i] = (struct request){.id = i,
                                       .unit = 1,
                                       .table = TABLE_HOLDING,
                                       .first = (uint16_t)(i * 10),
                                       .count = 2,
                                       .period_ns = (i + 1) * 10 * NS_PER_S};
    struct line line = tcp_line("one");
    struct plant plant = plant_of(&line, 1, NULL, 0);
    const uint32_t first[] = {0, 4};
    struct plan plan = {&plant, requests, 4, first, MS(50)};
    struct arena *arena = arena_new(0);
    struct schedule *s = schedule_new(arena, &plan, 0, (mono_t){NS_PER_S});
    mono_t now = {NS_PER_S};
    for (uint32_t k = 0; k < 40; k++) {
        const struct request *r = &requests[(k * 7) % 4];
        schedule_claim(s, r, now);
        assert_int_equal(schedule_lateness(s, r, now), 0);
        schedule_done(s, r, mono_add(now, MS(5)));
        /* All of them are still there, each once. */
        uint32_t seen = 0;
        const struct request *taken[4];
        mono_t later = mono_add(now, 100 * NS_PER_S);
        for (uint32_t i = 0; i < 4; i++) {
            taken[i] = schedule_take(s, later);
            assert_non_null(taken[i]);
            seen |= 1U << taken[i]->id;
        }
        assert_null(schedule_take(s, later));
        assert_int_equal(seen, 15);
        for (uint32_t i = 0; i < 4; i++)
            schedule_done(s, taken[i], later);
        now = mono_add(later, MS(1));
    }
    /* Also one that is ready already. */
    now = mono_add(now, 100 * NS_PER_S);
    const struct request *r = schedule_take(s, now);
    schedule_done(s, r, now);
    for (uint32_t i = 0; i < 4; i++) {
        if (&requests[i] == r)
            continue;
        schedule_claim(s, &requests[i], now);
        schedule_done(s, &requests[i], now);
    }
    assert_true(mono_before(now, schedule_due(s)));
    arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_read_once_does_not_ride_with_what_is_polled),
        cmocka_unit_test(who_it_is_is_asked_as_often_as_the_map_says_but_not_more_seldom),
        cmocka_unit_test(what_has_a_side_effect_is_read_alone_and_never_in_passing),
        cmocka_unit_test(what_only_people_read_is_not_read_in_passing_if_it_has_a_side_effect),
        cmocka_unit_test(a_tag_that_would_touch_a_side_effect_is_refused),
        cmocka_unit_test(one_that_is_claimed_goes_at_once_and_then_has_its_times),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
