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

#include "publish/encode_leak.h"

#define UNKNOWN ((double)NAN)

static const struct area areas[] = {{.name = "tailings"}};
static const struct plant plant = {.areas = areas, .area_count = 1};
static const struct leak_rule dam = {
    .name = "tailings-dam", .kind = LEAK_BALANCE, .area = 0, .about = "North dam"};
static const wall_t now = {1764100000123};

static struct leak_view suspect(void)
{
    return (struct leak_view){.state = LEAK_SUSPECT,
                              .class_ = LEAK_MINOR,
                              .firing = true,
                              .preliminary = true,
                              .detector = "cusum",
                              .since_ms = now.ms - 60000,
                              .fired_ms = now.ms - 60000,
                              .rate = {86, 52, 121},
                              .onset_ms = {(double)now.ms - 7200000, (double)now.ms - 9e6, UNKNOWN},
                              .lost = {352, 300, 400},
                              .unaccounted_24h = 352,
                              .coverage = 0.97,
                              .score = 352,
                              .limit = 338,
                              .score_unit = "m3",
                              .drift = 6,
                              .sigma = 41,
                              .baseline = UNKNOWN,
                              .baseline_sd = UNKNOWN,
                              .value = 86,
                              .minutes = UNKNOWN,
                              .text = "352 m3 unaccounted for"};
}

static struct leak_view nothing(void)
{
    return (struct leak_view){.state = LEAK_LEARNING,
                              .detector = "",
                              .score_unit = "",
                              .rate = {UNKNOWN, UNKNOWN, UNKNOWN},
                              .onset_ms = {UNKNOWN, UNKNOWN, UNKNOWN},
                              .lost = {UNKNOWN, UNKNOWN, UNKNOWN},
                              .unaccounted_24h = UNKNOWN,
                              .score = UNKNOWN,
                              .limit = (double)INFINITY,
                              .drift = UNKNOWN,
                              .sigma = UNKNOWN,
                              .baseline = UNKNOWN,
                              .baseline_sd = UNKNOWN,
                              .value = UNKNOWN,
                              .minutes = UNKNOWN,
                              .learning_left_h = 71.5};
}

static json_t *encoded(const struct leak_rule *r, const struct leak_view *v)
{
    static char buffer[LEAK_ROOM];
    json_error_t e;
    struct json j = json_into(buffer, sizeof(buffer));
    encode_leak(&j, &plant, r, v, now);
    assert_false(j.overflow);
    json_t *o = json_loadb(buffer, json_length(&j), JSON_REJECT_DUPLICATES, &e);
    if (!o)
        print_message("%.*s\n%s\n", (int)json_length(&j), buffer, e.text);
    assert_non_null(o);
    return o;
}

static const char *word(const json_t *o, const char *key)
{
    const char *s = json_string_value(json_object_get(o, key));
    return s ? s : "";
}

static bool none(const json_t *o, const char *key)
{
    return json_is_null(json_object_get(o, key));
}

static void a_suspicion_comes_with_its_evidence(void **state)
{
    (void)state;
    struct leak_view v = suspect();
    json_t *o = encoded(&dam, &v);
    assert_string_equal(word(o, "leak"), "tailings-dam");
    assert_string_equal(word(o, "kind"), "balance");
    assert_string_equal(word(o, "area"), "tailings");
    assert_string_equal(word(o, "state"), "suspect");
    assert_string_equal(word(o, "class"), "minor");
    assert_string_equal(word(o, "detector"), "cusum");
    assert_string_equal(word(o, "unit"), "m3");
    assert_string_equal(word(o, "about"), "North dam");
    assert_true(json_is_true(json_object_get(o, "preliminary")));
    assert_int_equal(json_integer_value(json_object_get(o, "timestamp")), now.ms);
    assert_int_equal(json_integer_value(json_object_get(o, "since")), now.ms - 60000);
    assert_int_equal(json_integer_value(json_object_get(o, "fired")), now.ms - 60000);
    const json_t *onset = json_object_get(o, "onset"), *rate = json_object_get(o, "rate");
    assert_int_equal(json_integer_value(json_object_get(onset, "value")), now.ms - 7200000);
    assert_int_equal(json_integer_value(json_object_get(onset, "low")), now.ms - 9000000);
    assert_true(none(onset, "high"));
    assert_true(json_is_real(json_object_get(rate, "value")));
    assert_true(json_real_value(json_object_get(rate, "high")) > 120.9);
    assert_true(none(o, "baseline") && none(o, "blind_since") && none(o, "why"));
    assert_null(json_object_get(o, "minutes"));
    assert_null(json_object_get(o, "pump_worn"));
    assert_non_null(strstr(word(o, "text"), "352 m3 unaccounted for (since about "));
    json_decref(o);
}

static void what_is_not_known_is_null(void **state)
{
    (void)state;
    struct leak_view v = nothing();
    json_t *o = encoded(&dam, &v);
    static const char *const nulls[] = {
        "class", "detector", "score",    "limit",       "unit",        "value", "unaccounted_24h",
        "drift", "sigma",    "baseline", "baseline_sd", "blind_since", "why",   "fired"};
    for (size_t i = 0; i < sizeof(nulls) / sizeof(nulls[0]); i++)
        assert_true(none(o, nulls[i]));
    assert_true(none(json_object_get(o, "onset"), "value"));
    assert_true(none(json_object_get(o, "lost"), "low"));
    assert_string_equal(word(o, "state"), "learning");
    assert_true(json_real_value(json_object_get(o, "learning_left_h")) > 71);
    assert_int_equal(json_integer_value(json_object_get(o, "since")), 0);
    json_decref(o);
}

static void blindness_says_since_when_and_why(void **state)
{
    (void)state;
    struct leak_view v = nothing();
    v.state = LEAK_BLIND;
    v.frozen = true;
    v.blind_since_ms = 0; /* a time like any other */
    strcpy(v.why, "level: stuck: \"has not moved\"");
    json_t *o = encoded(&dam, &v);
    assert_string_equal(word(o, "state"), "blind");
    assert_true(json_is_true(json_object_get(o, "frozen")));
    assert_true(json_is_integer(json_object_get(o, "blind_since")));
    assert_string_equal(word(o, "why"), "level: stuck: \"has not moved\"");
    assert_string_equal(word(o, "text"), "blind: level: stuck: \"has not moved\"");
    json_decref(o);
}

static void every_kind_and_state_has_its_word(void **state)
{
    (void)state;
    const char *before = "";
    char last[32];
    for (unsigned kind = 0; kind < LEAK_KIND_COUNT; kind++)
        for (unsigned s = LEAK_LEARNING; s <= LEAK_BLIND; s++) {
            struct leak_rule r = dam;
            struct leak_view v = suspect();
            r.kind = (uint8_t)kind;
            r.area = RULE_NONE;
            v.state = (uint8_t)s;
            json_t *o = encoded(&r, &v);
            assert_true(*word(o, "kind") && *word(o, "state"));
            assert_string_not_equal(word(o, "state"), before);
            assert_true(none(o, "area"));
            assert_int_equal(json_object_get(o, "minutes") != NULL, kind == LEAK_FREEBOARD);
            assert_int_equal(json_object_get(o, "pump_worn") != NULL, kind == LEAK_SUMP);
            snprintf(last, sizeof(last), "%s", word(o, "state"));
            before = last;
            json_decref(o);
        }
}

/* The longest texts, all of them escaped. */
static void the_longest_of_all_fits(void **state)
{
    (void)state;
    struct leak_view v = suspect();
    struct leak_rule r = dam;
    v.state = LEAK_BLIND;
    memset(v.why, '"', sizeof(v.why) - 1);
    memset(v.text, '"', sizeof(v.text) - 1);
    v.score = v.limit = v.value = v.baseline = -1.2345678901234567e-300;
    json_t *o = encoded(&r, &v);
    assert_int_equal(strlen(word(o, "why")), sizeof(v.why) - 1);
    json_decref(o);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_suspicion_comes_with_its_evidence),
        cmocka_unit_test(what_is_not_known_is_null),
        cmocka_unit_test(blindness_says_since_when_and_why),
        cmocka_unit_test(every_kind_and_state_has_its_word),
        cmocka_unit_test(the_longest_of_all_fits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
