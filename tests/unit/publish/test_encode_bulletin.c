/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "publish/encode_bulletin.h"

static struct incident_state incident;
static struct bulletin bulletin;

static int set_up(void **state)
{
    (void)state;
    memset(&incident, 0, sizeof(incident));
    incident.open = true;
    incident.next_bulletin_ms = 1139410800000;
    strcpy(incident.id, "INC-2006-001");
    incident.milestones[MILESTONE_DETECTED].reached = true;
    incident.milestones[MILESTONE_PLUGGED].reached = true;
    bulletin = (struct bulletin){.number = 7, .t_ms = 1139396400000, .why = "period"};
    strcpy(bulletin.text, "BULLETIN 7  INC-2006-001\nLeak in the \"TSF 1\" dam.\n");
    return 0;
}

static json_t *encoded(bool whole)
{
    static char buffer[BULLETIN_ROOM];
    struct json j = json_into(buffer, sizeof(buffer));
    encode_bulletin(&j, &incident, &bulletin, whole);
    assert_false(j.overflow);
    json_t *o = json_loadb(buffer, json_length(&j), JSON_REJECT_DUPLICATES, NULL);
    assert_non_null(o);
    return o;
}

static const char *word(const json_t *o, const char *key)
{
    const char *s = json_string_value(json_object_get(o, key));
    return s ? s : "";
}

static void it_says_which_of_which_incident_and_how_far(void **state)
{
    (void)state;
    json_t *o = encoded(true);
    assert_string_equal(word(o, "incident"), "INC-2006-001");
    assert_int_equal(json_integer_value(json_object_get(o, "number")), 7);
    assert_int_equal(json_integer_value(json_object_get(o, "timestamp")), 1139396400000);
    assert_int_equal(json_integer_value(json_object_get(o, "next")), 1139410800000);
    assert_string_equal(word(o, "why"), "period");
    assert_string_equal(word(o, "stage"), milestone_words(MILESTONE_PLUGGED));
    assert_string_equal(word(o, "text"), bulletin.text);
    assert_null(json_object_get(o, "drill"));
    json_decref(o);
    o = encoded(false);
    assert_null(json_object_get(o, "text"));
    json_decref(o);
}

static void what_was_revoked_is_no_stage(void **state)
{
    (void)state;
    incident.milestones[MILESTONE_PLUGGED].revoked = true;
    incident.open = false;
    incident.drill = true;
    json_t *o = encoded(true);
    assert_string_equal(word(o, "stage"), milestone_words(MILESTONE_DETECTED));
    assert_true(json_is_null(json_object_get(o, "next")));
    assert_true(json_is_true(json_object_get(o, "drill")));
    json_decref(o);
    incident.milestones[MILESTONE_DETECTED].reached = false;
    o = encoded(true);
    assert_string_equal(word(o, "stage"), "opened");
    json_decref(o);
}

static void an_event_says_it_in_short(void **state)
{
    (void)state;
    char buffer[512];
    buffer[0] = '{';
    struct json j = json_into(buffer + 1, sizeof(buffer) - 1);
    incident.opened_ms = 5;
    incident.bulletin = 3;
    encode_incident_brief(&j, &incident, INCIDENT_MILESTONE);
    json_word(&j, "}");
    json_t *o = json_loadb(buffer, json_length(&j) + 1, JSON_REJECT_DUPLICATES, NULL);
    assert_non_null(o);
    const json_t *i = json_object_get(o, "incident");
    assert_string_equal(word(o, "change"), incident_change_words(INCIDENT_MILESTONE));
    assert_string_equal(word(i, "id"), "INC-2006-001");
    assert_string_equal(word(i, "stage"), milestone_words(MILESTONE_PLUGGED));
    assert_true(json_is_true(json_object_get(i, "open")));
    assert_int_equal(json_integer_value(json_object_get(i, "opened")), 5);
    assert_int_equal(json_integer_value(json_object_get(i, "bulletin")), 3);
    json_decref(o);
}

static void the_longest_text_fits(void **state)
{
    (void)state;
    memset(bulletin.text, 1, sizeof(bulletin.text) - 1);
    bulletin.text[sizeof(bulletin.text) - 1] = '\0';
    json_t *o = encoded(true);
    assert_int_equal(strlen(word(o, "text")), BULLETIN_MAX - 1);
    json_decref(o);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(it_says_which_of_which_incident_and_how_far, set_up),
        cmocka_unit_test_setup(what_was_revoked_is_no_stage, set_up),
        cmocka_unit_test_setup(an_event_says_it_in_short, set_up),
        cmocka_unit_test_setup(the_longest_text_fits, set_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
