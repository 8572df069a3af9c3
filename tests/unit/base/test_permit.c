/* SPDX-License-Identifier: Apache-2.0 */
/* The words of `commands: {allow: [...]}`. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "base/permit.h"

static void every_word_means_something_and_no_two_the_same(void **state)
{
    (void)state;
    const char *const *words;
    size_t count = permit_words(&words);
    uint32_t all = 0;
    for (size_t i = 0; i < count; i++) {
        assert_true(permit_parse(words[i]) != 0);
        all |= permit_parse(words[i]);
        for (size_t k = 0; k < i; k++)
            assert_true(permit_parse(words[i]) != permit_parse(words[k]));
    }
    assert_int_equal(all, PERMIT_BIT(PERMIT_COUNT) - 1);
    for (unsigned p = 0; p < PERMIT_COUNT; p++) {
        assert_int_equal(permit_parse(permit_word(p)), PERMIT_BIT(p));
        const char *group = permit_group(p);
        assert_true(!group || (permit_parse(group) & PERMIT_BIT(p)));
    }
    assert_int_equal(permit_parse("acknowledge"), 0);
    assert_int_equal(permit_parse(""), 0);
    assert_string_equal(permit_group(ORDER_PROOF), "alarms");
    assert_string_equal(permit_group(ORDER_DRILL), "incidents");
    assert_null(permit_group(PERMIT_REPLAY));
}

static void what_is_allowed_is_said_in_the_fewest_words(void **state)
{
    (void)state;
    static const struct {
        const char *a, *b, *c, *text;
    } cases[] = {
        {NULL, NULL, NULL, "nothing"},
        {"replay", NULL, NULL, "replay"},
        {"alarms", "incidents", "replay", "alarms, incidents, replay"},
        {"ack", "alarms", "drill", "alarms, drill"},
        {"drill", "incident", "bulletin", "incidents"},
        {"reset", "ack", "replay", "ack, reset, replay"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char out[PERMIT_TEXT_MAX];
        uint32_t allow = 0;
        const char *words[] = {cases[i].a, cases[i].b, cases[i].c};
        for (size_t k = 0; k < 3; k++)
            allow |= words[k] ? permit_parse(words[k]) : 0;
        assert_string_equal(permit_text(out, allow), cases[i].text);
    }
    /* The longest: one short of each group. */
    char out[PERMIT_TEXT_MAX];
    uint32_t most =
        (PERMIT_BIT(PERMIT_COUNT) - 1) & ~PERMIT_BIT(ORDER_OOS) & ~PERMIT_BIT(PERMIT_BULLETIN);
    assert_true(strlen(permit_text(out, most)) < PERMIT_TEXT_MAX - 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_word_means_something_and_no_two_the_same),
        cmocka_unit_test(what_is_allowed_is_said_in_the_fewest_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
