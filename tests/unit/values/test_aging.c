/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "small.h"

static struct point u16(void)
{
    return point_of(RAW_U16, NULL);
}

static void tags_without_news_become_uncertain(void **state)
{
    (void)state;
    static const struct {
        int64_t period_ms, stale_ms;
        unsigned nth;
        int64_t limit_ms;
    } facts[] = {
        {1000, 0, 0, 3000},      {100, 0, 0, 2000},         {1000, 0, 5, 15000},
        {1000, 10000, 0, 10000}, {60000, 10000, 0, 120000}, {1000, 1500, 0, 2000},
    };
    for (size_t i = 0; i < sizeof facts / sizeof *facts; i++) {
        struct small s;
        small_begin(&s);
        small_point(&s, u16(), 0);
        s.requests[0].period_ns = facts[i].period_ms * NS_PER_MS;
        s.feeds[0][0].every_nth = (uint16_t)facts[i].nth;
        s.devices[0].stale_ns = facts[i].stale_ms * NS_PER_MS;
        small_board(&s);
        assert_int_equal(small_tick(&s, 8), 0);
        feed_words(&s, 0, "0007");
        small_pass(&s, facts[i].limit_ms - 1);
        assert_int_equal(small_tick(&s, 8), 0);
        small_pass(&s, 251);
        assert_int_equal(small_tick(&s, 8), 1);
        assert_int_equal(s.touched[0], 0);
        assert_string_equal(now_of(&s, 0), "7?: stale");
        assert_int_equal(board_tag(s.board, 0)->now.time.ms, s.wall.ms);
        small_pass(&s, 100000);
        assert_int_equal(small_tick(&s, 8), 0);
        feed_words(&s, 0, "0007");
        assert_string_equal(now_of(&s, 0), "7");
        small_pass(&s, facts[i].limit_ms + 251);
        assert_int_equal(small_tick(&s, 8), 1);
        small_end(&s);
    }
}

static void what_is_read_once_in_centuries_is_never_stale(void **state)
{
    (void)state;
    struct small s;
    small_begin(&s);
    small_point(&s, point_of(RAW_U16, NULL), 0);
    s.requests[0].period_ns = INT64_MAX / 2;
    small_board(&s);
    feed_words(&s, 0, "0007");
    small_tick(&s, 32);
    for (int years = 0; years < 100; years++)
        small_pass(&s, INT64_C(365) * 86400 * 1000);
    small_tick(&s, 32);
    assert_string_equal(now_of(&s, 0), "7");
    small_end(&s);
}

static void slow_tags_of_a_request_become_stale_later(void **state)
{
    (void)state;
    struct small s;
    small_begin(&s);
    small_point(&s, u16(), 0);
    small_point(&s, u16(), 0);
    struct point from = u16();
    from.from = 0;
    small_point(&s, from, -1);
    s.feeds[0][1].every_nth = 4;
    small_board(&s);
    feed_words(&s, 0, "0001 0002");
    small_pass(&s, 3000);
    assert_int_equal(small_tick(&s, 8), 2);
    assert_int_equal(s.touched[0], 0);
    assert_int_equal(s.touched[1], 2);
    small_pass(&s, 8999);
    assert_int_equal(small_tick(&s, 8), 0);
    small_pass(&s, 251);
    assert_int_equal(small_tick(&s, 8), 1);
    assert_int_equal(s.touched[0], 1);
    small_end(&s);
}

static void what_does_not_fit_waits_for_the_next_tick(void **state)
{
    (void)state;
    struct small s;
    small_begin(&s);
    for (int i = 0; i < 10; i++)
        small_point(&s, u16(), i / 5);
    s.map.heartbeat = (struct heartbeat){.point = 0, .within_ns = 10 * NS_PER_S};
    small_board(&s);
    feed_words(&s, 0, "0001 0001 0001 0001 0001");
    feed_words(&s, 1, "0001 0001 0001 0001 0001");
    small_pass(&s, 3000);
    static const unsigned steps[] = {4, 4, 2, 0};
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(small_tick(&s, 4), steps[i]);
    for (uint32_t i = 0; i < 10; i++)
        assert_string_equal(now_of(&s, i), "1?: stale");
    feed_words(&s, 0, "0002 0001 0001 0001 0001");
    feed_words(&s, 1, "0001 0001 0001 0001 0001");
    small_pass(&s, 9900);
    feed_words(&s, 0, "0002 0001 0001 0001 0001");
    feed_words(&s, 1, "0001 0001 0001 0001 0001");
    small_pass(&s, 100);
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(small_tick(&s, 4), steps[i]);
    assert_string_equal(now_of(&s, 9), "1?: frozen: the heartbeat has not changed");
    small_end(&s);
}

static void trouble_is_not_stale(void **state)
{
    (void)state;
    struct small s;
    small_begin(&s);
    small_point(&s, u16(), 0);
    small_board(&s);
    feed_words(&s, 0, "0001");
    small_pass(&s, 1000);
    feed_fault(&s, 0, FAULT_TIMEOUT, 0);
    small_pass(&s, 100000);
    assert_int_equal(small_tick(&s, 8), 0);
    assert_string_equal(now_of(&s, 0), "bad 24: no answer");
    small_end(&s);
}

static void a_program_that_stopped_freezes_its_device(void **state)
{
    (void)state;
    struct small s;
    small_begin(&s);
    struct point counter = u16(); /* whose last good value stays that from before */
    counter.kind = KIND_COUNTER;
    small_point(&s, counter, 0);
    small_point(&s, u16(), 0); /* the heartbeat stands in the middle */
    small_point(&s, u16(), 0);
    s.map.heartbeat = (struct heartbeat){.point = 1, .within_ns = 5 * NS_PER_S};
    small_board(&s);
    small_pass(&s, 60000);
    assert_int_equal(small_tick(&s, 8), 0); /* never read: nothing to freeze */
    for (int i = 0; i < 5; i++) {
        feed_words(&s, 0, "0001 0009 0003");
        small_pass(&s, 1000);
        assert_int_equal(small_tick(&s, 8), i == 4 ? 3 : 0);
    }
    assert_string_equal(now_of(&s, 0), "1?: frozen: the heartbeat has not changed");
    assert_string_equal(now_of(&s, 1), "9?: frozen: the heartbeat has not changed");
    feed_words(&s, 0, "0004 0009 0003");
    assert_string_equal(now_of(&s, 0), "4?: frozen: the heartbeat has not changed");
    /* It stays frozen through an outage that it does not notice. */
    feed_fault(&s, 0, FAULT_TIMEOUT, 0);
    assert_string_equal(now_of(&s, 0), "bad 24: no answer");
    assert_int_equal(board_tag(s.board, 0)->last.u, 1);
    feed_words(&s, 0, "0005 0009 0003");
    assert_string_equal(now_of(&s, 0), "5?: frozen: the heartbeat has not changed");
    /* The tags before the heartbeat profit from it too. */
    feed_words(&s, 0, "0006 000A 0003");
    for (uint32_t i = 0; i < 3; i++)
        assert_null(board_tag(s.board, i)->now.reason);
    small_pass(&s, 1000);
    assert_int_equal(small_tick(&s, 8), 0);
    small_end(&s);
}

static void what_is_never_heard_is_told_once(void **state)
{
    (void)state;
    struct small s;
    small_begin(&s);
    small_point(&s, u16(), 0);
    struct point share = scaled_point(RAW_U16, "0.01", "0");
    share.from = 0;
    small_point(&s, share, -1);
    small_board(&s);
    assert_int_equal(small_tick(&s, 8), 0);
    small_pass(&s, 2900);
    assert_int_equal(small_tick(&s, 8), 0);
    small_pass(&s, 400);
    assert_int_equal(small_tick(&s, 8), 2);
    for (uint32_t tag = 0; tag < 2; tag++) {
        const struct sample *told = &board_tag(s.board, tag)->now;
        assert_int_equal(told->quality, QUALITY_NOT_CONNECTED);
        assert_string_equal(told->reason, "not yet read");
        assert_int_equal(told->time.ms, s.wall.ms);
    }
    small_pass(&s, 10000);
    assert_int_equal(small_tick(&s, 8), 0);
    small_end(&s);
}

static void a_heartbeat_that_is_never_heard_is_none(void **state)
{
    (void)state;
    struct small s;
    small_begin(&s);
    small_point(&s, u16(), 0);
    small_point(&s, u16(), 1);
    s.map.heartbeat = (struct heartbeat){1, 5 * NS_PER_S};
    small_board(&s);
    small_tick(&s, 8);
    for (int second = 0; second < 6; second++) {
        feed_words(&s, 0, "0001");
        feed_fault(&s, 1, FAULT_EXCEPTION, 2);
        small_pass(&s, 1000);
        small_tick(&s, 8);
    }
    assert_int_equal(board_tag(s.board, 0)->now.quality, QUALITY_UNCERTAIN);
    feed_words(&s, 1, "0007");
    feed_words(&s, 0, "0001");
    assert_int_equal(board_tag(s.board, 0)->now.quality, QUALITY_GOOD);
    small_end(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tags_without_news_become_uncertain),
        cmocka_unit_test(what_is_read_once_in_centuries_is_never_stale),
        cmocka_unit_test(slow_tags_of_a_request_become_stale_later),
        cmocka_unit_test(what_does_not_fit_waits_for_the_next_tick),
        cmocka_unit_test(trouble_is_not_stale),
        cmocka_unit_test(a_program_that_stopped_freezes_its_device),
        cmocka_unit_test(what_is_never_heard_is_told_once),
        cmocka_unit_test(a_heartbeat_that_is_never_heard_is_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
