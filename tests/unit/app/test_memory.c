/* SPDX-License-Identifier: Apache-2.0 */
/* States on their way from one run to the next. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "app/memory.h"

struct heard {
    char text[256];
};

static void hear(void *me, const char *key, const void *bytes, size_t size)
{
    struct heard *h = me;
    size_t n = strlen(h->text);
    snprintf(h->text + n, sizeof h->text - n, "%s=%.*s;", key, (int)size, (const char *)bytes);
}

static void what_was_added_comes_back_in_its_order(void **state)
{
    (void)state;
    struct heard h = {""};
    struct memory *m = memory_new();
    memory_each(m, hear, &h);
    assert_string_equal(h.text, "");
    char key[] = "leak/dam", bytes[] = "abc";
    memory_add(m, key, bytes, 3);
    key[0] = bytes[0] = 'X'; /* copies, whoever keeps the originals */
    memory_add(m, "alarm/a/b/c", "", 0);
    memory_add(m, "leak/dam", "newer", 5);
    memory_each(m, hear, &h);
    assert_string_equal(h.text, "leak/dam=abc;alarm/a/b/c=;leak/dam=newer;");
    memory_free(m);
    memory_free(NULL);
}

static void the_timeline_is_the_newest_that_is_whole(void **state)
{
    (void)state;
    struct memory *m = memory_new();
    const int64_t early = 1000, late = INT64_C(1764100000123);
    assert_int_equal(memory_timeline(m), 0);
    memory_add(m, "timeline", &early, sizeof early);
    memory_add(m, "leak/timeline", &early, sizeof early);
    memory_add(m, "timeline", &late, sizeof late);
    memory_add(m, "timeline", &early, 3);
    assert_int_equal(memory_timeline(m), late);
    memory_free(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_added_comes_back_in_its_order),
        cmocka_unit_test(the_timeline_is_the_newest_that_is_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
