/* SPDX-License-Identifier: Apache-2.0 */
/* On a bus no two answers of one unit look alike, wherever that can be had. */
#include "small_plant.h"

#include <stdio.h>

#include "plan/cost.h"

enum { MOST = 400, GROUPS = 8 };

struct bench {
    struct arena *arena;
    struct diags *ds;
    struct point points[MOST];
    struct map map;
    struct line line;
    struct device device;
    struct plant plant;
    const struct plan *plan;
};

/* One unit on one line; the points stand in b->points. */
static void plan_unit(struct bench *b, uint32_t count, struct line line, struct limits limits)
{
    b->arena = arena_new(0);
    b->ds = diags_new();
    b->line = line;
    b->map = map_of(b->points, count);
    b->map.limits = limits;
    b->map.group_count = GROUPS;
    b->device = device_on(&b->map, 0, 1);
    b->plant = plant_of(&b->line, 1, &b->device, 1);
    b->plan = plan_build(b->arena, &b->plant, b->ds);
    assert_non_null(b->plan);
}

static void done(struct bench *b)
{
    arena_free(b->arena);
    diags_free(b->ds);
}

static uint32_t pairs_alike(const struct plan *p)
{
    uint32_t pairs = 0;
    for (uint32_t i = 0; i < p->request_count; i++) {
        for (uint32_t k = i + 1; k < p->request_count; k++) {
            const struct request *x = &p->requests[i], *y = &p->requests[k];
            pairs += x->table == y->table &&
                     cost_bytes(x->table, x->count) == cost_bytes(y->table, y->count);
        }
    }
    return pairs;
}

static bool used(const struct bench *b, uint8_t table, uint32_t address)
{
    for (uint32_t i = 0; i < b->map.point_count; i++) {
        const struct point *p = &b->points[i];
        if (p->table == table && address >= p->address && address < p->address + p->words)
            return true;
    }
    return false;
}

/* Whatever was cut how: each point is brought once, whole, with its group, within the limits. */
static void assert_sound(const struct bench *b)
{
    const struct limits *l = &b->map.limits;
    uint32_t brought[MOST] = {0}, group_read[GROUPS];
    memset(group_read, 0xff, sizeof group_read);
    for (uint32_t i = 0; i < b->plan->request_count; i++) {
        const struct request *r = &b->plan->requests[i];
        bool bits = r->table <= TABLE_DISCRETE;
        uint32_t gap = 0;
        assert_int_equal(r->id, i);
        assert_true(r->feed_count > 0);
        assert_true(r->count >= 1 && r->count <= (bits ? l->max_bits : l->max_registers));
        for (uint32_t a = r->first; a < r->first + r->count; a++) {
            gap = used(b, r->table, a) ? 0 : gap + 1;
            assert_true(gap <= (bits ? l->max_gap * 16U : l->max_gap));
            for (uint32_t n = 0; n < l->never_count; n++)
                assert_true(l->never[n].table != r->table || a < l->never[n].first ||
                            a > l->never[n].last);
        }
        for (uint32_t n = 0; n < l->barrier_count; n++)
            assert_true(l->barriers[n].table != r->table || r->first >= l->barriers[n].first ||
                        r->first + r->count <= l->barriers[n].first);
        for (uint32_t k = 0; k < r->feed_count; k++) {
            const struct feed *f = &r->feeds[k];
            const struct point *p = &b->points[f->point];
            assert_true(k == 0 || f[-1].point < f->point);
            assert_int_equal(p->table, r->table);
            assert_int_equal(r->first + f->offset, p->address);
            assert_true(f->offset + p->words <= r->count);
            assert_int_equal(f->every_nth, p->every_ns / r->period_ns);
            brought[f->point]++;
            if (p->group < 0)
                continue;
            if (group_read[p->group] != UINT32_MAX)
                assert_int_equal(group_read[p->group], i);
            group_read[p->group] = i;
        }
    }
    for (uint32_t i = 0; i < b->map.point_count; i++)
        assert_int_equal(brought[i], 1);
}

/* ---- single cases ---------------------------------------------------------------------------- */

struct stretch { /* of points side by side */
    uint8_t table;
    uint16_t first, points, words;
    int every_ms;
};

struct trial {
    const char *what;
    struct stretch blocks[4];
    uint16_t max, max_gap;
    uint32_t baud; /* 0: TCP */
    uint16_t expected[8]; /* counts of the reads, by table and address */
};

static const struct trial cases[] = {
    {"full reads: a little less, and the rest by itself",
     {{TABLE_HOLDING, 0, 160, 1, 1000}},
     80,
     0,
     115200,
     {80, 79, 1}},
    {"where a third read is needed anyway nothing is asked more often",
     {{TABLE_HOLDING, 0, 190, 1, 1000}},
     80,
     0,
     115200,
     {80, 79, 31}},
    {"values are not cut", {{TABLE_HOLDING, 0, 80, 2, 1000}}, 80, 0, 115200, {80, 78, 2}},
    {"blocks apart",
     {{TABLE_HOLDING, 0, 16, 1, 1000}, {TABLE_HOLDING, 100, 16, 1, 1000}},
     125,
     0,
     115200,
     {15, 1, 16}},
    {"bits go by bytes: 20 of them are as long as 24",
     {{TABLE_COIL, 0, 20, 1, 1000}, {TABLE_COIL, 1000, 24, 1, 1000}},
     125,
     0,
     115200,
     {16, 4, 24}},
    {"other tables answer with another function",
     {{TABLE_HOLDING, 0, 16, 1, 1000}, {TABLE_INPUT, 0, 16, 1, 1000}},
     125,
     0,
     115200,
     {16, 16}},
    {"what is read anyway is read once more, which costs less than a question",
     {{TABLE_HOLDING, 0, 80, 1, 1000},
      {TABLE_HOLDING, 80, 1, 1, 60000},
      {TABLE_HOLDING, 200, 80, 1, 1000}},
     81,
     0,
     115200,
     {81, 80}},
    {"single values far apart can't be told from each other",
     {{TABLE_HOLDING, 0, 1, 2, 1000}, {TABLE_HOLDING, 50, 1, 2, 1000}},
     125,
     0,
     115200,
     {2, 2}},
    {"a bus that is full is asked nothing more",
     {{TABLE_HOLDING, 0, 160, 1, 1000}},
     80,
     0,
     4800,
     {80, 80}},
    {"TCP numbers its questions", {{TABLE_HOLDING, 0, 160, 1, 1000}}, 80, 0, 0, {80, 80}},
};

static uint32_t lay(struct bench *b, const struct stretch *blocks, size_t count)
{
    uint32_t n = 0;
    for (size_t i = 0; i < count; i++) {
        for (uint32_t k = 0; k < blocks[i].points; k++) {
            b->points[n] =
                point_at(blocks[i].table, (uint16_t)(blocks[i].first + k * blocks[i].words),
                         blocks[i].words);
            b->points[n++].every_ns = MS(blocks[i].every_ms);
        }
    }
    return n;
}

static void each_case_is_cut_as_expected(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        static struct bench b;
        const struct trial *g = &cases[i];
        printf("%s\n", g->what);
        uint32_t n = lay(&b, g->blocks, 4);
        plan_unit(
            &b, n, g->baud ? serial_line("bus", g->baud) : tcp_line("tcp"),
            (struct limits){.max_registers = g->max, .max_bits = 2000, .max_gap = g->max_gap});
        assert_sound(&b);
        uint32_t expected = 0;
        while (expected < 8 && g->expected[expected] > 0)
            expected++;
        for (uint32_t k = 0; k < b.plan->request_count; k++)
            printf("  %u from %u\n", b.plan->requests[k].count, b.plan->requests[k].first);
        assert_int_equal(b.plan->request_count, expected);
        for (uint32_t k = 0; k < expected; k++)
            assert_int_equal(b.plan->requests[k].count, g->expected[k]);
        done(&b);
    }
}

static void other_units_may_answer_alike(void **state)
{
    (void)state;
    static struct bench b;
    uint32_t n = lay(&b, (const struct stretch[]){{TABLE_HOLDING, 0, 16, 1, 1000}}, 1);
    struct map map = map_of(b.points, n);
    struct line lines[] = {serial_line("bus", 115200)};
    struct device devices[] = {device_on(&map, 0, 1), device_on(&map, 0, 2), device_on(&map, 0, 2)};
    struct plant plant = plant_of(lines, 1, devices, 3);
    struct arena *a = arena_new(0);
    struct diags *ds = diags_new();
    const struct plan *p = plan_build(a, &plant, ds);
    assert_non_null(p);
    assert_int_equal(p->request_count, 2);
    assert_int_equal(p->requests[0].count, 16);
    assert_int_equal(p->requests[1].count, 16);
    arena_free(a);
    diags_free(ds);
}

/* ---- many ------------------------------------------------------------------------------------ */

static uint32_t chance(uint32_t below)
{
    static uint64_t x = 88172645463325252u;
    x ^= x << 13;
    x ^= x >> 7;
    x ^= x << 17;
    return (uint32_t)(x >> 20) % below;
}

static const struct barrier barrier = {TABLE_HOLDING, 60};

static uint32_t random_points(struct bench *b, const struct never *never, uint32_t never_count)
{
    static const int periods[] = {1000, 1000, 1000, 5000, 60000};
    uint32_t n = 0, group_left = 0;
    int32_t group = -1, groups = 0;
    for (uint8_t table = 0; table < TABLE_COUNT; table++) {
        uint32_t address = chance(20), count = chance(70);
        group_left = 0;
        for (uint32_t i = 0; i < count; i++) {
            uint16_t words = (uint16_t)(table <= TABLE_DISCRETE ? 1U : 1U << chance(3));
            bool forbidden = false;
            for (uint32_t k = 0; k < never_count; k++)
                forbidden |= never[k].table == table && never[k].first < address + words &&
                             never[k].last >= address;
            if (table == barrier.table && address < barrier.first &&
                address + 2U * words >= barrier.first) {
                address = barrier.first;
                group_left = 0;
                continue;
            }
            if (forbidden) {
                address += words;
                group_left = 0;
                continue;
            }
            if (group_left == 0 && groups < GROUPS && chance(20) == 0) {
                group = groups++;
                group_left = 2 + chance(4);
            }
            b->points[n] = point_at(table, (uint16_t)address, words);
            b->points[n].group = group_left > 0 ? group : -1;
            b->points[n++].every_ns = MS(group_left > 0 ? 1000 : periods[chance(5)]);
            bool leap = group_left == 0 && chance(30) == 0;
            group_left -= group_left > 0;
            uint32_t before = address;
            address += words + (leap ? chance(30) : 0);
            if (table == barrier.table && before < barrier.first && address >= barrier.first)
                group_left = 0;
        }
    }
    return n;
}

static void whatever_is_asked_the_cuts_are_sound(void **state)
{
    (void)state;
    uint32_t alike = 0, free_of_it = 0, plans = 0;
    for (int round = 0; round < 3000; round++) {
        static struct bench b;
        const struct never never[] = {{TABLE_HOLDING, 40, 41}, {TABLE_COIL, 13, 13}};
        struct limits limits = {.max_registers = (uint16_t)(20 + chance(106)),
                                .max_bits = (uint16_t)(16 + chance(200)),
                                .max_gap = (uint16_t)(chance(2) * chance(12)),
                                .never = never,
                                .never_count = 2,
                                .barriers = &barrier,
                                .barrier_count = 1};
        uint32_t n = random_points(&b, never, 2);
        static const uint32_t bauds[] = {2400, 19200, 115200};
        if (n == 0)
            continue;
        plan_unit(&b, n, serial_line("bus", bauds[chance(3)]), limits);
        assert_sound(&b);
        alike += pairs_alike(b.plan);
        free_of_it += pairs_alike(b.plan) == 0;
        plans++;
        done(&b);
    }
    printf("%u plans, %u of them without answers that look alike; %u pairs in the others\n", plans,
           free_of_it, alike);
    assert_true(free_of_it * 2 > plans);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_case_is_cut_as_expected),
        cmocka_unit_test(other_units_may_answer_alike),
        cmocka_unit_test(whatever_is_asked_the_cuts_are_sound),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
