/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "headgate/time.h"

static void a_time_so_much_later_or_earlier_never_wraps(void **state)
{
    (void)state;
    static const struct {
        int64_t at, by, is;
    } facts[] = {
        {0, 0, 0},
        {5, 7, 12},
        {5, -7, -2},
        {-5, -7, -12},
        {INT64_MAX, 0, INT64_MAX},
        {INT64_MAX, 1, INT64_MAX},
        {INT64_MAX - 1, 7, INT64_MAX},
        {INT64_MAX, INT64_MAX, INT64_MAX},
        {INT64_MAX, -1, INT64_MAX - 1},
        {1, INT64_MAX, INT64_MAX},
    };
    for (size_t i = 0; i < sizeof facts / sizeof *facts; i++)
        assert_true(mono_add((mono_t){facts[i].at}, facts[i].by).ns == facts[i].is);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_time_so_much_later_or_earlier_never_wraps),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
