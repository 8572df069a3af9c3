/* SPDX-License-Identifier: Apache-2.0 */
/* Tags that a model may lack, tags that nobody asks for, and clocks in zones of their own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/zone.h"
#include "small.h"

static struct point u16(void)
{
    return point_of(RAW_U16, NULL);
}

static void a_tag_that_the_model_lacks_is_quiet(void **state)
{
    (void)state;
    struct small s;
    small_begin(&s);
    struct point may = u16(), half = point_of(RAW_F64, NULL);
    may.optional = true;
    half.from = 1;
    half.curve = CURVE_LINEAR;
    half.scale = decimal_of("0.5");
    half.offset = decimal_of("0");
    small_point(&s, u16(), 0);
    small_point(&s, may, 0);
    small_point(&s, half, -1);
    small_point(&s, may, 1);
    small_board(&s);
    /* A hole that was found among others. */
    feed_part(&s, 0, 0, "0007");
    struct block b = block_of(&s, 0);
    b.fault = FAULT_HOLE;
    b.first = (uint16_t)(b.first + 1);
    b.count = 1;
    board_feed(s.board, &b, s.touched);
    assert_string_equal(now_of(&s, 0), "7");
    assert_string_equal(now_of(&s, 1), "bad 28: not on this model");
    assert_string_equal(now_of(&s, 2), "bad 28: not on this model");
    /* Refused together with one that must be there: nobody knows yet. */
    feed_fault(&s, 0, FAULT_EXCEPTION, 2);
    assert_string_equal(now_of(&s, 0), "bad 4: illegal data address");
    assert_string_equal(now_of(&s, 1), "bad 4: illegal data address");
    /* A request of nothing but such tags. */
    for (uint8_t code = 1; code <= 3; code++) {
        feed_fault(&s, 1, FAULT_EXCEPTION, code);
        assert_string_equal(now_of(&s, 3), "bad 28: not on this model");
    }
    feed_fault(&s, 1, FAULT_BACKED_OFF, 0);
    assert_string_equal(now_of(&s, 3), "bad 28: not on this model");
    feed_fault(&s, 1, FAULT_EXCEPTION, 4);
    assert_string_equal(now_of(&s, 3), "bad 12: device failure");
    feed_fault(&s, 1, FAULT_TIMEOUT, 0);
    assert_string_equal(now_of(&s, 3), "bad 24: no answer");
    feed_words(&s, 1, "0009");
    assert_string_equal(now_of(&s, 3), "9");
    small_end(&s);
}

static void what_nobody_asks_for_says_so_once(void **state)
{
    (void)state;
    struct small s;
    small_begin(&s);
    struct point demand = u16(), half = point_of(RAW_F64, NULL);
    demand.read_mode = READ_ON_DEMAND;
    half.from = 1;
    small_point(&s, u16(), 0);
    small_point(&s, demand, -1);
    small_point(&s, half, -1);
    small_board(&s);
    assert_string_equal(now_of(&s, 1), "bad 28: read on demand only");
    uint32_t tag, queued = 0;
    small_tick(&s, 1);
    assert_int_equal(s.count, 1);
    small_tick(&s, 8);
    assert_int_equal(s.count, 1);
    assert_string_equal(now_of(&s, 2), "bad 28: read on demand only");
    while (board_next_dirty(s.board, &tag)) {
        assert_true(tag == 1 || tag == 2);
        queued++;
    }
    assert_int_equal(queued, 2);
    small_pass(&s, 600000);
    small_tick(&s, 8);
    assert_string_equal(now_of(&s, 1), "bad 28: read on demand only");
    small_end(&s);
}

static void a_clock_is_told_in_utc(void **state)
{
    (void)state;
    struct zone *known = zone_load("America/Toronto");
    if (!known) {
        print_message("skipped: this machine has no zones\n");
        return;
    }
    zone_free(known);
    struct small s;
    small_begin(&s);
    struct point p = point_of(RAW_TIME, NULL);
    p.time_form = TIME_SEL;
    p.words = 6;
    small_point(&s, p, 0);
    p.time_form = TIME_IEC870;
    p.words = 4;
    small_point(&s, p, 0);
    p.time_form = TIME_UNIX32;
    p.bytes = 4;
    p.words = 2;
    for (uint8_t i = 0; i < 4; i++)
        p.order[i] = i;
    small_point(&s, p, 0);
    s.devices[0].timezone = "America/Toronto";
    small_board(&s);
    /* 1 November 2026 01:30: once as it stands, once with the device's own word for summer time. */
    feed_words(&s, 0, "0BB8 001E 0001 0001 000B 001A  001A 0BE1 811E 7530  43E6 8B80");
    assert_string_equal(now_of(&s, 0), "'2026-11-01T05:30:30.000Z'?: this hour comes twice in "
                                       "America/Toronto");
    assert_string_equal(now_of(&s, 1), "'2026-11-01T05:30:30.000Z'");
    assert_string_equal(now_of(&s, 2), "'2006-02-05T23:34:24Z'");
    feed_words(&s, 0, "0BB8 001E 0001 0002 000B 001A  001A 0107 0D1E 7530  43E6 8B80");
    assert_string_equal(now_of(&s, 0), "'2026-11-02T06:30:30.000Z'");
    assert_string_equal(now_of(&s, 1), "'2026-01-07T18:30:30.000Z'");
    /* 8 March 2026 02:30: the clock was not put forward */
    feed_words(&s, 0, "0BB8 001E 0002 0008 0003 001A  001A 0107 0D1E 7530  43E6 8B80");
    assert_string_equal(now_of(&s, 0), "'2026-03-08T07:30:30.000Z'?: this hour is left out in "
                                       "America/Toronto");
    feed_words(&s, 0, "0BB8 001E 0001 0020 000B 001A  001A 0107 0D9E 7530  43E6 8B80");
    assert_string_equal(now_of(&s, 0), "bad 16: impossible date");
    assert_string_equal(now_of(&s, 1), "bad 16: the device says that its clock is not set");
    small_end(&s);

    small_begin(&s);
    p = point_of(RAW_TIME, NULL);
    p.time_form = TIME_SEL;
    p.words = 6;
    small_point(&s, p, 0);
    s.devices[0].timezone = "Nowhere/Atlantis";
    small_board(&s);
    feed_words(&s, 0, "0BB8 001E 0001 0001 000B 001A");
    assert_string_equal(now_of(&s, 0),
                        "bad 4: the timezone of its clock is not known on this machine");
    small_end(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_tag_that_the_model_lacks_is_quiet),
        cmocka_unit_test(what_nobody_asks_for_says_so_once),
        cmocka_unit_test(a_clock_is_told_in_utc),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
