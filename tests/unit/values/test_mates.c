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
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
