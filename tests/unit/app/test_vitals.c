/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "app/vitals.h"

static mono_t at(int64_t ms)
{
    return (mono_t){ms * NS_PER_MS};
}

static void a_clock_that_is_set_is_noticed_once(void **state)
{
    (void)state;
    static const struct {
        int64_t mono_ms, took_ms, wall_ms, from_ms; /* from: 0: nothing to tell */
    } looks[] = {
        {1000, 0, 50000, 0}, /* the first one knows nothing */
        {1100, 0, 50100, 0},
        {1200, 0, 51199, 0}, /* slewed, or read late: less than a second */
        {1300, 0, 49900, 51299}, /* set back */
        {1400, 0, 50000, 0},
        {61400, 0, 110000, 0}, /* a minute's pause of both */
        {61500, 0, 3710100, 110100}, /* an hour forward */
        {61600, 0, 3710200, 0},
        {61700, 60000, 3770300, 0}, /* stopped between two readings: no verdict */
        {121700, 0, 3770300, 0},
        {121800, 0, -311590000000, 3770400}, /* ten years back */
        {121900, 0, -311589999900, 0},
    };
    struct vitals v = {0};
    for (size_t i = 0; i < sizeof looks / sizeof *looks; i++) {
        wall_t from = {0};
        bool step = vitals_clock(&v, at(looks[i].mono_ms), (wall_t){looks[i].wall_ms},
                                 at(looks[i].mono_ms + looks[i].took_ms), &from);
        if (step != (looks[i].from_ms != 0) || (step && from.ms != looks[i].from_ms))
            fail_msg("look %zu: %d from %lld", i, step, (long long)from.ms);
    }
}

static void a_clock_that_is_slewed_all_day_was_never_set(void **state)
{
    (void)state;
    struct vitals v = {0};
    wall_t from;
    for (int64_t ms = 0; ms < 86400000; ms += 100) /* 500 parts in a million: 43 s a day */
        assert_false(vitals_clock(&v, at(ms), (wall_t){ms + ms / 2000}, at(ms), &from));
}

static void a_disk_is_told_when_it_fails_and_when_it_has_been_well_for_a_while(void **state)
{
    (void)state;
    static const char full[] = "the disk is full", fails[] = "the disk fails";
    static const struct {
        int64_t ms;
        const char *trouble;
        bool news;
        const char *told;
    } looks[] = {
        {1000, NULL, false, NULL},  {1100, full, true, full},  {1200, full, false, NULL},
        {1300, fails, false, NULL}, /* too soon */
        {2200, fails, true, fails}, {2300, NULL, false, NULL}, {3000, fails, false, NULL},
        {3100, NULL, false, NULL},  {6000, NULL, false, NULL}, {6100, NULL, true, NULL},
        {6200, NULL, false, NULL},  {6300, full, false, NULL}, /* so soon after that */
        {7100, full, true, full},
    };
    struct vitals v = {0};
    for (size_t i = 0; i < sizeof looks / sizeof *looks; i++) {
        const char *told = NULL;
        bool news = vitals_disk(&v, looks[i].trouble, at(looks[i].ms), &told);
        if (news != looks[i].news || (news && told != looks[i].told))
            fail_msg("look %zu at %lld ms: %d %s", i, (long long)looks[i].ms, news,
                     told ? told : "well");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_clock_that_is_set_is_noticed_once),
        cmocka_unit_test(a_clock_that_is_slewed_all_day_was_never_set),
        cmocka_unit_test(a_disk_is_told_when_it_fails_and_when_it_has_been_well_for_a_while),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
