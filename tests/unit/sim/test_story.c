/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sim/story.h"

static const struct story *load(struct arena *a, const char *text, struct diags *ds)
{
    char path[] = "/tmp/headgate-story-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    close(fd);
    const struct story *s = story_load(a, path, ds);
    unlink(path);
    return s;
}

static void acts_come_in_order_of_time(void **state)
{
    (void)state;
    struct arena *a = arena_new(0);
    struct diags *ds = diags_new();
    const struct story *s = load(
        a,
        "format: 1\ntitle: A leak\nbegin: 2006-02-04T12:00:00-05:00\n"
        "steps:\n"
        "  - {at: 2006-02-04T13:00:00-05:00, happens: it leaks, plant: {leak: 120, dam: broken}}\n"
        "  - {at: 2006-02-04T13:10:00-05:00, people: [{verb: ack}], say: [anything]}\n"
        "  - {at: 2006-02-04T14:00:00-05:00, plant: {plugged: true}}\n",
        ds);
    assert_int_equal(diags_count(ds), 0);
    assert_non_null(s);
    assert_string_equal(s->title, "A leak");
    assert_int_equal(s->count, 3);
    assert_int_equal(s->acts[0].t_ms - s->begin_ms, 3600000);
    assert_string_equal(s->acts[0].name, "leak");
    assert_true(s->acts[0].value.kind == VALUE_REAL && s->acts[0].value.real > 119);
    assert_string_equal(s->acts[1].value.text, "broken");
    assert_true(s->acts[2].value.kind == VALUE_BOOL && s->acts[2].value.truth);
    assert_int_equal(s->end_ms - s->begin_ms, 7200000);
    arena_free(a);
    diags_free(ds);
}

static void mistakes_are_named(void **state)
{
    (void)state;
    static const char *const cases[] = {
        "format: 1\nbegin: 2006-02-04T12:00:00-05:00\n",
        "format: 1\nsteps: []\n",
        "format: 1\nbegin: noon\nsteps: []\n",
        "format: 1\nbegin: 2006-02-04T12:00:00Z\nsteps: [{plant: {leak: 1}}]\n",
        "format: 1\nbegin: 2006-02-04T12:00:00Z\nsteps: [{at: 2006-02-04T11:00:00Z}]\n",
        "format: 1\nbegin: 2006-02-04T12:00:00Z\nsteps: [{at: 2006-02-04T13:00:00Z, plant: [1]}]\n",
        "format: 1\nbegin: 2006-02-04T12:00:00Z\nsteps: [{at: 2006-02-04T13:00:00Z, plants: {a: "
        "1}}]\n",
        "format: 1\nbegin: 2006-02-04T12:00:00Z\nsteps: [{at: 2006-02-04T13:00:00Z, plant: {a: "
        "[1]}}]\n",
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct arena *a = arena_new(0);
        struct diags *ds = diags_new();
        if (load(a, cases[i], ds) || diags_errors(ds) == 0)
            fail_msg("taken: %s", cases[i]);
        arena_free(a);
        diags_free(ds);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(acts_come_in_order_of_time),
        cmocka_unit_test(mistakes_are_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
