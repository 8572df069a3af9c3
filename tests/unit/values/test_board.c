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

static void a_block_renews_its_tags_in_order(void **state)
{
    (void)state;
    struct small s;
    small_begin(&s);
    for (int i = 0; i < 3; i++)
        small_point(&s, scaled_point(RAW_U16, "0.1", "0"), 0);
    small_board(&s);
    assert_string_equal(now_of(&s, 2), "bad 8: not yet read");
    assert_int_equal(board_touch_max(s.board), 3);
    assert_int_equal(feed_words(&s, 0, "0001 0002 101D"), 3);
    for (uint32_t i = 0; i < 3; i++)
        assert_int_equal(s.touched[i], i);
    assert_string_equal(now_of(&s, 2), "412.5");
    const struct tag_state *t = board_tag(s.board, 2);
    assert_int_equal(t->now.time.ms, s.wall.ms);
    assert_null(t->now.reason);
    wall_t then = s.wall;
    small_pass(&s, 1000);
    assert_int_equal(feed_fault(&s, 0, FAULT_TIMEOUT, 0), 3);
    assert_string_equal(now_of(&s, 2), "bad 24: no answer");
    assert_int_equal(t->now.time.ms, s.wall.ms);
    assert_int_equal(t->last.i, 4125);
    assert_int_equal(t->last_time.ms, then.ms);
    small_end(&s);
}

static void each_fault_has_its_quality(void **state)
{
    (void)state;
    static const struct {
        enum fault fault;
        uint8_t exception;
        const char *told;
    } facts[] = {
        {FAULT_LINE_DOWN, 0, "bad 8: line down"},
        {FAULT_TIMEOUT, 0, "bad 24: no answer"},
        {FAULT_GARBLED, 0, "bad 24: garbled answer"},
        {FAULT_CLOSED, 0, "bad 24: connection closed"},
        {FAULT_HOLE, 0, "bad 4: illegal data address"},
        {FAULT_EXCEPTION, 1, "bad 4: illegal function"},
        {FAULT_EXCEPTION, 2, "bad 4: illegal data address"},
        {FAULT_EXCEPTION, 3, "bad 4: illegal data value"},
        {FAULT_EXCEPTION, 4, "bad 12: device failure"},
        {FAULT_EXCEPTION, 5, "bad 12: device busy, acknowledged"},
        {FAULT_EXCEPTION, 6, "bad 12: device busy"},
        {FAULT_EXCEPTION, 8, "bad 12: memory parity error"},
        {FAULT_EXCEPTION, 10, "bad 24: gateway: no path to the target"},
        {FAULT_EXCEPTION, 11, "bad 24: gateway: target did not answer"},
        {FAULT_EXCEPTION, 0, "bad 12: exception of the maker's own"},
        {FAULT_EXCEPTION, 130, "bad 12: exception of the maker's own"},
        {FAULT_EXCEPTION, 255, "bad 12: exception of the maker's own"},
    };
    struct small s;
    small_begin(&s);
    small_point(&s, u16(), 0);
    small_board(&s);
    for (size_t i = 0; i < sizeof facts / sizeof *facts; i++) {
        feed_words(&s, 0, "0007");
        assert_string_equal(now_of(&s, 0), "7");
        assert_int_equal(feed_fault(&s, 0, facts[i].fault, facts[i].exception), 1);
        assert_string_equal(now_of(&s, 0), facts[i].told);
    }
    struct block b = block_of(&s, 0);
    b.fault = FAULT_GARBLED;
    b.why = "wrong unit";
    board_feed(s.board, &b, s.touched);
    assert_string_equal(now_of(&s, 0), "bad 24: wrong unit");
    small_end(&s);
}

static void backing_off_takes_along_what_still_looked_alive(void **state)
{
    (void)state;
    struct small s;
    small_begin(&s);
    small_point(&s, u16(), 0);
    struct point loud = u16();
    loud.max_silence_ns = 10 * NS_PER_S;
    small_point(&s, loud, 1);
    small_board(&s);
    feed_words(&s, 0, "0001");
    feed_words(&s, 1, "0002");
    feed_fault(&s, 0, FAULT_TIMEOUT, 0);
    wall_t noticed = s.wall;
    small_pass(&s, 500);
    assert_int_equal(feed_fault(&s, 0, FAULT_BACKED_OFF, 0), 0);
    assert_int_equal(board_tag(s.board, 0)->now.time.ms, noticed.ms);
    assert_int_equal(feed_fault(&s, 1, FAULT_BACKED_OFF, 0), 1);
    assert_string_equal(now_of(&s, 1), "bad 24: no answer");
    assert_int_equal(feed_fault(&s, 1, FAULT_BACKED_OFF, 0), 0);
    /* A tag that has to be told every ten seconds is told that it is still bad. */
    uint32_t tag;
    while (board_next_dirty(s.board, &tag))
        board_reported(s.board, tag, LANE_VALUE, s.wall);
    feed_fault(&s, 1, FAULT_BACKED_OFF, 0);
    assert_false(board_next_dirty(s.board, &tag));
    small_pass(&s, 10000);
    assert_int_equal(feed_fault(&s, 1, FAULT_BACKED_OFF, 0), 0);
    assert_true(board_next_dirty(s.board, &tag));
    assert_int_equal(tag, 1);
    small_end(&s);
}

static void a_part_of_an_answer_renews_only_what_it_holds(void **state)
{
    (void)state;
    struct small s;
    small_begin(&s);
    for (int i = 0; i < 4; i++)
        small_point(&s, i == 1 ? point_of(RAW_U32, NULL) : u16(), 0); /* at 0, 1..2, 3, 4 */
    small_board(&s);
    assert_int_equal(feed_part(&s, 0, 0, "0001"), 1);
    assert_int_equal(feed_part(&s, 0, 3, "0003 0004"), 2);
    assert_string_equal(now_of(&s, 3), "4");
    assert_string_equal(now_of(&s, 1), "bad 8: not yet read");
    assert_int_equal(feed_part(&s, 0, 2, "0009"), 0); /* half a value is none */
    struct block hole = block_of(&s, 0);
    hole.fault = FAULT_HOLE;
    hole.first = 11;
    hole.count = 2;
    assert_int_equal(board_feed(s.board, &hole, s.touched), 1);
    assert_string_equal(now_of(&s, 1), "bad 4: illegal data address");
    assert_string_equal(now_of(&s, 2), "3");
    small_end(&s);
}

static void a_slow_tag_has_its_turn_with_each_nth_answer(void **state)
{
    (void)state;
    struct small s;
    small_begin(&s);
    small_point(&s, u16(), 0);
    small_point(&s, u16(), 0);
    s.feeds[0][1].every_nth = 3;
    small_board(&s);
    static const unsigned turns[] = {2, 1, 1, 2, 1, 1, 2};
    for (size_t i = 0; i < sizeof turns / sizeof *turns; i++)
        assert_int_equal(feed_words(&s, 0, "0001 0002"), turns[i]);
    /* Trouble is never skipped, and neither is its end. */
    assert_int_equal(feed_fault(&s, 0, FAULT_TIMEOUT, 0), 2);
    assert_int_equal(feed_words(&s, 0, "0001 0002"), 2);
    /* Two parts of one answer are one turn: this is the third since the sixth. */
    assert_int_equal(feed_part(&s, 0, 0, "0001"), 1);
    assert_int_equal(feed_part(&s, 0, 1, "0002"), 0);
    assert_int_equal(feed_part(&s, 0, 0, "0001"), 1);
    assert_int_equal(feed_part(&s, 0, 1, "0002"), 1);
    small_end(&s);
}

static void a_slow_tag_has_its_turn_behind_a_hole(void **state)
{
    (void)state;
    struct small s;
    small_begin(&s);
    for (int i = 0; i < 3; i++)
        small_point(&s, u16(), 0);
    s.feeds[0][2].every_nth = 3;
    small_board(&s);
    static const unsigned turns[] = {2, 1, 1, 2, 1, 1, 2};
    for (size_t i = 0; i < sizeof turns / sizeof *turns; i++) {
        struct block hole = block_of(&s, 0);
        hole.fault = FAULT_HOLE;
        hole.count = 1;
        board_feed(s.board, &hole, s.touched);
        assert_int_equal(feed_part(&s, 0, 1, "0001 0002"), turns[i]);
    }
    small_end(&s);
}

static void computed_tags_follow_their_source(void **state)
{
    (void)state;
    static const struct pair pairs[] = {{0, 0}, {1, 1200}, {2, 3100}};
    struct small s;
    small_begin(&s);
    /* Declared before what they need, so that order alone can't make it right. */
    struct point share = scaled_point(RAW_U16, "0.01", "0");
    share.from = 1;
    struct point volume = u16();
    volume.from = 2;
    volume.curve = CURVE_TABLE;
    volume.pairs = pairs;
    volume.pair_count = 3;
    small_point(&s, share, -1);
    small_point(&s, volume, -1);
    small_point(&s, scaled_point(RAW_U16, "0.1", "0"), 0);
    small_board(&s);
    assert_int_equal(board_touch_max(s.board), 3);
    assert_int_equal(feed_words(&s, 0, "000A"), 3);
    assert_int_equal(s.touched[0], 2);
    assert_int_equal(s.touched[1], 1);
    assert_int_equal(s.touched[2], 0);
    assert_string_equal(now_of(&s, 1), "1200.0");
    assert_string_equal(now_of(&s, 0), "12.0");
    feed_words(&s, 0, "0015");
    assert_string_equal(now_of(&s, 1), "bad 16: outside the linearisation table");
    assert_string_equal(now_of(&s, 0), "bad 16: outside the linearisation table");
    assert_int_equal(feed_fault(&s, 0, FAULT_CLOSED, 0), 3);
    assert_string_equal(now_of(&s, 0), "bad 24: connection closed");
    assert_int_equal(feed_fault(&s, 0, FAULT_BACKED_OFF, 0), 0);
    small_end(&s);
}

static void scales_are_taken_from_the_same_answer(void **state)
{
    (void)state;
    struct small s;
    small_begin(&s);
    struct point value = point_of(RAW_S16, NULL);
    value.exp_from = 1;
    value.mul_from = 2;
    small_point(&s, value, 0);
    small_point(&s, point_of(RAW_S16, NULL), 0);
    small_point(&s, u16(), 1);
    small_board(&s);
    assert_int_equal(feed_words(&s, 0, "0064 FFFF"), 2);
    assert_string_equal(now_of(&s, 0), "bad 0: scale not yet read");
    feed_words(&s, 1, "0005");
    feed_words(&s, 0, "0064 FFFF");
    feed_words(&s, 1, "0005");
    assert_string_equal(now_of(&s, 0), "50.0");
    feed_words(&s, 0, "0064 0001"); /* the scale behind the value counts at once */
    feed_words(&s, 1, "0005");
    assert_string_equal(now_of(&s, 0), "5000");
    feed_fault(&s, 1, FAULT_TIMEOUT, 0);
    feed_words(&s, 0, "0064 0001");
    assert_string_equal(now_of(&s, 0), "bad 24: no answer");
    small_end(&s);
}

static void a_status_decides_whether_a_value_counts(void **state)
{
    (void)state;
    struct small s;
    small_begin(&s);
    struct point value = u16();
    value.valid_if = (struct condition){.point = 1, .bit = 0, .equal = true, .constant = 0};
    struct point other = value;
    other.valid_if.point = 3;
    small_point(&s, value, 0);
    small_point(&s, u16(), 0);
    small_point(&s, other, 0);
    small_point(&s, u16(), 1);
    small_board(&s);
    feed_words(&s, 0, "0005 0000 0006");
    assert_string_equal(now_of(&s, 0), "5");
    assert_string_equal(now_of(&s, 2), "bad 0: its condition is not yet read");
    feed_words(&s, 0, "0005 0001 0006");
    assert_string_equal(now_of(&s, 0), "bad 16: declared invalid by the device");
    feed_words(&s, 1, "0002");
    feed_words(&s, 0, "0005 0000 0006");
    feed_words(&s, 1, "0002");
    assert_string_equal(now_of(&s, 2), "6");
    small_pass(&s, 10000);
    small_tick(&s, 8);
    feed_words(&s, 0, "0005 0000 0006");
    assert_string_equal(now_of(&s, 0), "5");
    assert_string_equal(now_of(&s, 2), "6?: stale");
    small_end(&s);
}

static void counters_go_up_or_have_a_reason(void **state)
{
    (void)state;
    static const struct {
        const char *title;
        double wrap;
        bool reset;
        const char *before, *after, *told;
    } facts[] = {
        {"up", 0, false, "0064", "0065", "101"},
        {"same", 0, false, "0064", "0064", "100"},
        {"down", 0, false, "0064", "0063", "99?: counter ran backwards"},
        {"reset allowed", 0, true, "0064", "0000", "0"},
        {"wrap", 9999, false, "270E", "0005", "5"},
        {"too far for a wrap", 9999, false, "1388", "0005", "5?: counter ran backwards"},
        {"a step back is no wrap", 9999, false, "0064", "0063", "99?: counter ran backwards"},
        {"above the wrap", 9999, false, "0064", "2710",
         "bad 16: above the value where the counter wraps"},
        {"at the wrap", 9999, false, "0064", "270F", "9999"},
    };
    for (size_t i = 0; i < sizeof facts / sizeof *facts; i++) {
        struct small s;
        small_begin(&s);
        struct point p = u16();
        p.kind = KIND_COUNTER;
        p.has_wrap = facts[i].wrap > 0;
        p.wrap = facts[i].wrap;
        p.reset = facts[i].reset;
        small_point(&s, p, 0);
        small_board(&s);
        feed_words(&s, 0, facts[i].before);
        feed_words(&s, 0, facts[i].after);
        if (strcmp(now_of(&s, 0), facts[i].told) != 0)
            fail_msg("%s: %s", facts[i].title, now_of(&s, 0));
        /* It is said once; then the new reading is the base, an outage or not. But `last` stays the
         * last good one until there is another. */
        const struct tag_state *t = board_tag(s.board, 0);
        uint64_t after = strtoul(facts[i].after, NULL, 16);
        if (t->now.value.kind != VALUE_NONE) {
            uint64_t before = strtoul(facts[i].before, NULL, 16);
            assert_int_equal(t->last.u, t->now.quality == QUALITY_GOOD ? after : before);
            feed_fault(&s, 0, FAULT_TIMEOUT, 0);
            feed_words(&s, 0, facts[i].after);
            assert_null(t->now.reason);
            assert_int_equal(t->last.u, after);
        }
        small_end(&s);
    }
}

static void counters_are_compared_to_the_last_digit(void **state)
{
    (void)state;
    struct small s;
    small_begin(&s);
    struct point p = scaled_point(RAW_U64, "0.01", "0");
    p.kind = KIND_COUNTER;
    small_point(&s, p, 0);
    small_board(&s);
    feed_words(&s, 0, "0020000000000001");
    feed_words(&s, 0, "0020000000000000");
    assert_string_equal(now_of(&s, 0), "90071992547409.92?: counter ran backwards");
    board_reported(s.board, 0, LANE_HISTORY, s.wall);
    feed_words(&s, 0, "0020000000000000");
    board_reported(s.board, 0, LANE_HISTORY, s.wall);
    feed_words(&s, 0, "0020000000000001");
    assert_true(board_news(s.board, 0, LANE_HISTORY, s.wall));
    small_end(&s);
}

static void a_text_outlives_the_ones_behind_it(void **state)
{
    (void)state;
    struct small s;
    small_begin(&s);
    struct point p = point_of(RAW_STRING, NULL);
    p.words = 2;
    p.order[1] = 1;
    p.max_silence_ns = 0;
    struct point copy = u16();
    copy.from = 0;
    small_point(&s, p, 0);
    small_point(&s, copy, -1);
    small_board(&s);
    const struct tag_state *t = board_tag(s.board, 0);
    feed_words(&s, 0, "4142 4344");
    assert_string_equal(now_of(&s, 0), "'ABCD'");
    assert_string_equal(now_of(&s, 1), "'ABCD'");
    board_reported(s.board, 0, LANE_VALUE, s.wall);
    assert_false(board_news(s.board, 0, LANE_VALUE, s.wall));
    feed_words(&s, 0, "4142 4344");
    assert_false(board_news(s.board, 0, LANE_VALUE, s.wall));
    feed_words(&s, 0, "5858 5858");
    assert_true(board_news(s.board, 0, LANE_VALUE, s.wall));
    assert_string_equal(now_of(&s, 1), "'XXXX'");
    feed_fault(&s, 0, FAULT_TIMEOUT, 0);
    assert_int_equal(t->last.length, 4);
    assert_memory_equal(t->last.text, "XXXX", 4);
    feed_words(&s, 0, "4142 4344");
    assert_memory_equal(t->last.text, "ABCD", 4);
    small_end(&s);
}

static void samples_from_elsewhere_are_judged_alike(void **state)
{
    (void)state;
    static const struct choice choices[] = {{0, "off", 3}, {1, "on", 2}};
    struct small s;
    small_begin(&s);
    struct point p = u16();
    p.has_valid = true;
    p.valid_high = 100;
    small_point(&s, p, 0);
    struct point e = u16();
    e.choices = choices;
    e.choice_count = 2;
    small_point(&s, e, 0);
    s.plant.derived_count = 1;
    s.derived[0].point = u16();
    small_board(&s);
    struct sample in = {
        .quality = QUALITY_GOOD, .value = {.kind = VALUE_REAL, .real = 100.5}, .time = s.wall};
    board_put(s.board, 0, &in);
    assert_string_equal(now_of(&s, 0), "bad 16: above the valid range");
    in.value.real = 99.5;
    board_put(s.board, 0, &in);
    assert_string_equal(now_of(&s, 0), "99.5");
    char text[100] = "on";
    in.value = (struct value){.kind = VALUE_TEXT, .text = text, .length = 2};
    board_put(s.board, 1, &in);
    board_put(s.board, 2, &in);
    board_put(s.board, 0, &in);
    memset(text, 'x', sizeof text);
    assert_string_equal(now_of(&s, 1), "'on'");
    assert_string_equal(now_of(&s, 2), "'on'");
    assert_string_equal(now_of(&s, 0), "bad 16: a text where none belongs");
    in.value.length = BOARD_TEXT_MAX;
    board_put(s.board, 2, &in);
    assert_int_equal(board_tag(s.board, 2)->now.value.length, BOARD_TEXT_MAX);
    in.value.length = BOARD_TEXT_MAX + 1;
    board_put(s.board, 2, &in);
    assert_string_equal(now_of(&s, 2), "bad 16: text too long");
    assert_int_equal(board_tag(s.board, 2)->last.length, BOARD_TEXT_MAX);
    small_end(&s);
}

static void devices_that_share_a_request_and_a_map_keep_apart(void **state)
{
    (void)state;
    struct small s;
    small_begin(&s);
    s.plant.device_count = 2;
    struct point text = point_of(RAW_STRING, NULL);
    text.order[1] = 1;
    struct point twice = scaled_point(RAW_U16, "2", "0");
    twice.from = 0;
    small_point(&s, u16(), 0);
    small_point(&s, text, 0);
    small_point(&s, twice, -1);
    s.feeds[0][2] = (struct feed){.device = 1, .point = 0, .offset = 2};
    s.feeds[0][3] = (struct feed){.device = 1, .point = 1, .offset = 3};
    s.requests[0].feed_count = s.requests[0].count = 4;
    small_board(&s);
    assert_int_equal(board_touch_max(s.board), 6);
    assert_int_equal(feed_words(&s, 0, "0001 4141 0005 4242"), 6);
    static const char *const told[] = {"1", "'AA'", "2", "5", "'BB'", "10"};
    for (uint32_t i = 0; i < 6; i++)
        assert_string_equal(now_of(&s, i), told[i]);
    small_end(&s);
}

static void coils_are_found_in_packed_bits(void **state)
{
    (void)state;
    struct small s;
    small_begin(&s);
    s.requests[0].table = TABLE_COIL;
    struct point coil = point_of(RAW_BOOL, NULL);
    coil.table = TABLE_COIL;
    for (int i = 0; i < 10; i++) {
        coil.inverted = i == 9;
        small_point(&s, coil, 0);
    }
    small_board(&s);
    static const uint8_t bits[] = {0x81, 0x01};
    struct block b = block_of(&s, 0);
    b.data = bits;
    b.length = 2;
    assert_int_equal(board_feed(s.board, &b, s.touched), 10);
    for (uint32_t i = 0; i < 10; i++)
        assert_int_equal(board_tag(s.board, i)->now.value.truth, i == 0 || i >= 7);
    small_end(&s);
}

static uint32_t roll(uint64_t *seed, uint32_t sides)
{
    *seed = *seed * 6364136223846793005U + 1442695040888963407U;
    return (uint32_t)(*seed >> 33) % sides;
}

/* Blocks whole, in part and missing, in any order: every sample that comes of it is consistent. */
static void any_course_of_events_leaves_consistent_tags(void **state)
{
    (void)state;
    static const struct choice choices[] = {{0, "off", 3}, {1, "on", 2}};
    uint64_t seed = 2026;
    for (unsigned plant = 0; plant < 40; plant++) {
        struct small s;
        small_begin(&s);
        for (uint32_t i = 0; i < POINTS; i++) {
            struct point p = point_of((enum raw_type)roll(&seed, RAW_COUNT), NULL);
            if (p.type == RAW_STRING || p.type == RAW_TIME)
                p.words = 6;
            p.time_form = (uint8_t)roll(&seed, 6);
            p.order[1] = 1;
            p.kind = roll(&seed, 3) ? KIND_GAUGE : KIND_COUNTER;
            p.choices = choices;
            p.choice_count = roll(&seed, 4) ? 0 : 2;
            p.has_valid = !roll(&seed, 4);
            p.valid_high = 30000;
            if (i > 0 && !roll(&seed, 4))
                p.exp_from = (int32_t)roll(&seed, i);
            if (i > 0 && !roll(&seed, 4))
                p.mul_from = (int32_t)roll(&seed, i);
            if (i > 0 && !roll(&seed, 4))
                p.valid_if = (struct condition){(int32_t)roll(&seed, i), -1, true, 0};
            if (i > 0 && !roll(&seed, 3))
                p.from = (int32_t)roll(&seed, i);
            int request = p.from >= 0 ? -1 : (int)roll(&seed, 2);
            small_point(&s, p, request);
            if (request >= 0)
                s.feeds[request][s.requests[request].feed_count - 1].every_nth =
                    (uint16_t)roll(&seed, 4);
        }
        s.map.heartbeat = (struct heartbeat){(int32_t)roll(&seed, POINTS), 5 * NS_PER_S};
        small_board(&s);
        for (unsigned event = 0; event < 2000; event++) {
            uint32_t request = roll(&seed, s.plan.request_count);
            const struct request *r = &s.requests[request];
            struct block b = block_of(&s, request);
            uint8_t data[256];
            for (size_t i = 0; i < sizeof data; i++)
                data[i] = (uint8_t)(roll(&seed, 3) ? 0 : roll(&seed, 256));
            uint32_t start = r->count && !roll(&seed, 3) ? roll(&seed, r->count) : 0;
            b.first = (uint16_t)(r->first + start);
            b.count = (uint16_t)(r->count - start);
            b.data = data;
            b.length = b.count * 2U;
            b.fault = roll(&seed, 3) ? FAULT_NONE : (enum fault)roll(&seed, FAULT_HOLE + 1);
            b.exception = (uint8_t)roll(&seed, 256);
            uint32_t most = board_touch_max(s.board);
            if (roll(&seed, 5) && b.count > 0)
                s.count = board_feed(s.board, &b, s.touched);
            else
                small_tick(&s, most = roll(&seed, POINTS + 1));
            assert_true(s.count <= most);
            small_pass(&s, roll(&seed, 2500));
            uint32_t good = 0;
            for (uint32_t tag = 0; tag < POINTS; tag++) {
                const struct sample *now = &board_tag(s.board, tag)->now;
                good += now->quality == QUALITY_GOOD;
                bool bad = now->quality != QUALITY_GOOD && now->quality != QUALITY_UNCERTAIN;
                assert_true((now->quality == QUALITY_GOOD) == (now->reason == NULL));
                assert_true(bad == (now->value.kind == VALUE_NONE));
                assert_non_null(told_as(now));
                const struct value *last = &board_tag(s.board, tag)->last;
                if (last->kind == VALUE_TEXT)
                    assert_true(text_is_utf8(last->text, last->length));
            }
            assert_int_equal(board_good(s.board), good);
        }
        small_end(&s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_block_renews_its_tags_in_order),
        cmocka_unit_test(each_fault_has_its_quality),
        cmocka_unit_test(backing_off_takes_along_what_still_looked_alive),
        cmocka_unit_test(a_part_of_an_answer_renews_only_what_it_holds),
        cmocka_unit_test(a_slow_tag_has_its_turn_with_each_nth_answer),
        cmocka_unit_test(a_slow_tag_has_its_turn_behind_a_hole),
        cmocka_unit_test(computed_tags_follow_their_source),
        cmocka_unit_test(scales_are_taken_from_the_same_answer),
        cmocka_unit_test(a_status_decides_whether_a_value_counts),
        cmocka_unit_test(counters_go_up_or_have_a_reason),
        cmocka_unit_test(counters_are_compared_to_the_last_digit),
        cmocka_unit_test(a_text_outlives_the_ones_behind_it),
        cmocka_unit_test(samples_from_elsewhere_are_judged_alike),
        cmocka_unit_test(devices_that_share_a_request_and_a_map_keep_apart),
        cmocka_unit_test(coils_are_found_in_packed_bits),
        cmocka_unit_test(any_course_of_events_leaves_consistent_tags),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
