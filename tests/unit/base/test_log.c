/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"

/* What fn writes to standard error. */
static size_t heard(void (*fn)(void), char *out, size_t room)
{
    int pipes[2], keep = dup(STDERR_FILENO);
    assert_int_equal(pipe(pipes), 0);
    dup2(pipes[1], STDERR_FILENO);
    close(pipes[1]);
    fn();
    dup2(keep, STDERR_FILENO);
    close(keep);
    size_t used = 0;
    ssize_t got;
    while ((got = read(pipes[0], out + used, room - used - 1)) > 0)
        used += (size_t)got;
    close(pipes[0]);
    out[used] = '\0';
    return used;
}

static void talk(void)
{
    errno = ENOENT;
    log_error("%s: %s", "line", strerror(errno));
    log_notice("mill/pump-3: no answer");
    log_info("quiet");
    log_debug("silent");
    assert_int_equal(errno, ENOENT);
}

static void levels_filter_and_prefixes_tell_journald(void **state)
{
    (void)state;
    char out[1000];
    log_init(LOG_NOTICE, 1);
    heard(talk, out, sizeof(out));
    assert_string_equal(out, "<3>line: No such file or directory\n<5>mill/pump-3: no answer\n");
    log_init(LOG_DEBUG, 0);
    heard(talk, out, sizeof(out));
    assert_string_equal(out,
                        "line: No such file or directory\nmill/pump-3: no answer\nquiet\nsilent\n");
}

static void lure(void)
{
    char monster[5000];
    memset(monster, 'x', sizeof(monster) - 1);
    monster[sizeof(monster) - 1] = '\0';
    log_warn("device says: a\n<3>forged\x1b[2J");
    log_warn("%s", monster);
}

static void a_message_stays_one_line_whatever_it_holds(void **state)
{
    (void)state;
    char out[9000];
    log_init(LOG_INFO, 1);
    size_t length = heard(lure, out, sizeof(out));
    assert_memory_equal(out, "<4>device says: a <3>forged [2J\n<4>xxx", 36);
    size_t lines = 0;
    for (size_t i = 0; i < length; i++)
        lines += out[i] == '\n';
    assert_int_equal(lines, 2);
    assert_int_equal(out[length - 1], '\n');
}

static unsigned allowed;

static void flood(void)
{
    struct log_quota q = {0};
    allowed = 0;
    /* 1,000 in a second, ten seconds of peace, one more. */
    for (int64_t i = 0; i < 1000; i++)
        allowed += log_may(&q, (mono_t){NS_PER_S + i * NS_PER_MS});
    allowed += log_may(&q, (mono_t){12 * NS_PER_S});
}

static void whoever_floods_gets_a_line_a_second_and_a_count(void **state)
{
    (void)state;
    char out[200];
    log_init(LOG_INFO, 0);
    heard(flood, out, sizeof(out));
    assert_int_equal(allowed, 11);
    assert_string_equal(out, "990 more like the next one were left out here\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(levels_filter_and_prefixes_tell_journald),
        cmocka_unit_test(a_message_stays_one_line_whatever_it_holds),
        cmocka_unit_test(whoever_floods_gets_a_line_a_second_and_a_count),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
