/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "publish/survive.h"

static unsigned calls;

static void well(void *me)
{
    calls += *(unsigned *)me;
}

static void aborts(void *me)
{
    well(me);
    abort();
}

static void aborts_in_our_code(void *me)
{
    bool inside = survive_leave();
    aborts(me);
    survive_return(inside);
}

static void aborts_after_our_code(void *me)
{
    bool inside = survive_leave();
    well(me);
    survive_return(inside);
    abort();
}

static void a_call_that_aborts_is_ended_and_the_next_one_goes_well(void **state)
{
    unsigned one = 1;
    (void)state;
    survive_init();
    calls = 0;
    for (int i = 0; i < 100; i++) {
        assert_false(survive(aborts, &one));
        assert_true(survive(well, &one));
        assert_false(survive(aborts_after_our_code, &one));
    }
    assert_int_equal(calls, 300);
}

/* How a child ends that does this. */
static int ending(void (*fn)(void *), bool outside)
{
    unsigned one = 1;
    pid_t child = fork();
    if (child == 0) {
        setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
        survive_init();
        if (outside)
            fn(&one);
        else
            survive(fn, &one);
        _exit(0);
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    return status;
}

static void what_aborts_in_our_own_code_ends_the_process(void **state)
{
    (void)state;
    assert_int_equal(ending(aborts, false), 0);
    int inside = ending(aborts_in_our_code, false), outside = ending(aborts, true);
    assert_true(WIFSIGNALED(inside) && WTERMSIG(inside) == SIGABRT);
    assert_true(WIFSIGNALED(outside) && WTERMSIG(outside) == SIGABRT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_call_that_aborts_is_ended_and_the_next_one_goes_well),
        cmocka_unit_test(what_aborts_in_our_own_code_ends_the_process),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
