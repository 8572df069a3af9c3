/* SPDX-License-Identifier: Apache-2.0 */
/* Memory runs out at every place where a board, its derived tags and what is carried from the board
 * before are made: there is none, or one that works. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "failing.h"
#include "small.h"
#include "values/derive.h"

enum { LEVEL, EXPONENT, STATUS, SERIAL, BEAT, COUNT, SUM = COUNT, TWICE, TAGS };

struct world {
    struct small s;
    struct input inputs[2][2];
};

static void make(struct world *w)
{
    small_begin(&w->s);
    struct point level = point_of(RAW_S16, NULL), serial = point_of(RAW_STRING, NULL);
    level.exp_from = EXPONENT;
    level.valid_if = (struct condition){.point = STATUS, .bit = -1, .constant = 1, .equal = true};
    serial.words = 2;
    small_point(&w->s, level, 0);
    small_point(&w->s, point_of(RAW_S16, NULL), 0);
    small_point(&w->s, point_of(RAW_U16, NULL), 0);
    small_point(&w->s, serial, 0);
    small_point(&w->s, point_of(RAW_U16, NULL), 1);
    w->s.map.heartbeat = (struct heartbeat){.point = BEAT, .within_ns = 60 * NS_PER_S};
    w->inputs[0][0] = (struct input){.name = "level", .tag = LEVEL};
    w->inputs[0][1] = (struct input){.name = "twice", .tag = TWICE};
    w->inputs[1][0] = (struct input){.name = "level", .tag = LEVEL};
    static const char *const expressions[] = {"level + twice", "2 * math.max(level, 0)"};
    for (uint32_t i = 0; i < 2; i++)
        w->s.derived[i] = (struct derived){.path = "pit/sums/x",
                                           .inputs = w->inputs[i],
                                           .input_count = 2 - i,
                                           .expression = expressions[i],
                                           .point = point_of(RAW_U16, NULL)};
    w->s.plant.derived_count = 2;
    w->s.plant.first_derived = COUNT;
    w->s.plant.tag_count = TAGS;
    w->s.plan.request_count = 2;
}

static const char first_words[] = "0064FFFF000141424344";

static void feed_all(struct world *w, struct derive *d)
{
    feed_words(&w->s, 0, first_words);
    derive_run(d, w->s.board, w->s.touched, w->s.count, TAGS, w->s.wall, w->s.now);
}

static void works(struct world *w, struct derive *d)
{
    feed_all(w, d);
    assert_string_equal(now_of(&w->s, LEVEL), "10.0");
    assert_string_equal(now_of(&w->s, SERIAL), "'ABCD'");
    assert_string_equal(now_of(&w->s, TWICE), "20.0");
    assert_string_equal(now_of(&w->s, SUM), "30.0");
}

/* Everything that a start makes; false: memory was missing, and nothing is left of it. */
static bool start(struct world *w, struct derive **d, struct diags *ds)
{
    w->s.board = board_new(&w->s.plan);
    *d = w->s.board ? derive_new(&w->s.plant, ds) : NULL;
    if (*d)
        return true;
    board_free(w->s.board);
    w->s.board = NULL;
    return false;
}

static void a_start_without_memory_leaves_nothing_behind(void **state)
{
    (void)state;
    for (int lasting = 0; lasting < 2; lasting++) {
        long n = 1;
        for (bool failed = true; failed; n++) {
            struct world w;
            struct derive *d = NULL;
            make(&w);
            struct diags *ds = diags_new();
            fail_at(FAIL_MEMORY, n, lasting, 0);
            bool made = start(&w, &d, ds);
            failed = fail_none();
            if (!made && !failed)
                fail_msg("nothing was missing at place %ld", n);
            if (made)
                works(&w, d);
            derive_free(d);
            board_free(w.s.board);
            diags_free(ds);
        }
        assert_true(n > 50);
    }
}

/* What is carried is carried whole, or the board says that it is good for nothing. */
static void a_change_without_memory_leaves_the_board_before_as_it_was(void **state)
{
    (void)state;
    static const uint32_t tags[TAGS] = {LEVEL, EXPONENT, STATUS, SERIAL, BEAT, SUM, TWICE};
    static const uint32_t devices[] = {0}, lines[] = {0};
    long n = 1;
    for (bool failed = true; failed; n++) {
        struct world before, after;
        struct derive *d;
        make(&before);
        make(&after);
        struct diags *ds = diags_new();
        assert_true(start(&before, &d, ds));
        feed_all(&before, d);
        feed_words(&before.s, 1, "0001");
        const struct change c = {.before = &before.s.plan,
                                 .after = &after.s.plan,
                                 .devices = devices,
                                 .tags = tags,
                                 .lines = lines};
        fail_at(FAIL_MEMORY, n, false, 0);
        after.s.board = board_new(&after.s.plan);
        bool carried = after.s.board && board_carry(after.s.board, before.s.board, &c);
        failed = fail_none();
        assert_true(carried || failed);
        for (uint32_t i = 0; carried && i < TAGS; i++) {
            char was[64];
            snprintf(was, sizeof was, "%s", now_of(&before.s, i));
            assert_string_equal(now_of(&after.s, i), was);
        }
        board_free(after.s.board);
        works(&before, d);
        derive_free(d);
        board_free(before.s.board);
        diags_free(ds);
    }
    assert_true(n > 8);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_start_without_memory_leaves_nothing_behind),
        cmocka_unit_test(a_change_without_memory_leaves_the_board_before_as_it_was),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
