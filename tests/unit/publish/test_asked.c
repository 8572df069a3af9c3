/* SPDX-License-Identifier: Apache-2.0 */
/* What the book says of a command that nobody obeyed: always JSON, never without end. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "publish/asked.h"

static const char *asked(const char *text)
{
    static char out[ASKED_ROOM];
    json_t *o = json_loads(text, 0, NULL);
    memset(out, '#', sizeof out);
    asked_put(out, o);
    json_decref(o);
    return out;
}

static void what_any_verb_knows_is_told_under_the_names_of_the_book(void **state)
{
    (void)state;
    static const struct {
        const char *payload, *told;
    } facts[] = {
        {"{", ""},
        {"[1,2]", ""},
        {"\"x\"", ""},
        {"{}", ""},
        {"{\"id\":\"7\",\"client\":\"hmi\",\"sent\":5,\"status\":\"done\",\"nonsense\":1}", ""},
        {"{\"value\":30,\"tag\":\"a/d/t\",\"user\":\"Ann B\"}",
         ",\"user\":\"Ann B\",\"tag\":\"a/d/t\",\"value\":30"},
        {"{\"seq\":12,\"alarm\":\"a/d/x\"}", ",\"alarm\":\"a/d/x\",\"alarm_seq\":12"},
        {"{\"lane\":\"event\",\"from_seq\":1,\"to_seq\":9}",
         ",\"lane\":\"event\",\"from_seq\":1,\"to_seq\":9"},
        {"{\"from\":1764100000123,\"to\":\"now\"}", ",\"from\":1764100000123,\"to\":\"now\""},
        {"{\"value\":1.5,\"was\":true,\"one_shot\":false,\"user\":null}",
         ",\"user\":null,\"value\":1.5,\"was\":true,\"one_shot\":false"},
        {"{\"value\":[1],\"was\":{\"a\":1},\"op\":\"open\"}", ",\"op\":\"open\""},
        {"{\"user\":\"a\\\"b\\\\c\\nd\\u0001\"}", ",\"user\":\"a\\\"b\\\\c\\nd\\u0001\""},
    };
    for (size_t i = 0; i < sizeof facts / sizeof *facts; i++)
        assert_string_equal(asked(facts[i].payload), facts[i].told);
}

/* Members alone are no JSON: they stand behind others. */
static json_t *whole(const char *members)
{
    char text[ASKED_ROOM + 32];
    snprintf(text, sizeof text, "{\"verb\":\"x\"%s}", members);
    json_t *o = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
    assert_non_null(o);
    return o;
}

static void what_is_too_long_is_cut_or_left_out_and_stays_json(void **state)
{
    (void)state;
    static const char *const names[] = {"user", "tag",      "value",   "was",  "alarm", "leak",
                                        "op",   "incident", "subject", "item", "state", "reason"};
    static const char *const letters[] = {"x", "\\\"", "\\u0001", "\xc3\xa9", "\xe2\x82\xac"};
    for (size_t k = 0; k < sizeof letters / sizeof *letters; k++) {
        char text[64 * 1024] = "{";
        for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
            char *at = text + strlen(text);
            at += sprintf(at, "%s\"%s\":\"", i ? "," : "", names[i]);
            for (int n = 0; n < 700; n++)
                at += sprintf(at, "%s", letters[k]);
            strcpy(at, "\"");
        }
        strcat(text, ",\"to_seq\":9}");
        const char *told = asked(text);
        assert_true(strlen(told) < ASKED_ROOM);
        json_t *o = whole(told);
        size_t length = json_string_length(json_object_get(o, "user"));
        if (k != 2) /* six bytes for each: not even one text finds room */
            assert_true(length > ASKED_TEXT - 3 && length <= ASKED_TEXT);
        assert_int_equal(json_integer_value(json_object_get(o, "to_seq")), 9);
        assert_null(json_object_get(o, "reason"));
        json_decref(o);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_any_verb_knows_is_told_under_the_names_of_the_book),
        cmocka_unit_test(what_is_too_long_is_cut_or_left_out_and_stays_json),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
