/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "incident_plant.h"

/* People stop what is in danger and say so before, or after; the mill has no water that could. */
static void what_stands_when_its_area_is_shut_was_stopped_to_protect_it(void **state)
{
    (void)state;
    enum { NEVER = 1000 };
    static const struct {
        int stop, shut, said; /* minutes from the opening of the incident */
        const char *area;
        enum equipment_state becomes;
    } facts[] = {
        {10, 5, NEVER, "shut_protect", EQUIPMENT_STOPPED_PROTECT},
        {10, 10, NEVER, "shut_protect", EQUIPMENT_STOPPED_PROTECT},
        {10, 15, NEVER, "shut_protect", EQUIPMENT_STOPPED_PROTECT},
        {10, 240, NEVER, "shut_protect", EQUIPMENT_STOPPED_PROTECT},
        {10, 260, NEVER, "shut_protect", EQUIPMENT_STOPPED}, /* for another reason, it seems */
        {-10, 5, NEVER, "shut_protect", EQUIPMENT_STOPPED}, /* it stood when all was well */
        {10, 15, 12, "shut_protect", EQUIPMENT_STOPPED}, /* people know better */
        {10, 15, NEVER, "isolated", EQUIPMENT_STOPPED},
        {10, NEVER, NEVER, "shut_protect", EQUIPMENT_STOPPED},
    };
    for (size_t n = 0; n < sizeof facts / sizeof *facts; n++) {
        struct mine m;
        mine_begin(&m);
        for (int minute = -20; minute < 300; minute++) {
            if (minute == 0)
                assert_null(mine_order(&m, "open", "", ""));
            if (minute == facts[n].stop)
                m.x[T_MILL] = 0;
            if (minute == facts[n].said)
                assert_null(mine_order(&m, "equipment", "mill-motor", "stopped"));
            if (minute == facts[n].shut)
                assert_null(mine_order(&m, "area", "mill", facts[n].area));
            mine_pass(&m, MINUTE);
        }
        enum equipment_state became = incident_now(m.incident)->equipment[E_MILL].state;
        if (became != facts[n].becomes)
            fail_msg("row %zu: %d, not %d", n, became, facts[n].becomes);
        mine_end(&m);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_stands_when_its_area_is_shut_was_stopped_to_protect_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
