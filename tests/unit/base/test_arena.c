/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/arena.h"

static void memory_is_zeroed_and_aligned(void **state)
{
    (void)state;
    struct arena *a = arena_new(0);
    static const size_t sizes[] = {1, 3, 16, 17, 4000, 4096, 20000, 5, 1000000, 1, 8};
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        unsigned char *got = arena_get(a, sizes[i]);
        assert_non_null(got);
        assert_int_equal((uintptr_t)got % 16, 0);
        for (size_t k = 0; k < sizes[i]; k++)
            assert_int_equal(got[k], 0);
        memset(got, 0xA5, sizes[i]);
    }
    arena_free(a);
}

static void pieces_do_not_overlap(void **state)
{
    (void)state;
    enum { PIECES = 3000 };
    static unsigned char *piece[PIECES];
    struct arena *a = arena_new(0);
    for (size_t i = 0; i < PIECES; i++) {
        size_t bytes = 1 + i * 37 % 900;
        piece[i] = arena_get(a, bytes);
        memset(piece[i], (int)(i % 251), bytes);
    }
    for (size_t i = 0; i < PIECES; i++) {
        size_t bytes = 1 + i * 37 % 900;
        for (size_t k = 0; k < bytes; k++)
            assert_int_equal(piece[i][k], i % 251);
    }
    arena_free(a);
}

static void an_arena_that_hit_its_limit_stays_exhausted(void **state)
{
    (void)state;
    struct arena *a = arena_new(1000);
    assert_non_null(arena_get(a, 900));
    assert_false(arena_exhausted(a));
    assert_null(arena_get(a, 200));
    assert_true(arena_exhausted(a));
    assert_null(arena_get(a, 1));
    assert_null(arena_copy(a, "x", 1));
    assert_null(arena_printf(a, "%d", 1));
    assert_true(arena_used(a) <= 1000);
    arena_free(a);
}

static void sizes_that_overflow_are_refused(void **state)
{
    (void)state;
    struct arena *a = arena_new(0);
    assert_null(arena_get_array(a, SIZE_MAX / 2, 4));
    assert_true(arena_exhausted(a));
    arena_free(a);
    a = arena_new(0);
    assert_null(arena_get(a, SIZE_MAX));
    arena_free(a);
    a = arena_new(0);
    assert_null(arena_copy(a, "", SIZE_MAX));
    arena_free(a);
}

static void texts_are_copied_and_terminated(void **state)
{
    (void)state;
    struct arena *a = arena_new(0);
    assert_string_equal(arena_copy(a, "pump-1 and more", 6), "pump-1");
    assert_string_equal(arena_copy(a, "", 0), "");
    assert_string_equal(arena_printf(a, "%s/%d", "mill", 7), "mill/7");
    assert_non_null(arena_get(a, 0));
    assert_non_null(arena_get_array(a, 0, 8));
    arena_free(a);
    arena_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(memory_is_zeroed_and_aligned),
        cmocka_unit_test(pieces_do_not_overlap),
        cmocka_unit_test(an_arena_that_hit_its_limit_stays_exhausted),
        cmocka_unit_test(sizes_that_overflow_are_refused),
        cmocka_unit_test(texts_are_copied_and_terminated),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
