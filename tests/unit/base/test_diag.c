/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/diag.h"

static char *printed(struct diags *ds, void (*print)(struct diags *, FILE *))
{
    char *text = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&text, &length);
    print(ds, out);
    fclose(out);
    return text;
}

static void mistakes_are_told_in_the_order_of_the_files(void **state)
{
    (void)state;
    struct diags *ds = diags_new();
    char file[] = "b.yaml";
    diag_add(ds, DIAG_ERROR, (struct place){file, 10, 2}, "no such type '%s'", "u17");
    diag_add(ds, DIAG_WARNING, (struct place){file, 9, 7}, "second");
    diag_add(ds, DIAG_NOTE, (struct place){file, 9, 7}, "third");
    diag_add(ds, DIAG_ERROR, (struct place){"a.yaml", 100, 1}, "first");
    diag_add(ds, DIAG_ERROR, (struct place){0}, "no place");
    diag_add(ds, DIAG_ERROR, (struct place){"c.yaml", 0, 0}, "cannot be read");
    memset(file, 'x', sizeof(file) - 1); /* the caller's name is gone by now */
    char *text = printed(ds, diags_print);
    assert_string_equal(text, "error: no place\n"
                              "a.yaml:100:1: error: first\n"
                              "b.yaml:9:7: warning: second\n"
                              "b.yaml:9:7: note: third\n"
                              "b.yaml:10:2: error: no such type 'u17'\n"
                              "c.yaml: error: cannot be read\n");
    free(text);
    assert_int_equal(diags_errors(ds), 4);
    assert_int_equal(diags_warnings(ds), 1);
    assert_int_equal(diags_count(ds), 6);
    assert_string_equal(diags_at(ds, 1)->text, "first");
    assert_null(diags_at(ds, 6));
    diags_free(ds);
    diags_free(NULL);
}

static void after_two_hundred_mistakes_are_only_counted(void **state)
{
    (void)state;
    struct diags *ds = diags_new();
    for (uint32_t i = 0; i < 250; i++)
        diag_add(ds, i < 230 ? DIAG_ERROR : DIAG_WARNING, (struct place){"m.yaml", i + 1, 1},
                 "wrong");
    assert_int_equal(diags_count(ds), 200);
    assert_int_equal(diags_errors(ds), 230);
    assert_int_equal(diags_warnings(ds), 20);
    char *text = printed(ds, diags_print);
    assert_non_null(strstr(text, "m.yaml:200:1: error: wrong\nand 50 more\n"));
    free(text);
    diags_free(ds);
}

static void json_survives_hostile_texts(void **state)
{
    (void)state;
    struct diags *ds = diags_new();
    diag_add(ds, DIAG_ERROR, (struct place){"dir\\m \"1\".yaml", 3, 4}, "a \"word\"\n\x1b[31mred");
    diag_add(ds, DIAG_WARNING, (struct place){0}, "m\xC2\xB3 and \xC3");
    char *text = printed(ds, diags_print_json);
    assert_string_equal(text, "[{\"file\":null,\"line\":0,\"column\":0,\"level\":\"warning\","
                              "\"text\":\"m?? and ?\"},\n"
                              " {\"file\":\"dir\\\\m \\\"1\\\".yaml\",\"line\":3,\"column\":4,"
                              "\"level\":\"error\",\"text\":\"a \\\"word\\\"??[31mred\"}]\n");
    free(text);
    diags_free(ds);
    ds = diags_new();
    text = printed(ds, diags_print_json);
    assert_string_equal(text, "[]\n");
    free(text);
    diags_free(ds);
}

static void overlong_texts_are_cut_between_characters(void **state)
{
    (void)state;
    struct diags *ds = diags_new();
    char monster[5001];
    for (size_t i = 0; i < 5000; i += 2)
        memcpy(monster + i, "\xC2\xB3", 2);
    monster[5000] = '\0';
    for (int shift = 0; shift < 2; shift++)
        diag_add(ds, DIAG_ERROR, (struct place){0}, "%s%s", shift ? "x" : "", monster);
    for (size_t i = 0; i < 2; i++) {
        const char *text = diags_at(ds, i)->text;
        assert_true(strlen(text) < 1024);
        assert_string_equal(text + strlen(text) - 5, "\xC2\xB3...");
    }
    diags_free(ds);
}

static void what_is_said_twice_of_a_place_counts_once(void **state)
{
    (void)state;
    static const struct {
        const char *file;
        uint32_t line;
        enum diag_level level;
        const char *text;
        bool again;
    } said[] = {
        {"a", 1, DIAG_ERROR, "x", false}, {"a", 1, DIAG_ERROR, "y", false},
        {"b", 1, DIAG_ERROR, "x", false}, {"a", 1, DIAG_ERROR, "x", true},
        {"a", 1, DIAG_ERROR, "y", true},  {"a", 1, DIAG_WARNING, "x", false},
        {"a", 2, DIAG_ERROR, "x", false}, {NULL, 0, DIAG_ERROR, "x", false},
        {NULL, 0, DIAG_ERROR, "x", true}, {"a", 1, DIAG_WARNING, "x", true},
        {"a", 1, DIAG_ERROR, "x", true},
    };
    struct diags *ds = diags_new();
    for (size_t i = 0; i < sizeof said / sizeof *said; i++) {
        size_t before = diags_errors(ds) + diags_warnings(ds);
        diag_add(ds, said[i].level, (struct place){said[i].file, said[i].line, 1}, "%s",
                 said[i].text);
        assert_int_equal(diags_errors(ds) + diags_warnings(ds), before + 1);
    }
    diags_unite(ds);
    assert_int_equal(diags_errors(ds), 5);
    assert_int_equal(diags_warnings(ds), 1);
    assert_int_equal(diags_count(ds), 6);
    diags_unite(ds);
    assert_int_equal(diags_count(ds), 6);
    diags_free(ds);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(mistakes_are_told_in_the_order_of_the_files),
        cmocka_unit_test(after_two_hundred_mistakes_are_only_counted),
        cmocka_unit_test(what_is_said_twice_of_a_place_counts_once),
        cmocka_unit_test(json_survives_hostile_texts),
        cmocka_unit_test(overlong_texts_are_cut_between_characters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
