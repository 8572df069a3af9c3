/* SPDX-License-Identifier: Apache-2.0 */
/* What a shift supervisor reads: no line may contradict itself, frighten for nothing or leave open
 * which day is meant. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/calendar.h"
#include "incident_plant.h"
#include "watch/bulletin.h"
#include "watch/incident_parts.h"

static struct mine m;

static int begin(void **state)
{
    (void)state;
    mine_begin(&m);
    return m.incident ? 0 : -1;
}

static int end(void **state)
{
    (void)state;
    mine_end(&m);
    return 0;
}

static void ask(void)
{
    assert_null(mine_order(&m, "bulletin", "", ""));
    mine_step(&m);
}

static bool says(const char *words)
{
    if (strstr(m.last.text, words))
        return true;
    print_message("no \"%s\" in:\n%s", words, m.last.text);
    return false;
}

static bool silent(const char *words)
{
    if (!strstr(m.last.text, words))
        return true;
    print_message("\"%s\" in:\n%s", words, m.last.text);
    return false;
}

static void pumping_that_stalls_does_not_fall(void **state)
{
    (void)state;
    assert_null(mine_order(&m, "open", "", ""));
    mine_flood(&m, 10 * HOUR, 600, 0);
    mine_flood(&m, 6 * HOUR, 200, 4);
    ask();
    assert_true(says("falls by net"));
    mine_flood(&m, 70 * MINUTE, 640, 4);
    ask();
    assert_true(says("PUMPING HAS STALLED"));
    assert_true(silent("falls by net"));
    assert_true(says("RISES by net"));
}

static void what_lies_below_its_target_threatens_nobody(void **state)
{
    (void)state;
    assert_null(mine_order(&m, "open", "", ""));
    mine_flood(&m, 3 * HOUR, 300, 0);
    mine_flood(&m, 6 * HOUR, 0, 4);
    m.x[T_LEVEL] = -0.004;
    mine_pass(&m, HOUR);
    for (int k = 0; k < 360; k++) { /* a sensor that creeps, not water */
        m.x[T_LEVEL] += 0.004 / 360;
        mine_step(&m);
    }
    ask();
    assert_true(says("Water in crusher-pit (Primary crusher): down to its target of 0.05 m, "));
    assert_true(silent(" -0"));
    assert_true(silent("At this rate"));
    assert_true(isnan(incident_now(m.incident)->equipment[E_CRUSHER].minutes));
    assert_true(incident_now(m.incident)->basins[0].volume >= 0);
}

static void a_flood_is_seen_before_it_is_above_the_target(void **state)
{
    (void)state;
    assert_null(mine_order(&m, "open", "", ""));
    m.x[T_LEVEL] = 0;
    mine_pass(&m, 30 * MINUTE);
    mine_flood(&m, 10 * MINUTE, 250, 0);
    assert_true(incident_now(m.incident)->basins[0].level < 0.05);
    ask();
    assert_true(says("At this rate water reaches: "));
}

static void every_time_names_its_day_when_it_is_another(void **state)
{
    (void)state;
    static const struct {
        double value, low, high; /* hours from Sat 4 Feb 13:50 */
        const char *says;
    } cases[] = {
        {24 * 5 + 12.17, 24 * 5 + 1.17, 24 * 5 + 26.67,
         "clear by Fri 10 Feb 02:00 (80 %: Thu 9 Feb 15:00 to Fri 10 Feb 16:30)"},
        {3.17, 2.17, 4.17, "clear by Sat 4 Feb 17:00 (80 %: 16:00 to 18:00)"},
        {9.17, 8.17, 11.17, "clear by Sat 4 Feb 23:00 (80 %: 22:00 to Sun 5 Feb 01:00)"},
        {11.17, 9.17, 13.17, "clear by Sun 5 Feb 01:00 (80 %: Sat 4 Feb 23:00 to Sun 5 Feb 03:00)"},
        {(double)NAN, 9.17, (double)NAN, "Clear not before Sat 4 Feb 23:00; until when"},
    };
    assert_null(mine_order(&m, "open", "", ""));
    mine_flood(&m, HOUR, 600, 0);
    for (size_t n = 0; n < sizeof cases / sizeof *cases; n++) {
        m.incident->now.basins[0].eta_ms = (struct estimate){(double)START + cases[n].value * HOUR,
                                                             (double)START + cases[n].low * HOUR,
                                                             (double)START + cases[n].high * HOUR};
        bulletin_write(m.incident, START, &m.last);
        assert_true(says(cases[n].says));
    }
}

static void an_interval_too_wide_is_no_promise(void **state)
{
    (void)state;
    uint32_t none = 0;
    assert_null(mine_order(&m, "open", "", ""));
    mine_flood(&m, 20 * HOUR, 600, 0);
    for (int k = 0; k < 12; k++) { /* the pumps hardly win, and nobody knows for how long */
        mine_flood(&m, HOUR, 100, 4);
        mine_flood(&m, HOUR, 350, 0);
        const struct basin_record *r = &incident_now(m.incident)->basins[0];
        const struct estimate *e = &r->eta_ms;
        assert_true(isfinite(e->value) == isfinite(e->high));
        if (isfinite(e->value))
            assert_true(e->high - e->low <= fmax(3 * (e->value - (double)m.now), 6 * HOUR) + HOUR);
        else
            none++;
    }
    assert_true(none > 3);
    ask();
    assert_true(silent("Estimated clear"));
}

static void a_leak_does_not_begin_after_it_was_found(void **state)
{
    (void)state;
    struct estimate *onset = &m.view[0].onset_ms;
    m.view[0].class_ = LEAK_MAJOR;
    *onset = (struct estimate){(double)START - HOUR, (double)NAN, (double)NAN};
    mine_leak(&m, 0, true);
    mine_pass(&m, MINUTE);
    assert_true(says("estimated start 12:50"));
    onset->value = (double)START + 2 * HOUR;
    mine_pass(&m, 3 * HOUR);
    mine_leak(&m, 0, true);
    ask();
    assert_true(says("began before 13:50"));
}

static void states_are_said_in_words(void **state)
{
    (void)state;
    assert_null(mine_order(&m, "open", "", ""));
    mine_step(&m);
    assert_null(mine_order(&m, "area", "mill", "shut_protect"));
    assert_null(mine_order(&m, "equipment", "crusher-switchgear", "stopped_protect"));
    mine_step(&m);
    assert_true(says("- Mill: shut to protect: supervisor"));
    assert_true(says("- crusher-switchgear: stopped to protect"));
    assert_true(silent("_"));
}

int main(void)
{
    calendar_zone("America/Toronto");
#define FACT(f) cmocka_unit_test_setup_teardown(f, begin, end)
    static const struct CMUnitTest tests[] = {
        FACT(pumping_that_stalls_does_not_fall),
        FACT(what_lies_below_its_target_threatens_nobody),
        FACT(a_flood_is_seen_before_it_is_above_the_target),
        FACT(every_time_names_its_day_when_it_is_another),
        FACT(an_interval_too_wide_is_no_promise),
        FACT(a_leak_does_not_begin_after_it_was_found),
        FACT(states_are_said_in_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
