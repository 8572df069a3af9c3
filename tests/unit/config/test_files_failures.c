/* SPDX-License-Identifier: Apache-2.0 */
/* Memory runs out at every place where a plant and its maps are read: no crash, nothing is left behind,
 * and either no plant or the very same one (a warning may be missing). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/text.h"
#include "config/plant.h"
#include "failing.h"

static uint64_t text_of(uint64_t h, const char *s)
{
    return s ? text_hash(h, s, strlen(s) + 1) : h;
}

static uint64_t print_of(const struct plant *p)
{
    uint64_t h = text_hash(0, &p->tag_count, sizeof p->tag_count);
    for (uint32_t i = 0; i < p->device_count; i++) {
        const struct map *m = p->devices[i].map;
        h = text_of(h, p->devices[i].path);
        for (uint32_t k = 0; k < m->point_count; k++)
            h = text_of(text_of(h, m->points[k].name), m->points[k].unit);
    }
    for (uint32_t i = 0; i < p->alarm_count; i++)
        h = text_of(text_of(text_of(h, p->alarms[i].path), p->alarms[i].about),
                    p->alarms[i].group_name);
    for (uint32_t i = 0; i < p->derived_count; i++)
        h = text_of(h, p->derived[i].path);
    for (uint32_t i = 0; i < p->equipment_count; i++)
        h = text_of(h, p->equipment[i].name) + p->equipment[i].check_count;
    return h;
}

/* What the plant looks like; 0: there is none. */
static uint64_t loads(void)
{
    const struct plant_options options = {.library = "nowhere"};
    struct arena *a = arena_new(0);
    struct diags *ds = a ? diags_new() : NULL;
    const struct plant *p = ds ? plant_load(a, "plant.yaml", &options, ds) : NULL;
    uint64_t print = p ? print_of(p) : 0;
    diags_free(ds);
    arena_free(a);
    return print;
}

static void the_same_plant_or_none(bool lasting)
{
    uint64_t whole = loads();
    assert_true(whole != 0);
    for (long n = 1;; n++) {
        fail_at(FAIL_MEMORY, n, lasting, 0);
        uint64_t print = loads();
        bool failed = fail_none();
        if (print != 0 && print != whole)
            fail_msg("at place %ld another plant came out", n);
        if (!failed) {
            assert_true(print == whole);
            assert_true(n > 500);
            return;
        }
    }
}

static void one_piece_of_memory_is_missing(void **state)
{
    (void)state;
    the_same_plant_or_none(false);
}

static void memory_runs_out_for_good(void **state)
{
    (void)state;
    the_same_plant_or_none(true);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_piece_of_memory_is_missing),
        cmocka_unit_test(memory_runs_out_for_good),
    };
    if (chdir(TEST_SOURCE_DIR "/tests/unit/config/everything") != 0)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
