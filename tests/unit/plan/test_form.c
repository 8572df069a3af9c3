/* SPDX-License-Identifier: Apache-2.0 */
/* How reads are cut: a table of facts, and a comparison with trying everything. */
#include "small_plant.h"

#include <stdio.h>
#include <stdlib.h>

#include "plan/form.h"

enum { MOST = 12, FORBIDDEN = 3 };

struct fact {
    const char *title;
    struct want wants[MOST]; /* span, period in seconds */
    uint32_t max, max_gap;
    int64_t fixed_ns, each_ns;
    struct span never[FORBIDDEN]; /* last 0: end */
    struct read reads[MOST]; /* period 0: end */
};

static const struct fact facts[] = {
    {"neighbours are one read",
     {{{0, 1}, 1, 0, 0}, {{2, 3}, 1, 0, 0}, {{4, 4}, 1, 0, 0}},
     125,
     0,
     100,
     1,
     {{0, 0}},
     {{{0, 4}, 1}}},
    {"a gap is passed over where that is cheaper",
     {{{0, 1}, 1, 0, 0}, {{10, 11}, 1, 0, 0}},
     125,
     8,
     100,
     1,
     {{0, 0}},
     {{{0, 11}, 1}}},
    {"a gap is not passed over where a read of its own is cheaper",
     {{{0, 1}, 1, 0, 0}, {{10, 11}, 1, 0, 0}},
     125,
     8,
     5,
     1,
     {{0, 0}},
     {{{0, 1}, 1}, {{10, 11}, 1}}},
    {"max_gap holds however cheap it would be",
     {{{0, 1}, 1, 0, 0}, {{10, 11}, 1, 0, 0}},
     125,
     7,
     1000,
     1,
     {{0, 0}},
     {{{0, 1}, 1}, {{10, 11}, 1}}},
    {"registers that another tag uses are no gap",
     {{{0, 1}, 1, 0, 0}, {{2, 9}, 60, 0, 0}, {{10, 11}, 1, 0, 0}},
     125,
     0,
     1000,
     1,
     {{0, 0}},
     {{{0, 11}, 1}}},
    {"a forbidden range is never passed over",
     {{{0, 1}, 1, 0, 0}, {{3, 4}, 1, 0, 0}},
     125,
     8,
     1000,
     1,
     {{2, 2}},
     {{{0, 1}, 1}, {{3, 4}, 1}}},
    {"no read is longer than allowed, and no value is cut",
     {{{0, 3}, 1, 0, 0}, {{4, 7}, 1, 0, 0}, {{8, 11}, 1, 0, 0}},
     10,
     8,
     100,
     1,
     {{0, 0}},
     {{{0, 3}, 1}, {{4, 11}, 1}}},
    {"values that lie in each other come together",
     {{{0, 3}, 1, 0, 0}, {{0, 0}, 1, 0, 0}, {{1, 2}, 1, 0, 0}},
     4,
     0,
     100,
     1,
     {{0, 0}},
     {{{0, 3}, 1}}},
    {"a chain of overlapping values is cut between values only",
     {{{0, 2}, 1, 0, 0}, {{2, 4}, 1, 0, 0}, {{4, 6}, 1, 0, 0}},
     5,
     0,
     100,
     1,
     {{0, 0}},
     {{{0, 2}, 1}, {{2, 6}, 1}}},
    {"a slow value in a fast read rides along",
     {{{0, 1}, 1, 0, 0}, {{2, 3}, 60, 0, 0}, {{4, 5}, 1, 0, 0}},
     125,
     8,
     100,
     1,
     {{0, 0}},
     {{{0, 5}, 1}}},
    {"a fast read is widened when that costs less than a slow read of its own",
     {{{0, 1}, 1, 0, 0}, {{2, 3}, 4, 0, 0}},
     125,
     8,
     100,
     1,
     {{0, 0}},
     {{{0, 3}, 1}}},
    {"a fast read is not widened for a rare value",
     {{{0, 1}, 1, 0, 0}, {{2, 3}, 600, 0, 0}},
     125,
     8,
     100,
     1,
     {{0, 0}},
     {{{0, 1}, 1}, {{2, 3}, 600}}},
    {"a fast read is not widened beyond its length",
     {{{0, 1}, 1, 0, 0}, {{2, 3}, 4, 0, 0}},
     3,
     8,
     100,
     1,
     {{0, 0}},
     {{{0, 1}, 1}, {{2, 3}, 4}}},
    {"a fast value is never read at a slow rate",
     {{{0, 9}, 60, 0, 0}, {{3, 4}, 1, 0, 0}},
     125,
     8,
     5,
     1,
     {{0, 0}},
     {{{0, 9}, 60}, {{3, 4}, 1}}},
    {"the last address can be read",
     {{{65534, 65534}, 1, 0, 0}, {{65535, 65535}, 1, 0, 0}},
     125,
     8,
     100,
     1,
     {{0, 0}},
     {{{65534, 65535}, 1}}},
};

static struct ground ground_of(const struct fact *f, struct span *used)
{
    struct ground g = {.max = f->max,
                       .max_gap = f->max_gap,
                       .never = f->never,
                       .used = used,
                       .fixed_ns = f->fixed_ns,
                       .each_ns = f->each_ns};
    while (g.never_count < FORBIDDEN && f->never[g.never_count].last != 0)
        g.never_count++;
    for (uint32_t i = 0; i < MOST && f->wants[i].period_ns != 0; i++) {
        struct span s = f->wants[i].span;
        if (g.used_count > 0 && s.first <= used[g.used_count - 1].last + 1) {
            if (s.last > used[g.used_count - 1].last)
                used[g.used_count - 1].last = s.last;
        } else {
            used[g.used_count++] = s;
        }
    }
    return g;
}

static void reads_are_cut_as_the_table_says(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof facts / sizeof *facts; i++) {
        const struct fact *f = &facts[i];
        struct want wants[MOST];
        struct span used[MOST];
        uint32_t order[MOST], count = 0;
        struct form form = {0};
        memcpy(wants, f->wants, sizeof wants);
        for (; count < MOST && wants[count].period_ns != 0; count++)
            order[count] = count;
        struct ground g = ground_of(f, used);
        assert_true(form_reads(&form, &g, wants, order, count, NULL, 0));
        uint32_t expected = 0;
        bool alike = true;
        for (; expected < MOST && f->reads[expected].period_ns != 0; expected++) {
            alike = alike && expected < form.read_count &&
                    memcmp(&form.reads[expected], &f->reads[expected], sizeof(struct read)) == 0;
        }
        if (!alike || expected != form.read_count) {
            for (uint32_t k = 0; k < form.read_count; k++)
                print_message("  %u..%u every %lld\n", form.reads[k].span.first,
                              form.reads[k].span.last, (long long)form.reads[k].period_ns);
            fail_msg("%s", f->title);
        }
        form_fini(&form);
    }
}

static void bonds_decide_between_equal_cuts(void **state)
{
    (void)state;
    for (uint32_t partner = 0; partner < 3; partner += 2) {
        /* Three values of which two fit: the middle one goes with its partner. */
        struct want wants[] = {{{0, 3}, 1, 0, 0}, {{4, 7}, 1, 0, 0}, {{8, 11}, 1, 0, 0}};
        uint32_t order[] = {0, 1, 2};
        struct bond bond = {1, partner};
        struct span used = {0, 11};
        struct ground g = {.max = 8, .used = &used, .used_count = 1, .fixed_ns = 100, .each_ns = 1};
        struct form form = {0};
        assert_true(form_reads(&form, &g, wants, order, 3, &bond, 1));
        assert_int_equal(form.read_count, 2);
        assert_int_equal(wants[1].read, wants[partner].read);
        form_fini(&form);
    }
}

/* The price of the cheapest cut of values [at..count), by trying every one. */
static int64_t cheapest(const struct ground *g, const struct span *values, uint32_t at,
                        uint32_t count)
{
    int64_t best = INT64_MAX;
    if (at == count)
        return 0;
    for (uint32_t end = at; end < count; end++) {
        if (values[end].last - values[at].first >= g->max ||
            (end > at && form_unused(g, values[end - 1].last, values[end].first) > g->max_gap))
            break;
        int64_t price = g->fixed_ns + (values[end].last - values[at].first + 1) * g->each_ns +
                        cheapest(g, values, end + 1, count);
        if (price < best)
            best = price;
    }
    return best;
}

static void no_cut_of_one_period_is_cheaper(void **state)
{
    (void)state;
    srand(7);
    for (int round = 0; round < 3000; round++) {
        struct span values[MOST];
        struct want wants[MOST];
        uint32_t order[MOST], count = 1 + (uint32_t)rand() % MOST, next = 0;
        for (uint32_t i = 0; i < count; i++) {
            next += (uint32_t)rand() % 3 == 0 ? (uint32_t)rand() % 9 : 0;
            values[i] = (struct span){next, next + (uint32_t)rand() % 4};
            next = values[i].last + 1;
            wants[i] = (struct want){values[i], 1, 0, 0};
            order[i] = i;
        }
        struct span used[MOST];
        uint32_t used_count = 0;
        for (uint32_t i = 0; i < count; i++) {
            if (used_count > 0 && used[used_count - 1].last + 1 == values[i].first)
                used[used_count - 1].last = values[i].last;
            else
                used[used_count++] = values[i];
        }
        struct ground g = {.max = 4 + (uint32_t)rand() % 30,
                           .max_gap = (uint32_t)rand() % 8,
                           .used = used,
                           .used_count = used_count,
                           .fixed_ns = 1 + rand() % 20,
                           .each_ns = 1 + rand() % 3};
        struct form form = {0};
        assert_true(form_reads(&form, &g, wants, order, count, NULL, 0));
        int64_t price = 0;
        for (uint32_t i = 0; i < form.read_count; i++)
            price +=
                g.fixed_ns + (form.reads[i].span.last - form.reads[i].span.first + 1) * g.each_ns;
        assert_int_equal(price, cheapest(&g, values, 0, count));
        form_fini(&form);
    }
}

/* Whatever the mixture of periods: every want comes whole, often enough, within all limits. */
static void every_want_is_served_within_the_limits(void **state)
{
    enum { MANY = 300 };
    static struct want wants[MANY];
    static uint32_t order[MANY];
    static struct span used[MANY];
    (void)state;
    srand(11);
    for (int round = 0; round < 300; round++) {
        struct span never = {0, 0};
        uint32_t next = 0, barrier = 0;
        for (uint32_t i = 0; i < MANY; i++) {
            next += (uint32_t)rand() % 4 == 0 ? (uint32_t)rand() % 12 : 0;
            if (i == MANY / 2) {
                never = (struct span){next, next};
                next++;
            }
            wants[i].span = (struct span){next, next + (uint32_t)rand() % 4};
            wants[i].period_ns = (int64_t[]){1, 1, 2, 5, 60, 7}[rand() % 6];
            used[i] = wants[i].span;
            order[i] = i;
            barrier = i == MANY / 3 ? wants[i].span.first : barrier;
            next = wants[i].span.last + 1;
        }
        struct ground g = {.max = 4 + (uint32_t)rand() % 60,
                           .max_gap = (uint32_t)rand() % 12,
                           .never = &never,
                           .never_count = 1,
                           .barriers = &barrier,
                           .barrier_count = 1,
                           .used = used,
                           .used_count = MANY,
                           .fixed_ns = 1 + rand() % 200,
                           .each_ns = 1 + rand() % 3};
        struct form form = {0};
        assert_true(form_reads(&form, &g, wants, order, MANY, NULL, 0));
        for (uint32_t i = 0; i < MANY; i++) {
            const struct read *r = &form.reads[wants[i].read];
            assert_true(r->span.first <= wants[i].span.first && r->span.last >= wants[i].span.last);
            assert_true(r->period_ns <= wants[i].period_ns);
        }
        for (uint32_t i = 0; i < form.read_count; i++) {
            struct span s = form.reads[i].span;
            assert_true(s.last - s.first + 1 <= g.max);
            assert_true(s.last < never.first || s.first > never.last);
            assert_true(s.last < barrier || s.first >= barrier);
            assert_true(s.last == s.first || form_unused(&g, s.first, s.last) <= g.max_gap);
        }
        form_fini(&form);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_are_cut_as_the_table_says),
        cmocka_unit_test(bonds_decide_between_equal_cuts),
        cmocka_unit_test(no_cut_of_one_period_is_cheaper),
        cmocka_unit_test(every_want_is_served_within_the_limits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
