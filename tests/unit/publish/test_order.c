/* SPDX-License-Identifier: Apache-2.0 */
/* Commands: what is understood, what is refused and in which words, and how the answer looks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "publish/answer.h"
#include "publish/order.h"

static const char *parse(const char *verb, const char *payload, struct order *o)
{
    return order_parse(verb, payload, strlen(payload), o);
}

static void what_is_meant_is_understood(void **state)
{
    (void)state;
    struct order o;
    assert_null(parse("ack",
                      "{\"id\":\"7\",\"client\":\"hmi\",\"user\":\"Ann B\",\"sent\":1764100000123,"
                      "\"alarm\":\"mill/sump/level-high\",\"seq\":12,\"reason\":\"seen\"}",
                      &o));
    assert_int_equal(o.verb, ORDER_ACK);
    assert_string_equal(o.id, "7");
    assert_string_equal(o.client, "hmi");
    assert_string_equal(o.user, "Ann B");
    assert_string_equal(o.alarm, "mill/sump/level-high");
    assert_true(o.has_seq);
    assert_int_equal(o.seq, 12);
    assert_true(isnan(o.minutes) && isnan(o.value));
    assert_null(parse("shelve",
                      "{\"user\":\"a\",\"alarm\":\"x\",\"reason\":\"r\",\"minutes\":30,"
                      "\"one_shot\":true}",
                      &o));
    assert_true(o.minutes > 29.9 && o.minutes < 30.1 && o.one_shot && !o.has_seq);
    assert_null(parse("reset", "{\"user\":\"a\",\"alarm\":\"x\",\"cause\":\"instrument\"}", &o));
    assert_string_equal(o.cause, "instrument");
    assert_null(parse("unshelve", "{\"user\":\"a\",\"alarm\":\"x\"}", &o));
    assert_null(parse("oos", "{\"user\":\"a\",\"alarm\":\"x\",\"reason\":\"r\"}", &o));
    assert_null(parse("in-service", "{\"user\":\"a\",\"alarm\":\"x\"}", &o));
    assert_int_equal(o.verb, ORDER_IN_SERVICE);
    assert_null(parse("proof", "{\"user\":\"a\",\"leak\":\"dam\",\"time\":5}", &o));
    assert_string_equal(o.alarm, "dam");
    assert_int_equal(o.time_ms, 5);
    assert_null(parse("incident",
                      "{\"user\":\"a\",\"op\":\"signoff\",\"incident\":\"INC-2006-001\","
                      "\"subject\":\"gear\",\"item\":\"insulation\",\"value\":12.5}",
                      &o));
    assert_string_equal(o.item, "insulation");
    assert_true(o.value > 12.4 && o.value < 12.6);
    assert_null(parse("incident", "{\"user\":\"a\",\"op\":\"bulletin\"}", &o));
    assert_null(parse("incident", "{\"op\":\"bulletin\"}", &o)); /* to ask binds nobody */
    assert_null(parse("drill", "{\"user\":\"a\",\"state\":\"on\"}", &o));
    assert_string_equal(o.state, "on");
}

static void what_is_not_understood_is_refused_in_words(void **state)
{
    (void)state;
    static char long_reason[900];
    snprintf(long_reason, sizeof(long_reason),
             "{\"user\":\"a\",\"alarm\":\"x\",\"reason\":\"%0600d\"}", 0);
    static const struct {
        const char *verb, *payload, *why;
    } cases[] = {
        {"explode", "{}", "no such command; there are ack, reset,"},
        {"Ack", "{}", "no such command"},
        {"ack", "", "not a JSON object"},
        {"ack", "[]", "not a JSON object"},
        {"ack", "{\"user\":\"a\",\"user\":\"b\",\"alarm\":\"x\"}",
         "not a JSON object: a member stands in it twice"},
        {"ack", "{\"alarm\":\"x\"}", "ack needs user"},
        {"ack", "{\"user\":\"\",\"alarm\":\"x\"}", "ack needs user"},
        {"ack", "{\"user\":\"a\"}", "ack needs alarm"},
        {"ack", "{\"user\":\"a\",\"alarm\":5}", "alarm is a text"},
        {"ack", "{\"user\":\"a\",\"alarm\":\"x\",\"alrm\":1}",
         "no member \"alrm\"; did you mean \"alarm\"?"},
        {"ack", "{\"user\":\"a\",\"alarm\":\"x\",\"minutes\":1}",
         "ack knows no member \"minutes\""},
        {"ack", "{\"user\":\"a\",\"alarm\":\"x\",\"seq\":1.5}", "seq is a whole number"},
        {"ack", "{\"user\":\"a\",\"alarm\":\"x\",\"seq\":-1}", "seq is a whole number"},
        {"ack", "{\"user\":\"a\\nb\",\"alarm\":\"x\"}", "user is one line"},
        {"ack", "{\"user\":\"a\\u0000b\",\"alarm\":\"x\"}",
         "not a JSON object: a text in it has a zero character"},
        {"ack", "{\"user\":\"a\xFF\",\"alarm\":\"x\"}", "not a JSON object: it is not UTF-8"},
        {"ack", "{\"id\":7,\"user\":\"a\",\"alarm\":\"x\"}", "id is a text"},
        {"oos", long_reason, "reason is longer than 511 bytes"},
        {"oos", "{\"user\":\"a\",\"alarm\":\"x\"}", "oos needs reason"},
        {"shelve", "{\"user\":\"a\",\"alarm\":\"x\"}", "shelve needs reason"},
        {"shelve", "{\"user\":\"a\",\"alarm\":\"x\",\"reason\":\"r\",\"minutes\":0}", "at least 1"},
        {"shelve", "{\"user\":\"a\",\"alarm\":\"x\",\"reason\":\"r\",\"minutes\":\"9\"}",
         "minutes is a number"},
        {"shelve", "{\"user\":\"a\",\"alarm\":\"x\",\"reason\":\"r\",\"one_shot\":1}",
         "true or false"},
        {"reset", "{\"user\":\"a\",\"alarm\":\"x\",\"cause\":\"bad luck\"}", "cause is leak"},
        {"proof", "{\"user\":\"a\",\"alarm\":\"x\"}", "proof needs leak"},
        {"proof", "{\"user\":\"a\",\"leak\":\"x\",\"time\":\"now\"}",
         "time is a time in milliseconds"},
        {"incident", "{\"user\":\"a\"}", "incident needs op"},
        {"incident", "{\"op\":\"close\"}", "close needs user"},
        {"incident", "{\"user\":\"a\",\"op\":\"dance\"}", "op is open, close"},
        {"incident", "{\"user\":\"a\",\"op\":\"area\",\"state\":\"flooded\"}",
         "area needs subject"},
        {"incident", "{\"user\":\"a\",\"op\":\"flag\",\"subject\":\"contained\"}",
         "flag needs state"},
        {"incident", "{\"user\":\"a\",\"op\":\"signoff\",\"subject\":\"x\"}", "signoff needs item"},
        {"drill", "{\"user\":\"a\"}", "drill needs state"},
        {"drill", "{\"user\":\"a\",\"state\":\"maybe\"}", "state is on or off"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct order o;
        const char *why = parse(cases[i].verb, cases[i].payload, &o);
        if (!why || !strstr(why, cases[i].why))
            print_message("%s %s: %s\n", cases[i].verb, cases[i].payload, why ? why : "done");
        assert_non_null(why);
        assert_non_null(strstr(why, cases[i].why));
    }
}

static void a_refused_one_still_says_whom_to_answer(void **state)
{
    (void)state;
    struct order o;
    assert_non_null(parse("ack", "{\"what\":1,\"user\":5,\"client\":\"hmi\",\"id\":\"9\"}", &o));
    assert_string_equal(o.id, "9");
    assert_string_equal(o.client, "hmi");
}

/* The book has what was asked, also of those that were refused. */
static void a_refused_one_still_says_what_it_asked(void **state)
{
    (void)state;
    static const struct {
        const char *verb, *payload, *why, *row;
    } facts[] = {
        {"ack", "{\"user\":5,\"alarm\":\"a/d/x\",\"seq\":12}", "user is a text",
         "\"client\":null,\"alarm\":\"a/d/x\",\"alarm_seq\":12,\"status\""},
        {"ack", "{\"id\":[],\"client\":{},\"user\":\"a\",\"alarm\":7,\"seq\":3}", "id is a text",
         "\"client\":null,\"user\":\"a\",\"alarm_seq\":3,\"status\""},
        {"write", "{\"tag\":\"a/d/t\",\"value\":30,\"was\":20,\"within_ms\":0}", "write needs user",
         "\"tag\":\"a/d/t\",\"value\":30,\"was\":20,\"status\""},
        {"incident", "{\"user\":\"a\",\"op\":\"dance\",\"subject\":\"s\",\"other\":1}",
         "incident knows no member", "\"op\":\"dance\",\"subject\":\"s\",\"status\""},
    };
    for (size_t i = 0; i < sizeof facts / sizeof *facts; i++) {
        struct order o;
        char row[1024];
        const char *why = parse(facts[i].verb, facts[i].payload, &o);
        assert_non_null(why);
        assert_non_null(strstr(why, facts[i].why));
        const struct outcome a = {.verb = facts[i].verb,
                                  .id = o.id,
                                  .client = o.client,
                                  .status = "refused",
                                  .order = &o};
        struct json j = json_into(row, sizeof row - 1);
        encode_audit(&j, &a);
        *j.at = '\0';
        if (!strstr(row, facts[i].row))
            fail_msg("%s: %s", facts[i].payload, row);
    }
}

static void verbs_have_names_both_ways(void **state)
{
    (void)state;
    for (unsigned i = 0; i < ORDER_VERB_COUNT; i++) {
        enum order_verb v;
        assert_true(order_verb(order_verb_name((enum order_verb)i), &v));
        assert_int_equal(v, i);
        assert_non_null(strstr(order_unknown, order_verb_name((enum order_verb)i)));
    }
}

static json_t *read_back(const struct json *j, const char *before)
{
    char text[8192];
    json_error_t e;
    assert_false(j->overflow);
    snprintf(text, sizeof(text), "%s%.*s", before, (int)json_length(j), j->start);
    json_t *o = json_loads(text, JSON_REJECT_DUPLICATES, &e);
    if (!o)
        print_message("%s: %s\n", text, e.text);
    assert_non_null(o);
    return o;
}

static const char *word(const json_t *o, const char *key)
{
    const char *s = json_string_value(json_object_get(o, key));
    return s ? s : "";
}

static void replies_and_rows_say_what_became_of_it(void **state)
{
    (void)state;
    char buffer[4096];
    struct order o;
    assert_null(parse("shelve",
                      "{\"id\":\"7\",\"user\":\"Ann \\\"B\\\"\",\"alarm\":\"a/d/x\",\"seq\":3,"
                      "\"reason\":\"pump out\",\"minutes\":30}",
                      &o));
    struct outcome a = {.gateway = "gw1",
                        .verb = "shelve",
                        .id = o.id,
                        .client = o.client,
                        .status = "refused",
                        .error = "critical",
                        .order = &o,
                        .time = {1764100000123}};
    struct json j = json_into(buffer, sizeof(buffer));
    encode_reply(&j, &a);
    json_t *r = read_back(&j, "");
    assert_string_equal(word(r, "id"), "7");
    assert_string_equal(word(r, "verb"), "shelve");
    assert_string_equal(word(r, "status"), "refused");
    assert_string_equal(word(r, "error"), "critical");
    assert_string_equal(word(r, "gateway"), "gw1");
    assert_int_equal(json_integer_value(json_object_get(r, "timestamp")), 1764100000123);
    assert_int_equal(json_object_size(r), 6);
    json_decref(r);
    j = json_into(buffer, sizeof(buffer));
    encode_audit(&j, &a);
    r = read_back(&j, "{\"gateway\":\"gw1\",\"epoch\":1,\"seq\":2,");
    assert_string_equal(word(r, "user"), "Ann \"B\"");
    assert_string_equal(word(r, "alarm"), "a/d/x");
    assert_string_equal(word(r, "reason"), "pump out");
    assert_true(json_is_null(json_object_get(r, "client")));
    assert_int_equal(json_integer_value(json_object_get(r, "alarm_seq")), 3);
    assert_true(json_is_real(json_object_get(r, "minutes")));
    assert_null(json_object_get(r, "value"));
    json_decref(r);
}

#define TOO_LARGE                                                                                  \
    "not a JSON object: a number in it is too large; a whole one beyond 9223372036854775807 is "   \
    "written as a text"

static void a_wish_is_a_value_of_its_own_kind(void **state)
{
    (void)state;
    static const struct {
        const char *value, *why;
        enum value_kind kind;
    } cases[] = {
        {"20", NULL, VALUE_INT},
        {"20.5", NULL, VALUE_REAL},
        {"-1e3", NULL, VALUE_REAL},
        {"true", NULL, VALUE_BOOL},
        {"\"auto\"", NULL, VALUE_TEXT},
        {"null", "value is a number, true or false, or a text of at most 127 bytes", VALUE_NONE},
        {"{}", "value is a number", VALUE_NONE},
        {"[1]", "value is a number", VALUE_NONE},
        {"\"a\\nb\"", "value is one line, without control characters", VALUE_NONE},
        {"1e999", TOO_LARGE, VALUE_NONE},
        {"9223372036854775808", TOO_LARGE, VALUE_NONE},
        {"NaN", "not a JSON object", VALUE_NONE},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct order o;
        char text[200];
        snprintf(text, sizeof(text), "{\"user\":\"a\",\"tag\":\"x/y/z\",\"value\":%s}",
                 cases[i].value);
        const char *why = parse("write", text, &o);
        if ((why != NULL) != (cases[i].why != NULL) || (why && !strstr(why, cases[i].why)))
            fail_msg("case %zu: %s", i, why);
        if (!why)
            assert_int_equal(o.wish.value.kind, cases[i].kind);
    }
    struct order o;
    assert_null(parse("write",
                      "{\"user\":\"a\",\"tag\":\"x/y/z\",\"value\":\"auto\",\"was\":false,"
                      "\"within_ms\":250}",
                      &o));
    struct value v = wish_value(&o.wish);
    assert_true(v.length == 4 && memcmp(v.text, "auto", 4) == 0 && o.was.given);
    assert_int_equal(o.within_ms, 250);
    assert_true(!o.has_seq && isnan(o.value));
    assert_string_equal(parse("write", "{\"user\":\"a\",\"tag\":\"x\"}", &o), "write needs value");
    assert_string_equal(parse("write", "{\"user\":\"a\",\"value\":1}", &o), "write needs tag");
    assert_string_equal(parse("write", "{\"tag\":\"x\",\"value\":1}", &o), "write needs user");
    assert_non_null(
        strstr(parse("write", "{\"user\":\"a\",\"tag\":\"x\",\"value\":1,\"within_ms\":60001}", &o),
               "1 to 60000"));
    assert_non_null(strstr(parse("ack", "{\"user\":\"a\",\"alarm\":\"x\",\"value\":1}", &o),
                           "knows no member"));
}

static void what_was_written_is_told_and_booked(void **state)
{
    (void)state;
    char buffer[4096];
    struct order o;
    assert_null(parse("write",
                      "{\"id\":\"7\",\"user\":\"Ann\",\"tag\":\"a/d/x\",\"value\":20.5,"
                      "\"was\":20}",
                      &o));
    const struct written w = {.value = {.kind = VALUE_INT, .places = 1, .i = 205},
                              .raw = "0029",
                              .unit = "Hz",
                              .sent = true};
    struct outcome a = {.gateway = "gw1",
                        .verb = "write",
                        .id = o.id,
                        .client = o.client,
                        .status = "done",
                        .written = &w,
                        .order = &o};
    struct json j = json_into(buffer, sizeof(buffer));
    encode_reply(&j, &a);
    json_t *r = read_back(&j, "");
    assert_string_equal(word(r, "tag"), "a/d/x");
    assert_string_equal(word(r, "raw"), "0029");
    assert_string_equal(word(r, "unit"), "Hz");
    assert_true(json_is_true(json_object_get(r, "written")));
    assert_true(json_real_value(json_object_get(r, "value")) > 20.4);
    json_decref(r);
    j = json_into(buffer, sizeof(buffer));
    encode_audit(&j, &a);
    r = read_back(&j, "{\"gateway\":\"gw1\",\"epoch\":1,\"seq\":2,");
    assert_string_equal(word(r, "user"), "Ann");
    assert_true(json_real_value(json_object_get(r, "value")) > 20.4);
    assert_true(json_real_value(json_object_get(r, "read")) > 20.4);
    assert_int_equal(json_integer_value(json_object_get(r, "was")), 20);
    json_decref(r);
}

static void answers_go_where_they_overwrite_nothing(void **state)
{
    (void)state;
    static const struct {
        const char *wanted, *client, *topic;
    } cases[] = {
        {"", "hmi", "m/v1/s/reply/g/hmi"},
        {"reply/to/me", "hmi", "reply/to/me"},
        {"m/v1/s/reply/other", "hmi", "m/v1/s/reply/other"},
        {"m/v1/s/value/a/d/t", "hmi", "m/v1/s/reply/g/hmi"},
        {"m/v1/s/alarm/a/d/t", "", ""},
        {"$SYS/x", "hmi", "m/v1/s/reply/g/hmi"},
        {"a/+/b", "hmi", "m/v1/s/reply/g/hmi"},
        {"a/#", "../x", ""},
        {"", "", ""},
        {"", "a/b", ""},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char topic[TOPIC_MAX] = "";
        size_t n = answer_topic(topic, "m/v1", "s", "g", cases[i].wanted, cases[i].client);
        assert_int_equal(n, strlen(cases[i].topic));
        if (n)
            assert_string_equal(topic, cases[i].topic);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_meant_is_understood),
        cmocka_unit_test(what_is_not_understood_is_refused_in_words),
        cmocka_unit_test(a_refused_one_still_says_whom_to_answer),
        cmocka_unit_test(a_refused_one_still_says_what_it_asked),
        cmocka_unit_test(verbs_have_names_both_ways),
        cmocka_unit_test(replies_and_rows_say_what_became_of_it),
        cmocka_unit_test(a_wish_is_a_value_of_its_own_kind),
        cmocka_unit_test(what_was_written_is_told_and_booked),
        cmocka_unit_test(answers_go_where_they_overwrite_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
