/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "publish/overlap.h"

#define MINUTE (60 * NS_PER_S)

static struct overlap o;
static mono_t now;

static int fresh(void **unused)
{
    (void)unused;
    overlap_init(&o, MINUTE);
    now = (mono_t){1000 * NS_PER_S};
    overlap_connection(&o, true, now);
    return 0;
}

/* A row each second is acknowledged for so long; what is the newest. */
static uint64_t live(uint64_t newest, int seconds)
{
    for (int i = 0; i < seconds; i++) {
        for (int part = 0; part < 10; part++) {
            overlap_turn(&o, (const uint64_t[MESSAGE_JOURNALED]){newest, newest / 2, 0}, now);
            now = mono_add(now, NS_PER_S / 10);
        }
        newest++;
    }
    return newest;
}

static void begins_one_window_ago(void **unused)
{
    (void)unused;
    uint64_t newest = live(1, 59);
    assert_int_equal(o.from[MESSAGE_HISTORY], 0);
    newest = live(newest, 1000);
    assert_in_range(newest - o.from[MESSAGE_HISTORY], 60, 63);
    assert_in_range(newest / 2 - o.from[MESSAGE_EVENT], 30, 32);
}

static void an_outage_makes_no_row_older(void **unused)
{
    (void)unused;
    uint64_t newest = live(1, 300), before = o.from[MESSAGE_HISTORY];
    overlap_connection(&o, false, now);
    now = mono_add(now, 3600 * NS_PER_S);
    overlap_turn(&o, (const uint64_t[MESSAGE_JOURNALED]){newest}, now);
    assert_int_equal(o.from[MESSAGE_HISTORY], before);
    overlap_connection(&o, true, now);
    newest = live(newest, 5);
    assert_in_range(o.from[MESSAGE_HISTORY], before, before + 6);
    live(newest, 100);
    assert_true(o.from[MESSAGE_HISTORY] > before + 90);
}

/* Saves as the broker thread does, and is another process then; the newest row. */
static uint64_t die_after(uint64_t newest, int tenths)
{
    struct overlap_point kept[OVERLAP_POINTS], some[OVERLAP_POINTS];
    size_t size = 0;
    for (int i = 0; i < tenths; i++) {
        overlap_turn(&o, (const uint64_t[MESSAGE_JOURNALED]){newest++}, now);
        now = mono_add(now, NS_PER_S / 10);
        size_t n = overlap_save(&o, some);
        if (n)
            memcpy(kept, some, size = n);
    }
    uint64_t from[MESSAGE_JOURNALED];
    memcpy(from, o.from, sizeof(from));
    overlap_init(&o, MINUTE);
    now = mono_add(now, 3 * NS_PER_S);
    overlap_connection(&o, true, now);
    assert_true(size > 0);
    overlap_restore(&o, kept, size, (const uint64_t[MESSAGE_JOURNALED]){newest});
    memcpy(o.from, from, sizeof(from)); /* which the journal remembers */
    return newest;
}

static void a_process_that_dies_every_few_seconds_does_not_stay_young(void **unused)
{
    (void)unused;
    uint64_t newest = 1;
    for (int i = 0; i < 100; i++)
        newest = die_after(newest, 25);
    /* 10 rows a second; what was lived since the last save doesn't count as lived. */
    assert_in_range(newest - o.from[MESSAGE_HISTORY], 600, 2000);
}

static void an_idle_one_is_saved_once(void **unused)
{
    (void)unused;
    struct overlap_point kept[OVERLAP_POINTS];
    live(1, 200);
    unsigned saves = 0;
    for (int i = 0; i < 10000; i++) {
        overlap_turn(&o, (const uint64_t[MESSAGE_JOURNALED]){200, 100, 0}, now);
        now = mono_add(now, NS_PER_S / 10);
        saves += overlap_save(&o, kept) > 0;
    }
    assert_in_range(saves, 1, 9);
}

static void what_is_not_ours_is_passed_over(void **unused)
{
    (void)unused;
    const uint64_t acked[MESSAGE_JOURNALED] = {100, 100, 100};
    const struct overlap_point good = {.up_ns = 5, .acked = {1, 1, 1}},
                               young = {.up_ns = -1, .acked = {1, 1, 1}},
                               ahead = {.up_ns = 5, .acked = {1, 101, 1}};
    struct overlap_point many[OVERLAP_POINTS + 1] = {good};
    overlap_restore(&o, &young, sizeof(young), acked);
    overlap_restore(&o, &ahead, sizeof(ahead), acked);
    overlap_restore(&o, &good, sizeof(good) - 1, acked);
    overlap_restore(&o, many, sizeof(many), acked);
    assert_int_equal(o.count, 0);
    many[1] = (struct overlap_point){.up_ns = 6, .acked = {1, 1, 1}};
    overlap_restore(&o, many, 2 * sizeof(many[0]), acked);
    assert_int_equal(o.count, 0);
    overlap_restore(&o, &good, sizeof(good), acked);
    assert_int_equal(o.count, 1);
}

static void a_window_that_became_longer_is_not_more_than_there_is_room_for(void **unused)
{
    (void)unused;
    uint64_t newest = live(1, 500);
    o.window_ns = 24 * 3600 * NS_PER_S;
    live(newest, 1000);
    o.window_ns = NS_PER_S;
    newest = live(newest, 100);
    assert_in_range(newest - o.from[MESSAGE_HISTORY], 1, 4);
}

static void without_a_window_nothing_is_sent_again(void **unused)
{
    (void)unused;
    struct overlap_point kept[OVERLAP_POINTS];
    overlap_init(&o, 0);
    overlap_connection(&o, true, now);
    uint64_t newest = live(1, 100);
    assert_in_range(o.from[MESSAGE_HISTORY], newest - 1, newest);
    assert_false(overlap_turn(&o, o.from, now));
    assert_int_equal(overlap_save(&o, kept), 0);
}

int main(void)
{
#define FACT(f) cmocka_unit_test_setup(f, fresh)
    const struct CMUnitTest tests[] = {
        FACT(begins_one_window_ago),
        FACT(an_outage_makes_no_row_older),
        FACT(a_process_that_dies_every_few_seconds_does_not_stay_young),
        FACT(an_idle_one_is_saved_once),
        FACT(what_is_not_ours_is_passed_over),
        FACT(a_window_that_became_longer_is_not_more_than_there_is_room_for),
        FACT(without_a_window_nothing_is_sent_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
