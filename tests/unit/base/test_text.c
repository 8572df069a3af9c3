/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"

static void names_are_one_to_64_plain_characters(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool fine;
    } cases[] = {
        {"pump-1", true}, {"A.b_c-9", true},    {"..", true},  {"", false},   {"a b", false},
        {"a/b", false},   {"p\xC3\xA9", false}, {"a+", false}, {"a#", false}, {"a\n", false},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        assert_int_equal(text_is_name(cases[i].text, strlen(cases[i].text)), cases[i].fine);
    char longest[65];
    memset(longest, 'x', sizeof(longest));
    assert_true(text_is_name(longest, 64));
    assert_false(text_is_name(longest, 65));
}

static void utf8_is_checked_to_the_letter(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        size_t length;
        bool fine;
    } cases[] = {
        {"", 0, true},
        {"plain", 5, true},
        {"m\xC2\xB3/h", 5, true},
        {"\xE2\x82\xAC", 3, true},
        {"\xF0\x9F\x92\xA7", 4, true},
        {"\xF4\x8F\xBF\xBF", 4, true},
        {"a\0b", 3, false},
        {"\xC0\xAF", 2, false}, /* overlong */
        {"\xE0\x9F\xBF", 3, false}, /* overlong */
        {"\xF0\x8F\xBF\xBF", 4, false}, /* overlong */
        {"\xED\xA0\x80", 3, false}, /* surrogate */
        {"\xF4\x90\x80\x80", 4, false}, /* above U+10FFFF */
        {"\xE2\x82", 2, false}, /* cut short */
        {"\xC3", 1, false},
        {"\x80", 1, false},
        {"\xB0"
         "C",
         2, false}, /* Latin-1 degree sign */
        {"\xE2\x28\xA1", 3, false},
        {"\xFF", 1, false},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        assert_int_equal(text_is_utf8(cases[i].bytes, cases[i].length), cases[i].fine);
}

static void the_nearest_word_is_suggested_unless_it_is_far(void **state)
{
    (void)state;
    static const char *const words[] = {"holding", "input", "coil", "discrete", "scale",
                                        "offset",  "u16",   "s16",  "f32",      "max_registers"};
    static const struct {
        const char *word, *expected;
    } cases[] = {
        {"holdign", "holding"},
        {"Holding", "holding"},
        {"hodling", "holding"},
        {"imput", "input"},
        {"coils", "coil"},
        {"discreet", "discrete"},
        {"max_register", "max_registers"},
        {"maxregisters", "max_registers"},
        {"F32", "f32"},
        {"uint16", NULL},
        {"temperature", NULL},
        {"x", NULL},
        {"", NULL},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const char *found = text_nearest(cases[i].word, words, sizeof(words) / sizeof(words[0]));
        if (cases[i].expected) {
            assert_non_null(found);
            assert_string_equal(found, cases[i].expected);
        } else {
            assert_null(found);
        }
    }
    char monster[5000];
    memset(monster, 'a', sizeof(monster) - 1);
    monster[sizeof(monster) - 1] = '\0';
    assert_null(text_nearest(monster, words, 10));
}

static void hashes_are_fnv_1a_and_can_be_continued(void **state)
{
    (void)state;
    assert_true(text_hash(0, "", 0) == UINT64_C(0xcbf29ce484222325));
    assert_true(text_hash(0, "a", 1) == UINT64_C(0xaf63dc4c8601ec8c));
    assert_true(text_hash(0, "foobar", 6) == UINT64_C(0x85944171f73967e8));
    assert_true(text_hash(text_hash(0, "foo", 3), "bar", 3) == text_hash(0, "foobar", 6));
}

static void files_are_read_whole_or_not_at_all(void **state)
{
    (void)state;
    char path[] = "/tmp/headgate-test-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, "line\0two\n", 9), 9);
    close(fd);
    size_t length = 0;
    char *text = text_read_file(path, 9, &length);
    assert_non_null(text);
    assert_int_equal(length, 9);
    assert_memory_equal(text, "line\0two\n", 10);
    free(text);
    assert_null(text_read_file(path, 8, &length));
    assert_int_equal(errno, EFBIG);
    assert_int_equal(truncate(path, 0), 0);
    text = text_read_file(path, 8, &length);
    assert_non_null(text);
    assert_int_equal(length, 0);
    assert_string_equal(text, "");
    free(text);
    unlink(path);
    assert_null(text_read_file(path, 8, &length));
    assert_int_equal(errno, ENOENT);
    assert_null(text_read_file("/tmp", 1000000, &length));
    assert_int_equal(errno, EISDIR);
    assert_null(text_read_file("/dev/zero", 100000, &length));
    assert_int_equal(errno, ENOTSUP);
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_null(text_read_file(path, 100000, &length)); /* and doesn't wait for a writer */
    assert_int_equal(errno, ENOTSUP);
    unlink(path);
    text = text_read_file("/proc/self/status", 100000, &length); /* says that it is empty */
    assert_non_null(text);
    assert_true(length > 100);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_are_one_to_64_plain_characters),
        cmocka_unit_test(utf8_is_checked_to_the_letter),
        cmocka_unit_test(the_nearest_word_is_suggested_unless_it_is_far),
        cmocka_unit_test(hashes_are_fnv_1a_and_can_be_continued),
        cmocka_unit_test(files_are_read_whole_or_not_at_all),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
