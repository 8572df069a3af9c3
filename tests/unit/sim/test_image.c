/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sim/wire.h"
#include "small.h"

static void answers_are_those_of_the_maps(void **state)
{
    (void)state;
    static const struct {
        uint8_t unit, request[5];
        size_t length;
        uint8_t answer[12];
        size_t answered;
    } facts[] = {
        {1, {3, 0, 0, 0, 1}, 5, {3, 2, 0x01, 0x2C}, 4},
        {2, {3, 0, 0, 0, 1}, 5, {3, 2, 0, 0}, 4},
        /* A gap that the map allows is read in passing, as zeros. */
        {1, {3, 0, 0, 0, 3}, 5, {3, 6, 0x01, 0x2C, 0, 0, 0, 0}, 8},
        {1, {3, 0, 4, 0, 2}, 5, {3, 4, 0, 1, 0x11, 0x70}, 6},
        /* `never` and what lies beyond the gap don't exist. */
        {1, {3, 0, 12, 0, 1}, 5, {0x83, 2}, 2},
        {1, {3, 0, 12, 0, 2}, 5, {0x83, 2}, 2},
        {1, {3, 0, 13, 0, 2}, 5, {0x83, 2}, 2},
        {1, {3, 0, 13, 0, 1}, 5, {3, 2, 0xFF, 0xF4}, 4},
        {1, {3, 0, 99, 0, 1}, 5, {0x83, 2}, 2},
        {1, {3, 0xFF, 0xFF, 0, 2}, 5, {0x83, 2}, 2},
        /* 1.5 with the low word first; only in its own table. */
        {1, {4, 0, 7, 0, 2}, 5, {4, 4, 0, 0, 0x3F, 0xC0}, 6},
        {1, {4, 0, 0, 0, 1}, 5, {0x84, 2}, 2},
        {1, {1, 0, 3, 0, 1}, 5, {1, 1, 1}, 3},
        {1, {2, 0, 9, 0, 1}, 5, {2, 1, 1}, 3},
        {1, {1, 0, 4, 0, 1}, 5, {0x81, 2}, 2},
        /* Counts that no request may have, and functions that nobody serves. */
        {1, {3, 0, 0, 0, 0}, 5, {0x83, 3}, 2},
        {1, {3, 0, 0, 0, 126}, 5, {0x83, 3}, 2},
        {1, {1, 0, 3, 0x07, 0xD1}, 5, {0x81, 3}, 2},
        {1, {3, 0, 0, 0, 0}, 4, {0x83, 3}, 2},
        {1, {7, 0, 0, 0, 1}, 5, {0x87, 1}, 2},
        {1, {43, 13, 1, 0, 0}, 4, {0xAB, 1}, 2},
        {1, {43, 14, 5, 0, 0}, 4, {0xAB, 3}, 2},
        {1, {43, 14, 4, 3, 0}, 4, {0xAB, 2}, 2},
        {1, {17, 0}, 2, {0x91, 3}, 2},
        {77, {17}, 1, {0x91, 0x0B}, 2},
        {77, {3, 0, 0, 0, 1}, 5, {0x83, 0x0B}, 2},
    };
    struct small s;
    small_begin(&s, small_map, small_plant, NULL);
    struct image *i = image_new(s.arena, s.plant);
    assert_non_null(i);
    image_words(i, plant_find_tag(s.plant, "a/one/level"))[0] = 300;
    image_words(i, plant_find_tag(s.plant, "a/one/energy"))[0] = 1;
    image_words(i, plant_find_tag(s.plant, "a/one/energy"))[1] = 0x1170;
    image_words(i, plant_find_tag(s.plant, "a/one/behind"))[0] = 0xFFF4;
    image_words(i, plant_find_tag(s.plant, "a/one/flow"))[1] = 0x3FC0;
    image_words(i, plant_find_tag(s.plant, "a/one/door"))[0] = 1;
    image_words(i, plant_find_tag(s.plant, "a/one/flood"))[0] = 1;
    assert_null(image_words(i, plant_find_tag(s.plant, "a/one/volume")));
    for (size_t n = 0; n < sizeof facts / sizeof *facts; n++) {
        uint8_t out[PDU_MAX];
        size_t length = image_answer(i, 0, facts[n].unit, facts[n].request, facts[n].length, out);
        if (length != facts[n].answered || memcmp(out, facts[n].answer, length) != 0)
            fail_msg("fact %zu: %zu bytes, %02X %02X", n, length, out[0], out[1]);
    }
    small_end(&s);
}

static void what_is_written_stays_and_shows(void **state)
{
    (void)state;
    static const struct {
        uint8_t request[12];
        size_t length;
        uint8_t answer[8];
        size_t answered;
    } facts[] = {
        {{6, 0, 0, 0x01, 0x2C}, 5, {6, 0, 0, 0x01, 0x2C}, 5},
        {{3, 0, 0, 0, 1}, 5, {3, 2, 0x01, 0x2C}, 4},
        {{16, 0, 4, 0, 2, 4, 0, 1, 2, 3}, 10, {16, 0, 4, 0, 2}, 5},
        {{3, 0, 4, 0, 2}, 5, {3, 4, 0, 1, 2, 3}, 6},
        {{5, 0, 3, 0xFF, 0}, 5, {5, 0, 3, 0xFF, 0}, 5},
        {{1, 0, 3, 0, 1}, 5, {1, 1, 1}, 3},
        {{15, 0, 3, 0, 1, 1, 0}, 7, {15, 0, 3, 0, 1}, 5},
        {{1, 0, 3, 0, 1}, 5, {1, 1, 0}, 3},
        /* (0x0000 AND 0xFFF2) OR (0x0025 AND NOT 0xFFF2), after the example of 6.16. */
        {{22, 0, 20, 0, 0xF2, 0, 0x25}, 7, {22, 0, 20, 0, 0xF2, 0, 0x25}, 7},
        {{3, 0, 20, 0, 1}, 5, {3, 2, 0, 0x05}, 4},
        /* Refused, and nothing of it is done. */
        {{5, 0, 3, 0x12, 0}, 5, {0x85, 3}, 2},
        {{6, 0, 99, 0, 1}, 5, {0x86, 2}, 2},
        {{6, 0, 12, 0, 1}, 5, {0x86, 2}, 2},
        {{16, 0, 4, 0, 2, 3, 0, 1, 2}, 9, {0x90, 3}, 2},
        {{16, 0, 4, 0, 0, 0}, 6, {0x90, 3}, 2},
        {{16, 0, 5, 0, 99, 198, 1}, 7, {0x90, 3}, 2},
        {{22, 0, 20, 0, 0}, 5, {0x96, 3}, 2},
        {{15, 0, 3}, 3, {0x8F, 3}, 2},
        {{3, 0, 4, 0, 2}, 5, {3, 4, 0, 1, 2, 3}, 6},
    };
    struct small s;
    small_begin(&s, small_map, small_plant, NULL);
    struct image *i = image_new(s.arena, s.plant);
    assert_non_null(i);
    for (size_t n = 0; n < sizeof facts / sizeof *facts; n++) {
        uint8_t out[PDU_MAX];
        size_t length = image_answer(i, 0, 1, facts[n].request, facts[n].length, out);
        if (length != facts[n].answered || memcmp(out, facts[n].answer, length) != 0)
            fail_msg("fact %zu: %zu bytes, %02X %02X", n, length, out[0], out[1]);
    }
    assert_true(image_told(i, plant_find_tag(s.plant, "a/one/level")));
    assert_true(image_told(i, plant_find_tag(s.plant, "a/one/energy")));
    assert_false(image_told(i, plant_find_tag(s.plant, "a/one/behind")));
    assert_false(image_told(i, plant_find_tag(s.plant, "a/two/level")));
    small_end(&s);
}

static void tcp_frames_are_taken_apart_strictly(void **state)
{
    (void)state;
    static const struct {
        uint8_t in[14];
        size_t length;
        enum wire_result result;
        size_t used, answered;
    } facts[] = {
        {{0x12, 0x34, 0, 0, 0, 6, 1, 3, 0, 0, 0, 1}, 12, WIRE_ANSWER, 12, 11},
        {{0x12, 0x34, 0, 0, 0, 6, 1, 3, 0, 0, 0, 1, 9, 9}, 14, WIRE_ANSWER, 12, 11},
        {{0x12, 0x34, 0, 0, 0, 6, 1, 3, 0, 0, 0}, 11, WIRE_MORE, 0, 0},
        {{0x12, 0x34, 0, 0, 0}, 5, WIRE_MORE, 0, 0},
        {{0x12, 0x34, 0, 1, 0, 6, 1, 3, 0, 0, 0, 1}, 12, WIRE_BROKEN, 0, 0},
        {{0x12, 0x34, 0, 0, 1, 6, 1, 3, 0, 0, 0, 1}, 12, WIRE_BROKEN, 0, 0},
        {{0x12, 0x34, 0, 0, 0, 1, 1, 3, 0, 0, 0, 1}, 12, WIRE_BROKEN, 0, 0},
        {{0x12, 0x34, 0, 0, 0, 6, 9, 3, 0, 0, 0, 1}, 12, WIRE_ANSWER, 12, 9},
    };
    struct small s;
    small_begin(&s, small_map, small_plant, NULL);
    struct image *i = image_new(s.arena, s.plant);
    for (size_t n = 0; n < sizeof facts / sizeof *facts; n++) {
        uint8_t out[FRAME_MAX];
        size_t used = 0, answered = 0;
        assert_int_equal(wire_tcp(i, 0, facts[n].in, facts[n].length, &used, out, &answered),
                         facts[n].result);
        assert_int_equal(used, facts[n].used);
        assert_int_equal(answered, facts[n].answered);
        if (answered > 0) {
            assert_int_equal(out[0] << 8 | out[1], 0x1234);
            assert_int_equal(out[4] << 8 | out[5], answered - 6);
        }
    }
    small_end(&s);
}

static void a_bus_hears_only_whole_frames_for_its_units(void **state)
{
    (void)state;
    /* Checksums worked out with another program. */
    static const struct {
        uint8_t in[12];
        size_t length;
        enum wire_result result;
    } facts[] = {
        {{3, 3, 0, 0, 0, 1, 0x85, 0xE8}, 8, WIRE_ANSWER},
        {{3, 3, 0, 0, 0, 1, 0x85}, 7, WIRE_MORE},
        {{3, 3, 0, 0, 0, 1, 0x85, 0xE9}, 8, WIRE_BROKEN},
        {{5, 3, 0, 0, 0, 1, 0x85, 0x8E}, 8, WIRE_SILENT},
        {{3, 17, 0xC1, 0x4C}, 4, WIRE_ANSWER},
        {{3, 17, 0xC1}, 3, WIRE_MORE},
    };
    struct small s;
    small_begin(&s, small_map, small_plant, NULL);
    struct image *i = image_new(s.arena, s.plant);
    for (size_t n = 0; n < sizeof facts / sizeof *facts; n++) {
        uint8_t out[FRAME_MAX];
        size_t used = 0, answered = 0;
        if (wire_rtu(i, 1, facts[n].in, facts[n].length, &used, out, &answered) != facts[n].result)
            fail_msg("fact %zu", n);
        if (facts[n].result == WIRE_ANSWER)
            assert_int_equal(used, facts[n].length);
    }
    small_end(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers_are_those_of_the_maps),
        cmocka_unit_test(what_is_written_stays_and_shows),
        cmocka_unit_test(tcp_frames_are_taken_apart_strictly),
        cmocka_unit_test(a_bus_hears_only_whole_frames_for_its_units),
    };
    return cmocka_run_group_tests_name("sim/image", tests, NULL, NULL);
}
