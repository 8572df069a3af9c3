/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "small.h"

static bool news(struct small *s, enum lane lane)
{
    return board_news(s->board, 0, lane, s->wall);
}

static void tell(struct small *s, enum lane lane)
{
    board_reported(s->board, 0, lane, s->wall);
}

static void a_deadband_is_measured_from_what_was_told(void **state)
{
    (void)state;
    struct small s;
    small_begin(&s);
    struct point p = scaled_point(RAW_S16, "0.1", "0");
    p.deadband = 0.5;
    small_point(&s, p, 0);
    small_board(&s);
    assert_true(news(&s, LANE_VALUE));
    feed_words(&s, 0, "0064");
    tell(&s, LANE_VALUE);
    static const struct {
        const char *wire;
        bool news;
    } facts[] = {
        {"0064", false}, {"0066", false}, {"0068", false}, {"0069", false}, /* creeping: 0.5 */
        {"006A", true},  {"005F", false}, {"005E", true},
    };
    for (size_t i = 0; i < sizeof facts / sizeof *facts; i++) {
        feed_words(&s, 0, facts[i].wire);
        assert_int_equal(news(&s, LANE_VALUE), facts[i].news);
    }
    assert_true(news(&s, LANE_HISTORY)); /* the other lane was told nothing yet */
    tell(&s, LANE_HISTORY);
    assert_false(news(&s, LANE_HISTORY));
    assert_true(news(&s, LANE_VALUE));
    small_end(&s);
}

static void a_change_as_large_as_the_deadband_is_within_it(void **state)
{
    (void)state;
    struct small s;
    small_begin(&s);
    struct point p = scaled_point(RAW_S16, "0.1", "0");
    p.deadband = 0.1;
    small_point(&s, p, 0);
    small_board(&s);
    for (int raw = -500; raw < 500; raw++) {
        char wire[8];
        snprintf(wire, sizeof wire, "%04X", (unsigned)raw & 0xFFFF);
        feed_words(&s, 0, wire);
        tell(&s, LANE_VALUE);
        snprintf(wire, sizeof wire, "%04X", (unsigned)(raw + 1) & 0xFFFF);
        feed_words(&s, 0, wire);
        assert_false(news(&s, LANE_VALUE));
        snprintf(wire, sizeof wire, "%04X", (unsigned)(raw + 2) & 0xFFFF);
        feed_words(&s, 0, wire);
        assert_true(news(&s, LANE_VALUE));
    }
    small_end(&s);
}

static void without_a_deadband_every_change_is_told(void **state)
{
    (void)state;
    struct small s;
    small_begin(&s);
    small_point(&s, point_of(RAW_U64, NULL), 0);
    small_board(&s);
    feed_words(&s, 0, "0020000000000001");
    tell(&s, LANE_VALUE);
    feed_words(&s, 0, "0020000000000001");
    assert_false(news(&s, LANE_VALUE));
    feed_words(&s, 0, "0020000000000000"); /* a double could not tell them apart */
    assert_true(news(&s, LANE_VALUE));
    small_end(&s);
}

static void quality_and_reason_are_always_news(void **state)
{
    (void)state;
    struct small s;
    small_begin(&s);
    struct point p = point_of(RAW_U16, NULL);
    p.deadband = 1000;
    small_point(&s, p, 0);
    small_board(&s);
    feed_words(&s, 0, "0001");
    tell(&s, LANE_VALUE);
    feed_fault(&s, 0, FAULT_TIMEOUT, 0);
    assert_true(news(&s, LANE_VALUE));
    tell(&s, LANE_VALUE);
    feed_fault(&s, 0, FAULT_TIMEOUT, 0);
    assert_false(news(&s, LANE_VALUE));
    feed_fault(&s, 0, FAULT_CLOSED, 0); /* as bad, but for another reason */
    assert_true(news(&s, LANE_VALUE));
    tell(&s, LANE_VALUE);
    feed_words(&s, 0, "0001");
    assert_true(news(&s, LANE_VALUE));
    small_end(&s);
}

static void silence_has_an_end(void **state)
{
    (void)state;
    struct small s;
    small_begin(&s);
    struct point p = point_of(RAW_U16, NULL);
    p.max_silence_ns = 60 * NS_PER_S;
    small_point(&s, p, 0);
    small_board(&s);
    feed_words(&s, 0, "0001");
    tell(&s, LANE_VALUE);
    small_pass(&s, 59999);
    assert_false(news(&s, LANE_VALUE));
    small_pass(&s, 1);
    assert_true(news(&s, LANE_VALUE));
    tell(&s, LANE_VALUE);
    s.wall.ms -= 3600000; /* a clock that is set back */
    assert_true(news(&s, LANE_VALUE));
    small_end(&s);
}

static void a_tag_queues_once_and_only_with_news(void **state)
{
    (void)state;
    struct small s;
    small_begin(&s);
    for (int i = 0; i < 4; i++)
        small_point(&s, point_of(RAW_U16, NULL), 0);
    small_board(&s);
    uint32_t tag;
    assert_false(board_next_dirty(s.board, &tag));
    feed_words(&s, 0, "0001 0002 0003 0004");
    feed_words(&s, 0, "0001 0002 0003 0004");
    board_dirty(s.board, 0);
    for (uint32_t i = 0; i < 4; i++) {
        assert_true(board_next_dirty(s.board, &tag));
        assert_int_equal(tag, i);
        board_reported(s.board, tag, LANE_VALUE, s.wall);
    }
    assert_false(board_next_dirty(s.board, &tag));
    feed_words(&s, 0, "0001 0009 0003 0004");
    assert_true(board_next_dirty(s.board, &tag));
    assert_int_equal(tag, 1);
    assert_false(board_next_dirty(s.board, &tag));
    board_dirty(s.board, tag); /* put back, and others behind it */
    feed_words(&s, 0, "0008 0009 0003 0004");
    assert_true(board_next_dirty(s.board, &tag));
    assert_int_equal(tag, 1);
    assert_true(board_next_dirty(s.board, &tag));
    assert_int_equal(tag, 0);
    assert_false(board_next_dirty(s.board, &tag));
    small_end(&s);
}

static void a_forgotten_lane_is_told_everything_again(void **state)
{
    (void)state;
    struct small s;
    small_begin(&s);
    small_point(&s, point_of(RAW_U16, NULL), 0);
    small_board(&s);
    feed_words(&s, 0, "0001");
    tell(&s, LANE_VALUE);
    tell(&s, LANE_HISTORY);
    board_forget(s.board, LANE_VALUE);
    assert_true(news(&s, LANE_VALUE));
    assert_false(news(&s, LANE_HISTORY));
    small_end(&s);
}

static void what_was_told_last_is_known(void **state)
{
    (void)state;
    static const struct {
        enum raw_type type;
        const char *wire, *told; /* as a sample */
    } facts[] = {
        {RAW_S16, "FFF6", "-10"},        {RAW_U64, "FFFFFFFFFFFFFFFF", "18446744073709551615"},
        {RAW_F32, "3FC00000", "1.5"},    {RAW_BOOL, "0001", "true"},
        {RAW_STRING, "5033", "bad 0: "}, /* of a text only its mark is kept */
    };
    for (size_t i = 0; i < sizeof facts / sizeof *facts; i++) {
        struct small s;
        small_begin(&s);
        struct point p = point_of(facts[i].type, NULL);
        p.mask = p.type == RAW_BOOL;
        small_point(&s, p, 0);
        small_board(&s);
        assert_false(board_told(s.board, 0, LANE_VALUE).known);
        feed_words(&s, 0, facts[i].wire);
        assert_false(board_told(s.board, 0, LANE_VALUE).known);
        tell(&s, LANE_VALUE);
        struct lane_told told = board_told(s.board, 0, LANE_VALUE);
        assert_true(told.known);
        assert_int_equal(told.time.ms, s.wall.ms);
        assert_int_equal(told.quality, QUALITY_GOOD);
        const struct sample as = {.value = told.value,
                                  .quality = told.value.kind ? QUALITY_GOOD : (enum quality)0};
        assert_string_equal(told_as(&as), facts[i].told);
        small_end(&s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_told_last_is_known),
        cmocka_unit_test(a_deadband_is_measured_from_what_was_told),
        cmocka_unit_test(a_change_as_large_as_the_deadband_is_within_it),
        cmocka_unit_test(without_a_deadband_every_change_is_told),
        cmocka_unit_test(quality_and_reason_are_always_news),
        cmocka_unit_test(silence_has_an_end),
        cmocka_unit_test(a_tag_queues_once_and_only_with_news),
        cmocka_unit_test(a_forgotten_lane_is_told_everything_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
