/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "publish/encode_incident.h"

static char out[INCIDENT_ROOM];
static size_t length;

static const struct area areas[] = {{.name = "crusher", .title = "Primary \"crusher\""},
                                    {.name = "pit", .title = "Open pit"}};
static const struct check_item checks[INCIDENT_CHECKS] = {{.name = "insulation",
                                                           .text = "insulation resistance",
                                                           .kind = CHECK_MANUAL,
                                                           .wants_value = true}};
static const struct pair curve[] = {{0, 0}, {1, 100}};
static const struct basin basins[] = {
    {.name = "pit-1", .stage = curve, .stage_count = 2, .target = 0.05}};
static struct equipment equipment[INCIDENT_EQUIPMENT];
static struct incident_state s;
static struct plant p;

static void make(uint32_t count, uint32_t check_count)
{
    for (uint32_t n = 0; n < count; n++)
        equipment[n] = (struct equipment){
            .name = n ? "pump" : "switchgear", .checks = checks, .check_count = check_count};
    p = (struct plant){.gateway = "gw1",
                       .areas = areas,
                       .area_count = 2,
                       .equipment = equipment,
                       .equipment_count = count,
                       .basins = basins,
                       .basin_count = 1};
    memset(&s, 0, sizeof s);
    s.open = s.drill = true;
    snprintf(s.id, sizeof s.id, "INC-2006-001");
    snprintf(s.title, sizeof s.title, "Dam: 352 m3 \x01 missing");
    s.leak = s.trigger_alarm = RULE_NONE;
    s.areas[0] = AREA_SHUT_PROTECT;
    s.milestones[MILESTONE_DETECTED] =
        (struct milestone_state){.reached = true, .automatic = true, .t_ms = 5};
    s.milestones[MILESTONE_PLUGGED] = (struct milestone_state){.proposed = true, .proposed_ms = 7};
    s.equipment[0] =
        (struct equipment_record){.state = EQUIPMENT_FLOODED, .minutes = 0, .threatened = true};
    for (uint32_t n = 1; n < count; n++)
        s.equipment[n].minutes = n == 1 ? (double)NAN : 10.0 + n;
    s.equipment[0].checks[0] =
        (struct check_state){.done = true, .value = 50, .who = "electrician"};
    s.basins[0] = (struct basin_record){.known = true,
                                        .volume = 62,
                                        .peak = 250,
                                        .progress = 75,
                                        .net = -41,
                                        .inflow = (double)NAN,
                                        .eta_ms = {1e12 + 3, 1e12, 1e12 + 9}};
}

static json_t *written(size_t room)
{
    struct json j = json_into(out, room);
    encode_incident(&j, &p, &s, (wall_t){1139432400000});
    assert_false(j.overflow);
    json_error_t e;
    length = json_length(&j);
    json_t *o = json_loadb(out, json_length(&j), JSON_REJECT_DUPLICATES, &e);
    if (!o)
        print_message("%s in %.*s\n", e.text, (int)json_length(&j), out);
    assert_non_null(o);
    return o;
}

static const char *word(const json_t *o, const char *name)
{
    return json_string_value(json_object_get(o, name));
}

static void an_incident_is_told_whole(void **state)
{
    (void)state;
    make(3, 1);
    json_t *o = written(sizeof out);
    assert_string_equal(word(o, "incident"), "INC-2006-001");
    assert_string_equal(word(o, "gateway"), "gw1");
    assert_string_equal(word(o, "state"), "open");
    assert_string_equal(word(o, "stage"), "detected");
    assert_true(json_is_true(json_object_get(o, "drill")));
    assert_true(json_is_null(json_object_get(o, "source")));
    assert_true(json_is_null(json_object_get(o, "closed")));
    const json_t *m = json_object_get(o, "milestones");
    assert_int_equal(json_array_size(m), 2);
    assert_string_equal(word(json_array_get(m, 0), "by"), "auto");
    assert_string_equal(word(json_array_get(m, 1), "state"), "proposed");
    assert_string_equal(word(json_array_get(json_object_get(o, "areas"), 0), "state"),
                        "shut_protect");
    assert_string_equal(word(json_array_get(json_object_get(o, "areas"), 1), "state"), "operating");
    const json_t *t = json_object_get(o, "threats");
    assert_int_equal(json_array_size(t), 2);
    assert_string_equal(word(json_array_get(t, 0), "equipment"), "switchgear");
    const json_t *b = json_array_get(json_object_get(o, "basins"), 0);
    assert_int_equal(json_integer_value(json_object_get(json_object_get(b, "eta"), "low")),
                     INT64_C(1000000000000));
    assert_true(json_is_null(json_object_get(b, "inflow")));
    const json_t *e = json_array_get(json_object_get(o, "equipment"), 0);
    const json_t *c = json_array_get(json_object_get(e, "checks"), 0);
    assert_true(json_is_true(json_object_get(c, "done")));
    assert_true(fabs(json_real_value(json_object_get(c, "value")) - 50) < 1e-9);
    json_decref(o);
}

static void what_has_no_end_in_sight_has_no_time(void **state)
{
    (void)state;
    make(1, 0);
    s.basins[0].eta_ms.value = (double)NAN;
    s.basins[0].known = false;
    json_t *o = written(sizeof out);
    const json_t *b = json_array_get(json_object_get(o, "basins"), 0);
    assert_true(json_is_null(json_object_get(b, "eta")));
    assert_true(json_is_null(json_object_get(b, "volume")));
    json_decref(o);
}

static void the_largest_plant_fits_if_need_be_without_its_lists(void **state)
{
    (void)state;
    make(INCIDENT_EQUIPMENT, 1);
    for (uint32_t n = 0; n < INCIDENT_EQUIPMENT; n++) {
        s.equipment[n].threatened = true;
        memset(s.equipment[n].note, 'n', INCIDENT_NOTE_MAX - 1);
    }
    json_t *o = written(sizeof out);
    assert_null(json_object_get(o, "checks_left_out"));
    json_decref(o);
    o = written(length - 1000);
    assert_true(json_is_true(json_object_get(o, "checks_left_out")));
    json_decref(o);
    struct json j = json_into(out, 100); /* and then it says that it didn't fit */
    encode_incident(&j, &p, &s, (wall_t){1});
    assert_true(j.overflow);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_incident_is_told_whole),
        cmocka_unit_test(what_has_no_end_in_sight_has_no_time),
        cmocka_unit_test(the_largest_plant_fits_if_need_be_without_its_lists),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
