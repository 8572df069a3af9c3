/* SPDX-License-Identifier: Apache-2.0 */
/* From plants to requests, feeds and remarks. */
#include "small_plant.h"

#include <stdlib.h>

struct bench {
    struct arena *arena;
    struct diags *ds;
    struct plant plant;
    const struct plan *plan;
};

static struct bench planned(const struct line *lines, uint32_t line_count,
                            const struct device *devices, uint32_t device_count)
{
    struct bench b = {arena_new(0), diags_new(), plant_of(lines, line_count, devices, device_count),
                      NULL};
    static struct plant kept;
    kept = b.plant;
    b.plan = plan_build(b.arena, &kept, b.ds);
    return b;
}

static void done(struct bench *b)
{
    arena_free(b->arena);
    diags_free(b->ds);
}

static void requests_stand_by_line_and_feeds_by_device_and_point(void **state)
{
    (void)state;
    struct point a[] = {point_at(TABLE_HOLDING, 4, 2), point_at(TABLE_HOLDING, 0, 2),
                        point_at(TABLE_INPUT, 7, 1),   point_at(TABLE_COIL, 3, 1),
                        point_at(TABLE_HOLDING, 2, 2), point_at(TABLE_HOLDING, 0, 1)};
    a[4].from = 0; /* computed: not read */
    struct map map = map_of(a, 6);
    struct line lines[] = {tcp_line("one"), tcp_line("idle"), tcp_line("two")};
    struct device devices[] = {device_on(&map, 2, 1), device_on(&map, 0, 9), device_on(&map, 0, 9),
                               device_on(&map, 0, 2)};
    struct bench b = planned(lines, 3, devices, 4);
    assert_non_null(b.plan);
    assert_int_equal(diags_count(b.ds), 0);
    assert_int_equal(b.plan->request_count, 9);
    const uint32_t first[] = {0, 6, 6, 9};
    assert_memory_equal(b.plan->first_request, first, sizeof first);
    uint32_t feeds = 0;
    for (uint32_t i = 0; i < 9; i++) {
        const struct request *r = &b.plan->requests[i];
        assert_int_equal(r->id, i);
        assert_int_equal(r->period_ns, NS_PER_S);
        for (uint32_t k = 0; k < r->feed_count; k++) {
            const struct feed *f = &r->feeds[k];
            const struct point *p = &a[f->point];
            assert_int_equal(devices[f->device].line, r->line);
            assert_int_equal(devices[f->device].unit, r->unit);
            assert_int_equal(p->table, r->table);
            assert_int_equal(r->first + f->offset, p->address);
            assert_true(f->offset + p->words <= r->count);
            assert_int_equal(f->every_nth, 1);
            assert_true(k == 0 || f[-1].device < f->device ||
                        (f[-1].device == f->device && f[-1].point < f->point));
            feeds++;
        }
    }
    assert_int_equal(feeds, 5 * 4);
    /* Unit 9 is asked once for both of its devices. */
    assert_int_equal(b.plan->requests[5].unit, 9);
    assert_int_equal(b.plan->requests[5].table, TABLE_HOLDING);
    assert_int_equal(b.plan->requests[5].first, 0);
    assert_int_equal(b.plan->requests[5].count, 6);
    assert_int_equal(b.plan->requests[5].feed_count, 6);
    done(&b);
}

static void a_points_period_is_its_own_or_the_maps_or_the_devices(void **state)
{
    (void)state;
    struct point a[] = {point_at(TABLE_INPUT, 0, 1), point_at(TABLE_INPUT, 100, 1)};
    a[1].every_ns = MS(100);
    struct map map = map_of(a, 2), slow = map_of(a, 1);
    slow.every_ns = 7 * NS_PER_S;
    struct line lines[] = {tcp_line("one"), tcp_line("two")};
    struct device devices[] = {device_on(&map, 0, 1), device_on(&slow, 1, 1)};
    struct bench b = planned(lines, 2, devices, 2);
    assert_int_equal(b.plan->request_count, 3);
    assert_int_equal(b.plan->requests[0].period_ns, NS_PER_S);
    assert_int_equal(b.plan->requests[1].period_ns, MS(100));
    assert_int_equal(b.plan->requests[2].period_ns, 7 * NS_PER_S);
    assert_int_equal(b.plan->tick_ns, MS(25));
    done(&b);
}

static void a_slow_point_in_a_fast_read_keeps_its_own_rate(void **state)
{
    (void)state;
    struct point a[] = {point_at(TABLE_INPUT, 0, 1), point_at(TABLE_INPUT, 1, 1),
                        point_at(TABLE_INPUT, 2, 1)};
    a[1].every_ns = 60 * NS_PER_S;
    struct map map = map_of(a, 3);
    struct line line = tcp_line("one");
    struct device device = device_on(&map, 0, 1);
    struct bench b = planned(&line, 1, &device, 1);
    assert_int_equal(b.plan->request_count, 1);
    assert_int_equal(b.plan->requests[0].feeds[0].every_nth, 1);
    assert_int_equal(b.plan->requests[0].feeds[1].every_nth, 60);
    done(&b);
}

static void the_strictest_limits_of_a_shared_unit_hold(void **state)
{
    (void)state;
    struct point a[] = {point_at(TABLE_HOLDING, 0, 10), point_at(TABLE_HOLDING, 10, 10),
                        point_at(TABLE_COIL, 0, 1), point_at(TABLE_COIL, 20, 1)};
    struct map wide = map_of(a, 4), narrow = map_of(a, 0);
    narrow.limits.max_registers = 12;
    narrow.limits.max_gap = 1;
    narrow.limits.delay_ns = MS(5);
    struct line line = tcp_line("one");
    struct device alone = device_on(&wide, 0, 1);
    struct device shared[] = {alone, device_on(&narrow, 0, 1)};
    struct bench b = planned(&line, 1, &alone, 1);
    assert_int_equal(b.plan->request_count, 2); /* bits: 8 registers of gap are 128 bits */
    done(&b);
    b = planned(&line, 1, shared, 2);
    assert_int_equal(b.plan->request_count, 4);
    assert_int_equal(b.plan->requests[0].delay_ns, MS(5));
    done(&b);
}

static void an_atomic_group_is_one_read_at_its_fastest_rate(void **state)
{
    (void)state;
    struct point a[] = {point_at(TABLE_INPUT, 0, 5), point_at(TABLE_INPUT, 5, 5),
                        point_at(TABLE_INPUT, 10, 5)};
    a[1].group = a[2].group = 0;
    a[2].every_ns = MS(500);
    struct map map = map_of(a, 3);
    map.group_count = 1;
    map.limits.max_registers = 10;
    struct line line = tcp_line("one");
    struct device device = device_on(&map, 0, 1);
    struct bench b = planned(&line, 1, &device, 1);
    assert_int_equal(b.plan->request_count, 2);
    assert_int_equal(b.plan->requests[1].first, 5);
    assert_int_equal(b.plan->requests[1].count, 10);
    assert_int_equal(b.plan->requests[1].period_ns, MS(500));
    assert_int_equal(b.plan->requests[1].feeds[0].every_nth, 1);
    done(&b);
}

enum { POINTS = 4 };

static const struct mistake {
    const char *words;
    struct {
        uint16_t address, words;
        int32_t group;
        uint8_t table;
    } points[POINTS];
    uint16_t max_registers, max_gap;
    struct never never;
    uint16_t barrier;
} mistakes[] = {
    {"needs 4 registers in one read, but area/device gives at most 2",
     {{0, 4, -1, 3}},
     2,
     8,
     {0},
     0},
    {"limits.never of some/map forbids 8..12", {{7, 2, -1, 3}}, 125, 8, {TABLE_HOLDING, 8, 12}, 0},
    {"spans holding 0..10, 11 registers, but one read gives at most 10",
     {{0, 1, 0, 3}, {10, 1, 0, 3}},
     10,
     16,
     {0},
     0},
    {"forbids 5..5 within", {{0, 1, 0, 3}, {10, 1, 0, 3}}, 125, 16, {TABLE_HOLDING, 5, 5}, 0},
    {"passes over 9 registers that no tag", {{0, 1, 0, 3}, {10, 1, 0, 3}}, 125, 8, {0}, 0},
    {"but in another table", {{0, 1, 0, 3}, {1, 1, 0, 2}}, 125, 8, {0}, 0},
    {"beyond the last address", {{65535, 2, -1, 3}}, 125, 8, {0}, 0},
    {"lies at holding 9..10, on both sides of the barrier 10", {{9, 2, -1, 3}}, 125, 8, {0}, 10},
    {"spans holding 0..10, on both sides of the barrier 10",
     {{0, 1, 0, 3}, {10, 1, 0, 3}},
     125,
     16,
     {0},
     10},
};

static void mistakes_are_named_once_with_their_place(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof mistakes / sizeof *mistakes; i++) {
        const struct mistake *m = &mistakes[i];
        struct point points[POINTS];
        uint32_t count = 0;
        for (; count < POINTS && m->points[count].words > 0; count++) {
            points[count] =
                point_at(m->points[count].table, m->points[count].address, m->points[count].words);
            points[count].group = m->points[count].group;
        }
        struct map map = map_of(points, count);
        map.limits.max_registers = m->max_registers;
        map.limits.max_gap = m->max_gap;
        map.limits.never = &m->never;
        map.limits.never_count = m->never.last > 0;
        struct barrier barrier = {TABLE_HOLDING, m->barrier};
        map.limits.barriers = &barrier;
        map.limits.barrier_count = m->barrier > 0;
        map.group_count = 1;
        struct line line = tcp_line("one");
        struct device devices[] = {device_on(&map, 0, 1), device_on(&map, 0, 2)};
        struct bench b = planned(&line, 1, devices, 2);
        if (b.plan != NULL || diags_errors(b.ds) != 1 || !was_said(b.ds, m->words)) {
            diags_print(b.ds, stderr);
            fail_msg("expected once: %s", m->words);
        }
        assert_string_equal(diags_at(b.ds, 0)->at.file, "map.yaml");
        done(&b);
    }
}

static void a_hole_that_another_tag_fills_is_none(void **state)
{
    (void)state;
    struct point a[] = {point_at(TABLE_HOLDING, 0, 1), point_at(TABLE_HOLDING, 10, 1),
                        point_at(TABLE_HOLDING, 1, 9)};
    a[0].group = a[1].group = 0;
    struct map map = map_of(a, 3);
    map.group_count = 1;
    map.limits.max_gap = 0;
    struct line line = tcp_line("one");
    struct device device = device_on(&map, 0, 1);
    struct bench b = planned(&line, 1, &device, 1);
    assert_non_null(b.plan);
    assert_int_equal(b.plan->request_count, 1);
    done(&b);
}

static void a_slow_bus_merges_less_than_a_fast_line(void **state)
{
    (void)state;
    /* 60 unused registers: 137 ms of a bus at 9600 baud, nothing on TCP. */
    struct point a[] = {point_at(TABLE_HOLDING, 0, 1), point_at(TABLE_HOLDING, 61, 1)};
    struct map map = map_of(a, 2);
    map.limits.max_gap = 100;
    struct line lines[] = {tcp_line("tcp"), serial_line("bus", 9600)};
    struct device devices[] = {device_on(&map, 0, 1), device_on(&map, 1, 1)};
    struct bench b = planned(lines, 2, devices, 2);
    assert_int_equal(b.plan->first_request[1], 1);
    assert_int_equal(b.plan->first_request[2], 3);
    done(&b);
}

static void a_serial_read_costs_what_the_wire_takes(void **state)
{
    (void)state;
    struct point a[] = {point_at(TABLE_HOLDING, 0, 10)};
    struct map map = map_of(a, 1);
    struct line lines[] = {serial_line("slow", 9600), serial_line("fast", 115200)};
    struct device devices[] = {device_on(&map, 0, 1), device_on(&map, 1, 1)};
    struct bench b = planned(lines, 2, devices, 2);
    struct cost slow = plan_request_cost(b.plan, &b.plan->requests[0]);
    assert_int_equal(slow.sent, 8);
    assert_int_equal(slow.received, 25);
    /* 33 characters of 11 bits, two gaps of 3.5, and 10 ms to think */
    assert_in_range(slow.ns, 55700000, 55900000);
    struct cost fast = plan_request_cost(b.plan, &b.plan->requests[1]);
    assert_in_range(fast.ns, 3151000 + 3500000 + 10000000 - 5000,
                    3151000 + 3500000 + 10000000 + 5000);
    /* Twice 500 ms and the words that go unanswered. */
    assert_in_range(plan_silent_cost(b.plan, &b.plan->requests[0]), MS(1000), MS(1130));
    done(&b);
}

/* Four registers far apart, every 160 ms: 40 ms between two answers of one length would take the
 * half of four times as long. Slower, or nearer to each other, they can be told apart. */
static void answers_that_nothing_tells_apart_are_told_of(void **state)
{
    (void)state;
    static const struct {
        uint16_t step;
        int every_ms;
        bool tcp, told;
    } cases[] = {{300, 300, false, true},   {300, 319, false, true}, {300, 320, false, false},
                 {300, 2000, false, false}, {2, 300, false, false},  {300, 300, true, false}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct point a[4];
        for (uint16_t k = 0; k < 4; k++)
            a[k] = point_at(TABLE_HOLDING, (uint16_t)(k * cases[i].step), 1);
        struct map map = map_of(a, 4);
        struct line line = cases[i].tcp ? tcp_line("pit-bus") : serial_line("pit-bus", 115200);
        struct device device = device_on(&map, 0, 7);
        device.every_ns = MS(cases[i].every_ms);
        struct bench b = planned(&line, 1, &device, 1);
        assert_int_equal(diags_warnings(b.ds), cases[i].told);
        if (cases[i].told) {
            assert_true(was_said(b.ds, "line pit-bus: 4 reads of unit 7"));
            assert_true(was_said(b.ds, "read these every 320 ms"));
        }
        done(&b);
    }
}

static void a_line_that_cannot_keep_its_rates_is_told_with_the_remedy(void **state)
{
    (void)state;
    struct point a[] = {point_at(TABLE_HOLDING, 0, 60)};
    struct map map = map_of(a, 1);
    struct line line = serial_line("pit-bus", 9600);
    struct device devices[] = {device_on(&map, 0, 1), device_on(&map, 0, 2)};
    devices[1].every_ns = MS(200);
    struct bench b = planned(&line, 1, devices, 2);
    assert_true(plan_line_load(b.plan, 0) > 1);
    assert_int_equal(diags_warnings(b.ds), 1);
    assert_true(was_said(b.ds, "line pit-bus can't keep its rates"));
    assert_true(was_said(b.ds, "or set the bus to 19200 baud"));
    done(&b);

    devices[1].every_ns = NS_PER_S;
    b = planned(&line, 1, devices, 2);
    assert_int_equal(diags_count(b.ds), 0);
    done(&b);
}

static void the_worst_cycle_grows_with_the_silent_units(void **state)
{
    (void)state;
    struct point a[] = {point_at(TABLE_HOLDING, 0, 10)};
    struct map map = map_of(a, 1);
    struct line line = serial_line("bus", 9600);
    struct device devices[10];
    for (uint8_t i = 0; i < 10; i++)
        devices[i] = device_on(&map, 0, (uint8_t)(i + 1));
    struct bench b = planned(&line, 1, devices, 10);
    double well = plan_worst_cycle(b.plan, 0, 0), one = plan_worst_cycle(b.plan, 0, 1);
    assert_true(well > 0.557 && well < 0.559);
    assert_true(one - well > 0.95 && one - well < 1.1);
    assert_true(plan_worst_cycle(b.plan, 0, 2) > one);
    assert_true(plan_worst_cycle(b.plan, 0, 10) <= plan_worst_cycle(b.plan, 0, 200));
    done(&b);
}

static void four_thousand_devices_need_little_memory(void **state)
{
    enum { DEVICES = 4000, TAGS = 100 };
    (void)state;
    struct point *points = calloc(TAGS, sizeof *points);
    struct line *lines = calloc(DEVICES, sizeof *lines);
    struct device *devices = calloc(DEVICES, sizeof *devices);
    assert_true(points != NULL && lines != NULL && devices != NULL);
    for (int i = 0; i < TAGS; i++)
        points[i] = point_at(TABLE_HOLDING, (uint16_t)((i * 37) % TAGS), 1);
    struct map map = map_of(points, TAGS);
    for (uint32_t i = 0; i < DEVICES; i++) {
        lines[i] = tcp_line("line");
        devices[i] = device_on(&map, i, 1);
    }
    struct bench b = planned(lines, DEVICES, devices, DEVICES);
    assert_non_null(b.plan);
    assert_int_equal(b.plan->request_count, DEVICES);
    assert_true(arena_used(b.arena) < 6U << 20);
    done(&b);
    free(points);
    free(lines);
    free(devices);
}

/* Point 0 scales, or vouches for, the others; they lie in another table. */
static void what_is_read_too_seldom_for_what_hangs_on_it_is_told(void **state)
{
    (void)state;
    static const struct {
        const char *title;
        int64_t partner_ns, own_ns;
        uint8_t table, mode;
        int level; /* -1: nothing */
    } facts[] = {
        {"as often", MS(1000), MS(1000), TABLE_INPUT, READ_POLL, -1},
        {"oftener", MS(100), MS(1000), TABLE_INPUT, READ_POLL, -1},
        {"a status that is asked more seldom", MS(10000), MS(1000), TABLE_INPUT, READ_POLL,
         DIAG_WARNING},
        {"a setting", MS(60000), MS(1000), TABLE_INPUT, READ_POLL, DIAG_NOTE},
        {"a setting that is read once", MS(60000), MS(1000), TABLE_INPUT, READ_ONCE, -1},
        {"in the same read, told more seldom", MS(10000), MS(1000), TABLE_HOLDING, READ_POLL, -1},
    };
    for (size_t i = 0; i < sizeof facts / sizeof *facts; i++)
        for (int kind = 0; kind < 3; kind++) {
            struct point a[] = {point_at(TABLE_HOLDING, 0, 1), point_at(facts[i].table, 1, 1),
                                point_at(facts[i].table, 2, 1), point_at(TABLE_HOLDING, 0, 1)};
            a[3].from = 1; /* what is computed hangs on it */
            a[0].every_ns = facts[i].partner_ns;
            a[0].read_mode = facts[i].mode;
            a[1].every_ns = a[2].every_ns = facts[i].own_ns;
            a[0].name = "scale";
            a[2].name = a[3].name = "flow";
            for (int k = 2; k < 4; k++) {
                a[k].exp_from = kind == 0 ? 0 : -1;
                a[k].mul_from = kind == 1 ? 0 : -1;
                a[k].valid_if.point = kind == 2 ? 0 : -1;
            }
            struct map map = map_of(a, 4);
            struct line line = tcp_line("one");
            struct device devices[] = {device_on(&map, 0, 1), device_on(&map, 0, 2)};
            struct bench b = planned(&line, 1, devices, 2);
            assert_non_null(b.plan);
            assert_int_equal(diags_count(b.ds), facts[i].level < 0 ? 0 : 1);
            if (facts[i].level >= 0) {
                assert_int_equal(diags_at(b.ds, 0)->level, facts[i].level);
                assert_int_equal(diags_at(b.ds, 0)->at.line, a[0].at.line);
                assert_true(was_said(b.ds, "decides on `flow` and 1 more, every 1 s"));
            }
            done(&b);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(requests_stand_by_line_and_feeds_by_device_and_point),
        cmocka_unit_test(a_points_period_is_its_own_or_the_maps_or_the_devices),
        cmocka_unit_test(a_slow_point_in_a_fast_read_keeps_its_own_rate),
        cmocka_unit_test(the_strictest_limits_of_a_shared_unit_hold),
        cmocka_unit_test(an_atomic_group_is_one_read_at_its_fastest_rate),
        cmocka_unit_test(mistakes_are_named_once_with_their_place),
        cmocka_unit_test(a_hole_that_another_tag_fills_is_none),
        cmocka_unit_test(a_slow_bus_merges_less_than_a_fast_line),
        cmocka_unit_test(a_serial_read_costs_what_the_wire_takes),
        cmocka_unit_test(answers_that_nothing_tells_apart_are_told_of),
        cmocka_unit_test(a_line_that_cannot_keep_its_rates_is_told_with_the_remedy),
        cmocka_unit_test(the_worst_cycle_grows_with_the_silent_units),
        cmocka_unit_test(four_thousand_devices_need_little_memory),
        cmocka_unit_test(what_is_read_too_seldom_for_what_hangs_on_it_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
