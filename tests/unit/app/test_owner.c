/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "app/owner.h"
#include "small_plant.h"

static void every_tag_finds_its_point_whatever_was_asked_before(void **state)
{
    (void)state;
    static const struct {
        const struct point *point;
        const char *path;
        bool history_all;
    } expected[] = {
        {&small_points[0], "mill/p1", true},          {&small_points[1], "mill/p1", true},
        {&small_points[0], "mill/p2", false},         {&small_points[1], "mill/p2", false},
        {&small_derived[0].point, "mill/sum", false},
    };
    enum { TAGS = sizeof expected / sizeof *expected };
    for (uint32_t before = 0; before < TAGS; before++) {
        for (uint32_t near = 0; near < small_plant.device_count; near++) {
            for (uint32_t tag = 0; tag < TAGS; tag++) {
                struct owner o = {0};
                owner_point(&o, &small_plant, before);
                o.near = near; /* a guess, perhaps a wrong one */
                assert_ptr_equal(owner_point(&o, &small_plant, tag), expected[tag].point);
                assert_string_equal(o.path, expected[tag].path);
                assert_int_equal(o.history_all, expected[tag].history_all);
            }
        }
    }
}

static void the_first_derived_tag_of_a_path_without_device_leads(void **state)
{
    (void)state;
    static const struct {
        const char *path;
        bool leads;
    } cases[] = {{"mill/sum", true}, {"mill/p2", false}, {"mill/sum", false}, {"mill/p1", false},
                 {"a/b", true},      {"mill/p11", true}, {"mill/sum", false}, {"a/b", false}};
    enum { COUNT = sizeof cases / sizeof *cases };
    struct derived derived[COUNT];
    for (size_t i = 0; i < COUNT; i++)
        derived[i] = (struct derived){.device_path = cases[i].path};
    struct plant plant = small_plant;
    plant.derived = derived;
    plant.derived_count = COUNT;
    bool *leads = owner_leaders(&plant);
    for (size_t i = 0; i < COUNT; i++)
        assert_int_equal(leads[i], cases[i].leads);
    free(leads);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_tag_finds_its_point_whatever_was_asked_before),
        cmocka_unit_test(the_first_derived_tag_of_a_path_without_device_leads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
