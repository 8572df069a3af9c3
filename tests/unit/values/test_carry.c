/* SPDX-License-Identifier: Apache-2.0 */
/* From one board to the next: what is the same stays as it was, and nothing of the old plan is
 * needed any more. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "small.h"

enum { FLOW, MODE, NAME, HOURS, HEAD, COUNT };

struct act { /* a board with all kinds of tags */
    struct small s;
    struct choice choices[2];
    char words[2][8], reason[16];
    struct invalid invalid;
    uint32_t first[2], shift;
    struct line line;
};

/* shift: so many other points stand before them, so that every number is another one. */
static struct act *begin(uint32_t shift)
{
    struct act *a = calloc(1, sizeof *a);
    assert_non_null(a);
    small_begin(&a->s);
    a->shift = shift;
    for (uint32_t i = 0; i < shift; i++)
        small_point(&a->s, point_of(RAW_U16, NULL), 1);
    strcpy(a->words[0], "stop");
    strcpy(a->words[1], "run");
    strcpy(a->reason, "no sensor");
    a->choices[0] = (struct choice){0, a->words[0], 4};
    a->choices[1] = (struct choice){1, a->words[1], 3};
    a->invalid = (struct invalid){0x7FFF, 0x7FFF, a->reason};
    struct point flow = point_of(RAW_U16, NULL), mode = flow, name = point_of(RAW_STRING, NULL),
                 hours = flow, head = flow;
    flow.deadband = 2;
    mode.choices = a->choices;
    mode.choice_count = 2;
    name.words = 2;
    hours.kind = KIND_COUNTER;
    head.invalid = &a->invalid;
    head.invalid_count = 1;
    const struct point points[COUNT] = {flow, mode, name, hours, head};
    for (uint32_t i = 0; i < COUNT; i++)
        small_point(&a->s, points[i], 0);
    a->s.plant.lines = &a->line;
    a->s.plant.line_count = 1;
    a->s.plan.first_request = a->first;
    small_board(&a->s);
    a->first[1] = a->s.plan.request_count;
    return a;
}

static void end(struct act *a)
{
    small_end(&a->s);
    memset(a, 0xA5, sizeof *a); /* who still looks there will see it */
    free(a);
}

/* Carries all but `changed` (or all: COUNT) and ends the one before. */
static void carry(struct act *a, struct act *before, uint32_t changed, bool line)
{
    uint32_t tags[32], devices[] = {0}, lines[] = {line ? 0 : CHANGE_NONE};
    for (uint32_t i = 0; i < a->s.plant.tag_count; i++)
        tags[i] =
            i < a->shift || i - a->shift == changed ? CHANGE_NONE : i - a->shift + before->shift;
    const struct change c = {.before = &before->s.plan,
                             .after = &a->s.plan,
                             .lines = lines,
                             .devices = devices,
                             .tags = tags};
    a->s.now = before->s.now;
    a->s.wall = before->s.wall;
    assert_true(board_carry(a->s.board, before->s.board, &c));
    end(before);
}

static const char *now_is(struct act *a, uint32_t tag)
{
    return now_of(&a->s, a->shift + tag);
}

static const char first_words[] = "0007"
                                  "0001"
                                  "41424344"
                                  "0064"
                                  "7FFF";

static void values_qualities_and_words_are_carried(void **state)
{
    (void)state;
    struct act *before = begin(0), *a = begin(3);
    feed_words(&before->s, 0, first_words);
    char told[COUNT][64];
    for (uint32_t i = 0; i < COUNT; i++)
        snprintf(told[i], sizeof told[i], "%s", now_is(before, i));
    uint32_t good = board_good(before->s.board);
    carry(a, before, COUNT, true);
    for (uint32_t i = 0; i < COUNT; i++)
        assert_string_equal(now_is(a, i), told[i]);
    assert_int_equal(board_good(a->s.board), good);
    assert_ptr_equal(board_tag(a->s.board, 3 + MODE)->now.value.text, a->words[1]);
    for (uint32_t i = 0; i < 3; i++)
        assert_int_equal(board_tag(a->s.board, i)->now.quality, QUALITY_NOT_CONNECTED);
    end(a);
}

static void what_changed_is_not_yet_read(void **state)
{
    (void)state;
    struct act *before = begin(0), *a = begin(0);
    feed_words(&before->s, 0, first_words);
    carry(a, before, FLOW, true);
    const struct tag_state *t = board_tag(a->s.board, FLOW);
    assert_int_equal(t->now.quality, QUALITY_NOT_CONNECTED);
    assert_string_equal(t->now.reason, "not yet read");
    assert_int_equal(t->last.kind, VALUE_NONE);
    assert_true(board_news(a->s.board, FLOW, LANE_VALUE, a->s.wall));
    feed_words(&a->s, 0, first_words);
    assert_int_equal(board_tag(a->s.board, FLOW)->now.quality, QUALITY_GOOD);
    end(a);
}

static void what_a_reload_left_unread_is_told_once(void **state)
{
    (void)state;
    struct act *before = begin(0), *a = begin(2);
    feed_words(&before->s, 0, first_words);
    uint32_t touched[8];
    assert_int_equal(board_unread(before->s.board, before->s.wall, touched, 8), 0); /* a start */
    carry(a, before, FLOW, true);
    const uint32_t unread[] = {0, 1, 2 + FLOW};
    for (uint32_t i = 0; i < 3; i++) {
        assert_int_equal(board_unread(a->s.board, a->s.wall, touched, 1), 1);
        assert_int_equal(touched[0], unread[i]);
        const struct sample *s = &board_tag(a->s.board, unread[i])->now;
        assert_int_equal(s->quality, QUALITY_NOT_CONNECTED);
        assert_string_equal(s->reason, "not yet read");
        assert_int_equal(s->time.ms, a->s.wall.ms);
        assert_true(board_news(a->s.board, unread[i], LANE_HISTORY, a->s.wall));
    }
    assert_int_equal(board_unread(a->s.board, a->s.wall, touched, 1), 0);
    uint32_t tag, dirty = 0;
    while (board_next_dirty(a->s.board, &tag))
        dirty += tag == 0 || tag == 1 || tag == 2 + FLOW;
    assert_int_equal(dirty, 3);
    end(a);
}

/* What one register is computed into changes; its own turn is an hour off. */
static void what_is_made_of_a_slow_tag_need_not_wait_for_its_turn(void **state)
{
    (void)state;
    for (int fresh = 0; fresh < 2; fresh++) {
        static struct small s[2];
        const uint32_t first[] = {0, 1}, lines[] = {0}, devices[] = {0};
        const uint32_t tags[] = {0, fresh ? CHANGE_NONE : 1};
        const struct line line = {.name = "l"};
        for (int i = 0; i < 2; i++) {
            struct point child = point_of(RAW_U16, NULL);
            child.from = 0;
            small_begin(&s[i]);
            small_point(&s[i], point_of(RAW_U16, NULL), 0);
            small_point(&s[i], child, -1);
            s[i].feeds[0][0].every_nth = 100;
            s[i].plant.lines = &line;
            s[i].plant.line_count = 1;
            s[i].plan.first_request = first;
            small_board(&s[i]);
        }
        feed_words(&s[0], 0, "0007");
        const struct change c = {.before = &s[0].plan,
                                 .after = &s[1].plan,
                                 .lines = lines,
                                 .devices = devices,
                                 .tags = tags};
        assert_true(board_carry(s[1].board, s[0].board, &c));
        small_end(&s[0]);
        feed_words(&s[1], 0, "0008");
        assert_int_equal(s[1].count, fresh ? 2 : 0);
        assert_int_equal(board_tag(s[1].board, 1)->now.value.u, fresh ? 8 : 7);
        small_end(&s[1]);
    }
}

static void what_was_told_is_not_told_again(void **state)
{
    (void)state;
    struct act *before = begin(0), *a = begin(2);
    feed_words(&before->s, 0, first_words);
    uint32_t tag;
    while (board_next_dirty(before->s.board, &tag))
        if (tag != NAME) /* one still waits to be told */
            board_reported(before->s.board, tag, LANE_VALUE, before->s.wall);
    board_dirty(before->s.board, NAME);
    carry(a, before, COUNT, true);
    for (uint32_t i = 0; i < COUNT; i++)
        assert_int_equal(board_news(a->s.board, 2 + i, LANE_VALUE, a->s.wall), i == NAME);
    assert_true(board_next_dirty(a->s.board, &tag));
    assert_int_equal(tag, 2 + NAME);
    assert_false(board_next_dirty(a->s.board, &tag));
    feed_words(&a->s, 0,
               "0008"
               "0001"
               "41424344"
               "0064"
               "7FFF"); /* within the deadband */
    assert_false(board_news(a->s.board, 2 + FLOW, LANE_VALUE, a->s.wall));
    feed_words(&a->s, 0,
               "000A"
               "0001"
               "41424344"
               "0064"
               "7FFF"); /* of what was told before */
    assert_true(board_news(a->s.board, 2 + FLOW, LANE_VALUE, a->s.wall));
    end(a);
}

static void a_counter_remembers_where_it_was(void **state)
{
    (void)state;
    struct act *before = begin(0), *a = begin(1);
    feed_words(&before->s, 0, first_words);
    carry(a, before, COUNT, true);
    feed_words(&a->s, 0,
               "0007"
               "0001"
               "41424344"
               "0063"
               "7FFF");
    assert_string_equal(board_tag(a->s.board, 1 + HOURS)->now.reason, "counter ran backwards");
    /* And, over an outage as well, that it ran backwards already. */
    feed_fault(&a->s, 0, FAULT_TIMEOUT, 0);
    struct act *next = begin(2);
    carry(next, a, COUNT, true);
    assert_int_equal(board_tag(next->s.board, 2 + HOURS)->last.u, 0x64);
    feed_words(&next->s, 0,
               "0007"
               "0001"
               "41424344"
               "0063"
               "7FFF");
    assert_string_equal(now_is(next, HOURS), "99");
    end(next);
}

static void texts_have_their_two_rooms_again(void **state)
{
    (void)state;
    struct act *before = begin(0), *a = begin(1);
    feed_words(&before->s, 0, first_words);
    feed_fault(&before->s, 0, FAULT_TIMEOUT, 0);
    carry(a, before, COUNT, true);
    const struct tag_state *t = board_tag(a->s.board, 1 + NAME);
    assert_int_equal(t->now.quality, QUALITY_COMM_FAILURE);
    assert_memory_equal(t->last.text, "ABCD", 4);
    feed_words(&a->s, 0,
               "0007"
               "0001"
               "45464748"
               "0064"
               "7FFF");
    assert_memory_equal(t->now.value.text, "EFGH", 4);
    feed_words(&a->s, 0,
               "0007"
               "0001"
               "494A4B4C"
               "0064"
               "7FFF");
    assert_memory_equal(t->now.value.text, "IJKL", 4);
    end(a);
}

static void reasons_outlive_their_plan_and_the_next(void **state)
{
    (void)state;
    struct act *before = begin(0), *a = begin(1), *b = begin(2);
    feed_words(&before->s, 0, first_words);
    carry(a, before, COUNT, true);
    carry(b, a, COUNT, true);
    assert_string_equal(board_tag(b->s.board, 2 + HEAD)->now.reason, "no sensor");
    end(b);
}

static void age_is_carried_where_the_line_goes_on(void **state)
{
    (void)state;
    static const struct {
        bool line;
        enum quality quality;
    } facts[] = {{true, QUALITY_UNCERTAIN}, {false, QUALITY_GOOD}};
    for (size_t i = 0; i < 2; i++) {
        struct act *before = begin(0), *a = begin(0);
        feed_words(&before->s, 0, first_words);
        small_tick(&before->s, 32);
        small_pass(&before->s, 2500);
        carry(a, before, COUNT, facts[i].line);
        small_tick(&a->s, 32);
        assert_int_equal(board_tag(a->s.board, FLOW)->now.quality, QUALITY_GOOD);
        small_pass(&a->s, 600); /* stale after three periods of a second */
        small_tick(&a->s, 32);
        assert_int_equal(board_tag(a->s.board, FLOW)->now.quality, facts[i].quality);
        end(a);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_qualities_and_words_are_carried),
        cmocka_unit_test(what_changed_is_not_yet_read),
        cmocka_unit_test(what_a_reload_left_unread_is_told_once),
        cmocka_unit_test(what_is_made_of_a_slow_tag_need_not_wait_for_its_turn),
        cmocka_unit_test(what_was_told_is_not_told_again),
        cmocka_unit_test(a_counter_remembers_where_it_was),
        cmocka_unit_test(texts_have_their_two_rooms_again),
        cmocka_unit_test(reasons_outlive_their_plan_and_the_next),
        cmocka_unit_test(age_is_carried_where_the_line_goes_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
