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

#include "publish/encode_alarm.h"

static const struct area areas[] = {{.name = "mill"}};
static const struct alarm_rule rules[] = {
    {.path = "mill/sump/level-high",
     .area = 0,
     .priority = PRIORITY_HIGH,
     .tarp = 2,
     .group = 0,
     .group_name = "mill",
     .about = "Water rising at the \"primary\" crusher",
     .consequence = "Switchgear floods",
     .response = "Start the standby pump"},
    {.path = "gateway/radio/line-lost", .area = RULE_NONE, .about = "", .parent = RULE_NONE},
};
static const struct plant plant = {
    .gateway = "gw1", .areas = areas, .area_count = 1, .alarms = rules, .alarm_count = 2};
static const int64_t now = 1764100000123;

static struct alarm_state high(void)
{
    struct alarm_state s = {
        .bits = {.active = true, .latched = true},
        .priority = PRIORITY_HIGH,
        .seq = 12,
        .on_ms = now - 5000,
        .off_ms = ALARM_NEVER,
        .ack_ms = ALARM_NEVER,
        .changed_ms = now - 5000,
        .source_ms = now - 10000,
        .shelved_until_ms = INT64_MAX,
        .realarm_ms = INT64_MAX,
        .first_out = true,
        .evidence = {.value = 1.31,
                     .limit = 1.2,
                     .unit = "m",
                     .text = "level 1.31 m",
                     .more = "\"class\":\"minor\",\"rate\":86.0"},
    };
    return s;
}

static json_t *parsed(const struct json *j)
{
    json_error_t e;
    assert_false(j->overflow);
    json_t *o = json_loadb(j->start, json_length(j), JSON_REJECT_DUPLICATES, &e);
    if (!o)
        print_message("%s in %.*s\n", e.text, (int)json_length(j), j->start);
    assert_non_null(o);
    return o;
}

static json_t *encoded(const struct alarm_rule *r, const struct alarm_state *s)
{
    static char buffer[ALARM_ROOM];
    struct json j = json_into(buffer, sizeof(buffer));
    encode_alarm(&j, &plant, r, s, now);
    return parsed(&j);
}

static const char *text(const json_t *o, const char *name)
{
    const char *s = json_string_value(json_object_get(o, name));
    return s ? s : "(none)";
}

static void an_alarm_says_what_where_why_and_what_to_do(void **state)
{
    (void)state;
    struct alarm_state s = high();
    json_t *o = encoded(&rules[0], &s);
    assert_string_equal(text(o, "id"), "mill/sump/level-high");
    assert_string_equal(text(o, "area"), "mill");
    assert_string_equal(text(o, "state"), "UNACK");
    assert_string_equal(text(o, "mode"), "normal");
    assert_string_equal(text(o, "priority"), "high");
    assert_string_equal(text(o, "group"), "mill");
    assert_string_equal(text(o, "text"), "level 1.31 m");
    assert_string_equal(text(o, "about"), "Water rising at the \"primary\" crusher");
    assert_string_equal(text(o, "response"), "Start the standby pump");
    assert_string_equal(text(o, "unit"), "m");
    assert_string_equal(text(o, "class"), "minor");
    assert_true(json_is_true(json_object_get(o, "active")));
    assert_true(json_is_false(json_object_get(o, "acked")));
    assert_true(json_is_true(json_object_get(o, "first_out")));
    assert_int_equal(json_integer_value(json_object_get(o, "seq")), 12);
    assert_int_equal(json_integer_value(json_object_get(o, "tarp")), 2);
    assert_int_equal(json_integer_value(json_object_get(o, "timestamp")), now - 5000);
    assert_int_equal(json_integer_value(json_object_get(o, "on")), now - 5000);
    assert_int_equal(json_integer_value(json_object_get(o, "source")), now - 10000);
    assert_true(json_real_value(json_object_get(o, "value")) == 1.31);
    static const char *const nulls[] = {"off", "ack", "shelved_until", "user", "reason", "cause"};
    for (size_t i = 0; i < sizeof(nulls) / sizeof(nulls[0]); i++)
        assert_true(json_is_null(json_object_get(o, nulls[i])));
    json_decref(o);
}

static void what_never_was_is_null_and_zero_is_a_time(void **state)
{
    (void)state;
    struct alarm_state s = {
        .bits = {.acked = true},
        .on_ms = ALARM_NEVER,
        .off_ms = 0,
        .ack_ms = ALARM_NEVER,
        .changed_ms = ALARM_NEVER,
        .source_ms = ALARM_NEVER,
        .evidence = {.value = (double)NAN, .limit = (double)INFINITY},
    };
    json_t *o = encoded(&rules[1], &s);
    assert_string_equal(text(o, "state"), "NORM");
    assert_int_equal(json_integer_value(json_object_get(o, "timestamp")), now);
    assert_true(json_is_integer(json_object_get(o, "off")));
    static const char *const nulls[] = {"on",   "source", "value", "limit",    "unit", "area",
                                        "tarp", "group",  "about", "response", "text"};
    for (size_t i = 0; i < sizeof(nulls) / sizeof(nulls[0]); i++)
        assert_true(json_is_null(json_object_get(o, nulls[i])));
    json_decref(o);
}

static void every_change_has_its_words(void **state)
{
    (void)state;
    static const char *const want[ALARM_DID_COUNT] = {
        [ALARM_DID_ON] = "level 1.31 m",
        [ALARM_DID_OFF] = "its condition is over; it waits for a reset",
        [ALARM_DID_ACK] = "acknowledged by r.miner",
        [ALARM_DID_RESET] = "reset by r.miner, cause: leak",
        [ALARM_DID_REALARM] = "still on: level 1.31 m",
        [ALARM_DID_RISE] = "now high: level 1.31 m",
        [ALARM_DID_SHELVE] = "shelved by r.miner until ",
        [ALARM_DID_UNSHELVE] = "no longer shelved, and it stands",
        [ALARM_DID_SUPPRESS] = "suppressed by design",
        [ALARM_DID_UNSUPPRESS] = "no longer suppressed, and it stands",
        [ALARM_DID_OOS] = "taken out of service by r.miner: float is being cleaned",
        [ALARM_DID_IN_SERVICE] = "in service again, and it stands",
        [ALARM_DID_FREEZE] = "its input is bad: it stays as it is",
        [ALARM_DID_THAW] = "its input is good again",
        [ALARM_DID_CHATTER] = "it chatters: its off-delay is now 4 s",
        [ALARM_DID_CALM] = "it chatters no more",
    };
    struct alarm_state s = high();
    s.off_delay_ms = 4000;
    s.shelved_until_ms = now + 1800000;
    strcpy(s.user, "r.miner");
    strcpy(s.reason, "float is being cleaned");
    strcpy(s.cause, "leak");
    for (int c = 0; c < ALARM_DID_COUNT; c++) {
        char words[ALARM_WORDS], more[ALARM_ROOM];
        alarm_words(words, &rules[0], &s, (enum alarm_change)c, now);
        assert_int_equal(strncmp(words, want[c], strlen(want[c])), 0);
        struct json j = json_into(more, sizeof(more));
        json_word(&j, "{");
        encode_alarm_change(&j, &plant, &rules[0], &s, (enum alarm_change)c, now);
        json_word(&j, "}");
        json_t *o = parsed(&j);
        assert_string_equal(text(o, "change"), alarm_change_words((enum alarm_change)c));
        assert_string_equal(text(json_object_get(o, "alarm"), "id"), rules[0].path);
        json_decref(o);
    }
}

static void long_words_of_people_fit(void **state)
{
    (void)state;
    struct alarm_state s = high();
    memset(s.user, 0x01, sizeof(s.user) - 1);
    memset(s.reason, '"', sizeof(s.reason) - 1);
    memset(s.evidence.text, 0x02, sizeof(s.evidence.text) - 1);
    s.evidence.value = -1.7976931348623157e308;
    s.seq = UINT64_MAX;
    json_decref(encoded(&rules[0], &s));
    char small[64], words[ALARM_WORDS];
    struct json j = json_into(small, sizeof(small));
    encode_alarm(&j, &plant, &rules[0], &s, now);
    assert_true(j.overflow);
    for (int c = 0; c < ALARM_DID_COUNT; c++)
        alarm_words(words, &rules[0], &s, (enum alarm_change)c, now);
}

static void figures_are_told_by_name(void **state)
{
    (void)state;
    struct alarm_figures f = {.standing = {1, 2, 3, 4},
                              .in_10_min = 11,
                              .flood = true,
                              .flood_s_day = 480,
                              .ack_median_s = 12.5,
                              .ack_p90_s = (double)NAN,
                              .top = {1, 0},
                              .top_count = {7, 4},
                              .top_used = 2,
                              .shelved_list = {2, {0, 1}},
                              .causes = {2, 1, 0, 5}};
    char buffer[ALARM_FIGURES_ROOM];
    struct json j = json_into(buffer, sizeof(buffer));
    encode_alarm_figures(&j, &plant, &f, (wall_t){now});
    json_t *o = parsed(&j);
    const json_t *standing = json_object_get(o, "standing");
    assert_int_equal(json_integer_value(json_object_get(standing, "critical")), 4);
    assert_int_equal(json_integer_value(json_object_get(standing, "low")), 1);
    assert_int_equal(json_integer_value(json_object_get(o, "in_10_min")), 11);
    assert_true(json_is_true(json_object_get(o, "flood")));
    assert_true(json_is_null(json_object_get(o, "ack_p90_s")));
    assert_true(json_real_value(json_object_get(o, "ack_median_s")) == 12.5);
    const json_t *top = json_array_get(json_object_get(o, "top"), 0);
    assert_string_equal(text(top, "id"), rules[1].path);
    assert_int_equal(json_integer_value(json_object_get(top, "count")), 7);
    const json_t *shelved = json_object_get(o, "shelved_ids");
    assert_int_equal(json_array_size(shelved), 2);
    assert_string_equal(json_string_value(json_array_get(shelved, 1)), rules[1].path);
    assert_int_equal(json_array_size(json_object_get(o, "oos_ids")), 0);
    const json_t *causes = json_object_get(o, "causes");
    assert_int_equal(json_integer_value(json_object_get(causes, "unknown")), 5);
    json_decref(o);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_alarm_says_what_where_why_and_what_to_do),
        cmocka_unit_test(what_never_was_is_null_and_zero_is_a_time),
        cmocka_unit_test(every_change_has_its_words),
        cmocka_unit_test(long_words_of_people_fit),
        cmocka_unit_test(figures_are_told_by_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
