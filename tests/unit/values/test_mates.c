/* SPDX-License-Identifier: Apache-2.0 */
/* A value and what it hangs on: from one answer, or from two that agree. */
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

static struct point scaled_by(int32_t exponent, int32_t factor)
{
    struct point p = u16();
    p.exp_from = exponent;
    p.mul_from = factor;
    return p;
}

static struct point valid_if(int32_t other, int64_t constant)
{
    struct point p = u16();
    p.valid_if = (struct condition){.point = other, .bit = -1, .equal = true, .constant = constant};
    return p;
}

static struct point computed_from(int32_t other)
{
    struct point p = u16();
    p.from = other;
    return p;
}

#define APART "?: read apart from a tag that it hangs on, which is to be read again"
#define CHANGED "?: a tag that it hangs on changed between two answers"

/* 0: exponent, 1: factor, 2: flag, 3..5: what hangs on them; one request, the first three seldom.
 */
static void begin_slow(struct small *s)
{
    small_begin(s);
    for (int i = 0; i < 3; i++)
        small_point(s, u16(), 0);
    small_point(s, scaled_by(0, -1), 0);
    small_point(s, scaled_by(-1, 1), 0);
    small_point(s, valid_if(2, 1), 0);
    for (int i = 0; i < 3; i++)
        s->feeds[0][i].every_nth = 50;
    small_board(s);
}

static void a_partner_of_the_same_answer_counts_before_its_turn_to_be_told(void **state)
{
    (void)state;
    struct small s;
    begin_slow(&s);
    assert_int_equal(feed_words(&s, 0, "0001 0002 0001 0005 0005 0005"), 6);
    assert_string_equal(now_of(&s, 3), "50");
    assert_string_equal(now_of(&s, 4), "10");
    assert_string_equal(now_of(&s, 5), "5");
    assert_int_equal(feed_words(&s, 0, "0002 0003 0000 0006 0006 0006"), 3);
    assert_string_equal(now_of(&s, 3), "600");
    assert_string_equal(now_of(&s, 4), "18");
    assert_string_equal(now_of(&s, 5), "bad 16: declared invalid by the device");
    for (uint32_t i = 0; i < 3; i++) { /* their own turn is still to come */
        static const char *const told[] = {"1", "2", "1"}, *const read[] = {"2", "3", "0"};
        assert_string_equal(now_of(&s, i), told[i]);
        assert_string_equal(told_as(board_partner(s.board, i)), read[i]);
    }
    assert_ptr_equal(board_partner(s.board, 3), &board_tag(s.board, 3)->now);
    for (int i = 2; i < 50; i++)
        assert_int_equal(feed_words(&s, 0, "0002 0003 0001 0006 0006 0006"), 3);
    assert_int_equal(feed_words(&s, 0, "0002 0003 0001 0006 0006 0006"), 6);
    assert_string_equal(now_of(&s, 0), "2");
    small_end(&s);
}

static void a_partner_that_is_bad_before_its_turn_makes_bad(void **state)
{
    (void)state;
    static const struct invalid none = {0xFFFF, 0xFFFF, "not fitted"};
    struct small s;
    begin_slow(&s);
    s.points[1].invalid = &none;
    s.points[1].invalid_count = 1;
    feed_words(&s, 0, "0001 0002 0001 0005 0005 0005");
    feed_words(&s, 0, "0001 FFFF 0001 0005 0005 0005");
    assert_string_equal(now_of(&s, 4), "bad 16: not fitted");
    assert_string_equal(now_of(&s, 1), "2");
    feed_words(&s, 0, "0001 0002 0001 0005 0005 0005");
    assert_string_equal(now_of(&s, 4), "10");
    small_end(&s);
}

/* 0: raw code, 1: made of it, 2: made of that and valid if 3, 4: hangs on 2. */
static void partners_that_hang_on_others_are_made_anew_as_well(void **state)
{
    (void)state;
    struct small s;
    small_begin(&s);
    small_point(&s, u16(), 0);
    small_point(&s, computed_from(0), -1);
    struct point second = computed_from(1);
    second.valid_if = (struct condition){.point = 3, .bit = 0, .equal = true, .constant = 1};
    small_point(&s, second, -1);
    small_point(&s, u16(), 0);
    small_point(&s, scaled_by(-1, 2), 0);
    s.feeds[0][0].every_nth = s.feeds[0][1].every_nth = 9;
    small_board(&s);
    feed_words(&s, 0, "0002 0001 0007");
    assert_string_equal(now_of(&s, 4), "14");
    assert_int_equal(feed_words(&s, 0, "0003 0001 0007"), 1);
    assert_string_equal(now_of(&s, 4), "21");
    assert_string_equal(now_of(&s, 2), "2");
    feed_words(&s, 0, "0003 0000 0007");
    assert_string_equal(now_of(&s, 4), "bad 16: declared invalid by the device");
    small_end(&s);
}

static void feed_hole(struct small *s, unsigned at)
{
    struct block hole = block_of(s, 0);
    hole.fault = FAULT_HOLE;
    hole.first = (uint16_t)(hole.first + at);
    hole.count = 1;
    s->count = board_feed(s->board, &hole, s->touched);
}

/* 0 value, 1 hole, 2 flag: the flag comes behind its value in each round. */
static void what_a_hole_parts_waits_for_the_other_reading(void **state)
{
    (void)state;
    struct small s;
    small_begin(&s);
    small_point(&s, valid_if(2, 1), 0);
    small_point(&s, u16(), 0);
    small_point(&s, u16(), 0);
    small_board(&s);
    feed_words(&s, 0, "0309 0000 0001");
    assert_string_equal(now_of(&s, 0), "777");

    static const struct {
        const char *value, *flag, *before, *after;
        uint32_t told;
    } rounds[] = {
        {"0309", "0001", "777", "777", 2},
        {"030A", "0001", "777", "778", 2},
        {"0000", "0000", "778", "778" CHANGED, 2},
        {"0000", "0000", "bad 16: declared invalid by the device",
         "bad 16: declared invalid by the device", 1},
        {"0309", "0001", "bad 16: declared invalid by the device",
         "bad 16: declared invalid by the device", 1},
        {"0309", "0001", "777" APART, "777", 2},
        {"030B", "0001", "777", "779", 2},
    };
    for (size_t i = 0; i < sizeof rounds / sizeof *rounds; i++) {
        feed_part(&s, 0, 0, rounds[i].value);
        assert_string_equal(now_of(&s, 0), rounds[i].before);
        feed_hole(&s, 1);
        feed_part(&s, 0, 2, rounds[i].flag);
        assert_string_equal(now_of(&s, 0), rounds[i].after);
        assert_int_equal(s.count, rounds[i].told);
    }
    /* What waits is forgotten with the next trouble of its own. */
    feed_part(&s, 0, 0, "0309");
    feed_fault(&s, 0, FAULT_TIMEOUT, 0);
    assert_string_equal(now_of(&s, 0), "bad 24: no answer");
    feed_part(&s, 0, 2, "0001");
    assert_string_equal(now_of(&s, 0), "bad 24: no answer");
    /* And whole again. */
    feed_words(&s, 0, "0309 0000 0001");
    assert_string_equal(now_of(&s, 0), "777");
    small_end(&s);
}

static void the_other_readings_trouble_is_its_own(void **state)
{
    (void)state;
    struct small s;
    small_begin(&s);
    small_point(&s, scaled_by(-1, 1), 0);
    small_point(&s, u16(), 1);
    small_point(&s, computed_from(0), -1);
    small_board(&s);
    feed_words(&s, 1, "0002");
    feed_words(&s, 0, "0005");
    assert_string_equal(now_of(&s, 0), "10" APART);
    assert_string_equal(now_of(&s, 2), "10" APART);
    assert_int_equal(feed_words(&s, 1, "0002"), 3);
    assert_string_equal(now_of(&s, 0), "10");
    assert_string_equal(now_of(&s, 2), "10"); /* follows what was settled */
    assert_int_equal(feed_words(&s, 0, "0006"), 0);
    assert_int_equal(feed_fault(&s, 1, FAULT_TIMEOUT, 0), 3);
    assert_string_equal(now_of(&s, 0), "bad 24: no answer");
    assert_string_equal(now_of(&s, 2), "bad 24: no answer");
    small_end(&s);
}

static void a_value_that_waits_in_vain_is_told_uncertain(void **state)
{
    (void)state;
    struct small s;
    small_begin(&s);
    small_point(&s, scaled_by(-1, 1), 0);
    small_point(&s, u16(), 1);
    small_board(&s);
    feed_words(&s, 1, "0002");
    feed_words(&s, 0, "0005");
    feed_words(&s, 1, "0002");
    assert_string_equal(now_of(&s, 0), "10");
    feed_words(&s, 0, "0006");
    feed_words(&s, 0, "0007");
    assert_string_equal(now_of(&s, 0), "10");
    feed_words(&s, 0, "0008");
    assert_string_equal(now_of(&s, 0), "16" APART);
    feed_words(&s, 1, "0002");
    assert_string_equal(now_of(&s, 0), "16");
    small_end(&s);
}

static void a_partner_that_is_meant_to_be_read_seldom_is_believed(void **state)
{
    (void)state;
    static const struct {
        const char *title;
        int64_t period_ns;
        bool once, waits;
    } facts[] = {
        {"as often", NS_PER_S, false, true},
        {"oftener", NS_PER_S / 10, false, true},
        {"more seldom", 10 * NS_PER_S, false, false},
        {"once", 86400 * NS_PER_S, true, false},
    };
    for (size_t i = 0; i < sizeof facts / sizeof *facts; i++) {
        struct small s;
        small_begin(&s);
        small_point(&s, scaled_by(-1, 1), 0);
        small_point(&s, u16(), 1);
        s.requests[1].period_ns = facts[i].period_ns;
        s.requests[1].once = facts[i].once;
        small_board(&s);
        feed_words(&s, 1, "0002");
        feed_words(&s, 0, "0005");
        assert_string_equal(now_of(&s, 0), facts[i].waits ? "10" APART : "10");
        small_end(&s);
    }
}

/* Not where nothing is known for a minute, if it waited. */
static void the_first_value_waits_for_no_reading_that_is_far_away(void **state)
{
    (void)state;
    static const struct {
        int64_t period_ns, apart_ms;
        bool waits;
    } facts[] = {
        {NS_PER_S, 100, true},
        {60 * NS_PER_S, 100, false},
        {60 * NS_PER_S, 1100, true},
    };
    for (size_t i = 0; i < sizeof facts / sizeof *facts; i++) {
        struct small s;
        small_begin(&s);
        small_point(&s, scaled_by(-1, 1), 0);
        small_point(&s, u16(), 1);
        s.requests[0].period_ns = s.requests[1].period_ns = facts[i].period_ns;
        small_board(&s);
        feed_words(&s, 1, "0002");
        small_pass(&s, facts[i].apart_ms);
        feed_words(&s, 0, "0005");
        assert_string_equal(now_of(&s, 0), facts[i].waits ? "10" APART : "10");
        feed_words(&s, 1, "0003");
        assert_string_equal(now_of(&s, 0), facts[i].waits ? "10" APART : "10" CHANGED);
        feed_words(&s, 0, "0006"); /* later ones do */
        assert_string_equal(now_of(&s, 0), facts[i].waits ? "10" APART : "10" CHANGED);
        feed_words(&s, 1, "0003");
        assert_string_equal(now_of(&s, 0), "18");
        small_end(&s);
    }
}

static uint32_t feed_on(struct small *s, uint32_t request, uint32_t connection, uint8_t low)
{
    const uint8_t bytes[] = {0, low};
    struct block b = block_of(s, request);
    b.connection = connection;
    b.data = bytes;
    b.length = 2;
    s->count = board_feed(s->board, &b, s->touched);
    return s->count;
}

static void another_connection_has_its_own_scales(void **state)
{
    (void)state;
    for (int once = 0; once < 2; once++) {
        struct small s;
        small_begin(&s);
        small_point(&s, scaled_by(-1, 1), 0);
        small_point(&s, u16(), 1);
        s.requests[1].once = once;
        small_board(&s);
        feed_on(&s, 1, 1, 2);
        feed_on(&s, 0, 1, 5);
        feed_on(&s, 1, 1, 2);
        assert_string_equal(now_of(&s, 0), "10");
        feed_on(&s, 0, 2, 5);
        if (once)
            assert_string_equal(now_of(&s, 0),
                                "10?: a tag that it hangs on is not yet read on this connection");
        feed_on(&s, 1, 2, 2);
        if (!once)
            assert_string_equal(now_of(&s, 0), "10" CHANGED);
        feed_on(&s, 0, 2, 5);
        feed_on(&s, 1, 2, 2);
        assert_string_equal(now_of(&s, 0), "10");
        small_end(&s);
    }
}

/* ---- a device whose values and their partners change at one instant ---------------------------
 */

struct device_by_chance {
    struct small s;
    uint64_t seed;
    bool on;
    bool read[5]; /* since it changed */
    unsigned good;
};

static uint32_t roll(uint64_t *seed, uint32_t below)
{
    *seed = *seed * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(*seed >> 33) % below;
}

/* 0: 777 while 1 is 1, else 0. 2: times 3 is always 100. 4: a word of its own. 5: made of 2. */
static uint16_t word_of(const struct device_by_chance *d, uint32_t point)
{
    const uint16_t on[] = {777, 1, 1, 100, 9}, off[] = {0, 0, 100, 1, 9};
    return (d->on ? on : off)[point];
}

static void ask(struct device_by_chance *d, uint32_t request, uint32_t from, uint32_t to)
{
    struct small *s = &d->s;
    struct block b = block_of(s, request);
    uint8_t bytes[32];
    for (uint32_t i = from; i < to; i++) {
        uint32_t point = s->feeds[request][i].point;
        for (uint32_t k = 0; k < s->requests[request].feed_count; k++)
            if (s->feeds[request][k].offset == i)
                point = s->feeds[request][k].point;
        bytes[2 * (i - from)] = (uint8_t)(word_of(d, point) >> 8);
        bytes[2 * (i - from) + 1] = (uint8_t)word_of(d, point);
        d->read[point] = true;
    }
    b.first = (uint16_t)(b.first + from);
    b.count = (uint16_t)(to - from);
    b.data = bytes;
    b.length = 2 * b.count;
    b.connection = 1;
    if (!roll(&d->seed, 60))
        b.fault = roll(&d->seed, 2) ? FAULT_TIMEOUT : FAULT_HOLE;
    s->count = board_feed(s->board, &b, s->touched);
    assert_true(s->count <= board_touch_max(s->board));
    small_pass(s, 100);
}

static void never_wrong(struct device_by_chance *d)
{
    static const uint32_t tags[] = {0, 2, 5};
    for (size_t i = 0; i < sizeof tags / sizeof *tags; i++) {
        const struct sample *now = &board_tag(d->s.board, tags[i])->now;
        if (now->quality != QUALITY_GOOD)
            continue;
        assert_string_equal(now_of(&d->s, tags[i]), tags[i] == 0 ? "777" : "100");
        d->good++;
    }
}

/* Once between two readings of the partners at most: what changes there and back is not to be seen.
 */
static void perhaps_change(struct device_by_chance *d)
{
    if (!d->read[1] || !d->read[3] || roll(&d->seed, 8))
        return;
    d->on = !d->on;
    memset(d->read, 0, sizeof d->read);
}

static void no_value_is_good_with_the_partner_of_another_moment(void **state)
{
    (void)state;
    uint64_t seed = 53;
    for (unsigned plant = 0; plant < 200; plant++) {
        struct device_by_chance d = {.seed = seed + plant * 977};
        struct small *s = &d.s;
        small_begin(s);
        const struct point points[] = {valid_if(1, 1), u16(), scaled_by(-1, 3), u16(), u16()};
        bool apart = roll(&d.seed, 3) == 0;
        uint32_t shift = roll(&d.seed, 5);
        for (uint32_t i = 0; i < 5; i++)
            small_point(s, points[i], apart && i < 4 ? (int)(i % 2) : 0);
        small_point(s, computed_from(2), -1);
        for (uint32_t r = 0; r < 2; r++)
            for (uint32_t i = 0; i < s->requests[r].feed_count; i++) {
                struct feed *f = &s->feeds[r][i];
                f->offset = (uint16_t)((f->offset + shift) % s->requests[r].count);
                f->every_nth = f->point % 2 && !apart ? (uint16_t)(1 + roll(&d.seed, 20)) : 1;
            }
        small_board(s);
        for (unsigned round = 0; round < 400; round++) {
            uint32_t request = apart ? roll(&d.seed, 2) : 0;
            uint32_t count = s->requests[request].count, cut = roll(&d.seed, count + 4);
            perhaps_change(&d);
            if (cut > 0 && cut < count) {
                ask(&d, request, 0, cut);
                never_wrong(&d);
                perhaps_change(&d);
                ask(&d, request, cut, count);
            } else {
                ask(&d, request, 0, count);
            }
            never_wrong(&d);
        }
        assert_true(d.good > 100);
        small_end(s);
    }
}

/* ---- found by a reviewer ----------------------------------------------------------------------
 */

/* 0: value, valid if 1; 1: in the other request, valid if 2; 2: beside the value. Between the
 * reading of 1 and that of 0 the device clears both. */
static void a_partner_that_was_settled_late_vouches_for_nothing_newer_than_its_reading(void **state)
{
    (void)state;
    struct small s;
    small_begin(&s);
    small_point(&s, valid_if(1, 1), 0);
    small_point(&s, valid_if(2, 1), 1);
    small_point(&s, u16(), 0);
    small_board(&s);
    for (int i = 0; i < 4; i++) {
        feed_words(&s, 0, "0309 0001");
        small_pass(&s, 500);
        feed_words(&s, 1, "0001");
        small_pass(&s, 500);
    }
    assert_string_equal(now_of(&s, 0), "777");
    /* 1 is 0 from here on, and the value nonsense */
    feed_words(&s, 0, "0000 0001");
    assert_string_not_equal(now_of(&s, 0), "0");
    feed_words(&s, 1, "0000");
    assert_string_not_equal(now_of(&s, 0), "0");
    feed_words(&s, 0, "0000 0001");
    assert_string_not_equal(now_of(&s, 0), "0");
    small_end(&s);
}

static void no_tag_is_touched_twice_by_one_block(void **state)
{
    (void)state;
    struct small s;
    small_begin(&s);
    small_point(&s, valid_if(1, 1), 0);
    small_point(&s, valid_if(2, 1), 1);
    small_point(&s, u16(), 0);
    small_board(&s);
    for (uint32_t i = 0; i < 6; i++) {
        feed_words(&s, i % 2, i % 2 ? "0001" : "0309 0001");
        for (uint32_t k = 0; k < s.count; k++)
            for (uint32_t n = k + 1; n < s.count; n++)
                assert_int_not_equal(s.touched[k], s.touched[n]);
        small_pass(&s, 500);
    }
    small_end(&s);
}

/* 0: value times 1; 1: told seldom, valid if 2, which another question brings. All is steady. */
static void a_partner_that_is_told_seldom_and_waits_itself_keeps_nobody_waiting(void **state)
{
    (void)state;
    struct small s;
    small_begin(&s);
    small_point(&s, scaled_by(-1, 1), 0);
    small_point(&s, valid_if(2, 1), 0);
    small_point(&s, u16(), 1);
    s.feeds[0][1].every_nth = 60;
    small_board(&s);
    unsigned good = 0;
    for (int i = 0; i < 100; i++) {
        feed_words(&s, 0, "0005 0002");
        small_pass(&s, 500);
        feed_words(&s, 1, "0001");
        small_pass(&s, 500);
        good += board_tag(s.board, 0)->now.quality == QUALITY_GOOD;
    }
    assert_in_range(good, 90, 100);
    assert_string_equal(now_of(&s, 0), "10");
    small_end(&s);
}

static void carry_all(struct small *to, struct small *from)
{
    static struct line line;
    static uint32_t first_to[2], first_from[2];
    uint32_t tags[POINTS], devices[] = {0}, lines[] = {0};
    first_to[1] = to->plan.request_count;
    first_from[1] = from->plan.request_count;
    to->plan.first_request = first_to;
    from->plan.first_request = first_from;
    to->plant.lines = from->plant.lines = &line;
    to->plant.line_count = from->plant.line_count = 1;
    for (uint32_t i = 0; i < POINTS; i++)
        tags[i] = i;
    const struct change c = {.before = &from->plan,
                             .after = &to->plan,
                             .lines = lines,
                             .devices = devices,
                             .tags = tags};
    assert_true(board_carry(to->board, from->board, &c));
    to->now = from->now;
    to->wall = from->wall;
}

static void begin_scaled(struct small *s, int64_t period_ns, uint16_t nth)
{
    small_begin(s);
    small_point(s, scaled_by(-1, 1), 0);
    small_point(s, u16(), 1);
    s->requests[1].period_ns = period_ns;
    s->feeds[1][0].every_nth = nth;
    small_board(s);
}

/* The factor is read every ten seconds and told every minute. */
static void after_a_reload_a_partner_is_what_was_read_last_not_what_was_told_last(void **state)
{
    (void)state;
    struct small s, after;
    begin_scaled(&s, 10 * NS_PER_S, 6);
    begin_scaled(&after, 10 * NS_PER_S, 6);
    feed_words(&s, 1, "0002");
    feed_words(&s, 0, "0005");
    assert_string_equal(now_of(&s, 0), "10");
    small_pass(&s, 10000);
    feed_words(&s, 1, "0003");
    feed_words(&s, 0, "0005");
    assert_string_equal(now_of(&s, 0), "15");
    carry_all(&after, &s);
    small_end(&s);
    feed_words(&after, 0, "0005");
    assert_string_equal(now_of(&after, 0), "15");
    small_end(&after);
}

static void a_value_that_waits_is_told_after_a_reload(void **state)
{
    (void)state;
    struct small s, after;
    begin_scaled(&s, NS_PER_S, 1);
    begin_scaled(&after, NS_PER_S, 1);
    feed_words(&s, 1, "0002");
    feed_words(&s, 0, "0005");
    feed_words(&s, 1, "0002");
    feed_words(&s, 0, "0006");
    carry_all(&after, &s);
    small_end(&s);
    feed_words(&after, 1, "0002");
    assert_string_equal(now_of(&after, 0), "12");
    small_end(&after);
}

/* The heartbeat stops between a value and what it waits for. */
static void the_time_of_a_tag_never_goes_back(void **state)
{
    (void)state;
    struct small s;
    small_begin(&s);
    small_point(&s, scaled_by(-1, 1), 0);
    small_point(&s, u16(), 1);
    small_point(&s, u16(), 0);
    s.map.heartbeat = (struct heartbeat){.point = 2, .within_ns = 5 * NS_PER_S};
    small_board(&s);
    small_tick(&s, 10);
    feed_words(&s, 1, "0002");
    feed_words(&s, 0, "0005 0001");
    feed_words(&s, 1, "0002");
    assert_string_equal(now_of(&s, 0), "10");
    small_pass(&s, 4900);
    feed_words(&s, 0, "0006 0001");
    small_pass(&s, 200);
    small_tick(&s, 10);
    assert_string_equal(now_of(&s, 0), "10?: frozen: the heartbeat has not changed");
    int64_t told = board_tag(s.board, 0)->now.time.ms;
    small_pass(&s, 300);
    feed_words(&s, 1, "0002");
    assert_true(board_tag(s.board, 0)->now.time.ms >= told);
    small_end(&s);
}

static void a_text_that_waits_does_not_write_over_what_is_told(void **state)
{
    (void)state;
    struct small s;
    small_begin(&s);
    struct point name = point_of(RAW_STRING, NULL);
    name.words = 2;
    name.valid_if = (struct condition){.point = 1, .bit = -1, .equal = true, .constant = 1};
    small_point(&s, name, 0);
    small_point(&s, u16(), 1);
    small_board(&s);
    feed_words(&s, 1, "0001");
    feed_words(&s, 0, "41424344");
    char told[128];
    snprintf(told, sizeof told, "%s", now_of(&s, 0));
    small_pass(&s, 1000);
    if (feed_words(&s, 0, "4546 0000") == 0) /* the tag was not told anew */
        assert_string_equal(now_of(&s, 0), told);
    small_end(&s);
}

/* A factor that is another one at each reading: never good, but not the value of long ago either.
 */
static void a_partner_that_always_changes_makes_uncertain_not_old(void **state)
{
    (void)state;
    struct small s;
    small_begin(&s);
    small_point(&s, scaled_by(-1, 1), 0);
    small_point(&s, u16(), 1);
    small_board(&s);
    int64_t oldest_ms = 0;
    char value[8], factor[8];
    for (unsigned i = 0; i < 100; i++) {
        snprintf(value, sizeof value, "%04X", 100 + i);
        snprintf(factor, sizeof factor, "%04X", 10 + i % 2);
        feed_words(&s, 1, factor);
        small_pass(&s, 500);
        feed_words(&s, 0, value);
        small_pass(&s, 500);
        const struct sample *now = &board_tag(s.board, 0)->now;
        assert_int_equal(now->quality, QUALITY_UNCERTAIN);
        int64_t age = s.wall.ms - now->time.ms;
        oldest_ms = age > oldest_ms ? age : oldest_ms;
    }
    assert_in_range(oldest_ms, 0, 5000);
    small_end(&s);
}

/* 0: 777 while 1 is 1; 1 is vouched for by 2, which is always 1; 3: made of 0. In any two of the
 * requests; parts, faults, reloads as they come. */
static void no_chain_is_good_with_a_partner_of_another_moment(void **state)
{
    (void)state;
    uint64_t seed = 71;
    unsigned good = 0;
    for (unsigned plant = 0; plant < 300; plant++) {
        struct small s;
        bool on = true, read = false;
        uint32_t places = roll(&seed, 8);
        uint16_t nth = (uint16_t)(roll(&seed, 2) ? 1 : 7);
        small_begin(&s);
        small_point(&s, valid_if(1, 1), places & 1);
        small_point(&s, valid_if(2, 1), places >> 1 & 1);
        small_point(&s, u16(), places >> 2 & 1);
        small_point(&s, computed_from(0), -1);
        for (uint32_t r = 0; r < 2; r++)
            for (uint32_t i = 0; i < s.requests[r].feed_count; i++)
                if (s.feeds[r][i].point == 1)
                    s.feeds[r][i].every_nth = nth;
        small_board(&s);
        int64_t then[4] = {0};
        for (unsigned round = 0; round < 600; round++) {
            uint32_t r = s.plan.request_count > 1 ? roll(&seed, 2) : 0;
            const struct request *q = &s.requests[r];
            if (q->feed_count == 0)
                r = !r, q = &s.requests[r];
            if (read && !roll(&seed, 6)) {
                on = !on;
                read = false;
            }
            uint8_t bytes[8] = {0};
            for (uint32_t i = 0; i < q->feed_count; i++) {
                const uint16_t words[] = {on ? 777 : 0, on, 1};
                uint16_t w = words[q->feeds[i].point];
                bytes[2 * q->feeds[i].offset] = (uint8_t)(w >> 8);
                bytes[2 * q->feeds[i].offset + 1] = (uint8_t)w;
                read = read || q->feeds[i].point == 1;
            }
            struct block b = block_of(&s, r);
            b.connection = 1;
            b.data = bytes;
            b.length = 2 * b.count;
            if (!roll(&seed, 60))
                b.fault = FAULT_TIMEOUT;
            s.count = board_feed(s.board, &b, s.touched);
            assert_true(s.count <= board_touch_max(s.board));
            for (uint32_t t = 0; t < 4; t++) {
                const struct sample *now = &board_tag(s.board, t)->now;
                assert_true(now->time.ms >= then[t]);
                then[t] = now->time.ms;
                if ((t == 0 || t == 3) && now->quality == QUALITY_GOOD) {
                    assert_string_equal(now_of(&s, t), "777");
                    good++;
                }
            }
            for (uint32_t k = 0; k < s.count; k++)
                for (uint32_t n = k + 1; n < s.count; n++)
                    assert_int_not_equal(s.touched[k], s.touched[n]);
            small_pass(&s, 100);
        }
        small_end(&s);
    }
    assert_true(good > 20000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_partner_of_the_same_answer_counts_before_its_turn_to_be_told),
        cmocka_unit_test(a_partner_that_is_bad_before_its_turn_makes_bad),
        cmocka_unit_test(partners_that_hang_on_others_are_made_anew_as_well),
        cmocka_unit_test(what_a_hole_parts_waits_for_the_other_reading),
        cmocka_unit_test(the_other_readings_trouble_is_its_own),
        cmocka_unit_test(a_value_that_waits_in_vain_is_told_uncertain),
        cmocka_unit_test(a_partner_that_is_meant_to_be_read_seldom_is_believed),
        cmocka_unit_test(the_first_value_waits_for_no_reading_that_is_far_away),
        cmocka_unit_test(another_connection_has_its_own_scales),
        cmocka_unit_test(no_value_is_good_with_the_partner_of_another_moment),
        cmocka_unit_test(
            a_partner_that_was_settled_late_vouches_for_nothing_newer_than_its_reading),
        cmocka_unit_test(no_tag_is_touched_twice_by_one_block),
        cmocka_unit_test(a_partner_that_is_told_seldom_and_waits_itself_keeps_nobody_waiting),
        cmocka_unit_test(after_a_reload_a_partner_is_what_was_read_last_not_what_was_told_last),
        cmocka_unit_test(a_value_that_waits_is_told_after_a_reload),
        cmocka_unit_test(the_time_of_a_tag_never_goes_back),
        cmocka_unit_test(a_text_that_waits_does_not_write_over_what_is_told),
        cmocka_unit_test(a_partner_that_always_changes_makes_uncertain_not_old),
        cmocka_unit_test(no_chain_is_good_with_a_partner_of_another_moment),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
