/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <poll.h>
#include <sched.h>
#include <string.h>

#include "publish/lookup.h"

static void addresses_in_digits_need_no_name_server(void **state)
{
    (void)state;
    static const struct {
        const char *host;
        bool needed;
    } rows[] = {{"127.0.0.1", false}, {"10.20.0.5", false},  {"::1", false},
                {"fe80::1", false},   {"localhost", true},   {"broker", true},
                {"10.20", true},      {"10.20.0.500", true}, {"broker.mine.example", true}};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        assert_int_equal(lookup_needed(rows[i].host), rows[i].needed);
}

static enum lookup_state after(const char *host, const char **why)
{
    struct lookup *l = lookup_begin(host);
    enum lookup_state state = LOOKUP_RUNS;
    assert_non_null(l);
    for (int i = 0; i < 5000 && (state = lookup_state(l, why)) == LOOKUP_RUNS; i++)
        poll(NULL, 0, 1);
    lookup_end(l);
    return state;
}

static void a_name_is_found_or_it_is_said_why_not(void **state)
{
    const char *why = NULL;
    char impossible[80]; /* a label has at most 63 letters: nobody is asked */
    (void)state;
    memset(impossible, 'a', sizeof(impossible) - 1);
    impossible[sizeof(impossible) - 1] = '\0';
    assert_int_equal(after("localhost", &why), LOOKUP_FOUND);
    assert_int_equal(after(impossible, &why), LOOKUP_FAILED);
    assert_non_null(why);
    assert_true(strlen(why) > 5);
}

static void a_lookup_can_be_given_up_at_any_time(void **state)
{
    (void)state;
    /* some while they are asked: none is lost memory, which the sanitized build would tell */
    for (int i = 0; i < 500; i++) {
        struct lookup *l = lookup_begin("localhost");
        assert_non_null(l);
        if (i % 2)
            sched_yield();
        lookup_end(l);
    }
    lookup_end(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses_in_digits_need_no_name_server),
        cmocka_unit_test(a_name_is_found_or_it_is_said_why_not),
        cmocka_unit_test(a_lookup_can_be_given_up_at_any_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
